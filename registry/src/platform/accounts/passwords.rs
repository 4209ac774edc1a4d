//! Passwords, kept as Argon2id (RFC 9106) PHC strings.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::platform::problem::Problem;
use crate::platform::rng::{Rng, draw};

/// Each hash takes 19 MiB: this many at a time, the rest wait.
static HASHING: Semaphore = Semaphore::const_new(2);

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

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
    off_the_runtime(&HASHING, move || hash_now(&password, &salt)).await?
}

/// Whether the password is the one behind the hash; without a hash, no password is.
pub(super) async fn matches(password: String, hash: Option<String>) -> Result<bool, Problem> {
    off_the_runtime(&HASHING, move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        argon2id().verify_password(password.as_bytes(), hash.as_str()).is_ok() && known
    })
    .await
}

/// Runs off the asynchronous runtime. The work holds its permit to its end, whether or not the request still waits.
async fn off_the_runtime<T: Send + 'static>(
    permits: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let permit = timeout(PATIENCE, permits.acquire()).await.map_err(|_| Problem::Busy)?;
    let permit = permit.map_err(Problem::internal)?;
    let work = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_still_holds_its_permit() {
        static PERMITS: Semaphore = Semaphore::const_new(1);
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let request = tokio::spawn(off_the_runtime(&PERMITS, move || {
            begun.send(()).expect("the test waits for the beginning");
            may_end.recv().expect("the test says when to end");
        }));
        has_begun.await.expect("the work begins");

        // Whoever asked hangs up; the memory is taken all the same until the work is done.
        request.abort();
        assert!(request.await.expect_err("the request is gone").is_cancelled());
        assert_eq!(PERMITS.available_permits(), 0);

        end.send(()).expect("the work is still at it");
        let permit = PERMITS.acquire().await.expect("the permits are never closed");
        drop(permit);
    }
}
