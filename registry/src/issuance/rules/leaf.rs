//! Entries of the log's leaves: RFC 8785 JSON of digests and public facts, never of anything private.

use serde::Serialize;

/// What a leaf says. The member `kind` is the variant's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Leaf {
    /// A credential's payload was fixed.
    Credential {
        /// SHA-256 of the payload, lower hex.
        payload_sha256: String,
        /// The certificate's number.
        number: String,
        /// The issuer's DID.
        issuer: String,
        /// SHA-256 of a salt and the holder's identifier, lower hex: only who knows the salt can tell whose it is.
        holder_digest: String,
    },
    /// A bit of a status list changed.
    Status {
        /// The list's URL.
        list: String,
        /// The bit's place.
        idx: u32,
        /// Its new value, 0 or 1.
        bit: u8,
        /// The certificate's number.
        number: String,
    },
    /// A credential was given up before its release.
    Voided {
        /// SHA-256 of its payload, lower hex.
        payload_sha256: String,
        /// The certificate's number.
        number: String,
    },
    /// A key was made, retired or found compromised.
    Key {
        /// Its absolute DID URL.
        id: String,
        /// The key, Multikey.
        public: String,
        /// `made`, `retired` or `compromised`.
        event: String,
        /// From when that counts, RFC 3339.
        effective: String,
    },
    /// A body's permission was given or ended.
    Authorisation {
        /// The body's DID.
        body: String,
        /// The programme.
        programme: String,
        /// From when, RFC 3339.
        from: String,
        /// Until when, RFC 3339.
        until: String,
    },
    /// A programme version was published.
    Programme {
        /// The programme.
        id: String,
        /// The version.
        version: String,
        /// SHA-256 of its canonical form, lower hex.
        digest: String,
    },
    /// A root manifest was published.
    Root {
        /// Its version.
        version: u64,
        /// SHA-256 of the canonical form of what it signs, lower hex.
        digest: String,
    },
}

impl Leaf {
    /// The word for the kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Credential { .. } => "credential",
            Self::Status { .. } => "status",
            Self::Voided { .. } => "voided",
            Self::Key { .. } => "key",
            Self::Authorisation { .. } => "authorisation",
            Self::Programme { .. } => "programme",
            Self::Root { .. } => "root",
        }
    }

    /// The entry's bytes, with format version and time (RFC 3339).
    ///
    /// # Errors
    /// Never for these types: they have no floats and only text keys.
    pub fn entry(&self, at: &str) -> Result<Vec<u8>, serde_json::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            v: u8,
            at: &'a str,
            #[serde(flatten)]
            leaf: &'a Leaf,
        }
        akashi_schemas::canonical::to_vec(&Entry { v: 1, at, leaf: self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_canonical_json_with_its_kind() {
        let leaf = Leaf::Status {
            list: "https://r.example/status/l".into(),
            idx: 7,
            bit: 1,
            number: "AK-1".into(),
        };
        let entry = leaf.entry("2026-11-25T00:00:00Z").expect("JSON");
        assert_eq!(
            String::from_utf8(entry).expect("UTF-8"),
            r#"{"at":"2026-11-25T00:00:00Z","bit":1,"idx":7,"kind":"status","list":"https://r.example/status/l","number":"AK-1","v":1}"#
        );
    }
}
