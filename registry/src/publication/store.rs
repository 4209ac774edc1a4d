//! SQL of what is public: `public_certificate` and `search_gram`, both rebuildable.
//!
//! Both keep the name of every holder. Whether a sole proprietor is named is asked at every read of the public's
//! ([`shown`], [`list`]): it follows the person's consent at that moment, which no leaf tells of.

use sqlx::{AnyConnection, AssertSqlSafe, FromRow};

use super::rules::document::Facts;
use super::rules::search::Question;
use crate::certification::rules::certificate::{CertificateState, Standing};
use crate::platform::paging::PAGE_ROWS;

/// The row of a public certificate.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct PublicCertificate {
    /// Its number.
    pub number: String,
    /// The certificate's id.
    pub id: String,
    /// The holder's name.
    pub holder: String,
    /// The programme's id.
    pub programme: String,
    /// The holder's country.
    pub country: String,
    /// Where it stands, its term apart.
    #[sqlx(try_from = "String")]
    pub state: CertificateState,
    /// The level.
    pub level: String,
    /// The last second of its term, in milliseconds.
    pub valid_until: i64,
    /// [`Facts`](super::rules::document::Facts) as JSON.
    pub json: String,
    /// The number of the last log leaf that it reflects.
    pub leaf: i64,
}

/// Writes a certificate's row and the grams it is found by, in place of earlier ones.
///
/// # Errors
/// When the database refuses.
pub async fn put(
    tx: &mut AnyConnection,
    row: &PublicCertificate,
    grams: impl IntoIterator<Item = String>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO public_certificate (number, id, holder, programme, country, state, level, valid_until, json, leaf)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (number) DO UPDATE SET id = $2, holder = $3, programme = $4, country = $5, state = $6,
             level = $7, valid_until = $8, json = $9, leaf = $10",
    )
    .bind(&row.number)
    .bind(&row.id)
    .bind(&row.holder)
    .bind(&row.programme)
    .bind(&row.country)
    .bind(row.state.as_str())
    .bind(&row.level)
    .bind(row.valid_until)
    .bind(&row.json)
    .bind(row.leaf)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM search_gram WHERE number = $1")
        .bind(&row.number)
        .execute(&mut *tx)
        .await?;
    for gram in grams {
        sqlx::query("INSERT INTO search_gram (gram, number) VALUES ($1, $2)")
            .bind(gram)
            .bind(&row.number)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Empties both tables, to fill them anew.
///
/// # Errors
/// When the database refuses.
pub async fn clear(tx: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM search_gram").execute(&mut *tx).await?;
    sqlx::query("DELETE FROM public_certificate").execute(tx).await.map(drop)
}

const COLUMNS: &str = "c.number, c.id, c.holder, c.programme, c.country, c.state, c.level, c.valid_until, c.json, c.leaf";

/// Whether the holder of the certificate with `c.id` must not be named: a sole proprietor who does not consent, or no
/// more. In Rust it is [`Party::may_be_shown`](crate::certification::store::parties::Party::may_be_shown), denied.
const UNNAMED: &str = "EXISTS (SELECT 1 FROM certificate k JOIN party p ON p.id = k.company_id
                               WHERE k.id = c.id AND p.sole_proprietor = 1 AND p.publish_consent = 0)";

/// A row, and whether its holder must not be named.
#[derive(Debug, FromRow)]
struct Read {
    #[sqlx(flatten)]
    certificate: PublicCertificate,
    unnamed: i64,
}

impl Read {
    /// The row as the public may read it.
    fn shown(self) -> Result<PublicCertificate, sqlx::Error> {
        let row = self.certificate;
        if self.unnamed == 0 {
            return Ok(row);
        }
        let damaged = |error: serde_json::Error| sqlx::Error::Decode(error.into());
        let facts: Facts = serde_json::from_str(&row.json).map_err(damaged)?;
        let json = serde_json::to_string(&facts.with_names_as("")).map_err(damaged)?;
        Ok(PublicCertificate { holder: String::new(), json, ..row })
    }
}

/// The row of a number as the public may read it: without the names of a sole proprietor who takes back the consent
/// to be shown.
///
/// # Errors
/// When the database refuses.
pub async fn shown(
    db: &mut AnyConnection,
    number: &str,
) -> Result<Option<PublicCertificate>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, CASE WHEN {UNNAMED} THEN 1 ELSE 0 END AS unnamed FROM public_certificate c WHERE c.number = $1"
    );
    let read: Option<Read> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(number).fetch_optional(db).await?;
    read.map(Read::shown).transpose()
}

