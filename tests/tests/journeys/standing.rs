//! What becomes of a certificate while it is in force: suspended, reinstated, withdrawn, given up.

use akashi_tests::{
    Body, Company, Engine, Granted, LEADING, Offline, Registry, Sides, on_both_engines, text,
};
use serde_json::{Value, json};

/// A registry with one leading company, whose credential is released.
struct Scene {
    registry: Registry,
    body: Body,
    company: Company,
    granted: Granted,
    credential: Vec<u8>,
}

impl Scene {
    async fn set(engine: Engine) -> Scene {
        let registry = Registry::start(engine).await;
        let body = Body::opens(&registry).await;
        let company = Company::registers(&registry, 1).await;
        let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
        let credential = granted.credential(&registry).await;
        Scene { registry, body, company, granted, credential }
    }

    async fn buyer_told(&self, verdict: &str) -> Offline {
        Offline::once_told(&self.registry, &self.credential, verdict).await
    }

    /// The application that the company was certified on.
    async fn application(&self) -> String {
        let all = self.company.member.get("/api/v1/applications").await.expect(200);
        all.text("/items/0/id").to_owned()
    }

    /// The company shows a correction, and the lead assessor verifies it.
    async fn is_corrected(&self, application: &str, finding: &Value) {
        let period = "period_from=2026-01-01&period_to=2026-06-30";
        let attach = format!("/api/v1/evidence?application={application}&{period}");
        let file = self.company.member.post_body(&attach, "application/pdf", "%PDF-1.7").await;
        let file = file.expect(201).text("/id").to_owned();
        let path = format!("/api/v1/findings/{}", finding["id"].as_str().expect("an id"));
        let shown = json!({"version": finding["version"], "evidence": [file]});
        let shown = self.company.member.post(&format!("{path}/evidence"), &shown).await.expect(200);
        let verify = json!({"version": shown.number("/version"), "value": "conform",
            "reason": text("The list is kept.")});
        self.body.lead.post(&format!("{path}/verify"), &verify).await.expect(200);
    }

    async fn public_once(&self, state: &str) -> Value {
        self.granted.public_once(&self.registry, state).await
    }
}

async fn a_suspended_certificate_does_not_count_until_it_is_reinstated(engine: Engine) {
    let scene = Scene::set(engine).await;
    let before = scene.buyer_told("valid").await;

    let suspend =
        json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
    let suspended = scene.granted.is_decided_on(&scene.body, "suspend", suspend).await.expect(200);
    assert_eq!(suspended.text("/state"), "suspended");
    let public = scene.public_once("suspended").await;
    assert_eq!(last(&public)["kind"], "suspended");
    assert_eq!(last(&public)["reason"], "A visit was refused.");
    assert!(!public.to_string().contains("Not for the public"), "{public:#}");
    let told = scene.buyer_told("suspended").await;
    let jwt = scene.granted.jwt(&scene.registry).await;
    assert_eq!(told.verify(&jwt).verdict(), "suspended");
    assert_eq!(told.verify(&jwt).check("suspension")["outcome"], "failed");

    // Whoever has not fetched a bundle since says of when they speak.
    let as_of = |buyer: &Offline| buyer.verify(&scene.credential).item()["status_as_of"].clone();
    assert_eq!(before.verify(&scene.credential).verdict(), "valid");
    assert!(
        as_of(&before).as_str() <= as_of(&told).as_str(),
        "{} {}",
        as_of(&before),
        as_of(&told)
    );

    let reinstate = json!({"cause_closed": true, "public_reason": "The visit took place."});
    let reinstated =
        scene.granted.is_decided_on(&scene.body, "reinstate", reinstate).await.expect(200);
    assert_eq!(reinstated.text("/state"), "active");
    let public = scene.public_once("active").await;
    assert_eq!(kinds(&public), ["granted", "suspended", "reinstated"]);
    scene.buyer_told("valid").await;
}

