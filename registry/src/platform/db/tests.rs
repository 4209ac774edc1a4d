//! What every store stands on, shown on both engines: bytes come back as they went in, and
//! append-only tables are.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Executor};

use super::scratch::{Scratch, on_both_engines};
use super::{Engine, Tx};
use crate::platform::problem::Problem;

on_both_engines!(
    bytes_come_back_as_they_went_in,
    append_only_tables_take_new_rows_only,
    a_draft_of_a_programme_may_change_until_it_is_published,
    a_credential_changes_its_state_and_nothing_that_was_signed,
    a_leaf_is_given_its_number_once,
);

async fn bytes_come_back_as_they_went_in(scratch: &Scratch) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut tx = scratch.db().write().await.expect("a transaction");
    for (id, bytes) in [("none", None), ("empty", Some(vec![])), ("all", Some(every_byte))] {
        sqlx::query(
            "INSERT INTO data_key (id, subject_kind, subject_id, wrapped) VALUES ($1, 'test', $1, $2)",
        )
        .bind(id)
        .bind(&bytes)
        .execute(&mut *tx)
        .await
        .expect("inserts");
        let (read, length): (Option<Vec<u8>>, Option<i64>) = sqlx::query_as(
            "SELECT wrapped, CAST(length(wrapped) AS BIGINT) FROM data_key WHERE id = $1",
        )
        .bind(id)
        .fetch_one(&mut *tx)
        .await
        .expect("reads");
        assert_eq!(read, bytes, "{id}");
        assert_eq!(length, bytes.map(|bytes| bytes.len() as i64), "{id}");
    }
    let equal: Vec<String> = sqlx::query_scalar("SELECT id FROM data_key WHERE wrapped = $1")
        .bind(Vec::<u8>::new())
        .fetch_all(&mut *tx)
        .await
        .expect("reads");
    assert_eq!(equal, ["empty"]);
}

/// The tables whose rows never change, each with one of its columns.
const APPEND_ONLY: [(&str, &str); 36] = [
    ("party_name", "name"),
    ("party_identifier", "value"),
    ("facility_change", "fields"),
    ("note", "ciphertext"),
    ("audit", "outcome"),
    ("outbox", "payload"),
    ("authorisation", "until_at"),
    ("authorisation_event", "until_at"),
    ("application_event", "event"),
    ("agreement", "terms"),
    ("conflict", "until_at"),
    ("competence", "until_at"),
    ("assessment_event", "event"),
    ("evidence", "period_to"),
    ("evidence_removal", "by_account"),
    ("evidence_link", "criterion"),
    ("rating", "value"),
    ("finding_event", "event"),
    ("corrective_action", "plan_note"),
    ("review", "recommendation"),
    ("decision", "level"),
    ("certificate_version", "level"),
    ("certificate_facility", "facility_id"),
    ("certificate_event", "public_reason"),
    ("key_event", "kind"),
    ("credential_form", "bytes"),
    ("status_change", "bit"),
    ("publication", "bytes"),
    ("log_tile", "bytes"),
    ("log_checkpoint", "note"),
    ("complaint_event", "event"),
    ("appeal_event", "event"),
    ("appeal_panel", "account_id"),
    ("suspension_term", "until_at"),
    ("suspension_finding", "finding_id"),
    ("withdrawal_proposal", "at"),
];

/// The tables whose rows change in some ways only, and are never deleted.
const APPEND_ONLY_IN_PART: [&str; 5] =
    ["programme_version", "credential", "log_leaf", "membership", "signing_key"];

