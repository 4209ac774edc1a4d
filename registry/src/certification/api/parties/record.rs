//! A party's record: read and changed.

use akashi_schemas::FacilityKind;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::registration::NameKind;
use super::{NAME, name_ok, reading};
use crate::certification::api::{Written, check_version};
use crate::certification::rules::application::ApplicationState;
use crate::certification::rules::certificate::CertificateState;
use crate::certification::rules::fee;
use crate::certification::store::parties::{Party, PartyKind};
use crate::certification::store::{applications, certificates, facilities, parties};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys;
use crate::platform::id::{PartyId, uuid_v7};
use crate::platform::jobs::{self, JobKind};
use crate::platform::paging::{After, PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, change))
}

/// A party's record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartyView {
    id: PartyId,
    kind: PartyKind,
    slug: Option<String>,
    name: String,
    names: Vec<NameView>,
    country: String,
    municipality: Option<String>,
    identifiers: Vec<IdentifierView>,
    sole_proprietor: bool,
    publish_consent: bool,
    /// A body's terms of certification.
    terms: Option<Terms>,
    /// When its texts and files were erased.
    erased_at: Option<String>,
    version: i64,
}

/// A name as kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NameView {
    kind: String,
    name: String,
}

/// An identifier as kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentifierView {
    scheme: String,
    value: String,
}

/// A body's terms of certification: what a company accepts before it is assessed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// The version of the terms, as the body calls it.
    pub(crate) version: String,
    /// The fees.
    pub(crate) fees: Vec<Fee>,
}

impl Terms {
    /// The terms that a party has.
    pub(crate) fn of(party: &Party) -> Result<Option<Self>, Problem> {
        let terms = party.terms.as_deref().map(serde_json::from_str);
        terms.transpose().map_err(Problem::internal)
    }
}

/// A fee.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fee {
    /// For what.
    item: String,
    /// In the currency's smallest unit.
    amount: u64,
    /// ISO 4217.
    currency: String,
}

impl Fee {
    /// For what.
    pub(crate) fn item(&self) -> &str {
        &self.item
    }

    /// The amount as people read it: `150,000 JPY`, `1,200.50 EUR`.
    pub(crate) fn shown(&self) -> String {
        fee::shown(self.amount, &self.currency)
    }
}

/// The record of an application's company, for those who read the application: a body sees by which name and
/// number it would certify whom.
pub(crate) async fn company_record(
    db: &mut sqlx::AnyConnection,
    company: &PartyId,
) -> Result<PartyView, Problem> {
    let party = parties::get(db, company).await?.ok_or(sqlx::Error::RowNotFound)?;
    view(db, party).await
}

async fn view(db: &mut sqlx::AnyConnection, party: Party) -> Result<PartyView, Problem> {
    let terms = Terms::of(&party)?;
    let names = parties::names(db, &party.id).await?;
    let identifiers = parties::identifiers(db, &party.id).await?;
    let erased_at = data_keys::destroyed_at(db, data_keys::Subject::Party(&party.id)).await?;
    Ok(PartyView {
        id: party.id,
        kind: party.kind,
        slug: party.slug,
        name: party.display_name,
        names: names.into_iter().map(|(kind, name)| NameView { kind, name }).collect(),
        country: party.country,
        municipality: party.municipality,
        identifiers: identifiers
            .into_iter()
            .map(|(scheme, value)| IdentifierView { scheme, value })
            .collect(),
        sole_proprietor: party.sole_proprietor == 1,
        publish_consent: party.publish_consent == 1,
        terms,
        erased_at: erased_at.map(rfc3339),
        version: party.version,
    })
}

/// A party in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartyRow {
    id: PartyId,
    kind: PartyKind,
    name: String,
    country: String,
}

/// The parties that one belongs to; for an operator also all bodies and owners.
#[utoipa::path(get, path = "/api/v1/parties", params(After), tag = "parties",
    responses((status = 200, body = Page<PartyRow>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(after): Query<After>,
) -> Result<Json<Page<PartyRow>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let limit = PAGE_ROWS + 1;
    let rows = if actor.parties(Role::Operator).next().is_some() {
        parties::institutions(&mut db, after.id(), limit).await?
    } else {
        parties::of_account(&mut db, &actor.account, after.id(), limit).await?
    };
    let page = Page::cut(rows, |party| party.id.to_string());
    let row =
        |p: Party| PartyRow { id: p.id, kind: p.kind, name: p.display_name, country: p.country };
    Ok(Json(Page { items: page.items.into_iter().map(row).collect(), next: page.next }))
}

