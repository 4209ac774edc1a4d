//! The public feed of changes: whoever follows it misses nothing that became public.

use akashi_tests::{
    Body, CERTIFIED, Client, Company, Engine, LEADING, Registry, Sides, on_both_engines,
};
use serde_json::{Value, json};

/// The feed from a cursor on, to its end; and the cursor to go on from.
async fn follow(anyone: &Client, cursor: &str) -> (Vec<Value>, String) {
    let (mut items, mut cursor) = (Vec::new(), cursor.to_owned());
    loop {
        let page = anyone.get(&format!("/changes?cursor={cursor}")).await.expect(200);
        let new = page.at("/items").as_array().expect("items");
        cursor = page.text("/next").to_owned();
        if new.is_empty() {
            return (items, cursor);
        }
        items.extend(new.iter().cloned());
    }
}

async fn the_feed_tells_of_every_release_and_change_in_order(engine: Engine) {
    let registry = Registry::start(engine).await;
    let anyone = registry.anyone();
    assert_eq!(follow(&anyone, "").await, (vec![], "0".to_owned()));
    let body = Body::opens(&registry).await;
    let first = Company::registers(&registry, 1).await;
    let first = Sides { body: &body, company: &first }.certify(LEADING, "leading").await;
    first.credential(&registry).await;
    let number = first.public_once(&registry, "active").await["number"].clone();

    let (released, read_so_far) = follow(&anyone, "").await;
    assert_eq!(released.len(), 1, "{released:#?}");
    assert_eq!(released[0]["number"], number);
    assert_eq!(released[0]["credential_id"], first.credential);
    assert_eq!(released[0]["state"], "active");

    let second = Company::registers(&registry, 2).await;
    let second = Sides { body: &body, company: &second }.certify(CERTIFIED, "certified").await;
    second.credential(&registry).await;
    let suspend =
        json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
    first.is_decided_on(&body, "suspend", suspend).await.expect(200);
    first.public_once(&registry, "suspended").await;
    let reinstate = json!({"cause_closed": true, "public_reason": "The visit took place."});
    first.is_decided_on(&body, "reinstate", reinstate).await.expect(200);
    first.public_once(&registry, "active").await;
    let withdraw = json!({"public_reason": "Workers were made to pay."});
    second.is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    let withdrawn = second.public_once(&registry, "withdrawn").await;

    let (changes, _) = follow(&anyone, &read_so_far).await;
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change["number"] == number, change["state"].as_str().expect("a state")))
        .collect();
    assert_eq!(
        told,
        [(false, "active"), (true, "suspended"), (true, "active"), (false, "withdrawn")]
    );
    let leaves: Vec<_> =
        released.iter().chain(&changes).filter_map(|change| change["leaf"].as_u64()).collect();
    assert!(leaves.is_sorted_by(|a, b| a < b) && leaves.len() == 5, "{leaves:?}");
    assert_eq!(changes[3]["leaf"], withdrawn["leaf"]);
    let names = changes[3].as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names,
        ["at", "credential_id", "leaf", "number", "state"],
        "and nothing of a person"
    );
}

async fn a_cursor_that_the_feed_never_gave_is_refused(engine: Engine) {
    let registry = Registry::start(engine).await;
    for cursor in ["x", "-1", "1.5", "99999999999999999999"] {
        registry.anyone().get(&format!("/changes?cursor={cursor}")).await.problem("invalid");
    }
}

on_both_engines!(
    the_feed_tells_of_every_release_and_change_in_order,
    a_cursor_that_the_feed_never_gave_is_refused,
);
