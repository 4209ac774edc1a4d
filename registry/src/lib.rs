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

use std::io::IsTerminal as _;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What the environment says of the log: `AKASHI_LOG=info,sqlx::query=debug` shows each query beside its request.
const FILTER: &str = "AKASHI_LOG";

/// Sends the log to standard error: every answered request, or with `quiet` only what went wrong, or what [`FILTER`] says.
/// In colours on a terminal, unless `NO_COLOR` is set to something (<https://no-color.org>).
pub fn logging(quiet: bool) {
    let level = if quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    let asked = std::env::var(FILTER).ok().and_then(|filter| filter.parse::<Targets>().ok());
    let filter = asked.unwrap_or_else(|| Targets::new().with_default(level));
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal() && !plain)
        .with_writer(std::io::stderr);
    // A second call in one process (tests) leaves the first in place.
    let _ = tracing_subscriber::registry().with(filter).with(log).try_init();
}
