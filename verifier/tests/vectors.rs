//! Published test data: W3C vc-di-eddsa, Bitstring Status List and VC-JOSE-COSE, RFC 8785, Wycheproof and CCTV; and that every
//! path on which a signature is checked leads to what they test.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_schemas::{Digest, canonical};
use akashi_verifier::data_integrity::hash_data;
use akashi_verifier::report::Reason;
use akashi_verifier::secured::{Secured, SecuredFault};
use akashi_verifier::status;
use akashi_verifier::{PreparedKey, PublicKey, TrustError, Untrusted, Verdict, json};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{PURPOSES, World, jcs, list_id, list_of, shared};
use serde_json::{Value, json};

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
    let fault = Secured::from_value(&signed).unwrap_err();
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

/// What `w3c/README.md` says.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("w3c/", $name))
    };
}

#[test]
fn the_w3cs_list_is_the_16_kb_of_zeros_that_it_stands_for() {
    let example: Value =
        serde_json::from_str(example!("bitstring-status-list-example-5.json")).unwrap();
    let encoded = example["credentialSubject"]["encodedList"].as_str().unwrap();
    assert_eq!(status::decode(encoded), Ok(vec![0; 16_384]));
    // The same list by the body of this registry answers for its credential.
    let mut world = World::good();
    *world.list_mut("revocation") = list_of("revocation", encoded);
    assert_eq!(world.verify(&world.forms()[0]).verdict, Verdict::Valid);
}

/// None can be verified by anybody as it stands: the keys of the JWTs were made when the page was, and never published, and the
/// JWTs have no `typ`, which their own specification says they should. Each is named as what it is.
#[test]
fn the_w3cs_examples_are_named_as_what_they_are() {
    let world = World::good();
    for (file, reason) in [
        // eddsa-rdfc-2022, which needs RDF canonicalisation.
        (example!("bitstring-status-list-example-5.json"), Some(Reason::OtherProof)),
        // ES256.
        (example!("bitstring-status-list-example-5.jwt"), Some(Reason::OtherAlgorithm)),
        (example!("vc-jose-cose-example-1.jwt"), Some(Reason::OtherAlgorithm)),
        // An SD-JWT is malformed, whichever way it is told.
        (example!("vc-jose-cose-example-4.sd-jwt"), None),
    ] {
        let report = world.verify_untrusted(file.as_bytes(), Untrusted::BundleMissing);
        assert_eq!(report.verdict, Verdict::Malformed, "{file}");
        if let Some(reason) = reason {
            assert_eq!(report.reason(), Some(reason), "{file}");
        }
    }
}

/// The payload of the W3C's example is the credential itself (VC-JOSE-COSE §3.1.1); secured as this verifier asks, it is a
/// credential of others.
#[test]
fn the_w3cs_payload_signed_by_ed25519_is_a_credential_of_another_kind() {
    let world = World::good();
    let payload = example!("vc-jose-cose-example-1.jwt").split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let mut payload = json::read(&payload, 10_000).unwrap();
    assert_eq!(payload["type"][1], "ExampleDegreeCredential");
    payload["issuer"] = json!(common::BODY);
    for form in [jcs(&world.sign_proof(&payload)), world.sign_jwt(&payload).into_bytes()] {
        assert_eq!(world.verify(&form).reason(), Some(Reason::OtherCredential));
    }
}

/// S + L in place of S, which lax verifiers take (Wycheproof's flag `SignatureMalleability`).
fn malleable(signature: &[u8]) -> [u8; 64] {
    let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut signature: [u8; 64] = signature.try_into().unwrap();
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    signature
}

/// As in `malleable`, in Multibase base58btc.
fn malleable_text(text: &Value) -> Value {
    let signature = bs58::decode(&text.as_str().unwrap()[1..]).into_vec().unwrap();
    json!(format!("z{}", bs58::encode(malleable(&signature)).into_string()))
}

