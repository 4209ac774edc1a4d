//! Appeals against decisions, and the panels that hear them.

use sqlx::{AnyConnection, FromRow};

use super::{Transition, UpdateError, append_event, claimed, insert_event};
use crate::certification::ids::{
    AppealId, ApplicationId, CertificateId, DecisionId, ProgrammeVersionId,
};
use crate::certification::rules::appeal::AppealState;
use crate::certification::rules::decision::DecisionKind;
use crate::platform::authorisation::Subject;
use crate::platform::id::{AccountId, NoteId, PartyId};

/// An appeal's row.
#[derive(Debug, FromRow)]
pub struct Appeal {
    /// Its id.
    pub id: AppealId,
    /// Against which decision.
    pub decision_id: DecisionId,
    /// The application that was refused.
    pub application_id: Option<ApplicationId>,
    /// The certificate that was decided on.
    pub certificate_id: Option<CertificateId>,
    /// Who appeals.
    pub company_id: PartyId,
    /// Whose decision it is.
    pub body_id: PartyId,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: AppealState,
    /// Why the company appeals.
    pub grounds_note: NoteId,
    /// When it was filed, in milliseconds.
    pub filed_at: i64,
    /// Its version.
    pub version: i64,
}

/// A query of rows, by what follows their table.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, decision_id, application_id, certificate_id, company_id, body_id, state, grounds_note, filed_at,
                    version
             FROM appeal ",
            $rest
        )
    };
}

/// Adds an appeal.
///
/// # Errors
/// A unique violation when the decision was appealed before, and that was not rejected.
pub async fn insert(
    tx: &mut AnyConnection,
    appeal: &Appeal,
    by: &AccountId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO appeal (id, decision_id, application_id, certificate_id, company_id, body_id, state, grounds_note,
                             filed_by, filed_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
    )
    .bind(&appeal.id)
    .bind(&appeal.decision_id)
    .bind(&appeal.application_id)
    .bind(&appeal.certificate_id)
    .bind(&appeal.company_id)
    .bind(&appeal.body_id)
    .bind(appeal.state.as_str())
    .bind(&appeal.grounds_note)
    .bind(by)
    .bind(appeal.filed_at)
    .execute(tx)
    .await
    .map(drop)
}

/// An appeal by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &mut AnyConnection, id: &AppealId) -> Result<Option<Appeal>, sqlx::Error> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// An appeal with what it is about, as pages show it.
#[derive(Debug, FromRow)]
pub struct Told {
    /// The appeal.
    #[sqlx(flatten)]
    pub appeal: Appeal,
    /// What was decided.
    #[sqlx(try_from = "String")]
    pub kind: DecisionKind,
    /// When, in milliseconds.
    pub decided_at: i64,
    /// What was said of it in public.
    pub public_reason: Option<String>,
    /// The number of the certificate that was decided on.
    pub number: Option<String>,
    /// The company's name.
    pub company: String,
    /// The body's name.
    pub body: String,
    /// The programme whose rules count.
    pub programme_version_id: ProgrammeVersionId,
}

/// A query of appeals with what they are about, by what follows their tables.
macro_rules! told {
    ($rest:literal) => {
        concat!(
            "SELECT x.id, x.decision_id, x.application_id, x.certificate_id, x.company_id, x.body_id, x.state,
                    x.grounds_note, x.filed_at, x.version, d.kind, d.at AS decided_at, d.public_reason, c.number,
                    p.display_name AS company, b.display_name AS body,
                    coalesce(a.programme_version_id,
                             (SELECT v.programme_version_id FROM certificate_version v
                              WHERE v.certificate_id = x.certificate_id ORDER BY v.n DESC LIMIT 1))
                      AS programme_version_id
             FROM appeal x JOIN decision d ON d.id = x.decision_id JOIN party p ON p.id = x.company_id
             JOIN party b ON b.id = x.body_id LEFT JOIN application a ON a.id = x.application_id
             LEFT JOIN certificate c ON c.id = x.certificate_id ",
            $rest
        )
    };
}

/// An appeal with what it is about.
///
/// # Errors
/// When the database refuses.
pub async fn told(db: &mut AnyConnection, id: &AppealId) -> Result<Option<Told>, sqlx::Error> {
    sqlx::query_as(told!("WHERE x.id = $1")).bind(id).fetch_optional(db).await
}

/// The appeals against a body's decisions: those under way first, then the others, the last first.
///
/// # Errors
/// When the database refuses.
pub async fn against_body(
    db: &mut AnyConnection,
    body: &PartyId,
    limit: i64,
) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query_as(told!(
        "WHERE x.body_id = $1
         ORDER BY CASE WHEN x.state IN ('filed', 'admitted', 'panel') THEN x.id END NULLS LAST, x.id DESC LIMIT $2"
    ))
    .bind(body)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The appeals that wait for an account's word, as a member of their panels, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn to_hear(
    db: &mut AnyConnection,
    account: &AccountId,
) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query_as(told!(
        "WHERE x.state = 'panel' AND EXISTS (
           SELECT 1 FROM appeal_panel m WHERE m.appeal_id = x.id AND m.account_id = $1
           AND m.round = (SELECT max(round) FROM appeal_panel WHERE appeal_id = x.id))
         AND EXISTS (SELECT 1 FROM membership m WHERE m.account_id = $1 AND m.party_id = x.body_id
                     AND m.ended_at IS NULL AND m.accepted_at IS NOT NULL AND m.role IN ('decision_maker', 'reviewer'))
         ORDER BY x.id"
    ))
    .bind(account)
    .fetch_all(db)
    .await
}