/// A row in every table that those need, and in those. `{b}` stands for some bytes.
const ROWS: [&str; 57] = [
    "data_key (id, subject_kind, subject_id) VALUES ('k', 'party', 'company')",
    "party (id, kind, display_name, country, sole_proprietor, publish_consent, created_at, version)
     VALUES ('company', 'company', 'Example', 'JP', 0, 0, 0, 1),
            ('body', 'body', 'Example Body', 'JP', 0, 0, 0, 1)",
    "party_name (id, party_id, kind, name, at) VALUES ('n', 'company', 'legal', 'Example', 0)",
    "party_identifier (scheme, value, party_id) VALUES ('lei', '1', 'company')",
    "facility (id, party_id, kind, name, address, region, country, workers, workers_by_status, residents, created_at, version)
     VALUES ('f', 'company', 'whole', 'Example', '', '', 'JP', 1, '{}', 0, 0, 1)",
    "facility_change (id, facility_id, by_account, at, fields) VALUES ('fc', 'f', 'a', 0, '{}')",
    "account (id, email_norm, name, locale, state, created_at, version)
     VALUES ('a', 'a@example.com', 'A', 'en', 'active', 0, 1)",
    "membership (id, account_id, party_id, role, from_at) VALUES ('m', 'a', 'company', 'applicant', 0)",
    "note (id, data_key_id, lang, ciphertext, at) VALUES ('note', 'k', 'en', {b}, 0)",
    "blob (id, party_id, address, cipher_digest, size, media_type, data_key_id, state, created_at)
     VALUES ('blob', 'company', {b}, {b}, 1, 'text/plain', 'k', 'stored', 0)",
    "audit (id, at, action, subject, outcome, request_id) VALUES ('au', 0, 'x', 'x', 'done', 'r')",
    "outbox (seq, topic, payload, at) VALUES (1, 'x', '{}', 0)",
    "programme_version (id, programme, label, owner_id, state, digest, canonical, created_at, version)
     VALUES ('draft', 'p', '2', 'body', 'draft', {b}, {b}, 0, 1),
            ('pv', 'p', '1', 'body', 'published', {b}, {b}, 0, 1)",
    "authorisation (id, programme, body_id, from_at, until_at, by_account, at)
     VALUES ('auth', 'p', 'body', 0, 1, 'a', 0)",
    "authorisation_event (id, authorisation_id, until_at, by_account, at)
     VALUES ('ae', 'auth', 1, 'a', 0)",
    "certificate (id, number, body_id, company_id, programme, state, created_at, version)
     VALUES ('c', 'A1', 'body', 'company', 'p', 'active', 0, 1)",
    "application (id, company_id, body_id, programme_version_id, kind, state, facts, created_by, created_at, changed_at, version)
     VALUES ('app', 'company', 'body', 'pv', 'initial', 'draft', '[]', 'a', 0, 0, 1)",
    "application_event (application_id, seq, event, to_state, by_account, at)
     VALUES ('app', 1, 'submit', 'submitted', 'a', 0)",
    "agreement (application_id, body_id, company_id, terms_version, terms, accepted_by, at)
     VALUES ('app', 'body', 'company', '1', '{}', 'a', 0)",
    "conflict (id, account_id, party_id, kind, from_at, by_account, at)
     VALUES ('cf', 'a', 'company', 'advice', 0, 'a', 0)",
    "competence (id, account_id, body_id, programme, from_at, by_account, at)
     VALUES ('cp', 'a', 'body', 'p', 0, 'a', 0)",
    "assessment (id, application_id, kind, state, created_at, version)
     VALUES ('as', 'app', 'initial', 'planned', 0, 1)",
    "assessment_event (assessment_id, seq, event, to_state, by_account, at)
     VALUES ('as', 1, 'start', 'under_way', 'a', 0)",
    "evidence (id, party_id, blob_id, source, period_from, period_to, received_at, by_account)
     VALUES ('ev', 'company', 'blob', 'company', '2026-01-01', '2026-12-31', 0, 'a')",
    "evidence_removal (evidence_id, by_account, at) VALUES ('ev', 'a', 0)",
    "evidence_link (id, evidence_id, application_id, criterion, facility_id, by_account, at)
     VALUES ('el', 'ev', 'app', 'x', 'f', 'a', 0)",
    "rating (id, assessment_id, criterion, facility_id, seq, value, reason_note, by_account, at)
     VALUES ('r', 'as', 'x', 'f', 1, 'minor', 'note', 'a', 0)",
    "finding (id, assessment_id, rating_id, criterion, facility_id, grade, state, issued_at, plan_due_at, close_due_at, extended, version)
     VALUES ('fi', 'as', 'r', 'x', 'f', 'minor', 'open', 0, 0, 0, 0, 1)",
    "finding_event (finding_id, seq, event, to_state, by_account, at)
     VALUES ('fi', 1, 'answer', 'answered', 'a', 0)",
    "corrective_action (id, finding_id, cause_note, plan_note, by_account, at)
     VALUES ('ca', 'fi', 'note', 'note', 'a', 0)",
    "review (id, assessment_id, recommendation, na_accepted, ratings_digest, reason_note, by_account, at)
     VALUES ('rv', 'as', 'grant', 1, {b}, 'note', 'a', 0)",
    "decision (id, application_id, certificate_id, kind, reason_note, by_account, at, effective_at)
     VALUES ('d', 'app', 'c', 'grant', 'note', 'a', 0, 0)",
    "certificate_version (id, certificate_id, n, decision_id, programme_version_id, assessment_id, level, valid_from, valid_until)
     VALUES ('cv', 'c', 1, 'd', 'pv', 'as', 'certified', 0, 1)",
    "certificate_facility (certificate_version_id, facility_id) VALUES ('cv', 'f')",
    "certificate_event (certificate_id, seq, kind, at, effective_at) VALUES ('c', 1, 'granted', 0, 0)",
    "issuer (id, party_id, did, created_at) VALUES ('i', 'body', 'did:web:registry.example', 0)",
    "signing_key (id, role, issuer_id, fragment, public, sealed, from_at, created_at, version)
     VALUES ('sk', 'issuer', 'i', 'key-1', {b}, '', 0, 0, 1)",
    "key_event (id, signing_key_id, kind, effective_at, at) VALUES ('ke', 'sk', 'made', 0, 0)",
    "credential (id, certificate_id, certificate_version_id, issuer_id, signing_key_id, signed_at, holder_salt, payload, payload_digest, shard_id, idx, state, leaf_ord, version)
     VALUES ('cr', 'c', 'cv', 'i', 'sk', 0, {b}, {b}, {b}, 's', 1, 'prepared', 1, 1)",
    "credential_form (credential_id, form, bytes, digest, signing_key_id)
     VALUES ('cr', 'di_jcs', {b}, {b}, 'sk')",
    "status_shard (id, issuer_id, n, permutation, counter, opened_at) VALUES ('s', 'i', 1, {b}, 0, 0)",
    "status_list (id, shard_id, purpose) VALUES ('sl', 's', 'revocation')",
    "status_change (leaf_ord, status_list_id, idx, bit, credential_id, at)
     VALUES (1, 'sl', 1, 1, 'cr', 0)",
    "publication (kind, subject, version, bytes, leaf, valid_until, at)
     VALUES ('bundle', '', 1, {b}, 0, 0, 0)",
    "log_leaf (ord, seq, kind, entry, leaf_hash, at) VALUES (1, 0, 'test', {b}, {b}, 0)",
    "log_leaf (ord, seq, kind, entry, leaf_hash, at) VALUES (2, NULL, 'test', {b}, {b}, 0)",
    "log_leaf (ord, seq, kind, entry, leaf_hash, at) VALUES (3, NULL, 'test', {b}, {b}, 0)",
    "log_tile (level, idx, width, bytes) VALUES (0, 0, 1, {b})",
    "log_checkpoint (size, root, note, at) VALUES (1, {b}, 'a note', 0)",
    "complaint (id, body_id, certificate_id, state, text_note, secret_hash, received_at, acknowledge_due_at, answer_due_at, version)
     VALUES ('co', 'body', 'c', 'received', 'note', {b}, 0, 1, 2, 1)",
    "complaint_event (complaint_id, seq, event, to_state, by_account, at)
     VALUES ('co', 1, 'acknowledge', 'acknowledged', 'a', 0)",
    "appeal (id, decision_id, application_id, company_id, body_id, state, grounds_note, filed_by, filed_at, version)
     VALUES ('ap', 'd', 'app', 'company', 'body', 'filed', 'note', 'a', 0, 1)",
    "appeal_event (appeal_id, seq, event, to_state, by_account, at)
     VALUES ('ap', 1, 'admit', 'admitted', 'a', 0)",
    "appeal_panel (appeal_id, round, account_id) VALUES ('ap', 1, 'a')",
    "suspension_term (decision_id, certificate_id, until_at) VALUES ('d', 'c', 1)",
    "suspension_finding (decision_id, finding_id) VALUES ('d', 'fi')",
    "withdrawal_proposal (decision_id, at) VALUES ('d', 1)",
];

