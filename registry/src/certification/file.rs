//! An application's file: what handlers load before they ask the rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use akashi_schemas::Programme;
use jiff::Timestamp;
use sqlx::AnyConnection;

use super::ids::{ApplicationId, AssessmentId, ProgrammeVersionId};
use super::rules::assessment::{AssessmentState, Interviews};
use super::rules::conflict::{self, Conflict, Tie, TieKind};
use super::rules::dates::Zone;
use super::rules::finding::{Standing, Terms};
use super::rules::involvement::Involvement;
use super::rules::scope::Facility;
use super::store::applications::Application;
use super::store::assessments::{Assessment, Rated, Sampled};
use super::store::findings::Finding;
use super::store::programmes::ProgrammeState;
use super::store::{applications, assessments, findings, people, programmes};
use crate::platform::accounts;
use crate::platform::authorisation::{Action, Actor, PANEL_ROLES, Subject};
use crate::platform::clock::instant;
use crate::platform::id::{AccountId, PartyId};
use crate::platform::problem::Problem;

/// Published programme versions never change: each is read once.
static PUBLISHED: LazyLock<Mutex<HashMap<ProgrammeVersionId, Arc<Programme>>>> =
    LazyLock::new(Mutex::default);

/// The programme of a published version.
///
/// # Errors
/// [`Problem::NotFound`]; internal when what is stored is no programme.
pub async fn programme(
    db: &mut AnyConnection,
    id: &ProgrammeVersionId,
) -> Result<Arc<Programme>, Problem> {
    let known = |map: &HashMap<_, Arc<Programme>>| map.get(id).cloned();
    if let Some(programme) = known(&PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(programme);
    }
    let row = programmes::get(db, id).await?.ok_or(Problem::NotFound("programme version"))?;
    let programme = Arc::new(Programme::from_json(&row.canonical).map_err(Problem::internal)?);
    if row.state == ProgrammeState::Published {
        PUBLISHED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), programme.clone());
    }
    Ok(programme)
}

/// A programme's time zone.
///
/// # Errors
/// Internal: a programme with an unknown zone is never published.
pub fn zone(programme: &Programme) -> Result<Zone, Problem> {
    Zone::named(&programme.zone).map_err(Problem::internal)
}

/// An application with its programme and those who have to do with it.
pub struct File {
    /// The application.
    pub application: Application,
    /// Its parties and assignments.
    pub subject: Subject,
    /// The programme applied for.
    pub programme: Arc<Programme>,
}

impl File {
    /// Loads the file of an application.
    ///
    /// # Errors
    /// [`Problem::NotFound`].
    pub async fn load(db: &mut AnyConnection, id: &ApplicationId) -> Result<Self, Problem> {
        let application =
            applications::get(db, id).await?.ok_or(Problem::NotFound("application"))?;
        let subject = applications::subject(db, &application).await?;
        let programme = programme(db, &application.programme_version_id).await?;
        Ok(Self { application, subject, programme })
    }

    /// Refuses whoever has a conflict of interest with the company by now.
    ///
    /// # Errors
    /// [`Problem::ConflictOfInterest`].
    pub async fn impartial(
        &self,
        db: &mut AnyConnection,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let company = &self.application.company_id;
        match conflict_of(db, &self.programme, account, company, now).await? {
            Some(conflict) => Err(Problem::ConflictOfInterest {
                detail: format!("Somebody else must do this: {conflict}."),
            }),
            None => Ok(()),
        }
    }

    /// The facts that rule criteria in or out.
    #[must_use]
    pub fn facts(&self) -> &BTreeSet<String> {
        &self.application.facts.0
    }
}

/// An assessment with its application's file and all that was rated and found.
pub struct AssessmentFile {
    /// The application's file.
    pub file: File,
    /// The assessment.
    pub assessment: Assessment,
    /// The facilities sampled.
    pub sample: Vec<Sampled>,
}

impl AssessmentFile {
    /// Loads an assessment's file.
    ///
    /// # Errors
    /// [`Problem::NotFound`].
    pub async fn load(db: &mut AnyConnection, id: &AssessmentId) -> Result<Self, Problem> {
        let assessment = assessments::get(db, id).await?.ok_or(Problem::NotFound("assessment"))?;
        let sample = assessments::sample(db, id).await?;
        let file = File::load(db, &assessment.application_id).await?;
        Ok(Self { file, assessment, sample })
    }

    /// The sampled facilities, as the rules see them.
    #[must_use]
    pub fn facilities(&self) -> Vec<Facility> {
        self.sample
            .iter()
            .map(|s| Facility { id: s.facility_id.to_string(), kind: s.kind })
            .collect()
    }

    /// Asks whether somebody may read the report. Until the checklist is complete only those do who assess, review or
    /// decide: nobody else reads over an assessor's shoulder.
    ///
    /// # Errors
    /// Those of [`Actor::authorise`], or [`Problem::WrongState`].
    pub fn authorise_report(&self, actor: &Actor) -> Result<(), Problem> {
        actor.authorise(Action::ReadReport, &self.file.subject, "assessment")?;
        let state = self.assessment.state;
        let is_complete =
            |state| !matches!(state, AssessmentState::Planned | AssessmentState::Open);
        if is_complete(state) || actor.may(Action::ReadAssessment, &self.file.subject) {
            return Ok(());
        }
        let complete = AssessmentState::ALL.iter().filter(|state| is_complete(**state));
        Err(Problem::WrongState {
            event: "report".to_owned(),
            state: state.to_string(),
            allowed_from: complete.map(ToString::to_string).collect(),
            who: Vec::new(),
        })
    }

