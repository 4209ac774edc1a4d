//! Names what is not a credential of Akashi's programmes, so that a reader hears what the file is instead of what is broken in it.
//!
//! Nothing here is part of a check: it is asked only once a file was refused, looks at the bytes alone, takes no word of them for
//! true, and changes no verdict and no reason. Its work is bounded by [`MAX_CREDENTIAL_BYTES`]; of a larger file it sees the beginning.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::credential::{AKASHI_CONTEXT_PATH, CREDENTIAL_TYPES, UNTP_CONTEXTS, VC_CONTEXT};
use crate::json::{self, MAX_CREDENTIAL_BYTES};
use crate::spoken::spoken;
use crate::status::LIST_CREDENTIAL_TYPE;

spoken! {
    /// What a file is that is not a credential of Akashi's programmes: the fact `kind` of the check `form`. Codes are
    /// stable; new ones may be added.
    Kind:

    /// The file is empty: download it again, or ask the sender to.
    Empty = "empty", "ファイルが空です。もう一度ダウンロードするか、送り手に再送を求めてください。";
    /// The file breaks off before its end: download it again, or ask the sender for the whole of it.
    Truncated = "truncated", "ファイルが途中で切れています。もう一度ダウンロードするか、送り手に全体の再送を求めてください。";
    /// This is text in UTF-16, as some Windows programs save it: take the file as it was downloaded, or save it again as UTF-8.
    Utf16 = "utf16", "UTF-16で保存されたテキストです。ダウンロードしたままのファイルを使うか、UTF-8で保存し直してください。";
    /// This is text, but no credential: give the whole JSON or JWT, as the certificate's page offers it.
    Text = "text", "テキストですが、クレデンシャルではありません。認証のページからダウンロードしたJSON又はJWTを、そのままお使いください。";
    /// This is a PDF, which anybody can make and change: ask the sender for the credential, the JSON or JWT that the certificate's page offers.
    Pdf = "pdf", "PDFです。PDFは誰でも作り、変えられるため、検証できません。認証のページからダウンロードできるクレデンシャル（JSON又はJWT）を送り手に求めてください。";
    /// This is an image, which anybody can make and change: ask the sender for the credential, the JSON or JWT that the certificate's page offers.
    Image = "image", "画像です。画像は誰でも作り、変えられるため、検証できません。認証のページからダウンロードできるクレデンシャル（JSON又はJWT）を送り手に求めてください。";
    /// This is an office document, which anybody can make and change: ask the sender for the credential, the JSON or JWT that the certificate's page offers.
    OfficeDocument = "office_document", "ワープロや表計算などの文書です。誰でも作り、変えられるため、検証できません。認証のページからダウンロードできるクレデンシャル（JSON又はJWT）を送り手に求めてください。";
    /// This is an archive: unpack it and give the files within.
    Archive = "archive", "圧縮ファイルです。展開して、中のファイルを指定してください。";
    /// This is a web page that was saved: open the page again and download the credential that it offers.
    Html = "html", "保存されたWebページです。ページを開き直し、そこにあるクレデンシャルをダウンロードしてください。";
    /// This is XML, and credentials are JSON or JWT: ask the sender for the file that the certificate's page offers.
    Xml = "xml", "XMLです。クレデンシャルはJSON又はJWTです。認証のページからダウンロードできるファイルを送り手に求めてください。";
    /// This is a link, not the file that it leads to: open it and download the credential.
    Link = "link", "リンクです。リンク先のファイルではありません。開いて、クレデンシャルをダウンロードしてください。";
    /// This is a link for a wallet app: open it there, or ask the sender for the credential as a file.
    WalletLink = "wallet_link", "ウォレットアプリ用のリンクです。アプリで開くか、クレデンシャルのファイルを送り手に求めてください。";
    /// This is a person's health certificate from a QR code, not a company's certificate: check it with an app made for those.
    HealthCertificate = "health_certificate", "QRコードから読み取った個人の健康証明です。企業の認証ではありません。専用のアプリで確かめてください。";
    /// This is a credential of another system from a QR code: check it with that system's app.
    QrCredential = "qr_credential", "QRコードから読み取った、別の仕組みのクレデンシャルです。その仕組みのアプリで確かめてください。";
    /// This is a signed binary token (COSE or CWT) of another system: check it there.
    Cose = "cose", "別の仕組みの、署名されたバイナリー（COSE又はCWT）です。その仕組みで確かめてください。";
    /// This is a mobile document (ISO/IEC 18013-5), such as a driving licence: check it with a reader made for those.
    Mdoc = "mdoc", "運転免許証などのモバイル文書（ISO/IEC 18013-5）です。専用の読み取り機で確かめてください。";
    /// This is a key, signature or certificate for computers (PEM), not a company's certificate: ask the sender for the credential.
    Pem = "pem", "コンピューター用の鍵、署名又は証明書（PEM）です。企業の認証ではありません。クレデンシャルを送り手に求めてください。";
    /// These are public keys, not a credential: ask the sender for the credential.
    PublicKeys = "public_keys", "公開鍵です。クレデンシャルではありません。クレデンシャルを送り手に求めてください。";

    /// This is a token for signing in: delete it and pass it on to nobody, for whoever holds it may act in its owner's name.
    SignInToken = "sign_in_token", "サインイン用のトークンです。持つ人が本人になりすませるため、誰にも渡さず、削除してください。";
    /// This is a signed token (JWT or JWS) of another kind than a credential: ask the sender for the credential.
    Jwt = "jwt", "クレデンシャルではない、別の種類の署名付きトークン（JWT又はJWS）です。クレデンシャルを送り手に求めてください。";
    /// This is encrypted (JWE), and only the holder of its key can read it: ask the sender for the credential unencrypted.
    Encrypted = "encrypted", "暗号化されています（JWE）。読めるのは鍵を持つ人だけです。暗号化していないクレデンシャルを送り手に求めてください。";
    /// This is a credential with selective disclosure (SD-JWT), which this version does not read: ask the sender for the JSON or JWT that the certificate's page offers.
    SdJwt = "sd_jwt", "選択的開示のクレデンシャル（SD-JWT）です。この版では読めません。認証のページからダウンロードできるJSON又はJWTを送り手に求めてください。";
    /// This is a JWT after W3C Verifiable Credentials 1.1 of another system: check it there.
    Vc11Jwt = "vc_1_1_jwt", "別の仕組みの、W3C Verifiable Credentials 1.1 のJWTです。その仕組みで確かめてください。";
    /// This is a credential after W3C Verifiable Credentials 1.1 of another system: check it there.
    Vc11 = "vc_1_1", "別の仕組みの、W3C Verifiable Credentials 1.1 のクレデンシャルです。その仕組みで確かめてください。";
    /// This is a credential after W3C Verifiable Credentials 2.0 of another system: check it there.
    Vc20 = "vc_2_0", "別の仕組みの、W3C Verifiable Credentials 2.0 のクレデンシャルです。その仕組みで確かめてください。";
    /// This is a presentation, an envelope around credentials: ask the sender for the credential itself.
    Presentation = "presentation", "クレデンシャルを包んだプレゼンテーションです。中のクレデンシャルそのものを送り手に求めてください。";
    /// This is a badge of a person's learning (Open Badges), not a company's certificate: check it with a reader made for those.
    OpenBadge = "open_badge", "個人の学びを示すバッジ（Open Badges）です。企業の認証ではありません。専用のサービスで確かめてください。";
    /// This is an OpenAttestation document of another system: check it there.
    OpenAttestation = "open_attestation", "別の仕組みの OpenAttestation 文書です。その仕組みで確かめてください。";
    /// This is a conformity credential after the UN Transparency Protocol, but not of a programme of Akashi's: check it with the scheme that it names.
    ConformityCredential = "conformity_credential", "国連の透明性プロトコル（UNTP）の適合クレデンシャルですが、Akashiの制度のものではありません。記載された制度の方法で確かめてください。";
    /// This is a conformity credential after another version of the UN Transparency Protocol than this program reads: ask the holder for a newly issued one.
    ConformityCredentialVersion = "conformity_credential_version", "国連の透明性プロトコル（UNTP）の適合クレデンシャルですが、このプログラムが読めない版です。新しく発行されたものを保有企業に求めてください。";
    /// This is a product's passport after the UN Transparency Protocol, not a company's certificate: ask the sender for that.
    ProductPassport = "product_passport", "国連の透明性プロトコル（UNTP）の製品パスポートです。企業の認証ではありません。認証のクレデンシャルを送り手に求めてください。";
    /// This is a facility's record after the UN Transparency Protocol, not a company's certificate: ask the sender for that.
    FacilityRecord = "facility_record", "国連の透明性プロトコル（UNTP）の事業所記録です。企業の認証ではありません。認証のクレデンシャルを送り手に求めてください。";
    /// This is a record of where goods went (UNTP traceability event or EPCIS), not a company's certificate: ask the sender for that.
    TraceabilityEvent = "traceability_event", "物の流れの記録（UNTPの追跡イベント又はEPCIS）です。企業の認証ではありません。認証のクレデンシャルを送り手に求めてください。";
    /// This is a company's identity after the UN Transparency Protocol, not its certificate: ask the sender for that.
    IdentityAnchor = "identity_anchor", "国連の透明性プロトコル（UNTP）の企業の身元証明です。認証ではありません。認証のクレデンシャルを送り手に求めてください。";

    /// This is a trust bundle, with which credentials are checked: give it as the trust bundle, and the credential as the file.
    TrustBundle = "trust_bundle", "検証に使うトラストバンドルです。トラストバンドルとして指定し、ファイルにはクレデンシャルを指定してください。";
    /// This is a root manifest, which vouches for trust bundles: give it as the root, and the credential as the file.
    Root = "root", "トラストバンドルを裏付けるルートです。ルートとして指定し、ファイルにはクレデンシャルを指定してください。";
    /// This is a status list, which says what was revoked: give the credential; the trust bundle holds the lists.
    StatusList = "status_list", "失効などを示す状態リストです。ファイルにはクレデンシャルを指定してください。状態リストはトラストバンドルに入っています。";
    /// This is a log proof: give the credential that it belongs to, and keep the proof beside it.
    LogProof = "log_proof", "ログの証明です。対応するクレデンシャルを指定し、ログの証明はその隣に置いてください。";
    /// This is a checkpoint of a transparency log, not a credential: give the credential.
    Checkpoint = "checkpoint", "ログのチェックポイントです。ファイルにはクレデンシャルを指定してください。";
    /// These are the ratings of an assessment: `akashi-verify recompute` counts them again.
    Ratings = "ratings", "審査の評価です。akashi-verify recompute で水準を計算し直せます。";
    /// These are a programme's rules, not a certificate under it: give the credential.
    Programme = "programme", "制度の内容です。その制度の認証ではありません。ファイルにはクレデンシャルを指定してください。";
    /// This is a registry's public record of a certificate, which nobody signed: download the credential that the certificate's page offers.
    CertificateRecord = "certificate_record", "登録簿に公表された認証の記録で、署名がありません。認証のページからクレデンシャルをダウンロードしてください。";
    /// This is a report of an earlier check, which nobody signed: check the credential itself.
    Report = "report", "以前の検証結果で、署名がありません。クレデンシャルそのものを検証してください。";
    /// This is JSON, but no credential: ask the sender for the file that the certificate's page offers.
    Json = "json", "JSONですが、クレデンシャルではありません。認証のページからダウンロードできるファイルを送り手に求めてください。";
}

