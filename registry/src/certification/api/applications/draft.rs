//! What the company fills in before it hands the application in.

use std::collections::BTreeSet;

use akashi_schemas::{FacilityKind, Programme, text_enum};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{load, open};
use crate::certification::api::certificates;
use crate::certification::api::parties::Terms;
use crate::certification::api::{Written, check_body};
use crate::certification::file::{self, File};
use crate::certification::ids::{ApplicationId, CertificateId, FacilityId};
use crate::certification::rules::application::{ApplicationKind, ApplicationState, Work};
use crate::certification::rules::transition::{self, Closed};
use crate::certification::store::applications::Application;
use crate::certification::store::programmes::ProgrammeVersion;
use crate::certification::store::{applications, facilities, parties, programmes};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::clock::rfc3339;
use crate::platform::data_keys;
use crate::platform::db::json::JsonText;
use crate::platform::id::PartyId;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(fill_in))
        .routes(routes!(answer))
        .routes(routes!(answer_several))
        .routes(routes!(agree))
}

/// Which programme version.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgrammeRef {
    id: String,
    version: String,
}

impl ProgrammeRef {
    pub(super) fn of(programme: &Programme) -> Self {
        Self { id: programme.id.clone(), version: programme.version.clone() }
    }
}

/// An application to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    /// The company that one acts for.
    company: PartyId,
    /// The certification body.
    body: PartyId,
    /// A published programme version.
    programme: ProgrammeRef,
    /// `initial`, or for a certificate `renewal` or `scope_change`.
    #[schema(value_type = String)]
    kind: ApplicationKind,
    /// The number of the certificate to renew or change.
    certificate: Option<String>,
    /// The scope: facilities of the company; the organisation as a whole is always in it.
    facilities: Vec<FacilityId>,
    /// Which of the programme's facts hold for the company.
    facts: BTreeSet<String>,
}

/// Begins an application, as a draft.
#[utoipa::path(post, path = "/api/v1/applications", request_body = Create, tag = "applications",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn create(
    State(app): State<App>,
    write: Write<Create>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = ApplicationId::new(act.now, &*app.rng);
    let subject = Subject { company: Some(body.company.clone()), ..Subject::default() };
    act.hold(&body.company).await?;
    act.authorise(Action::Apply, &subject, "application", id.as_str()).await?;
    // A company that had all erased keeps no texts any more.
    data_keys::open(&mut act.tx, &app, data_keys::Subject::Party(&body.company)).await?;
    check_body(&mut act.tx, &body.body).await?;
    let ProgrammeRef { id: programme, version } = &body.programme;
    let programme = programmes::published(&mut act.tx, programme, version)
        .await?
        .ok_or_else(|| Problem::invalid("/programme", "is no published programme version"))?;
    is_open(&mut act, &programme, body.kind).await?;
    let certificate = own_certificate(&mut act.tx, &body).await?;
    let facilities = scope_of(&mut act.tx, &body.company, &body.facilities).await?;
    check_facts(&*file::programme(&mut act.tx, &programme.id).await?, &body.facts)?;
    let row = Application {
        id,
        company_id: body.company,
        body_id: body.body,
        programme_version_id: programme.id,
        kind: body.kind,
        certificate_id: certificate,
        state: ApplicationState::Draft,
        facts: JsonText(body.facts),
        changed_at: act.now.as_millisecond(),
        version: 1,
    };
    applications::insert(&mut act.tx, &row, &facilities, &act.actor.account).await?;
    act.commit(StatusCode::CREATED, &Written::moved(row.id, row.state.as_str(), 1)).await
}

/// Whether an application of a kind may be begun under a programme version now.
async fn is_open(
    act: &mut Act<'_>,
    asked: &ProgrammeVersion,
    kind: ApplicationKind,
) -> Result<(), Problem> {
    let published = programmes::versions(&mut act.tx, &asked.programme).await?;
    let published: Vec<_> = published.iter().map(ProgrammeVersion::term).collect();
    let open = transition::may_be_applied_for(&asked.label, kind, &published, act.now);
    open.map_err(|closed| {
        let why = match closed {
            Closed::NotYet { from } => {
                format!("may be applied for from {}", rfc3339(from.as_millisecond()))
            }
            Closed::Replaced { newest } => {
                format!("is not the version to apply for now: that is {newest}")
            }
        };
        Problem::invalid("/programme", why)
    })
}

