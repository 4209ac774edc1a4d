//! Status lists: shards opened, places given out, lists signed anew when a bit has changed.

use akashi_keys::Role;
use akashi_schemas::canonical;
use akashi_verifier::status::SHARD_ENTRIES;
use serde_json::Value;
use sqlx::AnyConnection;

use super::Purpose;
use super::rules::status as rules;
use super::store::issuers::{self, Issuer};
use super::store::publications::{self, Kind, Publication};
use super::store::status::{self, List, Shard};
use super::trust;
use super::{did, forms};
use crate::log;
use crate::platform::app::App;
use crate::platform::clock::{instant, rfc3339};
use crate::platform::id::uuid_v7;
use crate::platform::problem::Problem;
use crate::platform::rng::draw;
use crate::platform::signing_keys::{self, KeyRow};

/// How long a signed list may be used, in milliseconds: as long as a bundle.
const LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// After how long an unchanged list is signed anew, in milliseconds: every bundle's lists have six days before them.
const RENEW_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a shard's empty lists are in bundles before its first index is given out, in milliseconds.
const SETTLE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Opens a shard: three empty lists.
pub(super) async fn open_shard(
    tx: &mut AnyConnection,
    app: &App,
    issuer: &Issuer,
    n: i64,
) -> Result<(), Problem> {
    let now = app.clock.now();
    let shard = Shard {
        id: uuid_v7(now, &*app.rng),
        issuer_id: issuer.id.clone(),
        n,
        permutation: draw::<32>(&*app.rng).to_vec(),
        counter: 0,
        opened_at: now.as_millisecond(),
    };
    let slug = issuer.did.rsplit(':').next().unwrap_or_default();
    let lists =
        Purpose::ALL.map(|purpose| (format!("{slug}-{n}-{}", purpose.as_str()), purpose.as_str()));
    status::open(tx, &shard, &lists).await?;
    Ok(())
}

/// Gives out a place: shard and index. When a shard is half full the next is opened, so that it is
/// long known when it is needed.
pub(super) async fn take_place(
    tx: &mut AnyConnection,
    app: &App,
    issuer: &Issuer,
) -> Result<(String, u32), Problem> {
    let shards = status::shards(tx, &issuer.id).await?;
    let now = app.clock.now_ms();
    let full = i64::from(SHARD_ENTRIES);
    let settled = |shard: &&Shard| shard.n == 0 || shard.opened_at + SETTLE_MS <= now;
    let open =
        shards.iter().filter(settled).find(|shard| shard.counter < full).ok_or(Problem::Busy)?;
    let counter = status::take(tx, &open.id).await?;
    let last = shards.last().is_some_and(|last| last.id == open.id);
    if last && counter >= full / 2 {
        open_shard(tx, app, issuer, open.n + 1).await?;
        trust::make_dirty(tx, app).await?;
    }
    let counter = u32::try_from(counter).map_err(Problem::internal)?;
    Ok((open.id.clone(), rules::index(&open.permutation, counter)))
}

/// The lists of a shard.
pub(super) async fn of_shard(
    db: &mut AnyConnection,
    shard: &str,
) -> Result<[(Purpose, String); 3], Problem> {
    let [refresh, revocation, suspension] = Purpose::ALL;
    Ok([
        (refresh, status::list(db, shard, refresh.as_str()).await?),
        (revocation, status::list(db, shard, revocation.as_str()).await?),
        (suspension, status::list(db, shard, suspension.as_str()).await?),
    ])
}

/// The purpose that a word stands for.
pub(super) fn purpose(word: &str) -> Result<Purpose, Problem> {
    let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == word);
    purpose.ok_or_else(|| Problem::internal(anyhow::anyhow!("no purpose of a list: {word}")))
}

/// Signs anew every list whose bits changed since it was last signed, or whose time runs out. Each states the last
/// leaf of the log, and speaks of all leaves up to it. A list that cannot be signed stays as it was published:
/// [`is_published`] tells.
///
/// # Errors
/// When the database refuses.
pub async fn publish_lists(tx: &mut AnyConnection, app: &App) -> Result<(), Problem> {
    let leaf = i64::try_from(log::size(tx).await?).map_err(Problem::internal)? - 1;
    for list in status::lists(tx).await? {
        let current = publications::current(tx, Kind::StatusList, &list.id).await?;
        let version = current.as_ref().map_or(0, |current| current.version);
        match is_due(tx, app, &list, current.as_ref()).await {
            Ok(false) => continue,
            Ok(true) => {}
            Err(problem) => {
                cannot_sign(&list, problem);
                continue;
            }
        }
        if let Err(problem) = sign(tx, app, &list, version, leaf).await {
            cannot_sign(&list, problem);
        }
    }
    Ok(())
}

