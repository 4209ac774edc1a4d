//! What looks after certificates in force: their surveillance and special assessments, and findings that are overdue.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::findings::Finding;
use crate::certification::ids::{ApplicationId, CertificateId, FindingId, ProgrammeVersionId};
use crate::certification::rules::application::{ApplicationKind, ApplicationState};
use crate::certification::rules::certificate::CertificateState;
use crate::platform::id::PartyId;

/// A certificate in force, as far as it says when surveillance is due.
#[derive(Debug, FromRow)]
pub struct Watched {
    /// The certificate.
    pub id: CertificateId,
    /// Its number.
    pub number: String,
    /// Who holds it.
    pub company_id: PartyId,
    /// The holder's name.
    pub company: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: CertificateState,
    /// Its version as a record.
    pub version: i64,
    /// Under which programme version.
    pub programme_version_id: ProgrammeVersionId,
    /// The level.
    pub level: String,
    /// When its term began, in milliseconds: a reduction or a changed scope begins none.
    pub term_from: i64,
    /// When its term ends, in milliseconds.
    pub valid_until: i64,
}

/// The certificates in force of a body, for SQL; `$1` is the body, `$2` the last id seen, `$3` the time, `$4` how many.
macro_rules! page {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM certificate c JOIN party p ON p.id = c.company_id
              JOIN certificate_version v ON v.certificate_id = c.id
               AND v.n = (SELECT max(n) FROM certificate_version WHERE certificate_id = c.id)
              WHERE c.body_id = $1 AND c.id > $2 AND v.valid_until >= $3 AND c.state IN ('active', 'suspended')
              ORDER BY c.id LIMIT $4"
        )
    };
}

/// The certificates in force of a body, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn watched(
    db: &mut AnyConnection,
    body: &PartyId,
    after: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Watched>, sqlx::Error> {
    sqlx::query_as(page!(
        "c.id, c.number, c.company_id, p.display_name AS company, c.state, c.version, v.programme_version_id, v.level,
         (SELECT min(w.valid_from) FROM certificate_version w
            WHERE w.certificate_id = c.id AND w.valid_until = v.valid_until) AS term_from, v.valid_until"
    ))
    .bind(body)
    .bind(after)
    .bind(now.as_millisecond())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// A surveillance or special assessment of a certificate.
#[derive(Debug, FromRow)]
pub struct FollowUp {
    /// The application that it is.
    pub id: ApplicationId,
    /// Of which certificate.
    pub certificate_id: CertificateId,
    /// Which of the two.
    #[sqlx(try_from = "String")]
    pub kind: ApplicationKind,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ApplicationState,
    /// When it was decided, in milliseconds.
    pub decided_at: Option<i64>,
}

/// A query of assessments that follow up on certificates, by which certificates.
macro_rules! follow_ups {
    ($of:expr) => {
        concat!(
            "SELECT a.id, a.certificate_id, a.kind, a.state,
                    (SELECT max(d.at) FROM decision d WHERE d.application_id = a.id) AS decided_at
             FROM application a WHERE a.kind IN ('surveillance', 'special') AND a.certificate_id ",
            $of,
            " ORDER BY a.id"
        )
    };
}

/// The surveillance and special assessments of the certificates that [`watched`] gives for the same page, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_watched(
    db: &mut AnyConnection,
    body: &PartyId,
    after: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<FollowUp>, sqlx::Error> {
    sqlx::query_as(follow_ups!(concat!("IN (", page!("c.id"), ")")))
        .bind(body)
        .bind(after)
        .bind(now.as_millisecond())
        .bind(limit)
        .fetch_all(db)
        .await
}

/// The surveillance and special assessments of a certificate, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_certificate(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Vec<FollowUp>, sqlx::Error> {
    sqlx::query_as(follow_ups!("= $1")).bind(certificate).fetch_all(db).await
}

/// The findings of a certificate's surveillance and special assessments.
///
/// # Errors
/// When the database refuses.
pub async fn findings(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Vec<FindingId>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT f.id FROM finding f JOIN assessment s ON s.id = f.assessment_id
         JOIN application a ON a.id = s.application_id
         WHERE a.certificate_id = $1 AND a.kind IN ('surveillance', 'special') ORDER BY f.id",
    )
    .bind(certificate)
    .fetch_all(db)
    .await
}

/// A finding that is overdue.
#[derive(Debug, FromRow)]
pub struct Overdue {
    /// The finding.
    #[sqlx(flatten)]
    pub finding: Finding,
    /// The application that it was found in.
    pub application_id: ApplicationId,
    /// The company's name.
    pub company: String,
    /// The number of the certificate that was granted, or looked at again, in spite of it.
    pub certificate: Option<String>,
}

/// The findings of a body's assessments whose plan or correction is overdue, oldest first: while the application is under
/// way, and after the decision while its certificate has not ended. [`Terms::overdue`] says the same of one.
///
/// [`Terms::overdue`]: crate::certification::rules::finding::Terms::overdue
///
/// # Errors
/// When the database refuses.
pub async fn overdue(
    db: &mut AnyConnection,
    body: &PartyId,
    after: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Overdue>, sqlx::Error> {
    sqlx::query_as(
        "SELECT f.id, f.assessment_id, f.rating_id, f.criterion, f.facility_id, f.grade, f.state, f.issued_at, f.plan_due_at,
                f.close_due_at, f.extended, f.version, a.id AS application_id, p.display_name AS company,
                (SELECT max(c.number) FROM decision d JOIN certificate c ON c.id = d.certificate_id
                   WHERE d.application_id = a.id) AS certificate
         FROM finding f JOIN assessment s ON s.id = f.assessment_id JOIN application a ON a.id = s.application_id
         JOIN party p ON p.id = a.company_id
         WHERE a.body_id = $1 AND f.id > $2
           AND ((f.state = 'open' AND f.plan_due_at < $3)
             OR (f.state IN ('planned', 'acting', 'submitted') AND f.close_due_at < $3))
           AND (a.state IN ('assessing', 'deciding')
             OR (a.state = 'decided' AND EXISTS (SELECT 1 FROM decision d JOIN certificate c ON c.id = d.certificate_id
                   WHERE d.application_id = a.id AND c.state IN ('active', 'suspended'))))
         ORDER BY f.id LIMIT $4",
    )
    .bind(body)
    .bind(after)
    .bind(now.as_millisecond())
    .bind(limit)
    .fetch_all(db)
    .await
}
