//! The payload: the unsecured canonical credential, fixed at the decision, that every form carries.

use std::sync::Arc;

use akashi_schemas::programme::Level;
use akashi_schemas::{FacilityKind, Programme};
use akashi_verifier::credential::{
    AKASHI_CONTEXT_PATH, AssessedFacility, Assessment, Attestation as Subject, CREDENTIAL_TYPES,
    Credential, Issuer, Party, Performance, Reference, Score, StatusEntry, UNTP_CONTEXTS,
    VC_CONTEXT,
};
use akashi_verifier::rule::SectionOutcome;
use akashi_verifier::status::Purpose;
use jiff::Timestamp;
use jiff::civil::Date;

use akashi_verifier::Origin;

/// What a certificate's version attests, gathered from the file.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// The certificate's record.
    pub certificate_id: String,
    /// The version's record.
    pub version_id: String,
    /// The certificate's number.
    pub number: String,
    /// Which version of the certificate.
    pub n: u32,
    /// The body's name.
    pub body_name: String,
    /// The holder.
    pub company: AttestedCompany,
    /// The programme version assessed against.
    pub programme: Arc<Programme>,
    /// The level's id.
    pub level: String,
    /// What came out section by section.
    pub sections: Vec<SectionOutcome>,
    /// The facilities in scope.
    pub facilities: Vec<AttestedFacility>,
    /// The day on which the assessment was completed, in the programme's zone.
    pub assessed_on: Date,
    /// From when it counts.
    pub valid_from: Timestamp,
    /// Until when it counts.
    pub valid_until: Timestamp,
}

/// The holder, as the public may know it.
#[derive(Clone, Debug)]
pub struct AttestedCompany {
    /// The party.
    pub id: String,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Scheme and number in public registers.
    pub identifiers: Vec<(String, String)>,
}

/// A facility in scope.
#[derive(Clone, Debug)]
pub struct AttestedFacility {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: FacilityKind,
    /// Its name.
    pub name: String,
}

/// What is fixed at the decision beside the attestation.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// Where the registry stands.
    pub origin: &'a Origin,
    /// The credential's id.
    pub credential: &'a str,
    /// The issuer's DID.
    pub issuer: &'a str,
    /// The signing time, in whole seconds.
    pub signed_at: Timestamp,
    /// Its place in the status lists.
    pub index: u32,
    /// The id of the status list for each purpose.
    pub lists: [(Purpose, String); 3],
    /// Chance, so that the payload's digest in the log tells nothing.
    pub nonce: [u8; 16],
}

/// The registers that a holder is named by, the best known first: the scheme, and its code in ISO 6523.
const REGISTERS: [(&str, &str); 2] = [("jp_corporate_number", "0188"), ("lei", "0199")];

/// The identifier that names the holder: its code in ISO 6523 and its number; none without a known register.
fn registered(company: &AttestedCompany) -> Option<(&'static str, &str)> {
    REGISTERS.iter().find_map(|(scheme, code)| {
        let (_, number) = company.identifiers.iter().find(|(known, _)| known == scheme)?;
        Some((*code, number.as_str()))
    })
}

/// A company's identifier as a URI: ISO 6523 in the form of Peppol's identifier policy, else its page here.
#[must_use]
pub fn holder_id(origin: &Origin, company: &AttestedCompany) -> String {
    match registered(company) {
        Some((code, number)) => format!("iso6523-actorid-upis::{code}:{number}"),
        None => origin.url(&format!("/companies/{}", company.id)),
    }
}

/// The payload of an attestation.
#[must_use]
pub fn credential(attestation: &Attestation, place: &Place<'_>) -> Credential {
    let id = place.origin.credential(place.credential);
    Credential {
        context: vec![
            VC_CONTEXT.to_owned(),
            UNTP_CONTEXTS[0].to_owned(),
            place.origin.url(AKASHI_CONTEXT_PATH),
        ],
        types: CREDENTIAL_TYPES.map(str::to_owned).to_vec(),
        issuer: Issuer {
            types: vec!["CredentialIssuer".into()],
            id: place.issuer.to_owned(),
            name: attestation.body_name.clone(),
        },
        name: format!("{} {}", attestation.programme.title.english(), attestation.number),
        valid_from: place.signed_at,
        valid_until: attestation.valid_until,
        credential_status: place
            .lists
            .iter()
            .map(|(purpose, list)| status(place, *purpose, list))
            .collect(),
        credential_subject: subject(attestation, place, &id),
        id,
    }
}

