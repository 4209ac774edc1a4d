//! Every fault of a programme, and what it is told as.

use serde_json::{Value, json};

use crate::Programme;
use crate::embedded::RESPONSIBLE_HOSTING;

/// The shipped programme with one value replaced, or one entry added at the end of a list where
/// the pointer ends in `/-`.
fn patched(pointer: &str, value: Value) -> String {
    let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    match programme.pointer_mut(parent).expect("the parent exists") {
        Value::Array(list) if member == "-" => list.push(value),
        Value::Array(list) => list[member.parse::<usize>().expect("an index")] = value,
        Value::Object(object) => drop(object.insert(member.to_owned(), value)),
        other => panic!("{other} has no members"),
    }
    programme.to_string()
}

fn without(pointer: &str) -> String {
    let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let parent = programme.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    parent.remove(member).expect("the member exists");
    programme.to_string()
}

/// `place: code` of every fault.
fn faults(programme: &str) -> Vec<String> {
    let faults = Programme::from_json(programme.as_bytes()).expect_err("must be refused");
    faults.0.iter().map(|fault| format!("{}: {}", fault.place, fault.kind.code())).collect()
}

#[track_caller]
fn refused(pointer: &str, value: Value, expected: &[&str]) {
    assert_eq!(faults(&patched(pointer, value)), expected, "{pointer}");
}

#[test]
fn identifiers_stand_once_and_fit_a_url() {
    refused("/criteria/7/id", json!("RH-1.1"), &["/criteria/7/id: duplicate_id"]);
    refused(
        "/sections/-",
        json!({"id": "wages", "title": {"en": "Wages", "ja": "賃金"}}),
        &["/sections/11/id: duplicate_id"],
    );
    refused("/levels/1/id", json!("leading"), &["/levels/1/id: duplicate_id"]);
    for bad in ["", "..", "a b", "a/b", "é", "-a"] {
        refused("/levels/1/id", json!(bad), &["/levels/1/id: bad_id"]);
    }
    refused("/id", json!("a/b"), &["/id: bad_id"]);
    refused("/id", json!("a".repeat(65)), &["/id: bad_id"]);
    refused("/version", json!(""), &["/version: bad_id"]);
    refused("/criteria/0/topic", json!("social labour"), &["/criteria/0/topic: bad_id"]);
}

#[test]
fn every_section_is_known_and_used() {
    refused("/criteria/0/section", json!("recruiting"), &["/criteria/0/section: unknown_section"]);
    refused(
        "/sections/-",
        json!({"id": "new", "title": {"en": "New", "ja": "新"}}),
        &["/sections/11: section_without_criteria"],
    );
}

#[test]
fn every_text_exists_in_every_language() {
    assert_eq!(
        faults(&without("/criteria/0/requirement/ja")),
        ["/criteria/0/requirement/ja: missing_text"]
    );
    for place in [
        "/title/en",
        "/status_note/ja",
        "/sections/0/title/ja",
        "/kinds/critical/ja",
        "/kinds/mandatory/ja",
        "/kinds/improvable/ja",
        "/facility_kinds/whole/ja",
        "/facility_kinds/site/ja",
        "/facility_kinds/dormitory/ja",
        "/built_in_ground/ja",
        "/levels/2/title/ja",
        "/sampling/note/ja",
        "/sampling/interview_conditions/ja",
        "/criteria/0/title/ja",
        "/criteria/0/method/ja",
        "/criteria/0/guide/conform/ja",
        "/criteria/3/guide/minor/ja",
        "/criteria/0/guide/major/ja",
        "/criteria/0/na_grounds/0/ja",
    ] {
        refused(place, json!(" \u{3000}"), &[&format!("{place}: missing_text")]);
    }
    refused("/languages", json!(["en"]), &["/languages: missing_text"]);
    refused("/languages/-", json!("en"), &["/languages/2: repeated"]);
}

#[test]
fn a_criterion_can_be_rated_and_counts() {
    refused("/criteria/0/weight", json!(0), &["/criteria/0/weight: zero_weight"]);
    refused("/criteria/0/at", json!([]), &["/criteria/0/at: empty"]);
    refused("/criteria/0/at/-", json!("whole"), &["/criteria/0/at/1: repeated"]);
    refused("/criteria/0/applies_to", json!([]), &["/criteria/0/applies_to: empty"]);
    refused(
        "/criteria/0/applies_to/-",
        json!("agents_used"),
        &["/criteria/0/applies_to: all_beside_facts"],
    );
    refused(
        "/criteria/0/evidence",
        json!({"all_of": [], "any_of": []}),
        &["/criteria/0/evidence: empty"],
    );
    refused(
        "/criteria/0/evidence/any_of/-",
        json!("interview"),
        &["/criteria/0/evidence/any_of/1: repeated"],
    );
    refused("/criteria/0/references", json!([]), &["/criteria/0/references: empty"]);
    refused("/criteria/0/references/0/cite", json!(""), &["/criteria/0/references/0/cite: empty"]);
    let reversed = json!({"cite": "Act", "from": "2027-04-02", "until": "2027-04-01"});
    refused("/criteria/0/references/0", reversed, &["/criteria/0/references/0/from: after"]);
}

