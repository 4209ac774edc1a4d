//! The worker: numbers the log's leaves, releases credentials, publishes status and trust.
//!
//! It composes the contexts, which do not know each other upwards: each job's effect, its public
//! projection and its end are one transaction. It works through what is due, then waits to be woken or for a
//! moment to pass. Several processes may run one each on the same database.

#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::certification::{self, attest, erasure, release};
use crate::issuance::{self, Released};
use crate::log;
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::db::engine::Lock;
use crate::platform::id::uuid_v7;
use crate::platform::idempotency;
use crate::platform::jobs::{self, Job, JobKind};
use crate::platform::problem::Problem;
use crate::publication;

/// How long the worker sleeps when nothing wakes it: what another process left is due within this time.
const NAP: Duration = Duration::from_millis(250);
/// After how long the bundle is made anew though nothing changed, in milliseconds.
const BUNDLE_EVERY_MS: i64 = 60 * 60 * 1000;

/// How often the jobs come again that are never done, in milliseconds.
const STANDING_EVERY_MS: i64 = 60 * 60 * 1000;

/// Within which a release happens or is shown as failed, in milliseconds.
const RELEASE_WITHIN_MS: i64 = 45_000;
/// How often a release is tried before it is shown as failed: sixteen seconds, with the waits between.
const RELEASE_ATTEMPTS: i64 = 6;

/// Runs until it is told to stop, and then ends after the job that it has in hand.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let owner = uuid_v7(app.clock.now(), &*app.rng);
    loop {
        if let Err(error) = catch_up(&app, &owner, &stop).await {
            tracing::error!(
                error = format!("{error:#}"),
                "the worker could not go on; it tries again"
            );
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = timeout(NAP, app.wake.notified()) => {}
        }
    }
}

/// Works through all that is due. While the log cannot be numbered, one job a round is tried: most would wait for it
/// again and again, and yet what is overdue must be shown as failed.
async fn catch_up(app: &App, owner: &str, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    renew_bundle(app).await?;
    while !*stop.borrow() {
        let sequenced = log::sequence(app).await;
        let Some(job) = jobs::claim(&app.db, app, owner).await? else {
            sequenced.context("the log could not be numbered")?;
            return Ok(());
        };
        if let Err(problem) = work(app, &job).await {
            put_back(app, &job, problem).await?;
        }
        sequenced.context("the log could not be numbered")?;
    }
    Ok(())
}

/// What becomes of a job that could not be done.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It is due again in a moment: something was appended to the log meanwhile and is numbered first.
    Later,
    /// It is tried again after a wait.
    Again,
    /// It is a release that could not be done in time, and is shown as failed: a granted decision never waits unseen.
    Failed,
}

impl Fate {
    fn of(job: &Job, problem: &Problem, now_ms: i64) -> Self {
        let is_busy = matches!(problem, Problem::Busy);
        let is_release = job.kind == JobKind::Release.as_str();
        let is_overdue = job.created_at + RELEASE_WITHIN_MS <= now_ms;
        let is_given_up = is_overdue || (!is_busy && job.attempts >= RELEASE_ATTEMPTS);
        match (is_release && is_given_up, is_busy) {
            (true, _) => Self::Failed,
            (false, true) => Self::Later,
            (false, false) => Self::Again,
        }
    }
}

/// Puts back a job that could not be done, or gives it up.
async fn put_back(app: &App, job: &Job, problem: Problem) -> anyhow::Result<()> {
    let fate = Fate::of(job, &problem, app.clock.now_ms());
    let why = match problem {
        Problem::Busy => {
            "what it waits for, the log or the database, did not come in time".to_owned()
        }
        other => {
            let error = format!("{:#}", anyhow::Error::from(other));
            tracing::error!(job = job.kind, subject = job.subject, error, "a job failed");
            error
        }
    };
    match fate {
        Fate::Later => jobs::later(&app.db, app, job).await?,
        Fate::Again => jobs::again(&app.db, app, job, &why).await?,
        Fate::Failed => refuse_release(app, job, &why).await?,
    }
    Ok(())
}

