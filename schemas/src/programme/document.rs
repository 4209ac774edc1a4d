//! The shape of a programme's JSON. Members that are not known are refused: a word that nobody
//! reads must not look like a rule.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_path_to_error::Segment;

use super::fault::ProgrammeFaults;
use crate::{Attestation, CriterionKind, FacilityKind, Language, Rating, text_enum};

/// Reads the shape and nothing more.
pub(super) fn read(json: &[u8]) -> Result<Document, ProgrammeFaults> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let document = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| ProgrammeFaults::unreadable(pointer(error.path()), error.inner()))?;
    reader.end().map_err(|error| ProgrammeFaults::unreadable("", &error))?;
    Ok(document)
}

/// A reader's path as a JSON Pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// The content of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Document {
    /// The programme's identifier, the same in all its versions.
    pub id: String,
    /// The version, unique under the identifier.
    pub version: String,
    /// The programme's name.
    pub title: Text,
    /// The time zone (IANA name) in which its days begin and end. That the zone exists is checked
    /// where a zone database is at hand.
    pub zone: String,
    /// What a reader should know about the programme's standing.
    pub status_note: Text,
    /// The languages of every text.
    pub languages: Vec<Language>,
    /// The sections, in the order of the checklist.
    pub sections: Vec<Section>,
    /// The criteria, in the order of the checklist.
    pub criteria: Vec<Criterion>,
    /// What each kind of criterion means.
    pub kinds: Kinds,
    /// What each kind of facility means.
    pub facility_kinds: FacilityKinds,
    /// The ground of a not-applicable rating that every criterion has.
    pub built_in_ground: Ground,
    /// The points of each rating.
    pub ratings: Points,
    /// The levels, the best first.
    pub levels: Vec<Level>,
    /// The decision rule's figures, and the terms of the way to a decision.
    pub rules: Rules,
    /// How many facilities are seen and how many workers are heard.
    pub sampling: Sampling,
}

impl Document {
    /// Every fact that an application is asked for: the words in the criteria's `applies_to`, `all`
    /// apart.
    #[must_use]
    pub fn facts(&self) -> BTreeSet<&str> {
        self.criteria
            .iter()
            .flat_map(|criterion| &criterion.applies_to)
            .map(String::as_str)
            .filter(|fact| *fact != ALL)
            .collect()
    }
}

/// The word in `applies_to` for a criterion that applies whatever the facts are.
pub(super) const ALL: &str = "all";

/// A text in every language of a programme. What is absent in the JSON is empty here, so that the
/// check can name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Text {
    en: String,
    ja: String,
}

impl Text {
    /// The text in this language.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Japanese => &self.ja,
        }
    }

    /// The English text.
    #[must_use]
    pub fn english(&self) -> &str {
        &self.en
    }
}

/// A part of the checklist, for which a credential says whether it keeps its limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The section's identifier.
    pub id: String,
    /// Its heading.
    pub title: Text,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// The criterion's identifier.
    pub id: String,
    /// The section it belongs to.
    pub section: String,
    /// How much it weighs in the decision.
    pub kind: CriterionKind,
    /// The kinds of facility at which it is rated.
    pub at: Vec<FacilityKind>,
    /// Its weight in the score; more than zero.
    pub weight: u16,
    /// The topic of the UNTP vocabulary that it belongs to, such as `social.labour`.
    pub topic: String,
    /// Its short name.
    pub title: Text,
    /// What the company shall do.
    pub requirement: Text,
    /// How an assessor finds out.
    pub method: Text,
    /// What each rating looks like.
    pub guide: Guide,
    /// What an assessor looks at.
    pub evidence: EvidenceKinds,
    /// `all`, or the facts of which one must hold for the criterion to apply.
    pub applies_to: Vec<String>,
    /// The grounds on which it may be rated not applicable, beside the built-in one.
    pub na_grounds: Vec<Ground>,
    /// The norms it rests on.
    pub references: Vec<Reference>,
}

impl Criterion {
    /// Whether the criterion applies to a company for which exactly these facts hold.
    #[must_use]
    pub fn applies(&self, facts: &BTreeSet<String>) -> bool {
        self.applies_to.iter().any(|fact| fact == ALL || facts.contains(fact))
    }

    /// The listed ground of this identifier; never the built-in one.
    #[must_use]
    pub fn ground(&self, id: &str) -> Option<&Ground> {
        self.na_grounds.iter().find(|ground| ground.id == id)
    }
}

