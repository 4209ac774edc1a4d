//! Growing a log: the right edge of its tree is all that an append needs to know.

use akashi_verifier::log::{Hash, leaf_hash};

use super::subtree::{fold, perfect_root};
use super::tile::{Level, MissingTile, TILE_WIDTH, Tile, TileId, Tiles, count};

/// The most bytes an entry can have, as its length is written in two.
pub const MAX_ENTRY_LEN: usize = u16::MAX as usize;

/// The partial tiles of a log, one a level: where it grows.
///
/// ```text
/// level 1   [full tile] [##······]
/// level 0   [full tiles …………………] [#####···]
/// entries   [full bundles ………………] [#####···]
///                                 └ the edge
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RightEdge {
    size: u64,
    /// The entries of the partial bundle, at most 255.
    entries: Vec<Vec<u8>>,
    /// The hashes of each level's partial tile, at most 255 a level.
    levels: Vec<Vec<Hash>>,
}

/// Stored tiles that are not the edge of the log they should be the edge of: nothing may be
/// appended or signed before the cause is found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdgeFault {
    /// A tile is missing.
    #[error(transparent)]
    Missing(#[from] MissingTile),
    /// The tiles give another root than the checkpoint's.
    #[error("the stored tiles do not give the root of the checkpoint at size {size}")]
    OtherRoot {
        /// The checkpoint's size.
        size: u64,
    },
    /// An entry does not hash to the leaf at its place.
    #[error("the stored entry {index} does not hash to its leaf")]
    OtherEntry {
        /// The entry's place in the log.
        index: u64,
    },
}

/// An entry of more than [`MAX_ENTRY_LEN`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the entry at place {position} of those to append has {len} bytes; a log takes 65535")]
pub struct EntryTooLong {
    /// Its place among the entries to append, from 0.
    pub position: usize,
    /// Its length in bytes.
    pub len: usize,
}

impl RightEdge {
    /// The tiles to load in order to [`open`](Self::open) the edge of a log of `size` entries.
    #[must_use]
    pub fn tiles(size: u64) -> Vec<TileId> {
        Level::all()
            .filter_map(|level| TileId::last(level, size))
            .filter(|tile| !tile.is_full())
            .collect()
    }

    /// Opens the edge of the log whose last checkpoint states `size` and `root`. (The edge of an
    /// empty log is [`RightEdge::default`].)
    ///
    /// # Errors
    /// [`EdgeFault`] when the tiles are not those of that log.
    pub fn open(size: u64, root: &Hash, tiles: &Tiles) -> Result<Self, EdgeFault> {
        let mut edge = Self { size, ..Self::default() };
        for id in Self::tiles(size) {
            match id.level() {
                Level::Entries => edge.entries = tiles.entries(id)?.to_vec(),
                Level::Hashes(level) => {
                    edge.levels.resize_with(usize::from(level) + 1, Vec::new);
                    edge.levels[usize::from(level)] = tiles.hashes(id)?.to_vec();
                }
            }
        }
        if edge.root() != *root {
            return Err(EdgeFault::OtherRoot { size });
        }
        let leaves = edge.levels.first().into_iter().flatten();
        let entries = edge.entries.iter();
        match entries.zip(leaves).position(|(entry, leaf)| leaf_hash(entry) != *leaf) {
            None => Ok(edge),
            Some(at) => {
                Err(EdgeFault::OtherEntry { index: size - edge.entries[at..].len() as u64 })
            }
        }
    }

