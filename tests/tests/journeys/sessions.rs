//! Signing in, staying signed in, and saying the same thing twice.

use akashi_tests::{
    Client, Company, Engine, PASSWORD, Person, Registry, corporate_number, on_both_engines,
};
use serde_json::{Value, json};

const REFRESH: &str = "/api/v1/sessions/refresh";

async fn sign_in(registry: &Registry, person: &Person) -> Value {
    let credentials = json!({"email": person.email, "password": PASSWORD});
    registry.anyone().post("/api/v1/sessions", &credentials).await.expect(200).json
}

fn speaking(registry: &Registry, tokens: &Value) -> Client {
    registry.anyone().with_token(tokens["access_token"].as_str().expect("a token"))
}

fn refresh_token(tokens: &Value) -> Value {
    json!({"refresh_token": tokens["refresh_token"]})
}

async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session(engine: Engine) {
    let registry = Registry::start(engine).await;
    let person = Person::signs_up(&registry, "somebody").await;
    let first = sign_in(&registry, &person).await;
    let other = sign_in(&registry, &person).await;

    // It rotates: each refresh gives the next.
    let second = registry.anyone().post(REFRESH, &refresh_token(&first)).await.expect(200).json;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    speaking(&registry, &second).get("/api/v1/me").await.expect(200);

    // The first one comes back: whoever holds it is not the one who was given it, so nobody goes on.
    registry.anyone().post(REFRESH, &refresh_token(&first)).await.problem("sign-in-refused");
    registry.anyone().post(REFRESH, &refresh_token(&second)).await.problem("sign-in-refused");
    for tokens in [&first, &second] {
        speaking(&registry, tokens).get("/api/v1/me").await.problem("not-signed-in");
    }

    // The person's other sign-in is another family.
    speaking(&registry, &other).get("/api/v1/me").await.expect(200);
    registry.anyone().post(REFRESH, &refresh_token(&other)).await.expect(200);
}

async fn a_token_of_an_ended_session_is_worth_nothing(engine: Engine) {
    let registry = Registry::start(engine).await;
    let person = Person::signs_up(&registry, "somebody").await;
    let tokens = sign_in(&registry, &person).await;
    let client = speaking(&registry, &tokens);
    client.get("/api/v1/me").await.expect(200);

    client.delete("/api/v1/sessions/current").await.expect(204);
    client.get("/api/v1/me").await.problem("not-signed-in");
    registry.anyone().post(REFRESH, &refresh_token(&tokens)).await.problem("sign-in-refused");
    person.get("/api/v1/me").await.expect(200);

    // Nor is one that was altered, or that no key signed.
    let token = tokens["access_token"].as_str().expect("a token");
    let unsigned = &token[..=token.rfind('.').expect("three parts")];
    for token in [unsigned, &format!("{token}A"), "none", ""] {
        registry.anyone().with_token(token).get("/api/v1/me").await.problem("not-signed-in");
    }
    registry.anyone().get("/api/v1/me").await.problem("not-signed-in");
}

async fn who_somebody_is_counts_when_the_request_is_whole(engine: Engine) {
    let registry = Registry::start(engine).await;
    let company = Company::registers(&registry, 1).await;
    let colleague = Person::signs_up(&registry, "colleague").await;
    let members = format!("/api/v1/parties/{}/members", company.id);
    let member = json!({"email": colleague.email, "role": "applicant"});
    let membership = company.member.post(&members, &member).await.expect(201);
    colleague.accepts_invitations().await;
    let facilities = format!("/api/v1/parties/{}/facilities", company.id);
    let facility = json!({"kind": "site", "name": "Late works", "address": "1 Example",
        "region": "JP-23", "country": "JP"});
    let late = async |by: &Client| {
        by.post_late(&facilities, "application/json", facility.to_string()).await
    };

    // The head of a request is there; until its body is, much may happen.
    let in_time = late(&colleague).await;
    in_time.arrives().await.expect(201);
    let tokens = sign_in(&registry, &colleague).await;
    let signed_out = speaking(&registry, &tokens);
    let of_an_ended_session = late(&signed_out).await;
    signed_out.delete("/api/v1/sessions/current").await.expect(204);
    of_an_ended_session.arrives().await.problem("not-signed-in");
    let of_a_former_member = late(&colleague).await;
    company.member.delete(&format!("{members}/{}", membership.text("/id"))).await.expect(204);
    of_a_former_member.arrives().await.problem("not-found");
    let sites = company.member.get(&facilities).await.expect(200);
    let names = sites.json.as_array().into_iter().flatten().map(|site| &site["name"]);
    assert_eq!(names.filter(|name| **name == "Late works").count(), 1);
}

