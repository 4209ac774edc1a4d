//! The closed vocabularies of a programme.

use crate::text_enum;

text_enum! {
    /// What a facility is to the company.
    pub enum FacilityKind {
        /// The organisation as a whole.
        Whole = "whole",
        /// A workplace.
        Site = "site",
        /// Housing that the company provides or arranges.
        Dormitory = "dormitory",
    }
}

text_enum! {
    /// How much a criterion weighs in the decision, the gravest first.
    pub enum CriterionKind {
        /// Grave harm: protection starts at once; below conform no level is given.
        Critical = "critical",
        /// Required by law: below conform no level is given, but it may be corrected before the
        /// decision.
        Mandatory = "mandatory",
        /// Good practice: gaps are allowed within the limits of a level.
        Improvable = "improvable",
    }
}

text_enum! {
    /// What an assessor found for one criterion at one facility.
    pub enum Rating {
        /// The requirement is met.
        Conform = "conform",
        /// A gap that is small or isolated.
        Minor = "minor",
        /// A gap that is grave or systematic.
        Major = "major",
        /// The requirement does not apply, on a ground that the criterion lists or that the facts
        /// of the application give.
        NotApplicable = "not_applicable",
    }
}

impl Rating {
    /// Whether the rating is below conform, so that it makes a finding and counts against a level's
    /// limits.
    #[must_use]
    pub const fn is_below_conform(self) -> bool {
        matches!(self, Self::Minor | Self::Major)
    }
}

text_enum! {
    /// What a level attests, in the sense of ISO/IEC 17000: by a third party, or by the company
    /// itself.
    pub enum Attestation {
        /// Third-party attestation of conformity.
        Certification = "certification",
        /// The company's own declaration, which the body has seen.
        Declaration = "declaration",
    }
}

text_enum! {
    /// A language in which every text of a programme exists, as a BCP 47 tag.
    pub enum Language {
        /// English.
        English = "en",
        /// Japanese.
        Japanese = "ja",
    }
}
