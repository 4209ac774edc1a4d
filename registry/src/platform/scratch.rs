//! A registry for tests, whose time stands still and whose chance repeats itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use akashi_keys::{SealKey, SigningKey};
use jiff::{SignedDuration, Timestamp};
use object_store::memory::InMemory;
use sha2::{Digest, Sha256};

use super::accounts::TokenIssuer;
use super::app::App;
use super::blobs::BlobStore;
use super::clock::{Clock, instant};
use super::db::Db;
use super::rng::Rng;
use akashi_verifier::Origin;

/// When a test registry begins: 2026-11-25T07:00:00Z, in milliseconds.
const START_MS: i64 = 1_795_590_000_000;

/// A clock that stands where it was put.
#[derive(Debug)]
pub(crate) struct FixedClock(AtomicI64);

impl Default for FixedClock {
    fn default() -> Self {
        Self(AtomicI64::new(START_MS))
    }
}

impl FixedClock {
    /// Puts the clock forward, or back.
    pub(crate) fn advance(&self, by: SignedDuration) {
        let ms = i64::try_from(by.as_millis()).expect("a time within the years of a test");
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        instant(self.0.load(Ordering::SeqCst))
    }
}

/// Chance that is the same for the same seed: SHA-256 over seed and counter.
#[derive(Debug)]
pub(crate) struct SeededRng {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededRng {
    /// The chance of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::new()
                .chain_update(self.seed.to_be_bytes())
                .chain_update(drawn.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A registry at `https://registry.example` on a database. Registries of one database share their
/// seal key; `seed` sets apart what each draws.
pub(crate) fn app(db: Db, clock: Arc<FixedClock>, seed: u64) -> App {
    let origin: Origin = "https://registry.example".parse().expect("an origin");
    App {
        db,
        clock,
        rng: Arc::new(SeededRng::new(seed)),
        seal: Arc::new(SealKey::from_random(&[1; 32])),
        blobs: Arc::new(BlobStore::new(InMemory::new())),
        tokens: Arc::new(TokenIssuer::new(&origin, &SigningKey::from_random(&[2; 32]), "token-1")),
        origin,
        throttle: Arc::default(),
        wake: Arc::default(),
        requests: super::metrics::Requests::default(),
    }
}
