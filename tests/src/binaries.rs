//! Where the built `akashi` and `akashi-verify` lie, built first when nobody said so.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The built `akashi`: the file that `AKASHI_BIN` names, or else what cargo builds now, in the
/// profile and target folder of the running test.
pub fn akashi() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| named_or_built("AKASHI_BIN", "akashi"))
}

/// The built `akashi-verify`, found like [`akashi`], with `AKASHI_VERIFY_BIN`.
pub fn akashi_verify() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| named_or_built("AKASHI_VERIFY_BIN", "akashi-verify"))
}

fn named_or_built(variable: &str, name: &str) -> PathBuf {
    match env::var_os(variable) {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "{variable} names {}, which is not a file", path.display());
            path
        }
        None => built().join(name),
    }
}

/// Builds both binaries once for this process and returns the folder they lie in.
fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = env::current_exe().expect("a running test knows its own file");
        let folder = profile_folder(&test).expect("cargo runs tests from TARGET/PROFILE/deps");
        let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
            .args(["build", "--quiet", "-p", "akashi-registry", "-p", "akashi-verifier", "--bins"])
            .args(["--profile", profile(folder)])
            .arg("--target-dir")
            .arg(folder.parent().expect("a profile's folder lies in the target folder"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo can be started");
        assert!(status.success(), "cargo could not build akashi and akashi-verify");
        folder.to_owned()
    })
}

/// `TARGET/PROFILE` of `TARGET/PROFILE/deps/TEST`.
fn profile_folder(test: &Path) -> Option<&Path> {
    let deps = test.parent()?;
    (deps.file_name()? == "deps").then_some(deps.parent()?)
}

/// Cargo's name for the profile whose output lies in `folder`.
fn profile(folder: &Path) -> &str {
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_read_off_the_test_s_own_path() {
        let folder = profile_folder(Path::new("/t/release/deps/journeys-0a1b")).expect("a folder");
        assert_eq!((folder, profile(folder)), (Path::new("/t/release"), "release"));
        let folder = profile_folder(Path::new("/t/debug/deps/journeys-0a1b")).expect("a folder");
        assert_eq!((folder, profile(folder)), (Path::new("/t/debug"), "dev"));
        assert_eq!(profile_folder(Path::new("/t/release/journeys")), None);
    }

    #[test]
    fn both_binaries_are_there() {
        assert!(akashi().is_file(), "{} is missing", akashi().display());
        assert!(akashi_verify().is_file(), "{} is missing", akashi_verify().display());
    }
}
