//! The rule's expected answers, written by hand, and its properties.

use super::*;
use akashi_schemas::embedded::RESPONSIBLE_HOSTING;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

const CONFORM: Rating = Rating::Conform;
const MINOR: Rating = Rating::Minor;
const MAJOR: Rating = Rating::Major;
const NA: Rating = Rating::NotApplicable;

/// Six criteria of weight 12 in two sections: small enough to count on one's fingers.
static SMALL: LazyLock<Programme> = LazyLock::new(|| {
    let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
    let template = programme["criteria"][0].clone();
    let criterion = |id: &str, section: &str, kind: &str, at: &[&str], weight: u32| {
        let mut criterion = template.clone();
        criterion["id"] = json!(id);
        criterion["section"] = json!(section);
        criterion["kind"] = json!(kind);
        criterion["at"] = json!(at);
        criterion["weight"] = json!(weight);
        criterion["na_grounds"] =
            json!([{"id": "none-here", "en": "None here.", "ja": "該当なし。"}]);
        criterion
    };
    programme["criteria"] = json!([
        criterion("C1", "recruitment", "critical", &["whole"], 4),
        criterion("M1", "recruitment", "mandatory", &["site"], 2),
        criterion("I1", "recruitment", "improvable", &["whole"], 2),
        criterion("I2", "recruitment", "improvable", &["site"], 1),
        criterion("I3", "housing", "improvable", &["dormitory"], 1),
        criterion("I4", "housing", "improvable", &["site", "dormitory"], 2),
    ]);
    let sections = programme["sections"].as_array().expect("sections").iter();
    let used =
        sections.filter(|section| ["recruitment", "housing"].iter().any(|id| section["id"] == *id));
    programme["sections"] = used.cloned().collect();
    let mut levels = programme["levels"].as_array().expect("levels")[..2].to_vec();
    for (level, (minimum, majors, below, section)) in
        levels.iter_mut().zip([(9_000, 0, 1, Some(1)), (6_000, 1, 3, Some(2))])
    {
        level["overall_min"] = json!(minimum);
        level["max_major"] = json!(majors);
        level["max_below"] = json!(below);
        level["max_below_per_section"] = json!(section);
    }
    programme["levels"] = json!(levels);
    Programme::from_json(programme.to_string().as_bytes()).expect("the small programme passes")
});

fn facility(id: &str, kind: FacilityKind) -> Facility {
    Facility { id: id.into(), kind }
}

/// The whole, two sites and a dormitory.
fn facilities() -> Vec<Facility> {
    Vec::from([
        facility("w", FacilityKind::Whole),
        facility("s1", FacilityKind::Site),
        facility("s2", FacilityKind::Site),
        facility("d", FacilityKind::Dormitory),
    ])
}

/// Every pair that must be rated, in the programme's order.
const PAIRS: [(&str, &str); 10] = [
    ("C1", "w"),
    ("M1", "s1"),
    ("M1", "s2"),
    ("I1", "w"),
    ("I2", "s1"),
    ("I2", "s2"),
    ("I3", "d"),
    ("I4", "s1"),
    ("I4", "s2"),
    ("I4", "d"),
];

fn rated(criterion: &str, facility: &str, value: Rating) -> Rated {
    let na_ground = (value == NA).then(|| "none-here".into());
    Rated { criterion: criterion.into(), facility: facility.into(), value, na_ground }
}

/// All conform but for these.
fn all_but(exceptions: &[(&str, &str, Rating)]) -> Vec<Rated> {
    let value = |pair: &(&str, &str)| {
        exceptions
            .iter()
            .find(|(c, f, _)| (*c, *f) == *pair)
            .map_or(CONFORM, |(_, _, value)| *value)
    };
    PAIRS.iter().map(|pair| rated(pair.0, pair.1, value(pair))).collect()
}

/// (what differs from conform, level, score, reason)
type Row = (
    &'static [(&'static str, &'static str, Rating)],
    Option<&'static str>,
    Option<u32>,
    Option<&'static str>,
);

