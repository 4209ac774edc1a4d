//! Which verdict a credential gets, fault by fault and for two faults at once.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::report::{CheckName, Outcome, Reason, Skipped};
use akashi_verifier::{Report, Untrusted, Verdict};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::*;
use jiff::SignedDuration;
use serde_json::{Value, json};

#[test]
fn a_good_credential_is_valid_in_both_forms() {
    let mut world = World::good();
    world.policy.require_log = true;
    for form in world.forms() {
        let report = world.verify(&form);
        assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
        assert_eq!(report.certificate.as_deref(), Some(NUMBER));
        assert_eq!(report.holder.as_deref(), Some("例示食品株式会社"));
        assert_eq!(report.level.as_deref(), Some("certified"));
        assert_eq!(report.status_as_of, Some(time("2026-11-25T06:00:00Z")));
    }
}

#[test]
fn every_check_is_listed_once_and_in_order_whatever_the_verdict() {
    for (fault, _, _) in FAULTS {
        let names: Vec<_> =
            Case::of(&[fault]).report().checks.iter().map(|check| check.name).collect();
        assert_eq!(names, CheckName::ALL, "{fault}");
    }
}

/// A world with faults, and what happens to the file after signing.
struct Case {
    world: World,
    untrusted: Option<Untrusted>,
    alter: fn(Vec<u8>) -> Vec<u8>,
    level_altered: bool,
}

/// The faults in DESIGN's order of verdicts: name, verdict, reason.
const FAULTS: [(&str, Verdict, Reason); 17] = [
    ("no json", Verdict::Malformed, Reason::InvalidJson),
    ("no bundle", Verdict::Unverified, Reason::BundleMissing),
    ("a stranger", Verdict::UnknownIssuer, Reason::IssuerNotInBundle),
    ("altered", Verdict::BadSignature, Reason::SignatureInvalid),
    ("key retired", Verdict::KeyNotValid, Reason::KeyRetired),
    ("authorisation over", Verdict::NotAuthorised, Reason::AuthorisationNotInForce),
    ("other digest", Verdict::UnknownProgramme, Reason::ProgrammeDigestDiffers),
    ("not logged", Verdict::NotLogged, Reason::LogProofMissing),
    ("superseded", Verdict::Superseded, Reason::RefreshBitSet),
    ("revoked", Verdict::Revoked, Reason::RevocationBitSet),
    ("suspended", Verdict::Suspended, Reason::SuspensionBitSet),
    ("too early", Verdict::NotYetValid, Reason::BeforeValidFrom),
    ("too late", Verdict::Expired, Reason::AfterValidUntil),
    ("list unreadable", Verdict::StatusUnknown, Reason::ListNotMultibase),
    ("bundle old", Verdict::StaleStatus, Reason::StatusTooOld),
    ("bundle ahead", Verdict::StaleStatus, Reason::StatusFromFuture),
    ("level too low", Verdict::PolicyNotMet, Reason::LevelTooLow),
];

impl Case {
    fn of(faults: &[&str]) -> Self {
        let mut case = Self {
            world: World::good(),
            untrusted: None,
            alter: |file| file,
            level_altered: false,
        };
        faults.iter().for_each(|fault| case.commit(fault));
        case
    }

    fn commit(&mut self, fault: &str) {
        let world = &mut self.world;
        let body = &mut world.bundle["bodies"][0];
        match fault {
            "no json" => self.alter = |file| file[..file.len() - 1].to_vec(),
            "no bundle" => self.untrusted = Some(Untrusted::BundleMissing),
            "a stranger" => body["did"] = json!("did:web:elsewhere.example"),
            "altered" => self.level_altered = true,
            "key retired" => body["keys"][0]["until"] = json!("2026-11-20T00:00:00Z"),
            "authorisation over" => {
                body["authorisations"][0]["until"] = json!("2026-11-20T00:00:00Z");
            }
            "other digest" => world.bundle["programmes"][0]["digest"] = json!("00".repeat(32)),
            "not logged" => {
                world.policy.require_log = true;
                world.log_proof = None;
            }
            "superseded" => world.set_bit("refresh"),
            "revoked" => world.set_bit("revocation"),
            "suspended" => world.set_bit("suspension"),
            "too early" => world.policy.at = Some(time("2026-11-19T23:59:59Z")),
            "too late" => world.policy.at = Some(time("2028-11-19T15:00:00Z")),
            "list unreadable" => *world.list_mut("suspension") = list_of("suspension", "H4sI"),
            "bundle old" => world.now = time("2026-12-02T06:00:01Z"),
            "bundle ahead" => world.now = time("2026-11-25T05:00:00Z"),
            "level too low" => world.policy.min_level = Some("leading".into()),
            other => panic!("no such fault: {other}"),
        }
    }

    fn report(&self) -> Report {
        let [with_proof, _] = self.reports();
        with_proof
    }

