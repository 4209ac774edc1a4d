//! What a buyer may be handed in place of the registry's root and bundle: `akashi-verify` gives no verdict
//! on the strength of it, and says why.

use akashi_tests::{
    Body, Company, Engine, LEADING, Offline, Registry, Sides, eventually, on_both_engines,
};
use serde_json::{Value, json};

/// A registry with one certificate, and the files of a buyer who believes it.
struct Scene {
    registry: Registry,
    body: Body,
    credential: Vec<u8>,
    bundle: Value,
    root: Value,
}

impl Scene {
    async fn set(engine: Engine) -> Scene {
        let registry = Registry::start(engine).await;
        let body = Body::opens(&registry).await;
        let company = Company::registers(&registry, 1).await;
        let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
        let credential = granted.credential(&registry).await;
        Offline::once_told(&registry, &credential, "valid").await;
        let bundle =
            registry.anyone().get("/.well-known/akashi/trust-bundle").await.expect(200).json;
        let root = registry.anyone().get("/.well-known/akashi/root").await.expect(200).json;
        Scene { registry, body, credential, bundle, root }
    }

    /// What a buyer is told who is handed these two.
    #[track_caller]
    fn refusal(&self, bundle: &Value, root: &Value) -> String {
        let buyer = Offline::trusting(bundle.to_string().as_bytes(), root.to_string().as_bytes());
        let verification = buyer.verify(&self.credential);
        assert_eq!(verification.exit, 2, "{verification:#?}");
        verification.errors
    }
}

async fn a_bundle_that_is_altered_or_not_the_registry_s_gives_no_verdict(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (bundle, root) = (&scene.bundle, &scene.root);
    let good = Offline::trusting(bundle.to_string().as_bytes(), root.to_string().as_bytes());
    assert_eq!(good.verify(&scene.credential).verdict(), "valid", "the unaltered files are good");

    let altered = |alter: &dyn Fn(&mut Value)| {
        let mut bundle = bundle.clone();
        alter(&mut bundle);
        bundle
    };
    let other_key = scene.root["signatures"][0].clone();
    for (case, bundle, code) in [
        (
            "a later end",
            altered(&|b| b["signed"]["expires"] = json!("2099-01-01T00:00:00Z")),
            "bundle_wrongly_signed",
        ),
        (
            "no status lists",
            altered(&|b| b["signed"]["status_lists"] = json!([])),
            "bundle_wrongly_signed",
        ),
        ("no signature", altered(&|b| b["signatures"] = json!([])), "bundle_wrongly_signed"),
        (
            "another's signature",
            altered(&|b| b["signatures"] = json!([other_key])),
            "bundle_wrongly_signed",
        ),
        ("half a bundle", altered(&|b| b["signed"] = json!({})), "bundle_unreadable"),
        ("a list", json!([]), "bundle_unreadable"),
    ] {
        let said = scene.refusal(&bundle, root);
        assert!(said.contains(code), "{case}: {said}");
    }
}

async fn a_root_needs_as_many_signatures_as_it_says(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (bundle, root) = (&scene.bundle, &scene.root);
    assert_eq!(root["signed"]["threshold"], 2);
    let altered = |alter: &dyn Fn(&mut Value)| {
        let mut root = root.clone();
        alter(&mut root);
        root
    };
    let first = root["signatures"][0].clone();
    let mut mistaken = first.clone();
    mistaken["sig"] = root["signatures"][1]["sig"].clone();
    for (case, root, code) in [
        ("one signature", altered(&|r| r["signatures"] = json!([first])), "root_under_signed"),
        (
            "one signature twice",
            altered(&|r| r["signatures"] = json!([first, first])),
            "root_under_signed",
        ),
        (
            "one good and one bad",
            altered(&|r| r["signatures"] = json!([first, mistaken])),
            "root_under_signed",
        ),
        ("none", altered(&|r| r["signatures"] = json!([])), "root_under_signed"),
        (
            "a lower threshold",
            altered(&|r| r["signed"]["threshold"] = json!(1)),
            "root_under_signed",
        ),
        (
            "a threshold of none",
            altered(&|r| r["signed"]["threshold"] = json!(0)),
            "root_threshold",
        ),
        (
            "another bundle key",
            altered(&|r| {
                r["signed"]["bundle_key"] = r["signed"]["root_keys"][0].clone();
            }),
            "root_under_signed",
        ),
        ("no root", json!({}), "root_unreadable"),
    ] {
        let said = scene.refusal(bundle, &root);
        assert!(said.contains(code), "{case}: {said}");
    }
}

async fn another_registry_s_bundle_is_not_under_this_root(engine: Engine) {
    let scene = Scene::set(engine).await;
    let other = Registry::start(engine).await;
    let bundle = eventually(
        "the other registry's bundle",
        async || other.anyone().get("/.well-known/akashi/trust-bundle").await,
        |answer| answer.status == 200,
    )
    .await;
    let said = scene.refusal(&bundle.json, &scene.root);
    assert!(said.contains("bundle_wrongly_signed"), "{said}");
}

async fn a_bundle_older_than_one_seen_gives_no_verdict(engine: Engine) {
    let scene = Scene::set(engine).await;
    let root = scene.root.to_string();
    let old = scene.bundle.to_string();
    let buyer = Offline::trusting(old.as_bytes(), root.as_bytes());
    assert_eq!(buyer.verify(&scene.credential).verdict(), "valid");

    // The certificate is withdrawn; the buyer sees the newer bundle, then is handed the older one again.
    let number = buyer.verify(&scene.credential).item()["certificate"]
        .as_str()
        .expect("a number")
        .to_owned();
    let certificate = format!("/api/v1/certificates/{number}");
    let decider = &scene.body.decision_maker;
    let version = decider.get(&certificate).await.expect(200).number("/version");
    let withdraw = json!({
        "version": version, "public_reason": "Workers were made to pay.",
        "reason": {"text": "Seen on a visit.", "lang": "en"},
    });
    decider.post(&format!("{certificate}/withdraw"), &withdraw).await.expect(200);
    let anyone = scene.registry.anyone();
    let newer = eventually(
        "a bundle that knows of the withdrawal",
        async || {
            let bundle = anyone.get("/.well-known/akashi/trust-bundle").await.expect(200).body;
            buyer.is_handed(&bundle, root.as_bytes());
            buyer.verify(&scene.credential)
        },
        |verification| verification.verdict() == "revoked",
    )
    .await;
    assert_eq!(newer.check("rollback")["outcome"], "passed");

    buyer.is_handed(old.as_bytes(), root.as_bytes());
    let older = buyer.verify(&scene.credential);
    assert_eq!((older.exit, older.items.len()), (2, 0), "{older:#?}");
    assert!(older.errors.contains("bundle_older"), "{}", older.errors);
    // Another buyer, who saw no newer one, is told that this was not checked.
    let other = Offline::trusting(old.as_bytes(), root.as_bytes()).verify(&scene.credential);
    assert_eq!(other.check("rollback")["outcome"], "not_checked");
}

on_both_engines!(
    a_bundle_that_is_altered_or_not_the_registry_s_gives_no_verdict,
    a_root_needs_as_many_signatures_as_it_says,
    another_registry_s_bundle_is_not_under_this_root,
    a_bundle_older_than_one_seen_gives_no_verdict,
);
