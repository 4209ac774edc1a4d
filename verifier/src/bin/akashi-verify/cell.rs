//! A cell of the CSV form (RFC 4180), written so that no spreadsheet takes a stranger's words for a formula, and nothing of
//! them is lost (OWASP, *CSV Injection*).
//!
//! A text that a spreadsheet might misread, or that has control characters, begins with an apostrophe. Behind that, what could begin a new
//! cell or move a terminal's cursor is written as `\u{…}` with its code point in hexadecimal, and a backslash as two. So whoever reads
//! such a cell takes the apostrophe away and undoes those; any other cell is the text as it stands.

use std::borrow::Cow;

use akashi_schemas::misleading::misleads;

/// What begins a formula, also in the full width that Japanese and Chinese keyboards type.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What begins a new cell or row where a spreadsheet parts the cells otherwise than by commas, and takes no note of quotes.
const BREAKS: [char; 4] = [';', '\t', '\r', '\n'];
/// How standard input is named, which no spreadsheet takes for a formula.
const STANDARD_INPUT: &str = "-";

/// The cell of a text.
pub(crate) fn write(text: &str) -> String {
    let cell = if is_misread(text) { guarded(text) } else { text.to_owned() };
    match cell.starts_with('\'') || cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

/// The text of a cell whose quotes are off already.
pub(crate) fn read(cell: &str) -> Cow<'_, str> {
    let Some(mut rest) = cell.strip_prefix('\'') else { return cell.into() };
    let mut text = String::with_capacity(rest.len());
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let (c, left) = unescaped(after).unwrap_or(('\\', after));
        text.push(c);
        rest = left;
    }
    (text + rest).into()
}

/// Whether a text needs a guard: also one that begins as if it had one.
fn is_misread(text: &str) -> bool {
    let is_formula = |part: &str| part.trim_start_matches(is_passed_over).starts_with(SIGNS);
    text != STANDARD_INPUT
        && (text.starts_with('\'')
            || text.contains(char::is_control)
            || text.split(BREAKS).any(is_formula))
}

/// What a spreadsheet may pass over before it looks for a formula: blanks, quotes, and what is not seen.
fn is_passed_over(c: char) -> bool {
    c == '"' || c.is_whitespace() || misleads(c.encode_utf8(&mut [0; 4]))
}

fn guarded(text: &str) -> String {
    let written = |c: char| match c {
        '\\' => "\\\\".to_owned(),
        c if c.is_control() || BREAKS.contains(&c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    ['\''].into_iter().map(String::from).chain(text.chars().map(written)).collect()
}

/// The character that stands behind a backslash, and what follows.
fn unescaped(text: &str) -> Option<(char, &str)> {
    if let Some(rest) = text.strip_prefix('\\') {
        return Some(('\\', rest));
    }
    let (code, rest) = text.strip_prefix("u{")?.split_once('}')?;
    Some((u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a cell as a reader of CSV finds it.
    fn unquoted(cell: &str) -> String {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(cell.as_bytes());
        let record = reader.records().next().expect("a row").expect("CSV");
        assert_eq!(record.len(), 1, "one cell: {cell}");
        record[0].to_owned()
    }

    #[test]
    fn whatever_may_be_a_formula_begins_with_an_apostrophe() {
        for text in [
            "=1+1",
            "+81-3-0000-0000",
            "-2",
            "@SUM(A1)",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            " =1",
            "\t=1",
            "\r=1",
            "\n=1",
            "\r\n \t=1",
            "\u{3000}=1",
            "\u{a0}=1",
            "\u{c}=1",
            "\u{feff}=1",
            "\u{200b}=1",
            "\"=1",
            // Where the cells are parted otherwise.
            "x;=1",
            "x; \"=1\"",
            "x\t＝1",
            "x\n@y",
        ] {
            let cell = write(text);
            assert!(cell.starts_with("\"'") && cell.ends_with('"'), "{text:?}: {cell}");
            assert!(!cell.contains(BREAKS), "nothing begins anew within it: {cell:?}");
            assert_eq!(read(&unquoted(&cell)), text);
        }
    }

    #[test]
    fn no_control_character_is_written_as_it_stands() {
        for c in ('\0'..='\u{9f}').filter(|c| c.is_control() && !BREAKS.contains(c)) {
            let text = format!("a{c}[2Jb");
            let cell = write(&text);
            assert!(cell.starts_with("\"'") && !cell.contains(char::is_control), "{cell:?}");
            assert_eq!(read(&unquoted(&cell)), text);
        }
        assert_eq!(write("a\u{1b}b\\"), r#""'a\u{1b}b\\""#);
    }

    #[test]
    fn what_looks_guarded_already_is_told_apart() {
        for text in ["'=1", "'", "''x", r"'\u{3d}1", r"=\u{3d}\\", "=\\", r"=\u{zz}\u{"] {
            assert_eq!(read(&unquoted(&write(text))), text);
        }
    }

    #[test]
    fn other_texts_stand_as_they_are() {
        for text in [
            "in/a.json",
            "-",
            "AK-7M3Q-XRTH-B",
            "例示食品株式会社",
            r"C:\in\a.json",
            "a=b+c-d@e",
            "A; B",
            "list.csv:3",
        ] {
            assert_eq!((write(text).as_str(), read(text).as_ref()), (text, text));
        }
        for text in ["a, b", "say \"a\"", "A; B", "L'Exemple"] {
            assert_eq!(unquoted(&write(text)), text);
        }
    }
}
