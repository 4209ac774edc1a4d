//! The HTTP shell: request ids, security headers, time limits, and the answers for what has no route.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument as _;

use super::app::App;
use super::audit;
use super::authorisation::Refused;
use super::id::uuid_v7;
use super::nul;
use super::pages::{View, as_wanted};
use super::problem::Problem;

/// The longest that a request may take, uploads included.
const REQUEST_LIMIT: Duration = Duration::from_secs(120);

/// What pages may load: nothing but the registry's own files, and nothing may frame them. One that needs more states its
/// own policy.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Names one request in answers, logs and the audit trail; empty for what no request asked for.
#[derive(Clone, Debug, Default)]
pub struct RequestId(String);

impl RequestId {
    /// The id that the shell gave the request.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// Puts the shell around the registry's routes.
pub fn shell(routes: Router<App>, app: App) -> Router {
    let header_always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    routes
        .fallback(no_route)
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Problem::internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_LIMIT))
        .layer(CompressionLayer::new().compress_when(is_page))
        .layer(middleware::from_fn(refuse_nul))
        .layer(middleware::from_fn(refuse_in_problems))
        .layer(header_always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_always(header::REFERRER_POLICY, "no-referrer"))
        .layer(header_always(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(middleware::from_fn_with_state(app.clone(), identify))
        .with_state(app)
}

/// Whether an answer is a page that travels compressed. What has an `ETag` travels as it is: the tag is that of its bytes.
fn is_page(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/html")) && !headers.contains_key(header::ETAG)
}

/// What has no route: a page for whoever reads pages, problem details for programs.
async fn no_route(view: View, headers: HeaderMap) -> Response {
    as_wanted(&headers, &view, Err(Problem::NotFound("page")))
}

/// Refuses an address that has a NUL character.
async fn refuse_nul(view: View, headers: HeaderMap, request: Request, next: Next) -> Response {
    match nul::refuse_in_address(request.uri()) {
        Ok(()) => next.run(request).await,
        Err(problem) => as_wanted(&headers, &view, Err(problem)),
    }
}

/// Gives the request its id, logs how it ended (method, route pattern, never the path's own values, status and
/// duration), and audits a write that was not allowed.
async fn identify(
    axum::extract::State(app): axum::extract::State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId(uuid_v7(app.clock.now(), &*app.rng));
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |p| p.as_str().to_owned());
    let refused = Refused::default();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(refused.clone());
    let start = std::time::Instant::now();
    // Seen in the log only where it is asked for, with what is done for the request.
    let span = tracing::debug_span!("request", id = id.as_str());
    let mut response = next.run(request).instrument(span).await;
    let took = start.elapsed();
    app.requests.answered(&method, &route, response.status(), took);
    tracing::info!(
        request = id.as_str(),
        %method,
        route,
        status = response.status().as_u16(),
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    if !method.is_safe()
        && response.status().is_client_error()
        && let Some(refusal) = refused.take()
        && let Err(error) = audit::denied(&app, &id, &refusal).await
    {
        tracing::error!(request = id.as_str(), %error, "a refusal could not be audited");
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert("request-id", value);
    }
    response
}

/// Longest plain text of a library's refusal that is passed on, in bytes.
const REFUSAL_TEXT: usize = 4096;

/// What libraries refuse in plain text (a path or query that cannot be read, a method, a time limit) is said as
/// problem details, like everything else.
async fn refuse_in_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let plain = kind.is_none_or(|kind| kind.starts_with(b"text/plain"));
    if !plain || !response.status().is_client_error() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, REFUSAL_TEXT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    match Problem::of_plain_refusal(parts.status, text.clone()) {
        Some(problem) => {
            let mut answer = problem.into_response();
            if let Some(allow) = parts.headers.get(header::ALLOW) {
                answer.headers_mut().insert(header::ALLOW, allow.clone());
            }
            answer
        }
        None => Response::from_parts(parts, text.into()),
    }
}
