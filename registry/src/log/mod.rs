//! The transparency log: what the registry did, in an order that nobody can change unseen.
//!
//! A leaf is **appended** in the transaction of what it tells of, so that neither stands without the
//! other. Soon after it is **sequenced**: given its number, under a checkpoint that the log signs.
//! From then on it can be **proved** to anyone who knows the log's key.
//!
//! A leaf has two numbers. `ord` is its order of arrival, by which the registry's own rows name it;
//! the log's number, counted from 0, is what the public sees.

mod api;
mod jobs;
mod key;
mod proof;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;

use akashi_verifier::log::leaf_hash;
use sqlx::AnyConnection;

pub use api::routes;
pub use jobs::sequence;
pub use key::policy;
pub use proof::proof;
pub use store::{checkpoint_at, count_waiting, number_of, waiting};

use crate::platform::app::App;
use crate::platform::db::engine::Lock;
use crate::platform::problem::Problem;
use rules::{EntryTooLong, MAX_ENTRY_LEN};

/// Appends an entry to the log, to be sequenced once the transaction is committed; gives its `ord`.
///
/// Takes [`Lock::Log`] until the transaction ends, so that leaves are seen in the order of their
/// `ord`s and none is overtaken.
///
/// # Errors
/// When the entry has more than [`MAX_ENTRY_LEN`] bytes, or the database refuses.
pub async fn append(
    tx: &mut AnyConnection,
    app: &App,
    kind: &str,
    entry: &[u8],
) -> Result<i64, Problem> {
    if entry.len() > MAX_ENTRY_LEN {
        // Once appended it could never be sequenced, nor anything after it.
        return Err(Problem::internal(EntryTooLong { position: 0, len: entry.len() }));
    }
    app.db.engine().lock(tx, Lock::Log).await?;
    Ok(store::add_leaf(tx, kind, entry, &leaf_hash(entry), app.clock.now_ms()).await?)
}

/// How many leaves the log has under its newest checkpoint.
///
/// # Errors
/// When the database refuses.
pub async fn size(db: &mut AnyConnection) -> Result<u64, sqlx::Error> {
    Ok(store::newest_checkpoint(db).await?.map_or(0, |checkpoint| checkpoint.size))
}

/// The newest checkpoint as the log signed it (C2SP tlog-checkpoint); none of an empty log.
///
/// # Errors
/// When the database refuses.
pub async fn checkpoint(db: &mut AnyConnection) -> Result<Option<String>, sqlx::Error> {
    Ok(store::newest_checkpoint(db).await?.map(|checkpoint| checkpoint.note))
}
