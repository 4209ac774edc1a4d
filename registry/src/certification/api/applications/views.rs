//! Applications as those who have to do with them see them.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::draft::ProgrammeRef;
use crate::certification::api::parties::{FacilityView, PartyView, company_record};
use crate::certification::file::File;
use crate::certification::ids::{ApplicationId, AssessmentId, AssignmentId, FacilityId};
use crate::certification::jobs;
use crate::certification::rules::application::{
    ApplicationEvent, ApplicationKind, ApplicationState,
};
use crate::certification::rules::scope::{self, Facility};
use crate::certification::store::applications::{Answer, Application, Assignment, Event};
use crate::certification::store::{applications, facilities};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Task};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys::Subject;
use crate::platform::id::{AccountId, NoteId, PartyId};
use crate::platform::notes::{self, Notes, Shown};
use crate::platform::paging::{After, PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// An application in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationRow {
    id: ApplicationId,
    company: PartyId,
    body: PartyId,
    #[schema(value_type = String)]
    kind: ApplicationKind,
    #[schema(value_type = String)]
    state: ApplicationState,
    /// Whose turn it is: roles.
    waits_for: Vec<String>,
    changed_at: String,
    version: i64,
}

/// Whose turn it is in a state: those who can move it on (not those who can only end it).
fn waits_for(state: ApplicationState) -> Vec<String> {
    let onward = ApplicationEvent::ALL.iter().filter(|event| {
        let ends = matches!(
            event,
            ApplicationEvent::Withdraw
                | ApplicationEvent::Warn
                | ApplicationEvent::Lapse
                | ApplicationEvent::Decline
                | ApplicationEvent::Return
                | ApplicationEvent::Cancel
                // Nobody waits for an appeal.
                | ApplicationEvent::Reopen
        );
        !ends && event.moves().iter().any(|(from, _)| *from == state)
    });
    let roles: BTreeSet<String> =
        onward.flat_map(|event| event.movers()).map(ToString::to_string).collect();
    roles.into_iter().collect()
}

impl From<Application> for ApplicationRow {
    fn from(a: Application) -> Self {
        Self {
            id: a.id,
            company: a.company_id,
            body: a.body_id,
            kind: a.kind,
            state: a.state,
            waits_for: waits_for(a.state),
            changed_at: rfc3339(a.changed_at),
            version: a.version,
        }
    }
}

/// The applications that one has to do with.
#[utoipa::path(get, path = "/api/v1/applications", params(After), tag = "applications",
    responses((status = 200, body = Page<ApplicationRow>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(after): Query<After>,
) -> Result<Json<Page<ApplicationRow>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let rows = applications::of_account(&mut db, &actor.account, after.id(), PAGE_ROWS + 1).await?;
    let page = Page::cut(rows, |row| row.id.to_string());
    Ok(Json(Page {
        items: page.items.into_iter().map(ApplicationRow::from).collect(),
        next: page.next,
    }))
}

/// An application with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationView {
    #[serde(flatten)]
    row: ApplicationRow,
    /// The company's record: whom a certificate would name.
    company_record: PartyView,
    programme: ProgrammeRef,
    /// The scope.
    facilities: Vec<FacilityView>,
    facts: BTreeSet<String>,
    /// The version of the terms that the company accepted.
    agreed_terms: Option<String>,
    assessment: Option<AssessmentId>,
    assignments: Vec<AssignmentView>,
    answers: Vec<AnswerView>,
    /// Questions that apply and are not answered yet, as criterion and facility.
    unanswered: Vec<(String, String)>,
    /// Once it was warned of for idleness: when it lapses, at the earliest, if nobody does anything about it.
    lapses_at: Option<String>,
    events: Vec<EventView>,
}

/// Who does what on an application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssignmentView {
    id: AssignmentId,
    account: AccountId,
    name: String,
    task: Task,
    accepted: bool,
}

impl From<Assignment> for AssignmentView {
    fn from(row: Assignment) -> Self {
        Self {
            id: row.id,
            account: row.account_id,
            name: row.name,
            task: row.task,
            accepted: row.accepted_at.is_some(),
        }
    }
}

