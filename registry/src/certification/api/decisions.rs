//! The decision on an application: granted or refused, by somebody who neither assessed nor reviewed.

use akashi_schemas::{CertificateNumber, text_enum};
use akashi_verifier::rule::{self, Outcome};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::applications::{advance, open};
use super::assessments::Report;
use crate::certification::attest;
use crate::certification::file::{self, AssessmentFile, File};
use crate::certification::ids::{
    ApplicationId, CertificateId, CertificateVersionId, DecisionId, FacilityId,
};
use crate::certification::news;
use crate::certification::rules::application::{
    self, ApplicationEvent, ApplicationKind, ApplicationState, ApplicationStep,
};
use crate::certification::rules::assessment::{self, AssessmentStep};
use crate::certification::rules::certificate::{
    self, CertificateState, CertificateStep, EventKind,
};
use crate::certification::rules::decision::{self, DecisionKind, Grant, Maker, Verdict};
use crate::certification::rules::scope::Facility;
use crate::certification::store::assessments::Rated;
use crate::certification::store::certificates::{Certificate, Version};
use crate::certification::store::decisions::{Decision, RuleResult};
use crate::certification::store::{
    appeals, applications, assessments, certificates, decisions, facilities, parties, programmes,
};
use crate::issuance::{self, Purpose};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Role, Task};
use crate::platform::clock::instant;
use crate::platform::id::NoteId;
use crate::platform::mail::Kind;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::rng::draw;
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(decide)).routes(routes!(ask_for_more))
}

text_enum! {
    /// What is decided on an application.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum OnApplication {
        /// A certificate, or a new version of it.
        Grant = "grant",
        /// No certificate.
        Refuse = "refuse",
        /// After a surveillance or special assessment: the certificate goes on as it is.
        Continue = "continue",
    }
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    version: i64,
    kind: OnApplication,
    /// For `grant`: the level, at most the one that the programme's rule gives.
    level: Option<String>,
    /// Why; never public.
    reason: Text,
    /// What is said in public, if anything.
    public_reason: Option<String>,
}

/// What was decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    id: DecisionId,
    #[schema(value_type = String)]
    kind: DecisionKind,
    level: Option<String>,
    /// What the programme's rule gave.
    rule: RuleView,
    /// The certificate's number.
    certificate: Option<String>,
    /// Where the certificate stands.
    state: Option<String>,
    /// The credential that will be released.
    credential: Option<String>,
}

/// What the programme's rule gave.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleView {
    level: Option<String>,
    /// In basis points.
    score: Option<u32>,
    reason: Option<String>,
}

impl RuleView {
    fn of(outcome: &Outcome) -> Self {
        Self {
            level: outcome.level.clone(),
            score: outcome.score,
            reason: outcome.reason.as_ref().map(|reason| reason.code().to_owned()),
        }
    }
}

/// All that a decision looks at.
struct Basis {
    loaded: AssessmentFile,
    ratings: Vec<Rated>,
    outcome: Outcome,
    maker: Maker,
}

/// Grants or refuses. A grant makes the certificate's version and its credential's payload in the same
/// transaction; the credential is released when the log has numbered it.
#[utoipa::path(post, path = "/api/v1/applications/{id}/decision", params(("id" = String, Path)), request_body = Decide,
    tag = "decisions", responses((status = 201, body = Decided), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn decide(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<Decide>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::DecideApplication, body.version).await?;
    body.public_reason.as_deref().map_or(Ok(()), super::check_public_reason)?;
    let basis = basis(&mut act, file).await?;
    let kind = allowed(&mut act, &basis, &body).await?;
    let decided = carry_out(&mut act, &basis, &body, kind).await?;
    act.commit(StatusCode::CREATED, &decided).await
}

