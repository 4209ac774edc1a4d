//! The decision rule: which level ratings give, or why none.
//!
//! The registry calls it when it decides, and anyone who was shown all ratings can call it again. It is pure, counts in
//! integers, and says of whatever it cannot follow why: nothing is guessed or left out.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use akashi_schemas::programme::{Criterion, Level};
use akashi_schemas::{Digest, FacilityKind, OUT_OF_SCOPE, Programme, Rating};
use serde::{Deserialize, Serialize};

/// Basis points in a whole.
const WHOLE: u64 = 10_000;

/// An assessment's report, as far as the rule needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratings {
    /// The programme version that was assessed.
    pub programme: ProgrammeRef,
    /// The facilities assessed.
    pub facilities: Vec<Facility>,
    /// Every rating.
    pub ratings: Vec<Rated>,
}

/// A programme version by its name and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammeRef {
    /// The programme's id.
    pub id: String,
    /// The version.
    pub version: String,
    /// SHA-256 of the canonical form.
    pub digest: Digest,
}

/// A facility assessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facility {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: FacilityKind,
}

/// The rating of one criterion at one facility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// The criterion's id.
    pub criterion: String,
    /// The facility's id.
    pub facility: String,
    /// The rating.
    pub value: Rating,
    /// Why not applicable: one of the criterion's grounds, or [`OUT_OF_SCOPE`]; none for any other rating.
    pub na_ground: Option<String>,
}

/// What the rule gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The id of the best level reached; none without one.
    pub level: Option<String>,
    /// The score in basis points, rounded down; none when it cannot be counted.
    pub score: Option<u32>,
    /// Why no level was reached; none with a level.
    pub reason: Option<Reason>,
    /// The sections, in the programme's order; empty when the ratings cannot be followed.
    pub sections: Vec<SectionOutcome>,
}

/// What a section came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionOutcome {
    /// The section's id.
    pub id: String,
    /// Criteria that were applicable.
    pub applicable: u32,
    /// Criteria below conform, minor and major together.
    pub below: u32,
    /// Criteria rated major.
    pub major: u32,
    /// Whether it keeps the limits of the level reached, or of the lowest where none was.
    pub keeps_limits: bool,
}

/// Why no level was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The ratings are not a whole assessment of the programme; every obstacle found.
    CannotFollow(Vec<Obstacle>),
    /// Criteria that must conform do not; their ids in the programme's order.
    MustConform(Vec<String>),
    /// Too little of the programme applied to the company; both in basis points of the weight.
    TooLittleApplicable {
        /// The share that applied.
        share: u32,
        /// The least share that gives a level.
        required: u32,
    },
    /// No level's conditions all hold.
    NoLevel,
}

impl Reason {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CannotFollow(_) => "cannot_follow",
            Self::MustConform(_) => "must_conform",
            Self::TooLittleApplicable { .. } => "too_little_applicable",
            Self::NoLevel => "no_level",
        }
    }
}

/// Why ratings are not a whole assessment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// They are of another programme, version or digest.
    #[error("the ratings are of another programme version")]
    OtherProgramme,
    /// Two facilities have one id.
    #[error("facility {0} stands twice")]
    FacilityTwice(String),
    /// Not exactly one facility is the organisation as a whole.
    #[error("{0} facilities are the organisation as a whole, not one")]
    Whole(usize),
    /// A rating of a criterion that the programme does not have.
    #[error("criterion {0} is not in the programme")]
    UnknownCriterion(String),
    /// A rating at a facility that is not in the list.
    #[error("facility {0} is not among the facilities")]
    UnknownFacility(String),
    /// A rating at a kind of facility at which the criterion is not rated.
    #[error("criterion {criterion} is not rated at a facility such as {facility}")]
    OtherKind {
        /// The criterion's id.
        criterion: String,
        /// The facility's id.
        facility: String,
    },
    /// Two ratings of one criterion at one facility.
    #[error("criterion {criterion} is rated twice at {facility}")]
    RatedTwice {
        /// The criterion's id.
        criterion: String,
        /// The facility's id.
        facility: String,
    },
    /// No rating where there must be one.
    #[error("criterion {criterion} is not rated at {facility}")]
    NotRated {
        /// The criterion's id.
        criterion: String,
        /// The facility's id.
        facility: String,
    },
    /// Not applicable without a ground of the criterion's, or a ground with another rating.
    #[error("criterion {criterion} at {facility}: {} is no ground for it", ground.as_deref().unwrap_or("none"))]
    Ground {
        /// The criterion's id.
        criterion: String,
        /// The facility's id.
        facility: String,
        /// The ground given.
        ground: Option<String>,
    },
}

