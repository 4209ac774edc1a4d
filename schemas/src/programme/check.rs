//! What a JSON Schema cannot say: the checks of a programme's meaning.

#[cfg(test)]
mod tests;

use alloc::borrow::ToOwned as _;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::OUT_OF_SCOPE;
use super::document::{ALL, Criterion, Days, Document, Ground, InterviewQuota, Level, Text};
use super::fault::{Fault, FaultKind};
use crate::{Attestation, CriterionKind, Language, Rating};

/// The longest identifier, in characters.
const LONGEST_ID: usize = 64;

/// All that is wrong with the programme, in the order of reading.
pub(super) fn faults(programme: &Document) -> Vec<Fault> {
    let mut check = Check { programme, faults: Vec::new() };
    check.head();
    check.sections();
    check.criteria();
    check.ratings();
    check.levels();
    check.rules();
    check.sampling();
    check.faults
}

struct Check<'a> {
    programme: &'a Document,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, place: impl Into<String>, kind: FaultKind) {
        self.faults.push(Fault { place: place.into(), kind });
    }

    fn fault_if(&mut self, wrong: bool, place: impl Into<String>, kind: FaultKind) {
        if wrong {
            self.fault(place, kind);
        }
    }

    fn text(&mut self, place: &str, text: &Text) {
        for &language in Language::ALL {
            let blank = text.get(language).trim().is_empty();
            self.fault_if(blank, format!("{place}/{language}"), FaultKind::MissingText(language));
        }
    }

    fn id(&mut self, place: &str, id: &str) {
        let first = id.starts_with(|c: char| c.is_ascii_alphanumeric());
        let rest = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        let short = id.len() <= LONGEST_ID;
        let shown = || id.chars().take(LONGEST_ID).collect();
        self.fault_if(!(first && rest && short), place, FaultKind::BadId(shown()));
    }

    fn unique_ids<'i>(&mut self, list: &str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            let place = format!("{list}/{index}/id");
            self.id(&place, id);
            self.fault_if(!seen.insert(id), place, FaultKind::DuplicateId(id.to_owned()));
        }
    }

    fn no_repeats<T: Ord + ToString>(&mut self, list: &str, words: &[T]) {
        let mut seen = BTreeSet::new();
        for (index, word) in words.iter().enumerate() {
            self.fault_if(
                !seen.insert(word),
                format!("{list}/{index}"),
                FaultKind::Repeated(word.to_string()),
            );
        }
    }

    fn head(&mut self) {
        let programme = self.programme;
        self.id("/id", &programme.id);
        self.id("/version", &programme.version);
        self.text("/title", &programme.title);
        self.fault_if(programme.zone.is_empty(), "/zone", FaultKind::Empty);
        self.text("/status_note", &programme.status_note);
        for language in
            Language::ALL.iter().filter(|language| !programme.languages.contains(language))
        {
            self.fault("/languages", FaultKind::MissingText(*language));
        }
        self.no_repeats("/languages", &programme.languages);
        let kinds = &programme.kinds;
        self.text("/kinds/critical", &kinds.critical);
        self.text("/kinds/mandatory", &kinds.mandatory);
        self.text("/kinds/improvable", &kinds.improvable);
        let facility_kinds = &programme.facility_kinds;
        self.text("/facility_kinds/whole", &facility_kinds.whole);
        self.text("/facility_kinds/site", &facility_kinds.site);
        self.text("/facility_kinds/dormitory", &facility_kinds.dormitory);
        let ground = &programme.built_in_ground;
        let renamed = FaultKind::BuiltInGroundRenamed(ground.id.clone());
        self.fault_if(ground.id != OUT_OF_SCOPE, "/built_in_ground/id", renamed);
        self.text("/built_in_ground", &ground.text);
    }

    fn sections(&mut self) {
        let programme = self.programme;
        self.fault_if(programme.sections.is_empty(), "/sections", FaultKind::Empty);
        self.unique_ids("/sections", programme.sections.iter().map(|section| section.id.as_str()));
        let used: BTreeSet<&str> =
            programme.criteria.iter().map(|criterion| criterion.section.as_str()).collect();
        for (index, section) in programme.sections.iter().enumerate() {
            let place = format!("/sections/{index}");
            self.text(&format!("{place}/title"), &section.title);
            let unused = !used.contains(section.id.as_str());
            self.fault_if(unused, place, FaultKind::SectionWithoutCriteria(section.id.clone()));
        }
    }

    fn criteria(&mut self) {
        let programme = self.programme;
        self.fault_if(programme.criteria.is_empty(), "/criteria", FaultKind::Empty);
        self.unique_ids(
            "/criteria",
            programme.criteria.iter().map(|criterion| criterion.id.as_str()),
        );
        let sections: BTreeSet<&str> =
            programme.sections.iter().map(|section| section.id.as_str()).collect();
        for (index, criterion) in programme.criteria.iter().enumerate() {
            let place = format!("/criteria/{index}");
            let unknown = !sections.contains(criterion.section.as_str());
            self.fault_if(
                unknown,
                format!("{place}/section"),
                FaultKind::UnknownSection(criterion.section.clone()),
            );
            self.fault_if(criterion.weight == 0, format!("{place}/weight"), FaultKind::ZeroWeight);
            self.criterion_texts(&place, criterion);
            self.criterion_lists(&place, criterion);
            self.grounds(&format!("{place}/na_grounds"), &criterion.na_grounds);
            self.references(&format!("{place}/references"), criterion);
        }
    }

    fn criterion_texts(&mut self, place: &str, criterion: &Criterion) {
        self.text(&format!("{place}/title"), &criterion.title);
        self.text(&format!("{place}/requirement"), &criterion.requirement);
        self.text(&format!("{place}/method"), &criterion.method);
        self.text(&format!("{place}/guide/conform"), &criterion.guide.conform);
        if let Some(minor) = &criterion.guide.minor {
            self.text(&format!("{place}/guide/minor"), minor);
        }
        self.text(&format!("{place}/guide/major"), &criterion.guide.major);
        self.id(&format!("{place}/topic"), &criterion.topic);
    }

    fn criterion_lists(&mut self, place: &str, criterion: &Criterion) {
        let at = format!("{place}/at");
        self.fault_if(criterion.at.is_empty(), &at, FaultKind::Empty);
        self.no_repeats(&at, &criterion.at);

        let applies_to = format!("{place}/applies_to");
        self.fault_if(criterion.applies_to.is_empty(), &applies_to, FaultKind::Empty);
        self.words(&applies_to, &criterion.applies_to);
        let all_beside =
            criterion.applies_to.len() > 1 && criterion.applies_to.iter().any(|fact| fact == ALL);
        self.fault_if(all_beside, applies_to, FaultKind::AllBesideFacts);

        let evidence = &criterion.evidence;
        let none = evidence.all_of.is_empty() && evidence.any_of.is_empty();
        self.fault_if(none, format!("{place}/evidence"), FaultKind::Empty);
        self.words(&format!("{place}/evidence/all_of"), &evidence.all_of);
        self.words(&format!("{place}/evidence/any_of"), &evidence.any_of);
        for (index, kind) in
            evidence.any_of.iter().enumerate().filter(|(_, kind)| evidence.all_of.contains(kind))
        {
            self.fault(
                format!("{place}/evidence/any_of/{index}"),
                FaultKind::Repeated(kind.clone()),
            );
        }
    }

    fn words(&mut self, list: &str, words: &[String]) {
        for (index, word) in words.iter().enumerate() {
            self.id(&format!("{list}/{index}"), word);
        }
        self.no_repeats(list, words);
    }

    fn grounds(&mut self, list: &str, grounds: &[Ground]) {
        self.unique_ids(list, grounds.iter().map(|ground| ground.id.as_str()));
        for (index, ground) in grounds.iter().enumerate() {
            let place = format!("{list}/{index}");
            self.fault_if(
                ground.id == OUT_OF_SCOPE,
                format!("{place}/id"),
                FaultKind::BuiltInGroundListed,
            );
            self.text(&place, &ground.text);
        }
    }

    fn references(&mut self, list: &str, criterion: &Criterion) {
        self.fault_if(criterion.references.is_empty(), list, FaultKind::Empty);
        for (index, reference) in criterion.references.iter().enumerate() {
            let place = format!("{list}/{index}");
            self.fault_if(
                reference.cite.trim().is_empty(),
                format!("{place}/cite"),
                FaultKind::Empty,
            );
            let reversed = matches!((reference.from, reference.until), (Some(from), Some(until)) if from > until);
            self.fault_if(reversed, format!("{place}/from"), FaultKind::After("until"));
        }
    }

    fn ratings(&mut self) {
        let points = self.programme.ratings;
        self.fault_if(points.conform > WHOLE, "/ratings/conform", FaultKind::MoreThanWhole);
        for [better, worse] in [[Rating::Conform, Rating::Minor], [Rating::Minor, Rating::Major]] {
            let losable = points.of(worse) >= points.of(better);
            self.fault_if(
                losable,
                format!("/ratings/{worse}"),
                FaultKind::RatingPoints { better, worse },
            );
        }
    }

    fn levels(&mut self) {
        let levels = &self.programme.levels;
        self.fault_if(levels.is_empty(), "/levels", FaultKind::Empty);
        self.unique_ids("/levels", levels.iter().map(|level| level.id.as_str()));
        for (index, level) in levels.iter().enumerate() {
            let place = format!("/levels/{index}");
            self.text(&format!("{place}/title"), &level.title);
            let rank = index + 1;
            self.fault_if(
                usize::try_from(level.rank) != Ok(rank),
                format!("{place}/rank"),
                FaultKind::LevelRank(rank),
            );
            self.level_terms(&place, level);
            self.level_limits(&place, level);
            if let Some(worse) = levels.get(rank) {
                self.asks_no_less(&place, level, worse);
            }
            self.reachable(&place, index);
        }
    }

    fn level_terms(&mut self, place: &str, level: &Level) {
        self.fault_if(level.valid_months == 0, format!("{place}/valid_months"), FaultKind::Zero);
        let surveillance = format!("{place}/surveillance_months");
        self.fault_if(level.surveillance_months == 0, &surveillance, FaultKind::Zero);
        self.fault_if(
            level.surveillance_months > level.valid_months,
            surveillance,
            FaultKind::After("valid_months"),
        );
    }

    fn level_limits(&mut self, place: &str, level: &Level) {
        let by = "max_below";
        let void = FaultKind::LimitWithoutEffect { by };
        self.fault_if(
            level.max_major > level.max_below,
            format!("{place}/max_major"),
            void.clone(),
        );
        let section_void = level.max_below_per_section.is_some_and(|limit| limit > level.max_below);
        self.fault_if(section_void, format!("{place}/max_below_per_section"), void);
    }

    /// Levels are nested: whoever meets one meets every worse one, so that "at least this level"
    /// has one meaning.
    fn asks_no_less(&mut self, place: &str, level: &Level, worse: &Level) {
        let (own, other) = (Demands::written(level), Demands::written(worse));
        let members = [
            ("overall_min", own.overall_min < other.overall_min),
            ("max_major", own.max_major > other.max_major),
            ("max_below", own.max_below > other.max_below),
            ("max_below_per_section", own.max_below_per_section > other.max_below_per_section),
            (
                "attestation",
                (level.attestation, worse.attestation)
                    == (Attestation::Declaration, Attestation::Certification),
            ),
        ];
        for (member, _) in members.into_iter().filter(|(_, less)| *less) {
            self.fault(
                format!("{place}/{member}"),
                FaultKind::LevelAsksLess { worse: worse.id.clone() },
            );
        }
    }

    fn reachable(&mut self, place: &str, index: usize) {
        let levels = &self.programme.levels;
        let most = self.programme.ratings.conform;
        let out_of_reach = levels[index].overall_min > most;
        self.fault_if(
            out_of_reach,
            format!("{place}/overall_min"),
            FaultKind::LevelUnreachable { most },
        );
        let own = Demands::effective(self.programme, &levels[index]);
        let shadow = levels[..index]
            .iter()
            .find(|better| Demands::effective(self.programme, better).met_whenever(&own));
        if let Some(better) = shadow {
            self.fault(place, FaultKind::LevelShadowed { better: better.id.clone() });
        }
    }

    fn rules(&mut self) {
        let rules = &self.programme.rules;
        for (member, words) in [
            ("at", &rules.at),
            ("worst_facility", &rules.worst_facility),
            ("score", &rules.score),
            ("level", &rules.level),
            ("days_from", &rules.days_from),
        ] {
            self.fault_if(words.trim().is_empty(), format!("/rules/{member}"), FaultKind::Empty);
        }
        let unreachable = FaultKind::LevelUnreachable { most: WHOLE };
        self.fault_if(
            rules.applicable_weight_min > WHOLE,
            "/rules/applicable_weight_min",
            unreachable,
        );
        for &kind in CriterionKind::ALL {
            let wrong = rules.must_conform.contains(&kind) != (kind != CriterionKind::Improvable);
            self.fault_if(wrong, "/rules/must_conform", FaultKind::MustConform(kind));
        }
        self.no_repeats("/rules/must_conform", &rules.must_conform);
        self.settlements();
        self.terms();
    }

    fn settlements(&mut self) {
        let open = self.programme.rules.open_findings_at_grant;
        for [(higher, above), (lower, below)] in [
            [("critical", open.critical), ("major", open.major)],
            [("major", open.major), ("minor", open.minor)],
        ] {
            let kind = FaultKind::FindingSettlement { lower, higher };
            self.fault_if(below > above, format!("/rules/open_findings_at_grant/{lower}"), kind);
        }
    }

    fn terms(&mut self) {
        let rules = &self.programme.rules;
        let days = rules.corrective_action_days;
        for (grade, Days { plan, close }) in
            [("critical", days.critical), ("major", days.major), ("minor", days.minor)]
        {
            let place = format!("/rules/corrective_action_days/{grade}/plan");
            self.fault_if(plan == 0, &place, FaultKind::Zero);
            self.fault_if(plan > close, place, FaultKind::After("close"));
        }
        for (member, term) in [
            ("application_lapse_days", rules.application_lapse_days),
            ("suspension_max_months", rules.suspension_max_months),
            ("appeal_days", rules.appeal_days),
            ("complaint_acknowledge_days", rules.complaint_acknowledge_days),
            ("complaint_answer_days", rules.complaint_answer_days),
            ("assessor_cycles_max", rules.assessor_cycles_max),
        ] {
            self.fault_if(term == 0, format!("/rules/{member}"), FaultKind::Zero);
        }
        let falling = rules.expiry_notice_days.is_sorted_by(|before, after| before > after);
        self.fault_if(!falling, "/rules/expiry_notice_days", FaultKind::Order("fall"));
    }

    fn sampling(&mut self) {
        let sampling = &self.programme.sampling;
        self.text("/sampling/note", &sampling.note);
        self.text("/sampling/interview_conditions", &sampling.interview_conditions);
        self.no_repeats("/sampling/facilities/always", &sampling.facilities.always);
        let last = sampling.interviews.last();
        self.fault_if(last.is_none(), "/sampling/interviews", FaultKind::Empty);
        // An open row reads as the highest number, so that it can only be the last.
        let limits = sampling.interviews.iter().map(|row| row.workers_up_to.unwrap_or(u32::MAX));
        let open = last.is_none_or(|row| row.workers_up_to.is_none());
        let order = FaultKind::Order("rise, and the last and only the last row is open (null)");
        self.fault_if(
            !(open && limits.is_sorted_by(|before, after| before < after)),
            "/sampling/interviews",
            order,
        );
        for (index, row) in sampling.interviews.iter().enumerate() {
            let nobody = row.interviews == InterviewQuota::Count(0);
            self.fault_if(
                nobody,
                format!("/sampling/interviews/{index}/interviews"),
                FaultKind::Zero,
            );
        }
    }
}

