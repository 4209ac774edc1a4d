//! The tree as RFC 6962 §2.1 defines it, slowly, for tests to compare with.

use std::collections::BTreeMap;

use akashi_verifier::log::Hash;
use sha2::{Digest as _, Sha256};

use super::{Level, RightEdge, TileId, Tiles};

/// Tiles by id.
pub(in crate::log) type Store = BTreeMap<TileId, Vec<u8>>;

/// Entries that all differ, of nine bytes or more.
pub(in crate::log) fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("entry {n:03}").into_bytes()).collect()
}

/// MTH(D[n]).
pub(in crate::log) fn naive_root(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => Sha256::digest([]).into(),
        [entry] => Sha256::digest([&[0], &entry[..]].concat()).into(),
        _ => {
            let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
            let children = [naive_root(left), naive_root(right)].concat();
            Sha256::digest([&[1], &children[..]].concat()).into()
        }
    }
}

/// Every tile that a log of this size serves, computed from the definition in C2SP tlog-tiles.
pub(in crate::log) fn naive_tiles(entries: &[Vec<u8>]) -> Store {
    let mut tiles = Store::new();
    let mut span = 1;
    for level in 0..=2 {
        let whole = entries.chunks_exact(span);
        let hashes: Vec<Hash> = whole.map(naive_root).collect();
        for (index, tile) in (0..).zip(hashes.chunks(256)) {
            let width = u16::try_from(tile.len()).expect("at most 256");
            let id = TileId::new(Level::Hashes(level), index, width).expect("a tile");
            tiles.insert(id, tile.concat());
        }
        span *= 256;
    }
    for (index, bundle) in (0..).zip(entries.chunks(256)) {
        let width = u16::try_from(bundle.len()).expect("at most 256");
        let id = TileId::new(Level::Entries, index, width).expect("a bundle");
        let length = |entry: &Vec<u8>| [0, u8::try_from(entry.len()).expect("short")];
        let framed = bundle.iter().flat_map(|entry| [&length(entry)[..], entry].concat());
        tiles.insert(id, framed.collect());
    }
    tiles
}

/// The tiles and the root of a log of these entries, appended one batch after the other.
pub(super) fn log_of(batches: &[&[Vec<u8>]]) -> (Tiles, Hash) {
    let mut edge = RightEdge::default();
    let append = |batch: &&[Vec<u8>]| edge.append(batch).expect("short entries");
    let tiles: Vec<_> = batches.iter().flat_map(append).collect();
    (Tiles::new(tiles).expect("whole tiles"), edge.root())
}

/// The eight entries with which Certificate Transparency's implementations test.
pub(super) fn ct_entries() -> [Vec<u8>; 8] {
    [
        vec![],
        vec![0x00],
        vec![0x10],
        vec![0x20, 0x21],
        vec![0x30, 0x31],
        (0x40..=0x43).collect(),
        (0x50..=0x57).collect(),
        (0x60..=0x6f).collect(),
    ]
}

/// A hash from 64 hexadecimal digits.
pub(super) fn hex(digits: &str) -> Hash {
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hex digits");
    std::array::from_fn(byte)
}
