//! SQL of what is public: `public_certificate`, and what it is found by: `search_gram`, `search_name`, `search_place`;
//! all rebuildable.
//!
//! They keep the name of every holder. Whether a sole proprietor is named is asked at every read of the public's
//! ([`shown`], [`list`]): it follows the person's consent at that moment, which no leaf tells of.

use sqlx::{AnyConnection, AssertSqlSafe, FromRow};

use super::rules::document::Facts;
use super::rules::place::Place as Where;
use super::rules::search::{Index, Question, Rank};
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

/// Writes a certificate's row and what it is found by, in place of earlier ones.
///
/// # Errors
/// When the database refuses.
pub async fn put(
    tx: &mut AnyConnection,
    row: &PublicCertificate,
    index: &Index,
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
    for sql in [
        "DELETE FROM search_gram WHERE number = $1",
        "DELETE FROM search_name WHERE number = $1",
        "DELETE FROM search_place WHERE number = $1",
    ] {
        sqlx::query(sql).bind(&row.number).execute(&mut *tx).await?;
    }
    put_index(tx, &row.number, index).await
}

async fn put_index(tx: &mut AnyConnection, number: &str, index: &Index) -> Result<(), sqlx::Error> {
    for gram in &index.grams {
        sqlx::query("INSERT INTO search_gram (gram, number) VALUES ($1, $2)")
            .bind(gram)
            .bind(number)
            .execute(&mut *tx)
            .await?;
    }
    for (ord, (kind, name, folded)) in (0_i64..).zip(&index.names) {
        sqlx::query(
            "INSERT INTO search_name (number, ord, kind, name, folded) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(number)
        .bind(ord)
        .bind(kind)
        .bind(name)
        .bind(folded)
        .execute(&mut *tx)
        .await?;
    }
    for place in &index.places {
        sqlx::query("INSERT INTO search_place (number, place) VALUES ($1, $2)")
            .bind(number)
            .bind(place)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Empties all of it, to fill it anew.
///
/// # Errors
/// When the database refuses.
pub async fn clear(tx: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM search_gram",
        "DELETE FROM search_name",
        "DELETE FROM search_place",
        "DELETE FROM public_certificate",
    ] {
        sqlx::query(sql).execute(&mut *tx).await?;
    }
    Ok(())
}

/// The names that a holder bore, or bears now (`former`, `current`), beside those on its certificates: number, kind
/// and name, in their order. Of a sole proprietor there are none.
///
/// # Errors
/// When the database refuses.
pub async fn other_names(
    db: &mut AnyConnection,
    numbers: &[&str],
) -> Result<Vec<(String, String, String)>, sqlx::Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=numbers.len()).map(|index| format!("${index}")).collect();
    let sql = format!(
        "SELECT number, kind, name FROM search_name WHERE kind IN ('former', 'current') AND number IN ({})
         ORDER BY number, ord",
        places.join(", ")
    );
    let mut query = sqlx::query_as(AssertSqlSafe(sql));
    for number in numbers {
        query = query.bind(*number);
    }
    query.fetch_all(db).await
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
    /// A region or municipality.
    pub place: Option<Where>,
    /// Where it stands at `now`.
    pub state: Option<Standing>,
}

/// A place in the list: how well the name fits, and the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// [`Rank::score`]; 0 without a question.
    pub score: i64,
    /// The number of the certificate.
    pub number: String,
}

/// A row of the list with its place.
#[derive(Debug)]
pub struct Found {
    /// [`Rank::score`]; 0 without a question.
    pub score: i64,
    /// The row, as the public may read it.
    pub certificate: PublicCertificate,
}

#[derive(FromRow)]
struct FoundRead {
    score: i64,
    #[sqlx(flatten)]
    read: Read,
}