/// How files begin that are known by it.
const BEGINNINGS: &[(&[u8], Kind)] = &[
    (b"%PDF-", Kind::Pdf),
    (b"\x89PNG\r\n\x1a\n", Kind::Image),
    (b"\xff\xd8\xff", Kind::Image),
    (b"GIF8", Kind::Image),
    (b"II*\0", Kind::Image),
    (b"MM\0*", Kind::Image),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::OfficeDocument),
    (b"{\\rtf", Kind::OfficeDocument),
    (b"PK\x03\x04", Kind::Archive),
    (b"\x1f\x8b", Kind::Archive),
    (b"7z\xbc\xaf\x27\x1c", Kind::Archive),
    (b"Rar!\x1a\x07", Kind::Archive),
    (b"\xff\xfe", Kind::Utf16),
    (b"\xfe\xff", Kind::Utf16),
    // COSE_Sign1 under its tag 18, and a CWT's tag 61 around it (RFC 9052 §4.2, RFC 8392 §6).
    (b"\xd2\x84", Kind::Cose),
    (b"\xd8\x3d\xd2\x84", Kind::Cose),
    (b"-----BEGIN ", Kind::Pem),
    (b"HC1:", Kind::HealthCertificate),
    (b"shc:/", Kind::HealthCertificate),
    (b"NZCP:/", Kind::HealthCertificate),
    (b"VC1-", Kind::QrCredential),
    (b"VP1-", Kind::QrCredential),
    (b"LDP1", Kind::QrCredential),
    (b"openid-credential-offer:", Kind::WalletLink),
    (b"openid4vp:", Kind::WalletLink),
    (b"haip:", Kind::WalletLink),
    (b"c2sp.org/tlog-proof@", Kind::LogProof),
];

