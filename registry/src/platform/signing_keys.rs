//! The registry's signing keys at rest: sealed rows, opened when something is to be signed.

use akashi_keys::{HeldKey, Key, KeyId, PublicKey, Role, SealedKey, SigningKey, Window};
use sqlx::{AnyConnection, FromRow};

use super::app::App;
use super::id::uuid_v7;
use super::problem::Problem;
use super::rng::draw;

/// Makes a key for a role: of an issuer, or of the registry itself.
///
/// # Errors
/// When the database refuses.
pub async fn make(
    tx: &mut AnyConnection,
    app: &App,
    role: Role,
    issuer: Option<&str>,
    fragment: &str,
) -> Result<KeyRow, Problem> {
    let now = app.clock.now();
    let secret = SigningKey::from_random(&draw(&*app.rng));
    let id: KeyId = fragment.parse().map_err(Problem::internal)?;
    let sealed = SealedKey::seal(&secret, role, id, &app.seal, &draw(&*app.rng));
    let row = KeyRow {
        id: uuid_v7(now, &*app.rng),
        fragment: fragment.to_owned(),
        public: secret.public().as_bytes().to_vec(),
        sealed: sealed.to_string(),
        from_at: now.as_second() * 1000,
        until_at: None,
        compromised_from: None,
    };
    let event = uuid_v7(now, &*app.rng);
    add(tx, role, issuer, &row, &event, now.as_millisecond()).await?;
    Ok(row)
}

/// The registry's own key of a role; made when there is none, or all have ended. One that is not in force yet, as
/// after a clock was set back, is waited for and does not sign until then: the root names it, and another beside it
/// would be believed by nobody.
///
/// # Errors
/// When the database refuses, or the key does not open under the seal key.
pub async fn own(
    tx: &mut AnyConnection,
    app: &App,
    role: Role,
) -> Result<(KeyRow, HeldKey), Problem> {
    let now_s = app.clock.now().as_second();
    let mut keys = of(tx, role, None).await?;
    let number = keys.len() + 1;
    let in_force = keys.iter().rposition(|row| row.window().admits(now_s));
    let awaited = || keys.iter().rposition(|row| now_s < row.window().from);
    let row = match in_force.or_else(awaited) {
        Some(at) => keys.swap_remove(at),
        None => make(tx, app, role, None, &format!("{role}-{number}")).await?,
    };
    let held = row.open(app)?;
    Ok((row, held))
}

impl KeyRow {
    /// The key that verifies.
    ///
    /// # Errors
    /// Internal, when the row is damaged.
    pub fn public(&self) -> Result<PublicKey, Problem> {
        let bytes = <&[u8; 32]>::try_from(&self.public[..]).map_err(Problem::internal)?;
        PublicKey::from_bytes(bytes).map_err(Problem::internal)
    }

    /// When the key may sign.
    #[must_use]
    pub fn window(&self) -> Window {
        let seconds = |ms: i64| ms.div_euclid(1000);
        Window {
            from: seconds(self.from_at),
            until: self.until_at.map(seconds),
            compromised_from: self.compromised_from.map(seconds),
        }
    }

    /// Opens the key: it signs within its window only.
    ///
    /// # Errors
    /// Internal, when it does not open under the seal key.
    pub fn open(&self, app: &App) -> Result<HeldKey, Problem> {
        let sealed: SealedKey = self.sealed.parse().map_err(Problem::internal)?;
        let secret = sealed.open(&app.seal).map_err(Problem::internal)?;
        let id = self.fragment.parse().map_err(Problem::internal)?;
        HeldKey::new(Key { id, public: self.public()?, window: self.window() }, secret)
            .map_err(Problem::internal)
    }
}

/// A signing key's row.
#[derive(Clone, Debug, FromRow)]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// Its name within its signer: the fragment of its DID URL.
    pub fragment: String,
    /// The key that verifies.
    pub public: Vec<u8>,
    /// The sealed secret.
    pub sealed: String,
    /// From when it may sign, in milliseconds.
    pub from_at: i64,
    /// Until when, in milliseconds.
    pub until_at: Option<i64>,
    /// From when it is not to be trusted, in milliseconds.
    pub compromised_from: Option<i64>,
}

