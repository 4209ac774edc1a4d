//! JSON that is made to cost more than its bytes.

use akashi_tests::{Body, Engine, Registry, on_both_engines};
use serde_json::json;

/// An object whose one member some readers take for a text that is JSON in its turn, and so on, until they leave their stack.
const JSON_WITHIN_JSON: &str =
    include_str!("../../../verifier/tests/corpus/files/foreign-json-within-json.json");

async fn a_text_within_a_text_is_not_read_as_json_again(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let anyone = registry.anyone().with_header("accept", "application/json");
    let report = anyone.post_body("/verify", "application/octet-stream", JSON_WITHIN_JSON).await;
    assert_eq!(report.expect(200).text("/verdict"), "malformed");

    let owner = json!(body.owner_party);
    let draft = format!(r#"{{"owner":{owner},"programme":{JSON_WITHIN_JSON}}}"#);
    let drafts = "/api/v1/programmes/responsible-hosting/drafts";
    let problem = body.owner.post_body(drafts, "application/json", draft).await.problem("invalid");
    assert_eq!(problem["members"][0]["place"], "/programme", "{problem:#}");
}

on_both_engines!(a_text_within_a_text_is_not_read_as_json_again);
