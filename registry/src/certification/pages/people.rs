//! A body's people: what they are in it, what they are competent for, and what ties them to companies.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use super::conflicts::{DECLARED, Tied, from_day, until_day};
use super::{Names, Notice, desk_page, done, language};
use crate::certification::api::parties::members as member_api;
use crate::certification::api::people as api;
use crate::certification::file;
use crate::certification::store::parties::{self, PartyKind};
use crate::certification::store::{people, programmes};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Role};
use crate::platform::clock::instant;
use crate::platform::forms::{Forms, Sent, or_problem};
use crate::platform::id::{AccountId, MembershipId, PartyId};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/parties/{id}/people", get(people_of))
        .route("/desk/parties/{id}/people/role", post(give_role))
        .route("/desk/parties/{id}/people/competence", post(competence))
        .route("/desk/parties/{id}/people/tie", post(tie))
        .route("/desk/parties/{id}/people/{membership}/end-membership", post(end_membership))
}

desk_page! {
    /// A body's people.
    PeoplePage<'a>, "desk/people.html" {
        here: String,
        name: String,
        people: Vec<Person>,
        roles: Vec<&'static str>,
        /// Programmes under which the body may certify: id, title.
        programmes: Vec<(String, String)>,
        /// Companies that apply or applied to the body: id, name.
        companies: Vec<(String, String)>,
        kinds: &'static [&'static str],
    }
}

/// One of a body's people, or invited to be.
struct Person {
    account: AccountId,
    name: String,
    roles: Vec<Held>,
    competences: Vec<Competence>,
    ties: Vec<Tied>,
}

impl Person {
    /// Whether the person has accepted any role: only then is something recorded of them.
    fn belongs(&self) -> bool {
        self.roles.iter().any(|held| held.accepted)
    }
}

/// A role that somebody holds, or is invited to.
struct Held {
    role: &'static str,
    since: String,
    accepted: bool,
    end: String,
}

/// A competence as the page shows it.
struct Competence {
    programme: String,
    from: String,
    until: Option<String>,
}

async fn people_of(State(app): State<App>, visitor: Visitor, Path(id): Path<PartyId>) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

async fn show(app: &App, visitor: &Visitor, id: &PartyId, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &PartyId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, id).await?.ok_or(Problem::NotFound("party"))?;
    if party.kind != PartyKind::Body {
        return Err(Problem::NotFound("party"));
    }
    visitor.actor.authorise(Action::RecordConflict, &party.subject(), "party")?;
    let here = format!("/desk/parties/{id}/people");
    let programmes = titles(&mut db, view, id, app).await?;
    let members = accounts::store::members_and_invited(&mut db, id).await?;
    let mut all = persons(view, &here, members);
    for known in people::competences_of(&mut db, id).await? {
        let title = programmes.iter().find(|(programme, _)| *programme == known.programme);
        let title = title.map_or(known.programme, |(_, title)| title.clone());
        if let Some(person) = all.iter_mut().find(|person| person.account == known.account_id) {
            person.competences.push(Competence {
                programme: title,
                from: view.moment_day(instant(known.from_at)),
                until: known.until_at.map(|at| view.moment_day(instant(at))),
            });
        }
    }
    for tie in people::ties_of_staff(&mut db, id).await? {
        if let Some(person) = all.iter_mut().find(|person| person.account == tie.account_id) {
            person.ties.push(Tied::of(view, tie));
        }
    }
    let companies = people::applicants(&mut db, id).await?;
    let page = PeoplePage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: done(visitor),
        here,
        name: party.display_name,
        people: all,
        roles: party.kind.roles().iter().map(|role: &Role| role.as_str()).collect(),
        programmes,
        companies: companies.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        kinds: DECLARED,
    };
    Ok(visitor.page(forms.status(), &page))
}

/// The programmes under which a body may certify now, each by the title of its newest version.
async fn titles(
    db: &mut sqlx::AnyConnection,
    view: &View,
    body: &PartyId,
    app: &App,
) -> Result<Vec<(String, String)>, Problem> {
    let mut titles = BTreeMap::new();
    for offer in programmes::offers(db, app.clock.now()).await? {
        if offer.body_id == *body {
            let programme = file::programme(db, &offer.version_id).await?;
            let title = programme.title.get(language(view)).to_owned();
            titles.entry(programme.id.clone()).or_insert(title);
        }
    }
    Ok(titles.into_iter().collect())
}

/// Each person once, with all their roles, in the order in which they came.
fn persons(view: &View, here: &str, members: Vec<accounts::store::Member>) -> Vec<Person> {
    let mut all = Vec::<Person>::new();
    for member in members {
        let held = Held {
            role: member.role.as_str(),
            since: view.moment_day(instant(member.from_at)),
            accepted: member.accepted_at.is_some(),
            end: format!("{here}/{}/end-membership", member.id),
        };
        match all.iter_mut().find(|person| person.account == member.account_id) {
            Some(person) => person.roles.push(held),
            None => all.push(Person {
                account: member.account_id,
                name: member.name,
                roles: vec![held],
                competences: Vec::new(),
                ties: Vec::new(),
            }),
        }
    }
    all
}

async fn answer(
    app: &App,
    sent: Sent,
    id: &PartyId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("/desk/parties/{id}/people?done={form}")),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}

async fn give_role(State(app): State<App>, Path(id): Path<PartyId>, mut sent: Sent) -> Response {
    let body = json!({ "email": sent.typed.text("email"), "role": sent.typed.text("role") });
    let handler = |write| member_api::add_member(State(app.clone()), Path(id.clone()), write);
    let done = sent.carry_out(body, handler).await;
    answer(&app, sent, &id, "role", done).await
}

async fn end_membership(
    State(app): State<App>,
    Path((id, membership)): Path<(PartyId, MembershipId)>,
    mut sent: Sent,
) -> Response {
    let path = Path((id.clone(), membership));
    let handler = |write| member_api::end_member(State(app.clone()), path, write);
    let done = sent.carry_out(json!({}), handler).await;
    answer(&app, sent, &id, "end-membership", done).await
}

async fn competence(State(app): State<App>, Path(id): Path<PartyId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body = json!({
        "body": id, "account": typed.text("account"), "programme": typed.text("programme"),
        "from": from_day(typed), "until": until_day(typed),
    });
    let handler = |write| api::record_competence(State(app.clone()), write);
    let done = sent.carry_out(body, handler).await;
    answer(&app, sent, &id, "competence", done).await
}

async fn tie(State(app): State<App>, Path(id): Path<PartyId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body = json!({
        "body": id, "account": typed.text("account"), "party": typed.text("party"),
        "kind": typed.text("kind"), "from": from_day(typed), "until": until_day(typed),
    });
    let done = sent.carry_out(body, |write| api::declare(State(app.clone()), write)).await;
    answer(&app, sent, &id, "tie", done).await
}
