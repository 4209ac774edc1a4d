//! The two databases that every journey runs on.

use std::env;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Url;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, PgConnection};

use crate::requirements::skip;

/// A database engine that the registry stores in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, in the data folder.
    Sqlite,
    /// The server that `AKASHI_TEST_POSTGRES` names, as an account that may create databases.
    Postgres,
}

impl Engine {
    /// Whether tests on this engine can run here; says so when they cannot.
    ///
    /// # Panics
    /// In CI, when PostgreSQL is missing.
    #[track_caller]
    pub fn is_here(self) -> bool {
        let here = self == Engine::Sqlite || server().is_some();
        if !here {
            skip("AKASHI_TEST_POSTGRES names no PostgreSQL server (tests/run starts one)");
        }
        here
    }
}

/// A PostgreSQL database made for one registry; it goes when the test server goes, or by `drop_now`.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
}

impl Database {
    pub(crate) async fn create() -> Database {
        Database::create_from("template1").await
    }

    /// A second database with the same content. Nothing may be connected to this one.
    pub(crate) async fn copy(&self) -> Database {
        Database::create_from(&self.name).await
    }

    async fn create_from(template: &str) -> Database {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("akashi_test_{}_{number}", process::id());
        // A server that outlives the tests may still hold a namesake from an earlier process.
        on_server(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Database { name }
    }

    pub(crate) fn url(&self) -> String {
        let mut url = server().expect("a database was made, so there is a server");
        url.set_path(&self.name);
        url.to_string()
    }

    pub(crate) async fn drop_now(self) {
        on_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

/// Carries a statement out in the database of a registry that does not run.
///
/// # Panics
/// When it changes no row.
pub(crate) async fn tamper(url: &str, statement: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.expect("the database is there");
    let done = connection.execute(AssertSqlSafe(statement)).await;
    let done = done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    assert!(done.rows_affected() > 0, "{statement}: no row changed");
    connection.close().await.expect("the connection closes");
}

fn server() -> Option<Url> {
    let url = env::var("AKASHI_TEST_POSTGRES").ok()?;
    Some(Url::parse(&url).expect("AKASHI_TEST_POSTGRES is a URL: postgres://USER@HOST/DATABASE"))
}

async fn on_server(statement: &str) {
    let url = server().expect("AKASHI_TEST_POSTGRES names a server");
    let mut connection =
        PgConnection::connect(url.as_str()).await.expect("the test server accepts connections");
    connection
        .execute(AssertSqlSafe(statement))
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("the connection closes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_copied_database_holds_what_the_first_held_and_then_goes_its_own_way() {
        if !Engine::Postgres.is_here() {
            return;
        }
        let first = Database::create().await;
        let mut connection = PgConnection::connect(&first.url()).await.expect("connects");
        connection.execute("CREATE TABLE kept (n BIGINT)").await.expect("creates");
        connection.execute("INSERT INTO kept VALUES (7)").await.expect("inserts");
        connection.close().await.expect("closes");

        let second = first.copy().await;
        assert_ne!(first.url(), second.url());
        first.drop_now().await;

        let mut connection = PgConnection::connect(&second.url()).await.expect("connects");
        let kept: i64 = sqlx::query_scalar("SELECT n FROM kept")
            .fetch_one(&mut connection)
            .await
            .expect("the row was copied");
        assert_eq!(kept, 7);
        connection.close().await.expect("closes");
        second.drop_now().await;
    }
}
