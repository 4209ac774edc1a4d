//! Assessments: started, rated, completed, reviewed, reported.

use std::collections::{BTreeMap, BTreeSet};

use akashi_schemas::{FacilityKind, Rating};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Written;
use super::applications::MoveWithReason;
use super::evidence::EvidenceView;
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::{
    ApplicationId, AssessmentId, FacilityId, FindingId, RatingId, ReviewId,
};
use crate::certification::rules::application::{self, ApplicationState, ApplicationStep};
use crate::certification::rules::assessment::{
    self, AssessmentEvent, AssessmentState, AssessmentStep, Checklist, NewRating, RatingFault,
};
use crate::certification::rules::finding::{self, FindingState, Terms};
use crate::certification::rules::scope;
use crate::certification::store::applications::Application;
use crate::certification::store::assessments::{Assessment, Rated};
use crate::certification::store::{self, Transition, applications, assessments, findings};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Task};
use crate::platform::id::NoteId;
use crate::platform::notes::{self, Text};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(start))
        .routes(routes!(rate))
        .routes(routes!(complete))
        .routes(routes!(forward))
        .routes(routes!(abort))
        .routes(routes!(report))
        .routes(routes!(review))
}

/// Opens an assessment's file for a write: authorised, at the version that its writer saw, of an application that
/// is assessed, by somebody without a conflict of interest.
async fn open(
    act: &mut Act<'_>,
    id: &AssessmentId,
    event: AssessmentEvent,
    seen: Option<i64>,
) -> Result<AssessmentFile, Problem> {
    let loaded = AssessmentFile::load(&mut act.tx, id).await?;
    let action = match event {
        AssessmentEvent::Rate => Action::Rate,
        AssessmentEvent::Return | AssessmentEvent::Recommend => Action::Review,
        _ => Action::MoveAssessment,
    };
    act.authorise(action, &loaded.file.subject, "assessment", id.as_str())?;
    if let Some(seen) = seen {
        store::check_version(seen, loaded.assessment.version)?;
    }
    // An application that was taken back takes its assessment with it, wherever that stands.
    let state = loaded.file.application.state;
    if state != ApplicationState::Assessing {
        return Err(Problem::WrongState {
            event: event.to_string(),
            state: state.to_string(),
            allowed_from: vec![ApplicationState::Assessing.to_string()],
            who: event.movers().iter().map(ToString::to_string).collect(),
        });
    }
    loaded.impartial(&mut act.tx, &act.actor.account, act.now).await?;
    Ok(loaded)
}

/// Writes an assessment's move, which the rules allowed.
pub(super) async fn advance(
    act: &mut Act<'_>,
    assessment: &Assessment,
    event: AssessmentEvent,
    to: AssessmentState,
    reason: Option<&NoteId>,
) -> Result<Written, Problem> {
    let event = event.as_str();
    let transition = Transition { event, by: &act.actor.account, reason, at: act.now };
    let version = assessments::advance(&mut act.tx, assessment, to, &transition).await?;
    Ok(Written::moved(&assessment.id, to.as_str(), version))
}

