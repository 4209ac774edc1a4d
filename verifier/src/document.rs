//! A JSON document in its RFC 8785 form, with the place of every value in it: read once, borrowed where it can be.
//!
//! What signers write mostly is canonical already, and to see that takes one pass that builds nothing. Such a text is
//! hashed as it stands. Any other is read strictly, written canonically, and from then on is no different.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use akashi_schemas::canonical::{self, MAX_EXACT};

use crate::json::{self, JsonFault, MAX_CREDENTIAL_BYTES, MAX_DEPTH};

/// A canonical JSON text and where its values stand.
#[derive(Clone, Debug)]
pub(crate) struct Document<'a> {
    text: Cow<'a, str>,
    nodes: Vec<Node>,
    /// The value that is meant: the whole, or one that was entered.
    root: usize,
}

/// One value: an object's members stand behind it, each name before its value; an array's elements likewise.
#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    /// The node after this one's last descendant.
    next: u32,
}

impl<'a> Document<'a> {
    /// Reads a JSON value as strictly as [`json::read`] does, of at most [`MAX_CREDENTIAL_BYTES`].
    ///
    /// # Errors
    /// A [`JsonFault`].
    pub(crate) fn read(input: Cow<'a, [u8]>) -> Result<Self, JsonFault> {
        let strictly = |bytes: &[u8]| Self::of_value(&json::read(bytes, MAX_CREDENTIAL_BYTES)?);
        let text = match input {
            Cow::Borrowed(bytes) => match str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => return strictly(bytes),
            },
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(error) => return strictly(error.as_bytes()),
            },
        };
        let is_small = text.len() <= MAX_CREDENTIAL_BYTES;
        match is_small.then(|| index(&text, Written::ByAnyone)).flatten() {
            Some(nodes) => Ok(Self { text, nodes, root: 0 }),
            None => strictly(text.as_bytes()),
        }
    }

    /// Writes a value that was read strictly.
    ///
    /// # Errors
    /// None of what [`json::read`] gives.
    pub(crate) fn of_value(value: &serde_json::Value) -> Result<Self, JsonFault> {
        let unwritable = || JsonFault::Syntax { line: 1, column: 1 };
        let bytes = canonical::of_value(value).map_err(|_| unwritable())?;
        let text = String::from_utf8(bytes).map_err(|_| unwritable())?;
        let nodes = index(&text, Written::ByUs).ok_or_else(unwritable)?;
        Ok(Self { text: Cow::Owned(text), nodes, root: 0 })
    }

    /// The value.
    pub(crate) fn root(&self) -> Element<'_> {
        Element { text: &self.text, nodes: &self.nodes, at: self.root }
    }

    /// The value that was read, whichever of it is meant.
    pub(crate) fn whole(&self) -> Element<'_> {
        Element { at: 0, ..self.root() }
    }

    /// Means the root's member of that name from now on.
    pub(crate) fn enter(&mut self, name: &str) -> bool {
        let member = self.root().get(name).map(|member| member.at);
        self.root = member.unwrap_or(self.root);
        member.is_some()
    }

    /// The text that the value is, when it is a string.
    pub(crate) fn into_string(self) -> Option<Cow<'a, str>> {
        let node = self.nodes[self.root];
        let (start, end) = (node.start as usize + 1, node.end as usize - 1);
        match (self.root().as_str()?, &self.text) {
            (Cow::Borrowed(_), Cow::Borrowed(text)) => Some(Cow::Borrowed(&text[start..end])),
            (string, _) => Some(Cow::Owned(string.into_owned())),
        }
    }
}

/// One value of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'d> {
    text: &'d str,
    nodes: &'d [Node],
    at: usize,
}

impl<'d> Element<'d> {
    fn node(self) -> Node {
        self.nodes[self.at]
    }

