//! `vc+jwt`: a credential as the payload of a compact JWS (W3C VC-JOSE-COSE §3.1.1, RFC 7515, RFC 8037, RFC 9864).
//!
//! The signature covers raw bytes, so nothing is re-serialised. The header may name an algorithm, a key and the
//! type, and nothing else: no key material, no location, no critical extension is ever taken from it.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};

use akashi_schemas::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::document::{Document, Element};
use crate::secured::{self, Mechanism, Secured, SecuredFault};

/// The media type of a credential secured as JWT, without `application/`.
pub const TYP: &str = "vc+jwt";
/// The algorithm names accepted: RFC 8037's, which today's readers know, and RFC 9864's.
pub const ALGORITHMS: [&str; 2] = ["EdDSA", "Ed25519"];

/// Reads a compact JWS.
pub(crate) fn read(jws: Cow<'_, str>) -> Result<Secured<'_>, SecuredFault> {
    let mut parts = jws.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(SecuredFault::NotSecured);
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SecuredFault::Base64);

    let key_id = check_header(Document::read(decode(header)?.into())?.root())?;
    let document = Document::read(decode(payload)?.into())?;
    if !document.root().is_object() {
        return Err(SecuredFault::NotSecured);
    }
    let issuer = secured::issuer_of(document.root())?;
    check_claims(document.root(), &issuer)?;
    secured::check_key_id(&key_id, &issuer)?;
    let signature = decode(signature)?.try_into().map_err(|_| SecuredFault::Base64)?;
    let end = jws.rfind('.').unwrap_or_default();
    let message = match jws {
        Cow::Borrowed(jws) => Cow::Borrowed(&jws.as_bytes()[..end]),
        Cow::Owned(jws) => Cow::Owned(jws.as_bytes()[..end].into()),
    };
    Ok(Secured {
        mechanism: Mechanism::VcJwt,
        document,
        issuer,
        key_id,
        created: None,
        message,
        signature,
    })
}

/// SHA-256 of the payload of a message that [`read`] gave.
pub(crate) fn payload_digest(message: &[u8]) -> Digest {
    let payload = message.split(|byte| *byte == b'.').nth(1).unwrap_or_default();
    Digest::of(&URL_SAFE_NO_PAD.decode(payload).unwrap_or_default())
}

/// The key's id, when the header is exactly what is accepted.
fn check_header(header: Element<'_>) -> Result<String, SecuredFault> {
    if !header.is_object() {
        return Err(SecuredFault::NotSecured);
    }
    let wrong = |member: &str| SecuredFault::Header(member.to_string());
    let text = |member: &str| {
        header.get(member).and_then(|value| value.as_str()).ok_or_else(|| wrong(member))
    };
    let algorithm = text("alg")?;
    if !ALGORITHMS.contains(&&*algorithm) {
        return Err(SecuredFault::Algorithm(algorithm.into_owned()));
    }
    let typ = header.get("typ").ok_or_else(|| SecuredFault::JwtType("none".to_string()))?;
    if typ.as_str().is_none_or(|typ| typ != TYP) {
        return Err(SecuredFault::JwtType(typ.text().to_string()));
    }
    if header.get("cty").is_some_and(|cty| cty.as_str().is_none_or(|cty| cty != "vc")) {
        return Err(wrong("cty"));
    }
    let known = |name: &str| [r#""alg""#, r#""kid""#, r#""typ""#, r#""cty""#].contains(&name);
    match header.members().find(|(name, _)| !known(name)) {
        Some((name, _)) => Err(wrong(name.trim_matches('"'))),
        None => text("kid").map(Cow::into_owned),
    }
}

fn check_claims(document: Element<'_>, issuer: &str) -> Result<(), SecuredFault> {
    // Of two words that could disagree one is too many: a second signature, an issuer's other name, a JWT's own dates.
    let forbidden = ["vc", "vp", "proof", "exp", "nbf", "iat"]
        .into_iter()
        .find(|claim| document.get(claim).is_some());
    if let Some(claim) = forbidden {
        return Err(SecuredFault::ForbiddenClaim(claim.to_string()));
    }
    let iss = document.get("iss");
    if iss.is_some_and(|iss| iss.as_str().is_none_or(|iss| iss != issuer)) {
        return Err(SecuredFault::ForbiddenClaim("iss".to_string()));
    }
    Ok(())
}
