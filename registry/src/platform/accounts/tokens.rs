//! Access tokens: `EdDSA` JWTs (RFC 7519, RFC 8037) that live ten minutes and say only who.
//!
//! What a person may do is read anew at each request, so an ended membership ends at once.

use akashi_keys::SigningKey;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use signature::{Error as SignatureError, Signer, Verifier};

use crate::platform::id::{AccountId, SessionId};
use akashi_verifier::Origin;

/// How long an access token lives, in seconds.
pub(super) const LIFE_S: i64 = 600;

/// Makes and checks access tokens.
pub struct TokenIssuer {
    sign: EncodingKey,
    check: DecodingKey,
    header: Header,
    rules: Validation,
    origin: String,
}

/// The token key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the access-token key cannot be used: {0}")]
pub struct TokenKeyError(#[from] jsonwebtoken::errors::Error);

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    /// The account.
    pub(super) sub: AccountId,
    /// The session, which ends the token when it ends.
    pub(super) sid: SessionId,
    iat: i64,
    exp: i64,
}

impl TokenIssuer {
    /// An issuer of tokens for one registry under its token key, whose id goes into `kid`.
    #[must_use]
    pub fn new(origin: &Origin, key: &SigningKey, kid: &str) -> Self {
        // Another provider can only have been installed by another registry in this process: the same.
        let _ = PROVIDER.install_default();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".into());
        header.kid = Some(kid.to_owned());
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[origin.as_str()]);
        rules.set_issuer(&[origin.as_str()]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.leeway = 0;
        // The time comes from the registry's clock, not from the library's.
        rules.validate_exp = false;
        Self {
            sign: EncodingKey::from_ed_der(&key.to_pkcs8_der()),
            check: DecodingKey::from_ed_der(key.public().as_bytes()),
            header,
            rules,
            origin: origin.as_str().to_owned(),
        }
    }

    pub(super) fn issue(
        &self,
        account: &AccountId,
        session: &SessionId,
        now_s: i64,
    ) -> Result<String, TokenKeyError> {
        let claims = Claims {
            iss: self.origin.clone(),
            aud: self.origin.clone(),
            sub: account.clone(),
            sid: session.clone(),
            iat: now_s,
            exp: now_s + LIFE_S,
        };
        Ok(jsonwebtoken::encode(&self.header, &claims, &self.sign)?)
    }

    /// Who a token speaks of, if it is ours, in force, and of no other kind of JWT.
    pub(super) fn read(&self, token: &str, now_s: i64) -> Option<Claims> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.check, &self.rules).ok()?;
        let current = data.claims.iat <= now_s + 60 && now_s < data.claims.exp;
        (data.header.typ.as_deref() == Some("at+jwt") && current).then_some(data.claims)
    }
}

/// `jsonwebtoken` over the ed25519-dalek that everything else here signs with; its own back ends
/// bring RSA and the NIST curves, which nothing here uses.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

struct Ed25519Signer(ed25519_dalek::SigningKey);
struct Ed25519Verifier(ed25519_dalek::VerifyingKey);

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> JwtResult<Box<dyn JwtSigner>> {
    // PKCS #8 of an Ed25519 key (RFC 8410, section 7) ends in the 32 bytes of its seed.
    match (algorithm, key.as_bytes().last_chunk::<32>()) {
        (Algorithm::EdDSA, Some(seed)) => {
            Ok(Box::new(Ed25519Signer(ed25519_dalek::SigningKey::from_bytes(seed))))
        }
        _ => Err(ErrorKind::InvalidEddsaKey.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    let bytes =
        <&[u8; 32]>::try_from(key.try_get_as_bytes()?).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    match (algorithm, ed25519_dalek::VerifyingKey::from_bytes(bytes)) {
        (Algorithm::EdDSA, Ok(key)) => Ok(Box::new(Ed25519Verifier(key))),
        _ => Err(ErrorKind::InvalidEddsaKey.into()),
    }
}

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(ed25519_dalek::Signer::sign(&self.0, message).to_bytes().to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let signature =
            ed25519_dalek::Signature::from_slice(signature).map_err(|_| SignatureError::new())?;
        self.0.verify_strict(message, &signature).map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(origin: &str, seed: u8) -> TokenIssuer {
        TokenIssuer::new(
            &origin.parse().expect("an origin"),
            &SigningKey::from_random(&[seed; 32]),
            "token-1",
        )
    }

    fn ids() -> (AccountId, SessionId) {
        let rng = crate::platform::rng::SystemRng;
        (
            AccountId::new(jiff::Timestamp::UNIX_EPOCH, &rng),
            SessionId::new(jiff::Timestamp::UNIX_EPOCH, &rng),
        )
    }

    #[test]
    fn a_token_says_who_until_it_expires() {
        let tokens = issuer("https://registry.example", 1);
        let (account, session) = ids();
        let token = tokens.issue(&account, &session, 1000).expect("signs");
        let claims = tokens.read(&token, 1000 + LIFE_S - 1).expect("in force");
        assert_eq!((claims.sub, claims.sid), (account, session));
        assert!(tokens.read(&token, 1000 + LIFE_S).is_none(), "expired");
    }

    #[test]
    fn a_token_of_another_registry_key_or_kind_says_nothing() {
        let (account, session) = ids();
        let ours = issuer("https://registry.example", 1);
        for other in [issuer("https://other.example", 1), issuer("https://registry.example", 2)] {
            let token = other.issue(&account, &session, 1000).expect("signs");
            assert!(ours.read(&token, 1000).is_none());
        }
        let mut unprotected = ours.issue(&account, &session, 1000).expect("signs");
        unprotected.truncate(unprotected.rfind('.').expect("three parts") + 1);
        assert!(ours.read(&unprotected, 1000).is_none(), "no signature");
    }
}
