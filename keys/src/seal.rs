//! The key that seals every other secret at rest, and the one way in which short secrets are sealed.

use core::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// Bytes of the random nonce that each sealing takes: never used twice, never secret.
pub const NONCE_LEN: usize = 24;

/// The first line of a seal key's file.
const FILE_TITLE: &str = "akashi seal key v1";

/// Sealed bytes that do not open: altered, sealed under another key, or as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes were altered, or sealed under another key or as something else")]
pub struct Unopenable;

/// The 32-byte key of a registry under which its signing keys and data keys are sealed.
///
/// Who holds it opens them all; without it none opens.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; 32]>);

/// Why a seal key's file does not serve.
#[derive(Debug, thiserror::Error)]
pub enum SealKeyFault {
    /// The file cannot be read or made.
    #[error("the seal key {} cannot be read or made: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is not a seal key's, or not whole.
    #[error(
        "{} is not a seal key: restore it from its backup; a new one opens nothing that the lost one sealed",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read the file (its group may, as mounted secrets need) or write it.
    #[error("the seal key {} is open to others (mode {mode:03o}): run `chmod 600` on it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl SealKey {
    /// The key of these 32 random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*random))
    }

    /// Reads the key from its file.
    ///
    /// # Errors
    /// [`SealKeyFault`], which names the file and what to do.
    pub fn load(path: &Path) -> Result<Self, SealKeyFault> {
        let io = |cause| SealKeyFault::Io { path: path.to_owned(), cause };
        refuse_open_to_others(path, &fs::metadata(path).map_err(io)?)?;
        let text = Zeroizing::new(fs::read(path).map_err(io)?);
        parse(&text).ok_or_else(|| SealKeyFault::Malformed { path: path.to_owned() })
    }

    /// Reads the key from its file or, when there is none, makes it of `random` in a new file of
    /// mode 0600. The file appears whole and synced or not at all, and of several processes that
    /// start at once all get the same key.
    ///
    /// # Errors
    /// [`SealKeyFault`]; an existing file is never changed.
    pub fn load_or_create(path: &Path, random: &[u8; 32]) -> Result<Self, SealKeyFault> {
        match fs::exists(path) {
            Ok(true) => {}
            Ok(false) => match create(path, random) {
                Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(SealKeyFault::Io { path: path.to_owned(), cause });
                }
                _ => {}
            },
            Err(cause) => {
                return Err(SealKeyFault::Io { path: path.to_owned(), cause });
            }
        }
        Self::load(path)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealKey").finish_non_exhaustive()
    }
}

fn parse(text: &[u8]) -> Option<SealKey> {
    let text = core::str::from_utf8(text).ok()?;
    let encoded = text.strip_prefix(FILE_TITLE)?.strip_prefix('\n')?.trim_ascii_end();
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
    Some(SealKey::from_random(bytes.as_slice().try_into().ok()?))
}

fn create(path: &Path, random: &[u8; 32]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(random));
    // A temporary file has mode 0600 from its first moment.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{FILE_TITLE}\n{}", *encoded)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|refused| refused.error)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn refuse_open_to_others(path: &Path, metadata: &fs::Metadata) -> Result<(), SealKeyFault> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o027 == 0 {
        Ok(())
    } else {
        Err(SealKeyFault::OpenToOthers { path: path.to_owned(), mode })
    }
}

#[cfg(not(unix))]
fn refuse_open_to_others(_: &Path, _: &fs::Metadata) -> Result<(), SealKeyFault> {
    Ok(())
}

/// Seals a short secret with XChaCha20-Poly1305: the nonce, the ciphertext and its 16-byte tag.
pub(crate) fn seal(key: &[u8; 32], aad: &[u8], nonce: &[u8; NONCE_LEN], secret: &[u8]) -> Vec<u8> {
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(*nonce), Payload { msg: secret, aad })
        .expect("a secret is shorter than the cipher's limit of 256 GiB");
    [nonce.as_slice(), &sealed].concat()
}

