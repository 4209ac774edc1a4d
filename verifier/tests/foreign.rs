//! What is not a credential of Akashi's is named for what it is, and a date that two readers could take for two is none.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use akashi_verifier::foreign::Kind;
use akashi_verifier::report::{CheckName, Language, Reason};
use akashi_verifier::{Fact, Report, Verdict};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn report(input: &[u8]) -> Report {
    use std::sync::OnceLock;
    static WORLD: OnceLock<(World, akashi_verifier::Trust)> = OnceLock::new();
    let (world, trust) = WORLD.get_or_init(|| {
        let world = World::good();
        let trust = world.trust().unwrap();
        (world, trust)
    });
    akashi_verifier::verify(input, Ok(trust), &world.policy, world.now, None)
}

/// What each sample is: what the file is called here, its bytes, the reason, the kind. The verdict is `malformed` for all.
type Row = (&'static str, Vec<u8>, Reason, Option<Kind>);

#[track_caller]
fn assert_named(rows: Vec<Row>) {
    for (what, input, reason, kind) in rows {
        let report = report(&input);
        let form = report.check(CheckName::Form).unwrap();
        assert_eq!(
            (report.verdict, report.reason(), form.kind()),
            (Verdict::Malformed, Some(reason), kind),
            "{what}: {:?}",
            form.facts
        );
        assert_eq!(form.facts.get("kind").and_then(Fact::as_str), kind.map(Kind::code), "{what}");
        for language in [Language::English, Language::Japanese] {
            let sentence = kind.map_or(reason.sentence(language), |kind| kind.sentence(language));
            assert_eq!(form.sentence(language), Some(sentence), "{what}");
        }
        assert_eq!((report.certificate, report.holder), (None, None), "{what}");
    }
}

#[test]
fn files_of_other_formats() {
    use Kind::*;
    use Reason::{InvalidJson, NotACredential, TooLarge};
    let utf16 = |units: &mut dyn Iterator<Item = [u8; 2]>| units.flatten().collect::<Vec<u8>>();
    let little = utf16(&mut "\u{feff}{\"a\":1}".encode_utf16().map(u16::to_le_bytes));
    let big = utf16(&mut "\u{feff}{\"a\":1}".encode_utf16().map(u16::to_be_bytes));
    let unmarked = utf16(&mut "{\"a\":1}".encode_utf16().map(u16::to_le_bytes));
    let zip = |first: &str| {
        let head = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let length = u8::try_from(first.len()).unwrap();
        [&head[..], &[length, 0, 0, 0], first.as_bytes()].concat()
    };
    let scan = [b"%PDF-1.4\n".to_vec(), vec![b'x'; 2 << 20]].concat();
    assert_named(vec![
        ("nothing", b"".to_vec(), NotACredential, Some(Empty)),
        ("white space", b" \r\n\t".to_vec(), NotACredential, Some(Empty)),
        ("a byte order mark alone", b"\xef\xbb\xbf".to_vec(), NotACredential, Some(Empty)),
        (
            "a PDF, as of an ISO 9001 certificate",
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>".to_vec(),
            NotACredential,
            Some(Pdf),
        ),
        ("a PDF larger than any credential", scan, TooLarge, Some(Pdf)),
        ("a PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), NotACredential, Some(Image)),
        ("a JPEG", b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(), NotACredential, Some(Image)),
        (
            "a photo of a telephone (HEIC)",
            b"\0\0\0\x24ftypheic\0\0\0\0mif1".to_vec(),
            NotACredential,
            Some(Image),
        ),
        ("a WebP", b"RIFF\x24\0\0\0WEBPVP8 ".to_vec(), NotACredential, Some(Image)),
        ("an AVIF", b"\0\0\0\x20ftypavif\0\0\0\0".to_vec(), NotACredential, Some(Image)),
        ("a sound", b"RIFF\x24\0\0\0WAVEfmt ".to_vec(), NotACredential, None),
        ("a film", b"\0\0\0\x20ftypisom\0\0\x02\0".to_vec(), NotACredential, None),
        ("a GIF", b"GIF89a\x01\0\x01\0".to_vec(), NotACredential, Some(Image)),
        ("a ZIP", zip("certificate.json"), NotACredential, Some(Archive)),
        ("a Word document", zip("[Content_Types].xml"), NotACredential, Some(OfficeDocument)),
        (
            "an OpenDocument text",
            zip("mimetypeapplication/vnd.oasis.opendocument.text"),
            NotACredential,
            Some(OfficeDocument),
        ),
        (
            "an old Word document",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".to_vec(),
            NotACredential,
            Some(OfficeDocument),
        ),
        ("rich text", b"{\\rtf1\\ansi hello}".to_vec(), InvalidJson, Some(OfficeDocument)),
        ("gzip", gzip(b"{}"), NotACredential, Some(Archive)),
        (
            "a page that was saved",
            b"<!DOCTYPE html>\n<html lang=\"ja\"><head>".to_vec(),
            NotACredential,
            Some(Html),
        ),
        (
            "a page in capitals, after a remark",
            b"<!-- saved -->\r\n<HTML>".to_vec(),
            NotACredential,
            Some(Html),
        ),
        ("XML", b"<?xml version=\"1.0\"?><a/>".to_vec(), NotACredential, Some(Xml)),
        ("UTF-16 of Windows", little, NotACredential, Some(Utf16)),
        ("UTF-16, the other end first", big, NotACredential, Some(Utf16)),
        ("UTF-16 without its mark", unmarked, InvalidJson, Some(Utf16)),
        (
            "a certificate for computers",
            b"-----BEGIN CERTIFICATE-----\nMIIB\n".to_vec(),
            NotACredential,
            Some(Pem),
        ),
        ("words", "認証書を添付します。".into(), NotACredential, Some(Text)),
        ("words that begin as a JWT does", b"eyes only".to_vec(), NotACredential, Some(Text)),
        ("bytes that nobody knows", b"\x01\x02\x03".to_vec(), NotACredential, None),
    ]);
}

#[test]
fn links_and_what_a_qr_code_holds() {
    use Kind::*;
    use Reason::NotACredential;
    assert_named(vec![
        (
            "a certificate's page",
            format!("{ORIGIN}/certificates/{NUMBER}\n").into_bytes(),
            NotACredential,
            Some(Link),
        ),
        (
            "another's page",
            b"HTTPS://other.example/verify?c=1#x".to_vec(),
            NotACredential,
            Some(Link),
        ),
        (
            "a link in a JSON string",
            b"\"https://other.example/\"".to_vec(),
            NotACredential,
            Some(Link),
        ),
        (
            "a link within words",
            b"https://other.example/ has it".to_vec(),
            NotACredential,
            Some(Text),
        ),
        (
            "an offer for a wallet",
            b"openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fother.example".to_vec(),
            NotACredential,
            Some(WalletLink),
        ),
        // The first characters of those that the EU DCC's, SMART Health Cards' and VC Barcodes' specifications show.
        (
            "an EU DCC",
            b"HC1:NCFOXN%TS3DH3ZSUZK+.V0ETD%65NL-AH".to_vec(),
            NotACredential,
            Some(HealthCertificate),
        ),
        (
            "a SMART Health Card",
            b"shc:/56762909524320603460292437404460".to_vec(),
            NotACredential,
            Some(HealthCertificate),
        ),
        (
            "a VC Barcode",
            b"VC1-RSJRPWCR803A3P0098G3A3-B02-J743853U53KGK0XJ6MKJ1OI0M.FO053".to_vec(),
            NotACredential,
            Some(QrCredential),
        ),
        ("a linked-data proof", b"LDP1:NCFS605G0".to_vec(), NotACredential, Some(QrCredential)),
        // RFC 8392, appendix A.3 (a signed CWT) and RFC 9052, appendix C.2.1: how they begin.
        ("a CWT", b"\xd8\x3d\xd2\x84\x43\xa1\x01\x26\xa1\x04".to_vec(), NotACredential, Some(Cose)),
        (
            "COSE_Sign1",
            b"\xd2\x84\x43\xa1\x01\x26\xa1\x04\x42\x31\x31\x54".to_vec(),
            NotACredential,
            Some(Cose),
        ),
        (
            "COSE_Sign1 without its tag",
            b"\x84\x43\xa1\x01\x27\xa0\x40".to_vec(),
            NotACredential,
            Some(Cose),
        ),
        (
            "an mdoc",
            b"\xa3\x67version\x631.0\x69documents\x81\xa2\x67docType".to_vec(),
            NotACredential,
            Some(Mdoc),
        ),
    ]);
}

fn jws(header: &Value, claims: &Value) -> Vec<u8> {
    World::good().sign_jws(header, &jcs(claims)).into_bytes()
}

#[test]
fn tokens_of_another_kind() {
    use Kind::*;
    use Reason::*;
    let did = "did:web:other.example";
    let credential = json!({"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],
        "issuer": did, "credentialSubject": {}});
    let vc_jwt = json!({"alg": "EdDSA", "kid": format!("{did}#1"), "typ": "vc+jwt"});
    let jwe = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#),
        "AA.AA.AA.AA"
    );
    let sd_jwt = [
        jws(&json!({"alg": "ES256", "typ": "dc+sd-jwt"}), &json!({"vct": "x", "_sd": []})),
        b"~WyJh~".to_vec(),
    ]
    .concat();
    let bound = [&sd_jwt[..], b"eyJhbGciOiJFUzI1NiJ9.e30.AA"].concat();
    let ours = World::good().forms()[1].clone();
    let header = ours.split(|byte| *byte == b'.').next().unwrap();
    let rows = vec![
        (
            "an access token",
            jws(&json!({"alg": "RS256", "typ": "at+jwt"}), &json!({"sub": "a"})),
            OtherAlgorithm,
            Some(SignInToken),
        ),
        (
            "an ID token",
            jws(
                &json!({"alg": "EdDSA", "typ": "JWT"}),
                &json!({"iss": "https://other.example", "aud": "b", "sub": "a", "nonce": "c"}),
            ),
            OtherJwtType,
            Some(SignInToken),
        ),
        (
            "a status list of the IETF's",
            jws(
                &json!({"alg": "EdDSA", "typ": "statuslist+jwt"}),
                &json!({"sub": "x", "status_list": {"bits": 1, "lst": "eNrb"}}),
            ),
            OtherJwtType,
            Some(StatusList),
        ),
        // W3C VCDM 1.1 §6.3.1: the credential lies in the claim `vc`.
        (
            "a credential of W3C 1.1",
            jws(&json!({"alg": "ES256", "typ": "JWT"}), &json!({"iss": did, "vc": credential})),
            OtherAlgorithm,
            Some(Vc11Jwt),
        ),
        (
            "the same, called vc+jwt",
            jws(&vc_jwt, &json!({"issuer": did, "vc": credential})),
            ForbiddenClaim,
            Some(Vc11Jwt),
        ),
        (
            "a presentation",
            jws(&json!({"alg": "EdDSA", "typ": "JWT"}), &json!({"iss": did, "vp": {}})),
            OtherJwtType,
            Some(Presentation),
        ),
        ("a credential of W3C 2.0", jws(&vc_jwt, &credential), OtherCredential, Some(Vc20)),
        (
            "a token without a purpose",
            jws(&json!({"alg": "HS256", "typ": "JWT"}), &json!({"sub": "a"})),
            OtherAlgorithm,
            Some(Jwt),
        ),
        (
            "one without a signature",
            [URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#).as_bytes(), b".e30."].concat(),
            OtherAlgorithm,
            Some(Jwt),
        ),
        ("encrypted", jwe.into_bytes(), NotACredential, Some(Encrypted)),
        ("selectively disclosable", sd_jwt, OtherAlgorithm, Some(SdJwt)),
        ("the same, bound to a key", bound, NotACredential, Some(SdJwt)),
        (
            "a JWS as JSON",
            br#"{"payload":"e30","protected":"e30","signature":"AA"}"#.to_vec(),
            ProofMissing,
            Some(Jwt),
        ),
        (
            "a JWE as JSON",
            br#"{"ciphertext":"AA","iv":"AA","protected":"e30","tag":"AA"}"#.to_vec(),
            ProofMissing,
            Some(Encrypted),
        ),
        (
            "ours, cut in its signature",
            ours[..ours.len() - 4].to_vec(),
            InvalidJwt,
            Some(Truncated),
        ),
        (
            "ours, cut before its signature",
            ours[..ours.len() - 87].to_vec(),
            NotACredential,
            Some(Truncated),
        ),
        (
            "ours, cut in its payload",
            ours[..header.len() + 9].to_vec(),
            NotACredential,
            Some(Truncated),
        ),
        ("ours, cut in its header", header[..9].to_vec(), NotACredential, Some(Truncated)),
    ];
    assert_named(rows);
}

/// A W3C credential with a proof of another suite.
fn with_proof(context: &str, types: &[&str], proof: Value) -> Vec<u8> {
    let mut document = json!({
        "@context": [context], "type": types, "id": "urn:uuid:1", "issuer": "did:web:other.example",
        "credentialSubject": {"id": "did:example:1"},
    });
    document["proof"] = proof;
    jcs(&document)
}

#[test]
fn credentials_of_others() {
    use Kind::*;
    use Reason::{OtherCredential, OtherProof, ProofMissing};
    const V2: &str = "https://www.w3.org/ns/credentials/v2";
    const V1: &str = "https://www.w3.org/2018/credentials/v1";
    const VC: &[&str] = &["VerifiableCredential"];
    let integrity = |suite: &str| json!({"type": "DataIntegrityProof", "cryptosuite": suite, "proofPurpose": "assertionMethod", "proofValue": "z1"});
    let other =
        |kind: &str| with_proof(V2, &["VerifiableCredential", kind], integrity("eddsa-rdfc-2022"));
    let untp = |kind: &str, version: &str| {
        jcs(&json!({
            "@context": [V2, version], "type": [kind, "VerifiableCredential"], "issuer": {"id": "did:web:other.example"},
            "proof": integrity("ecdsa-rdfc-2019"),
        }))
    };
    const UNTP: &str = "https://vocabulary.uncefact.org/untp/0.7.0/context/";
    let world = World::good();
    let mut stranger = world.payload.clone();
    stranger["@context"].as_array_mut().unwrap().pop();
    assert_named(vec![
        ("Ed25519Signature2020", with_proof(V1, VC, json!({"type": "Ed25519Signature2020", "proofValue": "z1"})), OtherProof, Some(Vc11)),
        ("eddsa-rdfc-2022", with_proof(V2, VC, integrity("eddsa-rdfc-2022")), OtherProof, Some(Vc20)),
        ("ecdsa-rdfc-2019", with_proof(V2, VC, integrity("ecdsa-rdfc-2019")), OtherProof, Some(Vc20)),
        ("BBS", with_proof(V2, VC, integrity("bbs-2023")), OtherProof, Some(Vc20)),
        ("two proofs", with_proof(V2, VC, json!([integrity("eddsa-rdfc-2022"), integrity("ecdsa-rdfc-2019")])), OtherProof, Some(Vc20)),
        ("unsigned", jcs(&json!({"@context": V2, "type": "VerifiableCredential"})), ProofMissing, Some(Vc20)),
        ("a presentation", with_proof(V2, &["VerifiablePresentation"], integrity("eddsa-rdfc-2022")), OtherProof, Some(Presentation)),
        ("Open Badges 3.0", other("OpenBadgeCredential"), OtherProof, Some(OpenBadge)),
        ("Open Badges 2.0", br#"{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","badge":"https://other.example/b"}"#.to_vec(), ProofMissing, Some(OpenBadge)),
        ("a product passport", untp("DigitalProductPassport", UNTP), OtherProof, Some(ProductPassport)),
        ("a facility record", untp("DigitalFacilityRecord", UNTP), OtherProof, Some(FacilityRecord)),
        ("a traceability event", untp("DigitalTraceabilityEvent", UNTP), OtherProof, Some(TraceabilityEvent)),
        ("an identity anchor", untp("DigitalIdentityAnchor", UNTP), OtherProof, Some(IdentityAnchor)),
        ("a conformity credential of another scheme", untp("DigitalConformityCredential", UNTP), OtherProof, Some(ConformityCredential)),
        ("the same in a form that this program reads", jcs(&world.sign_proof(&stranger)), OtherCredential, Some(ConformityCredential)),
        ("a conformity credential of UNTP 0.6", untp("DigitalConformityCredential", "https://test.uncefact.org/vocabulary/untp/dcc/0.6.1/"), OtherProof, Some(ConformityCredentialVersion)),
        ("an EPCIS document", br#"{"@context":"https://ref.gs1.org/standards/epcis/epcis-context.jsonld","type":"EPCISDocument"}"#.to_vec(), ProofMissing, Some(TraceabilityEvent)),
        ("an OpenAttestation document", br#"{"version":"https://schema.openattestation.com/2.0/schema.json","data":{},"signature":{}}"#.to_vec(), ProofMissing, Some(OpenAttestation)),
        // Ours, signed otherwise or not at all: the reason says what is wrong.
        ("ours, by another suite", jcs(&world.sign_config(&world.payload, integrity("ecdsa-jcs-2019"))), OtherProof, None),
        ("ours, unsigned", jcs(&world.payload), ProofMissing, None),
    ]);
}

#[test]
fn files_of_a_registry_that_are_no_credential() {
    use Kind::*;
    use Reason::{NotACredential, OtherCredential, ProofMissing};
    let world = World::good();
    let cut = |file: &[u8]| file[..file.len() / 2].to_vec();
    let answer = json!([{"input": "a", "index": 0, "verdict": "valid", "checks": []}]);
    let record = json!({"number": NUMBER, "holder": {}, "level": "certified", "state": "active", "credential_id": "x"});
    let keys =
        json!({"@context": ["https://www.w3.org/ns/did/v1"], "id": BODY, "verificationMethod": []});
    assert_named(vec![
        ("the trust bundle", world.bundle_bytes(), ProofMissing, Some(TrustBundle)),
        ("the root", world.root_bytes(), ProofMissing, Some(Root)),
        (
            "a status list",
            jcs(&world.sign_proof(&world.lists[1])),
            OtherCredential,
            Some(StatusList),
        ),
        (
            "a status list as a JWT",
            world.sign_jwt(&world.lists[1]).into_bytes(),
            OtherCredential,
            Some(StatusList),
        ),
        (
            "the log proof",
            world.log_proof.clone().unwrap().into_bytes(),
            NotACredential,
            Some(LogProof),
        ),
        (
            "the log's checkpoint",
            checkpoint(5, &[0; 32]).into_bytes(),
            NotACredential,
            Some(Checkpoint),
        ),
        (
            "ratings",
            br#"{"programme":{},"facilities":[],"ratings":[]}"#.to_vec(),
            ProofMissing,
            Some(Ratings),
        ),
        (
            "the programme",
            akashi_schemas::embedded::RESPONSIBLE_HOSTING.as_bytes().to_vec(),
            ProofMissing,
            Some(Programme),
        ),
        ("the public record", jcs(&record), ProofMissing, Some(CertificateRecord)),
        ("the body's keys", jcs(&keys), ProofMissing, Some(PublicKeys)),
        ("a JWK set", br#"{"keys":[{"kty":"OKP"}]}"#.to_vec(), ProofMissing, Some(PublicKeys)),
        ("an answer of this program", jcs(&answer), NotACredential, Some(Report)),
        ("other JSON", br#"{"hello":"world"}"#.to_vec(), ProofMissing, Some(Json)),
        ("an array", b"[1,2]".to_vec(), NotACredential, Some(Json)),
        ("a credential cut in half", cut(&world.forms()[0]), Reason::InvalidJson, Some(Truncated)),
        (
            "a badge beside a log proof",
            br#"{"credential":{"type":"Assertion"},"log_proof":""}"#.to_vec(),
            ProofMissing,
            Some(OpenBadge),
        ),
    ]);
}

#[test]
fn a_stranger_s_credential_of_akashi_s_kind_is_an_unknown_issuer_s() {
    let mut world = World::good();
    world.bundle["bodies"][0]["did"] = json!("did:web:elsewhere.example");
    for form in world.forms() {
        let report = world.verify(&form);
        let form = report.check(CheckName::Form).unwrap();
        assert_eq!(
            (report.verdict, report.reason()),
            (Verdict::UnknownIssuer, Some(Reason::IssuerNotInBundle))
        );
        assert_eq!(form.kind(), None);
    }
}

#[test]
fn a_byte_order_mark_before_a_credential_is_passed_over_and_nothing_else_is() {
    let world = World::good();
    for form in world.forms() {
        for (before, verdict) in [
            (&b"\xef\xbb\xbf"[..], Verdict::Valid),
            (b"\xef\xbb\xbf\r\n", Verdict::Valid),
            (b"\xef\xbb\xbf\xef\xbb\xbf", Verdict::Malformed),
            (b"\n\xef\xbb\xbf", Verdict::Malformed),
            (b"\xef\xbb", Verdict::Malformed),
            (b"\xc2\xa0", Verdict::Malformed),
        ] {
            let report = world.verify(&[before, &form].concat());
            assert_eq!(report.verdict, verdict, "{before:?}");
        }
    }
    // Within the JWT it is signed, and no JSON.
    let payload = ["\u{feff}".as_bytes(), &jcs(&world.payload)].concat();
    let header = json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"});
    let report = world.verify(world.sign_jws(&header, &payload).as_bytes());
    assert_eq!((report.verdict, report.reason()), (Verdict::Malformed, Some(Reason::InvalidJson)));
}

/// The good credential is signed at 2026-11-20T00:00:00Z and checked at noon on the 25th.
const DATES: [(&str, bool); 28] = [
    ("2026-11-20T00:00:00Z", true),
    ("2026-11-20T00:00:00+00:00", true),
    ("2026-11-20T00:00:00-00:00", true),
    ("2026-11-20T09:00:00+09:00", true),
    ("2026-11-19T18:30:00-05:30", true),
    ("2026-11-20T14:00:00+14:00", true),
    ("2026-11-20T00:00:00.0Z", true),
    ("2026-11-20T00:00:00.000Z", true),
    ("2026-11-20T09:00:00.000000000+09:00", true),
    // XML Schema knows no small letters and no leap second, RFC 3339 no 24 o'clock; neither a time without an offset.
    ("2026-11-20t00:00:00Z", false),
    ("2026-11-20T00:00:00z", false),
    ("2026-11-19T23:59:60Z", false),
    ("2026-11-19T24:00:00Z", false),
    ("2026-11-20T00:00:00", false),
    ("2026-11-20", false),
    ("2026-11-20 00:00:00Z", false),
    ("2026-11-20T00:00Z", false),
    ("20261120T000000Z", false),
    ("2026-11-20T00:00:00,0Z", false),
    ("2026-11-20T00:00:00.Z", false),
    ("2026-11-20T09:00:00+0900", false),
    ("2026-11-20T09:00:00+09", false),
    ("2026-11-20T15:00:00+15:00", false),
    ("2026-11-20T00:00:00Z[UTC]", false),
    ("2026-02-30T00:00:00Z", false),
    ("+002026-11-20T00:00:00Z", false),
    ("0000-01-01T00:00:00Z", false),
    ("9999-12-31T23:59:59Z", false),
];

#[test]
fn dates_that_denote_one_instant_verify_alike_and_are_not_rewritten() {
    for (date, is_date) in DATES {
        let mut world = World::good();
        world.payload["validFrom"] = json!(date);
        let mut world = world.with_log_proof();
        world.policy.require_log = true;
        // Embedded, the proof repeats the date as its own; a JWT states it once.
        let refused = [Reason::InvalidProof, Reason::InvalidMember];
        for (form, reason) in world.forms().into_iter().zip(refused) {
            let report = world.verify(&form);
            if is_date {
                // The log proof is of the payload's digest, as it was signed.
                assert_eq!(report.verdict, Verdict::Valid, "{date}: {report:#?}");
                let facts = &report.check(CheckName::Validity).unwrap().facts;
                assert_eq!(
                    facts.get("valid_from"),
                    Some(&Fact::Time(time("2026-11-20T00:00:00Z"))),
                    "{date}"
                );
            } else {
                let answer = (report.verdict, report.reason());
                assert_eq!(answer, (Verdict::Malformed, Some(reason)), "{date}");
            }
        }
    }
}

fn detail(report: &Report) -> String {
    let facts = &report.check(CheckName::Form).unwrap().facts;
    facts.get("detail").and_then(Fact::as_str).unwrap().to_owned()
}

#[test]
fn a_date_that_is_none_is_named_by_its_member() {
    let end = |date: &str| {
        let mut world = World::good();
        world.payload["validUntil"] = json!(date);
        world.verify(&world.forms()[1])
    };
    assert_eq!(end("2028-11-19T23:59:59+09:00").verdict, Verdict::Valid);
    let report = end("2028-11-19T23:59:59");
    assert_eq!(
        detail(&report),
        r#"validUntil: "2028-11-19T23:59:59" is not a date and time with an offset, as 2026-11-25T12:00:00Z"#
    );
    let mut world = World::good();
    world.payload["validFrom"] = json!("2026-11-20T00:00:00z");
    let detail = detail(&world.verify(&world.forms()[1]));
    assert!(detail.starts_with("validFrom: "), "{detail}");
    // A credential without an end, and one whose date is no text.
    let mut world = World::good();
    world.payload["validUntil"] = json!(1_857_999_599);
    assert_eq!(world.verify(&world.forms()[0]).reason(), Some(Reason::InvalidMember));
}

#[test]
fn the_proof_s_own_time_may_be_written_otherwise_than_the_credential_s() {
    for (date, is_date) in DATES {
        let world = World::good();
        let config = json!({
            "@context": world.payload["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
            "created": date, "verificationMethod": key_id(), "proofPurpose": "assertionMethod",
        });
        let report = world.verify(&jcs(&world.sign_config(&world.payload, config)));
        let reason = if is_date { None } else { Some(Reason::InvalidProof) };
        assert_eq!(report.reason(), reason, "{date}");
    }
}

#[test]
fn every_kind_says_in_both_languages_what_it_is_and_what_to_do() {
    for kind in Kind::ALL {
        let (english, japanese) =
            (kind.sentence(Language::English), kind.sentence(Language::Japanese));
        assert_eq!(Kind::from_code(kind.code()), Some(*kind));
        assert!(
            english.starts_with("Th") && english.ends_with('.') && english.contains([':', ',']),
            "{english}"
        );
        assert!(japanese.ends_with('。') && !japanese.contains('\n'), "{japanese}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_named_or_not_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Kind::of(&bytes);
        prop_assert_ne!(report(&bytes).verdict, Verdict::Valid);
    }

    #[test]
    fn any_text_is_named_or_not_without_a_panic(text in "(eyJ|<|\\{\"|\"|https://|%PDF|~|\\.){0,3}\\PC{0,80}") {
        let _ = Kind::of(text.as_bytes());
    }
}

/// Of a JWT's first letters nobody can say what it was to be.
#[test]
fn every_stump_of_a_credential_is_cut_off() {
    for (form, from) in World::good().forms().iter().zip([1, 3]) {
        for end in from..form.len() {
            assert_eq!(Kind::of(&form[..end]), Some(Kind::Truncated), "{end} of {}", form.len());
        }
        assert_eq!(Kind::of(form), None);
    }
}
