//! What issuance lets others read: published bytes, forms, where credentials stand.

use akashi_keys::Role;
use serde_json::Value;
use sqlx::AnyConnection;

use super::Purpose;
use super::did::{self, DocumentKey};
use super::lists;
use super::store::credentials::{self, CredentialRow, CredentialState};
use super::store::publications::{self, Kind, Publication};
use super::store::{issuers, status};
use crate::platform::app::App;
use crate::platform::clock::rfc3339;
use crate::platform::problem::Problem;
use crate::platform::signing_keys::{self, KeyRow};

/// The current version of a published thing; `subject` is a status list's id, else empty.
///
/// # Errors
/// When the database refuses.
pub async fn published(
    db: &mut AnyConnection,
    kind: Kind,
    subject: &str,
) -> Result<Option<Publication>, Problem> {
    Ok(publications::current(db, kind, subject).await?)
}

/// A root by its version.
///
/// # Errors
/// When the database refuses.
pub async fn root_of_version(
    db: &mut AnyConnection,
    version: i64,
) -> Result<Option<Publication>, Problem> {
    Ok(publications::of_version(db, Kind::Root, "", version).await?)
}

/// The version of a published thing that is current; its bytes are not read.
///
/// # Errors
/// When the database refuses.
pub async fn published_version(
    db: &mut AnyConnection,
    kind: Kind,
    subject: &str,
) -> Result<Option<i64>, Problem> {
    Ok(publications::version(db, kind, subject).await?)
}

/// When the trust bundle was last made, in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn bundle_made_at(db: &mut AnyConnection) -> Result<Option<i64>, Problem> {
    Ok(publications::published_at(db, Kind::Bundle, "").await?)
}

/// A released credential's form: `di_jcs` or `vc_jwt`.
///
/// # Errors
/// When the database refuses.
pub async fn form(
    db: &mut AnyConnection,
    credential: &str,
    form: &str,
) -> Result<Option<Vec<u8>>, Problem> {
    match credentials::get(db, credential).await {
        Ok(row) if row.state == CredentialState::Released => {
            Ok(credentials::form(db, credential, form).await?)
        }
        Ok(_) | Err(Problem::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The credentials of a certificate, oldest first, whatever their state.
///
/// # Errors
/// When the database refuses.
pub async fn credentials_of(
    db: &mut AnyConnection,
    certificate: &str,
) -> Result<Vec<CredentialRow>, Problem> {
    Ok(credentials::of_certificate(db, certificate).await?)
}

/// The status bits that are set of a certificate's credentials, as the log's numbered leaves give them.
///
/// # Errors
/// When the database refuses.
pub async fn status_bits(
    db: &mut AnyConnection,
    certificate: &str,
) -> Result<Vec<(String, Purpose)>, Problem> {
    let bits = status::numbered_bits(db, certificate).await?.into_iter();
    bits.map(|(credential, purpose)| Ok((credential, lists::purpose(&purpose)?))).collect()
}

/// The DID document of a body, by the last part of its address.
///
/// # Errors
/// When the database refuses.
pub async fn did_document(
    db: &mut AnyConnection,
    app: &App,
    slug: &str,
) -> Result<Option<Value>, Problem> {
    let Some(issuer) = issuers::by_did(db, &did::body(&app.origin, slug)).await? else {
        return Ok(None);
    };
    let rows = signing_keys::of(db, Role::Issuer, Some(&issuer.id)).await?;
    let keys = rows.iter().map(|row| {
        Ok(DocumentKey {
            fragment: row.fragment.clone(),
            public: row.public()?,
            expires: row.until_at.map(rfc3339),
            revoked: row.compromised_from.map(rfc3339),
        })
    });
    let keys: Vec<_> = keys.collect::<Result<_, Problem>>()?;
    Ok(Some(did::document(&issuer.did, &keys)))
}

/// The credentials whose release failed, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn failed(db: &mut AnyConnection) -> Result<Vec<CredentialRow>, Problem> {
    Ok(credentials::failed(db).await?)
}

/// How many credentials failed to be released and were neither retried nor voided since.
///
/// # Errors
/// When the database refuses.
pub async fn count_failed(db: &mut AnyConnection) -> Result<i64, Problem> {
    Ok(credentials::count_failed(db).await?)
}

/// Every signing key with its role and, for an issuer's, the DID; oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn all_keys(
    db: &mut AnyConnection,
) -> Result<Vec<(KeyRow, String, Option<String>)>, Problem> {
    let mut all = Vec::new();
    for key in signing_keys::all(db).await? {
        let (role, issuer) = signing_keys::owner(db, &key.id).await?.unwrap_or_default();
        let did = match issuer {
            Some(issuer) => Some(issuers::get(db, &issuer).await?.did),
            None => None,
        };
        all.push((key, role, did));
    }
    Ok(all)
}
