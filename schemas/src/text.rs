//! What a text may not contain where people take it at its looks.

/// Whether a character makes a text look like another: it moves the cursor, turns the direction of writing, or is not
/// seen at all (Unicode Standard Annex 9, section 2; Technical Standard 39, section 3). Joiners (U+200C, U+200D) are
/// not among them: some scripts are not written without.
#[must_use]
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'
                ..='\u{202E}'
        )
        || matches!(c, '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
