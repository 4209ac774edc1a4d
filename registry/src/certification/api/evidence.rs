//! Evidence: received as a stream, linked to criteria, read by those who assess.

use akashi_keys::DataKey;
use akashi_schemas::misleading::misleads;
use akashi_schemas::text_enum;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Written;
use crate::certification::erasure;
use crate::certification::file::{self, File};
use crate::certification::ids::{ApplicationId, EvidenceId, EvidenceLinkId, FacilityId, FindingId};
use crate::certification::rules::application::Work;
use crate::certification::store::{applications, evidence, facilities, findings};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role, Subject};
use crate::platform::blobs::Received;
use crate::platform::clock::rfc3339;
use crate::platform::id::{BlobId, NoteId, PartyId};
use crate::platform::notes::{self, Shown, Text};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Identity, Nothing, Write};
use crate::platform::{blobs, data_keys};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(attach)).routes(routes!(get, remove)).routes(routes!(link))
}

text_enum! {
    /// Who brought evidence in.
    pub(crate) enum Source {
        /// The company.
        Company = "company",
        /// An assessor, on the visit.
        Assessor = "assessor",
    }
}

/// What a file is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Attach {
    /// The application that it is for.
    #[param(value_type = String)]
    pub(in crate::certification) application: ApplicationId,
    /// The first day that it speaks of.
    #[param(value_type = String)]
    pub(in crate::certification) period_from: Date,
    /// The last day that it speaks of.
    #[param(value_type = String)]
    pub(in crate::certification) period_to: Date,
    /// The last day on which it holds, for a licence or a contract.
    #[param(value_type = Option<String>)]
    pub(in crate::certification) expires_on: Option<Date>,
    /// The file's name.
    pub(in crate::certification) name: Option<String>,
}

/// Evidence that was received.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attached {
    id: EvidenceId,
    size: u64,
    media_type: &'static str,
    /// The last day on which it holds.
    expires_on: Option<String>,
}

/// Attaches a file: the body is its content, `Content-Type` its type. It is encrypted as it streams
/// in, and kept only when it is whole, at most 20 MiB and of the type that it says.
#[utoipa::path(post, path = "/api/v1/evidence", params(Attach), tag = "evidence",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Attached), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn attach(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<Attach>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    Identity::key(&parts)?;
    let declared = content_type(&parts.headers)?;
    refuse_declared_size(&parts.headers)?;
    let file = Incoming { declared, content: body.into_data_stream() };
    receive(&app, actor, query, |hash| Identity::of(&parts, hash), file).await
}

/// A file that arrives.
pub(in crate::certification) struct Incoming<S> {
    /// Its type, as it was declared.
    pub(in crate::certification) declared: String,
    /// Its content.
    pub(in crate::certification) content: S,
}

/// Receives a file and keeps it as evidence. What the request is known again by follows from the content's hash.
pub(in crate::certification) async fn receive(
    app: &App,
    actor: Actor,
    query: Attach,
    identity: impl FnOnce([u8; 32]) -> Result<Identity, Problem>,
    file: Incoming<impl Stream<Item = Result<Bytes, axum::Error>> + Unpin>,
) -> Result<Response, Problem> {
    if query.period_to < query.period_from {
        return Err(Problem::invalid("period_to", "is before period_from"));
    }
    if query.expires_on.is_some_and(|day| day < query.period_from) {
        return Err(Problem::invalid("expires_on", "is before period_from"));
    }
    let mut db = app.db.reader().acquire().await?;
    let File { application, subject, .. } = File::load(&mut db, &query.application).await?;
    // Asked before the file is read, and again once it is there.
    actor.authorise(Action::AttachEvidence, &subject, "application")?;
    Work::Attach.in_state(application.state)?;
    let company = data_keys::Subject::Party(&application.company_id);
    let (_, party_key) = data_keys::open(&mut db, app, company).await?;
    drop(db);
    query.name.as_deref().map_or(Ok(()), check_name)?;
    let key = data_keys::fresh(app);
    let received = app.blobs.receive(app, &party_key, &key, &file.declared, file.content).await?;
    let arrival = Arrival { actor, company: application.company_id, key, query };
    let kept = match identity(*received.address.as_bytes()) {
        Ok(identity) => keep(app, identity, arrival, &received).await,
        Err(problem) => Err(problem),
    };
    // What was placed has left its temporary place; whatever is still there is not needed.
    app.blobs.discard(&received).await?;
    kept
}

