//! Published test data: W3C vc-di-eddsa, RFC 8785, Wycheproof and CCTV.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_schemas::{Digest, canonical};
use akashi_verifier::data_integrity::hash_data;
use akashi_verifier::json;
use akashi_verifier::secured::{Secured, SecuredFault};
use akashi_verifier::{PreparedKey, PublicKey};
use common::shared;
use serde_json::Value;

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| {
        char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("a digit")
    };
    text.trim().as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// What a strict verifier says, on each of its ways: a key it would not take is as bad as a signature.
fn accepts(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
    PublicKey::from_bytes(key).is_ok_and(|key| {
        let accepted = key.verify(message, signature);
        assert_eq!(PreparedKey::new(key).verify(message, signature), accepted, "of a prepared key");
        accepted
    })
}

#[test]
fn every_wycheproof_case_gets_the_strict_verdict() {
    let Some(text) = shared("vectors/wycheproof/ed25519_test.json") else { return };
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut cases = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let key = unhex(group["publicKey"]["pk"].as_str().unwrap());
        for case in group["tests"].as_array().unwrap() {
            let [message, signature] =
                ["msg", "sig"].map(|member| unhex(case[member].as_str().unwrap()));
            let expected = match case["result"].as_str().unwrap() {
                "valid" => true,
                "invalid" => false,
                other => panic!("a strict verifier has no third answer: {other}"),
            };
            assert_eq!(
                accepts(&key, &message, &signature),
                expected,
                "tcId {}: {}",
                case["tcId"],
                case["comment"]
            );
            cases += 1;
        }
    }
    assert_eq!(cases, file["numberOfTests"].as_u64().unwrap());
}

#[test]
fn the_accepted_set_on_cctv_is_exactly_the_strict_one() {
    // What a strict verifier may not let pass. A component of low order in A or R alone is no fault: where it leaves no
    // residue, the equation without the cofactor holds.
    const REFUSED: [&str; 5] =
        ["low_order_A", "low_order_R", "low_order_residue", "non_canonical_A", "non_canonical_R"];
    let Some(text) = shared("vectors/cctv/ed25519vectors.json") else { return };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut accepted = 0;
    for case in &cases {
        let flags: Vec<&str> =
            case["flags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let expected = !flags.iter().any(|flag| REFUSED.contains(flag));
        let [key, signature] = ["key", "sig"].map(|member| unhex(case[member].as_str().unwrap()));
        let message = case["msg"].as_str().unwrap().as_bytes();
        assert_eq!(
            accepts(&key, message, &signature),
            expected,
            "number {}: {flags:?}",
            case["number"]
        );
        accepted += usize::from(expected);
    }
    assert_eq!((cases.len(), accepted > 0), (914, true));
}

#[test]
fn json_is_made_canonical_as_rfc_8785_shows() {
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
        let input = shared(&format!("vectors/jcs/input/{name}.json"));
        let output = shared(&format!("vectors/jcs/output/{name}.json"));
        let (Some(input), Some(output)) = (input, output) else { return };
        let value = json::read(input.as_bytes(), 10_000).unwrap();
        let canonical = canonical::to_vec(&value).unwrap();
        assert_eq!(String::from_utf8(canonical).unwrap(), output.trim_end(), "{name}");
    }
}

fn w3c(name: &str) -> Option<String> {
    shared(&format!("vectors/vc-di-eddsa/{name}"))
}

#[test]
fn an_embedded_proof_is_checked_step_by_step_as_the_w3c_shows() {
    let step = |name: &str| w3c(&format!("eddsa-jcs-2022/{name}"));
    let (Some(document), Some(config)) = (step("canonDocJCS.txt"), step("proofCanonJCS.txt"))
    else {
        return;
    };
    let (document, config) = (document.trim_end(), config.trim_end());
    let unsigned = json::read(w3c("unsigned.json").unwrap().as_bytes(), 10_000).unwrap();
    assert_eq!(String::from_utf8(canonical::to_vec(&unsigned).unwrap()).unwrap(), document);
    assert_eq!(Digest::of(document.as_bytes()).to_string(), step("docHashJCS.txt").unwrap().trim());
    assert_eq!(Digest::of(config.as_bytes()).to_string(), step("proofHashJCS.txt").unwrap().trim());

    let message = hash_data(config.as_bytes(), document.as_bytes());
    assert_eq!(message.to_vec(), unhex(&step("combinedHashJCS.txt").unwrap()));
    let pair: Value = serde_json::from_str(&w3c("keyPair.json").unwrap()).unwrap();
    let key = PublicKey::from_multikey(pair["publicKeyMultibase"].as_str().unwrap()).unwrap();
    assert!(accepts(key.as_bytes(), &message, &unhex(&step("sigHexJCS.txt").unwrap())));
}

#[test]
fn the_w3cs_signed_document_verifies_once_its_issuer_holds_the_key() {
    let Some(signed) = w3c("eddsa-jcs-2022/signedJCS.json") else { return };
    let signed = json::read(signed.as_bytes(), 10_000).unwrap();
    // The example's issuer is a URL and its key a did:key: no issuer of ours, and named as such.
    let fault = Secured::from_value(signed.clone()).unwrap_err();
    assert!(matches!(fault, SecuredFault::KeyNotOfIssuer { .. }), "{fault:?}");

    // So hash it as it stands, and hold the published signature against the published key.
    let (mut document, mut config) = (signed.clone(), signed["proof"].clone());
    document.as_object_mut().unwrap().remove("proof");
    config.as_object_mut().unwrap().remove("proofValue");
    let bytes = |value: &Value| canonical::to_vec(value).unwrap();
    let message = hash_data(&bytes(&config), &bytes(&document));
    let value = signed["proof"]["proofValue"].as_str().unwrap();
    let signature = akashi_verifier::multikey::decode_base58btc(value, 64).unwrap();
    let method = signed["proof"]["verificationMethod"].as_str().unwrap();
    let key = PublicKey::from_multikey(method.split_once('#').unwrap().1).unwrap();
    assert!(accepts(key.as_bytes(), &message, &signature));
}
