//! `akashi-verify trust`: a root pinned, roots and bundles fetched from a registry that may be anyone, and files checked
//! with what is stored.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use akashi_verifier::trust::delta;
use common::*;
use serde_json::{Value, json};
use tempfile::TempDir;

const BUNDLE: &str = "/.well-known/akashi/trust-bundle";

/// What a registry says at a path: status line, media type and body, or bytes of its own.
#[derive(Clone)]
enum Says {
    Json(Vec<u8>),
    Delta(Vec<u8>),
    Bare(Vec<u8>),
    /// No end.
    Endless,
    /// A byte now and then.
    Slow,
}

/// A registry on this machine that answers by a table, 404 for the rest, and keeps what it was asked.
struct Registry {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    says: Arc<Mutex<BTreeMap<String, Says>>>,
}

impl Registry {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let registry = Self { port, asked: Arc::default(), says: Arc::default() };
        let (asked, says) = (registry.asked.clone(), registry.says.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (asked, says) = (asked.clone(), says.clone());
                thread::spawn(move || answer(stream.unwrap(), &asked, &says));
            }
        });
        registry
    }

    fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn says(&self, path: &str, says: Says) -> &Self {
        self.says.lock().unwrap().insert(path.into(), says);
        self
    }

    /// What it was asked since this was asked last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, asked: &Mutex<Vec<String>>, says: &Mutex<BTreeMap<String, Says>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(request)) = lines.next() else { return };
    let path = request.split(' ').nth(1).unwrap().to_string();
    lines.map_while(Result::ok).find(String::is_empty);
    asked.lock().unwrap().push(path.clone());
    let says = says.lock().unwrap().get(&path).cloned();
    let head = |media_type: &str, length: usize| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let open = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    let none = "HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    // Whoever asked may have gone, having heard enough.
    let _ = match says {
        None => stream.write_all(none.as_bytes()),
        Some(Says::Json(body)) => {
            stream.write_all(&[head("application/json", body.len()).as_bytes(), &body].concat())
        }
        Some(Says::Delta(body)) => {
            stream.write_all(&[head(delta::MEDIA_TYPE, body.len()).as_bytes(), &body].concat())
        }
        Some(Says::Bare(bytes)) => stream.write_all(&bytes),
        Some(Says::Endless) => {
            let written = stream.write_all(open.as_bytes());
            let blanks = vec![b' '; 1 << 20];
            written.and_then(|()| (0..).try_for_each(|_: u64| stream.write_all(&blanks)))
        }
        Some(Says::Slow) => stream.write_all(open.as_bytes()).and_then(|()| {
            (0..).try_for_each(|_: u64| {
                thread::sleep(Duration::from_millis(100));
                stream.write_all(b" ")
            })
        }),
    };
}

/// A folder of files with a state folder in it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    /// With `a.json` of that world.
    fn new(world: &World) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.put("a.json", &world.forms()[0]);
        desk
    }

    /// With that world's root pinned and its bundle stored.
    fn stored(world: &World, registry: &Registry) -> Self {
        let desk = Self::new(world);
        registry.says(BUNDLE, Says::Json(world.bundle_bytes()));
        desk.pin(world);
        assert_says(&desk.run(&["trust", "update", &registry.origin()]), 0, &["stored"]);
        registry.asked();
        desk
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn pin(&self, world: &World) {
        self.put("root", &world.root_bytes());
        assert_says(&self.run(&["trust", "pin", "root"]), 0, &["Root 1 is pinned."]);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_akashi-verify"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("XDG_STATE_HOME", self.folder.path().join("state")).env_remove("HOME");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Verdict and reason of what failed first, checked with what is stored.
    fn verdict(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["a.json", "--format", "json"], arguments].concat());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{}", String::from_utf8_lossy(&output.stderr));
        });
        answer[0]["verdict"].as_str().unwrap().into()
    }

    /// All that is stored, file by file.
    fn state(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.path().join("state")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => drop(files.insert(path.clone(), fs::read(path).unwrap())),
                }
            }
        }
        files
    }
}

#[track_caller]
fn assert_says(output: &Output, code: i32, words: &[&str]) -> String {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} in: {said}");
    if code == 2 {
        assert_eq!(said.lines().count(), 1, "one sentence: {said}");
    }
    said
}

/// The next bundle of a world, with the credential's revocation bit set.
fn next(world: &World) -> World {
    let mut next = world.clone();
    next.bundle["version"] = json!(8);
    let since = next.lists[0]["validFrom"].clone();
    next.set_bit("revocation");
    next.list_mut("revocation")["validFrom"] = since;
    next
}

/// A world under root 2, which names another bundle key, and that root signed by root keys 11 and 12.
fn rotated(world: &World) -> World {
    let mut rotated = World { bundle_signer: key(22), ..world.clone() };
    rotated.root["version"] = json!(2);
    rotated.root["bundle_key"] = json!(multikey(&key(22)));
    rotated.bundle["root_version"] = json!(2);
    rotated
}