/// Who sent what for which application.
struct Arrival {
    actor: Actor,
    company: PartyId,
    /// The file's own.
    key: DataKey,
    query: Attach,
}

/// Writes what was received, unless the same request was answered before.
async fn keep(
    app: &App,
    identity: Identity,
    arrival: Arrival,
    received: &Received,
) -> Result<Response, Problem> {
    let Arrival { actor, company, key, query } = arrival;
    if let Some(answer) = identity.answered_before(app, &actor).await? {
        return Ok(answer);
    }
    let mut act = Act::begin(app, actor, identity).await?;
    let id = EvidenceId::new(act.now, &*app.rng);
    act.hold(&company).await?;
    let File { application, subject, .. } = File::load(&mut act.tx, &query.application).await?;
    act.authorise(Action::AttachEvidence, &subject, "evidence", id.as_str()).await?;
    Work::Attach.in_state(application.state)?;
    let blob = keep_blob(&mut act, &company, &key, received).await?;
    let name = match query.name {
        Some(name) => {
            let text = Text { text: name, lang: "und".into() };
            let subject = data_keys::Subject::Blob(&blob);
            Some(notes::keep_with(&mut act.tx, app, subject, &text, "name").await?)
        }
        None => None,
    };
    let by_company = act.actor.holds(Role::Applicant, &company);
    let row = evidence::Evidence {
        id: id.clone(),
        party_id: company,
        blob_id: blob,
        name_note: name,
        source: if by_company { Source::Company } else { Source::Assessor }.to_string(),
        period_from: query.period_from.to_string(),
        period_to: query.period_to.to_string(),
        expires_on: query.expires_on.map(|day| day.to_string()),
        received_at: act.now.as_millisecond(),
        size: i64::try_from(received.size).unwrap_or(i64::MAX),
        media_type: received.media_type.to_owned(),
        removed_at: None,
    };
    evidence::insert(&mut act.tx, &row, &act.actor.account).await?;
    let attached = Attached {
        id,
        size: received.size,
        media_type: received.media_type,
        expires_on: row.expires_on,
    };
    act.commit(StatusCode::CREATED, &attached).await
}

/// Checks a file's name.
fn check_name(name: &str) -> Result<(), Problem> {
    // A name that misleads looks like one of another type.
    if name.chars().count() <= 255 && !misleads(name) && !name.contains(['/', '\\']) {
        return Ok(());
    }
    Err(Problem::invalid("name", "must be a file name of at most 255 characters, without a path"))
}

fn content_type(headers: &HeaderMap) -> Result<String, Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.map(str::to_owned).ok_or_else(|| Problem::UnsupportedMediaType {
        detail: "Say the file's type as Content-Type.".into(),
    })
}

/// Refuses by its declared length what would be refused by its counted one, before a byte of it is read.
fn refuse_declared_size(headers: &HeaderMap) -> Result<(), Problem> {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > blobs::FILE_LIMIT => {
            Err(Problem::TooLarge { limit: blobs::FILE_LIMIT })
        }
        _ => Ok(()),
    }
}

/// Puts a received file into its place; the same file of the same party is kept once.
///
/// The object is placed before the row is committed: a crash between the two leaves an object that nobody can open,
/// for its key was never kept, and never a row without its object.
async fn keep_blob(
    act: &mut Act<'_>,
    company: &PartyId,
    key: &DataKey,
    received: &Received,
) -> Result<BlobId, Problem> {
    let (tx, app, now) = (&mut act.tx, act.app, act.now);
    // The company may have had all erased while the file was on its way.
    data_keys::open(tx, app, data_keys::Subject::Party(company)).await?;
    if let Some(same) = evidence::blob_by_address(tx, company, received.address.as_bytes()).await? {
        return Ok(same.id);
    }
    let id = BlobId::new(now, &*app.rng);
    app.blobs.place(company, &id, received).await?;
    let blob = evidence::Blob {
        data_key_id: data_keys::keep(tx, app, data_keys::Subject::Blob(&id), key).await?,
        id,
        party_id: company.clone(),
        address: received.address.as_bytes().to_vec(),
        cipher_digest: received.cipher_digest.to_vec(),
        size: i64::try_from(received.size).unwrap_or(i64::MAX),
        media_type: received.media_type.to_owned(),
    };
    evidence::add_blob(tx, &blob, now).await?;
    Ok(blob.id)
}

