//! Erasing: a file that nobody needs any more, or all that a company ever wrote and showed here.
//!
//! What erases is the end of the key, in the transaction that says so: no copy of the sealed bytes can be opened from
//! then on. The bytes themselves are deleted after the commit, whatever happens between.

use sqlx::AnyConnection;

use super::store::evidence;
use crate::platform::app::App;
use crate::platform::data_keys::{self, Subject};
use crate::platform::id::{BlobId, PartyId};
use crate::platform::jobs::{self, JobKind};
use crate::platform::problem::Problem;
use crate::platform::write::Act;

/// Destroys the key of a file, and with it the file's name; its bytes are deleted after the commit.
///
/// # Errors
/// When the database refuses.
pub async fn destroy_file(act: &mut Act<'_>, blob: &BlobId) -> Result<(), sqlx::Error> {
    let (tx, by) = (&mut act.tx, &act.actor.account);
    evidence::erase_blob(tx, blob).await?;
    data_keys::destroy(tx, Subject::Blob(blob), by, act.now).await?;
    jobs::add(tx, act.app, JobKind::Erase, blob.as_str()).await
}

/// Destroys the keys of a company's texts and of all its files.
///
/// # Errors
/// [`Problem::Erased`] when that was done before.
pub async fn destroy_all(act: &mut Act<'_>, company: &PartyId) -> Result<(), Problem> {
    let (tx, by) = (&mut act.tx, &act.actor.account);
    data_keys::open(tx, act.app, Subject::Party(company)).await?;
    data_keys::destroy(tx, Subject::Party(company), by, act.now).await?;
    evidence::remove_all(tx, company, by, act.now).await?;
    for blob in evidence::blobs_of_party(tx, company).await? {
        destroy_file(act, &blob).await?;
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
