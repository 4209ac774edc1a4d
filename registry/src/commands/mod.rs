//! What `akashi` does on the command line.

pub mod demo;
pub mod rebuild;
pub mod serve;

use std::fmt::Display;
use std::io::{self, Write as _};

/// Says a line on standard output. A reader who has gone, as in `akashi demo | head`, is an error and no panic.
fn say(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
