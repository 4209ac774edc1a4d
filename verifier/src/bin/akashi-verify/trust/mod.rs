//! Whom to believe: root and bundle for a check, and `akashi-verify trust`, which shows them, pins a root and fetches what
//! is new.

#[cfg(feature = "update")]
mod network;
mod pin;
mod show;
#[cfg(feature = "update")]
mod update;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use akashi_schemas::Language;
use akashi_verifier::json::MAX_TRUST_BYTES;
use akashi_verifier::trust::{Seen, VerifiedRoot};
use akashi_verifier::{Trust, TrustError, Untrusted, log};
use anyhow::{Context as _, Result, anyhow};

use crate::options::{Format, Options, TrustCommand};
use crate::state::State;
use crate::words::trust::{self as words, Advice};
use crate::words::{Trouble, trouble};

#[cfg(feature = "update")]
pub(crate) use network::Unanswered;

/// Runs `akashi-verify trust`.
pub(crate) fn run(command: &TrustCommand, language: Language) -> Result<bool> {
    match command {
        TrustCommand::Show(options) => show::run(options, language)?,
        TrustCommand::Pin(options) => pin::run(options, language)?,
        #[cfg(feature = "update")]
        TrustCommand::Update(options) => update::run(options, language)?,
    }
    Ok(true)
}

/// What credentials are checked against.
pub(crate) struct Ground {
    /// Root and bundle; `Err` when there are not both.
    pub(crate) trust: Result<Trust, Untrusted>,
    /// The bundle's file; empty when there is none.
    pub(crate) bundle: Vec<u8>,
    /// Whether bundles are remembered from one run to the next.
    pub(crate) remembers: bool,
}

impl Ground {
    const fn none(why: Untrusted) -> Self {
        Self { trust: Err(why), bundle: Vec::new(), remembers: false }
    }
}

/// Root and bundle for a check.
pub(crate) fn open(options: &Options) -> Result<Ground> {
    let language = options.language();
    let state = State::find(language);
    let named = Named { trust: options.trust.as_deref(), root: options.root.as_deref() };
    let (trust, bundle) = match opened(&named, state.as_ref(), language)? {
        Opened::Both(trust, bundle) => (trust, bundle),
        Opened::Root(_) | Opened::Neither => return Ok(Ground::none(Untrusted::BundleMissing)),
        Opened::Bundle => return Ok(Ground::none(Untrusted::RootNotPinned)),
    };
    if named.trust.is_none() && options.format == Format::Text {
        let stored = words::stored_bundle_of(trust.bundle().as_of, language);
        eprintln!("akashi-verify: {stored}");
    }
    let remembers = match state {
        Some(state) => {
            remember(&state, &trust)?;
            !state.seen(trust.root())?.is_empty()
        }
        None => {
            let said = words::not_remembered(words::no_state(language), language);
            eprintln!("akashi-verify: {said}");
            false
        }
    };
    Ok(Ground { trust: Ok(trust), bundle, remembers })
}

/// The files that were named.
struct Named<'a> {
    trust: Option<&'a Path>,
    root: Option<&'a Path>,
}

/// What there is to trust, of what was named and what is stored.
enum Opened {
    /// With the bundle's file.
    Both(Trust, Vec<u8>),
    Root(VerifiedRoot),
    /// A bundle under an unknown root.
    Bundle,
    Neither,
}

/// Opens the root and the bundle that were named. Without a bundle's name the stored one is taken, and without a root's the
/// pinned one; but a root that was named is the root of no other bundle than one that was named too.
fn opened(named: &Named<'_>, state: Option<&State>, language: Language) -> Result<Opened> {
    let pinned = state.map(State::pinned_root).transpose()?.flatten();
    let root = match named.root {
        Some(file) => Some(named_root(file, pinned, language)?),
        None => pinned,
    };
    let bundle = match (named.trust, named.root) {
        (Some(file), _) => Some(read_manifest(file, language)?),
        (None, Some(_)) => None,
        (None, None) => state.map(State::bundle).transpose()?.flatten(),
    };
    let (root, bundle) = match (root, bundle) {
        (Some(root), Some(bundle)) => (root, bundle),
        (Some(root), None) => return Ok(Opened::Root(root)),
        (None, Some(_)) if named.trust.is_some() => return Ok(Opened::Bundle),
        (None, _) => return Ok(Opened::Neither),
    };
    let seen = state.map(|state| state.seen(&root)).transpose()?.unwrap_or_default();
    match open_bundle(root, &bundle, seen) {
        Ok(trust) => Ok(Opened::Both(trust, bundle)),
        Err(error) => {
            let (place, advice) = match named.trust {
                Some(file) if matches!(error, TrustError::BundleOlder { .. }) => {
                    (file.display().to_string(), Advice::NewestBundle)
                }
                Some(file) => (file.display().to_string(), Advice::FetchBoth),
                None => (words::stored_bundle(language).to_owned(), Advice::Update),
            };
            Err(anyhow!(words::refusal(&error, &place, advice, language)))
        }
    }
}

/// Opens a bundle that is no older than what was seen.
fn open_bundle(root: VerifiedRoot, bundle: &[u8], seen: Vec<Seen>) -> Result<Trust, TrustError> {
    let least = Seen::least(seen, &root)?;
    Trust::under(root, bundle, least)
}

/// Remembers what opened, so that nothing older is taken for news.
fn remember(state: &State, trust: &Trust) -> Result<()> {
    let roots: Vec<_> = trust.root().digests().collect();
    state.remember(&roots, &Seen::of(trust))
}

/// The root of a file; when it goes on from the pinned one, as its successor.
fn named_root(
    file: &Path,
    pinned: Option<VerifiedRoot>,
    language: Language,
) -> Result<VerifiedRoot> {
    let bytes = read_manifest(file, language)?;
    let refusal = |error: &TrustError, advice| {
        anyhow!(words::refusal(error, &file.display().to_string(), advice, language))
    };
    let given = VerifiedRoot::open(&bytes).map_err(|error| refusal(&error, Advice::AskForRoot))?;
    let Some(pinned) = pinned else { return Ok(given) };
    match pinned.followed_by(&bytes) {
        Ok(newest) => Ok(newest),
        Err(error) if pinned.came_from(given.digest()) => {
            Err(refusal(&error, Advice::LeaveOutRoot))
        }
        // Of the same registry, and yet no root that follows the pinned one: somebody has made it who should not have.
        Err(error) if pinned.is_of_registry_of(&given) => Err(refusal(&error, Advice::DoNotUse)),
        // Another registry's.
        Err(_) => Ok(given),
    }
}

/// The bytes of a file, no more of them than a bundle may have and one.
pub(crate) fn read_manifest(file: &Path, language: Language) -> Result<Vec<u8>> {
    read(file, MAX_TRUST_BYTES, language)
}

/// The bytes of a file, one more than `limit` at most: so many show that it is too large.
fn read(file: &Path, limit: usize, language: Language) -> Result<Vec<u8>> {
    let limit = limit as u64 + 1;
    let mut bytes = Vec::new();
    let open = File::open(file).and_then(|open| open.take(limit).read_to_end(&mut bytes));
    open.with_context(|| trouble(file, Trouble::Unreadable, language))?;
    Ok(bytes)
}

/// The text of a log proof.
pub(crate) fn read_log_proof(file: &Path, language: Language) -> Result<String> {
    let bytes = read(file, log::MAX_PROOF_BYTES, language)?;
    // What is no text is no proof, and is said to be none in the report.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
