//! `akashi-verify`: checks Akashi's credentials offline.

mod answer;
mod bulk;
mod cell;
mod completions;
mod explain;
mod help;
mod input;
mod list;
mod man;
mod numbers;
mod options;
mod output;
mod pipeline;
mod progress;
mod reading;
mod receipt;
mod recompute;
mod resume;
mod sources;
mod state;
mod summary;
mod trust;
mod words;

use std::io;
use std::process::ExitCode;
use std::time::SystemTime;

use akashi_schemas::misleading::shown;
use anyhow::Result;
use clap::Parser as _;
use jiff::Timestamp;

use options::{Command, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.command {
        Some(Command::Recompute(ratings)) => recompute::run(ratings, options.language()),
        Some(Command::Trust(command)) => trust::run(command, options.language()),
        Some(Command::Explain(explain)) => explain::run(explain, options.language()),
        Some(Command::Man) => man::run(),
        Some(Command::Completions(completions)) => completions::run(completions.shell),
        None => check(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Whoever reads the answer has heard enough, as in `akashi-verify … | head`; not all was said, though.
        Err(error) if is_broken_pipe(&error) => ExitCode::from(2),
        Err(error) => {
            // A file's words may stand in it, and its name.
            eprintln!("akashi-verify: {}", shown(&format!("{error:#}")));
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}

/// Checks everything; whether all was valid.
fn check(options: &Options) -> Result<bool> {
    bulk::check(options, trust::open(options)?, now()?)
}

#[expect(clippy::disallowed_methods, reason = "the command line's one clock")]
fn now() -> Result<Timestamp> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Timestamp::from_second(since.as_secs().try_into()?)?)
}
