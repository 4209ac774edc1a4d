//! Assessments: sample, ratings, reviews.

use std::collections::BTreeMap;

use akashi_schemas::{FacilityKind, Rating};
use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{Transition, UpdateError, append_event, claimed, insert_event};
use crate::certification::ids::{ApplicationId, AssessmentId, FacilityId, RatingId, ReviewId};
use crate::certification::rules::assessment::AssessmentState;
use crate::platform::db::json::JsonText;
use crate::platform::id::{AccountId, NoteId, PartyId};

/// An assessment's row.
#[derive(Debug, FromRow)]
pub struct Assessment {
    /// Its id.
    pub id: AssessmentId,
    /// Of which application.
    pub application_id: ApplicationId,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: AssessmentState,
    /// When the visit begins, in milliseconds.
    pub visit_from: Option<i64>,
    /// When the visit ends, in milliseconds.
    pub visit_to: Option<i64>,
    /// Its version.
    pub version: i64,
}

/// Interviews by language.
pub type Tally = JsonText<BTreeMap<String, u32>>;

/// A facility that was sampled.
#[derive(Clone, Debug, FromRow)]
pub struct Sampled {
    /// Which.
    pub facility_id: FacilityId,
    /// What it is.
    #[sqlx(try_from = "String")]
    pub kind: FacilityKind,
    /// Its name.
    pub name: String,
    /// Its postal address.
    pub address: String,
    /// Interviews planned, by the programme's table.
    pub interviews_planned: i64,
    /// Interviews held: language → count.
    #[sqlx(try_from = "String")]
    pub interviews_held: Tally,
}

