//! The credential: a UNTP 0.7.0 `DigitalConformityCredential` on W3C Verifiable Credentials 2.0, as Akashi
//! writes and reads it.
//!
//! One deviation from UNTP's JSON Schema is intended: `credentialStatus` follows the W3C's Bitstring Status
//! List (an array of entries with `statusListIndex` a string), where the schema allows one entry with an integer.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use akashi_schemas::Digest;

use crate::origin::{CERTIFICATES, PROGRAMMES};
use crate::status::Purpose;

/// The context of W3C Verifiable Credentials 2.0, always first.
pub const VC_CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// The UNTP contexts accepted on reading; the first is the one written.
pub const UNTP_CONTEXTS: &[&str] = &["https://vocabulary.uncefact.org/untp/0.7.0/context/"];
/// Where, below the registry's origin, the context of Akashi's own terms is served; always third.
pub const AKASHI_CONTEXT_PATH: &str = "/contexts/akashi/v1";
/// The types of a credential.
pub const CREDENTIAL_TYPES: [&str; 2] = ["DigitalConformityCredential", "VerifiableCredential"];

/// A whole credential without its proof: the payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// [`VC_CONTEXT`], one of [`UNTP_CONTEXTS`], and Akashi's own.
    #[serde(rename = "@context")]
    pub context: Vec<String>,
    /// [`CREDENTIAL_TYPES`].
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// `ORIGIN/credentials/UUID`.
    pub id: String,
    /// The certification body.
    pub issuer: Issuer,
    /// A title for people.
    pub name: String,
    /// The signing time, in whole seconds.
    pub valid_from: Timestamp,
    /// The last second of validity.
    pub valid_until: Timestamp,
    /// One entry for each [`Purpose`].
    pub credential_status: Vec<StatusEntry>,
    /// What is attested.
    pub credential_subject: Attestation,
}

/// The certification body that signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issuer {
    /// `["CredentialIssuer"]`.
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// Its `did:web`.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// W3C `BitstringStatusListEntry`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusEntry {
    /// `BitstringStatusListEntry`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a set bit means.
    pub status_purpose: Purpose,
    /// The entry's place in the list, a decimal number in a string.
    #[serde(with = "decimal")]
    pub status_list_index: u32,
    /// `ORIGIN/status/LIST`.
    pub status_list_credential: String,
}

/// UNTP `ConformityAttestation`: one certificate version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// `["ConformityAttestation"]`.
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// `ORIGIN/certificates/NUMBER`.
    pub id: String,
    /// A title for people.
    pub name: String,
    /// `3rdParty`.
    pub assessor_level: String,
    /// `scheme-cab`.
    pub assessment_level: String,
    /// The level's: `certification` or `declaration`.
    pub attestation_type: String,
    /// The holder.
    pub issued_to_party: Party,
    /// The programme, over all its versions.
    pub reference_scheme: Reference,
    /// The programme's version, `ORIGIN/programmes/ID/VERSION`.
    pub reference_profile: Reference,
    /// The level.
    pub profile_score: Score,
    /// The programme as a whole first, with the facilities in scope; then one a section.
    pub conformity_assessment: Vec<Assessment>,
    /// SHA-256 of the programme version's canonical form (Akashi's own term).
    pub programme_digest: Digest,
    /// Which version of the certificate, from 1 (Akashi's own term).
    pub certificate_version: u32,
    /// Chance bytes, so that the payload's digest in the log tells nothing (Akashi's own term).
    pub nonce: String,
}

/// UNTP `Party`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// `["Party"]`.
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// Its identifier as a URI.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The identifier's number alone, when it comes from a register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_id: Option<String>,
}

/// A UNTP object of `type`, `id` and `name`: a scheme, a profile, a criterion, a topic, a facility.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The class's name.
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// Its URI.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// UNTP `Score`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The level's id, or a section's result.
    pub code: String,
    /// The level's rank, 1 the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// UNTP `ConformityAssessment`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// `["ConformityAssessment"]`.
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// The credential's id with a fragment.
    pub id: String,
    /// A title for people.
    pub name: String,
    /// What it was assessed against.
    pub assessment_criteria: Vec<Reference>,
    /// The day on which the assessment was completed.
    pub assessment_date: Date,
    /// Its result as a code.
    pub assessed_performance: Vec<Performance>,
    /// The facilities in scope; on the first assessment only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assessed_facility: Vec<AssessedFacility>,
    /// The holder; on the first assessment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessed_organisation: Option<Party>,
    /// What it is about.
    pub conformity_topic: Vec<Reference>,
    /// Whether the limits of the level are kept; none where nothing was applicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conformance: Option<bool>,
}

