//! The audit trail: who did what to what, and when. Ids only, never content.

use serde::Serialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;

use super::app::App;
use super::authorisation::{Action, Refusal, Subject};
use super::clock::rfc3339;
use super::http::RequestId;
use super::id::{AccountId, PartyId, uuid_v7};

/// One act.
#[derive(Debug)]
pub struct Row<'a> {
    /// Who; nobody for what the registry does by itself.
    pub actor: Option<&'a AccountId>,
    /// The party whose affair it is.
    pub party: Option<&'a PartyId>,
    /// What.
    pub action: Action,
    /// To what: a word and an id.
    pub subject: &'a str,
    /// How it ended: `done`, or `denied`.
    pub outcome: &'a str,
}

/// Appends an act to the trail.
///
/// # Errors
/// When the database refuses.
pub async fn append(
    tx: &mut AnyConnection,
    app: &App,
    request: &RequestId,
    row: &Row<'_>,
) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    sqlx::query(
        "INSERT INTO audit (id, at, account_id, party_id, action, subject, outcome, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(uuid_v7(now, &*app.rng))
    .bind(now.as_millisecond())
    .bind(row.actor.map(AccountId::as_str))
    .bind(row.party.map(PartyId::as_str))
    .bind(row.action.as_str())
    .bind(row.subject)
    .bind(row.outcome)
    .bind(request.as_str())
    .execute(tx)
    .await
    .map(drop)
}

/// Appends what the registry did by itself: no request asked for it, and nobody is named.
///
/// # Errors
/// When the database refuses.
pub async fn by_registry(
    tx: &mut AnyConnection,
    app: &App,
    action: Action,
    affair: &Subject,
    subject: &str,
) -> Result<(), sqlx::Error> {
    let party = affair.parties().next();
    let row = Row { actor: None, party, action, subject, outcome: "done" };
    append(tx, app, &RequestId::default(), &row).await
}

/// How many refusals of one account are recorded within a day: enough to see what somebody is up to, too few to
/// fill a disk.
const DENIED_A_DAY: i64 = 100;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Records a write that somebody was not allowed, in a transaction of its own, up to a hundred a day and account.
///
/// # Errors
/// When the database refuses.
pub async fn denied(app: &App, request: &RequestId, refusal: &Refusal) -> Result<(), sqlx::Error> {
    let recorded: i64 = sqlx::query_scalar(
        "SELECT CAST(count(*) AS BIGINT) FROM audit WHERE account_id = $1 AND outcome = 'denied' AND at > $2",
    )
    .bind(&refusal.account)
    .bind(app.clock.now_ms() - DAY_MS)
    .fetch_one(app.db.reader())
    .await?;
    if recorded >= DENIED_A_DAY {
        return Ok(());
    }
    let row = Row {
        actor: Some(&refusal.account),
        party: refusal.party.as_ref(),
        action: refusal.action,
        subject: &refusal.subject,
        outcome: "denied",
    };
    let mut tx = app.db.write().await?;
    append(&mut tx, app, request, &row).await?;
    tx.commit().await
}

/// An act in the audit trail.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct Entry {
    /// The row.
    pub id: String,
    /// Milliseconds since 1970.
    #[serde(serialize_with = "as_rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: i64,
    /// Who; nobody for what the registry did by itself.
    account_id: Option<String>,
    /// What.
    action: String,
    /// To what.
    subject: String,
    /// How it ended: `done`, or `denied`.
    outcome: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn as_rfc3339<S: serde::Serializer>(ms: &i64, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&rfc3339(*ms))
}

/// Acts after a cursor, oldest first: of one party's affairs, or of all.
///
/// # Errors
/// When the database refuses.
pub async fn page(
    db: &mut AnyConnection,
    party: Option<&PartyId>,
    after: &str,
    limit: i64,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, at, account_id, action, subject, outcome FROM audit
         WHERE id > $1 AND ($2 = '' OR party_id = $2) ORDER BY id LIMIT $3",
    )
    .bind(after)
    .bind(party.map_or("", PartyId::as_str))
    .bind(limit)
    .fetch_all(db)
    .await
}
