//! Files sealed as streams: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over XChaCha20-Poly1305.
//!
//! A sealed blob is a title and a nonce ([`BLOB_HEADER_LEN`] bytes), then the file in chunks of
//! [`BLOB_CHUNK_LEN`] bytes, each followed by its 16-byte tag. Only the last chunk may be shorter,
//! and an empty file is one empty chunk. A chunk opens only in its place, and only the last one
//! opens as the last: cut, joined or reordered chunks are refused.

use core::fmt;

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::KeyInit as _;
use zeroize::Zeroizing;

use crate::DataKey;
use crate::data_key::Use;

/// Bytes of a file in one chunk.
pub const BLOB_CHUNK_LEN: usize = 64 * 1024;

/// Bytes of the random nonce of a blob: never used twice under a data key, never secret.
pub const BLOB_NONCE_LEN: usize = 19;

/// Bytes before the first chunk.
pub const BLOB_HEADER_LEN: usize = TITLE.len() + BLOB_NONCE_LEN;

const TITLE: &[u8] = b"akashi blob v1\n";
const SEALED_CHUNK_LEN: usize = BLOB_CHUNK_LEN + 16;

/// A file of more than 2³² chunks (256 TiB), which one blob cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is longer than one blob can hold")]
pub struct BlobTooLong;

/// A sealed blob that was altered, cut short, or sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the blob was altered, cut short or sealed under another key")]
pub struct BlobAltered;

/// Seals a file while it streams by: the pieces that [`push`](Self::push) and
/// [`finish`](Self::finish) give are, joined, the sealed blob.
pub struct BlobSealer {
    stream: EncryptorBE32<XChaCha20Poly1305>,
    /// What was not yet sealed: at most one chunk, for it may be the last.
    pending: Zeroizing<Vec<u8>>,
    /// The title and nonce, until they were given out.
    header: Vec<u8>,
}

impl BlobSealer {
    /// Starts a blob under a subject's data key.
    #[must_use]
    pub fn new(key: &DataKey, nonce: &[u8; BLOB_NONCE_LEN]) -> Self {
        let cipher = XChaCha20Poly1305::new((&*key.derive(&Use::BlobCipher)).into());
        Self {
            stream: EncryptorBE32::from_aead(cipher, nonce.into()),
            pending: Zeroizing::new(Vec::with_capacity(BLOB_CHUNK_LEN)),
            header: [TITLE, nonce].concat(),
        }
    }

    /// Takes the file's next bytes, of any number, and gives the sealed bytes that are ready.
    ///
    /// # Errors
    /// [`BlobTooLong`].
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, BlobTooLong> {
        let mut sealed = core::mem::take(&mut self.header);
        while !bytes.is_empty() {
            if self.pending.len() == BLOB_CHUNK_LEN {
                let chunk = self.stream.encrypt_next(self.pending.as_slice());
                sealed.extend(chunk.map_err(|_| BlobTooLong)?);
                self.pending.clear();
            }
            take(&mut self.pending, &mut bytes, BLOB_CHUNK_LEN);
        }
        Ok(sealed)
    }

    /// Ends the blob and gives its last bytes.
    ///
    /// # Errors
    /// [`BlobTooLong`].
    pub fn finish(mut self) -> Result<Vec<u8>, BlobTooLong> {
        let chunk = self.stream.encrypt_last(self.pending.as_slice()).map_err(|_| BlobTooLong)?;
        self.header.extend(chunk);
        Ok(self.header)
    }
}

/// Opens a sealed blob while it streams by.
///
/// What [`push`](Self::push) gives was sealed as it is, in its place; whether the file is whole is
/// known only when [`finish`](Self::finish) succeeds.
pub struct BlobOpener {
    cipher: XChaCha20Poly1305,
    /// None until the header has arrived.
    stream: Option<DecryptorBE32<XChaCha20Poly1305>>,
    /// What was not yet opened: a part of the header, or at most one sealed chunk.
    pending: Vec<u8>,
}

