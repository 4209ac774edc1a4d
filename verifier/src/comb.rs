//! Ed25519 for many signatures of one key: the multiples of the key and of the base point that the equation
//! `R = s·B − k·A` (RFC 8032 §5.1.7) can need are laid out in tables, a comb each, so that no doubling is left to do.
//!
//! The accepted set is that of [`PublicKey::verify`], and published edge cases are held against both. Each signature is
//! checked alone: an equation over a batch lets points of mixed order through.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use once_cell::race::OnceBox;
use sha2::{Digest as _, Sha512};

use crate::multikey::PublicKey;

/// Bits of a scalar that one table answers for.
const WINDOW: usize = 7;
/// Tables for a scalar's 253 bits and the last carry.
const WINDOWS: usize = 254_usize.div_ceil(WINDOW);
/// Multiples in a table; the negative ones are the same with the other sign.
const MULTIPLES: usize = 1 << (WINDOW - 1);

/// The digits of a scalar in base 2^[`WINDOW`], each from −[`MULTIPLES`] to less than that.
type Digits = [i16; WINDOWS];

/// The multiples 1 to [`MULTIPLES`] of a point times each power of the base: 379 kB.
struct Comb(Box<[[EdwardsPoint; MULTIPLES]]>);

impl Comb {
    fn of(point: EdwardsPoint) -> Self {
        let mut base = point;
        let mut tables = Vec::with_capacity(WINDOWS);
        for _ in 0..WINDOWS {
            let mut table = [base; MULTIPLES];
            for n in 1..MULTIPLES {
                table[n] = table[n - 1] + base;
            }
            base = table[MULTIPLES - 1] + table[MULTIPLES - 1];
            tables.push(table);
        }
        Self(tables.into_boxed_slice())
    }

    /// `sum` and the multiple of this comb's point. Nothing here is secret, so time may tell what is looked up.
    fn add_multiple(&self, mut sum: EdwardsPoint, digits: &Digits) -> EdwardsPoint {
        for (table, digit) in self.0.iter().zip(digits) {
            match usize::from(digit.unsigned_abs()).checked_sub(1) {
                None => {}
                Some(n) if *digit > 0 => sum += &table[n],
                Some(n) => sum -= &table[n],
            }
        }
        sum
    }
}

/// The digits of a scalar below the group's order, the lowest first.
fn digits(scalar: &Scalar) -> Digits {
    const BASE: i16 = 1 << WINDOW;
    let bytes = scalar.as_bytes();
    let byte = |at: usize| i16::from(bytes.get(at).copied().unwrap_or_default());
    let mut carry = 0;
    core::array::from_fn(|n| {
        let (at, shift) = (n * WINDOW / 8, n * WINDOW % 8);
        let low = byte(at) >> shift;
        let high = byte(at + 1) << (8 - shift);
        let digit = ((low | high) & (BASE - 1)) + carry;
        carry = i16::from(digit >= BASE / 2);
        digit - BASE * carry
    })
}

/// A public key with its comb.
pub struct PreparedKey {
    public: PublicKey,
    negated: Comb,
}

impl PreparedKey {
    /// Lays out the comb of a key, which takes about as long as twenty signatures.
    #[must_use]
    pub fn new(public: PublicKey) -> Self {
        Self { negated: Comb::of(-public.point()), public }
    }

    /// As [`PublicKey::verify`], in less than half the time.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let point = self.expected_r(message, signature);
        point.is_some_and(|point| is_r(&point, point.compress(), signature))
    }

    /// The R that makes the rest of a signature good, `s·B − k·A`; none when S is not canonical.
    fn expected_r(&self, message: &[u8], signature: &[u8; 64]) -> Option<EdwardsPoint> {
        static BASE: OnceBox<Comb> = OnceBox::new();
        let (r, s) = signature.split_at(32);
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(self.public.as_bytes())
            .chain_update(message);
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let base = BASE.get_or_init(|| Box::new(Comb::of(ED25519_BASEPOINT_POINT)));
        let multiple = base.add_multiple(EdwardsPoint::identity(), &digits(&s));
        Some(self.negated.add_multiple(multiple, &digits(&k)))
    }
}

/// Whether a signature's R is this point, and not of small order. What is computed has one encoding, so R was canonical if
/// it is equal.
fn is_r(point: &EdwardsPoint, encoded: CompressedEdwardsY, signature: &[u8; 64]) -> bool {
    encoded.as_bytes() == &signature[..32] && !point.is_small_order()
}

/// A signature, over what, by whom.
pub(crate) struct Signed<'a> {
    pub(crate) key: &'a PublicKey,
    pub(crate) message: &'a [u8],
    pub(crate) signature: &'a [u8; 64],
}

/// The keys that may sign many documents, each prepared once it is worth it.
pub(crate) struct PreparedKeys {
    keys: BTreeMap<[u8; 32], Slot>,
    prepared: AtomicU32,
}

#[derive(Default)]
struct Slot {
    verified: AtomicU32,
    key: OnceBox<PreparedKey>,
}

impl PreparedKeys {
    /// After how many signatures a key is prepared.
    const WORTH_IT: u32 = 32;
    /// How many keys are prepared at most: 12 MB.
    const MOST: u32 = 32;

