//! An application's page: where it stands, whose turn it is, and what one may do about it.

mod draft;
mod moves;

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::{Names, Notice, Said, desk_page, done, fees, is_turn_of, language};
use crate::certification::file::{self, File};
use crate::certification::ids::ApplicationId;
use crate::certification::rules::application::{ApplicationState, Work};
use crate::certification::rules::conflict::{self, Tie};
use crate::certification::rules::refusal::Mover;
use crate::certification::rules::turn;
use crate::certification::store::applications::Assignment;
use crate::certification::store::assessments::Assessment;
use crate::certification::store::findings::Finding;
use crate::certification::store::{
    applications, assessments, decisions, facilities, findings, parties, people,
};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role};
use crate::platform::clock::instant;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Forms, or_problem};
use crate::platform::notes;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) use draft::{FACTS, Progress, progress};
pub(super) use moves::answer;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/applications/{id}", get(case))
        .merge(moves::routes())
        .merge(draft::routes())
}

/// Where an application's page stands.
pub(super) fn path(id: &ApplicationId) -> String {
    format!("/desk/applications/{id}")
}

desk_page! {
    /// An application's page.
    CasePage<'a>, "desk/case.html" {
        here: String,
        version: i64,
        company: &'a str,
        body: &'a str,
        programme: &'a str,
        programme_path: String,
        kind: &'static str,
        state: &'static str,
        turn: String,
        mine: bool,
        may: May,
        people: Vec<Person>,
        offered: Vec<Offer>,
        places: Vec<Place>,
        assessment: Option<AssessmentLink>,
        findings: Vec<FindingRow>,
        moments: Vec<Moment>,
        draft: Option<draft::Draft>,
        staff: Vec<Candidate>,
        certificate: Option<String>,
        refused: bool,
        decisions: Option<String>,
        fees: Option<Vec<fees::Row>>,
    }
}

/// What this person may do here now.
#[derive(Debug, Default)]
struct May {
    withdraw: bool,
    review: bool,
    assign_lead: bool,
    assign: bool,
    decide: bool,
    read_assessment: bool,
    quote: bool,
    bill: bool,
}

/// Somebody with a task.
struct Person {
    id: String,
    path: String,
    name: String,
    task: &'static str,
    accepted: bool,
}

/// A task that this person is offered.
struct Offer {
    path: String,
    task: &'static str,
}

/// A facility in scope.
struct Place {
    name: String,
    kind: &'static str,
    address: String,
    workers: i64,
    residents: i64,
}

struct AssessmentLink {
    path: String,
    state: &'static str,
}

/// A finding in a list.
pub(super) struct FindingRow {
    pub(super) path: String,
    pub(super) criterion: String,
    pub(super) title: String,
    pub(super) facility: String,
    pub(super) grade: &'static str,
    pub(super) state: &'static str,
    pub(super) due: String,
    pub(super) overdue: bool,
}

/// Something that happened.
pub(super) struct Moment {
    pub(super) day: String,
    pub(super) event: String,
    pub(super) said: Option<Said>,
}

/// Somebody who may be given a task.
struct Candidate {
    account: String,
    name: String,
    role: &'static str,
    competent: bool,
    tie: Option<&'static str>,
}

async fn case(State(app): State<App>, visitor: Visitor, Path(id): Path<ApplicationId>) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

/// The page, with the forms as they stand.
pub(super) async fn show(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    forms: &Forms,
) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

/// What the page reads.
struct Loaded {
    file: File,
    assigned: Vec<Assignment>,
    assessment: Option<Assessment>,
    findings: Vec<Finding>,
    scope: Vec<facilities::Facility>,
}

