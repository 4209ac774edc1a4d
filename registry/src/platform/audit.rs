//! The audit trail: who did what to what, and when. Ids only, never content.

use sqlx::AnyConnection;

use super::app::App;
use super::authorisation::Action;
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
    /// How it ended.
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
