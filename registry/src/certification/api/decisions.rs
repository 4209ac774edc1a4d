//! The decision on an application: granted or refused, by somebody who neither assessed nor reviewed.

use akashi_schemas::text_enum;
use akashi_verifier::rule::{self, Outcome};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::assessments::Report;
use crate::certification::attest;
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::{
    ApplicationId, CertificateId, CertificateVersionId, DecisionId, FacilityId,
};
use crate::certification::rules::application::{ApplicationEvent, ApplicationState};
use crate::certification::rules::certificate::{self, CertificateState, CertificateStep};
use crate::certification::rules::decision::{self, DecisionKind, Grant, Maker, Verdict};
use crate::certification::rules::number::CertificateNumber;
use crate::certification::rules::scope::Facility;
use crate::certification::store::assessments::Rated;
use crate::certification::store::decisions::{Decision, RuleResult};
use crate::certification::store::{
    self, applications, assessments, certificates, decisions, facilities, parties, programmes,
};
use crate::issuance::{self, Purpose};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role, Task};
use crate::platform::clock::instant;
use crate::platform::notes::{self, Text};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::rng::draw;
use crate::platform::write::Write;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(decide)).routes(routes!(ask_for_more))
}

text_enum! {
    /// What is decided on an application.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum GrantOrRefuse {
        /// A certificate, or a new version of it.
        Grant = "grant",
        /// No certificate.
        Refuse = "refuse",
    }
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    version: i64,
    kind: GrantOrRefuse,
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
async fn decide(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    mut write: Write<Decide>,
) -> Result<Response, Problem> {
    let mut tx = app.db.write().await?;
    let subject_file = file::File::load(&mut tx, &id).await?;
    let Write { actor, body, act } = &mut write;
    act.authorise(
        actor,
        Action::DecideApplication,
        &subject_file.subject,
        "application",
        id.as_str(),
    )?;
    store::check_version(body.version, subject_file.application.version)?;
    body.public_reason.as_deref().map_or(Ok(()), super::check_public_reason)?;
    let basis = basis(&mut tx, &app, subject_file, actor).await?;
    let kind = allowed(&mut tx, &app, &basis, body).await?;
    let decided = carry_out(&mut tx, &app, &basis, body, kind, actor).await?;
    let Write { actor, act, .. } = write;
    let answer = act.commit(&app, &actor, tx, StatusCode::CREATED, &decided).await?;
    app.wake.notify_one();
    Ok(answer)
}

async fn basis(
    db: &mut AnyConnection,
    app: &App,
    file: file::File,
    actor: &Actor,
) -> Result<Basis, Problem> {
    let application = &file.application;
    let undecidable = || Problem::WrongState {
        event: ApplicationEvent::Decide.to_string(),
        state: application.state.to_string(),
        allowed_from: vec![ApplicationState::Deciding.to_string()],
        who: ApplicationEvent::Decide.movers().iter().map(ToString::to_string).collect(),
    };
    let assessment =
        applications::assessment_id(db, &application.id).await?.ok_or_else(undecidable)?;
    let loaded = AssessmentFile::load(db, &assessment).await?;
    let ratings = loaded.ratings(db).await?;
    let outcome = apply_rule(&loaded, &ratings, |_| true);
    let maker = maker(db, app, &loaded, actor).await?;
    rests_on_what_was_reviewed(db, app, &loaded, &ratings).await?;
    Ok(Basis { loaded, ratings, outcome, maker })
}