/// A world under the root of a registry that has no key in common with this one's.
fn of_another_registry(world: &World) -> World {
    let mut other = World { root_signers: vec![key(51), key(52)], ..world.clone() };
    other.root["root_keys"] = json!([51, 52, 53].map(|seed| multikey(&key(seed))));
    other
}

/// Roots that follow one another, as one file.
fn chain(roots: &[Vec<u8>]) -> Vec<u8> {
    let roots: Vec<Value> =
        roots.iter().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect();
    jcs(&json!(roots))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn pinning_shows_the_digest_and_asks_that_it_be_compared() {
    let world = fresh();
    let desk = Desk::new(&world);
    desk.put("root", &world.root_bytes());
    let digest = hex(&jcs(&world.root));
    let said = assert_says(&desk.run(&["trust", "pin", "root"]), 0, &[&digest, "over another way"]);
    assert!(said.contains("Root 1 is pinned."), "{said}");
    assert_says(&desk.run(&["trust", "pin", "root"]), 0, &["is pinned already", &digest]);
    assert_eq!(desk.verdict(&[]), "unverified", "a root alone tells nothing of status");
}

#[test]
fn pinning_with_the_wrong_digest_pins_nothing() {
    let world = fresh();
    let desk = Desk::new(&world);
    desk.put("root", &world.root_bytes());
    let (right, wrong) = (hex(&jcs(&world.root)), "ab".repeat(32));
    let output = desk.run(&["trust", "pin", "root", "--digest", &wrong]);
    assert_says(&output, 2, &["root has the digest", &right, &wrong, "do not use it"]);
    assert_eq!(desk.state(), BTreeMap::new());
    let output = desk.run(&["trust", "pin", "root", "--digest", &right]);
    assert_says(&output, 0, &["as you expected"]);
}

#[test]
fn a_pinned_root_gives_way_to_its_successor_alone() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    let root = |world: &World, signers: &[u8]| {
        let signers: Vec<_> = signers.iter().map(|seed| key(*seed)).collect();
        manifest(&world.root, &signers.iter().collect::<Vec<_>>())
    };
    let mut stranger = rotated(&world);
    stranger.root["root_keys"] = json!([51, 52, 53].map(|seed| multikey(&key(seed))));
    let mut third = rotated(&world);
    third.root["version"] = json!(3);
    let before = desk.state();
    for (bytes, code, advice) in [
        (root(&stranger, &[51, 52]), "root_not_vouched_for", "--replace"),
        (root(&stranger, &[51, 52, 11]), "root_not_vouched_for", "--replace"),
        (root(&third, &[11, 12]), "root_skipped", "trust update"),
        (root(&rotated(&world), &[11]), "root_under_signed", "fetch it again"),
    ] {
        desk.put("next", &bytes);
        assert_says(&desk.run(&["trust", "pin", "next"]), 2, &[code, advice]);
        assert_eq!(desk.state(), before, "{code}");
    }
    desk.put("next", &root(&rotated(&world), &[12, 13]));
    assert_says(
        &desk.run(&["trust", "pin", "next"]),
        0,
        &["Root 2 is pinned.", "needs no comparing"],
    );
    assert_eq!(desk.verdict(&[]), "unverified", "the bundle was of the root before");
    // Back it does not go.
    assert_says(&desk.run(&["trust", "pin", "root"]), 2, &["root_older"]);
    desk.put("next", &root(&stranger, &[51, 52]));
    assert_says(&desk.run(&["trust", "pin", "next", "--replace"]), 0, &["over another way"]);
}

/// `--replace` would help a forger, or turn back, where the root is of the registry whose root is pinned.
#[test]
fn what_is_advised_about_a_refused_root_fits_its_case() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    let second = rotated(&world);
    desk.put("second", &second.root_bytes());
    assert_says(&desk.run(&["trust", "pin", "second"]), 0, &["Root 2 is pinned."]);
    let mut fork = rotated(&world);
    fork.root["expires"] = json!("2035-01-01T00:00:00Z");
    desk.put("fork", &fork.root_bytes());
    desk.put("forked-chain", &chain(&[world.root_bytes(), fork.root_bytes()]));
    let mut fourth = rotated(&world);
    fourth.root["version"] = json!(4);
    desk.put("fourth", &fourth.root_bytes());
    let mut unsigned = rotated(&world);
    unsigned.root["version"] = json!(3);
    unsigned.root["root_keys"] = json!([13, 14, 15].map(|seed| multikey(&key(seed))));
    unsigned.root_signers = vec![key(14), key(15)];
    desk.put("unsigned", &unsigned.root_bytes());
    let other = of_another_registry(&world);
    desk.put("other", &other.root_bytes());
    let before = desk.state();
    let ask = "do not use it, and ask the registry's operator";
    for (file, code, advice) in [
        ("root", "root_older", "keep it, nothing is to be done"),
        ("fork", "root_forked", ask),
        ("forked-chain", "root_forked", ask),
        ("unsigned", "root_not_vouched_for", ask),
        ("fourth", "root_skipped", "`akashi-verify trust update` follows the roots between"),
        ("other", "root_forked", "in place of the pinned one, say --replace"),
    ] {
        let said = assert_says(&desk.run(&["trust", "pin", file]), 2, &[code, advice]);
        assert_eq!(said.contains("--replace"), file == "other", "{said}");
        assert_eq!(desk.state(), before, "{file}");
    }
    assert_says(&desk.run(&["trust", "pin", "other", "--replace"]), 0, &["Root 1 is pinned."]);
    // Nor is the bundle of a registry fetched from another.
    assert_says(&desk.run(&["trust", "update"]), 2, &["name it: akashi-verify trust update"]);
}

