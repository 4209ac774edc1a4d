//! The verifier for JavaScript: bytes and JSON in, JSON out. `index.js` beside this crate is the face that programs use; it
//! turns the JSON into objects, and documents them in `index.d.ts`.

use std::collections::BTreeMap;

use akashi_schemas::Digest;
use akashi_verifier::json::MAX_CREDENTIAL_BYTES;
use akashi_verifier::trust::{Seen, VerifiedRoot};
use akashi_verifier::{Policy, TrustError, date_time, verify};
use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// A root and a bundle that were checked against each other, and what is to be remembered from now on.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Trust {
    trust: akashi_verifier::Trust,
    seen: Memory,
}

/// What was seen of each registry, by the digests of its roots.
type Memory = BTreeMap<Digest, Seen>;

#[wasm_bindgen]
impl Trust {
    /// As [`akashi_verifier::Trust::under`], of a root or a chain of them, with what `seen` tells of earlier ones: JSON as
    /// [`Trust::about`] gives it.
    ///
    /// # Errors
    /// JSON of `{code, message}`; of `{message}` when `seen` cannot be read.
    pub fn open(root: &[u8], bundle: &[u8], seen: Option<String>) -> Result<Trust, String> {
        let mut seen = seen.map_or_else(|| Ok(Memory::new()), |seen| remembered(&seen))?;
        let root = VerifiedRoot::open(root).map_err(|error| told(&error))?;
        let known = root.digests().filter_map(|digest| seen.get(&digest).cloned());
        let least = Seen::least(known, &root).map_err(|error| told(&error))?;
        let trust = akashi_verifier::Trust::under(root, bundle, least);
        let trust = trust.map_err(|error| told(&error))?;
        // Nothing before what was seen has opened, so this is as new at least.
        let roots = trust.root().digests();
        seen.extend(roots.map(|digest| (digest, Seen::of(&trust))));
        Ok(Self { trust, seen })
    }

    /// What was opened, as JSON: `{root, bundle: {version, as_of, expires}, seen}`, `root` as [`root`] gives it but for its
    /// manifests, `seen` a text.
    #[must_use]
    pub fn about(&self) -> String {
        let bundle = self.trust.bundle();
        json!({
            "root": root_facts(self.trust.root()),
            "bundle": {"version": bundle.version, "as_of": bundle.as_of, "expires": bundle.expires},
            "seen": json!(self.seen).to_string(),
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
        let report = verify(input, Ok(&self.trust), &options.policy(), now, log_proof.as_deref());
        written(&report)
    }
}

/// Reads a root or a chain of them: `{digest, first, version, expires, manifests}` as JSON, `manifests` the text of the chain.
///
/// # Errors
/// JSON of `{code, message}`.
#[wasm_bindgen]
pub fn root(manifests: &[u8]) -> Result<String, String> {
    VerifiedRoot::open(manifests).map(|root| root_told(&root)).map_err(|error| told(&error))
}

/// Goes on from a root to the one of `next`, as [`VerifiedRoot::followed_by`]; gives it as [`root`] does.
///
/// # Errors
/// JSON of `{code, message}`.
#[wasm_bindgen]
pub fn followed(manifests: &[u8], next: &[u8]) -> Result<String, String> {
    let followed = VerifiedRoot::open(manifests).and_then(|root| root.followed_by(next));
    followed.map(|root| root_told(&root)).map_err(|error| told(&error))
}

fn root_told(root: &VerifiedRoot) -> String {
    let mut told = root_facts(root);
    told["manifests"] = root.to_json().into();
    told.to_string()
}

fn root_facts(root: &VerifiedRoot) -> Value {
    json!({
        "digest": root.digest(), "first": root.first(), "version": root.root().version, "expires": root.root().expires,
    })
}

/// Guessing at what cannot be read would let an old bundle in.
fn remembered(seen: &str) -> Result<Memory, String> {
    serde_json::from_str(seen).map_err(|error| {
        json!({"message": format!("what was seen before cannot be read: {error}")}).to_string()
    })
}

/// What is asked of a credential. A name that is not known is refused: what was asked for must not go unheeded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    #[serde(deserialize_with = "moment")]
    now: Timestamp,
    #[serde(default, deserialize_with = "moment_if_asked")]
    at: Option<Timestamp>,
    max_status_age_days: Option<u16>,
    min_level: Option<String>,
    programme: Option<String>,
    facility: Option<String>,
    #[serde(default)]
    require_log: bool,
    log_proof: Option<String>,
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let fault = || D::Error::custom(format!("{text:?} is not a date and time with an offset"));
    date_time::parse(&text).ok_or_else(fault)
}

fn moment_if_asked<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    moment(deserializer).map(Some)
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
            // Whoever gives a log proof wants it looked at.
            require_log: self.require_log || self.log_proof.is_some(),
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
