//! Who may do what: one table, default deny.
//!
//! A person acts through *memberships* (a role in a party) and *assignments* (a task on one
//! application). An act is allowed when the table gives one of its entries to a relation that the
//! actor has with the subject. What the subject's *state* allows is the state machines' affair; they
//! are asked only after this.

use std::sync::{Arc, Mutex, PoisonError};

use akashi_schemas::text_enum;

use super::id::{AccountId, PartyId, SessionId};
use super::problem::Problem;

text_enum! {
    /// What a person is in a party.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum Role {
        /// Acts for a company that applies or holds a certificate.
        Applicant = "applicant",
        /// Assesses for a certification body.
        Assessor = "assessor",
        /// Reviews for a certification body.
        Reviewer = "reviewer",
        /// Decides for a certification body.
        DecisionMaker = "decision_maker",
        /// Runs a certification body's process.
        QualityManager = "quality_manager",
        /// Reads a certification body's file, changes nothing.
        Auditor = "auditor",
        /// Acts for a programme owner.
        Owner = "owner",
        /// Acts for a buyer.
        Buyer = "buyer",
        /// Runs the registry; reads no content.
        Operator = "operator",
    }
}

text_enum! {
    /// What a person is asked to do on one application.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum Task {
        /// Leads the assessment.
        Lead = "lead",
        /// Assesses under the lead.
        Assessor = "assessor",
        /// Checks the assessment.
        Reviewer = "reviewer",
        /// Decides.
        Decider = "decider",
    }
}

impl Task {
    /// The role that a person must hold in the body to be given the task.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Lead | Self::Assessor => Role::Assessor,
            Self::Reviewer => Role::Reviewer,
            Self::Decider => Role::DecisionMaker,
        }
    }
}

/// A relation between an actor and a subject that may carry a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody with an account.
    SignedIn,
    /// A role in the subject's party of that role's kind.
    Member(Role),
    /// Any task on the subject, accepted or not, with the role that goes with it still held.
    Offered,
    /// A task on the subject that was accepted, with the role that goes with it still held.
    Assigned(Task),
    /// A place on the panel that hears the subject, with a role that is fit for it still held.
    Panel,
}

/// The roles of those who may hear an appeal.
pub const PANEL_ROLES: [Role; 2] = [Role::DecisionMaker, Role::Reviewer];

impl Who {
    fn words(self) -> &'static str {
        match self {
            Self::SignedIn => "anyone signed in",
            Self::Member(Role::Applicant) => "a member of the company",
            Self::Member(Role::Assessor) => "an assessor of the certification body",
            Self::Member(Role::Reviewer) => "a reviewer of the certification body",
            Self::Member(Role::DecisionMaker) => "a decision maker of the certification body",
            Self::Member(Role::QualityManager) => "a quality manager of the certification body",
            Self::Member(Role::Auditor) => "an auditor of the certification body",
            Self::Member(Role::Owner) => "a member of the programme owner",
            Self::Member(Role::Buyer) => "a member of the buyer",
            Self::Member(Role::Operator) => "an operator of the registry",
            Self::Offered => "whoever is given a task",
            Self::Assigned(Task::Lead) => "the assigned lead assessor",
            Self::Assigned(Task::Assessor) => "an assigned assessor",
            Self::Assigned(Task::Reviewer) => "the assigned reviewer",
            Self::Assigned(Task::Decider) => "the assigned decision maker",
            Self::Panel => "a member of the panel that hears the appeal",
        }
    }
}

use Role::{Applicant, Auditor, Buyer, DecisionMaker, Operator, Owner, QualityManager, Reviewer};
use Who::{Assigned, Member, Offered, Panel, SignedIn};

const LEAD: Who = Assigned(Task::Lead);
const ASSESSOR: Who = Assigned(Task::Assessor);
const REVIEWER: Who = Assigned(Task::Reviewer);
const DECIDER: Who = Assigned(Task::Decider);

