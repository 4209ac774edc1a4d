//! Certificates: the record under one number for life, its versions, its events.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{UpdateError, claimed};
use crate::certification::ids::{
    AssessmentId, CertificateId, CertificateVersionId, DecisionId, FacilityId, ProgrammeVersionId,
};
use crate::certification::rules::certificate::{CertificateState, EventKind};
use crate::platform::authorisation::Subject;
use crate::platform::id::PartyId;

/// A certificate's row.
#[derive(Debug, FromRow)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// Its public number, without separators.
    pub number: String,
    /// The body that stands for it.
    pub body_id: PartyId,
    /// Who holds it.
    pub company_id: PartyId,
    /// Under which programme.
    pub programme: String,
    /// Where it stands: a projection of its events.
    #[sqlx(try_from = "String")]
    pub state: CertificateState,
    /// Its version as a record.
    pub version: i64,
}

impl Certificate {
    /// The certificate as the subject of an act.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject {
            company: Some(self.company_id.clone()),
            body: Some(self.body_id.clone()),
            ..Subject::default()
        }
    }
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, body_id, company_id, programme, state, version
             FROM certificate ",
            $rest
        )
    };
}

/// Adds a certificate.
///
/// # Errors
/// A unique violation when the number is taken.
pub async fn insert(
    tx: &mut AnyConnection,
    certificate: &Certificate,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO certificate (id, number, body_id, company_id, programme, state, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
    )
    .bind(&certificate.id)
    .bind(&certificate.number)
    .bind(&certificate.body_id)
    .bind(&certificate.company_id)
    .bind(&certificate.programme)
    .bind(certificate.state.as_str())
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// A certificate by number.
///
/// # Errors
/// When the database refuses.
pub async fn by_number(
    db: &mut AnyConnection,
    number: &str,
) -> Result<Option<Certificate>, sqlx::Error> {
    sqlx::query_as(select!("WHERE number = $1")).bind(number).fetch_optional(db).await
}

/// A certificate by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    id: &CertificateId,
) -> Result<Option<Certificate>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// A company's certificates, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_company(
    db: &mut AnyConnection,
    company: &PartyId,
) -> Result<Vec<Certificate>, sqlx::Error> {
    sqlx::query_as(select!("WHERE company_id = $1 ORDER BY id")).bind(company).fetch_all(db).await
}

/// Moves a certificate; gives its new version.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn advance(
    tx: &mut AnyConnection,
    certificate: &Certificate,
    to: CertificateState,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE certificate SET state = $3, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(&certificate.id)
    .bind(certificate.version)
    .bind(to.as_str())
    .execute(tx)
    .await?;
    claimed(done.rows_affected(), certificate.version)
}

/// A certificate version's row.
#[derive(Clone, Debug, FromRow)]
pub struct Version {
    /// Its id.
    pub id: CertificateVersionId,
    /// Which version it is, from 1.
    pub n: i64,
    /// The decision that made it.
    pub decision_id: DecisionId,
    /// Under which programme version.
    pub programme_version_id: ProgrammeVersionId,
    /// The assessment that it rests on.
    pub assessment_id: AssessmentId,
    /// The level.
    pub level: String,
    /// From when, in milliseconds.
    pub valid_from: i64,
    /// Until when, in milliseconds.
    pub valid_until: i64,
}

/// Appends a version with its scope.
///
/// # Errors
/// When the database refuses.
pub async fn add_version(
    tx: &mut AnyConnection,
    certificate: &CertificateId,
    version: &Version,
    facilities: &[FacilityId],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO certificate_version (id, certificate_id, n, decision_id, programme_version_id, assessment_id, level,
                                          valid_from, valid_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&version.id)
    .bind(certificate)
    .bind(version.n)
    .bind(&version.decision_id)
    .bind(&version.programme_version_id)
    .bind(&version.assessment_id)
    .bind(&version.level)
    .bind(version.valid_from)
    .bind(version.valid_until)
    .execute(&mut *tx)
    .await?;
    for facility in facilities {
        sqlx::query("INSERT INTO certificate_facility (certificate_version_id, facility_id) VALUES ($1, $2)")
            .bind(&version.id)
            .bind(facility)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// The latest version of a certificate.
///
/// # Errors
/// When the database refuses.
pub async fn latest_version(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Version, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, n, decision_id, programme_version_id, assessment_id, level, valid_from, valid_until
         FROM certificate_version WHERE certificate_id = $1 ORDER BY n DESC LIMIT 1",
    )
    .bind(certificate)
    .fetch_one(db)
    .await
}

/// The `n`th version of a certificate.
///
/// # Errors
/// When the database refuses, or there is none.
pub async fn version(
    db: &mut AnyConnection,
    certificate: &CertificateId,
    n: i64,
) -> Result<Version, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, n, decision_id, programme_version_id, assessment_id, level, valid_from, valid_until
         FROM certificate_version WHERE certificate_id = $1 AND n = $2",
    )
    .bind(certificate)
    .bind(n)
    .fetch_one(db)
    .await
}

