//! A certificate at the desk: suspended, reinstated, reduced, given up and renewed through its pages, by those who may.

use akashi_tests::{
    Body, Browser, Case, Cast, Company, Engine, Form, Granted, LEADING, Offline, Page, Person,
    Registry, Sides, Step, on_both_engines, text,
};
use serde_json::{Value, json};

async fn at_the_desk(registry: &Registry, person: &Person) -> Browser {
    Browser::signed_in(registry, &person.email).await
}

/// An act's form filled in, and the page that asks whether that is right.
async fn looked_at_again(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let form = browser.read(path).await.expect(200).form(path);
    let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
    browser.send(&form).await.expect(200)
}

/// The same, and the last button.
async fn does(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Form {
    let confirm = looked_at_again(browser, path, fields).await.form(path);
    browser.send(&confirm).await.expect(303);
    confirm
}

/// The company shows a correction, and the lead assessor verifies it.
async fn is_corrected(body: &Body, company: &Company, application: &str, finding: &Value) {
    let period = "period_from=2026-01-01&period_to=2026-06-30";
    let attach = format!("/api/v1/evidence?application={application}&{period}");
    let file = company.member.post_body(&attach, "application/pdf", "%PDF-1.7").await.expect(201);
    let path = format!("/api/v1/findings/{}", finding["id"].as_str().expect("an id"));
    let shown = json!({"version": finding["version"], "evidence": [file.text("/id")]});
    let shown = company.member.post(&format!("{path}/evidence"), &shown).await.expect(200);
    let verify = json!({"version": shown.number("/version"), "value": "conform",
        "reason": text("The list is kept.")});
    body.lead.post(&format!("{path}/verify"), &verify).await.expect(200);
}

async fn a_certificate_goes_its_way_through_the_pages_alone(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let sides = Sides { body: &body, company: &company };
    let granted = sides.certify(LEADING, "leading").await;
    let credential = granted.credential(&registry).await;
    let told = async |verdict| Offline::once_told(&registry, &credential, verdict).await;
    told("valid").await;
    let all = company.member.get("/api/v1/applications").await.expect(200);
    let application = all.text("/items/0/id").to_owned();
    let findings = format!("/api/v1/findings?application={application}");
    let finding = company.member.get(&findings).await.expect(200).json[0].clone();
    let id = finding["id"].as_str().expect("an id");

    let path = format!("/desk/certificates/{}", granted.certificate);
    let decider = at_the_desk(&registry, &body.decision_maker).await;
    let suspend = format!("{path}/suspend");
    let fields = [
        ("cause", "nonconformity"),
        ("hearing", "heard"),
        ("findings", id),
        ("reason", "Not for the public."),
        ("public_reason", "A correction is late."),
    ];
    let again = looked_at_again(&decider, &suspend, &fields).await;
    for words in ["Is this right?", "Not for the public.", "A correction is late."] {
        assert!(again.says(words), "{words} is missing in {}", again.html);
    }
    assert_eq!(granted.public(&registry).await["state"], "active", "nothing is done yet");
    let confirm = again.form(&suspend);
    decider.send(&confirm).await.expect(303);
    // A double click does it once.
    decider.send(&confirm).await.expect(303);
    let public = granted.public_once(&registry, "suspended").await;
    assert_eq!(public["history"].as_array().map(Vec::len), Some(2), "{public:#}");
    assert!(!public.to_string().contains("Not for the public"), "{public:#}");
    told("suspended").await;

    let reinstate = format!("{path}/reinstate");
    let waits = decider.read(&path).await.expect(200);
    assert!(waits.says("Not all of them are verified yet"), "{}", waits.html);
    assert!(!waits.html.contains("/reinstate"), "no button leads to what cannot be");
    let fields =
        [("cause_closed", "yes"), ("reason", "It was shown."), ("public_reason", "Corrected.")];
    let record = format!("/api/v1/certificates/{}", granted.certificate);
    let seen = body.decision_maker.get(&record).await;
    let version = seen.expect(200).number("/version").to_string();
    let early = fields.iter().fold(confirm.clone(), |form, (name, value)| form.with(name, value));
    let early = Form { action: reinstate.clone(), ..early.with("version", &version) };
    let early = early.with("_form", &format!("{}.early", body.decision_maker.id));
    let refused = decider.send(&early).await.expect(409);
    assert!(refused.says("a finding is not settled yet"), "{}", refused.html);
    is_corrected(&body, &company, &application, &finding).await;
    does(&decider, &reinstate, &fields).await;
    granted.public_once(&registry, "active").await;
    told("valid").await;

    let reduce = format!("{path}/reduce");
    let fields = [("reason", "One level less."), ("public_reason", "A lower level.")];
    let same = looked_at_again(&decider, &reduce, &fields).await.form(&reduce);
    let refused = decider.send(&same).await.expect(409);
    assert!(refused.says("choose a lower level or fewer facilities"), "{}", refused.html);
    let kept = refused.form(&reduce);
    assert_eq!(kept.value("public_reason"), Some("A lower level."), "nothing typed is lost");
    let lower = ("level", "committed");
    does(&decider, &reduce, &[fields[0], fields[1], lower]).await;
    // The lower version superseded the file, which comes before all else that holds.
    told("superseded").await;

    let holder = Browser::signed_in(&registry, &company.member.email).await;
    let leaving = holder.read(&format!("{path}/terminate")).await.expect(200);
    assert!(leaving.says("This is no withdrawal."), "{}", leaving.html);
    does(&holder, &format!("{path}/terminate"), &[("reason", "We stop hosting.")]).await;
    let public = granted.public_once(&registry, "terminated").await;
    assert!(!public.to_string().contains("withdrawn"), "{public:#}");
    let ended = holder.read(&path).await.expect(200);
    assert!(ended.says("of its own accord") && !ended.html.contains("/terminate\""));
}

async fn started(engine: Engine) -> (Registry, Cast, Case, String) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    let case = cast.bring(1, Step::Active).await;
    let path = format!("/desk/certificates/{}", case.certificate.as_deref().expect("a number"));
    (registry, cast, case, path)
}

