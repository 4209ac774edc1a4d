//! Columns of JSON text.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What the JSON text of a column says. Text that says something else is a damaged row, and an error as
/// that, never read as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonText<T>(pub T);

impl<T: DeserializeOwned> TryFrom<String> for JsonText<T> {
    type Error = serde_json::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        serde_json::from_str(&text).map(Self)
    }
}

impl<T: Serialize> JsonText<T> {
    /// The text, to be bound.
    ///
    /// # Errors
    /// When the value has no form in JSON.
    pub fn text(&self) -> Result<String, sqlx::Error> {
        serde_json::to_string(&self.0).map_err(|error| sqlx::Error::Encode(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_text_is_an_error_and_not_nothing() {
        let read = |text: &str| JsonText::<Vec<String>>::try_from(text.to_owned());
        assert_eq!(read(r#"["a"]"#).expect("a list"), JsonText(vec!["a".to_owned()]));
        for damaged in ["", "[", "null", "{}", "[1]"] {
            assert!(read(damaged).is_err(), "{damaged}");
        }
    }
}
