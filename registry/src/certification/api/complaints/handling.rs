//! A body's quality manager reads complaints and answers them.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::clocks;
use super::filing::ComplaintStanding;
use crate::certification::api::applications::Move;
use crate::certification::api::{Written, check_version};
use crate::certification::file;
use crate::certification::ids::ComplaintId;
use crate::certification::rules::complaint::{
    self, ComplaintOutcome, ComplaintState, ComplaintStep,
};
use crate::certification::rules::involvement::Involvement;
use crate::certification::store::complaints::{self, Answer, Complaint};
use crate::certification::store::{Transition, certificates};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role, Subject};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys;
use crate::platform::id::PartyId;
use crate::platform::notes::{self, Shown, Text};
use crate::platform::paging::{PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(record))
        .routes(routes!(acknowledge))
        .routes(routes!(resolve))
        .routes(routes!(dismiss))
}

/// A complaint is the body's affair, and no company's: to a company there is none.
pub(in crate::certification) fn subject(body: &PartyId) -> Subject {
    Subject { body: Some(body.clone()), ..Subject::default() }
}

/// Whose complaints to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfBody {
    /// The body.
    body: PartyId,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// A complaint in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintRow {
    id: ComplaintId,
    /// The certificate that it is about; none when it is about the body.
    certificate: Option<String>,
    #[schema(value_type = String)]
    state: ComplaintState,
    received_at: String,
    acknowledge_due_at: String,
    answer_due_at: String,
    /// Whether it waits longer than it may, to be acknowledged or answered.
    overdue: bool,
    version: i64,
}

impl ComplaintRow {
    fn of(row: Complaint, now: Timestamp) -> Self {
        let (acknowledgement, answer) = clocks(&row).overdue(row.state, now);
        Self {
            certificate: row.number,
            state: row.state,
            received_at: rfc3339(row.received_at),
            acknowledge_due_at: rfc3339(row.acknowledge_due_at),
            answer_due_at: rfc3339(row.answer_due_at),
            overdue: acknowledgement || answer,
            version: row.version,
            id: row.id,
        }
    }
}

