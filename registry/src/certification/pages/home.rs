//! One's own desk: what waits for one, what one is invited to, and for whom one acts.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use super::certificates::{CertificateRow, needing};
use super::{DONE, Notice, appeal, desk_page, done, is_turn_of};
use crate::certification::rules::assessment::AssessmentState;
use crate::certification::rules::finding::FindingState;
use crate::certification::rules::refusal::Mover;
use crate::certification::rules::turn;
use crate::certification::store::appeals;
use crate::certification::store::applications::{self, Queued};
use crate::platform::accounts::api as accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Actor, Role, Task};
use crate::platform::clock::instant;
use crate::platform::forms::{Forms, Sent, or_problem};
use crate::platform::id::{MembershipId, PartyId};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::{DESK, Visitor};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk", get(home))
        .route("/desk/invitations/{id}/join", post(join))
        .route("/desk/invitations/{id}/refuse-invitation", post(refuse))
}

/// How many applications a desk shows; what is under way comes first.
const SHOWN: i64 = 100;

desk_page! {
    /// One's own desk.
    HomePage<'a>, "desk/home.html" {
        waiting: Vec<Row>,
        others: Vec<Row>,
        ended: Vec<Row>,
        invitations: Vec<Invitation>,
        parties: Vec<Acting>,
        appeals: Vec<appeal::Row>,
        certificates: Vec<CertificateRow>,
        /// Whether one judges companies for a body, and so says what ties one to any of them.
        judges: bool,
    }
}

/// An application in the queue.
struct Row {
    path: String,
    company: String,
    kind: &'static str,
    state: &'static str,
    turn: String,
    changed: String,
}

/// What one is invited to.
struct Invitation {
    path: String,
    party: String,
    role: &'static str,
}

/// A party that one acts for, and the pages about it that one's roles there open.
struct Acting {
    id: PartyId,
    path: Option<String>,
    name: String,
    roles: Vec<&'static str>,
    doors: Vec<(String, &'static str)>,
}

/// The pages about a party that a role in it opens: each lies under `/desk/parties/{party}/` by its word, and is called by
/// the text `door-WORD`.
const DOORS: &[(Role, &str)] = &[
    (Role::QualityManager, "certificates"),
    (Role::DecisionMaker, "certificates"),
    (Role::Reviewer, "certificates"),
    (Role::Auditor, "certificates"),
    (Role::QualityManager, "complaints"),
    (Role::QualityManager, "appeals"),
    (Role::Auditor, "appeals"),
    (Role::QualityManager, "fees"),
    (Role::Auditor, "fees"),
    (Role::Applicant, "decisions"),
    (Role::QualityManager, "people"),
];

/// The words of the pages about a party.
pub(super) const DOOR_WORDS: &[&str] =
    &["certificates", "complaints", "appeals", "fees", "decisions", "people"];

/// Adds what a role opens and another did not.
fn open(doors: &mut Vec<(String, &'static str)>, party: &PartyId, role: Role) {
    for (_, word) in DOORS.iter().filter(|(opens, _)| *opens == role) {
        if !doors.iter().any(|(_, known)| known == word) {
            doors.push((format!("/desk/parties/{party}/{word}"), word));
        }
    }
}

/// The roles of those who judge companies.
const JUDGES: [Role; 3] = [Role::Assessor, Role::Reviewer, Role::DecisionMaker];

/// Whether it is this person's turn.
fn is_mine(actor: &Actor, queued: &Queued, turn: Mover) -> bool {
    let (company, body) = (&queued.application.company_id, &queued.application.body_id);
    let has = |task: Task| queued.tasks.split(' ').any(|word| word == task.as_str());
    is_turn_of(actor, (company, body), has, turn)
}

/// Whose turn it is on an application in the queue.
fn whose(queued: &Queued) -> Option<Mover> {
    let assessment =
        queued.assessment.as_deref().and_then(|state| state.parse::<AssessmentState>().ok());
    let findings: &[FindingState] = match (queued.to_answer, queued.to_judge) {
        (0, 0) => &[],
        (0, _) => &[FindingState::Submitted],
        _ => &[FindingState::Open],
    };
    turn::whose(queued.application.state, assessment, findings)
}

fn row(view: &View, queued: &Queued, turn: Option<Mover>) -> Row {
    let application = &queued.application;
    Row {
        path: format!("/desk/applications/{}", application.id),
        company: queued.company.clone(),
        kind: application.kind.as_str(),
        state: application.state.as_str(),
        turn: turn.map_or_else(String::new, |mover| view.word("turn", mover.as_str())),
        changed: view.moment_day(instant(application.changed_at)),
    }
}

async fn home(State(app): State<App>, visitor: Visitor) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &forms).await
}

