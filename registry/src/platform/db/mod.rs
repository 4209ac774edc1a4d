//! The database: one SQL text for SQLite and PostgreSQL.
//!
//! Readers take a connection from a pool; writers take a transaction. On SQLite there is one writer
//! at a time, and it holds the write lock from its first statement (`BEGIN IMMEDIATE`); on
//! PostgreSQL those about one party meet at its row ([`hold`](super::hold)). What must differ between the
//! two stands in [`engine`].

pub mod engine;
pub mod json;
mod schema;
#[cfg(test)]
pub(crate) mod scratch;
#[cfg(test)]
mod tests;

use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyPool, ConnectOptions, Executor, Transaction};

pub use engine::Engine;

/// A write transaction. Dropped without `commit`, it leaves nothing behind.
pub type Tx = Transaction<'static, Any>;

/// The registry's database.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    readers: AnyPool,
    writers: AnyPool,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither SQLite nor PostgreSQL.
    #[error("'{0}' is not a database that Akashi knows: use sqlite://FILE or postgres://…")]
    Unknown(String),
    /// The database refused.
    #[error("the database cannot be opened: {0}")]
    Refused(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's schema cannot be brought up to date: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
}

impl Db {
    /// Opens the database at a URL and brings its schema up to date.
    ///
    /// # Errors
    /// When the URL names no known engine, the database refuses, or its schema is not ours.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let engine = Engine::of_url(url).ok_or_else(|| OpenError::Unknown(url.to_owned()))?;
        let mut options = AnyConnectOptions::from_str(url)?;
        // Statements without their values, where the log is asked for them; how long one takes changes nothing.
        if let (Ok(debug), Ok(off)) = ("debug".parse(), "off".parse()) {
            options = options.log_statements(debug).log_slow_statements(off, Duration::MAX);
        }
        let pool = |connections| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(30))
                .after_connect(move |connection, _| {
                    Box::pin(async move { connection.execute(engine.session()).await.map(drop) })
                })
        };
        let (readers, writers) = match engine {
            // The first connection makes the file; it must be the one that sets the journal mode.
            Engine::Sqlite => {
                let writers = pool(1).connect_with(options.clone()).await?;
                (pool(8).connect_with(options).await?, writers)
            }
            Engine::Postgres => {
                let shared = pool(16).connect_with(options).await?;
                (shared.clone(), shared)
            }
        };
        schema::migrator(engine).run(&writers).await?;
        Ok(Self { engine, readers, writers })
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Connections for reading.
    #[must_use]
    pub fn reader(&self) -> &AnyPool {
        &self.readers
    }

    /// Begins a write transaction.
    ///
    /// # Errors
    /// When no connection is to be had within thirty seconds.
    pub async fn write(&self) -> Result<Tx, sqlx::Error> {
        self.writers.begin_with(self.engine.begin()).await
    }

    /// Whether the database answers at all.
    ///
    /// # Errors
    /// When it does not.
    pub async fn answers(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.readers).await.map(drop)
    }

    /// Closes all connections, after the work under way.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}
