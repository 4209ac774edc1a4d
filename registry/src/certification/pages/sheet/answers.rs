//! A section as the company answers it for itself.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use super::changes::{Change, Changes, Given, Known, key, split};
use super::ratings::{known_section, words};
use super::{FORM, Sending, Sheet, scope};
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
use crate::platform::forms::{Forms, Sent, Typed, by_script, or_problem};
use crate::platform::notes::{self, Notes};
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/applications/{id}/sections/{section}", get(section).post(save))
}

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

/// What the page reads.
struct Loaded {
    file: File,
    facilities: Vec<Facility>,
    names: Names,
    known: Known,
    evidence: Vec<Piece>,
    open: bool,
    attaches: bool,
}

impl Loaded {
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
}

async fn section(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, section)): Path<(ApplicationId, String)>,
) -> Response {
    let forms = Forms::new(&app, &visitor);
    or_problem(&visitor, show(&app, &visitor, &id, &section, &forms, &Sending::default()).await)
}

async fn show(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    section: &str,
    forms: &Forms,
    sending: &Sending,
) -> Result<Response, Problem> {
    let mut loaded = Loaded::read(app, visitor, id).await?;
    known_section(&loaded.file, section)?;
    Ok(loaded.sheet(id, section).page(visitor, forms, sending))
}

/// A change as the API takes it.
fn body(change: &Change, typed: &Typed) -> Value {
    let (criterion, facility) = split(&change.key);
    let note = (!change.note.is_empty())
        .then(|| json!({ "text": change.note, "lang": typed.note("").get("lang") }));
    json!({
        "criterion": criterion, "facility": facility, "answer": change.value, "note": note, "version": change.seen,
    })
}

async fn save(
    State(app): State<App>,
    Path((id, section)): Path<(ApplicationId, String)>,
    headers: HeaderMap,
    mut sent: Sent,
) -> Response {
    let mut loaded = match Loaded::read(&app, &sent.visitor, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return sent.visitor.problem(&problem),
    };
    let sheet = loaded.sheet(&id, &section);
    let changes = Changes::between(&sent.typed, &sheet.known, &sheet.keys(), None);
    let answers: Vec<_> = changes.send.iter().map(|change| body(change, &sent.typed)).collect();
    let count = answers.len();
    let done = match count {
        0 => Ok(Response::default()),
        _ => {
            let handler = |write| answer_several(State(app.clone()), Path(id.clone()), write);
            sent.carry_out(json!({ "answers": answers }), handler).await
        }
    };
    let sending =
        Sending { typed: Some(sent.typed.clone()), saved: done.is_ok().then_some(count), changes };
    if by_script(&headers) {
        return match done {
            Ok(_) => sheet.told(&sent.visitor.view, &sending),
            Err(problem) => problem.into_response(),
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
