//! `akashi rebuild`: the public view, made anew.

use anyhow::Context as _;

use super::say;
use super::serve::{self, Place};
use crate::publication;

/// Makes anew all that the public reads of certificates.
///
/// # Errors
/// A sentence that says what to do.
pub async fn run(place: &Place) -> anyhow::Result<()> {
    let app = serve::existing(place).await?;
    let shown = publication::rebuild(&app).await.context("nothing was changed")?;
    app.db.close().await;
    say(format_args!("the public view was made anew: {shown} certificates"))?;
    Ok(())
}
