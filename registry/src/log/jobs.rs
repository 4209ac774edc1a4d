//! Sequencing: leaves that wait become the log's next leaves, under a new checkpoint.

use akashi_keys::Signer as _;
use akashi_verifier::log::leaf_hash;
use sqlx::AnyConnection;

use super::key;
use super::rules::{RightEdge, Tiles, sign_checkpoint};
use super::store::{self, StoredCheckpoint, WaitingLeaf};
use crate::platform::app::App;
use crate::platform::db::engine::Lock;
use crate::platform::problem::Problem;

/// The most leaves that one checkpoint takes in, which bounds the transaction's memory.
const BATCH: i64 = 1024;

/// A stored leaf whose entry is not the one that was appended.
#[derive(Debug, thiserror::Error)]
#[error("the entry of the leaf that arrived as {ord} does not hash to what was appended")]
struct AlteredLeaf {
    ord: i64,
}

/// Gives numbers to leaves that wait, in their order of arrival, and signs the checkpoint over them;
/// gives the log's new size, or none when no leaf waits.
///
/// Numbers, tiles and checkpoint are rows of one transaction under [`Lock::Log`]: whatever stops
/// it, the log is as before or whole. A registry with more leaves waiting than one checkpoint takes
/// in is woken again.
///
/// # Errors
/// When the database refuses, the stored tiles are not those of the newest checkpoint, or the log
/// has no key in force. Nothing is changed then.
pub async fn sequence(app: &App) -> Result<Option<u64>, Problem> {
    if !store::waiting(&mut *app.db.reader().acquire().await?).await? {
        return Ok(None);
    }
    let mut tx = app.db.write().await?;
    app.db.engine().lock(&mut tx, Lock::Log).await?;
    let size = grow(&mut tx, app).await?;
    let more = store::waiting(&mut tx).await?;
    tx.commit().await?;
    if more {
        app.wake.notify_one();
    }
    Ok(size)
}

/// The rows of a new checkpoint, not yet committed. The caller holds the log's lock.
pub(super) async fn grow(tx: &mut AnyConnection, app: &App) -> Result<Option<u64>, Problem> {
    let leaves = store::waiting_leaves(tx, BATCH).await?;
    if leaves.is_empty() {
        return Ok(None);
    }
    let entries = unaltered_entries(&leaves).map_err(Problem::internal)?;
    let mut edge = open_edge(tx).await?;
    for (seq, leaf) in (edge.size()..).zip(&leaves) {
        store::number(tx, leaf.ord, seq).await?;
    }
    for tile in edge.append(&entries).map_err(Problem::internal)? {
        store::add_tile(tx, &tile).await?;
    }
    let (size, root) = (edge.size(), edge.root());
    let (name, signer) = key::signer(tx, app).await?;
    let note = sign_checkpoint(size, root, &name, |body| signer.sign(body));
    let checkpoint = StoredCheckpoint { size, root, note };
    store::add_checkpoint(tx, &checkpoint, app.clock.now_ms()).await?;
    Ok(Some(size))
}

fn unaltered_entries(leaves: &[WaitingLeaf]) -> Result<Vec<&[u8]>, AlteredLeaf> {
    match leaves.iter().find(|leaf| leaf.leaf_hash != leaf_hash(&leaf.entry)) {
        Some(leaf) => Err(AlteredLeaf { ord: leaf.ord }),
        None => Ok(leaves.iter().map(|leaf| &leaf.entry[..]).collect()),
    }
}

/// Where the log grows: the edge of the tree under the newest checkpoint.
async fn open_edge(db: &mut AnyConnection) -> Result<RightEdge, Problem> {
    let Some(checkpoint) = store::newest_checkpoint(db).await? else {
        return Ok(RightEdge::default());
    };
    let tiles = store::tiles(db, &RightEdge::tiles(checkpoint.size)).await?;
    let tiles = Tiles::new(tiles).map_err(Problem::internal)?;
    RightEdge::open(checkpoint.size, &checkpoint.root, &tiles).map_err(Problem::internal)
}
