//! Decisions, appended and never changed.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use crate::certification::ids::{
    AppealId, ApplicationId, CertificateId, DecisionId, ProgrammeVersionId,
};
use crate::certification::rules::decision::{DecisionKind, SuspensionCause};
use crate::platform::id::{AccountId, NoteId, PartyId};

/// A decision.
#[derive(Debug)]
pub struct Decision<'a> {
    /// Its id.
    pub id: &'a DecisionId,
    /// On which application; grants and refusals have one.
    pub application: Option<&'a ApplicationId>,
    /// On which certificate.
    pub certificate: Option<&'a CertificateId>,
    /// What was decided.
    pub kind: DecisionKind,
    /// Of a suspension: its cause.
    pub cause: Option<SuspensionCause>,
    /// The level granted, or reduced to.
    pub level: Option<&'a str>,
    /// What the programme's rule gave.
    pub rule: Option<RuleResult<'a>>,
    /// Why.
    pub reason: &'a NoteId,
    /// What is said in public.
    pub public_reason: Option<&'a str>,
    /// Who decided.
    pub by: &'a AccountId,
    /// The appeal that it follows from.
    pub appeal: Option<&'a AppealId>,
    /// When it takes effect, in milliseconds.
    pub effective_at: i64,
}

/// What the programme's decision rule gave at the moment of the decision.
#[derive(Clone, Copy, Debug)]
pub struct RuleResult<'a> {
    /// The level, or none.
    pub level: Option<&'a str>,
    /// The score in basis points, when there is one.
    pub score: Option<u32>,
    /// Why there is no level.
    pub reason: Option<&'a str>,
    /// SHA-256 of the ratings that it was applied to, in their canonical report.
    pub ratings_digest: [u8; 32],
}

/// Appends a decision.
///
/// # Errors
/// A unique violation when the application was decided before, and no appeal brought it back since.
pub async fn insert(
    tx: &mut AnyConnection,
    decision: &Decision<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let rule = decision.rule;
    sqlx::query(
        "INSERT INTO decision (id, application_id, certificate_id, kind, cause, level, rule_level, rule_score, rule_reason,
                               ratings_digest, reason_note, public_reason, by_account, at, effective_at, appeal_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(decision.id)
    .bind(decision.application)
    .bind(decision.certificate)
    .bind(decision.kind.as_str())
    .bind(decision.cause.map(SuspensionCause::as_str))
    .bind(decision.level)
    .bind(rule.and_then(|r| r.level))
    .bind(rule.and_then(|r| r.score).map(i64::from))
    .bind(rule.and_then(|r| r.reason))
    .bind(rule.map(|r| r.ratings_digest.to_vec()))
    .bind(decision.reason)
    .bind(decision.public_reason)
    .bind(decision.by)
    .bind(now.as_millisecond())
    .bind(decision.effective_at)
    .bind(decision.appeal)
    .execute(tx)
    .await
    .map(drop)
}

/// When a body last refused a company under a programme, in milliseconds; what was overturned on appeal was no refusal.
///
/// # Errors
/// When the database refuses.
pub async fn last_refusal(
    db: &mut AnyConnection,
    company: &PartyId,
    body: &PartyId,
    programme: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT d.at FROM decision d JOIN application a ON a.id = d.application_id
         JOIN programme_version p ON p.id = a.programme_version_id
         WHERE d.kind = 'refuse' AND a.company_id = $1 AND a.body_id = $2 AND p.programme = $3
           AND NOT EXISTS (SELECT 1 FROM appeal x WHERE x.decision_id = d.id AND x.state = 'overturned')
         ORDER BY d.at DESC LIMIT 1",
    )
    .bind(company)
    .bind(body)
    .bind(programme)
    .fetch_optional(db)
    .await
}

/// What was decided on an application.
#[derive(Debug, FromRow)]
pub struct Decided {
    /// The certificate's number; none after a refusal.
    pub certificate: Option<String>,
}

/// The grant or refusal of an application.
///
/// # Errors
/// When the database refuses.
pub async fn of_application(
    db: &mut AnyConnection,
    application: &ApplicationId,
) -> Result<Option<Decided>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.number AS certificate FROM decision d LEFT JOIN certificate c ON c.id = d.certificate_id
         WHERE d.application_id = $1 ORDER BY d.id DESC LIMIT 1",
    )
    .bind(application)
    .fetch_optional(db)
    .await
}

/// A decision's row.
#[derive(Debug, FromRow)]
pub struct DecisionRow {
    /// Its id.
    pub id: DecisionId,
    /// On which application.
    pub application_id: Option<ApplicationId>,
    /// On which certificate.
    pub certificate_id: Option<CertificateId>,
    /// What was decided.
    #[sqlx(try_from = "String")]
    pub kind: DecisionKind,
    /// Of a suspension: its cause.
    pub cause: Option<String>,
    /// The level granted, or reduced to.
    pub level: Option<String>,
    /// Why.
    pub reason_note: NoteId,
    /// What is said in public.
    pub public_reason: Option<String>,
    /// When it was made, in milliseconds.
    pub at: i64,
    /// The appeal that it follows from.
    pub appeal_id: Option<AppealId>,
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, application_id, certificate_id, kind, cause, level, reason_note, public_reason, at, appeal_id
             FROM decision ",
            $rest
        )
    };
}

/// A decision by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    id: &DecisionId,
) -> Result<Option<DecisionRow>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// The decisions on an application or a certificate, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn on(db: &mut AnyConnection, affair: &str) -> Result<Vec<DecisionRow>, sqlx::Error> {
    sqlx::query_as(select!("WHERE application_id = $1 OR certificate_id = $1 ORDER BY id"))
        .bind(affair)
        .fetch_all(db)
        .await
}

/// A decision on a company, with what it was made on.
#[derive(Debug, FromRow)]
pub struct OnCompany {
    /// The decision.
    #[sqlx(flatten)]
    pub decision: DecisionRow,
    /// The number of the certificate that it made or was made on.
    pub number: Option<String>,
    /// The name of the body that decided.
    pub body: String,
    /// The programme whose rules count.
    pub programme_version_id: ProgrammeVersionId,
}

/// The decisions on a company's applications and certificates, the last first.
///
/// # Errors
/// When the database refuses.
pub async fn on_company(
    db: &mut AnyConnection,
    company: &PartyId,
    limit: i64,
) -> Result<Vec<OnCompany>, sqlx::Error> {
    sqlx::query_as(
        "SELECT d.id, d.application_id, d.certificate_id, d.kind, d.cause, d.level, d.reason_note, d.public_reason,
                d.at, d.appeal_id, c.number, b.display_name AS body,
                coalesce(a.programme_version_id,
                         (SELECT v.programme_version_id FROM certificate_version v
                          WHERE v.certificate_id = d.certificate_id ORDER BY v.n DESC LIMIT 1)) AS programme_version_id
         FROM decision d LEFT JOIN application a ON a.id = d.application_id
         LEFT JOIN certificate c ON c.id = d.certificate_id JOIN party b ON b.id = coalesce(a.body_id, c.body_id)
         WHERE coalesce(a.company_id, c.company_id) = $1 ORDER BY d.id DESC LIMIT $2",
    )
    .bind(company)
    .bind(limit)
    .fetch_all(db)
    .await
}
