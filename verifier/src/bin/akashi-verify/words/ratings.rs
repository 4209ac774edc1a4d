//! What `akashi-verify recompute` says.

use std::path::Path;

use akashi_schemas::Programme;
use akashi_verifier::report::Language::{self, English, Japanese};
use akashi_verifier::rule::{Obstacle, Outcome, Reason, SectionOutcome};

/// That a file is not what it should be; the reader's own words follow.
pub(crate) fn not_a_programme(file: &Path, language: Language) -> String {
    let file = file.display();
    match language {
        English => format!("{file} is not a programme"),
        Japanese => format!("{file} は制度ではありません"),
    }
}

/// Likewise.
pub(crate) fn not_ratings(file: &Path, language: Language) -> String {
    let file = file.display();
    match language {
        English => format!("{file} is not a report of ratings"),
        Japanese => format!("{file} は評価の報告ではありません"),
    }
}

/// Which level the ratings give, how high they score, and why there is none: a line each.
pub(crate) fn outcome(programme: &Programme, outcome: &Outcome, language: Language) -> Vec<String> {
    let level = outcome.level.as_ref().map(|id| {
        let title = programme.level(id).map_or(id.as_str(), |level| level.title.get(language));
        match language {
            English => format!("Level: {id} ({title})"),
            Japanese => format!("水準：{id}（{title}）"),
        }
    });
    let none = if language == English { "Level: none" } else { "水準：なし" };
    let score = outcome.score.map(|score| {
        let (whole, part) = (score / 100, score % 100);
        match language {
            English => format!("Score: {whole}.{part:02} %"),
            Japanese => format!("得点：{whole}.{part:02}％"),
        }
    });
    let reason = outcome.reason.iter().flat_map(|reason| {
        let (head, why) = (if language == English { "Reason: " } else { "理由：" }, reason.code());
        let details = details(reason, language).into_iter().map(|line| format!("  {line}"));
        [format!("{head}{why}")].into_iter().chain(details)
    });
    let sections = outcome.sections.iter().filter(|section| section.below > 0);
    let sections = sections.map(|outcome| section(outcome, language));
    let level = level.unwrap_or_else(|| none.to_owned());
    [level].into_iter().chain(score).chain(reason).chain(sections).collect()
}

fn section(outcome: &SectionOutcome, language: Language) -> String {
    let SectionOutcome { id, below, major, keeps_limits, .. } = outcome;
    match language {
        English => {
            let kept = if *keeps_limits { "within its limits" } else { "over its limits" };
            format!("Section {id}: {below} below conform, {major} of them major, {kept}")
        }
        Japanese => {
            let kept = if *keeps_limits { "限度内" } else { "限度を超過" };
            format!("部門 {id}：不適合{below}件、うち重大{major}件、{kept}")
        }
    }
}

fn details(reason: &Reason, language: Language) -> Vec<String> {
    match (reason, language) {
        (Reason::CannotFollow(obstacles), language) => {
            let lines =
                obstacles.iter().take(FEW).map(|obstacle| self::obstacle(obstacle, language));
            let more = obstacles.len().saturating_sub(FEW);
            lines.chain((more > 0).then(|| self::more(more, language))).collect()
        }
        (Reason::MustConform(criteria), English) => {
            criteria.iter().map(|id| format!("criterion {id} must conform")).collect()
        }
        (Reason::MustConform(criteria), Japanese) => {
            criteria.iter().map(|id| format!("基準 {id} は適合でなければなりません")).collect()
        }
        (Reason::TooLittleApplicable { share, required }, English) => {
            vec![format!("{share} of 10000 of the weight applied, {required} are needed")]
        }
        (Reason::TooLittleApplicable { share, required }, Japanese) => vec![format!(
            "該当した基準の重みは10000分の{share}ですが、10000分の{required}が必要です"
        )],
        _ => Vec::new(),
    }
}

/// So many obstacles are named.
const FEW: usize = 100;

/// That there are more, which are not named.
fn more(count: usize, language: Language) -> String {
    match language {
        English => format!("and at least {count} more"),
        Japanese => format!("ほかに少なくとも{count}件"),
    }
}

fn obstacle(obstacle: &Obstacle, language: Language) -> String {
    match (language, obstacle) {
        (Japanese, Obstacle::OtherProgramme) => "評価は、制度の別の版のものです".to_owned(),
        (Japanese, Obstacle::FacilityTwice(id)) => format!("事業所 {id} が二度載っています"),
        (Japanese, Obstacle::Whole(count)) => {
            format!("組織全体を表すものは一つのはずですが、{count}件あります")
        }
        (Japanese, Obstacle::UnknownCriterion(id)) => format!("基準 {id} は制度にありません"),
        (Japanese, Obstacle::UnknownFacility(id)) => {
            format!("事業所 {id} は事業所の一覧にありません")
        }
        (Japanese, Obstacle::OtherKind { criterion, facility }) => {
            format!("基準 {criterion} は、{facility} のような事業所では評価しません")
        }
        (Japanese, Obstacle::RatedTwice { criterion, facility }) => {
            format!("基準 {criterion} は、{facility} で二度評価されています")
        }
        (Japanese, Obstacle::NotRated { criterion, facility }) => {
            format!("基準 {criterion} は、{facility} で評価されていません")
        }
        (Japanese, Obstacle::Ground { criterion, facility, ground }) => {
            let ground = ground.as_deref().unwrap_or("なし");
            format!("{facility} の基準 {criterion}：「{ground}」は非該当の理由になりません")
        }
        (_, obstacle) => obstacle.to_string(),
    }
}
