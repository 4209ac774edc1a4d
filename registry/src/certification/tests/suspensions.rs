//! When a suspension is over, withdrawal is proposed once, and nothing is withdrawn.

use super::Desk;
use crate::certification::jobs::propose_withdrawals;
use crate::platform::db::scratch::{Scratch, on_both_engines};

on_both_engines!(withdrawal_is_proposed_once_the_term_is_over);

impl Desk {
    /// A certificate in a state, with a suspension until a number of days from now.
    pub(super) async fn suspends(&self, number: &str, state: &str, days: i64) {
        let until = crate::platform::clock::Clock::now_ms(&*self.clock) + days * 86_400_000;
        self.certify(number).await;
        let to = "UPDATE certificate SET state = $2 WHERE number = $1";
        self.write(to, &[number, state]).await;
        let key = "INSERT INTO data_key (id, subject_kind, subject_id) VALUES ($1, 'test', $1)";
        self.write(key, &[number]).await;
        let until = until.to_string();
        for sql in [
            "INSERT INTO note (id, data_key_id, lang, ciphertext, at)
             SELECT $1, $1, 'en', canonical, CAST($2 AS BIGINT) FROM programme_version",
            "INSERT INTO decision (id, certificate_id, kind, reason_note, by_account, at, effective_at)
             SELECT $1, $1, 'suspend', $1, id, CAST($2 AS BIGINT), 0 FROM account",
            "INSERT INTO suspension_term (decision_id, certificate_id, until_at) VALUES ($1, $1, CAST($2 AS BIGINT))",
        ] {
            self.write(sql, &[number, &until]).await;
        }
    }

    /// For which suspensions withdrawal is proposed.
    async fn proposed(&self) -> Vec<String> {
        propose_withdrawals(&self.app).await.expect("a look");
        self.texts("SELECT decision_id FROM withdrawal_proposal ORDER BY decision_id").await
    }
}

async fn withdrawal_is_proposed_once_the_term_is_over(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    desk.suspends("A1", "suspended", 10).await;
    desk.suspends("A2", "suspended", 20).await;
    desk.suspends("A3", "active", 10).await;
    desk.suspends("A4", "withdrawn", 10).await;
    desk.days_pass(10).await;
    assert_eq!(desk.proposed().await, [""; 0], "the last second belongs to the term");
    desk.days_pass(1).await;
    assert_eq!(desk.proposed().await, ["A1"]);
    assert_eq!(desk.proposed().await, ["A1"]);
    desk.days_pass(10).await;
    assert_eq!(desk.proposed().await, ["A1", "A2"]);
    assert_eq!(
        desk.trail_of_nobody().await,
        ["A1", "A2"].map(|number| format!(
            "certificate.propose_withdrawal by nobody: certificate {number}"
        ))
    );
    assert_eq!(desk.count("certificate WHERE state = 'suspended'").await, 2);
}
