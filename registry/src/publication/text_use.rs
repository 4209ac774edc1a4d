//! Every text of the language files is used, and every text that is used stands in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use akashi_schemas::{CriterionKind, FacilityKind};

use super::pages::{EVENTS, IN_FORCE, Nothing, VOUCHERS};
use super::rules::document::CredentialState;
use crate::certification::pages as desk;
use crate::certification::rules::certificate::Standing;
use crate::certification::rules::finding::Grade;
use crate::platform::problem::KINDS;
use crate::platform::texts::tests::all;

/// Every file of the registry that may name a text.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
        if entry.is_dir() { sources(&entry, into) } else { into.push(entry) }
    }
}

/// The keys that a source asks a view for, also over a line break.
fn named(source: &str) -> Vec<String> {
    let key = |call: &str| Some(call.trim_start().strip_prefix('"')?.split_once('"')?.0.to_owned());
    let of = |method| {
        source.split(&format!("view.{method}(")).skip(1).filter_map(key).collect::<Vec<_>>()
    };
    ["text", "with", "format"].into_iter().flat_map(of).collect()
}

#[test]
fn every_text_is_used_and_every_text_that_is_used_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("templates"), &mut files);
    let mut used: BTreeSet<String> = families().collect();
    for file in &files {
        let source = std::fs::read_to_string(file).expect("a text file");
        used.extend(named(&source));
    }
    let known = all();
    assert_eq!(used.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "missing");
    assert_eq!(known.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "unused");
}

/// The keys that are put together from a word.
fn families() -> impl Iterator<Item = String> {
    let family = |prefix: &'static str, words: Vec<&'static str>| {
        words.into_iter().map(move |word| format!("{prefix}-{word}"))
    };
    family("state", Standing::WORDS.to_vec())
        .chain(family("sentence", Standing::WORDS.to_vec()))
        .chain(family("in-force", IN_FORCE.to_vec()))
        .chain(family("credential", CredentialState::WORDS.to_vec()))
        .chain(family("setup-fault", vec!["name", "email", "password", "duplicate"]))
        .chain(family("criterion", CriterionKind::WORDS.to_vec()))
        .chain(family("grade", Grade::WORDS.to_vec()))
        .chain(family("kind", FacilityKind::WORDS.to_vec()))
        .chain(family("event", EVENTS.to_vec()))
        .chain(family("counted", super::counts::COUNTED.to_vec()))
        .chain(family("search-none", Nothing::WORDS.to_vec()))
        .chain(family("search-none-title", Nothing::WORDS.to_vec()))
        .chain(family("vouches", VOUCHERS.to_vec()))
        .chain(family("vouches-why", VOUCHERS.to_vec()))
        .chain(family("problem", KINDS.to_vec()))
        .chain(family("explain", KINDS.to_vec()))
        .chain(
            desk::FAMILIES.iter().flat_map(move |(prefix, words)| family(prefix, words.to_vec())),
        )
}
