//! The decision's page: the file of a case, and what the one who decides says.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::assessment::{ResultRow, ReviewRow, company, review_rows};
use super::case::{FindingRow, finding_rows};
use super::{Names, Notice, Said, desk_page, done, language, level_title};
use crate::certification::api::{apply_rule, decisions as api};
use crate::certification::file::{AssessmentFile, File};
use crate::certification::ids::ApplicationId;
use crate::certification::store::assessments::Rated;
use crate::certification::store::{assessments, findings};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Forms, Sent, or_problem};
use crate::platform::notes;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/applications/{id}/decision", get(decision).post(decide))
        .route("/desk/applications/{id}/more", axum::routing::post(more))
}

desk_page! {
    /// The file of a case, for the one who decides.
    DecisionPage<'a>, "desk/decision.html" {
        here: String,
        case: String,
        report: String,
        assessment: String,
        version: i64,
        company: String,
        result: ResultRow,
        reviews: Vec<ReviewRow>,
        findings: Vec<FindingRow>,
        changed: Vec<Changed>,
        below: Vec<Below>,
        kinds: &'static [&'static str],
        levels: Vec<(String, String)>,
        open: bool,
    }
}

/// A rating that was corrected: the first beside the one that counts.
struct Changed {
    criterion: String,
    title: String,
    facility: String,
    first: String,
    last: &'static str,
}

/// A rating below conform that stands.
struct Below {
    criterion: String,
    title: String,
    facility: String,
    value: &'static str,
    said: Said,
}

async fn decision(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<ApplicationId>,
) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

async fn show(app: &App, visitor: &Visitor, id: &ApplicationId, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let (view, now) = (&visitor.view, app.clock.now());
    let mut db = app.db.reader().acquire().await?;
    let file = File::load(&mut db, id).await?;
    visitor.actor.authorise(Action::DecideApplication, &file.subject, "application")?;
    let assessment =
        assessments::of_application(&mut db, id).await?.ok_or(Problem::NotFound("assessment"))?;
    let sample = assessments::sample(&mut db, &assessment.id).await?;
    let loaded = AssessmentFile { file, assessment, sample };
    let ratings = loaded.ratings(&mut db).await?;
    let firsts = assessments::first_ratings(&mut db, &loaded.assessment.id).await?;
    let found = findings::of_assessment(&mut db, &loaded.assessment.id).await?;
    let reviews = assessments::reviews(&mut db, &loaded.assessment.id).await?;
    let names = Names::of(loaded.sample.iter().map(|s| (&s.facility_id, s.name.as_str())));
    let result = ResultRow::of(view, &loaded.file, &apply_rule(&loaded, &ratings, |_| true));
    let programme = &loaded.file.programme;
    let levels =
        programme.levels.iter().skip_while(|level| Some(&level.id) != result.level_id.as_ref());
    let page = DecisionPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &names),
        done: done(visitor),
        here: super::case::path(id),
        case: super::case::path(id),
        report: format!("/desk/assessments/{}/report", loaded.assessment.id),
        assessment: format!("/desk/assessments/{}", loaded.assessment.id),
        version: loaded.file.application.version,
        company: company(&loaded),
        levels: levels
            .map(|level| (level.id.clone(), level_title(view, programme, &level.id).to_owned()))
            .collect(),
        kinds: match loaded.file.application.kind.is_follow_up() {
            true => &["continue"],
            false => &["grant", "refuse"],
        },
        reviews: review_rows(&mut db, app, view, &loaded, reviews).await?,
        findings: finding_rows(view, &loaded.file, &found, &names, now)?,
        changed: changed(view, &loaded, &names, &ratings, &firsts),
        below: below(&mut db, app, view, &loaded, &names, &ratings).await?,
        open: loaded.file.application.state
            == crate::certification::rules::application::ApplicationState::Deciding,
        result,
    };
    Ok(visitor.page(forms.status(), &page))
}

/// The ratings that were corrected since they were first given.
fn changed(
    view: &View,
    loaded: &AssessmentFile,
    names: &Names,
    ratings: &[Rated],
    firsts: &BTreeMap<(String, String), String>,
) -> Vec<Changed> {
    let title = |id: &str| {
        let criterion = loaded.file.programme.criterion(id);
        criterion.map_or_else(String::new, |known| known.title.get(language(view)).to_owned())
    };
    let changed = |rated: &Rated| {
        let first = firsts.get(&(rated.criterion.clone(), rated.facility_id.to_string()))?;
        (first != rated.value.as_str()).then(|| Changed {
            criterion: rated.criterion.clone(),
            title: title(&rated.criterion),
            facility: names.facility(rated.facility_id.as_str()).to_owned(),
            first: view.word("rating", first),
            last: rated.value.as_str(),
        })
    };
    ratings.iter().filter_map(changed).collect()
}

/// The ratings below conform that stand, each with its reason.
async fn below(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    loaded: &AssessmentFile,
    names: &Names,
    ratings: &[Rated],
) -> Result<Vec<Below>, Problem> {
    use akashi_schemas::Rating::{Major, Minor};
    let below: Vec<_> =
        ratings.iter().filter(|rated| matches!(rated.value, Minor | Major)).collect();
    let noted: Vec<_> = below.iter().map(|rated| &rated.reason_note).collect();
    let company = Subject::Party(&loaded.file.application.company_id);
    let notes = notes::read(db, app, company, &noted).await?;
    let row = |rated: &&Rated| {
        let criterion = loaded.file.programme.criterion(&rated.criterion);
        Ok(Below {
            criterion: rated.criterion.clone(),
            title: criterion
                .map_or_else(String::new, |known| known.title.get(language(view)).to_owned()),
            facility: names.facility(rated.facility_id.as_str()).to_owned(),
            value: rated.value.as_str(),
            said: Said::of(view, notes.of(&rated.reason_note)?),
        })
    };
    below.iter().map(row).collect()
}

async fn decide(State(app): State<App>, Path(id): Path<ApplicationId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let level = typed.optional("level").filter(|_| typed.text("kind") == "grant");
    let body = json!({
        "version": typed.number("version"), "kind": typed.text("kind"), "level": level,
        "reason": typed.note("reason"), "public_reason": typed.optional("public_reason"),
    });
    let done = sent
        .carry_out(body, |write| api::decide(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "decision", done).await
}

async fn more(State(app): State<App>, Path(id): Path<ApplicationId>, mut sent: Sent) -> Response {
    let body =
        json!({ "version": sent.typed.number("version"), "reason": sent.typed.note("reason") });
    let done = sent
        .carry_out(body, |write| api::ask_for_more(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "more", done).await
}

async fn answer(
    app: &App,
    sent: Sent,
    id: &ApplicationId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("{}?done={form}", super::case::path(id))),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}
