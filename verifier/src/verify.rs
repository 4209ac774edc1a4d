//! The whole check of one credential, in the order of the verdicts.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::credential::{Credential, CredentialFault};
use crate::log::{self, CredentialEntry, LogFault};
use crate::policy::{CLOCK_TOLERANCE, DEFAULT_STATUS_AGE, Policy};
use crate::report::{Check, CheckName, Outcome, Reason, Report, Skipped, Verdict};
use crate::secured::{Presented, Secured};
use crate::status::Purpose;
use crate::trust::{Body, BodyKey, Trust};

/// Why there is nothing to check against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// No trust bundle was given.
    BundleMissing,
    /// A bundle was given, but no root that vouches for it.
    RootNotPinned,
}

/// Checks one credential: JSON with a proof, a JWT, a JSON string that holds one, or an object
/// `{"credential": …, "log_proof": "…"}`. Gives a verdict on any bytes.
///
/// `now` is the time that the age of the status is measured at, and validity too unless [`Policy::at`] moves it.
/// `log_proof` is a C2SP tlog-proof; it takes the place of one that came with the credential.
#[must_use]
pub fn verify(
    input: &[u8],
    trust: Result<&Trust, Untrusted>,
    policy: &Policy,
    now: Timestamp,
    log_proof: Option<&str>,
) -> Report {
    let mut checks = Checks::default();
    checks.trust(trust);
    let presented = Presented::read(input);
    let status_as_of = trust.ok().map(|trust| trust.bundle().as_of);
    let read = checks.form(
        presented.as_ref().map(|p| &p.secured).map_err(|fault| (fault.reason(), fault.to_string())),
    );
    let authenticated = match (&presented, read, trust) {
        (Ok(presented), Some(credential), Ok(trust)) => {
            let log_proof = log_proof.or(presented.log_proof.as_deref());
            let secured = &presented.secured;
            checks.signer(secured, trust).map(|(body, key)| Authenticated {
                secured,
                credential,
                body,
                key,
                trust,
                log_proof,
            })
        }
        _ => None,
    };
    if let Some(authenticated) = &authenticated {
        authenticated.check(&mut checks, policy, now);
    }
    let credential = authenticated.map(|authenticated| authenticated.credential);
    let verdict = checks.verdict();
    // Guards the promise of the report: no word of a document whose signer is not known.
    let credential = credential.filter(|_| verdict.is_authenticated());
    Report {
        verdict,
        certificate: credential.as_ref().and_then(|c| c.number().map(ToString::to_string)),
        level: credential.as_ref().map(|c| c.level().to_string()),
        holder: credential.map(|c| c.credential_subject.issued_to_party.name),
        status_as_of,
        checks: checks.into_list(),
    }
}

