//! What the command line remembers between two runs, in `akashi` under the XDG state folder: the pinned root, the bundle
//! that was fetched last, from which registry, and what was seen under each root.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, process, thread};

use akashi_schemas::misleading::shown;
use akashi_schemas::{Digest, Language};
use akashi_verifier::Origin;
use akashi_verifier::trust::{Seen, VerifiedRoot};
use anyhow::{Context as _, Result, anyhow, bail};

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

    /// Pins a root in place of the pinned one, if that is still the one that was read. A stored bundle that does not open under it
    /// is forgotten, and where it came from.
    pub(crate) fn pin(
        &self,
        pinned: Option<&VerifiedRoot>,
        root: &VerifiedRoot,
        opens: impl Fn(&[u8]) -> bool,
    ) -> Result<()> {
        let _lock = self.lock_while_pinned(pinned)?;
        self.store("root.json", root.to_json().as_bytes())?;
        if !self.bundle()?.is_some_and(|bundle| opens(&bundle)) {
            self.remove("bundle.json")?;
            self.remove("registry")?;
        }
        Ok(())
    }

    /// Pins a root that the pinned one vouches for, unless another run has pinned another meanwhile. A bundle of the root before
    /// counts no more.
    pub(crate) fn pin_following(&self, pinned: &VerifiedRoot, root: &VerifiedRoot) -> Result<()> {
        let _lock = self.lock_while_pinned(Some(pinned))?;
        self.store("root.json", root.to_json().as_bytes())?;
        self.remove("bundle.json")
    }

    /// The bundle that was fetched last.
    pub(crate) fn bundle(&self) -> Result<Option<Vec<u8>>> {
        self.read(&self.folder.join("bundle.json"))
    }

    /// Stores a bundle under the pinned root, and where it came from, unless another run has pinned another root or seen a newer
    /// bundle meanwhile; `fetched` is what is to be remembered of both.
    pub(crate) fn store_bundle(
        &self,
        pinned: &VerifiedRoot,
        fetched: &Seen,
        bundle: &[u8],
        registry: &Origin,
    ) -> Result<()> {
        let _lock = self.lock_while_pinned(Some(pinned))?;
        if self.seen(pinned)?.iter().any(|seen| seen.is_beyond(fetched)) {
            bail!(words::overtaken(self.language));
        }
        self.store("bundle.json", bundle)?;
        self.store("registry", format!("{registry}\n").as_bytes())
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

    /// All that was seen under a root, and under those that it came from.
    pub(crate) fn seen(&self, root: &VerifiedRoot) -> Result<Vec<Seen>> {
        root.digests().filter_map(|digest| self.seen_under(digest).transpose()).collect()
    }

    fn seen_under(&self, root: Digest) -> Result<Option<Seen>> {
        let file = self.folder.join(seen_file(root));
        let Some(bytes) = self.read(&file)? else { return Ok(None) };
        // Guessing here would let an old bundle in.
        serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| trouble(&file, Trouble::Damaged, self.language))
    }

    /// Remembers what was seen under each of those roots, unless another run has seen more meanwhile. Where nothing can be
    /// written, the next run is told that nothing was compared.
    pub(crate) fn remember(&self, roots: &[Digest], seen: &Seen) -> Result<()> {
        if self.not_known(roots, seen)?.is_empty() {
            return Ok(());
        }
        // Two runs that compare and write at once would leave what the later writes, which may be less.
        let locked = self.lock();
        let new = self.not_known(roots, seen)?;
        let bytes = serde_json::to_vec(seen)?;
        let store = |root: &Digest| self.store(&seen_file(*root), &bytes);
        if let Err(error) = locked.and_then(|_lock| new.iter().try_for_each(store)) {
            let said = words::not_remembered(&format!("{error:#}"), self.language);
            eprintln!("akashi-verify: {}", shown(&said));
        }
        Ok(())
    }

    /// Under which of those roots less was seen.
    fn not_known(&self, roots: &[Digest], seen: &Seen) -> Result<Vec<Digest>> {
        let mut new = Vec::new();
        for root in roots {
            let known = self.seen_under(*root)?;
            if known.is_none_or(|known| !known.is_beyond(seen) && known != *seen) {
                new.push(*root);
            }
        }
        Ok(new)
    }

    /// The lock, if that root is still the pinned one; none stands for no root, or one that cannot be read.
    fn lock_while_pinned(&self, root: Option<&VerifiedRoot>) -> Result<File> {
        let lock = self.lock()?;
        let now = self.pinned_root().ok().flatten();
        let is_pinned = now.map(|now| now.digest()) == root.map(VerifiedRoot::digest);
        if is_pinned { Ok(lock) } else { Err(anyhow!(words::overtaken(self.language))) }
    }

    /// Waits until no other run is about to write, but not for long: whoever may read the file may hold it. The lock ends when
    /// the file is closed. Where the file system knows no locks there is none.
    fn lock(&self) -> Result<File> {
        let file = self.folder.join("lock");
        let unwritable = || trouble(&file, Trouble::Unwritable, self.language);
        let open = make_folder(&self.folder).and_then(|()| File::create(&file));
        let open = open.with_context(unwritable)?;
        for _ in 0..LOCK_TRIES {
            match open.try_lock() {
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                    return Err(error).with_context(unwritable);
                }
                _ => return Ok(open),
            }
        }
        Err(anyhow!(trouble(&file, Trouble::Held, self.language)))
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
                make_folder(folder)?;
            }
            let mut open = File::create(&beside)?;
            open.write_all(bytes)?;
            open.sync_all()?;
            fs::rename(&beside, &file)
        };
        write().with_context(|| trouble(&file, Trouble::Unwritable, self.language))
    }
}

