//! Issuers and their keys, and what changes what a bundle says of bodies and programmes.

use akashi_keys::Role;
use sqlx::AnyConnection;

use super::did;
use super::rules::leaf::Leaf;
use super::store::issuers::{self, Issuer};
use super::{lists, trust};
use crate::log;
use crate::platform::app::App;
use crate::platform::clock::rfc3339;
use crate::platform::db::engine::Lock;
use crate::platform::id::{AccountId, PartyId, uuid_v7};
use crate::platform::problem::Problem;
use crate::platform::signing_keys::{self, KeyRow};

/// Appends a leaf of this moment; gives its order of arrival.
pub(super) async fn append(tx: &mut AnyConnection, app: &App, leaf: &Leaf) -> Result<i64, Problem> {
    let entry = leaf.entry(&rfc3339(app.clock.now_ms())).map_err(Problem::internal)?;
    log::append(tx, app, leaf.kind(), &entry).await
}

/// Makes a body an issuer: its DID, its first key, its first status lists.
///
/// # Errors
/// When the database refuses, or the body is an issuer already.
pub async fn open_issuer(
    tx: &mut AnyConnection,
    app: &App,
    body: &PartyId,
    slug: &str,
) -> Result<(), Problem> {
    let now = app.clock.now();
    let issuer = Issuer {
        id: uuid_v7(now, &*app.rng),
        party_id: body.clone(),
        did: did::body(&app.origin, slug),
    };
    issuers::insert(tx, &issuer, now.as_millisecond()).await?;
    let key = signing_keys::make(tx, app, Role::Issuer, Some(&issuer.id), "key-1").await?;
    key_leaf(tx, app, &issuer.did, &key, "made", key.from_at).await?;
    lists::open_shard(tx, app, &issuer, 0).await?;
    trust::make_dirty(tx, app).await
}

async fn key_leaf(
    tx: &mut AnyConnection,
    app: &App,
    did: &str,
    key: &KeyRow,
    event: &str,
    effective: i64,
) -> Result<(), Problem> {
    let leaf = Leaf::Key {
        id: did::key_id(did, &key.fragment),
        public: key.public()?.to_string(),
        event: event.to_owned(),
        effective: rfc3339(effective),
    };
    append(tx, app, &leaf).await.map(drop)
}

/// The body whose key it is; none when it is no issuer's. Whoever ends the key holds the body: what becomes of one of
/// a body's keys is one act after another.
///
/// # Errors
/// When the database refuses.
pub async fn body_of_key(db: &mut AnyConnection, id: &str) -> Result<Option<PartyId>, Problem> {
    Ok(issuer_of_key(db, id).await?.map(|issuer| issuer.party_id))
}

async fn issuer_of_key(db: &mut AnyConnection, id: &str) -> Result<Option<Issuer>, Problem> {
    match signing_keys::owner(db, id).await? {
        Some((_, Some(issuer))) => Ok(Some(issuers::get(db, &issuer).await?)),
        _ => Ok(None),
    }
}

/// Retires an issuer's key: a new one takes its place at once; what the old one signed stays valid.
///
/// # Errors
/// [`Problem::NotFound`] when it is no issuer's key; [`Problem::WrongState`] when it is not in force.
pub async fn retire_key(
    tx: &mut AnyConnection,
    app: &App,
    id: &str,
    by: &AccountId,
) -> Result<KeyRow, Problem> {
    let (issuer, mut key) = issuer_key(tx, id).await?;
    // Every payload that names this key was fixed under this lock, and so no later than now.
    app.db.engine().lock(tx, Lock::Log).await?;
    let now = app.clock.now();
    if key.until_at.is_some() || !key.window().admits(now.as_second()) {
        return Err(not_in_force("retire", "not in force"));
    }
    // The second of the retirement is still the old key's: what was fixed earlier in it names that key.
    key.until_at = Some((now.as_second() + 1) * 1000);
    close(tx, app, &issuer, &key, "retired", key.until_at, by).await
}

/// Declares an issuer's key compromised from a moment on, and puts a new one in its place.
///
/// # Errors
/// [`Problem::NotFound`] when it is no issuer's key; [`Problem::WrongState`] when it is known as compromised.
pub async fn compromise_key(
    tx: &mut AnyConnection,
    app: &App,
    id: &str,
    from: i64,
    by: &AccountId,
) -> Result<KeyRow, Problem> {
    let (issuer, mut key) = issuer_key(tx, id).await?;
    if key.compromised_from.is_some() {
        return Err(not_in_force("compromise", "compromised"));
    }
    key.compromised_from = Some(from);
    close(tx, app, &issuer, &key, "compromised", Some(from), by).await
}

async fn issuer_key(tx: &mut AnyConnection, id: &str) -> Result<(Issuer, KeyRow), Problem> {
    let issuer = issuer_of_key(tx, id).await?.ok_or(Problem::NotFound("key"))?;
    Ok((issuer, signing_keys::get(tx, id).await?))
}

fn not_in_force(event: &str, state: &str) -> Problem {
    Problem::WrongState {
        event: event.to_owned(),
        state: state.to_owned(),
        allowed_from: vec!["in force".into()],
        who: vec!["operator".into()],
    }
}

/// Writes the end of a key and makes its successor.
async fn close(
    tx: &mut AnyConnection,
    app: &App,
    issuer: &Issuer,
    key: &KeyRow,
    event: &str,
    effective: Option<i64>,
    by: &AccountId,
) -> Result<KeyRow, Problem> {
    let now = app.clock.now();
    let effective = effective.unwrap_or_else(|| now.as_millisecond());
    signing_keys::set_window(tx, key).await?;
    let event_id = uuid_v7(now, &*app.rng);
    let (who, at) = (Some(by.as_str()), now.as_millisecond());
    signing_keys::add_event(tx, &event_id, &key.id, event, effective, who, at).await?;
    key_leaf(tx, app, &issuer.did, key, event, effective).await?;
    let count = signing_keys::of(tx, Role::Issuer, Some(&issuer.id)).await?.len();
    let next =
        signing_keys::make(tx, app, Role::Issuer, Some(&issuer.id), &format!("key-{}", count + 1))
            .await?;
    key_leaf(tx, app, &issuer.did, &next, "made", next.from_at).await?;
    trust::make_dirty(tx, app).await?;
    Ok(next)
}

/// Notes in the log that a programme version was published; the bundle will name it.
///
/// # Errors
/// When the database refuses.
pub async fn programme_published(
    tx: &mut AnyConnection,
    app: &App,
    programme: &str,
    version: &str,
    digest: &[u8],
) -> Result<(), Problem> {
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let leaf = Leaf::Programme { id: programme.to_owned(), version: version.to_owned(), digest };
    append(tx, app, &leaf).await?;
    trust::make_dirty(tx, app).await
}

/// Notes in the log what a body may certify, and when; the bundle will say so.
///
/// # Errors
/// When the database refuses, or the body is no issuer.
pub async fn authorisation_changed(
    tx: &mut AnyConnection,
    app: &App,
    body: &PartyId,
    programme: &str,
    from: i64,
    until: i64,
) -> Result<(), Problem> {
    let issuer = issuers::of_body(tx, body).await?;
    let leaf = Leaf::Authorisation {
        body: issuer.did,
        programme: programme.to_owned(),
        from: rfc3339(from),
        until: rfc3339(until),
    };
    append(tx, app, &leaf).await?;
    trust::make_dirty(tx, app).await
}
