//! From a certificate's version to its credential: what is attested, gathered and handed to issuance.

use akashi_schemas::FacilityKind;
use akashi_verifier::trust::Authorisation;
use sqlx::AnyConnection;

use super::file::{self, AssessmentFile};
use super::ids::{DecisionId, FacilityId};
use super::rules::certificate::{CertificateState, EventKind};
use super::store::certificates::{self, Certificate, Version};
use super::store::{facilities, parties, programmes};
use crate::issuance::{
    self, Attestation, AttestedCompany, AttestedFacility, BodyFacts, BundleFacts,
};
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::problem::Problem;

/// What brought a version about.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The public word for it.
    pub kind: EventKind,
    /// The decision.
    pub decision: Option<&'a DecisionId>,
    /// What is said in public.
    pub public_reason: Option<&'a str>,
}

/// Prepares the credential of a version, with the event that the public will see; gives the credential's id.
///
/// # Errors
/// When the body has no issuer key in force, or the database refuses.
pub async fn attest(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &Certificate,
    version: &Version,
    change: &Change<'_>,
) -> Result<String, Problem> {
    let attestation = gather(tx, certificate, version).await?;
    let born_suspended = certificate.state == CertificateState::Suspended;
    let prepared =
        issuance::prepare(tx, app, &certificate.body_id, &attestation, born_suspended).await?;
    let event = certificates::Event {
        kind: change.kind,
        decision: change.decision,
        credential: Some(&prepared.credential),
        effective_at: version.valid_from,
        public_reason: change.public_reason,
        leaf: Some(prepared.leaf),
    };
    certificates::add_event(tx, &certificate.id, &event, app.clock.now()).await?;
    Ok(prepared.credential)
}

/// Gathers what a version attests.
async fn gather(
    db: &mut AnyConnection,
    certificate: &Certificate,
    version: &Version,
) -> Result<Attestation, Problem> {
    let loaded = AssessmentFile::load(db, &version.assessment_id).await?;
    let ratings = loaded.ratings(db).await?;
    let scope = facilities::of_version(db, &version.id).await?;
    let within = |facility: &FacilityId| scope.iter().any(|row| &row.id == facility);
    let outcome = super::api::apply_rule(&loaded, &ratings, within);
    let company =
        parties::get(db, &certificate.company_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let name = shown_name(db, &company).await?;
    let identifiers = public_identifiers(db, &company).await?;
    let attested = |facility: facilities::Facility| AttestedFacility {
        id: facility.id.to_string(),
        kind: facility.kind,
        // The organisation as a whole bears the holder's name: the one by which the public knows it.
        name: if facility.kind == FacilityKind::Whole { name.clone() } else { facility.name },
    };
    let attested: Vec<_> = scope.into_iter().map(attested).collect();
    let body = parties::get(db, &certificate.body_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let programme = file::programme(db, &version.programme_version_id).await?;
    let assessed_on = loaded.assessment.visit_to.unwrap_or(version.valid_from);
    Ok(Attestation {
        certificate_id: certificate.id.to_string(),
        version_id: version.id.to_string(),
        number: certificate.number.clone(),
        n: u32::try_from(version.n).map_err(Problem::internal)?,
        body_name: body.display_name,
        company: AttestedCompany {
            id: company.id.to_string(),
            name,
            country: company.country,
            identifiers,
        },
        level: version.level.clone(),
        sections: outcome.sections,
        facilities: attested,
        assessed_on: file::zone(&programme)?.day(instant(assessed_on)),
        valid_from: instant(version.valid_from),
        valid_until: instant(version.valid_until),
        programme,
    })
}

/// The register numbers that the public may read: none of a sole proprietor's, which are a person's.
async fn public_identifiers(
    db: &mut AnyConnection,
    company: &parties::Party,
) -> Result<Vec<(String, String)>, Problem> {
    if company.sole_proprietor == 1 {
        return Ok(Vec::new());
    }
    Ok(parties::identifiers(db, &company.id).await?)
}

/// The name by which the public knows a holder: of a sole proprietor trade name and municipality.
async fn shown_name(db: &mut AnyConnection, company: &parties::Party) -> Result<String, Problem> {
    if company.sole_proprietor == 0 {
        return Ok(company.display_name.clone());
    }
    let names = parties::names(db, &company.id).await?;
    let trade = names.into_iter().rev().find(|(kind, _)| kind == "trade").map(|(_, name)| name);
    let name = trade.unwrap_or_else(|| company.display_name.clone());
    Ok(match &company.municipality {
        Some(municipality) => format!("{name} ({municipality})"),
        None => name,
    })
}

/// What the trust bundle says of bodies and programmes.
///
/// # Errors
/// When the database refuses, or a stored programme cannot be read.
pub async fn bundle_facts(db: &mut AnyConnection) -> Result<BundleFacts, Problem> {
    let mut facts = BundleFacts::default();
    for body in programmes::authorised_bodies(db).await? {
        let name = parties::get(db, &body).await?.ok_or(sqlx::Error::RowNotFound)?.display_name;
        let authorisations = programmes::authorisations_of(db, &body).await?;
        let in_force = |a: programmes::Authorisation| Authorisation {
            programme: a.programme,
            from: instant(a.from_at),
            until: Some(instant(a.until_at)),
        };
        let authorisations = authorisations.into_iter().map(in_force).collect();
        facts.bodies.push(BodyFacts { party: body, name, authorisations });
    }
    for row in programmes::all_published(db).await? {
        facts.programmes.push(file::programme(db, &row.id).await?);
    }
    Ok(facts)
}
