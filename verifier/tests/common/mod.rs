//! A small world of signed documents: a root, a bundle, status lists, a log and one credential, each a JSON value that a
//! test may bend before it is signed. The signers here are written for the tests alone, from the specifications.

#![allow(dead_code, unreachable_pub, reason = "each test file takes a part of this module")]

use std::io::Write as _;
use std::path::PathBuf;
use std::time::SystemTime;

use akashi_schemas::{Digest, canonical};
use akashi_verifier::{Policy, Report, Trust, TrustError, Untrusted, verify};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub const ORIGIN: &str = "https://registry.example";
pub const BODY: &str = "did:web:registry.example:bodies:example-body";
pub const NOW: &str = "2026-11-25T12:00:00Z";
pub const NUMBER: &str = "RH26-7K3F";
pub const FACILITY: &str = "0193a000-0000-7000-8000-00000000f001";
pub const PURPOSES: [&str; 3] = ["refresh", "revocation", "suspension"];
/// The credential's place in each list.
pub const INDEX: usize = 4_711;

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn multikey(key: &SigningKey) -> String {
    let bytes = [&[0xed, 0x01][..], key.verifying_key().as_bytes()].concat();
    format!("z{}", bs58::encode(bytes).into_string())
}

pub fn key_id() -> String {
    format!("{BODY}#key-1")
}

pub fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[derive(Clone)]
pub struct World {
    pub body_key: SigningKey,
    pub root_signers: Vec<SigningKey>,
    pub bundle_signer: SigningKey,
    /// The `signed` of each manifest.
    pub root: Value,
    pub bundle: Value,
    /// The three lists without their proofs, in the order of [`PURPOSES`].
    pub lists: Vec<Value>,
    /// The credential without its proof.
    pub payload: Value,
    pub policy: Policy,
    pub now: Timestamp,
    pub log_proof: Option<String>,
}

impl World {
    /// Everything as it should be: the verdict is `valid`.
    pub fn good() -> Self {
        let world = Self {
            body_key: key(1),
            root_signers: vec![key(11), key(12)],
            bundle_signer: key(21),
            root: json!({
                "version": 1, "expires": "2036-01-01T00:00:00Z", "threshold": 2,
                "root_keys": [multikey(&key(11)), multikey(&key(12)), multikey(&key(13))],
                "bundle_key": multikey(&key(21)),
            }),
            bundle: json!({
                "version": 7, "root_version": 1,
                "as_of": "2026-11-25T06:00:00Z", "expires": "2026-12-02T06:00:00Z",
                "bodies": [{
                    "did": BODY, "name": "Example Certification Body",
                    "keys": [{
                        "id": key_id(), "public": multikey(&key(1)),
                        "from": "2026-01-01T00:00:00Z", "until": null, "compromised_from": null,
                    }],
                    "authorisations": [{
                        "programme": "responsible-hosting", "from": "2026-01-01T00:00:00Z", "until": null,
                    }],
                }],
                "programmes": [{
                    "id": "responsible-hosting", "version": "2026.2", "digest": "ab".repeat(32),
                    "levels": ["leading", "certified", "committed"],
                }],
                "tlog_policy": format!("log {}\nquorum none\n", vkey()),
                "checkpoint": "",
            }),
            lists: PURPOSES.iter().map(|purpose| list(purpose, &[0; 16_384])).collect(),
            payload: payload(),
            policy: Policy::default(),
            now: time(NOW),
            log_proof: None,
        };
        world.with_log_proof()
    }

    /// As good, of the size that a real credential has: the programme as a whole and ten sections, 6.9 kB.
    pub fn of_real_size() -> Self {
        let mut world = Self::good();
        let credential = world.payload["id"].as_str().expect("an id").to_owned();
        let subject = &mut world.payload["credentialSubject"];
        let sections = subject["conformityAssessment"].as_array_mut().expect("assessments");
        sections.extend((1..=10).map(|n| {
            json!({
                "type": ["ConformityAssessment"], "id": format!("{credential}#section-{n}"), "name": format!("Section {n}"),
                "assessmentCriteria": [{
                    "type": ["Criterion"], "name": format!("Section {n}"),
                    "id": format!("{ORIGIN}/programmes/responsible-hosting/2026.2#section-{n}"),
                }],
                "assessmentDate": "2026-11-18",
                "assessedPerformance": [{"score": {"code": "kept"}}],
                "conformityTopic": [], "conformance": true,
            })
        }));
        world.with_log_proof()
    }

    /// Sets the credential's bit in one list.
    pub fn set_bit(&mut self, purpose: &str) {
        let mut bits = [0; 16_384];
        bits[INDEX / 8] |= 0x80 >> (INDEX % 8);
        *self.list_mut(purpose) = list(purpose, &bits);
    }

    pub fn list_mut(&mut self, purpose: &str) -> &mut Value {
        let at = PURPOSES.iter().position(|known| *known == purpose).expect("a purpose");
        &mut self.lists[at]
    }