    /// How many entries the log has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the log's tree (RFC 6962 §2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = Vec::new();
        for row in self.levels.iter().rev() {
            let mut rest = row.as_slice();
            while !rest.is_empty() {
                let (subtree, after) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(perfect_root(subtree));
                rest = after;
            }
        }
        fold(peaks)
    }

    /// Appends entries and gives the tiles that this made: each that became full, then the partial
    /// ones of the new size that differ from those of the old.
    ///
    /// # Errors
    /// [`EntryTooLong`]; then nothing was appended.
    pub fn append(&mut self, entries: &[impl AsRef<[u8]>]) -> Result<Vec<Tile>, EntryTooLong> {
        for (position, entry) in entries.iter().enumerate() {
            let len = entry.as_ref().len();
            if len > MAX_ENTRY_LEN {
                return Err(EntryTooLong { position, len });
            }
        }
        let before = self.size;
        let mut tiles = Vec::new();
        for entry in entries {
            self.push(entry.as_ref(), &mut tiles);
        }
        let grown = |level: &Level| count(*level, before) != count(*level, self.size);
        let partial = |tile: &Tile| !tile.id.is_full();
        tiles.extend(Level::all().filter(grown).filter_map(|l| self.last_tile(l)).filter(partial));
        Ok(tiles)
    }

    fn push(&mut self, entry: &[u8], full: &mut Vec<Tile>) {
        self.size += 1;
        self.entries.push(entry.to_vec());
        if self.entries.len() == usize::from(TILE_WIDTH) {
            full.extend(self.last_tile(Level::Entries));
            self.entries.clear();
        }
        let mut hash = leaf_hash(entry);
        for level in 0u8.. {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::new());
            }
            self.levels[at].push(hash);
            if self.levels[at].len() < usize::from(TILE_WIDTH) {
                break;
            }
            full.extend(self.last_tile(Level::Hashes(level)));
            hash = perfect_root(&self.levels[at]);
            self.levels[at].clear();
        }
    }

    /// The last tile of a level that has one at the edge.
    fn last_tile(&self, level: Level) -> Option<Tile> {
        let id = TileId::last(level, self.size)?;
        let bytes = match level {
            Level::Entries => bundle(&self.entries),
            Level::Hashes(level) => self.levels.get(usize::from(level))?.as_flattened().to_vec(),
        };
        Some(Tile { id, bytes })
    }
}

