//! The review: a second person's check, with a recommendation.

use akashi_schemas::{Rating, text_enum};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::report::Report;
use super::{advance, open};
use crate::certification::api::Written;
use crate::certification::api::applications;
use crate::certification::file::AssessmentFile;
use crate::certification::ids::{AssessmentId, ReviewId};
use crate::certification::news;
use crate::certification::rules::application::{self, ApplicationStep};
use crate::certification::rules::assessment::{
    self, AssessmentEvent, AssessmentState, AssessmentStep,
};
use crate::certification::store::applications::Application;
use crate::certification::store::{self, assessments};
use crate::platform::app::App;
use crate::platform::authorisation::Task;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(review))
}

text_enum! {
    /// What a reviewer recommends.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum Recommendation {
        /// To grant a level.
        Grant = "grant",
        /// To refuse.
        Refuse = "refuse",
        /// To let the certificate continue, after a surveillance or special assessment.
        Continue = "continue",
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
pub(in crate::certification) async fn review(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    write: Write<ReviewWith>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &id, AssessmentEvent::Recommend, Some(body.version)).await?;
    check_level(&loaded, &body)?;
    let raters = assessments::raters(&mut act.tx, &id).await?;
    let ratings = loaded.ratings(&mut act.tx).await?;
    let duties = store::applications::duties(&mut act.tx, &loaded.file.application.id).await?;
    let reviewer = &act.actor.account;
    let reviewer_assessed = raters.contains(reviewer)
        || duties.iter().any(|(account, task)| {
            account == reviewer && matches!(task, Task::Lead | Task::Assessor)
        });
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
    let fits = match body.recommendation {
        Recommendation::Grant => !loaded.file.application.kind.is_follow_up(),
        Recommendation::Continue => loaded.file.application.kind.is_follow_up(),
        Recommendation::Refuse | Recommendation::Return => true,
    };
    if !fits {
        return Err(Problem::invalid(
            "/recommendation",
            "a surveillance or special assessment recommends to continue, any other to grant",
        ));
    }
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
    applications::advance(act, application, step.event().as_str(), to, None).await?;
    Ok(news::recommended(&mut act.tx, act.app, application).await?)
}
