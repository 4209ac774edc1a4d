//! Why a move is not allowed.

use akashi_schemas::text_enum;
use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

use super::conflict::Conflict;

text_enum! {
    /// Who moves a state.
    pub enum Mover {
        /// A member of the company that applies or holds.
        Applicant = "applicant",
        /// An assigned assessor.
        Assessor = "assessor",
        /// The assigned lead assessor.
        LeadAssessor = "lead_assessor",
        /// The assigned reviewer.
        Reviewer = "reviewer",
        /// The assigned decision maker, or for a certificate one of its body.
        DecisionMaker = "decision_maker",
        /// The quality manager of the certification body.
        QualityManager = "quality_manager",
        /// A member of the panel that hears an appeal.
        AppealPanel = "appeal_panel",
        /// An operator of the registry.
        Operator = "operator",
        /// The registry itself, when time or another move brings it about.
        Registry = "registry",
    }
}

/// A move that is not allowed; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The event is not possible in this state.
    #[error(
        "`{event}` is not possible while the state is `{state}`, only from {}, by {}",
        words(.allowed_from), words(.who)
    )]
    WrongState {
        /// What was asked.
        event: &'static str,
        /// The state it met.
        state: &'static str,
        /// The states from which it is possible.
        allowed_from: Vec<&'static str>,
        /// Who may do it then.
        who: &'static [Mover],
    },
    /// The state allows the event, but something is missing first.
    #[error("`{event}` by {} first needs: {}", words(.who), sentence(.missing))]
    Missing {
        /// What was asked.
        event: &'static str,
        /// All that is missing; never empty.
        missing: Vec<Missing>,
        /// Who may do it then.
        who: &'static [Mover],
    },
    /// This person may not: somebody else of the same role must.
    #[error("`{event}` must be done by somebody else: {}", sentence(.why))]
    Partial {
        /// What was asked.
        event: &'static str,
        /// Every reason; never empty.
        why: Vec<Partiality>,
    },
}

/// One thing that must be there first. As JSON it is an object with a stable `code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Missing {
    /// The certification agreement is not accepted.
    #[error("the certification agreement is accepted")]
    Agreement,
    /// No facility is in scope.
    #[error("a facility is in scope")]
    Facility,
    /// The organisation as a whole is not in scope, at which most criteria are rated.
    #[error("the organisation as a whole is in scope")]
    WholeOrganisation,
    /// The company has not answered the criterion for the facility.
    #[error("{criterion} is answered for the facility {facility}")]
    Answer {
        /// The criterion.
        criterion: String,
        /// The facility.
        facility: String,
    },
    /// After a refusal the waiting time is not over.
    #[error("the waiting time after a refusal is over ({until})")]
    WaitingTime {
        /// Its last second.
        until: Timestamp,
    },
    /// The body has no authorisation in force for the programme.
    #[error("the body's authorisation for the programme is in force")]
    Authorisation,
    /// Nobody of the body is competent for the programme.
    #[error("the body has people who are competent for the programme")]
    Competence,
    /// The person does not hold the role in the body that the task takes.
    #[error("the person holds the role that the task takes")]
    Role,
    /// The person has followed this company for as many cycles as the programme allows.
    #[error("another assessor takes over after {max} cycles")]
    Rotation {
        /// The most cycles in a row.
        max: u32,
    },
    /// The application is not idle for long enough.
    #[error("{days} idle days have passed")]
    IdleDays {
        /// The days that must pass.
        days: u32,
    },
    /// The applicant was not warned twice.
    #[error("the applicant was warned twice")]
    Warnings,
    /// No reason is given.
    #[error("a reason is given")]
    Reason,
    /// No reason for the public is given.
    #[error("a reason for the public is given")]
    PublicReason,
    /// A person has not accepted the task.
    #[error("all assignments are accepted")]
    Acceptance,
    /// The criterion is not rated at the facility.
    #[error("{criterion} is rated at the facility {facility}")]
    Rating {
        /// The criterion.
        criterion: String,
        /// The facility.
        facility: String,
    },
    /// Too few workers were heard, and nobody says why.
    #[error(
        "{planned} interviews are held at the facility {facility} ({held} were), or the shortfall is justified"
    )]
    Interviews {
        /// The facility.
        facility: String,
        /// How many should have been held.
        planned: u32,
        /// How many were.
        held: u32,
    },
    /// A finding is not as far settled as it must be.
    #[error("the finding {finding} is settled")]
    Finding {
        /// The finding.
        finding: String,
    },
    /// The reviewer has not accepted the not-applicable ratings.
    #[error("the not-applicable ratings are accepted")]
    NotApplicableAccepted,
    /// No cause is given for what was found.
    #[error("the cause is given")]
    Cause,
    /// No plan is given.
    #[error("the plan is given")]
    Plan,
    /// Nothing shows the correction.
    #[error("evidence of the correction is attached")]
    Evidence,
    /// No new rating stands that is better than the one found.
    #[error("a new rating is recorded that is better than the one found")]
    BetterRating,
    /// The term was extended already.
    #[error("the term was not extended before")]
    FirstExtension,
    /// The new term does not end later.
    #[error("the new term ends later than the old one")]
    LaterTerm,
    /// The level is not one that the ratings give.
    #[error("the level `{asked}` is one that the ratings give (the best they give: {given:?})")]
    Level {
        /// The level that was asked for.
        asked: String,
        /// The best level that the decision rule gives, if any.
        given: Option<String>,
    },
    /// The holder was not heard, and nothing is urgent.
    #[error("the holder was heard, or the matter is urgent")]
    Hearing,
    /// The cause of the suspension still stands.
    #[error("the cause of the suspension is closed")]
    CauseClosed,
    /// The suspension has lasted too long to be lifted.
    #[error("the suspension may still be lifted (it could until {until})")]
    SuspensionTerm {
        /// The last second at which it could.
        until: Timestamp,
    },
    /// The suspension's term is over before it begins, or longer than the programme allows.
    #[error("the suspension ends in the future, and by {latest}")]
    SuspensionUntil {
        /// The last second at which it may.
        latest: Timestamp,
    },
    /// Neither level nor scope becomes less.
    #[error("level or scope becomes less, and neither becomes more")]
    Reduction,
    /// The latest version has a credential, or one that is still on its way.
    #[error("the latest version's credential was voided")]
    VoidedCredential,
    /// A sole proprietor has not agreed to be shown.
    #[error("the sole proprietor agrees to be shown by trade name and municipality")]
    PublishConsent,
    /// The decision is not one that an application of this kind takes.
    #[error(
        "the decision fits: a surveillance or special assessment is decided to continue, any other to grant or refuse"
    )]
    FittingDecision,
    /// No answer is given to whoever complained.
    #[error("an answer is given")]
    Answered,
    /// The appeal was filed too late.
    #[error("the appeal was filed in time (it could be until {until})")]
    AppealTerm {
        /// The last second at which it could.
        until: Timestamp,
    },
    /// No panel is named.
    #[error("the panel has at least one member")]
    PanelMember,
    /// The application was not refused.
    #[error("the application was refused")]
    ARefusal,
    /// The certificate has expired.
    #[error("the certificate has not expired (it has since {since})")]
    Validity {
        /// Its last valid second.
        since: Timestamp,
    },
}

