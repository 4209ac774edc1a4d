//! Jobs in the database: claimed under a lease, repeated until done, so that what was promised
//! happens after any restart. A job's work must be idempotent.

use akashi_schemas::text_enum;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::app::App;
use super::db::Db;
use super::id::uuid_v7;

/// How long a worker may hold a job before another takes it, in milliseconds. A job takes a fraction of a second;
/// what a killed worker held goes on after this.
const LEASE_MS: i64 = 5_000;

/// How soon a job that could not be done yet is tried again, in milliseconds.
const LATER_MS: i64 = 20;

text_enum! {
    /// What a job is to do.
    pub enum JobKind {
        /// Sign, check and store a prepared credential: its id.
        Release = "release",
        /// Sign the status lists that a certificate's change is in, and show the public the certificate: its id.
        Publish = "publish",
        /// Make the next trust bundle.
        Bundle = "bundle",
        /// Delete the bytes of an erased file: its id.
        Erase = "erase",
        /// Warn of idle applications, and let them lapse.
        Lapse = "lapse",
        /// Propose to withdraw the certificates whose suspension is over.
        Propose = "propose",
        /// Announce that certificates are going to expire.
        Announce = "announce",
        /// Forget the answers that were kept for repeated requests, and the cookies whose time is over.
        Forget = "forget",
    }
}

/// The jobs that are never done: each comes again at its hour.
const STANDING: [JobKind; 4] =
    [JobKind::Lapse, JobKind::Propose, JobKind::Announce, JobKind::Forget];

/// A claimed job.
#[derive(Debug, sqlx::FromRow)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What to do: a word of [`JobKind`]. Another program on the same database may know a word that this one does not
    /// know, and that keeps no other job from being claimed.
    pub kind: String,
    /// To what: an id.
    pub subject: String,
    /// How often it was tried before.
    pub attempts: i64,
    /// When it was added, in milliseconds.
    pub created_at: i64,
}

/// Adds a job, unless one of its kind is open for the subject.
///
/// # Errors
/// When the database refuses.
pub async fn add(
    tx: &mut AnyConnection,
    app: &App,
    kind: JobKind,
    subject: &str,
) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    sqlx::query(
        "INSERT INTO job (id, kind, subject, due_at, attempts, created_at) VALUES ($1, $2, $3, $4, 0, $4)
         ON CONFLICT (kind, subject) WHERE done_at IS NULL DO NOTHING",
    )
    .bind(uuid_v7(now, &*app.rng))
    .bind(kind.as_str())
    .bind(subject)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Adds the jobs that are never done, where they are not there yet.
///
/// # Errors
/// When the database refuses.
pub async fn add_standing(tx: &mut AnyConnection, app: &App) -> Result<(), sqlx::Error> {
    for kind in STANDING {
        add(tx, app, kind, "").await?;
    }
    Ok(())
}

/// Whether a job of a kind is open for a subject.
///
/// # Errors
/// When the database refuses.
pub async fn is_open(
    db: &mut AnyConnection,
    kind: JobKind,
    subject: &str,
) -> Result<bool, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT CAST(count(*) AS BIGINT) FROM job WHERE kind = $1 AND subject = $2 AND done_at IS NULL",
    )
    .bind(kind.as_str())
    .bind(subject)
    .fetch_one(db)
    .await?;
    Ok(count > 0)
}

/// Claims the job that has been due longest, if one is.
///
/// # Errors
/// When the database refuses.
pub async fn claim(db: &Db, app: &App, owner: &str) -> Result<Option<Job>, sqlx::Error> {
    let now = app.clock.now_ms();
    let due = "SELECT id FROM job WHERE done_at IS NULL AND due_at <= $1
               AND (lease_until IS NULL OR lease_until < $1) ORDER BY due_at LIMIT 1";
    let waiting: Option<(String,)> =
        sqlx::query_as(due).bind(now).fetch_optional(db.reader()).await?;
    if waiting.is_none() {
        return Ok(None);
    }
    let mut tx = db.write().await?;
    let claim = format!(
        "UPDATE job SET lease_owner = $2, lease_until = $3, attempts = attempts + 1
         WHERE id = ({due}{}) RETURNING id, kind, subject, attempts - 1 AS attempts, created_at",
        db.engine().skip_locked()
    );
    let job = sqlx::query_as(AssertSqlSafe(claim))
        .bind(now)
        .bind(owner)
        .bind(now + LEASE_MS)
        .fetch_optional(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(job)
}

/// Marks a job done, in the transaction of its effect.
///
/// # Errors
/// When the database refuses.
pub async fn done(tx: &mut AnyConnection, app: &App, job: &Job) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE job SET done_at = $2, lease_until = NULL WHERE id = $1")
        .bind(&job.id)
        .bind(app.clock.now_ms())
        .execute(tx)
        .await
        .map(drop)
}

/// Puts a failed job back, to be tried again after a wait that doubles from a quarter of a second to a minute.
///
/// # Errors
/// When the database refuses.
pub async fn again(db: &Db, app: &App, job: &Job, error: &str) -> Result<(), sqlx::Error> {
    let wait = (250_i64 << job.attempts.clamp(0, 8)).min(60_000);
    let mut tx = db.write().await?;
    sqlx::query("UPDATE job SET due_at = $2, lease_until = NULL, last_error = $3 WHERE id = $1")
        .bind(&job.id)
        .bind(app.clock.now_ms() + wait)
        .bind(error)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Puts a job back that could not be done yet, through no fault: it is due again in a moment.
///
/// # Errors
/// When the database refuses.
pub async fn later(db: &Db, app: &App, job: &Job) -> Result<(), sqlx::Error> {
    let mut tx = db.write().await?;
    sqlx::query(
        "UPDATE job SET due_at = $2, lease_until = NULL, attempts = attempts - 1 WHERE id = $1",
    )
    .bind(&job.id)
    .bind(app.clock.now_ms() + LATER_MS)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Puts a job back that was done and comes again after a wait, in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn repeat(db: &Db, app: &App, job: &Job, wait_ms: i64) -> Result<(), sqlx::Error> {
    let mut tx = db.write().await?;
    sqlx::query(
        "UPDATE job SET due_at = $2, lease_until = NULL, attempts = 0, last_error = NULL WHERE id = $1",
    )
    .bind(&job.id)
    .bind(app.clock.now_ms() + wait_ms)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// How many jobs are due or failed before, and how many of those failed. What merely comes again at its hour is not
/// counted.
///
/// # Errors
/// When the database refuses.
pub async fn count(db: &mut AnyConnection, app: &App) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT CAST(count(*) AS BIGINT), CAST(count(last_error) AS BIGINT) FROM job
         WHERE done_at IS NULL AND (due_at <= $1 OR last_error IS NOT NULL)",
    )
    .bind(app.clock.now_ms())
    .fetch_one(db)
    .await
}

/// A job that is not done.
#[derive(Debug, sqlx::FromRow)]
pub struct OpenJob {
    /// Its id.
    pub id: String,
    /// What to do.
    pub kind: String,
    /// To what: an id.
    pub subject: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// When it is tried next, in milliseconds.
    pub due_at: i64,
}

/// The jobs that are not done, those due first first; at most two hundred.
///
/// # Errors
/// When the database refuses.
pub async fn open(db: &mut AnyConnection) -> Result<Vec<OpenJob>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, kind, subject, attempts, last_error, due_at FROM job WHERE done_at IS NULL
         ORDER BY due_at LIMIT 200",
    )
    .fetch_all(db)
    .await
}
