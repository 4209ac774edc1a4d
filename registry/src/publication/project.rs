//! From what certification and issuance hold to what the public reads.

use akashi_verifier::credential::Credential as Payload;
use akashi_verifier::status::Purpose;
use jiff::Timestamp;
use sqlx::AnyConnection;

use super::changes::{self, Change};
use super::rules::document::{Credential, CredentialState, Event, Facts, Sources};
use super::rules::place::region_key;
use super::rules::search::{Index, key};
use super::store::{self, PublicCertificate};
use crate::certification::rules::certificate::standing;
use crate::certification::store::{certificates, facilities, parties};
use crate::issuance::{self, CredentialRow};
use crate::log;
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::db::engine::Lock;
use crate::platform::jobs::{self, JobKind};
use crate::platform::problem::Problem;

/// Shows the public a certificate that has changed, and tells of it in the feed of changes: both reflect the
/// log up to its last numbered leaf, whose lock the caller holds. Nothing while no credential of it is released.
///
/// # Errors
/// [`Problem::NotFound`]; when the database refuses.
pub async fn project(tx: &mut AnyConnection, app: &App, certificate: &str) -> Result<(), Problem> {
    match write(tx, app, certificate).await? {
        Some(change) => changes::tell(tx, app, &change).await,
        None => Ok(()),
    }
}

