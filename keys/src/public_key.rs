//! Ed25519 public keys in the two encodings that a `did.json` shows: Multikey and JWK.

use core::fmt;
use core::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

/// The multicodec prefix `ed25519-pub` as an unsigned varint (Controlled Identifiers 1.0 §2.2.2).
const ED25519_PUB: [u8; 2] = [0xed, 0x01];

/// An Ed25519 public key that decodes to a point of more than small order.
///
/// `Display` and `FromStr` use the Multikey form, `z6Mk…`: base58btc, with a multibase `z`, of
/// `0xed01` and the 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why bytes or text are not an Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicKey {
    /// A Multikey that is not `z` and base58btc text.
    #[error("the key is not base58btc text that begins with `z`")]
    NotMultibase,
    /// A Multikey of another kind of key, or of another length than 34 bytes.
    #[error("the key is not an Ed25519 Multikey (prefix 0xed01 and 32 bytes)")]
    NotEd25519,
    /// A JWK's `x` that is not unpadded base64url of 32 bytes.
    #[error("`x` is not unpadded base64url of 32 bytes")]
    NotBase64Url,
    /// 32 bytes that are no point of the curve, or one of small order.
    #[error("the 32 bytes are not a usable point of edwards25519")]
    NotAPoint,
}

impl PublicKey {
    /// Reads the 32 bytes of RFC 8032 §5.1.5.
    ///
    /// # Errors
    /// [`InvalidPublicKey::NotAPoint`] for bytes that no honest signer has as a key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidPublicKey> {
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(Self(key)),
            _ => Err(InvalidPublicKey::NotAPoint),
        }
    }

    /// The 32 bytes of RFC 8032 §5.1.5.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key as a JSON Web Key (RFC 8037 §2), without a `kid`.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk {
            kty: KeyType::Okp,
            crv: Curve::Ed25519,
            x: URL_SAFE_NO_PAD.encode(self.as_bytes()),
            kid: None,
        }
    }

    /// For a key that comes from its own secret and so cannot be a weak one.
    pub(crate) fn of(key: VerifyingKey) -> Self {
        Self(key)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&ED25519_PUB);
        bytes[2..].copy_from_slice(self.as_bytes());
        write!(f, "z{}", bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = InvalidPublicKey;

    fn from_str(multikey: &str) -> Result<Self, InvalidPublicKey> {
        let base58 = multikey.strip_prefix('z').ok_or(InvalidPublicKey::NotMultibase)?;
        // Decoding base58 takes quadratic time, so the buffer bounds what is tried.
        let mut bytes = [0; 34];
        match bs58::decode(base58).onto(&mut bytes) {
            Ok(34) => {}
            Ok(_) | Err(bs58::decode::Error::BufferTooSmall) => {
                return Err(InvalidPublicKey::NotEd25519);
            }
            Err(_) => return Err(InvalidPublicKey::NotMultibase),
        }
        match bytes.split_first_chunk::<2>() {
            Some((&ED25519_PUB, key)) => {
                let key = key.try_into().map_err(|_| InvalidPublicKey::NotEd25519)?;
                Self::from_bytes(key)
            }
            _ => Err(InvalidPublicKey::NotEd25519),
        }
    }
}

/// An Ed25519 public key as a JSON Web Key (RFC 7517, RFC 8037 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `OKP`.
    pub kty: KeyType,
    /// Always `Ed25519`.
    pub crv: Curve,
    /// The 32 bytes in unpadded base64url.
    pub x: String,
    /// The name under which a set lists the key; the caller's to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// The `kty` of a [`Jwk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyType {
    /// Octet key pair.
    #[serde(rename = "OKP")]
    Okp,
}

/// The `crv` of a [`Jwk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// Edwards25519 with SHA-512 (RFC 8032 §5.1).
    Ed25519,
}

impl TryFrom<&Jwk> for PublicKey {
    type Error = InvalidPublicKey;

    fn try_from(jwk: &Jwk) -> Result<Self, InvalidPublicKey> {
        let bytes = URL_SAFE_NO_PAD
            .decode(&jwk.x)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or(InvalidPublicKey::NotBase64Url)?;
        Self::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SigningKey;

    /// The key of RFC 8032 §7.1 TEST 1 and RFC 8037 appendix A.
    const RFC_8037_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    #[test]
    fn jwk_of_rfc_8037() {
        let seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        let seed = URL_SAFE_NO_PAD.decode(seed).expect("base64url");
        let key = SigningKey::from_random(&seed.try_into().expect("32 bytes"));
        let jwk = key.public().to_jwk();
        assert_eq!((jwk.kty, jwk.crv, &*jwk.x), (KeyType::Okp, Curve::Ed25519, RFC_8037_X));
    }

    #[test]
    fn multikey_of_the_did_key_specification() {
        // The did:key method's own example of an Ed25519 key.
        let text = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
        let key: PublicKey = text.parse().expect("a Multikey");
        assert_eq!(key.to_string(), text);
    }

    #[test]
    fn other_texts_are_refused_by_name() {
        use InvalidPublicKey::*;
        let key = SigningKey::from_random(&[7; 32]).public();
        let secret_prefix = {
            let mut bytes = vec![0x80, 0x26];
            bytes.extend_from_slice(key.as_bytes());
            format!("z{}", bs58::encode(bytes).into_string())
        };
        let longer = format!("{key}1");
        let small_order = {
            let mut bytes = vec![0xed, 0x01, 1];
            bytes.resize(34, 0);
            format!("z{}", bs58::encode(bytes).into_string())
        };
        for (text, fault) in [
            ("", NotMultibase),
            ("6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", NotMultibase),
            ("z6Mki0", NotMultibase),
            ("z6Mki", NotEd25519),
            (&secret_prefix, NotEd25519),
            (&longer, NotEd25519),
            (&small_order, NotAPoint),
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(fault), "{text}");
        }
        for x in [
            "",
            "11qY",
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "1+qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        ] {
            let jwk = Jwk { x: x.into(), ..key.to_jwk() };
            assert_eq!(PublicKey::try_from(&jwk), Err(NotBase64Url), "{x}");
        }
    }

    proptest! {
        #[test]
        fn both_encodings_round_trip(seed: [u8; 32]) {
            let key = SigningKey::from_random(&seed).public();
            prop_assert_eq!(key.to_string().parse(), Ok(key));
            prop_assert_eq!(PublicKey::try_from(&key.to_jwk()), Ok(key));
            prop_assert_eq!(PublicKey::from_bytes(key.as_bytes()), Ok(key));
        }
    }
}
