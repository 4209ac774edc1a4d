//! What is known of people's impartiality and competence.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use crate::certification::ids::{CompetenceId, ConflictId};
use crate::platform::authorisation::Role;
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

/// What part an account had in an application, or in a certificate with all the applications that its versions rest
/// on: whether it assessed, reviewed, decided. Whoever ever accepted a task had a part in it.
///
/// # Errors
/// When the database refuses.
pub async fn part_in(
    db: &mut AnyConnection,
    account: &AccountId,
    affair: &str,
) -> Result<(bool, bool, bool), sqlx::Error> {
    let (assessed, reviewed, decided): (i64, i64, i64) = sqlx::query_as(
        "WITH affected AS (
           SELECT id FROM application WHERE id = $2
           UNION SELECT s.application_id FROM certificate_version v JOIN assessment s ON s.id = v.assessment_id
                 WHERE v.certificate_id = $2),
         tasks AS (
           SELECT task FROM assignment WHERE account_id = $1 AND application_id IN (SELECT id FROM affected)
           AND (ended_at IS NULL OR accepted_at IS NOT NULL)),
         assessments AS (SELECT id FROM assessment WHERE application_id IN (SELECT id FROM affected))
         SELECT
           CAST((SELECT count(*) FROM tasks WHERE task IN ('lead', 'assessor'))
                + (SELECT count(*) FROM rating WHERE by_account = $1 AND assessment_id IN (SELECT id FROM assessments))
                AS BIGINT),
           CAST((SELECT count(*) FROM tasks WHERE task = 'reviewer')
                + (SELECT count(*) FROM review WHERE by_account = $1 AND assessment_id IN (SELECT id FROM assessments))
                AS BIGINT),
           CAST((SELECT count(*) FROM tasks WHERE task = 'decider')
                + (SELECT count(*) FROM decision WHERE by_account = $1
                   AND (certificate_id = $2 OR application_id IN (SELECT id FROM affected)))
                AS BIGINT)",
    )
    .bind(account)
    .bind(affair)
    .fetch_one(db)
    .await?;
    Ok((assessed > 0, reviewed > 0, decided > 0))
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

/// Somebody of a body who may be given a task.
#[derive(Debug, FromRow)]
pub struct Staff {
    /// The account.
    pub account_id: AccountId,
    /// The person's name.
    pub name: String,
    /// The role in the body; a person of several roles stands in several rows.
    #[sqlx(try_from = "String")]
    pub role: Role,
    /// 1 when the body recorded competence for the programme that is in force.
    pub competent: i64,
}

/// The people of a body, with what is known of their competence for a programme.
///
/// # Errors
/// When the database refuses.
pub async fn staff(
    db: &mut AnyConnection,
    body: &PartyId,
    programme: &str,
    now: Timestamp,
) -> Result<Vec<Staff>, sqlx::Error> {
    sqlx::query_as(
        "SELECT m.account_id, a.name, m.role,
                (SELECT CAST(count(*) AS BIGINT) FROM (SELECT 1 FROM competence k WHERE k.account_id = m.account_id
                   AND k.body_id = $1 AND k.programme = $2 AND k.from_at <= $3
                   AND (k.until_at IS NULL OR k.until_at > $3) LIMIT 1) known) AS competent
         FROM membership m JOIN account a ON a.id = m.account_id
         WHERE m.party_id = $1 AND m.ended_at IS NULL AND m.accepted_at IS NOT NULL
           AND m.role IN ('assessor', 'reviewer', 'decision_maker') ORDER BY a.name, m.id",
    )
    .bind(body)
    .bind(programme)
    .bind(now.as_millisecond())
    .fetch_all(db)
    .await
}

/// What ties the people of a body to a company: account, kind, from, until, in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn ties(
    db: &mut AnyConnection,
    body: &PartyId,
    company: &PartyId,
) -> Result<Vec<(AccountId, String, i64, Option<i64>)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT t.account_id, t.kind, t.from_at, t.until_at FROM
           (SELECT account_id, kind, from_at, until_at FROM conflict WHERE party_id = $2
            UNION ALL
            SELECT account_id, 'membership', from_at, ended_at FROM membership
            WHERE party_id = $2 AND accepted_at IS NOT NULL) t
         WHERE t.account_id IN (SELECT account_id FROM membership WHERE party_id = $1 AND ended_at IS NULL)",
    )
    .bind(body)
    .bind(company)
    .fetch_all(db)
    .await
}
