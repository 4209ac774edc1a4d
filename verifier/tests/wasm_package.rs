//! The files on which other builds of the verifier are tested, with what this one says of each: a root, a bundle, credentials,
//! and their reports. They lie in `wasm/tests/corpus`; `AKASHI_WRITE_CORPUS=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::PathBuf;

use akashi_schemas::Digest;
use akashi_verifier::trust::{Seen, VerifiedRoot};
use akashi_verifier::{Trust, TrustError, verify};
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

/// The world under another root, signed by the keys that it has; `bend` changes the root.
fn under(world: &World, version: u64, bend: impl Fn(&mut World)) -> World {
    let mut next = world.clone();
    next.root["version"] = json!(version);
    next.bundle["root_version"] = json!(version);
    bend(&mut next);
    next
}

/// Root 2 names another bundle key.
fn rotated(world: &World) -> World {
    under(world, 2, |next| {
        next.bundle_signer = key(22);
        next.root["bundle_key"] = json!(multikey(&key(22)));
    })
}

/// Roots that follow one another, as they are kept.
fn chain(worlds: &[&World]) -> String {
    let mut roots = worlds.iter().map(|world| world.root_bytes());
    let first = VerifiedRoot::open(&roots.next().unwrap()).unwrap();
    roots.fold(first, |root, next| root.succeeded_by(&next).unwrap()).to_json()
}

/// What is remembered under the last of those roots and each before it, as the JavaScript face keeps it.
fn memory(roots: &[&World], bundle_version: u64) -> Value {
    let root = |world: &&World| VerifiedRoot::open(&world.root_bytes()).unwrap();
    let newest = root(roots.last().unwrap());
    let seen = Seen {
        root_version: newest.root().version,
        root: newest.digest(),
        bundle_key: newest.root().bundle_key.key_id(),
        bundle_version,
    };
    Value::from_iter(roots.iter().map(|world| (root(world).digest().to_string(), json!(seen))))
}

/// A root, a bundle and what was seen before: name, and the code of the refusal, or what is to be remembered.
type Opening = (&'static str, String, Vec<u8>, Option<Value>, Result<Value, &'static str>);

fn openings(world: &World) -> Vec<Opening> {
    let (root, bundle) = (chain(&[world]), world.bundle_bytes());
    let other = World { root_signers: vec![key(11)], ..world.clone() };
    let thief = World { bundle_signer: key(66), ..world.clone() };
    let rotated = rotated(world);
    let followed = chain(&[world, &rotated]);
    let stranger = under(world, 9, |next| next.root["expires"] = json!("2035-01-01T00:00:00Z"));
    let fork = under(world, 1, |fork| fork.root["expires"] = json!("2035-01-01T00:00:00Z"));
    let strangers = memory(&[&stranger], 99);
    let both = |one: &Value, other: &Value| {
        Value::from_iter(
            one.as_object().unwrap().clone().into_iter().chain(other.as_object().unwrap().clone()),
        )
    };
    let now = memory(&[world], 7);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    vec![
        ("the first seen", root.clone(), bundle.clone(), None, Ok(now.clone())),
        (
            "newer than what was seen",
            root.clone(),
            bundle.clone(),
            Some(memory(&[world], 6)),
            Ok(now.clone()),
        ),
        (
            "not those of another registry that was seen",
            root.clone(),
            bundle.clone(),
            Some(strangers.clone()),
            Ok(both(&strangers, &now)),
        ),
        (
            "the first under another bundle key",
            followed.clone(),
            rotated.bundle_bytes(),
            Some(memory(&[world], 1 << 53)),
            Ok(memory(&[world, &rotated], 7)),
        ),
        (
            "an older bundle, under a root without those before it",
            text(rotated.root_bytes()),
            rotated.bundle_bytes(),
            Some(memory(&[world, &rotated], 8)),
            Err("bundle_older"),
        ),
        (
            "an older bundle, under a root with others before it",
            followed.clone(),
            rotated.bundle_bytes(),
            Some(memory(&[&rotated], 8)),
            Err("bundle_older"),
        ),
        (
            "an older bundle",
            root.clone(),
            bundle.clone(),
            Some(memory(&[world], 8)),
            Err("bundle_older"),
        ),
        (
            "another root of the one seen's version, with its bundle key",
            text(fork.root_bytes()),
            bundle.clone(),
            Some(
                json!({VerifiedRoot::open(&fork.root_bytes()).unwrap().digest().to_string(): now.as_object().unwrap().values().next()}),
            ),
            Err("root_forked"),
        ),
        (
            "the next of another root than the one seen",
            chain(&[world, &rotated, &under(&rotated, 3, |_| ())]),
            under(&rotated, 3, |_| ()).bundle_bytes(),
            Some(memory(&[world, &under(world, 2, |_| ())], 7)),
            Err("root_forked"),
        ),
        (
            "an older root",
            root.clone(),
            bundle.clone(),
            Some(memory(&[world, &rotated], 1)),
            Err("root_older"),
        ),
        (
            "a root beside the one seen",
            followed,
            rotated.bundle_bytes(),
            Some(memory(&[world, &under(world, 2, |_| ())], 7)),
            Err("root_forked"),
        ),
        ("under-signed", text(other.root_bytes()), bundle.clone(), None, Err("root_under_signed")),
        ("wrongly signed", root.clone(), thief.bundle_bytes(), None, Err("bundle_wrongly_signed")),
        ("no root", "{}".into(), bundle, None, Err("root_unreadable")),
        ("no bundle", root, b"[".to_vec(), None, Err("bundle_unreadable")),
    ]
}

