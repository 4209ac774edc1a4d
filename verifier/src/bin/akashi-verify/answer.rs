//! The answer on each thing that was given, made where it is checked, and ready to be written.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::Arc;

use akashi_schemas::Language;
use akashi_verifier::report::{Check, Item, Outcome, Report};
use akashi_verifier::{Given, Policy, Trust, Untrusted, Verdict, json, verify_each};
use jiff::Timestamp;
use serde::Serialize;

use crate::options::Format;
use crate::output;
use crate::pipeline::{Batch, Piece};
use crate::sources::{Source, Unchecked};
use crate::words;

/// So many credentials are checked together, for a part of the work is then done once for all.
const TOGETHER: usize = 16;

/// What came of one thing.
pub(crate) struct Answer {
    pub(crate) source: Arc<Source>,
    pub(crate) index: usize,
    /// Whether an earlier run wrote it.
    pub(crate) is_done: bool,
    /// Whether it is no item, but for the end of the run to complain of.
    pub(crate) is_complaint: bool,
    /// Stands for the credential; none where there is none.
    pub(crate) fingerprint: Option<u64>,
    pub(crate) facts: Facts,
    /// Where in [`Batch::written`] it stands, but for its end, which depends on what came before.
    pub(crate) written: Range<usize>,
    /// For people: why each check that failed did, or why there is no verdict.
    pub(crate) why: Vec<String>,
    /// For people: every check, of the run's first credential alone, for it may be the only one.
    pub(crate) checks: Vec<[String; 3]>,
}

/// What every form of answer shows.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Facts {
    /// None where nothing could be checked.
    pub(crate) verdict: Option<Verdict>,
    /// Why it is not valid, or there is no verdict: a stable code.
    pub(crate) reason: Option<Cow<'static, str>>,
    pub(crate) certificate: Option<String>,
    pub(crate) holder: Option<String>,
    pub(crate) level: Option<String>,
    pub(crate) status_as_of: Option<Timestamp>,
}

impl Facts {
    pub(crate) fn unchecked(why: &Unchecked) -> Self {
        Self { reason: Some(why.code().into()), ..Self::default() }
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.verdict == Some(Verdict::Valid)
    }
}

/// Everything that a check needs.
pub(crate) struct Checker {
    pub(crate) trust: Result<Trust, Untrusted>,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
    pub(crate) format: Format,
    pub(crate) language: Language,
    /// Whether bundles are remembered from one run to the next.
    pub(crate) remembers: bool,
    /// Keyed anew in every run, so that nobody can prepare two credentials of one fingerprint.
    pub(crate) fingerprints: RandomState,
}

impl Checker {
    /// Answers every piece of a batch.
    pub(crate) fn check(&self, batch: &mut Batch) {
        let Batch { bytes, pieces, answers, written, .. } = batch;
        for together in pieces.chunks(TOGETHER) {
            let mut reports = self.reports(together, bytes).into_iter();
            for piece in together {
                let start = written.len();
                let report = if piece.is_asked() { reports.next() } else { None };
                let mut answer = match (&piece.bytes, report) {
                    (Err(why), _) => self.pass_on(piece, why, written),
                    (Ok(_), Some(report)) => self.tell(piece, report, written),
                    // An earlier run has told it.
                    (Ok(_), None) => Answer::of(piece, Facts::default()),
                };
                let range = piece.bytes.as_ref().ok();
                answer.fingerprint =
                    range.map(|range| self.fingerprint(&bytes[range.clone()], piece));
                answer.written = start..written.len();
                answers.push(answer);
            }
        }
    }

    /// Stands for a credential; where the log is asked for, with its proof, on which the verdict then depends.
    fn fingerprint(&self, credential: &[u8], piece: &Piece) -> u64 {
        let log_proof = piece.log_proof.as_deref().filter(|_| self.policy.require_log);
        self.fingerprints.hash_one((json::trim(credential), log_proof))
    }

