//! The registry is killed (SIGKILL) at random moments of a hundred grants, and comes back.
//!
//! Whatever it acknowledged is still there; every grant ends released, or shown as failed; the log has
//! neither gap nor fork; and certificates, public pages, status lists and a replay of the log agree.
//!
//! `AKASHI_KILLS` says how often on each engine (five unless it says), `AKASHI_KILL_SEED` from which
//! seed the moments are drawn (a new one each time, which is printed). `tests/kill-soak` does it for long.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use akashi_tests::{
    Case, Cast, Checkpoint, Client, Engine, LogCopy, OPERATOR, PASSWORD, Registry, Snapshot, Step,
    grant, on_both_engines, words,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use tokio::time::sleep;

const API: &str = "/api/v1";
const GRANTS: u32 = 100;
/// How many are killed side by side: a job in hand waits out its lease, and there is nothing to do then.
const SIDE_BY_SIDE: usize = 5;
/// Within this every grant is released or shown as failed, after any restart.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// A moment to be killed at.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// After so many acknowledged grants …
    grants: usize,
    /// … and this much later.
    delay: Duration,
}

/// Draws moments from a seed, by SplitMix64.
struct Moments(u64);

impl Moments {
    fn draw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

impl Iterator for Moments {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        let grants = usize::try_from(self.draw(u64::from(GRANTS) + 1)).ok()?;
        Some(Moment { grants, delay: Duration::from_micros(self.draw(30_000)) })
    }
}

fn number_of(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {value}")))
}

/// A registry with a hundred applications that wait for their decision, at rest.
struct Prepared {
    snapshot: Snapshot,
    cast: Cast,
    cases: Vec<Case>,
}

impl Prepared {
    async fn on(engine: Engine) -> Prepared {
        let registry = Registry::start(engine).await;
        let cast = Cast::gather(&registry).await;
        let mut cases = Vec::new();
        for n in 1..=GRANTS {
            cases.push(cast.bring(n, Step::Deciding).await);
        }
        Prepared { snapshot: registry.into_snapshot().await, cast, cases }
    }
}

/// What was seen of the registry before it was killed.
#[derive(Debug, Default)]
struct Seen {
    /// The certificates' numbers and credentials of acknowledged grants, by their place among the cases.
    granted: BTreeMap<usize, (String, String)>,
    /// The numbers of certificates whose suspension was acknowledged.
    suspended: BTreeSet<String>,
    /// The checkpoints that the log showed.
    checkpoints: Vec<Checkpoint>,
    /// Nothing more is granted: all are, or the registry is gone.
    over: bool,
}

type Shared = Arc<Mutex<Seen>>;

fn look<T>(seen: &Shared, at: impl FnOnce(&mut Seen) -> T) -> T {
    at(&mut seen.lock().expect("nobody panics while looking"))
}

/// Grants one application after the other, until all are or the registry is gone.
async fn grant_all(decider: Client, prepared: Arc<Prepared>, versions: Vec<i64>, seen: Shared) {
    for (place, (case, version)) in prepared.cases.iter().zip(versions).enumerate() {
        let path = format!("{}/decision", case.application_path());
        let Some(answer) = decider.try_post(&path, &grant(version)).await else { break };
        let decided = answer.expect(201);
        let granted =
            (decided.text("/certificate").to_owned(), decided.text("/credential").to_owned());
        look(&seen, |seen| seen.granted.insert(place, granted));
    }
    look(&seen, |seen| seen.over = true);
}

/// Suspends every tenth certificate as soon as it is active, until the registry is gone.
async fn suspend_some(decider: Client, seen: Shared) {
    for place in (0..GRANTS as usize).step_by(10) {
        let number = loop {
            let (granted, over) =
                look(&seen, |seen| (seen.granted.get(&place).cloned(), seen.over));
            match granted {
                Some((number, _)) => break number,
                None if over => return,
                None => sleep(Duration::from_millis(1)).await,
            }
        };
        let path = format!("{API}/certificates/{number}");
        let version = loop {
            let Some(certificate) = decider.try_get(&path).await else { return };
            let certificate = certificate.expect(200);
            if certificate.text("/state") == "active" {
                break certificate.number("/version");
            }
            sleep(Duration::from_millis(2)).await;
        };
        let suspension = json!({"version": version, "cause": "request", "heard": true, "reason": words(),
            "public_reason": "The holder asked for it."});
        let Some(answer) = decider.try_post(&format!("{path}/suspend"), &suspension).await else {
            return;
        };
        answer.expect(200);
        look(&seen, |seen| seen.suspended.insert(number));
    }
}

/// Keeps every checkpoint that the log shows, until the registry is gone.
async fn watch_the_log(anyone: Client, seen: Shared) {
    while let Some(answer) = anyone.try_get("/log/checkpoint").await {
        let checkpoint = Checkpoint::of(&answer.expect(200));
        look(&seen, |seen| {
            if seen.checkpoints.last() != Some(&checkpoint) {
                seen.checkpoints.push(checkpoint);
            }
        });
        sleep(Duration::from_millis(3)).await;
    }
}

