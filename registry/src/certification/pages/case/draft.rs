//! What the company fills in: scope, facts, the self-assessment's sections, the agreement.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde_json::json;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::moves::{answer, seen};
use crate::certification::api::applications::{draft, moves};
use crate::certification::api::parties::Terms;
use crate::certification::file::File;
use crate::certification::ids::ApplicationId;
use crate::certification::pages::language;
use crate::certification::rules::scope::{self, Facility};
use crate::certification::store::parties::Party;
use crate::certification::store::{applications, facilities};
use crate::platform::app::App;
use crate::platform::forms::Sent;
use crate::platform::pages::View;
use crate::platform::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/applications/{id}/scope", post(change_scope))
        .route("/desk/applications/{id}/agreement", post(agree))
        .route("/desk/applications/{id}/submit", post(submit))
}

/// The facts that pages have words for; a programme may ask for others.
pub(crate) const FACTS: &[&str] = &[
    "agents_used",
    "dispatched",
    "fees_found",
    "housing_provided",
    "night_or_hazardous_work",
    "skill_development",
    "specified_skilled",
    "suppliers_used",
    "technical_intern",
];

/// What the company fills in.
pub(super) struct Draft {
    pub(super) sections: Vec<Progress>,
    pub(super) answered: usize,
    pub(super) asked: usize,
    pub(super) facilities: Vec<Choice>,
    pub(super) facts: Vec<Choice>,
    pub(super) terms: Option<TermsView>,
    pub(super) agreed: Option<String>,
}

/// How far a section is.
pub(crate) struct Progress {
    pub(crate) path: String,
    pub(crate) title: String,
    pub(crate) given: usize,
    pub(crate) asked: usize,
}

/// Something to tick.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_chosen: bool,
}

/// The body's terms.
pub(super) struct TermsView {
    pub(super) version: String,
    pub(super) fees: Vec<(String, String)>,
}

/// How far each section is: of the pairs that are asked, how many are given.
pub(crate) fn progress<'a>(
    view: &View,
    file: &File,
    base: &str,
    asked: impl Iterator<Item = (&'a str, (&'a str, &'a str))>,
    given: &BTreeSet<(&str, &str)>,
) -> Vec<Progress> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (section, pair) in asked {
        let (done, all) = counts.entry(section).or_default();
        *all += 1;
        *done += usize::from(given.contains(&pair));
    }
    let sections = file.programme.sections.iter();
    sections
        .filter_map(|section| {
            let (given, asked) = *counts.get(section.id.as_str())?;
            let title = section.title.get(language(view)).to_owned();
            Some(Progress { path: format!("{base}/sections/{}", section.id), title, given, asked })
        })
        .collect()
}

/// Reads what the company fills in.
pub(super) async fn load(
    db: &mut AnyConnection,
    view: &View,
    file: &File,
    scope: &[facilities::Facility],
    body: &Party,
) -> Result<Draft, Problem> {
    let id = &file.application.id;
    let answers = applications::answers(db, id).await?;
    let places: Vec<Facility> =
        scope.iter().map(|f| Facility { id: f.id.to_string(), kind: f.kind }).collect();
    let given: BTreeSet<_> =
        answers.iter().map(|a| (a.criterion.as_str(), a.facility_id.as_str())).collect();
    let asked =
        scope::applicable(&file.programme, &places, file.facts()).map(|(criterion, facility)| {
            (criterion.section.as_str(), (criterion.id.as_str(), facility.id.as_str()))
        });
    let sections = progress(view, file, &super::path(id), asked, &given);
    let own = facilities::of_party(db, &file.application.company_id).await?;
    let chosen = |facility: &facilities::Facility| scope.iter().any(|f| f.id == facility.id);
    let facilities =
        own.iter().filter(|f| f.kind != akashi_schemas::FacilityKind::Whole).map(|f| Choice {
            id: f.id.to_string(),
            name: format!("{} · {}", f.name, view.word("kind", f.kind.as_str())),
            is_chosen: chosen(f),
        });
    let facts = file.programme.facts().into_iter().map(|fact| Choice {
        name: if FACTS.contains(&fact) { view.word("fact", fact) } else { fact.to_owned() },
        is_chosen: file.facts().contains(fact),
        id: fact.to_owned(),
    });
    Ok(Draft {
        answered: sections.iter().map(|section| section.given).sum(),
        asked: sections.iter().map(|section| section.asked).sum(),
        sections,
        facilities: facilities.collect(),
        facts: facts.collect(),
        terms: Terms::of(body)?.map(TermsView::of),
        agreed: applications::agreed_terms(db, id).await?,
    })
}

impl TermsView {
    fn of(terms: Terms) -> Self {
        let fees = terms.fees.iter().map(|fee| (fee.item().to_owned(), fee.shown()));
        Self { fees: fees.collect(), version: terms.version }
    }
}

async fn change_scope(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    mut sent: Sent,
) -> Response {
    let typed = &sent.typed;
    let body = json!({
        "version": typed.number("version"),
        "facilities": typed.all("facilities").collect::<Vec<_>>(),
        "facts": typed.all("facts").collect::<Vec<_>>(),
    });
    let done = sent
        .carry_out(body, |write| draft::fill_in(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "scope", done).await
}

async fn agree(State(app): State<App>, Path(id): Path<ApplicationId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let body =
        json!({ "version": typed.number("version"), "terms_version": typed.text("terms_version") });
    let done = sent
        .carry_out(body, |write| draft::agree(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "agreement", done).await
}

async fn submit(State(app): State<App>, Path(id): Path<ApplicationId>, mut sent: Sent) -> Response {
    let body = seen(&sent.typed);
    let done = sent
        .carry_out(body, |write| moves::submit(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "submit", done).await
}