#[test]
fn every_path_refuses_a_signature_that_lax_verifiers_take() {
    let mut world = World::good();
    world.policy.require_log = true;
    let altered = |bytes: &[u8]| {
        let mut manifest: Value = serde_json::from_slice(bytes).unwrap();
        manifest["signatures"][0]["sig"] = malleable_text(&manifest["signatures"][0]["sig"]);
        jcs(&manifest)
    };
    let (root, bundle) = (world.root_bytes(), world.bundle_bytes());
    let open = |root: &[u8], bundle: &[u8]| akashi_verifier::Trust::open(root, bundle, None);
    assert!(open(&root, &bundle).is_ok());
    let error = open(&altered(&root), &bundle).unwrap_err();
    assert_eq!(error, TrustError::RootUnderSigned { good: 1, threshold: 2 });
    assert_eq!(open(&root, &altered(&bundle)).unwrap_err(), TrustError::BundleWronglySigned);

    let [json, jwt] = world.forms();
    assert_eq!(world.verify(&json).verdict, Verdict::Valid);
    let mut document: Value = serde_json::from_slice(&json).unwrap();
    document["proof"]["proofValue"] = malleable_text(&document["proof"]["proofValue"]);
    let jwt = String::from_utf8(jwt).unwrap();
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let signature = malleable(&URL_SAFE_NO_PAD.decode(signature).unwrap());
    let jwt = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    // As the key stands at first, and then prepared for many.
    let trust = world.trust().unwrap();
    for good in 0..40 {
        for form in [jcs(&document), jwt.clone().into_bytes()] {
            let check = |form: &[u8]| {
                let proof = world.log_proof.as_deref();
                akashi_verifier::verify(form, Ok(&trust), &world.policy, world.now, proof)
            };
            assert_eq!(check(&form).verdict, Verdict::BadSignature, "after {good}");
            assert_eq!(check(&json).verdict, Verdict::Valid);
        }
    }

    let entries = world.lists.iter().zip(PURPOSES).map(|(list, purpose)| {
        let mut list = world.sign_proof(list);
        list["proof"]["proofValue"] = malleable_text(&list["proof"]["proofValue"]);
        json!({"id": list_id(purpose), "purpose": purpose, "leaf": 40, "credential": list})
    });
    let mut listed = world.clone();
    listed.bundle["status_lists"] = entries.collect();
    assert_eq!(listed.verify(&json).reason(), Some(Reason::ListSignatureInvalid));

    let proof = world.log_proof.take().unwrap();
    let (body, signature) = proof.trim_end().rsplit_once(' ').unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let signature = [&signature[..4], &malleable(&signature[4..])].concat();
    world.log_proof = Some(format!("{body} {}\n", STANDARD.encode(signature)));
    assert_eq!(world.verify(&json).reason(), Some(Reason::CheckpointNotSigned));
}

/// Where a signature is checked. Wycheproof and CCTV are held against the two primitives, `PublicKey::verify` and
/// `PreparedKey::verify`; every other line leads to one of them. A line more than these is a path that no vector tests yet.
#[test]
fn signatures_are_checked_in_two_places_and_by_way_of_them_alone() {
    const CHECKS: [(&str, &str, usize); 7] = [
        ("multikey.rs", "verify_strict(", 1),
        ("comb.rs", "Scalar::from_canonical_bytes", 1),
        // One of a key that is not prepared; one of a prepared key is checked in the same file.
        ("comb.rs", ".verify(", 1),
        // A manifest. A credential's goes by way of comb.rs.
        ("trust/mod.rs", ".verify(", 1),
        // A status list.
        ("secured.rs", ".verify(", 1),
        // A checkpoint.
        ("log/note.rs", ".verify(", 1),
        ("multikey.rs", "ed25519_dalek", 1),
    ];
    const TELLING: [&str; 6] = [
        "verify_strict(",
        ".verify(",
        "verify_batch",
        "verify_prehashed",
        "Scalar::from_canonical_bytes",
        "ed25519_dalek",
    ];
    fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    let mut seen = Vec::new();
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n");
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        for telling in TELLING {
            let count = code.matches(telling).count();
            if count > 0 {
                seen.push((name.clone(), telling, count));
            }
        }
    }
    seen.sort();
    let mut expected = CHECKS.map(|(file, telling, count)| (file.to_string(), telling, count));
    expected.sort();
    assert_eq!(seen, expected);
}
