//! No altered credential is `valid`, and none makes the verifier panic.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::report::Reason;
use akashi_verifier::{Trust, Verdict, verify};
use common::*;
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn every_bit_of_every_byte_counts_in_both_forms() {
    let world = World::good();
    let trust = world.trust().unwrap();
    for mut form in world.forms() {
        for at in 0..form.len() {
            for bit in 0..8 {
                form[at] ^= 1 << bit;
                let report = verify(&form, Ok(&trust), &world.policy, world.now, None);
                assert_ne!(report.verdict, Verdict::Valid, "byte {at} bit {bit}");
                // What is not the issuer's word is not repeated.
                assert!(
                    !report.verdict.is_authenticated() && report.holder.is_none(),
                    "byte {at} bit {bit}: {report:?}"
                );
                form[at] ^= 1 << bit;
            }
        }
        assert_eq!(
            verify(&form, Ok(&trust), &world.policy, world.now, None).verdict,
            Verdict::Valid
        );
    }
}

#[test]
fn every_shortened_file_is_malformed() {
    let world = World::good();
    for form in world.forms() {
        for end in 0..form.len() {
            let verdict = world_verdict(&world, &form[..end]);
            // A JWT cut within its signature has a signature of another length.
            assert_eq!(verdict, Verdict::Malformed, "{end} of {}", form.len());
        }
    }

    fn world_verdict(world: &World, input: &[u8]) -> Verdict {
        use std::sync::OnceLock;
        static TRUST: OnceLock<Trust> = OnceLock::new();
        let trust = TRUST.get_or_init(|| world.trust().unwrap());
        verify(input, Ok(trust), &world.policy, world.now, None).verdict
    }
}

