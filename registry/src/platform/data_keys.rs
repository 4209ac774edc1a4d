//! Data keys: each subject's texts and files sit under a key of its own, wrapped by the seal key.
//! Destroying the key erases them.

use akashi_keys::DataKey;
use sqlx::AnyConnection;

use super::app::App;
use super::id::{DataKeyId, PartyId};
use super::problem::Problem;
use super::rng::draw;

/// Makes a party's data key.
///
/// # Errors
/// When the database refuses, or the party has one.
pub async fn create(
    tx: &mut AnyConnection,
    app: &App,
    party: &PartyId,
) -> Result<DataKeyId, Problem> {
    let id = DataKeyId::new(app.clock.now(), &*app.rng);
    let key = DataKey::from_random(&draw(&*app.rng));
    let wrapped = key.wrap(id.as_str(), &app.seal, &draw(&*app.rng));
    sqlx::query(
        "INSERT INTO data_key (id, subject_kind, subject_id, wrapped) VALUES ($1, 'party', $2, $3)",
    )
    .bind(&id)
    .bind(party)
    .bind(wrapped)
    .execute(tx)
    .await?;
    Ok(id)
}

/// A party's data key, unwrapped.
///
/// # Errors
/// [`Problem::NotFound`] when it was destroyed; internal when it does not open under the seal key.
pub async fn open(
    db: &mut AnyConnection,
    app: &App,
    party: &PartyId,
) -> Result<(DataKeyId, DataKey), Problem> {
    let row: Option<(DataKeyId, Option<Vec<u8>>)> = sqlx::query_as(
        "SELECT id, wrapped FROM data_key WHERE subject_kind = 'party' AND subject_id = $1",
    )
    .bind(party)
    .fetch_optional(db)
    .await?;
    let Some((id, Some(wrapped))) = row else {
        return Err(Problem::NotFound("content: it was erased, or never was"));
    };
    let key = DataKey::unwrap(&wrapped, id.as_str(), &app.seal).map_err(Problem::internal)?;
    Ok((id, key))
}
