//! A company has all erased that it wrote and showed here.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::applications::Move;
use super::{Written, check_version, parties};
use crate::certification::erasure;
use crate::certification::store::{self, applications, certificates};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::id::PartyId;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::Write;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(erase))
}

/// Erases a company's free texts and files for good, as long as it has no application under way and never had a
/// certificate. Its record remains, and that it applied; it can keep nothing here any more.
#[utoipa::path(post, path = "/api/v1/parties/{id}/erase", params(("id" = String, Path)), request_body = Move,
    tag = "parties", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn erase(
    State(app): State<App>,
    Path(id): Path<PartyId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let party = parties::open(&mut act, &id, Action::EraseParty).await?;
    check_version(body.version, party.version)?;
    nothing_stands_against(&mut act.tx, &id).await?;
    erasure::destroy_all(&mut act, &id).await?;
    let version = store::parties::update(&mut act.tx, &party).await?;
    act.commit(StatusCode::OK, &Written::new(id, version)).await
}

/// What a certificate was granted on is kept as long as anybody may ask for it; what is under way still needs its
/// texts.
async fn nothing_stands_against(
    db: &mut sqlx::AnyConnection,
    company: &PartyId,
) -> Result<(), Problem> {
    let applications = applications::under_way(db, company).await?;
    let certificates = certificates::of_company(db, company).await?;
    let applications = applications
        .iter()
        .map(|a| json!({ "code": "application_under_way", "application": a.id }));
    let certificates = certificates
        .iter()
        .map(|held| json!({ "code": "certificate_granted", "certificate": held.number }));
    let missing: Vec<_> = applications.chain(certificates).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::Incomplete { event: "erase".into(), missing })
    }
}
