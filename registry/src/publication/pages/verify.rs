//! The page that takes a file to verify, and the words with which its script says what came of it.

use akashi_verifier::Verdict;
use akashi_verifier::foreign::Kind;
use akashi_verifier::report::{CheckName, Outcome, Reason, Skipped};
use askama::Template;
use serde_json::{Map, Value, json};

use super::{language, tone};
use crate::platform::pages::View;

/// The form that takes a file to verify.
#[derive(Template)]
#[template(path = "verify.html")]
pub struct VerifyPage<'a> {
    view: &'a View,
    nothing: bool,
    words: String,
}

impl<'a> VerifyPage<'a> {
    /// The page; `nothing` when it was sent with nothing to verify.
    #[must_use]
    pub fn new(view: &'a View, nothing: bool) -> Self {
        // In a page, `<` could end the element that the words stand in.
        let words = words(view).to_string().replace('<', "\\u003c");
        Self { view, nothing, words }
    }
}

/// All that the script may have to say, by the codes of a report. `{name}` is for the script to fill in.
fn words(view: &View) -> Value {
    let own = language(view);
    let reasons = |word: &dyn Fn(Reason) -> &'static str| {
        by_code(Reason::ALL.iter().map(|reason| (reason.code(), word(*reason))))
    };
    let verdicts = |word: &dyn Fn(Verdict) -> &'static str| {
        by_code(Verdict::ALL.map(|verdict| (verdict.as_str(), word(verdict))))
    };
    let outcomes = [
        Outcome::Passed,
        Outcome::Failed(Reason::NotACredential),
        Outcome::NotChecked(Skipped::NotAsked),
    ];
    let skipped = |skipped: Skipped| skipped.sentence(own);
    json!({
        "verdict": verdicts(&|verdict| verdict.heading(own)),
        "advice": verdicts(&|verdict| verdict.advice(own)),
        "tone": verdicts(&|verdict| tone(verdict).as_str()),
        "reason": reasons(&|reason| reason.sentence(own)),
        "asks": reasons(&|reason| reason.verdict().as_str()),
        "kind": by_code(Kind::ALL.iter().map(|kind| (kind.code(), kind.sentence(own)))),
        "check": by_code(CheckName::ALL.map(|name| (name.as_str(), name.heading(own)))),
        "outcome": by_code(outcomes.map(|outcome| (outcome.as_str(), outcome.heading(own)))),
        "skipped": {
            "not_asked": skipped(Skipped::NotAsked),
            "not_authenticated": skipped(Skipped::NotAuthenticated),
            "no_state": view.text("verify-no-state"),
        },
        "as_of": view.with("report-status-as-of", "as_of", "{as_of}"),
        "said": view.format("verify-said", &[("count", "{count}"), ("valid", "{valid}")]),
        "pasted": view.text("verify-pasted"),
        "nothing": view.text("verify-nothing"),
        "refreshed": view.text("verify-refreshed"),
        "refused": view.text("verify-refused"),
        "refused_unused": view.text("verify-refused-unused"),
        "unreachable": view.text("verify-unreachable"),
        "nothing_kept": view.text("verify-nothing-kept"),
    })
}

fn by_code<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    pairs.into_iter().map(|(code, word)| (code.to_owned(), word.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::accounts::rules::Locale;
    use crate::platform::pages::tests::reader;

    #[test]
    fn the_script_has_a_word_for_every_code_of_a_report() {
        for language in Locale::ALL {
            let words = words(&reader(*language, "/verify"));
            for verdict in Verdict::ALL.map(Verdict::as_str) {
                for family in ["verdict", "advice", "tone"] {
                    assert!(words[family][verdict].is_string(), "{family} of {verdict}");
                }
            }
            for reason in Reason::ALL {
                assert!(words["reason"][reason.code()].is_string(), "{}", reason.code());
                assert_eq!(words["asks"][reason.code()], reason.verdict().as_str());
            }
            assert!(words["said"].as_str().is_some_and(|said| said.contains("{count}")));
        }
    }

    #[test]
    fn the_words_cannot_end_the_element_that_they_stand_in() {
        let view = reader(Locale::En, "/verify");
        let page = VerifyPage { view: &view, nothing: false, words: words(&view).to_string() };
        let html = page.render().expect("a page");
        let (_, words) = html.split_once("id=\"words\">").expect("words");
        let (words, _) = words.split_once("</script>").expect("an end");
        let read: Value = serde_json::from_str(words).expect("JSON");
        assert_eq!(read["verdict"]["valid"], Verdict::Valid.heading(language(&view)));
    }
}
