//! Parties, their members and facilities.

use akashi_schemas::FacilityKind;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Written;
use crate::certification::ids::FacilityId;
use crate::certification::rules::certificate::CertificateState;
use crate::certification::rules::identifier::Identifier;
use crate::certification::store::parties::{Party, PartyKind};
use crate::certification::store::{self, applications, certificates, facilities, parties};
use crate::issuance;
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role, Subject};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys;
use crate::platform::id::{AccountId, MembershipId, PartyId, uuid_v7};
use crate::platform::paging::{After, PAGE_ROWS, Page};
use crate::platform::problem::{InvalidMember, Problem, ProblemDetails};
use crate::platform::write::{Act, Nothing, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(get, change))
        .routes(routes!(list_members, add_member))
        .routes(routes!(end_member))
        .routes(routes!(list_facilities, add_facility))
        .routes(routes!(change_facility))
}

/// A name of a party beside the one it is shown by.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Name {
    /// `legal`, `kana`, `roman`, `trade` or `former`.
    kind: NameKind,
    /// The name, in any script.
    name: String,
}

akashi_schemas::text_enum! {
    /// What kind of name a name is.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum NameKind {
        /// As registered.
        Legal = "legal",
        /// In kana.
        Kana = "kana",
        /// In Latin letters.
        Roman = "roman",
        /// As used in trade.
        Trade = "trade",
        /// No longer used.
        Former = "former",
    }
}

/// A party to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    /// `company` or `buyer`, which one will act for; operators also register `body` and `owner`.
    kind: PartyKind,
    /// The name it is shown by.
    name: String,
    /// Further names, by which it is found.
    #[serde(default)]
    names: Vec<Name>,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// The municipality.
    municipality: Option<String>,
    /// Numbers in public registers.
    #[serde(default)]
    identifiers: Vec<Identifier>,
    /// Whether it is one person's business.
    #[serde(default)]
    sole_proprietor: bool,
    /// A sole proprietor's consent to be shown by trade name and municipality.
    #[serde(default)]
    publish_consent: bool,
    /// For a body or owner: the last part of its public address, `a-z`, `0-9` and `-`.
    slug: Option<String>,
    /// For a body or owner: the account that will administer it.
    administrator: Option<String>,
}

impl Register {
    fn check(&self) -> Result<(), Problem> {
        let mut wrong = Vec::new();
        let mut need = |holds: bool, place: &str, detail: &str| {
            if !holds {
                wrong.push(InvalidMember::new(place, detail));
            }
        };
        need(name_ok(&self.name), "/name", NAME);
        for (i, name) in self.names.iter().enumerate() {
            need(name_ok(&name.name), &format!("/names/{i}/name"), NAME);
        }
        need(country_ok(&self.country), "/country", "must be two capital letters (ISO 3166-1)");
        let institution = matches!(self.kind, PartyKind::Body | PartyKind::Owner);
        need(
            self.kind != PartyKind::Operator,
            "/kind",
            "the registry has one operator, made at its first start",
        );
        need(
            institution == self.slug.is_some(),
            "/slug",
            "is given for bodies and owners, and only for them",
        );
        need(
            self.slug.as_deref().is_none_or(slug_ok),
            "/slug",
            "must be 2 to 40 of a-z, 0-9 and -",
        );
        need(
            institution == self.administrator.is_some(),
            "/administrator",
            "is given for bodies and owners, and only for them: the e-mail address of an account",
        );
        need(
            self.kind != PartyKind::Company || self.sole_proprietor || !self.identifiers.is_empty(),
            "/identifiers",
            "a company that is not a sole proprietor's has at least one",
        );
        need(
            !self.sole_proprietor || self.municipality.as_deref().is_some_and(name_ok),
            "/municipality",
            "is needed for a sole proprietor, who is shown by it",
        );
        if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid(wrong)) }
    }
}

const NAME: &str = "must have 1 to 200 characters, none of them a control character";

fn name_ok(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control)
}

