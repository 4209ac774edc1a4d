//! A grant whose credential cannot be released is never public, and never waits unseen.
//!
//! Nobody can bring that about over HTTP: these journeys damage the body's sealed signing key in the
//! database of a registry at rest, and mend it again.

use akashi_tests::{
    Answer, Application, Body, Client, Company, Engine, Granted, LEADING, LogCopy, Offline,
    Registry, Sides, eventually, on_both_engines,
};
use serde_json::{Value, json};

use crate::audit::by_itself;

/// A grant whose release fails, as all who may see it see it.
async fn granted_and_failed(application: &Application<'_>) -> Granted {
    let granted = application.is_granted("leading").await;
    state_once(&application.sides.body.quality_manager, &granted, "issue_failed").await;
    granted
}

/// The certificate's record for those who act on it, once it is in a state.
async fn state_once(reader: &Client, granted: &Granted, state: &str) -> Value {
    let path = format!("/api/v1/certificates/{}", granted.certificate);
    let ask = async || reader.get(&path).await.expect(200).json;
    eventually(&format!("the state {state}"), ask, |seen| seen["state"] == state).await
}

/// The certificate's record for those who act on it.
async fn state_of(reader: &Client, granted: &Granted) -> Value {
    reader.get(&format!("/api/v1/certificates/{}", granted.certificate)).await.expect(200).json
}

/// What an operator does about a credential that failed: `retry` or `void`.
async fn operates(body: &Body, granted: &Granted, event: &str) -> Answer {
    let version = json!({"version": state_of(&body.quality_manager, granted).await["version"]});
    body.operator
        .post(&format!("/api/v1/credentials/{}/{event}", granted.credential), &version)
        .await
}

/// Its decision maker has a new credential made.
async fn is_reissued(body: &Body, granted: &Granted) -> Answer {
    let seen = state_of(&body.decision_maker, granted).await;
    let version = json!({"version": seen["version"]});
    body.decision_maker.post(&granted.path("reissue"), &version).await
}

/// The credentials whose release failed, as the operator sees them.
async fn failures(body: &Body) -> Vec<Value> {
    let jobs = body.operator.get("/api/v1/jobs").await.expect(200).json;
    jobs["failed_credentials"].as_array().expect("a list").clone()
}

/// Nobody outside learns of the certificate or of its credential.
async fn assert_not_public(registry: &Registry, granted: &Granted) {
    let anyone = registry.anyone();
    for path in [
        format!("/certificates/{}", granted.certificate),
        format!("/credentials/{}", granted.credential),
        format!("/credentials/{}/log-proof", granted.credential),
    ] {
        anyone.get(&path).await.expect(404);
    }
    let list = anyone.get_as("/certificates", "application/json").await.expect(200).json;
    assert!(!list.to_string().contains(&granted.certificate), "{list:#}");
}

async fn a_release_that_fails_is_shown_and_retried(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;
    registry.issuer_keys_are_broken().await;

    let granted = granted_and_failed(&application).await;
    assert_not_public(&registry, &granted).await;
    let failures_seen = failures(&body).await;
    let [failed] = &failures_seen[..] else { panic!("one failed: {failures_seen:#?}") };
    assert_eq!(failed["id"], granted.credential.as_str());
    assert_eq!(failed["certificate"], granted.certificate.as_str());
    assert!(failed["failure"].as_str().is_some_and(|why| why.contains("key")), "{failed:#}");

    registry.issuer_keys_are_mended().await;
    assert_not_public(&registry, &granted).await;
    operates(&body, &granted, "retry").await.expect(200);
    let credential = granted.credential(&registry).await;
    Offline::once_told(&registry, &credential, "valid").await;
    granted.public_once(&registry, "active").await;
    assert_eq!(failures(&body).await, [json!(null); 0]);
    operates(&body, &granted, "retry").await.problem("wrong-state");
    operates(&body, &granted, "void").await.problem("wrong-state");
    let subject = format!("credential {}", granted.credential);
    let by_itself = by_itself(&body.operator, &subject).await;
    assert_eq!(by_itself, ["credential.fail", "credential.release"]);
}

async fn a_failed_credential_is_voided_and_made_anew(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;
    registry.issuer_keys_are_broken().await;
    let failed = granted_and_failed(&application).await;

    registry.issuer_keys_are_mended().await;
    is_reissued(&body, &failed).await.problem("wrong-state");
    operates(&body, &failed, "void").await.expect(200);
    state_once(&body.quality_manager, &failed, "voided").await;
    assert_not_public(&registry, &failed).await;
    operates(&body, &failed, "retry").await.problem("wrong-state");
    operates(&body, &failed, "void").await.problem("wrong-state");

    // The decision stands: its maker has a new credential made of the same version.
    let reissued = failed.followed_by(&is_reissued(&body, &failed).await.expect(200));
    assert_ne!(reissued.credential, failed.credential);
    let credential = reissued.credential(&registry).await;
    Offline::once_told(&registry, &credential, "valid").await;
    let public = reissued.public_once(&registry, "active").await;
    assert!(!public.to_string().contains(&failed.credential), "{public:#}");
    registry.anyone().get(&format!("/credentials/{}", failed.credential)).await.expect(404);
    assert_voided_in_the_log(&registry, &failed).await;
}

