//! Slows down guessing: after some failures for one address, sign-in waits.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::platform::problem::Problem;

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The longest wait, in milliseconds.
const LONGEST_MS: i64 = 60 * 1000;
/// How many addresses are remembered; beyond, the one whose wait ended first is forgotten.
const REMEMBERED: usize = 10_000;

/// Failures by address, in this process only: it slows a guesser, it does not count for ever.
#[derive(Debug, Default)]
pub struct SignInThrottle {
    failures: Mutex<HashMap<String, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    until: i64,
}

impl SignInThrottle {
    /// Lets a try pass and counts it as failed until it is known to have [`succeeded`](Self::succeeded), so that
    /// many at once do not pass as one; or says how long to wait. From the sixth on, the wait doubles from a second.
    ///
    /// # Errors
    /// [`Problem::SlowDown`] while the wait lasts.
    pub fn count(&self, address: &str, now: i64) -> Result<(), Problem> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let before = failures.get(address).copied();
        if let Some(failed) = before.filter(|failed| failed.until > now) {
            let wait_s = u64::try_from((failed.until - now + 999) / 1000).unwrap_or(1);
            return Err(Problem::SlowDown { wait_s });
        }
        if failures.len() >= REMEMBERED && before.is_none() {
            let oldest = failures.iter().min_by_key(|(_, failed)| failed.until);
            let oldest = oldest.map(|(address, _)| address.clone()).unwrap_or_default();
            failures.remove(&oldest);
        }
        let count = before.map_or(0, |failed| failed.count) + 1;
        let wait = if count <= FREE {
            0
        } else {
            (1000_i64 << (count - FREE - 1).min(20)).min(LONGEST_MS)
        };
        failures.insert(address.to_owned(), Failures { count, until: now + wait });
        Ok(())
    }

    /// Forgets an address's failures.
    pub fn succeeded(&self, address: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_sixth_failure_one_waits_a_second_and_then_two() {
        let throttle = SignInThrottle::default();
        for _ in 0..6 {
            assert!(throttle.count("a@b.example", 0).is_ok());
        }
        assert!(matches!(throttle.count("a@b.example", 1), Err(Problem::SlowDown { wait_s: 1 })));
        assert!(throttle.count("a@b.example", 1000).is_ok());
        assert!(matches!(
            throttle.count("a@b.example", 1001),
            Err(Problem::SlowDown { wait_s: 2 })
        ));
        assert!(throttle.count("else@b.example", 1000).is_ok(), "others are not slowed");
        throttle.succeeded("a@b.example");
        assert!(throttle.count("a@b.example", 1002).is_ok());
    }
}
