//! Idle applications are warned of twice, and lapse.

use serde_json::json;

use super::{Desk, last};
use crate::certification::jobs::lapse_idle;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::scratch::app;

on_both_engines!(
    an_idle_application_is_warned_of_twice_and_lapses,
    whatever_is_done_begins_the_time_anew,
    several_processes_warn_once,
    a_registry_that_stood_still_warns_before_anything_lapses,
    what_has_ended_is_left_alone,
    one_look_does_no_more_than_its_bound,
);

/// Looks until nothing more is due.
async fn look(desk: &Desk) {
    while lapse_idle(&desk.app).await.expect("a look") {}
}

/// The application's state and events, as its company sees them.
async fn seen(desk: &Desk, application: &str) -> (String, Vec<String>) {
    let view = desk.get(application).await.json(200);
    let events = view["events"].as_array().expect("events").iter();
    let events = events.map(|event| format!("{} {}", event["event"], event["to"]).replace('"', ""));
    (view["state"].as_str().expect("a state").to_owned(), events.collect())
}

async fn an_idle_application_is_warned_of_twice_and_lapses(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    let before = desk.get(&application).await.json(200);
    assert_eq!(before["lapses_at"], json!(null));
    let mut expected: Vec<String> = Vec::new();
    for (days, then) in
        [(149, &[][..]), (1, &["warn draft"]), (22, &[]), (1, &["warn draft"]), (6, &[])]
    {
        desk.days_pass(days).await;
        look(&desk).await;
        expected.extend(then.iter().map(ToString::to_string));
        assert_eq!(seen(&desk, &application).await, ("draft".to_owned(), expected.clone()));
    }
    let warned = desk.get(&application).await.json(200);
    assert_eq!(warned["lapses_at"], "2027-05-24T07:00:00Z", "180 days after 2026-11-25");
    assert_eq!(warned["version"], before["version"], "a warning moves nothing");
    assert_eq!(warned["waits_for"], json!(["applicant"]));
    desk.days_pass(1).await;
    look(&desk).await;
    expected.push("lapse lapsed".to_owned());
    assert_eq!(seen(&desk, &application).await, ("lapsed".to_owned(), expected));
    assert_eq!(
        desk.trail_of_nobody().await,
        ["application.warn", "application.warn", "application.lapse"]
            .map(|action| format!("{action} by nobody: application {}", last(&application)))
    );
    let lapsed = desk.get(&application).await.json(200);
    assert_eq!((&lapsed["lapses_at"], &lapsed["waits_for"]), (&json!(null), &json!([])));
    let withdraw = json!({"version": lapsed["version"]});
    let refused = desk.post(&format!("{application}/withdraw"), &withdraw).await.json(409);
    assert_eq!(refused["state"], "lapsed");
}

async fn whatever_is_done_begins_the_time_anew(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    for days in [150, 23] {
        desk.days_pass(days).await;
        look(&desk).await;
    }
    assert_eq!(seen(&desk, &application).await.1.len(), 2);
    // An answer does not move the application, and its time begins anew all the same.
    desk.answer(&application, "We do.").await;
    assert_eq!(desk.get(&application).await.json(200)["lapses_at"], json!(null));
    for (days, events) in [(149, 2), (1, 3), (23, 4), (6, 4)] {
        desk.days_pass(days).await;
        look(&desk).await;
        let (state, found) = seen(&desk, &application).await;
        assert_eq!((state.as_str(), found.len()), ("draft", events));
    }
    desk.days_pass(1).await;
    look(&desk).await;
    assert_eq!(seen(&desk, &application).await.0, "lapsed");
}

async fn several_processes_warn_once(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    let mut applications = Vec::new();
    for _ in 0..5 {
        applications.push(desk.apply().await);
    }
    let other = app(scratch.open_again().await, desk.clock.clone(), 1);
    for (days, events) in [(150, 1), (23, 2), (7, 3)] {
        desk.days_pass(days).await;
        let looks = [&desk.app, &other, &desk.app, &other].map(lapse_idle);
        for done in futures_util::future::join_all(looks).await {
            done.expect("a look");
        }
        for application in &applications {
            assert_eq!(seen(&desk, application).await.1.len(), events, "after {days} days more");
        }
    }
    other.db.close().await;
}

async fn a_registry_that_stood_still_warns_before_anything_lapses(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    for (days, state, events) in
        [(1000, "draft", 1), (22, "draft", 1), (1, "draft", 2), (6, "draft", 2), (1, "lapsed", 3)]
    {
        desk.days_pass(days).await;
        look(&desk).await;
        look(&desk).await;
        let (found, seen) = seen(&desk, &application).await;
        assert_eq!((found.as_str(), seen.len()), (state, events));
    }
}

async fn what_has_ended_is_left_alone(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    desk.post(&format!("{application}/withdraw"), &json!({"version": 1})).await.json(200);
    let before = desk.get(&application).await.json(200);
    desk.days_pass(1000).await;
    look(&desk).await;
    assert_eq!(desk.get(&application).await.json(200), before);
}

async fn one_look_does_no_more_than_its_bound(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    for _ in 0..201 {
        desk.apply().await;
    }
    desk.days_pass(150).await;
    assert!(lapse_idle(&desk.app).await.expect("a look"), "two hundred, and there is more");
    assert!(!lapse_idle(&desk.app).await.expect("a look"), "the rest");
}
