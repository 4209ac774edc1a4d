//! Dates and times in a credential, a status list, a log's entry, a root and a bundle.
//!
//! W3C VCDM 2.0 §4.9 wants `dateTimeStamp` of XML Schema 1.1 Part 2 (§3.4.28); most programs read RFC 3339. They differ at
//! the edges: only one of them knows a leap second, `24:00:00` or a small `t` and `z`. What both read as the same instant is
//! taken, with any offset and up to nine digits of a fraction; what one of them forbids is no date here, because two readers could
//! disagree on it. Years are 0001 to 9999, up to 9999-12-30T22:00:00Z, so that an instant has a place in every zone.
//! The text itself is never rewritten: signatures and digests are over the bytes as they came.

use alloc::format;
use alloc::string::String;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The greatest offset of XML Schema, in minutes.
const MAX_OFFSET: u32 = 14 * 60;

/// The instant that `text` denotes; none when it is not a date and time that both standards read alike.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked("2026-11-25T12:00:00".len())?;
    let has_shape = date.bytes().zip(*b"0000-00-00T00:00:00").all(|(given, shape)| match shape {
        b'0' => given.is_ascii_digit(),
        other => given == other,
    });
    let is_leap_second = date.ends_with("60");
    // Which is the first before Christ to one standard, and none to the other's first edition.
    let is_year_zero = date.starts_with("0000");
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (offset.len() < fraction.len()).then_some(offset)?
        }
        None => rest,
    };
    let is_read_alike = has_shape && !is_leap_second && !is_year_zero && is_offset(offset);
    if is_read_alike { text.parse().ok() } else { None }
}

fn is_offset(text: &str) -> bool {
    let digits = |two: &str| match two.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
        }
        _ => None,
    };
    let minutes = || {
        let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
        let minutes = digits(minutes).filter(|minutes| *minutes < 60)?;
        Some(digits(hours)? * 60 + minutes)
    };
    text == "Z" || minutes().is_some_and(|minutes| minutes <= MAX_OFFSET)
}

fn named<'de, D: Deserializer<'de>>(member: &str, deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(fault(member, &text)))
}

/// What is wrong with a member that is no date and time.
pub(crate) fn fault(member: &str, text: &str) -> String {
    format!("{member}: {text:?} is not a date and time with an offset, as 2026-11-25T12:00:00Z")
}

/// Readers of a member that is a date and time, named in what is said of one that is not.
macro_rules! members {
    ($($function:ident $member:literal)+) => {
        $(
            #[doc = concat!("Reads `", $member, "`.")]
            pub(crate) fn $function<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Timestamp, D::Error> {
                named($member, deserializer)
            }
        )+
    };
}

members! {
    at "at"
    valid_from "validFrom"
    valid_until "validUntil"
    expires "expires"
    as_of "as_of"
    from "from"
}

/// As [`members`], of a member that may be `null`.
macro_rules! open_members {
    ($($function:ident $member:literal)+) => {
        $(
            #[doc = concat!("Reads `", $member, "`, or `null`.")]
            pub(crate) fn $function<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<Timestamp>, D::Error> {
                let text = Option::<String>::deserialize(deserializer)?;
                let read = |text: String| {
                    parse(&text).ok_or_else(|| D::Error::custom(fault($member, &text)))
                };
                text.map(read).transpose()
            }
        )+
    };
}

open_members! {
    until "until"
    compromised_from "compromised_from"
}

/// Reads a `validUntil` that stands there.
pub(crate) fn stated_valid_until<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    named("validUntil", deserializer).map(Some)
}
