//! Who may import whom: the tree is read, and an import that runs the wrong way fails.

use std::fs;
use std::path::{Path, PathBuf};

/// The registry's contexts, and which others each may name. What is not listed it may not.
const CONTEXTS: [(&str, &[&str]); 5] = [
    ("platform", &[]),
    ("log", &["platform"]),
    ("issuance", &["platform", "log"]),
    ("certification", &["platform", "issuance"]),
    ("publication", &["platform", "log", "issuance", "certification"]),
];

/// Every module below the registry's root: the contexts, and what composes them.
const MODULES: [&str; 9] = [
    "platform",
    "log",
    "issuance",
    "certification",
    "publication",
    "worker",
    "http",
    "operation",
    "commands",
];

/// The crates of this project, and which others each may name.
const CRATES: [(&str, &[&str]); 5] = [
    ("schemas", &[]),
    ("verifier", &["akashi_schemas"]),
    ("verifier/wasm", &["akashi_schemas", "akashi_verifier"]),
    ("keys", &[]),
    ("registry", &["akashi_schemas", "akashi_verifier", "akashi_keys"]),
];

/// What `rules` may name beside other rules: no database, no clock, no chance, no HTTP.
const NOT_IN_RULES: [&str; 8] =
    ["sqlx", "tokio", "axum", "reqwest", "object_store", "std::fs", "SystemTime", "getrandom"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder, with its text up to its unit tests and without comments.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8");
                found.push((path, code(&text)));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {}", folder.display());
    found
}

fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn in_rules(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "rules")
        || path.file_name().is_some_and(|name| name == "rules.rs")
}

#[test]
fn a_context_names_only_those_below_it() {
    let mut wrong = Vec::new();
    for (context, allowed) in CONTEXTS {
        for (path, text) in sources(&root().join("registry/src").join(context)) {
            for module in
                MODULES.iter().filter(|module| **module != context && !allowed.contains(module))
            {
                if text.contains(&format!("crate::{module}")) {
                    wrong.push(format!("{} names crate::{module}", path.display()));
                }
            }
            let grouped = text.contains("use crate::{");
            if grouped {
                wrong.push(format!(
                    "{} groups imports from the root, where this test cannot read them",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_crate_names_only_those_below_it() {
    let mut wrong = Vec::new();
    for (name, allowed) in CRATES {
        for (path, text) in sources(&root().join(name).join("src")) {
            for other in ["akashi_schemas", "akashi_verifier", "akashi_keys", "akashi_registry"] {
                let own = other == format!("akashi_{name}");
                if !own && !allowed.contains(&other) && text.contains(&format!("{other}::")) {
                    wrong.push(format!("{} names {other}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_are_pure() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("registry/src")) {
        if in_rules(&path) {
            for word in NOT_IN_RULES.iter().chain(&["crate::platform", "akashi_keys"]) {
                if text.contains(word) {
                    wrong.push(format!("{} names {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_stands_in_stores_alone() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("registry/src")) {
        let place = path.to_string_lossy().into_owned();
        let may =
            place.contains("/store") || place.contains("/platform/") || place.ends_with("tests.rs");
        if !may && text.contains("sqlx::query") {
            wrong.push(place);
        }
    }
    assert!(wrong.is_empty(), "SQL outside a store:\n{}", wrong.join("\n"));
}

/// What takes a test past HTTP: the registry's own code, its database, and another writer at that.
const PAST_HTTP: [&str; 8] = [
    "akashi_registry",
    "akashi_keys",
    "sqlx",
    ".database()",
    ".is_tampered_with(",
    ".held(",
    ".held_by(",
    ".carry_out(",
];

/// The tests' sources that go past HTTP, and for what. All others speak to the built binaries as strangers do.
const GO_PAST_HTTP: [(&str, &str); 11] = [
    ("src/engine.rs", "makes a database for each registry, and carries out the damage below"),
    ("src/held.rs", "is another process that writes, for whom a request waits"),
    ("src/registry.rs", "gives the two to tests, and damages the keys of the bodies"),
    ("tests/journeys/appeals.rs", "lets the term of an appeal pass"),
    ("tests/journeys/keys.rs", "damages a key, and mends it"),
    ("tests/journeys/rebuild.rs", "damages the public tables, and compares them row by row"),
    ("tests/journeys/shards.rs", "fills a shard of 131,072 places, and lets a week pass"),
    ("tests/journeys/surveillance.rs", "lets the term of a minor finding pass"),
    ("tests/journeys/versions.rs", "holds a release up while a certificate changes"),
    ("tests/matrix/turns.rs", "has requests wait for another process that writes"),
    ("tests/starts.rs", "names a registry's database to a start of it without its origin"),
];

#[test]
fn the_demo_speaks_http_to_the_registry_that_it_starts() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("registry/src/commands/demo")) {
        // Printing and chance are no way into a registry.
        let other = text.replace("crate::commands::say", "").replace("crate::platform::rng", "");
        if ["crate::", "akashi_keys", "sqlx"].iter().any(|word| other.contains(word)) {
            wrong.push(format!("{} goes past HTTP", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_test_speaks_http_to_the_built_binaries() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(tests.join("Cargo.toml")).expect("UTF-8");
    for own in manifest.lines().filter(|line| line.starts_with("akashi-")) {
        let stands_alone = ["akashi-schemas.", "akashi-verifier."];
        assert!(stands_alone.iter().any(|name| own.starts_with(name)), "the tests take {own}");
    }
    let mut past = Vec::new();
    for (path, text) in ["src", "tests", "benches"].iter().flat_map(|at| sources(&tests.join(at))) {
        let place = path.strip_prefix(tests).expect("below the tests").to_string_lossy();
        let named: Vec<_> = PAST_HTTP.into_iter().filter(|word| text.contains(word)).collect();
        // This file has the words in its lists.
        if !named.is_empty() && place != "tests/rooms.rs" {
            past.push((place.into_owned(), named));
        }
    }
    past.sort();
    let known = GO_PAST_HTTP.map(|(place, _)| place);
    let found: Vec<_> = past.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(found, known, "{past:#?}");
}
