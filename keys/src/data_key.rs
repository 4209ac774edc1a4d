//! The key of one subject's free texts and files, whose destruction erases them all.

use core::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::seal::{self, NONCE_LEN, SealKey, Unopenable};

/// The 32-byte key of one subject (a party, an application …) for its notes and blobs.
///
/// It is stored wrapped under the [`SealKey`]; to erase the subject's content is to delete the
/// wrapped key. Each use has its own key, derived by HKDF-SHA256 (RFC 5869).
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

/// A use of a [`DataKey`]; its text is HKDF's `info`.
pub(crate) enum Use {
    BlobAddress,
    BlobCipher,
    NoteCipher,
}

impl Use {
    fn info(&self) -> &'static [u8] {
        match self {
            Self::BlobAddress => b"akashi data key v1: blob address",
            Self::BlobCipher => b"akashi data key v1: blob cipher",
            Self::NoteCipher => b"akashi data key v1: note cipher",
        }
    }
}

impl DataKey {
    /// The key of these 32 random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*random))
    }

    /// Wraps the key for storage beside the subject it belongs to.
    #[must_use]
    pub fn wrap(&self, subject: &str, under: &SealKey, nonce: &[u8; NONCE_LEN]) -> Vec<u8> {
        seal::seal(under.bytes(), &wrapping_data(subject), nonce, self.0.as_slice())
    }

    /// Unwraps a stored key.
    ///
    /// # Errors
    /// [`Unopenable`] when the bytes were altered, belong to another subject or were wrapped under
    /// another seal key.
    pub fn unwrap(wrapped: &[u8], subject: &str, under: &SealKey) -> Result<Self, Unopenable> {
        let bytes = seal::open(under.bytes(), &wrapping_data(subject), wrapped)?;
        Ok(Self::from_random(bytes.as_slice().try_into().map_err(|_| Unopenable)?))
    }

    /// Seals a note's text for storage under the note's id.
    #[must_use]
    pub fn seal_note(&self, note_id: &str, text: &str, nonce: &[u8; NONCE_LEN]) -> Vec<u8> {
        seal::seal(&self.derive(&Use::NoteCipher), note_id.as_bytes(), nonce, text.as_bytes())
    }

    /// Opens a note's text.
    ///
    /// # Errors
    /// [`Unopenable`] when the bytes were altered, belong to another note or were sealed under
    /// another key.
    pub fn open_note(&self, note_id: &str, sealed: &[u8]) -> Result<String, Unopenable> {
        let text = seal::open(&self.derive(&Use::NoteCipher), note_id.as_bytes(), sealed)?;
        String::from_utf8(text.to_vec()).map_err(|_| Unopenable)
    }

    /// Starts the address of a blob: an HMAC-SHA256 of its plain bytes under this key, so that
    /// equal files of two subjects have nothing in common.
    #[must_use]
    pub fn address(&self) -> AddressHasher {
        let key = self.derive(&Use::BlobAddress);
        AddressHasher(Hmac::new_from_slice(&*key).expect("HMAC takes a key of any length"))
    }

    pub(crate) fn derive(&self, purpose: &Use) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand(purpose.info(), key.as_mut_slice())
            .expect("HKDF-SHA256 gives up to 8160 bytes");
        key
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").finish_non_exhaustive()
    }
}

fn wrapping_data(subject: &str) -> Vec<u8> {
    [b"akashi data key v1 of ", subject.as_bytes()].concat()
}

/// Takes a blob's plain bytes, in pieces of any size, and gives its address.
pub struct AddressHasher(Hmac<Sha256>);

impl AddressHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The address of all bytes taken.
    #[must_use]
    pub fn finish(self) -> BlobAddress {
        BlobAddress(self.0.finalize().into_bytes().into())
    }
}

impl fmt::Debug for AddressHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressHasher").finish_non_exhaustive()
    }
}

/// The address of a blob within its subject; as text 64 lower hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobAddress([u8; 32]);

