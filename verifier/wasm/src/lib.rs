//! The verifier for JavaScript: bytes and JSON in, JSON out. `index.js` beside this crate is the face that programs use; it
//! turns the JSON into objects, and documents them in `index.d.ts`.

use akashi_verifier::json::MAX_CREDENTIAL_BYTES;
use akashi_verifier::{Policy, TrustError, verify};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;

/// A root and a bundle that were checked against each other.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Trust(akashi_verifier::Trust);

#[wasm_bindgen]
impl Trust {
    /// As [`akashi_verifier::Trust::open`].
    ///
    /// # Errors
    /// JSON of `{code, message}`.
    pub fn open(root: &[u8], bundle: &[u8], min_version: Option<u64>) -> Result<Trust, String> {
        akashi_verifier::Trust::open(root, bundle, min_version)
            .map(Self)
            .map_err(|error| told(&error))
    }

    /// What was opened, as JSON: `{root: {digest, version, expires}, bundle: {version, as_of, expires}}`.
    #[must_use]
    pub fn about(&self) -> String {
        let (root, bundle) = (self.0.root(), self.0.bundle());
        json!({
            "root": {"digest": root.digest(), "version": root.root().version, "expires": root.root().expires},
            "bundle": {"version": bundle.version, "as_of": bundle.as_of, "expires": bundle.expires},
        })
        .to_string()
    }

    /// As [`akashi_verifier::verify`], with [`Options`] as JSON. Gives the report as JSON.
    ///
    /// # Errors
    /// What is wrong with the options.
    pub fn verify(&self, input: &[u8], options: &str) -> Result<String, String> {
        let options: Options = serde_json::from_str(options).map_err(|error| error.to_string())?;
        let (now, log_proof) = (options.now, options.log_proof.clone());
        let report = verify(input, Ok(&self.0), &options.policy(), now, log_proof.as_deref());
        written(&report)
    }
}

/// What is asked of a credential. A name that is not known is refused: what was asked for must not go unheeded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    now: Timestamp,
    at: Option<Timestamp>,
    max_status_age_days: Option<u16>,
    min_level: Option<String>,
    programme: Option<String>,
    facility: Option<String>,
    #[serde(default)]
    require_log: bool,
    log_proof: Option<String>,
}

impl Options {
    fn policy(self) -> Policy {
        let days = |days| SignedDuration::from_hours(24 * i64::from(days));
        Policy {
            at: self.at,
            max_status_age: self.max_status_age_days.map(days),
            min_level: self.min_level,
            programme: self.programme,
            facility: self.facility,
            require_log: self.require_log,
        }
    }
}

/// The largest credential that is read, in bytes.
#[wasm_bindgen]
#[must_use]
pub fn max_credential_bytes() -> usize {
    MAX_CREDENTIAL_BYTES
}

fn told(error: &TrustError) -> String {
    json!({"code": error.code(), "message": error.to_string()}).to_string()
}

fn written(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}
