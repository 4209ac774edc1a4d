//! The cryptosuite `eddsa-jcs-2022` (W3C Data Integrity EdDSA Cryptosuites 1.0 §3.3).
//!
//! Two rules are stricter than the specification. It lets the document's `@context` be longer than the proof's,
//! and then hashes the proof's: the surplus would be unsigned, so here the two must be equal. And a document has
//! exactly one proof, so that nobody must say which of several counts.

use alloc::borrow::Cow;
use alloc::string::ToString;

use akashi_schemas::Digest;
use jiff::Timestamp;

use crate::date_time;
use crate::document::{Document, Element};
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
    join(&Digest::of(canonical_config), &Digest::of(canonical_document))
}

fn join(config: &Digest, document: &Digest) -> [u8; 64] {
    let mut hash_data = [0; 64];
    hash_data[..32].copy_from_slice(&config.0);
    hash_data[32..].copy_from_slice(&document.0);
    hash_data
}

/// Reads a document with an embedded proof.
pub(crate) fn read(document: Document<'_>) -> Result<Secured<'_>, SecuredFault> {
    let root = document.root();
    let proof = root.get("proof").ok_or(SecuredFault::NoProof)?;
    if !proof.is_object() {
        let kind = if proof.is_array() { "an array" } else { "not an object" };
        return Err(SecuredFault::OtherProof(kind.into()));
    }
    check_kind(proof)?;
    let context = proof.get("@context").map(|context| context.text());
    if context.is_some() && context != root.get("@context").map(|context| context.text()) {
        return Err(SecuredFault::ProofContext);
    }
    let issuer = secured::issuer_of(root)?;
    let key_id = text(proof, "verificationMethod")?.into_owned();
    secured::check_key_id(&key_id, &issuer)?;
    let (created, signature) = (created(proof)?, signature(proof)?);
    let config = Digest::of_parts(&proof.without("proofValue"));
    let hash_data = join(&config, &payload_digest(&document));
    Ok(Secured {
        mechanism: Mechanism::EddsaJcs2022,
        issuer,
        key_id,
        created,
        message: Cow::Owned(hash_data.into()),
        signature,
        document,
    })
}

/// SHA-256 of the document without its proof.
pub(crate) fn payload_digest(document: &Document<'_>) -> Digest {
    Digest::of_parts(&document.root().without("proof"))
}

fn check_kind(proof: Element<'_>) -> Result<(), SecuredFault> {
    let (kind, suite) = (text(proof, "type")?, text(proof, "cryptosuite").unwrap_or_default());
    if kind != PROOF_TYPE || suite != CRYPTOSUITE {
        return Err(SecuredFault::OtherProof([kind, suite].join(" ").trim_end().to_string()));
    }
    if text(proof, "proofPurpose")? != PROOF_PURPOSE {
        return Err(SecuredFault::Proof("proofPurpose".into()));
    }
    // The words that Data Integrity gives a meaning and this verifier does not judge.
    let unjudged = ["expires", "domain", "challenge", "previousProof"];
    match unjudged.into_iter().find(|member| proof.get(member).is_some()) {
        Some(member) => Err(SecuredFault::Proof(member.into())),
        None => Ok(()),
    }
}

fn created(proof: Element<'_>) -> Result<Option<Timestamp>, SecuredFault> {
    let Some(created) = proof.get("created") else { return Ok(None) };
    let instant = created.as_str().and_then(|text| date_time::parse(&text));
    instant.map(Some).ok_or_else(|| SecuredFault::Proof("created".into()))
}

fn signature(proof: Element<'_>) -> Result<[u8; 64], SecuredFault> {
    decode_base58btc(&text(proof, "proofValue")?, 64)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| SecuredFault::Proof("proofValue".into()))
}

fn text<'d>(proof: Element<'d>, member: &str) -> Result<Cow<'d, str>, SecuredFault> {
    proof
        .get(member)
        .and_then(|value| value.as_str())
        .ok_or_else(|| SecuredFault::Proof(member.into()))
}
