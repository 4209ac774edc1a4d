//! The whole check of one credential, in the order of the verdicts.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::Timestamp;

use crate::comb::Signed;
use crate::credential::{Claims, CredentialFault};
use crate::facts::{Facts, facts, shorten};
use crate::foreign;
use crate::log::{self, CredentialEntry, LogFault};
use crate::policy::{CLOCK_TOLERANCE, DEFAULT_STATUS_AGE, Policy};
use crate::report::{Check, CheckName, Outcome, Reason, Report, Skipped, Verdict};
use crate::secured::{Presented, Secured, SecuredFault};
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

/// What is given to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// JSON with a proof, a JWT, a JSON string that holds one, or an object `{"credential": …, "log_proof": "…"}`.
    pub credential: &'a [u8],
    /// A C2SP tlog-proof; it takes the place of one that came with the credential.
    pub log_proof: Option<&'a str>,
}

/// Checks one credential, as [`verify_each`] does.
#[must_use]
pub fn verify(
    input: &[u8],
    trust: Result<&Trust, Untrusted>,
    policy: &Policy,
    now: Timestamp,
    log_proof: Option<&str>,
) -> Report {
    let given = Given { credential: input, log_proof };
    // There is a report for each that is given.
    verify_each(&[given], trust, policy, now).swap_remove(0)
}

/// Checks credentials, and gives a report for each: a verdict on any bytes. Some dozens at a time cost less than one by one,
/// and each stands for itself all the same.
///
/// `now` is the time that the age of the status is measured at, and validity too unless [`Policy::at`] moves it.
#[must_use]
pub fn verify_each(
    given: &[Given<'_>],
    trust: Result<&Trust, Untrusted>,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Report> {
    let presented: Vec<_> = given.iter().map(|given| Presented::read(given.credential)).collect();
    let opened = presented
        .iter()
        .zip(given)
        .map(|(presented, given)| Opened::of(given, presented.as_ref(), trust));
    let opened: Vec<_> = opened.collect();
    let signed: Vec<_> = opened.iter().filter_map(Opened::signed).collect();
    let good = trust.map(|trust| trust.verify_each(&signed)).unwrap_or_default();
    let mut good = good.into_iter();
    let finished = opened.into_iter().map(|opened| {
        let is_good = opened.attributed.is_some() && good.next() == Some(true);
        opened.finish(is_good, policy, now)
    });
    finished.collect()
}

/// A credential that was read as far as it goes without knowing whether its signature is good.
struct Opened<'a> {
    checks: Checks,
    /// None of what cannot be read, or is of nobody that the bundle knows.
    attributed: Option<Attributed<'a>>,
    status_as_of: Option<Timestamp>,
}

impl<'a> Opened<'a> {
    fn of(
        given: &Given<'a>,
        presented: Result<&'a Presented<'a>, &SecuredFault>,
        trust: Result<&'a Trust, Untrusted>,
    ) -> Self {
        let mut checks = Checks::default();
        checks.trust(trust);
        let claims = checks.form(given.credential, presented);
        let attributed = match (presented, claims, trust) {
            (Ok(Presented { secured, log_proof: beside }), Some(claims), Ok(trust)) => {
                let log_proof = given.log_proof.or(beside.as_deref());
                checks.issuer(secured, trust).map(|(body, key)| Attributed {
                    secured,
                    claims,
                    body,
                    key,
                    trust,
                    log_proof,
                })
            }
            _ => None,
        };
        let status_as_of = trust.ok().map(|trust| trust.bundle().as_of);
        Self { checks, attributed, status_as_of }
    }

    /// The signature, as whose it would be.
    fn signed(&self) -> Option<Signed<'a>> {
        let Attributed { secured, key, .. } = self.attributed.as_ref()?;
        Some(secured.signed(&key.public))
    }

    fn finish(self, is_good: bool, policy: &Policy, now: Timestamp) -> Report {
        let Self { mut checks, attributed, status_as_of } = self;
        if let Some(attributed) = &attributed {
            let result = if is_good { Ok(()) } else { Err(Reason::SignatureInvalid) };
            checks.add(CheckName::Signature, result, facts! { "key": attributed.key.id });
            if is_good {
                attributed.check(&mut checks, policy, now);
            }
        }
        let verdict = checks.verdict();
        // Guards the promise of the report: no word of a document whose signer is not known.
        let claims = attributed.map(|one| one.claims).filter(|_| verdict.is_authenticated());
        Report {
            verdict,
            certificate: claims.as_ref().map(|claims| claims.number().to_string()),
            level: claims.as_ref().map(|claims| claims.level.to_string()),
            holder: claims.map(|claims| claims.holder.into_owned()),
            status_as_of,
            checks: checks.into_list(),
        }
    }
}

