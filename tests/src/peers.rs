//! Verifiers of other makers, run by Node.js from `tests/peers`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::requirements::skip;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

/// A library that shares no code with Akashi.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// npm `jose`, for a `vc+jwt`.
    Jose,
    /// npm `@digitalbazaar/eddsa-jcs-2022-cryptosuite`, for an embedded proof.
    DigitalBazaar,
}

impl Peer {
    /// Whether the peers are installed; says so when they are not.
    ///
    /// # Panics
    /// In CI, when they are not.
    #[track_caller]
    pub fn are_here() -> bool {
        let here = Path::new(FOLDER).join("node_modules").is_dir();
        if !here {
            skip("tests/peers is not installed (npm ci in tests/peers, or tests/run)");
        }
        here
    }

    /// Whether the peer accepts a secured credential with the keys of the body's `did.json`.
    ///
    /// # Errors
    /// The peer's own reason for refusing.
    pub fn verify(self, credential: &[u8], did_json: &[u8]) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (file, did) = (folder.path().join("credential"), folder.path().join("did.json"));
        fs::write(&file, credential).expect("the folder can be written");
        fs::write(&did, did_json).expect("the folder can be written");
        let script = match self {
            Peer::Jose => "check-jwt.mjs",
            Peer::DigitalBazaar => "check-di.mjs",
        };
        let output = Command::new("node")
            .arg(Path::new(FOLDER).join(script))
            .args([file, did])
            .output()
            .expect("node can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        match (output.status.success(), said.trim()) {
            (true, "ok") => Ok(()),
            _ => Err(said.into_owned() + &String::from_utf8_lossy(&output.stderr)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirements::shared;

    /// The published vector is not issued by the holder of its key, which both peers must notice; that
    /// its signature is right is checked in `peers.test.mjs`.
    #[test]
    fn a_peer_gives_its_reason_for_refusing() {
        let Some(vector) = shared("vectors/vc-di-eddsa/eddsa-jcs-2022/signedJCS.json") else {
            return;
        };
        if !Peer::are_here() {
            return;
        }
        let key = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
        let (id, method) = (format!("did:key:{key}"), format!("did:key:{key}#{key}"));
        let did = serde_json::json!({
            "id": id,
            "assertionMethod": [{"id": method, "type": "Multikey", "controller": id, "publicKeyMultibase": key}],
        });
        let (credential, did) = (fs::read(vector).expect("readable"), did.to_string());

        let refused = Peer::DigitalBazaar.verify(&credential, did.as_bytes()).expect_err("refused");
        assert!(refused.starts_with("refused: the issuer is https://vc.example/"), "{refused}");
        let refused = Peer::Jose.verify(&credential, did.as_bytes()).expect_err("refused");
        assert!(refused.starts_with("refused: "), "{refused}");
    }
}
