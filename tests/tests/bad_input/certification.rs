//! What does not fit the programme, the scope, the version or the state.

use akashi_tests::{
    Application, Body, Client, Company, Engine, LEADING, PASSWORD, Registry, Sides,
    corporate_number, on_both_engines, text,
};
use serde_json::{Value, json};

async fn what_the_programme_or_the_scope_does_not_know_is_not_rated(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let stranger = Company::registers(&registry, 2).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_prepared().await;
    application.is_started().await;
    let before = application.assessment_seen().await;
    let rate = async |criterion: &str, rating: Value| {
        let path = application.assessment(&format!("/ratings/{criterion}")).await;
        body.lead.put(&path, &rating).await
    };
    let (whole, site, reason) = (&company.whole, &company.site, text("Seen."));

    let conform = json!({"facility": whole, "value": "conform", "reason": reason});
    rate("RH-99.1", conform.clone()).await.problem("not-found");

    let cases = [
        (
            "another company's facility",
            "RH-5.1",
            "/facility",
            json!({"facility": stranger.site, "value": "conform", "reason": reason}),
        ),
        ("a facility of another kind", "RH-5.1", "/facility", conform.clone()),
        ("no facility", "RH-5.1", "", json!({"value": "conform", "reason": reason})),
        (
            "a word that is no rating",
            "RH-1.3",
            "/value",
            json!({"facility": whole, "value": "good", "reason": reason}),
        ),
        ("no reason", "RH-1.3", "", json!({"facility": whole, "value": "conform"})),
        (
            "a reason without a word",
            "RH-1.3",
            "/reason/text",
            json!({"facility": whole, "value": "conform", "reason": text(" \n")}),
        ),
        (
            "a reason in no language",
            "RH-1.3",
            "/reason/lang",
            json!({"facility": whole, "value": "conform", "reason": {"text": "Seen.", "lang": ""}}),
        ),
        (
            "not applicable without a ground",
            "RH-2.8",
            "/na_ground",
            json!({"facility": whole, "value": "not_applicable", "reason": reason}),
        ),
        (
            "a ground of another criterion",
            "RH-2.8",
            "/na_ground",
            json!({"facility": whole, "value": "not_applicable", "na_ground": "no-complaint", "reason": reason}),
        ),
        (
            "out of scope although it applies",
            "RH-2.8",
            "/na_ground",
            json!({"facility": whole, "value": "not_applicable", "na_ground": "out_of_scope", "reason": reason}),
        ),
        (
            "a ground beside a rating that has none",
            "RH-2.8",
            "/na_ground",
            json!({"facility": whole, "value": "conform", "na_ground": "no-dismissal", "reason": reason}),
        ),
        (
            "a member that nobody knows",
            "RH-5.1",
            "/score",
            json!({"facility": site, "value": "conform", "reason": reason, "score": 5}),
        ),
    ];
    for (case, criterion, place, rating) in cases {
        let problem = rate(criterion, rating).await.problem("invalid");
        assert_eq!(problem["members"][0]["place"], place, "{case}: {problem:#}");
    }
    let mut complete = json!({"version": before["version"], "interviews": {}});
    complete["interviews"][whole] = json!({"any language": 1});
    let problem = body.lead.post(&application.assessment("/complete").await, &complete).await;
    let place = format!("/interviews/{whole}/any language");
    assert_eq!(problem.problem("invalid")["members"][0]["place"], place);
    assert_eq!(application.assessment_seen().await, before);

    let competence = json!({"body": body.id, "account": body.lead.id, "programme": "unheard-of",
        "from": "2026-01-01T00:00:00Z"});
    let problem = body.quality_manager.post("/api/v1/competences", &competence).await;
    assert_eq!(problem.problem("invalid")["members"][0]["place"], "/programme");
}

