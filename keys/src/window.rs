//! When a key may sign.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::KeyId;

/// The time in which a key may sign, in whole seconds since 1970 UTC: `from` inclusive, `until`
/// exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first second in which the key may sign.
    pub from: i64,
    /// The first second in which it no longer may; none while the key is in use.
    pub until: Option<i64>,
    /// The second from which others may have held the key. Once set, the key signs nothing more,
    /// and no signature is accepted on the signer's word for its time.
    pub compromised_from: Option<i64>,
}

/// Why a key may not sign at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInForce {
    /// Its window has not begun.
    NotYet {
        /// The first second of the window.
        from: i64,
    },
    /// Its window has ended.
    Ended {
        /// The first second after the window.
        until: i64,
    },
    /// Others may hold it.
    Compromised {
        /// The second from which they may.
        from: i64,
    },
}

/// A key was asked to sign at a time that its window does not admit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key {id} may not sign at {at}: {why}")]
pub struct KeyNotInForce {
    /// The key.
    pub id: KeyId,
    /// The signing time asked for, in seconds since 1970 UTC.
    pub at: i64,
    /// What the window says.
    pub why: NotInForce,
}

impl Window {
    /// A window that begins at `from` and has no end yet.
    #[must_use]
    pub fn starting(from: i64) -> Self {
        Self { from, until: None, compromised_from: None }
    }

    /// Whether the key may sign at `at`; a compromised key never may.
    #[must_use]
    pub fn admits(&self, at: i64) -> bool {
        self.check(at).is_ok()
    }

    /// As [`admits`](Self::admits), saying why not.
    ///
    /// # Errors
    /// The gravest reason: a compromise, else the end that `at` lies beyond.
    pub fn check(&self, at: i64) -> Result<(), NotInForce> {
        if let Some(from) = self.compromised_from {
            return Err(NotInForce::Compromised { from });
        }
        if at < self.from {
            return Err(NotInForce::NotYet { from: self.from });
        }
        match self.until {
            Some(until) if at >= until => Err(NotInForce::Ended { until }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for NotInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet { from } => write!(f, "its window begins at {from}"),
            Self::Ended { until } => write!(f, "its window ended at {until}"),
            Self::Compromised { from } => write!(f, "it counts as compromised from {from}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_window_has_its_first_second_and_not_its_end() {
        let window = Window { from: 100, until: Some(200), compromised_from: None };
        for (at, expected) in [
            (i64::MIN, Err(NotInForce::NotYet { from: 100 })),
            (99, Err(NotInForce::NotYet { from: 100 })),
            (100, Ok(())),
            (199, Ok(())),
            (200, Err(NotInForce::Ended { until: 200 })),
            (i64::MAX, Err(NotInForce::Ended { until: 200 })),
        ] {
            assert_eq!(window.check(at), expected, "at {at}");
        }
    }

    #[test]
    fn an_open_window_has_no_end() {
        assert!(Window::starting(100).admits(i64::MAX));
    }

    proptest! {
        #[test]
        fn a_compromised_key_is_never_admitted(from: i64, until: Option<i64>, since: i64, at: i64) {
            let window = Window { from, until, compromised_from: Some(since) };
            prop_assert_eq!(window.check(at), Err(NotInForce::Compromised { from: since }));
        }
    }
}
