//! Issuance's tables.

pub mod credentials;
pub mod issuers;
pub mod publications;
pub mod status;
