//! Parties, their members and facilities.

pub(in crate::certification) mod facilities;
pub(in crate::certification) mod members;
pub(in crate::certification) mod record;
pub(in crate::certification) mod registration;

use akashi_schemas::misleading::misleads;
use utoipa_axum::router::OpenApiRouter;

use crate::certification::store::parties;
use crate::certification::store::parties::{Party, PartyKind};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::id::{AccountId, PartyId};
use crate::platform::problem::Problem;
use crate::platform::write::Act;

pub(super) use facilities::FacilityView;
pub(in crate::certification) use record::Terms;
pub(super) use record::{PartyView, company_record};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(registration::routes())
        .merge(record::routes())
        .merge(members::routes())
        .merge(facilities::routes())
}

/// Opens a party's record for a write: held, authorised.
pub(super) async fn open(
    act: &mut Act<'_>,
    id: &PartyId,
    action: Action,
) -> Result<Party, Problem> {
    act.hold(id).await?;
    let party = parties::get(&mut act.tx, id).await?.ok_or(Problem::NotFound("party"))?;
    act.authorise(action, &party.subject(), "party", id.as_str()).await?;
    Ok(party)
}

/// What reading a party's record is: an operator made the institutions and looks after them, a
/// company's or buyer's affairs are its own.
fn reading(party: &Party) -> Action {
    match party.kind {
        PartyKind::Body | PartyKind::Owner | PartyKind::Operator => Action::ReadInstitution,
        _ => Action::ReadParty,
    }
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

pub(in crate::certification::api) const NAME: &str = "must have 1 to 200 characters, none of them one that cannot be seen or turns the direction of writing";

/// Whether a name may be shown.
pub(in crate::certification::api) fn name_ok(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 200 && !misleads(name)
}

fn country_ok(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}