    /// With an embedded proof, and as a JWT.
    fn reports(&self) -> [Report; 2] {
        let mut world = self.world.clone();
        for list in &mut world.lists {
            // From before any key was retired, so that a list speaks all the same.
            list["validFrom"] = json!("2026-11-19T00:00:00Z");
        }
        let mut signed = world.sign_proof(&world.payload);
        let mut jwt = world.sign_jwt(&world.payload);
        if self.level_altered {
            let raise = |document: &mut Value| {
                document["credentialSubject"]["profileScore"]["code"] = json!("leading");
            };
            raise(&mut signed);
            let mut payload = world.payload.clone();
            raise(&mut payload);
            let parts: Vec<_> = jwt.split('.').collect();
            jwt = [parts[0], &URL_SAFE_NO_PAD.encode(jcs(&payload)), parts[2]].join(".");
        }
        [jcs(&signed), jwt.into_bytes()].map(|file| {
            let file = (self.alter)(file);
            match self.untrusted {
                Some(why) => world.verify_untrusted(&file, why),
                None => world.verify(&file),
            }
        })
    }
}

#[test]
fn each_fault_has_its_verdict_and_reason() {
    for (fault, verdict, reason) in FAULTS {
        let report = Case::of(&[fault]).report();
        assert_eq!(
            (report.verdict, report.reason()),
            (verdict, Some(reason)),
            "{fault}: {report:#?}"
        );
        let is_named = report.certificate.is_some();
        assert_eq!(is_named, verdict > Verdict::BadSignature, "{fault}: {report:#?}");
        assert_eq!(
            (report.holder.is_some(), report.level.is_some()),
            (is_named, is_named),
            "{fault}"
        );
    }
}

/// Which verdict wins of two faults in one credential, written by hand from DESIGN: in each line a fault, then the winner
/// of it and each fault below it, in their order. `-` where one credential cannot have both: nothing is both too early and too
/// late, one bit cannot be read in a list that cannot be, and no bundle is both old and of the future.
const PAIRS: [(&str, &str); 17] = [
    ("no json", "mal mal mal mal mal mal mal mal mal mal mal mal mal mal mal mal"),
    ("no bundle", "unv unv unv unv unv unv unv unv unv unv unv unv unv unv unv"),
    ("a stranger", "unk unk unk unk unk unk unk unk unk unk unk unk unk unk"),
    ("altered", "bad bad bad bad bad bad bad bad bad bad bad bad bad"),
    ("key retired", "key key key key key key key key key key key key"),
    ("authorisation over", "aut aut aut aut aut aut aut aut aut aut aut"),
    ("other digest", "pro pro pro pro pro pro pro pro pro pro"),
    ("not logged", "log log log log log log log log log"),
    ("superseded", "sup sup sup sup sup sup sup sup"),
    ("revoked", "rev rev rev rev rev rev rev"),
    ("suspended", "sus sus - sus sus sus"),
    ("too early", "- ear ear ear ear"),
    ("too late", "lat lat lat lat"),
    ("list unreadable", "lis lis lis"),
    ("bundle old", "- old"),
    ("bundle ahead", "old"),
    ("level too low", ""),
];

/// The verdicts by the words of [`PAIRS`].
fn winner(word: &str) -> Option<Verdict> {
    Some(match word {
        "mal" => Verdict::Malformed,
        "unv" => Verdict::Unverified,
        "unk" => Verdict::UnknownIssuer,
        "bad" => Verdict::BadSignature,
        "key" => Verdict::KeyNotValid,
        "aut" => Verdict::NotAuthorised,
        "pro" => Verdict::UnknownProgramme,
        "log" => Verdict::NotLogged,
        "sup" => Verdict::Superseded,
        "rev" => Verdict::Revoked,
        "sus" => Verdict::Suspended,
        "ear" => Verdict::NotYetValid,
        "lat" => Verdict::Expired,
        "lis" => Verdict::StatusUnknown,
        "old" => Verdict::StaleStatus,
        "-" => return None,
        other => panic!("no such word: {other}"),
    })
}

#[test]
fn of_two_faults_the_verdict_of_the_table_wins_in_both_forms() {
    let mut pairs = 0;
    for (i, (first, winners)) in PAIRS.iter().enumerate() {
        let below: Vec<_> = PAIRS[i + 1..].iter().map(|(second, _)| *second).collect();
        let winners: Vec<_> = winners.split_whitespace().map(winner).collect();
        assert_eq!(winners.len(), below.len(), "{first}");
        for (second, winner) in below.into_iter().zip(winners) {
            let Some(winner) = winner else { continue };
            // In whichever order they came about.
            for faults in [[first, second], [second, first]] {
                for report in Case::of(&faults).reports() {
                    assert_eq!(report.verdict, winner, "{faults:?}: {report:#?}");
                    assert_both_are_there(&report, &faults);
                }
            }
            pairs += 1;
        }
    }
    assert_eq!(pairs, 17 * 16 / 2 - 3);
}

