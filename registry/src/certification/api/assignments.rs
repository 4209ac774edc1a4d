//! Who does what on an application.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Written;
use super::applications::{advance, load, open};
use crate::certification::file::{self, File};
use crate::certification::ids::{ApplicationId, AssessmentId, AssignmentId};
use crate::certification::news;
use crate::certification::rules::application::{
    self, ApplicationEvent, ApplicationState, ApplicationStep, Candidate, Duty, Work,
};
use crate::certification::rules::assessment::AssessmentState;
use crate::certification::rules::sampling;
use crate::certification::rules::scope::Facility;
use crate::certification::store::{applications, assessments, facilities, people};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Task};
use crate::platform::db::json::JsonText;
use crate::platform::id::AccountId;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Nothing, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(assign)).routes(routes!(accept)).routes(routes!(end))
}

/// A task to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assign {
    /// The application's version seen.
    version: i64,
    /// To whom.
    account: AccountId,
    /// What.
    task: Task,
    /// For a lead: when the visit begins.
    #[schema(value_type = Option<String>, format = DateTime)]
    visit_from: Option<Timestamp>,
    /// For a lead: when the visit ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    visit_to: Option<Timestamp>,
}

fn duty(task: Task) -> Duty {
    match task {
        Task::Lead | Task::Assessor => Duty::Assess,
        Task::Reviewer => Duty::Review,
        Task::Decider => Duty::Decide,
    }
}

/// What is known of a person for a task on an application.
async fn candidate(
    act: &mut Act<'_>,
    file: &File,
    account: &AccountId,
    task: Task,
) -> Result<Candidate, Problem> {
    let (db, now) = (&mut act.tx, act.now);
    let (body, company, programme) =
        (&file.application.body_id, &file.application.company_id, &file.programme);
    let members = accounts::store::members(db, body).await?;
    Ok(Candidate {
        holds_role: members.iter().any(|m| &m.account_id == account && m.role == task.role()),
        competent: people::is_competent(db, account, body, &programme.id, now).await?,
        conflict: file::conflict_of(db, programme, account, company, now).await?,
        duties: applications::duties(db, &file.application.id)
            .await?
            .into_iter()
            .filter(|(other, _)| other == account)
            .map(|(_, task)| duty(task))
            .collect(),
        cycles: people::cycles_in_a_row(db, account, company, body).await?,
        cycles_max: programme.rules.assessor_cycles_max,
    })
}

/// Gives somebody a task. The first lead assessor begins the assessment: it is planned with its sample.
#[utoipa::path(post, path = "/api/v1/applications/{id}/assignments", params(("id" = String, Path)),
    request_body = Assign, tag = "applications",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn assign(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Assign>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::Assign, body.version).await?;
    let candidate = candidate(&mut act, &file, &body.account, body.task).await?;
    let state = file.application.state;
    let begins = body.task == Task::Lead && state == ApplicationState::Accepted;
    let to = if begins {
        application::next(state, &ApplicationStep::Assign(&candidate))?
    } else {
        application::assign(state, duty(body.task), &candidate)?;
        state
    };
    let assignment = AssignmentId::new(act.now, &*app.rng);
    let (task, by) = (body.task, &act.actor.account);
    applications::assign(&mut act.tx, &assignment, &id, &body.account, task, by, act.now).await?;
    let moved =
        advance(&mut act, &file.application, ApplicationEvent::Assign.as_str(), to, None).await?;
    if begins {
        plan(&mut act, &file, &body).await?;
    }
    let given = (&assignment, &body.account);
    news::task_given(&mut act.tx, &app, &file.application, given, task).await?;
    act.commit(StatusCode::CREATED, &Written { id: assignment.to_string(), ..moved }).await
}

/// Adds the planned assessment: which facilities are seen and how many workers are heard there.
async fn plan(act: &mut Act<'_>, file: &File, body: &Assign) -> Result<(), Problem> {
    let tx = &mut act.tx;
    let seen_last_time =
        BTreeSet::from_iter(assessments::last_sample(tx, &file.application.company_id).await?);
    let scope = facilities::of_application(tx, &file.application.id).await?;
    let candidates: Vec<_> = scope
        .iter()
        .map(|f| sampling::Candidate {
            facility: Facility { id: f.id.to_string(), kind: f.kind },
            residents: u32::try_from(f.residents).unwrap_or(u32::MAX),
            seen_last_time: seen_last_time.contains(f.id.as_str()),
        })
        .collect();
    let chosen = sampling::facilities(&file.programme, &candidates);
    let sample: Vec<_> = scope
        .iter()
        .filter(|f| chosen.iter().any(|c| c.id == f.id.as_str()))
        .map(|f| assessments::Sampled {
            facility_id: f.id.clone(),
            kind: f.kind,
            name: f.name.clone(),
            address: f.address.clone(),
            interviews_planned: i64::from(sampling::interviews(
                &file.programme,
                u32::try_from(f.workers).unwrap_or(u32::MAX),
            )),
            interviews_held: JsonText::default(),
        })
        .collect();
    let assessment = assessments::Assessment {
        id: AssessmentId::new(act.now, &*act.app.rng),
        application_id: file.application.id.clone(),
        state: AssessmentState::Planned,
        visit_from: body.visit_from.map(Timestamp::as_millisecond),
        visit_to: body.visit_to.map(Timestamp::as_millisecond),
        version: 1,
    };
    let kind = file.application.kind.as_str();
    assessments::insert(tx, &assessment, kind, &sample, act.now).await?;
    Ok(())
}

/// Accepts one's own task.
#[utoipa::path(post, path = "/api/v1/applications/{id}/assignments/{assignment}/accept",
    params(("id" = String, Path), ("assignment" = String, Path)), tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn accept(
    State(app): State<App>,
    Path((id, assignment)): Path<(ApplicationId, AssignmentId)>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    let (mut act, Nothing {}) = write.begin(&app).await?;
    let file = load(&mut act, &id, Action::AcceptAssignment).await?;
    let (by, now) = (&act.actor.account, act.now);
    if !applications::accept_assignment(&mut act.tx, &assignment, &id, by, now).await? {
        return Err(Problem::NotFound("assignment that is yours and waits to be accepted"));
    }
    act.commit(StatusCode::OK, &Written::new(assignment, file.application.version)).await
}

/// Why a task ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// The application's version seen.
    version: i64,
    /// Why.
    reason: Text,
}

/// Ends a task: the person fell ill, or a conflict of interest came up. Another may be given it then.
#[utoipa::path(post, path = "/api/v1/applications/{id}/assignments/{assignment}/end", request_body = End,
    params(("id" = String, Path), ("assignment" = String, Path)), tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn end(
    State(app): State<App>,
    Path((id, assignment)): Path<(ApplicationId, AssignmentId)>,
    write: Write<End>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::Assign, body.version).await?;
    let state = file.application.state;
    Work::EndAssignment.in_state(state)?;
    if !applications::end_assignment(&mut act.tx, &assignment, &id, act.now).await? {
        return Err(Problem::NotFound("assignment in force"));
    }
    let reason = act.keep(&file.application.company_id, &body.reason, "/reason").await?;
    let moved =
        advance(&mut act, &file.application, Work::EndAssignment.as_str(), state, Some(&reason))
            .await?;
    act.commit(StatusCode::OK, &Written { id: assignment.to_string(), ..moved }).await
}