/// The checks made so far. Those never made are listed too.
#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, name: CheckName, result: Result<(), Reason>, facts: Value) {
        let outcome = match result {
            Ok(()) => Outcome::Passed,
            Err(reason) => Outcome::Failed(reason),
        };
        self.push(name, outcome, facts);
    }

    fn push(&mut self, name: CheckName, outcome: Outcome, facts: Value) {
        let facts = match facts {
            Value::Object(facts) => facts,
            _ => Map::new(),
        };
        self.0.push(Check { name, outcome, facts });
    }

    /// The first verdict that a failed check asks for.
    fn verdict(&self) -> Verdict {
        let failed = self.0.iter().filter_map(|check| match check.outcome {
            Outcome::Failed(reason) => Some(reason.verdict()),
            _ => None,
        });
        failed.min().unwrap_or(Verdict::Valid)
    }

    fn into_list(mut self) -> Vec<Check> {
        for name in CheckName::ALL {
            if !self.0.iter().any(|check| check.name == name) {
                self.push(name, Outcome::NotChecked(Skipped::NotAuthenticated), Value::Null);
            }
        }
        self.0.sort_by_key(|check| CheckName::ALL.iter().position(|name| *name == check.name));
        self.0
    }

    fn trust(&mut self, trust: Result<&Trust, Untrusted>) {
        match trust {
            Ok(trust) => {
                let bundle = trust.bundle();
                let (root, digest) = (trust.root().root().version, trust.root().digest());
                let facts = json!({"bundle": bundle.version, "as_of": bundle.as_of, "root": root, "root_digest": digest});
                self.add(CheckName::Trust, Ok(()), facts);
                let outcome = match trust.is_rollback_checked() {
                    true => Outcome::Passed,
                    false => Outcome::NotChecked(Skipped::NoState),
                };
                self.push(CheckName::Rollback, outcome, json!({"bundle": bundle.version}));
            }
            Err(untrusted) => {
                let reason = match untrusted {
                    Untrusted::BundleMissing => Reason::BundleMissing,
                    Untrusted::RootNotPinned => Reason::RootNotPinned,
                };
                self.add(CheckName::Trust, Err(reason), Value::Null);
            }
        }
    }

    fn form(&mut self, secured: Result<&Secured, (Reason, String)>) -> Option<Credential> {
        let read = secured.and_then(|secured| {
            let credential = read_credential(secured)?;
            Ok((secured.mechanism, credential))
        });
        match read {
            Ok((mechanism, credential)) => {
                let facts =
                    json!({"mechanism": mechanism.as_str(), "id": shorten(credential.id.clone())});
                self.add(CheckName::Form, Ok(()), facts);
                Some(credential)
            }
            Err((reason, detail)) => {
                self.add(CheckName::Form, Err(reason), json!({"detail": shorten(detail)}));
                None
            }
        }
    }

    /// The body and key that signed; none when the bundle knows no such or the signature does not fit.
    fn signer<'a>(
        &mut self,
        secured: &Secured,
        trust: &'a Trust,
    ) -> Option<(&'a Body, &'a BodyKey)> {
        let words = |text: &str| shorten(String::from(text));
        let facts = json!({"issuer": words(&secured.issuer), "key": words(&secured.key_id)});
        let found = trust
            .body(&secured.issuer)
            .ok_or(Reason::IssuerNotInBundle)
            .and_then(|body| Ok((body, body.key(&secured.key_id).ok_or(Reason::KeyNotInBundle)?)));
        self.add(CheckName::Issuer, found.map(|_| ()), facts);
        let (body, key) = found.ok()?;
        let fits = trust.is_signed_by(secured, &key.public);
        let result = if fits { Ok(()) } else { Err(Reason::SignatureInvalid) };
        self.add(CheckName::Signature, result, json!({"key": key.id}));
        fits.then_some((body, key))
    }
}

fn read_credential(secured: &Secured) -> Result<Credential, (Reason, String)> {
    let credential = Credential::read(&secured.document).map_err(|fault| {
        let reason = match fault {
            CredentialFault::Other { .. } => Reason::OtherCredential,
            CredentialFault::Member(_) => Reason::InvalidMember,
        };
        (reason, fault.to_string())
    })?;
    match secured.created {
        Some(created) if created != credential.valid_from => {
            Err((Reason::SigningTimeDiffers, created.to_string()))
        }
        _ => Ok(credential),
    }
}

/// Keeps what a hostile document says about itself from filling a report.
fn shorten(mut detail: String) -> String {
    const LONGEST: usize = 300;
    if detail.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| detail.is_char_boundary(*at)).unwrap_or(0);
        detail.truncate(end);
        detail.push('…');
    }
    detail
}

/// A credential whose signature is its issuer's. Every further check is made on this.
struct Authenticated<'a> {
    secured: &'a Secured,
    credential: Credential,
    body: &'a Body,
    key: &'a BodyKey,
    trust: &'a Trust,
    log_proof: Option<&'a str>,
}

