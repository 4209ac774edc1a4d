//! From a decision to bytes: pure functions that build what is signed, and sign it.

pub mod leaf;
pub mod payload;
pub mod status;
