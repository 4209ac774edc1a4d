//! No text here has a NUL character, and PostgreSQL keeps none: what brings one is refused before anything is asked.

use axum::http::Uri;

use super::problem::Problem;

/// Refuses an address with a NUL character, which it can only write as `%00` (RFC 3986, section 2.1).
///
/// # Errors
/// When there is one.
pub fn refuse_in_address(address: &Uri) -> Result<(), Problem> {
    let address = address.path_and_query().map_or("", |address| address.as_str());
    match address.contains("%00") {
        false => Ok(()),
        true => Err(Problem::MalformedRequest(
            "the address has a NUL character (%00), which no text here has".into(),
        )),
    }
}

/// Refuses JSON of which a text has a NUL character, which it can only write as `\u0000` (RFC 8259, section 7).
///
/// # Errors
/// When there is one.
pub fn refuse_in_json(json: &[u8]) -> Result<(), Problem> {
    let nul = br"\u0000";
    let has_nul = json.windows(nul.len()).enumerate().any(|(at, window)| {
        // After an odd number of backslashes this one is a backslash's own.
        let before = || json[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        window == nul && before() % 2 == 0
    });
    match has_nul {
        false => Ok(()),
        true => Err(Problem::MalformedBody(
            r"a text has a NUL character (\u0000), which no text here has".into(),
        )),
    }
}