/// Whether the published lists speak of every change of a certificate's bits.
///
/// # Errors
/// When the database refuses.
pub async fn is_published(db: &mut AnyConnection, certificate: &str) -> Result<bool, Problem> {
    Ok(status::unpublished(db, certificate).await? == 0)
}

/// One body's key that does not open must not hold up the lists of the others, nor what is checked against them.
pub(super) fn cannot_sign(list: &List, problem: Problem) {
    let error = anyhow::Error::from(problem);
    tracing::error!(list = list.id, error = format!("{error:#}"), "a status list cannot be signed");
}

async fn is_due(
    db: &mut AnyConnection,
    app: &App,
    list: &List,
    current: Option<&Publication>,
) -> Result<bool, Problem> {
    let Some(current) = current else { return Ok(true) };
    let changed = status::last_change(db, &list.id).await?.is_some_and(|leaf| leaf > current.leaf);
    // A list signed by a key that has ended since is not to be read by it any longer.
    let (issuer, key) = signer_of(db, list, app.clock.now().as_second()).await?;
    let signed: Value = serde_json::from_slice(&current.bytes).map_err(Problem::internal)?;
    let other_key =
        signed["proof"]["verificationMethod"] != did::key_id(&issuer.did, &key.fragment);
    Ok(changed || other_key || current.at + RENEW_MS <= app.clock.now_ms())
}

/// Who signs a list at a moment, and with which key.
async fn signer_of(
    db: &mut AnyConnection,
    list: &List,
    at_s: i64,
) -> Result<(Issuer, KeyRow), Problem> {
    let issuer = issuers::get(db, &list.issuer_id).await?;
    let keys = signing_keys::of(db, Role::Issuer, Some(&issuer.id)).await?;
    let key = keys.into_iter().rev().find(|key| key.window().admits(at_s));
    let key = key
        .ok_or_else(|| Problem::internal(anyhow::anyhow!("{} has no key in force", issuer.did)))?;
    Ok((issuer, key))
}

/// A list as the transaction's own snapshot has it, with the leaf that it states: the published one when it
/// still says so, else signed anew.
pub(super) async fn snapshot(
    db: &mut AnyConnection,
    app: &App,
    list: &List,
    last_leaf: i64,
) -> Result<(Vec<u8>, i64), Problem> {
    let current = publications::current(db, Kind::StatusList, &list.id).await?;
    match current {
        Some(current) if !is_due(db, app, list, Some(&current)).await? => {
            Ok((current.bytes, current.leaf))
        }
        _ => Ok((signed(db, app, list).await?.0, last_leaf)),
    }
}

/// Signs a list in both forms and appends the version.
async fn sign(
    tx: &mut AnyConnection,
    app: &App,
    list: &List,
    version: i64,
    leaf: i64,
) -> Result<(), Problem> {
    let (embedded, jwt) = signed(tx, app, list).await?;
    let now = app.clock.now_ms();
    for (kind, bytes) in [(Kind::StatusList, embedded), (Kind::StatusListJwt, jwt)] {
        let publication =
            Publication { version: version + 1, bytes, leaf, valid_until: now + LIFE_MS, at: now };
        publications::publish(tx, kind, &list.id, &publication).await?;
    }
    Ok(())
}

/// A list of the transaction's own snapshot, signed: embedded proof and JWT.
async fn signed(
    db: &mut AnyConnection,
    app: &App,
    list: &List,
) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    let now_s = app.clock.now().as_second();
    let (issuer, key) = signer_of(db, list, now_s).await?;
    let set = status::set_places(db, &list.id).await?;
    let set: Vec<u32> = set
        .into_iter()
        .map(|place| u32::try_from(place).map_err(Problem::internal))
        .collect::<Result<_, _>>()?;
    let document = rules::credential(
        &app.origin,
        &rules::List {
            id: &list.id,
            issuer: &issuer.did,
            purpose: purpose(&list.purpose)?,
            set: &set,
            signed_at: instant(now_s * 1000),
            valid_until: instant(now_s * 1000 + LIFE_MS),
        },
    )
    .map_err(Problem::internal)?;
    let payload = canonical::to_vec(&document).map_err(Problem::internal)?;
    let held = key.open(app)?;
    let signer = held.signer_at(now_s).map_err(Problem::internal)?;
    let key_id = did::key_id(&issuer.did, &key.fragment);
    let embedded = forms::embedded(&payload, signer, &key_id, &rfc3339(now_s * 1000))
        .map_err(Problem::internal)?;
    let jwt = forms::jwt(&payload, signer, &key_id).map_err(Problem::internal)?;
    Ok((embedded, jwt.into_bytes()))
}