/// An answer of the self-assessment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerView {
    criterion: String,
    facility: FacilityId,
    answer: String,
    note: Option<Shown>,
    version: i64,
}

impl AnswerView {
    fn of(row: Answer, notes: &Notes) -> Result<Self, Problem> {
        Ok(Self {
            note: notes.of_optional(row.note_id.as_ref())?,
            criterion: row.criterion,
            facility: row.facility_id,
            answer: row.answer,
            version: row.version,
        })
    }
}

/// A move of an application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    event: String,
    to: String,
    reason: Option<Shown>,
    at: String,
}

impl EventView {
    fn of(row: Event, notes: &Notes) -> Result<Self, Problem> {
        Ok(Self {
            event: row.event,
            to: row.to_state,
            reason: notes.of_optional(row.reason_note.as_ref())?,
            at: rfc3339(row.at),
        })
    }
}

/// An application with its scope, answers, people and moves.
#[utoipa::path(get, path = "/api/v1/applications/{id}", params(("id" = String, Path)), tag = "applications",
    responses((status = 200, body = ApplicationView), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ApplicationId>,
) -> Result<Json<ApplicationView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let file = File::load(&mut db, &id).await?;
    actor.authorise(Action::ReadApplication, &file.subject, "application")?;
    let scope = facilities::of_application(&mut db, &id).await?;
    let answers = applications::answers(&mut db, &id).await?;
    let events = applications::events(&mut db, &id).await?;
    let notes = read_notes(&mut db, &app, &file, &answers, &events).await?;
    let assignments = applications::assignments(&mut db, &id).await?;
    Ok(Json(ApplicationView {
        company_record: company_record(&mut db, &file.application.company_id).await?,
        programme: ProgrammeRef::of(&file.programme),
        facts: file.facts().clone(),
        agreed_terms: applications::agreed_terms(&mut db, &id).await?,
        assessment: applications::assessment_id(&mut db, &id).await?,
        assignments: assignments.into_iter().map(AssignmentView::from).collect(),
        unanswered: unanswered(&file, &scope, &answers),
        lapses_at: jobs::lapses_at(&mut db, &file).await?.map(|at| rfc3339(at.as_millisecond())),
        facilities: scope.into_iter().map(FacilityView::from).collect(),
        answers: answers
            .into_iter()
            .map(|row| AnswerView::of(row, &notes))
            .collect::<Result<_, _>>()?,
        events: events
            .into_iter()
            .map(|row| EventView::of(row, &notes))
            .collect::<Result<_, _>>()?,
        row: file.application.into(),
    }))
}

/// The questions that apply in a scope and have no answer yet, as criterion and facility.
fn unanswered(
    file: &File,
    scope: &[facilities::Facility],
    answers: &[Answer],
) -> Vec<(String, String)> {
    let scope: Vec<_> =
        scope.iter().map(|f| Facility { id: f.id.to_string(), kind: f.kind }).collect();
    let given: BTreeSet<_> =
        answers.iter().map(|a| (a.criterion.as_str(), a.facility_id.as_str())).collect();
    scope::applicable(&file.programme, &scope, file.facts())
        .filter(|(criterion, facility)| {
            !given.contains(&(criterion.id.as_str(), facility.id.as_str()))
        })
        .map(|(criterion, facility)| (criterion.id.clone(), facility.id.clone()))
        .collect()
}

/// The notes of answers and moves.
async fn read_notes(
    db: &mut sqlx::AnyConnection,
    app: &App,
    file: &File,
    answers: &[Answer],
    events: &[Event],
) -> Result<Notes, Problem> {
    let noted = answers.iter().filter_map(|a| a.note_id.as_ref());
    let explained = events.iter().filter_map(|e| e.reason_note.as_ref());
    let ids: Vec<&NoteId> = noted.chain(explained).collect();
    notes::read(db, app, Subject::Party(&file.application.company_id), &ids).await
}
