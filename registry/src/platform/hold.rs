//! Holds: what is written about one party is written by one transaction after another.
//!
//! Whatever a write decides on (a state, answers, ratings, evidence, who may act for whom) it reads after it holds the
//! party that it is about; so nothing of that changes until it is done, also where no version would tell. A write
//! holds one party, and before any other lock but that of a new programme: nobody waits in a circle. What the worker
//! releases and publishes takes turns by the log's lock instead.

use sqlx::AnyConnection;

use super::id::PartyId;

/// Holds a party until the transaction ends.
///
/// # Errors
/// When the database refuses.
pub async fn party(tx: &mut AnyConnection, id: &PartyId) -> Result<(), sqlx::Error> {
    // Writing what stands there takes the row's lock on PostgreSQL; SQLite has one writer.
    sqlx::query("UPDATE party SET version = version WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await
        .map(drop)
}
