//! Texts that look like another: what may not stand where people take a text at its looks.
//!
//! A character misleads when it moves the cursor, turns the direction of writing, breaks the line, or is not seen at all
//! (Unicode Standard Annex 9 §2; Technical Standard 39 §3): control characters, line and paragraph separators, the anchors of
//! interlinear annotation, and all that Unicode calls `Default_Ignorable_Code_Point`. What is seen, though as a box, does not mislead:
//! a code point that is not assigned yet, or is for private use.
//!
//! Some ignorable characters choose how the one before is drawn, and stand in real names. They are taken where they do that,
//! and only there, for anywhere else they are not seen:
//! - variation selectors behind an ideograph: names such as 葛󠄀城 and 辻󠄀 are registered with one (Unicode Technical Standard 37);
//! - variation selectors behind a pictograph (emoji or text) and a Mongolian letter;
//! - the joiners U+200C and U+200D between letters of the scripts that are not written without them, and between pictographs.

use alloc::string::String;
use core::iter;

/// The ranges of `Default_Ignorable_Code_Point`. Unicode keeps room within them for what is to come.
const IGNORABLE: [(char, char); 17] = [
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFF8}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// Whether a text has a character that misleads.
#[must_use]
pub fn misleads(text: &str) -> bool {
    marked(text).any(|(_, is_misleading)| is_misleading)
}

/// The text with `�` in place of each character that misleads, for where it must be shown all the same.
#[must_use]
pub fn shown(text: &str) -> String {
    marked(text).map(|(c, is_misleading)| if is_misleading { '\u{FFFD}' } else { c }).collect()
}

/// Every character, and whether it misleads where it stands.
fn marked(text: &str) -> impl Iterator<Item = (char, bool)> {
    let (mut rest, mut before) = (text.chars().peekable(), None);
    iter::from_fn(move || {
        let c = rest.next()?;
        let is_misleading =
            is_hidden(c) && !before.is_some_and(|before| draws(c, before, rest.peek().copied()));
        before = Some(c);
        Some((c, is_misleading))
    })
}

fn is_hidden(c: char) -> bool {
    let is_ignorable = || IGNORABLE.iter().any(|(first, last)| (first..=last).contains(&&c));
    c.is_control()
        // U+2800 is the Braille cell without a dot: a blank by its looks.
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{2800}' | '\u{FFF9}'..='\u{FFFB}')
        || !c.is_ascii() && is_ignorable()
}

/// Whether `c` chooses how the character before it is drawn, or how that and the one after it are joined.
fn draws(c: char, before: char, after: Option<char>) -> bool {
    match c {
        '\u{FE00}'..='\u{FE0F}' => is_ideograph(before) || is_pictograph(before),
        '\u{E0100}'..='\u{E01EF}' => is_ideograph(before),
        '\u{180B}'..='\u{180D}' | '\u{180F}' => matches!(before, '\u{1820}'..='\u{18AA}'),
        '\u{200C}' | '\u{200D}' => joins(before) && after.is_some_and(joins),
        _ => false,
    }
}

/// Whether it may be joined to its neighbour: from Arabic to Sinhala, Myanmar, Khmer and Mongolian, and pictographs.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{18AF}' | '\u{FE0F}')
        || is_pictograph(c)
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFD}')
}

/// The blocks of arrows, signs and pictures, and the few such elsewhere.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
        || matches!(
            c,
            '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{3297}' | '\u{3299}'
        )
}

#[cfg(test)]
mod tests {
    use icu_properties::CodePointSetData;
    use icu_properties::props::DefaultIgnorableCodePoint;

    use super::*;

    #[test]
    fn what_is_not_seen_misleads_wherever_it_chooses_nothing() {
        for text in [
            "a\u{0}",
            "a\tb",
            "a\nb",
            "\u{85}",
            "a\u{2028}b",
            "a\u{2029}b",
            "a\u{AD}b",
            "a\u{34F}b",
            "\u{61C}a",
            "a\u{180E}",
            "a\u{200B}b",
            "a\u{200E}",
            "\u{202E}fdp",
            "\u{2066}a",
            "a\u{2060}b",
            "a\u{2061}b",
            "a\u{2064}b",
            "\u{FEFF}a",
            "a\u{FFF9}b",
            // Fillers of Hangul, which look like nothing or a blank.
            "\u{115F}",
            "a\u{1160}",
            "\u{3164}",
            "例示\u{FFA0}食品",
            // Tags, and what is kept for more such.
            "a\u{E0001}",
            "a\u{E0041}",
            "a\u{E0FFF}",
            "a\u{2065}",
            // Selectors and joiners with nothing to choose.
            "\u{FE0F}",
            "a\u{FE0F}",
            "1\u{FE0F}",
            "か\u{E0100}",
            "a\u{E0100}",
            "葛\u{E0100}\u{E0100}",
            "\u{E01EF}葛",
            "例\u{200D}示",
            "a\u{200C}b",
            "\u{200D}",
            "می\u{200C}",
            "می\u{200C}a",
            "ก\u{200D}ก",
            "ა\u{200C}ბ",
            "👩\u{200D}",
            "ア\u{180B}",
            // A blank by its looks.
            "a\u{2800}b",
        ] {
            assert!(misleads(text), "{text:?}");
        }
    }

    #[test]
    fn names_as_people_write_them_do_not_mislead() {
        for text in [
            "Example Foods Ltd",
            "例示食品株式会社",
            "㈱例示　製作所",
            "Công ty Ví dụ",
            "É\u{301}xample",
            "\u{E000}",
            // With the selector with which the name is registered.
            "葛\u{E0100}城市",
            "辻\u{E0101}",
            "神\u{FE00}",
            "\u{20BB7}\u{E0101}野家",
            "Café ☀\u{FE0F}",
            "👩\u{200D}🔧",
            "👁\u{FE0F}\u{200D}🗨",
            "©\u{FE0F}",
            "می\u{200C}خواهم",
            "क\u{94D}\u{200D}ष",
            "ශ\u{DCA}\u{200D}රී",
            "ᠠ\u{180B}",
            // Not assigned in any version yet: seen as a box.
            "\u{378}",
        ] {
            assert!(!misleads(text), "{text:?}");
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_misleading_character_is_shown_as_one_and_the_others_as_they_are() {
        assert_eq!(shown("a\u{202E}b葛\u{E0100}\u{200D}\u{1b}[2J"), "a�b葛\u{E0100}��[2J");
    }

    #[test]
    fn the_ignorable_characters_are_unicode_s() {
        let unicode = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        for c in '\0'..=char::MAX {
            let listed = IGNORABLE.iter().any(|(first, last)| (first..=last).contains(&&c));
            assert_eq!(listed, unicode.contains(c), "{c:?}");
        }
    }
}
