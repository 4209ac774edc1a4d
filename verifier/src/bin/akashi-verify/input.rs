//! One file or standard input: a single credential, or many, one a line. Memory stays bounded by the largest
//! credential, whatever the size of the file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use akashi_schemas::Digest;
use akashi_verifier::json::{self, MAX_CREDENTIAL_BYTES};
use sha2::{Digest as _, Sha256};

use crate::progress::Meter;

/// So many bytes show that a credential is too large, its line feed apart.
const TOO_LARGE: usize = MAX_CREDENTIAL_BYTES + 2;
/// What is read at once: what a pipe holds.
const BUFFER_BYTES: usize = 64 << 10;

/// Reads credentials one by one.
pub(crate) struct Input {
    reader: BufReader<Metered>,
    form: Form,
    /// A file proper never keeps its reader waiting; a pipe may.
    is_file: bool,
}

enum Form {
    /// The whole is one credential: these bytes.
    Whole(Option<Vec<u8>>),
    /// Each line is one; these lines were read ahead, last first.
    Lines(Vec<Vec<u8>>),
}

impl Input {
    /// Opens a file, `-` for standard input, and finds out whether it holds one credential or many. With `hashed`, what is read is
    /// hashed on the way.
    pub(crate) fn open(file: &Path, meter: Meter, hashed: bool) -> io::Result<Self> {
        let (inner, is_file): (Box<dyn Read + Send>, _) = match file.as_os_str() == "-" {
            true => (Box::new(io::stdin()), false),
            false => {
                let open = File::open(file)?;
                let is_file = open.metadata()?.is_file();
                (Box::new(open), is_file)
            }
        };
        let metered = Metered { inner, meter, bytes: 0, hash: hashed.then(Sha256::new) };
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, metered);
        let form = find_form(file, &mut reader)?;
        Ok(Self { reader, form, is_file })
    }

    /// Whether each line is a credential.
    pub(crate) fn is_lines(&self) -> bool {
        matches!(self.form, Form::Lines(_))
    }

    /// Appends the next credential's bytes; whether there was one. Of one that is too large only so much is kept that it is
    /// seen to be.
    pub(crate) fn next(&mut self, bytes: &mut Vec<u8>) -> io::Result<bool> {
        let ahead = match &mut self.form {
            Form::Whole(whole) => {
                let whole = whole.take();
                bytes.extend_from_slice(whole.as_deref().unwrap_or_default());
                return Ok(whole.is_some());
            }
            Form::Lines(ahead) => ahead,
        };
        let start = bytes.len();
        loop {
            bytes.truncate(start);
            match ahead.pop() {
                Some(line) => bytes.extend_from_slice(&line),
                None if !read_whole_line(&mut self.reader, bytes)? => return Ok(false),
                None => {}
            }
            if !json::trim(&bytes[start..]).is_empty() {
                return Ok(true);
            }
        }
    }

    /// Whether the next credential may take a while to come, so that what there is had better be answered first.
    pub(crate) fn may_wait(&self) -> bool {
        let ahead = match &self.form {
            Form::Whole(_) => return false,
            Form::Lines(ahead) => ahead,
        };
        !self.is_file && ahead.is_empty() && !self.reader.buffer().contains(&b'\n')
    }

    /// How many bytes the input has, and their digest, where they were hashed. Of what is no file, or has no end, as much
    /// as was read.
    pub(crate) fn finish(mut self) -> io::Result<(u64, Option<Digest>)> {
        if self.is_file && self.reader.get_ref().hash.is_some() {
            io::copy(&mut self.reader, &mut io::sink())?;
        }
        let Metered { bytes, hash, .. } = self.reader.into_inner();
        Ok((bytes, hash.map(|hash| Digest(hash.finalize().into()))))
    }
}

/// Counts what is read, and hashes it where that is asked for.
struct Metered {
    inner: Box<dyn Read + Send>,
    meter: Meter,
    bytes: u64,
    hash: Option<Sha256>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        self.meter.add(count as u64);
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..count]);
        }
        Ok(count)
    }
}

/// A file is NDJSON by its name, or when one of its first two lines is a whole JSON object or string and not all there is.
fn find_form(file: &Path, reader: &mut impl BufRead) -> io::Result<Form> {
    if file.extension().is_some_and(|extension| extension == "ndjson" || extension == "jsonl") {
        return Ok(Form::Lines(Vec::new()));
    }
    let mut first = Vec::new();
    read_line(reader, &mut first)?;
    if is_cut(&first) {
        return Ok(Form::Whole(Some(first)));
    }
    let mut second = Vec::new();
    read_line(reader, &mut second)?;
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

/// Whether nothing but JSON's white space is left. It steps over that.
fn is_at_end(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = reader.fill_buf()?;
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let blank = buffer.iter().take_while(is_blank).count();
        if blank < buffer.len() || blank == 0 {
            return Ok(buffer.is_empty());
        }
        reader.consume(blank);
    }
}

fn is_item(line: &[u8]) -> bool {
    json::read(line, MAX_CREDENTIAL_BYTES).is_ok_and(|value| value.is_object() || value.is_string())
}

/// Appends a line with its end, or as much of one that is too large as shows it; how many bytes. The rest then waits to be
/// skipped.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    reader.take(TOO_LARGE as u64).read_until(b'\n', line)
}

/// As [`read_line`], and steps over the rest of a line that is too large; whether there was a line.
fn read_whole_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let start = line.len();
    let count = read_line(reader, line)?;
    if is_cut(&line[start..]) {
        reader.skip_until(b'\n')?;
    }
    Ok(count > 0)
}

fn is_cut(line: &[u8]) -> bool {
    line.len() == TOO_LARGE && !line.ends_with(b"\n")
}
