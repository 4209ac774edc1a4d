//! Programme versions and authorisations.

use akashi_schemas::text_enum;
use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{UpdateError, claimed};
use crate::certification::ids::{AuthorisationId, ProgrammeVersionId};
use crate::certification::rules::transition::VersionTerm;
use crate::platform::clock::instant;
use crate::platform::id::{AccountId, PartyId};

text_enum! {
    /// Where a programme version stands.
    pub enum ProgrammeState {
        /// Its owner writes it.
        Draft = "draft",
        /// It never changes any more.
        Published = "published",
    }
}

/// A programme version's row.
#[derive(Debug, FromRow)]
pub struct ProgrammeVersion {
    /// Its id.
    pub id: ProgrammeVersionId,
    /// The programme.
    pub programme: String,
    /// The version's label.
    pub label: String,
    /// Whose it is.
    pub owner_id: PartyId,
    /// Whether it may still change.
    #[sqlx(try_from = "String")]
    pub state: ProgrammeState,
    /// SHA-256 of its canonical form.
    pub digest: Vec<u8>,
    /// RFC 8785.
    pub canonical: Vec<u8>,
    /// When it may first be applied for, in milliseconds.
    pub effective_from: Option<i64>,
    /// Until when the version before it may still be applied for, in milliseconds.
    pub transition_until: Option<i64>,
    /// Its version as a record.
    pub version: i64,
}

impl ProgrammeVersion {
    /// From when it counts, and how long the version before it goes on.
    #[must_use]
    pub fn term(&self) -> VersionTerm {
        VersionTerm {
            label: self.label.clone(),
            effective_from: self.effective_from.map_or(Timestamp::MIN, instant),
            transition_until: self.transition_until.map(instant),
        }
    }
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, programme, label, owner_id, state, digest, canonical, effective_from, transition_until,
                    version FROM programme_version ",
            $rest
        )
    };
}

/// Adds a draft.
///
/// # Errors
/// A unique violation when the programme has a version of that label.
pub async fn insert(
    tx: &mut AnyConnection,
    draft: &ProgrammeVersion,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO programme_version (id, programme, label, owner_id, state, digest, canonical, created_at, version)
         VALUES ($1, $2, $3, $4, 'draft', $5, $6, $7, 1)",
    )
    .bind(&draft.id)
    .bind(&draft.programme)
    .bind(&draft.label)
    .bind(&draft.owner_id)
    .bind(&draft.digest)
    .bind(&draft.canonical)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Replaces a draft's content.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn update(tx: &mut AnyConnection, draft: &ProgrammeVersion) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE programme_version SET label = $3, digest = $4, canonical = $5, version = version + 1
         WHERE id = $1 AND version = $2 AND state = 'draft'",
    )
    .bind(&draft.id)
    .bind(draft.version)
    .bind(&draft.label)
    .bind(&draft.digest)
    .bind(&draft.canonical)
    .execute(tx)
    .await?;
    claimed(done.rows_affected(), draft.version)
}

/// Publishes a draft; from then on it never changes.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn publish(
    tx: &mut AnyConnection,
    draft: &ProgrammeVersion,
    effective_from: i64,
    transition_until: Option<i64>,
    now: Timestamp,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE programme_version SET state = 'published', effective_from = $3, published_at = $4, transition_until = $5,
                                      version = version + 1
         WHERE id = $1 AND version = $2 AND state = 'draft'",
    )
    .bind(&draft.id)
    .bind(draft.version)
    .bind(effective_from)
    .bind(now.as_millisecond())
    .bind(transition_until)
    .execute(tx)
    .await?;
    claimed(done.rows_affected(), draft.version)
}

/// A version by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    id: &ProgrammeVersionId,
) -> Result<Option<ProgrammeVersion>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// A published version by programme and label.
///
/// # Errors
/// When the database refuses.
pub async fn published(
    db: &mut AnyConnection,
    programme: &str,
    label: &str,
) -> Result<Option<ProgrammeVersion>, sqlx::Error> {
    sqlx::query_as(select!("WHERE programme = $1 AND label = $2 AND state = 'published'"))
        .bind(programme)
        .bind(label)
        .fetch_optional(db)
        .await
}

/// All published versions, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn all_published(db: &mut AnyConnection) -> Result<Vec<ProgrammeVersion>, sqlx::Error> {
    sqlx::query_as(select!("WHERE state = 'published' ORDER BY id")).fetch_all(db).await
}

/// A programme's published versions, in the order in which they were drafted.
///
/// # Errors
/// When the database refuses.
pub async fn versions(
    db: &mut AnyConnection,
    programme: &str,
) -> Result<Vec<ProgrammeVersion>, sqlx::Error> {
    sqlx::query_as(select!("WHERE programme = $1 AND state = 'published' ORDER BY id"))
        .bind(programme)
        .fetch_all(db)
        .await
}

