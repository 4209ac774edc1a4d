//! A sole proprietor's business is a person's: it is shown by trade name and municipality, and only by consent.

use akashi_tests::{
    Answer, Application, Body, Company, Engine, Granted, LEADING, MUNICIPALITY, ORIGIN, Offline,
    PROPRIETOR, Registry, Sides, TRADE_NAME, on_both_engines,
};
use serde_json::{Value, json};

/// Gives consent to be shown, or takes it back.
async fn consents(company: &Company, given: bool) -> Answer {
    let party = format!("/api/v1/parties/{}", company.id);
    let version = company.member.get(&party).await.expect(200).number("/version");
    let change = json!({"version": version, "publish_consent": given});
    company.member.patch(&party, &change).await
}

/// The way to a certificate of one who consents; gives the credential too, which is released.
async fn is_certified(registry: &Registry, application: &Application<'_>) -> (Granted, Value) {
    consents(application.sides.company, true).await.expect(200);
    application.is_ready_to_decide(LEADING, "leading").await;
    let granted = application.is_granted("leading").await;
    let credential = granted.credential(registry).await;
    granted.public_once(registry, "active").await;
    (granted, serde_json::from_slice(&credential).expect("a credential is JSON"))
}

async fn a_business_without_a_trade_name_is_not_registered(engine: Engine) {
    let registry = Registry::start(engine).await;
    let member = registry.sign_up("proprietor@company.example").await;
    let mut party = json!({"kind": "company", "name": PROPRIETOR, "country": "JP", "municipality": MUNICIPALITY,
        "sole_proprietor": true, "names": [{"kind": "kana", "name": PROPRIETOR}]});
    let problem = member.post("/api/v1/parties", &party).await.problem("invalid");
    assert_eq!(problem["members"][0]["place"], "/names", "{problem:#}");
    party["names"][0]["kind"] = "trade".into();
    member.post("/api/v1/parties", &party).await.expect(201);
}

