//! Impartiality and competence of a body's people, and the audit trail.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Written;
use crate::certification::ids::{CompetenceId, ConflictId};
use crate::certification::rules::conflict::TieKind;
use crate::certification::store::{parties, people, programmes};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::audit;
use crate::platform::authorisation::{Action, Actor, Subject};
use crate::platform::id::{AccountId, PartyId};
use crate::platform::paging::{PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::Write;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(declare))
        .routes(routes!(record_competence))
        .routes(routes!(audit_trail))
}

/// A conflict of interest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declare {
    /// With which party.
    party: PartyId,
    /// What ties the person to it.
    #[schema(value_type = String)]
    kind: TieKind,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Until when; absent while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Whose, when a quality manager records it for one of the body's people; absent for one's own.
    account: Option<AccountId>,
    /// The body for which a quality manager records it.
    body: Option<PartyId>,
}

/// Declares one's own conflict of interest, or records one of a body's people.
#[utoipa::path(post, path = "/api/v1/conflicts", request_body = Declare, tag = "duties",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn declare(
    State(app): State<App>,
    write: Write<Declare>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = ConflictId::new(act.now, &*app.rng);
    act.hold(&body.party).await?;
    let account = match body.account {
        Some(account) if account != act.actor.account => {
            let subject = Subject { body: body.body, ..Subject::default() };
            act.authorise(Action::RecordConflict, &subject, "conflict", id.as_str()).await?;
            let members = match &subject.body {
                Some(body) => accounts::store::members(&mut act.tx, body).await?,
                None => Vec::new(),
            };
            if !members.iter().any(|member| member.account_id == account) {
                return Err(Problem::invalid("/account", "is no member of the body"));
            }
            account
        }
        _ => {
            act.authorise(Action::DeclareConflict, &Subject::default(), "conflict", id.as_str())
                .await?;
            act.actor.account.clone()
        }
    };
    parties::get(&mut act.tx, &body.party)
        .await?
        .ok_or_else(|| Problem::invalid("/party", "is no party here"))?;
    accounts::store::account(&mut act.tx, &account)
        .await?
        .ok_or_else(|| Problem::invalid("/account", "is no account here"))?;
    if body.until.is_some_and(|until| until < body.from) {
        return Err(Problem::invalid("/until", "is before its beginning"));
    }
    let conflict = people::Conflict {
        id: &id,
        account: &account,
        party: &body.party,
        kind: body.kind.as_str(),
        from: body.from.as_millisecond(),
        until: body.until.map(Timestamp::as_millisecond),
        by: &act.actor.account,
    };
    people::add_conflict(&mut act.tx, &conflict, act.now).await?;
    let written = Written::new(&id, 1);
    act.commit(StatusCode::CREATED, &written).await
}

/// A competence.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordCompetence {
    /// The body that records it.
    body: PartyId,
    /// Whose.
    account: AccountId,
    /// For which programme.
    programme: String,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Until when; absent while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Records that one of a body's people is competent for a programme.
#[utoipa::path(post, path = "/api/v1/competences", request_body = RecordCompetence, tag = "duties",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn record_competence(
    State(app): State<App>,
    write: Write<RecordCompetence>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = CompetenceId::new(act.now, &*app.rng);
    let subject = Subject { body: Some(body.body.clone()), ..Subject::default() };
    act.authorise(Action::RecordCompetence, &subject, "competence", id.as_str()).await?;
    let members = accounts::store::members(&mut act.tx, &body.body).await?;
    if !members.iter().any(|member| member.account_id == body.account) {
        return Err(Problem::invalid("/account", "is no member of the body"));
    }
    if programmes::owner(&mut act.tx, &body.programme).await?.is_none() {
        return Err(Problem::invalid("/programme", "is no programme here"));
    }
    if body.until.is_some_and(|until| until < body.from) {
        return Err(Problem::invalid("/until", "is before its beginning"));
    }
    let until = body.until.map(Timestamp::as_millisecond);
    let (from, now) = (body.from.as_millisecond(), act.now);
    people::add_competence(
        &mut act.tx,
        &id,
        &body.account,
        &body.body,
        &body.programme,
        from,
        until,
        &act.actor.account,
        now,
    )
    .await?;
    act.commit(StatusCode::CREATED, &Written::new(id, 1)).await
}

/// Which audit trail to read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// The party whose affairs to read of; absent for an operator, who reads all.
    party: Option<PartyId>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The audit trail: ids and words, never content.
#[utoipa::path(get, path = "/api/v1/audit", params(AuditQuery), tag = "duties",
    responses((status = 200, body = Page<audit::Entry>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn audit_trail(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<audit::Entry>>, Problem> {
    let subject = Subject { body: query.party.clone(), ..Subject::default() };
    actor.authorise(Action::ReadAudit, &subject, "audit trail")?;
    let after = query.cursor.as_deref().unwrap_or_default();
    let party = query.party.as_ref();
    let mut db = app.db.reader().acquire().await?;
    let rows = audit::page(&mut db, party, after, PAGE_ROWS + 1).await?;
    Ok(Json(Page::cut(rows, |row: &audit::Entry| row.id.clone())))
}
