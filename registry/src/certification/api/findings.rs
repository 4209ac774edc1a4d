//! Findings: planned, corrected, verified.

use akashi_schemas::Rating;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::applications::{Move, MoveWithReason};
use super::assessments::{self as assessment_api, Rate};
use super::{Written, check_version};
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::{
    ApplicationId, AssessmentId, CorrectiveActionId, EvidenceId, EvidenceLinkId, FacilityId,
    FindingId,
};
use crate::certification::news;
use crate::certification::rules::application::Work;
use crate::certification::rules::finding::{self, FindingEvent, FindingState, FindingStep, Grade};
use crate::certification::store::findings::Finding;
use crate::certification::store::{
    self, Transition, applications, evidence, findings, surveillance,
};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Subject as Affair};
use crate::platform::clock::{instant, rfc3339};
use crate::platform::data_keys::Subject;
use crate::platform::id::{NoteId, PartyId};
use crate::platform::notes::{self, Shown, Text};
use crate::platform::paging::{PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(overdue))
        .routes(routes!(plan))
        .routes(routes!(accept))
        .routes(routes!(show_evidence))
        .routes(routes!(verify))
        .routes(routes!(reject))
        .routes(routes!(decline))
        .routes(routes!(extend))
}

/// How many pieces of evidence are linked to a finding in one request.
const EVIDENCE_AT_ONCE: usize = 50;

/// One finding of an assessment, loaded for a write.
struct Loaded {
    finding: Finding,
    file: AssessmentFile,
}

/// Opens a finding for a write: its company held, authorised, at the version that its writer saw, of an application
/// in which findings move.
async fn open(
    act: &mut Act<'_>,
    id: &FindingId,
    action: Action,
    seen: i64,
) -> Result<Loaded, Problem> {
    let company = findings::company(&mut act.tx, id).await?;
    act.hold(&company.ok_or(Problem::NotFound("finding"))?).await?;
    let finding = findings::get(&mut act.tx, id).await?.ok_or(Problem::NotFound("finding"))?;
    let file = AssessmentFile::load(&mut act.tx, &finding.assessment_id).await?;
    act.authorise(action, &file.file.subject, "finding", id.as_str()).await?;
    check_version(seen, finding.version)?;
    Work::Correct.in_state(file.file.application.state)?;
    if action != Action::AnswerFinding {
        file.file.impartial(&mut act.tx, &act.actor.account, act.now).await?;
    }
    Ok(Loaded { finding, file })
}

/// Writes a move with the reason given for it, lets the assessment go on when nothing more is waited for, and commits.
async fn finish(
    mut act: Act<'_>,
    loaded: &Loaded,
    event: FindingEvent,
    to: FindingState,
    reason: Option<&Text>,
) -> Result<Response, Problem> {
    let Loaded { finding, file } = loaded;
    let note = act.keep_optional(company(file), reason, "/reason").await?;
    let (event, by) = (event.as_str(), &act.actor.account);
    let transition = Transition { event, by, reason: note.as_ref(), at: act.now };
    let version = findings::advance(&mut act.tx, finding, to, &transition).await?;
    assessment_api::settle(&mut act, file).await?;
    if [FindingEvent::Plan, FindingEvent::Evidence].map(FindingEvent::as_str).contains(&event) {
        let Act { tx, app, now, .. } = &mut act;
        news::answers_given(tx, app, &file.file.application, &file.assessment, *now).await?;
    }
    act.commit(StatusCode::OK, &Written::moved(&finding.id, to.as_str(), version)).await
}

fn company(file: &AssessmentFile) -> &crate::platform::id::PartyId {
    &file.file.application.company_id
}

/// A plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    version: i64,
    /// Why it happened.
    cause: Text,
    /// What the company will do, and by when.
    plan: Text,
}

/// The company says why it happened and what it will do.
#[utoipa::path(post, path = "/api/v1/findings/{id}/plan", params(("id" = String, Path)), request_body = Plan,
    tag = "findings", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn plan(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    write: Write<Plan>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::AnswerFinding, body.version).await?;
    let step = FindingStep::Plan { cause: &body.cause.text, plan: &body.plan.text };
    let to = finding::next(loaded.finding.state, &step)?;
    let cause = act.keep(company(&loaded.file), &body.cause, "/cause").await?;
    let plan = act.keep(company(&loaded.file), &body.plan, "/plan").await?;
    let action = CorrectiveActionId::new(act.now, &*app.rng);
    let (by, now) = (&act.actor.account, act.now);
    findings::add_corrective_action(&mut act.tx, &action, &id, &cause, &plan, by, now).await?;
    finish(act, &loaded, step.event(), to, None).await
}

/// The assessor accepts the plan.
#[utoipa::path(post, path = "/api/v1/findings/{id}/accept", params(("id" = String, Path)), request_body = Move,
    tag = "findings", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn accept(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::JudgeFinding, body.version).await?;
    let to = finding::next(loaded.finding.state, &FindingStep::Accept)?;
    finish(act, &loaded, FindingEvent::Accept, to, None).await
}

