//! Certificates after the grant: suspended, reinstated, reduced, withdrawn, given up.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::decisions::{apply_rule, maker};
use crate::certification::attest;
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::{CertificateId, CertificateVersionId, DecisionId, FacilityId};
use crate::certification::rules::certificate::{self, CertificateState, CertificateStep, Change};
use crate::certification::rules::decision::{DecisionKind, Maker, SuspensionCause};
use crate::certification::rules::number::CertificateNumber;
use crate::certification::store;
use crate::certification::store::certificates::{self, Certificate, Event, Version};
use crate::certification::store::decisions::{self, Decision};
use crate::issuance::{self, Purpose};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Subject};
use crate::platform::clock::{instant, rfc3339};
use crate::platform::id::PartyId;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(suspend))
        .routes(routes!(reinstate))
        .routes(routes!(reduce))
        .routes(routes!(withdraw))
        .routes(routes!(terminate))
        .routes(routes!(reissue))
        .routes(routes!(retry))
        .routes(routes!(void))
}

/// The certificate of a number as somebody typed it.
///
/// # Errors
/// [`Problem::Invalid`] for a slip in the number, [`Problem::NotFound`] for one that was never given out.
pub(super) async fn find(db: &mut AnyConnection, number: &str) -> Result<Certificate, Problem> {
    let number: CertificateNumber = number.parse().map_err(|error| match error {
        error @ crate::certification::rules::number::NumberError::Check => {
            Problem::invalid("number", error.to_string())
        }
        _ => Problem::NotFound("certificate"),
    })?;
    certificates::by_number(db, &number.to_string()).await
}

/// A certificate loaded for a decision.
struct Loaded {
    certificate: Certificate,
    version: Version,
    assessment: AssessmentFile,
    maker: Maker,
}

/// Opens a certificate for a write: authorised, and at the version that its writer saw.
async fn open(
    act: &mut Act<'_>,
    number: &str,
    action: Action,
    seen: i64,
) -> Result<Loaded, Problem> {
    let certificate = find(&mut act.tx, number).await?;
    act.authorise(action, &certificate.subject(), "certificate", &certificate.number)?;
    store::check_version(seen, certificate.version)?;
    let version = certificates::latest_version(&mut act.tx, &certificate.id).await?;
    let assessment = AssessmentFile::load(&mut act.tx, &version.assessment_id).await?;
    let maker = maker(act, &assessment).await?;
    Ok(Loaded { certificate, version, assessment, maker })
}

/// Writes where the certificate stands now, and commits.
async fn finish(
    mut act: Act<'_>,
    certificate: &Certificate,
    state: CertificateState,
    decision: Option<DecisionId>,
    credential: Option<String>,
) -> Result<Response, Problem> {
    let version = certificates::advance(&mut act.tx, certificate, state).await?;
    let number = certificate.number.clone();
    let changed = Changed { number, state, version, decision, credential };
    act.commit(StatusCode::OK, &changed).await
}

/// The words of a decision on a certificate.
struct Words<'a> {
    kind: DecisionKind,
    cause: Option<SuspensionCause>,
    level: Option<&'a str>,
    reason: &'a Text,
    public_reason: Option<&'a str>,
}

impl<'a> Words<'a> {
    fn of(kind: DecisionKind, reason: &'a Text, public_reason: Option<&'a str>) -> Self {
        Self { kind, cause: None, level: None, reason, public_reason }
    }
}

/// Appends the decision.
async fn record(
    act: &mut Act<'_>,
    certificate: &Certificate,
    words: &Words<'_>,
) -> Result<DecisionId, Problem> {
    words.public_reason.map_or(Ok(()), super::check_public_reason)?;
    let id = DecisionId::new(act.now, &*act.app.rng);
    let reason = act.keep(&certificate.company_id, words.reason, "/reason").await?;
    let decision = Decision {
        id: &id,
        application: None,
        certificate: Some(&certificate.id),
        kind: words.kind,
        cause: words.cause,
        level: words.level,
        rule: None,
        reason: &reason,
        public_reason: words.public_reason,
        by: &act.actor.account,
        effective_at: act.now.as_millisecond(),
    };
    decisions::insert(&mut act.tx, &decision, act.now).await?;
    Ok(id)
}

