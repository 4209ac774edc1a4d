//! What the operator's monitoring reads: measures on a port of their own.

use std::collections::BTreeMap;

use akashi_tests::{Body, Company, Engine, LEADING, Registry, Sides, eventually, on_both_engines};
use serde_json::json;

/// The measures: the value of each series.
async fn measures(registry: &Registry) -> BTreeMap<String, f64> {
    let said = registry.said();
    let address = said.lines().find_map(|line| line.strip_prefix("measures: "));
    let answer = reqwest::get(address.expect("serve says where")).await.expect("an answer");
    let media_type = answer.headers()["content-type"].to_str().expect("ASCII").to_owned();
    assert!(media_type.starts_with("application/openmetrics-text"), "{media_type}");
    let text = answer.text().await.expect("text");
    assert!(text.ends_with("# EOF\n"), "{text}");
    let series = text.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    series.map(|line| value(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

async fn requests_jobs_and_the_log_are_measured_on_their_own_port(engine: Engine) {
    let registry = Registry::start_with(engine, &["--metrics", "127.0.0.1:0"]).await;
    let anyone = registry.anyone();
    let company = Company::registers(&registry, 1).await;
    for _ in 0..3 {
        anyone.get(&format!("/facilities/{}", company.whole)).await.problem("not-found");
    }
    anyone.get("/metrics").await.problem("not-found");

    let calm = |seen: &BTreeMap<String, f64>| {
        seen["akashi_jobs_waiting"] == 0.0 && seen.contains_key("akashi_bundle_age_seconds")
    };
    let seen = eventually("a calm registry", async || measures(&registry).await, calm).await;
    let requests = |route: &str, method: &str, class: &str| {
        let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{class}\"}}");
        seen.get(&format!("akashi_request_duration_seconds_count{labels}")).copied()
    };
    assert_eq!(requests("/facilities/{id}", "GET", "4xx"), Some(3.0));
    assert_eq!(requests("/facilities/{id}", "GET", "2xx"), None);
    assert_eq!(requests("/api/v1/parties", "POST", "2xx"), Some(1.0));
    assert_eq!(seen["akashi_jobs_failed"], 0.0);
    assert_eq!(seen["akashi_log_leaves_unsequenced"], 0.0);
    assert_eq!(seen["akashi_issue_failed"], 0.0);
    let hour = 0.0..3600.0;
    assert!(hour.contains(&seen["akashi_bundle_age_seconds"]));
    assert!(hour.contains(&seen["akashi_checkpoint_age_seconds"]));
    assert!(!seen.keys().any(|name| name.contains(&company.whole)), "no ids in labels");
}

async fn what_fails_is_measured_until_it_is_mended(engine: Engine) {
    let mut registry = Registry::start_with(engine, &["--metrics", "127.0.0.1:0"]).await;
    let body = Body::opens(&registry).await;
    let companies =
        [Company::registers(&registry, 1).await, Company::registers(&registry, 2).await];
    let certified = Sides { body: &body, company: &companies[0] };
    let certified = certified.certify(LEADING, "leading").await;
    certified.credential(&registry).await;
    certified.public_once(&registry, "active").await;
    let application = Sides { body: &body, company: &companies[1] }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;
    let failed = async |registry: &Registry| {
        let seen = measures(registry).await;
        (seen["akashi_issue_failed"], seen["akashi_jobs_failed"] > 0.0)
    };
    assert_eq!(failed(&registry).await, (0.0, false));

    // One credential cannot be signed, nor the list that says that another counts no more.
    registry.issuer_keys_are_broken().await;
    let granted = application.is_granted("leading").await;
    let withdraw = json!({"public_reason": "Workers were made to pay."});
    certified.is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    eventually("both failures", async || failed(&registry).await, |seen| *seen == (1.0, true))
        .await;

    registry.issuer_keys_are_mended().await;
    eventually("the list", async || failed(&registry).await, |seen| *seen == (1.0, false)).await;
    let seen = format!("/api/v1/certificates/{}", granted.certificate);
    let seen = body.quality_manager.get(&seen).await.expect(200);
    let retry = format!("/api/v1/credentials/{}/retry", granted.credential);
    let version = json!({"version": seen.number("/version")});
    body.operator.post(&retry, &version).await.expect(200);
    granted.credential(&registry).await;
    granted.public_once(&registry, "active").await;
    assert_eq!(failed(&registry).await, (0.0, false));
}

on_both_engines!(
    requests_jobs_and_the_log_are_measured_on_their_own_port,
    what_fails_is_measured_until_it_is_mended,
);
