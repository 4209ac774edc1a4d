//! One file or standard input: a single credential, or many, one a line. Memory stays bounded by the largest
//! credential, whatever the size of the file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use akashi_verifier::json::{self, MAX_CREDENTIAL_BYTES};
use anyhow::{Context as _, Result};

/// So many bytes show that a credential is too large, its line feed apart.
const TOO_LARGE: usize = MAX_CREDENTIAL_BYTES + 2;

/// Reads credentials one by one.
pub(crate) struct Input {
    name: String,
    reader: Box<dyn BufRead>,
    form: Form,
}

enum Form {
    /// The whole is one credential: these bytes.
    Whole(Option<Vec<u8>>),
    /// Each line is one; these lines were read ahead, last first.
    Lines(Vec<Vec<u8>>),
}

impl Input {
    /// Opens a file, `-` for standard input, and finds out whether it holds one credential or many.
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let unreadable = || format!("{name} cannot be read");
        let mut reader: Box<dyn BufRead> = match file.as_os_str() == "-" {
            true => Box::new(BufReader::new(io::stdin())),
            false => Box::new(BufReader::new(File::open(file).with_context(unreadable)?)),
        };
        let form = find_form(file, &mut *reader).with_context(unreadable)?;
        Ok(Self { name, reader, form })
    }

    /// Whether each line is a credential.
    pub(crate) fn is_lines(&self) -> bool {
        matches!(self.form, Form::Lines(_))
    }

    /// The next credential's bytes. Of one that is too large only so much is kept that it is seen to be.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        match &mut self.form {
            Form::Whole(bytes) => Ok(bytes.take()),
            Form::Lines(ahead) => loop {
                let line = match ahead.pop() {
                    Some(line) => Some(line),
                    None => read_whole_line(&mut *self.reader)
                        .with_context(|| format!("{} cannot be read", self.name))?,
                };
                match line {
                    Some(line) if json::trim(&line).is_empty() => {}
                    line => return Ok(line),
                }
            },
        }
    }
}

/// Whether a file can be opened; standard input always can.
pub(crate) fn check_readable(file: &Path) -> Result<()> {
    if file.as_os_str() != "-" {
        File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    }
    Ok(())
}

/// A file is NDJSON by its name, or when one of its first two lines is a whole JSON object or string and not all there is.
fn find_form(file: &Path, reader: &mut dyn BufRead) -> io::Result<Form> {
    if file.extension().is_some_and(|extension| extension == "ndjson" || extension == "jsonl") {
        return Ok(Form::Lines(Vec::new()));
    }
    let first = read_line(reader)?.unwrap_or_default();
    if is_cut(&first) {
        return Ok(Form::Whole(Some(first)));
    }
    let second = read_line(reader)?.unwrap_or_default();
    let is_more = !json::trim(&second).is_empty() || !is_at_end(reader)?;
    if is_more && (is_item(&first) || is_item(&second)) {
        if is_cut(&second) {
            reader.skip_until(b'\n')?;
        }
        return Ok(Form::Lines(
            [second, first].into_iter().filter(|line| !line.is_empty()).collect(),
        ));
    }
    let mut whole = [first, second].concat();
    let missing = TOO_LARGE.saturating_sub(whole.len());
    reader.take(missing as u64).read_to_end(&mut whole)?;
    Ok(Form::Whole(Some(whole)))
}

/// Whether nothing but white space is left. It steps over the white space.
fn is_at_end(reader: &mut dyn BufRead) -> io::Result<bool> {
    loop {
        let buffer = reader.fill_buf()?;
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank < buffer.len() || blank == 0 {
            return Ok(buffer.is_empty());
        }
        reader.consume(blank);
    }
}

fn is_item(line: &[u8]) -> bool {
    json::read(line, MAX_CREDENTIAL_BYTES).is_ok_and(|value| value.is_object() || value.is_string())
}

/// A line with its end, or as much of one that is too large as shows it. The rest then waits to be skipped.
fn read_line(reader: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(TOO_LARGE as u64).read_until(b'\n', &mut line)?;
    Ok((!line.is_empty()).then_some(line))
}

/// As [`read_line`], and steps over the rest of a line that is too large.
fn read_whole_line(reader: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let line = read_line(reader)?;
    if line.as_ref().is_some_and(|line| is_cut(line)) {
        reader.skip_until(b'\n')?;
    }
    Ok(line)
}

fn is_cut(line: &[u8]) -> bool {
    line.len() == TOO_LARGE && !line.ends_with(b"\n")
}
