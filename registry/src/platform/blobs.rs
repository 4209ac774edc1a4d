//! Files: streamed in, each encrypted under a data key of its own, known again by a hash of their content that is
//! keyed with their party's.
//!
//! Nothing of a file is ever whole in memory. What arrives is sealed chunk by chunk into a
//! temporary object, and takes its place only when it is complete, small enough and of the type
//! that it says.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use akashi_keys::{AddressHasher, BlobAddress, BlobOpener, BlobSealer, DataKey};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use sha2::{Digest, Sha256};
use tokio::fs;

use super::app::App;
use super::id::{BlobId, PartyId, uuid_v7};
use super::problem::Problem;
use super::rng::draw;

/// The largest file, in bytes.
pub const FILE_LIMIT: u64 = 20 * 1024 * 1024;

/// How many bytes of a file's start tell its type.
const HEAD: usize = 8192;

/// Where files are while they arrive.
const RECEIVING: &str = "receiving";

/// A day, in seconds.
const DAY_S: i64 = 24 * 60 * 60;

/// The types that are taken.
const MEDIA_TYPES: [&str; 9] = [
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/heif",
    "text/plain",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
];

/// Where files are kept.
#[derive(Debug)]
pub struct BlobStore {
    objects: Arc<dyn ObjectStore>,
    /// The folder of files that arrive, where the store is one: it keeps the parts of an unfinished upload there
    /// under names that it does not list.
    receiving: Option<PathBuf>,
}

/// A file that was received whole.
#[derive(Debug)]
pub struct Received {
    /// The keyed hash of its content: how the same file is known again.
    pub address: BlobAddress,
    /// SHA-256 of the sealed bytes.
    pub cipher_digest: [u8; 32],
    /// Its size, in bytes.
    pub size: u64,
    /// Its type, as declared and found.
    pub media_type: &'static str,
    temporary: Path,
}

impl BlobStore {
    /// Keeps files in an object store.
    pub fn new(objects: impl ObjectStore) -> Self {
        Self { objects: Arc::new(objects), receiving: None }
    }

    /// Keeps files in a folder, which is there.
    ///
    /// # Errors
    /// When it cannot be entered.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, object_store::Error> {
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { receiving: Some(folder.join(RECEIVING)), ..Self::new(objects) })
    }

    /// Receives a file: seals it under its own key into a temporary object while it streams in.
    ///
    /// # Errors
    /// [`Problem::TooLarge`] beyond [`FILE_LIMIT`], [`Problem::UnsupportedMediaType`] when the
    /// declared type is not taken or the content is of another; nothing is kept then.
    pub async fn receive(
        &self,
        app: &App,
        party_key: &DataKey,
        key: &DataKey,
        declared: &str,
        content: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
    ) -> Result<Received, Problem> {
        let media_type = taken(declared)?;
        let temporary = Path::from(format!("{RECEIVING}/{}", uuid_v7(app.clock.now(), &*app.rng)));
        let upload = self.objects.put_multipart(&temporary).await.map_err(Problem::internal)?;
        let mut writer = WriteMultipart::new(upload);
        let sealer = BlobSealer::new(key, &draw(&*app.rng));
        match seal(&mut writer, party_key.address(), sealer, media_type, content).await {
            Ok((address, cipher_digest, size)) => {
                writer.finish().await.map_err(Problem::internal)?;
                Ok(Received { address, cipher_digest, size, media_type, temporary })
            }
            Err(problem) => {
                // What remains is an unfinished upload under `receiving/`, which holds no address.
                if let Err(error) = writer.abort().await {
                    tracing::warn!(%error, "an unfinished upload could not be cleared away");
                }
                Err(problem)
            }
        }
    }

    /// Puts a received file into its place.
    ///
    /// # Errors
    /// When the object store refuses.
    pub async fn place(
        &self,
        party: &PartyId,
        blob: &BlobId,
        received: &Received,
    ) -> Result<(), Problem> {
        let to = path(party, blob);
        self.objects.rename(&received.temporary, &to).await.map_err(Problem::internal)
    }

    /// Clears the temporary place of a received file, if it is still there.
    ///
    /// # Errors
    /// When the object store refuses.
    pub async fn discard(&self, received: &Received) -> Result<(), Problem> {
        self.delete(&received.temporary).await
    }

    /// Clears away what uploads that a crash cut short have left more than a day ago. Younger ones may be under way
    /// in another process.
    ///
    /// # Errors
    /// When the folder cannot be read or cleared.
    pub async fn clear_unfinished(&self, now: Timestamp) -> io::Result<()> {
        let Some(receiving) = &self.receiving else { return Ok(()) };
        let mut left = match fs::read_dir(receiving).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            left => left?,
        };
        while let Some(file) = left.next_entry().await? {
            let changed = Timestamp::try_from(file.metadata().await?.modified()?);
            if changed.is_ok_and(|changed| changed.as_second() + DAY_S < now.as_second()) {
                fs::remove_file(file.path()).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, place: &Path) -> Result<(), Problem> {
        match self.objects.delete(place).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Problem::internal(error)),
        }
    }

    /// Streams a file out, opened chunk by chunk.
    ///
    /// # Errors
    /// When it is not there. What was altered breaks the stream off.
    pub async fn read(
        &self,
        party: &PartyId,
        blob: &BlobId,
        key: &DataKey,
    ) -> Result<impl Stream<Item = Result<Bytes, std::io::Error>> + use<>, Problem> {
        let sealed =
            self.objects.get(&path(party, blob)).await.map_err(Problem::internal)?.into_stream();
        let mut opener = Some(BlobOpener::new(key));
        let ends = sealed
            .map_ok(Some)
            .map_err(std::io::Error::other)
            .chain(futures_util::stream::iter([Ok(None)]));
        Ok(ends.map(move |piece| {
            let plain = match (piece?, opener.as_mut()) {
                (Some(bytes), Some(opener)) => opener.push(&bytes),
                _ => opener.take().map_or(Ok(Vec::new()), BlobOpener::finish),
            };
            plain.map(Bytes::from).map_err(std::io::Error::other)
        }))
    }

    /// Deletes a file's bytes; that they are gone already is as good.
    ///
    /// # Errors
    /// When the object store refuses.
    pub async fn erase(&self, party: &PartyId, blob: &BlobId) -> Result<(), Problem> {
        self.delete(&path(party, blob)).await
    }
}

