//! The answer: words for people, an array, lines or rows, written as they come.

use std::io::{self, Write};

use akashi_schemas::Language;
use akashi_schemas::misleading::{misleads, shown};
use akashi_verifier::Verdict;
use anyhow::{Context as _, Result};
use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use jiff::Timestamp;
use serde::Serialize;

use crate::answer::{Answer, Facts, WithoutReport};
use crate::cell;
use crate::numbers::{Numbered, Place};
use crate::options::Format;
use crate::sources::Listed;
use crate::summary::Summary;
use crate::words;
use crate::words::run::{Refusal, refusal};

/// The columns of the CSV form; stable. New ones are added at the end.
pub(crate) const COLUMNS: [&str; 10] = [
    "input",
    "index",
    "verdict",
    "reason",
    "certificate",
    "holder",
    "level",
    "status_as_of",
    "listed",
    "duplicate_of",
];

/// Up to so many are all shown in a table; of more, people want to see what is not valid.
const FEW: usize = 50;

/// How wide each column of a table is at least, where it is written before the end is known.
const WIDTHS: [u16; 6] = [28, 17, 14, 24, 10, 0];

/// So many bytes are written at once.
const MUCH: usize = 64 << 10;

/// Writes items in one form.
pub(crate) struct Writer<W> {
    format: Format,
    out: W,
    /// What is ready, but not yet written.
    ready: Vec<u8>,
    has_items: bool,
    text: Text,
}

impl<W: Write> Writer<W> {
    /// `language` is that of the words for people; the other forms are the same in all. `has_items` says that the output goes on
    /// after others.
    pub(crate) fn new(format: Format, language: Language, out: W, has_items: bool) -> Self {
        Self { format, out, ready: Vec::new(), has_items, text: Text::new(language) }
    }

    /// Adds an answer; `written` is what the check wrote of it.
    pub(crate) fn add(&mut self, answer: &Answer, written: &[u8], first: Option<&Place>) {
        let listed = answer.source.listed.as_ref();
        match self.format {
            Format::Text if self.text.passes_over(&answer.facts, first) => {}
            Format::Text => {
                let name = name(&answer.source.name, answer.index);
                let mut line = self.text.line(&name, listed, &answer.facts);
                line.why.extend_from_slice(&answer.why);
                let language = self.text.language;
                line.why.extend(first.map(|first| words::same_as(&place(first), language)));
                self.text.add(line, &answer.checks, &mut self.ready);
            }
            Format::Csv => {
                self.begin();
                self.ready.extend_from_slice(written);
                let first = first.map(|first| format!("{}:{}", first.input, first.index));
                write!(self.ready, ",{}\r\n", cell::write(&first.unwrap_or_default())).ok();
            }
            Format::Json | Format::Ndjson => {
                self.begin();
                self.ready.extend_from_slice(written);
                if let Some(first) = first {
                    self.ready.extend_from_slice(b",\"duplicate_of\":");
                    write_json(&mut self.ready, first);
                }
                self.end_object();
            }
        }
    }

    /// Adds what came of a number: item `index` of its list.
    pub(crate) fn add_number(&mut self, index: usize, listed: &Listed, numbered: &Numbered) {
        let facts = &numbered.facts;
        match self.format {
            Format::Text => {
                let language = self.text.language;
                let mut line = self.text.line(&words::row(listed, language), None, facts);
                if facts.certificate.is_none() {
                    line.cells[2] = shown(&listed.text);
                }
                line.why.extend(numbered.why.iter().map(|why| words::unchecked(why, language)));
                let best = numbered.credential.as_ref().filter(|_| !facts.is_valid());
                line.why.extend(best.map(|best| words::best(&place(best), language)));
                self.text.add(line, &[], &mut self.ready);
            }
            Format::Csv => {
                self.begin();
                write_open_row(&mut self.ready, &listed.list, index, facts, Some(listed));
                self.ready.extend_from_slice(b",\r\n");
            }
            Format::Json | Format::Ndjson => {
                self.begin();
                let item = WithoutReport::new(&listed.list, index, facts, numbered.why.as_ref());
                write_open_object(&mut self.ready, &item, Some(listed));
                self.ready.extend_from_slice(b",\"credential\":");
                write_json(&mut self.ready, &numbered.credential);
                self.ready.extend_from_slice(b",\"others\":");
                write_json(&mut self.ready, &numbered.others);
                self.end_object();
            }
        }
    }

