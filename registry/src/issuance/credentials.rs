//! A credential's way: prepared with the decision, released when its leaf has a number.

use akashi_keys::Role;
use akashi_schemas::{Digest, canonical};
use akashi_verifier::{Policy, Trust, Verdict, verify};
use sqlx::AnyConnection;

use super::issuers::append;
use super::rules::leaf::Leaf;
use super::rules::payload::{self, Attestation, Place};
use super::store::credentials::{self, CredentialRow, CredentialState};
use super::store::issuers::{self, Issuer};
use super::store::status;
use super::trust::{self, BundleFacts};
use super::{Purpose, lists};
use super::{did, forms};
use crate::log;
use crate::platform::app::App;
use crate::platform::clock::{instant, rfc3339};
use crate::platform::db::engine::Lock;
use crate::platform::id::{PartyId, uuid_v7};
use crate::platform::jobs::{self, JobKind};
use crate::platform::problem::Problem;
use crate::platform::rng::draw;
use crate::platform::signing_keys::{self, KeyRow};

/// A prepared credential.
#[derive(Debug)]
pub struct Prepared {
    /// Its id.
    pub credential: String,
    /// Its leaf, by order of arrival.
    pub leaf: i64,
}

/// Fixes the credential of a certificate's version: payload, signing time, key and place in the status
/// lists, its leaf, and the job that releases it. One made while the certificate is suspended is born suspended.
///
/// # Errors
/// When the body has no key in force, or the database refuses.
pub async fn prepare(
    tx: &mut AnyConnection,
    app: &App,
    body: &PartyId,
    attestation: &Attestation,
    born_suspended: bool,
) -> Result<Prepared, Problem> {
    // The log first, then a place in the lists: in that order everybody takes the two.
    app.db.engine().lock(tx, Lock::Log).await?;
    let issuer = issuers::of_body(tx, body).await?;
    let signed_at_s = app.clock.now().as_second();
    let key = key_in_force(tx, &issuer, signed_at_s).await?;
    let (shard_id, index) = lists::take_place(tx, app, &issuer).await?;
    let id = uuid_v7(app.clock.now(), &*app.rng);
    let place = Place {
        origin: &app.origin,
        credential: &id,
        issuer: &issuer.did,
        signed_at: instant(signed_at_s * 1000),
        index,
        lists: lists::of_shard(tx, &shard_id).await?,
        nonce: draw(&*app.rng),
    };
    let document = payload::credential(attestation, &place);
    let payload = canonical::to_vec(&document).map_err(Problem::internal)?;
    let (digest, salt) = (Digest::of(&payload), draw(&*app.rng));
    let leaf_ord = append(tx, app, &leaf(app, attestation, &issuer, &digest, &salt)).await?;
    let previous = credentials::of_certificate(tx, &attestation.certificate_id).await?.pop();
    let row = CredentialRow {
        id,
        certificate_id: attestation.certificate_id.clone(),
        certificate_version_id: attestation.version_id.clone(),
        issuer_id: issuer.id,
        signing_key_id: key.id,
        signed_at: signed_at_s * 1000,
        payload,
        shard_id,
        idx: i64::from(index),
        previous_id: previous.map(|row| row.id),
        state: CredentialState::Prepared,
        leaf_ord,
        failure: None,
    };
    credentials::insert(tx, &row, &digest.0, &salt).await?;
    jobs::add(tx, app, JobKind::Release, &row.id).await?;
    if born_suspended {
        set_bit(tx, app, &row, Purpose::Suspension, true).await?;
    }
    Ok(Prepared { credential: row.id, leaf: leaf_ord })
}

/// What the log says of a credential: its holder by a salted digest only.
fn leaf(
    app: &App,
    attestation: &Attestation,
    issuer: &Issuer,
    payload: &Digest,
    salt: &[u8; 16],
) -> Leaf {
    let holder = payload::holder_id(&app.origin, &attestation.company);
    Leaf::Credential {
        payload_sha256: payload.to_string(),
        number: attestation.number.clone(),
        issuer: issuer.did.clone(),
        holder_digest: Digest::of(&[&salt[..], holder.as_bytes()].concat()).to_string(),
    }
}

/// The key that an issuer signs with at a moment. A dead key is refused here, before anything is fixed.
async fn key_in_force(
    db: &mut AnyConnection,
    issuer: &Issuer,
    at_s: i64,
) -> Result<KeyRow, Problem> {
    let keys = signing_keys::of(db, Role::Issuer, Some(&issuer.id)).await?;
    keys.into_iter().rev().find(|key| key.window().admits(at_s)).ok_or_else(|| Problem::Incomplete {
        event: "issue".into(),
        missing: vec![serde_json::json!({
            "code": "issuer_key", "detail": "the body has a signing key in force; an operator makes one by retiring the last",
        })],
    })
}

