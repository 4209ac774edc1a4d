//! The application: a company's request for a programme and a scope.

use std::collections::BTreeSet;

use akashi_schemas::{FacilityKind, Programme, text_enum};
use jiff::Timestamp;

use super::assessment::AssessmentState;
use super::conflict::Conflict;
use super::refusal::{Missing, Mover, Needs, Partiality, Refusal, blank, moves};
use super::scope::{self, Facility, Pair};

text_enum! {
    /// Why a company applies.
    pub enum ApplicationKind {
        /// For a first certificate.
        Initial = "initial",
        /// For a new term of its certificate.
        Renewal = "renewal",
        /// For its certificate with other facilities.
        ScopeChange = "scope_change",
        /// For its certificate at another body.
        Transfer = "transfer",
        /// The body looks, in its time, whether a certificate in force is still deserved.
        Surveillance = "surveillance",
        /// The body looks so out of turn, for a reason.
        Special = "special",
    }
}

impl ApplicationKind {
    /// Whether the body itself opened it, to look after a certificate: nobody applies, and it ends by a decision that
    /// the certificate continues or by one that takes from it.
    #[must_use]
    pub const fn is_follow_up(self) -> bool {
        matches!(self, Self::Surveillance | Self::Special)
    }
}

text_enum! {
    /// Where an application stands.
    pub enum ApplicationState {
        /// The company fills it in.
        Draft = "draft",
        /// The body looks at it.
        Submitted = "submitted",
        /// The body has taken it on; nobody leads the assessment yet.
        Accepted = "accepted",
        /// The assessment is under way.
        Assessing = "assessing",
        /// The assessment is reviewed; the decision is due.
        Deciding = "deciding",
        /// Granted or refused.
        Decided = "decided",
        /// The body declined to take it on.
        Closed = "closed",
        /// The company took it back.
        Withdrawn = "withdrawn",
        /// Nobody touched it for too long.
        Lapsed = "lapsed",
    }
}

impl ApplicationState {
    /// The states that it is under way in: nothing is decided, and it may lapse.
    pub const UNDER_WAY: [Self; 5] =
        [Self::Draft, Self::Submitted, Self::Accepted, Self::Assessing, Self::Deciding];

    /// Whether it is under way.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        Self::UNDER_WAY.contains(&self)
    }
}

text_enum! {
    /// What moves an application.
    pub enum ApplicationEvent {
        /// The company hands it in.
        Submit = "submit",
        /// The body gives it back to be completed.
        Return = "return",
        /// The body takes it on (the application review of ISO/IEC 17065, 7.3).
        Accept = "accept",
        /// The body does not take it on.
        Decline = "decline",
        /// The body takes back the surveillance or special assessment that it opened.
        Cancel = "cancel",
        /// A lead assessor is assigned.
        Assign = "assign",
        /// The review of the assessment is done.
        Recommend = "recommend",
        /// The decision maker needs more from the assessors.
        More = "more",
        /// Granted or refused.
        Decide = "decide",
        /// An appeal against the refusal brings it back to its decision.
        Reopen = "reopen",
        /// The company takes it back.
        Withdraw = "withdraw",
        /// It is warned that it is going to lapse.
        Warn = "warn",
        /// It lapses.
        Lapse = "lapse",
    }
}

moves! { ApplicationState, ApplicationEvent {
    Submit by [Applicant]: Draft => Submitted;
    Return by [QualityManager]: Submitted => Draft;
    Accept by [QualityManager]: Submitted => Accepted;
    Decline by [QualityManager]: Submitted => Closed;
    Cancel by [QualityManager]: Accepted => Closed, Assessing => Closed;
    Assign by [QualityManager]: Accepted => Assessing;
    Recommend by [Reviewer]: Assessing => Deciding;
    More by [DecisionMaker]: Deciding => Assessing;
    Decide by [DecisionMaker]: Deciding => Decided;
    Reopen by [AppealPanel]: Decided => Deciding;
    Withdraw by [Applicant]:
        Draft => Withdrawn, Submitted => Withdrawn, Accepted => Withdrawn,
        Assessing => Withdrawn, Deciding => Withdrawn;
    Warn by [Registry]:
        Draft => Draft, Submitted => Submitted, Accepted => Accepted,
        Assessing => Assessing, Deciding => Deciding;
    Lapse by [Registry]:
        Draft => Lapsed, Submitted => Lapsed, Accepted => Lapsed,
        Assessing => Lapsed, Deciding => Lapsed;
} }

