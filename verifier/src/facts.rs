//! What a check saw, by name.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use akashi_schemas::Digest;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// One thing that a check saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// Nothing: what the document, the bundle or the policy could say and does not.
    Absent,
    /// A text, as it stands there.
    Text(String),
    /// A number: a version, a place, an age in seconds.
    Number(i64),
    /// A moment, written as RFC 3339 in UTC.
    Time(Timestamp),
    /// A SHA-256 digest.
    Digest(Digest),
}

impl Fact {
    /// The text, when it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The facts of one check, in the order of its telling.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Box<[(&'static str, Fact)]>);

impl Facts {
    /// The fact of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, fact)| fact)
    }

    /// Each name and its fact.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Fact)> {
        self.0.iter().map(|(name, fact)| (*name, fact))
    }
}

impl<const N: usize> From<[(&'static str, Fact); N]> for Facts {
    fn from(facts: [(&'static str, Fact); N]) -> Self {
        Self(Box::new(facts))
    }
}

/// `facts! { "name": value, … }`, of whatever [`ToFact`] knows.
macro_rules! facts {
    ($($name:literal: $value:expr),+ $(,)?) => {
        $crate::facts::Facts::from([$(($name, $crate::facts::ToFact::to_fact(&$value))),+])
    };
}
pub(crate) use facts;

/// What can be told as a fact.
pub(crate) trait ToFact {
    fn to_fact(&self) -> Fact;
}

impl ToFact for str {
    fn to_fact(&self) -> Fact {
        Fact::Text(self.into())
    }
}

impl ToFact for String {
    fn to_fact(&self) -> Fact {
        self.as_str().to_fact()
    }
}

impl ToFact for Cow<'_, str> {
    fn to_fact(&self) -> Fact {
        (**self).to_fact()
    }
}

impl ToFact for i64 {
    fn to_fact(&self) -> Fact {
        Fact::Number(*self)
    }
}

impl ToFact for u32 {
    fn to_fact(&self) -> Fact {
        Fact::Number((*self).into())
    }
}

impl ToFact for u64 {
    fn to_fact(&self) -> Fact {
        // A counter: none ever comes near the end of an `i64`.
        Fact::Number(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl ToFact for Timestamp {
    fn to_fact(&self) -> Fact {
        Fact::Time(*self)
    }
}

impl ToFact for Digest {
    fn to_fact(&self) -> Fact {
        Fact::Digest(*self)
    }
}

impl<T: ToFact> ToFact for Option<T> {
    fn to_fact(&self) -> Fact {
        self.as_ref().map_or(Fact::Absent, T::to_fact)
    }
}

impl<T: ToFact + ?Sized> ToFact for &T {
    fn to_fact(&self) -> Fact {
        (**self).to_fact()
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Keeps what a hostile document says about itself from filling a report.
pub(crate) fn shorten(detail: &str) -> Cow<'_, str> {
    const LONGEST: usize = 300;
    if detail.len() <= LONGEST {
        return Cow::Borrowed(detail);
    }
    let end = (0..=LONGEST).rev().find(|at| detail.is_char_boundary(*at)).unwrap_or(0);
    Cow::Owned([&detail[..end], "…"].concat())
}
