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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode, header};
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::http::shell;
    use crate::platform::permits::tests::waits_for_its_turn;
    use crate::platform::scratch::{SeededRng, app};

    on_both_engines!(
        who_signs_up_waits_without_a_connection,
        who_signs_in_waits_without_a_connection,
    );

    const PASSWORD: &str = "correct horse battery staple";

    fn alike() {
        hash_now(PASSWORD, &[1; 16]).map(drop).expect("a hash");
    }

    #[tokio::test]
    async fn two_sign_in_at_a_time() {
        let hash = hash_now(PASSWORD, &[1; 16]).expect("a hash");
        let work = matches(PASSWORD.to_owned(), Some(hash));
        assert!(waits_for_its_turn(&SIGNING_IN, 2, work, alike).await);
    }

    #[tokio::test]
    async fn one_signs_up_at_a_time_and_keeps_nobody_from_signing_in() {
        let rng = SeededRng::new(0);
        let work = hash(PASSWORD.to_owned(), &rng);
        waits_for_its_turn(&SIGNING_UP, 1, work, alike).await;
        let _taken = SIGNING_UP.acquire().await.expect("the permits are never closed");
        assert!(!matches(PASSWORD.to_owned(), None).await.expect("nobody waits"));
    }

    /// Sends a request, as whose answer it is to wait for.
    fn send(routes: &Router, path: &str, body: &Value) -> tokio::task::JoinHandle<StatusCode> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .expect("a request");
        let answer = routes.clone().oneshot(request);
        tokio::spawn(async { answer.await.expect("an answer").status() })
    }

    fn routes(app: &crate::platform::app::App) -> Router {
        let (routes, _) = crate::platform::accounts::api::routes().split_for_parts();
        shell(routes, app.clone())
    }

    async fn who_signs_up_waits_without_a_connection(scratch: &Scratch) {
        let app = app(scratch.db().clone(), std::sync::Arc::default(), 0);
        let taken = SIGNING_UP.acquire().await.expect("the permits are never closed");
        let account =
            json!({"email": "a@example.com", "password": PASSWORD, "name": "A", "locale": "en"});
        let waiting = send(&routes(&app), "/api/v1/accounts", &account);
        tokio::task::spawn_blocking(alike).await.expect("time to come so far");
        // SQLite has one writer: whoever kept it waiting would keep everybody from writing.
        drop(app.db.write().await.expect("a transaction"));
        drop(taken);
        assert_eq!(waiting.await.expect("an answer"), StatusCode::CREATED);
    }

    async fn who_signs_in_waits_without_a_connection(scratch: &Scratch) {
        let app = app(scratch.db().clone(), std::sync::Arc::default(), 0);
        let taken = SIGNING_IN.acquire_many(2).await.expect("the permits are never closed");
        let routes = routes(&app);
        let connections = app.db.reader().options().get_max_connections();
        let waiting: Vec<_> = (0..=connections)
            .map(|n| json!({"email": format!("{n}@example.com"), "password": PASSWORD}))
            .map(|secret| send(&routes, "/api/v1/sessions", &secret))
            .collect();
        tokio::task::spawn_blocking(alike).await.expect("time to come so far");
        drop(app.db.reader().acquire().await.expect("a connection is left"));
        drop(taken);
        for answer in waiting {
            assert_eq!(answer.await.expect("an answer"), StatusCode::UNAUTHORIZED);
        }
    }
}