/// Alters a signed document; the table says what may come of it.
type Mutant = (&'static str, fn(&World) -> Value, Reason);

const MUTANTS: [Mutant; 24] = [
    ("a member added", |w| with(w, "/note", json!("x")), Reason::SignatureInvalid),
    (
        "the level raised",
        |w| with(w, "/credentialSubject/profileScore/code", json!("leading")),
        Reason::SignatureInvalid,
    ),
    (
        "the holder changed by a look-alike",
        |w| with(w, "/credentialSubject/issuedToParty/name", json!("例示食品株式会社\u{200b}")),
        Reason::SignatureInvalid,
    ),
    (
        "the same instant, written otherwise",
        |w| with(w, "/validUntil", json!("2028-11-19T23:59:59+09:00")),
        Reason::SignatureInvalid,
    ),
    (
        "the index moved",
        |w| with(w, "/credentialStatus/1/statusListIndex", json!("4712")),
        Reason::SignatureInvalid,
    ),
    (
        "the index as a number",
        |w| with(w, "/credentialStatus/1/statusListIndex", json!(4711)),
        Reason::InvalidMember,
    ),
    (
        "an index with a zero before it",
        |w| with(w, "/credentialStatus/1/statusListIndex", json!("04711")),
        Reason::InvalidMember,
    ),
    (
        "a status of another type",
        |w| with(w, "/credentialStatus/1/type", json!("StatusList2021Entry")),
        Reason::InvalidMember,
    ),
    (
        "two entries of one purpose",
        |w| with(w, "/credentialStatus/1/statusPurpose", json!("refresh")),
        Reason::InvalidMember,
    ),
    ("no proof", |w| without(w, "proof"), Reason::ProofMissing),
    ("an array of proofs", |w| with(w, "/proof", json!([signed(w)["proof"]])), Reason::OtherProof),
    (
        "another cryptosuite",
        |w| with(w, "/proof/cryptosuite", json!("eddsa-rdfc-2022")),
        Reason::OtherProof,
    ),
    (
        "another purpose",
        |w| with(w, "/proof/proofPurpose", json!("authentication")),
        Reason::InvalidProof,
    ),
    (
        "a proof that expires",
        |w| with(w, "/proof/expires", json!("2036-01-01T00:00:00Z")),
        Reason::InvalidProof,
    ),
    ("a signature cut", |w| with(w, "/proof/proofValue", json!("z111")), Reason::InvalidProof),
    (
        "another key's name",
        |w| with(w, "/proof/verificationMethod", json!(format!("{BODY}#key-2"))),
        Reason::KeyNotInBundle,
    ),
    (
        "another's key",
        |w| with(w, "/proof/verificationMethod", json!("did:web:evil.example#key-1")),
        Reason::KeyNotOfIssuer,
    ),
    (
        "a relative key",
        |w| with(w, "/proof/verificationMethod", json!("#key-1")),
        Reason::KeyNotOfIssuer,
    ),
    (
        "a key carried along",
        |w| with(w, "/proof/verificationMethod", json!({"publicKeyMultibase": multikey(&key(66))})),
        Reason::InvalidProof,
    ),
    (
        "a context at the end",
        |w| with(w, "/@context/3", json!("https://evil.example/v1")),
        Reason::ProofContextDiffers,
    ),
    ("no context in the proof", |w| strip_proof(w, "@context"), Reason::SignatureInvalid),
    ("no time in the proof", |w| strip_proof(w, "created"), Reason::SignatureInvalid),
    (
        "another time in the proof",
        |w| with(w, "/proof/created", json!("2026-11-20T00:00:01Z")),
        Reason::SigningTimeDiffers,
    ),
    (
        "another body named",
        |w| with(w, "/issuer/id", json!("did:web:evil.example")),
        Reason::KeyNotOfIssuer,
    ),
];

fn signed(world: &World) -> Value {
    world.sign_proof(&world.payload)
}

fn with(world: &World, pointer: &str, value: Value) -> Value {
    let mut signed = signed(world);
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match signed.pointer_mut(parent).unwrap() {
        Value::Array(items) if member.parse() == Ok(items.len()) => items.push(value),
        parent => match member.parse::<usize>() {
            Ok(at) => parent[at] = value,
            Err(_) => parent[member] = value,
        },
    }
    signed
}

fn without(world: &World, member: &str) -> Value {
    let mut signed = signed(world);
    signed.as_object_mut().unwrap().remove(member);
    signed
}

fn strip_proof(world: &World, member: &str) -> Value {
    let mut signed = signed(world);
    signed["proof"].as_object_mut().unwrap().remove(member);
    signed
}

#[test]
fn each_mutant_gets_the_reason_that_the_table_says() {
    let world = World::good();
    for (what, mutate, reason) in MUTANTS {
        let report = world.verify(&jcs(&mutate(&world)));
        assert_eq!(report.reason(), Some(reason), "{what}: {report:#?}");
    }
}

#[test]
fn a_proof_moved_between_documents_fits_neither() {
    let world = World::good();
    let mut other = world.clone();
    other.payload["credentialSubject"]["id"] = json!(format!("{ORIGIN}/certificates/RH26-9Z9Z"));
    let mut swapped = signed(&world);
    swapped["proof"] = signed(&other)["proof"].clone();
    assert_eq!(world.verify(&jcs(&swapped)).verdict, Verdict::BadSignature);
    let (ours, theirs) = (world.sign_jwt(&world.payload), other.sign_jwt(&other.payload));
    let mut parts: Vec<_> = ours.split('.').collect();
    parts[2] = theirs.split('.').nth(2).unwrap();
    assert_eq!(world.verify(parts.join(".").as_bytes()).verdict, Verdict::BadSignature);
}

#[test]
fn an_issuer_cannot_sign_with_a_context_of_its_own_at_the_end() {
    let mut world = World::good();
    world.payload["@context"].as_array_mut().unwrap().push(json!("https://evil.example/v1"));
    for form in world.forms() {
        assert_eq!(world.verify(&form).reason(), Some(Reason::OtherCredential));
    }
}

#[test]
fn repeated_members_are_refused_wherever_they_stand() {
    let world = World::good();
    let text = String::from_utf8(jcs(&signed(&world))).unwrap();
    for (from, to) in [
        (r#""name":"Certified""#, r#""name":"Certified","name":"Certified""#),
        (r#""validUntil""#, r#""validUntil":"2099-01-01T00:00:00Z","validUntil""#),
        (r#""proofPurpose""#, r#""proofPurpose":"assertionMethod","proofPurpose""#),
    ] {
        assert!(text.contains(from));
        assert_eq!(
            world.verify(text.replacen(from, to, 1).as_bytes()).reason(),
            Some(Reason::DuplicateMember)
        );
    }
}

#[test]
fn layout_and_order_of_members_do_not_matter_to_an_embedded_proof() {
    let world = World::good();
    let pretty = serde_json::to_vec_pretty(&signed(&world)).unwrap();
    assert_eq!(world.verify(&pretty).verdict, Verdict::Valid);
}

#[test]
fn a_jwt_header_says_what_is_accepted_and_nothing_more() {
    let world = World::good();
    let payload = jcs(&world.payload);
    let header = |edit: fn(&mut Value)| {
        let mut header = json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"});
        edit(&mut header);
        world.verify(world.sign_jws(&header, &payload).as_bytes()).reason()
    };
    assert_eq!(header(|_| {}), None);
    assert_eq!(header(|h| h["alg"] = json!("Ed25519")), None);
    assert_eq!(header(|h| h["cty"] = json!("vc")), None);
    assert_eq!(header(|h| h["cty"] = json!("json")), Some(Reason::InvalidJwtHeader));
    for alg in ["none", "None", "HS256", "ES256", "eddsa"] {
        let header = json!({"alg": alg, "kid": key_id(), "typ": "vc+jwt"});
        let reason = world.verify(world.sign_jws(&header, &payload).as_bytes()).reason();
        assert_eq!(reason, Some(Reason::OtherAlgorithm), "{alg}");
    }
    assert_eq!(header(|h| h["alg"] = Value::Null), Some(Reason::InvalidJwtHeader));
    assert_eq!(header(|h| h["typ"] = json!("JWT")), Some(Reason::OtherJwtType));
    assert_eq!(header(|h| h["typ"] = json!("dc+sd-jwt")), Some(Reason::OtherJwtType));
    assert_eq!(
        header(|h| drop(h.as_object_mut().unwrap().remove("typ"))),
        Some(Reason::OtherJwtType)
    );
    assert_eq!(
        header(|h| drop(h.as_object_mut().unwrap().remove("kid"))),
        Some(Reason::InvalidJwtHeader)
    );
    assert_eq!(header(|h| h["kid"] = json!("#key-1")), Some(Reason::KeyNotOfIssuer));
    assert_eq!(
        header(|h| h["kid"] = json!(format!("{BODY}?x#key-1"))),
        Some(Reason::KeyNotOfIssuer)
    );
    for member in ["crit", "jwk", "jku", "x5c", "x5u", "b64", "zip"] {
        let mut header = json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"});
        header[member] = json!("x");
        let reason = world.verify(world.sign_jws(&header, &payload).as_bytes()).reason();
        assert_eq!(reason, Some(Reason::InvalidJwtHeader), "{member}");
    }
}

#[test]
fn claims_that_could_disagree_with_the_credential_are_refused() {
    let world = World::good();
    let claim = |member: &str, value: Value| {
        let mut payload = world.payload.clone();
        payload[member] = value;
        world.verify(world.sign_jwt(&payload).as_bytes()).reason()
    };
    for member in ["vc", "vp", "proof"] {
        assert_eq!(claim(member, json!({})), Some(Reason::ForbiddenClaim), "{member}");
    }
    for date in ["exp", "nbf", "iat"] {
        assert_eq!(claim(date, json!(1_790_000_000)), Some(Reason::ForbiddenClaim), "{date}");
    }
    assert_eq!(claim("iss", json!("did:web:evil.example")), Some(Reason::ForbiddenClaim));
    assert_eq!(claim("iss", json!(BODY)), None);
}

#[test]
fn base64url_has_one_spelling() {
    let world = World::good();
    let jwt = world.sign_jwt(&world.payload);
    let padded = format!("{jwt}==");
    // The last character of 64 bytes carries four bits that decode to nothing.
    let last = jwt.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let respelled = format!("{}{next}", &jwt[..jwt.len() - 1]);
    for file in [padded, respelled, jwt.replacen('.', "=.", 1), jwt.replacen('.', "\n.", 1)] {
        assert_eq!(world.verify(file.as_bytes()).reason(), Some(Reason::InvalidJwt));
    }
    assert_eq!(world.verify(format!("{jwt}.").as_bytes()).reason(), Some(Reason::NotACredential));
    assert_eq!(world.verify(format!("\n{jwt}\n").as_bytes()).verdict, Verdict::Valid);
    assert_eq!(world.verify(json!(jwt).to_string().as_bytes()).verdict, Verdict::Valid);
}

#[test]
fn foreign_things_are_named() {
    let world = World::good();
    for (file, reason) in [
        (&b""[..], Reason::NotACredential),
        (b"%PDF-1.7", Reason::NotACredential),
        (b"HC1:6BF", Reason::NotACredential),
        (b"[{}]", Reason::NotACredential),
        (b"{}", Reason::ProofMissing),
        (b"\xff\xfe{\x00}\x00", Reason::NotACredential),
        (b"{\"a\":1}{", Reason::InvalidJson),
        (b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA", Reason::OtherAlgorithm),
        (br#"{"@context":["https://www.w3.org/2018/credentials/v1"],"issuer":"https://x.example","proof":{"type":"Ed25519Signature2020"}}"#, Reason::OtherProof),
    ] {
        let report = world.verify(file);
        assert_eq!((report.verdict, report.reason()), (Verdict::Malformed, Some(reason)), "{}", String::from_utf8_lossy(file));
    }
    let mut other = world.payload.clone();
    other["@context"][1] = json!("https://www.w3.org/ns/credentials/examples/v2");
    assert_eq!(
        world.verify(world.sign_jwt(&other).as_bytes()).reason(),
        Some(Reason::OtherCredential)
    );
}

#[test]
fn deep_and_large_files_cost_little() {
    let world = World::good();
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "1".to_string() + &"}".repeat(10_000));
    assert_eq!(world.verify(deep.as_bytes()).reason(), Some(Reason::TooDeep));
    assert_eq!(world.verify("[".repeat(10_000).as_bytes()).reason(), Some(Reason::NotACredential));
    // Written by hand: the canonical writer would recurse as deep.
    let mut payload = String::from(r#"{"issuer":"did:web:x","deep":"#);
    payload.push_str(&"[".repeat(10_000));
    payload.push_str(&"]".repeat(10_000));
    payload.push('}');
    let jwt = world
        .sign_jws(&json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"}), payload.as_bytes());
    assert_eq!(world.verify(jwt.as_bytes()).reason(), Some(Reason::TooDeep));
    let large = vec![b'{'; (1 << 20) + 1];
    assert_eq!(world.verify(&large).reason(), Some(Reason::TooLarge));
}

#[test]
fn what_is_too_large_is_not_taken_for_what_it_begins_with() {
    let world = World::good();
    for form in world.forms() {
        // As a caller would cut a file that goes on behind: nobody read the rest.
        let padded = |size: usize| [&form[..], &vec![b' '; size - form.len()]].concat();
        assert_eq!(world.verify(&padded(1 << 20)).verdict, Verdict::Valid);
        assert_eq!(world.verify(&padded((1 << 20) + 1)).reason(), Some(Reason::TooLarge));
    }
}

#[test]
fn a_credential_may_come_with_its_log_proof() {
    let mut world = World::good();
    world.policy.require_log = true;
    let proof = world.log_proof.take();
    let line =
        |credential: Value| json!({"credential": credential, "log_proof": proof}).to_string();
    let jwt = json!(world.sign_jwt(&world.payload));
    for credential in [signed(&world), jwt] {
        assert_eq!(world.verify(line(credential).as_bytes()).verdict, Verdict::Valid);
    }
    assert_eq!(world.verify(br#"{"credential":1}"#).reason(), Some(Reason::NotACredential));
    // What stands beside the two is signed by nobody.
    let noted = json!({"credential": signed(&world), "log_proof": proof, "level": "leading"});
    assert_eq!(world.verify(noted.to_string().as_bytes()).reason(), Some(Reason::NotACredential));
    assert_eq!(world.verify(line(json!({"proof": 1})).as_bytes()).verdict, Verdict::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_get_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[\\[\\]{}\":,.ey0-9a-z \\\\]{0,200}") {
        let world = World::good();
        for input in [bytes.as_slice(), text.as_bytes()] {
            let report = world.verify_untrusted(input, akashi_verifier::Untrusted::BundleMissing);
            prop_assert_eq!(report.verdict, Verdict::Malformed);
        }
    }
}
