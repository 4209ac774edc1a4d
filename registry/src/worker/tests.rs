//! The worker's rounds, on both engines.

use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::jobs::OpenJob;
use crate::platform::scratch::{FixedClock, app};

on_both_engines!(
    what_is_never_done_comes_again_every_hour,
    a_release_that_goes_on_failing_is_given_up_within_a_minute,
    a_job_that_only_a_newer_program_knows_keeps_no_other_waiting,
    while_the_log_cannot_be_numbered_a_round_tries_one_job,
    a_worker_that_is_to_stop_takes_no_job,
);

const HOUR_MS: i64 = 60 * 60 * 1000;

async fn open_jobs(app: &App) -> Vec<OpenJob> {
    let mut db = app.db.reader().acquire().await.expect("a connection");
    jobs::open(&mut db).await.expect("reads")
}

/// The jobs that are never done and when each is due, in milliseconds.
async fn standing(app: &App) -> Vec<(String, i64)> {
    let open = open_jobs(app).await.into_iter();
    let mut standing: Vec<_> = open
        .map(|job| {
            assert_eq!((job.attempts, &job.last_error), (0, &None), "{job:?}");
            (job.kind, job.due_at)
        })
        .collect();
    standing.sort();
    standing
}

async fn what_is_never_done_comes_again_every_hour(scratch: &Scratch) {
    let clock = Arc::<FixedClock>::default();
    let app = app(scratch.db().clone(), clock.clone(), 0);
    // Each start of a process adds them; there is one of each all the same.
    for _ in 0..2 {
        let mut tx = app.db.write().await.expect("a transaction");
        jobs::add_standing(&mut tx, &app).await.expect("adds");
        tx.commit().await.expect("commits");
    }
    let all_at =
        |at: i64| ["announce", "forget", "lapse", "propose"].map(|kind| (kind.to_owned(), at));
    for _ in 0..3 {
        assert_eq!(standing(&app).await, all_at(app.clock.now_ms()));
        catch_up(&app, "worker", &watch::channel(false).1).await.expect("a round");
        assert_eq!(standing(&app).await, all_at(app.clock.now_ms() + HOUR_MS));
        clock.advance(SignedDuration::from_hours(1));
    }
}

#[test]
fn a_release_is_given_up_after_its_tries_or_its_time() {
    let fault = || Problem::internal(anyhow::anyhow!("a fault"));
    let day_ms = 24 * HOUR_MS;
    for (kind, attempts, age_ms, problem, fate) in [
        ("release", 0, 0, fault(), Fate::Again),
        ("release", 5, 0, fault(), Fate::Again),
        ("release", 6, 0, fault(), Fate::Failed),
        ("release", 0, 44_999, fault(), Fate::Again),
        ("release", 0, 45_000, fault(), Fate::Failed),
        // That the log is not so far yet is no failed try.
        ("release", 100, 44_999, Problem::Busy, Fate::Later),
        ("release", 0, 45_000, Problem::Busy, Fate::Failed),
        // What is owed to the public goes on until it is done.
        ("publish", 100, day_ms, fault(), Fate::Again),
        ("publish", 100, day_ms, Problem::Busy, Fate::Later),
    ] {
        let (id, subject) = (String::new(), String::new());
        let job = Job { id, kind: kind.into(), subject, attempts, created_at: 1_000 };
        let found = Fate::of(&job, &problem, 1_000 + age_ms);
        assert_eq!(found, fate, "{kind} after {attempts} tries and {age_ms} ms: {problem}");
    }
}

async fn a_release_that_goes_on_failing_is_given_up_within_a_minute(scratch: &Scratch) {
    let clock = Arc::<FixedClock>::default();
    let app = app(scratch.db().clone(), clock.clone(), 0);
    let mut tx = app.db.write().await.expect("a transaction");
    jobs::add(&mut tx, &app, JobKind::Release, "a credential").await.expect("adds");
    tx.commit().await.expect("commits");
    let began = app.clock.now_ms();
    let fault = Problem::internal(anyhow::anyhow!("a fault"));
    let mut tries = 0;
    loop {
        if let Some(job) = jobs::claim(&app.db, &app, "worker").await.expect("claims") {
            tries += 1;
            match Fate::of(&job, &fault, app.clock.now_ms()) {
                Fate::Failed => break,
                _ => jobs::again(&app.db, &app, &job, "a fault").await.expect("puts back"),
            }
        }
        clock.advance(SignedDuration::from_millis(250));
        assert!(app.clock.now_ms() < began + 60_000, "still tried, for the {tries}th time");
    }
    assert_eq!(tries, 7, "a fault that passes in some seconds is got over");
}

async fn a_job_that_only_a_newer_program_knows_keeps_no_other_waiting(scratch: &Scratch) {
    let clock = Arc::<FixedClock>::default();
    let app = app(scratch.db().clone(), clock.clone(), 0);
    let mut tx = app.db.write().await.expect("a transaction");
    sqlx::query(
        "INSERT INTO job (id, kind, subject, due_at, attempts, created_at) VALUES ('x', 'newer', '', 0, 0, 0)",
    )
    .execute(&mut *tx)
    .await
    .expect("inserts");
    jobs::add_standing(&mut tx, &app).await.expect("adds");
    tx.commit().await.expect("commits");
    catch_up(&app, "worker", &watch::channel(false).1).await.expect("a round");
    let now = app.clock.now_ms();
    let open = open_jobs(&app).await;
    let due: Vec<_> = open.iter().map(|job| (&*job.kind, job.due_at - now)).collect();
    assert_eq!(due[0], ("newer", 250), "it waits for those who know it");
    assert!(due[1..].iter().all(|(_, wait_ms)| *wait_ms == HOUR_MS) && due.len() == 5, "{due:?}");
}

async fn while_the_log_cannot_be_numbered_a_round_tries_one_job(scratch: &Scratch) {
    let app = app(scratch.db().clone(), Arc::<FixedClock>::default(), 0);
    let mut tx = app.db.write().await.expect("a transaction");
    log::append(&mut tx, &app, "test", b"the first").await.expect("appends");
    tx.commit().await.expect("commits");
    log::sequence(&app).await.expect("numbers it").expect("one leaf");

    let mut tx = app.db.write().await.expect("a transaction");
    sqlx::query("UPDATE signing_key SET sealed = 'damaged'")
        .execute(&mut *tx)
        .await
        .expect("damages");
    log::append(&mut tx, &app, "test", b"the second").await.expect("appends");
    jobs::add(&mut tx, &app, JobKind::Bundle, "").await.expect("adds");
    for certificate in ["a", "b", "c"] {
        jobs::add(&mut tx, &app, JobKind::Publish, certificate).await.expect("adds");
    }
    tx.commit().await.expect("commits");

    let running = watch::channel(false).1;
    for tried in 1..=3 {
        catch_up(&app, "worker", &running).await.expect_err("the log's key does not open");
        let now = app.clock.now_ms();
        let put_back = open_jobs(&app).await.iter().filter(|job| job.due_at > now).count();
        assert_eq!(put_back, tried);
    }
}

async fn a_worker_that_is_to_stop_takes_no_job(scratch: &Scratch) {
    let app = app(scratch.db().clone(), Arc::<FixedClock>::default(), 0);
    let mut tx = app.db.write().await.expect("a transaction");
    jobs::add_standing(&mut tx, &app).await.expect("adds");
    tx.commit().await.expect("commits");
    catch_up(&app, "worker", &watch::channel(true).1).await.expect("no round");
    let untouched = open_jobs(&app).await.iter().all(|job| job.due_at <= app.clock.now_ms());
    assert!(untouched, "they are due still");
}