async fn an_application_names_what_is_there(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let stranger = Company::registers(&registry, 2).await;
    let sides = Sides { body: &body, company: &company };
    let unknown_version = json!({"id": body.programme_id(), "version": "1999.1"});
    let cases = [
        (
            "a stranger's facility",
            "/facilities/1",
            json!({"facilities": [company.site, stranger.site]}),
        ),
        ("a facility that is none", "/facilities/0", json!({"facilities": [body.id]})),
        ("a company as the body", "/body", json!({"body": company.id})),
        (
            "an unknown version of the programme",
            "/programme",
            json!({"programme": unknown_version}),
        ),
        ("a fact of no programme", "/facts", json!({"facts": ["rockets_launched"]})),
        ("a renewal of nothing", "/certificate", json!({"kind": "renewal"})),
        (
            "a slip in the certificate's number",
            "/certificate",
            json!({"kind": "renewal", "certificate": "AK-0000-0000-0"}),
        ),
        ("a word that is no kind", "/kind", json!({"kind": "urgent"})),
    ];
    for (case, place, members) in cases {
        let mut application = sides.application(json!({"kind": "initial"}));
        application
            .as_object_mut()
            .expect("an object")
            .extend(members.as_object().expect("members").clone());
        let answer = company.member.post("/api/v1/applications", &application).await;
        let problem = answer.problem("invalid");
        assert_eq!(problem["members"][0]["place"], place, "{case}: {problem:#}");
    }
    // For another company nobody applies, and nobody learns whether it is there.
    let foreign = sides.application(json!({"kind": "initial", "company": stranger.id}));
    company.member.post("/api/v1/applications", &foreign).await.problem("not-found");
    let none = company.member.get("/api/v1/applications").await.expect(200);
    assert_eq!(none.at("/items"), &json!([]));
}

async fn a_certificate_keeps_its_programme_and_a_version_waits_for_its_day(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let granted = sides.certify(LEADING, "leading").await;
    granted.credential(&registry).await;
    let (mut other, mut later) = (body.programme.clone(), body.programme.clone());
    other["id"] = json!("another-programme");
    later["version"] = json!("2099.1");
    body.sees_published(&other, "2026-01-01T00:00:00Z").await;
    body.sees_published(&later, "2099-01-01T00:00:00Z").await;

    let named = |programme: &Value| json!({"id": programme["id"], "version": programme["version"]});
    let number = &granted.certificate;
    for (place, application) in [
        (
            "/programme/id",
            json!({"kind": "renewal", "certificate": number, "programme": named(&other)}),
        ),
        (
            "/programme/id",
            json!({"kind": "scope_change", "certificate": number, "programme": named(&other)}),
        ),
        ("/programme", json!({"kind": "initial", "programme": named(&later)})),
        (
            "/programme",
            json!({"kind": "renewal", "certificate": number, "programme": named(&later)}),
        ),
    ] {
        let asked = sides.application(application);
        let problem = company.member.post("/api/v1/applications", &asked).await.problem("invalid");
        assert_eq!(problem["members"][0]["place"], place, "{asked:#}: {problem:#}");
    }
    sides.apply_with(json!({"kind": "initial", "programme": named(&other)})).await;
}

