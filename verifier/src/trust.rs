//! What everything rests on: the root manifest, signed by m of n offline keys, names the key that signs the trust
//! bundle; the bundle holds all that verifying without a network needs.
//!
//! Both are `{"signed": {…}, "signatures": [{"keyid", "sig"}]}`: Ed25519 over the RFC 8785 form of `signed`, `keyid`
//! the SHA-256 of the raw public key, `sig` the signature in Multibase base58btc. Members that this version does not know are
//! covered by the signature and ignored, so that later bundles serve earlier readers.

use alloc::collections::BTreeMap;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use akashi_schemas::{Digest, canonical};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::comb::PreparedKeys;
use crate::json::{self, JsonFault, MAX_TRUST_BYTES};
use crate::multikey::{PublicKey, decode_base58btc, encode_base58btc};
use crate::report::Reason;
use crate::secured::Secured;
use crate::status::{ListFault, Purpose, StatusList};

/// A signed manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// What is signed.
    pub signed: T,
    /// Who signed it.
    pub signatures: Vec<ManifestSignature>,
}

/// One signature of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestSignature {
    /// [`PublicKey::key_id`] of the signing key.
    pub keyid: Digest,
    /// The 64 bytes in Multibase base58btc.
    pub sig: String,
}

impl ManifestSignature {
    /// Writes a signature made over the RFC 8785 form of `signed`.
    #[must_use]
    pub fn new(key: &PublicKey, signature: &[u8; 64]) -> Self {
        Self { keyid: key.key_id(), sig: encode_base58btc(signature) }
    }

    fn bytes(&self) -> Option<[u8; 64]> {
        decode_base58btc(&self.sig, 64)?.try_into().ok()
    }
}

/// The root manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// Counts up from 1.
    pub version: u64,
    /// No bundle made later is accepted under this root.
    pub expires: Timestamp,
    /// How many of `root_keys` must sign.
    pub threshold: usize,
    /// The offline keys.
    pub root_keys: Vec<PublicKey>,
    /// The online key that signs bundles.
    pub bundle_key: PublicKey,
}

/// The trust bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// Only goes up.
    pub version: u64,
    /// The root under which it was made.
    pub root_version: u64,
    /// When it was made: the time of which it tells the status.
    pub as_of: Timestamp,
    /// Until when it is meant to be used.
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
    pub from: Timestamp,
    /// From when it signs no more; none while it is in use.
    pub until: Option<Timestamp>,
    /// From when others may hold it; none as far as is known.
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
    pub from: Timestamp,
    /// Its end, no longer in force; none while open.
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

/// Why root and bundle give nothing to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The bytes are not a manifest.
    #[error("the {what} is unreadable: {detail}")]
    Unreadable {
        /// `root` or `bundle`.
        what: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The root asks for no signature, for more than it has keys, or names a key twice.
    #[error("the root asks for {threshold} of {keys} different keys, which no root may")]
    Threshold {
        /// Signatures asked for.
        threshold: usize,
        /// Different keys named.
        keys: usize,
    },
    /// Too few of the root's keys signed it.
    #[error("the root needs {threshold} good signatures of its keys and has {good}")]
    UnderSigned {
        /// Signatures that are good.
        good: usize,
        /// Signatures asked for.
        threshold: usize,
    },
    /// The bundle has no good signature of the root's bundle key.
    #[error("the bundle is not signed by the root's bundle key")]
    WronglySigned,
    /// The bundle was made under another version of the root.
    #[error("the bundle was made under root {bundle}, this is root {root}")]
    OtherRoot {
        /// The version the bundle names.
        bundle: u64,
        /// The root's version.
        root: u64,
    },
    /// The bundle was made after the root's end.
    #[error("the root ended at {expires}, the bundle was made at {as_of}")]
    RootExpired {
        /// The root's end.
        expires: Timestamp,
        /// When the bundle was made.
        as_of: Timestamp,
    },
    /// A newer bundle was seen before.
    #[error("the bundle has version {version}, and version {seen} was seen before")]
    Older {
        /// This bundle's version.
        version: u64,
        /// The highest seen.
        seen: u64,
    },
}

