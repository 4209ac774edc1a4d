//! From a decision to bytes: pure functions that build what is signed, and sign it.

pub mod did;
pub mod forms;
pub mod leaf;
pub mod manifest;
pub mod payload;
pub mod status;

#[cfg(test)]
mod tests;
