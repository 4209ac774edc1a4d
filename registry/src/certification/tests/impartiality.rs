//! What holds whatever was assigned: who assessed does not review, and cycles are counted by what was accepted.

use serde_json::{Value, json};

use super::{Desk, last};
use crate::certification::store::people::cycles_in_a_row;
use crate::platform::clock::Clock as _;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::id::uuid_v7;

on_both_engines!(
    who_rated_does_not_review,
    who_was_to_assess_does_not_review,
    who_did_neither_reviews,
    a_cycle_is_counted_by_a_task_that_was_accepted_or_stands,
);

/// How far a task got.
#[derive(Clone, Copy)]
enum Given {
    Stands,
    EndedUnaccepted,
    EndedAccepted,
}

impl Desk {
    fn new_id(&self) -> String {
        uuid_v7(self.clock.now(), &*self.app.rng)
    }

    /// Gives the signed-in person a task, whatever else was given before.
    async fn gives(&self, application: &str, task: &str, given: Given) {
        let sql = match given {
            Given::Stands => {
                "INSERT INTO assignment (id, application_id, account_id, task, assigned_by, assigned_at, accepted_at, ended_at)
                 SELECT $1, $2, id, $3, id, 0, 0, NULL FROM account"
            }
            Given::EndedUnaccepted => {
                "INSERT INTO assignment (id, application_id, account_id, task, assigned_by, assigned_at, accepted_at, ended_at)
                 SELECT $1, $2, id, $3, id, 0, NULL, 1 FROM account"
            }
            Given::EndedAccepted => {
                "INSERT INTO assignment (id, application_id, account_id, task, assigned_by, assigned_at, accepted_at, ended_at)
                 SELECT $1, $2, id, $3, id, 0, 0, 1 FROM account"
            }
        };
        self.write(sql, &[&self.new_id(), last(application), task]).await;
    }

    /// An assessment that waits for the signed-in person's review; gives the application's path and its own.
    async fn to_review(&self) -> (String, String) {
        let application = self.apply().await;
        self.answer(&application, "We do.").await;
        let assessment = self.assess(&application).await;
        let assessing = "UPDATE application SET state = 'assessing' WHERE id = $1";
        self.write(assessing, &[last(&application)]).await;
        let review = "UPDATE assessment SET state = 'review' WHERE id = $1";
        self.write(review, &[last(&assessment)]).await;
        // The person belongs to the body now, and to the company no more.
        let end = "UPDATE membership SET from_at = 0, ended_at = 1 WHERE party_id = $1";
        self.write(end, &[&self.company]).await;
        let begin = "INSERT INTO membership (id, account_id, party_id, role, from_at, accepted_at)
                     SELECT $1, id, $2, 'reviewer', 0, 0 FROM account";
        self.write(begin, &[&self.new_id(), &self.body]).await;
        self.gives(&application, "reviewer", Given::Stands).await;
        (application, assessment)
    }

    async fn reviews(&self, assessment: &str, status: u16) -> Value {
        let review = json!({"version": 1, "recommendation": "return", "na_accepted": true,
            "reason": {"text": "The dormitory was not seen.", "lang": "en"}});
        self.post(&format!("{assessment}/review"), &review).await.json(status)
    }
}

async fn who_rated_does_not_review(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let (_, assessment) = desk.to_review().await;
    let rate = "INSERT INTO rating (id, assessment_id, criterion, facility_id, seq, value, reason_note, by_account, at)
                SELECT $1, $2, 'RH-1.1', f.id, 1, 'conform', n.id, a.id, 0 FROM facility f, note n, account a";
    desk.write(rate, &[&desk.new_id(), last(&assessment)]).await;
    let refused = desk.reviews(&assessment, 409).await;
    assert_eq!(refused["type"], "/problems/conflict-of-interest", "{refused:#}");
}

async fn who_was_to_assess_does_not_review(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let (application, assessment) = desk.to_review().await;
    desk.gives(&application, "assessor", Given::EndedAccepted).await;
    let refused = desk.reviews(&assessment, 409).await;
    assert_eq!(refused["type"], "/problems/conflict-of-interest", "{refused:#}");
}

async fn who_did_neither_reviews(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let (_, assessment) = desk.to_review().await;
    desk.reviews(&assessment, 200).await;
}

async fn a_cycle_is_counted_by_a_task_that_was_accepted_or_stands(scratch: &Scratch) {
    let desk = Desk::open(scratch).await;
    let mut applications = Vec::new();
    for given in [Given::Stands, Given::EndedUnaccepted, Given::Stands, Given::EndedAccepted] {
        let application = desk.apply().await;
        desk.gives(&application, "assessor", given).await;
        let decided = "UPDATE application SET state = 'decided' WHERE id = $1";
        desk.write(decided, &[last(&application)]).await;
        applications.push(application);
        desk.clock.advance(jiff::SignedDuration::from_secs(1));
    }
    let (account, company, body) = desk.parties_of_an_application().await;
    let cycles = async || {
        let mut db = desk.app.db.reader().acquire().await.expect("a connection");
        cycles_in_a_row(&mut db, &account, &company, &body).await.expect("counts")
    };
    assert_eq!(cycles().await, 2, "what was never taken up breaks the row");
    // Given once more and accepted, it counts, though it ended again.
    desk.gives(&applications[1], "lead", Given::EndedAccepted).await;
    assert_eq!(cycles().await, 4);
    // To review is not to assess.
    let latest = desk.apply().await;
    desk.gives(&latest, "reviewer", Given::Stands).await;
    desk.write("UPDATE application SET state = 'decided' WHERE id = $1", &[last(&latest)]).await;
    assert_eq!(cycles().await, 0);
}