    pub fn root_bytes(&self) -> Vec<u8> {
        let signers: Vec<_> = self.root_signers.iter().collect();
        manifest(&self.root, &signers)
    }

    pub fn bundle_bytes(&self) -> Vec<u8> {
        let mut bundle = self.bundle.clone();
        if bundle.get("status_lists").is_none() {
            let entries = self.lists.iter().zip(PURPOSES).map(|(list, purpose)| {
                json!({"id": list_id(purpose), "purpose": purpose, "leaf": 40, "credential": self.sign_proof(list)})
            });
            bundle["status_lists"] = entries.collect();
        }
        manifest(&bundle, &[&self.bundle_signer])
    }

    pub fn trust(&self) -> Result<Trust, TrustError> {
        Trust::open(&self.root_bytes(), &self.bundle_bytes(), Some(1))
    }

    /// An embedded proof by the body's key.
    pub fn sign_proof(&self, document: &Value) -> Value {
        let created = document["validFrom"].clone();
        let config = json!({
            "@context": document["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
            "created": created, "verificationMethod": key_id(), "proofPurpose": "assertionMethod",
        });
        self.sign_config(document, config)
    }

    pub fn sign_config(&self, document: &Value, config: Value) -> Value {
        let message = [Sha256::digest(jcs(&config)), Sha256::digest(jcs(document))].concat();
        let signature = self.body_key.sign(&message).to_bytes();
        let (mut signed, mut proof) = (document.clone(), config);
        proof["proofValue"] = json!(format!("z{}", bs58::encode(signature).into_string()));
        signed["proof"] = proof;
        signed
    }

    /// A JWT by the body's key.
    pub fn sign_jwt(&self, document: &Value) -> String {
        self.sign_jws(&json!({"alg": "EdDSA", "kid": key_id(), "typ": "vc+jwt"}), &jcs(document))
    }

    pub fn sign_jws(&self, header: &Value, payload: &[u8]) -> String {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(jcs(header)), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.body_key.sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The credential in both forms.
    pub fn forms(&self) -> [Vec<u8>; 2] {
        [jcs(&self.sign_proof(&self.payload)), self.sign_jwt(&self.payload).into_bytes()]
    }

    /// Makes the log proof anew after the payload changed: leaf 2 of 5.
    pub fn with_log_proof(mut self) -> Self {
        let entry = jcs(&json!({
            "v": 1, "kind": "credential", "at": "2026-11-20T00:00:00Z", "payload_sha256": hex(&jcs(&self.payload)),
            "number": NUMBER, "issuer": BODY, "holder_digest": "cd".repeat(32),
        }));
        self.log_proof = Some(log_proof(&entry));
        self
    }

    pub fn verify(&self, input: &[u8]) -> Report {
        let trust = self.trust().expect("the root and the bundle open");
        verify(input, Ok(&trust), &self.policy, self.now, self.log_proof.as_deref())
    }

    pub fn verify_untrusted(&self, input: &[u8], why: Untrusted) -> Report {
        verify(input, Err(why), &self.policy, self.now, self.log_proof.as_deref())
    }
}

/// The good world moved to now, for the command line reads the clock.
pub fn fresh() -> World {
    #[expect(clippy::disallowed_methods, reason = "the program under test reads the same clock")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs();
    let at = |seconds: u64| {
        json!(
            jiff::Timestamp::from_second(i64::try_from(seconds).expect("a time")).expect("a time")
        )
    };
    let mut world = World::good();
    world.bundle["as_of"] = at(now - 3_600);
    world.bundle["expires"] = at(now + 7 * 86_400);
    for list in &mut world.lists {
        list["validFrom"] = at(now - 7_200);
    }
    world.payload["validFrom"] = at(now - 86_400);
    world.payload["validUntil"] = at(now + 86_400);
    world.bundle["bodies"][0]["keys"][0]["from"] = at(now - 10 * 86_400);
    world.bundle["bodies"][0]["authorisations"][0]["from"] = at(now - 10 * 86_400);
    world.with_log_proof()
}

pub fn payload() -> Value {
    let status = |purpose: &str| {
        json!({
            "type": "BitstringStatusListEntry", "statusPurpose": purpose,
            "statusListIndex": INDEX.to_string(), "statusListCredential": list_id(purpose),
        })
    };
    let holder = json!({"type": ["Party"], "id": "iso6523-actorid-upis::0188:0000000000000", "name": "例示食品株式会社"});
    json!({
        "@context": [
            "https://www.w3.org/ns/credentials/v2", "https://vocabulary.uncefact.org/untp/0.7.0/context/",
            format!("{ORIGIN}/contexts/akashi/v1"),
        ],
        "type": ["DigitalConformityCredential", "VerifiableCredential"],
        "id": format!("{ORIGIN}/credentials/0193a000-0000-7000-8000-000000000001"),
        "issuer": {"type": ["CredentialIssuer"], "id": BODY, "name": "Example Certification Body"},
        "name": "Certificate of the example",
        "validFrom": "2026-11-20T00:00:00Z", "validUntil": "2028-11-19T14:59:59Z",
        "credentialStatus": PURPOSES.map(status),
        "credentialSubject": {
            "type": ["ConformityAttestation"], "id": format!("{ORIGIN}/certificates/{NUMBER}"), "name": "Certified",
            "assessorLevel": "3rdParty", "assessmentLevel": "scheme-cab", "attestationType": "certification",
            "issuedToParty": holder,
            "referenceScheme": {"type": ["ConformityScheme"], "id": format!("{ORIGIN}/programmes/responsible-hosting"), "name": "RH"},
            "referenceProfile": {"type": ["ConformityProfile"], "id": format!("{ORIGIN}/programmes/responsible-hosting/2026.2"), "name": "RH 2026.2"},
            "profileScore": {"code": "certified", "rank": 2},
            "conformityAssessment": [{
                "type": ["ConformityAssessment"], "id": format!("{ORIGIN}/credentials/0193a000-0000-7000-8000-000000000001#assessment"), "name": "RH",
                "assessmentCriteria": [], "assessmentDate": "2026-11-18", "assessedPerformance": [],
                "assessedFacility": [{
                    "facility": {"type": ["Facility"], "id": format!("{ORIGIN}/facilities/{FACILITY}"), "name": "Example works"},
                    "idVerifiedByCAB": true,
                }],
                "conformityTopic": [], "conformance": true,
            }],
            "programmeDigest": "ab".repeat(32), "certificateVersion": 1, "nonce": "AAECAwQFBgcICQoLDA0ODw",
        },
    })
}

pub fn list_id(purpose: &str) -> String {
    format!("{ORIGIN}/status/{purpose}-0")
}

pub fn list(purpose: &str, bits: &[u8]) -> Value {
    list_of(purpose, &format!("u{}", URL_SAFE_NO_PAD.encode(gzip(bits))))
}

pub fn list_of(purpose: &str, encoded: &str) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "id": list_id(purpose), "issuer": BODY, "validFrom": "2026-11-25T05:00:00Z",
        "credentialSubject": {
            "id": format!("{}#list", list_id(purpose)), "type": "BitstringStatusList",
            "statusPurpose": purpose, "encodedList": encoded,
        },
    })
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn manifest(signed: &Value, signers: &[&SigningKey]) -> Vec<u8> {
    let message = jcs(signed);
    let signatures: Vec<_> = signers
        .iter()
        .map(|key| {
            let signature = key.sign(&message).to_bytes();
            json!({
                "keyid": hex(key.verifying_key().as_bytes()),
                "sig": format!("z{}", bs58::encode(signature).into_string()),
            })
        })
        .collect();
    serde_json::to_vec_pretty(&json!({"signed": signed, "signatures": signatures})).expect("JSON")
}