fn country_ok(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

fn slug_ok(slug: &str) -> bool {
    (2..=40).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-')
}

/// Registers a party. Whoever registers a company or buyer acts for it from then on.
#[utoipa::path(post, path = "/api/v1/parties", request_body = Register, tag = "parties",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn register(State(app): State<App>, write: Write<Register>) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = PartyId::new(act.now, &*app.rng);
    let action = match body.kind {
        PartyKind::Company | PartyKind::Buyer => Action::RegisterParty,
        _ => Action::RegisterInstitution,
    };
    act.authorise(action, &Subject::default(), "party", id.as_str())?;
    body.check()?;
    let administrator = match &body.administrator {
        Some(email) => account(&mut act.tx, email, "/administrator").await?,
        None => act.actor.account.clone(),
    };
    let party = Party {
        id,
        kind: body.kind,
        slug: body.slug,
        display_name: body.name.trim().to_owned(),
        country: body.country,
        municipality: body.municipality,
        sole_proprietor: i64::from(body.sole_proprietor),
        publish_consent: i64::from(body.publish_consent),
        terms: None,
        version: 1,
    };
    add_party(&mut act, &party, &body.names, &body.identifiers).await?;
    add_membership(&mut act, &party, &administrator, party.kind.administrator()).await?;
    act.commit(StatusCode::CREATED, &Written::new(party.id, 1)).await
}

/// The account of an e-mail address that a member of the request names.
async fn account(
    db: &mut sqlx::AnyConnection,
    email: &str,
    place: &str,
) -> Result<AccountId, Problem> {
    let unknown = || Problem::invalid(place, "has no account here: let the person sign up first");
    let norm = accounts::rules::email_norm(email).map_err(|_| unknown())?;
    Ok(accounts::store::by_email(db, &norm).await?.ok_or_else(unknown)?.id)
}

/// Gives somebody a role in a party: at once to oneself, else as an invitation.
async fn add_membership(
    act: &mut Act<'_>,
    party: &Party,
    account: &AccountId,
    role: Role,
) -> Result<MembershipId, Problem> {
    let id = MembershipId::new(act.now, &*act.app.rng);
    let accepted = *account == act.actor.account;
    let member = accounts::store::NewMember { id: &id, account, party: &party.id, role, accepted };
    accounts::store::add_member(&mut act.tx, &member, act.now.as_millisecond()).await?;
    Ok(id)
}

/// Writes a party with its data key, names, identifiers and what its kind brings with it: the
/// organisation as a whole as a facility, or an issuer with its key and first status lists.
async fn add_party(
    act: &mut Act<'_>,
    party: &Party,
    names: &[Name],
    identifiers: &[Identifier],
) -> Result<(), Problem> {
    let (tx, app, now) = (&mut act.tx, act.app, act.now);
    parties::insert(tx, party, now).await?;
    data_keys::create(tx, app, &party.id).await?;
    for name in names {
        let id = uuid_v7(now, &*app.rng);
        parties::add_name(tx, &id, &party.id, name.kind.as_str(), name.name.trim(), now).await?;
    }
    for identifier in identifiers {
        let (scheme, value) = (identifier.scheme().as_str(), identifier.value());
        let added = parties::add_identifier(tx, &party.id, scheme, value).await;
        added.map_err(|error| match Problem::from(error) {
            Problem::Duplicate(_) => {
                Problem::Duplicate("Another party has this identifier.".into())
            }
            other => other,
        })?;
    }
    match (party.kind, &party.slug) {
        (PartyKind::Company, _) => {
            let whole = facilities::Facility {
                id: FacilityId::new(now, &*app.rng),
                party_id: party.id.clone(),
                kind: FacilityKind::Whole,
                name: party.display_name.clone(),
                address: String::new(),
                region: String::new(),
                country: party.country.clone(),
                workers: 0,
                residents: 0,
                version: 1,
            };
            facilities::insert(tx, &whole, now).await?;
        }
        (PartyKind::Body, Some(slug)) => issuance::open_issuer(tx, app, &party.id, slug).await?,
        _ => {}
    }
    Ok(())
}

