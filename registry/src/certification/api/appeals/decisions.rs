//! The decisions on an application or a certificate: what the company may appeal, and until when.

use std::collections::BTreeMap;

use akashi_schemas::Programme;
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::term;
use crate::certification::api::certificates::find;
use crate::certification::file::{self, File};
use crate::certification::ids::{AppealId, ApplicationId, DecisionId};
use crate::certification::rules::decision::DecisionKind;
use crate::certification::store::decisions::DecisionRow;
use crate::certification::store::{appeals, certificates, decisions};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys::Subject;
use crate::platform::id::PartyId;
use crate::platform::notes::{self, Shown};
use crate::platform::problem::{Problem, ProblemDetails};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(on_application)).routes(routes!(on_certificate))
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionView {
    id: DecisionId,
    #[schema(value_type = String)]
    kind: DecisionKind,
    /// Of a suspension: its cause.
    cause: Option<String>,
    /// The level granted, or reduced to.
    level: Option<String>,
    at: String,
    /// Why; never public.
    reason: Shown,
    /// What is said in public.
    public_reason: Option<String>,
    /// Until when the company may appeal; none for a decision that takes nothing from it.
    appeal_until: Option<String>,
    /// The appeal against it.
    appeal: Option<AppealId>,
    /// The appeal that it follows from.
    follows_from: Option<AppealId>,
}

/// The decisions on an application or a certificate, oldest first.
async fn view(
    db: &mut AnyConnection,
    app: &App,
    affair: &str,
    company: &PartyId,
    programme: &Programme,
) -> Result<Json<Vec<DecisionView>>, Problem> {
    let rows = decisions::on(db, affair).await?;
    let mut against: BTreeMap<DecisionId, AppealId> =
        appeals::against(db, affair).await?.into_iter().collect();
    let reasons: Vec<_> = rows.iter().map(|row| &row.reason_note).collect();
    let notes = notes::read(db, app, Subject::Party(company), &reasons).await?;
    let view = |row: DecisionRow| {
        Ok(DecisionView {
            appeal_until: term(programme, &row)?,
            reason: notes.of(&row.reason_note)?,
            appeal: against.remove(&row.id),
            kind: row.kind,
            cause: row.cause,
            level: row.level,
            at: rfc3339(row.at),
            public_reason: row.public_reason,
            follows_from: row.appeal_id,
            id: row.id,
        })
    };
    Ok(Json(rows.into_iter().map(view).collect::<Result<_, Problem>>()?))
}

/// The decisions on an application, oldest first.
#[utoipa::path(get, path = "/api/v1/applications/{id}/decisions", params(("id" = String, Path)), tag = "decisions",
    responses((status = 200, body = Vec<DecisionView>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn on_application(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ApplicationId>,
) -> Result<Json<Vec<DecisionView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let file = File::load(&mut db, &id).await?;
    actor.authorise(Action::ReadApplication, &file.subject, "application")?;
    let company = &file.application.company_id;
    view(&mut db, &app, id.as_str(), company, &file.programme).await
}

/// The decisions on a certificate, oldest first.
#[utoipa::path(get, path = "/api/v1/certificates/{number}/decisions", params(("number" = String, Path)),
    tag = "decisions",
    responses((status = 200, body = Vec<DecisionView>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn on_certificate(
    State(app): State<App>,
    actor: Actor,
    Path(number): Path<String>,
) -> Result<Json<Vec<DecisionView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = find(&mut db, &number).await?;
    actor.authorise(Action::ReadCertificate, &row.subject(), "certificate")?;
    let version = certificates::latest_version(&mut db, &row.id).await?;
    let programme = file::programme(&mut db, &version.programme_version_id).await?;
    view(&mut db, &app, row.id.as_str(), &row.company_id, &programme).await
}
