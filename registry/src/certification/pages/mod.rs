//! The desk: where people at a browser do what certification takes. Each page loads, authorises and shows; each form is
//! carried out by the handler of the API that does the same.

mod appeal;
mod assessment;
mod case;
mod certificate;
mod certificates;
mod company;
mod complain;
mod complaint;
mod conflicts;
mod decided;
mod decision;
mod evidence;
mod fees;
mod finding;
mod home;
mod mail;
mod may_i_apply;
mod people;
mod sheet;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Display;

use akashi_schemas::{Language, Programme, Rating};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

use crate::certification::rules::appeal::{AppealEvent, AppealOutcome, AppealState};
use crate::certification::rules::application::{
    ApplicationEvent, ApplicationKind, ApplicationState,
};
use crate::certification::rules::assessment::AssessmentState;
use crate::certification::rules::certificate::CertificateState;
use crate::certification::rules::complaint::{ComplaintOutcome, ComplaintState};
use crate::certification::rules::conflict::TieKind;
use crate::certification::rules::decision::DecisionKind;
use crate::certification::rules::decision::SuspensionCause;
use crate::certification::rules::fee::{FeeEvent, FeeState};
use crate::certification::rules::finding::{FindingEvent, FindingState};
use crate::certification::rules::involvement::Involvement;
use crate::certification::rules::refusal::Mover;
use crate::platform::accounts::rules::Locale;
use crate::platform::app::App;
use crate::platform::authorisation::{Actor, Role, Task};
use crate::platform::forms::Forms;
use crate::platform::id::PartyId;
use crate::platform::mail::Kind;
use crate::platform::notes::Shown;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

/// The desk's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(home::routes())
        .merge(mail::routes())
        .merge(company::routes())
        .merge(case::routes())
        .merge(sheet::routes())
        .merge(evidence::routes())
        .merge(assessment::routes())
        .merge(finding::routes())
        .merge(decision::routes())
        .merge(complain::routes())
        .merge(complaint::routes())
        .merge(appeal::routes())
        .merge(decided::routes())
        .merge(fees::routes())
        .merge(certificate::routes())
        .merge(certificates::routes())
        .merge(people::routes())
        .merge(conflicts::routes())
        .merge(may_i_apply::routes())
}

/// The words for what was just done, which an address may name.
pub const DONE: &[&str] = &[
    "accept",
    "return",
    "decline",
    "assign",
    "task",
    "submit",
    "agreement",
    "withdraw",
    "scope",
    "save",
    "start",
    "complete",
    "forward",
    "abort",
    "review",
    "plan",
    "accept-plan",
    "evidence",
    "verify",
    "reject",
    "give-up",
    "extend",
    "more",
    "decision",
    "register",
    "facility",
    "invite",
    "join",
    "refuse-invitation",
    "upload",
    "end-task",
    "competence",
    "acknowledge",
    "resolve",
    "dismiss",
    "appeal",
    "admit",
    "reject-appeal",
    "panel",
    "outcome",
    "quote",
    "invoice",
    "pay",
    "suspend",
    "reinstate",
    "reduce",
    "withdraw-certificate",
    "reissue",
    "terminate",
    "role",
    "end-membership",
    "tie",
    "declare",
];

/// The fields of which a page says what is wrong in a sentence of its own.
pub const FAULTS: &[&str] = &[
    "reason",
    "cause",
    "plan",
    "level",
    "name",
    "address",
    "region",
    "country",
    "identifiers",
    "email",
    "role",
    "visit_from",
    "visit_to",
    "period_from",
    "period_to",
    "until",
    "account",
    "facilities",
    "facts",
    "terms_version",
    "evidence",
    "workers",
    "residents",
    "public_reason",
    "interviews",
    "municipality",
    "names",
    "expires_on",
    "version",
    "answer",
    "grounds",
    "members",
    "item",
    "amount",
    "currency",
    "outcome",
    "findings",
    "party",
    "kind",
    "from",
    "programme",
    "membership",
    "other",
];

/// Everything that may be missing before a move, by its code.
pub const MISSING: &[&str] = &[
    "agreement",
    "facility",
    "whole_organisation",
    "answer",
    "waiting_time",
    "authorisation",
    "competence",
    "role",
    "rotation",
    "reason",
    "public_reason",
    "acceptance",
    "rating",
    "interviews",
    "finding",
    "not_applicable_accepted",
    "cause",
    "plan",
    "evidence",
    "better_rating",
    "first_extension",
    "later_term",
    "level",
    "publish_consent",
    "fitting_decision",
    "review",
    "answered",
    "appeal_term",
    "panel_member",
    "hearing",
    "cause_closed",
    "suspension_term",
    "suspension_until",
    "reduction",
    "voided_credential",
    "validity",
    "other",
];

