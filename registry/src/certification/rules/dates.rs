//! Days and months in a programme's time zone. A term ends at the last second of its last day
//! there.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp, ToSpan};
use thiserror::Error;

/// The database that the program carries, so that a term does not depend on the machine's own.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A name that the IANA time zone database does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no time zone `{0}`; use an IANA name such as `Asia/Tokyo`")]
pub struct UnknownZone(pub String);

impl Zone {
    /// The zone of this IANA name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        ZONES.get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// The day that it is at this instant.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        self.0.to_datetime(at).date()
    }

    /// The last whole second of the day. On a day whose clocks are put back it is the later of the
    /// two.
    #[must_use]
    pub fn end_of(&self, day: Date) -> Timestamp {
        let next = day.tomorrow().ok().and_then(|next| next.to_zoned_datetime(self.0.clone()).ok());
        next.and_then(|start| start.timestamp().checked_sub(1.second()).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// Whether the day is over.
    #[must_use]
    pub fn is_over(&self, day: Date, now: Timestamp) -> bool {
        self.end_of(day) < now
    }

    /// The end of a term of calendar days: the last second of the day that is `days` after the one
    /// of `from`.
    #[must_use]
    pub fn after_days(&self, from: Timestamp, days: u32) -> Timestamp {
        self.after(from, Span::new().try_days(days))
    }

    /// The end of a term of months: the last second of the same day of a later month, or of that
    /// month's last day when it is shorter (31 January and one month is the end of February).
    #[must_use]
    pub fn after_months(&self, from: Timestamp, months: u32) -> Timestamp {
        self.after(from, Span::new().try_months(months))
    }

    /// A term that no calendar holds ends where calendars do.
    fn after(&self, from: Timestamp, term: Result<Span, jiff::Error>) -> Timestamp {
        self.end_of(term.map_or(Date::MAX, |term| self.day(from).saturating_add(term)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect("a zone")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_zone_must_exist() {
        for name in ["Asia/Tokio", "", "+09:00", "../etc/passwd"] {
            assert_eq!(Zone::named(name), Err(UnknownZone(name.to_owned())));
        }
    }

    #[test]
    fn a_day_is_over_after_its_last_second_in_the_zone() {
        let (tokyo, day) = (zone("Asia/Tokyo"), "2026-11-25".parse().expect("a day"));
        assert!(!tokyo.is_over(day, at("2026-11-25T14:59:59Z")));
        assert!(tokyo.is_over(day, at("2026-11-25T15:00:00Z")));
        assert!(!zone("UTC").is_over(day, at("2026-11-25T15:00:00Z")));
    }

    #[test]
    fn a_day_begins_and_ends_in_the_zone() {
        let tokyo = zone("Asia/Tokyo");
        assert_eq!(tokyo.day(at("2026-11-25T14:59:59Z")), jiff::civil::date(2026, 11, 25));
        assert_eq!(tokyo.day(at("2026-11-25T15:00:00Z")), jiff::civil::date(2026, 11, 26));
        assert_eq!(tokyo.end_of(jiff::civil::date(2026, 11, 25)), at("2026-11-25T14:59:59Z"));
    }

    #[test]
    fn days_are_counted_from_the_day_in_the_zone() {
        let tokyo = zone("Asia/Tokyo");
        assert_eq!(tokyo.after_days(at("2026-11-25T14:59:59Z"), 14), at("2026-12-09T14:59:59Z"));
        assert_eq!(tokyo.after_days(at("2026-11-25T15:00:00Z"), 14), at("2026-12-10T14:59:59Z"));
        assert_eq!(tokyo.after_days(at("2026-11-25T03:00:00Z"), 0), at("2026-11-25T14:59:59Z"));
    }

    #[test]
    fn a_month_that_is_too_short_gives_its_last_day() {
        let tokyo = zone("Asia/Tokyo");
        assert_eq!(tokyo.after_months(at("2027-01-31T00:00:00Z"), 1), at("2027-02-28T14:59:59Z"));
        assert_eq!(tokyo.after_months(at("2028-01-31T00:00:00Z"), 1), at("2028-02-29T14:59:59Z"));
        assert_eq!(tokyo.after_months(at("2026-11-25T00:00:00Z"), 24), at("2028-11-25T14:59:59Z"));
    }

    #[test]
    fn a_day_is_as_long_as_its_clocks_make_it() {
        let paris = zone("Europe/Paris");
        assert_eq!(paris.end_of(jiff::civil::date(2026, 10, 25)), at("2026-10-25T22:59:59Z"));
        assert_eq!(paris.end_of(jiff::civil::date(2026, 3, 29)), at("2026-03-29T21:59:59Z"));
    }

    #[test]
    fn a_term_beyond_all_calendars_does_not_end() {
        assert_eq!(
            zone("Asia/Tokyo").after_days(at("2026-11-25T00:00:00Z"), u32::MAX),
            Timestamp::MAX
        );
    }

    proptest! {
        #[test]
        fn a_term_ends_with_a_day_and_never_before_it_begins(
            second in 0_i64..8_000_000_000,
            days in 0_u32..2_000,
        ) {
            let tokyo = zone("Asia/Tokyo");
            let from = Timestamp::from_second(second).expect("in range");
            let end = tokyo.after_days(from, days);
            prop_assert!(end >= from);
            prop_assert!(end < tokyo.after_days(from, days + 1));
            let next = end.checked_add(1.second()).expect("in range");
            prop_assert_ne!(tokyo.day(end), tokyo.day(next));
        }
    }
}