/// Changes a status bit of every credential of a certificate that was not given up, and has the certificate shown as
/// it then stands, also where no bit changes any more; gives the first leaf.
///
/// # Errors
/// When the database refuses.
pub async fn set_status(
    tx: &mut AnyConnection,
    app: &App,
    certificate: &str,
    purpose: Purpose,
    bit: bool,
) -> Result<Option<i64>, Problem> {
    // Before the job is added: one of the same subject that is in hand may have read what is changed here.
    app.db.engine().lock(tx, Lock::Log).await?;
    let mut first = None;
    for row in credentials::of_certificate(tx, certificate).await? {
        if row.state != CredentialState::Voided {
            let leaf = set_bit(tx, app, &row, purpose, bit).await?;
            first = first.or(leaf);
        }
    }
    jobs::add(tx, app, JobKind::Publish, certificate).await?;
    Ok(first)
}

/// Changes one bit, if it is not so already: its leaf, the change, and the job that publishes it.
async fn set_bit(
    tx: &mut AnyConnection,
    app: &App,
    row: &CredentialRow,
    purpose: Purpose,
    bit: bool,
) -> Result<Option<i64>, Problem> {
    let list = status::list(tx, &row.shard_id, purpose.as_str()).await?;
    if status::bit(tx, &list, row.idx).await? == bit {
        return Ok(None);
    }
    let leaf = Leaf::Status {
        list: app.origin.status_list(&list),
        idx: u32::try_from(row.idx).map_err(Problem::internal)?,
        bit: u8::from(bit),
        number: number_of(row)?,
    };
    let leaf = append(tx, app, &leaf).await?;
    status::change(tx, leaf, &list, row.idx, bit, &row.id, app.clock.now_ms()).await?;
    jobs::add(tx, app, JobKind::Publish, &row.certificate_id).await?;
    Ok(Some(leaf))
}

/// The certificate's number, from the payload itself.
fn number_of(row: &CredentialRow) -> Result<String, Problem> {
    let payload: akashi_verifier::credential::Credential =
        serde_json::from_slice(&row.payload).map_err(Problem::internal)?;
    payload
        .number()
        .map(str::to_owned)
        .ok_or_else(|| Problem::internal(anyhow::anyhow!("a payload without a number")))
}

/// How a release went.
#[derive(Debug, PartialEq, Eq)]
pub enum Released {
    /// It is out now.
    Now {
        /// The certificate.
        certificate: String,
    },
    /// It was released or given up before.
    Before,
    /// Its certificate was withdrawn or cut, or a later version came out, before it got out: it is voided.
    Overtaken {
        /// The certificate.
        certificate: String,
    },
    /// Its leaf has no number yet.
    NotYet,
    /// The registry's own verifier does not accept it; nothing was written.
    Refused(String),
}

/// Releases a prepared credential: signs the stored payload, checks both forms with the verifier against a
/// bundle of this very snapshot, stores them, and marks the credential that it supersedes.
///
/// # Errors
/// When the database refuses, or the key cannot be opened.
pub async fn release(
    tx: &mut AnyConnection,
    app: &App,
    id: &str,
    facts: &BundleFacts,
) -> Result<Released, Problem> {
    let row = credentials::get(tx, id).await?;
    if row.state != CredentialState::Prepared {
        return Ok(Released::Before);
    }
    if log::number_of(tx, row.leaf_ord).await?.is_none() {
        return Ok(Released::NotYet);
    }
    let revocations = status::list(tx, &row.shard_id, Purpose::Revocation.as_str()).await?;
    if status::bit(tx, &revocations, row.idx).await? || is_outrun(tx, &row).await? {
        give_up(tx, app, &row, CredentialState::Prepared).await?;
        return Ok(Released::Overtaken { certificate: row.certificate_id });
    }
    let issuer = issuers::get(tx, &row.issuer_id).await?;
    let key = signing_keys::get(tx, &row.signing_key_id).await?;
    let held = key.open(app)?;
    let signer = match held.signer_at(row.signed_at.div_euclid(1000)) {
        Ok(signer) => signer,
        Err(dead) => return Ok(Released::Refused(dead.to_string())),
    };
    let key_id = did::key_id(&issuer.did, &key.fragment);
    let embedded = forms::embedded(&row.payload, signer, &key_id, &rfc3339(row.signed_at))
        .map_err(Problem::internal)?;
    let jwt = forms::jwt(&row.payload, signer, &key_id).map_err(Problem::internal)?.into_bytes();
    let suspensions = status::list(tx, &row.shard_id, Purpose::Suspension.as_str()).await?;
    let suspended = status::bit(tx, &suspensions, row.idx).await?;
    let expected = if suspended { Verdict::Suspended } else { Verdict::Valid };
    if let Some(refusal) =
        self_check(tx, app, facts, &row.shard_id, [&embedded, &jwt], expected).await?
    {
        return Ok(Released::Refused(refusal));
    }
    let (from, to) = (CredentialState::Prepared, CredentialState::Released);
    if !credentials::advance(tx, id, from, to, None).await? {
        return Ok(Released::Before);
    }
    for (form, bytes) in [("di_jcs", &embedded), ("vc_jwt", &jwt)] {
        credentials::add_form(tx, id, form, bytes, &Digest::of(bytes).0, &key.id).await?;
    }
    supersede(tx, app, &row).await?;
    Ok(Released::Now { certificate: row.certificate_id })
}

