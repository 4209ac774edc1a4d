//! The root manifest, and the chain in which one root follows another.
//!
//! The rule is that of The Update Framework (specification 1.0, §5.3): a root follows the one before it when its version
//! is the next, enough keys of the one before signed it, and enough of its own. So whoever pinned any root of a
//! registry comes to its newest without asking anyone, and a thief of fewer keys than the threshold gets nowhere. Whether a
//! root has ended is asked of the last one only.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use akashi_schemas::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Manifest, Trust, TrustError};
use crate::date_time;
use crate::json;
use crate::multikey::PublicKey;

/// Most bytes that a root manifest, or a chain of them, may have.
pub const MAX_ROOT_BYTES: usize = 1 << 20;

/// Most roots of a chain: those of twenty years, one a month. Whoever goes on further forgets the first.
pub const MAX_ROOTS: usize = 256;

/// The root manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// Counts up from 1.
    pub version: u64,
    /// No bundle made later is accepted under this root.
    #[serde(deserialize_with = "date_time::expires")]
    pub expires: Timestamp,
    /// How many of `root_keys` must sign.
    pub threshold: usize,
    /// The offline keys.
    pub root_keys: Vec<PublicKey>,
    /// The online key that signs bundles.
    pub bundle_key: PublicKey,
}

impl Root {
    fn check_keys(&self) -> Result<(), TrustError> {
        let mut seen = BTreeSet::new();
        let mut ids = self.root_keys.iter().map(PublicKey::key_id);
        if let Some(keyid) = ids.find(|id| !seen.insert(*id)) {
            return Err(TrustError::RootKeyTwice { keyid });
        }
        if self.threshold == 0 || self.threshold > seen.len() {
            return Err(TrustError::RootThreshold { threshold: self.threshold, keys: seen.len() });
        }
        Ok(())
    }

    /// How many of its keys signed. One that it does not name counts not at all.
    fn good_signatures(&self, manifest: &Manifest) -> usize {
        self.root_keys.iter().filter(|key| manifest.is_signed_by(key)).count()
    }
}

/// A root that enough of its own keys signed, and the roots that led to it, each signed for by the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedRoot {
    root: Root,
    digest: Digest,
    /// From the first root to this one, or the last [`MAX_ROOTS`] of those.
    chain: Vec<Link>,
}

/// A root of a chain.
#[derive(Clone, Debug, PartialEq)]
struct Link {
    root: Root,
    digest: Digest,
    /// With no more than its own and its predecessor's signatures, so that whoever hands it on cannot make it grow.
    manifest: Value,
}

impl VerifiedRoot {
    /// Reads a root manifest, or an array of those that follow one another, and checks all of it. That its first is the
    /// right one is for the caller to know: by pinning it, or by whom it came from.
    ///
    /// # Errors
    /// [`TrustError::Unreadable`]; [`TrustError::RootThreshold`], [`TrustError::RootKeyTwice`] or [`TrustError::RootUnderSigned`]
    /// of the first; those of [`VerifiedRoot::succeeded_by`] of the others.
    pub fn open(bytes: &[u8]) -> Result<Self, TrustError> {
        let mut manifests = manifests(bytes)?.into_iter();
        let nothing = || TrustError::unreadable("root", "it is an empty array");
        let (first, _) = Self::alone(manifests.next().ok_or_else(nothing)?)?;
        manifests.try_fold(first, |root, next| root.then(Self::alone(next)?))
    }

    /// The root that follows: `next` is its manifest.
    ///
    /// # Errors
    /// Those of [`VerifiedRoot::open`]; [`TrustError::RootOlder`] or [`TrustError::RootSkipped`] when its version is not the
    /// next; [`TrustError::RootNotVouchedFor`] when too few keys of this root signed it.
    pub fn succeeded_by(&self, next: &[u8]) -> Result<Self, TrustError> {
        let value = json::read(json::trim(next), MAX_ROOT_BYTES)
            .map_err(|fault| TrustError::unreadable("root", &fault))?;
        self.clone().then(Self::alone(value)?)
    }

