//! Deltas as anyone may ask for them, on both engines.

use serde_json::{Value, json};

use super::*;
use crate::platform::db::scratch::{Scratch, on_both_engines};

on_both_engines!(
    a_delta_is_made_once_for_all_who_ask_for_it,
    of_an_unknown_version_nothing_is_made,
    that_a_delta_is_no_smaller_is_found_out_once,
    deltas_go_when_the_bundle_moves_on,
    a_registry_that_is_busy_with_others_answers_with_the_whole,
);

/// A bundle as far as a delta looks into it: the list `shard-0`, which stays, and `shard-1`, which says something new.
fn bundle(version: i64) -> Value {
    let list =
        |id: &str, encoded: String| json!({"id": id, "credential": {"encodedList": encoded}});
    json!({"signatures": [], "signed": {"version": version, "status_lists": [
        list("shard-0", "u".repeat(1_000)), list("shard-1", format!("u{version}")),
    ]}})
}

async fn publish(scratch: &Scratch, bundle: &Value) {
    let version = bundle["signed"]["version"].as_i64().expect("a version");
    let bytes = bundle.to_string().into_bytes();
    let publication = Publication { version, bytes, leaf: 10 * version, valid_until: 0, at: 0 };
    let mut tx = scratch.db().write().await.expect("a transaction");
    publications::publish(&mut tx, Kind::Bundle, "", &publication).await.expect("is written");
    tx.commit().await.expect("commits");
}

async fn since(deltas: &Arc<Deltas>, scratch: &Scratch, from: i64) -> Option<Delta> {
    deltas.since(scratch.db(), from).await.expect("the database answers")
}

#[track_caller]
fn assert_leads(delta: &Delta, from: i64, to: i64) {
    let made = delta::apply(bundle(from).to_string().as_bytes(), &delta.bytes).expect("a bundle");
    let made: Value = serde_json::from_slice(&made).expect("JSON");
    assert_eq!((made, delta.leaf), (bundle(to), 10 * to));
}

async fn a_delta_is_made_once_for_all_who_ask_for_it(scratch: &Scratch) {
    let deltas = Arc::<Deltas>::default();
    publish(scratch, &bundle(1)).await;
    publish(scratch, &bundle(2)).await;
    let (one, other) = tokio::join!(since(&deltas, scratch, 1), since(&deltas, scratch, 1));
    let (one, other) = (one.expect("a delta"), other.expect("a delta"));
    assert_leads(&one, 1, 2);
    assert_eq!(one.bytes.as_ptr(), other.bytes.as_ptr(), "one for both");

    // Nothing can be made any more; what was made is given out.
    deltas.making.close();
    assert_eq!(since(&deltas, scratch, 1).await.expect("it").bytes.as_ptr(), one.bytes.as_ptr());
    deltas.since(scratch.db(), 2).await.expect_err("this was never made");
}

async fn of_an_unknown_version_nothing_is_made(scratch: &Scratch) {
    let deltas = Arc::<Deltas>::default();
    deltas.making.close();
    assert!(since(&deltas, scratch, 1).await.is_none(), "there is no bundle at all");
    publish(scratch, &bundle(1)).await;
    for from in [0, -1, 2, i64::MAX] {
        assert!(since(&deltas, scratch, from).await.is_none(), "{from}");
    }
}

async fn that_a_delta_is_no_smaller_is_found_out_once(scratch: &Scratch) {
    let deltas = Arc::<Deltas>::default();
    for version in [1, 2] {
        let empty = json!({"signatures": [], "signed": {"version": version, "status_lists": []}});
        publish(scratch, &empty).await;
    }
    assert!(since(&deltas, scratch, 1).await.is_none());
    deltas.making.close();
    assert!(since(&deltas, scratch, 1).await.is_none());
}

async fn deltas_go_when_the_bundle_moves_on(scratch: &Scratch) {
    let deltas = Arc::<Deltas>::default();
    publish(scratch, &bundle(1)).await;
    publish(scratch, &bundle(2)).await;
    for from in [1, 2] {
        assert_leads(&since(&deltas, scratch, from).await.expect("a delta"), from, 2);
    }
    publish(scratch, &bundle(3)).await;
    assert_leads(&since(&deltas, scratch, 1).await.expect("a delta"), 1, 3);
    assert_eq!(deltas.made().deltas.len(), 1, "what led to bundle 2 is dropped");
}

async fn a_registry_that_is_busy_with_others_answers_with_the_whole(scratch: &Scratch) {
    let deltas = Arc::<Deltas>::default();
    publish(scratch, &bundle(1)).await;
    publish(scratch, &bundle(2)).await;
    let others = deltas.making.acquire().await.expect("never closed");
    assert!(since(&deltas, scratch, 1).await.is_none());
    drop(others);
    assert_leads(&since(&deltas, scratch, 1).await.expect("a delta"), 1, 2);
}

#[test]
fn what_is_kept_is_together_no_larger_than_the_largest_bundle() {
    let mut made = Made::default();
    let delta = Delta { bytes: vec![0; MAX_TRUST_BYTES / 3].into(), leaf: 0 };
    for from in 1..=10 {
        made.keep(11, from, Some(delta.clone()));
        assert!(made.get(11, from).is_some(), "the last is kept");
        let kept = made.deltas.values().flatten().map(|delta| delta.bytes.len()).sum::<usize>();
        assert!(kept <= MAX_TRUST_BYTES, "{kept} bytes after {from}");
    }
    // Of a bundle that is the newest no more nothing is kept.
    made.keep(12, 1, None);
    made.keep(11, 2, Some(delta));
    assert_eq!((made.to, made.deltas.len()), (12, 1));
}
