//! What everything rests on: the root manifest, signed by m of n offline keys, names the key that signs the trust
//! bundle; the bundle holds all that verifying without a network needs.
//!
//! Both are `{"signed": {…}, "signatures": [{"keyid", "sig"}]}`: Ed25519 over the RFC 8785 form of `signed`, `keyid`
//! the SHA-256 of the raw public key, `sig` the signature in Multibase base58btc. Members that this version does not know are
//! covered by the signature and ignored, so that later bundles serve earlier readers.

pub mod delta;

mod bundle;
mod root;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use akashi_schemas::{Digest, canonical};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::comb::{PreparedKeys, Signed};
use crate::facts::shorten;
use crate::json::{self, MAX_TRUST_BYTES};
use crate::multikey::{PublicKey, decode_base58btc, encode_base58btc};
use crate::report::Reason;
use crate::status::{ListFault, StatusList};

pub use bundle::{Authorisation, Body, BodyKey, Bundle, ListEntry, ProgrammeVersion};
pub use root::{MAX_ROOT_BYTES, MAX_ROOTS, Root, Seen, VerifiedRoot};

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

    fn is_good(&self, key: &PublicKey, message: &[u8]) -> bool {
        self.bytes().is_some_and(|bytes| key.verify(message, &bytes))
    }
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
    /// The root asks for no signature, or for more than it has keys.
    #[error("the root asks for signatures of {threshold} of its {keys} keys, which no root may")]
    RootThreshold {
        /// Signatures asked for.
        threshold: usize,
        /// Keys named.
        keys: usize,
    },
    /// The root names a key twice, so that one holder would count as two.
    #[error("the root names the key of the id {keyid} twice")]
    RootKeyTwice {
        /// [`PublicKey::key_id`] of the key.
        keyid: Digest,
    },
    /// Too few of the root's keys signed it.
    #[error("the root needs {threshold} good signatures of its keys and has {good}")]
    RootUnderSigned {
        /// Signatures that are good.
        good: usize,
        /// Signatures asked for.
        threshold: usize,
    },
    /// Too few keys of the root before it signed it.
    #[error(
        "root {version} needs {threshold} good signatures by keys of the root before it and has {good}"
    )]
    RootNotVouchedFor {
        /// The root's version.
        version: u64,
        /// Signatures that are good.
        good: usize,
        /// Signatures that the root before asks for.
        threshold: usize,
    },
    /// The root's version is not the next.
    #[error("root {expected} comes next, and this is root {version}")]
    RootSkipped {
        /// The root's version.
        version: u64,
        /// The version that comes next.
        expected: u64,
    },
    /// The root is the one that is known, or one before it.
    #[error("this is root {version}, and root {seen} is known already")]
    RootOlder {
        /// The root's version.
        version: u64,
        /// The newest known.
        seen: u64,
    },
    /// Another root of that version is known: the registry's, or this one, is not what it says.
    #[error("another root {version} is known than this one")]
    RootForked {
        /// The version of both.
        version: u64,
    },
    /// The bundle has no good signature of the root's bundle key.
    #[error("the bundle is not signed by the root's bundle key")]
    BundleWronglySigned,
    /// The bundle was made under another version of the root.
    #[error("the bundle was made under root {bundle}, this is root {root}")]
    BundleOfOtherRoot {
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
    BundleOlder {
        /// This bundle's version.
        version: u64,
        /// The highest seen.
        seen: u64,
    },
}

impl TrustError {
    fn unreadable(what: &'static str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::Unreadable { what, detail: shorten(&detail.to_string()).into_owned() }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { what: "root", .. } => "root_unreadable",
            Self::Unreadable { .. } => "bundle_unreadable",
            Self::RootThreshold { .. } => "root_threshold",
            Self::RootKeyTwice { .. } => "root_key_twice",
            Self::RootUnderSigned { .. } => "root_under_signed",
            Self::RootNotVouchedFor { .. } => "root_not_vouched_for",
            Self::RootSkipped { .. } => "root_skipped",
            Self::RootOlder { .. } => "root_older",
            Self::RootForked { .. } => "root_forked",
            Self::BundleWronglySigned => "bundle_wrongly_signed",
            Self::BundleOfOtherRoot { .. } => "bundle_of_other_root",
            Self::RootExpired { .. } => "root_expired",
            Self::BundleOlder { .. } => "bundle_older",
        }
    }
}

/// A root and a bundle that were checked against each other, with the lists opened.
#[derive(Clone, Debug)]
pub struct Trust {
    root: VerifiedRoot,
    bundle: Bundle,
    lists: BTreeMap<String, Opened>,
    rollback_checked: bool,
    keys: Arc<PreparedKeys>,
}

/// A status list of the bundle.
#[derive(Clone, Debug)]
struct Opened {
    /// The number of the log's leaf up to which it speaks.
    leaf: Option<u64>,
    list: Result<StatusList, ListFault>,
}

