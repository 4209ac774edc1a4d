//! What is erased cannot be opened from any copy; what remains says that it was there.

use akashi_keys::DataKey;
use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::{Desk, last};
use crate::certification::erasure::delete_bytes;
use crate::certification::rules::application::ApplicationState;
use crate::certification::store::{Transition, applications, evidence};
use crate::platform::data_keys::{self, Subject};
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::id::{BlobId, PartyId};
use crate::platform::problem::Problem;

on_both_engines!(
    a_file_taken_back_is_opened_from_no_copy,
    a_file_attached_twice_is_erased_with_the_second,
    a_company_has_all_erased,
    nothing_is_erased_that_is_still_needed,
    a_file_on_its_way_while_all_is_erased_is_not_kept,
);

const FILE: &[u8] = b"%PDF-1.7\nthe wage ledger of an example";

/// A file's id, whose it is, and the key that it was sealed under.
async fn file_of(desk: &Desk, evidence: &str) -> (PartyId, BlobId, DataKey) {
    let mut db = desk.app.db.reader().acquire().await.expect("a connection");
    let row = evidence::get(&mut db, &as_id(evidence)).await.expect("reads").expect("evidence");
    let key = data_keys::open(&mut db, &desk.app, Subject::Blob(&row.blob_id)).await;
    (row.party_id, row.blob_id, key.expect("a key").1)
}

fn as_id<T: serde::de::DeserializeOwned>(path: &str) -> T {
    serde_json::from_value(last(path).into()).expect("an id")
}

/// A file's content as a key opens it, if its bytes are there and the key is the right one.
async fn opened(desk: &Desk, party: &PartyId, blob: &BlobId, key: &DataKey) -> Option<Vec<u8>> {
    let stream = desk.app.blobs.read(party, blob, key).await.ok()?;
    let pieces: Vec<Bytes> = stream.try_collect().await.ok()?;
    Some(pieces.concat())
}

async fn a_file_taken_back_is_opened_from_no_copy(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    let evidence = desk.attach(&application, FILE).await;
    let other = desk.attach(&application, b"%PDF-1.7\nanother").await;
    assert_eq!(desk.get(&evidence).await.bytes, FILE);
    let (party, blob, key) = file_of(&desk, &evidence).await;
    assert_eq!(opened(&desk, &party, &blob, &key).await.as_deref(), Some(FILE));

    assert_eq!(desk.delete(&evidence).await.status, 204);
    // The sealed bytes are still there, as they are in every backup of them.
    assert_eq!(opened(&desk, &party, &blob, &key).await.as_deref(), Some(FILE));
    let keys = desk.remaining_keys().await;
    assert_eq!(keys.len(), 2, "the company's and the other file's");
    for key in keys {
        assert_eq!(opened(&desk, &party, &blob, &key).await, None);
    }
    let gone = desk.get(&evidence).await.json(410);
    assert_eq!(gone["type"], "/problems/erased");
    assert_eq!(gone["erased_at"], "2026-11-25T07:00:00Z");
    assert_eq!(desk.get(&other).await.bytes, b"%PDF-1.7\nanother");

    // That it was there remains, and nothing by which its content could be known again.
    let tombstone = "blob b JOIN data_key k ON k.id = b.data_key_id WHERE b.state = 'erased'
        AND b.address IS NULL AND b.cipher_digest IS NULL AND k.destroyed_at IS NOT NULL
        AND k.destroyed_by IN (SELECT id FROM account)";
    assert_eq!(desk.count(tombstone).await, 1);
    assert_eq!(desk.count("job WHERE kind = 'erase'").await, 1);
    let mut tx = desk.app.db.write().await.expect("a transaction");
    for _ in 0..2 {
        delete_bytes(&mut tx, &desk.app, blob.as_str())
            .await
            .expect("deletes, or finds it deleted");
    }
    drop(tx);
    assert_eq!(opened(&desk, &party, &blob, &key).await, None, "the bytes are deleted");
}

async fn a_file_attached_twice_is_erased_with_the_second(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    let first = desk.attach(&application, FILE).await;
    let second = desk.attach(&application, FILE).await;
    assert_eq!(desk.count("blob").await, 1);
    desk.delete(&first).await;
    desk.get(&first).await.json(410);
    assert_eq!(desk.get(&second).await.bytes, FILE);
    desk.delete(&second).await;
    assert_eq!(desk.count("data_key WHERE subject_kind = 'blob' AND wrapped IS NOT NULL").await, 0);
    // The same file once more is another, under a key of its own.
    let third = desk.attach(&application, FILE).await;
    assert_eq!(desk.get(&third).await.bytes, FILE);
    desk.get(&second).await.json(410);
    let (party, blob, _) = file_of(&desk, &third).await;
    let mut tx = desk.app.db.write().await.expect("a transaction");
    delete_bytes(&mut tx, &desk.app, blob.as_str()).await.expect("nothing to do");
    drop(tx);
    assert_eq!(desk.get(&third).await.bytes, FILE, "{party}'s file stays");
}

/// Withdraws an application, whatever its version is.
async fn withdraw(desk: &Desk, application: &str) {
    let version = desk.get(application).await.json(200)["version"].clone();
    desk.post(&format!("{application}/withdraw"), &json!({"version": version})).await.json(200);
}

