//! A certificate's number is for life; what it attests may change. The old file then says so.

use akashi_tests::{
    Body, CERTIFIED, COMPANY_NAME, Company, Engine, Granted, LEADING, LogCopy, ORIGIN, Offline,
    Registry, Sides, eventually, on_both_engines, small_programme,
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

async fn a_new_name_supersedes_the_old_file_and_is_the_one_that_is_shown(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens_for(&registry, small_programme()).await;
    let company = Company::registers(&registry, 1).await;
    let first = Sides { body: &body, company: &company }.certify(&[], "leading").await;
    first.credential(&registry).await;
    let before = first.public_once(&registry, "active").await;
    // The holder itself cannot change what its certificate says.
    let party = format!("/api/v1/parties/{}", company.id);
    let alone = company.member.patch(&party, &json!({"version": 1, "name": NEW_NAME})).await;
    assert_eq!(alone.problem("incomplete")["missing"][0]["code"], "certificate_held");

    let renamed = first.is_decided_on(&body, "rename", json!({"name": NEW_NAME})).await;
    let renamed = renamed.expect(200);
    let second = first.followed_by(&renamed);
    assert_never_without_a_valid_file(&registry, &first, &second).await;
    let after = first.public_once_told(&registry, "renamed").await;
    assert_eq!(
        (&before["holder"]["name"], &before["level"]),
        (&json!(COMPANY_NAME), &json!("leading"))
    );
    assert_eq!((&after["holder"]["name"], &after["level"]), (&json!(NEW_NAME), &json!("leading")));
    for kept in ["valid_until", "number", "state"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let file = second.credential(&registry).await;
    assert!(String::from_utf8_lossy(&file).contains(NEW_NAME));
    let record = company.member.get(&party).await.expect(200).json;
    assert_eq!(record["name"], NEW_NAME);
    let former = json!({"kind": "former", "name": COMPANY_NAME});
    assert!(record["names"].as_array().is_some_and(|names| names.contains(&former)), "{record:#}");
    // Whoever knows the old name still finds it.
    let found = registry
        .anyone()
        .get_as(&format!("/certificates?q={COMPANY_NAME}"), "application/json")
        .await;
    assert_eq!(found.expect(200).text("/items/0/holder"), NEW_NAME);
}

async fn a_correction_names_what_was_wrong_and_changes_nothing_else(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens_for(&registry, small_programme()).await;
    let company = Company::registers(&registry, 1).await;
    let first = Sides { body: &body, company: &company }.certify(&[], "leading").await;
    first.credential(&registry).await;
    let site = json!([{"id": company.site, "name": "Example Works No. 2"}]);

    let silent = json!({"public_reason": "", "facilities": site});
    let silent = first.is_decided_on(&body, "correct", silent).await.problem("incomplete");
    assert_eq!(silent["missing"][0]["code"], "public_reason");
    let nothing = json!({"public_reason": "The works were misnamed."});
    first.is_decided_on(&body, "correct", nothing).await.problem("invalid");
    let whole =
        json!({"public_reason": "So it is.", "facilities": [{"id": company.whole, "name": "All"}]});
    first.is_decided_on(&body, "correct", whole).await.problem("invalid");

    let correct = json!({"public_reason": "The works were misnamed.", "facilities": site});
    let corrected = first.is_decided_on(&body, "correct", correct).await.expect(200);
    assert_never_without_a_valid_file(&registry, &first, &first.followed_by(&corrected)).await;
    let public = first.public_once_told(&registry, "corrected").await;
    let last = public["history"].as_array().and_then(|all| all.last()).expect("an event");
    assert_eq!(last["reason"], "The works were misnamed.");
    assert!(public["facilities"].to_string().contains("Example Works No. 2"), "{public:#}");
    assert_eq!(public["holder"]["name"], COMPANY_NAME);
}

async fn names_stay_as_they_were_handed_in_while_an_application_waits(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens_for(&registry, small_programme()).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let first = sides.certify(&[], "leading").await;
    first.credential(&registry).await;
    sides.apply_for_renewal(&first.certificate).await.is_submitted().await;
    let refused = first.is_decided_on(&body, "rename", json!({"name": NEW_NAME})).await;
    let problem = refused.problem("incomplete");
    assert_eq!(problem["missing"][0]["code"], "application_under_way", "{problem:#}");
}

async fn the_newest_version_is_applied_for_and_for_a_while_the_one_before(engine: Engine) {
    let registry = Registry::start(engine).await;
    let mut body = Body::opens_for(&registry, small_programme()).await;
    let company = Company::registers(&registry, 1).await;
    let first = Sides { body: &body, company: &company }.certify(&[], "leading").await;
    first.credential(&registry).await;
    let programme = |version: &str| {
        let mut programme = small_programme();
        programme["version"] = json!(version);
        programme
    };
    let oldest = body.programme.clone();
    let begins = async |body: &Body, kind: &str| {
        let mut members = json!({"kind": kind});
        if kind != "initial" {
            members["certificate"] = json!(first.certificate);
        }
        let application = Sides { body, company: &company }.application(members);
        let begun = company.member.post("/api/v1/applications", &application).await;
        if begun.status == 201 { "begun".to_owned() } else { begun.problem("invalid").to_string() }
    };
    let (second, third) = (programme("second"), programme("third"));
    body.sees_published_beside(&second, "2026-01-02T00:00:00Z", "2099-01-01T00:00:00Z").await;
    // while the transition lasts: version, kind, what comes of it
    for (programme, kind, said) in [
        (&oldest, "initial", "begun"),
        (&oldest, "scope_change", "begun"),
        (&oldest, "renewal", "that is second"),
        (&second, "renewal", "begun"),
    ] {
        body.programme = programme.clone();
        let answer = begins(&body, kind).await;
        assert!(answer.contains(said), "{kind} under {}: {answer}", programme["version"]);
    }
    body.sees_published(&third, "2026-01-03T00:00:00Z").await;
    // without a transition, and two versions back
    for (programme, said) in
        [(&oldest, "that is third"), (&second, "that is third"), (&third, "begun")]
    {
        body.programme = programme.clone();
        for kind in ["initial", "renewal"] {
            let answer = begins(&body, kind).await;
            assert!(answer.contains(said), "{kind} under {}: {answer}", programme["version"]);
        }
    }
}

/// What the company is called from now on.
const NEW_NAME: &str = "例示新食品株式会社";

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
    a_new_name_supersedes_the_old_file_and_is_the_one_that_is_shown,
    a_correction_names_what_was_wrong_and_changes_nothing_else,
    names_stay_as_they_were_handed_in_while_an_application_waits,
    the_newest_version_is_applied_for_and_for_a_while_the_one_before,
    a_credential_that_a_later_version_overtook_never_comes_out,
    a_credential_whose_certificate_was_withdrawn_never_comes_out,
);
