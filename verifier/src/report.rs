//! What a verification answers: a verdict, and every check that led to it.

use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Defines an enum whose members have a stable code, a verdict and a sentence for people: the doc comment.
macro_rules! reasons {
    ($(#[doc = $enum_doc:literal])* $name:ident: $($(#[doc = $doc:literal])+ $member:ident = $code:literal => $verdict:ident,)+) => {
        $(#[doc = $enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $doc])+ $member,)+ }

        impl $name {
            /// Every reason, in the order of the verdicts.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The stable code, as in a report.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$member => $code),+ }
            }

            /// The verdict that a check failed for this reason asks for.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self { $(Self::$member => Verdict::$verdict),+ }
            }

            /// What is wrong and what to do, in English.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$member => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

/// The answer on one credential. The members stand in their order of precedence: of several that apply, the
/// first wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Not a credential that this program reads.
    Malformed,
    /// Nothing to check against was given.
    Unverified,
    /// The trust bundle knows no such issuer or key.
    UnknownIssuer,
    /// Altered, or not signed by whom it says.
    BadSignature,
    /// Signed with a key outside its time, or a compromised one.
    KeyNotValid,
    /// The issuer was not authorised for the programme.
    NotAuthorised,
    /// The bundle does not list the programme's version or digest.
    UnknownProgramme,
    /// Not shown to stand in the transparency log; only when that is asked for.
    NotLogged,
    /// A newer credential takes its place.
    Superseded,
    /// Withdrawn for good.
    Revoked,
    /// Withdrawn for a time.
    Suspended,
    /// Its validity has not begun.
    NotYetValid,
    /// Its validity has ended.
    Expired,
    /// A status list is missing or unreadable.
    StatusUnknown,
    /// The status is older than the policy allows.
    StaleStatus,
    /// Valid, but not what the reader asked for.
    PolicyNotMet,
    /// Every check passed.
    Valid,
}

impl Verdict {
    /// The verdicts in their order of precedence.
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Unverified,
        Self::UnknownIssuer,
        Self::BadSignature,
        Self::KeyNotValid,
        Self::NotAuthorised,
        Self::UnknownProgramme,
        Self::NotLogged,
        Self::Superseded,
        Self::Revoked,
        Self::Suspended,
        Self::NotYetValid,
        Self::Expired,
        Self::StatusUnknown,
        Self::StaleStatus,
        Self::PolicyNotMet,
        Self::Valid,
    ];

    /// The stable code, as in a report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unverified => "unverified",
            Self::UnknownIssuer => "unknown_issuer",
            Self::BadSignature => "bad_signature",
            Self::KeyNotValid => "key_not_valid",
            Self::NotAuthorised => "not_authorised",
            Self::UnknownProgramme => "unknown_programme",
            Self::NotLogged => "not_logged",
            Self::Superseded => "superseded",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::StatusUnknown => "status_unknown",
            Self::StaleStatus => "stale_status",
            Self::PolicyNotMet => "policy_not_met",
            Self::Valid => "valid",
        }
    }

    /// Whether the signature is known to be the issuer's, so that the document's words may be repeated.
    #[must_use]
    pub fn is_authenticated(self) -> bool {
        self > Self::BadSignature
    }
}

impl core::fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.pad(self.as_str())
    }
}