/// Examples of ratings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// What conform looks like.
    pub conform: Text,
    /// What a minor gap looks like, where there is such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minor: Option<Text>,
    /// What a major gap looks like.
    pub major: Text,
}

/// Kinds of evidence, by their codes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceKinds {
    /// Each of these is looked at.
    pub all_of: Vec<String>,
    /// At least one of these is looked at, when there are any.
    pub any_of: Vec<String>,
}

/// A ground on which a criterion may be rated not applicable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "FlatGround", into = "FlatGround")]
pub struct Ground {
    /// The ground's identifier, unique within its criterion.
    pub id: String,
    /// The ground in words.
    pub text: Text,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FlatGround {
    id: String,
    #[serde(default)]
    en: String,
    #[serde(default)]
    ja: String,
}

impl From<FlatGround> for Ground {
    fn from(FlatGround { id, en, ja }: FlatGround) -> Self {
        Self { id, text: Text { en, ja } }
    }
}

impl From<Ground> for FlatGround {
    fn from(Ground { id, text: Text { en, ja } }: Ground) -> Self {
        Self { id, en, ja }
    }
}

/// A norm, and the days on which it holds when it does not hold always.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The norm and the part of it, as one cites it.
    pub cite: String,
    /// The first day, if there is one.
    #[serde(deserialize_with = "present")]
    pub from: Option<Date>,
    /// The last day, if there is one.
    #[serde(deserialize_with = "present")]
    pub until: Option<Date>,
}

/// What each kind of criterion means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "one text for each variant of CriterionKind, which says what it is"
)]
pub struct Kinds {
    pub critical: Text,
    pub mandatory: Text,
    pub improvable: Text,
}

/// What each kind of facility means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "one text for each variant of FacilityKind, which says what it is")]
pub struct FacilityKinds {
    pub whole: Text,
    pub site: Text,
    pub dormitory: Text,
}

/// The points of each rating in basis points; the better the rating, the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Points for conform.
    pub conform: u32,
    /// Points for minor.
    pub minor: u32,
    /// Points for major.
    pub major: u32,
    /// Always null: what does not apply has no points.
    pub not_applicable: (),
}

impl Points {
    /// The rating's points; none when the criterion does not apply.
    #[must_use]
    pub const fn of(&self, rating: Rating) -> Option<u32> {
        match rating {
            Rating::Conform => Some(self.conform),
            Rating::Minor => Some(self.minor),
            Rating::Major => Some(self.major),
            Rating::NotApplicable => None,
        }
    }
}

/// A level and what it asks for. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// The level's identifier.
    pub id: String,
    /// Its place among the levels; 1 is the best.
    pub rank: u32,
    /// What the level attests.
    pub attestation: Attestation,
    /// Its name.
    pub title: Text,
    /// The lowest score, in basis points.
    pub overall_min: u32,
    /// How many criteria may be rated major.
    pub max_major: u32,
    /// How many criteria may be rated below conform, minor and major together.
    pub max_below: u32,
    /// How many criteria of one section may be rated below conform; none for no limit.
    #[serde(deserialize_with = "present")]
    pub max_below_per_section: Option<u32>,
    /// How long a certificate is valid, in months.
    pub valid_months: u32,
    /// How often the body looks in between, in months.
    pub surveillance_months: u32,
    /// How often the level may be renewed; none for no limit.
    #[serde(deserialize_with = "present")]
    pub renewals_max: Option<u32>,
}

