//! Publication: what everybody may read. Lookup and search, certificate pages, the feed of changes,
//! credentials and status lists as files, keys and trust, and the check of a file.
//!
//! `public_certificate` and `search_gram` are a projection of what certification and issuance hold;
//! [`rebuild`] makes it anew.

mod answer;
mod api;
mod assets;
mod changes;
mod counts;
pub mod pages;
mod project;
pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod text_use;
mod verification;
mod well_known;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::app::App;

pub use project::{project, rebuild};

/// The public routes.
pub fn routes() -> OpenApiRouter<App> {
    api::routes()
        .merge(assets::routes())
        .merge(changes::routes())
        .merge(counts::routes())
        .merge(well_known::routes())
        .merge(verification::routes())
}
