//! The log on both engines: what is appended is sequenced, served and proved, and nothing forks it.

use std::sync::Arc;

use akashi_verifier::log::{Checkpoint, Hash, LogPolicy, Note, prove, verify_consistency};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use jiff::SignedDuration;
use tower::ServiceExt;

use super::rules::testing::{Store, entries, naive_root, naive_tiles};
use super::rules::{Level, MAX_ENTRY_LEN, ProofPlan, TileId, Tiles};
use super::*;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::http::shell;
use crate::platform::scratch::{FixedClock, app};

on_both_engines!(
    every_checkpoint_is_that_of_the_tree_as_defined,
    every_checkpoint_continues_each_before_it,
    every_leaf_is_proved_offline,
    more_leaves_than_one_checkpoint_takes_in_are_sequenced_in_turn,
    a_leaf_is_proved_only_once_it_has_its_number,
    a_leaf_of_a_transaction_that_is_dropped_never_was,
    a_checkpoint_whose_transaction_is_dropped_loses_no_leaf,
    an_entry_that_no_bundle_holds_is_refused,
    an_entry_or_a_tile_that_was_altered_stops_the_log,
    several_registries_on_one_database_do_not_fork_the_log,
    a_retired_key_is_still_believed_and_a_compromised_one_is_not,
    the_checkpoint_is_served_until_it_is_known,
    tiles_are_served_for_ever_and_others_are_not_found,
);

fn registry(scratch: &Scratch) -> App {
    app(scratch.db().clone(), Arc::default(), 0)
}

/// Appends entries in one transaction; gives their `ord`s.
async fn append_all(app: &App, entries: &[Vec<u8>]) -> Vec<i64> {
    let mut tx = app.db.write().await.expect("a transaction");
    let mut ords = Vec::new();
    for entry in entries {
        ords.push(append(&mut tx, app, "test", entry).await.expect("appends"));
    }
    tx.commit().await.expect("commits");
    ords
}

/// The checkpoint, if the log signed it.
async fn signed_checkpoint(app: &App) -> Checkpoint {
    let mut db = app.db.reader().acquire().await.expect("a connection");
    let text = checkpoint(&mut db).await.expect("reads").expect("a checkpoint");
    let policy: LogPolicy =
        policy(&mut db, app).await.expect("a policy").parse().expect("a policy that is followed");
    let note = Note::parse(&text).expect("a note");
    assert!(policy.logs.iter().any(|key| note.is_signed_by(key)), "{text}");
    Checkpoint::parse(note.body).expect("a checkpoint")
}

async fn stored_tiles(app: &App) -> Store {
    let rows: Vec<(i64, i64, i64, Vec<u8>)> =
        sqlx::query_as("SELECT level, idx, width, bytes FROM log_tile")
            .fetch_all(app.db.reader())
            .await
            .expect("reads");
    let tile = |(level, idx, width, bytes): (i64, i64, i64, _)| {
        let level = match u8::try_from(level) {
            Ok(level) => Level::Hashes(level),
            Err(_) => Level::Entries,
        };
        let (idx, width) = (idx.try_into().expect("an index"), width.try_into().expect("a width"));
        (TileId::new(level, idx, width).expect("a tile"), bytes)
    };
    rows.into_iter().map(tile).collect()
}

/// A log that grows by batches; gives each checkpoint's size and root.
async fn grow_by(app: &App, batches: &[usize]) -> Vec<(u64, Hash)> {
    let all = entries(batches.iter().sum());
    let mut rest = &all[..];
    let mut states = Vec::new();
    for &batch in batches {
        let (now, later) = rest.split_at(batch);
        append_all(app, now).await;
        let size = (all.len() - later.len()) as u64;
        assert_eq!(sequence(app).await.expect("sequences"), Some(size));
        let checkpoint = signed_checkpoint(app).await;
        assert_eq!(checkpoint.size, size);
        states.push((size, checkpoint.root));
        rest = later;
    }
    states
}

/// Grows past one full tile, by one, by many, to just before and just after a tile's end.
const BATCHES: [usize; 7] = [1, 1, 3, 250, 1, 2, 300];

async fn every_checkpoint_is_that_of_the_tree_as_defined(scratch: &Scratch) {
    let app = registry(scratch);
    assert_eq!(sequence(&app).await.expect("nothing waits"), None);
    let states = grow_by(&app, &BATCHES).await;
    let all = entries(BATCHES.iter().sum());
    let mut expected = Store::new();
    for (size, root) in states {
        let then = &all[..usize::try_from(size).expect("a small log")];
        assert_eq!(root, naive_root(then), "the root at size {size}");
        expected.extend(naive_tiles(then));
    }
    assert_eq!(stored_tiles(&app).await, expected);
}

