//! Status lists come in shards; the next is long known when it is needed.

use akashi_tests::{
    Answer, Cast, Client, Engine, Offline, Registry, Step, eventually, grant, on_both_engines,
};
use akashi_verifier::status::{SHARD_ENTRIES, decode};
use serde_json::Value;

async fn a_shard_is_opened_at_half_and_given_out_once_it_is_known(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    let anyone = registry.anyone();
    let opens = cast.bring(1, Step::Deciding).await;
    let waits = cast.bring(2, Step::Deciding).await;
    let decide = async |path: String, version| {
        cast.decision_maker.post(&format!("{path}/decision"), &grant(version)).await
    };
    for purpose in ["refresh", "revocation", "suspension"] {
        list(&anyone, 1, purpose).await.problem("not-found");
    }

    // Half of the first shard was given out. The next place is still one of it …
    let half = format!("UPDATE status_shard SET counter = {}", SHARD_ENTRIES / 2);
    registry.is_tampered_with(&half).await;
    let version = cast.application(&opens).await.number("/version");
    let granted = decide(opens.application_path(), version).await.expect(201);
    assert_eq!(shard_of(&registry, granted.text("/credential")).await, 0);
    // … and the second stands in public, with no bit set, and in the bundle.
    for purpose in ["refresh", "revocation", "suspension"] {
        let ask = async || list(&anyone, 1, purpose).await;
        let published = eventually("the second shard", ask, |list| list.status == 200).await;
        let encoded = published.text("/credentialSubject/encodedList");
        let bits = decode(encoded).expect("a list");
        assert_eq!(bits.len() * 8, SHARD_ENTRIES as usize);
        assert!(bits.iter().all(|byte| *byte == 0), "{purpose}");
        let ask = async || anyone.get("/.well-known/akashi/trust-bundle").await.expect(200).json;
        let id = published.text("/id");
        eventually("a bundle with it", ask, |bundle| bundle.to_string().contains(id)).await;
    }

    // Until it has been in bundles for seven days none of its places is given out, whatever comes.
    let full = format!("UPDATE status_shard SET counter = {SHARD_ENTRIES} WHERE n = 0");
    registry.is_tampered_with(&full).await;
    let before = cast.application(&waits).await.json;
    let version = before["version"].as_i64().expect("a version");
    decide(waits.application_path(), version).await.problem("busy");
    assert_eq!(cast.application(&waits).await.json, before);

    // After that they are.
    let week = "UPDATE status_shard SET opened_at = opened_at - 604800000 WHERE n = 1";
    registry.is_tampered_with(week).await;
    let granted = decide(waits.application_path(), version).await.expect(201);
    assert_eq!(shard_of(&registry, granted.text("/credential")).await, 1);
}

async fn list(anyone: &Client, shard: u8, purpose: &str) -> Answer {
    anyone.get_as(&format!("/status/example-body-{shard}-{purpose}"), "application/vc").await
}

/// The shard in whose lists a credential has its place; it is released, and valid.
async fn shard_of(registry: &Registry, credential: &str) -> u8 {
    let (anyone, path) = (registry.anyone(), format!("/credentials/{credential}"));
    let ask = async || anyone.get_as(&path, "application/vc").await;
    let released = eventually("the release", ask, |answer| answer.status == 200).await;
    Offline::once_told(registry, &released.body, "valid").await;
    let statuses = released.json["credentialStatus"].as_array().expect("three entries");
    let shard = |status: &Value| {
        let list = status["statusListCredential"].as_str().expect("a list");
        list.rsplit('-').nth(1).expect("a shard").parse::<u8>().expect("a number")
    };
    let shards: Vec<u8> = statuses.iter().map(shard).collect();
    assert_eq!(shards, [shards[0]; 3], "three lists share their places");
    shards[0]
}

on_both_engines!(a_shard_is_opened_at_half_and_given_out_once_it_is_known);