/// Defines [`Action`] with its name in the audit trail and who may do it.
macro_rules! actions {
    ($($(#[$meta:meta])* $name:ident = $text:literal : [$($who:expr),*]),+ $(,)?) => {
        /// Everything that takes a permission, by the route that does it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action { $($(#[$meta])* $name),+ }

        impl Action {
            /// The name in the audit trail.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// Who may do it. Nobody else may.
            #[must_use]
            pub fn who(self) -> &'static [Who] {
                match self { $(Self::$name => &[$($who),*]),+ }
            }
        }
    };
}

actions! {
    /// Change one's own name or language.
    ChangeAccount = "account.change": [SignedIn],
    /// Accept or decline an invitation to act for a party.
    AnswerInvitation = "membership.answer": [SignedIn],
    /// Register a company or buyer that one will act for.
    RegisterParty = "party.register": [SignedIn],
    /// Register a certification body or programme owner.
    RegisterInstitution = "party.register_institution": [Member(Operator)],
    /// Read a company's or buyer's own record, members and facilities.
    ReadParty = "party.read": [Member(Applicant), Member(Buyer)],
    /// Read an institution's record and members: a body's, an owner's, the registry's own.
    ReadInstitution = "party.read_institution": [Member(Owner), Member(QualityManager), Member(Operator)],
    /// Change a party's record and its facilities.
    ChangeParty = "party.change": [Member(Applicant), Member(Buyer), Member(Owner), Member(QualityManager)],
    /// Change by what name an institution is known: credentials and the trust bundle carry it.
    RenameInstitution = "party.rename_institution": [Member(Operator)],
    /// Have all of a company's texts and files erased.
    EraseParty = "party.erase": [Member(Applicant)],
    /// Give and end memberships.
    ChangeMembers = "party.change_members": [Member(Applicant), Member(Buyer), Member(Owner), Member(QualityManager)],
    /// Declare one's own conflict of interest.
    DeclareConflict = "conflict.declare": [SignedIn],
    /// Record a conflict of interest of a body's staff.
    RecordConflict = "conflict.record": [Member(QualityManager)],
    /// Record a competence of a body's staff.
    RecordCompetence = "competence.record": [Member(QualityManager)],
    /// Read the audit trail.
    ReadAudit = "audit.read": [Member(Auditor), Member(QualityManager), Member(Operator)],
    /// Draft and publish programme versions.
    WriteProgramme = "programme.write": [Member(Owner)],
    /// Authorise certification bodies, and end it.
    Authorise = "authorisation.write": [Member(Owner)],
    /// Begin an application.
    Apply = "application.create": [Member(Applicant)],
    /// Fill in an application.
    FillIn = "application.fill_in": [Member(Applicant)],
    /// Accept the agreement, submit, withdraw.
    MoveApplication = "application.move": [Member(Applicant)],
    /// Read an application.
    ReadApplication = "application.read":
        [Member(Applicant), Offered, Member(QualityManager), Member(Auditor)],
    /// Accept, return or decline a submitted application.
    ReviewApplication = "application.review": [Member(QualityManager)],
    /// Open a surveillance or special assessment of a certificate.
    OpenAssessment = "certificate.open_assessment": [Member(QualityManager)],
    /// Take such an assessment back before it starts.
    CancelAssessment = "application.cancel": [Member(QualityManager)],
    /// Read which certificates are due for surveillance.
    ReadSurveillance = "surveillance.read": [Member(QualityManager)],
    /// Give people their tasks.
    Assign = "application.assign": [Member(QualityManager)],
    /// Accept one's own task.
    AcceptAssignment = "assignment.accept": [Offered],
    /// Attach evidence for a company.
    AttachEvidence = "evidence.attach": [Member(Applicant), LEAD, ASSESSOR],
    /// Read evidence.
    ReadEvidence = "evidence.read":
        [Member(Applicant), LEAD, ASSESSOR, REVIEWER, DECIDER, Member(QualityManager)],
    /// Take evidence back.
    RemoveEvidence = "evidence.remove": [Member(Applicant)],
    /// Read an assessment as its assessors see it.
    ReadAssessment = "assessment.read":
        [LEAD, ASSESSOR, REVIEWER, DECIDER, Member(QualityManager), Member(Auditor)],
    /// Rate.
    Rate = "assessment.rate": [LEAD, ASSESSOR],
    /// Start, complete, forward or abort an assessment.
    MoveAssessment = "assessment.move": [LEAD],
    /// Read an assessment's report.
    ReadReport = "assessment.report": [Member(Applicant), LEAD, ASSESSOR, REVIEWER, DECIDER],
    /// Review an assessment.
    Review = "assessment.review": [REVIEWER],
    /// Read findings.
    ReadFinding = "finding.read":
        [Member(Applicant), LEAD, ASSESSOR, REVIEWER, DECIDER, Member(QualityManager), Member(Auditor)],
    /// Answer a finding: plan, evidence, decline.
    AnswerFinding = "finding.answer": [Member(Applicant)],
    /// Accept, verify or reject what answers a finding.
    JudgeFinding = "finding.judge": [LEAD, ASSESSOR],
    /// Extend a finding's term.
    ExtendFinding = "finding.extend": [DECIDER],
    /// Grant or refuse.
    DecideApplication = "application.decide": [DECIDER],
    /// Suspend, reinstate, reduce, withdraw; reissue a credential.
    DecideCertificate = "certificate.decide": [Member(DecisionMaker)],
    /// End one's own certificate.
    Terminate = "certificate.terminate": [Member(Applicant)],
    /// Read a certificate's record as those who act on it see it.
    ReadCertificate = "certificate.read":
        [Member(Applicant), Member(DecisionMaker), Member(QualityManager), Member(Reviewer), Member(Auditor)],
    /// Quote a fee, and mark it as invoiced and paid.
    HandleFee = "fee.handle": [Member(QualityManager)],
    /// Read what an application costs.
    ReadFee = "fee.read": [Member(Applicant), Member(QualityManager), Member(Auditor)],
    /// Complain: anyone, without signing in, so that nobody's permission is asked about.
    Complain = "complaint.file": [],
    /// Read complaints about a body and its holders.
    ReadComplaint = "complaint.read": [Member(QualityManager)],
    /// Acknowledge, resolve or dismiss a complaint.
    HandleComplaint = "complaint.handle": [Member(QualityManager)],
    /// Appeal against a decision.
    Appeal = "appeal.file": [Member(Applicant)],
    /// Read an appeal.
    ReadAppeal = "appeal.read": [Member(Applicant), Panel, Member(QualityManager), Member(Auditor)],
    /// Admit or reject an appeal, and name its panel.
    AdmitAppeal = "appeal.admit": [Member(QualityManager)],
    /// Say what the panel finds.
    HearAppeal = "appeal.hear": [Panel],
    /// Retry or void a credential's release; retire keys; see jobs, and mail that does not arrive.
    Operate = "registry.operate": [Member(Operator)],
    /// Warn of an idle application: the registry alone.
    WarnApplication = "application.warn": [],
    /// Let an idle application lapse: the registry alone.
    LapseApplication = "application.lapse": [],
    /// Propose to withdraw a certificate whose suspension is over: the registry alone.
    ProposeWithdrawal = "certificate.propose_withdrawal": [],
    /// Release a credential: the registry alone.
    Release = "credential.release": [],
    /// Show a release as failed: the registry alone.
    FailRelease = "credential.fail": [],
    /// Void a credential that something later overtook before its release: the registry alone.
    Overtake = "credential.overtake": [],
}

/// A membership in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The party.
    pub party: PartyId,
    /// The role in it.
    pub role: Role,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// The sign-in.
    pub session: SessionId,
    /// What the person was, and where, when this was read.
    pub memberships: Vec<Membership>,
    /// Where a refusal is noted.
    pub refused: Refused,
}

