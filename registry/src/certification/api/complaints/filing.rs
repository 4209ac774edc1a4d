//! A complaint is filed, and looked at by whoever filed it: a secret stands in for a name.

use akashi_schemas::Programme;
use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::clocks;
use crate::certification::api::certificates;
use crate::certification::file;
use crate::certification::ids::{CertificateId, ComplaintId};
use crate::certification::news;
use crate::certification::rules::certificate::standing;
use crate::certification::rules::complaint::{Clocks, ComplaintState};
use crate::certification::rules::dates::Zone;
use crate::certification::store::complaints::{self, Complaint};
use crate::certification::store::parties::{self, PartyKind};
use crate::certification::store::{certificates as certificate_store, programmes};
use crate::platform::accounts::rules::email_norm;
use crate::platform::app::App;
use crate::platform::audit;
use crate::platform::authorisation::Action;
use crate::platform::clock::{instant, rfc3339};
use crate::platform::data_keys::Subject;
use crate::platform::hold;
use crate::platform::http::RequestId;
use crate::platform::id::PartyId;
use crate::platform::notes::{self, Shown, Text};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::rng::draw;
use crate::platform::write::Json;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(file_complaint)).routes(routes!(get))
}

/// How many unanswered complaints of one day a body may have: whoever floods it with more is put off, and what came
/// before can be read in a day.
pub(in crate::certification) const OPEN_A_DAY: usize = 50;

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The header that brings the secret. It never stands in a URL, which is kept in logs and histories.
const SECRET: &str = "complaint-secret";

/// What a complaint is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum About {
    /// The holder of the certificate of this number.
    Certificate(String),
    /// The certification body of this id, or of this last part of its public address.
    Body(String),
}

/// A complaint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileComplaint {
    pub(in crate::certification) about: About,
    /// What is complained of.
    text: Text,
    /// An e-mail address at which the body may ask. Only the body's quality managers read it.
    contact: Option<String>,
}

/// A complaint that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Filed {
    pub(in crate::certification) id: ComplaintId,
    /// To be sent in the header `Complaint-Secret` by whoever comes back. It is shown this once.
    pub(in crate::certification) secret: String,
    #[schema(value_type = String)]
    state: ComplaintState,
    acknowledge_due_at: String,
    answer_due_at: String,
}