    /// The newest root of a manifest or a chain that goes on from this one. What is older in it must be what this
    /// one came from.
    ///
    /// # Errors
    /// Those of [`VerifiedRoot::succeeded_by`]; [`TrustError::RootForked`] when it has another root of a version that is
    /// known.
    pub fn followed_by(&self, bytes: &[u8]) -> Result<Self, TrustError> {
        let (mut newest, mut last) = (self.clone(), 0);
        for manifest in manifests(bytes)? {
            let given = Self::alone(manifest)?;
            last = given.0.root.version;
            if self.root.version < last {
                newest = newest.then(given)?;
            } else if self.forks(last, given.0.digest) {
                return Err(TrustError::RootForked { version: last });
            }
        }
        match last < self.root.version {
            true => Err(TrustError::RootOlder { version: last, seen: self.root.version }),
            false => Ok(newest),
        }
    }

    /// Whether its chain has another root of that version than the one of that digest.
    fn forks(&self, version: u64, digest: Digest) -> bool {
        let known = self.chain.iter().find(|link| link.root.version == version);
        known.is_some_and(|known| known.digest != digest)
    }

    /// Checks a manifest by itself.
    fn alone(value: Value) -> Result<(Self, Manifest), TrustError> {
        let manifest = Manifest::new("root", value)?;
        let root: Root = manifest.signed()?;
        root.check_keys()?;
        let good = root.good_signatures(&manifest);
        if good < root.threshold {
            return Err(TrustError::RootUnderSigned { good, threshold: root.threshold });
        }
        let digest = Digest::of(&manifest.message);
        let kept = manifest.signed_by(root.root_keys.iter());
        let link = Link { root: root.clone(), digest, manifest: kept };
        Ok((Self { root, digest, chain: vec![link] }, manifest))
    }

    /// Goes on to a root that was checked by itself.
    fn then(mut self, next: (Self, Manifest)) -> Result<Self, TrustError> {
        let (Self { root, digest, chain: _ }, manifest) = next;
        let (version, seen) = (root.version, self.root.version);
        if version <= seen {
            return Err(TrustError::RootOlder { version, seen });
        }
        if version - seen > 1 {
            return Err(TrustError::RootSkipped { version, expected: seen + 1 });
        }
        let good = self.root.good_signatures(&manifest);
        if good < self.root.threshold {
            let threshold = self.root.threshold;
            return Err(TrustError::RootNotVouchedFor { version, good, threshold });
        }
        let new_keys = root.root_keys.iter().filter(|key| !self.root.root_keys.contains(key));
        let kept = manifest.signed_by(self.root.root_keys.iter().chain(new_keys));
        self.chain.push(Link { root: root.clone(), digest, manifest: kept });
        let too_many = self.chain.len().saturating_sub(MAX_ROOTS);
        let chain = self.chain.split_off(too_many);
        Ok(Self { root, digest, chain })
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

    /// The digest of the first root of its chain.
    #[must_use]
    pub fn first(&self) -> Digest {
        self.chain.first().map_or(self.digest, |link| link.digest)
    }

    /// The digests of its chain, from the first root's to its own: under each of them is to be looked for what was seen, and each
    /// is what it is to be remembered under. Whoever hands a chain on may leave out its first roots, or set another before them.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        self.chain.iter().map(|link| link.digest)
    }

    /// Whether it is the root of that digest, or came from it.
    #[must_use]
    pub fn came_from(&self, digest: Digest) -> bool {
        self.chain.iter().any(|link| link.digest == digest)
    }

    /// Whether two roots are of one registry: they, or roots before them, name a key in common, as no two registries do.
    ///
    /// A key that was replaced still tells whose root it signed.
    #[must_use]
    pub fn is_of_registry_of(&self, other: &Self) -> bool {
        let ours = self.root_keys().map(PublicKey::key_id).collect::<BTreeSet<_>>();
        other.root_keys().any(|key| ours.contains(&key.key_id()))
    }

