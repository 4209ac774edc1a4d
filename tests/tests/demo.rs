//! `akashi demo` as a newcomer runs it.

use std::io::{self, BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use akashi_tests::{Engine, Registry, akashi, recompute};
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

/// The demo while it goes on serving, ended when it goes out of scope.
struct Demo {
    child: Child,
    origin: String,
    /// The addresses of those who can sign in.
    addresses: Vec<String>,
    password: String,
    /// What else it says.
    out: Lines<BufReader<ChildStdout>>,
}

impl Demo {
    /// Starts it, and reads what it says up to the sign-ins.
    fn start() -> Demo {
        let mut command = Command::new(akashi());
        command.args(["demo", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("it runs");
        let out = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (origin, addresses, password) = (String::new(), Vec::new(), String::new());
        let mut demo = Demo { child, origin, addresses, password, out };
        for line in &mut demo.out {
            let line = line.expect("text");
            if let Some((_, address)) = line.split_once("is running at ") {
                address.trim().clone_into(&mut demo.origin);
            }
            let words = line.split_whitespace().filter(|word| word.contains('@'));
            demo.addresses.extend(words.map(str::to_owned));
            if let Some((_, word)) = line.split_once("for this run only: ") {
                word.trim().clone_into(&mut demo.password);
                break;
            }
        }
        demo
    }

    /// Signs somebody in; gives the access token.
    async fn sign_in(&self, email: &str) -> String {
        let sign_in = reqwest::Client::new()
            .post(format!("{}/api/v1/sessions", self.origin))
            .json(&json!({ "email": email, "password": self.password }));
        let answer = sign_in.send().await.expect("the demo answers");
        assert_eq!(answer.status(), 200, "{email} signs in at the demo");
        let session: Value = answer.json().await.expect("JSON");
        session["access_token"].as_str().expect("a token").to_owned()
    }

    /// `GET` of JSON, by whoever has the token.
    async fn get(&self, token: &str, path: &str) -> Value {
        let asked = reqwest::Client::new()
            .get(format!("{}{path}", self.origin))
            .header("accept", "application/json, application/vc")
            .bearer_auth(token);
        let answer = asked.send().await.expect("the demo answers");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("JSON")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    let mut demo = Demo::start();
    let addresses = &demo.addresses;
    assert!(addresses.len() >= 12, "every role and company has a sign-in: {addresses:?}");
    for email in addresses {
        demo.sign_in(email).await;
    }
    assert_eq!(applications(&pasted(&mut demo.out)), 6, "as the two commands that it prints list");
    let registry = Registry::start(Engine::Sqlite).await;
    for email in &demo.addresses {
        let sign_in = json!({ "email": email, "password": demo.password });
        registry.anyone().post("/api/v1/sessions", &sign_in).await.problem("sign-in-refused");
    }
}

/// What was decided of a company: the level that it was granted, or why it was refused.
type Decided = (&'static str, Option<&'static str>, Option<&'static str>);

/// By the part before the `@` of its member's address. The care services are not assessed yet.
const DECIDED: [Decided; 5] = [
    ("sendou", Some("leading"), None),
    ("kinzoku", Some("certified"), None),
    ("suisan", None, Some("must_conform")),
    ("nouen", Some("certified"), None),
    ("housou", Some("leading"), None),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_ratings_of_each_company_give_what_was_decided_and_part_of_them_nothing() {
    let demo = Demo::start();
    for (company, level, reason) in DECIDED {
        let token = demo.sign_in(&format!("{company}@companies.example")).await;
        let list = demo.get(&token, "/api/v1/applications").await;
        let path = format!("/api/v1/applications/{}", text(&list["items"][0]["id"]));
        let application = demo.get(&token, &path).await;
        assert_eq!(granted(&demo, &token, &application).await.as_deref(), level, "{company}");

        let path = format!("/api/v1/assessments/{}/report", text(&application["assessment"]));
        let report = demo.get(&token, &path).await;
        let (id, version) = (&report["programme"]["id"], &report["programme"]["version"]);
        let path = format!("/api/v1/programmes/{}/{}", text(id), text(version));
        let programme = demo.get(&token, &path).await.to_string();
        let give = |report: &Value| recompute(programme.as_bytes(), report.to_string().as_bytes());

        let whole = give(&report);
        assert_eq!(whole.outcome["level"], json!(level), "{company}: {whole:?}");
        assert_eq!(whole.outcome["reason"], json!(reason), "{company}: {whole:?}");
        assert_eq!(whole.exit, i32::from(level.is_none()), "{company}: {whole:?}");

        // Whichever rating is kept back, the rest says nothing.
        let pairs = report["ratings"].as_array().expect("ratings").len();
        assert!(pairs > 0, "{company} was rated");
        for kept_back in 0..pairs {
            let mut part = report.clone();
            let pair = part["ratings"].as_array_mut().expect("ratings").remove(kept_back);
            let part = give(&part);
            assert_eq!(part.exit, 1, "{company} without {pair}: {part:?}");
            let nothing = json!({ "level": null, "score": null, "reason": "cannot_follow" });
            assert_eq!(part.outcome, nothing, "{company} without {pair}: {part:?}");
        }
    }
}

/// The level that an application was granted: what the first credential of its company's certificate says.
async fn granted(demo: &Demo, token: &str, application: &Value) -> Option<String> {
    let company =
        demo.get(token, &format!("/api/v1/parties/{}", text(&application["company"]))).await;
    let all = demo.get(token, "/certificates").await;
    let mut all = all["items"].as_array().expect("certificates").iter();
    let number = &all.find(|row| row["holder"] == company["name"])?["number"];
    let certificate = demo.get(token, &format!("/certificates/{}", text(number))).await;
    let credentials = certificate["credentials"].as_array().expect("credentials");
    let first = credentials.iter().find(|credential| credential["version"] == 1).expect("one");
    let id = text(&first["id"]).rsplit('/').next().expect("an id");
    let credential = demo.get(token, &format!("/credentials/{id}")).await;
    Some(text(&credential["credentialSubject"]["profileScore"]["code"]).to_owned())
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a text, but {value}"))
}
