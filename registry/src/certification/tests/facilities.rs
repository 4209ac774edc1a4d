//! How many workers of a facility have which residence status.

use serde_json::json;

use super::{Desk, id};
use crate::platform::db::scratch::{Scratch, on_both_engines};

on_both_engines!(workers_are_counted_by_residence_status);

async fn workers_are_counted_by_residence_status(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let facilities = format!("/api/v1/parties/{}/facilities", desk.company);
    let works = |workers: u32, counts: serde_json::Value| {
        json!({"kind": "site", "name": "Example works", "address": "1-1 Example", "region": "JP-13",
            "country": "JP", "workers": workers, "workers_by_status": counts})
    };
    let counts = json!({"technical_intern_training": 6, "specified_skilled_worker": 2});
    let refused = desk.post(&facilities, &works(7, counts.clone())).await.json(422);
    assert_eq!(refused["members"][0]["place"], "/workers_by_status");
    let unknown = desk.post(&facilities, &works(9, json!({"tourist": 1}))).await.json(422);
    assert!(unknown["detail"].as_str().is_some_and(|d| d.contains("tourist")), "{unknown}");
    let site = id(&desk.post(&facilities, &works(8, counts.clone())).await.json(201));

    let shown = async || desk.get(&facilities).await.json(200)[1].clone();
    assert_eq!(shown().await["workers_by_status"], counts);
    // Fewer workers than are counted by status: one of the two is told wrong.
    let path = format!("{facilities}/{site}");
    let fewer = json!({"version": 1, "workers": 7});
    let refused = desk.patch(&path, &fewer).await.json(422);
    assert_eq!(refused["members"][0]["place"], "/workers_by_status");
    assert_eq!(shown().await["version"], 1);
    let fewer = json!({"version": 1, "workers": 7, "workers_by_status": {"permanent_resident": 7}});
    desk.patch(&path, &fewer).await.json(200);
    assert_eq!(shown().await["workers_by_status"], json!({"permanent_resident": 7}));
    // What is not told stays as it was; what was never told is empty.
    desk.patch(&path, &json!({"version": 2, "name": "Example mill"})).await.json(200);
    assert_eq!(shown().await["workers_by_status"], json!({"permanent_resident": 7}));
    assert_eq!(desk.get(&facilities).await.json(200)[0]["workers_by_status"], json!({}));
}