async fn load(
    db: &mut AnyConnection,
    actor: &Actor,
    id: &ApplicationId,
) -> Result<Loaded, Problem> {
    let application = applications::get(db, id).await?.ok_or(Problem::NotFound("application"))?;
    let assigned = applications::assignments(db, id).await?;
    let subject = applications::subject_with(&application, &assigned);
    actor.authorise(Action::ReadApplication, &subject, "application")?;
    let programme = file::programme(db, &application.programme_version_id).await?;
    let file = File { application, subject, programme };
    let assessment = assessments::of_application(db, id).await?;
    let findings = match &assessment {
        Some(assessment) => findings::of_assessment(db, &assessment.id).await?,
        None => Vec::new(),
    };
    let scope = facilities::of_application(db, id).await?;
    Ok(Loaded { file, assigned, assessment, findings, scope })
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let (view, actor, now) = (&visitor.view, &visitor.actor, app.clock.now());
    let mut db = app.db.reader().acquire().await?;
    let loaded = load(&mut db, actor, id).await?;
    let (application, programme) = (&loaded.file.application, &loaded.file.programme);
    let (company, body) =
        parties::two(&mut db, &application.company_id, &application.body_id).await?;
    let names = Names::of(loaded.scope.iter().map(|f| (&f.id, f.name.as_str())));
    let decided = match application.state {
        ApplicationState::Decided => decisions::of_application(&mut db, id).await?,
        _ => None,
    };
    let refused = decided.as_ref().is_some_and(|decided| decided.certificate.is_none());
    // Nothing more is to be corrected for a certificate that was refused.
    let states: Vec<_> =
        loaded.findings.iter().filter(|_| !refused).map(|finding| finding.state).collect();
    let turn = turn::whose(application.state, loaded.assessment.as_ref().map(|a| a.state), &states);
    let may = may(actor, &loaded);
    let reads = actor.may(Action::ReadFinding, &loaded.file.subject);
    let readable = if reads { loaded.findings.as_slice() } else { &[] };
    let staff = match may.assign {
        true => candidates(&mut db, &loaded.file, now).await?,
        false => Vec::new(),
    };
    let is_draft = application.state == ApplicationState::Draft;
    let fills_in = actor.holds(Role::Applicant, &application.company_id) && is_draft;
    let draft = match fills_in {
        true => Some(draft::load(&mut db, view, &loaded.file, &loaded.scope, &body).await?),
        false => None,
    };
    let own = actor.may(Action::Appeal, &loaded.file.subject) && decided.is_some();
    let fees = match actor.may(Action::ReadFee, &loaded.file.subject) {
        true => Some(fees::of_application(&mut db, view, id).await?),
        false => None,
    };
    let page = CasePage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &names),
        done: done(visitor),
        here: path(id),
        version: application.version,
        company: &company.display_name,
        body: &body.display_name,
        programme: programme.title.get(language(view)),
        programme_path: format!("/programmes/{}/{}", programme.id, programme.version),
        kind: application.kind.as_str(),
        state: application.state.as_str(),
        turn: turn
            .map_or_else(|| view.text("turn-nobody"), |mover| view.word("turn", mover.as_str())),
        mine: turn.is_some_and(|mover| is_mine(actor, &loaded.file, mover)),
        may,
        people: loaded.assigned.iter().map(|row| Person::of(id, row)).collect(),
        offered: offers(actor, &loaded),
        places: loaded.scope.iter().map(Place::of).collect(),
        assessment: loaded.assessment.as_ref().map(AssessmentLink::of),
        findings: finding_rows(view, &loaded.file, readable, &names, now)?,
        moments: moments(&mut db, app, view, &loaded.file).await?,
        draft,
        staff,
        decisions: own.then(|| format!("/desk/parties/{}/decisions", application.company_id)),
        fees,
        refused,
        certificate: decided.and_then(|decided| decided.certificate),
    };
    Ok(visitor.page(forms.status(), &page))
}

/// Whether it is this person's turn, by what the person is here.
fn is_mine(actor: &Actor, file: &File, turn: Mover) -> bool {
    let parties = (&file.application.company_id, &file.application.body_id);
    let own = file.subject.given.iter().filter(|given| given.account == actor.account);
    let own: Vec<_> = own.map(|given| given.task).collect();
    is_turn_of(actor, parties, |task| own.contains(&task), turn)
}

/// What this person may do here, by the table of permissions and the state.
fn may(actor: &Actor, loaded: &Loaded) -> May {
    use ApplicationState::{Accepted, Assessing, Deciding, Draft, Submitted};
    let subject = &loaded.file.subject;
    let state = loaded.file.application.state;
    let followed_up = loaded.file.application.kind.is_follow_up();
    let allowed = |action| actor.may(action, subject);
    let manages = allowed(Action::Assign);
    May {
        withdraw: allowed(Action::MoveApplication)
            && state.is_under_way()
            && state != Draft
            && !followed_up,
        review: allowed(Action::ReviewApplication) && state == Submitted,
        assign_lead: manages && state == Accepted,
        assign: manages && matches!(state, Accepted | Assessing | Deciding),
        decide: allowed(Action::DecideApplication) && state == Deciding,
        quote: allowed(Action::HandleFee) && Work::Quote.in_state(state).is_ok(),
        bill: allowed(Action::HandleFee),
        read_assessment: loaded.assessment.is_some() && allowed(Action::ReadAssessment),
    }
}