/// Files a complaint about a holder or a certification body. It takes no account.
#[utoipa::path(post, path = "/api/v1/complaints", request_body = FileComplaint, tag = "complaints",
    responses((status = 201, body = Filed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn file_complaint(
    State(app): State<App>,
    request: RequestId,
    Json(body): Json<FileComplaint>,
) -> Result<Response, Problem> {
    let filed = file(&app, &request, &body, fresh_secret(&app)).await?;
    Ok((StatusCode::CREATED, NO_STORE, Answer(filed)).into_response())
}

/// A secret that nobody guesses: 32 bytes, as base64url.
#[must_use]
pub(in crate::certification) fn fresh_secret(app: &App) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(draw::<32>(&*app.rng))
}

/// Whether a text may be a secret: what [`fresh_secret`] gives is as long as this.
fn is_secret(text: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Takes a complaint under a secret. The same complaint under the same secret is taken once, and answered as the first
/// time: a form brings the secret that it was given out with, however often it is sent.
///
/// # Errors
/// When it cannot be taken; [`Problem::IdempotencyMismatch`] when the secret came with another complaint.
pub(in crate::certification) async fn file(
    app: &App,
    request: &RequestId,
    body: &FileComplaint,
    secret: String,
) -> Result<Filed, Problem> {
    body.text.check("/text")?;
    let contact = contact(body)?;
    if !is_secret(&secret) {
        return Err(Problem::invalid("/secret", "must be the one that came with the form"));
    }
    let mut tx = app.db.write().await?;
    let (party, certificate, programmes) = about(&mut tx, app, &body.about).await?;
    hold::party(&mut tx, &party).await?;
    if let Some(known) = complaints::by_hash(&mut tx, &hash(&secret)).await? {
        let same = known.body_id == party && known.certificate_id == certificate;
        return match same && says(&mut tx, app, &known, &body.text, contact.as_ref()).await? {
            true => Ok(Filed::of(&known, secret)),
            false => Err(Problem::IdempotencyMismatch),
        };
    }
    let now = app.clock.now();
    not_too_many(&mut tx, &party, now).await?;
    let clocks = shortest(&programmes, now)?.ok_or(Problem::NotFound("certification body"))?;
    let text_note = notes::keep(&mut tx, app, &party, &body.text, "/text").await?;
    let contact_note = match &contact {
        Some(contact) => Some(notes::keep(&mut tx, app, &party, contact, "/contact").await?),
        None => None,
    };
    let complaint = Complaint {
        id: ComplaintId::new(now, &*app.rng),
        body_id: party,
        certificate_id: certificate,
        number: None,
        state: ComplaintState::Received,
        text_note,
        contact_note,
        outcome: None,
        answer_note: None,
        received_at: now.as_millisecond(),
        acknowledge_due_at: clocks.acknowledge_due.as_millisecond(),
        answer_due_at: clocks.answer_due.as_millisecond(),
        version: 1,
    };
    complaints::insert(&mut tx, &complaint, &hash(&secret)).await?;
    news::complaint_filed(&mut tx, app, &complaint.body_id, &complaint.id).await?;
    let subject = format!("complaint {}", complaint.id);
    let (party, action) = (Some(&complaint.body_id), Action::Complain);
    let row = audit::Row { actor: None, party, action, subject: &subject, outcome: "done" };
    audit::append(&mut tx, app, request, &row).await?;
    tx.commit().await?;
    Ok(Filed::of(&complaint, secret))
}

impl Filed {
    fn of(complaint: &Complaint, secret: String) -> Self {
        Self {
            secret,
            state: complaint.state,
            acknowledge_due_at: rfc3339(complaint.acknowledge_due_at),
            answer_due_at: rfc3339(complaint.answer_due_at),
            id: complaint.id.clone(),
        }
    }
}

/// Whether a complaint that was taken says just this.
async fn says(
    db: &mut AnyConnection,
    app: &App,
    known: &Complaint,
    text: &Text,
    contact: Option<&Text>,
) -> Result<bool, Problem> {
    let ids: Vec<_> =
        [Some(&known.text_note), known.contact_note.as_ref()].into_iter().flatten().collect();
    let notes = notes::read(db, app, Subject::Party(&known.body_id), &ids).await?;
    let same = |text: Option<&Text>, shown: Option<Shown>| shown == text.cloned().map(Shown::Text);
    Ok(same(Some(text), Some(notes.of(&known.text_note)?))
        && same(contact, notes.of_optional(known.contact_note.as_ref())?))
}

/// What the answers to whoever complains carry: no cache keeps them.
const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// All that is kept of a secret.
fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The address to be asked at, as a note.
fn contact(body: &FileComplaint) -> Result<Option<Text>, Problem> {
    let Some(address) = &body.contact else { return Ok(None) };
    let text = email_norm(address).map_err(|fault| Problem::invalid("/contact", fault))?;
    Ok(Some(Text { text, lang: body.text.lang.clone() }))
}

/// Who answers a complaint, the certificate that it is about, and the programmes whose terms it is answered in.
///
/// # Errors
/// [`Problem::NotFound`], also for a certificate that is not public yet.
pub(in crate::certification) async fn about(
    db: &mut AnyConnection,
    app: &App,
    about: &About,
) -> Result<(PartyId, Option<CertificateId>, Vec<std::sync::Arc<Programme>>), Problem> {
    match about {
        About::Certificate(number) => {
            let certificate = certificates::find(db, number).await?;
            let version = certificate_store::latest_version(db, &certificate.id).await?;
            let until = instant(version.valid_until);
            // Nobody learns by a complaint of a certificate that is not public yet.
            if standing(certificate.state, until, app.clock.now()).is_none() {
                return Err(Problem::NotFound("certificate"));
            }
            let programme = file::programme(db, &version.programme_version_id).await?;
            Ok((certificate.body_id, Some(certificate.id), vec![programme]))
        }
        About::Body(name) => {
            let body = match serde_json::from_value::<PartyId>(name.as_str().into()) {
                Ok(id) => parties::get(db, &id).await?,
                Err(_) => parties::by_slug(db, name).await?,
            };
            let body = body.filter(|party| party.kind == PartyKind::Body);
            let body = body.ok_or(Problem::NotFound("certification body"))?;
            let programmes = programmes_of(db, &body.id).await?;
            Ok((body.id, None, programmes))
        }
    }
}

/// The published versions of every programme that a body is or was authorised for.
///
/// # Errors
/// When the database refuses.
pub(in crate::certification) async fn programmes_of(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Vec<std::sync::Arc<Programme>>, Problem> {
    let authorised = programmes::authorisations_of(db, body).await?;
    let mut all = Vec::new();
    for version in programmes::all_published(db).await? {
        if authorised.iter().any(|authorisation| authorisation.programme == version.programme) {
            all.push(file::programme(db, &version.id).await?);
        }
    }
    Ok(all)
}

/// The zone in which a body counts days: that of the first programme that it is or was authorised for.
///
/// # Errors
/// When the database refuses.
pub(in crate::certification) async fn zone_of(
    db: &mut AnyConnection,
    body: &PartyId,
) -> Result<Zone, Problem> {
    match programmes_of(db, body).await?.first() {
        Some(programme) => file::zone(programme),
        None => Zone::named("UTC").map_err(Problem::internal),
    }
}

/// The shortest terms that any of these programmes gives; none without a programme.
fn shortest(
    programmes: &[std::sync::Arc<Programme>],
    now: Timestamp,
) -> Result<Option<Clocks>, Problem> {
    let mut shortest: Option<Clocks> = None;
    for programme in programmes {
        let clocks = Clocks::of(&programme.rules, &file::zone(programme)?, now);
        shortest = Some(shortest.map_or(clocks, |other| other.shorter(clocks)));
    }
    Ok(shortest)
}

/// Puts off whoever comes while a body has as many unanswered complaints of one day as it may.
async fn not_too_many(
    db: &mut AnyConnection,
    body: &PartyId,
    now: Timestamp,
) -> Result<(), Problem> {
    let now = now.as_millisecond();
    let open = complaints::open_since(db, body, now - DAY_MS).await?;
    // As soon as the oldest of the last so many is a day old, there is room for another.
    match open.len().checked_sub(OPEN_A_DAY).and_then(|surplus| open.get(surplus)) {
        Some(oldest) => {
            let wait_s = u64::try_from((oldest + DAY_MS - now + 999) / 1000).unwrap_or(1);
            Err(Problem::TooMany { of: "complaints", wait_s })
        }
        None => Ok(()),
    }
}

/// A complaint, as whoever filed it sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintStanding {
    id: ComplaintId,
    /// The certificate that it is about; none when it is about the body.
    certificate: Option<String>,
    #[schema(value_type = String)]
    state: ComplaintState,
    received_at: String,
    /// Until when the body is to say that it looks into it.
    acknowledge_due_at: String,
    /// Whether it waits for that longer than it may.
    acknowledgement_overdue: bool,
    /// When the body did so.
    acknowledged_at: Option<String>,
    /// Until when the body is to answer.
    answer_due_at: String,
    /// Whether it waits for the answer longer than it may.
    answer_overdue: bool,
    /// What the body answers.
    answer: Option<Shown>,
    /// What it led to: `answer` or `special_look`.
    outcome: Option<String>,
}

impl ComplaintStanding {
    /// Where a complaint stands.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn read(
        db: &mut AnyConnection,
        app: &App,
        complaint: Complaint,
    ) -> Result<Self, Problem> {
        let (acknowledgement_overdue, answer_overdue) =
            clocks(&complaint).overdue(complaint.state, app.clock.now());
        let answer: Vec<_> = complaint.answer_note.iter().collect();
        let notes = notes::read(db, app, Subject::Party(&complaint.body_id), &answer).await?;
        let acknowledged =
            complaints::came_to(db, &complaint.id, ComplaintState::Acknowledged).await?;
        Ok(Self {
            certificate: complaint.number.clone(),
            state: complaint.state,
            received_at: rfc3339(complaint.received_at),
            acknowledge_due_at: rfc3339(complaint.acknowledge_due_at),
            acknowledgement_overdue,
            acknowledged_at: acknowledged.map(rfc3339),
            answer_due_at: rfc3339(complaint.answer_due_at),
            answer_overdue,
            answer: notes.of_optional(complaint.answer_note.as_ref())?,
            outcome: complaint.outcome,
            id: complaint.id,
        })
    }
}

/// The complaint of an id and a secret. A wrong secret reads as a complaint that is not there.
///
/// # Errors
/// [`Problem::NotFound`].
pub(in crate::certification) async fn kept_under(
    db: &mut AnyConnection,
    id: &ComplaintId,
    secret: &str,
) -> Result<Complaint, Problem> {
    let complaint = complaints::by_secret(db, id, &hash(secret)).await?;
    complaint.ok_or(Problem::NotFound("complaint"))
}

/// Where a complaint stands, for whoever has its secret.
#[utoipa::path(get, path = "/api/v1/complaints/{id}", tag = "complaints",
    params(("id" = String, Path), ("Complaint-Secret" = String, Header, description = "What filing it was answered with")),
    responses((status = 200, body = ComplaintStanding), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn get(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let secret = headers.get(SECRET).and_then(|value| value.to_str().ok()).ok_or_else(|| {
        Problem::invalid("Complaint-Secret", "must be the secret that filing it was answered with")
    })?;
    let mut db = app.db.reader().acquire().await?;
    let complaint = kept_under(&mut db, &id, secret).await?;
    let standing = ComplaintStanding::read(&mut db, &app, complaint).await?;
    Ok((NO_STORE, Answer(standing)).into_response())
}
