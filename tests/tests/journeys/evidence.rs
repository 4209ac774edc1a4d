//! A company's files: kept once, read by those who assess, taken back.

use akashi_tests::{Body, Company, Engine, Registry, Sides, eventually, on_both_engines};
use serde_json::json;

async fn the_same_file_is_kept_once_and_stays_while_anything_needs_it(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let member = &company.member;
    let payslips = b"%PDF-1.7\nPayslips of the first half of the year.".to_vec();
    let attach = async |content: Vec<u8>, criterion: &str| {
        let file = format!(
            "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30",
            application.id
        );
        let attached = member.post_body(&file, "application/pdf", content).await.expect(201);
        let evidence = format!("/api/v1/evidence/{}", attached.text("/id"));
        let link = json!({"application": application.id, "criterion": criterion, "facility": company.whole});
        member.post(&format!("{evidence}/links"), &link).await.expect(201);
        evidence
    };

    // The same file speaks to two criteria, and the company attaches it to each.
    let fees = attach(payslips.clone(), "RH-1.1").await;
    let wages = attach(payslips.clone(), "RH-1.6").await;
    assert_ne!(fees, wages);
    assert_eq!(registry.evidence_files().len(), 1, "it is kept once");
    for evidence in [&fees, &wages] {
        assert_eq!(member.get(evidence).await.expect(200).body, payslips);
    }

    // Taken back from one criterion, it still speaks to the other.
    member.delete(&fees).await.expect(204);
    member.get(&fees).await.problem("erased");
    files_are_erased(&registry, attach(b"%PDF-1.7\nBy mistake.".to_vec(), "RH-1.1").await, member)
        .await;
    assert_eq!(registry.evidence_files().len(), 1, "it is still needed");
    assert_eq!(member.get(&wages).await.expect(200).body, payslips);

    // Handed in, it is what the lead assessor reads, and is not taken back any more.
    application.is_prepared().await;
    assert_eq!(body.lead.get(&wages).await.expect(200).body, payslips);
    let problem = member.delete(&wages).await.problem("wrong-state");
    assert_eq!(problem["allowed_from"], json!(["draft"]));
    assert_eq!(body.lead.get(&wages).await.expect(200).body, payslips);
}

async fn a_file_goes_when_nothing_needs_it_and_comes_back_when_it_is_attached_again(
    engine: Engine,
) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let member = &company.member;
    let file = format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30",
        application.id
    );
    let pdf = b"%PDF-1.7\nPayslips.".to_vec();
    let attach = async || {
        let attached = member.post_body(&file, "application/pdf", pdf.clone()).await.expect(201);
        format!("/api/v1/evidence/{}", attached.text("/id"))
    };
    let (first, second) = (attach().await, attach().await);
    member.delete(&first).await.expect(204);
    files_are_erased(&registry, second, member).await;
    assert!(registry.evidence_files().is_empty());

    let again = attach().await;
    assert_eq!(member.get(&again).await.expect(200).body, pdf);
    assert_eq!(registry.evidence_files().len(), 1);
}

/// Takes evidence back, and waits until there is one file less: by then every file that was taken back earlier
/// is gone too.
async fn files_are_erased(registry: &Registry, evidence: String, member: &akashi_tests::Client) {
    let before = registry.evidence_files().len();
    member.delete(&evidence).await.expect(204);
    let files = async || registry.evidence_files().len();
    eventually("the erasure", files, |files| *files < before).await;
}

on_both_engines!(
    the_same_file_is_kept_once_and_stays_while_anything_needs_it,
    a_file_goes_when_nothing_needs_it_and_comes_back_when_it_is_attached_again,
);