    /// Its canonical text. Two values are the same when their texts are.
    pub(crate) fn text(self) -> &'d str {
        &self.text[self.node().start as usize..self.node().end as usize]
    }

    /// Whether it is an object.
    pub(crate) fn is_object(self) -> bool {
        self.text().starts_with('{')
    }

    /// Whether it is an array.
    pub(crate) fn is_array(self) -> bool {
        self.text().starts_with('[')
    }

    /// What it says, when it is a string.
    pub(crate) fn as_str(self) -> Option<Cow<'d, str>> {
        let inner = self.text().strip_prefix('"')?.strip_suffix('"')?;
        match inner.contains('\\') {
            false => Some(Cow::Borrowed(inner)),
            true => serde_json::from_str(self.text()).ok().map(Cow::Owned),
        }
    }

    /// The member of that name, which must be one that is written without escapes.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        self.members()
            .find(|(quoted, _)| quoted.get(1..quoted.len() - 1) == Some(name))
            .map(|m| m.1)
    }

    /// The members, when it is an object: each name as it is written, in its quotes, and its value.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'d str, Self)> + use<'d> {
        let mut children = self.children(self.is_object());
        core::iter::from_fn(move || Some((children.next()?.text(), children.next()?)))
    }

    /// The elements, when it is an array.
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> + use<'d> {
        self.children(self.is_array())
    }

    fn children(self, any: bool) -> impl Iterator<Item = Self> + use<'d> {
        let end = if any { self.node().next as usize } else { 0 };
        let (whole, mut at) = (self, self.at + 1);
        core::iter::from_fn(move || {
            let child = (at < end).then_some(Self { at, ..whole })?;
            at = child.node().next as usize;
            Some(child)
        })
    }

    /// The canonical text of the object that is left without a member, in two pieces.
    pub(crate) fn without(self, name: &str) -> [&'d str; 2] {
        let (whole, from) = (self.text(), self.node().start as usize);
        let Some(value) = self.get(name) else { return [whole, ""] };
        let start = value.node().start as usize - from - name.len() - "\"\":".len();
        let end = value.node().end as usize - from;
        match whole[end..].strip_prefix(',') {
            Some(rest) => [&whole[..start], rest],
            None => [whole[..start].trim_end_matches(','), &whole[end..]],
        }
    }
}

/// Who wrote a text.
#[derive(Clone, Copy, PartialEq)]
enum Written {
    /// The canonical writer: it is JSON, and only its places are wanted.
    ByUs,
    /// Anyone: that it is canonical has to be seen.
    ByAnyone,
}

/// The values of a text that is canonical and without repeated members. `None` of any other, and of some that are: those with
/// numbers that are no exact integers, or with names that begin with a dollar or whose order in UTF-16 is not that of their bytes.
fn index(text: &str, written: Written) -> Option<Vec<Node>> {
    let bytes = text.as_bytes();
    let nodes = Vec::with_capacity(bytes.len() / 10);
    let (lowest, highest) =
        bytes.iter().fold((0xff, 0), |(low, high), byte| (low.min(*byte), high.max(*byte)));
    // No canonical text has a control character anywhere.
    if lowest < b' ' {
        return None;
    }
    let is_high = highest >= HIGH;
    let mut indexer = Indexer { bytes, at: 0, nodes, written, is_high };
    indexer.value(0)?;
    (indexer.at == bytes.len()).then_some(indexer.nodes)
}

struct Indexer<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    written: Written,
    /// Whether a [`HIGH`] byte stands anywhere.
    is_high: bool,
}

/// From this lead byte on, the order of UTF-8 and of UTF-16 part: those of U+E000 and above.
const HIGH: u8 = 0xee;

