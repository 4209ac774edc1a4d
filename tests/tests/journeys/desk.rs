//! People at the desk, with forms and without a script: what is typed is not lost, what is private does not show, and what is
//! sent twice is done once.

use std::collections::BTreeSet;

use akashi_tests::{
    Browser, Case, Cast, Engine, Form, Page, Person, Registry, Step, on_both_engines,
};
use serde_json::json;

/// The desk's pages about one case that is under way, each with who may read it besides: those who belong to its parties
/// and may not get 403, strangers 404.
fn pages(case: &Case) -> Vec<String> {
    let assessment = case.assessment.as_deref().expect("an assessment");
    let (application, facility) = (&case.application, &case.facility);
    vec![
        format!("/desk/applications/{application}"),
        format!("/desk/applications/{application}/sections/contract"),
        format!("/desk/applications/{application}/evidence?criterion=RH-1.1&facility={facility}"),
        format!("/desk/assessments/{assessment}"),
        format!("/desk/assessments/{assessment}/sections/contract"),
        format!("/desk/assessments/{assessment}/report"),
    ]
}

async fn started(engine: Engine) -> (Registry, Cast) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    (registry, cast)
}

async fn at_the_desk(registry: &Registry, person: &Person) -> Browser {
    Browser::signed_in(registry, &person.email).await
}

async fn whoever_is_not_signed_in_is_led_to_it_and_back(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Open).await;
    let browser = Browser::new(&registry);
    let mut all = pages(&case);
    all.extend([
        "/desk".to_owned(),
        "/desk/mail".to_owned(),
        "/desk/companies/new".to_owned(),
        format!("/desk/companies/{}", case.company),
    ]);
    for path in all {
        let led = browser.read(&path).await.expect(303);
        let to = led.answer.header("location").expect("an address").to_owned();
        assert!(to.starts_with("/sign-in?then=%2Fdesk"), "{path} leads to {to}");
        let sign_in = browser.read(&to).await.expect(200).form("/sign-in");
        assert_eq!(sign_in.value("then"), Some(&*path), "and back");
    }
    let elsewhere = browser.read("/sign-in?then=https%3A%2F%2Fevil.example%2Fdesk").await;
    assert_eq!(elsewhere.form("/sign-in").value("then"), Some("/desk"), "and nowhere else");
}

async fn a_wrong_password_says_so_and_keeps_the_address(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let browser = Browser::new(&registry);
    let form = browser.read("/sign-in?lang=ja").await.form("/sign-in");
    for (email, password) in
        [(&*cast.lead.email, "a wrong password"), ("nobody@people.example", "a wrong password")]
    {
        let refused = browser
            .send(&form.clone().with("email", email).with("password", password))
            .await
            .expect(401);
        assert!(refused.says("メールアドレスとパスワードが一致しません"), "{}", refused.html);
        assert_eq!(refused.form("/sign-in").value("email"), Some(email));
        assert!(!refused.html.contains("a wrong password"), "a password is given back to nobody");
        assert!(refused.answer.header("set-cookie").is_none());
    }
}

/// A form that was typed and not sent yet: the reason for breaking an assessment off.
fn typed(page: &Page) -> Form {
    page.form("/abort").with("reason", "The gate stayed shut, 門が開かなかった。")
}

async fn a_session_lost_in_the_middle_of_a_form_loses_nothing_typed(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Open).await;
    let path = format!("/desk/assessments/{}", case.assessment.as_deref().expect("an assessment"));
    let lead = at_the_desk(&registry, &cast.lead).await;
    let form = typed(&lead.read(&path).await.expect(200));
    let sign_out = lead.read("/desk").await.form("/sign-out");
    lead.send(&sign_out).await.expect(303);

    // Whoever presses the back button after that, or reads on, finds nothing.
    lead.read(&path).await.expect(303);
    let lost = lead.send(&form).await.expect(401);
    assert!(lost.says("Nothing is lost"), "{}", lost.html);
    let sign_in = lost.form("/sign-in");
    assert_eq!(sign_in.value("kept.reason"), form.value("reason"));

    // Somebody else who signs in there is not given what it was.
    let second = sign_in
        .clone()
        .with("email", &cast.reviewer.email)
        .with("password", akashi_tests::PASSWORD);
    let other = lead.send(&second).await.expect(303);
    assert!(!other.html.contains("gate"), "{}", other.html);

    let again = sign_in.with("email", &cast.lead.email).with("password", akashi_tests::PASSWORD);
    let resumed = lead.send(&again).await.expect(200);
    assert!(resumed.says("門が開かなかった。"));
    let lead = lead.keeping_the_cookie_of(&resumed.answer);
    let sent = lead.send(&resumed.form("/abort")).await.expect(303);
    assert!(sent.answer.header("location").is_some_and(|to| to.contains("done=abort")));
    assert!(lead.read(&path).await.expect(200).says("Broken off"));
}