/// The end that an application may have after which files could still come in.
async fn is_refused_a_certificate(desk: &Desk, application: &str) {
    let me = desk.get("/api/v1/me").await.json(200);
    let by = as_id(&super::id(&me));
    let mut tx = desk.app.db.write().await.expect("a transaction");
    let row = applications::get(&mut tx, &as_id(last(application))).await.expect("reads");
    let row = row.expect("it is there");
    let transition =
        Transition { event: "decide", by: &by, reason: None, at: desk.app.clock.now() };
    let moved = applications::advance(&mut tx, &row, ApplicationState::Decided, &transition).await;
    moved.expect("it moves");
    tx.commit().await.expect("commits");
}

async fn erase(desk: &Desk, company: &str) -> super::Answer {
    let party = format!("/api/v1/parties/{company}");
    let version = desk.get(&party).await.json(200)["version"].clone();
    desk.post(&format!("{party}/erase"), &json!({"version": version})).await
}

async fn a_company_has_all_erased(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    desk.answer(&application, "Passports stay with the workers.").await;
    let evidence = desk.attach(&application, FILE).await;
    withdraw(&desk, &application).await;
    let erased = desk.company.clone();
    let other = desk.register("例示運輸株式会社", "6100000000001").await;
    desk.company.clone_from(&other);
    let kept = desk.apply().await;
    desk.answer(&kept, "So do ours.").await;
    let kept_file = desk.attach(&kept, FILE).await;

    erase(&desk, &erased).await.json(200);

    let at = "2026-11-25T07:00:00Z";
    let view = desk.get(&application).await.json(200);
    assert_eq!(view["state"], "withdrawn");
    assert_eq!(view["answers"][0]["note"], json!({"erased_at": at}));
    assert_eq!(view["answers"][0]["answer"], "yes", "what is no free text remains");
    assert_eq!(desk.get(&evidence).await.json(410)["erased_at"], at);
    let party = desk.get(&format!("/api/v1/parties/{erased}")).await.json(200);
    assert_eq!(party["erased_at"], at);
    let listed = desk.get("/api/v1/applications").await.json(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));

    // No key is left that opens what was written.
    let mut notes = desk.notes().await;
    let keys = desk.remaining_keys().await;
    notes.retain(|(id, sealed)| keys.iter().all(|key| key.open_note(id, sealed).is_err()));
    assert_eq!(notes.len(), 2, "an answer's note and a file's name");

    // It keeps nothing more here.
    assert_eq!(erase(&desk, &erased).await.json(410)["type"], "/problems/erased");
    desk.company.clone_from(&erased);
    let again = desk.post("/api/v1/applications", &desk.application()).await.json(410);
    assert_eq!(again["type"], "/problems/erased");
    is_refused_a_certificate(&desk, &application).await;
    assert_eq!(desk.send_file(&application, Body::from(FILE)).await.status, 410);

    // Another company of the same person has lost nothing.
    assert_eq!(desk.get(&kept).await.json(200)["answers"][0]["note"]["text"], "So do ours.");
    assert_eq!(desk.get(&kept_file).await.bytes, FILE);
    let party = desk.get(&format!("/api/v1/parties/{other}")).await.json(200);
    assert_eq!(party["erased_at"], Value::Null);
}

async fn nothing_is_erased_that_is_still_needed(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    desk.answer(&application, "We do.").await;
    let refused = erase(&desk, &desk.company).await.json(409);
    assert_eq!(refused["type"], "/problems/incomplete");
    let under_way = json!([{"code": "application_under_way",
        "application": last(&application)}]);
    assert_eq!(refused["missing"], under_way);
    withdraw(&desk, &application).await;
    desk.certify("EX-1").await;
    let refused = erase(&desk, &desk.company).await.json(409);
    assert_eq!(refused["missing"], json!([{"code": "certificate_granted", "certificate": "EX-1"}]));
    let view = desk.get(&application).await.json(200);
    assert_eq!(view["answers"][0]["note"]["text"], "We do.");
}

async fn a_file_on_its_way_while_all_is_erased_is_not_kept(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    is_refused_a_certificate(&desk, &application).await;
    let (head, rest) = FILE.split_at(9);
    let company = desk.company.clone();
    let meanwhile = {
        let desk = desk.clone();
        async move {
            erase(&desk, &company).await.json(200);
            Ok::<_, std::io::Error>(Bytes::from_static(rest))
        }
    };
    let head = futures_util::stream::iter([Ok(Bytes::from_static(head))]);
    let body = Body::from_stream(head.chain(futures_util::stream::once(Box::pin(meanwhile))));
    let refused = desk.send_file(&application, body).await.json(410);
    assert_eq!(refused["type"], "/problems/erased");
    assert_eq!(desk.count("blob").await, 0);
    assert!(desk.remaining_keys().await.is_empty());
    let mut db = desk.app.db.reader().acquire().await.expect("a connection");
    let company: PartyId = as_id(&desk.company);
    let key = data_keys::open(&mut db, &desk.app, Subject::Party(&company)).await;
    assert!(matches!(key, Err(Problem::Erased { .. })), "{:?}", key.map(|(id, _)| id));
}
