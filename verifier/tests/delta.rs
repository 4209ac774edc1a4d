//! What a delta of two bundles makes, what it costs, and what it cannot be made to do.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::trust::delta::{self, DeltaFault};
use akashi_verifier::{Trust, TrustError};
use common::*;
use serde_json::{Value, json};
use sha2::Digest as _;

/// The good world a day later: version 8, one list with a bit more, two signed as they were.
fn next_day() -> World {
    let mut world = World::good();
    world.bundle["version"] = json!(8);
    world.bundle["as_of"] = json!("2026-11-26T06:00:00Z");
    world.set_bit("revocation");
    world.list_mut("revocation")["validFrom"] = json!("2026-11-26T05:00:00Z");
    world
}

fn canonical(bundle: &[u8]) -> Vec<u8> {
    jcs(&serde_json::from_slice(bundle).unwrap())
}

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_delta_makes_the_very_bundle_that_the_bundle_key_signed() {
    let (old, new) = (World::good().bundle_bytes(), next_day().bundle_bytes());
    let delta = delta::make(&old, &new).unwrap();
    let made = delta::apply(&old, &delta).unwrap();
    assert_eq!(made, canonical(&new));
    let trust = Trust::open(&World::good().root_bytes(), &made, Some(7)).unwrap();
    assert_eq!(trust.bundle().version, 8);
    assert_eq!(trust.status_list(&list_id("revocation")).unwrap().bit(4_711), Some(true));
    assert_eq!(trust.status_list(&list_id("suspension")).unwrap().bit(4_711), Some(false));
}

#[test]
fn of_a_list_a_delta_says_no_more_than_what_changed() {
    let (old, new) = (World::good().bundle_bytes(), next_day().bundle_bytes());
    let delta = read(&delta::make(&old, &new).unwrap());
    assert_eq!(delta["from"], 7);
    let lists = &delta["signed"]["status_lists"];
    assert_eq!((&lists[0], &lists[2]), (&json!(0), &json!(2)));
    let mut changed = lists[1].clone();
    let credential = changed["credential"].take();
    assert_eq!(
        changed,
        json!({"id": list_id("revocation"), "purpose": "revocation", "leaf": 40, "credential": null})
    );
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&credential), ["credentialSubject", "proof", "validFrom"]);
    assert_eq!(members(&credential["credentialSubject"]), ["encodedList"]);
    assert_eq!(members(&credential["proof"]), ["created", "proofValue"]);
}

#[test]
fn lists_may_come_go_move_be_tokens_and_lose_a_member() {
    let world = World::good();
    let entry = |purpose: &str, credential: Value| json!({"id": list_id(purpose), "purpose": purpose, "leaf": null, "credential": credential});
    let whole = |purpose: &str| {
        let at = PURPOSES.iter().position(|known| *known == purpose).unwrap();
        entry(purpose, world.sign_proof(&world.lists[at]))
    };
    let token = entry("refresh", json!(world.sign_jwt(&world.lists[0])));
    let mut less = whole("suspension");
    less["credential"].as_object_mut().unwrap().remove("validFrom");
    let bundle = |lists: &[&Value]| {
        let mut world = world.clone();
        world.bundle["status_lists"] = json!(lists);
        world.bundle_bytes()
    };
    let [refresh, revocation, suspension] = PURPOSES.map(whole);
    for (old, new) in [
        (vec![&refresh, &revocation], vec![&revocation, &suspension, &refresh]),
        (vec![], vec![&refresh]),
        (vec![&refresh], vec![]),
        (vec![&refresh], vec![&token]),
        (vec![&token], vec![&refresh]),
        (vec![&token], vec![&token]),
        (vec![&suspension], vec![&less]),
    ] {
        let (old, new) = (bundle(&old), bundle(&new));
        let delta = delta::make(&old, &new).unwrap();
        assert_eq!(delta::apply(&old, &delta).unwrap(), canonical(&new));
    }
}