async fn what_is_sent_twice_is_done_once(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Open).await;
    let path = format!("/desk/assessments/{}", case.assessment.as_deref().expect("an assessment"));
    let lead = at_the_desk(&registry, &cast.lead).await;
    let form = typed(&lead.read(&path).await.expect(200));
    lead.send(&form).await.expect(303);
    // The back button after a submit: the same again, and then with other words.
    lead.send(&form).await.expect(303);
    let other = lead.send(&form.clone().with("reason", "Other words.")).await.expect(422);
    assert!(other.says("This was not taken yet"), "{}", other.html);
    assert!(lead.read(&path).await.says("Broken off"));
}

async fn a_form_is_taken_from_the_registry_s_own_pages_alone(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Open).await;
    let path = format!("/desk/assessments/{}", case.assessment.as_deref().expect("an assessment"));
    let lead = at_the_desk(&registry, &cast.lead).await;
    let form = typed(&lead.read(&path).await.expect(200));
    for site in ["cross-site", "same-site", "none", "x"] {
        let refused = lead.saying("sec-fetch-site", site).send(&form).await.expect(403);
        assert!(refused.says("Sent from another site"), "{}", refused.html);
    }
    assert!(!lead.read(&path).await.says("Broken off"));
    // With the cookie alone the API opens to nobody.
    lead.read(&format!("/api/v1/applications/{}", case.application)).await.expect(401);
    lead.send(&form).await.expect(303);
}

async fn two_who_rate_one_section_lose_nothing(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Open).await;
    let assessment = case.assessment.clone().expect("an assessment");
    let path = format!("/desk/assessments/{assessment}/sections/contract");
    let lead = at_the_desk(&registry, &cast.lead).await;
    let second = at_the_desk(&registry, &cast.assessor).await;
    let field = |letter: &str, criterion: &str| format!("{letter}.{criterion}.{}", case.facility);
    let opened = second.read(&path).await.expect(200).form("/sections/contract");
    let rated = lead.read(&path).await.form("/sections/contract");
    let rated = rated
        .with(&field("v", "RH-2.1"), "conform")
        .with(&field("r", "RH-2.1"), "Seen by the lead.");
    lead.send(&rated).await.expect(303);

    let both = opened
        .with(&field("v", "RH-2.1"), "minor")
        .with(&field("r", "RH-2.1"), "Heard by the second.")
        .with(&field("v", "RH-2.6"), "conform")
        .with(&field("r", "RH-2.6"), "Only the second was there.");
    let shown = second.send(&both).await.expect(409);
    for words in ["Somebody else has changed this", "Seen by the lead.", "Heard by the second."] {
        assert!(shown.says(words), "{words} is missing in {}", shown.html);
    }
    // What nobody else had touched is saved.
    let view = cast.lead.get(&format!("/api/v1/assessments/{assessment}")).await.expect(200);
    let rated: BTreeSet<_> = view.json["ratings"]
        .as_array()
        .expect("ratings")
        .iter()
        .map(|r| r["criterion"].as_str().expect("text").to_owned())
        .collect();
    assert!(rated.contains("RH-2.6"), "{rated:?}");
    // A reason without a rating, and a rating without a reason, stay where they were typed.
    let half = second.read(&path).await.form("/sections/contract");
    let half = half.with(&field("r", "RH-2.6"), " ");
    let held = second.send(&half).await.expect(409);
    assert!(held.says("Say why."), "{}", held.html);
}

async fn a_stranger_finds_nothing_and_a_member_only_its_own(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Open).await;
    let stranger = Person::signs_up(&registry, "stranger").await;
    let stranger = at_the_desk(&registry, &stranger).await;
    let company = at_the_desk(&registry, &cast.applicant).await;
    for (path, member) in pages(&case).iter().zip([200, 200, 200, 403, 403, 409]) {
        stranger.read(path).await.expect(404);
        company.read(path).await.expect(member);
    }
    let own = format!("/desk/companies/{}", case.company);
    stranger.read(&own).await.expect(404);
    company.read(&own).await.expect(200);
}

