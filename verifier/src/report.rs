//! What a verification answers: a verdict, and every check that led to it.

use alloc::string::String;
use alloc::vec::Vec;

pub use akashi_schemas::Language;
use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::facts::Facts;

use crate::foreign::Kind;
use crate::spoken::spoken;

/// Reasons are words that are spoken, and each asks for a verdict.
macro_rules! reasons {
    ($(#[$meta:meta])* $name:ident: $($(#[doc = $english:literal])+ $member:ident = $code:literal => $verdict:ident, $japanese:literal;)+) => {
        spoken! { $(#[$meta])* $name: $($(#[doc = $english])+ $member = $code, $japanese;)+ }

        impl $name {
            /// The verdict that a check failed for this reason asks for.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self { $(Self::$member => Verdict::$verdict),+ }
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

    /// What it means, in a few words without a full stop.
    #[must_use]
    pub const fn heading(self, language: Language) -> &'static str {
        self.words(language).0
    }

    /// What it means for whoever was given the file, and what to do next.
    #[must_use]
    pub const fn advice(self, language: Language) -> &'static str {
        self.words(language).1
    }

    /// Heading and advice.
    const fn words(self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::English => self.english(),
            Language::Japanese => self.japanese(),
        }
    }

    const fn english(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => (
                "This is not a certificate that Akashi reads",
                "Ask the sender for the file as the registry gave it out, unchanged.",
            ),
            Self::Unverified => (
                "It could not be checked",
                "That takes the registry's trust bundle, and the root that vouches for it.",
            ),
            Self::UnknownIssuer => (
                "The issuer is not known here",
                "It may be genuine elsewhere; the registry that was asked does not vouch for it.",
            ),
            Self::BadSignature => (
                "The signature does not fit",
                "Somebody changed the file, or signed it in another's name. Do not rely on it.",
            ),
            Self::KeyNotValid => (
                "It was signed with a key that does not count",
                "Do not rely on it; ask the holder for a newly issued one.",
            ),
            Self::NotAuthorised => (
                "The issuer was not authorised",
                "The body was not allowed to certify under this programme when it signed. Do not rely on it.",
            ),
            Self::UnknownProgramme => (
                "The programme is not known here",
                "The rules it names are not those that the registry published. Do not rely on it.",
            ),
            Self::NotLogged => (
                "It is not shown to stand in the log",
                "Save the log proof beside the file and try again.",
            ),
            Self::Superseded => (
                "A newer certificate takes its place",
                "Ask the holder for the newer one, or look up the certificate by its number.",
            ),
            Self::Revoked => (
                "It was revoked",
                "It no longer counts. The certificate's page says since when and why.",
            ),
            Self::Suspended => (
                "It is suspended",
                "It does not count for now. The certificate's page says since when and why.",
            ),
            Self::NotYetValid => ("It does not count yet", "Its term begins later."),
            Self::Expired => ("Its term is over", "Ask the holder whether it was renewed."),
            Self::StatusUnknown => (
                "Its status could not be found out",
                "It is not known whether it was revoked: do not take it for valid.",
            ),
            Self::StaleStatus => {
                ("Its status is too old to rely on", "Fetch a newer trust bundle and try again.")
            }
            Self::PolicyNotMet => (
                "Genuine, but not what was asked for",
                "Level, programme or facility are not those that were asked for.",
            ),
            Self::Valid => ("Valid", "Genuine, unchanged and in force."),
        }
    }

    const fn japanese(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => (
                "Akashiが読める認証ではありません",
                "登録簿が発行したままのファイルを送り手に求めてください。",
            ),
            Self::Unverified => (
                "検証できませんでした",
                "検証には、登録簿のトラストバンドルと、それを裏付けるルートが必要です。",
            ),
            Self::UnknownIssuer => (
                "発行者はこの登録簿に登録されていません",
                "ほかでは本物かもしれませんが、この登録簿は保証しません。",
            ),
            Self::BadSignature => (
                "署名が一致しません",
                "ファイルが改変されたか、他者の名で署名されています。信用しないでください。",
            ),
            Self::KeyNotValid => (
                "効力のない鍵で署名されています",
                "信用せず、保有企業に再発行されたものを求めてください。",
            ),
            Self::NotAuthorised => (
                "発行者に権限がありませんでした",
                "認証機関は署名の時点で、この制度で認証する権限を持っていませんでした。信用しないでください。",
            ),
            Self::UnknownProgramme => (
                "この登録簿にない制度です",
                "記載された制度は、この登録簿が公表したものと一致しません。信用しないでください。",
            ),
            Self::NotLogged => (
                "ログに記録されていることを確かめられません",
                "ログの証明をファイルと一緒に保存して、もう一度お試しください。",
            ),
            Self::Superseded => (
                "新しい認証に置き換えられています",
                "保有企業に新しいものを求めるか、認証番号で検索してください。",
            ),
            Self::Revoked => (
                "失効しています",
                "効力はありません。いつからか、なぜかは認証のページに載っています。",
            ),
            Self::Suspended => (
                "一時停止中です",
                "現在は効力がありません。いつからか、なぜかは認証のページに載っています。",
            ),
            Self::NotYetValid => {
                ("まだ有効期間が始まっていません", "有効期間はこれから始まります。")
            }
            Self::Expired => {
                ("有効期間が終わっています", "更新されていないか、保有企業にお尋ねください。")
            }
            Self::StatusUnknown => (
                "状態を確認できませんでした",
                "失効したかどうかが分かりません。有効とみなさないでください。",
            ),
            Self::StaleStatus => (
                "状態の情報が古すぎます",
                "新しいトラストバンドルを取得して、もう一度お試しください。",
            ),
            Self::PolicyNotMet => (
                "本物ですが、求めた条件を満たしません",
                "水準、制度又は事業所が、求めたものと異なります。",
            ),
            Self::Valid => ("有効です", "本物で、改変がなく、効力があります。"),
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
    TooLarge = "too_large" => Malformed, "認証のファイルとしては大きすぎます。";
    /// The file is neither JSON nor a signed JWT.
    NotACredential = "not_a_credential" => Malformed, "JSONでも署名付きJWTでもないファイルです。";
    /// The JSON is broken.
    InvalidJson = "invalid_json" => Malformed, "JSONが壊れています。";
    /// The JSON is nested too deep.
    TooDeep = "too_deep" => Malformed, "JSONの入れ子が深すぎます。";
    /// A member stands twice in one object, so that two readers could read two things.
    DuplicateMember = "duplicate_member" => Malformed, "一つのオブジェクトに同じ名前の項目が二つあり、読み手によって解釈が分かれます。";
    /// A number is too large to be read exactly.
    InexactNumber = "inexact_number" => Malformed, "正確に読み取れないほど大きな数があります。";
    /// The JWT's three parts are not strict base64url.
    InvalidJwt = "invalid_jwt" => Malformed, "JWTの三つの部分が、正しい base64url ではありません。";
    /// The JWT's header has members that this reader does not accept, or lacks one.
    InvalidJwtHeader = "invalid_jwt_header" => Malformed, "JWTのヘッダーに、受け付けない項目があるか、必要な項目がありません。";
    /// The JWT is not a credential of the media type vc+jwt.
    OtherJwtType = "other_jwt_type" => Malformed, "JWTが、メディアタイプ vc+jwt のクレデンシャルではありません。";
    /// The signature algorithm is not Ed25519.
    OtherAlgorithm = "other_algorithm" => Malformed, "署名のアルゴリズムが Ed25519 ではありません。";
    /// The JWT's claims `vc`, `vp`, `exp`, `nbf`, `iat` or a foreign `iss` stand beside the credential.
    ForbiddenClaim = "forbidden_claim" => Malformed, "JWTのクレーム vc、vp、exp、nbf、iat 又は別の iss が、クレデンシャルと並んでいます。";
    /// The credential has no proof.
    ProofMissing = "proof_missing" => Malformed, "クレデンシャルに証明（proof）がありません。";
    /// The proof is not one object of the cryptosuite eddsa-jcs-2022.
    OtherProof = "other_proof" => Malformed, "証明（proof）が、暗号スイート eddsa-jcs-2022 の一つのオブジェクトではありません。";
    /// The proof has a member that is missing or wrong.
    InvalidProof = "invalid_proof" => Malformed, "証明（proof）に、足りない項目又は誤った項目があります。";
    /// The proof's @context is not the document's, so that a part would be unsigned.
    ProofContextDiffers = "proof_context_differs" => Malformed, "証明の @context が文書のものと異なり、署名されない部分が生じます。";
    /// The signing key is not named by a DID URL of the issuer.
    KeyNotOfIssuer = "key_not_of_issuer" => Malformed, "署名の鍵が、発行者の DID URL で示されていません。";
    /// A credential, but not one that Akashi's programmes issue.
    OtherCredential = "other_credential" => Malformed, "クレデンシャルですが、Akashi の制度で発行するものではありません。";
    /// A member of the credential is missing or wrong.
    InvalidMember = "invalid_member" => Malformed, "クレデンシャルに、足りない項目又は誤った項目があります。";
    /// The proof states another signing time than the credential.
    SigningTimeDiffers = "signing_time_differs" => Malformed, "証明に記された署名の時刻が、クレデンシャルのものと異なります。";

    /// There is no trust bundle to check against: pin the registry's root, then fetch its bundle from /.well-known/akashi/trust-bundle.
    BundleMissing = "bundle_missing" => Unverified, "照らし合わせるトラストバンドルがありません。登録簿のルートを登録してから、/.well-known/akashi/trust-bundle を取得してください。";
    /// No root is known that vouches for the trust bundle: the registry has it at /.well-known/akashi/root; take it over a way you trust.
    RootNotPinned = "root_not_pinned" => Unverified, "トラストバンドルを裏付けるルートが分かりません。登録簿の /.well-known/akashi/root から、信頼できる経路で取得してください。";

    /// The trust bundle does not list this issuer: a stranger's document, or a newer bundle is needed.
    IssuerNotInBundle = "issuer_not_in_bundle" => UnknownIssuer, "この発行者はトラストバンドルに載っていません。無関係の文書であるか、より新しいバンドルが必要です。";
    /// The trust bundle lists the issuer but not this key: a newer bundle may.
    KeyNotInBundle = "key_not_in_bundle" => UnknownIssuer, "発行者はトラストバンドルに載っていますが、この鍵は載っていません。より新しいバンドルには載っているかもしれません。";

    /// The signature does not fit the document: it was altered, or another key signed it.
    SignatureInvalid = "signature_invalid" => BadSignature, "署名が文書と一致しません。改変されたか、別の鍵で署名されています。";

    /// Signed before the key's time began.
    KeyNotYetValid = "key_not_yet_valid" => KeyNotValid, "鍵の有効期間が始まる前に署名されています。";
    /// Signed after the key was retired.
    KeyRetired = "key_retired" => KeyNotValid, "鍵の使用が終わった後に署名されています。";
    /// The key is known to be compromised, and no witness saw this credential before.
    KeyCompromised = "key_compromised" => KeyNotValid, "鍵の漏えいが分かっており、その前にこのクレデンシャルを見た立会い者がいません。";

    /// The issuer never was authorised for this programme.
    NoAuthorisation = "no_authorisation" => NotAuthorised, "発行者は、この制度で認証する権限を一度も持っていません。";
    /// The issuer's authorisation for this programme was not in force when it signed.
    AuthorisationNotInForce = "authorisation_not_in_force" => NotAuthorised, "発行者が署名した時点で、この制度で認証する権限は効力がありませんでした。";

    /// The trust bundle does not list this version of the programme: a newer bundle may.
    ProgrammeNotInBundle = "programme_not_in_bundle" => UnknownProgramme, "制度のこの版はトラストバンドルに載っていません。より新しいバンドルには載っているかもしれません。";
    /// The programme's digest is not the published one.
    ProgrammeDigestDiffers = "programme_digest_differs" => UnknownProgramme, "制度のダイジェストが、公表されたものと異なります。";

    /// There is no log proof: the certificate's page offers it; save it beside the credential.
    LogProofMissing = "log_proof_missing" => NotLogged, "ログの証明がありません。認証のページからダウンロードし、クレデンシャルと一緒に保存してください。";
    /// The log proof is not a C2SP tlog-proof with an entry.
    LogProofMalformed = "log_proof_malformed" => NotLogged, "ログの証明が、記載付きの C2SP tlog-proof ではありません。";
    /// The trust bundle's log policy is unreadable or asks for more than this program checks.
    LogPolicyUnusable = "log_policy_unusable" => NotLogged, "トラストバンドルのログの方針を読み取れないか、このプログラムが確かめられる範囲を超えています。";
    /// The checkpoint is of another log, or not signed by the log.
    CheckpointNotSigned = "checkpoint_not_signed" => NotLogged, "チェックポイントが別のログのものであるか、ログの署名がありません。";
    /// The proof does not lead from the entry to the checkpoint.
    EntryNotIncluded = "entry_not_included" => NotLogged, "証明が、記載からチェックポイントまでつながりません。";
    /// The log entry speaks of another credential: get the proof of this very file.
    EntryOfAnother = "entry_of_another" => NotLogged, "ログの記載が、別のクレデンシャルのものです。このファイルの証明を取得してください。";

    /// A newer credential takes this one's place: ask the holder for it.
    RefreshBitSet = "refresh_bit_set" => Superseded, "新しいクレデンシャルに置き換えられています。保有企業に新しいものを求めてください。";
    /// The certification was withdrawn or ended, or a credential of a lower level or a narrower scope took this one's place.
    RevocationBitSet = "revocation_bit_set" => Revoked, "認証が取り消されたか終了したか、このクレデンシャルがより低い水準又はより狭い範囲のものに置き換えられています。";
    /// The certification is suspended: ask the holder or the body why and until when.
    SuspensionBitSet = "suspension_bit_set" => Suspended, "認証は一時停止中です。理由と期間は、保有企業又は認証機関にお尋ねください。";

    /// The credential's validity begins later.
    BeforeValidFrom = "before_valid_from" => NotYetValid, "有効期間はまだ始まっていません。";
    /// The credential's validity has ended.
    AfterValidUntil = "after_valid_until" => Expired, "有効期間は終わっています。";

    /// The credential names no status list for this purpose.
    StatusEntryMissing = "status_entry_missing" => StatusUnknown, "クレデンシャルに、この目的の状態リストが示されていません。";
    /// The trust bundle does not carry the status list: a newer bundle may.
    ListNotInBundle = "list_not_in_bundle" => StatusUnknown, "状態リストがトラストバンドルにありません。より新しいバンドルにはあるかもしれません。";
    /// The status list is not a signed credential that can be read.
    ListMalformed = "list_malformed" => StatusUnknown, "状態リストが、読み取れる署名付きクレデンシャルではありません。";
    /// The status list is of another type than BitstringStatusListCredential.
    ListOfOtherType = "list_of_other_type" => StatusUnknown, "状態リストが、BitstringStatusListCredential ではありません。";
    /// The status list is another one than the bundle says.
    ListOfOtherId = "list_of_other_id" => StatusUnknown, "状態リストが、バンドルの示すものと異なります。";
    /// The status list serves another purpose.
    ListOfOtherPurpose = "list_of_other_purpose" => StatusUnknown, "状態リストの目的が異なります。";
    /// The status list is of another issuer than the credential.
    ListOfOtherIssuer = "list_of_other_issuer" => StatusUnknown, "状態リストの発行者が、クレデンシャルの発行者と異なります。";
    /// The status list is not signed by a key of its issuer.
    ListSignatureInvalid = "list_signature_invalid" => StatusUnknown, "状態リストが、発行者の鍵で署名されていません。";
    /// The status list's key was outside its time, or is compromised.
    ListKeyNotValid = "list_key_not_valid" => StatusUnknown, "状態リストの鍵が有効期間外であったか、漏えいしています。";
    /// The status list is not multibase base64url.
    ListNotMultibase = "list_not_multibase" => StatusUnknown, "状態リストが、multibase の base64url ではありません。";
    /// The status list is not one whole gzip member.
    ListNotGzip = "list_not_gzip" => StatusUnknown, "状態リストが、完全な一つの gzip ではありません。";
    /// The status list is larger than any list may be.
    ListTooLarge = "list_too_large" => StatusUnknown, "状態リストが大きすぎます。";
    /// The status list is shorter than 131,072 entries.
    ListTooShort = "list_too_short" => StatusUnknown, "状態リストが、131,072件より短くなっています。";
    /// The status list has entries of more than one bit.
    ListStatusSize = "list_status_size" => StatusUnknown, "状態リストの一件が、1ビットを超えています。";
    /// The status list was not yet valid when the bundle was made.
    ListNotYetValid = "list_not_yet_valid" => StatusUnknown, "バンドルが作られた時点で、状態リストの有効期間が始まっていませんでした。";
    /// The status list was no longer valid when the bundle was made.
    ListExpired = "list_expired" => StatusUnknown, "バンドルが作られた時点で、状態リストの有効期間が終わっていました。";
    /// The credential's index lies beyond the list's end.
    IndexOutOfRange = "index_out_of_range" => StatusUnknown, "クレデンシャルの番号が、状態リストの範囲を超えています。";

    /// The status is older than allowed: fetch a newer trust bundle.
    StatusTooOld = "status_too_old" => StaleStatus, "状態の情報が、許される期間より古くなっています。新しいトラストバンドルを取得してください。";
    /// The trust bundle was made later than it is now, so that nobody can tell how old the status is: set the clock.
    StatusFromFuture = "status_from_future" => StaleStatus, "トラストバンドルの作成時刻が現在より後で、状態の新しさが分かりません。時計を合わせてください。";

    /// The level is below the one asked for.
    LevelTooLow = "level_too_low" => PolicyNotMet, "水準が、求めたものより低くなっています。";
    /// The trust bundle does not say how the level compares with the one asked for: check its name.
    LevelUnknown = "level_unknown" => PolicyNotMet, "求めた水準との上下が、トラストバンドルでは分かりません。名称を確かめてください。";
    /// The certificate is for another programme.
    OtherProgramme = "other_programme" => PolicyNotMet, "別の制度の認証です。";
    /// The certificate does not cover the facility.
    FacilityNotCovered = "facility_not_covered" => PolicyNotMet, "この事業所は、認証の対象ではありません。";
}

spoken! {
    /// Why a check was not made.
    Skipped:

    /// It was not asked for.
    NotAsked = "not_asked", "この確認は求められていません。";
    /// A check that must come first did not pass.
    NotAuthenticated = "not_authenticated", "先に行う確認で不合格になったため、確認していません。";
    /// No earlier trust bundle is remembered here, so that an older one would not be noticed.
    NoState = "no_state", "以前のトラストバンドルの記憶がないため、古いものに戻されていても気付けません。";
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

    /// What came of it, in a word.
    #[must_use]
    pub const fn heading(self, language: Language) -> &'static str {
        use Language::{English, Japanese};
        match (language, self) {
            (English, Self::Passed) => "passed",
            (English, Self::Failed(_)) => "failed",
            (English, Self::NotChecked(_)) => "not checked",
            (Japanese, Self::Passed) => "合格",
            (Japanese, Self::Failed(_)) => "不合格",
            (Japanese, Self::NotChecked(_)) => "未確認",
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

    /// What is so where the check passed, in a few words without a full stop.
    #[must_use]
    pub const fn heading(self, language: Language) -> &'static str {
        use Language::{English, Japanese};
        match (language, self) {
            (English, Self::Form) => "The file can be read",
            (English, Self::Trust) => "Keys and statuses are at hand",
            (English, Self::Rollback) => "They are not older than those seen before",
            (English, Self::Issuer) => "The issuer and its key are known",
            (English, Self::Signature) => "The signature fits",
            (English, Self::Key) => "The key counted when it signed",
            (English, Self::Authorisation) => "The issuer was authorised",
            (English, Self::Programme) => "The programme is a published one",
            (English, Self::Log) => "It stands in the log",
            (English, Self::Refresh) => "No newer one takes its place",
            (English, Self::Revocation) => "It is not revoked",
            (English, Self::Suspension) => "It is not suspended",
            (English, Self::Validity) => "It is within its term",
            (English, Self::StatusAge) => "The status is recent",
            (English, Self::Policy) => "It is what was asked for",
            (Japanese, Self::Form) => "ファイルを読める",
            (Japanese, Self::Trust) => "鍵と状態がそろっている",
            (Japanese, Self::Rollback) => "以前に見たものより古くない",
            (Japanese, Self::Issuer) => "発行者とその鍵が分かる",
            (Japanese, Self::Signature) => "署名が一致する",
            (Japanese, Self::Key) => "署名の時点で鍵が有効だった",
            (Japanese, Self::Authorisation) => "発行者に権限があった",
            (Japanese, Self::Programme) => "公表された制度である",
            (Japanese, Self::Log) => "ログに記録されている",
            (Japanese, Self::Refresh) => "新しいものに置き換えられていない",
            (Japanese, Self::Revocation) => "失効していない",
            (Japanese, Self::Suspension) => "停止されていない",
            (Japanese, Self::Validity) => "有効期間内である",
            (Japanese, Self::StatusAge) => "状態が新しい",
            (Japanese, Self::Policy) => "求めた条件に合う",
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
    /// What it saw.
    pub facts: Facts,
}

impl Check {
    /// What the bytes are, where they are no credential and known for something else.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_code(self.facts.get("kind")?.as_str()?)
    }

    /// Why it did not pass, in one sentence; none when it passed.
    #[must_use]
    pub fn sentence(&self, language: Language) -> Option<&'static str> {
        match self.outcome {
            Outcome::Passed => None,
            Outcome::Failed(reason) => Some(match self.kind() {
                Some(kind) => kind.sentence(language),
                None => reason.sentence(language),
            }),
            Outcome::NotChecked(skipped) => Some(skipped.sentence(language)),
        }
    }
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

    /// The check that the verdict comes from; none when it is `valid`.
    #[must_use]
    pub fn decisive(&self) -> Option<&Check> {
        self.checks.iter().find(|check| match check.outcome {
            Outcome::Failed(reason) => reason.verdict() == self.verdict,
            _ => false,
        })
    }

    /// Why the verdict is what it is; none when it is `valid`.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self.decisive()?.outcome {
            Outcome::Failed(reason) => Some(reason),
            _ => None,
        }
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