impl TrustError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { what: "root", .. } => "root_unreadable",
            Self::Unreadable { .. } => "bundle_unreadable",
            Self::Threshold { .. } => "root_threshold",
            Self::UnderSigned { .. } => "root_under_signed",
            Self::WronglySigned => "bundle_wrongly_signed",
            Self::OtherRoot { .. } => "bundle_of_other_root",
            Self::RootExpired { .. } => "root_expired",
            Self::Older { .. } => "bundle_older",
        }
    }
}

/// A root and a bundle that were checked against each other, with the lists opened.
#[derive(Clone, Debug)]
pub struct Trust {
    root: VerifiedRoot,
    bundle: Bundle,
    lists: BTreeMap<String, Result<StatusList, ListFault>>,
    rollback_checked: bool,
    keys: Arc<PreparedKeys>,
}

/// A root that enough of its own keys signed.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedRoot {
    root: Root,
    digest: Digest,
}

impl VerifiedRoot {
    /// Reads a root manifest and checks that enough of its keys signed it. That it is the right root is for the
    /// caller to know: by pinning it, or by whom it came from.
    ///
    /// # Errors
    /// [`TrustError::Unreadable`], [`TrustError::Threshold`] or [`TrustError::UnderSigned`].
    pub fn open(bytes: &[u8]) -> Result<Self, TrustError> {
        let (envelope, message): (Envelope<Root>, _) = read("root", bytes)?;
        let root = envelope.signed;
        let keys: BTreeMap<Digest, &PublicKey> =
            root.root_keys.iter().map(|k| (k.key_id(), k)).collect();
        if root.threshold == 0 || root.threshold > keys.len() || keys.len() != root.root_keys.len()
        {
            return Err(TrustError::Threshold { threshold: root.threshold, keys: keys.len() });
        }
        // A set, so that one key signing twice counts once.
        let good: BTreeSet<Digest> = envelope
            .signatures
            .iter()
            .filter(|signature| {
                keys.get(&signature.keyid).is_some_and(|key| is_good(signature, key, &message))
            })
            .map(|signature| signature.keyid)
            .collect();
        if good.len() < root.threshold {
            return Err(TrustError::UnderSigned { good: good.len(), threshold: root.threshold });
        }
        Ok(Self { digest: Digest::of(&message), root })
    }

    /// What it says.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// SHA-256 of the RFC 8785 form of its `signed`: its name for pinning.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl Trust {
    /// Reads a root and a bundle, and checks both. `min_version` is the highest bundle version seen before under
    /// this root, as the caller remembers it; none when it remembers nothing.
    ///
    /// A bundle past its `expires` opens: how old a status may be is for [`crate::Policy`] to say.
    ///
    /// # Errors
    /// A [`TrustError`]; nothing may then be verified.
    pub fn open(root: &[u8], bundle: &[u8], min_version: Option<u64>) -> Result<Self, TrustError> {
        Self::under(VerifiedRoot::open(root)?, bundle, min_version)
    }

