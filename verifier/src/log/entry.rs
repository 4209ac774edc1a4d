//! What a leaf of the log says of a credential: digests and public facts, never the credential itself.

use alloc::string::String;

use akashi_schemas::Digest;
use jiff::Timestamp;
use serde::Deserialize;

use crate::date_time;

/// The only version of an entry's form.
const VERSION: u64 = 1;
/// The only kind that is read here.
const KIND: &str = "credential";

/// The entry that records a credential's payload: `{v, kind, at, payload_sha256, number, issuer, holder_digest}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialEntry {
    #[serde(rename = "v")]
    version: u64,
    kind: String,
    /// When it was decided.
    #[serde(deserialize_with = "date_time::at")]
    pub at: Timestamp,
    /// SHA-256 of its payload.
    pub payload_sha256: Digest,
    /// The certificate's number.
    pub number: String,
    /// The issuer's DID.
    pub issuer: String,
    /// Salted SHA-256 of the holder's identifier: only who knows the salt can tell whose it is.
    pub holder_digest: Digest,
}

impl CredentialEntry {
    /// Reads a leaf's entry; `None` when it is of another kind or version.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let value = crate::json::read(bytes, bytes.len()).ok()?;
        let entry = Self::deserialize(value).ok()?;
        (entry.version == VERSION && entry.kind == KIND).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(edit: fn(&mut Value)) -> Option<CredentialEntry> {
        let mut entry = json!({
            "v": 1, "kind": "credential", "at": "2026-11-25T00:00:00Z", "number": "A1", "issuer": "did:web:r.example",
            "payload_sha256": "ab".repeat(32), "holder_digest": "cd".repeat(32),
        });
        edit(&mut entry);
        CredentialEntry::read(entry.to_string().as_bytes())
    }

    #[test]
    fn reads_an_entry_of_its_kind_and_version_and_no_other() {
        let entry = read(|_| {}).expect("an entry");
        assert_eq!((entry.number.as_str(), entry.payload_sha256), ("A1", Digest([0xab; 32])));
        for edit in [
            (|entry: &mut Value| entry["v"] = json!(2)) as fn(&mut Value),
            |entry| entry["kind"] = json!("voided"),
            |entry| entry["payload_sha256"] = json!("AB".repeat(32)),
            |entry| entry["at"] = json!("2026-11-25 00:00:00Z"),
            |entry| entry["holder"] = json!("in clear"),
            |entry| drop(entry.as_object_mut().expect("an object").remove("number")),
        ] {
            assert_eq!(read(edit), None);
        }
        assert_eq!(CredentialEntry::read(b""), None);
    }
}
