//! A programme's page: what a company is assessed against, and what each level asks for.

use akashi_schemas::programme::{Criterion, Level, Section, Text};
use akashi_schemas::{CriterionKind, FacilityKind, Programme, Rating};
use askama::Template;

use super::language;
use crate::platform::pages::View;

/// One published version of a programme.
#[derive(Template)]
#[template(path = "programme.html")]
pub struct ProgrammePage<'a> {
    view: &'a View,
    programme: &'a Programme,
    title: &'a str,
    standing: &'a str,
    /// The least share of all weight that must apply for a level.
    applicable: String,
    levels: Vec<LevelRow<'a>>,
    kinds: Vec<KindRow<'a>>,
    corrections: Vec<CorrectionRow>,
    sections: Vec<SectionPart<'a>>,
}

/// What a level asks for, and for how long it is given.
struct LevelRow<'a> {
    title: &'a str,
    score: String,
    max_major: u32,
    max_below: u32,
    per_section: Option<u32>,
    months: u32,
}

/// What a kind of criterion means.
struct KindRow<'a> {
    kind: CriterionKind,
    text: &'a str,
}

/// How long a company has to plan and to finish a correction, in days.
struct CorrectionRow {
    grade: String,
    plan: u32,
    close: u32,
}

struct SectionPart<'a> {
    id: &'a str,
    title: &'a str,
    criteria: Vec<CriterionPart<'a>>,
}

struct CriterionPart<'a> {
    id: &'a str,
    kind: CriterionKind,
    title: &'a str,
    requirement: &'a str,
    method: &'a str,
    guide: Vec<(Rating, &'a str)>,
    at: Vec<FacilityKind>,
    grounds: Vec<&'a str>,
    references: Vec<&'a str>,
}

impl<'a> ProgrammePage<'a> {
    /// The page of a programme, in the reader's language.
    pub fn new(view: &'a View, programme: &'a Programme) -> Self {
        let text = |text: &'a Text| text.get(language(view));
        let kinds = &programme.kinds;
        let kinds = [
            (CriterionKind::Critical, &kinds.critical),
            (CriterionKind::Mandatory, &kinds.mandatory),
            (CriterionKind::Improvable, &kinds.improvable),
        ];
        Self {
            view,
            programme,
            title: text(&programme.title),
            standing: text(&programme.status_note),
            applicable: percent(programme.rules.applicable_weight_min),
            levels: programme.levels.iter().map(|level| level_row(level, &text)).collect(),
            kinds: kinds.map(|(kind, means)| KindRow { kind, text: text(means) }).into(),
            corrections: corrections(view, programme),
            sections: programme
                .sections
                .iter()
                .map(|section| section_part(section, programme, &text))
                .collect(),
        }
    }
}

fn level_row<'a>(level: &'a Level, text: &impl Fn(&'a Text) -> &'a str) -> LevelRow<'a> {
    LevelRow {
        title: text(&level.title),
        score: percent(level.overall_min),
        max_major: level.max_major,
        max_below: level.max_below,
        per_section: level.max_below_per_section,
        months: level.valid_months,
    }
}

/// Basis points as a percentage, without a fraction where there is none.
fn percent(basis_points: u32) -> String {
    match (basis_points / 100, basis_points % 100) {
        (whole, 0) => format!("{whole}%"),
        (whole, rest) => format!("{whole}.{rest:02}%"),
    }
}

fn corrections(view: &View, programme: &Programme) -> Vec<CorrectionRow> {
    let days = &programme.rules.corrective_action_days;
    [("critical", days.critical), ("major", days.major), ("minor", days.minor)]
        .map(|(grade, days)| CorrectionRow {
            grade: view.word("grade", grade),
            plan: days.plan,
            close: days.close,
        })
        .into()
}

fn section_part<'a>(
    section: &'a Section,
    programme: &'a Programme,
    text: &impl Fn(&'a Text) -> &'a str,
) -> SectionPart<'a> {
    let own = programme.criteria.iter().filter(|criterion| criterion.section == section.id);
    SectionPart {
        id: &section.id,
        title: text(&section.title),
        criteria: own.map(|criterion| criterion_part(criterion, text)).collect(),
    }
}

fn criterion_part<'a>(
    criterion: &'a Criterion,
    text: &impl Fn(&'a Text) -> &'a str,
) -> CriterionPart<'a> {
    let guide = &criterion.guide;
    let conform = Some((Rating::Conform, text(&guide.conform)));
    let minor = guide.minor.as_ref().map(|minor| (Rating::Minor, text(minor)));
    let major = Some((Rating::Major, text(&guide.major)));
    CriterionPart {
        id: &criterion.id,
        kind: criterion.kind,
        title: text(&criterion.title),
        requirement: text(&criterion.requirement),
        method: text(&criterion.method),
        guide: [conform, minor, major].into_iter().flatten().collect(),
        at: criterion.at.clone(),
        grounds: criterion.na_grounds.iter().map(|ground| text(&ground.text)).collect(),
        references: criterion.references.iter().map(|norm| &*norm.cite).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::programme;
    use super::*;
    use crate::platform::accounts::rules::Locale;
    use crate::platform::pages::tests::reader;

    #[test]
    fn a_programme_s_page_has_every_level_section_and_criterion_in_the_reader_s_language() {
        let programme = programme();
        for locale in Locale::ALL {
            let view = reader(*locale, "/programmes/responsible-hosting/2026.2");
            let html = ProgrammePage::new(&view, &programme).render().expect("a page");
            // What a template escapes is escaped here too.
            let shows = |text: &Text| {
                let text = text.get(language(&view)).replace('&', "&#38;").replace('\'', "&#39;");
                html.contains(&text.replace('"', "&#34;").replace('<', "&#60;"))
            };
            assert!(html.contains(&format!("<html lang=\"{locale}\"")));
            assert!(shows(&programme.title) && shows(&programme.status_note));
            for level in &programme.levels {
                assert!(shows(&level.title), "{}", level.id);
            }
            for criterion in &programme.criteria {
                assert!(html.contains(&format!("id=\"{}\"", criterion.id)));
                for text in [&criterion.title, &criterion.requirement, &criterion.guide.major] {
                    assert!(shows(text), "{} in {locale}", criterion.id);
                }
            }
            assert!(html.contains(&programme.digest().to_string()));
        }
    }

    #[test]
    fn a_level_says_in_figures_what_it_asks_for() {
        let programme = programme();
        let view = reader(Locale::En, "/programmes/responsible-hosting/2026.2");
        let page = ProgrammePage::new(&view, &programme);
        let figures = |row: &LevelRow<'_>| {
            (row.score.clone(), row.max_major, row.max_below, row.per_section, row.months)
        };
        // Those of the checklist, by hand.
        assert_eq!(figures(&page.levels[0]), ("95%".into(), 0, 3, Some(1), 24));
        assert_eq!(figures(&page.levels[2]), ("70%".into(), 5, 20, None, 12));
        assert_eq!(percent(8_505), "85.05%");
        assert_eq!(page.applicable, "70%");
        let critical = &page.corrections[0];
        assert_eq!((critical.plan, critical.close), (14, 60));
    }
}