#[test]
fn the_table() {
    let table: [Row; 15] = [
        (&[], Some("leading"), Some(10_000), None),
        // One minor of weight 1: 115/120. Of weight 2: 110/120.
        (&[("I3", "d", MINOR)], Some("leading"), Some(9_583), None),
        (&[("I1", "w", MINOR)], Some("leading"), Some(9_166), None),
        // The worst facility counts, once.
        (&[("I2", "s2", MINOR)], Some("leading"), Some(9_583), None),
        (&[("I2", "s1", MINOR), ("I2", "s2", MINOR)], Some("leading"), Some(9_583), None),
        (&[("I2", "s1", MINOR), ("I2", "s2", MAJOR)], Some("certified"), Some(9_166), None),
        // A major is over the best level's limit though the score would do.
        (&[("I3", "d", MAJOR)], Some("certified"), Some(9_166), None),
        // Two below conform are over the best level's limit, in one section or two.
        (&[("I2", "s1", MINOR), ("I3", "d", MINOR)], Some("certified"), Some(9_166), None),
        // Three below keep the lower level's limits, four do not.
        (
            &[("I1", "w", MINOR), ("I2", "s1", MINOR), ("I3", "d", MINOR)],
            Some("certified"),
            Some(8_333),
            None,
        ),
        (
            &[("I1", "w", MINOR), ("I2", "s1", MINOR), ("I3", "d", MINOR), ("I4", "d", MINOR)],
            None,
            Some(7_500),
            Some("no_level"),
        ),
        // Two majors are over every level's limit.
        (&[("I3", "d", MAJOR), ("I2", "s1", MAJOR)], None, Some(8_333), Some("no_level")),
        // Critical and mandatory refuse whatever the rest is.
        (&[("C1", "w", MINOR)], None, Some(8_333), Some("must_conform")),
        (&[("M1", "s2", MINOR)], None, Some(9_166), Some("must_conform")),
        // Not applicable at one site and conform at the other: it applies. At all: its weight is gone.
        (&[("I2", "s1", NA)], Some("leading"), Some(10_000), None),
        // 8 of 12 apply, less than 7,000 basis points.
        (&[("C1", "w", NA)], None, Some(10_000), Some("too_little_applicable")),
    ];
    for (exceptions, level, score, reason) in table {
        let outcome = apply(&SMALL, &facilities(), &all_but(exceptions));
        let seen =
            (outcome.level.as_deref(), outcome.score, outcome.reason.as_ref().map(Reason::code));
        assert_eq!(seen, (level, score, reason), "{exceptions:?}");
    }
}

#[test]
fn a_kind_without_a_facility_is_left_out() {
    let facilities: Vec<_> =
        facilities().into_iter().filter(|f| f.kind != FacilityKind::Dormitory).collect();
    let ratings: Vec<_> =
        all_but(&[("I1", "w", MINOR)]).into_iter().filter(|r| r.facility != "d").collect();
    let outcome = apply(&SMALL, &facilities, &ratings);
    // 10 of 11: the dormitory's criterion of weight 1 is gone.
    assert_eq!((outcome.level.as_deref(), outcome.score), (Some("leading"), Some(9_090)));
}

#[test]
fn a_refusal_names_every_criterion_that_must_conform() {
    let outcome =
        apply(&SMALL, &facilities(), &all_but(&[("M1", "s1", MAJOR), ("C1", "w", MAJOR)]));
    assert_eq!(outcome.reason, Some(Reason::MustConform(Vec::from(["C1".into(), "M1".into()]))));
}

#[test]
fn sections_say_whether_they_keep_the_limits_of_the_level() {
    let outcome =
        apply(&SMALL, &facilities(), &all_but(&[("I2", "s1", MAJOR), ("I3", "d", MINOR)]));
    assert_eq!(outcome.level.as_deref(), Some("certified"));
    let section = |id: &str, applicable, below, major, keeps_limits| SectionOutcome {
        id: id.into(),
        applicable,
        below,
        major,
        keeps_limits,
    };
    let expected = [section("recruitment", 4, 1, 1, true), section("housing", 2, 1, 0, true)];
    assert_eq!(outcome.sections, expected);

    let refused = apply(&SMALL, &facilities(), &all_but(&[("M1", "s1", MINOR)]));
    let kept: Vec<_> = refused.sections.iter().map(|section| section.keeps_limits).collect();
    assert_eq!(kept, [false, true]);
}

