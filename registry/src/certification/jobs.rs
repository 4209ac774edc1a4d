//! What time alone brings about: idle applications are warned of, and lapse; when a suspension is over, withdrawal is
//! proposed; that a certificate is going to expire is announced.
//!
//! What is due is asked of the rules at every look, from what the database says, so that it does not matter how
//! often the registry looks, in how many processes, or for how long it stood still.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::file::{self, File};
use super::ids::{ApplicationId, CertificateId};
use super::news;
use super::rules::application::{ApplicationEvent, ApplicationStep, next};
use super::rules::certificate::withdrawal_is_due;
use super::rules::expiry as expiry_rule;
use super::rules::idleness::{Due, Idle, first_warning_days};
use super::store::applications::{self, Application};
use super::store::expiry::{self, Ending};
use super::store::{certificates, idleness, suspensions};
use crate::platform::app::App;
use crate::platform::audit;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::clock::instant;
use crate::platform::hold;
use crate::platform::problem::Problem;

/// How many applications are read at a time.
const PAGE: i64 = 100;

/// How many applications one look warns of or lets lapse, at most: other jobs are not kept waiting.
const LOOK: usize = 200;

/// Warns of every application that is idle for long enough, and lets those lapse that were warned of twice. Each is
/// a transaction of its own, and one that fails keeps no other from its turn. Gives whether it stopped early, with
/// more to do.
///
/// # Errors
/// When the database refuses: the last of the failures, once all had their turn.
pub async fn lapse_idle(app: &App) -> Result<bool, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let (mut left, mut outcome) = (LOOK, Ok(false));
    for programme in idleness::programmes(&mut db).await? {
        let lapse_days = file::programme(&mut db, &programme).await?.rules.application_lapse_days;
        let since = days_before(app.clock.now(), first_warning_days(lapse_days));
        let mut after = String::new();
        loop {
            let page = idleness::unmoved(&mut db, &programme, since, &after, PAGE).await?;
            for id in &page {
                if left == 0 {
                    return outcome.map(|_| true);
                }
                match act_if_due(app, &mut db, id, lapse_days).await {
                    Ok(acted) => left -= usize::from(acted),
                    Err(problem) => {
                        tracing::error!(application = id.as_str(), "an idle application failed");
                        outcome = Err(problem);
                    }
                }
            }
            match page.last() {
                Some(last) if i64::try_from(page.len()) == Ok(PAGE) => after = last.to_string(),
                _ => break,
            }
        }
    }
    outcome
}

async fn act_if_due(
    app: &App,
    db: &mut AnyConnection,
    id: &ApplicationId,
    lapse_days: u32,
) -> Result<bool, Problem> {
    match idle(db, id, lapse_days).await?.due(app.clock.now()) {
        Some(_) => act(app, id, lapse_days).await,
        None => Ok(false),
    }
}

/// A time some days before another, in milliseconds.
fn days_before(now: Timestamp, days: u32) -> i64 {
    let days = SignedDuration::from_hours(i64::from(days) * 24);
    now.checked_sub(days).unwrap_or(Timestamp::MIN).as_millisecond()
}

