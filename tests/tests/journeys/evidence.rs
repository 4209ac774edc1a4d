//! A company's files: kept once, read by those who assess, taken back.

use akashi_tests::{Body, Client, Company, Engine, Registry, Sides, eventually, on_both_engines};
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

/// The name is a text of the company's like the file: what was taken back is named no more, whatever else keeps the file.
async fn the_name_of_what_was_taken_back_is_not_shown(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let member = &company.member;
    let attach = async |name: &str, criterion: &str| {
        let file = format!(
            "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30&name={name}",
            application.id
        );
        let attached = member.post_body(&file, "application/pdf", "%PDF-1.7\nPayslips.").await;
        let evidence = format!("/api/v1/evidence/{}", attached.expect(201).text("/id"));
        let link = json!({"application": application.id, "criterion": criterion, "facility": company.whole});
        member.post(&format!("{evidence}/links"), &link).await.expect(201);
        evidence
    };
    let mistaken = attach("payslips-of-tanaka.pdf", "RH-1.1").await;
    let kept = attach("payslips.pdf", "RH-1.6").await;
    let named = member.get(&mistaken).await.expect(200);
    let named = named.header("content-disposition").expect("a name");
    assert!(named.contains("tanaka"), "{named}");
    member.delete(&mistaken).await.expect(204);

    application.is_prepared().await;
    for reader in [member, &body.lead] {
        let problem = reader.get(&mistaken).await.problem("erased");
        assert!(!problem.to_string().contains("tanaka"), "{problem:#}");
        let named = reader.get(&kept).await.expect(200);
        let named = named.header("content-disposition").map(str::to_owned);
        assert_eq!(named.as_deref(), Some("attachment; filename*=UTF-8''payslips%2Epdf"));
    }
    let shown = application.assessment_seen().await;
    assert!(!shown.to_string().contains("tanaka"), "{shown:#}");
    let evidence = &shown["evidence"];
    assert!(evidence[0]["name"]["erased_at"].is_string(), "that it had a name: {evidence:#}");
    assert_eq!(evidence[1]["name"]["text"], "payslips.pdf", "{evidence:#}");
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

async fn a_file_is_linked_by_those_who_may_read_it_while_the_application_is_under_way(
    engine: Engine,
) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_prepared().await;
    let file = format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30",
        application.id
    );
    let attach = async |by: &Client, content: &'static str| {
        let attached = by.post_body(&file, "application/pdf", content).await.expect(201);
        format!("/api/v1/evidence/{}", attached.text("/id"))
    };
    let link = async |by: &Client, evidence: &str, criterion: &str| {
        let to = json!({"application": application.id, "criterion": criterion, "facility": company.whole});
        by.post(&format!("{evidence}/links"), &to).await
    };
    let (member, lead): (&Client, &Client) = (&company.member, &body.lead);

    // What the company has not shown yet is nothing that its assessor opens by linking it.
    let kept = attach(member, "%PDF-1.7\nKept back.").await;
    link(lead, &kept, "RH-1.1").await.problem("not-found");
    lead.get(&kept).await.problem("not-found");
    link(member, &kept, "RH-1.1").await.expect(201);
    lead.get(&kept).await.expect(200);
    link(lead, &kept, "RH-1.6").await.expect(201);
    let seen_on_the_visit = attach(lead, "%PDF-1.7\nSeen on the visit.").await;
    link(lead, &seen_on_the_visit, "RH-1.1").await.expect(201);

    let version = json!({"version": application.version().await});
    member.post(&application.path("/withdraw"), &version).await.expect(200);
    for (by, evidence) in [(member, &kept), (lead, &seen_on_the_visit)] {
        let problem = link(by, evidence, "RH-1.6").await.problem("wrong-state");
        assert_eq!(problem["state"], "withdrawn", "{problem:#}");
    }
}

async fn a_file_that_arrives_late_is_kept_for_nobody(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let path = format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30&name={}",
        application.id, "%E5%AF%AE%20photo.pdf"
    );
    let late = async || company.member.post_late(&path, "application/pdf", "%PDF-1.7\nLate.").await;

    // The file has the name that it came with, for whoever may read it.
    let attached = late().await.arrives().await.expect(201);
    let file = company.member.get(&format!("/api/v1/evidence/{}", attached.text("/id"))).await;
    let disposition = file.expect(200).header("content-disposition").map(str::to_owned);
    assert_eq!(
        disposition.as_deref(),
        Some("attachment; filename*=UTF-8''%E5%AF%AE%20photo%2Epdf")
    );
    let kept = registry.evidence_files();

    let after_the_end = late().await;
    let version = json!({"version": application.version().await});
    company.member.post(&application.path("/withdraw"), &version).await.expect(200);
    after_the_end.arrives().await.problem("wrong-state");
    company.member.post_body(&path, "application/pdf", "%PDF-1.7").await.problem("wrong-state");
    assert_eq!(registry.evidence_files(), kept);
}

/// Takes evidence back, and waits until there is one file less: by then every file that was taken back earlier
/// is gone too.
async fn files_are_erased(registry: &Registry, evidence: String, member: &akashi_tests::Client) {
    let before = registry.evidence_files().len();
    member.delete(&evidence).await.expect(204);
    member.delete(&evidence).await.problem("erased");
    let files = async || registry.evidence_files().len();
    eventually("the erasure", files, |files| *files < before).await;
}

on_both_engines!(
    the_same_file_is_kept_once_and_stays_while_anything_needs_it,
    the_name_of_what_was_taken_back_is_not_shown,
    a_file_goes_when_nothing_needs_it_and_comes_back_when_it_is_attached_again,
    a_file_is_linked_by_those_who_may_read_it_while_the_application_is_under_way,
    a_file_that_arrives_late_is_kept_for_nobody,
);
