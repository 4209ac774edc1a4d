//! The residence statuses of foreign workers, and how many have which.

use std::collections::BTreeMap;
use std::fmt;

use akashi_schemas::text_enum;
use serde::{Deserialize, Serialize};

text_enum! {
    /// A residence status that allows work, whole or in part, as the Immigration Services Agency of Japan names it.
    pub enum ResidenceStatus {
        /// Technical Intern Training, (i) to (iii).
        TechnicalInternTraining = "technical_intern_training",
        /// Employment for Skill Development, which follows technical intern training from April 2027.
        EmploymentForSkillDevelopment = "employment_for_skill_development",
        /// Specified Skilled Worker, (i) and (ii).
        SpecifiedSkilledWorker = "specified_skilled_worker",
        /// Engineer, Specialist in Humanities, International Services.
        EngineerHumanitiesInternational = "engineer_humanities_international",
        /// Intra-company Transferee.
        IntraCompanyTransferee = "intra_company_transferee",
        /// Highly Skilled Professional.
        HighlySkilledProfessional = "highly_skilled_professional",
        /// Nursing Care.
        NursingCare = "nursing_care",
        /// Skilled Labor.
        SkilledLabor = "skilled_labor",
        /// Designated Activities.
        DesignatedActivities = "designated_activities",
        /// Student, with permission to work beside their studies.
        Student = "student",
        /// Dependent, with permission to work.
        Dependent = "dependent",
        /// Permanent Resident, special permanent residents included.
        PermanentResident = "permanent_resident",
        /// Spouse or Child of Japanese National.
        SpouseOrChildOfJapaneseNational = "spouse_or_child_of_japanese_national",
        /// Spouse or Child of Permanent Resident.
        SpouseOrChildOfPermanentResident = "spouse_or_child_of_permanent_resident",
        /// Long-Term Resident.
        LongTermResident = "long_term_resident",
        /// Any other, and those of other countries.
        Other = "other",
    }
}

/// How many of a facility's foreign workers have which residence status. Those whose status is not told are counted
/// in the facility's total alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkersByStatus(BTreeMap<ResidenceStatus, u32>);

impl WorkersByStatus {
    /// Whether they are no more than all foreign workers of the facility.
    #[must_use]
    pub fn are_among(&self, workers: i64) -> bool {
        self.0.values().map(|&count| i64::from(count)).sum::<i64>() <= workers
    }
}

impl fmt::Display for WorkersByStatus {
    /// As JSON, the way they are stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl TryFrom<String> for WorkersByStatus {
    type Error = serde_json::Error;

    fn try_from(json: String) -> Result<Self, Self::Error> {
        serde_json::from_str(&json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(json: &str) -> Result<WorkersByStatus, serde_json::Error> {
        json.to_owned().try_into()
    }

    #[test]
    fn counts_are_of_known_statuses() {
        let json = r#"{"technical_intern_training":6,"student":2}"#;
        let read = counts(json).expect("counts");
        assert_eq!(read.to_string(), json);
        for bad in [
            r#"{"trainee":1}"#,
            r#"{"Student":1}"#,
            r#"{"student":-1}"#,
            r#"{"student":1.5}"#,
            r#"{"student":null}"#,
            r#"{"student":4294967296}"#,
        ] {
            assert!(counts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn some_or_all_workers_are_counted_by_status_and_no_more_than_there_are() {
        let eight =
            counts(r#"{"specified_skilled_worker":5,"permanent_resident":3}"#).expect("counts");
        assert!(eight.are_among(9) && eight.are_among(8) && !eight.are_among(7));
        assert!(WorkersByStatus::default().are_among(0));
        let most = counts(r#"{"student":4294967295,"other":4294967295}"#).expect("counts");
        assert!(!most.are_among(i64::from(u32::MAX)));
    }
}