/// The complaints that a body answers, oldest first.
#[utoipa::path(get, path = "/api/v1/complaints", params(OfBody), tag = "complaints",
    responses((status = 200, body = Page<ComplaintRow>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<OfBody>,
) -> Result<Json<Page<ComplaintRow>>, Problem> {
    actor.authorise(Action::ReadComplaint, &subject(&query.body), "complaint")?;
    let mut db = app.db.reader().acquire().await?;
    let after = query.cursor.as_deref().unwrap_or_default();
    let rows = complaints::of_body(&mut db, &query.body, after, PAGE_ROWS + 1).await?;
    let page = Page::cut(rows, |row| row.id.to_string());
    let now = app.clock.now();
    let items = page.items.into_iter().map(|row| ComplaintRow::of(row, now)).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// A complaint's record, as those who answer it see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintRecord {
    #[serde(flatten)]
    standing: ComplaintStanding,
    body: PartyId,
    /// What is complained of.
    text: Shown,
    /// How to reach whoever complained.
    contact: Option<Shown>,
    version: i64,
}

/// A complaint with its text.
#[utoipa::path(get, path = "/api/v1/complaints/{id}/record", params(("id" = String, Path)), tag = "complaints",
    responses((status = 200, body = ComplaintRecord), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn record(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ComplaintId>,
) -> Result<Json<ComplaintRecord>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = complaints::get(&mut db, &id).await?.ok_or(Problem::NotFound("complaint"))?;
    actor.authorise(Action::ReadComplaint, &subject(&row.body_id), "complaint")?;
    let ids: Vec<_> =
        [Some(&row.text_note), row.contact_note.as_ref()].into_iter().flatten().collect();
    let of = data_keys::Subject::Party(&row.body_id);
    let notes = notes::read(&mut db, &app, of, &ids).await?;
    Ok(Json(ComplaintRecord {
        body: row.body_id.clone(),
        text: notes.of(&row.text_note)?,
        contact: notes.of_optional(row.contact_note.as_ref())?,
        version: row.version,
        standing: ComplaintStanding::read(&mut db, &app, row).await?,
    }))
}

/// Opens a complaint for a write: its body held, authorised, at the version that its writer saw.
async fn open(act: &mut Act<'_>, id: &ComplaintId, seen: i64) -> Result<Complaint, Problem> {
    let gone = || Problem::NotFound("complaint");
    let body = complaints::get(&mut act.tx, id).await?.ok_or_else(gone)?.body_id;
    act.hold(&body).await?;
    let complaint = complaints::get(&mut act.tx, id).await?.ok_or_else(gone)?;
    act.authorise(Action::HandleComplaint, &subject(&body), "complaint", id.as_str()).await?;
    check_version(seen, complaint.version)?;
    Ok(complaint)
}

/// What part the actor had in what a complaint is about. About the body itself nobody of it is a stranger: there only
/// that the person acts for it is asked.
///
/// # Errors
/// When the database refuses.
pub(in crate::certification) async fn handler(
    db: &mut AnyConnection,
    actor: &Actor,
    complaint: &Complaint,
    now: Timestamp,
) -> Result<Involvement, Problem> {
    let of_body = actor.holds(Role::QualityManager, &complaint.body_id);
    let Some(id) = &complaint.certificate_id else {
        return Ok(Involvement { of_body, ..Involvement::default() });
    };
    let certificate = certificates::get(db, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let version = certificates::latest_version(db, id).await?;
    let programme = file::programme(db, &version.programme_version_id).await?;
    let (person, company) = ((&actor.account, of_body), &certificate.company_id);
    file::involvement(db, person, id.as_str(), company, &programme, now).await
}

/// Asks the rules, writes the move with its answer, and commits.
async fn handle(
    mut act: Act<'_>,
    complaint: &Complaint,
    step: &ComplaintStep<'_>,
    answer: Option<(&Text, Option<ComplaintOutcome>)>,
) -> Result<Response, Problem> {
    let handler = handler(&mut act.tx, &act.actor, complaint, act.now).await?;
    let to = complaint::next(complaint.state, step, &handler)?;
    let note =
        act.keep_optional(&complaint.body_id, answer.map(|(text, _)| text), "/answer").await?;
    let answer =
        note.as_ref().map(|note| Answer { note, outcome: answer.and_then(|(_, outcome)| outcome) });
    let (event, by) = (step.event().as_str(), &act.actor.account);
    let transition = Transition { event, by, reason: note.as_ref(), at: act.now };
    let version = complaints::advance(&mut act.tx, complaint, to, answer, &transition).await?;
    act.commit(StatusCode::OK, &Written::moved(&complaint.id, to.as_str(), version)).await
}

/// Says that the body looks into it.
#[utoipa::path(post, path = "/api/v1/complaints/{id}/acknowledge", params(("id" = String, Path)), request_body = Move,
    tag = "complaints", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn acknowledge(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let complaint = open(&mut act, &id, body.version).await?;
    handle(act, &complaint, &ComplaintStep::Acknowledge, None).await
}

/// The answer to a complaint that was looked into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolve {
    version: i64,
    /// What whoever complained reads.
    answer: Text,
    /// What it led to; an answer alone when absent.
    outcome: Option<ComplaintOutcome>,
}

/// Answers a complaint that was looked into.
#[utoipa::path(post, path = "/api/v1/complaints/{id}/resolve", params(("id" = String, Path)), request_body = Resolve,
    tag = "complaints", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn resolve(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    write: Write<Resolve>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let complaint = open(&mut act, &id, body.version).await?;
    let outcome = body.outcome.unwrap_or(ComplaintOutcome::Answer);
    let step = ComplaintStep::Resolve(&body.answer.text);
    handle(act, &complaint, &step, Some((&body.answer, Some(outcome)))).await
}

/// The answer to a complaint that is none to look into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dismiss {
    version: i64,
    /// What whoever complained reads.
    answer: Text,
}

/// Answers a complaint that the body does not look into.
#[utoipa::path(post, path = "/api/v1/complaints/{id}/dismiss", params(("id" = String, Path)), request_body = Dismiss,
    tag = "complaints", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn dismiss(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    write: Write<Dismiss>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let complaint = open(&mut act, &id, body.version).await?;
    let step = ComplaintStep::Dismiss(&body.answer.text);
    handle(act, &complaint, &step, Some((&body.answer, None))).await
}
