//! `akashi-verify` as its users run it: options, forms of answer, exit codes, and what it remembers.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "common/desk.rs"]
mod desk;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use akashi_schemas::Programme;
use akashi_schemas::embedded::RESPONSIBLE_HOSTING;
use akashi_verifier::report::{CheckName, Language};
use common::*;
use desk::*;
use serde_json::{Value, json};

#[test]
fn valid_files_exit_0_and_a_json_answer_is_an_array_even_of_one() {
    let (desk, _) = Desk::good();
    let (code, answer) = desk.check(&["a.json"]);
    assert_eq!((code, answer.as_array().map(Vec::len)), (0, Some(1)), "{answer:#}");
    let (code, answer) = desk.check(&["a.json", "a.jwt"]);
    assert_eq!(code, 0);
    let seen: Vec<_> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|i| (&i["input"], &i["index"], &i["verdict"]))
        .collect();
    assert_eq!(json!(seen), json!([["a.json", 0, "valid"], ["a.jwt", 0, "valid"]]));
    let item = &answer[0];
    assert_eq!((&item["certificate"], &item["level"]), (&json!(NUMBER), &json!("certified")));
}

#[test]
fn one_file_that_is_not_valid_exits_1_and_the_others_are_answered() {
    let (desk, _) = Desk::good();
    desk.put("b.json", b"{}");
    let (code, answer) = desk.check(&["a.json", "b.json", "a.jwt"]);
    let verdicts: Vec<_> = answer.as_array().unwrap().iter().map(|item| &item["verdict"]).collect();
    assert_eq!((code, json!(verdicts)), (1, json!(["valid", "malformed", "valid"])));
    assert_eq!(answer[1]["certificate"], json!(null));
}

#[test]
fn ndjson_and_standard_input_hold_many() {
    let (desk, world) = Desk::good();
    let [json, jwt] = world.forms().map(|form| text(&form));
    let proof = json!({"credential": json!(jwt), "log_proof": world.log_proof});
    let lines = format!("{json}\n\n{}\n{proof}\nnonsense\n", json!(jwt));
    let expected = json!([[0, "valid"], [1, "valid"], [2, "valid"], [3, "malformed"]]);
    desk.put("many.ndjson", lines.as_bytes());
    desk.put("many.txt", lines.as_bytes());
    for file in ["many.ndjson", "many.txt"] {
        let (code, answer) = desk.check(&[file]);
        let seen: Vec<_> = answer
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (&item["index"], &item["verdict"]))
            .collect();
        assert_eq!((code, json!(seen)), (1, expected.clone()), "{file}");
    }
    let (_, answer) = desk.check(&["many.ndjson", "--require-log"]);
    let verdicts: Vec<_> = answer.as_array().unwrap().iter().map(|item| &item["verdict"]).collect();
    assert_eq!(json!(verdicts), json!(["not_logged", "not_logged", "valid", "malformed"]));

    let output = desk.run_on(
        lines.as_bytes(),
        &["-", "--trust", "bundle", "--root", "root", "--format", "ndjson"],
    );
    let answers: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (output.status.code(), answers.len(), &answers[2]["input"]),
        (Some(1), 4, &json!("-"))
    );
}

#[test]
fn one_credential_may_be_laid_out_over_many_lines() {
    let (desk, world) = Desk::good();
    let pretty = serde_json::to_vec_pretty(&world.sign_proof(&world.payload)).unwrap();
    desk.put("pretty.json", &pretty);
    let (code, answer) = desk.check(&["pretty.json"]);
    assert_eq!((code, answer.as_array().map(Vec::len)), (0, Some(1)));
}

