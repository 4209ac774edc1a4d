//! The worker's rounds, on both engines.

use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::scratch::{FixedClock, app};

on_both_engines!(idle_applications_are_looked_for_every_hour);

/// When the look for idle applications is due, in milliseconds.
async fn due_at(app: &App) -> i64 {
    let mut db = app.db.reader().acquire().await.expect("a connection");
    let open = jobs::open(&mut db).await.expect("reads");
    let [look] = &open[..] else { panic!("one job: {open:?}") };
    assert_eq!((look.kind.as_str(), look.attempts, &look.last_error), ("lapse", 0, &None));
    look.due_at
}

async fn idle_applications_are_looked_for_every_hour(scratch: &Scratch) {
    let clock = Arc::<FixedClock>::default();
    let app = app(scratch.db().clone(), clock.clone(), 0);
    let mut tx = app.db.write().await.expect("a transaction");
    jobs::add(&mut tx, &app, "lapse", "").await.expect("adds");
    tx.commit().await.expect("commits");
    let hour = SignedDuration::from_hours(1);
    for _ in 0..3 {
        assert_eq!(due_at(&app).await, app.clock.now_ms());
        catch_up(&app, "worker").await.expect("a round");
        assert_eq!(due_at(&app).await, app.clock.now_ms() + LAPSE_EVERY_MS);
        clock.advance(hour);
    }
}
