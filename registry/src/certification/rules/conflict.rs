//! Conflicts of interest: what ties a person to a company, and for how long it counts.

use core::fmt;

use akashi_schemas::text_enum;
use jiff::Timestamp;
use serde::Serialize;

use super::dates::Zone;

text_enum! {
    /// What ties a person to a company.
    pub enum TieKind {
        /// A membership in the company, as the registry itself knows it.
        Membership = "membership",
        /// Employment.
        Employed = "employed",
        /// Advice.
        Advised = "advised",
        /// Training of its people.
        Trained = "trained",
        /// Family.
        Family = "family",
        /// Money.
        Financial = "financial",
        /// Anything else that the person declared.
        Declared = "declared",
    }
}

impl TieKind {
    /// Whether the tie counts for a time after it ended: who worked for a company or taught it must
    /// not soon judge it.
    #[must_use]
    pub const fn lingers(self) -> bool {
        matches!(self, Self::Membership | Self::Employed | Self::Advised | Self::Trained)
    }
}

/// What ties a person to a company, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tie {
    /// The kind of tie.
    pub kind: TieKind,
    /// When it began.
    pub from: Timestamp,
    /// When it ended, if it did.
    pub until: Option<Timestamp>,
}

/// A tie that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The kind of tie.
    pub kind: TieKind,
    /// When it will have stopped counting; none while it lasts.
    pub counts_until: Option<Timestamp>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a conflict of interest (`{}`)", self.kind)?;
        self.counts_until.map_or(Ok(()), |until| write!(f, ", which counts until {until}"))
    }
}

/// The conflict that counts longest at this instant, if there is one. `months` is the programme's
/// `advice_conflict_months`, counted in its zone from the end of a tie that
/// [`lingers`](TieKind::lingers).
#[must_use]
pub fn find(ties: &[Tie], at: Timestamp, zone: &Zone, months: u32) -> Option<Conflict> {
    let conflicts = ties.iter().filter(|tie| tie.from <= at).filter_map(|tie| {
        let counts_until = tie
            .until
            .map(|until| if tie.kind.lingers() { zone.after_months(until, months) } else { until });
        let counts = counts_until.is_none_or(|until| at <= until);
        counts.then_some(Conflict { kind: tie.kind, counts_until })
    });
    conflicts.max_by_key(|conflict| conflict.counts_until.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: &str = "2024-01-10T00:00:00Z";
    const ENDED: &str = "2024-11-25T03:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn conflict(ties: &[Tie], now: &str) -> Option<Conflict> {
        find(ties, at(now), &Zone::named("Asia/Tokyo").expect("a zone"), 24)
    }

    fn ended(kind: TieKind) -> Tie {
        Tie { kind, from: at(BEGAN), until: Some(at(ENDED)) }
    }

    #[test]
    fn nobody_without_ties_has_a_conflict() {
        assert_eq!(conflict(&[], "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn every_tie_counts_while_it_lasts_and_not_before_it_begins() {
        for &kind in TieKind::ALL {
            let tie = Tie { kind, from: at(BEGAN), until: None };
            assert_eq!(conflict(&[tie], "2024-01-09T23:59:59Z"), None, "{kind}");
            assert_eq!(
                conflict(&[tie], BEGAN),
                Some(Conflict { kind, counts_until: None }),
                "{kind}"
            );
        }
    }

    #[test]
    fn work_advice_and_training_count_for_24_months_more_and_the_rest_does_not() {
        let last = at("2026-11-25T14:59:59Z");
        for (kind, lingers) in [
            (TieKind::Membership, true),
            (TieKind::Employed, true),
            (TieKind::Advised, true),
            (TieKind::Trained, true),
            (TieKind::Family, false),
            (TieKind::Financial, false),
            (TieKind::Declared, false),
        ] {
            let expected = lingers.then_some(Conflict { kind, counts_until: Some(last) });
            assert_eq!(conflict(&[ended(kind)], "2026-11-25T14:59:59Z"), expected, "{kind}");
            assert_eq!(conflict(&[ended(kind)], "2026-11-25T15:00:00Z"), None, "{kind}");
        }
    }

    #[test]
    fn of_several_the_one_that_counts_longest_is_told() {
        let family = Tie { kind: TieKind::Family, from: at(BEGAN), until: None };
        let told = conflict(
            &[ended(TieKind::Advised), family, ended(TieKind::Trained)],
            "2025-01-01T00:00:00Z",
        );
        assert_eq!(told.expect("a conflict").kind, TieKind::Family);
    }
}
