//! Proofs that an entry is in the log, and that one log continues another (RFC 6962 §2.1.1, §2.1.2).

use std::ops::Range;

use akashi_verifier::log::Hash;

use super::subtree::{Subtree, divide, fold};
use super::tile::{MissingTile, TileId, Tiles};

/// A proof that waits for the tiles it is computed from: which they are, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofPlan {
    /// For each hash of the proof, the perfect subtrees it is the root of.
    parts: Vec<Vec<Subtree>>,
}

/// An entry or an earlier size that a log does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a log of {size} entries has no proof for {asked}")]
pub struct OutOfTree {
    /// The entry's index, or the earlier size.
    pub asked: u64,
    /// The log's size.
    pub size: u64,
}

impl ProofPlan {
    /// The proof that the entry at `index` (from 0) is in the log of `size` entries: the audit path
    /// of RFC 6962 §2.1.1, from the leaf's sibling to the root's child.
    ///
    /// # Errors
    /// [`OutOfTree`] when the log ends before `index`.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, OutOfTree> {
        let fault = OutOfTree { asked: index, size };
        if index >= size {
            return Err(fault);
        }
        let mut path = Vec::new();
        let mut around = 0..size;
        while around.end - around.start > 1 {
            let [left, right] = split(&around);
            let (with, beside) = if left.contains(&index) { (left, right) } else { (right, left) };
            path.push(beside);
            around = with;
        }
        path.reverse();
        Self::of(path, size).ok_or(fault)
    }

    /// The proof that the log of `size` entries begins with the log of `earlier` entries (RFC 6962
    /// §2.1.2); of no hashes when `earlier` is 0 or `size`.
    ///
    /// # Errors
    /// [`OutOfTree`] when `earlier` is greater than `size`.
    pub fn consistency(earlier: u64, size: u64) -> Result<Self, OutOfTree> {
        let fault = OutOfTree { asked: earlier, size };
        if earlier > size {
            return Err(fault);
        }
        let mut path = Vec::new();
        let mut around = 0..size;
        while around.end > earlier && earlier > 0 {
            let [left, right] = split(&around);
            let (with, beside) = if earlier <= left.end { (left, right) } else { (right, left) };
            path.push(beside);
            around = with;
        }
        // The verifier knows the earlier root, so the subtree that is the whole earlier log is left
        // out.
        if around.start > 0 {
            path.push(around);
        }
        path.reverse();
        Self::of(path, size).ok_or(fault)
    }

    fn of(ranges: Vec<Range<u64>>, size: u64) -> Option<Self> {
        let parts: Option<_> = ranges.into_iter().map(|range| divide(range, size)).collect();
        Some(Self { parts: parts? })
    }

    /// The tiles to load, each once.
    #[must_use]
    pub fn tiles(&self) -> Vec<TileId> {
        let mut tiles: Vec<_> = self.parts.iter().flatten().map(|part| part.tile).collect();
        tiles.sort_unstable();
        tiles.dedup();
        tiles
    }

    /// The proof's hashes, in RFC 6962's order.
    ///
    /// # Errors
    /// [`MissingTile`] when one of [`tiles`](Self::tiles) is not among those given.
    pub fn hashes(&self, tiles: &Tiles) -> Result<Vec<Hash>, MissingTile> {
        let root = |parts: &Vec<Subtree>| {
            let roots: Result<Vec<_>, _> = parts.iter().map(|part| part.root(tiles)).collect();
            Ok(fold(roots?))
        };
        self.parts.iter().map(root).collect()
    }
}

/// A tree of two entries or more divides after the largest power of two below its size.
fn split(tree: &Range<u64>) -> [Range<u64>; 2] {
    let middle = tree.start + (1 << (tree.end - tree.start - 1).ilog2());
    [tree.start..middle, middle..tree.end]
}

#[cfg(test)]
mod tests {
    use akashi_verifier::log::{
        TlogProof, TreeFault, VerifierKey, leaf_hash, prove, verify_consistency, verify_inclusion,
    };
    use akashi_verifier::multikey::PublicKey;
    use ed25519_dalek::{Signer as _, SigningKey};
    use proptest::prelude::*;