/// Writes what the public reads of a certificate; gives what there is to tell of it, if that is new.
async fn write(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &str,
) -> Result<Option<Change>, Problem> {
    let record =
        certificates::by_text_id(tx, certificate).await?.ok_or(Problem::NotFound("certificate"))?;
    let all = issuance::credentials_of(tx, certificate).await?;
    let is_released = |row: &&CredentialRow| row.state == issuance::CredentialState::Released;
    let released: Vec<_> = all.iter().filter(is_released).cloned().collect();
    let Some(current) = released.last() else { return Ok(None) };
    let payload: Payload = serde_json::from_slice(&current.payload).map_err(Problem::internal)?;
    if standing(record.state, payload.valid_until, app.clock.now()).is_none() {
        return Ok(None);
    }
    let holder = parties::get(tx, &record.company_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let sources = Sources {
        payload: &payload,
        country: holder.country.clone(),
        kinds: facilities::kinds(tx, &current.certificate_version_id)
            .await?
            .into_iter()
            .map(|(id, kind)| (app.origin.url(&format!("/facilities/{id}")), kind))
            .collect(),
        credentials: credentials(tx, certificate, &released).await?,
        history: history(tx, &record, &all).await?,
    };
    let broken =
        || Problem::internal(anyhow::anyhow!("the payload of {} is incomplete", current.id));
    let facts = Facts::of(sources).ok_or_else(broken)?;
    let index = index(tx, &holder, &facts.holder.name, &current.certificate_version_id).await?;
    let leaf = log::size(tx).await?.saturating_sub(1);
    let row = row(&record, &facts, leaf)?;
    let before = store::get(tx, &row.number).await?;
    store::put(tx, &row, &index).await?;
    // Shown as it was, at a later leaf: a job that is tried again tells nobody twice.
    let is_new = before.is_none_or(|before| (before.state, before.json) != (row.state, row.json));
    let (number, state) = (row.number, row.state);
    Ok(is_new.then(|| Change { number, credential_id: current.id.clone(), state, leaf }))
}

fn row(
    record: &certificates::Certificate,
    facts: &Facts,
    leaf: u64,
) -> Result<PublicCertificate, Problem> {
    Ok(PublicCertificate {
        number: record.number.clone(),
        id: record.id.to_string(),
        holder: facts.holder.name.clone(),
        programme: facts.programme.id.clone(),
        country: facts.holder.country.clone(),
        state: record.state,
        level: facts.level.clone(),
        valid_until: facts.valid_until.as_millisecond(),
        json: serde_json::to_string(facts).map_err(Problem::internal)?,
        leaf: i64::try_from(leaf).map_err(Problem::internal)?,
    })
}

/// What a certificate is found by: every name and identifier of its holder, of a sole proprietor only the name that is
/// shown; and the regions of its facilities and the holder's municipality. Addresses are not searched: where workers
/// live must not be guessed street by street.
async fn index(
    db: &mut AnyConnection,
    holder: &parties::Party,
    shown: &str,
    version: &str,
) -> Result<Index, Problem> {
    let mut names = vec![("shown".to_owned(), shown.to_owned())];
    if holder.sole_proprietor == 0 {
        names.push(("current".to_owned(), holder.display_name.clone()));
        names.extend(parties::names(db, &holder.id).await?);
        let identifiers = parties::identifiers(db, &holder.id).await?;
        names.extend(identifiers.into_iter().map(|(_, value)| ("identifier".to_owned(), value)));
    }
    let regions = facilities::regions(db, version).await?;
    let municipality = holder.municipality.iter().map(|name| key(name));
    let places = regions.iter().map(|code| region_key(code)).chain(municipality);
    Ok(Index::of(names, places.filter(|place| !place.is_empty())))
}

async fn credentials(
    db: &mut AnyConnection,
    certificate: &str,
    released: &[CredentialRow],
) -> Result<Vec<Credential>, Problem> {
    let bits = issuance::status_bits(db, certificate).await?;
    let credential = |row: &CredentialRow| {
        let payload: Payload = serde_json::from_slice(&row.payload).map_err(Problem::internal)?;
        let of_it = bits.iter().filter(|(credential, _)| *credential == row.id);
        let set: Vec<Purpose> = of_it.map(|(_, purpose)| *purpose).collect();
        Ok(Credential {
            id: row.id.clone(),
            version: payload.credential_subject.certificate_version,
            state: CredentialState::of(&set),
        })
    };
    released.iter().map(credential).collect()
}

/// What happened, as far as the public may know: that a version was made, once a credential of it is out.
async fn history(
    db: &mut AnyConnection,
    record: &certificates::Certificate,
    credentials: &[CredentialRow],
) -> Result<Vec<Event>, Problem> {
    let is_out = |id: &String| {
        let made = credentials.iter().find(|row| row.id == *id);
        let version = made.map(|row| &row.certificate_version_id);
        let of_it = credentials.iter().filter(|row| Some(&row.certificate_version_id) == version);
        of_it.into_iter().any(|row| row.state == issuance::CredentialState::Released)
    };
    let mut history = Vec::new();
    for event in certificates::events(db, &record.id).await? {
        if event.kind.gives() && !event.credential_id.as_ref().is_some_and(is_out) {
            continue;
        }
        let leaf = match event.leaf_ord {
            Some(ord) => log::number_of(db, ord).await?,
            None => None,
        };
        history.push(Event {
            at: whole_second(event.at),
            effective_at: whole_second(event.effective_at),
            kind: event.kind.to_string(),
            reason: event.public_reason,
            leaf,
        });
    }
    Ok(history)
}

/// The second that a moment lies in: what the public reads carries no fractions.
fn whole_second(ms: i64) -> Timestamp {
    instant(ms.div_euclid(1000) * 1000)
}

/// Makes anew, in one transaction, all that the public reads of certificates; gives how many there are.
///
/// Nobody is told of what was public and is as it was. What a job has yet to make public is made public here, and so told
/// here: the job finds nothing new then.
///
/// # Errors
/// [`Problem::Busy`] while leaves arrive faster than they are numbered; when the database refuses.
pub async fn rebuild(app: &App) -> Result<usize, Problem> {
    while log::sequence(app).await?.is_some() {}
    let mut tx = app.db.write().await?;
    app.db.engine().lock(&mut tx, Lock::Log).await?;
    if log::waiting(&mut tx).await? {
        return Err(Problem::Busy);
    }
    store::clear(&mut tx).await?;
    let mut shown = 0;
    for certificate in certificates::all(&mut tx).await? {
        let Some(change) = write(&mut tx, app, certificate.as_str()).await? else { continue };
        shown += 1;
        if jobs::is_open(&mut tx, JobKind::Publish, certificate.as_str()).await? {
            changes::tell(&mut tx, app, &change).await?;
        }
    }
    tx.commit().await?;
    Ok(shown)
}
