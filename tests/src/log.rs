//! The log as a stranger copies it: a checkpoint, and every entry below it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::{Answer, Client};

/// How many entries a full bundle has (C2SP tlog-tiles).
const BUNDLE_ENTRIES: u64 = 256;

/// What a checkpoint says: how many leaves there are, and the root over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of leaves.
    pub size: u64,
    /// The root of their tree.
    pub root: [u8; 32],
}

impl Checkpoint {
    /// Reads the answer to `GET /log/checkpoint`.
    ///
    /// # Panics
    /// When it is no checkpoint; with the whole answer.
    pub fn of(answer: &Answer) -> Checkpoint {
        Checkpoint::read(&String::from_utf8_lossy(&answer.body))
            .unwrap_or_else(|| panic!("expected a checkpoint, but\n{answer}"))
    }

    fn read(note: &str) -> Option<Checkpoint> {
        let mut lines = note.lines().skip(1);
        let size = lines.next()?.parse().ok()?;
        let root = BASE64_STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        Some(Checkpoint { size, root })
    }
}

/// Every entry of the log up to a checkpoint, fetched over HTTP.
#[derive(Debug)]
pub struct LogCopy {
    /// The checkpoint that the log showed.
    pub checkpoint: Checkpoint,
    /// The entries, by their leaves' numbers.
    pub entries: Vec<Vec<u8>>,
}

impl LogCopy {
    /// Copies the log and checks that its entries, in their order, are what its checkpoint is over.
    ///
    /// # Panics
    /// When an entry is missing or the entries do not give the root.
    pub async fn fetch(client: &Client) -> LogCopy {
        let checkpoint = Checkpoint::of(&client.get("/log/checkpoint").await.expect(200));
        let mut entries = Vec::new();
        for bundle in 0..checkpoint.size.div_ceil(BUNDLE_ENTRIES) {
            let width = (checkpoint.size - bundle * BUNDLE_ENTRIES).min(BUNDLE_ENTRIES);
            let mut path = format!("/log/tile/entries/{}", tile_index(bundle));
            if width < BUNDLE_ENTRIES {
                path.push_str(&format!(".p/{width}"));
            }
            entries.extend(split(&client.get(&path).await.expect(200).body));
        }
        let copy = LogCopy { checkpoint, entries };
        assert_eq!(copy.entries.len() as u64, copy.checkpoint.size, "the log has a gap");
        copy.contains(&copy.checkpoint);
        copy
    }

    /// Checks that a checkpoint seen at any time is over a beginning of these entries.
    ///
    /// # Panics
    /// When it is longer, or over other entries: the log forked.
    pub fn contains(&self, checkpoint: &Checkpoint) {
        let size = usize::try_from(checkpoint.size).expect("a size that fits");
        let beginning = self.entries.get(..size);
        let beginning = beginning.unwrap_or_else(|| panic!("the log lost leaves: it had {size}"));
        assert_eq!(root(beginning), checkpoint.root, "the log forked before leaf {size}");
    }

    /// Which bits of a status list are set after the leaf of that number, by the entries alone.
    ///
    /// # Panics
    /// When an entry speaks of a bit that is neither 0 nor 1.
    pub fn set_bits(&self, list: &str, leaf: u64) -> Vec<u64> {
        let mut set = BTreeSet::new();
        for (number, entry) in (0..).zip(self.json()) {
            if number <= leaf && entry["kind"] == "status" && entry["list"] == list {
                let index = entry["idx"].as_u64().expect("an index");
                match entry["bit"].as_u64() {
                    Some(1) => set.insert(index),
                    Some(0) => set.remove(&index),
                    bit => panic!("{bit:?} is no bit"),
                };
            }
        }
        set.into_iter().collect()
    }

    /// The entries as JSON.
    pub fn json(&self) -> impl Iterator<Item = Value> {
        self.entries.iter().map(|entry| serde_json::from_slice(entry).expect("an entry is JSON"))
    }
}

/// A tile's index in its path: groups of three digits, all but the last after an `x`.
fn tile_index(index: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

/// Entries of a bundle, each after its length in two bytes.
fn split(mut bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry.to_vec());
        bundle = rest;
    }
    entries
}

/// The Merkle tree hash of RFC 6962, section 2.1, as it is defined there.
fn root(entries: &[Vec<u8>]) -> [u8; 32] {
    match entries {
        [] => Sha256::digest([]).into(),
        [entry] => Sha256::new().chain_update([0]).chain_update(entry).finalize().into(),
        _ => {
            let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
            Sha256::new()
                .chain_update([1])
                .chain_update(root(left))
                .chain_update(root(right))
                .finalize()
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: [u8; 32]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_root_is_that_of_rfc_6962() {
        assert!(hex(root(&[])).starts_with("e3b0c44298fc1c14"), "the hash of nothing");
        let empty_leaf = root(&[Vec::new()]);
        assert!(hex(empty_leaf).starts_with("6e340b9cffb37a98"), "the hash of an empty leaf");
        let three: Vec<Vec<u8>> = ["a", "b", "c"].map(|entry| entry.as_bytes().to_vec()).into();
        let expected = akashi_verifier::log::node_hash(
            &akashi_verifier::log::node_hash(
                &akashi_verifier::log::leaf_hash(b"a"),
                &akashi_verifier::log::leaf_hash(b"b"),
            ),
            &akashi_verifier::log::leaf_hash(b"c"),
        );
        assert_eq!(root(&three), expected);
    }

    #[test]
    fn a_bundle_is_split_and_a_tile_has_its_path() {
        assert_eq!(split(&[0, 1, 7, 0, 0, 0, 2, 8, 9]), [vec![7], vec![], vec![8, 9]]);
        for (index, path) in
            [(0, "000"), (67, "067"), (1234, "x001/234"), (1_234_067, "x001/x234/067")]
        {
            assert_eq!(tile_index(index), path);
        }
    }

    #[test]
    fn a_bit_is_as_the_last_entry_up_to_a_leaf_left_it() {
        let entries = [("list-a", 5, 1), ("list-b", 6, 1), ("list-a", 5, 0), ("list-a", 7, 1)].map(
            |(list, idx, bit)| {
                let entry =
                    serde_json::json!({"kind": "status", "list": list, "idx": idx, "bit": bit});
                entry.to_string().into_bytes()
            },
        );
        let checkpoint = Checkpoint { size: 4, root: root(&entries) };
        let copy = LogCopy { checkpoint, entries: entries.into() };
        for (leaf, set) in [(0, &[5][..]), (1, &[5]), (2, &[]), (3, &[7])] {
            assert_eq!(copy.set_bits("list-a", leaf), set, "after leaf {leaf}");
        }
    }

    #[test]
    fn a_log_that_lost_or_changed_a_leaf_is_found_out() {
        let entries: Vec<Vec<u8>> = ["a", "b"].map(|entry| entry.as_bytes().to_vec()).into();
        let checkpoint = Checkpoint { size: 2, root: root(&entries) };
        let copy = |entries: &[Vec<u8>]| LogCopy {
            checkpoint: checkpoint.clone(),
            entries: entries.to_vec(),
        };
        copy(&entries).contains(&checkpoint);
        for other in [&entries[..1], &[entries[1].clone(), entries[0].clone()]] {
            let copy = copy(other);
            let found = std::panic::catch_unwind(|| copy.contains(&checkpoint));
            assert!(found.is_err());
        }
    }
}