/// That the pair was truly made: past the signature every check is made, and so both faults are in the report.
fn assert_both_are_there(report: &Report, faults: &[&str; 2]) {
    if !report.verdict.is_authenticated() {
        return;
    }
    let reasons: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
    for (fault, _, reason) in FAULTS.iter().filter(|(fault, _, _)| faults.contains(fault)) {
        assert!(reasons.contains(&Outcome::Failed(*reason)), "{fault} of {faults:?}: {report:#?}");
    }
}

#[test]
fn a_failed_check_does_not_hide_the_others() {
    let report = Case::of(&["other digest", "revoked", "too late"]).report();
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|c| matches!(c.outcome, Outcome::Failed(_)))
        .map(|c| c.name)
        .collect();
    assert_eq!(failed, [CheckName::Programme, CheckName::Revocation, CheckName::Validity]);
}

#[track_caller]
fn assert_verdict(world: &World, verdict: Verdict, reason: impl Into<Option<Reason>>) {
    let reason = reason.into();
    for form in world.forms() {
        let report = world.verify(&form);
        assert_eq!((report.verdict, report.reason()), (verdict, reason), "{report:#?}");
    }
}

#[test]
fn a_key_counts_in_its_window_only() {
    for (from, until, compromised, reason) in [
        ("2026-11-20T00:00:00Z", None, None, None),
        ("2026-11-20T00:00:01Z", None, None, Some(Reason::KeyNotYetValid)),
        ("2026-01-01T00:00:00Z", Some("2026-11-20T00:00:00Z"), None, Some(Reason::KeyRetired)),
        // Retired since: what it signed in its window still verifies. Its lists were signed by the new one.
        ("2026-01-01T00:00:00Z", Some("2026-11-20T00:00:01Z"), None, None),
        // Compromised, even after the signing time that the document states: who holds the key can state any.
        ("2026-01-01T00:00:00Z", None, Some("2026-11-24T00:00:00Z"), Some(Reason::KeyCompromised)),
    ] {
        let mut world = World::good();
        let key = &mut world.bundle["bodies"][0]["keys"][0];
        key["from"] = json!(from);
        key["until"] = json!(until);
        key["compromised_from"] = json!(compromised);
        let report = world.verify(&world.forms()[0]);
        let outcome = report.check(CheckName::Key).unwrap().outcome;
        assert_eq!(
            outcome,
            reason.map_or(Outcome::Passed, Outcome::Failed),
            "{from} {until:?} {compromised:?}"
        );
    }
}

#[test]
fn an_unknown_key_of_a_known_body_is_not_taken_for_a_bad_signature() {
    let mut world = World::good();
    world.bundle["bodies"][0]["keys"][0]["id"] = json!(format!("{BODY}#key-2"));
    assert_verdict(&world, Verdict::UnknownIssuer, Reason::KeyNotInBundle);
}

#[test]
fn an_authorisation_is_for_one_programme() {
    let mut world = World::good();
    world.bundle["bodies"][0]["authorisations"][0]["programme"] = json!("another");
    assert_verdict(&world, Verdict::NotAuthorised, Reason::NoAuthorisation);
}

#[test]
fn a_programme_version_that_the_bundle_does_not_list_is_unknown() {
    let mut world = World::good();
    world.bundle["programmes"][0]["version"] = json!("2027.1");
    assert_verdict(&world, Verdict::UnknownProgramme, Reason::ProgrammeNotInBundle);
}

#[test]
fn validity_holds_from_its_first_to_its_last_second() {
    for (at, verdict) in [
        ("2026-11-19T23:59:59Z", Verdict::NotYetValid),
        ("2026-11-20T00:00:00Z", Verdict::Valid),
        ("2026-11-20T09:00:00+09:00", Verdict::Valid),
        ("2028-11-19T14:59:59Z", Verdict::Valid),
        ("2028-11-19T15:00:00Z", Verdict::Expired),
    ] {
        let mut world = World::good();
        world.policy.at = Some(time(at));
        assert_eq!(world.verify(&world.forms()[1]).verdict, verdict, "{at}");
    }
}

#[test]
fn the_age_of_the_status_is_measured_now_whatever_time_is_asked_about() {
    let mut world = World::good();
    world.now = time("2026-12-05T06:00:00Z");
    world.policy.at = Some(time("2026-11-25T12:00:00Z"));
    assert_verdict(&world, Verdict::StaleStatus, Reason::StatusTooOld);
    // Ten days old, and past the bundle's own end.
    world.policy.max_status_age = Some(SignedDuration::from_hours(10 * 24));
    assert_verdict(&world, Verdict::Valid, None);
    world.policy.max_status_age = Some(SignedDuration::from_hours(10 * 24 - 1));
    assert_verdict(&world, Verdict::StaleStatus, Reason::StatusTooOld);
    // A bundle that ends sooner than a policy by default would allow.
    world.policy.max_status_age = None;
    world.now = time("2026-11-27T00:00:00Z");
    world.bundle["expires"] = json!("2026-11-26T00:00:00Z");
    assert_verdict(&world, Verdict::StaleStatus, Reason::StatusTooOld);
}