/// Gathers what the decision looks at: it rests on the ratings that were reviewed.
async fn basis(act: &mut Act<'_>, file: File) -> Result<Basis, Problem> {
    let application = &file.application;
    let undecidable = || Problem::WrongState {
        event: ApplicationEvent::Decide.to_string(),
        state: application.state.to_string(),
        allowed_from: vec![ApplicationState::Deciding.to_string()],
        who: ApplicationEvent::Decide.movers().iter().map(ToString::to_string).collect(),
    };
    let assessment = applications::assessment_id(&mut act.tx, &application.id).await?;
    let loaded = AssessmentFile::load(&mut act.tx, &assessment.ok_or_else(undecidable)?).await?;
    let ratings = loaded.ratings(&mut act.tx).await?;
    let outcome = apply_rule(&loaded, &ratings, |_| true);
    let maker = maker(act, &loaded).await?;
    rests_on_what_was_reviewed(act, &loaded, &ratings).await?;
    Ok(Basis { loaded, ratings, outcome, maker })
}

/// A decision rests on the ratings that were reviewed, given and reviewed by people without a conflict to this day.
async fn rests_on_what_was_reviewed(
    act: &mut Act<'_>,
    loaded: &AssessmentFile,
    ratings: &[Rated],
) -> Result<(), Problem> {
    let reviews = assessments::reviews(&mut act.tx, &loaded.assessment.id).await?;
    let digest = Report::of(loaded, ratings, |_| true).digest()?;
    if reviews.last().is_some_and(|review| review.ratings_digest != digest) {
        return Err(Problem::Incomplete {
            event: ApplicationEvent::Decide.to_string(),
            missing: vec![serde_json::json!({
                "code": "review", "detail": "ratings changed after the review: ask for more, so that they are reviewed",
            })],
        });
    }
    let mut people = assessments::raters(&mut act.tx, &loaded.assessment.id).await?;
    people.extend(reviews.into_iter().map(|review| review.by_account));
    for account in people {
        loaded.file.impartial(&mut act.tx, &account, act.now).await?;
    }
    Ok(())
}

/// Applies the programme's rule to the ratings at some of the sampled facilities.
pub(in crate::certification) fn apply_rule(
    loaded: &AssessmentFile,
    ratings: &[Rated],
    within: impl Fn(&crate::certification::ids::FacilityId) -> bool,
) -> Outcome {
    let facilities: Vec<Facility> = loaded
        .sample
        .iter()
        .filter(|s| within(&s.facility_id))
        .map(|s| Facility { id: s.facility_id.to_string(), kind: s.kind })
        .collect();
    let rated: Vec<rule::Rated> = ratings
        .iter()
        .filter(|r| within(&r.facility_id))
        .map(|r| rule::Rated {
            criterion: r.criterion.clone(),
            facility: r.facility_id.to_string(),
            value: r.value,
            na_ground: r.na_ground.clone(),
        })
        .collect();
    rule::apply(&loaded.file.programme, &facilities, &rated)
}

/// Who decides: of the body, untouched by the assessment and its review, without a conflict.
pub(super) async fn maker(act: &mut Act<'_>, loaded: &AssessmentFile) -> Result<Maker, Problem> {
    let Act { tx: db, actor, now, .. } = act;
    let application = &loaded.file.application;
    let duties = applications::duties(db, &application.id).await?;
    let assigned = |tasks: &[Task]| {
        duties.iter().any(|(account, task)| account == &actor.account && tasks.contains(task))
    };
    let raters = assessments::raters(db, &loaded.assessment.id).await?;
    let reviews = assessments::reviews(db, &loaded.assessment.id).await?;
    let (programme, company) = (&loaded.file.programme, &application.company_id);
    Ok(Maker {
        of_body: actor.holds(Role::DecisionMaker, &application.body_id),
        assessed: raters.contains(&actor.account) || assigned(&[Task::Lead, Task::Assessor]),
        reviewed: reviews.iter().any(|r| r.by_account == actor.account)
            || assigned(&[Task::Reviewer]),
        conflict: file::conflict_of(db, programme, &actor.account, company, *now).await?,
    })
}

