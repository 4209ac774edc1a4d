//! When an idle application is warned of, and when it lapses.
//!
//! The rule speaks of the application, not of one side: it is idle while nobody does anything about it,
//! whoever's turn it is. One that waits for its body lapses like a draft that waits for its company, and both
//! see the warnings in time. Whatever anybody does about it begins the time anew.
//!
//! A day is twenty-four hours here: nobody's term ends with it.

use jiff::{SignedDuration, Timestamp};

use super::application::Idleness;

/// How many days before it lapses an application is first warned of, at most.
const FIRST_NOTICE: u32 = 30;
/// How many days before it lapses it is warned of again, at most.
const LAST_NOTICE: u32 = 7;

/// What is due for an idle application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A warning that it is going to lapse.
    Warning,
    /// It lapses.
    Lapse,
}

/// An application that nobody does anything about.
#[derive(Debug, Clone)]
pub struct Idle {
    /// When anybody last did something about it.
    pub since: Timestamp,
    /// When it was warned of since then, the earliest first.
    pub warned: Vec<Timestamp>,
    /// After how many idle days it lapses: the programme's `application_lapse_days`.
    pub lapse_days: u32,
}

impl Idle {
    /// What is due now, if anything is.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        let (due, from) = match self.warned.len() {
            0 => (Due::Warning, self.first_warning()),
            1 => (Due::Warning, self.last_warning()),
            _ => (Due::Lapse, self.lapses()),
        };
        (from <= now).then_some(due)
    }

    /// When it lapses, at the earliest, if nobody does anything about it.
    #[must_use]
    pub fn lapses(&self) -> Timestamp {
        let last_notice = notices(self.lapse_days).1;
        let warned = self.warned.get(1).copied().unwrap_or_else(|| self.last_warning());
        after(self.since, self.lapse_days).max(after(warned, last_notice))
    }

    /// How long it is idle, as the rule of lapsing asks.
    #[must_use]
    pub fn idleness(&self, now: Timestamp) -> Idleness {
        let days = now.duration_since(self.since).as_hours() / 24;
        Idleness {
            days: u32::try_from(days).unwrap_or_default(),
            warnings: u32::try_from(self.warned.len()).unwrap_or(u32::MAX),
            lapse_days: self.lapse_days,
        }
    }

    fn first_warning(&self) -> Timestamp {
        after(self.since, first_warning_days(self.lapse_days))
    }

    /// A registry that stood still meanwhile gives the notice that is owed after the warning that came late.
    fn last_warning(&self) -> Timestamp {
        let (first_notice, last_notice) = notices(self.lapse_days);
        let between = first_notice - last_notice;
        let warned = self.warned.first().copied().unwrap_or_else(|| self.first_warning());
        after(self.since, self.lapse_days - last_notice).max(after(warned, between))
    }
}

/// After how many idle days an application is first warned of. Before them nothing is ever due.
#[must_use]
pub fn first_warning_days(lapse_days: u32) -> u32 {
    lapse_days - notices(lapse_days).0
}

/// How many days before the lapse the two warnings come; a short term is warned of in its second half.
fn notices(lapse_days: u32) -> (u32, u32) {
    (FIRST_NOTICE.min(lapse_days / 2), LAST_NOTICE.min(lapse_days / 4))
}

