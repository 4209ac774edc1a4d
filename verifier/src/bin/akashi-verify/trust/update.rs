//! `akashi-verify trust update`: fetches what is new of root and bundle, and checks all of it before it replaces anything.

use std::time::Duration;

use akashi_schemas::Language;
use akashi_schemas::misleading::shown;
use akashi_verifier::Trust;
use akashi_verifier::json::MAX_TRUST_BYTES;
use akashi_verifier::trust::{MAX_ROOT_BYTES, Seen, VerifiedRoot, delta};
use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;

use super::network::{Answer, Registry};
use super::{open_bundle, remember};
use crate::options::Update;
use crate::state::State;
use crate::words;
use crate::words::trust::Advice;
use crate::words::update::{Left, Useless};

/// How many roots one run follows: who rotates monthly and was away for eight years.
const MAX_STEPS: usize = 100;

/// The bundle that is stored, and opens.
struct Stored {
    bytes: Vec<u8>,
    trust: Trust,
}

impl Stored {
    fn read(state: &State, root: &VerifiedRoot) -> Result<Option<Self>> {
        Ok(state.bundle()?.and_then(|bytes| {
            let trust = Trust::under(root.clone(), &bytes, None).ok()?;
            Some(Self { bytes, trust })
        }))
    }
}

/// What was fetched, and opened.
struct Fetched {
    bytes: Vec<u8>,
    trust: Trust,
    /// How many bytes came over the network for the bundle.
    received: usize,
    /// Why a delta was of no use.
    useless: Option<Useless>,
}

/// A run of the command.
struct Run {
    state: State,
    registry: Registry,
    /// The root that was pinned when it began.
    pinned: VerifiedRoot,
    now: Timestamp,
    language: Language,
}

pub(super) fn run(options: &Update, language: Language) -> Result<()> {
    let state = State::find(language).context(words::trust::no_state(language))?;
    let pinned = state.pinned_root()?.context(words::trust::nothing_pinned(language))?;
    let origin = match &options.registry {
        Some(origin) => origin.clone(),
        None => state.registry()?.context(words::update::no_registry(language))?,
    };
    let registry = Registry::new(origin, Duration::from_secs(options.timeout.into()));
    let run = Run { state, registry, pinned, now: crate::now()?, language };
    let stored = Stored::read(&run.state, &run.pinned)?;
    let fetched = run.newest_root().and_then(|root| run.fetch(&root, stored.as_ref()));
    match fetched {
        Ok(fetched) => run.keep(&fetched, stored.as_ref()),
        Err(error) => {
            let why = format!("{error:#}");
            Err(anyhow!(words::update::failed(
                &why,
                run.left().unwrap_or(Left::Nothing),
                run.now,
                language
            )))
        }
    }
}

impl Run {
    /// Follows the registry from root to root until it has no next one. Each vouches for the next, so it is pinned at once: whoever
    /// keeps back the bundle must not keep back the root, which may be there because the bundle's key was stolen.
    fn newest_root(&self) -> Result<VerifiedRoot> {
        let mut root = self.pinned.clone();
        for _ in 0..MAX_STEPS {
            let next = root.root().version + 1;
            let path = format!("/.well-known/akashi/root/{next}");
            let Some(answer) = self.get(&path, MAX_ROOT_BYTES)? else { return Ok(root) };
            let next = root.succeeded_by(&answer.bytes).map_err(|error| self.refused(&error))?;
            self.state.pin_following(&root, &next)?;
            root = next;
        }
        bail!(words::update::too_many_roots(self.registry.origin(), MAX_STEPS, self.language))
    }

    /// The newest bundle under a root: by a delta where that does.
    fn fetch(&self, root: &VerifiedRoot, stored: Option<&Stored>) -> Result<Fetched> {
        let seen = self.state.seen(root)?;
        let open = |bytes: &[u8]| open_bundle(root.clone(), bytes, seen.clone());
        let path = "/.well-known/akashi/trust-bundle";
        let (mut received, mut useless) = (0, None);
        let from = stored.map(|stored| format!("{path}?from={}", stored.trust.bundle().version));
        let mut answer = self.bundle(from.as_deref().unwrap_or(path))?;
        if let (Some(stored), true) = (stored, answer.is_delta) {
            received += answer.bytes.len();
            let made = delta::apply(&stored.bytes, &answer.bytes).map_err(Useless::Delta);
            let opened = made.and_then(|bytes| Ok((open(&bytes).map_err(Useless::Bundle)?, bytes)));
            match opened {
                Ok((trust, bytes)) => return Ok(Fetched { bytes, trust, received, useless }),
                Err(why) => useless = Some(why),
            }
            answer = self.bundle(path)?;
        }
        received += answer.bytes.len();
        let trust = open(&answer.bytes).map_err(|error| self.refused(&error))?;
        Ok(Fetched { bytes: answer.bytes, trust, received, useless })
    }

    fn bundle(&self, path: &str) -> Result<Answer> {
        let nothing = || words::update::no_bundle(self.registry.origin(), self.language);
        self.get(path, MAX_TRUST_BYTES)?.with_context(nothing)
    }

    fn get(&self, path: &str, limit: usize) -> Result<Option<Answer>> {
        let url = self.registry.origin().url(path);
        let answer = self.registry.get(&url, limit);
        answer.map_err(|why| anyhow!(words::update::unanswered(&url, &why, self.language)))
    }

    fn refused(&self, error: &akashi_verifier::TrustError) -> anyhow::Error {
        let place = self.registry.origin().as_str();
        anyhow!(words::trust::refusal(error, place, Advice::AskOperator, self.language))
    }

    /// Stores what was fetched, also where it is what was stored: it may come from another registry's address. Tells of it.
    fn keep(&self, fetched: &Fetched, stored: Option<&Stored>) -> Result<()> {
        let (root, bundle) = (fetched.trust.root(), fetched.trust.bundle());
        let seen = Seen::of(&fetched.trust);
        self.state.store_bundle(root, &seen, &fetched.bytes, self.registry.origin())?;
        remember(&self.state, &fetched.trust)?;
        let (version, before) = (root.root().version, self.pinned.root().version);
        let (now, language) = (self.now, self.language);
        if before < version {
            println!("{}", words::update::followed(version, before, language));
        }
        if let Some(why) = &fetched.useless {
            // The registry's words may stand in it.
            println!("{}", shown(&words::update::whole(why, language)));
        }
        let was_stored = stored.is_some_and(|s| s.trust.bundle().version == bundle.version);
        let received = (!was_stored).then_some(fetched.received);
        println!(
            "{}",
            words::update::stored(bundle.version, bundle.as_of, received, now, language)
        );
        Ok(())
    }

    /// What can still be done when nothing new was had.
    fn left(&self) -> Result<Left> {
        let Some(root) = self.state.pinned_root()? else { return Ok(Left::Nothing) };
        Ok(match Stored::read(&self.state, &root)? {
            Some(stored) => Left::Bundle(stored.trust.bundle().as_of),
            None if root.digest() != self.pinned.digest() => Left::Root(root.root().version),
            None => Left::Nothing,
        })
    }
}
