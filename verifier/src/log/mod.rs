//! The transparency log as a reader sees it: RFC 6962 trees, C2SP notes, checkpoints, proofs and policies.

mod entry;
mod note;
mod policy;
mod proof;
mod tree;

pub use entry::CredentialEntry;
pub use note::{
    Checkpoint, Note, NoteFault, NoteSignature, VerifierKey, VkeyFault, signature_line,
};
pub use policy::{LogPolicy, PolicyFault};
pub use proof::{MAX_PROOF_BYTES, ProofFault, TlogProof};
pub use tree::{
    Hash, TreeFault, empty_root, leaf_hash, node_hash, verify_consistency, verify_inclusion,
};

/// Why a log proof does not show that its entry stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogFault {
    /// Not a tlog-proof, or one without an entry in `extra`.
    #[error("the log proof is unreadable: {0}")]
    Proof(#[from] ProofFault),
    /// The policy cannot be followed.
    #[error("the log policy cannot be followed: {0}")]
    Policy(#[from] PolicyFault),
    /// The checkpoint is no signed note, of another log, or not signed by it.
    #[error("the checkpoint is not signed by a log of the policy")]
    Checkpoint,
    /// The entry's hash does not lead to the checkpoint's root.
    #[error("the entry is not in the log: {0}")]
    Tree(#[from] TreeFault),
}

/// An entry that was shown to stand in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The log's name.
    pub origin: alloc::string::String,
    /// The entry's number.
    pub index: u64,
    /// The size of the tree it was shown in.
    pub size: u64,
    /// The entry's bytes.
    pub entry: alloc::vec::Vec<u8>,
}

/// Shows that the entry in a tlog-proof's `extra` stands in a log of the policy. `extra` itself is authenticated by
/// nothing; it is believed because its leaf hash leads to a root that the log signed.
///
/// # Errors
/// A [`LogFault`].
pub fn prove(tlog_proof: &str, policy: &str) -> Result<Proven, LogFault> {
    let proof: TlogProof = tlog_proof.parse()?;
    let policy: LogPolicy = policy.parse()?;
    let note = Note::parse(&proof.checkpoint).map_err(|_| LogFault::Checkpoint)?;
    let checkpoint = Checkpoint::parse(note.body).map_err(|_| LogFault::Checkpoint)?;
    let is_ours = |key: &&VerifierKey| key.name() == checkpoint.origin && note.is_signed_by(key);
    policy.logs.iter().find(is_ours).ok_or(LogFault::Checkpoint)?;
    let entry = proof.extra.ok_or(ProofFault::NoExtra)?;
    verify_inclusion(
        proof.index,
        checkpoint.size,
        &leaf_hash(&entry),
        &proof.hashes,
        &checkpoint.root,
    )?;
    Ok(Proven { origin: checkpoint.origin, index: proof.index, size: checkpoint.size, entry })
}
