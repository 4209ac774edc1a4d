//! Signed notes (C2SP signed-note v1.0.0) and checkpoints (C2SP tlog-checkpoint v1.0.0).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::tree::Hash;
use crate::multikey::PublicKey;

/// The signature type of plain Ed25519 over the note's body.
const ED25519: u8 = 0x01;
/// What a signature line begins with.
const DASH: &str = "\u{2014} ";
/// The most signatures that are read.
const MAX_SIGNATURES: usize = 64;

/// A log's public key with its name: a `vkey`, `NAME+HASH+BASE64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: PublicKey,
}

/// Why a text is not the vkey of an Ed25519 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the vkey of an Ed25519 key")]
pub struct VkeyFault;

impl VerifierKey {
    /// Joins a name and a key.
    ///
    /// # Errors
    /// A name that is empty or has a space or a plus sign.
    pub fn new(name: &str, public: PublicKey) -> Result<Self, VkeyFault> {
        if !is_name(name) {
            return Err(VkeyFault);
        }
        Ok(Self { name: name.to_string(), public })
    }

    /// The log's name, its checkpoints' origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The four bytes that a signature line names the key by: SHA-256 of name, line feed, type and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update(b"\n")
            .chain_update([ED25519])
            .chain_update(self.public.as_bytes())
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl FromStr for VerifierKey {
    type Err = VkeyFault;

    fn from_str(text: &str) -> Result<Self, VkeyFault> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VkeyFault);
        };
        let key = STANDARD.decode(key).map_err(|_| VkeyFault)?;
        let Some((&ED25519, raw)) = key.split_first() else { return Err(VkeyFault) };
        let raw = raw.try_into().map_err(|_| VkeyFault)?;
        let vkey = Self::new(name, PublicKey::from_bytes(raw).map_err(|_| VkeyFault)?)?;
        match id.len() == 8 && u32::from_str_radix(id, 16) == Ok(u32::from_be_bytes(vkey.id())) {
            true => Ok(vkey),
            false => Err(VkeyFault),
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = alloc::vec![ED25519];
        key.extend_from_slice(self.public.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(key))
    }
}

/// The line, with its line feed, that carries a signature made over a note's body.
#[must_use]
pub fn signature_line(key: &VerifierKey, signature: &[u8; 64]) -> String {
    let mut bytes = Vec::from(key.id());
    bytes.extend_from_slice(signature);
    [DASH, key.name(), " ", &STANDARD.encode(bytes), "\n"].concat()
}

/// A note whose form was read and whose signatures are not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// What is signed, with its last line feed.
    pub body: &'a str,
    /// The signatures; those of unknown types too, which a reader steps over.
    pub signatures: Vec<NoteSignature<'a>>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    /// The signer's name.
    pub name: &'a str,
    /// The signer's key, by its four bytes.
    pub key_id: [u8; 4],
    /// What follows.
    pub bytes: Vec<u8>,
}

/// Why a text is not a signed note or checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteFault {
    /// No body, no empty line, or no signature after it.
    #[error("not a signed note")]
    NotANote,
    /// A signature line that cannot be read.
    #[error("a signature line that cannot be read")]
    SignatureLine,
    /// The body is not a checkpoint.
    #[error("not a checkpoint")]
    NotACheckpoint,
}

