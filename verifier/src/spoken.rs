//! Enumerations that speak to people: a stable code for programs, a sentence in each language for readers.

/// Defines an enumeration whose members have a stable code and a sentence: in English the doc comment, in Japanese the
/// text after the code.
macro_rules! spoken {
    ($(#[$meta:meta])* $name:ident: $($(#[doc = $english:literal])+ $member:ident = $code:literal, $japanese:literal;)+) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $english])+ $member,)+ }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The stable code, as in a report.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$member => $code),+ }
            }

            /// The member of that code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$member),)+ _ => None }
            }

            /// What it means for a reader, in one sentence.
            #[must_use]
            pub const fn sentence(self, language: $crate::report::Language) -> &'static str {
                use $crate::report::Language::{English, Japanese};
                match (language, self) {
                    $((English, Self::$member) => concat!($($english),+).trim_ascii(),
                      (Japanese, Self::$member) => $japanese,)+
                }
            }
        }
    };
}

pub(crate) use spoken;