async fn whoever_saw_an_older_version_looks_again(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let before = application.seen().await;

    // Each event of an application, an assessment, a finding and a certificate, with a version that is not
    // theirs; whether the state would allow it does not matter yet.
    let (member, manager) = (&*company.member, &*body.quality_manager);
    let stale = |members: Value| {
        let mut request = json!({"version": 999});
        request
            .as_object_mut()
            .expect("an object")
            .extend(members.as_object().expect("members").clone());
        request
    };
    let reason = || json!({"reason": text("As agreed.")});
    for (actor, event, members) in [
        (member, "/agreement", json!({"terms_version": "2026-1"})),
        (member, "/submit", json!({})),
        (member, "/withdraw", json!({})),
        (manager, "/accept", json!({})),
        (manager, "/return", reason()),
        (manager, "/decline", reason()),
        (manager, "/assignments", json!({"account": body.lead.id, "task": "lead"})),
    ] {
        is_stale(actor, &application.path(event), &stale(members)).await;
    }
    let problem = member.patch(&application.path(""), &stale(json!({"facts": []}))).await;
    let problem = problem.problem("stale-version");
    assert_eq!((&problem["seen"], &problem["current"]), (&json!(999), &before["version"]));
    let (criterion, facility) = (&before["unanswered"][0][0], &before["unanswered"][0][1]);
    let path = application.path(&format!("/answers/{}", criterion.as_str().expect("an id")));
    let answer = stale(json!({"facility": facility, "answer": "yes"}));
    let problem = member.put(&path, &answer).await.problem("stale-version");
    assert_eq!(problem["current"], 0, "nothing was answered yet");
    assert_eq!(application.seen().await, before);

    application.is_prepared().await;
    let before = application.assessment_seen().await;
    let lead = &*body.lead;
    for (actor, event, members) in [
        (lead, "/start", json!({})),
        (lead, "/complete", json!({"interviews": {}})),
        (lead, "/forward", reason()),
        (lead, "/abort", reason()),
        (
            &*body.reviewer,
            "/review",
            json!({"recommendation": "refuse", "na_accepted": true, "reason": text("Seen.")}),
        ),
    ] {
        let path = application.assessment(event).await;
        is_stale(actor, &path, &stale(members)).await;
    }
    assert_eq!(application.assessment_seen().await, before);

    application.is_assessed(LEADING).await;
    let finding = application.findings().await[0].clone();
    let path = format!("/api/v1/findings/{}", finding["id"].as_str().expect("an id"));
    for (actor, event, members) in [
        (member, "/plan", json!({"cause": text("This."), "plan": text("That.")})),
        (member, "/evidence", json!({"evidence": []})),
        (member, "/decline", reason()),
        (lead, "/accept", json!({})),
        (lead, "/verify", json!({"value": "conform", "reason": text("Seen.")})),
        (lead, "/reject", reason()),
        (
            &*body.decision_maker,
            "/extend",
            json!({"until": "2030-01-01T00:00:00Z", "reason": text("Later.")}),
        ),
    ] {
        is_stale(actor, &format!("{path}{event}"), &stale(members)).await;
    }
    assert_eq!(application.findings().await[0], finding);

    application.is_reviewed(Some("leading")).await;
    let before = application.seen().await;
    let decide = json!({"kind": "refuse", "reason": text("Seen.")});
    is_stale(&body.decision_maker, &application.path("/decision"), &stale(decide)).await;
    is_stale(&body.decision_maker, &application.path("/more"), &stale(reason())).await;
    assert_eq!(application.seen().await, before);

    let granted = application.is_granted("leading").await;
    granted.credential(&registry).await;
    granted.public_once(&registry, "active").await;
    let certificate = format!("/api/v1/certificates/{}", granted.certificate);
    let before = body.decision_maker.get(&certificate).await.expect(200).json;
    let words = |members: Value| {
        let mut request = stale(members);
        request["reason"] = text("Not for the public.");
        request["public_reason"] = json!("For the public.");
        request
    };
    for (event, members) in [
        ("suspend", json!({"cause": "access", "heard": true})),
        ("reinstate", json!({"cause_closed": true})),
        ("reduce", json!({"level": "certified"})),
        ("withdraw", json!({})),
    ] {
        is_stale(&body.decision_maker, &granted.path(event), &words(members)).await;
    }
    is_stale(member, &granted.path("terminate"), &stale(reason())).await;
    assert_eq!(body.decision_maker.get(&certificate).await.expect(200).json, before);
}

async fn is_stale(actor: &Client, path: &str, request: &Value) {
    let problem = actor.post(path, request).await.problem("stale-version");
    assert_eq!(problem["seen"], 999, "{path}");
    assert!(
        problem["current"].as_i64().is_some_and(|current| current < 999),
        "{path}: {problem:#}"
    );
}

