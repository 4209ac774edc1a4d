//! Tiles: the pieces in which a log is stored and served (C2SP tlog-tiles).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use akashi_verifier::log::Hash;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The entries themselves, as a bundle: each after its length in two bytes, big-endian.
    Entries,
    /// Hashes of the tree: level 0 of single entries, each further level of full tiles of the
    /// level below. A log of 2⁶⁴ entries has eight levels.
    Hashes(u8),
}

impl Level {
    /// Every level that a log can have, the entries first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        [Self::Entries].into_iter().chain((0..=TOP_LEVEL).map(Self::Hashes))
    }
}

/// The highest level at which a log of 64-bit size has hashes.
const TOP_LEVEL: u8 = 7;

/// Which tile: its level, its place in the level and how many hashes or entries it holds.
///
/// `Display` and `FromStr` are its path below the log's prefix: `tile/0/x001/234` for a full one,
/// `tile/0/x001/234.p/5` for a partial one, `tile/entries/…` for a bundle of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: Level,
    index: u64,
    width: u16,
}

/// A level, index or width that no tile has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tile has a level of 0 to 7, a width of 1 to 256, and an end within 2⁶⁴ entries")]
pub struct InvalidTileId;

/// A text that is not the path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a tile's path")]
pub struct InvalidTilePath;

impl TileId {
    /// The tile of that level, index and width.
    ///
    /// # Errors
    /// [`InvalidTileId`] when no log has such a tile.
    pub fn new(level: Level, index: u64, width: u16) -> Result<Self, InvalidTileId> {
        let id = Self { level, index, width };
        let holds_something = (1..=TILE_WIDTH).contains(&width);
        // A level above the top one has nothing in any log.
        let fits = index
            .checked_mul(u64::from(TILE_WIDTH))
            .and_then(|start| start.checked_add(u64::from(width)))
            .is_some_and(|end| end <= count(level, u64::MAX));
        if holds_something && fits { Ok(id) } else { Err(InvalidTileId) }
    }

    /// The tile at a level and index as it is in a log of `size` entries; none where that log has
    /// nothing.
    #[must_use]
    pub fn at(level: Level, index: u64, size: u64) -> Option<Self> {
        let start = index.checked_mul(u64::from(TILE_WIDTH))?;
        let present = count(level, size).checked_sub(start)?;
        let width = u16::try_from(present).map_or(TILE_WIDTH, |width| width.min(TILE_WIDTH));
        Self::new(level, index, width).ok()
    }

    /// The last tile of a level, full or partial, in a log of `size` entries; none where that level
    /// is empty.
    #[must_use]
    pub fn last(level: Level, size: u64) -> Option<Self> {
        let before_last = count(level, size).checked_sub(1)?;
        Self::at(level, before_last / u64::from(TILE_WIDTH), size)
    }

    /// The level.
    #[must_use]
    pub fn level(self) -> Level {
        self.level
    }

    /// The place in the level, from 0.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many hashes or entries the tile holds, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether the tile is full, so that it never changes.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }
}

/// How many hashes or entries a level of a log of `size` entries has.
pub(super) fn count(level: Level, size: u64) -> u64 {
    match level {
        Level::Entries => size,
        Level::Hashes(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Level::Entries => write!(f, "tile/entries/")?,
            Level::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        write_index(f, self.index)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Groups of three digits, all but the last after an `x`.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    write_groups_above(f, index / 1000)?;
    write!(f, "{:03}", index % 1000)
}

fn write_groups_above(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    if index == 0 {
        return Ok(());
    }
    write_groups_above(f, index / 1000)?;
    write!(f, "x{:03}/", index % 1000)
}

impl FromStr for TileId {
    type Err = InvalidTilePath;

    fn from_str(path: &str) -> Result<Self, InvalidTilePath> {
        // A tile has one path: what reads as an id but is not written so is refused.
        parse(path).filter(|id| id.to_string() == path).ok_or(InvalidTilePath)
    }
}

fn parse(path: &str) -> Option<TileId> {
    let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let level = match level {
        "entries" => Level::Entries,
        number => Level::Hashes(number.parse().ok()?),
    };
    let (groups, width) = match place.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok()?),
        None => (place, TILE_WIDTH),
    };
    let index = groups.split('/').try_fold(0u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        index.checked_mul(1000)?.checked_add(digits.parse().ok()?)
    })?;
    TileId::new(level, index, width).ok()
}

