//! Numbers of companies in public registers, checked by their check digits.

use akashi_schemas::text_enum;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

text_enum! {
    /// A register that gives out numbers.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum Scheme {
        /// Japan's corporate number (法人番号): 13 digits, the first a check digit.
        JpCorporateNumber = "jp_corporate_number",
        /// Legal Entity Identifier (ISO 17442): 20 characters, the last two check digits.
        Lei = "lei",
    }
}

/// A number in a register, known to be well formed.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::ToSchema)]
pub struct Identifier {
    scheme: Scheme,
    value: String,
}

/// Why a number is none of its register's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdentifierError {
    /// Not as long as the register's numbers, or with other characters.
    #[error("a number of this register has {0}")]
    Form(&'static str),
    /// The check digits do not fit: there is a slip in it.
    #[error("this number has a slip in it: its check digit does not fit")]
    Check,
}

impl Identifier {
    /// Checks a number; blanks and hyphens in it are dropped.
    ///
    /// # Errors
    /// [`IdentifierError`].
    pub fn new(scheme: Scheme, text: &str) -> Result<Self, IdentifierError> {
        let value: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let value = value.to_ascii_uppercase();
        match scheme {
            Scheme::JpCorporateNumber => check_corporate_number(&value)?,
            Scheme::Lei => check_lei(&value)?,
        }
        Ok(Self { scheme, value })
    }

    /// The register.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The number.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Check digit: 9 − (Σ digit × weight mod 9), weights 1, 2, 1, 2 … from the right, over the last twelve
/// digits (Ministry of Finance ordinance on corporate numbers, article 2).
fn check_corporate_number(value: &str) -> Result<(), IdentifierError> {
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    if digits.len() != 13 || value.len() != 13 {
        return Err(IdentifierError::Form("13 digits"));
    }
    let sum: u32 = digits[1..]
        .iter()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    if digits[0] == 9 - sum % 9 { Ok(()) } else { Err(IdentifierError::Check) }
}

/// ISO 7064 MOD 97-10: letters as 10 to 35, the whole number leaves 1.
fn check_lei(value: &str) -> Result<(), IdentifierError> {
    if value.len() != 20 || !value.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(IdentifierError::Form("20 letters and digits"));
    }
    let rest = value
        .chars()
        .filter_map(|c| c.to_digit(36))
        .fold(0, |rest, digit| (rest * if digit < 10 { 10 } else { 100 } + digit) % 97);
    if rest == 1 { Ok(()) } else { Err(IdentifierError::Check) }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            scheme: Scheme,
            value: String,
        }
        let raw = Raw::deserialize(input)?;
        Self::new(raw.scheme, &raw.value).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corporate_number_has_a_check_digit() {
        // The National Tax Agency's own number, as it publishes it.
        assert!(Identifier::new(Scheme::JpCorporateNumber, "7000012050002").is_ok());
        assert!(Identifier::new(Scheme::JpCorporateNumber, "7-0000-1205-0002").is_ok());
        assert_eq!(
            Identifier::new(Scheme::JpCorporateNumber, "8000012050002"),
            Err(IdentifierError::Check)
        );
        assert_eq!(
            Identifier::new(Scheme::JpCorporateNumber, "7000012050020"),
            Err(IdentifierError::Check)
        );
        assert!(matches!(
            Identifier::new(Scheme::JpCorporateNumber, "700001205000"),
            Err(IdentifierError::Form(_))
        ));
    }

    #[test]
    fn a_lei_leaves_one() {
        // The example of ISO 17442 that GLEIF uses for itself.
        assert!(Identifier::new(Scheme::Lei, "506700GE1G29325QX363").is_ok());
        assert_eq!(
            Identifier::new(Scheme::Lei, "506700GE1G29325QX364"),
            Err(IdentifierError::Check)
        );
        assert!(matches!(
            Identifier::new(Scheme::Lei, "506700GE1G29325QX36"),
            Err(IdentifierError::Form(_))
        ));
    }
}
