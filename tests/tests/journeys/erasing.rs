//! A company that was never certified goes, and takes with it what it wrote and showed.

use akashi_tests::{Case, Cast, Engine, Registry, Step, eventually, on_both_engines, words};
use serde_json::{Value, json};

const API: &str = "/api/v1";

async fn a_company_goes_and_its_file_still_reads(engine: Engine) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    let case = cast.bring_rated_below(1, Step::Completed, "major").await;
    let certified = cast.bring(2, Step::Active).await;
    let evidence = shows(&cast, &case).await;
    let finding = cast.applicant.get(&case.finding_path()).await.expect(200);
    let plan = json!({"version": finding.number("/version"), "cause": words(), "plan": words()});
    cast.applicant.post(&format!("{}/plan", case.finding_path()), &plan).await.expect(200);
    let files = registry.evidence_files();
    let before = read(&cast, &case).await;

    // What is under way, or was granted, is not erased.
    let refused = erase(&cast, &case).await.problem("incomplete");
    assert_eq!(refused["missing"][0]["code"], "application_under_way", "{refused:#}");
    let refused = erase(&cast, &certified).await.problem("incomplete");
    assert_eq!(refused["missing"][0]["code"], "certificate_granted", "{refused:#}");
    assert_eq!(read(&cast, &case).await, before);

    let application = cast.applicant.get(&case.application_path()).await.expect(200);
    let withdraw = json!({"version": application.number("/version")});
    cast.applicant
        .post(&format!("{}/withdraw", case.application_path()), &withdraw)
        .await
        .expect(200);
    erase(&cast, &case).await.expect(200);

    // Every page of its file is as it was, but for the words, of which is said that they were erased.
    let [mut assessment, report, finding, findings] = read(&cast, &case).await;
    let [mut assessment_before, report_before, finding_before, findings_before] = before;
    assert_eq!(report, report_before);
    assert_eq!(findings, findings_before);
    let erased = assessment["ratings"][0]["reason"].clone();
    assert!(erased["erased_at"].is_string(), "{erased}");
    let tombstone = |text: &Value| text["erased_at"].is_string() && text["text"].is_null();
    for n in 0..2 {
        let erased = assessment["evidence"][n]["erased_at"].take();
        assert!(erased.is_string(), "the files were erased too");
    }
    // The second has a name.
    assert!(tombstone(&assessment["evidence"][1]["name"].take()));
    assert_eq!(assessment_before["evidence"][1]["name"].take()["text"], "ledger.pdf");
    assert_eq!(wordless(assessment, &erased), wordless(assessment_before, &erased));
    let corrective_action = &finding["corrective_actions"][0];
    assert!(tombstone(&corrective_action["cause"]) && tombstone(&corrective_action["plan"]));
    assert_eq!(finding["state"], finding_before["state"]);
    cast.lead.get(&evidence).await.problem("erased");

    // Its bytes go too, soon; nothing of the certified company's went with them.
    let left = eventually(
        "the file's deletion",
        async || registry.evidence_files(),
        |left| left.len() < files.len(),
    )
    .await;
    assert_eq!(left.len(), files.len() - 1);
    cast.applicant.get(&certified.certificate_path()).await.expect(200);
    registry.discard().await;
}

/// Shows a file for a criterion; gives its path.
async fn shows(cast: &Cast, case: &Case) -> String {
    let period = "period_from=2026-01-01&period_to=2026-06-30&name=ledger.pdf";
    let path = format!("{API}/evidence?application={}&{period}", case.application);
    let file = cast.applicant.post_body(&path, "application/pdf", "%PDF-1.7").await.expect(201);
    let evidence = format!("{API}/evidence/{}", file.text("/id"));
    let link =
        json!({"application": case.application, "criterion": "RH-1.1", "facility": case.facility});
    cast.applicant.post(&format!("{evidence}/links"), &link).await.expect(201);
    evidence
}

/// The assessment, its report, the finding and the list of findings, as the lead assessor reads them.
async fn read(cast: &Cast, case: &Case) -> [Value; 4] {
    let findings = format!("{API}/findings?application={}", case.application);
    let paths = [
        case.assessment_path(),
        format!("{}/report", case.assessment_path()),
        case.finding_path(),
        findings,
    ];
    let mut read = Vec::new();
    for path in paths {
        read.push(cast.lead.get(&path).await.expect(200).json);
    }
    read.try_into().expect("four answers")
}

async fn erase(cast: &Cast, case: &Case) -> akashi_tests::Answer {
    let company = format!("{API}/parties/{}", case.company);
    let version = cast.applicant.get(&company).await.expect(200).number("/version");
    cast.applicant.post(&format!("{company}/erase"), &json!({"version": version})).await
}

/// An assessment with the same words for every reason.
fn wordless(mut assessment: Value, words: &Value) -> Value {
    for list in ["ratings", "reviews"] {
        for item in assessment[list].as_array_mut().expect("a list") {
            item["reason"] = words.clone();
        }
    }
    assessment
}

on_both_engines!(a_company_goes_and_its_file_still_reads);
