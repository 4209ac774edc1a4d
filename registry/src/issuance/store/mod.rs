//! Issuance's tables.

pub(super) mod credentials;
pub(super) mod issuers;
pub(super) mod publications;
pub(super) mod status;
