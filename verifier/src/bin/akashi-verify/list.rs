//! A list as a spreadsheet writes it: CSV of files or of certificate numbers.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use akashi_schemas::{CertificateNumber, Digest, Language, NumberError};
use anyhow::{Context as _, Result, anyhow, bail};
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

use crate::words::run::{Refusal, refusal};
use crate::words::{Trouble, trouble};

/// The largest list that is read: a million rows of some sixty bytes.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// What a column of files is called, in lower case; the first word that a list has, wins.
const FILE_WORDS: [&str; 7] =
    ["file", "files", "file name", "filename", "path", "ファイル", "ファイル名"];
/// What a column of certificate numbers is called, likewise.
const NUMBER_WORDS: [&str; 7] = [
    "certificate number",
    "certificate no",
    "certificate no.",
    "certificate",
    "number",
    "認証番号",
    "証明書番号",
];

/// A list that was read and decoded; its rows are taken apart as they are asked for.
pub(crate) struct List {
    pub(crate) name: String,
    pub(crate) what: Listing,
    /// How it was encoded, by the name that people know.
    pub(crate) encoding: &'static str,
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
    text: String,
    delimiter: u8,
    column: usize,
    /// What the column is called; none where the list has no header.
    pub(crate) header: Option<String>,
    folder: PathBuf,
}

/// What a list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    Files,
    Numbers,
}

/// One row: its number as a spreadsheet counts them, from 1, and what it names; nothing where the cell is empty.
pub(crate) struct Row {
    pub(crate) number: usize,
    pub(crate) text: String,
}

impl List {
    /// Reads a list, `-` for standard input, and finds out how it is encoded and which column counts.
    pub(crate) fn read(file: &Path, language: Language) -> Result<Self> {
        let name = file.display().to_string();
        let bytes = read(file).with_context(|| trouble(file, Trouble::Unreadable, language))?;
        if bytes.len() as u64 > MAX_LIST_BYTES {
            bail!(refusal(Refusal::ListTooLarge(&name), language));
        }
        let (text, encoding) =
            decode(&name, &bytes).map_err(|fault| anyhow!(refusal(fault, language)))?;
        if text.matches('"').count() % 2 == 1 {
            bail!(refusal(Refusal::ListNotClosed(&name), language));
        }
        let mut list = Self {
            what: Listing::Files,
            encoding,
            bytes: bytes.len() as u64,
            digest: Digest::of(&bytes),
            delimiter: delimiter(&text),
            text,
            column: 0,
            header: None,
            folder: file.parent().map(Path::to_path_buf).unwrap_or_default(),
            name,
        };
        list.find_column(language)?;
        Ok(list)
    }

    /// The rows below the header, but for those with nothing in any cell.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        let header = usize::from(self.header.is_some());
        self.records().skip(header).map(|(number, record)| Row {
            number,
            text: record.get(self.column).unwrap_or_default().trim().to_string(),
        })
    }

    /// The file that a row names: beside the list, unless the path is absolute. A row has no standard input.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        let path = self.folder.join(text);
        if path.as_os_str() == "-" { PathBuf::from("./-") } else { path }
    }

    fn records(&self) -> impl Iterator<Item = (usize, csv::StringRecord)> {
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(self.delimiter);
        let (text, mut inner_lines) = (self.text.as_bytes(), 0);
        // Text that is decoded already cannot fail to be read.
        let records = reader.from_reader(text).into_records().flatten();
        let numbered = records.map(move |record| {
            let (start, line) = record.position().map_or((0, 1), |at| (at.byte(), at.line()));
            let before = text.iter().skip(usize::try_from(start).unwrap_or(usize::MAX));
            // Blank lines stand before the record that is said to begin there.
            let blank = before.take_while(|byte| **byte == b'\n').count();
            let number = usize::try_from(line).unwrap_or(usize::MAX) + blank - inner_lines;
            inner_lines += record.iter().map(|field| field.matches('\n').count()).sum::<usize>();
            (number, record)
        });
        numbered.filter(|(_, record)| record.iter().any(|field| !field.trim().is_empty()))
    }

    fn find_column(&mut self, language: Language) -> Result<()> {
        let mut records = self.records().map(|(_, record)| record);
        let Some(first) = records.next() else { return Ok(()) };
        let named = |words: &[&str]| {
            let is = |word: &&str| first.iter().position(|field| heading(field) == **word);
            words.iter().find_map(is)
        };
        let found = named(&FILE_WORDS)
            .map(|column| (column, Listing::Files))
            .or_else(|| named(&NUMBER_WORDS).map(|column| (column, Listing::Numbers)));
        let (column, what, header) = match found {
            Some((column, what)) => (column, what, first.get(column).map(str::to_string)),
            None if first.len() == 1 => {
                let is_number = [&first].into_iter().chain(records.next().as_ref()).any(is_number);
                (0, if is_number { Listing::Numbers } else { Listing::Files }, None)
            }
            None => {
                let columns = first.iter().collect::<Vec<_>>().join(", ");
                bail!(refusal(Refusal::ListWithoutColumn(&self.name, &columns), language));
            }
        };
        drop(records);
        (self.column, self.what, self.header) = (column, what, header);
        Ok(())
    }
}

/// Whether the only cell is a certificate number, if with a slip.
fn is_number(record: &csv::StringRecord) -> bool {
    let parsed = record.get(0).unwrap_or_default().parse::<CertificateNumber>();
    matches!(parsed, Ok(_) | Err(NumberError::Check))
}

/// A heading as [`FILE_WORDS`] and [`NUMBER_WORDS`] write it.
fn heading(field: &str) -> String {
    field.trim().replace(['_', '-'], " ").to_lowercase()
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let reader: Box<dyn Read> = match file.as_os_str() == "-" {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(file)?),
    };
    let mut bytes = Vec::new();
    reader.take(MAX_LIST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text and its encoding's name: what a byte order mark says; else UTF-8 where it is that; else Shift-JIS, as Excel writes
/// it in Japan, which is what Windows calls code page 932.
fn decode<'a>(name: &'a str, bytes: &[u8]) -> Result<(String, &'static str), Refusal<'a>> {
    let (encoding, start) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length),
        None if str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        None => (SHIFT_JIS, 0),
    };
    let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(&bytes[start..])
    else {
        let line = 1 + bytes[..first_fault(bytes)].iter().filter(|byte| **byte == b'\n').count();
        return Err(Refusal::ListNotText(name, line));
    };
    if text.contains('\0') {
        return Err(Refusal::ListWithNul(name));
    }
    let known_as = if encoding == SHIFT_JIS { "Shift-JIS" } else { encoding.name() };
    // Three ways to end a line, of which one is enough.
    Ok((text.replace("\r\n", "\n").replace('\r', "\n"), known_as))
}

fn first_fault(bytes: &[u8]) -> usize {
    str::from_utf8(bytes).err().map_or(bytes.len(), |error| error.valid_up_to())
}

/// What parts the cells of the first line: a comma, or what Excel writes in its place.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            _ if is_quoted => {}
            _ => counts.iter_mut().for_each(|(delimiter, count)| {
                *count += usize::from(*delimiter == byte);
            }),
        }
    }
    // Of equals the last would win.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(found, _)| found)
}
