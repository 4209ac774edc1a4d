//! A section as the company answers it for itself.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::changes::{Change, Given, Known, key, split};
use super::ratings::words;
use super::{Entries, Sheet, scope};
use crate::certification::api::applications::draft::answer_several;
use crate::certification::file::File;
use crate::certification::ids::ApplicationId;
use crate::certification::pages::Names;
use crate::certification::pages::evidence::{Piece, pieces};
use crate::certification::rules::application::Work;
use crate::certification::rules::scope::Facility;
use crate::certification::store::applications::Answer;
use crate::certification::store::{applications, facilities};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::data_keys::Subject;
use crate::platform::forms::Sent;
use crate::platform::notes::{self, Notes};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

const VALUES: &[&str] = &["yes", "partly", "no", "not_applicable"];

/// The answers that stand, with their words.
pub(super) fn known(answers: Vec<Answer>, notes: &Notes) -> Result<Known, Problem> {
    let mut known = BTreeMap::new();
    for answer in answers {
        let note = notes.of_optional(answer.note_id.as_ref())?;
        let (note, lang) = note.map_or_else(|| (String::new(), "und".to_owned()), words);
        let given = Given { value: answer.answer, ground: None, note, lang, seen: answer.version };
        known.insert(key(&answer.criterion, answer.facility_id.as_str()), given);
    }
    Ok(Known(known))
}

/// What the company says of itself, and what stands beside it.
pub(super) struct Answers {
    file: File,
    facilities: Vec<Facility>,
    names: Names,
    known: Known,
    evidence: Vec<Piece>,
    open: bool,
    attaches: bool,
}

impl Entries for Answers {
    type Id = ApplicationId;

    async fn read(app: &App, visitor: &Visitor, id: &ApplicationId) -> Result<Self, Problem> {
        let mut db = app.db.reader().acquire().await?;
        let file = File::load(&mut db, id).await?;
        let actor = &visitor.actor;
        actor.authorise(Action::ReadApplication, &file.subject, "application")?;
        let state = file.application.state;
        let open = Work::Answer.in_state(state).is_ok() && actor.may(Action::FillIn, &file.subject);
        let attaches = Work::Attach.in_state(state).is_ok()
            && actor.may(Action::AttachEvidence, &file.subject);
        let scope = facilities::of_application(&mut db, id).await?;
        let answers = applications::answers(&mut db, id).await?;
        let noted: Vec<_> = answers.iter().filter_map(|answer| answer.note_id.as_ref()).collect();
        let company = Subject::Party(&file.application.company_id);
        let notes = notes::read(&mut db, app, company, &noted).await?;
        let evidence = match actor.may(Action::ReadEvidence, &file.subject) {
            true => pieces(&mut db, app, &visitor.view, &file).await?,
            false => Vec::new(),
        };
        Ok(Self {
            facilities: scope
                .iter()
                .map(|f| Facility { id: f.id.to_string(), kind: f.kind })
                .collect(),
            names: Names::of(scope.iter().map(|f| (&f.id, f.name.as_str()))),
            known: known(answers, &notes)?,
            file,
            evidence,
            open,
            attaches,
        })
    }

    fn file(&self) -> &File {
        &self.file
    }

    fn sheet<'a>(&'a mut self, id: &ApplicationId, section: &'a str) -> Sheet<'a> {
        let file = &self.file;
        let base = crate::certification::pages::case::path(id);
        Sheet {
            file,
            section,
            pairs: scope::applicable(&file.programme, &self.facilities, file.facts()).collect(),
            known: std::mem::take(&mut self.known),
            answered: None,
            evidence: std::mem::take(&mut self.evidence),
            names: std::mem::take(&mut self.names),
            overview: base.clone(),
            base,
            family: "answer",
            values: VALUES,
            open: self.open,
            attaches: self.attaches,
        }
    }

    fn suggestion(_: &View) -> Option<String> {
        None
    }

    fn entry(change: &Change, language: &Value) -> Value {
        let (criterion, facility) = split(&change.key);
        let note =
            (!change.note.is_empty()).then(|| json!({ "text": change.note, "lang": language }));
        json!({
            "criterion": criterion, "facility": facility, "answer": change.value, "note": note,
            "version": change.seen,
        })
    }

    async fn write(
        app: &App,
        id: &ApplicationId,
        sent: &mut Sent,
        entries: Vec<Value>,
    ) -> Result<Response, Problem> {
        let handler = |write| answer_several(State(app.clone()), Path(id.clone()), write);
        sent.carry_out(json!({ "answers": entries }), handler).await
    }
}
