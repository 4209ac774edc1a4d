//! Applications: filled in, handed in, looked at, taken on.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Written;
use super::parties::Terms;
use crate::certification::file::{self, File};
use crate::certification::ids::{
    ApplicationId, AssessmentId, AssignmentId, CertificateId, FacilityId,
};
use crate::certification::rules::application::{
    self, Admission, ApplicationEvent, ApplicationKind, ApplicationState, ApplicationStep,
    Submission,
};
use crate::certification::rules::scope::{self, Facility};
use crate::certification::store::applications::Application;
use crate::certification::store::{
    self, Transition, applications, decisions, facilities, parties, people, programmes,
};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Subject, Task};
use crate::platform::clock::{instant, rfc3339};
use crate::platform::id::{AccountId, NoteId, PartyId};
use crate::platform::notes::{self, Text};
use crate::platform::paging::{After, PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, fill_in))
        .routes(routes!(answer))
        .routes(routes!(agree))
        .routes(routes!(submit))
        .routes(routes!(withdraw))
        .routes(routes!(accept))
        .routes(routes!(give_back))
        .routes(routes!(decline))
}

/// Which programme version.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgrammeRef {
    id: String,
    version: String,
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
async fn create(State(app): State<App>, write: Write<Create>) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let id = ApplicationId::new(act.now, &*app.rng);
    let subject = Subject { company: Some(body.company.clone()), ..Subject::default() };
    act.authorise(Action::Apply, &subject, "application", id.as_str())?;
    let no_body = |p: Problem| p.or_invalid("/body", "is no certification body here");
    parties::body(&mut act.tx, &body.body).await.map_err(no_body)?;
    let no_programme = |p: Problem| p.or_invalid("/programme", "is no published programme version");
    let programme = programmes::published(&mut act.tx, &body.programme.id, &body.programme.version)
        .await
        .map_err(no_programme)?;
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
        facts: serde_json::to_string(&body.facts).map_err(Problem::internal)?,
        changed_at: act.now.as_millisecond(),
        version: 1,
    };
    applications::insert(&mut act.tx, &row, &facilities, &act.actor.account).await?;
    act.commit(StatusCode::CREATED, &Written::moved(row.id, row.state.as_str(), 1)).await
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
        (ApplicationKind::Transfer, _) => {
            Err(Problem::invalid("/kind", "a transfer cannot be applied for here yet"))
        }
        (_, None) => Err(Problem::invalid(
            "/certificate",
            "is needed: the number of the certificate to renew or change",
        )),
        (_, Some(number)) => {
            let found = super::certificates::find(db, number).await;
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
    let whole = akashi_schemas::FacilityKind::Whole;
    Ok(own.into_iter().filter(|f| f.kind == whole || asked.contains(&f.id)).map(|f| f.id).collect())
}