impl<'a> Indexer<'a> {
    fn value(&mut self, depth: usize) -> Option<()> {
        let (start, node) = (self.at, self.nodes.len());
        self.nodes.push(Node { start: u32::try_from(start).ok()?, end: 0, next: 0 });
        match self.peek()? {
            b'"' => drop(self.string()?),
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            _ => self.number()?,
        }
        self.nodes[node].end = u32::try_from(self.at).ok()?;
        self.nodes[node].next = u32::try_from(self.nodes.len()).ok()?;
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over a byte if it is this one.
    fn step(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.open(depth)?;
        if self.step(b'}') {
            return Some(());
        }
        let mut before: Option<&[u8]> = None;
        loop {
            let name = self.name()?;
            // Names in strict order also are different names.
            if self.written == Written::ByAnyone && before.is_some_and(|before| before >= name) {
                return None;
            }
            before = Some(name);
            if !self.step(b':') {
                return None;
            }
            self.value(depth + 1)?;
            if !self.step(b',') {
                return self.step(b'}').then_some(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.open(depth)?;
        if self.step(b']') {
            return Some(());
        }
        loop {
            self.value(depth + 1)?;
            if !self.step(b',') {
                return self.step(b']').then_some(());
            }
        }
    }

    fn open(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        (depth < MAX_DEPTH).then_some(())
    }

    /// A member's name. RFC 8785 §3.2.3 orders names by their UTF-16, unescaped; that is the order of their bytes as long as
    /// none is escaped and none has a [`HIGH`] byte.
    fn name(&mut self) -> Option<&'a [u8]> {
        let (start, node) = (self.at, self.nodes.len());
        self.nodes.push(Node { start: u32::try_from(start).ok()?, end: 0, next: 0 });
        let (name, is_escaped) = if self.peek()? == b'"' { self.string()? } else { return None };
        self.nodes[node].end = u32::try_from(self.at).ok()?;
        self.nodes[node].next = u32::try_from(self.nodes.len()).ok()?;
        // What begins so may be refused.
        let is_odd = is_escaped
            || name.first() == Some(&b'$')
            || self.is_high && name.iter().any(|byte| *byte >= HIGH);
        (self.written == Written::ByUs || !is_odd).then_some(name)
    }

    /// A string between its quotes, and whether it has escapes (§3.2.2.2): what need not be escaped is not, what must be is
    /// in one way.
    fn string(&mut self) -> Option<(&'a [u8], bool)> {
        self.at += 1;
        let (start, mut is_escaped) = (self.at, false);
        loop {
            self.at += plain_bytes(&self.bytes[self.at..]);
            match self.peek()? {
                b'"' => {
                    let string = &self.bytes[start..self.at];
                    self.at += 1;
                    return Some((string, is_escaped));
                }
                b'\\' => {
                    self.at += escape(&self.bytes[self.at + 1..])?;
                    is_escaped = true;
                }
                _ => return None,
            }
        }
    }

    fn literal(&mut self, literal: &str) -> Option<()> {
        let is_it = self.bytes[self.at..].starts_with(literal.as_bytes());
        self.at += literal.len();
        is_it.then_some(())
    }

    /// An integer that a double holds exactly, as §3.2.2.3 writes it; whatever we wrote ourselves.
    fn number(&mut self) -> Option<()> {
        let is_of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e');
        let rest = &self.bytes[self.at..];
        let number = &rest[..rest.iter().take_while(is_of_number).count()];
        self.at += number.len();
        if self.written == Written::ByUs {
            return Some(());
        }
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        let is_one_form = digits.first().is_some_and(|first| *first != b'0') || number == b"0";
        let is_exact = str::from_utf8(digits).ok()?.parse().is_ok_and(|n: u64| n <= MAX_EXACT);
        (is_one_form && is_exact && !digits.starts_with(b"+")).then_some(())
    }
}

/// How many bytes from the front are neither a quote nor a backslash. Eight at a time.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH_BITS: u64 = ONES << 7;
    // The lowest byte whose high bit this sets is a zero; those above it may be mistaken.
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGH_BITS;
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = zero_bytes(word ^ (ONES * u64::from(b'"')));
        let backslashes = zero_bytes(word ^ (ONES * u64::from(b'\\')));
        let found = quotes | backslashes;
        if found != 0 {
            return n * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\')).count()
}

/// The length of an escape in the one form that §3.2.2.2 gives it, of what follows the backslash.
fn escape(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(2),
        [b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f', ..]
        | [b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => Some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;
    use serde_json::{Number, Value, json};

    /// Any value: names and texts of every script, numbers of every kind that is read.
    fn any_value() -> impl Strategy<Value = Value> {
        let whole = -9_007_199_254_740_991_i64..=9_007_199_254_740_991;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            whole.prop_map(Value::from),
            (-9.0..9.0).prop_filter_map("finite", |n| Number::from_f64(n).map(Value::Number)),
            (0_u64..100).prop_map(Value::from),
            any::<String>().prop_map(Value::String),
            "[\\x00-\\x7f]{0,20}".prop_map(Value::String),
        ];
        let name = prop_oneof![
            "[a-c@\"]{0,2}",
            any::<String>(),
            "[\u{d7ff}\u{e000}\u{ffff}\u{10000}]{1,2}"
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((name.clone(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn read(text: &str) -> Result<Document<'_>, JsonFault> {
        Document::read(Cow::Borrowed(text.as_bytes()))
    }

    /// The value again, from the places alone.
    fn told(element: Element<'_>) -> Value {
        if element.is_object() {
            let name = |quoted: &str| serde_json::from_str::<String>(quoted).expect("a name");
            element.members().map(|(quoted, value)| (name(quoted), told(value))).collect()
        } else if element.is_array() {
            element.elements().map(told).collect()
        } else if let Some(text) = element.as_str() {
            Value::String(text.into_owned())
        } else {
            serde_json::from_str(element.text()).expect("a number or a word")
        }
    }

    fn canonical(value: &Value) -> String {
        String::from_utf8(canonical::to_vec(value).expect("a form")).expect("UTF-8")
    }

    proptest! {
        /// In whatever way a value is written.
        #[test]
        fn a_document_says_what_the_strict_reader_reads(value in any_value()) {
            for text in [
                canonical(&value),
                serde_json::to_string(&value).expect("JSON"),
                serde_json::to_string_pretty(&value).expect("JSON"),
            ] {
                let strict = json::read(text.as_bytes(), MAX_CREDENTIAL_BYTES);
                let document = read(&text);
                prop_assert_eq!(document.as_ref().map(|d| told(d.root())).map_err(Clone::clone), strict);
                let document = document.expect("read");
                prop_assert_eq!(document.root().text(), canonical(&value));
            }
        }

        /// One byte away from canonical, where a reader in a hurry would go wrong.
        #[test]
        fn what_is_taken_as_it_stands_is_canonical(
            value in any_value(),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![any::<u8>(), prop::sample::select(&b" \t\n\"\\/{}[]:,-+.0123456789eEtfnu\x00\x1f\x7f"[..])],
            what in 0..3,
        ) {
            let mut bytes = canonical(&value).into_bytes();
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
            let Ok(text) = str::from_utf8(&bytes) else { return Ok(()) };
            if index(text, Written::ByAnyone).is_some() {
                let strict = json::read(&bytes, MAX_CREDENTIAL_BYTES);
                prop_assert_eq!(strict.map(|value| canonical(&value)), Ok(text.into()));
            }
            // As canonical text, where a number has one form.
            let strict = json::read(&bytes, MAX_CREDENTIAL_BYTES).map(|value| canonical(&value));
            prop_assert_eq!(read(text).map(|document| canonical(&told(document.root()))), strict);
        }

        #[test]
        fn without_a_member_it_is_the_canonical_form_of_the_rest(
            mut members in prop::collection::btree_map("[a-z]{1,3}|\u{e000}", any_value(), 1..6),
            left_out in any::<prop::sample::Index>(),
        ) {
            let whole = canonical(&json!(members));
            let name = members.keys().nth(left_out.index(members.len())).expect("a name").clone();
            members.remove(&name);
            let document = read(&whole).expect("read");
            prop_assert_eq!(document.root().without(&name).concat(), canonical(&json!(members)));
            prop_assert_eq!(document.root().without("none").concat(), whole);
        }
    }

    #[test]
    fn a_canonical_text_is_taken_as_it_stands_and_no_other_is() {
        let taken = |text: &str| index(text, Written::ByAnyone).is_some();
        for text in [
            "0",
            "-1",
            "9007199254740991",
            "null",
            r#""""#,
            r#""a\"b\\c\b\f\n\r\t\u0000\u001f/€""#,
            "[]",
            "{}",
            r#"{"":0,"A":[true,false,{}],"a":"x","é":"\u0007"}"#,
            "\"\u{7f}\u{2028}\u{e000}\u{10000}\"",
        ] {
            assert!(taken(text), "{text}");
        }
        for text in [
            "",
            " 0",
            "0 ",
            "00",
            "-0",
            "+1",
            "-+1",
            "1.0",
            "1e2",
            "9007199254740992",
            "-",
            "tru",
            "nulll",
            "'a'",
            r#"""#,
            r#""a"#,
            r#""\/""#,
            r#""\u0041""#,
            r#""\u0008""#,
            r#""\u001F""#,
            r#""\ud83d\ude00""#,
            r#""\"#,
            r#""\u00"#,
            "\"\n\"",
            "\"\u{1f}\"",
            "[",
            "[0",
            "[0,",
            "[,]",
            "[0,]",
            "[0 ,1]",
            "{",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":0"#,
            r#"{"a":0,}"#,
            r#"{a:0}"#,
            r#"{"a":0,"a":0}"#,
            r#"{"b":0,"a":0}"#,
            r#"{"a":{"b":0,"b":0}}"#,
            r#"{"\u0061":0}"#,
            r#"{"$serde_json::private::RawValue":"0"}"#,
            "{\"\u{e000}\":0}",
            "{\"\u{10000}\":0,\"\u{e000}\":0}",
        ] {
            assert!(!taken(text), "{text}");
        }
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(taken(&nested(MAX_DEPTH)) && !taken(&nested(MAX_DEPTH + 1)));
        assert_eq!(read(&nested(MAX_DEPTH + 1)).map(drop), Err(JsonFault::TooDeep));
        let large = format!("\"{}\"", "a".repeat(MAX_CREDENTIAL_BYTES));
        assert!(matches!(read(&large).map(drop), Err(JsonFault::TooLarge { .. })));
    }

    #[test]
    fn a_member_can_be_meant_and_a_string_taken_out() {
        let mut document = read(r#"{"credential":"a.b.c","log_proof":"x\ny"}"#).expect("read");
        assert!(!document.enter("credentials"));
        assert!(document.enter("credential"));
        assert!(matches!(document.into_string(), Some(Cow::Borrowed("a.b.c"))));
        let mut document = read(r#" {"a":["x\ny"]}"#).expect("read");
        assert!(document.enter("a"));
        assert_eq!(document.root().elements().next().and_then(|e| e.as_str()), Some("x\ny".into()));
        assert_eq!(document.into_string(), None);
        assert_eq!(read(r#""x\ny""#).expect("read").into_string(), Some("x\ny".into()));
    }
}
