//! A decision by somebody who must not make it.

use akashi_tests::{
    Application, Body, Cast, Company, Engine, LEADING, Offline, Person, Registry, Sides, Step,
    eventually, grant, on_both_engines, text, words,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

async fn is_refused(application: &Application<'_>, person: &Person, kind: &str) -> Value {
    let before = application.seen().await;
    let grant = application.grant("leading").await;
    let problem = person.post(&application.path("/decision"), &grant).await.problem(kind);
    assert_eq!(application.seen().await, before);
    problem
}

async fn whoever_assessed_or_reviewed_does_not_decide(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;

    // Not as assessor and reviewer, nor as decision makers of the body besides.
    for person in [&body.lead, &body.reviewer] {
        let problem = is_refused(&application, person, "forbidden").await;
        assert!(problem["who"].to_string().contains("decision maker"), "{problem:#}");
        body.gives_role(person, "decision_maker").await;
        is_refused(&application, person, "forbidden").await;
        // Nor can the task be given to them.
        let assign = json!({"version": application.version().await, "account": person.id, "task": "decider"});
        let assigned = body.quality_manager.post(&application.path("/assignments"), &assign).await;
        assigned.problem("conflict-of-interest");
        is_refused(&application, person, "forbidden").await;
    }
    // Nor do they decide on the certificate later.
    let granted = application.is_granted("leading").await;
    granted.credential(&registry).await;
    let suspend =
        json!({"cause": "access", "heard": true, "public_reason": "A visit was refused."});
    for person in [&body.lead, &body.reviewer] {
        let suspend = granted.decision(&body.decision_maker, suspend.clone()).await;
        let problem = person.post(&granted.path("suspend"), &suspend).await;
        problem.problem("conflict-of-interest");
    }
    assert_eq!(granted.public_once(&registry, "active").await["state"], "active");
}

async fn whoever_has_not_accepted_a_task_only_reads_what_it_is_about(engine: Engine) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    let decider = cast.employs(&registry, "second-decider", "decision_maker").await;

    // The assessor is assigned, and has not said yet that nothing stands against it.
    let planned = cast.bring(1, Step::Planned).await;
    cast.assessor.get(&planned.application_path()).await.expect(200);
    cast.assessor.get(&planned.assessment_path()).await.problem("forbidden");
    let evidence = format!("/api/v1/evidence/{}", planned.evidence);
    cast.assessor.get(&evidence).await.problem("forbidden");
    cast.accept_task(&planned).await;
    cast.assessor.get(&planned.assessment_path()).await.expect(200);
    cast.assessor.get(&evidence).await.expect(200);

    let deciding = cast.bring(2, Step::Deciding).await;
    let version = cast.application(&deciding).await.number("/version");
    let assignments = format!("{}/assignments", deciding.application_path());
    let assign = json!({"version": version, "account": decider.id, "task": "decider"});
    let task = cast.quality_manager.post(&assignments, &assign).await.expect(201);
    let decision = format!("{}/decision", deciding.application_path());
    let grant = grant(task.number("/version"));
    decider.post(&decision, &grant).await.problem("forbidden");
    decider
        .post(&format!("{assignments}/{}/accept", task.text("/id")), &json!({}))
        .await
        .expect(200);
    decider.post(&decision, &grant).await.expect(201);
}

async fn whoever_advised_the_company_does_not_decide(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    for (n, kind, until) in [
        (1, "advised", json!("2026-03-31T00:00:00Z")),
        (2, "trained", json!("2026-03-31T00:00:00Z")),
        (3, "employed", Value::Null),
        (4, "family", Value::Null),
    ] {
        let company = Company::registers(&registry, n).await;
        let application = Sides { body: &body, company: &company }.apply().await;
        application.is_ready_to_decide(LEADING, "leading").await;
        let tie = json!({"party": company.id, "kind": kind, "from": "2026-01-01T00:00:00Z", "until": until});
        body.decision_maker.post("/api/v1/conflicts", &tie).await.expect(201);
        let problem = is_refused(&application, &body.decision_maker, "conflict-of-interest").await;
        assert!(problem["detail"].to_string().contains(kind), "{problem:#}");
    }
}

async fn whoever_acts_for_the_company_does_not_decide(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;

    // Nobody declared it: the registry knows its members.
    let member = json!({"email": body.decision_maker.email, "role": "applicant"});
    company
        .member
        .post(&format!("/api/v1/parties/{}/members", company.id), &member)
        .await
        .expect(201);
    // An invitation alone ties nobody, or a company could disarm whoever decides on it.
    let stale = json!({"version": 0, "kind": "refuse", "reason": text("No.")});
    let decide = application.path("/decision");
    body.decision_maker.post(&decide, &stale).await.problem("stale-version");
    let unknown = json!({"version": application.version().await, "kind": "grant", "level": "none", "reason": text("No.")});
    body.decision_maker.post(&decide, &unknown).await.problem("incomplete");

    body.decision_maker.accepts_invitations().await;
    let problem = is_refused(&application, &body.decision_maker, "conflict-of-interest").await;
    assert!(problem["detail"].to_string().contains("membership"), "{problem:#}");
}