fn check_facts(
    programme: &akashi_schemas::Programme,
    facts: &BTreeSet<String>,
) -> Result<(), Problem> {
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

/// Opens an application's file for a write: authorised, and at the version that its writer saw.
pub(super) async fn open(
    act: &mut Act<'_>,
    id: &ApplicationId,
    action: Action,
    seen: i64,
) -> Result<File, Problem> {
    let file = File::load(&mut act.tx, id).await?;
    act.authorise(action, &file.subject, "application", id.as_str())?;
    store::check_version(seen, file.application.version)?;
    Ok(file)
}

/// Writes an application's move, which the rules allowed.
pub(super) async fn advance(
    act: &mut Act<'_>,
    application: &Application,
    event: &'static str,
    to: ApplicationState,
    reason: Option<&NoteId>,
) -> Result<Written, Problem> {
    let transition = Transition { event, by: &act.actor.account, reason, at: act.now };
    let version = applications::advance(&mut act.tx, application, to, &transition).await?;
    Ok(Written::moved(&application.id, to.as_str(), version))
}

/// Writes a move with the reason given for it, and commits.
async fn finish(
    mut act: Act<'_>,
    file: &File,
    event: ApplicationEvent,
    to: ApplicationState,
    reason: Option<&Text>,
) -> Result<Response, Problem> {
    let note = act.keep_optional(&file.application.company_id, reason, "/reason").await?;
    let written = advance(&mut act, &file.application, event.as_str(), to, note.as_ref()).await?;
    act.commit(StatusCode::OK, &written).await
}

/// A draft alone may be filled in.
fn in_draft(application: &Application, event: &str) -> Result<(), Problem> {
    if application.state == ApplicationState::Draft {
        return Ok(());
    }
    Err(Problem::WrongState {
        event: event.to_owned(),
        state: application.state.to_string(),
        allowed_from: vec![ApplicationState::Draft.to_string()],
        who: vec!["applicant".into()],
    })
}

/// Changes a draft's scope or facts.
#[utoipa::path(patch, path = "/api/v1/applications/{id}", params(("id" = String, Path)), request_body = FillIn,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn fill_in(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<FillIn>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let File { mut application, programme, .. } =
        open(&mut act, &id, Action::FillIn, body.version).await?;
    in_draft(&application, "fill_in")?;
    if let Some(facts) = &body.facts {
        check_facts(&programme, facts)?;
        application.facts = serde_json::to_string(facts).map_err(Problem::internal)?;
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

akashi_schemas::text_enum! {
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
async fn answer(
    State(app): State<App>,
    Path((id, criterion)): Path<(ApplicationId, String)>,
    write: Write<PutAnswer>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let File { application, subject, programme } = File::load(&mut act.tx, &id).await?;
    act.authorise(Action::FillIn, &subject, "application", id.as_str())?;
    in_draft(&application, "answer")?;
    let known = programme.criterion(&criterion).ok_or(Problem::NotFound("criterion"))?;
    let scope = facilities::of_application(&mut act.tx, &id).await?;
    let facility = scope.iter().find(|f| f.id == body.facility);
    let facility = facility.ok_or_else(|| Problem::invalid("/facility", "is not in the scope"))?;
    if !known.at.contains(&facility.kind) {
        return Err(Problem::invalid(
            "/facility",
            format!("{criterion} is not asked at a {}", facility.kind),
        ));
    }
    let company = &application.company_id;
    let note = act.keep_optional(company, body.note.as_ref(), "/note").await?;
    let answer = applications::Answer {
        criterion: criterion.clone(),
        facility_id: body.facility,
        answer: body.answer.to_string(),
        note_id: note,
        version: body.version,
    };
    let by = &act.actor.account;
    let version = applications::put_answer(&mut act.tx, &id, &answer, by, act.now).await?;
    act.commit(StatusCode::OK, &Written::new(criterion, version)).await
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
async fn agree(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Agree>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let File { application, .. } =
        open(&mut act, &id, Action::MoveApplication, body.version).await?;
    in_draft(&application, "agreement")?;
    let terms = parties::get(&mut act.tx, &application.body_id).await?.terms.unwrap_or_default();
    let current = serde_json::from_str::<Terms>(&terms).ok().map(|terms| terms.version);
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

/// A move that takes no more than the version seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    pub(super) version: i64,
}

/// A move with a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveWithReason {
    pub(super) version: i64,
    /// Why.
    pub(super) reason: Text,
}

/// Hands the application in: the agreement accepted, a facility in scope, every question that applies answered.
#[utoipa::path(post, path = "/api/v1/applications/{id}/submit", params(("id" = String, Path)), request_body = Move,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn submit(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::MoveApplication, body.version).await?;
    let tx = &mut act.tx;
    let scope = facilities::of_application(tx, &id).await?;
    let scope: Vec<_> =
        scope.into_iter().map(|f| Facility { id: f.id.to_string(), kind: f.kind }).collect();
    let answers = applications::answers(tx, &id).await?;
    let answered = answers.into_iter().map(|a| (a.criterion, a.facility_id.to_string())).collect();
    let step = ApplicationStep::Submit(Submission {
        programme: &file.programme,
        agreement_accepted: applications::agreed_terms(tx, &id).await?.is_some(),
        may_be_shown: parties::get(tx, &file.application.company_id).await?.may_be_shown(),
        facilities: &scope,
        facts: &file.facts(),
        answered: &answered,
        waiting_until: waiting_until(tx, &file, act.now).await?,
    });
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, None).await
}

/// The end of the waiting time after the company's last refusal by the body, if it is not over.
async fn waiting_until(
    db: &mut sqlx::AnyConnection,
    file: &File,
    now: jiff::Timestamp,
) -> Result<Option<jiff::Timestamp>, Problem> {
    let (company, body) = (&file.application.company_id, &file.application.body_id);
    let refused = decisions::last_refusal(db, company, body, &file.programme.id).await?;
    let days = file.programme.rules.refusal_waiting_days;
    let until = match refused {
        Some(at) => Some(file::zone(&file.programme)?.after_days(instant(at), days)),
        None => None,
    };
    Ok(until.filter(|until| *until >= now))
}

/// Takes the application back.
#[utoipa::path(post, path = "/api/v1/applications/{id}/withdraw", params(("id" = String, Path)), request_body = Move,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn withdraw(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::MoveApplication, body.version).await?;
    let to = application::next(file.application.state, &ApplicationStep::Withdraw)?;
    finish(act, &file, ApplicationEvent::Withdraw, to, None).await
}

