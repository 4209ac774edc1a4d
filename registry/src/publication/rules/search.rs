//! Names are found in any script and with a typing slip: both sides are folded alike and compared by
//! the pairs of characters that they share.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How many grams of a question are looked up. More than a company's name ever has.
const QUESTION_GRAMS: usize = 64;

/// A text in the form that is compared: compatibility forms (NFKC), case, Latin accents, katakana
/// and hiragana, small and full-size kana are one; long-vowel marks fall away; whatever is neither
/// letter nor digit is a blank.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|&c| !is_latin_accent(c)).nfkc();
    let cased = plain.flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let kana = cased.map(hiragana).filter(|&c| c != 'ー').map(full_size);
    let folded: String =
        kana.map(|c| if c.is_alphanumeric() || is_combining_mark(c) { c } else { ' ' }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Combining Diacritical Marks; those of kana and of Indic scripts change the letter and stay.
fn is_latin_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Hiragana for katakana.
fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// A full-size kana for a small one.
fn full_size(c: char) -> char {
    match c {
        'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ゎ' => {
            char::from_u32(u32::from(c) + 1).unwrap_or(c)
        }
        _ => c,
    }
}

/// The scripts whose runs are cut apart: Chinese characters are searched from within, other words
/// from their edges too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Kana,
    Other,
}

fn script(c: char) -> Script {
    match c {
        '々' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            Script::Han
        }
        '\u{3041}'..='\u{30ff}' => Script::Kana,
        _ => Script::Other,
    }
}

/// The grams of a text: the pairs of neighbouring characters of each word, with a word's edges as
/// blanks; of Chinese characters the inner pairs only, or the character when it stands alone.
#[must_use]
pub fn grams(text: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for word in fold(text).split(' ').filter(|word| !word.is_empty()) {
        let characters: Vec<char> = word.chars().collect();
        for run in characters.chunk_by(|a, b| script(*a) == script(*b)) {
            match (script(run[0]), run) {
                (Script::Han, [alone]) => drop(grams.insert(alone.to_string())),
                (Script::Han, run) => pairs(run, &mut grams),
                (_, run) => pairs(&[&[' '], run, &[' ']].concat(), &mut grams),
            }
        }
    }
    grams
}

fn pairs(run: &[char], into: &mut BTreeSet<String>) {
    into.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The grams to look up.
    pub grams: Vec<String>,
    /// How many of them a name must share: three in five, so that one slip in a word of four letters
    /// is forgiven.
    pub least: i64,
}

impl Question {
    /// The question that a text asks; none when it has neither letter nor digit.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let grams: Vec<_> = grams(text).into_iter().take(QUESTION_GRAMS).collect();
        let least = i64::try_from((grams.len() * 3).div_ceil(5)).unwrap_or(i64::MAX);
        (!grams.is_empty()).then_some(Self { grams, least })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(question: &str, name: &str) -> bool {
        let known = grams(name);
        Question::of(question).is_some_and(|question| {
            let shared = question.grams.iter().filter(|gram| known.contains(*gram)).count();
            i64::try_from(shared).expect("few") >= question.least
        })
    }

    #[test]
    fn ways_of_writing_the_same_name_are_one() {
        for (one, other) in [
            ("ＡＢＣ　水産", "abc 水産"),
            ("アオゾラ", "あおぞら"),
            ("ｱｵｿﾞﾗ", "あおぞら"),
            ("キャノン", "きやのん"),
            ("サトー", "さと"),
            ("Müller & Söhne", "muller sohne"),
            ("STRASSE", "straße"),
            ("㈱例示", "(株)例示"),
            ("Example-Foods, Ltd.", "example foods ltd"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} / {other}");
        }
        assert_ne!(fold("が"), fold("か"), "a voiced kana is another letter");
    }

    #[test]
    fn a_name_is_found_by_a_part_and_with_a_slip() {
        for (question, name) in [
            ("水産", "例示あおぞら水産株式会社"),
            ("青", "青 水産"),
            ("あおぞら", "例示アオゾラ水産"),
            ("あおどら", "例示アオゾラ水産"),
            ("exampel", "Example Foods Ltd."),
            ("exmple foods", "Example Foods Ltd."),
            ("ภูเขา", "บริษัท ภูเขา"),
            ("приме", "Пример"),
        ] {
            assert!(finds(question, name), "{question} → {name}");
        }
    }

    #[test]
    fn another_name_is_not_found() {
        for (question, name) in [
            ("水産", "例示建設株式会社"),
            ("orchard", "Example Foods Ltd."),
            ("example foods", "Sample Hills"),
            ("—", "Example"),
            ("", "Example"),
        ] {
            assert!(!finds(question, name), "{question} → {name}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,24}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn every_name_finds_itself(text in "\\PC{0,24}") {
            prop_assert!(Question::of(&text).is_none() || finds(&text, &text));
        }

        #[test]
        fn a_gram_is_one_or_two_characters(text in "\\PC{0,24}") {
            prop_assert!(grams(&text).iter().all(|gram| (1..=2).contains(&gram.chars().count())));
        }
    }
}
