//! How a buyer keeps up with a registry: the root once, then what is new.

use std::fs;
use std::process::{Command, Output};

use akashi_tests::{
    Answer, Body, Company, Engine, LEADING, Offline, Registry, Sides, akashi_verify, eventually,
    on_both_engines,
};
use akashi_verifier::trust::delta;
use akashi_verifier::{Trust, TrustError};
use serde_json::{Value, json};
use tempfile::TempDir;

const BUNDLE: &str = "/.well-known/akashi/trust-bundle";

/// A buyer who pinned the registry's root and fetches from it.
struct Subscriber {
    folder: TempDir,
    registry: String,
}

impl Subscriber {
    async fn of(registry: &Registry) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = registry.anyone().get("/.well-known/akashi/root").await.expect(200).body;
        fs::write(folder.path().join("root"), root).expect("the folder can be written");
        let subscriber = Self { folder, registry: registry.address() };
        assert!(subscriber.run(&["trust", "pin", "root"]).status.success());
        subscriber
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(akashi_verify());
        command.args(arguments).current_dir(self.folder.path());
        command.env("XDG_STATE_HOME", self.folder.path()).env_remove("HOME");
        command.output().expect("akashi-verify can be started")
    }

    /// Updates; gives how many bytes came.
    fn update(&self) -> usize {
        let output = self.run(&["trust", "update", &self.registry]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let bytes = said.split(' ').skip_while(|word| *word != "stored,").nth(1);
        bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or_default()
    }

    fn verdict(&self, credential: &[u8]) -> String {
        fs::write(self.folder.path().join("a.json"), credential)
            .expect("the folder can be written");
        let output = self.run(&["a.json", "--format", "json"]);
        let items: Value = serde_json::from_slice(&output.stdout).expect("an answer");
        items[0]["verdict"].as_str().expect("a verdict").to_owned()
    }
}

async fn a_subscriber_learns_of_a_withdrawal_by_a_part_of_the_bundle(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    let credential = granted.credential(&registry).await;
    Offline::once_told(&registry, &credential, "valid").await;
    let subscriber = Subscriber::of(&registry).await;
    let whole = subscriber.update();
    assert_eq!(subscriber.verdict(&credential), "valid");
    let old = registry.anyone().get(BUNDLE).await.expect(200).body;

    let withdraw = json!({"public_reason": "Workers were made to pay."});
    granted.is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    let (part, _) = eventually(
        "an update that tells of the withdrawal",
        async || (subscriber.update(), subscriber.verdict(&credential)),
        |(_, verdict)| verdict == "revoked",
    )
    .await;
    assert!(0 < part && part * 3 < whole * 2, "{part} of {whole} bytes");

    // Whoever hands over the bundle from before gets no verdict out of it.
    fs::write(subscriber.folder.path().join("old"), old).expect("the folder can be written");
    let output = subscriber.run(&["a.json", "--trust", "old"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && errors.contains("bundle_older"), "{errors}");
}

/// A bundle that names so many bodies.
async fn bundle_of(registry: &Registry, bodies: usize) -> Answer {
    let ask = async || registry.anyone().get(BUNDLE).await;
    let names = |answer: &Answer| answer.json["signed"]["bodies"].as_array().map(Vec::len);
    eventually("a bundle with its bodies", ask, |answer| names(answer) == Some(bodies)).await
}

async fn a_delta_makes_the_newest_bundle_of_any_that_was_published(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let earlier = bundle_of(&registry, 1).await;
    body.joined_by_another(&registry).await;
    let newest = bundle_of(&registry, 2).await;
    let anyone = registry.anyone();
    let root = anyone.get("/.well-known/akashi/root").await.expect(200).body;
    for held in [&earlier, &newest] {
        let from = held.number("/signed/version");
        let answer = anyone.get(&format!("{BUNDLE}?from={from}")).await.expect(200);
        assert_eq!(answer.header("content-type"), Some(delta::MEDIA_TYPE));
        assert!(answer.header("etag").is_some() && answer.header("akashi-leaf").is_some());
        let made = delta::apply(&held.body, &answer.body).expect("a bundle");
        let trust = Trust::open(&root, &made, None).expect("it is signed");
        assert_eq!(trust.bundle().bodies.len(), 2);
    }
    // Of a version that was never published, the whole; and of what is no version, nothing.
    for from in ["0", "-1", "999999"] {
        let answer = anyone.get(&format!("{BUNDLE}?from={from}")).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{from}");
        Trust::open(&root, &answer.body, None).expect("a bundle");
    }
    anyone.get(&format!("{BUNDLE}?from=x")).await.expect(400);
}

async fn each_registry_has_keys_of_its_own(engine: Engine) {
    let (one, other) = (Registry::start(engine).await, Registry::start(engine).await);
    let root = one.anyone().get("/.well-known/akashi/root").await.expect(200);
    assert_eq!(root.number("/signed/threshold"), 2);
    assert_eq!(root.at("/signed/root_keys").as_array().map(Vec::len), Some(3));
    let bundle = bundle_of(&other, 0).await;
    let refused = Trust::open(&root.body, &bundle.body, None).expect_err("another's bundle");
    assert_eq!(refused, TrustError::BundleWronglySigned);
}

async fn a_bundle_travels_compressed_for_whoever_can_read_it(engine: Engine) {
    let registry = Registry::start(engine).await;
    let anyone = registry.anyone();
    eventually("a bundle", async || anyone.get(BUNDLE).await, |answer| answer.status == 200).await;
    let plain = anyone.get(BUNDLE).await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    let packed = anyone.with_header("accept-encoding", "gzip").get(BUNDLE).await.expect(200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    let mut vary = packed.headers.get_all("vary").iter();
    assert!(vary.any(|names| names == "accept-encoding"), "caches are told");
}

async fn a_root_is_had_by_its_version(engine: Engine) {
    let registry = Registry::start(engine).await;
    let anyone = registry.anyone();
    let newest = anyone.get("/.well-known/akashi/root").await.expect(200);
    let first = anyone.get("/.well-known/akashi/root/1").await.expect(200);
    assert_eq!((first.number("/signed/version"), &first.body), (1, &newest.body));
    assert_eq!(first.header("cache-control"), Some("public, max-age=86400"));
    anyone.get("/.well-known/akashi/root/2").await.problem("not-found");
    anyone.get("/.well-known/akashi/root/one").await.expect(400);
}

on_both_engines!(
    a_subscriber_learns_of_a_withdrawal_by_a_part_of_the_bundle,
    a_delta_makes_the_newest_bundle_of_any_that_was_published,
    each_registry_has_keys_of_its_own,
    a_bundle_travels_compressed_for_whoever_can_read_it,
    a_root_is_had_by_its_version,
);
