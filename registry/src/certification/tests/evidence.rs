//! Evidence that holds until a day.

use serde_json::{Value, json};

use super::{Desk, id, last};
use crate::platform::db::scratch::{Scratch, on_both_engines};

on_both_engines!(evidence_expires_with_its_day, a_day_of_expiry_is_a_day_of_the_evidence);

const FILE: &str = "%PDF-1.7\na licence";

async fn link(desk: &Desk, application: &str, evidence: &Value) {
    let facility = desk.get(application).await.json(200)["facilities"][0]["id"].clone();
    let link =
        json!({"application": last(application), "criterion": "RH-1.1", "facility": facility});
    let links = format!("/api/v1/evidence/{}/links", id(evidence));
    desk.post(&links, &link).await.json(201);
}

async fn evidence_expires_with_its_day(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    let licence = desk.send_file_with(&application, "&expires_on=2026-11-25", FILE).await;
    let licence = licence.json(201);
    assert_eq!(licence["expires_on"], "2026-11-25");
    let ledger = desk.send_file(&application, FILE).await.json(201);
    assert_eq!(ledger["expires_on"], Value::Null);
    for evidence in [&licence, &ledger] {
        link(&desk, &application, evidence).await;
    }
    let assessment = desk.assess(&application).await;
    // The programme's day ends at 15:00 UTC; the clock stands at 07:00.
    for (hours, expired) in [(0, false), (7, false), (2, true), (24, true)] {
        desk.hours_pass(hours).await;
        let evidence = desk.get(&assessment).await.json(200)["evidence"].clone();
        let shown = |at: usize| {
            let one = &evidence[at];
            (one["period_to"].clone(), one["expires_on"].clone(), one["expired"].clone())
        };
        let day = json!("2026-06-30");
        assert_eq!(shown(0), (day.clone(), json!("2026-11-25"), json!(expired)), "{hours}");
        assert_eq!(shown(1), (day, Value::Null, json!(false)), "what has no such day stays");
        assert_eq!(evidence[0]["erased_at"], Value::Null);
    }
    // What was taken back stays in the list, as that.
    desk.delete(&format!("/api/v1/evidence/{}", id(&licence))).await;
    let evidence = desk.get(&assessment).await.json(200)["evidence"].clone();
    assert_eq!(evidence[0]["erased_at"], "2026-11-26T16:00:00Z");
}

async fn a_day_of_expiry_is_a_day_of_the_evidence(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let application = desk.apply().await;
    for (day, status) in
        [("2025-12-31", 422), ("2026-02-30", 400), ("soon", 400), ("2026-01-01", 201)]
    {
        let answer = desk.send_file_with(&application, &format!("&expires_on={day}"), FILE).await;
        let body = answer.json(status);
        if status == 422 {
            assert_eq!(body["members"][0]["place"], "expires_on");
        }
    }
}
