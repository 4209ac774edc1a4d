//! Certification after ISO/IEC 17065: programmes, parties, applications, assessments, findings,
//! reviews, decisions, certificates.

pub mod api;
pub mod attest;
pub mod erasure;
pub mod file;
pub mod ids;
pub mod jobs;
pub mod release;
pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;

pub use api::routes;
