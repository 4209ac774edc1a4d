//! Ten years of one certificate, lived in a minute by moving the registry's clock: after each step, what its page, the
//! status lists, the public log and every file ever issued say.

use std::fmt::Write;

use akashi_tests::{
    Application, Body, Company, Engine, Granted, LEADING, LogCopy, MovedClock, Offline, Person,
    Registry, Sides, eventually, on_both_engines, small_programme, text,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is so after each step, by hand. A step happens on its day at 03:00 UTC. After three cycles another
/// assessor takes over.
///
/// - state and level: what the certificate's page says;
/// - bits: of each credential, oldest first: `r` revoked, `s` suspended, `f` refreshed by a newer one, `-` none, by a
///   replay of the log;
/// - log: the entries about the certificate that the step added, `c` a credential, `+r`, `-s` … a bit set or cleared,
///   `-` none;
/// - verdicts: of each file, offline, against the bundle of that day: `V` valid, `P` superseded, which comes before all
///   others that hold, `S` suspended, `R` revoked;
/// - history: the last event that the public reads of.
const LIFE: &str = "
    day         step              state       level      bits                          log             verdicts             history
    2026-02-02  grant             active      leading    -                             c               V                    granted
    2026-08-03  widen             active      leading    f -                           c+f             P V                  extended
    2027-03-01  suspend           suspended   leading    sf s                          +s+s            P S                  suspended
    2027-05-06  reinstate         active      leading    f -                           -s-s            P V                  reinstated
    2027-06-07  look after        active      leading    f -                           -               P V                  continued
    2028-01-10  renew             active      leading    f f -                         c+f             P P V                extended
    2029-02-05  reduce            active      certified  rf rf rf -                    +f+r+r+rc       P P P V              reduced
    2029-02-12  rename            active      certified  rf rf rf f -                  c+f             P P P P V            renamed
    2029-02-20  overturn          active      leading    rf rf rf f f -                c+f             P P P P P V          extended
    2030-01-07  renew by another  active      leading    rf rf rf f f f -              c+f             P P P P P P V        extended
    2032-01-05  renew             active      leading    rf rf rf f f f f -            c+f             P P P P P P P V      extended
    2032-07-05  correct           active      leading    rf rf rf f f f f f -          c+f             P P P P P P P P V    corrected
    2034-01-04  renew             active      leading    rf rf rf f f f f f f -        c+f             P P P P P P P P P V  extended
    2035-12-03  terminate         terminated  leading    rf rf rf rf rf rf rf rf rf r  +r+r+r+r+r+r+r  P P P P P P P P P R  terminated
";

/// One row of [`LIFE`], or what was seen after its step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    day: String,
    step: String,
    state: String,
    level: String,
    bits: String,
    log: String,
    verdicts: String,
    history: String,
}

impl Row {
    /// Cells are set apart by two spaces or more.
    fn read(line: &str) -> Row {
        let cells: Vec<&str> =
            line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let [day, step, state, level, bits, log, verdicts, history] = cells[..] else {
            panic!("a row has eight cells: {cells:?}");
        };
        let [day, step, state, level, bits, log, verdicts, history] =
            [day, step, state, level, bits, log, verdicts, history].map(str::to_owned);
        Row { day, step, state, level, bits, log, verdicts, history }
    }
}

/// The world of one certificate.
struct Life {
    registry: Registry,
    clock: MovedClock,
    body: Body,
    company: Company,
    panel: Person,
    /// Who leads assessments once another assessor has to.
    successor: Person,
    /// The certificate with each credential that it ever had.
    granted: Vec<Granted>,
    files: Vec<Value>,
    /// How many of the log's entries were told of before.
    read: usize,
}

