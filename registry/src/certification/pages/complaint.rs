//! The complaints that a body answers, and each of them, for its quality managers.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use super::complain::Standing;
use super::{Names, Notice, Said, desk_page, done, parts};
use crate::certification::api::complaints::{clocks, filing, handling as api};
use crate::certification::ids::ComplaintId;
use crate::certification::rules::complaint::ComplaintState;
use crate::certification::store::{complaints, parties};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::clock::instant;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Forms, Sent, or_problem};
use crate::platform::id::PartyId;
use crate::platform::notes;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/parties/{party}/complaints", get(list))
        .route("/desk/complaints/{id}", get(complaint))
        .route("/desk/complaints/{id}/acknowledge", post(acknowledge))
        .route("/desk/complaints/{id}/resolve", post(resolve))
        .route("/desk/complaints/{id}/dismiss", post(dismiss))
}

/// How many complaints a list shows; those that wait come first.
const SHOWN: i64 = 200;

desk_page! {
    /// The complaints that a body answers.
    ListPage<'a>, "desk/complaints.html" {
        body: String,
        waiting: Vec<Row>,
        answered: Vec<Row>,
        overdue: usize,
    }
}

/// A complaint in the list.
struct Row {
    path: String,
    number: Option<String>,
    state: &'static str,
    received: String,
    due: String,
    to_acknowledge: bool,
    overdue: bool,
}

async fn list(State(app): State<App>, visitor: Visitor, Path(party): Path<PartyId>) -> Response {
    or_problem(&visitor, list_page(&app, &visitor, &party).await)
}

async fn list_page(app: &App, visitor: &Visitor, party: &PartyId) -> Result<Response, Problem> {
    visitor.actor.authorise(Action::ReadComplaint, &api::subject(party), "complaint")?;
    let (view, now) = (&visitor.view, app.clock.now());
    let mut db = app.db.reader().acquire().await?;
    let body = parties::get(&mut db, party).await?.ok_or(Problem::NotFound("party"))?;
    let zone = filing::zone_of(&mut db, party).await?;
    let day = |ms| view.day(zone.day(instant(ms)));
    let (mut waiting, mut answered) = (Vec::new(), Vec::new());
    for row in complaints::waiting_first(&mut db, party, SHOWN).await? {
        let late = clocks(&row).overdue(row.state, now);
        let to_acknowledge = row.state == ComplaintState::Received;
        let due = if to_acknowledge { row.acknowledge_due_at } else { row.answer_due_at };
        let into = if row.state.is_open() { &mut waiting } else { &mut answered };
        into.push(Row {
            path: format!("/desk/complaints/{}", row.id),
            number: row.number,
            state: row.state.as_str(),
            received: day(row.received_at),
            due: day(due),
            to_acknowledge,
            overdue: late.0 || late.1,
        });
    }
    let forms = Forms::new(app, visitor);
    let page = ListPage {
        view,
        visitor,
        forms: &forms,
        notice: None,
        done: done(visitor),
        body: body.display_name,
        overdue: waiting.iter().filter(|row: &&Row| row.overdue).count(),
        waiting,
        answered,
    };
    Ok(visitor.page(forms.status(), &page))
}

desk_page! {
    /// A complaint.
    ComplaintPage<'a>, "desk/complaint.html" {
        here: String,
        list: String,
        version: i64,
        standing: Standing,
        text: Said,
        contact: Option<Said>,
        /// Why this person may not handle it.
        part: Vec<String>,
        acknowledges: bool,
        answers: bool,
    }
}

async fn complaint(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<ComplaintId>,
) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

async fn show(app: &App, visitor: &Visitor, id: &ComplaintId, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &ComplaintId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let (view, actor) = (&visitor.view, &visitor.actor);
    let mut db = app.db.reader().acquire().await?;
    let row = complaints::get(&mut db, id).await?.ok_or(Problem::NotFound("complaint"))?;
    let subject = api::subject(&row.body_id);
    actor.authorise(Action::ReadComplaint, &subject, "complaint")?;
    let handler = api::handler(&mut db, actor, &row, app.clock.now()).await?;
    let part = parts(view, &handler);
    let ids: Vec<_> =
        [Some(&row.text_note), row.contact_note.as_ref()].into_iter().flatten().collect();
    let notes = notes::read(&mut db, app, Subject::Party(&row.body_id), &ids).await?;
    let handles = actor.may(Action::HandleComplaint, &subject) && part.is_empty();
    let contact = notes.of_optional(row.contact_note.as_ref())?;
    let page = ComplaintPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: done(visitor),
        here: format!("/desk/complaints/{id}"),
        list: format!("/desk/parties/{}/complaints", row.body_id),
        version: row.version,
        text: Said::of(view, notes.of(&row.text_note)?),
        contact: contact.map(|shown| Said::of(view, shown)),
        acknowledges: handles && row.state == ComplaintState::Received,
        answers: handles && row.state.is_open(),
        part: if row.state.is_open() { part } else { Vec::new() },
        standing: Standing::read(&mut db, app, view, &row).await?,
    };
    Ok(visitor.page(forms.status(), &page))
}

async fn answer(
    app: &App,
    sent: Sent,
    id: &ComplaintId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("/desk/complaints/{id}?done={form}")),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}

async fn acknowledge(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    mut sent: Sent,
) -> Response {
    let body = json!({ "version": sent.typed.number("version") });
    let done = sent
        .carry_out(body, |write| api::acknowledge(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "acknowledge", done).await
}

async fn resolve(State(app): State<App>, Path(id): Path<ComplaintId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let outcome = if typed.ticked("special_look") { "special_look" } else { "answer" };
    let body = json!({
        "version": typed.number("version"), "answer": typed.note("answer"), "outcome": outcome,
    });
    let done = sent
        .carry_out(body, |write| api::resolve(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "resolve", done).await
}

async fn dismiss(State(app): State<App>, Path(id): Path<ComplaintId>, mut sent: Sent) -> Response {
    let body =
        json!({ "version": sent.typed.number("version"), "answer": sent.typed.note("answer") });
    let done = sent
        .carry_out(body, |write| api::dismiss(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "dismiss", done).await
}
