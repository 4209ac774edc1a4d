//! Merkle trees (RFC 6962 §2.1) and the checking of their proofs (RFC 9162 §2.1.3.2, §2.1.4.2).

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash in a tree.
pub type Hash = [u8; 32];

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeFault {
    /// The leaf's number, or the older size, lies beyond the tree.
    #[error("beyond the tree's end")]
    OutOfTree,
    /// More or fewer hashes than the tree's shape asks for.
    #[error("a proof of the wrong length")]
    Length,
    /// The hashes lead to another root.
    #[error("the hashes lead to another root")]
    Root,
}

/// The hash of a leaf's bytes.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of two subtrees.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Checks that `leaf` is leaf number `index` (from 0) of the tree of `size` leaves under `root`.
///
/// # Errors
/// A [`TreeFault`].
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), TreeFault> {
    if index >= size {
        return Err(TreeFault::OutOfTree);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(TreeFault::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A node without a right sibling is carried up until it has a left one.
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(TreeFault::Root),
        _ => Err(TreeFault::Length),
    }
}

/// Checks that the tree of `new_size` leaves under `new_root` begins with all of the tree of `old_size` leaves under
/// `old_root`.
///
/// # Errors
/// A [`TreeFault`].
pub fn verify_consistency(
    (old_size, old_root): (u64, &Hash),
    (new_size, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), TreeFault> {
    if old_size > new_size {
        return Err(TreeFault::OutOfTree);
    }
    if old_size == 0 || old_size == new_size {
        // Nothing to compare, or the same tree.
        let same = old_size != new_size && *old_root == empty_root()
            || old_size == new_size && old_root == new_root;
        return match (proof.is_empty(), same) {
            (false, _) => Err(TreeFault::Length),
            (true, false) => Err(TreeFault::Root),
            (true, true) => Ok(()),
        };
    }
    // A complete old tree is a node of the new one, and is not repeated in the proof.
    let (first, rest) = match old_size.is_power_of_two() {
        true => (old_root, proof),
        false => proof.split_first().ok_or(TreeFault::Length)?,
    };
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(TreeFault::Length);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, old == *old_root && new == *new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(TreeFault::Root),
        _ => Err(TreeFault::Length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// MTH of RFC 6962 §2.1, written down as there.
    fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&root(left), &root(right))
            }
        }
    }

    /// PATH of §2.1.1.
    fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut proof, sibling) = match index < k {
            true => (path(index, left), root(right)),
            false => (path(index - k, right), root(left)),
        };
        proof.push(sibling);
        proof
    }

    /// SUBPROOF of §2.1.2.
    fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { alloc::vec![root(leaves)] };
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut proof, sibling) = match m <= k {
            true => (subproof(m, left, whole), root(right)),
            false => (subproof(m - k, right, false), root(left)),
        };
        proof.push(sibling);
        proof
    }

    fn split(n: usize) -> usize {
        n.next_power_of_two() / 2
    }

    fn leaves(n: usize) -> Vec<Hash> {
        (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    #[test]
    fn the_empty_tree_and_the_empty_leaf_are_those_of_rfc_6962() {
        // Both from the test data of the first implementation, certificate-transparency.
        let of = |hash: Hash| akashi_schemas::Digest(hash).to_string();
        assert_eq!(
            of(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            of(leaf_hash(b"")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_shown_and_no_other() {
        for n in 1..=40_usize {
            let leaves = leaves(n);
            let (size, root) = (n as u64, root(&leaves));
            for i in 0..n {
                let proof = path(i, &leaves);
                let check = |at: usize, proof: &[Hash]| {
                    verify_inclusion(at as u64, size, &leaves[i], proof, &root)
                };
                assert_eq!(check(i, &proof), Ok(()), "leaf {i} of {n}");
                for other in (0..n).filter(|other| *other != i) {
                    assert!(check(other, &proof).is_err(), "leaf {i} as {other} of {n}");
                }
                assert_eq!(check(n, &proof), Err(TreeFault::OutOfTree));
                let longer: Vec<_> = proof.iter().copied().chain([root]).collect();
                assert!(check(i, &longer).is_err());
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(check(i, shorter).is_err());
                }
            }
        }
    }

    #[test]
    fn every_small_tree_is_shown_to_grow_and_no_fork_is() {
        for new in 1..=24_usize {
            let leaves = leaves(new);
            let new_root = root(&leaves);
            for old in 1..=new {
                let proof = subproof(old, &leaves[..], true);
                let old_root = root(&leaves[..old]);
                let check = |old_root: &Hash, proof: &[Hash]| {
                    verify_consistency((old as u64, old_root), (new as u64, &new_root), proof)
                };
                assert_eq!(check(&old_root, &proof), Ok(()), "{old} to {new}");
                assert!(check(&[7; 32], &proof).is_err(), "a fork at {old} to {new}");
                let longer: Vec<_> = proof.iter().copied().chain([new_root]).collect();
                assert!(check(&old_root, &longer).is_err());
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(check(&old_root, shorter).is_err());
                }
            }
            assert_eq!(
                verify_consistency((0, &empty_root()), (new as u64, &new_root), &[]),
                Ok(())
            );
            let shrunk =
                verify_consistency((new as u64 + 1, &new_root), (new as u64, &new_root), &[]);
            assert_eq!(shrunk, Err(TreeFault::OutOfTree));
        }
    }

    proptest! {
        #[test]
        fn any_altered_hash_is_seen(n in 2..200_usize, at in any::<prop::sample::Index>(),
                                    hash in any::<prop::sample::Index>(), bit in 0..256_usize) {
            let leaves = leaves(n);
            let i = at.index(n);
            let mut proof = path(i, &leaves);
            let hash = hash.index(proof.len());
            proof[hash][bit / 8] ^= 1 << (bit % 8);
            let outcome = verify_inclusion(i as u64, n as u64, &leaves[i], &proof, &root(&leaves));
            prop_assert_eq!(outcome, Err(TreeFault::Root));
        }
    }
}