#[test]
fn the_table_and_the_rows_can_be_read() {
    let (desk, _) = Desk::good();
    desk.put("b.json", b"{}");
    let trust = ["--trust", "bundle", "--root", "root"];
    let output = desk.run(&[&["a.json", "b.json"][..], &trust].concat());
    let table = text(&output.stdout);
    for words in [
        "VERDICT",
        NUMBER,
        "例示食品株式会社",
        "proof_missing",
        "This is JSON, but no credential: ask the sender",
        "status as of",
        "rollback: No earlier trust bundle is remembered here",
        "2 credentials: 1 malformed, 1 valid",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    let output = desk.run(&[&["a.json", "b.json", "--format", "csv"][..], &trust].concat());
    let rows = text(&output.stdout);
    let rows: Vec<_> = rows.split("\r\n").collect();
    assert_eq!(
        rows[0],
        "input,index,verdict,reason,certificate,holder,level,status_as_of,listed,duplicate_of"
    );
    assert!(
        rows[1].starts_with(&format!("a.json,0,valid,,{NUMBER},例示食品株式会社,certified,20")),
        "{}",
        rows[1]
    );
    assert!(rows[2].starts_with("b.json,0,malformed,proof_missing,,,,20"), "{}", rows[2]);
}

/// The lines of a text, each cut at runs of blanks.
fn cells(text: &str) -> Vec<Vec<&str>> {
    fn cut(line: &str) -> Vec<&str> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
    }
    text.lines().map(cut).collect()
}

#[test]
fn of_one_file_every_check_is_shown_and_why_it_was_not_made() {
    let (desk, _) = Desk::good();
    let said = |arguments: &[&str]| {
        let trust = ["--trust", "bundle", "--root", "root"];
        text(&desk.run(&[arguments, &trust].concat()).stdout)
    };
    let first = said(&["a.json"]);
    let lines = cells(&first);
    for check in CheckName::ALL {
        let line = lines.iter().find(|line| line.first() == Some(&check.as_str()));
        let line = line.unwrap_or_else(|| panic!("{}: {first}", check.as_str()));
        let why = match check {
            CheckName::Rollback => {
                "No earlier trust bundle is remembered here, so that an older one would not be noticed. From the next check on, it is."
            }
            CheckName::Log => "It was not asked for. --require-log asks for it.",
            CheckName::Policy => {
                "It was not asked for. --min-level, --programme and --facility ask for it."
            }
            _ => {
                assert_eq!(line[1..], ["passed", check.heading(Language::English)], "{first}");
                continue;
            }
        };
        assert_eq!(line[1..], ["not checked", why], "{first}");
    }
    let second = said(&["a.json"]);
    assert!(
        cells(&second).contains(&vec![
            "rollback",
            "passed",
            CheckName::Rollback.heading(Language::English)
        ]),
        "as it said: {second}"
    );

    desk.put("b.json", b"{}");
    let refused = said(&["b.json"]);
    for line in [
        [
            "form",
            "failed",
            "proof_missing: This is JSON, but no credential: ask the sender for the file that the certificate's page offers.",
        ],
        ["signature", "not checked", "A check that must come first did not pass."],
    ] {
        assert!(cells(&refused).contains(&line.to_vec()), "{line:?}: {refused}");
    }
}

#[test]
fn a_reader_who_has_gone_is_not_complained_to() {
    let (desk, world) = Desk::good();
    let mut command = desk.command(&["-", "--trust", "bundle", "--root", "root"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let [json, _] = world.forms();
    child.stdin.take().unwrap().write_all(&json).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), ""));
}

#[test]
fn where_nothing_can_be_remembered_it_is_said() {
    let (desk, _) = Desk::good();
    let mut command = desk.command(&["a.json", "--trust", "bundle", "--root", "root"]);
    let output = command.env_remove("XDG_STATE_HOME").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert!(said.contains("an older one may not be noticed"), "{said}");
    let said = text(&output.stdout);
    assert!(
        said.contains("Nothing can be remembered, either: set XDG_STATE_HOME or HOME"),
        "{said}"
    );
    assert!(!said.contains("From the next check on"), "nothing is promised: {said}");
}

#[test]
fn without_trust_the_verdict_is_unverified() {
    let (desk, _) = Desk::good();
    for (arguments, reason) in [
        (&["a.json"][..], "bundle_missing"),
        (&["a.json", "--root", "root"], "bundle_missing"),
        (&["a.json", "--trust", "bundle"], "root_not_pinned"),
    ] {
        let output = desk.run(&[arguments, &["--format", "json"]].concat());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = answer[0]["checks"].as_array().unwrap();
        let trust = checks.iter().find(|check| check["name"] == "trust").unwrap();
        assert_eq!((output.status.code(), &answer[0]["verdict"]), (Some(1), &json!("unverified")));
        assert_eq!(trust["reason"], reason);
    }
}