/// Whether the holder of a certificate may be named, and so its credentials shown, which name the holder.
///
/// # Errors
/// When the database refuses.
pub async fn may_be_named(db: &mut AnyConnection, certificate: &str) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "SELECT CAST(count(*) AS BIGINT) FROM certificate c WHERE c.id = $1 AND NOT {UNNAMED}"
    );
    let named: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).bind(certificate).fetch_one(db).await?;
    Ok(named > 0)
}

/// The row of a number, as it was written.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    number: &str,
) -> Result<Option<PublicCertificate>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM public_certificate c WHERE c.number = $1");
    sqlx::query_as(AssertSqlSafe(sql)).bind(number).fetch_optional(db).await
}

/// The number of a public certificate, by its id.
///
/// # Errors
/// When the database refuses.
pub async fn number_of(
    db: &mut AnyConnection,
    certificate: &str,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT number FROM public_certificate WHERE id = $1")
        .bind(certificate)
        .fetch_optional(db)
        .await
}

/// The last log leaf that the list reflects; none while nothing is public.
///
/// # Errors
/// When the database refuses.
pub async fn leaf(db: &mut AnyConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT MAX(leaf) FROM public_certificate").fetch_one(db).await
}

/// What is asked of the list.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A name; the best matches come first.
    pub question: Option<Question>,
    /// Exactly this number.
    pub number: Option<String>,
    /// A programme's id.
    pub programme: Option<String>,
    /// A country's code.
    pub country: Option<String>,
    /// Where it stands at `now`.
    pub state: Option<Standing>,
}

/// A place in the list: how many grams were shared, and the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Grams shared with the question; 0 without one.
    pub shared: i64,
    /// The number of the certificate.
    pub number: String,
}

/// A row of the list with its place.
#[derive(Debug)]
pub struct Found {
    /// Grams shared with the question; 0 without one.
    pub shared: i64,
    /// The row, as the public may read it.
    pub certificate: PublicCertificate,
}

#[derive(FromRow)]
struct FoundRead {
    shared: i64,
    #[sqlx(flatten)]
    read: Read,
}

/// Up to a page of rows and one more, best matches first, then by number. Who must not be named is not found by name.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    db: &mut AnyConnection,
    wanted: &Wanted,
    after: Option<&Place>,
    now: i64,
) -> Result<Vec<Found>, sqlx::Error> {
    let grams = wanted.question.as_ref().map_or(&[][..], |question| &question.grams);
    let matches = if grams.is_empty() {
        "(SELECT p.number, CAST(0 AS BIGINT) AS shared FROM public_certificate p WHERE $1 >= 0)"
            .to_owned()
    } else {
        let places: Vec<_> = (0..grams.len()).map(|index| format!("${}", index + 9)).collect();
        format!(
            "(SELECT g.number, CAST(COUNT(*) AS BIGINT) AS shared FROM search_gram g WHERE g.gram IN ({})
              GROUP BY g.number HAVING COUNT(*) >= $1)",
            places.join(", ")
        )
    };
    let by_name = if grams.is_empty() { String::new() } else { format!("AND NOT {UNNAMED}") };
    let sql = format!(
        "SELECT m.shared, {COLUMNS}, CASE WHEN {UNNAMED} THEN 1 ELSE 0 END AS unnamed
         FROM {matches} m JOIN public_certificate c ON c.number = m.number
         WHERE ($2 = '' OR c.number = $2) AND ($3 = '' OR c.programme = $3) AND ($4 = '' OR c.country = $4)
           AND ($5 = '' OR $5 = CASE WHEN c.state IN ('active', 'suspended') AND c.valid_until < $6
                                     THEN 'expired' ELSE c.state END)
           AND (m.shared < $7 OR (m.shared = $7 AND c.number > $8)) {by_name}
         ORDER BY m.shared DESC, c.number LIMIT {}",
        PAGE_ROWS + 1
    );
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut query = sqlx::query_as(AssertSqlSafe(sql))
        .bind(wanted.question.as_ref().map_or(0, |question| question.least))
        .bind(text(&wanted.number))
        .bind(text(&wanted.programme))
        .bind(text(&wanted.country))
        .bind(wanted.state.map_or("", Standing::as_str))
        .bind(now)
        .bind(after.map_or(i64::MAX, |place| place.shared))
        .bind(after.map_or(String::new(), |place| place.number.clone()));
    for gram in grams {
        query = query.bind(gram.clone());
    }
    let found: Vec<FoundRead> = query.fetch_all(db).await?;
    found
        .into_iter()
        .map(|row| Ok(Found { shared: row.shared, certificate: row.read.shown()? }))
        .collect()
}
