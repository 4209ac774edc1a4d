//! The fuzz targets, run over the corpus: they hold on every file that is kept.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../fuzz/src/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn every_target_holds_on_the_whole_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = |folder: &str| {
        let entries = fs::read_dir(corpus.join(folder)).into_iter().flatten();
        entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect::<Vec<_>>()
    };
    let common = files("files");
    assert!(common.len() > 400);
    for (target, _) in targets::TARGETS {
        let seeds = files(&format!("seeds/{target}"));
        assert!(!seeds.is_empty() || ["presented", "whole"].contains(&target), "{target}");
        for input in common.iter().chain(&seeds) {
            targets::run(target, input);
        }
    }
}
