//! Checking: what the arguments stand for, however much that is.

use std::fs::{self, File};
use std::hash::RandomState;
use std::io::{self, Read as _, Seek as _, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use akashi_schemas::misleading::shown;
use akashi_schemas::{Digest, Language};
use akashi_verifier::{Trust, Untrusted};
use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use crate::answer::{Answer, Checker};
use crate::list::Listing;
use crate::numbers::{Numbers, Place};
use crate::options::{Format, Options};
use crate::output::Writer;
use crate::pipeline::{self, Batch};
use crate::progress::{Meter, Progress};
use crate::reading::Reading;
use crate::receipt::{self, Receipt, Sink, Trusted};
use crate::resume::{Output, Places, Run};
use crate::sources::{self, Argument, Listed};
use crate::summary::{Seen, Summary};
use crate::trust::{Ground, read_log_proof};
use crate::words;
use crate::words::run::{Refusal, refusal};

/// Answers everything; whether all was valid.
pub(crate) fn check(options: &Options, ground: Ground, now: Timestamp) -> Result<bool> {
    let (language, remembers) = (options.language(), ground.remembers);
    let arguments: Arc<[Argument]> = Argument::read_all(options)?.into();
    sources::check_log_proof(options, &arguments)?;
    let check_absent = |file| receipt::check_absent(file, language);
    options.receipt.as_deref().map(check_absent).transpose()?;
    let log_proof = options.log_proof.as_deref().map(|file| read_log_proof(file, language));
    let log_proof = log_proof.transpose()?;
    let mut numbers = ask(&arguments, language);
    let (run, trust, output) = begin(options, &arguments, ground, now, &mut numbers)?;
    let trusted = trust.as_ref().ok().map(|trust| Trusted::new(trust, run.bundle));
    let ending = Ending::new(&trust, remembers, language);
    let meter = Meter::default();
    let progress = Progress::new(meter.clone(), language, || total_bytes(&arguments));
    let mut answers = Answers::new(options, &arguments, output.as_ref(), numbers, progress)?;
    let reading = Reading {
        arguments: Arc::clone(&arguments),
        meter,
        done: answers.to_pass.items,
        hashed: options.receipt.is_some(),
        own: own_files(options, output.as_ref()),
        log_proof: log_proof.map(Into::into),
        beside: options.requires_log(),
        language,
    };
    let checker = Checker {
        trust,
        policy: options.policy(),
        now: run.now,
        format: options.format,
        language,
        remembers,
        fingerprints: RandomState::new(),
    };
    let inputs = pipeline::run(jobs(options), reading, checker, |batch| answers.take(batch))?;
    answers.add_numbers(&arguments)?;
    answers.end(&ending)?;
    output.map(|output| output.finish(language)).transpose()?;
    if let Some(file) = &options.receipt {
        let result = answers.writer.out().written(options.output.as_deref());
        Receipt::new(run, trusted, &arguments, inputs, &answers.summary, result)
            .write(file, language)?;
    }
    answers.conclude(options)
}

/// Opens the output. What goes on with an earlier run takes over the time of that, and says of the bundle what it said.
fn begin(
    options: &Options,
    arguments: &[Argument],
    ground: Ground,
    now: Timestamp,
    numbers: &mut Numbers,
) -> Result<(Run, Result<Trust, Untrusted>, Option<Output>)> {
    let Ground { trust, bundle, .. } = ground;
    let opened = trust.as_ref().ok();
    let run = Run {
        now,
        root: opened.map(|trust| trust.root().digest()),
        bundle: opened.map(|_| Digest::of(&bundle)),
        rollback_checked: opened.is_some_and(Trust::is_rollback_checked),
        policy: options.policy_as_json(),
        format: serde_json::to_value(options.format)?,
        inputs: Run::inputs(arguments),
    };
    let Some(path) = &options.output else { return Ok((run, trust, None)) };
    let output = Output::open(path, options, run, numbers)?;
    let trust = match trust {
        Ok(trust) if trust.is_rollback_checked() && !output.run.rollback_checked => {
            Ok(Trust::under(trust.root().clone(), &bundle, None)?)
        }
        trust => trust,
    };
    Ok((output.run.clone(), trust, Some(output)))
}

/// Shows how each list was understood, and asks for its numbers.
fn ask(arguments: &[Argument], language: Language) -> Numbers {
    let mut numbers = Numbers::default();
    for list in arguments.iter().filter_map(Argument::list) {
        eprintln!("akashi-verify: {}", shown(&words::list(list, language)));
        if list.what == Listing::Numbers {
            numbers.ask(list);
        }
    }
    numbers
}

/// The files that the answer is written to.
fn own_files(options: &Options, output: Option<&Output>) -> Vec<(u64, u64)> {
    match (output, &options.output) {
        (Some(output), Some(path)) => output.own(path),
        _ => sources::identity(Path::new("/dev/stdout")).into_iter().collect(),
    }
}

fn jobs(options: &Options) -> usize {
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    options.jobs.map_or_else(cores, NonZeroUsize::get)
}

/// How many bytes there are to read; none where that cannot be known.
fn total_bytes(arguments: &[Argument]) -> Option<u64> {
    let mut files = arguments.iter().flat_map(Argument::files);
    files.try_fold(0, |total, found| match found.path {
        Ok(path) if path.as_os_str() == "-" => None,
        Ok(path) => Some(total + fs::metadata(path).map_or(0, |metadata| metadata.len())),
        Err(_) => Some(total),
    })
}

/// What the end of an answer says of the whole run.
struct Ending {
    as_of: Option<Timestamp>,
    rollback: Option<String>,
}

impl Ending {
    fn new(trust: &Result<Trust, Untrusted>, remembers: bool, language: Language) -> Self {
        let trust = trust.as_ref().ok();
        let unchecked = trust.filter(|trust| !trust.is_rollback_checked());
        Self {
            as_of: trust.map(|trust| trust.bundle().as_of),
            rollback: unchecked.map(|_| words::no_rollback(remembers, language)),
        }
    }
}

/// Where answers come together, in the order of the input.
struct Answers {
    summary: Summary,
    seen: Seen,
    numbers: Numbers,
    /// What the command line names and nothing is in.
    empty: Vec<String>,
    to_pass: ToPass,
    progress: Progress,
    writer: Writer<Sink<Box<dyn Write>>>,
}

impl Answers {
    fn new(
        options: &Options,
        arguments: &[Argument],
        output: Option<&Output>,
        numbers: Numbers,
        progress: Progress,
    ) -> Result<Self> {
        let inner: Box<dyn Write> = match output {
            Some(output) => Box::new(output.file.try_clone()?),
            None => Box::new(io::stdout()),
        };
        let mut sink = Sink::new(inner, options.receipt.is_some());
        let done = output.and_then(|output| output.done.as_ref());
        if let (Some(output), Some(done), true) = (output, done, options.receipt.is_some()) {
            let unwritable = || refusal(Refusal::Unwritable, options.language());
            note_written(&output.file, done.bytes, &mut sink).with_context(unwritable)?;
        }
        let empty =
            arguments.iter().filter_map(Argument::list).filter(|list| list.rows().next().is_none());
        Ok(Self {
            summary: done.map(|done| done.summary.clone()).unwrap_or_default(),
            seen: Seen::default(),
            numbers,
            empty: empty.map(|list| list.name.clone()).collect(),
            to_pass: ToPass {
                items: done.map_or(0, |done| done.items),
                places: Places::default(),
                expected: done.map_or(0, |done| done.places),
                language: options.language(),
            },
            progress,
            writer: Writer::new(
                options.format,
                options.language(),
                sink,
                done.is_some_and(|done| done.bytes > 0),
            ),
        })
    }

    fn take(&mut self, batch: &Batch) -> Result<()> {
        for answer in &batch.answers {
            self.add(answer, &batch.written[answer.written.clone()])?;
        }
        self.progress.clear();
        self.writer.flush()?;
        self.progress.show(self.summary.items());
        Ok(())
    }

    fn add(&mut self, answer: &Answer, written: &[u8]) -> Result<()> {
        let (source, index) = (&answer.source, answer.index);
        if answer.is_complaint {
            self.empty.push(source.name.clone());
            return Ok(());
        }
        self.seen.name(source.number, &source.name);
        let first =
            answer.fingerprint.and_then(|print| self.seen.find(print, source.number, index));
        if answer.is_done {
            return self.to_pass.pass(&source.name, index);
        }
        self.summary.add(&answer.facts, first.is_some());
        if first.is_none() {
            self.numbers.offer(&answer.facts, || Place { input: source.name.clone(), index });
        }
        self.writer.add(answer, written, first.as_ref());
        Ok(())
    }

    /// Answers the rows of every list of numbers.
    fn add_numbers(&mut self, arguments: &[Argument]) -> Result<()> {
        let lists = arguments.iter().filter_map(Argument::list);
        for list in lists.filter(|list| list.what == Listing::Numbers) {
            for (index, row) in list.rows().enumerate() {
                let numbered = self.numbers.answer(&row);
                self.summary.numbers.add(&numbered.facts);
                if self.to_pass.items > 0 {
                    self.to_pass.pass(&list.name, index)?;
                    continue;
                }
                let listed = Listed { list: list.name.clone(), row: row.number, text: row.text };
                self.writer.add_number(index, &listed, &numbered);
                self.writer.flush_if_much()?;
            }
        }
        Ok(())
    }

    fn end(&mut self, ending: &Ending) -> Result<()> {
        self.to_pass.end()?;
        self.progress.clear();
        self.writer.finish(&self.summary, ending.as_of, ending.rollback.as_deref())
    }

    /// Says in the end what no item says, and whether all was valid.
    fn conclude(self, options: &Options) -> Result<bool> {
        let is_said = options.format == Format::Text && options.output.is_none();
        if !is_said && self.summary.items() > 1 {
            let language = options.language();
            let lines = words::summary(&self.summary, language);
            // An output that is gone on with may hold other words than ours.
            eprintln!("akashi-verify: {}", shown(&lines.join(words::between(language))));
        }
        let told = |what| refusal(what, options.language());
        if !self.empty.is_empty() {
            bail!(told(Refusal::NoCredential(&self.empty.join(", "))));
        }
        match self.summary.unread() {
            0 => Ok(self.summary.is_all_valid()),
            count => bail!(told(Refusal::Unread(count))),
        }
    }
}

/// What an earlier run has answered, and which is not answered again.
struct ToPass {
    items: u64,
    places: Places,
    expected: u64,
    language: Language,
}

impl ToPass {
    /// Passes an item over. In the end all of them must be those that were answered.
    fn pass(&mut self, input: &str, index: usize) -> Result<()> {
        self.places.note(input, index);
        self.items -= 1;
        if self.items == 0 && self.places.finish() != self.expected {
            bail!(refusal(Refusal::Changed, self.language));
        }
        Ok(())
    }

    fn end(&self) -> Result<()> {
        if self.items == 0 {
            return Ok(());
        }
        bail!(refusal(Refusal::Changed, self.language))
    }
}

/// Takes what stands in an output already into account, and leaves the file at its end.
fn note_written(mut file: &File, bytes: u64, sink: &mut Sink<Box<dyn Write>>) -> io::Result<()> {
    file.rewind()?;
    let mut buffer = vec![0; 64 << 10];
    let mut written = file.take(bytes);
    loop {
        match written.read(&mut buffer)? {
            0 => return Ok(()),
            count => sink.note(&buffer[..count]),
        }
    }
}
