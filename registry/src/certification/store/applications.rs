//! Applications, their scope, events, agreement, answers and assignments.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{Transition, UpdateError, append_event, claimed, insert_event};
use crate::certification::ids::{
    ApplicationId, AssessmentId, AssignmentId, CertificateId, FacilityId, ProgrammeVersionId,
};
use crate::certification::rules::application::{ApplicationKind, ApplicationState};
use crate::platform::authorisation::{Given, Subject, Task};
use crate::platform::db::json::JsonText;
use crate::platform::id::{AccountId, NoteId, PartyId};

/// An application's row.
#[derive(Debug, FromRow)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Who applies.
    pub company_id: PartyId,
    /// To which body.
    pub body_id: PartyId,
    /// Under which programme version.
    pub programme_version_id: ProgrammeVersionId,
    /// For what.
    #[sqlx(try_from = "String")]
    pub kind: ApplicationKind,
    /// The certificate whose scope is to change or which is to be renewed.
    pub certificate_id: Option<CertificateId>,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ApplicationState,
    /// The facts that rule criteria in or out.
    #[sqlx(try_from = "String")]
    pub facts: JsonText<BTreeSet<String>>,
    /// When it last moved, in milliseconds.
    pub changed_at: i64,
    /// Its version.
    pub version: i64,
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, company_id, body_id, programme_version_id, kind, certificate_id, state, facts, changed_at, version
             FROM application ",
            $rest
        )
    };
}

/// Adds an application with its scope.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    tx: &mut AnyConnection,
    application: &Application,
    facilities: &[FacilityId],
    by: &AccountId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO application (id, company_id, body_id, programme_version_id, kind, certificate_id, state, facts,
                                  created_by, created_at, changed_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1)",
    )
    .bind(&application.id)
    .bind(&application.company_id)
    .bind(&application.body_id)
    .bind(&application.programme_version_id)
    .bind(application.kind.as_str())
    .bind(&application.certificate_id)
    .bind(application.state.as_str())
    .bind(application.facts.text()?)
    .bind(by)
    .bind(application.changed_at)
    .execute(&mut *tx)
    .await?;
    set_facilities(tx, &application.id, facilities).await
}

async fn set_facilities(
    tx: &mut AnyConnection,
    application: &ApplicationId,
    facilities: &[FacilityId],
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM application_facility WHERE application_id = $1")
        .bind(application)
        .execute(&mut *tx)
        .await?;
    for facility in facilities {
        sqlx::query(
            "INSERT INTO application_facility (application_id, facility_id) VALUES ($1, $2)",
        )
        .bind(application)
        .bind(facility)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Writes a draft's scope and facts.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn fill_in(
    tx: &mut AnyConnection,
    application: &Application,
    facilities: Option<&[FacilityId]>,
    now: Timestamp,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE application SET facts = $3, changed_at = $4, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(&application.id)
    .bind(application.version)
    .bind(application.facts.text()?)
    .bind(now.as_millisecond())
    .execute(&mut *tx)
    .await?;
    let version = claimed(done.rows_affected(), application.version)?;
    if let Some(facilities) = facilities {
        set_facilities(tx, &application.id, facilities).await?;
    }
    Ok(version)
}

/// Moves an application and appends the event; gives its new version.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn advance(
    tx: &mut AnyConnection,
    application: &Application,
    to: ApplicationState,
    transition: &Transition<'_>,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE application SET state = $3, changed_at = $4, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(&application.id)
    .bind(application.version)
    .bind(to.as_str())
    .bind(transition.at.as_millisecond())
    .execute(&mut *tx)
    .await?;
    let version = claimed(done.rows_affected(), application.version)?;
    let insert = insert_event!("application");
    append_event(tx, insert, application.id.as_str(), to.as_str(), transition).await?;
    Ok(version)
}

