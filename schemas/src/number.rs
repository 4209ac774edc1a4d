//! The certificate number: short, speakable, and with a check character, so that a slip is told
//! from an unknown number.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// The 32 characters of a number: digits and capital letters without 0, 1, I and O, which are taken
/// for one another.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Random characters in a number.
const RANDOM: usize = 8;
/// The longest text that is read as a number, in bytes: room for separators of three bytes at every place.
const LONGEST: usize = 96;
/// What stands before a number where it is shown.
const PREFIX: &str = "AK";

/// A certificate number: eight random characters (40 bits) and one check character after ISO 7064,
/// MOD 37,36.
///
/// It is shown as `AK-7M3Q-XRTH-B`. Reading it forgives case, blanks, hyphens, full-width
/// characters and an absent prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateNumber([u8; RANDOM + 1]);

/// Why a text is no certificate number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Not as many characters as a number has.
    #[error("a certificate number has nine letters and digits after `AK`; this has {0}")]
    Length(usize),
    /// A character that no number has.
    #[error("`{0}` is in no certificate number (nor are 0, 1, I and O)")]
    Character(char),
    /// The check character does not fit: one character is wrong, or two are swapped.
    #[error("this certificate number has a slip in it: its check character does not fit")]
    Check,
}

impl CertificateNumber {
    /// Makes a number from random bytes. A draw whose check character would be one of 0, 1, I and O
    /// is drawn anew.
    pub fn draw(mut random: impl FnMut() -> [u8; 5]) -> Self {
        loop {
            if let Some(number) = Self::from_bits(random()) {
                return number;
            }
        }
    }

    fn from_bits(bytes: [u8; 5]) -> Option<Self> {
        let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut number = [0; RANDOM + 1];
        for (index, character) in number[..RANDOM].iter_mut().enumerate() {
            *character = ALPHABET[usize::try_from(bits >> (5 * index) & 31).ok()?];
        }
        number[RANDOM] = check_character(&number[..RANDOM])?;
        ALPHABET.contains(&number[RANDOM]).then_some(Self(number))
    }

    /// The nine characters without prefix and hyphens.
    fn characters(&self) -> impl Iterator<Item = char> {
        self.0.iter().map(|&character| char::from(character))
    }
}

/// The check character of ISO 7064, MOD 37,36 over digits and capital letters; none when another
/// character is among them.
fn check_character(text: &[u8]) -> Option<u8> {
    const CHARACTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut product = 36;
    for character in text {
        let value = CHARACTERS.iter().position(|known| known == character)?;
        let sum = (product + value) % 36;
        product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    // The check value makes product + value ≡ 1 (mod 36).
    Some(CHARACTERS[(37 - product) % 36])
}

impl fmt::Display for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.characters().enumerate().try_for_each(|(index, character)| {
            if index % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{character}")
        })
    }
}

impl fmt::Debug for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateNumber({self})")
    }
}

impl FromStr for CertificateNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if text.len() > LONGEST {
            return Err(NumberError::Length(text.chars().count()));
        }
        let plain: Vec<char> =
            text.chars().map(narrow).filter(|character| !is_separator(*character)).collect();
        let with_prefix = plain.len() == PREFIX.len() + RANDOM + 1
            && plain.iter().take(PREFIX.len()).copied().eq(PREFIX.chars());
        let characters = if with_prefix { &plain[PREFIX.len()..] } else { &plain[..] };
        if characters.len() != RANDOM + 1 {
            return Err(NumberError::Length(characters.len()));
        }
        let mut number = [0; RANDOM + 1];
        for (place, &character) in number.iter_mut().zip(characters) {
            let known = u8::try_from(character).ok().filter(|known| ALPHABET.contains(known));
            *place = known.ok_or(NumberError::Character(character))?;
        }
        if check_character(&number[..RANDOM]) != Some(number[RANDOM]) {
            return Err(NumberError::Check);
        }
        Ok(Self(number))
    }
}

/// A full-width character (U+FF01 to U+FF5E) as its ASCII one, letters as capitals.
fn narrow(character: char) -> char {
    let code = u32::from(character);
    let narrow =
        if (0xFF01..=0xFF5E).contains(&code) { char::from_u32(code - 0xFEE0) } else { None };
    narrow.unwrap_or(character).to_ascii_uppercase()
}

/// Blanks of any width, and all that is typed for a hyphen, the Japanese long-vowel mark among
/// them.
fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FF70}' | '_'
        )
}