/// A tile with its bytes, as stored and served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which tile.
    pub id: TileId,
    /// 32 bytes a hash, or a bundle of entries.
    pub bytes: Vec<u8>,
}

/// A log lacks a tile that its size requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log has no {0}")]
pub struct MissingTile(pub TileId);

/// A stored tile whose bytes are not what its id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored {0} does not hold what its name says")]
pub struct MalformedTile(pub TileId);

/// Tiles that were loaded for one purpose.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    hashes: BTreeMap<(u8, u64), Vec<Hash>>,
    entries: BTreeMap<u64, Vec<Vec<u8>>>,
}

impl Tiles {
    /// The tiles, read from their bytes. Of two at the same place the wider stays.
    ///
    /// # Errors
    /// [`MalformedTile`] for bytes that are not exactly as many hashes or entries as the id says.
    pub fn new(tiles: impl IntoIterator<Item = Tile>) -> Result<Self, MalformedTile> {
        let mut read = Self::default();
        for Tile { id, bytes } in tiles {
            match id.level {
                Level::Hashes(level) => {
                    let hashes = read_hashes(&bytes, id.width).ok_or(MalformedTile(id))?;
                    keep_longer(read.hashes.entry((level, id.index)).or_default(), hashes);
                }
                Level::Entries => {
                    let entries = read_bundle(&bytes, id.width).ok_or(MalformedTile(id))?;
                    keep_longer(read.entries.entry(id.index).or_default(), entries);
                }
            }
        }
        Ok(read)
    }

    /// The hashes of a tile; a wider tile at its place serves too, as its beginning is the same.
    pub(super) fn hashes(&self, id: TileId) -> Result<&[Hash], MissingTile> {
        let Level::Hashes(level) = id.level else {
            return Err(MissingTile(id));
        };
        let hashes = self.hashes.get(&(level, id.index));
        hashes.and_then(|hashes| hashes.get(..id.width.into())).ok_or(MissingTile(id))
    }

    /// The entries of a bundle, likewise.
    pub(super) fn entries(&self, id: TileId) -> Result<&[Vec<u8>], MissingTile> {
        let entries = self.entries.get(&id.index);
        entries.and_then(|entries| entries.get(..id.width.into())).ok_or(MissingTile(id))
    }
}

fn keep_longer<T>(kept: &mut Vec<T>, other: Vec<T>) {
    if other.len() > kept.len() {
        *kept = other;
    }
}

fn read_hashes(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks();
    (rest.is_empty() && hashes.len() == usize::from(width)).then(|| hashes.to_vec())
}

