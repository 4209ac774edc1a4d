//! What a JSON Schema cannot say: the checks of a programme's meaning.

use core::hash::Hash;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::OUT_OF_SCOPE;
use super::document::{ALL, Criterion, Days, Document, Ground, InterviewQuota, Level, Text};
use super::fault::{Fault, FaultKind};
use crate::{Attestation, CriterionKind, Language, Rating};

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
        self.fault_if(!(first && rest), place, FaultKind::BadId(id.chars().take(64).collect()));
    }

    fn unique_ids<'i>(&mut self, list: &str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            let place = format!("{list}/{index}/id");
            self.id(&place, id);
            self.fault_if(!seen.insert(id), place, FaultKind::DuplicateId(id.to_owned()));
        }
    }

    fn no_repeats<T: Eq + Hash + ToString>(&mut self, list: &str, words: &[T]) {
        let mut seen = HashSet::new();
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Programme;
    use crate::embedded::RESPONSIBLE_HOSTING;

    /// The shipped programme with one value replaced, or one entry added at the end of a list where
    /// the pointer ends in `/-`.
    fn patched(pointer: &str, value: Value) -> String {
        let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
        let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
        match programme.pointer_mut(parent).expect("the parent exists") {
            Value::Array(list) if member == "-" => list.push(value),
            Value::Array(list) => list[member.parse::<usize>().expect("an index")] = value,
            Value::Object(object) => drop(object.insert(member.to_owned(), value)),
            other => panic!("{other} has no members"),
        }
        programme.to_string()
    }

    fn without(pointer: &str) -> String {
        let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
        let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
        let parent =
            programme.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        parent.remove(member).expect("the member exists");
        programme.to_string()
    }

    /// `place: code` of every fault.
    fn faults(programme: &str) -> Vec<String> {
        let faults = Programme::from_json(programme.as_bytes()).expect_err("must be refused");
        faults.0.iter().map(|fault| format!("{}: {}", fault.place, fault.kind.code())).collect()
    }

    #[track_caller]
    fn refused(pointer: &str, value: Value, expected: &[&str]) {
        assert_eq!(faults(&patched(pointer, value)), expected, "{pointer}");
    }

    #[test]
    fn identifiers_stand_once_and_fit_a_url() {
        refused("/criteria/7/id", json!("RH-1.1"), &["/criteria/7/id: duplicate_id"]);
        refused(
            "/sections/-",
            json!({"id": "wages", "title": {"en": "Wages", "ja": "賃金"}}),
            &["/sections/11/id: duplicate_id"],
        );
        refused("/levels/1/id", json!("leading"), &["/levels/1/id: duplicate_id"]);
        for bad in ["", "..", "a b", "a/b", "é", "-a"] {
            refused("/levels/1/id", json!(bad), &["/levels/1/id: bad_id"]);
        }
        refused("/id", json!("a/b"), &["/id: bad_id"]);
        refused("/version", json!(""), &["/version: bad_id"]);
        refused("/criteria/0/topic", json!("social labour"), &["/criteria/0/topic: bad_id"]);
    }

    #[test]
    fn every_section_is_known_and_used() {
        refused(
            "/criteria/0/section",
            json!("recruiting"),
            &["/criteria/0/section: unknown_section"],
        );
        refused(
            "/sections/-",
            json!({"id": "new", "title": {"en": "New", "ja": "新"}}),
            &["/sections/11: section_without_criteria"],
        );
    }

    #[test]
    fn every_text_exists_in_every_language() {
        assert_eq!(
            faults(&without("/criteria/0/requirement/ja")),
            ["/criteria/0/requirement/ja: missing_text"]
        );
        for place in [
            "/title/en",
            "/status_note/ja",
            "/sections/0/title/ja",
            "/kinds/critical/ja",
            "/kinds/mandatory/ja",
            "/kinds/improvable/ja",
            "/facility_kinds/whole/ja",
            "/facility_kinds/site/ja",
            "/facility_kinds/dormitory/ja",
            "/built_in_ground/ja",
            "/levels/2/title/ja",
            "/sampling/note/ja",
            "/sampling/interview_conditions/ja",
            "/criteria/0/title/ja",
            "/criteria/0/method/ja",
            "/criteria/0/guide/conform/ja",
            "/criteria/3/guide/minor/ja",
            "/criteria/0/guide/major/ja",
            "/criteria/0/na_grounds/0/ja",
        ] {
            refused(place, json!(" \u{3000}"), &[&format!("{place}: missing_text")]);
        }
        refused("/languages", json!(["en"]), &["/languages: missing_text"]);
        refused("/languages/-", json!("en"), &["/languages/2: repeated"]);
    }

    #[test]
    fn a_criterion_can_be_rated_and_counts() {
        refused("/criteria/0/weight", json!(0), &["/criteria/0/weight: zero_weight"]);
        refused("/criteria/0/at", json!([]), &["/criteria/0/at: empty"]);
        refused("/criteria/0/at/-", json!("whole"), &["/criteria/0/at/1: repeated"]);
        refused("/criteria/0/applies_to", json!([]), &["/criteria/0/applies_to: empty"]);
        refused(
            "/criteria/0/applies_to/-",
            json!("agents_used"),
            &["/criteria/0/applies_to: all_beside_facts"],
        );
        refused(
            "/criteria/0/evidence",
            json!({"all_of": [], "any_of": []}),
            &["/criteria/0/evidence: empty"],
        );
        refused(
            "/criteria/0/evidence/any_of/-",
            json!("interview"),
            &["/criteria/0/evidence/any_of/1: repeated"],
        );
        refused("/criteria/0/references", json!([]), &["/criteria/0/references: empty"]);
        refused(
            "/criteria/0/references/0/cite",
            json!(""),
            &["/criteria/0/references/0/cite: empty"],
        );
        let reversed = json!({"cite": "Act", "from": "2027-04-02", "until": "2027-04-01"});
        refused("/criteria/0/references/0", reversed, &["/criteria/0/references/0/from: after"]);
    }

    #[test]
    fn a_ground_is_listed_once_and_the_built_in_one_never() {
        let ground = |id: &str| json!({"id": id, "en": "None.", "ja": "なし。"});
        refused(
            "/criteria/0/na_grounds/-",
            ground("no-recruits"),
            &["/criteria/0/na_grounds/1/id: duplicate_id"],
        );
        refused(
            "/criteria/0/na_grounds/-",
            ground("out_of_scope"),
            &["/criteria/0/na_grounds/1/id: built_in_ground_listed"],
        );
        refused(
            "/built_in_ground/id",
            json!("not_in_scope"),
            &["/built_in_ground/id: built_in_ground_renamed"],
        );
    }

    #[test]
    fn a_better_rating_never_loses_a_level() {
        refused("/ratings/minor", json!(10_000), &["/ratings/minor: rating_points"]);
        refused("/ratings/major", json!(6_000), &["/ratings/major: rating_points"]);
        refused(
            "/ratings/conform",
            json!(4_000),
            &[
                "/ratings/minor: rating_points",
                "/levels/0/overall_min: level_unreachable",
                "/levels/1/overall_min: level_unreachable",
                "/levels/2/overall_min: level_unreachable",
            ],
        );
        let place = "/rules/open_findings_at_grant/major: finding_settlement";
        refused("/rules/open_findings_at_grant/critical", json!("accepted plan"), &[place]);
        let place = "/rules/open_findings_at_grant/minor: finding_settlement";
        refused("/rules/open_findings_at_grant/minor", json!("closed and verified"), &[place]);
    }

    #[test]
    fn levels_stand_in_the_order_of_rank() {
        refused("/levels/1/rank", json!(3), &["/levels/1/rank: level_rank"]);
        let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
        programme["levels"].as_array_mut().expect("levels").swap(0, 1);
        assert_eq!(
            faults(&programme.to_string()),
            [
                "/levels/0/rank: level_rank",
                "/levels/0/overall_min: level_asks_less",
                "/levels/0/max_below: level_asks_less",
                "/levels/0/max_below_per_section: level_asks_less",
                "/levels/1/rank: level_rank",
                "/levels/1: level_shadowed",
            ]
        );
    }

    #[test]
    fn a_better_level_asks_at_least_as_much() {
        refused("/levels/0/overall_min", json!(8_400), &["/levels/0/overall_min: level_asks_less"]);
        refused("/levels/0/max_major", json!(1), &["/levels/0/max_major: level_asks_less"]);
        refused("/levels/0/max_below", json!(9), &["/levels/0/max_below: level_asks_less"]);
        refused(
            "/levels/1/max_below_per_section",
            json!(0),
            &["/levels/0/max_below_per_section: level_asks_less", "/levels/1: level_shadowed"],
        );
        refused(
            "/levels/2/max_below_per_section",
            json!(2),
            &["/levels/1/max_below_per_section: level_asks_less"],
        );
        let place = "/levels/0/max_below_per_section";
        let [less, void] =
            ["level_asks_less", "limit_without_effect"].map(|code| format!("{place}: {code}"));
        refused(place, json!(null), &[&less]);
        refused(place, json!(4), &[&void, &less]);
        refused(
            "/levels/0/attestation",
            json!("declaration"),
            &["/levels/0/attestation: level_asks_less"],
        );
    }

    #[test]
    fn every_limit_has_an_effect() {
        refused("/levels/2/max_major", json!(21), &["/levels/2/max_major: limit_without_effect"]);
        refused(
            "/levels/2/max_below_per_section",
            json!(21),
            &["/levels/2/max_below_per_section: limit_without_effect"],
        );
    }

    #[test]
    fn every_level_can_be_reached() {
        refused(
            "/levels/0/overall_min",
            json!(10_001),
            &["/levels/0/overall_min: level_unreachable"],
        );
        refused(
            "/rules/applicable_weight_min",
            json!(10_001),
            &["/rules/applicable_weight_min: level_unreachable"],
        );
        refused("/levels", json!([]), &["/levels: empty"]);
        let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
        let mut twin = programme["levels"][2].clone();
        twin["id"] = json!("twin");
        twin["rank"] = json!(4);
        programme["levels"].as_array_mut().expect("levels").push(twin);
        assert_eq!(faults(&programme.to_string()), ["/levels/3: level_shadowed"]);
    }

    #[test]
    fn where_nothing_may_be_below_conform_the_best_level_hides_the_others() {
        let mut programme: Value = serde_json::from_str(RESPONSIBLE_HOSTING).expect("JSON");
        for criterion in programme["criteria"].as_array_mut().expect("criteria") {
            criterion["kind"] = json!("mandatory");
        }
        assert_eq!(
            faults(&programme.to_string()),
            ["/levels/1: level_shadowed", "/levels/2: level_shadowed"]
        );
    }

    #[test]
    fn critical_and_mandatory_criteria_must_conform_and_no_others() {
        refused("/rules/must_conform", json!(["critical"]), &["/rules/must_conform: must_conform"]);
        refused("/rules/must_conform/-", json!("critical"), &["/rules/must_conform/2: repeated"]);
        refused(
            "/rules/must_conform/-",
            json!("improvable"),
            &[
                "/levels/1: level_shadowed",
                "/levels/2: level_shadowed",
                "/rules/must_conform: must_conform",
            ],
        );
    }

    #[test]
    fn terms_and_tables_make_sense() {
        refused("/zone", json!(""), &["/zone: empty"]);
        refused("/ratings/conform", json!(10_001), &["/ratings/conform: more_than_whole"]);
        refused(
            "/levels/0/valid_months",
            json!(0),
            &["/levels/0/valid_months: zero", "/levels/0/surveillance_months: after"],
        );
        refused(
            "/levels/0/surveillance_months",
            json!(0),
            &["/levels/0/surveillance_months: zero"],
        );
        refused(
            "/levels/0/surveillance_months",
            json!(25),
            &["/levels/0/surveillance_months: after"],
        );
        refused("/rules/score", json!(" "), &["/rules/score: empty"]);
        refused("/rules/appeal_days", json!(0), &["/rules/appeal_days: zero"]);
        let place = "/rules/corrective_action_days/major/plan";
        refused(place, json!(0), &[&format!("{place}: zero")]);
        refused(place, json!(61), &[&format!("{place}: after")]);
        refused(
            "/rules/expiry_notice_days",
            json!([30, 60]),
            &["/rules/expiry_notice_days: order"],
        );
        refused(
            "/sampling/interviews/0/workers_up_to",
            json!(15),
            &["/sampling/interviews: order"],
        );
        refused(
            "/sampling/interviews/0/workers_up_to",
            json!(null),
            &["/sampling/interviews: order"],
        );
        refused(
            "/sampling/interviews/4/workers_up_to",
            json!(500),
            &["/sampling/interviews: order"],
        );
        refused(
            "/sampling/interviews/1/interviews",
            json!(0),
            &["/sampling/interviews/1/interviews: zero"],
        );
        refused("/sampling/interviews", json!([]), &["/sampling/interviews: empty"]);
        refused(
            "/sampling/facilities/always/-",
            json!("whole"),
            &["/sampling/facilities/always/1: repeated"],
        );
    }

    #[test]
    fn a_wrong_shape_is_refused_at_its_place() {
        refused("/criteria/3/kind", json!("grave"), &["/criteria/3/kind: unreadable"]);
        refused("/criteria/3/at/0", json!("roof"), &["/criteria/3/at/0: unreadable"]);
        refused("/criteria/3/weight", json!(-1), &["/criteria/3/weight: unreadable"]);
        refused("/criteria/3/weight", json!(1.5), &["/criteria/3/weight: unreadable"]);
        refused("/levels/0/max_minor", json!(2), &["/levels/0/max_minor: unreadable"]);
        refused("/rules/a~1b", json!(2), &["/rules/a~01b: unreadable"]);
        refused(
            "/criteria/0/na_grounds/0/fr",
            json!("non"),
            &["/criteria/0/na_grounds/0/fr: unreadable"],
        );
        refused("/ratings/not_applicable", json!(0), &["/ratings/not_applicable: unreadable"]);
        refused(
            "/criteria/0/references/0/from",
            json!("2027-02-30"),
            &["/criteria/0/references/0/from: unreadable"],
        );
        refused(
            "/sampling/interviews/0/interviews",
            json!("some"),
            &["/sampling/interviews/0/interviews: unreadable"],
        );
        refused(
            "/rules/open_findings_at_grant/minor",
            json!("soon"),
            &["/rules/open_findings_at_grant/minor: unreadable"],
        );
        assert_eq!(faults(&without("/levels/0/max_below_per_section")), ["/levels/0: unreadable"]);
        assert_eq!(faults(&without("/zone")), [": unreadable"]);
    }

    #[test]
    fn what_is_not_one_programme_is_refused_and_not_repaired() {
        let twice = RESPONSIBLE_HOSTING.replacen(r#""zone":"#, r#""zone": "UTC", "zone":"#, 1);
        assert_eq!(faults(&twice), [": unreadable"]);
        let mut trailing = RESPONSIBLE_HOSTING.to_owned();
        trailing.push_str("{}");
        assert_eq!(faults(&trailing), [": unreadable"]);
        assert_eq!(faults(""), [": unreadable"]);
        refused("/title", json!(["Responsible Hosting", "責任ある受入れ"]), &[": unreadable"]);
        refused("/criteria/0/guide/minor", json!(null), &[": unreadable"]);
        let deep = format!("{}{}", r#"{"id":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(faults(&deep), ["/id: unreadable"]);
        assert!(Programme::from_json(b"\xff\xfe").is_err());
    }

    #[test]
    fn a_fault_reads_as_a_sentence_with_its_place() {
        let text = patched("/levels/0/max_below", json!(9));
        let faults = Programme::from_json(text.as_bytes()).expect_err("must be refused");
        assert_eq!(
            faults.to_string(),
            "/levels/0/max_below: this level asks less here than `certified`, which ranks below it"
        );
    }
}
