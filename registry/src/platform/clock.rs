//! The time, as an argument.

use jiff::Timestamp;

/// Tells the time. The registry's is the machine's; a test's stands where the test puts it.
pub trait Clock: Send + Sync {
    /// The current instant, UTC, in whole milliseconds.
    fn now(&self) -> Timestamp;

    /// The current instant as the database keeps it: milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// The instant that a database column of milliseconds holds.
///
/// A value outside the years that [`Timestamp`] spans (±9999) can only come from a damaged
/// database; it reads as the nearest instant that can be told.
#[must_use]
pub fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// RFC 3339 in UTC without fractions (`2026-11-25T07:00:00Z`), as credentials and answers carry it.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    let seconds = instant(ms).as_second();
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN).to_string()
}
