//! The assessment: every criterion rated at every sampled facility of its kinds.

use std::collections::{BTreeMap, BTreeSet};

use akashi_schemas::{OUT_OF_SCOPE, Programme, Rating, text_enum};
use thiserror::Error;

use super::finding::Standing;
use super::refusal::{Missing, Needs, Partiality, Refusal, blank, moves};
use super::scope::{self, Facility, Pair};

text_enum! {
    /// Where an assessment stands.
    pub enum AssessmentState {
        /// A lead assessor is assigned; the visit has not begun.
        Planned = "planned",
        /// The assessors rate.
        Open = "open",
        /// All is rated; the company corrects what fell short.
        Findings = "findings",
        /// A second person looks at it.
        Review = "review",
        /// The reviewer has recommended; a decision is due.
        Recommended = "recommended",
        /// It cannot be carried out.
        Aborted = "aborted",
    }
}

text_enum! {
    /// What moves an assessment.
    pub enum AssessmentEvent {
        /// The visit begins.
        Start = "start",
        /// A criterion is rated at a facility.
        Rate = "rate",
        /// All is rated.
        Complete = "complete",
        /// The last finding is settled.
        Settle = "settle",
        /// The lead assessor does not wait for what is overdue or will take its planned time.
        Forward = "forward",
        /// The reviewer gives it back.
        Return = "return",
        /// The reviewer recommends.
        Recommend = "recommend",
        /// The decision maker needs more; the application goes back too.
        Reopen = "reopen",
        /// It cannot go on: access was refused, or there is danger.
        Abort = "abort",
    }
}

moves! { AssessmentState, AssessmentEvent {
    Start by [LeadAssessor]: Planned => Open;
    Rate by [LeadAssessor, Assessor]: Open => Open;
    Complete by [LeadAssessor]: Open => Review;
    Settle by [Registry]: Findings => Review;
    Forward by [LeadAssessor]: Findings => Review;
    Return by [Reviewer]: Review => Open;
    Recommend by [Reviewer]: Review => Recommended;
    Reopen by [DecisionMaker]: Recommended => Open;
    Abort by [LeadAssessor]:
        Planned => Aborted, Open => Aborted, Findings => Aborted, Review => Aborted;
} }

/// An event with the facts that it takes.
#[derive(Debug, Clone)]
pub enum AssessmentStep<'a> {
    /// See [`AssessmentEvent::Start`]; whether every assessor has accepted the task.
    Start {
        /// Whether they have.
        assignments_accepted: bool,
    },
    /// See [`AssessmentEvent::Rate`]; what makes a rating well-formed says [`check_rating`].
    Rate,
    /// See [`AssessmentEvent::Complete`]. The state that follows is `findings` when there are any
    /// not settled, else `review`.
    Complete(Checklist<'a>),
    /// See [`AssessmentEvent::Settle`].
    Settle(&'a [Standing]),
    /// See [`AssessmentEvent::Forward`].
    Forward {
        /// Every finding.
        findings: &'a [Standing],
        /// Why the lead assessor goes on.
        reason: &'a str,
    },
    /// See [`AssessmentEvent::Return`].
    Return {
        /// Whether the reviewer assessed.
        reviewer_assessed: bool,
        /// What must be done.
        reason: &'a str,
    },
    /// See [`AssessmentEvent::Recommend`].
    Recommend {
        /// Whether the reviewer assessed.
        reviewer_assessed: bool,
        /// Whether the reviewer accepts every not-applicable rating; true when there is none.
        not_applicable_accepted: bool,
        /// What the recommendation rests on.
        reason: &'a str,
    },
    /// See [`AssessmentEvent::Reopen`]; with the reason.
    Reopen(&'a str),
    /// See [`AssessmentEvent::Abort`]; with the reason.
    Abort(&'a str),
}

/// What is rated and heard so far.
#[derive(Debug, Clone, Copy)]
pub struct Checklist<'a> {
    /// The programme version assessed against.
    pub programme: &'a Programme,
    /// The sampled facilities.
    pub sampled: &'a [Facility],
    /// The pairs that have a rating.
    pub rated: &'a BTreeSet<Pair>,
    /// Interviews planned and held, by facility.
    pub interviews: &'a BTreeMap<String, Interviews>,
    /// Every finding.
    pub findings: &'a [Standing],
}

/// The interviews at one facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interviews {
    /// How many should be held ([`sampling::interviews`](super::sampling::interviews)).
    pub planned: u32,
    /// How many were.
    pub held: u32,
    /// Whether a shortfall is justified in writing.
    pub justified: bool,
}

impl AssessmentStep<'_> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> AssessmentEvent {
        match self {
            Self::Start { .. } => AssessmentEvent::Start,
            Self::Rate => AssessmentEvent::Rate,
            Self::Complete(_) => AssessmentEvent::Complete,
            Self::Settle(_) => AssessmentEvent::Settle,
            Self::Forward { .. } => AssessmentEvent::Forward,
            Self::Return { .. } => AssessmentEvent::Return,
            Self::Recommend { .. } => AssessmentEvent::Recommend,
            Self::Reopen(_) => AssessmentEvent::Reopen,
            Self::Abort(_) => AssessmentEvent::Abort,
        }
    }
}

