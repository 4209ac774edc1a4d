//! An assessment's page: who and what is seen, how far the checklist is, interviews, findings, the review; and its report.

mod moves;

use std::collections::BTreeMap;

use akashi_schemas::Rating;
use akashi_verifier::rule::Outcome;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::case::{FindingRow, Progress, finding_rows, progress};
use super::{Names, Notice, Said, desk_page, done, language, level_title};
use crate::certification::api::apply_rule;
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::AssessmentId;
use crate::certification::rules::application::ApplicationState;
use crate::certification::rules::assessment::AssessmentState;
use crate::certification::rules::finding::Standing;
use crate::certification::rules::scope;
use crate::certification::store::assessments::{Rated, Review};
use crate::certification::store::{assessments, findings};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::clock::instant;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Forms, or_problem};
use crate::platform::notes;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/assessments/{id}", get(assessment))
        .route("/desk/assessments/{id}/report", get(report))
        .merge(moves::routes())
}

desk_page! {
    /// An assessment.
    AssessmentPage<'a>, "desk/assessment.html" {
        here: String,
        case: String,
        version: i64,
        company: String,
        state: &'static str,
        visit: Option<String>,
        sample: Vec<Seen>,
        sections: Vec<Progress>,
        given: usize,
        asked: usize,
        findings: Vec<FindingRow>,
        reviews: Vec<ReviewRow>,
        result: Option<ResultRow>,
        levels: Vec<(String, String)>,
        any_na: bool,
        recommendations: &'static [&'static str],
        may: May,
    }
}

/// What this person may do here now.
#[derive(Default)]
struct May {
    start: bool,
    complete: bool,
    forward: bool,
    abort: bool,
    review: bool,
}

/// A facility that is seen, and the workers who are heard there.
struct Seen {
    /// The name of the form's field for the workers heard.
    field: String,
    name: String,
    kind: &'static str,
    address: String,
    planned: i64,
    held: String,
    heard: u32,
}

/// A review.
pub(super) struct ReviewRow {
    pub(super) recommendation: String,
    pub(super) level: Option<String>,
    pub(super) na_accepted: bool,
    pub(super) said: Said,
}

/// What the programme's rule gives for the ratings.
pub(super) struct ResultRow {
    pub(super) level: Option<String>,
    pub(super) level_id: Option<String>,
    pub(super) score: Option<String>,
    pub(super) reason: Option<&'static str>,
    pub(super) criteria: Vec<String>,
    pub(super) sections: Vec<SectionRow>,
}

/// What a section came to.
pub(super) struct SectionRow {
    pub(super) title: String,
    pub(super) applicable: u32,
    pub(super) below: u32,
    pub(super) major: u32,
    pub(super) keeps: bool,
}

impl ResultRow {
    /// The outcome in a reader's words.
    pub(super) fn of(view: &View, file: &file::File, outcome: &Outcome) -> Self {
        let programme = &file.programme;
        let title = |id: &str| {
            let section = programme.sections.iter().find(|section| section.id == id);
            section.map_or_else(
                || id.to_owned(),
                |section| section.title.get(language(view)).to_owned(),
            )
        };
        let criteria = match &outcome.reason {
            Some(akashi_verifier::rule::Reason::MustConform(criteria)) => criteria.clone(),
            _ => Vec::new(),
        };
        Self {
            level: outcome
                .level
                .as_deref()
                .map(|level| level_title(view, programme, level).to_owned()),
            level_id: outcome.level.clone(),
            score: outcome.score.map(|score| format!("{}.{:02}", score / 100, score % 100)),
            reason: outcome.reason.as_ref().map(akashi_verifier::rule::Reason::code),
            criteria,
            sections: outcome
                .sections
                .iter()
                .map(|section| SectionRow {
                    title: title(&section.id),
                    applicable: section.applicable,
                    below: section.below,
                    major: section.major,
                    keeps: section.keeps_limits,
                })
                .collect(),
        }
    }
}

async fn assessment(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<AssessmentId>,
) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

