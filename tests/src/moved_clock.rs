//! A clock that a test moves under a running program: years pass between two of its requests.
//!
//! The system's calls for the time are answered by libfaketime (Debian: `faketime`), which adds an offset that it reads
//! from a file at each of them. Timers count on: the monotonic clock is left as it is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;

use crate::requirements::skip;

const LIBRARY: &str = "faketime/libfaketime.so.1";

/// A clock that stands where it was moved to last, and goes on from there.
#[derive(Clone, Debug)]
pub struct MovedClock {
    library: PathBuf,
    folder: Arc<TempDir>,
}

impl MovedClock {
    /// A clock that begins at a time. `None`, with a word, where libfaketime is missing.
    ///
    /// # Panics
    /// When it is missing in CI.
    pub fn at(time: Timestamp) -> Option<MovedClock> {
        let Some(library) = library() else {
            skip("libfaketime is missing (Debian: faketime)");
            return None;
        };
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let clock = MovedClock { library, folder };
        clock.moves_to(time);
        Some(clock)
    }

    /// Moves every program that goes by it to a time, at once.
    ///
    /// # Panics
    /// When its file cannot be written.
    #[expect(clippy::disallowed_methods, reason = "the offset is from the system's own time")]
    pub fn moves_to(&self, time: Timestamp) {
        let offset = time.as_second() - Timestamp::now().as_second();
        // Replaced, not written over: whoever reads while it moves reads the old offset or the new one.
        let next = self.folder.path().join("next");
        fs::write(&next, format!("{offset:+}\n")).expect("the folder can be written");
        fs::rename(&next, self.file()).expect("the folder can be written");
    }

    /// The variables by which a program goes by it.
    pub(crate) fn variables(&self) -> [(&'static str, OsString); 4] {
        [
            ("LD_PRELOAD", self.library.clone().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}

/// The library, below the folder of this machine's kind.
fn library() -> Option<PathBuf> {
    let kinds = fs::read_dir(Path::new("/usr/lib")).ok()?;
    let mut found = kinds.filter_map(|kind| Some(kind.ok()?.path().join(LIBRARY)));
    found.find(|library| library.exists())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_goes_by_it() {
        let Some(clock) = MovedClock::at("2031-02-03T04:05:06Z".parse().expect("a time")) else {
            return;
        };
        let day = || {
            let mut date = Command::new("date");
            let said = date.arg("+%F").env("TZ", "UTC").envs(clock.variables()).output();
            String::from_utf8(said.expect("date runs").stdout).expect("a day")
        };
        assert_eq!(day(), "2031-02-03\n");
        clock.moves_to("2020-06-05T12:00:00Z".parse().expect("a time"));
        assert_eq!(day(), "2020-06-05\n");
    }
}
