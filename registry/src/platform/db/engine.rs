//! All that differs between the two engines.

use sqlx::AnyConnection;

/// The database engine behind the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one writer at a time: the default.
    Sqlite,
    /// A server, for several registry processes on one database.
    Postgres,
}

/// Locks that a writing transaction may take until its end, in ascending order only.
#[derive(Clone, Copy, Debug)]
pub enum Lock {
    /// Opening a registry: what its first start makes is made once.
    Start = 0,
    /// Adding leaves to the log, or giving them numbers.
    Log = 1,
    /// Publishing the trust bundle and status lists.
    Publication = 2,
    /// Adding to the outbox.
    Outbox = 3,
    /// Drafting a programme that may be new.
    Programme = 4,
}

impl Engine {
    /// The engine that a database URL names.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }

    /// What each new connection is told. SQLite: a commit survives a power cut (`FULL`), foreign
    /// keys hold, and `INSERT OR REPLACE` fires the triggers that keep append-only tables so.
    pub(super) fn session(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON;"
            }
            Self::Postgres => {
                "SET TIME ZONE 'UTC'; SET lock_timeout = '30s'; SET synchronous_commit = 'on';"
            }
        }
    }

    /// How a write transaction begins.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }

    /// Takes a lock until the transaction ends. SQLite's single writer already holds them all.
    ///
    /// # Errors
    /// When the database refuses or the lock is not to be had within thirty seconds.
    pub async fn lock(self, tx: &mut AnyConnection, lock: Lock) -> Result<(), sqlx::Error> {
        if self == Self::Postgres {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(lock as i64).execute(tx).await?;
        }
        Ok(())
    }

    /// The end of a query that claims rows which no other worker holds.
    #[must_use]
    pub fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }
}
