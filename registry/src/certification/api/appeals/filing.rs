//! An appeal is filed, and read by those who have to do with it.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Affair, term};
use crate::certification::api::Written;
use crate::certification::ids::{AppealId, ApplicationId, DecisionId};
use crate::certification::news;
use crate::certification::rules::appeal::{self, AppealState};
use crate::certification::rules::decision::DecisionKind;
use crate::certification::store::appeals::{self, Appeal};
use crate::certification::store::{certificates, decisions};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys::Subject;
use crate::platform::id::{AccountId, PartyId};
use crate::platform::notes::{self, Shown, Text};
use crate::platform::paging::{After, PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::Write;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(file_appeal)).routes(routes!(get))
}

/// An appeal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileAppeal {
    /// Against which decision.
    decision: DecisionId,
    /// Why.
    grounds: Text,
}

/// Files an appeal against a decision that took something from the company. The decision goes on counting.
///
/// What comes after its term is taken too, so that the body says itself that it was too late.
#[utoipa::path(post, path = "/api/v1/appeals", request_body = FileAppeal, tag = "appeals",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn file_appeal(
    State(app): State<App>,
    write: Write<FileAppeal>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let none = || Problem::NotFound("decision");
    let decision = decisions::get(&mut act.tx, &body.decision).await?.ok_or_else(none)?;
    let affair = Affair::of(&mut act.tx, &decision).await?;
    act.hold(&affair.company).await?;
    act.authorise(Action::Appeal, &affair.subject(), "decision", decision.id.as_str()).await?;
    if !appeal::may_be_appealed(decision.kind) {
        return Err(Problem::invalid(
            "/decision",
            "took nothing from the company: a refusal, suspension, reduction or withdrawal may be appealed",
        ));
    }
    let grounds_note = act.keep(&affair.company, &body.grounds, "/grounds").await?;
    let appeal = Appeal {
        id: AppealId::new(act.now, &*app.rng),
        decision_id: decision.id,
        application_id: affair.application,
        certificate_id: affair.certificate,
        company_id: affair.company,
        body_id: affair.body,
        state: AppealState::Filed,
        grounds_note,
        filed_at: act.now.as_millisecond(),
        version: 1,
    };
    let inserted = appeals::insert(&mut act.tx, &appeal, &act.actor.account).await;
    inserted.map_err(|error| match Problem::from(error) {
        Problem::Duplicate(_) => Problem::Duplicate("This decision was appealed before.".into()),
        other => other,
    })?;
    news::appeal_filed(&mut act.tx, &app, &appeal.body_id, &appeal.id).await?;
    let written = Written::moved(&appeal.id, appeal.state.as_str(), appeal.version);
    act.commit(StatusCode::CREATED, &written).await
}

/// An appeal in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppealRow {
    id: AppealId,
    decision: DecisionId,
    company: PartyId,
    body: PartyId,
    #[schema(value_type = String)]
    state: AppealState,
    filed_at: String,
    version: i64,
}

impl From<Appeal> for AppealRow {
    fn from(row: Appeal) -> Self {
        Self {
            id: row.id,
            decision: row.decision_id,
            company: row.company_id,
            body: row.body_id,
            state: row.state,
            filed_at: rfc3339(row.filed_at),
            version: row.version,
        }
    }
}

/// The appeals that one has to do with, oldest first.
#[utoipa::path(get, path = "/api/v1/appeals", params(After), tag = "appeals",
    responses((status = 200, body = Page<AppealRow>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(after): Query<After>,
) -> Result<Json<Page<AppealRow>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let rows = appeals::of_account(&mut db, &actor.account, after.id(), PAGE_ROWS + 1).await?;
    let page = Page::cut(rows, |row| row.id.to_string());
    let items = page.items.into_iter().map(AppealRow::from).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// Somebody who hears an appeal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PanelMember {
    account: AccountId,
    name: String,
}

/// A move of an appeal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppealEventView {
    event: String,
    to: String,
    reason: Option<Shown>,
    at: String,
}

/// An appeal with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppealView {
    #[serde(flatten)]
    row: AppealRow,
    /// What was decided.
    #[schema(value_type = String)]
    kind: DecisionKind,
    decided_at: String,
    /// The application that was refused.
    application: Option<ApplicationId>,
    /// The number of the certificate that was decided on.
    certificate: Option<String>,
    /// Until when the appeal could be filed.
    until: Option<String>,
    grounds: Shown,
    /// Who hears it.
    panel: Vec<PanelMember>,
    events: Vec<AppealEventView>,
}

/// An appeal with its grounds, its panel and what was found.
#[utoipa::path(get, path = "/api/v1/appeals/{id}", params(("id" = String, Path)), tag = "appeals",
    responses((status = 200, body = AppealView), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<AppealId>,
) -> Result<Json<AppealView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = appeals::get(&mut db, &id).await?.ok_or(Problem::NotFound("appeal"))?;
    let subject = appeals::subject(&mut db, &row).await?;
    actor.authorise(Action::ReadAppeal, &subject, "appeal")?;
    let decision = decisions::get(&mut db, &row.decision_id).await?;
    let decision = decision.ok_or(sqlx::Error::RowNotFound)?;
    let affair = Affair::of(&mut db, &decision).await?;
    let certificate = match &row.certificate_id {
        Some(id) => certificates::get(&mut db, id).await?.map(|certificate| certificate.number),
        None => None,
    };
    let events = appeals::events(&mut db, &id).await?;
    let reasons = events.iter().filter_map(|(.., reason, _)| reason.as_ref());
    let ids: Vec<_> = [&row.grounds_note].into_iter().chain(reasons).collect();
    let notes = notes::read(&mut db, &app, Subject::Party(&row.company_id), &ids).await?;
    let event = |(event, to, reason, at)| {
        let reason: Option<_> = reason;
        Ok(AppealEventView {
            event,
            to,
            reason: notes.of_optional(reason.as_ref())?,
            at: rfc3339(at),
        })
    };
    let panel = appeals::panel(&mut db, &id).await?;
    Ok(Json(AppealView {
        kind: decision.kind,
        decided_at: rfc3339(decision.at),
        application: row.application_id.clone(),
        certificate,
        until: term(&affair.programme, &decision)?,
        grounds: notes.of(&row.grounds_note)?,
        panel: panel.into_iter().map(|(account, name)| PanelMember { account, name }).collect(),
        events: events.into_iter().map(event).collect::<Result<_, Problem>>()?,
        row: row.into(),
    }))
}