async fn fill(scratch: &Scratch) {
    let bytes = scratch.db().engine().bytes_literal("0aff");
    let mut tx = scratch.db().write().await.expect("a transaction");
    for row in ROWS {
        let insert = format!("INSERT INTO {}", row.replace("{b}", &bytes));
        let done = tx.execute(AssertSqlSafe(insert)).await;
        done.unwrap_or_else(|error| panic!("{row}: {error}"));
    }
    tx.commit().await.expect("commits");
}

/// What the database says to a statement; what it did is taken back.
async fn answer(scratch: &Scratch, sql: &str) -> Result<u64, String> {
    let mut tx = scratch.db().write().await.expect("a transaction");
    let connection: &mut AnyConnection = &mut tx;
    let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
    done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
}

async fn assert_refused(scratch: &Scratch, sql: &str, table: &str) {
    let answer = answer(scratch, sql).await;
    let refused =
        answer.as_ref().is_err_and(|error| error.contains(&format!("append-only: {table}")));
    assert!(refused, "{sql}: {answer:?}");
}

async fn append_only_tables_take_new_rows_only(scratch: &Scratch) {
    fill(scratch).await;
    let engine = scratch.db().engine();
    for (table, column) in APPEND_ONLY {
        let mut attempts =
            vec![format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")];
        attempts.push(match engine {
            Engine::Sqlite => format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
            Engine::Postgres => format!("TRUNCATE {table} CASCADE"),
        });
        for sql in attempts {
            assert_refused(scratch, &sql, table).await;
        }
    }
    for table in APPEND_ONLY_IN_PART {
        let but_drafts = if table == "programme_version" { " WHERE id = 'pv'" } else { "" };
        assert_refused(scratch, &format!("DELETE FROM {table}{but_drafts}"), table).await;
        let sql = match engine {
            Engine::Sqlite => {
                format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}{but_drafts}")
            }
            Engine::Postgres => format!("TRUNCATE {table} CASCADE"),
        };
        assert_refused(scratch, &sql, table).await;
    }
}