/// A number of days later; what no calendar holds is never.
fn after(from: Timestamp, days: u32) -> Timestamp {
    from.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::application::{ApplicationState, ApplicationStep, next};
    use super::*;

    fn day(days: i64) -> Timestamp {
        let start: Timestamp = "2026-01-01T09:00:00Z".parse().expect("a time");
        start + SignedDuration::from_hours(24 * days)
    }

    /// Idle since day 0 under a programme of 180 days.
    fn idle(warned: &[i64]) -> Idle {
        Idle {
            since: day(0),
            warned: warned.iter().map(|&days| day(days)).collect(),
            lapse_days: 180,
        }
    }

    #[test]
    fn warnings_come_thirty_and_seven_days_before_the_lapse() {
        let second = SignedDuration::from_secs(1);
        for (warned, from, due) in [
            (&[][..], 150, Due::Warning),
            (&[150][..], 173, Due::Warning),
            (&[150, 173][..], 180, Due::Lapse),
        ] {
            assert_eq!(idle(warned).due(day(from) - second), None, "{warned:?}");
            assert_eq!(idle(warned).due(day(from)), Some(due), "{warned:?}");
            assert_eq!(idle(warned).lapses(), day(180), "{warned:?}");
        }
    }

    #[test]
    fn a_warning_that_comes_late_gives_its_notice_all_the_same() {
        assert_eq!(idle(&[]).due(day(400)), Some(Due::Warning));
        let late = idle(&[400]);
        assert_eq!((late.due(day(422)), late.due(day(423))), (None, Some(Due::Warning)));
        assert_eq!(late.lapses(), day(430));
        let later = idle(&[400, 500]);
        assert_eq!((later.due(day(506)), later.due(day(507))), (None, Some(Due::Lapse)));
        assert_eq!(later.lapses(), day(507));
    }

    #[test]
    fn a_warning_that_comes_early_hastens_nothing() {
        let early = idle(&[10]);
        assert_eq!((early.due(day(172)), early.due(day(173))), (None, Some(Due::Warning)));
        let earlier = idle(&[10, 20]);
        assert_eq!((earlier.due(day(179)), earlier.due(day(180))), (None, Some(Due::Lapse)));
        assert_eq!(earlier.lapses(), day(180));
    }

    #[test]
    fn a_short_term_is_warned_of_in_its_second_half_and_last_quarter() {
        // the term, and the days of both warnings
        for (lapse_days, first, last) in [
            (61, 31, 54),
            (60, 30, 53),
            (59, 30, 52),
            (28, 14, 21),
            (27, 14, 21),
            (20, 10, 15),
            (1, 1, 1),
        ] {
            let idle = |warned: &[i64]| Idle { lapse_days, ..idle(warned) };
            assert_eq!(i64::from(first_warning_days(lapse_days)), first, "{lapse_days}");
            assert_eq!(idle(&[]).due(day(first)), Some(Due::Warning), "{lapse_days}");
            assert_eq!(idle(&[first]).due(day(last)), Some(Due::Warning), "{lapse_days}");
            assert_eq!(idle(&[first]).due(day(last - 1)), None, "{lapse_days}");
            let lapses = day(i64::from(lapse_days));
            assert_eq!(idle(&[first, last]).lapses(), lapses, "{lapse_days}");
        }
    }

    #[test]
    fn what_no_calendar_holds_never_comes() {
        let never = Idle { lapse_days: u32::MAX, ..idle(&[]) };
        assert_eq!((never.due(day(4000)), never.lapses()), (None, Timestamp::MAX));
    }

    #[test]
    fn the_rule_of_lapsing_is_told_days_warnings_and_term() {
        let Idleness { days, warnings, lapse_days } = idle(&[150]).idleness(day(175));
        assert_eq!((days, warnings, lapse_days), (175, 1, 180));
    }

    #[test]
    fn a_day_counts_once_it_is_over() {
        let second = SignedDuration::from_secs(1);
        assert_eq!(idle(&[]).idleness(day(3) - second).days, 2);
        assert_eq!(idle(&[]).idleness(day(3)).days, 3);
        assert_eq!(idle(&[]).idleness(day(-3)).days, 0, "a clock that was put back");
    }

    proptest! {
        /// Whatever the term, and however seldom the registry looks: two warnings, the last its notice
        /// before the lapse, and then the rule of lapsing agrees.
        #[test]
        fn nothing_lapses_unwarned(lapse_days in 1u32..2000, looks in prop::collection::vec(0i64..4000, 3..60)) {
            let mut looks = looks;
            looks.sort_unstable();
            let mut idle = Idle { since: day(0), warned: vec![], lapse_days };
            for look in looks {
                match idle.due(day(look)) {
                    None => {}
                    Some(Due::Warning) => idle.warned.push(day(look)),
                    Some(Due::Lapse) => {
                        prop_assert_eq!(idle.warned.len(), 2);
                        prop_assert!(look >= i64::from(lapse_days));
                        let notice = day(look).duration_since(idle.warned[1]);
                        prop_assert!(notice >= SignedDuration::from_hours(24 * i64::from(notices(lapse_days).1)));
                        let step = ApplicationStep::Lapse(idle.idleness(day(look)));
                        prop_assert_eq!(next(ApplicationState::Draft, &step), Ok(ApplicationState::Lapsed));
                        break;
                    }
                }
            }
        }

        #[test]
        fn nothing_is_due_before_the_first_warning(lapse_days: u32) {
            prop_assert!(first_warning_days(lapse_days) <= lapse_days);
            prop_assert!(first_warning_days(lapse_days) >= lapse_days / 2);
        }
    }
}
