//! Erasing: a file that nobody needs any more, or all that a company ever wrote and showed here.
//!
//! What erases is the end of the key, in the transaction that says so: no copy of the sealed bytes can be opened from
//! then on. The bytes themselves are deleted after the commit, whatever happens between.

use sqlx::AnyConnection;

use super::store::evidence;
use crate::platform::app::App;
use crate::platform::data_keys::{self, Subject};
use crate::platform::id::{AccountId, BlobId, PartyId};
use crate::platform::jobs;
use crate::platform::problem::Problem;

/// Destroys the key of a file, and with it the file's name; its bytes are deleted after the commit.
///
/// # Errors
/// When the database refuses.
pub async fn destroy_file(
    tx: &mut AnyConnection,
    app: &App,
    blob: &BlobId,
    by: &AccountId,
) -> Result<(), sqlx::Error> {
    evidence::erase_blob(tx, blob).await?;
    data_keys::destroy(tx, Subject::Blob(blob), by, app.clock.now_ms()).await?;
    jobs::add(tx, app, "erase", blob.as_str()).await
}

/// Destroys the keys of a company's texts and of all its files.
///
/// # Errors
/// [`Problem::Erased`] when that was done before.
pub async fn destroy_all(
    tx: &mut AnyConnection,
    app: &App,
    company: &PartyId,
    by: &AccountId,
) -> Result<(), Problem> {
    data_keys::hold(tx, company).await?;
    data_keys::open(tx, app, Subject::Party(company)).await?;
    let now = app.clock.now_ms();
    data_keys::destroy(tx, Subject::Party(company), by, now).await?;
    evidence::remove_all(tx, company, by, now).await?;
    for blob in evidence::blobs_of_party(tx, company).await? {
        destroy_file(tx, app, &blob, by).await?;
    }
    Ok(())
}

/// Deletes the bytes of an erased file.
///
/// # Errors
/// When the database or the object store refuses.
pub async fn delete_bytes(tx: &mut AnyConnection, app: &App, blob: &str) -> Result<(), Problem> {
    match evidence::erased_blob(tx, blob).await? {
        Some((party, blob)) => app.blobs.erase(&party, &blob).await,
        None => Ok(()),
    }
}
