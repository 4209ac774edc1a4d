//! The network: the one place of this program that uses it, and `trust update` alone comes here.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;

use akashi_verifier::Origin;
use akashi_verifier::trust::delta;
use anyhow::{Result, anyhow, bail};
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

    /// What the registry has at a path, of at most so many bytes; none when it has nothing there.
    pub(super) fn get(&self, path: &str, limit: usize) -> Result<Option<Answer>> {
        let url = self.origin.url(path);
        let answer = self.agent.get(&url).header(header::ACCEPT, "application/json").call();
        let mut answer = answer.map_err(|error| unreachable(&url, &error))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => match answer.headers().get(header::LOCATION) {
                // Not followed, wherever it leads: what was named is what is asked.
                Some(to) => bail!(
                    "{url} redirects to {}, which is not followed; name the registry by its own address",
                    String::from_utf8_lossy(to.as_bytes())
                ),
                None => bail!("{url} answers {status}"),
            },
        }
        let media_type = answer.body().mime_type().unwrap_or_default().to_ascii_lowercase();
        if !media_type.ends_with("json") {
            bail!(
                "{url} answers with '{media_type}' in place of JSON, as a network does that wants you to sign in first"
            );
        }
        let mut bytes = Vec::new();
        let reader = answer.body_mut().as_reader();
        reader
            .take(limit as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| unfinished(&url, &error))?;
        if bytes.len() > limit {
            bail!("{url} answers with more than the {limit} bytes that it may have");
        }
        Ok(Some(Answer { is_delta: media_type == delta::MEDIA_TYPE, bytes }))
    }
}

fn unfinished(url: &str, error: &io::Error) -> anyhow::Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<ureq::Error>());
    match cause {
        Some(error @ ureq::Error::Timeout(_)) => unreachable(url, error),
        _ => anyhow!("{url} broke off its answer: {error}"),
    }
}

fn unreachable(url: &str, error: &ureq::Error) -> anyhow::Error {
    match error {
        ureq::Error::Timeout(_) => anyhow!("{url} did not answer in time"),
        error => anyhow!("{url} cannot be reached: {error}"),
    }
}
