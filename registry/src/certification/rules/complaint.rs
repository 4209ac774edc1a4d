//! The complaint: anyone's word against a holder or a certification body, answered within two terms.

use akashi_schemas::programme::Rules;
use akashi_schemas::text_enum;
use jiff::Timestamp;

use super::dates::Zone;
use super::involvement::Involvement;
use super::refusal::{Missing, Needs, Refusal, blank, moves};

text_enum! {
    /// Where a complaint stands.
    pub enum ComplaintState {
        /// It came in.
        Received = "received",
        /// The body has said that it looks into it.
        Acknowledged = "acknowledged",
        /// The body has looked into it and answered.
        Resolved = "resolved",
        /// It is none that the body can look into; answered all the same.
        Dismissed = "dismissed",
    }
}

impl ComplaintState {
    /// Whether an answer is still owed.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Acknowledged)
    }
}

text_enum! {
    /// What moves a complaint.
    pub enum ComplaintEvent {
        /// The body says that it looks into it.
        Acknowledge = "acknowledge",
        /// The body answers.
        Resolve = "resolve",
        /// The body answers that it is none to look into.
        Dismiss = "dismiss",
    }
}

text_enum! {
    /// What a complaint that was looked into led to.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum ComplaintOutcome {
        /// An answer.
        Answer = "answer",
        /// A special look at the holder: the body assesses again what the complaint is about.
        SpecialLook = "special_look",
    }
}

moves! { ComplaintState, ComplaintEvent {
    Acknowledge by [QualityManager]: Received => Acknowledged;
    Resolve by [QualityManager]: Received => Resolved, Acknowledged => Resolved;
    Dismiss by [QualityManager]: Received => Dismissed, Acknowledged => Dismissed;
} }

/// An event with the facts that it takes.
#[derive(Debug, Clone, Copy)]
pub enum ComplaintStep<'a> {
    /// See [`ComplaintEvent::Acknowledge`].
    Acknowledge,
    /// See [`ComplaintEvent::Resolve`]; with the answer.
    Resolve(&'a str),
    /// See [`ComplaintEvent::Dismiss`]; with the answer.
    Dismiss(&'a str),
}

impl ComplaintStep<'_> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> ComplaintEvent {
        match self {
            Self::Acknowledge => ComplaintEvent::Acknowledge,
            Self::Resolve(_) => ComplaintEvent::Resolve,
            Self::Dismiss(_) => ComplaintEvent::Dismiss,
        }
    }
}

/// The state that follows, by somebody who had no part in what is complained of.
///
/// # Errors
/// [`Refusal`] when the event is not possible in this state, when somebody else must handle it, or when the answer
/// is missing.
pub fn next(
    state: ComplaintState,
    step: &ComplaintStep<'_>,
    handler: &Involvement,
) -> Result<ComplaintState, Refusal> {
    let event = step.event();
    let to = target(state, event)?;
    handler.may(event.as_str())?;
    let answered = match step {
        ComplaintStep::Acknowledge => true,
        ComplaintStep::Resolve(answer) | ComplaintStep::Dismiss(answer) => !blank(answer),
    };
    Needs::default()
        .need(answered, Missing::Answered)
        .settle(event.as_str(), event.movers())
        .map(|()| to)
}

/// Until when a complaint is to be acknowledged and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// The last second to acknowledge it.
    pub acknowledge_due: Timestamp,
    /// The last second to answer it.
    pub answer_due: Timestamp,
}

impl Clocks {
    /// The terms of a complaint that comes in at this instant, after a programme's rules.
    #[must_use]
    pub fn of(rules: &Rules, zone: &Zone, at: Timestamp) -> Self {
        Self {
            acknowledge_due: zone.after_days(at, rules.complaint_acknowledge_days),
            answer_due: zone.after_days(at, rules.complaint_answer_days),
        }
    }

    /// The shorter of each term: a complaint about a body that certifies under several programmes keeps all of them.
    #[must_use]
    pub fn shorter(self, other: Self) -> Self {
        Self {
            acknowledge_due: self.acknowledge_due.min(other.acknowledge_due),
            answer_due: self.answer_due.min(other.answer_due),
        }
    }

