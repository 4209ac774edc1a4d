//! How one root follows another (The Update Framework, specification 1.0, §5.3), and what is remembered along the way.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::trust::{MAX_ROOTS, Seen, VerifiedRoot};
use akashi_verifier::{Trust, TrustError};
use common::*;
use serde_json::{Value, json};

/// Root 1: keys 11, 12 and 13, of which two sign; bundle key 21.
fn first() -> Vec<u8> {
    World::good().root_bytes()
}

/// Root 2: key 11 has gone, 14 has come; two sign; bundle key 22.
fn second() -> Value {
    root(2, 2, &[12, 13, 14], 22)
}

fn root(version: u64, threshold: usize, keys: &[u8], bundle_key: u8) -> Value {
    let keys: Vec<_> = keys.iter().map(|seed| multikey(&key(*seed))).collect();
    json!({
        "version": version, "expires": "2036-01-01T00:00:00Z", "threshold": threshold, "root_keys": keys,
        "bundle_key": multikey(&key(bundle_key)),
    })
}

fn signed(root: &Value, signers: &[u8]) -> Vec<u8> {
    let keys: Vec<_> = signers.iter().map(|seed| key(*seed)).collect();
    manifest(root, &keys.iter().collect::<Vec<_>>())
}

fn chain(manifests: &[&[u8]]) -> Vec<u8> {
    let manifests: Vec<Value> =
        manifests.iter().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect();
    jcs(&json!(manifests))
}

/// The good world under another root, whose bundle it signs.
fn bundle_under(root_version: u64, bundle_key: u8, version: u64) -> Vec<u8> {
    let mut world = World { bundle_signer: key(bundle_key), ..World::good() };
    world.bundle["root_version"] = json!(root_version);
    world.bundle["version"] = json!(version);
    world.bundle_bytes()
}

#[test]
fn a_root_follows_when_enough_of_the_old_keys_and_of_the_new_signed_it() {
    let pinned = VerifiedRoot::open(&first()).unwrap();
    for (signers, outcome) in [
        (&[12, 13][..], "follows"),
        (&[11, 12, 14], "follows"),
        (&[12, 13, 99], "follows"),
        // Two of the new, one of them of the old too.
        (&[13, 14], "root_not_vouched_for"),
        (&[14, 14, 13], "root_not_vouched_for"),
        // Two of the old, one of them of the new too.
        (&[11, 12], "root_under_signed"),
        (&[11, 12, 12, 99], "root_under_signed"),
        (&[], "root_under_signed"),
    ] {
        let got = pinned.succeeded_by(&signed(&second(), signers));
        let got = got.as_ref().map_or_else(TrustError::code, |_| "follows");
        assert_eq!(got, outcome, "{signers:?}");
    }
    let error = pinned.succeeded_by(&signed(&second(), &[14, 13])).unwrap_err();
    assert_eq!(error, TrustError::RootNotVouchedFor { version: 2, good: 1, threshold: 2 });
    // Who lowers the threshold needs the old one once more.
    let lower = root(2, 1, &[12, 13, 14], 22);
    let error = pinned.succeeded_by(&signed(&lower, &[12])).unwrap_err();
    assert_eq!(error, TrustError::RootNotVouchedFor { version: 2, good: 1, threshold: 2 });
}

#[test]
fn what_no_root_may_be_does_not_follow_either() {
    let pinned = VerifiedRoot::open(&first()).unwrap();
    let mut two_spellings = String::from_utf8(jcs(&root(2, 2, &[12, 12, 13], 22))).unwrap();
    two_spellings = two_spellings.replacen("[\"z", "[\"\\u007a", 1);
    let two_spellings: Value = serde_json::from_str(&two_spellings).unwrap();
    for (root, code) in [
        (root(2, 0, &[12, 13, 14], 22), "root_threshold"),
        (root(2, 4, &[12, 13, 14], 22), "root_threshold"),
        (root(2, 2, &[12, 12, 13], 22), "root_key_twice"),
        (two_spellings, "root_key_twice"),
    ] {
        let error = pinned.succeeded_by(&signed(&root, &[11, 12, 13])).unwrap_err();
        assert_eq!(error.code(), code, "{root}");
    }
    // One key in a second encoding: with a leading zero, as base58 of bytes that begin with one.
    let mut root = second();
    root["root_keys"][1] = json!(multikey(&key(12)).replacen('z', "z1", 1));
    let error = pinned.succeeded_by(&signed(&root, &[12, 13])).unwrap_err();
    assert_eq!(error.code(), "root_unreadable");
}

