//! What root and bundle must be before anything is believed.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::{Trust, TrustError};
use common::*;
use serde_json::{Value, json};

#[test]
fn a_root_of_two_of_three_opens_its_bundle() {
    let trust = World::good().trust().unwrap();
    assert_eq!((trust.root().root().version, trust.bundle().version), (1, 7));
    assert_eq!(trust.root().digest().to_string(), hex(&jcs(&World::good().root)));
}

#[test]
fn a_root_needs_enough_good_signatures_of_different_keys() {
    for (signers, good) in [
        (vec![], 0),
        (vec![key(11)], 1),
        // One key twice, and a stranger's.
        (vec![key(11), key(11)], 1),
        (vec![key(11), key(99)], 1),
    ] {
        let world = World { root_signers: signers, ..World::good() };
        assert_eq!(world.trust().unwrap_err(), TrustError::RootUnderSigned { good, threshold: 2 });
    }
    let world = World { root_signers: vec![key(99), key(13), key(12)], ..World::good() };
    assert!(world.trust().is_ok());
}

#[test]
fn a_signature_counts_for_the_key_alone_that_made_it() {
    let world = World { root_signers: vec![key(11), key(99)], ..World::good() };
    let mut root: Value = serde_json::from_slice(&world.root_bytes()).unwrap();
    let [good, stranger] = [0, 1].map(|at| root["signatures"][at]["sig"].clone());
    let second = Value::from(hex(key(12).verifying_key().as_bytes()));
    // The stranger's, or the first key's own once more, under the second key's id.
    for sig in [stranger, good] {
        root["signatures"][1] = json!({"keyid": second, "sig": sig});
        let error = Trust::open(&jcs(&root), &world.bundle_bytes(), None).unwrap_err();
        assert_eq!(error, TrustError::RootUnderSigned { good: 1, threshold: 2 });
    }
}

#[test]
fn a_manifest_with_more_signatures_than_anyone_needs_is_not_read() {
    let signed_by = |n: usize| World { root_signers: vec![key(11); n], ..World::good() };
    let under_signed = TrustError::RootUnderSigned { good: 1, threshold: 2 };
    assert_eq!(signed_by(64).trust().unwrap_err(), under_signed);
    assert_eq!(signed_by(65).trust().unwrap_err().code(), "root_unreadable");
}