#[test]
fn a_root_of_the_pinned_registry_that_forks_serves_no_check_either() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    let second = rotated(&world);
    desk.put("second", &second.root_bytes());
    assert_says(&desk.run(&["trust", "pin", "second"]), 0, &["Root 2 is pinned."]);
    let mut fork = World { bundle_signer: key(66), ..rotated(&world) };
    fork.root["bundle_key"] = json!(multikey(&key(66)));
    desk.put("fork", &fork.root_bytes());
    desk.put("forked-chain", &chain(&[world.root_bytes(), fork.root_bytes()]));
    desk.put("bundle", &fork.bundle_bytes());
    for file in ["fork", "forked-chain"] {
        let output = desk.run(&["a.json", "--trust", "bundle", "--root", file]);
        assert_says(&output, 2, &["root_forked", "do not use it"]);
    }
    // Another registry's root is no fork.
    let other = of_another_registry(&world);
    desk.put("other", &other.root_bytes());
    desk.put("bundle", &other.bundle_bytes());
    assert_eq!(desk.verdict(&["--trust", "bundle", "--root", "other"]), "valid");
}

/// Old keys may be stolen long after they were replaced.
#[test]
fn a_fork_by_keys_that_were_replaced_is_known_for_one() {
    let world = fresh();
    let desk = Desk::new(&world);
    desk.pin(&world);
    let root = |version: u64, keys: &[u8], expires: &str, signers: [u8; 2]| {
        let mut next = World { root_signers: signers.map(key).to_vec(), ..world.clone() };
        next.root["version"] = json!(version);
        next.root["expires"] = json!(expires);
        next.root["root_keys"] = keys.iter().map(|seed| multikey(&key(*seed))).collect();
        next.root_bytes()
    };
    let second = root(2, &[11, 12, 14, 15], "2036-01-01T00:00:00Z", [11, 12]);
    let third = root(3, &[14, 15, 16], "2036-01-01T00:00:00Z", [14, 15]);
    desk.put("chain", &chain(&[second, third]));
    assert_says(&desk.run(&["trust", "pin", "chain"]), 0, &["Root 3 is pinned."]);
    desk.put("fork", &root(2, &[11, 12], "2035-01-01T00:00:00Z", [11, 12]));
    desk.put("bundle", &rotated(&world).bundle_bytes());
    let forked = ["root_forked", "do not use it"];
    assert_says(&desk.run(&["trust", "pin", "fork"]), 2, &forked);
    assert_says(&desk.run(&["a.json", "--trust", "bundle", "--root", "fork"]), 2, &forked);
}

/// Signatures are no part of what is signed: who adds their own to root 2 can set a root 1 of their own before it.
#[test]
fn of_a_chain_nobody_vouches_for_only_the_root_is_pinned_whose_digest_is_shown() {
    let world = fresh();
    let second = rotated(&world);
    let mut forged = of_another_registry(&world);
    forged.root["threshold"] = json!(1);
    let mut signed_by_both: Value = serde_json::from_slice(&second.root_bytes()).unwrap();
    let added: Value = serde_json::from_slice(&manifest(&second.root, &[&key(51)])).unwrap();
    let signatures = signed_by_both["signatures"].as_array_mut().unwrap();
    signatures.push(added["signatures"][0].clone());
    let with_forged = chain(&[forged.root_bytes(), jcs(&signed_by_both)]);
    let genuine = chain(&[world.root_bytes(), second.root_bytes()]);
    let digest = hex(&jcs(&second.root));
    let first = |desk: &Desk| {
        let output = desk.run(&["trust", "show", "--format", "json"]);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        (shown["root"]["version"].clone(), shown["root"]["first_digest"].clone())
    };
    for chain in [&with_forged, &genuine] {
        let desk = Desk::new(&world);
        desk.put("chain", chain);
        let output = desk.run(&["trust", "pin", "chain", "--digest", &digest]);
        assert_says(&output, 0, &["Root 2 is pinned.", &digest]);
        assert_eq!(first(&desk), (json!(2), json!(digest)));
        let kept = &desk.state()[&desk.folder.path().join("state/akashi/root.json")];
        assert!(!text(kept).contains(&multikey(&key(52))), "nothing of the forger's is kept");
    }
    // Where the pinned root vouches, what it came from stays, and with it the memory of what was seen.
    let desk = Desk::new(&world);
    desk.pin(&world);
    let came_from = (json!(2), json!(hex(&jcs(&world.root))));
    desk.put("chain", &with_forged);
    assert_says(&desk.run(&["trust", "pin", "chain"]), 2, &["root_forked"]);
    desk.put("chain", &genuine);
    assert_says(&desk.run(&["trust", "pin", "chain"]), 0, &["needs no comparing"]);
    assert_eq!(first(&desk), came_from);
    desk.put("second", &jcs(&signed_by_both));
    for arguments in [&["trust", "pin", "second"][..], &["trust", "pin", "second", "--replace"]] {
        assert_says(&desk.run(arguments), 0, &["is pinned already"]);
        assert_eq!(first(&desk), came_from, "{arguments:?}");
    }
}

