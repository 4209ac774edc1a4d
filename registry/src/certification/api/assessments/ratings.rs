//! Ratings: appended, never changed.

use akashi_schemas::Rating;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::open;
use crate::certification::api::{Written, check_version};
use crate::certification::file::AssessmentFile;
use crate::certification::ids::{AssessmentId, FacilityId, RatingId};
use crate::certification::rules::assessment::{
    self, AssessmentEvent, AssessmentStep, NewRating, RatingFault,
};
use crate::certification::store::assessments;
use crate::certification::store::assessments::Rated;
use crate::platform::app::App;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rate)).routes(routes!(rate_several))
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
    /// Which rating of this criterion and facility the assessor saw, by its `seq`; 0 when there was none. When it is said
    /// and another assessor has rated since, nothing is written.
    seen: Option<i64>,
}

impl Rate {
    /// A rating that needs no ground.
    pub(crate) fn new(facility: &FacilityId, value: Rating, reason: &Text) -> Self {
        let (facility, reason) = (facility.clone(), reason.clone());
        Self { facility, value, na_ground: None, reason, seen: None }
    }
}

/// How many ratings are written in one request.
const AT_ONCE: usize = 100;

/// Ratings of several criteria.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateSeveral {
    /// At most 100.
    ratings: Vec<RateOne>,
}

/// A rating of one criterion.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RateOne {
    criterion: String,
    #[serde(flatten)]
    rate: Rate,
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
pub(crate) async fn append_rating(
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
    assessment::check_rating(programme, &loaded.facilities(), facts, &new)?;
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
    // The company is held: nobody rates in between.
    if let Some(seen) = rate.seen {
        check_version(seen, seq - 1)?;
    }
    Ok((row.id, seq))
}

/// Rates a criterion at a facility. Any part of the checklist may be saved at any time; a correction is a new row.
#[utoipa::path(put, path = "/api/v1/assessments/{id}/ratings/{criterion}", request_body = Rate, tag = "assessments",
    params(("id" = String, Path), ("criterion" = String, Path)),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn rate(
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

/// Rates several criteria: all of them, or none.
#[utoipa::path(put, path = "/api/v1/assessments/{id}/ratings", request_body = RateSeveral, tag = "assessments",
    params(("id" = String, Path)),
    responses((status = 200, body = Vec<Written>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn rate_several(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    write: Write<RateSeveral>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, AssessmentEvent::Rate, None).await?;
    assessment::next(loaded.assessment.state, &AssessmentStep::Rate)?;
    if body.ratings.len() > AT_ONCE {
        return Err(Problem::invalid("/ratings", format!("has more than {AT_ONCE}")));
    }
    let mut written = Vec::new();
    for (i, RateOne { criterion, rate }) in body.ratings.iter().enumerate() {
        let appended = append_rating(&mut act, &loaded, criterion, rate).await;
        let (rating, seq) = appended.map_err(|problem| problem.below(&format!("/ratings/{i}")))?;
        written.push(Written::new(rating, seq));
    }
    act.commit(StatusCode::OK, &written).await
}