reasons! {
    /// Why a check failed. Codes are stable; new ones may be added.
    Reason:

    /// The file is larger than any credential is.
    TooLarge = "too_large" => Malformed,
    /// The file is neither JSON nor a signed JWT.
    NotACredential = "not_a_credential" => Malformed,
    /// The JSON is broken.
    InvalidJson = "invalid_json" => Malformed,
    /// The JSON is nested too deep.
    TooDeep = "too_deep" => Malformed,
    /// A member stands twice in one object, so that two readers could read two things.
    DuplicateMember = "duplicate_member" => Malformed,
    /// A number is too large to be read exactly.
    InexactNumber = "inexact_number" => Malformed,
    /// The JWT's three parts are not strict base64url.
    InvalidJwt = "invalid_jwt" => Malformed,
    /// The JWT's header has members that this reader does not accept, or lacks one.
    InvalidJwtHeader = "invalid_jwt_header" => Malformed,
    /// The JWT is not a credential of the media type vc+jwt.
    OtherJwtType = "other_jwt_type" => Malformed,
    /// The signature algorithm is not Ed25519.
    OtherAlgorithm = "other_algorithm" => Malformed,
    /// The JWT's claims `vc`, `vp` or a foreign `iss` stand beside the credential.
    ForbiddenClaim = "forbidden_claim" => Malformed,
    /// The credential has no proof.
    ProofMissing = "proof_missing" => Malformed,
    /// The proof is not one object of the cryptosuite eddsa-jcs-2022.
    OtherProof = "other_proof" => Malformed,
    /// The proof has a member that is missing or wrong.
    InvalidProof = "invalid_proof" => Malformed,
    /// The proof's @context is not the document's, so that a part would be unsigned.
    ProofContextDiffers = "proof_context_differs" => Malformed,
    /// The signing key is not named by a DID URL of the issuer.
    KeyNotOfIssuer = "key_not_of_issuer" => Malformed,
    /// A credential, but not one that Akashi's programmes issue.
    OtherCredential = "other_credential" => Malformed,
    /// A member of the credential is missing or wrong.
    InvalidMember = "invalid_member" => Malformed,
    /// The proof states another signing time than the credential.
    SigningTimeDiffers = "signing_time_differs" => Malformed,

    /// No trust bundle was given: fetch it from the registry's /.well-known/akashi/trust-bundle.
    BundleMissing = "bundle_missing" => Unverified,
    /// No root is known that vouches for the bundle: name one with --root.
    RootNotPinned = "root_not_pinned" => Unverified,

    /// The trust bundle does not list this issuer: a stranger's document, or a newer bundle is needed.
    IssuerNotInBundle = "issuer_not_in_bundle" => UnknownIssuer,
    /// The trust bundle lists the issuer but not this key: a newer bundle may.
    KeyNotInBundle = "key_not_in_bundle" => UnknownIssuer,

    /// The signature does not fit the document: it was altered, or another key signed it.
    SignatureInvalid = "signature_invalid" => BadSignature,

    /// Signed before the key's time began.
    KeyNotYetValid = "key_not_yet_valid" => KeyNotValid,
    /// Signed after the key was retired.
    KeyRetired = "key_retired" => KeyNotValid,
    /// The key is known to be compromised, and no witness saw this credential before.
    KeyCompromised = "key_compromised" => KeyNotValid,

    /// The issuer never was authorised for this programme.
    NoAuthorisation = "no_authorisation" => NotAuthorised,
    /// The issuer's authorisation for this programme was not in force when it signed.
    AuthorisationNotInForce = "authorisation_not_in_force" => NotAuthorised,

    /// The trust bundle does not list this version of the programme: a newer bundle may.
    ProgrammeNotInBundle = "programme_not_in_bundle" => UnknownProgramme,
    /// The programme's digest is not the published one.
    ProgrammeDigestDiffers = "programme_digest_differs" => UnknownProgramme,

    /// No log proof was given: save the one that /credentials/ID/log-proof serves beside the credential.
    LogProofMissing = "log_proof_missing" => NotLogged,
    /// The log proof is not a C2SP tlog-proof with an entry.
    LogProofMalformed = "log_proof_malformed" => NotLogged,
    /// The trust bundle's log policy is unreadable or asks for more than this program checks.
    LogPolicyUnusable = "log_policy_unusable" => NotLogged,
    /// The checkpoint is of another log, or not signed by the log.
    CheckpointNotSigned = "checkpoint_not_signed" => NotLogged,
    /// The proof does not lead from the entry to the checkpoint.
    EntryNotIncluded = "entry_not_included" => NotLogged,
    /// The log entry speaks of another credential.
    EntryOfAnother = "entry_of_another" => NotLogged,

    /// A newer credential takes this one's place: ask the holder for it.
    RefreshBitSet = "refresh_bit_set" => Superseded,
    /// The certification was withdrawn or ended, or a credential of a lower level or a narrower scope took this one's place.
    RevocationBitSet = "revocation_bit_set" => Revoked,
    /// The certification is suspended: ask the holder or the body why and until when.
    SuspensionBitSet = "suspension_bit_set" => Suspended,

    /// The credential's validity begins later.
    BeforeValidFrom = "before_valid_from" => NotYetValid,
    /// The credential's validity has ended.
    AfterValidUntil = "after_valid_until" => Expired,

    /// The credential names no status list for this purpose.
    StatusEntryMissing = "status_entry_missing" => StatusUnknown,
    /// The trust bundle does not carry the status list: a newer bundle may.
    ListNotInBundle = "list_not_in_bundle" => StatusUnknown,
    /// The status list is not a signed credential that can be read.
    ListMalformed = "list_malformed" => StatusUnknown,
    /// The status list is of another type than BitstringStatusListCredential.
    ListOfOtherType = "list_of_other_type" => StatusUnknown,
    /// The status list is another one than the bundle says.
    ListOfOtherId = "list_of_other_id" => StatusUnknown,
    /// The status list serves another purpose.
    ListOfOtherPurpose = "list_of_other_purpose" => StatusUnknown,
    /// The status list is of another issuer than the credential.
    ListOfOtherIssuer = "list_of_other_issuer" => StatusUnknown,
    /// The status list is not signed by a key of its issuer.
    ListSignatureInvalid = "list_signature_invalid" => StatusUnknown,
    /// The status list's key was outside its time, or is compromised.
    ListKeyNotValid = "list_key_not_valid" => StatusUnknown,
    /// The status list is not multibase base64url.
    ListNotMultibase = "list_not_multibase" => StatusUnknown,
    /// The status list is not one whole gzip member.
    ListNotGzip = "list_not_gzip" => StatusUnknown,
    /// The status list is larger than any list may be.
    ListTooLarge = "list_too_large" => StatusUnknown,
    /// The status list is shorter than 131,072 entries.
    ListTooShort = "list_too_short" => StatusUnknown,
    /// The status list has entries of more than one bit.
    ListStatusSize = "list_status_size" => StatusUnknown,
    /// The status list was not yet valid when the bundle was made.
    ListNotYetValid = "list_not_yet_valid" => StatusUnknown,
    /// The status list was no longer valid when the bundle was made.
    ListExpired = "list_expired" => StatusUnknown,
    /// The credential's index lies beyond the list's end.
    IndexOutOfRange = "index_out_of_range" => StatusUnknown,

    /// The status is older than allowed: fetch a newer trust bundle.
    StatusTooOld = "status_too_old" => StaleStatus,
    /// The trust bundle was made later than it is now, so that nobody can tell how old the status is: set the clock.
    StatusFromFuture = "status_from_future" => StaleStatus,

    /// The level is below the one asked for.
    LevelTooLow = "level_too_low" => PolicyNotMet,
    /// The trust bundle does not say how the level compares with the one asked for: check its name.
    LevelUnknown = "level_unknown" => PolicyNotMet,
    /// The certificate is for another programme.
    OtherProgramme = "other_programme" => PolicyNotMet,
    /// The certificate does not cover the facility.
    FacilityNotCovered = "facility_not_covered" => PolicyNotMet,
}

