//! The log, read by a stranger: it only grows, and what it says is what lists and pages say.

use akashi_tests::{
    Answer, Body, Checkpoint, Client, Company, Engine, Granted, LEADING, LogCopy, Registry, Sides,
    eventually, on_both_engines,
};
use akashi_verifier::log::{LogPolicy, Note, leaf_hash};
use akashi_verifier::status;
use serde_json::{Value, json};

const CHECKPOINT: &str = "/log/checkpoint";

/// A registry in which something of everything happened, and the checkpoints seen on the way.
struct Scene {
    registry: Registry,
    certificates: Vec<Granted>,
    seen: Vec<Answer>,
}

impl Scene {
    async fn set(engine: Engine) -> Scene {
        let registry = Registry::start(engine).await;
        let anyone = registry.anyone();
        let body = Body::opens(&registry).await;
        let (mut certificates, mut seen) = (Vec::new(), Vec::new());
        for n in 1..=4 {
            let company = Company::registers(&registry, n).await;
            let granted =
                Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
            granted.credential(&registry).await;
            granted.public_once(&registry, "active").await;
            certificates.push(granted);
            seen.push(anyone.get(CHECKPOINT).await.expect(200));
        }
        let suspend =
            json!({"cause": "access", "heard": true, "public_reason": "A visit was refused."});
        let reinstate = json!({"cause_closed": true});
        let reduce =
            json!({"level": "certified", "public_reason": "Improvements were not kept up."});
        let withdraw = json!({"public_reason": "Workers were made to pay."});
        for (n, event, members, state) in [
            (0, "suspend", suspend.clone(), "suspended"),
            (1, "suspend", suspend, "suspended"),
            (1, "reinstate", reinstate, "active"),
            (2, "withdraw", withdraw, "withdrawn"),
            (3, "reduce", reduce, "active"),
        ] {
            let changed = certificates[n].is_decided_on(&body, event, members).await.expect(200);
            if event == "reduce" {
                certificates[n].followed_by(&changed).credential(&registry).await;
            }
            certificates[n].public_once(&registry, state).await;
            seen.push(anyone.get(CHECKPOINT).await.expect(200));
        }
        Scene { registry, certificates, seen }
    }
}

async fn consecutive_checkpoints_are_consistent(engine: Engine) {
    let mut scene = Scene::set(engine).await;
    scene.registry.restart().await;
    let anyone = scene.registry.anyone();
    let log = LogCopy::fetch(&anyone).await;
    scene.seen.push(anyone.get(CHECKPOINT).await.expect(200));

    // The log signed each, and each tree begins with all of the tree before it.
    let bundle = anyone.get("/.well-known/akashi/trust-bundle").await.expect(200);
    let policy: LogPolicy = bundle.text("/signed/tlog_policy").parse().expect("a policy");
    let mut size = 0;
    for seen in &scene.seen {
        let checkpoint = Checkpoint::of(seen);
        log.contains(&checkpoint);
        assert!(checkpoint.size >= size, "{checkpoint:?} after a tree of {size} leaves");
        size = checkpoint.size;
        let text = str::from_utf8(&seen.body).expect("UTF-8");
        let note = Note::parse(text).expect("a note");
        let origin = text.lines().next().expect("an origin");
        let mut logs = policy.logs.iter().filter(|log| log.name() == origin);
        assert!(logs.any(|log| note.is_signed_by(log)), "{text}");
        // What a reader of that checkpoint needs is still there, and its tile gives its leaves' hashes.
        let tile = anyone.get(&format!("/log/tile/0/000.p/{size}")).await.expect(200).body;
        let hashes: Vec<u8> =
            log.entries.iter().take(tile.len() / 32).flat_map(|e| leaf_hash(e)).collect();
        assert_eq!((tile.len() as u64, tile), (size * 32, hashes));
    }
    assert!(size > scene.certificates.len() as u64, "something was logged");

    // The log names no company, and nothing but what it must.
    for entry in &log.entries {
        let text = str::from_utf8(entry).expect("UTF-8");
        assert!(!text.contains("例示") && !text.contains("9999"), "{text}");
    }
}

