//! Certificates that are going to expire, and of which ends notice was given.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use crate::certification::ids::{CertificateId, CertificateVersionId};

/// A certificate in force that ends soon.
#[derive(Debug, FromRow)]
pub struct Ending {
    /// The certificate.
    pub certificate_id: CertificateId,
    /// Its latest version.
    pub version_id: CertificateVersionId,
    /// Its end, in milliseconds.
    pub valid_until: i64,
    /// How many days before the end the last notice was given; none when there was none.
    pub told: Option<i64>,
}

/// A query of what ends, by what follows its conditions. A suspension may be lifted again: what is suspended is
/// in force here.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT v.certificate_id, v.id AS version_id, v.valid_until,
                    (SELECT min(n.days) FROM expiry_notice n WHERE n.certificate_version_id = v.id) AS told
             FROM certificate c JOIN certificate_version v ON v.certificate_id = c.id
             WHERE c.state IN ('active', 'suspended')
               AND v.n = (SELECT max(w.n) FROM certificate_version w WHERE w.certificate_id = c.id) ",
            $rest
        )
    };
}

/// The certificates in force that end between two moments, after one of them by id.
///
/// # Errors
/// When the database refuses.
pub async fn ending(
    db: &mut AnyConnection,
    (from, to): (Timestamp, Timestamp),
    after: &str,
    limit: i64,
) -> Result<Vec<Ending>, sqlx::Error> {
    sqlx::query_as(select!(
        "AND v.valid_until >= $1 AND v.valid_until <= $2 AND c.id > $3 ORDER BY c.id LIMIT $4"
    ))
    .bind(from.as_millisecond())
    .bind(to.as_millisecond())
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The end of a certificate, if it is in force.
///
/// # Errors
/// When the database refuses.
pub async fn end_of(
    db: &mut AnyConnection,
    id: &CertificateId,
) -> Result<Option<Ending>, sqlx::Error> {
    sqlx::query_as(select!("AND c.id = $1")).bind(id).fetch_optional(db).await
}

/// Notes that notice was given.
///
/// # Errors
/// When the database refuses.
pub async fn note(
    tx: &mut AnyConnection,
    version: &CertificateVersionId,
    days: u32,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO expiry_notice (certificate_version_id, days, at) VALUES ($1, $2, $3)")
        .bind(version)
        .bind(i64::from(days))
        .bind(now.as_millisecond())
        .execute(tx)
        .await
        .map(drop)
}
