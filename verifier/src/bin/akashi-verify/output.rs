//! The answer: a table, an array, lines or rows. All but the table are written as they come.

use std::collections::BTreeMap;
use std::io::Write;

use akashi_verifier::Verdict;
use akashi_verifier::report::{Check, CheckName, Item, Outcome};
use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::options::Format;

/// The columns of the CSV form; stable.
const COLUMNS: [&str; 8] =
    ["input", "index", "verdict", "reason", "certificate", "holder", "level", "status_as_of"];

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

/// The table for people, with a sentence for whatever is not valid.
#[derive(Default)]
struct Text {
    rows: Vec<[String; 5]>,
    sentences: Vec<String>,
    notes: Vec<String>,
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
            if let Outcome::Failed(reason) = check.outcome {
                self.sentences.push(format!(
                    "{}: {}: {}",
                    printable(&name),
                    reason.code(),
                    reason.sentence()
                ));
            }
        }
        *self.verdicts.entry(report.verdict).or_default() += 1;
        if self.notes.is_empty() {
            self.notes = notes(&report.checks, report.status_as_of.map(|as_of| as_of.to_string()));
        }
    }

    fn write(self, out: &mut impl Write) -> Result<()> {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["FILE", "VERDICT", "CERTIFICATE", "HOLDER", "LEVEL"]);
        table.add_rows(&self.rows);
        writeln!(out, "{}", table.trim_fmt())?;
        for sentence in &self.sentences {
            writeln!(out, "{sentence}")?;
        }
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        if self.rows.len() > 1 {
            let counts: Vec<_> =
                self.verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
            writeln!(out, "{} credentials: {}", self.rows.len(), counts.join(", "))?;
        }
        Ok(())
    }
}

/// What holds for the whole run: the age of the status, and whether an older bundle would have been noticed.
fn notes(checks: &[Check], as_of: Option<String>) -> Vec<String> {
    let mut notes: Vec<_> =
        as_of.map(|as_of| format!("status as of {as_of}")).into_iter().collect();
    let rollback = checks.iter().find(|check| check.name == CheckName::Rollback);
    if !notes.is_empty() && rollback.is_some_and(|check| check.outcome != Outcome::Passed) {
        notes.push("rollback: not checked".to_string());
    }
    notes
}

/// Keeps a document's words from moving the terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
