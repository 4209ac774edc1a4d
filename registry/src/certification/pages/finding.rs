//! A finding's page: what was found, what is to be done about it by when, and everything that was.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::json;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::case::Moment;
use super::evidence::{Piece, pieces};
use super::{Names, Notice, Said, desk_page, done, language};
use crate::certification::api::findings as api;
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::FindingId;
use crate::certification::rules::finding::FindingState;
use crate::certification::store::findings::Finding;
use crate::certification::store::{assessments, findings};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::clock::instant;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Forms, Sent, or_problem};
use crate::platform::notes::{self, Notes};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/findings/{id}", get(finding))
        .route("/desk/findings/{id}/plan", post(plan))
        .route("/desk/findings/{id}/accept-plan", post(accept))
        .route("/desk/findings/{id}/evidence", post(show_evidence))
        .route("/desk/findings/{id}/verify", post(verify))
        .route("/desk/findings/{id}/reject", post(reject))
        .route("/desk/findings/{id}/give-up", post(give_up))
        .route("/desk/findings/{id}/extend", post(extend))
}

/// When the next thing is due: the plan until it is accepted, then the correction.
pub(super) fn next_due(finding: &Finding) -> Timestamp {
    match finding.state {
        FindingState::Open | FindingState::Planned => instant(finding.plan_due_at),
        _ => instant(finding.close_due_at),
    }
}

desk_page! {
    /// A finding.
    FindingPage<'a>, "desk/finding.html" {
        here: String,
        case: String,
        version: i64,
        criterion: &'a str,
        title: &'a str,
        requirement: &'a str,
        facility: &'a str,
        grade: &'static str,
        state: &'static str,
        overdue: bool,
        plan_due: String,
        close_due: String,
        reason: Option<Said>,
        plans: Vec<(String, Said, Said)>,
        moments: Vec<Moment>,
        evidence: Vec<Piece>,
        upload: String,
        may: May,
    }
}

/// What this person may do here now.
#[derive(Default)]
struct May {
    plan: bool,
    accept: bool,
    evidence: bool,
    verify: bool,
    reject: bool,
    give_up: bool,
    extend: bool,
}

impl May {
    fn of(actor: &Actor, finding: &Finding, file: &AssessmentFile) -> Self {
        use FindingState::{Acting, Open, Planned, Submitted};
        let allowed = |action, states: &[FindingState]| {
            states.contains(&finding.state) && actor.may(action, &file.file.subject)
        };
        Self {
            plan: allowed(Action::AnswerFinding, &[Open]),
            accept: allowed(Action::JudgeFinding, &[Planned]),
            evidence: allowed(Action::AnswerFinding, &[Acting]),
            verify: allowed(Action::JudgeFinding, &[Submitted]),
            reject: allowed(Action::JudgeFinding, &[Planned, Submitted]),
            give_up: allowed(Action::AnswerFinding, &[Open, Planned]),
            extend: finding.extended == 0
                && allowed(Action::ExtendFinding, &[Open, Planned, Acting, Submitted]),
        }
    }
}

async fn finding(State(app): State<App>, visitor: Visitor, Path(id): Path<FindingId>) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

async fn show(app: &App, visitor: &Visitor, id: &FindingId, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &FindingId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let (view, now) = (&visitor.view, app.clock.now());
    let mut db = app.db.reader().acquire().await?;
    let row = findings::get(&mut db, id).await?.ok_or(Problem::NotFound("finding"))?;
    let file = AssessmentFile::load(&mut db, &row.assessment_id).await?;
    visitor.actor.authorise(Action::ReadFinding, &file.file.subject, "finding")?;
    let told = Told::read(&mut db, app, &file, &row).await?;
    let programme = &file.file.programme;
    let zone = file::zone(programme)?;
    let criterion = programme.criterion(&row.criterion).ok_or(Problem::NotFound("criterion"))?;
    let names = Names::of(file.sample.iter().map(|s| (&s.facility_id, s.name.as_str())));
    let application = &file.file.application;
    let linked = match visitor.actor.may(Action::ReadEvidence, &file.file.subject) {
        true => pieces(&mut db, app, view, &file.file).await?,
        false => Vec::new(),
    };
    let day = |ms| view.day(zone.day(instant(ms)));
    let page = FindingPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &names),
        done: done(visitor),
        here: format!("/desk/findings/{id}"),
        case: super::case::path(&application.id),
        version: row.version,
        criterion: &criterion.id,
        title: criterion.title.get(language(view)),
        requirement: criterion.requirement.get(language(view)),
        facility: names.facility(row.facility_id.as_str()),
        grade: row.grade.as_str(),
        state: row.state.as_str(),
        overdue: file::terms(&row).overdue(row.state, now),
        plan_due: day(row.plan_due_at),
        close_due: day(row.close_due_at),
        reason: told.reason(view)?,
        plans: told.plans(view, day)?,
        moments: told.moments(view, day)?,
        evidence: linked.into_iter().filter(|piece| piece.is_of(&row)).collect(),
        upload: format!(
            "/desk/applications/{}/evidence?criterion={}&facility={}&finding={id}",
            application.id, row.criterion, row.facility_id
        ),
        may: May::of(&visitor.actor, &row, &file),
    };
    Ok(visitor.page(forms.status(), &page))
}