/// Writes a change of status: the decision, the bits of every credential, the event and the new state.
async fn change_status(
    mut act: Act<'_>,
    certificate: &Certificate,
    to: CertificateState,
    words: &Words<'_>,
    (purpose, bit): (Purpose, bool),
) -> Result<Response, Problem> {
    let decision = record(&mut act, certificate, words).await?;
    let (tx, id) = (&mut act.tx, &certificate.id);
    let leaf = issuance::set_status(tx, act.app, id.as_str(), purpose, bit).await?;
    let event = Event {
        kind: public_word(words.kind),
        decision: Some(&decision),
        credential: None,
        effective_at: act.now.as_millisecond(),
        public_reason: words.public_reason,
        leaf,
    };
    certificates::add_event(tx, id, &event, act.now).await?;
    finish(act, certificate, to, Some(decision), None).await
}

/// The word that the public reads for a decision.
fn public_word(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Grant => "granted",
        DecisionKind::Refuse => "refused",
        DecisionKind::Suspend => "suspended",
        DecisionKind::Reinstate => "reinstated",
        DecisionKind::Reduce => "reduced",
        DecisionKind::Extend => "extended",
        DecisionKind::Withdraw => "withdrawn",
        DecisionKind::Terminate => "terminated",
    }
}

/// A certificate that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changed {
    number: String,
    #[schema(value_type = String)]
    state: CertificateState,
    version: i64,
    decision: Option<DecisionId>,
    /// The new credential, when there is one.
    credential: Option<String>,
}

/// A suspension.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suspend {
    version: i64,
    cause: SuspensionCause,
    /// Why; never public.
    reason: Text,
    /// What is said in public.
    public_reason: String,
    /// Whether the holder was heard.
    heard: bool,
    /// Whether it does not bear waiting for that.
    #[serde(default)]
    urgent: bool,
}

/// Suspends the certificate.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/suspend", params(("number" = String, Path)),
    request_body = Suspend, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn suspend(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Suspend>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let public_reason = &body.public_reason;
    let step = CertificateStep::Suspend {
        maker: &loaded.maker,
        public_reason,
        heard: body.heard,
        urgent: body.urgent,
    };
    let to = certificate::next(loaded.certificate.state, &step)?;
    let words = Words::of(DecisionKind::Suspend, &body.reason, Some(public_reason));
    let words = Words { cause: Some(body.cause), ..words };
    change_status(act, &loaded.certificate, to, &words, (Purpose::Suspension, true)).await
}

/// The end of a suspension.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reinstate {
    version: i64,
    /// Whether what the certificate was suspended for is closed and verified.
    cause_closed: bool,
    reason: Text,
    public_reason: Option<String>,
}

/// Lifts the suspension.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/reinstate", params(("number" = String, Path)),
    request_body = Reinstate, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn reinstate(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Reinstate>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let Loaded { certificate, assessment, maker, .. } = &loaded;
    let programme = &assessment.file.programme;
    let suspended = certificates::last_event_at(&mut act.tx, &certificate.id, "suspended").await?;
    let until = certificate::suspension_ends(
        &file::zone(programme)?,
        suspended.map_or(act.now, instant),
        programme.rules.suspension_max_months,
    );
    let cause_closed = body.cause_closed;
    let step = CertificateStep::Reinstate { maker, cause_closed, until, now: act.now };
    let to = certificate::next(certificate.state, &step)?;
    let public_reason = body.public_reason.as_deref();
    let words = Words::of(DecisionKind::Reinstate, &body.reason, public_reason);
    change_status(act, certificate, to, &words, (Purpose::Suspension, false)).await
}

/// A withdrawal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdraw {
    version: i64,
    reason: Text,
    public_reason: String,
}

/// Withdraws the certificate, for good.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/withdraw", params(("number" = String, Path)),
    request_body = Withdraw, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn withdraw(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Withdraw>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let public_reason = &body.public_reason;
    let step = CertificateStep::Withdraw { maker: &loaded.maker, public_reason };
    let to = certificate::next(loaded.certificate.state, &step)?;
    let words = Words::of(DecisionKind::Withdraw, &body.reason, Some(public_reason));
    change_status(act, &loaded.certificate, to, &words, (Purpose::Revocation, true)).await
}

/// The holder's own end of the certificate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terminate {
    version: i64,
    reason: Text,
}

