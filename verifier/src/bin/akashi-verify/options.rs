//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use akashi_schemas::Digest;
use akashi_verifier::report::Language;
#[cfg(feature = "update")]
use akashi_verifier::{Origin, OriginError};
use akashi_verifier::{Policy, date_time};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::help;
use crate::words;

#[derive(Debug, Parser)]
#[command(
    name = "akashi-verify",
    version,
    about = help::SUMMARY,
    long_about = help::before_options(),
    after_long_help = help::after_options(),
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Options {
    /// What to do other than checking credentials.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// What to check: a credential, as JSON or JWT; NDJSON of many (a line is an object, or a JSON string that holds a JWT); a folder, with all that is in it but hidden files; a list, as a file that ends in .csv (see --list); - for standard input.
    #[arg(required_unless_present = "list", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// A list as a spreadsheet writes it, CSV in UTF-8 or Shift-JIS, whatever its name. Its column `file` (ファイル) names credentials, beside the list or by a whole path; or its column `certificate number` (認証番号, 証明書番号) numbers, each answered by the best of the credentials given beside the list. An only column needs no heading. Every row is answered. With numbers the exit status is theirs.
    #[arg(long, help_heading = "What to check", value_name = "LIST")]
    pub(crate) list: Vec<PathBuf>,

    /// The trust bundle of the registry that issued the certificate; with neither --trust nor --root, the one that `trust update` stored. Without one nothing can be valid. Its version is remembered, in akashi/bundle-versions in the XDG state folder, so that an older one is noticed.
    #[arg(long, help_heading = "What to check against", value_name = "BUNDLE")]
    pub(crate) trust: Option<PathBuf>,

    /// The root that vouches for the bundle, or an array of roots that follow one another; without it, the root that `trust pin` pinned.
    #[arg(long, help_heading = "What to check against", value_name = "ROOT")]
    pub(crate) root: Option<PathBuf>,

    /// The time at which the certificate must be valid, as in 2026-11-25T12:00:00Z; now by default. The status stays that of the bundle.
    #[arg(long, help_heading = "What the certificate must be", value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,

    /// How many days old the status may be; 7 by default.
    #[arg(long, help_heading = "What to check against", value_name = "DAYS")]
    max_status_age: Option<u16>,

    /// The lowest level accepted, by its id.
    #[arg(long, help_heading = "What the certificate must be", value_name = "L")]
    min_level: Option<String>,

    /// The programme that the certificate must be for, by its id.
    #[arg(long, help_heading = "What the certificate must be", value_name = "ID")]
    programme: Option<String>,

    /// A facility that the certificate must cover, by its id.
    #[arg(long, help_heading = "What the certificate must be", value_name = "ID")]
    facility: Option<String>,

    /// Ask for proof that the credential stands in the transparency log.
    #[arg(long, help_heading = "The transparency log")]
    require_log: bool,

    /// The log proof, which is then asked for; with --require-log alone it is the file beside the credential, named FILE.tlog-proof.
    #[arg(long, help_heading = "The transparency log", value_name = "FILE")]
    pub(crate) log_proof: Option<PathBuf>,

    /// The form of the answer.
    #[arg(long, help_heading = "The answer", value_enum, default_value_t)]
    pub(crate) format: Format,

    /// Write the answer to a new file. How many there were of each verdict is then said on standard error.
    #[arg(long, help_heading = "The answer", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Go on with an --output that an interrupted run left, as NDJSON or CSV, as if there had been no interruption. FILE.run beside it says what that run was about; another bundle, policy or input is refused, and the time stays that of the first run.
    #[arg(long, help_heading = "The answer", requires = "output")]
    pub(crate) resume: bool,

    /// Write a dated receipt for an audit file: what was checked against which bundle, by which policy, and what came of it.
    #[arg(long, help_heading = "The answer", value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,

    /// The language of what people read; by default the one that LC_ALL, LC_MESSAGES or LANG names, else English.
    #[arg(long, help_heading = "The answer", global = true, value_name = "LANGUAGE", value_parser = language())]
    lang: Option<Language>,

    /// How many credentials are checked at once; as many as there are cores by default.
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// A date and time as credentials have them.
fn time(text: &str) -> Result<Timestamp, String> {
    date_time::parse(text).ok_or_else(|| {
        "a time is written with date, hour and offset: 2026-11-25T23:59:59Z, or 2026-11-25T23:59:59+09:00"
            .to_string()
    })
}

fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::WORDS).try_map(|word| word.parse::<Language>())
}