async fn a_password_is_guessed_ever_more_slowly(engine: Engine) {
    let registry = Registry::start(engine).await;
    let person = Person::signs_up(&registry, "somebody").await;
    let wrong = json!({"email": person.email, "password": "correct horse battery stable"});
    let unknown = json!({"email": "nobody@people.example", "password": PASSWORD});
    let refused =
        registry.anyone().post("/api/v1/sessions", &wrong).await.problem("sign-in-refused");
    let stranger =
        registry.anyone().post("/api/v1/sessions", &unknown).await.problem("sign-in-refused");
    assert_eq!(refused["detail"], stranger["detail"], "whether an account exists stays untold");

    let mut last = Value::Null;
    for _ in 0..8 {
        let answer = registry.anyone().post("/api/v1/sessions", &wrong).await;
        last = answer.problem_of(&["sign-in-refused", "slow-down"]);
    }
    assert_eq!(last["type"], "/problems/slow-down", "{last:#}");
    // Not even the right password is tried while one has to wait.
    let right = json!({"email": person.email, "password": PASSWORD});
    registry.anyone().post("/api/v1/sessions", &right).await.problem("slow-down");
}

async fn a_request_sent_twice_is_carried_out_once(engine: Engine) {
    let registry = Registry::start(engine).await;
    let company = Company::registers(&registry, 1).await;
    let client = company.member.with_header("idempotency-key", "7f9c2ba4-e88f-4d2a");
    let facilities = format!("/api/v1/parties/{}/facilities", company.id);
    let count = async || {
        let listed = company.member.get(&facilities).await.expect(200);
        listed.json.as_array().expect("facilities").len()
    };
    let site = |name: &str| {
        json!({"kind": "site", "name": name, "address": "2-1 Example", "region": "JP-23", "country": "JP",
               "workers": 5})
    };
    let before = count().await;

    let first = client.post(&facilities, &site("Second works")).await.expect(201);
    let again = client.post(&facilities, &site("Second works")).await.expect(201);
    assert_eq!(again.json, first.json);
    assert_eq!(count().await, before + 1);

    // The same key with another request is a mistake of the caller.
    client.post(&facilities, &site("Third works")).await.problem("idempotency-mismatch");
    assert_eq!(count().await, before + 1);

    // Keys are told apart by account: a stranger's same key replays nothing.
    let stranger = Person::signs_up(&registry, "stranger").await;
    let stranger = stranger.with_header("idempotency-key", "7f9c2ba4-e88f-4d2a");
    stranger.post(&facilities, &site("Second works")).await.problem("not-found");

    // A refusal is not an answer to be kept: once it is put right, the key may carry the request.
    let party = |number: &str| {
        json!({"kind": "company", "name": "Example Weaving", "country": "JP",
               "identifiers": [{"scheme": "jp_corporate_number", "value": number}]})
    };
    let client = company.member.with_header("idempotency-key", "another");
    client.post("/api/v1/parties", &party(&company.corporate_number)).await.problem("duplicate");
    client.post("/api/v1/parties", &party(&corporate_number(2))).await.expect(201);
}

on_both_engines!(
    who_somebody_is_counts_when_the_request_is_whole,
    a_refresh_token_is_good_once_and_its_reuse_ends_the_session,
    a_token_of_an_ended_session_is_worth_nothing,
    a_password_is_guessed_ever_more_slowly,
    a_request_sent_twice_is_carried_out_once,
);
