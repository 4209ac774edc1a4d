//! The outbox: what others are to be told, written in the transaction of what it tells of.
//!
//! Rows are numbered in the order in which their transactions commit, so that whoever reads on from the
//! last number that it dealt with is told everything, in order, at least once.

use serde::Serialize;
use sqlx::{AnyConnection, FromRow};

use super::app::App;
use super::db::engine::Lock;
use super::problem::Problem;

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Message {
    /// Its place, from 1.
    pub seq: i64,
    /// What is told, as JSON.
    pub payload: String,
    /// When, in milliseconds.
    pub at: i64,
}

/// Appends a message. The payload names ids and public facts, never a person.
///
/// Takes [`Lock::Outbox`] until the transaction ends: a number that is seen has none missing before it.
///
/// # Errors
/// When the database refuses, or the payload is not to be written as JSON.
pub async fn append(
    tx: &mut AnyConnection,
    app: &App,
    topic: &str,
    payload: &impl Serialize,
) -> Result<(), Problem> {
    let payload = serde_json::to_string(payload).map_err(Problem::internal)?;
    app.db.engine().lock(tx, Lock::Outbox).await?;
    sqlx::query(
        "INSERT INTO outbox (seq, topic, payload, at)
         VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM outbox), $1, $2, $3)",
    )
    .bind(topic)
    .bind(payload)
    .bind(app.clock.now_ms())
    .execute(tx)
    .await?;
    Ok(())
}

/// The messages of a topic after a place, in order.
///
/// # Errors
/// When the database refuses.
pub async fn after(
    db: &mut AnyConnection,
    topic: &str,
    seq: i64,
    limit: i64,
) -> Result<Vec<Message>, sqlx::Error> {
    sqlx::query_as(
        "SELECT seq, payload, at FROM outbox WHERE topic = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    )
    .bind(topic)
    .bind(seq)
    .bind(limit)
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::scratch::{FixedClock, app};

    on_both_engines!(
        messages_are_numbered_in_the_order_of_their_commits,
        what_is_taken_back_was_never_told,
    );

    async fn told(app: &App) -> Vec<(i64, String)> {
        let mut db = app.db.reader().acquire().await.expect("a connection");
        let messages = after(&mut db, "news", 0, 10).await.expect("reads");
        messages.into_iter().map(|message| (message.seq, message.payload)).collect()
    }

    /// A reader at a cursor passes nobody over: while one transaction holds a number, no other has the next.
    async fn messages_are_numbered_in_the_order_of_their_commits(scratch: &Scratch) {
        let app = app(scratch.db().clone(), Arc::<FixedClock>::default(), 0);
        let mut first = app.db.write().await.expect("a transaction");
        append(&mut first, &app, "news", &"first").await.expect("appends");
        let other = app.clone();
        let second = tokio::spawn(async move {
            let mut tx = other.db.write().await.expect("a transaction");
            append(&mut tx, &other, "news", &"second").await.expect("appends");
            append(&mut tx, &other, "gossip", &"unasked for").await.expect("appends");
            tx.commit().await.expect("commits");
        });
        tokio::task::yield_now().await;
        first.commit().await.expect("commits");
        second.await.expect("ends");
        assert_eq!(told(&app).await, [(1, "\"first\"".into()), (2, "\"second\"".into())]);
    }

    async fn what_is_taken_back_was_never_told(scratch: &Scratch) {
        let app = app(scratch.db().clone(), Arc::<FixedClock>::default(), 0);
        let mut tx = app.db.write().await.expect("a transaction");
        append(&mut tx, &app, "news", &"a mistake").await.expect("appends");
        drop(tx);
        assert_eq!(told(&app).await, []);
    }
}
