//! What was reviewed, handed in or ended stays as it was.

use akashi_tests::{
    Application, Body, Cast, Company, Engine, LEADING, Registry, Sides, Step, on_both_engines,
    text, words,
};
use serde_json::{Value, json};

async fn a_decision_rests_on_the_ratings_that_were_reviewed(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;

    // After the review the company corrects what fell short, and the lead assessor rates it anew.
    corrects(&application).await;
    let before = application.seen().await;
    let decide = application.path("/decision");
    let refuse = json!({"version": before["version"], "kind": "refuse", "reason": text("No.")});
    for decision in [application.grant("leading").await, refuse] {
        let refused = body.decision_maker.post(&decide, &decision).await.problem("incomplete");
        assert_eq!(refused["missing"][0]["code"], "review", "{refused:#}");
    }
    assert_eq!(application.seen().await, before);

    // Once a reviewer has seen that too, it is decided.
    let more = json!({"version": before["version"], "reason": text("A rating is not reviewed.")});
    body.decision_maker.post(&application.path("/more"), &more).await.expect(200);
    application.is_completed().await;
    application.is_reviewed(Some("leading")).await;
    application.is_granted("leading").await;
}

/// The company shows a correction of its only finding, which the lead assessor verifies.
async fn corrects(application: &Application<'_>) {
    let Sides { body, company } = application.sides;
    let file = format!(
        "/api/v1/evidence?application={}&period_from=2026-07-01&period_to=2026-07-31",
        application.id
    );
    let pdf = b"%PDF-1.7\nWho is responsible from now on.".to_vec();
    let shown = company.member.post_body(&file, "application/pdf", pdf).await.expect(201);
    let findings = application.findings().await;
    let [finding] = &findings[..] else { panic!("expected one finding, but {findings:#?}") };
    let path = format!("/api/v1/findings/{}", finding["id"].as_str().expect("an id"));
    let show = json!({"version": finding["version"], "evidence": [shown.text("/id")]});
    let submitted = company.member.post(&format!("{path}/evidence"), &show).await.expect(200);
    let verify = json!({
        "version": submitted.number("/version"), "value": "conform", "reason": text("Seen."),
    });
    body.lead.post(&format!("{path}/verify"), &verify).await.expect(200);
}

async fn names_stay_as_they_were_handed_in(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let party = format!("/api/v1/parties/{}", company.id);
    let site = format!("{party}/facilities/{}", company.site);
    let records = async || {
        let party_record = company.member.get(&party).await.expect(200).json;
        let facilities = company.member.get(&format!("{party}/facilities")).await.expect(200).json;
        (party_record, facilities)
    };
    let change = async |path: &str, member: &str, to: &str| {
        let (party_record, facilities) = records().await;
        let of_site = || {
            let facilities = facilities.as_array().expect("facilities").iter();
            let mut site = facilities.filter(|facility| facility["id"] == company.site.as_str());
            site.next().expect("the site")["version"].clone()
        };
        let version = if path == party { party_record["version"].clone() } else { of_site() };
        let mut change = json!({"version": version});
        change[member] = to.into();
        company.member.patch(path, &change).await
    };

    // In a draft it may be put right what it is called.
    change(&party, "name", "例示食品工業株式会社").await.expect(200);
    let (_, named) = records().await;
    assert_eq!(named[0]["name"], "例示食品工業株式会社", "the company as a whole is named with it");
    let whole = format!("{party}/facilities/{}", company.whole);
    let other_name = json!({"version": named[0]["version"], "name": "Another"});
    company.member.patch(&whole, &other_name).await.problem("invalid");
    assert_eq!(records().await.1, named);
    change(&site, "address", "1-3 Example").await.expect(200);
    application.is_submitted().await;

    // From the moment it is handed in until it is decided, a certificate would say what nobody assessed.
    let before = records().await;
    for (path, member) in [(&party, "name"), (&site, "name"), (&site, "address")] {
        let problem = change(path, member, "Another").await.problem("incomplete");
        assert_eq!(problem["missing"][0]["code"], "application_under_way", "{problem:#}");
        assert_eq!(problem["missing"][0]["application"], application.id);
        assert_eq!(records().await, before, "{path} {member}");
    }
    // Who works there may go on changing.
    let version = json!({"version": application.version().await});
    company.member.post(&application.path("/withdraw"), &version).await.expect(200);
    change(&party, "name", "Another").await.expect(200);
}

async fn findings_of_a_withdrawn_application_move_no_more(engine: Engine) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    let case = cast.bring_rated_below(1, Step::Completed, "minor").await;
    let withdraw = json!({"version": cast.application(&case).await.number("/version")});
    let path = format!("{}/withdraw", case.application_path());
    cast.applicant.post(&path, &withdraw).await.expect(200);

    let finding = cast.applicant.get(&case.finding_path()).await.expect(200).json;
    let reason = || json!({"reason": words()});
    for (who, event, members) in [
        (&cast.applicant, "plan", json!({"cause": words(), "plan": words()})),
        (&cast.applicant, "evidence", json!({"evidence": []})),
        (&cast.applicant, "decline", reason()),
        (&cast.lead, "accept", json!({})),
        (&cast.lead, "verify", json!({"value": "conform", "reason": words()})),
        (&cast.lead, "reject", reason()),
        (
            &cast.decision_maker,
            "extend",
            json!({"until": "2030-01-01T00:00:00Z", "reason": words()}),
        ),
    ] {
        let mut request = members;
        request["version"] = finding["version"].clone();
        let moved = who.post(&format!("{}/{event}", case.finding_path()), &request).await;
        let problem: Value = moved.problem("wrong-state");
        assert_eq!(problem["state"], "withdrawn", "{event}: {problem:#}");
    }
    assert_eq!(cast.applicant.get(&case.finding_path()).await.expect(200).json, finding);
}

on_both_engines!(
    a_decision_rests_on_the_ratings_that_were_reviewed,
    names_stay_as_they_were_handed_in,
    findings_of_a_withdrawn_application_move_no_more,
);
