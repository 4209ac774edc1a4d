//! What Akashi publishes as data: programmes, their JSON Schema and the JSON-LD context, embedded,
//! checked and typed; and the certificate number, which registry and buyer read alike.
//!
//! The crate is pure: it reads bytes it is given and touches no file, clock or network. A
//! [`Programme`] exists only when it passed every check, so that whoever holds one need not doubt
//! it.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod canonical;
pub mod embedded;
pub mod misleading;
mod number;
pub mod programme;
mod text_enum;
mod words;

pub use canonical::Digest;
pub use number::{CertificateNumber, NumberError};
pub use programme::{OUT_OF_SCOPE, Programme, ProgrammeFaults};
pub use text_enum::UnknownWord;
pub use words::{Attestation, CriterionKind, FacilityKind, Language, Rating};

/// What [`text_enum!`] expands to needs serde under a path that holds in every crate.
#[doc(hidden)]
pub mod __private {
    pub use alloc::string::String;
    pub use serde;
}