/// An event with the facts that it takes.
#[derive(Debug, Clone)]
pub enum ApplicationStep<'a> {
    /// See [`ApplicationEvent::Submit`].
    Submit(Submission<'a>),
    /// See [`ApplicationEvent::Return`]; with the reason.
    Return(&'a str),
    /// See [`ApplicationEvent::Accept`].
    Accept(Admission),
    /// See [`ApplicationEvent::Decline`]; with the reason.
    Decline(&'a str),
    /// See [`ApplicationEvent::Cancel`].
    Cancel {
        /// What it is for.
        kind: ApplicationKind,
        /// Where its assessment stands, once one is planned.
        assessment: Option<AssessmentState>,
        /// Why.
        reason: &'a str,
    },
    /// See [`ApplicationEvent::Assign`]; with the lead assessor.
    Assign(&'a Candidate),
    /// See [`ApplicationEvent::Recommend`].
    Recommend,
    /// See [`ApplicationEvent::More`]; with the reason.
    More(&'a str),
    /// See [`ApplicationEvent::Decide`]; what a decision needs stands in
    /// [`decision`](super::decision).
    Decide,
    /// See [`ApplicationEvent::Reopen`].
    Reopen {
        /// Whether it was refused.
        refused: bool,
    },
    /// See [`ApplicationEvent::Withdraw`]; with what it is for. What the body opened is not the company's to take back.
    Withdraw(ApplicationKind),
    /// See [`ApplicationEvent::Lapse`].
    Lapse(Idleness),
}

text_enum! {
    /// What is done about an application without moving it.
    pub enum Work {
        /// Its scope or facts are written.
        FillIn = "fill_in",
        /// A question of the self-assessment is answered.
        Answer = "answer",
        /// The certification agreement is accepted.
        Agree = "agreement",
        /// A file is attached.
        Attach = "attach",
        /// A file is linked to a criterion.
        Link = "link",
        /// A file is taken back.
        TakeBack = "remove",
        /// A task is ended.
        EndAssignment = "end_assignment",
        /// Its assessment is moved on.
        Assess = "assess",
        /// One of its findings is moved on.
        Correct = "correct",
        /// A fee is quoted.
        Quote = "quote",
    }
}

impl Work {
    /// The states in which it may be done. A finding may be corrected after the grant, and files attached that show it.
    #[must_use]
    pub fn possible_in(self) -> &'static [ApplicationState] {
        use ApplicationState::{Accepted, Assessing, Decided, Deciding, Draft, Submitted};
        match self {
            Self::FillIn | Self::Answer | Self::Agree | Self::TakeBack => &[Draft],
            Self::Link => &ApplicationState::UNDER_WAY,
            Self::Attach => &[Draft, Submitted, Accepted, Assessing, Deciding, Decided],
            Self::EndAssignment => Duty::Review.assignable_in(),
            Self::Assess => &[Assessing],
            Self::Correct => &[Assessing, Deciding, Decided],
            Self::Quote => &[Draft, Submitted, Accepted, Assessing, Deciding, Decided],
        }
    }

    /// Who may do it then.
    #[must_use]
    pub fn movers(self) -> &'static [Mover] {
        use Mover::{Applicant, Assessor, DecisionMaker, LeadAssessor, QualityManager, Reviewer};
        match self {
            Self::FillIn | Self::Answer | Self::Agree | Self::TakeBack => &[Applicant],
            Self::Attach | Self::Link => &[Applicant, LeadAssessor, Assessor],
            Self::EndAssignment | Self::Quote => &[QualityManager],
            Self::Assess => &[LeadAssessor, Assessor, Reviewer],
            Self::Correct => &[Applicant, LeadAssessor, Assessor, DecisionMaker],
        }
    }

    /// Whether it may be done while the application is in this state.
    ///
    /// # Errors
    /// [`Refusal::WrongState`].
    pub fn in_state(self, state: ApplicationState) -> Result<(), Refusal> {
        if self.possible_in().contains(&state) {
            return Ok(());
        }
        Err(Refusal::WrongState {
            event: self.as_str(),
            state: state.as_str(),
            allowed_from: self.possible_in().iter().map(|state| state.as_str()).collect(),
            who: self.movers(),
        })
    }
}

/// What an application contains when it is handed in.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The programme version applied for.
    pub programme: &'a Programme,
    /// Whether the company accepted the certification agreement.
    pub agreement_accepted: bool,
    /// Whether the company may be shown: a sole proprietor is, only by consent.
    pub may_be_shown: bool,
    /// The facilities in scope.
    pub facilities: &'a [Facility],
    /// The facts that hold for the company.
    pub facts: &'a BTreeSet<String>,
    /// The pairs that the company answered.
    pub answered: &'a BTreeSet<Pair>,
    /// The last second of the waiting time after a refusal, if it is not over.
    pub waiting_until: Option<Timestamp>,
}

/// What the body finds when it looks at an application.
#[derive(Debug, Clone)]
pub struct Admission {
    /// Whether the body's authorisation for the programme is in force.
    pub authorised: bool,
    /// Whether the body has people who are competent for the programme.
    pub competent: bool,
    /// A conflict between the body itself and the company.
    pub conflict: Option<Conflict>,
}

/// For how long nobody touched an application.
#[derive(Debug, Clone, Copy)]
pub struct Idleness {
    /// Whole days since anybody did something about it.
    pub days: u32,
    /// How often the applicant was warned since.
    pub warnings: u32,
    /// After how many idle days it lapses: the programme's `application_lapse_days`.
    pub lapse_days: u32,
}

impl ApplicationStep<'_> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> ApplicationEvent {
        match self {
            Self::Submit(_) => ApplicationEvent::Submit,
            Self::Return(_) => ApplicationEvent::Return,
            Self::Accept(_) => ApplicationEvent::Accept,
            Self::Decline(_) => ApplicationEvent::Decline,
            Self::Cancel { .. } => ApplicationEvent::Cancel,
            Self::Assign(_) => ApplicationEvent::Assign,
            Self::Recommend => ApplicationEvent::Recommend,
            Self::More(_) => ApplicationEvent::More,
            Self::Decide => ApplicationEvent::Decide,
            Self::Reopen { .. } => ApplicationEvent::Reopen,
            Self::Withdraw(_) => ApplicationEvent::Withdraw,
            Self::Lapse(_) => ApplicationEvent::Lapse,
        }
    }
}