#[test]
fn a_root_altered_after_signing_is_under_signed() {
    let world = World::good();
    let text = String::from_utf8(world.root_bytes()).unwrap();
    let altered = text.replace(r#""threshold": 2"#, r#""threshold": 1"#);
    assert_ne!(altered, text);
    let error = Trust::open(altered.as_bytes(), &world.bundle_bytes(), None).unwrap_err();
    assert_eq!(error, TrustError::RootUnderSigned { good: 0, threshold: 1 });
}

#[test]
fn a_root_cannot_ask_for_nothing_or_too_much_or_name_a_key_twice() {
    for (threshold, keys, code) in [
        (0, [11, 12, 13], "root_threshold"),
        (4, [11, 12, 13], "root_threshold"),
        (2, [11, 11, 12], "root_key_twice"),
    ] {
        let mut world = World::good();
        world.root["threshold"] = json!(threshold);
        world.root["root_keys"] =
            keys.map(|seed| json!(multikey(&key(seed)))).into_iter().collect();
        assert_eq!(world.trust().unwrap_err().code(), code, "{threshold} {keys:?}");
    }
}

#[test]
fn a_bundle_needs_the_signature_of_the_roots_bundle_key() {
    let world = World { bundle_signer: key(11), ..World::good() };
    assert_eq!(world.trust().unwrap_err(), TrustError::BundleWronglySigned);
    let world = World::good();
    let text = String::from_utf8(world.bundle_bytes()).unwrap();
    for (from, to) in [
        (r#""version": 7"#, r#""version": 8"#),
        ("leading", "Leading"),
        (r#""sig": "z"#, r#""sig": "y"#),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text);
        let error = Trust::open(&world.root_bytes(), altered.as_bytes(), None).unwrap_err();
        assert_eq!(error, TrustError::BundleWronglySigned, "{to}");
    }
    let mut unsigned: Value = serde_json::from_str(&text).unwrap();
    unsigned["signatures"] = json!([]);
    let error = Trust::open(&world.root_bytes(), &jcs(&unsigned), None).unwrap_err();
    assert_eq!(error, TrustError::BundleWronglySigned);
}

#[test]
fn of_several_signatures_that_are_said_to_be_one_keys_the_first_counts() {
    let world = World::good();
    let signed = |first: &str| {
        let mut bundle: Value = serde_json::from_slice(&world.bundle_bytes()).unwrap();
        let good = bundle["signatures"][0].clone();
        let mut other = good.clone();
        other["sig"] = json!(["z", &"1".repeat(64)].concat());
        let both = if first == "good" { [good, other] } else { [other, good] };
        bundle["signatures"] = json!(both);
        Trust::open(&world.root_bytes(), &jcs(&bundle), None)
    };
    assert!(signed("good").is_ok());
    assert_eq!(signed("other").unwrap_err(), TrustError::BundleWronglySigned);
}

#[test]
fn a_bundle_of_more_lists_than_memory_is_meant_for_is_not_opened() {
    let open = |lists: usize| {
        let mut world = World::good();
        let mut list = list("refresh", &vec![0; 1 << 20]);
        let entry = |n: usize| {
            let id = format!("{}{n}", list_id("refresh"));
            list["id"] = json!(id);
            json!({"id": id, "purpose": "refresh", "leaf": 1, "credential": world.sign_proof(&list)})
        };
        world.bundle["status_lists"] = (0..lists).map(entry).collect();
        Trust::open(&world.root_bytes(), &world.bundle_bytes(), None)
    };
    assert!(open(256).is_ok());
    let error = open(257).unwrap_err().to_string();
    assert!(error.ends_with("its status lists have more than 268435456 bytes"), "{error}");
}

#[test]
fn a_bundle_of_millions_of_nothings_is_not_read() {
    let world = World::good();
    let nothings = ["[", &"{},".repeat((64 << 20) / 3 - 1), "{}]"].concat();
    let error = Trust::open(&world.root_bytes(), nothings.as_bytes(), None).unwrap_err();
    let why = "the bundle is unreadable: more arrays, objects and values than are read";
    assert_eq!(error.to_string(), why);
}

#[test]
fn nothing_of_a_bundle_is_looked_at_before_its_signature() {
    let mut world = World { bundle_signer: key(11), ..World::good() };
    world.bundle = json!({"bodies": "none"});
    assert_eq!(world.trust().unwrap_err(), TrustError::BundleWronglySigned);
}

#[test]
fn a_bundle_older_than_one_seen_is_refused() {
    let world = World::good();
    let open = |seen| Trust::open(&world.root_bytes(), &world.bundle_bytes(), Some(seen));
    assert!(open(6).is_ok());
    assert!(open(7).is_ok());
    assert_eq!(open(8).unwrap_err(), TrustError::BundleOlder { version: 7, seen: 8 });
}

#[test]
fn a_bundle_is_of_its_root() {
    let mut world = World::good();
    world.bundle["root_version"] = json!(2);
    assert_eq!(world.trust().unwrap_err(), TrustError::BundleOfOtherRoot { bundle: 2, root: 1 });
    let mut world = World::good();
    world.root["expires"] = json!("2026-11-25T05:59:59Z");
    assert!(matches!(world.trust().unwrap_err(), TrustError::RootExpired { .. }));
}

#[test]
fn an_old_root_still_vouches_for_what_it_vouched_for() {
    let mut world = World::good();
    world.root["expires"] = json!("2026-11-25T06:00:00Z");
    assert!(world.trust().is_ok());
}

#[test]
fn unreadable_manifests_are_told_from_wrong_ones() {
    let world = World::good();
    let (root, bundle) = (world.root_bytes(), world.bundle_bytes());
    let deep = "[".repeat(10_000);
    for broken in [
        &b""[..],
        b"{}",
        b"[]",
        deep.as_bytes(),
        &bundle[..bundle.len() - 1],
        br#"{"signed":{},"signed":{}}"#,
    ] {
        let error = Trust::open(&root, broken, None).unwrap_err();
        assert!(matches!(error, TrustError::Unreadable { what: "bundle", .. }), "{error}");
        let error = Trust::open(broken, &bundle, None).unwrap_err();
        assert!(matches!(error, TrustError::Unreadable { what: "root", .. }), "{error}");
    }
    // The one in the other's place.
    assert!(matches!(
        Trust::open(&bundle, &root, None).unwrap_err(),
        TrustError::Unreadable { what: "root", .. }
    ));
}

/// Two readers must not differ on when a root ends or a bundle was made.
#[test]
fn a_time_of_a_root_or_a_bundle_is_read_as_one_of_a_credential() {
    type Put = fn(&mut World, Value);
    let places: [(&str, Put); 8] = [
        ("root_unreadable", |world, time| world.root["expires"] = time),
        ("bundle_unreadable", |world, time| world.bundle["as_of"] = time),
        ("bundle_unreadable", |world, time| world.bundle["expires"] = time),
        ("bundle_unreadable", |world, time| world.bundle["bodies"][0]["keys"][0]["from"] = time),
        ("bundle_unreadable", |world, time| world.bundle["bodies"][0]["keys"][0]["until"] = time),
        ("bundle_unreadable", |world, time| {
            world.bundle["bodies"][0]["keys"][0]["compromised_from"] = time;
        }),
        ("bundle_unreadable", |world, time| {
            world.bundle["bodies"][0]["authorisations"][0]["from"] = time;
        }),
        ("bundle_unreadable", |world, time| {
            world.bundle["bodies"][0]["authorisations"][0]["until"] = time;
        }),
    ];
    for (code, put) in places {
        for (text, is_read) in [
            ("2029-11-25T06:00:00Z", true),
            ("2029-11-25T15:00:00.000+09:00", true),
            ("2029-11-25 06:00:00Z", false),
            ("2029-11-25T06:00:00z", false),
            ("20291125T060000Z", false),
            ("2029-11-25T06:00:00+09:00[Asia/Tokyo]", false),
            ("2029-11-25T06:00:00", false),
        ] {
            let mut world = World::good();
            put(&mut world, json!(text));
            let error = world.trust().err().map(|error| error.code());
            let is_refused = error == Some(code);
            assert_eq!(is_refused, !is_read, "{text}: {error:?}, not {code}");
        }
    }
}

/// Whoever hands over a file that nobody signed must not choose how much is said of it.
#[test]
fn what_is_said_of_an_unreadable_manifest_is_short() {
    let root = World::good().root_bytes();
    let long = jcs(&json!({"signed": {}, "signatures": "A".repeat(500_000)}));
    for (root, bundle) in [(&root, &long), (&long, &long)] {
        let said = Trust::open(root, bundle, None).unwrap_err().to_string();
        assert!(said.contains("AAA") && said.len() < 400, "{} bytes", said.len());
    }
}

#[test]
fn members_of_later_versions_are_signed_and_stepped_over() {
    let mut world = World::good();
    world.bundle["witnesses"] = json!(["later"]);
    world.root["note"] = json!("later");
    assert!(world.trust().is_ok());
}

#[test]
fn a_list_cannot_stand_twice() {
    let mut world = World::good();
    let entry = json!({"id": list_id("refresh"), "purpose": "refresh", "leaf": 1, "credential": world.sign_proof(&world.lists[0])});
    world.bundle["status_lists"] = json!([entry, entry]);
    assert!(matches!(world.trust().unwrap_err(), TrustError::Unreadable { what: "bundle", .. }));
}