/// The company that an application is of, which never changes.
///
/// # Errors
/// When the database refuses.
pub async fn company(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Option<PartyId>, sqlx::Error> {
    sqlx::query_scalar("SELECT company_id FROM application WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// An application by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Option<Application>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// The applications that an account has to do with: its companies', its bodies' (as quality manager
/// or auditor) and those it is assigned to.
///
/// # Errors
/// When the database refuses.
pub async fn of_account(
    db: &mut AnyConnection,
    account: &AccountId,
    after: &str,
    limit: i64,
) -> Result<Vec<Application>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE id > $2 AND (
           company_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL AND accepted_at IS NOT NULL AND role = 'applicant')
           OR body_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL AND accepted_at IS NOT NULL
                          AND role IN ('quality_manager', 'auditor'))
           OR id IN (SELECT s.application_id FROM assignment s JOIN application a ON a.id = s.application_id
                     JOIN membership m ON m.account_id = s.account_id AND m.party_id = a.body_id AND m.ended_at IS NULL AND m.accepted_at IS NOT NULL
                       AND m.role = CASE s.task WHEN 'reviewer' THEN 'reviewer' WHEN 'decider' THEN 'decision_maker' ELSE 'assessor' END
                     WHERE s.account_id = $1 AND s.ended_at IS NULL))
         ORDER BY id LIMIT $3"))
        .bind(account)
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// The states that an application is under way in, for SQL: [`ApplicationState::is_under_way`] says the same.
macro_rules! under_way_states {
    () => {
        "('draft', 'submitted', 'accepted', 'assessing', 'deciding')"
    };
}
pub(super) use under_way_states;

/// An application in somebody's queue.
#[derive(Debug, FromRow)]
pub struct Queued {
    /// The application.
    #[sqlx(flatten)]
    pub application: Application,
    /// The company's name.
    pub company: String,
    /// The body's name.
    pub body: String,
    /// Where its assessment stands.
    pub assessment: Option<String>,
    /// How many findings wait for the company.
    pub to_answer: i64,
    /// How many findings wait for its assessors.
    pub to_judge: i64,
    /// The tasks that the account has on it, a blank between two.
    pub tasks: String,
    /// How many of these it has not accepted.
    pub offered: i64,
}

/// The applications that an account has to do with, as [`of_account`] gives them, with what its queue shows: those under
/// way first, the last changed first.
///
/// # Errors
/// When the database refuses.
pub async fn queue(
    db: &mut AnyConnection,
    account: &AccountId,
    limit: i64,
) -> Result<Vec<Queued>, sqlx::Error> {
    sqlx::query_as(concat!(
        "SELECT a.id, a.company_id, a.body_id, a.programme_version_id, a.kind, a.certificate_id, a.state, a.facts,
                a.changed_at, a.version, c.display_name AS company, b.display_name AS body, s.state AS assessment,
                (SELECT CAST(count(*) AS BIGINT) FROM finding f WHERE f.assessment_id = s.id
                   AND f.state IN ('open', 'acting') AND NOT EXISTS (SELECT 1 FROM decision d
                     WHERE d.application_id = a.id AND d.kind = 'refuse' AND a.state = 'decided')) AS to_answer,
                (SELECT CAST(count(*) AS BIGINT) FROM finding f WHERE f.assessment_id = s.id
                   AND f.state IN ('planned', 'submitted') AND NOT EXISTS (SELECT 1 FROM decision d
                     WHERE d.application_id = a.id AND d.kind = 'refuse' AND a.state = 'decided')) AS to_judge,
                (SELECT CAST(count(*) AS BIGINT) FROM assignment g WHERE g.application_id = a.id AND g.account_id = $1
                   AND g.ended_at IS NULL AND g.accepted_at IS NULL) AS offered,
                coalesce((SELECT string_agg(g.task, ' ') FROM assignment g WHERE g.application_id = a.id
                   AND g.account_id = $1 AND g.ended_at IS NULL), '') AS tasks
         FROM application a JOIN party c ON c.id = a.company_id JOIN party b ON b.id = a.body_id
         LEFT JOIN assessment s ON s.application_id = a.id
         WHERE a.company_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL AND accepted_at IS NOT NULL AND role = 'applicant')
            OR a.body_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL AND accepted_at IS NOT NULL
                             AND role IN ('quality_manager', 'auditor'))
            OR a.id IN (SELECT t.application_id FROM assignment t JOIN application x ON x.id = t.application_id
                        JOIN membership m ON m.account_id = t.account_id AND m.party_id = x.body_id AND m.ended_at IS NULL AND m.accepted_at IS NOT NULL
                          AND m.role = CASE t.task WHEN 'reviewer' THEN 'reviewer' WHEN 'decider' THEN 'decision_maker' ELSE 'assessor' END
                        WHERE t.account_id = $1 AND t.ended_at IS NULL)
         ORDER BY CASE WHEN a.state IN ",
        under_way_states!(),
        " THEN 0 ELSE 1 END, a.changed_at DESC, a.id LIMIT $2"
    ))
    .bind(account)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// A company's applications that are under way: not ended, drafts among them.
