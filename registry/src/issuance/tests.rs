//! From an attestation to a verdict, without a database: what is built here passes UNTP's schema and the
//! verifier that buyers use.

mod order;

use std::path::PathBuf;
use std::sync::Arc;

use akashi_keys::SigningKey;
use akashi_schemas::embedded::{AKASHI_CONTEXT_V1, RESPONSIBLE_HOSTING};
use akashi_schemas::{Digest, FacilityKind, Programme, canonical};
use akashi_verifier::credential::Credential;
use akashi_verifier::log::CredentialEntry;
use akashi_verifier::rule::SectionOutcome;
use akashi_verifier::status::Purpose;
use akashi_verifier::trust::{
    Authorisation, Body, BodyKey, Bundle, ListEntry, ProgrammeVersion, Root,
};
use akashi_verifier::{Policy, Report, Trust, Verdict, verify};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::rules::leaf::Leaf;
use super::rules::payload::{
    Attestation, AttestedCompany, AttestedFacility, Place, credential, holder_id,
};
use super::rules::status;
use super::{did, forms, manifest};
use akashi_verifier::Origin;

const SIGNED_AT: &str = "2026-11-25T03:04:05Z";
const INDEX: u32 = 4_711;

fn origin() -> Origin {
    "http://localhost:8080".parse().expect("an origin")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn issuer() -> String {
    did::body(&origin(), "example-body")
}

fn key_id() -> String {
    did::key_id(&issuer(), "key-1")
}

fn signer(seed: u8) -> SigningKey {
    SigningKey::from_random(&[seed; 32])
}

/// Writes what another context would have written.
async fn write(tx: &mut crate::platform::db::Tx, sql: String) {
    let done = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(&mut **tx).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn attestation() -> Attestation {
    let programme =
        Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).expect("the shipped programme");
    let section = |section: &akashi_schemas::programme::Section| SectionOutcome {
        id: section.id.clone(),
        // Nothing of the last section applied.
        applicable: u32::from(section.id != "cascade") * 5,
        below: 1,
        major: 0,
        keeps_limits: true,
    };
    Attestation {
        certificate_id: "0193a000-0000-7000-8000-0000000000c1".into(),
        version_id: "0193a000-0000-7000-8000-0000000000d1".into(),
        number: "RH26-7K3F".into(),
        n: 2,
        body_name: "Example Certification Body".into(),
        company: AttestedCompany {
            id: "0193a000-0000-7000-8000-0000000000a1".into(),
            name: "例示食品株式会社".into(),
            country: "JP".into(),
            identifiers: vec![("jp_corporate_number".into(), "1234567890128".into())],
        },
        level: "certified".into(),
        sections: programme.sections.iter().map(section).collect(),
        programme: Arc::new(programme),
        facilities: [("f1", FacilityKind::Whole), ("f2", FacilityKind::Site)]
            .map(|(id, kind)| AttestedFacility {
                id: format!("0193a000-0000-7000-8000-0000000000{id}"),
                kind,
                name: "Example works".into(),
            })
            .to_vec(),
        assessed_on: "2026-11-18".parse().expect("a day"),
        valid_from: time(SIGNED_AT),
        valid_until: time("2028-11-24T14:59:59Z"),
    }
}

fn document(attestation: &Attestation) -> Credential {
    let lists =
        Purpose::ALL.map(|purpose| (purpose, format!("example-body-0-{}", purpose.as_str())));
    let place = Place {
        origin: &origin(),
        credential: "0193a000-0000-7000-8000-0000000000e1",
        issuer: &issuer(),
        signed_at: time(SIGNED_AT),
        index: INDEX,
        lists,
        nonce: [7; 16],
    };
    credential(attestation, &place)
}

fn payload() -> Vec<u8> {
    canonical::to_vec(&document(&attestation())).expect("JSON")
}

/// Both forms of the payload.
fn both() -> [Vec<u8>; 2] {
    let key = signer(1);
    let embedded = forms::embedded(&payload(), &key, &key_id(), SIGNED_AT).expect("JSON");
    [embedded, forms::jwt(&payload(), &key, &key_id()).expect("JSON").into_bytes()]
}

fn shared(path: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let folder =
        std::env::var_os("AKASHI_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    match std::fs::read_to_string(folder.join(path)) {
        Ok(text) => Some(text),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{path}: {error}"),
        Err(error) => {
            eprintln!("SKIPPED: {path}: {error}");
            None
        }
    }
}

#[test]
fn the_payload_passes_untps_schema_but_for_the_one_recorded_deviation() {
    let Some(schema) = shared("untp/0.7.0/dcc-schema.json") else { return };
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let schema = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema");
    let places = |document: &Value| {
        schema
            .iter_errors(document)
            .map(|error| error.instance_path().to_string())
            .collect::<Vec<_>>()
    };

    let mut document: Value = serde_json::from_slice(&payload()).expect("JSON");
    assert_eq!(places(&document), ["/credentialStatus"]);

    // And what deviates is the array and the index in a string, as the W3C's list has them, and nothing more.
    let entries = document["credentialStatus"].clone();
    for entry in entries.as_array().expect("an array") {
        document["credentialStatus"] = entry.clone();
        assert_eq!(places(&document), ["/credentialStatus/statusListIndex"]);
        document["credentialStatus"]["statusListIndex"] = json!(INDEX);
        assert_eq!(places(&document), [""; 0]);
    }
    // The schema would have seen a fault.
    document["credentialSubject"]["assessorLevel"] = json!("third party");
    assert_eq!(places(&document), ["/credentialSubject/assessorLevel"]);
}

#[test]
fn the_payload_carries_no_claim_or_proof_and_no_term_without_a_context() {
    let document: Value = serde_json::from_slice(&payload()).expect("JSON");
    for member in ["iss", "iat", "exp", "nbf", "proof", "vc"] {
        assert_eq!(document.get(member), None, "{member}");
    }
    let context: Value = serde_json::from_str(AKASHI_CONTEXT_V1).expect("JSON");
    for term in ["programmeDigest", "certificateVersion", "nonce"] {
        assert!(document["credentialSubject"].get(term).is_some(), "{term}");
        assert!(context["@context"].get(term).is_some(), "{term} in the context that is served");
    }
    assert_eq!(document["@context"][2], "http://localhost:8080/contexts/akashi/v1");
}

#[test]
fn the_payload_has_designs_members() {
    let document = document(&attestation());
    assert_eq!(
        document.id,
        "http://localhost:8080/credentials/0193a000-0000-7000-8000-0000000000e1"
    );
    assert_eq!(document.valid_from, time(SIGNED_AT));
    let subject = &document.credential_subject;
    assert_eq!(subject.id, "http://localhost:8080/certificates/RH26-7K3F");
    assert_eq!(subject.issued_to_party.id, "iso6523-actorid-upis::0188:1234567890128");
    assert_eq!(
        subject.reference_profile.id,
        "http://localhost:8080/programmes/responsible-hosting/2026.2"
    );
    assert_eq!(
        (subject.profile_score.code.as_str(), subject.profile_score.rank),
        ("certified", Some(2))
    );
    assert_eq!(
        (subject.assessor_level.as_str(), subject.assessment_level.as_str()),
        ("3rdParty", "scheme-cab")
    );
    assert_eq!(subject.attestation_type, "certification");
    assert_eq!(subject.certificate_version, 2);
    let facilities: Vec<_> = document.facilities().map(|facility| facility.id.as_str()).collect();
    assert_eq!(
        facilities[1],
        "http://localhost:8080/facilities/0193a000-0000-7000-8000-0000000000f2"
    );
    assert_eq!(facilities.len(), 2);
    // The programme as a whole and its eleven sections; of one nothing applied.
    let results: Vec<_> =
        subject.conformity_assessment.iter().map(|assessment| assessment.conformance).collect();
    assert_eq!(results.len(), 12);
    assert_eq!((results[0], results[11]), (Some(true), None));
}

#[test]
fn a_declaration_is_not_called_a_certification() {
    let attestation = Attestation { level: "committed".into(), ..attestation() };
    assert_eq!(document(&attestation).credential_subject.attestation_type, "declaration");
}

#[test]
fn a_single_rating_never_stands_in_the_payload() {
    let text = String::from_utf8(payload()).expect("UTF-8");
    let programme = attestation().programme;
    for criterion in &programme.criteria {
        assert!(
            !text.contains(&format!("\"{}\"", criterion.id))
                && !text.contains(&format!("#{}\"", criterion.id))
        );
    }
    for word in ["\"minor\"", "\"major\"", "\"conform\""] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn a_holder_is_named_by_its_best_known_register() {
    let holder = |identifiers: &[(&str, &str)]| {
        let identifiers = identifiers.iter().map(|(s, v)| ((*s).into(), (*v).into())).collect();
        let company = AttestedCompany { identifiers, ..attestation().company };
        (
            holder_id(&origin(), &company),
            document(&Attestation { company, ..attestation() }).credential_subject.issued_to_party,
        )
    };
    let (corporate, lei) =
        (("jp_corporate_number", "1234567890128"), ("lei", "00EXAMPLE00000000000"));
    for (identifiers, id, registered) in [
        (vec![corporate], "iso6523-actorid-upis::0188:1234567890128", Some("1234567890128")),
        (vec![lei, corporate], "iso6523-actorid-upis::0188:1234567890128", Some("1234567890128")),
        (
            vec![lei],
            "iso6523-actorid-upis::0199:00EXAMPLE00000000000",
            Some("00EXAMPLE00000000000"),
        ),
        (vec![], "http://localhost:8080/companies/0193a000-0000-7000-8000-0000000000a1", None),
    ] {
        let (uri, party) = holder(&identifiers);
        assert_eq!(
            (uri.as_str(), party.id.as_str(), party.registered_id.as_deref()),
            (id, id, registered)
        );
    }
}

#[test]
fn signing_again_gives_the_same_bytes() {
    assert_eq!(both(), both());
}

#[test]
fn the_jwts_payload_is_the_payload_and_the_signature_covers_both_parts() {
    let [_, jwt] = both();
    let jwt = String::from_utf8(jwt).expect("ASCII");
    let parts: Vec<_> = jwt.split('.').collect();
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url");
    assert_eq!(decode(parts[1]), payload());
    let header: Value = serde_json::from_slice(&decode(parts[0])).expect("JSON");
    assert_eq!(header, json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"}));

    let message = format!("{}.{}", parts[0], parts[1]);
    let signature = ed25519_dalek::Signature::from_slice(&decode(parts[2])).expect("64 bytes");
    verifying_key().verify_strict(message.as_bytes(), &signature).expect("a good signature");
}

/// The key that signed, in the hands of the library itself.
fn verifying_key() -> ed25519_dalek::VerifyingKey {
    ed25519_dalek::VerifyingKey::from_bytes(signer(1).public().as_bytes()).expect("a key")
}

#[test]
fn the_embedded_proof_signs_the_config_then_the_document() {
    let [embedded, _] = both();
    let mut document: Value = serde_json::from_slice(&embedded).expect("JSON");
    let mut proof =
        document.as_object_mut().and_then(|members| members.remove("proof")).expect("a proof");
    assert_eq!(canonical::to_vec(&document).expect("JSON"), payload());
    assert_eq!(proof["@context"], document["@context"]);
    assert_eq!(
        (&proof["created"], &proof["proofPurpose"]),
        (&json!(SIGNED_AT), &json!("assertionMethod"))
    );
    let value =
        proof.as_object_mut().and_then(|members| members.remove("proofValue")).expect("a value");
    let signature = akashi_verifier::multikey::decode_base58btc(value.as_str().expect("text"), 64)
        .expect("64 bytes");

    let config = canonical::to_vec(&proof).expect("JSON");
    let message = [Digest::of(&config).0, Digest::of(&payload()).0].concat();
    let signature = ed25519_dalek::Signature::from_slice(&signature).expect("64 bytes");
    verifying_key().verify_strict(&message, &signature).expect("a good signature");
}

/// Root and bundle around the credential, with these bits set.
fn trust(set: &[Purpose]) -> Trust {
    let signed_list = |purpose: Purpose| {
        let bits: &[u32] = if set.contains(&purpose) { &[INDEX] } else { &[] };
        let id = format!("example-body-0-{}", purpose.as_str());
        let list = status::List {
            id: &id,
            issuer: &issuer(),
            purpose,
            set: bits,
            signed_at: time(SIGNED_AT),
            valid_until: time("2026-12-02T03:04:05Z"),
        };
        let list = status::credential(&origin(), &list).expect("a list");
        let bytes = canonical::to_vec(&list).expect("JSON");
        let embedded = forms::embedded(&bytes, &signer(1), &key_id(), SIGNED_AT).expect("JSON");
        ListEntry {
            id: list.id,
            purpose,
            leaf: Some(3),
            credential: serde_json::from_slice(&embedded).expect("JSON"),
        }
    };
    let public = |key: &SigningKey| manifest::public(&key.public()).expect("a key");
    let programme = attestation().programme;
    let bundle = Bundle {
        version: 1,
        root_version: 1,
        as_of: time("2026-11-25T04:00:00Z"),
        expires: time("2026-12-02T04:00:00Z"),
        bodies: vec![Body {
            did: issuer(),
            name: "Example Certification Body".into(),
            keys: vec![BodyKey {
                id: key_id(),
                public: public(&signer(1)),
                from: time("2026-01-01T00:00:00Z"),
                until: None,
                compromised_from: None,
            }],
            authorisations: vec![Authorisation {
                programme: programme.id.clone(),
                from: time("2026-01-01T00:00:00Z"),
                until: None,
            }],
        }],
        programmes: vec![ProgrammeVersion {
            id: programme.id.clone(),
            version: programme.version.clone(),
            digest: programme.digest(),
            levels: programme.levels.iter().map(|level| level.id.clone()).collect(),
        }],
        status_lists: Purpose::ALL.map(signed_list).to_vec(),
        tlog_policy: String::new(),
        checkpoint: String::new(),
    };
    let root_keys = [signer(11), signer(12), signer(13)];
    let root = Root {
        version: 1,
        expires: time("2036-01-01T00:00:00Z"),
        threshold: 2,
        root_keys: root_keys.iter().map(public).collect(),
        bundle_key: public(&signer(21)),
    };
    let root = manifest::sign(root, &[&root_keys[0], &root_keys[2]]).expect("a root");
    let bundle = manifest::sign(bundle, &[&signer(21)]).expect("a bundle");
    Trust::open(&root, &bundle, None).expect("a root of two of three and its bundle")
}

fn report(form: &[u8], set: &[Purpose]) -> Report {
    let policy = Policy { min_level: Some("committed".into()), ..Policy::default() };
    verify(form, Ok(&trust(set)), &policy, time("2026-11-25T05:00:00Z"), None)
}

#[test]
fn the_verifier_that_buyers_use_accepts_both_forms_and_sees_each_bit() {
    for form in both() {
        let report_of = |set: &[Purpose]| report(&form, set).verdict;
        assert_eq!(report_of(&[]), Verdict::Valid, "{:#?}", report(&form, &[]));
        assert_eq!(report_of(&[Purpose::Refresh]), Verdict::Superseded);
        assert_eq!(report_of(&[Purpose::Revocation]), Verdict::Revoked);
        assert_eq!(report_of(&[Purpose::Suspension]), Verdict::Suspended);
        let report = report(&form, &[]);
        assert_eq!(
            (report.certificate.as_deref(), report.holder.as_deref()),
            (Some("RH26-7K3F"), Some("例示食品株式会社"))
        );
    }
}

#[test]
fn the_verifier_reads_the_leaf_that_is_written() {
    let leaf = Leaf::Credential {
        payload_sha256: Digest::of(&payload()).to_string(),
        number: "RH26-7K3F".into(),
        issuer: issuer(),
        holder_digest: "cd".repeat(32),
    };
    let entry = CredentialEntry::read(&leaf.entry(SIGNED_AT).expect("JSON")).expect("an entry");
    assert_eq!((entry.payload_sha256, entry.at), (Digest::of(&payload()), time(SIGNED_AT)));
}

#[test]
fn a_did_document_gives_the_key_that_signed() {
    let key = did::DocumentKey {
        fragment: "key-1".into(),
        public: signer(1).public(),
        expires: None,
        revoked: None,
    };
    let document = did::document(&issuer(), &[key]);
    let method = &document["verificationMethod"][0];
    assert_eq!(
        (&method["id"], &document["assertionMethod"][0]),
        (&json!(key_id()), &json!(key_id()))
    );
    let read = akashi_verifier::PublicKey::from_multikey(
        method["publicKeyMultibase"].as_str().expect("text"),
    );
    assert_eq!(read.expect("a Multikey").as_bytes(), signer(1).public().as_bytes());
}

proptest! {
    #[test]
    fn under_any_key_an_index_is_given_out_once(key in any::<[u8; 32]>(), start in 0..status_entries(), count in 1..400_u32) {
        let counters = (0..count).map(|n| (start + n) % status_entries());
        let places: std::collections::BTreeSet<_> = counters.map(|counter| status::index(&key, counter)).collect();
        prop_assert_eq!(places.len(), count as usize);
        prop_assert!(places.iter().all(|place| *place < status_entries()));
    }

    #[test]
    fn a_list_says_of_every_index_what_was_set(set in prop::collection::btree_set(0..status_entries(), 0..60)) {
        let set: Vec<u32> = set.into_iter().collect();
        let bits = akashi_verifier::status::decode(&status::encode(&set).expect("memory")).expect("a list");
        let read: Vec<u32> = (0..status_entries()).filter(|i| bits[*i as usize / 8] & (0x80 >> (i % 8)) != 0).collect();
        prop_assert_eq!(read, set);
    }
}

const fn status_entries() -> u32 {
    akashi_verifier::status::SHARD_ENTRIES
}