async fn ten_years_of_one_certificate(engine: Engine) {
    let rows: Vec<Row> =
        LIFE.lines().skip(2).filter(|line| !line.trim().is_empty()).map(Row::read).collect();
    let Some(clock) = MovedClock::at(at("2026-01-05")) else { return };
    let registry = Registry::start_by(engine, &clock).await;
    let body = Body::opens_for(&registry, small_programme()).await;
    let company = Company::registers(&registry, 1).await;
    let panel = body.employs(&registry, "panel", "decision_maker").await;
    let successor = body.employs(&registry, "successor", "assessor").await;
    let (granted, files, read) = (Vec::new(), Vec::new(), 0);
    let mut life = Life { registry, clock, body, company, panel, successor, granted, files, read };
    for expected in &rows {
        life.comes_to(at(&expected.day)).await;
        life.lives_through(&expected.step).await;
        life.is_as(expected).await;
    }
    life.registry.discard().await;
}

fn at(day: &str) -> Timestamp {
    format!("{day}T03:00:00Z").parse().expect("a day")
}

impl Life {
    /// Time passes, and everybody signs in again.
    async fn comes_to(&mut self, time: Timestamp) {
        self.clock.moves_to(time);
        self.body.signs_in_again(&self.registry).await;
        self.company.member.signs_in_again(&self.registry).await;
        self.panel.signs_in_again(&self.registry).await;
    }

    fn number(&self) -> &str {
        &self.granted[0].certificate
    }

    fn current(&self) -> &Granted {
        self.granted.last().expect("a certificate")
    }

    async fn lives_through(&mut self, step: &str) {
        let made = match step {
            "grant" => Some(
                self.applies(json!({"kind": "initial", "facilities": [self.company.site]})).await,
            ),
            "widen" => Some(self.applies(json!({"kind": "scope_change"})).await),
            "renew" | "renew by another" => {
                if step != "renew" {
                    self.successor.signs_in_again(&self.registry).await;
                    self.body.lead = self.successor.clone();
                }
                self.sees_a_new_version_once().await;
                Some(self.applies(json!({"kind": "renewal"})).await)
            }
            "overturn" => Some(self.appeals().await),
            "look after" => {
                self.is_looked_after().await;
                None
            }
            "terminate" => {
                let terminate = self.current().decision(&self.company.member, json!({})).await;
                let path = self.current().path("terminate");
                self.company.member.post(&path, &terminate).await.expect(200);
                None
            }
            decided => self.is_decided(decided).await,
        };
        if let Some(made) = made {
            let file = made.credential(&self.registry).await;
            self.files.push(serde_json::from_slice(&file).expect("a credential is JSON"));
            self.granted.push(made);
        }
    }

    async fn applies(&self, mut members: Value) -> Granted {
        if let Some(granted) = self.granted.first() {
            members["certificate"] = json!(granted.certificate);
        }
        let sides = Sides { body: &self.body, company: &self.company };
        let application = sides.apply_with(members).await;
        application.is_ready_to_decide(&[], "leading").await;
        application.is_granted("leading").await
    }

    /// The body's surveillance finds a minor gap, which the company closes at once, and the certificate goes on.
    async fn is_looked_after(&self) {
        let manager = &self.body.quality_manager;
        let of = format!("/api/v1/certificates/{}", self.number());
        let version = manager.get(&of).await.expect(200).number("/version");
        let open = json!({"kind": "surveillance", "version": version, "reason": text("A year has passed.")});
        let opened = manager.post(&self.current().path("assessments"), &open).await.expect(201);
        let sides = Sides { body: &self.body, company: &self.company };
        let surveillance = Application { sides, id: opened.text("/id").to_owned() };
        surveillance.is_assigned().await;
        surveillance.is_assessed(LEADING).await;
        self.closes_the_finding_of(&surveillance).await;
        let reason = text("The gap was small, and it is closed.");
        let review = json!({"version": surveillance.assessment_seen().await["version"],
            "recommendation": "continue", "na_accepted": true, "reason": reason});
        let path = surveillance.assessment("/review").await;
        self.body.reviewer.post(&path, &review).await.expect(200);
        let decision =
            json!({"version": surveillance.version().await, "kind": "continue", "reason": reason});
        let path = surveillance.path("/decision");
        self.body.decision_maker.post(&path, &decision).await.expect(201);
    }

