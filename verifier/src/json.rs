//! Strict reading of JSON: what two readers could understand differently is refused.
//!
//! RFC 8259 leaves open what a repeated member means and how large a number may be; a signature must not
//! depend on the answer. This reader follows I-JSON (RFC 7493): no repeated member, integers only within
//! ±(2⁵³ − 1), and on top of that a bound on size, depth and how many values, so that hostile input costs little.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use akashi_schemas::canonical::MAX_EXACT;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Most bytes that one credential may have.
pub const MAX_CREDENTIAL_BYTES: usize = 1 << 20;
/// Most bytes that a root manifest or a trust bundle may have.
pub const MAX_TRUST_BYTES: usize = 64 << 20;
/// Most arrays and objects that may lie inside one another.
pub const MAX_DEPTH: usize = 64;

/// What one text may take of memory, in units of some forty bytes: one a value, four more an array, sixteen more an object. No
/// text of [`MAX_CREDENTIAL_BYTES`] reaches it; a trust file, which is read before it is authenticated, could else take gigabytes.
pub const MAX_COST: usize = 6 * MAX_CREDENTIAL_BYTES;
/// How names begin that [`Value`] itself does not take for names: what stands behind `$serde_json::private::RawValue` it would
/// read as JSON again, and again within that, however deep, if the program happens to be built so.
const RESERVED: &str = "$serde_json::private::";

/// Why bytes are not JSON that all readers understand alike.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// More bytes than the caller allows.
    #[error("{bytes} bytes are more than the {limit} allowed")]
    TooLarge {
        /// Size of the input.
        bytes: usize,
        /// Size allowed.
        limit: usize,
    },
    /// More than [`MAX_DEPTH`] values inside one another.
    #[error("nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// More than [`MAX_COST`].
    #[error("more arrays, objects and values than are read")]
    TooMany,
    /// A member's name that is none to some readers.
    #[error("the member {0:?} cannot be read")]
    ReservedMember(String),
    /// An object names a member twice.
    #[error("the member {0:?} stands twice in one object")]
    DuplicateMember(String),
    /// An integer that a double need not hold, however it is written: beyond ±(2⁵³ − 1), below the 10²¹ from which RFC 8785
    /// writes a double as one.
    #[error("the number {0} cannot be held exactly")]
    InexactNumber(String),
    /// Not JSON at all.
    #[error("not JSON, line {line} column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

/// Reads one JSON value of at most `limit` bytes, with nothing but white space around it.
///
/// # Errors
/// The first [`JsonFault`] met.
pub fn read(input: &[u8], limit: usize) -> Result<Value, JsonFault> {
    if input.len() > limit {
        return Err(JsonFault::TooLarge { bytes: input.len(), limit });
    }
    let mut fault = None;
    parse(input, Reading::Strict, &mut fault).map_err(|error| {
        fault.unwrap_or(JsonFault::Syntax { line: error.line(), column: error.column() })
    })
}

/// Reads a text as most programs would, to tell what it is: of a repeated member the last counts, and numbers are rounded.
pub(crate) fn read_as_most_do(text: &str) -> Result<Value, serde_json::Error> {
    parse(text.as_bytes(), Reading::AsMostDo, &mut None)
}

fn parse(
    input: &[u8],
    reading: Reading,
    fault: &mut Option<JsonFault>,
) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(input);
    let value = Reader { reading, depth: 0, left: &mut { MAX_COST }, fault };
    let value = value.deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

/// A value that is read as strictly as by [`read`], wherever it stands in what serde reads.
#[derive(Clone, Debug, PartialEq)]
pub struct StrictValue(pub Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (left, fault) = (&mut { MAX_COST }, &mut None);
        let reader = Reader { reading: Reading::Strict, depth: 0, left, fault };
        reader.deserialize(deserializer).map(Self)
    }
}

