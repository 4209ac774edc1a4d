//! Data keys: each subject's texts and files sit under a key of its own, wrapped by the seal key.
//! Destroying the key erases them, in every copy of them that there is.
//!
//! A party's key seals its free texts and addresses its files. Each file has a key of its own beside it, so that one
//! can be erased and the others stay. What remains of a destroyed key is its row: whose it was, when, and by whom.

use std::collections::HashMap;

use akashi_keys::DataKey;
use jiff::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::app::App;
use super::clock::rfc3339;
use super::id::{AccountId, BlobId, DataKeyId, PartyId};
use super::problem::Problem;
use super::rng::draw;

/// Whose content a key is for.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// All free texts of a party.
    Party(&'a PartyId),
    /// One file, and its name.
    Blob(&'a BlobId),
}

impl Subject<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::Party(_) => "party",
            Self::Blob(_) => "blob",
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Party(id) => id.as_str(),
            Self::Blob(id) => id.as_str(),
        }
    }
}

/// A key that is nobody's yet.
#[must_use]
pub fn fresh(app: &App) -> DataKey {
    DataKey::from_random(&draw(&*app.rng))
}

/// Keeps a fresh key as its subject's.
///
/// # Errors
/// When the database refuses, or the subject has one.
pub async fn keep(
    tx: &mut AnyConnection,
    app: &App,
    subject: Subject<'_>,
    key: &DataKey,
) -> Result<DataKeyId, Problem> {
    let id = DataKeyId::new(app.clock.now(), &*app.rng);
    let wrapped = key.wrap(id.as_str(), &app.seal, &draw(&*app.rng));
    sqlx::query(
        "INSERT INTO data_key (id, subject_kind, subject_id, wrapped) VALUES ($1, $2, $3, $4)",
    )
    .bind(&id)
    .bind(subject.kind())
    .bind(subject.id())
    .bind(wrapped)
    .execute(tx)
    .await?;
    Ok(id)
}

/// A subject's data key, unwrapped.
///
/// # Errors
/// [`Problem::Erased`] when it was destroyed, [`Problem::NotFound`] when there never was one; internal when it does
/// not open under the seal key.
pub async fn open(
    db: &mut AnyConnection,
    app: &App,
    subject: Subject<'_>,
) -> Result<(DataKeyId, DataKey), Problem> {
    let row: Option<(DataKeyId, Option<Vec<u8>>, Option<i64>)> = sqlx::query_as(
        "SELECT id, wrapped, destroyed_at FROM data_key WHERE subject_kind = $1 AND subject_id = $2",
    )
    .bind(subject.kind())
    .bind(subject.id())
    .fetch_optional(db)
    .await?;
    let (id, wrapped) = match row {
        Some((_, _, Some(at))) => return Err(Problem::Erased { at: rfc3339(at) }),
        Some((id, Some(wrapped), None)) => (id, wrapped),
        _ => return Err(Problem::NotFound("content")),
    };
    let key = DataKey::unwrap(&wrapped, id.as_str(), &app.seal).map_err(Problem::internal)?;
    Ok((id, key))
}

/// A file's key as it is kept: its id, whose it is, wrapped, when it was destroyed.
type KeyOfBlob = (DataKeyId, BlobId, Option<Vec<u8>>, Option<i64>);

/// The data keys of files, unwrapped; in place of one that was destroyed, when that was. What has none is not among them.
///
/// # Errors
/// When the database refuses, or a key does not open under the seal key.
pub async fn open_blobs(
    db: &mut AnyConnection,
    app: &App,
    blobs: &[&BlobId],
) -> Result<HashMap<BlobId, Result<DataKey, String>>, Problem> {
    let places: Vec<_> = (1..=blobs.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT id, subject_id, wrapped, destroyed_at FROM data_key WHERE subject_kind = 'blob' AND subject_id IN ({})",
        places.join(", ")
    );
    // A statement for each number of keys is not worth keeping.
    let query = sqlx::query_as(AssertSqlSafe(sql)).persistent(false);
    let rows: Vec<KeyOfBlob> =
        blobs.iter().fold(query, |query, id| query.bind(*id)).fetch_all(db).await?;
    let mut keys = HashMap::new();
    for (id, blob, wrapped, destroyed_at) in rows {
        let key = match (wrapped, destroyed_at) {
            (_, Some(at)) => Err(rfc3339(at)),
            (Some(wrapped), None) => {
                Ok(DataKey::unwrap(&wrapped, id.as_str(), &app.seal).map_err(Problem::internal)?)
            }
            (None, None) => continue,
        };
        keys.insert(blob, key);
    }
    Ok(keys)
}

/// Destroys a subject's key; a row remains that says when, and by whom. What was destroyed before stays so.
///
/// # Errors
/// When the database refuses.
pub async fn destroy(
    tx: &mut AnyConnection,
    subject: Subject<'_>,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE data_key SET wrapped = NULL, destroyed_at = $3, destroyed_by = $4
         WHERE subject_kind = $1 AND subject_id = $2 AND destroyed_at IS NULL",
    )
    .bind(subject.kind())
    .bind(subject.id())
    .bind(now.as_millisecond())
    .bind(by)
    .execute(tx)
    .await
    .map(drop)
}

/// When a subject's key was destroyed, in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn destroyed_at(
    db: &mut AnyConnection,
    subject: Subject<'_>,
) -> Result<Option<i64>, sqlx::Error> {
    let row: Option<Option<i64>> = sqlx::query_scalar(
        "SELECT destroyed_at FROM data_key WHERE subject_kind = $1 AND subject_id = $2",
    )
    .bind(subject.kind())
    .bind(subject.id())
    .fetch_optional(db)
    .await?;
    Ok(row.flatten())
}
