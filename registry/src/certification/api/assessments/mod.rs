//! Assessments: started, rated, completed, reviewed, reported.

pub(in crate::certification) mod moves;
pub(in crate::certification) mod ratings;
pub(in crate::certification) mod report;
pub(in crate::certification) mod review;
pub(in crate::certification) mod views;

use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use crate::certification::api::{Written, check_version};
use crate::certification::file::AssessmentFile;
use crate::certification::ids::AssessmentId;
use crate::certification::rules::application::Work;
use crate::certification::rules::assessment::{
    self, AssessmentEvent, AssessmentState, AssessmentStep,
};
use crate::certification::store::assessments::Assessment;
use crate::certification::store::{Transition, assessments};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::id::NoteId;
use crate::platform::notes::Text;
use crate::platform::problem::Problem;
use crate::platform::write::Act;

pub(super) use ratings::{Rate, append_rating};
pub(super) use report::Report;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(moves::routes())
        .merge(ratings::routes())
        .merge(report::routes())
        .merge(review::routes())
        .merge(views::routes())
}

/// Opens an assessment's file for a write: its company held, authorised, at the version that its writer saw, of an application that
/// is assessed, by somebody without a conflict of interest.
async fn open(
    act: &mut Act<'_>,
    id: &AssessmentId,
    event: AssessmentEvent,
    seen: Option<i64>,
) -> Result<AssessmentFile, Problem> {
    let company = assessments::company(&mut act.tx, id).await?;
    act.hold(&company.ok_or(Problem::NotFound("assessment"))?).await?;
    let loaded = AssessmentFile::load(&mut act.tx, id).await?;
    let action = match event {
        AssessmentEvent::Rate => Action::Rate,
        AssessmentEvent::Return | AssessmentEvent::Recommend => Action::Review,
        _ => Action::MoveAssessment,
    };
    act.authorise(action, &loaded.file.subject, "assessment", id.as_str()).await?;
    if let Some(seen) = seen {
        check_version(seen, loaded.assessment.version)?;
    }
    // An application that was taken back takes its assessment with it, wherever that stands.
    Work::Assess.in_state(loaded.file.application.state)?;
    loaded.file.impartial(&mut act.tx, &act.actor.account, act.now).await?;
    Ok(loaded)
}

/// Writes an assessment's move, which the rules allowed.
pub(super) async fn advance(
    act: &mut Act<'_>,
    assessment: &Assessment,
    event: AssessmentEvent,
    to: AssessmentState,
    reason: Option<&NoteId>,
) -> Result<Written, Problem> {
    let event = event.as_str();
    let transition = Transition { event, by: &act.actor.account, reason, at: act.now };
    let version = assessments::advance(&mut act.tx, assessment, to, &transition).await?;
    Ok(Written::moved(&assessment.id, to.as_str(), version))
}

/// Writes a move with the reason given for it, and commits.
async fn finish(
    mut act: Act<'_>,
    loaded: &AssessmentFile,
    event: AssessmentEvent,
    to: AssessmentState,
    reason: Option<&Text>,
) -> Result<Response, Problem> {
    let company = &loaded.file.application.company_id;
    let note = act.keep_optional(company, reason, "/reason").await?;
    let written = advance(&mut act, &loaded.assessment, event, to, note.as_ref()).await?;
    act.commit(StatusCode::OK, &written).await
}

/// Moves an assessment on to the review when nothing more is waited for.
pub(super) async fn settle(act: &mut Act<'_>, loaded: &AssessmentFile) -> Result<(), Problem> {
    let standings = loaded.standings(&mut act.tx, act.now).await?;
    let step = AssessmentStep::Settle(&standings);
    if let Ok(to) = assessment::next(loaded.assessment.state, &step) {
        advance(act, &loaded.assessment, step.event(), to, None).await?;
    }
    Ok(())
}