fn status(place: &Place<'_>, purpose: Purpose, list: &str) -> StatusEntry {
    StatusEntry {
        kind: "BitstringStatusListEntry".into(),
        status_purpose: purpose,
        status_list_index: place.index,
        status_list_credential: place.origin.status_list(list),
    }
}

fn subject(attestation: &Attestation, place: &Place<'_>, id: &str) -> Subject {
    use base64::Engine as _;
    let programme = &attestation.programme;
    let level = programme.level(&attestation.level);
    let attestation_type = level.map_or("certification", |level| level.attestation.as_str());
    Subject {
        types: vec!["ConformityAttestation".into()],
        id: place.origin.certificate(&attestation.number),
        name: format!(
            "{}: {}",
            programme.title.english(),
            level.map_or("", |level| level.title.english())
        ),
        assessor_level: "3rdParty".into(),
        assessment_level: "scheme-cab".into(),
        attestation_type: attestation_type.to_owned(),
        issued_to_party: holder(attestation, place.origin),
        reference_scheme: Reference {
            types: vec!["ConformityScheme".into()],
            id: place.origin.programme(&programme.id),
            name: programme.title.english().to_owned(),
        },
        reference_profile: Reference {
            types: vec!["ConformityProfile".into()],
            id: place.origin.programme_version(&programme.id, &programme.version),
            name: format!("{} {}", programme.title.english(), programme.version),
        },
        profile_score: level_score(&attestation.level, level),
        conformity_assessment: assessments(attestation, place, id),
        programme_digest: programme.digest(),
        certificate_version: attestation.n,
        nonce: base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(place.nonce),
    }
}

fn level_score(id: &str, level: Option<&Level>) -> Score {
    Score {
        code: id.to_owned(),
        rank: level.map(|level| level.rank),
        definition: level.map(|level| level.title.english().to_owned()),
    }
}

fn holder(attestation: &Attestation, origin: &Origin) -> Party {
    Party {
        types: vec!["Party".into()],
        id: holder_id(origin, &attestation.company),
        name: attestation.company.name.clone(),
        registered_id: registered(&attestation.company).map(|(_, number)| number.to_owned()),
    }
}

/// The programme as a whole with the facilities in scope, then a line a section.
fn assessments(attestation: &Attestation, place: &Place<'_>, id: &str) -> Vec<Assessment> {
    let programme = &attestation.programme;
    let base = place.origin.programme_version(&programme.id, &programme.version);
    let facility = |f: &AttestedFacility| AssessedFacility {
        facility: Reference {
            types: vec!["Facility".into()],
            id: place.origin.facility(&f.id),
            name: f.name.clone(),
        },
        id_verified_by_cab: true,
    };
    let whole = Assessment {
        types: vec!["ConformityAssessment".into()],
        id: format!("{id}#assessment"),
        name: programme.title.english().to_owned(),
        assessment_criteria: vec![Reference {
            types: vec!["Criterion".into()],
            id: base.clone(),
            name: format!("{} {}", programme.title.english(), programme.version),
        }],
        assessment_date: attestation.assessed_on,
        assessed_performance: vec![Performance {
            score: level_score(&attestation.level, programme.level(&attestation.level)),
        }],
        assessed_facility: attestation.facilities.iter().map(facility).collect(),
        assessed_organisation: Some(holder(attestation, place.origin)),
        conformity_topic: vec![],
        conformance: Some(true),
    };
    let sections = programme.sections.iter().map(|section| {
        let outcome = attestation.sections.iter().find(|outcome| outcome.id == section.id);
        let applicable = outcome.is_some_and(|outcome| outcome.applicable > 0);
        let keeps = outcome.is_none_or(|outcome| outcome.keeps_limits);
        let (code, definition) = match (applicable, keeps) {
            (false, _) => ("not_applicable", "No criterion of this section applies."),
            (true, true) => (
                "keeps_limits",
                "Every mandatory criterion conforms; gaps stay within the level's limits.",
            ),
            (true, false) => ("exceeds_limits", "Gaps go beyond the level's limits."),
        };
        Assessment {
            types: vec!["ConformityAssessment".into()],
            id: format!("{id}#section-{}", section.id),
            name: section.title.english().to_owned(),
            assessment_criteria: vec![Reference {
                types: vec!["Criterion".into()],
                id: format!("{base}#{}", section.id),
                name: section.title.english().to_owned(),
            }],
            assessment_date: attestation.assessed_on,
            assessed_performance: vec![Performance {
                score: Score { code: code.into(), rank: None, definition: Some(definition.into()) },
            }],
            assessed_facility: vec![],
            assessed_organisation: None,
            conformity_topic: vec![],
            conformance: applicable.then_some(keeps),
        }
    });
    std::iter::once(whole).chain(sections).collect()
}
