//! Enumerations whose variants have one stable word each, the same in JSON, SQL, URLs and logs.

use alloc::string::String;

use thiserror::Error;

/// A text that is none of the words of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is no {kind}; expected one of {expected:?}")]
pub struct UnknownWord {
    /// The enumeration's name.
    pub kind: &'static str,
    /// What was given, cut to its first 64 characters.
    pub given: String,
    /// The words that exist.
    pub expected: &'static [&'static str],
}

impl UnknownWord {
    /// Keeps the start of `given`: an error must not carry a stranger's megabyte.
    #[doc(hidden)]
    pub fn new(kind: &'static str, given: &str, expected: &'static [&'static str]) -> Self {
        let given = given.chars().take(64).collect();
        Self { kind, given, expected }
    }
}

/// Defines an enumeration with one stable word a variant: `ALL`, `WORDS`, `as_str`, `Display`,
/// `FromStr` and serde as that word.
///
/// `Ord` is the order of declaration; it serves as a map key and means nothing else unless the
/// enumeration says so.
///
/// ```
/// akashi_schemas::text_enum! {
///     /// How a thing looks.
///     pub enum Colour {
///         /// Like a cherry.
///         Red = "red",
///         /// Like the sea.
///         DeepBlue = "deep_blue",
///     }
/// }
/// assert_eq!(Colour::DeepBlue.as_str(), "deep_blue");
/// assert_eq!("red".parse(), Ok(Colour::Red));
/// assert!("Red".parse::<Colour>().is_err());
/// ```
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The word of every variant, in the order of declaration.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The stable word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(given: &str) -> ::core::result::Result<Self, Self::Err> {
                match given {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownWord::new(stringify!($name), given, Self::WORDS)),
                }
            }
        }

        impl ::core::convert::TryFrom<$crate::__private::String> for $name {
            type Error = $crate::UnknownWord;

            fn try_from(given: $crate::__private::String) -> ::core::result::Result<Self, Self::Error> {
                given.parse()
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                struct Word;

                impl $crate::__private::serde::de::Visitor<'_> for Word {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        write!(f, "one of {:?}", $name::WORDS)
                    }

                    fn visit_str<E: $crate::__private::serde::de::Error>(self, given: &str) -> ::core::result::Result<$name, E> {
                        given.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Word)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::{CriterionKind, UnknownWord};

    #[test]
    fn every_word_reads_back_as_its_variant() {
        for &kind in CriterionKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            let json = serde_json::to_string(&kind).expect("writes");
            assert_eq!(serde_json::from_str::<CriterionKind>(&json).expect("reads"), kind);
        }
    }

    #[test]
    fn an_unknown_word_is_named_with_those_that_exist_and_cut_when_long() {
        let error = "grave".parse::<CriterionKind>().expect_err("no such kind");
        let expected: &[&str] = &["critical", "mandatory", "improvable"];
        assert_eq!(error, UnknownWord { kind: "CriterionKind", given: "grave".into(), expected });
        let error = "x".repeat(1 << 20).parse::<CriterionKind>().expect_err("no such kind");
        assert_eq!(error.given.len(), 64);
        assert!(serde_json::from_str::<CriterionKind>("1").is_err());
    }
}
