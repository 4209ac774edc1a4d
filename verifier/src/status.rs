//! Bitstring status lists (W3C Bitstring Status List 1.0).
//!
//! A list that cannot be read says nothing: each fault has its own reason, and none is taken for "not set".

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::date_time;
use crate::report::{Language, Reason};
use crate::secured::Secured;
use crate::trust::Body;

/// Entries of one shard, and the fewest that a list may have (§6.1).
pub const SHARD_ENTRIES: u32 = 131_072;
/// The most bytes that a list may have after decompression.
pub const MAX_LIST_BYTES: usize = 1 << 20;
/// The type of the signed credential that holds a list.
pub const LIST_CREDENTIAL_TYPE: &str = "BitstringStatusListCredential";
/// The type of its subject.
pub const LIST_TYPE: &str = "BitstringStatusList";
/// DEFLATE cannot make more bytes of one (RFC 1951); who claims more is cut or lies.
const MAX_RATIO: usize = 1032;
/// The Multibase prefix of base64url without padding.
const BASE64URL: char = 'u';

/// What a set bit means (§2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A newer credential takes its place.
    Refresh,
    /// Withdrawn for good.
    Revocation,
    /// Withdrawn for a time.
    Suspension,
}

impl Purpose {
    /// The three, in the order of the verdicts.
    pub const ALL: [Self; 3] = [Self::Refresh, Self::Revocation, Self::Suspension];

    /// The word in a list and an entry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
        }
    }
}

/// The signed credential that holds a list, without its proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListCredential {
    /// [`crate::credential::VC_CONTEXT`].
    #[serde(rename = "@context")]
    pub context: Vec<String>,
    /// `VerifiableCredential` and [`LIST_CREDENTIAL_TYPE`].
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// `ORIGIN/status/LIST`.
    pub id: String,
    /// The DID of the body whose credentials it speaks of.
    pub issuer: String,
    /// When it was signed.
    #[serde(deserialize_with = "date_time::valid_from")]
    pub valid_from: Timestamp,
    /// Until when it may be used, where it says so.
    #[serde(
        default,
        deserialize_with = "date_time::stated_valid_until",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_until: Option<Timestamp>,
    /// The list.
    pub credential_subject: ListSubject,
}

/// The list within its credential.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSubject {
    /// The credential's id with `#list`.
    pub id: String,
    /// [`LIST_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// What a set bit means.
    pub status_purpose: Purpose,
    /// `u` and base64url of gzip of the bits, the first bit the most significant.
    pub encoded_list: String,
    /// How long a copy may be kept, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// Bits an entry; only 1 is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_size: Option<u64>,
}

/// A list that was authenticated and can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// The DID that signed it.
    pub issuer: String,
    /// What a set bit means.
    pub purpose: Purpose,
    bits: Vec<u8>,
}

/// Why a list cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.sentence(Language::English))]
pub struct ListFault(pub Reason);

impl StatusList {
    /// Reads and authenticates the signed list that stands in a bundle under `id`.
    ///
    /// It must be signed by a key of its own issuer, one of `bodies`, in that key's window, and be valid `as_of`
    /// the bundle's making: a bundle keeps its meaning when it is read later.
    ///
    /// # Errors
    /// A [`ListFault`], one reason a fault.
    pub fn read(
        id: &str,
        signed: &Value,
        bodies: &[Body],
        as_of: Timestamp,
    ) -> Result<Self, ListFault> {
        let fault = |reason| Err(ListFault(reason));
        let malformed = ListFault(Reason::ListMalformed);
        let secured = Secured::from_value(signed).map_err(|_| malformed)?;
        let document = secured.document().map_err(|_| malformed)?;
        if !has_type(&document, LIST_CREDENTIAL_TYPE) {
            return fault(Reason::ListOfOtherType);
        }
        check_shape(&document["credentialSubject"])?;
        let list = ListCredential::deserialize(&document).map_err(|_| malformed)?;
        if list.id != id {
            return fault(Reason::ListOfOtherId);
        }
        let body = bodies.iter().find(|body| body.did == secured.issuer);
        let key = body.and_then(|body| body.key(&secured.key_id));
        match key {
            Some(key) if secured.is_signed_by(&key.public) => {
                if key.admits(list.valid_from).is_err() {
                    return fault(Reason::ListKeyNotValid);
                }
            }
            _ => return fault(Reason::ListSignatureInvalid),
        }
        if as_of < list.valid_from {
            return fault(Reason::ListNotYetValid);
        }
        if list.valid_until.is_some_and(|until| until < as_of) {
            return fault(Reason::ListExpired);
        }
        let bits = decode(&list.credential_subject.encoded_list)?;
        Ok(Self { issuer: secured.issuer, purpose: list.credential_subject.status_purpose, bits })
    }

