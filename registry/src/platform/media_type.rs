//! Which media type a reader wants (RFC 9110, section 12.5.1).

use std::str::FromStr as _;

use axum::http::{HeaderMap, header};
use headers_accept::Accept;
use mediatype::MediaType;

/// What a read offers that has a page: JSON, unless the page is preferred.
const JSON_OR_PAGE: [&str; 2] = ["application/json", "text/html"];

/// Whether the reader prefers a page to JSON.
#[must_use]
pub fn wants_page(headers: &HeaderMap) -> bool {
    preferred(headers, &JSON_OR_PAGE) == Some(JSON_OR_PAGE[1])
}

/// The offer that a reader wants most; none when it takes no offer. Of those it wants alike, the one that
/// it names first. Without the header, or with one that cannot be read, the first offer.
#[must_use]
pub fn preferred<'a>(headers: &HeaderMap, offers: &[&'a str]) -> Option<&'a str> {
    let wish: Vec<_> =
        headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok()).collect();
    let wish = Accept::from_str(&wish.join(","));
    let Some(wish) = wish.ok().filter(|wish| wish.media_types().next().is_some()) else {
        return offers.first().copied();
    };
    let typed: Vec<_> =
        offers.iter().filter_map(|offer| Some((*offer, MediaType::parse(offer).ok()?))).collect();
    let best = wish.negotiate(typed.iter().map(|(_, media_type)| media_type))?;
    typed.iter().find(|(_, media_type)| media_type == best).map(|(offer, _)| *offer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: [&str; 2] = ["application/vc", "application/vc+jwt"];

    #[test]
    fn the_media_type_is_the_one_wanted_most() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let want = |value: &str, offers| {
            let accept = (header::ACCEPT, value.parse().expect("a header"));
            preferred(&HeaderMap::from_iter([accept]), offers)
        };
        assert_eq!(preferred(&HeaderMap::new(), &JSON_OR_PAGE), Some("application/json"));
        assert_eq!(want("*/*", &JSON_OR_PAGE), Some("application/json"));
        assert_eq!(want("", &JSON_OR_PAGE), Some("application/json"));
        assert_eq!(want("no media type", &JSON_OR_PAGE), Some("application/json"));
        assert_eq!(want(browser, &JSON_OR_PAGE), Some("text/html"));
        assert_eq!(want(browser, &FORMS), Some("application/vc"));
        assert_eq!(want("application/vc+jwt", &FORMS), Some("application/vc+jwt"));
        assert_eq!(
            want("application/vc;q=0.1, application/vc+jwt", &FORMS),
            Some("application/vc+jwt")
        );
        assert_eq!(want("*/*, application/vc;q=0", &FORMS), Some("application/vc+jwt"));
        assert_eq!(want("text/html", &FORMS), None);
        assert_eq!(want("application/vc;q=0", &FORMS), None);
        assert_eq!(want("APPLICATION/VC", &FORMS), Some("application/vc"));
    }
}
