//! A certificate's record.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::find;
use crate::certification::ids::{CertificateId, FacilityId};
use crate::certification::rules::certificate::CertificateState;
use crate::certification::store::{certificates, suspensions};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::clock::rfc3339;
use crate::platform::id::PartyId;
use crate::platform::problem::{Problem, ProblemDetails};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// A certificate's record as those who act on it see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateView {
    id: CertificateId,
    number: String,
    company: PartyId,
    body: PartyId,
    programme: String,
    #[schema(value_type = String)]
    state: CertificateState,
    level: String,
    valid_from: String,
    valid_until: String,
    facilities: Vec<FacilityId>,
    /// While it is suspended: until when.
    suspended_until: Option<String>,
    /// When the registry proposed to withdraw it, because the term of its suspension is over; it withdraws nothing.
    withdrawal_proposed_at: Option<String>,
    version: i64,
}

/// A certificate's record, also while its credential is not released yet.
#[utoipa::path(get, path = "/api/v1/certificates/{number}", params(("number" = String, Path)), tag = "certificates",
    responses((status = 200, body = CertificateView), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(number): Path<String>,
) -> Result<Json<CertificateView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = find(&mut db, &number).await?;
    actor.authorise(Action::ReadCertificate, &row.subject(), "certificate")?;
    let version = certificates::latest_version(&mut db, &row.id).await?;
    let term = match row.state {
        CertificateState::Suspended => suspensions::last(&mut db, &row.id).await?,
        _ => None,
    };
    Ok(Json(CertificateView {
        facilities: certificates::scope(&mut db, &version.id).await?,
        id: row.id,
        number: row.number,
        company: row.company_id,
        body: row.body_id,
        programme: row.programme,
        state: row.state,
        level: version.level,
        valid_from: rfc3339(version.valid_from),
        valid_until: rfc3339(version.valid_until),
        suspended_until: term.as_ref().map(|term| rfc3339(term.until_at)),
        withdrawal_proposed_at: term.and_then(|term| term.proposed_at).map(rfc3339),
        version: row.version,
    }))
}