#[test]
fn what_no_merge_patch_can_say_gets_no_delta() {
    let mut world = next_day();
    world.list_mut("revocation")["name"] = json!(null);
    let fault = delta::make(&World::good().bundle_bytes(), &world.bundle_bytes()).unwrap_err();
    assert_eq!(fault, DeltaFault::Inexpressible);
}

#[test]
fn an_altered_delta_makes_a_bundle_that_does_not_open() {
    let (old, new) = (World::good().bundle_bytes(), next_day().bundle_bytes());
    let delta = read(&delta::make(&old, &new).unwrap());
    let unset = read(&old)["signed"]["status_lists"][1].clone();
    for (place, altered) in [
        // The list as it was before the bit, in three ways.
        ("/signed/status_lists/1", json!(1)),
        ("/signed/status_lists/1", unset),
        ("/signed/status_lists/1/credential", json!({})),
        ("/signed/status_lists/0", json!(2)),
        ("/signed/version", json!(9)),
        ("/signed/bodies/0/name", json!("Another")),
        ("/signatures/0/keyid", json!("ab".repeat(32))),
    ] {
        let mut delta = delta.clone();
        let at = delta.pointer_mut(place).unwrap();
        assert_ne!(*at, altered, "{place}");
        *at = altered;
        if place == "/signed/status_lists/0" {
            delta["signed"]["status_lists"][2] = json!(0);
        }
        let made = delta::apply(&old, &jcs(&delta)).unwrap();
        let error = Trust::open(&World::good().root_bytes(), &made, Some(7)).unwrap_err();
        assert_eq!(error, TrustError::BundleWronglySigned, "{place}");
    }
}

#[test]
fn every_fault_of_a_delta_has_its_own_code() {
    let (old, new) = (World::good().bundle_bytes(), next_day().bundle_bytes());
    let delta = read(&delta::make(&old, &new).unwrap());
    let with = |place: &str, value: Value| {
        let mut delta = delta.clone();
        *delta.pointer_mut(place).unwrap() = value;
        jcs(&delta)
    };
    let without_credential = json!({"id": list_id("revocation"), "purpose": "revocation"});
    for (delta, code) in [
        (b"".to_vec(), "delta_unreadable"),
        (b"[]".to_vec(), "delta_unreadable"),
        (new.clone(), "delta_unreadable"),
        (with("/from", json!("7")), "delta_unreadable"),
        (with("/signed/status_lists", json!({})), "delta_unreadable"),
        (with("/signed/status_lists/1", json!(null)), "delta_unreadable"),
        (with("/signed/status_lists/1", json!(-1)), "delta_unreadable"),
        (with("/signed/status_lists/1", without_credential), "delta_unreadable"),
        (with("/from", json!(6)), "delta_of_other_bundle"),
        (with("/signed/status_lists/1", json!(3)), "delta_no_such_list"),
        (with("/signed/status_lists/1", json!(9_007_199_254_740_991_u64)), "delta_no_such_list"),
        (with("/signed/status_lists/1", json!(0)), "delta_no_such_list"),
    ] {
        let fault = delta::apply(&old, &delta).unwrap_err();
        assert_eq!(fault.code(), code, "{}", String::from_utf8_lossy(&delta));
    }
    assert_eq!(delta::apply(b"{}", &jcs(&delta)).unwrap_err().code(), "bundle_unreadable");
}

#[test]
fn a_delta_cannot_make_more_than_a_bundle_may_be() {
    let mut large = World::good();
    large.bundle["note"] = json!("x".repeat(40 << 20));
    let (old, new) = (next_day().bundle_bytes(), large.bundle_bytes());
    let mut delta = read(&delta::make(&old, &new).unwrap());
    // A list that stands in the old bundle with as much again.
    let mut old = read(&old);
    old["signed"]["status_lists"][0]["credential"]["note"] = json!("x".repeat(30 << 20));
    delta["signed"]["status_lists"][0] = json!(0);
    let fault = delta::apply(&jcs(&old), &jcs(&delta)).unwrap_err();
    assert_eq!(fault.code(), "delta_too_large");
}

/// Full shards of 131,072 that ten million credentials take.
const SHARDS: usize = 77;

