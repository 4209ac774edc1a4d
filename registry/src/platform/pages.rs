//! Pages: which language a reader is answered in, and how a page becomes a response.

use std::convert::Infallible;
use std::fmt::Display;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;

use super::accounts::rules::Locale;
use super::media_type::wants_page;
use super::problem::Problem;
use super::texts;

/// A reader of pages: the language, and the address being read.
///
/// The language is the one that the query's `lang` names, which links then carry on, or else the one
/// that the browser prefers.
#[derive(Clone, Debug)]
pub struct View {
    language: Locale,
    chosen: bool,
    here: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for View {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, texts::preferred(&parts.headers)))
    }
}

impl View {
    /// The reader of an address, in the language that its query names, or else in this one.
    #[must_use]
    pub fn of(here: &Uri, preferred: Locale) -> Self {
        let query = here.query().unwrap_or_default();
        let named = query.split('&').find_map(|pair| pair.strip_prefix("lang=")?.parse().ok());
        Self { language: named.unwrap_or(preferred), chosen: named.is_some(), here: here.clone() }
    }

    /// A reader of an address who chose a language.
    #[must_use]
    pub fn chosen_in(language: Locale, here: &'static str) -> Self {
        Self { language, chosen: true, here: Uri::from_static(here) }
    }

    /// The language.
    #[must_use]
    pub fn language(&self) -> Locale {
        self.language
    }

    /// The text of a key.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        texts::text(self.language, key, &[])
    }

    /// The text of a key with one fact in it.
    #[must_use]
    pub fn with(&self, key: &str, name: &str, value: impl Display) -> String {
        texts::text(self.language, key, &[(name, &value.to_string())])
    }

    /// The text of a key with several facts in it.
    #[must_use]
    pub fn format(&self, key: &str, facts: &[(&str, &str)]) -> String {
        texts::text(self.language, key, facts)
    }

    /// The text of a family's word: `state-active`.
    #[must_use]
    pub fn word(&self, family: &str, word: &str) -> String {
        texts::text(self.language, &format!("{family}-{word}"), &[])
    }

    /// A path of the registry, in the language that was chosen.
    #[must_use]
    pub fn url(&self, path: impl AsRef<str>) -> String {
        let path = path.as_ref();
        let sign = if path.contains('?') { '&' } else { '?' };
        if self.chosen { format!("{path}{sign}lang={}", self.language) } else { path.to_owned() }
    }

    /// The path below another, in the language that was chosen.
    #[must_use]
    pub fn at(&self, base: impl Display, rest: impl Display) -> String {
        self.url(format!("{base}{rest}"))
    }

    /// The language that was chosen, for a form to carry on.
    #[must_use]
    pub fn chosen(&self) -> Option<&'static str> {
        self.chosen.then_some(self.language.as_str())
    }

    /// The same page in the other languages: code, name, address. The address is the query alone: a path that
    /// begins with `//` would name another host (RFC 3986 §4.2).
    #[must_use]
    pub fn others(&self) -> Vec<(&'static str, &'static str, String)> {
        let names = [(Locale::En, "English"), (Locale::Ja, "日本語")];
        let query = self.here.query().unwrap_or_default().split('&');
        let kept: Vec<_> = query.filter(|p| !p.is_empty() && !p.starts_with("lang=")).collect();
        let address = |language: Locale| {
            let own = format!("lang={language}");
            let pairs: Vec<&str> = kept.iter().copied().chain([own.as_str()]).collect();
            format!("?{}", pairs.join("&"))
        };
        let others = names.into_iter().filter(|(language, _)| *language != self.language);
        others.map(|(language, name)| (language.as_str(), name, address(language))).collect()
    }

    /// A day in words: `25 November 2026`, `2026年11月25日`.
    #[must_use]
    pub fn day(&self, day: Date) -> String {
        let form = match self.language {
            Locale::En => "%-d %B %Y",
            Locale::Ja => "%Y年%-m月%-d日",
        };
        day.strftime(form).to_string()
    }

    /// The day of a moment in words, UTC.
    #[must_use]
    pub fn moment_day(&self, at: Timestamp) -> String {
        self.day(jiff::tz::TimeZone::UTC.to_datetime(at).date())
    }

    /// A moment in words, UTC.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        let form = match self.language {
            Locale::En => "%-d %B %Y, %H:%M UTC",
            Locale::Ja => "%Y年%-m月%-d日 %H:%M (UTC)",
        };
        at.strftime(form).to_string()
    }

    /// A page as a response.
    #[must_use]
    pub fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        let body = match page.render() {
            Ok(body) => body,
            Err(error) => return Problem::internal(error).into_response(),
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_LANGUAGE, HeaderValue::from_static(self.language.as_str())),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, body).into_response()
    }

    /// A problem as a page.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> Response {
        if let Problem::Internal(error) = problem {
            tracing::error!(error = format!("{error:#}"), "a page failed");
        }
        let page =
            ProblemPage { view: self, kind: problem.slug(), detail: Some(problem.to_string()) };
        self.page(problem.status(), &page)
    }
}

/// An answer; a problem as a page for whoever prefers one.
pub fn as_wanted(headers: &HeaderMap, view: &View, result: Result<Response, Problem>) -> Response {
    let mut response = match result {
        Ok(response) => response,
        Err(problem) if wants_page(headers) => view.problem(&problem),
        Err(problem) => problem.into_response(),
    };
    let vary = HeaderValue::from_static("accept, accept-language");
    response.headers_mut().insert(header::VARY, vary);
    response
}

/// What a kind of problem means, and what happened here.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage<'a> {
    /// The reader.
    pub view: &'a View,
    /// The last segment of the problem's `type`.
    pub kind: &'a str,
    /// What happened; none when the kind alone is explained.
    pub detail: Option<String>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Somebody who reads a page in a language that they chose.
    pub(crate) fn reader(language: Locale, here: &'static str) -> View {
        View::chosen_in(language, here)
    }

    #[test]
    fn a_chosen_language_is_carried_on_and_can_be_changed() {
        let view = reader(Locale::Ja, "/certificates?q=a%26b&lang=ja");
        assert_eq!(view.url("/verify"), "/verify?lang=ja");
        assert_eq!(view.url("/certificates?q=a"), "/certificates?q=a&lang=ja");
        assert_eq!(view.others(), [("en", "English", "?q=a%26b&lang=en".to_owned())]);
        assert_eq!(View { chosen: false, ..view }.url("/verify"), "/verify");
    }

    #[test]
    fn a_problem_is_explained_in_each_language() {
        for language in Locale::ALL {
            let view = reader(*language, "/certificates/x");
            for kind in crate::platform::problem::KINDS {
                let detail = Some("<script>".to_owned());
                let html = ProblemPage { view: &view, kind, detail }.render().expect("a page");
                assert!(html.contains(&view.word("problem", kind)), "{kind}");
                assert!(html.contains(&format!("<html lang=\"{language}\"")));
                assert!(!html.contains("<script>"), "a detail is text");
            }
        }
    }
}
