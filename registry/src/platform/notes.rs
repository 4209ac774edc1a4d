//! Free texts: encrypted under their subject's data key; everything else refers to them by id.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::ToSchema;

use super::app::App;
use super::data_keys::{self, Subject};
use super::id::{NoteId, PartyId};
use super::problem::Problem;
use super::rng::draw;

/// The longest note, in bytes of UTF-8.
const LIMIT: usize = 20_000;

/// A free text and its language.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The text; not empty.
    pub text: String,
    /// Its language, a BCP 47 tag such as `ja`.
    pub lang: String,
}

impl Text {
    /// The text, if it can be kept.
    ///
    /// # Errors
    /// When it is empty, too long, or its language is no tag.
    pub fn check(&self, place: &str) -> Result<&Self, Problem> {
        if self.text.trim().is_empty() {
            return Err(Problem::invalid(format!("{place}/text"), "must not be empty"));
        }
        if self.text.len() > LIMIT {
            return Err(Problem::invalid(
                format!("{place}/text"),
                format!("is longer than {LIMIT} bytes"),
            ));
        }
        let tag = !self.lang.is_empty()
            && self.lang.len() <= 35
            && self.lang.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !tag {
            return Err(Problem::invalid(
                format!("{place}/lang"),
                "must be a BCP 47 language tag, such as ja",
            ));
        }
        Ok(self)
    }
}

/// A free text as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Shown {
    /// The text.
    Text(Text),
    /// There was one, and it was erased.
    Erased {
        /// When.
        erased_at: String,
    },
}

/// Keeps a text under a party's data key.
///
/// # Errors
/// When the text cannot be kept (`place` names it); [`Problem::Erased`] when the party's key is gone.
pub async fn keep(
    tx: &mut AnyConnection,
    app: &App,
    party: &PartyId,
    text: &Text,
    place: &str,
) -> Result<NoteId, Problem> {
    keep_with(tx, app, Subject::Party(party), text, place).await
}

/// Keeps a text under a subject's data key, with which it is erased.
///
/// # Errors
/// As [`keep`].
pub async fn keep_with(
    tx: &mut AnyConnection,
    app: &App,
    subject: Subject<'_>,
    text: &Text,
    place: &str,
) -> Result<NoteId, Problem> {
    text.check(place)?;
    let (key_id, key) = data_keys::open(tx, app, subject).await?;
    let now = app.clock.now();
    let id = NoteId::new(now, &*app.rng);
    let sealed = key.seal_note(id.as_str(), &text.text, &draw(&*app.rng));
    sqlx::query(
        "INSERT INTO note (id, data_key_id, lang, ciphertext, at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&id)
    .bind(&key_id)
    .bind(&text.lang)
    .bind(sealed)
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok(id)
}

/// Reads notes of one party, in the order asked.
///
/// # Errors
/// When the database refuses, or a note does not open under its party's key.
pub async fn read(
    db: &mut AnyConnection,
    app: &App,
    party: &PartyId,
    ids: &[&NoteId],
) -> Result<Vec<Shown>, Problem> {
    let key = match data_keys::open(db, app, Subject::Party(party)).await {
        Ok((_, key)) => key,
        Err(Problem::Erased { at }) => {
            return Ok(ids.iter().map(|_| Shown::Erased { erased_at: at.clone() }).collect());
        }
        Err(other) => return Err(other),
    };
    let mut texts = Vec::with_capacity(ids.len());
    for id in ids {
        let (lang, ciphertext): (String, Vec<u8>) =
            sqlx::query_as("SELECT lang, ciphertext FROM note WHERE id = $1")
                .bind(*id)
                .fetch_one(&mut *db)
                .await?;
        let text = key.open_note(id.as_str(), &ciphertext).map_err(Problem::internal)?;
        texts.push(Shown::Text(Text { text, lang }));
    }
    Ok(texts)
}
