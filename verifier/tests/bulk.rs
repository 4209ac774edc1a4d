//! `akashi-verify` on very many: folders, lists as spreadsheets write them, long tables, runs that are cut short, receipts.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "common/desk.rs"]
mod desk;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::*;
use desk::*;
use serde_json::{Value, json};

/// Numbers with a good check character.
const FIRST: &str = "AK-7M3Q-XRTH-B";
const SECOND: &str = "AK-2222-2222-G";
const TRUST: [&str; 4] = ["--trust", "bundle", "--root", "root"];

/// A credential of that number; `id` tells it from others.
fn credential(world: &World, id: usize, number: &str) -> String {
    text(&jcs(&world.sign_proof(&payload_of(world, id, number))))
}

fn payload_of(world: &World, id: usize, number: &str) -> Value {
    let mut payload = world.payload.clone();
    payload["id"] = json!(format!("{ORIGIN}/credentials/0193a000-0000-7000-8000-{id:012}"));
    payload["credentialSubject"]["id"] = json!(format!("{ORIGIN}/certificates/{number}"));
    payload
}

/// So many credentials, one a line; every seventh of another number's is altered.
fn lines(world: &World, count: usize) -> Vec<u8> {
    let line = |id: usize| {
        let line = credential(world, 1_000 + id, NUMBER);
        if id % 7 == 3 { line.replace("Certified", "Perfected") + "\n" } else { line + "\n" }
    };
    (0..count).map(line).collect::<String>().into_bytes()
}

fn run(desk: &Desk, arguments: &[&str]) -> Output {
    desk.run(&[arguments, &TRUST].concat())
}

/// What a spreadsheet would take for a formula, or a terminal for a command, is written as a text, and can be read back whole.
#[test]
fn the_rows_hold_no_formula_and_lose_nothing() {
    let (desk, mut world) = Desk::good();
    let holder = "＝1\u{1b}[2J\\; @SUM(A1)";
    world.payload["credentialSubject"]["issuedToParty"]["name"] = json!(holder);
    let credential = credential(&world, 1, FIRST);
    let names =
        ["=cmd.json", "+1.json", "-1.json", "@x.json", "'=x.json", "a;=x.json", "a,=\"x\".json"];
    for name in names {
        desk.put(&format!("in/{name}"), credential.as_bytes());
    }
    // The list's own cells are repeated; so is its name.
    let row = |name: &str| {
        format!("\"./{}\"\r\n\"{}\"\r\n", name.replace('"', "\"\""), name.replace('"', "\"\""))
    };
    desk.put("in/=list.csv", ["file\r\n".to_owned(), names.map(row).concat()].concat().as_bytes());
    let mut command = desk.command(&[
        "=list.csv",
        "--format",
        "csv",
        "--trust",
        "../bundle",
        "--root",
        "../root",
    ]);
    let output = command.current_dir(desk.folder.path().join("in")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let csv = text(&output.stdout);
    assert!(!csv.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n')), "{csv:?}");
    let signs = ['=', '+', '-', '@', '＝'];
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 * names.len());
    let cells = rows.iter().flat_map(|row| row.iter()).flat_map(|cell| cell.split(';'));
    cells.for_each(|cell| assert!(!cell.trim_start().starts_with(signs), "{cell}"));
    assert_eq!(&rows[1][0], "'=cmd.json");
    assert_eq!(&rows[0][8], "'=list.csv:2");
    assert_eq!(&rows[0][5], r"'＝1\u{1b}[2J\\\u{3b} @SUM(A1)");
    assert_eq!(&rows[1][9], "./=cmd.json:0", "what is no formula stands as it is");
    assert_eq!(&rows[11][0], r"'a\u{3b}=x.json");
    // Numbers and words of ours are untouched.
    assert_eq!((&rows[1][1], &rows[1][2], &rows[1][4]), ("0", "valid", FIRST));
}

/// Of each item: input, index, and verdict or why there is none.
fn outcomes(answer: &Value) -> Value {
    let outcome = |item: &Value| {
        let verdict = if item["verdict"].is_null() { &item["reason"] } else { &item["verdict"] };
        json!([item["input"], item["index"], verdict])
    };
    answer.as_array().unwrap().iter().map(outcome).collect()
}

#[test]
fn a_folder_is_checked_whole_in_order_and_without_what_belongs_to_others() {
    let (desk, world) = Desk::good();
    let jwt = world.sign_jwt(&world.payload);
    desk.put("in/b/z.jwt", jwt.as_bytes());
    desk.put("in/b/z.jwt.tlog-proof", world.log_proof.clone().unwrap().as_bytes());
    desk.put("in/a.json", credential(&world, 1, NUMBER).as_bytes());
    desk.put("in/c.pdf", b"%PDF-1.7\n");
    desk.put("in/many.ndjson", &lines(&world, 2));
    desk.put("in/.hidden/x.json", b"{}");
    desk.put("in/.hidden.json", b"{}");
    symlink("..", desk.folder.path().join("in/b/loop")).unwrap();
    symlink("nowhere", desk.folder.path().join("in/gone.json")).unwrap();
    let (code, answer) = desk.check(&["in"]);
    let expected = json!([
        ["in/a.json", 0, "valid"],
        ["in/b/z.jwt", 0, "valid"],
        ["in/c.pdf", 0, "malformed"],
        ["in/gone.json", 0, "file_missing"],
        ["in/many.ndjson", 0, "valid"],
        ["in/many.ndjson", 1, "valid"],
    ]);
    assert_eq!((code, outcomes(&answer)), (2, expected));
    let missing = &answer[3];
    assert_eq!(
        (&missing["verdict"], &missing["checks"], &missing["detail"], &missing["certificate"]),
        (&json!(null), &json!([]), &json!("There is no such file."), &json!(null))
    );
    fs::remove_file(desk.folder.path().join("in/gone.json")).unwrap();
    let (code, answer) = desk.check(&["in", "--require-log"]);
    let verdicts: Vec<_> = answer.as_array().unwrap().iter().map(|item| &item["verdict"]).collect();
    let expected = json!(["not_logged", "valid", "malformed", "not_logged", "not_logged"]);
    assert_eq!((code, json!(verdicts)), (1, expected), "the proof beside z.jwt counts");
}

#[test]
fn an_empty_folder_or_list_is_not_all_valid() {
    let (desk, _) = Desk::good();
    fs::create_dir(desk.folder.path().join("none")).unwrap();
    desk.put("none.csv", b"file\r\n");
    desk.put("blank.csv", b"");
    for name in ["none", "none.csv", "blank.csv"] {
        let output = run(&desk, &[name, "--format", "json"]);
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(2), "[]\n".into()),
            "{name}"
        );
        let said = text(&output.stderr);
        assert!(said.contains(&format!("{name} holds no credential")), "{said}");
    }
}

