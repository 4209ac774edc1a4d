//! The tree as RFC 6962 §2.1 defines it, slowly, for tests to compare with.

use akashi_verifier::log::Hash;
use sha2::{Digest as _, Sha256};

use super::{RightEdge, Tiles};

/// Entries that all differ, of nine bytes or more.
pub(super) fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("entry {n:03}").into_bytes()).collect()
}

/// MTH(D[n]).
pub(super) fn naive_root(entries: &[Vec<u8>]) -> Hash {
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
