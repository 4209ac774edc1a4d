//! What is fuzzed, and what must hold whatever the input. `verifier/tests/fuzz.rs` runs the same functions over the corpus.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use akashi_schemas::embedded::RESPONSIBLE_HOSTING;
use akashi_schemas::{Digest, Programme, canonical};
use akashi_verifier::log::{
    Checkpoint, CredentialEntry, LogPolicy, Note, TlogProof, VerifierKey, prove,
};
use akashi_verifier::rule::{Ratings, recompute};
use akashi_verifier::secured::{Mechanism, Presented};
use akashi_verifier::trust::{VerifiedRoot, delta};
use akashi_verifier::{PublicKey, Report, Trust, Verdict, json, status, verify};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json as value};

use crate::common::{World, key, key_id, manifest, vkey};

/// A name, and what must hold of any input.
type Target = (&'static str, fn(&[u8]));

/// Every target by its name.
pub(crate) const TARGETS: [Target; 16] = [
    ("json", read_json),
    ("presented", presented),
    ("jws", jws),
    ("signed", signed),
    ("status_list", status_list),
    ("root", root),
    ("bundle", bundle),
    ("bundle_signed", bundle_signed),
    ("delta", apply_delta),
    ("log_proof", log_proof),
    ("note", note),
    ("entry", entry),
    ("policy", policy),
    ("multikey", multikey),
    ("ratings", ratings),
    ("whole", whole),
];

/// Runs the target of that name.
pub(crate) fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.unwrap_or_else(|| panic!("no target is named {name}"));
    target(input);
}

/// What the strict reader takes every reader understands alike, and it has one canonical form.
fn read_json(input: &[u8]) {
    let Ok(value) = json::read(input, 1 << 20) else { return };
    assert_eq!(serde_json::from_slice::<Value>(input).expect("JSON to others, too"), value);
    let form = canonical::of_value(&value).expect("a canonical form");
    assert_eq!(form, canonical::to_vec(&value).expect("a canonical form"));
    let again = json::read(&form, 1 << 21).expect("what is canonical is strict");
    assert_eq!(canonical::of_value(&again).expect("a canonical form"), form);
}

/// The digest by which the log names a payload is that of its canonical form, or of the JWT's bytes.
fn presented(input: &[u8]) {
    let Ok(presented) = Presented::read(input) else { return };
    let secured = presented.secured;
    assert!(secured.key_id.starts_with(&secured.issuer));
    if secured.mechanism == Mechanism::EddsaJcs2022 {
        let form = canonical::to_vec(&secured.document().expect("JSON")).expect("a canonical form");
        assert_eq!(secured.payload_digest(), Digest::of(&form));
    }
}

/// A header, a payload and a signature, each up to a line feed.
fn jws(input: &[u8]) {
    let parts: Vec<_> =
        input.splitn(3, |byte| *byte == b'\n').map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
    let jws = parts.join(".");
    presented(jws.as_bytes());
    assert_ne!(desk().verdict(jws.as_bytes()), Verdict::Valid);
}

/// Any document that the body itself signs gets one verdict, whichever way it is secured and spelt.
fn signed(input: &[u8]) {
    let Ok(payload @ Value::Object(_)) = json::read(input, 1 << 16) else { return };
    // What has a meaning of its own in one form alone.
    const OWN: [&str; 5] = ["proof", "credential", "vc", "vp", "iss"];
    if OWN.iter().any(|member| payload.get(member).is_some()) {
        return;
    }
    let form = canonical::to_vec(&payload).expect("a canonical form");
    // As it is read back: 2.0 is 2 then, and a double that is written as an integer from 2⁵³ on is refused.
    let Ok(payload) = json::read(&form, 1 << 20) else { return };
    let desk = desk();
    let header = value!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"});
    let jwt = desk.world.sign_jws(&header, &form);
    let config = value!({
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": key_id(), "proofPurpose": "assertionMethod",
    });
    let embedded = desk.world.sign_config(&payload, config);
    let in_a_jwt = desk.verdict(jwt.as_bytes());
    let pretty = serde_json::to_vec_pretty(&embedded).expect("JSON");
    assert_eq!(desk.verdict(&pretty), in_a_jwt);
    let form = canonical::to_vec(&embedded).expect("a canonical form");
    assert_eq!(desk.verdict(&form), in_a_jwt);
}