    /// Writes what is ready.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.out
            .write_all(&self.ready)
            .and_then(|()| self.out.flush())
            .with_context(|| refusal(Refusal::Unwritable, self.text.language))?;
        self.ready.clear();
        Ok(())
    }

    /// Writes what is ready, if it is worth it.
    pub(crate) fn flush_if_much(&mut self) -> Result<()> {
        if self.ready.len() < MUCH { Ok(()) } else { self.flush() }
    }

    /// Where it writes to.
    pub(crate) fn out(&self) -> &W {
        &self.out
    }

    /// Ends the answer. `as_of` is the time of the bundle's status, `rollback` why no older bundle would have been noticed.
    pub(crate) fn finish(
        &mut self,
        summary: &Summary,
        as_of: Option<Timestamp>,
        rollback: Option<&str>,
    ) -> Result<()> {
        match self.format {
            Format::Text => self.text.finish(summary, as_of, rollback, &mut self.ready),
            Format::Json if self.has_items => self.ready.extend_from_slice(b"\n]\n"),
            Format::Json => self.ready.extend_from_slice(b"[]\n"),
            Format::Csv if !self.has_items => self.begin(),
            Format::Csv | Format::Ndjson => {}
        }
        self.flush()
    }

    /// Writes what stands before an item.
    fn begin(&mut self) {
        let before: &[u8] = match (self.format, self.has_items) {
            (Format::Json, false) => b"[\n",
            (Format::Json, true) => b",\n",
            (Format::Csv, false) => {
                self.ready.extend_from_slice(COLUMNS.join(",").as_bytes());
                b"\r\n"
            }
            _ => b"",
        };
        self.ready.extend_from_slice(before);
        self.has_items = true;
    }

    fn end_object(&mut self) {
        let end: &[u8] = if self.format == Format::Ndjson { b"}\n" } else { b"}" };
        self.ready.extend_from_slice(end);
    }
}

/// An object without its end, so that members can follow.
pub(crate) fn write_open_object(out: &mut Vec<u8>, item: &impl Serialize, listed: Option<&Listed>) {
    #[derive(Serialize)]
    struct Object<'a, T: Serialize> {
        #[serde(flatten)]
        item: &'a T,
        #[serde(skip_serializing_if = "Option::is_none")]
        listed: Option<&'a Listed>,
    }
    write_json(out, &Object { item, listed });
    out.pop();
}

fn write_json(out: &mut Vec<u8>, value: &impl Serialize) {
    // Memory takes everything, and every key is a string.
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Escaping)).ok();
}

/// Escapes what JSON lets stand in a string and a terminal would obey, or a reader be misled by.
struct Escaping;

impl serde_json::ser::Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if !misleads(fragment) {
            return out.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            let mut bytes = [0; 4];
            let text = &*character.encode_utf8(&mut bytes);
            match misleads(text) {
                false => out.write_all(text.as_bytes())?,
                true => text.encode_utf16().try_for_each(|unit| write!(out, "\\u{unit:04x}"))?,
            }
        }
        Ok(())
    }
}

/// A row of RFC 4180 without its last cell.
pub(crate) fn write_open_row(
    out: &mut Vec<u8>,
    input: &str,
    index: usize,
    facts: &Facts,
    listed: Option<&Listed>,
) {
    let text = |text: &Option<String>| cell::write(text.as_deref().unwrap_or_default());
    let as_of = facts.status_as_of.map(|as_of| as_of.to_string()).unwrap_or_default();
    let listed = listed.map(|listed| format!("{}:{}", listed.list, listed.row)).unwrap_or_default();
    let cells = [
        cell::write(input),
        index.to_string(),
        facts.verdict.map(|verdict| verdict.to_string()).unwrap_or_default(),
        facts.reason.as_deref().unwrap_or_default().to_string(),
        text(&facts.certificate),
        text(&facts.holder),
        text(&facts.level),
        as_of,
        cell::write(&listed),
    ];
    out.extend_from_slice(cells.join(",").as_bytes());
}

/// What people read: of one credential every check; of a few a table, with a sentence for whatever is not valid; of many those
/// that are not valid, as they come.
struct Text {
    language: Language,
    lines: Vec<Line>,
    /// The checks of the first credential.
    checks: Vec<[String; 3]>,
    count: usize,
}

/// One line of the table.
struct Line {
    cells: [String; 5],
    verdict: Option<Verdict>,
    /// Where it stands, before each sentence.
    place: String,
    why: Vec<String>,
}

impl Line {
    /// Whether there is something about it that people want to see.
    fn is_wanted(&self) -> bool {
        self.verdict != Some(Verdict::Valid) || !self.why.is_empty()
    }

