//! `--output`, and how a run that was cut short goes on in it.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use akashi_schemas::{Digest, Language};
use akashi_verifier::Verdict;
use akashi_verifier::report::Reason;
use anyhow::{Context as _, Error, Result, anyhow, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Facts;
use crate::cell;
use crate::numbers::{Numbers, Place};
use crate::options::{Format, Options};
use crate::output::COLUMNS;
use crate::sources::{Argument, identity};
use crate::summary::Summary;
use crate::words::run::{Difference, Refusal, refusal};
use crate::words::{Trouble, trouble};

/// What a run is about, as FILE.run beside an output keeps it until the run has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The time of which it speaks.
    pub(crate) now: Timestamp,
    pub(crate) root: Option<Digest>,
    pub(crate) bundle: Option<Digest>,
    /// Whether the bundle was compared with one of an earlier run.
    pub(crate) rollback_checked: bool,
    pub(crate) policy: Value,
    pub(crate) format: Value,
    pub(crate) inputs: Value,
}

impl Run {
    /// What is to be checked, so far as it can be told apart without reading it.
    pub(crate) fn inputs(arguments: &[Argument]) -> Value {
        let input = |argument: &Argument| match argument {
            Argument::Folder(_) => serde_json::json!([argument.name()]),
            Argument::List(list) => serde_json::json!([argument.name(), list.digest]),
            Argument::File(path) => {
                let metadata = fs::metadata(path).ok();
                let bytes = metadata.as_ref().map(fs::Metadata::len);
                let modified = metadata.and_then(|metadata| metadata.modified().ok());
                let since = modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
                serde_json::json!([argument.name(), bytes, since.map(|since| since.as_secs())])
            }
        };
        arguments.iter().map(input).collect()
    }

    /// In what this run is another than the first.
    fn difference(&self, first: &Self) -> Option<Difference> {
        if self.root != first.root {
            Some(Difference::Root)
        } else if self.bundle != first.bundle {
            Some(Difference::Bundle)
        } else if self.policy != first.policy {
            Some(Difference::Policy)
        } else if self.format != first.format {
            Some(Difference::Format)
        } else if self.inputs != first.inputs {
            Some(Difference::Inputs)
        } else {
            None
        }
    }
}

/// What an output holds already.
pub(crate) struct Done {
    pub(crate) bytes: u64,
    pub(crate) items: u64,
    /// Stands for the place of every item, in order.
    pub(crate) places: u64,
    pub(crate) summary: Summary,
}

/// An output file, open to be written to at its end, and FILE.run beside it.
pub(crate) struct Output {
    pub(crate) file: File,
    pub(crate) run: Run,
    pub(crate) done: Option<Done>,
    beside: PathBuf,
}

impl Output {
    /// Opens the output of a run. With `--resume` it may be there already; `numbers` are then told what it holds.
    pub(crate) fn open(
        path: &Path,
        options: &Options,
        run: Run,
        numbers: &mut Numbers,
    ) -> Result<Self> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".run");
        let beside = PathBuf::from(beside);
        let language = options.language();
        if options.resume && !matches!(options.format, Format::Ndjson | Format::Csv) {
            bail!(refusal(Refusal::ResumedForm, language));
        }
        match (path.exists(), options.resume) {
            (true, false) => bail!(refusal(Refusal::OutputExists(path), language)),
            (true, true) => Self::go_on(path, beside, options, &run, numbers),
            (false, _) => {
                let file = create(path, language)?;
                let bytes = serde_json::to_vec_pretty(&run)?;
                let written = create(&beside, language).and_then(|mut file| {
                    let unwritable = || trouble(&beside, Trouble::Unwritable, language);
                    file.write_all(&bytes).with_context(unwritable)
                });
                if let Err(error) = written {
                    fs::remove_file(path).ok();
                    return Err(error);
                }
                Ok(Self { file, run, done: None, beside })
            }
        }
    }

    /// The files that it writes to.
    pub(crate) fn own(&self, path: &Path) -> Vec<(u64, u64)> {
        [path, &self.beside].into_iter().filter_map(identity).collect()
    }

    /// Makes what was written last, and takes FILE.run away: there is nothing to go on with.
    pub(crate) fn finish(self, language: Language) -> Result<()> {
        self.file.sync_all().with_context(|| refusal(Refusal::Unwritable, language))?;
        fs::remove_file(&self.beside)
            .with_context(|| trouble(&self.beside, Trouble::Unremovable, language))
    }

    fn go_on(
        path: &Path,
        beside: PathBuf,
        options: &Options,
        run: &Run,
        numbers: &mut Numbers,
    ) -> Result<Self> {
        let told = |what| refusal(what, options.language());
        let Ok(bytes) = fs::read(&beside) else {
            bail!(told(Refusal::ResumedWhole(path, &beside)));
        };
        let damaged = || told(Refusal::ResumedDamaged(&beside));
        let first: Run = serde_json::from_slice(&bytes).with_context(damaged)?;
        if let Some(difference) = run.difference(&first) {
            bail!(told(Refusal::ResumedOther(path, difference)));
        }
        let unreadable = || told(Refusal::ResumedUnreadable(path));
        let mut file =
            File::options().read(true).write(true).open(path).with_context(unreadable)?;
        let done = read_done(&mut file, options.format, numbers).with_context(unreadable)?;
        Ok(Self { file, run: first, done: Some(done), beside })
    }
}