    /// The keys of this root and of those before it.
    fn root_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.chain.iter().flat_map(|link| &link.root.root_keys)
    }

    /// The root without those before it: for whoever knows it by its own digest, which says nothing of them. Anyone can set a root
    /// before another by adding signatures to that, for they are no part of what is signed.
    #[must_use]
    pub fn by_itself(mut self) -> Self {
        self.chain = self.chain.split_off(self.chain.len().saturating_sub(1));
        self
    }

    /// The whole chain as [`VerifiedRoot::open`] reads it; a manifest by itself when nothing came before.
    #[must_use]
    pub fn to_json(&self) -> String {
        match &self.chain[..] {
            [alone] => alone.manifest.to_string(),
            all => Value::from_iter(all.iter().map(|link| link.manifest.clone())).to_string(),
        }
    }
}

/// The manifests in an array, or the one that stands by itself.
fn manifests(bytes: &[u8]) -> Result<Vec<Value>, TrustError> {
    let value = json::read(json::trim(bytes), MAX_ROOT_BYTES);
    match value.map_err(|fault| TrustError::unreadable("root", &fault))? {
        Value::Array(manifests) if manifests.len() > MAX_ROOTS => {
            Err(TrustError::unreadable("root", &format!("it has more than {MAX_ROOTS} roots")))
        }
        Value::Array(manifests) => Ok(manifests),
        alone => Ok(vec![alone]),
    }
}

/// What a reader remembers of a registry, under each of [`VerifiedRoot::digests`], so that nothing older is taken for news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The newest root's version.
    pub root_version: u64,
    /// Its [`VerifiedRoot::digest`].
    pub root: Digest,
    /// [`PublicKey::key_id`] of the bundle key that it names.
    pub bundle_key: Digest,
    /// The highest version of a bundle under that key.
    pub bundle_version: u64,
}

impl Seen {
    /// Whether it is more than another: of a newer root, or of a newer bundle under the same key.
    #[must_use]
    pub fn is_beyond(&self, other: &Self) -> bool {
        let is_of_one_key = self.bundle_key == other.bundle_key;
        self.root_version > other.root_version
            || is_of_one_key && self.bundle_version > other.bundle_version
    }

    /// What is to be remembered of a root and a bundle that opened.
    #[must_use]
    pub fn of(trust: &Trust) -> Self {
        let (root, digest) = (trust.root().root(), trust.root().digest());
        Self {
            root_version: root.version,
            root: digest,
            bundle_key: root.bundle_key.key_id(),
            bundle_version: trust.bundle().version,
        }
    }

    /// The lowest bundle version to accept under that root, as [`Trust::under`] takes it; `seen` is all that is remembered
    /// under one of its [`VerifiedRoot::digests`].
    ///
    /// # Errors
    /// Those of [`Seen::min_version`].
    pub fn least(
        seen: impl IntoIterator<Item = Self>,
        root: &VerifiedRoot,
    ) -> Result<Option<u64>, TrustError> {
        let versions = seen.into_iter().map(|seen| seen.min_version(root));
        versions.reduce(|most, version| Ok(most?.max(version?))).transpose().map(Option::flatten)
    }

    /// The lowest bundle version that it lets under that root.
    ///
    /// None under a later root with another bundle key: who stole the old one may have signed any version, however
    /// high, and the bundles of the new key must not have to outrun it (TUF §5.3.11).
    ///
    /// # Errors
    /// [`TrustError::RootOlder`] for a root before the newest seen, [`TrustError::RootForked`] for one that is another of that
    /// version, or came from another.
    pub fn min_version(&self, root: &VerifiedRoot) -> Result<Option<u64>, TrustError> {
        let (version, seen) = (root.root.version, self.root_version);
        if root.forks(seen, self.root) {
            Err(TrustError::RootForked { version: seen })
        } else if version < seen {
            Err(TrustError::RootOlder { version, seen })
        } else if root.root.bundle_key.key_id() == self.bundle_key {
            Ok(Some(self.bundle_version))
        } else {
            Ok(None)
        }
    }
}