/// A company's appeals, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_company(
    db: &mut AnyConnection,
    company: &PartyId,
) -> Result<Vec<Appeal>, sqlx::Error> {
    sqlx::query_as(select!("WHERE company_id = $1 ORDER BY id")).bind(company).fetch_all(db).await
}

/// The company that an appeal is of, which never changes.
///
/// # Errors
/// When the database refuses.
pub async fn company(
    db: &mut AnyConnection,
    id: &AppealId,
) -> Result<Option<PartyId>, sqlx::Error> {
    sqlx::query_scalar("SELECT company_id FROM appeal WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The appeals that an account has to do with: its companies', its bodies' (as quality manager or auditor), and those
/// that it hears.
///
/// # Errors
/// When the database refuses.
pub async fn of_account(
    db: &mut AnyConnection,
    account: &AccountId,
    after: &str,
    limit: i64,
) -> Result<Vec<Appeal>, sqlx::Error> {
    sqlx::query_as(select!(
        "WHERE id > $2 AND (
           company_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL
                          AND accepted_at IS NOT NULL AND role = 'applicant')
           OR body_id IN (SELECT party_id FROM membership WHERE account_id = $1 AND ended_at IS NULL
                          AND accepted_at IS NOT NULL AND role IN ('quality_manager', 'auditor'))
           OR EXISTS (SELECT 1 FROM appeal_panel p WHERE p.appeal_id = appeal.id AND p.account_id = $1
                      AND p.round = (SELECT max(round) FROM appeal_panel WHERE appeal_id = appeal.id)
                      AND EXISTS (SELECT 1 FROM membership m WHERE m.account_id = $1 AND m.party_id = appeal.body_id
                                  AND m.ended_at IS NULL AND m.accepted_at IS NOT NULL
                                  AND m.role IN ('decision_maker', 'reviewer'))))
         ORDER BY id LIMIT $3"
    ))
    .bind(account)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The appeals against each of an application's or a certificate's decisions that were not rejected, newest last:
/// decision, appeal.
///
/// # Errors
/// When the database refuses.
pub async fn against(
    db: &mut AnyConnection,
    affair: &str,
) -> Result<Vec<(DecisionId, AppealId)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT decision_id, id FROM appeal WHERE (application_id = $1 OR certificate_id = $1) AND state <> 'rejected'
         ORDER BY id",
    )
    .bind(affair)
    .fetch_all(db)
    .await
}

/// The appeal that last brought an application back to its decision.
///
/// # Errors
/// When the database refuses.
pub async fn that_reopened(
    db: &mut AnyConnection,
    application: &ApplicationId,
) -> Result<Option<AppealId>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT id FROM appeal WHERE application_id = $1 AND state IN ('overturned', 'remitted') ORDER BY id DESC LIMIT 1",
    )
    .bind(application)
    .fetch_optional(db)
    .await
}

/// Moves an appeal and appends the event; gives its new version.
///
/// # Errors
/// [`UpdateError::Stale`] when it was changed since it was read.
pub async fn advance(
    tx: &mut AnyConnection,
    appeal: &Appeal,
    to: AppealState,
    transition: &Transition<'_>,
) -> Result<i64, UpdateError> {
    let done = sqlx::query(
        "UPDATE appeal SET state = $3, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(&appeal.id)
    .bind(appeal.version)
    .bind(to.as_str())
    .execute(&mut *tx)
    .await?;
    let version = claimed(done.rows_affected(), appeal.version)?;
    let insert = insert_event!("appeal");
    append_event(tx, insert, appeal.id.as_str(), to.as_str(), transition).await?;
    Ok(version)
}

/// An appeal's moves, oldest first: event, state, reason, time.
///
/// # Errors
/// When the database refuses.
pub async fn events(
    db: &mut AnyConnection,
    id: &AppealId,
) -> Result<Vec<(String, String, Option<NoteId>, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT event, to_state, reason_note, at FROM appeal_event WHERE appeal_id = $1 ORDER BY seq")
        .bind(id)
        .fetch_all(db)
        .await
}

/// Names a panel in place of the one before.
///
/// # Errors
/// When the database refuses.
pub async fn name_panel(
    tx: &mut AnyConnection,
    id: &AppealId,
    members: &[AccountId],
) -> Result<(), sqlx::Error> {
    let round: i64 = sqlx::query_scalar(
        "SELECT CAST(coalesce(max(round), 0) + 1 AS BIGINT) FROM appeal_panel WHERE appeal_id = $1",
    )
    .bind(id)
    .fetch_one(&mut *tx)
    .await?;
    for member in members {
        sqlx::query("INSERT INTO appeal_panel (appeal_id, round, account_id) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(round)
            .bind(member)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Who hears an appeal, with names.
///
/// # Errors
/// When the database refuses.
pub async fn panel(
    db: &mut AnyConnection,
    id: &AppealId,
) -> Result<Vec<(AccountId, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT p.account_id, a.name FROM appeal_panel p JOIN account a ON a.id = p.account_id
         WHERE p.appeal_id = $1 AND p.round = (SELECT max(round) FROM appeal_panel WHERE appeal_id = $1)
         ORDER BY p.account_id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// The appeal as the subject of an act: its parties and who hears it.
///
/// # Errors
/// When the database refuses.
pub async fn subject(db: &mut AnyConnection, appeal: &Appeal) -> Result<Subject, sqlx::Error> {
    Ok(subject_with(appeal, &panel(db, &appeal.id).await?))
}

/// The same, with the panel at hand.
#[must_use]
pub fn subject_with(appeal: &Appeal, panel: &[(AccountId, String)]) -> Subject {
    Subject {
        company: Some(appeal.company_id.clone()),
        body: Some(appeal.body_id.clone()),
        panel: panel.iter().map(|(account, _)| account.clone()).collect(),
        ..Subject::default()
    }
}
