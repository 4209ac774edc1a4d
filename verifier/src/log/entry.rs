//! What a leaf of the log says: digests and public facts, never the credential itself.

use alloc::string::String;

use akashi_schemas::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::multikey::PublicKey;

/// The version of the entry's form.
const VERSION: u8 = 1;

/// A leaf's entry. Its bytes are the RFC 8785 form, `{"at", "kind", "v", …}` with the members of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    v: Version,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// The number 1 and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Version;

impl TryFrom<u8> for Version {
    type Error = &'static str;
    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number == VERSION { Ok(Self) } else { Err("an entry of another version") }
    }
}

impl From<Version> for u8 {
    fn from(_: Version) -> Self {
        VERSION
    }
}

impl Entry {
    /// An entry of the present version.
    #[must_use]
    pub const fn new(at: Timestamp, kind: EntryKind) -> Self {
        Self { v: Version, at, kind }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// A credential was decided.
    Credential {
        /// SHA-256 of its payload.
        payload_sha256: Digest,
        /// The certificate's number.
        number: String,
        /// The issuer's DID.
        issuer: String,
        /// Salted SHA-256 of the holder's identifier.
        holder_digest: Digest,
    },
    /// A status bit changed.
    Status {
        /// The list's id.
        list: String,
        /// The index.
        idx: u32,
        /// Its new value.
        bit: bool,
        /// The certificate's number.
        number: String,
    },
    /// A credential was voided: its bytes never were, or are no more, to be relied on.
    Voided {
        /// SHA-256 of its payload.
        payload_sha256: Digest,
        /// The certificate's number.
        number: String,
    },
    /// An issuer's key began, was retired, or was found compromised: its window from now on.
    Key {
        /// The issuer's DID.
        issuer: String,
        /// The key's DID URL.
        id: String,
        /// The key.
        public: PublicKey,
        /// From when it signs.
        from: Timestamp,
        /// From when it signs no more.
        until: Option<Timestamp>,
        /// From when others may hold it.
        compromised_from: Option<Timestamp>,
    },
    /// A body's authorisation for a programme, from now on.
    Authorisation {
        /// The body's DID.
        issuer: String,
        /// The programme's id.
        programme: String,
        /// Its first moment.
        from: Timestamp,
        /// Its end.
        until: Option<Timestamp>,
    },
    /// A programme version was published.
    Programme {
        /// Its id.
        id: String,
        /// Its version.
        version: String,
        /// SHA-256 of its canonical form.
        digest: Digest,
    },
    /// A root manifest was published.
    Root {
        /// Its version.
        version: u64,
        /// SHA-256 of the RFC 8785 form of its `signed`.
        digest: Digest,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use akashi_schemas::canonical;

    #[test]
    fn an_entry_is_one_flat_canonical_object() {
        let kind = EntryKind::Status {
            list: "https://r.example/status/1".into(),
            idx: 7,
            bit: true,
            number: "A1".into(),
        };
        let entry = Entry::new("2026-11-25T00:00:00Z".parse().expect("a time"), kind);
        let bytes = canonical::to_vec(&entry).expect("JSON");
        let expected = r#"{"at":"2026-11-25T00:00:00Z","bit":true,"idx":7,"kind":"status","list":"https://r.example/status/1","number":"A1","v":1}"#;
        assert_eq!(str::from_utf8(&bytes), Ok(expected));
        assert_eq!(serde_json::from_slice::<Entry>(&bytes).expect("an entry"), entry);
    }

    #[test]
    fn other_versions_and_kinds_are_refused() {
        for text in [
            r#"{"at":"2026-11-25T00:00:00Z","kind":"programme","id":"p","version":"1","digest":"00","v":1}"#,
            r#"{"at":"2026-11-25T00:00:00Z","kind":"party","v":1}"#,
            r#"{"at":"2026-11-25T00:00:00Z","bit":true,"idx":7,"kind":"status","list":"l","number":"A1","v":2}"#,
        ] {
            assert!(serde_json::from_str::<Entry>(text).is_err(), "{text}");
        }
    }
}