async fn what_has_ended_has_ended(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    for (n, event) in [(1, "withdraw"), (2, "terminate")] {
        let company = Company::registers(&registry, n).await;
        let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
        granted.credential(&registry).await;
        let state = if event == "withdraw" {
            let withdraw = json!({"public_reason": "Workers were made to pay."});
            granted.is_decided_on(&body, event, withdraw).await.expect(200);
            "withdrawn"
        } else {
            let terminate = granted.decision(&company.member, json!({})).await;
            company.member.post(&granted.path(event), &terminate).await.expect(200);
            "terminated"
        };
        let public = granted.public_once(&registry, state).await;

        for (again, members) in [
            ("suspend", json!({"cause": "access", "heard": true, "public_reason": "Once more."})),
            ("reinstate", json!({"cause_closed": true})),
            ("reduce", json!({"level": "certified", "public_reason": "Once more."})),
            ("withdraw", json!({"public_reason": "Once more."})),
            ("reissue", json!({"reason": null})),
        ] {
            let mut decision = granted.decision(&body.decision_maker, members).await;
            if again == "reissue" {
                decision.as_object_mut().expect("an object").remove("reason");
            }
            let refused = body.decision_maker.post(&granted.path(again), &decision).await;
            let problem = refused.problem("wrong-state");
            assert_eq!((&problem["event"], &problem["state"]), (&json!(again), &json!(state)));
        }
        assert_eq!(granted.public(&registry).await, public);
    }
}

async fn a_certificate_is_changed_only_for_what_it_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let stranger = Company::registers(&registry, 2).await;
    let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    granted.credential(&registry).await;
    let public = granted.public_once(&registry, "active").await;

    let refused =
        async |event: &str, members: Value| granted.is_decided_on(&body, event, members).await;
    let says = |words: &str| json!({"public_reason": words});
    let with = |mut one: Value, other: Value| {
        one.as_object_mut()
            .expect("an object")
            .extend(other.as_object().expect("an object").clone());
        one
    };
    for (case, event, members, code) in [
        (
            "a holder who was not heard",
            "suspend",
            with(says("Refused."), json!({"cause": "access", "heard": false})),
            "hearing",
        ),
        ("no word for the public", "withdraw", says(" "), "public_reason"),
        (
            "a reduction to the same",
            "reduce",
            with(says("Less."), json!({"level": "leading"})),
            "reduction",
        ),
        (
            "a reduction that adds a facility",
            "reduce",
            with(
                says("Less."),
                json!({"facilities": [company.site, company.dormitory, stranger.site]}),
            ),
            "reduction",
        ),
    ] {
        let problem = refused(event, members).await.problem("incomplete");
        assert_eq!(problem["missing"][0]["code"], code, "{case}: {problem:#}");
    }
    let unknown = with(says("Less."), json!({"level": "platinum"}));
    assert_eq!(
        refused("reduce", unknown).await.problem("invalid")["members"][0]["place"],
        "/level"
    );
    let problem = refused("reinstate", json!({"cause_closed": true})).await.problem("wrong-state");
    assert_eq!(problem["allowed_from"], json!(["suspended"]));

    // A number that was never given out is told from a slip in one that was.
    let slip = slip_in(&granted.certificate);
    let anyone = registry.anyone();
    anyone.get_as(&format!("/certificates/{slip}"), "application/json").await.problem("invalid");
    body.decision_maker.get(&format!("/api/v1/certificates/{slip}")).await.problem("invalid");
    assert_eq!(granted.public(&registry).await, public);
}

/// The number with its first character after the prefix mistaken for another.
fn slip_in(number: &str) -> String {
    let (prefix, rest) = number.split_once('-').expect("a prefix");
    let slip = if rest.starts_with('7') { "8" } else { "7" };
    format!("{prefix}-{slip}{}", &rest[1..])
}