/// An act that was not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who tried.
    pub account: AccountId,
    /// What.
    pub action: Action,
    /// To what: a word and, where the act names one, an id.
    pub subject: String,
    /// The party whose affair it is.
    pub party: Option<PartyId>,
}

/// The last refusal of a request: noted where acts are allowed or not, read by the shell when the request was
/// answered.
#[derive(Clone, Debug, Default)]
pub struct Refused(Arc<Mutex<Option<Refusal>>>);

impl Refused {
    fn note(&self, refusal: Refusal) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }

    /// Names the id of what the refused act was about.
    pub fn about(&self, id: &str) {
        if let Some(refusal) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            refusal.subject = format!("{} {id}", refusal.subject);
        }
    }

    /// The refusal, if there was one.
    #[must_use]
    pub fn take(&self) -> Option<Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Actor {
    /// Whether the actor holds a role in a party.
    #[must_use]
    pub fn holds(&self, role: Role, party: &PartyId) -> bool {
        self.memberships.iter().any(|m| m.role == role && &m.party == party)
    }

    /// The parties in which the actor holds a role.
    pub fn parties(&self, role: Role) -> impl Iterator<Item = &PartyId> {
        self.memberships.iter().filter(move |m| m.role == role).map(|m| &m.party)
    }
}

/// A task that somebody is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// To whom.
    pub account: AccountId,
    /// What.
    pub task: Task,
    /// Whether the person has accepted it.
    pub accepted: bool,
}

