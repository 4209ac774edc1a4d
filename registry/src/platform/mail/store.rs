//! The rows of mail: what waits to be sent, what was sent, what cannot be.

use sqlx::{AnyConnection, AssertSqlSafe, FromRow};

use super::{Facts, Kind, News};
use crate::platform::accounts::rules::Locale;
use crate::platform::app::App;
use crate::platform::db::Db;
use crate::platform::db::json::JsonText;
use crate::platform::id::{AccountId, MailId};

/// How many mails a page of one's own shows.
pub const PAGE: i64 = 50;

/// How long whoever claims a mail may take to send it before it is tried anew, in milliseconds: longer than any
/// server is waited for.
const LEASE_MS: i64 = 5 * 60 * 1000;

/// A mail with what is needed to compose it.
#[derive(Debug, FromRow)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// What it tells.
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// The path of the page about it.
    pub path: String,
    /// What its party is called now; empty when it has none.
    pub party: String,
    /// The rest.
    #[sqlx(try_from = "String")]
    pub facts: JsonText<Facts>,
    /// When it was written, in milliseconds.
    pub created_at: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// The receiver's address.
    pub email: String,
    /// The receiver's name.
    pub name: String,
    /// The receiver's language.
    #[sqlx(try_from = "String")]
    pub locale: Locale,
}

/// A query of mails, by what follows their tables.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.kind, m.path, coalesce(p.display_name, '') AS party, m.facts, m.created_at, m.attempts,
                    a.email_norm AS email, a.name, a.locale
             FROM mail m JOIN account a ON a.id = m.account_id LEFT JOIN party p ON p.id = m.party_id ",
            $rest
        )
    };
}

/// Writes a mail to somebody, who is not told the same twice.
pub(super) async fn insert(
    tx: &mut AnyConnection,
    app: &App,
    receiver: &AccountId,
    news: &News<'_>,
    facts: &str,
) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    sqlx::query(
        "INSERT INTO mail (id, account_id, kind, about, path, party_id, facts, created_at, due_at, attempts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 0) ON CONFLICT (account_id, kind, about) DO NOTHING",
    )
    .bind(MailId::new(now, &*app.rng))
    .bind(receiver)
    .bind(news.kind.as_str())
    .bind(&news.about)
    .bind(&news.path)
    .bind(news.party)
    .bind(facts)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Claims the mail that has been due longest, if one is: nobody else sends it meanwhile.
pub(super) async fn claim(db: &Db, now: i64) -> Result<Option<Mail>, sqlx::Error> {
    let due = "SELECT id FROM mail WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= $1
               ORDER BY due_at, id LIMIT 1";
    let waiting: Option<(String,)> =
        sqlx::query_as(due).bind(now).fetch_optional(db.reader()).await?;
    if waiting.is_none() {
        return Ok(None);
    }
    let mut tx = db.write().await?;
    let claim = format!(
        "UPDATE mail SET due_at = $2, attempts = attempts + 1 WHERE id = ({due}{}) RETURNING id",
        db.engine().skip_locked()
    );
    let id: Option<(MailId,)> = sqlx::query_as(AssertSqlSafe(claim))
        .bind(now)
        .bind(now + LEASE_MS)
        .fetch_optional(&mut *tx)
        .await?;
    let mail = match id {
        Some((id,)) => {
            sqlx::query_as(select!("WHERE m.id = $1")).bind(id).fetch_optional(&mut *tx).await?
        }
        None => None,
    };
    tx.commit().await?;
    Ok(mail)
}

/// Notes that a mail was sent.
pub(super) async fn sent(db: &Db, id: &MailId, now: i64) -> Result<(), sqlx::Error> {
    let mut tx = db.write().await?;
    sqlx::query("UPDATE mail SET sent_at = $2, last_error = NULL WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Notes that a mail could not be sent yet, and when it is tried again.
pub(super) async fn delayed(
    db: &Db,
    id: &MailId,
    due_at: i64,
    error: &str,
) -> Result<(), sqlx::Error> {
    let mut tx = db.write().await?;
    sqlx::query("UPDATE mail SET due_at = $2, last_error = $3 WHERE id = $1")
        .bind(id)
        .bind(due_at)
        .bind(error)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Notes that a mail cannot be sent at all.
pub(super) async fn failed(db: &Db, id: &MailId, now: i64, error: &str) -> Result<(), sqlx::Error> {
    let mut tx = db.write().await?;
    sqlx::query("UPDATE mail SET failed_at = $2, last_error = $3 WHERE id = $1")
        .bind(id)
        .bind(now)
        .bind(error)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// An account's mails, the newest first, from before one of them on, up to [`PAGE`] and one more.
///
/// # Errors
/// When the database refuses.
pub async fn of_account(
    db: &mut AnyConnection,
    account: &AccountId,
    before: Option<&str>,
) -> Result<Vec<Mail>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE m.account_id = $1 AND ($2 = '' OR m.id < $2) ORDER BY m.id DESC LIMIT $3"
    ))
    .bind(account)
    .bind(before.unwrap_or_default())
    .bind(PAGE + 1)
    .fetch_all(db)
    .await
}

/// A mail, if it is to this account.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    account: &AccountId,
    id: &MailId,
) -> Result<Option<Mail>, sqlx::Error> {
    sqlx::query_as(select!("WHERE m.id = $1 AND m.account_id = $2"))
        .bind(id)
        .bind(account)
        .fetch_optional(db)
        .await
}

/// How much mail there is.
#[derive(Debug, FromRow)]
pub struct Counts {
    /// What waits to be sent for the first time, or again.
    pub waiting: i64,
    /// What waits after it could not be sent.
    pub delayed: i64,
    /// What was sent.
    pub sent: i64,
    /// What was refused for good.
    pub failed: i64,
}

/// Counts the mail.
///
/// # Errors
/// When the database refuses.
pub async fn counts(db: &mut AnyConnection) -> Result<Counts, sqlx::Error> {
    sqlx::query_as(
        "SELECT CAST(coalesce(sum(CASE WHEN sent_at IS NULL AND failed_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS waiting,
                CAST(coalesce(sum(CASE WHEN sent_at IS NULL AND failed_at IS NULL AND last_error IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS delayed,
                CAST(coalesce(sum(CASE WHEN sent_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS sent,
                CAST(coalesce(sum(CASE WHEN failed_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS failed
         FROM mail",
    )
    .fetch_one(db)
    .await
}

/// A mail that is late, or refused for good; without what it says.
#[derive(Debug, FromRow)]
pub struct Failure {
    /// Its id.
    pub id: MailId,
    /// To whom.
    pub account_id: AccountId,
    /// How often it was tried.
    pub attempts: i64,
    /// What the server answered last.
    pub last_error: String,
    /// When it was refused for good, in milliseconds.
    pub failed_at: Option<i64>,
}

/// The mails that could not be sent so far, the oldest first, after one of them.
///
/// # Errors
/// When the database refuses.
pub async fn failures(
    db: &mut AnyConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<Failure>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, account_id, attempts, last_error, failed_at FROM mail
         WHERE last_error IS NOT NULL AND id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}