async fn a_suspension_has_a_term_and_is_lifted_when_its_findings_are_verified(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (body, granted) = (&scene.body, &scene.granted);
    let company = &scene.company;
    let application = scene.application().await;
    let findings = format!("/api/v1/findings?application={application}");
    let finding = company.member.get(&findings).await.expect(200).json[0].clone();
    let suspend = |until: &str, finding: &Value| {
        json!({"cause": "nonconformity", "public_reason": "A correction is late.", "heard": true,
            "until": until, "findings": [finding]})
    };
    let late = granted.is_decided_on(body, "suspend", suspend("2099-01-01", &finding["id"])).await;
    assert_eq!(late.problem("incomplete")["missing"][0]["code"], "suspension_until");
    let over = granted.is_decided_on(body, "suspend", suspend("2020-01-01", &finding["id"])).await;
    assert_eq!(over.problem("incomplete")["missing"][0]["code"], "suspension_until");
    let unknown = json!(application);
    let foreign = json!({"cause": "nonconformity", "public_reason": "A correction is late.",
        "heard": true, "findings": [unknown]});
    granted.is_decided_on(body, "suspend", foreign).await.problem("invalid");

    let suspend = json!({"cause": "nonconformity", "public_reason": "A correction is late.",
        "heard": true, "findings": [finding["id"]]});
    granted.is_decided_on(body, "suspend", suspend).await.expect(200);
    let certificate = format!("/api/v1/certificates/{}", granted.certificate);
    let seen = body.decision_maker.get(&certificate).await.expect(200);
    assert!(seen.text("/suspended_until") > seen.text("/valid_from"), "{seen}");
    assert_eq!(seen.at("/withdrawal_proposed_at"), &Value::Null);
    let reinstate = json!({"cause_closed": true});
    let early = granted.is_decided_on(body, "reinstate", reinstate.clone()).await;
    let missing = early.problem("incomplete")["missing"].clone();
    assert_eq!(
        missing,
        json!([{"code": "finding", "finding": finding["id"],
        "detail": missing[0]["detail"]}])
    );

    scene.is_corrected(&application, &finding).await;
    granted.is_decided_on(body, "reinstate", reinstate).await.expect(200);
    let seen = body.decision_maker.get(&certificate).await.expect(200);
    assert_eq!(seen.at("/suspended_until"), &Value::Null);
}

async fn a_withdrawn_certificate_is_revoked(engine: Engine) {
    let scene = Scene::set(engine).await;
    let withdraw = json!({"public_reason": "Workers were made to pay."});
    let withdrawn =
        scene.granted.is_decided_on(&scene.body, "withdraw", withdraw).await.expect(200);
    assert_eq!(withdrawn.text("/state"), "withdrawn");
    let public = scene.public_once("withdrawn").await;
    assert_eq!(kinds(&public), ["granted", "withdrawn"]);
    assert_eq!(last(&public)["reason"], "Workers were made to pay.");
    scene.buyer_told("revoked").await;
}

async fn a_certificate_that_was_given_up_is_told_from_one_taken_away(engine: Engine) {
    let scene = Scene::set(engine).await;
    let terminate = scene.granted.decision(&scene.company.member, json!({})).await;
    let terminated = scene.company.member.post(&scene.granted.path("terminate"), &terminate).await;
    assert_eq!(terminated.expect(200).text("/state"), "terminated");
    let public = scene.public_once("terminated").await;
    assert_eq!(kinds(&public), ["granted", "terminated"]);
    scene.buyer_told("revoked").await;
}

fn last(public: &Value) -> &Value {
    public["history"].as_array().expect("a history").last().expect("an event")
}

fn kinds(public: &Value) -> Vec<&str> {
    let history = public["history"].as_array().expect("a history");
    history.iter().filter_map(|event| event["kind"].as_str()).collect()
}

on_both_engines!(
    a_suspended_certificate_does_not_count_until_it_is_reinstated,
    a_suspension_has_a_term_and_is_lifted_when_its_findings_are_verified,
    a_withdrawn_certificate_is_revoked,
    a_certificate_that_was_given_up_is_told_from_one_taken_away,
);