/// Kills a copy of the prepared registry at a moment of the grants, brings it back and looks at it.
async fn kill_at(moment: Moment, prepared: Arc<Prepared>) -> String {
    let mut registry = prepared.snapshot.start().await;
    let seen = Shared::default();
    let decider = registry.sign_in(&prepared.cast.decision_maker.email, PASSWORD).await;
    let mut versions = Vec::new();
    for case in &prepared.cases {
        versions.push(decider.get(&case.application_path()).await.expect(200).number("/version"));
    }
    let mut busy = JoinSet::new();
    busy.spawn(watch_the_log(registry.anyone(), seen.clone()));
    busy.spawn(suspend_some(decider.clone(), seen.clone()));
    busy.spawn(grant_all(decider, prepared.clone(), versions.clone(), seen.clone()));
    while look(&seen, |seen| seen.granted.len() < moment.grants && !seen.over) {
        sleep(Duration::from_micros(200)).await;
    }
    sleep(moment.delay).await;
    registry.kill9();
    while let Some(ended) = busy.join_next().await {
        ended.expect("who spoke to the registry saw nothing but its end");
    }
    let seen = std::mem::take(&mut *seen.lock().expect("nobody else looks any more"));

    registry.restart().await;
    let after = After::of(&registry, &prepared).await;
    let decided = after.decided().await;
    for place in seen.granted.keys() {
        assert!(decided.contains(place), "the grant of case {place} was acknowledged, and is lost");
    }
    let settled = after.settle(&decided, &seen).await;

    // Killed is not broken: it goes on where it stood.
    for (place, version) in
        versions.into_iter().enumerate().filter(|(place, _)| !decided.contains(place))
    {
        let path = format!("{}/decision", prepared.cases[place].application_path());
        after.decider.post(&path, &grant(version)).await.expect(201);
    }
    after.settle(&(0..prepared.cases.len()).collect(), &seen).await;
    registry.discard().await;
    format!(
        "{} acknowledged, {} decided, settled after {settled:?}",
        seen.granted.len(),
        decided.len()
    )
}

/// What the log says, leaf by leaf up to one.
#[derive(Debug, Default)]
struct Replay {
    /// The digest of the payload by the certificate's number.
    credentials: BTreeMap<String, String>,
    /// The bits that are set, by the list's address.
    set: BTreeMap<String, BTreeSet<u64>>,
    /// The numbers of the certificates with a bit that is set.
    marked: BTreeSet<String>,
}

impl Replay {
    fn of(log: &LogCopy, leaves: usize) -> Replay {
        let mut replay = Replay::default();
        for entry in log.json().take(leaves) {
            let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
            match entry["kind"].as_str() {
                Some("credential") => {
                    let other = replay.credentials.insert(text("number"), text("payload_sha256"));
                    assert!(other.is_none(), "{} has two credentials: {entry}", text("number"));
                }
                Some("status") => {
                    let index = entry["idx"].as_u64().expect("an index");
                    let bits = replay.set.entry(text("list")).or_default();
                    let changed = match entry["bit"].as_u64() {
                        Some(1) => bits.insert(index) && replay.marked.insert(text("number")),
                        _ => bits.remove(&index) && replay.marked.remove(&text("number")),
                    };
                    assert!(changed, "the log changes a bit that is so already: {entry}");
                }
                _ => {}
            }
        }
        replay
    }
}

/// The registry after it came back.
struct After<'a> {
    anyone: Client,
    decider: Client,
    operator: Client,
    cases: &'a [Case],
}