///
/// # Errors
/// When the database refuses.
pub async fn under_way(
    db: &mut AnyConnection,
    company: &PartyId,
) -> Result<Vec<Application>, sqlx::Error> {
    sqlx::query_as(concat!(
        select!("WHERE company_id = $1 AND state IN "),
        under_way_states!(),
        " ORDER BY id"
    ))
    .bind(company)
    .fetch_all(db)
    .await
}

/// A move of an application.
#[derive(Debug, FromRow)]
pub struct Event {
    /// What happened.
    pub event: String,
    /// Where it led.
    pub to_state: String,
    /// The reason given.
    pub reason_note: Option<NoteId>,
    /// When, in milliseconds.
    pub at: i64,
}

/// An application's moves, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn events(db: &mut AnyConnection, id: &ApplicationId) -> Result<Vec<Event>, sqlx::Error> {
    sqlx::query_as("SELECT event, to_state, reason_note, at FROM application_event WHERE application_id = $1 ORDER BY seq")
        .bind(id)
        .fetch_all(db)
        .await
}

/// An assignment's row.
#[derive(Debug, FromRow)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// To whom.
    pub account_id: AccountId,
    /// The person's name.
    pub name: String,
    /// What.
    #[sqlx(try_from = "String")]
    pub task: Task,
    /// When the person accepted it, in milliseconds.
    pub accepted_at: Option<i64>,
}

