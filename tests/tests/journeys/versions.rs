//! A certificate's number is for life; what it attests may change. The old file then says so.

use akashi_tests::{
    Body, CERTIFIED, Company, Engine, Granted, LEADING, LogCopy, ORIGIN, Offline, Registry, Sides,
    eventually, on_both_engines,
};
use serde_json::{Value, json};

async fn a_cut_of_the_level_supersedes_the_old_file(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let first = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    let old = first.credential(&registry).await;
    Offline::once_told(&registry, &old, "valid").await;

    let reduce = json!({"level": "certified", "public_reason": "Improvements were not kept up."});
    let reduced = first.is_decided_on(&body, "reduce", reduce).await.expect(200);
    assert_eq!(reduced.text("/state"), "active");
    let second = first.followed_by(&reduced);

    assert_superseded_and_cut(&registry, &first, &second).await;
    let new = second.credential(&registry).await;
    let buyer = Offline::once_told(&registry, &new, "valid").await;
    assert_eq!(buyer.verify(&new).item()["level"], "certified");
    assert_eq!(buyer.with(&["--min-level", "leading"]).verify(&new).verdict(), "policy_not_met");
    let public = first.public(&registry).await;
    assert_eq!((&public["level"], &public["state"]), (&json!("certified"), &json!("active")));
}

async fn a_cut_of_one_facility_supersedes_the_old_file(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let first = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    let old = first.credential(&registry).await;
    let dormitory = format!("{ORIGIN}/facilities/{}", company.dormitory);
    let site = format!("{ORIGIN}/facilities/{}", company.site);
    let covering =
        Offline::once_told(&registry, &old, "valid").await.with(&["--facility", &dormitory]);
    assert_eq!(covering.verify(&old).verdict(), "valid");

    let reduce =
        json!({"facilities": [company.site], "public_reason": "The dormitory was closed."});
    let reduced = first.is_decided_on(&body, "reduce", reduce).await.expect(200);
    let second = first.followed_by(&reduced);

    assert_superseded_and_cut(&registry, &first, &second).await;
    let new = second.credential(&registry).await;
    let buyer = Offline::once_told(&registry, &new, "valid").await;
    assert_eq!(buyer.verify(&new).item()["level"], "leading");
    assert_eq!(buyer.with(&["--facility", &dormitory]).verify(&new).verdict(), "policy_not_met");
    let buyer = Offline::fetched_from(&registry).await.with(&["--facility", &site]);
    assert_eq!(buyer.verify(&new).verdict(), "valid");
    let public = first.public(&registry).await;
    let covered: Vec<&Value> = public["facilities"].as_array().expect("a list").iter().collect();
    assert_eq!(covered.len(), 2, "{public:#}");
    assert!(!public["facilities"].to_string().contains(&company.dormitory), "{public:#}");
}

async fn facilities_are_added_by_an_application_of_their_own(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let application =
        sides.apply_with(json!({"kind": "initial", "facilities": [company.site]})).await;
    application.is_ready_to_decide(LEADING, "leading").await;
    let first = application.is_granted("leading").await;
    first.credential(&registry).await;
    let before = first.public_once(&registry, "active").await;

    let more = json!({"kind": "scope_change", "certificate": first.certificate});
    let application = sides.apply_with(more).await;
    application.is_ready_to_decide(LEADING, "leading").await;
    let second = application.is_granted("leading").await;
    assert_eq!(second.certificate, first.certificate);

    assert_never_without_a_valid_file(&registry, &first, &second).await;
    let after = eventually(
        "the public record of the new scope",
        async || first.public(&registry).await,
        |public| public["facilities"].as_array().is_some_and(|facilities| facilities.len() == 3),
    )
    .await;
    assert_eq!(before["facilities"].as_array().map(Vec::len), Some(2));
    assert_eq!(after["valid_until"], before["valid_until"], "a changed scope keeps the term");
    assert_ne!(after["credential_id"], before["credential_id"]);
}

async fn a_renewal_begins_a_new_term_under_the_same_number(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let first = sides.certify(LEADING, "leading").await;
    first.credential(&registry).await;
    let before = first.public_once(&registry, "active").await;

    let application = sides.apply_for_renewal(&first.certificate).await;
    application.is_ready_to_decide(LEADING, "leading").await;
    let second = application.is_granted("leading").await;
    assert_eq!(second.certificate, first.certificate);

    assert_never_without_a_valid_file(&registry, &first, &second).await;
    let ask = async || first.public(&registry).await;
    let renewed = |public: &Value| {
        public["credential_id"] == second.credential
            && credentials(public).map(|credential| credential.1).eq(["superseded", "active"])
    };
    let after = eventually("the renewed record", ask, renewed).await;
    assert!(after["valid_from"].as_str() >= before["valid_from"].as_str(), "{after:#}");
    assert_eq!(after["credentials"][1]["version"], 2);
}

async fn a_renewal_at_a_lower_level_revokes_the_higher_file(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let first = sides.certify(LEADING, "leading").await;
    first.credential(&registry).await;

    let application = sides.apply_for_renewal(&first.certificate).await;
    application.is_ready_to_decide(CERTIFIED, "certified").await;
    let second = application.is_granted("certified").await;

    assert_superseded_and_cut(&registry, &first, &second).await;
}

