//! What the arguments stand for: files, folders of files, and lists of files, one source after another, in order.

use std::fs;
use std::io;
use std::iter;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use akashi_schemas::{Language, NumberError};
use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use walkdir::{DirEntry, WalkDir};

use crate::list::{List, Listing};
use crate::options::Options;
use crate::words::run::{Refusal, refusal};
use crate::words::{Trouble, trouble};

/// What a log proof beside a credential ends in.
pub(crate) const LOG_PROOF_SUFFIX: &str = ".tlog-proof";

/// One argument of the command line.
pub(crate) enum Argument {
    File(PathBuf),
    Folder(PathBuf),
    List(List),
}

/// A file to check, or what was found in its place.
pub(crate) struct Source {
    /// Which one in the run, from 0.
    pub(crate) number: u32,
    pub(crate) name: String,
    /// The row that names it; none when it was not found in a list.
    pub(crate) listed: Option<Listed>,
    /// Whether the command line itself names it.
    pub(crate) is_named: bool,
}

/// The row of a list that something answers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) list: String,
    pub(crate) row: usize,
    pub(crate) text: String,
}

/// Why there is no verdict, although one was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unchecked {
    #[error("There is no such file.")]
    FileMissing,
    #[error("The file cannot be read: {0}.")]
    FileUnreadable(String),
    #[error("The file holds no credential.")]
    NoCredential,
    #[error("The row names nothing.")]
    RowEmpty,
    #[error("{0}.")]
    NumberWrong(NumberError),
    #[error(
        "Among the credentials given none of this number has a good signature: ask the holder for it."
    )]
    NumberWithoutCredential,
}

impl Unchecked {
    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::FileMissing => "file_missing",
            Self::FileUnreadable(_) => "file_unreadable",
            Self::NoCredential => "no_credential",
            Self::RowEmpty => "row_empty",
            Self::NumberWrong(_) => "number_wrong",
            Self::NumberWithoutCredential => "number_without_credential",
        }
    }
}

impl From<io::Error> for Unchecked {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::FileMissing,
            _ => Self::FileUnreadable(error.to_string()),
        }
    }
}

impl Argument {
    /// Every argument, its lists read. A name that is nowhere is a slip, and said before anything is answered.
    pub(crate) fn read_all(options: &Options) -> Result<Vec<Self>> {
        let language = options.language();
        let files = options.files.iter().map(|file| Self::read(file, language));
        let lists = options.list.iter().map(|file| List::read(file, language).map(Self::List));
        files.chain(lists).collect()
    }

    fn read(file: &Path, language: Language) -> Result<Self> {
        if file.as_os_str() == "-" {
            return Ok(Self::File(file.to_path_buf()));
        }
        let metadata = fs::metadata(file);
        let metadata = metadata.with_context(|| trouble(file, Trouble::Unreadable, language))?;
        let is_csv =
            file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        match (metadata.is_dir(), is_csv) {
            (true, _) => Ok(Self::Folder(file.to_path_buf())),
            (false, true) => List::read(file, language).map(Self::List),
            (false, false) => Ok(Self::File(file.to_path_buf())),
        }
    }

    /// As it was typed.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Folder(path) => path.display().to_string(),
            Self::List(list) => list.name.clone(),
        }
    }

    /// The list that it is.
    pub(crate) fn list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            Self::File(_) | Self::Folder(_) => None,
        }
    }

    /// The files that it stands for, in the order in which they are answered.
    pub(crate) fn files(&self) -> Box<dyn Iterator<Item = Found> + '_> {
        match self {
            Self::File(path) => Box::new(
                [Found { path: Ok(path.clone()), name: self.name(), listed: None }].into_iter(),
            ),
            Self::Folder(path) => Box::new(walk(path)),
            Self::List(list) if list.what == Listing::Numbers => Box::new([].into_iter()),
            Self::List(list) => Box::new(list.rows().map(|row| {
                let path = list.path(&row.text);
                let listed = Listed { list: list.name.clone(), row: row.number, text: row.text };
                let name = path.display().to_string();
                match listed.text.is_empty() {
                    true => Found {
                        path: Err(Unchecked::RowEmpty),
                        name: list.name.clone(),
                        listed: Some(listed),
                    },
                    false => Found { path: Ok(path), name, listed: Some(listed) },
                }
            })),
        }
    }
}

/// What tells one file from every other, by whatever name: its device and its number there. None of what is no file proper.
pub(crate) fn identity(file: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    Some((metadata.dev(), metadata.ino()))
}

/// A file that an argument stands for, or why there is none.
pub(crate) struct Found {
    pub(crate) path: Result<PathBuf, Unchecked>,
    pub(crate) name: String,
    pub(crate) listed: Option<Listed>,
}

/// Refuses what is no file proper: a folder, a pipe, a device.
pub(crate) fn check_is_file(path: &Path) -> Result<(), Unchecked> {
    match fs::metadata(path)?.is_file() {
        true => Ok(()),
        false => Err(Unchecked::FileUnreadable("it is no file".to_string())),
    }
}

/// Every file of a folder and of its folders, sorted by name: but hidden ones, and log proofs, which belong to the file beside
/// them. No link is followed out of the folder: whoever made it would choose what is read on this machine.
fn walk(folder: &Path) -> impl Iterator<Item = Found> {
    let is_shown = |entry: &DirEntry| {
        let name = entry.file_name().as_encoded_bytes();
        entry.depth() == 0
            || !name.starts_with(b".") && !name.ends_with(LOG_PROOF_SUFFIX.as_bytes())
    };
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    let mut walk = walk.filter_entry(is_shown);
    let folder = fs::canonicalize(folder);
    let leads_out = move |entry: &DirEntry| {
        let is_within = |to: PathBuf| folder.as_ref().is_ok_and(|folder| to.starts_with(folder));
        let is_link = entry.depth() > 0 && entry.path_is_symlink();
        is_link && !fs::canonicalize(entry.path()).is_ok_and(is_within)
    };
    iter::from_fn(move || {
        loop {
            let found = match walk.next()? {
                Ok(entry) if leads_out(&entry) => {
                    if entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                    Some(unreadable(&entry, "it is a link that leads out of the folder"))
                }
                Ok(entry) if entry.file_type().is_dir() => None,
                Ok(entry) if entry.file_type().is_file() => {
                    let name = entry.path().display().to_string();
                    Some(Found { path: Ok(entry.into_path()), name, listed: None })
                }
                Ok(entry) => Some(unreadable(&entry, "it is no file")),
                Err(error) => not_walked(error),
            };
            if found.is_some() {
                return found;
            }
        }
    })
}

fn unreadable(entry: &DirEntry, why: &str) -> Found {
    let name = entry.path().display().to_string();
    Found { path: Err(Unchecked::FileUnreadable(why.to_string())), name, listed: None }
}

/// What could not be walked into; none for a link that leads back to a folder which is walked already.
fn not_walked(error: walkdir::Error) -> Option<Found> {
    if error.loop_ancestor().is_some() {
        return None;
    }
    let name = error.path().map(|path| path.display().to_string()).unwrap_or_default();
    let why = error.into_io_error().map_or(Unchecked::FileMissing, Unchecked::from);
    Some(Found { path: Err(why), name, listed: None })
}

/// Refuses one log proof for what may be many credentials.
pub(crate) fn check_log_proof(options: &Options, arguments: &[Argument]) -> Result<()> {
    let is_one = matches!(arguments, [Argument::File(_)]);
    if options.log_proof.is_some() && !is_one {
        bail!(refusal(Refusal::OneLogProof, options.language()));
    }
    Ok(())
}
