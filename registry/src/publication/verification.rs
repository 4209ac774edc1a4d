//! The check of a file that somebody was given.

use std::sync::Arc;

use akashi_verifier::report::{CheckName, Report};
use akashi_verifier::{Policy, Trust, Untrusted, verify};
use axum::Extension;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::spawn_blocking;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::programme;
use super::pages::{ReportPage, VerifyPage};
use crate::issuance::{self, Kind};
use crate::platform::app::App;
use crate::platform::http::CONTENT_SECURITY_POLICY;
use crate::platform::media_type::wants_page;
use crate::platform::pages::{View, as_wanted};
use crate::platform::permits::off_the_runtime;
use crate::platform::problem::{Problem, ProblemDetails};

/// The largest file that is taken, in bytes; a credential has about 7,000.
const LIMIT: usize = 1024 * 1024;

/// A file of the largest size may take thirty times as much memory while it is read: this many at a time.
static CHECKING: Semaphore = Semaphore::const_new(4);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/verify", get(form))
        .routes(routes!(check))
        .layer(Extension(Arc::<Opened>::default()))
}

async fn form(view: View) -> Response {
    page(&view, StatusCode::OK, false)
}

/// The page, which alone of all runs a script: the verifier's WebAssembly, and what shows its report.
fn page(view: &View, status: StatusCode, nothing: bool) -> Response {
    let mut response = view.page(status, &VerifyPage::new(view, nothing));
    let policy = format!(
        "{CONTENT_SECURITY_POLICY}; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Verifies a credential against the registry's current trust bundle. The body is the file itself, or a
/// form (`multipart/form-data`) with `file` or `text`.
#[utoipa::path(post, path = "/verify", request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    tag = "public", responses(
    (status = 200, description = "the report as JSON, or as a page for whoever prefers text/html", body = serde_json::Value),
    (status = "4XX", body = ProblemDetails)))]
async fn check(
    State(app): State<App>,
    Extension(opened): Extension<Arc<Opened>>,
    view: View,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let result = match input(request).await {
        Ok(bytes) => report(&app, &opened, bytes).await,
        Err(problem @ Problem::Invalid(_)) if wants_page(&headers) => {
            return page(&view, problem.status(), true);
        }
        Err(problem) => Err(problem),
    };
    let response = match result {
        Ok(report) => answer(&app, &headers, &view, &report).await,
        Err(problem) => Err(problem),
    };
    as_wanted(&headers, &view, response)
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    view: &View,
    report: &Report,
) -> Result<Response, Problem> {
    if !wants_page(headers) {
        return Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(report)).into_response());
    }
    let programme = match programme_name(report) {
        Some((id, version)) => {
            programme(&mut *app.db.reader().acquire().await?, id, version).await?
        }
        None => None,
    };
    Ok(view.page(StatusCode::OK, &ReportPage::new(view, report, programme.as_deref())))
}

/// Id and version of the programme that a file names; none while its signature is not known to be good.
fn programme_name(report: &Report) -> Option<(&str, &str)> {
    let facts = &report.check(CheckName::Programme)?.facts;
    Some((facts.get("id")?.as_str()?, facts.get("version")?.as_str()?))
}

async fn report(app: &App, opened: &Opened, input: Bytes) -> Result<Report, Problem> {
    let trust = opened.current(app).await?;
    verified(trust, app.clock.now(), input).await
}

async fn verified(
    trust: Option<Arc<Trust>>,
    now: Timestamp,
    input: Bytes,
) -> Result<Report, Problem> {
    off_the_runtime(&CHECKING, move || {
        let trust = trust.as_deref().ok_or(Untrusted::BundleMissing);
        verify(&input, trust, &Policy::default(), now, None)
    })
    .await
}

/// Root and bundle, opened once a version: reading and checking them takes longer than the check of a file.
#[derive(Default)]
struct Opened(Mutex<Option<(Versions, Arc<Trust>)>>);

/// The versions of root and bundle.
type Versions = [i64; 2];

impl Opened {
    /// The trust of this moment; none before the first bundle. Whoever comes while a bundle is opened waits for it.
    async fn current(&self, app: &App) -> Result<Option<Arc<Trust>>, Problem> {
        // No connection is held by those who wait.
        let mut opened = self.0.lock().await;
        let mut db = app.db.reader().acquire().await?;
        let root = issuance::published_version(&mut db, Kind::Root, "").await?;
        let bundle = issuance::published_version(&mut db, Kind::Bundle, "").await?;
        let (Some(root), Some(bundle)) = (root, bundle) else { return Ok(None) };
        if let Some((_, trust)) = opened.as_ref().filter(|(of, _)| *of == [root, bundle]) {
            return Ok(Some(trust.clone()));
        }
        let root = issuance::published(&mut db, Kind::Root, "").await?;
        let bundle = issuance::published(&mut db, Kind::Bundle, "").await?;
        drop(db);
        let (Some(root), Some(bundle)) = (root, bundle) else { return Ok(None) };
        let versions = [root.version, bundle.version];
        let opening = spawn_blocking(move || Trust::open(&root.bytes, &bundle.bytes, None));
        let trust = opening.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
        let trust = Arc::new(trust);
        *opened = Some((versions, trust.clone()));
        Ok(Some(trust))
    }
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

#[cfg(test)]
mod tests {
    use akashi_keys::SigningKey;
    use akashi_verifier::Verdict;
    use jiff::SignedDuration;

    use super::*;
    use crate::issuance::BundleFacts;
    use crate::log;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::permits::tests::waits_for_its_turn;
    use crate::platform::scratch::{FixedClock, app};

    on_both_engines!(a_bundle_is_opened_once_and_its_successor_takes_its_place);

    #[tokio::test]
    async fn four_files_are_checked_at_a_time() {
        let alike = || {
            let untrusted = Err(Untrusted::BundleMissing);
            let now = Timestamp::UNIX_EPOCH;
            drop(verify(b"not a credential", untrusted, &Policy::default(), now, None));
        };
        let work = verified(None, Timestamp::UNIX_EPOCH, Bytes::from_static(b"not a credential"));
        let report = waits_for_its_turn(&CHECKING, 4, work, alike).await;
        assert_eq!(report.verdict, Verdict::Malformed);
    }

    async fn publish_bundle(app: &App) {
        log::sequence(app).await.expect("is numbered");
        let mut tx = app.db.write().await.expect("a transaction");
        issuance::publish_bundle(&mut tx, app, &BundleFacts::default()).await.expect("a bundle");
        tx.commit().await.expect("commits");
    }

    async fn a_bundle_is_opened_once_and_its_successor_takes_its_place(scratch: &Scratch) {
        let clock = Arc::<FixedClock>::default();
        let app = app(scratch.db().clone(), clock.clone(), 0);
        let opened = Opened::default();
        assert!(opened.current(&app).await.expect("an answer").is_none());

        let keys: Vec<_> = (1..=3).map(|n| SigningKey::from_random(&[n; 32])).collect();
        let mut tx = app.db.write().await.expect("a transaction");
        issuance::first_root(&mut tx, &app, &keys).await.expect("a root");
        tx.commit().await.expect("commits");
        publish_bundle(&app).await;
        let current = async || opened.current(&app).await.expect("an answer").expect("a trust");
        let first = current().await;
        assert!(Arc::ptr_eq(&first, &current().await), "not opened again");

        clock.advance(SignedDuration::from_hours(1));
        publish_bundle(&app).await;
        let second = current().await;
        assert_eq!((first.bundle().version, second.bundle().version), (1, 2));
        assert!(Arc::ptr_eq(&second, &current().await), "not opened again");
    }
}
