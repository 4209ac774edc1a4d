//! A desk at which `akashi-verify` is run as its users run it.

#![allow(dead_code, unreachable_pub, reason = "each test file takes a part of this module")]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{World, fresh};

/// A folder of files, and a state folder beside them.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With `root`, `bundle`, `a.json` and `a.jwt` of a good world whose bundle was made an hour ago.
    pub fn good() -> (Self, World) {
        let world = fresh();
        let desk = Self::new();
        desk.lay(&world);
        (desk, world)
    }

    pub fn lay(&self, world: &World) {
        let [json, jwt] = world.forms();
        self.put("root", &world.root_bytes());
        self.put("bundle", &world.bundle_bytes());
        self.put("a.json", &json);
        self.put("a.jwt", &jwt);
    }

    pub fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_akashi-verify"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("XDG_STATE_HOME", self.folder.path().join("state")).env_remove("HOME");
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn run_on(&self, input: &[u8], arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// The JSON answer of a run with root and bundle.
    pub fn check(&self, arguments: &[&str]) -> (i32, Value) {
        let trust = ["--trust", "bundle", "--root", "root", "--format", "json"];
        let output = self.run(&[arguments, &trust].concat());
        (
            output.status.code().unwrap(),
            serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        )
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
pub fn assert_fails(output: &Output, words: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(text(&output.stdout), "", "no verdict");
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
    assert_eq!(error.lines().count(), 1, "one sentence: {error}");
}