/// The numbers that fit a question, each with [`Rank::score`], best first by its names or by its grams: the SQL of
/// [`Question::rank`]. `$1` is the least number of grams, `$9` the key, `$10` the number of all grams; the grams
/// follow `$12`.
fn matches(question: Option<&Question>) -> String {
    let Some(question) = question else {
        return "(SELECT p.number, CAST(0 AS BIGINT) AS score FROM public_certificate p
                 WHERE $1 >= 0 AND $9 = '' AND $10 >= 0)"
            .to_owned();
    };
    let places: Vec<_> = (0..question.grams.len()).map(|at| format!("${}", at + 13)).collect();
    format!(
        "(SELECT number, MAX(score) AS score FROM (
            SELECT g.number, CASE WHEN COUNT(*) = $10 THEN CAST({all} AS BIGINT) ELSE CAST(COUNT(*) AS BIGINT) END AS score
            FROM search_gram g WHERE g.gram IN ({places}) GROUP BY g.number HAVING COUNT(*) >= $1
            UNION ALL
            SELECT n.number, CAST(CASE WHEN n.folded = $9 THEN {exact} ELSE {prefix} END AS BIGINT) AS score
            FROM search_name n WHERE n.folded LIKE $9 || '%') AS fitting
          GROUP BY number)",
        all = Rank::All.score(),
        exact = Rank::Exact.score(),
        prefix = Rank::Prefix.score(),
        places = places.join(", "),
    )
}

/// Up to a page of rows and one more, best matches first, then by number. Who must not be named is found neither by
/// name nor by place.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    db: &mut AnyConnection,
    wanted: &Wanted,
    after: Option<&Place>,
    now: i64,
) -> Result<Vec<Found>, sqlx::Error> {
    let question = wanted.question.as_ref();
    let is_named = question.is_some() || wanted.place.is_some();
    let named = if is_named { format!("AND NOT {UNNAMED}") } else { String::new() };
    let sql = format!(
        "SELECT m.score, {COLUMNS}, CASE WHEN {UNNAMED} THEN 1 ELSE 0 END AS unnamed
         FROM {} m JOIN public_certificate c ON c.number = m.number
         WHERE ($2 = '' OR c.number = $2) AND ($3 = '' OR c.programme = $3) AND ($4 = '' OR c.country = $4)
           AND ($5 = '' OR $5 = CASE WHEN c.state IN ('active', 'suspended') AND c.valid_until < $6
                                     THEN 'expired' ELSE c.state END)
           AND (m.score < $7 OR (m.score = $7 AND c.number > $8)) {named}
           AND (($11 = '' AND $12 = '') OR EXISTS (SELECT 1 FROM search_place s WHERE s.number = c.number
                AND (s.place = $11 OR ($12 <> '' AND s.place LIKE '%' || $12 || '%'))))
         ORDER BY m.score DESC, c.number LIMIT {}",
        matches(question),
        PAGE_ROWS + 1
    );
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let grams = question.map_or(&[][..], |question| &question.grams);
    let place = wanted.place.as_ref();
    let mut query = sqlx::query_as(AssertSqlSafe(sql))
        .bind(question.map_or(0, |question| question.least))
        .bind(text(&wanted.number))
        .bind(text(&wanted.programme))
        .bind(text(&wanted.country))
        .bind(wanted.state.map_or("", Standing::as_str))
        .bind(now)
        .bind(after.map_or(i64::MAX, |place| place.score))
        .bind(after.map_or(String::new(), |place| place.number.clone()))
        .bind(question.map_or(String::new(), |question| question.key.clone()))
        .bind(i64::try_from(grams.len()).unwrap_or(i64::MAX))
        .bind(place.map_or(String::new(), |place| place.region.clone()))
        .bind(place.map_or(String::new(), |place| place.text.clone()));
    for gram in grams {
        query = query.bind(gram.clone());
    }
    let found: Vec<FoundRead> = query.fetch_all(db).await?;
    found
        .into_iter()
        .map(|row| Ok(Found { score: row.score, certificate: row.read.shown()? }))
        .collect()
}