async fn a_conflict_that_comes_up_later_binds_assessor_and_reviewer(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;
    let tie = json!({"party": company.id, "kind": "financial", "from": "2026-01-01T00:00:00Z"});
    body.reviewer.post("/api/v1/conflicts", &tie).await.expect(201);
    // The decision would rest on a review by somebody with an interest in it.
    is_refused(&application, &body.decision_maker, "conflict-of-interest").await;
}

async fn whoever_has_a_conflict_moves_nothing_of_the_body_s(engine: Engine) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    let with_finding = cast.bring_rated_below(1, Step::Completed, "major").await;
    let deciding = cast.bring(2, Step::Deciding).await;
    let submitted = cast.bring(3, Step::Submitted).await;
    for (person, company) in [
        (&cast.decision_maker, &with_finding.company),
        (&cast.decision_maker, &deciding.company),
        (&cast.quality_manager, &submitted.company),
    ] {
        let tie = json!({"party": company, "kind": "family", "from": "2026-01-01T00:00:00Z"});
        person.post("/api/v1/conflicts", &tie).await.expect(201);
    }
    let finding = cast.applicant.get(&with_finding.finding_path()).await.expect(200);
    let extend = json!({"version": finding.number("/version"), "until": "2035-01-01T00:00:00Z", "reason": words()});
    let path = format!("{}/extend", with_finding.finding_path());
    let extended = cast.decision_maker.post(&path, &extend).await;
    extended.problem("conflict-of-interest");
    for (person, case, event) in [
        (&cast.decision_maker, &deciding, "more"),
        (&cast.quality_manager, &submitted, "return"),
        (&cast.quality_manager, &submitted, "decline"),
    ] {
        let version = cast.application(case).await.number("/version");
        let path = format!("{}/{event}", case.application_path());
        let moved = person.post(&path, &json!({"version": version, "reason": words()})).await;
        moved.problem("conflict-of-interest");
        assert_eq!(cast.application(case).await.number("/version"), version);
    }
}

async fn a_lead_who_falls_ill_is_replaced(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_submitted().await;
    application.is_accepted().await;
    application.is_assigned().await;
    let other = body.employs(&registry, "second-lead", "assessor").await;
    let seen = application.seen().await;
    let assignments = seen["assignments"].as_array().expect("assignments");
    let lead = assignments.iter().find(|a| a["task"] == "lead").expect("a lead");
    let end = format!("/assignments/{}/end", lead["id"].as_str().expect("an id"));
    let reason = json!({"version": seen["version"], "reason": text("Ill for weeks.")});
    body.quality_manager.post(&application.path(&end), &reason).await.expect(200);
    body.quality_manager.post(&application.path(&end), &reason).await.problem("stale-version");
    let assign =
        json!({"version": application.version().await, "account": other.id, "task": "lead"});
    body.quality_manager.post(&application.path("/assignments"), &assign).await.expect(201);
    // Who was replaced reads nothing of it any more.
    body.lead.get(&application.path("")).await.problem("forbidden");
    other.get(&application.path("")).await.expect(200);
}

async fn whoever_once_assessed_is_given_no_other_task_and_decides_nothing(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_prepared().await;
    let former = body.employs(&registry, "former-assessor", "assessor").await;
    body.gives_role(&former, "reviewer").await;
    body.gives_role(&former, "decision_maker").await;
    let assign = async |task: &str| {
        let task =
            json!({"version": application.version().await, "account": former.id, "task": task});
        body.quality_manager.post(&application.path("/assignments"), &task).await
    };

    // An assessor who accepted the task, rated nothing, and was replaced.
    let assigned = assign("assessor").await.expect(201).text("/id").to_owned();
    let task = application.path(&format!("/assignments/{assigned}"));
    former.post(&format!("{task}/accept"), &json!({})).await.expect(200);
    let end = json!({"version": application.version().await, "reason": text("Needed elsewhere.")});
    body.quality_manager.post(&format!("{task}/end"), &end).await.expect(200);

    assign("reviewer").await.problem("conflict-of-interest");
    assign("decider").await.problem("conflict-of-interest");
    application.is_assessed(LEADING).await;
    application.is_reviewed(Some("leading")).await;
    assign("decider").await.problem("conflict-of-interest");
    let granted = application.is_granted("leading").await;
    granted.credential(&registry).await;
    let suspend = json!({"cause": "access", "heard": true, "public_reason": "Access was refused."});
    let suspend = granted.decision(&body.decision_maker, suspend).await;
    former.post(&granted.path("suspend"), &suspend).await.problem("conflict-of-interest");
}