/// Applies the rule to an assessment's report, after making sure that it is of this programme version.
#[must_use]
pub fn recompute(programme: &Programme, report: &Ratings) -> Outcome {
    let ProgrammeRef { id, version, digest } = &report.programme;
    if *id != programme.id || *version != programme.version || *digest != programme.digest() {
        return cannot_follow(Vec::from([Obstacle::OtherProgramme]));
    }
    apply(programme, &report.facilities, &report.ratings)
}

/// Applies the programme's rule to the ratings of every applicable (criterion, facility) pair.
///
/// The worst rating over the facilities counts for a criterion; it is not applicable only if it is so everywhere. A criterion
/// for whose kinds there is no facility is left out, of the score and of the share that must apply.
#[must_use]
pub fn apply(programme: &Programme, facilities: &[Facility], ratings: &[Rated]) -> Outcome {
    let table = match Table::fill(programme, facilities, ratings) {
        Ok(table) => table,
        Err(obstacles) => return cannot_follow(obstacles),
    };
    let tally = Tally::count(programme, &table);
    let must_conform: Vec<String> = tally
        .below(|criterion| programme.rules.must_conform.contains(&criterion.kind))
        .map(|criterion| criterion.id.clone())
        .collect();
    let required = programme.rules.applicable_weight_min;
    let share = tally.applicable_share();
    let level = programme.levels.iter().find(|level| tally.reaches(level));

    let reason = if !must_conform.is_empty() {
        Some(Reason::MustConform(must_conform))
    } else if tally.score().is_none() || share < required {
        Some(Reason::TooLittleApplicable { share, required })
    } else if level.is_none() {
        Some(Reason::NoLevel)
    } else {
        None
    };
    let level = level.filter(|_| reason.is_none());
    let limits = level.or(programme.levels.last());
    let sections =
        programme.sections.iter().map(|s| tally.section(programme, &s.id, limits)).collect();
    Outcome { level: level.map(|level| level.id.clone()), score: tally.score(), reason, sections }
}

fn cannot_follow(obstacles: Vec<Obstacle>) -> Outcome {
    Outcome {
        level: None,
        score: None,
        reason: Some(Reason::CannotFollow(obstacles)),
        sections: Vec::new(),
    }
}

/// Pairs that are not rated are looked for until there are so many obstacles: there may be as many pairs as criteria times
/// facilities, which a short report can make too many to hold.
const MAX_OBSTACLES: usize = 1_000;

/// One rating for every pair that must have one, and for no other.
struct Table<'a>(BTreeMap<(&'a str, &'a str), Rating>);

impl<'a> Table<'a> {
    fn fill(
        programme: &Programme,
        facilities: &'a [Facility],
        ratings: &'a [Rated],
    ) -> Result<Self, Vec<Obstacle>> {
        let mut obstacles = Vec::new();
        let mut kinds: BTreeMap<&str, FacilityKind> = BTreeMap::new();
        for facility in facilities {
            if kinds.insert(&facility.id, facility.kind).is_some() {
                obstacles.push(Obstacle::FacilityTwice(facility.id.clone()));
            }
        }
        let wholes =
            facilities.iter().filter(|facility| facility.kind == FacilityKind::Whole).count();
        if wholes != 1 {
            obstacles.push(Obstacle::Whole(wholes));
        }
        let mut rows = BTreeMap::new();
        for rated in ratings {
            obstacles.extend(obstacle(programme, &kinds, rated));
            let pair = (rated.criterion.as_str(), rated.facility.as_str());
            if rows.insert(pair, rated.value).is_some() {
                let (criterion, facility) = (rated.criterion.clone(), rated.facility.clone());
                obstacles.push(Obstacle::RatedTwice { criterion, facility });
            }
        }
        for criterion in &programme.criteria {
            let mut rated_at =
                facilities.iter().filter(|facility| criterion.at.contains(&facility.kind));
            while let (true, Some(facility)) = (obstacles.len() < MAX_OBSTACLES, rated_at.next()) {
                if !rows.contains_key(&(criterion.id.as_str(), facility.id.as_str())) {
                    let (criterion, facility) = (criterion.id.clone(), facility.id.clone());
                    obstacles.push(Obstacle::NotRated { criterion, facility });
                }
            }
        }
        // Sorted and once each, so that the answer does not depend on the order of the ratings.
        match obstacles.into_iter().collect::<BTreeSet<_>>() {
            none if none.is_empty() => Ok(Self(rows)),
            some => Err(some.into_iter().collect()),
        }
    }