#[test]
fn what_the_pinned_root_s_bundle_key_signed_before_is_refused_once_the_root_is_followed() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    let mut stolen = next(&world);
    stolen.bundle["version"] = json!(9_007_199_254_740_991_u64);
    desk.put("stolen", &stolen.bundle_bytes());
    assert_eq!(desk.verdict(&["--trust", "stolen"]), "revoked");
    // Its version is the highest that there is; the new key starts anew all the same.
    let rotated = rotated(&world);
    registry.says("/.well-known/akashi/root/2", Says::Json(rotated.root_bytes()));
    registry.says(BUNDLE, Says::Json(rotated.bundle_bytes()));
    registry.says(&format!("{BUNDLE}?from=7"), Says::Json(rotated.bundle_bytes()));
    let said = assert_says(&desk.run(&["trust", "update"]), 0, &["Root 2 follows root 1: pinned."]);
    assert!(said.contains("Bundle 7"), "{said}");
    assert_eq!(desk.verdict(&[]), "valid");
    assert_says(&desk.run(&["a.json", "--trust", "stolen"]), 2, &["bundle_wrongly_signed"]);
    let old_root = desk.run(&["a.json", "--trust", "stolen", "--root", "root"]);
    assert_says(&old_root, 2, &["root_older", "leave out --root"]);
}

#[test]
fn an_update_fetches_every_root_that_followed_and_then_the_bundle() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::new(&world);
    desk.pin(&world);
    let second = rotated(&world);
    let mut third = rotated(&world);
    third.root["version"] = json!(3);
    third.bundle["root_version"] = json!(3);
    registry.says("/.well-known/akashi/root/2", Says::Json(second.root_bytes()));
    registry.says("/.well-known/akashi/root/3", Says::Json(third.root_bytes()));
    registry.says(BUNDLE, Says::Json(third.bundle_bytes()));
    // As it is copied from a browser.
    let output = desk.run(&["trust", "update", &format!("{}/", registry.origin())]);
    assert_says(&output, 0, &["Root 3 follows root 1: pinned.", "Bundle 7"]);
    let root = |n: u64| format!("/.well-known/akashi/root/{n}");
    assert_eq!(registry.asked(), [root(2), root(3), root(4), BUNDLE.into()]);
    let output = desk.run(&["a.json"]);
    assert_says(&output, 0, &["akashi-verify: trust: stored bundle of", "valid"]);
    assert_eq!(registry.asked(), [""; 0]);
    // From now on the registry need not be named.
    registry.says(&format!("{BUNDLE}?from=7"), Says::Json(third.bundle_bytes()));
    assert_says(&desk.run(&["trust", "update"]), 0, &["is still the newest"]);
}

#[test]
fn an_update_asks_for_what_changed_since_the_stored_bundle() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    let from = format!("{BUNDLE}?from=7");
    let changes = delta::make(&world.bundle_bytes(), &next(&world).bundle_bytes()).unwrap();
    registry.says(&from, Says::Delta(changes.clone()));
    let received = format!("Bundle 8 of {}", next(&world).bundle["as_of"].as_str().unwrap());
    let bytes = format!("stored, {} bytes received", changes.len());
    assert_says(&desk.run(&["trust", "update"]), 0, &[&received, &bytes]);
    assert_eq!(registry.asked(), ["/.well-known/akashi/root/2".to_string(), from]);
    assert_eq!(desk.verdict(&[]), "revoked");
}

#[test]
fn a_delta_that_makes_no_signed_bundle_is_left_for_the_whole() {
    let (world, registry) = (fresh(), Registry::new());
    let mut other = world.clone();
    other.bundle["version"] = json!(6);
    let changes =
        |world: &World| delta::make(&world.bundle_bytes(), &next(&fresh()).bundle_bytes()).unwrap();
    let mut unset: Value = serde_json::from_slice(&changes(&world)).unwrap();
    unset["signed"]["status_lists"][1] = json!(1);
    for (delta, code) in [
        (b"{}".to_vec(), "delta_unreadable"),
        (changes(&other), "delta_of_other_bundle"),
        (jcs(&unset), "bundle_wrongly_signed"),
    ] {
        let desk = Desk::stored(&world, &registry);
        registry.says(&format!("{BUNDLE}?from=7"), Says::Delta(delta));
        registry.says(BUNDLE, Says::Json(next(&world).bundle_bytes()));
        assert_says(
            &desk.run(&["trust", "update"]),
            0,
            &[code, "the whole bundle was fetched", "Bundle 8"],
        );
        assert_eq!(desk.verdict(&[]), "revoked");
    }
}

