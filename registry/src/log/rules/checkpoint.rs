//! Checkpoints: the size and root that the log puts its name to (C2SP tlog-checkpoint, signed-note).

use akashi_verifier::log::{Checkpoint, Hash, VerifierKey, signature_line};

/// The name of the registry's log: its URL without the scheme (C2SP tlog-tiles, "Parameters").
///
/// `authority` is the host of the registry's origin, with its port if it has one.
#[must_use]
pub fn log_name(authority: &str) -> String {
    format!("{authority}/log")
}

/// States the log's size and root as a note that the log signs under its own name.
///
/// `sign` makes the Ed25519 signature of the key that `key` describes. A log never signs two roots
/// for one size, nor a size below one that it signed: that is the caller's to hold.
#[must_use]
pub fn sign_checkpoint(
    size: u64,
    root: Hash,
    key: &VerifierKey,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> String {
    let body = Checkpoint { origin: key.name().to_owned(), size, root }.to_string();
    let signature = signature_line(key, &sign(body.as_bytes()));
    format!("{body}\n{signature}")
}

#[cfg(test)]
mod tests {
    use akashi_verifier::log::Note;
    use akashi_verifier::multikey::PublicKey;
    use ed25519_dalek::{Signer as _, SigningKey};
    use signed_note::{StandardVerifier, VerifierList};

    use super::*;

    fn secret() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn key() -> VerifierKey {
        let public = PublicKey::from_bytes(secret().verifying_key().to_bytes()).expect("a key");
        VerifierKey::new(&log_name("registry.example"), public).expect("a log's name")
    }

    fn note() -> String {
        sign_checkpoint(70_000, [7; 32], &key(), |body| secret().sign(body).to_bytes())
    }

    fn known() -> VerifierList {
        let verifier = StandardVerifier::new(&key().to_string()).expect("a verifier key");
        VerifierList::new(vec![Box::new(verifier)])
    }

    #[test]
    fn the_body_is_that_of_the_specification() {
        let body = "registry.example/log\n70000\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n";
        assert!(note().starts_with(&format!("{body}\n— registry.example/log ")), "{}", note());
    }

    #[test]
    fn the_log_is_named_by_its_url() {
        assert_eq!(log_name("localhost:8080"), "localhost:8080/log");
    }

    #[test]
    fn our_readers_accept_the_note() {
        let text = note();
        let note = Note::parse(&text).expect("a signed note");
        assert!(note.is_signed_by(&key()));
        let origin = "registry.example/log".to_owned();
        let expected = Checkpoint { origin, size: 70_000, root: [7; 32] };
        assert_eq!(Checkpoint::parse(note.body), Ok(expected));
    }

    #[test]
    fn another_implementation_accepts_the_note() {
        let note = signed_note::Note::from_bytes(note().as_bytes()).expect("a signed note");
        let (verified, unverified) = note.verify(&known()).expect("a good signature");
        assert_eq!((verified.len(), unverified.len()), (1, 0));
        let read = tlog_tiles::Checkpoint::from_bytes(note.text()).expect("a checkpoint");
        assert_eq!(
            (read.origin(), read.size(), read.hash().0, read.extension()),
            ("registry.example/log", 70_000, [7; 32], ""),
        );
    }

    #[test]
    fn neither_accepts_an_altered_note() {
        let note = note();
        for bit in 0..note.len() * 8 {
            let mut altered = note.clone().into_bytes();
            altered[bit / 8] ^= 1 << (bit % 8);
            let theirs = signed_note::Note::from_bytes(&altered);
            assert!(!theirs.is_ok_and(|note| note.verify(&known()).is_ok()), "theirs, bit {bit}");
            let Ok(altered) = String::from_utf8(altered) else { continue };
            let ours = Note::parse(&altered);
            assert!(!ours.is_ok_and(|note| note.is_signed_by(&key())), "ours, bit {bit}");
        }
    }
}
