//! What operators do and see: keys retired or found compromised, jobs under way, mail that does not arrive, measures.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::certification::store::certificates;
use crate::issuance;
use crate::log;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Subject};
use crate::platform::clock::rfc3339;
use crate::platform::id::{AccountId, KeyId, MailId};
use crate::platform::jobs::{self, OpenJob};
use crate::platform::mail;
use crate::platform::paging::{After, PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::signing_keys::KeyRow;
use crate::platform::write::{Act, Nothing, Write};

/// The routes of operation.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(keys))
        .routes(routes!(retire))
        .routes(routes!(compromised))
        .routes(routes!(job_list))
        .routes(routes!(mail_list))
}

/// A signing key.
#[derive(Serialize, ToSchema)]
struct KeyView {
    id: String,
    role: String,
    /// The DID of the issuer; none for the registry's own keys.
    did: Option<String>,
    fragment: String,
    from: String,
    until: Option<String>,
    compromised_from: Option<String>,
}

/// The signing keys, oldest first; never their secrets.
#[utoipa::path(get, path = "/api/v1/keys", tag = "operation",
    responses((status = 200, body = Vec<KeyView>), (status = "4XX", body = ProblemDetails)))]
async fn keys(State(app): State<App>, actor: Actor) -> Result<Json<Vec<KeyView>>, Problem> {
    actor.authorise(Action::Operate, &Subject::default(), "keys")?;
    let mut db = app.db.reader().acquire().await?;
    let view = |(key, role, did): (KeyRow, String, Option<String>)| KeyView {
        id: key.id,
        role,
        did,
        fragment: key.fragment,
        from: rfc3339(key.from_at),
        until: key.until_at.map(rfc3339),
        compromised_from: key.compromised_from.map(rfc3339),
    };
    let rows: Vec<_> = issuance::all_keys(&mut db).await?.into_iter().map(view).collect();
    Ok(Json(rows))
}

/// The key that takes over.
#[derive(Serialize, ToSchema)]
struct Successor {
    id: String,
    fragment: String,
}

/// Holds the body whose key it is, and allows the act.
async fn allow_end_of_key(act: &mut Act<'_>, id: &KeyId) -> Result<(), Problem> {
    if let Some(body) = issuance::body_of_key(&mut act.tx, id.as_str()).await? {
        act.hold(&body).await?;
    }
    act.authorise(Action::Operate, &Subject::default(), "key", id.as_str()).await
}

/// Retires an issuer's key. A new one takes its place; what the old one signed stays valid.
#[utoipa::path(post, path = "/api/v1/keys/{id}/retire", params(("id" = String, Path)), tag = "operation",
    responses((status = 200, body = Successor), (status = "4XX", body = ProblemDetails)))]
async fn retire(
    State(app): State<App>,
    Path(id): Path<KeyId>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    let (mut act, Nothing {}) = write.begin(&app).await?;
    allow_end_of_key(&mut act, &id).await?;
    let next = issuance::retire_key(&mut act.tx, &app, id.as_str(), &act.actor.account).await?;
    let successor = Successor { id: next.id, fragment: next.fragment };
    act.commit(StatusCode::OK, &successor).await
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
    Path(id): Path<KeyId>,
    write: Write<Compromised>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    allow_end_of_key(&mut act, &id).await?;
    let from = body.from.as_millisecond();
    let next =
        issuance::compromise_key(&mut act.tx, &app, id.as_str(), from, &act.actor.account).await?;
    let successor = Successor { id: next.id, fragment: next.fragment };
    act.commit(StatusCode::OK, &successor).await
}

/// A job that is not done.
#[derive(Serialize, ToSchema)]
struct JobView {
    id: String,
    kind: String,
    subject: String,
    attempts: i64,
    last_error: Option<String>,
    due_at: String,
}

/// The jobs that are not done, and the credentials whose release failed.
#[derive(Serialize, ToSchema)]
struct Jobs {
    open: Vec<JobView>,
    failed_credentials: Vec<FailedCredential>,
}

