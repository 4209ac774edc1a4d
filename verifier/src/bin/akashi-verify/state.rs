//! What the command line remembers between two runs, in `akashi` under the XDG state folder: the pinned root, and the highest
//! bundle version seen under each root.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use akashi_schemas::Digest;
use anyhow::{Context as _, Result};

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

    /// The pinned root's bytes.
    pub(crate) fn pinned_root(&self) -> Result<Option<Vec<u8>>> {
        read(&self.0.join("root.json"))
    }

    /// The highest bundle version seen under the root of that digest.
    pub(crate) fn highest_version(&self, root: Digest) -> Result<Option<u64>> {
        let file = self.version_file(root);
        let Some(bytes) = read(&file)? else { return Ok(None) };
        let number = str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
        // Guessing here would let an old bundle in.
        number
            .map(Some)
            .with_context(|| format!("{} is damaged; remove it to start anew", file.display()))
    }

    /// Remembers a version. Where nothing can be written, the next run is told that nothing was compared.
    pub(crate) fn remember_version(&self, root: Digest, version: u64) -> Result<()> {
        if self.highest_version(root)?.is_some_and(|seen| seen >= version) {
            return Ok(());
        }
        let file = self.version_file(root);
        if let Err(error) = write(&file, version) {
            eprintln!(
                "akashi-verify: {} cannot be written: {error}; older bundles will not be noticed",
                file.display()
            );
        }
        Ok(())
    }

    fn version_file(&self, root: Digest) -> PathBuf {
        self.0.join("bundle-versions").join(root.to_string())
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}

/// Writes beside and renames, so that a run cut short leaves the old number.
fn write(file: &Path, version: u64) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension(format!("{}.new", std::process::id()));
    fs::write(&beside, format!("{version}\n"))?;
    fs::rename(&beside, file)
}
