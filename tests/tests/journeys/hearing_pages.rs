//! People complain, appeal and read what it costs on pages, without a script: what is secret stands nowhere else, who had
//! a part in it is told so, and what is sent twice is done once.

use akashi_tests::{
    Browser, Case, Cast, Engine, Form, Page, Person, Registry, Step, on_both_engines, text,
};
use serde_json::json;

async fn started(engine: Engine) -> (Registry, Cast) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    (registry, cast)
}

/// The application of the `n`th company, refused.
async fn refused(cast: &Cast, n: u32) -> Case {
    let case = cast.bring(n, Step::Deciding).await;
    let version = cast.application(&case).await.number("/version");
    let refuse =
        json!({"version": version, "kind": "refuse", "reason": text("Workers paid fees.")});
    let path = format!("{}/decision", case.application_path());
    cast.decision_maker.post(&path, &refuse).await.expect(201);
    case
}

/// The text of the element of an id.
fn shown(page: &Page, id: &str) -> String {
    let (_, rest) = page.html.split_once(&format!("id=\"{id}\"")).expect("the element");
    let (_, rest) = rest.split_once('>').expect("its text");
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// Somebody without an account fills in the form about a certificate.
async fn filled_in(anyone: &Browser, number: &str) -> Form {
    let page = anyone.read(&format!("/complain?certificate={number}")).await.expect(200);
    assert!(page.says("you hear within"), "{}", page.html);
    let form = page.form("/complain").with("body", "");
    assert_eq!(form.value("certificate"), Some(number), "what it is about is filled in");
    form.with("text", "Passports are kept in the office.").with("contact", "")
}

/// Comes back with number and secret.
async fn comes_back(anyone: &Browser, number: &str, secret: &str) -> Page {
    let form = anyone.read("/complaints").await.expect(200).form("/complaints");
    anyone.send(&form.with("number", number).with("secret", secret)).await
}

async fn whoever_complains_without_an_account_comes_back_to_the_answer(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Active).await;
    let number = case.certificate.as_deref().expect("a certificate");
    let anyone = Browser::new(&registry);
    let certificate = anyone.read(&format!("/certificates/{number}")).await.expect(200);
    assert!(certificate.html.contains(&format!("/complain?certificate={number}")));
    let form = filled_in(&anyone, number).await;

    // Sent twice, it is one complaint; with other words it is told that the first was taken.
    let sent = anyone.send(&form).await.expect(201);
    let (id, secret) = (shown(&sent, "number"), shown(&sent, "secret"));
    let again = anyone.send(&form).await.expect(201);
    assert_eq!((shown(&again, "number"), shown(&again, "secret")), (id.clone(), secret.clone()));
    let other = anyone.send(&form.clone().with("text", "Other words.")).await.expect(422);
    assert!(other.says("with other words") && other.says("Other words."), "{}", other.html);
    assert!(!other.html.contains(&secret), "another complaint has another secret");
    let refused = anyone.saying("sec-fetch-site", "cross-site").send(&form).await;
    refused.expect(403);

    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let desk = quality.read("/desk").await.expect(200);
    let list = format!("/desk/parties/{}/complaints", cast.id);
    assert!(desk.html.contains(&list), "the desk leads there: {}", desk.html);
    let page = quality.read(&list).await.expect(200);
    assert_eq!(page.html.matches("/desk/complaints/").count(), 1, "{}", page.html);
    let path = format!("/desk/complaints/{id}");
    let read = quality.read(&path).await.expect(200);
    assert!(read.says("Passports are kept in the office."), "{}", read.html);
    for page in [&page, &read] {
        assert!(!page.html.contains(&secret), "the secret stands nowhere else");
    }
    quality.send(&read.form("/acknowledge")).await.expect(303);
    let seen = comes_back(&anyone, &id, &secret).await.expect(200);
    assert!(seen.says("Being looked into") && !seen.html.contains(&secret), "{}", seen.html);
    assert!(seen.answer.header("cache-control").is_some_and(|value| value == "no-store"));
    let wrong = comes_back(&anyone, &id, &secret.to_lowercase()).await.expect(404);
    assert!(wrong.says("do not belong together"), "{}", wrong.html);

    let empty = quality.read(&path).await.form("/resolve");
    let refused = quality.send(&empty.with("answer", " ")).await.expect(409);
    assert!(refused.says("write the answer"), "{}", refused.html);
    let resolve = quality.read(&path).await.form("/resolve");
    let resolve = resolve.with("answer", "We have been there.").with("special_look", "yes");
    quality.send(&resolve).await.expect(303);
    quality.send(&resolve).await.expect(303);
    let seen = comes_back(&anyone, &id, &secret).await.expect(200);
    assert!(seen.says("We have been there.") && seen.says("special look"), "{}", seen.html);
}

