//! What the public reads of certificates follows from the registry's own records: made anew, it is the same.

use std::process::Command;

use akashi_tests::{
    Body, CERTIFIED, Company, Engine, LEADING, Registry, Sides, akashi, eventually, on_both_engines,
};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

/// The public tables, row by row, but for the log leaf that a row reflects, which may be a later one.
const DUMPS: [&str; 4] = [
    "SELECT number || ' ' || id || ' ' || holder || ' ' || programme || ' ' || country || ' ' || state || ' ' || level
     || ' ' || CAST(valid_until AS TEXT) || ' ' || json AS line FROM public_certificate ORDER BY number",
    "SELECT gram || ' ' || number AS line FROM search_gram ORDER BY number, gram",
    "SELECT number || ' ' || CAST(ord AS TEXT) || ' ' || kind || ' ' || name || ' ' || folded AS line FROM search_name ORDER BY number, ord",
    "SELECT number || ' ' || place AS line FROM search_place ORDER BY number, place",
];

/// What happens to the public tables before they are made anew: rows lost, altered, and made up.
const DAMAGE: [&str; 6] = [
    "DELETE FROM search_gram WHERE gram LIKE 'e%'",
    "UPDATE search_name SET folded = 'x'",
    "DELETE FROM search_place",
    "UPDATE public_certificate SET state = 'active', json = '{}'",
    "INSERT INTO public_certificate (number, id, holder, programme, country, state, level, valid_until, json, leaf)
     VALUES ('AK-0000', 'x', 'Example', 'x', 'JP', 'active', 'leading', 0, '{}', 0)",
    "INSERT INTO search_gram (gram, number) VALUES ('x', 'AK-0000')",
];

async fn connect(registry: &Registry) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&registry.database()).await.expect("the database")
}

async fn dump(db: &mut AnyConnection) -> Vec<String> {
    let mut lines = Vec::new();
    for sql in DUMPS {
        let rows = db.fetch_all(sql).await.expect("reads");
        lines.extend(rows.iter().map(|row| row.get::<String, _>("line")));
    }
    lines
}

async fn what_is_made_anew_is_what_was_there(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let mut granted = Vec::new();
    for (n, below, level) in
        [(1, LEADING, "leading"), (2, CERTIFIED, "certified"), (3, LEADING, "leading")]
    {
        let company = Company::registers(&registry, n).await;
        let certificate = Sides { body: &body, company: &company }.certify(below, level).await;
        certificate.credential(&registry).await;
        granted.push(certificate);
    }
    let suspend =
        json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true});
    granted[0].is_decided_on(&body, "suspend", suspend).await.expect(200);
    granted[0].public_once(&registry, "suspended").await;
    let withdraw = json!({"public_reason": "Workers were made to pay."});
    granted[1].is_decided_on(&body, "withdraw", withdraw).await.expect(200);
    granted[1].public_once(&registry, "withdrawn").await;

    let mut db = connect(&registry).await;
    let before = dump(&mut db).await;
    let told = registry.anyone().get("/changes").await.expect(200).json;
    assert!(before.len() > 30, "{before:#?}");
    for damage in DAMAGE {
        db.execute(damage).await.unwrap_or_else(|error| panic!("{damage}: {error}"));
    }
    assert_ne!(dump(&mut db).await, before);

    assert_eq!(registry.run("rebuild"), "the public view was made anew: 3 certificates\n");

    assert_eq!(dump(&mut db).await, before);
    assert_eq!(registry.anyone().get("/changes").await.expect(200).json, told, "nobody was told");
    granted[0].public_once(&registry, "suspended").await;
    db.close().await.expect("closes");
}

/// Between the number of a leaf and the job that makes public what it says, the public view may be made anew.
async fn a_change_that_waits_to_be_made_public_is_told_once(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let certificate = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    certificate.credential(&registry).await;
    certificate.public_once(&registry, "active").await;
    let told = async || {
        let told = registry.anyone().get("/changes").await.expect(200).json;
        told["items"].as_array().expect("items").len()
    };
    let jobs = async || body.operator.get("/api/v1/jobs").await.expect(200).json;
    let waits = |jobs: &serde_json::Value| jobs.to_string().contains("publish");
    eventually("no job", jobs, |jobs| !waits(jobs)).await;
    assert_eq!(told().await, 1);

    let mut db = connect(&registry).await;
    for sql in [
        // The job is there, and not due before the rebuild: what the public reads is as it was before.
        "INSERT INTO job (id, kind, subject, due_at, attempts, created_at)
         SELECT 'x', 'publish', id, 9000000000000, 0, 0 FROM certificate",
        "UPDATE public_certificate SET state = 'suspended'",
    ] {
        db.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    registry.run("rebuild");
    assert_eq!(certificate.public(&registry).await["state"], "active");
    assert_eq!(told().await, 2);

    db.execute("UPDATE job SET due_at = 0 WHERE id = 'x'").await.expect("is due");
    eventually("no job", jobs, |jobs| !waits(jobs)).await;
    assert_eq!(told().await, 2, "the job tells nobody again");
    db.close().await.expect("closes");
}

#[test]
fn a_folder_without_a_registry_is_named_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let output = Command::new(akashi()).arg("rebuild").arg("--data").arg(&data).output();
    let output = output.expect("akashi runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("there is no registry in") && said.contains("name its folder"), "{said}");
    assert!(!data.exists());

    // Nor where a part of one is missing: a database or a seal key that was not named is not made anew.
    std::fs::create_dir_all(data.join("evidence")).expect("a folder");
    let output = Command::new(akashi()).arg("rebuild").arg("--data").arg(&data).output();
    assert_eq!(output.expect("akashi runs").status.code(), Some(1));
    let left: Vec<_> = std::fs::read_dir(&data).expect("the folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

on_both_engines!(
    what_is_made_anew_is_what_was_there,
    a_change_that_waits_to_be_made_public_is_told_once,
);