/// Whatever a registry, or whoever stands in its place, answers: what is stored stays and goes on being used.
#[test]
fn nothing_that_is_not_checked_replaces_what_is_stored() {
    let (world, registry, elsewhere) = (fresh(), Registry::new(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    let before = desk.state();
    let http = |status: &str, headers: &str, body: &str| {
        Says::Bare(
            format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n{body}").into_bytes(),
        )
    };
    let mut older = world.clone();
    older.bundle["version"] = json!(6);
    let thief = World { bundle_signer: key(66), ..next(&world) };
    let redirect = format!("Content-Length: 0\r\nLocation: {}{BUNDLE}\r\n", elsewhere.origin());
    elsewhere.says(BUNDLE, Says::Json(next(&world).bundle_bytes()));
    let long = "Content-Type: application/json\r\nContent-Length: 900000\r\n";
    for (says, words) in [
        (Says::Endless, "more than the 67108864 bytes"),
        (Says::Slow, "did not answer in time"),
        (Says::Json(b"{".to_vec()), "bundle_unreadable"),
        (Says::Json(older.bundle_bytes()), "bundle_older"),
        (Says::Json(thief.bundle_bytes()), "bundle_wrongly_signed"),
        (Says::Json(rotated(&world).bundle_bytes()), "bundle_wrongly_signed"),
        (
            http("200 OK", "Content-Type: text/html\r\nContent-Length: 4\r\n", "<p/>"),
            "sign in first",
        ),
        (http("200 OK", long, "{\"signed\":"), "broke off its answer"),
        (http("302 Found", &redirect, ""), "which is not followed"),
        (http("301 Moved Permanently", &redirect, ""), "which is not followed"),
        (http("304 Not Modified", "", ""), "answers 304"),
        (http("404 Not Found", "Content-Length: 0\r\n", ""), "is it a registry?"),
        (http("500 Internal Server Error", "Content-Length: 0\r\n", ""), "answers 500"),
        (Says::Bare(b"SSH-2.0-x\r\n".to_vec()), "cannot be reached"),
        (Says::Bare(Vec::new()), "cannot be reached"),
    ] {
        let timeout = if let Says::Slow = says { "1" } else { "60" };
        registry.says(&format!("{BUNDLE}?from=7"), says);
        let output = desk.run(&["trust", "update", "--timeout", timeout]);
        assert_says(&output, 2, &[words, "the stored bundle of", "made 1 hour ago, is kept"]);
        assert_eq!(desk.state(), before, "{words}");
        assert_eq!(desk.verdict(&[]), "valid", "{words}");
    }
    assert_eq!(elsewhere.asked(), [""; 0], "no redirect is followed");
}

#[test]
fn no_root_that_the_pinned_one_does_not_vouch_for_is_followed() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    registry.says(&format!("{BUNDLE}?from=7"), Says::Json(world.bundle_bytes()));
    let before = desk.state();
    let mut third = rotated(&world);
    third.root["version"] = json!(3);
    let thief = World { root_signers: vec![key(11), key(99)], ..rotated(&world) };
    for (says, words) in [
        (Says::Json(third.root_bytes()), "root_skipped"),
        (Says::Json(world.root_bytes()), "root_older"),
        (Says::Json(thief.root_bytes()), "root_under_signed"),
        (Says::Json(b"[]".to_vec()), "root_unreadable"),
        (Says::Endless, "more than the 1048576 bytes"),
    ] {
        registry.says("/.well-known/akashi/root/2", says);
        assert_says(&desk.run(&["trust", "update"]), 2, &[words, "is kept"]);
        assert_eq!(desk.state(), before, "{words}");
    }
}

/// Who keeps back the bundle does not keep back the root: it may be there because the bundle's key was stolen.
#[test]
fn a_followed_root_is_pinned_though_no_bundle_comes_and_what_was_under_the_one_before_counts_no_more()
 {
    let (world, root) = (fresh(), |n: u64| format!("/.well-known/akashi/root/{n}"));
    let mut same_key = World { bundle_signer: key(21), ..rotated(&world) };
    same_key.root["bundle_key"] = world.root["bundle_key"].clone();
    for (second, refused) in
        [(rotated(&world), "bundle_wrongly_signed"), (same_key, "bundle_of_other_root")]
    {
        let registry = Registry::new();
        let desk = Desk::stored(&world, &registry);
        desk.put("old", &next(&world).bundle_bytes());
        registry.says(&root(2), Says::Json(second.root_bytes()));
        let http = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
        for (says, words) in [
            (Says::Bare(http.to_vec()), "answers 500"),
            (Says::Json(next(&world).bundle_bytes()), refused),
        ] {
            registry.says(BUNDLE, says.clone()).says(&format!("{BUNDLE}?from=7"), says);
            let followed = "root 2 was followed and is pinned";
            let left =
                if words == refused { "no bundle that can be used is stored" } else { followed };
            assert_says(&desk.run(&["trust", "update"]), 2, &[words, left]);
            assert_eq!(desk.verdict(&[]), "unverified", "{words}");
            assert_says(&desk.run(&["a.json", "--trust", "old"]), 2, &[refused]);
            let old_root = desk.run(&["a.json", "--trust", "old", "--root", "root"]);
            assert_says(&old_root, 2, &["root_older"]);
        }
        // From where it was fetched is known still.
        registry.says(BUNDLE, Says::Json(second.bundle_bytes()));
        assert_says(&desk.run(&["trust", "update"]), 0, &["Bundle 7", "stored"]);
        assert_eq!(desk.verdict(&[]), "valid");
        let mut older = second.clone();
        older.bundle["version"] = json!(6);
        registry.says(&format!("{BUNDLE}?from=7"), Says::Json(older.bundle_bytes()));
        assert_says(&desk.run(&["trust", "update"]), 2, &["bundle_older", "is kept"]);
    }
}

#[test]
fn each_root_is_pinned_as_it_is_followed() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    registry.says("/.well-known/akashi/root/2", Says::Json(rotated(&world).root_bytes()));
    registry.says("/.well-known/akashi/root/3", Says::Json(b"[]".to_vec()));
    let output = desk.run(&["trust", "update"]);
    assert_says(&output, 2, &["root_unreadable", "root 2 was followed and is pinned"]);
    registry.asked();
    desk.run(&["trust", "update"]);
    assert_eq!(registry.asked(), ["/.well-known/akashi/root/3"]);
}

