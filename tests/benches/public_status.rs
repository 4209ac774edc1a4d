//! How soon the public learns of what was decided: from the answer to the decision until the status list, the
//! certificate's page and the trust bundle say so.
//!
//! `cargo bench -p akashi-tests --bench public_status`, under `tests/with-postgres` for both engines. The limit is
//! the design's: one second at the origin. Beside it, in the same run, one read of the page: what is waited for is
//! the registry's work, not the network.

use std::time::{Duration, Instant};

use akashi_tests::{Case, Cast, Client, Engine, Registry, Step, words};
use serde_json::{Value, json};
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_secs(1);
const ROUNDS: usize = 20;
/// Short against what is measured.
const POLL: Duration = Duration::from_millis(2);

/// How long each of the three took to follow.
#[derive(Default)]
struct Delays {
    list: Vec<Duration>,
    page: Vec<Duration>,
    bundle: Vec<Duration>,
    read: Vec<Duration>,
}

#[tokio::main]
async fn main() {
    println!("{:<10} {:<14} {:>9} {:>9} {:>9}", "engine", "", "median", "longest", "of limit");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if engine.is_here() {
            measure(engine).await.print(engine);
        }
    }
}

async fn measure(engine: Engine) -> Delays {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    let case = cast.bring(1, Step::Active).await;
    let anyone = registry.anyone();
    let list = suspension_list(&anyone, &case).await;
    let mut delays = Delays::default();
    for _ in 0..ROUNDS {
        for (event, state) in [("suspend", "suspended"), ("reinstate", "active")] {
            round(&cast, &anyone, &case, &list, (event, state), &mut delays).await;
        }
    }
    registry.discard().await;
    delays
}

/// One decision, and what follows it.
async fn round(
    cast: &Cast,
    anyone: &Client,
    case: &Case,
    list: &str,
    (event, state): (&str, &str),
    delays: &mut Delays,
) {
    let page = format!("/certificates/{}", case.certificate.as_deref().expect("it is granted"));
    let read = async |path: &str, accept: &str| anyone.get_as(path, accept).await.expect(200);
    let list_before = encoded(&read(list, "application/vc").await.json);
    let bundle_before = read("/.well-known/akashi/trust-bundle", "application/json").await.json;
    let version = cast.decision_maker.get(&case.certificate_path()).await.expect(200);
    let decision = json!({"version": version.number("/version"), "reason": words(), "cause_closed": true,
        "public_reason": "As decided.", "cause": "request", "heard": true});
    let decision = kept(decision, event);
    let path = format!("{}/{event}", case.certificate_path());
    cast.decision_maker.post(&path, &decision).await.expect(200);

    let decided = Instant::now();
    let (mut by_list, mut by_page, mut by_bundle) = (None, None, None);
    while by_list.is_none() || by_page.is_none() || by_bundle.is_none() {
        if by_list.is_none() && encoded(&read(list, "application/vc").await.json) != list_before {
            by_list = Some(decided.elapsed());
        }
        let before_read = Instant::now();
        if by_page.is_none() && read(&page, "application/json").await.json["state"] == state {
            by_page = Some(decided.elapsed());
            delays.read.push(before_read.elapsed());
        }
        if by_bundle.is_none() {
            let bundle = read("/.well-known/akashi/trust-bundle", "application/json").await.json;
            if bundle["signed"]["version"] != bundle_before["signed"]["version"] {
                by_bundle = Some(decided.elapsed());
            }
        }
        sleep(POLL).await;
    }
    delays.list.extend(by_list);
    delays.page.extend(by_page);
    delays.bundle.extend(by_bundle);
}

/// What the event's route takes, of all that any takes.
fn kept(mut decision: Value, event: &str) -> Value {
    let object = decision.as_object_mut().expect("an object");
    if event == "suspend" {
        object.remove("cause_closed");
    } else {
        object.remove("cause");
        object.remove("heard");
    }
    decision
}

/// The path of the list that holds the credential's suspension bit.
async fn suspension_list(anyone: &Client, case: &Case) -> String {
    let path = format!("/credentials/{}", case.credential.as_deref().expect("it is released"));
    let credential = anyone.get_as(&path, "application/vc").await.expect(200).json;
    let entries = credential["credentialStatus"].as_array().expect("entries").clone();
    let entry = entries.iter().find(|entry| entry["statusPurpose"] == "suspension");
    let list = entry.expect("an entry for suspension")["statusListCredential"].as_str();
    let at = list.and_then(|url| url.find("/status/").map(|at| url[at..].to_owned()));
    at.expect("the list's URL")
}

fn encoded(list: &Value) -> String {
    list["credentialSubject"]["encodedList"].as_str().expect("a list").to_owned()
}

impl Delays {
    fn print(mut self, engine: Engine) {
        let engine = format!("{engine:?}");
        for (what, times) in [
            ("status list", &mut self.list),
            ("page", &mut self.page),
            ("trust bundle", &mut self.bundle),
            ("(one read)", &mut self.read),
        ] {
            times.sort();
            let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
            let share = longest.as_secs_f64() / LIMIT.as_secs_f64();
            println!(
                "{engine:<10} {what:<14} {:>6} ms {:>6} ms {share:>9.2}",
                median.as_millis(),
                longest.as_millis()
            );
        }
    }
}