/// UNTP `Performance`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// The result.
    pub score: Score,
}

/// UNTP `FacilityVerification`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssessedFacility {
    /// `ORIGIN/facilities/UUID` and the facility's name.
    pub facility: Reference,
    /// Whether the body itself made sure which facility it is.
    #[serde(rename = "idVerifiedByCAB")]
    pub id_verified_by_cab: bool,
}

/// Why a signed document is not a credential of Akashi's kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialFault {
    /// Its contexts or types are not those of a DCC with Akashi's terms.
    #[error("a document of the types {types:?} in the contexts {contexts:?}")]
    Other {
        /// Its `@context`, as JSON.
        contexts: String,
        /// Its `type`, as JSON.
        types: String,
    },
    /// A member is missing or of the wrong shape.
    #[error("{0}")]
    Member(String),
}

impl Credential {
    /// Reads a document that has no proof member any more.
    ///
    /// # Errors
    /// A [`CredentialFault`].
    pub fn read(document: &Value) -> Result<Self, CredentialFault> {
        if !is_akashi_context(&document["@context"]) || !is_dcc(&document["type"]) {
            return Err(CredentialFault::Other {
                contexts: document["@context"].to_string(),
                types: document["type"].to_string(),
            });
        }
        let credential = Self::deserialize(document)
            .map_err(|error| CredentialFault::Member(error.to_string()))?;
        credential.check()?;
        Ok(credential)
    }

    fn check(&self) -> Result<(), CredentialFault> {
        let fault = |text: &str| Err(CredentialFault::Member(text.to_string()));
        if self.number().is_none() {
            return fault("credentialSubject.id ends in no certificate number");
        }
        if self.programme().is_none() {
            return fault("referenceProfile.id ends in no programme id and version");
        }
        for (index, entry) in self.credential_status.iter().enumerate() {
            if entry.kind != "BitstringStatusListEntry" {
                return fault("a credentialStatus entry is no BitstringStatusListEntry");
            }
            let same = |other: &StatusEntry| other.status_purpose == entry.status_purpose;
            if self.credential_status[..index].iter().any(same) {
                return fault("two credentialStatus entries have one purpose");
            }
        }
        Ok(())
    }

    /// The certificate's number, from the subject's id.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        let (_, number) = self.credential_subject.id.split_once(CERTIFICATES)?;
        (!number.is_empty() && !number.contains('/')).then_some(number)
    }

    /// The programme's id and version, from the reference profile.
    #[must_use]
    pub fn programme(&self) -> Option<(&str, &str)> {
        let (_, tail) = self.credential_subject.reference_profile.id.split_once(PROGRAMMES)?;
        let (id, version) = tail.split_once('/')?;
        (!id.is_empty() && !version.is_empty() && !version.contains('/')).then_some((id, version))
    }

    /// The level's id.
    #[must_use]
    pub fn level(&self) -> &str {
        &self.credential_subject.profile_score.code
    }

    /// The entry for a purpose.
    #[must_use]
    pub fn status(&self, purpose: Purpose) -> Option<&StatusEntry> {
        self.credential_status.iter().find(|entry| entry.status_purpose == purpose)
    }

    /// The facilities in scope.
    pub fn facilities(&self) -> impl Iterator<Item = &Reference> {
        let assessments = self.credential_subject.conformity_assessment.iter();
        assessments.flat_map(|assessment| &assessment.assessed_facility).map(|a| &a.facility)
    }
}

fn is_akashi_context(context: &Value) -> bool {
    let Some([first, second, third]) = context.as_array().map(Vec::as_slice) else { return false };
    let (Some(untp), Some(own)) = (second.as_str(), third.as_str()) else { return false };
    first == VC_CONTEXT && UNTP_CONTEXTS.contains(&untp) && own.ends_with(AKASHI_CONTEXT_PATH)
}

fn is_dcc(types: &Value) -> bool {
    let Some(types) = types.as_array() else { return false };
    CREDENTIAL_TYPES.iter().all(|wanted| types.iter().any(|given| given == wanted))
}

/// A decimal number in a string (Bitstring Status List §2.1): digits only, no sign, no leading zero.
mod decimal {
    use alloc::string::{String, ToString};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .ok()
            .filter(|number: &u32| number.to_string() == text)
            .ok_or_else(|| D::Error::custom("statusListIndex is not a decimal number in a string"))
    }
}
