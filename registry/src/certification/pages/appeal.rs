//! The appeals against a body's decisions, and each of them: for the company, the quality manager and the panel.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::case::Moment;
use super::{Names, Notice, Said, desk_page, done, parts};
use crate::certification::api::appeals::{appeal_until, hearing as api};
use crate::certification::file;
use crate::certification::ids::AppealId;
use crate::certification::rules::appeal::{self, AppealOutcome, AppealState, Undoing};
use crate::certification::rules::dates::Zone;
use crate::certification::rules::decision::DecisionKind;
use crate::certification::store::appeals::{self, Told};
use crate::certification::store::parties;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Subject};
use crate::platform::clock::instant;
use crate::platform::data_keys;
use crate::platform::forms::{Forms, Sent, or_problem};
use crate::platform::id::{AccountId, PartyId};
use crate::platform::notes;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/parties/{party}/appeals", get(list))
        .route("/desk/appeals/{id}", get(one))
        .route("/desk/appeals/{id}/admit", post(admit))
        .route("/desk/appeals/{id}/reject-appeal", post(reject))
        .route("/desk/appeals/{id}/panel", post(panel))
        .route("/desk/appeals/{id}/outcome", post(outcome))
}

/// How many appeals a list shows; those under way come first.
const SHOWN: i64 = 200;

/// The words for what an overturned decision leads to.
pub(super) const UNDONE: &[&str] = &["reopen", "reinstate", "restore", "note", "nothing"];

/// An appeal in a list.
pub(super) struct Row {
    pub(super) path: String,
    pub(super) company: String,
    pub(super) kind: &'static str,
    pub(super) number: Option<String>,
    pub(super) state: &'static str,
    pub(super) filed: String,
}

/// Appeals as a list shows them.
pub(super) async fn rows(
    db: &mut AnyConnection,
    view: &View,
    told: Vec<Told>,
) -> Result<Vec<Row>, Problem> {
    let mut rows = Vec::new();
    for told in told {
        let zone = file::zone(&*file::programme(db, &told.programme_version_id).await?)?;
        rows.push(Row {
            path: format!("/desk/appeals/{}", told.appeal.id),
            company: told.company,
            kind: told.kind.as_str(),
            number: told.number,
            state: told.appeal.state.as_str(),
            filed: view.day(zone.day(instant(told.appeal.filed_at))),
        });
    }
    Ok(rows)
}

desk_page! {
    /// The appeals against a body's decisions.
    ListPage<'a>, "desk/appeals.html" {
        body: String,
        appeals: Vec<Row>,
    }
}

async fn list(State(app): State<App>, visitor: Visitor, Path(party): Path<PartyId>) -> Response {
    or_problem(&visitor, list_page(&app, &visitor, &party).await)
}

async fn list_page(app: &App, visitor: &Visitor, party: &PartyId) -> Result<Response, Problem> {
    let subject = Subject { body: Some(party.clone()), ..Subject::default() };
    visitor.actor.authorise(Action::ReadAppeal, &subject, "appeal")?;
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let body = parties::get(&mut db, party).await?.ok_or(Problem::NotFound("party"))?;
    let told = appeals::against_body(&mut db, party, SHOWN).await?;
    let appeals = rows(&mut db, view, told).await?;
    let forms = Forms::new(app, visitor);
    let page = ListPage {
        view,
        visitor,
        forms: &forms,
        notice: None,
        done: done(visitor),
        body: body.display_name,
        appeals,
    };
    Ok(visitor.page(forms.status(), &page))
}

desk_page! {
    /// An appeal.
    AppealPage<'a>, "desk/appeal.html" {
        here: String,
        version: i64,
        state: &'static str,
        company: String,
        body: String,
        kind: &'static str,
        number: Option<String>,
        case: Option<String>,
        decisions: Option<String>,
        decided: String,
        public_reason: Option<String>,
        until: String,
        late: bool,
        filed: String,
        grounds: Said,
        panel: Vec<String>,
        moments: Vec<Moment>,
        undone: &'static str,
        may: May,
        candidates: Vec<Candidate>,
        /// Why this member of the panel may not speak for it.
        part: Vec<String>,
    }
}

/// What this person may do here now.
#[derive(Default)]
struct May {
    admit: bool,
    name_panel: bool,
    hear: bool,
}

impl May {
    fn of(actor: &Actor, subject: &Subject, state: AppealState) -> Self {
        use AppealState::{Admitted, Filed, Panel};
        let admits = actor.may(Action::AdmitAppeal, subject);
        Self {
            admit: admits && state == Filed,
            name_panel: admits && matches!(state, Admitted | Panel),
            hear: state == Panel && actor.may(Action::HearAppeal, subject),
        }
    }
}

/// Somebody who could hear the appeal, or why not.
struct Candidate {
    account: AccountId,
    name: String,
    why: Vec<String>,
    chosen: bool,
}

async fn one(State(app): State<App>, visitor: Visitor, Path(id): Path<AppealId>) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

