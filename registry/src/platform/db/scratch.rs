//! Fresh databases for tests, on both engines.

use std::env;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::{Db, Engine};

/// Makes a test of each function named, on each engine: `sqlite::NAME` and `postgres::NAME`.
///
/// The functions are `async fn NAME(scratch: &Scratch)`.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                $crate::platform::db::scratch::Scratch::sqlite().await.run(super::$name).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(scratch) = $crate::platform::db::scratch::Scratch::postgres().await {
                    scratch.run(super::$name).await;
                }
            })+
        }
    };
}
pub(crate) use on_both_engines;

/// A database of one test's own, which goes with the test.
#[derive(Debug)]
pub(crate) struct Scratch {
    db: Db,
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder { _folder: TempDir },
    Server { server: String, name: String },
}

impl Scratch {
    /// A database in a temporary folder.
    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("akashi.db").display());
        Self::open(url, Place::Folder { _folder: folder }).await
    }

    /// A database of the server that `AKASHI_TEST_POSTGRES` names; without one the test skips itself,
    /// which in CI is a failure.
    pub(crate) async fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let Ok(server) = env::var("AKASHI_TEST_POSTGRES") else {
            let what = "AKASHI_TEST_POSTGRES names no PostgreSQL server (tests/run starts one)";
            assert!(env::var_os("CI").is_none(), "{what}; in CI nothing may be skipped");
            eprintln!("SKIPPED: {what}");
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("akashi_unit_{}_{number}", process::id());
        // A server that outlives the tests may still hold a namesake from an earlier process.
        on_server(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        on_server(&server, &format!("CREATE DATABASE {name}")).await;
        let mut url = reqwest::Url::parse(&server).expect("AKASHI_TEST_POSTGRES is a URL");
        url.set_path(&name);
        Some(Self::open(url.into(), Place::Server { server, name }).await)
    }

    async fn open(url: String, place: Place) -> Self {
        let db = Db::open(&url).await.expect("a fresh database opens");
        Self { db, url, place }
    }

    /// The database.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// The same database, opened once more as another process would open it.
    pub(crate) async fn open_again(&self) -> Db {
        Db::open(&self.url).await.expect("the database opens again")
    }

    /// Runs a test, then drops the database.
    pub(crate) async fn run(self, test: impl AsyncFnOnce(&Self)) {
        test(&self).await;
        self.db.close().await;
        if let Place::Server { server, name } = &self.place {
            on_server(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

impl Engine {
    /// A literal of bytes, from hexadecimal digits.
    pub(crate) fn bytes_literal(self, hex: &str) -> String {
        match self {
            Self::Sqlite => format!("x'{hex}'"),
            Self::Postgres => format!("'\\x{hex}'"),
        }
    }
}

async fn on_server(server: &str, statement: &str) {
    let mut connection =
        PgConnection::connect(server).await.expect("the test server accepts connections");
    let done = connection.execute(AssertSqlSafe(statement)).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("the connection closes");
}
