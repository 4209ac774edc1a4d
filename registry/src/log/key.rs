//! The log's key: what signs its checkpoints, and the policy by which they are believed.

use akashi_keys::{PublicKey, Role, SigningKey};
use akashi_verifier::log::VerifierKey;
use akashi_verifier::multikey;
use sqlx::AnyConnection;

use super::rules::log_name;
use crate::platform::app::App;
use crate::platform::problem::Problem;
use crate::platform::signing_keys;

/// The log has no key by which a checkpoint could be believed.
#[derive(Debug, thiserror::Error)]
#[error("the log has no key yet: its first checkpoint makes one")]
struct NoLogKey;

/// The key that signs now, made when there is none, with the name under which it signs. The caller
/// holds the log's lock, so that two registries on one database make one key.
pub(super) async fn signer(
    tx: &mut AnyConnection,
    app: &App,
) -> Result<(VerifierKey, SigningKey), Problem> {
    let (_, held) = signing_keys::own(tx, app, Role::Log).await?;
    let signer = held.signer_at(app.clock.now().as_second()).map_err(Problem::internal)?;
    Ok((verifier_key(app, &signer.public())?, signer.clone()))
}

/// The policy for readers of this log (C2SP tlog-policy), as the trust bundle carries it: its keys,
/// retired ones too, as proofs outlive them; none that others may hold; no witnesses yet.
///
/// # Errors
/// When the log has no such key, as before its first checkpoint, or the database refuses.
pub async fn policy(db: &mut AnyConnection, app: &App) -> Result<String, Problem> {
    let mut policy = String::new();
    for row in signing_keys::of(db, Role::Log, None).await? {
        if row.compromised_from.is_none() {
            policy += &format!("log {}\n", verifier_key(app, &row.public()?)?);
        }
    }
    if policy.is_empty() {
        return Err(Problem::internal(NoLogKey));
    }
    Ok(policy + "quorum none\n")
}

fn verifier_key(app: &App, public: &PublicKey) -> Result<VerifierKey, Problem> {
    let public = multikey::PublicKey::from_bytes(*public.as_bytes()).map_err(Problem::internal)?;
    VerifierKey::new(&log_name(app.origin.authority()), public).map_err(Problem::internal)
}
