//! `akashi-verify recompute`: the decision rule on all ratings of an assessment.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;

use akashi_schemas::misleading::shown;
use akashi_schemas::{Language, Programme};
use akashi_verifier::json;
use akashi_verifier::rule::{self, Outcome, Ratings, Reason};
use anyhow::{Context as _, Result};
use serde_json::json;

use crate::options::{Recompute, TextOrJson};
use crate::words::{self, Trouble, ratings};

/// The largest programme or report of ratings that is read: a hundred facilities' ratings are a few megabytes.
const MAX_BYTES: usize = 64 << 20;

/// Whether the ratings give a level.
pub(crate) fn run(options: &Recompute, language: Language) -> Result<bool> {
    let file = &options.programme_file;
    let programme = Programme::from_json(&read(file, language)?)
        .with_context(|| ratings::not_a_programme(file, language))?;
    let unreadable = || ratings::not_ratings(&options.ratings, language);
    let bytes = read(&options.ratings, language)?;
    let value = json::read(&bytes, MAX_BYTES).with_context(unreadable)?;
    let report: Ratings = serde_json::from_value(value).with_context(unreadable)?;

    let outcome = rule::recompute(&programme, &report);
    let mut out = io::stdout().lock();
    match options.format {
        TextOrJson::Json => writeln!(out, "{}", as_json(&outcome))?,
        TextOrJson::Text => {
            for line in ratings::outcome(&programme, &outcome, language) {
                // The ratings' own words may stand in it.
                writeln!(out, "{}", shown(&line))?;
            }
        }
    }
    Ok(outcome.level.is_some())
}

fn read(file: &Path, language: Language) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reader: io::Result<Box<dyn Read>> = match file.as_os_str() == "-" {
        true => Ok(Box::new(io::stdin())),
        false => File::open(file).map(|file| Box::new(file) as Box<dyn Read>),
    };
    reader
        .and_then(|reader| reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .with_context(|| words::trouble(file, Trouble::Unreadable, language))?;
    Ok(bytes)
}

fn as_json(outcome: &Outcome) -> serde_json::Value {
    json!({
        "level": outcome.level,
        "score": outcome.score,
        "reason": outcome.reason.as_ref().map(Reason::code),
    })
}
