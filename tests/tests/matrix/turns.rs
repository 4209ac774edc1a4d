//! Writes about one party take turns: each waits for the one under way, and rests on what that left.

use std::collections::BTreeSet;

use akashi_tests::{Case, Engine, Registry, Step, words};
use serde_json::json;

use crate::Table;
use crate::roles::{CASE, REST, Stage};
use crate::world::{API, Body, Request, outcome};

/// Writes that are about no party that was there before, or about what a version of its own or a unique index keeps:
/// a new party, a programme, what somebody is competent for, a key that there is not, one's own account.
const TAKE_NO_TURN: [&str; 11] = [
    "POST /api/v1/parties [company]",
    "POST /api/v1/parties [body]",
    "POST /api/v1/programmes/{id}/drafts",
    "PUT /api/v1/programmes/{id}/drafts/{draft}",
    "POST /api/v1/programmes/{id}/drafts/{draft}/publish",
    "POST /api/v1/competences",
    "POST /api/v1/keys/{id}/retire",
    "POST /api/v1/keys/{id}/compromised",
    "PATCH /api/v1/me",
    "POST /api/v1/me/memberships/{id}/accept",
    "POST /api/v1/me/memberships/{id}/decline",
];

/// Whoever may do it and is asked about first.
fn allowed(table: &Table<'_>, row: usize) -> &'static str {
    let (name, cells) = &table.rows[row];
    let columns = ["co", "le", "as", "re", "r2", "de", "qm", "ow", "op"];
    columns
        .into_iter()
        .find(|column| cells[column] == "ok")
        .unwrap_or_else(|| panic!("nobody may {name}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_about_a_party_waits_for_the_one_under_way() {
    if !Engine::Postgres.is_here() {
        return;
    }
    let registry = Registry::start(Engine::Postgres).await;
    let stage = Stage::set(&registry).await;
    let mut active = stage.world.cast.bring(1, Step::Active).await;
    stage.world.cast.is_complained_of(&stage.world.anyone, &mut active).await;
    stage.world.cast.is_quoted_a_fee(&mut active).await;
    let heard = stage.refused_and_heard(3).await;
    let with_finding = stage.world.cast.bring_rated_below(2, Step::Completed, "major").await;
    let (mut wrong, mut asked, mut rows) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (case, text) in [(&active, CASE), (&with_finding, CASE), (&heard, CASE), (&active, REST)] {
        let table = Table::read(text);
        rows.extend(table.rows.iter().map(|(name, _)| name.clone()));
        for (row, (name, _)) in table.rows.iter().enumerate() {
            if name.starts_with("GET ") || TAKE_NO_TURN.contains(&name.as_str()) {
                continue;
            }
            let Some(mut request) = stage.subject(case).request(name).await else { continue };
            match name.as_str() {
                "POST /api/v1/evidence" => request.body = Body::Pdf,
                "POST /api/v1/conflicts [own]" | "POST /api/v1/conflicts [of another]" => {
                    // With a party that there is.
                    if let Body::Json(body) = &mut request.body {
                        body["party"] = case.company.as_str().into();
                        body["until"] = "2025-01-01T00:00:00Z".into();
                    }
                }
                _ => {}
            }
            let who = stage.world.actors(allowed(&table, row))[0];
            asked.insert(name.clone());
            // What is about a case is about its company, and holds that; a complaint is about its body.
            let company =
                format!("UPDATE party SET version = version WHERE id = '{}'", case.company);
            let held = match text == CASE && !name.contains("/complaints/") {
                true => registry.held_by(&company).await,
                false => registry.held().await,
            };
            if let Err(early) = held.makes_wait(request.by(who)).await {
                wrong.push(format!("{name} waited for nobody: {}", outcome(&early)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let none = TAKE_NO_TURN.map(str::to_owned);
    rows.retain(|name| !name.starts_with("GET "));
    assert!(none.iter().all(|name| rows.remove(name)), "{TAKE_NO_TURN:?} are rows");
    assert_eq!(asked, rows);
    registry.discard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_and_the_first_operator_wait_too() {
    if !Engine::Postgres.is_here() {
        return;
    }
    let registry = Registry::start(Engine::Postgres).await;
    let held = registry.held().await;
    assert!(held.makes_wait(registry.first_operator()).await.is_ok(), "the link waited for nobody");

    let company = akashi_tests::Company::registers(&registry, 1).await;
    let invited = akashi_tests::Person::signs_up(&registry, "invited").await;
    let member = json!({"email": invited.email, "role": "applicant"});
    let members = format!("{API}/parties/{}/members", company.id);
    company.member.post(&members, &member).await.expect(201);
    let me = invited.get(&format!("{API}/me")).await.expect(200);
    let accept = format!("{API}/me/memberships/{}/accept", me.text("/memberships/0/id"));
    let held = registry.held().await;
    let accepted = held.makes_wait(invited.post(&accept, &json!({}))).await;
    accepted.expect("the invitation waits").expect(200);
    registry.discard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_places_in_the_lists_are_taken_in_turn() {
    if !Engine::Postgres.is_here() {
        return;
    }
    let registry = Registry::start(Engine::Postgres).await;
    let cast = akashi_tests::Cast::gather(&registry).await;
    let deciding = cast.bring(1, Step::Deciding).await;

    // Whoever has the log may take a place in the lists: nobody has one already and waits for the log.
    let log = registry.held_by("SELECT pg_advisory_xact_lock(1)").await;
    let path = format!("{}/decision", deciding.application_path());
    let grant = akashi_tests::grant(cast.application(&deciding).await.number("/version"));
    let place = "UPDATE status_shard SET counter = counter";
    let granted = log.makes_wait_while(1, place, cast.decision_maker.post(&path, &grant)).await;
    granted.expect("a grant waits for the log").expect(201);

    let keys = cast.operator.get(&format!("{API}/keys")).await.expect(200);
    let keys = keys.json.as_array().cloned().unwrap_or_default();
    let key = keys.iter().find(|key| key["role"] == "issuer").expect("a body's key");
    let retire = format!("{API}/keys/{}/retire", key["id"].as_str().expect("an id"));
    let retired = registry.held().await.makes_wait(cast.operator.post(&retire, &json!({}))).await;
    retired.expect("the key waits").expect(200);
    registry.discard().await;
}

/// Of a request that is sent again before it is answered, one is carried out, and neither is told of the other's
/// effect as if it were somebody else's.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_twice_at_once_is_carried_out_once() {
    if !Engine::Postgres.is_here() {
        return;
    }
    let registry = Registry::start(Engine::Postgres).await;
    let company = akashi_tests::Company::registers(&registry, 1).await;
    let party = format!("{API}/parties/{}", company.id);
    let member = company.member.with_header("idempotency-key", "twice");
    let change = json!({"version": 1, "municipality": "例示市"});
    let twice =
        async { tokio::join!(member.patch(&party, &change), member.patch(&party, &change)) };
    let both = registry.held().await.makes_wait_while(2, "SELECT 1", twice).await;
    let (one, other) = both.expect("both wait");
    let mut found = [outcome(&one), outcome(&other)];
    found.sort();
    assert_eq!(found, ["200", "busy"], "{one}\n{other}");
    let again = member.patch(&party, &change).await.expect(200);
    assert_eq!(again.number("/version"), 2);
    registry.discard().await;
}

/// What another write did while this one waited, and what this one is answered then.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_rests_on_what_the_one_before_it_left() {
    if !Engine::Postgres.is_here() {
        return;
    }
    let registry = Registry::start(Engine::Postgres).await;
    let cast = akashi_tests::Cast::gather(&registry).await;
    let filled_in = cast.bring(1, Step::FilledIn).await;
    let rated = cast.bring(2, Step::Rated).await;
    let deciding = cast.bring(3, Step::Deciding).await;
    let state = |table: &str, id: &str, state: &str| {
        format!("UPDATE {table} SET state = '{state}' WHERE id = '{id}'")
    };
    let put = |path: String, body| Request { method: "PUT".into(), path, body: Body::Json(body) };
    let answer = |case: &Case| {
        let body = json!({"version": 1, "facility": case.facility, "answer": "partly"});
        put(format!("{}/answers/RH-1.1", case.application_path()), body)
    };
    let rating = json!({"facility": rated.facility, "value": "major", "reason": words()});
    let rate = put(format!("{}/ratings/RH-1.1", rated.assessment_path()), rating);
    let attach = Request { method: "POST".into(), path: filled_in.attach_path(), body: Body::Pdf };
    let take_back = format!("{API}/evidence/{}", filled_in.evidence);
    let take_back =
        Request { method: "DELETE".into(), path: take_back, body: Body::Json(json!(null)) };
    let grant = Request {
        method: "POST".into(),
        path: format!("{}/decision", deciding.application_path()),
        body: Body::Json(akashi_tests::grant(cast.application(&deciding).await.number("/version"))),
    };
    let lead = format!("SELECT id FROM account WHERE email_norm = '{}'", cast.lead.email);
    let ended = format!(
        "UPDATE membership SET ended_at = 1 WHERE party_id = '{}' AND account_id IN ({lead})",
        cast.id
    );
    let tied = format!(
        "INSERT INTO conflict (id, account_id, party_id, kind, from_at, by_account, at)
         SELECT 'tie', id, '{}', 'declared', 0, id, 0 FROM account WHERE email_norm = '{}'",
        deciding.company, cast.decision_maker.email
    );
    let submitted = state("application", &filled_in.application, "submitted");
    let closed = state("application", &filled_in.application, "closed");
    let completed = state("assessment", rated.assessment.as_deref().expect("an id"), "review");
    for (meanwhile, who, request, problem) in [
        (tied, &cast.decision_maker, grant, "conflict-of-interest"),
        (completed, &cast.lead, rate, "wrong-state"),
        (submitted.clone(), &cast.applicant, answer(&filled_in), "wrong-state"),
        (submitted, &cast.applicant, take_back, "wrong-state"),
        (closed, &cast.applicant, attach, "wrong-state"),
    ] {
        let mut held = registry.held().await;
        held.carry_out(&meanwhile).await;
        let answered = held.makes_wait(request.by(who)).await.expect("it waits");
        assert_eq!(outcome(&answered), problem, "after {meanwhile}:\n{answered}");
    }
    // Nor does anybody act in a role that ended meanwhile.
    let open = cast.bring(4, Step::Open).await;
    let start = put(
        format!("{}/ratings/RH-1.1", open.assessment_path()),
        json!({"facility": open.facility, "value": "conform", "reason": words()}),
    );
    let mut held = registry.held().await;
    held.carry_out(&ended).await;
    let answered = held.makes_wait(start.by(&cast.lead)).await.expect("it waits");
    assert_eq!(outcome(&answered), "not-found", "{answered}");
    registry.discard().await;
}