/// Opens what [`seal`] sealed under the same key and with the same associated data.
pub(crate) fn open(
    key: &[u8; 32],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unopenable> {
    let (nonce, msg) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unopenable)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .map(Zeroizing::new)
        .map_err(|_| Unopenable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_start_makes_the_file_and_the_next_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seal.key");
        let made = SealKey::load_or_create(&path, &[1; 32]).expect("a new key");
        let read = SealKey::load_or_create(&path, &[2; 32]).expect("the same key");
        assert_eq!(made.bytes(), &[1; 32]);
        assert_eq!(read.bytes(), &[1; 32]);
        assert_eq!(SealKey::load(&path).expect("the same key").bytes(), &[1; 32]);
        assert_eq!(fs::read_dir(folder.path()).expect("its files").count(), 1);
    }

    #[test]
    fn processes_that_start_at_once_get_one_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seal.key");
        let start = |n: u8| {
            let path = path.clone();
            std::thread::spawn(move || {
                *SealKey::load_or_create(&path, &[n; 32]).expect("a key").bytes()
            })
        };
        let threads: Vec<_> = (0..8).map(start).collect();
        let mut keys: Vec<_> = threads.into_iter().map(|t| t.join().expect("no panic")).collect();
        keys.dedup();
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn a_file_that_is_no_seal_key_is_named_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seal.key");
        let whole = format!("{FILE_TITLE}\n{}\n", URL_SAFE_NO_PAD.encode([1; 32]));
        for text in
            ["", "akashi seal key v2\n", &whole[..whole.len() - 3], &whole.replacen('A', "=", 1)]
        {
            create_0600(&path, text);
            let fault = SealKey::load_or_create(&path, &[2; 32]).expect_err("a refusal");
            assert!(matches!(fault, SealKeyFault::Malformed { .. }), "{text:?}: {fault}");
            assert_eq!(fs::read_to_string(&path).expect("the file"), text);
        }
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("missing").join("seal.key");
        let fault = SealKey::load_or_create(&path, &[1; 32]).expect_err("a refusal");
        assert!(fault.to_string().contains("seal.key"), "{fault}");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_write_the_file_and_no_stranger_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seal.key");
        SealKey::load_or_create(&path, &[1; 32]).expect("a new key");
        let mode = fs::metadata(&path).expect("the file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        for (mode, serves) in [
            (0o400, true),
            (0o440, true),
            (0o640, true),
            (0o604, false),
            (0o620, false),
            (0o660, false),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a new mode");
            match SealKey::load(&path) {
                Ok(_) => assert!(serves, "{mode:o}"),
                Err(SealKeyFault::OpenToOthers { mode: found, .. }) => {
                    assert!(!serves && found == mode, "{mode:o}");
                }
                Err(other) => panic!("{mode:o}: {other}"),
            }
        }
    }

    #[test]
    fn debug_and_errors_show_no_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seal.key");
        create_0600(&path, "akashi seal key v1\nc2VjcmV0\n");
        let fault = SealKey::load(&path).expect_err("a refusal");
        let shown = format!("{fault:?} {fault} {:?}", SealKey::from_random(&[0xab; 32]));
        assert!(!shown.contains("c2VjcmV0") && !shown.contains("171"), "{shown}");
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_with_the_same_key_and_data_only(
            key: [u8; 32], other: [u8; 32], nonce: [u8; 24], secret: Vec<u8>, aad: Vec<u8>,
        ) {
            prop_assume!(key != other);
            let sealed = seal(&key, &aad, &nonce, &secret);
            let opened = open(&key, &aad, &sealed);
            prop_assert_eq!(opened.as_ref().map(|bytes| &***bytes), Ok(&*secret));
            prop_assert_eq!(open(&other, &aad, &sealed), Err(Unopenable));
            prop_assert_eq!(open(&key, &[&aad[..], b"!"].concat(), &sealed), Err(Unopenable));
        }
    }

    #[test]
    fn every_single_bit_change_is_refused() {
        let sealed = seal(&[1; 32], b"data", &[2; 24], b"a secret of some length");
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&[1; 32], b"data", &altered), Err(Unopenable), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert_eq!(open(&[1; 32], b"data", &sealed[..len]), Err(Unopenable), "{len} bytes");
        }
    }

    fn create_0600(path: &Path, text: &str) {
        let _ = fs::remove_file(path);
        let mut file =
            tempfile::NamedTempFile::new_in(path.parent().expect("a folder")).expect("a file");
        file.write_all(text.as_bytes()).expect("its text");
        file.persist(path).expect("its name");
    }
}