/// Types of documents that are known by one.
const TYPES: &[(&str, Kind)] = &[
    ("VerifiablePresentation", Kind::Presentation),
    ("EnvelopedVerifiablePresentation", Kind::Presentation),
    ("EnvelopedVerifiableCredential", Kind::Presentation),
    (LIST_CREDENTIAL_TYPE, Kind::StatusList),
    ("StatusList2021Credential", Kind::StatusList),
    ("RevocationList2020Credential", Kind::StatusList),
    ("OpenBadgeCredential", Kind::OpenBadge),
    ("AchievementCredential", Kind::OpenBadge),
    ("Assertion", Kind::OpenBadge),
    ("DigitalProductPassport", Kind::ProductPassport),
    ("DigitalFacilityRecord", Kind::FacilityRecord),
    ("DigitalTraceabilityEvent", Kind::TraceabilityEvent),
    ("EPCISDocument", Kind::TraceabilityEvent),
    ("DigitalIdentityAnchor", Kind::IdentityAnchor),
];

/// The context of W3C Verifiable Credentials 1.1.
const VC_1_1_CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// Members that only one kind of document has together.
const MEMBERS: &[(&[&str], Kind)] = &[
    (&["ratings", "facilities"], Kind::Ratings),
    (&["criteria", "levels"], Kind::Programme),
    (&["number", "credential_id"], Kind::CertificateRecord),
    (&["verdict", "checks"], Kind::Report),
    (&["ciphertext", "iv"], Kind::Encrypted),
    (&["payload", "signature"], Kind::Jwt),
    (&["payload", "signatures"], Kind::Jwt),
    (&["verificationMethod"], Kind::PublicKeys),
    (&["keys"], Kind::PublicKeys),
];