/// Writes a move with the reason given for it, and commits.
async fn finish(
    mut act: Act<'_>,
    loaded: &AssessmentFile,
    event: AssessmentEvent,
    to: AssessmentState,
    reason: Option<&Text>,
) -> Result<Response, Problem> {
    let company = &loaded.file.application.company_id;
    let note = act.keep_optional(company, reason, "/reason").await?;
    let written = advance(&mut act, &loaded.assessment, event, to, note.as_ref()).await?;
    act.commit(StatusCode::OK, &written).await
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
async fn start(
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

/// A rating.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    facility: FacilityId,
    #[schema(value_type = String)]
    value: Rating,
    /// For `not_applicable`: one of the criterion's grounds, or `out_of_scope`.
    na_ground: Option<String>,
    /// Why.
    reason: Text,
}

impl Rate {
    /// A rating that needs no ground.
    pub(super) fn new(facility: &FacilityId, value: Rating, reason: &Text) -> Self {
        Self { facility: facility.clone(), value, na_ground: None, reason: reason.clone() }
    }
}

impl From<RatingFault> for Problem {
    fn from(fault: RatingFault) -> Self {
        let place = match fault {
            RatingFault::UnknownCriterion(_) => return Self::NotFound("criterion"),
            RatingFault::UnknownFacility(_) | RatingFault::NotRatedHere { .. } => "/facility",
            RatingFault::NoReason => "/reason/text",
            RatingFault::NoGround { .. }
            | RatingFault::NeedlessGround
            | RatingFault::UnlistedGround { .. }
            | RatingFault::InScope(_) => "/na_ground",
        };
        Self::invalid(place, fault.to_string())
    }
}

/// Checks a rating and appends it as the current one of its pair.
pub(super) async fn append_rating(
    act: &mut Act<'_>,
    loaded: &AssessmentFile,
    criterion: &str,
    rate: &Rate,
) -> Result<(RatingId, i64), Problem> {
    let new = NewRating {
        criterion,
        facility: rate.facility.as_str(),
        value: rate.value,
        ground: rate.na_ground.as_deref(),
        reason: &rate.reason.text,
    };
    let (programme, facts) = (&loaded.file.programme, loaded.file.facts());
    assessment::check_rating(programme, &loaded.facilities(), &facts, &new)?;
    let company = &loaded.file.application.company_id;
    let row = Rated {
        id: RatingId::new(act.now, &*act.app.rng),
        criterion: criterion.to_owned(),
        facility_id: rate.facility.clone(),
        seq: 0,
        value: rate.value,
        na_ground: rate.na_ground.clone(),
        reason_note: act.keep(company, &rate.reason, "/reason").await?,
    };
    let by = &act.actor.account;
    let seq = assessments::rate(&mut act.tx, &loaded.assessment.id, &row, by, act.now).await?;
    Ok((row.id, seq))
}

/// Rates a criterion at a facility. Any part of the checklist may be saved at any time; a correction is a new row.
#[utoipa::path(put, path = "/api/v1/assessments/{id}/ratings/{criterion}", request_body = Rate, tag = "assessments",
    params(("id" = String, Path), ("criterion" = String, Path)),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn rate(
    State(app): State<App>,
    Path((id, criterion)): Path<(AssessmentId, String)>,
    write: Write<Rate>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, AssessmentEvent::Rate, None).await?;
    assessment::next(loaded.assessment.state, &AssessmentStep::Rate)?;
    let (rating, seq) = append_rating(&mut act, &loaded, &criterion, &body).await?;
    act.commit(StatusCode::OK, &Written::new(rating, seq)).await
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
async fn complete(
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
    issue_findings(&mut act, &loaded, &ratings).await?;
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
        row.interviews_held = serde_json::to_string(held).map_err(Problem::internal)?;
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

/// Issues a finding for each rating below conform that has none yet.
async fn issue_findings(
    act: &mut Act<'_>,
    loaded: &AssessmentFile,
    ratings: &[Rated],
) -> Result<(), Problem> {
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
    }
    Ok(())
}

/// Goes on to the review with findings whose plan is accepted or which are overdue.
#[utoipa::path(post, path = "/api/v1/assessments/{id}/forward", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "assessments",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn forward(
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
async fn abort(
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

/// Moves an assessment on to the review when nothing more is waited for.
pub(super) async fn settle(act: &mut Act<'_>, loaded: &AssessmentFile) -> Result<(), Problem> {
    let standings = loaded.standings(&mut act.tx, act.now).await?;
    let step = AssessmentStep::Settle(&standings);
    if let Ok(to) = assessment::next(loaded.assessment.state, &step) {
        advance(act, &loaded.assessment, step.event(), to, None).await?;
    }
    Ok(())
}

/// An assessment as those who work on it see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentView {
    id: AssessmentId,
    application: ApplicationId,
    #[schema(value_type = String)]
    state: AssessmentState,
    version: i64,
    sample: Vec<SampleView>,
    ratings: Vec<RatingView>,
    /// Pairs of criterion and facility that are not rated yet.
    unrated: Vec<(String, String)>,
    evidence: Vec<EvidenceView>,
    reviews: Vec<ReviewView>,
}

/// A sampled facility.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SampleView {
    facility: FacilityId,
    #[schema(value_type = String)]
    kind: FacilityKind,
    name: String,
    address: String,
    interviews_planned: i64,
    #[schema(value_type = Object)]
    interviews_held: BTreeMap<String, u32>,
}

/// A current rating.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatingView {
    criterion: String,
    facility: FacilityId,
    #[schema(value_type = String)]
    value: Rating,
    na_ground: Option<String>,
    reason: Option<Text>,
    /// Which rating of this pair it is; more than 1 means that it was corrected.
    seq: i64,
}

