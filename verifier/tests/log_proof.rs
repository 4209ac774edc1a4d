//! `require_log`: a true proof is accepted, each altered one refused.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::report::{CheckName, Outcome, Reason, Skipped};
use akashi_verifier::{Verdict, verify};
use common::*;
use serde_json::{Value, json};

fn world() -> World {
    let mut world = World::good();
    world.policy.require_log = true;
    world
}

fn reason(world: &World) -> Option<Reason> {
    let report = world.verify(&world.forms()[0]);
    assert_eq!(report.verdict == Verdict::Valid, report.reason().is_none());
    assert!([Verdict::Valid, Verdict::NotLogged].contains(&report.verdict), "{report:#?}");
    report.reason()
}

#[test]
fn a_true_proof_shows_both_forms_in_the_log() {
    let world = world();
    for form in world.forms() {
        let report = world.verify(&form);
        assert_eq!(report.verdict, Verdict::Valid);
        let facts = &report.check(CheckName::Log).unwrap().facts;
        assert_eq!(json!(facts), json!({"log": "registry.example/log", "leaf": 2, "tree_size": 5}));
    }
}

#[test]
fn a_proof_is_asked_for_only_when_the_policy_does() {
    let mut world = World::good();
    world.log_proof = Some("nonsense".into());
    let report = world.verify(&world.forms()[0]);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(
        report.check(CheckName::Log).unwrap().outcome,
        Outcome::NotChecked(Skipped::NotAsked)
    );
}

#[test]
fn every_bit_of_a_proof_counts() {
    let world = world();
    let trust = world.trust().unwrap();
    let form = &world.forms()[0];
    let proof = world.log_proof.clone().unwrap().into_bytes();
    let mut tried = 0;
    for at in 0..proof.len() {
        for bit in 0..8 {
            let mut altered = proof.clone();
            altered[at] ^= 1 << bit;
            // What is no text never becomes a proof.
            let Ok(altered) = String::from_utf8(altered) else { continue };
            let report = verify(form, Ok(&trust), &world.policy, world.now, Some(&altered));
            assert_eq!(report.verdict, Verdict::NotLogged, "byte {at} bit {bit}");
            tried += 1;
        }
    }
    assert!(tried > proof.len() * 6);
}

#[test]
fn the_entry_must_be_this_credentials() {
    let entry = |edit: fn(&mut Value)| {
        let world = world();
        let mut entry = json!({
            "v": 1, "kind": "credential", "at": "2026-11-20T00:00:00Z", "payload_sha256": hex(&jcs(&world.payload)),
            "number": NUMBER, "issuer": BODY, "holder_digest": "cd".repeat(32),
        });
        edit(&mut entry);
        reason(&World { log_proof: Some(log_proof(&jcs(&entry))), ..world })
    };
    assert_eq!(entry(|_| {}), None);
    for edit in [
        (|e: &mut Value| e["payload_sha256"] = json!("00".repeat(32))) as fn(&mut Value),
        |e| e["kind"] = json!("voided"),
        |e| e["number"] = json!("RH26-0000"),
        |e| e["issuer"] = json!("did:web:evil.example"),
        |e| e["v"] = json!(2),
        |e| drop(e.as_object_mut().unwrap().remove("holder_digest")),
        |e| *e = json!([]),
    ] {
        assert_eq!(entry(edit), Some(Reason::EntryOfAnother));
    }
}

#[test]
fn each_fault_of_a_proof_has_its_reason() {
    let altered = |from: &str, to: &str| {
        let mut world = world();
        let proof = world.log_proof.take().unwrap();
        let altered = proof.replacen(from, to, 1);
        assert_ne!(proof, altered);
        reason(&World { log_proof: Some(altered), ..world })
    };
    assert_eq!(reason(&World { log_proof: None, ..world() }), Some(Reason::LogProofMissing));
    assert_eq!(
        reason(&World { log_proof: Some(String::new()), ..world() }),
        Some(Reason::LogProofMalformed)
    );
    assert_eq!(altered("tlog-proof@v1", "tlog-proof@v2"), Some(Reason::LogProofMalformed));
    assert_eq!(altered("extra ", "extra !"), Some(Reason::LogProofMalformed));
    assert_eq!(altered("index 2", "index 3"), Some(Reason::EntryNotIncluded));
    assert_eq!(altered("index 2", "index 5"), Some(Reason::EntryNotIncluded));
    assert_eq!(
        altered("\nregistry.example/log\n5", "\nregistry.example/log\n6"),
        Some(Reason::CheckpointNotSigned)
    );
    assert_eq!(
        altered("\nregistry.example/log\n", "\nelsewhere.example/log\n"),
        Some(Reason::CheckpointNotSigned)
    );

    let mut no_extra = world();
    let proof = no_extra.log_proof.take().unwrap();
    let lines: Vec<_> = proof.split('\n').filter(|line| !line.starts_with("extra ")).collect();
    assert_eq!(
        reason(&World { log_proof: Some(lines.join("\n")), ..no_extra }),
        Some(Reason::LogProofMalformed)
    );
}

#[test]
fn a_policy_that_cannot_be_followed_shows_nothing() {
    for policy in ["", "nonsense", "quorum none\n"] {
        let mut world = world();
        world.bundle["tlog_policy"] = json!(policy);
        assert_eq!(reason(&world), Some(Reason::LogPolicyUnusable), "{policy:?}");
    }
    let mut world = world();
    world.bundle["tlog_policy"] = json!(format!("log {0}\nwitness w {0}\nquorum w\n", vkey()));
    assert_eq!(reason(&world), Some(Reason::LogPolicyUnusable));
}