async fn every_checkpoint_continues_each_before_it(scratch: &Scratch) {
    let app = registry(scratch);
    let states = grow_by(&app, &BATCHES).await;
    let mut db = app.db.reader().acquire().await.expect("a connection");
    for (n, (size, root)) in states.iter().enumerate() {
        for (earlier, earlier_root) in &states[..n] {
            let plan = ProofPlan::consistency(*earlier, *size).expect("an earlier size");
            let tiles = store::tiles(&mut db, &plan.tiles()).await.expect("reads");
            let proof = plan.hashes(&Tiles::new(tiles).expect("whole tiles")).expect("every tile");
            let continues = verify_consistency((*earlier, earlier_root), (*size, root), &proof);
            assert_eq!(continues, Ok(()), "{earlier} to {size}");
        }
    }
}

async fn every_leaf_is_proved_offline(scratch: &Scratch) {
    let app = registry(scratch);
    grow_by(&app, &BATCHES).await;
    let mut db = app.db.reader().acquire().await.expect("a connection");
    let policy = policy(&mut db, &app).await.expect("a policy");
    let all = entries(BATCHES.iter().sum());
    assert_eq!(size(&mut db).await.expect("reads"), all.len() as u64);
    for (ord, (index, entry)) in (1..).zip((0..).zip(&all)) {
        assert_eq!(number_of(&mut db, ord).await.expect("reads"), Some(index));
        let proof = proof(&mut db, ord).await.expect("reads").expect("a proof");
        let proven = prove(&proof, &policy).expect("a true proof");
        assert_eq!((&proven.entry, proven.index, proven.size), (entry, index, all.len() as u64));
        assert_eq!(proven.origin, "registry.example/log");
    }
}

async fn more_leaves_than_one_checkpoint_takes_in_are_sequenced_in_turn(scratch: &Scratch) {
    let app = registry(scratch);
    let all = entries(1030);
    append_all(&app, &all).await;
    assert_eq!(sequence(&app).await.expect("sequences"), Some(1024));
    // The permit that was left for the worker is there at once.
    assert!(app.wake.notified().now_or_never().is_some());
    assert_eq!(sequence(&app).await.expect("sequences"), Some(1030));
    assert_eq!(sequence(&app).await.expect("nothing waits"), None);
    assert_eq!(signed_checkpoint(&app).await.root, naive_root(&all));
}

async fn a_leaf_is_proved_only_once_it_has_its_number(scratch: &Scratch) {
    let app = registry(scratch);
    let ord = append_all(&app, &entries(1)).await[0];
    let mut db = app.db.reader().acquire().await.expect("a connection");
    assert!(waiting(&mut db).await.expect("reads"));
    assert_eq!(size(&mut db).await.expect("reads"), 0);
    assert_eq!(number_of(&mut db, ord).await.expect("reads"), None);
    assert_eq!(proof(&mut db, ord).await.expect("reads"), None);
    assert_eq!(checkpoint(&mut db).await.expect("reads"), None);
    sequence(&app).await.expect("sequences");
    assert!(!waiting(&mut db).await.expect("reads"));
    assert_eq!(number_of(&mut db, ord).await.expect("reads"), Some(0));
    assert!(proof(&mut db, ord).await.expect("reads").is_some());
    assert_eq!(proof(&mut db, ord + 1).await.expect("reads"), None, "a leaf that is not there");
}

async fn a_leaf_of_a_transaction_that_is_dropped_never_was(scratch: &Scratch) {
    let app = registry(scratch);
    let mut tx = app.db.write().await.expect("a transaction");
    append(&mut tx, &app, "test", b"given up").await.expect("appends");
    drop(tx);
    assert_eq!(sequence(&app).await.expect("nothing waits"), None);
    let kept = entries(2);
    append_all(&app, &kept).await;
    assert_eq!(sequence(&app).await.expect("sequences"), Some(2));
    assert_eq!(signed_checkpoint(&app).await.root, naive_root(&kept));
}

async fn a_checkpoint_whose_transaction_is_dropped_loses_no_leaf(scratch: &Scratch) {
    let first = registry(scratch);
    let all = entries(5);
    append_all(&first, &all[..3]).await;
    sequence(&first).await.expect("sequences");
    append_all(&first, &all[3..]).await;
    let mut tx = first.db.write().await.expect("a transaction");
    assert_eq!(jobs::grow(&mut tx, &first).await.expect("grows"), Some(5));
    drop(tx);
    assert_eq!(signed_checkpoint(&first).await.size, 3);

    let after_restart = app(scratch.open_again().await, Arc::default(), 1);
    assert_eq!(sequence(&after_restart).await.expect("sequences"), Some(5));
    assert_eq!(signed_checkpoint(&after_restart).await.root, naive_root(&all));
    after_restart.db.close().await;
}

