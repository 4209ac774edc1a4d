//! Where anyone complains, without an account, and comes back to the answer. The number and the secret are shown on the
//! page that the form is answered with, and stand in no address.

use std::collections::BTreeMap;
use std::sync::Arc;

use akashi_schemas::Programme;
use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::{Said, language};
use crate::certification::api::complaints::{clocks, filing};
use crate::certification::file;
use crate::certification::ids::ComplaintId;
use crate::certification::rules::complaint::ComplaintState;
use crate::certification::rules::dates::Zone;
use crate::certification::store::complaints::{self, Complaint};
use crate::certification::store::parties::{self, PartyKind};
use crate::certification::store::programmes;
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Asked, Typed};
use crate::platform::notes;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::for_this_person;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/complain", get(form).post(send))
        .route("/complaints", get(back).post(look))
}

/// How many certification bodies the form offers.
const BODIES: i64 = 500;

/// Where one complains.
#[derive(Template)]
#[template(path = "complain.html")]
struct ComplainPage<'a> {
    view: &'a View,
    typed: &'a Typed,
    /// The certification bodies: the last part of the address, and the name.
    bodies: Vec<(String, String)>,
    /// The body that answers, when the form was opened about something.
    answers: Option<String>,
    /// Within which terms, programme by programme.
    terms: Vec<String>,
    secret: String,
    faults: Vec<String>,
}

/// A programme's terms for complaints, in a sentence.
fn term(view: &View, programme: &Programme) -> String {
    let rules = &programme.rules;
    let [acknowledge, answer] = [rules.complaint_acknowledge_days, rules.complaint_answer_days]
        .map(|days| days.to_string());
    let title = programme.title.get(language(view));
    let facts = [("programme", title), ("acknowledge", &*acknowledge), ("answer", &*answer)];
    view.format("complain-term", &facts)
}

async fn form(State(app): State<App>, view: View, request: Uri) -> Response {
    let query = Typed::read(request.query().unwrap_or_default().as_bytes());
    show(&app, &view, &query, filing::fresh_secret(&app), None).await
}

/// The form, with what was typed and why it was not taken.
async fn show(
    app: &App,
    view: &View,
    typed: &Typed,
    secret: String,
    refused: Option<Problem>,
) -> Response {
    let status = refused.as_ref().map_or(StatusCode::OK, Problem::status);
    let faults = refused.iter().flat_map(|problem| faults(view, problem)).collect();
    match page(app, view, typed, secret, faults).await {
        Ok(page) => for_this_person(view.page(status, &page)),
        Err(problem) => for_this_person(view.problem(&problem)),
    }
}

async fn page<'a>(
    app: &App,
    view: &'a View,
    typed: &'a Typed,
    secret: String,
    faults: Vec<String>,
) -> Result<ComplainPage<'a>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let institutions = parties::institutions(&mut db, "", BODIES).await?;
    let (answers, terms) = terms(&mut db, app, view, typed).await?;
    let bodies = institutions.into_iter().filter(|party| party.kind == PartyKind::Body);
    let bodies = bodies.filter_map(|party| Some((party.slug?, party.display_name))).collect();
    Ok(ComplainPage { view, typed, bodies, answers, terms, secret, faults })
}

/// Who answers, if that is known yet, and within which terms; of every programme, while it is not.
async fn terms(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    typed: &Typed,
) -> Result<(Option<String>, Vec<String>), Problem> {
    let about = typed
        .optional("certificate")
        .map(|number| filing::About::Certificate(number.trim().to_owned()));
    if let Some(about) = &about
        && let Ok((body, _, programmes)) = filing::about(db, app, about).await
    {
        let name = parties::get(db, &body).await?.map(|party| party.display_name);
        return Ok((name, programmes.iter().map(|programme| term(view, programme)).collect()));
    }
    let mut latest: BTreeMap<String, Arc<Programme>> = BTreeMap::new();
    for version in programmes::all_published(db).await? {
        latest.insert(version.programme, file::programme(db, &version.id).await?);
    }
    Ok((None, latest.values().map(|programme| term(view, programme)).collect()))
}

/// What is wrong with the form, as it names things.
fn faults(view: &View, problem: &Problem) -> Vec<String> {
    match problem {
        Problem::Invalid(members) => members
            .iter()
            .map(|member| match member.place.trim_start_matches('/').split('/').next() {
                Some("text") => view.text("complain-fault-text"),
                Some("contact") => view.text("complain-fault-contact"),
                Some("secret") => view.text("complain-fault-secret"),
                _ => view.text("complain-fault-number"),
            })
            .collect(),
        Problem::NotFound(_) => vec![view.text("complain-fault-unknown")],
        Problem::IdempotencyMismatch | Problem::Duplicate(_) => {
            vec![view.text("complain-fault-twice")]
        }
        Problem::TooMany { .. } => vec![view.text("complain-fault-many")],
        other => vec![view.word("explain", other.slug())],
    }
}