    use super::*;
    use crate::log::rules::sign_checkpoint;
    use crate::log::rules::testing::{ct_entries, entries, hex, log_of, naive_root};

    fn inclusion(index: u64, size: u64, tiles: &Tiles) -> Vec<Hash> {
        let plan = ProofPlan::inclusion(index, size).expect("an entry of the log");
        plan.hashes(tiles).expect("every tile")
    }

    fn consistency(earlier: u64, size: u64, tiles: &Tiles) -> Vec<Hash> {
        let plan = ProofPlan::consistency(earlier, size).expect("an earlier size");
        plan.hashes(tiles).expect("every tile")
    }

    /// The tree that Certificate Transparency's implementations test with, at each of its sizes.
    #[test]
    fn proofs_are_those_of_certificate_transparency() {
        let entry_0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        let entry_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
        let entry_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
        let first_2 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
        let from_2_to_4 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
        let first_4 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
        let from_4_to_6 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
        let from_6_to_8 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
        let last_4 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
        let tiles = |size: u64| {
            let size = usize::try_from(size).expect("a small tree");
            log_of(&[&ct_entries()[..size]]).0
        };
        for (index, size, path) in [
            (0, 1, &[][..]),
            (0, 8, &[entry_1, from_2_to_4, last_4]),
            (5, 8, &[entry_4, from_6_to_8, first_4]),
            (2, 3, &[first_2]),
            (1, 5, &[entry_0, from_2_to_4, entry_4]),
        ] {
            let expected: Vec<_> = path.iter().map(|hash| hex(hash)).collect();
            assert_eq!(inclusion(index, size, &tiles(size)), expected, "{index} in {size}");
        }
        for (earlier, size, path) in [
            (0, 8, &[][..]),
            (8, 8, &[]),
            (1, 1, &[]),
            (1, 8, &[entry_1, from_2_to_4, last_4]),
            (6, 8, &[from_4_to_6, from_6_to_8, first_4]),
            (2, 5, &[from_2_to_4, entry_4]),
        ] {
            let expected: Vec<_> = path.iter().map(|hash| hex(hash)).collect();
            assert_eq!(consistency(earlier, size, &tiles(size)), expected, "{earlier} to {size}");
        }
    }

    #[test]
    fn what_the_log_does_not_have_is_refused() {
        for (asked, size) in [(0, 0), (3, 3), (u64::MAX, 3), (u64::MAX, u64::MAX)] {
            let refused = ProofPlan::inclusion(asked, size);
            assert_eq!(refused, Err(OutOfTree { asked, size }), "entry {asked} of {size}");
        }
        for (asked, size) in [(1, 0), (4, 3), (u64::MAX, 3)] {
            let refused = ProofPlan::consistency(asked, size);
            assert_eq!(refused, Err(OutOfTree { asked, size }), "{asked} to {size}");
        }
    }

    #[test]
    fn the_largest_log_has_proofs_from_few_tiles() {
        let plan = ProofPlan::inclusion(u64::MAX - 1, u64::MAX).expect("the last entry");
        assert!(plan.tiles().len() <= 8, "{:?}", plan.tiles());
        let plan = ProofPlan::consistency(1 << 63, u64::MAX).expect("an earlier size");
        assert!(plan.tiles().len() <= 8, "{:?}", plan.tiles());
    }

