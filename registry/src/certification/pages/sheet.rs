//! One section of the checklist: the company's own answers, or the assessors' ratings. Every criterion stands beside its
//! guide, its method and its evidence, at each facility. What is changed is saved, together or one by one as it is typed;
//! what somebody else changed meanwhile is shown beside what was typed, and nothing is lost.

mod answers;
mod changes;
mod ratings;

use std::collections::BTreeSet;
use std::future::Future;

use akashi_schemas::programme::Criterion;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use super::evidence::Piece;
use super::{Names, Notice, Said, desk_page, done, language};
use crate::certification::file::File;
use crate::certification::rules::scope::{self, Facility};
use crate::platform::app::App;
use crate::platform::forms::{Forms, Sent, Typed, by_script, or_problem};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;
use answers::Answers;
use changes::{Change, Changes, Held, Known, key};
use ratings::Ratings;

pub(super) fn routes() -> OpenApiRouter<App> {
    let answers = get(section::<Answers>).post(save::<Answers>);
    let ratings = get(section::<Ratings>).post(save::<Ratings>);
    OpenApiRouter::new()
        .route("/desk/applications/{id}/sections/{section}", answers)
        .route("/desk/assessments/{id}/sections/{section}", ratings)
}

/// The name of the form.
const FORM: &str = "sheet";

/// Why what was typed is not saved yet, as pages say it.
pub(super) const HELD: &[&str] = &["no_value", "no_reason", "no_ground", "overtaken"];

desk_page! {
    /// A section of the checklist.
    SheetPage<'a>, "desk/sheet.html" {
        here: String,
        overview: String,
        company: String,
        title: &'a str,
        /// The family of the words for the values: `rating` or `answer`.
        family: &'static str,
        values: &'static [&'static str],
        /// Whether it may be changed.
        open: bool,
        cards: Vec<Card>,
        sections: Vec<Tab>,
        next: Option<String>,
        given: usize,
        asked: usize,
        /// How many were saved just now, where others are held back.
        saved: Option<usize>,
        held: usize,
    }
}

/// A section to go to.
struct Tab {
    path: String,
    title: String,
    given: usize,
    asked: usize,
    here: bool,
}

/// A criterion.
struct Card {
    id: String,
    title: String,
    requirement: String,
    kind: &'static str,
    method: String,
    guide: Vec<(&'static str, String)>,
    pairs: Vec<Pair>,
}

/// A criterion at a facility.
struct Pair {
    key: String,
    facility: String,
    value: String,
    ground: String,
    grounds: Vec<(String, String)>,
    note: String,
    lang: String,
    seen: i64,
    is_given: bool,
    suggested: bool,
    own: Option<(String, Option<Said>)>,
    evidence: Vec<Piece>,
    attach: Option<String>,
    held: Option<Held>,
    other: Option<(String, Said)>,
}

/// What a sheet is made of, whoever fills it in.
struct Sheet<'a> {
    file: &'a File,
    section: &'a str,
    /// The pairs of the whole checklist.
    pairs: Vec<(&'a Criterion, &'a Facility)>,
    known: Known,
    /// What the company answered, for those who rate.
    answered: Option<Known>,
    evidence: Vec<Piece>,
    names: Names,
    /// Where the sections stand.
    base: String,
    overview: String,
    family: &'static str,
    values: &'static [&'static str],
    open: bool,
    attaches: bool,
}

/// What became of a form that was sent.
#[derive(Default)]
struct Sending {
    typed: Option<Typed>,
    changes: Changes,
    saved: Option<usize>,
}

/// What sections are filled in with: the company's own answers, or ratings.
trait Entries: Sized + Send {
    /// Names what they are of.
    type Id: DeserializeOwned + Clone + Send + Sync + 'static;

    /// Reads what stands, for somebody who may.
    fn read(
        app: &App,
        visitor: &Visitor,
        id: &Self::Id,
    ) -> impl Future<Output = Result<Self, Problem>> + Send;

    fn file(&self) -> &File;

    /// A section's sheet; takes what was read.
    fn sheet<'a>(&'a mut self, id: &Self::Id, section: &'a str) -> Sheet<'a>;

    /// What the page suggests as the reason for what does not apply, where entries need a reason.
    fn suggestion(view: &View) -> Option<String>;

    /// A change as the API takes it.
    fn entry(change: &Change, language: &Value) -> Value;

    /// Has the API write them, all or none.
    fn write(
        app: &App,
        id: &Self::Id,
        sent: &mut Sent,
        entries: Vec<Value>,
    ) -> impl Future<Output = Result<Response, Problem>> + Send;
}

async fn section<E: Entries>(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, section)): Path<(E::Id, String)>,
) -> Response {
    let (forms, sending) = (Forms::new(&app, &visitor), Sending::default());
    or_problem(&visitor, show::<E>(&app, &visitor, &id, &section, &forms, &sending).await)
}

async fn show<E: Entries>(
    app: &App,
    visitor: &Visitor,
    id: &E::Id,
    section: &str,
    forms: &Forms,
    sending: &Sending,
) -> Result<Response, Problem> {
    let mut entries = E::read(app, visitor, id).await?;
    if entries.file().programme.sections.iter().all(|known| known.id != section) {
        return Err(Problem::NotFound("section"));
    }
    Ok(entries.sheet(id, section).page(visitor, forms, sending))
}

