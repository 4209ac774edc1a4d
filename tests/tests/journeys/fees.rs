//! What an application costs is read before it is paid; and what a body does is counted.

use akashi_tests::{Body, Company, Engine, LEADING, Registry, Sides, on_both_engines, text};
use serde_json::{Value, json};

async fn a_fee_is_quoted_invoiced_and_paid(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let (manager, fees) = (&body.quality_manager, application.path("/fees"));
    let fee = json!({"item": "Initial assessment", "amount": 150_000, "currency": "JPY"});
    let id = manager.post(&fees, &fee).await.expect(201).text("/id").to_owned();
    for wrong in [
        json!({"item": "", "amount": 1, "currency": "JPY"}),
        json!({"item": "Travel\u{202e}", "amount": 1, "currency": "JPY"}),
        json!({"item": "Travel", "amount": -1, "currency": "JPY"}),
        json!({"item": "Travel", "amount": 1, "currency": "yen"}),
    ] {
        manager.post(&fees, &wrong).await.problem("invalid");
    }
    let read = async || company.member.get(&fees).await.expect(200).json[0].clone();
    let quoted = read().await;
    assert_eq!((&quoted["item"], &quoted["amount"]), (&fee["item"], &fee["amount"]));
    assert_eq!((&quoted["state"], &quoted["paid_at"]), (&json!("quoted"), &Value::Null));
    let version = |n: i64| json!({"version": n});
    manager.post(&format!("/api/v1/fees/{id}/invoice"), &version(1)).await.expect(200);
    manager.post(&format!("/api/v1/fees/{id}/pay"), &version(1)).await.problem("stale-version");
    manager.post(&format!("/api/v1/fees/{id}/pay"), &version(2)).await.expect(200);
    let paid = read().await;
    assert_eq!(paid["state"], "paid");
    assert!(paid["invoiced_at"].is_string() && paid["paid_at"].is_string(), "{paid}");
    registry.discard().await;
}

async fn what_a_body_does_is_counted_for_everybody(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let other = body.joined_by_another(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    granted.credential(&registry).await;
    let suspend =
        json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
    granted.is_decided_on(&body, "suspend", suspend).await.expect(200);
    let withdraw = json!({"public_reason": "Workers were made to pay."});
    let withdrawn = granted.is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    let complaint = json!({"about": {"body": body.slug}, "text": text("Nobody answers.")});
    let filed = registry.anyone().post("/api/v1/complaints", &complaint).await.expect(201);
    let answer = json!({"version": 1, "answer": text("We do now.")});
    let path = format!("/api/v1/complaints/{}/resolve", filed.text("/id"));
    body.quality_manager.post(&path, &answer).await.expect(200);
    let appeal = json!({"decision": withdrawn.at("/decision"), "grounds": text("Nobody paid.")});
    company.member.post("/api/v1/appeals", &appeal).await.expect(201);

    let counts = async |slug: &str| {
        registry.anyone().get(&format!("/bodies/{slug}/counts")).await.expect(200).json
    };
    let counted = counts(&body.slug).await;
    let years = counted["years"].as_array().expect("years");
    // A test that runs at the turn of a year counts in two.
    let sum = |what: &str| years.iter().filter_map(|year| year[what].as_i64()).sum::<i64>();
    for (what, expected) in [
        ("applications_decided", 1),
        ("grants", 1),
        ("refusals", 0),
        ("suspensions", 1),
        ("withdrawals", 1),
        ("complaints_received", 1),
        ("complaints_resolved", 1),
        ("complaints_dismissed", 0),
        ("appeals_filed", 1),
        ("appeals_overturned", 0),
    ] {
        assert_eq!(sum(what), expected, "{what}: {counted:#}");
    }
    assert!(!counted.to_string().contains(akashi_tests::COMPANY_NAME), "{counted:#}");
    assert_eq!(counts(&other.slug).await["years"], json!([]));
    registry.anyone().get("/bodies/example-owner/counts").await.problem("not-found");
    registry.discard().await;
}

on_both_engines!(a_fee_is_quoted_invoiced_and_paid, what_a_body_does_is_counted_for_everybody,);
