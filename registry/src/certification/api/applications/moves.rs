//! The moves of an application until it is taken on.

use axum::extract::{Path, State};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Move, MoveWithReason, finish, open};
use crate::certification::api::Written;
use crate::certification::file::{self, File};
use crate::certification::ids::ApplicationId;
use crate::certification::rules::application::{
    self, Admission, ApplicationEvent, ApplicationStep, Submission,
};
use crate::certification::rules::scope::Facility;
use crate::certification::store::{
    applications, assessments, decisions, facilities, parties, people, programmes,
};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Task};
use crate::platform::clock::instant;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(submit))
        .routes(routes!(withdraw))
        .routes(routes!(accept))
        .routes(routes!(give_back))
        .routes(routes!(decline))
        .routes(routes!(cancel))
}

/// Hands the application in: the agreement accepted, a facility in scope, every question that applies answered.
#[utoipa::path(post, path = "/api/v1/applications/{id}/submit", params(("id" = String, Path)), request_body = Move,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn submit(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::MoveApplication, body.version).await?;
    let tx = &mut act.tx;
    let scope = facilities::of_application(tx, &id).await?;
    let scope: Vec<_> =
        scope.into_iter().map(|f| Facility { id: f.id.to_string(), kind: f.kind }).collect();
    let answers = applications::answers(tx, &id).await?;
    let answered = answers.into_iter().map(|a| (a.criterion, a.facility_id.to_string())).collect();
    let step = ApplicationStep::Submit(Submission {
        programme: &file.programme,
        agreement_accepted: applications::agreed_terms(tx, &id).await?.is_some(),
        may_be_shown: parties::get(tx, &file.application.company_id)
            .await?
            .is_some_and(|company| company.may_be_shown()),
        facilities: &scope,
        facts: file.facts(),
        answered: &answered,
        waiting_until: waiting_until(tx, &file, act.now).await?,
    });
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, None).await
}

/// The end of the waiting time after the company's last refusal by the body, if it is not over.
async fn waiting_until(
    db: &mut sqlx::AnyConnection,
    file: &File,
    now: jiff::Timestamp,
) -> Result<Option<jiff::Timestamp>, Problem> {
    let (company, body) = (&file.application.company_id, &file.application.body_id);
    let refused = decisions::last_refusal(db, company, body, &file.programme.id).await?;
    let days = file.programme.rules.refusal_waiting_days;
    let until = match refused {
        Some(at) => Some(file::zone(&file.programme)?.after_days(instant(at), days)),
        None => None,
    };
    Ok(until.filter(|until| *until >= now))
}

/// Takes the application back.
#[utoipa::path(post, path = "/api/v1/applications/{id}/withdraw", params(("id" = String, Path)), request_body = Move,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn withdraw(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::MoveApplication, body.version).await?;
    let to = application::next(
        file.application.state,
        &ApplicationStep::Withdraw(file.application.kind),
    )?;
    finish(act, &file, ApplicationEvent::Withdraw, to, None).await
}

/// Takes the application on, after the application review of ISO/IEC 17065, 7.3.
#[utoipa::path(post, path = "/api/v1/applications/{id}/accept", params(("id" = String, Path)), request_body = Move,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn accept(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::ReviewApplication, body.version).await?;
    let step = ApplicationStep::Accept(admission(&mut act, &file).await?);
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, None).await
}

/// What the body knows of itself and of the company when it takes an application on.
async fn admission(act: &mut Act<'_>, file: &File) -> Result<Admission, Problem> {
    let Act { tx, actor, now, .. } = act;
    let (body, programme) = (&file.application.body_id, &file.programme);
    let mut competent = false;
    for member in accounts::store::members(tx, body).await? {
        let account = &member.account_id;
        let known = people::is_competent(tx, account, body, &programme.id, *now).await?;
        competent |= known && member.role == Task::Lead.role();
    }
    let company = &file.application.company_id;
    Ok(Admission {
        authorised: programmes::is_authorised(tx, body, &programme.id, *now).await?,
        competent,
        conflict: file::conflict_of(tx, programme, &actor.account, company, *now).await?,
    })
}

/// Gives the application back to be completed.
#[utoipa::path(post, path = "/api/v1/applications/{id}/return", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn give_back(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::ReviewApplication, body.version).await?;
    file.impartial(&mut act.tx, &act.actor.account, act.now).await?;
    let step = ApplicationStep::Return(&body.reason.text);
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, Some(&body.reason)).await
}

/// Declines the application.
#[utoipa::path(post, path = "/api/v1/applications/{id}/decline", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn decline(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::ReviewApplication, body.version).await?;
    file.impartial(&mut act.tx, &act.actor.account, act.now).await?;
    let step = ApplicationStep::Decline(&body.reason.text);
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, Some(&body.reason)).await
}

/// Takes back a surveillance or special assessment that was opened by mistake, before its assessment starts.
#[utoipa::path(post, path = "/api/v1/applications/{id}/cancel", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn cancel(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::CancelAssessment, body.version).await?;
    let assessment = assessments::of_application(&mut act.tx, &id).await?;
    let step = ApplicationStep::Cancel {
        kind: file.application.kind,
        assessment: assessment.map(|assessment| assessment.state),
        reason: &body.reason.text,
    };
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, Some(&body.reason)).await
}
