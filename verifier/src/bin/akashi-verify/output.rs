//! The answer: words for people, an array, lines or rows. All but the words are written as they come.

use akashi_schemas::text::misleads;
use std::collections::BTreeMap;
use std::io::Write;

use akashi_verifier::Verdict;
use akashi_verifier::report::{Check, CheckName, Item, Outcome, Reason, Skipped};
use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::options::Format;

/// The columns of the CSV form; stable.
const COLUMNS: [&str; 8] =
    ["input", "index", "verdict", "reason", "certificate", "holder", "level", "status_as_of"];

/// Where this command looks for a log proof.
const LOG_PROOF_PLACE: &str = " Of certificate.jwt it is looked for in certificate.jwt.tlog-proof; --log-proof names another file.";

/// Writes items in one form.
pub(crate) struct Writer<W> {
    format: Format,
    out: W,
    count: usize,
    text: Text,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(format: Format, mut out: W) -> Result<Self> {
        if format == Format::Csv {
            write_row(&mut out, &COLUMNS)?;
        }
        Ok(Self { format, out, count: 0, text: Text::default() })
    }

    pub(crate) fn write(&mut self, item: &Item) -> Result<()> {
        match self.format {
            Format::Text => self.text.add(item),
            Format::Json => {
                let before = if self.count == 0 { "[\n" } else { ",\n" };
                write!(self.out, "{before}{}", serde_json::to_string(item)?)?;
            }
            Format::Ndjson => writeln!(self.out, "{}", serde_json::to_string(item)?)?,
            Format::Csv => write_item(&mut self.out, item)?,
        }
        self.count += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<()> {
        match self.format {
            Format::Text => self.text.write(&mut self.out)?,
            Format::Json if self.count == 0 => writeln!(self.out, "[]")?,
            Format::Json => writeln!(self.out, "\n]")?,
            Format::Ndjson | Format::Csv => {}
        }
        self.out.flush()?;
        Ok(())
    }
}

fn write_item(out: &mut impl Write, item: &Item) -> Result<()> {
    let report = &item.report;
    let reason = report.reason().map(|reason| reason.code());
    let as_of = report.status_as_of.map(|as_of| as_of.to_string());
    write_row(
        out,
        &[
            &item.input,
            &item.index.to_string(),
            report.verdict.as_str(),
            reason.unwrap_or_default(),
            report.certificate.as_deref().unwrap_or_default(),
            report.holder.as_deref().unwrap_or_default(),
            report.level.as_deref().unwrap_or_default(),
            as_of.as_deref().unwrap_or_default(),
        ],
    )
}

/// One row of RFC 4180.
fn write_row(out: &mut impl Write, fields: &[&str]) -> Result<()> {
    let row: Vec<_> = fields.iter().map(|field| quote(field)).collect();
    write!(out, "{}\r\n", row.join(","))?;
    Ok(())
}

fn quote(field: &str) -> String {
    // A spreadsheet would take such a text for a formula.
    let guard =
        if field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field != "-" { "'" } else { "" };
    match field.contains([',', '"', '\n', '\r']) || !guard.is_empty() {
        true => format!("\"{guard}{}\"", field.replace('"', "\"\"")),
        false => field.to_string(),
    }
}

/// What people read: of one credential every check, of many a table with a sentence for whatever is not valid.
#[derive(Default)]
struct Text {
    rows: Vec<[String; 5]>,
    /// The checks of the first credential.
    checks: Vec<[String; 3]>,
    sentences: Vec<String>,
    as_of: Option<String>,
    /// Of many: that an older bundle would not have been noticed, and why.
    rollback: Option<String>,
    verdicts: BTreeMap<Verdict, usize>,
}

impl Text {
    fn add(&mut self, item: &Item) {
        let report = &item.report;
        let name = if item.index == 0 {
            item.input.clone()
        } else {
            format!("{}:{}", item.input, item.index)
        };
        let shown = |text: &Option<String>| printable(text.as_deref().unwrap_or("-"));
        self.rows.push([
            printable(&name),
            report.verdict.to_string(),
            shown(&report.certificate),
            shown(&report.holder),
            shown(&report.level),
        ]);
        for check in &report.checks {
            if let Outcome::Failed(_) = check.outcome {
                self.sentences.push(format!("{}: {}", printable(&name), why(check)));
            }
        }
        *self.verdicts.entry(report.verdict).or_default() += 1;
        if self.rows.len() == 1 {
            self.checks = report.checks.iter().map(row).collect();
            // These hold for the whole run.
            self.as_of = report.status_as_of.map(|as_of| as_of.to_string());
            let rollback = report.check(CheckName::Rollback).filter(|_| self.as_of.is_some());
            self.rollback = rollback.filter(|check| check.outcome != Outcome::Passed).map(why);
        }
    }

    fn write(self, out: &mut impl Write) -> Result<()> {
        write_table(out, ["FILE", "VERDICT", "CERTIFICATE", "HOLDER", "LEVEL"], &self.rows)?;
        let is_one = self.rows.len() == 1;
        if is_one {
            writeln!(out)?;
            write_table(out, ["CHECK", "OUTCOME", "WHY"], &self.checks)?;
        } else {
            self.sentences.iter().try_for_each(|sentence| writeln!(out, "{sentence}"))?;
        }
        if let Some(as_of) = &self.as_of {
            writeln!(out, "status as of {as_of}")?;
        }
        if let Some(why) = self.rollback.filter(|_| !is_one) {
            writeln!(out, "rollback: not checked: {why}")?;
        }
        if self.rows.len() > 1 {
            let counts: Vec<_> =
                self.verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
            writeln!(out, "{} credentials: {}", self.rows.len(), counts.join(", "))?;
        }
        Ok(())
    }
}

fn write_table<const N: usize>(
    out: &mut impl Write,
    header: [&str; N],
    rows: &[[String; N]],
) -> Result<()> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header).add_rows(rows);
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(())
}

/// A check as a row: its name, what came of it, and why.
fn row(check: &Check) -> [String; 3] {
    let outcome = check.outcome.as_str().replace('_', " ");
    [check.name.as_str().to_string(), outcome, why(check)]
}

/// Why a check did not pass, and what to do.
fn why(check: &Check) -> String {
    let skipped = match check.outcome {
        Outcome::Passed => return String::new(),
        Outcome::Failed(reason) => {
            let place = if reason == Reason::LogProofMissing { LOG_PROOF_PLACE } else { "" };
            return format!("{}: {}{place}", reason.code(), reason.sentence());
        }
        Outcome::NotChecked(skipped) => skipped,
    };
    let sentence = match (skipped, check.name) {
        (Skipped::NoState, _) => {
            "No earlier bundle of this root is remembered here; from the next check on, an older one is noticed."
        }
        (Skipped::NotAsked, CheckName::Log) => "Not asked for; --require-log asks.",
        (Skipped::NotAsked, _) => "Not asked for; --min-level, --programme and --facility ask.",
        (Skipped::NotAuthenticated, _) => "A check that must come first did not pass.",
        _ => skipped.code(),
    };
    sentence.to_string()
}

/// Keeps a document's words from moving the terminal's cursor, and from looking like other words.
fn printable(text: &str) -> String {
    text.chars().map(|c| if misleads(c) { '\u{fffd}' } else { c }).collect()
}
