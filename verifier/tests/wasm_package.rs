//! The files on which other builds of the verifier are tested, with what this one says of each: a root, a bundle, credentials,
//! and their reports. They lie in `wasm/tests/corpus`; `AKASHI_WRITE_CORPUS=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::PathBuf;

use akashi_verifier::{Trust, verify};
use common::*;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Places in the status lists whose bit is set, apart from the good credential's.
const REVOKED: usize = 11;
const SUSPENDED: usize = 12;
const SUPERSEDED: usize = 13;

/// A credential, what is asked of it, and the verdict that it must get.
struct Case {
    name: &'static str,
    file: Vec<u8>,
    options: Value,
    verdict: &'static str,
}

fn cases(world: &World) -> Vec<Case> {
    let [di, jwt] = world.forms();
    let case =
        |name, file: &[u8], options, verdict| Case { name, file: file.to_vec(), options, verdict };
    let at = |index: usize| {
        let mut payload = world.payload.clone();
        for entry in payload["credentialStatus"].as_array_mut().unwrap() {
            entry["statusListIndex"] = json!(index.to_string());
        }
        jcs(&world.sign_proof(&payload))
    };
    let text = String::from_utf8(di.clone()).unwrap();
    let stranger = text.replace("bodies:example-body", "bodies:stranger");
    let log_proof = world.log_proof.clone();
    vec![
        case("good", &di, json!({}), "valid"),
        case("good-jwt", &jwt, json!({}), "valid"),
        case("all-asked-for", &di, json!({
            "minLevel": "committed", "programme": "responsible-hosting", "facility": FACILITY,
            "requireLog": true, "logProof": log_proof, "maxStatusAgeDays": 1, "at": "2027-01-01T09:00:00+09:00",
        }), "valid"),
        case("altered", text.replace("\"rank\":2", "\"rank\":1").as_bytes(), json!({}), "bad_signature"),
        case("stranger", stranger.as_bytes(), json!({}), "unknown_issuer"),
        case("superseded", &at(SUPERSEDED), json!({}), "superseded"),
        case("revoked", &at(REVOKED), json!({}), "revoked"),
        case("suspended", &at(SUSPENDED), json!({}), "suspended"),
        case("not-logged", &di, json!({"requireLog": true}), "not_logged"),
        case("too-early", &di, json!({"at": "2026-11-19T23:59:59Z"}), "not_yet_valid"),
        case("too-late", &di, json!({"at": "2028-11-19T15:00:00Z"}), "expired"),
        case("stale", &di, json!({"now": "2026-12-02T06:00:01Z"}), "stale_status"),
        case("stale-but-allowed", &di, json!({"now": "2026-12-02T06:00:01Z", "maxStatusAgeDays": 30}), "valid"),
        case("from-the-future", &di, json!({"now": "2026-11-25T05:00:00Z"}), "stale_status"),
        case("level-too-low", &di, json!({"minLevel": "leading"}), "policy_not_met"),
        case("other-programme", &di, json!({"programme": "other"}), "policy_not_met"),
        case("other-facility", &di, json!({"facility": "0193a000-0000-7000-8000-00000000f002"}), "policy_not_met"),
        case("other-credential", br#"{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential"]}"#, json!({}), "malformed"),
        case("no-certificate", "請求書 No. 4711\n".as_bytes(), json!({}), "malformed"),
        case("nothing", b"", json!({}), "malformed"),
    ]
}

/// A root and a bundle that are refused: name, root, bundle, highest version seen before, code.
type Refusal = (&'static str, Vec<u8>, Vec<u8>, Option<u64>, &'static str);

fn refusals(world: &World) -> [Refusal; 5] {
    let (root, bundle) = (world.root_bytes(), world.bundle_bytes());
    let bent = |bend: fn(&mut World)| {
        let mut bent = world.clone();
        bend(&mut bent);
        (bent.root_bytes(), bent.bundle_bytes())
    };
    let (under_signed, _) = bent(|world| world.root_signers.truncate(1));
    let (_, wrongly_signed) = bent(|world| world.bundle_signer = key(22));
    [
        ("older", root.clone(), bundle.clone(), Some(8), "bundle_older"),
        ("under-signed", under_signed, bundle.clone(), None, "root_under_signed"),
        ("wrongly-signed", root.clone(), wrongly_signed, None, "bundle_wrongly_signed"),
        ("no-root", b"{}".to_vec(), bundle, None, "root_unreadable"),
        ("no-bundle", root, b"[".to_vec(), None, "bundle_unreadable"),
    ]
}

fn world() -> World {
    let mut world = World::good();
    for (purpose, index) in PURPOSES.into_iter().zip([SUPERSEDED, REVOKED, SUSPENDED]) {
        let mut bits = [0; 16_384];
        bits[index / 8] |= 0x80 >> (index % 8);
        *world.list_mut(purpose) = list(purpose, &bits);
    }
    world
}

/// The report on a case, with its options as the JavaScript face takes them.
fn report(trust: &Trust, world: &World, case: &Case) -> Value {
    let text = |name: &str| case.options[name].as_str().map(ToString::to_string);
    let mut policy = world.policy.clone();
    policy.at = text("at").map(|at| time(&at));
    policy.max_status_age =
        case.options["maxStatusAgeDays"].as_i64().map(|days| SignedDuration::from_hours(24 * days));
    policy.min_level = text("minLevel");
    policy.programme = text("programme");
    policy.facility = text("facility");
    policy.require_log = case.options["requireLog"] == true;
    let now = time(text("now").as_deref().unwrap_or(NOW));
    let report = verify(&case.file, Ok(trust), &policy, now, text("logProof").as_deref());
    serde_json::to_value(report).unwrap()
}

/// Compares a file of the corpus, or writes it.
fn keep(name: &str, bytes: &[u8]) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/wasm/tests/corpus"));
    if std::env::var_os("AKASHI_WRITE_CORPUS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    }
    let kept = fs::read(folder.join(name)).unwrap_or_default();
    assert!(kept == bytes, "{name} differs: write the corpus anew, with AKASHI_WRITE_CORPUS=1");
}

#[test]
fn the_corpus_is_what_this_verifier_says_of_it() {
    let world = world();
    let (root, bundle) = (world.root_bytes(), world.bundle_bytes());
    let trust = Trust::open(&root, &bundle, Some(7)).unwrap();
    keep("root", &root);
    keep("bundle", &bundle);
    let mut verified = Vec::new();
    for case in cases(&world) {
        let report = report(&trust, &world, &case);
        assert_eq!(report["verdict"], case.verdict, "{}: {report:#}", case.name);
        keep(case.name, &case.file);
        let mut options = case.options;
        options["now"] = options.get("now").cloned().unwrap_or(json!(NOW));
        verified.push(json!({"name": case.name, "options": options, "report": report}));
    }
    let mut refused = Vec::new();
    for (name, root, bundle, min_version, code) in refusals(&world) {
        let error = Trust::open(&root, &bundle, min_version).unwrap_err();
        assert_eq!(error.code(), code, "{name}");
        let [root, bundle] = [root, bundle].map(|bytes| String::from_utf8(bytes).unwrap());
        refused.push(json!({
            "name": name, "root": root, "bundle": bundle, "minVersion": min_version, "code": code, "message": error.to_string(),
        }));
    }
    let cases = json!({"minVersion": 7, "verified": verified, "refused": refused});
    keep("cases.json", format!("{cases:#}\n").as_bytes());
}