#[test]
fn the_tables_that_the_schema_marks_are_those() {
    let schema = concat!(
        include_str!("../../../migrations/0001_registry.sql"),
        include_str!("../../../migrations/0004_complaints.sql"),
    );
    let marked = schema.lines().filter_map(|line| {
        let (table, mark) = line.strip_prefix("CREATE TABLE ")?.split_once(" (")?;
        mark.trim_start().starts_with("-- append").then_some(table)
    });
    let partly = ["programme_version", "log_leaf"];
    let expected: BTreeSet<_> =
        APPEND_ONLY.map(|(table, _)| table).into_iter().chain(partly).collect();
    assert_eq!(marked.collect::<BTreeSet<_>>(), expected);
}

async fn a_draft_of_a_programme_may_change_until_it_is_published(scratch: &Scratch) {
    fill(scratch).await;
    let publish = "UPDATE programme_version SET state = 'published' WHERE id = 'draft'";
    assert_eq!(answer(scratch, publish).await, Ok(1));
    assert_eq!(answer(scratch, "DELETE FROM programme_version WHERE id = 'draft'").await, Ok(1));
    let withdraw = "UPDATE programme_version SET state = 'draft' WHERE id = 'pv'";
    assert_refused(scratch, withdraw, "programme_version").await;
}

async fn a_credential_changes_its_state_and_nothing_that_was_signed(scratch: &Scratch) {
    fill(scratch).await;
    let release = "UPDATE credential SET state = 'released', version = 2";
    assert_eq!(answer(scratch, release).await, Ok(1));
    let bytes = scratch.db().engine().bytes_literal("0b");
    for change in [
        &format!("payload = {bytes}"),
        &format!("payload_digest = {bytes}"),
        "signed_at = 1",
        "signing_key_id = 'other'",
        "shard_id = 'other'",
        "idx = 2",
    ] {
        assert_refused(scratch, &format!("UPDATE credential SET {change}"), "credential").await;
    }
}

