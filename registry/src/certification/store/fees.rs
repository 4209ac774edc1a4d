//! What bodies ask for applications.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{UpdateError, claimed};
use crate::certification::ids::{ApplicationId, FeeId};
use crate::certification::rules::fee::FeeState;
use crate::platform::id::{AccountId, PartyId};

/// A fee's row.
#[derive(Debug, FromRow)]
pub struct Fee {
    /// Its id.
    pub id: FeeId,
    /// For which application.
    pub application_id: ApplicationId,
    /// For what.
    pub item: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: FeeState,
    /// When it was quoted, in milliseconds.
    pub quoted_at: i64,
    /// When it was invoiced, in milliseconds.
    pub invoiced_at: Option<i64>,
    /// When it was paid, in milliseconds.
    pub paid_at: Option<i64>,
    /// Its version.
    pub version: i64,
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, application_id, item, amount, currency, state, quoted_at, invoiced_at, paid_at, version
             FROM fee_item ",
            $rest
        )
    };
}

/// Adds a fee.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut AnyConnection, fee: &Fee, by: &AccountId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO fee_item (id, application_id, item, amount, currency, state, quoted_by, quoted_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
    )
    .bind(&fee.id)
    .bind(&fee.application_id)
    .bind(&fee.item)
    .bind(fee.amount)
    .bind(&fee.currency)
    .bind(fee.state.as_str())
    .bind(by)
    .bind(fee.quoted_at)
    .execute(tx)
    .await
    .map(drop)
}

/// A fee by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &mut AnyConnection, id: &FeeId) -> Result<Option<Fee>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// The fees of an application, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_application(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Vec<Fee>, sqlx::Error> {
    sqlx::query_as(select!("WHERE application_id = $1 ORDER BY id")).bind(id).fetch_all(db).await
}

/// A fee with the name of the company that it is asked of.
#[derive(Debug, FromRow)]
pub struct OfCompany {
    /// The fee.
    #[sqlx(flatten)]
    pub fee: Fee,
    /// The company's name.
    pub company: String,
}

/// The fees that a body asks, the last quoted first.
///
/// # Errors
/// When the database refuses.
pub async fn of_body(
    db: &mut AnyConnection,
    body: &PartyId,
    limit: i64,
) -> Result<Vec<OfCompany>, sqlx::Error> {
    sqlx::query_as(
        "SELECT f.id, f.application_id, f.item, f.amount, f.currency, f.state, f.quoted_at, f.invoiced_at, f.paid_at,
                f.version, p.display_name AS company
         FROM fee_item f JOIN application a ON a.id = f.application_id JOIN party p ON p.id = a.company_id
         WHERE a.body_id = $1 ORDER BY f.id DESC LIMIT $2",
    )
    .bind(body)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What a body asks in all: currency, state, sum in the currency's smallest unit, number of fees.
///
/// # Errors
/// When the database refuses.
pub async fn sums(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Vec<(String, String, i64, i64)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT f.currency, f.state, CAST(sum(f.amount) AS BIGINT), CAST(count(*) AS BIGINT)
         FROM fee_item f JOIN application a ON a.id = f.application_id
         WHERE a.body_id = $1 GROUP BY f.currency, f.state ORDER BY f.currency, f.state",
    )
    .bind(body)
    .fetch_all(db)
    .await
}

/// Moves a fee; gives its new version.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn advance(
    tx: &mut AnyConnection,
    fee: &Fee,
    to: FeeState,
    now: Timestamp,
) -> Result<i64, UpdateError> {
    let write = match to {
        FeeState::Paid => {
            "UPDATE fee_item SET state = $3, paid_at = $4, version = version + 1 WHERE id = $1 AND version = $2"
        }
        FeeState::Quoted | FeeState::Invoiced => {
            "UPDATE fee_item SET state = $3, invoiced_at = $4, version = version + 1 WHERE id = $1 AND version = $2"
        }
    };
    let done = sqlx::query(write)
        .bind(&fee.id)
        .bind(fee.version)
        .bind(to.as_str())
        .bind(now.as_millisecond())
        .execute(tx)
        .await?;
    claimed(done.rows_affected(), fee.version)
}