/// Why a person may not decide, review or assess here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Partiality {
    /// The person does not act for the deciding body.
    #[error("the person is not of the deciding body")]
    OtherBody,
    /// The person assessed.
    #[error("the person assessed")]
    Assessed,
    /// The person reviewed.
    #[error("the person reviewed")]
    Reviewed,
    /// The person is the decision maker of this application.
    #[error("the person is the decision maker")]
    Decides,
    /// The person made a decision on it.
    #[error("the person decided on it")]
    Decided,
    /// The person has a conflict of interest.
    #[error("{0}")]
    Conflict(Conflict),
}

fn sentence<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn words<T: ToString>(items: &[T]) -> String {
    items.iter().map(|item| format!("`{}`", item.to_string())).collect::<Vec<_>>().join(", ")
}

/// Whether a text says nothing.
pub(super) fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Collects what is missing.
#[derive(Default)]
pub(super) struct Needs(Vec<Missing>);

impl Needs {
    /// Notes `missing` unless the condition holds.
    pub(super) fn need(mut self, holds: bool, missing: Missing) -> Self {
        if !holds {
            self.0.push(missing);
        }
        self
    }

    /// Notes all of these.
    pub(super) fn all(mut self, missing: impl IntoIterator<Item = Missing>) -> Self {
        self.0.extend(missing);
        self
    }

    /// Fails when anything is missing.
    pub(super) fn settle(self, event: &'static str, who: &'static [Mover]) -> Result<(), Refusal> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Missing { event, missing: self.0, who })
        }
    }
}

