//! The finding: a rating below conform, and its way to correction.

use akashi_schemas::programme::Days;
use akashi_schemas::{CriterionKind, Programme, Rating, text_enum};
use jiff::Timestamp;

use super::dates::Zone;
use super::refusal::{Missing, Needs, Refusal, blank, moves};

text_enum! {
    /// How grave a finding is, the gravest first.
    pub enum Grade {
        /// Grave harm: a critical criterion below conform.
        Critical = "critical",
        /// A gap that is grave or systematic.
        Major = "major",
        /// A gap that is small or isolated.
        Minor = "minor",
    }
}

text_enum! {
    /// Where a finding stands.
    pub enum FindingState {
        /// The company owes a plan.
        Open = "open",
        /// The assessor looks at the plan.
        Planned = "planned",
        /// The plan is accepted; the company corrects.
        Acting = "acting",
        /// The company shows its correction; the assessor verifies.
        Submitted = "submitted",
        /// Corrected and verified.
        Closed = "closed",
        /// The company will not correct it.
        Declined = "declined",
    }
}

text_enum! {
    /// What moves a finding.
    pub enum FindingEvent {
        /// The company says why it happened and what it will do.
        Plan = "plan",
        /// The assessor accepts the plan.
        Accept = "accept",
        /// The company shows what it has done.
        Evidence = "evidence",
        /// The assessor verifies the correction with a new rating.
        Verify = "verify",
        /// The assessor accepts neither plan nor evidence.
        Reject = "reject",
        /// The company will not correct.
        Decline = "decline",
        /// The term is extended, once.
        Extend = "extend",
    }
}

moves! { FindingState, FindingEvent {
    Plan by [Applicant]: Open => Planned;
    Accept by [LeadAssessor, Assessor]: Planned => Acting;
    Evidence by [Applicant]: Acting => Submitted;
    Verify by [LeadAssessor, Assessor]: Submitted => Closed;
    Reject by [LeadAssessor, Assessor]: Planned => Open, Submitted => Acting;
    Decline by [Applicant]: Open => Declined, Planned => Declined;
    Extend by [DecisionMaker]:
        Open => Open, Planned => Planned, Acting => Acting, Submitted => Submitted;
} }

/// An event with the facts that it takes.
#[derive(Debug, Clone, Copy)]
pub enum FindingStep<'a> {
    /// See [`FindingEvent::Plan`].
    Plan {
        /// Why it happened.
        cause: &'a str,
        /// What the company will do, and until when.
        plan: &'a str,
    },
    /// See [`FindingEvent::Accept`].
    Accept,
    /// See [`FindingEvent::Evidence`].
    Evidence {
        /// How many pieces of evidence are attached to the finding.
        attached: usize,
    },
    /// See [`FindingEvent::Verify`].
    Verify {
        /// The rating that was found.
        found: Rating,
        /// The current rating of the same criterion at the same facility.
        current: Rating,
    },
    /// See [`FindingEvent::Reject`]; with the reason.
    Reject(&'a str),
    /// See [`FindingEvent::Decline`]; with the reason.
    Decline(&'a str),
    /// See [`FindingEvent::Extend`].
    Extend {
        /// Whether it was extended before.
        extended: bool,
        /// When the term ends now.
        due: Timestamp,
        /// When it shall end.
        new_due: Timestamp,
        /// Why.
        reason: &'a str,
    },
}

impl FindingStep<'_> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> FindingEvent {
        match self {
            Self::Plan { .. } => FindingEvent::Plan,
            Self::Accept => FindingEvent::Accept,
            Self::Evidence { .. } => FindingEvent::Evidence,
            Self::Verify { .. } => FindingEvent::Verify,
            Self::Reject(_) => FindingEvent::Reject,
            Self::Decline(_) => FindingEvent::Decline,
            Self::Extend { .. } => FindingEvent::Extend,
        }
    }
}

