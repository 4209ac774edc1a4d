//! How far a run has come, on the last line of a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use akashi_schemas::Language;

use crate::words;

/// A run that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_millis(200);

/// Counts the bytes read.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The line on standard error; none where that is no terminal.
pub(crate) struct Progress {
    meter: Meter,
    /// How many bytes there are to read; none where that is not known, as of standard input.
    total: Option<u64>,
    began: Instant,
    shown: Option<Instant>,
    is_wanted: bool,
    language: Language,
}

impl Progress {
    /// `total` is asked only where it will be shown.
    pub(crate) fn new(
        meter: Meter,
        language: Language,
        total: impl FnOnce() -> Option<u64>,
    ) -> Self {
        let is_wanted = io::stderr().is_terminal();
        let total = if is_wanted { total() } else { None };
        Self { meter, total, began: Instant::now(), shown: None, is_wanted, language }
    }

    /// Shows how far it is, if it is time to.
    pub(crate) fn show(&mut self, count: u64) {
        let elapsed = self.began.elapsed();
        let is_time = self.shown.map_or(elapsed >= PATIENCE, |shown| shown.elapsed() >= BETWEEN);
        if self.is_wanted && is_time {
            self.shown = Some(Instant::now());
            eprint!("\r\x1b[K{}", self.line(count, elapsed));
            io::stderr().flush().ok();
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if self.shown.take().is_some() {
            eprint!("\r\x1b[K");
        }
    }

    fn line(&self, count: u64, elapsed: Duration) -> String {
        let rate = count * 1000 / u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let left = self.total.filter(|total| *total > 0).map(|total| {
            let read = self.meter.read().min(total);
            let left = elapsed.as_secs() * (total - read) / read.max(1);
            (read * 100 / total, Duration::from_secs(left))
        });
        words::progress(count, rate, left, self.language)
    }
}