impl Person {
    fn of(application: &ApplicationId, row: &Assignment) -> Self {
        let (id, name) = (row.id.to_string(), row.name.clone());
        let path = format!("{}/assignments/{id}/end-task", path(application));
        Self { id, path, name, task: row.task.as_str(), accepted: row.accepted_at.is_some() }
    }
}

impl Place {
    fn of(row: &facilities::Facility) -> Self {
        Self {
            name: row.name.clone(),
            kind: row.kind.as_str(),
            address: row.address.clone(),
            workers: row.workers,
            residents: row.residents,
        }
    }
}

impl AssessmentLink {
    fn of(row: &Assessment) -> Self {
        Self { path: format!("/desk/assessments/{}", row.id), state: row.state.as_str() }
    }
}

/// The tasks that wait for this person's word.
fn offers(actor: &Actor, loaded: &Loaded) -> Vec<Offer> {
    let waits = |row: &&Assignment| row.account_id == actor.account && row.accepted_at.is_none();
    let base = path(&loaded.file.application.id);
    let offer = |row: &Assignment| Offer {
        path: format!("{base}/assignments/{}/task", row.id),
        task: row.task.as_str(),
    };
    loaded.assigned.iter().filter(waits).map(offer).collect()
}

/// Findings as a list shows them.
pub(super) fn finding_rows(
    view: &View,
    file: &File,
    findings: &[Finding],
    names: &Names,
    now: Timestamp,
) -> Result<Vec<FindingRow>, Problem> {
    let zone = file::zone(&file.programme)?;
    let row = |finding: &Finding| {
        let criterion = file.programme.criterion(&finding.criterion);
        FindingRow {
            path: format!("/desk/findings/{}", finding.id),
            title: criterion
                .map_or_else(String::new, |known| known.title.get(language(view)).to_owned()),
            criterion: finding.criterion.clone(),
            facility: names.facility(finding.facility_id.as_str()).to_owned(),
            grade: finding.grade.as_str(),
            state: finding.state.as_str(),
            due: view.day(zone.day(super::finding::next_due(finding))),
            overdue: file::terms(finding).overdue(finding.state, now),
        }
    };
    Ok(findings.iter().map(row).collect())
}

/// What happened, the last first.
async fn moments(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    file: &File,
) -> Result<Vec<Moment>, Problem> {
    let zone = file::zone(&file.programme)?;
    let events = applications::events(db, &file.application.id).await?;
    let noted: Vec<_> = events.iter().filter_map(|event| event.reason_note.as_ref()).collect();
    let notes = notes::read(db, app, Subject::Party(&file.application.company_id), &noted).await?;
    let mut moments = Vec::new();
    for event in events.iter().rev() {
        moments.push(Moment {
            day: view.day(zone.day(instant(event.at))),
            event: view.word("app-event", &event.event),
            said: notes.of_optional(event.reason_note.as_ref())?.map(|shown| Said::of(view, shown)),
        });
    }
    Ok(moments)
}

/// The people who may be given a task, with what speaks against it.
async fn candidates(
    db: &mut AnyConnection,
    file: &File,
    now: Timestamp,
) -> Result<Vec<Candidate>, Problem> {
    let (programme, application) = (&file.programme, &file.application);
    let ties = people::ties(db, &application.body_id, &application.company_id).await?;
    let zone = file::zone(programme)?;
    let mut candidates = Vec::new();
    let mut seen = BTreeSet::new();
    for row in people::staff(db, &application.body_id, &programme.id, now).await? {
        if !seen.insert((row.account_id.clone(), row.role.as_str())) {
            continue;
        }
        let own = ties.iter().filter(|(account, ..)| *account == row.account_id);
        let own: Vec<Tie> = own
            .filter_map(|(_, kind, from, until)| {
                Some(Tie {
                    kind: kind.parse().ok()?,
                    from: instant(*from),
                    until: until.map(instant),
                })
            })
            .collect();
        let tie = conflict::find(&own, now, &zone, programme.rules.advice_conflict_months);
        candidates.push(Candidate {
            account: row.account_id.to_string(),
            name: row.name,
            role: row.role.as_str(),
            competent: row.competent > 0,
            tie: tie.map(|tie| tie.kind.as_str()),
        });
    }
    Ok(candidates)
}