impl Serialize for CertificateNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CertificateNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_number() -> impl Strategy<Value = CertificateNumber> {
        any::<[u8; 5]>()
            .prop_filter_map("an ambiguous check character", CertificateNumber::from_bits)
    }

    /// The examples that users of the standard publish: the GRid handbook's and the ISAN agency's.
    #[test]
    fn the_check_character_is_that_of_iso_7064_mod_37_36() {
        assert_eq!(check_character(b"A12425GABC1234002"), Some(b'M'));
        assert_eq!(check_character(b"00000000D07A0090"), Some(b'Q'));
        assert_eq!(check_character(b"a"), None);
    }

    #[test]
    fn a_draw_with_an_ambiguous_check_character_is_drawn_anew() {
        let mut draws = 0_u8;
        let number = CertificateNumber::draw(|| {
            draws += 1;
            [0, 0, 0, 0, draws]
        });
        let ambiguous: Vec<u8> = (1..draws)
            .filter(|last| CertificateNumber::from_bits([0, 0, 0, 0, *last]).is_some())
            .collect();
        assert_eq!(ambiguous, [0_u8; 0], "every earlier draw was refused");
        assert_eq!(Some(number), CertificateNumber::from_bits([0, 0, 0, 0, draws]));
        let refused = (0..=255)
            .filter(|last| CertificateNumber::from_bits([0, 0, 0, 0, *last]).is_none())
            .count();
        assert!(refused > 0);
    }

    #[test]
    fn what_people_type_is_read() {
        let number: CertificateNumber = "AK-7M3Q-XRTH-B".parse().expect("a number");
        for typed in [
            "7M3QXRTHB",
            "ak-7m3q-xrth-b",
            " AK 7M3Q XRTH B\n",
            "ＡＫ－７Ｍ３Ｑ－ＸＲＴＨ－Ｂ",
            "ａｋー７ｍ３ｑー\u{3000}ｘｒｔｈーｂ",
            "AK‐7M3Q–XRTH−B",
        ] {
            assert_eq!(typed.parse(), Ok(number), "{typed}");
        }
    }

    #[test]
    fn what_is_no_number_is_told_why() {
        for (typed, why) in [
            ("", NumberError::Length(0)),
            ("AK-7M3Q-XRTH", NumberError::Length(10)),
            ("AK-7M3Q-XRTH-BB", NumberError::Length(12)),
            ("7M3Q-XRT0-B", NumberError::Character('0')),
            ("7M3Q-XRTé-B", NumberError::Character('é')),
            ("7M3Q-XRTH-6", NumberError::Check),
            ("AK-M73Q-XRTH-B", NumberError::Check),
        ] {
            assert_eq!(typed.parse::<CertificateNumber>(), Err(why), "{typed}");
        }
        let stretched = format!("AK-7M3Q-XRTH-B{}", "-".repeat(83));
        assert_eq!(stretched.parse::<CertificateNumber>(), Err(NumberError::Length(97)));
        assert!(stretched[..96].parse::<CertificateNumber>().is_ok());
    }

    #[test]
    fn a_number_that_itself_begins_with_the_prefix_keeps_it() {
        let number = (0..=u8::MAX)
            .flat_map(|a| (0..=u8::MAX).map(move |b| [0, 0, 0, a, b]))
            .filter_map(CertificateNumber::from_bits)
            .find(|number| number.0.starts_with(b"AK"))
            .expect("one of them does");
        let bare: String = number.characters().collect();
        assert_eq!(bare.parse(), Ok(number));
        assert_eq!(number.to_string().parse(), Ok(number));
    }

    proptest! {
        #[test]
        fn every_number_is_read_as_it_is_shown(number in any_number()) {
            prop_assert_eq!(number.to_string().parse(), Ok(number));
            prop_assert_eq!(number.to_string().len(), "AK-7M3Q-XRTH-B".len());
            let json = serde_json::to_string(&number).expect("writes");
            prop_assert_eq!(serde_json::from_str::<CertificateNumber>(&json).expect("reads"), number);
        }

        #[test]
        fn one_wrong_character_is_always_found(
            number in any_number(),
            place in 0..=RANDOM,
            other in 0..ALPHABET.len(),
        ) {
            let mut wrong: Vec<u8> = number.0.to_vec();
            prop_assume!(wrong[place] != ALPHABET[other]);
            wrong[place] = ALPHABET[other];
            let wrong = String::from_utf8(wrong).expect("ASCII");
            prop_assert_eq!(wrong.parse::<CertificateNumber>(), Err(NumberError::Check));
        }

        #[test]
        fn no_text_makes_reading_fail_otherwise(text in ".{0,40}") {
            let _ = text.parse::<CertificateNumber>();
        }
    }
}
