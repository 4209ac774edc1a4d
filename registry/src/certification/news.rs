//! Who is told by mail of what happened. Each function belongs into the transaction of its event.
//!
//! Nobody is told what they may not read: no reason, no finding, no outcome, only that the page has something new.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::ids::{AppealId, AssignmentId, ComplaintId, DecisionId};
use super::rules::dates::Zone;
use super::store::applications::{self, Application};
use super::store::assessments::Assessment;
use super::store::certificates::Certificate;
use super::store::expiry::Ending;
use crate::platform::app::App;
use crate::platform::authorisation::{Role, Task};
use crate::platform::id::{AccountId, MembershipId, PartyId};
use crate::platform::mail::{self, Facts, Kind, News};

/// Where one's own desk is.
const DESK: &str = "/desk";

fn page_of(application: &Application) -> String {
    format!("/desk/applications/{}", application.id)
}

fn public_page(certificate: &Certificate) -> String {
    format!("/certificates/{}", certificate.number)
}

/// Tells somebody that they are invited to act for a party.
///
/// # Errors
/// When the database refuses.
pub async fn invited(
    tx: &mut AnyConnection,
    app: &App,
    (membership, account): (&MembershipId, &AccountId),
    party: &PartyId,
    role: Role,
) -> Result<(), sqlx::Error> {
    let facts = Facts { role: Some(role), ..Facts::default() };
    let (about, path) = (membership.to_string(), DESK.to_owned());
    let news = News { kind: Kind::Invited, about, path, party: Some(party), facts };
    mail::tell(tx, app, std::slice::from_ref(account), &news).await
}

/// Tells somebody that they are given a task.
///
/// # Errors
/// When the database refuses.
pub async fn task_given(
    tx: &mut AnyConnection,
    app: &App,
    application: &Application,
    (assignment, account): (&AssignmentId, &AccountId),
    task: Task,
) -> Result<(), sqlx::Error> {
    let news = News {
        kind: Kind::TaskGiven,
        about: assignment.to_string(),
        path: page_of(application),
        party: Some(&application.company_id),
        facts: Facts { task: Some(task), ..Facts::default() },
    };
    mail::tell(tx, app, std::slice::from_ref(account), &news).await
}

/// News of an application, once for each of its versions.
fn of_application(application: &Application, kind: Kind) -> News<'_> {
    News {
        kind,
        about: format!("{}/{}", application.id, application.version),
        path: page_of(application),
        party: Some(&application.company_id),
        facts: Facts::default(),
    }
}

/// Tells those who act for the company of its application: that it was given back, taken on, declined, decided.
/// `application` is as it was before.
///
/// # Errors
/// When the database refuses.
pub async fn applicants(
    tx: &mut AnyConnection,
    app: &App,
    application: &Application,
    kind: Kind,
) -> Result<(), sqlx::Error> {
    let receivers = mail::holders(tx, &application.company_id, Role::Applicant).await?;
    mail::tell(tx, app, &receivers, &of_application(application, kind)).await
}

/// Tells the company that its assessment has findings. `assessment` is as it was before.
///
/// # Errors
/// When the database refuses.
pub async fn findings_issued(
    tx: &mut AnyConnection,
    app: &App,
    application: &Application,
    assessment: &Assessment,
) -> Result<(), sqlx::Error> {
    let receivers = mail::holders(tx, &application.company_id, Role::Applicant).await?;
    let about = format!("{}/{}", assessment.id, assessment.version);
    let news = News { about, ..of_application(application, Kind::FindingsIssued) };
    mail::tell(tx, app, &receivers, &news).await
}

/// Those who have a task on an application.
async fn with_task(
    db: &mut AnyConnection,
    application: &Application,
    task: Task,
) -> Result<Vec<AccountId>, sqlx::Error> {
    let all = applications::assignments(db, &application.id).await?;
    Ok(all.into_iter().filter(|row| row.task == task).map(|row| row.account_id).collect())
}

/// Tells the lead assessor that the company answers its findings: once a day, since it answers them one by one.
///
/// # Errors
/// When the database refuses.
pub async fn answers_given(
    tx: &mut AnyConnection,
    app: &App,
    application: &Application,
    assessment: &Assessment,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let receivers = with_task(tx, application, Task::Lead).await?;
    let about = format!("{}/{}", assessment.id, now.strftime("%Y-%m-%d"));
    let path = format!("/desk/assessments/{}", assessment.id);
    let news = News { about, path, ..of_application(application, Kind::AnswersGiven) };
    mail::tell(tx, app, &receivers, &news).await
}