async fn a_credential_that_a_later_version_overtook_never_comes_out(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let first = sides.certify(LEADING, "leading").await;
    let old = first.credential(&registry).await;
    first.public_once(&registry, "active").await;
    let quick = sides.apply_for_renewal(&first.certificate).await;
    quick.is_ready_to_decide(LEADING, "leading").await;
    let overtaken = is_held_up(&mut registry, sides, &first).await;
    let newest = quick.is_granted("leading").await;
    let new = newest.credential(&registry).await;
    Offline::once_told(&registry, &new, "valid").await;

    goes_on(&mut registry).await;
    assert_voided_unseen(&registry, &overtaken).await;
    let buyer = Offline::once_told(&registry, &old, "superseded").await;
    assert_eq!(buyer.verify(&new).verdict(), "valid");
    assert_eq!(first.public(&registry).await["credential_id"], newest.credential);
}

async fn a_credential_whose_certificate_was_withdrawn_never_comes_out(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let first = sides.certify(LEADING, "leading").await;
    let old = first.credential(&registry).await;
    first.public_once(&registry, "active").await;
    let overtaken = is_held_up(&mut registry, sides, &first).await;
    let withdraw = json!({"public_reason": "Workers were made to pay."});
    first.is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    Offline::once_told(&registry, &old, "revoked").await;

    goes_on(&mut registry).await;
    assert_voided_unseen(&registry, &overtaken).await;
    first.public_once(&registry, "withdrawn").await;
}

/// A renewal that is granted, and whose credential waits for its release.
async fn is_held_up(registry: &mut Registry, sides: Sides<'_>, certificate: &Granted) -> Granted {
    let renewal = sides.apply_for_renewal(&certificate.certificate).await;
    renewal.is_ready_to_decide(LEADING, "leading").await;
    registry.issuer_keys_are_broken().await;
    let granted = renewal.is_granted("leading").await;
    let later = format!("UPDATE job SET due_at = due_at + 1000000000 WHERE {WAITING_RELEASE}");
    registry.is_tampered_with(&later).await;
    registry.issuer_keys_are_mended().await;
    granted
}

/// What was held up has its turn.
async fn goes_on(registry: &mut Registry) {
    let now = format!("UPDATE job SET due_at = 0 WHERE {WAITING_RELEASE}");
    registry.is_tampered_with(&now).await;
}

const WAITING_RELEASE: &str = "kind = 'release' AND done_at IS NULL";

async fn assert_voided_unseen(registry: &Registry, credential: &Granted) {
    let anyone = registry.anyone();
    let path = format!("/credentials/{}", credential.credential);
    let ended = async || {
        let voided = LogCopy::fetch(&anyone).await.json().any(|entry| entry["kind"] == "voided");
        (voided, anyone.get_as(&path, "application/vc").await.status.as_u16())
    };
    let (voided, status) =
        eventually("the end of its way", ended, |(voided, status)| *voided || *status != 404).await;
    assert_eq!((voided, status), (true, 404), "it is voided and never came out");
}

/// The old credential is `superseded`, and by its revocation bit worth nothing to whoever ignores that.
async fn assert_superseded_and_cut(registry: &Registry, old: &Granted, new: &Granted) {
    let old = old.credential(registry).await;
    let buyer = Offline::once_told(registry, &old, "superseded").await;
    let verification = buyer.verify(&old);
    assert_eq!(verification.check("refresh")["outcome"], "failed");
    assert_eq!(verification.check("revocation")["outcome"], "failed");
    let new = new.credential(registry).await;
    assert_eq!(
        Offline::once_told(registry, &new, "valid").await.verify(&old).verdict(),
        "superseded"
    );
}

/// From the decision on, with every bundle on the way: the old file is valid, or else the new one is there
/// and valid; in the end the old one is superseded and not revoked.
async fn assert_never_without_a_valid_file(registry: &Registry, old: &Granted, new: &Granted) {
    let old = old.credential(registry).await;
    let ask = async || {
        let buyer = Offline::fetched_from(registry).await;
        let verdict = buyer.verify(&old).verdict().to_owned();
        if verdict != "valid" {
            let path = format!("/credentials/{}", new.credential);
            let new = registry.anyone().get_as(&path, "application/vc").await.expect(200).body;
            assert_eq!(buyer.verify(&new).verdict(), "valid", "while the old one is {verdict}");
        }
        (verdict, buyer)
    };
    let (_, buyer) =
        eventually("the old file's end", ask, |(verdict, _)| verdict == "superseded").await;
    assert_eq!(buyer.verify(&old).check("revocation")["outcome"], "passed");
}

/// The credentials of a public record, oldest first: id and state.
fn credentials(public: &Value) -> impl Iterator<Item = (&str, &str)> {
    let credentials = public["credentials"].as_array().expect("credentials");
    credentials
        .iter()
        .filter_map(|credential| Some((credential["id"].as_str()?, credential["state"].as_str()?)))
}

on_both_engines!(
    a_cut_of_the_level_supersedes_the_old_file,
    a_cut_of_one_facility_supersedes_the_old_file,
    facilities_are_added_by_an_application_of_their_own,
    a_renewal_begins_a_new_term_under_the_same_number,
    a_renewal_at_a_lower_level_revokes_the_higher_file,
    a_credential_that_a_later_version_overtook_never_comes_out,
    a_credential_whose_certificate_was_withdrawn_never_comes_out,
);