#[test]
fn an_update_follows_so_many_roots_and_the_next_one_more() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    for version in 2..=102 {
        let mut root = world.clone();
        root.root["version"] = json!(version);
        let path = format!("/.well-known/akashi/root/{version}");
        registry.says(&path, Says::Json(root.root_bytes()));
    }
    let said = ["has more than 100 roots since the pinned one; run this again", "root 101 was"];
    assert_says(&desk.run(&["trust", "update"]), 2, &said);
    let mut last = world;
    last.root["version"] = json!(102);
    last.bundle["root_version"] = json!(102);
    registry.says(BUNDLE, Says::Json(last.bundle_bytes()));
    let said = ["Root 102 follows root 101: pinned.", "Bundle 7"];
    assert_says(&desk.run(&["trust", "update"]), 0, &said);
    assert_eq!(desk.verdict(&[]), "valid");
}

#[test]
fn an_update_from_another_address_is_where_the_next_one_asks() {
    let (world, registry, moved) = (fresh(), Registry::new(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    for registry in [&registry, &moved] {
        registry.says(&format!("{BUNDLE}?from=7"), Says::Json(world.bundle_bytes()));
    }
    let update = |address: &[&str]| desk.run(&[&["trust", "update"], address].concat());
    assert_says(&update(&[&moved.origin()]), 0, &["is still the newest"]);
    moved.asked();
    assert_says(&update(&[]), 0, &["is still the newest"]);
    assert_eq!((registry.asked().len(), moved.asked().len()), (0, 2));
}

/// Whoever hands over roots may leave out the first of them, or set another before them.
#[test]
fn what_was_seen_is_found_again_under_any_of_a_chain_s_roots() {
    let world = fresh();
    let (desk, second) = (Desk::new(&world), rotated(&world));
    let mut newer = second.clone();
    newer.bundle["version"] = json!(8);
    desk.put("old", &second.bundle_bytes());
    desk.put("new", &newer.bundle_bytes());
    let mut forged = of_another_registry(&world);
    forged.root["version"] = json!(1);
    let mut vouched = second.clone();
    vouched.root_signers = [vouched.root_signers, forged.root_signers.clone()].concat();
    desk.put("chain", &chain(&[world.root_bytes(), second.root_bytes()]));
    desk.put("alone", &second.root_bytes());
    desk.put("forged", &chain(&[forged.root_bytes(), vouched.root_bytes()]));
    let check = |root: &str, bundle: &str| desk.run(&["a.json", "--root", root, "--trust", bundle]);
    assert_says(&check("chain", "new"), 0, &["valid"]);
    for root in ["chain", "alone", "forged"] {
        assert_says(&check(root, "old"), 2, &["bundle_older"]);
        assert_says(&check(root, "new"), 0, &["valid"]);
    }
}

#[test]
fn a_state_folder_that_another_run_holds_is_waited_for_but_not_for_long() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    let held = fs::File::create(desk.folder.path().join("state/akashi/lock")).unwrap();
    held.lock().unwrap();
    let before = desk.state();
    desk.put("bundle", &next(&world).bundle_bytes());
    let newest = next(&world).bundle_bytes();
    registry.says(&format!("{BUNDLE}?from=7"), Says::Json(newest));
    let held_by = "lock is held by another run";
    let (check, update) = thread::scope(|runs| {
        let check = runs.spawn(|| desk.run(&["a.json", "--trust", "bundle"]));
        let update = runs.spawn(|| desk.run(&["trust", "update"]));
        (check.join().unwrap(), update.join().unwrap())
    });
    assert_says(&check, 1, &[held_by, "an older one may not be noticed", "revoked"]);
    assert_says(&update, 2, &[held_by, "which must end first"]);
    assert_eq!(desk.state(), before);
    drop(held);
    assert_says(&desk.run(&["a.json", "--trust", "bundle"]), 1, &["revoked"]);
    assert_says(&desk.run(&["a.json"]), 2, &["bundle_older"]);
}

#[cfg(unix)]
#[test]
fn what_is_remembered_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::stored(&fresh(), &Registry::new());
    for folder in ["state", "state/akashi", "state/akashi/bundle-versions"] {
        let mode = fs::metadata(desk.folder.path().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

#[test]
fn an_update_says_what_it_needs() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::new(&world);
    let update = |arguments: &[&str]| desk.run(&[&["trust", "update"], arguments].concat());
    assert_says(&update(&[&registry.origin()]), 2, &["no root is pinned", "trust pin ROOT"]);
    assert_eq!(registry.asked(), [""; 0]);
    desk.pin(&world);
    assert_says(&update(&[]), 2, &["name it: akashi-verify trust update https://"]);
    assert_says(
        &update(&[&registry.origin()]),
        2,
        &["is it a registry?", "no bundle that can be used is stored"],
    );
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_says(&update(&[&format!("http://localhost:{closed}")]), 2, &["cannot be reached"]);
    for (address, words) in [
        ("http://registry.example", "is not https"),
        ("https://registry.example/x", "without a path"),
        ("ftp://registry.example", "is not an origin"),
    ] {
        let output = update(&[address]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
    }
}

#[test]
fn the_stored_bundle_is_used_when_no_file_is_named_and_never_mixed_with_one() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    desk.put("bundle", &world.bundle_bytes());
    for (arguments, verdict) in [
        (&[][..], "valid"),
        (&["--trust", "bundle"], "valid"),
        (&["--trust", "bundle", "--root", "root"], "valid"),
        (&["--root", "root"], "unverified"),
    ] {
        assert_eq!(desk.verdict(arguments), verdict, "{arguments:?}");
    }
    // Also of another registry, whose root is named with it.
    desk.put("other", &of_another_registry(&world).root_bytes());
    assert_eq!(desk.verdict(&["--trust", "bundle", "--root", "other"]), "valid");
}

#[test]
fn checking_uses_no_network() {
    let (world, registry, trap) = (fresh(), Registry::new(), Registry::new());
    let desk = Desk::stored(&world, &registry);
    for arguments in [&["a.json"][..], &["trust", "show"], &["trust", "pin", "root"]] {
        let mut command = desk.command(arguments);
        for variable in
            ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        {
            command.env(variable, trap.origin());
        }
        assert_says(&command.output().unwrap(), 0, &[]);
    }
    assert_eq!((registry.asked(), trap.asked()), (Vec::new(), Vec::new()));
}

#[test]
fn one_file_alone_names_the_network() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut naming = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            if ["ureq", "rustls", "std::net", "TcpStream", "UdpSocket"]
                .iter()
                .any(|word| text.contains(word))
            {
                naming.push(path.file_name().unwrap().to_owned());
            }
        }
    }
    assert_eq!(naming, ["network.rs"]);
}

