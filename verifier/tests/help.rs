//! What a newcomer is told: the help, the manual page, the completions of shells, the page of every code, in both languages.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use akashi_verifier::Verdict;
use akashi_verifier::foreign::Kind;
use akashi_verifier::report::{CheckName, Language, Outcome, Reason, Skipped};
use common::*;

const LANGUAGES: [Language; 2] = [Language::English, Language::Japanese];
const SUBCOMMANDS: [&str; 7] =
    ["recompute", "explain", "man", "completions", "trust show", "trust pin", "trust update"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akashi-verify"));
    command.args(arguments).env_remove("HOME").env_remove("XDG_STATE_HOME");
    for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(name);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn said(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The codes with which root or bundle is refused ([`akashi_verifier::TrustError::code`]).
const REFUSED: [&str; 13] = [
    "root_unreadable",
    "bundle_unreadable",
    "root_threshold",
    "root_key_twice",
    "root_not_vouched_for",
    "root_skipped",
    "root_older",
    "root_forked",
    "root_under_signed",
    "root_expired",
    "bundle_wrongly_signed",
    "bundle_of_other_root",
    "bundle_older",
];

/// The codes of what has no verdict.
const UNCHECKED: [&str; 6] = [
    "file_missing",
    "file_unreadable",
    "no_credential",
    "row_empty",
    "number_wrong",
    "number_without_credential",
];

/// The codes with which a delta is left for the whole bundle ([`akashi_verifier::trust::delta::DeltaFault::code`]).
const DELTAS: [&str; 5] = [
    "delta_unreadable",
    "delta_of_other_bundle",
    "delta_no_such_list",
    "delta_too_large",
    "delta_inexpressible",
];

/// Every code that a report may carry as verdict or reason, with the sentence that the program prints.
fn codes(language: Language) -> Vec<(&'static str, String, Option<Verdict>)> {
    let full_stop = if language == Language::English { ". " } else { "。" };
    let verdict =
        |v: Verdict| (v.as_str(), [v.heading(language), v.advice(language)].join(full_stop), None);
    let reason = |r: &Reason| (r.code(), r.sentence(language).to_owned(), Some(r.verdict()));
    let skipped = |s: &Skipped| (s.code(), s.sentence(language).to_owned(), None);
    let reasons = Reason::ALL.iter().map(reason);
    Verdict::ALL
        .into_iter()
        .map(verdict)
        .chain(reasons)
        .chain(Skipped::ALL.iter().map(skipped))
        .collect()
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reasons");
    let pages: BTreeSet<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let codes = codes(Language::English);
    let codes =
        codes.iter().map(|(code, _, _)| *code).chain(UNCHECKED).chain(REFUSED).chain(DELTAS);
    let codes: BTreeSet<_> = codes.map(|code| format!("{code}.md")).collect();
    assert_eq!(pages, codes);
}

#[test]
fn a_page_begins_with_the_sentence_that_the_program_prints_and_says_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reasons");
    for language in LANGUAGES {
        let (verdict_is, to_do) = match language {
            Language::English => ("Verdict: ", "- **What to do:** "),
            Language::Japanese => ("判定：", "- **すること：** "),
        };
        for (code, sentence, verdict) in codes(language) {
            let page = fs::read_to_string(folder.join(format!("{code}.md"))).unwrap();
            let page =
                page.strip_prefix(&format!("# {code}\n\n")).unwrap_or_else(|| panic!("{code}"));
            let (english, japanese) = page.split_once("\n---\n\n").unwrap();
            let part = if language == Language::English { english } else { japanese };
            let lines: Vec<_> = part.lines().collect();
            assert_eq!(lines[0], sentence, "{code}");
            if let Some(verdict) = verdict {
                assert_eq!(lines[2], format!("{verdict_is}[`{verdict}`]({verdict}.md)"), "{code}");
            }
            assert!(part.contains(to_do), "{code} in {language}");
            assert!((5..=15).contains(&lines.len()), "{code} in {language}: {} lines", lines.len());
        }
    }
}

#[test]
fn the_page_of_what_is_refused_says_in_both_languages_what_it_means_and_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reasons");
    for code in UNCHECKED.into_iter().chain(REFUSED).chain(DELTAS) {
        let page = fs::read_to_string(folder.join(format!("{code}.md"))).unwrap();
        let page = page.strip_prefix(&format!("# {code}\n\n")).unwrap_or_else(|| panic!("{code}"));
        let (english, japanese) = page.split_once("\n---\n\n").unwrap();
        for (language, part, marks) in [
            (LANGUAGES[0], english, ["What it means:", "What to do:", "Common causes:"]),
            (LANGUAGES[1], japanese, ["意味：", "すること：", "よくある原因："]),
        ] {
            let lines: Vec<_> = part.lines().collect();
            assert_language(lines[0], language);
            let begins: Vec<_> = marks.iter().map(|mark| format!("- **{mark}** ")).collect();
            assert_eq!((lines.len(), lines[1]), (5, ""), "{code}");
            assert!(lines[2..].iter().zip(&begins).all(|(l, mark)| l.starts_with(mark)), "{code}");
        }
    }
}