/// The state that follows.
///
/// # Errors
/// [`Refusal`] when the event is not possible in this state, or when something is missing first.
pub fn next(
    state: ApplicationState,
    step: &ApplicationStep<'_>,
) -> Result<ApplicationState, Refusal> {
    let event = step.event();
    let to = target(state, event)?;
    let needs = Needs::default();
    let needs = match step {
        ApplicationStep::Submit(submission) => submission.needs(),
        ApplicationStep::Return(reason)
        | ApplicationStep::Decline(reason)
        | ApplicationStep::More(reason) => needs.need(!blank(reason), Missing::Reason),
        ApplicationStep::Cancel { kind, assessment, reason } => {
            let begun = !matches!(
                assessment,
                None | Some(AssessmentState::Planned | AssessmentState::Aborted)
            );
            if !kind.is_follow_up() || begun {
                return Err(never(event, state));
            }
            needs.need(!blank(reason), Missing::Reason)
        }
        ApplicationStep::Withdraw(kind) if kind.is_follow_up() => return Err(never(event, state)),
        ApplicationStep::Accept(admission) => {
            if let Some(conflict) = admission.conflict {
                return Err(Refusal::Partial {
                    event: event.as_str(),
                    why: vec![Partiality::Conflict(conflict)],
                });
            }
            needs
                .need(admission.authorised, Missing::Authorisation)
                .need(admission.competent, Missing::Competence)
        }
        ApplicationStep::Assign(lead) => {
            return lead.fits(Duty::Assess, event.as_str()).map(|()| to);
        }
        ApplicationStep::Lapse(idle) => needs
            .need(idle.days >= idle.lapse_days, Missing::IdleDays { days: idle.lapse_days })
            .need(idle.warnings >= 2, Missing::Warnings),
        ApplicationStep::Reopen { refused } => needs.need(*refused, Missing::ARefusal),
        ApplicationStep::Recommend | ApplicationStep::Decide | ApplicationStep::Withdraw(_) => {
            needs
        }
    };
    needs.settle(event.as_str(), event.movers()).map(|()| to)
}