impl<'a> After<'a> {
    async fn of(registry: &Registry, prepared: &'a Prepared) -> After<'a> {
        After {
            anyone: registry.anyone(),
            decider: registry.sign_in(&prepared.cast.decision_maker.email, PASSWORD).await,
            operator: registry.sign_in(OPERATOR, PASSWORD).await,
            cases: &prepared.cases,
        }
    }

    /// The places of the cases that are decided.
    async fn decided(&self) -> BTreeSet<usize> {
        let mut decided = BTreeSet::new();
        for (place, case) in self.cases.iter().enumerate() {
            let application = self.decider.get(&case.application_path()).await.expect(200);
            match application.text("/state") {
                "decided" => assert!(decided.insert(place)),
                state => assert_eq!(state, "deciding", "a grant was done by half"),
            }
        }
        decided
    }

    /// Waits until every grant is released or shown as failed and all that is shown agrees. Gives how
    /// long that took.
    async fn settle(&self, decided: &BTreeSet<usize>, seen: &Seen) -> Duration {
        let began = Instant::now();
        loop {
            let log = LogCopy::fetch(&self.anyone).await;
            for checkpoint in &seen.checkpoints {
                log.contains(checkpoint);
            }
            match self.agreement(&log, decided, seen).await {
                Ok(()) => return began.elapsed(),
                Err(why) if began.elapsed() > SETTLED_WITHIN => {
                    panic!("after a minute still: {why}")
                }
                Err(_) => sleep(Duration::from_millis(500)).await,
            }
        }
    }

    /// Whether everything decided is shown, and everywhere alike; or what differs yet.
    async fn agreement(
        &self,
        log: &LogCopy,
        decided: &BTreeSet<usize>,
        seen: &Seen,
    ) -> Result<(), String> {
        let replay = Replay::of(log, log.entries.len());
        agree("granted by the log", &replay.credentials.len(), &decided.len())?;
        for (number, _) in seen.granted.values() {
            agree(
                "an acknowledged grant in the log",
                &replay.credentials.contains_key(number),
                &true,
            )?;
        }
        let jobs = self.operator.get(&format!("{API}/jobs")).await.expect(200);
        let failed = jobs.at("/failed_credentials").as_array().cloned().unwrap_or_default();
        let mut lists = BTreeSet::new();
        for (number, digest) in &replay.credentials {
            let certificate =
                self.decider.get(&format!("{API}/certificates/{number}")).await.expect(200);
            let state = certificate.text("/state");
            if state == "issue_failed"
                && failed.iter().any(|one| one["certificate"] == number.as_str())
            {
                continue;
            }
            let expected = if replay.marked.contains(number) { "suspended" } else { "active" };
            agree(number, state, expected)?;
            let page =
                self.anyone.get_as(&format!("/certificates/{number}"), "application/json").await;
            agree(&format!("the page of {number}"), &page.json["state"], &json!(expected))?;
            let credential = self.released(page.text("/credential_id")).await;
            agree(&format!("the payload of {number}"), &hex(&Sha256::digest(&credential)), digest)?;
            let payload: Value = serde_json::from_slice(&credential).expect("a payload is JSON");
            let statuses = payload["credentialStatus"].as_array().cloned().unwrap_or_default();
            lists.extend(
                statuses
                    .iter()
                    .filter_map(|s| s["statusListCredential"].as_str())
                    .map(str::to_owned),
            );
        }
        for number in &seen.suspended {
            agree("an acknowledged suspension in the log", &replay.marked.contains(number), &true)?;
        }
        for list in &lists {
            self.list_agrees(list, log, &replay).await?;
        }
        Ok(())
    }

    /// The payload of a released credential, out of its JWT.
    async fn released(&self, id: &str) -> Vec<u8> {
        let jwt = self
            .anyone
            .get_as(&format!("/credentials/{id}"), "application/vc+jwt")
            .await
            .expect(200);
        let jwt = String::from_utf8(jwt.body).expect("a JWT is ASCII");
        let payload = jwt.split('.').nth(1).expect("a JWT has a payload");
        BASE64_URL_SAFE_NO_PAD.decode(payload).expect("a JWT's payload is base64url")
    }

    /// A list's bits are what a replay gives at the leaf that it states, and no leaf about it is left out.
    async fn list_agrees(&self, list: &str, log: &LogCopy, replay: &Replay) -> Result<(), String> {
        let answer = self.anyone.get(list).await.expect(200);
        let leaf = answer
            .header("akashi-leaf")
            .map_or(0, |leaf| leaf.parse::<usize>().expect("a number") + 1);
        let encoded = answer.text("/credentialSubject/encodedList");
        let bytes = akashi_verifier::status::decode(encoded).expect("a list can be read");
        let bits =
            (0..).zip(bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1)));
        let set: BTreeSet<u64> =
            bits.filter(|(_, bit)| *bit == 1).map(|(index, _)| index).collect();
        if leaf <= log.entries.len() {
            let stated = Replay::of(log, leaf).set.remove(list).unwrap_or_default();
            assert_eq!(set, stated, "{list} does not say what the log says at its leaf {leaf}");
        }
        agree(list, &set, replay.set.get(list).unwrap_or(&BTreeSet::new()))
    }
}

fn agree<T: PartialEq + std::fmt::Debug + ?Sized>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, not {expected:?}")) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn a_registry_killed_amid_grants_loses_and_forks_nothing(engine: Engine) {
    let seed = number_of("AKASHI_KILL_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let kills = number_of("AKASHI_KILLS").unwrap_or(5);
    println!("{kills} kills on {engine:?}, AKASHI_KILL_SEED={seed}");
    let prepared = Arc::new(Prepared::on(engine).await);
    let moments: Vec<Moment> = (0..kills).zip(Moments(seed)).map(|(_, moment)| moment).collect();
    for moments in moments.chunks(SIDE_BY_SIDE) {
        let mut running = JoinSet::new();
        for &moment in moments {
            let prepared = prepared.clone();
            running.spawn(async move {
                println!("{engine:?}, {moment:?}: {}", kill_at(moment, prepared).await);
            });
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap_or_else(|error| panic!("AKASHI_KILL_SEED={seed} on {engine:?}: {error}"));
        }
    }
}

on_both_engines!(a_registry_killed_amid_grants_loses_and_forks_nothing);