    /// Whether it waits longer than it may to be acknowledged, and to be answered.
    #[must_use]
    pub fn overdue(&self, state: ComplaintState, now: Timestamp) -> (bool, bool) {
        let acknowledgement = state == ComplaintState::Received && now > self.acknowledge_due;
        (acknowledgement, state.is_open() && now > self.answer_due)
    }
}

#[cfg(test)]
mod tests {
    use super::super::involvement::tests::NONE;
    use super::super::refusal::tests::{follows_table, missing, partial};
    use super::super::refusal::{Mover, Partiality};
    use super::super::scope::tests::programme;
    use super::*;
    use ComplaintState::{Acknowledged, Dismissed, Received, Resolved};

    #[test]
    fn every_event_in_every_state() {
        let table = "
                         acknowledge  resolve  dismiss
            received     acknowledged resolved dismissed
            acknowledged -            resolved dismissed
            resolved     -            -        -
            dismissed    -            -        -
        ";
        follows_table(table, ComplaintState::ALL, ComplaintEvent::ALL, target);
        for event in ComplaintEvent::ALL {
            assert_eq!(event.movers(), [Mover::QualityManager], "{event}");
        }
    }

    #[test]
    fn an_end_is_an_answer() {
        for (step, to) in [
            (ComplaintStep::Resolve("We have visited and heard the workers."), Resolved),
            (ComplaintStep::Dismiss("Another body certifies this company."), Dismissed),
        ] {
            assert_eq!(next(Received, &step, &NONE), Ok(to));
            assert_eq!(next(Acknowledged, &step, &NONE), Ok(to));
        }
        for step in [ComplaintStep::Resolve(" "), ComplaintStep::Dismiss("")] {
            assert_eq!(missing(next(Received, &step, &NONE)), [Missing::Answered]);
        }
        assert_eq!(next(Received, &ComplaintStep::Acknowledge, &NONE), Ok(Acknowledged));
    }

    #[test]
    fn whoever_had_a_part_in_it_does_not_handle_it() {
        let decided = Involvement { decided: true, ..NONE };
        for step in [
            ComplaintStep::Acknowledge,
            ComplaintStep::Resolve("All is well."),
            ComplaintStep::Dismiss("All is well."),
        ] {
            assert_eq!(partial(next(Received, &step, &decided)), [Partiality::Decided]);
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn the_clocks_are_the_programmes_and_end_with_a_day_in_its_zone() {
        let zone = Zone::named("Asia/Tokyo").expect("a zone");
        let rules = &programme().rules;
        let clocks = Clocks::of(rules, &zone, at("2026-11-25T03:00:00Z"));
        assert_eq!(clocks.acknowledge_due, at("2026-11-30T14:59:59Z"));
        assert_eq!(clocks.answer_due, at("2027-01-24T14:59:59Z"));
        let later = Clocks { acknowledge_due: at("2026-12-30T14:59:59Z"), ..clocks };
        assert_eq!(clocks.shorter(later), clocks);
        assert_eq!(later.shorter(clocks), clocks);
    }

    #[test]
    fn a_complaint_is_overdue_after_the_last_second_of_the_term_that_it_stands_under() {
        let clocks = Clocks {
            acknowledge_due: at("2026-11-30T14:59:59Z"),
            answer_due: at("2027-01-24T14:59:59Z"),
        };
        // state, at the last second and after it: of the acknowledgement, of the answer
        for (state, acknowledgement, answer) in [
            (Received, true, true),
            (Acknowledged, false, true),
            (Resolved, false, false),
            (Dismissed, false, false),
        ] {
            assert_eq!(clocks.overdue(state, clocks.acknowledge_due), (false, false), "{state}");
            let after = at("2026-11-30T15:00:00Z");
            assert_eq!(clocks.overdue(state, after), (acknowledgement, false), "{state}");
            assert!(!clocks.overdue(state, clocks.answer_due).1, "{state}");
            let after = at("2027-01-24T15:00:00Z");
            assert_eq!(clocks.overdue(state, after), (acknowledgement, answer), "{state}");
        }
    }
}