fn log_key() -> SigningKey {
    key(31)
}

fn log_key_id() -> [u8; 4] {
    let key = log_key().verifying_key();
    let id = Sha256::digest([b"registry.example/log\n\x01".as_slice(), key.as_bytes()].concat());
    [id[0], id[1], id[2], id[3]]
}

pub fn vkey() -> String {
    let key = [&[1][..], log_key().verifying_key().as_bytes()].concat();
    format!(
        "registry.example/log+{:08x}+{}",
        u32::from_be_bytes(log_key_id()),
        STANDARD.encode(key)
    )
}

/// Shows `entry` as leaf 2 of a tree of 5.
pub fn log_proof(entry: &[u8]) -> String {
    let leaf = |entry: &[u8]| Sha256::digest([&[0], entry].concat()).to_vec();
    let node = |left: &[u8], right: &[u8]| Sha256::digest([&[1], left, right].concat()).to_vec();
    let (ours, third, fourth) = (leaf(entry), leaf(b"three"), leaf(b"four"));
    let left = node(&leaf(b"zero"), &leaf(b"one"));
    let root = node(&node(&left, &node(&ours, &third)), &fourth);
    let lines = [&third, &left, &fourth].map(|hash| STANDARD.encode(hash)).join("\n");
    format!(
        "c2sp.org/tlog-proof@v1\nextra {}\nindex 2\n{lines}\n\n{}",
        STANDARD.encode(entry),
        checkpoint(5, &root)
    )
}

pub fn checkpoint(size: u64, root: &[u8]) -> String {
    let body = format!("registry.example/log\n{size}\n{}\n", STANDARD.encode(root));
    let signature = [&log_key_id()[..], &log_key().sign(body.as_bytes()).to_bytes()].concat();
    format!("{body}\n\u{2014} registry.example/log {}\n", STANDARD.encode(signature))
}

pub fn jcs(value: &Value) -> Vec<u8> {
    canonical::to_vec(value).expect("JSON")
}

/// SHA-256 in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

/// A file of the shared test data; `None`, said aloud, where there is none. In CI it must be there.
pub fn shared(path: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let folder =
        std::env::var_os("AKASHI_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    match std::fs::read_to_string(folder.join(path)) {
        Ok(text) => Some(text),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{path}: {error}"),
        Err(error) => {
            eprintln!("SKIPPED: {path}: {error}");
            None
        }
    }
}