async fn show(app: &App, visitor: &Visitor, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, forms).await)
}

async fn page(app: &App, visitor: &Visitor, forms: &Forms) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let queue = applications::queue(&mut db, &visitor.actor.account, SHOWN).await?;
    let (mut waiting, mut others, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    for queued in &queue {
        let turn = whose(queued);
        let row = row(view, queued, turn);
        match turn {
            Some(mover) if is_mine(&visitor.actor, queued, mover) => waiting.push(row),
            _ if !queued.application.state.is_under_way() => ended.push(row),
            _ if queued.offered > 0 => waiting.push(row),
            _ => others.push(row),
        }
    }
    let (mut invitations, mut parties) = (Vec::new(), Vec::<Acting>::new());
    for mine in accounts::my_memberships(&mut db, &visitor.actor.account).await? {
        let role = mine.role.as_str();
        if !mine.accepted.0 {
            invitations.push(Invitation {
                path: format!("/desk/invitations/{}", mine.id),
                party: mine.party_name,
                role,
            });
        } else if let Some(known) = parties.iter_mut().find(|known| known.id == mine.party) {
            known.roles.push(role);
            open(&mut known.doors, &mine.party, mine.role);
        } else {
            let path =
                (mine.party_kind == "company").then(|| format!("/desk/companies/{}", mine.party));
            let mut doors = Vec::new();
            open(&mut doors, &mine.party, mine.role);
            let (id, name) = (mine.party, mine.party_name);
            parties.push(Acting { id, path, name, roles: vec![role], doors });
        }
    }
    let told = appeals::to_hear(&mut db, &visitor.actor.account).await?;
    let appeals = appeal::rows(&mut db, view, told).await?;
    let certificates = needing(&mut db, app, visitor).await?;
    let notice = Notice::of(view, forms, &super::Names::default());
    let page = HomePage {
        view,
        visitor,
        forms,
        notice,
        done: done(visitor),
        waiting,
        others,
        ended,
        invitations,
        parties,
        appeals,
        certificates,
        judges: JUDGES.into_iter().any(|role| visitor.actor.parties(role).next().is_some()),
    };
    Ok(visitor.page(forms.status(), &page))
}

async fn join(State(app): State<App>, Path(id): Path<MembershipId>, mut sent: Sent) -> Response {
    let handler = |write| accounts::accept_membership(State(app.clone()), Path(id), write);
    let done = sent.carry_out(json!({}), handler).await;
    answered(&app, sent, "join", done).await
}

async fn refuse(State(app): State<App>, Path(id): Path<MembershipId>, mut sent: Sent) -> Response {
    let handler = |write| accounts::decline_membership(State(app.clone()), Path(id), write);
    let done = sent.carry_out(json!({}), handler).await;
    answered(&app, sent, "refuse-invitation", done).await
}

async fn answered(
    app: &App,
    sent: Sent,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    debug_assert!(DONE.contains(&form));
    match done {
        Ok(_) => sent.visitor.go(format!("{DESK}?done={form}")),
        Err(problem) => show(app, &sent.visitor, &sent.back(app, form, problem)).await,
    }
}