#[test]
fn where_root_or_bundle_is_missing_the_page_says_how_to_pin_and_fetch() {
    for (code, words) in [
        ("unverified", &["akashi-verify trust pin ROOT", "akashi-verify trust update"][..]),
        ("bundle_missing", &["akashi-verify trust update", "--trust"]),
        ("root_not_pinned", &["akashi-verify trust pin ROOT", "--root"]),
        ("no_state", &["akashi-verify trust pin", "akashi-verify trust update"]),
        ("root_skipped", &["akashi-verify trust update"]),
    ] {
        for language in LANGUAGES {
            let page = said(&["explain", code, "--lang", language.as_str()]);
            assert!(words.iter().all(|word| page.contains(word)), "{words:?}: {page}");
        }
    }
}

#[test]
fn the_index_of_the_pages_names_each() {
    let index =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/README.md")).unwrap();
    let codes = codes(Language::English);
    for code in codes.iter().map(|(code, _, _)| *code).chain(UNCHECKED).chain(REFUSED).chain(DELTAS)
    {
        assert!(index.contains(&format!("[`{code}`](reasons/{code}.md)")), "{code}");
    }
    for kind in Kind::ALL {
        assert!(index.contains(&format!("`{}`", kind.code())), "{}", kind.code());
    }
}

#[test]
fn explain_prints_the_page_of_a_code_in_the_reader_s_language() {
    for language in LANGUAGES {
        for (code, sentence, _) in codes(language) {
            let page = said(&["explain", code, "--lang", language.as_str()]);
            let lines: Vec<_> = page.lines().collect();
            assert_eq!((lines[0], lines[2]), (code, sentence.replace('`', "").as_str()));
            assert!(
                !page.contains("**") && !page.contains("](") && !page.contains("---"),
                "{page}"
            );
        }
    }
    let page = said(&["explain", "status_too_old"]);
    assert!(
        page.contains("\n- What to do: Fetch a newer bundle")
            && page.contains("Verdict: stale_status\n"),
        "{page}"
    );
    assert!(!page.contains('新'), "one language only: {page}");
    let kind = said(&["explain", "pdf", "--lang", "ja"]);
    assert_eq!(kind, format!("pdf\n\n{}\n", Kind::Pdf.sentence(Language::Japanese)));
}

