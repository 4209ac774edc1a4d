//! Appeals: a company against a decision on it, heard by people of the body who had no part in it.

pub(in crate::certification) mod decisions;
pub(in crate::certification) mod filing;
pub(in crate::certification) mod hearing;

use std::sync::Arc;

use akashi_schemas::Programme;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use crate::certification::file;
use crate::certification::ids::{ApplicationId, CertificateId};
use crate::certification::rules::appeal;
use crate::certification::rules::decision::DecisionKind;
use crate::certification::store::decisions::DecisionRow;
use crate::certification::store::{applications, certificates};
use crate::platform::app::App;
use crate::platform::authorisation::Subject;
use crate::platform::clock::{instant, rfc3339};
use crate::platform::id::PartyId;
use crate::platform::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(decisions::routes()).merge(filing::routes()).merge(hearing::routes())
}

/// What a decision that may be appealed was made on: the application that was refused, or the certificate.
struct Affair {
    application: Option<ApplicationId>,
    certificate: Option<CertificateId>,
    company: PartyId,
    body: PartyId,
    programme: Arc<Programme>,
}

impl Affair {
    /// The affair of a decision.
    async fn of(db: &mut AnyConnection, decision: &DecisionRow) -> Result<Self, Problem> {
        let none = || Problem::NotFound("decision");
        if decision.kind == DecisionKind::Refuse || decision.certificate_id.is_none() {
            let id = decision.application_id.as_ref().ok_or_else(none)?;
            let row = applications::get(db, id).await?.ok_or_else(none)?;
            return Ok(Self {
                application: Some(row.id),
                certificate: None,
                company: row.company_id,
                body: row.body_id,
                programme: file::programme(db, &row.programme_version_id).await?,
            });
        }
        let id = decision.certificate_id.as_ref().ok_or_else(none)?;
        let row = certificates::get(db, id).await?.ok_or_else(none)?;
        let version = certificates::latest_version(db, id).await?;
        Ok(Self {
            application: None,
            certificate: Some(row.id),
            company: row.company_id,
            body: row.body_id,
            programme: file::programme(db, &version.programme_version_id).await?,
        })
    }

    /// The id of the application or certificate.
    fn id(&self) -> &str {
        let application = self.application.as_ref().map(ApplicationId::as_str);
        let certificate = self.certificate.as_ref().map(CertificateId::as_str);
        application.or(certificate).unwrap_or_default()
    }

    /// The decision as the subject of an act.
    fn subject(&self) -> Subject {
        Subject {
            company: Some(self.company.clone()),
            body: Some(self.body.clone()),
            ..Subject::default()
        }
    }
}

/// Until when a decision that was made at a time may be appealed, after its programme's rules, in milliseconds.
///
/// # Errors
/// As [`file::zone`].
pub(in crate::certification) fn appeal_until(
    programme: &Programme,
    decided_at: i64,
) -> Result<i64, Problem> {
    let (zone, days) = (file::zone(programme)?, programme.rules.appeal_days);
    Ok(appeal::term_ends(&zone, instant(decided_at), days).as_millisecond())
}

/// The same, for a decision that may be appealed at all.
fn term(programme: &Programme, decision: &DecisionRow) -> Result<Option<String>, Problem> {
    if !appeal::may_be_appealed(decision.kind) {
        return Ok(None);
    }
    appeal_until(programme, decision.at).map(|until| Some(rfc3339(until)))
}
