//! Certification after ISO/IEC 17065: programmes, parties, applications, assessments, findings,
//! reviews, decisions, certificates.

pub mod api;
pub mod attest;
pub mod erasure;
pub mod file;
pub mod ids;
pub mod jobs;
pub mod news;
pub mod pages;
pub mod release;
pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::app::App;

/// Certification's routes: its API, and the desk.
pub fn routes() -> OpenApiRouter<App> {
    api::routes().merge(pages::routes())
}