/// As the JavaScript face opens them.
fn opened(root: &str, bundle: &[u8], seen: Option<&Value>) -> Result<Trust, TrustError> {
    let root = VerifiedRoot::open(root.as_bytes())?;
    let under = |digest: Digest| seen?.get(digest.to_string());
    let seen = root.digests().filter_map(under).cloned();
    let seen = seen.map(|seen| serde_json::from_value(seen).unwrap());
    let least = Seen::least(seen, &root)?;
    Trust::under(root, bundle, least)
}

/// The root that is kept, the registry's newest and those between: name, and the code of the refusal, or the kept roots afterwards.
type Following = (&'static str, String, World, Vec<World>, Result<String, &'static str>);

fn followings(world: &World) -> Vec<Following> {
    let (second, third) = (rotated(world), under(&rotated(world), 3, |_| ()));
    let thief = |version| {
        let keys = [51, 52, 53].map(|seed| multikey(&key(seed)));
        let mut thief = under(world, version, |next| next.root["root_keys"] = json!(keys));
        thief.root_signers = vec![key(51), key(52), key(11)];
        thief
    };
    let fork = under(world, 1, |fork| fork.root["expires"] = json!("2035-01-01T00:00:00Z"));
    let (one, two) = (chain(&[world]), chain(&[world, &second]));
    let all = chain(&[world, &second, &third]);
    vec![
        ("the same", one.clone(), world.clone(), vec![], Ok(one.clone())),
        ("the next", one.clone(), second.clone(), vec![], Ok(two.clone())),
        ("the next but one", one.clone(), third.clone(), vec![second.clone()], Ok(all.clone())),
        ("the next of one that was followed to", two.clone(), third.clone(), vec![], Ok(all)),
        ("not vouched for", one.clone(), thief(2), vec![], Err("root_not_vouched_for")),
        (
            "after one not vouched for",
            one.clone(),
            thief(3),
            vec![thief(2)],
            Err("root_not_vouched_for"),
        ),
        ("after one that is missing", one.clone(), third, vec![], Err("root_skipped")),
        ("forked", one.clone(), fork, vec![], Err("root_forked")),
        ("older", two, world.clone(), vec![], Err("root_older")),
        (
            "under-signed",
            one,
            World { root_signers: vec![key(11)], ..second },
            vec![],
            Err("root_under_signed"),
        ),
    ]
}

/// As the JavaScript face follows them.
fn followed(root: &str, newest: &World, between: &[World]) -> Result<VerifiedRoot, TrustError> {
    let known = VerifiedRoot::open(root.as_bytes())?;
    let mut next = between.iter().chain([newest]);
    next.try_fold(known, |known, next| known.followed_by(&next.root_bytes()))
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
    let mut openings_told = Vec::new();
    for (name, root, bundle, seen, wanted) in openings(&world) {
        let said = opened(&root, &bundle, seen.as_ref());
        let told = said.as_ref().map(drop).map_err(TrustError::code);
        assert_eq!(told, wanted.as_ref().map(drop).map_err(|code| *code), "{name}");
        let (after, code) = (wanted.as_ref().ok(), wanted.as_ref().err());
        openings_told.push(json!({
            "name": name, "root": root, "bundle": String::from_utf8(bundle).unwrap(),
            "seen": seen.map(|seen| seen.to_string()), "after": after.map(Value::to_string),
            "code": code, "message": said.err().map(|error| error.to_string()),
        }));
    }
    let mut followings_told = Vec::new();
    for (name, root, newest, between, wanted) in followings(&world) {
        let said = followed(&root, &newest, &between);
        let told = said.as_ref().map(VerifiedRoot::to_json).map_err(TrustError::code);
        assert_eq!(told, wanted, "{name}");
        let text = |world: &World| String::from_utf8(world.root_bytes()).unwrap();
        let between =
            between.iter().map(|world| (world.root["version"].to_string(), json!(text(world))));
        followings_told.push(json!({
            "name": name, "root": root, "newest": text(&newest), "between": Value::from_iter(between), "bundle": String::from_utf8(newest.bundle_bytes()).unwrap(),
            "manifests": wanted.as_ref().ok(), "code": wanted.as_ref().err(), "message": said.err().map(|error| error.to_string()),
        }));
    }
    let cases = json!({
        "seen": memory(&[&world], 7).to_string(), "verified": verified, "openings": openings_told, "followings": followings_told,
    });
    keep("cases.json", format!("{cases:#}\n").as_bytes());
}