#[test]
fn show_tells_who_vouches_for_what() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::new(&world);
    assert_says(&desk.run(&["trust", "show"]), 2, &["no root is pinned", "trust pin ROOT"]);
    desk.pin(&world);
    assert_says(&desk.run(&["trust", "show"]), 0, &["none is stored", "trust update"]);
    let desk = Desk::stored(&world, &registry);
    let digest = hex(&jcs(&world.root));
    let (root_key, bundle_key) = (multikey(&key(13)), multikey(&key(21)));
    assert_says(
        &desk.run(&["trust", "show"]),
        0,
        &[
            "Root 1, until 2036-01-01T00:00:00Z",
            &digest,
            "2 of these 3 keys",
            &root_key,
            &bundle_key,
            "Bundle 7, made ",
            "(1 hour ago)",
            "Example Certification Body (did:web:registry.example:bodies:example-body)",
            &key_id(),
            "leading, certified, committed",
            "revocation",
        ],
    );
    let output = desk.run(&["trust", "show", "--format", "json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["root"]["digest"], json!(digest));
    assert_eq!(shown["root"]["first_digest"], json!(digest));
    assert_eq!(shown["root"]["root_keys"].as_array().map(Vec::len), Some(3));
    let bundle = &shown["bundle"];
    assert_eq!((&bundle["version"], &bundle["bodies"]), (&json!(7), &world.bundle["bodies"]));
    assert!((3_600..3_700).contains(&bundle["age_seconds"].as_i64().unwrap()), "{bundle}");
    let lists: Vec<_> = bundle["status_lists"].as_array().unwrap().iter().collect();
    assert_eq!(lists.len(), 3);
    assert_eq!(
        *lists[0],
        json!({"id": list_id("refresh"), "purpose": "refresh", "leaf": 40, "reason": null})
    );
}

#[test]
fn trust_speaks_the_reader_s_language_and_to_programs_the_same_in_all() {
    let (world, registry) = (fresh(), Registry::new());
    let desk = Desk::new(&world);
    let says = |arguments: &[&str], code: i32, words: &[&str]| {
        let output = desk.run(&[arguments, &["--lang", "ja"]].concat());
        let said = assert_says(&output, code, words);
        let is_japanese = |c| matches!(c, 'ぁ'..='ん' | 'ァ'..='ヶ' | '一'..='龠');
        assert!(said.lines().all(|line| line.contains(is_japanese)) || code == 0, "{said}");
        let english = ["pinned", "Root", "Bundle", "stored", "fetch", "the ", "Digest", "ago"];
        assert!(!english.iter().any(|word| said.contains(word)), "{said}");
    };
    desk.put("root", &world.root_bytes());
    let digest = hex(&jcs(&world.root));
    says(&["trust", "show"], 2, &["ルートが登録されていません"]);
    says(&["trust", "pin", "missing"], 2, &["missing を読み込めません"]);
    says(
        &["trust", "pin", "a.json"],
        2,
        &["root_unreadable: a.json: ルートを読めません（", "取得し直してください。"],
    );
    says(
        &["trust", "pin", "root", "--digest", &"ab".repeat(32)],
        2,
        &["のダイジェストは", "使わないでください"],
    );
    says(&["trust", "pin", "root"], 0, &["ルート1を登録しました。", &digest, "照合してください"]);
    says(&["trust", "pin", "root"], 0, &["ルート1は既に登録されています。"]);
    says(&["trust", "show"], 0, &["保存されていません"]);
    says(&["trust", "update"], 2, &["取得先の登録簿が分かりません"]);
    says(
        &["trust", "update", &registry.origin()],
        2,
        &["にトラストバンドルがありません", "使えるトラストバンドルは保存されていません"],
    );
    registry.says(BUNDLE, Says::Json(world.bundle_bytes()));
    says(
        &["trust", "update", &registry.origin()],
        0,
        &["（1時間前）に作られたトラストバンドル 版7を保存しました"],
    );
    let from = format!("{BUNDLE}?from=7");
    registry.says(&from, Says::Json(world.bundle_bytes()));
    says(&["trust", "update"], 0, &["版7が、今も最新です"]);
    registry.says(&from, Says::Delta(b"{}".to_vec()));
    says(&["trust", "update"], 0, &["差分が使えなかったため（delta_unreadable）"]);
    for (answer, words) in [
        ("302 Found\r\nLocation: http://x.example/\r\n", "転送には従いません"),
        ("500 Internal Server Error\r\n", "の応答は 500"),
        ("200 OK\r\nContent-Type: text/html\r\n", "の応答は JSON でなく「text/html」です"),
    ] {
        let answer = format!("HTTP/1.1 {answer}Content-Length: 0\r\nConnection: close\r\n\r\n");
        registry.says(&from, Says::Bare(answer.into_bytes()));
        let kept = "保存済みのトラストバンドルは残してあり";
        let output = desk.run(&["trust", "update", "--lang", "ja"]);
        assert_says(&output, 2, &[words, kept]);
    }
    let mut older = world.clone();
    older.bundle["version"] = json!(6);
    desk.put("older", &older.bundle_bytes());
    says(
        &["a.json", "--trust", "older"],
        2,
        &["bundle_older: older: トラストバンドルの版は6ですが、以前に版7を"],
    );
    says(
        &["trust", "show"],
        0,
        &[
            "ルート1、期限 2036",
            "次の3本の鍵のうち2本",
            "（1時間前）、使用期限",
            "認証機関とその権限",
            "定めなし",
            "状態リスト",
        ],
    );
    let [english, japanese] = ["en", "ja"].map(|language| {
        let output = desk.run(&["trust", "show", "--format", "json", "--lang", language]);
        let mut shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["bundle"]["age_seconds"].take();
        shown
    });
    assert_eq!(english, japanese);
    desk.put("second", &rotated(&world).root_bytes());
    says(&["trust", "pin", "second"], 0, &["ルート1の鍵の署名が足りているため、照合は要りません"]);
    says(
        &["trust", "pin", "root"],
        2,
        &["root_older: root: これはルート1ですが、ルート2を", "そのまま使い続けてください"],
    );
    desk.put("other", &of_another_registry(&world).root_bytes());
    says(&["trust", "pin", "other"], 2, &["--replace を付けてください"]);
}

#[test]
fn show_tells_of_a_list_that_cannot_be_read() {
    let mut world = fresh();
    *world.list_mut("suspension") = list_of("suspension", "nonsense");
    let desk = Desk::new(&world);
    desk.put("root", &world.root_bytes());
    desk.put("bundle", &world.bundle_bytes());
    let show = ["trust", "show", "--trust", "bundle", "--root", "root"];
    let said = assert_says(&desk.run(&show), 0, &[]);
    let row = said.lines().find(|line| line.trim().starts_with("suspension")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["suspension", "1", "1"]);
    let output = desk.run(&[&show[..], &["--format", "json"]].concat());
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["bundle"]["status_lists"][2]["reason"], "list_not_multibase");
    // Nothing was stored by looking.
    assert_eq!(desk.state(), BTreeMap::new());
}
