//! The cryptosuite `eddsa-jcs-2022` (W3C Data Integrity EdDSA Cryptosuites 1.0 §3.3).
//!
//! Two rules are stricter than the specification. It lets the document's `@context` be longer than the proof's,
//! and then hashes the proof's: the surplus would be unsigned, so here the two must be equal. And a document has
//! exactly one proof, so that nobody must say which of several counts.

use alloc::string::{String, ToString};

use akashi_schemas::{Digest, canonical};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::multikey::decode_base58btc;
use crate::secured::{self, Mechanism, Secured, SecuredFault};

/// The cryptosuite's name.
pub const CRYPTOSUITE: &str = "eddsa-jcs-2022";
/// The proof's type.
pub const PROOF_TYPE: &str = "DataIntegrityProof";
/// The one purpose for which a credential is signed.
pub const PROOF_PURPOSE: &str = "assertionMethod";

/// What Ed25519 signs: SHA-256 of the canonical proof configuration, then SHA-256 of the canonical document (§3.3.4).
#[must_use]
pub fn hash_data(canonical_config: &[u8], canonical_document: &[u8]) -> [u8; 64] {
    let mut hash_data = [0; 64];
    hash_data[..32].copy_from_slice(&Digest::of(canonical_config).0);
    hash_data[32..].copy_from_slice(&Digest::of(canonical_document).0);
    hash_data
}

/// Reads a document with an embedded proof.
pub(crate) fn read(mut document: Map<String, Value>) -> Result<Secured, SecuredFault> {
    let mut proof = match document.remove("proof") {
        Some(Value::Object(proof)) => proof,
        Some(other) => return Err(SecuredFault::OtherProof(kind_of(&other).into())),
        None => return Err(SecuredFault::NoProof),
    };
    check_kind(&proof)?;
    if proof.get("@context").is_some_and(|context| Some(context) != document.get("@context")) {
        return Err(SecuredFault::ProofContext);
    }
    let issuer = secured::issuer_of(&document)?;
    let key_id = text(&proof, "verificationMethod")?.to_string();
    secured::check_key_id(&key_id, &issuer)?;
    let created = created(&proof)?;
    let signature = signature(&proof)?;

    proof.remove("proofValue");
    let config = to_canonical(&Value::Object(proof))?;
    let document = Value::Object(document);
    let payload = to_canonical(&document)?;
    Ok(Secured {
        mechanism: Mechanism::EddsaJcs2022,
        document,
        payload_digest: Digest::of(&payload),
        issuer,
        key_id,
        created,
        message: hash_data(&config, &payload).to_vec(),
        signature,
    })
}

fn check_kind(proof: &Map<String, Value>) -> Result<(), SecuredFault> {
    let (kind, suite) = (text(proof, "type")?, text(proof, "cryptosuite").unwrap_or_default());
    if kind != PROOF_TYPE || suite != CRYPTOSUITE {
        return Err(SecuredFault::OtherProof([kind, suite].join(" ").trim_end().to_string()));
    }
    if text(proof, "proofPurpose")? != PROOF_PURPOSE {
        return Err(SecuredFault::Proof("proofPurpose".into()));
    }
    // The words that Data Integrity gives a meaning and this verifier does not judge.
    match ["expires", "domain", "challenge", "previousProof"]
        .iter()
        .find(|m| proof.contains_key(**m))
    {
        Some(member) => Err(SecuredFault::Proof((*member).into())),
        None => Ok(()),
    }
}

fn created(proof: &Map<String, Value>) -> Result<Option<Timestamp>, SecuredFault> {
    let Some(created) = proof.get("created") else { return Ok(None) };
    let instant = created.as_str().and_then(|text| text.parse().ok());
    instant.map(Some).ok_or_else(|| SecuredFault::Proof("created".into()))
}

fn signature(proof: &Map<String, Value>) -> Result<[u8; 64], SecuredFault> {
    decode_base58btc(text(proof, "proofValue")?, 64)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| SecuredFault::Proof("proofValue".into()))
}

fn text<'a>(proof: &'a Map<String, Value>, member: &str) -> Result<&'a str, SecuredFault> {
    proof.get(member).and_then(Value::as_str).ok_or_else(|| SecuredFault::Proof(member.into()))
}

fn to_canonical(value: &Value) -> Result<alloc::vec::Vec<u8>, SecuredFault> {
    canonical::of_value(value).map_err(|_| SecuredFault::NotSecured)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an array",
        _ => "not an object",
    }
}