    #[test]
    fn a_plan_names_the_tiles_it_needs_and_misses_each() {
        let size = 70_000;
        let plan = ProofPlan::inclusion(300, size).expect("an entry of the log");
        let paths: Vec<_> = plan.tiles().iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["tile/0/001", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17"],);
        let missing = plan.hashes(&Tiles::default()).expect_err("no tiles were given");
        assert!(plan.tiles().contains(&missing.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_inclusion_proof_verifies(
            size in 1..1500u64, at: prop::sample::Index,
        ) {
            let all = entries(usize::try_from(size).expect("a short log"));
            let (tiles, root) = log_of(&[&all]);
            let index = at.index(all.len());
            let entry = &all[index];
            let index = index as u64;
            let proof = inclusion(index, size, &tiles);
            prop_assert_eq!(verify_inclusion(index, size, &leaf_hash(entry), &proof, &root), Ok(()));
            prop_assert!(theirs::included(&proof, size, root, index, entry));
            let other = verify_inclusion(index, size, &leaf_hash(b"another"), &proof, &root);
            prop_assert_eq!(other, Err(TreeFault::Root));
        }

        #[test]
        fn every_consistency_proof_verifies(size in 1..1500u64, at: prop::sample::Index) {
            let all = entries(usize::try_from(size).expect("a short log"));
            let (tiles, root) = log_of(&[&all]);
            let earlier = at.index(all.len()) + 1;
            let earlier_root = naive_root(&all[..earlier]);
            let earlier = earlier as u64;
            let proof = consistency(earlier, size, &tiles);
            prop_assert!(theirs::consistent(&proof, size, root, earlier, earlier_root));
            let ours = verify_consistency((earlier, &earlier_root), (size, &root), &proof);
            prop_assert_eq!(ours, Ok(()));
        }

        #[test]
        fn a_proof_for_an_earlier_size_comes_from_the_tiles_of_a_later_one(
            earlier in 1..700usize, more in 0..700usize, at: prop::sample::Index,
        ) {
            let all = entries(earlier + more);
            let (tiles, _) = log_of(&[&all[..earlier], &all[earlier..]]);
            let index = at.index(earlier) as u64;
            let (then, _) = log_of(&[&all[..earlier]]);
            let size = earlier as u64;
            prop_assert_eq!(inclusion(index, size, &tiles), inclusion(index, size, &then));
        }

        #[test]
        fn no_plan_needs_a_tile_that_its_log_lacks(size: u64, at: u64, shift in 0..64u32) {
            let size = (size >> shift).max(1);
            let plans = [ProofPlan::inclusion(at % size, size), ProofPlan::consistency(at % size, size)];
            for plan in plans {
                for tile in plan.expect("within the log").tiles() {
                    prop_assert_eq!(TileId::at(tile.level(), tile.index(), size), Some(tile));
                }
            }
        }
    }

    /// What lies beside a credential: `log_of`, `ProofPlan` and `sign_checkpoint` together give what
    /// the verifier believes.
    #[test]
    fn a_proof_beside_its_entry_is_believed_offline() {
        let all = entries(300);
        let (tiles, root) = log_of(&[&all]);
        let secret = SigningKey::from_bytes(&[3; 32]);
        let public = PublicKey::from_bytes(secret.verifying_key().to_bytes()).expect("a key");
        let key = VerifierKey::new("registry.example/log", public).expect("a log's name");
        let sign = |body: &[u8]| secret.sign(body).to_bytes();
        let proof = TlogProof {
            extra: Some(all[299].clone()),
            index: 299,
            hashes: inclusion(299, 300, &tiles),
            checkpoint: sign_checkpoint(300, root, &key, sign),
        };
        let policy = format!("log {key}\nquorum none\n");
        let proven = prove(&proof.to_string(), &policy).expect("a true proof");
        assert_eq!((proven.entry, proven.index, proven.size), (all[299].clone(), 299, 300));
        let other_entry = TlogProof { extra: Some(all[298].clone()), ..proof.clone() };
        let other_place = TlogProof { index: 298, ..proof };
        for altered in [other_entry, other_place] {
            assert!(prove(&altered.to_string(), &policy).is_err());
        }
    }

    /// The verification that another implementation, the crate `tlog_tiles`, does.
    mod theirs {
        use tlog_tiles::{Hash, check_record, check_tree, record_hash};

        fn hashes(proof: &[super::Hash]) -> Vec<Hash> {
            proof.iter().copied().map(Hash).collect()
        }

        pub(super) fn included(
            proof: &[super::Hash],
            size: u64,
            root: super::Hash,
            index: u64,
            entry: &[u8],
        ) -> bool {
            check_record(&hashes(proof), size, Hash(root), index, record_hash(entry)).is_ok()
        }

        pub(super) fn consistent(
            proof: &[super::Hash],
            size: u64,
            root: super::Hash,
            earlier: u64,
            earlier_root: super::Hash,
        ) -> bool {
            check_tree(&hashes(proof), size, Hash(root), earlier, Hash(earlier_root)).is_ok()
        }
    }
}