/// What is no move of this application, whatever state it is brought to.
fn never(event: ApplicationEvent, state: ApplicationState) -> Refusal {
    Refusal::WrongState {
        event: event.as_str(),
        state: state.as_str(),
        allowed_from: Vec::new(),
        who: event.movers(),
    }
}

impl Submission<'_> {
    fn needs(&self) -> Needs {
        let whole = self.facilities.iter().any(|facility| facility.kind == FacilityKind::Whole);
        let waiting = self.waiting_until.map(|until| Missing::WaitingTime { until });
        let asked = scope::applicable(self.programme, self.facilities, self.facts);
        let pairs = asked.map(|(criterion, facility)| (criterion.id.clone(), facility.id.clone()));
        let open = pairs.filter(|pair| !self.answered.contains(pair));
        Needs::default()
            .need(self.agreement_accepted, Missing::Agreement)
            .need(self.may_be_shown, Missing::PublishConsent)
            .need(!self.facilities.is_empty(), Missing::Facility)
            .need(whole || self.facilities.is_empty(), Missing::WholeOrganisation)
            .all(waiting)
            .all(open.map(|(criterion, facility)| Missing::Answer { criterion, facility }))
    }
}

text_enum! {
    /// What somebody does with an application; nobody does two of them with the same one.
    pub enum Duty {
        /// Assess it, leading or not.
        Assess = "assess",
        /// Review the assessment.
        Review = "review",
        /// Decide.
        Decide = "decide",
    }
}

impl Duty {
    /// The states in which somebody may be assigned. The first lead assessor comes by
    /// [`ApplicationStep::Assign`]; in `assessing` an assessor joins or takes over without a move.
    #[must_use]
    pub const fn assignable_in(self) -> &'static [ApplicationState] {
        match self {
            Self::Assess => &[ApplicationState::Accepted, ApplicationState::Assessing],
            Self::Review | Self::Decide => &[
                ApplicationState::Accepted,
                ApplicationState::Assessing,
                ApplicationState::Deciding,
            ],
        }
    }
}

/// Somebody who may be given a duty.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    /// Whether the person holds the role that the duty takes in the body.
    pub holds_role: bool,
    /// Whether the person is recorded as competent for the programme.
    pub competent: bool,
    /// A conflict between the person and the company.
    pub conflict: Option<Conflict>,
    /// The duties that the person has, or had, with this application.
    pub duties: Vec<Duty>,
    /// In how many cycles in a row the person has assessed this company before this one.
    pub cycles: u32,
    /// The programme's `assessor_cycles_max`.
    pub cycles_max: u32,
}

impl Candidate {
    fn fits(&self, duty: Duty, event: &'static str) -> Result<(), Refusal> {
        let other = self.duties.iter().filter(|&&had| had != duty).map(|had| match had {
            Duty::Assess => Partiality::Assessed,
            Duty::Review => Partiality::Reviewed,
            Duty::Decide => Partiality::Decides,
        });
        let why: Vec<Partiality> = other.chain(self.conflict.map(Partiality::Conflict)).collect();
        if !why.is_empty() {
            return Err(Refusal::Partial { event, why });
        }
        let rotated = duty != Duty::Assess || self.cycles < self.cycles_max;
        Needs::default()
            .need(self.holds_role, Missing::Role)
            .need(self.competent, Missing::Competence)
            .need(rotated, Missing::Rotation { max: self.cycles_max })
            .settle(event, ApplicationEvent::Assign.movers())
    }
}

