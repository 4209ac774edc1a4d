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
use crate::certification::store::parties::{Party, PartyKind};
use crate::certification::store::{applications, certificates, facilities, parties};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys;
use crate::platform::id::{PartyId, uuid_v7};
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

/// Currencies without a smaller unit (ISO 4217); of others the amount is in hundredths.
const WHOLE: [&str; 3] = ["JPY", "KRW", "VND"];

impl Fee {
    /// For what.
    pub(crate) fn item(&self) -> &str {
        &self.item
    }

    /// The amount as people read it: `150,000 JPY`, `1,200.50 EUR`.
    pub(crate) fn shown(&self) -> String {
        let digits = if WHOLE.contains(&&*self.currency) { 0 } else { 2 };
        let unit = 10_u64.pow(digits);
        let mut whole = (self.amount / unit).to_string();
        for place in (1..whole.len())
            .rev()
            .filter(|place| (whole.len() - place).is_multiple_of(3))
            .collect::<Vec<_>>()
        {
            whole.insert(place, ',');
        }
        match digits {
            0 => format!("{whole} {}", self.currency),
            _ => format!("{whole}.{:02} {}", self.amount % unit, self.currency),
        }
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
    if let Some(name) = body.name {
        if !name_ok(&name) {
            return Err(Problem::invalid("/name", NAME));
        }
        names_may_change(&mut act.tx, &id).await?;
        let former = std::mem::replace(&mut party.display_name, name.trim().to_owned());
        let (row, kind) = (uuid_v7(act.now, &*app.rng), NameKind::Former.as_str());
        parties::add_name(&mut act.tx, &row, &id, kind, &former, act.now).await?;
        if party.kind == PartyKind::Company {
            rename_whole(&mut act, &party).await?;
        }
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
    party.municipality = body.municipality.or(party.municipality);
    party.publish_consent = body.publish_consent.map_or(party.publish_consent, i64::from);
    if !party.may_be_shown() {
        holds_no_certificate(&mut act.tx, &id).await?;
    }
    let version = parties::update(&mut act.tx, &party).await?;
    act.commit(StatusCode::OK, &Written::new(id, version)).await
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
    let under_way = applications::under_way(db, party).await?;
    let held = certificates::of_company(db, party).await?;
    let applications = under_way
        .iter()
        .filter(|application| application.state != ApplicationState::Draft)
        .map(|a| serde_json::json!({ "code": "application_under_way", "application": a.id }));
    let certificates = held
        .iter()
        .filter(|certificate| !certificate.state.has_ended())
        .map(|certificate| serde_json::json!({ "code": "certificate_held", "certificate": certificate.number }));
    let missing: Vec<_> = applications.chain(certificates).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::Incomplete { event: "rename".into(), missing })
    }
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