impl BlobAddress {
    /// The address as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for BlobAddress {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for BlobAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn data_key(seed: u8) -> DataKey {
        DataKey::from_random(&[seed; 32])
    }

    fn address(key: &DataKey, bytes: &[u8]) -> BlobAddress {
        let mut hasher = key.address();
        hasher.update(bytes);
        hasher.finish()
    }

    #[test]
    fn each_use_has_its_own_key() {
        let key = data_key(1);
        let derived = [Use::BlobAddress, Use::BlobCipher, Use::NoteCipher].map(|u| *key.derive(&u));
        assert!(derived[0] != derived[1] && derived[1] != derived[2] && derived[0] != derived[2]);
        assert!(!derived.contains(&[1; 32]));
    }

    /// Stored content depends on these bytes, which a later release must give too. Computed by
    /// other code: Python's `hmac`, as RFC 5869 §2 says with a salt of 32 zero bytes.
    #[test]
    fn an_address_is_the_same_in_every_release() {
        assert_eq!(
            address(&data_key(1), b"evidence").to_string(),
            "9b51137204c58e57eac7e40531ad7b77277cb53f4cb797e0343cf820846ffb15",
        );
    }

    #[test]
    fn equal_files_of_two_subjects_have_different_addresses() {
        assert_eq!(address(&data_key(1), b"same"), address(&data_key(1), b"same"));
        assert_ne!(address(&data_key(1), b"same"), address(&data_key(2), b"same"));
        assert_ne!(address(&data_key(1), b"same"), address(&data_key(1), b"sane"));
    }

    #[test]
    fn a_wrapped_key_opens_for_its_subject_only() {
        let seal_key = SealKey::from_random(&[7; 32]);
        let wrapped = data_key(1).wrap("party/1", &seal_key, &[9; 24]);
        let opened = DataKey::unwrap(&wrapped, "party/1", &seal_key).expect("its own subject");
        assert_eq!(*opened.0, [1; 32]);
        let other_key = SealKey::from_random(&[8; 32]);
        for (subject, under) in [("party/2", &seal_key), ("", &seal_key), ("party/1", &other_key)] {
            let opened = DataKey::unwrap(&wrapped, subject, under);
            assert_eq!(opened.map(|_| ()), Err(Unopenable), "{subject}");
        }
    }

    #[test]
    fn every_single_bit_change_of_a_wrapped_key_is_refused() {
        let seal_key = SealKey::from_random(&[7; 32]);
        let wrapped = data_key(1).wrap("party/1", &seal_key, &[9; 24]);
        for bit in 0..wrapped.len() * 8 {
            let mut altered = wrapped.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let opened = DataKey::unwrap(&altered, "party/1", &seal_key);
            assert_eq!(opened.map(|_| ()), Err(Unopenable), "bit {bit}");
        }
    }

    #[test]
    fn every_single_bit_change_of_a_note_is_refused() {
        let sealed = data_key(1).seal_note("note-1", "是正処置は確認済み", &[9; 24]);
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(data_key(1).open_note("note-1", &altered), Err(Unopenable), "bit {bit}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = DataKey::from_random(&[0xab; 32]);
        assert_eq!(format!("{key:?} {:?}", key.address()), "DataKey { .. } AddressHasher { .. }");
    }

    proptest! {
        #[test]
        fn a_note_opens_under_its_id_and_key_only(
            text: String, id: String, other: String, nonce: [u8; 24],
        ) {
            prop_assume!(id != other);
            let sealed = data_key(1).seal_note(&id, &text, &nonce);
            prop_assert_eq!(data_key(1).open_note(&id, &sealed), Ok(text));
            prop_assert_eq!(data_key(1).open_note(&other, &sealed), Err(Unopenable));
            prop_assert_eq!(data_key(2).open_note(&id, &sealed), Err(Unopenable));
        }

        #[test]
        fn an_address_does_not_depend_on_the_pieces(bytes: Vec<u8>, cut: prop::sample::Index) {
            let cut = cut.index(bytes.len() + 1);
            let mut hasher = data_key(1).address();
            hasher.update(&bytes[..cut]);
            hasher.update(&bytes[cut..]);
            prop_assert_eq!(hasher.finish(), address(&data_key(1), &bytes));
        }
    }
}