    /// A report for each piece that is asked about.
    fn reports(&self, pieces: &[Piece], bytes: &[u8]) -> Vec<Report> {
        let asked = pieces.iter().filter(|piece| piece.is_asked());
        let given = asked.filter_map(|piece| {
            let credential = &bytes[piece.bytes.clone().ok()?];
            Some(Given { credential, log_proof: piece.log_proof.as_deref() })
        });
        let given: Vec<_> = given.collect();
        verify_each(&given, self.trust.as_ref().map_err(|why| *why), &self.policy, self.now)
    }

    fn tell(&self, piece: &Piece, report: Report, written: &mut Vec<u8>) -> Answer {
        let (mut why, mut checks) = (Vec::new(), Vec::new());
        if self.format == Format::Text {
            let failed = report.checks.iter().filter(|c| matches!(c.outcome, Outcome::Failed(_)));
            why.extend(failed.map(|check| self.meaning(check)));
            if piece.ordinal == 0 {
                checks.extend(report.checks.iter().map(|check| self.row(check)));
            }
        }
        let reason = report.reason().map(|reason| reason.code().into());
        let item = Item { input: piece.source.name.clone(), index: piece.index, report };
        if let Format::Json | Format::Ndjson = self.format {
            output::write_open_object(written, &item, piece.source.listed.as_ref());
        }
        let report = item.report;
        let facts = Facts {
            verdict: Some(report.verdict),
            reason,
            certificate: report.certificate,
            holder: report.holder,
            level: report.level,
            status_as_of: report.status_as_of,
        };
        if self.format == Format::Csv {
            output::write_open_row(
                written,
                &item.input,
                item.index,
                &facts,
                piece.source.listed.as_ref(),
            );
        }
        Answer { why, checks, ..Answer::of(piece, facts) }
    }

    /// A check as a row: its name, what came of it, and what that means.
    fn row(&self, check: &Check) -> [String; 3] {
        let outcome = check.outcome.heading(self.language).to_owned();
        [check.name.as_str().to_owned(), outcome, self.meaning(check)]
    }

    fn meaning(&self, check: &Check) -> String {
        words::meaning(check, self.remembers, self.language)
    }

    fn pass_on(&self, piece: &Piece, why: &Unchecked, written: &mut Vec<u8>) -> Answer {
        let facts = Facts::unchecked(why);
        let (name, listed) = (&piece.source.name, piece.source.listed.as_ref());
        match self.format {
            Format::Text => {}
            Format::Csv => output::write_open_row(written, name, piece.index, &facts, listed),
            Format::Json | Format::Ndjson => {
                let item = WithoutReport::new(name, piece.index, &facts, Some(why));
                output::write_open_object(written, &item, listed);
            }
        }
        let why = words::unchecked(why, self.language);
        Answer { why: vec![why], ..Answer::of(piece, facts) }
    }
}

impl Answer {
    fn of(piece: &Piece, facts: Facts) -> Self {
        Self {
            source: Arc::clone(&piece.source),
            index: piece.index,
            is_done: piece.is_done,
            is_complaint: piece.is_complaint,
            fingerprint: None,
            facts,
            written: 0..0,
            why: Vec::new(),
            checks: Vec::new(),
        }
    }
}

/// An item of JSON that is no report: the members are those of [`Item`], `checks` is empty, and why is said.
#[derive(Serialize)]
pub(crate) struct WithoutReport<'a> {
    input: &'a str,
    index: usize,
    #[serde(flatten)]
    facts: &'a Facts,
    detail: Option<String>,
    checks: [(); 0],
}

impl<'a> WithoutReport<'a> {
    pub(crate) fn new(
        input: &'a str,
        index: usize,
        facts: &'a Facts,
        why: Option<&Unchecked>,
    ) -> Self {
        Self { input, index, facts, detail: why.map(ToString::to_string), checks: [] }
    }
}