/// Evidence of a correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowEvidence {
    version: i64,
    /// Evidence that the company attached.
    evidence: Vec<EvidenceId>,
}

/// The company shows what it has done.
#[utoipa::path(post, path = "/api/v1/findings/{id}/evidence", params(("id" = String, Path)),
    request_body = ShowEvidence, tag = "findings",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn show_evidence(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    write: Write<ShowEvidence>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::AnswerFinding, body.version).await?;
    if body.evidence.len() > EVIDENCE_AT_ONCE {
        let detail = format!("takes at most {EVIDENCE_AT_ONCE} pieces at once");
        return Err(Problem::invalid("/evidence", detail));
    }
    for (i, evidence) in body.evidence.iter().enumerate() {
        link(&mut act, &loaded, evidence, &format!("/evidence/{i}")).await?;
    }
    let step = FindingStep::Evidence { attached: body.evidence.len() };
    let to = finding::next(loaded.finding.state, &step)?;
    finish(act, &loaded, step.event(), to, None).await
}

/// Links a piece of the company's evidence to the finding.
async fn link(
    act: &mut Act<'_>,
    loaded: &Loaded,
    id: &EvidenceId,
    place: &str,
) -> Result<(), Problem> {
    let found = evidence::get(&mut act.tx, id).await?;
    if !found.is_some_and(|row| &row.party_id == company(&loaded.file) && row.removed_at.is_none())
    {
        return Err(Problem::invalid(place, "is no evidence of the company"));
    }
    let link = evidence::Link {
        evidence_id: id.clone(),
        application_id: loaded.file.assessment.application_id.clone(),
        criterion: loaded.finding.criterion.clone(),
        facility_id: loaded.finding.facility_id.clone(),
        finding_id: Some(loaded.finding.id.clone()),
    };
    let id = EvidenceLinkId::new(act.now, &*act.app.rng);
    evidence::link(&mut act.tx, &id, &link, &act.actor.account, act.now).await?;
    Ok(())
}

/// What the assessor finds after the correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    version: i64,
    /// The new rating.
    #[schema(value_type = String)]
    value: Rating,
    /// Why.
    reason: Text,
}

/// The assessor verifies the correction with a new rating, which must be better than the one found.
#[utoipa::path(post, path = "/api/v1/findings/{id}/verify", params(("id" = String, Path)), request_body = Verify,
    tag = "findings", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn verify(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    write: Write<Verify>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::JudgeFinding, body.version).await?;
    let ratings = loaded.file.ratings(&mut act.tx).await?;
    let pair = |r: &&store::assessments::Rated| {
        r.criterion == loaded.finding.criterion && r.facility_id == loaded.finding.facility_id
    };
    let found = ratings.iter().find(pair).map_or(Rating::Major, |rated| rated.value);
    let step = FindingStep::Verify { found, current: body.value };
    let to = finding::next(loaded.finding.state, &step)?;
    let rate = Rate::new(&loaded.finding.facility_id, body.value, &body.reason);
    assessment_api::append_rating(&mut act, &loaded.file, &loaded.finding.criterion, &rate).await?;
    finish(act, &loaded, step.event(), to, None).await
}

/// The assessor accepts neither plan nor evidence.
#[utoipa::path(post, path = "/api/v1/findings/{id}/reject", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "findings",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn reject(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::JudgeFinding, body.version).await?;
    let step = FindingStep::Reject(&body.reason.text);
    let to = finding::next(loaded.finding.state, &step)?;
    finish(act, &loaded, step.event(), to, Some(&body.reason)).await
}

/// The company will not correct it.
#[utoipa::path(post, path = "/api/v1/findings/{id}/decline", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "findings",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn decline(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::AnswerFinding, body.version).await?;
    let step = FindingStep::Decline(&body.reason.text);
    let to = finding::next(loaded.finding.state, &step)?;
    finish(act, &loaded, step.event(), to, Some(&body.reason)).await
}

/// A longer term.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extend {
    version: i64,
    /// The day on which it ends, in the programme's zone.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Why.
    reason: Text,
}

/// The decision maker extends the term, once.
#[utoipa::path(post, path = "/api/v1/findings/{id}/extend", params(("id" = String, Path)), request_body = Extend,
    tag = "findings", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn extend(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    write: Write<Extend>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let mut loaded = open(&mut act, &id, Action::ExtendFinding, body.version).await?;
    let zone = file::zone(&loaded.file.file.programme)?;
    let new_due = zone.end_of(zone.day(body.until));
    let step = FindingStep::Extend {
        extended: loaded.finding.extended == 1,
        due: instant(loaded.finding.close_due_at),
        new_due,
        reason: &body.reason.text,
    };
    let to = finding::next(loaded.finding.state, &step)?;
    loaded.finding.extended = 1;
    loaded.finding.close_due_at = new_due.as_millisecond();
    finish(act, &loaded, step.event(), to, Some(&body.reason)).await
}

/// A finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingView {
    id: FindingId,
    assessment: AssessmentId,
    criterion: String,
    facility: FacilityId,
    #[schema(value_type = String)]
    grade: Grade,
    #[schema(value_type = String)]
    state: FindingState,
    issued_at: String,
    plan_due_at: String,
    close_due_at: String,
    overdue: bool,
    version: i64,
}

