//! The body looks after the certificates that it granted: surveillance, special assessments, findings that are still open.

use akashi_tests::{
    Application, Body, Client, Company, Engine, Granted, LEADING, Offline, Registry, Sides,
    on_both_engines, text,
};
use serde_json::{Value, json};

/// A registry with a company whose certificate was granted with a minor finding planned.
struct Scene {
    registry: Registry,
    body: Body,
    company: Company,
    granted: Granted,
    application: String,
}

impl Scene {
    async fn set(engine: Engine) -> Scene {
        let registry = Registry::start(engine).await;
        let body = Body::opens(&registry).await;
        let company = Company::registers(&registry, 1).await;
        let application = Sides { body: &body, company: &company }.apply().await;
        application.is_ready_to_decide(LEADING, "leading").await;
        let granted = application.is_granted("leading").await;
        let application = application.id.clone();
        granted.credential(&registry).await;
        Scene { registry, body, company, granted, application }
    }

    fn case(&self, id: &str) -> Application<'_> {
        let sides = Sides { body: &self.body, company: &self.company };
        Application { sides, id: id.to_owned() }
    }

    fn manager(&self) -> &Client {
        &self.body.quality_manager
    }

    /// The body opens an assessment of the certificate.
    async fn opens(&self, kind: &str) -> Application<'_> {
        let opening = self.opening(kind, "A worker called.").await;
        let opened = self.manager().post(&self.granted.path("assessments"), &opening).await;
        let opened = opened.expect(201);
        assert_eq!(opened.text("/state"), "accepted");
        self.case(opened.text("/id"))
    }

    async fn opening(&self, kind: &str, reason: &str) -> Value {
        let certificate = format!("/api/v1/certificates/{}", self.granted.certificate);
        let seen = self.manager().get(&certificate).await.expect(200);
        json!({"kind": kind, "version": seen.number("/version"), "reason": text(reason)})
    }

    /// The body's calendar, whose only row is the certificate's.
    async fn calendar(&self) -> Value {
        let path = format!("/api/v1/surveillance?body={}", self.body.id);
        let calendar = self.manager().get(&path).await.expect(200);
        assert_eq!(calendar.text("/items/0/certificate"), self.granted.certificate);
        calendar.at("/items/0").clone()
    }

    async fn overdue(&self) -> Vec<Value> {
        let path = format!("/api/v1/findings/overdue?body={}", self.body.id);
        let overdue = self.manager().get(&path).await.expect(200);
        overdue.at("/items").as_array().expect("findings").clone()
    }
}

/// Brings an assessment that was opened to where it is decided.
async fn is_reviewed(assessment: &Application<'_>, recommendation: &str) {
    assessment.is_assigned().await;
    assessment.is_assessed(LEADING).await;
    let seen = assessment.assessment_seen().await;
    let review = |recommendation: &str| {
        json!({"version": seen["version"], "recommendation": recommendation, "na_accepted": true,
            "reason": text("The ratings follow from what was seen.")})
    };
    let path = assessment.assessment("/review").await;
    let reviewer = &assessment.sides.body.reviewer;
    let mut grant = review("grant");
    grant["level"] = "leading".into();
    reviewer.post(&path, &grant).await.problem("invalid");
    reviewer.post(&path, &review(recommendation)).await.expect(200);
}

fn kinds(public: &Value) -> Vec<&str> {
    let history = public["history"].as_array().expect("a history");
    history.iter().filter_map(|event| event["kind"].as_str()).collect()
}

async fn a_certificate_is_assessed_again_and_continues(engine: Engine) {
    let scene = Scene::set(engine).await;
    let before = scene.calendar().await;
    assert_eq!((&before["open"], &before["windows"][0]["state"]), (&json!(null), &json!("later")));
    let surveillance = scene.opens("surveillance").await;
    let seen = surveillance.seen().await;
    assert_eq!(seen["kind"], "surveillance");
    assert_eq!(seen["facilities"].as_array().map(Vec::len), Some(3), "what the certificate covers");
    assert_eq!(scene.calendar().await["open"]["application"], surveillance.id.as_str());
    let again = scene.opening("special", "Another worker called.").await;
    scene.manager().post(&scene.granted.path("assessments"), &again).await.problem("duplicate");
    let take_back = json!({"version": surveillance.version().await});
    let member = &scene.company.member;
    member.post(&surveillance.path("/withdraw"), &take_back).await.problem("wrong-state");

    is_reviewed(&surveillance, "continue").await;
    let maker = &scene.body.decision_maker;
    let path = surveillance.path("/decision");
    maker.post(&path, &surveillance.grant("leading").await).await.problem("incomplete");
    let mut decision = json!({"version": surveillance.version().await, "kind": "continue",
        "reason": text("As the reviewer recommends."), "public_reason": "Seen again."});
    let decided = maker.post(&path, &decision).await.expect(201);
    assert_eq!(decided.text("/kind"), "continue");
    assert_eq!((decided.text("/state"), decided.at("/credential")), ("active", &Value::Null));
    assert_eq!(surveillance.state().await, "decided");
    decision["version"] = surveillance.version().await.into();
    maker.post(&path, &decision).await.problem("wrong-state");

    let told = async || scene.granted.public(&scene.registry).await;
    let public =
        akashi_tests::eventually("the history", told, |public| kinds(public).len() == 2).await;
    assert_eq!(kinds(&public), ["granted", "continued"]);
    assert_eq!(public["state"], "active");
    assert_eq!(public["history"][1]["reason"], "Seen again.");
    assert_eq!(public["history"][1]["leaf"], json!(null), "no bit changed");
    let credential = scene.granted.credential(&scene.registry).await;
    Offline::once_told(&scene.registry, &credential, "valid").await;
    assert_eq!(scene.calendar().await["open"], json!(null));
    scene.registry.discard().await;
}

