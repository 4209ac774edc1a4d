//! Certification's tables. SQL and nothing else: what may be written is decided in `rules` and `api`.

pub mod appeals;
pub mod applications;
pub mod assessments;
pub mod certificates;
pub mod complaints;
pub mod counts;
pub mod decisions;
pub mod evidence;
pub mod expiry;
pub mod facilities;
pub mod fees;
pub mod findings;
pub mod idleness;
pub mod parties;
pub mod people;
pub mod programmes;
pub mod surveillance;
pub mod suspensions;

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::platform::id::{AccountId, NoteId};

/// How a record got into the state that it is moved to, as its event tells.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// What happened.
    pub event: &'static str,
    /// Who brought it about.
    pub by: &'a AccountId,
    /// Why.
    pub reason: Option<&'a NoteId>,
    /// When.
    pub at: Timestamp,
}

/// Appends an event to those of a record: `insert` is the [`insert_event!`] of its table.
async fn append_event(
    tx: &mut AnyConnection,
    insert: &'static str,
    id: &str,
    to: &str,
    transition: &Transition<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query(insert)
        .bind(id)
        .bind(transition.event)
        .bind(to)
        .bind(transition.by)
        .bind(transition.reason)
        .bind(transition.at.as_millisecond())
        .execute(tx)
        .await
        .map(drop)
}

/// The SQL that appends to the events of a table's records, each record's numbered from 1.
macro_rules! insert_event {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            "_event (",
            $table,
            "_id, seq, event, to_state, by_account, reason_note, at)
             VALUES ($1, (SELECT coalesce(max(seq), 0) + 1 FROM ",
            $table,
            "_event WHERE ",
            $table,
            "_id = $1),
                     $2, $3, $4, $5, $6)",
        )
    };
}
use insert_event;

/// Why a row was not written over the version of it that was read.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Somebody else wrote it since.
    #[error("version {seen} was read, version {current} is current")]
    Stale {
        /// The version that was read.
        seen: i64,
        /// The version that is current.
        current: i64,
    },
    /// The database refused.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Turns the outcome of an update by `id` and `version` into the new version.
///
/// # Errors
/// [`UpdateError::Stale`] when no row had the version that was read: another writer made the next one of it.
fn claimed(rows: u64, seen: i64) -> Result<i64, UpdateError> {
    let next = seen + 1;
    if rows == 1 { Ok(next) } else { Err(UpdateError::Stale { seen, current: next }) }
}
