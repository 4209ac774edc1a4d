//! What changes whether a certificate counts.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Changed, Loaded, Words, finish, open, record};
use crate::certification::file;
use crate::certification::ids::{DecisionId, FindingId};
use crate::certification::news;
use crate::certification::rules::certificate::{
    self, CertificateState, CertificateStep, EventKind, SuspensionTerm,
};
use crate::certification::rules::decision::{DecisionKind, SuspensionCause};
use crate::certification::store::certificates::{self, Certificate, Event};
use crate::certification::store::{findings, surveillance, suspensions};
use crate::issuance::{self, Purpose};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::clock::instant;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(suspend))
        .routes(routes!(reinstate))
        .routes(routes!(withdraw))
        .routes(routes!(terminate))
}

/// Writes a change of status with the new state, and commits.
async fn change_status(
    mut act: Act<'_>,
    certificate: &Certificate,
    to: CertificateState,
    words: &Words<'_>,
    bit: (Purpose, bool),
) -> Result<Response, Problem> {
    let decision = write_status(&mut act, certificate, words, bit).await?;
    finish(act, certificate, to, Some(decision), None).await
}

/// Writes a change of status: the decision, the bits of every credential, the event.
pub(super) async fn write_status(
    act: &mut Act<'_>,
    certificate: &Certificate,
    words: &Words<'_>,
    (purpose, bit): (Purpose, bool),
) -> Result<DecisionId, Problem> {
    let decision = record(act, certificate, words).await?;
    let (tx, id) = (&mut act.tx, &certificate.id);
    let leaf = issuance::set_status(tx, act.app, id.as_str(), purpose, bit).await?;
    let event = Event {
        kind: words.event,
        decision: Some(&decision),
        credential: None,
        effective_at: act.now.as_millisecond(),
        public_reason: words.public_reason,
        leaf,
    };
    certificates::add_event(tx, id, &event, act.now).await?;
    Ok(decision)
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
    /// The last day of it, in the programme's zone; when absent, the last that the programme allows.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// The findings that it is for: it is lifted once an assessor has verified that they are closed.
    #[serde(default)]
    findings: Vec<FindingId>,
}

/// Suspends the certificate.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/suspend", params(("number" = String, Path)),
    request_body = Suspend, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn suspend(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Suspend>,
) -> Result<Response, Problem> {
    let (mut act, mut body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let (certificate, public_reason) = (&loaded.certificate, &body.public_reason);
    let term = term(&act, &loaded, body.until)?;
    let step = CertificateStep::Suspend {
        maker: &loaded.maker,
        public_reason,
        heard: body.heard,
        urgent: body.urgent,
        term,
    };
    let to = certificate::next(certificate.state, &step)?;
    body.findings.sort();
    body.findings.dedup();
    are_of_the_certificate(&mut act, &loaded, &body.findings).await?;
    let words =
        Words::of(DecisionKind::Suspend, EventKind::Suspended, &body.reason, Some(public_reason));
    let words = Words { cause: Some(body.cause), ..words };
    let bit = (Purpose::Suspension, true);
    let decision = write_status(&mut act, certificate, &words, bit).await?;
    let (id, until) = (&certificate.id, term.until);
    suspensions::insert(&mut act.tx, &decision, id, until, &body.findings).await?;
    let zone = file::zone(&loaded.assessment.file.programme)?;
    news::suspended(&mut act.tx, &app, certificate, &decision, (&zone, until)).await?;
    finish(act, certificate, to, Some(decision), None).await
}

/// The term of a suspension that begins now.
fn term(act: &Act<'_>, loaded: &Loaded, until: Option<Date>) -> Result<SuspensionTerm, Problem> {
    let programme = &loaded.assessment.file.programme;
    let (zone, now) = (file::zone(programme)?, act.now);
    let latest = certificate::suspension_ends(&zone, now, programme.rules.suspension_max_months);
    Ok(SuspensionTerm { until: until.map_or(latest, |day| zone.end_of(day)), latest, now })
}

/// A suspension is for findings of the assessment that the certificate rests on, or of one that followed it.
async fn are_of_the_certificate(
    act: &mut Act<'_>,
    loaded: &Loaded,
    ids: &[FindingId],
) -> Result<(), Problem> {
    let known = findings::of_assessment(&mut act.tx, &loaded.version.assessment_id).await?;
    let later = surveillance::findings(&mut act.tx, &loaded.certificate.id).await?;
    let is_known = |id| known.iter().any(|finding| &finding.id == id) || later.contains(id);
    if ids.iter().all(is_known) {
        return Ok(());
    }
    Err(Problem::invalid("/findings", "names one that is of no assessment of the certificate"))
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
pub(in crate::certification) async fn reinstate(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Reinstate>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let Loaded { certificate, assessment, maker, .. } = &loaded;
    let programme = &assessment.file.programme;
    let suspended =
        certificates::last_event_at(&mut act.tx, &certificate.id, EventKind::Suspended).await?;
    let until = certificate::suspension_ends(
        &file::zone(programme)?,
        suspended.map_or(act.now, instant),
        programme.rules.suspension_max_months,
    );
    let cause_closed = body.cause_closed;
    let open_findings = &suspensions::open_findings(&mut act.tx, &certificate.id).await?;
    let now = act.now;
    let step = CertificateStep::Reinstate { maker, cause_closed, open_findings, until, now };
    let to = certificate::next(certificate.state, &step)?;
    let public_reason = body.public_reason.as_deref();
    let words =
        Words::of(DecisionKind::Reinstate, EventKind::Reinstated, &body.reason, public_reason);
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
pub(in crate::certification) async fn withdraw(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Withdraw>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let public_reason = &body.public_reason;
    let step = CertificateStep::Withdraw { maker: &loaded.maker, public_reason };
    let to = certificate::next(loaded.certificate.state, &step)?;
    let words =
        Words::of(DecisionKind::Withdraw, EventKind::Withdrawn, &body.reason, Some(public_reason));
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
pub(in crate::certification) async fn terminate(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Terminate>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::Terminate, body.version).await?;
    let to = certificate::next(loaded.certificate.state, &CertificateStep::Terminate)?;
    let words = Words::of(DecisionKind::Terminate, EventKind::Terminated, &body.reason, None);
    change_status(act, &loaded.certificate, to, &words, (Purpose::Revocation, true)).await
}
