//! What is done on an application's page.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use super::{path, show};
use crate::certification::api::{applications::moves, assignments};
use crate::certification::ids::{ApplicationId, AssignmentId};
use crate::platform::app::App;
use crate::platform::forms::{Sent, Typed};
use crate::platform::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/applications/{id}/withdraw", post(withdraw))
        .route("/desk/applications/{id}/accept", post(accept))
        .route("/desk/applications/{id}/return", post(give_back))
        .route("/desk/applications/{id}/decline", post(decline))
        .route("/desk/applications/{id}/assign", post(assign))
        .route("/desk/applications/{id}/assignments/{assignment}/task", post(accept_task))
        .route("/desk/applications/{id}/assignments/{assignment}/end-task", post(end_task))
}

/// Leads back to the application, or shows it with the form that was not taken.
pub(in crate::certification::pages) async fn answer(
    app: &App,
    sent: Sent,
    id: &ApplicationId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("{}?done={form}", path(id))),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}

/// The version that was seen.
pub(super) fn seen(typed: &Typed) -> Value {
    json!({ "version": typed.number("version") })
}

/// The version that was seen, and why.
pub(super) fn reasoned(typed: &Typed) -> Value {
    json!({ "version": typed.number("version"), "reason": typed.note("reason") })
}

async fn withdraw(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    mut sent: Sent,
) -> Response {
    let body = seen(&sent.typed);
    let done = sent
        .carry_out(body, |write| moves::withdraw(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "withdraw", done).await
}

async fn accept(State(app): State<App>, Path(id): Path<ApplicationId>, mut sent: Sent) -> Response {
    let body = seen(&sent.typed);
    let done = sent
        .carry_out(body, |write| moves::accept(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "accept", done).await
}

async fn give_back(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    mut sent: Sent,
) -> Response {
    let body = reasoned(&sent.typed);
    let done = sent
        .carry_out(body, |write| moves::give_back(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "return", done).await
}

async fn decline(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    mut sent: Sent,
) -> Response {
    let body = reasoned(&sent.typed);
    let done = sent
        .carry_out(body, |write| moves::decline(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "decline", done).await
}

/// A day as the beginning of it, UTC, as the API takes the days of a visit.
fn beginning(typed: &Typed, field: &str) -> Value {
    typed.optional(field).map_or(Value::Null, |day| json!(format!("{day}T00:00:00Z")))
}

async fn assign(State(app): State<App>, Path(id): Path<ApplicationId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body = json!({
        "version": typed.number("version"), "account": typed.text("account"), "task": typed.text("task"),
        "visit_from": beginning(typed, "visit_from"), "visit_to": beginning(typed, "visit_to"),
    });
    let handler = |write| assignments::assign(State(app.clone()), Path(id.clone()), write);
    let done = sent.carry_out(body, handler).await;
    answer(&app, sent, &id, "assign", done).await
}

async fn accept_task(
    State(app): State<App>,
    Path((id, assignment)): Path<(ApplicationId, AssignmentId)>,
    mut sent: Sent,
) -> Response {
    let handler =
        |write| assignments::accept(State(app.clone()), Path((id.clone(), assignment)), write);
    let done = sent.carry_out(json!({}), handler).await;
    answer(&app, sent, &id, "task", done).await
}

async fn end_task(
    State(app): State<App>,
    Path((id, assignment)): Path<(ApplicationId, AssignmentId)>,
    mut sent: Sent,
) -> Response {
    let body = reasoned(&sent.typed);
    let handler =
        |write| assignments::end(State(app.clone()), Path((id.clone(), assignment)), write);
    let done = sent.carry_out(body, handler).await;
    answer(&app, sent, &id, "end-task", done).await
}