async fn a_page_asks_the_database_little_and_never_more_for_more_rows(engine: Engine) {
    let registry = Registry::start_telling_queries(engine).await;
    let cast = Cast::gather(&registry).await;
    let case = cast.bring(1, Step::Open).await;
    let rating = json!({"facility": case.facility, "value": "conform",
        "reason": {"text": "Seen on the visit.", "lang": "en"}});
    cast.lead.put(&format!("{}/ratings/RH-2.1", case.assessment_path()), &rating).await.expect(200);
    cast.attach(&case).await.expect(201);
    let finding = cast.bring_rated_below(2, Step::Completed, "minor").await;
    let deciding = cast.bring(3, Step::Deciding).await;
    let [lead, company, decider, quality] =
        [&cast.lead, &cast.applicant, &cast.decision_maker, &cast.quality_manager];
    let (lead, company) =
        (at_the_desk(&registry, lead).await, at_the_desk(&registry, company).await);
    let (decider, quality) =
        (at_the_desk(&registry, decider).await, at_the_desk(&registry, quality).await);
    let mut read = vec![
        (&lead, "/desk".to_owned()),
        (&quality, "/desk".to_owned()),
        (&quality, format!("/desk/parties/{}/people", cast.id)),
        (&lead, "/desk/conflicts".to_owned()),
        (&company, "/may-i-apply?hosts=yes&workers=6&places=2&case=no".to_owned()),
        (&company, "/desk/mail".to_owned()),
        (&company, format!("/desk/companies/{}", case.company)),
        (&company, format!("/desk/companies/{}/apply", case.company)),
        (&quality, format!("/desk/applications/{}", case.application)),
        (&company, format!("/desk/applications/{}", finding.application)),
        (&company, format!("/desk/findings/{}", finding.finding.as_deref().expect("a finding"))),
        (&decider, format!("/desk/applications/{}/decision", deciding.application)),
    ];
    read.extend(
        pages(&case)
            .into_iter()
            .map(|path| (if path.contains("assessments") { &lead } else { &company }, path)),
    );
    let mut counts = Vec::new();
    for (browser, path) in &read {
        let page = browser.read(path).await.expect(200);
        let request = page.answer.header("request-id").expect("an id").to_owned();
        let count = registry.queries_of(&request);
        assert!((1..=12).contains(&count), "{path} takes {count} queries");
        counts.push(count);
    }
    for n in 4..10 {
        cast.bring_rated_below(n, Step::Completed, "minor").await;
    }
    for _ in 0..5 {
        cast.attach(&case).await.expect(201);
    }
    cast.rate(&case, "conform").await;
    for ((browser, path), before) in read.iter().zip(counts) {
        let page = browser.read(path).await.expect(200);
        let request = page.answer.header("request-id").expect("an id").to_owned();
        assert_eq!(registry.queries_of(&request), before, "{path} grows with its rows");
    }
}

async fn a_browser_that_is_told_who_it_is_by_nobody_keeps_no_secret(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let browser = Browser::new(&registry);
    let form = browser.read("/sign-in").await.form("/sign-in");
    let form = form.with("email", &cast.lead.email).with("password", akashi_tests::PASSWORD);
    let seated = browser.send(&form).await.expect(303);
    let cookie = seated.answer.header("set-cookie").expect("a cookie");
    for word in ["__Host-akashi=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(word), "{word} is missing in {cookie}");
    }
    let page = browser.keeping_the_cookie_of(&seated.answer).read("/desk").await.expect(200);
    assert_eq!(page.answer.header("cache-control"), Some("no-store"));
    let policy = page.answer.header("content-security-policy").expect("a policy");
    assert!(
        !policy.contains("unsafe-inline") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!page.html.contains("style=") && !page.html.contains(" onclick="), "{}", page.html);
}

on_both_engines!(
    whoever_is_not_signed_in_is_led_to_it_and_back,
    a_wrong_password_says_so_and_keeps_the_address,
    a_session_lost_in_the_middle_of_a_form_loses_nothing_typed,
    what_is_sent_twice_is_done_once,
    a_form_is_taken_from_the_registry_s_own_pages_alone,
    two_who_rate_one_section_lose_nothing,
    a_stranger_finds_nothing_and_a_member_only_its_own,
    a_page_asks_the_database_little_and_never_more_for_more_rows,
    a_browser_that_is_told_who_it_is_by_nobody_keeps_no_secret,
);