impl Authenticated<'_> {
    fn check(&self, checks: &mut Checks, policy: &Policy, now: Timestamp) {
        self.key(checks);
        self.authorisation(checks);
        self.programme(checks);
        self.log(checks, policy);
        for purpose in Purpose::ALL {
            self.status(checks, purpose);
        }
        self.validity(checks, policy.at.unwrap_or(now));
        self.status_age(checks, policy, now);
        self.policy(checks, policy);
    }

    /// When the issuer says that it signed.
    fn signing_time(&self) -> Timestamp {
        self.credential.valid_from
    }

    fn key(&self, checks: &mut Checks) {
        let BodyKey { id, from, until, compromised_from, .. } = self.key;
        let facts = json!({
            "key": id, "signed_at": self.signing_time(),
            "from": from, "until": until, "compromised_from": compromised_from,
        });
        checks.add(CheckName::Key, self.key.admits(self.signing_time()), facts);
    }

    fn authorisation(&self, checks: &mut Checks) {
        let programme = self.programme_name().0;
        let mut ours =
            self.body.authorisations.iter().filter(|a| a.programme == programme).peekable();
        let result = if ours.peek().is_none() {
            Err(Reason::NoAuthorisation)
        } else if ours.any(|authorisation| authorisation.in_force(self.signing_time())) {
            Ok(())
        } else {
            Err(Reason::AuthorisationNotInForce)
        };
        let facts = json!({"body": self.body.name, "programme": programme, "signed_at": self.signing_time()});
        checks.add(CheckName::Authorisation, result, facts);
    }

    fn programme(&self, checks: &mut Checks) {
        let (id, version) = self.programme_name();
        let digest = self.credential.credential_subject.programme_digest;
        let mut known =
            self.trust.bundle().programmes.iter().filter(|p| p.id == id && p.version == version);
        let result = match known.next() {
            None => Err(Reason::ProgrammeNotInBundle),
            Some(known) if known.digest != digest => Err(Reason::ProgrammeDigestDiffers),
            Some(_) => Ok(()),
        };
        checks.add(
            CheckName::Programme,
            result,
            json!({"id": id, "version": version, "digest": digest}),
        );
    }

    fn programme_name(&self) -> (&str, &str) {
        // `Credential::read` let nothing pass that has no programme.
        self.credential.programme().unwrap_or_default()
    }

    fn log(&self, checks: &mut Checks, policy: &Policy) {
        if !policy.require_log {
            return checks.push(
                CheckName::Log,
                Outcome::NotChecked(Skipped::NotAsked),
                Value::Null,
            );
        }
        let Some(proof) = self.log_proof else {
            return checks.add(CheckName::Log, Err(Reason::LogProofMissing), Value::Null);
        };
        match log::prove(proof, &self.trust.bundle().tlog_policy) {
            Ok(proven) => {
                let facts =
                    json!({"log": proven.origin, "leaf": proven.index, "tree_size": proven.size});
                let result =
                    if self.is_entry(&proven.entry) { Ok(()) } else { Err(Reason::EntryOfAnother) };
                checks.add(CheckName::Log, result, facts);
            }
            Err(fault) => {
                let reason = match fault {
                    LogFault::Proof(_) => Reason::LogProofMalformed,
                    LogFault::Policy(_) => Reason::LogPolicyUnusable,
                    LogFault::Checkpoint => Reason::CheckpointNotSigned,
                    LogFault::Tree(_) => Reason::EntryNotIncluded,
                };
                checks.add(CheckName::Log, Err(reason), json!({"detail": fault.to_string()}));
            }
        }
    }

    /// Whether a log entry records the issue of exactly this payload.
    fn is_entry(&self, bytes: &[u8]) -> bool {
        CredentialEntry::read(bytes).is_some_and(|entry| {
            entry.payload_sha256 == self.secured.payload_digest
                && Some(entry.number.as_str()) == self.credential.number()
                && entry.issuer == self.secured.issuer
        })
    }

    fn status(&self, checks: &mut Checks, purpose: Purpose) {
        let (name, set) = match purpose {
            Purpose::Refresh => (CheckName::Refresh, Reason::RefreshBitSet),
            Purpose::Revocation => (CheckName::Revocation, Reason::RevocationBitSet),
            Purpose::Suspension => (CheckName::Suspension, Reason::SuspensionBitSet),
        };
        let Some(entry) = self.credential.status(purpose) else {
            return checks.add(name, Err(Reason::StatusEntryMissing), Value::Null);
        };
        let result = match self.trust.status_list(&entry.status_list_credential) {
            Err(fault) => Err(fault.0),
            Ok(list) if list.issuer != self.secured.issuer => Err(Reason::ListOfOtherIssuer),
            Ok(list) if list.purpose != purpose => Err(Reason::ListOfOtherPurpose),
            Ok(list) => match list.bit(entry.status_list_index) {
                None => Err(Reason::IndexOutOfRange),
                Some(true) => Err(set),
                Some(false) => Ok(()),
            },
        };
        let facts = json!({
            "list": entry.status_list_credential, "index": entry.status_list_index,
            "leaf": self.trust.list_leaf(&entry.status_list_credential), "as_of": self.trust.bundle().as_of,
        });
        checks.add(name, result, facts);
    }

    fn validity(&self, checks: &mut Checks, at: Timestamp) {
        let (from, until) = (self.credential.valid_from, self.credential.valid_until);
        let result = if at < from {
            Err(Reason::BeforeValidFrom)
        } else if at > until {
            Err(Reason::AfterValidUntil)
        } else {
            Ok(())
        };
        checks.add(
            CheckName::Validity,
            result,
            json!({"at": at, "valid_from": from, "valid_until": until}),
        );
    }

    fn status_age(&self, checks: &mut Checks, policy: &Policy, now: Timestamp) {
        let bundle = self.trust.bundle();
        let age = now.duration_since(bundle.as_of);
        let limit = policy.max_status_age.unwrap_or(DEFAULT_STATUS_AGE);
        let is_past = policy.max_status_age.is_none() && now > bundle.expires;
        let result = if age < -CLOCK_TOLERANCE {
            Err(Reason::StatusFromFuture)
        } else if age > limit || is_past {
            Err(Reason::StatusTooOld)
        } else {
            Ok(())
        };
        let facts = json!({
            "as_of": bundle.as_of, "expires": bundle.expires,
            "age_seconds": age.as_secs(), "limit_seconds": limit.as_secs(),
        });
        checks.add(CheckName::StatusAge, result, facts);
    }

    fn policy(&self, checks: &mut Checks, policy: &Policy) {
        let Policy { min_level, programme, facility, .. } = policy;
        if min_level.is_none() && programme.is_none() && facility.is_none() {
            return checks.push(
                CheckName::Policy,
                Outcome::NotChecked(Skipped::NotAsked),
                Value::Null,
            );
        }
        let wanted = |programme: &String| programme == self.programme_name().0;
        let result = if !programme.as_ref().is_none_or(wanted) {
            Err(Reason::OtherProgramme)
        } else if !facility.as_ref().is_none_or(|facility| self.covers(facility)) {
            Err(Reason::FacilityNotCovered)
        } else {
            min_level.as_ref().map_or(Ok(()), |level| self.reaches(level))
        };
        let facts = json!({
            "level": self.credential.level(), "min_level": min_level,
            "programme": self.programme_name().0, "wanted_programme": programme, "wanted_facility": facility,
        });
        checks.add(CheckName::Policy, result, facts);
    }

    fn covers(&self, wanted: &str) -> bool {
        let uuid = ["/facilities/", wanted].concat();
        self.credential
            .facilities()
            .any(|facility| facility.id == wanted || facility.id.ends_with(&uuid))
    }

    /// Compares levels by the order that the bundle gives for the programme version.
    fn reaches(&self, min_level: &str) -> Result<(), Reason> {
        let level = self.credential.level();
        if level == min_level {
            return Ok(());
        }
        let (id, version) = self.programme_name();
        let mut known =
            self.trust.bundle().programmes.iter().filter(|p| p.id == id && p.version == version);
        let levels = known.next().map(|programme| programme.levels.as_slice()).unwrap_or_default();
        let rank = |wanted: &str| levels.iter().position(|level| level == wanted);
        match (rank(level), rank(min_level)) {
            (Some(level), Some(min_level)) if level < min_level => Ok(()),
            (Some(_), Some(_)) => Err(Reason::LevelTooLow),
            _ => Err(Reason::LevelUnknown),
        }
    }
}
