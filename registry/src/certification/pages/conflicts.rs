//! One's own conflicts of interest: what counts as one, and what one has declared.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use super::{Names, Notice, desk_page, done};
use crate::certification::api::people as api;
use crate::certification::rules::conflict::TieKind;
use crate::certification::store::people::{self, NamedTie};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::clock::instant;
use crate::platform::forms::{Forms, Sent, Typed, or_problem};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/desk/conflicts", get(own).post(declare))
}

/// The kinds of ties that somebody declares. Memberships are known to the registry itself.
pub(super) const DECLARED: &[&str] =
    &["employed", "advised", "trained", "family", "financial", "declared"];

/// A tie to a company as a page shows it.
pub(super) struct Tied {
    pub(super) company: String,
    pub(super) kind: &'static str,
    pub(super) from: String,
    pub(super) until: Option<String>,
}

impl Tied {
    /// A tie in the reader's words.
    pub(super) fn of(view: &View, tie: NamedTie) -> Self {
        Self {
            company: tie.company,
            kind: tie.kind.parse().unwrap_or(TieKind::Declared).as_str(),
            from: view.moment_day(instant(tie.from_at)),
            until: tie.until_at.map(|at| view.moment_day(instant(at))),
        }
    }
}

/// The beginning of the first day that was typed, or what was typed in its place, for the API to refuse.
pub(super) fn from_day(typed: &Typed) -> String {
    format!("{}T00:00:00Z", typed.text("from"))
}

/// The last second of the last day that was typed, if one was.
pub(super) fn until_day(typed: &Typed) -> Option<String> {
    typed.optional("until").map(|day| format!("{day}T23:59:59Z"))
}

desk_page! {
    /// One's own conflicts of interest.
    ConflictsPage<'a>, "desk/conflicts.html" {
        kinds: &'static [&'static str],
        /// Companies that one knows of as one of a body's people: id, name.
        companies: Vec<(String, String)>,
        own: Vec<Tied>,
    }
}

async fn own(State(app): State<App>, visitor: Visitor) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &forms).await
}

async fn show(app: &App, visitor: &Visitor, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, forms).await)
}

async fn page(app: &App, visitor: &Visitor, forms: &Forms) -> Result<Response, Problem> {
    let (view, actor) = (&visitor.view, &visitor.actor);
    actor.authorise(Action::DeclareConflict, &Subject::default(), "conflict")?;
    let mut db = app.db.reader().acquire().await?;
    let companies = people::companies_known_to(&mut db, &actor.account).await?;
    let names: BTreeMap<_, _> = companies.iter().cloned().collect();
    let mut own = Vec::new();
    for mut tie in people::conflicts_of(&mut db, &actor.account).await? {
        // Whoever names a company by its id alone does not thereby learn what it is called.
        if !names.contains_key(&tie.party_id) {
            tie.company = view.with("conflicts-unnamed", "id", &tie.party_id);
        }
        own.push(Tied::of(view, tie));
    }
    let page = ConflictsPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: done(visitor),
        kinds: DECLARED,
        companies: companies.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        own,
    };
    Ok(visitor.page(forms.status(), &page))
}

/// What was typed, as the API takes it.
fn declaration(typed: &Typed) -> Value {
    json!({
        "party": typed.text("party"), "kind": typed.text("kind"), "from": from_day(typed),
        "until": until_day(typed),
    })
}

async fn declare(State(app): State<App>, mut sent: Sent) -> Response {
    let body = declaration(&sent.typed);
    let done = sent.carry_out(body, |write| api::declare(State(app.clone()), write)).await;
    match done {
        Ok(_) => sent.visitor.go("/desk/conflicts?done=declare"),
        Err(problem) => show(&app, &sent.visitor, &sent.back(&app, "declare", problem)).await,
    }
}
