//! `akashi-verify trust pin`: from which root all trust comes.

use akashi_verifier::TrustError;
use akashi_verifier::trust::VerifiedRoot;
use anyhow::{Context as _, Result, anyhow, bail};

use super::{NO_STATE, open_bundle, read_manifest};
use crate::options::Pin;
use crate::state::State;

pub(super) fn run(options: &Pin) -> Result<()> {
    let state = State::find().context(NO_STATE)?;
    let file = options.root.display();
    let bytes = read_manifest(&options.root)?;
    let given = VerifiedRoot::open(&bytes)
        .map_err(|error| anyhow!("{}: {file}: {error}; fetch it again", error.code()))?;
    if let Some(wanted) = options.digest.filter(|wanted| *wanted != given.digest()) {
        bail!(
            "{file} has the digest {}, not {wanted}: it is another root, do not use it",
            given.digest()
        );
    }
    let pinned = if options.replace { None } else { state.pinned_root()? };
    let root = match &pinned {
        None => given,
        Some(pinned) => {
            pinned.followed_by(&bytes).map_err(|error| refusal(&error, &file.to_string()))?
        }
    };
    let was_pinned = pinned.as_ref().is_some_and(|pinned| pinned.digest() == root.digest());
    if !was_pinned {
        state.pin(&root)?;
        let bundle = state.bundle()?;
        if bundle.is_some_and(|bundle| open_bundle(root.clone(), &bundle, None).is_err()) {
            state.forget_bundle()?;
        }
    }
    say(&root, pinned.as_ref(), options.digest.is_some());
    Ok(())
}

/// What is pinned now, and what is to be done with it.
fn say(root: &VerifiedRoot, before: Option<&VerifiedRoot>, is_compared: bool) {
    let (version, digest) = (root.root().version, root.digest());
    match before {
        Some(before) if before.digest() == digest => {
            println!("Root {version} is pinned already.\nDigest: {digest}");
        }
        Some(before) => println!(
            "Root {version} is pinned. Enough keys of root {} signed it, so it needs no comparing.\nDigest: {digest}",
            before.root().version
        ),
        None if is_compared => {
            println!("Root {version} is pinned.\nDigest: {digest}, as you expected.");
        }
        None => println!(
            "Root {version} is pinned.\nDigest: {digest}\nCompare this digest with the one that the registry gives over another way than the file came: on paper, by phone, on its web page.\nIf they differ, do not check anything with this root."
        ),
    }
}

fn refusal(error: &TrustError, file: &str) -> anyhow::Error {
    let what = "another root is pinned, and this one does not follow it";
    anyhow!(
        "{}: {file}: {what}: {error}; if you mean to trust this registry instead, say --replace",
        error.code()
    )
}