async fn a_suspension_decides_the_assessment_that_led_to_it(engine: Engine) {
    let scene = Scene::set(engine).await;
    let special = scene.opens("special").await;
    is_reviewed(&special, "refuse").await;
    let finding = special.findings().await[0]["id"].clone();
    let suspend = json!({"cause": "nonconformity", "heard": true, "findings": [finding],
        "public_reason": "A requirement is no longer met."});
    // Whoever has a duty in the special assessment decides nothing on the certificate, though free of all that was before.
    let second = scene.body.employs(&scene.registry, "second", "reviewer").await;
    let assign =
        json!({"version": special.version().await, "account": second.id, "task": "reviewer"});
    scene.manager().post(&special.path("/assignments"), &assign).await.expect(201);
    scene.body.gives_role(&second, "decision_maker").await;
    let suspension = scene.granted.decision(&second, suspend.clone()).await;
    let path = scene.granted.path("suspend");
    second.post(&path, &suspension).await.problem("conflict-of-interest");
    scene.granted.is_decided_on(&scene.body, "suspend", suspend).await.expect(200);
    assert_eq!(special.state().await, "decided");
    let decisions = scene.company.member.get(&special.path("/decisions")).await.expect(200);
    assert_eq!(decisions.text("/0/kind"), "suspend");
    scene.registry.discard().await;
}

async fn what_was_opened_by_mistake_is_taken_back_before_it_starts(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (manager, assessments) = (scene.manager(), scene.granted.path("assessments"));
    let silent = scene.opening("special", " ").await;
    manager.post(&assessments, &silent).await.problem_of(&["incomplete", "invalid"]);
    let mistaken = scene.opens("surveillance").await;
    let cancel = async |assessment: &Application<'_>| {
        let reason = text("It is not due.");
        let cancel = json!({"version": assessment.version().await, "reason": reason});
        manager.post(&assessment.path("/cancel"), &cancel).await
    };
    cancel(&mistaken).await.expect(200);
    assert_eq!(mistaken.state().await, "closed");
    let started = scene.opens("surveillance").await;
    started.is_assigned().await;
    started.is_started().await;
    cancel(&started).await.problem("wrong-state");
    let granted = scene.case(&scene.application);
    cancel(&granted).await.problem("wrong-state");
    let applied = json!({"kind": "surveillance", "certificate": scene.granted.certificate});
    let applied = Sides { body: &scene.body, company: &scene.company }.application(applied);
    scene.company.member.post("/api/v1/applications", &applied).await.problem("invalid");
    scene.registry.discard().await;
}

async fn a_minor_finding_is_chased_after_the_grant(engine: Engine) {
    let mut scene = Scene::set(engine).await;
    assert!(scene.overdue().await.is_empty());
    let late = "UPDATE finding SET close_due_at = 1 WHERE state = 'acting'";
    scene.registry.is_tampered_with(late).await;
    let overdue = scene.overdue().await;
    assert_eq!(overdue.len(), 1);
    assert_eq!(overdue[0]["application"], scene.application.as_str());
    assert_eq!(overdue[0]["certificate"], scene.granted.certificate.as_str());
    assert_eq!((&overdue[0]["overdue"], &overdue[0]["grade"]), (&json!(true), &json!("minor")));

    let (member, lead) = (&scene.company.member, &scene.body.lead);
    let path = format!("/api/v1/findings/{}", overdue[0]["id"].as_str().expect("an id"));
    let evidence = format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30",
        scene.application
    );
    let shown = async |version: i64| {
        let file = member.post_body(&evidence, "application/pdf", "%PDF-1.7").await.expect(201);
        let shown = json!({"version": version, "evidence": [file.text("/id")]});
        member.post(&format!("{path}/evidence"), &shown).await.expect(200).number("/version")
    };
    let version = shown(overdue[0]["version"].as_i64().expect("a version")).await;
    let rejected = json!({"version": version, "reason": text("It shows another month.")});
    let rejected = lead.post(&format!("{path}/reject"), &rejected).await.expect(200);
    assert_eq!((rejected.text("/state"), scene.overdue().await.len()), ("acting", 1));
    let version = shown(rejected.number("/version")).await;
    let verify =
        json!({"version": version, "value": "conform", "reason": text("It is put right.")});
    lead.post(&format!("{path}/verify"), &verify).await.expect(200);
    assert!(scene.overdue().await.is_empty());
    scene.registry.discard().await;
}

on_both_engines!(
    a_certificate_is_assessed_again_and_continues,
    a_suspension_decides_the_assessment_that_led_to_it,
    what_was_opened_by_mistake_is_taken_back_before_it_starts,
    a_minor_finding_is_chased_after_the_grant,
);