/// Asks for a bundle when the last is an hour old.
async fn renew_bundle(app: &App) -> anyhow::Result<()> {
    let mut db = app.db.reader().acquire().await?;
    let made_at = issuance::bundle_made_at(&mut db).await?;
    drop(db);
    if made_at.is_some_and(|at| at + BUNDLE_EVERY_MS <= app.clock.now_ms()) {
        let mut tx = app.db.write().await?;
        jobs::add(&mut tx, app, JobKind::Bundle, "").await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn work(app: &App, job: &Job) -> Result<(), Problem> {
    match job.kind.parse::<JobKind>().map_err(Problem::internal)? {
        JobKind::Release => release_credential(app, job).await,
        JobKind::Publish => publish_status(app, job).await,
        JobKind::Bundle => publish_bundle(app, job).await,
        JobKind::Erase => erase_file(app, job).await,
        JobKind::Lapse => lapse_applications(app, job).await,
        JobKind::Propose => propose_withdrawals(app, job).await,
        JobKind::Announce => announce_expiry(app, job).await,
        JobKind::Forget => forget(app, job).await,
    }
}

/// Deletes the bytes of a file that was erased.
async fn erase_file(app: &App, job: &Job) -> Result<(), Problem> {
    let mut tx = app.db.write().await?;
    erasure::delete_bytes(&mut tx, app, &job.subject).await?;
    jobs::done(&mut tx, app, job).await?;
    Ok(tx.commit().await?)
}

/// Warns of idle applications and lets those lapse that were warned of; looks again in an hour, or at once when
/// there is more to do.
async fn lapse_applications(app: &App, job: &Job) -> Result<(), Problem> {
    let more = certification::jobs::lapse_idle(app).await?;
    let wait = if more { 0 } else { STANDING_EVERY_MS };
    Ok(jobs::repeat(&app.db, app, job, wait).await?)
}

/// Proposes to withdraw what was suspended for as long as it may be; looks again in an hour, or at once when there is
/// more to do.
async fn propose_withdrawals(app: &App, job: &Job) -> Result<(), Problem> {
    let more = certification::jobs::propose_withdrawals(app).await?;
    let wait = if more { 0 } else { STANDING_EVERY_MS };
    Ok(jobs::repeat(&app.db, app, job, wait).await?)
}

/// Announces that certificates are going to expire; looks again in an hour, or at once when there is more to do.
async fn announce_expiry(app: &App, job: &Job) -> Result<(), Problem> {
    let more = certification::jobs::announce_expiry(app).await?;
    let wait = if more { 0 } else { STANDING_EVERY_MS };
    Ok(jobs::repeat(&app.db, app, job, wait).await?)
}

/// Deletes the answers that were kept for repeated requests, and the cookies of browsers, whose time is over.
async fn forget(app: &App, job: &Job) -> Result<(), Problem> {
    idempotency::forget(app).await?;
    accounts::forget_cookies(app).await?;
    Ok(jobs::repeat(&app.db, app, job, STANDING_EVERY_MS).await?)
}

/// T2: signs, checks and stores the credential, moves the certificate, shows it to the public.
async fn release_credential(app: &App, job: &Job) -> Result<(), Problem> {
    let mut tx = app.db.write().await?;
    app.db.engine().lock(&mut tx, Lock::Log).await?;
    if log::waiting(&mut tx).await? {
        return Err(Problem::Busy);
    }
    let facts = attest::bundle_facts(&mut tx).await?;
    match issuance::release(&mut tx, app, &job.subject, &facts).await? {
        Released::NotYet => return Err(Problem::Busy),
        Released::Before => {}
        Released::Overtaken { certificate } => {
            release::overtaken(&mut tx, app, &certificate, &job.subject).await?;
        }
        Released::Now { certificate } => {
            release::released(&mut tx, app, &certificate, &job.subject).await?;
            publication::project(&mut tx, app, &certificate).await?;
        }
        Released::Refused(why) => {
            drop(tx);
            return refuse_release(app, job, &why).await;
        }
    }
    jobs::done(&mut tx, app, job).await?;
    Ok(tx.commit().await?)
}

/// Shows a release that was refused, or could not be done in time, as failed; an operator retries or voids it.
async fn refuse_release(app: &App, job: &Job, why: &str) -> Result<(), Problem> {
    tracing::error!(credential = job.subject, why, "a release failed");
    let mut tx = app.db.write().await?;
    app.db.engine().lock(&mut tx, Lock::Log).await?;
    if let Some(certificate) = issuance::fail(&mut tx, &job.subject, why).await? {
        release::failed(&mut tx, app, &certificate, &job.subject).await?;
    }
    jobs::done(&mut tx, app, job).await?;
    Ok(tx.commit().await?)
}

/// Signs the changed lists at the log's last leaf and shows the certificate as it stands there.
///
/// Under the log's lock nothing can be appended meanwhile: what the database says of the certificate, what the lists
/// say and what a replay up to that leaf gives are the same. Where a list cannot be signed, the page is right all the
/// same, and the job goes on until the list is too.
async fn publish_status(app: &App, job: &Job) -> Result<(), Problem> {
    let mut tx = app.db.write().await?;
    app.db.engine().lock(&mut tx, Lock::Log).await?;
    if log::waiting(&mut tx).await? {
        return Err(Problem::Busy);
    }
    app.db.engine().lock(&mut tx, Lock::Publication).await?;
    issuance::publish_lists(&mut tx, app).await?;
    publication::project(&mut tx, app, &job.subject).await?;
    jobs::add(&mut tx, app, JobKind::Bundle, "").await?;
    let published = issuance::is_published(&mut tx, &job.subject).await?;
    if published {
        jobs::done(&mut tx, app, job).await?;
    }
    tx.commit().await?;
    if !published {
        return Err(Problem::internal(anyhow::anyhow!(
            "a status list of its body cannot be signed"
        )));
    }
    Ok(())
}

/// Makes the next bundle, with lists that are fresh.
async fn publish_bundle(app: &App, job: &Job) -> Result<(), Problem> {
    let mut tx = app.db.write().await?;
    app.db.engine().lock(&mut tx, Lock::Log).await?;
    if log::waiting(&mut tx).await? {
        return Err(Problem::Busy);
    }
    app.db.engine().lock(&mut tx, Lock::Publication).await?;
    issuance::publish_lists(&mut tx, app).await?;
    let facts = attest::bundle_facts(&mut tx).await?;
    issuance::publish_bundle(&mut tx, app, &facts).await?;
    jobs::done(&mut tx, app, job).await?;
    Ok(tx.commit().await?)
}
