//! How requests are answered, measured for the operator. Names and labels are words of this program and its
//! route patterns: never what a request carries.

use std::fmt;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The upper bounds of the histogram, in seconds: from a read of a row to a slow upload.
const BOUNDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: String,
    status: &'static str,
}

/// How long requests took, by method, route pattern and class of status.
#[derive(Clone)]
pub struct Requests(Family<Labels, Histogram, fn() -> Histogram>);

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Requests")
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BOUNDS)))
    }
}

impl Requests {
    /// Counts an answered request under the pattern of its route.
    pub fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let labels =
            Labels { method: known(method), route: route.to_owned(), status: class(status) };
        self.0.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Adds what was counted so far to what is about to be written.
    pub fn register(&self, registry: &mut Registry) {
        let (name, help) = ("request_duration", "How long requests took to be answered");
        registry.register_with_unit(name, help, Unit::Seconds, self.0.clone());
    }
}

/// The method, if it is one that routes know; a stranger's invention must not make a series.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn a_request_is_counted_by_known_method_pattern_and_class() {
        let requests = Requests::default();
        let took = Duration::from_millis(30);
        requests.answered(&Method::GET, "/status/{list}", StatusCode::NOT_MODIFIED, took);
        let invented = Method::from_bytes(b"BREW").expect("a method");
        requests.answered(&invented, "-", StatusCode::IM_A_TEAPOT, took);
        let (mut registry, mut text) = (Registry::with_prefix("akashi"), String::new());
        requests.register(&mut registry);
        encode(&mut text, &registry).expect("text");
        for line in [
            "akashi_request_duration_seconds_count{method=\"GET\",route=\"/status/{list}\",status=\"3xx\"} 1",
            "akashi_request_duration_seconds_bucket{le=\"0.025\",method=\"GET\",route=\"/status/{list}\",status=\"3xx\"} 0",
            "akashi_request_duration_seconds_bucket{le=\"0.05\",method=\"GET\",route=\"/status/{list}\",status=\"3xx\"} 1",
            "akashi_request_duration_seconds_count{method=\"other\",route=\"-\",status=\"4xx\"} 1",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
