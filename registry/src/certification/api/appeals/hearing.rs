//! An appeal is admitted, and heard by its panel.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Affair, appeal_until};
use crate::certification::api::applications::{self as application_api, Move, MoveWithReason};
use crate::certification::api::certificates::overturned::{self, Overturning};
use crate::certification::api::{Written, check_public_reason, check_version};
use crate::certification::file;
use crate::certification::ids::{AppealId, ApplicationId, CertificateId, DecisionId};
use crate::certification::rules::appeal::{self, AppealOutcome, AppealState, AppealStep, Undoing};
use crate::certification::rules::application::{self, ApplicationState, ApplicationStep};
use crate::certification::rules::decision::DecisionKind;
use crate::certification::rules::involvement::Involvement;
use crate::certification::store::appeals::{self, Appeal};
use crate::certification::store::decisions::{self, DecisionRow};
use crate::certification::store::{Transition, applications};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, PANEL_ROLES};
use crate::platform::clock::instant;
use crate::platform::id::{AccountId, NoteId};
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(admit))
        .routes(routes!(reject))
        .routes(routes!(name_panel))
        .routes(routes!(find))
}

/// How many people a panel may have.
const PANEL_MAX: usize = 9;

/// An appeal loaded for a write.
struct Loaded {
    appeal: Appeal,
    decision: DecisionRow,
    affair: Affair,
}

/// Opens an appeal for a write: its company held, authorised, at the version that its writer saw.
async fn open(
    act: &mut Act<'_>,
    id: &AppealId,
    action: Action,
    seen: i64,
) -> Result<Loaded, Problem> {
    let gone = || Problem::NotFound("appeal");
    let company = appeals::company(&mut act.tx, id).await?.ok_or_else(gone)?;
    act.hold(&company).await?;
    let appeal = appeals::get(&mut act.tx, id).await?.ok_or_else(gone)?;
    let subject = appeals::subject(&mut act.tx, &appeal).await?;
    act.authorise(action, &subject, "appeal", id.as_str()).await?;
    check_version(seen, appeal.version)?;
    let decision = decisions::get(&mut act.tx, &appeal.decision_id).await?;
    let decision = decision.ok_or(sqlx::Error::RowNotFound)?;
    let affair = Affair::of(&mut act.tx, &decision).await?;
    Ok(Loaded { appeal, decision, affair })
}

/// Writes an appeal's move; gives its new version.
async fn advance(
    act: &mut Act<'_>,
    appeal: &Appeal,
    event: &'static str,
    to: AppealState,
    reason: Option<&NoteId>,
) -> Result<i64, Problem> {
    let transition = Transition { event, by: &act.actor.account, reason, at: act.now };
    Ok(appeals::advance(&mut act.tx, appeal, to, &transition).await?)
}

/// Takes the appeal up: it came in time and in form.
#[utoipa::path(post, path = "/api/v1/appeals/{id}/admit", params(("id" = String, Path)), request_body = Move,
    tag = "appeals", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn admit(
    State(app): State<App>,
    Path(id): Path<AppealId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let Loaded { appeal, decision, affair } =
        open(&mut act, &id, Action::AdmitAppeal, body.version).await?;
    let until = instant(appeal_until(&affair.programme, decision.at)?);
    let step = AppealStep::Admit { filed_at: instant(appeal.filed_at), until };
    let to = appeal::next(appeal.state, &step)?;
    let version = advance(&mut act, &appeal, step.event().as_str(), to, None).await?;
    act.commit(StatusCode::OK, &Written::moved(&id, to.as_str(), version)).await
}

/// Does not take the appeal up: it came too late, or not in form.
#[utoipa::path(post, path = "/api/v1/appeals/{id}/reject", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "appeals",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn reject(
    State(app): State<App>,
    Path(id): Path<AppealId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let Loaded { appeal, .. } = open(&mut act, &id, Action::AdmitAppeal, body.version).await?;
    let step = AppealStep::Reject(&body.reason.text);
    let to = appeal::next(appeal.state, &step)?;
    let reason = act.keep(&appeal.company_id, &body.reason, "/reason").await?;
    let version = advance(&mut act, &appeal, step.event().as_str(), to, Some(&reason)).await?;
    act.commit(StatusCode::OK, &Written::moved(&id, to.as_str(), version)).await
}

/// Who hears an appeal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamePanel {
    version: i64,
    /// Decision makers or reviewers of the body who had no part in what is appealed; in place of any named before.
    members: Vec<AccountId>,
}

/// Names who hears the appeal.
#[utoipa::path(post, path = "/api/v1/appeals/{id}/panel", params(("id" = String, Path)), request_body = NamePanel,
    tag = "appeals", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn name_panel(
    State(app): State<App>,
    Path(id): Path<AppealId>,
    write: Write<NamePanel>,
) -> Result<Response, Problem> {
    let (mut act, mut body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::AdmitAppeal, body.version).await?;
    body.members.sort();
    body.members.dedup();
    if body.members.len() > PANEL_MAX {
        let detail = format!("names more than {PANEL_MAX} people");
        return Err(Problem::invalid("/members", detail));
    }
    let mut involved = Vec::new();
    for member in &body.members {
        involved.push(involvement(&mut act, &loaded, member).await?);
    }
    let step = AppealStep::Panel(&involved);
    let to = appeal::next(loaded.appeal.state, &step)?;
    appeals::name_panel(&mut act.tx, &id, &body.members).await?;
    let version = advance(&mut act, &loaded.appeal, step.event().as_str(), to, None).await?;
    act.commit(StatusCode::OK, &Written::moved(&id, to.as_str(), version)).await
}

