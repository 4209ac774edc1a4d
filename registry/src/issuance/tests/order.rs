//! Which of a certificate's credentials is the later one, though two nodes' clocks stand apart: on both engines.

use std::sync::Arc;

use akashi_keys::SigningKey;
use akashi_verifier::trust::Authorisation;

use super::{attestation, write};
use crate::issuance::{
    Attestation, BodyFacts, BundleFacts, CredentialState, Prepared, Purpose, Released,
    credentials_of, first_root, open_issuer, prepare, release, status_bits,
};
use crate::log;
use crate::platform::app::App;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::id::PartyId;
use crate::platform::scratch::{FixedClock, app};

on_both_engines!(
    the_later_by_the_log_supersedes_the_earlier,
    the_earlier_by_the_log_is_voided_once_the_later_is_out,
);

/// The id of a credential that was prepared by a node whose clock stood far ahead.
const AHEAD: &str = "ffffffff-ffff-7fff-bfff-ffffffffffff";

/// A certificate's version, two of whose credentials are prepared: the first by a node whose clock stood ahead.
struct TwoPrepared {
    app: App,
    facts: BundleFacts,
    certificate: String,
    first: Prepared,
    second: Prepared,
}

impl TwoPrepared {
    async fn set(scratch: &Scratch) -> Self {
        let app = app(scratch.db().clone(), Arc::<FixedClock>::default(), 0);
        let body = PartyId::new(app.clock.now(), &*app.rng);
        let attestation = attestation();
        let mut tx = app.db.write().await.expect("a transaction");
        let keys: Vec<_> = (1..=3).map(|n| SigningKey::from_random(&[n; 32])).collect();
        first_root(&mut tx, &app, &keys).await.expect("a root");
        for row in rows(&body, &attestation, &app.db.engine().bytes_literal("00")) {
            write(&mut tx, row).await;
        }
        open_issuer(&mut tx, &app, &body, "example-body").await.expect("an issuer");
        tx.commit().await.expect("commits");

        let first = prepared(&app, &body, &attestation).await;
        let mut tx = app.db.write().await.expect("a transaction");
        let first_id = &first.credential;
        let rename = format!("UPDATE credential SET id = '{AHEAD}' WHERE id = '{first_id}'");
        write(&mut tx, rename).await;
        tx.commit().await.expect("commits");
        let first = Prepared { credential: AHEAD.into(), ..first };
        let second = prepared(&app, &body, &attestation).await;
        assert!(second.credential < first.credential, "ids follow the clocks");
        while log::sequence(&app).await.expect("is numbered").is_some() {}
        let authorisation = Authorisation {
            programme: attestation.programme.id.clone(),
            from: "2026-01-01T00:00:00Z".parse().expect("a time"),
            until: None,
        };
        let name = attestation.body_name.clone();
        let facts = BundleFacts {
            bodies: vec![BodyFacts { party: body, name, authorisations: vec![authorisation] }],
            programmes: vec![attestation.programme],
        };
        Self { app, facts, certificate: attestation.certificate_id, first, second }
    }

    async fn release(&self, prepared: &Prepared) -> Released {
        let mut tx = self.app.db.write().await.expect("a transaction");
        let released = release(&mut tx, &self.app, &prepared.credential, &self.facts).await;
        let released = released.expect("a release");
        tx.commit().await.expect("commits");
        while log::sequence(&self.app).await.expect("is numbered").is_some() {}
        released
    }

    fn out(&self) -> Released {
        Released::Now { certificate: self.certificate.clone() }
    }

    /// The credentials' states, oldest first, and which bits are set of which.
    async fn seen(&self) -> (Vec<CredentialState>, Vec<(String, Purpose)>) {
        let mut db = self.app.db.reader().acquire().await.expect("a connection");
        let rows = credentials_of(&mut db, &self.certificate).await.expect("reads");
        let bits = status_bits(&mut db, &self.certificate).await.expect("reads");
        (rows.into_iter().map(|row| row.state).collect(), bits)
    }
}

