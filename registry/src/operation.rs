//! What operators do and see: keys retired or found compromised, jobs under way.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::issuance;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Subject};
use crate::platform::clock::rfc3339;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Nothing, Write};

/// The routes of operation.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(keys))
        .routes(routes!(retire))
        .routes(routes!(compromised))
        .routes(routes!(jobs))
}

/// A signing key.
#[derive(Serialize, ToSchema, sqlx::FromRow)]
struct KeyRow {
    id: String,
    role: String,
    /// The DID of the issuer; none for the registry's own keys.
    did: Option<String>,
    fragment: String,
    #[serde(serialize_with = "time")]
    #[schema(value_type = String, format = DateTime)]
    from_at: i64,
    #[serde(serialize_with = "optional_time")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until_at: Option<i64>,
    #[serde(serialize_with = "optional_time")]
    #[schema(value_type = Option<String>, format = DateTime)]
    compromised_from: Option<i64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn time<S: serde::Serializer>(ms: &i64, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&rfc3339(*ms))
}

#[allow(clippy::ref_option)]
fn optional_time<S: serde::Serializer>(ms: &Option<i64>, out: S) -> Result<S::Ok, S::Error> {
    ms.map(rfc3339).serialize(out)
}

/// The signing keys, oldest first; never their secrets.
#[utoipa::path(get, path = "/api/v1/keys", tag = "operation",
    responses((status = 200, body = Vec<KeyRow>), (status = "4XX", body = ProblemDetails)))]
async fn keys(State(app): State<App>, actor: Actor) -> Result<Json<Vec<KeyRow>>, Problem> {
    actor.authorise(Action::Operate, &Subject::default(), "keys")?;
    let rows = sqlx::query_as(
        "SELECT k.id, k.role, i.did, k.fragment, k.from_at, k.until_at, k.compromised_from
         FROM signing_key k LEFT JOIN issuer i ON i.id = k.issuer_id ORDER BY k.id",
    )
    .fetch_all(app.db.reader())
    .await?;
    Ok(Json(rows))
}

/// The key that takes over.
#[derive(Serialize, ToSchema)]
struct Successor {
    id: String,
    fragment: String,
}

/// Retires an issuer's key. A new one takes its place; what the old one signed stays valid.
#[utoipa::path(post, path = "/api/v1/keys/{id}/retire", params(("id" = String, Path)), tag = "operation",
    responses((status = 200, body = Successor), (status = "4XX", body = ProblemDetails)))]
async fn retire(
    State(app): State<App>,
    Path(id): Path<String>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    let Write { actor, mut act, .. } = write;
    act.authorise(&actor, Action::Operate, &Subject::default(), "key", &id)?;
    let mut tx = app.db.write().await?;
    let next = issuance::retire_key(&mut tx, &app, &id, &actor.account).await?;
    let successor = Successor { id: next.id, fragment: next.fragment };
    let answer = act.commit(&app, &actor, tx, StatusCode::OK, &successor).await?;
    app.wake.notify_one();
    Ok(answer)
}

/// From when a key is not to be trusted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Compromised {
    /// From when others may have held it.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
}

/// Declares an issuer's key compromised. Nothing that it signed is valid any more, until witnesses can say what
/// they saw before.
#[utoipa::path(post, path = "/api/v1/keys/{id}/compromised", params(("id" = String, Path)), request_body = Compromised,
    tag = "operation", responses((status = 200, body = Successor), (status = "4XX", body = ProblemDetails)))]
async fn compromised(
    State(app): State<App>,
    Path(id): Path<String>,
    write: Write<Compromised>,
) -> Result<Response, Problem> {
    let Write { actor, body, mut act } = write;
    act.authorise(&actor, Action::Operate, &Subject::default(), "key", &id)?;
    let mut tx = app.db.write().await?;
    let from = body.from.as_millisecond();
    let next = issuance::compromise_key(&mut tx, &app, &id, from, &actor.account).await?;
    let successor = Successor { id: next.id, fragment: next.fragment };
    let answer = act.commit(&app, &actor, tx, StatusCode::OK, &successor).await?;
    app.wake.notify_one();
    Ok(answer)
}

/// A job that is not done.
#[derive(Serialize, ToSchema, sqlx::FromRow)]
struct JobRow {
    id: String,
    kind: String,
    subject: String,
    attempts: i64,
    last_error: Option<String>,
    #[serde(serialize_with = "time")]
    #[schema(value_type = String, format = DateTime)]
    due_at: i64,
}

/// The jobs that are not done, and the credentials whose release failed.
#[derive(Serialize, ToSchema)]
struct Jobs {
    open: Vec<JobRow>,
    failed_credentials: Vec<FailedCredential>,
}

/// A credential whose release failed.
#[derive(Serialize, ToSchema, sqlx::FromRow)]
struct FailedCredential {
    id: String,
    /// The number of its certificate.
    certificate: String,
    /// Why.
    failure: Option<String>,
}

/// What the worker has to do, and what it could not.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "operation",
    responses((status = 200, body = Jobs), (status = "4XX", body = ProblemDetails)))]
async fn jobs(State(app): State<App>, actor: Actor) -> Result<Json<Jobs>, Problem> {
    actor.authorise(Action::Operate, &Subject::default(), "jobs")?;
    let open = sqlx::query_as(
        "SELECT id, kind, subject, attempts, last_error, due_at FROM job WHERE done_at IS NULL ORDER BY due_at LIMIT 200",
    )
    .fetch_all(app.db.reader())
    .await?;
    let failed_credentials = sqlx::query_as(
        "SELECT c.id, x.number AS certificate, c.failure FROM credential c JOIN certificate x ON x.id = c.certificate_id
         WHERE c.state = 'failed' ORDER BY c.id LIMIT 200",
    )
    .fetch_all(app.db.reader())
    .await?;
    Ok(Json(Jobs { open, failed_credentials }))
}