async fn whoever_is_tied_to_the_company_is_given_no_task(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_submitted().await;
    application.is_accepted().await;
    let tie = json!({
        "party": company.id, "kind": "advised", "from": "2025-01-01T00:00:00Z",
        "account": body.lead.id, "body": body.id,
    });
    body.quality_manager.post("/api/v1/conflicts", &tie).await.expect(201);
    let before = application.seen().await;

    let assign = json!({"version": before["version"], "account": body.lead.id, "task": "lead"});
    let assigned = body.quality_manager.post(&application.path("/assignments"), &assign).await;
    assigned.problem("conflict-of-interest");
    // Nor is it given to somebody without the competence, or without the role.
    let novice = Person::signs_up(&registry, "novice").await;
    body.gives_role(&novice, "assessor").await;
    for (person, missing) in [(&novice, "competence"), (&body.reviewer, "role")] {
        let assign = json!({"version": before["version"], "account": person.id, "task": "lead"});
        let assigned = body.quality_manager.post(&application.path("/assignments"), &assign).await;
        let problem = assigned.problem("incomplete");
        assert_eq!(problem["missing"][0]["code"], missing, "{problem:#}");
    }
    assert_eq!(application.seen().await, before);
}

async fn a_conflict_is_recorded_of_the_body_s_own_people_only(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let other = body.joined_by_another(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let tie = |whose: &Person, body: &Body| {
        json!({"party": company.id, "kind": "advised", "from": "2026-01-01T00:00:00Z",
            "account": whose.id, "body": body.id})
    };
    let record = async |whose: &Person, body: &Body, by: &Person| {
        by.post("/api/v1/conflicts", &tie(whose, body)).await
    };

    // Neither of a stranger, nor of the applicant's people, nor of another body's.
    let stranger = Person::signs_up(&registry, "stranger").await;
    for person in [&stranger, &company.member, &other.decision_maker] {
        let recorded = record(person, &body, &body.quality_manager).await;
        let problem = recorded.problem("invalid");
        assert_eq!(problem["members"][0]["place"], "/account", "{problem:#}");
    }
    // Nor for a body that is not one's own, where they are members.
    record(&other.decision_maker, &other, &body.quality_manager).await.problem("not-found");
    record(&body.lead, &body, &body.quality_manager).await.expect(201);

    // So nobody is kept from deciding by a body that they do not work for.
    let application = Sides { body: &other, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;
    application.is_granted("leading").await;
}

async fn a_body_without_authorisation_grants_nothing(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    application.is_ready_to_decide(LEADING, "leading").await;
    let holder = Company::registers(&registry, 2).await;
    let held = Sides { body: &body, company: &holder }.certify(LEADING, "leading").await;
    let file = held.credential(&registry).await;

    let end = format!("/api/v1/authorisations/{}/end", body.authorisation);
    let past = body.owner.post(&end, &json!({"until": "2026-02-01T00:00:00Z"})).await;
    assert_eq!(past.problem("invalid")["members"][0]["place"], "/until");
    // That clock's seconds are cut short, and the request takes its time.
    let until = now(&registry).await + SignedDuration::from_secs(5);
    body.owner.post(&end, &json!({"until": until})).await.expect(200);
    eventually("the authorisation's end", async || now(&registry).await, |now| *now >= until).await;
    let problem = is_refused(&application, &body.decision_maker, "incomplete").await;
    assert_eq!(problem["missing"][0]["code"], "authorisation", "{problem:#}");
    // Nor does it make what was granted before anything else: what replaces the file could not come out.
    let reduce = json!({"level": "certified", "public_reason": "Improvements were not kept up."});
    let problem = held.is_decided_on(&body, "reduce", reduce).await.problem("incomplete");
    assert_eq!(problem["missing"][0]["code"], "authorisation", "{problem:#}");
    Offline::once_told(&registry, &file, "valid").await;
    let refuse = json!({"version": application.version().await, "kind": "refuse", "reason": text("Not ours.")});
    body.decision_maker.post(&application.path("/decision"), &refuse).await.expect(201);
}

/// The time by the registry's clock, which it puts on every answer, in whole seconds.
async fn now(registry: &Registry) -> Timestamp {
    let answer = registry.anyone().get("/log/checkpoint").await;
    let date = answer.header("date").expect("an answer has a date");
    jiff::fmt::rfc2822::parse(date).expect("a date of RFC 9110").timestamp()
}

on_both_engines!(
    whoever_has_a_conflict_moves_nothing_of_the_body_s,
    whoever_has_not_accepted_a_task_only_reads_what_it_is_about,
    whoever_assessed_or_reviewed_does_not_decide,
    whoever_advised_the_company_does_not_decide,
    whoever_acts_for_the_company_does_not_decide,
    a_conflict_that_comes_up_later_binds_assessor_and_reviewer,
    a_lead_who_falls_ill_is_replaced,
    whoever_once_assessed_is_given_no_other_task_and_decides_nothing,
    whoever_is_tied_to_the_company_is_given_no_task,
    a_conflict_is_recorded_of_the_body_s_own_people_only,
    a_body_without_authorisation_grants_nothing,
);
