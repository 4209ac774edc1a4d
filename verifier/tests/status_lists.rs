//! A status list that says nothing is told from one that says no, each fault by its own reason.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::report::Reason;
use akashi_verifier::status::{ListFault, decode};
use akashi_verifier::{Report, Verdict};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use common::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const SHARD: [u8; 16_384] = [0; 16_384];

fn multibase(bytes: &[u8]) -> String {
    format!("u{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[test]
fn the_first_bit_is_the_most_significant() {
    for (index, byte, bit) in [(0, 0, 0x80), (7, 0, 0x01), (8, 1, 0x80), (131_071, 16_383, 0x01)] {
        let mut world = World::good();
        world.payload["credentialStatus"][1]["statusListIndex"] = json!(format!("{index}"));
        let mut bits = SHARD;
        bits[byte] = bit;
        *world.list_mut("revocation") = list("revocation", &bits);
        assert_eq!(world.verify(&world.forms()[0]).verdict, Verdict::Revoked, "{index}");
        bits[byte] = !bit;
        *world.list_mut("revocation") = list("revocation", &bits);
        assert_eq!(world.verify(&world.forms()[0]).verdict, Verdict::Valid, "{index}");
    }
}

#[test]
fn an_encoding_that_is_not_one_whole_gzip_member_is_refused_by_its_reason() {
    let packed = gzip(&SHARD);
    let trailing = [&packed[..], b"x"].concat();
    let twice = [&packed[..], &packed[..]].concat();
    let mut checksum = packed.clone();
    let at = checksum.len() - 8;
    checksum[at] ^= 1;
    let mut size = packed.clone();
    *size.last_mut().unwrap() ^= 0x80;
    let mut lies_small = packed.clone();
    let at = lies_small.len() - 4;
    lies_small[at..].copy_from_slice(&100_u32.to_le_bytes());
    let mut deflate_flag = packed.clone();
    deflate_flag[3] |= 0x80;
    for (encoded, reason) in [
        (String::new(), Reason::ListNotMultibase),
        (STANDARD.encode(&packed), Reason::ListNotMultibase),
        (URL_SAFE_NO_PAD.encode(&packed), Reason::ListNotMultibase),
        (format!("z{}", bs58::encode(&packed).into_string()), Reason::ListNotMultibase),
        (
            format!("u{}=", URL_SAFE.encode([&packed[..], &[0; 3]].concat())),
            Reason::ListNotMultibase,
        ),
        ("u".into(), Reason::ListNotGzip),
        (multibase(&SHARD), Reason::ListNotGzip),
        (multibase(&packed[..packed.len() - 1]), Reason::ListNotGzip),
        (multibase(&packed[..20]), Reason::ListNotGzip),
        (multibase(&trailing), Reason::ListNotGzip),
        (multibase(&twice), Reason::ListNotGzip),
        (multibase(&checksum), Reason::ListNotGzip),
        (multibase(&deflate_flag), Reason::ListNotGzip),
        (multibase(&size), Reason::ListNotGzip),
        (multibase(&lies_small), Reason::ListNotGzip),
        (multibase(&gzip(&SHARD[1..])), Reason::ListTooShort),
        (multibase(&gzip(b"")), Reason::ListTooShort),
        (multibase(&gzip(&vec![0; (1 << 20) + 1])), Reason::ListTooLarge),
    ] {
        assert_eq!(
            decode(&encoded),
            Err(ListFault(reason)),
            "{}",
            &encoded[..encoded.len().min(60)]
        );
    }
}

#[test]
fn optional_gzip_fields_are_stepped_over() {
    let mut encoder = flate2::GzBuilder::new()
        .filename("bits")
        .comment("none")
        .extra(vec![1, 2, 3])
        .write(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &SHARD).unwrap();
    let mut member = encoder.finish().unwrap();
    assert_eq!(decode(&multibase(&member)), Ok(SHARD.to_vec()));
    // The flag of a checksum of the header, which only some readers would check.
    member[3] |= 1 << 1;
    assert_eq!(decode(&multibase(&member)), Err(ListFault(Reason::ListNotGzip)));
}

fn report(edit: impl FnOnce(&mut World, &mut Value)) -> Report {
    let mut world = World::good();
    let mut list = world.lists[1].clone();
    edit(&mut world, &mut list);
    world.lists[1] = list;
    world.verify(&world.forms()[0])
}

/// Writes a list's packed bits otherwise.
fn encode(list: &mut Value, otherwise: impl Fn(&[u8]) -> String) {
    list["credentialSubject"]["encodedList"] = json!(otherwise(&gzip(&SHARD)));
}

#[test]
fn each_fault_of_a_list_has_its_own_reason_and_is_never_taken_for_an_answer() {
    type Edit = fn(&mut World, &mut Value);
    let table: [(&str, Edit, Reason); 22] = [
        (
            "plain base64",
            |_, l| l["credentialSubject"]["encodedList"] = json!("H4sI"),
            Reason::ListNotMultibase,
        ),
        (
            "base64url without its multibase",
            |_, l| encode(l, |p| URL_SAFE_NO_PAD.encode(p)),
            Reason::ListNotMultibase,
        ),
        (
            "base64 that is padded",
            |_, l| encode(l, |p| format!("u{}", STANDARD.encode([p, &[0]].concat()))),
            Reason::ListNotMultibase,
        ),
        ("gzip cut short", |_, l| encode(l, |p| multibase(&p[..p.len() - 9])), Reason::ListNotGzip),
        (
            "gzip with more behind it",
            |_, l| encode(l, |p| multibase(&[p, b"\0"].concat())),
            Reason::ListNotGzip,
        ),
        ("bits not packed", |_, l| encode(l, |_| multibase(&SHARD)), Reason::ListNotGzip),
        (
            "too few entries",
            |_, l| encode(l, |_| multibase(&gzip(&SHARD[8..]))),
            Reason::ListTooShort,
        ),
        (
            "a beginning without an offset",
            |_, l| l["validFrom"] = json!("2026-11-25T05:00:00"),
            Reason::ListMalformed,
        ),
        (
            "an end without an offset",
            |_, l| l["validUntil"] = json!("2036-11-25T05:00:00"),
            Reason::ListMalformed,
        ),
        (
            "two bits an entry",
            |_, l| l["credentialSubject"]["statusSize"] = json!(2),
            Reason::ListStatusSize,
        ),
        (
            "another type",
            |_, l| l["type"] = json!(["VerifiableCredential", "StatusList2021Credential"]),
            Reason::ListOfOtherType,
        ),
        (
            "another subject",
            |_, l| l["credentialSubject"]["type"] = json!("StatusList2021"),
            Reason::ListOfOtherType,
        ),
        (
            "another purpose",
            |_, l| l["credentialSubject"]["statusPurpose"] = json!("message"),
            Reason::ListOfOtherPurpose,
        ),
        (
            "a sister's purpose",
            |_, l| l["credentialSubject"]["statusPurpose"] = json!("suspension"),
            Reason::ListOfOtherPurpose,
        ),
        ("another id", |_, l| l["id"] = json!(list_id("suspension")), Reason::ListOfOtherId),
        (
            "not yet valid",
            |_, l| l["validFrom"] = json!("2026-11-25T06:00:01Z"),
            Reason::ListNotYetValid,
        ),
        (
            "no longer valid",
            |_, l| l["validUntil"] = json!("2026-11-25T05:59:59Z"),
            Reason::ListExpired,
        ),
        (
            "before its key",
            |_, l| l["validFrom"] = json!("2025-12-31T00:00:00Z"),
            Reason::ListKeyNotValid,
        ),
        (
            "no list",
            |_, l| drop(l["credentialSubject"].as_object_mut().unwrap().remove("encodedList")),
            Reason::ListMalformed,
        ),
        ("no id", |_, l| drop(l.as_object_mut().unwrap().remove("id")), Reason::ListMalformed),
        (
            "index beyond",
            |w, _| w.payload["credentialStatus"][1]["statusListIndex"] = json!("131072"),
            Reason::IndexOutOfRange,
        ),
        (
            "no entry",
            |w, _| drop(w.payload["credentialStatus"].as_array_mut().unwrap().remove(1)),
            Reason::StatusEntryMissing,
        ),
    ];
    for (what, edit, reason) in table {
        let report = report(edit);
        assert_eq!(
            (report.verdict, report.reason()),
            (Verdict::StatusUnknown, Some(reason)),
            "{what}: {report:#?}"
        );
    }
}

#[test]
fn an_omitted_status_size_is_one() {
    assert_eq!(
        report(|_, list| list["credentialSubject"]["statusSize"] = json!(1)).verdict,
        Verdict::Valid
    );
    assert_eq!(
        report(|_, list| list["credentialSubject"]["ttl"] = json!(60_000)).verdict,
        Verdict::Valid
    );
}

/// The bundle's entries, to bend them after signing.
fn entries(world: &World) -> Vec<Value> {
    let entry = |(list, purpose): (&Value, &str)| json!({"id": list_id(purpose), "purpose": purpose, "leaf": 40, "credential": world.sign_proof(list)});
    world.lists.iter().zip(PURPOSES).map(entry).collect()
}

fn with_entries(edit: impl FnOnce(&World, &mut Vec<Value>)) -> Report {
    let mut world = World::good();
    let mut list = entries(&world);
    edit(&world, &mut list);
    world.bundle["status_lists"] = json!(list);
    world.verify(&world.forms()[0])
}

#[test]
fn a_list_that_was_swapped_altered_or_left_out_answers_nothing() {
    let reason = |edit: fn(&World, &mut Vec<Value>)| {
        let report = with_entries(edit);
        assert_eq!(report.verdict, Verdict::StatusUnknown, "{report:#?}");
        report.reason()
    };
    assert_eq!(reason(|_, list| drop(list.remove(1))), Some(Reason::ListNotInBundle));
    assert_eq!(
        reason(|_, list| list[1]["credential"] = list[2]["credential"].clone()),
        Some(Reason::ListOfOtherId)
    );
    assert_eq!(
        reason(|_, list| list[1]["credential"]["credentialSubject"]["ttl"] = json!(1)),
        Some(Reason::ListSignatureInvalid)
    );
    assert_eq!(reason(|_, list| list[1]["credential"] = json!(null)), Some(Reason::ListMalformed));
    assert_eq!(
        reason(|_, list| list[1]["purpose"] = json!("refresh")),
        Some(Reason::ListOfOtherPurpose)
    );
}

#[test]
fn a_list_may_be_a_jwt() {
    let report =
        with_entries(|world, list| list[1]["credential"] = json!(world.sign_jwt(&world.lists[1])));
    assert_eq!(report.verdict, Verdict::Valid);
}

#[test]
fn a_list_of_another_body_answers_nothing_for_this_one() {
    const OTHER: &str = "did:web:registry.example:bodies:other";
    let mut world = World::good();
    let mut list = entries(&world);
    let mut other = world.lists[1].clone();
    other["issuer"] = json!(OTHER);
    let config = json!({
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": format!("{OTHER}#key-1"), "proofPurpose": "assertionMethod",
    });
    let signer = World { body_key: key(2), ..world.clone() };
    list[1]["credential"] = signer.sign_config(&other, config);
    let mut body = world.bundle["bodies"][0].clone();
    body["did"] = json!(OTHER);
    body["keys"][0]["id"] = json!(format!("{OTHER}#key-1"));
    body["keys"][0]["public"] = json!(multikey(&key(2)));
    world.bundle["bodies"].as_array_mut().unwrap().push(body);
    world.bundle["status_lists"] = json!(list);
    let report = world.verify(&world.forms()[0]);
    assert_eq!(
        (report.verdict, report.reason()),
        (Verdict::StatusUnknown, Some(Reason::ListOfOtherIssuer))
    );
}

proptest! {
    #[test]
    fn any_bits_come_back(seed in prop::collection::vec(any::<u8>(), 1..500)) {
        let bits: Vec<u8> = seed.iter().copied().cycle().take(16_384).collect();
        prop_assert_eq!(decode(&multibase(&gzip(&bits))), Ok(bits));
    }

    #[test]
    fn any_bytes_after_a_gzip_header_get_an_answer(tail in prop::collection::vec(any::<u8>(), 0..200), flags in any::<u8>()) {
        let bytes = [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0][..], &tail].concat();
        prop_assert!(decode(&multibase(&bytes)).is_err());
    }
}