/// The holder gives the certificate up, for good. The public reads that it was given up, not taken away.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/terminate", params(("number" = String, Path)),
    request_body = Terminate, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn terminate(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Terminate>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::Terminate, body.version).await?;
    let to = certificate::next(loaded.certificate.state, &CertificateStep::Terminate)?;
    let words = Words::of(DecisionKind::Terminate, &body.reason, None);
    change_status(act, &loaded.certificate, to, &words, (Purpose::Revocation, true)).await
}

/// A reduction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reduce {
    version: i64,
    /// The level from now on; absent when it stays.
    level: Option<String>,
    /// The facilities that stay; absent when all do.
    facilities: Option<Vec<FacilityId>>,
    reason: Text,
    public_reason: String,
}

/// Reduces level or scope: a new version and a new credential. The old credential stops counting at once.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/reduce", params(("number" = String, Path)),
    request_body = Reduce, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn reduce(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Reduce>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let Loaded { certificate, version, assessment, maker } = &loaded;
    let scope = certificates::scope(&mut act.tx, &version.id).await?;
    let new_scope = reduced_scope(assessment, &scope, body.facilities.as_deref());
    let level = body.level.as_deref().unwrap_or(&version.level);
    let step = CertificateStep::Reduce {
        maker,
        public_reason: &body.public_reason,
        change: Change {
            rank: rank(assessment, &version.level)?,
            new_rank: rank(assessment, level)?,
            facilities: &texts(&scope),
            new_facilities: &texts(&new_scope),
        },
    };
    let to = certificate::next(certificate.state, &step)?;
    still_reached(&mut act.tx, assessment, &new_scope, level).await?;
    let words = Words::of(DecisionKind::Reduce, &body.reason, Some(&body.public_reason));
    let words = Words { level: Some(level), ..words };
    let decision = record(&mut act, certificate, &words).await?;
    let credential = cut(&mut act, &loaded, &new_scope, &words, &decision).await?;
    finish(act, certificate, to, Some(decision), Some(credential)).await
}

/// Writes the version that a reduction makes and prepares its credential; the earlier ones stop counting at once.
async fn cut(
    act: &mut Act<'_>,
    Loaded { certificate, version, .. }: &Loaded,
    scope: &[FacilityId],
    words: &Words<'_>,
    decision: &DecisionId,
) -> Result<String, Problem> {
    let (tx, app) = (&mut act.tx, act.app);
    for purpose in [Purpose::Refresh, Purpose::Revocation] {
        issuance::set_status(tx, app, certificate.id.as_str(), purpose, true).await?;
    }
    let next = Version {
        id: CertificateVersionId::new(act.now, &*app.rng),
        n: version.n + 1,
        decision_id: decision.clone(),
        level: words.level.unwrap_or(&version.level).to_owned(),
        valid_from: act.now.as_second() * 1000,
        ..version.clone()
    };
    certificates::add_version(tx, &certificate.id, &next, scope).await?;
    let change = attest::Change {
        kind: public_word(words.kind),
        decision: Some(decision),
        public_reason: words.public_reason,
    };
    attest::attest(tx, app, certificate, &next, &change).await
}

/// The facilities that stay, the organisation as a whole always among them.
fn reduced_scope(
    assessment: &AssessmentFile,
    scope: &[FacilityId],
    asked: Option<&[FacilityId]>,
) -> Vec<FacilityId> {
    let Some(asked) = asked else { return scope.to_vec() };
    let whole = assessment.sample.iter().filter(|s| s.kind == akashi_schemas::FacilityKind::Whole);
    let mut kept: Vec<FacilityId> =
        whole.map(|s| s.facility_id.clone()).chain(asked.iter().cloned()).collect();
    kept.sort();
    kept.dedup();
    kept
}