/// The bundle is of 06:00:00.
#[test]
fn a_bundle_from_the_future_is_not_fresh_whatever_age_is_allowed() {
    for (now, reason) in [
        ("2026-11-25T06:00:00Z", None),
        ("2026-11-25T05:55:00Z", None),
        ("2026-11-25T05:54:59Z", Some(Reason::StatusFromFuture)),
        ("1970-01-01T00:00:00Z", Some(Reason::StatusFromFuture)),
    ] {
        let mut world = World::good();
        world.policy.at = Some(time(NOW));
        world.now = time(now);
        let verdict = reason.map_or(Verdict::Valid, |_| Verdict::StaleStatus);
        assert_verdict(&world, verdict, reason);
        world.policy.max_status_age = Some(SignedDuration::from_hours(1000 * 24));
        assert_verdict(&world, verdict, reason);
    }
}

#[test]
fn a_policy_asks_for_level_programme_and_facility() {
    let policy = |level: Option<&str>, programme: Option<&str>, facility: Option<&str>| {
        let mut world = World::good();
        world.policy.min_level = level.map(Into::into);
        world.policy.programme = programme.map(Into::into);
        world.policy.facility = facility.map(Into::into);
        world.verify(&world.forms()[0])
    };
    let uri = format!("{ORIGIN}/facilities/{FACILITY}");
    for (level, programme, facility) in [
        (Some("certified"), None, None),
        (Some("committed"), Some("responsible-hosting"), Some(FACILITY)),
        (None, None, Some(uri.as_str())),
    ] {
        assert_eq!(policy(level, programme, facility).verdict, Verdict::Valid);
    }
    for (level, programme, facility, reason) in [
        (Some("leading"), None, None, Reason::LevelTooLow),
        (Some("best"), None, None, Reason::LevelUnknown),
        (None, Some("other"), None, Reason::OtherProgramme),
        (None, None, Some("0193a000-0000-7000-8000-00000000f002"), Reason::FacilityNotCovered),
        // A part of an id is none.
        (None, None, Some("f001"), Reason::FacilityNotCovered),
    ] {
        let report = policy(level, programme, facility);
        assert_eq!((report.verdict, report.reason()), (Verdict::PolicyNotMet, Some(reason)));
    }
}

#[test]
fn without_trust_the_report_says_what_is_missing_and_repeats_nothing() {
    let world = World::good();
    for (why, reason) in [
        (Untrusted::BundleMissing, Reason::BundleMissing),
        (Untrusted::RootNotPinned, Reason::RootNotPinned),
    ] {
        let report = world.verify_untrusted(&world.forms()[0], why);
        assert_eq!((report.verdict, report.reason()), (Verdict::Unverified, Some(reason)));
        assert_eq!(
            (report.certificate, report.holder, report.level, report.status_as_of),
            (None, None, None, None)
        );
    }
}

#[test]
fn a_rollback_that_could_not_be_seen_is_said() {
    let world = World::good();
    let trust =
        akashi_verifier::Trust::open(&world.root_bytes(), &world.bundle_bytes(), None).unwrap();
    let report =
        akashi_verifier::verify(&world.forms()[0], Ok(&trust), &world.policy, world.now, None);
    let rollback = report.check(CheckName::Rollback).unwrap().outcome;
    assert_eq!((report.verdict, rollback), (Verdict::Valid, Outcome::NotChecked(Skipped::NoState)));
}

#[test]
fn a_report_serialises_to_the_public_contract() {
    let world = World::good();
    let item = akashi_verifier::report::Item {
        input: "a.json".into(),
        index: 0,
        report: world.verify(&world.forms()[0]),
    };
    let json = serde_json::to_value(&item).unwrap();
    let members: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        members,
        ["certificate", "checks", "holder", "index", "input", "level", "status_as_of", "verdict"]
    );
    assert_eq!(
        json["checks"][4],
        json!({"name": "signature", "outcome": "passed", "reason": null, "facts": {"key": key_id()}})
    );
    assert_eq!(json["status_as_of"], "2026-11-25T06:00:00Z");
    let stranger = serde_json::to_value(Case::of(&["a stranger"]).report()).unwrap();
    assert_eq!(stranger["checks"][3]["reason"], "issuer_not_in_bundle");
    assert_eq!(stranger["certificate"], json!(null));
}