    /// As [`Trust::open`], under a root that was opened already.
    ///
    /// # Errors
    /// As [`Trust::open`].
    pub fn under(
        root: VerifiedRoot,
        bundle: &[u8],
        min_version: Option<u64>,
    ) -> Result<Self, TrustError> {
        let (envelope, message): (Envelope<Bundle>, _) = read("bundle", bundle)?;
        let key = &root.root.bundle_key;
        let is_ours = |s: &ManifestSignature| s.keyid == key.key_id() && is_good(s, key, &message);
        if !envelope.signatures.iter().any(is_ours) {
            return Err(TrustError::WronglySigned);
        }
        let bundle = envelope.signed;
        check_versions(root.root(), &bundle, min_version)?;
        let lists = open_lists(&bundle)?;
        let keys = bundle.bodies.iter().flat_map(|body| &body.keys).map(|key| &key.public);
        let keys = Arc::new(PreparedKeys::new(keys));
        Ok(Self { root, bundle, lists, rollback_checked: min_version.is_some(), keys })
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &VerifiedRoot {
        &self.root
    }

    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Whether a document's signature is this key's. A body's key that has signed many is prepared for more.
    pub(crate) fn is_signed_by(&self, secured: &Secured, key: &PublicKey) -> bool {
        self.keys.verify(key, &secured.message, &secured.signature)
    }

    /// The body of that DID.
    #[must_use]
    pub fn body(&self, did: &str) -> Option<&Body> {
        self.bundle.bodies.iter().find(|body| body.did == did)
    }

    /// The status list of that id, opened.
    ///
    /// # Errors
    /// [`Reason::ListNotInBundle`], or why it cannot be read.
    pub fn status_list(&self, id: &str) -> Result<&StatusList, ListFault> {
        let list = self.lists.get(id).ok_or(ListFault(Reason::ListNotInBundle))?;
        list.as_ref().map_err(|fault| *fault)
    }

    /// The number of the log's leaf up to which the list of that id speaks.
    #[must_use]
    pub fn list_leaf(&self, id: &str) -> Option<u64> {
        self.bundle.status_lists.iter().find(|entry| entry.id == id)?.leaf
    }

    /// Whether the bundle was compared with an earlier one.
    #[must_use]
    pub fn is_rollback_checked(&self) -> bool {
        self.rollback_checked
    }
}

/// Reads a manifest; gives it and the bytes that its signatures cover.
/// How many signatures are looked at: each is checked over the whole manifest, whoever wrote it.
const MAX_SIGNATURES: usize = 64;

fn read<T: DeserializeOwned>(
    what: &'static str,
    bytes: &[u8],
) -> Result<(Envelope<T>, Vec<u8>), TrustError> {
    let unreadable = |detail: String| TrustError::Unreadable { what, detail };
    let value = json::read(json::trim(bytes), MAX_TRUST_BYTES)
        .map_err(|fault: JsonFault| unreadable(fault.to_string()))?;
    let message =
        canonical::of_value(&value["signed"]).map_err(|error| unreadable(error.to_string()))?;
    let envelope: Envelope<T> =
        serde_json::from_value(value).map_err(|error| unreadable(error.to_string()))?;
    if envelope.signatures.len() > MAX_SIGNATURES {
        return Err(unreadable(format!("it has more than {MAX_SIGNATURES} signatures")));
    }
    Ok((envelope, message))
}

fn is_good(signature: &ManifestSignature, key: &PublicKey, message: &[u8]) -> bool {
    signature.bytes().is_some_and(|bytes| key.verify(message, &bytes))
}

fn check_versions(
    root: &Root,
    bundle: &Bundle,
    min_version: Option<u64>,
) -> Result<(), TrustError> {
    if bundle.root_version != root.version {
        return Err(TrustError::OtherRoot { bundle: bundle.root_version, root: root.version });
    }
    if root.expires < bundle.as_of {
        return Err(TrustError::RootExpired { expires: root.expires, as_of: bundle.as_of });
    }
    match min_version {
        Some(seen) if bundle.version < seen => {
            Err(TrustError::Older { version: bundle.version, seen })
        }
        _ => Ok(()),
    }
}

/// Opens every list once. A list that cannot be read spoils only what it would tell.
fn open_lists(
    bundle: &Bundle,
) -> Result<BTreeMap<String, Result<StatusList, ListFault>>, TrustError> {
    let mut lists = BTreeMap::new();
    for entry in &bundle.status_lists {
        let list = StatusList::read(&entry.id, &entry.credential, &bundle.bodies, bundle.as_of)
            .and_then(|list| match list.purpose == entry.purpose {
                true => Ok(list),
                false => Err(ListFault(Reason::ListOfOtherPurpose)),
            });
        if lists.insert(entry.id.clone(), list).is_some() {
            let detail = ["two status lists have the id ", &entry.id].concat();
            return Err(TrustError::Unreadable { what: "bundle", detail });
        }
    }
    Ok(lists)
}
