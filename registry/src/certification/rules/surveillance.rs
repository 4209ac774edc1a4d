//! Surveillance: when the body looks at a certificate in force again, and what follows when it does not.

use akashi_schemas::text_enum;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::application::ApplicationKind;
use super::certificate::CertificateState;
use super::conflict::Conflict;
use super::dates::Zone;
use super::refusal::{Missing, Mover, Needs, Partiality, Refusal, blank};

/// How many months before and after the day on which it is due a surveillance is in its window. A programme names the
/// day alone.
pub const WINDOW_MONTHS: i32 = 3;

text_enum! {
    /// Where a surveillance window stands.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum WindowState {
        /// It has not begun.
        Later = "later",
        /// It has begun, and no surveillance of it is decided.
        Due = "due",
        /// It is over without one.
        Overdue = "overdue",
        /// A surveillance is decided.
        Done = "done",
    }
}

impl WindowState {
    /// What follows, in words; nothing while there is time or all is done.
    #[must_use]
    pub const fn consequence(self) -> Option<&'static str> {
        match self {
            Self::Overdue => Some(
                "The surveillance did not take place in its window: the decision maker may suspend the certificate.",
            ),
            Self::Later | Self::Due | Self::Done => None,
        }
    }
}

/// The time in which a surveillance is to take place, in days of the programme's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first day.
    pub from: Date,
    /// The day on which it is due.
    pub due: Date,
    /// Its last day.
    pub to: Date,
    /// Where it stands.
    pub state: WindowState,
}

/// A certificate's term, as far as it says when surveillance is due.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// Its first second.
    pub from: Timestamp,
    /// Its last second.
    pub until: Timestamp,
    /// The level's `surveillance_months`.
    pub every_months: u32,
}

/// The windows of a term, the earliest first: every so many months after its beginning, while a renewal is not due
/// instead. A surveillance that was decided, in `done`, is that of the first window without one that had begun by then.
#[must_use]
pub fn windows(zone: &Zone, term: Term, done: &[Timestamp], now: Timestamp) -> Vec<Window> {
    let (start, end, today) = (zone.day(term.from), zone.day(term.until), zone.day(now));
    let mut done: Vec<Date> =
        done.iter().map(|at| zone.day(*at)).filter(|day| *day >= start).collect();
    done.sort_unstable();
    let mut done = done.into_iter().peekable();
    let every = i32::try_from(term.every_months).unwrap_or(i32::MAX);
    let dues = (1..).map_while(|n: i32| {
        let months = n.checked_mul(every).filter(|months| *months > 0 && *months < MONTHS_MAX)?;
        start.checked_add(months.months()).ok().filter(|due| *due < end)
    });
    let window = |due: Date| {
        let from = due.saturating_sub(WINDOW_MONTHS.months());
        let to = due.saturating_add(WINDOW_MONTHS.months());
        while done.next_if(|day| *day < from).is_some() {}
        let state = match done.next() {
            Some(_) => WindowState::Done,
            None if today > to => WindowState::Overdue,
            None if today >= from => WindowState::Due,
            None => WindowState::Later,
        };
        Window { from, due, to, state }
    };
    dues.map(window).collect()
}

/// No term is so long: a century, in months.
const MONTHS_MAX: i32 = 1200;

/// What the body looks at when it opens a surveillance or special assessment.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// What is opened.
    pub kind: ApplicationKind,
    /// Where the certificate stands.
    pub state: CertificateState,
    /// Its last valid second.
    pub valid_until: Timestamp,
    /// A conflict between who opens it and the company.
    pub conflict: Option<Conflict>,
    /// Why; a special assessment is always for a reason.
    pub reason: &'a str,
    /// The time.
    pub now: Timestamp,
}

impl Opening<'_> {
    const EVENT: &'static str = "open";
    const WHO: &'static [Mover] = &[Mover::QualityManager];

    /// Whether it may be opened.
    ///
    /// # Errors
    /// [`Refusal`]: a certificate that is not in force, a conflict of interest, a special one without a reason.
    pub fn may(&self) -> Result<(), Refusal> {
        const FROM: [CertificateState; 2] = [CertificateState::Active, CertificateState::Suspended];
        let event = Self::EVENT;
        if !FROM.contains(&self.state) {
            return Err(Refusal::WrongState {
                event,
                state: self.state.as_str(),
                allowed_from: FROM.map(CertificateState::as_str).into(),
                who: Self::WHO,
            });
        }
        if let Some(conflict) = self.conflict {
            return Err(Refusal::Partial { event, why: vec![Partiality::Conflict(conflict)] });
        }
        let reasoned = self.kind != ApplicationKind::Special || !blank(self.reason);
        Needs::default()
            .need(self.now <= self.valid_until, Missing::Validity { since: self.valid_until })
            .need(reasoned, Missing::Reason)
            .settle(event, Self::WHO)
    }
}

