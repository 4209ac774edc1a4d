//! What `akashi-verify trust update` says.

use akashi_verifier::report::Language::{self, English, Japanese};
use akashi_verifier::trust::delta::DeltaFault;
use akashi_verifier::{Origin, TrustError};
use jiff::Timestamp;

use super::trust::ago;
use crate::trust::Unanswered;

/// Why a registry gave nothing; in English the sentence goes on.
pub(crate) fn unanswered(url: &str, why: &Unanswered, language: Language) -> String {
    match (why, language) {
        (Unanswered::Redirects(to), English) => format!(
            "{url} redirects to {to}, which is not followed; name the registry by its own address"
        ),
        (Unanswered::Redirects(to), Japanese) => format!(
            "{url} は {to} に転送しようとしますが、転送には従いません。登録簿自身のアドレスを指定してください。"
        ),
        (Unanswered::Status(status), English) => format!("{url} answers {status}"),
        (Unanswered::Status(status), Japanese) => format!("{url} の応答は {status} です。"),
        (Unanswered::NotJson(media_type), English) => format!(
            "{url} answers with '{media_type}' in place of JSON, as a network does that wants you to sign in first"
        ),
        (Unanswered::NotJson(media_type), Japanese) => format!(
            "{url} の応答は JSON でなく「{media_type}」です。先にサインインを求めるネットワークかもしれません。"
        ),
        (Unanswered::TooLarge(limit), English) => {
            format!("{url} answers with more than the {limit} bytes that it may have")
        }
        (Unanswered::TooLarge(limit), Japanese) => {
            format!("{url} の応答が、許される{limit}バイトを超えています。")
        }
        (Unanswered::BrokeOff(error), English) => format!("{url} broke off its answer: {error}"),
        (Unanswered::BrokeOff(error), Japanese) => {
            format!("{url} の応答が途中で切れました（{error}）。")
        }
        (Unanswered::TooLate, English) => format!("{url} did not answer in time"),
        (Unanswered::TooLate, Japanese) => format!("{url} から時間内に応答がありません。"),
        (Unanswered::Unreachable(error), English) => format!("{url} cannot be reached: {error}"),
        (Unanswered::Unreachable(error), Japanese) => {
            format!("{url} に接続できません（{error}）。")
        }
    }
}

/// That a registry has no bundle.
pub(crate) fn no_bundle(registry: &Origin, language: Language) -> String {
    match language {
        English => format!("{registry} has no trust bundle: is it a registry?"),
        Japanese => {
            format!(
                "{registry} にトラストバンドルがありません。登録簿のアドレスか確かめてください。"
            )
        }
    }
}

/// That the registry has gone on too far.
pub(crate) fn too_many_roots(registry: &Origin, most: usize, language: Language) -> String {
    match language {
        English => {
            format!("{registry} has more than {most} roots since the pinned one; run this again")
        }
        Japanese => {
            format!(
                "{registry} には、登録済みのルートより後のものが{most}を超えてあります。もう一度実行してください。"
            )
        }
    }
}

/// That nothing says where to fetch from.
pub(crate) const fn no_registry(language: Language) -> &'static str {
    match language {
        English => {
            "no registry was fetched from before; name it: akashi-verify trust update https://registry.example"
        }
        Japanese => {
            "取得先の登録簿が分かりません。akashi-verify trust update https://registry.example のように指定してください。"
        }
    }
}

/// What can still be done when nothing new was had.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left {
    /// A bundle of that time under the pinned root.
    Bundle(Timestamp),
    /// The root of that version, which was followed just now.
    Root(u64),
    Nothing,
}

/// Why nothing new was had, and what can still be done.
pub(crate) fn failed(why: &str, left: Left, now: Timestamp, language: Language) -> String {
    // What the system says of a file is no whole sentence.
    let why = match language {
        English => why.to_owned(),
        Japanese => format!("{}。", why.trim_end_matches('。')),
    };
    match (left, language) {
        (Left::Bundle(as_of), English) => format!(
            "{why}; the stored bundle of {as_of}, made {}, is kept, and files are checked with it as before",
            ago(as_of, now, language)
        ),
        (Left::Bundle(as_of), Japanese) => format!(
            "{why}{as_of}（{}）に作られた保存済みのトラストバンドルは残してあり、これまでどおり検証に使われます。",
            ago(as_of, now, language)
        ),
        (Left::Root(version), English) => format!(
            "{why}; root {version} was followed and is pinned, and what was stored under the root before counts no more: run this again before you check"
        ),
        (Left::Root(version), Japanese) => format!(
            "{why}ルート{version}に続いていたので登録しました。前のルートのもとで保存したものは使えません。検証の前に、もう一度実行してください。"
        ),
        (Left::Nothing, English) => {
            format!("{why}; no bundle that can be used is stored: run this again before you check")
        }
        (Left::Nothing, Japanese) => format!(
            "{why}使えるトラストバンドルは保存されていません。検証の前に、もう一度実行してください。"
        ),
    }
}

/// Which root is pinned now.
pub(crate) fn followed(version: u64, before: u64, language: Language) -> String {
    match language {
        English => format!("Root {version} follows root {before}: pinned."),
        Japanese => format!("ルート{version}はルート{before}に続くものです。登録しました。"),
    }
}

/// Why a delta is of no use: it makes no bundle, or one that is refused.
pub(crate) enum Useless {
    Delta(DeltaFault),
    Bundle(TrustError),
}

/// That the whole bundle was fetched in place of a delta.
pub(crate) fn whole(why: &Useless, language: Language) -> String {
    let (code, why) = match why {
        Useless::Delta(fault) => (fault.code(), fault.to_string()),
        Useless::Bundle(error) => (error.code(), error.to_string()),
    };
    match language {
        English => format!(
            "The registry's delta was of no use ({code}: {why}); the whole bundle was fetched."
        ),
        Japanese => {
            format!("登録簿の差分が使えなかったため（{code}）、全体を取得しました。")
        }
    }
}

/// Which bundle is stored now; `received` is none where it was stored before.
pub(crate) fn stored(
    version: u64,
    as_of: Timestamp,
    received: Option<usize>,
    now: Timestamp,
    language: Language,
) -> String {
    let ago = ago(as_of, now, language);
    match (received, language) {
        (None, English) => format!("Bundle {version} of {as_of}, made {ago}, is still the newest."),
        (None, Japanese) => {
            format!("{as_of}（{ago}）に作られたトラストバンドル 版{version}が、今も最新です。")
        }
        (Some(bytes), English) => {
            format!("Bundle {version} of {as_of}, made {ago}: stored, {bytes} bytes received.")
        }
        (Some(bytes), Japanese) => format!(
            "{as_of}（{ago}）に作られたトラストバンドル 版{version}を保存しました。受信 {bytes}バイト。"
        ),
    }
}
