//! Public reads: entity tags and caching.

use akashi_schemas::Digest;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::platform::problem::Problem;

/// The number of the last log leaf that an answer reflects.
static AKASHI_LEAF: HeaderName = HeaderName::from_static("akashi-leaf");

/// The media types of the secured forms.
pub(super) const SECURED: [&str; 2] = ["application/vc", "application/vc+jwt"];

/// A public answer. Whoever has it already is told so (304).
pub(super) struct Public {
    media_type: &'static str,
    bytes: Bytes,
    max_age_s: u32,
    leaf: Option<i64>,
}

impl Public {
    /// Bytes of a media type, to be asked for anew after a minute.
    pub(super) fn new(media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { media_type, bytes: bytes.into(), max_age_s: 60, leaf: None }
    }

    /// A value as JSON.
    pub(super) fn json(value: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self::new("application/json", serde_json::to_vec(value).map_err(Problem::internal)?))
    }

    /// What never changes under its address.
    pub(super) fn lasting(self) -> Self {
        Self { max_age_s: 24 * 60 * 60, ..self }
    }

    /// States the last log leaf that the answer reflects; a negative number is none.
    pub(super) fn at_leaf(self, leaf: i64) -> Self {
        Self { leaf: (leaf >= 0).then_some(leaf), ..self }
    }

    /// The response to a request with these headers.
    pub(super) fn answer(self, request: &HeaderMap) -> Response {
        let digest = Digest::of(&self.bytes).to_string();
        let etag = format!("\"{}\"", &digest[..32]);
        let seen =
            request.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let same = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == etag;
        let mut response = match seen.split(',').map(str::trim).any(same) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([(header::CONTENT_TYPE, self.media_type)], self.bytes).into_response(),
        };
        let headers = response.headers_mut();
        headers.extend([
            (header::ETAG, text(&etag)),
            (header::CACHE_CONTROL, text(&format!("public, max-age={}", self.max_age_s))),
            (header::VARY, HeaderValue::from_static("accept, accept-language")),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        ]);
        if let Some(leaf) = self.leaf {
            headers.insert(&AKASHI_LEAF, HeaderValue::from(leaf));
        }
        response
    }
}

/// A header value of printable ASCII.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header"))])
    }

    #[test]
    fn who_has_it_already_is_told_so() {
        let answer =
            |request: &HeaderMap| Public::new("text/plain", "one").at_leaf(7).answer(request);
        let first = answer(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()["akashi-leaf"], "7");
        assert_eq!(first.headers()[header::CACHE_CONTROL], "public, max-age=60");
        let etag = first.headers()[header::ETAG].to_str().expect("ASCII").to_owned();
        for seen in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
            let again = answer(&headers(header::IF_NONE_MATCH, &seen));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{seen}");
            assert_eq!(again.headers()[header::ETAG], etag.as_str());
        }
        assert_eq!(answer(&headers(header::IF_NONE_MATCH, "\"x\"")).status(), StatusCode::OK);
    }

    #[test]
    fn no_leaf_is_stated_before_the_first() {
        let answer = Public::new("text/plain", "one").at_leaf(-1).answer(&HeaderMap::new());
        assert!(!answer.headers().contains_key("akashi-leaf"));
    }
}
