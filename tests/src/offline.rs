//! A buyer's side: the built `akashi-verify`, with files and nothing else.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::binaries::akashi_verify;
use crate::eventually::eventually;
use crate::moved_clock::MovedClock;
use crate::registry::Registry;

/// A buyer who holds a root and a trust bundle, and a state folder of their own.
#[derive(Debug)]
pub struct Offline {
    folder: TempDir,
    options: Vec<String>,
    clock: Option<MovedClock>,
}

/// What `akashi-verify` answered.
#[derive(Clone, Debug)]
pub struct Verification {
    /// 0 all valid, 1 some not, 2 could not run.
    pub exit: i32,
    /// One item an input, as `--format json` prints them; empty when it could not run.
    pub items: Vec<Value>,
    /// What it said on standard error.
    pub errors: String,
}

impl Offline {
    /// A buyer who was handed these files.
    pub fn trusting(bundle: &[u8], root: &[u8]) -> Offline {
        let offline = Offline {
            folder: tempfile::tempdir().expect("a temporary folder"),
            options: Vec::new(),
            clock: None,
        };
        offline.is_handed(bundle, root);
        offline
    }

    /// A buyer who has just fetched both from the registry, and then goes offline.
    pub async fn fetched_from(registry: &Registry) -> Offline {
        let anyone = registry.anyone();
        let bundle = anyone.get("/.well-known/akashi/trust-bundle").await.expect(200);
        let root = anyone.get("/.well-known/akashi/root").await.expect(200);
        Offline::trusting(&bundle.body, &root.body)
    }

    /// A buyer who fetches the registry's bundle again until it gives a credential this verdict, and then
    /// goes offline.
    ///
    /// # Panics
    /// With the last answer, when no bundle ever does.
    pub async fn once_told(registry: &Registry, credential: &[u8], verdict: &str) -> Offline {
        let ask = async || {
            let buyer = Offline::fetched_from(registry).await;
            let verification = buyer.verify(credential);
            (buyer, verification)
        };
        let told = |(_, verification): &(Offline, Verification)| verification.verdict() == verdict;
        eventually(&format!("the verdict {verdict}"), ask, told).await.0
    }

    /// Hands the buyer other files, in place of those they have; what they remember stays.
    pub fn is_handed(&self, bundle: &[u8], root: &[u8]) {
        fs::write(self.file("bundle"), bundle).expect("the folder can be written");
        fs::write(self.file("root"), root).expect("the folder can be written");
    }

    /// The same buyer, with one more option of the command: `["--min-level", "leading"]`.
    #[must_use]
    pub fn with(mut self, option: &[&str]) -> Offline {
        self.options.extend(option.iter().map(ToString::to_string));
        self
    }

    /// The same buyer, who goes by a clock that the test moves.
    #[must_use]
    pub fn by(self, clock: &MovedClock) -> Offline {
        Offline { clock: Some(clock.clone()), ..self }
    }

    /// Verifies one file: a credential in any form, or an NDJSON of many.
    pub fn verify(&self, input: &[u8]) -> Verification {
        self.verify_with(input, None)
    }

    /// Verifies one credential beside its log proof, and insists on the proof.
    pub fn verify_logged(&self, credential: &[u8], log_proof: &[u8]) -> Verification {
        self.verify_with(credential, Some(log_proof))
    }