/// Why a check was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skipped {
    /// The policy does not ask for it.
    NotAsked,
    /// An earlier check failed, without which this one would judge unauthenticated words.
    NotAuthenticated,
    /// Nothing is remembered of earlier bundles, so that a rollback cannot be seen.
    NoState,
}

impl Skipped {
    /// The stable code, as in a report.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::NotAuthenticated => "not_authenticated",
            Self::NoState => "no_state",
        }
    }
}

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be, and why.
    Failed(Reason),
    /// Not made, and why.
    NotChecked(Skipped),
}

impl Outcome {
    /// `passed`, `failed` or `not_checked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::NotChecked(_) => "not_checked",
        }
    }

    /// The code of the reason; none for a check that passed.
    #[must_use]
    pub const fn reason_code(self) -> Option<&'static str> {
        match self {
            Self::Passed => None,
            Self::Failed(reason) => Some(reason.code()),
            Self::NotChecked(skipped) => Some(skipped.code()),
        }
    }
}

/// The checks, in the order of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckName {
    /// The document and its securing mechanism can be read.
    Form,
    /// A trust bundle under a known root is at hand.
    Trust,
    /// The bundle is not older than one seen before.
    Rollback,
    /// The bundle knows the issuer and the key.
    Issuer,
    /// The key's signature fits the document.
    Signature,
    /// The key was in its window at the signing time.
    Key,
    /// The issuer was authorised for the programme at the signing time.
    Authorisation,
    /// The bundle knows the programme's version and digest.
    Programme,
    /// The credential stands in the transparency log.
    Log,
    /// No newer credential takes its place.
    Refresh,
    /// It is not revoked.
    Revocation,
    /// It is not suspended.
    Suspension,
    /// It is valid at the time asked about.
    Validity,
    /// The status is recent enough.
    StatusAge,
    /// It is what the reader asks for.
    Policy,
}