#[test]
fn explain_without_a_code_lists_all_and_with_a_wrong_one_names_those_alike() {
    let list = said(&["explain"]);
    let codes = codes(Language::English);
    for code in codes.iter().map(|(code, _, _)| *code).chain(UNCHECKED).chain(REFUSED).chain(DELTAS)
    {
        assert!(list.lines().any(|line| line == code), "{code}");
    }
    for (wrong, right) in [
        ("status-to-old", "did you mean status_too_old"),
        ("Revoked", "did you mean revoked"),
        ("issuer_not_in_bundel", "did you mean issuer_not_in_bundle"),
        ("xyzzy", "`akashi-verify explain` lists them all"),
    ] {
        let output = run(&["explain", wrong]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{wrong}");
        assert!(error.contains(right) && error.lines().count() == 1, "{error}");
        let japanese = run(&["explain", wrong, "--lang", "ja"]);
        let error = String::from_utf8(japanese.stderr).unwrap();
        assert!(error.contains(&format!("「{wrong}」というコードはありません。")), "{error}");
    }
}

/// The long options that a help text lists.
fn options(help: &str) -> BTreeSet<String> {
    let option = |line: &str| {
        let word = line.split_whitespace().find(|word| word.starts_with("--"))?;
        // Deeper stands what is said of an option, whose lines may begin with the name of another.
        let depth = line.len() - line.trim_start().len();
        (matches!(depth, 2..8) && line.trim_start().starts_with('-')).then(|| word.to_owned())
    };
    help.lines().filter_map(option).collect()
}

#[test]
fn the_help_shows_examples_first_then_options_in_groups_then_what_each_exit_status_means() {
    let help = said(&["--help"]);
    let place = |words: &str| help.find(words).unwrap_or_else(|| panic!("{words}: {help}"));
    let places = [
        "Examples:",
        "akashi-verify certificate.json\n",
        "akashi-verify suppliers/ --format",
        "akashi-verify suppliers/ list.csv",
        "Usage:",
        "What to check:",
        "What to check against:",
        "What the certificate must be:",
        "The answer:",
        "Exit status:\n  0  every credential is valid\n",
        "Files:",
    ]
    .map(place);
    assert!(places.is_sorted(), "{help}");
    let short = said(&["-h"]);
    assert!(short.lines().count() < 70 && !short.contains("Examples:"), "{short}");
}

#[test]
fn the_man_page_has_every_option_of_every_command() {
    let page = said(&["man"]).replace("\\-", "-");
    for part in ["NAME", "EXAMPLES", "EXIT STATUS", "FILES", "ENVIRONMENT"] {
        let heading = |line: &str| {
            line.strip_prefix(".SH ").is_some_and(|title| title.trim_matches('"') == part)
        };
        assert!(page.lines().any(heading), "{part}: {page}");
    }
    for subcommand in [""].into_iter().chain(SUBCOMMANDS) {
        let title = format!(".SH \"THE COMMAND {}\"", subcommand.to_uppercase());
        let section = match subcommand {
            "" => page.as_str(),
            _ => page.split_once(&title).unwrap_or_else(|| panic!("{title}")).1,
        };
        let own = section.split(".SH \"THE COMMAND").next().unwrap();
        let words: Vec<_> = subcommand.split_whitespace().chain(["--help"]).collect();
        let help = said(&words);
        let options = options(&help);
        assert!(options.contains("--lang"), "{options:?}");
        for option in options {
            let is_told = |entry: &str| {
                entry.lines().next().unwrap_or_default().contains(&format!("\\fB{option}\\fR"))
            };
            assert!(own.split("\n.TP\n").skip(1).any(is_told), "{subcommand} {option}: {own}");
        }
    }
    // groff reads it without a warning, where it is installed.
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), said(&["man"])).unwrap();
    let Ok(groff) = Command::new("groff").args(["-ww", "-man", "-Tutf8"]).arg(file.path()).output()
    else {
        return eprintln!("SKIPPED: groff is not installed");
    };
    assert_eq!(String::from_utf8_lossy(&groff.stderr), "");
}

#[test]
fn the_completions_of_every_shell_know_commands_and_options() {
    let help = said(&["--help"]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = said(&["completions", shell]);
        for name in SUBCOMMANDS.iter().flat_map(|name| name.split(' ')) {
            assert!(script.contains(name), "{shell}: {name}");
        }
        for option in options(&help) {
            assert!(script.contains(option.trim_start_matches('-')), "{shell}: {option}");
        }
    }
}

#[test]
fn bash_completes_what_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let script = said(&["completions", "bash"]);
    fs::write(folder.path().join("completions"), &script).unwrap();
    let (_, registered) = script.split_once("complete -F ").unwrap();
    let function = registered.split_whitespace().next().unwrap();
    let bash = |script: &str| {
        Command::new("bash").args(["-c", script]).current_dir(folder.path()).output().unwrap()
    };
    let output = bash("bash -n completions");
    assert!(output.status.success(), "{output:?}");
    for (words, cursor, expected) in [
        ("akashi-verify --min", 1, "--min-level"),
        ("akashi-verify --format nd", 2, "ndjson"),
        ("akashi-verify --lang j", 2, "ja"),
        ("akashi-verify --rec", 1, "--receipt"),
        ("akashi-verify exp", 1, "explain"),
        ("akashi-verify completions fi", 2, "fish"),
    ] {
        let script = format!(
            ". ./completions; COMP_WORDS=({words}); COMP_CWORD={cursor}; \
             {function} akashi-verify \"${{COMP_WORDS[{cursor}]}}\" \"${{COMP_WORDS[$(({cursor}-1))]}}\"; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = bash(&script);
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{words}: {output:?}");
    }
}

/// A folder with a PDF and with a good credential.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pdf"), "%PDF-1.7\n").unwrap();
    fs::write(folder.path().join("a.json"), &World::good().forms()[0]).unwrap();
    folder
}

