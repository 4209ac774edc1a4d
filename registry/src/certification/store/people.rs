//! What is known of people's impartiality and competence.

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::certification::ids::{CompetenceId, ConflictId};
use crate::platform::id::{AccountId, PartyId};

/// A declared or recorded conflict.
#[derive(Debug)]
pub struct Conflict<'a> {
    /// Its id.
    pub id: &'a ConflictId,
    /// Whose.
    pub account: &'a AccountId,
    /// With which party.
    pub party: &'a PartyId,
    /// `employed`, `advised`, `trained`, `family`, `financial` or `other`.
    pub kind: &'a str,
    /// From when, in milliseconds.
    pub from: i64,
    /// Until when; none while it lasts.
    pub until: Option<i64>,
    /// Who says so.
    pub by: &'a AccountId,
}

/// Appends a conflict.
///
/// # Errors
/// When the database refuses.
pub async fn add_conflict(
    tx: &mut AnyConnection,
    conflict: &Conflict<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO conflict (id, account_id, party_id, kind, from_at, until_at, by_account, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(conflict.id)
    .bind(conflict.account)
    .bind(conflict.party)
    .bind(conflict.kind)
    .bind(conflict.from)
    .bind(conflict.until)
    .bind(conflict.by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// The conflicts of an account with a party: kind, from, until.
///
/// # Errors
/// When the database refuses.
pub async fn conflicts(
    db: &mut AnyConnection,
    account: &AccountId,
    party: &PartyId,
) -> Result<Vec<(String, i64, Option<i64>)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT kind, from_at, until_at FROM conflict WHERE account_id = $1 AND party_id = $2",
    )
    .bind(account)
    .bind(party)
    .fetch_all(db)
    .await
}

/// Appends a competence for a programme.
///
/// # Errors
/// When the database refuses.
#[allow(clippy::too_many_arguments)]
pub async fn add_competence(
    tx: &mut AnyConnection,
    id: &CompetenceId,
    account: &AccountId,
    body: &PartyId,
    programme: &str,
    from: i64,
    until: Option<i64>,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO competence (id, account_id, body_id, programme, from_at, until_at, by_account, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(account)
    .bind(body)
    .bind(programme)
    .bind(from)
    .bind(until)
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Whether a body recorded an account's competence for a programme as in force.
///
/// # Errors
/// When the database refuses.
pub async fn is_competent(
    db: &mut AnyConnection,
    account: &AccountId,
    body: &PartyId,
    programme: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT CAST(count(*) AS BIGINT) FROM competence WHERE account_id = $1 AND body_id = $2 AND programme = $3
         AND from_at <= $4 AND (until_at IS NULL OR until_at > $4)",
    )
    .bind(account)
    .bind(body)
    .bind(programme)
    .bind(now.as_millisecond())
    .fetch_one(db)
    .await?;
    Ok(count > 0)
}

/// In how many of a company's latest decided applications with a body, without a break, an account assessed.
///
/// # Errors
/// When the database refuses.
pub async fn cycles_in_a_row(
    db: &mut AnyConnection,
    account: &AccountId,
    company: &PartyId,
    body: &PartyId,
) -> Result<u32, sqlx::Error> {
    let latest: Vec<(i64,)> = sqlx::query_as(
        "SELECT CAST((SELECT count(*) FROM assignment s WHERE s.application_id = a.id AND s.account_id = $1
                      AND s.task IN ('lead', 'assessor')
                      AND (s.ended_at IS NULL OR s.accepted_at IS NOT NULL)) AS BIGINT)
         FROM application a WHERE a.company_id = $2 AND a.body_id = $3 AND a.state = 'decided'
         ORDER BY a.id DESC LIMIT 12",
    )
    .bind(account)
    .bind(company)
    .bind(body)
    .fetch_all(db)
    .await?;
    Ok(u32::try_from(latest.iter().take_while(|(count,)| *count > 0).count()).unwrap_or(u32::MAX))
}
