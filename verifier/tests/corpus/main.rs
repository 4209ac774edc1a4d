//! The corpus: files of every kind and the verdict each must get, from `expected.tsv`, by the library and by the command.
//! `tests/python` holds a second program to the same table.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use akashi_verifier::report::Reason;
use akashi_verifier::{Policy, Report, Trust, Untrusted, verify};
use common::{NOW, time};
use jiff::SignedDuration;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// A line of `expected.tsv`.
struct Row {
    file: String,
    bundle: String,
    /// Options of the command line.
    asked: Vec<String>,
    verdict: String,
    /// None where the table leaves it open.
    reason: Option<String>,
}

fn table() -> Vec<Row> {
    let text = fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows: Vec<Row> = rows
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [file, verdict, reason, bundle, asked] = cells[..] else {
                panic!("five cells: {line}")
            };
            Row {
                file: file.into(),
                bundle: bundle.into(),
                asked: asked.split_whitespace().map(Into::into).collect(),
                verdict: verdict.into(),
                reason: (reason != "*").then(|| reason.into()),
            }
        })
        .collect();
    assert!(rows.len() > 300, "{}", rows.len());
    rows
}

impl Row {
    fn root_and_bundle(&self) -> (Option<PathBuf>, Option<PathBuf>) {
        let file = |name: &str| Some(folder().join(format!("{name}.json")));
        match self.bundle.as_str() {
            "none" => (None, None),
            "unpinned" => (None, file("bundle")),
            name => (file("root"), file(name)),
        }
    }

    fn option(&self, name: &str) -> Option<&str> {
        let at = self.asked.iter().position(|word| word == name)?;
        self.asked.get(at + 1).map(String::as_str)
    }