/// That a complaint was taken: the number and the secret, this once.
#[derive(Template)]
#[template(path = "complain_sent.html")]
struct SentPage<'a> {
    view: &'a View,
    number: String,
    secret: String,
    standing: Standing,
}

async fn send(State(app): State<App>, asked: Asked) -> Response {
    match take(&app, &asked).await {
        Ok(page) => for_this_person(asked.view.page(StatusCode::CREATED, &page)),
        Err(problem @ Problem::Internal(_)) => for_this_person(asked.view.problem(&problem)),
        Err(problem) => {
            // What was sent before keeps its secret; anything else may be sent with another.
            let secret = match problem {
                Problem::IdempotencyMismatch | Problem::Duplicate(_) => filing::fresh_secret(&app),
                _ => Some(asked.typed.text("secret"))
                    .filter(|text| !text.is_empty())
                    .map_or_else(|| filing::fresh_secret(&app), str::to_owned),
            };
            show(&app, &asked.view, &asked.typed, secret, Some(problem)).await
        }
    }
}

async fn take<'a>(app: &App, asked: &'a Asked) -> Result<SentPage<'a>, Problem> {
    let typed = &asked.typed;
    let about = match typed.optional("certificate") {
        Some(number) => json!({ "certificate": number.trim() }),
        None => json!({ "body": typed.text("body") }),
    };
    let body =
        json!({ "about": about, "text": typed.note("text"), "contact": typed.optional("contact") });
    let secret = typed.text("secret").to_owned();
    let filed = filing::file(app, &asked.request, &asked.read(&body)?, secret).await?;
    let mut db = app.db.reader().acquire().await?;
    let complaint = filing::kept_under(&mut db, &filed.id, &filed.secret).await?;
    let standing = Standing::read(&mut db, app, &asked.view, &complaint).await?;
    Ok(SentPage { view: &asked.view, number: filed.id.to_string(), secret: filed.secret, standing })
}

/// Where a complaint stands, in words.
pub(super) struct Standing {
    pub(super) state: &'static str,
    pub(super) about: Option<String>,
    pub(super) received: String,
    pub(super) acknowledge_due: String,
    pub(super) acknowledgement_overdue: bool,
    pub(super) acknowledged: Option<String>,
    pub(super) answer_due: String,
    pub(super) answer_overdue: bool,
    pub(super) answer: Option<Said>,
    pub(super) outcome: Option<String>,
}

impl Standing {
    /// Reads where a complaint stands; days are those of its body's programmes.
    pub(super) async fn read(
        db: &mut AnyConnection,
        app: &App,
        view: &View,
        complaint: &Complaint,
    ) -> Result<Self, Problem> {
        let zone: Zone = filing::zone_of(db, &complaint.body_id).await?;
        let day = |ms| view.day(zone.day(instant(ms)));
        let (acknowledgement_overdue, answer_overdue) =
            clocks(complaint).overdue(complaint.state, app.clock.now());
        let acknowledged =
            complaints::came_to(db, &complaint.id, ComplaintState::Acknowledged).await?;
        let answer = match &complaint.answer_note {
            Some(note) => {
                let of = Subject::Party(&complaint.body_id);
                Some(Said::of(view, notes::read(db, app, of, &[note]).await?.of(note)?))
            }
            None => None,
        };
        Ok(Self {
            state: complaint.state.as_str(),
            about: complaint.number.clone(),
            received: day(complaint.received_at),
            acknowledge_due: day(complaint.acknowledge_due_at),
            acknowledgement_overdue,
            acknowledged: acknowledged.map(day),
            answer_due: day(complaint.answer_due_at),
            answer_overdue,
            answer,
            outcome: complaint.outcome.clone(),
        })
    }
}

/// Where one comes back to a complaint.
#[derive(Template)]
#[template(path = "complaints.html")]
struct BackPage<'a> {
    view: &'a View,
    number: &'a str,
    standing: Option<Standing>,
    unknown: bool,
}

async fn back(view: View) -> Response {
    let page = BackPage { view: &view, number: "", standing: None, unknown: false };
    for_this_person(view.page(StatusCode::OK, &page))
}

async fn look(State(app): State<App>, Asked { view, typed, .. }: Asked) -> Response {
    let number = typed.text("number").trim();
    let (status, standing, unknown) = match found(&app, &view, &typed).await {
        Ok(standing) => (StatusCode::OK, Some(standing), false),
        Err(problem @ Problem::NotFound(_)) => (problem.status(), None, true),
        Err(problem) => return for_this_person(view.problem(&problem)),
    };
    for_this_person(view.page(status, &BackPage { view: &view, number, standing, unknown }))
}

async fn found(app: &App, view: &View, typed: &Typed) -> Result<Standing, Problem> {
    let number = typed.text("number").trim();
    let id: ComplaintId =
        serde_json::from_value(number.into()).map_err(|_| Problem::NotFound("complaint"))?;
    let mut db = app.db.reader().acquire().await?;
    let complaint = filing::kept_under(&mut db, &id, typed.text("secret").trim()).await?;
    Standing::read(&mut db, app, view, &complaint).await
}
