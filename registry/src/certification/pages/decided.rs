//! The decisions on a company, as it reads them: what was decided, why, and where it appeals.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use super::{Names, Notice, Said, desk_page, done, level_title};
use crate::certification::api::appeals::{appeal_until, filing as api};
use crate::certification::file;
use crate::certification::ids::DecisionId;
use crate::certification::rules::appeal::{self, AppealState};
use crate::certification::store::{appeals, decisions, parties};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::clock::instant;
use crate::platform::data_keys;
use crate::platform::forms::{Forms, Sent, made, or_problem};
use crate::platform::id::PartyId;
use crate::platform::notes;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/parties/{party}/decisions", get(list))
        .route("/desk/parties/{party}/decisions/{decision}/appeal", post(file_appeal))
}

/// How many decisions are shown, the last ones.
const SHOWN: i64 = 200;

desk_page! {
    /// The decisions on a company.
    DecisionsPage<'a>, "desk/decisions.html" {
        company: String,
        company_path: String,
        decisions: Vec<Row>,
    }
}

/// A decision.
struct Row {
    id: DecisionId,
    kind: &'static str,
    day: String,
    body: String,
    number: Option<String>,
    case: Option<String>,
    level: Option<String>,
    reason: Said,
    public_reason: Option<String>,
    /// The last day on which it may be appealed; none for what took nothing from the company.
    until: Option<String>,
    late: bool,
    /// The appeals against it: address and state, oldest first.
    appeals: Vec<(String, &'static str)>,
    open: bool,
    follows: Option<String>,
    /// Where an appeal against it is sent.
    file: String,
}

async fn list(State(app): State<App>, visitor: Visitor, Path(party): Path<PartyId>) -> Response {
    let forms = Forms::new(&app, &visitor);
    or_problem(&visitor, page(&app, &visitor, &party, &forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    party: &PartyId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let (view, now) = (&visitor.view, app.clock.now());
    let subject = Subject { company: Some(party.clone()), ..Subject::default() };
    visitor.actor.authorise(Action::Appeal, &subject, "party")?;
    let mut db = app.db.reader().acquire().await?;
    let company = parties::get(&mut db, party).await?.ok_or(Problem::NotFound("party"))?;
    let found = decisions::on_company(&mut db, party, SHOWN).await?;
    let mut against: BTreeMap<DecisionId, Vec<(String, AppealState)>> = BTreeMap::new();
    for appeal in appeals::of_company(&mut db, party).await? {
        let path = format!("/desk/appeals/{}", appeal.id);
        against.entry(appeal.decision_id).or_default().push((path, appeal.state));
    }
    let ids: Vec<_> = found.iter().map(|row| &row.decision.reason_note).collect();
    let notes = notes::read(&mut db, app, data_keys::Subject::Party(party), &ids).await?;
    let mut rows = Vec::new();
    for row in found {
        let programme = file::programme(&mut db, &row.programme_version_id).await?;
        let (zone, decision) = (file::zone(&programme)?, row.decision);
        let until = match appeal::may_be_appealed(decision.kind) {
            true => Some(appeal_until(&programme, decision.at)?),
            false => None,
        };
        let appeals = against.remove(&decision.id).unwrap_or_default();
        let level = decision.level.as_deref();
        rows.push(Row {
            kind: decision.kind.as_str(),
            day: view.day(zone.day(instant(decision.at))),
            body: row.body,
            number: row.number,
            case: decision.application_id.as_ref().map(super::case::path),
            level: level.map(|level| level_title(view, &programme, level).to_owned()),
            reason: Said::of(view, notes.of(&decision.reason_note)?),
            public_reason: decision.public_reason,
            until: until.map(|until| view.day(zone.day(instant(until)))),
            late: until.is_some_and(|until| now > instant(until)),
            open: until.is_some()
                && appeals.iter().all(|(_, state)| *state == AppealState::Rejected),
            appeals: appeals.into_iter().map(|(path, state)| (path, state.as_str())).collect(),
            file: format!("/desk/parties/{party}/decisions/{}/appeal", decision.id),
            follows: decision.appeal_id.map(|id| format!("/desk/appeals/{id}")),
            id: decision.id,
        });
    }
    let page = DecisionsPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: done(visitor),
        company: company.display_name,
        company_path: format!("/desk/companies/{party}"),
        decisions: rows,
    };
    Ok(visitor.page(forms.status(), &page))
}

async fn file_appeal(
    State(app): State<App>,
    Path((party, decision)): Path<(PartyId, DecisionId)>,
    mut sent: Sent,
) -> Response {
    let body = json!({ "decision": decision, "grounds": sent.typed.note("grounds") });
    let done = sent.carry_out(body, |write| api::file_appeal(State(app.clone()), write)).await;
    let filed = match done {
        Ok(answer) => made(answer).await,
        Err(problem) => Err(problem),
    };
    match filed {
        Ok(appeal) => sent.visitor.go(format!("/desk/appeals/{appeal}?done=appeal")),
        Err(problem) => {
            let forms = sent.back(&app, "appeal", problem);
            or_problem(&sent.visitor, page(&app, &sent.visitor, &party, &forms).await)
        }
    }
}
