//! What can be wrong with a programme, and where.

use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;

use crate::{CriterionKind, Language, Rating};

/// All that is wrong with a programme; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeFaults(pub Vec<Fault>);

impl ProgrammeFaults {
    pub(super) fn unreadable(place: impl Into<String>, error: &serde_json::Error) -> Self {
        Self(vec![Fault { place: place.into(), kind: FaultKind::Unreadable(error.to_string()) }])
    }
}

impl fmt::Display for ProgrammeFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl core::error::Error for ProgrammeFaults {}

/// One fault and its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {kind}", if place.is_empty() { "(document)" } else { place })]
pub struct Fault {
    /// A JSON Pointer (RFC 6901) into the programme; empty for the whole document.
    pub place: String,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What is wrong at a place of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not JSON, or not the shape of a programme; the reader's own words.
    #[error("{0}")]
    Unreadable(String),
    /// A text is absent or blank in a language that every text must have.
    #[error("the text is missing in `{0}`")]
    MissingText(Language),
    /// An identifier that cannot stand in a URL as it is, or is longer than 64 characters.
    #[error(
        "`{0}` is no identifier: use at most 64 letters, digits, `.`, `-` and `_`, and begin with a letter or digit"
    )]
    BadId(String),
    /// An identifier that an earlier one of the same list has.
    #[error("`{0}` stands here already")]
    DuplicateId(String),
    /// A word that stands twice in one list.
    #[error("`{0}` is listed twice")]
    Repeated(String),
    /// A list or a word that must not be empty.
    #[error("this must not be empty")]
    Empty,
    /// A figure that must be more than zero.
    #[error("this must be more than zero")]
    Zero,
    /// A criterion names a section that the programme has not.
    #[error("there is no section `{0}`")]
    UnknownSection(String),
    /// No criterion names the section.
    #[error("no criterion belongs to the section `{0}`")]
    SectionWithoutCriteria(String),
    /// A criterion that weighs nothing would be rated for nothing.
    #[error("a criterion's weight must be more than zero")]
    ZeroWeight,
    /// `all` beside other facts, which then say nothing.
    #[error("`all` stands alone or not at all")]
    AllBesideFacts,
    /// A criterion lists the built-in ground as one of its own.
    #[error("`out_of_scope` is the built-in ground and is listed by no criterion")]
    BuiltInGroundListed,
    /// The built-in ground has another identifier than the one that ratings use.
    #[error("the built-in ground is `out_of_scope`, not `{0}`")]
    BuiltInGroundRenamed(String),
    /// A kind of criterion that by its meaning must conform is not listed so, or one that by its
    /// meaning need not is.
    #[error("`must_conform` lists `critical` and `mandatory` and nothing else; `{0}` is wrong")]
    MustConform(CriterionKind),
    /// A level's rank is not its place in the list, the first being 1.
    #[error("levels stand in the order of their rank: this one's is {0}")]
    LevelRank(usize),
    /// A level asks less than a worse one does.
    #[error("this level asks less here than `{worse}`, which ranks below it")]
    LevelAsksLess {
        /// The level that ranks below and asks more.
        worse: String,
    },
    /// Better ratings give fewer points, or as many: whoever corrects could lose a level.
    #[error(
        "`{better}` must give more points than `{worse}`, or a better rating could lose a level"
    )]
    RatingPoints {
        /// The better rating.
        better: Rating,
        /// The worse rating.
        worse: Rating,
    },
    /// A finding of a lower grade must be further settled than one of a higher grade: whoever
    /// corrects could lose a level.
    #[error(
        "a `{lower}` finding must be settled no further than a `{higher}` one, or a better rating could lose a level"
    )]
    FindingSettlement {
        /// The lower grade.
        lower: &'static str,
        /// The higher grade.
        higher: &'static str,
    },
    /// A limit that another limit of the same level makes void.
    #[error("this limit can never be reached: `{by}` is lower")]
    LimitWithoutEffect {
        /// The member that is lower.
        by: &'static str,
    },
    /// No ratings reach the level: it asks for more than the best ratings give.
    #[error("no ratings can reach this: the most that ratings give is {most}")]
    LevelUnreachable {
        /// The most that can be had, in basis points.
        most: u32,
    },
    /// No ratings reach the level: whatever meets it also meets a better one.
    #[error("no ratings can reach this level: whatever meets it meets `{better}` too")]
    LevelShadowed {
        /// The better level.
        better: String,
    },
    /// A figure in basis points that is more than the whole.
    #[error("a share is at most 10000 basis points")]
    MoreThanWhole,
    /// A list of figures in another order than it must have.
    #[error("the figures must {0}")]
    Order(&'static str),
    /// A term that must not be longer, or a day that must not be later, than another.
    #[error("this must not be after `{0}`")]
    After(&'static str),
}

impl FaultKind {
    /// The stable code of the fault, for messages in other languages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::MissingText(_) => "missing_text",
            Self::BadId(_) => "bad_id",
            Self::DuplicateId(_) => "duplicate_id",
            Self::Repeated(_) => "repeated",
            Self::Empty => "empty",
            Self::Zero => "zero",
            Self::UnknownSection(_) => "unknown_section",
            Self::SectionWithoutCriteria(_) => "section_without_criteria",
            Self::ZeroWeight => "zero_weight",
            Self::AllBesideFacts => "all_beside_facts",
            Self::BuiltInGroundListed => "built_in_ground_listed",
            Self::BuiltInGroundRenamed(_) => "built_in_ground_renamed",
            Self::MustConform(_) => "must_conform",
            Self::LevelRank(_) => "level_rank",
            Self::LevelAsksLess { .. } => "level_asks_less",
            Self::RatingPoints { .. } => "rating_points",
            Self::FindingSettlement { .. } => "finding_settlement",
            Self::LimitWithoutEffect { .. } => "limit_without_effect",
            Self::LevelUnreachable { .. } => "level_unreachable",
            Self::LevelShadowed { .. } => "level_shadowed",
            Self::MoreThanWhole => "more_than_whole",
            Self::Order(_) => "order",
            Self::After(_) => "after",
        }
    }
}
