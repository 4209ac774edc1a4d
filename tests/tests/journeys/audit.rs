//! The audit trail: what was done, and what somebody tried who was not allowed.

use akashi_tests::{Body, Client, Company, Engine, Registry, Sides, on_both_engines};
use serde_json::{Value, json};

/// How many refusals of one account are recorded within a day.
const DENIED_A_DAY: usize = 100;

/// What the trail says of refusals, oldest first.
async fn denied(operator: &Client) -> Vec<Value> {
    let trail = trail(operator).await.into_iter();
    trail.filter(|entry| entry["outcome"] == "denied").collect()
}

/// The whole trail, oldest first.
async fn trail(operator: &Client) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("/api/v1/audit?cursor={cursor}")).await.expect(200);
        found.extend(page.at("/items").as_array().expect("items").iter().cloned());
        match page.at("/next").as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

/// What the registry did by itself about something, oldest first.
pub(crate) async fn by_itself(operator: &Client, subject: &str) -> Vec<String> {
    let trail = trail(operator).await.into_iter();
    let of_it = trail.filter(|entry| entry["account_id"].is_null() && entry["subject"] == subject);
    of_it.map(|entry| entry["action"].as_str().expect("an action").to_owned()).collect()
}

async fn who_tries_what_is_not_theirs_is_in_the_trail(engine: Engine) {
    let registry = Registry::start(engine).await;
    let operator = registry.first_operator().await;
    let company = Company::registers(&registry, 1).await;
    let stranger = Company::registers(&registry, 2).await.member;
    let party = format!("/api/v1/parties/{}", company.id);
    let change = json!({"version": 1, "name": "Example taken over"});

    registry.anyone().patch(&party, &change).await.problem("not-signed-in");
    stranger.get(&party).await.problem("not-found");
    assert_eq!(denied(&operator).await, [json!(null); 0], "nobody signed in, and a reader");

    stranger.patch(&party, &change).await.problem("not-found");
    let trail = denied(&operator).await;
    assert_eq!(trail.len(), 1, "{trail:#?}");
    assert_eq!(trail[0]["account_id"], stranger.id);
    assert_eq!(trail[0]["action"], "party.change");
    assert_eq!(trail[0]["subject"], format!("party {}", company.id));

    company.member.patch(&party, &json!({"version": 9})).await.problem("stale-version");
    assert_eq!(denied(&operator).await.len(), 1, "a fault of those who may is no refusal");
}

/// Evidence is the company's, and each application's that it speaks to: one relation is enough to read it.
async fn who_may_by_one_relation_of_several_was_refused_nothing(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let stranger = Company::registers(&registry, 2).await.member;
    let application = Sides { body: &body, company: &company }.apply().await;
    let file = format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30",
        application.id
    );
    let attached = company.member.post_body(&file, "application/pdf", "%PDF-1.7").await.expect(201);
    let evidence = format!("/api/v1/evidence/{}", attached.text("/id"));
    let links = format!("{evidence}/links");
    let mut link =
        json!({"application": application.id, "criterion": "RH-1.1", "facility": company.whole});
    company.member.post(&links, &link).await.expect(201);
    application.is_prepared().await;

    // The lead assessor is none of the company's people, and reads its file for the application's sake.
    body.lead.get(&evidence).await.expect(200);
    link["facility"] = body.id.as_str().into();
    body.lead.post(&links, &link).await.problem("invalid");
    assert_eq!(denied(&body.operator).await, [json!(null); 0], "a fault of one who may");

    // Of those who may by none of these relations, a reader is refused, and one who would link is in the trail.
    stranger.get(&evidence).await.problem("not-found");
    stranger.post(&links, &link).await.problem("not-found");
    let trail = denied(&body.operator).await;
    assert_eq!(trail.len(), 1, "{trail:#?}");
    assert_eq!(trail[0]["account_id"], stranger.id);
}

async fn what_people_do_about_their_own_accounts_is_in_the_trail(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let me = body.lead.get("/api/v1/me").await.expect(200);
    let change = json!({"version": me.number("/version"), "locale": "ja"});
    body.lead.patch("/api/v1/me", &change).await.expect(200);

    let trail = trail(&body.operator).await;
    let of_lead = trail.iter().filter(|entry| entry["account_id"] == body.lead.id);
    let actions: Vec<_> = of_lead.map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["membership.answer", "account.change"]);
}

async fn a_flood_of_refusals_does_not_fill_the_trail(engine: Engine) {
    let registry = Registry::start(engine).await;
    let operator = registry.first_operator().await;
    let company = Company::registers(&registry, 1).await;
    let stranger = Company::registers(&registry, 2).await.member;
    let other = Company::registers(&registry, 3).await.member;
    let party = format!("/api/v1/parties/{}", company.id);
    for _ in 0..DENIED_A_DAY + 5 {
        stranger.patch(&party, &json!({"version": 1})).await.problem("not-found");
    }
    assert_eq!(denied(&operator).await.len(), DENIED_A_DAY);
    other.patch(&party, &json!({"version": 1})).await.problem("not-found");
    assert_eq!(denied(&operator).await.len(), DENIED_A_DAY + 1, "it is counted by account");
}

on_both_engines!(
    who_tries_what_is_not_theirs_is_in_the_trail,
    who_may_by_one_relation_of_several_was_refused_nothing,
    what_people_do_about_their_own_accounts_is_in_the_trail,
    a_flood_of_refusals_does_not_fill_the_trail,
);
