//! What a handler or job is given: the registry's means, none of them global.

use std::sync::Arc;

use akashi_keys::SealKey;
use tokio::sync::Notify;

use super::accounts::{SignInThrottle, TokenIssuer};
use super::blobs::BlobStore;
use super::clock::Clock;
use super::db::Db;
use super::metrics::Requests;
use super::rng::Rng;
use akashi_verifier::Origin;

/// The registry's means. Cloning is cheap; all clones are the same registry.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Where everything public stands.
    pub origin: Origin,
    /// The key that seals signing keys and wraps data keys.
    pub seal: Arc<SealKey>,
    /// Where evidence is kept.
    pub blobs: Arc<BlobStore>,
    /// Makes and checks access tokens.
    pub tokens: Arc<TokenIssuer>,
    /// Slows down guessing at passwords.
    pub throttle: Arc<SignInThrottle>,
    /// Wakes the worker that releases, sequences and publishes.
    pub wake: Arc<Notify>,
    /// Measures how requests are answered.
    pub requests: Requests,
}