/// A party's record, for those who act for it.
#[utoipa::path(get, path = "/api/v1/parties/{id}", params(("id" = String, Path)), tag = "parties",
    responses((status = 200, body = PartyView), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PartyId>,
) -> Result<Json<PartyView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, &id).await?.ok_or(Problem::NotFound("party"))?;
    // Which bodies there are, and their terms, everyone who may apply needs to know.
    if party.kind != PartyKind::Body {
        actor.authorise(reading(&party), &party.subject(), "party")?;
    }
    Ok(Json(view(&mut db, party).await?))
}

/// What to change of a party; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    version: i64,
    name: Option<String>,
    municipality: Option<String>,
    publish_consent: Option<bool>,
    /// A body's terms of certification.
    terms: Option<Terms>,
}

impl Change {
    /// What it takes: an institution's name, which an operator looked at when it was registered, stays an operator's.
    fn actions(&self, kind: PartyKind) -> Vec<Action> {
        let own =
            self.municipality.is_some() || self.publish_consent.is_some() || self.terms.is_some();
        match (kind, &self.name) {
            (PartyKind::Company | PartyKind::Buyer, _) | (_, None) => vec![Action::ChangeParty],
            (_, Some(_)) if own => vec![Action::RenameInstitution, Action::ChangeParty],
            (_, Some(_)) => vec![Action::RenameInstitution],
        }
    }
}

/// Changes a party's record. A changed name keeps the old one as `former`; a company as a whole, among its facilities,
/// is named with it. An institution is renamed by an operator alone.
#[utoipa::path(patch, path = "/api/v1/parties/{id}", params(("id" = String, Path)), request_body = Change, tag = "parties",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn change(
    State(app): State<App>,
    Path(id): Path<PartyId>,
    write: Write<Change>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    act.hold(&id).await?;
    let mut party = parties::get(&mut act.tx, &id).await?.ok_or(Problem::NotFound("party"))?;
    for action in body.actions(party.kind) {
        act.authorise(action, &party.subject(), "party", id.as_str()).await?;
    }
    check_version(body.version, party.version)?;
    let renamed = body.name.is_some();
    if let Some(name) = body.name {
        names_may_change(&mut act.tx, &id).await?;
        set_name(&mut act, &mut party, &name).await?;
    }
    if let Some(terms) = body.terms {
        if party.kind != PartyKind::Body {
            return Err(Problem::invalid("/terms", "only a certification body has terms"));
        }
        party.terms = Some(serde_json::to_string(&terms).map_err(Problem::internal)?);
    }
    if body.municipality.as_deref().is_some_and(|name| !name_ok(name)) {
        return Err(Problem::invalid("/municipality", NAME));
    }
    // A sole proprietor is shown by trade name and municipality: that is what it is called.
    if party.sole_proprietor != 0 && body.municipality.is_some() {
        names_may_change(&mut act.tx, &id).await?;
    }
    let is_found_anew = renamed || body.municipality.is_some();
    party.municipality = body.municipality.or(party.municipality);
    party.publish_consent = body.publish_consent.map_or(party.publish_consent, i64::from);
    if !party.may_be_shown() {
        holds_no_certificate(&mut act.tx, &id).await?;
    }
    let version = parties::update(&mut act.tx, &party).await?;
    if is_found_anew {
        certificates_are_found_anew(&mut act, &id).await?;
    }
    act.commit(StatusCode::OK, &Written::new(id, version)).await
}

/// The public looks for a company's certificates by its names and places, also those that have ended: they are shown
/// anew, by the job that shows every change.
pub(super) async fn certificates_are_found_anew(
    act: &mut Act<'_>,
    company: &PartyId,
) -> Result<(), Problem> {
    for certificate in certificates::of_company(&mut act.tx, company).await? {
        jobs::add(&mut act.tx, act.app, JobKind::Publish, certificate.id.as_str()).await?;
    }
    Ok(())
}