/// A review.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewView {
    recommendation: String,
    level: Option<String>,
    na_accepted: bool,
    reason: Option<Text>,
}

/// An assessment with its sample, ratings, evidence and reviews.
#[utoipa::path(get, path = "/api/v1/assessments/{id}", params(("id" = String, Path)), tag = "assessments",
    responses((status = 200, body = AssessmentView), (status = "4XX", body = ProblemDetails)))]
async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<AssessmentId>,
) -> Result<Json<AssessmentView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let loaded = AssessmentFile::load(&mut db, &id).await?;
    actor.authorise(Action::ReadAssessment, &loaded.file.subject, "assessment")?;
    let company = &loaded.file.application.company_id;
    let ratings = loaded.ratings(&mut db).await?;
    let reasons: Vec<_> = ratings.iter().map(|r| &r.reason_note).collect();
    let reasons = notes::read(&mut db, &app, company, &reasons).await?;
    let reviews = assessments::reviews(&mut db, &id).await?;
    let review_reasons: Vec<_> = reviews.iter().map(|r| &r.reason_note).collect();
    let review_reasons = notes::read(&mut db, &app, company, &review_reasons).await?;
    let rated: BTreeSet<_> =
        ratings.iter().map(|r| (r.criterion.as_str(), r.facility_id.as_str())).collect();
    let facilities = loaded.facilities();
    let unrated = scope::pairs(&loaded.file.programme, &facilities)
        .filter(|(c, f)| !rated.contains(&(c.id.as_str(), f.id.as_str())))
        .map(|(c, f)| (c.id.clone(), f.id.clone()))
        .collect();
    let evidence = super::evidence::of_application(&mut db, &loaded.file.application.id).await?;
    Ok(Json(AssessmentView {
        id,
        application: loaded.assessment.application_id.clone(),
        state: loaded.assessment.state,
        version: loaded.assessment.version,
        unrated,
        evidence,
        ratings: ratings
            .into_iter()
            .zip(reasons)
            .map(|(r, reason)| RatingView {
                criterion: r.criterion,
                facility: r.facility_id,
                value: r.value,
                na_ground: r.na_ground,
                reason,
                seq: r.seq,
            })
            .collect(),
        reviews: reviews
            .into_iter()
            .zip(review_reasons)
            .map(|(r, reason)| ReviewView {
                recommendation: r.recommendation,
                level: r.level,
                na_accepted: r.na_accepted == 1,
                reason,
            })
            .collect(),
        sample: loaded
            .sample
            .into_iter()
            .map(|s| SampleView {
                facility: s.facility_id,
                kind: s.kind,
                name: s.name,
                address: s.address,
                interviews_planned: s.interviews_planned,
                interviews_held: serde_json::from_str(&s.interviews_held).unwrap_or_default(),
            })
            .collect(),
    }))
}

/// An assessment's report: what `akashi-verify recompute` reads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    programme: ReportProgramme,
    facilities: Vec<ReportFacility>,
    ratings: Vec<ReportRating>,
}

/// The programme assessed against.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportProgramme {
    id: String,
    version: String,
    digest: String,
}

/// A facility assessed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportFacility {
    id: String,
    #[schema(value_type = String)]
    kind: FacilityKind,
}

/// A rating.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportRating {
    criterion: String,
    facility: String,
    #[schema(value_type = String)]
    value: Rating,
    na_ground: Option<String>,
}

impl Report {
    /// SHA-256 of the report's canonical form: what a review and a decision rest on.
    pub(super) fn digest(&self) -> Result<[u8; 32], Problem> {
        let bytes = akashi_schemas::canonical::to_vec(self).map_err(Problem::internal)?;
        Ok(akashi_schemas::Digest::of(&bytes).0)
    }

    /// The report of an assessment's current ratings at some of its facilities.
    pub(super) fn of(
        loaded: &AssessmentFile,
        ratings: &[Rated],
        within: impl Fn(&FacilityId) -> bool,
    ) -> Self {
        let programme = &loaded.file.programme;
        Self {
            programme: ReportProgramme {
                id: programme.id.clone(),
                version: programme.version.clone(),
                digest: programme.digest().to_string(),
            },
            facilities: loaded
                .sample
                .iter()
                .filter(|s| within(&s.facility_id))
                .map(|s| ReportFacility { id: s.facility_id.to_string(), kind: s.kind })
                .collect(),
            ratings: ratings
                .iter()
                .filter(|r| within(&r.facility_id))
                .map(|r| ReportRating {
                    criterion: r.criterion.clone(),
                    facility: r.facility_id.to_string(),
                    value: r.value,
                    na_ground: r.na_ground.clone(),
                })
                .collect(),
        }
    }
}