async fn a_later_version_that_fails_leaves_the_old_file_valid(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let first = sides.certify(LEADING, "leading").await;
    let old = first.credential(&registry).await;
    let application = sides.apply_for_renewal(&first.certificate).await;
    application.is_ready_to_decide(LEADING, "leading").await;
    registry.issuer_keys_are_broken().await;

    let second = application.is_granted("leading").await;
    eventually("the failure", async || failures(&body).await, |failed| failed.len() == 1).await;
    assert_eq!(state_of(&body.quality_manager, &first).await["state"], "active");
    assert_eq!(first.public(&registry).await["credential_id"], first.credential.as_str());
    registry.issuer_keys_are_mended().await;
    Offline::once_told(&registry, &old, "valid").await;
    is_reissued(&body, &second).await.problem("incomplete");
    operates(&body, &second, "void").await.expect(200);
    assert_eq!(state_of(&body.quality_manager, &first).await["state"], "active");

    let third = second.followed_by(&is_reissued(&body, &second).await.expect(200));
    let new = third.credential(&registry).await;
    let buyer = Offline::once_told(&registry, &old, "superseded").await;
    assert_eq!(buyer.verify(&new).verdict(), "valid");
    registry.anyone().get(&format!("/credentials/{}", second.credential)).await.expect(404);
    assert_voided_in_the_log(&registry, &second).await;
}

async fn what_is_withdrawn_after_its_cut_failed_is_shown_as_withdrawn(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let first = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    first.credential(&registry).await;
    registry.issuer_keys_are_broken().await;

    // The old file stopped counting with the cut; the new one never came.
    let reduce = json!({"level": "certified", "public_reason": "Improvements were not kept up."});
    let reduced = first.is_decided_on(&body, "reduce", reduce).await.expect(200);
    let second = first.followed_by(&reduced);
    eventually("the failure", async || failures(&body).await, |failed| failed.len() == 1).await;
    operates(&body, &second, "void").await.expect(200);
    registry.issuer_keys_are_mended().await;
    assert_jobs_end(&body).await;

    // No bit is left to set, and yet the public learns.
    let withdraw = json!({"public_reason": "Wages were not paid."});
    first.is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    first.public_once(&registry, "withdrawn").await;
}

/// Waits until nothing is left to be released or published.
async fn assert_jobs_end(body: &Body) {
    let jobs = async || body.operator.get("/api/v1/jobs").await.expect(200).json;
    let ended = |jobs: &Value| {
        let open = jobs["open"].as_array().expect("a list");
        !open.iter().any(|job| job["kind"] == "release" || job["kind"] == "publish")
    };
    eventually("the end of the jobs", jobs, ended).await;
}

async fn what_was_withdrawn_before_its_release_is_never_released(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let first = sides.certify(LEADING, "leading").await;
    let old = first.credential(&registry).await;
    let application = sides.apply_for_renewal(&first.certificate).await;
    application.is_ready_to_decide(LEADING, "leading").await;
    registry.issuer_keys_are_broken().await;

    // The renewal is granted, and while its credential waits the certificate is withdrawn.
    let second = application.is_granted("leading").await;
    let withdraw = json!({"public_reason": "Wages were not paid."});
    first.is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    registry.issuer_keys_are_mended().await;

    let public = first.public_once(&registry, "withdrawn").await;
    let history = public["history"].as_array().expect("a list");
    let kinds: Vec<_> = history.iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["granted", "withdrawn"], "of the renewal nobody reads, for none came out");
    let told = registry.anyone().get("/changes").await.expect(200).json;
    let told = told["items"].as_array().expect("items").iter();
    let withdrawn = told.filter(|item| item["state"] == "withdrawn").count();
    assert_eq!(withdrawn, 1, "however often its list was tried");
    assert!(!public.to_string().contains(&second.credential), "{public:#}");
    Offline::once_told(&registry, &old, "revoked").await;
    assert_jobs_end(&body).await;
    registry.anyone().get(&format!("/credentials/{}", second.credential)).await.expect(404);
    assert_eq!(failures(&body).await, [json!(null); 0]);
    assert_voided_in_the_log(&registry, &second).await;
    let subject = format!("credential {}", second.credential);
    assert_eq!(by_itself(&body.operator, &subject).await, ["credential.overtake"]);
}

/// Should the bytes of a voided credential ever have got out, they read as revoked.
async fn assert_voided_in_the_log(registry: &Registry, granted: &Granted) {
    let log = LogCopy::fetch(&registry.anyone()).await;
    let voided: Vec<Value> = log.json().filter(|entry| entry["kind"] == "voided").collect();
    let [entry] = &voided[..] else { panic!("one is voided: {voided:#?}") };
    assert_eq!(entry["number"], granted.certificate.as_str());
    let attested = log.json().find(|other| {
        other["kind"] == "credential" && other["payload_sha256"] == entry["payload_sha256"]
    });
    assert!(attested.is_some(), "{entry:#} gives up what was never prepared");
}

on_both_engines!(
    what_is_withdrawn_after_its_cut_failed_is_shown_as_withdrawn,
    a_release_that_fails_is_shown_and_retried,
    a_failed_credential_is_voided_and_made_anew,
    a_later_version_that_fails_leaves_the_old_file_valid,
    what_was_withdrawn_before_its_release_is_never_released,
);
