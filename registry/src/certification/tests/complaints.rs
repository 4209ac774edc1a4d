//! Complaints as time goes by, and as many as come.

use serde_json::{Value, json};

use super::Desk;
use crate::certification::api::complaints::filing::OPEN_A_DAY;
use crate::platform::clock::Clock as _;
use crate::platform::data_keys::{self, Subject};
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::id::{AccountId, PartyId, uuid_v7};

on_both_engines!(
    a_flood_is_put_off_for_a_day_and_no_longer,
    a_complaint_is_overdue_when_its_terms_are_over,
    nothing_is_complained_of_at_a_body_whose_texts_were_erased,
);

const COMPLAINTS: &str = "/api/v1/complaints";

impl Desk {
    /// The body is authorised, and may keep texts.
    async fn body_opens(&self) -> PartyId {
        let id = uuid_v7(self.clock.now(), &*self.app.rng);
        let authorise =
            "INSERT INTO authorisation (id, programme, body_id, from_at, until_at, by_account, at)
             VALUES ($1, 'responsible-hosting', $2, 0, 9999999999999, $1, 0)";
        self.write(authorise, &[&id, &self.body]).await;
        let body: PartyId = serde_json::from_value(self.body.as_str().into()).expect("an id");
        let mut tx = self.app.db.write().await.expect("a transaction");
        let key = data_keys::fresh(&self.app);
        data_keys::keep(&mut tx, &self.app, Subject::Party(&body), &key).await.expect("a key");
        tx.commit().await.expect("commits");
        body
    }

    async fn complains(&self) -> super::Answer {
        let text = json!({"text": "Nobody answers.", "lang": "en"});
        self.post(COMPLAINTS, &json!({"about": {"body": "example-body"}, "text": text})).await
    }

    /// How a complaint stands, for whoever has its secret.
    async fn standing(&self, filed: &Value) -> Value {
        let path = format!("{COMPLAINTS}/{}", super::id(filed));
        let secret = filed["secret"].as_str().expect("a secret");
        self.get_with(&path, ("complaint-secret", secret)).await.json(200)
    }
}

async fn a_flood_is_put_off_for_a_day_and_no_longer(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    desk.body_opens().await;
    desk.complains().await.json(201);
    desk.hours_pass(12).await;
    for _ in 1..OPEN_A_DAY {
        desk.complains().await.json(201);
    }
    let put_off = desk.complains().await.json(429);
    assert_eq!(put_off["type"], "/problems/too-many");
    assert_eq!(put_off["wait_s"], 12 * 60 * 60);
    // The first is a day old now: there is room for one.
    desk.hours_pass(12).await;
    desk.complains().await.json(201);
    desk.complains().await.json(429);
    // What is answered does not count.
    desk.write("UPDATE complaint SET state = 'dismissed' WHERE body_id = $1", &[&desk.body]).await;
    desk.complains().await.json(201);
}

async fn a_complaint_is_overdue_when_its_terms_are_over(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    desk.body_opens().await;
    let filed = desk.complains().await.json(201);
    let overdue =
        |seen: &Value| (seen["acknowledgement_overdue"].clone(), seen["answer_overdue"].clone());
    assert_eq!(overdue(&desk.standing(&filed).await), (json!(false), json!(false)));
    desk.days_pass(6).await;
    assert_eq!(overdue(&desk.standing(&filed).await), (json!(true), json!(false)));
    desk.days_pass(55).await;
    assert_eq!(overdue(&desk.standing(&filed).await), (json!(true), json!(true)));
}

async fn nothing_is_complained_of_at_a_body_whose_texts_were_erased(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let body = desk.body_opens().await;
    let filed = desk.complains().await.json(201);
    let by = AccountId::new(desk.clock.now(), &*desk.app.rng);
    let mut tx = desk.app.db.write().await.expect("a transaction");
    data_keys::destroy(&mut tx, Subject::Party(&body), &by, desk.clock.now()).await.expect("goes");
    tx.commit().await.expect("commits");
    assert_eq!(desk.complains().await.json(410)["type"], "/problems/erased");
    // That there was one, and where it stands, remains.
    assert_eq!(desk.standing(&filed).await["state"], "received");
}