/// Tells the decision maker that an application waits for them. `application` is as it was before.
///
/// # Errors
/// When the database refuses.
pub async fn recommended(
    tx: &mut AnyConnection,
    app: &App,
    application: &Application,
) -> Result<(), sqlx::Error> {
    let receivers = with_task(tx, application, Task::Decider).await?;
    mail::tell(tx, app, &receivers, &of_application(application, Kind::Recommended)).await
}

/// Tells a body's quality managers of something that they are to acknowledge.
async fn to_acknowledge(
    tx: &mut AnyConnection,
    app: &App,
    body: &PartyId,
    kind: Kind,
    about: String,
) -> Result<(), sqlx::Error> {
    let receivers = mail::holders(tx, body, Role::QualityManager).await?;
    let (path, facts) = (DESK.to_owned(), Facts::default());
    mail::tell(tx, app, &receivers, &News { kind, about, path, party: Some(body), facts }).await
}

/// Tells a body's quality managers that somebody complains.
///
/// # Errors
/// When the database refuses.
pub async fn complaint_filed(
    tx: &mut AnyConnection,
    app: &App,
    body: &PartyId,
    complaint: &ComplaintId,
) -> Result<(), sqlx::Error> {
    to_acknowledge(tx, app, body, Kind::ComplaintFiled, complaint.to_string()).await
}

/// Tells a body's quality managers that a company appeals.
///
/// # Errors
/// When the database refuses.
pub async fn appeal_filed(
    tx: &mut AnyConnection,
    app: &App,
    body: &PartyId,
    appeal: &AppealId,
) -> Result<(), sqlx::Error> {
    to_acknowledge(tx, app, body, Kind::AppealFiled, appeal.to_string()).await
}

/// Tells the holder that its certificate is suspended, and until when at the latest.
///
/// # Errors
/// When the database refuses.
pub async fn suspended(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &Certificate,
    decision: &DecisionId,
    (zone, until): (&Zone, Timestamp),
) -> Result<(), sqlx::Error> {
    let receivers = mail::holders(tx, &certificate.company_id, Role::Applicant).await?;
    let news = of_certificate(certificate, Kind::Suspended, decision.to_string(), zone, until);
    mail::tell(tx, app, &receivers, &news).await
}

fn of_certificate<'a>(
    certificate: &'a Certificate,
    kind: Kind,
    about: String,
    zone: &Zone,
    until: Timestamp,
) -> News<'a> {
    let number = Some(certificate.number.clone());
    News {
        kind,
        about,
        path: public_page(certificate),
        party: Some(&certificate.company_id),
        facts: Facts { number, day: Some(zone.day(until)), ..Facts::default() },
    }
}

/// Tells the holder and its body's quality managers that a certificate is going to expire.
///
/// # Errors
/// When the database refuses.
pub async fn expiring(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &Certificate,
    ending: &Ending,
    days: u32,
    (zone, until): (&Zone, Timestamp),
) -> Result<(), sqlx::Error> {
    let receivers = both_sides(tx, &certificate.company_id, &certificate.body_id).await?;
    let about = format!("{}/{days}", ending.version_id);
    let news = of_certificate(certificate, Kind::Expiring, about, zone, until);
    mail::tell(tx, app, &receivers, &news).await
}

/// Tells the company and its body's quality managers that an application is idle, and when it lapses if it stays so.
///
/// # Errors
/// When the database refuses.
pub async fn idle(
    tx: &mut AnyConnection,
    app: &App,
    application: &Application,
    (zone, lapses): (&Zone, Timestamp),
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let receivers = both_sides(tx, &application.company_id, &application.body_id).await?;
    let about = format!("{}/{}", application.id, now.as_millisecond());
    let facts = Facts { day: Some(zone.day(lapses)), ..Facts::default() };
    let news = News { about, facts, ..of_application(application, Kind::Idle) };
    mail::tell(tx, app, &receivers, &news).await
}

/// Those who act for a company, and those who run its body's process.
async fn both_sides(
    db: &mut AnyConnection,
    company: &PartyId,
    body: &PartyId,
) -> Result<Vec<AccountId>, sqlx::Error> {
    let mut all = mail::holders(db, company, Role::Applicant).await?;
    all.extend(mail::holders(db, body, Role::QualityManager).await?);
    Ok(all)
}
