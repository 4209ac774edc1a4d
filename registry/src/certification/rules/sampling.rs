//! Which facilities are seen, and how many workers are heard.

use akashi_schemas::programme::{FacilityChoice, InterviewQuota};
use akashi_schemas::{FacilityKind, Programme};

use super::scope::Facility;

/// From this number of residents on, a dormitory is always seen ([`FacilityChoice::SquareRoot`]).
const LARGE_DORMITORY: u32 = 10;
/// The fewest facilities seen when not all are ([`FacilityChoice::SquareRoot`]).
const FEWEST: usize = 3;

/// A facility of which the body chooses whether it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The facility.
    pub facility: Facility,
    /// How many workers live there.
    pub residents: u32,
    /// Whether it was seen in the assessment before.
    pub seen_last_time: bool,
}

/// The facilities to be seen, in the order given. Among equals the earlier candidate is chosen, so
/// that whoever wants chance shuffles first.
///
/// Every kind in scope is seen at least once: a criterion of a kind that nobody visited would
/// silently leave the score.
#[must_use]
pub fn facilities<'a>(programme: &Programme, candidates: &'a [Candidate]) -> Vec<&'a Facility> {
    let rule = &programme.sampling.facilities;
    let counted = |candidate: &Candidate| !rule.always.contains(&candidate.facility.kind);
    let count = candidates.iter().filter(|candidate| counted(candidate)).count();
    let mut seen: Vec<bool> = candidates.iter().map(|candidate| !counted(candidate)).collect();
    if u32::try_from(count).is_ok_and(|count| count <= rule.all_up_to) {
        seen.fill(true);
    } else {
        match rule.beyond {
            FacilityChoice::SquareRoot => choose(candidates, count, &mut seen),
        }
    }
    candidates
        .iter()
        .zip(seen)
        .filter(|(_, seen)| *seen)
        .map(|(candidate, _)| &candidate.facility)
        .collect()
}

/// First every large dormitory, then one of each kind not yet seen, then the rest; each time those
/// not seen last time first.
fn choose(candidates: &[Candidate], count: usize, seen: &mut [bool]) {
    let wanted = ceil_sqrt(count).max(FEWEST);
    let mut order: Vec<usize> = (0..candidates.len()).filter(|&index| !seen[index]).collect();
    order.sort_by_key(|&index| {
        (!is_large_dormitory(&candidates[index]), candidates[index].seen_last_time)
    });
    let mut chosen: Vec<usize> = Vec::new();
    let new_kind = |chosen: &[usize], index: usize| {
        chosen
            .iter()
            .all(|&other| candidates[other].facility.kind != candidates[index].facility.kind)
    };
    for &index in &order {
        if is_large_dormitory(&candidates[index]) || new_kind(&chosen, index) {
            chosen.push(index);
        }
    }
    for index in order {
        if chosen.len() < wanted && !chosen.contains(&index) {
            chosen.push(index);
        }
    }
    for index in chosen {
        seen[index] = true;
    }
}

fn is_large_dormitory(candidate: &Candidate) -> bool {
    candidate.facility.kind == FacilityKind::Dormitory && candidate.residents >= LARGE_DORMITORY
}

/// The square root, rounded up.
fn ceil_sqrt(n: usize) -> usize {
    let root = n.isqrt();
    if root * root == n { root } else { root + 1 }
}

