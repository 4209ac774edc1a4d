//! The log's rows: leaves, tiles, checkpoints.

use akashi_verifier::log::Hash;
use sqlx::{AnyConnection, FromRow};

use super::rules::{Level, Tile, TileId};

/// A leaf that has no number yet.
#[derive(Debug, FromRow)]
pub(super) struct WaitingLeaf {
    /// Its order of arrival.
    pub(super) ord: i64,
    /// Its bytes.
    pub(super) entry: Vec<u8>,
    /// The hash that was stored with them.
    pub(super) leaf_hash: Vec<u8>,
}

/// A leaf that was given its number.
#[derive(Debug, FromRow)]
pub(super) struct NumberedLeaf {
    /// Its number in the log, from 0.
    #[sqlx(try_from = "i64")]
    pub(super) seq: u64,
    /// Its bytes.
    pub(super) entry: Vec<u8>,
}

/// A signed state of the log.
#[derive(Debug)]
pub(super) struct StoredCheckpoint {
    /// How many leaves the log had.
    pub(super) size: u64,
    /// The root of its tree.
    pub(super) root: Hash,
    /// Both, as the log signed them.
    pub(super) note: String,
}

/// Adds a leaf behind all others; gives its `ord`. The caller holds the log's lock.
pub(super) async fn add_leaf(
    tx: &mut AnyConnection,
    kind: &str,
    entry: &[u8],
    leaf_hash: &Hash,
    at: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO log_leaf (ord, kind, entry, leaf_hash, at)
         VALUES ((SELECT coalesce(max(ord), 0) + 1 FROM log_leaf), $1, $2, $3, $4) RETURNING ord",
    )
    .bind(kind)
    .bind(entry)
    .bind(&leaf_hash[..])
    .bind(at)
    .fetch_one(tx)
    .await
}

/// Whether a leaf waits for its number.
///
/// # Errors
/// When the database refuses.
pub async fn waiting(db: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let any: Option<i64> = sqlx::query_scalar("SELECT ord FROM log_leaf WHERE seq IS NULL LIMIT 1")
        .fetch_optional(db)
        .await?;
    Ok(any.is_some())
}

/// How many leaves wait for their number.
///
/// # Errors
/// When the database refuses.
pub async fn count_waiting(db: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT CAST(count(*) AS BIGINT) FROM log_leaf WHERE seq IS NULL")
        .fetch_one(db)
        .await
}

/// When the newest checkpoint was signed, in milliseconds; none of an empty log.
///
/// # Errors
/// When the database refuses.
pub async fn checkpoint_at(db: &mut AnyConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT at FROM log_checkpoint ORDER BY size DESC LIMIT 1")
        .fetch_optional(db)
        .await
}

/// The leaves that have waited longest, in their order of arrival.
pub(super) async fn waiting_leaves(
    db: &mut AnyConnection,
    limit: i64,
) -> Result<Vec<WaitingLeaf>, sqlx::Error> {
    sqlx::query_as(
        "SELECT ord, entry, leaf_hash FROM log_leaf WHERE seq IS NULL ORDER BY ord LIMIT $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Gives a leaf its number.
pub(super) async fn number(tx: &mut AnyConnection, ord: i64, seq: u64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE log_leaf SET seq = $2 WHERE ord = $1")
        .bind(ord)
        .bind(column(seq)?)
        .execute(tx)
        .await
        .map(drop)
}

/// The number that a leaf has in the log, counted from 0; none while it waits.
///
/// # Errors
/// When the database refuses.
pub async fn number_of(db: &mut AnyConnection, ord: i64) -> Result<Option<u64>, sqlx::Error> {
    Ok(numbered_leaf(db, ord).await?.map(|leaf| leaf.seq))
}

/// A leaf, if it has its number.
pub(super) async fn numbered_leaf(
    db: &mut AnyConnection,
    ord: i64,
) -> Result<Option<NumberedLeaf>, sqlx::Error> {
    sqlx::query_as("SELECT seq, entry FROM log_leaf WHERE ord = $1 AND seq IS NOT NULL")
        .bind(ord)
        .fetch_optional(db)
        .await
}

/// The checkpoint of the log as it is now; none of an empty log.
pub(super) async fn newest_checkpoint(
    db: &mut AnyConnection,
) -> Result<Option<StoredCheckpoint>, sqlx::Error> {
    let row: Option<(i64, Vec<u8>, String)> =
        sqlx::query_as("SELECT size, root, note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
            .fetch_optional(db)
            .await?;
    let Some((size, root, note)) = row else { return Ok(None) };
    let size = u64::try_from(size).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let root = root.as_slice().try_into().map_err(|_| sqlx::Error::Decode("not a root".into()))?;
    Ok(Some(StoredCheckpoint { size, root, note }))
}

/// Adds a checkpoint. The database refuses a second one of the same size.
pub(super) async fn add_checkpoint(
    tx: &mut AnyConnection,
    checkpoint: &StoredCheckpoint,
    at: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO log_checkpoint (size, root, note, at) VALUES ($1, $2, $3, $4)")
        .bind(column(checkpoint.size)?)
        .bind(&checkpoint.root[..])
        .bind(&checkpoint.note)
        .bind(at)
        .execute(tx)
        .await
        .map(drop)
}

/// Adds a tile. The database refuses a second one of the same id.
pub(super) async fn add_tile(tx: &mut AnyConnection, tile: &Tile) -> Result<(), sqlx::Error> {
    let (level, idx, width) = key(tile.id)?;
    sqlx::query("INSERT INTO log_tile (level, idx, width, bytes) VALUES ($1, $2, $3, $4)")
        .bind(level)
        .bind(idx)
        .bind(width)
        .bind(&tile.bytes)
        .execute(tx)
        .await
        .map(drop)
}

/// A tile's bytes, exactly as wide as asked for: each width that a checkpoint had is a row.
pub(super) async fn tile(
    db: &mut AnyConnection,
    id: TileId,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let (level, idx, width) = key(id)?;
    sqlx::query_scalar("SELECT bytes FROM log_tile WHERE level = $1 AND idx = $2 AND width = $3")
        .bind(level)
        .bind(idx)
        .bind(width)
        .fetch_optional(db)
        .await
}

/// Those of the tiles that there are.
pub(super) async fn tiles(
    db: &mut AnyConnection,
    ids: &[TileId],
) -> Result<Vec<Tile>, sqlx::Error> {
    let mut found = Vec::with_capacity(ids.len());
    for &id in ids {
        found.extend(tile(db, id).await?.map(|bytes| Tile { id, bytes }));
    }
    Ok(found)
}

/// A tile's primary key. Bundles of entries stand at level -1.
fn key(id: TileId) -> Result<(i64, i64, i64), sqlx::Error> {
    let level = match id.level() {
        Level::Entries => -1,
        Level::Hashes(level) => level.into(),
    };
    Ok((level, column(id.index())?, id.width().into()))
}

/// A number as the database keeps it. No log that was counted leaf by leaf reaches 2⁶³.
fn column(number: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(number).map_err(|error| sqlx::Error::Encode(error.into()))
}
