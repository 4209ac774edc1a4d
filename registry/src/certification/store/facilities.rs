//! Facilities: the places of a company, and the organisation as a whole.

use akashi_schemas::FacilityKind;
use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{UpdateError, claimed};
use crate::certification::ids::{ApplicationId, CertificateVersionId, FacilityId};
use crate::certification::rules::residence::WorkersByStatus;
use crate::platform::id::{AccountId, PartyId};

/// A facility's row.
#[derive(Clone, Debug, FromRow)]
pub struct Facility {
    /// Its id.
    pub id: FacilityId,
    /// Whose it is.
    pub party_id: PartyId,
    /// What it is.
    #[sqlx(try_from = "String")]
    pub kind: FacilityKind,
    /// Its name.
    pub name: String,
    /// Its postal address, in one line.
    pub address: String,
    /// ISO 3166-2 subdivision, or the region's name.
    pub region: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Foreign workers employed here.
    pub workers: i64,
    /// How many of them have which residence status.
    #[sqlx(try_from = "String")]
    pub workers_by_status: WorkersByStatus,
    /// Workers who live here.
    pub residents: i64,
    /// Its version.
    pub version: i64,
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, party_id, kind, name, address, region, country, workers,
              workers_by_status, residents, version
             FROM facility ",
            $rest
        )
    };
}

/// Adds a facility.
///
/// # Errors
/// A unique violation when the company has its row as a whole.
pub async fn insert(
    tx: &mut AnyConnection,
    facility: &Facility,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO facility (id, party_id, kind, name, address, region, country, workers, workers_by_status, residents,
                               created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)",
    )
    .bind(&facility.id)
    .bind(&facility.party_id)
    .bind(facility.kind.as_str())
    .bind(&facility.name)
    .bind(&facility.address)
    .bind(&facility.region)
    .bind(&facility.country)
    .bind(facility.workers)
    .bind(facility.workers_by_status.to_string())
    .bind(facility.residents)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Writes a facility's changed fields, and that they changed.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn update(
    tx: &mut AnyConnection,
    facility: &Facility,
    change_id: &str,
    by: &AccountId,
    fields: &str,
    now: Timestamp,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE facility SET name = $3, address = $4, region = $5, workers = $6, workers_by_status = $7, residents = $8,
                             version = version + 1
         WHERE id = $1 AND version = $2",
    )
    .bind(&facility.id)
    .bind(facility.version)
    .bind(&facility.name)
    .bind(&facility.address)
    .bind(&facility.region)
    .bind(facility.workers)
    .bind(facility.workers_by_status.to_string())
    .bind(facility.residents)
    .execute(&mut *tx)
    .await?;
    let version = claimed(done.rows_affected(), facility.version)?;
    sqlx::query("INSERT INTO facility_change (id, facility_id, by_account, at, fields) VALUES ($1, $2, $3, $4, $5)")
        .bind(change_id)
        .bind(&facility.id)
        .bind(by)
        .bind(now.as_millisecond())
        .bind(fields)
        .execute(tx)
        .await?;
    Ok(version)
}

/// A company's facilities, the organisation as a whole first.
///
/// # Errors
/// When the database refuses.
pub async fn of_party(
    db: &mut AnyConnection,
    party: &PartyId,
) -> Result<Vec<Facility>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE party_id = $1 ORDER BY CASE kind WHEN 'whole' THEN 0 ELSE 1 END, id"
    ))
    .bind(party)
    .fetch_all(db)
    .await
}

/// A facility by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &mut AnyConnection, id: &FacilityId) -> Result<Option<Facility>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// The facilities in an application's scope, the organisation as a whole first.
///
/// # Errors
/// When the database refuses.
pub async fn of_application(
    db: &mut AnyConnection,
    application: &ApplicationId,
) -> Result<Vec<Facility>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE id IN
           (SELECT facility_id FROM application_facility WHERE application_id = $1)
         ORDER BY CASE kind WHEN 'whole' THEN 0 ELSE 1 END, id"
    ))
    .bind(application)
    .fetch_all(db)
    .await
}

/// The facilities in the scope of a certificate's version.
///
/// # Errors
/// When the database refuses.
pub async fn of_version(
    db: &mut AnyConnection,
    version: &CertificateVersionId,
) -> Result<Vec<Facility>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id IN
           (SELECT facility_id FROM certificate_facility WHERE certificate_version_id = $1) ORDER BY id")).bind(version).fetch_all(db).await
}

/// The regions (ISO 3166-2) of the facilities in the scope of a certificate's version.
///
/// # Errors
/// When the database refuses.
pub async fn regions(db: &mut AnyConnection, version: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT f.region FROM certificate_facility s JOIN facility f ON f.id = s.facility_id
         WHERE s.certificate_version_id = $1 ORDER BY f.region",
    )
    .bind(version)
    .fetch_all(db)
    .await
}

/// The id and kind of each facility in the scope of a certificate's version.
///
/// # Errors
/// When the database refuses.
pub async fn kinds(
    db: &mut AnyConnection,
    version: &str,
) -> Result<Vec<(String, FacilityKind)>, sqlx::Error> {
    #[derive(FromRow)]
    struct Row {
        id: String,
        #[sqlx(try_from = "String")]
        kind: FacilityKind,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT f.id, f.kind FROM certificate_facility s JOIN facility f ON f.id = s.facility_id
         WHERE s.certificate_version_id = $1 ORDER BY f.id",
    )
    .bind(version)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.kind)).collect())
}
