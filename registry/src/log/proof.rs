//! Proofs that a leaf stands in the log.

use akashi_verifier::log::TlogProof;
use sqlx::AnyConnection;

use super::rules::{ProofPlan, Tiles};
use super::store;
use crate::platform::problem::Problem;

/// The proof that a leaf stands in the log under its newest checkpoint, with the leaf's entry in
/// `extra` (C2SP tlog-proof); none while the leaf waits for its number, or is not there.
///
/// # Errors
/// When the database refuses, or lacks a tile.
pub async fn proof(db: &mut AnyConnection, ord: i64) -> Result<Option<String>, Problem> {
    // In this order the checkpoint is never older than the leaf; its tiles stay for ever.
    let Some(leaf) = store::numbered_leaf(db, ord).await? else { return Ok(None) };
    let Some(checkpoint) = store::newest_checkpoint(db).await? else { return Ok(None) };
    let plan = ProofPlan::inclusion(leaf.seq, checkpoint.size).map_err(Problem::internal)?;
    let tiles = store::tiles(db, &plan.tiles()).await?;
    let tiles = Tiles::new(tiles).map_err(Problem::internal)?;
    let proof = TlogProof {
        extra: Some(leaf.entry),
        index: leaf.seq,
        hashes: plan.hashes(&tiles).map_err(Problem::internal)?,
        checkpoint: checkpoint.note,
    };
    Ok(Some(proof.to_string()))
}