/// The whole, in basis points.
const WHOLE: u32 = 10_000;

/// What a level asks of the ratings. No limit is the highest number.
struct Demands {
    overall_min: u32,
    max_major: u32,
    max_below: u32,
    max_below_per_section: u32,
}

impl Demands {
    /// As the programme writes them.
    fn written(level: &Level) -> Self {
        Self {
            overall_min: level.overall_min,
            max_major: level.max_major,
            max_below: level.max_below,
            max_below_per_section: level.max_below_per_section.unwrap_or(u32::MAX),
        }
    }

    /// As they work: a limit above the number of criteria that may be below conform at all is that
    /// number, and where nothing may be below conform the score is that of conform.
    fn effective(programme: &Document, level: &Level) -> Self {
        let mut improvable: BTreeMap<&str, u32> = BTreeMap::new();
        for criterion in programme
            .criteria
            .iter()
            .filter(|one| !programme.rules.must_conform.contains(&one.kind))
        {
            *improvable.entry(&criterion.section).or_default() += 1;
        }
        let written = Self::written(level);
        let most_in_one = improvable.values().copied().max().unwrap_or_default();
        let max_below_per_section = written.max_below_per_section.min(most_in_one);
        let room: u32 = improvable.values().map(|&count| count.min(max_below_per_section)).sum();
        let max_below = written.max_below.min(room);
        let overall_min =
            if max_below == 0 { programme.ratings.conform } else { written.overall_min };
        Self {
            overall_min,
            max_major: written.max_major.min(max_below),
            max_below,
            max_below_per_section,
        }
    }

    /// Whether ratings that meet `other` always meet these demands too.
    fn met_whenever(&self, other: &Self) -> bool {
        self.overall_min <= other.overall_min
            && self.max_major >= other.max_major
            && self.max_below >= other.max_below
            && self.max_below_per_section >= other.max_below_per_section
    }
}