/// The state that follows.
///
/// # Errors
/// [`Refusal`] when the event is not possible in this state, when something is missing first, or
/// when the reviewer assessed.
pub fn next(state: AssessmentState, step: &AssessmentStep<'_>) -> Result<AssessmentState, Refusal> {
    let event = step.event();
    let to = target(state, event)?;
    if let AssessmentStep::Return { reviewer_assessed: true, .. }
    | AssessmentStep::Recommend { reviewer_assessed: true, .. } = step
    {
        return Err(Refusal::Partial { event: event.as_str(), why: vec![Partiality::Assessed] });
    }
    let needs = Needs::default();
    let needs = match step {
        AssessmentStep::Start { assignments_accepted } => {
            needs.need(*assignments_accepted, Missing::Acceptance)
        }
        AssessmentStep::Rate => needs,
        AssessmentStep::Complete(checklist) => needs.all(checklist.missing()),
        AssessmentStep::Settle(findings) => needs.all(open(findings, Standing::is_settled)),
        AssessmentStep::Forward { findings, reason } => needs
            .need(!blank(reason), Missing::Reason)
            .all(open(findings, Standing::may_be_forwarded)),
        AssessmentStep::Recommend { not_applicable_accepted, reason, .. } => needs
            .need(*not_applicable_accepted, Missing::NotApplicableAccepted)
            .need(!blank(reason), Missing::Reason),
        AssessmentStep::Return { reason, .. }
        | AssessmentStep::Reopen(reason)
        | AssessmentStep::Abort(reason) => needs.need(!blank(reason), Missing::Reason),
    };
    needs.settle(event.as_str(), event.movers())?;
    match step {
        AssessmentStep::Complete(checklist)
            if !checklist.findings.iter().all(Standing::is_settled) =>
        {
            Ok(AssessmentState::Findings)
        }
        _ => Ok(to),
    }
}

/// The findings that do not hold to this.
fn open(findings: &[Standing], holds: impl Fn(&Standing) -> bool) -> impl Iterator<Item = Missing> {
    findings
        .iter()
        .filter(move |finding| !holds(finding))
        .map(|finding| Missing::Finding { finding: finding.id.clone() })
}

impl Checklist<'_> {
    fn missing(&self) -> Vec<Missing> {
        let pairs = scope::pairs(self.programme, self.sampled);
        let pairs = pairs.map(|(criterion, facility)| (criterion.id.clone(), facility.id.clone()));
        let unrated = pairs.filter(|pair| !self.rated.contains(pair));
        let unrated = unrated.map(|(criterion, facility)| Missing::Rating { criterion, facility });
        let short = self.interviews.iter().filter(|(_, interviews)| {
            interviews.held < interviews.planned && !interviews.justified
        });
        let short = short.map(|(facility, &Interviews { planned, held, .. })| {
            Missing::Interviews { facility: facility.clone(), planned, held }
        });
        unrated.chain(short).collect()
    }
}

/// A rating as an assessor gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRating<'a> {
    /// The criterion.
    pub criterion: &'a str,
    /// The facility.
    pub facility: &'a str,
    /// What was found.
    pub value: Rating,
    /// For not applicable, the ground.
    pub ground: Option<&'a str>,
    /// Why; private.
    pub reason: &'a str,
}