/// Takes the application on, after the application review of ISO/IEC 17065, 7.3.
#[utoipa::path(post, path = "/api/v1/applications/{id}/accept", params(("id" = String, Path)), request_body = Move,
    tag = "applications", responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn accept(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Move>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::ReviewApplication, body.version).await?;
    let step = ApplicationStep::Accept(admission(&mut act, &file).await?);
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, None).await
}

/// What the body knows of itself and of the company when it takes an application on.
async fn admission(act: &mut Act<'_>, file: &File) -> Result<Admission, Problem> {
    let Act { tx, actor, now, .. } = act;
    let (body, programme) = (&file.application.body_id, &file.programme);
    let mut competent = false;
    for member in accounts::store::members(tx, body).await? {
        let account = &member.account_id;
        let known = people::is_competent(tx, account, body, &programme.id, *now).await?;
        competent |= known && member.role == Task::Lead.role();
    }
    let company = &file.application.company_id;
    Ok(Admission {
        authorised: programmes::is_authorised(tx, body, &programme.id, *now).await?,
        competent,
        conflict: file::conflict_of(tx, programme, &actor.account, company, *now).await?,
    })
}

/// Gives the application back to be completed.
#[utoipa::path(post, path = "/api/v1/applications/{id}/return", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn give_back(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::ReviewApplication, body.version).await?;
    let step = ApplicationStep::Return(&body.reason.text);
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, Some(&body.reason)).await
}

/// Declines the application.
#[utoipa::path(post, path = "/api/v1/applications/{id}/decline", params(("id" = String, Path)),
    request_body = MoveWithReason, tag = "applications",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemDetails)))]
async fn decline(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<MoveWithReason>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::ReviewApplication, body.version).await?;
    let step = ApplicationStep::Decline(&body.reason.text);
    let to = application::next(file.application.state, &step)?;
    finish(act, &file, step.event(), to, Some(&body.reason)).await
}

/// An application in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationRow {
    id: ApplicationId,
    company: PartyId,
    body: PartyId,
    #[schema(value_type = String)]
    kind: ApplicationKind,
    #[schema(value_type = String)]
    state: ApplicationState,
    /// Whose turn it is: roles.
    waits_for: Vec<String>,
    changed_at: String,
    version: i64,
}

/// Whose turn it is in a state: those who can move it on (not those who can only end it).
fn waits_for(state: ApplicationState) -> Vec<String> {
    let onward = ApplicationEvent::ALL.iter().filter(|event| {
        let ends = matches!(
            event,
            ApplicationEvent::Withdraw
                | ApplicationEvent::Lapse
                | ApplicationEvent::Decline
                | ApplicationEvent::Return
        );
        !ends && event.moves().iter().any(|(from, _)| *from == state)
    });
    let roles: BTreeSet<String> =
        onward.flat_map(|event| event.movers()).map(ToString::to_string).collect();
    roles.into_iter().collect()
}

impl From<Application> for ApplicationRow {
    fn from(a: Application) -> Self {
        Self {
            id: a.id,
            company: a.company_id,
            body: a.body_id,
            kind: a.kind,
            state: a.state,
            waits_for: waits_for(a.state),
            changed_at: rfc3339(a.changed_at),
            version: a.version,
        }
    }
}

/// The applications that one has to do with.
#[utoipa::path(get, path = "/api/v1/applications", params(After), tag = "applications",
    responses((status = 200, body = Page<ApplicationRow>), (status = "4XX", body = ProblemDetails)))]
async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(after): Query<After>,
) -> Result<Json<Page<ApplicationRow>>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let rows = applications::of_account(&mut db, &actor.account, after.id(), PAGE_ROWS + 1).await?;
    let page = Page::cut(rows, |row| row.id.to_string());
    Ok(Json(Page {
        items: page.items.into_iter().map(ApplicationRow::from).collect(),
        next: page.next,
    }))
}