/// Opens a party's record for a write.
async fn open(act: &mut Act<'_>, id: &PartyId, action: Action) -> Result<Party, Problem> {
    let party = parties::get(&mut act.tx, id).await?;
    act.authorise(action, &party.subject(), "party", id.as_str())?;
    Ok(party)
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
    pub(super) version: String,
    /// The fees.
    pub(super) fees: Vec<Fee>,
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

async fn view(db: &mut sqlx::AnyConnection, party: Party) -> Result<PartyView, Problem> {
    let names = parties::names(db, &party.id).await?;
    let identifiers = parties::identifiers(db, &party.id).await?;
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
        terms: party.terms.as_deref().and_then(|json| serde_json::from_str(json).ok()),
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
async fn list(
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

/// What reading a party's record is: an operator made the institutions and looks after them, a
/// company's or buyer's affairs are its own.
fn reading(party: &Party) -> Action {
    match party.kind {
        PartyKind::Body | PartyKind::Owner | PartyKind::Operator => Action::ReadInstitution,
        _ => Action::ReadParty,
    }
}

/// A party's record, for those who act for it.
#[utoipa::path(get, path = "/api/v1/parties/{id}", params(("id" = String, Path)), tag = "parties",
    responses((status = 200, body = PartyView), (status = "4XX", body = ProblemDetails)))]
async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PartyId>,
) -> Result<Json<PartyView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, &id).await?;
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

/// Changes a party's record. A changed name keeps the old one as `former`.
#[utoipa::path(patch, path = "/api/v1/parties/{id}", params(("id" = String, Path)), request_body = Change, tag = "parties",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn change(
    State(app): State<App>,
    Path(id): Path<PartyId>,
    write: Write<Change>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let mut party = open(&mut act, &id, Action::ChangeParty).await?;
    store::check_version(body.version, party.version)?;
    if let Some(name) = body.name {
        if !name_ok(&name) {
            return Err(Problem::invalid("/name", NAME));
        }
        names_may_change(&mut act.tx, &id).await?;
        let former = std::mem::replace(&mut party.display_name, name.trim().to_owned());
        let (row, kind) = (uuid_v7(act.now, &*app.rng), NameKind::Former.as_str());
        parties::add_name(&mut act.tx, &row, &id, kind, &former, act.now).await?;
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
    party.municipality = body.municipality.or(party.municipality);
    party.publish_consent = body.publish_consent.map_or(party.publish_consent, i64::from);
    if !party.may_be_shown() {
        holds_no_certificate(&mut act.tx, &id).await?;
    }
    let version = parties::update(&mut act.tx, &party).await?;
    act.commit(StatusCode::OK, &Written::new(id, version)).await
}

/// What a certificate says of its holder is what was assessed: names and addresses stay as they were handed in
/// until the application is decided, and while a certificate speaks of them.
async fn names_may_change(db: &mut sqlx::AnyConnection, party: &PartyId) -> Result<(), Problem> {
    let handed_in = applications::under_way(db, party).await?;
    let held = certificates::of_company(db, party).await?;
    let ended = [CertificateState::Withdrawn, CertificateState::Terminated];
    let applications = handed_in
        .iter()
        .map(|id| serde_json::json!({ "code": "application_under_way", "application": id }));
    let certificates = held
        .iter()
        .filter(|certificate| !ended.contains(&certificate.state))
        .map(|certificate| serde_json::json!({ "code": "certificate_held", "certificate": certificate.number }));
    let missing: Vec<_> = applications.chain(certificates).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::Incomplete { event: "rename".into(), missing })
    }
}

/// Who holds a certificate is shown: consent to that can be taken back once it was given up.
async fn holds_no_certificate(
    db: &mut sqlx::AnyConnection,
    party: &PartyId,
) -> Result<(), Problem> {
    let ended = [CertificateState::Withdrawn, CertificateState::Terminated];
    let held = certificates::of_company(db, party).await?;
    let missing: Vec<_> = held
        .iter()
        .filter(|certificate| !ended.contains(&certificate.state))
        .map(|certificate| serde_json::json!({ "code": "termination", "certificate": certificate.number }))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::Incomplete { event: "withdraw_consent".into(), missing })
    }
}