fn read_bundle(mut bytes: &[u8], width: u16) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    (bytes.is_empty() && entries.len() == usize::from(width)).then_some(entries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(level: Level, index: u64, width: u16) -> TileId {
        TileId::new(level, index, width).expect("a tile")
    }

    /// The examples of C2SP tlog-tiles, "Merkle Tree" and "Log entries".
    #[test]
    fn paths_are_those_of_tlog_tiles() {
        for (id, path) in [
            (id(Level::Hashes(0), 0, 256), "tile/0/000"),
            (id(Level::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067"),
            (id(Level::Hashes(1), 1_234, 5), "tile/1/x001/234.p/5"),
            (id(Level::Hashes(2), 1_000, 1), "tile/2/x001/000.p/1"),
            (id(Level::Entries, 999, 255), "tile/entries/999.p/255"),
            (id(Level::Entries, 1_000_000, 256), "tile/entries/x001/x000/000"),
        ] {
            assert_eq!(id.to_string(), path);
            assert_eq!(path.parse(), Ok(id));
        }
    }

    #[test]
    fn other_paths_are_refused() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/1000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/0/x001/2",
            "tile/0/-01",
            "tile/0/+01",
            "tile/00/001",
            "tile/8/000",
            "tile/256/000",
            "tile/data/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/05",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000/",
            "/tile/0/000",
            "tile/0/000.p/1.p/1",
            "tile/7/001",
            "tile/0/x018/x446/x744/x073/x709/x551/615",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(path.parse::<TileId>(), Err(InvalidTilePath), "{path:?}");
        }
    }

    /// The example of C2SP tlog-tiles, "Partial Tiles".
    #[test]
    fn a_log_of_70000_entries_has_the_tiles_of_the_specification() {
        let width =
            |level, index| TileId::at(Level::Hashes(level), index, 70_000).map(TileId::width);
        assert_eq!((width(0, 272), width(0, 273), width(0, 274)), (Some(256), Some(112), None));
        assert_eq!((width(1, 0), width(1, 1), width(1, 2)), (Some(256), Some(17), None));
        assert_eq!((width(2, 0), width(2, 1), width(3, 0)), (Some(1), None, None));
        let bundle = TileId::at(Level::Entries, 273, 70_000);
        assert_eq!(bundle, Some(id(Level::Entries, 273, 112)));
    }

    #[test]
    fn a_tile_of_a_full_level_0_tile_only_has_one_hash_above() {
        assert_eq!(TileId::at(Level::Hashes(0), 1, 256), None);
        assert_eq!(TileId::at(Level::Hashes(1), 0, 256), Some(id(Level::Hashes(1), 0, 1)));
        assert_eq!(TileId::at(Level::Hashes(1), 0, 255), None);
    }

    #[test]
    fn stored_bytes_must_be_what_the_id_says() {
        let hashes = id(Level::Hashes(0), 0, 2);
        let bundle = id(Level::Entries, 0, 2);
        for (id, bytes) in [
            (hashes, vec![0; 63]),
            (hashes, vec![0; 65]),
            (hashes, vec![0; 96]),
            (hashes, vec![]),
            (bundle, vec![0, 1, 7]),
            (bundle, vec![0, 1, 7, 0, 2, 8]),
            (bundle, vec![0, 1, 7, 0, 1, 8, 0]),
            (bundle, vec![0, 1, 7, 0, 1, 8, 0, 0]),
        ] {
            let read = Tiles::new([Tile { id, bytes: bytes.clone() }]);
            assert_eq!(read.map(|_| ()), Err(MalformedTile(id)), "{bytes:?}");
        }
        let tiles =
            Tiles::new([Tile { id: bundle, bytes: vec![0, 1, 7, 0, 0] }]).expect("a bundle");
        assert_eq!(tiles.entries(bundle), Ok(&[vec![7], vec![]][..]));
    }

    #[test]
    fn a_wider_tile_serves_for_a_narrower_one() {
        let (narrow, wide) = (id(Level::Hashes(0), 3, 1), id(Level::Hashes(0), 3, 2));
        let tile = |id: TileId| Tile { id, bytes: vec![u8::MAX; 32 * usize::from(id.width())] };
        for order in [[narrow, wide], [wide, narrow]] {
            let tiles = Tiles::new(order.map(tile)).expect("two tiles");
            assert_eq!(tiles.hashes(narrow).map(<[_]>::len), Ok(1));
            assert_eq!(tiles.hashes(wide).map(<[_]>::len), Ok(2));
        }
        let tiles = Tiles::new([tile(narrow)]).expect("a tile");
        assert_eq!(tiles.hashes(wide), Err(MissingTile(wide)));
    }

    fn any_tile() -> impl Strategy<Value = TileId> {
        let level = prop_oneof![Just(Level::Entries), (0..=7u8).prop_map(Level::Hashes)];
        (level, any::<u64>(), 0..64u32, 1..=256u16)
            .prop_filter_map("beyond the end of any log", |(level, index, shift, width)| {
                TileId::new(level, index >> shift, width).ok()
            })
    }

    proptest! {
        #[test]
        fn every_tile_has_one_path(id in any_tile()) {
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        /// The other implementation writes `tile/8/<level>/…` and `data`; the rest is the same.
        #[test]
        fn paths_agree_with_the_crate_tlog_tiles(id in any_tile()) {
            let (level, is_data) = match id.level() {
                Level::Entries => (0, true),
                Level::Hashes(level) => (level, false),
            };
            let theirs = tlog_tiles::Tile::new(8, level, id.index(), id.width().into(), is_data);
            let expected = theirs.path().replacen("tile/8/", "tile/", 1).replacen("data", "entries", 1);
            prop_assert_eq!(id.to_string(), expected);
        }

        #[test]
        fn no_text_makes_the_parser_panic(path in "tile/(entries|[0-9]{1,3})/[x0-9/.p]{0,40}") {
            if let Ok(id) = path.parse::<TileId>() {
                prop_assert_eq!(id.to_string(), path);
            }
        }
    }
}
