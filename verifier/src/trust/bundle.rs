//! The trust bundle: what it says of bodies, programmes and status lists.

use alloc::string::String;
use alloc::vec::Vec;

use akashi_schemas::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::date_time;
use crate::multikey::PublicKey;
use crate::report::Reason;
use crate::status::Purpose;

/// The trust bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// Only goes up.
    pub version: u64,
    /// The root under which it was made.
    pub root_version: u64,
    /// When it was made: the time of which it tells the status.
    #[serde(deserialize_with = "date_time::as_of")]
    pub as_of: Timestamp,
    /// Until when it is meant to be used.
    #[serde(deserialize_with = "date_time::expires")]
    pub expires: Timestamp,
    /// The certification bodies.
    pub bodies: Vec<Body>,
    /// The programme versions published.
    pub programmes: Vec<ProgrammeVersion>,
    /// Every status list, whole.
    pub status_lists: Vec<ListEntry>,
    /// The log's C2SP tlog-policy.
    pub tlog_policy: String,
    /// The log's newest checkpoint, a C2SP signed note.
    pub checkpoint: String,
}

/// A certification body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Its `did:web`.
    pub did: String,
    /// Its name.
    pub name: String,
    /// Its signing keys, retired ones too.
    pub keys: Vec<BodyKey>,
    /// For which programmes it may certify, and when.
    pub authorisations: Vec<Authorisation>,
}

impl Body {
    /// The key of that absolute DID URL.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&BodyKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

/// A signing key and its window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyKey {
    /// Its absolute DID URL.
    pub id: String,
    /// The key.
    pub public: PublicKey,
    /// From when it signs.
    #[serde(deserialize_with = "date_time::from")]
    pub from: Timestamp,
    /// From when it signs no more; none while it is in use.
    #[serde(default, deserialize_with = "date_time::until")]
    pub until: Option<Timestamp>,
    /// From when others may hold it; none as far as is known.
    #[serde(default, deserialize_with = "date_time::compromised_from")]
    pub compromised_from: Option<Timestamp>,
}

impl BodyKey {
    /// Whether a signature made at `signing_time` counts.
    ///
    /// The signing time is the signer's own word. Who holds a compromised key can write any time, so nothing that
    /// it signed counts until a witness can say what it saw before.
    ///
    /// # Errors
    /// [`Reason::KeyCompromised`], [`Reason::KeyNotYetValid`] or [`Reason::KeyRetired`].
    pub fn admits(&self, signing_time: Timestamp) -> Result<(), Reason> {
        if self.compromised_from.is_some() {
            Err(Reason::KeyCompromised)
        } else if signing_time < self.from {
            Err(Reason::KeyNotYetValid)
        } else if self.until.is_some_and(|until| until <= signing_time) {
            Err(Reason::KeyRetired)
        } else {
            Ok(())
        }
    }
}

/// For what, and when, a body may certify.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// The programme's id, over all its versions.
    pub programme: String,
    /// Its first moment.
    #[serde(deserialize_with = "date_time::from")]
    pub from: Timestamp,
    /// Its end, no longer in force; none while open.
    #[serde(default, deserialize_with = "date_time::until")]
    pub until: Option<Timestamp>,
}

impl Authorisation {
    /// Whether it is in force at that moment.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// A published programme version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammeVersion {
    /// The programme's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its canonical form.
    pub digest: Digest,
    /// The ids of its levels, the best first, so that a lowest level can be asked for offline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
}

/// A status list in a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListEntry {
    /// `ORIGIN/status/LIST`.
    pub id: String,
    /// What a set bit means.
    pub purpose: Purpose,
    /// The number of the log's leaf up to which it speaks; none before the first.
    pub leaf: Option<u64>,
    /// The whole signed list: an object with a proof, or a string that holds a JWT.
    pub credential: Value,
}