/// A member.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    id: MembershipId,
    account: AccountId,
    name: String,
    role: Role,
    from: String,
    /// Whether the person has accepted; before, it is an invitation and gives nothing.
    accepted: bool,
}

/// A party's members.
#[utoipa::path(get, path = "/api/v1/parties/{id}/members", params(("id" = String, Path)), tag = "parties",
    responses((status = 200, body = Vec<MemberView>), (status = "4XX", body = ProblemDetails)))]
async fn list_members(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PartyId>,
) -> Result<Json<Vec<MemberView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, &id).await?;
    actor.authorise(reading(&party), &party.subject(), "party")?;
    let members = accounts::store::members_and_invited(&mut db, &id).await?;
    let view = |m: accounts::store::Member| MemberView {
        id: m.id,
        account: m.account_id,
        name: m.name,
        role: m.role,
        from: rfc3339(m.from_at),
        accepted: m.accepted_at.is_some(),
    };
    Ok(Json(members.into_iter().map(view).collect()))
}

/// Somebody to make a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddMember {
    /// The address of an account.
    email: String,
    /// The role.
    role: Role,
}

/// Invites somebody to be a member; they are one once they accept.
#[utoipa::path(post, path = "/api/v1/parties/{id}/members", params(("id" = String, Path)), request_body = AddMember,
    tag = "parties", responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn add_member(
    State(app): State<App>,
    Path(id): Path<PartyId>,
    write: Write<AddMember>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let party = open(&mut act, &id, Action::ChangeMembers).await?;
    if !party.kind.roles().contains(&body.role) {
        return Err(Problem::invalid("/role", format!("a {} has no such role", party.kind)));
    }
    let account = account(&mut act.tx, &body.email, "/email").await?;
    let membership = add_membership(&mut act, &party, &account, body.role).await?;
    act.commit(StatusCode::CREATED, &Written::new(membership, 1)).await
}

/// Ends a membership.
#[utoipa::path(delete, path = "/api/v1/parties/{id}/members/{membership}",
    params(("id" = String, Path), ("membership" = String, Path)), tag = "parties",
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
async fn end_member(
    State(app): State<App>,
    Path((id, membership)): Path<(PartyId, MembershipId)>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    let (mut act, Nothing {}) = write.begin(&app).await?;
    let party = open(&mut act, &id, Action::ChangeMembers).await?;
    let administrators = accounts::store::members(&mut act.tx, &id).await?;
    let role = party.kind.administrator();
    let others = administrators.iter().any(|m| m.role == role && m.id != membership);
    if !others {
        return Err(Problem::invalid(
            "/membership",
            "is the last who administers the party: name another first",
        ));
    }
    let (by, now) = (&act.actor.account, act.now.as_millisecond());
    if !accounts::store::end_member(&mut act.tx, &id, &membership, by, now).await? {
        return Err(Problem::NotFound("membership"));
    }
    act.commit(StatusCode::NO_CONTENT, &()).await
}

/// A facility.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacilityView {
    id: FacilityId,
    #[schema(value_type = String)]
    kind: FacilityKind,
    name: String,
    address: String,
    region: String,
    country: String,
    /// Foreign workers employed here.
    workers: i64,
    /// Workers who live here.
    residents: i64,
    version: i64,
}

impl From<facilities::Facility> for FacilityView {
    fn from(f: facilities::Facility) -> Self {
        Self {
            id: f.id,
            kind: f.kind,
            name: f.name,
            address: f.address,
            region: f.region,
            country: f.country,
            workers: f.workers,
            residents: f.residents,
            version: f.version,
        }
    }
}

/// A company's facilities, the organisation as a whole first.
#[utoipa::path(get, path = "/api/v1/parties/{id}/facilities", params(("id" = String, Path)), tag = "parties",
    responses((status = 200, body = Vec<FacilityView>), (status = "4XX", body = ProblemDetails)))]
