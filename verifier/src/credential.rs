//! The credential: a UNTP 0.7.0 `DigitalConformityCredential` on W3C Verifiable Credentials 2.0, as Akashi
//! writes and reads it.
//!
//! One deviation from UNTP's JSON Schema is intended: `credentialStatus` follows the W3C's Bitstring Status
//! List (an array of entries with `statusListIndex` a string), where the schema allows one entry with an integer.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use akashi_schemas::Digest;

use crate::date_time;
use crate::document::Element;
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
    #[serde(deserialize_with = "date_time::valid_from")]
    pub valid_from: Timestamp,
    /// The last second of validity.
    #[serde(deserialize_with = "date_time::valid_until")]
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
    /// The certificate's number, from the subject's id.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        number(&self.credential_subject.id)
    }

    /// The programme's id and version, from the reference profile.
    #[must_use]
    pub fn programme(&self) -> Option<(&str, &str)> {
        programme(&self.credential_subject.reference_profile.id)
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

fn number(subject_id: &str) -> Option<&str> {
    let (_, number) = subject_id.split_once(CERTIFICATES)?;
    (!number.is_empty() && !number.contains('/')).then_some(number)
}

fn programme(profile_id: &str) -> Option<(&str, &str)> {
    let (_, tail) = profile_id.split_once(PROGRAMMES)?;
    let (id, version) = tail.split_once('/')?;
    (!id.is_empty() && !version.is_empty() && !version.contains('/')).then_some((id, version))
}

/// What a check reads of a credential, borrowed from the document: what is judged or told, and nothing else.
#[derive(Debug)]
pub(crate) struct Claims<'d> {
    pub(crate) id: Cow<'d, str>,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
    /// The entry for each of [`Purpose::ALL`].
    status: [Option<StatusClaim<'d>>; 3],
    subject_id: Cow<'d, str>,
    profile_id: Cow<'d, str>,
    pub(crate) programme_digest: Digest,
    pub(crate) holder: Cow<'d, str>,
    pub(crate) level: Cow<'d, str>,
    assessments: Option<Element<'d>>,
}

/// Where a credential's status stands.
#[derive(Debug)]
pub(crate) struct StatusClaim<'d> {
    pub(crate) list: Cow<'d, str>,
    pub(crate) index: u32,
}

impl<'d> Claims<'d> {
    /// Reads a document; a proof in it is not looked at.
    ///
    /// # Errors
    /// A [`CredentialFault`].
    pub(crate) fn read(document: Element<'d>) -> Result<Self, CredentialFault> {
        let (context, types) = (document.get("@context"), document.get("type"));
        if !context.is_some_and(is_akashi_context) || !types.is_some_and(is_dcc) {
            let shown = |value: Option<Element<'_>>| value.map_or("null", |v| v.text()).to_string();
            return Err(CredentialFault::Other { contexts: shown(context), types: shown(types) });
        }
        let subject = at(document, &["credentialSubject"])?;
        let claims = Self {
            id: text(document, &["id"])?,
            valid_from: time(document, "validFrom")?,
            valid_until: time(document, "validUntil")?,
            status: status_claims(at(document, &["credentialStatus"])?)?,
            subject_id: text(subject, &["id"])?,
            profile_id: text(subject, &["referenceProfile", "id"])?,
            programme_digest: text(subject, &["programmeDigest"])?
                .parse()
                .map_err(|_| wrong(&["programmeDigest"]))?,
            holder: text(subject, &["issuedToParty", "name"])?,
            level: text(subject, &["profileScore", "code"])?,
            assessments: subject.get("conformityAssessment"),
        };
        if number(&claims.subject_id).is_none() {
            return Err(wrong(&["credentialSubject.id"]));
        }
        if programme(&claims.profile_id).is_none() {
            return Err(wrong(&["referenceProfile", "id"]));
        }
        Ok(claims)
    }

    /// The certificate's number.
    pub(crate) fn number(&self) -> &str {
        // `read` let nothing pass without one.
        number(&self.subject_id).unwrap_or_default()
    }

