//! Root manifest and trust bundle, signed.

use akashi_keys::Signer;
use akashi_schemas::canonical;
use akashi_verifier::trust::{Envelope, ManifestSignature};
use serde::Serialize;

/// A verifier's view of a public key.
///
/// # Errors
/// When the key is one that a strict verifier refuses; none that was made here is.
pub(super) fn public(
    key: &akashi_keys::PublicKey,
) -> Result<akashi_verifier::PublicKey, akashi_verifier::multikey::KeyFault> {
    akashi_verifier::PublicKey::from_bytes(*key.as_bytes())
}

/// Signs a manifest by each of the keys, over the RFC 8785 form of `signed`; the whole is canonical.
///
/// # Errors
/// When `signed` is not JSON that RFC 8785 can write, or a key is one that a strict verifier refuses.
pub(super) fn sign<T: Serialize>(signed: T, signers: &[&dyn Signer]) -> anyhow::Result<Vec<u8>> {
    let message = canonical::to_vec(&signed)?;
    let mut signatures = Vec::with_capacity(signers.len());
    for signer in signers {
        signatures.push(ManifestSignature::new(&public(&signer.public())?, &signer.sign(&message)));
    }
    Ok(canonical::to_vec(&Envelope { signed, signatures })?)
}
