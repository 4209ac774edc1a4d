//! Issuance: from a decision to published bytes.
//!
//! *Prepare* fixes a credential's payload in the transaction of the decision. When the log has numbered its
//! leaf, *release* signs the stored payload, checks the result with the verifier that buyers use, and
//! puts it out. Status lists and the trust bundle follow every change of what they say.

mod credentials;
mod deltas;
pub mod did;
mod forms;
mod issuers;
mod lists;
mod manifest;
mod reads;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;
mod trust;

pub use akashi_verifier::status::Purpose;
pub use credentials::{
    Prepared, Released, certificate_of, fail, is_voided, prepare, release, retry, set_status, void,
};
pub use deltas::Deltas;
pub use issuers::{
    authorisation_changed, body_of_key, compromise_key, open_issuer, programme_published,
    retire_key,
};
pub use lists::{is_published, publish_lists};
pub use reads::{
    all_keys, bundle_made_at, count_failed, credentials_of, did_document, failed, form, published,
    published_version, root_of_version, status_bits,
};
pub use rules::payload::{Attestation, AttestedCompany, AttestedFacility};
pub use store::credentials::{CredentialRow, CredentialState};
pub use store::publications::{Kind, Publication};
pub use trust::{BodyFacts, BundleFacts, first_root, publish_bundle};
