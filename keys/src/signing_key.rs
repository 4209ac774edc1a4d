//! Ed25519 signing keys.

use core::fmt;

use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use crate::PublicKey;

/// `PrivateKeyInfo`, version 0, id-Ed25519, up to the seed's 32 bytes (RFC 8410 §7).
const PKCS8_PREFIX: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// What makes Ed25519 signatures: a key in memory here, a token or another process elsewhere.
pub trait Signer {
    /// The key that verifies what this signs.
    fn public(&self) -> PublicKey;
    /// The signature of a message (RFC 8032 §5.1.6): deterministic, 64 bytes.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// An Ed25519 signing key, wiped from memory when dropped.
///
/// A key with a [`Window`](crate::Window) is used through a [`HeldKey`](crate::HeldKey), which
/// refuses to sign outside it.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes the key whose seed (RFC 8032 §5.1.5) is these 32 random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(random))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::of(self.0.verifying_key())
    }

    /// The secret as PKCS #8 (RFC 8410 §7), for libraries that sign with a key of their own.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([PKCS8_PREFIX, self.seed()].concat())
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl Signer for SigningKey {
    fn public(&self) -> PublicKey {
        self.public()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410 §10.3, the key without attributes.
    #[test]
    fn pkcs8_of_rfc_8410() {
        let seed = hex("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
        let der = SigningKey::from_random(&seed.try_into().expect("32 bytes")).to_pkcs8_der();
        assert_eq!(
            der.to_vec(),
            hex(
                "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"
            ),
        );
    }

    /// RFC 8032 §7.1 TEST 2.
    #[test]
    fn signature_of_rfc_8032() {
        let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = SigningKey::from_random(&seed.try_into().expect("32 bytes"));
        assert_eq!(
            key.public().as_bytes().to_vec(),
            hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
        );
        assert_eq!(
            key.sign(&[0x72]).to_vec(),
            hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                 085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        );
    }

    #[test]
    fn debug_shows_the_public_key_only() {
        let key = SigningKey::from_random(&[0xab; 32]);
        let shown = format!("{key:?} {key:#?}");
        assert!(shown.contains(&key.public().to_string()));
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("abab"), "{shown}");
    }

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| {
                let pair = core::str::from_utf8(pair).expect("ASCII");
                u8::from_str_radix(pair, 16).expect("hex digits")
            })
            .collect()
    }
}
