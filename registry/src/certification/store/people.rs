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

/// Who had what part in an application, or in a certificate with all the applications that its versions rest on: each
/// account with `assessed`, `reviewed` or `decided`. Whoever ever accepted a task had a part in it.
///
/// # Errors
/// When the database refuses.
pub async fn parts_in(
    db: &mut AnyConnection,
    affair: &str,
) -> Result<Vec<(AccountId, String)>, sqlx::Error> {
    sqlx::query_as(
        "WITH affected AS (
           SELECT id FROM application WHERE id = $1
           UNION SELECT s.application_id FROM certificate_version v JOIN assessment s ON s.id = v.assessment_id
                 WHERE v.certificate_id = $1),
         assessments AS (SELECT id FROM assessment WHERE application_id IN (SELECT id FROM affected))
         SELECT account_id, CASE task WHEN 'reviewer' THEN 'reviewed' WHEN 'decider' THEN 'decided' ELSE 'assessed' END
           FROM assignment WHERE application_id IN (SELECT id FROM affected)
           AND (ended_at IS NULL OR accepted_at IS NOT NULL)
         UNION SELECT by_account, 'assessed' FROM rating WHERE assessment_id IN (SELECT id FROM assessments)
         UNION SELECT by_account, 'reviewed' FROM review WHERE assessment_id IN (SELECT id FROM assessments)
         UNION SELECT by_account, 'decided' FROM decision
           WHERE certificate_id = $1 OR application_id IN (SELECT id FROM affected)",
    )
    .bind(affair)
    .fetch_all(db)
    .await
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
           AND a.kind NOT IN ('surveillance', 'special')
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

/// A competence of one of a body's people.
#[derive(Debug, FromRow)]
pub struct Competence {
    /// Whose.
    pub account_id: AccountId,
    /// For which programme.
    pub programme: String,
    /// From when, in milliseconds.
    pub from_at: i64,
    /// Until when; none while it lasts.
    pub until_at: Option<i64>,
}

/// How many rows a page shows at most of what is known of people.
const SHOWN: i64 = 300;

/// The competences that a body recorded of those who are its people.
///
/// # Errors
/// When the database refuses.
pub async fn competences_of(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Vec<Competence>, sqlx::Error> {
    sqlx::query_as(
        "SELECT account_id, programme, from_at, until_at FROM competence
         WHERE body_id = $1 AND account_id IN (SELECT account_id FROM membership WHERE party_id = $1 AND ended_at IS NULL)
         ORDER BY id DESC LIMIT $2",
    )
    .bind(body)
    .bind(SHOWN)
    .fetch_all(db)
    .await
}

/// What ties somebody to a company, by the company's name.
#[derive(Debug, FromRow)]
pub struct NamedTie {
    /// Whose.
    pub account_id: AccountId,
    /// The company.
    pub party_id: PartyId,
    /// Its name.
    pub company: String,
    /// The kind of tie.
    pub kind: String,
    /// From when, in milliseconds.
    pub from_at: i64,
    /// Until when; none while it lasts.
    pub until_at: Option<i64>,
}

/// What ties the people of a body to companies that apply or applied to it; of other companies it learns nothing.
///
/// # Errors
/// When the database refuses.
pub async fn ties_of_staff(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Vec<NamedTie>, sqlx::Error> {
    sqlx::query_as(
        "SELECT t.account_id, t.party_id, p.display_name AS company, t.kind, t.from_at, t.until_at FROM
           (SELECT account_id, party_id, kind, from_at, until_at FROM conflict
            UNION ALL
            SELECT account_id, party_id, 'membership', from_at, ended_at FROM membership
            WHERE accepted_at IS NOT NULL) t
         JOIN party p ON p.id = t.party_id
         WHERE t.account_id IN (SELECT account_id FROM membership WHERE party_id = $1 AND ended_at IS NULL)
           AND t.party_id IN (SELECT company_id FROM application WHERE body_id = $1)
         ORDER BY t.from_at DESC LIMIT $2",
    )
    .bind(body)
    .bind(SHOWN)
    .fetch_all(db)
    .await
}

/// The companies that apply or applied to a body: id and name, the newest first.
///
/// # Errors
/// When the database refuses.
pub async fn applicants(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Vec<(PartyId, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT p.id, p.display_name FROM party p
         WHERE p.id IN (SELECT company_id FROM application WHERE body_id = $1) ORDER BY p.id DESC LIMIT $2",
    )
    .bind(body)
    .bind(SHOWN)
    .fetch_all(db)
    .await
}

/// The companies of which somebody knows as one of a body's people: those on whose applications they have or had a task,
/// and those that hold a certificate of a body of theirs, save natural persons, who may not be named. Id and name, the
/// newest first.
///
/// # Errors
/// When the database refuses.
pub async fn companies_known_to(
    db: &mut AnyConnection,
    account: &AccountId,
) -> Result<Vec<(PartyId, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT p.id, p.display_name FROM party p WHERE p.id IN
           (SELECT a.company_id FROM assignment s JOIN application a ON a.id = s.application_id WHERE s.account_id = $1)
         OR (p.sole_proprietor = 0 AND p.id IN
           (SELECT c.company_id FROM certificate c WHERE c.body_id IN
              (SELECT party_id FROM membership
               WHERE account_id = $1 AND ended_at IS NULL AND accepted_at IS NOT NULL)))
         ORDER BY p.id DESC LIMIT $2",
    )
    .bind(account)
    .bind(SHOWN)
    .fetch_all(db)
    .await
}

/// What somebody declared, or a quality manager recorded of them, the newest first.
///
/// # Errors
/// When the database refuses.
pub async fn conflicts_of(
    db: &mut AnyConnection,
    account: &AccountId,
) -> Result<Vec<NamedTie>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.account_id, c.party_id, p.display_name AS company, c.kind, c.from_at, c.until_at
         FROM conflict c JOIN party p ON p.id = c.party_id WHERE c.account_id = $1 ORDER BY c.id DESC LIMIT $2",
    )
    .bind(account)
    .bind(SHOWN)
    .fetch_all(db)
    .await
}