/// Whose a programme is: the owner of its first version.
///
/// # Errors
/// When the database refuses.
pub async fn owner(
    db: &mut AnyConnection,
    programme: &str,
) -> Result<Option<PartyId>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT owner_id FROM programme_version WHERE programme = $1 ORDER BY id LIMIT 1",
    )
    .bind(programme)
    .fetch_optional(db)
    .await
}

/// An authorisation with its end, moved forward when it was ended early.
#[derive(Debug, FromRow)]
pub struct Authorisation {
    /// Its id.
    pub id: AuthorisationId,
    /// The programme.
    pub programme: String,
    /// The body.
    pub body_id: PartyId,
    /// From when, in milliseconds.
    pub from_at: i64,
    /// Until when, in milliseconds.
    pub until_at: i64,
}

/// A query of authorisations, by what follows their table.
macro_rules! select_authorisations {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.programme, a.body_id, a.from_at,
                    CAST(coalesce((SELECT min(e.until_at) FROM authorisation_event e
                                   WHERE e.authorisation_id = a.id AND e.until_at < a.until_at), a.until_at) AS BIGINT) AS until_at
             FROM authorisation a ",
            $rest
        )
    };
}

/// Appends an authorisation.
///
/// # Errors
/// When the database refuses.
pub async fn authorise(
    tx: &mut AnyConnection,
    authorisation: &Authorisation,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO authorisation (id, programme, body_id, from_at, until_at, by_account, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&authorisation.id)
    .bind(&authorisation.programme)
    .bind(&authorisation.body_id)
    .bind(authorisation.from_at)
    .bind(authorisation.until_at)
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Appends the early end of an authorisation.
///
/// # Errors
/// When the database refuses.
pub async fn end_authorisation(
    tx: &mut AnyConnection,
    event_id: &str,
    authorisation: &AuthorisationId,
    until: i64,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO authorisation_event (id, authorisation_id, until_at, by_account, at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(event_id)
    .bind(authorisation)
    .bind(until)
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// An authorisation by id.
///
/// # Errors
/// When the database refuses.
pub async fn authorisation(
    db: &mut AnyConnection,
    id: &AuthorisationId,
) -> Result<Option<Authorisation>, sqlx::Error> {
    sqlx::query_as(select_authorisations!("WHERE a.id = $1")).bind(id).fetch_optional(db).await
}

/// Whether a body is authorised for a programme at a moment.
///
/// # Errors
/// When the database refuses.
pub async fn is_authorised(
    db: &mut AnyConnection,
    body: &PartyId,
    programme: &str,
    at: Timestamp,
) -> Result<bool, sqlx::Error> {
    let all: Vec<Authorisation> =
        sqlx::query_as(select_authorisations!("WHERE a.body_id = $1 AND a.programme = $2"))
            .bind(body)
            .bind(programme)
            .fetch_all(db)
            .await?;
    let at = at.as_millisecond();
    Ok(all.iter().any(|a| a.from_at <= at && at < a.until_at))
}

/// The bodies that are or were authorised for anything.
///
/// # Errors
/// When the database refuses.
pub async fn authorised_bodies(db: &mut AnyConnection) -> Result<Vec<PartyId>, sqlx::Error> {
    sqlx::query_scalar("SELECT DISTINCT body_id FROM authorisation ORDER BY body_id")
        .fetch_all(db)
        .await
}

/// The authorisations that a body has or had.
///
/// # Errors
/// When the database refuses.
pub async fn authorisations_of(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Vec<Authorisation>, sqlx::Error> {
    sqlx::query_as(select_authorisations!("WHERE a.body_id = $1 ORDER BY a.id"))
        .bind(body)
        .fetch_all(db)
        .await
}

/// A published version of a programme under which an authorised body takes applications.
#[derive(Debug, FromRow)]
pub struct Offered {
    /// The version.
    pub version_id: ProgrammeVersionId,
    /// The body.
    pub body_id: PartyId,
    /// Its name.
    pub body: String,
    /// Its terms (JSON).
    pub terms: Option<String>,
}

/// What may be applied for at a moment: versions in effect, with every body that is authorised for their programme; the
/// newest version first.
///
/// # Errors
/// When the database refuses.
pub async fn offers(db: &mut AnyConnection, now: Timestamp) -> Result<Vec<Offered>, sqlx::Error> {
    sqlx::query_as(
        "SELECT DISTINCT v.id AS version_id, p.id AS body_id, p.display_name AS body, p.terms FROM programme_version v
         JOIN authorisation a ON a.programme = v.programme JOIN party p ON p.id = a.body_id
         WHERE v.state = 'published' AND (v.effective_from IS NULL OR v.effective_from <= $1)
           AND a.from_at <= $1 AND a.until_at > $1
           AND NOT EXISTS (SELECT 1 FROM authorisation_event e WHERE e.authorisation_id = a.id AND e.until_at <= $1)
         ORDER BY v.id DESC, p.id LIMIT 50",
    )
    .bind(now.as_millisecond())
    .fetch_all(db)
    .await
}
