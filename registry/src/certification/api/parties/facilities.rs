//! A company's facilities.

use akashi_schemas::FacilityKind;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::record::{certificates_are_found_anew, names_may_change};
use super::{NAME, country_ok, name_ok, open, reading};
use crate::certification::api::{Written, check_version};
use crate::certification::ids::FacilityId;
use crate::certification::rules::residence::WorkersByStatus;
use crate::certification::store::parties::PartyKind;
use crate::certification::store::{facilities, parties};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::id::{PartyId, uuid_v7};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::Write;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_facilities, add_facility))
        .routes(routes!(change_facility))
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
    /// How many of them have which residence status.
    #[schema(value_type = BTreeMap<String, u32>)]
    workers_by_status: WorkersByStatus,
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
            workers_by_status: f.workers_by_status,
            residents: f.residents,
            version: f.version,
        }
    }
}

/// A company's facilities, the organisation as a whole first.
#[utoipa::path(get, path = "/api/v1/parties/{id}/facilities", params(("id" = String, Path)), tag = "parties",
    responses((status = 200, body = Vec<FacilityView>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn list_facilities(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PartyId>,
) -> Result<Json<Vec<FacilityView>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, &id).await?.ok_or(Problem::NotFound("party"))?;
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
    /// How many of them have which residence status; together no more than they are.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, u32>)]
    workers_by_status: WorkersByStatus,
    /// Workers who live here.
    #[serde(default)]
    residents: u32,
}

/// Adds a workplace or a dormitory.
#[utoipa::path(post, path = "/api/v1/parties/{id}/facilities", params(("id" = String, Path)), request_body = AddFacility,
    tag = "parties", responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn add_facility(
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
        workers_by_status: body.workers_by_status,
        residents: i64::from(body.residents),
        version: 1,
    };
    check_workers(&facility)?;
    facilities::insert(&mut act.tx, &facility, act.now).await?;
    act.commit(StatusCode::CREATED, &Written::new(facility.id, 1)).await
}

fn check_workers(facility: &facilities::Facility) -> Result<(), Problem> {
    if facility.workers_by_status.are_among(facility.workers) {
        return Ok(());
    }
    Err(Problem::invalid(
        "/workers_by_status",
        format!("adds up to more than the {} workers employed here", facility.workers),
    ))
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
    #[schema(value_type = Option<BTreeMap<String, u32>>)]
    workers_by_status: Option<WorkersByStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    residents: Option<u32>,
}

/// Changes a facility.
#[utoipa::path(patch, path = "/api/v1/parties/{id}/facilities/{facility}",
    params(("id" = String, Path), ("facility" = String, Path)), request_body = ChangeFacility, tag = "parties",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn change_facility(
    State(app): State<App>,
    Path((id, facility)): Path<(PartyId, FacilityId)>,
    write: Write<ChangeFacility>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    open(&mut act, &id, Action::ChangeParty).await?;
    let row = facilities::get(&mut act.tx, &facility).await?;
    let mut row = row.filter(|row| row.party_id == id).ok_or(Problem::NotFound("facility"))?;
    check_version(body.version, row.version)?;
    let fields = serde_json::to_string(&body).map_err(Problem::internal)?;
    for (place, text) in
        [("/name", &body.name), ("/address", &body.address), ("/region", &body.region)]
    {
        if text.as_deref().is_some_and(|text| !name_ok(text)) {
            return Err(Problem::invalid(place, NAME));
        }
    }
    if row.kind == FacilityKind::Whole && body.name.is_some() {
        return Err(Problem::invalid("/name", "is the company's: change the company's name"));
    }
    if body.name.is_some() || body.address.is_some() {
        names_may_change(&mut act.tx, &id).await?;
    }
    row.name = body.name.unwrap_or(row.name);
    row.address = body.address.unwrap_or(row.address);
    let is_found_anew = body.region.is_some();
    row.region = body.region.unwrap_or(row.region);
    row.workers = body.workers.map_or(row.workers, i64::from);
    row.workers_by_status = body.workers_by_status.unwrap_or(row.workers_by_status);
    row.residents = body.residents.map_or(row.residents, i64::from);
    check_workers(&row)?;
    let change = uuid_v7(act.now, &*app.rng);
    let by = &act.actor.account;
    let version = facilities::update(&mut act.tx, &row, &change, by, &fields, act.now).await?;
    if is_found_anew {
        certificates_are_found_anew(&mut act, &id).await?;
    }
    act.commit(StatusCode::OK, &Written::new(facility, version)).await
}
