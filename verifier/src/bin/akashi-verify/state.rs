//! What the command line remembers between two runs, in `akashi` under the XDG state folder: the pinned root, the bundle
//! that was fetched last, from which registry, and what was seen under each root.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, process, thread};

use akashi_schemas::misleading::shown;
use akashi_schemas::{Digest, Language};
use akashi_verifier::Origin;
use akashi_verifier::trust::{Seen, VerifiedRoot};
use anyhow::{Context as _, Result, anyhow};

use crate::words::trust::{self as words, Advice};
use crate::words::{Trouble, trouble};

/// How often a lock is tried.
const LOCK_TRIES: u32 = 50;
/// How long after one that was in vain.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// The folder, and the language in which troubles with it are told.
pub(crate) struct State {
    folder: PathBuf,
    language: Language,
}

impl State {
    /// `$XDG_STATE_HOME/akashi`, or `~/.local/state/akashi`; none where there is no home.
    pub(crate) fn find(language: Language) -> Option<Self> {
        let absolute =
            |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("XDG_STATE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
        Some(Self { folder: home.join("akashi"), language })
    }

    /// The pinned root: the newest of the chain that was followed from the one that was pinned first.
    pub(crate) fn pinned_root(&self) -> Result<Option<VerifiedRoot>> {
        let file = self.folder.join("root.json");
        let Some(bytes) = self.read(&file)? else { return Ok(None) };
        let root = VerifiedRoot::open(&bytes).map_err(|error| {
            let place = file.display().to_string();
            anyhow!(words::refusal(&error, &place, Advice::PinAnew, self.language))
        })?;
        Ok(Some(root))
    }

    /// Pins a root.
    pub(crate) fn pin(&self, root: &VerifiedRoot) -> Result<()> {
        self.store("root.json", root.to_json().as_bytes())
    }

    /// The bundle that was fetched last.
    pub(crate) fn bundle(&self) -> Result<Option<Vec<u8>>> {
        self.read(&self.folder.join("bundle.json"))
    }

    /// Stores a bundle, and where it came from.
    pub(crate) fn store_bundle(&self, bundle: &[u8], registry: &Origin) -> Result<()> {
        self.store("bundle.json", bundle)?;
        self.store("registry", format!("{registry}\n").as_bytes())
    }

    /// Forgets the bundle, when another root than its own is pinned.
    pub(crate) fn forget_bundle(&self) -> Result<()> {
        self.remove("bundle.json")
    }

    /// Forgets where the bundle came from, when the root of another registry is pinned.
    pub(crate) fn forget_registry(&self) -> Result<()> {
        self.remove("registry")
    }

    fn remove(&self, name: &str) -> Result<()> {
        let file = self.folder.join(name);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| trouble(&file, Trouble::Unremovable, self.language))
            }
            _ => Ok(()),
        }
    }

    /// Where the stored bundle came from.
    pub(crate) fn registry(&self) -> Result<Option<Origin>> {
        let file = self.folder.join("registry");
        let Some(bytes) = self.read(&file)? else { return Ok(None) };
        let origin = String::from_utf8_lossy(&bytes).trim().parse();
        origin.map(Some).with_context(|| trouble(&file, Trouble::Damaged, self.language))
    }

    /// What was seen of the registry whose first root has that digest.
    pub(crate) fn seen(&self, first_root: Digest) -> Result<Option<Seen>> {
        let file = self.folder.join(seen_file(first_root));
        let Some(bytes) = self.read(&file)? else { return Ok(None) };
        // Guessing here would let an old bundle in.
        serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| trouble(&file, Trouble::Damaged, self.language))
    }

    /// Remembers what was seen, unless another run has seen more meanwhile. Where nothing can be written, the next run is
    /// told that nothing was compared.
    pub(crate) fn remember(&self, first_root: Digest, seen: &Seen) -> Result<()> {
        let is_known = |known: Seen| known.is_beyond(seen) || known == *seen;
        if self.seen(first_root)?.is_some_and(is_known) {
            return Ok(());
        }
        // Two runs that compare and write at once would leave what the later writes, which may be less.
        let locked = self.lock();
        if self.seen(first_root)?.is_some_and(is_known) {
            return Ok(());
        }
        let bytes = serde_json::to_vec(seen)?;
        if let Err(error) = locked.and_then(|_lock| self.store(&seen_file(first_root), &bytes)) {
            let said = words::not_remembered(&format!("{error:#}"), self.language);
            eprintln!("akashi-verify: {}", shown(&said));
        }
        Ok(())
    }

    /// Waits until no other run is about to remember, but not for long: whoever may read the file may hold it. The lock ends when
    /// the file is closed. Where the file system knows no locks there is none.
    fn lock(&self) -> Result<File> {
        let file = self.folder.join("bundle-versions.lock");
        let lock = || {
            fs::create_dir_all(&self.folder)?;
            let open = File::create(&file)?;
            for _ in 0..LOCK_TRIES {
                match open.try_lock() {
                    Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                    Err(TryLockError::Error(error))
                        if error.kind() != io::ErrorKind::Unsupported =>
                    {
                        return Err(error);
                    }
                    _ => return Ok(open),
                }
            }
            Err(io::ErrorKind::WouldBlock.into())
        };
        lock().with_context(|| trouble(&file, Trouble::Unwritable, self.language))
    }

    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>> {
        match fs::read(file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(error).with_context(|| trouble(file, Trouble::Unreadable, self.language))
            }
        }
    }

    /// Writes beside and renames, so that a run cut short leaves what was there.
    fn store(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let file = self.folder.join(name);
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
        write().with_context(|| trouble(&file, Trouble::Unwritable, self.language))
    }
}

fn seen_file(first_root: Digest) -> String {
    format!("bundle-versions/{first_root}")
}

#[cfg(test)]
mod tests {

    use super::*;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State { folder: folder.path().join("akashi"), language: Language::English };
        (folder, state)
    }

    fn seen(root_version: u64, bundle_key: u8, bundle_version: u64) -> Seen {
        Seen {
            root_version,
            root: Digest([0; 32]),
            bundle_key: Digest([bundle_key; 32]),
            bundle_version,
        }
    }

    #[test]
    fn what_another_run_saw_meanwhile_is_not_forgotten() {
        let (_folder, state) = state();
        let registry = Digest([1; 32]);
        for (remembered, kept) in [
            (seen(1, 1, 7), seen(1, 1, 7)),
            (seen(1, 1, 9), seen(1, 1, 9)),
            (seen(1, 1, 8), seen(1, 1, 9)),
            // A newer root with a new key starts anew, and the one before it is gone for good.
            (seen(2, 2, 3), seen(2, 2, 3)),
            (seen(1, 1, 10), seen(2, 2, 3)),
        ] {
            state.remember(registry, &remembered).expect("a folder that can be written to");
            assert_eq!(state.seen(registry).expect("readable"), Some(kept), "{remembered:?}");
        }
    }

    #[test]
    fn of_many_runs_at_once_the_most_that_was_seen_is_kept() {
        let (_folder, state) = state();
        let registry = Digest([1; 32]);
        for round in 0..20 {
            let versions = (1..=8).map(|run| round * 8 + (run * 5) % 8);
            thread::scope(|runs| {
                for version in versions {
                    let state = &state;
                    runs.spawn(move || state.remember(registry, &seen(1, 1, version)));
                }
            });
            let most = Some(seen(1, 1, round * 8 + 7));
            assert_eq!(state.seen(registry).expect("readable"), most, "round {round}");
        }
    }
}