#[cfg(test)]
mod tests {
    use super::super::conflict::TieKind;
    use super::super::refusal::tests::{missing, partial};
    use super::*;

    fn at(day: &str) -> Timestamp {
        format!("{day}T03:00:00Z").parse().expect("a time")
    }

    /// Windows of a three-year term from 2026-11-25 as `from/due/to/state`.
    fn seen(every_months: u32, done: &[&str], now: &str) -> Vec<String> {
        let zone = Zone::named("Asia/Tokyo").expect("a zone");
        let term = Term { from: at("2026-11-25"), until: at("2029-11-25"), every_months };
        let done: Vec<_> = done.iter().map(|day| at(day)).collect();
        let all = windows(&zone, term, &done, at(now));
        all.iter().map(|w| format!("{} {} {} {}", w.from, w.due, w.to, w.state)).collect()
    }

    #[test]
    fn a_surveillance_is_due_so_often_until_the_renewal_is() {
        assert_eq!(
            seen(12, &[], "2026-12-01"),
            ["2027-08-25 2027-11-25 2028-02-25 later", "2028-08-25 2028-11-25 2029-02-25 later"]
        );
        assert_eq!(seen(6, &[], "2026-12-01").len(), 5);
        assert!(seen(36, &[], "2026-12-01").is_empty(), "the renewal is due on that day");
        assert!(seen(0, &[], "2026-12-01").is_empty());
    }

    #[test]
    fn a_window_is_due_from_its_first_day_and_overdue_after_its_last() {
        // today, the first window, the second
        for (now, first, second) in [
            ("2027-08-24", "later", "later"),
            ("2027-08-25", "due", "later"),
            ("2028-02-25", "due", "later"),
            ("2028-02-26", "overdue", "later"),
            ("2028-08-25", "overdue", "due"),
            ("2029-02-26", "overdue", "overdue"),
        ] {
            let states: Vec<_> = seen(12, &[], now);
            let states: Vec<_> = states.iter().map(|w| w.rsplit(' ').next()).collect();
            assert_eq!(states, [Some(first), Some(second)], "{now}");
        }
    }

    #[test]
    fn a_surveillance_is_that_of_the_first_window_that_had_begun_and_had_none() {
        // decided, the first window, the second, on 2029-01-10
        for (done, first, second) in [
            (&["2027-11-01"][..], "done", "due"),
            (&["2027-11-01", "2028-11-01"], "done", "done"),
            (&["2027-03-01"], "overdue", "due"),
            (&["2026-11-24"], "overdue", "due"),
            (&["2028-05-01"], "done", "due"),
            (&["2028-11-01", "2027-11-01"], "done", "done"),
        ] {
            let states = seen(12, done, "2029-01-10");
            let states: Vec<_> = states.iter().map(|w| w.rsplit(' ').next()).collect();
            assert_eq!(states, [Some(first), Some(second)], "{done:?}");
        }
    }

    #[test]
    fn what_follows_is_said_when_it_is_overdue() {
        for (state, said) in [
            (WindowState::Later, false),
            (WindowState::Due, false),
            (WindowState::Overdue, true),
            (WindowState::Done, false),
        ] {
            assert_eq!(state.consequence().is_some(), said, "{state}");
        }
    }

    #[test]
    fn an_assessment_is_opened_of_a_certificate_in_force() {
        use CertificateState::{Active, Suspended};
        let opening = Opening {
            kind: ApplicationKind::Special,
            state: Active,
            valid_until: at("2029-11-25"),
            conflict: None,
            reason: "A complaint.",
            now: at("2027-11-25"),
        };
        for &state in CertificateState::ALL {
            let may = Opening { state, ..opening }.may();
            assert_eq!(may.is_ok(), matches!(state, Active | Suspended), "{state}");
        }
        let late = Opening { now: at("2029-11-26"), ..opening }.may();
        assert_eq!(missing(late), [Missing::Validity { since: at("2029-11-25") }]);
        assert_eq!(missing(Opening { reason: " ", ..opening }.may()), [Missing::Reason]);
        let surveillance = Opening { kind: ApplicationKind::Surveillance, reason: "", ..opening };
        assert_eq!(surveillance.may(), Ok(()));
        let conflict = Conflict { kind: TieKind::Trained, counts_until: None };
        let tied = Opening { conflict: Some(conflict), ..opening }.may();
        assert_eq!(partial(tied), [Partiality::Conflict(conflict)]);
    }
}
