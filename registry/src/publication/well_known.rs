//! Keys and trust, contexts, programmes, what problems mean, and whether the registry is up.

use std::sync::Arc;

use akashi_keys::Role;
use akashi_schemas::embedded::AKASHI_CONTEXT_V1;
use akashi_verifier::trust::delta;
use askama::Template as _;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;
use sqlx::AnyConnection;
use tower_http::compression::CompressionLayer;
use utoipa::IntoParams;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::answer::Public;
use super::api;
use super::pages::ProgrammePage;
use crate::certification::store::programmes;
use crate::issuance::did::{self, DocumentKey};
use crate::issuance::{self, Deltas, Kind};
use crate::platform::app::App;
use crate::platform::clock::rfc3339;
use crate::platform::media_type::wants_page;
use crate::platform::pages::{ProblemPage, View, as_wanted};
use crate::platform::problem::{KINDS, Problem, ProblemDetails};
use crate::platform::signing_keys;

pub(super) fn routes() -> OpenApiRouter<App> {
    let deltas = Extension(Arc::<Deltas>::default());
    OpenApiRouter::new()
        .route("/problems/{kind}", get(problem))
        .routes(routes!(body_did))
        .routes(routes!(registry_did))
        .routes(routes!(jwks))
        .routes(routes!(root))
        .routes(routes!(root_version))
        .routes(routes!(trust_bundle).layer((CompressionLayer::new(), deltas)))
        .routes(routes!(context))
        .routes(routes!(programme))
        .routes(routes!(programme_version))
        .routes(routes!(healthz))
        .routes(routes!(readyz))
}

async fn problem(view: View, Path(kind): Path<String>) -> Response {
    match KINDS.iter().find(|known| **known == kind) {
        Some(kind) => view.page(StatusCode::OK, &ProblemPage { view: &view, kind, detail: None }),
        None => view.problem(&Problem::NotFound("kind of problem")),
    }
}

/// A certification body's DID document (did:web), with every key that it ever signed with.
#[utoipa::path(get, path = "/bodies/{slug}/did.json", params(("slug" = String, Path)), tag = "trust", responses(
    (status = 200, body = serde_json::Value), (status = "4XX", body = ProblemDetails)))]
async fn body_did(
    State(app): State<App>,
    headers: HeaderMap,
    Path(slug): Path<String>,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let document =
        issuance::did_document(&mut db, &app, &slug).await?.ok_or(Problem::NotFound("body"))?;
    did_answer(&headers, &document)
}

fn did_answer(headers: &HeaderMap, document: &serde_json::Value) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(document).map_err(Problem::internal)?;
    Ok(Public::new("application/did+json", bytes).answer(headers))
}

/// The registry's own DID document: the keys of its trust bundle and its log.
#[utoipa::path(get, path = "/.well-known/did.json", tag = "trust", responses((status = 200, body = serde_json::Value)))]
async fn registry_did(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let mut keys = own_keys(&mut db, Role::Bundle).await?;
    keys.extend(own_keys(&mut db, Role::Log).await?);
    did_answer(&headers, &did::document(&did::registry(&app.origin), &keys))
}

async fn own_keys(db: &mut AnyConnection, role: Role) -> Result<Vec<DocumentKey>, Problem> {
    let key = |row: &signing_keys::KeyRow| {
        Ok(DocumentKey {
            fragment: row.fragment.clone(),
            public: row.public()?,
            expires: row.until_at.map(rfc3339),
            revoked: row.compromised_from.map(rfc3339),
        })
    };
    signing_keys::of(db, role, None).await?.iter().map(key).collect()
}

/// The keys that check the registry's access tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "trust", responses((status = 200, body = serde_json::Value)))]
async fn jwks(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let mut keys = Vec::new();
    for row in signing_keys::of(&mut db, Role::Token, None).await? {
        let mut jwk = serde_json::to_value(row.public()?.to_jwk()).map_err(Problem::internal)?;
        jwk["kid"] = json!(row.fragment);
        jwk["use"] = json!("sig");
        keys.push(jwk);
    }
    Ok(Public::json(&json!({ "keys": keys }))?.answer(&headers))
}

/// The newest root manifest, signed by the offline keys.
#[utoipa::path(get, path = "/.well-known/akashi/root", tag = "trust", responses(
    (status = 200, body = serde_json::Value), (status = "4XX", body = ProblemDetails)))]
async fn root(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let root =
        issuance::published(&mut db, Kind::Root, "").await?.ok_or(Problem::NotFound("root"))?;
    Ok(Public::new("application/json", root.bytes).at_leaf(root.leaf).answer(&headers))
}

/// The root manifest of a version. Whoever pinned one follows it by asking for the next, until there is none: each is signed by
/// enough keys of the one before and of its own.
#[utoipa::path(get, path = "/.well-known/akashi/root/{version}", params(("version" = i64, Path)), tag = "trust",
    responses((status = 200, body = serde_json::Value), (status = "4XX", body = ProblemDetails)))]