/// A new file: what is there already is somebody's, whether a file or a link to one.
fn create(path: &Path, language: Language) -> Result<File> {
    let file = File::options().read(true).write(true).create_new(true).open(path);
    file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!(refusal(Refusal::FileExists(path), language)),
        _ => Error::new(error).context(trouble(path, Trouble::Unwritable, language)),
    })
}

/// Reads what an output holds, cuts off a last item that is not whole, and leaves the file at its end.
fn read_done(file: &mut File, format: Format, numbers: &mut Numbers) -> Result<Done> {
    let bytes = whole_length(BufReader::new(&*file), format)?;
    file.set_len(bytes)?;
    file.rewind()?;
    let mut places = Places::default();
    let mut done = Done { bytes, items: 0, places: 0, summary: Summary::default() };
    for item in read_items(BufReader::new(&*file), format) {
        let Written { place, facts, is_repeated } = item?;
        places.note(&place.input, place.index);
        done.items += 1;
        // The rows of numbers come last, and are counted when they are passed over.
        if numbers.is_list(&place.input) {
            continue;
        }
        done.summary.add(&facts, is_repeated);
        if !is_repeated {
            numbers.offer(&facts, || place);
        }
    }
    done.places = places.finish();
    file.seek(SeekFrom::End(0))?;
    Ok(done)
}

/// What stands for the places of many items, in order.
#[derive(Default)]
pub(crate) struct Places(DefaultHasher);

impl Places {
    pub(crate) fn note(&mut self, input: &str, index: usize) {
        (input, index).hash(&mut self.0);
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// How many bytes are whole items: up to the last line feed that is not within quotes.
fn whole_length(mut file: impl BufRead, format: Format) -> io::Result<u64> {
    let (mut length, mut whole, mut is_quoted) = (0, 0, false);
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(whole);
        }
        for byte in buffer {
            length += 1;
            is_quoted ^= format == Format::Csv && *byte == b'"';
            if *byte == b'\n' && !is_quoted {
                whole = length;
            }
        }
        let count = buffer.len();
        file.consume(count);
    }
}

/// An item that was written before.
struct Written {
    place: Place,
    facts: Facts,
    is_repeated: bool,
}

fn read_items<'a>(
    file: impl BufRead + 'a,
    format: Format,
) -> Box<dyn Iterator<Item = Result<Written>> + 'a> {
    match format {
        Format::Csv => {
            Box::new(csv::Reader::from_reader(file).into_records().map(|row| from_row(&row?)))
        }
        _ => Box::new(file.lines().map(|line| from_line(&line?))),
    }
}

fn from_row(row: &csv::StringRecord) -> Result<Written> {
    let column =
        |name: &str| COLUMNS.iter().position(|column| *column == name).and_then(|at| row.get(at));
    let text = |name: &str| {
        column(name).filter(|text| !text.is_empty()).map(|text| cell::read(text).into_owned())
    };
    let index = column("index").unwrap_or_default().parse().context("a row has no index")?;
    let facts = Facts {
        verdict: column("verdict").and_then(verdict),
        reason: text("reason").map(Into::into),
        certificate: text("certificate"),
        holder: text("holder"),
        level: text("level"),
        status_as_of: column("status_as_of").and_then(|time| time.parse().ok()),
    };
    let place = Place { input: text("input").unwrap_or_default(), index };
    Ok(Written { place, facts, is_repeated: text("duplicate_of").is_some() })
}

fn from_line(line: &str) -> Result<Written> {
    #[derive(Deserialize)]
    struct Item {
        input: String,
        index: usize,
        verdict: Option<String>,
        reason: Option<String>,
        checks: Vec<Check>,
        certificate: Option<String>,
        holder: Option<String>,
        level: Option<String>,
        status_as_of: Option<Timestamp>,
        duplicate_of: Option<Value>,
    }
    #[derive(Deserialize)]
    struct Check {
        reason: Option<String>,
    }
    let item: Item = serde_json::from_str(line)?;
    let verdict = item.verdict.as_deref().and_then(verdict);
    // As `Report::reason` finds it.
    let reasons = item.checks.into_iter().filter_map(|check| check.reason);
    let asks = |code: &String| {
        Reason::ALL.iter().any(|reason| reason.code() == code && Some(reason.verdict()) == verdict)
    };
    let facts = Facts {
        verdict,
        reason: item.reason.or(reasons.into_iter().find(asks)).map(Into::into),
        certificate: item.certificate,
        holder: item.holder,
        level: item.level,
        status_as_of: item.status_as_of,
    };
    let place = Place { input: item.input, index: item.index };
    Ok(Written { place, facts, is_repeated: item.duplicate_of.is_some() })
}

fn verdict(code: &str) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == code)
}
