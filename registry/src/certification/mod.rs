//! Certification after ISO/IEC 17065: programmes, parties, applications, assessments, findings,
//! reviews, decisions, certificates.

pub mod api;
pub mod attest;
pub mod erasure;
pub mod file;
pub mod ids;
pub mod release;
pub mod rules;
pub mod store;

pub use api::routes;
