//! Issuers: certification bodies as signers of credentials.

use sqlx::{AnyConnection, FromRow};

use crate::platform::id::PartyId;
use crate::platform::problem::Problem;

/// A body as the issuer of credentials.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Issuer {
    /// Its id.
    pub id: String,
    /// The body.
    pub party_id: PartyId,
    /// `did:web:HOST:bodies:SLUG`.
    pub did: String,
}

/// Adds an issuer.
///
/// # Errors
/// A unique violation when the body has one.
pub(crate) async fn insert(
    tx: &mut AnyConnection,
    issuer: &Issuer,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO issuer (id, party_id, did, created_at) VALUES ($1, $2, $3, $4)")
        .bind(&issuer.id)
        .bind(&issuer.party_id)
        .bind(&issuer.did)
        .bind(now)
        .execute(tx)
        .await
        .map(drop)
}

/// The issuer of a body.
///
/// # Errors
/// [`Problem::NotFound`].
pub(crate) async fn of_body(db: &mut AnyConnection, body: &PartyId) -> Result<Issuer, Problem> {
    sqlx::query_as("SELECT id, party_id, did FROM issuer WHERE party_id = $1")
        .bind(body)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound("issuer"))
}

/// An issuer by id.
///
/// # Errors
/// [`Problem::NotFound`].
pub(crate) async fn get(db: &mut AnyConnection, id: &str) -> Result<Issuer, Problem> {
    sqlx::query_as("SELECT id, party_id, did FROM issuer WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound("issuer"))
}

/// The issuer of a DID.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn by_did(
    db: &mut AnyConnection,
    did: &str,
) -> Result<Option<Issuer>, sqlx::Error> {
    sqlx::query_as("SELECT id, party_id, did FROM issuer WHERE did = $1")
        .bind(did)
        .fetch_optional(db)
        .await
}
