//! What a reader asks for beyond a good credential.

use alloc::string::String;

use jiff::{SignedDuration, Timestamp};

/// How old a status may be when a policy does not say.
pub const DEFAULT_STATUS_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far a reader's clock may run behind the registry's. A bundle made later than this from now is not taken as
/// fresh, whatever age a policy allows: its age cannot be told.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What a reader asks for; the default asks for nothing beyond a good credential of recent status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The time at which the credential must be valid; `None` is now. It moves validity only: the status stays
    /// that of the bundle.
    pub at: Option<Timestamp>,
    /// How old the bundle may be. `None` is [`DEFAULT_STATUS_AGE`], and not past the bundle's own `expires`.
    pub max_status_age: Option<SignedDuration>,
    /// The lowest level accepted, by its id.
    pub min_level: Option<String>,
    /// The programme that it must be for, by its id.
    pub programme: Option<String>,
    /// A facility that it must cover: its whole URI, or the UUID at the URI's end.
    pub facility: Option<String>,
    /// Whether it must be shown to stand in the transparency log.
    pub require_log: bool,
}