impl BlobOpener {
    /// Starts to open a blob of a subject's data key.
    #[must_use]
    pub fn new(key: &DataKey) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new((&*key.derive(&Use::BlobCipher)).into()),
            stream: None,
            pending: Vec::with_capacity(SEALED_CHUNK_LEN),
        }
    }

    /// Takes the blob's next bytes, of any number, and gives the file's bytes that are ready.
    ///
    /// # Errors
    /// [`BlobAltered`], here and at every further call.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, BlobAltered> {
        let mut opened = Vec::new();
        while !bytes.is_empty() {
            match &mut self.stream {
                None => {
                    take(&mut self.pending, &mut bytes, BLOB_HEADER_LEN);
                    self.read_header()?;
                }
                Some(stream) => {
                    if self.pending.len() == SEALED_CHUNK_LEN {
                        let chunk = stream.decrypt_next(self.pending.as_slice());
                        opened.extend(chunk.map_err(|_| BlobAltered)?);
                        self.pending.clear();
                    }
                    take(&mut self.pending, &mut bytes, SEALED_CHUNK_LEN);
                }
            }
        }
        Ok(opened)
    }

    /// Ends the blob and gives the file's last bytes.
    ///
    /// # Errors
    /// [`BlobAltered`] when bytes are missing at the end, or the last ones were altered.
    pub fn finish(self) -> Result<Vec<u8>, BlobAltered> {
        let stream = self.stream.ok_or(BlobAltered)?;
        stream.decrypt_last(self.pending.as_slice()).map_err(|_| BlobAltered)
    }

    fn read_header(&mut self) -> Result<(), BlobAltered> {
        if self.pending.len() < BLOB_HEADER_LEN {
            return Ok(());
        }
        let nonce: &[u8; BLOB_NONCE_LEN] = self
            .pending
            .strip_prefix(TITLE)
            .and_then(|nonce| nonce.try_into().ok())
            .ok_or(BlobAltered)?;
        self.stream = Some(DecryptorBE32::from_aead(self.cipher.clone(), nonce.into()));
        self.pending.clear();
        Ok(())
    }
}

/// Moves bytes to `pending` until it holds `full` of them.
fn take(pending: &mut Vec<u8>, bytes: &mut &[u8], full: usize) {
    let (now, later) = bytes.split_at(bytes.len().min(full - pending.len()));
    pending.extend_from_slice(now);
    *bytes = later;
}

impl fmt::Debug for BlobSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobSealer").finish_non_exhaustive()
    }
}

