//! A write of another process that is under way, and those that wait for it.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::time::sleep;

use crate::registry::Registry;

/// How often it is looked whether somebody waits.
const LOOK: Duration = Duration::from_millis(5);

/// How long those who are to wait may take to come so far.
const PATIENCE: Duration = Duration::from_secs(60);

/// A transaction that holds every party of a registry on PostgreSQL, as a write holds the one that it is about.
#[derive(Debug)]
pub struct Held {
    writer: PgConnection,
    /// The writer's process at the server.
    pid: i32,
    watcher: PgConnection,
}

impl Registry {
    /// Holds every party, as a write of another process would.
    ///
    /// # Panics
    /// When the registry does not store in PostgreSQL.
    pub async fn held(&self) -> Held {
        self.held_by("UPDATE party SET version = version").await
    }

    /// Holds what a statement takes.
    ///
    /// # Panics
    /// When the registry does not store in PostgreSQL, or the database refuses.
    pub async fn held_by(&self, statement: &str) -> Held {
        let connect = async || PgConnection::connect(&self.database()).await.expect("connects");
        let mut writer = connect().await;
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut writer).await;
        let mut held = Held { writer, pid: pid.expect("a process"), watcher: connect().await };
        held.carry_out("BEGIN").await;
        held.carry_out(statement).await;
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
    pub async fn makes_wait<T>(self, request: impl Future<Output = T>) -> Result<T, T> {
        self.makes_wait_while(1, "SELECT 1", request).await
    }

    /// The same for some requests at a time, and carries a statement out once all of them wait.
    ///
    /// # Errors
    /// The answer, when all were answered before.
    ///
    /// # Panics
    /// When some wait, but not so many.
    pub async fn makes_wait_while<T>(
        mut self,
        waiters: i64,
        statement: &str,
        requests: impl Future<Output = T>,
    ) -> Result<T, T> {
        let mut requests = pin!(requests);
        tokio::select! {
            answer = &mut requests => return Err(answer),
            () = so_many_wait(&mut self.watcher, self.pid, waiters) => {}
        }
        // The requests go on meanwhile: what they hold already may stand in the statement's way.
        let writes = async {
            self.carry_out(statement).await;
            self.carry_out("COMMIT").await;
        };
        Ok(tokio::join!(writes, requests).1)
    }
}

/// Comes back once so many statements wait for what a process holds, or behind such a one.
///
/// # Panics
/// When they do not within [`PATIENCE`].
async fn so_many_wait(watcher: &mut PgConnection, holder: i32, waiters: i64) {
    let waiting = "WITH direct AS (SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))
         SELECT count(*) FROM pg_stat_activity
         WHERE pid IN (SELECT pid FROM direct) OR pg_blocking_pids(pid) && ARRAY(SELECT pid FROM direct)";
    let began = Instant::now();
    loop {
        let count = sqlx::query_scalar(waiting).bind(holder).fetch_one(&mut *watcher).await;
        let count: i64 = count.expect("counts");
        if count >= waiters {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "only {count} of {waiters} wait");
        sleep(LOOK).await;
    }
}