    /// The company shows a correction, and the lead assessor verifies it.
    async fn closes_the_finding_of(&self, application: &Application<'_>) {
        let finding = application.findings().await[0].clone();
        let period = "period_from=2027-01-01&period_to=2027-05-31";
        let attach = format!("/api/v1/evidence?application={}&{period}", application.id);
        let member = &self.company.member;
        let file = member.post_body(&attach, "application/pdf", "%PDF-1.7").await.expect(201);
        let path = format!("/api/v1/findings/{}", finding["id"].as_str().expect("an id"));
        let shown = json!({"version": finding["version"], "evidence": [file.text("/id")]});
        let shown = member.post(&format!("{path}/evidence"), &shown).await.expect(200);
        let verify = json!({"version": shown.number("/version"), "value": "conform",
            "reason": text("The list is kept.")});
        self.body.lead.post(&format!("{path}/verify"), &verify).await.expect(200);
    }

    /// The first renewal is under a new version of the programme, which is not open to renewals under the old one.
    async fn sees_a_new_version_once(&mut self) {
        if self.body.programme["version"] == "2028-1" {
            return;
        }
        let mut newer = self.body.programme.clone();
        newer["version"] = json!("2028-1");
        self.body.sees_published(&newer, "2028-01-01T00:00:00Z").await;
        self.body.programme = newer;
    }

    /// What the decision maker decides on the certificate; gives what was made, if anything.
    async fn is_decided(&self, event: &str) -> Option<Granted> {
        let members = match event {
            "suspend" => {
                json!({"cause": "access", "public_reason": "A visit was refused.", "heard": true})
            }
            "reinstate" => json!({"cause_closed": true}),
            "reduce" => json!({"level": "certified", "public_reason": "Help came late."}),
            "rename" => json!({"name": "例示新食品株式会社"}),
            "correct" => json!({"public_reason": "The name of the works was misspelt.",
                "facilities": [{"id": self.company.site, "name": "Example Works"}]}),
            other => panic!("nobody decides to {other}"),
        };
        let decided = self.current().is_decided_on(&self.body, event, members).await.expect(200);
        decided.at("/credential").is_string().then(|| self.current().followed_by(&decided))
    }

    /// The company appeals against the reduction, and is found right; that it was renamed since is no matter.
    async fn appeals(&self) -> Granted {
        let of = format!("/api/v1/certificates/{}/decisions", self.number());
        let decisions = self.company.member.get(&of).await.expect(200).json;
        let mut all = decisions.as_array().expect("decisions").iter();
        let reduction = all.find(|row| row["kind"] == "reduce").expect("a reduction");
        let appeal =
            json!({"decision": reduction["id"], "grounds": text("Help was there in time.")});
        let filed = self.company.member.post("/api/v1/appeals", &appeal).await.expect(201);
        let path = format!("/api/v1/appeals/{}", filed.text("/id"));
        let manager = &self.body.quality_manager;
        manager.post(&format!("{path}/admit"), &json!({"version": 1})).await.expect(200);
        let members = json!({"version": 2, "members": [self.panel.id]});
        manager.post(&format!("{path}/panel"), &members).await.expect(200);
        let found =
            json!({"version": 3, "outcome": "overturned", "reason": text("The file shows it.")});
        self.panel.post(&format!("{path}/outcome"), &found).await.expect(200);
        // The answer tells of the decision; of the credential the page does.
        let ask = async || self.current().public(&self.registry).await;
        let before = &self.current().credential;
        let public =
            eventually("the restored version", ask, |p| p["credential_id"] != **before).await;
        let credential = public["credential_id"].as_str().expect("an id").to_owned();
        Granted { certificate: self.number().to_owned(), credential }
    }