/// An application with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationView {
    #[serde(flatten)]
    row: ApplicationRow,
    programme: ProgrammeRef,
    facilities: Vec<FacilityId>,
    facts: BTreeSet<String>,
    /// The version of the terms that the company accepted.
    agreed_terms: Option<String>,
    assessment: Option<AssessmentId>,
    assignments: Vec<AssignmentView>,
    answers: Vec<AnswerView>,
    /// Questions that apply and are not answered yet, as criterion and facility.
    unanswered: Vec<(String, String)>,
    events: Vec<EventView>,
}

/// Who does what on an application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssignmentView {
    id: AssignmentId,
    account: AccountId,
    name: String,
    task: Task,
    accepted: bool,
}

/// An answer of the self-assessment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerView {
    criterion: String,
    facility: FacilityId,
    answer: String,
    note: Option<Text>,
    version: i64,
}

/// A move of an application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    event: String,
    to: String,
    reason: Option<Text>,
    at: String,
}

/// An application with its scope, answers, people and moves.
#[utoipa::path(get, path = "/api/v1/applications/{id}", params(("id" = String, Path)), tag = "applications",
    responses((status = 200, body = ApplicationView), (status = "4XX", body = ProblemDetails)))]
async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ApplicationId>,
) -> Result<Json<ApplicationView>, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let file = File::load(&mut db, &id).await?;
    actor.authorise(Action::ReadApplication, &file.subject, "application")?;
    let scope = facilities::of_application(&mut db, &id).await?;
    let rules_scope: Vec<_> =
        scope.iter().map(|f| Facility { id: f.id.to_string(), kind: f.kind }).collect();
    let answers = applications::answers(&mut db, &id).await?;
    let given: BTreeSet<_> =
        answers.iter().map(|a| (a.criterion.as_str(), a.facility_id.as_str())).collect();
    let facts = file.facts();
    let asked = scope::applicable(&file.programme, &rules_scope, &facts);
    let unanswered = asked
        .filter(|(criterion, facility)| {
            !given.contains(&(criterion.id.as_str(), facility.id.as_str()))
        })
        .map(|(criterion, facility)| (criterion.id.clone(), facility.id.clone()))
        .collect();
    let events = applications::events(&mut db, &id).await?;
    let mut texts = texts(&mut db, &app, &file, &answers, &events).await?;
    let assignments = applications::assignments(&mut db, &id).await?;
    Ok(Json(ApplicationView {
        programme: ProgrammeRef {
            id: file.programme.id.clone(),
            version: file.programme.version.clone(),
        },
        facilities: scope.into_iter().map(|f| f.id).collect(),
        agreed_terms: applications::agreed_terms(&mut db, &id).await?,
        assessment: applications::assessment_id(&mut db, &id).await?,
        assignments: assignments
            .into_iter()
            .map(|a| AssignmentView {
                id: a.id,
                account: a.account_id,
                name: a.name,
                task: a.task,
                accepted: a.accepted_at.is_some(),
            })
            .collect(),
        answers: answers
            .into_iter()
            .map(|a| AnswerView {
                note: a.note_id.and_then(|id| texts.remove(&id)),
                criterion: a.criterion,
                facility: a.facility_id,
                answer: a.answer,
                version: a.version,
            })
            .collect(),
        unanswered,
        events: events
            .into_iter()
            .map(|e| EventView {
                event: e.event,
                to: e.to_state,
                reason: e.reason_note.and_then(|id| texts.remove(&id)),
                at: rfc3339(e.at),
            })
            .collect(),
        facts,
        row: file.application.into(),
    }))
}

/// The notes of answers and moves.
async fn texts(
    db: &mut sqlx::AnyConnection,
    app: &App,
    file: &File,
    answers: &[applications::Answer],
    events: &[applications::Event],
) -> Result<BTreeMap<NoteId, Text>, Problem> {
    let ids = answers
        .iter()
        .filter_map(|a| a.note_id.as_ref())
        .chain(events.iter().filter_map(|e| e.reason_note.as_ref()));
    let ids: Vec<&NoteId> = ids.collect();
    let texts = notes::read(db, app, &file.application.company_id, &ids).await?;
    Ok(ids.into_iter().cloned().zip(texts).filter_map(|(id, text)| Some((id, text?))).collect())
}