async fn a_complaint_is_shown_to_its_body_s_quality_managers_and_handled_by_strangers_to_the_case(
    engine: Engine,
) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Active).await;
    let anyone = Browser::new(&registry);
    let form = filled_in(&anyone, case.certificate.as_deref().expect("a certificate")).await;
    let id = shown(&anyone.send(&form).await.expect(201), "number");
    let path = format!("/desk/complaints/{id}");
    let list = format!("/desk/parties/{}/complaints", cast.id);
    let stranger = Person::signs_up(&registry, "stranger").await;
    for (person, status) in [(&stranger, 404), (&cast.applicant, 404), (&cast.decision_maker, 403)]
    {
        let browser = Browser::signed_in(&registry, &person.email).await;
        browser.read(&path).await.expect(status);
        browser.read(&list).await.expect(status);
    }
    // Who decided on the certificate reads why somebody else must, and finds no form.
    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let dismiss = quality.read(&path).await.form("/dismiss");
    cast.gives_role(&cast.decision_maker, "quality_manager").await;
    let decider = Browser::signed_in(&registry, &cast.decision_maker.email).await;
    let page = decider.read(&path).await.expect(200);
    assert!(page.says("decided in this case"), "{}", page.html);
    assert!(!page.html.contains(&format!("{path}/dismiss")), "{}", page.html);
    let own = decider.read("/desk").await.form("/sign-out");
    let forged = dismiss.with("_form", own.value("_form").expect("a showing"));
    let refused = decider.send(&forged.with("answer", "There is nothing to it.")).await;
    assert!(refused.expect(409).says("Somebody else must do this"));
    assert!(decider.read(&path).await.says("Received"));
}

/// The company appeals on its page against what was decided; gives the appeal's path.
async fn appeals(company: &Browser, case: &Case, grounds: &str) -> String {
    let path = format!("/desk/parties/{}/decisions", case.company);
    let page = company.read(&path).await.expect(200);
    assert!(page.says("You may appeal against it until"), "{}", page.html);
    let form = page.form("/appeal").with("grounds", grounds);
    let sent = company.send(&form).await.expect(303);
    let to = sent.answer.header("location").expect("an address").to_owned();
    let again = company.send(&form).await.expect(303);
    assert_eq!(again.answer.header("location"), Some(&*to), "sent twice, it is one appeal");
    to.split('?').next().expect("a path").to_owned()
}

async fn an_appeal_goes_through_the_pages_to_an_overturned_refusal(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = refused(&cast, 1).await;
    let panel = cast.employs(&registry, "panel", "decision_maker").await;
    let company = Browser::signed_in(&registry, &cast.applicant.email).await;
    let application = company.read(&format!("/desk/applications/{}", case.application)).await;
    assert!(application.html.contains(&format!("/desk/parties/{}/decisions", case.company)));
    let path = appeals(&company, &case, "The records were there.").await;
    assert!(company.read(&path).await.expect(200).says("The records were there."));

    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let list = quality.read(&format!("/desk/parties/{}/appeals", cast.id)).await.expect(200);
    assert!(list.html.contains(&path), "{}", list.html);
    let stranger = Person::signs_up(&registry, "stranger").await;
    let heard = Browser::signed_in(&registry, &panel.email).await;
    let stranger = Browser::signed_in(&registry, &stranger.email).await;
    for (browser, status) in [(&stranger, 404), (&heard, 403)] {
        browser.read(&path).await.expect(status);
        browser.read(&format!("/desk/parties/{}/decisions", case.company)).await.expect(404);
    }
    quality.send(&quality.read(&path).await.expect(200).form("/admit")).await.expect(303);

    // Who had a part in the refusal stands there with the reason, and cannot be named.
    let named = quality.read(&path).await.expect(200);
    assert!(named.says("decided in this case") && named.says("reviewed in this case"));
    let form = named.form("/panel");
    let unfit = form.clone().with("members", &cast.decision_maker.id);
    assert!(quality.send(&unfit).await.expect(409).says("Somebody else must do this"));
    let none = quality.read(&path).await.form("/panel");
    assert!(quality.send(&none).await.expect(409).says("choose at least one person"));
    let form = quality.read(&path).await.form("/panel").with("members", &panel.id);
    quality.send(&form).await.expect(303);

    let desk = heard.read("/desk").await.expect(200);
    assert!(desk.says("Appeals that you hear") && desk.html.contains(&path), "{}", desk.html);
    let form = heard.read(&path).await.expect(200).form("/outcome");
    let form = form.with("outcome", "overturned").with("reason", "The panel has read the file.");
    heard.send(&form).await.expect(303);
    heard.send(&form).await.expect(303);
    let told = company.read(&path).await.expect(200);
    assert!(told.says("The decision was wrong") && told.says("The panel has read the file."));
    let seen = cast.application(&case).await;
    assert_eq!(seen.text("/state"), "deciding", "the refusal is undone");
    assert!(!heard.read("/desk").await.says("Appeals that you hear"), "and nothing waits");
}