/// The families of the desk's texts: what a key begins with, and the words that follow.
pub const FAMILIES: &[(&str, &[&str])] = &[
    ("done", DONE),
    ("door", home::DOOR_WORDS),
    ("fault", FAULTS),
    ("missing", MISSING),
    ("held", sheet::HELD),
    ("fact", case::FACTS),
    ("app-state", ApplicationState::WORDS),
    ("app-do", ApplicationState::WORDS),
    ("app-event", ApplicationEvent::WORDS),
    ("app-event", &["end_assignment", "open"]),
    ("application", ApplicationKind::WORDS),
    (
        "turn",
        &[
            "applicant",
            "assessor",
            "lead_assessor",
            "reviewer",
            "decision_maker",
            "quality_manager",
        ],
    ),
    ("task", Task::WORDS),
    ("role", Role::WORDS),
    ("assessment-state", AssessmentState::WORDS),
    ("assessment-do", AssessmentState::WORDS),
    ("finding-state", FindingState::WORDS),
    ("finding-do", FindingState::WORDS),
    ("finding-event", FindingEvent::WORDS),
    ("tie", TieKind::WORDS),
    ("tie-means", conflicts::DECLARED),
    ("may-step", may_i_apply::STEPS),
    ("recommendation", &["grant", "refuse", "continue", "return"]),
    ("decide", &["grant", "refuse", "continue"]),
    ("answer", &["yes", "partly", "no", "not_applicable"]),
    ("rating", Rating::WORDS),
    ("result-why", &["cannot_follow", "must_conform", "too_little_applicable", "no_level"]),
    ("certificate-state", CertificateState::WORDS),
    ("complaint-state", ComplaintState::WORDS),
    ("complaint-outcome", ComplaintOutcome::WORDS),
    ("appeal-state", AppealState::WORDS),
    ("appeal-do", AppealState::WORDS),
    ("appeal-event", AppealEvent::WORDS),
    ("appeal-outcome", AppealOutcome::WORDS),
    ("appeal-undone", appeal::UNDONE),
    ("decision", DecisionKind::WORDS),
    ("fee-state", FeeState::WORDS),
    ("fee-next", FeeEvent::WORDS),
    ("part", &["other_body", "assessed", "reviewed", "decided", "conflict"]),
    ("certificate-state", &["expired"]),
    ("cert-state", CertificateState::WORDS),
    ("cert-state", &["expired"]),
    ("cert-next", CertificateState::WORDS),
    ("cert-next", &["expired", "ending", "proposed"]),
    ("cert-do", certificate::ACTS),
    ("cert-not", certificate::ACTS),
    ("cert-tells", certificate::ACTS),
    ("cert-undo", certificate::ACTS),
    ("cert-field", certificate::FIELDS),
    ("cert-cause", SuspensionCause::WORDS),
    ("cert-hearing", &["heard", "urgent"]),
    ("mail-subject", Kind::WORDS),
    ("mail-body", Kind::WORDS),
];

/// How many things that are missing are named one by one.
const NAMED: usize = 8;

/// What a page says of a form that was not taken.
#[derive(Debug)]
pub(crate) struct Notice {
    title: String,
    lead: String,
    items: Vec<String>,
    more: String,
}

/// What things are called that problems name by id.
#[derive(Debug, Default)]
pub(crate) struct Names {
    facilities: BTreeMap<String, String>,
}

impl Names {
    fn of<I: Display, N: Into<String>>(facilities: impl IntoIterator<Item = (I, N)>) -> Self {
        let named = facilities.into_iter().map(|(id, name)| (id.to_string(), name.into()));
        Self { facilities: named.collect() }
    }

    fn facility<'a>(&'a self, id: &'a str) -> &'a str {
        self.facilities.get(id).map_or(id, String::as_str)
    }
}

impl Notice {
    /// Why the form that came back was not taken, in the reader's words.
    fn of(view: &View, forms: &Forms, names: &Names) -> Option<Self> {
        let problem = forms.problem()?;
        if let Problem::Internal(error) = problem {
            tracing::error!(error = format!("{error:#}"), "a form failed");
        }
        let mut items: Vec<String> = match problem {
            Problem::Incomplete { missing, .. } => {
                missing.iter().map(|item| lacking(view, item, names)).collect()
            }
            Problem::Invalid(members) => {
                members.iter().map(|member| fault(view, &member.place)).collect()
            }
            _ => Vec::new(),
        };
        items.dedup();
        let beyond = items.len().saturating_sub(NAMED);
        items.truncate(NAMED);
        let more =
            if beyond > 0 { view.with("notice-more", "count", beyond) } else { String::new() };
        let lead = match problem {
            Problem::Incomplete { .. } => view.text("notice-incomplete"),
            Problem::Invalid(_) => view.text("notice-invalid"),
            Problem::StaleVersion { .. } | Problem::IdempotencyMismatch => {
                view.text("notice-stale")
            }
            Problem::WrongState { .. } => view.text("notice-wrong-state"),
            Problem::ConflictOfInterest { .. } => view.text("notice-conflict"),
            other => view.word("explain", other.slug()),
        };
        Some(Self { title: view.text("notice-title"), lead, items, more })
    }
}

