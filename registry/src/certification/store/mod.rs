//! Certification's tables. SQL and nothing else: what may be written is decided in `rules` and `api`.

pub mod applications;
pub mod assessments;
pub mod certificates;
pub mod decisions;
pub mod evidence;
pub mod facilities;
pub mod findings;
pub mod idleness;
pub mod parties;
pub mod people;
pub mod programmes;

use crate::platform::problem::Problem;

/// Turns the outcome of an update by `id` and `version` into the new version.
///
/// # Errors
/// [`Problem::StaleVersion`] when no row had the version that the caller saw.
pub(super) fn claimed(rows: u64, seen: i64, current: i64) -> Result<i64, Problem> {
    if rows == 1 { Ok(seen + 1) } else { Err(Problem::StaleVersion { seen, current }) }
}

/// Refuses a request that saw another version than the current one.
///
/// # Errors
/// [`Problem::StaleVersion`].
pub fn check_version(seen: i64, current: i64) -> Result<(), Problem> {
    if seen == current { Ok(()) } else { Err(Problem::StaleVersion { seen, current }) }
}
