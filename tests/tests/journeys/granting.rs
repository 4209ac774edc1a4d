//! From the application to a credential in a buyer's hands.

use akashi_tests::{
    Below, Body, CERTIFIED, COMPANY_NAME, Company, Engine, Granted, LEADING, ORIGIN, Offline, Peer,
    Person, REFUSED, Registry, Sides, TERMS, on_both_engines, recompute, text,
};
use serde_json::{Value, json};

/// One grave finding, at the works only, beside what a certified company still has to do.
const FOUND: &[Below] = &[
    ("RH-9.1", "site", "major"),
    ("RH-1.6", "whole", "minor"),
    ("RH-7.1", "dormitory", "minor"),
    ("RH-10.1", "whole", "minor"),
    ("RH-10.2", "whole", "minor"),
];

async fn a_company_corrects_is_certified_and_is_believed_offline(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let Body { quality_manager, lead, reviewer, decision_maker, .. } = &body;
    let member = &company.member;

    // The company applies for two facilities; an incomplete application is told all that is missing.
    let application = Sides { body: &body, company: &company }.apply().await;
    let incomplete = member.post(&application.path("/submit"), &json!({"version": 1})).await;
    let missing = incomplete.problem("incomplete")["missing"].clone();
    assert!(
        codes(&missing).contains(&"agreement") && codes(&missing).contains(&"answer"),
        "{missing:#}"
    );

    // It assesses itself, shows evidence, accepts the agreement, hands in.
    application.is_answered().await;
    let file = format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30&name=fees.pdf",
        application.id
    );
    let pdf = b"%PDF-1.7\nWhat recruitment cost, and who paid.";
    let evidence = member.post_body(&file, "application/pdf", pdf.to_vec()).await.expect(201);
    let evidence = format!("/api/v1/evidence/{}", evidence.text("/id"));
    let link =
        json!({"application": application.id, "criterion": "RH-1.1", "facility": company.whole});
    member.post(&format!("{evidence}/links"), &link).await.expect(201);
    let terms = json!({"version": application.version().await, "terms_version": TERMS});
    let agreed = member.post(&application.path("/agreement"), &terms).await.expect(200);
    let version = json!({"version": agreed.number("/version")});
    let submitted = member.post(&application.path("/submit"), &version).await.expect(200);
    assert_eq!(submitted.text("/state"), "submitted");

    // The body reads whom and what it would certify, takes the application on, names who does what; each accepts.
    let read = quality_manager.get(&application.path("")).await.expect(200).json;
    assert_eq!(read["company_record"]["name"], COMPANY_NAME);
    let number = json!({"scheme": "jp_corporate_number", "value": company.corporate_number});
    assert_eq!(read["company_record"]["identifiers"], json!([number]));
    let facilities = read["facilities"].as_array().expect("a scope").iter();
    let scope: Vec<_> = facilities.map(|f| [&f["id"], &f["name"], &f["address"]]).collect();
    assert_eq!(
        scope,
        [
            [company.whole.as_str(), COMPANY_NAME, ""],
            [&company.site, "Example works", "1-1 Example"],
            [&company.dormitory, "Example dormitory", "1-2 Example"],
        ]
    );
    let version = json!({"version": submitted.number("/version")});
    let accepted = quality_manager.post(&application.path("/accept"), &version).await.expect(200);
    assert_eq!(accepted.text("/state"), "accepted");
    application.is_assigned().await;
    assert_eq!(application.state().await, "assessing");

    // The lead assessor reads the evidence, and rates every criterion at every facility of its kinds.
    let read = lead.get(&evidence).await.expect(200);
    assert_eq!((read.header("content-type"), &read.body[..]), (Some("application/pdf"), &pdf[..]));
    application.is_started().await;
    application.is_rated(FOUND).await;
    application.is_completed().await;
    assert_eq!(application.assessment_seen().await["state"], "findings");

    // Five findings. Each gets a plan; the grave one is corrected, shown and verified.
    application.is_planned().await;
    let findings = application.findings().await;
    assert_eq!(findings.len(), 5, "{findings:#?}");
    assert_eq!(application.assessment_seen().await["state"], "findings", "the grave one is open");
    let grave =
        findings.iter().find(|finding| finding["grade"] == "major").expect("a major finding");
    assert_eq!((&grave["criterion"], &grave["facility"]), (&json!("RH-9.1"), &json!(company.site)));
    correct(&application.id, &company, lead, grave).await;
    assert_eq!(application.assessment_seen().await["state"], "review");

    // A second person reviews, a third decides.
    let recommended = application.assessment("/review").await;
    let review = json!({
        "version": application.assessment_seen().await["version"], "recommendation": "grant",
        "level": "certified", "na_accepted": true, "reason": text("The corrections were seen."),
    });
    reviewer.post(&recommended, &review).await.expect(200);
    assert_eq!(application.state().await, "deciding");
    let decision = application.grant("certified").await;
    let granted = decision_maker.post(&application.path("/decision"), &decision).await.expect(201);
    assert_eq!(granted.text("/level"), "certified");
    assert_eq!(granted.text("/rule/level"), "certified");
    assert_eq!(application.state().await, "decided");
    let granted = Granted::by(&granted);

    // The holder downloads both forms; a buyer believes them offline, and so do strangers' libraries.
    let (credential, jwt) = (granted.credential(&registry).await, granted.jwt(&registry).await);
    let buyer = Offline::once_told(&registry, &credential, "valid").await;
    for form in [&credential, &jwt] {
        let verification = buyer.verify(form);
        assert_eq!(verification.verdict(), "valid");
        let item = verification.item();
        assert_eq!(item["certificate"], granted.certificate);
        assert_eq!(item["holder"], COMPANY_NAME);
        assert_eq!(item["level"], "certified");
    }
    if Peer::are_here() {
        let did = registry
            .anyone()
            .get(&format!("/bodies/{}/did.json", body.slug))
            .await
            .expect(200)
            .body;
        Peer::Jose.verify(&jwt, &did).expect("jose accepts the JWT");
        Peer::DigitalBazaar
            .verify(&credential, &did)
            .expect("@digitalbazaar accepts the embedded proof");
    }

    // Anyone looks it up.
    let public = granted.public_once(&registry, "active").await;
    assert_eq!(public["number"], granted.certificate);
    assert_eq!(public["holder"]["name"], COMPANY_NAME);
    assert_eq!(public["level"], "certified");
    assert_eq!(public["programme"]["id"], body.programme["id"]);
    assert_eq!(
        ids(&public["facilities"]),
        uris([&company.whole, &company.site, &company.dormitory])
    );
    assert_eq!(public["credential_id"], granted.credential);
    let found = registry.anyone().get_as("/certificates?q=Example+Foods", "application/json").await;
    assert_eq!(found.expect(200).text("/items/0/number"), granted.certificate);
}

