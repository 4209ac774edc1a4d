//! A company appeals; people of the body who had no part in the decision hear it, and what they find is done.

use akashi_tests::{
    Answer, Application, Body, Company, Engine, Granted, LEADING, Offline, Person, Registry, Sides,
    on_both_engines, text,
};
use serde_json::{Value, json};

const APPEALS: &str = "/api/v1/appeals";

/// A registry with one company, and somebody of the body who has had no part in anything.
struct Scene {
    registry: Registry,
    body: Body,
    company: Company,
    panel: Person,
}

impl Scene {
    async fn set(engine: Engine) -> Scene {
        let registry = Registry::start(engine).await;
        let body = Body::opens(&registry).await;
        let company = Company::registers(&registry, 1).await;
        let panel = body.employs(&registry, "panel", "decision_maker").await;
        Scene { registry, body, company, panel }
    }

    fn sides(&self) -> Sides<'_> {
        Sides { body: &self.body, company: &self.company }
    }

    /// The company's certificate, and its credential once it is out.
    async fn certified(&self) -> (Granted, Vec<u8>) {
        let granted = self.sides().certify(LEADING, "leading").await;
        let credential = granted.credential(&self.registry).await;
        (granted, credential)
    }

    /// An application that was refused.
    async fn refused(&self) -> Application<'_> {
        let application = self.sides().apply().await;
        application.is_ready_to_decide(LEADING, "leading").await;
        self.refuses(&application).await;
        application
    }

    async fn refuses(&self, application: &Application<'_>) {
        let refuse = json!({"version": application.version().await, "kind": "refuse",
            "reason": text("Workers paid fees.")});
        let path = application.path("/decision");
        self.body.decision_maker.post(&path, &refuse).await.expect(201);
    }

    /// The last decision that the company reads there.
    async fn last_decision(&self, of: &str) -> Value {
        let decisions = self.company.member.get(&format!("{of}/decisions")).await.expect(200);
        decisions.json.as_array().and_then(|all| all.last()).expect("a decision").clone()
    }

    async fn files(&self, decision: &Value) -> Answer {
        let appeal =
            json!({"decision": decision["id"], "grounds": text("The records were there.")});
        self.company.member.post(APPEALS, &appeal).await
    }

    /// The company appeals against the last decision there; the appeal is brought to its panel. Gives its path.
    async fn is_heard(&self, of: &str) -> String {
        let filed = self.files(&self.last_decision(of).await).await.expect(201);
        let path = format!("{APPEALS}/{}", filed.text("/id"));
        let manager = &self.body.quality_manager;
        manager.post(&format!("{path}/admit"), &json!({"version": 1})).await.expect(200);
        let members = json!({"version": 2, "members": [self.panel.id]});
        manager.post(&format!("{path}/panel"), &members).await.expect(200);
        path
    }

    async fn finds(&self, appeal: &str, outcome: &str) -> Answer {
        let finding = json!({"version": 3, "outcome": outcome, "reason": text("The panel has read the file.")});
        self.panel.post(&format!("{appeal}/outcome"), &finding).await.expect(200)
    }

    async fn buyer_told(&self, credential: &[u8], verdict: &str) {
        Offline::once_told(&self.registry, credential, verdict).await;
    }
}

fn certificate(granted: &Granted) -> String {
    format!("/api/v1/certificates/{}", granted.certificate)
}

fn last(public: &Value) -> &Value {
    public["history"].as_array().expect("a history").last().expect("an event")
}

async fn an_overturned_suspension_is_lifted_by_a_decision_that_refers_to_the_appeal(
    engine: Engine,
) {
    let scene = Scene::set(engine).await;
    let (granted, credential) = scene.certified().await;
    let suspend =
        json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
    granted.is_decided_on(&scene.body, "suspend", suspend).await.expect(200);
    let suspended = scene.last_decision(&certificate(&granted)).await;
    assert_eq!(suspended["kind"], "suspend");
    assert_eq!(suspended["reason"]["text"], "Not for the public.");
    let appeal = scene.is_heard(&certificate(&granted)).await;
    // Until the panel has spoken the suspension counts.
    scene.buyer_told(&credential, "suspended").await;
    let read = scene.company.member.get(&appeal).await.expect(200);
    assert_eq!(read.text("/until"), suspended["appeal_until"].as_str().expect("a term"));
    assert_eq!(read.text("/panel/0/account"), scene.panel.id);

    let found = scene.finds(&appeal, "overturned").await;
    assert_eq!(found.text("/state"), "overturned");
    let public = granted.public_once(&scene.registry, "active").await;
    assert_eq!(last(&public)["kind"], "reinstated");
    assert_eq!(last(&public)["reason"], "The suspension was overturned on appeal.");
    assert!(last(&public)["leaf"].is_u64(), "{public:#}");
    scene.buyer_told(&credential, "valid").await;
    let undone = scene.last_decision(&certificate(&granted)).await;
    assert_eq!((&undone["kind"], &undone["id"]), (&json!("reinstate"), found.at("/decision")));
    assert_eq!(format!("{APPEALS}/{}", undone["follows_from"].as_str().expect("an id")), appeal);
    scene.registry.discard().await;
}

