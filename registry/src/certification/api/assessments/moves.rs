//! The moves of an assessment from its start to its review.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{advance, finish, open};
use crate::certification::api::Written;
use crate::certification::api::applications::MoveWithReason;
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::{AssessmentId, FindingId};
use crate::certification::news;
use crate::certification::rules::assessment::{self, AssessmentEvent, AssessmentStep, Checklist};
use crate::certification::rules::finding::{self, FindingState, Terms};
use crate::certification::store::assessments::Rated;
use crate::certification::store::{applications, assessments, findings};
use crate::platform::app::App;
use crate::platform::authorisation::Task;
use crate::platform::db::json::JsonText;
use crate::platform::notes::{self, Text};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(complete))
        .routes(routes!(forward))
        .routes(routes!(abort))
}

/// The version seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    version: i64,
}

/// Starts the assessment: everyone who assesses has accepted the task.
#[utoipa::path(post, path = "/api/v1/assessments/{id}/start", params(("id" = String, Path)), request_body = Start,
    tag = "assessments", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn start(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    write: Write<Start>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, AssessmentEvent::Start, Some(body.version)).await?;
    let assignments = applications::assignments(&mut act.tx, &loaded.file.application.id).await?;
    let assesses = |task| matches!(task, Task::Lead | Task::Assessor);
    let accepted = assignments.iter().all(|a| !assesses(a.task) || a.accepted_at.is_some());
    let step = AssessmentStep::Start { assignments_accepted: accepted };
    let to = assessment::next(loaded.assessment.state, &step)?;
    finish(act, &loaded, step.event(), to, None).await
}

/// What completes a checklist beside its ratings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Complete {
    version: i64,
    /// Interviews held: facility → language → count. No names.
    #[serde(default)]
    #[schema(value_type = Object)]
    interviews: BTreeMap<String, BTreeMap<String, u32>>,
    /// Why fewer were held than planned.
    shortfall_reason: Option<Text>,
}

/// Completes the checklist: every criterion rated at every sampled facility of its kinds, interviews
/// held. Each rating below conform becomes a finding.
#[utoipa::path(post, path = "/api/v1/assessments/{id}/complete", params(("id" = String, Path)), request_body = Complete,
    tag = "assessments", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn complete(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    write: Write<Complete>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let event = AssessmentEvent::Complete;
    let mut loaded = open(&mut act, &id, event, Some(body.version)).await?;
    assessment::target(loaded.assessment.state, event)?;
    hold_interviews(&mut act.tx, &mut loaded, &body.interviews).await?;
    let (company, shortfall) =
        (&loaded.file.application.company_id, body.shortfall_reason.as_ref());
    let note = act.keep_optional(company, shortfall, "/shortfall_reason").await?;
    let ratings = loaded.ratings(&mut act.tx).await?;
    let rated: BTreeSet<_> =
        ratings.iter().map(|r| (r.criterion.clone(), r.facility_id.to_string())).collect();
    if issue_findings(&mut act, &loaded, &ratings).await? {
        let Act { tx, app, .. } = &mut act;
        news::findings_issued(tx, app, &loaded.file.application, &loaded.assessment).await?;
    }
    let standings = loaded.standings(&mut act.tx, act.now).await?;
    let step = AssessmentStep::Complete(Checklist {
        programme: &loaded.file.programme,
        sampled: &loaded.facilities(),
        rated: &rated,
        interviews: &loaded.interviews(note.is_some()),
        findings: &standings,
    });
    let to = assessment::next(loaded.assessment.state, &step)?;
    let written = advance(&mut act, &loaded.assessment, event, to, note.as_ref()).await?;
    act.commit(StatusCode::OK, &written).await
}

async fn hold_interviews(
    tx: &mut AnyConnection,
    loaded: &mut AssessmentFile,
    interviews: &BTreeMap<String, BTreeMap<String, u32>>,
) -> Result<(), Problem> {
    for (facility, held) in interviews {
        let place = || format!("/interviews/{facility}");
        let row = loaded.sample.iter_mut().find(|s| s.facility_id.as_str() == facility);
        let row = row.ok_or_else(|| Problem::invalid(place(), "is not in the sample"))?;
        for language in held.keys() {
            notes::check_language(language, &format!("{}/{language}", place()))?;
        }
        row.interviews_held = JsonText(held.clone());
        assessments::hold_interviews(
            tx,
            &loaded.assessment.id,
            &row.facility_id,
            &row.interviews_held,
        )
        .await?;
    }
    Ok(())
}

/// Issues a finding for each rating below conform that has none yet; gives whether there was any.
async fn issue_findings(
    act: &mut Act<'_>,
    loaded: &AssessmentFile,
    ratings: &[Rated],
) -> Result<bool, Problem> {
    let mut any = false;
    let programme = &loaded.file.programme;
    let zone = file::zone(programme)?;
    let now = act.now;
    let issued = findings::of_assessment(&mut act.tx, &loaded.assessment.id).await?;
    for rating in ratings {
        let kind = programme.criterion(&rating.criterion).map(|criterion| criterion.kind);
        let Some(grade) = kind.and_then(|kind| finding::grade(kind, rating.value)) else {
            continue;
        };
        if issued.iter().any(|f| f.rating_id == rating.id) {
            continue;
        }
        let terms = Terms::of(programme, &zone, grade, now);
        let row = findings::Finding {
            id: FindingId::new(now, &*act.app.rng),
            assessment_id: loaded.assessment.id.clone(),
            rating_id: rating.id.clone(),
            criterion: rating.criterion.clone(),
            facility_id: rating.facility_id.clone(),
            grade,
            state: FindingState::Open,
            issued_at: now.as_millisecond(),
            plan_due_at: terms.plan_due.as_millisecond(),
            close_due_at: terms.close_due.as_millisecond(),
            extended: 0,
            version: 1,
        };
        findings::insert(&mut act.tx, &row).await?;
        any = true;
    }
    Ok(any)
}

/// Goes on to the review with findings whose plan is accepted or which are overdue.
#[utoipa::path(post, path = "/api/v1/assessments/{id}/forward", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "assessments",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn forward(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, AssessmentEvent::Forward, Some(body.version)).await?;
    let standings = loaded.standings(&mut act.tx, act.now).await?;
    let step = AssessmentStep::Forward { findings: &standings, reason: &body.reason.text };
    let to = assessment::next(loaded.assessment.state, &step)?;
    finish(act, &loaded, step.event(), to, Some(&body.reason)).await
}

/// Aborts the assessment: access was refused, or somebody was in danger.
#[utoipa::path(post, path = "/api/v1/assessments/{id}/abort", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "assessments",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn abort(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, AssessmentEvent::Abort, Some(body.version)).await?;
    let step = AssessmentStep::Abort(&body.reason.text);
    let to = assessment::next(loaded.assessment.state, &step)?;
    finish(act, &loaded, step.event(), to, Some(&body.reason)).await
}
