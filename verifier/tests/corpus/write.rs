//! Makes every file of the corpus, the same bytes at every run: fixed keys, fixed times, no chance. Which verdict each
//! must get is not known here: `expected.tsv` says so, and was written by hand.

use akashi_verifier::trust::delta;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::*;

const OTHER_BODY: &str = "did:web:registry.example:bodies:other-body";
/// Entries of the lists whose bit is set.
const SUPERSEDED: &str = "5001";
const REVOKED: &str = "5002";
const SUSPENDED: &str = "5003";

/// Files by their path below `verifier/tests/corpus`.
#[derive(Default)]
struct Files(Vec<(String, Vec<u8>)>);

/// Who signs a credential, and under which name.
struct Signer {
    key: SigningKey,
    key_id: String,
}

/// The body's key in use, `key-1`.
fn body() -> Signer {
    Signer { key: key(1), key_id: key_id() }
}

impl Signer {
    fn key(seed: u8, fragment: &str) -> Self {
        Self { key: key(seed), key_id: format!("{BODY}#{fragment}") }
    }

    fn of(issuer: &str, seed: u8) -> Self {
        Self { key: key(seed), key_id: format!("{issuer}#key-1") }
    }

    fn proof_config(&self, document: &Value) -> Value {
        let mut config = json!({
            "@context": document["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
            "created": document["validFrom"], "verificationMethod": self.key_id, "proofPurpose": "assertionMethod",
        });
        config.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        config
    }

    fn embed(&self, document: &Value) -> Value {
        self.embed_with(document, self.proof_config(document))
    }

    fn embed_with(&self, document: &Value, config: Value) -> Value {
        let message = [Sha256::digest(jcs(&config)), Sha256::digest(jcs(document))].concat();
        with_proof(document, config, &self.key.sign(&message).to_bytes())
    }

    fn jwt(&self, document: &Value) -> String {
        self.jws(&json!({"alg": "EdDSA", "kid": self.key_id, "typ": "vc+jwt"}), &jcs(document))
    }

    fn jws(&self, header: &Value, payload: &[u8]) -> String {
        self.jws_of(&jcs(header), payload)
    }

    fn jws_of(&self, header: &[u8], payload: &[u8]) -> String {
        let message = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn with_proof(document: &Value, mut proof: Value, signature: &[u8; 64]) -> Value {
    let mut signed = document.clone();
    proof["proofValue"] = json!(format!("z{}", bs58::encode(signature).into_string()));
    signed["proof"] = proof;
    signed
}

fn text(value: &Value) -> String {
    String::from_utf8(jcs(value)).expect("UTF-8")
}

fn once(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1)
}

/// The payload with one member changed.
fn payload_with(pointer: &str, value: Value) -> Value {
    let mut payload = payload();
    set(&mut payload, pointer, value);
    payload
}

fn payload_without(pointer: &str) -> Value {
    let mut payload = payload();
    remove(&mut payload, pointer);
    payload
}

/// Sets a member, or an array's item; an item after the last is added.
pub(crate) fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(parent).expect("a parent") {
        Value::Array(items) => match member.parse::<usize>().expect("a number") {
            at if at == items.len() => items.push(value),
            at => items[at] = value,
        },
        parent => parent[member] = value,
    }
}

pub(crate) fn remove(document: &mut Value, pointer: &str) {
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(parent).expect("a parent") {
        Value::Array(items) => drop(items.remove(member.parse().expect("a number"))),
        parent => drop(parent.as_object_mut().expect("an object").remove(member)),
    }
}

impl Files {
    fn put(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.0.push((format!("files/{name}"), bytes.as_ref().to_vec()));
    }

    /// A payload as the body signs it, in both forms.
    fn both(&mut self, name: &str, payload: &Value) {
        self.both_by(name, &body(), payload);
    }

    fn both_by(&mut self, name: &str, signer: &Signer, payload: &Value) {
        self.put(&format!("{name}.json"), text(&signer.embed(payload)));
        self.put(&format!("{name}.jwt"), signer.jwt(payload));
    }

    /// A signed document bent after it was signed.
    fn bent(&mut self, name: &str, bend: impl FnOnce(&mut Value)) {
        let mut signed = body().embed(&payload());
        bend(&mut signed);
        self.put(&format!("{name}.json"), text(&signed));
    }

    /// A JWT with a header of its own, signed as it stands.
    fn header(&mut self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut header = json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"});
        edit(&mut header);
        self.put(&format!("{name}.jwt"), body().jws(&header, &jcs(&payload())));
    }

    /// A proof configuration of its own, signed as it stands.
    fn proof(&mut self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut config = body().proof_config(&payload());
        edit(&mut config);
        self.put(&format!("{name}.json"), text(&body().embed_with(&payload(), config)));
    }
}

/// Every file of the corpus but the table of what is expected.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let mut files = Files::default();
    trust(&mut files);
    spellings(&mut files);
    proofs_that_hold(&mut files);
    not_json(&mut files);
    foreign(&mut files);
    jwts(&mut files);
    proofs(&mut files);
    members(&mut files);
    signers(&mut files);
    altered(&mut files);
    signatures(&mut files);
    standing(&mut files);
    statuses(&mut files);
    logged(&mut files);
    seeds(&mut files);
    files.0
}