/// Adds a planned assessment with its sample.
///
/// # Errors
/// A unique violation when the application has one.
pub async fn insert(
    tx: &mut AnyConnection,
    assessment: &Assessment,
    kind: &str,
    sample: &[Sampled],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO assessment (id, application_id, kind, state, visit_from, visit_to, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
    )
    .bind(&assessment.id)
    .bind(&assessment.application_id)
    .bind(kind)
    .bind(assessment.state.as_str())
    .bind(assessment.visit_from)
    .bind(assessment.visit_to)
    .bind(now.as_millisecond())
    .execute(&mut *tx)
    .await?;
    for row in sample {
        sqlx::query(
            "INSERT INTO sample (assessment_id, facility_id, kind, interviews_planned, interviews_held)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&assessment.id)
        .bind(&row.facility_id)
        .bind(row.kind.as_str())
        .bind(row.interviews_planned)
        .bind(row.interviews_held.text()?)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// The company that an assessment is of, which never changes.
///
/// # Errors
/// When the database refuses.
pub async fn company(
    db: &mut AnyConnection,
    id: &AssessmentId,
) -> Result<Option<PartyId>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT a.company_id FROM assessment s JOIN application a ON a.id = s.application_id WHERE s.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// An assessment by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    id: &AssessmentId,
) -> Result<Option<Assessment>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, application_id, state, visit_from, visit_to, version FROM assessment WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// The assessment of an application.
///
/// # Errors
/// When the database refuses.
pub async fn of_application(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Option<Assessment>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, application_id, state, visit_from, visit_to, version FROM assessment WHERE application_id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// The facilities that are assessed, the organisation as a whole first.
///
/// # Errors
/// When the database refuses.
pub async fn sample(
    db: &mut AnyConnection,
    id: &AssessmentId,
) -> Result<Vec<Sampled>, sqlx::Error> {
    sqlx::query_as(
        "SELECT s.facility_id, s.kind, f.name, f.address, s.interviews_planned, s.interviews_held
         FROM sample s JOIN facility f ON f.id = s.facility_id WHERE s.assessment_id = $1
         ORDER BY CASE s.kind WHEN 'whole' THEN 0 ELSE 1 END, s.facility_id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// Writes the tally of interviews held at a facility; false when it is not in the sample.
///
/// # Errors
/// When the database refuses.
pub async fn hold_interviews(
    tx: &mut AnyConnection,
    id: &AssessmentId,
    facility: &FacilityId,
    held: &Tally,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE sample SET interviews_held = $3 WHERE assessment_id = $1 AND facility_id = $2",
    )
    .bind(id)
    .bind(facility)
    .bind(held.text()?)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves an assessment and appends the event; gives its new version.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn advance(
    tx: &mut AnyConnection,
    assessment: &Assessment,
    to: AssessmentState,
    transition: &Transition<'_>,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE assessment SET state = $3, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(&assessment.id)
    .bind(assessment.version)
    .bind(to.as_str())
    .execute(&mut *tx)
    .await?;
    let version = claimed(done.rows_affected(), assessment.version)?;
    let insert = insert_event!("assessment");
    append_event(tx, insert, assessment.id.as_str(), to.as_str(), transition).await?;
    Ok(version)
}

/// A current rating.
#[derive(Clone, Debug, FromRow)]
pub struct Rated {
    /// The row.
    pub id: RatingId,
    /// Of which criterion.
    pub criterion: String,
    /// At which facility.
    pub facility_id: FacilityId,
    /// Which row of this pair it is; 1 is the first.
    pub seq: i64,
    /// The rating.
    #[sqlx(try_from = "String")]
    pub value: Rating,
    /// The ground, when not applicable.
    pub na_ground: Option<String>,
    /// Why.
    pub reason_note: NoteId,
}

/// The current rating of every pair rated so far: its row with the highest `seq`.
///
/// # Errors
/// When the database refuses.
pub async fn ratings(db: &mut AnyConnection, id: &AssessmentId) -> Result<Vec<Rated>, sqlx::Error> {
    sqlx::query_as(
        "SELECT r.id, r.criterion, r.facility_id, r.seq, r.value, r.na_ground, r.reason_note FROM rating r
         JOIN (SELECT criterion, facility_id, max(seq) AS seq FROM rating WHERE assessment_id = $1
               GROUP BY criterion, facility_id) latest
           ON latest.criterion = r.criterion AND latest.facility_id = r.facility_id AND latest.seq = r.seq
         WHERE r.assessment_id = $1 ORDER BY r.criterion, r.facility_id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// The first rating of every pair: by criterion and facility.
///
/// # Errors
/// When the database refuses.
pub async fn first_ratings(
    db: &mut AnyConnection,
    id: &AssessmentId,
) -> Result<BTreeMap<(String, String), String>, sqlx::Error> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT criterion, facility_id, value FROM rating WHERE assessment_id = $1 AND seq = 1",
    )
    .bind(id)
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(criterion, facility, value)| ((criterion, facility), value))
        .collect())
}

/// Appends a rating as the current one of its pair; gives its place.
///
/// # Errors
/// A unique violation when another was appended at the same moment.
pub async fn rate(
    tx: &mut AnyConnection,
    id: &AssessmentId,
    rating: &Rated,
    by: &AccountId,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO rating (id, assessment_id, criterion, facility_id, seq, value, na_ground, reason_note, by_account, at)
         VALUES ($1, $2, $3, $4,
                 (SELECT coalesce(max(seq), 0) + 1 FROM rating WHERE assessment_id = $2 AND criterion = $3 AND facility_id = $4),
                 $5, $6, $7, $8, $9)
         RETURNING seq",
    )
    .bind(&rating.id)
    .bind(id)
    .bind(&rating.criterion)
    .bind(&rating.facility_id)
    .bind(rating.value.as_str())
    .bind(&rating.na_ground)
    .bind(&rating.reason_note)
    .bind(by)
    .bind(now.as_millisecond())
    .fetch_one(tx)
    .await
}

/// The reason of a rating.
///
/// # Errors
/// When the database refuses.
pub async fn reason_of(
    db: &mut AnyConnection,
    rating: &RatingId,
) -> Result<Option<NoteId>, sqlx::Error> {
    sqlx::query_scalar("SELECT reason_note FROM rating WHERE id = $1")
        .bind(rating)
        .fetch_optional(db)
        .await
}

/// Everyone who rated in an assessment.
///
/// # Errors
/// When the database refuses.
pub async fn raters(
    db: &mut AnyConnection,
    id: &AssessmentId,
) -> Result<Vec<AccountId>, sqlx::Error> {
    sqlx::query_scalar("SELECT DISTINCT by_account FROM rating WHERE assessment_id = $1")
        .bind(id)
        .fetch_all(db)
        .await
}

/// A review's row.
#[derive(Debug, FromRow)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// `grant`, `refuse` or `return`.
    pub recommendation: String,
    /// The level recommended.
    pub level: Option<String>,
    /// 1 when the reviewer accepts every not-applicable.
    pub na_accepted: i64,
    /// SHA-256 of the ratings that were reviewed, in their canonical report.
    pub ratings_digest: Vec<u8>,
    /// Why.
    pub reason_note: NoteId,
    /// Who reviewed.
    pub by_account: AccountId,
}

/// Appends a review.
///
/// # Errors
/// When the database refuses.
pub async fn review(
    tx: &mut AnyConnection,
    assessment: &AssessmentId,
    review: &Review,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO review (id, assessment_id, recommendation, level, na_accepted, ratings_digest, reason_note, by_account, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&review.id)
    .bind(assessment)
    .bind(&review.recommendation)
    .bind(&review.level)
    .bind(review.na_accepted)
    .bind(&review.ratings_digest)
    .bind(&review.reason_note)
    .bind(&review.by_account)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// The reviews of an assessment, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn reviews(
    db: &mut AnyConnection,
    id: &AssessmentId,
) -> Result<Vec<Review>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, recommendation, level, na_accepted, ratings_digest, reason_note, by_account FROM review
         WHERE assessment_id = $1 ORDER BY id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// The facilities of a company's last sample.
///
/// # Errors
/// When the database refuses.
pub async fn last_sample(
    db: &mut AnyConnection,
    company: &PartyId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT facility_id FROM sample WHERE assessment_id = (SELECT s.id FROM assessment s
           JOIN application a ON a.id = s.application_id WHERE a.company_id = $1 ORDER BY s.id DESC LIMIT 1)",
    )
    .bind(company)
    .fetch_all(db)
    .await
}