#[track_caller]
fn obstacles(facilities: &[Facility], ratings: &[Rated]) -> Vec<Obstacle> {
    let outcome = apply(&SMALL, facilities, ratings);
    assert_eq!((outcome.level, outcome.score), (None, None));
    assert!(outcome.sections.is_empty());
    match outcome.reason {
        Some(Reason::CannotFollow(obstacles)) => obstacles,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_a_whole_assessment_cannot_be_followed() {
    let (criterion, place) = ("I2".to_string(), "s1".to_string());
    let with = |extra: Rated| {
        let mut ratings = all_but(&[]);
        ratings.push(extra);
        ratings
    };
    let replaced = |rated: Rated| {
        let mut ratings = all_but(&[]);
        ratings[4] = rated;
        ratings
    };
    let ground = |value: Rating, ground: Option<&str>| Rated {
        na_ground: ground.map(Into::into),
        ..rated("I2", "s1", value)
    };
    let no_ground = |ground: Option<&str>| Obstacle::Ground {
        criterion: criterion.clone(),
        facility: place.clone(),
        ground: ground.map(Into::into),
    };

    assert_eq!(
        obstacles(&facilities(), &with(rated("X9", "w", CONFORM))),
        [Obstacle::UnknownCriterion("X9".into())]
    );
    assert_eq!(
        obstacles(&facilities(), &with(rated("I1", "elsewhere", CONFORM))),
        [Obstacle::UnknownFacility("elsewhere".into())]
    );
    assert_eq!(
        obstacles(&facilities(), &with(rated("I1", "d", CONFORM))),
        [Obstacle::OtherKind { criterion: "I1".into(), facility: "d".into() }]
    );
    assert_eq!(
        obstacles(&facilities(), &with(rated("I2", "s1", CONFORM))),
        [Obstacle::RatedTwice { criterion: criterion.clone(), facility: place.clone() }]
    );
    assert_eq!(obstacles(&facilities(), &replaced(ground(NA, None))), [no_ground(None)]);
    assert_eq!(
        obstacles(&facilities(), &replaced(ground(NA, Some("too-dear")))),
        [no_ground(Some("too-dear"))]
    );
    assert_eq!(
        obstacles(&facilities(), &replaced(ground(CONFORM, Some("none-here")))),
        [no_ground(Some("none-here"))]
    );

    let mut twice = facilities();
    twice.push(facility("d", FacilityKind::Dormitory));
    assert_eq!(obstacles(&twice, &all_but(&[])), [Obstacle::FacilityTwice("d".into())]);

    let without_whole: Vec<_> = facilities().into_iter().skip(1).collect();
    let ratings: Vec<_> = all_but(&[]).into_iter().filter(|rated| rated.facility != "w").collect();
    assert_eq!(obstacles(&without_whole, &ratings), [Obstacle::Whole(0)]);
    assert!(obstacles(&[], &[]).contains(&Obstacle::Whole(0)));
}

#[test]
fn the_built_in_ground_is_every_criterions() {
    let mut ratings = all_but(&[]);
    ratings[6] = Rated { value: NA, na_ground: Some(OUT_OF_SCOPE.into()), ..ratings[6].clone() };
    assert_eq!(apply(&SMALL, &facilities(), &ratings).level.as_deref(), Some("leading"));
}

#[test]
fn a_report_of_another_version_cannot_be_followed() {
    let name = ProgrammeRef {
        id: SMALL.id.clone(),
        version: SMALL.version.clone(),
        digest: SMALL.digest(),
    };
    let report = |programme: ProgrammeRef| Ratings {
        programme,
        facilities: facilities(),
        ratings: all_but(&[]),
    };
    assert_eq!(recompute(&SMALL, &report(name.clone())).level.as_deref(), Some("leading"));
    for other in [
        ProgrammeRef { id: "other".into(), ..name.clone() },
        ProgrammeRef { version: "0".into(), ..name.clone() },
        ProgrammeRef { digest: Digest([0; 32]), ..name.clone() },
    ] {
        let reason = recompute(&SMALL, &report(other)).reason;
        assert_eq!(reason, Some(Reason::CannotFollow(Vec::from([Obstacle::OtherProgramme]))));
    }
}

#[test]
fn the_shipped_programme_gives_its_best_level_to_a_company_that_conforms_everywhere() {
    let programme = Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).expect("passes");
    let facilities = facilities();
    let ratings: Vec<_> = programme
        .criteria
        .iter()
        .flat_map(|c| {
            facilities
                .iter()
                .filter(|f| c.at.contains(&f.kind))
                .map(|f| rated(&c.id, &f.id, CONFORM))
        })
        .collect();
    let outcome = apply(&programme, &facilities, &ratings);
    assert_eq!((outcome.level.as_deref(), outcome.score), (Some("leading"), Some(10_000)));
    assert_eq!(outcome.sections.len(), 11);
    let part = apply(&programme, &facilities, &ratings[1..]);
    assert_eq!(part.reason.as_ref().map(Reason::code), Some("cannot_follow"));
}

fn any_rating() -> impl Strategy<Value = Rating> {
    prop_oneof![6 => Just(CONFORM), 2 => Just(MINOR), 1 => Just(MAJOR), 1 => Just(NA)]
}

/// One rating for every pair; criteria that must conform mostly do, so that levels are reached.
fn any_assessment() -> impl Strategy<Value = Vec<Rated>> {
    let value = |criterion: &str| match criterion.starts_with('I') {
        true => any_rating().boxed(),
        false => prop_oneof![20 => Just(CONFORM), 1 => any_rating()].boxed(),
    };
    let values: Vec<_> = PAIRS.iter().map(|(criterion, _)| value(criterion)).collect();
    values.prop_map(|values| {
        PAIRS.iter().zip(values).map(|((c, f), value)| rated(c, f, value)).collect()
    })
}

/// The place of a level among the levels and the refusal; less is better.
fn place(outcome: &Outcome) -> usize {
    let levels = &SMALL.levels;
    outcome.level.as_ref().map_or(levels.len(), |id| {
        levels.iter().position(|level| level.id == *id).expect("a level of the programme")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_better_rating_never_costs_anything(ratings in any_assessment(), at in any::<prop::sample::Index>()) {
        let mut better = ratings.clone();
        let rating = &mut better[at.index(PAIRS.len())];
        rating.value = match rating.value {
            MAJOR => MINOR,
            MINOR => CONFORM,
            unchanged => unchanged,
        };
        let (before, after) = (apply(&SMALL, &facilities(), &ratings), apply(&SMALL, &facilities(), &better));
        prop_assert!(place(&after) <= place(&before), "{before:?} {after:?}");
        prop_assert!(after.score >= before.score);
    }

    #[test]
    fn the_order_of_ratings_and_facilities_does_not_matter(
        (ratings, shuffled) in any_assessment().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
        places in Just(facilities()).prop_shuffle(),
        left_out in 0..3_usize,
    ) {
        prop_assert_eq!(apply(&SMALL, &facilities(), &ratings), apply(&SMALL, &places, &shuffled));
        let (_, part) = shuffled.split_at(left_out);
        let mut sorted = part.to_vec();
        sorted.sort_by(|a, b| (&a.criterion, &a.facility).cmp(&(&b.criterion, &b.facility)));
        prop_assert_eq!(apply(&SMALL, &places, part), apply(&SMALL, &facilities(), &sorted));
    }

    #[test]
    fn the_worst_facility_counts(ratings in any_assessment()) {
        // Every facility rated as the worst one gives the same, but where one was not applicable.
        let worst = |criterion: &str| {
            let values = ratings.iter().filter(|rated| rated.criterion == criterion).map(|rated| rated.value);
            values.max_by_key(|value| [NA, CONFORM, MINOR, MAJOR].iter().position(|known| known == value)).expect("rated")
        };
        let levelled: Vec<_> = PAIRS.iter().map(|(c, f)| rated(c, f, worst(c))).collect();
        prop_assert_eq!(apply(&SMALL, &facilities(), &ratings), apply(&SMALL, &facilities(), &levelled));
    }

    #[test]
    fn critical_and_mandatory_below_conform_refuse(ratings in any_assessment(), at in 0..3_usize, value in prop_oneof![Just(MINOR), Just(MAJOR)]) {
        let mut ratings = ratings;
        ratings[at] = rated(PAIRS[at].0, PAIRS[at].1, value);
        let outcome = apply(&SMALL, &facilities(), &ratings);
        prop_assert_eq!(outcome.level, None);
        prop_assert!(matches!(outcome.reason, Some(Reason::MustConform(_))));
    }

    #[test]
    fn a_level_keeps_its_limits(ratings in any_assessment()) {
        let outcome = apply(&SMALL, &facilities(), &ratings);
        prop_assert_eq!(outcome.level.is_some(), outcome.reason.is_none());
        if let Some(level) = outcome.level.as_deref().and_then(|id| SMALL.level(id)) {
            let total = |of: fn(&SectionOutcome) -> u32| outcome.sections.iter().map(of).sum::<u32>();
            prop_assert!(outcome.score.expect("a score") >= level.overall_min);
            prop_assert!(total(|section| section.below) <= level.max_below);
            prop_assert!(total(|section| section.major) <= level.max_major);
            prop_assert!(outcome.sections.iter().all(|section| section.keeps_limits));
        }
    }

    #[test]
    fn any_missing_pair_cannot_be_followed(ratings in any_assessment(), at in any::<prop::sample::Index>()) {
        let mut ratings = ratings;
        let missing = ratings.remove(at.index(PAIRS.len()));
        let (criterion, facility) = (missing.criterion, missing.facility);
        prop_assert_eq!(obstacles(&facilities(), &ratings), [Obstacle::NotRated { criterion, facility }]);
    }

    #[test]
    fn nothing_applicable_reaches_no_level(count in 0..=PAIRS.len()) {
        // From all not applicable to the weights' threshold; the first criteria weigh most.
        let ratings: Vec<_> = PAIRS.iter().enumerate()
            .map(|(i, (c, f))| rated(c, f, if i < count { NA } else { CONFORM }))
            .collect();
        let outcome = apply(&SMALL, &facilities(), &ratings);
        prop_assert_eq!(outcome.level.is_some(), count == 0);
        if count == PAIRS.len() {
            prop_assert_eq!((outcome.score, outcome.reason.map(|r| r.code())), (None, Some("too_little_applicable")));
        }
    }
}
