//! A body's people at the desk, what they declare of themselves, and what anybody may ask before registering.

use akashi_tests::{Browser, Cast, Engine, Person, Registry, Step, on_both_engines};
use serde_json::json;

async fn started(engine: Engine) -> (Registry, Cast) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    (registry, cast)
}

fn people_of(cast: &Cast) -> String {
    format!("/desk/parties/{}/people", cast.id)
}

async fn only_the_quality_manager_reads_about_a_body_s_people(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let stranger = Person::signs_up(&registry, "stranger").await;
    for (person, expected) in [
        (&cast.quality_manager, 200),
        (&cast.lead, 403),
        (&cast.reviewer, 403),
        (&cast.decision_maker, 403),
        (&cast.applicant, 404),
        (&cast.owner, 404),
        (&stranger, 404),
    ] {
        let browser = Browser::signed_in(&registry, &person.email).await;
        browser.read(&people_of(&cast)).await.expect(expected);
        let door = browser.read("/desk").await.expect(200).html.contains(&people_of(&cast));
        assert_eq!(door, expected == 200, "{} is led there", person.email);
    }
    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let owner = format!("/desk/parties/{}/people", cast.owner_party);
    quality.read(&owner).await.expect(404);
}

async fn somebody_is_invited_made_competent_and_let_go(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let novice = Person::signs_up(&registry, "novice").await;
    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let path = people_of(&cast);
    let invite = |email: &str, page: &akashi_tests::Page| {
        page.form("/people/role").with("email", email).with("role", "assessor")
    };
    let page = quality.read(&path).await.expect(200);
    let unknown = quality.send(&invite("nobody@people.example", &page)).await.expect(422);
    assert!(unknown.says("nobody has an account with it"), "{}", unknown.html);
    assert_eq!(unknown.form("/people/role").value("email"), Some("nobody@people.example"));
    quality.send(&invite(&novice.email, &unknown)).await.expect(303);
    let invited = quality.read(&path).await.expect(200);
    assert!(invited.says("not accepted yet"), "{}", invited.html);
    let offered = format!("<option value=\"{}\"", novice.id);
    assert!(!invited.html.contains(&offered), "nothing is recorded of who has not accepted");

    let own = Browser::signed_in(&registry, &novice.email).await;
    own.send(&own.read("/desk").await.form("/join")).await.expect(303);
    let joined = quality.read(&path).await.expect(200);
    assert!(joined.html.contains(&offered), "{}", joined.html);
    assert!(joined.says("Without a competence in force this person is given no task."));
    let competence = joined
        .form("/people/competence")
        .with("account", &novice.id)
        .with("programme", cast.programme_id())
        .with("from", "2026-02-01");
    let backwards = quality.send(&competence.clone().with("until", "2026-01-01")).await.expect(422);
    assert!(backwards.says("not one before the first"), "{}", backwards.html);
    let competence = backwards.form("/people/competence").with("until", "2030-12-31");
    let competence = competence.with("account", &novice.id).with("programme", cast.programme_id());
    quality.send(&competence).await.expect(303);
    let known = quality.read(&path).await.expect(200);
    assert!(known.says("1 February 2026 to 31 December 2030"), "{}", known.html);

    let members = format!("/api/v1/parties/{}/members", cast.id);
    let members = cast.quality_manager.get(&members).await.expect(200);
    let membership = |account: &str, role: &str| {
        let all = members.json.as_array().expect("members").iter();
        let mut own = all.filter(|m| m["account"] == account && m["role"] == role);
        own.next().expect("a membership")["id"].as_str().expect("an id").to_owned()
    };
    let end = known.form(&format!("{}/end-membership", membership(&novice.id, "assessor")));
    quality.send(&end).await.expect(303);
    let last = membership(&cast.quality_manager.id, "quality_manager");
    let last = quality.read(&path).await.form(&format!("{last}/end-membership"));
    let refused = quality.send(&last).await.expect(422);
    assert!(refused.says("This is the last quality manager."), "{}", refused.html);
    assert!(!refused.html.contains(&offered), "who was let go is not there");
}

async fn a_tie_that_is_recorded_or_known_is_shown_beside_the_person_it_binds(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Accepted).await;
    let quality = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    let page = quality.read(&people_of(&cast)).await.expect(200);
    let tie = page
        .form("/people/tie")
        .with("account", &cast.reviewer.id)
        .with("party", &case.company)
        .with("kind", "advised")
        .with("from", "2026-03-01");
    assert!(!page.says("· advice"), "{}", page.html);
    quality.send(&tie).await.expect(303);
    let shown = quality.read(&people_of(&cast)).await.expect(200);
    assert!(shown.says("· advice"), "{}", shown.html);
    assert!(shown.says("since 1 March 2026"), "{}", shown.html);

    // Whoever belongs to a company that applies here, and to the body: the registry itself knows it.
    assert!(!shown.says("belongs or belonged to the company"));
    cast.gives_role(&cast.applicant, "assessor").await;
    // A company that never applied to the body is nobody's business there.
    let elsewhere = json!({"kind": "company", "name": "例示別会社株式会社", "country": "JP",
        "identifiers": [{"scheme": "jp_corporate_number", "value": akashi_tests::corporate_number(77)}]});
    cast.applicant.post("/api/v1/parties", &elsewhere).await.expect(201);
    let shown = quality.read(&people_of(&cast)).await.expect(200);
    assert!(shown.says("belongs or belonged to the company"), "{}", shown.html);
    assert!(!shown.says("例示別会社株式会社"), "{}", shown.html);
}

