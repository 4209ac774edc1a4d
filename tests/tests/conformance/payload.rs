//! The credential's payload: UNTP's schema, and one digest for the leaf and every form.

use std::fs;

use akashi_schemas::canonical;
use akashi_tests::{
    Body, CERTIFIED, Company, Engine, Granted, LogCopy, ORIGIN, Registry, Sides, on_both_engines,
    shared,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

async fn certified(engine: Engine) -> (Registry, Granted) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let granted = Sides { body: &body, company: &company }.certify(CERTIFIED, "certified").await;
    granted.credential(&registry).await;
    (registry, granted)
}

/// The payload of the embedded form: the document without its proof.
fn without_proof(credential: &[u8]) -> Value {
    let mut document: Value = serde_json::from_slice(credential).expect("JSON");
    document.as_object_mut().expect("an object").remove("proof").expect("a proof");
    document
}

/// The payload part of a JWT, as it stands there.
fn payload_part(jwt: &[u8]) -> Vec<u8> {
    let jwt = str::from_utf8(jwt).expect("a JWT is ASCII");
    let part = jwt.split('.').nth(1).expect("three parts");
    BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")
}

async fn it_passes_untp_s_schema_but_for_the_one_recorded_deviation(engine: Engine) {
    let Some(schema) = shared("untp/0.7.0/dcc-schema.json") else { return };
    let schema: Value = serde_json::from_slice(&fs::read(schema).expect("readable")).expect("JSON");
    let schema = jsonschema::draft202012::options().should_validate_formats(true).build(&schema);
    let schema = schema.expect("a schema");
    let faults = |document: &Value| -> Vec<String> {
        schema.iter_errors(document).map(|fault| fault.instance_path().to_string()).collect()
    };
    let (registry, granted) = certified(engine).await;

    for payload in [
        without_proof(&granted.credential(&registry).await),
        serde_json::from_slice(&payload_part(&granted.jwt(&registry).await)).expect("JSON"),
    ] {
        // An array of W3C entries, where UNTP's schema has one, with an integer for the index.
        assert_eq!(faults(&payload), ["/credentialStatus"]);
        let purposes: Vec<&Value> =
            status(&payload).iter().map(|entry| &entry["statusPurpose"]).collect();
        assert_eq!(purposes, ["refresh", "revocation", "suspension"]);

        // That is all: without it nothing is found, and each entry alone lacks nothing but the integer.
        let mut without = payload.clone();
        without.as_object_mut().expect("an object").remove("credentialStatus");
        assert_eq!(faults(&without), [""; 0]);
        for entry in status(&payload) {
            let mut alone = payload.clone();
            alone["credentialStatus"] = entry.clone();
            assert_eq!(faults(&alone), ["/credentialStatus/statusListIndex"]);
            let index: u32 =
                entry["statusListIndex"].as_str().expect("a string").parse().expect("a number");
            alone["credentialStatus"]["statusListIndex"] = json!(index);
            assert_eq!(faults(&alone), [""; 0]);
        }

        // And the schema is one that finds faults.
        let mut faulty = payload.clone();
        faulty["credentialSubject"]["assessmentLevel"] = json!("by friends");
        faulty["validFrom"] = json!("yesterday");
        for place in ["/credentialSubject/assessmentLevel", "/validFrom"] {
            assert!(faults(&faulty).contains(&place.to_owned()), "{place}: {:?}", faults(&faulty));
        }
    }
}

fn status(payload: &Value) -> &Vec<Value> {
    payload["credentialStatus"].as_array().expect("an array")
}

async fn every_form_carries_the_payload_that_the_leaf_names(engine: Engine) {
    let (registry, granted) = certified(engine).await;
    let in_jwt = payload_part(&granted.jwt(&registry).await);
    let embedded = without_proof(&granted.credential(&registry).await);
    let embedded = canonical::to_vec(&embedded).expect("canonical JSON");
    assert_eq!(in_jwt, embedded, "the JWT's payload part is the canonical payload, byte for byte");

    let log = LogCopy::fetch(&registry.anyone()).await;
    let leaves: Vec<Value> = log.json().filter(|entry| entry["kind"] == "credential").collect();
    let [leaf] = &leaves[..] else { panic!("expected one leaf of a credential, but {leaves:#?}") };
    assert_eq!(leaf["payload_sha256"], hex(&Sha256::digest(&embedded)));
    assert_eq!(leaf["number"], granted.certificate);

    // A leaf says nothing of the holder, and a payload nothing of a form.
    let payload: Value = serde_json::from_slice(&in_jwt).expect("JSON");
    let holder = payload["credentialSubject"]["issuedToParty"]["id"].as_str().expect("an id");
    assert_eq!(leaf["issuer"], payload["issuer"]["id"]);
    assert!(!leaf.to_string().contains(holder), "{leaf:#}");
    assert_ne!(leaf["holder_digest"], hex(&Sha256::digest(holder)), "the digest is salted");
    for claim in ["iss", "iat", "exp", "nbf", "vc", "proof"] {
        assert_eq!(payload.get(claim), None, "{claim}");
    }
    assert_eq!(payload["id"], format!("{ORIGIN}/credentials/{}", granted.credential));
    assert_eq!(
        payload["credentialSubject"]["id"],
        format!("{ORIGIN}/certificates/{}", granted.certificate)
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

on_both_engines!(
    it_passes_untp_s_schema_but_for_the_one_recorded_deviation,
    every_form_carries_the_payload_that_the_leaf_names,
);
