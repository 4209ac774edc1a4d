//! Complaints about holders and bodies.

use sqlx::{AnyConnection, FromRow};

use super::{Transition, UpdateError, append_event, claimed, insert_event};
use crate::certification::ids::{CertificateId, ComplaintId};
use crate::certification::rules::complaint::{ComplaintOutcome, ComplaintState};
use crate::platform::id::{NoteId, PartyId};

/// A complaint's row. The hash of its secret is never read: it is only compared.
#[derive(Debug, FromRow)]
pub struct Complaint {
    /// Its id.
    pub id: ComplaintId,
    /// The body that answers it.
    pub body_id: PartyId,
    /// The certificate that it is about; none when it is about the body itself.
    pub certificate_id: Option<CertificateId>,
    /// That certificate's number.
    pub number: Option<String>,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ComplaintState,
    /// What is complained of.
    pub text_note: NoteId,
    /// How to reach whoever complained, if that was said.
    pub contact_note: Option<NoteId>,
    /// What it led to: a word of [`ComplaintOutcome`].
    pub outcome: Option<String>,
    /// The body's answer.
    pub answer_note: Option<NoteId>,
    /// When it came in, in milliseconds.
    pub received_at: i64,
    /// Until when it is to be acknowledged, in milliseconds.
    pub acknowledge_due_at: i64,
    /// Until when it is to be answered, in milliseconds.
    pub answer_due_at: i64,
    /// Its version.
    pub version: i64,
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, body_id, certificate_id, (SELECT number FROM certificate WHERE id = certificate_id) AS number, state, text_note, contact_note, outcome, answer_note, received_at,
                    acknowledge_due_at, answer_due_at, version
             FROM complaint ",
            $rest
        )
    };
}

/// Adds a complaint with the hash of its secret.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    tx: &mut AnyConnection,
    complaint: &Complaint,
    secret_hash: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO complaint (id, body_id, certificate_id, state, text_note, contact_note, secret_hash, received_at,
                                acknowledge_due_at, answer_due_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
    )
    .bind(&complaint.id)
    .bind(&complaint.body_id)
    .bind(&complaint.certificate_id)
    .bind(complaint.state.as_str())
    .bind(&complaint.text_note)
    .bind(&complaint.contact_note)
    .bind(secret_hash)
    .bind(complaint.received_at)
    .bind(complaint.acknowledge_due_at)
    .bind(complaint.answer_due_at)
    .execute(tx)
    .await
    .map(drop)
}

/// A complaint by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    id: &ComplaintId,
) -> Result<Option<Complaint>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// A complaint by id and the hash of its secret.
///
/// # Errors
/// When the database refuses.
pub async fn by_secret(
    db: &mut AnyConnection,
    id: &ComplaintId,
    secret_hash: &[u8],
) -> Result<Option<Complaint>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1 AND secret_hash = $2"))
        .bind(id)
        .bind(secret_hash)
        .fetch_optional(db)
        .await
}

/// A complaint by the hash of its secret alone: that of a form which was sent before.
///
/// # Errors
/// When the database refuses.
pub async fn by_hash(
    db: &mut AnyConnection,
    secret_hash: &[u8],
) -> Result<Option<Complaint>, sqlx::Error> {
    sqlx::query_as(select!("WHERE secret_hash = $1")).bind(secret_hash).fetch_optional(db).await
}

/// The complaints that a body answers as its page shows them: those that wait first, by the term of their answer, then
/// the others, the last first.
///
/// # Errors
/// When the database refuses.
pub async fn waiting_first(
    db: &mut AnyConnection,
    body: &PartyId,
    limit: i64,
) -> Result<Vec<Complaint>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE body_id = $1
         ORDER BY CASE WHEN state IN ('received', 'acknowledged') THEN answer_due_at END NULLS LAST, id DESC LIMIT $2"
    ))
    .bind(body)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The complaints that a body answers, after a cursor, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_body(
    db: &mut AnyConnection,
    body: &PartyId,
    after: &str,
    limit: i64,
) -> Result<Vec<Complaint>, sqlx::Error> {
    sqlx::query_as(select!("WHERE body_id = $1 AND id > $2 ORDER BY id LIMIT $3"))
        .bind(body)
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// When those complaints of a body came in that did so since a time and are not answered, in milliseconds, oldest
/// first.
///
/// # Errors
/// When the database refuses.
pub async fn open_since(
    db: &mut AnyConnection,
    body: &PartyId,
    since: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT received_at FROM complaint
         WHERE body_id = $1 AND received_at > $2 AND state IN ('received', 'acknowledged') ORDER BY received_at",
    )
    .bind(body)
    .bind(since)
    .fetch_all(db)
    .await
}

/// The answer to a complaint.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// What it says.
    pub note: &'a NoteId,
    /// What the complaint led to, when it was looked into.
    pub outcome: Option<ComplaintOutcome>,
}

/// Moves a complaint, with the answer if it has one now, and appends the event; gives its new version.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn advance(
    tx: &mut AnyConnection,
    complaint: &Complaint,
    to: ComplaintState,
    answer: Option<Answer<'_>>,
    transition: &Transition<'_>,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE complaint SET state = $3, answer_note = $4, outcome = $5, version = version + 1
         WHERE id = $1 AND version = $2",
    )
    .bind(&complaint.id)
    .bind(complaint.version)
    .bind(to.as_str())
    .bind(answer.map(|answer| answer.note))
    .bind(answer.and_then(|answer| answer.outcome).map(ComplaintOutcome::as_str))
    .execute(&mut *tx)
    .await?;
    let version = claimed(done.rows_affected(), complaint.version)?;
    let insert = insert_event!("complaint");
    append_event(tx, insert, complaint.id.as_str(), to.as_str(), transition).await?;
    Ok(version)
}

/// When a complaint came to a state, in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn came_to(
    db: &mut AnyConnection,
    id: &ComplaintId,
    state: ComplaintState,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT at FROM complaint_event WHERE complaint_id = $1 AND to_state = $2")
        .bind(id)
        .bind(state.as_str())
        .fetch_optional(db)
        .await
}