async fn list_facilities(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PartyId>,
) -> Result<Json<Vec<FacilityView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, &id).await?;
    actor.authorise(reading(&party), &party.subject(), "party")?;
    let rows = facilities::of_party(&mut db, &id).await?;
    Ok(Json(rows.into_iter().map(FacilityView::from).collect()))
}

/// A facility to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddFacility {
    /// `site` or `dormitory`.
    #[schema(value_type = String)]
    kind: FacilityKind,
    name: String,
    address: String,
    region: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Foreign workers employed here.
    #[serde(default)]
    workers: u32,
    /// Workers who live here.
    #[serde(default)]
    residents: u32,
}

/// Adds a workplace or a dormitory.
#[utoipa::path(post, path = "/api/v1/parties/{id}/facilities", params(("id" = String, Path)), request_body = AddFacility,
    tag = "parties", responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn add_facility(
    State(app): State<App>,
    Path(id): Path<PartyId>,
    write: Write<AddFacility>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let party = open(&mut act, &id, Action::ChangeParty).await?;
    if party.kind != PartyKind::Company {
        return Err(Problem::invalid("/kind", "only a company has facilities"));
    }
    if body.kind == FacilityKind::Whole {
        return Err(Problem::invalid("/kind", "the organisation as a whole is there already"));
    }
    for (place, text) in
        [("/name", &body.name), ("/address", &body.address), ("/region", &body.region)]
    {
        if !name_ok(text) {
            return Err(Problem::invalid(place, NAME));
        }
    }
    if !country_ok(&body.country) {
        return Err(Problem::invalid("/country", "must be two capital letters (ISO 3166-1)"));
    }
    let facility = facilities::Facility {
        id: FacilityId::new(act.now, &*app.rng),
        party_id: id,
        kind: body.kind,
        name: body.name,
        address: body.address,
        region: body.region,
        country: body.country,
        workers: i64::from(body.workers),
        residents: i64::from(body.residents),
        version: 1,
    };
    facilities::insert(&mut act.tx, &facility, act.now).await?;
    act.commit(StatusCode::CREATED, &Written::new(facility.id, 1)).await
}

/// What to change of a facility; what is absent stays.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeFacility {
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workers: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    residents: Option<u32>,
}

/// Changes a facility.
#[utoipa::path(patch, path = "/api/v1/parties/{id}/facilities/{facility}",
    params(("id" = String, Path), ("facility" = String, Path)), request_body = ChangeFacility, tag = "parties",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn change_facility(
    State(app): State<App>,
    Path((id, facility)): Path<(PartyId, FacilityId)>,
    write: Write<ChangeFacility>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    open(&mut act, &id, Action::ChangeParty).await?;
    let mut row = facilities::get(&mut act.tx, &facility).await?;
    if row.party_id != id {
        return Err(Problem::NotFound("facility"));
    }
    store::check_version(body.version, row.version)?;
    let fields = serde_json::to_string(&body).map_err(Problem::internal)?;
    for (place, text) in
        [("/name", &body.name), ("/address", &body.address), ("/region", &body.region)]
    {
        if text.as_deref().is_some_and(|text| !name_ok(text)) {
            return Err(Problem::invalid(place, NAME));
        }
    }
    if body.name.is_some() || body.address.is_some() {
        names_may_change(&mut act.tx, &id).await?;
    }
    row.name = body.name.unwrap_or(row.name);
    row.address = body.address.unwrap_or(row.address);
    row.region = body.region.unwrap_or(row.region);
    row.workers = body.workers.map_or(row.workers, i64::from);
    row.residents = body.residents.map_or(row.residents, i64::from);
    let change = uuid_v7(act.now, &*app.rng);
    let by = &act.actor.account;
    let version = facilities::update(&mut act.tx, &row, &change, by, &fields, act.now).await?;
    act.commit(StatusCode::OK, &Written::new(facility, version)).await
}
