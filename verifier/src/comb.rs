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
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use once_cell::race::OnceBox;
use sha2::{Digest as _, Sha512};

use crate::multikey::PublicKey;

/// Bits of a scalar that one table answers for.
const WINDOW: usize = 6;
/// Tables for a scalar's 253 bits and the last carry.
const WINDOWS: usize = 43;
/// Multiples in a table; the negative ones are the same with the other sign.
const MULTIPLES: usize = 1 << (WINDOW - 1);

/// A digit of a scalar in base 64, from −32 to 31.
type Digits = [i8; WINDOWS];

/// The multiples 1 to 32 of a point times each power of 64: 220 kB.
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
    let bytes = scalar.as_bytes();
    let byte = |at: usize| u16::from(bytes.get(at).copied().unwrap_or_default());
    let mut carry = 0;
    core::array::from_fn(|n| {
        let (at, shift) = (n * WINDOW / 8, n * WINDOW % 8);
        let six_bits = (byte(at) | byte(at + 1) << 8) >> shift & 0x3f;
        let digit = i8::try_from(six_bits).unwrap_or_default() + carry;
        carry = i8::from(digit >= 32);
        digit - 64 * carry
    })
}

/// A public key with its comb.
pub struct PreparedKey {
    public: PublicKey,
    negated: Comb,
}

impl PreparedKey {
    /// Lays out the comb of a key, which takes about as long as ten signatures.
    #[must_use]
    pub fn new(public: PublicKey) -> Self {
        Self { negated: Comb::of(-public.point()), public }
    }

    /// As [`PublicKey::verify`], in less than half the time.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        static BASE: OnceBox<Comb> = OnceBox::new();
        let (r, s) = signature.split_at(32);
        let s = <[u8; 32]>::try_from(s).unwrap_or([0xff; 32]);
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)) else {
            return false;
        };
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(self.public.as_bytes())
            .chain_update(message);
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let base = BASE.get_or_init(|| Box::new(Comb::of(ED25519_BASEPOINT_POINT)));
        let multiple = base.add_multiple(EdwardsPoint::identity(), &digits(&s));
        let point = self.negated.add_multiple(multiple, &digits(&k));
        // What is computed has one encoding, so R was canonical if it is equal.
        point.compress().as_bytes() == r && !point.is_small_order()
    }
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
    const WORTH_IT: u32 = 16;
    /// How many keys are prepared at most: 14 MB.
    const MOST: u32 = 64;

    pub(crate) fn new<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        let keys = keys.into_iter().map(|key| (*key.as_bytes(), Slot::default())).collect();
        Self { keys, prepared: AtomicU32::new(0) }
    }

    /// As [`PublicKey::verify`].
    pub(crate) fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
        match self.keys.get(key.as_bytes()).and_then(|slot| self.prepared(slot, key)) {
            Some(prepared) => prepared.verify(message, signature),
            None => key.verify(message, signature),
        }
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
        fn digits_are_the_scalar_in_base_64(bytes in any::<[u8; 32]>()) {
            let scalar = Scalar::from_bytes_mod_order(bytes);
            let (mut sum, mut power) = (Scalar::ZERO, Scalar::ONE);
            for digit in digits(&scalar) {
                let size = Scalar::from(digit.unsigned_abs());
                sum += power * if digit < 0 { -size } else { size };
                power *= Scalar::from(64_u8);
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
                assert!(set.verify(public, b"a message", &signature));
            }
            assert!(set.verify(public, b"a message", &signature));
            assert!(!set.verify(public, b"another", &signature));
        }
        let prepared = set.keys.values().filter(|slot| slot.key.get().is_some()).count();
        assert_eq!(prepared, 64);
        let stranger = SigningKey::from_bytes(&[9; 32]);
        let signature = stranger.sign(b"a message").to_bytes();
        assert!(set.verify(&public(&stranger), b"a message", &signature), "of no known body");
    }
}