/// A list that is taken inflates to the same bits elsewhere.
fn status_list(input: &[u8]) {
    let encoded = match str::from_utf8(input) {
        Ok(text) if text.starts_with('u') => text.to_string(),
        _ => format!("u{}", URL_SAFE_NO_PAD.encode(input)),
    };
    let Ok(bits) = status::decode(&encoded) else { return };
    assert!((16_384..=status::MAX_LIST_BYTES).contains(&bits.len()));
    let packed = URL_SAFE_NO_PAD.decode(&encoded[1..]).expect("base64url");
    let mut inflated = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*packed), &mut inflated)
        .expect("gzip to others, too");
    assert_eq!(inflated, bits);
}

/// Only what its keys signed is a root.
fn root(input: &[u8]) {
    if let Ok(root) = VerifiedRoot::open(input) {
        assert!(desk().roots.contains(&root.digest().to_string()));
    }
}

/// Only what the root's bundle key signed is a bundle.
fn bundle(input: &[u8]) {
    let root = desk().trust.root().clone();
    if Trust::under(root, input, None).is_ok() {
        let value = json::read(json::trim(input), 1 << 26).expect("JSON");
        let signed = canonical::to_vec(&value["signed"]).expect("a canonical form");
        assert!(desk().bundles.contains(&Digest::of(&signed).to_string()));
    }
}

/// Whatever a delta says, what it makes is a bundle only if the root's bundle key signed it.
fn apply_delta(input: &[u8]) {
    if let Ok(made) = delta::apply(&desk().bundle, input) {
        bundle(&made);
    }
}

/// What a bundle may say that is signed as it must be.
fn bundle_signed(input: &[u8]) {
    let Ok(signed) = json::read(input, 1 << 18) else { return };
    let desk = desk();
    let bundle = manifest(&signed, &[&key(21)]);
    if let Ok(trust) = Trust::under(desk.trust.root().clone(), &bundle, None) {
        let world = &desk.world;
        for form in &desk.forms {
            let report = verify(form, Ok(&trust), &world.policy, world.now, None);
            assert!(report.check(akashi_verifier::report::CheckName::Form).is_some());
        }
    }
}

fn log_proof(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(proof) = text.parse::<TlogProof>() {
        assert_eq!(proof.to_string().parse(), Ok(proof));
    }
    if prove(text, &desk().trust.bundle().tlog_policy).is_ok() {
        assert!(desk().checkpoint_is_signed(text));
    }
}

fn note(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(note) = Note::parse(text) else { return };
    assert!(text.starts_with(note.body) && !note.signatures.is_empty());
    if let Ok(checkpoint) = Checkpoint::parse(note.body) {
        assert!(note.body.starts_with(&checkpoint.to_string()));
    }
    let log: VerifierKey = vkey().parse().expect("a vkey");
    if note.is_signed_by(&log) {
        assert!(desk().checkpoint_is_signed(text));
    }
}

fn entry(input: &[u8]) {
    if let Some(entry) = CredentialEntry::read(input) {
        assert!(json::read(input, input.len()).expect("JSON")["number"] == entry.number.as_str());
    }
}

fn policy(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(policy) = text.parse::<LogPolicy>() {
        assert!(!policy.logs.is_empty());
        for log in policy.logs {
            assert_eq!(log.to_string().parse(), Ok(log));
        }
    }
}

fn multikey(input: &[u8]) {
    let of_bytes = input.try_into().ok().and_then(|bytes| PublicKey::from_bytes(bytes).ok());
    let of_text = str::from_utf8(input).ok().and_then(|text| PublicKey::from_multikey(text).ok());
    for key in [of_bytes, of_text].into_iter().flatten() {
        assert_eq!(PublicKey::from_multikey(&key.to_multikey()), Ok(key));
        assert!(!key.verify(input, &[0; 64]));
    }
}

/// A level and a reason against one exclude each other.
fn ratings(input: &[u8]) {
    static PROGRAMME: OnceLock<Programme> = OnceLock::new();
    let programme = PROGRAMME
        .get_or_init(|| Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).expect("a programme"));
    let Ok(value) = json::read(input, 1 << 20) else { return };
    let Ok(ratings) = serde_json::from_value::<Ratings>(value) else { return };
    let outcome = recompute(programme, &ratings);
    assert_ne!(outcome.level.is_some(), outcome.reason.is_some());
}

