//! The credential of a certificate whose release failed: tried again, voided, made anew.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Changed, Loaded, finish, open, prospect};
use crate::certification::api::check_version;
use crate::certification::attest;
use crate::certification::rules::certificate::{self, CertificateStep, EventKind};
use crate::certification::store::certificates::{self, Certificate};
use crate::certification::store::parties;
use crate::issuance;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::id::CredentialId;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reissue)).routes(routes!(retry)).routes(routes!(void))
}

/// A new credential for the same version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reissue {
    version: i64,
}

/// Makes a new credential for the version whose credential was voided.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/reissue", params(("number" = String, Path)),
    request_body = Reissue, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn reissue(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Reissue>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let Loaded { certificate, version, maker, .. } = &loaded;
    let voided = issuance::is_voided(&mut act.tx, version.id.as_str()).await?;
    let company = parties::get(&mut act.tx, &certificate.company_id).await?;
    let may_be_shown = company.is_some_and(|company| company.may_be_shown());
    let prospect = prospect(&mut act, &loaded).await?;
    let step = CertificateStep::Reissue { maker, voided, may_be_shown, prospect };
    let to = certificate::next(certificate.state, &step)?;
    let change = attest::Change { kind: EventKind::Reissued, decision: None, public_reason: None };
    let credential = attest::attest(&mut act.tx, &app, certificate, version, &change).await?;
    finish(act, certificate, to, None, Some(credential)).await
}

/// An operator's act on a credential whose release failed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperateCredential {
    /// The certificate's version seen.
    version: i64,
}

/// Opens the certificate of a credential for an operator.
async fn open_of_credential(
    act: &mut Act<'_>,
    credential: &str,
    seen: i64,
) -> Result<Certificate, Problem> {
    let id = issuance::certificate_of(&mut act.tx, credential)
        .await?
        .ok_or(Problem::NotFound("credential"))?;
    let found = certificates::by_text_id(&mut act.tx, &id).await?;
    act.hold(&found.ok_or(Problem::NotFound("certificate"))?.company_id).await?;
    act.authorise(Action::Operate, &Subject::default(), "credential", credential).await?;
    let certificate = certificates::by_text_id(&mut act.tx, &id)
        .await?
        .ok_or(Problem::NotFound("certificate"))?;
    check_version(seen, certificate.version)?;
    Ok(certificate)
}

/// Tries again to release a credential whose release failed.
#[utoipa::path(post, path = "/api/v1/credentials/{id}/retry", params(("id" = String, Path)),
    request_body = OperateCredential, tag = "operation",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn retry(
    State(app): State<App>,
    Path(id): Path<CredentialId>,
    write: Write<OperateCredential>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = id.as_str();
    let certificate = open_of_credential(&mut act, id, body.version).await?;
    let to = certificate::next(certificate.state, &CertificateStep::Retry)?;
    issuance::retry(&mut act.tx, &app, id).await?;
    finish(act, &certificate, to, None, Some(id.to_owned())).await
}

/// Voids a credential that was never released: should its bytes have leaked, they read as revoked.
#[utoipa::path(post, path = "/api/v1/credentials/{id}/void", params(("id" = String, Path)),
    request_body = OperateCredential, tag = "operation",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn void(
    State(app): State<App>,
    Path(id): Path<CredentialId>,
    write: Write<OperateCredential>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = id.as_str();
    let certificate = open_of_credential(&mut act, id, body.version).await?;
    let to = certificate::next(certificate.state, &CertificateStep::Void("release failed"))?;
    issuance::void(&mut act.tx, &app, id).await?;
    finish(act, &certificate, to, None, Some(id.to_owned())).await
}
