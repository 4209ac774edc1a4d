//! A write of another process that is under way, and those that wait for it.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::time::sleep;

use crate::registry::Registry;

/// How often it is looked whether somebody waits.
const LOOK: Duration = Duration::from_millis(5);

/// A transaction that holds every party of a registry on PostgreSQL, as a write holds the one that it is about.
#[derive(Debug)]
pub struct Held {
    writer: PgConnection,
    watcher: PgConnection,
}

impl Registry {
    /// Holds every party, as a write of another process would.
    ///
    /// # Panics
    /// When the registry does not store in PostgreSQL.
    pub async fn held(&self) -> Held {
        let connect = async || PgConnection::connect(&self.database()).await.expect("connects");
        let mut held = Held { writer: connect().await, watcher: connect().await };
        held.carry_out("BEGIN").await;
        held.carry_out("UPDATE party SET version = version").await;
        held
    }
}

impl Held {
    /// Carries a statement out in the transaction.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn carry_out(&mut self, statement: &str) {
        let done = self.writer.execute(AssertSqlSafe(statement)).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// Gives what a request is answered once the transaction is committed, or, when it did not wait for that, what
    /// it was answered before.
    ///
    /// # Errors
    /// The answer to a request that did not wait.
    pub async fn makes_wait<T>(mut self, request: impl Future<Output = T>) -> Result<T, T> {
        let mut request = pin!(request);
        tokio::select! {
            answer = &mut request => return Err(answer),
            () = somebody_waits(&mut self.watcher) => {}
        }
        self.carry_out("COMMIT").await;
        Ok(request.await)
    }
}

/// Comes back once a statement waits for a row that another transaction wrote.
async fn somebody_waits(watcher: &mut PgConnection) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let count: i64 =
            sqlx::query_scalar(waiting).fetch_one(&mut *watcher).await.expect("counts");
        if count > 0 {
            return;
        }
        sleep(LOOK).await;
    }
}
