//! All routes of the registry, and their description.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
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
    let json = with_sign_in(description).to_pretty_json().unwrap_or_default();
    let described = get(move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], json) }
    });
    shell(routes.route("/openapi.json", described), app.clone())
}

/// The description as JSON.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    with_sign_in(described().into_openapi())
}

/// The name of the access token, as the description's requirements have it.
const ACCESS_TOKEN: &str = "access_token";

/// What under `/api/v1` asks nobody who they are: making an account, signing in, the published programmes, and
/// complaining.
const ASKS_NOBODY: [&str; 8] = [
    "POST /api/v1/accounts",
    "POST /api/v1/operators",
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/refresh",
    "GET /api/v1/programmes",
    "GET /api/v1/programmes/{id}/{version}",
    "POST /api/v1/complaints",
    "GET /api/v1/complaints/{id}",
];

/// Says of each route whether it takes an access token.
fn with_sign_in(mut description: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let token = SecurityScheme::Http(
        Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build(),
    );
    let components = description.components.get_or_insert_default();
    components.add_security_scheme(ACCESS_TOKEN, token);
    let needs_token = SecurityRequirement::new(ACCESS_TOKEN, [""; 0]);
    let under = description.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/v1/"));
    for (path, item) in under {
        let operations = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            let asks = !ASKS_NOBODY.contains(&format!("{method} {path}").as_str());
            if let Some(operation) = operation.as_mut().filter(|_| asks) {
                operation.security = Some(vec![needs_token.clone()]);
            }
        }
    }
    description
}
