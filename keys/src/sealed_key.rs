//! A signing key at rest: a text that says what it is and opens only under the seal key.

use core::fmt;
use core::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::seal::{self, NONCE_LEN, SealKey, Unopenable};
use crate::{KeyId, PublicKey, SigningKey};

/// The first line of the text.
const TITLE: &str = "akashi sealed signing key v1";

/// What a signing key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// One of the offline keys that sign the root manifest.
    Root,
    /// Signs the trust bundle.
    Bundle,
    /// Signs a certification body's credentials and status lists.
    Issuer,
    /// Signs the transparency log's checkpoints.
    Log,
    /// Signs access tokens.
    Token,
}

/// A text that names no [`Role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's role is one of root, bundle, issuer, log, token")]
pub struct UnknownRole;

impl Role {
    /// The role's name in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Bundle => "bundle",
            Self::Issuer => "issuer",
            Self::Log => "log",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [Self::Root, Self::Bundle, Self::Issuer, Self::Log, Self::Token]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

/// A signing key sealed under a [`SealKey`].
///
/// `Display` and `FromStr` are its text, for a file or a column: a title with the format's version,
/// the key's role, name and public key in clear, and the sealed secret, which opens only beside
/// exactly those lines.
///
/// ```text
/// akashi sealed signing key v1
/// role: bundle
/// id: bundle-1
/// public: z6Mk…
/// sealed: <base64url of nonce, ciphertext and tag>
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    role: Role,
    id: KeyId,
    public: PublicKey,
    sealed: Vec<u8>,
}

/// A text that is not a sealed signing key in the form this version writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a sealed signing key of version 1")]
pub struct MalformedSealedKey;

impl SealedKey {
    /// Seals a signing key.
    #[must_use]
    pub fn seal(
        secret: &SigningKey,
        role: Role,
        id: KeyId,
        under: &SealKey,
        nonce: &[u8; NONCE_LEN],
    ) -> Self {
        let public = secret.public();
        let sealed =
            seal::seal(under.bytes(), header(role, &id, &public).as_bytes(), nonce, secret.seed());
        Self { role, id, public, sealed }
    }

    /// Opens the signing key.
    ///
    /// # Errors
    /// [`Unopenable`] when any part of the text was altered, or `under` is another key.
    pub fn open(&self, under: &SealKey) -> Result<SigningKey, Unopenable> {
        let header = header(self.role, &self.id, &self.public);
        let seed = seal::open(under.bytes(), header.as_bytes(), &self.sealed)?;
        let secret = SigningKey::from_random(seed.as_slice().try_into().map_err(|_| Unopenable)?);
        if secret.public() == self.public { Ok(secret) } else { Err(Unopenable) }
    }

    /// What the key is for.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key that verifies.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }
}

/// All that the text says in clear; the associated data of the sealing.
fn header(role: Role, id: &KeyId, public: &PublicKey) -> String {
    format!("{TITLE}\nrole: {role}\nid: {id}\npublic: {public}\n")
}

impl fmt::Display for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = header(self.role, &self.id, &self.public);
        writeln!(f, "{header}sealed: {}", URL_SAFE_NO_PAD.encode(&self.sealed))
    }
}

impl FromStr for SealedKey {
    type Err = MalformedSealedKey;

    fn from_str(text: &str) -> Result<Self, MalformedSealedKey> {
        parse(text).filter(|key| key.to_string() == text).ok_or(MalformedSealedKey)
    }
}

fn parse(text: &str) -> Option<SealedKey> {
    let mut lines = text.strip_prefix(TITLE)?.strip_prefix('\n')?.lines();
    let mut field = |name| lines.next()?.strip_prefix(name)?.strip_prefix(": ");
    Some(SealedKey {
        role: field("role")?.parse().ok()?,
        id: field("id")?.parse().ok()?,
        public: field("public")?.parse().ok()?,
        sealed: URL_SAFE_NO_PAD.decode(field("sealed")?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seal_key(seed: u8) -> SealKey {
        SealKey::from_random(&[seed; 32])
    }

    fn sealed(secret: &SigningKey) -> SealedKey {
        let id = "bundle-1".parse().expect("a name");
        SealedKey::seal(secret, Role::Bundle, id, &seal_key(1), &[9; 24])
    }

    #[test]
    fn the_text_says_what_it_is() {
        let secret = SigningKey::from_random(&[3; 32]);
        let text = sealed(&secret).to_string();
        let (clear, sealed) = text.rsplit_once("sealed: ").expect("the sealed line");
        assert_eq!(
            clear,
            format!(
                "akashi sealed signing key v1\nrole: bundle\nid: bundle-1\npublic: {}\n",
                secret.public()
            ),
        );
        // 24 bytes of nonce, 32 of secret, 16 of tag.
        assert_eq!(URL_SAFE_NO_PAD.decode(sealed.trim_end()).expect("base64url").len(), 72);
    }

    #[test]
    fn every_role_has_a_name() {
        for role in [Role::Root, Role::Bundle, Role::Issuer, Role::Log, Role::Token] {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("Root".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn every_single_bit_change_of_the_text_is_refused() {
        let text = sealed(&SigningKey::from_random(&[3; 32])).to_string();
        for bit in 0..text.len() * 8 {
            let mut altered = text.clone().into_bytes();
            altered[bit / 8] ^= 1 << (bit % 8);
            let opened = String::from_utf8(altered)
                .ok()
                .and_then(|text| text.parse::<SealedKey>().ok())
                .and_then(|key| key.open(&seal_key(1)).ok());
            assert!(opened.is_none(), "bit {bit}");
        }
    }

    #[test]
    fn a_text_in_another_form_is_refused() {
        let text = sealed(&SigningKey::from_random(&[3; 32])).to_string();
        for other in [
            String::new(),
            text.replace("v1", "v2"),
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replace("role: bundle\nid: bundle-1\n", "id: bundle-1\nrole: bundle\n"),
        ] {
            assert_eq!(other.parse::<SealedKey>(), Err(MalformedSealedKey), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn a_sealed_key_opens_under_its_seal_key_only(seed: [u8; 32], nonce: [u8; 24]) {
            let secret = SigningKey::from_random(&seed);
            let id = "did:web:registry.example:bodies:example#1".parse().expect("a name");
            let sealed = SealedKey::seal(&secret, Role::Issuer, id, &seal_key(1), &nonce);
            let read: SealedKey = sealed.to_string().parse().expect("the text just written");
            prop_assert_eq!(&read, &sealed);
            let opened = read.open(&seal_key(1)).expect("its own seal key");
            prop_assert_eq!(opened.seed(), &seed);
            prop_assert_eq!(read.open(&seal_key(2)).map(|_| ()), Err(Unopenable));
        }
    }
}
