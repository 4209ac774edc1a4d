//! That a certificate is going to expire is announced to those who act for its holder, each notice once.

use super::{Desk, last};
use crate::certification::jobs::announce_expiry;
use crate::platform::clock::Clock as _;
use crate::platform::db::scratch::{Scratch, on_both_engines};

on_both_engines!(
    each_notice_of_an_end_is_given_once_and_anew_of_a_later_one,
    what_has_ended_is_not_announced,
);

impl Desk {
    /// A certificate in force whose `n`th version, the only one or the latest, ends a number of days from now.
    async fn ends_in(&self, n: i64, days: i64) {
        let until = (self.clock.now_ms() + days * 86_400_000).to_string();
        let id = format!("V{n}");
        let version = "INSERT INTO certificate_version
               (id, certificate_id, n, decision_id, programme_version_id, assessment_id, level, valid_from, valid_until)
             SELECT $1, 'A1', CAST($2 AS BIGINT), 'A1', id, 'S1', 'leading', 0, CAST($3 AS BIGINT) FROM programme_version";
        self.write(version, &[&id, &n.to_string(), &until]).await;
    }

    /// A certificate that is active, resting on an assessment.
    async fn is_certified(&self) {
        let application = self.apply().await;
        let assessment =
            "INSERT INTO assessment (id, application_id, kind, state, created_at, version)
             VALUES ('S1', $1, 'initial', 'recommended', 0, 1)";
        self.write(assessment, &[last(&application)]).await;
        self.suspends("A1", "active", 0).await;
    }

    /// Which notices of ends were given by mail.
    async fn announced(&self) -> Vec<String> {
        while announce_expiry(&self.app).await.expect("a look") {}
        self.texts("SELECT about FROM mail WHERE kind = 'expiring' ORDER BY id").await
    }
}

async fn each_notice_of_an_end_is_given_once_and_anew_of_a_later_one(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    desk.is_certified().await;
    desk.ends_in(1, 61).await;
    let mut expected: Vec<&str> = Vec::new();
    for (days, then) in [(0, &[][..]), (1, &["V1/60"]), (29, &[]), (1, &["V1/30"]), (25, &["V1/7"])]
    {
        desk.days_pass(days).await;
        expected.extend(then);
        assert_eq!(desk.announced().await, expected);
        assert_eq!(desk.announced().await, expected, "once");
    }
    desk.ends_in(2, 365).await;
    assert_eq!(desk.announced().await, expected, "it is renewed");
    desk.days_pass(363).await;
    expected.push("V2/7");
    assert_eq!(desk.announced().await, expected, "the registry stood still");
}

async fn what_has_ended_is_not_announced(scratch: &Scratch) {
    let mut desk = Desk::open(scratch).await;
    desk.is_certified().await;
    desk.ends_in(1, 30).await;
    desk.write("UPDATE certificate SET state = 'withdrawn' WHERE number = $1", &["A1"]).await;
    assert_eq!(desk.announced().await, [""; 0]);
    desk.write("UPDATE certificate SET state = 'suspended' WHERE number = $1", &["A1"]).await;
    desk.days_pass(31).await;
    assert_eq!(desk.announced().await, [""; 0], "it has expired");
}
