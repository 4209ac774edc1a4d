//! Files that nobody needs any more: their bytes are deleted after the commit that says so, whatever happens between.

use sqlx::AnyConnection;

use super::store::evidence::{self, BlobState};
use crate::platform::app::App;
use crate::platform::problem::Problem;

/// Deletes the bytes of an erased file. One that was attached again meanwhile stays.
///
/// # Errors
/// When the database or the object store refuses.
pub async fn erase(tx: &mut AnyConnection, app: &App, blob: &str) -> Result<(), Problem> {
    match evidence::blob(tx, blob).await? {
        Some(blob) if blob.state == BlobState::Erased => {
            app.blobs.erase(&blob.party_id, &blob.address).await
        }
        _ => Ok(()),
    }
}