fn path(party: &PartyId, blob: &BlobId) -> Path {
    Path::from(format!("{party}/{blob}"))
}

/// Streams content through size check, hash and cipher into the writer; the type is checked on its start.
async fn seal(
    writer: &mut WriteMultipart,
    mut address: AddressHasher,
    mut sealer: BlobSealer,
    media_type: &'static str,
    mut content: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
) -> Result<(BlobAddress, [u8; 32], u64), Problem> {
    let mut cipher = Sha256::new();
    let mut size = 0_u64;
    let mut head = Vec::with_capacity(HEAD);
    let mut head_checked = false;
    while let Some(piece) = content.next().await {
        let piece = piece.map_err(|_| Problem::MalformedBody("the upload broke off".into()))?;
        size += piece.len() as u64;
        if size > FILE_LIMIT {
            return Err(Problem::TooLarge { limit: FILE_LIMIT });
        }
        head.extend_from_slice(&piece[..piece.len().min(HEAD - head.len())]);
        if head.len() == HEAD && !head_checked {
            check_content(media_type, &head)?;
            head_checked = true;
        }
        address.update(&piece);
        let sealed = sealer.push(&piece).map_err(Problem::internal)?;
        cipher.update(&sealed);
        writer.wait_for_capacity(2).await.map_err(Problem::internal)?;
        writer.write(&sealed);
    }
    if size == 0 {
        return Err(Problem::MalformedBody("the file is empty".into()));
    }
    if !head_checked {
        check_content(media_type, &head)?;
    }
    let sealed = sealer.finish().map_err(Problem::internal)?;
    cipher.update(&sealed);
    writer.write(&sealed);
    Ok((address.finish(), cipher.finalize().into(), size))
}

/// The taken type that a `Content-Type` names.
fn taken(declared: &str) -> Result<&'static str, Problem> {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    MEDIA_TYPES.into_iter().find(|known| *known == essence).ok_or_else(|| {
        Problem::UnsupportedMediaType {
            detail: format!("'{essence}' is not taken. Taken are: {}.", MEDIA_TYPES.join(", ")),
        }
    })
}

/// Checks that a file's start looks like the type it is declared as.
fn check_content(media_type: &str, head: &[u8]) -> Result<(), Problem> {
    let found = infer::get(head).map(|kind| kind.mime_type());
    let fits = match media_type {
        // A zip's start tells only that it is a zip, where the office parts come late in it.
        t if t.starts_with("application/vnd.openxmlformats") => {
            found == Some(t) || found == Some("application/zip")
        }
        t if t.starts_with("text/") => found.is_none() && !head.contains(&0),
        t => found == Some(t),
    };
    if fits {
        return Ok(());
    }
    Err(Problem::UnsupportedMediaType {
        detail: format!(
            "The file was declared as {media_type}, but its content is {}.",
            found.unwrap_or("of no known type")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_checked_against_the_declared_type() {
        assert!(check_content("application/pdf", b"%PDF-1.7\n").is_ok());
        assert!(check_content("image/png", b"\x89PNG\r\n\x1a\n\0\0").is_ok());
        assert!(check_content("text/csv", "氏名,時間\n".as_bytes()).is_ok());
        for (declared, content) in [
            ("application/pdf", &b"MZ\x90\0"[..]),
            ("image/jpeg", b"%PDF-1.7\n"),
            ("text/plain", b"\x89PNG\r\n\x1a\n\0\0"),
            ("text/plain", b"a\0b"),
        ] {
            assert!(check_content(declared, content).is_err(), "{declared}");
        }
    }

    #[test]
    fn only_listed_types_are_taken() {
        assert_eq!(taken("Application/PDF; charset=x").expect("taken"), "application/pdf");
        assert!(taken("application/x-msdownload").is_err());
        assert!(taken("text/html").is_err());
    }
}
