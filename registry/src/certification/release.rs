//! What a release does to its certificate.

use sqlx::AnyConnection;

use super::rules::certificate::{self, CertificateState, CertificateStep};
use super::store::certificates::{self, Certificate};
use crate::platform::app::App;
use crate::platform::audit;
use crate::platform::authorisation::Action;
use crate::platform::problem::Problem;

/// Moves a certificate on when its credential is out. One that was released before (a later version's
/// credential came out) stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn released(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &str,
    credential: &str,
) -> Result<(), Problem> {
    let row = record(tx, app, Action::Release, certificate, credential).await?;
    advance(tx, &row, &CertificateStep::Release { suspended: false }).await
}

/// Shows a certificate as failed when its first credential could not be released.
///
/// # Errors
/// When the database refuses.
pub async fn failed(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &str,
    credential: &str,
) -> Result<(), Problem> {
    let row = record(tx, app, Action::FailRelease, certificate, credential).await?;
    advance(tx, &row, &CertificateStep::Fail).await
}

/// Records that a credential was overtaken before its release; its certificate stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn overtaken(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &str,
    credential: &str,
) -> Result<(), Problem> {
    record(tx, app, Action::Overtake, certificate, credential).await.map(drop)
}

/// Writes into the audit trail what becomes of a credential; gives its certificate.
async fn record(
    tx: &mut AnyConnection,
    app: &App,
    action: Action,
    certificate: &str,
    credential: &str,
) -> Result<Certificate, Problem> {
    let row = certificates::by_text_id(tx, certificate).await?.ok_or(sqlx::Error::RowNotFound)?;
    let subject = format!("credential {credential}");
    audit::by_registry(tx, app, action, &row.subject(), &subject).await?;
    Ok(row)
}

async fn advance(
    tx: &mut AnyConnection,
    row: &Certificate,
    step: &CertificateStep<'_>,
) -> Result<(), Problem> {
    if row.state != CertificateState::Issuing {
        return Ok(());
    }
    let to = certificate::next(row.state, step)?;
    certificates::advance(tx, row, to).await?;
    Ok(())
}