fn texts(ids: &[FacilityId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn rank(assessment: &AssessmentFile, level: &str) -> Result<u32, Problem> {
    let level = assessment.file.programme.level(level);
    level
        .map(|level| level.rank)
        .ok_or_else(|| Problem::invalid("/level", "is none of the programme's"))
}

/// A reduced scope must still reach the level by the ratings that it keeps.
async fn still_reached(
    db: &mut AnyConnection,
    assessment: &AssessmentFile,
    scope: &[FacilityId],
    level: &str,
) -> Result<(), Problem> {
    let ratings = assessment.ratings(db).await?;
    let given = apply_rule(assessment, &ratings, |facility| scope.contains(facility)).level;
    let given_rank = match &given {
        Some(given) => rank(assessment, given)?,
        None => u32::MAX,
    };
    if rank(assessment, level)? >= given_rank {
        return Ok(());
    }
    Err(Problem::Incomplete {
        event: "reduce".into(),
        missing: vec![serde_json::json!({ "code": "level", "asked": level, "given": given })],
    })
}

/// A new credential for the same version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reissue {
    version: i64,
}

/// Makes a new credential for the version whose credential was voided.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/reissue", params(("number" = String, Path)),
    request_body = Reissue, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn reissue(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Reissue>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let Loaded { certificate, version, maker, .. } = &loaded;
    let voided = issuance::is_voided(&mut act.tx, version.id.as_str()).await?;
    let to = certificate::next(certificate.state, &CertificateStep::Reissue { maker, voided })?;
    let change = attest::Change { kind: "reissued", decision: None, public_reason: None };
    let credential = attest::attest(&mut act.tx, &app, certificate, version, &change).await?;
    finish(act, certificate, to, None, Some(credential)).await
}

/// An operator's act on a credential whose release failed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperateCredential {
    /// The certificate's version seen.
    version: i64,
}

/// Opens the certificate of a credential for an operator.
async fn open_of_credential(
    act: &mut Act<'_>,
    credential: &str,
    seen: i64,
) -> Result<Certificate, Problem> {
    act.authorise(Action::Operate, &Subject::default(), "credential", credential)?;
    let certificate = issuance::certificate_of(&mut act.tx, credential)
        .await?
        .ok_or(Problem::NotFound("credential"))?;
    let certificate = certificates::by_text_id(&mut act.tx, &certificate).await?;
    store::check_version(seen, certificate.version)?;
    Ok(certificate)
}

/// Tries again to release a credential whose release failed.
#[utoipa::path(post, path = "/api/v1/credentials/{id}/retry", params(("id" = String, Path)),
    request_body = OperateCredential, tag = "operation",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn retry(
    State(app): State<App>,
    Path(id): Path<String>,
    write: Write<OperateCredential>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let certificate = open_of_credential(&mut act, &id, body.version).await?;
    let to = certificate::next(certificate.state, &CertificateStep::Retry)?;
    issuance::retry(&mut act.tx, &app, &id).await?;
    finish(act, &certificate, to, None, Some(id)).await
}

/// Voids a credential that was never released: should its bytes have leaked, they read as revoked.
#[utoipa::path(post, path = "/api/v1/credentials/{id}/void", params(("id" = String, Path)),
    request_body = OperateCredential, tag = "operation",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
async fn void(
    State(app): State<App>,
    Path(id): Path<String>,
    write: Write<OperateCredential>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let certificate = open_of_credential(&mut act, &id, body.version).await?;
    let to = certificate::next(certificate.state, &CertificateStep::Void("release failed"))?;
    issuance::void(&mut act.tx, &app, &id).await?;
    finish(act, &certificate, to, None, Some(id)).await
}

/// A certificate's record as those who act on it see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateView {
    id: CertificateId,
    number: String,
    company: PartyId,
    body: PartyId,
    programme: String,
    #[schema(value_type = String)]
    state: CertificateState,
    level: String,
    valid_from: String,
    valid_until: String,
    facilities: Vec<FacilityId>,
    version: i64,
}

/// A certificate's record, also while its credential is not released yet.
#[utoipa::path(get, path = "/api/v1/certificates/{number}", params(("number" = String, Path)), tag = "certificates",
    responses((status = 200, body = CertificateView), (status = "4XX", body = ProblemDetails)))]
async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(number): Path<String>,
) -> Result<Json<CertificateView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let row = find(&mut db, &number).await?;
    actor.authorise(Action::ReadCertificate, &row.subject(), "certificate")?;
    let version = certificates::latest_version(&mut db, &row.id).await?;
    Ok(Json(CertificateView {
        facilities: certificates::scope(&mut db, &version.id).await?,
        id: row.id,
        number: row.number,
        company: row.company_id,
        body: row.body_id,
        programme: row.programme,
        state: row.state,
        level: version.level,
        valid_from: rfc3339(version.valid_from),
        valid_until: rfc3339(version.valid_until),
        version: row.version,
    }))
}