/// What was said about a finding.
struct Told {
    rated: Option<crate::platform::id::NoteId>,
    actions: Vec<(crate::platform::id::NoteId, crate::platform::id::NoteId, i64)>,
    events: Vec<(String, String, Option<crate::platform::id::NoteId>, i64)>,
    notes: Notes,
}

impl Told {
    async fn read(
        db: &mut AnyConnection,
        app: &App,
        file: &AssessmentFile,
        row: &Finding,
    ) -> Result<Self, Problem> {
        let rated = assessments::reason_of(db, &row.rating_id).await?;
        let actions = findings::corrective_actions(db, &row.id).await?;
        let events = findings::events(db, &row.id).await?;
        let noted: Vec<_> = actions
            .iter()
            .flat_map(|(cause, plan, _)| [cause, plan])
            .chain(events.iter().filter_map(|(.., note, _)| note.as_ref()))
            .chain(&rated)
            .collect();
        let company = Subject::Party(&file.file.application.company_id);
        let notes = notes::read(db, app, company, &noted).await?;
        Ok(Self { rated, actions, events, notes })
    }

    fn reason(&self, view: &View) -> Result<Option<Said>, Problem> {
        Ok(self.notes.of_optional(self.rated.as_ref())?.map(|shown| Said::of(view, shown)))
    }

    fn plans(
        &self,
        view: &View,
        day: impl Fn(i64) -> String,
    ) -> Result<Vec<(String, Said, Said)>, Problem> {
        let plan = |(cause, plan, at): &(_, _, i64)| {
            let said = |note| Ok::<_, Problem>(Said::of(view, self.notes.of(note)?));
            Ok((day(*at), said(cause)?, said(plan)?))
        };
        self.actions.iter().rev().map(plan).collect()
    }

    fn moments(&self, view: &View, day: impl Fn(i64) -> String) -> Result<Vec<Moment>, Problem> {
        let moment = |(event, _, note, at): &(String, String, Option<_>, i64)| {
            let said = self.notes.of_optional(note.as_ref())?.map(|shown| Said::of(view, shown));
            Ok(Moment { day: day(*at), event: view.word("finding-event", event), said })
        };
        self.events.iter().rev().map(moment).collect()
    }
}

async fn answer(
    app: &App,
    sent: Sent,
    id: &FindingId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("/desk/findings/{id}?done={form}")),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}

async fn plan(State(app): State<App>, Path(id): Path<FindingId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body = json!({ "version": typed.number("version"), "cause": typed.note("cause"), "plan": typed.note("plan") });
    let done =
        sent.carry_out(body, |write| api::plan(State(app.clone()), Path(id.clone()), write)).await;
    answer(&app, sent, &id, "plan", done).await
}

async fn accept(State(app): State<App>, Path(id): Path<FindingId>, mut sent: Sent) -> Response {
    let body = json!({ "version": sent.typed.number("version") });
    let done = sent
        .carry_out(body, |write| api::accept(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "accept-plan", done).await
}

async fn show_evidence(
    State(app): State<App>,
    Path(id): Path<FindingId>,
    mut sent: Sent,
) -> Response {
    let typed = &sent.typed;
    let evidence: Vec<_> = typed.all("evidence").collect();
    let body = json!({ "version": typed.number("version"), "evidence": evidence });
    let done = sent
        .carry_out(body, |write| api::show_evidence(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "evidence", done).await
}

async fn verify(State(app): State<App>, Path(id): Path<FindingId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body = json!({
        "version": typed.number("version"), "value": typed.text("value"), "reason": typed.note("reason"),
    });
    let done = sent
        .carry_out(body, |write| api::verify(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "verify", done).await
}

async fn reject(State(app): State<App>, Path(id): Path<FindingId>, mut sent: Sent) -> Response {
    let body =
        json!({ "version": sent.typed.number("version"), "reason": sent.typed.note("reason") });
    let done = sent
        .carry_out(body, |write| api::reject(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "reject", done).await
}

async fn give_up(State(app): State<App>, Path(id): Path<FindingId>, mut sent: Sent) -> Response {
    let body =
        json!({ "version": sent.typed.number("version"), "reason": sent.typed.note("reason") });
    let done = sent
        .carry_out(body, |write| api::decline(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "give-up", done).await
}

async fn extend(State(app): State<App>, Path(id): Path<FindingId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body = json!({
        "version": typed.number("version"), "until": format!("{}T00:00:00Z", typed.text("until")),
        "reason": typed.note("reason"),
    });
    let done = sent
        .carry_out(body, |write| api::extend(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "extend", done).await
}
