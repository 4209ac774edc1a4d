//! Every bit of what was issued, turned over: nothing altered is ever believed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use akashi_tests::{
    Body, CERTIFIED, Company, Engine, Granted, Offline, Registry, Sides, eventually,
    on_both_engines,
};
use akashi_verifier::{Policy, Trust, Verdict, verify};
use jiff::Timestamp;
use serde_json::Value;

/// What a buyer holds.
struct Held {
    registry: Registry,
    granted: Granted,
    trust: Trust,
    now: Timestamp,
}

impl Held {
    async fn by_a_buyer(engine: Engine) -> Held {
        let registry = Registry::start(engine).await;
        let body = Body::opens(&registry).await;
        let company = Company::registers(&registry, 1).await;
        let granted =
            Sides { body: &body, company: &company }.certify(CERTIFIED, "certified").await;
        let credential = granted.credential(&registry).await;
        Offline::once_told(&registry, &credential, "valid").await;
        let anyone = registry.anyone();
        let root = anyone.get("/.well-known/akashi/root").await.expect(200).body;
        let bundle = anyone.get("/.well-known/akashi/trust-bundle").await.expect(200).body;
        let trust = Trust::open(&root, &bundle, None).expect("a bundle under its root");
        let credential: Value = serde_json::from_slice(&credential).expect("JSON");
        // A day after the signing, whatever the machine's clock says by then.
        let signed = credential["validFrom"].as_str().expect("a time").parse::<Timestamp>();
        let now = signed.expect("a time") + jiff::SignedDuration::from_hours(24);
        Held { registry, granted, trust, now }
    }

    fn verdict(&self, credential: &[u8], policy: &Policy, log_proof: Option<&str>) -> Verdict {
        verify(credential, Ok(&self.trust), policy, self.now, log_proof).verdict
    }
}

/// Calls `check` with `document` and one of its bits turned over, for every bit; on all processors.
fn each_bit_turned(document: &[u8], check: impl Fn(&[u8], usize) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut altered = document.to_vec();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(byte) = altered.get(at).copied() else { return };
            for bit in 0..8 {
                altered[at] = byte ^ (1 << bit);
                check(&altered, at * 8 + bit);
            }
            altered[at] = byte;
        }
    };
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    assert!(next.into_inner() >= document.len(), "every byte had its turn");
}

/// The verifier is the same on both engines, so that one of them tells.
#[tokio::test(flavor = "multi_thread")]
async fn no_bit_of_a_credential_can_be_turned_over() {
    let held = Held::by_a_buyer(Engine::Sqlite).await;
    let (credential, jwt) =
        (held.granted.credential(&held.registry).await, held.granted.jwt(&held.registry).await);
    for form in [&credential, &jwt] {
        assert_eq!(held.verdict(form, &Policy::default(), None), Verdict::Valid);
        each_bit_turned(form, |altered, bit| {
            let verdict = held.verdict(altered, &Policy::default(), None);
            assert_ne!(verdict, Verdict::Valid, "with bit {bit} turned over");
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bit_of_a_log_proof_can_be_turned_over() {
    let held = Held::by_a_buyer(Engine::Sqlite).await;
    let credential = held.granted.credential(&held.registry).await;
    let proof = log_proof(&held.registry, &held.granted).await;
    let policy = Policy { require_log: true, ..Policy::default() };
    let text = str::from_utf8(&proof).expect("a log proof is text");
    assert_eq!(held.verdict(&credential, &policy, Some(text)), Verdict::Valid);
    assert_eq!(held.verdict(&credential, &policy, None), Verdict::NotLogged);
    each_bit_turned(&proof, |altered, bit| {
        let altered = String::from_utf8_lossy(altered);
        let verdict = held.verdict(&credential, &policy, Some(&altered));
        assert_eq!(verdict, Verdict::NotLogged, "with bit {bit} turned over:\n{altered}");
    });
}

async fn log_proof(registry: &Registry, granted: &Granted) -> Vec<u8> {
    let path = format!("/credentials/{}/log-proof", granted.credential);
    let anyone = registry.anyone();
    let ask = async || anyone.get(&path).await;
    eventually("the log proof", ask, |answer| answer.status == 200).await.body
}

async fn a_buyer_who_asks_for_the_log_believes_the_true_proof_only(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let mut held = Vec::new();
    for n in [1, 2] {
        let company = Company::registers(&registry, n).await;
        let granted =
            Sides { body: &body, company: &company }.certify(CERTIFIED, "certified").await;
        let credential = granted.credential(&registry).await;
        let jwt = granted.jwt(&registry).await;
        held.push((credential, jwt, log_proof(&registry, &granted).await));
    }
    let [(credential, jwt, proof), (_, _, other)] = &held[..] else {
        unreachable!("two companies")
    };
    let buyer = Offline::once_told(&registry, credential, "valid").await;
    for form in [credential, jwt] {
        let verification = buyer.verify_logged(form, proof);
        assert_eq!(verification.verdict(), "valid", "{verification:#?}");
        assert_eq!(verification.check("log")["outcome"], "passed");
    }

    let proof = str::from_utf8(proof).expect("text");
    let other = str::from_utf8(other).expect("text");
    let mut without_a_hash: Vec<&str> = proof.lines().collect();
    without_a_hash.remove(3);
    for (case, altered, reason) in [
        ("another credential's", other.to_owned(), "entry_of_another"),
        ("one hash fewer", without_a_hash.join("\n") + "\n", "entry_not_included"),
        ("another number", previous_index(proof), "entry_not_included"),
        (
            "no signature",
            proof[..=proof.rfind("\n\n").expect("a note")].to_owned(),
            "checkpoint_not_signed",
        ),
        ("nothing", String::new(), "log_proof_malformed"),
    ] {
        let verification = buyer.verify_logged(credential, altered.as_bytes());
        assert_eq!(verification.verdict(), "not_logged", "{case}");
        assert_eq!(verification.check("log")["reason"], reason, "{case}");
    }
}

/// A proof that says of its entry that it has the number before.
fn previous_index(proof: &str) -> String {
    let (before, after) = proof.split_once("\nindex ").expect("an index");
    let (index, after) = after.split_once('\n').expect("a line");
    let index: u64 = index.parse().expect("a number");
    format!("{before}\nindex {}\n{after}", index - 1)
}

on_both_engines!(a_buyer_who_asks_for_the_log_believes_the_true_proof_only);