/// The state that follows.
///
/// # Errors
/// [`Refusal`] when the event is not possible in this state, or when something is missing first.
pub fn next(state: FindingState, step: &FindingStep<'_>) -> Result<FindingState, Refusal> {
    let event = step.event();
    let to = target(state, event)?;
    let needs = Needs::default();
    let needs = match *step {
        FindingStep::Plan { cause, plan } => {
            needs.need(!blank(cause), Missing::Cause).need(!blank(plan), Missing::Plan)
        }
        FindingStep::Accept => needs,
        FindingStep::Evidence { attached } => needs.need(attached > 0, Missing::Evidence),
        FindingStep::Verify { found, current } => {
            needs.need(is_better(current, found), Missing::BetterRating)
        }
        FindingStep::Reject(reason) | FindingStep::Decline(reason) => {
            needs.need(!blank(reason), Missing::Reason)
        }
        FindingStep::Extend { extended, due, new_due, reason } => needs
            .need(!extended, Missing::FirstExtension)
            .need(new_due > due, Missing::LaterTerm)
            .need(!blank(reason), Missing::Reason),
    };
    needs.settle(event.as_str(), event.movers()).map(|()| to)
}

/// Whether a rating puts right what another found. One that is still minor after a major one does,
/// and is a finding of its own.
const fn is_better(current: Rating, found: Rating) -> bool {
    match found {
        Rating::Major => !matches!(current, Rating::Major),
        Rating::Minor => !current.is_below_conform(),
        Rating::Conform | Rating::NotApplicable => false,
    }
}

/// The grade of a finding that a rating makes; none when the rating is not below conform.
#[must_use]
pub const fn grade(kind: CriterionKind, rating: Rating) -> Option<Grade> {
    match (rating, kind) {
        (Rating::Conform | Rating::NotApplicable, _) => None,
        (Rating::Minor | Rating::Major, CriterionKind::Critical) => Some(Grade::Critical),
        (Rating::Major, _) => Some(Grade::Major),
        (Rating::Minor, _) => Some(Grade::Minor),
    }
}

/// When a plan and a correction are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The last second for the plan.
    pub plan_due: Timestamp,
    /// The last second for the correction.
    pub close_due: Timestamp,
}

impl Terms {
    /// The terms of a finding of this grade that is issued now, by the programme's
    /// `corrective_action_days`.
    #[must_use]
    pub fn of(programme: &Programme, zone: &Zone, grade: Grade, issued_at: Timestamp) -> Self {
        let terms = programme.rules.corrective_action_days;
        let Days { plan, close } = match grade {
            Grade::Critical => terms.critical,
            Grade::Major => terms.major,
            Grade::Minor => terms.minor,
        };
        Self {
            plan_due: zone.after_days(issued_at, plan),
            close_due: zone.after_days(issued_at, close),
        }
    }

    /// Whether a finding in this state is overdue: the plan while it is owed, else the correction.
    #[must_use]
    pub fn overdue(&self, state: FindingState, now: Timestamp) -> bool {
        match state {
            FindingState::Open => now > self.plan_due,
            FindingState::Planned | FindingState::Acting | FindingState::Submitted => {
                now > self.close_due
            }
            FindingState::Closed | FindingState::Declined => false,
        }
    }
}

/// Where a finding stands, as assessment and decision look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The finding.
    pub id: String,
    /// Its grade.
    pub grade: Grade,
    /// Its state.
    pub state: FindingState,
    /// Whether it is overdue ([`Terms::overdue`]).
    pub overdue: bool,
}

