//! A signed document whose securing mechanism was read, but whose signature is not yet checked.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};

use akashi_schemas::Digest;
use jiff::Timestamp;
use serde_json::Value;

use crate::comb::Signed;
use crate::document::{Document, Element};
use crate::json::{self, JsonFault, MAX_CREDENTIAL_BYTES, MAX_TRUST_BYTES};
use crate::multikey::PublicKey;
use crate::report::Reason;
use crate::{data_integrity, jose};

/// How a document is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// An embedded proof (W3C Data Integrity EdDSA Cryptosuites 1.0 §3.3).
    EddsaJcs2022,
    /// A JWT (W3C VC-JOSE-COSE §3.1.1).
    VcJwt,
}

impl Mechanism {
    /// The name used in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::VcJwt => "vc+jwt",
        }
    }
}

/// A signed document: its words are nobody's until [`Secured::is_signed_by`] says whose.
#[derive(Clone, Debug)]
pub struct Secured<'a> {
    /// How it is signed.
    pub mechanism: Mechanism,
    /// The document; where its proof is embedded, with it.
    pub(crate) document: Document<'a>,
    /// The issuer that the document names.
    pub issuer: String,
    /// The absolute DID URL of the signing key, one of the issuer's.
    pub key_id: String,
    /// The proof's own signing time, where it states one.
    pub created: Option<Timestamp>,
    pub(crate) message: Cow<'a, [u8]>,
    pub(crate) signature: [u8; 64],
}

/// Why bytes are not a signed document of a kind that this crate reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecuredFault {
    /// Neither a JSON object nor a compact JWS.
    #[error("neither a JSON object nor a compact JWS")]
    NotSecured,
    /// Not strict JSON.
    #[error(transparent)]
    Json(#[from] JsonFault),
    /// Not three parts of strict base64url (RFC 7515 §3.1).
    #[error("not three parts of base64url without padding")]
    Base64,
    /// A JOSE header member that is missing, wrong or not accepted.
    #[error("JOSE header member {0:?}")]
    Header(String),
    /// A JWT of another type.
    #[error("a JWT of the type {0}")]
    JwtType(String),
    /// A signature algorithm other than Ed25519.
    #[error("signed by the algorithm {0}")]
    Algorithm(String),
    /// A claim that may not stand beside the credential (VC-JOSE-COSE §3.1.3).
    #[error("claim {0:?}")]
    ForbiddenClaim(String),
    /// No `proof`.
    #[error("no proof")]
    NoProof,
    /// A proof of another type or cryptosuite, or several proofs.
    #[error("a proof of another kind: {0}")]
    OtherProof(String),
    /// A proof member that is missing or wrong.
    #[error("proof member {0:?}")]
    Proof(String),
    /// The proof's `@context` is not the document's.
    #[error("the proof's @context is not the document's")]
    ProofContext,
    /// No issuer.
    #[error("no issuer")]
    NoIssuer,
    /// A key that is not named by an absolute DID URL of the issuer.
    #[error("the key {key_id:?} is not one of {issuer:?}")]
    KeyNotOfIssuer {
        /// The key as named.
        key_id: String,
        /// The issuer as named.
        issuer: String,
    },
}

impl SecuredFault {
    /// The stable code for a report.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotSecured => Reason::NotACredential,
            Self::Json(JsonFault::TooLarge { .. } | JsonFault::TooMany) => Reason::TooLarge,
            Self::Json(JsonFault::TooDeep) => Reason::TooDeep,
            Self::Json(JsonFault::DuplicateMember(_)) => Reason::DuplicateMember,
            Self::Json(JsonFault::InexactNumber(_)) => Reason::InexactNumber,
            Self::Json(JsonFault::Syntax { .. } | JsonFault::ReservedMember(_)) => {
                Reason::InvalidJson
            }
            Self::Base64 => Reason::InvalidJwt,
            Self::Header(_) => Reason::InvalidJwtHeader,
            Self::JwtType(_) => Reason::OtherJwtType,
            Self::Algorithm(_) => Reason::OtherAlgorithm,
            Self::ForbiddenClaim(_) => Reason::ForbiddenClaim,
            Self::NoProof => Reason::ProofMissing,
            Self::OtherProof(_) => Reason::OtherProof,
            Self::Proof(_) => Reason::InvalidProof,
            Self::ProofContext => Reason::ProofContextDiffers,
            Self::NoIssuer => Reason::InvalidMember,
            Self::KeyNotOfIssuer { .. } => Reason::KeyNotOfIssuer,
        }
    }
}

/// A signed document and the log proof that came with it.
#[derive(Clone, Debug)]
pub struct Presented<'a> {
    /// The document.
    pub secured: Secured<'a>,
    /// The C2SP tlog-proof beside it.
    pub log_proof: Option<String>,
}