async fn show(app: &App, visitor: &Visitor, id: &AssessmentId, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &AssessmentId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let (view, now) = (&visitor.view, app.clock.now());
    let mut db = app.db.reader().acquire().await?;
    let loaded = AssessmentFile::load(&mut db, id).await?;
    visitor.actor.authorise(Action::ReadAssessment, &loaded.file.subject, "assessment")?;
    let ratings = loaded.ratings(&mut db).await?;
    let found = findings::of_assessment(&mut db, id).await?;
    let standings: Vec<_> = found.iter().map(|finding| file::standing(finding, now)).collect();
    let reviews = assessments::reviews(&mut db, id).await?;
    let names = Names::of(loaded.sample.iter().map(|s| (&s.facility_id, s.name.as_str())));
    let sections = sections(view, &loaded, &ratings);
    let programme = &loaded.file.programme;
    let levels = programme.levels.iter();
    let page = AssessmentPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &names),
        done: done(visitor),
        here: format!("/desk/assessments/{id}"),
        case: super::case::path(&loaded.file.application.id),
        version: loaded.assessment.version,
        company: company(&loaded),
        state: loaded.assessment.state.as_str(),
        visit: visit(view, &loaded)?,
        sample: loaded.sample.iter().map(Seen::of).collect(),
        given: sections.iter().map(|section| section.given).sum(),
        asked: sections.iter().map(|section| section.asked).sum(),
        sections,
        findings: finding_rows(view, &loaded.file, &found, &names, now)?,
        reviews: review_rows(&mut db, app, view, &loaded, reviews).await?,
        result: result(view, &loaded, &ratings),
        levels: levels.map(|l| (l.id.clone(), l.title.get(language(view)).to_owned())).collect(),
        recommendations: match loaded.file.application.kind.is_follow_up() {
            true => &["continue", "refuse", "return"],
            false => &["grant", "refuse", "return"],
        },
        any_na: ratings.iter().any(|rated| rated.value == Rating::NotApplicable),
        may: May::of(&visitor.actor, &loaded, &standings),
    };
    Ok(visitor.page(forms.status(), &page))
}

/// The company's name: that of the organisation as a whole.
pub(super) fn company(loaded: &AssessmentFile) -> String {
    let whole = loaded.sample.iter().find(|s| s.kind == akashi_schemas::FacilityKind::Whole);
    whole.map_or_else(String::new, |whole| whole.name.clone())
}

/// What the rule gives once everything is rated.
fn result(view: &View, loaded: &AssessmentFile, ratings: &[Rated]) -> Option<ResultRow> {
    let rated =
        !matches!(loaded.assessment.state, AssessmentState::Planned | AssessmentState::Open);
    rated.then(|| ResultRow::of(view, &loaded.file, &apply_rule(loaded, ratings, |_| true)))
}

fn visit(view: &View, loaded: &AssessmentFile) -> Result<Option<String>, Problem> {
    let zone = file::zone(&loaded.file.programme)?;
    let day = |at: i64| view.day(zone.day(instant(at)));
    let days = loaded.assessment.visit_from.zip(loaded.assessment.visit_to);
    Ok(days.map(|(from, to)| {
        view.format("certificate-term-range", &[("from", &day(from)), ("until", &day(to))])
    }))
}

fn sections(view: &View, loaded: &AssessmentFile, ratings: &[Rated]) -> Vec<Progress> {
    let facilities = loaded.facilities();
    let given = ratings.iter().map(|r| (r.criterion.as_str(), r.facility_id.as_str())).collect();
    let asked = scope::pairs(&loaded.file.programme, &facilities)
        .map(|(c, f)| (c.section.as_str(), (c.id.as_str(), f.id.as_str())));
    progress(
        view,
        &loaded.file,
        &format!("/desk/assessments/{}", loaded.assessment.id),
        asked,
        &given,
    )
}

/// Reviews with their words.
pub(super) async fn review_rows(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    loaded: &AssessmentFile,
    reviews: Vec<Review>,
) -> Result<Vec<ReviewRow>, Problem> {
    if reviews.is_empty() {
        return Ok(Vec::new());
    }
    let noted: Vec<_> = reviews.iter().map(|review| &review.reason_note).collect();
    let company = Subject::Party(&loaded.file.application.company_id);
    let notes = notes::read(db, app, company, &noted).await?;
    let row = |review: &Review| {
        let level = review.level.as_deref();
        Ok(ReviewRow {
            recommendation: view.word("recommendation", &review.recommendation),
            level: level.map(|level| level_title(view, &loaded.file.programme, level).to_owned()),
            na_accepted: review.na_accepted == 1,
            said: Said::of(view, notes.of(&review.reason_note)?),
        })
    };
    reviews.iter().rev().map(row).collect()
}

impl Seen {
    fn of(row: &assessments::Sampled) -> Self {
        let held: &BTreeMap<String, u32> = &row.interviews_held.0;
        let shown = held.iter().map(|(language, count)| format!("{language} {count}"));
        Self {
            field: format!("held.{}", row.facility_id),
            name: row.name.clone(),
            kind: row.kind.as_str(),
            address: row.address.clone(),
            planned: row.interviews_planned,
            held: shown.collect::<Vec<_>>().join(", "),
            heard: held.values().fold(0, |sum, count| sum.saturating_add(*count)),
        }
    }
}

