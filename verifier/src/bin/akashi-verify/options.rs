//! The command line.

use std::path::PathBuf;

use akashi_verifier::Policy;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};

/// Checks Akashi's certificates offline: who signed, for what, whether it still holds.
///
/// Fetch the root from the registry's /.well-known/akashi/root once, over a way you trust, and the trust bundle from
/// /.well-known/akashi/trust-bundle every few days. Exit status: 0 all valid, 1 some not, 2 could not run.
#[derive(Debug, Parser)]
#[command(
    name = "akashi-verify",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Options {
    /// What to do other than checking credentials.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Credentials: JSON, JWT, or NDJSON of many (a line is an object, or a JSON string that holds a JWT); - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The trust bundle of the registry that issued the certificate. Without it nothing can be valid. Its version is remembered, in akashi/bundle-versions in the XDG state folder, so that an older one is noticed.
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) trust: Option<PathBuf>,

    /// The root that vouches for the bundle; without it, the file akashi/root.json in the XDG state folder, if you have put it there.
    #[arg(long, value_name = "ROOT")]
    pub(crate) root: Option<PathBuf>,

    /// The time at which the certificate must be valid, as in 2026-11-25T12:00:00Z; now by default. The status stays that of the bundle.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,

    /// How many days old the status may be; 7 by default.
    #[arg(long, value_name = "DAYS")]
    max_status_age: Option<u16>,

    /// The lowest level accepted, by its id.
    #[arg(long, value_name = "L")]
    min_level: Option<String>,

    /// The programme that the certificate must be for, by its id.
    #[arg(long, value_name = "ID")]
    programme: Option<String>,

    /// A facility that the certificate must cover, by its id.
    #[arg(long, value_name = "ID")]
    facility: Option<String>,

    /// Ask for proof that the credential stands in the transparency log.
    #[arg(long)]
    pub(crate) require_log: bool,

    /// The log proof; by default the file beside the credential, named FILE.tlog-proof.
    #[arg(long, value_name = "FILE")]
    pub(crate) log_proof: Option<PathBuf>,

    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

impl Options {
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            at: self.at,
            max_status_age: self
                .max_status_age
                .map(|days| SignedDuration::from_hours(24 * i64::from(days))),
            min_level: self.min_level.clone(),
            programme: self.programme.clone(),
            facility: self.facility.clone(),
            require_log: self.require_log,
        }
    }
}

/// The form of an answer on credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: every check of one credential, a table of many.
    #[default]
    Text,
    /// One array.
    Json,
    /// One object a line.
    Ndjson,
    /// One row a credential, without the checks.
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count again, from all ratings of an assessment, which level they give.
    Recompute(Recompute),
}

#[derive(Debug, Args)]
pub(crate) struct Recompute {
    /// The programme version that was assessed, as JSON.
    #[arg(long, value_name = "P")]
    pub(crate) programme_file: PathBuf,

    /// The assessment's report, as JSON; - for standard input.
    #[arg(value_name = "RATINGS")]
    pub(crate) ratings: PathBuf,

    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: RecomputeFormat,
}

/// The form of an answer on ratings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecomputeFormat {
    /// Sentences for people.
    #[default]
    Text,
    /// One object.
    Json,
}