impl<'a> Presented<'a> {
    /// Reads a JSON object with a proof, a compact JWS, a JSON string that holds one, or an object
    /// `{"credential": …, "log_proof": "…"}` around one of them.
    ///
    /// # Errors
    /// A [`SecuredFault`].
    pub fn read(input: &'a [u8]) -> Result<Self, SecuredFault> {
        // Before the white space goes: a caller may have cut a file here, and what follows was never read.
        if input.len() > MAX_CREDENTIAL_BYTES {
            let fault = JsonFault::TooLarge { bytes: input.len(), limit: MAX_CREDENTIAL_BYTES };
            return Err(fault.into());
        }
        let input = json::trim(input);
        match input.first() {
            Some(b'{' | b'"') => Self::unwrap(Document::read(Cow::Borrowed(input))?),
            Some(b'e') => {
                let jws = str::from_utf8(input).map_err(|_| SecuredFault::Base64)?;
                Ok(Self { secured: jose::read(Cow::Borrowed(jws))?, log_proof: None })
            }
            _ => Err(SecuredFault::NotSecured),
        }
    }

    fn unwrap(mut document: Document<'a>) -> Result<Self, SecuredFault> {
        let beside = document.root().get("log_proof");
        let log_proof = beside.and_then(|proof| proof.as_str()).map(Cow::into_owned);
        let is_text_or_nothing =
            beside.is_none_or(|proof| proof.text() == "null" || log_proof.is_some());
        if !document.enter("credential") {
            return Ok(Self { secured: Secured::of(document)?, log_proof: None });
        }
        // What stood beside them would be nobody's word, and look like somebody's.
        let is_known = |(name, _): (&str, _)| [r#""credential""#, r#""log_proof""#].contains(&name);
        if !is_text_or_nothing || !document.whole().members().all(is_known) {
            return Err(SecuredFault::NotSecured);
        }
        Ok(Self { secured: Secured::of(document)?, log_proof })
    }
}

impl<'a> Secured<'a> {
    /// Reads a JSON object with a proof, or a string that holds a compact JWS.
    ///
    /// # Errors
    /// A [`SecuredFault`].
    pub fn from_value(value: &Value) -> Result<Secured<'static>, SecuredFault> {
        Secured::of(Document::of_value(value)?)
    }

    fn of(document: Document<'a>) -> Result<Self, SecuredFault> {
        if document.root().is_object() {
            return data_integrity::read(document);
        }
        jose::read(document.into_string().ok_or(SecuredFault::NotSecured)?)
    }

    /// Whether the signature is this key's, by the strict rules of [`PublicKey::verify`].
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.message, &self.signature)
    }

    /// SHA-256 of the payload: the JWT's payload as it stands, or the document's RFC 8785 form.
    #[must_use]
    pub fn payload_digest(&self) -> Digest {
        match self.mechanism {
            Mechanism::EddsaJcs2022 => data_integrity::payload_digest(&self.document),
            Mechanism::VcJwt => jose::payload_digest(&self.message),
        }
    }

    /// The document without its proof.
    ///
    /// # Errors
    /// None of a document that was read.
    pub fn document(&self) -> Result<Value, JsonFault> {
        let text = self.document.root().without("proof").concat();
        json::read(text.as_bytes(), MAX_TRUST_BYTES)
    }

    /// The signature, as if it were this key's.
    pub(crate) fn signed<'s>(&'s self, key: &'s PublicKey) -> Signed<'s> {
        Signed { key, message: &self.message, signature: &self.signature }
    }
}

/// The issuer's id: `issuer` as a string or as an object with an `id`.
pub(crate) fn issuer_of(document: Element<'_>) -> Result<String, SecuredFault> {
    let issuer = document.get("issuer").ok_or(SecuredFault::NoIssuer)?;
    let id = issuer.as_str().or_else(|| issuer.get("id")?.as_str());
    id.filter(|id| !id.is_empty()).map(Cow::into_owned).ok_or(SecuredFault::NoIssuer)
}

/// Makes sure that a key is named by the issuer's own DID and a fragment, nothing between them.
pub(crate) fn check_key_id(key_id: &str, issuer: &str) -> Result<(), SecuredFault> {
    let fragment = key_id.strip_prefix(issuer).and_then(|tail| tail.strip_prefix('#'));
    let is_did_url = issuer.starts_with("did:")
        && !issuer.contains(['#', '?'])
        && fragment.is_some_and(|fragment| !fragment.is_empty() && !fragment.contains('#'));
    if is_did_url {
        return Ok(());
    }
    Err(SecuredFault::KeyNotOfIssuer { key_id: key_id.to_string(), issuer: issuer.to_string() })
}