async fn who_may_see_a_certificate_and_act_on_it(engine: Engine) {
    let (registry, cast, case, path) = started(engine).await;
    let list = format!("/desk/parties/{}/certificates", cast.id);
    let stranger = Person::signs_up(&registry, "stranger").await;
    let auditor = cast.employs(&registry, "auditor", "auditor").await;
    // who, the certificate, the body's list, an act of the body's, an act of the holder's
    for (person, expected) in [
        (&cast.applicant, [200, 404, 403, 200]),
        (&cast.decision_maker, [200, 200, 200, 403]),
        (&cast.quality_manager, [200, 200, 403, 403]),
        (&cast.reviewer, [200, 200, 403, 403]),
        (&auditor, [200, 200, 403, 403]),
        (&cast.assessor, [403, 403, 403, 403]),
        (&stranger, [404, 404, 404, 404]),
    ] {
        let browser = at_the_desk(&registry, person).await;
        let pages =
            [path.clone(), list.clone(), format!("{path}/suspend"), format!("{path}/terminate")];
        for (page, status) in pages.iter().zip(expected) {
            let read = browser.read(page).await;
            assert_eq!(read.answer.status.as_u16(), status, "{} at {page}", person.email);
        }
        let read = browser.read(&path).await;
        let [.., decides, leaves] = expected;
        assert_eq!(read.html.contains("/suspend\""), decides == 200, "{}", person.email);
        assert_eq!(read.html.contains("/terminate\""), leaves == 200, "{}", person.email);
    }
    let quality = at_the_desk(&registry, &cast.quality_manager).await;
    let number = case.certificate.as_deref().expect("a number");
    for (state, shown) in [("", true), ("active", true), ("suspended", false)] {
        let read = quality.read(&format!("{list}?state={state}")).await.expect(200);
        assert_eq!(read.html.contains(number), shown, "{state}: {}", read.html);
    }
    assert!(quality.read("/desk").await.html.contains(&list), "one's own desk leads there");
}