impl<'a> Note<'a> {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteFault::NotANote`] or [`NoteFault::SignatureLine`].
    pub fn parse(text: &'a str) -> Result<Self, NoteFault> {
        // Control characters could make two readers see two notes.
        if text.chars().any(|c| c != '\n' && c.is_control()) {
            return Err(NoteFault::NotANote);
        }
        let split = text.rfind("\n\n").ok_or(NoteFault::NotANote)?;
        let (body, signatures) = (&text[..=split], &text[split + 2..]);
        let lines = signatures.strip_suffix('\n').ok_or(NoteFault::NotANote)?;
        let signatures: Vec<_> =
            lines.split('\n').take(MAX_SIGNATURES + 1).map(signature).collect::<Result<_, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteFault::NotANote);
        }
        Ok(Self { body, signatures })
    }

    /// Whether the key signed. Only the first signature that is said to be its is looked at: to check one takes reading the whole
    /// body, and whoever wrote the note could say so many times.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        let id = key.id();
        let first = self.signatures.iter().find(|s| s.name == key.name() && s.key_id == id);
        let bytes = first.and_then(|signature| signature.bytes.as_slice().try_into().ok());
        bytes.is_some_and(|bytes| key.public.verify(self.body.as_bytes(), bytes))
    }
}

/// Whether a signer may be called so: no blank of Unicode's, no plus sign.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

fn signature(line: &str) -> Result<NoteSignature<'_>, NoteFault> {
    let (name, bytes) = line
        .strip_prefix(DASH)
        .and_then(|rest| rest.split_once(' '))
        .ok_or(NoteFault::SignatureLine)?;
    let bytes = STANDARD.decode(bytes).map_err(|_| NoteFault::SignatureLine)?;
    let (key_id, bytes) = bytes.split_first_chunk::<4>().ok_or(NoteFault::SignatureLine)?;
    if !is_name(name) {
        return Err(NoteFault::SignatureLine);
    }
    Ok(NoteSignature { name, key_id: *key_id, bytes: bytes.to_vec() })
}

/// The state of a log: the body of a note. Displays as that body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree of all leaves.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads a note's body: origin, size, root, and extension lines that are ignored.
    ///
    /// # Errors
    /// [`NoteFault::NotACheckpoint`].
    pub fn parse(body: &str) -> Result<Self, NoteFault> {
        Self::read(body).ok_or(NoteFault::NotACheckpoint)
    }

    fn read(body: &str) -> Option<Self> {
        let mut lines = body.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok()?;
        if origin.is_empty() || number.to_string() != size || lines.any(str::is_empty) {
            return None;
        }
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        Some(Self { origin: origin.to_string(), size: number, root })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use ed25519_dalek::{Signer as _, SigningKey};

    /// The key and note of Go's `golang.org/x/mod/sumdb/note` documentation.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PETERS_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn reads_and_checks_a_note_made_elsewhere() {
        let key: VerifierKey = PETER.parse().expect("a vkey");
        assert_eq!(key.to_string(), PETER);
        let note = Note::parse(PETERS_NOTE).expect("a note");
        assert!(note.is_signed_by(&key));
        let altered = PETERS_NOTE.replace("answer", "Answer");
        assert!(!Note::parse(&altered).expect("a note").is_signed_by(&key));
    }

    fn example() -> (VerifierKey, SigningKey) {
        let signing = SigningKey::from_bytes(&[9; 32]);
        let public = PublicKey::from_bytes(signing.verifying_key().to_bytes()).expect("a key");
        (VerifierKey::new("log.example", public).expect("a name"), signing)
    }

    #[test]
    fn a_checkpoint_is_written_as_it_is_read() {
        let (key, signing) = example();
        let checkpoint = Checkpoint { origin: "log.example".into(), size: 12, root: [5; 32] };
        let body = checkpoint.to_string();
        let line = signature_line(&key, &signing.sign(body.as_bytes()).to_bytes());
        let text = format!("{body}\n{line}");
        let note = Note::parse(&text).expect("a note");
        assert!(note.is_signed_by(&key));
        assert_eq!(Checkpoint::parse(note.body), Ok(checkpoint));
        let extended = format!("{body}an extension\n");
        assert_eq!(Checkpoint::parse(&extended).expect("a checkpoint").size, 12);
    }

    #[test]
    fn steps_over_signatures_of_other_types() {
        let (key, signing) = example();
        let body = "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let ours = signature_line(&key, &signing.sign(body.as_bytes()).to_bytes());
        let text = format!("{body}\n\u{2014} witness.example {}\n{ours}", STANDARD.encode([1; 76]));
        assert!(Note::parse(&text).expect("a note").is_signed_by(&key));
        // The same name and another key: the four bytes tell them apart.
        let other =
            PublicKey::from_bytes(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes())
                .expect("a key");
        assert!(
            !Note::parse(&text)
                .expect("a note")
                .is_signed_by(&VerifierKey::new("log.example", other).expect("a name"))
        );
    }

    #[test]
    fn of_several_signatures_that_are_said_to_be_one_keys_the_first_counts() {
        let (key, signing) = example();
        let body = "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let good = signature_line(&key, &signing.sign(body.as_bytes()).to_bytes());
        let bad = signature_line(&key, &[7; 64]);
        for (lines, is_signed) in [([&good, &bad], true), ([&bad, &good], false)] {
            let text = format!("{body}\n{}{}", lines[0], lines[1]);
            assert_eq!(Note::parse(&text).expect("a note").is_signed_by(&key), is_signed);
        }
    }

    #[test]
    fn refuses_what_is_no_note() {
        let broken_line = PETERS_NOTE.replace('\u{2014}', "-");
        assert!(Note::parse("a\n\n\u{2014} x AAAAAAA=\n").is_ok());
        for text in [
            "",
            "\n",
            "body\n",
            "body\n\n",
            "body\n\n\n",
            PETERS_NOTE.trim_end(),
            &broken_line,
            "a\tb\n\n\u{2014} x AAAAAAA=\n",
            "a\n\n\u{2014} x\u{2028}y AAAAAAA=\n",
            "a\n\n\u{2014} x\u{a0}y AAAAAAA=\n",
            "a\n\n\u{2014} x+y AAAAAAA=\n",
        ] {
            assert!(Note::parse(text).is_err(), "{text:?}");
        }
        for body in [
            "",
            "o\n",
            "o\n1\n",
            "o\n01\nAAAA\n",
            "o\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "o\n1\nAAAA\n",
        ] {
            assert_eq!(Checkpoint::parse(body), Err(NoteFault::NotACheckpoint), "{body:?}");
        }
        for vkey in [
            "",
            "a+b",
            "a b+c74f20a3+AQ==",
            &PETER.replace("c74", "c75"),
            &PETER.replace("+AR", "+AB"),
        ] {
            assert!(vkey.parse::<VerifierKey>().is_err(), "{vkey}");
        }
    }
}