    fn verify_with(&self, input: &[u8], log_proof: Option<&[u8]>) -> Verification {
        fs::write(self.file("input"), input).expect("the folder can be written");
        let mut command = Command::new(akashi_verify());
        command.arg(self.file("input"));
        command.arg("--trust").arg(self.file("bundle")).arg("--root").arg(self.file("root"));
        if let Some(proof) = log_proof {
            fs::write(self.file("proof"), proof).expect("the folder can be written");
            command.arg("--require-log").arg("--log-proof").arg(self.file("proof"));
        }
        command.args(["--format", "json"]).args(&self.options);
        command.envs(self.clock.iter().flat_map(MovedClock::variables));
        command.env("XDG_STATE_HOME", self.file("state")).env("HOME", self.folder.path());
        Verification::of(&command.output().expect("akashi-verify can be started"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Verification {
    /// Reads an answer, and holds the command to its exit code.
    #[track_caller]
    fn of(output: &Output) -> Verification {
        let exit = output.status.code().expect("akashi-verify ends by itself");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let items: Vec<Value> = match exit {
            2 => Vec::new(),
            _ => serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|error| panic!("exit {exit}, no JSON array ({error}): {errors}")),
        };
        if exit != 2 {
            let all_valid = items.iter().all(|item| item["verdict"] == "valid");
            assert_eq!(exit == 0, all_valid, "exit {exit} contradicts {items:#?}");
        }
        Verification { exit, items, errors }
    }

    /// The one item of a single credential.
    ///
    /// # Panics
    /// When there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> &Value {
        let [item] = &self.items[..] else { panic!("expected one item, but {self:#?}") };
        item
    }

    /// The verdict on a single credential.
    ///
    /// # Panics
    /// When there is not exactly one.
    #[track_caller]
    pub fn verdict(&self) -> &str {
        self.item()["verdict"].as_str().expect("a verdict is a string")
    }

    /// The check called `name` of a single credential.
    ///
    /// # Panics
    /// When it is not listed.
    #[track_caller]
    pub fn check(&self, name: &str) -> &Value {
        let checks = self.item()["checks"].as_array().expect("checks is an array");
        match checks.iter().find(|check| check["name"] == name) {
            Some(check) => check,
            None => panic!("no check is called {name}: {checks:#?}"),
        }
    }
}

/// The verdict of a buyer who was handed one credential, a bundle and a root.
#[track_caller]
pub fn verify_offline(credential: &[u8], bundle: &[u8], root: &[u8]) -> String {
    Offline::trusting(bundle, root).verify(credential).verdict().to_owned()
}

/// What `akashi-verify recompute` answered.
#[derive(Clone, Debug)]
pub struct Recomputed {
    /// 0 with a level, 1 without, 2 unreadable.
    pub exit: i32,
    /// `{level, score, reason}`; null when unreadable.
    pub outcome: Value,
    /// What it said on standard error.
    pub errors: String,
}

/// Applies a programme's decision rule to an assessment's report, as a buyer who was shown all ratings.
pub fn recompute(programme: &[u8], report: &[u8]) -> Recomputed {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (programme_file, ratings_file) =
        (folder.path().join("programme"), folder.path().join("ratings"));
    fs::write(&programme_file, programme).expect("the folder can be written");
    fs::write(&ratings_file, report).expect("the folder can be written");
    let mut command = Command::new(akashi_verify());
    command.args(["recompute", "--format", "json", "--programme-file"]).arg(programme_file);
    let output = command.arg(ratings_file).output().expect("akashi-verify can be started");
    Recomputed {
        exit: output.status.code().expect("akashi-verify ends by itself"),
        outcome: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn output(exit: i32, stdout: &str) -> Output {
        Output {
            status: ExitStatus::from_raw(exit << 8),
            stdout: stdout.into(),
            stderr: b"two root signatures are missing".to_vec(),
        }
    }

    #[test]
    fn one_item_has_a_verdict_and_named_checks() {
        let json = r#"[{"verdict":"expired","checks":[{"name":"signature","outcome":"passed"}]}]"#;
        let verification = Verification::of(&output(1, json));
        assert_eq!(verification.verdict(), "expired");
        assert_eq!(verification.check("signature")["outcome"], "passed");
    }

    #[test]
    fn a_command_that_could_not_run_gives_no_verdict() {
        let verification = Verification::of(&output(2, ""));
        assert_eq!((verification.exit, verification.items.len()), (2, 0));
        assert_eq!(verification.errors, "two root signatures are missing");
    }

    #[test]
    #[should_panic(expected = "exit 0 contradicts")]
    fn an_exit_code_that_contradicts_the_verdict_is_a_failure() {
        Verification::of(&output(0, r#"[{"verdict":"revoked"}]"#));
    }
}
