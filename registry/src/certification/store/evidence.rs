//! Evidence: files with the period they speak of, and the criteria they speak to.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use crate::certification::ids::{ApplicationId, EvidenceId, EvidenceLinkId, FacilityId, FindingId};
use crate::certification::rules::application::ApplicationState;
use crate::platform::id::{AccountId, BlobId, DataKeyId, NoteId, PartyId};

/// A stored file's row.
#[derive(Debug, FromRow)]
pub struct Blob {
    /// Its id.
    pub id: BlobId,
    /// Whose.
    pub party_id: PartyId,
    /// The keyed hash of its content.
    pub address: Vec<u8>,
    /// SHA-256 of the sealed bytes.
    pub cipher_digest: Vec<u8>,
    /// Bytes.
    pub size: i64,
    /// Its type.
    pub media_type: String,
    /// The key that it is sealed under.
    pub data_key_id: DataKeyId,
}

/// The same file of a party, if it is kept.
///
/// # Errors
/// When the database refuses.
pub async fn blob_by_address(
    db: &mut AnyConnection,
    party: &PartyId,
    address: &[u8],
) -> Result<Option<Blob>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, party_id, address, cipher_digest, size, media_type, data_key_id FROM blob
         WHERE party_id = $1 AND address = $2",
    )
    .bind(party)
    .bind(address)
    .fetch_optional(db)
    .await
}

/// Adds a file.
///
/// # Errors
/// A unique violation when the party has the same file.
pub async fn add_blob(
    tx: &mut AnyConnection,
    blob: &Blob,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO blob (id, party_id, address, cipher_digest, size, media_type, data_key_id, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'clean', $8)",
    )
    .bind(&blob.id)
    .bind(&blob.party_id)
    .bind(&blob.address)
    .bind(&blob.cipher_digest)
    .bind(blob.size)
    .bind(&blob.media_type)
    .bind(&blob.data_key_id)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Marks a file as erased: what of its content could be known again goes with it.
///
/// # Errors
/// When the database refuses.
pub async fn erase_blob(tx: &mut AnyConnection, blob: &BlobId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE blob SET state = 'erased', address = NULL, cipher_digest = NULL WHERE id = $1",
    )
    .bind(blob)
    .execute(tx)
    .await
    .map(drop)
}

/// A party's files that are not erased.
///
/// # Errors
/// When the database refuses.
pub async fn blobs_of_party(
    db: &mut AnyConnection,
    party: &PartyId,
) -> Result<Vec<BlobId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM blob WHERE party_id = $1 AND state <> 'erased' ORDER BY id")
        .bind(party)
        .fetch_all(db)
        .await
}

/// An evidence's row with its file.
#[derive(Debug, FromRow)]
pub struct Evidence {
    /// Its id.
    pub id: EvidenceId,
    /// Whose.
    pub party_id: PartyId,
    /// The file.
    pub blob_id: BlobId,
    /// The file's name, as the uploader had it.
    pub name_note: Option<NoteId>,
    /// `company` or `assessor`.
    pub source: String,
    /// First day that it speaks of.
    pub period_from: String,
    /// Last day that it speaks of.
    pub period_to: String,
    /// The last day on which it holds, if it has one.
    pub expires_on: Option<String>,
    /// When it was received, in milliseconds.
    pub received_at: i64,
    /// Bytes.
    pub size: i64,
    /// The file's type.
    pub media_type: String,
    /// When it was taken back, in milliseconds.
    pub removed_at: Option<i64>,
}

/// Appends evidence.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    tx: &mut AnyConnection,
    evidence: &Evidence,
    by: &AccountId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO evidence (id, party_id, blob_id, name_note, source, period_from, period_to, expires_on, received_at, by_account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&evidence.id)
    .bind(&evidence.party_id)
    .bind(&evidence.blob_id)
    .bind(&evidence.name_note)
    .bind(&evidence.source)
    .bind(&evidence.period_from)
    .bind(&evidence.period_to)
    .bind(&evidence.expires_on)
    .bind(evidence.received_at)
    .bind(by)
    .execute(tx)
    .await
    .map(drop)
}