async fn a_suspension_that_came_later_is_not_lifted(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (granted, credential) = scene.certified().await;
    let suspend =
        json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
    granted.is_decided_on(&scene.body, "suspend", suspend.clone()).await.expect(200);
    let appeal = scene.is_heard(&certificate(&granted)).await;
    let reinstate = json!({"cause_closed": true});
    granted.is_decided_on(&scene.body, "reinstate", reinstate).await.expect(200);
    granted.is_decided_on(&scene.body, "suspend", suspend).await.expect(200);
    let found = scene.finds(&appeal, "overturned").await;
    assert_eq!(found.at("/decision"), &Value::Null);
    scene.buyer_told(&credential, "suspended").await;
    scene.registry.discard().await;
}

async fn a_decision_that_is_upheld_or_remitted_goes_on_counting(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (granted, credential) = scene.certified().await;
    for outcome in ["upheld", "remitted"] {
        let suspend =
            json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
        granted.is_decided_on(&scene.body, "suspend", suspend).await.expect(200);
        let appeal = scene.is_heard(&certificate(&granted)).await;
        assert_eq!(scene.finds(&appeal, outcome).await.text("/state"), outcome);
        scene.buyer_told(&credential, "suspended").await;
        let reinstate = json!({"cause_closed": true});
        granted.is_decided_on(&scene.body, "reinstate", reinstate).await.expect(200);
    }
    scene.registry.discard().await;
}

async fn an_overturned_refusal_goes_back_to_its_decision_maker(engine: Engine) {
    let scene = Scene::set(engine).await;
    let application = scene.refused().await;
    let again = scene.sides().apply().await;
    again.is_answered().await;
    again.is_agreed().await;
    let submit = async || {
        let version = json!({"version": again.version().await});
        scene.company.member.post(&again.path("/submit"), &version).await
    };
    let waiting = submit().await.problem("incomplete");
    assert_eq!(waiting["missing"][0]["code"], "waiting_time");

    let appeal = scene.is_heard(&application.path("")).await;
    scene.finds(&appeal, "overturned").await;
    let seen = application.seen().await;
    assert_eq!(
        (&seen["state"], &seen["waits_for"]),
        (&json!("deciding"), &json!(["decision_maker"]))
    );
    let event = seen["events"].as_array().and_then(|all| all.last()).expect("an event").clone();
    assert_eq!(
        (&event["event"], &event["reason"]["text"]),
        (&json!("reopen"), &json!("The panel has read the file."))
    );
    // What was overturned was no refusal to wait after.
    submit().await.expect(200);

    // Decided anew, and by the same rules: a panel grants nothing.
    scene.refuses(&application).await;
    let anew = scene.last_decision(&application.path("")).await;
    assert_eq!(format!("{APPEALS}/{}", anew["follows_from"].as_str().expect("an id")), appeal);
    let second = scene.is_heard(&application.path("")).await;
    scene.finds(&second, "remitted").await;
    assert_eq!(application.state().await, "deciding");
    let granted = application.is_granted("leading").await;
    scene.buyer_told(&granted.credential(&scene.registry).await, "valid").await;
    scene.registry.discard().await;
}

async fn an_overturned_reduction_makes_a_version_of_the_level_before(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (granted, first) = scene.certified().await;
    let reduce = json!({"level": "certified", "public_reason": "Improvements were not kept up."});
    let reduced = granted.is_decided_on(&scene.body, "reduce", reduce).await.expect(200);
    let second = granted.followed_by(&reduced).credential(&scene.registry).await;
    let appeal = scene.is_heard(&certificate(&granted)).await;
    scene.finds(&appeal, "overturned").await;
    let public = akashi_tests::eventually(
        "the level of before",
        async || granted.public(&scene.registry).await,
        |public| public["level"] == "leading",
    )
    .await;
    assert_eq!(last(&public)["kind"], "extended");
    assert_eq!(last(&public)["reason"], "The reduction was overturned on appeal.");
    let credential = public["credential_id"].as_str().expect("an id").to_owned();
    let third = Granted { credential, ..granted.clone() }.credential(&scene.registry).await;
    scene.buyer_told(&third, "valid").await;
    for old in [first, second] {
        scene.buyer_told(&old, "superseded").await;
    }
    scene.registry.discard().await;
}

