//! What somebody may ask before they register anything: may we apply, what does it take, and who learns of it. Nothing
//! of it is kept.

use std::sync::Arc;

use akashi_schemas::Programme;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::language;
use crate::certification::api::parties::Terms;
use crate::certification::file;
use crate::certification::rules::eligibility::{self, NotYet, Said};
use crate::certification::store::programmes;
use crate::platform::app::App;
use crate::platform::pages::View;
use crate::platform::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/may-i-apply", get(may_i_apply))
}

/// The steps from a registration to a certificate.
pub(super) const STEPS: &[&str] = &["register", "answer", "visit", "correct", "review", "decide"];

/// What was typed; all empty before anything was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    programme: String,
    hosts: String,
    workers: String,
    places: String,
    case: String,
    refused: String,
}

impl Asked {
    /// What was said, if every question that needs an answer has one.
    fn said(&self) -> Option<Said> {
        let yes = |text: &str| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let refused = match self.refused.trim() {
            "" => None,
            day => Some(day.parse::<Date>().ok()?),
        };
        Some(Said {
            hosts: yes(&self.hosts)?,
            workers: self.workers.trim().parse().ok()?,
            places: self.places.trim().parse().ok()?,
            refused,
            has_case: yes(&self.case)?,
        })
    }

    /// Whether anything was typed at all.
    fn is_sent(&self) -> bool {
        [&self.hosts, &self.workers, &self.places, &self.case, &self.refused]
            .into_iter()
            .any(|text| !text.is_empty())
    }
}

/// What is asked, and what the answer is.
#[derive(askama::Template)]
#[template(path = "may_i_apply.html")]
struct MayPage<'a> {
    view: &'a View,
    asked: &'a Asked,
    /// Programmes that may be applied under: id, title.
    programmes: Vec<(String, String)>,
    /// Whether something was sent that cannot be answered as it stands.
    unclear: bool,
    answer: Option<Answer>,
}

/// The answer.
struct Answer {
    programme: String,
    programme_path: String,
    against: Vec<String>,
    has_case: bool,
    interviews: u32,
    workers: u32,
    all_visited: bool,
    /// Each body, with its fees: item, amount.
    bodies: Vec<(String, Vec<(String, String)>)>,
    steps: &'static [&'static str],
    /// Each level: title, for how many months it is valid, and after how many somebody comes again.
    levels: Vec<(String, u32, u32)>,
    lapse_days: u32,
    appeal_days: u32,
    waiting_days: u32,
}

/// A programme that may be applied under, with the bodies that offer it: name, fees.
struct Offer {
    programme: Arc<Programme>,
    bodies: Vec<(String, Vec<(String, String)>)>,
}

/// What may be applied for now: of each programme its newest version.
async fn offers(db: &mut AnyConnection, app: &App) -> Result<Vec<Offer>, Problem> {
    let mut offers = Vec::<(crate::certification::ids::ProgrammeVersionId, Offer)>::new();
    for offered in programmes::offers(db, app.clock.now()).await? {
        let terms = offered.terms.as_deref().and_then(|terms| serde_json::from_str(terms).ok());
        let terms: Option<Terms> = terms;
        let fees = terms.into_iter().flat_map(|terms| terms.fees);
        let fees = fees.map(|fee| (fee.item().to_owned(), fee.shown())).collect();
        let body = (offered.body, fees);
        if let Some((_, known)) = offers.iter_mut().find(|(id, _)| *id == offered.version_id) {
            known.bodies.push(body);
            continue;
        }
        let programme = file::programme(db, &offered.version_id).await?;
        if offers.iter().all(|(_, known)| known.programme.id != programme.id) {
            offers.push((offered.version_id, Offer { programme, bodies: vec![body] }));
        }
    }
    Ok(offers.into_iter().map(|(_, offer)| offer).collect())
}

fn answer(view: &View, offer: Offer, said: &Said, now: jiff::Timestamp) -> Result<Answer, Problem> {
    let programme = &offer.programme;
    let (zone, language) = (file::zone(programme)?, language(view));
    let levels = programme.levels.iter().map(|level| {
        (level.title.get(language).to_owned(), level.valid_months, level.surveillance_months)
    });
    let levels = levels.collect();
    let against = eligibility::not_yet(programme, &zone, said, now);
    let sentence = |reason: &NotYet| match reason {
        NotYet::NobodyHosted => view.text("may-not-nobody"),
        NotYet::NoPlace => view.text("may-not-place"),
        NotYet::Waiting(until) => view.with("may-not-waiting", "day", view.day(*until)),
    };
    Ok(Answer {
        programme: programme.title.get(language).to_owned(),
        programme_path: format!("/programmes/{}/{}", programme.id, programme.version),
        against: against.iter().map(sentence).collect(),
        has_case: said.has_case,
        interviews: eligibility::heard(programme, said),
        workers: said.workers,
        all_visited: eligibility::all_visited(programme, said),
        bodies: offer.bodies,
        steps: STEPS,
        levels,
        lapse_days: programme.rules.application_lapse_days,
        appeal_days: programme.rules.appeal_days,
        waiting_days: programme.rules.refusal_waiting_days,
    })
}

async fn may_i_apply(State(app): State<App>, view: View, Query(asked): Query<Asked>) -> Response {
    match page(&app, &view, &asked).await {
        Ok(page) => page,
        Err(problem) => view.problem(&problem),
    }
}

async fn page(app: &App, view: &View, asked: &Asked) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let offers = offers(&mut db, app).await?;
    let titled = |offer: &Offer| {
        (offer.programme.id.clone(), offer.programme.title.get(language(view)).to_owned())
    };
    let programmes: Vec<_> = offers.iter().map(titled).collect();
    let only = offers.len() == 1;
    let chosen = offers.into_iter().find(|offer| only || offer.programme.id == asked.programme);
    let answer = match (chosen, asked.said()) {
        (Some(offer), Some(said)) => Some(answer(view, offer, &said, app.clock.now())?),
        _ => None,
    };
    let unclear = answer.is_none() && asked.is_sent();
    Ok(view.page(StatusCode::OK, &MayPage { view, asked, programmes, unclear, answer }))
}
