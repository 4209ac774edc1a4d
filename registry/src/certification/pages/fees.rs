//! What an application costs, on its page; and all that a body asks.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::{desk_page, done};
use crate::certification::api::fees as api;
use crate::certification::ids::{ApplicationId, FeeId};
use crate::certification::rules::fee::{self, FeeState};
use crate::certification::store::fees::{self, Fee};
use crate::certification::store::parties;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::clock::instant;
use crate::platform::forms::{Forms, Sent, or_problem};
use crate::platform::id::PartyId;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/parties/{party}/fees", get(list))
        .route("/desk/applications/{id}/quote", post(quote))
        .route("/desk/applications/{id}/fees/{fee}/invoice", post(invoice))
        .route("/desk/applications/{id}/fees/{fee}/pay", post(pay))
}

/// How many fees a list shows, the last quoted ones.
const SHOWN: i64 = 200;

/// A fee.
pub(super) struct Row {
    pub(super) path: String,
    pub(super) item: String,
    pub(super) amount: String,
    pub(super) state: &'static str,
    pub(super) day: String,
    /// The word of what comes next, until it is paid.
    pub(super) next: Option<&'static str>,
    pub(super) version: i64,
}

impl Row {
    fn of(view: &View, fee: Fee) -> Self {
        let day = fee.paid_at.or(fee.invoiced_at).unwrap_or(fee.quoted_at);
        Self {
            path: format!("{}/fees/{}", super::case::path(&fee.application_id), fee.id),
            amount: fee::shown(fee.amount.unsigned_abs(), &fee.currency),
            item: fee.item,
            state: fee.state.as_str(),
            day: view.moment_day(instant(day)),
            next: match fee.state {
                FeeState::Quoted => Some("invoice"),
                FeeState::Invoiced => Some("pay"),
                FeeState::Paid => None,
            },
            version: fee.version,
        }
    }
}

/// What an application costs, oldest first.
pub(super) async fn of_application(
    db: &mut AnyConnection,
    view: &View,
    id: &ApplicationId,
) -> Result<Vec<Row>, Problem> {
    let all = fees::of_application(db, id).await?;
    Ok(all.into_iter().map(|fee| Row::of(view, fee)).collect())
}

desk_page! {
    /// What a body asks.
    ListPage<'a>, "desk/fee_list.html" {
        body: String,
        sums: Vec<Sum>,
        fees: Vec<Asked>,
    }
}

/// What is quoted, invoiced or paid in one currency.
struct Sum {
    state: String,
    amount: String,
    count: i64,
}

/// A fee with whose application it is asked for.
struct Asked {
    case: String,
    company: String,
    fee: Row,
}

async fn list(State(app): State<App>, visitor: Visitor, Path(party): Path<PartyId>) -> Response {
    or_problem(&visitor, list_page(&app, &visitor, &party).await)
}

async fn list_page(app: &App, visitor: &Visitor, party: &PartyId) -> Result<Response, Problem> {
    let subject = Subject { body: Some(party.clone()), ..Subject::default() };
    visitor.actor.authorise(Action::ReadFee, &subject, "party")?;
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let body = parties::get(&mut db, party).await?.ok_or(Problem::NotFound("party"))?;
    let sum = |(currency, state, amount, count): (String, String, i64, i64)| Sum {
        amount: fee::shown(amount.unsigned_abs(), &currency),
        state,
        count,
    };
    let sums = fees::sums(&mut db, party).await?.into_iter().map(sum).collect();
    let all = fees::of_body(&mut db, party, SHOWN).await?;
    let asked = |row: fees::OfCompany| Asked {
        case: super::case::path(&row.fee.application_id),
        company: row.company,
        fee: Row::of(view, row.fee),
    };
    let forms = Forms::new(app, visitor);
    let page = ListPage {
        view,
        visitor,
        forms: &forms,
        notice: None,
        done: done(visitor),
        body: body.display_name,
        sums,
        fees: all.into_iter().map(asked).collect(),
    };
    Ok(visitor.page(forms.status(), &page))
}

async fn quote(State(app): State<App>, Path(id): Path<ApplicationId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let currency = typed.text("currency").trim().to_ascii_uppercase();
    let amount = fee::typed(typed.text("amount"), &currency);
    let amount = amount.map_or_else(|| json!(typed.text("amount")), |amount| json!(amount));
    let body = json!({ "item": typed.text("item"), "amount": amount, "currency": currency });
    let done =
        sent.carry_out(body, |write| api::quote(State(app.clone()), Path(id.clone()), write)).await;
    super::case::answer(&app, sent, &id, "quote", done).await
}

async fn invoice(
    State(app): State<App>,
    Path((id, fee)): Path<(ApplicationId, FeeId)>,
    mut sent: Sent,
) -> Response {
    let body = json!({ "version": sent.typed.number("version") });
    let done =
        sent.carry_out(body, |write| api::invoice(State(app.clone()), Path(fee), write)).await;
    super::case::answer(&app, sent, &id, "invoice", done).await
}

async fn pay(
    State(app): State<App>,
    Path((id, fee)): Path<(ApplicationId, FeeId)>,
    mut sent: Sent,
) -> Response {
    let body = json!({ "version": sent.typed.number("version") });
    let done = sent.carry_out(body, |write| api::pay(State(app.clone()), Path(fee), write)).await;
    super::case::answer(&app, sent, &id, "pay", done).await
}
