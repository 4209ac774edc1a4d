//! Findings and what is done about them.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{Transition, UpdateError, append_event, claimed, insert_event};
use crate::certification::ids::{
    AssessmentId, CorrectiveActionId, FacilityId, FindingId, RatingId,
};
use crate::certification::rules::finding::{FindingState, Grade};
use crate::platform::id::{AccountId, NoteId, PartyId};

/// A finding's row.
#[derive(Debug, FromRow)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// In which assessment.
    pub assessment_id: AssessmentId,
    /// The rating that it follows from.
    pub rating_id: RatingId,
    /// Of which criterion.
    pub criterion: String,
    /// At which facility.
    pub facility_id: FacilityId,
    /// How grave.
    #[sqlx(try_from = "String")]
    pub grade: Grade,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: FindingState,
    /// When it was issued, in milliseconds.
    pub issued_at: i64,
    /// By when a plan is due, in milliseconds.
    pub plan_due_at: i64,
    /// By when it is to be closed, in milliseconds.
    pub close_due_at: i64,
    /// 1 once its term was extended.
    pub extended: i64,
    /// Its version.
    pub version: i64,
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, assessment_id, rating_id, criterion, facility_id, grade, state, issued_at, plan_due_at,
                    close_due_at, extended, version
             FROM finding ",
            $rest
        )
    };
}

/// Adds a finding.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut AnyConnection, finding: &Finding) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO finding (id, assessment_id, rating_id, criterion, facility_id, grade, state, issued_at, plan_due_at,
                              close_due_at, extended, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 1)",
    )
    .bind(&finding.id)
    .bind(&finding.assessment_id)
    .bind(&finding.rating_id)
    .bind(&finding.criterion)
    .bind(&finding.facility_id)
    .bind(finding.grade.as_str())
    .bind(finding.state.as_str())
    .bind(finding.issued_at)
    .bind(finding.plan_due_at)
    .bind(finding.close_due_at)
    .execute(tx)
    .await
    .map(drop)
}

/// The company that a finding is about, which never changes.
///
/// # Errors
/// When the database refuses.
pub async fn company(
    db: &mut AnyConnection,
    id: &FindingId,
) -> Result<Option<PartyId>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT a.company_id FROM finding f JOIN assessment s ON s.id = f.assessment_id
         JOIN application a ON a.id = s.application_id WHERE f.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// A finding by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &mut AnyConnection, id: &FindingId) -> Result<Option<Finding>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// The findings of an assessment, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_assessment(
    db: &mut AnyConnection,
    id: &AssessmentId,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as(select!("WHERE assessment_id = $1 ORDER BY id")).bind(id).fetch_all(db).await
}

/// Moves a finding and appends the event; gives its new version.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn advance(
    tx: &mut AnyConnection,
    finding: &Finding,
    to: FindingState,
    transition: &Transition<'_>,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE finding SET state = $3, close_due_at = $4, extended = $5, version = version + 1
         WHERE id = $1 AND version = $2",
    )
    .bind(&finding.id)
    .bind(finding.version)
    .bind(to.as_str())
    .bind(finding.close_due_at)
    .bind(finding.extended)
    .execute(&mut *tx)
    .await?;
    let version = claimed(done.rows_affected(), finding.version)?;
    let insert = insert_event!("finding");
    append_event(tx, insert, finding.id.as_str(), to.as_str(), transition).await?;
    Ok(version)
}

/// A finding's moves, oldest first: event, state, reason, time.
///
/// # Errors
/// When the database refuses.
pub async fn events(
    db: &mut AnyConnection,
    id: &FindingId,
) -> Result<Vec<(String, String, Option<NoteId>, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT event, to_state, reason_note, at FROM finding_event WHERE finding_id = $1 ORDER BY seq")
        .bind(id)
        .fetch_all(db)
        .await
}

/// Appends a corrective action: root cause and plan.
///
/// # Errors
/// When the database refuses.
pub async fn add_corrective_action(
    tx: &mut AnyConnection,
    id: &CorrectiveActionId,
    finding: &FindingId,
    cause: &NoteId,
    plan: &NoteId,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO corrective_action (id, finding_id, cause_note, plan_note, by_account, at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(finding)
    .bind(cause)
    .bind(plan)
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// A finding's corrective actions, oldest first: cause and plan.
///
/// # Errors
/// When the database refuses.
pub async fn corrective_actions(
    db: &mut AnyConnection,
    id: &FindingId,
) -> Result<Vec<(NoteId, NoteId, i64)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT cause_note, plan_note, at FROM corrective_action WHERE finding_id = $1 ORDER BY id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}
