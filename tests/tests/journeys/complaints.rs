//! Anyone complains, without an account; the body's quality manager answers, if he had no part in it.

use akashi_tests::{
    Body, Client, Company, Engine, Granted, LEADING, Person, Registry, Sides, on_both_engines, text,
};
use serde_json::{Value, json};

const COMPLAINTS: &str = "/api/v1/complaints";

/// A registry with one certified company.
struct Scene {
    registry: Registry,
    body: Body,
    company: Company,
    granted: Granted,
}

impl Scene {
    async fn set(engine: Engine) -> Scene {
        let registry = Registry::start(engine).await;
        let body = Body::opens(&registry).await;
        let company = Company::registers(&registry, 1).await;
        let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
        granted.credential(&registry).await;
        Scene { registry, body, company, granted }
    }

    /// Somebody without an account complains about the company; gives the complaint's path and its secret.
    async fn complains(&self) -> (String, String) {
        let complaint = json!({
            "about": {"certificate": self.granted.certificate},
            "text": text("Passports are kept in the office."),
            "contact": " Neighbour@People.example ",
        });
        let filed = self.registry.anyone().post(COMPLAINTS, &complaint).await.expect(201);
        assert_eq!(filed.text("/state"), "received");
        (format!("{COMPLAINTS}/{}", filed.text("/id")), filed.text("/secret").to_owned())
    }

    fn whoever_has(&self, secret: &str) -> Client {
        self.registry.anyone().with_header("complaint-secret", secret)
    }
}

async fn whoever_complains_comes_back_with_a_secret_and_reads_the_answer(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (path, secret) = scene.complains().await;
    assert_eq!(secret.len(), 43, "32 bytes in base64url");
    let neighbour = scene.whoever_has(&secret);
    let seen = neighbour.get(&path).await.expect(200);
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    assert_eq!(seen.text("/state"), "received");
    assert_eq!(seen.text("/certificate"), scene.granted.certificate);
    assert!(seen.text("/acknowledge_due_at") < seen.text("/answer_due_at"), "{seen}");
    assert_eq!(seen.at("/answer"), &Value::Null);
    scene.whoever_has("another").get(&path).await.problem("not-found");
    scene.registry.anyone().get(&path).await.problem("invalid");

    let manager = &scene.body.quality_manager;
    let list = manager.get(&format!("{COMPLAINTS}?body={}", scene.body.id)).await.expect(200);
    assert_eq!(list.text("/items/0/certificate"), scene.granted.certificate);
    let record = manager.get(&format!("{path}/record")).await.expect(200);
    assert_eq!(record.text("/text/text"), "Passports are kept in the office.");
    assert_eq!(record.text("/contact/text"), "neighbour@people.example");
    assert!(!record.json.to_string().contains(&secret), "{record}");

    let version = json!({"version": 1});
    manager.post(&format!("{path}/acknowledge"), &version).await.expect(200);
    assert_eq!(neighbour.get(&path).await.expect(200).text("/state"), "acknowledged");
    let answer = json!({"version": 1, "answer": text("We visit."), "outcome": "special_look"});
    manager.post(&format!("{path}/resolve"), &answer).await.problem("stale-version");
    let answer = json!({"version": 2, "answer": text("We visit."), "outcome": "special_look"});
    manager.post(&format!("{path}/resolve"), &answer).await.expect(200);
    let seen = neighbour.get(&path).await.expect(200);
    assert_eq!((seen.text("/state"), seen.text("/answer/text")), ("resolved", "We visit."));
    assert_eq!(seen.text("/outcome"), "special_look");
    scene.registry.discard().await;
}

async fn no_company_learns_of_a_complaint(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (path, _) = scene.complains().await;
    let member = &scene.company.member;
    member.get(&format!("{path}/record")).await.problem("not-found");
    member.get(&format!("{COMPLAINTS}?body={}", scene.body.id)).await.problem("not-found");
    let certificate = format!("/api/v1/certificates/{}", scene.granted.certificate);
    let export = member.get(&certificate).await.expect(200);
    let public = scene.granted.public(&scene.registry).await;
    for read in [export.json.to_string(), public.to_string()] {
        assert!(!read.contains("complain") && !read.contains("Passports"), "{read}");
    }
    scene.registry.discard().await;
}

async fn whoever_had_a_part_in_the_certificate_handles_no_complaint_about_it(engine: Engine) {
    let scene = Scene::set(engine).await;
    let (path, _) = scene.complains().await;
    let Body { lead, reviewer, decision_maker, quality_manager, .. } = &scene.body;
    let dismiss = json!({"version": 1, "answer": text("There is nothing to it.")});
    for person in [lead, reviewer, decision_maker] {
        scene.body.gives_role(person, "quality_manager").await;
        let refused = person.post(&format!("{path}/dismiss"), &dismiss).await;
        refused.problem("conflict-of-interest");
    }
    let tie = json!({"party": scene.company.id, "kind": "family", "from": "2026-01-01T00:00:00Z"});
    quality_manager.post("/api/v1/conflicts", &tie).await.expect(201);
    let refused = quality_manager.post(&format!("{path}/dismiss"), &dismiss).await;
    refused.problem("conflict-of-interest");
    let other: Person = scene.body.employs(&scene.registry, "second", "quality_manager").await;
    other.post(&format!("{path}/dismiss"), &dismiss).await.expect(200);
    scene.registry.discard().await;
}

async fn a_body_is_complained_of_by_its_address_or_its_id(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let anyone = registry.anyone();
    let complaint = |name: &str| json!({"about": {"body": name}, "text": text("Nobody answers.")});
    for name in [&body.slug, &body.id] {
        let filed = anyone.post(COMPLAINTS, &complaint(name)).await.expect(201);
        let path = format!("{COMPLAINTS}/{}", filed.text("/id"));
        // In it the quality manager acts for the body, whatever else.
        let answer = json!({"version": 1, "answer": text("We do now.")});
        body.quality_manager.post(&format!("{path}/resolve"), &answer).await.expect(200);
        let seen = anyone.with_header("complaint-secret", filed.text("/secret")).get(&path).await;
        let seen = seen.expect(200);
        assert_eq!((seen.text("/outcome"), seen.at("/certificate")), ("answer", &Value::Null));
    }
    for name in ["no-such-body", &company.id, &body.owner_party] {
        anyone.post(COMPLAINTS, &complaint(name)).await.problem("not-found");
    }
    let unknown =
        json!({"about": {"certificate": "AK-0000-0000-0"}, "text": text("Nobody answers.")});
    anyone.post(COMPLAINTS, &unknown).await.problem_of(&["not-found", "invalid"]);
    let long = json!({"about": {"body": body.slug}, "text": text(&"x".repeat(20_001))});
    anyone.post(COMPLAINTS, &long).await.problem("invalid");
    registry.discard().await;
}

on_both_engines!(
    whoever_complains_comes_back_with_a_secret_and_reads_the_answer,
    no_company_learns_of_a_complaint,
    whoever_had_a_part_in_the_certificate_handles_no_complaint_about_it,
    a_body_is_complained_of_by_its_address_or_its_id,
);
