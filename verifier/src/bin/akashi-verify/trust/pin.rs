//! `akashi-verify trust pin`: from which root all trust comes.

use akashi_schemas::Language;
use akashi_verifier::trust::VerifiedRoot;
use akashi_verifier::{Trust, TrustError};
use anyhow::{Context as _, Result, anyhow, bail};

use super::read_manifest;
use crate::options::Pin;
use crate::state::State;
use crate::words::trust::{self as words, Advice, Pinned};

pub(super) fn run(options: &Pin, language: Language) -> Result<()> {
    let state = State::find(language).context(words::no_state(language))?;
    let file = options.root.display().to_string();
    let bytes = read_manifest(&options.root, language)?;
    let given = VerifiedRoot::open(&bytes)
        .map_err(|error| anyhow!(words::refusal(&error, &file, Advice::FetchAgain, language)))?;
    let (digest, wanted) = (given.digest(), options.digest);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != digest) {
        bail!(words::other_digest(&file, digest, wanted, language));
    }
    let before = match state.pinned_root() {
        // Whatever is there is to be replaced.
        Err(_) if options.replace => None,
        before => before?,
    };
    let followed = before.as_ref().map(|before| (before, before.followed_by(&bytes)));
    let (root, how) = match followed {
        Some((before, Ok(root))) if root.digest() == before.digest() => (root, Pinned::Already),
        Some((before, Ok(root))) => {
            state.pin_following(before, &root)?;
            (root, Pinned::Following(before.root().version))
        }
        Some((before, Err(error))) if !options.replace => {
            let advice = advice(&error, before.is_of_registry_of(&given));
            bail!(words::refusal(&error, &file, advice, language));
        }
        _ => {
            // The digest that people compare is that of the last root. What stands before that in the file nobody has compared, and
            // anyone can set a root of their own there, by adding their signatures to its successor's.
            let root = given.by_itself();
            let pinned = before.as_ref();
            state.pin(pinned, &root, |bundle| Trust::under(root.clone(), bundle, None).is_ok())?;
            (root, if wanted.is_some() { Pinned::Expected } else { Pinned::Unseen })
        }
    };
    println!("{}", words::pinned(&root, how, language));
    Ok(())
}

/// What to do about a root that the pinned one does not vouch for.
const fn advice(error: &TrustError, is_of_registry: bool) -> Advice {
    match error {
        _ if !is_of_registry => Advice::Replace,
        TrustError::RootOlder { .. } => Advice::KeepPinned,
        TrustError::RootSkipped { .. } => Advice::RootsBetween,
        _ => Advice::DoNotUse,
    }
}