#[test]
fn the_language_is_the_option_s_or_the_environment_s() {
    let folder = folder();
    let answer = |option: &[&str], environment: &[(&str, &str)]| {
        let mut command = command(&[&["a.pdf"], option].concat());
        let output =
            command.current_dir(&folder).envs(environment.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (english, japanese) = (answer(&["--lang", "en"], &[]), answer(&["--lang", "ja"], &[]));
    assert_ne!(english, japanese);
    for (option, environment, expected) in [
        (&[][..], &[][..], &english),
        (&[], &[("LANG", "ja_JP.UTF-8")], &japanese),
        (&[], &[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "ja_JP")], &japanese),
        (&[], &[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")], &english),
        (&[], &[("LANG", "ja"), ("LC_ALL", "")], &japanese),
        (&[], &[("LANG", "JA_jp.eucJP@x")], &japanese),
        (&[], &[("LANG", "jam_JM")], &english),
        (&["--lang", "en"], &[("LC_ALL", "ja_JP.UTF-8")], &english),
    ] {
        assert_eq!(&answer(option, environment), expected, "{option:?} {environment:?}");
    }
}

#[test]
fn people_read_the_answer_in_their_language_and_programs_the_same_in_all() {
    let folder = folder();
    let answer = |arguments: &[&str], language: &str| {
        let mut command = command(&[arguments, &["--lang", language]].concat());
        String::from_utf8(command.current_dir(&folder).output().unwrap().stdout).unwrap()
    };
    let one = answer(&["a.pdf"], "ja");
    for words in [
        "判定",
        "malformed",
        "Akashiが読める認証ではありません（malformed）。登録簿が発行したままの",
        "不合格",
        "not_a_credential: PDFです。",
        "先に行う確認で不合格になったため",
    ] {
        assert!(one.contains(words), "{words}: {one}");
    }
    let english = answer(&["a.pdf"], "en");
    assert!(
        english.contains("not_a_credential: This is a PDF, which anybody can make and change: ask"),
        "{english}"
    );
    let many = answer(&["a.pdf", "a.json"], "ja");
    assert!(many.contains("クレデンシャル2件：malformed（Akashiが読める認証ではありません）1件、unverified（検証できませんでした）1件"), "{many}");
    // What exactly is wrong is shown, but a stranger's words cannot move the cursor.
    let mut world = World::good();
    world.payload["validUntil"] = serde_json::json!("tomorrow\u{1b}[2J");
    fs::write(folder.path().join("b.jwt"), &world.forms()[1]).unwrap();
    let said = answer(&["b.jwt"], "en");
    assert!(
        said.contains(r#"is missing or wrong. [validUntil: "tomorrow\u{1b}[2J" is not a date"#),
        "{said}"
    );
    for format in ["json", "ndjson", "csv"] {
        let form = ["a.pdf", "a.json", "--format", format];
        assert_eq!(answer(&form, "en"), answer(&form, "ja"), "{format}");
    }
    // Of the checks that passed it is said what is so.
    assert!(answer(&["a.json"], "ja").contains(CheckName::Form.heading(Language::Japanese)));
}

/// A text of one language: Japanese has Japanese letters and its own full stop, English neither.
#[track_caller]
fn assert_language(text: &str, language: Language) {
    let is_japanese = text.chars().any(|c| matches!(c, 'ぁ'..='ん' | 'ァ'..='ヶ' | '一'..='龠'));
    assert_eq!(is_japanese, language == Language::Japanese, "{text}");
    assert!(!text.is_empty() && text.trim() == text && !text.contains("  "), "{text}");
}

#[test]
fn every_word_for_people_exists_in_both_languages() {
    for language in LANGUAGES {
        let end = if language == Language::English { '.' } else { '。' };
        for (code, sentence, _) in codes(language) {
            assert_language(&sentence, language);
            assert!(sentence.ends_with(end), "{code}: {sentence}");
        }
        for verdict in Verdict::ALL {
            assert!(!verdict.heading(language).ends_with(end), "{verdict}");
        }
        for check in CheckName::ALL {
            assert_language(check.heading(language), language);
        }
        let skipped = Outcome::NotChecked(Skipped::NotAsked);
        for outcome in [Outcome::Passed, Outcome::Failed(Reason::TooLarge), skipped] {
            assert_language(outcome.heading(language), language);
        }
    }
}
