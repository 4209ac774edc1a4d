//! Decisions, appended and never changed.

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::certification::ids::{ApplicationId, CertificateId, DecisionId};
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
/// A unique violation when the application was decided before.
pub async fn insert(
    tx: &mut AnyConnection,
    decision: &Decision<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let rule = decision.rule;
    sqlx::query(
        "INSERT INTO decision (id, application_id, certificate_id, kind, cause, level, rule_level, rule_score, rule_reason,
                               ratings_digest, reason_note, public_reason, by_account, at, effective_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
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
    .execute(tx)
    .await
    .map(drop)
}

/// When a body last refused a company under a programme, in milliseconds.
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
         ORDER BY d.at DESC LIMIT 1",
    )
    .bind(company)
    .bind(body)
    .bind(programme)
    .fetch_optional(db)
    .await
}
