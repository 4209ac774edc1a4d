//! An assessment as those who work on it see it.

use std::collections::{BTreeMap, BTreeSet};

use akashi_schemas::{FacilityKind, Rating};
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::certification::api::evidence::{self, EvidenceView};
use crate::certification::file::AssessmentFile;
use crate::certification::ids::{ApplicationId, AssessmentId, FacilityId};
use crate::certification::rules::assessment::AssessmentState;
use crate::certification::rules::scope;
use crate::certification::store::assessments;
use crate::certification::store::assessments::{Rated, Review, Sampled};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::data_keys::Subject;
use crate::platform::notes::{self, Notes, Shown};
use crate::platform::problem::{Problem, ProblemDetails};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
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

impl From<Sampled> for SampleView {
    fn from(row: Sampled) -> Self {
        Self {
            facility: row.facility_id,
            kind: row.kind,
            name: row.name,
            address: row.address,
            interviews_planned: row.interviews_planned,
            interviews_held: row.interviews_held.0,
        }
    }
}

/// A current rating.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatingView {
    criterion: String,
    facility: FacilityId,
    #[schema(value_type = String)]
    value: Rating,
    na_ground: Option<String>,
    reason: Shown,
    /// Which rating of this pair it is; more than 1 means that it was corrected.
    seq: i64,
}

impl RatingView {
    fn of(row: Rated, notes: &Notes) -> Result<Self, Problem> {
        Ok(Self {
            criterion: row.criterion,
            facility: row.facility_id,
            value: row.value,
            na_ground: row.na_ground,
            reason: notes.of(&row.reason_note)?,
            seq: row.seq,
        })
    }
}

/// A review.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewView {
    recommendation: String,
    level: Option<String>,
    na_accepted: bool,
    reason: Shown,
}

impl ReviewView {
    fn of(row: Review, notes: &Notes) -> Result<Self, Problem> {
        Ok(Self {
            recommendation: row.recommendation,
            level: row.level,
            na_accepted: row.na_accepted == 1,
            reason: notes.of(&row.reason_note)?,
        })
    }
}

/// An assessment with its sample, ratings, evidence and reviews.
#[utoipa::path(get, path = "/api/v1/assessments/{id}", params(("id" = String, Path)), tag = "assessments",
    responses((status = 200, body = AssessmentView), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<AssessmentId>,
) -> Result<Json<AssessmentView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let loaded = AssessmentFile::load(&mut db, &id).await?;
    actor.authorise(Action::ReadAssessment, &loaded.file.subject, "assessment")?;
    let company = Subject::Party(&loaded.file.application.company_id);
    let ratings = loaded.ratings(&mut db).await?;
    let reviews = assessments::reviews(&mut db, &id).await?;
    let reasons = ratings.iter().map(|r| &r.reason_note);
    let reasons: Vec<_> = reasons.chain(reviews.iter().map(|r| &r.reason_note)).collect();
    let notes = notes::read(&mut db, &app, company, &reasons).await?;
    Ok(Json(AssessmentView {
        id,
        application: loaded.file.application.id.clone(),
        state: loaded.assessment.state,
        version: loaded.assessment.version,
        unrated: unrated(&loaded, &ratings),
        evidence: evidence::of_application(&mut db, &app, &loaded.file, app.clock.now()).await?,
        ratings: ratings
            .into_iter()
            .map(|row| RatingView::of(row, &notes))
            .collect::<Result<_, _>>()?,
        reviews: reviews
            .into_iter()
            .map(|row| ReviewView::of(row, &notes))
            .collect::<Result<_, _>>()?,
        sample: loaded.sample.into_iter().map(SampleView::from).collect(),
    }))
}

/// The pairs of criterion and facility that have no rating yet.
fn unrated(loaded: &AssessmentFile, ratings: &[Rated]) -> Vec<(String, String)> {
    let rated: BTreeSet<_> =
        ratings.iter().map(|r| (r.criterion.as_str(), r.facility_id.as_str())).collect();
    scope::pairs(&loaded.file.programme, &loaded.facilities())
        .filter(|(c, f)| !rated.contains(&(c.id.as_str(), f.id.as_str())))
        .map(|(c, f)| (c.id.clone(), f.id.clone()))
        .collect()
}
