//! Status shards, lists and changes of their bits.

use sqlx::{AnyConnection, FromRow};

use super::publications::Kind;
use crate::platform::problem::Problem;

/// A shard: three lists that share their indexes.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Shard {
    /// Its id.
    pub id: String,
    /// Whose.
    pub issuer_id: String,
    /// Which of the issuer's it is, from 0.
    pub n: i64,
    /// The key of the permutation that its indexes are given out by.
    pub permutation: Vec<u8>,
    /// How many indexes were given out.
    pub counter: i64,
    /// When it was opened, in milliseconds; its empty lists are in every bundle that is made from then on.
    pub opened_at: i64,
}

const SHARD: &str = "SELECT id, issuer_id, n, permutation, counter, opened_at FROM status_shard";

/// Adds a shard with its three lists.
///
/// # Errors
/// A unique violation when the issuer has it.
pub(crate) async fn open(
    tx: &mut AnyConnection,
    shard: &Shard,
    lists: &[(String, &str)],
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO status_shard (id, issuer_id, n, permutation, counter, opened_at) VALUES ($1, $2, $3, $4, 0, $5)")
        .bind(&shard.id)
        .bind(&shard.issuer_id)
        .bind(shard.n)
        .bind(&shard.permutation)
        .bind(shard.opened_at)
        .execute(&mut *tx)
        .await?;
    for (id, purpose) in lists {
        sqlx::query("INSERT INTO status_list (id, shard_id, purpose) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(&shard.id)
            .bind(*purpose)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// An issuer's shards, oldest first.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn shards(
    db: &mut AnyConnection,
    issuer: &str,
) -> Result<Vec<Shard>, sqlx::Error> {
    let sql = format!("{SHARD} WHERE issuer_id = $1 ORDER BY n");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(issuer).fetch_all(db).await
}

/// Gives out the next place of a shard's counter.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn take(tx: &mut AnyConnection, shard: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE status_shard SET counter = counter + 1 WHERE id = $1 RETURNING counter - 1",
    )
    .bind(shard)
    .fetch_one(tx)
    .await
}

/// A list with its issuer.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct List {
    /// Its id: the last part of its URL.
    pub id: String,
    /// `refresh`, `revocation` or `suspension`.
    pub purpose: String,
    /// Whose.
    pub issuer_id: String,
}

const LIST: &str = "SELECT l.id, l.purpose, s.issuer_id FROM status_list l JOIN status_shard s ON s.id = l.shard_id";

/// Every list.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn lists(db: &mut AnyConnection) -> Result<Vec<List>, sqlx::Error> {
    let sql = format!("{LIST} ORDER BY l.id");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

/// The three lists of a shard.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn lists_of(
    db: &mut AnyConnection,
    shard: &str,
) -> Result<Vec<List>, sqlx::Error> {
    let sql = format!("{LIST} WHERE l.shard_id = $1 ORDER BY l.id");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(shard).fetch_all(db).await
}

/// The list of a shard for a purpose.
///
/// # Errors
/// [`Problem::NotFound`].
pub(crate) async fn list(
    db: &mut AnyConnection,
    shard: &str,
    purpose: &str,
) -> Result<String, Problem> {
    sqlx::query_scalar("SELECT id FROM status_list WHERE shard_id = $1 AND purpose = $2")
        .bind(shard)
        .bind(purpose)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound("status list"))
}

/// Appends a change of a bit.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn change(
    tx: &mut AnyConnection,
    leaf: i64,
    list: &str,
    idx: i64,
    bit: bool,
    credential: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO status_change (leaf_ord, status_list_id, idx, bit, credential_id, at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(leaf)
    .bind(list)
    .bind(idx)
    .bind(i64::from(bit))
    .bind(credential)
    .bind(now)
    .execute(tx)
    .await
    .map(drop)
}

/// Whether a bit is set, by the latest change of it.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn bit(db: &mut AnyConnection, list: &str, idx: i64) -> Result<bool, sqlx::Error> {
    let bit: Option<i64> = sqlx::query_scalar(
        "SELECT bit FROM status_change WHERE status_list_id = $1 AND idx = $2 ORDER BY leaf_ord DESC LIMIT 1",
    )
    .bind(list)
    .bind(idx)
    .fetch_optional(db)
    .await?;
    Ok(bit == Some(1))
}

/// The bits that are set of a certificate's credentials, by the latest change of each whose leaf has a number, as the
/// public may know them: the credential's id and the list's purpose.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn numbered_bits(
    db: &mut AnyConnection,
    certificate: &str,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.id, l.purpose FROM credential c JOIN status_list l ON l.shard_id = c.shard_id
         JOIN status_change s ON s.status_list_id = l.id AND s.idx = c.idx
         WHERE c.certificate_id = $1 AND s.bit = 1 AND s.leaf_ord =
             (SELECT max(n.leaf_ord) FROM status_change n
              JOIN log_leaf f ON f.ord = n.leaf_ord AND f.seq IS NOT NULL
              WHERE n.status_list_id = l.id AND n.idx = c.idx)
         ORDER BY c.id, l.purpose",
    )
    .bind(certificate)
    .fetch_all(db)
    .await
}

/// The places of a list that are set, by the latest change of each whose leaf has a number.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn set_places(
    db: &mut AnyConnection,
    list: &str,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT c.idx FROM status_change c
         JOIN (SELECT idx, max(s.leaf_ord) AS leaf_ord FROM status_change s
               JOIN log_leaf l ON l.ord = s.leaf_ord AND l.seq IS NOT NULL
               WHERE s.status_list_id = $1 GROUP BY idx) latest
           ON latest.idx = c.idx AND latest.leaf_ord = c.leaf_ord
         WHERE c.status_list_id = $1 AND c.bit = 1 ORDER BY c.idx",
    )
    .bind(list)
    .fetch_all(db)
    .await
}

/// The number of the leaf of a list's latest change that has one.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn last_change(
    db: &mut AnyConnection,
    list: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT CAST(max(l.seq) AS BIGINT) FROM status_change s JOIN log_leaf l ON l.ord = s.leaf_ord
         WHERE s.status_list_id = $1",
    )
    .bind(list)
    .fetch_one(db)
    .await
}

/// How many changes of a certificate's bits no published list speaks of yet.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn unpublished(
    db: &mut AnyConnection,
    certificate: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT CAST(count(*) AS BIGINT) FROM status_change s
         JOIN credential c ON c.id = s.credential_id JOIN log_leaf l ON l.ord = s.leaf_ord
         WHERE c.certificate_id = $1 AND l.seq > COALESCE(
           (SELECT max(p.leaf) FROM publication p WHERE p.kind = $2 AND p.subject = s.status_list_id), -1)",
    )
    .bind(certificate)
    .bind(Kind::StatusList.as_str())
    .fetch_one(db)
    .await
}
