//! Programmes and who may certify under them.

use akashi_schemas::{Programme, ProgrammeFaults};
use akashi_verifier::json::StrictValue;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Written, check_body, check_version};
use crate::certification::ids::{AuthorisationId, ProgrammeVersionId};
use crate::certification::rules::dates::Zone;
use crate::certification::store::programmes;
use crate::certification::store::programmes::{ProgrammeState, ProgrammeVersion};
use crate::issuance;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Role, Subject};
use crate::platform::db::engine::Lock;
use crate::platform::id::{PartyId, uuid_v7};
use crate::platform::problem::{InvalidMember, Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(draft))
        .routes(routes!(redraft))
        .routes(routes!(publish))
        .routes(routes!(authorise))
        .routes(routes!(end_authorisation))
}

/// A published version in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed {
    id: String,
    version: String,
    digest: String,
    title: Value,
}

/// All published programme versions, oldest first.
#[utoipa::path(get, path = "/api/v1/programmes", tag = "programmes", responses((status = 200, body = Vec<Listed>)))]
pub(in crate::certification) async fn list(
    State(app): State<App>,
) -> Result<Json<Vec<Listed>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let versions = programmes::all_published(&mut db).await?;
    let listed = |row: ProgrammeVersion| {
        let title = serde_json::from_slice::<Value>(&row.canonical)
            .ok()
            .and_then(|mut p| Some(p.get_mut("title")?.take()));
        Listed {
            id: row.programme,
            version: row.label,
            digest: hex(&row.digest),
            title: title.unwrap_or_default(),
        }
    };
    Ok(Json(versions.into_iter().map(listed).collect()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A published version, whole, in its canonical form (RFC 8785): its SHA-256 is its digest.
#[utoipa::path(get, path = "/api/v1/programmes/{id}/{version}", tag = "programmes",
    params(("id" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Value), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = programmes::published(&mut db, &id, &version)
        .await?
        .ok_or(Problem::NotFound("programme version"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::ETAG, format!("\"{}\"", hex(&row.digest))),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
    ];
    Ok((headers, row.canonical).into_response())
}

impl From<ProgrammeFaults> for Problem {
    fn from(faults: ProgrammeFaults) -> Self {
        let members = faults
            .0
            .iter()
            .map(|f| InvalidMember::new(format!("/programme{}", f.place), f.kind.to_string()));
        Self::Invalid(members.collect())
    }
}

/// Reads a programme that a draft holds, and checks what needs the registry's own knowledge: its time zone.
fn read(json: &Value) -> Result<Programme, Problem> {
    let bytes = serde_json::to_vec(json).map_err(Problem::internal)?;
    let programme = Programme::from_json(&bytes)?;
    Zone::named(&programme.zone)
        .map_err(|error| Problem::invalid("/programme/zone", error.to_string()))?;
    Ok(programme)
}

/// A programme to draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The owner that one acts for.
    owner: PartyId,
    /// The programme, after its JSON Schema.
    #[schema(value_type = Value)]
    programme: StrictValue,
}

/// Drafts a version of a programme. Every fault is named with its place.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/drafts", params(("id" = String, Path)), request_body = Draft,
    tag = "programmes", responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn draft(
    State(app): State<App>,
    Path(id): Path<String>,
    write: Write<Draft>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let draft = ProgrammeVersionId::new(act.now, &*app.rng);
    // Whoever drafts the first version of a programme owns it.
    app.db.engine().lock(&mut act.tx, Lock::Programme).await?;
    let owner = programmes::owner(&mut act.tx, &id).await?.unwrap_or(body.owner);
    let subject = Subject { owner: Some(owner.clone()), ..Subject::default() };
    act.authorise(Action::WriteProgramme, &subject, "programme", draft.as_str()).await?;
    let programme = read(&body.programme.0)?;
    if programme.id != id {
        return Err(Problem::invalid(
            "/programme/id",
            format!("is '{}', but the draft is of '{id}'", programme.id),
        ));
    }
    let row = ProgrammeVersion {
        id: draft.clone(),
        programme: id,
        label: programme.version.clone(),
        owner_id: owner,
        state: ProgrammeState::Draft,
        digest: programme.digest().0.to_vec(),
        canonical: programme.canonical().to_vec(),
        effective_from: None,
        transition_until: None,
        version: 1,
    };
    programmes::insert(&mut act.tx, &row, act.now).await?;
    act.commit(StatusCode::CREATED, &Written::new(draft, 1)).await
}

/// A draft's new content.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redraft {
    version: i64,
    #[schema(value_type = Value)]
    programme: StrictValue,
}

/// Opens a draft for its owner to write, at the version that the owner saw.
async fn open(
    act: &mut Act<'_>,
    programme: &str,
    draft: &ProgrammeVersionId,
    seen: i64,
) -> Result<ProgrammeVersion, Problem> {
    let row =
        programmes::get(&mut act.tx, draft).await?.ok_or(Problem::NotFound("programme version"))?;
    let subject = Subject { owner: Some(row.owner_id.clone()), ..Subject::default() };
    act.authorise(Action::WriteProgramme, &subject, "programme", draft.as_str()).await?;
    if row.programme != programme {
        return Err(Problem::NotFound("draft"));
    }
    if row.state != ProgrammeState::Draft {
        return Err(Problem::WrongState {
            event: "draft".into(),
            state: row.state.to_string(),
            allowed_from: vec![ProgrammeState::Draft.to_string()],
            who: vec![Role::Owner.to_string()],
        });
    }
    check_version(seen, row.version)?;
    Ok(row)
}

