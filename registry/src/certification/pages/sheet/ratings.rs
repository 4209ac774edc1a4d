//! A section as those who assess rate it.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::changes::{Change, Changes, Given, Known, key, split};
use super::{FORM, Sending, Sheet, scope};
use crate::certification::api::assessments::ratings::rate_several;
use crate::certification::file::AssessmentFile;
use crate::certification::ids::AssessmentId;
use crate::certification::pages::Names;
use crate::certification::pages::evidence::{Piece, pieces};
use crate::certification::rules::application::ApplicationState;
use crate::certification::rules::assessment::AssessmentState;
use crate::certification::rules::scope::Facility;
use crate::certification::store::applications;
use crate::certification::store::assessments::Rated;
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Forms, Sent, by_script, or_problem};
use crate::platform::notes::{self, Notes, Shown};
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/desk/assessments/{id}/sections/{section}", get(section).post(save))
}

const VALUES: &[&str] = &["conform", "minor", "major", "not_applicable"];

/// What the page reads.
struct Loaded {
    file: AssessmentFile,
    facilities: Vec<Facility>,
    known: Known,
    answered: Known,
    evidence: Vec<Piece>,
    open: bool,
}

impl Loaded {
    async fn read(app: &App, visitor: &Visitor, id: &AssessmentId) -> Result<Self, Problem> {
        let mut db = app.db.reader().acquire().await?;
        let file = AssessmentFile::load(&mut db, id).await?;
        let (subject, actor) = (&file.file.subject, &visitor.actor);
        actor.authorise(Action::ReadAssessment, subject, "assessment")?;
        let open = file.assessment.state == AssessmentState::Open
            && file.file.application.state == ApplicationState::Assessing
            && actor.may(Action::Rate, subject);
        let (known, answered) = read_both(&mut db, app, &file).await?;
        let evidence = match actor.may(Action::ReadEvidence, subject) {
            true => pieces(&mut db, app, &visitor.view, &file.file).await?,
            false => Vec::new(),
        };
        Ok(Self { facilities: file.facilities(), file, known, answered, evidence, open })
    }

    fn sheet<'a>(&'a mut self, id: &AssessmentId, section: &'a str) -> Sheet<'a> {
        let overview = format!("/desk/assessments/{id}");
        let file = &self.file;
        Sheet {
            file: &file.file,
            section,
            pairs: scope::pairs(&file.file.programme, &self.facilities).collect(),
            known: std::mem::take(&mut self.known),
            answered: Some(std::mem::take(&mut self.answered)),
            evidence: std::mem::take(&mut self.evidence),
            names: Names::of(file.sample.iter().map(|s| (&s.facility_id, s.name.as_str()))),
            base: overview.clone(),
            overview,
            family: "rating",
            values: VALUES,
            open: self.open,
            attaches: self.open,
        }
    }
}

/// The ratings that stand, and what the company answered, with their words.
async fn read_both(
    db: &mut AnyConnection,
    app: &App,
    file: &AssessmentFile,
) -> Result<(Known, Known), Problem> {
    let application = &file.file.application;
    let ratings = file.ratings(db).await?;
    let answers = applications::answers(db, &application.id).await?;
    let noted = ratings.iter().map(|rated| &rated.reason_note);
    let noted: Vec<_> =
        noted.chain(answers.iter().filter_map(|answer| answer.note_id.as_ref())).collect();
    let notes = notes::read(db, app, Subject::Party(&application.company_id), &noted).await?;
    let mut known = BTreeMap::new();
    for rated in ratings {
        known.insert(key(&rated.criterion, rated.facility_id.as_str()), given(&rated, &notes)?);
    }
    Ok((Known(known), super::answers::known(answers, &notes)?))
}

fn given(rated: &Rated, notes: &Notes) -> Result<Given, Problem> {
    let (note, lang) = words(notes.of(&rated.reason_note)?);
    Ok(Given {
        value: rated.value.to_string(),
        ground: rated.na_ground.clone(),
        note,
        lang,
        seen: rated.seq,
    })
}

/// A note's text and language; nothing once it is erased.
pub(super) fn words(shown: Shown) -> (String, String) {
    match shown {
        Shown::Text(text) => (text.text, text.lang),
        Shown::Erased { .. } => (String::new(), "und".to_owned()),
    }
}

async fn section(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, section)): Path<(AssessmentId, String)>,
) -> Response {
    let forms = Forms::new(&app, &visitor);
    or_problem(&visitor, show(&app, &visitor, &id, &section, &forms, &Sending::default()).await)
}

async fn show(
    app: &App,
    visitor: &Visitor,
    id: &AssessmentId,
    section: &str,
    forms: &Forms,
    sending: &Sending,
) -> Result<Response, Problem> {
    let mut loaded = Loaded::read(app, visitor, id).await?;
    known_section(&loaded.file.file, section)?;
    Ok(loaded.sheet(id, section).page(visitor, forms, sending))
}

/// Refuses a section that the programme does not have.
pub(super) fn known_section(
    file: &crate::certification::file::File,
    section: &str,
) -> Result<(), Problem> {
    match file.programme.sections.iter().any(|known| known.id == section) {
        true => Ok(()),
        false => Err(Problem::NotFound("section")),
    }
}

/// A change as the API takes it.
fn body(change: &Change, typed: &crate::platform::forms::Typed) -> Value {
    let (criterion, facility) = split(&change.key);
    let reason = json!({ "text": change.note, "lang": typed.note("").get("lang") });
    json!({
        "criterion": criterion, "facility": facility, "value": change.value, "na_ground": change.ground,
        "reason": reason, "seen": change.seen,
    })
}

async fn save(
    State(app): State<App>,
    Path((id, section)): Path<(AssessmentId, String)>,
    headers: HeaderMap,
    mut sent: Sent,
) -> Response {
    let mut loaded = match Loaded::read(&app, &sent.visitor, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return sent.visitor.problem(&problem),
    };
    let sheet = loaded.sheet(&id, &section);
    let suggestion = sent.visitor.view.text("sheet-out-of-scope");
    let changes = Changes::between(&sent.typed, &sheet.known, &sheet.keys(), Some(&suggestion));
    let ratings: Vec<_> = changes.send.iter().map(|change| body(change, &sent.typed)).collect();
    let count = ratings.len();
    let done = match count {
        0 => Ok(Response::default()),
        _ => {
            let handler = |write| rate_several(State(app.clone()), Path(id.clone()), write);
            sent.carry_out(json!({ "ratings": ratings }), handler).await
        }
    };
    let sending =
        Sending { typed: Some(sent.typed.clone()), saved: done.is_ok().then_some(count), changes };
    if by_script(&headers) {
        return match done {
            Ok(_) => sheet.told(&sent.visitor.view, &sending),
            Err(problem) => axum::response::IntoResponse::into_response(problem),
        };
    }
    match done {
        Ok(_) if sending.changes.held.is_empty() => {
            sent.visitor.go(super::changes_saved(&sent.typed, &sheet))
        }
        Ok(_) => {
            let forms = Forms::new(&app, &sent.visitor);
            or_problem(
                &sent.visitor,
                show(&app, &sent.visitor, &id, &section, &forms, &sending).await,
            )
        }
        Err(problem) => {
            let forms = sent.back(&app, FORM, problem);
            or_problem(
                &sent.visitor,
                show(&app, &sent.visitor, &id, &section, &forms, &sending).await,
            )
        }
    }
}