/// Each entry after its length.
fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let len = u16::try_from(entry.len()).expect("append refuses longer entries");
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::rules::testing::{Store, ct_entries, entries, hex, naive_root, naive_tiles};

    fn store(store: &mut Store, tiles: Vec<Tile>) {
        for tile in tiles {
            assert_eq!(store.insert(tile.id, tile.bytes), None, "{} was made twice", tile.id);
        }
    }

    fn open(size: u64, root: &Hash, store: &Store) -> Result<RightEdge, EdgeFault> {
        let stored = |id| store.get(&id).map(|bytes| Tile { id, bytes: bytes.clone() });
        let tiles = RightEdge::tiles(size).into_iter().filter_map(stored);
        RightEdge::open(size, root, &Tiles::new(tiles).expect("whole tiles"))
    }

    #[test]
    fn an_empty_log_has_the_root_of_nothing_and_no_tiles() {
        let edge = RightEdge::default();
        assert_eq!(edge.root(), naive_root(&[]));
        assert_eq!(RightEdge::tiles(0), []);
        assert_eq!(RightEdge::open(0, &edge.root(), &Tiles::default()), Ok(edge));
    }

    /// The tree that Certificate Transparency's implementations test with.
    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        let mut edge = RightEdge::default();
        for (entry, root) in ct_entries().iter().zip([
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]) {
            edge.append(&[entry]).expect("a short entry");
            assert_eq!(edge.root(), hex(root), "at size {}", edge.size());
        }
    }

    #[test]
    fn appending_nothing_makes_no_tiles() {
        let mut edge = RightEdge::default();
        edge.append(&entries(3)).expect("short entries");
        let before = edge.clone();
        assert_eq!(edge.append(&[[0u8; 0]; 0]), Ok(vec![]));
        assert_eq!(edge, before);
    }

    #[test]
    fn a_tile_becomes_full_once_and_its_hash_goes_up() {
        let mut edge = RightEdge::default();
        edge.append(&entries(255)).expect("short entries");
        let tiles = edge.append(&[b"the last of 256"]).expect("a short entry");
        let paths: Vec<_> = tiles.iter().map(|tile| tile.id.to_string()).collect();
        assert_eq!(paths, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(tiles[2].bytes, edge.root());
        let tiles = edge.append(&[b"the next"]).expect("a short entry");
        let paths: Vec<_> = tiles.iter().map(|tile| tile.id.to_string()).collect();
        assert_eq!(paths, ["tile/entries/001.p/1", "tile/0/001.p/1"]);
    }

    #[test]
    fn an_entry_too_long_leaves_the_log_as_it_was() {
        let mut edge = RightEdge::default();
        edge.append(&entries(3)).expect("short entries");
        let before = edge.clone();
        let long = vec![0; MAX_ENTRY_LEN + 1];
        let refused = edge.append(&[b"short".as_slice(), &long]);
        assert_eq!(refused, Err(EntryTooLong { position: 1, len: 65_536 }));
        assert_eq!(edge, before);
        let tiles = edge.append(&[&long[1..]]).expect("the longest entry");
        assert!(Tiles::new(tiles).is_ok());
    }

    #[test]
    fn an_edge_is_opened_only_on_what_the_checkpoint_says() {
        let mut edge = RightEdge::default();
        let mut tiles = Store::new();
        store(&mut tiles, edge.append(&entries(600)).expect("short entries"));
        assert_eq!(open(600, &edge.root(), &tiles), Ok(edge.clone()));

        assert_eq!(open(600, &[0; 32], &tiles), Err(EdgeFault::OtherRoot { size: 600 }));
        for id in RightEdge::tiles(600) {
            let mut less = tiles.clone();
            less.remove(&id);
            assert_eq!(open(600, &edge.root(), &less), Err(EdgeFault::Missing(MissingTile(id))));
        }
        let mut altered = tiles.clone();
        let last_leaves = TileId::last(Level::Hashes(0), 600).expect("a tile");
        altered.get_mut(&last_leaves).expect("its bytes")[5] ^= 1;
        assert_eq!(open(600, &edge.root(), &altered), Err(EdgeFault::OtherRoot { size: 600 }));
        let mut altered = tiles.clone();
        let last_entries = TileId::last(Level::Entries, 600).expect("a bundle");
        // The second entry of the bundle that begins at 512: 2 bytes of length and 9 of entry first.
        altered.get_mut(&last_entries).expect("its bytes")[11 + 2] ^= 1;
        assert_eq!(open(600, &edge.root(), &altered), Err(EdgeFault::OtherEntry { index: 513 }));
    }

    #[test]
    fn a_tree_of_three_levels_is_as_defined() {
        let all = entries(65_536 + 256 + 3);
        let mut edge = RightEdge::default();
        let mut tiles = Store::new();
        store(&mut tiles, edge.append(&all).expect("short entries"));
        assert_eq!(edge.root(), naive_root(&all));
        assert!(tiles == naive_tiles(&all));
        assert_eq!(open(edge.size(), &edge.root(), &tiles), Ok(edge));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_growth_in_any_batches_gives_the_tree_of_the_definition(
            batches in prop::collection::vec(prop_oneof![0..5usize, 0..700usize], 0..6),
        ) {
            let all = entries(batches.iter().sum());
            let mut tiles = Store::new();
            let (mut size, mut root) = (0, naive_root(&[]));
            for batch in batches {
                let mut edge = open(size, &root, &tiles).expect("the edge just stored");
                let from = usize::try_from(size).expect("a short log");
                store(&mut tiles, edge.append(&all[from..from + batch]).expect("short entries"));
                (size, root) = (edge.size(), edge.root());
                let so_far = &all[..from + batch];
                prop_assert_eq!(root, naive_root(so_far));
                for (id, bytes) in naive_tiles(so_far) {
                    prop_assert!(tiles.get(&id) == Some(&bytes), "{} differs or is missing", id);
                }
            }
        }
    }
}