    pub(crate) fn new<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        let keys = keys.into_iter().map(|key| (*key.as_bytes(), Slot::default())).collect();
        Self { keys, prepared: AtomicU32::new(0) }
    }

    /// Of each whether it is good, as [`PublicKey::verify`] says it. Each stands for itself; what they share is the one
    /// division that it takes to write points down.
    pub(crate) fn verify_each(&self, signed: &[Signed<'_>]) -> Vec<bool> {
        let mut good = Vec::with_capacity(signed.len());
        let (mut at, mut points) = (Vec::new(), Vec::new());
        for (n, one) in signed.iter().enumerate() {
            let slot = self.keys.get(one.key.as_bytes());
            let prepared = slot.and_then(|slot| self.prepared(slot, one.key));
            let point = prepared.map(|key| key.expected_r(one.message, one.signature));
            good.push(point.is_none() && one.key.verify(one.message, one.signature));
            if let Some(Some(point)) = point {
                at.push(n);
                points.push(point);
            }
        }
        let encoded = EdwardsPoint::compress_batch_alloc(&points);
        for ((n, point), encoded) in at.into_iter().zip(&points).zip(encoded) {
            good[n] = is_r(point, encoded, signed[n].signature);
        }
        good
    }

    fn prepared<'a>(&self, slot: &'a Slot, key: &PublicKey) -> Option<&'a PreparedKey> {
        if let Some(prepared) = slot.key.get() {
            return Some(prepared);
        }
        // Only the one that counts the threshold's signature prepares: another thread goes on without meanwhile.
        let is_worth_it = slot.verified.fetch_add(1, Ordering::Relaxed) == Self::WORTH_IT;
        if !is_worth_it || self.prepared.fetch_add(1, Ordering::Relaxed) >= Self::MOST {
            return None;
        }
        Some(slot.key.get_or_init(|| Box::new(PreparedKey::new(*key))))
    }
}

impl fmt::Debug for PreparedKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} keys, {:?} prepared", self.keys.len(), self.prepared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_the_scalar_in_the_base(bytes in any::<[u8; 32]>()) {
            let scalar = Scalar::from_bytes_mod_order(bytes);
            let (mut sum, mut power) = (Scalar::ZERO, Scalar::ONE);
            for digit in digits(&scalar) {
                let size = Scalar::from(digit.unsigned_abs());
                sum += power * if digit < 0 { -size } else { size };
                power *= Scalar::from(1_u64 << WINDOW);
            }
            prop_assert_eq!(sum, scalar);
        }

        #[test]
        fn a_prepared_key_says_what_the_key_says(
            secret in any::<[u8; 32]>(),
            message in prop::collection::vec(any::<u8>(), 0..100),
            bit in 0_usize..512,
        ) {
            let signing = SigningKey::from_bytes(&secret);
            let public = PublicKey::from_bytes(signing.verifying_key().to_bytes()).expect("a key");
            let prepared = PreparedKey::new(public);
            let mut signature = signing.sign(&message).to_bytes();
            prop_assert!(prepared.verify(&message, &signature));
            signature[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!prepared.verify(&message, &signature));
            prop_assert!(!public.verify(&message, &signature));
        }
    }

    fn verify(keys: &PreparedKeys, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
        keys.verify_each(&[Signed { key, message, signature }]) == [true]
    }

    #[test]
    fn of_many_signatures_each_stands_for_itself() {
        let keys: Vec<_> = [1, 2, 3].map(|seed| SigningKey::from_bytes(&[seed; 32])).into();
        let publics: Vec<_> = keys
            .iter()
            .map(|key| PublicKey::from_bytes(key.verifying_key().to_bytes()).expect("a key"))
            .collect();
        // The third is of no known body, so never prepared.
        let set = PreparedKeys::new(&publics[..2]);
        let mut signatures: Vec<_> =
            (0..90_u8).map(|n| keys[usize::from(n % 3)].sign(&[n]).to_bytes()).collect();
        let messages: Vec<_> = (0..90_u8).map(|n| [n]).collect();
        let bad = [0, 1, 2, 60, 61, 62, 87, 88, 89];
        bad.iter().for_each(|n| signatures[*n][n % 64] ^= 1);
        // Not even canonical: S is the greatest number there is.
        signatures[84][32..].fill(0xff);
        let signed: Vec<_> = (0..90)
            .map(|n| Signed {
                key: &publics[n % 3],
                message: &messages[n],
                signature: &signatures[n],
            })
            .collect();
        let expected: Vec<_> = (0..90).map(|n| !bad.contains(&n) && n != 84).collect();
        assert_eq!(set.verify_each(&signed), expected);
        assert_eq!(set.verify_each(&signed), expected, "with both keys prepared");
        assert!(set.verify_each(&[]).is_empty());
    }

    #[test]
    fn a_key_is_prepared_once_it_is_worth_it_and_no_more_than_the_most() {
        let keys: Vec<_> = (0..=PreparedKeys::MOST)
            .map(|n| {
                let mut seed = [7; 32];
                seed[..4].copy_from_slice(&n.to_le_bytes());
                SigningKey::from_bytes(&seed)
            })
            .collect();
        let public = |key: &SigningKey| {
            PublicKey::from_bytes(key.verifying_key().to_bytes()).expect("a key")
        };
        let publics: Vec<_> = keys.iter().map(public).collect();
        let set = PreparedKeys::new(&publics);
        for (key, public) in keys.iter().zip(&publics) {
            let signature = key.sign(b"a message").to_bytes();
            for _ in 0..=PreparedKeys::WORTH_IT {
                assert!(set.keys[public.as_bytes()].key.get().is_none());
                assert!(verify(&set, public, b"a message", &signature));
            }
            assert!(verify(&set, public, b"a message", &signature));
            assert!(!verify(&set, public, b"another", &signature));
        }
        let prepared = set.keys.values().filter(|slot| slot.key.get().is_some()).count();
        assert_eq!(prepared, 32);
        let stranger = SigningKey::from_bytes(&[9; 32]);
        let signature = stranger.sign(b"a message").to_bytes();
        assert!(verify(&set, &public(&stranger), b"a message", &signature), "of no known body");
    }
}