#[test]
fn a_pinned_root_serves_when_none_is_named() {
    let (desk, world) = Desk::good();
    desk.put("state/akashi/root.json", &world.root_bytes());
    let output = desk.run(&["a.json", "--trust", "bundle", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn an_older_bundle_is_noticed_once_a_newer_one_was_seen() {
    let (desk, mut world) = Desk::good();
    let rollback = |answer: &Value| answer[0]["checks"][2].clone();
    assert_eq!(rollback(&desk.check(&["a.json"]).1)["outcome"], "not_checked");
    assert_eq!(rollback(&desk.check(&["a.json"]).1)["outcome"], "passed");
    world.bundle["version"] = json!(6);
    desk.put("older", &world.bundle_bytes());
    let older = ["a.json", "--trust", "older", "--root", "root"];
    assert_fails(&desk.run(&older), &["bundle_older", "version 6", "version 7"]);
    // Another root's bundles count apart.
    world.root["version"] = json!(1);
    world.root["expires"] = json!("2036-01-02T00:00:00Z");
    desk.put("other-root", &world.root_bytes());
    assert_eq!(
        desk.run(&["a.json", "--trust", "older", "--root", "other-root"]).status.code(),
        Some(0)
    );
    // A damaged memory is said, not passed over.
    let digest = hex(&jcs(&World::good().root));
    desk.put(&format!("state/akashi/bundle-versions/{digest}"), b"seven");
    assert_fails(&desk.run(&older), &["damaged"]);
}

#[test]
fn trust_that_cannot_be_trusted_exits_2_with_the_reason() {
    let (desk, world) = Desk::good();
    let bad = World { root_signers: vec![key(11)], ..world.clone() };
    desk.put("under-signed", &bad.root_bytes());
    let bad = World { bundle_signer: key(12), ..world };
    desk.put("wrongly-signed", &bad.bundle_bytes());
    desk.put("deep", "[".repeat(10_000).as_bytes());
    for (bundle, root, words) in [
        ("bundle", "under-signed", "root_under_signed"),
        ("wrongly-signed", "root", "bundle_wrongly_signed"),
        ("deep", "root", "bundle_unreadable"),
        ("bundle", "deep", "root_unreadable"),
        ("bundle", "no-such-file", "no-such-file cannot be read"),
        ("no-such-file", "root", "no-such-file cannot be read"),
    ] {
        assert_fails(&desk.run(&["a.json", "--trust", bundle, "--root", root]), &[words]);
    }
}

#[test]
fn what_cannot_be_run_exits_2() {
    let (desk, _) = Desk::good();
    assert_fails(&desk.run(&["missing.json"]), &["missing.json cannot be read"]);
    assert_fails(
        &desk.run(&["a.json", "missing.json", "--format", "json"]),
        &["missing.json cannot be read"],
    );
    // Nothing checked is not all valid.
    desk.put("none.ndjson", b"\n\n");
    let output = desk.run(&["none.ndjson", "--format", "json"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), "[]\n"));
    for arguments in [
        &[][..],
        &["--no-such-option"],
        &["a.json", "--at", "yesterday"],
        &["a.json", "--format", "xml"],
    ] {
        assert_eq!(desk.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    for at in ["2026-11-26 12:00:00Z", "2026-11-26T12Z", "20261126T120000Z", "2026-11-26T23:59:60Z"]
    {
        assert_eq!(desk.run(&["a.json", "--at", at]).status.code(), Some(2), "{at}");
    }
    let date = desk.run(&["a.json", "--at", "2029-01-01"]);
    let said = text(&date.stderr);
    assert!(said.contains("with date, hour and offset: 2026-11-25T23:59:59Z"), "{said}");
    assert_eq!(desk.run(&["--help"]).status.code(), Some(0));
}

#[test]
fn policies_reach_the_check() {
    let (desk, _) = Desk::good();
    for (arguments, verdict) in [
        (&["--min-level", "leading"][..], "policy_not_met"),
        (
            &[
                "--min-level",
                "committed",
                "--programme",
                "responsible-hosting",
                "--facility",
                FACILITY,
            ],
            "valid",
        ),
        (&["--programme", "other"], "policy_not_met"),
        (&["--at", "2020-01-01T00:00:00Z"], "not_yet_valid"),
        (&["--at", "2099-01-01T00:00:00+09:00"], "expired"),
        (&["--max-status-age", "0"], "stale_status"),
        (&["--require-log"], "not_logged"),
    ] {
        let (code, answer) = desk.check(&[&["a.json"], arguments].concat());
        assert_eq!(
            (answer[0]["verdict"].as_str(), code),
            (Some(verdict), i32::from(verdict != "valid")),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_log_proof_lies_beside_the_file_or_is_named() {
    let (desk, world) = Desk::good();
    let proof = world.log_proof.unwrap();
    desk.put("proof", proof.as_bytes());
    let nowhere = desk.run(&["a.jwt", "--trust", "bundle", "--root", "root", "--require-log"]);
    let said = text(&nowhere.stdout);
    assert!(said.contains("in certificate.jwt.tlog-proof; --log-proof names another"), "{said}");
    assert_eq!(desk.check(&["a.json", "--require-log", "--log-proof", "proof"]).0, 0);
    desk.put("a.json.tlog-proof", proof.as_bytes());
    assert_eq!(desk.check(&["a.json", "--require-log"]).0, 0);
    desk.put("a.json.tlog-proof", proof.replace("index 2", "index 1").as_bytes());
    assert_eq!(desk.check(&["a.json", "--require-log"]).1[0]["verdict"], "not_logged");
    // A proof that is named is looked at.
    assert_eq!(desk.check(&["a.json", "--log-proof", "proof"]).0, 0);
    desk.put("garbage", b"garbage");
    assert_eq!(desk.check(&["a.json", "--log-proof", "garbage"]).1[0]["verdict"], "not_logged");
    // And no more of it than a proof may have, whatever it is.
    let (_, answer) = desk.check(&["a.json", "--log-proof", "/dev/zero"]);
    assert_eq!(answer[0]["verdict"], "not_logged");
    assert_fails(
        &desk.run(&["a.json", "--require-log", "--log-proof", "none"]),
        &["none cannot be read"],
    );
}

#[test]
fn one_log_proof_is_not_the_proof_of_many() {
    let (desk, world) = Desk::good();
    desk.put("proof", world.log_proof.unwrap().as_bytes());
    let line = fs::read(desk.folder.path().join("a.json")).unwrap();
    desk.put("many.ndjson", &[&line[..], b"\n", &line].concat());
    for (files, says) in [
        (&["many.ndjson"][..], "give each its own in its line"),
        (&["a.json", "a.jwt"], "check each FILE by itself"),
    ] {
        assert_fails(&desk.run(&[files, &["--log-proof", "proof"]].concat()), &[says]);
    }
}

#[test]
fn a_file_without_end_is_read_no_further_than_a_credential_goes() {
    let (desk, _) = Desk::good();
    let output = desk.run(&["/dev/zero", "--format", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &answer[0]["checks"][0]["reason"]),
        (Some(1), &json!("too_large"))
    );
}

/// Verdict and reason of what failed first, of every item.
fn verdicts(answer: &Value) -> Vec<[String; 2]> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let verdict = |item: &Value| {
        let mut reasons = item["checks"].as_array().unwrap().iter().map(|check| &check["reason"]);
        let reason = reasons.find(|reason| reason.is_string()).unwrap_or(&Value::Null);
        [word(&item["verdict"]), word(reason)]
    };
    answer.as_array().unwrap().iter().map(verdict).collect()
}

/// What comes behind the bytes that are read could be anything, so a good credential before it counts for nothing.
#[test]
fn what_is_larger_than_a_credential_is_refused_however_good_its_beginning_is() {
    let (desk, world) = Desk::good();
    let refused = ["malformed".to_owned(), "too_large".to_owned()];
    let junk = [&b" ".repeat(1_100_000)[..], b"{\"junk\":1}"].concat();
    let pretty = serde_json::to_vec_pretty(&world.sign_proof(&world.payload)).unwrap();
    let [json, jwt] = world.forms();
    for (form, credential) in [("json", json), ("jwt", jwt), ("pretty", pretty)] {
        let large = [&credential[..], &junk].concat();
        desk.put("large.json", &large);
        desk.put("in/large.json", &large);
        desk.put("list.csv", b"file\nlarge.json\n");
        for arguments in [["large.json"], ["in"], ["list.csv"]] {
            let (code, answer) = desk.check(&arguments);
            assert_eq!(
                (code, verdicts(&answer)),
                (1, vec![refused.clone()]),
                "{form} {arguments:?}"
            );
        }
        let piped = ["-", "--trust", "bundle", "--root", "root", "--format", "json"];
        let output = desk.run_on(&large, &piped);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let got = (output.status.code(), verdicts(&answer));
        assert_eq!(got, (Some(1), vec![refused.clone()]), "{form} on standard input");
    }
    let line = [&fs::read(desk.folder.path().join("a.json")).unwrap()[..], &junk, b"\n"].concat();
    let small = fs::read(desk.folder.path().join("a.json")).unwrap();
    desk.put("many.ndjson", &[&line[..], &small, b"\n", &line].concat());
    let (code, answer) = desk.check(&["many.ndjson"]);
    let valid = ["valid".to_owned(), "not_asked".to_owned()];
    let verdicts: Vec<_> = verdicts(&answer)
        .into_iter()
        .map(|[verdict, reason]| if verdict == "valid" { valid.clone() } else { [verdict, reason] })
        .collect();
    assert_eq!((code, verdicts), (1, vec![refused.clone(), valid, refused]));
}

#[test]
fn beside_a_credential_and_its_log_proof_nothing_may_stand() {
    let (desk, world) = Desk::good();
    let credential = world.sign_proof(&world.payload);
    let log_proof = world.log_proof.clone();
    let object = |more: Value| {
        let mut object = json!({"credential": credential.clone(), "log_proof": log_proof.clone()});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        jcs(&object)
    };
    for (more, verdict) in [
        (json!({}), "valid"),
        (json!({"log_proof": null}), "valid"),
        (json!({"note": "valid"}), "malformed"),
        (json!({"id": "urn:x"}), "malformed"),
        (json!({"proof": credential["proof"]}), "malformed"),
        (json!({"log_proof": 1}), "malformed"),
    ] {
        desk.put("object.json", &object(more.clone()));
        let (_, answer) = desk.check(&["object.json"]);
        assert_eq!(answer[0]["verdict"], verdict, "{more}");
    }
}

#[test]
fn white_space_is_that_of_json() {
    let (desk, _) = Desk::good();
    let credential = fs::read(desk.folder.path().join("a.json")).unwrap();
    let line = |before: &str, after: &str| {
        [before.as_bytes(), &credential, after.as_bytes(), b"\n"].concat()
    };
    for (blank, verdict) in [
        (" \t\r", "valid"),
        ("\u{c}", "malformed"),
        ("\u{b}", "malformed"),
        ("\u{a0}", "malformed"),
        ("\u{3000}", "malformed"),
    ] {
        for (before, after) in [(blank, ""), ("", blank)] {
            desk.put("one.json", &line(before, after));
            desk.put("many.ndjson", &[line(before, after), line("", "")].concat());
            let (_, one) = desk.check(&["one.json"]);
            assert_eq!(one[0]["verdict"], verdict, "{blank:?}");
            let (_, many) = desk.check(&["many.ndjson"]);
            let verdicts = [&many[0]["verdict"], &many[1]["verdict"]];
            assert_eq!(verdicts, [verdict, "valid"], "{blank:?}");
        }
    }
    // A line with nothing else is a line that is answered.
    desk.put("many.ndjson", &[&b"\x0c\n \t\r\n"[..], &line("", "")].concat());
    let (_, answer) = desk.check(&["many.ndjson"]);
    let got: Vec<_> = answer.as_array().unwrap().iter().map(|item| &item["verdict"]).collect();
    assert_eq!(got, ["malformed", "valid"]);
}

#[test]
fn a_jwt_s_own_dates_and_claims_are_refused() {
    let (desk, world) = Desk::good();
    for (claim, value) in [
        ("exp", json!(4_102_444_800_i64)),
        ("nbf", json!(1)),
        ("iat", json!(1)),
        ("vc", json!({})),
        ("vp", json!({})),
        ("iss", json!("did:web:elsewhere.example")),
    ] {
        let mut payload = world.payload.clone();
        payload[claim] = value;
        desk.put("claims.jwt", world.sign_jwt(&payload).as_bytes());
        let (code, answer) = desk.check(&["claims.jwt"]);
        let expected = ["malformed".to_owned(), "forbidden_claim".to_owned()];
        assert_eq!((code, verdicts(&answer)), (1, vec![expected]), "{claim}");
    }
    let said = text(&desk.run(&["claims.jwt", "--trust", "bundle", "--root", "root"]).stdout);
    let sentence = "`exp`, `nbf`, `iat` or a foreign `iss` stand beside the credential.";
    assert!(said.contains(sentence), "{said}");
}

/// Neither may move the cursor, nor turn the direction of writing.
#[test]
fn a_stranger_s_words_and_names_are_shown_without_what_misleads() {
    let (desk, _) = Desk::good();
    let name = "x\u{1b}[2J\u{9b}31m\u{202e}fdp.json";
    let is_misleading = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    let shown = "x\u{fffd}[2J\u{fffd}31m\u{fffd}fdp.json";
    desk.put(name, b"{}");
    desk.put("list.csv", format!("file\n{name}\n{name}\nno{name}\n").as_bytes());
    desk.put("programme.json", RESPONSIBLE_HOSTING.as_bytes());
    let mut ratings = ratings(&Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).unwrap());
    ratings["ratings"][0]["criterion"] = json!(name);
    desk.put("ratings", ratings.to_string().as_bytes());
    let missing = format!("no{name}");
    for arguments in [
        &[name, name, "--trust", "bundle", "--root", "root"][..],
        &["list.csv", "--trust", "bundle", "--root", "root"],
        &[&missing],
        &["a.json", "--trust", &missing],
        &["a.json", "--trust", name, "--root", "root"],
        &["a.json", "--trust", "bundle", "--root", name],
        &["trust", "pin", name],
        &["trust", "show", "--root", name],
        &["recompute", "--programme-file", "programme.json", "ratings"],
        &["recompute", "--programme-file", name, "ratings"],
        &["recompute", "--programme-file", "programme.json", name],
    ] {
        let output = desk.run(arguments);
        let said = [text(&output.stdout), text(&output.stderr)].concat();
        assert!(said.contains(shown), "{arguments:?}: {said}");
        assert!(!said.contains(is_misleading), "{arguments:?}: {said:?}");
    }
}

/// The ratings of a company that conforms everywhere.
fn ratings(programme: &Programme) -> Value {
    let facilities = [("w", "whole"), ("s", "site")];
    let ratings: Vec<_> = programme
        .criteria
        .iter()
        .flat_map(|criterion| {
            let at = move |kind: &str| criterion.at.iter().any(|known| known.as_str() == kind);
            let rated = facilities.into_iter().filter(move |(_, kind)| at(kind));
            rated.map(|(id, _)| json!({"criterion": criterion.id, "facility": id, "value": "conform", "na_ground": null}))
        })
        .collect();
    json!({
        "programme": {"id": programme.id, "version": programme.version, "digest": programme.digest()},
        "facilities": facilities.map(|(id, kind)| json!({"id": id, "kind": kind})),
        "ratings": ratings,
    })
}

#[test]
fn recompute_gives_the_level_or_says_why_not() {
    let desk = Desk::new();
    desk.put("programme.json", RESPONSIBLE_HOSTING.as_bytes());
    let programme = Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).unwrap();
    let whole = ratings(&programme);
    let mut part = whole.clone();
    part["ratings"].as_array_mut().unwrap().truncate(50);
    let mut critical = whole.clone();
    critical["ratings"][0]["value"] = json!("minor");
    let mut other = whole.clone();
    other["programme"]["digest"] = json!("00".repeat(32));
    for (name, ratings, code, level, reason) in [
        ("whole", whole, 0, json!("leading"), json!(null)),
        ("part", part, 1, json!(null), json!("cannot_follow")),
        ("critical", critical, 1, json!(null), json!("must_conform")),
        ("other", other, 1, json!(null), json!("cannot_follow")),
    ] {
        let bytes = ratings.to_string();
        desk.put(name, bytes.as_bytes());
        let arguments = ["recompute", "--programme-file", "programme.json", name];
        let output = desk.run(&[&arguments[..], &["--format", "json"]].concat());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), &answer["level"], &answer["reason"]),
            (Some(code), &level, &reason),
            "{name}"
        );
        assert_eq!(answer.as_object().unwrap().len(), 3);
        let words = text(&desk.run(&arguments).stdout);
        assert!(words.contains(level.as_str().or(reason.as_str()).unwrap()), "{words}");
        let piped = desk
            .run_on(bytes.as_bytes(), &["recompute", "--programme-file", "programme.json", "-"]);
        assert_eq!(piped.status.code(), Some(code));
    }
}

/// As many pairs as criteria times facilities can be missing of a short report.
#[test]
fn of_what_recompute_cannot_follow_it_names_a_hundred_things() {
    let desk = Desk::new();
    desk.put("programme.json", RESPONSIBLE_HOSTING.as_bytes());
    let mut report = ratings(&Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).unwrap());
    let facility = |n: usize| json!({"id": format!("site-{n}"), "kind": "dormitory"});
    report["facilities"].as_array_mut().unwrap().extend((0..20_000).map(facility));
    desk.put("report", report.to_string().as_bytes());
    for (language, more) in [("en", "  and at least 900 more"), ("ja", "  ほかに少なくとも900件")]
    {
        let arguments = ["recompute", "--programme-file", "programme.json", "report", "--lang"];
        let output = desk.run(&[&arguments[..], &[language]].concat());
        let said = text(&output.stdout);
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 103), "{said}");
        assert_eq!(said.lines().last(), Some(more));
    }
}