async fn what_an_application_costs_is_quoted_and_paid_on_its_page(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Open).await;
    let path = format!("/desk/applications/{}", case.application);
    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let form = quality.read(&path).await.expect(200).form("/quote");
    let form = form.with("item", "Initial assessment");
    let wrong = quality.send(&form.clone().with("amount", "1.5")).await.expect(422);
    assert!(wrong.says("Amount: a number"), "{}", wrong.html);
    let form = quality.read(&path).await.form("/quote").with("item", "Initial assessment");
    let form = form.with("amount", "150,000");
    quality.send(&form).await.expect(303);
    quality.send(&form).await.expect(303);
    let company = Browser::signed_in(&registry, &cast.applicant.email).await;
    let read = company.read(&path).await.expect(200);
    assert_eq!(read.html.matches("150,000 JPY").count(), 1, "{}", read.html);
    assert!(!read.html.contains("/invoice"), "{}", read.html);
    let lead = Browser::signed_in(&registry, &cast.lead.email).await;
    assert!(!lead.read(&path).await.expect(200).says("150,000 JPY"), "not who assesses");
    for step in ["/invoice", "/pay"] {
        quality.send(&quality.read(&path).await.form(step)).await.expect(303);
    }
    let list = format!("/desk/parties/{}/fees", cast.id);
    let all = quality.read(&list).await.expect(200);
    assert!(all.says("Paid") && all.says("150,000 JPY") && all.says("(1)"), "{}", all.html);
    company.read(&list).await.expect(404);
    lead.read(&list).await.expect(403);
}

async fn what_a_body_does_is_a_page_for_everybody(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Active).await;
    let anyone = Browser::new(&registry);
    let number = case.certificate.as_deref().expect("a certificate");
    let counts = format!("/bodies/{}/counts", cast.slug);
    let certificate = anyone.read(&format!("/certificates/{number}")).await.expect(200);
    assert!(certificate.html.contains(&counts), "the body's name leads there");
    let page = anyone.read(&format!("{counts}?lang=ja")).await.expect(200);
    assert!(page.says("認証（更新を含む）</th><td>1</td>"), "{}", page.html);
    assert!(page.says("不認証</th><td>0</td>"), "{}", page.html);
    anyone.read("/bodies/no-such-body/counts").await.expect(404);
}

async fn the_pages_ask_the_database_little_and_never_more_for_more_rows(engine: Engine) {
    let registry = Registry::start_telling_queries(engine).await;
    let cast = Cast::gather(&registry).await;
    let mut case = cast.bring(1, Step::Active).await;
    let mut refusal = refused(&cast, 2).await;
    cast.is_complained_of(&registry.anyone(), &mut case).await;
    cast.is_appealed(&mut refusal).await;
    let panel = cast.employs(&registry, "panel", "decision_maker").await;
    cast.is_heard_by(&refusal, &panel).await;
    let mut open = cast.bring(3, Step::Open).await;
    cast.is_quoted_a_fee(&mut open).await;
    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let company = Browser::signed_in(&registry, &cast.applicant.email).await;
    let heard = Browser::signed_in(&registry, &panel.email).await;
    let anyone = Browser::new(&registry);
    let (body, number) = (&cast.id, case.certificate.clone().expect("a certificate"));
    let appeal = format!("/desk/appeals/{}", refusal.appeal.clone().expect("an appeal"));
    let complaint = format!("/desk/complaints/{}", case.complaint.clone().expect("a complaint"));
    let read = [
        (&quality, format!("/desk/parties/{body}/complaints")),
        (&quality, complaint),
        (&quality, format!("/desk/parties/{body}/appeals")),
        (&quality, appeal.clone()),
        (&company, appeal.clone()),
        (&heard, appeal),
        (&heard, "/desk".to_owned()),
        (&quality, format!("/desk/parties/{body}/fees")),
        (&quality, format!("/desk/applications/{}", open.application)),
        (&company, format!("/desk/applications/{}", refusal.application)),
        (&company, format!("/desk/parties/{}/decisions", refusal.company)),
        (&anyone, format!("/complain?certificate={number}")),
        (&anyone, format!("/bodies/{}/counts", cast.slug)),
    ];
    let mut counts = Vec::new();
    for (browser, path) in &read {
        let page = browser.read(path).await.expect(200);
        let request = page.answer.header("request-id").expect("an id").to_owned();
        let count = registry.queries_of(&request);
        assert!((1..=12).contains(&count), "{path} takes {count} queries");
        counts.push(count);
    }
    for _ in 0..3 {
        cast.is_complained_of(&registry.anyone(), &mut case).await;
        cast.is_quoted_a_fee(&mut open).await;
    }
    let mut second = refused(&cast, 4).await;
    cast.is_appealed(&mut second).await;
    cast.is_heard_by(&second, &panel).await;
    for ((browser, path), before) in read.iter().zip(counts) {
        let page = browser.read(path).await.expect(200);
        let request = page.answer.header("request-id").expect("an id").to_owned();
        assert_eq!(registry.queries_of(&request), before, "{path} grows with its rows");
    }
}

on_both_engines!(
    whoever_complains_without_an_account_comes_back_to_the_answer,
    a_complaint_is_shown_to_its_body_s_quality_managers_and_handled_by_strangers_to_the_case,
    an_appeal_goes_through_the_pages_to_an_overturned_refusal,
    what_an_application_costs_is_quoted_and_paid_on_its_page,
    what_a_body_does_is_a_page_for_everybody,
    the_pages_ask_the_database_little_and_never_more_for_more_rows,
);
