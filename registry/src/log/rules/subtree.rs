//! Hashes of parts of the tree, taken from tiles.

use std::ops::Range;

use akashi_verifier::log::{Hash, empty_root, node_hash};

use super::tile::{Level, MissingTile, TILE_WIDTH, TileId, Tiles};

/// A perfect subtree: where in which tile the hashes stand that its root is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subtree {
    /// The tile as it is in the log that the subtree was cut from.
    pub(super) tile: TileId,
    hashes: Range<usize>,
}

impl Subtree {
    /// The `index`-th subtree over 2^`height` entries of a log of `size` entries.
    fn new(height: u32, index: u64, size: u64) -> Option<Self> {
        let level = Level::Hashes(u8::try_from(height / 8).ok()?);
        let first = index << (height % 8);
        let tile = TileId::at(level, first / u64::from(TILE_WIDTH), size)?;
        let start = usize::try_from(first % u64::from(TILE_WIDTH)).ok()?;
        let hashes = start..start + (1 << (height % 8));
        (hashes.end <= tile.width().into()).then_some(Self { tile, hashes })
    }

    /// Its root.
    pub(super) fn root(&self, tiles: &Tiles) -> Result<Hash, MissingTile> {
        Ok(perfect_root(&tiles.hashes(self.tile)?[self.hashes.clone()]))
    }
}

/// The perfect subtrees that a range of the entries divides into, from left to right, each as large
/// as it can be; none when the log of `size` entries ends before the range does.
///
/// The range is one of those that RFC 6962 §2.1 divides a tree into, so that the subtrees shrink
/// from left to right.
pub(super) fn divide(entries: Range<u64>, size: u64) -> Option<Vec<Subtree>> {
    let mut subtrees = Vec::new();
    let mut start = entries.start;
    while start < entries.end {
        let height = start.trailing_zeros().min((entries.end - start).ilog2());
        subtrees.push(Subtree::new(height, start >> height, size)?);
        start += 1 << height;
    }
    Some(subtrees)
}

/// The root over perfect subtrees that shrink from left to right.
pub(super) fn fold(
    subtrees: impl IntoIterator<Item = Hash, IntoIter: DoubleEndedIterator>,
) -> Hash {
    subtrees
        .into_iter()
        .rev()
        .reduce(|right, left| node_hash(&left, &right))
        .unwrap_or_else(empty_root)
}

/// The root over a power of two of hashes.
pub(super) fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.pop().unwrap_or_else(empty_root)
}