async fn what_cannot_be_read_is_said_to_be_so(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application: Application = Sides { body: &body, company: &company }.apply().await;
    let before = application.seen().await;

    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let deep_objects = r#"{"a":"#.repeat(10_000) + "1" + &"}".repeat(10_000);
    let deep_member = format!(r#"{{"version":1,"facts":{deep}}}"#);
    let bodies =
        [&deep, &deep_objects, &deep_member, "{", "", "{\"version\":1}}", "\u{feff}{}", "null"];
    let submit = application.path("/submit");
    for body in bodies {
        let answer = company.member.post_body(&submit, "application/json", body.to_owned()).await;
        answer.problem_of(&["malformed-body", "invalid"]);
    }
    for (path, member) in
        [("/api/v1/sessions", false), ("/api/v1/accounts", false), ("/api/v1/parties", true)]
    {
        let client = if member { (*company.member).clone() } else { registry.anyone() };
        for body in [&deep, &deep_objects] {
            let answer = client.post_body(path, "application/json", body.clone()).await;
            answer.problem_of(&["malformed-body", "invalid"]);
        }
    }
    let not_utf8 =
        company.member.post_body(&submit, "application/json", vec![b'"', 0xff, b'"']).await;
    not_utf8.problem_of(&["malformed-body", "invalid"]);
    assert_eq!(application.seen().await, before);

    // To a verifier it is a document like any other.
    for body in [deep, deep_objects] {
        let report = registry.anyone().with_header("accept", "application/json");
        let report =
            report.post_body("/verify", "application/octet-stream", body).await.expect(200);
        assert_eq!(report.text("/verdict"), "malformed");
    }
}

async fn every_refusal_is_a_problem_document(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let reader = &body.quality_manager;
    for path in [
        "/api/v1/findings",
        "/api/v1/findings?application=none",
        "/api/v1/applications/none",
        "/api/v1/assessments/%00",
        "/api/v1/evidence/..%2f..%2fseal.key",
        "/api/v1/nowhere",
        "/certificates/none",
        "/credentials/none",
        "/credentials/none/log-proof",
        "/status/none",
        "/bodies/none/did.json",
        "/log/tile/0/none",
        "/nowhere",
    ] {
        let problem = reader.get_as(path, "application/json, */*;q=0.1").await;
        let problem = problem.problem_of(&["not-found", "invalid", "malformed-request"]);
        assert!(
            problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()),
            "{path}: {problem:#}"
        );
    }
    let wrong_method = reader.delete("/api/v1/applications").await;
    assert_eq!(wrong_method.status, 405, "{wrong_method}");
    assert_eq!(
        wrong_method.header("content-type"),
        Some("application/problem+json"),
        "{wrong_method}"
    );
    assert!(wrong_method.header("allow").is_some(), "{wrong_method}");
}

/// What the operator is answered to an id that is none, and to one of nothing.
async fn an_id_that_is_none_is_told_from_one_of_nothing(engine: Engine) {
    let registry = Registry::start(engine).await;
    let operator = registry.first_operator().await;
    let unknown = "019aaaaa-0000-7000-8000-000000000001";
    let too_long = "a".repeat(4096);
    let version = json!({"version": 1});
    for (method, path, body) in [
        ("GET", "/parties/{id}", json!(null)),
        ("GET", "/parties/{id}/members", json!(null)),
        ("GET", "/parties/{id}/facilities", json!(null)),
        ("PATCH", "/parties/{id}", version.clone()),
        ("POST", "/parties/{id}/erase", version.clone()),
        ("POST", "/keys/{id}/retire", json!({})),
        ("POST", "/keys/{id}/compromised", json!({"from": "2026-01-01T00:00:00Z"})),
        ("POST", "/credentials/{id}/retry", version.clone()),
        ("POST", "/credentials/{id}/void", version),
    ] {
        let ask = async |id: &str| {
            let path = format!("/api/v1{}", path.replace("{id}", id));
            match method {
                "GET" => operator.get(&path).await,
                "PATCH" => operator.patch(&path, &body).await,
                _ => operator.post(&path, &body).await,
            }
        };
        for id in [
            "not-a-uuid",
            "%00",
            "..%2F..%2Fseal.key",
            "019AAAAA-0000-7000-8000-000000000001",
            "019aaaaa000070008000000000000001",
            "019aaaaa-0000-7000-8000-000000000001%20",
            "%7B019aaaaa-0000-7000-8000-000000000001%7D",
            "'%20OR%20''='",
            &too_long,
        ] {
            ask(id).await.expect(400).problem("malformed-request");
        }
        ask(unknown).await.problem("not-found");
    }
    operator.get("/api/v1/audit?party=not-a-uuid").await.expect(400).problem("malformed-request");
}