    /// The programme's id and version.
    pub(crate) fn programme(&self) -> (&str, &str) {
        programme(&self.profile_id).unwrap_or_default()
    }

    /// The entry for a purpose.
    pub(crate) fn status(&self, purpose: Purpose) -> Option<&StatusClaim<'d>> {
        self.status[purpose as usize].as_ref()
    }

    /// The ids of the facilities in scope.
    pub(crate) fn facilities(&self) -> impl Iterator<Item = Cow<'d, str>> {
        let facilities = |assessment: Element<'d>| assessment.get("assessedFacility");
        let assessed =
            self.assessments.into_iter().flat_map(Element::elements).filter_map(facilities);
        assessed
            .flat_map(|facilities| facilities.elements())
            .filter_map(|assessed| assessed.get("facility")?.get("id")?.as_str())
    }
}

/// The member at the end of a path of names.
fn at<'d>(value: Element<'d>, path: &[&str]) -> Result<Element<'d>, CredentialFault> {
    path.iter().try_fold(value, |value, name| value.get(name)).ok_or_else(|| wrong(path))
}

/// The text at the end of a path.
fn text<'d>(value: Element<'d>, path: &[&str]) -> Result<Cow<'d, str>, CredentialFault> {
    at(value, path)?.as_str().ok_or_else(|| wrong(path))
}

fn time(document: Element<'_>, name: &str) -> Result<Timestamp, CredentialFault> {
    let text = text(document, &[name])?;
    let date_time = date_time::parse(&text);
    date_time.ok_or_else(|| CredentialFault::Member(date_time::fault(name, &text)))
}

fn wrong(path: &[&str]) -> CredentialFault {
    CredentialFault::Member(format!("the member {} is missing or wrong", path.join(".")))
}

fn status_claims(entries: Element<'_>) -> Result<[Option<StatusClaim<'_>>; 3], CredentialFault> {
    let mut claims = [const { None }; 3];
    if !entries.is_array() {
        return Err(wrong(&["credentialStatus"]));
    }
    for entry in entries.elements() {
        let text = |name| {
            let value = entry.get(name).and_then(|value| value.as_str());
            value.ok_or_else(|| wrong(&["credentialStatus", name]))
        };
        if text("type")? != "BitstringStatusListEntry" {
            return Err(wrong(&["credentialStatus", "type"]));
        }
        let named = text("statusPurpose")?;
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == named);
        let purpose = purpose.ok_or_else(|| wrong(&["credentialStatus", "statusPurpose"]))?;
        let index = decimal::read(&text("statusListIndex")?)
            .ok_or_else(|| wrong(&["credentialStatus", "statusListIndex"]))?;
        let claim = StatusClaim { list: text("statusListCredential")?, index };
        // Two entries of one purpose could disagree.
        if claims[purpose as usize].replace(claim).is_some() {
            return Err(wrong(&["credentialStatus", "statusPurpose"]));
        }
    }
    Ok(claims)
}

fn is_akashi_context(context: Element<'_>) -> bool {
    let mut contexts = context.elements().map(|context| context.as_str());
    let mut next = || contexts.next().flatten();
    let are_known = next().is_some_and(|first| first == VC_CONTEXT)
        && next().is_some_and(|untp| UNTP_CONTEXTS.contains(&&*untp))
        && next().is_some_and(|own| own.ends_with(AKASHI_CONTEXT_PATH));
    are_known && contexts.next().is_none()
}

fn is_dcc(types: Element<'_>) -> bool {
    let has = |wanted: &&str| types.elements().any(|t| t.as_str().is_some_and(|t| t == **wanted));
    CREDENTIAL_TYPES.iter().all(has)
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
        read(&text)
            .ok_or_else(|| D::Error::custom("statusListIndex is not a decimal number in a string"))
    }

    pub(super) fn read(text: &str) -> Option<u32> {
        let is_one_form = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
        text.parse().ok().filter(|_| is_one_form)
    }
}
