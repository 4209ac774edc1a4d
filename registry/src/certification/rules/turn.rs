//! Whose turn it is on an application: everybody who looks at it is told.

use super::application::ApplicationState;
use super::assessment::AssessmentState;
use super::finding::FindingState;
use super::refusal::Mover;

/// Whose turn it is; nobody's once nothing more is to be done. Findings count while they are corrected: who has
/// something to answer goes before who has something to judge. After the grant they still count: what is open then is
/// chased until it is closed.
#[must_use]
pub fn whose(
    application: ApplicationState,
    assessment: Option<AssessmentState>,
    findings: &[FindingState],
) -> Option<Mover> {
    match application {
        ApplicationState::Draft => Some(Mover::Applicant),
        ApplicationState::Submitted | ApplicationState::Accepted => Some(Mover::QualityManager),
        ApplicationState::Assessing => assessing(assessment?, findings),
        ApplicationState::Deciding => Some(Mover::DecisionMaker),
        ApplicationState::Decided => correcting(findings),
        ApplicationState::Closed | ApplicationState::Withdrawn | ApplicationState::Lapsed => None,
    }
}

/// Whose turn it is on the findings of an application; nobody's once all are closed or declined.
fn correcting(findings: &[FindingState]) -> Option<Mover> {
    let judged =
        |state: &FindingState| matches!(state, FindingState::Planned | FindingState::Submitted);
    if findings.iter().any(|state| answers(*state)) {
        return Some(Mover::Applicant);
    }
    findings.iter().any(judged).then_some(Mover::LeadAssessor)
}

fn assessing(assessment: AssessmentState, findings: &[FindingState]) -> Option<Mover> {
    match assessment {
        AssessmentState::Planned | AssessmentState::Open => Some(Mover::LeadAssessor),
        AssessmentState::Findings if findings.iter().any(|state| answers(*state)) => {
            Some(Mover::Applicant)
        }
        AssessmentState::Findings => Some(Mover::LeadAssessor),
        AssessmentState::Review => Some(Mover::Reviewer),
        // A recommendation brings the application to its decision with it.
        AssessmentState::Recommended => Some(Mover::DecisionMaker),
        // The company may take the application back, the body's quality manager says what follows.
        AssessmentState::Aborted => Some(Mover::QualityManager),
    }
}

/// Whether the company has something to do about a finding in this state.
const fn answers(state: FindingState) -> bool {
    matches!(state, FindingState::Open | FindingState::Acting)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: application, assessment, findings, whose turn.
    const TABLE: &str = "
        draft       -            -                  applicant
        submitted   -            -                  quality_manager
        accepted    -            -                  quality_manager
        assessing   planned      -                  lead_assessor
        assessing   open         -                  lead_assessor
        assessing   open         open               lead_assessor
        assessing   findings     open               applicant
        assessing   findings     planned            lead_assessor
        assessing   findings     acting             applicant
        assessing   findings     submitted          lead_assessor
        assessing   findings     submitted,acting   applicant
        assessing   findings     closed,declined    lead_assessor
        assessing   review       closed             reviewer
        assessing   recommended  closed             decision_maker
        assessing   aborted      -                  quality_manager
        deciding    recommended  closed             decision_maker
        decided     recommended  -                  -
        decided     recommended  closed             -
        decided     recommended  acting,closed      applicant
        decided     recommended  open               applicant
        decided     recommended  submitted          lead_assessor
        decided     recommended  submitted,acting   applicant
        decided     recommended  closed,declined    -
        closed      -            -                  -
        withdrawn   open         -                  -
        lapsed      planned      -                  -
    ";

    #[test]
    fn whose_turn_it_is_follows_the_table() {
        let rows: Vec<Vec<&str>> = TABLE
            .lines()
            .map(|line| line.split_whitespace().collect())
            .filter(|row: &Vec<_>| !row.is_empty())
            .collect();
        for row in &rows {
            let [application, assessment, findings, turn] = row[..] else { panic!("{row:?}") };
            let assessment = (assessment != "-").then(|| assessment.parse().expect("a state"));
            let findings: Vec<FindingState> = match findings {
                "-" => Vec::new(),
                words => words.split(',').map(|word| word.parse().expect("a state")).collect(),
            };
            let whose = whose(application.parse().expect("a state"), assessment, &findings);
            assert_eq!(whose.map_or("-", Mover::as_str), turn, "{row:?}");
        }
        for state in ApplicationState::ALL {
            assert!(rows.iter().any(|row| row[0] == state.as_str()), "{state} is not in the table");
        }
        for state in AssessmentState::ALL {
            assert!(rows.iter().any(|row| row[1] == state.as_str()), "{state} is not in the table");
        }
    }
}