/// Writes a party's new name into its record, but for its own row: the old one is kept as `former`.
async fn set_name(act: &mut Act<'_>, party: &mut Party, name: &str) -> Result<(), Problem> {
    if !name_ok(name) {
        return Err(Problem::invalid("/name", NAME));
    }
    let former = std::mem::replace(&mut party.display_name, name.trim().to_owned());
    let (row, kind) = (uuid_v7(act.now, &*act.app.rng), NameKind::Former.as_str());
    parties::add_name(&mut act.tx, &row, &party.id, kind, &former, act.now).await?;
    if party.kind == PartyKind::Company {
        rename_whole(act, party).await?;
    }
    Ok(())
}

/// Writes the name by which the public knows a company: of a sole proprietor the trade name.
///
/// # Errors
/// [`Problem::Invalid`] for a name that cannot be shown.
pub(in crate::certification::api) async fn change_name(
    act: &mut Act<'_>,
    company: &mut Party,
    name: &str,
) -> Result<(), Problem> {
    if company.sole_proprietor == 0 {
        return set_name(act, company, name).await;
    }
    if !name_ok(name) {
        return Err(Problem::invalid("/name", NAME));
    }
    let (row, kind) = (uuid_v7(act.now, &*act.app.rng), NameKind::Trade.as_str());
    Ok(parties::add_name(&mut act.tx, &row, &company.id, kind, name.trim(), act.now).await?)
}

/// The organisation as a whole bears its company's name.
async fn rename_whole(act: &mut Act<'_>, company: &Party) -> Result<(), Problem> {
    let own = facilities::of_party(&mut act.tx, &company.id).await?;
    let whole = own.into_iter().find(|facility| facility.kind == FacilityKind::Whole);
    let mut whole = whole.ok_or(sqlx::Error::RowNotFound)?;
    whole.name.clone_from(&company.display_name);
    let fields = serde_json::json!({ "name": whole.name }).to_string();
    let (change, by) = (uuid_v7(act.now, &*act.app.rng), &act.actor.account);
    facilities::update(&mut act.tx, &whole, &change, by, &fields, act.now).await?;
    Ok(())
}

/// What a certificate says of its holder is what was assessed: names and addresses stay as they were handed in
/// until the application is decided, and while a certificate speaks of them.
pub(super) async fn names_may_change(
    db: &mut sqlx::AnyConnection,
    party: &PartyId,
) -> Result<(), Problem> {
    let applications = applied_with(db, party).await?;
    let held = certificates::of_company(db, party).await?;
    let certificates = held
        .iter()
        .filter(|certificate| !certificate.state.has_ended())
        .map(|certificate| serde_json::json!({ "code": "certificate_held", "certificate": certificate.number }));
    none_missing(applications.into_iter().chain(certificates).collect())
}

/// What a company handed in with its names stays as it was until it is decided on, whoever changes them.
///
/// # Errors
/// [`Problem::Incomplete`] with the applications.
pub(in crate::certification::api) async fn is_not_applied_with(
    db: &mut sqlx::AnyConnection,
    party: &PartyId,
) -> Result<(), Problem> {
    none_missing(applied_with(db, party).await?)
}

fn none_missing(missing: Vec<serde_json::Value>) -> Result<(), Problem> {
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::Incomplete { event: "rename".into(), missing })
    }
}

/// The applications that are handed in with a party's names.
async fn applied_with(
    db: &mut sqlx::AnyConnection,
    party: &PartyId,
) -> Result<Vec<serde_json::Value>, Problem> {
    let under_way = applications::under_way(db, party).await?;
    let handed_in = under_way.iter().filter(|a| a.state != ApplicationState::Draft);
    let missing = |id| serde_json::json!({ "code": "application_under_way", "application": id });
    Ok(handed_in.map(|application| missing(&application.id)).collect())
}

/// Who holds a certificate is shown: consent to that can be taken back once it was given up, or while it has no
/// credential that could come out.
async fn holds_no_certificate(
    db: &mut sqlx::AnyConnection,
    party: &PartyId,
) -> Result<(), Problem> {
    let held = certificates::of_company(db, party).await?;
    let missing: Vec<_> = held
        .iter()
        .filter(|held| !held.state.has_ended() && held.state != CertificateState::Voided)
        .map(|certificate| serde_json::json!({ "code": "termination", "certificate": certificate.number }))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::Incomplete { event: "withdraw_consent".into(), missing })
    }
}