/// What part somebody had in what is appealed.
async fn involvement(
    act: &mut Act<'_>,
    Loaded { affair, .. }: &Loaded,
    account: &AccountId,
) -> Result<Involvement, Problem> {
    let (db, now) = (&mut act.tx, act.now);
    let members = accounts::store::members(db, &affair.body).await?;
    let fit = members.iter().any(|m| &m.account_id == account && PANEL_ROLES.contains(&m.role));
    let Affair { company, programme, .. } = affair;
    file::involvement(db, (account, fit), affair.id(), company, programme, now).await
}

/// What the panel finds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Find {
    version: i64,
    outcome: AppealOutcome,
    /// Why; the company and the body read it.
    reason: Text,
    /// What is said in public where something public changes; a plain sentence when absent.
    public_reason: Option<String>,
}

/// What was found, and what followed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Found {
    #[serde(flatten)]
    written: Written,
    /// The decision that undoes the one appealed, where one could be made at once.
    decision: Option<DecisionId>,
}

/// Says what the panel finds. What is overturned is undone by a new decision; a refusal goes back to its decision maker.
#[utoipa::path(post, path = "/api/v1/appeals/{id}/outcome", params(("id" = String, Path)), request_body = Find,
    tag = "appeals", responses((status = 200, body = Found), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn find(
    State(app): State<App>,
    Path(id): Path<AppealId>,
    write: Write<Find>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, Action::HearAppeal, body.version).await?;
    body.public_reason.as_deref().map_or(Ok(()), check_public_reason)?;
    let account = act.actor.account.clone();
    let member = involvement(&mut act, &loaded, &account).await?;
    let step =
        AppealStep::Find { outcome: body.outcome, reason: &body.reason.text, member: &member };
    let to = appeal::next(loaded.appeal.state, &step)?;
    let reason = act.keep(&loaded.affair.company, &body.reason, "/reason").await?;
    let event = step.event().as_str();
    let version = advance(&mut act, &loaded.appeal, event, to, Some(&reason)).await?;
    let decision = undo(&mut act, &loaded, &body, &reason).await?;
    let written = Written::moved(&id, to.as_str(), version);
    act.commit(StatusCode::OK, &Found { written, decision }).await
}

/// Undoes what was decided, as far as the finding and the decision's kind say; gives the decision that does it.
async fn undo(
    act: &mut Act<'_>,
    Loaded { appeal, decision, affair }: &Loaded,
    body: &Find,
    reason: &NoteId,
) -> Result<Option<DecisionId>, Problem> {
    if let Some(application) = &affair.application {
        let undoing = appeal::undoing(decision.kind, body.outcome, true);
        if undoing == Undoing::Reopen {
            reopen(act, application, decision.kind, reason).await?;
        }
        return Ok(None);
    }
    let Some(certificate) = &affair.certificate else { return Ok(None) };
    let overturning = Overturning {
        appeal: &appeal.id,
        reason: &body.reason,
        public_reason: body.public_reason.as_deref(),
    };
    undo_on_certificate(act, certificate, decision, body.outcome, overturning).await
}

/// Brings a refused application back to its decision, with the panel's reason.
async fn reopen(
    act: &mut Act<'_>,
    application: &ApplicationId,
    kind: DecisionKind,
    reason: &NoteId,
) -> Result<(), Problem> {
    let row = applications::get(&mut act.tx, application).await?;
    let row = row.ok_or(sqlx::Error::RowNotFound)?;
    let step = ApplicationStep::Reopen { refused: kind == DecisionKind::Refuse };
    let to: ApplicationState = application::next(row.state, &step)?;
    application_api::advance(act, &row, step.event().as_str(), to, Some(reason)).await?;
    Ok(())
}

async fn undo_on_certificate(
    act: &mut Act<'_>,
    certificate: &CertificateId,
    decision: &DecisionRow,
    outcome: AppealOutcome,
    overturning: Overturning<'_>,
) -> Result<Option<DecisionId>, Problem> {
    let certificate = overturned::appealed(act, certificate).await?;
    let in_force = overturned::is_in_force(act, &certificate, decision).await?;
    match appeal::undoing(decision.kind, outcome, in_force) {
        Undoing::Reinstate => {
            overturned::lift_suspension(act, &certificate, overturning).await.map(Some)
        }
        Undoing::Restore => overturned::restore(act, certificate, overturning).await.map(Some),
        Undoing::Note => {
            overturned::note_withdrawal(act, &certificate, overturning).await.map(|()| None)
        }
        Undoing::Nothing | Undoing::Reopen => Ok(None),
    }
}