async fn root_version(
    State(app): State<App>,
    headers: HeaderMap,
    Path(version): Path<i64>,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let root =
        issuance::root_of_version(&mut db, version).await?.ok_or(Problem::NotFound("root"))?;
    Ok(Public::new("application/json", root.bytes).at_leaf(root.leaf).lasting().answer(&headers))
}

/// From which trust bundle on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Held {
    /// The version of the bundle that you hold: the answer is then a delta, which makes the newest bundle of yours, or the
    /// whole bundle when that version is unknown here, or too many others wait for theirs.
    from: Option<i64>,
}

/// The trust bundle: all that checking offline needs, for seven days. To whoever holds an earlier one, what changed since: a
/// delta is the newest bundle with `from`, your bundle's version, beside `signed`. In its `status_lists`, a number stands for the list at
/// that place in yours, from 0, and `credential` is a JSON Merge Patch (RFC 7396) of yours with the same `id`. Made whole and written by RFC 8785 it bears
/// the signatures of the newest bundle.
#[utoipa::path(get, path = "/.well-known/akashi/trust-bundle", params(Held), tag = "trust", responses(
    (status = 200, content(
        (serde_json::Value = "application/json"),
        (serde_json::Value = "application/vnd.akashi.trust-bundle-delta+json"))),
    (status = "4XX", body = ProblemDetails)))]
async fn trust_bundle(
    State(app): State<App>,
    Extension(deltas): Extension<Arc<Deltas>>,
    headers: HeaderMap,
    Query(held): Query<Held>,
) -> Result<Response, Problem> {
    if let Some(from) = held.from
        && let Some(delta) = deltas.since(&app.db, from).await?
    {
        return Ok(Public::new(delta::MEDIA_TYPE, delta.bytes)
            .at_leaf(delta.leaf)
            .answer(&headers));
    }
    let mut db = app.db.reader().acquire().await?;
    let bundle = issuance::published(&mut db, Kind::Bundle, "").await?;
    let bundle = bundle.ok_or(Problem::NotFound("trust bundle"))?;
    Ok(Public::new("application/json", bundle.bytes).at_leaf(bundle.leaf).answer(&headers))
}

/// The JSON-LD context of Akashi's own terms.
#[utoipa::path(get, path = "/contexts/akashi/v1", tag = "trust", responses((status = 200, body = serde_json::Value)))]
async fn context(headers: HeaderMap) -> Response {
    Public::new("application/ld+json", AKASHI_CONTEXT_V1).lasting().answer(&headers)
}

/// The newest published version of a programme.
#[utoipa::path(get, path = "/programmes/{id}", params(("id" = String, Path)), tag = "public", responses(
    (status = 303, description = "to that version"), (status = "4XX", body = ProblemDetails)))]
async fn programme(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let result = newest_version(&app, &view, &id).await;
    as_wanted(&headers, &view, result)
}

async fn newest_version(app: &App, view: &View, id: &str) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let all = programmes::all_published(&mut db).await?;
    let newest = all.into_iter().rev().find(|version| version.programme == id);
    let newest = newest.ok_or(Problem::NotFound("programme"))?;
    let path = view.url(format!("/programmes/{id}/{}", newest.label));
    Ok(Redirect::to(&path).into_response())
}

/// A published programme version: a page for whoever prefers one, else its canonical form (RFC 8785), the one that its digest is of.
#[utoipa::path(get, path = "/programmes/{id}/{version}", params(("id" = String, Path), ("version" = String, Path)),
    tag = "public", responses(
    (status = 200, description = "JSON, or a page for whoever prefers text/html", body = serde_json::Value),
    (status = "4XX", body = ProblemDetails)))]
async fn programme_version(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Path((id, version)): Path<(String, String)>,
) -> Response {
    let result = match wants_page(&headers) {
        true => programme_page(&app, &view, &headers, &id, &version).await,
        false => programme_json(&app, &headers, &id, &version).await,
    };
    as_wanted(&headers, &view, result)
}

const UNKNOWN_VERSION: Problem = Problem::NotFound("programme version");

async fn programme_json(
    app: &App,
    headers: &HeaderMap,
    id: &str,
    version: &str,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let version = programmes::published(&mut db, id, version).await?.ok_or(UNKNOWN_VERSION)?;
    Ok(Public::new("application/json", version.canonical).answer(headers))
}

async fn programme_page(
    app: &App,
    view: &View,
    headers: &HeaderMap,
    id: &str,
    version: &str,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let programme = api::programme(&mut db, id, version).await?.ok_or(UNKNOWN_VERSION)?;
    let html = ProgrammePage::new(view, &programme).render().map_err(Problem::internal)?;
    Ok(Public::new("text/html; charset=utf-8", html).answer(headers))
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the database answers too.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, body = String), (status = 503, body = ProblemDetails)))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    app.db.answers().await.map(|()| "ready\n").map_err(|error| {
        tracing::error!(%error, "the database does not answer");
        Problem::Busy
    })
}