fn seen_file(root: Digest) -> String {
    format!("bundle-versions/{root}")
}

/// Makes a folder, and those above it, for their owner alone (XDG Base Directory Specification).
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    use akashi_schemas::canonical;
    use akashi_verifier::PublicKey;
    use akashi_verifier::trust::ManifestSignature;
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::json;

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
            state.remember(&[registry], &remembered).expect("a folder that can be written to");
            assert_eq!(state.seen_under(registry).expect("readable"), Some(kept), "{remembered:?}");
        }
    }

    #[test]
    fn what_another_run_has_gone_beyond_is_not_stored() {
        let (_folder, state) = state();
        let (pinned, other) = (root(1), root(2));
        state.pin(None, &pinned, |_| false).expect("a folder that can be written to");
        let registry = "https://registry.example".parse().expect("an origin");
        let store = |root, bundle_version| {
            state.store_bundle(root, &seen(1, 1, bundle_version), b"{}", &registry)
        };
        let assert_overtaken = |stored: Result<()>| {
            let error = stored.expect_err("another run was faster").to_string();
            assert!(
                error.contains("another run has pinned another root or seen a newer"),
                "{error}"
            );
        };
        assert_overtaken(state.pin(None, &other, |_| false));
        assert_overtaken(state.pin_following(&other, &other));
        assert_overtaken(store(&other, 7));
        assert_eq!(state.pinned_root().expect("readable"), Some(pinned.clone()));
        store(&pinned, 7).expect("the pinned one's");
        assert_eq!(state.bundle().expect("readable").as_deref(), Some(&b"{}"[..]));

        state.remember(&[pinned.digest()], &seen(1, 1, 8)).expect("writable");
        assert_overtaken(store(&pinned, 7));
        store(&pinned, 8).expect("what was seen");

        state.pin_following(&pinned, &other).expect("the pinned one's");
        assert_eq!(state.pinned_root().expect("readable"), Some(other));
        assert_eq!(state.bundle().expect("readable"), None);
    }

    /// The root of a registry of one key.
    fn root(seed: u8) -> VerifiedRoot {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::from_bytes(key.verifying_key().to_bytes()).expect("a key");
        let signed = json!({
            "version": 1, "expires": "2036-01-01T00:00:00Z", "threshold": 1, "root_keys": [public], "bundle_key": public,
        });
        let message = canonical::of_value(&signed).expect("JSON");
        let signature = ManifestSignature::new(&public, &key.sign(&message).to_bytes());
        let manifest = json!({"signed": signed, "signatures": [signature]});
        VerifiedRoot::open(manifest.to_string().as_bytes()).expect("a root")
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
                    runs.spawn(move || state.remember(&[registry], &seen(1, 1, version)));
                }
            });
            let most = Some(seen(1, 1, round * 8 + 7));
            assert_eq!(state.seen_under(registry).expect("readable"), most, "round {round}");
        }
    }
}
