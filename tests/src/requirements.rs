//! What a test may need and not find: skipped with a word on a developer's machine, a failure in CI.

use std::env;
use std::path::{Path, PathBuf};

/// Says that the calling test does not run here because `what` is missing; the caller then returns.
/// `tests/run` counts these lines.
///
/// # Panics
/// In CI (the environment variable `CI` is set), where everything must be there.
#[track_caller]
pub fn skip(what: &str) {
    assert!(env::var_os("CI").is_none(), "{what}; in CI nothing may be skipped");
    eprintln!("SKIPPED: {what}");
}

/// A file or folder of the published test data: beside the project in `../shared`, or where
/// `AKASHI_SHARED` says. `None`, with a word, when it is missing.
///
/// # Panics
/// In CI, when it is missing.
#[track_caller]
pub fn shared(path: &str) -> Option<PathBuf> {
    let folder = match env::var_os("AKASHI_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    let found = folder.join(path);
    if found.exists() {
        return Some(found);
    }
    skip(&format!("{} is missing", found.display()));
    None
}
