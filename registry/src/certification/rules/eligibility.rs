//! Whether a company may apply under a programme, from what it says of itself before it registers.

use akashi_schemas::Programme;
use jiff::Timestamp;
use jiff::civil::Date;

use super::dates::Zone;
use super::sampling;

/// What a company says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Whether foreign workers work for it, or live where it houses them.
    pub hosts: bool,
    /// How many.
    pub workers: u32,
    /// At how many places, workplaces and dormitories.
    pub places: u32,
    /// On which day it was last refused by the body to which it would apply.
    pub refused: Option<Date>,
    /// Whether it has an application under way or a certificate in force.
    pub has_case: bool,
}

/// Why it may not apply yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotYet {
    /// There is nobody to be heard: the programme is about hosting foreign workers.
    NobodyHosted,
    /// An application names at least one place.
    NoPlace,
    /// The waiting time after a refusal is not over: its last day.
    Waiting(Date),
}

/// What speaks against applying at a moment; nothing when it may.
#[must_use]
pub fn not_yet(programme: &Programme, zone: &Zone, said: &Said, now: Timestamp) -> Vec<NotYet> {
    let nobody = (!said.hosts || said.workers == 0).then_some(NotYet::NobodyHosted);
    let no_place = (said.places == 0).then_some(NotYet::NoPlace);
    let waiting = said.refused.and_then(|day| {
        let until = zone.after_days(zone.end_of(day), programme.rules.refusal_waiting_days);
        (now <= until).then(|| NotYet::Waiting(zone.day(until)))
    });
    nobody.into_iter().chain(no_place).chain(waiting).collect()
}

/// How many workers are heard when all of them work at one place.
#[must_use]
pub fn heard(programme: &Programme, said: &Said) -> u32 {
    sampling::interviews(programme, said.workers)
}

/// Whether every place is visited, or some of them.
#[must_use]
pub fn all_visited(programme: &Programme, said: &Said) -> bool {
    said.places <= programme.sampling.facilities.all_up_to
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: Said = Said { hosts: true, workers: 6, places: 2, refused: None, has_case: false };

    fn programme() -> Programme {
        Programme::from_json(akashi_schemas::embedded::RESPONSIBLE_HOSTING.as_bytes())
            .expect("a programme")
    }

    fn speaks_against(said: &Said, now: &str) -> Vec<NotYet> {
        let zone = Zone::named("Asia/Tokyo").expect("a zone");
        not_yet(&programme(), &zone, said, now.parse().expect("a time"))
    }

    #[test]
    fn who_hosts_somebody_at_some_place_may_apply() {
        assert_eq!(speaks_against(&SAID, "2026-11-30T00:00:00Z"), []);
        let with_case = Said { has_case: true, ..SAID };
        assert_eq!(
            speaks_against(&with_case, "2026-11-30T00:00:00Z"),
            [],
            "it is asked for advice alone"
        );
    }

    #[test]
    fn without_anybody_hosted_or_any_place_there_is_nothing_to_assess() {
        for (said, expected) in [
            (Said { hosts: false, ..SAID }, NotYet::NobodyHosted),
            (Said { workers: 0, ..SAID }, NotYet::NobodyHosted),
            (Said { places: 0, ..SAID }, NotYet::NoPlace),
        ] {
            assert_eq!(speaks_against(&said, "2026-11-30T00:00:00Z"), [expected], "{said:?}");
        }
    }

    #[test]
    fn after_a_refusal_one_waits_for_90_days_to_the_end_of_the_last_in_the_programme_s_zone() {
        let refused = Said { refused: Some(jiff::civil::date(2026, 9, 1)), ..SAID };
        let last = NotYet::Waiting(jiff::civil::date(2026, 11, 30));
        assert_eq!(speaks_against(&refused, "2026-11-30T14:59:59Z"), [last]);
        assert_eq!(speaks_against(&refused, "2026-11-30T15:00:00Z"), []);
    }

    #[test]
    fn interviews_and_visits_are_those_of_the_programme() {
        let programme = programme();
        for (workers, expected) in [(1, 1), (5, 5), (6, 5), (16, 8), (151, 20)] {
            assert_eq!(heard(&programme, &Said { workers, ..SAID }), expected, "{workers}");
        }
        assert!(all_visited(&programme, &Said { places: 3, ..SAID }));
        assert!(!all_visited(&programme, &Said { places: 4, ..SAID }));
    }
}
