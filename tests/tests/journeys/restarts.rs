//! What was answered is kept, whenever the process ends.

use akashi_tests::{
    Body, CERTIFIED, Company, Engine, Offline, Registry, Sides, on_both_engines, text,
};
use serde_json::json;

async fn a_restart_between_any_two_steps_loses_nothing(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    registry.restart().await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;

    // A self-assessment half done, and resumed.
    let seen = application.seen().await;
    let pair = &seen["unanswered"][0];
    let answer = json!({"version": 0, "facility": pair[1], "answer": "partly", "note": text("From May on.")});
    let criterion = pair[0].as_str().expect("a criterion");
    company
        .member
        .put(&application.path(&format!("/answers/{criterion}")), &answer)
        .await
        .expect(200);
    let before = company.member.get(&application.path("")).await.expect(200).json;
    registry.restart().await;
    let after = company.member.get(&application.path("")).await.expect(200).json;
    assert_eq!(after, before);
    assert_eq!(after["answers"][0]["note"]["text"], "From May on.");
    application.is_prepared().await;

    // A checklist half rated, and resumed after the process was killed.
    application.is_started().await;
    let seen = application.assessment_seen().await;
    let pair = &seen["unrated"][0];
    let rating =
        json!({"facility": pair[1], "value": "conform", "reason": text("Receipts were seen.")});
    let rate =
        application.assessment(&format!("/ratings/{}", pair[0].as_str().expect("an id"))).await;
    body.lead.put(&rate, &rating).await.expect(200);
    let before = application.assessment_seen().await;
    registry.kill9();
    registry.restart().await;
    assert_eq!(application.assessment_seen().await, before);
    assert_eq!(before["ratings"][0]["reason"]["text"], "Receipts were seen.");
    application.is_rated(CERTIFIED).await;
    application.is_completed().await;
    application.is_planned().await;
    application.is_reviewed(Some("certified")).await;

    // Killed the moment that the grant was answered: it is released all the same.
    let granted = application.is_granted("certified").await;
    registry.kill9();
    registry.restart().await;
    let credential = granted.credential(&registry).await;
    Offline::once_told(&registry, &credential, "valid").await;
    granted.public_once(&registry, "active").await;

    // Killed the moment that the suspension was answered: the public and the bundle still come to know.
    let suspend = json!({"cause": "complaint", "public_reason": "A complaint is looked into.", "heard": true});
    granted.is_decided_on(&body, "suspend", suspend).await.expect(200);
    registry.kill9();
    registry.restart().await;
    granted.public_once(&registry, "suspended").await;
    Offline::once_told(&registry, &credential, "suspended").await;
    assert_eq!(
        granted.credential(&registry).await,
        credential,
        "a credential is never signed again"
    );
}

on_both_engines!(a_restart_between_any_two_steps_loses_nothing);