impl Standing {
    /// Whether nothing more is waited for before the review: a critical or major one is closed or
    /// declined, of a minor one the plan is accepted.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self.state {
            FindingState::Closed | FindingState::Declined => true,
            FindingState::Acting | FindingState::Submitted => self.grade == Grade::Minor,
            FindingState::Open | FindingState::Planned => false,
        }
    }

    /// Whether the lead assessor may go on without waiting: it is settled, overdue, or its plan is
    /// accepted.
    #[must_use]
    pub fn may_be_forwarded(&self) -> bool {
        self.is_settled() || self.overdue || self.plan_is_accepted()
    }

    /// Whether the company acts, or has acted, on a plan that the assessor accepted.
    #[must_use]
    pub const fn plan_is_accepted(&self) -> bool {
        matches!(self.state, FindingState::Acting | FindingState::Submitted | FindingState::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::Mover;
    use super::super::refusal::tests::{follows_table, missing};
    use super::super::scope::tests::programme;
    use super::*;
    use FindingState::{Acting, Closed, Declined, Open, Planned, Submitted};

    #[test]
    fn every_event_in_every_state() {
        let table = "
                      plan    accept evidence  verify reject decline  extend
            open      planned -      -         -      -      declined open
            planned   -       acting -         -      open   declined planned
            acting    -       -      submitted -      -      -        acting
            submitted -       -      -         closed acting -        submitted
            closed    -       -      -         -      -      -        -
            declined  -       -      -         -      -      -        -
        ";
        follows_table(table, FindingState::ALL, FindingEvent::ALL, target);
    }

    #[test]
    fn who_may_move_a_finding() {
        let assessors: &[Mover] = &[Mover::LeadAssessor, Mover::Assessor];
        let table: &[(FindingEvent, &[Mover])] = &[
            (FindingEvent::Plan, &[Mover::Applicant]),
            (FindingEvent::Accept, assessors),
            (FindingEvent::Evidence, &[Mover::Applicant]),
            (FindingEvent::Verify, assessors),
            (FindingEvent::Reject, assessors),
            (FindingEvent::Decline, &[Mover::Applicant]),
            (FindingEvent::Extend, &[Mover::DecisionMaker]),
        ];
        for (event, who) in table {
            assert_eq!(event.movers(), *who, "{event}");
        }
    }

    #[test]
    fn a_plan_says_why_it_happened_and_what_will_be_done() {
        let plan = |cause, plan| next(Open, &FindingStep::Plan { cause, plan });
        assert_eq!(plan("Nobody kept the list.", "One person keeps it from May."), Ok(Planned));
        assert_eq!(missing(plan(" ", "")), [Missing::Cause, Missing::Plan]);
        assert_eq!(next(Planned, &FindingStep::Accept), Ok(Acting));
    }

    #[test]
    fn a_correction_is_shown() {
        assert_eq!(next(Acting, &FindingStep::Evidence { attached: 1 }), Ok(Submitted));
        assert_eq!(
            missing(next(Acting, &FindingStep::Evidence { attached: 0 })),
            [Missing::Evidence]
        );
    }

    #[test]
    fn a_correction_is_verified_by_a_better_rating() {
        use Rating::{Conform, Major, Minor, NotApplicable};
        for (found, current, better) in [
            (Major, Major, false),
            (Major, Minor, true),
            (Major, Conform, true),
            (Major, NotApplicable, true),
            (Minor, Major, false),
            (Minor, Minor, false),
            (Minor, Conform, true),
            (Minor, NotApplicable, true),
        ] {
            let verified = next(Submitted, &FindingStep::Verify { found, current });
            if better {
                assert_eq!(verified, Ok(Closed), "{current} after {found}");
            } else {
                assert_eq!(missing(verified), [Missing::BetterRating], "{current} after {found}");
            }
        }
    }

    #[test]
    fn rejecting_and_declining_take_a_reason() {
        assert_eq!(next(Planned, &FindingStep::Reject("The plan names no date.")), Ok(Open));
        assert_eq!(
            next(Submitted, &FindingStep::Reject("The photo shows another room.")),
            Ok(Acting)
        );
        assert_eq!(missing(next(Submitted, &FindingStep::Reject(""))), [Missing::Reason]);
        assert_eq!(next(Open, &FindingStep::Decline("It costs too much.")), Ok(Declined));
        assert_eq!(missing(next(Open, &FindingStep::Decline(""))), [Missing::Reason]);
    }

    #[test]
    fn a_term_is_extended_once_and_to_a_later_day() {
        let due: Timestamp = "2026-12-09T14:59:59Z".parse().expect("a time");
        let later: Timestamp = "2027-01-09T14:59:59Z".parse().expect("a time");
        let extend = |extended, new_due, reason| {
            next(Acting, &FindingStep::Extend { extended, due, new_due, reason })
        };
        assert_eq!(extend(false, later, "The part is late."), Ok(Acting));
        assert_eq!(
            missing(extend(true, due, "")),
            [Missing::FirstExtension, Missing::LaterTerm, Missing::Reason]
        );
    }

    #[test]
    fn the_grade_follows_from_the_criterion_and_the_rating() {
        use CriterionKind::{Critical, Improvable, Mandatory};
        for (kind, minor, major) in [
            (Critical, Grade::Critical, Grade::Critical),
            (Mandatory, Grade::Minor, Grade::Major),
            (Improvable, Grade::Minor, Grade::Major),
        ] {
            assert_eq!(grade(kind, Rating::Minor), Some(minor), "{kind}");
            assert_eq!(grade(kind, Rating::Major), Some(major), "{kind}");
            assert_eq!(grade(kind, Rating::Conform), None, "{kind}");
            assert_eq!(grade(kind, Rating::NotApplicable), None, "{kind}");
        }
    }

    fn terms(grade: Grade) -> Terms {
        let zone = Zone::named("Asia/Tokyo").expect("a zone");
        Terms::of(&programme(), &zone, grade, "2026-11-25T03:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn terms_are_the_programmes_and_end_with_a_day_in_its_zone() {
        for (grade, plan, close) in [
            (Grade::Critical, "2026-12-09T14:59:59Z", "2027-01-24T14:59:59Z"),
            (Grade::Major, "2026-12-25T14:59:59Z", "2027-01-24T14:59:59Z"),
            (Grade::Minor, "2026-12-25T14:59:59Z", "2027-03-25T14:59:59Z"),
        ] {
            let Terms { plan_due, close_due } = terms(grade);
            assert_eq!(
                (plan_due.to_string(), close_due.to_string()),
                (plan.to_owned(), close.to_owned()),
                "{grade}"
            );
        }
    }

    #[test]
    fn a_finding_is_overdue_after_the_last_second_of_the_term_it_stands_under() {
        let terms = terms(Grade::Critical);
        let (plan, close) = (terms.plan_due, terms.close_due);
        let after = |due: Timestamp| Timestamp::from_second(due.as_second() + 1).expect("in range");
        assert!(!terms.overdue(Open, plan) && terms.overdue(Open, after(plan)));
        for state in [Planned, Acting, Submitted] {
            assert!(!terms.overdue(state, after(plan)) && !terms.overdue(state, close), "{state}");
            assert!(terms.overdue(state, after(close)), "{state}");
        }
        assert!(!terms.overdue(Closed, after(close)) && !terms.overdue(Declined, after(close)));
    }

    #[test]
    fn what_is_settled_and_what_may_be_forwarded() {
        // state, settled as critical or major, settled as minor, may be forwarded
        for (state, grave, minor, forwarded) in [
            (Open, false, false, false),
            (Planned, false, false, false),
            (Acting, false, true, true),
            (Submitted, false, true, true),
            (Closed, true, true, true),
            (Declined, true, true, true),
        ] {
            for (grade, settled) in
                [(Grade::Critical, grave), (Grade::Major, grave), (Grade::Minor, minor)]
            {
                let finding = Standing { id: "finding".into(), grade, state, overdue: false };
                assert_eq!(finding.is_settled(), settled, "{grade} {state}");
                assert_eq!(finding.may_be_forwarded(), forwarded, "{grade} {state}");
                assert!(
                    Standing { overdue: true, ..finding }.may_be_forwarded(),
                    "{grade} {state}"
                );
            }
        }
    }
}