/// Replaces a draft's content.
#[utoipa::path(put, path = "/api/v1/programmes/{id}/drafts/{draft}", request_body = Redraft, tag = "programmes",
    params(("id" = String, Path), ("draft" = String, Path)),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn redraft(
    State(app): State<App>,
    Path((id, draft)): Path<(String, ProgrammeVersionId)>,
    write: Write<Redraft>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let mut row = open(&mut act, &id, &draft, body.version).await?;
    let programme = read(&body.programme.0)?;
    if programme.id != id {
        return Err(Problem::invalid(
            "/programme/id",
            format!("is '{}', but the draft is of '{id}'", programme.id),
        ));
    }
    row.label = programme.version.clone();
    row.digest = programme.digest().0.to_vec();
    row.canonical = programme.canonical().to_vec();
    let version = programmes::update(&mut act.tx, &row).await?;
    act.commit(StatusCode::OK, &Written::new(draft, version)).await
}

/// From when a version counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    version: i64,
    /// From when it may be applied for.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Until when the version before it may still be applied for, but for a renewal; when absent, that ends with
    /// `effective_from`.
    #[schema(value_type = Option<String>, format = DateTime)]
    transition_until: Option<Timestamp>,
}

/// Publishes a draft: from then on it never changes.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/drafts/{draft}/publish", request_body = Publish, tag = "programmes",
    params(("id" = String, Path), ("draft" = String, Path)),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn publish(
    State(app): State<App>,
    Path((id, draft)): Path<(String, ProgrammeVersionId)>,
    write: Write<Publish>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let row = open(&mut act, &id, &draft, body.version).await?;
    if body.transition_until.is_some_and(|until| until < body.effective_from) {
        return Err(Problem::invalid("/transition_until", "is before the version counts"));
    }
    let from = body.effective_from.as_millisecond();
    let until = body.transition_until.map(Timestamp::as_millisecond);
    let version = programmes::publish(&mut act.tx, &row, from, until, act.now).await?;
    issuance::programme_published(&mut act.tx, &app, &row.programme, &row.label, &row.digest)
        .await?;
    act.commit(StatusCode::OK, &Written::moved(draft, ProgrammeState::Published.as_str(), version))
        .await
}

/// A body to authorise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorise {
    /// For which programme.
    programme: String,
    /// The body.
    body: PartyId,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Until when (not included).
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// Authorises a certification body to certify under one's programme for a period.
#[utoipa::path(post, path = "/api/v1/authorisations", request_body = Authorise, tag = "programmes",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn authorise(
    State(app): State<App>,
    write: Write<Authorise>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    act.hold(&body.body).await?;
    let owner = programmes::owner(&mut act.tx, &body.programme)
        .await?
        .ok_or(Problem::NotFound("programme"))?;
    let id = AuthorisationId::new(act.now, &*app.rng);
    let subject = Subject { owner: Some(owner), ..Subject::default() };
    act.authorise(Action::Authorise, &subject, "authorisation", id.as_str()).await?;
    check_body(&mut act.tx, &body.body).await?;
    if body.until <= body.from {
        return Err(Problem::invalid("/until", "is not after its beginning"));
    }
    let row = programmes::Authorisation {
        id: id.clone(),
        programme: body.programme,
        body_id: body.body,
        from_at: body.from.as_millisecond(),
        until_at: body.until.as_millisecond(),
    };
    programmes::authorise(&mut act.tx, &row, &act.actor.account, act.now).await?;
    issuance::authorisation_changed(
        &mut act.tx,
        &app,
        &row.body_id,
        &row.programme,
        row.from_at,
        row.until_at,
    )
    .await?;
    act.commit(StatusCode::CREATED, &Written::new(id, 1)).await
}

/// When an authorisation ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndAuthorisation {
    /// Its last moment (not included), before the one it had.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// Ends an authorisation early. What was signed while it was in force stays authorised.
#[utoipa::path(post, path = "/api/v1/authorisations/{id}/end", params(("id" = String, Path)),
    request_body = EndAuthorisation, tag = "programmes",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn end_authorisation(
    State(app): State<App>,
    Path(id): Path<AuthorisationId>,
    write: Write<EndAuthorisation>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let unknown = || Problem::NotFound("authorisation");
    let row = programmes::authorisation(&mut act.tx, &id).await?.ok_or_else(unknown)?;
    act.hold(&row.body_id).await?;
    let row = programmes::authorisation(&mut act.tx, &id).await?.ok_or_else(unknown)?;
    let owner = programmes::owner(&mut act.tx, &row.programme).await?;
    let subject = Subject { owner, ..Subject::default() };
    act.authorise(Action::Authorise, &subject, "authorisation", id.as_str()).await?;
    let until = body.until.as_millisecond();
    if until >= row.until_at || until < act.now.as_millisecond() {
        return Err(Problem::invalid(
            "/until",
            "must be from now on, and before the end that it has",
        ));
    }
    let event = uuid_v7(act.now, &*app.rng);
    programmes::end_authorisation(&mut act.tx, &event, &id, until, &act.actor.account, act.now)
        .await?;
    issuance::authorisation_changed(
        &mut act.tx,
        &app,
        &row.body_id,
        &row.programme,
        row.from_at,
        until,
    )
    .await?;
    act.commit(StatusCode::OK, &Written::new(id, 1)).await
}
