//! What one whole check costs beside one bare `verify_strict`, which is the unit: of a body's first credentials, and of
//! those that come once its key is prepared. On one core; the ratios are of one run.
//!
//! `cargo bench -p akashi-verifier --bench whole`

#![allow(clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use akashi_verifier::{PreparedKey, PublicKey, Verdict, verify};
use common::World;
use ed25519_dalek::{Signer as _, SigningKey};

const ROUNDS: usize = 15;
const TIMES: u32 = 400;

fn main() {
    let world = World::good();
    let (trust, [embedded, jwt]) = (world.trust().unwrap(), world.forms());
    let check = |file: &[u8]| {
        let report = verify(black_box(file), Ok(&trust), &world.policy, world.now, None);
        assert_eq!(report.verdict, Verdict::Valid);
    };
    let secret = SigningKey::from_bytes(&[7; 32]);
    let (message, key) = ([3; 64], secret.verifying_key());
    let signature = secret.sign(&message);
    let public = PublicKey::from_bytes(key.to_bytes()).unwrap();
    let (prepared, bytes) = (PreparedKey::new(public), signature.to_bytes());

    // More than it takes to have the key prepared.
    (0..100).for_each(|_| check(&embedded));
    let rows: [(&str, &dyn Fn()); 4] = [
        ("verify_strict, 64 bytes", &|| {
            key.verify_strict(black_box(&message), &signature).unwrap();
        }),
        ("a prepared key, 64 bytes", &|| assert!(prepared.verify(black_box(&message), &bytes))),
        ("whole check, embedded proof", &|| check(&embedded)),
        ("whole check, JWT", &|| check(&jwt)),
    ];
    // Round by round, so that what slows the machine slows all alike.
    let mut times = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in rows.iter().zip(&mut times) {
            times.push(once(work));
        }
    }
    let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
    println!("a credential of {} bytes, as JWT {}", embedded.len(), jwt.len());
    for ((name, _), time) in rows.iter().zip(&medians) {
        let ratio = time.as_secs_f64() / medians[0].as_secs_f64();
        println!("{name:<30} {:>8.1} µs {ratio:>6.2} ×", time.as_secs_f64() * 1e6);
    }
}

fn once(work: &dyn Fn()) -> Duration {
    let began = Instant::now();
    (0..TIMES).for_each(|_| work());
    began.elapsed() / TIMES
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