    /// The rating that counts for a criterion; `None` when there was no facility to rate it at.
    fn worst(&self, criterion: &Criterion) -> Option<Rating> {
        let first = (criterion.id.as_str(), "");
        let rows = self.0.range(first..).take_while(|((id, _), _)| *id == criterion.id);
        rows.map(|(_, rating)| *rating).max_by_key(|rating| severity(*rating))
    }
}

/// How a rating ranks when several facilities make one.
const fn severity(rating: Rating) -> u8 {
    match rating {
        Rating::NotApplicable => 0,
        Rating::Conform => 1,
        Rating::Minor => 2,
        Rating::Major => 3,
    }
}

/// What is wrong with one rating taken by itself.
fn obstacle(
    programme: &Programme,
    kinds: &BTreeMap<&str, FacilityKind>,
    rated: &Rated,
) -> Option<Obstacle> {
    let (criterion, facility) = (rated.criterion.clone(), rated.facility.clone());
    let Some(known) = programme.criterion(&criterion) else {
        return Some(Obstacle::UnknownCriterion(criterion));
    };
    let Some(kind) = kinds.get(facility.as_str()) else {
        return Some(Obstacle::UnknownFacility(facility));
    };
    if !known.at.contains(kind) {
        return Some(Obstacle::OtherKind { criterion, facility });
    }
    let is_fitting = match (rated.value, rated.na_ground.as_deref()) {
        (Rating::NotApplicable, Some(ground)) => {
            ground == OUT_OF_SCOPE || known.ground(ground).is_some()
        }
        (Rating::NotApplicable, None) => false,
        (_, ground) => ground.is_none(),
    };
    (!is_fitting).then(|| Obstacle::Ground { criterion, facility, ground: rated.na_ground.clone() })
}

/// The criteria with the ratings that count, and their weights.
struct Tally<'a> {
    /// Applicable criteria only.
    applicable: Vec<(&'a Criterion, Rating)>,
    /// Weight of the applicable criteria, and their weight times points.
    weight: u64,
    points: u64,
    /// Weight of every criterion that was rated at all.
    rated_weight: u64,
}

impl<'a> Tally<'a> {
    fn count(programme: &'a Programme, table: &Table<'_>) -> Self {
        let mut tally = Self { applicable: Vec::new(), weight: 0, points: 0, rated_weight: 0 };
        for criterion in &programme.criteria {
            let Some(rating) = table.worst(criterion) else { continue };
            let weight = u64::from(criterion.weight);
            tally.rated_weight += weight;
            if let Some(points) = programme.ratings.of(rating) {
                tally.weight += weight;
                tally.points += weight * u64::from(points);
                tally.applicable.push((criterion, rating));
            }
        }
        tally
    }

    fn below(&self, filter: impl Fn(&Criterion) -> bool) -> impl Iterator<Item = &'a Criterion> {
        let below = self.applicable.iter().filter(|(_, rating)| rating.is_below_conform());
        below.map(|(criterion, _)| *criterion).filter(move |criterion| filter(criterion))
    }

    fn score(&self) -> Option<u32> {
        u32::try_from(self.points.checked_div(self.weight)?).ok()
    }

    /// The weight that applies, in basis points of what was rated.
    fn applicable_share(&self) -> u32 {
        let share = (self.weight * WHOLE).checked_div(self.rated_weight).unwrap_or(0);
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    fn majors(&self, filter: impl Fn(&Criterion) -> bool) -> u32 {
        let is_major = |(criterion, rating): &&(&Criterion, Rating)| {
            *rating == Rating::Major && filter(criterion)
        };
        count(self.applicable.iter().filter(is_major))
    }

    fn reaches(&self, level: &Level) -> bool {
        let section_keeps = |limit: u32| {
            self.applicable.iter().all(|(criterion, _)| {
                count(self.below(|other| other.section == criterion.section)) <= limit
            })
        };
        self.score().is_some_and(|score| score >= level.overall_min)
            && self.majors(|_| true) <= level.max_major
            && count(self.below(|_| true)) <= level.max_below
            && level.max_below_per_section.is_none_or(section_keeps)
    }

    fn section(&self, programme: &Programme, id: &str, limits: Option<&Level>) -> SectionOutcome {
        let within = |criterion: &Criterion| criterion.section == id;
        let below = count(self.below(within));
        let limit = limits.and_then(|level| level.max_below_per_section);
        let refuses = |criterion: &Criterion| {
            within(criterion) && programme.rules.must_conform.contains(&criterion.kind)
        };
        SectionOutcome {
            id: id.to_string(),
            applicable: count(self.applicable.iter().filter(|(criterion, _)| within(criterion))),
            below,
            major: self.majors(within),
            keeps_limits: limit.is_none_or(|limit| below <= limit)
                && count(self.below(refuses)) == 0,
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
