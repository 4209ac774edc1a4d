//! The texts that people read, in the Fluent syntax: `locales/` has a file a language for each part of the registry.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use super::accounts::rules::Locale;

/// The texts of all parts in one language.
macro_rules! texts {
    ($language:literal: $($part:literal),* $(,)?) => {
        concat!($(include_str!(concat!("../../locales/", $part, ".", $language, ".ftl"))),*)
    };
}

/// Both languages, from the same parts.
macro_rules! languages {
    ($($part:literal),* $(,)?) => {
        const ENGLISH: &str = texts!("en": $($part),*);
        const JAPANESE: &str = texts!("ja": $($part),*);
    };
}

languages!("public", "desk", "hearing", "certificate", "people", "search", "mail",);

static TEXTS: LazyLock<[FluentBundle<FluentResource>; 2]> = LazyLock::new(|| {
    let bundle = |language: Locale, source: &str| {
        let language: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        bundle.set_use_isolating(false);
        // What the parser could not read is left out here and found missing by this module's test.
        let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(source.to_owned());
        bundle.add_resource_overriding(resource);
        bundle
    };
    [bundle(Locale::En, ENGLISH), bundle(Locale::Ja, JAPANESE)]
});

/// The text of a key. A key that no file has reads as itself.
#[must_use]
pub fn text(language: Locale, key: &str, facts: &[(&str, &str)]) -> String {
    let [english, japanese] = &*TEXTS;
    let bundle = match language {
        Locale::En => english,
        Locale::Ja => japanese,
    };
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        tracing::error!(key, "a text is missing");
        return key.to_owned();
    };
    let facts: FluentArgs<'_> = facts.iter().copied().collect();
    bundle.format_pattern(pattern, Some(&facts), &mut Vec::new()).into_owned()
}

/// The language that a reader prefers (RFC 9110, section 12.5.4), English when none of ours is
/// named.
#[must_use]
pub fn preferred(headers: &HeaderMap) -> Locale {
    let value = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let wish = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let language = parts.next()?.split('-').next()?.to_ascii_lowercase().parse().ok()?;
        let quality =
            parts.find_map(|p| p.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        quality.filter(|q: &f32| *q > 0.0).map(|quality| (language, quality))
    };
    let best = value.split(',').filter_map(wish).reduce(
        |best, next| {
            if next.1 > best.1 { next } else { best }
        },
    );
    best.map_or(Locale::En, |(language, _)| language)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every key.
    pub(crate) fn all() -> BTreeSet<String> {
        keys(ENGLISH)
    }

    fn keys(source: &str) -> BTreeSet<String> {
        let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
        let name = |line: &str| line.split(" =").next().unwrap_or_default().to_owned();
        source.lines().filter(is_key).map(name).collect()
    }

    #[test]
    fn every_language_has_the_same_texts_and_takes_the_same_facts() {
        assert_eq!(keys(ENGLISH), keys(JAPANESE));
        let facts = |line: &str| -> BTreeSet<String> {
            line.split("{ $")
                .skip(1)
                .filter_map(|t| t.split_once(' '))
                .map(|(f, _)| f.to_owned())
                .collect()
        };
        let line = |source: &'static str, key: &str| {
            source.lines().find(|line| line.starts_with(&format!("{key} ="))).expect("a text")
        };
        for key in keys(ENGLISH) {
            assert_eq!(facts(line(ENGLISH, &key)), facts(line(JAPANESE, &key)), "{key}");
        }
    }

    #[test]
    fn every_text_can_be_read() {
        for source in [ENGLISH, JAPANESE] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
        for key in keys(ENGLISH) {
            for language in Locale::ALL {
                assert_ne!(text(*language, &key, &[("day", "")]), key, "{key} in {language}");
            }
        }
    }

    #[test]
    fn the_reader_s_language_is_the_first_of_ours_that_is_preferred() {
        let language = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, value.parse().expect("a header"));
            preferred(&headers)
        };
        assert_eq!(preferred(&HeaderMap::new()), Locale::En);
        assert_eq!(language("ja"), Locale::Ja);
        assert_eq!(language("ja-JP,en;q=0.8"), Locale::Ja);
        assert_eq!(language("fr, ja;q=0.7, en;q=0.9"), Locale::En);
        assert_eq!(language("de, ja;q=0"), Locale::En);
        assert_eq!(language("…;;q=,"), Locale::En);
    }
}
