//! How often what happened to a body's applications, certificates, complaints and appeals.

use sqlx::AnyConnection;

use crate::platform::id::PartyId;

/// How often what happened on each day: a word, the day in UTC counted from 1970, a number. The words are those of
/// decisions, `decided` (an application), and `complaint ` or `appeal ` with the state that one came to; a complaint is
/// `received`, an appeal `filed`.
///
/// # Errors
/// When the database refuses.
pub async fn by_day(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Vec<(String, i64, i64)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT word, day, CAST(count(*) AS BIGINT) FROM (
           SELECT d.kind AS word, d.at / 86400000 AS day FROM decision d
             LEFT JOIN application a ON a.id = d.application_id LEFT JOIN certificate c ON c.id = d.certificate_id
             WHERE coalesce(a.body_id, c.body_id) = $1
           UNION ALL
           SELECT 'decided', d.at / 86400000 FROM decision d JOIN application a ON a.id = d.application_id
             WHERE a.body_id = $1
           UNION ALL
           SELECT 'complaint received', received_at / 86400000 FROM complaint WHERE body_id = $1
           UNION ALL
           SELECT 'complaint ' || e.to_state, e.at / 86400000 FROM complaint_event e
             JOIN complaint x ON x.id = e.complaint_id WHERE x.body_id = $1
           UNION ALL
           SELECT 'appeal filed', filed_at / 86400000 FROM appeal WHERE body_id = $1
           UNION ALL
           SELECT 'appeal ' || e.to_state, e.at / 86400000 FROM appeal_event e
             JOIN appeal x ON x.id = e.appeal_id WHERE x.body_id = $1
         ) happened GROUP BY word, day ORDER BY day, word",
    )
    .bind(body)
    .fetch_all(db)
    .await
}