async fn a_nul_character_is_refused_wherever_it_stands(engine: Engine) {
    let registry = Registry::start(engine).await;
    let anyone = registry.anyone();
    for path in [
        "/certificates?q=%00",
        "/certificates/%00",
        "/credentials/%00",
        "/status/%00",
        "/programmes/x%00/1",
        "/bodies/%00/did.json",
    ] {
        anyone.get(path).await.expect(400).problem("malformed-request");
    }
    let somebody = registry.sign_up("somebody@people.example").await;
    let company = |name: &str, municipality: &str| {
        json!({"kind": "company", "name": name, "country": "JP", "municipality": municipality,
            "identifiers": [{"scheme": "jp_corporate_number", "value": corporate_number(1)}]})
    };
    for (name, municipality) in
        [("例\u{0}示", "例示市"), ("例示", "例\u{0}示市"), ("\\\u{0}", "例示市")]
    {
        let refused = somebody.post("/api/v1/parties", &company(name, municipality)).await;
        refused.expect(400).problem("malformed-body");
    }
    somebody.post("/api/v1/parties", &company("\\u0000", "例示市")).await.expect(201);
    let account = json!({"email": "a\u{0}@people.example", "password": PASSWORD, "name": "A", "locale": "en"});
    anyone.post("/api/v1/accounts", &account).await.expect(400).problem("malformed-body");
    let page = anyone.get_as("/certificates?q=%00", "text/html").await.expect(400);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
}

async fn a_party_has_a_score_of_names_and_one_number_of_a_register(engine: Engine) {
    let registry = Registry::start(engine).await;
    let somebody = registry.sign_up("somebody@people.example").await;
    let name = json!({"kind": "trade", "name": "Example"});
    let number = |n| json!({"scheme": "jp_corporate_number", "value": corporate_number(n)});
    let register = async |names: usize, numbers: &[Value]| {
        let company = json!({"kind": "company", "name": "例示", "country": "JP",
            "names": vec![name.clone(); names], "identifiers": numbers});
        somebody.post("/api/v1/parties", &company).await
    };
    for (names, numbers, place) in
        [(21, vec![number(1)], "/names"), (0, vec![number(1), number(2)], "/identifiers")]
    {
        let problem = register(names, &numbers).await.problem("invalid");
        assert_eq!(problem["members"][0]["place"], place, "{problem:#}");
    }
    let lei = json!({"scheme": "lei", "value": "EXAMPLE0000000000184"});
    register(20, &[number(1), lei]).await.expect(201);
}

on_both_engines!(
    a_party_has_a_score_of_names_and_one_number_of_a_register,
    a_nul_character_is_refused_wherever_it_stands,
    what_the_programme_or_the_scope_does_not_know_is_not_rated,
    an_application_names_what_is_there,
    a_certificate_keeps_its_programme_and_a_version_waits_for_its_day,
    whoever_saw_an_older_version_looks_again,
    what_has_ended_has_ended,
    a_certificate_is_changed_only_for_what_it_says,
    what_cannot_be_read_is_said_to_be_so,
    every_refusal_is_a_problem_document,
    an_id_that_is_none_is_told_from_one_of_nothing,
);