/// Why a rating cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RatingFault {
    /// The programme has no such criterion.
    #[error("the programme has no criterion `{0}`")]
    UnknownCriterion(String),
    /// The facility is not in the sample.
    #[error("the facility {0} is not in the sample of this assessment")]
    UnknownFacility(String),
    /// The criterion is not rated at facilities of this kind.
    #[error("`{criterion}` is not rated at a facility of this kind, only at {at:?}")]
    NotRatedHere {
        /// The criterion.
        criterion: String,
        /// The kinds at which it is.
        at: Vec<&'static str>,
    },
    /// No reason is given.
    #[error("a rating needs a reason")]
    NoReason,
    /// Not applicable, without saying on which ground.
    #[error("a not-applicable rating needs one of the grounds {listed:?}")]
    NoGround {
        /// The grounds there are.
        listed: Vec<String>,
    },
    /// A ground for a rating that needs none.
    #[error("a ground belongs to a not-applicable rating only")]
    NeedlessGround,
    /// A ground that the criterion does not list.
    #[error("`{ground}` is not among the grounds {listed:?}")]
    UnlistedGround {
        /// The ground that was given.
        ground: String,
        /// The grounds there are.
        listed: Vec<String>,
    },
    /// The built-in ground, although the facts of the application bring the criterion in.
    #[error("the facts of the application bring `{0}` into scope")]
    InScope(String),
}