/// A value or an explicit null: a limit that was forgotten must not read as "no limit".
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// The figures of the decision rule and the terms of the way to a decision. The texts state in
/// words what the rule does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// In words: where a criterion is rated.
    pub at: String,
    /// In words: how ratings of several facilities become one.
    pub worst_facility: String,
    /// The kinds of criteria for which any rating below conform refuses every level.
    pub must_conform: Vec<CriterionKind>,
    /// In words: how the score is made.
    pub score: String,
    /// The least share of the total weight that must be applicable, in basis points.
    pub applicable_weight_min: u32,
    /// In words: how the level follows.
    pub level: String,
    /// How far findings must be settled when a level is granted.
    pub open_findings_at_grant: OpenFindings,
    /// The terms of corrective actions.
    pub corrective_action_days: CorrectiveActionDays,
    /// In words: how the days are counted.
    pub days_from: String,
    /// After a refusal, days until a new application.
    pub refusal_waiting_days: u32,
    /// Days after which an idle application lapses.
    pub application_lapse_days: u32,
    /// The longest suspension, in months.
    pub suspension_max_months: u32,
    /// Days to appeal a decision.
    pub appeal_days: u32,
    /// Days to acknowledge a complaint.
    pub complaint_acknowledge_days: u32,
    /// Days to answer a complaint.
    pub complaint_answer_days: u32,
    /// For how many months having advised, employed or trained a company makes a conflict of
    /// interest.
    pub advice_conflict_months: u32,
    /// In how many cycles one assessor may follow the same company.
    pub assessor_cycles_max: u32,
    /// For how many months the version before stays usable.
    pub version_transition_months: u32,
    /// Days before expiry on which the holder is told, falling.
    pub expiry_notice_days: Vec<u32>,
}

/// How far findings of each grade must be settled when a level is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpenFindings {
    /// For critical findings.
    pub critical: Settlement,
    /// For major findings.
    pub major: Settlement,
    /// For minor findings.
    pub minor: Settlement,
}

text_enum! {
    /// How far a finding must be settled when a level is granted, the least first.
    pub enum Settlement {
        /// The assessor has accepted the company's plan.
        PlanAccepted = "accepted plan",
        /// Closed for a certification, an accepted plan for a declaration.
        ByAttestation = "closed and verified for a certification; accepted plan for a declaration",
        /// Corrected, and the correction verified by the assessor.
        Closed = "closed and verified",
    }
}

impl Settlement {
    /// Whether a level of this attestation needs the finding closed; else an accepted plan will do.
    #[must_use]
    pub fn needs_closed(self, attestation: Attestation) -> bool {
        match self {
            Self::PlanAccepted => false,
            Self::ByAttestation => attestation == Attestation::Certification,
            Self::Closed => true,
        }
    }
}

/// The terms of corrective actions for findings of each grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectiveActionDays {
    /// For critical findings.
    pub critical: Days,
    /// For major findings.
    pub major: Days,
    /// For minor findings.
    pub minor: Days,
}

/// Terms in calendar days from the finding's issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// Until the plan is due.
    pub plan: u32,
    /// Until the correction is due.
    pub close: u32,
}

/// How many facilities are seen and how many workers are heard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Where the figures come from.
    pub note: Text,
    /// Which facilities are seen.
    pub facilities: FacilitySampling,
    /// How many workers are heard, by the number of workers.
    pub interviews: Vec<InterviewRow>,
    /// How workers are heard.
    pub interview_conditions: Text,
}

/// Which facilities are seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FacilitySampling {
    /// Kinds of which every facility is seen, and which are not counted.
    pub always: Vec<FacilityKind>,
    /// Up to this number of other facilities, all are seen.
    pub all_up_to: u32,
    /// How the choice is made beyond that number.
    pub beyond: FacilityChoice,
}

text_enum! {
    /// How facilities are chosen when there are too many to see all.
    pub enum FacilityChoice {
        /// The square root of their number rounded up, at least three; every dormitory with ten
        /// residents or more; those not seen last time first.
        SquareRoot = "ceil(sqrt(n)), at least 3; every dormitory with ten residents or more; those not seen last time first",
    }
}

/// A row of the interview table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InterviewRow {
    /// The row holds up to this number of workers; none for any number.
    #[serde(deserialize_with = "present")]
    pub workers_up_to: Option<u32>,
    /// How many of them are heard.
    pub interviews: InterviewQuota,
}

/// How many workers are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterviewQuota {
    /// Every worker.
    All,
    /// This many.
    Count(u32),
}

impl<'de> Deserialize<'de> for InterviewQuota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Quota;

        impl de::Visitor<'_> for Quota {
            type Value = InterviewQuota;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a number of interviews or \"all\"")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<InterviewQuota, E> {
                if word == ALL {
                    Ok(InterviewQuota::All)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(word), &self))
                }
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<InterviewQuota, E> {
                u32::try_from(count)
                    .map(InterviewQuota::Count)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(count), &self))
            }
        }

        deserializer.deserialize_any(Quota)
    }
}

impl Serialize for InterviewQuota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str(ALL),
            Self::Count(count) => serializer.serialize_u32(*count),
        }
    }
}