async fn show(app: &App, visitor: &Visitor, id: &AppealId, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &AppealId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let (view, actor) = (&visitor.view, &visitor.actor);
    let mut db = app.db.reader().acquire().await?;
    let told = appeals::told(&mut db, id).await?.ok_or(Problem::NotFound("appeal"))?;
    let panel = appeals::panel(&mut db, id).await?;
    let subject = appeals::subject_with(&told.appeal, &panel);
    actor.authorise(Action::ReadAppeal, &subject, "appeal")?;
    let programme = file::programme(&mut db, &told.programme_version_id).await?;
    let zone = file::zone(&programme)?;
    let day = |ms| view.day(zone.day(instant(ms)));
    let until = appeal_until(&programme, told.decided_at)?;
    let mut may = May::of(actor, &subject, told.appeal.state);
    let all = match may.name_panel || may.hear {
        true => candidates(app, &mut db, view, &told, &panel).await?,
        false => Vec::new(),
    };
    let own = all.iter().find(|known| may.hear && known.account == actor.account);
    let part = own.map_or_else(Vec::new, |own| own.why.clone());
    may.hear &= part.is_empty();
    let (grounds, moments) = said(&mut db, app, view, &zone, &told).await?;
    let own_company = actor.may(Action::Appeal, &subject);
    let appeal = &told.appeal;
    let page = AppealPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: done(visitor),
        here: format!("/desk/appeals/{id}"),
        version: appeal.version,
        state: appeal.state.as_str(),
        kind: told.kind.as_str(),
        case: appeal.application_id.as_ref().map(super::case::path),
        decisions: own_company.then(|| format!("/desk/parties/{}/decisions", appeal.company_id)),
        decided: day(told.decided_at),
        until: day(until),
        late: appeal.filed_at > until,
        filed: day(appeal.filed_at),
        grounds,
        moments,
        undone: undone(told.kind),
        candidates: if may.name_panel { all } else { Vec::new() },
        may,
        part,
        panel: panel.into_iter().map(|(_, name)| name).collect(),
        company: told.company,
        body: told.body,
        number: told.number,
        public_reason: told.public_reason,
    };
    Ok(visitor.page(forms.status(), &page))
}

/// The word for what happens when the decision is overturned.
fn undone(kind: DecisionKind) -> &'static str {
    match appeal::undoing(kind, AppealOutcome::Overturned, true) {
        Undoing::Reopen => "reopen",
        Undoing::Reinstate => "reinstate",
        Undoing::Restore => "restore",
        Undoing::Note => "note",
        Undoing::Nothing => "nothing",
    }
}

impl Candidate {
    fn is_chosen(&self) -> bool {
        self.chosen
    }
}

/// The people of the body who could hear the appeal by their role, each with what speaks against it.
async fn candidates(
    app: &App,
    db: &mut AnyConnection,
    view: &View,
    told: &Told,
    panel: &[(AccountId, String)],
) -> Result<Vec<Candidate>, Problem> {
    let appeal = &told.appeal;
    let application = appeal.application_id.as_ref().map(|id| id.as_str());
    let certificate = appeal.certificate_id.as_ref().map(|id| id.as_str());
    let affair = application.or(certificate).unwrap_or_default();
    let programme = file::programme(db, &told.programme_version_id).await?;
    let now = app.clock.now();
    let (body, company) = (&appeal.body_id, &appeal.company_id);
    let fit = file::fit_to_hear(db, body, affair, company, &programme, now).await?;
    let candidate = |(account, name, involved)| Candidate {
        chosen: panel.iter().any(|(member, _)| *member == account),
        account,
        name,
        why: parts(view, &involved),
    };
    Ok(fit.into_iter().map(candidate).collect())
}

/// Why the company appeals, and what happened since, the last first.
async fn said(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    zone: &Zone,
    told: &Told,
) -> Result<(Said, Vec<Moment>), Problem> {
    let appeal = &told.appeal;
    let events = appeals::events(db, &appeal.id).await?;
    let reasons = events.iter().filter_map(|(.., reason, _)| reason.as_ref());
    let ids: Vec<_> = [&appeal.grounds_note].into_iter().chain(reasons).collect();
    let of = data_keys::Subject::Party(&appeal.company_id);
    let notes = notes::read(db, app, of, &ids).await?;
    let mut moments = Vec::new();
    for (event, _, reason, at) in events.iter().rev() {
        moments.push(Moment {
            day: view.day(zone.day(instant(*at))),
            event: view.word("appeal-event", event),
            said: notes.of_optional(reason.as_ref())?.map(|shown| Said::of(view, shown)),
        });
    }
    Ok((Said::of(view, notes.of(&appeal.grounds_note)?), moments))
}

async fn answer(
    app: &App,
    sent: Sent,
    id: &AppealId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("/desk/appeals/{id}?done={form}")),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}

async fn admit(State(app): State<App>, Path(id): Path<AppealId>, mut sent: Sent) -> Response {
    let body = json!({ "version": sent.typed.number("version") });
    let done =
        sent.carry_out(body, |write| api::admit(State(app.clone()), Path(id.clone()), write)).await;
    answer(&app, sent, &id, "admit", done).await
}

async fn reject(State(app): State<App>, Path(id): Path<AppealId>, mut sent: Sent) -> Response {
    let body =
        json!({ "version": sent.typed.number("version"), "reason": sent.typed.note("reason") });
    let done = sent
        .carry_out(body, |write| api::reject(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "reject-appeal", done).await
}

async fn panel(State(app): State<App>, Path(id): Path<AppealId>, mut sent: Sent) -> Response {
    let members: Vec<_> = sent.typed.all("members").collect();
    let body = json!({ "version": sent.typed.number("version"), "members": members });
    let done = sent
        .carry_out(body, |write| api::name_panel(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "panel", done).await
}

async fn outcome(State(app): State<App>, Path(id): Path<AppealId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body = json!({
        "version": typed.number("version"), "outcome": typed.text("outcome"), "reason": typed.note("reason"),
        "public_reason": typed.optional("public_reason"),
    });
    let done =
        sent.carry_out(body, |write| api::find(State(app.clone()), Path(id.clone()), write)).await;
    answer(&app, sent, &id, "outcome", done).await
}
