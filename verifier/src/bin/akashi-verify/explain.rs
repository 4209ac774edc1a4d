//! `akashi-verify explain`: what a code of a report means, and what to do. The pages are those of `docs/reasons/`.

use std::io::{self, Write as _};

use akashi_verifier::foreign::Kind;
use akashi_verifier::report::Language;
use anyhow::{Result, bail};

use crate::options::Explain;
use crate::words;

/// The pages of these codes.
macro_rules! pages {
    ($($code:literal)+) => {
        &[$(($code, include_str!(concat!("../../../docs/reasons/", $code, ".md")))),+]
    };
}

/// Code and page, in the order of a list: verdicts, reasons, what was skipped, why there is no verdict, why root, bundle or delta is refused. A page is its
/// English part, a line `---`, its Japanese part.
const PAGES: &[(&str, &str)] = pages! {
    "malformed"
    "unverified"
    "unknown_issuer"
    "bad_signature"
    "key_not_valid"
    "not_authorised"
    "unknown_programme"
    "not_logged"
    "superseded"
    "revoked"
    "suspended"
    "not_yet_valid"
    "expired"
    "status_unknown"
    "stale_status"
    "policy_not_met"
    "valid"
    "too_large"
    "not_a_credential"
    "invalid_json"
    "too_deep"
    "duplicate_member"
    "inexact_number"
    "invalid_jwt"
    "invalid_jwt_header"
    "other_jwt_type"
    "other_algorithm"
    "forbidden_claim"
    "proof_missing"
    "other_proof"
    "invalid_proof"
    "proof_context_differs"
    "key_not_of_issuer"
    "other_credential"
    "invalid_member"
    "signing_time_differs"
    "bundle_missing"
    "root_not_pinned"
    "issuer_not_in_bundle"
    "key_not_in_bundle"
    "signature_invalid"
    "key_not_yet_valid"
    "key_retired"
    "key_compromised"
    "no_authorisation"
    "authorisation_not_in_force"
    "programme_not_in_bundle"
    "programme_digest_differs"
    "log_proof_missing"
    "log_proof_malformed"
    "log_policy_unusable"
    "checkpoint_not_signed"
    "entry_not_included"
    "entry_of_another"
    "refresh_bit_set"
    "revocation_bit_set"
    "suspension_bit_set"
    "before_valid_from"
    "after_valid_until"
    "status_entry_missing"
    "list_not_in_bundle"
    "list_malformed"
    "list_of_other_type"
    "list_of_other_id"
    "list_of_other_purpose"
    "list_of_other_issuer"
    "list_signature_invalid"
    "list_key_not_valid"
    "list_not_multibase"
    "list_not_gzip"
    "list_too_large"
    "list_too_short"
    "list_status_size"
    "list_not_yet_valid"
    "list_expired"
    "index_out_of_range"
    "status_too_old"
    "status_from_future"
    "level_too_low"
    "level_unknown"
    "other_programme"
    "facility_not_covered"
    "not_asked"
    "not_authenticated"
    "no_state"
    "file_missing"
    "file_unreadable"
    "no_credential"
    "row_empty"
    "number_wrong"
    "number_without_credential"
    "root_unreadable"
    "bundle_unreadable"
    "root_threshold"
    "root_key_twice"
    "root_under_signed"
    "root_not_vouched_for"
    "root_skipped"
    "root_older"
    "root_forked"
    "root_expired"
    "bundle_wrongly_signed"
    "bundle_of_other_root"
    "bundle_older"
    "delta_unreadable"
    "delta_of_other_bundle"
    "delta_no_such_list"
    "delta_too_large"
    "delta_inexpressible"
};

/// What stands between the languages of a page.
const BETWEEN: &str = "\n---\n";

/// Prints the page of a code, or without one the list of all.
pub(crate) fn run(explain: &Explain, language: Language) -> Result<bool> {
    let mut out = io::stdout().lock();
    match &explain.code {
        Some(code) => write!(out, "{}", page(code, language)?)?,
        None => {
            for (code, sentence) in sentences(language) {
                writeln!(out, "{code}\n    {sentence}")?;
            }
        }
    }
    Ok(true)
}

fn page(code: &str, language: Language) -> Result<String> {
    if let Some((_, text)) = PAGES.iter().find(|(known, _)| *known == code) {
        return Ok(plain(&part(text, language)));
    }
    if let Some(kind) = Kind::from_code(code) {
        return Ok(format!("{code}\n\n{}\n", kind.sentence(language)));
    }
    bail!(words::run::no_such_code(code, &near(code), language))
}

/// A page in one language, under its code.
fn part(page: &str, language: Language) -> String {
    let (english, japanese) = page.split_once(BETWEEN).unwrap_or((page, page));
    match language {
        Language::English => english.to_owned(),
        Language::Japanese => {
            let title = english.lines().next().unwrap_or_default();
            format!("{title}\n{japanese}")
        }
    }
}

/// A page as a terminal shows it: without the marks of Markdown that these pages use.
fn plain(markdown: &str) -> String {
    let link = |line: &str| match line.split_once("](") {
        Some((text, _)) => text.replace('[', ""),
        None => line.to_owned(),
    };
    let line = |line: &str| link(line.trim_start_matches("# ")).replace("**", "").replace('`', "");
    markdown.lines().map(|text| line(text) + "\n").collect()
}

/// Every code with its sentence: those of the pages, and what a file may be.
fn sentences(language: Language) -> impl Iterator<Item = (&'static str, String)> {
    let sentence = move |page| part(page, language).lines().nth(2).unwrap_or_default().to_owned();
    let pages = PAGES.iter().map(move |(code, page)| (*code, sentence(page)));
    pages.chain(Kind::ALL.iter().map(move |kind| (kind.code(), kind.sentence(language).to_owned())))
}

/// The codes that are written most alike, at most three.
fn near(wrong: &str) -> Vec<&'static str> {
    const ALIKE: f64 = 0.8;
    let alike = |code: &str| strsim::jaro_winkler(&wrong.to_lowercase().replace('-', "_"), code);
    let mut codes: Vec<_> = sentences(Language::English)
        .map(|(code, _)| (code, alike(code)))
        .filter(|(_, alike)| *alike >= ALIKE)
        .collect();
    codes.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    codes.into_iter().map(|(code, _)| code).take(3).collect()
}
