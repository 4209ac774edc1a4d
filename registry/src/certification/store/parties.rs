//! Parties, their names and identifiers.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use akashi_schemas::text_enum;

use super::{UpdateError, claimed};
use crate::platform::authorisation::{Role, Subject};
use crate::platform::id::PartyId;

text_enum! {
    /// What a party is.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum PartyKind {
        /// Applies, and holds certificates.
        Company = "company",
        /// Assesses, reviews, decides and signs.
        Body = "body",
        /// Owns a programme.
        Owner = "owner",
        /// Looks at certificates of its suppliers.
        Buyer = "buyer",
        /// Runs the registry.
        Operator = "operator",
    }
}

impl PartyKind {
    /// The role of whoever administers such a party.
    #[must_use]
    pub fn administrator(self) -> Role {
        match self {
            Self::Company => Role::Applicant,
            Self::Body => Role::QualityManager,
            Self::Owner => Role::Owner,
            Self::Buyer => Role::Buyer,
            Self::Operator => Role::Operator,
        }
    }

    /// The roles that people may hold in such a party.
    #[must_use]
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Company => &[Role::Applicant],
            Self::Body => &[
                Role::QualityManager,
                Role::Assessor,
                Role::Reviewer,
                Role::DecisionMaker,
                Role::Auditor,
            ],
            Self::Owner => &[Role::Owner],
            Self::Buyer => &[Role::Buyer],
            Self::Operator => &[Role::Operator],
        }
    }
}

/// A party's row.
#[derive(Debug, FromRow)]
pub struct Party {
    /// Its id.
    pub id: PartyId,
    /// What it is.
    #[sqlx(try_from = "String")]
    pub kind: PartyKind,
    /// The last part of its public address; bodies and owners have one.
    pub slug: Option<String>,
    /// The name it is shown by.
    pub display_name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The municipality; shown instead of an address for a sole proprietor.
    pub municipality: Option<String>,
    /// 1 when it is one person's business.
    pub sole_proprietor: i64,
    /// 1 when a sole proprietor agreed to be shown.
    pub publish_consent: i64,
    /// A body's terms of certification (JSON): version and fees.
    pub terms: Option<String>,
    /// Its version.
    pub version: i64,
}

impl Party {
    /// Whether the public may see the party: a sole proprietor is shown only by consent.
    #[must_use]
    pub fn may_be_shown(&self) -> bool {
        self.sole_proprietor == 0 || self.publish_consent == 1
    }

    /// The party as the subject of an act.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let id = Some(self.id.clone());
        match self.kind {
            PartyKind::Company => Subject { company: id, ..Subject::default() },
            PartyKind::Body => Subject { body: id, ..Subject::default() },
            PartyKind::Owner => Subject { owner: id, ..Subject::default() },
            PartyKind::Buyer => Subject { buyer: id, ..Subject::default() },
            PartyKind::Operator => Subject::default(),
        }
    }
}

/// Adds a party.
///
/// # Errors
/// A unique violation when its slug is taken.
pub async fn insert(
    tx: &mut AnyConnection,
    party: &Party,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO party (id, kind, slug, display_name, country, municipality, sole_proprietor, publish_consent,
                            terms, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
    )
    .bind(&party.id)
    .bind(party.kind.as_str())
    .bind(&party.slug)
    .bind(&party.display_name)
    .bind(&party.country)
    .bind(&party.municipality)
    .bind(party.sole_proprietor)
    .bind(party.publish_consent)
    .bind(&party.terms)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Writes what of a party may change.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn update(tx: &mut AnyConnection, party: &Party) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE party SET display_name = $3, municipality = $4, publish_consent = $5, terms = $6, version = version + 1
         WHERE id = $1 AND version = $2",
    )
    .bind(&party.id)
    .bind(party.version)
    .bind(&party.display_name)
    .bind(&party.municipality)
    .bind(party.publish_consent)
    .bind(&party.terms)
    .execute(tx)
    .await?;
    claimed(done.rows_affected(), party.version)
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, slug, display_name, country, municipality, sole_proprietor, publish_consent, terms, version
             FROM party ",
            $rest
        )
    };
}

/// A party by the last part of its public address.
///
/// # Errors
/// When the database refuses.
pub async fn by_slug(db: &mut AnyConnection, slug: &str) -> Result<Option<Party>, sqlx::Error> {
    sqlx::query_as(select!("WHERE slug = $1")).bind(slug).fetch_optional(db).await
}

/// A party by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &mut AnyConnection, id: &PartyId) -> Result<Option<Party>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// Two parties, in the order asked for.
///
/// # Errors
/// When one of them is not there, or the database refuses.
pub async fn two(
    db: &mut AnyConnection,
    one: &PartyId,
    other: &PartyId,
) -> Result<(Party, Party), sqlx::Error> {
    let rows: Vec<Party> =
        sqlx::query_as(select!("WHERE id IN ($1, $2)")).bind(one).bind(other).fetch_all(db).await?;
    let (mut first, mut second) = (None, None);
    for row in rows {
        if &row.id == one { first = Some(row) } else { second = Some(row) }
    }
    first.zip(second).ok_or(sqlx::Error::RowNotFound)
}

/// Parties after a cursor: all institutions for an operator, else those of a list of ids.
///
/// # Errors
/// When the database refuses.
pub async fn institutions(
    db: &mut AnyConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<Party>, sqlx::Error> {
    sqlx::query_as(select!("WHERE kind IN ('body', 'owner') AND id > $1 ORDER BY id LIMIT $2"))
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// The parties that an account is a member of.
///
/// # Errors
/// When the database refuses.
pub async fn of_account(
    db: &mut AnyConnection,
    account: &crate::platform::id::AccountId,
    after: &str,
    limit: i64,
) -> Result<Vec<Party>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id > $2
         AND id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL AND accepted_at IS NOT NULL) ORDER BY id LIMIT $3"))
        .bind(account)
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Adds a name: legal, kana, roman, trade or former.
///
/// # Errors
/// When the database refuses.
pub async fn add_name(
    tx: &mut AnyConnection,
    id: &str,
    party: &PartyId,
    kind: &str,
    name: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO party_name (id, party_id, kind, name, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(party)
        .bind(kind)
        .bind(name)
        .bind(now.as_millisecond())
        .execute(tx)
        .await
        .map(drop)
}

/// A party's names: kind and name.
///
/// # Errors
/// When the database refuses.
pub async fn names(
    db: &mut AnyConnection,
    party: &PartyId,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as("SELECT kind, name FROM party_name WHERE party_id = $1 ORDER BY id")
        .bind(party)
        .fetch_all(db)
        .await
}

/// Adds an identifier.
///
/// # Errors
/// A unique violation when another party has it.
pub async fn add_identifier(
    tx: &mut AnyConnection,
    party: &PartyId,
    scheme: &str,
    value: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO party_identifier (scheme, value, party_id) VALUES ($1, $2, $3)")
        .bind(scheme)
        .bind(value)
        .bind(party)
        .execute(tx)
        .await
        .map(drop)
}

/// A party's identifiers: scheme and value.
///
/// # Errors
/// When the database refuses.
pub async fn identifiers(
    db: &mut AnyConnection,
    party: &PartyId,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT scheme, value FROM party_identifier WHERE party_id = $1 ORDER BY scheme, value",
    )
    .bind(party)
    .fetch_all(db)
    .await
}
