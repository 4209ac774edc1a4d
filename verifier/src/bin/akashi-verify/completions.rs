//! `akashi-verify completions`: what a shell needs to complete commands, options and their values.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::options::Options;

pub(crate) fn run(shell: Shell) -> Result<bool> {
    let mut script = Vec::new();
    generate(shell, &mut Options::command(), "akashi-verify", &mut script);
    // For bash the generator takes the hyphen of our name for the start of a subcommand where it names one, and not where it looks
    // for it.
    let script = String::from_utf8(script)?.replace("akashi__subcmd__verify", "akashi__verify");
    io::stdout().lock().write_all(script.as_bytes())?;
    Ok(true)
}