#[test]
fn recompute_speaks_the_reader_s_language_and_to_programs_the_same_in_all() {
    let desk = Desk::new();
    desk.put("programme.json", RESPONSIBLE_HOSTING.as_bytes());
    let programme = Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).unwrap();
    let whole = ratings(&programme);
    let mut minor = whole.clone();
    minor["ratings"][0]["value"] = json!("minor");
    let mut obstacles = whole.clone();
    obstacles["facilities"].as_array_mut().unwrap().push(json!({"id": "s", "kind": "site"}));
    obstacles["ratings"][0]["na_ground"] = json!("because");
    obstacles["ratings"][1]["criterion"] = json!("no-such");
    for (name, ratings, words) in [
        ("whole", &whole, &["水準：leading（", "得点：100.00％"][..]),
        (
            "minor",
            &minor,
            &[
                "水準：なし",
                "理由：must_conform",
                "は適合でなければなりません",
                "件、うち重大0件、",
            ],
        ),
        (
            "obstacles",
            &obstacles,
            &[
                "事業所 s が二度載っています",
                "「because」は非該当の理由になりません",
                "基準 no-such は制度にありません",
            ],
        ),
    ] {
        desk.put(name, ratings.to_string().as_bytes());
        let arguments = ["recompute", "--programme-file", "programme.json", name, "--lang", "ja"];
        let said = text(&desk.run(&arguments).stdout);
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
        let english = ["Level", "Score", "Reason", "criterion", "facility", "Section"];
        assert!(!english.iter().any(|word| said.contains(word)), "{said}");
        let json = |language: &str| {
            let arguments = [&arguments[..4], &["--format", "json", "--lang", language]].concat();
            desk.run(&arguments).stdout
        };
        assert_eq!(json("en"), json("ja"), "{name}");
    }
    let unread = desk.run(&["recompute", "--programme-file", "whole", "whole", "--lang", "ja"]);
    assert_fails(&unread, &["whole は制度ではありません"]);
}

#[test]
fn recompute_on_what_it_cannot_read_exits_2() {
    let desk = Desk::new();
    desk.put("programme.json", RESPONSIBLE_HOSTING.as_bytes());
    desk.put("broken", b"{}");
    let programme = Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).unwrap();
    let mut excellent = ratings(&programme);
    excellent["ratings"][0]["value"] = json!("excellent");
    desk.put("excellent", excellent.to_string().as_bytes());
    for (programme, ratings, words) in [
        ("programme.json", "broken", "broken is not a report of ratings"),
        ("programme.json", "excellent", "excellent is not a report of ratings"),
        ("programme.json", "missing", "missing cannot be read"),
        ("broken", "broken", "broken is not a programme"),
    ] {
        assert_fails(&desk.run(&["recompute", "--programme-file", programme, ratings]), &[words]);
    }
}