async fn without_consent_nothing_is_handed_in_and_nothing_granted(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::of_a_sole_proprietor(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_answered().await;
    application.is_agreed().await;

    // Nobody is assessed in vain.
    let before = application.seen().await;
    let submit = json!({"version": before["version"]});
    let refused = company.member.post(&application.path("/submit"), &submit).await;
    assert_consent_is_missing(&refused.problem("incomplete"));
    assert_eq!(application.seen().await, before);
    consents(&company, true).await.expect(200);
    company.member.post(&application.path("/submit"), &submit).await.expect(200);
    application.is_accepted().await;

    // Nor does it move meanwhile to where nobody assessed it: that is part of what it is shown by.
    let party = format!("/api/v1/parties/{}", company.id);
    let record = company.member.get(&party).await.expect(200).json;
    let moved = json!({"version": record["version"], "municipality": "別例市"});
    let problem = company.member.patch(&party, &moved).await.problem("incomplete");
    assert_eq!(problem["missing"][0]["code"], "application_under_way", "{problem:#}");
    assert_eq!(company.member.get(&party).await.expect(200).json, record);
    application.is_assigned().await;
    application.is_assessed(LEADING).await;
    application.is_reviewed(Some("leading")).await;

    // Taken back before the decision, it keeps the grant from being made.
    consents(&company, false).await.expect(200);
    let before = application.seen().await;
    let grant = application.grant("leading").await;
    let refused = body.decision_maker.post(&application.path("/decision"), &grant).await;
    assert_consent_is_missing(&refused.problem("incomplete"));
    assert_eq!(application.seen().await, before);
    consents(&company, true).await.expect(200);
    application.is_granted("leading").await;
}

fn assert_consent_is_missing(problem: &Value) {
    let missing = problem["missing"].as_array().expect("what is missing");
    let codes: Vec<&Value> = missing.iter().map(|item| &item["code"]).collect();
    assert_eq!(codes, ["publish_consent"], "{problem:#}");
}

async fn a_credential_names_the_business_and_the_person_nowhere(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::of_a_sole_proprietor(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let (granted, payload) = is_certified(&registry, &application).await;

    let shown = format!("{TRADE_NAME} ({MUNICIPALITY})");
    let party = &payload["credentialSubject"]["issuedToParty"];
    let here = format!("{ORIGIN}/companies/{}", company.id);
    assert_eq!((&party["id"], &party["name"]), (&json!(here), &json!(shown)));
    assert_eq!(party.get("registeredId"), None);
    assert!(!payload.to_string().contains(PROPRIETOR), "{payload:#}");
    let credential = granted.credential(&registry).await;
    let buyer = Offline::once_told(&registry, &credential, "valid").await;
    assert_eq!(buyer.verify(&credential).item()["holder"], shown);

    // Nor is the person named, or found, in public.
    let public = granted.public(&registry).await;
    assert_eq!(
        (&public["holder"]["name"], &public["holder"]["id"]),
        (&party["name"], &party["id"])
    );
    assert!(!public.to_string().contains(PROPRIETOR), "{public:#}");
    let found = async |name: &str| {
        let list = format!("/certificates?q={name}");
        registry.anyone().get_as(&list, "application/json").await.expect(200).json["items"].clone()
    };
    assert_eq!(found(TRADE_NAME).await[0]["number"], granted.certificate);
    assert_eq!(found(PROPRIETOR).await, json!([]));
}

async fn the_address_that_names_the_holder_is_there_while_it_consents(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::of_a_sole_proprietor(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let anyone = registry.anyone();
    let here = format!("{ORIGIN}/companies/{}", company.id);
    anyone.get_as(&here, "application/json").await.problem("not-found");
    let (granted, payload) = is_certified(&registry, &application).await;

    // Whoever follows the credential's own identifier reads who that is, and what it holds.
    let party = &payload["credentialSubject"]["issuedToParty"];
    assert_eq!(party["id"], here);
    let told = anyone.get_as(&here, "application/json").await.expect(200);
    assert_eq!((&told.json["id"], &told.json["name"]), (&party["id"], &party["name"]));
    assert_eq!((told.text("/municipality"), told.text("/country")), (MUNICIPALITY, "JP"));
    assert_eq!(told.text("/certificates/0/number"), granted.certificate);
    assert_eq!(told.text("/certificates/0/state"), "active");
    let page = anyone.get_as(&here, "text/html").await.expect(200);
    let page = String::from_utf8(page.body).expect("UTF-8");
    for shown in [TRADE_NAME, MUNICIPALITY, &format!("/certificates/{}", granted.certificate)] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }

    // Whoever holds a certificate is shown; whoever gave it up may take the consent back, and is here no more.
    let problem = consents(&company, false).await.problem("incomplete");
    assert_eq!(problem["missing"][0]["code"], "termination", "{problem:#}");
    let terminate = granted.decision(&company.member, json!({})).await;
    company.member.post(&granted.path("terminate"), &terminate).await.expect(200);
    granted.public_once(&registry, "terminated").await;
    let told = anyone.get_as(&here, "application/json").await.expect(200);
    assert_eq!(told.text("/certificates/0/state"), "terminated");
    consents(&company, false).await.expect(200);
    anyone.get_as(&here, "application/json").await.problem("not-found");
}

async fn whoever_takes_the_consent_back_is_named_nowhere(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::of_a_sole_proprietor(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let (granted, payload) = is_certified(&registry, &application).await;
    let credential = granted.credential(&registry).await;
    let terminate = granted.decision(&company.member, json!({})).await;
    company.member.post(&granted.path("terminate"), &terminate).await.expect(200);
    granted.public_once(&registry, "terminated").await;
    let anyone = registry.anyone();
    let number = &granted.certificate;
    let facility =
        payload["credentialSubject"]["conformityAssessment"][0]["assessedFacility"][0]["facility"]
            ["id"]
            .as_str()
            .expect("a facility");
    let shown = async || {
        let mut shown = Vec::new();
        for path in [
            format!("/certificates/{number}"),
            format!("/certificates?q={number}"),
            "/certificates".to_owned(),
            format!("/certificates?q={TRADE_NAME}"),
            format!("/credentials/{}", granted.credential),
            format!("/companies/{}", company.id),
            facility.to_owned(),
            "/changes".to_owned(),
        ] {
            for media_type in ["application/json", "text/html", "*/*"] {
                let answer = anyone.get_as(&path, media_type).await;
                shown.push((path.clone(), String::from_utf8(answer.body).expect("UTF-8")));
            }
        }
        shown
    };
    let names = |text: &str| text.contains(TRADE_NAME) || text.contains(MUNICIPALITY);
    assert!(shown().await.iter().filter(|(_, text)| names(text)).count() > 9);

    consents(&company, false).await.expect(200);
    for (path, text) in shown().await {
        // The page of a search repeats what was asked.
        let text = if path.ends_with(TRADE_NAME) { text.replace(TRADE_NAME, "") } else { text };
        assert!(!names(&text), "{path} names the holder: {text}");
    }

    // Its page links to no file that is not given out.
    let page = anyone.get_as(&format!("/certificates/{number}"), "text/html").await.expect(200);
    assert!(!String::from_utf8_lossy(&page.body).contains("?form="), "{page}");

    // Whoever has the number or the file is still told where the certificate stands.
    let public = granted.public(&registry).await;
    assert_eq!((&public["state"], &public["holder"]["name"]), (&"terminated".into(), &"".into()));
    let by_number = format!("/certificates?q={number}");
    let found = anyone.get_as(&by_number, "application/json").await.expect(200);
    assert_eq!((found.text("/items/0/number"), found.text("/items/0/holder")), (&**number, ""));
    let by_name = format!("/certificates?q={TRADE_NAME}");
    let found = anyone.get_as(&by_name, "application/json").await.expect(200);
    assert_eq!(found.at("/items"), &json!([]));
    let file = format!("/credentials/{}", granted.credential);
    let problem = anyone.get_as(&file, "application/vc").await;
    assert_eq!(problem.status, 410, "{problem}");
    problem.problem("not-shown");
    anyone.get(&format!("{file}/log-proof")).await.expect(200);
    Offline::once_told(&registry, &credential, "revoked").await;

    // Making the public view anew changes nothing of it; the consent, given again, does.
    registry.run("rebuild");
    assert_eq!(granted.public(&registry).await["holder"]["name"], "");
    consents(&company, true).await.expect(200);
    assert_eq!(granted.credential(&registry).await, credential);
    let name = payload["credentialSubject"]["issuedToParty"]["name"].clone();
    assert_eq!(granted.public(&registry).await["holder"]["name"], name);
}

async fn what_a_register_knows_has_no_address_here(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    granted.credential(&registry).await;
    granted.public_once(&registry, "active").await;
    for id in [&*company.id, &body.id, "00000000-0000-7000-8000-000000000000"] {
        let asked = registry.anyone().get_as(&format!("/companies/{id}"), "application/json").await;
        asked.problem("not-found");
    }
}

on_both_engines!(
    a_business_without_a_trade_name_is_not_registered,
    without_consent_nothing_is_handed_in_and_nothing_granted,
    a_credential_names_the_business_and_the_person_nowhere,
    the_address_that_names_the_holder_is_there_while_it_consents,
    whoever_takes_the_consent_back_is_named_nowhere,
    what_a_register_knows_has_no_address_here,
);
