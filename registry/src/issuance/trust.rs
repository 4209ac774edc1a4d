//! The root manifest and the trust bundle.

use std::sync::Arc;

use akashi_keys::{Role, Signer, SigningKey};
use akashi_schemas::{Digest, Programme, canonical};
use akashi_verifier::trust::{
    Authorisation, Body, BodyKey, Bundle, ListEntry, ProgrammeVersion, Root,
};
use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::issuers::append;
use super::lists;
use super::rules::leaf::Leaf;
use super::store::issuers;
use super::store::publications::{self, Kind, Publication};
use super::store::status;
use super::{did, manifest};
use crate::log;
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::id::PartyId;
use crate::platform::jobs::{self, JobKind};
use crate::platform::problem::Problem;
use crate::platform::signing_keys::{self, KeyRow};

/// How long a bundle is meant to be used.
const BUNDLE_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a root counts: ten years, within which it is rotated.
const ROOT_LIFE: SignedDuration = SignedDuration::from_hours(3653 * 24);
/// How many root keys there are, and how many of them must sign.
const ROOT_THRESHOLD: usize = 2;

/// What certification says of bodies and programmes.
#[derive(Debug, Default)]
pub struct BundleFacts {
    /// The bodies that are or were authorised for anything.
    pub bodies: Vec<BodyFacts>,
    /// Published programme versions.
    pub programmes: Vec<Arc<Programme>>,
}

/// A body, as certification knows it.
#[derive(Debug)]
pub struct BodyFacts {
    /// The party.
    pub party: PartyId,
    /// Its name.
    pub name: String,
    /// For which programmes it may certify, and when.
    pub authorisations: Vec<Authorisation>,
}

/// Asks for a new bundle.
pub(super) async fn make_dirty(tx: &mut AnyConnection, app: &App) -> Result<(), Problem> {
    Ok(jobs::add(tx, app, JobKind::Bundle, "").await?)
}

/// Signs the first root by its keys, which the caller keeps apart, and publishes it.
///
/// # Errors
/// When there is a root already, or the database refuses.
pub async fn first_root(
    tx: &mut AnyConnection,
    app: &App,
    root_keys: &[SigningKey],
) -> Result<(), Problem> {
    let (bundle_key, _) = signing_keys::own(tx, app, Role::Bundle).await?;
    let verifiers = |key: &akashi_keys::PublicKey| manifest::public(key).map_err(Problem::internal);
    let now = app.clock.now();
    let root = Root {
        version: 1,
        expires: whole_second(now + ROOT_LIFE),
        threshold: ROOT_THRESHOLD,
        root_keys: root_keys
            .iter()
            .map(|key| verifiers(&key.public()))
            .collect::<Result<_, _>>()?,
        bundle_key: verifiers(&bundle_key.public()?)?,
    };
    let digest = Digest::of(&canonical::to_vec(&root).map_err(Problem::internal)?);
    let signers: Vec<&dyn Signer> = root_keys.iter().map(|key| key as &dyn Signer).collect();
    let expires = root.expires.as_millisecond();
    let bytes = manifest::sign(root, &signers).map_err(Problem::internal)?;
    let publication =
        Publication { version: 1, bytes, leaf: -1, valid_until: expires, at: now.as_millisecond() };
    publications::publish(tx, Kind::Root, "", &publication).await?;
    append(tx, app, &Leaf::Root { version: 1, digest: digest.to_string() }).await?;
    make_dirty(tx, app).await
}

fn whole_second(at: Timestamp) -> Timestamp {
    instant(at.as_second() * 1000)
}

/// Makes the bundle of this moment, signed, and publishes it as the next version.
///
/// # Errors
/// When the database refuses, or the bundle key cannot be opened.
pub async fn publish_bundle(
    tx: &mut AnyConnection,
    app: &App,
    facts: &BundleFacts,
) -> Result<i64, Problem> {
    let version = next_version(tx).await?;
    let mut entries = Vec::new();
    for list in status::lists(tx).await? {
        let Some(current) = publications::current(tx, Kind::StatusList, &list.id).await? else {
            continue;
        };
        entries.push(entry(app, &list.id, &list.purpose, current.leaf, &current.bytes)?);
    }
    let bytes = signed(tx, app, facts, version, entries).await?;
    let now = app.clock.now();
    let publication = Publication {
        version,
        bytes,
        leaf: i64::try_from(log::size(tx).await?).map_err(Problem::internal)? - 1,
        valid_until: (now + BUNDLE_LIFE).as_millisecond(),
        at: now.as_millisecond(),
    };
    publications::publish(tx, Kind::Bundle, "", &publication).await?;
    Ok(version)
}

/// The real root, and a bundle of this transaction's own snapshot that is published nowhere: what a credential is
/// checked against before its release. It holds the lists of the credential's own shard, which are all that the check
/// of it reads: another body's key or list does not hold it up.
pub(super) async fn candidate(
    tx: &mut AnyConnection,
    app: &App,
    facts: &BundleFacts,
    shard: &str,
) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    let root = publications::current(tx, Kind::Root, "").await?.ok_or(Problem::NotFound("root"))?;
    let version = next_version(tx).await?;
    let last_leaf = i64::try_from(log::size(tx).await?).map_err(Problem::internal)? - 1;
    let mut entries = Vec::new();
    for list in status::lists_of(tx, shard).await? {
        let (embedded, leaf) = lists::snapshot(tx, app, &list, last_leaf).await?;
        entries.push(entry(app, &list.id, &list.purpose, leaf, &embedded)?);
    }
    Ok((root.bytes, signed(tx, app, facts, version, entries).await?))
}