const KEY: &str =
    "SELECT id, fragment, public, sealed, from_at, until_at, compromised_from FROM signing_key";

/// Adds a signing key, with the event that it was made.
///
/// # Errors
/// When the database refuses.
pub async fn add(
    tx: &mut AnyConnection,
    role: Role,
    issuer: Option<&str>,
    key: &KeyRow,
    event_id: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO signing_key (id, role, issuer_id, fragment, public, sealed, from_at, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
    )
    .bind(&key.id)
    .bind(role.as_str())
    .bind(issuer)
    .bind(&key.fragment)
    .bind(&key.public)
    .bind(&key.sealed)
    .bind(key.from_at)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    add_event(tx, event_id, &key.id, "made", key.from_at, None, now).await
}

/// Appends what happened to a key.
///
/// # Errors
/// When the database refuses.
pub async fn add_event(
    tx: &mut AnyConnection,
    id: &str,
    key: &str,
    kind: &str,
    effective_at: i64,
    by: Option<&str>,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO key_event (id, signing_key_id, kind, effective_at, by_account, at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(key)
    .bind(kind)
    .bind(effective_at)
    .bind(by)
    .bind(now)
    .execute(tx)
    .await
    .map(drop)
}

/// The keys of a role, oldest first: of one issuer, or of the registry itself.
///
/// # Errors
/// When the database refuses.
pub async fn of(
    db: &mut AnyConnection,
    role: Role,
    issuer: Option<&str>,
) -> Result<Vec<KeyRow>, sqlx::Error> {
    let sql = format!("{KEY} WHERE role = $1 AND coalesce(issuer_id, '') = $2 ORDER BY id");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(role.as_str())
        .bind(issuer.unwrap_or_default())
        .fetch_all(db)
        .await
}

/// A key by id.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(db: &mut AnyConnection, id: &str) -> Result<KeyRow, Problem> {
    let sql = format!("{KEY} WHERE id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound("key"))
}

/// Whose a key is: role and issuer.
///
/// # Errors
/// When the database refuses.
pub async fn owner(
    db: &mut AnyConnection,
    id: &str,
) -> Result<Option<(String, Option<String>)>, sqlx::Error> {
    sqlx::query_as("SELECT role, issuer_id FROM signing_key WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Writes a key's window.
///
/// # Errors
/// When the database refuses.
pub async fn set_window(tx: &mut AnyConnection, key: &KeyRow) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE signing_key SET until_at = $2, compromised_from = $3, version = version + 1 WHERE id = $1")
        .bind(&key.id)
        .bind(key.until_at)
        .bind(key.compromised_from)
        .execute(tx)
        .await
        .map(drop)
}

/// Every key, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn all(db: &mut AnyConnection) -> Result<Vec<KeyRow>, sqlx::Error> {
    let sql = format!("{KEY} ORDER BY id");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::*;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::scratch::{FixedClock, app};

    on_both_engines!(a_clock_that_is_set_back_makes_no_second_key);

    async fn a_clock_that_is_set_back_makes_no_second_key(scratch: &Scratch) {
        let clock = Arc::<FixedClock>::default();
        let app = app(scratch.db().clone(), clock.clone(), 0);
        let mut tx = app.db.write().await.expect("a transaction");
        let (made, _) = own(&mut tx, &app, Role::Bundle).await.expect("makes a key");
        clock.advance(SignedDuration::from_hours(-1));
        let (found, held) = own(&mut tx, &app, Role::Bundle).await.expect("finds it");
        assert_eq!(found.id, made.id);
        assert!(held.signer_at(app.clock.now().as_second()).is_err(), "not before its window");
        clock.advance(SignedDuration::from_hours(1));
        let (found, held) = own(&mut tx, &app, Role::Bundle).await.expect("finds it");
        assert_eq!(found.id, made.id);
        assert!(held.signer_at(app.clock.now().as_second()).is_ok(), "it is in force again");
    }
}
