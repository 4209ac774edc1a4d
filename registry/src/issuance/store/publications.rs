//! What was published, version by version: status lists, the trust bundle, the root.

use akashi_schemas::text_enum;
use sqlx::{AnyConnection, FromRow};

text_enum! {
    /// What kind of thing was published.
    pub enum Kind {
        /// A status list with an embedded proof.
        StatusList = "status_list",
        /// The same list as a JWT.
        StatusListJwt = "status_list_jwt",
        /// The trust bundle.
        Bundle = "bundle",
        /// The root manifest.
        Root = "root",
    }
}

/// A published version.
#[derive(Clone, Debug, FromRow)]
pub struct Publication {
    /// Its version, from 1.
    pub version: i64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The number of the last leaf that it reflects; -1 for none.
    pub leaf: i64,
    /// Until when it counts, in milliseconds.
    pub valid_until: i64,
    /// When it was published, in milliseconds.
    pub at: i64,
}

/// The current version of something.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn current(
    db: &mut AnyConnection,
    kind: Kind,
    subject: &str,
) -> Result<Option<Publication>, sqlx::Error> {
    sqlx::query_as(
        "SELECT version, bytes, leaf, valid_until, at FROM publication WHERE kind = $1 AND subject = $2
         ORDER BY version DESC LIMIT 1",
    )
    .bind(kind.as_str())
    .bind(subject)
    .fetch_optional(db)
    .await
}

/// A version of something.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn of_version(
    db: &mut AnyConnection,
    kind: Kind,
    subject: &str,
    version: i64,
) -> Result<Option<Publication>, sqlx::Error> {
    sqlx::query_as(
        "SELECT version, bytes, leaf, valid_until, at FROM publication
         WHERE kind = $1 AND subject = $2 AND version = $3",
    )
    .bind(kind.as_str())
    .bind(subject)
    .bind(version)
    .fetch_optional(db)
    .await
}

/// The current version of something by its number; its bytes are not read.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn version(
    db: &mut AnyConnection,
    kind: Kind,
    subject: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT max(version) FROM publication WHERE kind = $1 AND subject = $2")
        .bind(kind.as_str())
        .bind(subject)
        .fetch_one(db)
        .await
}

/// Whether something was published in that version; its bytes are not read.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn has_version(
    db: &mut AnyConnection,
    kind: Kind,
    subject: &str,
    version: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar::<_, i64>(
        "SELECT version FROM publication WHERE kind = $1 AND subject = $2 AND version = $3",
    )
    .bind(kind.as_str())
    .bind(subject)
    .bind(version)
    .fetch_optional(db)
    .await
    .map(|version| version.is_some())
}

/// When something was last published, in milliseconds; its bytes are not read.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn published_at(
    db: &mut AnyConnection,
    kind: Kind,
    subject: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT at FROM publication WHERE kind = $1 AND subject = $2 ORDER BY version DESC LIMIT 1",
    )
    .bind(kind.as_str())
    .bind(subject)
    .fetch_optional(db)
    .await
}

/// Appends a version.
///
/// # Errors
/// A unique violation when another process published that version.
pub(crate) async fn publish(
    tx: &mut AnyConnection,
    kind: Kind,
    subject: &str,
    publication: &Publication,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO publication (kind, subject, version, bytes, leaf, valid_until, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(kind.as_str())
    .bind(subject)
    .bind(publication.version)
    .bind(&publication.bytes)
    .bind(publication.leaf)
    .bind(publication.valid_until)
    .bind(publication.at)
    .execute(tx)
    .await
    .map(drop)
}
