//! Passwords, kept as Argon2id (RFC 9106) PHC strings.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::platform::permits::off_the_runtime;
use crate::platform::problem::Problem;
use crate::platform::rng::{Rng, draw};

/// Each hash takes 19 MiB: this many sign-ins at a time, the rest wait.
static SIGNING_IN: Semaphore = Semaphore::const_new(2);

/// New passwords wait for one another alone: strangers who sign up by the hundred keep nobody from signing in.
static SIGNING_UP: Semaphore = Semaphore::const_new(1);

/// What a wrong address is verified against, so that it takes as long as a wrong password.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody has this password", &[0; 16]).unwrap_or_default());

/// 19 MiB, two passes, one lane: the OWASP minimum for Argon2id.
fn argon2id() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19 * 1024, 2, 1, None).unwrap_or(Params::DEFAULT),
    )
}

fn hash_now(password: &str, salt: &[u8; 16]) -> Result<String, Problem> {
    let hash = argon2id()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|error| Problem::internal(anyhow::anyhow!("hashing a password: {error}")))?;
    Ok(hash.to_string())
}

/// Hashes a new password.
pub(super) async fn hash(password: String, rng: &dyn Rng) -> Result<String, Problem> {
    let salt = draw(rng);
    off_the_runtime(&SIGNING_UP, move || hash_now(&password, &salt)).await?
}

/// Whether the password is the one behind the hash; without a hash, no password is.
pub(super) async fn matches(password: String, hash: Option<String>) -> Result<bool, Problem> {
    off_the_runtime(&SIGNING_IN, move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        argon2id().verify_password(password.as_bytes(), hash.as_str()).is_ok() && known
    })
    .await
}
