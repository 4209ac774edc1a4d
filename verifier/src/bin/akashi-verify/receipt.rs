//! `--receipt`: what was checked against which bundle, for an audit file.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use akashi_schemas::{Digest, Language};
use akashi_verifier::Trust;
use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::list::List;
use crate::reading::Record;
use crate::resume::Run;
use crate::sources::Argument;
use crate::summary::Summary;
use crate::words::run::{Refusal, refusal};
use crate::words::{Trouble, trouble};

/// A receipt. Every time is in UTC, every digest SHA-256 in hexadecimal.
#[derive(Serialize)]
pub(crate) struct Receipt<'a> {
    checked_by: &'static str,
    /// The time of which the verdicts speak.
    checked_at: Timestamp,
    trust: Option<Trusted>,
    policy: Value,
    inputs: Vec<Record>,
    lists: Vec<Understood>,
    summary: &'a Summary,
    result: Written,
}

/// The root and the bundle.
#[derive(Serialize)]
pub(crate) struct Trusted {
    root_version: u64,
    /// Of the RFC 8785 form of what is signed: the root's name for pinning.
    root_digest: Digest,
    bundle_version: u64,
    /// The time of the status.
    bundle_as_of: Timestamp,
    /// Of the bundle's file.
    bundle_sha256: Option<Digest>,
    rollback_checked: bool,
}

/// How a list was understood.
#[derive(Serialize)]
struct Understood {
    name: String,
    encoding: &'static str,
}

/// The answer that was written.
#[derive(Serialize)]
pub(crate) struct Written {
    /// None is standard output.
    file: Option<String>,
    bytes: u64,
    sha256: Option<Digest>,
}

impl Trusted {
    pub(crate) fn new(trust: &Trust, bundle: Option<Digest>) -> Self {
        Self {
            root_version: trust.root().root().version,
            root_digest: trust.root().digest(),
            bundle_version: trust.bundle().version,
            bundle_as_of: trust.bundle().as_of,
            bundle_sha256: bundle,
            rollback_checked: trust.is_rollback_checked(),
        }
    }
}

/// Refuses a receipt that is there already, before anything is checked.
pub(crate) fn check_absent(file: &Path, language: Language) -> Result<()> {
    if file.exists() {
        bail!(refusal(Refusal::ReceiptExists(file), language));
    }
    Ok(())
}

impl<'a> Receipt<'a> {
    pub(crate) fn new(
        run: Run,
        trust: Option<Trusted>,
        arguments: &[Argument],
        inputs: Vec<Record>,
        summary: &'a Summary,
        result: Written,
    ) -> Self {
        let lists = arguments.iter().filter_map(Argument::list);
        let understood =
            |list: &List| Understood { name: list.name.clone(), encoding: list.encoding };
        Self {
            checked_by: concat!("akashi-verify ", env!("CARGO_PKG_VERSION")),
            checked_at: run.now,
            trust,
            policy: run.policy,
            inputs,
            lists: lists.map(understood).collect(),
            summary,
            result,
        }
    }

    /// Writes it to a new file.
    pub(crate) fn write(&self, file: &Path, language: Language) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        let written = File::create_new(file).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.with_context(|| trouble(file, Trouble::Unwritable, language))
    }
}

/// Where the answer goes; counts it, and hashes it where a receipt will say what it was.
pub(crate) struct Sink<W> {
    inner: W,
    bytes: u64,
    hash: Option<sha2::Sha256>,
}

impl<W: io::Write> Sink<W> {
    pub(crate) fn new(inner: W, hashed: bool) -> Self {
        Self { inner, bytes: 0, hash: hashed.then(<sha2::Sha256 as sha2::Digest>::new) }
    }

    /// Takes into account what was written before.
    pub(crate) fn note(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if let Some(hash) = &mut self.hash {
            sha2::Digest::update(hash, bytes);
        }
    }

    /// What was written, to a file or to standard output.
    pub(crate) fn written(&self, file: Option<&Path>) -> Written {
        let sha256 = self.hash.clone().map(|hash| Digest(sha2::Digest::finalize(hash).into()));
        Written { file: file.map(|file| file.display().to_string()), bytes: self.bytes, sha256 }
    }
}

impl<W: io::Write> io::Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.note(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
