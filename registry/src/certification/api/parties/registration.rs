//! A party is registered.

use std::collections::BTreeSet;

use akashi_schemas::FacilityKind;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::members::add_membership;
use super::{NAME, account, country_ok, name_ok};
use crate::certification::api::Written;
use crate::certification::ids::FacilityId;
use crate::certification::rules::identifier::Identifier;
use crate::certification::rules::residence::WorkersByStatus;
use crate::certification::store::parties::{Party, PartyKind};
use crate::certification::store::{facilities, parties};
use crate::issuance;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::data_keys;
use crate::platform::id::{PartyId, uuid_v7};
use crate::platform::problem::{InvalidMember, Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(register))
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
    /// Further names, by which it is found; at most 20.
    #[serde(default)]
    names: Vec<Name>,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// The municipality.
    municipality: Option<String>,
    /// Numbers in public registers, of each register one.
    #[serde(default)]
    identifiers: Vec<Identifier>,
    /// Whether it is one person's business.
    #[serde(default)]
    sole_proprietor: bool,
    /// A sole proprietor's consent to be shown by trade name and municipality.
    #[serde(default)]
    publish_consent: bool,
    /// Needed for a body or owner: the last part of its public address, `a-z`, `0-9` and `-`.
    slug: Option<String>,
    /// Needed for a body or owner: the e-mail address of the account that will administer it, once its person accepts.
    administrator: Option<String>,
}

/// How many names a party may have at its registration beside the one it is shown by.
const NAMES: usize = 20;

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
        need(self.names.len() <= NAMES, "/names", &format!("has more than {NAMES} names"));
        need(
            distinct(self.identifiers.iter().map(|identifier| identifier.scheme().as_str())),
            "/identifiers",
            "has two numbers of one register: a certificate names its holder by one",
        );
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
            match institution {
                true => "is needed for a body or owner: the last part of its public address",
                false => "is for bodies and owners only",
            },
        );
        need(
            self.slug.as_deref().is_none_or(slug_ok),
            "/slug",
            "must be 2 to 40 of a-z, 0-9 and -",
        );
        need(
            institution == self.administrator.is_some(),
            "/administrator",
            match institution {
                true => "is needed for a body or owner: the e-mail address of an account",
                false => "is for bodies and owners only",
            },
        );
        need(
            self.kind != PartyKind::Company || self.sole_proprietor || !self.identifiers.is_empty(),
            "/identifiers",
            "a company that is not a sole proprietor's has at least one",
        );
        need(self.municipality.as_deref().is_none_or(name_ok), "/municipality", NAME);
        need(
            !self.sole_proprietor || self.municipality.is_some(),
            "/municipality",
            "is needed for a sole proprietor, who is shown by it",
        );
        need(
            !self.sole_proprietor || self.names.iter().any(|name| name.kind == NameKind::Trade),
            "/names",
            "a sole proprietor has a trade name, by which alone the business is shown",
        );
        if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid(wrong)) }
    }
}

/// Whether no two of a list are of one kind.
fn distinct<T: Ord>(kinds: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    kinds.into_iter().all(|kind| seen.insert(kind))
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
pub(in crate::certification) async fn register(
    State(app): State<App>,
    write: Write<Register>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = PartyId::new(act.now, &*app.rng);
    let action = match body.kind {
        PartyKind::Company | PartyKind::Buyer => Action::RegisterParty,
        _ => Action::RegisterInstitution,
    };
    act.authorise(action, &Subject::default(), "party", id.as_str()).await?;
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
    let key = data_keys::fresh(app);
    data_keys::keep(tx, app, data_keys::Subject::Party(&party.id), &key).await?;
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
                workers_by_status: WorkersByStatus::default(),
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