/// Saves what of a section was changed and can be saved, and shows again what cannot.
async fn save<E: Entries>(
    State(app): State<App>,
    Path((id, section)): Path<(E::Id, String)>,
    headers: HeaderMap,
    mut sent: Sent,
) -> Response {
    let mut entries = match E::read(&app, &sent.visitor, &id).await {
        Ok(entries) => entries,
        Err(problem) => return sent.visitor.problem(&problem),
    };
    let sheet = entries.sheet(&id, &section);
    let suggestion = E::suggestion(&sent.visitor.view);
    let changes = Changes::between(&sent.typed, &sheet.known, &sheet.keys(), suggestion.as_deref());
    let language = sent.typed.note("")["lang"].take();
    let send: Vec<_> = changes.send.iter().map(|change| E::entry(change, &language)).collect();
    let count = send.len();
    let done = match count {
        0 => Ok(Response::default()),
        _ => E::write(&app, &id, &mut sent, send).await,
    };
    let sending =
        Sending { typed: Some(sent.typed.clone()), saved: done.is_ok().then_some(count), changes };
    let forms = match done {
        Ok(_) if by_script(&headers) => return sheet.told(&sent.visitor.view, &sending),
        Ok(_) if sending.changes.held.is_empty() => {
            return sent.visitor.go(changes_saved(&sent.typed, &sheet));
        }
        Ok(_) => Forms::new(&app, &sent.visitor),
        Err(problem) if by_script(&headers) => return problem.into_response(),
        Err(problem) => sent.back(&app, FORM, problem),
    };
    let page = show::<E>(&app, &sent.visitor, &id, &section, &forms, &sending).await;
    or_problem(&sent.visitor, page)
}

impl<'a> Sheet<'a> {
    /// The pairs of the section.
    fn own(&self) -> impl Iterator<Item = (&'a Criterion, &'a Facility)> {
        self.pairs.iter().copied().filter(|(criterion, _)| criterion.section == self.section)
    }

    fn keys(&self) -> BTreeSet<String> {
        self.own().map(|(criterion, facility)| key(&criterion.id, &facility.id)).collect()
    }

    fn tabs(&self, view: &View) -> Vec<Tab> {
        let given: BTreeSet<_> = self.known.pairs().collect();
        let asked =
            self.pairs.iter().map(|(c, f)| (c.section.as_str(), (c.id.as_str(), f.id.as_str())));
        let progress = super::case::progress(view, self.file, &self.base, asked, &given);
        let tab = |section: super::case::Progress| Tab {
            here: section.path.ends_with(&format!("/{}", self.section)),
            path: section.path,
            title: section.title,
            given: section.given,
            asked: section.asked,
        };
        progress.into_iter().map(tab).collect()
    }

    fn card(&self, view: &View, criterion: &Criterion, sending: &Sending) -> Card {
        let own = self.pairs.iter().filter(|(other, _)| other.id == criterion.id);
        let text = |text: &akashi_schemas::programme::Text| text.get(language(view)).to_owned();
        let guide = &criterion.guide;
        let mut rows = vec![("conform", text(&guide.conform))];
        rows.extend(guide.minor.as_ref().map(|minor| ("minor", text(minor))));
        rows.push(("major", text(&guide.major)));
        Card {
            id: criterion.id.clone(),
            title: text(&criterion.title),
            requirement: text(&criterion.requirement),
            kind: criterion.kind.as_str(),
            method: text(&criterion.method),
            guide: rows,
            pairs: own
                .map(|(criterion, facility)| self.pair(view, criterion, facility, sending))
                .collect(),
        }
    }

    fn pair(
        &self,
        view: &View,
        criterion: &Criterion,
        facility: &Facility,
        sending: &Sending,
    ) -> Pair {
        let key = key(&criterion.id, &facility.id);
        let known = self.known.of(&key);
        let applies = criterion.applies(self.file.facts());
        let suggested = self.family == "rating" && !applies && known.is_none() && self.open;
        let mut pair = Pair {
            facility: self.names.facility(&facility.id).to_owned(),
            value: known.map_or_else(String::new, |known| known.value.clone()),
            ground: known.and_then(|known| known.ground.clone()).unwrap_or_default(),
            grounds: grounds(view, self.file, criterion, applies),
            note: known.map_or_else(String::new, |known| known.note.clone()),
            lang: known.map_or_else(|| view.language().to_string(), |known| known.lang.clone()),
            seen: known.map_or(0, |known| known.seen),
            is_given: known.is_some(),
            suggested,
            own: self.answered.as_ref().and_then(|answers| answers.own(view, &key)),
            evidence: self
                .evidence
                .iter()
                .filter(|piece| piece.speaks_to(&criterion.id, &facility.id))
                .cloned()
                .collect(),
            attach: self.attaches.then(|| self.attach(criterion, facility)),
            held: sending.changes.held.get(&key).copied(),
            other: None,
            key,
        };
        if suggested {
            pair.value = "not_applicable".to_owned();
            pair.ground = akashi_schemas::OUT_OF_SCOPE.to_owned();
            pair.note = view.text("sheet-out-of-scope");
        }
        if let Some(typed) = &sending.typed {
            pair.fill(typed, known);
        }
        pair
    }