async fn prepared(app: &App, body: &PartyId, attestation: &Attestation) -> Prepared {
    let mut tx = app.db.write().await.expect("a transaction");
    let prepared = prepare(&mut tx, app, body, attestation, false).await.expect("is prepared");
    tx.commit().await.expect("commits");
    prepared
}

/// What certification would have written of a granted certificate; `bytes` stand where nobody reads.
fn rows(body: &PartyId, attestation: &Attestation, bytes: &str) -> Vec<String> {
    let body = body.as_str();
    let (company, certificate, version) =
        (&attestation.company.id, &attestation.certificate_id, &attestation.version_id);
    let (number, programme) = (&attestation.number, &attestation.programme.id);
    let party = |id: &str, kind: &str| {
        format!(
            "INSERT INTO party (id, kind, display_name, country, sole_proprietor, publish_consent, created_at, version)
             VALUES ('{id}', '{kind}', 'Example', 'JP', 0, 0, 0, 1)"
        )
    };
    vec![
        party(body, "body"),
        party(company, "company"),
        "INSERT INTO account (id, email_norm, name, locale, state, created_at, version)
         VALUES ('account', 'a@example.com', 'A', 'en', 'active', 0, 1)"
            .into(),
        format!(
            "INSERT INTO programme_version (id, programme, label, owner_id, state, digest, canonical, created_at, version)
             VALUES ('programme', '{programme}', '1', '{body}', 'published', {bytes}, {bytes}, 0, 1)"
        ),
        format!(
            "INSERT INTO application (id, company_id, body_id, programme_version_id, kind, state, facts, created_by, created_at, changed_at, version)
             VALUES ('application', '{company}', '{body}', 'programme', 'initial', 'decided', '[]', 'account', 0, 0, 1)"
        ),
        "INSERT INTO assessment (id, application_id, kind, state, created_at, version)
         VALUES ('assessment', 'application', 'initial', 'recommended', 0, 1)"
            .into(),
        "INSERT INTO data_key (id, subject_kind, subject_id) VALUES ('key', 'party', 'x')".into(),
        format!("INSERT INTO note (id, data_key_id, lang, ciphertext, at) VALUES ('note', 'key', 'en', {bytes}, 0)"),
        format!(
            "INSERT INTO certificate (id, number, body_id, company_id, programme, state, created_at, version)
             VALUES ('{certificate}', '{number}', '{body}', '{company}', '{programme}', 'issuing', 0, 1)"
        ),
        format!(
            "INSERT INTO decision (id, certificate_id, kind, reason_note, by_account, at, effective_at)
             VALUES ('decision', '{certificate}', 'grant', 'note', 'account', 0, 0)"
        ),
        format!(
            "INSERT INTO certificate_version (id, certificate_id, n, decision_id, programme_version_id, assessment_id, level, valid_from, valid_until)
             VALUES ('{version}', '{certificate}', 1, 'decision', 'programme', 'assessment', 'certified', 0, 1)"
        ),
    ]
}

async fn the_later_by_the_log_supersedes_the_earlier(scratch: &Scratch) {
    let two = TwoPrepared::set(scratch).await;
    assert_eq!(two.release(&two.first).await, two.out());
    assert_eq!(two.release(&two.second).await, two.out());
    let (states, bits) = two.seen().await;
    assert_eq!(states, [CredentialState::Released; 2]);
    assert_eq!(bits, [(two.first.credential.clone(), Purpose::Refresh)]);
}

async fn the_earlier_by_the_log_is_voided_once_the_later_is_out(scratch: &Scratch) {
    let two = TwoPrepared::set(scratch).await;
    assert_eq!(two.release(&two.second).await, two.out());
    let certificate = two.certificate.clone();
    assert_eq!(two.release(&two.first).await, Released::Overtaken { certificate });
    let (states, bits) = two.seen().await;
    assert_eq!(states, [CredentialState::Voided, CredentialState::Released]);
    assert_eq!(bits, [(two.first.credential.clone(), Purpose::Revocation)]);
}