#[test]
fn one_file_that_cannot_be_read_does_not_cost_the_others() {
    let (desk, _) = Desk::good();
    // A folder where a file is meant can be opened, and not read.
    desk.put("list.csv", b"file\na.json\nfolder\na.jwt\n");
    fs::create_dir(desk.folder.path().join("folder")).unwrap();
    let output = run(&desk, &["list.csv", "--format", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected =
        json!([["a.json", 0, "valid"], ["folder", 0, "file_unreadable"], ["a.jwt", 0, "valid"]]);
    assert_eq!((output.status.code(), outcomes(&answer)), (Some(2), expected));
    assert!(text(&output.stderr).contains("1 file could not be read"), "{}", text(&output.stderr));
}

/// "ファイル" and "証明書番号" as Japanese Excel writes them.
const FILE_IN_SHIFT_JIS: &[u8] = b"\x83\x74\x83\x40\x83\x43\x83\x8b";
const NUMBER_IN_SHIFT_JIS: &[u8] = b"\x8f\xd8\x96\xbe\x8f\x91\x94\xd4\x8d\x86";
/// "例示食品.json", likewise.
const NAME_IN_SHIFT_JIS: &[u8] = b"\x97\xe1\x8e\xa6\x90\x48\x95\x69.json";

#[test]
fn a_list_is_read_however_a_spreadsheet_wrote_it() {
    let (desk, world) = Desk::good();
    desk.put("例示食品.json", credential(&world, 2, NUMBER).as_bytes());
    let utf_16: Vec<u8> = "\u{feff}ファイル\t社名\r\n例示食品.json\tA\r\na.json\tB\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (how, bytes, read_as) in [
        ("UTF-8", "ファイル\n例示食品.json\na.json\n".as_bytes().to_vec(), "UTF-8"),
        (
            "a byte order mark and CRLF",
            "\u{feff}file,name\r\n例示食品.json,A\r\na.json,B\r\n".into(),
            "UTF-8",
        ),
        (
            "Shift-JIS",
            [FILE_IN_SHIFT_JIS, b"\r\n", NAME_IN_SHIFT_JIS, b"\r\na.json\r\n"].concat(),
            "Shift-JIS",
        ),
        ("Unicode text", utf_16, "UTF-16LE"),
        (
            "semicolons and quotes",
            "No.;\"File Name\"\n1;\"例示食品.json\"\n2;\"a.json\"".into(),
            "UTF-8",
        ),
        ("no heading", "例示食品.json\na.json".into(), "UTF-8"),
    ] {
        desk.put("list.csv", &bytes);
        let output = run(&desk, &["list.csv", "--format", "json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected = json!([["例示食品.json", 0, "valid"], ["a.json", 0, "valid"]]);
        assert_eq!((output.status.code(), outcomes(&answer)), (Some(0), expected), "{how}");
        let said = text(&output.stderr);
        assert!(said.contains(&format!("read as {read_as}\n")), "{how}: {said}");
    }
    desk.put("list.txt", b"file\na.json\n");
    let (code, answer) = desk.check(&["--list", "list.txt"]);
    assert_eq!((code, outcomes(&answer)), (0, json!([["a.json", 0, "valid"]])));
}

#[test]
fn every_row_is_answered_and_says_which_it_is() {
    let (desk, _) = Desk::good();
    let rows = "company,file\r\n\"two\r\nlines\",a.json\r\n\r\nB,missing.json\r\nC,\r\n,\r\nD,../in/a.json\r\n";
    desk.put("lists/list.csv", rows.as_bytes());
    desk.put("lists/a.json", &fs::read(desk.folder.path().join("a.json")).unwrap());
    desk.put("in/a.json", &fs::read(desk.folder.path().join("a.jwt")).unwrap());
    let (code, answer) = desk.check(&["lists/list.csv"]);
    let rows: Vec<_> = answer.as_array().unwrap().iter().map(|item| &item["listed"]).collect();
    let listed =
        |row: usize, text: &str| json!({"list": "lists/list.csv", "row": row, "text": text});
    assert_eq!(
        json!(rows),
        json!([
            listed(2, "a.json"),
            listed(4, "missing.json"),
            listed(5, ""),
            listed(7, "../in/a.json")
        ])
    );
    let expected = json!([
        ["lists/a.json", 0, "valid"],
        ["lists/missing.json", 0, "file_missing"],
        ["lists/list.csv", 0, "row_empty"],
        ["lists/../in/a.json", 0, "valid"],
    ]);
    assert_eq!((code, outcomes(&answer)), (2, expected));
    let table = text(&run(&desk, &["lists/list.csv"]).stdout);
    assert!(
        table.contains("lists/missing.json (lists/list.csv, row 4): There is no such file."),
        "{table}"
    );
    let rows = text(&run(&desk, &["lists/list.csv", "--format", "csv"]).stdout);
    assert!(
        rows.contains("lists/missing.json,0,,file_missing,,,,,lists/list.csv:4,\r\n"),
        "{rows}"
    );
}

#[test]
fn a_list_that_cannot_be_understood_is_refused_before_the_first_answer() {
    let (desk, _) = Desk::good();
    for (bytes, says) in [
        (&b"company,place\nA,B\n"[..], "none of its columns (company, place) is known"),
        (b"file\n\xff\xfe\xfd\n", "neither UTF-8 nor Shift-JIS (not UTF-8 from line 2 on)"),
        (b"file\na\0.json\n", "NUL characters"),
        (b"file\n\"a.json\nb.json\n", "a quotation mark is opened and never closed"),
    ] {
        desk.put("list.csv", bytes);
        assert_fails(&run(&desk, &["a.json", "list.csv", "--format", "json"]), &["list.csv", says]);
    }
}

#[test]
fn numbers_are_answered_by_the_best_of_the_credentials_given() {
    let (desk, mut world) = Desk::good();
    let current = credential(&world, 1, FIRST);
    world.payload["validUntil"] = json!("2026-11-25T00:00:00Z");
    desk.put("in/1-old.json", credential(&world, 2, FIRST).as_bytes());
    desk.put("in/2-new.json", current.as_bytes());
    desk.put("in/3-tampered.json", current.replace("Certified", "Perfected").as_bytes());
    let list = format!("{FIRST}\r\nak 7m3q xrth b\r\n7M3Q-XRTH-6\r\n{SECOND}\r\n").into_bytes();
    desk.put("list.csv", &[NUMBER_IN_SHIFT_JIS, b"\r\n", &list].concat());
    let (code, answer) = desk.check(&["list.csv", "in"]);
    let expected = json!([
        ["in/1-old.json", 0, "expired"],
        ["in/2-new.json", 0, "valid"],
        ["in/3-tampered.json", 0, "bad_signature"],
        ["list.csv", 0, "valid"],
        ["list.csv", 1, "valid"],
        ["list.csv", 2, "number_wrong"],
        ["list.csv", 3, "number_without_credential"],
    ]);
    assert_eq!((code, outcomes(&answer)), (1, expected));
    let place = |input: &str| json!({"input": input, "index": 0});
    let row = &answer[4];
    assert_eq!(row["credential"], place("in/2-new.json"));
    assert_eq!(row["others"], json!([place("in/1-old.json")]));
    assert_eq!((&row["certificate"], &row["level"]), (&json!(FIRST), &json!("certified")));
    assert_eq!(row["listed"], json!({"list": "list.csv", "row": 3, "text": "ak 7m3q xrth b"}));
    assert!(answer[5]["detail"].as_str().unwrap().contains("its check character does not fit"));
    let said = text(&run(&desk, &["list.csv", "in"]).stdout);
    assert!(
        said.contains("4 numbers: 2 valid, 1 not checked (number_without_credential), 1 not checked (number_wrong)"),
        "{said}"
    );
}

#[test]
fn with_numbers_the_exit_status_is_theirs() {
    let (desk, mut world) = Desk::good();
    desk.put("in/new.json", credential(&world, 1, FIRST).as_bytes());
    world.payload["validUntil"] = json!("2026-11-25T00:00:00Z");
    desk.put("in/old.json", credential(&world, 2, FIRST).as_bytes());
    desk.put("good.csv", FIRST.as_bytes());
    desk.put("more.csv", format!("{FIRST}\n{SECOND}\n").as_bytes());
    for (arguments, code) in [(&["in"][..], 1), (&["in", "good.csv"], 0), (&["in", "more.csv"], 1)]
    {
        assert_eq!(desk.check(arguments).0, code, "{arguments:?}");
    }
}

#[test]
fn the_answer_is_the_same_however_many_are_checked_at_once() {
    let (desk, world) = Desk::good();
    desk.put("many.ndjson", &lines(&world, 700));
    run(&desk, &["a.json"]);
    for format in ["text", "json", "ndjson", "csv"] {
        let [one, four] = ["1", "4"].map(|jobs| {
            run(
                &desk,
                &[
                    "many.ndjson",
                    "a.json",
                    "--format",
                    format,
                    "--jobs",
                    jobs,
                    "--at",
                    "2026-11-26T00:00:00Z",
                ],
            )
            .stdout
        });
        let plain = |bytes: &[u8]| without_age(&text(bytes));
        assert!(plain(&one).len() > 1_000 && plain(&one) == plain(&four), "{format}");
    }
    let (_, answer) = desk.check(&["many.ndjson", "a.json"]);
    let places: Vec<_> =
        answer.as_array().unwrap().iter().map(|item| item["index"].clone()).collect();
    assert_eq!(json!(places), (0..700).chain([0]).collect::<Value>());
}

#[test]
fn the_same_credential_is_counted_once_and_listed() {
    let (desk, world) = Desk::good();
    let a = fs::read(desk.folder.path().join("a.json")).unwrap();
    desk.put("many.ndjson", &[&lines(&world, 2)[..], b" ", &a, b"\r\n"].concat());
    let (code, answer) = desk.check(&["many.ndjson", "a.json", "a.jwt", "a.json"]);
    let seen: Vec<_> =
        answer.as_array().unwrap().iter().map(|item| &item["duplicate_of"]).collect();
    let first = json!({"input": "many.ndjson", "index": 2});
    assert_eq!((code, json!(seen)), (0, json!([null, null, null, first, null, first])));
    assert_eq!(answer[3]["verdict"], "valid", "its verdict is shown all the same");
    assert!(answer[0].get("duplicate_of").is_none(), "no new member but where it says something");
    let output = run(&desk, &["many.ndjson", "a.json", "a.json"]);
    let said = text(&output.stdout);
    assert!(said.contains("a.json: the same as many.ndjson:2\n"), "{said}");
    assert!(said.contains("3 credentials: 3 valid; 2 came again and are counted once\n"), "{said}");
    let rows = text(&run(&desk, &["a.jwt", "a.jwt", "--format", "csv"]).stdout);
    assert!(rows.ends_with(",,a.jwt:0\r\n"), "{rows}");
}

#[test]
fn a_long_table_shows_what_is_not_valid() {
    let (desk, world) = Desk::good();
    desk.put("many.ndjson", &lines(&world, 120));
    let output = run(&desk, &["many.ndjson", "a.json", "a.json"]);
    let said = text(&output.stdout);
    let shown: Vec<_> = said.lines().filter(|line| line.contains("bad_signature")).collect();
    assert_eq!(shown.len(), 18, "17 of them, and the summary: {said}");
    for words in [
        "More than 50: only what is not valid, or came before, is shown.",
        "many.ndjson:115",
        "signature_invalid: The signature does not fit",
        "the same as a.json",
        "121 credentials: 17 bad_signature, 104 valid; 1 came twice and is counted once",
        "status as of",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("many.ndjson:1 "), "what is valid is left out: {said}");
    // What comes one after another stands in columns all the same.
    let starts: Vec<_> = shown[..17].iter().map(|line| line.find("bad_signature")).collect();
    assert!(starts.iter().all(|start| *start == starts[0]), "{said}");
}

#[test]
fn a_machine_is_told_the_counts_on_standard_error() {
    let (desk, world) = Desk::good();
    desk.put("many.ndjson", &lines(&world, 8));
    let output = run(&desk, &["many.ndjson", "--format", "ndjson"]);
    assert_eq!(text(&output.stderr), "akashi-verify: 8 credentials: 1 bad_signature, 7 valid\n");
    assert_eq!(text(&output.stdout).lines().count(), 8);
    assert_eq!(text(&run(&desk, &["a.json", "--format", "ndjson"]).stderr), "", "nothing of one");
}

#[test]
fn an_answer_comes_before_the_next_question() {
    let (desk, world) = Desk::good();
    let mut child = start(&desk, &["-", "--format", "ndjson"]);
    let mut input = child.stdin.take().unwrap();
    let answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, heard) = mpsc::channel();
    let listener = thread::spawn(move || answers.for_each(|answer| drop(sender.send(answer))));
    // To find out whether it is NDJSON, two lines are read.
    input.write_all(&lines(&world, 2)).unwrap();
    for id in 2..5 {
        // Whoever waits in vain would wait for ever.
        heard.recv_timeout(Duration::from_secs(60)).expect("an answer").unwrap();
        input.write_all(format!("{}\n", credential(&world, id, NUMBER)).as_bytes()).unwrap();
    }
    drop(input);
    listener.join().unwrap();
    assert_eq!(heard.iter().count(), 2);
    child.wait().unwrap();
}

#[test]
fn whoever_has_heard_enough_need_not_close_the_input() {
    let (desk, world) = Desk::good();
    let mut child = start(&desk, &["-", "--format", "ndjson"]);
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    input.write_all(&lines(&world, 3)).unwrap();
    let ended = (0..100).find_map(|_| {
        thread::sleep(Duration::from_millis(50));
        child.try_wait().unwrap()
    });
    assert_eq!(ended.and_then(|status| status.code()), Some(2), "it ends while its input is open");
}

fn start(desk: &Desk, arguments: &[&str]) -> Child {
    let mut command = desk.command(&[arguments, &TRUST].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_run_that_was_killed_goes_on_and_leaves_what_one_run_leaves() {
    for format in ["ndjson", "csv"] {
        let (desk, world) = Desk::good();
        let path = |name: &str| desk.folder.path().join(name);
        let all = [&lines(&world, 300)[..], &lines(&world, 3)].concat();
        desk.put("list.csv", format!("{FIRST}\n{SECOND}\n").as_bytes());
        let arguments = ["-", "list.csv", "--format", format, "--output"];
        let mut child = start(&desk, &[&arguments[..], &["out"]].concat());
        let mut input = child.stdin.take().unwrap();
        input.write_all(&all[..all.len() / 2]).unwrap();
        while fs::metadata(path("out")).map_or(0, |out| out.len()) < 5_000 {
            thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let run = fs::read(path("out.run")).unwrap();
        let go_on = |written: &[u8], name: &str| {
            desk.put(name, written);
            desk.put(&format!("{name}.run"), &run);
            let receipt = format!("{name}.receipt");
            let resume =
                [&arguments[..], &[name, "--resume", "--receipt", &receipt], &TRUST].concat();
            let output = desk.run_on(&all, &resume);
            assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
            assert!(!path(&format!("{name}.run")).exists(), "nothing is left to go on with");
            let receipt: Value =
                serde_json::from_slice(&fs::read(path(&receipt)).unwrap()).unwrap();
            let written = fs::read(path(name)).unwrap();
            assert_eq!(receipt["result"]["sha256"], hex(&written));
            (written, receipt["summary"].clone())
        };
        let killed = fs::read(path("out")).unwrap();
        let whole = go_on(b"", "whole");
        assert!(whole.0.starts_with(&killed), "{format}: nothing that was written is undone");
        assert_eq!(go_on(&killed, "out"), whole, "{format}");
        // Wherever it is cut: in the heading, in an item, behind one, in the rows of numbers.
        for (at, cut) in [0, 7, 10_000, whole.0.len() / 3, whole.0.len() - 300, whole.0.len() - 1]
            .into_iter()
            .enumerate()
        {
            let name = format!("cut-{at}");
            assert_eq!(go_on(&whole.0[..cut], &name), whole, "{format}: cut at {cut}");
        }
        assert_eq!(whole.1["repeated"], 3, "{format}");
        assert_eq!(whole.1["numbers"]["total"], 2, "{format}");
    }
}

#[test]
fn another_run_is_not_gone_on_with() {
    let (desk, mut world) = Desk::good();
    desk.put("many.ndjson", &lines(&world, 5));
    world.bundle["version"] = json!(8);
    desk.put("newer", &world.bundle_bytes());
    let first = [
        "many.ndjson",
        "--trust",
        "bundle",
        "--root",
        "root",
        "--format",
        "ndjson",
        "--output",
        "out",
    ];
    assert_eq!(desk.run(&first).status.code(), Some(1));
    let refused = |arguments: &[&str], says: &str| {
        let before = fs::read(desk.folder.path().join("out")).unwrap();
        let output = desk.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert_eq!(fs::read(desk.folder.path().join("out")).unwrap(), before, "{says}");
    };
    refused(&first, "out exists already");
    refused(&[&first[..], &["--resume"]].concat(), "it is whole already");
    // As if it had been killed behind the second item.
    let whole = text(&fs::read(desk.folder.path().join("out")).unwrap());
    let two: String = whole.split_inclusive('\n').take(2).collect();
    let begun = |change: &dyn Fn(&mut Value)| {
        fs::remove_file(desk.folder.path().join("begun")).ok();
        let mut child = start(&desk, &["-", "--format", "ndjson", "--output", "begun"]);
        thread::sleep(Duration::from_millis(300));
        child.kill().unwrap();
        child.wait().unwrap();
        let run = fs::read(desk.folder.path().join("begun.run")).unwrap();
        let mut run: Value = serde_json::from_slice(&run).unwrap();
        let modified =
            fs::metadata(desk.folder.path().join("many.ndjson")).unwrap().modified().unwrap();
        let seconds = modified.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
        run["inputs"] = json!([[
            "many.ndjson",
            fs::metadata(desk.folder.path().join("many.ndjson")).unwrap().len(),
            seconds
        ]]);
        change(&mut run);
        desk.put("out", two.as_bytes());
        desk.put("out.run", run.to_string().as_bytes());
    };
    begun(&|_| {});
    let resume = [&first[..], &["--resume"]].concat();
    for (other, says) in [
        (&["--min-level", "leading"][..], "the policy is another"),
        (&["--at", "2026-11-26T00:00:00Z"], "the policy is another"),
        (&["a.json"], "what is to be checked is another"),
    ] {
        refused(&[&resume[..], other].concat(), says);
    }
    let replaced = |from: &str, to: &'static str| -> Vec<&str> {
        resume.iter().map(|word| if *word == from { to } else { word }).collect()
    };
    refused(&replaced("ndjson", "csv"), "the form of the answer is another");
    refused(&replaced("ndjson", "json"), "say --format ndjson or --format csv");
    refused(&replaced("bundle", "newer"), "the trust bundle is another");
    fs::remove_dir_all(desk.folder.path().join("state")).unwrap();
    begun(&|run| run["root"] = json!("00".repeat(32)));
    refused(&resume, "the root is another");
    desk.put("out", two.replace("\"index\":1", "\"index\":2").as_bytes());
    begun(&|_| {});
    desk.put("out", two.replace("\"index\":1", "\"index\":2").as_bytes());
    refused(&resume, "what is to be checked was changed");
    begun(&|_| {});
    assert_eq!(desk.run(&resume).status.code(), Some(1));
    let gone_on = text(&fs::read(desk.folder.path().join("out")).unwrap());
    assert!(gone_on.starts_with(&two) && gone_on.lines().count() == 5, "{gone_on}");
}

#[test]
fn a_receipt_says_what_was_checked_against_which_bundle() {
    let (desk, world) = Desk::good();
    desk.put("in/b.json", credential(&world, 1, FIRST).as_bytes());
    desk.put("in/c.json", b"{}");
    desk.put(
        "list.csv",
        [b"\x8f\xd8\x96\xbe\x8f\x91\x94\xd4\x8d\x86\r\n", FIRST.as_bytes()].concat().as_slice(),
    );
    let arguments = [
        "a.json",
        "a.json",
        "in",
        "list.csv",
        "--format",
        "csv",
        "--receipt",
        "receipt",
        "--min-level",
        "certified",
    ];
    let output = run(&desk, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let bytes = |name: &str| fs::read(desk.folder.path().join(name)).unwrap();
    let receipt: Value = serde_json::from_slice(&bytes("receipt")).unwrap();
    let file =
        |name: &str| json!({"name": name, "bytes": bytes(name).len(), "sha256": hex(&bytes(name))});
    // As `sha256sum` prints them.
    let sums =
        ["in/b.json", "in/c.json"].map(|name| format!("{}  {name}\n", hex(&bytes(name)))).concat();
    let folder = json!({
        "name": "in", "bytes": bytes("in/b.json").len() + 2, "sha256": hex(sums.as_bytes()), "files": 2,
    });
    for (member, expected) in [
        ("checked_by", json!(concat!("akashi-verify ", env!("CARGO_PKG_VERSION")))),
        ("inputs", json!([file("a.json"), file("a.json"), folder, file("list.csv")])),
        ("lists", json!([{"name": "list.csv", "encoding": "Shift-JIS"}])),
        (
            "policy",
            json!({"at": null, "max_status_age_days": null, "min_level": "certified", "programme": null, "facility": null, "require_log": false}),
        ),
        (
            "summary",
            json!({
                "credentials": {"total": 3, "verdicts": {"malformed": 1, "valid": 2}, "not_checked": {}},
                "repeated": 1,
                "numbers": {"total": 1, "verdicts": {"valid": 1}, "not_checked": {}},
            }),
        ),
        (
            "result",
            json!({"file": null, "bytes": output.stdout.len(), "sha256": hex(&output.stdout)}),
        ),
    ] {
        assert_eq!(receipt[member], expected, "{member}");
    }
    let trust = &receipt["trust"];
    assert_eq!(trust["root_digest"], hex(&jcs(&world.root)));
    assert_eq!(trust["bundle_sha256"], hex(&bytes("bundle")));
    assert_eq!(
        (&trust["bundle_version"], &trust["bundle_as_of"]),
        (&json!(7), &world.bundle["as_of"])
    );
    assert!(receipt["checked_at"].as_str().unwrap().ends_with('Z'));
    assert_fails(
        &run(&desk, &["a.json", "--receipt", "receipt"]),
        &["a receipt is never written over"],
    );
}

#[test]
fn an_answer_that_cannot_be_written_is_no_answer() {
    let (desk, _) = Desk::good();
    let mut command = desk.command(&[&["a.json", "--receipt", "receipt"][..], &TRUST].concat());
    let output = command.stdout(File::create("/dev/full").unwrap()).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the answer cannot be written: No space left"), "{said}");
    assert!(!desk.folder.path().join("receipt").exists(), "no receipt of what nobody got");
    assert_fails(
        &run(&desk, &["a.json", "--output", "no/such/folder"]),
        &["no/such/folder cannot be written"],
    );
}

#[test]
fn an_answer_in_the_folder_that_is_checked_is_not_checked() {
    let (desk, world) = Desk::good();
    desk.put("in/many.ndjson", &lines(&world, 3));
    fs::create_dir(desk.folder.path().join("in/z")).unwrap();
    let output = run(&desk, &["in", "--format", "ndjson", "--output", "in/z/out.ndjson"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let mut command =
        desk.command(&[&["in/many.ndjson", "in/z", "--format", "csv"][..], &TRUST].concat());
    fs::remove_file(desk.folder.path().join("in/z/out.ndjson")).unwrap();
    let answer = desk.put("in/z/out.csv", b"");
    command.stdout(File::create(&answer).unwrap()).output().unwrap();
    assert_eq!(text(&fs::read(&answer).unwrap()).lines().count(), 4, "a heading and three rows");
    let named = desk.put("named.json", b"");
    let mut command = desk.command(&[&["named.json", "--format", "csv"][..], &TRUST].concat());
    let output = command.stdout(File::create(&named).unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&fs::read(&named).unwrap()).contains("named.json,0,,file_unreadable,"));
}

#[test]
fn progress_is_shown_on_a_terminal_alone() {
    let (desk, world) = Desk::good();
    desk.put("many.ndjson", &lines(&world, 40));
    // Held up for longer than patience lasts.
    let slowly = "(head -n 20 many.ndjson; sleep 1.5; tail -n +21 many.ndjson) | ";
    let verify = format!(
        "{slowly} {} - {} --format csv",
        env!("CARGO_BIN_EXE_akashi-verify"),
        TRUST.join(" ")
    );
    let on_terminal = |command: &str| {
        let mut script = std::process::Command::new("script");
        script
            .args(["--quiet", "--return", "--command", command, "/dev/null"])
            .current_dir(desk.folder.path());
        script.env("XDG_STATE_HOME", desk.folder.path().join("state")).stdin(Stdio::null());
        text(&script.output().unwrap().stdout)
    };
    let shown = on_terminal(&format!("{verify} > /dev/null"));
    assert!(shown.contains("checked, ") && shown.contains(" a second"), "{shown}");
    let piped = on_terminal(&format!("({verify} > /dev/null) 2>&1 | cat"));
    assert!(!piped.contains(" a second") && piped.contains("40 credentials"), "{piped}");
}

#[test]
fn many_are_answered_in_japanese_where_people_read_and_the_same_where_programs_do() {
    let (desk, world) = Desk::good();
    desk.put("many.ndjson", &lines(&world, 60));
    desk.put("in/new.json", credential(&world, 1, FIRST).as_bytes());
    let list = format!("認証番号,社名\n{FIRST},A\n{SECOND},B\nAK-7M3Q-XRTH-C,C\n");
    desk.put("numbers.csv", list.as_bytes());
    desk.put("files.csv", "ファイル\na.json\nmissing.json\n".as_bytes());
    let said = |arguments: &[&str], language: &str| {
        let output = run(&desk, &[arguments, &["--lang", language]].concat());
        (text(&output.stdout), text(&output.stderr))
    };
    for (arguments, expected) in [
        (
            &["a.json", "a.json"][..],
            &[
                "a.json: a.json と同じものです",
                "クレデンシャル1件：valid（有効です）1件。ほかに重複1件（数に入れません）",
            ][..],
        ),
        (
            &["many.ndjson"],
            &[
                "50件を超えたため、有効でないものと重複だけを表示します。",
                "理由",
                "signature_invalid: 署名が文書と一致しません。",
            ],
        ),
        (
            &["files.csv"],
            &[
                "files.csv: ファイルの一覧（「ファイル」の列）を UTF-8 として読み込みました",
                "未確認",
                "missing.json（files.csv の3行目）: ファイルがありません。",
                "未確認（file_missing）1件",
            ],
        ),
        (
            &["in", "numbers.csv"],
            &[
                "numbers.csv: 認証番号の一覧（「認証番号」の列）を",
                "numbers.csv の3行目: 渡されたクレデンシャルの中に、この番号で",
                "numbers.csv の4行目: 認証番号に誤りがあります",
                "認証番号3件：valid（有効です）1件、未確認（number_without_credential）1件、",
            ],
        ),
    ] {
        let (answer, beside) = said(arguments, "ja");
        for words in expected {
            assert!(answer.contains(words) || beside.contains(words), "{words}: {answer}{beside}");
        }
        for format in ["json", "ndjson", "csv"] {
            let form = [arguments, &["--format", format, "--at", "2026-11-26T00:00:00Z"]].concat();
            let [english, japanese] =
                ["en", "ja"].map(|language| without_age(&said(&form, language).0));
            assert_eq!(english, japanese, "{arguments:?} as {format}");
        }
    }
}

/// An answer without the age of the status, which is that of the moment.
fn without_age(answer: &str) -> String {
    let mut answer = answer.to_string();
    while let Some(at) = answer.find("\"age_seconds\":") {
        let end = answer[at..].find(',').unwrap();
        answer.replace_range(at..=at + end, "");
    }
    answer
}

/// What is refused before or after anything is answered: arguments, and what is said of them in English and in Japanese.
#[test]
fn what_cannot_be_done_is_said_in_the_reader_s_language() {
    let (desk, world) = Desk::good();
    desk.put("many.ndjson", &lines(&world, 3));
    desk.put("none.ndjson", b" \n");
    desk.put("there", b"");
    desk.put("there.run", b"{");
    desk.put("gone.csv", b"file\nnowhere.json\n");
    desk.put("columns.csv", b"a,b\n1,2\n");
    desk.put("quote.csv", b"file\n\"a.json\n");
    desk.put("other.csv", b"file\n\x80\xff.json\n");
    desk.put("nul.csv", b"file\na\0.json\n");
    File::create(desk.folder.path().join("large.csv")).unwrap().set_len((64 << 20) + 1).unwrap();
    let table: [(&[&str], &str, &str); 16] = [
        (&["no.json"], "no.json cannot be read: ", "no.json を読み込めません: "),
        (&["none.ndjson"], "none.ndjson holds no", "none.ndjson にクレデンシャルがありません。"),
        (&["gone.csv"], "1 file could not be read; its", "1個のファイルを読み込めませんでした。"),
        (&["large.csv"], "larger than the 64 MiB", "64 MiB を超えています。分けてください。"),
        (&["columns.csv"], "none of its columns (a, b)", "columns.csv の列（a, b）に、知っている"),
        (&["quote.csv"], "is opened and never closed", "quote.csv には閉じていない引用符"),
        (&["other.csv"], "not UTF-8 from line 2 on", "2行目から UTF-8 ではありません"),
        (&["nul.csv"], "there are NUL characters", "NUL 文字が含まれています。"),
        (
            &["a.json", "a.jwt", "--log-proof", "a.json"],
            "the proof of one",
            "一つのクレデンシャルの",
        ),
        (&["many.ndjson", "--log-proof", "a.json"], "holds many", "多数のクレデンシャルがあります"),
        (
            &["a.json", "--receipt", "there"],
            "there exists already, and a",
            "there は既にあります。",
        ),
        (
            &["a.json", "--output", "there"],
            "go on with it by --resume",
            "--resume で続けてください。",
        ),
        (&["a.json", "--output", "there", "--resume"], "say --format", "--format ndjson 又は"),
        (
            &["a.json", "--output", "many.ndjson", "--resume", "--format", "csv"],
            "has no many.ndjson.run beside it",
            "の隣に many.ndjson.run がありません。",
        ),
        (
            &["a.json", "--output", "there", "--resume", "--format", "csv"],
            "there.run is damaged; remove both",
            "there.run が壊れています。",
        ),
        (
            &["a.json", "--receipt", "no/folder"],
            "no/folder cannot be written",
            "no/folder に書き込めません",
        ),
    ];
    for (arguments, english, japanese) in table {
        for (language, words) in [("en", english), ("ja", japanese)] {
            let output = run(&desk, &[arguments, &["--lang", language]].concat());
            let said = text(&output.stderr);
            let last = said.lines().last().unwrap_or_default();
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {language}: {said}");
            assert!(last.contains(words), "{arguments:?} {language}: {said}");
        }
    }
}

/// A credential with a good log proof and its copy with a bad one are two things, where the log is asked for.
#[test]
fn a_copy_with_another_log_proof_is_no_repetition_where_the_log_is_asked_for() {
    let (desk, world) = Desk::good();
    let credential = fs::read(desk.folder.path().join("a.json")).unwrap();
    for (folder, proofs) in [("good", [true, false]), ("bad", [false, true])] {
        for (name, is_good) in ["a.json", "b.json"].into_iter().zip(proofs) {
            let proof = if is_good { world.log_proof.as_deref().unwrap() } else { "garbage" };
            desk.put(&format!("{folder}/{name}"), &credential);
            desk.put(&format!("{folder}/{name}.tlog-proof"), proof.as_bytes());
        }
        let (code, answer) = desk.check(&[folder, "--require-log"]);
        let verdict = |is_good| if is_good { "valid" } else { "not_logged" };
        assert_eq!([&answer[0], &answer[1]].map(|item| &item["verdict"]), proofs.map(verdict));
        assert_eq!((code, &answer[1]["duplicate_of"]), (1, &json!(null)), "not all of it is valid");
        let (code, answer) = desk.check(&[folder]);
        assert_eq!((code, &answer[1]["duplicate_of"]["index"]), (0, &json!(0)), "one, else");
    }
}

/// What others made decides neither what is waited for nor what of this machine is read.
#[test]
fn of_what_a_folder_or_a_list_names_only_files_are_opened_and_none_outside() {
    let (desk, _) = Desk::good();
    let path = |name: &str| desk.folder.path().join(name);
    let pipe = |name: &str| {
        assert!(Command::new("mkfifo").arg(path(name)).status().unwrap().success());
    };
    desk.put("in/a.json", &fs::read(path("a.json")).unwrap());
    desk.put("in/b/c.json", b"{}");
    pipe("in/a.json.tlog-proof");
    pipe("in/p.json");
    symlink("../a.jwt", path("in/out.jwt")).unwrap();
    symlink("/usr", path("in/usr")).unwrap();
    symlink("b/c.json", path("in/within.json")).unwrap();
    desk.put("list.csv", b"file\nin/p.json\n-\n");
    let (code, answer) = desk.check(&["in", "list.csv", "--require-log"]);
    let expected = json!([
        ["in/a.json", 0, "file_unreadable"],
        ["in/b/c.json", 0, "malformed"],
        ["in/out.jwt", 0, "file_unreadable"],
        ["in/p.json", 0, "file_unreadable"],
        ["in/usr", 0, "file_unreadable"],
        ["in/within.json", 0, "malformed"],
        ["in/p.json", 0, "file_unreadable"],
        ["./-", 0, "file_missing"],
    ]);
    assert_eq!((code, outcomes(&answer)), (2, expected));
    let leads_out = "The file cannot be read: it is a link that leads out of the folder.";
    assert_eq!(answer[4]["detail"], leads_out);
    assert_eq!(answer[0]["detail"], "The file cannot be read: it is no file.");
}

#[test]
fn an_output_takes_no_file_s_place_nor_that_of_what_a_link_leads_to() {
    let (desk, _) = Desk::good();
    let path = |name: &str| desk.folder.path().join(name);
    desk.put("mine", b"mine");
    desk.put("x.csv.run", b"mine");
    symlink("mine", path("y.csv.run")).unwrap();
    symlink("nowhere", path("z.csv")).unwrap();
    for (output, says) in [
        ("x.csv", "x.csv.run exists already: name another --output"),
        ("y.csv", "y.csv.run exists already"),
        ("z.csv", "z.csv exists already"),
    ] {
        let result = run(&desk, &["a.json", "--format", "csv", "--output", output]);
        let said = text(&result.stderr);
        assert!(result.status.code() == Some(2) && said.contains(says), "{said}");
    }
    for name in ["mine", "x.csv.run", "y.csv.run"] {
        assert_eq!(fs::read(path(name)).unwrap(), b"mine");
    }
    let left = ["x.csv", "y.csv", "z.csv.run", "nowhere"];
    assert_eq!(left.map(|name| path(name).exists()), [false; 4], "nothing is left of them");
}

/// Names of files and words of rows are those of others.
#[test]
fn what_a_file_or_a_row_is_called_moves_no_cursor() {
    let (desk, world) = Desk::good();
    let name = "a\u{1b}]0;x\u{7}\u{9b}31m\u{202e}.json";
    desk.put(&format!("in/{name}"), credential(&world, 1, FIRST).as_bytes());
    fs::create_dir(desk.folder.path().join(format!("in/{name}.tlog-proof"))).unwrap();
    let row = |sign: char| format!("AK-7M3Q-XRT{sign}-B\n");
    let rows: String = ['\u{1b}', '\u{9b}', '\u{202e}'].map(row).concat();
    desk.put("list.csv", format!("certificate number\n{rows}").as_bytes());
    for format in ["text", "json", "ndjson", "csv"] {
        let arguments = ["in", "list.csv", "--require-log", "--format", format];
        for language in ["en", "ja"] {
            let output = run(&desk, &[&arguments[..], &["--lang", language]].concat());
            let said = text(&output.stdout) + &text(&output.stderr);
            let moves = |c: char| {
                c.is_control() && !matches!(c, '\n' | '\r') || c == '\u{202e}' && format != "csv"
            };
            assert!(!said.contains(moves), "{format} {language}: {said:?}");
        }
    }
    let (_, answer) = desk.check(&["in"]);
    assert_eq!(answer[0]["input"], format!("in/{name}"), "and nothing is lost");
}
