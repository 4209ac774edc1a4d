//! The report of an assessment: what `akashi-verify recompute` reads.

use akashi_schemas::{FacilityKind, Rating};
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::certification::file::AssessmentFile;
use crate::certification::ids::{AssessmentId, FacilityId};
use crate::certification::store::assessments::Rated;
use crate::platform::app::App;
use crate::platform::authorisation::Actor;
use crate::platform::problem::{Problem, ProblemDetails};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(report))
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
    pub(crate) fn digest(&self) -> Result<[u8; 32], Problem> {
        let bytes = akashi_schemas::canonical::to_vec(self).map_err(Problem::internal)?;
        Ok(akashi_schemas::Digest::of(&bytes).0)
    }

    /// The report of an assessment's current ratings at some of its facilities.
    pub(crate) fn of(
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
pub(in crate::certification) async fn report(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<AssessmentId>,
) -> Result<Json<Report>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let loaded = AssessmentFile::load(&mut db, &id).await?;
    loaded.authorise_report(&actor)?;
    let ratings = loaded.ratings(&mut db).await?;
    Ok(Json(Report::of(&loaded, &ratings, |_| true)))
}