impl May {
    fn of(actor: &Actor, loaded: &AssessmentFile, standings: &[Standing]) -> Self {
        use AssessmentState::{Findings, Open, Planned, Review};
        let state = loaded.assessment.state;
        let is_assessed = loaded.file.application.state == ApplicationState::Assessing;
        let allowed = |action, states: &[AssessmentState]| {
            is_assessed && states.contains(&state) && actor.may(action, &loaded.file.subject)
        };
        Self {
            start: allowed(Action::MoveAssessment, &[Planned]),
            complete: allowed(Action::MoveAssessment, &[Open]),
            forward: allowed(Action::MoveAssessment, &[Findings])
                && standings.iter().all(Standing::may_be_forwarded),
            abort: allowed(Action::MoveAssessment, &[Planned, Open, Findings, Review]),
            review: allowed(Action::Review, &[Review]),
        }
    }
}

desk_page! {
    /// The report of an assessment, for paper too.
    ReportPage<'a>, "desk/report.html" {
        back: String,
        /// Whether who was heard may be shown: no company learns whether the one worker of a language spoke.
        assesses: bool,
        company: String,
        programme: &'a str,
        version: &'a str,
        visit: Option<String>,
        sample: Vec<Seen>,
        result: ResultRow,
        sections: Vec<Reported>,
    }
}

/// A section of the report.
struct Reported {
    title: String,
    rows: Vec<ReportedRating>,
}

/// A rating in the report.
struct ReportedRating {
    criterion: String,
    title: String,
    facility: String,
    value: &'static str,
    ground: Option<String>,
}

async fn report(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<AssessmentId>,
) -> Response {
    or_problem(&visitor, report_page(&app, &visitor, &id).await)
}

async fn report_page(app: &App, visitor: &Visitor, id: &AssessmentId) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let loaded = AssessmentFile::load(&mut db, id).await?;
    loaded.authorise_report(&visitor.actor)?;
    let ratings = loaded.ratings(&mut db).await?;
    let forms = Forms::new(app, visitor);
    let programme = &loaded.file.programme;
    let assesses = visitor.actor.may(Action::ReadAssessment, &loaded.file.subject);
    let back = match assesses {
        true => format!("/desk/assessments/{id}"),
        false => super::case::path(&loaded.file.application.id),
    };
    let page = ReportPage {
        view,
        visitor,
        forms: &forms,
        notice: None,
        done: None,
        back,
        assesses,
        company: company(&loaded),
        programme: programme.title.get(language(view)),
        version: &programme.version,
        visit: visit(view, &loaded)?,
        sample: loaded.sample.iter().map(Seen::of).collect(),
        result: ResultRow::of(view, &loaded.file, &apply_rule(&loaded, &ratings, |_| true)),
        sections: reported(view, &loaded, &ratings),
    };
    Ok(visitor.page(forms.status(), &page))
}

/// The ratings by section, in the programme's order.
fn reported(view: &View, loaded: &AssessmentFile, ratings: &[Rated]) -> Vec<Reported> {
    let programme = &loaded.file.programme;
    let facilities = loaded.facilities();
    let names = Names::of(loaded.sample.iter().map(|s| (&s.facility_id, s.name.as_str())));
    let by_pair: BTreeMap<_, _> =
        ratings.iter().map(|r| ((r.criterion.as_str(), r.facility_id.as_str()), r)).collect();
    let ground = |criterion: &akashi_schemas::programme::Criterion, id: &str| {
        let known = criterion.ground(id).unwrap_or(&programme.built_in_ground);
        known.text.get(language(view)).to_owned()
    };
    let section = |section: &akashi_schemas::programme::Section| {
        let pairs = scope::pairs(programme, &facilities).filter(|(c, _)| c.section == section.id);
        let rows = pairs.filter_map(|(criterion, facility)| {
            let rated = by_pair.get(&(criterion.id.as_str(), facility.id.as_str()))?;
            Some(ReportedRating {
                criterion: criterion.id.clone(),
                title: criterion.title.get(language(view)).to_owned(),
                facility: names.facility(&facility.id).to_owned(),
                value: rated.value.as_str(),
                ground: rated.na_ground.as_deref().map(|id| ground(criterion, id)),
            })
        });
        Reported { title: section.title.get(language(view)).to_owned(), rows: rows.collect() }
    };
    programme.sections.iter().map(section).filter(|section| !section.rows.is_empty()).collect()
}
