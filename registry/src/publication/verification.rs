//! The check of a file that somebody was given.

use akashi_verifier::report::Report;
use akashi_verifier::{Policy, Trust, Untrusted, verify};
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::wants_page;
use super::api::as_wanted;
use super::pages::{ReportPage, VerifyPage};
use crate::issuance::{self, Kind};
use crate::platform::app::App;
use crate::platform::pages::View;
use crate::platform::problem::{Problem, ProblemDetails};

/// The largest file that is taken, in bytes; a credential has about 7,000.
const LIMIT: usize = 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/verify", get(form)).routes(routes!(check))
}

async fn form(view: View) -> Response {
    view.page(StatusCode::OK, &VerifyPage { view: &view })
}

/// Verifies a credential against the registry's current trust bundle. The body is the file itself, or a
/// form (`multipart/form-data`) with `file` or `text`.
#[utoipa::path(post, path = "/verify", request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    tag = "public", responses(
    (status = 200, description = "the report as JSON, or as a page for whoever prefers text/html", body = serde_json::Value),
    (status = "4XX", body = ProblemDetails)))]
async fn check(State(app): State<App>, view: View, request: Request) -> Response {
    let headers = request.headers().clone();
    let result = match input(request).await {
        Ok(bytes) => report(&app, &bytes).await,
        Err(problem) => Err(problem),
    };
    let response = result.map(|report| answer(&headers, &view, &report));
    as_wanted(&headers, &view, response)
}

fn answer(headers: &HeaderMap, view: &View, report: &Report) -> Response {
    match wants_page(headers) {
        true => view.page(StatusCode::OK, &ReportPage::new(view, report)),
        false => ([(header::CACHE_CONTROL, "no-store")], axum::Json(report)).into_response(),
    }
}

async fn report(app: &App, input: &[u8]) -> Result<Report, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let root = issuance::published(&mut db, Kind::Root, "").await?;
    let bundle = issuance::published(&mut db, Kind::Bundle, "").await?;
    let trust = match (root, bundle) {
        (Some(root), Some(bundle)) => {
            Ok(Trust::open(&root.bytes, &bundle.bytes, None).map_err(Problem::internal)?)
        }
        _ => Err(Untrusted::BundleMissing),
    };
    let trust = trust.as_ref().map_err(|why| *why);
    Ok(verify(input, trust, &Policy::default(), app.clock.now(), None))
}

/// The file: the body, or the first filled field of a form.
async fn input(request: Request) -> Result<Bytes, Problem> {
    let too_large = || Problem::TooLarge { limit: LIMIT as u64 };
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let is_form = media_type.is_some_and(|name| name.starts_with("multipart/form-data"));
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LIMIT).await.map_err(|_| too_large())?;
    if !is_form {
        return Ok(body);
    }
    let malformed = |error: &dyn std::fmt::Display| Problem::MalformedBody(error.to_string());
    let request = Request::from_parts(parts, body.into());
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| malformed(&e))?;
    while let Some(field) = form.next_field().await.map_err(|e| malformed(&e))? {
        let bytes = field.bytes().await.map_err(|e| malformed(&e))?;
        if !bytes.trim_ascii().is_empty() {
            return Ok(bytes);
        }
    }
    Err(Problem::invalid("file", "choose a file, or paste its text"))
}
