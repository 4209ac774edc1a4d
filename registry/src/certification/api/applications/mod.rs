//! Applications: filled in, handed in, looked at, taken on.

pub(in crate::certification) mod draft;
pub(in crate::certification) mod moves;
pub(in crate::certification) mod views;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::certification::api::{Written, check_version};
use crate::certification::file::File;
use crate::certification::ids::ApplicationId;
use crate::certification::news;
use crate::certification::rules::application::{ApplicationEvent, ApplicationState};
use crate::certification::store::applications::Application;
use crate::certification::store::{Transition, applications};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::id::NoteId;
use crate::platform::mail::Kind;
use crate::platform::notes::Text;
use crate::platform::problem::Problem;
use crate::platform::write::Act;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(draft::routes()).merge(moves::routes()).merge(views::routes())
}

/// A move that takes no more than the version seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    pub(super) version: i64,
}

/// A move with a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveWithReason {
    pub(super) version: i64,
    /// Why.
    pub(super) reason: Text,
}

/// Opens an application's file for a write: its company held, authorised.
pub(super) async fn load(
    act: &mut Act<'_>,
    id: &ApplicationId,
    action: Action,
) -> Result<File, Problem> {
    let company = applications::company(&mut act.tx, id).await?;
    act.hold(&company.ok_or(Problem::NotFound("application"))?).await?;
    let file = File::load(&mut act.tx, id).await?;
    act.authorise(action, &file.subject, "application", id.as_str()).await?;
    Ok(file)
}

/// The same, at the version that its writer saw.
pub(super) async fn open(
    act: &mut Act<'_>,
    id: &ApplicationId,
    action: Action,
    seen: i64,
) -> Result<File, Problem> {
    let file = load(act, id, action).await?;
    check_version(seen, file.application.version)?;
    Ok(file)
}

/// Writes an application's move, which the rules allowed.
pub(super) async fn advance(
    act: &mut Act<'_>,
    application: &Application,
    event: &'static str,
    to: ApplicationState,
    reason: Option<&NoteId>,
) -> Result<Written, Problem> {
    let transition = Transition { event, by: &act.actor.account, reason, at: act.now };
    let version = applications::advance(&mut act.tx, application, to, &transition).await?;
    Ok(Written::moved(&application.id, to.as_str(), version))
}

/// Writes a move with the reason given for it, and commits.
async fn finish(
    mut act: Act<'_>,
    file: &File,
    event: ApplicationEvent,
    to: ApplicationState,
    reason: Option<&Text>,
) -> Result<Response, Problem> {
    let note = act.keep_optional(&file.application.company_id, reason, "/reason").await?;
    let written = advance(&mut act, &file.application, event.as_str(), to, note.as_ref()).await?;
    let told = match event {
        ApplicationEvent::Return => Some(Kind::Returned),
        ApplicationEvent::Accept => Some(Kind::Accepted),
        ApplicationEvent::Decline => Some(Kind::Declined),
        _ => None,
    };
    if let Some(kind) = told {
        news::applicants(&mut act.tx, act.app, &file.application, kind).await?;
    }
    act.commit(StatusCode::OK, &written).await
}