/// The facilities in a version's scope.
///
/// # Errors
/// When the database refuses.
pub async fn scope(
    db: &mut AnyConnection,
    version: &CertificateVersionId,
) -> Result<Vec<FacilityId>, sqlx::Error> {
    sqlx::query_scalar("SELECT facility_id FROM certificate_facility WHERE certificate_version_id = $1 ORDER BY facility_id")
        .bind(version)
        .fetch_all(db)
        .await
}

/// Something that happened to a certificate.
#[derive(Debug)]
pub struct Event<'a> {
    /// What.
    pub kind: EventKind,
    /// By which decision.
    pub decision: Option<&'a DecisionId>,
    /// With which credential.
    pub credential: Option<&'a str>,
    /// When it takes effect, in milliseconds.
    pub effective_at: i64,
    /// What is said in public.
    pub public_reason: Option<&'a str>,
    /// The log leaf that tells of it.
    pub leaf: Option<i64>,
}

/// Appends an event.
///
/// # Errors
/// When the database refuses.
pub async fn add_event(
    tx: &mut AnyConnection,
    certificate: &CertificateId,
    event: &Event<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO certificate_event (certificate_id, seq, kind, decision_id, credential_id, at, effective_at,
                                        public_reason, leaf_ord)
         VALUES ($1, (SELECT coalesce(max(seq), 0) + 1 FROM certificate_event WHERE certificate_id = $1),
                 $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(certificate)
    .bind(event.kind.as_str())
    .bind(event.decision)
    .bind(event.credential)
    .bind(now.as_millisecond())
    .bind(event.effective_at)
    .bind(event.public_reason)
    .bind(event.leaf)
    .execute(tx)
    .await
    .map(drop)
}

/// When something last happened to a certificate, in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn last_event_at(
    db: &mut AnyConnection,
    certificate: &CertificateId,
    kind: EventKind,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT effective_at FROM certificate_event WHERE certificate_id = $1 AND kind = $2 ORDER BY seq DESC LIMIT 1",
    )
    .bind(certificate)
    .bind(kind.as_str())
    .fetch_optional(db)
    .await
}

/// A certificate by the id that another context knows it by.
///
/// # Errors
/// When the database refuses.
pub async fn by_text_id(
    db: &mut AnyConnection,
    id: &str,
) -> Result<Option<Certificate>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// An event's row.
#[derive(Debug, FromRow)]
pub struct EventRow {
    /// What happened.
    #[sqlx(try_from = "String")]
    pub kind: EventKind,
    /// When it was recorded, in milliseconds.
    pub at: i64,
    /// When it takes effect, in milliseconds.
    pub effective_at: i64,
    /// What is said in public.
    pub public_reason: Option<String>,
    /// The log leaf that tells of it, by order of arrival.
    pub leaf_ord: Option<i64>,
    /// The credential that it made, if it made one.
    pub credential_id: Option<String>,
}

/// All that happened to a certificate, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn events(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT kind, at, effective_at, public_reason, leaf_ord, credential_id FROM certificate_event
         WHERE certificate_id = $1 ORDER BY seq",
    )
    .bind(certificate)
    .fetch_all(db)
    .await
}

/// Every certificate's id, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn all(db: &mut AnyConnection) -> Result<Vec<CertificateId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM certificate ORDER BY id").fetch_all(db).await
}

/// The numbers of the certificates that a facility is or was in the scope of.
///
/// # Errors
/// When the database refuses.
pub async fn numbers_with(
    db: &mut AnyConnection,
    facility: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT c.number FROM certificate_facility f
         JOIN certificate_version v ON v.id = f.certificate_version_id
         JOIN certificate c ON c.id = v.certificate_id WHERE f.facility_id = $1 ORDER BY c.number",
    )
    .bind(facility)
    .fetch_all(db)
    .await
}
