//! The answers that are kept for repeated requests, once their time is over.

use super::app::App;

/// Deletes every kept answer whose time is over, also of those who never write again.
///
/// # Errors
/// When the database refuses.
pub async fn forget(app: &App) -> Result<(), sqlx::Error> {
    let mut tx = app.db.write().await?;
    sqlx::query("DELETE FROM idempotency WHERE expires_at <= $1")
        .bind(app.clock.now_ms())
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::*;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::scratch::{FixedClock, app};

    on_both_engines!(an_answer_is_kept_until_its_time_is_over_whoever_asked);

    /// Whose answers are kept.
    async fn kept(app: &App) -> Vec<String> {
        let sql = "SELECT account_id FROM idempotency ORDER BY account_id";
        sqlx::query_scalar(sql).fetch_all(app.db.reader()).await.expect("reads")
    }

    async fn an_answer_is_kept_until_its_time_is_over_whoever_asked(scratch: &Scratch) {
        let clock = Arc::<FixedClock>::default();
        let app = app(scratch.db().clone(), clock.clone(), 0);
        let mut tx = app.db.write().await.expect("a transaction");
        for (account, after_ms) in [("a", 1_000), ("b", 1_001), ("c", 2_000)] {
            sqlx::query(
                "INSERT INTO idempotency (account_id, route, key, request_hash, status, answer, expires_at)
                 VALUES ($1, 'POST /x', 'k', $2, 201, $2, $3)",
            )
            .bind(account)
            .bind(&[0_u8; 32][..])
            .bind(app.clock.now_ms() + after_ms)
            .execute(&mut *tx)
            .await
            .expect("inserts");
        }
        tx.commit().await.expect("commits");
        for (passes_ms, left) in [(999, &["a", "b", "c"][..]), (1, &["b", "c"]), (1, &["c"])] {
            clock.advance(SignedDuration::from_millis(passes_ms));
            forget(&app).await.expect("forgets");
            assert_eq!(kept(&app).await, left);
        }
    }
}