#[test]
fn a_ground_is_listed_once_and_the_built_in_one_never() {
    let ground = |id: &str| json!({"id": id, "en": "None.", "ja": "なし。"});
    refused(
        "/criteria/0/na_grounds/-",
        ground("no-recruits"),
        &["/criteria/0/na_grounds/1/id: duplicate_id"],
    );
    refused(
        "/criteria/0/na_grounds/-",
        ground("out_of_scope"),
        &["/criteria/0/na_grounds/1/id: built_in_ground_listed"],
    );
    refused(
        "/built_in_ground/id",
        json!("not_in_scope"),
        &["/built_in_ground/id: built_in_ground_renamed"],
    );
}

#[test]
fn a_better_rating_never_loses_a_level() {
    refused("/ratings/minor", json!(10_000), &["/ratings/minor: rating_points"]);
    refused("/ratings/major", json!(6_000), &["/ratings/major: rating_points"]);
    refused(
        "/ratings/conform",
        json!(4_000),
        &[
            "/ratings/minor: rating_points",
            "/levels/0/overall_min: level_unreachable",
            "/levels/1/overall_min: level_unreachable",
            "/levels/2/overall_min: level_unreachable",
        ],
    );
    let place = "/rules/open_findings_at_grant/major: finding_settlement";
    refused("/rules/open_findings_at_grant/critical", json!("accepted plan"), &[place]);
    let place = "/rules/open_findings_at_grant/minor: finding_settlement";
    refused("/rules/open_findings_at_grant/minor", json!("closed and verified"), &[place]);
}

#[test]
fn levels_stand_in_the_order_of_rank() {
    refused("/levels/1/rank", json!(3), &["/levels/1/rank: level_rank"]);
    let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
    programme["levels"].as_array_mut().expect("levels").swap(0, 1);
    assert_eq!(
        faults(&programme.to_string()),
        [
            "/levels/0/rank: level_rank",
            "/levels/0/overall_min: level_asks_less",
            "/levels/0/max_below: level_asks_less",
            "/levels/0/max_below_per_section: level_asks_less",
            "/levels/1/rank: level_rank",
            "/levels/1: level_shadowed",
        ]
    );
}

#[test]
fn a_better_level_asks_at_least_as_much() {
    refused("/levels/0/overall_min", json!(8_400), &["/levels/0/overall_min: level_asks_less"]);
    refused("/levels/0/max_major", json!(1), &["/levels/0/max_major: level_asks_less"]);
    refused("/levels/0/max_below", json!(9), &["/levels/0/max_below: level_asks_less"]);
    refused(
        "/levels/1/max_below_per_section",
        json!(0),
        &["/levels/0/max_below_per_section: level_asks_less", "/levels/1: level_shadowed"],
    );
    refused(
        "/levels/2/max_below_per_section",
        json!(2),
        &["/levels/1/max_below_per_section: level_asks_less"],
    );
    let place = "/levels/0/max_below_per_section";
    let [less, void] =
        ["level_asks_less", "limit_without_effect"].map(|code| format!("{place}: {code}"));
    refused(place, json!(null), &[&less]);
    refused(place, json!(4), &[&void, &less]);
    refused(
        "/levels/0/attestation",
        json!("declaration"),
        &["/levels/0/attestation: level_asks_less"],
    );
}

#[test]
fn every_limit_has_an_effect() {
    refused("/levels/2/max_major", json!(21), &["/levels/2/max_major: limit_without_effect"]);
    refused(
        "/levels/2/max_below_per_section",
        json!(21),
        &["/levels/2/max_below_per_section: limit_without_effect"],
    );
}

#[test]
fn every_level_can_be_reached() {
    refused("/levels/0/overall_min", json!(10_001), &["/levels/0/overall_min: level_unreachable"]);
    refused(
        "/rules/applicable_weight_min",
        json!(10_001),
        &["/rules/applicable_weight_min: level_unreachable"],
    );
    refused("/levels", json!([]), &["/levels: empty"]);
    let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
    let mut twin = programme["levels"][2].clone();
    twin["id"] = json!("twin");
    twin["rank"] = json!(4);
    programme["levels"].as_array_mut().expect("levels").push(twin);
    assert_eq!(faults(&programme.to_string()), ["/levels/3: level_shadowed"]);
}

#[test]
fn where_nothing_may_be_below_conform_the_best_level_hides_the_others() {
    let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
    for criterion in programme["criteria"].as_array_mut().expect("criteria") {
        criterion["kind"] = json!("mandatory");
    }
    assert_eq!(
        faults(&programme.to_string()),
        ["/levels/1: level_shadowed", "/levels/2: level_shadowed"]
    );
}

