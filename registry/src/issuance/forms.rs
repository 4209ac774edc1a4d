//! The secured forms of a payload. Signing is deterministic: the same payload, key and time give the same bytes.

use akashi_keys::Signer;
use akashi_schemas::canonical;
use akashi_verifier::data_integrity::{CRYPTOSUITE, PROOF_PURPOSE, PROOF_TYPE, hash_data};
use akashi_verifier::multikey::encode_base58btc;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The JOSE algorithm written: readers of today know the polymorphic name; RFC 9864's `Ed25519` is read as well.
const ALG: &str = "EdDSA";

/// The payload with an embedded `eddsa-jcs-2022` proof (W3C vc-di-eddsa, section 3.3), canonical.
///
/// `payload` is the unsecured document; `key_id` the absolute DID URL of the key, `created` RFC 3339.
///
/// # Errors
/// When the payload is not JSON that RFC 8785 can write.
pub(super) fn embedded(
    payload: &[u8],
    signer: &dyn Signer,
    key_id: &str,
    created: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut document: Value = serde_json::from_slice(payload)?;
    let mut proof = json!({
        "@context": document["@context"],
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": key_id,
        "proofPurpose": PROOF_PURPOSE,
    });
    let message = hash_data(&canonical::to_vec(&proof)?, &canonical::to_vec(&document)?);
    proof["proofValue"] = json!(encode_base58btc(&signer.sign(&message)));
    document["proof"] = proof;
    canonical::to_vec(&document)
}

/// The payload as `vc+jwt` (W3C VC-JOSE-COSE, section 3.1.1): its bytes are the JWS payload as they stand.
///
/// # Errors
/// Never in practice: the header has no floats and only text keys.
pub(super) fn jwt(
    payload: &[u8],
    signer: &dyn Signer,
    key_id: &str,
) -> Result<String, serde_json::Error> {
    let header = canonical::to_vec(&json!({ "alg": ALG, "kid": key_id, "typ": "vc+jwt" }))?;
    let message = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header),
        BASE64_URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()));
    Ok(format!("{message}.{signature}"))
}