async fn an_entry_that_no_bundle_holds_is_refused(scratch: &Scratch) {
    let app = registry(scratch);
    let mut tx = app.db.write().await.expect("a transaction");
    let longest = vec![7; MAX_ENTRY_LEN];
    append(&mut tx, &app, "test", &longest).await.expect("the longest entry");
    let too_long = vec![7; MAX_ENTRY_LEN + 1];
    append(&mut tx, &app, "test", &too_long).await.expect_err("one byte more");
    tx.commit().await.expect("commits");
    assert_eq!(sequence(&app).await.expect("sequences"), Some(1));
    assert_eq!(signed_checkpoint(&app).await.root, naive_root(&[longest]));
}

/// What the registry logs of a problem that is its own.
fn fault(problem: &Problem) -> String {
    match problem {
        Problem::Internal(error) => format!("{error:#}"),
        other => other.to_string(),
    }
}

/// As a database may be damaged by hand, around the triggers.
async fn an_entry_or_a_tile_that_was_altered_stops_the_log(scratch: &Scratch) {
    let app = registry(scratch);
    let leaf = |ord: i64, hash: Hash| {
        sqlx::query(
            "INSERT INTO log_leaf (ord, kind, entry, leaf_hash, at) VALUES ($1, 'test', $2, $3, 0)",
        )
        .bind(ord)
        .bind(&b"another"[..])
        .bind(hash.to_vec())
    };
    let mut tx = app.db.write().await.expect("a transaction");
    leaf(1, leaf_hash(b"appended")).execute(&mut *tx).await.expect("inserts");
    let refused = jobs::grow(&mut tx, &app).await.expect_err("an altered entry");
    assert!(fault(&refused).contains("does not hash to what was appended"), "{refused:?}");
    drop(tx);

    let mut tx = app.db.write().await.expect("a transaction");
    leaf(1, leaf_hash(b"another")).execute(&mut *tx).await.expect("inserts");
    assert_eq!(jobs::grow(&mut tx, &app).await.expect("a true entry"), Some(1));
    // A newer checkpoint whose tiles are missing.
    let other = store::StoredCheckpoint { size: 2, root: [9; 32], note: "a note".into() };
    store::add_checkpoint(&mut tx, &other, 0).await.expect("inserts");
    append(&mut tx, &app, "test", b"the next").await.expect("appends");
    let refused = jobs::grow(&mut tx, &app).await.expect_err("tiles of another tree");
    assert!(fault(&refused).contains("the log has no tile/"), "{refused:?}");
}

async fn several_registries_on_one_database_do_not_fork_the_log(scratch: &Scratch) {
    let one = registry(scratch);
    let other = app(scratch.open_again().await, Arc::default(), 1);
    let rounds = 12;
    for n in 0..rounds {
        let (ours, theirs) = ([format!("one {n}").into()], [format!("other {n}").into()]);
        let (_, _, a, b) = tokio::join!(
            append_all(&one, &ours),
            append_all(&other, &theirs),
            sequence(&one),
            sequence(&other),
        );
        a.expect("one sequences");
        b.expect("the other sequences");
    }
    let (a, b) = tokio::join!(sequence(&one), sequence(&other));
    a.expect("one sequences");
    b.expect("the other sequences");

    let leaves: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT seq, entry FROM log_leaf WHERE seq IS NOT NULL ORDER BY ord")
            .fetch_all(one.db.reader())
            .await
            .expect("reads");
    let (numbers, stored): (Vec<_>, Vec<_>) = leaves.into_iter().unzip();
    assert_eq!(numbers, (0..2 * rounds).collect::<Vec<_>>(), "every leaf, and no gap");
    let checkpoint = signed_checkpoint(&one).await;
    assert_eq!(checkpoint.root, naive_root(&stored));
    assert_eq!(checkpoint, signed_checkpoint(&other).await);
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM signing_key WHERE role = 'log'")
        .fetch_one(one.db.reader())
        .await
        .expect("reads");
    assert_eq!(keys, 1, "one key for one log");
    other.db.close().await;
}