/// Whether a later credential of the certificate is out already: one that came out after it would be a second
/// valid file, and say what no longer holds.
async fn is_outrun(db: &mut AnyConnection, row: &CredentialRow) -> Result<bool, Problem> {
    let all = credentials::of_certificate(db, &row.certificate_id).await?;
    Ok(all.iter().any(|other| other.is_later_than(row) && other.state == CredentialState::Released))
}

/// Why a form is not accepted by the verifier that buyers use, under the real root; none when both are.
async fn self_check(
    tx: &mut AnyConnection,
    app: &App,
    facts: &BundleFacts,
    shard: &str,
    forms: [&Vec<u8>; 2],
    expected: Verdict,
) -> Result<Option<String>, Problem> {
    let (root, bundle) = trust::candidate(tx, app, facts, shard).await?;
    let trust = match Trust::open(&root, &bundle, None) {
        Ok(trust) => trust,
        Err(error) => return Ok(Some(format!("the candidate bundle: {error}"))),
    };
    let policy = Policy::default();
    for form in forms {
        let report = verify(form, Ok(&trust), &policy, app.clock.now(), None);
        if report.verdict != expected {
            return Ok(Some(format!(
                "the verifier says {:?} ({:?})",
                report.verdict,
                report.reason()
            )));
        }
    }
    Ok(None)
}

/// Marks every earlier released credential of the certificate as superseded.
async fn supersede(tx: &mut AnyConnection, app: &App, row: &CredentialRow) -> Result<(), Problem> {
    for earlier in credentials::of_certificate(tx, &row.certificate_id).await? {
        if row.is_later_than(&earlier) && earlier.state == CredentialState::Released {
            set_bit(tx, app, &earlier, Purpose::Refresh, true).await?;
        }
    }
    Ok(())
}

/// Notes that a release failed, and why; gives the certificate. None when it waits for its release no more: another
/// process was quicker.
///
/// # Errors
/// When the database refuses.
pub async fn fail(tx: &mut AnyConnection, id: &str, why: &str) -> Result<Option<String>, Problem> {
    let row = credentials::get(tx, id).await?;
    let (from, to) = (CredentialState::Prepared, CredentialState::Failed);
    let failed = credentials::advance(tx, id, from, to, Some(why)).await?;
    Ok(failed.then_some(row.certificate_id))
}

/// Sends a failed credential on its way again.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::WrongState`] when it did not fail.
pub async fn retry(tx: &mut AnyConnection, app: &App, id: &str) -> Result<(), Problem> {
    let row = credentials::get(tx, id).await?;
    let (from, to) = (CredentialState::Failed, CredentialState::Prepared);
    if !credentials::advance(tx, id, from, to, None).await? {
        return Err(not_failed("retry", row.state));
    }
    jobs::add(tx, app, JobKind::Release, id).await?;
    Ok(())
}

/// Gives a failed credential up: its bit and a leaf say so, in case its bytes got out.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::WrongState`] when it did not fail.
pub async fn void(tx: &mut AnyConnection, app: &App, id: &str) -> Result<(), Problem> {
    let row = credentials::get(tx, id).await?;
    if row.state != CredentialState::Failed {
        return Err(not_failed("void", row.state));
    }
    give_up(tx, app, &row, CredentialState::Failed).await
}

/// Voids a credential that never got out.
async fn give_up(
    tx: &mut AnyConnection,
    app: &App,
    row: &CredentialRow,
    from: CredentialState,
) -> Result<(), Problem> {
    credentials::advance(tx, &row.id, from, CredentialState::Voided, None).await?;
    set_bit(tx, app, row, Purpose::Revocation, true).await?;
    let leaf = Leaf::Voided {
        payload_sha256: Digest::of(&row.payload).to_string(),
        number: number_of(row)?,
    };
    append(tx, app, &leaf).await.map(drop)
}

/// Whether a certificate's version has no credential because the last one was voided.
///
/// # Errors
/// When the database refuses.
pub async fn is_voided(db: &mut AnyConnection, version: &str) -> Result<bool, Problem> {
    Ok(credentials::last_of_version(db, version).await? == Some(CredentialState::Voided))
}

fn not_failed(event: &str, state: CredentialState) -> Problem {
    Problem::WrongState {
        event: event.to_owned(),
        state: state.to_string(),
        allowed_from: vec![CredentialState::Failed.to_string()],
        who: vec!["operator".into()],
    }
}

/// The certificate of a credential.
///
/// # Errors
/// When the database refuses.
pub async fn certificate_of(db: &mut AnyConnection, id: &str) -> Result<Option<String>, Problem> {
    match credentials::get(db, id).await {
        Ok(row) => Ok(Some(row.certificate_id)),
        Err(Problem::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}