/// Asks the rules whether this may be decided, and how it is recorded.
async fn allowed(act: &mut Act<'_>, basis: &Basis, body: &Decide) -> Result<DecisionKind, Problem> {
    let (application, programme) = (&basis.loaded.file.application, &basis.loaded.file.programme);
    let (db, now) = (&mut act.tx, act.now);
    let standings = basis.loaded.standings(db, now).await?;
    let grant = Grant {
        programme,
        level: "",
        rule_level: basis.outcome.level.as_deref(),
        authorised: programmes::is_authorised(db, &application.body_id, &programme.id, now).await?,
        may_be_shown: parties::get(db, &application.company_id)
            .await?
            .is_some_and(|company| company.may_be_shown()),
        findings: &standings,
    };
    let current = match &application.certificate_id {
        Some(id) => Some(certificates::latest_version(db, id).await?.level),
        None => None,
    };
    let grant = |level| Grant { level, ..grant };
    let verdict = match (body.kind, &body.level) {
        (OnApplication::Grant, Some(level)) => Verdict::Grant(grant(level)),
        (OnApplication::Grant, None) => {
            return Err(Problem::invalid("/level", "is needed for a grant"));
        }
        (OnApplication::Refuse, None) => Verdict::Refuse,
        (OnApplication::Continue, None) => {
            Verdict::Continue(grant(current.as_deref().unwrap_or_default()))
        }
        (OnApplication::Refuse | OnApplication::Continue, Some(_)) => {
            return Err(Problem::invalid("/level", "goes with a grant only"));
        }
    };
    Ok(decision::decide(
        application.state,
        application.kind,
        &basis.maker,
        &body.reason.text,
        &verdict,
    )?)
}

/// Writes the decision, and for a grant the certificate's version and its credential.
async fn carry_out(
    act: &mut Act<'_>,
    basis: &Basis,
    body: &Decide,
    kind: DecisionKind,
) -> Result<Decided, Problem> {
    let application = &basis.loaded.file.application;
    let certificate = match kind {
        DecisionKind::Continue => Some(continued(act, basis).await?),
        // A grant has a level, a refusal has none.
        _ if body.level.is_some() => Some(certificate_for(act, basis).await?),
        _ => None,
    };
    let reason = act.keep(&application.company_id, &body.reason, "/reason").await?;
    let id = record(act, basis, body, kind, certificate.as_ref(), &reason).await?;
    let (event, to) = (ApplicationEvent::Decide.as_str(), ApplicationState::Decided);
    advance(act, application, event, to, Some(&reason)).await?;
    news::applicants(&mut act.tx, act.app, application, Kind::Decided).await?;
    let mut decided = Decided {
        id,
        kind,
        level: body.level.clone(),
        rule: RuleView::of(&basis.outcome),
        certificate: None,
        state: None,
        credential: None,
    };
    if let Some(certificate) = certificate {
        match &body.level {
            Some(level) => {
                let made = grant(act, basis, body, &certificate, &decided.id, level).await?;
                decided.credential = Some(made);
            }
            None => say_that_it_continues(act, &certificate, &decided.id, body).await?,
        }
        decided.certificate = Some(certificate.number);
        decided.state = Some(certificate.state.to_string());
    }
    Ok(decided)
}