/// Whoever has to do with an application that the evidence is linked to, and the company itself.
async fn subjects(
    db: &mut sqlx::AnyConnection,
    row: &evidence::Evidence,
) -> Result<Vec<Subject>, Problem> {
    let mut subjects = vec![Subject { company: Some(row.party_id.clone()), ..Subject::default() }];
    for linked in evidence::linked_applications(db, &row.id).await? {
        let application =
            applications::get(db, &linked.id).await?.ok_or(sqlx::Error::RowNotFound)?;
        subjects.push(applications::subject(db, &application).await?);
    }
    Ok(subjects)
}

/// Allows whoever may read it for one of its subjects.
fn may_read(actor: &Actor, subjects: &[Subject]) -> Result<(), Problem> {
    let allowed = |subject| actor.authorise(Action::ReadEvidence, subject, "evidence");
    if subjects.iter().any(|subject| allowed(subject).is_ok()) {
        // Nobody was refused: one relation is enough.
        let _ = actor.refused.take();
        return Ok(());
    }
    allowed(&subjects.last().cloned().unwrap_or_default())
}

/// Reads a file.
#[utoipa::path(get, path = "/api/v1/evidence/{id}", params(("id" = String, Path)), tag = "evidence",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
              (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<EvidenceId>,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = evidence::get(&mut db, &id).await?.ok_or(Problem::NotFound("evidence"))?;
    let subjects = subjects(&mut db, &row).await?;
    may_read(&actor, &subjects)?;
    if let Some(at) = row.removed_at {
        return Err(Problem::Erased { at: rfc3339(at) });
    }
    let (_, key) = data_keys::open(&mut db, &app, data_keys::Subject::Blob(&row.blob_id)).await?;
    let name = name(&mut db, &app, &row.blob_id, row.name_note.as_ref()).await?;
    drop(db);
    let content = app.blobs.read(&row.party_id, &row.blob_id, &key).await?;
    let media_type = HeaderValue::from_str(&row.media_type).map_err(Problem::internal)?;
    // A company's file is shown by no page of this origin.
    let disposition = match name {
        Some(Shown::Text(name)) => format!("attachment; filename*=UTF-8''{}", encoded(&name.text)),
        _ => "attachment".to_owned(),
    };
    let disposition = HeaderValue::try_from(disposition).map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}

/// A file's name as the uploader had it, if it had one.
async fn name(
    db: &mut sqlx::AnyConnection,
    app: &App,
    blob: &BlobId,
    note: Option<&NoteId>,
) -> Result<Option<Shown>, Problem> {
    let Some(note) = note else { return Ok(None) };
    let names = notes::read(db, app, data_keys::Subject::Blob(blob), &[note]).await?;
    names.of(note).map(Some)
}

/// A file name as the value of an extended parameter (RFC 8187, section 3.2).
fn encoded(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// What evidence speaks to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkTo {
    application: ApplicationId,
    criterion: String,
    facility: FacilityId,
    /// The finding whose correction it shows.
    finding: Option<FindingId>,
}

/// Links evidence to a criterion at a facility of an application that is under way.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/links", params(("id" = String, Path)), request_body = LinkTo,
    tag = "evidence", responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn link(
    State(app): State<App>,
    Path(id): Path<EvidenceId>,
    write: Write<LinkTo>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let company = applications::company(&mut act.tx, &body.application).await?;
    act.hold(&company.ok_or(Problem::NotFound("application"))?).await?;
    let row = evidence::get(&mut act.tx, &id).await?.ok_or(Problem::NotFound("evidence"))?;
    let File { application, subject, programme } =
        File::load(&mut act.tx, &body.application).await?;
    act.authorise(Action::AttachEvidence, &subject, "evidence", id.as_str()).await?;
    if row.party_id != application.company_id || row.removed_at.is_some() {
        return Err(Problem::NotFound("evidence"));
    }
    // A link lets others read: it is made by whoever may read already, or brought the file in.
    if evidence::brought_by(&mut act.tx, &id).await? != act.actor.account {
        may_read(&act.actor, &subjects(&mut act.tx, &row).await?)?;
    }
    Work::Link.in_state(application.state)?;
    programme
        .criterion(&body.criterion)
        .ok_or_else(|| Problem::invalid("/criterion", "is none of the programme's"))?;
    let scope = facilities::of_application(&mut act.tx, &application.id).await?;
    if !scope.iter().any(|f| f.id == body.facility) {
        return Err(Problem::invalid("/facility", "is not in the scope"));
    }
    if let Some(finding) = &body.finding {
        let finding =
            findings::get(&mut act.tx, finding).await?.ok_or(Problem::NotFound("finding"))?;
        let assessment = applications::assessment_id(&mut act.tx, &application.id).await?;
        if Some(&finding.assessment_id) != assessment.as_ref() {
            return Err(Problem::invalid("/finding", "is not of this application"));
        }
    }
    let link = evidence::Link {
        evidence_id: id,
        application_id: body.application,
        criterion: body.criterion,
        facility_id: body.facility,
        finding_id: body.finding,
    };
    let link_id = EvidenceLinkId::new(act.now, &*app.rng);
    evidence::link(&mut act.tx, &link_id, &link, &act.actor.account, act.now).await?;
    act.commit(StatusCode::CREATED, &Written::new(link_id, 1)).await
}

