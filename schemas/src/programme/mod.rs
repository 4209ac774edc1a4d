//! A programme: sections, criteria, ratings, levels and the figures of the decision rule, as
//! published data.

mod check;
mod document;
mod fault;

use alloc::vec::Vec;
use core::ops::Deref;

pub use document::{
    CorrectiveActionDays, Criterion, Days, Document, EvidenceKinds, FacilityChoice, FacilityKinds,
    FacilitySampling, Ground, Guide, InterviewQuota, InterviewRow, Kinds, Level, OpenFindings,
    Points, Reference, Rules, Sampling, Section, Settlement, Text,
};
pub use fault::{Fault, FaultKind, ProgrammeFaults};

use serde::de;

use crate::canonical::{self, Digest};

/// The ground of a not-applicable rating that every criterion has: the facts of the application
/// rule the criterion out.
pub const OUT_OF_SCOPE: &str = "out_of_scope";

/// A programme that passed every check. Its fields are those of [`Document`], read-only; its digest
/// names it for life.
#[derive(Debug, Clone)]
pub struct Programme {
    document: Document,
    canonical: Vec<u8>,
    digest: Digest,
}

impl Programme {
    /// Reads a programme from JSON in UTF-8 and checks all that a JSON Schema cannot say.
    ///
    /// # Errors
    /// [`ProgrammeFaults`]: the first fault of shape (a member unknown, missing, given twice or of
    /// a wrong type), or, when the shape is right, every fault of meaning. Each names its place as
    /// a JSON Pointer (RFC 6901).
    pub fn from_json(json: &[u8]) -> Result<Self, ProgrammeFaults> {
        let document = document::read(json)?;
        let faults = check::faults(&document);
        if !faults.is_empty() {
            return Err(ProgrammeFaults(faults));
        }
        let canonical =
            read_whole(json, &document).map_err(|error| ProgrammeFaults::unreadable("", &error))?;
        let digest = Digest::of(&canonical);
        Ok(Self { document, canonical, digest })
    }

    /// The programme's RFC 8785 form.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// The SHA-256 digest of [`canonical`](Self::canonical).
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The criterion of this identifier.
    #[must_use]
    pub fn criterion(&self, id: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.id == id)
    }

    /// The level of this identifier.
    #[must_use]
    pub fn level(&self, id: &str) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == id)
    }
}

/// The canonical form, which is that of the text and of what was read from it alike: serde also
/// reads an object from the array of its values, and such a second spelling would have a second
/// digest.
fn read_whole(json: &[u8], document: &Document) -> Result<Vec<u8>, serde_json::Error> {
    let canonical = canonical::to_vec(document)?;
    let written = canonical::to_vec(&serde_json::from_slice::<serde_json::Value>(json)?)?;
    if canonical == written {
        Ok(canonical)
    } else {
        Err(de::Error::custom(
            "an array stands where an object belongs, or a null where nothing does",
        ))
    }
}

impl Deref for Programme {
    type Target = Document;

    fn deref(&self) -> &Document {
        &self.document
    }
}

/// Two programmes are equal when their digests are.
impl PartialEq for Programme {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Programme {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::embedded::RESPONSIBLE_HOSTING;
    use crate::{CriterionKind, FacilityKind};

    fn shipped() -> Programme {
        Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).expect("the shipped programme passes")
    }

    #[test]
    fn the_shipped_programme_passes_every_check() {
        let programme = shipped();
        assert_eq!(
            (programme.id.as_str(), programme.version.as_str()),
            ("responsible-hosting", "2026.2")
        );
        assert_eq!(
            (programme.sections.len(), programme.criteria.len(), programme.levels.len()),
            (11, 106, 3)
        );
        let first = programme.criterion("RH-1.1").expect("RH-1.1");
        assert_eq!(
            (first.kind, first.at.as_slice(), first.weight),
            (CriterionKind::Critical, &[FacilityKind::Whole][..], 5)
        );
        assert_eq!(programme.level("certified").expect("certified").max_below, 8);
        assert_eq!(programme.criterion("RH-0.0"), None);
        assert_eq!(programme.level("best"), None);
    }

    #[test]
    fn the_digest_is_of_the_canonical_form_whatever_the_layout() {
        let value: serde_json::Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
        let compact = Programme::from_json(value.to_string().as_bytes()).expect("passes");
        assert_eq!(compact, shipped());
        assert_eq!(compact.digest(), Digest::of(compact.canonical()));
        assert_eq!(
            Programme::from_json(compact.canonical()).expect("passes").canonical(),
            compact.canonical()
        );
        let reworded = RESPONSIBLE_HOSTING.replacen("Employer pays", "The employer pays", 1);
        assert_ne!(Programme::from_json(reworded.as_bytes()).expect("passes"), shipped());
    }

    /// A published version is immutable: whoever changes a letter of it changes the version too.
    #[test]
    fn the_shipped_version_is_the_one_with_this_digest() {
        assert_eq!(
            shipped().digest().to_string(),
            "ed93bd98f341caf5f5acffed954e1e0121eaa49bfa8ed781daa850aac032a220"
        );
    }

    #[test]
    fn a_criterion_applies_to_all_or_when_one_of_its_facts_holds() {
        let programme = shipped();
        let dispatch = programme.criterion("RH-2.10").expect("RH-2.10");
        assert_eq!(dispatch.applies_to, ["dispatched"]);
        let facts = |words: &[&str]| words.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert!(dispatch.applies(&facts(&["agents_used", "dispatched"])));
        assert!(!dispatch.applies(&facts(&["agents_used"])));
        assert!(!dispatch.applies(&facts(&[])));
        assert!(programme.criterion("RH-1.1").expect("RH-1.1").applies(&facts(&[])));
        assert!(programme.facts().contains("housing_provided"));
        assert!(!programme.facts().contains("all"));
    }

    #[test]
    fn a_ground_is_listed_with_the_criterion_or_it_is_none() {
        let programme = shipped();
        let criterion = programme.criterion("RH-1.1").expect("RH-1.1");
        assert_eq!(
            criterion.ground("no-recruits").expect("listed").text.english(),
            "No worker was recruited since the company joined."
        );
        assert_eq!(criterion.ground("no-leaver"), None);
        assert_eq!(criterion.ground(OUT_OF_SCOPE), None, "the built-in ground is no listed one");
    }

    /// The programme as its owner first handed it over: its shape is what `recompute` must read.
    #[test]
    fn the_owners_original_is_read_too() {
        let shared = std::env::var("AKASHI_SHARED")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").to_owned());
        match std::fs::read(format!("{shared}/programme/responsible-hosting.json")) {
            Ok(original) => {
                assert_eq!(Programme::from_json(&original).expect("passes").criteria.len(), 106);
            }
            Err(error) if std::env::var_os("CI").is_some() => panic!("{shared}: {error}"),
            Err(error) => eprintln!("SKIPPED: {shared}: {error}"),
        }
    }
}