/// Evidence by id.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &mut AnyConnection, id: &EvidenceId) -> Result<Option<Evidence>, sqlx::Error> {
    sqlx::query_as(
        "SELECT e.id, e.party_id, e.blob_id, e.name_note, e.source, e.period_from, e.period_to, e.expires_on, e.received_at,
                b.size, b.media_type, (SELECT r.at FROM evidence_removal r WHERE r.evidence_id = e.id) AS removed_at
         FROM evidence e JOIN blob b ON b.id = e.blob_id WHERE e.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Who brought evidence in.
///
/// # Errors
/// When the database refuses, or there is no such evidence.
pub async fn brought_by(db: &mut AnyConnection, id: &EvidenceId) -> Result<AccountId, sqlx::Error> {
    sqlx::query_scalar("SELECT by_account FROM evidence WHERE id = $1").bind(id).fetch_one(db).await
}

/// A link's row.
#[derive(Debug, FromRow)]
pub struct Link {
    /// Which evidence.
    pub evidence_id: EvidenceId,
    /// In which application.
    pub application_id: ApplicationId,
    /// For which criterion.
    pub criterion: String,
    /// At which facility.
    pub facility_id: FacilityId,
    /// For the correction of which finding.
    pub finding_id: Option<FindingId>,
}

/// Appends a link.
///
/// # Errors
/// When the database refuses.
pub async fn link(
    tx: &mut AnyConnection,
    id: &EvidenceLinkId,
    link: &Link,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO evidence_link (id, evidence_id, application_id, criterion, facility_id, finding_id, by_account, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(&link.evidence_id)
    .bind(&link.application_id)
    .bind(&link.criterion)
    .bind(&link.facility_id)
    .bind(&link.finding_id)
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// A link's row, with what its evidence says of itself.
#[derive(Debug, FromRow)]
pub struct Linked {
    /// The link.
    #[sqlx(flatten)]
    pub link: Link,
    /// The evidence's file.
    pub blob_id: BlobId,
    /// The file's name, as the uploader had it.
    pub name_note: Option<NoteId>,
    /// First day that the evidence speaks of.
    pub period_from: String,
    /// Last day that it speaks of.
    pub period_to: String,
    /// The last day on which it holds, if it has one.
    pub expires_on: Option<String>,
    /// When it was taken back, in milliseconds.
    pub removed_at: Option<i64>,
}

/// The links of an application's evidence.
///
/// # Errors
/// When the database refuses.
pub async fn links(
    db: &mut AnyConnection,
    application: &ApplicationId,
) -> Result<Vec<Linked>, sqlx::Error> {
    sqlx::query_as(
        "SELECT l.evidence_id, l.application_id, l.criterion, l.facility_id, l.finding_id,
                e.blob_id, e.name_note, e.period_from, e.period_to, e.expires_on,
                (SELECT r.at FROM evidence_removal r WHERE r.evidence_id = e.id) AS removed_at
         FROM evidence_link l JOIN evidence e ON e.id = l.evidence_id WHERE l.application_id = $1 ORDER BY l.id",
    )
    .bind(application)
    .fetch_all(db)
    .await
}

/// An application that evidence is linked to.
#[derive(Debug, FromRow)]
pub struct LinkedApplication {
    /// Which.
    pub id: ApplicationId,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ApplicationState,
}

/// The applications that evidence is linked to.
///
/// # Errors
/// When the database refuses.
pub async fn linked_applications(
    db: &mut AnyConnection,
    id: &EvidenceId,
) -> Result<Vec<LinkedApplication>, sqlx::Error> {
    sqlx::query_as(
        "SELECT DISTINCT a.id, a.state FROM evidence_link l JOIN application a ON a.id = l.application_id
         WHERE l.evidence_id = $1",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// Appends that evidence was taken back.
///
/// # Errors
/// A unique violation when it was before.
pub async fn remove(
    tx: &mut AnyConnection,
    id: &EvidenceId,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO evidence_removal (evidence_id, by_account, at) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(by)
        .bind(now.as_millisecond())
        .execute(tx)
        .await
        .map(drop)
}

/// Appends that all evidence of a party was taken back that was not before.
///
/// # Errors
/// When the database refuses.
pub async fn remove_all(
    tx: &mut AnyConnection,
    party: &PartyId,
    by: &AccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO evidence_removal (evidence_id, by_account, at)
         SELECT e.id, $2, $3 FROM evidence e WHERE e.party_id = $1
         AND NOT EXISTS (SELECT 1 FROM evidence_removal r WHERE r.evidence_id = e.id)",
    )
    .bind(party)
    .bind(by)
    .bind(now.as_millisecond())
    .execute(tx)
    .await
    .map(drop)
}

/// Whether evidence that was not taken back still needs a file: the same file attached twice is kept once.
///
/// # Errors
/// When the database refuses.
pub async fn is_needed(db: &mut AnyConnection, blob: &BlobId) -> Result<bool, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT CAST(count(*) AS BIGINT) FROM evidence e WHERE e.blob_id = $1
         AND NOT EXISTS (SELECT 1 FROM evidence_removal r WHERE r.evidence_id = e.id)",
    )
    .bind(blob)
    .fetch_one(db)
    .await?;
    Ok(count > 0)
}

/// Whose an erased file was; none when it is not erased.
///
/// # Errors
/// When the database refuses.
pub async fn erased_blob(
    db: &mut AnyConnection,
    id: &str,
) -> Result<Option<(PartyId, BlobId)>, sqlx::Error> {
    sqlx::query_as("SELECT party_id, id FROM blob WHERE id = $1 AND state = 'erased'")
        .bind(id)
        .fetch_optional(db)
        .await
}