/// The report of an assessment, without reasons: enough to apply the decision rule oneself.
#[utoipa::path(get, path = "/api/v1/assessments/{id}/report", params(("id" = String, Path)), tag = "assessments",
    responses((status = 200, body = Report), (status = "4XX", body = ProblemDetails)))]
async fn report(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<AssessmentId>,
) -> Result<Json<Report>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let loaded = AssessmentFile::load(&mut db, &id).await?;
    actor.authorise(Action::ReadReport, &loaded.file.subject, "assessment")?;
    let ratings = loaded.ratings(&mut db).await?;
    Ok(Json(Report::of(&loaded, &ratings, |_| true)))
}

akashi_schemas::text_enum! {
    /// What a reviewer recommends.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum Recommendation {
        /// To grant a level.
        Grant = "grant",
        /// To refuse.
        Refuse = "refuse",
        /// Back to the assessors.
        Return = "return",
    }
}

/// A review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewWith {
    version: i64,
    recommendation: Recommendation,
    /// For `grant`: the level.
    level: Option<String>,
    /// Whether every not-applicable rating is accepted.
    na_accepted: bool,
    /// Why.
    reason: Text,
}

/// Reviews the assessment: recommends a decision, or returns it. A recommendation brings the application to its decision.
#[utoipa::path(post, path = "/api/v1/assessments/{id}/review", params(("id" = String, Path)), request_body = ReviewWith,
    tag = "assessments", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn review(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    write: Write<ReviewWith>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, AssessmentEvent::Recommend, Some(body.version)).await?;
    check_level(&loaded, &body)?;
    let raters = assessments::raters(&mut act.tx, &id).await?;
    let ratings = loaded.ratings(&mut act.tx).await?;
    let reviewer_assessed = raters.contains(&act.actor.account);
    let any_na = ratings.iter().any(|r| r.value == Rating::NotApplicable);
    let reason = &body.reason.text;
    let step = match body.recommendation {
        Recommendation::Return => AssessmentStep::Return { reviewer_assessed, reason },
        _ => AssessmentStep::Recommend {
            reviewer_assessed,
            not_applicable_accepted: body.na_accepted || !any_na,
            reason,
        },
    };
    let to = assessment::next(loaded.assessment.state, &step)?;
    let company = &loaded.file.application.company_id;
    let note = act.keep(company, &body.reason, "/reason").await?;
    let row = assessments::Review {
        id: ReviewId::new(act.now, &*app.rng),
        recommendation: body.recommendation.to_string(),
        level: body.level,
        na_accepted: i64::from(body.na_accepted),
        ratings_digest: Report::of(&loaded, &ratings, |_| true).digest()?.to_vec(),
        reason_note: note.clone(),
        by_account: act.actor.account.clone(),
    };
    assessments::review(&mut act.tx, &id, &row, act.now).await?;
    let written = advance(&mut act, &loaded.assessment, step.event(), to, Some(&note)).await?;
    if to == AssessmentState::Recommended {
        recommend(&mut act, &loaded.file.application).await?;
    }
    act.commit(StatusCode::OK, &written).await
}

fn check_level(loaded: &AssessmentFile, body: &ReviewWith) -> Result<(), Problem> {
    match (body.recommendation, &body.level) {
        (Recommendation::Grant, Some(level)) if loaded.file.programme.level(level).is_some() => {
            Ok(())
        }
        (Recommendation::Grant, _) => {
            Err(Problem::invalid("/level", "is needed: one of the programme's levels"))
        }
        (_, None) => Ok(()),
        (_, Some(_)) => Err(Problem::invalid("/level", "goes with a recommendation to grant only")),
    }
}

/// Brings the application to its decision.
async fn recommend(act: &mut Act<'_>, application: &Application) -> Result<(), Problem> {
    let step = ApplicationStep::Recommend;
    let to = application::next(application.state, &step)?;
    super::applications::advance(act, application, step.event().as_str(), to, None).await?;
    Ok(())
}