async fn a_renewal_is_begun_from_the_certificate_once(engine: Engine) {
    let (registry, cast, case, path) = started(engine).await;
    let holder = at_the_desk(&registry, &cast.applicant).await;
    let company = holder.read(&format!("/desk/companies/{}", case.company)).await.expect(200);
    assert!(company.html.contains(&path), "the company's page leads to its certificate");
    for (act, kind) in [("renew", "renewal"), ("change-scope", "scope_change")] {
        let form = holder.read(&format!("{path}/{act}")).await.expect(200).form(act);
        let begun = holder.send(&form).await.expect(303);
        let to = begun.answer.header("location").expect("an address").to_owned();
        let twice = holder.send(&form).await.expect(303);
        assert_eq!(twice.answer.header("location"), Some(&*to), "a double click begins one");
        holder.read(&to).await.expect(200);
        let id = to.rsplit('/').next().expect("an id");
        let api = format!("/api/v1/applications/{id}");
        let made = cast.applicant.get(&api).await.expect(200);
        assert_eq!(made.text("/kind"), kind);
    }
}

async fn a_suspended_certificate_is_on_the_desks_of_those_it_needs(engine: Engine) {
    let (registry, cast, case, path) = started(engine).await;
    let granted = Granted {
        certificate: case.certificate.clone().expect("a number"),
        credential: case.credential.clone().expect("a credential"),
    };
    let readers = [&cast.applicant, &cast.quality_manager, &cast.decision_maker, &cast.reviewer];
    let mut shown = Vec::new();
    for person in readers {
        let desk = at_the_desk(&registry, person).await.read("/desk").await.expect(200);
        shown.push(desk.html.contains(&path));
    }
    assert_eq!(shown, [false; 4], "in force for long, it needs nobody");
    let decision = json!({"cause": "request", "public_reason": "A pause.", "heard": true});
    let decision = granted.decision(&cast.decision_maker, decision).await;
    cast.decision_maker.post(&granted.path("suspend"), &decision).await.expect(200);
    let mut shown = Vec::new();
    for person in readers {
        let desk = at_the_desk(&registry, person).await.read("/desk").await.expect(200);
        shown.push(desk.html.contains(&path));
    }
    assert_eq!(shown, [true, true, true, false]);
}

async fn a_certificate_s_pages_ask_the_database_little(engine: Engine) {
    let registry = Registry::start_telling_queries(engine).await;
    let cast = Cast::gather(&registry).await;
    let case = cast.bring(1, Step::Active).await;
    let path = format!("/desk/certificates/{}", case.certificate.as_deref().expect("a number"));
    let decider = at_the_desk(&registry, &cast.decision_maker).await;
    let paths = [
        path.clone(),
        format!("{path}/suspend"),
        format!("/desk/parties/{}/certificates", cast.id),
        "/desk".to_owned(),
    ];
    let count = async |path: &String| {
        let page = decider.read(path).await.expect(200);
        registry.queries_of(page.answer.header("request-id").expect("an id"))
    };
    let mut before = Vec::new();
    for path in &paths {
        let queries = count(path).await;
        assert!((1..=12).contains(&queries), "{path} takes {queries} queries");
        before.push(queries);
    }
    for n in 2..5 {
        cast.bring(n, Step::Active).await;
    }
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(count(path).await, before, "{path} grows with its rows");
    }
}

on_both_engines!(
    a_certificate_goes_its_way_through_the_pages_alone,
    who_may_see_a_certificate_and_act_on_it,
    a_renewal_is_begun_from_the_certificate_once,
    a_suspended_certificate_is_on_the_desks_of_those_it_needs,
    a_certificate_s_pages_ask_the_database_little,
);