/// The certificate that a renewal or scope change is about; an initial application has none.
async fn own_certificate(
    db: &mut sqlx::AnyConnection,
    body: &Create,
) -> Result<Option<CertificateId>, Problem> {
    match (body.kind, &body.certificate) {
        (ApplicationKind::Initial, None) => Ok(None),
        (ApplicationKind::Initial, Some(_)) => {
            Err(Problem::invalid("/certificate", "an initial application has no certificate yet"))
        }
        (ApplicationKind::Surveillance | ApplicationKind::Special, _) => Err(Problem::invalid(
            "/kind",
            "is opened by the certification body and never applied for",
        )),
        (ApplicationKind::Transfer, _) => {
            Err(Problem::invalid("/kind", "a transfer cannot be applied for here yet"))
        }
        (_, None) => Err(Problem::invalid(
            "/certificate",
            "is needed: the number of the certificate to renew or change",
        )),
        (_, Some(number)) => {
            let found = certificates::find(db, number).await;
            let certificate = found.map_err(|problem| match problem {
                Problem::NotFound(_) | Problem::Invalid(_) => {
                    Problem::invalid("/certificate", "is no certificate's number here")
                }
                other => other,
            })?;
            if certificate.company_id != body.company || certificate.body_id != body.body {
                return Err(Problem::invalid(
                    "/certificate",
                    "is not one that this company holds from this body",
                ));
            }
            if certificate.programme != body.programme.id {
                return Err(Problem::invalid(
                    "/programme/id",
                    format!("is not that of the certificate: {}", certificate.programme),
                ));
            }
            Ok(Some(certificate.id))
        }
    }
}

/// The facilities of a scope: the company's own, the organisation as a whole among them.
async fn scope_of(
    db: &mut sqlx::AnyConnection,
    company: &PartyId,
    asked: &[FacilityId],
) -> Result<Vec<FacilityId>, Problem> {
    let own = facilities::of_party(db, company).await?;
    for (i, id) in asked.iter().enumerate() {
        if !own.iter().any(|facility| &facility.id == id) {
            return Err(Problem::invalid(
                format!("/facilities/{i}"),
                "is no facility of the company",
            ));
        }
    }
    let whole = FacilityKind::Whole;
    Ok(own.into_iter().filter(|f| f.kind == whole || asked.contains(&f.id)).map(|f| f.id).collect())
}

fn check_facts(programme: &Programme, facts: &BTreeSet<String>) -> Result<(), Problem> {
    let known = programme.facts();
    match facts.iter().find(|fact| !known.contains(fact.as_str())) {
        Some(fact) => Err(Problem::invalid(
            "/facts",
            format!("'{fact}' is none of the programme's: {known:?}"),
        )),
        None => Ok(()),
    }
}

/// What to change of a draft; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FillIn {
    version: i64,
    facilities: Option<Vec<FacilityId>>,
    facts: Option<BTreeSet<String>>,
}

/// Changes a draft's scope or facts.
#[utoipa::path(patch, path = "/api/v1/applications/{id}", params(("id" = String, Path)), request_body = FillIn,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn fill_in(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<FillIn>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let File { mut application, programme, .. } =
        open(&mut act, &id, Action::FillIn, body.version).await?;
    Work::FillIn.in_state(application.state)?;
    if let Some(facts) = body.facts {
        check_facts(&programme, &facts)?;
        application.facts = JsonText(facts);
    }
    let facilities = match &body.facilities {
        Some(asked) => Some(scope_of(&mut act.tx, &application.company_id, asked).await?),
        None => None,
    };
    let facilities = facilities.as_deref();
    let version = applications::fill_in(&mut act.tx, &application, facilities, act.now).await?;
    let written = Written::moved(id, application.state.as_str(), version);
    act.commit(StatusCode::OK, &written).await
}

text_enum! {
    /// How a company answers for itself.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum SelfAnswer {
        /// It does.
        Yes = "yes",
        /// Not everywhere, or not always.
        Partly = "partly",
        /// It does not.
        No = "no",
        /// It does not apply.
        NotApplicable = "not_applicable",
    }
}

/// An answer of the self-assessment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutAnswer {
    /// The version seen; 0 for a first answer.
    version: i64,
    facility: FacilityId,
    answer: SelfAnswer,
    /// The company's own words.
    note: Option<Text>,
}