/// The checks made so far, each in its place.
#[derive(Default)]
struct Checks([Option<Check>; CheckName::ALL.len()]);

impl Checks {
    fn add(&mut self, name: CheckName, result: Result<(), Reason>, facts: impl Into<Facts>) {
        let outcome = match result {
            Ok(()) => Outcome::Passed,
            Err(reason) => Outcome::Failed(reason),
        };
        self.put(name, outcome, facts);
    }

    fn put(&mut self, name: CheckName, outcome: Outcome, facts: impl Into<Facts>) {
        self.0[name as usize] = Some(Check { name, outcome, facts: facts.into() });
    }

    /// The first verdict that a failed check asks for.
    fn verdict(&self) -> Verdict {
        let failed = self.0.iter().flatten().filter_map(|check| match check.outcome {
            Outcome::Failed(reason) => Some(reason.verdict()),
            _ => None,
        });
        failed.min().unwrap_or(Verdict::Valid)
    }

    /// Every check, in the order of [`CheckName::ALL`]. Those never made are listed too.
    fn into_list(self) -> Vec<Check> {
        let never_made = |name| Check {
            name,
            outcome: Outcome::NotChecked(Skipped::NotAuthenticated),
            facts: Facts::default(),
        };
        let named = CheckName::ALL.into_iter().zip(self.0);
        named.map(|(name, check)| check.unwrap_or_else(|| never_made(name))).collect()
    }

    fn trust(&mut self, trust: Result<&Trust, Untrusted>) {
        match trust {
            Ok(trust) => {
                let bundle = trust.bundle();
                let (root, digest) = (trust.root().root().version, trust.root().digest());
                let facts = facts! { "bundle": bundle.version, "as_of": bundle.as_of, "root": root, "root_digest": digest };
                self.add(CheckName::Trust, Ok(()), facts);
                let outcome = match trust.is_rollback_checked() {
                    true => Outcome::Passed,
                    false => Outcome::NotChecked(Skipped::NoState),
                };
                self.put(CheckName::Rollback, outcome, facts! { "bundle": bundle.version });
            }
            Err(untrusted) => {
                let reason = match untrusted {
                    Untrusted::BundleMissing => Reason::BundleMissing,
                    Untrusted::RootNotPinned => Reason::RootNotPinned,
                };
                self.add(CheckName::Trust, Err(reason), Facts::default());
            }
        }
    }

    fn form<'a>(
        &mut self,
        input: &[u8],
        presented: Result<&'a Presented<'a>, &SecuredFault>,
    ) -> Option<Claims<'a>> {
        let read = match presented {
            Ok(presented) => {
                read_claims(&presented.secured).map(|claims| (presented.secured.mechanism, claims))
            }
            Err(fault) => Err((fault.reason(), fault.to_string())),
        };
        match read {
            Ok((mechanism, claims)) => {
                let facts = facts! { "mechanism": mechanism.as_str(), "id": shorten(&claims.id) };
                self.add(CheckName::Form, Ok(()), facts);
                Some(claims)
            }
            Err((reason, detail)) => {
                let mut facts = facts! { "detail": shorten(&detail) };
                if let Some(kind) = foreign::Kind::of(input) {
                    facts = facts! { "detail": shorten(&detail), "kind": kind.code() };
                }
                self.add(CheckName::Form, Err(reason), facts);
                None
            }
        }
    }

    /// The body and key that the document names; none when the bundle knows no such.
    fn issuer<'a>(
        &mut self,
        secured: &Secured<'_>,
        trust: &'a Trust,
    ) -> Option<(&'a Body, &'a BodyKey)> {
        let (issuer, key_id) = (shorten(&secured.issuer), shorten(&secured.key_id));
        let found = trust
            .body(&secured.issuer)
            .ok_or(Reason::IssuerNotInBundle)
            .and_then(|body| Ok((body, body.key(&secured.key_id).ok_or(Reason::KeyNotInBundle)?)));
        let facts = facts! { "issuer": issuer, "key": key_id };
        self.add(CheckName::Issuer, found.map(|_| ()), facts);
        found.ok()
    }
}

fn read_claims<'d>(secured: &'d Secured<'_>) -> Result<Claims<'d>, (Reason, String)> {
    let claims = Claims::read(secured.document.root()).map_err(|fault| {
        let reason = match fault {
            CredentialFault::Other { .. } => Reason::OtherCredential,
            CredentialFault::Member(_) => Reason::InvalidMember,
        };
        (reason, fault.to_string())
    })?;
    match secured.created {
        Some(created) if created != claims.valid_from => {
            Err((Reason::SigningTimeDiffers, created.to_string()))
        }
        _ => Ok(claims),
    }
}