async fn a_retired_key_is_still_believed_and_a_compromised_one_is_not(scratch: &Scratch) {
    let clock = Arc::new(FixedClock::default());
    let app = app(scratch.db().clone(), clock.clone(), 0);
    let mut db = app.db.reader().acquire().await.expect("a connection");
    policy(&mut db, &app).await.expect_err("there is no key before the first checkpoint");
    let ord = append_all(&app, &entries(1)).await[0];
    sequence(&app).await.expect("sequences");
    let old_proof = proof(&mut db, ord).await.expect("reads").expect("a proof");

    clock.advance(SignedDuration::from_hours(1));
    set("until_at", &app).await;
    clock.advance(SignedDuration::from_secs(1));
    append_all(&app, &entries(2)).await;
    sequence(&app).await.expect("sequences under a new key");
    let now = policy(&mut db, &app).await.expect("a policy");
    prove(&old_proof, &now).expect("a checkpoint of a retired key");
    let new_proof = proof(&mut db, ord).await.expect("reads").expect("a proof");
    prove(&new_proof, &now).expect("a checkpoint of the new key");
    assert_ne!(old_proof, new_proof);

    set("compromised_from", &app).await;
    let now = policy(&mut db, &app).await.expect("a policy");
    prove(&old_proof, &now).expect_err("a checkpoint of a compromised key");
    prove(&new_proof, &now).expect("a checkpoint of the new key");
}

/// Sets a moment of the log's oldest key to the present.
async fn set(column: &str, app: &App) {
    let oldest = "SELECT min(id) FROM signing_key WHERE role = 'log'";
    let sql = format!("UPDATE signing_key SET {column} = $1 WHERE id = ({oldest})");
    let mut tx = app.db.write().await.expect("a transaction");
    let update = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(app.clock.now_ms());
    update.execute(&mut *tx).await.expect("updates");
    tx.commit().await.expect("commits");
}

async fn get(app: &App, path: &str, if_none_match: Option<&str>) -> Response {
    let (router, _) = routes().split_for_parts();
    let mut request = Request::get(path);
    if let Some(etag) = if_none_match {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    let request = request.body(Body::empty()).expect("a request");
    shell(router, app.clone()).oneshot(request).await.expect("an answer")
}

fn header_of(response: &Response, name: header::HeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

async fn body(response: Response) -> Vec<u8> {
    response.into_body().collect().await.expect("a body").to_bytes().to_vec()
}

async fn the_checkpoint_is_served_until_it_is_known(scratch: &Scratch) {
    let app = registry(scratch);
    let none_yet = get(&app, "/log/checkpoint", None).await;
    assert_eq!(none_yet.status(), StatusCode::NOT_FOUND);
    assert_eq!(header_of(&none_yet, header::CONTENT_TYPE), "application/problem+json");

    grow_by(&app, &[1]).await;
    let first = get(&app, "/log/checkpoint", None).await;
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(header_of(&first, header::CONTENT_TYPE), "text/plain; charset=utf-8");
    assert_eq!(header_of(&first, header::CACHE_CONTROL), "no-cache");
    let etag = header_of(&first, header::ETAG).to_owned();
    let mut db = app.db.reader().acquire().await.expect("a connection");
    let note = checkpoint(&mut db).await.expect("reads").expect("a checkpoint");
    assert_eq!(body(first).await, note.into_bytes());

    let known = get(&app, "/log/checkpoint", Some(&etag)).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header_of(&known, header::ETAG), etag);
    assert_eq!(body(known).await, b"");
    append_all(&app, &entries(1)).await;
    sequence(&app).await.expect("sequences");
    assert_eq!(get(&app, "/log/checkpoint", Some(&etag)).await.status(), StatusCode::OK);
}

async fn tiles_are_served_for_ever_and_others_are_not_found(scratch: &Scratch) {
    let app = registry(scratch);
    grow_by(&app, &[3, 255]).await;
    let stored = stored_tiles(&app).await;
    // Two of the first size; of the second two full ones, the hash over one, and two partial ones.
    assert_eq!(stored.len(), 7);
    for (id, bytes) in stored {
        let response = get(&app, &format!("/log/{id}"), None).await;
        assert_eq!(response.status(), StatusCode::OK, "{id}");
        assert_eq!(header_of(&response, header::CONTENT_TYPE), "application/octet-stream");
        let caching = header_of(&response, header::CACHE_CONTROL);
        assert_eq!(caching, "public, max-age=31536000, immutable");
        assert_eq!(body(response).await, bytes, "{id}");
    }
    for path in [
        "/log/tile/0/000.p/4",
        "/log/tile/0/001",
        "/log/tile/0/001.p/1",
        "/log/tile/0/0",
        "/log/tile/8/000",
        "/log/tile/7/x999/x999/x999/x999/x999/x999/999",
        "/log/tile/0/x072/x057/x594/x037/x927/935",
        "/log/tile/entries/000.p/4",
        "/log/tile/entries/../0/000",
        "/log/tile/0%2F000",
        "/log/tile/entries/",
        "/log/tile/%FF",
        "/log/tile/",
    ] {
        let response = get(&app, path, None).await;
        let problem = header_of(&response, header::CONTENT_TYPE);
        assert_eq!(
            (response.status(), problem),
            (StatusCode::NOT_FOUND, "application/problem+json"),
            "{path}"
        );
    }
}
