//! Idle applications: since when nobody did anything about them, and how often they were warned of.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::applications::under_way_states;
use crate::certification::ids::{ApplicationId, ProgrammeVersionId};
use crate::certification::rules::application::ApplicationState;

/// The programme versions that applications are under way for.
///
/// # Errors
/// When the database refuses.
pub async fn programmes(db: &mut AnyConnection) -> Result<Vec<ProgrammeVersionId>, sqlx::Error> {
    sqlx::query_scalar(concat!(
        "SELECT DISTINCT programme_version_id FROM application WHERE state IN ",
        under_way_states!(),
        " ORDER BY 1"
    ))
    .fetch_all(db)
    .await
}

/// Applications under way that did not move since a time, in milliseconds; those of them that something else was
/// done about are among them.
///
/// # Errors
/// When the database refuses.
pub async fn unmoved(
    db: &mut AnyConnection,
    programme: &ProgrammeVersionId,
    since: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<ApplicationId>, sqlx::Error> {
    sqlx::query_scalar(
        concat!(
            "SELECT id FROM application WHERE programme_version_id = $1 AND changed_at <= $2 AND id > $3 AND state IN ",
            under_way_states!(),
            " ORDER BY id LIMIT $4"
        ),
    )
    .bind(programme)
    .bind(since)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// When anybody last did something about an application, in milliseconds: moved or filled it in, answered, showed
/// evidence, took or gave a task, assessed, answered or judged a finding, reviewed.
///
/// # Errors
/// When the database refuses, or there is no such application.
pub async fn touched_at(db: &mut AnyConnection, id: &ApplicationId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT max(at) FROM (
           SELECT changed_at AS at FROM application WHERE id = $1
           UNION ALL SELECT max(at) FROM self_answer WHERE application_id = $1
           UNION ALL SELECT max(at) FROM evidence_link WHERE application_id = $1
           UNION ALL SELECT max(assigned_at) FROM assignment WHERE application_id = $1
           UNION ALL SELECT max(accepted_at) FROM assignment WHERE application_id = $1
           UNION ALL SELECT max(ended_at) FROM assignment WHERE application_id = $1
           UNION ALL SELECT max(t.at) FROM assessment_event t JOIN assessment s ON s.id = t.assessment_id
                     WHERE s.application_id = $1
           UNION ALL SELECT max(t.at) FROM rating t JOIN assessment s ON s.id = t.assessment_id
                     WHERE s.application_id = $1
           UNION ALL SELECT max(t.at) FROM review t JOIN assessment s ON s.id = t.assessment_id
                     WHERE s.application_id = $1
           UNION ALL SELECT max(t.at) FROM finding_event t JOIN finding f ON f.id = t.finding_id
                     JOIN assessment s ON s.id = f.assessment_id WHERE s.application_id = $1
         ) touch",
    )
    .bind(id)
    .fetch_one(db)
    .await
}

/// When an application was warned of since a time, the earliest first; all in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn warned_at(
    db: &mut AnyConnection,
    id: &ApplicationId,
    since: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT at FROM application_event WHERE application_id = $1 AND event = 'warn' AND at > $2 ORDER BY seq",
    )
    .bind(id)
    .bind(since)
    .fetch_all(db)
    .await
}

/// Appends an event that nobody but the registry brings about. A warning is nothing done about the application: it
/// keeps its version and its time.
///
/// # Errors
/// When the database refuses.
pub async fn append(
    tx: &mut AnyConnection,
    id: &ApplicationId,
    event: &str,
    to: ApplicationState,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO application_event (application_id, seq, event, to_state, at)
         VALUES ($1, (SELECT coalesce(max(seq), 0) + 1 FROM application_event WHERE application_id = $1), $2, $3, $4)",
    )
    .bind(id)
    .bind(event)
    .bind(to.as_str())
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Moves an application that is held.
///
/// # Errors
/// When the database refuses.
pub async fn advance(
    tx: &mut AnyConnection,
    id: &ApplicationId,
    to: ApplicationState,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE application SET state = $2, changed_at = $3, version = version + 1 WHERE id = $1",
    )
    .bind(id)
    .bind(to.as_str())
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}
