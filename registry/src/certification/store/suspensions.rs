//! Suspensions: how long each lasts, what it was for, and that its term is over.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use crate::certification::ids::{CertificateId, DecisionId, FindingId};

/// The term of a suspension.
#[derive(Debug, FromRow)]
pub struct Term {
    /// The suspension.
    pub decision_id: DecisionId,
    /// Its last second, in milliseconds.
    pub until_at: i64,
    /// When withdrawal was proposed because it was over, in milliseconds.
    pub proposed_at: Option<i64>,
}

/// Appends the term of a suspension, and the findings that it is for.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    tx: &mut AnyConnection,
    decision: &DecisionId,
    certificate: &CertificateId,
    until: Timestamp,
    findings: &[FindingId],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO suspension_term (decision_id, certificate_id, until_at) VALUES ($1, $2, $3)",
    )
    .bind(decision)
    .bind(certificate)
    .bind(until.as_millisecond())
    .execute(&mut *tx)
    .await?;
    for finding in findings {
        sqlx::query("INSERT INTO suspension_finding (decision_id, finding_id) VALUES ($1, $2)")
            .bind(decision)
            .bind(finding)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// The term of a certificate's last suspension.
///
/// # Errors
/// When the database refuses.
pub async fn last(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Option<Term>, sqlx::Error> {
    sqlx::query_as(
        "SELECT t.decision_id, t.until_at, p.at AS proposed_at FROM suspension_term t
         LEFT JOIN withdrawal_proposal p ON p.decision_id = t.decision_id
         WHERE t.certificate_id = $1 ORDER BY t.decision_id DESC LIMIT 1",
    )
    .bind(certificate)
    .fetch_optional(db)
    .await
}

/// The findings that a certificate's last suspension is for and that are not closed.
///
/// # Errors
/// When the database refuses.
pub async fn open_findings(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT f.id FROM suspension_finding s JOIN finding f ON f.id = s.finding_id
         WHERE f.state <> 'closed'
           AND s.decision_id = (SELECT max(decision_id) FROM suspension_term WHERE certificate_id = $1)
         ORDER BY f.id",
    )
    .bind(certificate)
    .fetch_all(db)
    .await
}

/// Suspended certificates whose last suspension's term is over and for which withdrawal is not proposed, oldest
/// suspension first.
///
/// # Errors
/// When the database refuses.
pub async fn over(
    db: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<CertificateId>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT t.certificate_id FROM suspension_term t JOIN certificate c ON c.id = t.certificate_id
         WHERE c.state = 'suspended' AND t.until_at < $1
           AND t.decision_id = (SELECT max(decision_id) FROM suspension_term WHERE certificate_id = c.id)
           AND NOT EXISTS (SELECT 1 FROM withdrawal_proposal p WHERE p.decision_id = t.decision_id)
         ORDER BY t.decision_id LIMIT $2",
    )
    .bind(now.as_millisecond())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Appends that withdrawal is proposed, as the term of a suspension is over.
///
/// # Errors
/// A unique violation when it was before.
pub async fn propose(
    tx: &mut AnyConnection,
    decision: &DecisionId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO withdrawal_proposal (decision_id, at) VALUES ($1, $2)")
        .bind(decision)
        .bind(now.as_millisecond())
        .execute(tx)
        .await
        .map(drop)
}

/// The findings that a certificate's last suspension is for: the id, the criterion, and where each stands.
///
/// # Errors
/// When the database refuses.
pub async fn findings(
    db: &mut AnyConnection,
    certificate: &CertificateId,
) -> Result<Vec<(String, String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT f.id, f.criterion, f.state FROM suspension_finding s JOIN finding f ON f.id = s.finding_id
         WHERE s.decision_id = (SELECT max(decision_id) FROM suspension_term WHERE certificate_id = $1)
         ORDER BY f.id",
    )
    .bind(certificate)
    .fetch_all(db)
    .await
}