impl Trust {
    /// Reads a root and a bundle, and checks both. `min_version` is the highest bundle version seen before under
    /// the root's bundle key, as the caller remembers it ([`Seen::min_version`]); none when it remembers nothing.
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
        let value = json::read(json::trim(bundle), MAX_TRUST_BYTES)
            .map_err(|fault| TrustError::unreadable("bundle", &fault))?;
        let manifest = Manifest::new("bundle", value)?;
        // Before anything that it says costs more than its bytes.
        if !manifest.is_signed_by(&root.root().bundle_key) {
            return Err(TrustError::BundleWronglySigned);
        }
        let bundle: Bundle = manifest.signed()?;
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

    /// Of each signature whether it is good. A body's key that has signed many is prepared for more.
    pub(crate) fn verify_each(&self, signed: &[Signed<'_>]) -> Vec<bool> {
        self.keys.verify_each(signed)
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
        let opened = self.lists.get(id).ok_or(ListFault(Reason::ListNotInBundle))?;
        opened.list.as_ref().map_err(|fault| *fault)
    }

    /// The number of the log's leaf up to which the list of that id speaks.
    #[must_use]
    pub fn list_leaf(&self, id: &str) -> Option<u64> {
        self.lists.get(id)?.leaf
    }

    /// Whether the bundle was compared with an earlier one.
    #[must_use]
    pub fn is_rollback_checked(&self) -> bool {
        self.rollback_checked
    }
}

/// How many signatures a manifest may have.
const MAX_SIGNATURES: usize = 64;

/// A manifest whose envelope was read, and the bytes that its signatures cover.
struct Manifest {
    what: &'static str,
    signed: Value,
    signatures: Vec<ManifestSignature>,
    message: Vec<u8>,
}

impl Manifest {
    /// `what` is `root` or `bundle`.
    fn new(what: &'static str, value: Value) -> Result<Self, TrustError> {
        let Envelope::<Value> { signed, signatures } =
            serde_json::from_value(value).map_err(|error| TrustError::unreadable(what, &error))?;
        if signatures.len() > MAX_SIGNATURES {
            let detail = format!("it has more than {MAX_SIGNATURES} signatures");
            return Err(TrustError::Unreadable { what, detail });
        }
        let message =
            canonical::of_value(&signed).map_err(|error| TrustError::unreadable(what, &error))?;
        Ok(Self { what, signed, signatures, message })
    }

    /// What it says.
    fn signed<T: DeserializeOwned>(&self) -> Result<T, TrustError> {
        let signed = T::deserialize(&self.signed);
        signed.map_err(|error| TrustError::unreadable(self.what, &error))
    }

    /// Whether the key signed.
    fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.good_signature(key).is_some()
    }

    /// The key's signature. Only the first that is said to be its is looked at: to check one takes reading the whole manifest,
    /// and whoever wrote it could say so many times.
    fn good_signature(&self, key: &PublicKey) -> Option<&ManifestSignature> {
        let keyid = key.key_id();
        let first = self.signatures.iter().find(|signature| signature.keyid == keyid);
        first.filter(|signature| signature.is_good(key, &self.message))
    }

    /// The manifest with what is signed, the good signatures of those keys, and nothing else.
    fn signed_by<'a>(&self, keys: impl Iterator<Item = &'a PublicKey>) -> Value {
        let signatures: Vec<_> = keys.filter_map(|key| self.good_signature(key)).collect();
        json!({"signed": self.signed, "signatures": signatures})
    }
}

fn check_versions(
    root: &Root,
    bundle: &Bundle,
    min_version: Option<u64>,
) -> Result<(), TrustError> {
    if bundle.root_version != root.version {
        return Err(TrustError::BundleOfOtherRoot {
            bundle: bundle.root_version,
            root: root.version,
        });
    }
    if root.expires < bundle.as_of {
        return Err(TrustError::RootExpired { expires: root.expires, as_of: bundle.as_of });
    }
    match min_version {
        Some(seen) if bundle.version < seen => {
            Err(TrustError::BundleOlder { version: bundle.version, seen })
        }
        _ => Ok(()),
    }
}

/// Most bytes that all lists of a bundle may have after decompression: those of seven hundred million credentials.
const MAX_LISTS_BYTES: usize = 256 << 20;

/// Opens every list once. A list that cannot be read spoils only what it would tell.
fn open_lists(bundle: &Bundle) -> Result<BTreeMap<String, Opened>, TrustError> {
    let (mut lists, mut left) = (BTreeMap::new(), MAX_LISTS_BYTES);
    for entry in &bundle.status_lists {
        let list = StatusList::read(&entry.id, &entry.credential, &bundle.bodies, bundle.as_of)
            .and_then(|list| match list.purpose == entry.purpose {
                true => Ok(list),
                false => Err(ListFault(Reason::ListOfOtherPurpose)),
            });
        let size = list.as_ref().map_or(0, StatusList::size);
        left = left.checked_sub(size).ok_or_else(|| {
            let detail = format!("its status lists have more than {MAX_LISTS_BYTES} bytes");
            TrustError::Unreadable { what: "bundle", detail }
        })?;
        if lists.insert(entry.id.clone(), Opened { leaf: entry.leaf, list }).is_some() {
            let detail = ["two status lists have the id ", &entry.id].concat();
            return Err(TrustError::Unreadable { what: "bundle", detail });
        }
    }
    Ok(lists)
}
