//! The Akashi registry: it certifies small companies in supply chains and issues signed credentials
//! that anyone can check offline.

pub mod certification;
pub mod commands;
pub mod http;
pub mod issuance;
pub mod log;
pub mod operation;
pub mod platform;
pub mod publication;
pub mod worker;

use tracing_subscriber::filter::LevelFilter;

/// Sends the log to standard error: every answered request, or with `quiet` only what went wrong.
pub fn logging(quiet: bool) {
    let level = if quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    // A second call in one process (tests) leaves the first in place.
    let _ = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).try_init();
}
