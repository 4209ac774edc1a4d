//! Fees: what an application costs, as the body quotes it, and what of it is paid.

use akashi_schemas::misleading::misleads;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::applications::{Move, load};
use super::{Written, check_version};
use crate::certification::file::File;
use crate::certification::ids::{ApplicationId, FeeId};
use crate::certification::rules::application::Work;
use crate::certification::rules::fee::{self, FeeEvent, FeeState};
use crate::certification::store::fees::{self, Fee};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::clock::rfc3339;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(quote))
        .routes(routes!(invoice))
        .routes(routes!(pay))
}

/// A fee that is quoted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quote {
    /// For what: one line.
    item: String,
    /// In the currency's smallest unit.
    amount: i64,
    /// ISO 4217.
    currency: String,
}

impl Quote {
    fn check(&self) -> Result<(), Problem> {
        let item = self.item.trim();
        if item.is_empty() || item.chars().count() > 200 || misleads(item) {
            let detail = "must be one line of 1 to 200 characters that can be seen";
            return Err(Problem::invalid("/item", detail));
        }
        if self.amount < 0 {
            return Err(Problem::invalid("/amount", "must not be below zero"));
        }
        let code = &self.currency;
        if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(Problem::invalid(
                "/currency",
                "must be three capital letters, such as JPY",
            ));
        }
        Ok(())
    }
}

/// Quotes a fee for an application: the company reads it before it is invoiced.
#[utoipa::path(post, path = "/api/v1/applications/{id}/fees", params(("id" = String, Path)), request_body = Quote,
    tag = "fees", responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn quote(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Quote>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = load(&mut act, &id, Action::HandleFee).await?;
    Work::Quote.in_state(file.application.state)?;
    body.check()?;
    let fee = Fee {
        id: FeeId::new(act.now, &*app.rng),
        application_id: id,
        item: body.item.trim().to_owned(),
        amount: body.amount,
        currency: body.currency,
        state: FeeState::Quoted,
        quoted_at: act.now.as_millisecond(),
        invoiced_at: None,
        paid_at: None,
        version: 1,
    };
    fees::insert(&mut act.tx, &fee, &act.actor.account).await?;
    let written = Written::moved(&fee.id, fee.state.as_str(), fee.version);
    act.commit(StatusCode::CREATED, &written).await
}

/// A fee.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeeView {
    id: FeeId,
    item: String,
    /// In the currency's smallest unit.
    amount: i64,
    currency: String,
    #[schema(value_type = String)]
    state: FeeState,
    quoted_at: String,
    invoiced_at: Option<String>,
    paid_at: Option<String>,
    version: i64,
}

impl From<Fee> for FeeView {
    fn from(fee: Fee) -> Self {
        Self {
            id: fee.id,
            item: fee.item,
            amount: fee.amount,
            currency: fee.currency,
            state: fee.state,
            quoted_at: rfc3339(fee.quoted_at),
            invoiced_at: fee.invoiced_at.map(rfc3339),
            paid_at: fee.paid_at.map(rfc3339),
            version: fee.version,
        }
    }
}

/// The fees of an application, oldest first. Who assesses, reviews or decides does not read them.
#[utoipa::path(get, path = "/api/v1/applications/{id}/fees", params(("id" = String, Path)), tag = "fees",
    responses((status = 200, body = Vec<FeeView>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn list(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ApplicationId>,
) -> Result<Json<Vec<FeeView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let file = File::load(&mut db, &id).await?;
    actor.authorise(Action::ReadFee, &file.subject, "application")?;
    let all = fees::of_application(&mut db, &id).await?;
    Ok(Json(all.into_iter().map(FeeView::from).collect()))
}

/// Moves a fee: its company held, authorised, at the version that its writer saw.
async fn advance(
    mut act: Act<'_>,
    id: &FeeId,
    event: FeeEvent,
    seen: i64,
) -> Result<Response, Problem> {
    let gone = || Problem::NotFound("fee");
    let application = fees::get(&mut act.tx, id).await?.ok_or_else(gone)?.application_id;
    let refused = load(&mut act, &application, Action::HandleFee).await;
    // To strangers it is the fee that is not there.
    refused.map_err(|problem| match problem {
        Problem::NotFound(_) => gone(),
        other => other,
    })?;
    let row = fees::get(&mut act.tx, id).await?.ok_or_else(gone)?;
    check_version(seen, row.version)?;
    let to = fee::target(row.state, event)?;
    let version = fees::advance(&mut act.tx, &row, to, act.now).await?;
    act.commit(StatusCode::OK, &Written::moved(id, to.as_str(), version)).await
}

/// Marks a fee as invoiced.
#[utoipa::path(post, path = "/api/v1/fees/{id}/invoice", params(("id" = String, Path)), request_body = Move,
    tag = "fees", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn invoice(
    State(app): State<App>,
    Path(id): Path<FeeId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (act, body) = write.begin(&app).await?;
    advance(act, &id, FeeEvent::Invoice, body.version).await
}

/// Marks a fee as paid.
#[utoipa::path(post, path = "/api/v1/fees/{id}/pay", params(("id" = String, Path)), request_body = Move,
    tag = "fees", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn pay(
    State(app): State<App>,
    Path(id): Path<FeeId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (act, body) = write.begin(&app).await?;
    advance(act, &id, FeeEvent::Pay, body.version).await
}