#[test]
fn roots_follow_one_by_one() {
    let pinned = VerifiedRoot::open(&first()).unwrap();
    let all = &[11, 12, 13, 14];
    for (version, error) in [
        (0, TrustError::RootOlder { version: 0, seen: 1 }),
        (1, TrustError::RootOlder { version: 1, seen: 1 }),
        (3, TrustError::RootSkipped { version: 3, expected: 2 }),
        (
            9_007_199_254_740_991_u64,
            TrustError::RootSkipped { version: 9_007_199_254_740_991, expected: 2 },
        ),
    ] {
        let mut root = second();
        root["version"] = json!(version);
        assert_eq!(pinned.succeeded_by(&signed(&root, all)).unwrap_err(), error);
    }
}

#[test]
fn a_chain_opens_from_its_first_root_to_its_last() {
    let (one, two) = (first(), signed(&second(), &[12, 13]));
    let three = signed(&root(3, 2, &[13, 14, 15], 23), &[13, 14]);
    let opened = VerifiedRoot::open(&chain(&[&one, &two, &three])).unwrap();
    let pinned = VerifiedRoot::open(&one).unwrap();
    assert_eq!((opened.root().version, opened.first()), (3, pinned.digest()));
    assert_ne!(opened.digest(), opened.first());
    assert_eq!(VerifiedRoot::open(opened.to_json().as_bytes()).unwrap(), opened);
    assert_eq!(VerifiedRoot::open(pinned.to_json().as_bytes()).unwrap(), pinned);
    for (roots, code) in [
        (&[&one, &three][..], "root_skipped"),
        (&[&two, &one], "root_older"),
        (&[&one, &one], "root_older"),
        (&[&one, &signed(&second(), &[13, 14])], "root_not_vouched_for"),
        (&[], "root_unreadable"),
    ] {
        let roots: Vec<_> = roots.iter().map(|root| &root[..]).collect();
        assert_eq!(VerifiedRoot::open(&chain(&roots)).unwrap_err().code(), code);
    }
}

