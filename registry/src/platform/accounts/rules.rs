//! What an e-mail address, a password and a locale must be.

use akashi_schemas::text_enum;

text_enum! {
    /// A language that the registry speaks.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum Locale {
        /// English.
        En = "en",
        /// Japanese.
        Ja = "ja",
    }
}

/// The shortest password, in characters (NIST SP 800-63B: length is what counts).
pub const PASSWORD_MIN: usize = 12;
/// The longest password, in bytes, so that hashing costs stay bounded.
pub const PASSWORD_MAX: usize = 256;

/// An e-mail address in the form that accounts are found by: trimmed, lower case.
///
/// # Errors
/// A sentence, when there is no local part, no domain with a dot, or white space within.
pub fn email_norm(text: &str) -> Result<String, &'static str> {
    let norm = text.trim().to_lowercase();
    let wrong = "must be an e-mail address, such as name@company.example";
    let (local, domain) = norm.rsplit_once('@').ok_or(wrong)?;
    let domain_ok =
        domain.split('.').count() >= 2 && domain.split('.').all(|label| !label.is_empty());
    if local.is_empty()
        || !domain_ok
        || norm.len() > 254
        || norm.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Err(wrong);
    }
    Ok(norm)
}

/// Checks a person's name.
///
/// # Errors
/// A sentence, when it is empty, too long, or has a control character.
pub fn check_name(text: &str) -> Result<(), &'static str> {
    let fits = !text.trim().is_empty() && text.chars().count() <= 100;
    if fits && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err("must have 1 to 100 characters, none of them a control character")
}

/// Checks a new password.
///
/// # Errors
/// A sentence, when it is too short or too long.
pub fn check_password(text: &str) -> Result<(), String> {
    if text.chars().count() < PASSWORD_MIN {
        return Err(format!("must have at least {PASSWORD_MIN} characters"));
    }
    if text.len() > PASSWORD_MAX {
        return Err(format!("must have at most {PASSWORD_MAX} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(email_norm("  Aoi@Factory.Example "), Ok("aoi@factory.example".into()));
        for bad in ["", "a", "a@b", "@b.example", "a@.example", "a b@c.example", "a@b..example"] {
            assert!(email_norm(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_have_a_length_in_characters_not_bytes() {
        assert!(check_password("ひらがなで十二文字の句を").is_ok());
        assert!(check_password("elevenchars").is_err());
        assert!(check_password(&"x".repeat(257)).is_err());
    }
}
