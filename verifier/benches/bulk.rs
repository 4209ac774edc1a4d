//! What very many credentials cost: the built programme on NDJSON of real size, on one core and on two, beside one bare
//! `verify_strict`; and how much memory it takes at ten thousand, a hundred thousand and a million.
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
use std::time::{Duration, Instant};

use common::{World, jcs, time};
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
    let file = folder.path().join("many.ndjson");
    let mut out = BufWriter::new(File::create(&file).unwrap());
    mint.write(count, &mut out);
    out.into_inner().unwrap();

    let unit = strict();
    println!(
        "a credential of {} bytes; one bare verify_strict {:.1} µs",
        mint.line.len(),
        micros(unit)
    );
    let mut rates = Vec::new();
    for jobs in ["1", "2"] {
        let began = Instant::now();
        let status = verify(folder.path(), &["many.ndjson", "--jobs", jobs]).status().unwrap();
        assert!(status.success());
        let each = began.elapsed() / u32::try_from(count).unwrap();
        rates.push(1.0 / each.as_secs_f64());
        println!(
            "--jobs {jobs}: {:>8.0} a second, {:>5.1} µs each, {:.2} × verify_strict",
            1.0 / each.as_secs_f64(),
            micros(each),
            each.as_secs_f64() / unit.as_secs_f64()
        );
    }
    println!("two are {:.2} × one", rates[1] / rates[0]);
    fs::remove_file(&file).unwrap();

    let mut steps: Vec<u64> =
        [10_000, 100_000, 1_000_000].into_iter().filter(|step| *step <= most).collect();
    steps.dedup();
    for step in steps {
        let mut child =
            verify(folder.path(), &["-", "--jobs", "1"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = BufWriter::with_capacity(1 << 16, child.stdin.take().unwrap());
        // The last line is held back, so that the child can be looked at.
        mint.write(step, &mut input);
        input.flush().unwrap();
        let peak = peak(&child);
        drop(input);
        assert!(child.wait().unwrap().success());
        println!("{step:>9} credentials: {peak}");
    }
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
    assert!(now > time(common::NOW), "the clock is right");
    now
}

fn verify(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akashi-verify"));
    command.args(arguments).args(["--trust", "bundle", "--root", "root", "--format", "ndjson"]);
    command.current_dir(folder).env("XDG_STATE_HOME", folder.join("state"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The most memory that the child has taken so far.
fn peak(child: &Child) -> String {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown").to_string()
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
