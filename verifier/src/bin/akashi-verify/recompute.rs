//! `akashi-verify recompute`: the decision rule on all ratings of an assessment.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;

use akashi_schemas::Programme;
use akashi_schemas::misleading::shown;
use akashi_verifier::json;
use akashi_verifier::rule::{self, Outcome, Ratings, Reason};
use anyhow::{Context as _, Result};
use serde_json::json;

use crate::options::{Recompute, TextOrJson};

/// The largest programme or report of ratings that is read: a hundred facilities' ratings are a few megabytes.
const MAX_BYTES: usize = 64 << 20;

/// Whether the ratings give a level.
pub(crate) fn run(options: &Recompute) -> Result<bool> {
    let file = options.programme_file.display();
    let programme = Programme::from_json(&read(&options.programme_file)?)
        .with_context(|| format!("{file} is not a programme"))?;
    let file = options.ratings.display();
    let unreadable = || format!("{file} is not a report of ratings");
    let value = json::read(&read(&options.ratings)?, MAX_BYTES).with_context(unreadable)?;
    let ratings: Ratings = serde_json::from_value(value).with_context(unreadable)?;

    let outcome = rule::recompute(&programme, &ratings);
    let mut out = io::stdout().lock();
    match options.format {
        TextOrJson::Json => writeln!(out, "{}", as_json(&outcome))?,
        TextOrJson::Text => write!(out, "{}", as_text(&programme, &outcome))?,
    }
    Ok(outcome.level.is_some())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reader: io::Result<Box<dyn Read>> = match file.as_os_str() == "-" {
        true => Ok(Box::new(io::stdin())),
        false => File::open(file).map(|file| Box::new(file) as Box<dyn Read>),
    };
    reader
        .and_then(|reader| reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(bytes)
}

fn as_json(outcome: &Outcome) -> serde_json::Value {
    json!({
        "level": outcome.level,
        "score": outcome.score,
        "reason": outcome.reason.as_ref().map(Reason::code),
    })
}

fn as_text(programme: &Programme, outcome: &Outcome) -> String {
    let mut text = match &outcome.level {
        Some(id) => {
            let title = programme.level(id).map_or(id.as_str(), |level| level.title.english());
            format!("Level: {id} ({title})\n")
        }
        None => "Level: none\n".to_string(),
    };
    if let Some(score) = outcome.score {
        text += &format!("Score: {}.{:02} %\n", score / 100, score % 100);
    }
    if let Some(reason) = &outcome.reason {
        text += &format!("Reason: {}\n", reason.code());
        for line in details(reason) {
            // The ratings' own words may stand in it.
            text += &format!("  {}\n", shown(&line));
        }
    }
    for section in outcome.sections.iter().filter(|section| section.below > 0) {
        let kept = if section.keeps_limits { "within its limits" } else { "over its limits" };
        text += &format!(
            "Section {}: {} below conform, {} of them major, {kept}\n",
            section.id, section.below, section.major
        );
    }
    text
}

fn details(reason: &Reason) -> Vec<String> {
    match reason {
        Reason::CannotFollow(obstacles) => obstacles.iter().map(ToString::to_string).collect(),
        Reason::MustConform(criteria) => {
            criteria.iter().map(|id| format!("criterion {id} must conform")).collect()
        }
        Reason::TooLittleApplicable { share, required } => {
            vec![format!("{share} of 10000 of the weight applied, {required} are needed")]
        }
        _ => Vec::new(),
    }
}
