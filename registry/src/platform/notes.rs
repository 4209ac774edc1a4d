//! Free texts: encrypted under their subject's data key; everything else refers to them by id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AssertSqlSafe};
use unic_langid::LanguageIdentifier;
use utoipa::ToSchema;

use super::app::App;
use super::data_keys::{self, Subject};
use super::id::{BlobId, NoteId, PartyId};
use super::problem::Problem;
use super::rng::draw;

/// The longest note, in bytes of UTF-8.
const LIMIT: usize = 20_000;

/// The longest language tag, in bytes: what BCP 47, section 4.4.1, asks a reader to have room for.
const LONGEST_TAG: usize = 35;

/// How many notes are read in one query.
const AT_ONCE: usize = 500;

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
        check_language(&self.lang, &format!("{place}/lang"))?;
        Ok(self)
    }
}

/// Checks that a word can be a language's.
///
/// # Errors
/// When it is no language, script, region and variants after BCP 47.
pub fn check_language(tag: &str, place: &str) -> Result<(), Problem> {
    // The crate takes Unicode's `zh_Hant` too, which BCP 47 does not.
    match tag.parse::<LanguageIdentifier>() {
        Ok(_) if tag.len() <= LONGEST_TAG && !tag.contains('_') => Ok(()),
        _ => Err(Problem::invalid(place, "must be a BCP 47 language tag, such as ja")),
    }
}

/// A free text as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
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

/// Notes that were read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Notes(BTreeMap<NoteId, Shown>);

impl Notes {
    /// The note of an id.
    ///
    /// # Errors
    /// Internal when it was not among those read: what refers to it is damaged, and must not look like nothing.
    pub fn of(&self, id: &NoteId) -> Result<Shown, Problem> {
        self.0
            .get(id)
            .cloned()
            .ok_or_else(|| Problem::internal(anyhow::anyhow!("there is no note {id}")))
    }

    /// The note of an id, if there is an id.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_optional(&self, id: Option<&NoteId>) -> Result<Option<Shown>, Problem> {
        id.map(|id| self.of(id)).transpose()
    }
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

/// Reads notes of one subject.
///
/// # Errors
/// When the database refuses, or a note does not open under its subject's key.
pub async fn read(
    db: &mut AnyConnection,
    app: &App,
    subject: Subject<'_>,
    ids: &[&NoteId],
) -> Result<Notes, Problem> {
    let key = match data_keys::open(db, app, subject).await {
        Ok((_, key)) => key,
        Err(Problem::Erased { at }) => {
            let erased = |id: &&NoteId| ((*id).clone(), Shown::Erased { erased_at: at.clone() });
            return Ok(Notes(ids.iter().map(erased).collect()));
        }
        Err(other) => return Err(other),
    };
    let mut texts = BTreeMap::new();
    for ids in ids.chunks(AT_ONCE) {
        for (id, lang, ciphertext) in rows(db, ids).await? {
            let text = key.open_note(id.as_str(), &ciphertext).map_err(Problem::internal)?;
            texts.insert(id, Shown::Text(Text { text, lang }));
        }
    }
    Ok(Notes(texts))
}

/// Reads the names of files, each of which sits under the key of its own file.
///
/// # Errors
/// As [`read`].
pub async fn read_names(
    db: &mut AnyConnection,
    app: &App,
    named: &[(&BlobId, &NoteId)],
) -> Result<Notes, Problem> {
    let mut texts = BTreeMap::new();
    for named in named.chunks(AT_ONCE) {
        let blobs: Vec<_> = named.iter().map(|(blob, _)| *blob).collect();
        let keys = data_keys::open_blobs(db, app, &blobs).await?;
        let ids: Vec<_> = named.iter().map(|(_, note)| *note).collect();
        let mut rows = rows(db, &ids).await?;
        for (blob, id) in named {
            let shown = match keys.get(blob) {
                Some(Ok(key)) => {
                    let Some(place) = rows.iter().position(|(row, ..)| row == *id) else {
                        continue;
                    };
                    let (_, lang, ciphertext) = rows.swap_remove(place);
                    let text =
                        key.open_note(id.as_str(), &ciphertext).map_err(Problem::internal)?;
                    Shown::Text(Text { text, lang })
                }
                Some(Err(erased_at)) => Shown::Erased { erased_at: erased_at.clone() },
                None => continue,
            };
            texts.insert((*id).clone(), shown);
        }
    }
    Ok(Notes(texts))
}

/// The rows of notes: id, language, ciphertext.
async fn rows(
    db: &mut AnyConnection,
    ids: &[&NoteId],
) -> Result<Vec<(NoteId, String, Vec<u8>)>, sqlx::Error> {
    let places: Vec<_> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let sql = format!("SELECT id, lang, ciphertext FROM note WHERE id IN ({})", places.join(", "));
    // A statement for each number of notes is not worth keeping.
    let query = sqlx::query_as(AssertSqlSafe(sql)).persistent(false);
    ids.iter().fold(query, |query, id| query.bind(*id)).fetch_all(db).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::scratch::app;

    #[test]
    fn a_language_is_a_tag_of_bcp_47() {
        for tag in ["ja", "vi", "fil", "zh-Hant", "zh-hant-TW", "pt-BR", "und", "sl-rozaj-biske"] {
            assert!(check_language(tag, "/lang").is_ok(), "{tag}");
        }
        let long = format!("ja{}", "-variant".repeat(5));
        for tag in ["", "j", "日本語", "Japanese (spoken)", "zh_Hant", "-", "ja-", "ja--JP", &long]
        {
            let refused = check_language(tag, "/lang").expect_err(tag);
            assert!(matches!(refused, Problem::Invalid(members) if members[0].place == "/lang"));
        }
    }

    on_both_engines!(notes_are_read_together_and_one_that_is_not_there_is_no_empty_one);

    async fn notes_are_read_together_and_one_that_is_not_there_is_no_empty_one(scratch: &Scratch) {
        let app = app(scratch.db().clone(), Arc::default(), 0);
        let mut tx = app.db.write().await.expect("a transaction");
        let party = PartyId::new(app.clock.now(), &*app.rng);
        let key = data_keys::fresh(&app);
        data_keys::keep(&mut tx, &app, Subject::Party(&party), &key).await.expect("a key");
        let mut kept = BTreeMap::new();
        for n in 0..=AT_ONCE {
            let text = Text { text: format!("note {n}"), lang: "en".into() };
            let id = keep(&mut tx, &app, &party, &text, "/note").await.expect("a note");
            kept.insert(id, Shown::Text(text));
        }
        let missing = NoteId::new(app.clock.now(), &*app.rng);
        let ids: Vec<_> = kept.keys().chain([&missing]).collect();
        let subject = Subject::Party(&party);
        let notes = read(&mut tx, &app, subject, &ids).await.expect("notes");
        for (id, text) in &kept {
            assert_eq!(&notes.of(id).expect("a note"), text);
        }
        assert!(matches!(notes.of(&missing), Err(Problem::Internal(_))));
        assert!(matches!(notes.of_optional(None), Ok(None)));
        assert_eq!(read(&mut tx, &app, subject, &[]).await.expect("none"), Notes::default());
    }
}