impl Kind {
    /// What refused bytes are. None for a credential of Akashi's kind, whatever is wrong with it, and for what no rule here knows.
    #[must_use]
    pub fn of(input: &[u8]) -> Option<Self> {
        let input = json::trim(input);
        if input.is_empty() {
            return Some(Self::Empty);
        }
        if let Some(kind) = of_beginning(input) {
            return Some(kind);
        }
        if input.len() > MAX_CREDENTIAL_BYTES {
            return None;
        }
        let text = match str::from_utf8(input) {
            // Cut within a character.
            Err(error) if error.error_len().is_none() => {
                str::from_utf8(&input[..error.valid_up_to()])
            }
            whole => whole,
        };
        let text = text.ok()?;
        match json::read_as_most_do(text) {
            Ok(Value::String(text)) => of_text(text.trim()),
            Ok(value) => of_value(&value),
            Err(error) if error.is_eof() && text.starts_with(['{', '[', '"']) => {
                Some(Self::Truncated)
            }
            Err(_) => of_text(text),
        }
    }
}

fn of_beginning(input: &[u8]) -> Option<Kind> {
    let head = &input[..input.len().min(512)];
    let has = |words: &[u8]| head.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words));
    let known = BEGINNINGS.iter().find(|(beginning, _)| input.starts_with(beginning));
    match (known, head) {
        (Some((_, Kind::Archive)), _) if has(b"[Content_Types].xml") || has(b"opendocument") => {
            Some(Kind::OfficeDocument)
        }
        (Some((_, kind)), _) => Some(*kind),
        (None, [b'<', ..]) if has(b"<html") || has(b"<!doctype html") => Some(Kind::Html),
        (None, [b'<', ..]) => Some(Kind::Xml),
        (None, [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..]) => {
            Some(Kind::Image)
        }
        // HEIC, HEIF or AVIF, by its brand; others are films.
        (
            None,
            [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', b'i' | b'v', _, ..]
            | [_, _, _, _, b'f', b't', b'y', b'p', b'm', b'i', b'f', b'1', ..]
            | [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..],
        ) => Some(Kind::Image),
        (None, [0, b' '..=b'~', 0, b' '..=b'~', ..] | [b' '..=b'~', 0, b' '..=b'~', 0, ..]) => {
            Some(Kind::Utf16)
        }
        // A CBOR map, whose first key tells.
        (None, [0xa0..=0xbf, ..])
            if has(b"docType") || has(b"nameSpaces") || has(b"issuerAuth") || has(b"documents") =>
        {
            Some(Kind::Mdoc)
        }
        // COSE_Sign1 without a tag: an array of four whose first element is a byte string.
        (None, [0x84, 0x40..=0x58, ..]) => Some(Kind::Cose),
        (None, _) => None,
    }
}