/// Takes evidence back, as long as no application that it is linked to was handed in: its file is
/// erased by destroying its key, unless other evidence has the same file; a record remains that it was there.
#[utoipa::path(delete, path = "/api/v1/evidence/{id}", params(("id" = String, Path)), tag = "evidence",
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn remove(
    State(app): State<App>,
    Path(id): Path<EvidenceId>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    let (mut act, Nothing {}) = write.begin(&app).await?;
    let unknown = || Problem::NotFound("evidence");
    let row = evidence::get(&mut act.tx, &id).await?.ok_or_else(unknown)?;
    act.hold(&row.party_id).await?;
    let row = evidence::get(&mut act.tx, &id).await?.ok_or_else(unknown)?;
    let subject = subjects(&mut act.tx, &row).await?.pop().unwrap_or_default();
    act.authorise(Action::RemoveEvidence, &subject, "evidence", id.as_str()).await?;
    if let Some(at) = row.removed_at {
        return Err(Problem::Erased { at: rfc3339(at) });
    }
    for linked in evidence::linked_applications(&mut act.tx, &id).await? {
        Work::TakeBack.in_state(linked.state)?;
    }
    evidence::remove(&mut act.tx, &id, &act.actor.account, act.now).await?;
    if !evidence::is_needed(&mut act.tx, &row.blob_id).await? {
        erasure::destroy_file(&mut act, &row.blob_id).await?;
    }
    act.commit(StatusCode::NO_CONTENT, &()).await
}

/// Evidence as its criterion shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceView {
    pub(crate) id: EvidenceId,
    pub(crate) criterion: String,
    pub(crate) facility: FacilityId,
    pub(crate) finding: Option<FindingId>,
    /// The file's name, as the uploader had it.
    pub(crate) name: Option<Shown>,
    /// The first day that it speaks of.
    pub(crate) period_from: String,
    /// The last day that it speaks of.
    pub(crate) period_to: String,
    /// The last day on which it holds.
    pub(crate) expires_on: Option<String>,
    /// Whether that day is over, in the programme's time zone.
    pub(crate) expired: bool,
    /// When it was erased.
    pub(crate) erased_at: Option<String>,
}

/// The evidence of an application, link by link, as it stands at a moment.
pub(in crate::certification) async fn of_application(
    db: &mut sqlx::AnyConnection,
    app: &App,
    file: &File,
    now: Timestamp,
) -> Result<Vec<EvidenceView>, Problem> {
    let zone = file::zone(&file.programme)?;
    let over = |day: &str| day.parse::<Date>().is_ok_and(|day| zone.is_over(day, now));
    let links = evidence::links(db, &file.application.id).await?;
    let named = links.iter().filter(|linked| linked.removed_at.is_none());
    let named: Vec<_> = named.filter_map(|l| Some((&l.blob_id, l.name_note.as_ref()?))).collect();
    let names = notes::read_names(db, app, &named).await?;
    let mut views = Vec::new();
    for linked in links {
        views.push(EvidenceView {
            name: match linked.removed_at.map(rfc3339) {
                // Another evidence may still need the file, and with it the key.
                Some(erased_at) => linked.name_note.map(|_| Shown::Erased { erased_at }),
                None => names.of_optional(linked.name_note.as_ref())?,
            },
            id: linked.link.evidence_id,
            criterion: linked.link.criterion,
            facility: linked.link.facility_id,
            finding: linked.link.finding_id,
            period_from: linked.period_from,
            period_to: linked.period_to,
            expired: linked.expires_on.as_deref().is_some_and(over),
            expires_on: linked.expires_on,
            erased_at: linked.removed_at.map(rfc3339),
        });
    }
    Ok(views)
}
