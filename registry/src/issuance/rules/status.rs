//! Status lists: which index a credential gets, and a list as the credential that is signed.

use std::io::Write as _;

use akashi_verifier::credential::VC_CONTEXT;
use akashi_verifier::status::{
    LIST_CREDENTIAL_TYPE, LIST_TYPE, ListCredential, ListSubject, Purpose, SHARD_ENTRIES,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use akashi_verifier::Origin;

/// How long a copy of a list may be kept, in milliseconds.
const TTL_MS: u64 = 60_000;

/// Bits of an index.
const INDEX_BITS: u32 = SHARD_ENTRIES.ilog2();
/// Bits of the Feistel network's right half; the left half has one more or as many.
const RIGHT_BITS: u32 = INDEX_BITS / 2;

/// The index of the `counter`-th credential of a shard: a permutation of `0..131072` keyed by the shard's
/// secret, so that an index tells neither the order nor the number of grants.
///
/// An unbalanced Feistel network of ten rounds with HMAC-SHA-256; the domain is a power of two, so
/// no walking is needed.
#[must_use]
pub fn index(key: &[u8], counter: u32) -> u32 {
    let mut left_bits = INDEX_BITS - RIGHT_BITS;
    let mut right_bits = RIGHT_BITS;
    let mut value = counter % SHARD_ENTRIES;
    for round in 0..10_u8 {
        let (left, right) = (value >> right_bits, value & ((1 << right_bits) - 1));
        let mixed = left ^ (keyed(key, round, right) & ((1 << left_bits) - 1));
        value = (right << left_bits) | mixed;
        (left_bits, right_bits) = (right_bits, left_bits);
    }
    value
}

fn keyed(key: &[u8], round: u8, half: u32) -> u32 {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(&[round]);
    mac.update(&half.to_be_bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(mac.finalize().into_bytes());
    u32::from_be_bytes([a, b, c, d])
}

/// The bits of a list: `u`, base64url of gzip, the first index the most significant bit of the first byte.
///
/// # Errors
/// Never in practice: writing to memory.
pub fn encode(set: &[u32]) -> std::io::Result<String> {
    let mut bits = vec![0_u8; SHARD_ENTRIES as usize / 8];
    for index in set {
        if let Some(byte) = bits.get_mut(*index as usize / 8) {
            *byte |= 0x80 >> (index % 8);
        }
    }
    // No name and no time in the gzip header: the same bits give the same bytes.
    let mut gzip = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
    gzip.write_all(&bits)?;
    Ok(format!("u{}", BASE64_URL_SAFE_NO_PAD.encode(gzip.finish()?)))
}

/// A list to be signed.
#[derive(Clone, Debug)]
pub struct List<'a> {
    /// Its id: the last part of its URL.
    pub id: &'a str,
    /// The DID of the body whose credentials it speaks of.
    pub issuer: &'a str,
    /// What a set bit means.
    pub purpose: Purpose,
    /// The set bits.
    pub set: &'a [u32],
    /// When it is signed, in whole seconds.
    pub signed_at: Timestamp,
    /// Until when it may be used.
    pub valid_until: Timestamp,
}

/// The list's credential, unsecured.
///
/// # Errors
/// Never in practice: writing to memory.
pub fn credential(origin: &Origin, list: &List<'_>) -> std::io::Result<ListCredential> {
    let id = origin.status_list(list.id);
    Ok(ListCredential {
        context: vec![VC_CONTEXT.to_owned()],
        types: vec!["VerifiableCredential".into(), LIST_CREDENTIAL_TYPE.into()],
        issuer: list.issuer.to_owned(),
        valid_from: list.signed_at,
        valid_until: Some(list.valid_until),
        credential_subject: ListSubject {
            id: format!("{id}#list"),
            kind: LIST_TYPE.into(),
            status_purpose: list.purpose,
            encoded_list: encode(list.set)?,
            ttl: Some(TTL_MS),
            status_size: None,
        },
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_of_a_shard_gets_an_index_of_its_own() {
        let mut seen = vec![false; SHARD_ENTRIES as usize];
        for counter in 0..SHARD_ENTRIES {
            let place = &mut seen[index(b"a key", counter) as usize];
            assert!(!*place, "{counter} collides");
            *place = true;
        }
    }

    #[test]
    fn another_key_gives_another_order() {
        let order = |key: &[u8]| (0..8).map(|counter| index(key, counter)).collect::<Vec<_>>();
        assert_ne!(order(b"a key"), order(b"another key"));
        assert_ne!(order(b"a key"), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn a_list_reads_as_it_was_written() {
        let encoded = encode(&[0, 9, SHARD_ENTRIES - 1]).expect("memory");
        let bits = akashi_verifier::status::decode(&encoded).expect("a list");
        assert_eq!((bits[0], bits[1], bits.last()), (0x80, 0x40, Some(&0x01)));
        assert_eq!(bits.iter().map(|byte| byte.count_ones()).sum::<u32>(), 3);
    }
}
