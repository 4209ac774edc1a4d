//! Certificates after the grant: suspended, reinstated, reduced, restated, withdrawn, given up.

pub(in crate::certification) mod credentials;
pub(in crate::certification) mod follow_up;
pub(in crate::certification) mod overturned;
pub(in crate::certification) mod reduction;
pub(in crate::certification) mod restatement;
pub(in crate::certification) mod status;
pub(in crate::certification) mod views;

use akashi_schemas::{CertificateNumber, NumberError};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::certification::api::decisions::maker;
use crate::certification::api::{check_public_reason, check_version};
use crate::certification::file::AssessmentFile;
use crate::certification::ids::{AppealId, DecisionId};
use crate::certification::rules::application::{self, ApplicationState, ApplicationStep};
use crate::certification::rules::certificate::{CertificateState, EventKind, Prospect};
use crate::certification::rules::decision::{DecisionKind, Maker, SuspensionCause};
use crate::certification::store::certificates::{self, Certificate, Version};
use crate::certification::store::decisions::{self, Decision};
use crate::certification::store::{applications, programmes, surveillance};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::clock::instant;
use crate::platform::notes::Text;
use crate::platform::problem::Problem;
use crate::platform::write::Act;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(status::routes())
        .merge(reduction::routes())
        .merge(restatement::routes())
        .merge(credentials::routes())
        .merge(follow_up::routes())
        .merge(views::routes())
}

/// The certificate of a number as somebody typed it.
///
/// # Errors
/// [`Problem::Invalid`] for a slip in the number, [`Problem::NotFound`] for one that was never given out.
pub(in crate::certification) async fn find(
    db: &mut AnyConnection,
    number: &str,
) -> Result<Certificate, Problem> {
    let number: CertificateNumber = number.parse().map_err(|error| match error {
        error @ NumberError::Check => Problem::invalid("number", error.to_string()),
        _ => Problem::NotFound("certificate"),
    })?;
    certificates::by_number(db, &number.to_string()).await?.ok_or(Problem::NotFound("certificate"))
}

/// A certificate loaded for a decision.
struct Loaded {
    certificate: Certificate,
    version: Version,
    assessment: AssessmentFile,
    maker: Maker,
}

/// Opens a certificate for a write: its holder held, authorised, and at the version that its writer saw.
async fn open(
    act: &mut Act<'_>,
    number: &str,
    action: Action,
    seen: i64,
) -> Result<Loaded, Problem> {
    let company = find(&mut act.tx, number).await?.company_id;
    act.hold(&company).await?;
    let certificate = find(&mut act.tx, number).await?;
    act.authorise(action, &certificate.subject(), "certificate", &certificate.number).await?;
    check_version(seen, certificate.version)?;
    let version = certificates::latest_version(&mut act.tx, &certificate.id).await?;
    let assessment = AssessmentFile::load(&mut act.tx, &version.assessment_id).await?;
    let follow_up = follow_up(act, &certificate).await?;
    let mut by = maker(act, &assessment).await?;
    if let Some(follow_up) = &follow_up {
        let of_it = maker(act, follow_up).await?;
        by.assessed |= of_it.assessed;
        by.reviewed |= of_it.reviewed;
    }
    Ok(Loaded { certificate, version, assessment, maker: by })
}

/// The certificate's surveillance or special assessment that is due to be decided.
async fn follow_up(
    act: &mut Act<'_>,
    certificate: &Certificate,
) -> Result<Option<AssessmentFile>, Problem> {
    let all = surveillance::of_certificate(&mut act.tx, &certificate.id).await?;
    let Some(due) = all.iter().find(|one| one.state == ApplicationState::Deciding) else {
        return Ok(None);
    };
    let assessment = applications::assessment_id(&mut act.tx, &due.id).await?;
    let assessment = assessment.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Some(AssessmentFile::load(&mut act.tx, &assessment).await?))
}

/// Whether a credential that is made now for the latest version could come out.
async fn prospect(act: &mut Act<'_>, loaded: &Loaded) -> Result<Prospect, Problem> {
    let Loaded { certificate, version, .. } = loaded;
    let (body, programme, now) = (&certificate.body_id, &certificate.programme, act.now);
    let authorised = programmes::is_authorised(&mut act.tx, body, programme, now).await?;
    Ok(Prospect { authorised, valid_until: instant(version.valid_until), now })
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
    event: EventKind,
    cause: Option<SuspensionCause>,
    level: Option<&'a str>,
    reason: &'a Text,
    public_reason: Option<&'a str>,
    appeal: Option<&'a AppealId>,
}

impl<'a> Words<'a> {
    fn of(
        kind: DecisionKind,
        event: EventKind,
        reason: &'a Text,
        public_reason: Option<&'a str>,
    ) -> Self {
        Self { kind, event, cause: None, level: None, reason, public_reason, appeal: None }
    }
}

/// Appends the decision.
async fn record(
    act: &mut Act<'_>,
    certificate: &Certificate,
    words: &Words<'_>,
) -> Result<DecisionId, Problem> {
    words.public_reason.map_or(Ok(()), check_public_reason)?;
    let id = DecisionId::new(act.now, &*act.app.rng);
    let reason = act.keep(&certificate.company_id, words.reason, "/reason").await?;
    // A decision on an appeal is about the decision that it overturns, and no other.
    let closes = words.kind.closes_follow_up() && words.appeal.is_none();
    let closed = match closes {
        true => follow_up(act, certificate).await?.map(|follow_up| follow_up.file.application),
        false => None,
    };
    let decision = Decision {
        id: &id,
        application: closed.as_ref().map(|application| &application.id),
        certificate: Some(&certificate.id),
        kind: words.kind,
        cause: words.cause,
        level: words.level,
        rule: None,
        reason: &reason,
        public_reason: words.public_reason,
        by: &act.actor.account,
        appeal: words.appeal,
        effective_at: act.now.as_millisecond(),
    };
    decisions::insert(&mut act.tx, &decision, act.now).await?;
    if let Some(application) = &closed {
        let step = ApplicationStep::Decide;
        let to = application::next(application.state, &step)?;
        super::applications::advance(act, application, step.event().as_str(), to, Some(&reason))
            .await?;
    }
    Ok(id)
}
