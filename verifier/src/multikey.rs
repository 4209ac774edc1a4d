//! Ed25519 public keys and their Multikey text (W3C Controlled Identifiers 1.0 §2.2.2).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use akashi_schemas::Digest;
use curve25519_dalek::edwards::EdwardsPoint;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Multicodec prefix of an Ed25519 public key.
const ED25519_PUB: [u8; 2] = [0xed, 0x01];
/// Multibase prefix of base58btc.
const BASE58BTC: char = 'z';

/// An Ed25519 public key that a strict verifier may use: canonically encoded and of large order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why bytes or a text are not a usable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// Not `z` and base58btc of `0xed01` and 32 bytes.
    #[error("not the Multikey of an Ed25519 public key")]
    NotMultikey,
    /// The bytes encode no point, or encode it in a second way.
    #[error("not the canonical encoding of a curve point")]
    NotCanonical,
    /// A point of small order, under which anyone can make signatures.
    #[error("a point of small order")]
    SmallOrder,
}

impl PublicKey {
    /// Takes the 32 bytes of RFC 8032 §5.1.5.
    ///
    /// # Errors
    /// [`KeyFault::NotCanonical`] or [`KeyFault::SmallOrder`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyFault> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyFault::NotCanonical)?;
        // Decompression takes y ≥ p as well; only re-encoding tells the two spellings apart.
        if key.to_edwards().compress().to_bytes() != bytes {
            return Err(KeyFault::NotCanonical);
        }
        if key.is_weak() {
            return Err(KeyFault::SmallOrder);
        }
        Ok(Self(key))
    }

    /// Reads a Multikey, `z6Mk…`.
    ///
    /// # Errors
    /// A [`KeyFault`].
    pub fn from_multikey(text: &str) -> Result<Self, KeyFault> {
        let bytes = decode_base58btc(text, 34).ok_or(KeyFault::NotMultikey)?;
        let raw = bytes.strip_prefix(&ED25519_PUB).ok_or(KeyFault::NotMultikey)?;
        Self::from_bytes(raw.try_into().map_err(|_| KeyFault::NotMultikey)?)
    }

    /// The key as Multikey, `z6Mk…`.
    #[must_use]
    pub fn to_multikey(&self) -> String {
        let mut bytes = Vec::from(ED25519_PUB);
        bytes.extend_from_slice(self.as_bytes());
        encode_base58btc(&bytes)
    }

    /// The 32 bytes of RFC 8032 §5.1.2.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key's id in root and bundle signatures: SHA-256 of its 32 bytes.
    #[must_use]
    pub fn key_id(&self) -> Digest {
        Digest::of(self.as_bytes())
    }

    /// Whether `signature` is this key's over `message`, by the strict rules: canonical S and R, no point of
    /// small order, and the equation without the cofactor. So exactly one signature of its kind passes.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl PublicKey {
    /// The point that the key is.
    pub(crate) fn point(&self) -> EdwardsPoint {
        self.0.to_edwards()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_multikey())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_multikey())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_multikey(&text).map_err(serde::de::Error::custom)
    }
}

/// `z` and base58btc of `bytes` (Multibase).
#[must_use]
pub fn encode_base58btc(bytes: &[u8]) -> String {
    let mut text = String::from(BASE58BTC);
    text.push_str(&bs58::encode(bytes).into_string());
    text
}

/// The `length` bytes that a Multibase base58btc text holds; `None` when it holds another number.
#[must_use]
pub fn decode_base58btc(text: &str, length: usize) -> Option<Vec<u8>> {
    // Base58 decoding is quadratic: bound it before, not after. Each byte takes at most 1.37 characters.
    if text.len() > 2 + length * 3 / 2 {
        return None;
    }
    let bytes = bs58::decode(text.strip_prefix(BASE58BTC)?).into_vec().ok()?;
    (bytes.len() == length).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

    #[test]
    fn multikey_text_and_key_are_one_to_one() {
        let key = PublicKey::from_multikey(EXAMPLE).expect("the key of the W3C's vectors");
        assert_eq!(key.to_multikey(), EXAMPLE);
        assert_eq!(PublicKey::from_bytes(*key.as_bytes()), Ok(key));
    }

    #[test]
    fn refuses_other_texts() {
        for text in
            ["", "z", "z6Mk", &EXAMPLE[1..], "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"]
        {
            assert_eq!(PublicKey::from_multikey(text), Err(KeyFault::NotMultikey), "{text}");
        }
        assert_eq!(PublicKey::from_multikey(&"z".repeat(100_000)), Err(KeyFault::NotMultikey));
    }

    #[test]
    fn refuses_points_under_which_anyone_can_sign() {
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(PublicKey::from_bytes(one), Err(KeyFault::SmallOrder));
        // y = p + 3, a second spelling of y = 3.
        let mut spelled_twice = [0xff; 32];
        spelled_twice[0] = 0xf0;
        spelled_twice[31] = 0x7f;
        assert_eq!(PublicKey::from_bytes(spelled_twice), Err(KeyFault::NotCanonical));
    }
}