/// Signatures are no part of what is signed, nor is what stands beside: anyone who hands a manifest on can add some.
/// Else a registry could make what its readers keep, and look up at each check, grow without end.
#[test]
fn a_chain_has_so_many_roots_and_whoever_goes_on_forgets_the_first() {
    let manifest = |version| signed(&root(version, 2, &[11, 12, 13], 21), &[11, 12]);
    let manifests: Vec<_> = (1..=MAX_ROOTS as u64 + 1).map(manifest).collect();
    let given = |range: std::ops::Range<usize>| {
        chain(&manifests[range].iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    let longest = VerifiedRoot::open(&given(0..MAX_ROOTS)).unwrap();
    assert_eq!(longest.digests().count(), MAX_ROOTS);
    let error = VerifiedRoot::open(&given(0..MAX_ROOTS + 1)).unwrap_err();
    assert_eq!(error.code(), "root_unreadable");

    let next = longest.succeeded_by(manifests.last().unwrap()).unwrap();
    assert_eq!(next.digests().count(), MAX_ROOTS);
    assert!(!next.came_from(longest.first()) && next.came_from(longest.digest()));
    assert_eq!(VerifiedRoot::open(next.to_json().as_bytes()), Ok(next));
}

#[test]
fn a_chain_keeps_of_a_manifest_what_vouches_for_it_and_nothing_else() {
    let padded = |manifest: &[u8], signers: &[u8]| {
        let mut padded: Value = serde_json::from_slice(manifest).unwrap();
        let strangers: Value = serde_json::from_slice(&signed(&second(), signers)).unwrap();
        padded["signatures"]
            .as_array_mut()
            .unwrap()
            .extend(strangers["signatures"].as_array().unwrap().iter().cloned());
        padded["note"] = json!("x".repeat(900_000));
        jcs(&padded)
    };
    let (one, two) = (first(), signed(&second(), &[11, 12, 13]));
    let opened = VerifiedRoot::open(&padded(&one, &[98, 99])).unwrap();
    let opened = opened.succeeded_by(&padded(&two, &[97, 98, 99])).unwrap();
    let plain = VerifiedRoot::open(&one).unwrap().succeeded_by(&two).unwrap();
    assert_eq!(opened.to_json(), plain.to_json());
    assert_eq!(VerifiedRoot::open(opened.to_json().as_bytes()).unwrap(), plain);
}

#[test]
fn a_pinned_root_goes_on_with_a_manifest_or_with_a_chain_that_holds_it() {
    let (one, two) = (first(), signed(&second(), &[12, 13]));
    let three = signed(&root(3, 2, &[13, 14, 15], 23), &[13, 14]);
    let other_two = signed(&root(2, 2, &[12, 13, 15], 22), &[12, 13]);
    let at_one = VerifiedRoot::open(&one).unwrap();
    let at_two = at_one.succeeded_by(&two).unwrap();
    let versions = |root: &VerifiedRoot, given: &[&[u8]]| {
        let given = if let [alone] = given { alone.to_vec() } else { chain(given) };
        let newest = root.followed_by(&given);
        newest.map(|newest| (newest.root().version, newest.first())).map_err(|error| error.code())
    };
    let first = at_one.digest();
    for (pinned, given, outcome) in [
        (&at_one, &[&one[..]][..], Ok((1, first))),
        (&at_one, &[&two], Ok((2, first))),
        (&at_one, &[&one, &two, &three], Ok((3, first))),
        (&at_two, &[&one, &two, &three], Ok((3, first))),
        (&at_two, &[&two, &three], Ok((3, first))),
        (&at_two, &[&one], Err("root_older")),
        (&at_one, &[&three], Err("root_skipped")),
        (&at_two, &[&other_two], Err("root_forked")),
        (&at_two, &[&other_two, &three], Err("root_forked")),
    ] {
        assert_eq!(versions(pinned, given), outcome);
    }
}

#[test]
fn only_the_last_root_of_a_chain_must_not_have_ended() {
    let mut one = World::good();
    one.root["expires"] = json!("2026-01-01T00:00:00Z");
    let one = one.root_bytes();
    let bundle = bundle_under(2, 22, 7);
    let open = |two: &Value| Trust::open(&chain(&[&one, &signed(two, &[12, 13])]), &bundle, None);
    assert!(open(&second()).is_ok());
    let mut ended = second();
    ended["expires"] = json!("2026-11-25T05:59:59Z");
    assert_eq!(open(&ended).unwrap_err().code(), "root_expired");
}

#[test]
fn a_stolen_bundle_key_signs_nothing_more_once_its_root_was_followed() {
    let one = VerifiedRoot::open(&first()).unwrap();
    let two = one.succeeded_by(&signed(&second(), &[12, 13])).unwrap();
    let under = |root: &VerifiedRoot, bundle: &[u8]| {
        let opened = Trust::under(root.clone(), bundle, None);
        opened.map(|trust| trust.bundle().version).map_err(|error| error.code())
    };
    assert_eq!(under(&one, &bundle_under(1, 21, 8)), Ok(8));
    // By the thief: as it was, and calling itself one of the new root.
    assert_eq!(under(&two, &bundle_under(1, 21, 8)), Err("bundle_wrongly_signed"));
    assert_eq!(under(&two, &bundle_under(2, 21, 8)), Err("bundle_wrongly_signed"));
    assert_eq!(under(&two, &bundle_under(2, 22, 8)), Ok(8));
    assert_eq!(under(&one, &bundle_under(2, 21, 8)), Err("bundle_of_other_root"));
}

#[test]
fn what_was_seen_goes_along_the_chain_and_a_new_bundle_key_starts_anew() {
    let one = VerifiedRoot::open(&first()).unwrap();
    let same_key = one.succeeded_by(&signed(&root(2, 2, &[11, 12, 13], 21), &[11, 12])).unwrap();
    let new_key = one.succeeded_by(&signed(&second(), &[12, 13])).unwrap();
    // By thieves of two root keys: of the same version and bundle key, and yet another root.
    let forged = root(2, 1, &[12, 13, 14], 22);
    let forged = one.succeeded_by(&signed(&forged, &[12, 13])).unwrap();
    let seen = |root: &VerifiedRoot, bundle: &[u8]| {
        Seen::of(&Trust::under(root.clone(), bundle, None).unwrap())
    };
    let min =
        |seen: &Seen, root: &VerifiedRoot| seen.min_version(root).map_err(|error| error.code());
    // The thief's last bundle, with the highest version that there is.
    let at_one = seen(&one, &bundle_under(1, 21, 9_007_199_254_740_991));
    assert_eq!(min(&at_one, &one), Ok(Some(9_007_199_254_740_991)));
    assert_eq!(min(&at_one, &same_key), Ok(Some(9_007_199_254_740_991)));
    assert_eq!(min(&at_one, &new_key), Ok(None));
    let at_two = seen(&new_key, &bundle_under(2, 22, 3));
    assert_eq!(min(&at_two, &new_key), Ok(Some(3)));
    assert_eq!(min(&at_two, &one), Err("root_older"));
    assert_eq!(min(&at_two, &same_key), Err("root_forked"));
    assert_eq!(min(&at_two, &forged), Err("root_forked"));
    // What was seen under several roots of a chain all counts.
    let least = |all: [&Seen; 2], root: &VerifiedRoot| {
        Seen::least(all.map(Clone::clone), root).map_err(|error| error.code())
    };
    let earlier = seen(&one, &bundle_under(1, 21, 5));
    for all in [[&at_one, &earlier], [&earlier, &at_one]] {
        assert_eq!(least(all, &same_key), Ok(Some(9_007_199_254_740_991)));
    }
    assert_eq!(least([&at_two, &at_one], &new_key), Ok(Some(3)));
    assert_eq!(least([&earlier, &at_two], &same_key), Err("root_forked"));
}