/// The whole check: never valid but what the corpus holds, and both ways of checking a signature agree.
fn whole(input: &[u8]) {
    let desk = desk();
    if desk.verdict(input) == Verdict::Valid {
        let payload = Presented::read(input).expect("is valid").secured.payload_digest();
        assert!(desk.valid.contains(&payload.to_string()));
    }
}

/// The corpus's root and bundle, and what is known to be good.
struct Desk {
    world: World,
    trust: Trust,
    /// The bundle's file.
    bundle: Vec<u8>,
    /// The digests of the payloads in the corpus's valid files.
    valid: BTreeSet<String>,
    roots: BTreeSet<String>,
    bundles: BTreeSet<String>,
    /// The notes that the corpus's log signed.
    notes: Vec<String>,
    /// A good credential.
    forms: [Vec<u8>; 2],
}

fn desk() -> &'static Desk {
    static DESK: OnceLock<Desk> = OnceLock::new();
    DESK.get_or_init(Desk::open)
}

impl Desk {
    fn open() -> Self {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR"));
        let corpus = match corpus.ends_with("fuzz") {
            true => corpus.join("../tests/corpus"),
            false => corpus.join("tests/corpus"),
        };
        let read = |name: &str| std::fs::read(corpus.join(name)).expect("a file of the corpus");
        let trust = Trust::open(&read("root.json"), &read("bundle.json"), None).expect("trust");
        let world = World::good();
        let signed = |name: &str| {
            let value = json::read(&read(name), 1 << 26).expect("JSON");
            Digest::of(&canonical::to_vec(&value["signed"]).expect("a form")).to_string()
        };
        let table = String::from_utf8(read("expected.tsv")).expect("a text");
        let rows = table.lines().filter_map(|line| Some(line.split_once("\tvalid\t")?.0));
        let digest = |name: &str| {
            let file = read(&format!("files/{name}"));
            Presented::read(&file).expect("is valid").secured.payload_digest().to_string()
        };
        let forms = world.forms();
        let desk = Self {
            valid: rows.map(digest).collect(),
            roots: [signed("root.json"), signed("seeds/root/good")].into(),
            bundles: ["bundle", "bundle-ahead", "bundle-witnessed"]
                .map(|name| signed(&format!("{name}.json")))
                .into(),
            notes: std::fs::read_dir(corpus.join("seeds/note"))
                .expect("a folder")
                .map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a note"))
                .collect(),
            bundle: read("bundle.json"),
            world,
            trust,
            forms,
        };
        // So that the key is prepared for many.
        for form in desk.forms.iter().cycle().take(40) {
            assert_eq!(desk.report(&desk.trust, form).verdict, Verdict::Valid);
        }
        desk
    }

    fn report(&self, trust: &Trust, input: &[u8]) -> Report {
        verify(input, Ok(trust), &self.world.policy, self.world.now, None)
    }

    /// The verdict by a prepared key; a key as it stands must say the same of the signature.
    fn verdict(&self, input: &[u8]) -> Verdict {
        let report = self.report(&self.trust, input);
        if let Ok(presented) = Presented::read(input) {
            let secured = presented.secured;
            let key = self.trust.body(&secured.issuer).and_then(|body| body.key(&secured.key_id));
            if let Some(key) = key {
                let is_signed = secured.is_signed_by(&key.public);
                let is_refused =
                    matches!(report.verdict, Verdict::Malformed | Verdict::BadSignature);
                assert!(is_signed || is_refused);
                assert!(!is_signed || report.verdict != Verdict::BadSignature);
            }
        }
        report.verdict
    }

    fn checkpoint_is_signed(&self, text: &str) -> bool {
        let body = |note: &str| note.rsplit_once("\n\n").map(|(body, _)| body.to_string());
        let note = text.strip_prefix("c2sp.org/").map_or(text, |proof| {
            proof.split_once("\n\n").map_or("", |(_, checkpoint)| checkpoint)
        });
        self.notes.iter().any(|known| body(known) == body(note))
    }
}
