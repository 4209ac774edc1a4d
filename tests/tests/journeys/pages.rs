//! What the public pages say of certificates, in the reader's words.

use akashi_tests::{
    Body, Client, Company, Engine, Granted, LEADING, ORIGIN, Registry, Sides, on_both_engines,
};
use serde_json::{Value, json};

async fn page(anyone: &Client, path: &str) -> String {
    let page = anyone.get_as(path, "text/html").await.expect(200);
    String::from_utf8(page.body).expect("UTF-8")
}

async fn a_level_is_called_by_its_title_in_the_reader_s_language(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    let credential = granted.credential(&registry).await;
    granted.public_once(&registry, "active").await;
    let anyone = registry.anyone();
    for (language, title) in [("en", "Leading"), ("ja", "先導")] {
        let list = page(&anyone, &format!("/certificates?lang={language}")).await;
        assert!(list.contains(&format!("{title} ·")), "{list}");
        let verify = format!("/verify?lang={language}");
        let reader = anyone.with_header("accept", "text/html");
        let report = reader.post_body(&verify, "application/vc", credential.clone()).await;
        let report = String::from_utf8(report.expect(200).body).expect("UTF-8");
        assert!(report.contains(&format!("<dd>{title}</dd>")), "{report}");
    }
}

/// Reduces a certificate; gives what its page then says.
async fn reduced(registry: &Registry, body: &Body, granted: &Granted, members: Value) -> String {
    let reduced = granted.is_decided_on(body, "reduce", members).await.expect(200);
    granted.followed_by(&reduced).credential(registry).await;
    page(&registry.anyone(), &format!("/certificates/{}?lang=en", granted.certificate)).await
}

async fn a_reduced_certificate_says_what_was_taken_from_it(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    granted.credential(&registry).await;

    let level = json!({"level": "certified", "public_reason": "A plan was not kept."});
    let said = reduced(&registry, &body, &granted, level).await;
    for words in ["at a lower level than before", "lowered its level", "A plan was not kept."] {
        assert!(said.contains(words), "{words} is missing in {said}");
    }

    let scope = json!({"facilities": [company.site], "public_reason": "The dormitory was closed."});
    let said = reduced(&registry, &body, &granted, scope).await;
    for words in ["for fewer facilities than before", "The dormitory was closed."] {
        assert!(said.contains(words), "{words} is missing in {said}");
    }
}

async fn what_a_credential_names_by_address_is_a_page_to_readers(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let granted = Sides { body: &body, company: &company }.certify(LEADING, "leading").await;
    let credential = granted.credential(&registry).await;
    granted.public_once(&registry, "active").await;
    let credential: Value = serde_json::from_slice(&credential).expect("JSON");
    let path = |uri: &Value| text(uri).strip_prefix(ORIGIN).expect("an address here").to_owned();
    let (anyone, browser) = (registry.anyone(), "text/html,application/xhtml+xml,*/*;q=0.8");

    let id = path(&credential["id"]);
    let led = anyone.get_as(&id, browser).await.expect(303);
    assert_eq!(led.header("location"), Some(&*format!("/certificates/{}", granted.certificate)));
    assert_eq!(led.header("vary"), Some("accept, accept-language"), "programs get the file there");
    let file = format!("{id}?form=di_jcs");
    for (path, accept) in [(&file, browser), (&id, "*/*"), (&id, "application/vc,text/html;q=0.9")]
    {
        let answer = anyone.get_as(path, accept).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("application/vc"), "{path} as {accept}");
    }

    let covered = "/credentialSubject/conformityAssessment/0/assessedFacility/0/facility";
    let facility = credential.pointer(covered).expect("a facility");
    let said = page(&anyone, &path(&facility["id"])).await;
    assert!(
        said.contains(text(&facility["name"])) && said.contains(&granted.certificate),
        "{said}"
    );
    let told = anyone.get(&path(&facility["id"])).await.expect(200).json;
    assert_eq!(told["certificates"], json!([granted.certificate]));
}

async fn an_unknown_address_is_a_page_to_readers_and_a_problem_to_programs(engine: Engine) {
    let registry = Registry::start(engine).await;
    let anyone = registry.anyone();
    for (language, title) in [("en", "There is no such thing here"), ("ja", "見つかりません")]
    {
        // A path that would read as another host's is no link of the page's.
        let path = format!("//other.example/x?lang={language}");
        let answer = anyone.get_as(&path, "text/html,*/*;q=0.8").await.expect(404);
        assert_eq!(answer.headers["vary"], "accept, accept-language");
        let said = String::from_utf8(answer.body).expect("UTF-8");
        assert!(
            said.contains(&format!("<html lang=\"{language}\"")) && said.contains(title),
            "{said}"
        );
        assert!(!said.contains("other.example"), "{said}");
    }
    let problem = anyone.get("/no/such/page").await.expect(404);
    assert!(problem.text("/type").ends_with("/not-found"));
}

async fn a_programme_is_a_page_to_readers_and_its_canonical_form_to_programs(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let anyone = registry.anyone();
    let (id, version) = (text(&body.programme["id"]), text(&body.programme["version"]));
    for (language, title) in
        [("en", "Employer pays all fees"), ("ja", "新規採用者の費用は全額会社負担")]
    {
        let path = format!("/programmes/{id}/{version}?lang={language}");
        let page = anyone.get_as(&path, "text/html").await.expect(200);
        let page = String::from_utf8(page.body).expect("UTF-8");
        assert!(page.contains(title), "{page}");
    }
    let canonical = anyone.get(&format!("/programmes/{id}/{version}")).await.expect(200);
    assert_eq!(canonical.json["criteria"], body.programme["criteria"]);
    let unknown = anyone.get_as(&format!("/programmes/{id}/1?lang=ja"), "text/html").await;
    assert!(String::from_utf8(unknown.expect(404).body).expect("UTF-8").contains("見つかりません"));
    anyone.get(&format!("/programmes/{id}/1")).await.problem("not-found");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// A form that was sent as it stood.
const EMPTY: &str = "--end\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\n\r\n--end--\r\n";
const FORM: &str = "multipart/form-data; boundary=end";

async fn a_form_that_names_no_file_is_asked_again_in_the_reader_s_language(engine: Engine) {
    let registry = Registry::start(engine).await;
    let reader = registry.anyone().with_header("accept", "text/html");
    for (language, asks) in [("en", "Choose a file, or paste"), ("ja", "ファイルを選ぶか")]
    {
        let page =
            reader.post_body(&format!("/verify?lang={language}"), FORM, EMPTY).await.expect(422);
        let page = String::from_utf8(page.body).expect("UTF-8");
        assert!(page.contains(asks) && page.contains("<form"), "{page}");
    }
}

on_both_engines!(
    a_programme_is_a_page_to_readers_and_its_canonical_form_to_programs,
    a_form_that_names_no_file_is_asked_again_in_the_reader_s_language,
    a_level_is_called_by_its_title_in_the_reader_s_language,
    a_reduced_certificate_says_what_was_taken_from_it,
    what_a_credential_names_by_address_is_a_page_to_readers,
    an_unknown_address_is_a_page_to_readers_and_a_problem_to_programs,
);
