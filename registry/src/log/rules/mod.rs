//! The log as values: tiles, the growing tree, proofs and checkpoints, after RFC 6962 and the C2SP
//! specifications tlog-tiles, tlog-checkpoint and signed-note. No I/O and no clock. What a reader
//! does with them is in [`akashi_verifier::log`].
//!
//! To **append**: load the tiles of [`RightEdge::tiles`], open the edge with [`RightEdge::open`],
//! [`append`](RightEdge::append) the new entries, [`sign_checkpoint`] the new size and root, and
//! store the new tiles and the checkpoint in one transaction.
//!
//! To **prove**: make a [`ProofPlan`] for the size of a stored checkpoint, load the tiles it names,
//! and put its [`hashes`](ProofPlan::hashes) and that checkpoint in an
//! [`akashi_verifier::log::TlogProof`].

mod checkpoint;
mod edge;
mod proof;
mod subtree;
#[cfg(test)]
pub(super) mod testing;
mod tile;

pub use checkpoint::{log_name, sign_checkpoint};
pub use edge::{EdgeFault, EntryTooLong, MAX_ENTRY_LEN, RightEdge};
pub use proof::{OutOfTree, ProofPlan};
pub use tile::{
    InvalidTileId, InvalidTilePath, Level, MalformedTile, MissingTile, TILE_WIDTH, Tile, TileId,
    Tiles,
};
