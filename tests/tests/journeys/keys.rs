//! A body's signing key does not last as long as what it signed.

use akashi_tests::{
    Body, Company, Engine, LEADING, Offline, Peer, Registry, Sides, on_both_engines,
};
use serde_json::{Value, json};

async fn what_a_retired_key_signed_stays_valid(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let (first, second) =
        (Company::registers(&registry, 1).await, Company::registers(&registry, 2).await);
    let granted = Sides { body: &body, company: &first }.certify(LEADING, "leading").await;
    let old = granted.credential(&registry).await;
    let key = issuer_key(&body).await;

    let retire = format!("/api/v1/keys/{}/retire", key["id"].as_str().expect("an id"));
    let successor = body.operator.post(&retire, &json!({})).await.expect(200);
    assert_ne!(successor.text("/fragment"), key["fragment"].as_str().expect("a fragment"));
    body.operator.post(&retire, &json!({})).await.problem("wrong-state");

    // The next certificate is signed by the new key; one bundle vouches for both.
    let granted = Sides { body: &body, company: &second }.certify(LEADING, "leading").await;
    let new = granted.credential(&registry).await;
    let buyer = Offline::once_told(&registry, &new, "valid").await;
    assert_eq!(buyer.verify(&old).verdict(), "valid");
    assert_ne!(signed_by(&old), signed_by(&new));
    assert!(signed_by(&new).ends_with(successor.text("/fragment")), "{}", signed_by(&new));

    // The body's did.json lists both, for whoever verifies by other means.
    if Peer::are_here() {
        let did = registry.anyone().get(&format!("/bodies/{}/did.json", body.slug)).await;
        let did = did.expect(200).body;
        for credential in [&old, &new] {
            Peer::DigitalBazaar.verify(credential, &did).expect("the key is in did.json");
        }
    }
}

async fn what_a_compromised_key_signed_counts_no_more_and_the_body_goes_on(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let (first, second) =
        (Company::registers(&registry, 1).await, Company::registers(&registry, 2).await);
    let granted = Sides { body: &body, company: &first }.certify(LEADING, "leading").await;
    let old = granted.credential(&registry).await;
    let key = issuer_key(&body).await;
    Offline::once_told(&registry, &old, "valid").await;

    let compromised = format!("/api/v1/keys/{}/compromised", key["id"].as_str().expect("an id"));
    let from = json!({"from": key["from"]});
    body.operator.post(&compromised, &from).await.expect(200);
    Offline::once_told(&registry, &old, "key_not_valid").await;

    // Its status lists are signed anew, so that what the next key signs can be believed.
    let granted = Sides { body: &body, company: &second }.certify(LEADING, "leading").await;
    let new = granted.credential(&registry).await;
    let buyer = Offline::once_told(&registry, &new, "valid").await;
    assert_eq!(buyer.verify(&old).verdict(), "key_not_valid");
}

async fn a_key_that_does_not_open_stops_no_other_body(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let other = body.joined_by_another(&registry).await;
    let (first, second) =
        (Company::registers(&registry, 1).await, Company::registers(&registry, 2).await);
    let stuck = Sides { body: &body, company: &first }.certify(LEADING, "leading").await;
    let theirs = stuck.credential(&registry).await;
    stuck.public_once(&registry, "active").await;

    registry
        .is_tampered_with(
            "UPDATE signing_key SET sealed = 'unreadable ' || sealed
            WHERE issuer_id = (SELECT id FROM issuer WHERE did LIKE '%:example-body')",
        )
        .await;
    // From here on one body's lists have something to say, and cannot be signed.
    let suspend = json!({"cause": "access", "heard": true, "public_reason": "No entry."});
    stuck.is_decided_on(&body, "suspend", suspend.clone()).await.expect(200);
    stuck.public_once(&registry, "suspended").await;

    // The other body's grants are released, believed, and suspended as ever.
    let granted = Sides { body: &other, company: &second }.certify(LEADING, "leading").await;
    let credential = granted.credential(&registry).await;
    Offline::once_told(&registry, &credential, "valid").await;
    granted.is_decided_on(&other, "suspend", suspend).await.expect(200);
    Offline::once_told(&registry, &credential, "suspended").await;

    // Once the key opens again nothing is lost.
    let mended = "UPDATE signing_key SET sealed = replace(sealed, 'unreadable ', '')";
    registry.is_tampered_with(mended).await;
    let reinstate = json!({"cause_closed": true});
    granted.is_decided_on(&other, "reinstate", reinstate).await.expect(200);
    Offline::once_told(&registry, &theirs, "suspended").await;
    Offline::once_told(&registry, &credential, "valid").await;
}

/// The body's only signing key, as an operator sees it.
async fn issuer_key(body: &Body) -> Value {
    let keys = body.operator.get("/api/v1/keys").await.expect(200).json;
    let keys = keys.as_array().expect("keys").iter();
    let mut of_issuers = keys.filter(|key| key["role"] == "issuer");
    let key = of_issuers.next().expect("the body has a key").clone();
    assert!(of_issuers.next().is_none(), "the body has one key");
    assert!(!key.to_string().contains("sealed"), "{key:#}");
    key
}

/// The key that a credential's embedded proof names.
fn signed_by(credential: &[u8]) -> String {
    let credential: Value = serde_json::from_slice(credential).expect("JSON");
    let method = credential["proof"]["verificationMethod"].as_str();
    method.expect("a proof names its key").to_owned()
}

on_both_engines!(
    what_a_retired_key_signed_stays_valid,
    what_a_compromised_key_signed_counts_no_more_and_the_body_goes_on,
    a_key_that_does_not_open_stops_no_other_body,
);