async fn an_overturned_withdrawal_is_told_and_the_number_stays_withdrawn(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (granted, credential) = scene.certified().await;
    let withdraw = json!({"public_reason": "Workers were made to pay."});
    granted.is_decided_on(&scene.body, "withdraw", withdraw).await.expect(200);
    let appeal = scene.is_heard(&certificate(&granted)).await;
    scene.finds(&appeal, "overturned").await;
    let public = akashi_tests::eventually(
        "the public note",
        async || granted.public(&scene.registry).await,
        |public| last(public)["kind"] == "overturned",
    )
    .await;
    assert_eq!(public["state"], "withdrawn");
    scene.buyer_told(&credential, "revoked").await;
    // Nothing keeps the company from being certified anew.
    let anew = scene.sides().certify(LEADING, "leading").await;
    assert_ne!(anew.certificate, granted.certificate);
    scene.registry.discard().await;
}

async fn a_panel_had_no_part_in_what_it_hears(engine: Engine) {
    let scene = Scene::set(engine).await;
    let application = scene.refused().await;
    let filed = scene.files(&scene.last_decision(&application.path("")).await).await.expect(201);
    let path = format!("{APPEALS}/{}", filed.text("/id"));
    let Body { lead, reviewer, decision_maker, quality_manager, .. } = &scene.body;
    quality_manager.post(&format!("{path}/admit"), &json!({"version": 1})).await.expect(200);
    scene.body.gives_role(lead, "decision_maker").await;
    let related = scene.body.employs(&scene.registry, "related", "reviewer").await;
    let tie = json!({"party": scene.company.id, "kind": "family", "from": "2026-01-01T00:00:00Z"});
    related.post("/api/v1/conflicts", &tie).await.expect(201);
    let panel = async |members: &[&Person]| {
        let members: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
        let named = json!({"version": 2, "members": members});
        quality_manager.post(&format!("{path}/panel"), &named).await
    };
    // Of the company's own, without a role that is fit for it, and whoever assessed, reviewed, decided or is related.
    for unfit in [&scene.company.member, quality_manager, lead, reviewer, decision_maker, &related]
    {
        panel(&[&scene.panel, unfit]).await.problem("conflict-of-interest");
    }
    panel(&[]).await.problem("incomplete");
    panel(&[&scene.panel]).await.expect(200);

    // A conflict that comes up later counts too.
    scene.panel.post("/api/v1/conflicts", &tie).await.expect(201);
    let finding =
        json!({"version": 3, "outcome": "overturned", "reason": text("The file is sound.")});
    let refused = scene.panel.post(&format!("{path}/outcome"), &finding).await;
    refused.problem("conflict-of-interest");
    assert_eq!(application.state().await, "decided");
    scene.registry.discard().await;
}

async fn what_comes_too_late_is_rejected_and_nothing_is_appealed_twice(engine: Engine) {
    let mut scene = Scene::set(engine).await;
    let (granted, _) = scene.certified().await;
    let granting = scene.last_decision(&certificate(&granted)).await;
    assert_eq!(granting["appeal_until"], Value::Null);
    scene.files(&granting).await.problem("invalid");
    let suspend =
        json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
    granted.is_decided_on(&scene.body, "suspend", suspend).await.expect(200);
    let suspended = scene.last_decision(&certificate(&granted)).await;
    let filed = scene.files(&suspended).await.expect(201);
    scene.files(&suspended).await.problem("duplicate");
    let path = format!("{APPEALS}/{}", filed.text("/id"));

    scene.registry.is_tampered_with("UPDATE appeal SET filed_at = filed_at + 2764800000").await;
    let manager = &scene.body.quality_manager;
    let late = manager.post(&format!("{path}/admit"), &json!({"version": 1})).await;
    assert_eq!(late.problem("incomplete")["missing"][0]["code"], "appeal_term");
    let reject = json!({"version": 1, "reason": text("It came two days late.")});
    manager.post(&format!("{path}/reject"), &reject).await.expect(200);
    let read = scene.company.member.get(&path).await.expect(200);
    assert_eq!(read.text("/events/0/reason/text"), "It came two days late.");
    scene.files(&suspended).await.expect(201);
    scene.registry.discard().await;
}

on_both_engines!(
    an_overturned_suspension_is_lifted_by_a_decision_that_refers_to_the_appeal,
    a_suspension_that_came_later_is_not_lifted,
    a_decision_that_is_upheld_or_remitted_goes_on_counting,
    an_overturned_refusal_goes_back_to_its_decision_maker,
    an_overturned_reduction_makes_a_version_of_the_level_before,
    an_overturned_withdrawal_is_told_and_the_number_stays_withdrawn,
    a_panel_had_no_part_in_what_it_hears,
    what_comes_too_late_is_rejected_and_nothing_is_appealed_twice,
);