#[test]
fn critical_and_mandatory_criteria_must_conform_and_no_others() {
    refused("/rules/must_conform", json!(["critical"]), &["/rules/must_conform: must_conform"]);
    refused("/rules/must_conform/-", json!("critical"), &["/rules/must_conform/2: repeated"]);
    refused(
        "/rules/must_conform/-",
        json!("improvable"),
        &[
            "/levels/1: level_shadowed",
            "/levels/2: level_shadowed",
            "/rules/must_conform: must_conform",
        ],
    );
}

#[test]
fn terms_and_tables_make_sense() {
    refused("/zone", json!(""), &["/zone: empty"]);
    refused("/ratings/conform", json!(10_001), &["/ratings/conform: more_than_whole"]);
    refused(
        "/levels/0/valid_months",
        json!(0),
        &["/levels/0/valid_months: zero", "/levels/0/surveillance_months: after"],
    );
    refused("/levels/0/surveillance_months", json!(0), &["/levels/0/surveillance_months: zero"]);
    refused("/levels/0/surveillance_months", json!(25), &["/levels/0/surveillance_months: after"]);
    refused("/rules/score", json!(" "), &["/rules/score: empty"]);
    refused("/rules/appeal_days", json!(0), &["/rules/appeal_days: zero"]);
    let place = "/rules/corrective_action_days/major/plan";
    refused(place, json!(0), &[&format!("{place}: zero")]);
    refused(place, json!(61), &[&format!("{place}: after")]);
    refused("/rules/expiry_notice_days", json!([30, 60]), &["/rules/expiry_notice_days: order"]);
    refused("/sampling/interviews/0/workers_up_to", json!(15), &["/sampling/interviews: order"]);
    refused("/sampling/interviews/0/workers_up_to", json!(null), &["/sampling/interviews: order"]);
    refused("/sampling/interviews/4/workers_up_to", json!(500), &["/sampling/interviews: order"]);
    refused(
        "/sampling/interviews/1/interviews",
        json!(0),
        &["/sampling/interviews/1/interviews: zero"],
    );
    refused("/sampling/interviews", json!([]), &["/sampling/interviews: empty"]);
    refused(
        "/sampling/facilities/always/-",
        json!("whole"),
        &["/sampling/facilities/always/1: repeated"],
    );
}

#[test]
fn a_wrong_shape_is_refused_at_its_place() {
    refused("/criteria/3/kind", json!("grave"), &["/criteria/3/kind: unreadable"]);
    refused("/criteria/3/at/0", json!("roof"), &["/criteria/3/at/0: unreadable"]);
    refused("/criteria/3/weight", json!(-1), &["/criteria/3/weight: unreadable"]);
    refused("/criteria/3/weight", json!(1.5), &["/criteria/3/weight: unreadable"]);
    refused("/levels/0/max_minor", json!(2), &["/levels/0/max_minor: unreadable"]);
    refused("/rules/a~1b", json!(2), &["/rules/a~01b: unreadable"]);
    refused(
        "/criteria/0/na_grounds/0/fr",
        json!("non"),
        &["/criteria/0/na_grounds/0/fr: unreadable"],
    );
    refused("/ratings/not_applicable", json!(0), &["/ratings/not_applicable: unreadable"]);
    refused(
        "/criteria/0/references/0/from",
        json!("2027-02-30"),
        &["/criteria/0/references/0/from: unreadable"],
    );
    refused(
        "/sampling/interviews/0/interviews",
        json!("some"),
        &["/sampling/interviews/0/interviews: unreadable"],
    );
    refused(
        "/rules/open_findings_at_grant/minor",
        json!("soon"),
        &["/rules/open_findings_at_grant/minor: unreadable"],
    );
    assert_eq!(faults(&without("/levels/0/max_below_per_section")), ["/levels/0: unreadable"]);
    assert_eq!(faults(&without("/zone")), [": unreadable"]);
}

#[test]
fn what_is_not_one_programme_is_refused_and_not_repaired() {
    let twice = RESPONSIBLE_HOSTING.replacen(r#""zone":"#, r#""zone": "UTC", "zone":"#, 1);
    assert_eq!(faults(&twice), [": unreadable"]);
    let mut trailing = RESPONSIBLE_HOSTING.to_owned();
    trailing.push_str("{}");
    assert_eq!(faults(&trailing), [": unreadable"]);
    assert_eq!(faults(""), [": unreadable"]);
    refused("/title", json!(["Responsible Hosting", "責任ある受入れ"]), &[": unreadable"]);
    refused("/criteria/0/guide/minor", json!(null), &[": unreadable"]);
    let deep = format!("{}{}", r#"{"id":"#.repeat(10_000), "}".repeat(10_000));
    assert_eq!(faults(&deep), ["/id: unreadable"]);
    assert!(Programme::from_json(b"\xff\xfe").is_err());
}

#[test]
fn a_fault_reads_as_a_sentence_with_its_place() {
    let text = patched("/levels/0/max_below", json!(9));
    let faults = Programme::from_json(text.as_bytes()).expect_err("must be refused");
    assert_eq!(
        faults.to_string(),
        "/levels/0/max_below: this level asks less here than `certified`, which ranks below it"
    );
}