/// What fuzzing begins with, beside the files: a good input for each target.
fn seeds(files: &mut Files) {
    let world = World::good();
    let file = |name: &str| {
        let found = files.0.iter().find(|(known, _)| known == name);
        found.map(|(_, bytes)| bytes.clone()).expect("written before")
    };
    let delta = delta::make(&file("bundle.json"), &file("bundle-ahead.json")).expect("a delta");
    let mut put =
        |name: &str, bytes: &[u8]| files.0.push((format!("seeds/{name}"), bytes.to_vec()));
    let list = list("revocation", &[0; 16_384]);
    let encoded = list["credentialSubject"]["encodedList"].as_str().expect("a text");
    put("status_list/multibase", encoded.as_bytes());
    put("status_list/gzip", &URL_SAFE_NO_PAD.decode(&encoded[1..]).expect("base64url"));
    let header = jcs(&json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"}));
    put("jws/good", &[&header, &b"\n"[..], &jcs(&payload()), b"\n", &[7; 64]].concat());
    put("signed/payload", &jcs(&payload()));
    put("json/numbers", NUMBERS_RESPELLED.as_bytes());
    put("json/strange-names", escaped(&strange_names()).as_bytes());
    put("root/good", &world.root_bytes());
    put("delta/good", &delta);
    put("bundle/small", &manifest(&json!({"version": 1}), &[&key(21)]));
    let entry = |(list, purpose): (&Value, &str)| {
        entry(&list_id(purpose), purpose, &world.sign_proof(list))
    };
    let mut bundle = world.bundle.clone();
    bundle["status_lists"] = world.lists.iter().zip(PURPOSES).map(entry).collect();
    put("bundle_signed/good", &jcs(&bundle));
    let proof = world.log_proof.as_deref().expect("a proof");
    let (_, checkpoint) = proof.split_once("\n\n").expect("a checkpoint");
    put("log_proof/good", proof.as_bytes());
    put("note/checkpoint", checkpoint.as_bytes());
    let log_entry = proof.lines().nth(1).and_then(|line| line.strip_prefix("extra "));
    put("entry/credential", &STANDARD.decode(log_entry.expect("an entry")).expect("base64"));
    put("policy/one-log", format!("# a log\n\nlog {}\nquorum none\n", vkey()).as_bytes());
    put("policy/witnessed", format!("log {0}\nwitness w {0}\nquorum w\n", vkey()).as_bytes());
    put("multikey/text", multikey(&key(1)).as_bytes());
    put("multikey/bytes", key(1).verifying_key().as_bytes());
    put(
        "ratings/one",
        &jcs(&json!({
            "programme": {"id": "responsible-hosting", "version": "2026.2", "digest": "ab".repeat(32)},
            "facilities": [{"id": "f", "kind": "whole"}],
            "ratings": [{"criterion": "A1", "facility": "f", "value": "not_applicable", "na_ground": "out_of_scope"}],
        })),
    );
}

/// One credential, written in every way that means the same.
fn spellings(files: &mut Files) {
    files.both("good", &payload());
    let signed = body().embed(&payload());
    let canonical = text(&signed);
    let pretty = serde_json::to_string_pretty(&signed).expect("JSON");
    files.put("pretty.json", &pretty);
    files.put("tabs-and-crlf.json", pretty.replace("  ", "\t").replace('\n', "\r\n"));
    files.put("blanks-around.json", format!("\r\n\t {canonical} \n"));
    files.put("one-blank-within.json", once(&canonical, r#","id":"#, r#", "id":"#));
    files.put("members-reversed.json", reversed(&signed));
    files.put("escaped.json", escaped(&signed));
    files.put("escaped-solidus.json", canonical.replace('/', r"\/"));
    files.put("escaped-one-letter.json", once(&canonical, "\"name\"", "\"n\\u0061me\""));
    files
        .put("escaped-in-proof.json", once(&canonical, "assertionMethod", "assertion\\u004dethod"));
    let proof = format!("\"proof\":{}", text(&signed["proof"]));
    let rest = once(&canonical, &format!("{proof},"), "");
    files.put("proof-first.json", once(&rest, "{", &format!("{{{proof},")));
    files.put("proof-last.json", format!("{},{proof}}}", &rest[..rest.len() - 1]));
    let blank = once(&canonical, &proof, &proof.replace("\":", "\" :"));
    files.put("blanks-in-the-proof.json", blank);
    files.put("wrapped.json", json!({"credential": signed, "log_proof": null}).to_string());
    files.put("wrapped-jwt.json", json!({"credential": body().jwt(&payload())}).to_string());

    let mut rich = payload();
    rich["numbers"] = serde_json::from_str(NUMBERS).expect("JSON");
    let rich = text(&body().embed(&rich));
    files.put("numbers.json", &rich);
    files.put("numbers-respelled.json", once(&rich, NUMBERS, NUMBERS_RESPELLED));
    let mut strange = payload();
    strange["strange"] = strange_names();
    files.both("strange-names", &strange);
    let strange = body().embed(&strange);
    files.put("strange-names-by-bytes.json", strange.to_string());
    files.put("strange-names-escaped.json", escaped(&strange));
    for depth in [64, 65] {
        let mut deep = payload();
        deep["deep"] = (1..depth).fold(json!(0), |inner, _| json!([inner]));
        files.both(&format!("deep-{depth}"), &deep);
    }
    let mut nested = payload();
    nested["credentialSubject"]["proof"] = json!({"type": "DataIntegrityProof"});
    files.both("a-proof-within-the-subject", &nested);

    let jwt = body().jwt(&payload());
    files.put("string.json", json!(jwt).to_string());
    files.put("blanks-around.jwt", format!(" {jwt}\r\n"));
    files.put("escaped-string.json", format!("\"{}\"", jwt.replace('.', "\\u002e")));
    let pretty_payload = serde_json::to_vec_pretty(&payload()).expect("JSON");
    let header = json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"});
    files.put("payload-pretty.jwt", body().jws(&header, &pretty_payload));
    files.put("payload-reversed.jwt", body().jws(&header, reversed(&payload()).as_bytes()));
    files.put("payload-escaped.jwt", body().jws(&header, escaped(&payload()).as_bytes()));
    let spaced = serde_json::to_vec_pretty(&header).expect("JSON");
    files.put("header-pretty.jwt", body().jws_of(&spaced, &jcs(&payload())));
    files.header("alg-ed25519", |header| header["alg"] = json!("Ed25519"));
    files.header("cty-vc", |header| header["cty"] = json!("vc"));
    files.put("iss-is-the-issuer.jwt", body().jwt(&payload_with("/iss", json!(BODY))));
}

/// As RFC 8785 writes them, and as others may.
const NUMBERS: &str = "[0,1,100,-1,0.5,9007199254740991,-9007199254740991,1e+21,1e-7,5e-324,1.7976931348623157e+308,0.1,333333333.3333333]";
const NUMBERS_RESPELLED: &str = "[-0,1.0,1e2,-1.0E0,5e-1,9007199254740991.0,-9007199254740991,1000000000000000000000,0.0000001,5e-324,17976931348623157E292,0.1000000000000000055511151231257827,333333333.33333329]";

/// Names whose order is another by UTF-16 than by code points, and texts that escape in every way there is.
fn strange_names() -> Value {
    json!({
        "": 0, "\u{e000}": 1, "\u{ffff}": 2, "\u{10000}": 3, "\u{1f600}": 4, "\u{d7ff}": 5, "é": 6, "e\u{301}": 7, "\u{7f}": 8, "\u{80}": 9,
        "\n": 10, "/": 11, "\"\\": 12, "controls": "\u{0}\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}\u{2028}\u{2029}\u{feff}", "<script>": "</script>",
    })
}

/// Members last to first, in every object.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .rev()
                .map(|(name, value)| format!("{}:{}", json!(name), reversed(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(reversed).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// Every character of every text as `\uXXXX`.
fn escaped(value: &Value) -> String {
    let string = |text: &str| {
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        format!("\"{units}\"")
    };
    match value {
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("{}:{}", string(name), escaped(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(escaped).collect::<Vec<_>>().join(","))
        }
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

/// What a proof and a payload may say in more than one way.
fn proofs_that_hold(files: &mut Files) {
    files.proof("no-context-in-the-proof", |proof| remove(proof, "/@context"));
    files.proof("no-created", |proof| remove(proof, "/created"));
    files.proof("created-with-offset", |proof| {
        proof["created"] = json!("2026-11-20T09:00:00+09:00");
    });
    files.proof("created-with-fraction", |proof| {
        proof["created"] = json!("2026-11-20T00:00:00.000Z");
    });
    files.proof("proof-with-more", |proof| {
        proof["id"] = json!("urn:uuid:0193a000-0000-7000-8000-0000000000aa");
        proof["nonce"] = json!("AAECAw");
    });
    files.both("dates-with-offset", &{
        let mut payload = payload_with("/validFrom", json!("2026-11-20T09:00:00+09:00"));
        payload["validUntil"] = json!("2028-11-19T23:59:59.5+09:00");
        payload
    });
    files.both(
        "names-decomposed",
        &payload_with("/credentialSubject/issuedToParty/name", json!("カ\u{3099}イト\u{3099}食品")),
    );
}

/// Bytes that two readers could read as two things, or that are nothing.
fn not_json(files: &mut Files) {
    let signed = body().embed(&payload());
    let good = text(&signed);
    files.put("empty.json", "");
    files.put("cut.json", &good[..good.len() - 1]);
    files.put("cut-in-half.json", &good[..good.len() / 2]);
    files.put("byte-order-mark.json", format!("\u{feff}{good}"));
    files.put("form-feed-before.json", format!("\u{c}{good}"));
    files.put("no-break-space-within.json", once(&good, r#","id""#, ",\u{a0}\"id\""));
    files.put("zero-byte-after.json", format!("{good}\0"));
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    files.put("utf-16.json", [&b"\xff\xfe"[..], &utf16].concat());
    files.put("two-on-one-line.json", format!("{good}{{}}"));
    files.put("trailing-comma.json", format!("{},}}", &good[..good.len() - 1]));
    files.put("comment.json", once(&good, "{", "{/* c */"));
    files.put("single-quotes.json", once(&good, "\"proof\"", "'proof'"));
    files.put("unquoted-name.json", once(&good, "\"proof\":", "proof:"));
    files.put("raw-control-character.json", once(&good, "\"Certified\"", "\"Certi\tfied\""));
    files.put("unknown-escape.json", once(&good, "\"Certified\"", "\"Certi\\x66ied\""));
    files.put("lone-high-surrogate.json", once(&good, "\"Certified\"", "\"Certified\\ud83d\""));
    files.put("lone-low-surrogate.json", once(&good, "\"Certified\"", "\"Certified\\ude00\""));
    let (before, after) = good.split_once("Certified\"").expect("the name");
    let with_bytes = |bytes: &[u8]| [before.as_bytes(), bytes, b"\"", after.as_bytes()].concat();
    files.put("not-utf-8.json", with_bytes(b"\xff"));
    files.put("overlong-utf-8.json", with_bytes(b"\xc0\xaf"));
    files.put("surrogate-in-utf-8.json", with_bytes(b"\xed\xa0\x80"));
    let rank = |number: &str| once(&good, "\"rank\":2", &format!("\"rank\":{number}"));
    for (name, number) in [
        ("nan", "NaN"),
        ("infinity", "Infinity"),
        ("leading-zero", "02"),
        ("plus-sign", "+2"),
        ("no-digit-after-point", "2."),
        ("no-digit-before-point", ".2"),
        ("hexadecimal", "0x2"),
        ("beyond-a-double", "1e400"),
    ] {
        files.put(&format!("number-{name}.json"), rank(number));
    }
    for (name, number) in [
        ("2-to-53", "9007199254740992"),
        ("2-to-53-and-1", "9007199254740993"),
        ("minus-2-to-53", "-9007199254740992"),
        ("2-to-64-less-1", "18446744073709551615"),
        ("as-a-double", "9007199254740992.0"),
        ("with-an-exponent", "1e16"),
        ("of-20-digits", "99999999999999999999"),
        ("of-22-digits", "1000000000000000000000"),
    ] {
        files.put(&format!("integer-{name}.json"), rank(number));
    }
    for (name, from, to) in [
        ("at-the-top", r#""validUntil""#, r#""validUntil":"2099-01-01T00:00:00Z","validUntil""#),
        ("the-same-value", r#""name":"Certified""#, r#""name":"Certified","name":"Certified""#),
        ("escaped", r#""name":"Certified""#, r#""name":"Certified","n\u0061me":"Leading""#),
        ("escaped-first", r#""name":"Certified""#, r#""n\u0061me":"Leading","name":"Certified""#),
        (
            "in-an-array",
            r#""idVerifiedByCAB":true"#,
            r#""idVerifiedByCAB":true,"idVerifiedByCAB":false"#,
        ),
        ("in-the-proof", r#""proofPurpose""#, r#""proofPurpose":"assertionMethod","proofPurpose""#),
        ("proof-value", r#""proofValue":"#, r#""proofValue":"z1","proofValue":"#),
        ("of-a-member-unknown", "{", r#"{"a":1,"a":1,"#),
    ] {
        files.put(&format!("twice-{name}.json"), once(&good, from, to));
    }
    files.put(
        "twice-proof.json",
        once(&good, "\"proof\":", &format!("\"proof\":{},\"proof\":", text(&signed["proof"]))),
    );
    files.put("twice-empty-proof-first.json", once(&good, "{", r#"{"proof":{},"#));
    let raw_value = r#""$serde_json::private::RawValue":"0""#;
    files.put("name-of-a-readers-own.json", once(&good, "{", &format!("{{{raw_value},")));
    files.put("twice-wrapped.json", format!(r#"{{"credential":{{}},"credential":{good}}}"#));
    let wrapped = |payload: &str| {
        body().jws_of(
            &jcs(&json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"})),
            payload.as_bytes(),
        )
    };
    let plain = text(&payload());
    files.put(
        "twice-in-the-payload.jwt",
        wrapped(&once(&plain, "\"nonce\"", "\"nonce\":\"\",\"nonce\"")),
    );
    files.put(
        "integer-in-the-payload.jwt",
        wrapped(&once(&plain, "\"rank\":2", "\"rank\":9007199254740993")),
    );
    files.put(
        "name-of-a-readers-own.jwt",
        wrapped(&once(&plain, "\"nonce\"", "\"$serde_json::private::RawValue\":\"0\",\"nonce\"")),
    );
    files.put("payload-cut.jwt", wrapped(&plain[..plain.len() - 1]));
    files.put("payload-with-byte-order-mark.jwt", wrapped(&format!("\u{feff}{plain}")));
    files.put("payload-an-array.jwt", wrapped("[]"));
    files.put("payload-empty.jwt", wrapped(""));
}

/// What some readers take for JSON in a text in JSON, and so on: with so much within each, such a reader leaves its stack.
fn json_within_json() -> String {
    let [open, close] = ["[", "]"].map(|bracket| bracket.repeat(120));
    let array = (0..80).fold("1".to_string(), |inner, _| {
        // Escaped so that each level adds to a quote's length instead of doubling it.
        let text = inner.replace('\\', "\\u005c").replace('"', "\\u0022");
        format!(r#"{open}{{"$serde_json::private::RawValue":"{text}"}}{close}"#)
    });
    array.trim_matches(['[', ']']).to_string()
}

/// Things of other makers, and things that are no credentials at all.
fn foreign(files: &mut Files) {
    files.put("foreign-pdf", "%PDF-1.7\n1 0 obj\n<<>>\nendobj\n");
    files.put("foreign-qr-text", "HC1:6BFOXN%TSMAHN-H\n");
    files.put("foreign-text", "This is to certify that Example Foods keeps to the rules.\n");
    files.put("foreign-array.json", "[{}]");
    files.put("foreign-number.json", "1");
    files.put("foreign-null.json", "null");
    files.put("foreign-object.json", "{}");
    files.put("foreign-string.json", "\"certificate\"");
    files.put("foreign-json-within-json.json", json_within_json());
    files.put("foreign-wrapped-number.json", r#"{"credential":1}"#);
    let good = body().embed(&payload());
    files.put(
        "foreign-wrapped-beside-a-note.json",
        json!({"credential": good, "log_proof": null, "note": "Leading"}).to_string(),
    );
    files.put(
        "foreign-wrapped-proof-a-number.json",
        json!({"credential": body().embed(&payload()), "log_proof": 1}).to_string(),
    );
    files.put(
        "foreign-jwe.jwt",
        "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAA.AAAA.AAAA",
    );
    files.put(
        "foreign-access-token.jwt",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJleGFtcGxlIn0.AAAA",
    );
    files.put("foreign-sd-jwt", format!("{}~WyJhIiwiYiIsImMiXQ~", body().jwt(&payload())));
    files.put("foreign-vc-1-1.json", json!({
        "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"], "issuer": "https://issuer.example",
        "issuanceDate": "2020-01-01T00:00:00Z", "credentialSubject": {"id": "did:example:1"},
        "proof": {"type": "Ed25519Signature2020", "proofPurpose": "assertionMethod", "verificationMethod": "https://issuer.example/keys/1", "proofValue": "z1"},
    }).to_string());
    files.put("foreign-vc-2-unsigned.json", text(&payload()));
    let mut degree = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": ["VerifiableCredential", "ExampleDegreeCredential"], "issuer": BODY, "validFrom": "2026-11-20T00:00:00Z",
        "credentialSubject": {"id": "did:example:1"},
    });
    files.both("foreign-degree", &degree);
    degree["issuer"] = json!("did:web:university.example");
    files.both_by(
        "foreign-degree-of-another",
        &Signer::of("did:web:university.example", 77),
        &degree,
    );
    files.put("foreign-jws-as-json.json", {
        let jwt = body().jwt(&payload());
        let parts: Vec<_> = jwt.split('.').collect();
        json!({"payload": parts[1], "protected": parts[0], "header": {"alg": "EdDSA"}, "signature": parts[2]}).to_string()
    });
}

/// What may stand in a JWT, and what may not.
fn jwts(files: &mut Files) {
    for (name, alg) in [
        ("none", "none"),
        ("hs256", "HS256"),
        ("es256", "ES256"),
        ("lower-case", "eddsa"),
        ("ed448", "Ed448"),
    ] {
        files.header(&format!("alg-{name}"), |header| header["alg"] = json!(alg));
    }
    let header = |alg: &str| json!({"alg": alg, "kid": key_id(), "typ": "vc+jwt"});
    let unsigned =
        [jcs(&header("none")), jcs(&payload())].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    files.put("alg-none-unsigned.jwt", format!("{unsigned}."));
    let message =
        [jcs(&header("HS256")), jcs(&payload())].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let tag = hmac_sha256(key(1).verifying_key().as_bytes(), message.as_bytes());
    files.put(
        "alg-hs256-by-the-public-key.jwt",
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag)),
    );
    files.header("alg-missing", |header| remove(header, "/alg"));
    files.header("alg-a-list", |header| header["alg"] = json!(["EdDSA"]));
    for (name, typ) in [
        ("jwt", "JWT"),
        ("sd-jwt", "dc+sd-jwt"),
        ("vp", "vp+jwt"),
        ("upper-case", "VC+JWT"),
        ("old", "vc+ld+json+jwt"),
    ] {
        files.header(&format!("typ-{name}"), |header| header["typ"] = json!(typ));
    }
    files.header("typ-missing", |header| remove(header, "/typ"));
    files.header("cty-other", |header| header["cty"] = json!("json"));
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key(66).verifying_key().as_bytes())});
    let attacker = Signer { key: key(66), ..body() };
    for (name, member, value) in [
        ("jwk", "jwk", jwk),
        ("x5c", "x5c", json!(["MIIB"])),
        ("jku", "jku", json!("https://evil.example/jwks.json")),
        ("crit", "crit", json!(["exp"])),
        ("b64", "b64", json!(false)),
        ("zip", "zip", json!("DEF")),
        ("iss", "iss", json!(BODY)),
    ] {
        let mut header = json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"});
        header[member] = value;
        files.put(&format!("header-{name}.jwt"), attacker.jws(&header, &jcs(&payload())));
    }
    files.header("kid-missing", |header| remove(header, "/kid"));
    files.header("kid-relative", |header| header["kid"] = json!("#key-1"));
    files.header("kid-of-another-body", |header| {
        header["kid"] = json!(format!("{OTHER_BODY}#key-1"));
    });
    files.header("kid-with-query", |header| {
        header["kid"] = json!(format!("{BODY}?versionId=1#key-1"));
    });
    files.header("kid-with-path", |header| header["kid"] = json!(format!("{BODY}/a#key-1")));
    files.header("kid-without-fragment", |header| header["kid"] = json!(BODY));
    files
        .header("kid-two-fragments", |header| header["kid"] = json!(format!("{BODY}#key-1#key-1")));
    files.header("kid-a-did-key", |header| {
        let key = multikey(&key(1));
        header["kid"] = json!(format!("did:key:{key}#{key}"));
    });
    files.put("header-an-array.jwt", body().jws(&json!([]), &jcs(&payload())));
    let twice = format!(r#"{{"alg":"none","alg":"EdDSA","kid":"{}","typ":"vc+jwt"}}"#, key_id());
    files.put("twice-in-the-header.jwt", body().jws_of(twice.as_bytes(), &jcs(&payload())));
    for (name, member, value) in [
        ("vc", "vc", json!({})),
        ("vp", "vp", json!({})),
        ("iss-of-another", "iss", json!(OTHER_BODY)),
        ("iss-a-list", "iss", json!([BODY])),
        ("proof", "proof", json!({})),
        ("null-vc", "vc", Value::Null),
        ("exp", "exp", json!(1_893_456_000)),
        ("nbf", "nbf", json!(1_767_225_600)),
        ("iat", "iat", json!(1_767_225_600)),
    ] {
        files.put(
            &format!("claim-{name}.jwt"),
            body().jwt(&payload_with(&format!("/{member}"), value)),
        );
    }
    let jwt = body().jwt(&payload());
    let parts: Vec<_> = jwt.split('.').collect();
    files.put("base64-padded.jwt", format!("{jwt}=="));
    files.put(
        "base64-padded-payload.jwt",
        format!(
            "{}.{}.{}",
            parts[0],
            URL_SAFE.encode(jcs(&payload_with("/a", json!("")))),
            parts[2]
        ),
    );
    files.put("base64-standard-alphabet.jwt", {
        // A payload whose encoding has both letters that the two alphabets differ in.
        let other = body().jwt(&payload_with("/name", json!("~~~???>>>")));
        let standard = other.replace('-', "+").replace('_', "/");
        assert_ne!(standard, other);
        standard
    });
    files.put("base64-trailing-bits.jwt", respelled(&jwt));
    files.put("base64-trailing-bits-in-the-header.jwt", {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"vc+jwt"}} "#, key_id());
        let pad = " ".repeat((3 - header.len() % 3) % 3 + 1);
        let jws = body().jws_of(format!("{header}{pad}").as_bytes(), &jcs(&payload()));
        let (head, tail) = jws.split_once('.').expect("parts");
        format!("{}.{tail}", respelled(head))
    });
    files.put("base64-line-feed.jwt", once(&jwt, ".", ".\n"));
    files.put("base64-blank.jwt", once(&jwt, ".", ". "));
    files.put("four-parts.jwt", format!("{jwt}."));
    files.put("two-parts.jwt", format!("{}.{}", parts[0], parts[1]));
    files.put("signature-cut.jwt", &jwt[..jwt.len() - 2]);
    files.put("signature-empty.jwt", format!("{}.{}.", parts[0], parts[1]));
    files.put("not-ascii.jwt", format!("{jwt}é"));
}

/// The same bytes by another last letter, whose surplus bits are not zero.
fn respelled(base64: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = base64.chars().last().and_then(|last| ALPHABET.find(last)).expect("a letter");
    assert_eq!(last % 4, 0, "has surplus bits");
    format!("{}{}", &base64[..base64.len() - 1], &ALPHABET[last + 1..last + 2])
}

/// RFC 2104, for the one JWT that is signed with a public key as a secret.
fn hmac_sha256(secret: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(secret).for_each(|(byte, secret)| *byte ^= secret);
        block
    };
    let inner = Sha256::digest([&pad(0x36)[..], message].concat());
    Sha256::digest([&pad(0x5c)[..], &inner].concat()).to_vec()
}

/// What may stand in a proof, and what may not.
fn proofs(files: &mut Files) {
    files.bent("proof-null", |signed| signed["proof"] = Value::Null);
    files.bent("proof-a-text", |signed| signed["proof"] = json!("z1"));
    files.bent("proofs-none", |signed| signed["proof"] = json!([]));
    files.bent("proofs-one", |signed| signed["proof"] = json!([signed["proof"]]));
    files.bent("proofs-two", |signed| signed["proof"] = json!([signed["proof"], signed["proof"]]));
    files.proof("suite-rdfc", |proof| proof["cryptosuite"] = json!("eddsa-rdfc-2022"));
    files.proof("suite-missing", |proof| remove(proof, "/cryptosuite"));
    files.proof("type-other", |proof| proof["type"] = json!("Ed25519Signature2020"));
    files.proof("type-a-list", |proof| proof["type"] = json!(["DataIntegrityProof"]));
    files.proof("type-missing", |proof| remove(proof, "/type"));
    files.proof("purpose-other", |proof| proof["proofPurpose"] = json!("authentication"));
    files.proof("purpose-missing", |proof| remove(proof, "/proofPurpose"));
    for member in ["expires", "domain", "challenge", "previousProof"] {
        files.proof(&format!("proof-{member}"), |proof| {
            proof[member] = json!("2036-01-01T00:00:00Z");
        });
    }
    files.proof("method-missing", |proof| remove(proof, "/verificationMethod"));
    files.proof("method-carries-a-key", |proof| {
        proof["verificationMethod"] = json!({"id": key_id(), "type": "Multikey", "publicKeyMultibase": multikey(&key(66))});
    });
    files.proof("method-relative", |proof| proof["verificationMethod"] = json!("#key-1"));
    files.proof("method-of-another-body", |proof| {
        proof["verificationMethod"] = json!(format!("{OTHER_BODY}#key-1"));
    });
    files.proof("method-with-blank", |proof| {
        proof["verificationMethod"] = json!(format!("{BODY} #key-1"));
    });
    files.proof("created-a-number", |proof| proof["created"] = json!(1_763_596_800));
    files.proof("created-no-time", |proof| proof["created"] = json!("yesterday"));
    files.proof("created-another-time", |proof| proof["created"] = json!("2026-11-20T00:00:01Z"));
    files.proof("context-of-the-proof-shorter", |proof| remove(proof, "/@context/2"));
    files.proof("context-of-the-proof-longer", |proof| {
        set(proof, "/@context/3", json!("https://evil.example/v1"));
    });
    files.proof("context-of-the-proof-reordered", |proof| {
        proof["@context"].as_array_mut().expect("a list").swap(1, 2);
    });
    files.proof("context-of-the-proof-null", |proof| proof["@context"] = Value::Null);
    files.bent("context-added-to-the-document", |signed| {
        set(signed, "/@context/3", json!("https://evil.example/v1"));
    });
    files.bent("context-added-to-both", |signed| {
        set(signed, "/@context/3", json!("https://evil.example/v1"));
        signed["proof"]["@context"] = signed["@context"].clone();
    });
    files.bent("proof-value-missing", |signed| remove(signed, "/proof/proofValue"));
    files.bent("proof-value-short", |signed| signed["proof"]["proofValue"] = json!("z111"));
    files.bent("proof-value-too-long", |signed| {
        let value = signed["proof"]["proofValue"].as_str().expect("a text").replacen('z', "z1", 1);
        signed["proof"]["proofValue"] = json!(value);
    });
    files.bent("proof-value-with-blank", |signed| {
        let value = format!("{} ", signed["proof"]["proofValue"].as_str().expect("a text"));
        signed["proof"]["proofValue"] = json!(value);
    });
    files.bent("proof-value-base64url", |signed| {
        signed["proof"]["proofValue"] = json!(format!("u{}", URL_SAFE_NO_PAD.encode([7; 64])));
    });
    files.bent("proof-value-not-base58", |signed| {
        let value = signed["proof"]["proofValue"].as_str().expect("a text");
        signed["proof"]["proofValue"] = json!(format!("{}0", &value[..value.len() - 1]));
    });
}

/// Members of the credential that are missing or wrong, though signed as they stand.
fn members(files: &mut Files) {
    files.both("context-added", &payload_with("/@context/3", json!("https://evil.example/v1")));
    files.both("context-reordered", &{
        let mut payload = payload();
        payload["@context"].as_array_mut().expect("a list").swap(1, 2);
        payload
    });
    files.both(
        "context-of-another-untp",
        &payload_with("/@context/1", json!("https://vocabulary.uncefact.org/untp/9.9.9/context/")),
    );
    files.both(
        "context-a-text",
        &payload_with("/@context", json!("https://www.w3.org/ns/credentials/v2")),
    );
    files.both("context-missing", &payload_without("/@context"));
    files.both("types-without-vc", &payload_with("/type", json!(["DigitalConformityCredential"])));
    files.both("type-a-text", &payload_with("/type", json!("DigitalConformityCredential")));
    for (name, pointer) in [
        ("id", "/id"),
        ("name", "/name"),
        ("valid-from", "/validFrom"),
        ("valid-until", "/validUntil"),
        ("subject", "/credentialSubject"),
        ("status", "/credentialStatus"),
        ("holder", "/credentialSubject/issuedToParty"),
        ("level", "/credentialSubject/profileScore/code"),
        ("programme-digest", "/credentialSubject/programmeDigest"),
    ] {
        files.put(&format!("missing-{name}.jwt"), body().jwt(&payload_without(pointer)));
    }
    files.put("missing-issuer.jwt", body().jwt(&payload_without("/issuer")));
    files.put("issuer-a-text.jwt", body().jwt(&payload_with("/issuer", json!(BODY))));
    files.put("issuer-a-list.jwt", body().jwt(&payload_with("/issuer", json!([BODY]))));
    for (name, pointer, value) in [
        ("index-a-number", "/credentialStatus/1/statusListIndex", json!(4711)),
        ("index-with-zero-before", "/credentialStatus/1/statusListIndex", json!("04711")),
        ("index-negative", "/credentialStatus/1/statusListIndex", json!("-1")),
        ("index-with-plus", "/credentialStatus/1/statusListIndex", json!("+4711")),
        ("index-in-other-digits", "/credentialStatus/1/statusListIndex", json!("٤٧١١")),
        ("index-empty", "/credentialStatus/1/statusListIndex", json!("")),
        ("index-too-large", "/credentialStatus/1/statusListIndex", json!("4294967296")),
        ("status-of-another-type", "/credentialStatus/1/type", json!("StatusList2021Entry")),
        ("status-of-another-purpose", "/credentialStatus/1/statusPurpose", json!("message")),
        ("status-twice-one-purpose", "/credentialStatus/1/statusPurpose", json!("refresh")),
        ("status-no-list", "/credentialStatus", json!({})),
        ("digest-in-upper-case", "/credentialSubject/programmeDigest", json!("AB".repeat(32))),
        ("digest-short", "/credentialSubject/programmeDigest", json!("ab")),
        ("date-without-zone", "/validUntil", json!("2028-11-19T14:59:59")),
        ("date-a-day", "/validUntil", json!("2028-11-19")),
        ("date-a-number", "/validUntil", json!(1_857_999_999)),
        ("date-of-no-month", "/validUntil", json!("2028-13-19T14:59:59Z")),
        ("rank-a-text", "/credentialSubject/profileScore/rank", json!("2")),
        ("rank-negative", "/credentialSubject/profileScore/rank", json!(-2)),
        ("rank-a-fraction", "/credentialSubject/profileScore/rank", json!(2.5)),
        ("rank-beyond-32-bits", "/credentialSubject/profileScore/rank", json!(4_294_967_296_u64)),
        (
            "certificate-without-number",
            "/credentialSubject/id",
            json!(format!("{ORIGIN}/certificates/")),
        ),
        ("certificate-elsewhere", "/credentialSubject/id", json!(format!("{ORIGIN}/companies/1"))),
        (
            "programme-without-version",
            "/credentialSubject/referenceProfile/id",
            json!(format!("{ORIGIN}/programmes/responsible-hosting")),
        ),
        ("flag-a-text", "/credentialSubject/conformityAssessment/0/conformance", json!("true")),
    ] {
        files.put(&format!("{name}.jwt"), body().jwt(&payload_with(pointer, value)));
    }
}

/// Strangers, and those who would be taken for others.
fn signers(files: &mut Files) {
    const STRANGER: &str = "did:web:stranger.example";
    let issued_by = |did: &str| payload_with("/issuer/id", json!(did));
    files.both_by("stranger", &Signer::of(STRANGER, 66), &issued_by(STRANGER));
    files.both_by("key-unknown", &Signer::key(66, "key-9"), &payload());
    files.both_by("key-in-capitals", &Signer::key(1, "KEY-1"), &payload());
    for (name, did) in [
        ("cyrillic-e", "did:web:regist\u{0433}y.\u{0435}xample:bodies:example-body"),
        ("zero-width", "did:web:registry.example:bodies:example\u{200b}-body"),
        ("full-width", "did:web:registry.example:bodies:\u{ff45}xample-body"),
        ("capitals", "did:web:Registry.example:bodies:example-body"),
        ("percent", "did:web:registry.example:bodies:example%2Dbody"),
        ("trailing-dot", "did:web:registry.example.:bodies:example-body"),
        ("non-breaking-hyphen", "did:web:registry.example:bodies:example\u{2011}body"),
        ("blank-after", "did:web:registry.example:bodies:example-body "),
        ("longer", "did:web:registry.example:bodies:example-body-2"),
        ("shorter", "did:web:registry.example:bodies:example"),
    ] {
        files.both_by(&format!("look-alike-{name}"), &Signer::of(did, 66), &issued_by(did));
    }
    files.both_by("signed-by-another", &Signer { key: key(66), ..body() }, &payload());
    // Known, and with a good signature, but for a body that it is not.
    files.put(
        "another-body-signs-for-this-one.json",
        text(&Signer::of(OTHER_BODY, 5).embed(&payload())),
    );
    files.put("another-body-signs-for-this-one.jwt", Signer::of(OTHER_BODY, 5).jwt(&payload()));
    let url = payload_with("/issuer/id", json!("https://registry.example/bodies/example-body"));
    files.put(
        "issuer-a-url.jwt",
        Signer { key_id: "https://registry.example/bodies/example-body#key-1".into(), ..body() }
            .jwt(&url),
    );
}

/// A good credential altered after it was signed.
fn altered(files: &mut Files) {
    let leading = json!("leading");
    files.bent("altered-level", |signed| {
        set(signed, "/credentialSubject/profileScore/code", leading.clone());
    });
    files.bent("altered-note-added", |signed| signed["note"] = json!("x"));
    files.bent("altered-null-added", |signed| signed["note"] = Value::Null);
    files.bent("altered-flag-removed", |signed| {
        remove(signed, "/credentialSubject/conformityAssessment/0/conformance");
    });
    files.bent("altered-index", |signed| {
        set(signed, "/credentialStatus/1/statusListIndex", json!("4712"));
    });
    files.bent("altered-same-instant", |signed| {
        signed["validUntil"] = json!("2028-11-19T23:59:59+09:00");
    });
    files.bent("altered-statuses-swapped", |signed| {
        signed["credentialStatus"].as_array_mut().expect("a list").swap(0, 1);
    });
    files.bent("altered-types-swapped", |signed| {
        signed["type"].as_array_mut().expect("a list").swap(0, 1);
    });
    files.bent("altered-zero-width", |signed| {
        set(signed, "/credentialSubject/issuedToParty/name", json!("例示食品株式会社\u{200b}"));
    });
    files.bent("altered-look-alike", |signed| {
        set(signed, "/credentialSubject/name", json!("С\u{0435}rtified"));
    });
    files.bent("altered-blank-in-a-text", |signed| {
        set(signed, "/credentialSubject/name", json!("Certified "));
    });
    files.bent("altered-context-left-out-of-the-proof", |signed| remove(signed, "/proof/@context"));
    files.bent("altered-created-left-out", |signed| remove(signed, "/proof/created"));
    files.bent("altered-proof-member-added", |signed| signed["proof"]["nonce"] = json!("x"));
    let composed = payload_with("/credentialSubject/issuedToParty/name", json!("ガイド食品"));
    let signed = text(&body().embed(&composed));
    files.put("altered-decomposed.json", once(&signed, "ガイド食品", "カ\u{3099}イト\u{3099}食品"));
    let mut decimal = text(&body().embed(&payload()));
    decimal = once(&decimal, "\"rank\":2", "\"rank\":2.0000000000000004");
    files.put("altered-number.json", decimal);

    let mut other = payload();
    other["credentialSubject"]["id"] = json!(format!("{ORIGIN}/certificates/RH26-9Z9Z"));
    let (mine, theirs) = (body().embed(&payload()), body().embed(&other));
    files.bent("swapped-proof", |signed| signed["proof"] = theirs["proof"].clone());
    files.bent("swapped-subject", |signed| {
        signed["credentialSubject"] = theirs["credentialSubject"].clone();
    });
    let (my_jwt, their_jwt) = (body().jwt(&payload()), body().jwt(&other));
    let parts = |jwt: &str| jwt.split('.').map(String::from).collect::<Vec<_>>();
    let (my, their) = (parts(&my_jwt), parts(&their_jwt));
    files.put("swapped-signature.jwt", [&*my[0], &*my[1], &*their[2]].join("."));
    files.put("swapped-payload.jwt", [&*my[0], &*their[1], &*my[2]].join("."));
    let value = mine["proof"]["proofValue"].as_str().expect("a text");
    let of_proof = bs58::decode(&value[1..]).into_vec().expect("base58");
    files.put(
        "signature-of-the-other-form.jwt",
        [&*my[0], &*my[1], &*URL_SAFE_NO_PAD.encode(of_proof)].join("."),
    );
    files.bent("signature-of-the-other-form", |signed| {
        let bytes = URL_SAFE_NO_PAD.decode(&my[2]).expect("base64");
        signed["proof"]["proofValue"] = json!(format!("z{}", bs58::encode(bytes).into_string()));
    });
    let reencode = |bytes: &[u8]| [&*my[0], &*URL_SAFE_NO_PAD.encode(bytes), &*my[2]].join(".");
    files.put(
        "payload-made-pretty.jwt",
        reencode(&serde_json::to_vec_pretty(&payload()).expect("JSON")),
    );
    files.put("payload-reordered.jwt", reencode(reversed(&payload()).as_bytes()));
    files.put("payload-blank-added.jwt", reencode(format!("{} ", text(&payload())).as_bytes()));
    files.put(
        "payload-level-raised.jwt",
        reencode(&jcs(&payload_with("/credentialSubject/profileScore/code", leading))),
    );
    let header = json!({"alg": "Ed25519", "kid": key_id(), "typ": "vc+jwt"});
    files.put(
        "header-alg-renamed.jwt",
        [&*URL_SAFE_NO_PAD.encode(jcs(&header)), &*my[1], &*my[2]].join("."),
    );
    files.put("rank-respelled.json", once(&text(&mine), "\"rank\":2", "\"rank\":2.0"));
}

/// Signatures that some verifiers take, and hashes joined in the wrong way.
fn signatures(files: &mut Files) {
    let document = payload();
    let config = body().proof_config(&document);
    let (config_hash, document_hash) =
        (Sha256::digest(jcs(&config)), Sha256::digest(jcs(&document)));
    let message = [config_hash, document_hash].concat();
    let good = body().key.sign(&message).to_bytes();
    let mut put = |name: &str, signature: [u8; 64]| {
        files.put(
            &format!("signature-{name}.json"),
            text(&with_proof(&document, config.clone(), &signature)),
        );
    };
    put("document-hash-first", body().key.sign(&[document_hash, config_hash].concat()).to_bytes());
    put("of-the-document-alone", body().key.sign(&document_hash).to_bytes());
    put("of-no-hash", body().key.sign(&[jcs(&config), jcs(&document)].concat()).to_bytes());
    put("all-zero", [0; 64]);
    put("s-and-the-order", add_order(good));
    put("top-bit-of-s", {
        let mut signature = good;
        signature[63] |= 0x80;
        signature
    });
    put("sign-of-r", {
        let mut signature = good;
        signature[31] ^= 0x80;
        signature
    });
    put("r-of-small-order", {
        let mut signature = good;
        signature[..32].fill(0);
        signature[0] = 1;
        signature
    });
    put("r-not-canonical", {
        let mut signature = good;
        signature[..32].fill(0xff);
        signature[0] = 0xf0;
        signature
    });
    put("halves-swapped", {
        let mut signature = good;
        signature.rotate_left(32);
        signature
    });
    let jwt = body().jwt(&document);
    let (message, signature) = jwt.rsplit_once('.').expect("parts");
    let signature =
        URL_SAFE_NO_PAD.decode(signature).expect("base64").try_into().expect("64 bytes");
    files.put(
        "signature-s-and-the-order.jwt",
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(add_order(signature))),
    );
    let (_, payload) = message.split_once('.').expect("parts");
    let of_payload = body().key.sign(payload.as_bytes()).to_bytes();
    files.put(
        "signature-of-the-payload-alone.jwt",
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(of_payload)),
    );
}

/// S + L, which lax verifiers take for S (RFC 8032 §5.1.7 says not to).
fn add_order(mut signature: [u8; 64]) -> [u8; 64] {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    signature
}

/// Authentic credentials whose key, body, programme or time does not do.
fn standing(files: &mut Files) {
    files.both_by("key-retired", &Signer::key(2, "key-retired"), &payload());
    files.both_by(
        "key-retired-in-its-time",
        &Signer::key(2, "key-retired"),
        &payload_with("/validFrom", json!("2026-05-31T23:59:59Z")),
    );
    files.both_by(
        "key-retired-at-its-end",
        &Signer::key(2, "key-retired"),
        &payload_with("/validFrom", json!("2026-06-01T00:00:00Z")),
    );
    files.both_by("key-not-yet", &Signer::key(3, "key-next"), &payload());
    files.both_by("key-compromised", &Signer::key(4, "key-lost"), &payload());
    files.both_by(
        "key-compromised-later",
        &Signer::key(4, "key-lost"),
        &payload_with("/validFrom", json!("2026-02-01T00:00:00Z")),
    );
    let other = payload_with("/issuer/id", json!(OTHER_BODY));
    files.both_by("body-without-authorisation", &Signer::of(OTHER_BODY, 5), &other);
    let of_programme = |id: &str, digest: &str| {
        let mut payload = payload_with(
            "/credentialSubject/referenceProfile/id",
            json!(format!("{ORIGIN}/programmes/{id}")),
        );
        payload["credentialSubject"]["programmeDigest"] = json!(digest.repeat(32));
        payload
    };
    files.both("programme-without-authorisation", &of_programme("water/1", "0a"));
    files.both("programme-authorisation-over", &of_programme("fair-recruitment/1", "0b"));
    files.both("programme-authorisation-later", &of_programme("safe-work/1", "0d"));
    files.both("programme-version-unknown", &of_programme("responsible-hosting/2031.1", "ab"));
    files.both("programme-of-other-digest", &of_programme("responsible-hosting/2026.2", "00"));
    files.both("programme-version-older", &of_programme("responsible-hosting/2025.1", "0c"));
    let mut later = payload_with("/validFrom", json!("2026-11-25T12:00:01Z"));
    files.both("valid-from-later", &later);
    later["validFrom"] = json!("2026-11-25T12:00:00Z");
    files.both("valid-from-now", &later);
    files.both("valid-until-before", &payload_with("/validUntil", json!("2026-11-25T11:59:59Z")));
    files.both("valid-until-now", &payload_with("/validUntil", json!("2026-11-25T12:00:00Z")));
}

/// What the lists say, and what keeps them from saying it.
fn statuses(files: &mut Files) {
    let index = |purpose: usize, index: &str| {
        payload_with(&format!("/credentialStatus/{purpose}/statusListIndex"), json!(index))
    };
    files.both("superseded", &index(0, SUPERSEDED));
    files.both("revoked", &index(1, REVOKED));
    files.both("suspended", &index(2, SUSPENDED));
    files.both("neighbour-of-revoked", &index(1, "5003"));
    files.both("index-last", &index(1, "131071"));
    files.both("index-out-of-range", &index(1, "131072"));
    files.put("index-far-out-of-range.jwt", body().jwt(&index(1, "4294967295")));
    let mut all = index(0, SUPERSEDED);
    all["credentialStatus"][1]["statusListIndex"] = json!(REVOKED);
    all["credentialStatus"][2]["statusListIndex"] = json!(SUSPENDED);
    files.both("superseded-revoked-and-suspended", &all);
    all["credentialStatus"][0]["statusListIndex"] = json!("1");
    files.both("revoked-and-suspended", &all);
    all["credentialStatus"][2]["statusListCredential"] =
        json!(format!("{ORIGIN}/status/elsewhere"));
    files.both("revoked-and-one-list-missing", &all);
    for (at, purpose) in PURPOSES.into_iter().enumerate() {
        files.put(
            &format!("no-entry-for-{purpose}.jwt"),
            body().jwt(&payload_without(&format!("/credentialStatus/{at}"))),
        );
    }
    files.put("no-entry-at-all.jwt", body().jwt(&payload_with("/credentialStatus", json!([]))));
    files.put(
        "list-of-the-other-purpose.jwt",
        body().jwt(&payload_with(
            "/credentialStatus/1/statusListCredential",
            json!(list_id("suspension")),
        )),
    );
    files.put(
        "list-unknown.jwt",
        body().jwt(&payload_with(
            "/credentialStatus/1/statusListCredential",
            json!(format!("{ORIGIN}/status/unknown")),
        )),
    );
    for (name, _) in odd_lists() {
        let list = json!(format!("{ORIGIN}/status/{name}"));
        files.put(
            &format!("list-{name}.jwt"),
            body().jwt(&payload_with("/credentialStatus/1/statusListCredential", list)),
        );
    }
}

/// Revocation lists in the bundle that are not as the common ones: by name, as they stand there.
fn odd_lists() -> Vec<(&'static str, Value)> {
    let id = |name: &str| format!("{ORIGIN}/status/{name}");
    let encoded = |name: &str, encoded: String| {
        let mut list = list_of("revocation", &encoded);
        list["id"] = json!(id(name));
        list
    };
    let url = |bytes: &[u8]| format!("u{}", URL_SAFE_NO_PAD.encode(bytes));
    let empty = gzip(&[0; 16_384]);
    let good = |name: &str| encoded(name, url(&empty));
    let with = |name: &str, pointer: &str, value: Value| {
        let mut list = good(name);
        set(&mut list, pointer, value);
        list
    };
    let mut flipped = empty.clone();
    let at = flipped.len() - 8;
    flipped[at] ^= 1;
    let sign = |list: &Value| body().embed(list);
    let mut lists: Vec<(&str, Value)> = vec![
        ("good-jwt", json!(body().jwt(&good("good-jwt")))),
        ("good-size-1", sign(&with("good-size-1", "/credentialSubject/statusSize", json!(1)))),
        ("good-with-ttl", sign(&with("good-with-ttl", "/credentialSubject/ttl", json!(60_000)))),
        ("good-longer", sign(&encoded("good-longer", url(&gzip(&[0; 20_000]))))),
        ("null", Value::Null),
        ("unsigned", good("unsigned")),
        (
            "of-other-type",
            sign(&with("of-other-type", "/type/1", json!("StatusList2021Credential"))),
        ),
        (
            "subject-of-other-type",
            sign(&with(
                "subject-of-other-type",
                "/credentialSubject/type",
                json!("StatusList2021"),
            )),
        ),
        ("of-other-id", sign(&good("elsewhere"))),
        ("of-other-shard", sign(&list("revocation", &[0; 16_384]))),
        (
            "purpose-message",
            sign(&with("purpose-message", "/credentialSubject/statusPurpose", json!("message"))),
        ),
        (
            "purpose-suspension",
            sign(&with(
                "purpose-suspension",
                "/credentialSubject/statusPurpose",
                json!("suspension"),
            )),
        ),
        ("altered", {
            let mut signed = sign(&good("altered"));
            signed["credentialSubject"]["ttl"] = json!(1);
            signed
        }),
        (
            "by-a-stranger",
            Signer::of("did:web:stranger.example", 66).embed(&with(
                "by-a-stranger",
                "/issuer",
                json!("did:web:stranger.example"),
            )),
        ),
        (
            "by-another-body",
            Signer::of(OTHER_BODY, 5).embed(&with("by-another-body", "/issuer", json!(OTHER_BODY))),
        ),
        ("by-a-retired-key", Signer::key(2, "key-retired").embed(&good("by-a-retired-key"))),
        ("by-a-compromised-key", Signer::key(4, "key-lost").embed(&good("by-a-compromised-key"))),
        ("by-an-unknown-key", Signer::key(66, "key-9").embed(&good("by-an-unknown-key"))),
        ("plain-base64", sign(&encoded("plain-base64", STANDARD.encode(&empty)))),
        ("no-prefix", sign(&encoded("no-prefix", URL_SAFE_NO_PAD.encode(&empty)))),
        ("base58", sign(&encoded("base58", format!("z{}", bs58::encode(&empty).into_string())))),
        ("padded-base64", sign(&encoded("padded-base64", format!("{}=", url(&empty))))),
        ("not-gzip", sign(&encoded("not-gzip", url(&[7; 100])))),
        ("gzip-cut", sign(&encoded("gzip-cut", url(&empty[..empty.len() - 1])))),
        ("gzip-wrong-checksum", sign(&encoded("gzip-wrong-checksum", url(&flipped)))),
        ("gzip-and-more", sign(&encoded("gzip-and-more", url(&[&empty[..], b"x"].concat())))),
        ("gzip-twice", sign(&encoded("gzip-twice", url(&[&empty[..], &empty[..]].concat())))),
        ("too-large", sign(&encoded("too-large", url(&gzip(&vec![0; (1 << 20) + 1]))))),
        ("too-short", sign(&encoded("too-short", url(&gzip(&[0; 16_383]))))),
        ("two-bits", sign(&with("two-bits", "/credentialSubject/statusSize", json!(2)))),
        ("not-yet", sign(&with("not-yet", "/validFrom", json!("2026-11-25T06:00:01Z")))),
        ("expired", sign(&with("expired", "/validUntil", json!("2026-11-25T05:59:59Z")))),
        (
            "until-the-bundle",
            sign(&with("until-the-bundle", "/validUntil", json!("2026-11-25T06:00:00Z"))),
        ),
    ];
    let mut two_proofs = sign(&good("two-proofs"));
    two_proofs["proof"] = json!([two_proofs["proof"], two_proofs["proof"]]);
    lists.push(("two-proofs", two_proofs));
    lists
}

/// Credentials that come with a log proof.
fn logged(files: &mut Files) {
    let entry = |payload: &Value| {
        json!({
            "v": 1, "kind": "credential", "at": "2026-11-20T00:00:00Z", "payload_sha256": hex(&jcs(payload)),
            "number": NUMBER, "issuer": BODY, "holder_digest": "cd".repeat(32),
        })
    };
    let good = log_proof(&jcs(&entry(&payload())));
    let mut put = |name: &str, proof: &str| {
        let wrapped = json!({"credential": body().embed(&payload()), "log_proof": proof});
        files.put(&format!("logged{name}.json"), wrapped.to_string());
    };
    put("", &good);
    put("-nonsense", "nonsense");
    put("-of-another-version", &once(&good, "tlog-proof@v1", "tlog-proof@v2"));
    put("-without-entry", &{
        let lines: Vec<_> = good.split('\n').filter(|line| !line.starts_with("extra ")).collect();
        lines.join("\n")
    });
    put("-at-another-index", &once(&good, "index 2", "index 3"));
    put("-beyond-the-tree", &once(&good, "index 2", "index 5"));
    put("-with-one-hash-less", &{
        let lines: Vec<_> = good.split('\n').collect();
        [&lines[..3], &lines[4..]].concat().join("\n")
    });
    put("-index-with-zero-before", &once(&good, "index 2", "index 02"));
    put(
        "-checkpoint-altered",
        &once(&good, "\nregistry.example/log\n5", "\nregistry.example/log\n6"),
    );
    put(
        "-checkpoint-of-another-log",
        &once(&good, "\nregistry.example/log\n", "\nelsewhere.example/log\n"),
    );
    put(
        "-checkpoint-unsigned",
        &once(&good, "\u{2014} registry.example/log", "\u{2014} elsewhere.example/log"),
    );
    let mut edited = |name: &str, edit: fn(&mut Value)| {
        let mut entry = entry(&payload());
        edit(&mut entry);
        put(name, &log_proof(&jcs(&entry)));
    };
    edited("-entry-of-another-payload", |entry| entry["payload_sha256"] = json!("00".repeat(32)));
    edited("-entry-of-another-number", |entry| entry["number"] = json!("RH26-0000"));
    edited("-entry-of-another-issuer", |entry| entry["issuer"] = json!("did:web:stranger.example"));
    edited("-entry-of-another-kind", |entry| entry["kind"] = json!("voided"));
    edited("-entry-of-a-later-version", |entry| entry["v"] = json!(2));
    edited("-entry-with-more", |entry| entry["holder"] = json!("in clear"));
    let wrapped = json!({"credential": body().jwt(&payload()), "log_proof": good});
    files.put("logged-jwt.json", wrapped.to_string());
}

/// Root and bundles.
fn trust(files: &mut Files) {
    let mut world = World::good();
    world.root["expires"] = json!("9000-01-01T00:00:00Z");
    world.bundle["bodies"] = bodies();
    world.bundle["programmes"] = json!([
        {"id": "responsible-hosting", "version": "2026.2", "digest": "ab".repeat(32), "levels": ["leading", "certified", "committed"]},
        {"id": "responsible-hosting", "version": "2025.1", "digest": "0c".repeat(32)},
        {"id": "water", "version": "1", "digest": "0a".repeat(32), "levels": ["certified"]},
        {"id": "fair-recruitment", "version": "1", "digest": "0b".repeat(32), "levels": ["certified"]},
        {"id": "safe-work", "version": "1", "digest": "0d".repeat(32), "levels": ["certified"]},
    ]);
    for (purpose, index) in PURPOSES.into_iter().zip([SUPERSEDED, REVOKED, SUSPENDED]) {
        let mut bits = [0; 16_384];
        let at: usize = index.parse().expect("a number");
        bits[at / 8] |= 0x80 >> (at % 8);
        *world.list_mut(purpose) = list(purpose, &bits);
    }
    let common = PURPOSES
        .into_iter()
        .zip(&world.lists)
        .map(|(purpose, list)| entry(&list_id(purpose), purpose, &body().embed(list)));
    let common: Vec<_> = common.collect();
    let odd = odd_lists();
    let odd = odd
        .into_iter()
        .map(|(name, list)| entry(&format!("{ORIGIN}/status/{name}"), "revocation", &list));
    let put = |files: &mut Files, name: &str, bytes: Vec<u8>| {
        files.0.push((format!("{name}.json"), bytes));
    };
    put(files, "root", world.root_bytes());
    world.bundle["status_lists"] = common.iter().cloned().chain(odd).collect();
    put(files, "bundle", world.bundle_bytes());
    world.bundle["status_lists"] = json!(common);
    let with = |edit: &dyn Fn(&mut World)| {
        let mut world = world.clone();
        edit(&mut world);
        world
    };
    put(
        files,
        "bundle-ahead",
        with(&|w| {
            w.bundle["as_of"] = json!("2999-01-01T00:00:00Z");
            w.bundle["expires"] = json!("2999-01-08T00:00:00Z");
        })
        .bundle_bytes(),
    );
    put(
        files,
        "bundle-witnessed",
        with(&|w| {
            w.bundle["tlog_policy"] = json!(format!("log {0}\nwitness w {0}\nquorum w\n", vkey()));
        })
        .bundle_bytes(),
    );
}

fn entry(id: &str, purpose: &str, credential: &Value) -> Value {
    json!({"id": id, "purpose": purpose, "leaf": 40, "credential": credential})
}

fn bodies() -> Value {
    let key = |fragment: &str,
               seed: u8,
               from: &str,
               until: Option<&str>,
               compromised: Option<&str>| {
        json!({"id": format!("{BODY}#{fragment}"), "public": multikey(&key(seed)), "from": from, "until": until, "compromised_from": compromised})
    };
    let other = json!({
        "id": format!("{OTHER_BODY}#key-1"), "public": multikey(&crate::common::key(5)),
        "from": "2026-01-01T00:00:00Z", "until": null, "compromised_from": null,
    });
    json!([
        {
            "did": BODY, "name": "Example Certification Body",
            "keys": [
                key("key-1", 1, "2026-01-01T00:00:00Z", None, None),
                key("key-retired", 2, "2025-01-01T00:00:00Z", Some("2026-06-01T00:00:00Z"), None),
                key("key-next", 3, "2027-01-01T00:00:00Z", None, None),
                key("key-lost", 4, "2026-01-01T00:00:00Z", None, Some("2026-10-01T00:00:00Z")),
            ],
            "authorisations": [
                {"programme": "responsible-hosting", "from": "2024-01-01T00:00:00Z", "until": "2025-01-01T00:00:00Z"},
                {"programme": "responsible-hosting", "from": "2026-01-01T00:00:00Z", "until": null},
                {"programme": "fair-recruitment", "from": "2025-01-01T00:00:00Z", "until": "2026-11-20T00:00:00Z"},
                {"programme": "safe-work", "from": "2026-11-20T00:00:01Z", "until": null},
            ],
        },
        {"did": OTHER_BODY, "name": "Other Certification Body", "keys": [other], "authorisations": []},
    ])
}
