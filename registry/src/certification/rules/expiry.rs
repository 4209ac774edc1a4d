//! When it is announced that a certificate is going to expire.
//!
//! A day is twenty-four hours here, counted back from the last second of the certificate's validity.

use jiff::{SignedDuration, Timestamp};

/// How many days before a certificate expires it is announced, the earliest first.
pub const NOTICES: [u32; 4] = [60, 30, 7, 1];

/// Which notice is due for a certificate that is valid until a moment, if one is. `told` is the last notice that was
/// given of this end. A registry that stood still gives the latest due notice alone, and never one that is earlier
/// than the last.
#[must_use]
pub fn due(valid_until: Timestamp, now: Timestamp, told: Option<u32>) -> Option<u32> {
    if now > valid_until {
        return None;
    }
    let is_due = |days: &u32| from(valid_until, *days) <= now;
    let latest = NOTICES.into_iter().rev().find(is_due)?;
    told.is_none_or(|told| latest < told).then_some(latest)
}

/// From when on the first notice may be due for what is valid until later: the end that lies as far ahead of now.
#[must_use]
pub fn horizon(now: Timestamp) -> Timestamp {
    now.checked_add(length(NOTICES[0])).unwrap_or(Timestamp::MAX)
}

fn from(valid_until: Timestamp, days: u32) -> Timestamp {
    valid_until.checked_sub(length(days)).unwrap_or(Timestamp::MIN)
}

fn length(days: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is due a number of hours before the end, and what was told before.
    fn due_before(hours: i64, told: Option<u32>) -> Option<u32> {
        let end: Timestamp = "2027-11-30T14:59:59Z".parse().expect("a time");
        due(end, end - SignedDuration::from_hours(hours), told)
    }

    #[test]
    fn each_notice_is_due_once_and_what_was_missed_is_not_made_up_for() {
        for (hours, told, expected) in [
            // sixty-one days before, and to the hour
            (61 * 24, None, None),
            (60 * 24 + 1, None, None),
            (60 * 24, None, Some(60)),
            (60 * 24, Some(60), None),
            (31 * 24, Some(60), None),
            (30 * 24, Some(60), Some(30)),
            (8 * 24, Some(30), None),
            (7 * 24, Some(30), Some(7)),
            (25, Some(7), None),
            (24, Some(7), Some(1)),
            (24, Some(1), None),
            (0, Some(1), None),
            // the registry stood still
            (59 * 24, None, Some(60)),
            (20 * 24, None, Some(30)),
            (6 * 24, Some(60), Some(7)),
            (2, None, Some(1)),
            (0, None, Some(1)),
            // it is over
            (-1, None, None),
            (-1, Some(7), None),
            // a clock that was put back gives no earlier notice again
            (40 * 24, Some(30), None),
        ] {
            assert_eq!(due_before(hours, told), expected, "{hours} hours before, told {told:?}");
        }
    }

    #[test]
    fn nothing_is_due_for_what_ends_beyond_the_horizon() {
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
        assert_eq!(due(horizon(now), now, None), Some(60));
        assert_eq!(due(horizon(now) + SignedDuration::from_secs(1), now, None), None);
    }
}
