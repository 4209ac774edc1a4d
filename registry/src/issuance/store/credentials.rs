//! Credentials and their forms.

use akashi_schemas::text_enum;
use sqlx::{AnyConnection, FromRow};

use crate::platform::problem::Problem;

text_enum! {
    /// Where a credential stands.
    pub enum CredentialState {
        /// Its payload is fixed; it is not released yet.
        Prepared = "prepared",
        /// It is out.
        Released = "released",
        /// Its release failed.
        Failed = "failed",
        /// It was given up before its release.
        Voided = "voided",
    }
}

/// A credential's row.
#[derive(Clone, Debug, FromRow)]
pub struct CredentialRow {
    /// Its id: the last part of its URL.
    pub id: String,
    /// Of which certificate.
    pub certificate_id: String,
    /// Of which version of it.
    pub certificate_version_id: String,
    /// Who signs.
    pub issuer_id: String,
    /// With which key.
    pub signing_key_id: String,
    /// The signing time, milliseconds of a whole second.
    pub signed_at: i64,
    /// The canonical bytes that every form carries.
    pub payload: Vec<u8>,
    /// The shard of its status lists.
    pub shard_id: String,
    /// Its place in them.
    pub idx: i64,
    /// The credential that it supersedes.
    pub previous_id: Option<String>,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: CredentialState,
    /// Its leaf, by order of arrival.
    pub leaf_ord: i64,
    /// Why its release failed.
    pub failure: Option<String>,
}

impl CredentialRow {
    /// Whether it was prepared after another of its certificate. The log's order says so: ids follow clocks, and
    /// clocks stand apart from node to node and are set back.
    pub(crate) fn is_later_than(&self, other: &Self) -> bool {
        self.leaf_ord > other.leaf_ord
    }
}

const COLUMNS: &str = "id, certificate_id, certificate_version_id, issuer_id, signing_key_id, signed_at, payload, shard_id, idx, previous_id, state, leaf_ord, failure";

/// Adds a prepared credential.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn insert(
    tx: &mut AnyConnection,
    row: &CredentialRow,
    payload_digest: &[u8],
    holder_salt: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO credential (id, certificate_id, certificate_version_id, issuer_id, signing_key_id, signed_at,
                                 holder_salt, payload, payload_digest, shard_id, idx, previous_id, state, leaf_ord, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'prepared', $13, 1)",
    )
    .bind(&row.id)
    .bind(&row.certificate_id)
    .bind(&row.certificate_version_id)
    .bind(&row.issuer_id)
    .bind(&row.signing_key_id)
    .bind(row.signed_at)
    .bind(holder_salt)
    .bind(&row.payload)
    .bind(payload_digest)
    .bind(&row.shard_id)
    .bind(row.idx)
    .bind(&row.previous_id)
    .bind(row.leaf_ord)
    .execute(tx)
    .await
    .map(drop)
}

/// A credential by id.
///
/// # Errors
/// [`Problem::NotFound`].
pub(crate) async fn get(db: &mut AnyConnection, id: &str) -> Result<CredentialRow, Problem> {
    let sql = format!("SELECT {COLUMNS} FROM credential WHERE id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound("credential"))
}

/// The credentials of a certificate, oldest first.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn of_certificate(
    db: &mut AnyConnection,
    certificate: &str,
) -> Result<Vec<CredentialRow>, sqlx::Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM credential WHERE certificate_id = $1 ORDER BY leaf_ord");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(certificate).fetch_all(db).await
}

/// Where the last credential of a certificate's version stands.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn last_of_version(
    db: &mut AnyConnection,
    version: &str,
) -> Result<Option<CredentialState>, sqlx::Error> {
    #[derive(FromRow)]
    struct Last {
        #[sqlx(try_from = "String")]
        state: CredentialState,
    }
    let sql = "SELECT state FROM credential WHERE certificate_version_id = $1 ORDER BY leaf_ord DESC LIMIT 1";
    let last: Option<Last> = sqlx::query_as(sql).bind(version).fetch_optional(db).await?;
    Ok(last.map(|last| last.state))
}

/// The credentials whose release failed, oldest first; at most two hundred.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn failed(db: &mut AnyConnection) -> Result<Vec<CredentialRow>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM credential WHERE state = 'failed' ORDER BY leaf_ord LIMIT 200"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(db).await
}

/// How many credentials failed to be released.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn count_failed(db: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT CAST(count(*) AS BIGINT) FROM credential WHERE state = 'failed'")
        .fetch_one(db)
        .await
}

/// Moves a credential from one state to another; false when it was not in the first.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn advance(
    tx: &mut AnyConnection,
    id: &str,
    from: CredentialState,
    to: CredentialState,
    failure: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE credential SET state = $3, failure = $4, version = version + 1 WHERE id = $1 AND state = $2",
    )
    .bind(id)
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(failure)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds a form.
///
/// # Errors
/// A unique violation when the credential has it.
pub(crate) async fn add_form(
    tx: &mut AnyConnection,
    credential: &str,
    form: &str,
    bytes: &[u8],
    digest: &[u8],
    key: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO credential_form (credential_id, form, bytes, digest, signing_key_id) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(credential)
    .bind(form)
    .bind(bytes)
    .bind(digest)
    .bind(key)
    .execute(tx)
    .await
    .map(drop)
}

/// A form's bytes.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn form(
    db: &mut AnyConnection,
    credential: &str,
    form: &str,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT bytes FROM credential_form WHERE credential_id = $1 AND form = $2")
        .bind(credential)
        .bind(form)
        .fetch_optional(db)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_credential_is_the_later_in_the_log_though_a_clock_was_set_back() {
        let row = |id: &str, leaf_ord| CredentialRow {
            id: id.into(),
            certificate_id: String::new(),
            certificate_version_id: String::new(),
            issuer_id: String::new(),
            signing_key_id: String::new(),
            signed_at: 0,
            payload: Vec::new(),
            shard_id: String::new(),
            idx: 0,
            previous_id: None,
            state: CredentialState::Released,
            leaf_ord,
            failure: None,
        };
        let first = row("0193a000-0000-7000-8000-000000000002", 1);
        let second = row("0193a000-0000-7000-8000-000000000001", 2);
        assert!(second.is_later_than(&first));
        assert!(!first.is_later_than(&second) && !first.is_later_than(&first));
    }
}
