//! What very many credentials cost: the built program on NDJSON of real size, on one core and on two, beside one bare
//! `verify_strict`; and how much memory it takes at ten thousand, a hundred thousand and a million, also where every one has its row,
//! and where a list asks for as many numbers.
//!
//! `cargo bench -p akashi-verifier --bench bulk -- [CREDENTIALS [MOST FOR MEMORY]]`; 200,000 and 1,000,000 by default.

#![allow(clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use akashi_schemas::CertificateNumber;
use common::{World, jcs};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// The size of a real credential.
const BYTES: usize = 6_900;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let count = numbers.next().unwrap_or(200_000);
    let most = numbers.next().unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mint = Mint::new(folder.path());
    println!("load before: {}", load());
    time(folder.path(), &mint, count);
    println!("load after that: {}", load());
    let steps = || [10_000, 100_000, 1_000_000].into_iter().filter(|step| *step <= most);
    measure("NDJSON of credentials, answered as NDJSON", steps(), |count| {
        piped(verify(folder.path(), &["-", "--jobs", "1", "--format", "ndjson"]), &mint, count)
    });
    // Without trust nothing is valid, and every credential has its row.
    measure("the same, every one a row of the table", steps(), |count| {
        piped(untrusting(folder.path(), &["-", "--jobs", "1"]), &mint, count)
    });
    measure("a list of certificate numbers beside one credential", steps(), |count| {
        let mut list = BufWriter::new(File::create(folder.path().join("list.csv")).unwrap());
        let mut serial = 0_u64;
        for _ in 0..count {
            let number = CertificateNumber::draw(|| {
                serial += 1;
                serial.to_be_bytes()[3..].try_into().unwrap()
            });
            writeln!(list, "{number}").unwrap();
        }
        list.into_inner().unwrap();
        let mut credential = File::create(folder.path().join("one.json")).unwrap();
        mint.write(1, &mut credential);
        peak(
            &mut verify(folder.path(), &["one.json", "list.csv", "--format", "csv"])
                .spawn()
                .unwrap(),
        )
    });
}

/// How often each number of cores is tried; the best counts, for a machine has other things to do too.
const ROUNDS: usize = 3;

/// Prints how fast so many credentials are checked on one core and on two.
fn time(folder: &Path, mint: &Mint, count: u64) {
    let file = folder.join("many.ndjson");
    let mut out = BufWriter::new(File::create(&file).unwrap());
    mint.write(count, &mut out);
    out.into_inner().unwrap();
    let unit = strict();
    let bytes = mint.line.len();
    println!("a credential of {bytes} bytes; one bare verify_strict {:.1} µs", micros(unit));
    let run = |jobs: &str| {
        let began = Instant::now();
        let arguments = ["many.ndjson", "--jobs", jobs, "--format", "ndjson"];
        assert!(verify(folder, &arguments).status().unwrap().success());
        began.elapsed() / u32::try_from(count).unwrap()
    };
    let rounds: Vec<_> = (0..ROUNDS).map(|_| ["1", "2"].map(run)).collect();
    let best = [0, 1].map(|at| rounds.iter().map(|round| round[at]).min().unwrap());
    for (jobs, each) in [1, 2].into_iter().zip(best) {
        println!(
            "--jobs {jobs}: {:>8.0} a second, {:>5.1} µs each, {:.2} × verify_strict",
            1.0 / each.as_secs_f64(),
            micros(each),
            each.as_secs_f64() / unit.as_secs_f64()
        );
    }
    println!("two are {:.2} × one", best[0].as_secs_f64() / best[1].as_secs_f64());
    fs::remove_file(&file).unwrap();
}

/// Prints the most memory that each number of things takes, and of what is more than the first how much a thing.
fn measure(what: &str, steps: impl Iterator<Item = u64>, peak_of: impl Fn(u64) -> u64) {
    println!("{what}:");
    let mut first = None;
    for count in steps {
        let peak = peak_of(count);
        let (least, least_peak) = *first.get_or_insert((count, peak));
        let more = match count - least {
            0 => String::new(),
            things => format!(
                ", {:.0} bytes each",
                peak.saturating_sub(least_peak) as f64 / things as f64
            ),
        };
        println!("{count:>9}: {:>6.1} MB{more}", peak as f64 / 1e6);
    }
}

/// The most memory that a command takes that so many credentials are piped to.
fn piped(mut command: Command, mint: &Mint, count: u64) -> u64 {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = BufWriter::with_capacity(1 << 16, child.stdin.take().unwrap());
    mint.write(count, &mut input);
    drop(input.into_inner().unwrap());
    peak(&mut child)
}