    fn attach(&self, criterion: &Criterion, facility: &Facility) -> String {
        let application = &self.file.application.id;
        format!(
            "/desk/applications/{application}/evidence?criterion={}&facility={}",
            criterion.id, facility.id
        )
    }

    /// The page.
    fn page(&self, visitor: &Visitor, forms: &Forms, sending: &Sending) -> Response {
        let view = &visitor.view;
        let mut criteria: Vec<&Criterion> = self.own().map(|(criterion, _)| criterion).collect();
        criteria.dedup_by(|one, other| one.id == other.id);
        let sections = self.tabs(view);
        let place = sections.iter().position(|tab| tab.here);
        let next = place.and_then(|place| sections.get(place + 1)).map(|tab| tab.path.clone());
        let section =
            self.file.programme.sections.iter().find(|section| section.id == self.section);
        let whole = self.pairs.iter().find(|(_, f)| f.kind == akashi_schemas::FacilityKind::Whole);
        let page = SheetPage {
            view,
            visitor,
            forms,
            notice: Notice::of(view, forms, &self.names),
            done: done(visitor),
            here: format!("{}/sections/{}", self.base, self.section),
            overview: self.overview.clone(),
            company: whole.map_or_else(String::new, |(_, f)| self.names.facility(&f.id).to_owned()),
            title: section.map_or("", |section| section.title.get(language(view))),
            family: self.family,
            values: self.values,
            open: self.open,
            cards: criteria
                .into_iter()
                .map(|criterion| self.card(view, criterion, sending))
                .collect(),
            given: sections.iter().map(|tab| tab.given).sum(),
            asked: sections.iter().map(|tab| tab.asked).sum(),
            sections,
            next,
            saved: sending.saved,
            held: sending.changes.held.len(),
        };
        let status = match sending.changes.held.is_empty() {
            true => forms.status(),
            false => StatusCode::CONFLICT,
        };
        visitor.page(status, &page)
    }

    /// What a script is told of what it sent: what is saved, and what is held back beside what stands there.
    fn told(&self, view: &View, sending: &Sending) -> Response {
        let saved: Vec<_> = sending
            .changes
            .send
            .iter()
            .map(|change| json!({ "key": change.key, "seen": change.seen + 1 }))
            .collect();
        let held = sending.changes.held.iter().map(|(key, why)| {
            let other = self.known.of(key).filter(|_| *why == Held::Overtaken);
            json!({
                "key": key, "why": view.word("held", why.word()),
                "seen": other.map(|known| known.seen),
                "other": other.map(|known| format!("{} — {}", view.word(self.family, &known.value), known.note)),
            })
        });
        axum::Json(json!({ "saved": saved, "held": held.collect::<Vec<_>>() })).into_response()
    }
}

impl Pair {
    /// Puts what was typed in the place of what is known.
    fn fill(&mut self, typed: &Typed, known: Option<&changes::Given>) {
        let text = |letter: &str| typed.text(&format!("{letter}.{}", self.key)).to_owned();
        let (value, ground, note) = (text("v"), text("g"), text("r"));
        if value.is_empty() && note.is_empty() {
            return;
        }
        if let (Some(Held::Overtaken), Some(known)) = (self.held, known) {
            let said = Said { lang: known.lang.clone(), text: known.note.clone() };
            self.other = Some((known.value.clone(), said));
        }
        (self.value, self.ground, self.note) = (value, ground, note);
        self.suggested = false;
    }
}

/// The grounds on which a criterion may be rated not applicable.
fn grounds(
    view: &View,
    file: &File,
    criterion: &Criterion,
    applies: bool,
) -> Vec<(String, String)> {
    let built_in = &file.programme.built_in_ground;
    let built_in = (!applies).then_some(built_in);
    let all = criterion.na_grounds.iter().chain(built_in);
    all.map(|ground| (ground.id.clone(), ground.text.get(language(view)).to_owned())).collect()
}

/// Where one goes on once all is saved: to the next section or back to the overview, as was asked; else one stays.
fn changes_saved(typed: &Typed, sheet: &Sheet<'_>) -> String {
    let next = || {
        let sections: Vec<_> =
            sheet.file.programme.sections.iter().map(|section| section.id.as_str()).collect();
        let asked: BTreeSet<_> =
            sheet.pairs.iter().map(|(criterion, _)| criterion.section.as_str()).collect();
        let after = sections.iter().skip_while(|id| **id != sheet.section).skip(1);
        after.copied().find(|id| asked.contains(id))
    };
    let path = match typed.text("then") {
        "next" => next()
            .map_or_else(|| sheet.overview.clone(), |id| format!("{}/sections/{id}", sheet.base)),
        "overview" => sheet.overview.clone(),
        _ => format!("{}/sections/{}", sheet.base, sheet.section),
    };
    format!("{path}?done=save")
}