/// What is missing, in a sentence.
fn lacking(view: &View, item: &Value, names: &Names) -> String {
    let text = |name: &str| match &item[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let code = text("code");
    let code = MISSING.iter().find(|known| **known == code).unwrap_or(&"other");
    let facility = text("facility");
    let facts = [
        ("criterion", text("criterion")),
        ("facility", names.facility(&facility).to_owned()),
        ("planned", text("planned")),
        ("held", text("held")),
        ("until", day_of(view, &text("until"))),
        ("latest", day_of(view, &text("latest"))),
        ("since", day_of(view, &text("since"))),
        ("max", text("max")),
        ("detail", text("detail")),
    ];
    let facts: Vec<(&str, &str)> =
        facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    view.format(&format!("missing-{code}"), &facts)
}

/// What is wrong with a field, by the last word of its place.
fn fault(view: &View, place: &str) -> String {
    let words = place
        .split('/')
        .filter(|word| word.parse::<usize>().is_err() && *word != "text" && *word != "value");
    let field = words.collect::<Vec<_>>().pop().unwrap_or_default();
    let field = FAULTS.iter().find(|known| **known == field).unwrap_or(&"other");
    view.word("fault", field)
}

/// The day of an instant that is written as RFC 3339; the text itself when it is none.
fn day_of(view: &View, instant: &str) -> String {
    instant.parse().map_or_else(|_| instant.to_owned(), |at| view.moment_day(at))
}

/// What was just done, if the address says so.
fn done(visitor: &Visitor) -> Option<String> {
    let word = visitor.done.as_deref()?;
    let known = DONE.iter().find(|known| **known == word)?;
    Some(visitor.view.word("done", known))
}

/// Whether it is somebody's turn on an application: by the role in its company or body, or by a task on it.
fn is_turn_of(
    actor: &Actor,
    (company, body): (&PartyId, &PartyId),
    has: impl Fn(Task) -> bool,
    turn: Mover,
) -> bool {
    match turn {
        Mover::Applicant => actor.holds(Role::Applicant, company),
        Mover::QualityManager => actor.holds(Role::QualityManager, body),
        Mover::LeadAssessor | Mover::Assessor => has(Task::Lead) || has(Task::Assessor),
        Mover::Reviewer => has(Task::Reviewer),
        Mover::DecisionMaker => has(Task::Decider),
        Mover::AppealPanel | Mover::Operator | Mover::Registry => false,
    }
}

/// What part somebody had, as far as it keeps the person from handling a complaint or hearing an appeal, in words.
fn parts(view: &View, involved: &Involvement) -> Vec<String> {
    let mut words: Vec<String> = [
        (!involved.of_body, "other_body"),
        (involved.assessed, "assessed"),
        (involved.reviewed, "reviewed"),
        (involved.decided, "decided"),
    ]
    .into_iter()
    .filter(|(had, _)| *had)
    .map(|(_, word)| view.word("part", word))
    .collect();
    if let Some(conflict) = &involved.conflict {
        let tie = view.word("tie", conflict.kind.as_str());
        words.push(view.with("part-conflict", "tie", tie));
    }
    words
}

/// The language in which a reader reads a programme.
fn language(view: &View) -> Language {
    match view.language() {
        Locale::En => Language::English,
        Locale::Ja => Language::Japanese,
    }
}

/// A level's title; its id when the programme has none such.
fn level_title<'a>(view: &View, programme: &'a Programme, level: &'a str) -> &'a str {
    programme.level(level).map_or(level, |known| known.title.get(language(view)))
}

/// A free text as a page shows it: its language, and the text or that it was erased.
#[derive(Debug)]
pub(crate) struct Said {
    lang: String,
    text: String,
}

impl Said {
    fn of(view: &View, shown: Shown) -> Self {
        match shown {
            Shown::Text(text) => Self { lang: text.lang, text: text.text },
            Shown::Erased { erased_at } => Self {
                lang: view.language().to_string(),
                text: view.with("said-erased", "day", day_of(view, &erased_at)),
            },
        }
    }
}

/// Makes the template of a page with what every page of the desk has: reader, person, forms, and what became of the last.
macro_rules! desk_page {
    ($(#[$meta:meta])* $name:ident<$life:lifetime>, $path:literal { $($(#[$note:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct $name<$life> {
            view: &$life crate::platform::pages::View,
            visitor: &$life crate::platform::visitor::Visitor,
            forms: &$life crate::platform::forms::Forms,
            notice: Option<super::Notice>,
            done: Option<String>,
            $($(#[$note])* $field: $type),*
        }
    };
}
use desk_page;