async fn a_leaf_is_given_its_number_once(scratch: &Scratch) {
    fill(scratch).await;
    let update = |change: &str, ord: i64| format!("UPDATE log_leaf SET {change} WHERE ord = {ord}");
    assert_eq!(answer(scratch, &update("seq = 1", 2)).await, Ok(1));
    let bytes = scratch.db().engine().bytes_literal("0b");
    let with_it = |column: &str| format!("seq = 1, {column}");
    for (change, ord) in [
        ("seq = 1", 1),
        ("seq = 0", 1),
        ("seq = NULL", 1),
        ("seq = NULL", 2),
        ("kind = 'other'", 2),
        (&with_it("ord = 9"), 2),
        (&with_it("kind = 'other'"), 2),
        (&with_it(&format!("entry = {bytes}")), 2),
        (&with_it(&format!("leaf_hash = {bytes}")), 2),
        (&with_it("at = 9"), 2),
    ] {
        assert_refused(scratch, &update(change, ord), "log_leaf").await;
    }
    if scratch.db().engine() == Engine::Sqlite {
        let steal = "UPDATE OR REPLACE log_leaf SET seq = 0 WHERE ord = 2";
        assert_refused(scratch, steal, "log_leaf").await;
    }
    let taken = answer(scratch, &update("seq = 0", 2)).await.expect_err("a number has one leaf");
    assert!(taken.to_lowercase().contains("unique"), "{taken}");
}

/// PostgreSQL's code and the problem that it becomes.
fn busy(refusal: sqlx::Error) -> (Option<String>, &'static str) {
    let code = refusal.as_database_error().and_then(|refusal| refusal.code()).map(Cow::into_owned);
    (code, Problem::from(refusal).slug())
}

#[tokio::test]
async fn whoever_waits_in_vain_for_another_writer_is_told_that_the_registry_is_busy() {
    let Some(scratch) = Scratch::postgres().await else { return };
    let told = |code: &str| (Some(code.to_owned()), "busy");
    let test = async |scratch: &Scratch| {
        fill(scratch).await;
        let write = async || scratch.db().write().await.expect("a transaction");
        let hold = async |tx: &mut AnyConnection, party: &str| {
            let hold = format!("UPDATE party SET version = version + 1 WHERE id = '{party}'");
            tx.execute(AssertSqlSafe(hold)).await.map(drop)
        };
        // Another holds it for too long.
        let (mut one, mut other) = (write().await, write().await);
        hold(&mut one, "company").await.expect("is free");
        other.execute("SET LOCAL lock_timeout = '10ms'").await.expect("is set");
        let refused = hold(&mut other, "company").await.expect_err("is held");
        assert_eq!(busy(refused), told("55P03"));
        drop(other);

        // Each waits for what the other holds; one of the two is refused, and lets the other on.
        let mut other = write().await;
        hold(&mut other, "body").await.expect("is free");
        let crosses = async |mut tx: Tx, party: &str| match hold(&mut tx, party).await {
            Ok(()) => tx.commit().await,
            refused => refused,
        };
        let both = tokio::join!(crosses(one, "body"), crosses(other, "company"));
        let refused = match both {
            (Ok(()), Err(refused)) | (Err(refused), Ok(())) => refused,
            both => panic!("{both:?}"),
        };
        assert_eq!(busy(refused), told("40P01"));

        // Another changed it since the transaction looked.
        let mut other = write().await;
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await.expect("is set");
        other.execute("SELECT version FROM party").await.expect("looks");
        let mut one = write().await;
        hold(&mut one, "company").await.expect("is free");
        one.commit().await.expect("commits");
        let refused = hold(&mut other, "company").await.expect_err("was changed");
        assert_eq!(busy(refused), told("40001"));
        drop(other);
    };
    scratch.run(test).await;
}