/// The certificate that a surveillance or special assessment lets continue.
async fn continued(act: &mut Act<'_>, basis: &Basis) -> Result<Certificate, Problem> {
    let id = basis.loaded.file.application.certificate_id.as_ref();
    let id = id.ok_or(sqlx::Error::RowNotFound)?;
    let certificate = certificates::get(&mut act.tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let version = certificates::latest_version(&mut act.tx, id).await?;
    let valid_until = instant(version.valid_until);
    let step = CertificateStep::Continue { valid_until, now: act.now };
    let to = certificate::next(certificate.state, &step)?;
    certificates::advance(&mut act.tx, &certificate, to).await?;
    Ok(certificate)
}

/// Says in public that the certificate continues. No bit changes, so that no leaf tells of it.
async fn say_that_it_continues(
    act: &mut Act<'_>,
    certificate: &Certificate,
    decision: &DecisionId,
    body: &Decide,
) -> Result<(), Problem> {
    let event = certificates::Event {
        kind: EventKind::Continued,
        decision: Some(decision),
        credential: None,
        effective_at: act.now.as_millisecond(),
        public_reason: body.public_reason.as_deref(),
        leaf: None,
    };
    certificates::add_event(&mut act.tx, &certificate.id, &event, act.now).await?;
    // The bit is clear already, for only an active certificate continues: this has the public page made anew.
    let id = certificate.id.as_str();
    issuance::set_status(&mut act.tx, act.app, id, Purpose::Suspension, false).await?;
    Ok(())
}

/// Appends the decision with what the programme's rule gave.
async fn record(
    act: &mut Act<'_>,
    basis: &Basis,
    body: &Decide,
    kind: DecisionKind,
    certificate: Option<&Certificate>,
    reason: &NoteId,
) -> Result<DecisionId, Problem> {
    let id = DecisionId::new(act.now, &*act.app.rng);
    let outcome = &basis.outcome;
    let application = &basis.loaded.file.application.id;
    let appeal = appeals::that_reopened(&mut act.tx, application).await?;
    let decision = Decision {
        id: &id,
        application: Some(application),
        certificate: certificate.map(|certificate| &certificate.id),
        kind,
        cause: None,
        level: body.level.as_deref(),
        rule: Some(RuleResult {
            level: outcome.level.as_deref(),
            score: outcome.score,
            reason: outcome.reason.as_ref().map(rule::Reason::code),
            ratings_digest: Report::of(&basis.loaded, &basis.ratings, |_| true).digest()?,
        }),
        reason,
        public_reason: body.public_reason.as_deref(),
        by: &act.actor.account,
        appeal: appeal.as_ref(),
        effective_at: act.now.as_millisecond(),
    };
    let inserted = decisions::insert(&mut act.tx, &decision, act.now).await;
    inserted.map_err(|error| match Problem::from(error) {
        Problem::Duplicate(_) => Problem::Duplicate("This application was decided before.".into()),
        other => other,
    })?;
    Ok(id)
}

/// Writes the version that a grant makes and prepares its credential.
async fn grant(
    act: &mut Act<'_>,
    basis: &Basis,
    body: &Decide,
    certificate: &Certificate,
    decision: &DecisionId,
    level: &str,
) -> Result<String, Problem> {
    let version = next_version(act, basis, certificate, decision, level).await?;
    let scope = facilities::of_application(&mut act.tx, &basis.loaded.file.application.id).await?;
    let scope: Vec<_> = scope.into_iter().map(|facility| facility.id).collect();
    end_what_said_more(act, basis, certificate, level, &scope).await?;
    certificates::add_version(&mut act.tx, &certificate.id, &version, &scope).await?;
    let change = attest::Change {
        kind: if version.n == 1 { EventKind::Granted } else { EventKind::Extended },
        decision: Some(decision),
        public_reason: body.public_reason.as_deref(),
    };
    attest::attest(&mut act.tx, act.app, certificate, &version, &change).await
}

/// The certificate that a grant is about: a new one, or the one that the application names.
async fn certificate_for(act: &mut Act<'_>, basis: &Basis) -> Result<Certificate, Problem> {
    let (tx, app, now) = (&mut act.tx, act.app, act.now);
    let application = &basis.loaded.file.application;
    if let Some(id) = &application.certificate_id {
        let certificate = certificates::get(tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
        let version = certificates::latest_version(tx, id).await?;
        let step = CertificateStep::Extend { valid_until: instant(version.valid_until), now };
        let to = certificate::next(certificate.state, &step)?;
        certificates::advance(tx, &certificate, to).await?;
        return Ok(certificate);
    }
    let number = CertificateNumber::draw(|| draw(&*app.rng));
    let certificate = Certificate {
        id: CertificateId::new(now, &*app.rng),
        number: number.to_string(),
        body_id: application.body_id.clone(),
        company_id: application.company_id.clone(),
        programme: basis.loaded.file.programme.id.clone(),
        state: CertificateState::Issuing,
        version: 1,
    };
    certificates::insert(tx, &certificate, now).await?;
    Ok(certificate)
}

/// The version that a grant makes. A changed scope keeps the term; anything else begins a new one.
async fn next_version(
    act: &mut Act<'_>,
    basis: &Basis,
    certificate: &Certificate,
    decision: &DecisionId,
    level: &str,
) -> Result<Version, Problem> {
    let application = &basis.loaded.file.application;
    let programme = &basis.loaded.file.programme;
    let previous = match &application.certificate_id {
        Some(_) => Some(certificates::latest_version(&mut act.tx, &certificate.id).await?),
        None => None,
    };
    let months = programme.level(level).map_or(0, |level| level.valid_months);
    let term = file::zone(programme)?.after_months(act.now, months).as_millisecond();
    let valid_until = match (application.kind, &previous) {
        (ApplicationKind::ScopeChange, Some(previous)) => previous.valid_until,
        _ => term,
    };
    Ok(Version {
        id: CertificateVersionId::new(act.now, &*act.app.rng),
        n: previous.map_or(1, |previous| previous.n + 1),
        decision_id: decision.clone(),
        programme_version_id: application.programme_version_id.clone(),
        assessment_id: basis.loaded.assessment.id.clone(),
        level: level.to_owned(),
        valid_from: act.now.as_second() * 1000,
        valid_until,
    })
}

/// Takes the earlier credentials out of force at once when the new version takes away a facility or
/// of the level, as a reduction does: until the new one is released they would say too much.
async fn end_what_said_more(
    act: &mut Act<'_>,
    basis: &Basis,
    certificate: &Certificate,
    level: &str,
    scope: &[FacilityId],
) -> Result<(), Problem> {
    if basis.loaded.file.application.certificate_id.is_none() {
        return Ok(());
    }
    let (tx, app) = (&mut act.tx, act.app);
    let previous = certificates::latest_version(tx, &certificate.id).await?;
    let before = certificates::scope(tx, &previous.id).await?;
    let programme = &basis.loaded.file.programme;
    // A level that this version of the programme no longer knows cannot be compared: it counts as lost.
    let rank = |level: &str| programme.level(level).map_or(0, |level| level.rank);
    let ids = |scope: &[FacilityId]| scope.iter().map(ToString::to_string).collect::<Vec<_>>();
    let change = certificate::Change {
        rank: rank(&previous.level),
        new_rank: rank(level),
        facilities: &ids(&before),
        new_facilities: &ids(scope),
    };
    if change.takes_away() {
        for purpose in [Purpose::Refresh, Purpose::Revocation] {
            issuance::set_status(tx, app, certificate.id.as_str(), purpose, true).await?;
        }
    }
    Ok(())
}

/// What the decision maker still needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct More {
    version: i64,
    /// What is needed.
    reason: Text,
}

/// Sends the application back to its assessors for more.
#[utoipa::path(post, path = "/api/v1/applications/{id}/more", params(("id" = String, Path)), request_body = More,
    tag = "decisions", responses((status = 200, body = super::Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn ask_for_more(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<More>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let file = open(&mut act, &id, Action::DecideApplication, body.version).await?;
    file.impartial(&mut act.tx, &act.actor.account, act.now).await?;
    let (application, reason) = (&file.application, &body.reason);
    let step = ApplicationStep::More(&reason.text);
    let to = application::next(application.state, &step)?;
    let note = act.keep(&application.company_id, reason, "/reason").await?;
    let written = advance(&mut act, application, step.event().as_str(), to, Some(&note)).await?;
    if let Some(assessment) = applications::assessment_id(&mut act.tx, &id).await? {
        let row =
            assessments::get(&mut act.tx, &assessment).await?.ok_or(sqlx::Error::RowNotFound)?;
        let step = AssessmentStep::Reopen(&reason.text);
        let open = assessment::next(row.state, &step)?;
        super::assessments::advance(&mut act, &row, step.event(), open, Some(&note)).await?;
    }
    act.commit(StatusCode::OK, &written).await
}
