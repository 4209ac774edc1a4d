//! Files and bodies that are too large, or not what they say.

use akashi_tests::{Application, Body, Company, Engine, Length, Registry, Sides, on_both_engines};
use serde_json::{Value, json};

const MIB: usize = 1024 * 1024;
/// A gigabyte, in mebibytes.
const GIGABYTE: usize = 1024;
/// The largest piece of evidence that is taken.
const EVIDENCE_LIMIT: usize = 20 * MIB;
/// By how much the process may grow while a gigabyte is sent to it.
const GROWTH_MAX: u64 = 64 * MIB as u64;

fn evidence_for(application: &Application<'_>) -> String {
    format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30",
        application.id
    )
}

async fn evidence_is_of_its_declared_type_and_within_the_limit(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let (member, path) = (&company.member, evidence_for(&application));
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    let pdf = b"%PDF-1.7\n";

    for (case, media_type, content) in [
        ("a picture that says it is a PDF", "application/pdf", &png[..]),
        ("a PDF that says it is a picture", "image/png", pdf),
        ("a program that says it is a PDF", "application/pdf", b"MZ\x90\0"),
        ("binary that says it is text", "text/plain", b"a\0b"),
        ("a type that is not taken", "application/x-msdownload", b"MZ\x90\0"),
        ("a page", "text/html", b"<script>alert(1)</script>"),
    ] {
        let answer = member.post_body(&path, media_type, content.to_vec()).await;
        let problem = answer.problem("unsupported-media-type");
        assert!(problem["detail"].is_string(), "{case}: {problem:#}");
    }
    member.post_body(&path, "application/pdf", "").await.problem("malformed-body");
    for length in [Length::Declared, Length::Untold] {
        let problem = member.flood(&path, "application/pdf", 21, length).await.problem("too-large");
        assert_eq!(problem["limit"], json!(EVIDENCE_LIMIT), "{length:?}");
    }

    // A period that ends before it begins, or is none.
    for period in
        ["period_from=2026-06-30&period_to=2026-01-01", "period_from=soon&period_to=later", ""]
    {
        let path = format!("/api/v1/evidence?application={}&{period}", application.id);
        let answer = member.post_body(&path, "application/pdf", pdf.to_vec()).await;
        answer.problem_of(&["invalid", "malformed-request"]);
    }
    assert_eq!(registry.evidence_files(), Vec::<std::path::PathBuf>::new(), "nothing is kept");

    // Just at the limit it is taken, and comes back as it was.
    let mut largest = pdf.to_vec();
    largest.resize(EVIDENCE_LIMIT, b' ');
    let taken = member.post_body(&path, "application/pdf", largest.clone()).await.expect(201);
    assert_eq!(registry.evidence_files().len(), 1);
    let evidence = format!("/api/v1/evidence/{}", taken.text("/id"));
    assert!(
        member.get(&evidence).await.expect(200).body == largest,
        "the file comes back as it was"
    );
    // It speaks to a criterion and a facility that are there.
    for (criterion, facility, place) in
        [("RH-99.1", &company.whole, "/criterion"), ("RH-1.1", &body.id, "/facility")]
    {
        let link =
            json!({"application": application.id, "criterion": criterion, "facility": facility});
        let problem = member.post(&format!("{evidence}/links"), &link).await.problem("invalid");
        assert_eq!(problem["members"][0]["place"], place, "{problem:#}");
    }
    assert_eq!(application_evidence(&application).await, json!([]));
}

async fn a_name_that_carries_a_path_or_misleads_is_refused(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let attach = async |name: &str| {
        let path = format!("{}&name={name}", evidence_for(&application));
        company.member.post_body(&path, "application/pdf", "%PDF-1.7\n").await
    };
    let (longest, too_long) = ("あ".repeat(255), "あ".repeat(256));
    for name in [
        "..%2Fx",
        "a%2Fb",
        "%2Fetc%2Fpasswd",
        "a%5Cb",
        "..%5C..%5Cx",
        "C:%5Cx",
        "a%0D%0Ab",
        "a%7Fb",
        "fdp%E2%80%AEexe.",
        "fdp%E2%81%A7exe.",
        &too_long,
    ] {
        let problem = attach(name).await.problem("invalid");
        assert_eq!(problem["members"][0]["place"], "name", "{name}: {problem:#}");
    }
    attach("a%00b").await.expect(400).problem("malformed-request");
    assert_eq!(registry.evidence_files(), Vec::<std::path::PathBuf>::new(), "nothing is kept");
    for name in ["..", "a..b", "%E5%AF%AE%20photo.pdf", &longest] {
        attach(name).await.expect(201);
    }
}

async fn application_evidence(application: &Application<'_>) -> Value {
    application.is_prepared().await;
    application.assessment_seen().await["evidence"].clone()
}

async fn a_gigabyte_is_refused_without_being_held(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let member = &company.member;
    let before = (registry.peak_memory(), application.seen().await);

    let anyone = registry.anyone().with_header("accept", "application/json");
    let (evidence, submit) = (evidence_for(&application), application.path("/submit"));
    for length in [Length::Declared, Length::Untold] {
        for (client, path, media_type, limit) in [
            (&**member, evidence.as_str(), "application/pdf", EVIDENCE_LIMIT),
            (member, &submit, "application/json", MIB),
            (&anyone, "/api/v1/sessions", "application/json", MIB),
            (&anyone, "/verify", "application/octet-stream", MIB),
        ] {
            let problem =
                client.flood(path, media_type, GIGABYTE, length).await.problem("too-large");
            assert_eq!(problem["limit"], json!(limit), "{path}, {length:?}");
        }
    }

    let growth = registry.peak_memory() - before.0;
    assert!(growth < GROWTH_MAX, "the process grew by {growth} bytes");
    assert_eq!(application.seen().await, before.1);
    assert_eq!(registry.evidence_files(), Vec::<std::path::PathBuf>::new(), "nothing is kept");
}

on_both_engines!(
    evidence_is_of_its_declared_type_and_within_the_limit,
    a_name_that_carries_a_path_or_misleads_is_refused,
    a_gigabyte_is_refused_without_being_held,
);
