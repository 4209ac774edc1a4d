//! The reading thread: opens one source after another and fills batches with what they hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use akashi_schemas::{Digest, Language};
use anyhow::anyhow;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::input::Input;
use crate::pipeline::{Feed, Gone, Piece};
use crate::progress::Meter;
use crate::sources::{
    Argument, Found, LOG_PROOF_SUFFIX, Listed, Source, Unchecked, check_is_file, identity,
};
use crate::trust::read_log_proof;
use crate::words::run::{Refusal, refusal};

/// What is read, and how.
pub(crate) struct Reading {
    pub(crate) arguments: Arc<[Argument]>,
    pub(crate) meter: Meter,
    /// How many items an earlier run has answered.
    pub(crate) done: u64,
    /// Whether a receipt will name what was read.
    pub(crate) hashed: bool,
    /// The files that the answer is written to. Where they lie in a folder that is checked, they are none of what is in it.
    pub(crate) own: Vec<(u64, u64)>,
    /// The one log proof that was named.
    pub(crate) log_proof: Option<Arc<str>>,
    /// Whether log proofs beside the files count.
    pub(crate) beside: bool,
    /// That of what people read.
    pub(crate) language: Language,
}

/// What a receipt says of one argument.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// Of a file its own; of a folder or a list of files that of the lines which `sha256sum` prints for them, in the order in
    /// which they were checked.
    pub(crate) sha256: Digest,
    /// How many files a folder or a list stood for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<u64>,
}

/// What is under way while sources are read.
struct Course {
    feed: Feed,
    sources: u32,
    items: u64,
}

impl Course {
    fn source(&mut self, name: String, listed: Option<Listed>, is_named: bool) -> Arc<Source> {
        let number = self.sources;
        self.sources += 1;
        Arc::new(Source { number, name, listed, is_named })
    }
}

impl Reading {
    /// Reads everything, and gives the records for a receipt.
    pub(crate) fn run(self, feed: Feed) -> Vec<Record> {
        let mut course = Course { feed, sources: 0, items: 0 };
        let mut records = Vec::new();
        for argument in self.arguments.iter() {
            match self.read_argument(argument, &mut course) {
                Ok(record) => records.extend(record),
                Err(Gone) => return records,
            }
        }
        course.feed.pass().ok();
        records
    }

    fn is_own(&self, path: Option<&PathBuf>) -> bool {
        let identity = path.and_then(|path| identity(path));
        identity.is_some_and(|identity| self.own.contains(&identity))
    }

    fn read_argument(&self, argument: &Argument, course: &mut Course) -> Result<Vec<Record>, Gone> {
        let is_named = matches!(argument, Argument::File(_));
        let (mut lines, mut bytes, mut files) = (Sha256::new(), 0, 0);
        let is_folder = matches!(argument, Argument::Folder(_));
        let is_asked = |found: &Found| !is_folder || !self.is_own(found.path.as_ref().ok());
        let mut found = argument.files().filter(is_asked).peekable();
        if found.peek().is_none() && is_folder {
            let source = course.source(argument.name(), None, true);
            self.add(course, &source, 0, Err(Unchecked::NoCredential), None)?;
        }
        for found in found {
            let name = found.name.clone();
            let Some((size, Some(digest))) = self.read_source(found, is_named, course)? else {
                continue;
            };
            if is_named {
                return Ok(vec![Record { name, bytes: size, sha256: digest, files: None }]);
            }
            lines.update(format!("{digest}  {name}\n"));
            bytes += size;
            files += 1;
        }
        let whole = Record {
            name: argument.name(),
            bytes,
            sha256: Digest(lines.finalize().into()),
            files: Some(files),
        };
        Ok(match argument {
            _ if !self.hashed => Vec::new(),
            Argument::File(_) => Vec::new(),
            Argument::Folder(_) => vec![whole],
            Argument::List(list) => {
                let itself = Record {
                    name: list.name.clone(),
                    bytes: list.bytes,
                    sha256: list.digest,
                    files: None,
                };
                let named =
                    Record { name: format!("{} (the files that it names)", list.name), ..whole };
                [itself].into_iter().chain((files > 0).then_some(named)).collect()
            }
        })
    }

    /// Reads one source to its end; its size and digest, where it could be read.
    fn read_source(
        &self,
        found: Found,
        is_named: bool,
        course: &mut Course,
    ) -> Result<Option<(u64, Option<Digest>)>, Gone> {
        let Found { path, name, listed } = found;
        let source = course.source(name, listed, is_named);
        let opened = path.and_then(|path| {
            // What others made decides what is opened here, and a pipe would be waited for.
            if !is_named {
                check_is_file(&path)?;
            }
            if self.is_own(Some(&path)) {
                let why = "the answer is written to it".to_string();
                return Err(Unchecked::FileUnreadable(why));
            }
            let input = Input::open(&path, self.meter.clone(), self.hashed)?;
            let log_proof = self.log_proof_of(&path, input.is_lines())?;
            Ok((input, log_proof))
        });
        let (mut input, log_proof) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                self.add(course, &source, 0, Err(why), None)?;
                return Ok(None);
            }
        };
        if self.log_proof.is_some() && input.is_lines() {
            let why = refusal(Refusal::OneLogProofOfMany(&source.name), self.language);
            return Err(course.feed.fail(anyhow!(why)));
        }
        let mut index = 0;
        loop {
            if input.may_wait() {
                course.feed.pass()?;
            }
            let start = course.feed.batch.bytes.len();
            let piece = match input.next(&mut course.feed.batch.bytes) {
                Ok(true) => Ok(start..course.feed.batch.bytes.len()),
                Ok(false) if index > 0 => break,
                Ok(false) => Err(Unchecked::NoCredential),
                Err(error) => Err(Unchecked::from(error)),
            };
            let is_last = piece.is_err();
            self.add(course, &source, index, piece, log_proof.clone())?;
            if is_last {
                break;
            }
            index += 1;
        }
        Ok(input.finish().ok())
    }

    fn add(
        &self,
        course: &mut Course,
        source: &Arc<Source>,
        index: usize,
        bytes: Result<std::ops::Range<usize>, Unchecked>,
        log_proof: Option<Arc<str>>,
    ) -> Result<(), Gone> {
        let is_complaint = source.is_named && matches!(bytes, Err(Unchecked::NoCredential));
        let ordinal = course.items;
        course.feed.batch.add(Piece {
            source: Arc::clone(source),
            index,
            ordinal,
            is_done: !is_complaint && ordinal < self.done,
            is_complaint,
            bytes,
            log_proof,
        });
        course.items += u64::from(!is_complaint);
        if course.feed.batch.is_full() { course.feed.pass() } else { Ok(()) }
    }

    /// The log proof of one credential: the one that was named, or the one that lies beside it as FILE.tlog-proof; nothing
    /// lies beside standard input.
    fn log_proof_of(&self, file: &Path, is_lines: bool) -> Result<Option<Arc<str>>, Unchecked> {
        if self.log_proof.is_some() {
            return Ok(self.log_proof.clone());
        }
        if !self.beside || is_lines || file.as_os_str() == "-" {
            return Ok(None);
        }
        let mut name = file.as_os_str().to_owned();
        name.push(LOG_PROOF_SUFFIX);
        let beside = PathBuf::from(name);
        if !beside.exists() {
            return Ok(None);
        }
        check_is_file(&beside)?;
        // What programs read is the same in all languages.
        let proof = read_log_proof(&beside, Language::English)
            .map_err(|error| Unchecked::FileUnreadable(format!("{error:#}")))?;
        Ok(Some(proof.into()))
    }
}
