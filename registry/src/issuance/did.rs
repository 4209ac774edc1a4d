//! DIDs of the registry and its bodies (did:web), and the documents that they resolve to.

use akashi_keys::PublicKey;
use serde_json::{Value, json};

use akashi_verifier::Origin;

/// The registry's own DID: `did:web:HOST`, the port as `%3A`.
#[must_use]
pub fn registry(origin: &Origin) -> String {
    format!("did:web:{}", origin.authority().replace(':', "%3A"))
}

/// A body's DID: `did:web:HOST:bodies:SLUG`, which resolves to `/bodies/SLUG/did.json`.
#[must_use]
pub fn body(origin: &Origin, slug: &str) -> String {
    format!("{}:bodies:{slug}", registry(origin))
}

/// The absolute DID URL of a key.
#[must_use]
pub fn key_id(did: &str, fragment: &str) -> String {
    format!("{did}#{fragment}")
}

/// A key for a DID document.
#[derive(Clone, Debug)]
pub struct DocumentKey {
    /// Its name within the document.
    pub fragment: String,
    /// The key.
    pub public: PublicKey,
    /// RFC 3339; from when it no longer signs, if that is known (CID 1.0 `expires`).
    pub expires: Option<String>,
    /// RFC 3339; from when it is not to be trusted (CID 1.0 `revoked`).
    pub revoked: Option<String>,
}

/// The DID document: every key as Multikey, and once more as JWK for readers who know only that.
#[must_use]
pub fn document(did: &str, keys: &[DocumentKey]) -> Value {
    let mut methods = Vec::new();
    let mut assertion = Vec::new();
    for key in keys {
        let id = key_id(did, &key.fragment);
        let mut multikey = json!({
            "id": id, "type": "Multikey", "controller": did, "publicKeyMultibase": key.public.to_string(),
        });
        let jwk_id = format!("{id}-jwk");
        let mut jwk = json!({
            "id": jwk_id, "type": "JsonWebKey", "controller": did, "publicKeyJwk": key.public.to_jwk(),
        });
        for method in [&mut multikey, &mut jwk] {
            if let Some(expires) = &key.expires {
                method["expires"] = json!(expires);
            }
            if let Some(revoked) = &key.revoked {
                method["revoked"] = json!(revoked);
            }
        }
        assertion.extend([json!(id), json!(jwk_id)]);
        methods.extend([multikey, jwk]);
    }
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": assertion,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_escaped_and_a_path_follows_colons() {
        let origin = "http://localhost:8080".parse().expect("an origin");
        assert_eq!(body(&origin, "example-body"), "did:web:localhost%3A8080:bodies:example-body");
        let origin = "https://registry.example".parse().expect("an origin");
        assert_eq!(registry(&origin), "did:web:registry.example");
    }

    #[test]
    fn each_key_is_listed_for_assertions_in_both_encodings() {
        let public = akashi_keys::SigningKey::from_random(&[1; 32]).public();
        let key = DocumentKey { fragment: "key-1".into(), public, expires: None, revoked: None };
        let document = document("did:web:registry.example:bodies:b", &[key]);
        assert_eq!(document["assertionMethod"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            document["verificationMethod"][0]["id"],
            "did:web:registry.example:bodies:b#key-1"
        );
        assert_eq!(document["verificationMethod"][1]["publicKeyJwk"]["crv"], "Ed25519");
    }
}
