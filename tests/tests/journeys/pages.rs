//! What the public pages say of certificates, in the reader's words.

use akashi_tests::{
    Body, Client, Company, Engine, Granted, LEADING, Registry, Sides, on_both_engines,
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

on_both_engines!(
    a_level_is_called_by_its_title_in_the_reader_s_language,
    a_reduced_certificate_says_what_was_taken_from_it,
);
