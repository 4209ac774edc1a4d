//! The worker: numbers the log's leaves, releases credentials, publishes status and trust.
//!
//! It composes the contexts, which do not know each other upwards: each job's effect, its public
//! projection and its end are one transaction. It works through what is due, then waits to be woken or for a
//! moment to pass. Several processes may run one each on the same database.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::certification::{self, attest, erasure, release};
use crate::issuance::{self, Released};
use crate::log;
use crate::platform::app::App;
use crate::platform::db::engine::Lock;
use crate::platform::id::uuid_v7;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::Problem;
use crate::publication;

/// How long the worker sleeps when nothing wakes it: what another process left is due within this time.
const NAP: Duration = Duration::from_millis(250);
/// After how long the bundle is made anew though nothing changed, in milliseconds.
const BUNDLE_EVERY_MS: i64 = 60 * 60 * 1000;

/// How often idle applications are looked for, in milliseconds.
const LAPSE_EVERY_MS: i64 = 60 * 60 * 1000;

/// Within which a release happens or is shown as failed, in milliseconds.
const RELEASE_WITHIN_MS: i64 = 45_000;
/// How often a release is tried before it is shown as failed: sixteen seconds, with the waits between.
const RELEASE_ATTEMPTS: i64 = 6;

/// Runs until told to stop.
pub async fn run(app: App, stop: Arc<Notify>) {
    let owner = uuid_v7(app.clock.now(), &*app.rng);
    loop {
        if let Err(error) = catch_up(&app, &owner).await {
            tracing::error!(
                error = format!("{error:#}"),
                "the worker could not go on; it tries again"
            );
        }
        tokio::select! {
            () = stop.notified() => return,
            _ = timeout(NAP, app.wake.notified()) => {}
        }
    }
}

/// Works through all that is due.
async fn catch_up(app: &App, owner: &str) -> anyhow::Result<()> {
    renew_bundle(app).await?;
    loop {
        if let Err(error) = log::sequence(app).await {
            let error = anyhow::Error::from(error);
            tracing::error!(error = format!("{error:#}"), "the log could not be sequenced");
        }
        let Some(job) = jobs::claim(&app.db, app, owner).await? else { return Ok(()) };
        if let Err(problem) = work(app, &job).await {
            put_back(app, &job, problem).await?;
        }
    }
}

/// Puts back a job that could not be done. A release that could not be done in time is shown as failed instead: a
/// granted decision never waits unseen.
async fn put_back(app: &App, job: &Job, problem: Problem) -> anyhow::Result<()> {
    let overdue = job.created_at + RELEASE_WITHIN_MS <= app.clock.now_ms();
    if let Problem::Busy = problem {
        // Something was appended to the log meanwhile: it is numbered first.
        if job.kind == "release" && overdue {
            refuse_release(app, job, "the log did not number its leaf in time").await?;
            return Ok(());
        }
        return Ok(jobs::later(&app.db, app, job).await?);
    }
    let error = format!("{:#}", anyhow::Error::from(problem));
    tracing::error!(job = job.kind, subject = job.subject, error, "a job failed");
    if job.kind == "release" && (overdue || job.attempts >= RELEASE_ATTEMPTS) {
        refuse_release(app, job, &error).await?;
        return Ok(());
    }
    Ok(jobs::again(&app.db, app, job, &error).await?)
}

/// Asks for a bundle when the last is an hour old.
async fn renew_bundle(app: &App) -> anyhow::Result<()> {
    let mut db = app.db.reader().acquire().await?;
    let made_at = issuance::bundle_made_at(&mut db).await?;
    drop(db);
    if made_at.is_some_and(|at| at + BUNDLE_EVERY_MS <= app.clock.now_ms()) {
        let mut tx = app.db.write().await?;
        jobs::add(&mut tx, app, "bundle", "").await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn work(app: &App, job: &Job) -> Result<(), Problem> {
    match job.kind.as_str() {
        "release" => release_credential(app, job).await,
        "publish" => publish_status(app, job).await,
        "bundle" => publish_bundle(app, job).await,
        "erase" => erase_file(app, job).await,
        "lapse" => lapse_applications(app, job).await,
        other => Err(Problem::internal(anyhow::anyhow!("no such kind of job: {other}"))),
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
    let wait = if more { 0 } else { LAPSE_EVERY_MS };
    Ok(jobs::repeat(&app.db, app, job, wait).await?)
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
        Released::Before | Released::Overtaken => {}
        Released::Now { certificate } => {
            release::released(&mut tx, &certificate).await?;
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
    let certificate = issuance::fail(&mut tx, &job.subject, why).await?;
    release::failed(&mut tx, &certificate).await?;
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
    jobs::add(&mut tx, app, "bundle", "").await?;
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