impl CheckName {
    /// Every check, in the order of a report.
    pub const ALL: [Self; 15] = [
        Self::Form,
        Self::Trust,
        Self::Rollback,
        Self::Issuer,
        Self::Signature,
        Self::Key,
        Self::Authorisation,
        Self::Programme,
        Self::Log,
        Self::Refresh,
        Self::Revocation,
        Self::Suspension,
        Self::Validity,
        Self::StatusAge,
        Self::Policy,
    ];

    /// The stable name, as in a report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Trust => "trust",
            Self::Rollback => "rollback",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::Key => "key",
            Self::Authorisation => "authorisation",
            Self::Programme => "programme",
            Self::Log => "log",
            Self::Refresh => "refresh",
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
            Self::Validity => "validity",
            Self::StatusAge => "status_age",
            Self::Policy => "policy",
        }
    }
}

/// One check and what it saw. Serialises as `{name, outcome, reason, facts}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Which check.
    pub name: CheckName,
    /// What came of it.
    pub outcome: Outcome,
    /// What it saw, by name: times in RFC 3339, ages in seconds.
    pub facts: Map<String, Value>,
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Check", 4)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("outcome", self.outcome.as_str())?;
        object.serialize_field("reason", &self.outcome.reason_code())?;
        object.serialize_field("facts", &self.facts)?;
        object.end()
    }
}

/// The answer on one credential.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The first verdict that applies.
    pub verdict: Verdict,
    /// Every check, failed or not, in the order of [`CheckName::ALL`].
    pub checks: Vec<Check>,
    /// The certificate's number; none while the signature is not known to be good.
    pub certificate: Option<String>,
    /// The holder's name; none likewise.
    pub holder: Option<String>,
    /// The level's id; none likewise.
    pub level: Option<String>,
    /// When the trust bundle, and so the status, was made; none without a bundle.
    pub status_as_of: Option<Timestamp>,
}

impl Report {
    /// The check of that name.
    #[must_use]
    pub fn check(&self, name: CheckName) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// Why the verdict is what it is; none when it is `valid`.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.checks.iter().find_map(|check| match check.outcome {
            Outcome::Failed(reason) if reason.verdict() == self.verdict => Some(reason),
            _ => None,
        })
    }
}

/// A report with its place in the input: one element of `akashi-verify`'s JSON answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The name of the file, `-` for standard input.
    pub input: String,
    /// Which credential of that file, from 0.
    pub index: usize,
    /// The answer.
    #[serde(flatten)]
    pub report: Report,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_follow_the_order_of_verdicts() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.is_sorted_by_key(|reason| reason.verdict()));
        assert!(Verdict::ALL.is_sorted());
    }

    #[test]
    fn every_verdict_but_valid_has_a_reason() {
        let with_reason: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.verdict()).collect();
        let all: BTreeSet<_> = Verdict::ALL.into_iter().filter(|v| *v != Verdict::Valid).collect();
        assert_eq!(with_reason, all);
    }

    #[test]
    fn verdicts_and_checks_serialise_as_their_codes() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).expect("a string"), verdict.as_str());
        }
        for name in CheckName::ALL {
            assert_eq!(serde_json::to_value(name).expect("a string"), name.as_str());
        }
    }
}