    fn policy(&self) -> Policy {
        let owned = |name: &str| self.option(name).map(String::from);
        let days = self.option("--max-status-age").map_or(DAYS, |days| days.parse().unwrap());
        Policy {
            at: Some(time(self.option("--at").unwrap_or(NOW))),
            max_status_age: Some(SignedDuration::from_hours(24 * days)),
            min_level: owned("--min-level"),
            programme: owned("--programme"),
            facility: owned("--facility"),
            require_log: self.asked.iter().any(|word| word == "--require-log"),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(folder().join("files").join(&self.file))
            .unwrap_or_else(|error| panic!("{}: {error}", self.file))
    }

    /// What differs from the table; `None` where nothing does.
    fn difference(&self, by: &str, verdict: &str, reason: Option<&str>) -> Option<String> {
        let reason = reason.unwrap_or("-");
        let is_expected = verdict == self.verdict
            && self.reason.as_ref().is_none_or(|expected| expected == reason);
        (!is_expected).then(|| {
            let Self { file, bundle, asked, verdict: expected, reason: why } = self;
            format!("{by}: {file} {bundle} {asked:?}: {verdict} {reason}, where the table says {expected} {why:?}\n")
        })
    }
}

/// How old the status may be where a row does not say: the command measures it by the machine's clock.
const DAYS: i64 = 36_500;

/// `AKASHI_WRITE_CORPUS=1 cargo test -p akashi-verifier --test corpus` writes them anew.
#[test]
fn the_files_are_those_that_the_writer_makes() {
    let written = write::all();
    let names: BTreeSet<_> = written.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names.len(), written.len(), "two files of one name");
    if std::env::var_os("AKASHI_WRITE_CORPUS").is_some() {
        let _ = fs::remove_dir_all(folder().join("files"));
        for (name, bytes) in &written {
            let path = folder().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    for (name, bytes) in &written {
        let kept = fs::read(folder().join(name)).unwrap_or_default();
        assert!(
            kept == *bytes,
            "{name} differs from what is written: AKASHI_WRITE_CORPUS=1 writes it anew"
        );
    }
    let kept: BTreeSet<_> = fs::read_dir(folder().join("files"))
        .unwrap()
        .map(|entry| format!("files/{}", entry.unwrap().file_name().into_string().unwrap()))
        .collect();
    let made: BTreeSet<_> = names.into_iter().filter(|name| name.starts_with("files/")).collect();
    assert_eq!(kept, made);
    let size: usize = written.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size < 1_600_000, "{size}");
}

#[test]
fn the_table_speaks_of_every_file_and_no_two_files_are_the_same() {
    let spoken_of: BTreeSet<_> =
        table().into_iter().map(|row| format!("files/{}", row.file)).collect();
    let files = write::all().into_iter().filter(|(name, _)| name.starts_with("files/"));
    let mut by_bytes = BTreeMap::new();
    for (name, bytes) in files {
        assert!(spoken_of.contains(&name), "{name} is not in the table");
        if let Some(other) = by_bytes.insert(bytes, name.clone()) {
            panic!("{name} is {other}");
        }
    }
    assert_eq!(by_bytes.len(), spoken_of.len());
}

/// Reasons that no file of a fair size can bring about.
const ELSEWHERE: [&str; 1] = ["too_large"];

#[test]
fn the_table_has_every_reason() {
    let seen: BTreeSet<_> = table().into_iter().filter_map(|row| row.reason).collect();
    let missing: Vec<_> = Reason::ALL
        .iter()
        .map(|reason| reason.code())
        .filter(|code| !seen.contains(*code))
        .collect();
    assert_eq!(missing, ELSEWHERE);
}

fn open(row: &Row) -> Result<Trust, Untrusted> {
    match row.root_and_bundle() {
        (_, None) => Err(Untrusted::BundleMissing),
        (None, _) => Err(Untrusted::RootNotPinned),
        (Some(root), Some(bundle)) => {
            Ok(Trust::open(&fs::read(root).unwrap(), &fs::read(bundle).unwrap(), None).unwrap())
        }
    }
}

fn library(row: &Row, trust: &Result<Trust, Untrusted>) -> Report {
    verify(&row.bytes(), trust.as_ref().map_err(|why| *why), &row.policy(), time(NOW), None)
}

#[test]
fn the_library_gives_every_file_the_verdict_of_the_table() {
    let (mut trusts, mut differences) = (BTreeMap::new(), String::new());
    // Twice, because a key that has signed many is prepared for more.
    for round in ["first", "prepared"] {
        for row in table() {
            let trust = trusts.entry(row.bundle.clone()).or_insert_with(|| open(&row));
            let report = library(&row, trust);
            let reason = report.reason().map(Reason::code);
            differences.extend(row.difference(round, report.verdict.as_str(), reason));
        }
    }
    assert_eq!(differences, "");
}

#[test]
fn the_command_gives_every_file_the_verdict_of_the_table() {
    let (state, mut differences) = (tempfile::tempdir().unwrap(), String::new());
    for row in table() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_akashi-verify"));
        command.current_dir(folder().join("files")).env("XDG_STATE_HOME", state.path());
        let (root, bundle) = row.root_and_bundle();
        let given = [("--root", root), ("--trust", bundle)];
        for (option, path) in given.into_iter().filter_map(|(option, path)| Some((option, path?))) {
            command.arg(option).arg(path);
        }
        if row.option("--at").is_none() {
            command.args(["--at", NOW]);
        }
        if row.option("--max-status-age").is_none() {
            command.args(["--max-status-age", &DAYS.to_string()]);
        }
        let output =
            command.args(&row.asked).args(["--format", "json", &row.file]).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{}: {error}: {}", row.file, String::from_utf8_lossy(&output.stderr))
        });
        assert_eq!(answer.as_array().map(Vec::len), Some(1), "{}", row.file);
        let verdict = answer[0]["verdict"].as_str().unwrap();
        let checks = answer[0]["checks"].as_array().unwrap();
        let failed = checks
            .iter()
            .filter(|check| check["outcome"] == "failed")
            .filter_map(|check| check["reason"].as_str());
        let asked_for = |code: &str| {
            Reason::ALL
                .iter()
                .any(|reason| reason.code() == code && reason.verdict().as_str() == verdict)
        };
        let reason = failed.into_iter().find(|code| asked_for(code));
        differences.extend(row.difference("the command", verdict, reason));
        assert_eq!(output.status.code(), Some(i32::from(verdict != "valid")), "{}", row.file);
    }
    assert_eq!(differences, "");
}
