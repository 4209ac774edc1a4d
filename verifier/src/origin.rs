//! The registry's origin: scheme, host and port under which everything public stands.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// Below the origin, what precedes a certificate's number.
pub(crate) const CERTIFICATES: &str = "/certificates/";
/// Below the origin, what precedes a programme's id and version.
pub(crate) const PROGRAMMES: &str = "/programmes/";

/// `http://localhost:8080` or `https://registry.example`: no path, no trailing slash.
///
/// Fixed at the first start, because issued credentials name it for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is not a usable origin.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OriginError {
    /// Not `http://` or `https://` followed by a host.
    #[error("'{0}' is not an origin: write it like https://registry.example, without a path")]
    Form(String),
    /// A numeric address: did:web allows none.
    #[error("'{0}' names an IP address, which did:web does not allow: use a host name")]
    Address(String),
    /// Plain http for a host that is not this machine.
    #[error("'{0}' is not https: only http://localhost may do without")]
    NotHttps(String),
}

impl Origin {
    /// The whole origin.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port (`localhost:8080`), as the log's name carries them.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// An absolute URL of a path that begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// A certificate's page, for life: the `id` of a credential's subject.
    #[must_use]
    pub fn certificate(&self, number: &str) -> String {
        self.url(&format!("{CERTIFICATES}{number}"))
    }

    /// A credential's `id`.
    #[must_use]
    pub fn credential(&self, id: &str) -> String {
        self.url(&format!("/credentials/{id}"))
    }

    /// A programme, over all its versions.
    #[must_use]
    pub fn programme(&self, id: &str) -> String {
        self.url(&format!("{PROGRAMMES}{id}"))
    }

    /// A programme's version.
    #[must_use]
    pub fn programme_version(&self, id: &str, version: &str) -> String {
        self.url(&format!("{PROGRAMMES}{id}/{version}"))
    }

    /// A facility.
    #[must_use]
    pub fn facility(&self, id: &str) -> String {
        self.url(&format!("/facilities/{id}"))
    }

    /// A status list.
    #[must_use]
    pub fn status_list(&self, id: &str) -> String {
        self.url(&format!("/status/{id}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let form = || OriginError::Form(text.to_owned());
        let (scheme, authority) = text.split_once("://").ok_or_else(form)?;
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let host_ok = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
        if !matches!(scheme, "http" | "https") || !host_ok || port.parse::<u16>().is_err() {
            return Err(form());
        }
        if host.split('.').next_back().is_some_and(|label| label.parse::<u32>().is_ok()) {
            return Err(OriginError::Address(text.to_owned()));
        }
        if scheme == "http" && host != "localhost" {
            return Err(OriginError::NotHttps(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_that_did_web_allows() {
        for good in ["http://localhost:8080", "https://registry.example", "https://r.example:8443"]
        {
            assert_eq!(good.parse::<Origin>().expect(good).as_str(), good);
        }
        assert_eq!(
            "https://127.0.0.1".parse::<Origin>(),
            Err(OriginError::Address("https://127.0.0.1".into()))
        );
        assert_eq!(
            "http://registry.example".parse::<Origin>(),
            Err(OriginError::NotHttps("http://registry.example".into()))
        );
        for bad in
            ["registry.example", "https://", "https://a/b", "https://a:b", "ftp://a", "https://A"]
        {
            assert_eq!(bad.parse::<Origin>(), Err(OriginError::Form(bad.into())), "{bad}");
        }
    }
}
