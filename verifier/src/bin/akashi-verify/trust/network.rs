//! The network: the one place of this program that uses it, and `trust update` alone comes here.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;

use akashi_verifier::Origin;
use akashi_verifier::trust::delta;
use ureq::Agent;
use ureq::http::{StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};

/// A registry to be asked.
pub(super) struct Registry {
    origin: Origin,
    agent: Agent,
}

/// What a registry answered.
pub(super) struct Answer {
    /// Whether it is a delta.
    pub(super) is_delta: bool,
    pub(super) bytes: Vec<u8>,
}

/// Why a registry gave nothing that can be looked at.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// Elsewhere, which is not followed, wherever it leads: what was named is what is asked.
    Redirects(String),
    /// With that status.
    Status(String),
    /// With that media type in place of JSON.
    NotJson(String),
    /// With more bytes than these.
    TooLarge(usize),
    /// In part.
    BrokeOff(String),
    TooLate,
    Unreachable(String),
}

impl Registry {
    /// A registry, each of whose answers must have come whole in that time. [`Origin`] allows plain http for this
    /// machine only.
    pub(super) fn new(origin: Origin, timeout: Duration) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("akashi-verify/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { origin, agent }
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What the registry has at a URL of its, of at most so many bytes; none when it has nothing there.
    pub(super) fn get(&self, url: &str, limit: usize) -> Result<Option<Answer>, Unanswered> {
        let answer = self.agent.get(url).header(header::ACCEPT, "application/json").call();
        let mut answer = answer.map_err(|error| unreachable(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => {
                let to = answer.headers().get(header::LOCATION);
                let to = to.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
                let status = || Unanswered::Status(status.to_string());
                return Err(to.map_or_else(status, Unanswered::Redirects));
            }
        }
        let media_type = answer.body().mime_type().unwrap_or_default().to_ascii_lowercase();
        if !media_type.ends_with("json") {
            return Err(Unanswered::NotJson(media_type));
        }
        let mut bytes = Vec::new();
        let reader = answer.body_mut().as_reader();
        reader
            .take(limit as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| unfinished(&error))?;
        match bytes.len() > limit {
            true => Err(Unanswered::TooLarge(limit)),
            false => Ok(Some(Answer { is_delta: media_type == delta::MEDIA_TYPE, bytes })),
        }
    }
}

fn unfinished(error: &io::Error) -> Unanswered {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<ureq::Error>());
    match cause {
        Some(error @ ureq::Error::Timeout(_)) => unreachable(error),
        _ => Unanswered::BrokeOff(error.to_string()),
    }
}

fn unreachable(error: &ureq::Error) -> Unanswered {
    match error {
        ureq::Error::Timeout(_) => Unanswered::TooLate,
        error => Unanswered::Unreachable(error.to_string()),
    }
}