/// A register of ten million credentials on one day, as the registry writes it.
struct Register {
    /// The set bits of each list: three purposes a shard.
    bits: Vec<[Vec<u8>; 3]>,
    /// When each was signed, in days.
    signed: Vec<[i64; 3]>,
    drawn: u64,
}

impl Register {
    /// One credential of a thousand has a bit set.
    fn new() -> Self {
        let bits = vec![[const { Vec::new() }; 3].map(|_: Vec<u8>| vec![0; 16_384]); SHARDS];
        let mut register = Self { bits, signed: vec![[0; 3]; SHARDS], drawn: 0 };
        register.set(10_000, 0);
        register
    }

    /// Sets so many more bits anywhere, of six withdrawn, three replaced and one suspended.
    fn set(&mut self, bits: usize, day: i64) {
        for _ in 0..bits {
            self.drawn += 1;
            let draw = sha2::Sha256::digest(self.drawn.to_be_bytes());
            let number = |at: usize| usize::from(u16::from_be_bytes([draw[at], draw[at + 1]]));
            let shard = number(0) % SHARDS;
            let purpose = [1, 1, 1, 1, 1, 1, 0, 0, 0, 2][number(2) % 10];
            let place = number(4) * 2 + number(6) % 2;
            self.bits[shard][purpose][place / 8] |= 0x80 >> (place % 8);
            self.signed[shard][purpose] = day;
        }
    }

    /// Signs anew what nears its end: so many of every hundred lists.
    fn renew(&mut self, of_hundred: usize, day: i64) {
        for n in 0..3 * SHARDS {
            if n % 100 < of_hundred {
                self.signed[n / 3][n % 3] = day;
            }
        }
    }

    fn bundle(&self, version: i64) -> Vec<u8> {
        let mut world = World::good();
        let day = |day: i64| {
            json!(time("2026-11-25T05:00:00Z") + jiff::SignedDuration::from_hours(24 * day))
        };
        world.bundle["version"] = json!(version);
        world.bundle["as_of"] = day(version);
        let entry = |shard: usize, at: usize| {
            let id = format!("{ORIGIN}/status/example-body-{shard}-{}", PURPOSES[at]);
            let signed = self.signed[shard][at];
            let mut list = list(PURPOSES[at], &self.bits[shard][at]);
            list["id"] = json!(id);
            list["credentialSubject"]["id"] = json!(format!("{id}#list"));
            list["credentialSubject"]["ttl"] = json!(60_000);
            list["validFrom"] = day(signed);
            list["validUntil"] = day(signed + 7);
            json!({"id": id, "purpose": PURPOSES[at], "leaf": 10_000_000 + signed, "credential": world.sign_proof(&list)})
        };
        world.bundle["status_lists"] = (0..3 * SHARDS).map(|n| entry(n / 3, n % 3)).collect();
        jcs(&read(&world.bundle_bytes()))
    }
}

#[test]
fn a_day_of_ten_million_credentials_costs_kilobytes() {
    eprintln!("new bits  renewed  bundle  gzip  delta  gzip");
    // A bit in a thousand takes a year of 27 a day, or a bad month of 300. Bytes of the delta at most: bare, and as HTTP sends it.
    for (bits, renewed, bare, sent) in [
        (27, 0, 24_000, 12_000),
        (27, 29, 48_000, 18_000),
        (27, 100, 96_000, 28_000),
        (300, 0, 104_000, 48_000),
        (300, 29, 116_000, 52_000),
        (300, 100, 136_000, 56_000),
    ] {
        let mut register = Register::new();
        let old = register.bundle(1);
        register.renew(renewed, 1);
        register.set(bits, 1);
        let new = register.bundle(2);
        let delta = delta::make(&old, &new).unwrap();
        assert_eq!(delta::apply(&old, &delta).unwrap(), new);
        let [whole, part] = [&new, &delta].map(|bytes| [bytes.len(), gzip(bytes).len()]);
        eprintln!("{bits} {renewed}% {whole:?} {part:?}");
        assert!(part[0] < bare && part[1] < sent, "{bits} bits, {renewed} % renewed: {part:?}");
    }
}
