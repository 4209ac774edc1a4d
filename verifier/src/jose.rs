//! `vc+jwt`: a credential as the payload of a compact JWS (W3C VC-JOSE-COSE §3.1.1, RFC 7515, RFC 8037, RFC 9864).
//!
//! The signature covers raw bytes, so nothing is re-serialised. The header may name an algorithm, a key and the
//! type, and nothing else: no key material, no location, no critical extension is ever taken from it.

use alloc::string::ToString;

use akashi_schemas::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::json::{self, MAX_CREDENTIAL_BYTES};
use crate::secured::{self, Mechanism, Secured, SecuredFault};

/// The media type of a credential secured as JWT, without `application/`.
pub const TYP: &str = "vc+jwt";
/// The algorithm names accepted: RFC 8037's, which today's readers know, and RFC 9864's.
pub const ALGORITHMS: [&str; 2] = ["EdDSA", "Ed25519"];

/// Reads a compact JWS.
pub(crate) fn read(jws: &str) -> Result<Secured, SecuredFault> {
    let parts: alloc::vec::Vec<&str> = jws.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Err(SecuredFault::NotSecured) };
    let message = [header, payload].join(".");
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SecuredFault::Base64);

    let header = json::read(&decode(header)?, MAX_CREDENTIAL_BYTES)?;
    let key_id = check_header(&header)?.to_string();
    let payload = decode(payload)?;
    let document = match json::read(&payload, MAX_CREDENTIAL_BYTES)? {
        Value::Object(document) => document,
        _ => return Err(SecuredFault::NotSecured),
    };
    let issuer = secured::issuer_of(&document)?;
    check_claims(&document, &issuer)?;
    secured::check_key_id(&key_id, &issuer)?;
    let signature = decode(signature)?.try_into().map_err(|_| SecuredFault::Base64)?;
    Ok(Secured {
        mechanism: Mechanism::VcJwt,
        document: Value::Object(document),
        payload_digest: Digest::of(&payload),
        issuer,
        key_id,
        created: None,
        message: message.into(),
        signature,
    })
}

/// The key's id, when the header is exactly what is accepted.
fn check_header(header: &Value) -> Result<&str, SecuredFault> {
    let wrong = |member: &str| SecuredFault::Header(member.to_string());
    let header = header.as_object().ok_or(SecuredFault::NotSecured)?;
    let text =
        |member: &str| header.get(member).and_then(Value::as_str).ok_or_else(|| wrong(member));
    let algorithm = text("alg")?;
    if !ALGORITHMS.contains(&algorithm) {
        return Err(SecuredFault::Algorithm(algorithm.to_string()));
    }
    match header.get("typ") {
        Some(Value::String(typ)) if typ == TYP => {}
        Some(typ) => return Err(SecuredFault::JwtType(typ.to_string())),
        None => return Err(SecuredFault::JwtType("none".to_string())),
    }
    if header.get("cty").is_some_and(|cty| cty != "vc") {
        return Err(wrong("cty"));
    }
    match header.keys().find(|member| !["alg", "kid", "typ", "cty"].contains(&member.as_str())) {
        Some(member) => Err(wrong(member)),
        None => text("kid"),
    }
}

fn check_claims(
    document: &Map<alloc::string::String, Value>,
    issuer: &str,
) -> Result<(), SecuredFault> {
    if let Some(claim) = ["vc", "vp"].iter().find(|claim| document.contains_key(**claim)) {
        return Err(SecuredFault::Claim((*claim).to_string()));
    }
    if document.get("iss").is_some_and(|iss| iss != issuer) {
        return Err(SecuredFault::Claim("iss".to_string()));
    }
    // Two signatures that could disagree are one too many.
    if document.contains_key("proof") {
        return Err(SecuredFault::Claim("proof".to_string()));
    }
    Ok(())
}