fn view(finding: Finding, now: Timestamp) -> FindingView {
    FindingView {
        overdue: file::terms(&finding).overdue(finding.state, now),
        id: finding.id,
        assessment: finding.assessment_id,
        criterion: finding.criterion,
        facility: finding.facility_id,
        grade: finding.grade,
        state: finding.state,
        issued_at: rfc3339(finding.issued_at),
        plan_due_at: rfc3339(finding.plan_due_at),
        close_due_at: rfc3339(finding.close_due_at),
        version: finding.version,
    }
}

/// Whose findings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// The application.
    #[param(value_type = String)]
    application: ApplicationId,
}

/// The findings of an application's assessment, oldest first.
#[utoipa::path(get, path = "/api/v1/findings", params(Of), tag = "findings",
    responses((status = 200, body = Vec<FindingView>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(of): Query<Of>,
) -> Result<Json<Vec<FindingView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let file = file::File::load(&mut db, &of.application).await?;
    actor.authorise(Action::ReadFinding, &file.subject, "application")?;
    let rows = match applications::assessment_id(&mut db, &of.application).await? {
        Some(assessment) => findings::of_assessment(&mut db, &assessment).await?,
        None => Vec::new(),
    };
    let now = app.clock.now();
    Ok(Json(rows.into_iter().map(|row| view(row, now)).collect()))
}

/// Whose overdue findings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfBody {
    /// The body.
    #[param(value_type = String)]
    body: PartyId,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// A finding whose plan or correction is overdue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OverdueFinding {
    #[serde(flatten)]
    finding: FindingView,
    application: ApplicationId,
    /// The company's name.
    company: String,
    /// The certificate that was granted or continued in spite of it.
    certificate: Option<String>,
}

/// The findings of a body's assessments that are overdue, before the decision and after, oldest first.
#[utoipa::path(get, path = "/api/v1/findings/overdue", params(OfBody), tag = "findings",
    responses((status = 200, body = Page<OverdueFinding>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn overdue(
    State(app): State<App>,
    actor: Actor,
    Query(of): Query<OfBody>,
) -> Result<Json<Page<OverdueFinding>>, Problem> {
    let subject = Affair { body: Some(of.body.clone()), ..Affair::default() };
    actor.authorise(Action::ReadFinding, &subject, "body")?;
    let mut db = app.db.reader().acquire().await?;
    let (now, after) = (app.clock.now(), of.cursor.as_deref().unwrap_or_default());
    let rows = surveillance::overdue(&mut db, &of.body, after, now, PAGE_ROWS + 1).await?;
    let page = Page::cut(rows, |row| row.finding.id.to_string());
    let item = |row: surveillance::Overdue| OverdueFinding {
        finding: view(row.finding, now),
        application: row.application_id,
        company: row.company,
        certificate: row.certificate,
    };
    Ok(Json(Page { items: page.items.into_iter().map(item).collect(), next: page.next }))
}

/// A finding with its corrective actions and moves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingDetail {
    #[serde(flatten)]
    finding: FindingView,
    corrective_actions: Vec<CorrectiveActionView>,
    events: Vec<FindingEventView>,
}

/// What the company said that it will do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrectiveActionView {
    cause: Shown,
    plan: Shown,
    at: String,
}

/// A move of a finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingEventView {
    event: String,
    to: String,
    reason: Option<Shown>,
    at: String,
}

/// A finding with all that was done about it.
#[utoipa::path(get, path = "/api/v1/findings/{id}", params(("id" = String, Path)), tag = "findings",
    responses((status = 200, body = FindingDetail), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<FindingId>,
) -> Result<Json<FindingDetail>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = findings::get(&mut db, &id).await?.ok_or(Problem::NotFound("finding"))?;
    let file = AssessmentFile::load(&mut db, &row.assessment_id).await?;
    actor.authorise(Action::ReadFinding, &file.file.subject, "finding")?;
    let actions = findings::corrective_actions(&mut db, &id).await?;
    let events = findings::events(&mut db, &id).await?;
    let noted: Vec<&NoteId> = actions
        .iter()
        .flat_map(|(cause, plan, _)| [cause, plan])
        .chain(events.iter().filter_map(|(.., note, _)| note.as_ref()))
        .collect();
    let notes = notes::read(&mut db, &app, Subject::Party(company(&file)), &noted).await?;
    let mut corrective_actions = Vec::new();
    for (cause, plan, at) in actions {
        let (cause, plan) = (notes.of(&cause)?, notes.of(&plan)?);
        corrective_actions.push(CorrectiveActionView { cause, plan, at: rfc3339(at) });
    }
    let mut moves = Vec::new();
    for (event, to, note, at) in events {
        let reason = notes.of_optional(note.as_ref())?;
        moves.push(FindingEventView { event, to, reason, at: rfc3339(at) });
    }
    let finding = view(row, app.clock.now());
    Ok(Json(FindingDetail { finding, corrective_actions, events: moves }))
}
