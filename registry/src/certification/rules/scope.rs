//! Which criterion is answered and rated where.

use std::collections::BTreeSet;

use akashi_schemas::Programme;
use akashi_schemas::programme::Criterion;
/// A facility of a scope or a sample.
pub use akashi_verifier::rule::Facility;

/// One criterion at one facility, by their identifiers.
pub type Pair = (String, String);

/// Every criterion at every facility of its kinds, in the order of the checklist: what an
/// assessment must rate.
pub fn pairs<'a>(
    programme: &'a Programme,
    facilities: &'a [Facility],
) -> impl Iterator<Item = (&'a Criterion, &'a Facility)> {
    programme.criteria.iter().flat_map(move |criterion| {
        facilities
            .iter()
            .filter(|facility| criterion.at.contains(&facility.kind))
            .map(move |facility| (criterion, facility))
    })
}

/// Those of the [`pairs`] that apply when exactly these facts hold: what a company must answer.
pub fn applicable<'a>(
    programme: &'a Programme,
    facilities: &'a [Facility],
    facts: &'a BTreeSet<String>,
) -> impl Iterator<Item = (&'a Criterion, &'a Facility)> {
    pairs(programme, facilities).filter(|(criterion, _)| criterion.applies(facts))
}

#[cfg(test)]
pub(super) mod tests {
    use akashi_schemas::FacilityKind;
    use akashi_schemas::embedded::RESPONSIBLE_HOSTING;

    use super::*;

    /// The shipped programme.
    pub(crate) fn programme() -> Programme {
        Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).expect("the shipped programme passes")
    }

    /// A facility by a short name.
    pub(crate) fn facility(id: &str, kind: FacilityKind) -> Facility {
        Facility { id: id.to_owned(), kind }
    }

    /// The same words as owned facts.
    pub(crate) fn facts(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_criterion_is_rated_at_every_facility_of_its_kinds_and_nowhere_else() {
        let programme = programme();
        let facilities = [
            facility("whole", FacilityKind::Whole),
            facility("site-1", FacilityKind::Site),
            facility("site-2", FacilityKind::Site),
            facility("dormitory", FacilityKind::Dormitory),
        ];
        let at = |wanted: &str| -> Vec<String> {
            let all =
                pairs(&programme, &facilities).filter(|(criterion, _)| criterion.id == wanted);
            all.map(|(_, facility)| facility.id.clone()).collect()
        };
        assert_eq!(at("RH-1.1"), ["whole"]);
        assert_eq!(at("RH-6.3"), ["site-1", "site-2"]);
        // 75 at the whole; 15 at sites; 10 at sites and dormitories; 6 at dormitories.
        assert_eq!(pairs(&programme, &facilities).count(), 75 + 15 * 2 + 10 * 3 + 6);
    }

    #[test]
    fn a_criterion_without_its_facts_needs_no_answer() {
        let programme = programme();
        let facilities = [facility("whole", FacilityKind::Whole)];
        let asked = |facts: &BTreeSet<String>| -> Vec<String> {
            applicable(&programme, &facilities, facts)
                .map(|(criterion, _)| criterion.id.clone())
                .collect()
        };
        assert!(!asked(&facts(&[])).contains(&"RH-2.10".to_owned()));
        assert!(asked(&facts(&["dispatched"])).contains(&"RH-2.10".to_owned()));
    }
}