/// Does what is due for an application, if it still is once nobody else can move it.
async fn act(app: &App, id: &ApplicationId, lapse_days: u32) -> Result<bool, Problem> {
    let mut tx = app.db.write().await?;
    let Some(company) = applications::company(&mut tx, id).await? else { return Ok(false) };
    hold::party(&mut tx, &company).await?;
    let Some(application) = applications::get(&mut tx, id).await? else { return Ok(false) };
    let state = application.state;
    if !state.is_under_way() {
        return Ok(false);
    }
    let idle = idle(&mut tx, id, lapse_days).await?;
    let now = app.clock.now();
    match idle.due(now) {
        None => return Ok(false),
        Some(Due::Warning) => {
            let event = ApplicationEvent::Warn.as_str();
            idleness::append(&mut tx, id, event, state, now).await?;
            let programme = file::programme(&mut tx, &application.programme_version_id).await?;
            let zone = file::zone(&programme)?;
            let mut warned = idle;
            warned.warned.push(now);
            news::idle(&mut tx, app, &application, (&zone, warned.lapses()), now).await?;
            record(&mut tx, app, Action::WarnApplication, &application).await?;
        }
        Some(Due::Lapse) => {
            let step = ApplicationStep::Lapse(idle.idleness(now));
            let to = next(state, &step)?;
            idleness::advance(&mut tx, id, to, now).await?;
            idleness::append(&mut tx, id, step.event().as_str(), to, now).await?;
            record(&mut tx, app, Action::LapseApplication, &application).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// Writes into the audit trail what becomes of an application by itself.
async fn record(
    tx: &mut AnyConnection,
    app: &App,
    action: Action,
    application: &Application,
) -> Result<(), sqlx::Error> {
    let affair = Subject {
        company: Some(application.company_id.clone()),
        body: Some(application.body_id.clone()),
        ..Subject::default()
    };
    let subject = format!("application {}", application.id);
    audit::by_registry(tx, app, action, &affair, &subject).await
}

async fn idle(
    db: &mut AnyConnection,
    id: &ApplicationId,
    lapse_days: u32,
) -> Result<Idle, sqlx::Error> {
    let since = idleness::touched_at(db, id).await?;
    let warned = idleness::warned_at(db, id, since).await?;
    Ok(Idle {
        since: instant(since),
        warned: warned.into_iter().map(instant).collect(),
        lapse_days,
    })
}

/// When an application lapses, at the earliest, if nobody does anything about it: known once it was warned of.
///
/// # Errors
/// When the database refuses.
pub async fn lapses_at(db: &mut AnyConnection, file: &File) -> Result<Option<Timestamp>, Problem> {
    if !file.application.state.is_under_way() {
        return Ok(None);
    }
    let lapse_days = file.programme.rules.application_lapse_days;
    let idle = idle(db, &file.application.id, lapse_days).await?;
    Ok((!idle.warned.is_empty()).then(|| idle.lapses()))
}

/// Proposes to withdraw the certificates whose suspension is over: their decision makers read it in the record, and
/// nothing else changes. Each is a transaction of its own. Gives whether it stopped early, with more to do.
///
/// # Errors
/// When the database refuses.
pub async fn propose_withdrawals(app: &App) -> Result<bool, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let over = suspensions::over(&mut db, app.clock.now(), PAGE).await?;
    drop(db);
    for certificate in &over {
        propose_withdrawal(app, certificate).await?;
    }
    Ok(i64::try_from(over.len()) == Ok(PAGE))
}

/// Proposes to withdraw a certificate, if its suspension is over once nobody else can move it.
async fn propose_withdrawal(app: &App, id: &CertificateId) -> Result<(), Problem> {
    let mut tx = app.db.write().await?;
    let Some(certificate) = certificates::get(&mut tx, id).await? else { return Ok(()) };
    hold::party(&mut tx, &certificate.company_id).await?;
    let Some(certificate) = certificates::get(&mut tx, id).await? else { return Ok(()) };
    let Some(term) = suspensions::last(&mut tx, id).await? else { return Ok(()) };
    let now = app.clock.now();
    let due = withdrawal_is_due(certificate.state, instant(term.until_at), now);
    if !due || term.proposed_at.is_some() {
        return Ok(());
    }
    suspensions::propose(&mut tx, &term.decision_id, now).await?;
    let (action, affair) = (Action::ProposeWithdrawal, certificate.subject());
    let subject = format!("certificate {}", certificate.number);
    audit::by_registry(&mut tx, app, action, &affair, &subject).await?;
    Ok(tx.commit().await?)
}

/// Announces that certificates are going to expire: each notice of an end once, and of several that are due the latest.
/// Each is a transaction of its own. Gives whether it stopped early, with more to do.
///
/// # Errors
/// When the database refuses.
pub async fn announce_expiry(app: &App) -> Result<bool, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let now = app.clock.now();
    let span = (now, expiry_rule::horizon(now));
    let (mut left, mut after) = (LOOK, String::new());
    loop {
        let page = expiry::ending(&mut db, span, &after, PAGE).await?;
        for ending in page.iter().filter(|ending| notice(ending, now).is_some()) {
            if left == 0 {
                return Ok(true);
            }
            announce(app, &ending.certificate_id).await?;
            left -= 1;
        }
        match page.last() {
            Some(last) if i64::try_from(page.len()) == Ok(PAGE) => {
                after = last.certificate_id.to_string();
            }
            _ => return Ok(false),
        }
    }
}

/// The notice that is due of an end.
fn notice(ending: &Ending, now: Timestamp) -> Option<u32> {
    let told = ending.told.and_then(|days| u32::try_from(days).ok());
    expiry_rule::due(instant(ending.valid_until), now, told)
}

/// Announces the end of a certificate, if that is still due once nobody else can move it.
async fn announce(app: &App, id: &CertificateId) -> Result<(), Problem> {
    let mut tx = app.db.write().await?;
    let Some(certificate) = certificates::get(&mut tx, id).await? else { return Ok(()) };
    hold::party(&mut tx, &certificate.company_id).await?;
    let now = app.clock.now();
    let Some(ending) = expiry::end_of(&mut tx, id).await? else { return Ok(()) };
    let Some(days) = notice(&ending, now) else { return Ok(()) };
    let version = certificates::latest_version(&mut tx, id).await?;
    let programme = file::programme(&mut tx, &version.programme_version_id).await?;
    let end = (&file::zone(&programme)?, instant(ending.valid_until));
    expiry::note(&mut tx, &ending.version_id, days, now).await?;
    news::expiring(&mut tx, app, &certificate, &ending, days, end).await?;
    Ok(tx.commit().await?)
}