/// A decision rests on the ratings that were reviewed, given and reviewed by people without a conflict to this day.
async fn rests_on_what_was_reviewed(
    db: &mut AnyConnection,
    app: &App,
    loaded: &AssessmentFile,
    ratings: &[Rated],
) -> Result<(), Problem> {
    let reviews = assessments::reviews(db, &loaded.assessment.id).await?;
    let digest = Report::of(loaded, ratings, |_| true).digest()?;
    if reviews.last().is_some_and(|review| review.ratings_digest != digest) {
        return Err(Problem::Incomplete {
            event: ApplicationEvent::Decide.to_string(),
            missing: vec![serde_json::json!({
                "code": "review", "detail": "ratings changed after the review: ask for more, so that they are reviewed",
            })],
        });
    }
    let mut people = assessments::raters(db, &loaded.assessment.id).await?;
    people.extend(reviews.into_iter().map(|review| review.by_account));
    for account in people {
        loaded.impartial(db, &account, app.clock.now()).await?;
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
pub(super) async fn maker(
    db: &mut AnyConnection,
    app: &App,
    loaded: &AssessmentFile,
    actor: &Actor,
) -> Result<Maker, Problem> {
    let application = &loaded.file.application;
    let assigned = |tasks: &[Task]| {
        loaded
            .file
            .subject
            .assigned
            .iter()
            .any(|(account, task)| account == &actor.account && tasks.contains(task))
    };
    let raters = assessments::raters(db, &loaded.assessment.id).await?;
    let reviews = assessments::reviews(db, &loaded.assessment.id).await?;
    let (programme, now) = (&loaded.file.programme, app.clock.now());
    Ok(Maker {
        of_body: actor.holds(Role::DecisionMaker, &application.body_id),
        assessed: raters.contains(&actor.account) || assigned(&[Task::Lead, Task::Assessor]),
        reviewed: reviews.iter().any(|r| r.by_account == actor.account)
            || assigned(&[Task::Reviewer]),
        conflict: file::conflict_of(db, programme, &actor.account, &application.company_id, now)
            .await?,
    })
}

/// Asks the rules whether this may be decided, and how it is recorded.
async fn allowed(
    db: &mut AnyConnection,
    app: &App,
    basis: &Basis,
    body: &Decide,
) -> Result<DecisionKind, Problem> {
    let (application, programme) = (&basis.loaded.file.application, &basis.loaded.file.programme);
    let now = app.clock.now();
    let standings = basis.loaded.standings(db, now).await?;
    let authorised =
        programmes::is_authorised(db, &application.body_id, &programme.id, now.as_millisecond())
            .await?;
    let verdict = match (body.kind, &body.level) {
        (GrantOrRefuse::Grant, Some(level)) => Verdict::Grant(Grant {
            programme,
            level,
            rule_level: basis.outcome.level.as_deref(),
            authorised,
            may_be_shown: parties::get(db, &application.company_id).await?.may_be_shown(),
            findings: &standings,
        }),
        (GrantOrRefuse::Grant, None) => {
            return Err(Problem::invalid("/level", "is needed for a grant"));
        }
        (GrantOrRefuse::Refuse, None) => Verdict::Refuse,
        (GrantOrRefuse::Refuse, Some(_)) => {
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
    tx: &mut AnyConnection,
    app: &App,
    basis: &Basis,
    body: &Decide,
    kind: DecisionKind,
    actor: &Actor,
) -> Result<Decided, Problem> {
    let application = &basis.loaded.file.application;
    let now = app.clock.now_ms();
    let id = DecisionId::new(app.clock.now(), &*app.rng);
    let granted = body.level.as_deref().filter(|_| kind != DecisionKind::Refuse);
    let certificate = match granted {
        Some(_) => Some(certificate_for(tx, app, basis).await?),
        None => None,
    };
    let reason = notes::keep(tx, app, &application.company_id, &body.reason, "/reason").await?;
    let outcome = &basis.outcome;
    let decision = Decision {
        id: &id,
        application: Some(&application.id),
        certificate: certificate.as_ref().map(|c| &c.id),
        kind,
        cause: None,
        level: granted,
        rule: Some(RuleResult {
            level: outcome.level.as_deref(),
            score: outcome.score,
            reason: outcome.reason.as_ref().map(rule::Reason::code),
            ratings_digest: Report::of(&basis.loaded, &basis.ratings, |_| true).digest()?,
        }),
        reason: &reason,
        public_reason: body.public_reason.as_deref(),
        by: &actor.account,
        effective_at: now,
    };
    decisions::insert(tx, &decision, now).await.map_err(|error| match Problem::from(error) {
        Problem::Duplicate(_) => Problem::Duplicate("This application was decided before.".into()),
        other => other,
    })?;
    let (event, to) = (ApplicationEvent::Decide.as_str(), ApplicationState::Decided);
    let by = &actor.account;
    applications::advance(tx, application, event, to, by, Some(&reason), now).await?;
    let mut decided = Decided {
        id,
        kind,
        level: granted.map(str::to_owned),
        rule: RuleView {
            level: outcome.level.clone(),
            score: outcome.score,
            reason: outcome.reason.as_ref().map(|r| r.code().to_owned()),
        },
        certificate: None,
        state: None,
        credential: None,
    };
    if let (Some(certificate), Some(level)) = (certificate, granted) {
        let version = next_version(tx, app, basis, &certificate, &decided.id, level).await?;
        let scope: Vec<_> = facilities::of_application(tx, &application.id)
            .await?
            .into_iter()
            .map(|f| f.id)
            .collect();
        end_what_said_more(tx, app, basis, &certificate, level, &scope).await?;
        certificates::add_version(tx, &certificate.id, &version, &scope).await?;
        let kind = if version.n == 1 { "granted" } else { "extended" };
        let change = attest::Change {
            kind,
            decision: Some(&decided.id),
            public_reason: body.public_reason.as_deref(),
        };
        decided.credential = Some(attest::attest(tx, app, &certificate, &version, &change).await?);
        decided.certificate = Some(certificate.number);
        decided.state = Some(certificate.state.to_string());
    }
    Ok(decided)
}

/// The certificate that a grant is about: a new one, or the one that the application names.
async fn certificate_for(
    tx: &mut AnyConnection,
    app: &App,
    basis: &Basis,
) -> Result<certificates::Certificate, Problem> {
    let application = &basis.loaded.file.application;
    if let Some(id) = &application.certificate_id {
        let certificate = certificates::get(tx, id).await?;
        let version = certificates::latest_version(tx, id).await?;
        let step = CertificateStep::Extend {
            valid_until: instant(version.valid_until),
            now: app.clock.now(),
        };
        let to = certificate::next(certificate.state, &step)?;
        certificates::advance(tx, &certificate, certificate.version, to).await?;
        return Ok(certificate);
    }
    let number = CertificateNumber::draw(|| draw(&*app.rng));
    let certificate = certificates::Certificate {
        id: CertificateId::new(app.clock.now(), &*app.rng),
        number: number.to_string(),
        body_id: application.body_id.clone(),
        company_id: application.company_id.clone(),
        programme: basis.loaded.file.programme.id.clone(),
        state: CertificateState::Issuing,
        version: 1,
    };
    certificates::insert(tx, &certificate, app.clock.now_ms()).await?;
    Ok(certificate)
}

/// The version that a grant makes. A changed scope keeps the term; anything else begins a new one.
async fn next_version(
    tx: &mut AnyConnection,
    app: &App,
    basis: &Basis,
    certificate: &certificates::Certificate,
    decision: &DecisionId,
    level: &str,
) -> Result<certificates::Version, Problem> {
    use crate::certification::rules::application::ApplicationKind;
    let application = &basis.loaded.file.application;
    let programme = &basis.loaded.file.programme;
    let now = app.clock.now();
    let previous = match &application.certificate_id {
        Some(_) => Some(certificates::latest_version(tx, &certificate.id).await?),
        None => None,
    };
    let months = programme.level(level).map_or(0, |level| level.valid_months);
    let term = file::zone(programme)?.after_months(now, months).as_millisecond();
    let valid_until = match (application.kind, &previous) {
        (ApplicationKind::ScopeChange, Some(previous)) => previous.valid_until,
        _ => term,
    };
    Ok(certificates::Version {
        id: CertificateVersionId::new(now, &*app.rng),
        n: previous.map_or(1, |previous| previous.n + 1),
        decision_id: decision.clone(),
        programme_version_id: application.programme_version_id.clone(),
        assessment_id: basis.loaded.assessment.id.clone(),
        level: level.to_owned(),
        valid_from: now.as_second() * 1000,
        valid_until,
    })
}

/// Takes the earlier credentials out of force at once when the new version takes away a facility or
/// of the level, as a reduction does: until the new one is released they would say too much.
async fn end_what_said_more(
    tx: &mut AnyConnection,
    app: &App,
    basis: &Basis,
    certificate: &certificates::Certificate,
    level: &str,
    scope: &[FacilityId],
) -> Result<(), Problem> {
    if basis.loaded.file.application.certificate_id.is_none() {
        return Ok(());
    }
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
async fn ask_for_more(
    State(app): State<App>,
    Path(id): Path<ApplicationId>,
    write: Write<More>,
) -> Result<Response, Problem> {
    use crate::certification::rules::application::{self, ApplicationStep};
    use crate::certification::rules::assessment::{self, AssessmentStep};
    let Write { actor, body, mut act } = write;
    let mut tx = app.db.write().await?;
    let file = file::File::load(&mut tx, &id).await?;
    act.authorise(&actor, Action::DecideApplication, &file.subject, "application", id.as_str())?;
    store::check_version(body.version, file.application.version)?;
    let step = ApplicationStep::More(&body.reason.text);
    let to = application::next(file.application.state, &step)?;
    let now = app.clock.now_ms();
    let note =
        notes::keep(&mut tx, &app, &file.application.company_id, &body.reason, "/reason").await?;
    let (event, by) = (step.event().as_str(), &actor.account);
    let version =
        applications::advance(&mut tx, &file.application, event, to, by, Some(&note), now).await?;
    if let Some(assessment) = applications::assessment_id(&mut tx, &id).await? {
        let row = assessments::get(&mut tx, &assessment).await?;
        let step = AssessmentStep::Reopen(&body.reason.text);
        let open = assessment::next(row.state, &step)?;
        assessments::advance(&mut tx, &row, step.event().as_str(), open, by, Some(&note), now)
            .await?;
    }
    act.commit(&app, &actor, tx, StatusCode::OK, &super::Written::moved(id, to.as_str(), version))
        .await
}