/// A credential whose release failed.
#[derive(Serialize, ToSchema)]
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
async fn job_list(State(app): State<App>, actor: Actor) -> Result<Json<Jobs>, Problem> {
    actor.authorise(Action::Operate, &Subject::default(), "jobs")?;
    let mut db = app.db.reader().acquire().await?;
    let view = |job: OpenJob| JobView {
        id: job.id,
        kind: job.kind,
        subject: job.subject,
        attempts: job.attempts,
        last_error: job.last_error,
        due_at: rfc3339(job.due_at),
    };
    let open = jobs::open(&mut db).await?.into_iter().map(view).collect();
    let mut failed_credentials = Vec::new();
    for row in issuance::failed(&mut db).await? {
        let certificate = certificates::by_text_id(&mut db, &row.certificate_id)
            .await?
            .ok_or(sqlx::Error::RowNotFound)?
            .number;
        failed_credentials.push(FailedCredential { id: row.id, certificate, failure: row.failure });
    }
    Ok(Json(Jobs { open, failed_credentials }))
}

/// How much mail there is, and what of it does not arrive.
#[derive(Serialize, ToSchema)]
struct MailCounts {
    /// What waits to be sent, for the first time or again.
    waiting: i64,
    /// What of it could not be sent before.
    delayed: i64,
    sent: i64,
    /// What was refused for good.
    failed: i64,
    /// The mails that could not be sent so far.
    failures: Page<MailFailure>,
}

/// A mail that could not be sent so far; not what it says.
#[derive(Serialize, ToSchema)]
struct MailFailure {
    id: MailId,
    /// To whom.
    account: AccountId,
    attempts: i64,
    /// What was answered last.
    last_error: String,
    /// When it was refused for good; none while it is tried again.
    failed_at: Option<String>,
}

/// How much mail there is, and what of it does not arrive; nothing of what it says.
#[utoipa::path(get, path = "/api/v1/mail", params(After), tag = "operation",
    responses((status = 200, body = MailCounts), (status = "4XX", body = ProblemDetails)))]
async fn mail_list(
    State(app): State<App>,
    actor: Actor,
    Query(after): Query<After>,
) -> Result<Json<MailCounts>, Problem> {
    actor.authorise(Action::Operate, &Subject::default(), "mail")?;
    let mut db = app.db.reader().acquire().await?;
    let mail::Counts { waiting, delayed, sent, failed } = mail::counts(&mut db).await?;
    let view = |row: mail::Failure| MailFailure {
        id: row.id,
        account: row.account_id,
        attempts: row.attempts,
        last_error: row.last_error,
        failed_at: row.failed_at.map(rfc3339),
    };
    let rows = mail::failures(&mut db, after.id(), PAGE_ROWS + 1).await?;
    let failures = Page::cut(rows.into_iter().map(view).collect(), |row| row.id.to_string());
    Ok(Json(MailCounts { waiting, delayed, sent, failed, failures }))
}

/// The measures, on a port of their own: nobody is asked who they are.
pub fn metrics(app: &App) -> Router {
    Router::new().route("/metrics", get(measure)).with_state(app.clone())
}

/// The measures in OpenMetrics text, which Prometheus reads.
async fn measure(State(app): State<App>) -> Result<Response, Problem> {
    let mut registry = Registry::with_prefix("akashi");
    app.requests.register(&mut registry);
    let mut gauge = |name: &str, help: &str, value: i64| {
        registry.register(name, help, ConstGauge::new(value));
    };
    let mut db = app.db.reader().acquire().await?;
    let (waiting, failed) = jobs::count(&mut db, &app).await?;
    gauge("jobs_waiting", "Jobs that are due, or failed before", waiting);
    gauge("jobs_failed", "Jobs that failed and are tried again", failed);
    let unsequenced = log::count_waiting(&mut db).await?;
    gauge("log_leaves_unsequenced", "Leaves that wait for their number in the log", unsequenced);
    let failed = issuance::count_failed(&mut db).await?;
    gauge("issue_failed", "Credentials whose release failed and waits for an operator", failed);
    let mut age = |name: &str, help: &str, at: Option<i64>| {
        if let Some(at) = at {
            let age = ConstGauge::new((app.clock.now_ms() - at) / 1000);
            registry.register_with_unit(name, help, Unit::Seconds, age);
        }
    };
    age("bundle_age", "Age of the trust bundle", issuance::bundle_made_at(&mut db).await?);
    age("checkpoint_age", "Age of the log's newest checkpoint", log::checkpoint_at(&mut db).await?);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(Problem::internal)?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}
