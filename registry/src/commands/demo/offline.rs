//! What a buyer does: checks files with the verifier, without the registry.

use akashi_schemas::Digest;
use akashi_verifier::{Policy, Report, Trust, verify};
use anyhow::anyhow;
use comfy_table::{Table, presets};
use jiff::Timestamp;

use super::client::Anyone;

/// A credential that the holder downloaded.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) holder: &'static str,
    pub(super) what: String,
    pub(super) bytes: Vec<u8>,
}

/// Root and bundle as files: all that is needed to check without a network.
#[derive(Debug)]
pub(super) struct Offline {
    trust: Trust,
}

impl Offline {
    /// Fetches root and bundle once.
    pub(super) async fn fetch(anyone: &Anyone) -> anyhow::Result<Self> {
        let root = anyone.get("/.well-known/akashi/root").await?;
        let bundle = anyone.get("/.well-known/akashi/trust-bundle").await?;
        let trust = Trust::open(&root, &bundle, None)
            .map_err(|error| anyhow!("the trust bundle: {error}"))?;
        Ok(Self { trust })
    }

    /// The digest of the root.
    pub(super) fn root(&self) -> Digest {
        self.trust.root().digest()
    }

    /// Checks one file.
    #[expect(clippy::disallowed_methods, reason = "a buyer's clock, not the registry's")]
    pub(super) fn check(&self, bytes: &[u8]) -> Report {
        verify(bytes, Ok(&self.trust), &Policy::default(), Timestamp::now(), None)
    }

    /// The table of verdicts.
    pub(super) fn table(&self, held: &[Held]) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
            "holder",
            "file",
            "certificate",
            "level",
            "verdict",
        ]);
        for credential in held {
            let report = self.check(&credential.bytes);
            table.add_row([
                credential.holder.to_owned(),
                credential.what.clone(),
                report.certificate.unwrap_or_default(),
                report.level.unwrap_or_default(),
                report.verdict.to_string(),
            ]);
        }
        table.to_string()
    }
}