async fn next_version(db: &mut AnyConnection) -> Result<i64, Problem> {
    Ok(publications::version(db, Kind::Bundle, "").await?.unwrap_or(0) + 1)
}

fn entry(
    app: &App,
    list: &str,
    purpose: &str,
    leaf: i64,
    signed: &[u8],
) -> Result<ListEntry, Problem> {
    Ok(ListEntry {
        id: app.origin.status_list(list),
        purpose: lists::purpose(purpose)?,
        leaf: u64::try_from(leaf).ok(),
        credential: serde_json::from_slice(signed).map_err(Problem::internal)?,
    })
}

/// The bundle of these lists, signed by the bundle key.
async fn signed(
    tx: &mut AnyConnection,
    app: &App,
    facts: &BundleFacts,
    version: i64,
    status_lists: Vec<ListEntry>,
) -> Result<Vec<u8>, Problem> {
    let now = app.clock.now();
    let root = publications::version(tx, Kind::Root, "").await?;
    let root_version = root.ok_or(Problem::NotFound("root"))?;
    let mut bodies = Vec::new();
    for facts in &facts.bodies {
        bodies.push(body(tx, facts).await?);
    }
    let bundle = Bundle {
        version: u64::try_from(version).map_err(Problem::internal)?,
        root_version: u64::try_from(root_version).map_err(Problem::internal)?,
        as_of: whole_second(now),
        expires: whole_second(now + BUNDLE_LIFE),
        bodies,
        programmes: facts.programmes.iter().map(|programme| of_programme(programme)).collect(),
        status_lists,
        tlog_policy: log::policy(tx, app).await?,
        checkpoint: log::checkpoint(tx).await?.unwrap_or_default(),
    };
    let (_, held) = signing_keys::own(tx, app, Role::Bundle).await?;
    let signer = held.signer_at(now.as_second()).map_err(Problem::internal)?;
    manifest::sign(bundle, &[signer]).map_err(Problem::internal)
}

fn of_programme(programme: &Programme) -> ProgrammeVersion {
    ProgrammeVersion {
        id: programme.id.clone(),
        version: programme.version.clone(),
        digest: programme.digest(),
        levels: programme.levels.iter().map(|level| level.id.clone()).collect(),
    }
}

async fn body(db: &mut AnyConnection, facts: &BodyFacts) -> Result<Body, Problem> {
    let issuer = issuers::of_body(db, &facts.party).await?;
    let rows = signing_keys::of(db, Role::Issuer, Some(&issuer.id)).await?;
    Ok(Body {
        name: facts.name.clone(),
        keys: rows.iter().map(|row| body_key(&issuer.did, row)).collect::<Result<_, _>>()?,
        authorisations: facts.authorisations.clone(),
        did: issuer.did,
    })
}

fn body_key(did: &str, row: &KeyRow) -> Result<BodyKey, Problem> {
    Ok(BodyKey {
        id: did::key_id(did, &row.fragment),
        public: manifest::public(&row.public()?).map_err(Problem::internal)?,
        from: instant(row.from_at),
        until: row.until_at.map(instant),
        compromised_from: row.compromised_from.map(instant),
    })
}

#[cfg(test)]
mod tests {
    use akashi_verifier::trust::Envelope;

    use super::*;
    use crate::issuance::open_issuer;
    use crate::platform::db::Tx;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::scratch::{FixedClock, app};

    on_both_engines!(another_body_s_lists_and_keys_do_not_hold_up_a_release);

    /// Opens a body as an issuer; gives its issuer's id.
    async fn body(tx: &mut Tx, app: &App, slug: &str) -> String {
        let body = PartyId::new(app.clock.now(), &*app.rng);
        sqlx::query(
            "INSERT INTO party (id, kind, display_name, country, sole_proprietor, publish_consent, created_at, version)
             VALUES ($1, 'body', 'Example Body', 'JP', 0, 0, 0, 1)",
        )
        .bind(&body)
        .execute(&mut **tx)
        .await
        .expect("inserts");
        open_issuer(tx, app, &body, slug).await.expect("an issuer");
        issuers::of_body(tx, &body).await.expect("an issuer").id
    }

    async fn another_body_s_lists_and_keys_do_not_hold_up_a_release(scratch: &Scratch) {
        let app = app(scratch.db().clone(), Arc::<FixedClock>::default(), 0);
        let mut tx = app.db.write().await.expect("a transaction");
        let keys: Vec<_> = (1..=3).map(|n| SigningKey::from_random(&[n; 32])).collect();
        first_root(&mut tx, &app, &keys).await.expect("a root");
        let one = body(&mut tx, &app, "one").await;
        let other = body(&mut tx, &app, "other").await;
        tx.commit().await.expect("commits");
        log::sequence(&app).await.expect("the log's first checkpoint makes its key");

        let mut tx = app.db.write().await.expect("a transaction");
        let mut key = signing_keys::of(&mut tx, Role::Issuer, Some(&other))
            .await
            .expect("reads")
            .pop()
            .expect("a key");
        key.until_at = Some(key.from_at);
        signing_keys::set_window(&mut tx, &key).await.expect("ends the other's key");

        let shard = status::shards(&mut tx, &one).await.expect("reads").remove(0);
        let (_, bundle) = candidate(&mut tx, &app, &BundleFacts::default(), &shard.id)
            .await
            .expect("a candidate bundle without the other's lists");
        let bundle: Envelope<Bundle> = serde_json::from_slice(&bundle).expect("a bundle");
        let lists: Vec<_> = bundle.signed.status_lists.iter().map(|list| &*list.id).collect();
        let of_one = |purpose: &str| app.origin.status_list(&format!("one-0-{purpose}"));
        assert_eq!(lists, [of_one("refresh"), of_one("revocation"), of_one("suspension")]);
    }
}