/// What text is that is not JSON.
fn of_text(text: &str) -> Option<Kind> {
    if let Some(kind) = of_beginning(text.as_bytes()) {
        return Some(kind);
    }
    let is_url = ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if is_url && !text.contains(char::is_whitespace) {
        return Some(Kind::Link);
    }
    if text.starts_with("eyJ") {
        return of_compact(text);
    }
    // The line of a signature in a C2SP signed note.
    if text.contains("\n\u{2014} ") {
        return Some(Kind::Checkpoint);
    }
    let is_plain = |c: char| !c.is_control() || c.is_whitespace();
    (!text.starts_with(['{', '[', '"']) && text.chars().all(is_plain)).then_some(Kind::Text)
}

/// What dot-separated base64url is: RFC 7515 §7.1, RFC 7516 §7.1, RFC 9901 §4.
fn of_compact(text: &str) -> Option<Kind> {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let parts: Vec<&str> = text.splitn(7, '.').collect();
    let Some(header) = object_in(parts[0]) else {
        let is_cut = parts.len() == 1 && text.bytes().all(is_base64url);
        return Some(if is_cut { Kind::Truncated } else { Kind::Text });
    };
    if text.contains('~') {
        return Some(Kind::SdJwt);
    }
    match parts[..] {
        [_, _, _, _, _] if header.contains_key("enc") => Some(Kind::Encrypted),
        [_] | [_, _] => Some(Kind::Truncated),
        [_, payload, signature] => match object_in(payload) {
            Some(claims) => of_claims(&header, &claims)
                .or((signature.len() < ED25519_CHARACTERS).then_some(Kind::Truncated)),
            None => Some(Kind::Jwt),
        },
        _ => Some(Kind::Jwt),
    }
}