async fn lists_and_pages_say_what_the_log_says_at_the_leaf_they_state(engine: Engine) {
    let scene = Scene::set(engine).await;
    let anyone = scene.registry.anyone();
    let bundle = anyone.get("/.well-known/akashi/trust-bundle").await.expect(200).json;
    let lists = bundle["signed"]["status_lists"].as_array().expect("lists");
    assert!(lists.len() >= 3, "{lists:#?}");
    for entry in lists {
        let id = entry["id"].as_str().expect("an id");
        let served = anyone.get_as(id, "application/vc").await.expect(200);
        let leaf: u64 =
            served.header("akashi-leaf").expect("it states its leaf").parse().expect("a number");
        let log = LogCopy::fetch(&anyone).await;
        assert_eq!(bits(&served.json), log.set_bits(id, leaf), "{id} at leaf {leaf}");
        // So does the copy in the bundle, at its own leaf.
        let leaf = entry["leaf"].as_u64().expect("a leaf");
        assert_eq!(bits(&entry["credential"]), log.set_bits(id, leaf), "{id} in the bundle");
    }

    for (granted, state, credentials) in [
        (&scene.certificates[0], "suspended", &["suspended"][..]),
        (&scene.certificates[1], "active", &["active"]),
        (&scene.certificates[2], "withdrawn", &["revoked"]),
        (&scene.certificates[3], "active", &["superseded", "active"]),
    ] {
        granted.public_once(&scene.registry, state).await;
        let ask = async || {
            let public = granted.public(&scene.registry).await;
            assert_page_is_the_logs(&anyone, &public).await;
            public
        };
        let told = |public: &Value| states(public).eq(credentials.iter().copied());
        eventually("what was done", ask, told).await;
    }
}

/// Whenever it is read, a certificate's public record says what the log says at the leaf that it states.
async fn assert_page_is_the_logs(anyone: &Client, public: &Value) {
    let log = LogCopy::fetch(anyone).await;
    let leaf = public["leaf"].as_u64().expect("a leaf");
    for shown in public["credentials"].as_array().expect("credentials") {
        let replayed =
            replayed_state(anyone, &log, leaf, shown["id"].as_str().expect("an id")).await;
        assert_eq!(shown["state"], replayed, "{public:#}");
    }
    // Each event names the leaf that records it.
    for event in public["history"].as_array().expect("a history") {
        let leaf = usize::try_from(event["leaf"].as_u64().expect("a leaf")).expect("a short log");
        let entry: Value = serde_json::from_slice(&log.entries[leaf]).expect("JSON");
        assert_eq!(entry["number"], public["number"], "{event:#}");
    }
}

/// The states of a public record's credentials, oldest first.
fn states(public: &Value) -> impl Iterator<Item = &str> {
    let credentials = public["credentials"].as_array().expect("credentials");
    credentials.iter().filter_map(|credential| credential["state"].as_str())
}

/// The numbers of the bits that a signed list has set.
fn bits(list: &Value) -> Vec<u64> {
    let encoded = list["credentialSubject"]["encodedList"].as_str().expect("a list");
    let bytes = status::decode(encoded).expect("a list that can be read");
    let bits = (0..).zip(&bytes).flat_map(|(at, byte)| {
        (0..8).filter(move |bit| byte & (0x80 >> bit) != 0).map(move |bit| at * 8 + bit)
    });
    bits.collect()
}

/// What the log says of a credential at a leaf, in the order of the verdicts.
async fn replayed_state(
    reader: &Client,
    log: &LogCopy,
    leaf: u64,
    credential: &str,
) -> &'static str {
    let credential = reader.get_as(&format!("/credentials/{credential}"), "application/vc").await;
    let status = credential.expect(200).json["credentialStatus"].clone();
    let is_set = |purpose: &str| {
        let entries = status.as_array().expect("entries").iter();
        let entry =
            entries.clone().find(|entry| entry["statusPurpose"] == purpose).expect("an entry");
        let index: u64 =
            entry["statusListIndex"].as_str().expect("a string").parse().expect("a number");
        let list = entry["statusListCredential"].as_str().expect("a list");
        log.set_bits(list, leaf).contains(&index)
    };
    match (is_set("refresh"), is_set("revocation"), is_set("suspension")) {
        (true, _, _) => "superseded",
        (_, true, _) => "revoked",
        (_, _, true) => "suspended",
        _ => "active",
    }
}

on_both_engines!(
    consecutive_checkpoints_are_consistent,
    lists_and_pages_say_what_the_log_says_at_the_leaf_they_state,
);
