//! `akashi-verify trust update`: fetches what is new of root and bundle, and checks all of it before it replaces anything.

use std::time::Duration;

use akashi_verifier::json::MAX_TRUST_BYTES;
use akashi_verifier::trust::{MAX_ROOT_BYTES, Seen, VerifiedRoot, delta};
use akashi_verifier::{Trust, TrustError};
use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;

use super::network::Registry;
use super::{NO_STATE, ago, open_bundle};
use crate::options::Update;
use crate::state::State;

/// How many roots one run follows: who rotates monthly and was away for eight years.
const MAX_STEPS: usize = 100;

/// The bundle that is stored, and opens.
struct Stored {
    bytes: Vec<u8>,
    trust: Trust,
}

/// What was fetched, and opened.
struct Fetched {
    bytes: Vec<u8>,
    trust: Trust,
    /// How many bytes came over the network for the bundle.
    received: usize,
    /// Why a delta was of no use.
    delta_refused: Option<String>,
}

pub(super) fn run(options: &Update) -> Result<()> {
    let state = State::find().context(NO_STATE)?;
    let pinned = state.pinned_root()?.context(
        "no root is pinned; fetch the registry's /.well-known/akashi/root over a way you trust, then: akashi-verify trust pin ROOT",
    )?;
    let origin = match &options.registry {
        Some(origin) => origin.clone(),
        None => state.registry()?.context(
            "no registry was fetched from before; name it: akashi-verify trust update https://registry.example",
        )?,
    };
    let now = crate::now()?;
    let stored = state.bundle()?.and_then(|bytes| {
        let trust = Trust::under(pinned.clone(), &bytes, None).ok()?;
        Some(Stored { bytes, trust })
    });
    let seen = state.seen(pinned.first())?;
    let registry = Registry::new(origin, Duration::from_secs(options.timeout.into()));
    let fetched = fetch(&registry, &pinned, stored.as_ref(), seen.as_ref())
        .map_err(|error| anyhow!("{error:#}; {}", what_is_left(stored.as_ref(), now)))?;
    if stored.as_ref().is_none_or(|stored| stored.bytes != fetched.bytes) {
        state.store_bundle(&fetched.bytes, registry.origin())?;
    }
    let root = fetched.trust.root();
    if root.digest() != pinned.digest() {
        state.pin(root)?;
    }
    state.remember(root.first(), &Seen::of(&fetched.trust))?;
    say(&fetched, &pinned, stored.as_ref(), now);
    Ok(())
}

/// What can still be done when nothing new was had.
fn what_is_left(stored: Option<&Stored>, now: Timestamp) -> String {
    match stored {
        None => "nothing is stored yet".into(),
        Some(stored) => {
            let as_of = stored.trust.bundle().as_of;
            let ago = ago(as_of, now);
            format!(
                "the stored bundle of {as_of}, made {ago}, is kept, and files are checked with it as before"
            )
        }
    }
}

fn fetch(
    registry: &Registry,
    pinned: &VerifiedRoot,
    stored: Option<&Stored>,
    seen: Option<&Seen>,
) -> Result<Fetched> {
    let root = newest_root(registry, pinned.clone())?;
    let path = "/.well-known/akashi/trust-bundle";
    let (mut received, mut delta_refused) = (0, None);
    if let Some(stored) = stored {
        let from = format!("{path}?from={}", stored.trust.bundle().version);
        let answer = registry.get(&from, MAX_TRUST_BYTES)?.with_context(|| nothing(registry))?;
        received += answer.bytes.len();
        if !answer.is_delta {
            let trust =
                open_bundle(root, &answer.bytes, seen).map_err(|e| refused(registry, &e))?;
            return Ok(Fetched { bytes: answer.bytes, trust, received, delta_refused });
        }
        let made = delta::apply(&stored.bytes, &answer.bytes);
        let made = made.map_err(|fault| format!("{}: {fault}", fault.code()));
        let opened = made.and_then(|bytes| {
            let trust = open_bundle(root.clone(), &bytes, seen);
            Ok((bytes, trust.map_err(|error| format!("{}: {error}", error.code()))?))
        });
        match opened {
            Ok((bytes, trust)) => return Ok(Fetched { bytes, trust, received, delta_refused }),
            Err(why) => delta_refused = Some(why),
        }
    }
    let answer = registry.get(path, MAX_TRUST_BYTES)?.with_context(|| nothing(registry))?;
    received += answer.bytes.len();
    let trust = open_bundle(root, &answer.bytes, seen).map_err(|e| refused(registry, &e))?;
    Ok(Fetched { bytes: answer.bytes, trust, received, delta_refused })
}

/// Follows the registry from root to root until it has no next one.
fn newest_root(registry: &Registry, mut root: VerifiedRoot) -> Result<VerifiedRoot> {
    for _ in 0..MAX_STEPS {
        let next = root.root().version + 1;
        let path = format!("/.well-known/akashi/root/{next}");
        let Some(answer) = registry.get(&path, MAX_ROOT_BYTES)? else { return Ok(root) };
        root = root.succeeded_by(&answer.bytes).map_err(|e| refused(registry, &e))?;
    }
    bail!("{} has more than {MAX_STEPS} roots since the pinned one", registry.origin());
}

fn refused(registry: &Registry, error: &TrustError) -> anyhow::Error {
    anyhow!("{}: {}: {error}", error.code(), registry.origin())
}

fn nothing(registry: &Registry) -> String {
    format!("{} has no trust bundle: is it a registry?", registry.origin())
}

fn say(fetched: &Fetched, pinned: &VerifiedRoot, stored: Option<&Stored>, now: Timestamp) {
    let (root, bundle) = (fetched.trust.root().root(), fetched.trust.bundle());
    if pinned.root().version < root.version {
        println!("Root {} follows root {}: pinned.", root.version, pinned.root().version);
    }
    if let Some(why) = &fetched.delta_refused {
        println!("The registry's delta was of no use ({why}); the whole bundle was fetched.");
    }
    let before = stored.map(|stored| stored.trust.bundle().version);
    let (as_of, ago) = (bundle.as_of, ago(bundle.as_of, now));
    match before == Some(bundle.version) {
        true => println!("Bundle {} of {as_of}, made {ago}, is still the newest.", bundle.version),
        false => println!(
            "Bundle {} of {as_of}, made {ago}: stored, {} bytes received.",
            bundle.version, fetched.received
        ),
    }
}
