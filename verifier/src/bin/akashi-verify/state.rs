//! What the command line remembers between two runs, in `akashi` under the XDG state folder: the pinned root, the bundle
//! that was fetched last, from which registry, and what was seen under each root.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, process};

use akashi_schemas::Digest;
use akashi_verifier::Origin;
use akashi_verifier::trust::{Seen, VerifiedRoot};
use anyhow::{Context as _, Result, anyhow};

/// The folder.
pub(crate) struct State(PathBuf);

impl State {
    /// `$XDG_STATE_HOME/akashi`, or `~/.local/state/akashi`; none where there is no home.
    pub(crate) fn find() -> Option<Self> {
        let absolute =
            |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("XDG_STATE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
        Some(Self(home.join("akashi")))
    }

    /// The pinned root: the newest of the chain that was followed from the one that was pinned first.
    pub(crate) fn pinned_root(&self) -> Result<Option<VerifiedRoot>> {
        let file = self.0.join("root.json");
        let Some(bytes) = read(&file)? else { return Ok(None) };
        let root = VerifiedRoot::open(&bytes).map_err(|error| {
            let code = error.code();
            anyhow!("{code}: {}: {error}; pin the registry's root anew", file.display())
        })?;
        Ok(Some(root))
    }

    /// Pins a root.
    pub(crate) fn pin(&self, root: &VerifiedRoot) -> Result<()> {
        self.store("root.json", root.to_json().as_bytes())
    }

    /// The bundle that was fetched last.
    pub(crate) fn bundle(&self) -> Result<Option<Vec<u8>>> {
        read(&self.0.join("bundle.json"))
    }

    /// Stores a bundle, and where it came from.
    pub(crate) fn store_bundle(&self, bundle: &[u8], registry: &Origin) -> Result<()> {
        self.store("bundle.json", bundle)?;
        self.store("registry", format!("{registry}\n").as_bytes())
    }

    /// Forgets the bundle and where it came from, when another root is pinned.
    pub(crate) fn forget_bundle(&self) -> Result<()> {
        for name in ["bundle.json", "registry"] {
            let file = self.0.join(name);
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("{} cannot be removed", file.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the stored bundle came from.
    pub(crate) fn registry(&self) -> Result<Option<Origin>> {
        let file = self.0.join("registry");
        let Some(bytes) = read(&file)? else { return Ok(None) };
        let origin = String::from_utf8_lossy(&bytes).trim().parse();
        origin.map(Some).with_context(|| format!("{} is damaged; remove it", file.display()))
    }

    /// What was seen of the registry whose first root has that digest.
    pub(crate) fn seen(&self, first_root: Digest) -> Result<Option<Seen>> {
        let file = self.0.join(seen_file(first_root));
        let Some(bytes) = read(&file)? else { return Ok(None) };
        // Guessing here would let an old bundle in.
        serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("{} is damaged; remove it to start anew", file.display()))
    }

    /// Remembers what was seen. Where nothing can be written, the next run is told that nothing was compared.
    pub(crate) fn remember(&self, first_root: Digest, seen: &Seen) -> Result<()> {
        // Another run may have seen more meanwhile.
        let is_known = |known: Seen| known.is_beyond(seen) || known == *seen;
        if self.seen(first_root)?.is_some_and(is_known) {
            return Ok(());
        }
        let bytes = serde_json::to_vec(seen)?;
        if let Err(error) = self.store(&seen_file(first_root), &bytes) {
            eprintln!("akashi-verify: {error:#}; older bundles will not be noticed");
        }
        Ok(())
    }

    /// Writes beside and renames, so that a run cut short leaves what was there.
    fn store(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let file = self.0.join(name);
        let beside = file.with_extension(format!("{}.new", process::id()));
        let write = || {
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut open = File::create(&beside)?;
            open.write_all(bytes)?;
            open.sync_all()?;
            fs::rename(&beside, &file)
        };
        write().with_context(|| format!("{} cannot be written", file.display()))
    }
}

fn seen_file(first_root: Digest) -> String {
    format!("bundle-versions/{first_root}")
}

fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}