/// The assignments in force on an application.
///
/// # Errors
/// When the database refuses.
pub async fn assignments(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Vec<Assignment>, sqlx::Error> {
    sqlx::query_as(
        "SELECT s.id, s.account_id, a.name, s.task, s.accepted_at FROM assignment s JOIN account a ON a.id = s.account_id
         WHERE s.application_id = $1 AND s.ended_at IS NULL ORDER BY s.id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// Who has a task on an application, and who had one: in force, or accepted before it ended. Whoever ever accepted to
/// assess is no fresh eye any more.
///
/// # Errors
/// When the database refuses.
pub async fn duties(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Vec<(AccountId, Task)>, sqlx::Error> {
    let rows: Vec<Assignment> = sqlx::query_as(
        "SELECT s.id, s.account_id, a.name, s.task, s.accepted_at FROM assignment s JOIN account a ON a.id = s.account_id
         WHERE s.application_id = $1 AND (s.ended_at IS NULL OR s.accepted_at IS NOT NULL) ORDER BY s.id",
    )
    .bind(id)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.account_id, row.task)).collect())
}

/// Adds an assignment.
///
/// # Errors
/// A unique violation when the person has the task, or the application its lead.
pub async fn assign(
    tx: &mut AnyConnection,
    id: &AssignmentId,
    application: &ApplicationId,
    account: &AccountId,
    task: Task,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO assignment (id, application_id, account_id, task, assigned_by, assigned_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(application)
    .bind(account)
    .bind(task.as_str())
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Notes that an assignment was accepted; false when it is not the account's, or was before.
///
/// # Errors
/// When the database refuses.
pub async fn accept_assignment(
    tx: &mut AnyConnection,
    id: &AssignmentId,
    application: &ApplicationId,
    account: &AccountId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE assignment SET accepted_at = $4 WHERE id = $1 AND application_id = $2 AND account_id = $3
         AND ended_at IS NULL AND accepted_at IS NULL",
    )
    .bind(id)
    .bind(application)
    .bind(account)
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an assignment; false when it is none in force of the application.
///
/// # Errors
/// When the database refuses.
pub async fn end_assignment(
    tx: &mut AnyConnection,
    id: &AssignmentId,
    application: &ApplicationId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE assignment SET ended_at = $3 WHERE id = $1 AND application_id = $2 AND ended_at IS NULL",
    )
    .bind(id)
    .bind(application)
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The application as the subject of an act: its parties and who is assigned to it.
///
/// # Errors
/// When the database refuses.
pub async fn subject(
    db: &mut AnyConnection,
    application: &Application,
) -> Result<Subject, sqlx::Error> {
    let assigned = assignments(db, &application.id).await?;
    Ok(subject_with(application, &assigned))
}

/// The same, of assignments that were read.
#[must_use]
pub fn subject_with(application: &Application, assigned: &[Assignment]) -> Subject {
    let given = assigned.iter().map(|a| Given {
        account: a.account_id.clone(),
        task: a.task,
        accepted: a.accepted_at.is_some(),
    });
    Subject {
        company: Some(application.company_id.clone()),
        body: Some(application.body_id.clone()),
        given: given.collect(),
        ..Subject::default()
    }
}

/// Appends the company's acceptance of the body's terms.
///
/// # Errors
/// A unique violation when they were accepted before.
pub async fn agree(
    tx: &mut AnyConnection,
    application: &Application,
    terms_version: &str,
    terms: &str,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO agreement (application_id, body_id, company_id, terms_version, terms, accepted_by, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&application.id)
    .bind(&application.body_id)
    .bind(&application.company_id)
    .bind(terms_version)
    .bind(terms)
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// The version of the terms that were accepted for an application.
///
/// # Errors
/// When the database refuses.
pub async fn agreed_terms(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT terms_version FROM agreement WHERE application_id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// A self-assessment's answer.
#[derive(Debug, FromRow)]
pub struct Answer {
    /// To which criterion.
    pub criterion: String,
    /// For which facility.
    pub facility_id: FacilityId,
    /// `yes`, `partly`, `no` or `not_applicable`.
    pub answer: String,
    /// The company's own words.
    pub note_id: Option<NoteId>,
    /// Its version.
    pub version: i64,
}

/// The answers given so far.
///
/// # Errors
/// When the database refuses.
pub async fn answers(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Vec<Answer>, sqlx::Error> {
    sqlx::query_as(
        "SELECT criterion, facility_id, answer, note_id, version FROM self_answer WHERE application_id = $1
         ORDER BY criterion, facility_id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// Writes an answer over the version that its writer saw (0 for a new one); gives the new version.
///
/// # Errors
/// [`UpdateError::Stale`] when somebody else wrote since.
pub async fn put_answer(
    tx: &mut AnyConnection,
    application: &ApplicationId,
    answer: &Answer,
    by: &AccountId,
    now: Timestamp,
) -> Result<i64, UpdateError> {
    let write = if answer.version == 0 {
        "INSERT INTO self_answer (application_id, criterion, facility_id, answer, note_id, by_account, at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8 + 1)
         ON CONFLICT (application_id, criterion, facility_id) DO NOTHING"
    } else {
        "UPDATE self_answer SET answer = $4, note_id = $5, by_account = $6, at = $7, version = version + 1
         WHERE application_id = $1 AND criterion = $2 AND facility_id = $3 AND version = $8"
    };
    let done = sqlx::query(write)
        .bind(application)
        .bind(&answer.criterion)
        .bind(&answer.facility_id)
        .bind(&answer.answer)
        .bind(&answer.note_id)
        .bind(by)
        .bind(now.as_millisecond())
        .bind(answer.version)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(answer.version + 1);
    }
    let current: Option<i64> = sqlx::query_scalar(
        "SELECT version FROM self_answer WHERE application_id = $1 AND criterion = $2 AND facility_id = $3",
    )
    .bind(application)
    .bind(&answer.criterion)
    .bind(&answer.facility_id)
    .fetch_optional(tx)
    .await?;
    Err(UpdateError::Stale { seen: answer.version, current: current.unwrap_or(0) })
}

/// The assessment of an application, once a lead was assigned.
///
/// # Errors
/// When the database refuses.
pub async fn assessment_id(
    db: &mut AnyConnection,
    id: &ApplicationId,
) -> Result<Option<AssessmentId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM assessment WHERE application_id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_and_rules_call_the_same_states_under_way() {
        let words: Vec<_> = ApplicationState::UNDER_WAY.map(|state| format!("'{state}'")).into();
        assert_eq!(under_way_states!(), format!("({})", words.join(", ")));
    }
}
