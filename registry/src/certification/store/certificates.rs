//! Certificates: the record under one number for life, its versions, its events.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{UpdateError, claimed};
use crate::certification::ids::{
    AssessmentId, CertificateId, CertificateVersionId, DecisionId, FacilityId, ProgrammeVersionId,
};
use crate::certification::rules::certificate::{CertificateState, EventKind};
use crate::platform::authorisation::Subject;
use crate::platform::id::{AccountId, NoteId, PartyId};

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

/// The last version of a certificate that another decision made than this one.
///
/// # Errors
/// When the database refuses, or there is none.
pub async fn version_before(
    db: &mut AnyConnection,
    certificate: &CertificateId,
    decision: &DecisionId,
) -> Result<Version, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, n, decision_id, programme_version_id, assessment_id, level, valid_from, valid_until
         FROM certificate_version WHERE certificate_id = $1 AND decision_id <> $2 ORDER BY n DESC LIMIT 1",
    )
    .bind(certificate)
    .bind(decision)
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

/// All versions of a certificate, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn versions(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Vec<Version>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, n, decision_id, programme_version_id, assessment_id, level, valid_from, valid_until
         FROM certificate_version WHERE certificate_id = $1 ORDER BY n",
    )
    .bind(certificate)
    .fetch_all(db)
    .await
}

/// Something that happened to a certificate, with what its decision says.
#[derive(Debug, FromRow)]
pub struct Told {
    /// What happened.
    #[sqlx(try_from = "String")]
    pub kind: EventKind,
    /// When it takes effect, in milliseconds.
    pub effective_at: i64,
    /// What is said in public.
    pub public_reason: Option<String>,
    /// Why, for those who act on the certificate.
    pub reason_note: Option<NoteId>,
    /// Of a suspension: its cause.
    pub cause: Option<String>,
}

/// All that happened to a certificate with the decisions' reasons, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn told(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query_as(
        "SELECT e.kind, e.effective_at, e.public_reason, d.reason_note, d.cause
         FROM certificate_event e LEFT JOIN decision d ON d.id = e.decision_id
         WHERE e.certificate_id = $1 ORDER BY e.seq",
    )
    .bind(certificate)
    .fetch_all(db)
    .await
}

/// A certificate as lists show it.
#[derive(Debug, FromRow)]
pub struct Listed {
    /// The certificate.
    #[sqlx(flatten)]
    pub certificate: Certificate,
    /// Its holder's name.
    pub company: String,
    /// The name of the body that stands for it.
    pub body: String,
    /// The programme version of its latest version.
    pub programme_version_id: ProgrammeVersionId,
    /// The level of its latest version.
    pub level: String,
    /// Until when that is valid, in milliseconds.
    pub valid_until: i64,
    /// While it is suspended: the last second of that, in milliseconds.
    pub suspended_until: Option<i64>,
    /// While it is suspended: when withdrawal was proposed, in milliseconds.
    pub proposed_at: Option<i64>,
}

/// A query of certificates as lists show them, by what follows their tables.
macro_rules! select_listed {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.number, c.body_id, c.company_id, c.programme, c.state, c.version,
                    p.display_name AS company, b.display_name AS body, v.programme_version_id, v.level, v.valid_until,
                    t.until_at AS suspended_until, w.at AS proposed_at
             FROM certificate c JOIN party p ON p.id = c.company_id JOIN party b ON b.id = c.body_id
             JOIN certificate_version v ON v.certificate_id = c.id
               AND v.n = (SELECT max(n) FROM certificate_version WHERE certificate_id = c.id)
             LEFT JOIN suspension_term t ON c.state = 'suspended'
               AND t.decision_id = (SELECT max(decision_id) FROM suspension_term WHERE certificate_id = c.id)
             LEFT JOIN withdrawal_proposal w ON w.decision_id = t.decision_id ",
            $rest
        )
    };
}

/// A certificate as lists show it.
///
/// # Errors
/// When the database refuses, or there is none.
pub async fn listed(db: &mut AnyConnection, id: &CertificateId) -> Result<Listed, sqlx::Error> {
    sqlx::query_as(select_listed!("WHERE c.id = $1")).bind(id).fetch_one(db).await
}

/// The certificates that a company holds or held, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn held_by(
    db: &mut AnyConnection,
    company: &PartyId,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as(select_listed!("WHERE c.company_id = $1 ORDER BY c.id"))
        .bind(company)
        .fetch_all(db)
        .await
}

/// The certificates that a body stands for, oldest first, beyond an id; in one state, or with an empty word in any.
///
/// # Errors
/// When the database refuses.
pub async fn issued_by(
    db: &mut AnyConnection,
    body: &PartyId,
    state: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as(select_listed!(
        "WHERE c.body_id = $1 AND ($2 = '' OR c.state = $2) AND c.id > $3 ORDER BY c.id LIMIT $4"
    ))
    .bind(body)
    .bind(state)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The certificates that need something of an account, by its roles with the holder or the body: suspended ones, and those
/// in force that end between two times, the soonest first.
///
/// # Errors
/// When the database refuses.
pub async fn needing(
    db: &mut AnyConnection,
    account: &AccountId,
    (now, by): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as(select_listed!(
        "WHERE (c.state = 'suspended' OR (c.state = 'active' AND v.valid_until <= $3)) AND v.valid_until >= $2
           AND (c.company_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL
                                   AND accepted_at IS NOT NULL AND role = 'applicant')
             OR c.body_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL
                                AND accepted_at IS NOT NULL AND role IN ('quality_manager', 'decision_maker')))
         ORDER BY v.valid_until, c.id LIMIT $4"
    ))
    .bind(account)
    .bind(now.as_millisecond())
    .bind(by.as_millisecond())
    .bind(limit)
    .fetch_all(db)
    .await
}
