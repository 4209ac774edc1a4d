//! All routes of the registry, and their description.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::http::shell;
use crate::{certification, log, operation, publication};

#[derive(OpenApi)]
#[openapi(info(
    title = "Akashi registry",
    description = "Certifies small companies in supply chains and issues signed credentials that anyone can check offline. \
                   Sign in at POST /api/v1/sessions and send the access token as Authorization: Bearer. Every POST that moves a \
                   state names the version that it saw. Errors are problem details (RFC 9457) with a stable type. Writes take an \
                   Idempotency-Key.",
    license(name = "MIT OR Apache-2.0")
))]
struct Description;

/// Every route, described.
fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(accounts::api::routes())
        .merge(certification::routes())
        .merge(log::routes())
        .merge(publication::routes())
        .merge(operation::routes())
}

/// The registry's service.
pub fn routes(app: &App) -> Router {
    let (routes, description) = described().split_for_parts();
    let json = description.to_pretty_json().unwrap_or_default();
    let described = get(move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], json) }
    });
    shell(routes.route("/openapi.json", described), app.clone())
}

/// The description as JSON.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}