/// Saves an answer of the self-assessment. Any part may be saved at any time.
#[utoipa::path(put, path = "/api/v1/applications/{id}/answers/{criterion}", request_body = PutAnswer,
    params(("id" = String, Path), ("criterion" = String, Path)), tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn answer(
    State(app): State<App>,
    Path((id, criterion)): Path<(ApplicationId, String)>,
    write: Write<PutAnswer>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = load(&mut act, &id, Action::FillIn).await?;
    Work::Answer.in_state(file.application.state)?;
    let scope = facilities::of_application(&mut act.tx, &id).await?;
    let version = put_answer(&mut act, &file, &scope, &criterion, body).await?;
    act.commit(StatusCode::OK, &Written::new(criterion, version)).await
}

/// Writes an answer; gives its version.
async fn put_answer(
    act: &mut Act<'_>,
    File { application, programme, .. }: &File,
    scope: &[facilities::Facility],
    criterion: &str,
    body: PutAnswer,
) -> Result<i64, Problem> {
    let known = programme.criterion(criterion).ok_or(Problem::NotFound("criterion"))?;
    let facility = scope.iter().find(|f| f.id == body.facility);
    let facility = facility.ok_or_else(|| Problem::invalid("/facility", "is not in the scope"))?;
    if !known.at.contains(&facility.kind) {
        return Err(Problem::invalid(
            "/facility",
            format!("{criterion} is not asked at a {}", facility.kind),
        ));
    }
    let note = act.keep_optional(&application.company_id, body.note.as_ref(), "/note").await?;
    let answer = applications::Answer {
        criterion: criterion.to_owned(),
        facility_id: body.facility,
        answer: body.answer.to_string(),
        note_id: note,
        version: body.version,
    };
    let by = &act.actor.account;
    Ok(applications::put_answer(&mut act.tx, &application.id, &answer, by, act.now).await?)
}

/// How many answers are written in one request.
const ANSWERS_AT_ONCE: usize = 100;

/// Answers to several criteria.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutAnswers {
    /// At most 100.
    answers: Vec<AnswerTo>,
}

/// An answer to one criterion.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AnswerTo {
    criterion: String,
    #[serde(flatten)]
    answer: PutAnswer,
}

/// Saves several answers of the self-assessment: all of them, or none.
#[utoipa::path(put, path = "/api/v1/applications/{id}/answers", request_body = PutAnswers,
    params(("id" = String, Path)), tag = "applications",
    responses((status = 200, body = Vec<Written>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn answer_several(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<PutAnswers>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = load(&mut act, &id, Action::FillIn).await?;
    Work::Answer.in_state(file.application.state)?;
    if body.answers.len() > ANSWERS_AT_ONCE {
        return Err(Problem::invalid("/answers", format!("has more than {ANSWERS_AT_ONCE}")));
    }
    let scope = facilities::of_application(&mut act.tx, &id).await?;
    let mut written = Vec::new();
    for (i, AnswerTo { criterion, answer }) in body.answers.into_iter().enumerate() {
        let put = put_answer(&mut act, &file, &scope, &criterion, answer).await;
        let version = put.map_err(|problem| problem.below(&format!("/answers/{i}")))?;
        written.push(Written::new(criterion, version));
    }
    act.commit(StatusCode::OK, &written).await
}

/// Which terms are accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agree {
    version: i64,
    /// The version of the body's terms that were read.
    terms_version: String,
}

/// Accepts the body's certification agreement and fees.
#[utoipa::path(post, path = "/api/v1/applications/{id}/agreement", params(("id" = String, Path)), request_body = Agree,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn agree(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Agree>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let File { application, .. } =
        open(&mut act, &id, Action::MoveApplication, body.version).await?;
    Work::Agree.in_state(application.state)?;
    let certifier =
        parties::get(&mut act.tx, &application.body_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let current = Terms::of(&certifier)?.map(|terms| terms.version);
    let terms = certifier.terms.unwrap_or_default();
    if current.as_deref() != Some(&body.terms_version) {
        let detail = match current {
            Some(current) => {
                format!("the body's terms now have version '{current}': read them again")
            }
            None => "the body has no terms yet".into(),
        };
        return Err(Problem::invalid("/terms_version", detail));
    }
    let (by, now) = (&act.actor.account, act.now);
    applications::agree(&mut act.tx, &application, &body.terms_version, &terms, by, now).await?;
    let version = applications::fill_in(&mut act.tx, &application, None, now).await?;
    let written = Written::moved(id, application.state.as_str(), version);
    act.commit(StatusCode::OK, &written).await
}