/// Whether somebody may be given a duty while the application is in this state.
///
/// # Errors
/// [`Refusal`]: wrong state, a duty that excludes this one, a conflict of interest, or what the
/// person lacks.
pub fn assign(state: ApplicationState, duty: Duty, candidate: &Candidate) -> Result<(), Refusal> {
    let event = ApplicationEvent::Assign;
    if !duty.assignable_in().contains(&state) {
        return Err(Refusal::WrongState {
            event: event.as_str(),
            state: state.as_str(),
            allowed_from: duty.assignable_in().iter().map(|state| state.as_str()).collect(),
            who: event.movers(),
        });
    }
    candidate.fits(duty, event.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::conflict::TieKind;
    use super::super::refusal::tests::{follows_table, missing, partial};
    use super::super::scope::tests::{facility, facts, programme};
    use super::*;
    use ApplicationState::{
        Accepted, Assessing, Closed, Decided, Deciding, Draft, Lapsed, Submitted, Withdrawn,
    };

    const CONFLICT: Conflict = Conflict { kind: TieKind::Advised, counts_until: None };

    #[test]
    fn every_event_in_every_state() {
        let table = "
                      submit    return accept   decline cancel assign    recommend more      decide  reopen   withdraw  warn      lapse
            draft     submitted -      -        -       -      -         -         -         -       -        withdrawn draft     lapsed
            submitted -         draft  accepted closed  -      -         -         -         -       -        withdrawn submitted lapsed
            accepted  -         -      -        -       closed assessing -         -         -       -        withdrawn accepted  lapsed
            assessing -         -      -        -       closed -         deciding  -         -       -        withdrawn assessing lapsed
            deciding  -         -      -        -       -      -         -         assessing decided -        withdrawn deciding  lapsed
            decided   -         -      -        -       -      -         -         -         -       deciding -         -         -
            closed    -         -      -        -       -      -         -         -         -       -        -         -         -
            withdrawn -         -      -        -       -      -         -         -         -       -        -         -         -
            lapsed    -         -      -        -       -      -         -         -         -       -        -         -         -
        ";
        follows_table(table, ApplicationState::ALL, ApplicationEvent::ALL, target);
    }

    #[test]
    fn who_may_end_what_the_body_opened_itself() {
        use AssessmentState as A;
        // kind, assessment: whether the body may cancel it, whether the company may take it back
        for (kind, assessment, cancelled, withdrawn) in [
            (ApplicationKind::Initial, None, false, true),
            (ApplicationKind::Renewal, Some(A::Planned), false, true),
            (ApplicationKind::ScopeChange, Some(A::Aborted), false, true),
            (ApplicationKind::Transfer, None, false, true),
            (ApplicationKind::Surveillance, None, true, false),
            (ApplicationKind::Surveillance, Some(A::Planned), true, false),
            (ApplicationKind::Surveillance, Some(A::Open), false, false),
            (ApplicationKind::Surveillance, Some(A::Findings), false, false),
            (ApplicationKind::Surveillance, Some(A::Review), false, false),
            (ApplicationKind::Surveillance, Some(A::Aborted), true, false),
            (ApplicationKind::Special, None, true, false),
            (ApplicationKind::Special, Some(A::Open), false, false),
        ] {
            let cancel = |reason| ApplicationStep::Cancel { kind, assessment, reason };
            assert_eq!(
                next(Assessing, &cancel("Opened twice.")).is_ok(),
                cancelled,
                "{kind} {assessment:?}"
            );
            if cancelled {
                assert_eq!(missing(next(Accepted, &cancel(" "))), [Missing::Reason]);
            }
            let withdraw = next(Assessing, &ApplicationStep::Withdraw(kind));
            assert_eq!(withdraw.is_ok(), withdrawn, "{kind}");
        }
    }

    #[test]
    fn every_work_in_every_state() {
        let table = "
                      fill_in answer agreement attach link remove end_assignment assess correct quote
            draft     yes     yes    yes       yes    yes  yes    -              -      -       yes
            submitted -       -      -         yes    yes  -      -              -      -       yes
            accepted  -       -      -         yes    yes  -      yes            -      -       yes
            assessing -       -      -         yes    yes  -      yes            yes    yes     yes
            deciding  -       -      -         yes    yes  -      yes            -      yes     yes
            decided   -       -      -         yes    -    -      -              -      yes     yes
            closed    -       -      -         -      -    -      -              -      -       -
            withdrawn -       -      -         -      -    -      -              -      -       -
            lapsed    -       -      -         -      -    -      -              -      -       -
        ";
        let mut lines = table.lines().map(str::split_whitespace).filter(|l| l.clone().count() > 0);
        let works: Vec<&str> = lines.next().expect("a header").collect();
        assert_eq!(works, Work::ALL.iter().map(|work| work.as_str()).collect::<Vec<_>>());
        for mut line in lines {
            let state: ApplicationState = line.next().expect("a state").parse().expect("a state");
            for (work, cell) in Work::ALL.iter().zip(line) {
                assert_eq!(work.in_state(state).is_ok(), cell == "yes", "{work} in {state}");
            }
        }
    }

    #[test]
    fn who_may_do_a_work() {
        use Mover::{Applicant, Assessor, DecisionMaker, LeadAssessor, QualityManager, Reviewer};
        for (work, who) in [
            (Work::FillIn, &[Applicant][..]),
            (Work::Answer, &[Applicant]),
            (Work::Agree, &[Applicant]),
            (Work::Attach, &[Applicant, LeadAssessor, Assessor]),
            (Work::Link, &[Applicant, LeadAssessor, Assessor]),
            (Work::TakeBack, &[Applicant]),
            (Work::EndAssignment, &[QualityManager]),
            (Work::Quote, &[QualityManager]),
            (Work::Assess, &[LeadAssessor, Assessor, Reviewer]),
            (Work::Correct, &[Applicant, LeadAssessor, Assessor, DecisionMaker]),
        ] {
            assert_eq!(work.movers(), who, "{work}");
        }
    }

    #[test]
    fn who_may_move_an_application() {
        for (event, who) in [
            (ApplicationEvent::Submit, Mover::Applicant),
            (ApplicationEvent::Return, Mover::QualityManager),
            (ApplicationEvent::Accept, Mover::QualityManager),
            (ApplicationEvent::Decline, Mover::QualityManager),
            (ApplicationEvent::Assign, Mover::QualityManager),
            (ApplicationEvent::Recommend, Mover::Reviewer),
            (ApplicationEvent::More, Mover::DecisionMaker),
            (ApplicationEvent::Decide, Mover::DecisionMaker),
            (ApplicationEvent::Withdraw, Mover::Applicant),
            (ApplicationEvent::Warn, Mover::Registry),
            (ApplicationEvent::Lapse, Mover::Registry),
        ] {
            assert_eq!(event.movers(), [who], "{event}");
        }
    }

    #[test]
    fn a_complete_application_is_submitted_and_each_thing_it_lacks_is_named() {
        let programme = programme();
        let facilities =
            [facility("whole", FacilityKind::Whole), facility("site", FacilityKind::Site)];
        let facts = facts(&["housing_provided"]);
        let answered: BTreeSet<Pair> = scope::applicable(&programme, &facilities, &facts)
            .map(|(criterion, facility)| (criterion.id.clone(), facility.id.clone()))
            .collect();
        let complete = Submission {
            programme: &programme,
            agreement_accepted: true,
            may_be_shown: true,
            facilities: &facilities,
            facts: &facts,
            answered: &answered,
            waiting_until: None,
        };
        let submit = |submission| next(Draft, &ApplicationStep::Submit(submission));
        assert_eq!(submit(complete), Ok(Submitted));

        assert_eq!(
            missing(submit(Submission { agreement_accepted: false, ..complete })),
            [Missing::Agreement]
        );
        assert_eq!(
            missing(submit(Submission { may_be_shown: false, ..complete })),
            [Missing::PublishConsent]
        );
        assert_eq!(
            missing(submit(Submission { facilities: &[], ..complete })),
            [Missing::Facility]
        );
        assert_eq!(
            missing(submit(Submission { facilities: &facilities[1..], ..complete })),
            [Missing::WholeOrganisation]
        );
        let until = "2026-12-01T14:59:59Z".parse().expect("a time");
        let waiting = Submission { waiting_until: Some(until), ..complete };
        assert_eq!(missing(submit(waiting)), [Missing::WaitingTime { until }]);

        let mut fewer = answered.clone();
        fewer.remove(&("RH-1.1".to_owned(), "whole".to_owned()));
        fewer.remove(&("RH-6.3".to_owned(), "site".to_owned()));
        assert_eq!(
            missing(submit(Submission { answered: &fewer, agreement_accepted: false, ..complete })),
            [
                Missing::Agreement,
                Missing::Answer { criterion: "RH-1.1".into(), facility: "whole".into() },
                Missing::Answer { criterion: "RH-6.3".into(), facility: "site".into() },
            ]
        );
    }

    #[test]
    fn a_criterion_whose_facts_do_not_hold_needs_no_answer() {
        let programme = programme();
        let facilities = [facility("whole", FacilityKind::Whole)];
        let submission = Submission {
            programme: &programme,
            agreement_accepted: true,
            may_be_shown: true,
            facilities: &facilities,
            facts: &facts(&["dispatched"]),
            answered: &BTreeSet::new(),
            waiting_until: None,
        };
        let answer = Missing::Answer { criterion: "RH-2.10".into(), facility: "whole".into() };
        let with = missing(next(Draft, &ApplicationStep::Submit(submission)));
        assert!(with.contains(&answer));
        let submission = Submission { facts: &facts(&[]), ..submission };
        let without = missing(next(Draft, &ApplicationStep::Submit(submission)));
        assert!(!without.contains(&answer) && without.len() < with.len());
    }

    #[test]
    fn a_body_takes_on_what_it_is_authorised_and_competent_for_and_free_to_judge() {
        let fit = Admission { authorised: true, competent: true, conflict: None };
        let accept = |admission| next(Submitted, &ApplicationStep::Accept(admission));
        assert_eq!(accept(fit.clone()), Ok(Accepted));
        assert_eq!(
            missing(accept(Admission { authorised: false, ..fit.clone() })),
            [Missing::Authorisation]
        );
        assert_eq!(
            missing(accept(Admission { competent: false, ..fit.clone() })),
            [Missing::Competence]
        );
        assert_eq!(
            partial(accept(Admission { conflict: Some(CONFLICT), ..fit })),
            [Partiality::Conflict(CONFLICT)]
        );
    }

    #[test]
    fn giving_back_declining_and_asking_for_more_take_a_reason() {
        let reason = "The floor plan is missing.";
        assert_eq!(next(Submitted, &ApplicationStep::Return(reason)), Ok(Draft));
        assert_eq!(next(Submitted, &ApplicationStep::Decline(reason)), Ok(Closed));
        assert_eq!(next(Deciding, &ApplicationStep::More(reason)), Ok(Assessing));
        let blank = " \u{3000}\n";
        assert_eq!(missing(next(Submitted, &ApplicationStep::Return(blank))), [Missing::Reason]);
        assert_eq!(missing(next(Submitted, &ApplicationStep::Decline(blank))), [Missing::Reason]);
        assert_eq!(missing(next(Deciding, &ApplicationStep::More(blank))), [Missing::Reason]);
    }

    #[test]
    fn an_application_lapses_when_idle_for_long_enough_and_warned_twice() {
        let idle = Idleness { days: 180, warnings: 2, lapse_days: 180 };
        let lapse = |idle| next(Draft, &ApplicationStep::Lapse(idle));
        assert_eq!(lapse(idle), Ok(Lapsed));
        assert_eq!(
            missing(lapse(Idleness { days: 179, ..idle })),
            [Missing::IdleDays { days: 180 }]
        );
        assert_eq!(missing(lapse(Idleness { warnings: 1, ..idle })), [Missing::Warnings]);
    }

    #[test]
    fn what_takes_no_facts_goes_by_the_table() {
        assert_eq!(next(Assessing, &ApplicationStep::Recommend), Ok(Deciding));
        assert_eq!(next(Deciding, &ApplicationStep::Decide), Ok(Decided));
        assert_eq!(
            next(Deciding, &ApplicationStep::Withdraw(ApplicationKind::Initial)),
            Ok(Withdrawn)
        );
    }

    #[test]
    fn only_a_refused_application_goes_back_to_its_decision() {
        let reopen = |refused| next(Decided, &ApplicationStep::Reopen { refused });
        assert_eq!(reopen(true), Ok(Deciding));
        assert_eq!(missing(reopen(false)), [Missing::ARefusal]);
    }

    #[test]
    fn the_state_is_looked_at_before_the_facts() {
        let refused = next(Decided, &ApplicationStep::Return(""));
        assert!(matches!(refused, Err(Refusal::WrongState { state: "decided", .. })));
    }

    fn fit() -> Candidate {
        Candidate { holds_role: true, competent: true, cycles_max: 3, ..Candidate::default() }
    }

    #[test]
    fn the_lead_assessor_opens_the_assessment() {
        assert_eq!(next(Accepted, &ApplicationStep::Assign(&fit())), Ok(Assessing));
        let advised = Candidate { conflict: Some(CONFLICT), ..fit() };
        assert_eq!(
            partial(next(Accepted, &ApplicationStep::Assign(&advised))),
            [Partiality::Conflict(CONFLICT)]
        );
    }

    #[test]
    fn each_duty_is_given_in_its_states_only() {
        let table = [
            (Draft, [false, false, false]),
            (Submitted, [false, false, false]),
            (Accepted, [true, true, true]),
            (Assessing, [true, true, true]),
            (Deciding, [false, true, true]),
            (Decided, [false, false, false]),
            (Closed, [false, false, false]),
            (Withdrawn, [false, false, false]),
            (Lapsed, [false, false, false]),
        ];
        assert_eq!(table.len(), ApplicationState::ALL.len());
        for (state, allowed) in table {
            for (duty, allowed) in
                [Duty::Assess, Duty::Review, Duty::Decide].into_iter().zip(allowed)
            {
                let result = assign(state, duty, &fit());
                assert_eq!(result.is_ok(), allowed, "{duty} in {state}: {result:?}");
            }
        }
    }

    #[test]
    fn nobody_has_two_duties_with_one_application() {
        for (had, why) in [
            (Duty::Assess, Partiality::Assessed),
            (Duty::Review, Partiality::Reviewed),
            (Duty::Decide, Partiality::Decides),
        ] {
            for &duty in Duty::ALL {
                let result = assign(Assessing, duty, &Candidate { duties: vec![had], ..fit() });
                if duty == had {
                    assert_eq!(result, Ok(()), "{duty} again, or beside leading");
                } else {
                    assert_eq!(partial(result), [why], "{duty} after {had}");
                }
            }
        }
    }

    #[test]
    fn a_person_needs_role_competence_and_rotation() {
        let assess = |candidate| assign(Accepted, Duty::Assess, &candidate);
        assert_eq!(missing(assess(Candidate { holds_role: false, ..fit() })), [Missing::Role]);
        assert_eq!(missing(assess(Candidate { competent: false, ..fit() })), [Missing::Competence]);
        assert_eq!(assess(Candidate { cycles: 2, ..fit() }), Ok(()));
        let tired = Candidate { cycles: 3, ..fit() };
        assert_eq!(missing(assess(tired.clone())), [Missing::Rotation { max: 3 }]);
        assert_eq!(assign(Accepted, Duty::Review, &tired), Ok(()), "rotation is of assessors");
    }
}