/// The length of an Ed25519 signature in base64url.
const ED25519_CHARACTERS: usize = 86;

fn object_in(base64url: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(base64url).ok()?;
    match json::read_as_most_do(str::from_utf8(&bytes).ok()?).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn of_claims(header: &Map<String, Value>, claims: &Map<String, Value>) -> Option<Kind> {
    let has = |claim: &&str| claims.contains_key(*claim);
    let typ = header.get("typ").and_then(Value::as_str).unwrap_or_default();
    if typ == "statuslist+jwt" || has(&"status_list") {
        Some(Kind::StatusList)
    } else if typ == "dc+sd-jwt" || typ == "vc+sd-jwt" {
        Some(Kind::SdJwt)
    } else if has(&"vc") {
        Some(Kind::Vc11Jwt)
    } else if has(&"vp") {
        Some(Kind::Presentation)
    } else if has(&"@context") {
        of_document(claims)
    } else if typ == "at+jwt" || ["aud", "scope", "client_id", "nonce"].iter().any(has) {
        Some(Kind::SignInToken)
    } else {
        Some(Kind::Jwt)
    }
}

fn of_value(value: &Value) -> Option<Kind> {
    match value {
        Value::Object(members) => match members.get("credential") {
            // A credential beside its log proof.
            Some(Value::Object(inner)) => of_document(inner),
            Some(Value::String(inner)) => of_text(inner.trim()),
            _ => of_document(members),
        },
        Value::Array(items) => match items.first() {
            // An answer, or roots that follow one another.
            Some(Value::Object(first)) => {
                let known = |kind: &Kind| matches!(kind, Kind::Report | Kind::Root);
                Some(of_document(first).filter(known).unwrap_or(Kind::Json))
            }
            _ => Some(Kind::Json),
        },
        _ => Some(Kind::Json),
    }
}

fn of_document(document: &Map<String, Value>) -> Option<Kind> {
    let (contexts, types) = (words(document.get("@context")), words(document.get("type")));
    let is_dcc = types.contains(&CREDENTIAL_TYPES[0]);
    if is_dcc && contexts.iter().any(|context| context.ends_with(AKASHI_CONTEXT_PATH)) {
        return None;
    }
    let known = TYPES.iter().find(|(name, _)| types.contains(name)).map(|(_, kind)| *kind);
    let kind = if let Some(kind) = known {
        kind
    } else if is_dcc && contexts.iter().any(|context| UNTP_CONTEXTS.contains(context)) {
        Kind::ConformityCredential
    } else if is_dcc {
        Kind::ConformityCredentialVersion
    } else if is_open_attestation(document, &contexts) {
        Kind::OpenAttestation
    } else if contexts.contains(&VC_CONTEXT) {
        Kind::Vc20
    } else if contexts.contains(&VC_1_1_CONTEXT) {
        Kind::Vc11
    } else {
        of_members(document)
    };
    Some(kind)
}

fn is_open_attestation(document: &Map<String, Value>, contexts: &[&str]) -> bool {
    let version = document.get("version").and_then(Value::as_str).unwrap_or_default();
    contexts.iter().chain(&[version]).any(|name| name.contains("openattestation.com"))
}

fn of_members(document: &Map<String, Value>) -> Kind {
    let has_all = |members: &[&str]| members.iter().all(|member| document.contains_key(*member));
    let known = MEMBERS.iter().find(|(members, _)| has_all(members));
    match (known, document.get("signed")) {
        (_, Some(Value::Object(signed))) if signed.contains_key("root_keys") => Kind::Root,
        (_, Some(Value::Object(signed))) if signed.contains_key("bodies") => Kind::TrustBundle,
        (Some((_, kind)), _) => *kind,
        (None, _) => Kind::Json,
    }
}

/// The texts of a member that is one or an array of them.
fn words(member: Option<&Value>) -> Vec<&str> {
    match member {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => [one.as_str()].into(),
        _ => Vec::new(),
    }
}
