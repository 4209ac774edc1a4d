//! Slows down guessing: after some failures for one address, sign-in waits.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::platform::problem::Problem;

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The longest wait, in milliseconds.
const LONGEST_MS: i64 = 15 * 60 * 1000;
/// How many addresses are remembered; beyond, those whose wait is over are forgotten.
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
    /// Lets a try pass, or says how long to wait.
    ///
    /// # Errors
    /// [`Problem::SlowDown`] while the wait lasts.
    pub fn check(&self, address: &str, now: i64) -> Result<(), Problem> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.get(address) {
            Some(failed) if failed.until > now => Err(Problem::SlowDown {
                wait_s: u64::try_from((failed.until - now + 999) / 1000).unwrap_or(1),
            }),
            _ => Ok(()),
        }
    }

    /// Counts a failure: from the sixth on, the wait doubles from a second.
    pub fn failed(&self, address: &str, now: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            failures.retain(|_, failed| failed.until + LONGEST_MS > now);
        }
        let count = failures.get(address).map_or(0, |failed| failed.count) + 1;
        let wait = if count <= FREE {
            0
        } else {
            (1000_i64 << (count - FREE - 1).min(20)).min(LONGEST_MS)
        };
        failures.insert(address.to_owned(), Failures { count, until: now + wait });
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
    fn the_sixth_failure_costs_a_second_and_the_next_two() {
        let throttle = SignInThrottle::default();
        for _ in 0..5 {
            throttle.failed("a@b.example", 0);
            assert!(throttle.check("a@b.example", 0).is_ok());
        }
        throttle.failed("a@b.example", 0);
        assert!(matches!(throttle.check("a@b.example", 1), Err(Problem::SlowDown { wait_s: 1 })));
        throttle.failed("a@b.example", 1000);
        assert!(matches!(
            throttle.check("a@b.example", 1000),
            Err(Problem::SlowDown { wait_s: 2 })
        ));
        assert!(throttle.check("else@b.example", 1000).is_ok(), "others are not slowed");
        throttle.succeeded("a@b.example");
        assert!(throttle.check("a@b.example", 1000).is_ok());
    }
}