impl Options {
    pub(crate) fn language(&self) -> Language {
        self.lang.unwrap_or_else(words::preferred)
    }

    /// Whoever names a log proof wants it looked at.
    pub(crate) fn requires_log(&self) -> bool {
        self.require_log || self.log_proof.is_some()
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            at: self.at,
            max_status_age: self
                .max_status_age
                .map(|days| SignedDuration::from_hours(24 * i64::from(days))),
            min_level: self.min_level.clone(),
            programme: self.programme.clone(),
            facility: self.facility.clone(),
            require_log: self.requires_log(),
        }
    }

    /// What the reader asks for, as receipts say it.
    pub(crate) fn policy_as_json(&self) -> Value {
        json!({
            "at": self.at, "max_status_age_days": self.max_status_age, "min_level": self.min_level,
            "programme": self.programme, "facility": self.facility, "require_log": self.requires_log(),
        })
    }
}

/// The form of an answer on credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// For people: every check of one credential, a table of many.
    #[default]
    Text,
    /// One array.
    Json,
    /// One object a line.
    Ndjson,
    /// One row a credential, without the checks. What a spreadsheet might take for a formula begins with an apostrophe.
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count again, from all ratings of an assessment, which level they give.
    Recompute(Recompute),
    /// See whom you trust, pin a registry's root, fetch what is new.
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Say what a code of an answer means, and what to do.
    Explain(Explain),
    /// Print the manual page: `akashi-verify man | man -l -` shows it.
    Man,
    /// Print what a shell needs to complete this command.
    Completions(Completions),
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A verdict, a reason or a kind of file, as status_too_old; without one, all are listed.
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell that you use.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
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
    pub(crate) format: TextOrJson,
}

/// The form of an answer on one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    /// Sentences for people.
    #[default]
    Text,
    /// One object.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Show who vouches for what: root, bundle, bodies with their keys, programmes, status lists, log.
    Show(Show),
    /// Pin the root from which all trust comes. The roots that it vouches for later need no pinning.
    Pin(Pin),
    /// Fetch the newest bundle, and the roots that followed the pinned one, from the registry. This alone uses the network.
    #[cfg(feature = "update")]
    Update(Update),
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The trust bundle; with neither --trust nor --root, the one that `trust update` stored.
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) trust: Option<PathBuf>,

    /// The root; without it, the pinned one.
    #[arg(long, value_name = "ROOT")]
    pub(crate) root: Option<PathBuf>,

    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// The root manifest, as the registry has it at /.well-known/akashi/root, or an array of those that follow one another. Of an array, where nothing is pinned yet, the last is pinned, whose digest is shown.
    #[arg(value_name = "ROOT")]
    pub(crate) root: PathBuf,

    /// The digest that the root must have, as you know it over another way: that of what is signed in it, as `trust pin` and `trust show` print it, not of the file.
    #[arg(long, value_name = "SHA256")]
    pub(crate) digest: Option<Digest>,

    /// Pin it in place of a root that it does not follow, and forget the stored bundle and where it came from, unless that opens under it.
    #[arg(long)]
    pub(crate) replace: bool,
}

#[cfg(feature = "update")]
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The registry's address, such as https://registry.example; without it, where the stored bundle came from.
    #[arg(value_name = "REGISTRY-URL", value_parser = origin)]
    pub(crate) registry: Option<Origin>,

    /// How long each of the registry's answers may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) timeout: u16,
}

/// An origin as it is copied from a browser: with a slash at its end.
#[cfg(feature = "update")]
fn origin(text: &str) -> Result<Origin, OriginError> {
    text.strip_suffix('/').unwrap_or(text).parse()
}