    /// How many bytes of bits it has.
    pub(crate) fn size(&self) -> usize {
        self.bits.len()
    }

    /// Whether the bit at `index` is set; `None` beyond the list's end.
    #[must_use]
    pub fn bit(&self, index: u32) -> Option<bool> {
        let index = usize::try_from(index).ok()?;
        let byte = self.bits.get(index / 8)?;
        Some(byte & (0x80 >> (index % 8)) != 0)
    }
}

fn has_type(document: &Value, wanted: &str) -> bool {
    document["type"].as_array().is_some_and(|types| types.iter().any(|given| given == wanted))
}

/// Tells apart, before the typed reading, what would otherwise all be a wrong member.
fn check_shape(subject: &Value) -> Result<(), ListFault> {
    if subject["type"] != LIST_TYPE {
        return Err(ListFault(Reason::ListOfOtherType));
    }
    if subject.get("statusSize").is_some_and(|size| size != 1) {
        return Err(ListFault(Reason::ListStatusSize));
    }
    let known = |purpose: &Value| Purpose::ALL.iter().any(|known| purpose == known.as_str());
    match subject.get("statusPurpose") {
        Some(purpose) if known(purpose) => Ok(()),
        _ => Err(ListFault(Reason::ListOfOtherPurpose)),
    }
}

/// The bits of an `encodedList` (§3.2): at least [`SHARD_ENTRIES`], at most [`MAX_LIST_BYTES`].
///
/// # Errors
/// A [`ListFault`].
pub fn decode(encoded: &str) -> Result<Vec<u8>, ListFault> {
    let text = encoded.strip_prefix(BASE64URL).ok_or(ListFault(Reason::ListNotMultibase))?;
    let packed = URL_SAFE_NO_PAD.decode(text).map_err(|_| ListFault(Reason::ListNotMultibase))?;
    let bits = gunzip(&packed)?;
    if bits.len() < SHARD_ENTRIES as usize / 8 {
        return Err(ListFault(Reason::ListTooShort));
    }
    Ok(bits)
}

/// Inflates exactly one gzip member (RFC 1952) that says beforehand how large it is.
fn gunzip(packed: &[u8]) -> Result<Vec<u8>, ListFault> {
    const NOT_GZIP: ListFault = ListFault(Reason::ListNotGzip);
    let (body, trailer) = packed.split_last_chunk::<8>().ok_or(NOT_GZIP)?;
    let (checksum, size) = trailer.split_at(4);
    let deflated = skip_header(body).ok_or(NOT_GZIP)?;
    let little_endian = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
    let size = usize::try_from(little_endian(size)).map_err(|_| NOT_GZIP)?;
    if size > packed.len().saturating_mul(MAX_RATIO) {
        return Err(NOT_GZIP);
    }
    if size > MAX_LIST_BYTES {
        return Err(ListFault(Reason::ListTooLarge));
    }
    let mut bits = vec![0; size];
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, read, written) =
        decompress(&mut DecompressorOxide::new(), deflated, &mut bits, 0, flags);
    match status {
        TINFLStatus::Done if read == deflated.len() && written == size => {}
        _ => return Err(NOT_GZIP),
    }
    if crc32fast::hash(&bits) != little_endian(checksum) {
        return Err(NOT_GZIP);
    }
    Ok(bits)
}

/// What follows the gzip header (RFC 1952 §2.3); its optional fields are stepped over.
fn skip_header(member: &[u8]) -> Option<&[u8]> {
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    // And the header's own checksum, which no writer of lists sets.
    const REFUSED: u8 = 0b1110_0010;
    let (&[0x1f, 0x8b, 8, flags, ..], mut rest) = member.split_first_chunk::<10>()? else {
        return None;
    };
    if flags & REFUSED != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for field in [NAME, COMMENT] {
        if flags & field != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    Some(rest)
}
