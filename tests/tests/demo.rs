//! `akashi demo` as a newcomer runs it.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use akashi_tests::{Engine, Registry, akashi};
use serde_json::{Value, json};

/// The two commands that the demo prints to be pasted.
fn pasted(out: &mut impl Iterator<Item = io::Result<String>>) -> String {
    let lines = out.map(|line| line.expect("text"));
    let commands = lines.skip_while(|line| !line.starts_with("token=")).take(2);
    commands.collect::<Vec<_>>().join("\n")
}

/// How many applications the commands list.
fn applications(commands: &str) -> usize {
    let listed = Command::new("sh").args(["-c", commands]).output().expect("a shell");
    let list: Value = serde_json::from_slice(&listed.stdout)
        .unwrap_or_else(|error| panic!("{error}: {commands}\n{listed:?}"));
    list["items"].as_array().map_or(0, Vec::len)
}

/// The demo, ended when it goes out of scope.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_takes_six_companies_the_whole_way_and_ends() {
    let out =
        Command::new(akashi()).args(["demo", "--once", "--port", "0"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}\n{}", String::from_utf8_lossy(&out.stderr));
    for (holder, file, verdict) in [
        ("Example Leading Confectionery", "as granted", "valid"),
        ("Example Metalworks", "as granted", "valid"),
        ("Example Farm", "suspended later", "suspended"),
        ("Example Packaging", "before the level was cut", "superseded"),
        ("Example Packaging", "after it", "valid"),
    ] {
        let row = said.lines().find(|line| line.contains(holder) && line.contains(file));
        let row = row.unwrap_or_else(|| panic!("no row for {holder}, {file}:\n{said}"));
        assert!(row.trim_end().ends_with(verdict), "{row}");
    }
    assert!(said.contains("Refused, and so without a file: Example Seafood Processing."), "{said}");
    assert!(said.contains("waits for its assessor"), "{said}");
}

#[test]
fn a_reader_who_has_gone_ends_it_without_a_word() {
    let mut child = Command::new(akashi());
    child.args(["demo", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("it runs");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    out.read_line(&mut String::new()).expect("a line");
    drop(out);
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_eq!(ended.status.code(), Some(1), "not all was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_sign_ins_work_there_and_cannot_exist_under_serve() {
    let mut child = Command::new(akashi());
    child.args(["demo", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut demo = Demo(child.spawn().expect("it runs"));
    let mut out = BufReader::new(demo.0.stdout.take().expect("its output")).lines();
    let (mut origin, mut addresses, mut password) = (String::new(), Vec::new(), String::new());
    for line in &mut out {
        let line = line.expect("text");
        if let Some((_, address)) = line.split_once("is running at ") {
            origin = address.trim().to_owned();
        }
        addresses
            .extend(line.split_whitespace().filter(|word| word.contains("@")).map(str::to_owned));
        if let Some((_, word)) = line.split_once("for this run only: ") {
            password = word.trim().to_owned();
            break;
        }
    }
    assert!(addresses.len() >= 12, "every role and company has a sign-in: {addresses:?}");
    let http = reqwest::Client::new();
    for email in &addresses {
        let sign_in = http
            .post(format!("{origin}/api/v1/sessions"))
            .json(&json!({ "email": email, "password": password }));
        let answer = sign_in.send().await.expect("the demo answers");
        assert_eq!(answer.status(), 200, "{email} signs in at the demo");
    }
    assert_eq!(applications(&pasted(&mut out)), 6, "as the two commands that it prints list them");
    let registry = Registry::start(Engine::Sqlite).await;
    for email in &addresses {
        let sign_in = json!({ "email": email, "password": password });
        registry.anyone().post("/api/v1/sessions", &sign_in).await.problem("sign-in-refused");
    }
}