    fn into_cells(self) -> [String; 6] {
        let [name, verdict, certificate, holder, level] = self.cells;
        [name, verdict, certificate, holder, level, self.why.join(" ")]
    }
}

impl Text {
    const fn new(language: Language) -> Self {
        Self { language, lines: Vec::new(), checks: Vec::new(), count: 0 }
    }

    fn line(&self, name: &str, listed: Option<&Listed>, facts: &Facts) -> Line {
        let name = shown(name);
        let cell = |text: &Option<String>| shown(text.as_deref().unwrap_or("-"));
        let verdict = facts.verdict.map_or(words::not_checked(self.language), Verdict::as_str);
        let place = match listed {
            Some(listed) => {
                words::listed(&name, &shown(&words::row(listed, self.language)), self.language)
            }
            None => name.clone(),
        };
        let cells = [
            name,
            verdict.to_owned(),
            cell(&facts.certificate),
            cell(&facts.holder),
            cell(&facts.level),
        ];
        Line { cells, verdict: facts.verdict, place, why: Vec::new() }
    }

    /// Counts what a long table leaves out.
    fn passes_over(&mut self, facts: &Facts, first: Option<&Place>) -> bool {
        let is_over = self.count > FEW && facts.is_valid() && first.is_none();
        self.count += usize::from(is_over);
        is_over
    }

    fn add(&mut self, line: Line, checks: &[[String; 3]], out: &mut Vec<u8>) {
        self.count += 1;
        if self.count == 1 {
            self.checks = checks.to_vec();
        }
        match self.count {
            ..=FEW => self.lines.push(line),
            _ => {
                if self.count == FEW + 1 {
                    self.start_long(out);
                }
                if line.is_wanted() {
                    write_wide([line.into_cells()], out);
                }
            }
        }
    }

    /// Shows of the few so far those that people want to see.
    fn start_long(&mut self, out: &mut Vec<u8>) {
        writeln!(out, "{}\n", words::long(FEW, self.language)).ok();
        let wanted = self.lines.drain(..).filter(Line::is_wanted);
        let headings = words::columns(self.language).map(str::to_owned);
        write_wide([headings].into_iter().chain(wanted.map(Line::into_cells)), out);
    }

    /// Ends with a table, where it was not written as it came, and with what holds for the whole run.
    fn finish(
        &self,
        summary: &Summary,
        as_of: Option<Timestamp>,
        rollback: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let language = self.language;
        if self.count <= FEW {
            let rows: Vec<_> = self.lines.iter().map(|line| line.cells.clone()).collect();
            let [file, verdict, certificate, holder, level, _] = words::columns(language);
            write_table(out, [file, verdict, certificate, holder, level], &rows).ok();
        }
        let as_of = as_of.map(|as_of| words::status_as_of(&as_of.to_string(), language));
        let mut lines: Vec<String> = Vec::new();
        match &self.lines[..] {
            [Line { verdict: Some(verdict), .. }] if self.count == 1 && !self.checks.is_empty() => {
                writeln!(out, "\n{}\n", words::verdict(*verdict, language)).ok();
                write_table(out, words::check_columns(language), &self.checks).ok();
                lines.extend(as_of);
            }
            few => {
                let said = |line: &Line| -> Vec<_> {
                    line.why.iter().map(|why| format!("{}: {why}", line.place)).collect()
                };
                lines.extend(few.iter().flat_map(said));
                lines.extend(as_of);
                lines.extend(rollback.map(|why| format!("rollback: {why}")));
            }
        }
        if self.count > 1 {
            lines.extend(words::summary(summary, language));
        }
        lines.iter().for_each(|line| {
            writeln!(out, "{line}").ok();
        });
    }
}

/// Rows of a table whose other rows are not known.
fn write_wide(rows: impl IntoIterator<Item = [String; 6]>, out: &mut Vec<u8>) {
    let mut table = plain_table();
    table.add_rows(rows);
    for (column, width) in table.column_iter_mut().zip(WIDTHS) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
    writeln!(out, "{}", table.trim_fmt()).ok();
}

/// Writes a whole table.
pub(crate) fn write_table<const N: usize>(
    out: &mut impl Write,
    header: [&str; N],
    rows: &[[String; N]],
) -> Result<()> {
    let mut table = plain_table();
    table.set_header(header).add_rows(rows);
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(())
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// A file, and which credential of it where that is not the first.
fn name(input: &str, index: usize) -> String {
    if index == 0 { input.to_string() } else { format!("{input}:{index}") }
}

/// A place as people read it.
fn place(place: &Place) -> String {
    shown(&name(&place.input, place.index))
}