/// A credential with the body and the key that it says it is of. Once the signature is known to be good, every further check
/// is made on this.
struct Attributed<'a> {
    secured: &'a Secured<'a>,
    claims: Claims<'a>,
    body: &'a Body,
    key: &'a BodyKey,
    trust: &'a Trust,
    log_proof: Option<&'a str>,
}

impl Attributed<'_> {
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
        self.claims.valid_from
    }

    fn key(&self, checks: &mut Checks) {
        let BodyKey { id, from, until, compromised_from, .. } = self.key;
        let facts = facts! { "key": id, "signed_at": self.signing_time(), "from": from, "until": until, "compromised_from": compromised_from };
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
        let facts = facts! { "body": self.body.name, "programme": programme, "signed_at": self.signing_time() };
        checks.add(CheckName::Authorisation, result, facts);
    }

    fn programme(&self, checks: &mut Checks) {
        let (id, version) = self.programme_name();
        let digest = self.claims.programme_digest;
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
            facts! { "id": id, "version": version, "digest": digest },
        );
    }

    fn programme_name(&self) -> (&str, &str) {
        self.claims.programme()
    }

    fn log(&self, checks: &mut Checks, policy: &Policy) {
        if !policy.require_log {
            return checks.put(
                CheckName::Log,
                Outcome::NotChecked(Skipped::NotAsked),
                Facts::default(),
            );
        }
        let Some(proof) = self.log_proof else {
            return checks.add(CheckName::Log, Err(Reason::LogProofMissing), Facts::default());
        };
        match log::prove(proof, &self.trust.bundle().tlog_policy) {
            Ok(proven) => {
                let facts =
                    facts! { "log": proven.origin, "leaf": proven.index, "tree_size": proven.size };
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
                checks.add(CheckName::Log, Err(reason), facts! { "detail": fault.to_string() });
            }
        }
    }

    /// Whether a log entry records the issue of exactly this payload.
    fn is_entry(&self, bytes: &[u8]) -> bool {
        CredentialEntry::read(bytes).is_some_and(|entry| {
            entry.payload_sha256 == self.secured.payload_digest()
                && entry.number == self.claims.number()
                && entry.issuer == self.secured.issuer
        })
    }

    fn status(&self, checks: &mut Checks, purpose: Purpose) {
        let (name, set) = match purpose {
            Purpose::Refresh => (CheckName::Refresh, Reason::RefreshBitSet),
            Purpose::Revocation => (CheckName::Revocation, Reason::RevocationBitSet),
            Purpose::Suspension => (CheckName::Suspension, Reason::SuspensionBitSet),
        };
        let Some(entry) = self.claims.status(purpose) else {
            return checks.add(name, Err(Reason::StatusEntryMissing), Facts::default());
        };
        let result = match self.trust.status_list(&entry.list) {
            Err(fault) => Err(fault.0),
            Ok(list) if list.issuer != self.secured.issuer => Err(Reason::ListOfOtherIssuer),
            Ok(list) if list.purpose != purpose => Err(Reason::ListOfOtherPurpose),
            Ok(list) => match list.bit(entry.index) {
                None => Err(Reason::IndexOutOfRange),
                Some(true) => Err(set),
                Some(false) => Ok(()),
            },
        };
        let facts = facts! { "list": entry.list, "index": entry.index, "leaf": self.trust.list_leaf(&entry.list), "as_of": self.trust.bundle().as_of };
        checks.add(name, result, facts);
    }

    fn validity(&self, checks: &mut Checks, at: Timestamp) {
        let (from, until) = (self.claims.valid_from, self.claims.valid_until);
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
            facts! { "at": at, "valid_from": from, "valid_until": until },
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
        let facts = facts! { "as_of": bundle.as_of, "expires": bundle.expires, "age_seconds": age.as_secs(), "limit_seconds": limit.as_secs() };
        checks.add(CheckName::StatusAge, result, facts);
    }

    fn policy(&self, checks: &mut Checks, policy: &Policy) {
        let Policy { min_level, programme, facility, .. } = policy;
        if min_level.is_none() && programme.is_none() && facility.is_none() {
            return checks.put(
                CheckName::Policy,
                Outcome::NotChecked(Skipped::NotAsked),
                Facts::default(),
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
        let facts = facts! { "level": self.claims.level, "min_level": min_level, "programme": self.programme_name().0, "wanted_programme": programme, "wanted_facility": facility };
        checks.add(CheckName::Policy, result, facts);
    }

    fn covers(&self, wanted: &str) -> bool {
        let uuid = ["/facilities/", wanted].concat();
        self.claims.facilities().any(|id| id == wanted || id.ends_with(&uuid))
    }

    /// Compares levels by the order that the bundle gives for the programme version.
    fn reaches(&self, min_level: &str) -> Result<(), Reason> {
        let level = &*self.claims.level;
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
