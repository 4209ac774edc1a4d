//! What is public, as pure functions: the certificate's document, and how names are searched.

pub mod document;
pub mod place;
pub mod search;