async fn whoever_judges_declares_a_conflict_at_the_desk_and_is_bound_by_it(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Deciding).await;
    let decider = Browser::signed_in(&registry, &cast.decision_maker.email).await;
    assert!(decider.read("/desk").await.html.contains("/desk/conflicts"));
    let page = decider.read("/desk/conflicts").await.expect(200);
    assert!(page.says("You have declared nothing."), "{}", page.html);
    let form = page.form("/desk/conflicts").with("party", &case.company).with("kind", "family");
    let dateless = decider.send(&form).await.expect(422);
    assert!(dateless.says("From when: choose a day."), "{}", dateless.html);
    assert_eq!(dateless.form("/desk/conflicts").value("kind"), Some("family"));
    decider.send(&form.with("from", "2026-01-05")).await.expect(303);
    let page = decider.read("/desk/conflicts").await.expect(200);
    assert!(page.says("例示製作所1株式会社</b> · family"), "{}", page.html);
    let version = cast.application(&case).await.number("/version");
    let decision = format!("/api/v1/applications/{}/decision", case.application);
    let bound = cast.decision_maker.post(&decision, &akashi_tests::grant(version)).await;
    bound.problem("conflict-of-interest");
}

async fn of_a_company_that_one_names_by_its_id_alone_one_learns_no_name(engine: Engine) {
    let (registry, cast) = started(engine).await;
    let case = cast.bring(1, Step::Submitted).await;
    let tie = json!({"party": case.company, "kind": "family", "from": "2026-01-05T00:00:00Z"});
    cast.lead.post("/api/v1/conflicts", &tie).await.expect(201);
    let lead = Browser::signed_in(&registry, &cast.lead.email).await;
    let page = lead.read("/desk/conflicts").await.expect(200);
    assert!(page.says(&format!("the company with the id {}", case.company)), "{}", page.html);
    assert!(!page.says("例示製作所1株式会社"), "{}", page.html);
}

async fn anybody_asks_whether_they_may_apply_and_nothing_is_kept(engine: Engine) {
    let (registry, _cast) = started(engine).await;
    let anyone = Browser::new(&registry);
    for start in ["/", "/sign-up"] {
        assert!(anyone.read(start).await.expect(200).html.contains("/may-i-apply"), "{start}");
    }
    let asked = anyone.read("/may-i-apply").await.expect(200);
    assert!(!asked.says("Yes, you may apply") && !asked.says("Not yet"), "{}", asked.html);
    assert!(asked.answer.header("set-cookie").is_none());
    for (said, expected) in [
        ("hosts=yes&workers=6&places=2&case=no&refused=", "Yes, you may apply"),
        ("hosts=yes&workers=6&places=2&case=yes&refused=", "You have a case here already."),
        ("hosts=no&workers=0&places=2&case=no", "come back when somebody works for you"),
        ("hosts=yes&workers=6&places=0&case=no", "names at least one workplace"),
        ("hosts=yes&workers=6&places=2&case=no&refused=2999-01-01", "The last day of yours is"),
        ("hosts=yes&workers=6&places=2&case=no", "Nobody. Only certificates are public"),
        ("hosts=yes&workers=%3Cb%3E&places=2&case=no", "Not every question has an answer"),
        ("hosts=yes&workers=6&places=2&case=no&refused=x", "Not every question has an answer"),
        ("workers=6&lang=ja", "読み取れない答えがあります"),
    ] {
        let page = anyone.read(&format!("/may-i-apply?{said}")).await.expect(200);
        assert!(page.says(expected), "{said}: {expected} is missing in {}", page.html);
        assert!(!page.html.contains("value=\"<b>"), "{}", page.html);
    }
}

on_both_engines!(
    only_the_quality_manager_reads_about_a_body_s_people,
    somebody_is_invited_made_competent_and_let_go,
    a_tie_that_is_recorded_or_known_is_shown_beside_the_person_it_binds,
    whoever_judges_declares_a_conflict_at_the_desk_and_is_bound_by_it,
    of_a_company_that_one_names_by_its_id_alone_one_learns_no_name,
    anybody_asks_whether_they_may_apply_and_nothing_is_kept,
);
