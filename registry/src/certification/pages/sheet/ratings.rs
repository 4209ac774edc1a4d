//! A section as those who assess rate it.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};
use sqlx::AnyConnection;

use super::changes::{Change, Given, Known, key, split};
use super::{Entries, Sheet, scope};
use crate::certification::api::assessments::ratings::rate_several;
use crate::certification::file::{AssessmentFile, File};
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
use crate::platform::forms::Sent;
use crate::platform::notes::{self, Notes, Shown};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

const VALUES: &[&str] = &["conform", "minor", "major", "not_applicable"];

/// What those who assess say, and what stands beside it.
pub(super) struct Ratings {
    file: AssessmentFile,
    facilities: Vec<Facility>,
    known: Known,
    answered: Known,
    evidence: Vec<Piece>,
    open: bool,
}

impl Entries for Ratings {
    type Id = AssessmentId;

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

    fn file(&self) -> &File {
        &self.file.file
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

    fn suggestion(view: &View) -> Option<String> {
        Some(view.text("sheet-out-of-scope"))
    }

    fn entry(change: &Change, language: &Value) -> Value {
        let (criterion, facility) = split(&change.key);
        json!({
            "criterion": criterion, "facility": facility, "value": change.value, "na_ground": change.ground,
            "reason": { "text": change.note, "lang": language }, "seen": change.seen,
        })
    }

    async fn write(
        app: &App,
        id: &AssessmentId,
        sent: &mut Sent,
        entries: Vec<Value>,
    ) -> Result<Response, Problem> {
        let handler = |write| rate_several(State(app.clone()), Path(id.clone()), write);
        sent.carry_out(json!({ "ratings": entries }), handler).await
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