/// How many of a facility's workers are heard.
#[must_use]
pub fn interviews(programme: &Programme, workers: u32) -> u32 {
    let rows = &programme.sampling.interviews;
    let row = rows.iter().find(|row| row.workers_up_to.is_none_or(|limit| workers <= limit));
    match row.map(|row| row.interviews) {
        Some(InterviewQuota::Count(count)) => count.min(workers),
        Some(InterviewQuota::All) | None => workers,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::scope::tests::{facility, programme};
    use super::*;

    fn candidate(id: &str, kind: FacilityKind) -> Candidate {
        Candidate { facility: facility(id, kind), residents: 0, seen_last_time: false }
    }

    fn sites(count: usize) -> Vec<Candidate> {
        let whole = candidate("whole", FacilityKind::Whole);
        let sites = (1..=count).map(|n| candidate(&format!("site-{n}"), FacilityKind::Site));
        std::iter::once(whole).chain(sites).collect()
    }

    fn seen(candidates: &[Candidate]) -> Vec<&str> {
        facilities(&programme(), candidates)
            .into_iter()
            .map(|facility| facility.id.as_str())
            .collect()
    }

    #[test]
    fn up_to_three_facilities_all_are_seen_and_the_organisation_as_a_whole_always() {
        assert_eq!(seen(&sites(0)), ["whole"]);
        assert_eq!(seen(&sites(3)), ["whole", "site-1", "site-2", "site-3"]);
    }

    #[test]
    fn beyond_three_the_square_root_rounded_up_is_seen_but_at_least_three() {
        for (count, expected) in [(4, 3), (9, 3), (10, 4), (16, 4), (17, 5), (100, 10), (101, 11)] {
            assert_eq!(seen(&sites(count)).len(), 1 + expected, "{count}");
        }
    }

    #[test]
    fn those_not_seen_last_time_come_first() {
        let mut candidates = sites(5);
        candidates[1].seen_last_time = true;
        candidates[3].seen_last_time = true;
        assert_eq!(seen(&candidates), ["whole", "site-2", "site-4", "site-5"]);
        candidates[4].seen_last_time = true;
        assert_eq!(seen(&candidates), ["whole", "site-1", "site-2", "site-5"]);
    }

    #[test]
    fn every_dormitory_with_ten_residents_is_seen_however_many_there_are() {
        let mut candidates = sites(1);
        for n in 1..=5 {
            let residents = if n == 5 { 9 } else { 10 };
            let dormitory = candidate(&format!("dormitory-{n}"), FacilityKind::Dormitory);
            candidates.push(Candidate { residents, seen_last_time: true, ..dormitory });
        }
        assert_eq!(
            seen(&candidates),
            ["whole", "site-1", "dormitory-1", "dormitory-2", "dormitory-3", "dormitory-4"]
        );
    }

    #[test]
    fn every_kind_in_scope_is_seen() {
        let mut candidates = sites(20);
        candidates.push(Candidate {
            seen_last_time: true,
            ..candidate("dormitory", FacilityKind::Dormitory)
        });
        assert!(seen(&candidates).contains(&"dormitory"));
        assert_eq!(seen(&candidates).len(), 1 + 5);
    }

    #[test]
    fn the_number_of_interviews_follows_the_table_and_never_exceeds_the_workers() {
        for (workers, expected) in [
            (0, 0),
            (1, 1),
            (5, 5),
            (6, 5),
            (15, 5),
            (16, 8),
            (50, 8),
            (51, 12),
            (150, 12),
            (151, 20),
            (u32::MAX, 20),
        ] {
            assert_eq!(interviews(&programme(), workers), expected, "{workers}");
        }
    }

    proptest! {
        #[test]
        fn a_sample_has_all_that_it_must_have(
            kinds in prop::collection::vec((0_usize..2, 0_u32..20, any::<bool>()), 0..40),
        ) {
            let candidates: Vec<Candidate> = kinds
                .into_iter()
                .enumerate()
                .map(|(n, (kind, residents, seen_last_time))| {
                    let kind = [FacilityKind::Site, FacilityKind::Dormitory][kind];
                    Candidate { facility: facility(&n.to_string(), kind), residents, seen_last_time }
                })
                .collect();
            let programme = programme();
            let sample = facilities(&programme, &candidates);
            prop_assert!(sample.len() >= ceil_sqrt(candidates.len()).max(FEWEST).min(candidates.len()));
            for candidate in &candidates {
                prop_assert!(!is_large_dormitory(candidate) || sample.contains(&&candidate.facility));
                prop_assert!(sample.iter().any(|facility| facility.kind == candidate.facility.kind));
            }
        }
    }
}
