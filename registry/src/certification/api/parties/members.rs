//! A party's members, and those invited to be.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{account, open, reading};
use crate::certification::api::Written;
use crate::certification::news;
use crate::certification::store::parties;
use crate::certification::store::parties::Party;
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role};
use crate::platform::clock::rfc3339;
use crate::platform::id::{AccountId, MembershipId, PartyId};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Nothing, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_members, add_member)).routes(routes!(end_member))
}

/// Gives somebody a role in a party: at once to oneself, else as an invitation.
pub(super) async fn add_membership(
    act: &mut Act<'_>,
    party: &Party,
    account: &AccountId,
    role: Role,
) -> Result<MembershipId, Problem> {
    let id = MembershipId::new(act.now, &*act.app.rng);
    let accepted = *account == act.actor.account;
    let member = accounts::store::NewMember { id: &id, account, party: &party.id, role, accepted };
    accounts::store::add_member(&mut act.tx, &member, act.now.as_millisecond()).await?;
    if !accepted {
        news::invited(&mut act.tx, act.app, (&id, account), &party.id, role).await?;
    }
    Ok(id)
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
pub(in crate::certification) async fn list_members(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PartyId>,
) -> Result<Json<Vec<MemberView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, &id).await?.ok_or(Problem::NotFound("party"))?;
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
pub(in crate::certification) async fn add_member(
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
pub(in crate::certification) async fn end_member(
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