/// Makes a state machine's bare table from one list of rows `Event by [movers]: from => to, …`:
/// `Event::movers`, `Event::moves` and `target(state, event)`.
macro_rules! moves {
    (
        $state:ident, $event:ident {
            $($name:ident by [$($mover:ident),+]: $($from:ident => $to:ident),+;)+
        }
    ) => {
        impl $event {
            /// Who may bring it about.
            #[must_use]
            pub const fn movers(self) -> &'static [super::refusal::Mover] {
                match self {
                    $(Self::$name => &[$(super::refusal::Mover::$mover),+]),+
                }
            }

            /// The moves that the event makes, as pairs of a state and the next.
            #[must_use]
            pub const fn moves(self) -> &'static [($state, $state)] {
                match self {
                    $(Self::$name => &[$(($state::$from, $state::$to)),+]),+
                }
            }
        }

        /// The state that follows, by the table alone: what an event needs beside the state is not
        /// looked at.
        ///
        /// # Errors
        /// [`Refusal::WrongState`] when the table has no such move.
        pub fn target(state: $state, event: $event) -> Result<$state, super::refusal::Refusal> {
            let moves = event.moves();
            let possible = moves.iter().find(|(from, _)| *from == state);
            possible.map(|(_, to)| *to).ok_or_else(|| super::refusal::Refusal::WrongState {
                event: event.as_str(),
                state: state.as_str(),
                allowed_from: moves.iter().map(|(from, _)| from.as_str()).collect(),
                who: event.movers(),
            })
        }
    };
}
pub(super) use moves;

#[cfg(test)]
pub(super) mod tests {
    use core::fmt::{Debug, Display};

    use super::*;

    /// Compares a machine with a table written by hand: a row a state, a column an event, in each
    /// cell the state that follows or `-`. The table must name every state and every event.
    #[track_caller]
    pub(crate) fn follows_table<S, E>(
        table: &str,
        states: &[S],
        events: &[E],
        target: fn(S, E) -> Result<S, Refusal>,
    ) where
        S: Copy + Debug + Display + PartialEq,
        E: Copy + Debug + Display,
    {
        let mut rows = table.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let columns = rows.next().expect("a head");
        let rows: Vec<Vec<&str>> = rows.collect();
        let heads: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(
            heads,
            states.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "every state has its row"
        );
        assert_eq!(
            columns,
            events.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "every event has its column"
        );
        for (&state, row) in states.iter().zip(&rows) {
            assert_eq!(row.len(), 1 + columns.len(), "{state}");
            for ((&event, column), &cell) in events.iter().zip(0..).zip(&row[1..]) {
                match target(state, event) {
                    Ok(to) => assert_eq!(to.to_string(), cell, "{event} in {state}"),
                    Err(refusal) => {
                        assert_eq!("-", cell, "{event} in {state}");
                        let possible =
                            rows.iter().filter(|row| row[1 + column] != "-").map(|row| row[0]);
                        assert_wrong_state(
                            &refusal,
                            &event.to_string(),
                            &state.to_string(),
                            &possible.collect::<Vec<_>>(),
                        );
                    }
                }
            }
        }
    }

    #[track_caller]
    fn assert_wrong_state(refusal: &Refusal, wanted: &str, met: &str, possible: &[&str]) {
        let Refusal::WrongState { event, state, allowed_from, who } = refusal else {
            panic!("{refusal:?}")
        };
        assert_eq!((*event, *state), (wanted, met));
        let sorted = |list: &[&str]| {
            list.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(sorted(allowed_from), sorted(possible), "{event} is possible from");
        assert!(!who.is_empty());
    }

    /// What a refused step lacks.
    #[track_caller]
    pub(crate) fn missing<T: Debug>(result: Result<T, Refusal>) -> Vec<Missing> {
        match result {
            Err(Refusal::Missing { missing, who, .. }) if !who.is_empty() => missing,
            other => panic!("{other:?}"),
        }
    }

    /// Why somebody else must.
    #[track_caller]
    pub(crate) fn partial<T: Debug>(result: Result<T, Refusal>) -> Vec<Partiality> {
        match result {
            Err(Refusal::Partial { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_reads_as_a_sentence_that_says_what_to_do() {
        let who: &[Mover] = &[Mover::Applicant];
        let wrong = Refusal::WrongState {
            event: "submit",
            state: "decided",
            allowed_from: vec!["draft"],
            who,
        };
        assert_eq!(
            wrong.to_string(),
            "`submit` is not possible while the state is `decided`, only from `draft`, by `applicant`",
        );
        let answer = Missing::Answer { criterion: "RH-1.1".into(), facility: "f".into() };
        let missing =
            Refusal::Missing { event: "submit", missing: vec![Missing::Agreement, answer], who };
        assert_eq!(
            missing.to_string(),
            "`submit` by `applicant` first needs: the certification agreement is accepted; RH-1.1 is answered for the facility f",
        );
    }

    #[test]
    fn what_is_missing_has_a_stable_code_as_json() {
        let answer = Missing::Answer { criterion: "RH-1.1".into(), facility: "f".into() };
        let json = serde_json::to_value([Missing::WholeOrganisation, answer]).expect("writes");
        let expected = serde_json::json!([
            { "code": "whole_organisation" },
            { "code": "answer", "criterion": "RH-1.1", "facility": "f" },
        ]);
        assert_eq!(json, expected);
        let json = serde_json::to_value(Partiality::Assessed).expect("writes");
        assert_eq!(json, serde_json::json!({ "code": "assessed" }));
    }
}