/// Waits for a child to end; the most memory that it took, in bytes (`VmHWM`, proc(5)).
fn peak(child: &mut Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = kib.map_or(peak, |kib| kib * 1024);
        thread::sleep(Duration::from_millis(1));
    }
    // All valid, or not all.
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 1)));
    peak
}

/// How many others wait for a core: the means of the last one, five and fifteen minutes (proc(5)).
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let means: Vec<_> = load.split_whitespace().take(3).collect();
    format!("{} on {} cores", means.join(" "), thread::available_parallelism().unwrap())
}

/// Makes credentials of one body, each of another id, without canonicalising each.
struct Mint {
    world: World,
    /// The canonical payload, and the signed credential with a line feed.
    payload: Vec<u8>,
    line: Vec<u8>,
    config_digest: [u8; 32],
}

/// Where the ids differ.
const SERIAL: &str = "000000000001";

impl Mint {
    fn new(folder: &Path) -> Self {
        let mut world = World::good();
        let now = common_now();
        world.bundle["as_of"] = json!(now - jiff::SignedDuration::from_hours(1));
        world.bundle["expires"] = json!(now + jiff::SignedDuration::from_hours(168));
        for list in &mut world.lists {
            list["validFrom"] = json!(now - jiff::SignedDuration::from_hours(2));
        }
        world.payload["validFrom"] = json!(now - jiff::SignedDuration::from_hours(24));
        let assessments =
            world.payload["credentialSubject"]["conformityAssessment"].as_array_mut().unwrap();
        let section = assessments[0].clone();
        while jcs(&json!(assessments)).len() < BYTES - 2_200 {
            let mut section = section.clone();
            section["name"] = json!(format!(
                "Section {}: recruitment, contracts, wages, housing, voice",
                assessments.len()
            ));
            assessments.push(section);
        }
        fs::write(folder.join("root"), world.root_bytes()).unwrap();
        fs::write(folder.join("bundle"), world.bundle_bytes()).unwrap();
        let signed = world.sign_proof(&world.payload);
        let mut config = signed["proof"].clone();
        config.as_object_mut().unwrap().remove("proofValue");
        let line = [jcs(&signed), b"\n".to_vec()].concat();
        let config_digest = Sha256::digest(jcs(&config)).into();
        Self { payload: jcs(&world.payload), line, config_digest, world }
    }

    fn write(&self, count: u64, out: &mut impl Write) {
        let places = |bytes: &[u8]| -> Vec<usize> {
            let found = bytes
                .windows(SERIAL.len())
                .enumerate()
                .filter(|(_, window)| *window == SERIAL.as_bytes());
            found.map(|(at, _)| at).collect()
        };
        let (mut payload, mut line) = (self.payload.clone(), self.line.clone());
        let (in_payload, in_line) = (places(&payload), places(&line));
        let marker = b"\"proofValue\":\"";
        let start =
            line.windows(marker.len()).position(|window| window == marker).unwrap() + marker.len();
        let end = start + line[start..].iter().position(|byte| *byte == b'"').unwrap();
        for serial in 0..count {
            let serial = format!("{serial:012}");
            for (bytes, places) in [(&mut payload, &in_payload), (&mut line, &in_line)] {
                places.iter().for_each(|at| {
                    bytes[*at..*at + SERIAL.len()].copy_from_slice(serial.as_bytes());
                });
            }
            let message = [&self.config_digest[..], &Sha256::digest(&payload)].concat();
            let signature = self.world.body_key.sign(&message).to_bytes();
            out.write_all(&line[..start]).unwrap();
            write!(out, "z{}", bs58::encode(signature).into_string()).unwrap();
            out.write_all(&line[end..]).unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test reads the same clock")]
fn common_now() -> jiff::Timestamp {
    let since =
        std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let now = jiff::Timestamp::from_second(i64::try_from(since.as_secs()).unwrap()).unwrap();
    assert!(now > common::time(common::NOW), "the clock is right");
    now
}

fn verify(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = untrusting(folder, arguments);
    command.args(["--trust", "bundle", "--root", "root"]);
    command
}

/// With nothing to check against.
fn untrusting(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akashi-verify"));
    command.args(arguments).current_dir(folder).env("XDG_STATE_HOME", folder.join("state"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The median cost of one bare signature check.
fn strict() -> Duration {
    let secret = SigningKey::from_bytes(&[7; 32]);
    let (message, key) = ([3; 64], secret.verifying_key());
    let signature = secret.sign(&message);
    let mut times: Vec<_> = (0..15)
        .map(|_| {
            let began = Instant::now();
            (0..400).for_each(|_| key.verify_strict(black_box(&message), &signature).unwrap());
            began.elapsed() / 400
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