/// Takes the JSON white space (RFC 8259 §2) off both ends, and before it one byte order mark, as Windows writes it: a
/// reader may pass over it (§8.1), and it is no part of what is signed.
#[must_use]
pub fn trim(input: &[u8]) -> &[u8] {
    let input = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input);
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let Some(first) = input.iter().position(|byte| !blank(byte)) else { return &[] };
    let last = input.iter().rposition(|byte| !blank(byte)).unwrap_or(first);
    &input[first..=last]
}

#[derive(Clone, Copy, PartialEq)]
enum Reading {
    Strict,
    AsMostDo,
}

/// Builds a value and leaves in `fault` what serde's own error cannot carry.
struct Reader<'a> {
    reading: Reading,
    depth: usize,
    /// How much of [`MAX_COST`] is left.
    left: &'a mut usize,
    fault: &'a mut Option<JsonFault>,
}

impl Reader<'_> {
    fn fail<E: serde::de::Error>(&mut self, fault: JsonFault) -> E {
        let error = E::custom(&fault);
        self.fault.get_or_insert(fault);
        error
    }

    /// Refuses where it is strict.
    fn doubt<E: serde::de::Error>(&mut self, fault: JsonFault) -> Result<(), E> {
        match self.reading {
            Reading::Strict => Err(self.fail(fault)),
            Reading::AsMostDo => Ok(()),
        }
    }

    fn spend<E: serde::de::Error>(&mut self, cost: usize) -> Result<(), E> {
        match self.left.checked_sub(cost) {
            Some(left) => *self.left = left,
            None => return Err(self.fail(JsonFault::TooMany)),
        }
        Ok(())
    }

    /// Goes into an array or an object.
    fn enter<E: serde::de::Error>(&mut self, cost: usize) -> Result<(), E> {
        if self.depth == MAX_DEPTH {
            return Err(self.fail(JsonFault::TooDeep));
        }
        self.depth += 1;
        self.spend(cost)
    }

    fn inner(&mut self) -> Reader<'_> {
        Reader { left: self.left, fault: self.fault, ..*self }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<Value, D::Error> {
        self.spend(1)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(mut self, value: u64) -> Result<Value, E> {
        if value > MAX_EXACT {
            self.doubt(JsonFault::InexactNumber(value.to_string()))?;
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_EXACT {
            self.doubt(JsonFault::InexactNumber(value.to_string()))?;
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<Value, E> {
        // Between the two RFC 8785 writes a double as an integer, which was inexact before it was rounded to this one.
        let is_rounded = value.abs() > MAX_EXACT as f64 && value.abs() < 1e21;
        if is_rounded {
            self.doubt(JsonFault::InexactNumber(value.to_string()))?;
        }
        let inexact = || JsonFault::InexactNumber(value.to_string());
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.fail(inexact()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        self.enter(4)?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(self.inner())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        self.enter(16)?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.starts_with(RESERVED) {
                self.doubt(JsonFault::ReservedMember(name.clone()))?;
            }
            let value = map.next_value_seed(self.inner())?;
            if members.contains_key(&name) {
                self.doubt(JsonFault::DuplicateMember(name.clone()))?;
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use serde_json::json;

    #[track_caller]
    fn fault(text: &str) -> JsonFault {
        read(text.as_bytes(), 1_000_000).expect_err("refused")
    }

    #[test]
    fn reads_what_every_reader_understands_alike() {
        let text = r#" {"a":[1,-2,0.5,true,null,"é\n"],"b":{}} "#;
        let expected = json!({"a": [1, -2, 0.5, true, null, "é\n"], "b": {}});
        assert_eq!(read(text.as_bytes(), 100), Ok(expected));
    }

    #[test]
    fn refuses_a_repeated_member_however_deep() {
        assert_eq!(fault(r#"{"a":1,"a":1}"#), JsonFault::DuplicateMember("a".into()));
        assert_eq!(fault(r#"[{"x":{"é":1,"\u00e9":2}}]"#), JsonFault::DuplicateMember("é".into()));
    }

    #[test]
    fn bounds_depth_and_size() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(read(nested(MAX_DEPTH).as_bytes(), 1000).is_ok());
        assert_eq!(fault(&nested(MAX_DEPTH + 1)), JsonFault::TooDeep);
        assert_eq!(fault(&nested(10_000)), JsonFault::TooDeep);
        assert_eq!(fault(&"{\"a\":".repeat(10_000)), JsonFault::TooDeep);
        let around = |inner: &str| nested(MAX_DEPTH).replace("[]", &format!("[{inner}]"));
        assert_eq!(
            [fault(&around("[]")), fault(&around("{}"))],
            [JsonFault::TooDeep, JsonFault::TooDeep]
        );
        assert_eq!(read(b"[1,2]", 4), Err(JsonFault::TooLarge { bytes: 5, limit: 4 }));
    }

    #[test]
    fn bounds_what_a_text_may_take_of_memory() {
        let many = |one: &str, n: usize| format!("[{}0]", format!("{one},").repeat(n));
        for (one, cost) in [("0", 1), ("[]", 5), ("{}", 17)] {
            let most = (MAX_COST - 6) / cost;
            assert!(read(many(one, most).as_bytes(), usize::MAX).is_ok(), "{one}");
            let fault = read(many(one, most + 1).as_bytes(), usize::MAX);
            assert_eq!(fault, Err(JsonFault::TooMany), "{one}");
            // It is no bound of credentials beside that of their size.
            let fill = MAX_CREDENTIAL_BYTES / (one.len() + 1);
            assert!(read(many(one, fill).as_bytes(), usize::MAX).is_ok(), "{one}");
        }
    }

    #[test]
    fn refuses_names_that_other_readers_of_this_program_read_as_json() {
        let raw = |inner: &str| json!({"$serde_json::private::RawValue": inner}).to_string();
        let name = String::from("$serde_json::private::RawValue");
        assert_eq!(fault(&raw("{}")), JsonFault::ReservedMember(name.clone()));
        assert_eq!(fault(&raw("{}").replace("$s", "$\\u0073")), JsonFault::ReservedMember(name));
        let nested = (0..40).fold("1".into(), |inner: String, _| raw(&inner.replace('"', "'")));
        assert!(matches!(read_as_most_do(&nested), Ok(Value::Object(_))));
        assert!(serde_json::from_str::<StrictValue>(&raw("{}")).is_err());
        assert_eq!(serde_json::from_str(r#"{"a":[1]}"#).ok(), Some(StrictValue(json!({"a": [1]}))));
    }

    #[test]
    fn refuses_numbers_that_a_double_rounds() {
        assert!(read(b"[9007199254740991,-9007199254740991]", 100).is_ok());
        assert_eq!(fault("9007199254740993"), JsonFault::InexactNumber("9007199254740993".into()));
        assert_eq!(
            fault("-9007199254740993"),
            JsonFault::InexactNumber("-9007199254740993".into())
        );
        // Beyond 64 bits too, however it is spelt.
        for text in ["18446744073709551616", "-9223372036854775809", "1e16", "99999999999999999999"]
        {
            assert!(matches!(fault(text), JsonFault::InexactNumber(_)), "{text}");
        }
        // From here on a double is written as one, and every spelling of it means the same.
        for text in ["1e21", "1000000000000000000000", "999999999999999999999"] {
            assert_eq!(read(text.as_bytes(), 100), Ok(json!(1e21)), "{text}");
        }
        assert!(read(b"[1e21,-1.5e300]", 100).is_ok());
        assert!(matches!(fault("1e999"), JsonFault::Syntax { .. } | JsonFault::InexactNumber(_)));
    }

    #[test]
    fn refuses_what_follows_the_value() {
        assert_eq!(fault("{} {}"), JsonFault::Syntax { line: 1, column: 4 });
        assert!(matches!(fault(""), JsonFault::Syntax { .. }));
        assert!(matches!(read(b"\"\xff\"", 9), Err(JsonFault::Syntax { .. })));
    }
}