/// Whether a rating can be taken, for an application for which exactly these facts hold.
///
/// # Errors
/// [`RatingFault`], the first that applies.
pub fn check_rating(
    programme: &Programme,
    sampled: &[Facility],
    facts: &BTreeSet<String>,
    rating: &NewRating<'_>,
) -> Result<(), RatingFault> {
    let unknown = || RatingFault::UnknownCriterion(rating.criterion.to_owned());
    let criterion = programme.criterion(rating.criterion).ok_or_else(unknown)?;
    let facility = sampled.iter().find(|facility| facility.id == rating.facility);
    let facility =
        facility.ok_or_else(|| RatingFault::UnknownFacility(rating.facility.to_owned()))?;
    if !criterion.at.contains(&facility.kind) {
        let at = criterion.at.iter().map(|kind| kind.as_str()).collect();
        return Err(RatingFault::NotRatedHere { criterion: criterion.id.clone(), at });
    }
    if blank(rating.reason) {
        return Err(RatingFault::NoReason);
    }
    let listed = || {
        let built_in = (!criterion.applies(facts)).then(|| OUT_OF_SCOPE.to_owned());
        criterion.na_grounds.iter().map(|ground| ground.id.clone()).chain(built_in).collect()
    };
    match (rating.value, rating.ground) {
        (Rating::NotApplicable, None) => Err(RatingFault::NoGround { listed: listed() }),
        (Rating::NotApplicable, Some(OUT_OF_SCOPE)) if criterion.applies(facts) => {
            Err(RatingFault::InScope(criterion.id.clone()))
        }
        (Rating::NotApplicable, Some(ground))
            if ground != OUT_OF_SCOPE && criterion.ground(ground).is_none() =>
        {
            Err(RatingFault::UnlistedGround { ground: ground.to_owned(), listed: listed() })
        }
        (Rating::NotApplicable, Some(_)) => Ok(()),
        (_, Some(_)) => Err(RatingFault::NeedlessGround),
        (_, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use akashi_schemas::FacilityKind;

    use super::super::finding::{FindingState, Grade};
    use super::super::refusal::Mover;
    use super::super::refusal::tests::{follows_table, missing, partial};
    use super::super::scope::tests::{facility, facts, programme};
    use super::*;
    use AssessmentState::{Aborted, Findings, Open, Planned, Recommended, Review};

    #[test]
    fn every_event_in_every_state() {
        let table = "
                        start rate complete settle forward return recommend   reopen abort
            planned     open  -    -        -      -       -      -           -      aborted
            open        -     open review   -      -       -      -           -      aborted
            findings    -     -    -        review review  -      -           -      aborted
            review      -     -    -        -      -       open   recommended -      aborted
            recommended -     -    -        -      -       -      -           open   -
            aborted     -     -    -        -      -       -      -           -      -
        ";
        follows_table(table, AssessmentState::ALL, AssessmentEvent::ALL, target);
    }

    #[test]
    fn who_may_move_an_assessment() {
        let table: &[(AssessmentEvent, &[Mover])] = &[
            (AssessmentEvent::Start, &[Mover::LeadAssessor]),
            (AssessmentEvent::Rate, &[Mover::LeadAssessor, Mover::Assessor]),
            (AssessmentEvent::Complete, &[Mover::LeadAssessor]),
            (AssessmentEvent::Settle, &[Mover::Registry]),
            (AssessmentEvent::Forward, &[Mover::LeadAssessor]),
            (AssessmentEvent::Return, &[Mover::Reviewer]),
            (AssessmentEvent::Recommend, &[Mover::Reviewer]),
            (AssessmentEvent::Reopen, &[Mover::DecisionMaker]),
            (AssessmentEvent::Abort, &[Mover::LeadAssessor]),
        ];
        for (event, who) in table {
            assert_eq!(event.movers(), *who, "{event}");
        }
    }

    #[test]
    fn a_visit_starts_when_every_assessor_has_accepted() {
        let start =
            |assignments_accepted| next(Planned, &AssessmentStep::Start { assignments_accepted });
        assert_eq!(start(true), Ok(Open));
        assert_eq!(missing(start(false)), [Missing::Acceptance]);
    }

    fn standing(state: FindingState) -> Standing {
        Standing { id: "finding".to_owned(), grade: Grade::Major, state, overdue: false }
    }

    #[test]
    fn an_assessment_is_complete_when_all_is_rated_and_heard() {
        let programme = programme();
        let sampled = [
            facility("whole", FacilityKind::Whole),
            facility("dormitory", FacilityKind::Dormitory),
        ];
        let rated: BTreeSet<Pair> = scope::pairs(&programme, &sampled)
            .map(|(criterion, facility)| (criterion.id.clone(), facility.id.clone()))
            .collect();
        let heard = |held, justified| {
            BTreeMap::from([("dormitory".to_owned(), Interviews { planned: 5, held, justified })])
        };
        let (all, short, justified) = (heard(5, false), heard(4, false), heard(4, true));
        let done = Checklist {
            programme: &programme,
            sampled: &sampled,
            rated: &rated,
            interviews: &all,
            findings: &[],
        };
        let (open, closed) = ([standing(FindingState::Open)], [standing(FindingState::Closed)]);
        let complete = |checklist| next(Open, &AssessmentStep::Complete(checklist));

        assert_eq!(complete(done), Ok(Review), "nothing to correct");
        assert_eq!(complete(Checklist { findings: &open, ..done }), Ok(Findings));
        assert_eq!(complete(Checklist { findings: &closed, ..done }), Ok(Review), "closed before");
        assert_eq!(complete(Checklist { interviews: &justified, ..done }), Ok(Review));

        let mut fewer = rated.clone();
        fewer.remove(&("RH-1.1".to_owned(), "whole".to_owned()));
        fewer.remove(&("RH-7.1".to_owned(), "dormitory".to_owned()));
        assert_eq!(
            missing(complete(Checklist { rated: &fewer, interviews: &short, ..done })),
            [
                Missing::Rating { criterion: "RH-1.1".into(), facility: "whole".into() },
                Missing::Rating { criterion: "RH-7.1".into(), facility: "dormitory".into() },
                Missing::Interviews { facility: "dormitory".into(), planned: 5, held: 4 },
            ]
        );
    }

    #[test]
    fn findings_are_waited_for_until_settled() {
        let settled = [standing(FindingState::Closed), standing(FindingState::Declined)];
        assert_eq!(next(Findings, &AssessmentStep::Settle(&settled)), Ok(Review));
        let open = [standing(FindingState::Acting), standing(FindingState::Closed)];
        let finding = Missing::Finding { finding: "finding".into() };
        assert_eq!(missing(next(Findings, &AssessmentStep::Settle(&open))), [finding]);
    }

    #[test]
    fn the_lead_assessor_goes_on_with_a_reason_past_what_is_planned_or_overdue() {
        let forward = |finding: Standing, reason| {
            next(Findings, &AssessmentStep::Forward { findings: &[finding], reason })
        };
        assert_eq!(forward(standing(FindingState::Acting), "Takes until spring."), Ok(Review));
        assert_eq!(
            forward(Standing { overdue: true, ..standing(FindingState::Open) }, "No answer."),
            Ok(Review)
        );
        let finding = Missing::Finding { finding: "finding".into() };
        assert_eq!(
            missing(forward(standing(FindingState::Planned), " ")),
            [Missing::Reason, finding]
        );
    }

    #[test]
    fn a_reviewer_did_not_assess_gives_reasons_and_accepts_what_is_not_applicable() {
        let give_back = |reviewer_assessed, reason| {
            next(Review, &AssessmentStep::Return { reviewer_assessed, reason })
        };
        assert_eq!(give_back(false, "RH-4.2 rests on one interview."), Ok(Open));
        assert_eq!(
            partial(give_back(true, "RH-4.2 rests on one interview.")),
            [Partiality::Assessed]
        );
        assert_eq!(missing(give_back(false, "")), [Missing::Reason]);

        let recommend = |reviewer_assessed, not_applicable_accepted, reason| {
            next(
                Review,
                &AssessmentStep::Recommend { reviewer_assessed, not_applicable_accepted, reason },
            )
        };
        assert_eq!(recommend(false, true, "Sound."), Ok(Recommended));
        assert_eq!(partial(recommend(true, true, "Sound.")), [Partiality::Assessed]);
        assert_eq!(
            missing(recommend(false, false, "")),
            [Missing::NotApplicableAccepted, Missing::Reason]
        );
    }

    #[test]
    fn stopping_and_reopening_take_a_reason() {
        assert_eq!(next(Planned, &AssessmentStep::Abort("Access was refused.")), Ok(Aborted));
        assert_eq!(missing(next(Planned, &AssessmentStep::Abort(""))), [Missing::Reason]);
        assert_eq!(next(Recommended, &AssessmentStep::Reopen("One site was not seen.")), Ok(Open));
        assert_eq!(missing(next(Recommended, &AssessmentStep::Reopen(""))), [Missing::Reason]);
    }

    #[test]
    fn ratings_are_taken_while_the_assessment_is_open() {
        assert_eq!(next(Open, &AssessmentStep::Rate), Ok(Open));
        assert!(matches!(next(Review, &AssessmentStep::Rate), Err(Refusal::WrongState { .. })));
    }

    #[test]
    fn a_rating_names_a_sampled_pair_a_reason_and_a_ground_where_one_belongs() {
        let sampled =
            [facility("whole", FacilityKind::Whole), facility("site", FacilityKind::Site)];
        let check = |criterion, facility, value, ground, reason, words: &[&str]| {
            let rating = NewRating { criterion, facility, value, ground, reason };
            check_rating(&programme(), &sampled, &facts(words), &rating)
        };
        let listed = |grounds: &[&str]| grounds.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (conform, none) = (Rating::Conform, Rating::NotApplicable);

        assert_eq!(check("RH-1.1", "whole", conform, None, "Seen.", &[]), Ok(()));
        assert_eq!(check("RH-1.1", "whole", none, Some("no-recruits"), "Payroll.", &[]), Ok(()));
        assert_eq!(
            check("RH-2.10", "whole", none, Some(OUT_OF_SCOPE), "No dispatch.", &[]),
            Ok(())
        );

        let unknown = RatingFault::UnknownCriterion("RH-0.0".into());
        assert_eq!(check("RH-0.0", "whole", conform, None, "Seen.", &[]), Err(unknown));
        let unknown = RatingFault::UnknownFacility("attic".into());
        assert_eq!(check("RH-1.1", "attic", conform, None, "Seen.", &[]), Err(unknown));
        let elsewhere = RatingFault::NotRatedHere { criterion: "RH-1.1".into(), at: vec!["whole"] };
        assert_eq!(check("RH-1.1", "site", conform, None, "Seen.", &[]), Err(elsewhere));
        assert_eq!(check("RH-1.1", "whole", conform, None, " ", &[]), Err(RatingFault::NoReason));
        let no_ground = RatingFault::NoGround { listed: listed(&["no-recruits"]) };
        assert_eq!(check("RH-1.1", "whole", none, None, "None.", &[]), Err(no_ground));
        let no_ground = RatingFault::NoGround { listed: listed(&[OUT_OF_SCOPE]) };
        assert_eq!(check("RH-2.10", "whole", none, None, "None.", &[]), Err(no_ground));
        let unlisted = RatingFault::UnlistedGround {
            ground: "no-leaver".into(),
            listed: listed(&["no-recruits"]),
        };
        assert_eq!(check("RH-1.1", "whole", none, Some("no-leaver"), "None.", &[]), Err(unlisted));
        let in_scope = RatingFault::InScope("RH-2.10".into());
        assert_eq!(
            check("RH-2.10", "whole", none, Some(OUT_OF_SCOPE), "None.", &["dispatched"]),
            Err(in_scope)
        );
        let in_scope = RatingFault::InScope("RH-1.1".into());
        assert_eq!(check("RH-1.1", "whole", none, Some(OUT_OF_SCOPE), "None.", &[]), Err(in_scope));
        assert_eq!(
            check("RH-1.1", "whole", Rating::Major, Some("no-recruits"), "Paid.", &[]),
            Err(RatingFault::NeedlessGround)
        );
    }
}