    /// Interviews planned and held, by facility.
    #[must_use]
    pub fn interviews(&self, justified: bool) -> BTreeMap<String, Interviews> {
        let tally = |s: &Sampled| {
            let held = &s.interviews_held.0;
            let planned = u32::try_from(s.interviews_planned).unwrap_or_default();
            Interviews {
                planned,
                held: held.values().fold(0, |sum, n| sum.saturating_add(*n)),
                justified,
            }
        };
        self.sample.iter().map(|s| (s.facility_id.to_string(), tally(s))).collect()
    }

    /// The current ratings.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ratings(&self, db: &mut AnyConnection) -> Result<Vec<Rated>, sqlx::Error> {
        assessments::ratings(db, &self.assessment.id).await
    }

    /// Where every finding stands.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn standings(
        &self,
        db: &mut AnyConnection,
        now: Timestamp,
    ) -> Result<Vec<Standing>, sqlx::Error> {
        let rows = findings::of_assessment(db, &self.assessment.id).await?;
        Ok(rows.iter().map(|finding| standing(finding, now)).collect())
    }
}

/// Where a finding stands at a moment.
#[must_use]
pub fn standing(finding: &Finding, now: Timestamp) -> Standing {
    Standing {
        id: finding.id.to_string(),
        grade: finding.grade,
        state: finding.state,
        overdue: terms(finding).overdue(finding.state, now),
    }
}

/// A finding's terms.
#[must_use]
pub fn terms(finding: &Finding) -> Terms {
    Terms { plan_due: instant(finding.plan_due_at), close_due: instant(finding.close_due_at) }
}

/// What part a person had in an application or a certificate (`affair` is the id of either), as far as it keeps the
/// person from handling a complaint about it or hearing an appeal. `of_body` says whether the person acts for the body.
///
/// # Errors
/// When the database refuses.
pub async fn involvement(
    db: &mut AnyConnection,
    (account, of_body): (&AccountId, bool),
    affair: &str,
    company: &PartyId,
    programme: &Programme,
    now: Timestamp,
) -> Result<Involvement, Problem> {
    let parts = people::parts_in(db, affair).await?;
    let conflict = conflict_of(db, programme, account, company, now).await?;
    Ok(Involvement { of_body, conflict, ..part_of(&parts, account) })
}

/// The part of one of those who had one.
fn part_of(parts: &[(AccountId, String)], account: &AccountId) -> Involvement {
    let had = |part: &str| parts.iter().any(|(who, had)| who == account && had == part);
    let [assessed, reviewed, decided] = ["assessed", "reviewed", "decided"].map(had);
    Involvement { of_body: false, assessed, reviewed, decided, conflict: None }
}

/// Everybody of a body whose role is fit to hear an appeal, by name, with the part that each had in what is appealed.
///
/// # Errors
/// When the database refuses.
pub async fn fit_to_hear(
    db: &mut AnyConnection,
    body: &PartyId,
    affair: &str,
    company: &PartyId,
    programme: &Programme,
    now: Timestamp,
) -> Result<Vec<(AccountId, String, Involvement)>, Problem> {
    let parts = people::parts_in(db, affair).await?;
    let ties = people::ties(db, body, company).await?;
    let (zone, months) = (zone(programme)?, programme.rules.advice_conflict_months);
    let mut fit = Vec::<(AccountId, String, Involvement)>::new();
    for member in accounts::store::members(db, body).await? {
        let known = fit.iter().any(|(account, ..)| *account == member.account_id);
        if known || !PANEL_ROLES.contains(&member.role) {
            continue;
        }
        let mut own = Vec::new();
        for (_, kind, from, until) in ties.iter().filter(|(who, ..)| *who == member.account_id) {
            let kind = kind.parse().map_err(Problem::internal)?;
            own.push(Tie { kind, from: instant(*from), until: until.map(instant) });
        }
        let conflict = conflict::find(&own, now, &zone, months);
        let involved =
            Involvement { of_body: true, conflict, ..part_of(&parts, &member.account_id) };
        fit.push((member.account_id, member.name, involved));
    }
    fit.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(fit)
}

/// A person's conflict with a company at a moment: what was declared or recorded, and memberships in it.
///
/// # Errors
/// When the database refuses.
pub async fn conflict_of(
    db: &mut AnyConnection,
    programme: &Programme,
    account: &AccountId,
    company: &PartyId,
    now: Timestamp,
) -> Result<Option<Conflict>, Problem> {
    let mut ties = Vec::new();
    for (kind, from, until) in people::conflicts(db, account, company).await? {
        let kind = kind.parse().map_err(Problem::internal)?;
        ties.push(Tie { kind, from: instant(from), until: until.map(instant) });
    }
    for (_, from, until) in accounts::store::periods(db, account, company).await? {
        ties.push(Tie {
            kind: TieKind::Membership,
            from: instant(from),
            until: until.map(instant),
        });
    }
    Ok(conflict::find(&ties, now, &zone(programme)?, programme.rules.advice_conflict_months))
}
