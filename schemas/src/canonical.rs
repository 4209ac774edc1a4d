//! The one byte form of a JSON value (RFC 8785), and the digest that names it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The RFC 8785 (JCS) form of a value. JSON has no number that is not finite: it becomes `null`.
///
/// # Errors
/// When the value has no JSON form: a map with other keys than strings.
pub fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    of_value(&serde_json::to_value(value)?)
}

/// As [`to_vec`], of a value that was read. Most values have nothing in them that only RFC 8785 writes as it does, and
/// are written by the common writer, at a fraction of the cost.
///
/// # Errors
/// As [`to_vec`].
pub fn of_value(value: &Value) -> Result<Vec<u8>, serde_json::Error> {
    if is_written_alike(value) {
        return serde_json::to_vec(value);
    }
    let mut out = Vec::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match value {
        Value::Number(number) if !is_exact(number) => {
            // A number that was read is finite: one that is not has no JSON form.
            let double = number.as_f64().unwrap_or_default();
            out.extend_from_slice(ryu_js::Buffer::new().format(double).as_bytes());
        }
        Value::Array(values) => write_list(b"[]", values, out, write)?,
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            write_list(b"{}", members, out, |(name, value), out| {
                out.extend(serde_json::to_vec(name)?);
                out.push(b':');
                write(value, out)
            })?;
        }
        plain => out.extend(serde_json::to_vec(plain)?),
    }
    Ok(())
}

fn write_list<T>(
    [open, close]: &[u8; 2],
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    write_item: impl Fn(T, &mut Vec<u8>) -> Result<(), serde_json::Error>,
) -> Result<(), serde_json::Error> {
    out.push(*open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_item(item, out)?;
    }
    out.push(*close);
    Ok(())
}

/// The greatest integer that every reader of JSON keeps exact (RFC 7493 §2.2).
pub const MAX_EXACT: u64 = (1 << 53) - 1;

/// Whether `serde_json` writes a value as RFC 8785 does. Both write no blanks and escape alike in strings (§3.2.2.2);
/// they differ in numbers that are no integers, or too large for a double (§3.2.2.3), and in the order of members
/// (§3.2.3): UTF-16's is that of bytes below U+D800, whose lead bytes are below 0xEE.
fn is_written_alike(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => is_exact(number),
        Value::Array(values) => values.iter().all(is_written_alike),
        Value::Object(members) => {
            members.keys().is_sorted()
                && members.iter().all(|(name, value)| {
                    name.bytes().all(|byte| byte < 0xee) && is_written_alike(value)
                })
        }
    }
}

/// Whether a number is an integer that a double holds exactly.
fn is_exact(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(n), _) => n <= MAX_EXACT,
        (None, Some(n)) => n.unsigned_abs() <= MAX_EXACT,
        (None, None) => false,
    }
}

/// A SHA-256 digest (FIPS 180-4), written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of these bytes, one part behind the other.
    #[must_use]
    pub fn of_parts(parts: &[impl AsRef<[u8]>]) -> Self {
        let hasher = parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part));
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let text: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotADigest)?;
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self(digest))
    }
}

/// Upper case is refused: a digest has one written form, so that texts compare as digests do.
fn nibble(digit: u8) -> Result<u8, NotADigest> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotADigest),
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any value: names and texts of every script, numbers of every kind.
    fn any_value() -> impl Strategy<Value = Value> {
        let number = prop_oneof![
            any::<u64>().prop_map(Number::from),
            any::<i64>().prop_map(Number::from),
            any::<f64>().prop_filter_map("finite", Number::from_f64),
            (-9.0..9.0).prop_filter_map("finite", Number::from_f64),
            (0_u64..100).prop_map(Number::from),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            number.prop_map(Value::Number),
            any::<String>().prop_map(Value::String),
            "[\\x00-\\x7f]{0,9}".prop_map(Value::String),
        ];
        let name =
            prop_oneof!["[a-z@]{0,3}", any::<String>(), "[\u{d7ff}\u{e000}\u{ffff}\u{10000}]{1,2}"];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((name.clone(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn another_writer_of_rfc_8785_gives_the_same_bytes(value in any_value()) {
            let other = serde_json_canonicalizer::to_vec(&value).expect("a form");
            prop_assert_eq!(of_value(&value).expect("a form"), other);
        }
    }

    #[test]
    fn what_only_rfc_8785_writes_so_is_told_apart() {
        let alike = |text: &str| is_written_alike(&serde_json::from_str(text).expect("JSON"));
        for text in [
            r#"{"a":[1,-2,null,true,"\u0001\u20ac/\u2028"],"b":{}}"#,
            r#"{"\ud7ff":9007199254740991}"#,
        ] {
            assert!(alike(text), "{text}");
        }
        for text in [
            "1.0",
            "1e3",
            "-0",
            "9007199254740992",
            "-9007199254740992",
            r#"{"\ue000":1}"#,
            r#"[{"\ud800\udc00":1}]"#,
        ] {
            assert!(!alike(text), "{text}");
        }
    }

    /// FIPS 180-4's example, the message "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_sha_256_in_lower_case_hexadecimal() {
        assert_eq!(Digest::of(b"abc").to_string(), ABC);
    }

    #[test]
    fn only_the_one_written_form_is_read() {
        assert_eq!(ABC.parse(), Ok(Digest::of(b"abc")));
        for wrong in
            [&ABC[1..], &ABC.to_uppercase(), &ABC.replace('b', "g"), "", &ABC.replace("ba", "é")]
        {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest), "{wrong}");
        }
    }

    #[test]
    fn members_are_sorted_by_utf_16_and_numbers_take_their_shortest_form() {
        let value: serde_json::Value =
            serde_json::from_str(r#"{ "\ufb33": 1, "\ud83d\ude00": 1.50, "a": "\u20ac\u000f" }"#)
                .expect("JSON");
        let canonical = String::from_utf8(to_vec(&value).expect("canonical")).expect("UTF-8");
        assert_eq!(canonical, "{\"a\":\"€\\u000f\",\"😀\":1.5,\"\u{fb33}\":1}");
    }

    proptest! {
        #[test]
        fn every_digest_reads_back(bytes: [u8; 32]) {
            let digest = Digest(bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            let json = serde_json::to_string(&digest).expect("writes");
            prop_assert_eq!(serde_json::from_str::<Digest>(&json).expect("reads"), digest);
        }
    }
}