/// What an act is about: the parties that have a say in it, and who is assigned to it.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The company that applies or holds.
    pub company: Option<PartyId>,
    /// The certification body.
    pub body: Option<PartyId>,
    /// The programme owner.
    pub owner: Option<PartyId>,
    /// The buyer.
    pub buyer: Option<PartyId>,
    /// The tasks that are given.
    pub given: Vec<Given>,
    /// Who hears it, when it is an appeal.
    pub panel: Vec<AccountId>,
}

impl Subject {
    /// The party in which a role counts for this subject; an operator's counts everywhere.
    fn party(&self, role: Role) -> Option<&PartyId> {
        match role {
            Role::Applicant => self.company.as_ref(),
            Role::Assessor
            | Role::Reviewer
            | Role::DecisionMaker
            | Role::QualityManager
            | Role::Auditor => self.body.as_ref(),
            Role::Owner => self.owner.as_ref(),
            Role::Buyer => self.buyer.as_ref(),
            Role::Operator => None,
        }
    }

    /// Whether the actor stands in a relation with the subject.
    fn relates(&self, actor: &Actor, who: Who) -> bool {
        match who {
            Who::SignedIn => true,
            Who::Member(Role::Operator) => {
                actor.memberships.iter().any(|m| m.role == Role::Operator)
            }
            Who::Member(role) => self.party(role).is_some_and(|party| actor.holds(role, party)),
            Who::Offered => self.tasks(actor).next().is_some(),
            Who::Assigned(task) => {
                self.tasks(actor).any(|given| given.task == task && given.accepted)
            }
            Who::Panel => self.hears(actor),
        }
    }

    /// The actor's own tasks, as long as the role that goes with each is held.
    fn tasks(&self, actor: &Actor) -> impl Iterator<Item = &Given> {
        let holds =
            |task: Task| self.body.as_ref().is_some_and(|body| actor.holds(task.role(), body));
        self.given.iter().filter(move |given| given.account == actor.account && holds(given.task))
    }

    /// Whether the actor is on the panel, and holds a role in the body that is fit for that.
    fn hears(&self, actor: &Actor) -> bool {
        let fit = |body| PANEL_ROLES.iter().any(|&role| actor.holds(role, body));
        self.panel.contains(&actor.account) && self.body.as_ref().is_some_and(fit)
    }

    /// The parties that have a say in it, the one whose affair it is first.
    pub(super) fn parties(&self) -> impl Iterator<Item = &PartyId> {
        [&self.company, &self.body, &self.owner, &self.buyer].into_iter().flatten()
    }

    /// Whether the actor belongs to one of the subject's parties at all, and so knows of it.
    fn knows(&self, actor: &Actor) -> bool {
        self.parties().any(|party| actor.memberships.iter().any(|m| &m.party == party))
    }
}

impl Actor {
    /// Whether the table allows the act: for what a page offers. What is then done is asked anew.
    #[must_use]
    pub fn may(&self, action: Action, subject: &Subject) -> bool {
        action.who().iter().any(|&who| subject.relates(self, who))
    }

    /// Allows the act, or says why not: [`Problem::Forbidden`] to those who know of the subject,
    /// [`Problem::NotFound`] (with the word for the subject) to strangers, so that nobody learns of
    /// others' affairs by asking.
    ///
    /// # Errors
    /// When no entry of the table gives the act to a relation that the actor has with the subject.
    pub fn authorise(
        &self,
        action: Action,
        subject: &Subject,
        what: &'static str,
    ) -> Result<(), Problem> {
        if self.may(action, subject) {
            return Ok(());
        }
        tracing::info!(account = %self.account, action = action.as_str(), "denied");
        self.refused.note(Refusal {
            account: self.account.clone(),
            action,
            subject: what.to_owned(),
            party: subject.parties().next().cloned(),
        });
        let institution = subject.parties().next().is_none();
        if institution || subject.knows(self) {
            return Err(Problem::Forbidden {
                who: action.who().iter().map(|who| who.words()).collect(),
            });
        }
        Err(Problem::NotFound(what))
    }
}
