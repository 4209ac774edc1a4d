//! A name that looks like another's, or is put on by whoever may not.

use akashi_tests::{Body, Client, Engine, Registry, corporate_number, on_both_engines};
use serde_json::{Value, json};

async fn a_name_looks_like_what_it_is(engine: Engine) {
    let registry = Registry::start(engine).await;
    let somebody = registry.sign_up("somebody@people.example").await;
    let company = |name: &str| {
        json!({"kind": "company", "name": name, "country": "JP",
            "identifiers": [{"scheme": "jp_corporate_number", "value": corporate_number(1)}]})
    };
    for name in [
        "\u{202e}skrowlateM elpmaxE",
        "Example\u{200b} Metalworks",
        "Example\u{ad}Metalworks",
        "\u{feff}Example Metalworks",
        "Example\u{2066}Metalworks",
        "Example\u{1b}[2J",
    ] {
        let refused = somebody.post("/api/v1/parties", &company(name)).await.problem("invalid");
        assert_eq!(refused["members"][0]["place"], "/name", "{name:?}: {refused:#}");
    }
    // Some scripts are not written without a joiner.
    somebody.post("/api/v1/parties", &company("نمونه\u{200c}ها")).await.expect(201);
}

async fn a_body_is_renamed_by_an_operator_alone(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let path = format!("/api/v1/parties/{}", body.id);
    let seen = async || body.quality_manager.get(&path).await.expect(200).json;
    let before = seen().await;
    let rename = |party: &Value| json!({"version": party["version"], "name": "Renamed Body"});
    for person in [&body.quality_manager, &body.decision_maker] {
        person.patch(&path, &rename(&before)).await.problem("forbidden");
    }
    assert_eq!(seen().await, before);

    // What the body itself says of itself an operator does not say beside the name.
    let mut more = rename(&before);
    more["terms"] = before["terms"].clone();
    let operator: &Client = &body.operator;
    operator.patch(&path, &more).await.problem("not-found");
    operator.patch(&path, &rename(&before)).await.expect(200);
    assert_eq!(seen().await["name"], "Renamed Body");
}

on_both_engines!(a_name_looks_like_what_it_is, a_body_is_renamed_by_an_operator_alone);
