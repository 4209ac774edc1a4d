//! What one whole check costs: beside one bare `verify_strict` of ed25519-dalek, which is the unit, and beside what other
//! libraries take for the same job. On one core; the ratios are of one run.
//!
//! `cargo bench --manifest-path verifier/bench/Cargo.toml`; with `-- --readme` the table in README.md is written anew.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod peers;

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use akashi_verifier::{Given, PreparedKey, PublicKey, Trust, Verdict, verify, verify_each};
use common::World;
use ed25519_dalek::{Signature, Signer as _, SigningKey};

/// Different credentials, so that no guess of the processor's is better than it would be.
const CREDENTIALS: usize = 64;
/// So many are checked together in bulk.
const BATCH: usize = 16;
/// In each round so many of each.
const TIMES: usize = 6 * CREDENTIALS;
const ROUNDS: usize = 25;
/// So many signatures a body's key is not yet prepared for.
const FIRST: usize = 32;
/// The table's place in the README.
const MARKS: [&str; 2] = ["<!-- what a check costs -->\n", "<!-- end -->"];

fn main() {
    let world = World::of_real_size();
    let files: Vec<[Vec<u8>; 2]> = (0..CREDENTIALS).map(|n| numbered(&world, n).forms()).collect();
    let signed: Vec<_> = (0..CREDENTIALS).map(message_and_signature).collect();
    let long: Vec<_> = files.iter().map(|[_, jwt]| sign(&world.body_key, jwt)).collect();
    let key = world.body_key.verifying_key();
    let prepared = PreparedKey::new(PublicKey::from_bytes(key.to_bytes()).expect("a key"));
    let [embedded, jwts] = [0, 1].map(|form| files.iter().map(|f| &*f[form]).collect::<Vec<_>>());

    let n = Cell::new(0);
    let next = || n.replace(n.get() + 1) % CREDENTIALS;
    let trust = world.trust().expect("trust");
    let check = |file: &[u8], trust: &Trust| {
        let report = verify(black_box(file), Ok(trust), &world.policy, world.now, None);
        assert_eq!(report.verdict, Verdict::Valid);
    };
    let pool = RefCell::new(Vec::new());
    let fresh = RefCell::new(world.trust().expect("trust"));
    let first = |files: &[&[u8]]| {
        let n = next();
        if n % FIRST == 0 {
            *fresh.borrow_mut() = pool.borrow_mut().pop().expect("enough of them");
        }
        check(files[n], &fresh.borrow());
    };
    let bulk = |files: &[&[u8]]| {
        let credentials = files.iter().map(|file| black_box(*file));
        let given: Vec<_> =
            credentials.map(|credential| Given { credential, log_proof: None }).collect();
        let reports = verify_each(&given, Ok(&trust), &world.policy, world.now);
        assert!(reports.iter().all(|report| report.verdict == Verdict::Valid));
    };
    let strict = |(message, signature): &(Vec<u8>, Signature)| {
        key.verify_strict(black_box(message), signature).expect("good");
    };
    let jsonwebtoken = peers::JsonWebToken::new(&world);
    let ssi = peers::Ssi::new(&world);
    let rows: [Row<'_>; 11] = [
        ("ed25519-dalek `verify_strict`, 64 bytes", 1, &|| strict(&signed[next()])),
        ("ed25519-dalek `verify_strict`, the JWT's bytes", 1, &|| strict(&long[next()])),
        ("Akashi, signature alone, key prepared", 1, &|| {
            let (message, signature) = &signed[next()];
            assert!(prepared.verify(black_box(message), &signature.to_bytes()));
        }),
        ("Akashi, a body's first, embedded proof", 1, &|| first(&embedded)),
        ("Akashi, a body's first, JWT", 1, &|| first(&jwts)),
        ("Akashi, key prepared, embedded proof", 1, &|| check(embedded[next()], &trust)),
        ("Akashi, key prepared, JWT", 1, &|| check(jwts[next()], &trust)),
        ("Akashi, in bulk, embedded proof", CREDENTIALS, &|| {
            embedded.chunks(BATCH).for_each(bulk);
        }),
        ("Akashi, in bulk, JWT", CREDENTIALS, &|| jwts.chunks(BATCH).for_each(bulk)),
        ("`jsonwebtoken`, JWT", 1, &|| jsonwebtoken.check(black_box(jwts[next()]))),
        ("`ssi`, JWT", 1, &|| ssi.check(black_box(jwts[next()]))),
    ];
    (0..2).for_each(|_| bulk(&embedded));
    let mut times = vec![Vec::new(); rows.len()];
    // Round by round, so that what slows the machine slows all alike.
    for _ in 0..ROUNDS {
        for ((_, of, work), times) in rows.iter().zip(&mut times) {
            n.set(0);
            pool.replace((0..TIMES / FIRST).map(|_| world.trust().expect("trust")).collect());
            times.push(once(work, TIMES / of) / u32::try_from(*of).expect("few"));
        }
    }
    let table = table(&rows, &times, [embedded[0].len(), jwts[0].len()]);
    println!("{table}");
    if std::env::args().any(|argument| argument == "--readme") {
        write_readme(&table);
    }
}

/// What it is called, of how many credentials one call is, and the call.
type Row<'a> = (&'a str, usize, &'a dyn Fn());

/// Of every row the median time, and the median of how often the first row's time fits into it: each round is compared with
/// itself, so that a round in which the machine did something else besides falls out.
fn table(rows: &[Row<'_>], times: &[Vec<Duration>], [embedded, jwt]: [usize; 2]) -> String {
    let mut table = format!(
        "| one credential of {embedded} bytes, as JWT {jwt} | µs | × `verify_strict` |\n|---|---:|---:|\n"
    );
    let unit = &times[0];
    for ((name, ..), times) in rows.iter().zip(times) {
        let seconds = times.iter().map(Duration::as_secs_f64);
        let ratios = times.iter().zip(unit).map(|(time, unit)| time.div_duration_f64(*unit));
        writeln!(table, "| {name} | {:.1} | {:.2} |", median(seconds) * 1e6, median(ratios)).expect("text");
    }
    table
}

fn write_readme(table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(path).expect("the README");
    let (before, rest) = readme.split_once(MARKS[0]).expect("where the table begins");
    let (_, after) = rest.split_once(MARKS[1]).expect("where it ends");
    let readme = [before, MARKS[0], table, MARKS[1], after].concat();
    std::fs::write(path, readme).expect("the README can be written");
}

fn numbered(world: &World, n: usize) -> World {
    let mut world = world.clone();
    world.payload["id"] = format!("{}/credentials/{n:032x}", common::ORIGIN).into();
    world.payload["credentialSubject"]["nonce"] = format!("{n:022}").into();
    world
}

fn message_and_signature(n: usize) -> (Vec<u8>, Signature) {
    sign(&common::key(1), &[n.to_le_bytes(); 8].concat())
}

fn sign(key: &SigningKey, message: &[u8]) -> (Vec<u8>, Signature) {
    (message.to_vec(), key.sign(message))
}

fn once(work: &dyn Fn(), times: usize) -> Duration {
    let began = Instant::now();
    (0..times).for_each(|_| work());
    began.elapsed() / u32::try_from(times).expect("few")
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