    /// Waits until all that can be seen is as the row says.
    async fn is_as(&mut self, expected: &Row) {
        let ask = async || {
            let (bits, log, length) = self.replays().await;
            let public = self.current().public(&self.registry).await;
            let word = |of: &Value| of.as_str().unwrap_or_default().to_owned();
            let history = public["history"].as_array().and_then(|all| all.last());
            let row = Row {
                day: expected.day.clone(),
                step: expected.step.clone(),
                state: word(&public["state"]),
                level: word(&public["level"]),
                bits,
                log,
                verdicts: self.verdicts().await,
                history: history.map(|event| word(&event["kind"])).unwrap_or_default(),
            };
            (row, length)
        };
        let step = format!("what is so after {} on {}", expected.step, expected.day);
        let (_, length) = eventually(&step, ask, |(row, _)| row == expected).await;
        self.read = length;
    }

    /// The bits of each credential and what was added, by the log alone; and how long it is.
    async fn replays(&self) -> (String, String, usize) {
        let log = LogCopy::fetch(&self.registry.anyone()).await;
        let own: Vec<Value> =
            log.json().filter(|entry| entry["number"] == *self.number()).collect();
        let added = own[self.read..].iter().fold(String::new(), |mut told, entry| {
            let sign = if entry["bit"] == 1 { '+' } else { '-' };
            match entry["kind"].as_str() {
                Some("status") => write!(told, "{sign}{}", self.purpose(entry)),
                Some("credential") => write!(told, "c"),
                other => write!(told, "{other:?}"),
            }
            .expect("a text takes more");
            told
        });
        let added = if added.is_empty() { "-".to_owned() } else { added };
        let last = log.checkpoint.size.saturating_sub(1);
        let bits: Vec<String> = self.files.iter().map(|file| bits(file, &log, last)).collect();
        (bits.join(" "), added, own.len())
    }

    /// For what an entry's bit stands, by the credential that names it.
    fn purpose(&self, entry: &Value) -> char {
        let all = self.files.iter().flat_map(statuses);
        let index = entry["idx"].to_string();
        let mut named = all.filter(|(_, list, place)| **list == entry["list"] && *place == index);
        named.next().map_or('?', |(letter, ..)| letter)
    }

    /// The verdict on each file, by a buyer who has today's bundle.
    async fn verdicts(&self) -> String {
        let buyer = Offline::fetched_from(&self.registry).await.by(&self.clock);
        let letter = |file: &Value| {
            let verification = buyer.verify(file.to_string().as_bytes());
            match verification.verdict() {
                "valid" => "V".to_owned(),
                "superseded" => "P".to_owned(),
                "suspended" => "S".to_owned(),
                "revoked" => "R".to_owned(),
                other => other.to_owned(),
            }
        };
        self.files.iter().map(letter).collect::<Vec<_>>().join(" ")
    }
}

/// The places of a credential's bits: for what, list, index.
fn statuses(file: &Value) -> Vec<(char, &Value, String)> {
    let entries = file["credentialStatus"].as_array().expect("status entries");
    let place = |entry: &'_ Value| entry["statusListIndex"].as_str().expect("a number").to_owned();
    let letter = |entry: &Value| match entry["statusPurpose"].as_str() {
        Some("revocation") => 'r',
        Some("suspension") => 's',
        Some("refresh") => 'f',
        other => panic!("{other:?} is no purpose"),
    };
    entries.iter().map(|e| (letter(e), &e["statusListCredential"], place(e))).collect()
}

/// The bits of a credential that are set after a leaf: `-`, or their letters.
fn bits(file: &Value, log: &LogCopy, leaf: u64) -> String {
    let is_set = |list: &Value, place: &str| {
        let list = list.as_str().expect("a list");
        log.set_bits(list, leaf).iter().any(|index| index.to_string() == place)
    };
    let mut set: Vec<char> =
        statuses(file).iter().filter(|(_, l, place)| is_set(l, place)).map(|s| s.0).collect();
    set.sort_by_key(|letter| "rsf".find(*letter));
    if set.is_empty() { "-".to_owned() } else { set.into_iter().collect() }
}

on_both_engines!(ten_years_of_one_certificate);
