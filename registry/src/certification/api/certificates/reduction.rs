//! A certificate is reduced in level or scope.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Changed, Loaded, Words, finish, open, prospect, record};
use crate::certification::api::decisions::apply_rule;
use crate::certification::attest;
use crate::certification::file::AssessmentFile;
use crate::certification::ids::{CertificateVersionId, DecisionId, FacilityId};
use crate::certification::rules::certificate::{self, CertificateStep, Change, EventKind};
use crate::certification::rules::decision::DecisionKind;
use crate::certification::store::certificates::{self, Version};
use crate::issuance::{self, Purpose};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reduce))
}

/// A reduction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reduce {
    version: i64,
    /// The level from now on; absent when it stays.
    level: Option<String>,
    /// The facilities that stay; absent when all do.
    facilities: Option<Vec<FacilityId>>,
    reason: Text,
    public_reason: String,
}

/// Reduces level or scope: a new version and a new credential. The old credential stops counting at once.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/reduce", params(("number" = String, Path)),
    request_body = Reduce, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn reduce(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Reduce>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let Loaded { certificate, version, assessment, maker } = &loaded;
    let scope = certificates::scope(&mut act.tx, &version.id).await?;
    let new_scope = reduced_scope(assessment, &scope, body.facilities.as_deref());
    let level = body.level.as_deref().unwrap_or(&version.level);
    let step = CertificateStep::Reduce {
        maker,
        public_reason: &body.public_reason,
        change: Change {
            rank: rank(assessment, &version.level)?,
            new_rank: rank(assessment, level)?,
            facilities: &texts(&scope),
            new_facilities: &texts(&new_scope),
        },
        prospect: prospect(&mut act, &loaded).await?,
    };
    let to = certificate::next(certificate.state, &step)?;
    still_reached(&mut act.tx, assessment, &new_scope, level).await?;
    let words = Words::of(
        DecisionKind::Reduce,
        EventKind::Reduced,
        &body.reason,
        Some(&body.public_reason),
    );
    let words = Words { level: Some(level), ..words };
    let decision = record(&mut act, certificate, &words).await?;
    let credential = cut(&mut act, &loaded, &new_scope, &words, &decision).await?;
    finish(act, certificate, to, Some(decision), Some(credential)).await
}

/// Writes the version that a reduction makes and prepares its credential; the earlier ones stop counting at once.
async fn cut(
    act: &mut Act<'_>,
    Loaded { certificate, version, .. }: &Loaded,
    scope: &[FacilityId],
    words: &Words<'_>,
    decision: &DecisionId,
) -> Result<String, Problem> {
    let (tx, app) = (&mut act.tx, act.app);
    for purpose in [Purpose::Refresh, Purpose::Revocation] {
        issuance::set_status(tx, app, certificate.id.as_str(), purpose, true).await?;
    }
    let next = Version {
        id: CertificateVersionId::new(act.now, &*app.rng),
        n: version.n + 1,
        decision_id: decision.clone(),
        level: words.level.unwrap_or(&version.level).to_owned(),
        valid_from: act.now.as_second() * 1000,
        ..version.clone()
    };
    certificates::add_version(tx, &certificate.id, &next, scope).await?;
    let change = attest::Change {
        kind: words.event,
        decision: Some(decision),
        public_reason: words.public_reason,
    };
    attest::attest(tx, app, certificate, &next, &change).await
}

/// The facilities that stay, the organisation as a whole always among them.
fn reduced_scope(
    assessment: &AssessmentFile,
    scope: &[FacilityId],
    asked: Option<&[FacilityId]>,
) -> Vec<FacilityId> {
    let Some(asked) = asked else { return scope.to_vec() };
    let whole = assessment.sample.iter().filter(|s| s.kind == akashi_schemas::FacilityKind::Whole);
    let mut kept: Vec<FacilityId> =
        whole.map(|s| s.facility_id.clone()).chain(asked.iter().cloned()).collect();
    kept.sort();
    kept.dedup();
    kept
}

fn texts(ids: &[FacilityId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn rank(assessment: &AssessmentFile, level: &str) -> Result<u32, Problem> {
    let level = assessment.file.programme.level(level);
    level
        .map(|level| level.rank)
        .ok_or_else(|| Problem::invalid("/level", "is none of the programme's"))
}

/// A reduced scope must still reach the level by the ratings that it keeps.
async fn still_reached(
    db: &mut AnyConnection,
    assessment: &AssessmentFile,
    scope: &[FacilityId],
    level: &str,
) -> Result<(), Problem> {
    let ratings = assessment.ratings(db).await?;
    let given = apply_rule(assessment, &ratings, |facility| scope.contains(facility)).level;
    let given_rank = match &given {
        Some(given) => rank(assessment, given)?,
        None => u32::MAX,
    };
    if rank(assessment, level)? >= given_rank {
        return Ok(());
    }
    Err(Problem::Incomplete {
        event: "reduce".into(),
        missing: vec![serde_json::json!({ "code": "level", "asked": level, "given": given })],
    })
}
