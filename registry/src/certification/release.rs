//! What a release does to its certificate.

use sqlx::AnyConnection;

use super::rules::certificate::{self, CertificateState, CertificateStep};
use super::store::certificates;
use crate::platform::problem::Problem;

/// Moves a certificate on when its credential is out. One that was released before (a later version's
/// credential came out) stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn released(tx: &mut AnyConnection, certificate: &str) -> Result<(), Problem> {
    advance(tx, certificate, &CertificateStep::Release { suspended: false }).await
}

/// Shows a certificate as failed when its first credential could not be released.
///
/// # Errors
/// When the database refuses.
pub async fn failed(tx: &mut AnyConnection, certificate: &str) -> Result<(), Problem> {
    advance(tx, certificate, &CertificateStep::Fail).await
}

async fn advance(
    tx: &mut AnyConnection,
    certificate: &str,
    step: &CertificateStep<'_>,
) -> Result<(), Problem> {
    let row = certificates::by_text_id(tx, certificate).await?.ok_or(sqlx::Error::RowNotFound)?;
    if row.state != CertificateState::Issuing {
        return Ok(());
    }
    let to = certificate::next(row.state, step)?;
    certificates::advance(tx, &row, to).await?;
    Ok(())
}