/// The company shows that a finding is corrected, and the lead assessor rates anew.
async fn correct(application: &str, company: &Company, lead: &Person, finding: &Value) {
    let file = format!(
        "/api/v1/evidence?application={application}&period_from=2026-07-01&period_to=2026-07-31"
    );
    let minutes = b"%PDF-1.7\nMinutes of the first meeting.".to_vec();
    let shown = company.member.post_body(&file, "application/pdf", minutes).await.expect(201);
    let path = format!("/api/v1/findings/{}", finding["id"].as_str().expect("an id"));
    let version = company.member.get(&path).await.expect(200).number("/version");
    let show = json!({"version": version, "evidence": [shown.text("/id")]});
    let submitted = company.member.post(&format!("{path}/evidence"), &show).await.expect(200);
    let verify = json!({
        "version": submitted.number("/version"), "value": "conform",
        "reason": text("The meetings take place and are minuted."),
    });
    let closed = lead.post(&format!("{path}/verify"), &verify).await.expect(200);
    assert_eq!(closed.text("/state"), "closed");
}

fn codes(missing: &Value) -> Vec<&str> {
    let missing = missing.as_array().expect("a list");
    missing.iter().filter_map(|item| item["code"].as_str()).collect()
}

async fn a_company_that_does_not_correct_is_refused(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let application = sides.apply().await;
    application.is_prepared().await;
    application.is_started().await;
    application.is_rated(REFUSED).await;
    application.is_completed().await;

    // A critical criterion is not met, and the company will not change it.
    let findings = application.findings().await;
    let [finding] = &findings[..] else { panic!("expected one finding, but {findings:#?}") };
    assert_eq!(finding["grade"], "critical");
    let decline = json!({"version": finding["version"], "reason": text("We see no need to.")});
    let decline_at = format!("/api/v1/findings/{}/decline", finding["id"].as_str().expect("an id"));
    company.member.post(&decline_at, &decline).await.expect(200);
    application.is_reviewed(None).await;

    // No level can be granted on these ratings, so the decision maker refuses.
    let before = application.seen().await;
    for level in ["leading", "certified", "committed"] {
        let grant = application.grant(level).await;
        let granted = body.decision_maker.post(&application.path("/decision"), &grant).await;
        let missing = granted.problem("incomplete")["missing"].clone();
        assert!(codes(&missing).contains(&"level"), "{level}: {missing:#}");
    }
    assert_eq!(application.seen().await, before);
    let refuse = json!({"version": before["version"], "kind": "refuse", "reason": text("Passports are kept.")});
    let refused =
        body.decision_maker.post(&application.path("/decision"), &refuse).await.expect(201);
    assert_eq!(
        (refused.at("/certificate"), refused.at("/credential")),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(refused.text("/rule/reason"), "must_conform");
    assert_eq!(application.state().await, "decided");

    // Nobody else learns of it, and a new application has to wait.
    let found = registry.anyone().get_as("/certificates", "application/json").await.expect(200);
    assert_eq!(found.at("/items"), &json!([]));
    let again = sides.apply().await;
    again.is_answered().await;
    again.is_agreed().await;
    let version = json!({"version": again.version().await});
    let early = company.member.post(&again.path("/submit"), &version).await.problem("incomplete");
    assert_eq!(codes(&early["missing"]), ["waiting_time"]);
    assert_eq!(again.state().await, "draft");
}

async fn whoever_sees_all_ratings_comes_to_the_same_level(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let programme = body.programme.to_string();
    for (n, below, level) in [(1, LEADING, "leading"), (2, CERTIFIED, "certified")] {
        let company = Company::registers(&registry, n).await;
        let application = Sides { body: &body, company: &company }.apply().await;
        application.is_ready_to_decide(below, level).await;
        application.is_granted(level).await;

        // The holder shows the report to a buyer.
        let report = company.member.get(&application.assessment("/report").await).await.expect(200);
        let whole = recompute(programme.as_bytes(), &report.body);
        assert_eq!((whole.exit, &whole.outcome["level"]), (0, &json!(level)), "{whole:?}");

        // On part of it the buyer cannot follow.
        for part in
            [without_the_last_rating(&report.json), without_facility(&report.json, &company.site)]
        {
            let part = recompute(programme.as_bytes(), part.to_string().as_bytes());
            assert_eq!(part.exit, 1, "{part:?}");
            assert_eq!(part.outcome["level"], Value::Null, "{part:?}");
            assert_eq!(part.outcome["reason"], "cannot_follow", "{part:?}");
        }
    }
}

fn without_the_last_rating(report: &Value) -> Value {
    let mut part = report.clone();
    part["ratings"].as_array_mut().expect("ratings").pop();
    part
}

/// A report that leaves out all that was rated at a facility, but still names it.
fn without_facility(report: &Value, facility: &str) -> Value {
    let mut part = report.clone();
    part["ratings"]
        .as_array_mut()
        .expect("ratings")
        .retain(|rating| rating["facility"] != facility);
    part
}

async fn of_two_decisions_at_once_one_counts(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;

    let grant = application.grant("leading").await;
    let refuse = json!({"version": grant["version"], "kind": "refuse", "reason": text("On second thoughts.")});
    let path = application.path("/decision");
    let (granted, refused) = tokio::join!(
        body.decision_maker.post(&path, &grant),
        body.decision_maker.post(&path, &refuse)
    );
    let (first, second) =
        if granted.status == 201 { (granted, refused) } else { (refused, granted) };
    first.expect(201);
    // Which guard holds the second one back depends on how far it was when the first was written.
    let second = second.problem_of(&["stale-version", "duplicate"]);
    assert!(second["detail"].is_string(), "{second:#}");

    let again = json!({"version": application.version().await, "kind": "refuse", "reason": text("Once more.")});
    let again = body.decision_maker.post(&path, &again).await.problem("wrong-state");
    assert_eq!(again["state"], "decided");
}

/// The URIs of facilities in a public record; sorted.
fn ids(facilities: &Value) -> Vec<String> {
    let facilities = facilities.as_array().expect("a list").iter();
    let mut ids: Vec<String> =
        facilities.map(|facility| facility["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

/// The URIs that a certificate gives these facilities; sorted.
fn uris<'a>(ids: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut uris: Vec<String> =
        ids.into_iter().map(|id| format!("{ORIGIN}/facilities/{id}")).collect();
    uris.sort();
    uris
}

on_both_engines!(
    a_company_corrects_is_certified_and_is_believed_offline,
    a_company_that_does_not_correct_is_refused,
    whoever_sees_all_ratings_comes_to_the_same_level,
    of_two_decisions_at_once_one_counts,
);