impl fmt::Debug for BlobOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobOpener").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: [u8; BLOB_NONCE_LEN] = [5; BLOB_NONCE_LEN];

    fn data_key() -> DataKey {
        DataKey::from_random(&[1; 32])
    }

    /// A file whose chunks all differ.
    fn file(len: usize) -> Vec<u8> {
        (0u32..).flat_map(u32::to_be_bytes).take(len).collect()
    }

    fn seal(file: &[u8], piece: usize) -> Vec<u8> {
        let mut sealer = BlobSealer::new(&data_key(), &NONCE);
        let mut sealed = Vec::new();
        for piece in file.chunks(piece) {
            sealed.extend(sealer.push(piece).expect("a short file"));
        }
        sealed.extend(sealer.finish().expect("a short file"));
        sealed
    }

    fn open(key: &DataKey, sealed: &[u8], piece: usize) -> Result<Vec<u8>, BlobAltered> {
        let mut opener = BlobOpener::new(key);
        let mut file = Vec::new();
        for piece in sealed.chunks(piece) {
            file.extend(opener.push(piece)?);
        }
        file.extend(opener.finish()?);
        Ok(file)
    }

    #[test]
    fn a_sealed_blob_is_header_and_chunks() {
        for (len, chunks) in
            [(0, 1), (1, 1), (BLOB_CHUNK_LEN, 1), (BLOB_CHUNK_LEN + 1, 2), (3 * BLOB_CHUNK_LEN, 3)]
        {
            let sealed = seal(&file(len), 10_000);
            assert_eq!(sealed.len(), BLOB_HEADER_LEN + len + 16 * chunks, "{len} bytes");
            assert!(sealed.starts_with(b"akashi blob v1\n"));
            assert_eq!(open(&data_key(), &sealed, 10_000), Ok(file(len)), "{len} bytes");
        }
    }

    #[test]
    fn pieces_that_end_near_a_chunk_give_the_same_blob_and_file() {
        let file = file(3 * BLOB_CHUNK_LEN);
        let sealed = seal(&file, usize::MAX);
        for piece in [BLOB_CHUNK_LEN - 1, BLOB_CHUNK_LEN, BLOB_CHUNK_LEN + 1] {
            assert!(seal(&file, piece) == sealed, "sealed in pieces of {piece}");
        }
        let first = BLOB_HEADER_LEN + SEALED_CHUNK_LEN;
        for piece in [first - 1, first, first + 1] {
            let opened = open(&data_key(), &sealed, piece);
            assert!(opened.as_ref() == Ok(&file), "opened in pieces of {piece}");
        }
    }

    #[test]
    fn another_key_does_not_open_it() {
        let sealed = seal(b"evidence", 3);
        assert_eq!(open(&DataKey::from_random(&[2; 32]), &sealed, 3), Err(BlobAltered));
    }

    #[test]
    fn every_single_bit_change_is_refused() {
        let sealed = seal(b"evidence", 8);
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&data_key(), &altered, 1000), Err(BlobAltered), "bit {bit}");
        }
    }

    #[test]
    fn every_cut_is_refused() {
        let sealed = seal(b"evidence", 8);
        for len in 0..sealed.len() {
            assert_eq!(open(&data_key(), &sealed[..len], 1000), Err(BlobAltered), "{len} bytes");
        }
    }

    #[test]
    fn chunks_cut_off_left_out_repeated_or_reordered_are_refused() {
        let sealed = seal(&file(3 * BLOB_CHUNK_LEN), BLOB_CHUNK_LEN);
        let (header, chunks) = sealed.split_at(BLOB_HEADER_LEN);
        let chunks: Vec<_> = chunks.chunks(SEALED_CHUNK_LEN).collect();
        let joined = |order: &[usize]| {
            let mut bytes = header.to_vec();
            order.iter().for_each(|n| bytes.extend_from_slice(chunks[*n]));
            bytes
        };
        let whole = file(3 * BLOB_CHUNK_LEN);
        assert_eq!(open(&data_key(), &joined(&[0, 1, 2]), 1 << 20), Ok(whole));
        for order in [
            &[][..],
            &[0],
            &[2],
            &[0, 1],
            &[0, 2],
            &[1, 2],
            &[1, 0, 2],
            &[0, 2, 1],
            &[0, 1, 1, 2],
            &[0, 1, 2, 2],
            &[0, 1, 2, 0],
        ] {
            assert_eq!(open(&data_key(), &joined(order), 1 << 20), Err(BlobAltered), "{order:?}");
        }
    }

    #[test]
    fn an_opener_that_failed_stays_failed() {
        let mut sealed = seal(&file(3 * BLOB_CHUNK_LEN), BLOB_CHUNK_LEN);
        sealed[BLOB_HEADER_LEN] ^= 1;
        let mut opener = BlobOpener::new(&data_key());
        assert_eq!(opener.push(&sealed), Err(BlobAltered));
        assert_eq!(opener.push(&sealed), Err(BlobAltered));
        assert_eq!(opener.finish(), Err(BlobAltered));
    }

    #[test]
    fn debug_shows_no_content() {
        let mut sealer = BlobSealer::new(&data_key(), &NONCE);
        sealer.push(b"evidence").expect("a short file");
        assert_eq!(format!("{sealer:?}"), "BlobSealer { .. }");
        assert_eq!(format!("{:?}", BlobOpener::new(&data_key())), "BlobOpener { .. }");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pieces_of_any_size_give_the_same_blob_and_file(
            len in 0..3 * BLOB_CHUNK_LEN, sealing in 1..100_000usize, opening in 1..100_000usize,
        ) {
            let sealed = seal(&file(len), sealing);
            prop_assert!(sealed == seal(&file(len), usize::MAX));
            prop_assert!(open(&data_key(), &sealed, opening) == Ok(file(len)));
        }

        #[test]
        fn a_change_anywhere_in_a_long_blob_is_refused(at: prop::sample::Index, bit in 0..8u8) {
            let mut sealed = seal(&file(2 * BLOB_CHUNK_LEN + 7), BLOB_CHUNK_LEN);
            let at = at.index(sealed.len());
            sealed[at] ^= 1u8 << bit;
            prop_assert_eq!(open(&data_key(), &sealed, 1 << 20), Err(BlobAltered));
        }
    }
}
