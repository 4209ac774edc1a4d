//! What people are told about the root and the bundle.

use akashi_schemas::Digest;
use akashi_verifier::TrustError;
use akashi_verifier::report::Language::{self, English, Japanese};
use akashi_verifier::trust::{Bundle, Root, VerifiedRoot};
use jiff::{SignedDuration, Timestamp};

/// What to do about a root or a bundle that is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Advice {
    /// The two do not fit.
    FetchBoth,
    /// The bundle is older than one that was seen.
    NewestBundle,
    /// The stored bundle does not fit the pinned root.
    Update,
    /// The file is no root.
    AskForRoot,
    /// The file has an older root than the pinned one.
    LeaveOutRoot,
    /// Somebody has made a root who should not have.
    DoNotUse,
    /// The registry itself gives what does not open.
    AskOperator,
    /// The file is no root, and may have come broken.
    FetchAgain,
    /// A newer root of the same registry is pinned.
    KeepPinned,
    /// Roots of the same registry are left out.
    RootsBetween,
    /// It may be another registry's.
    Replace,
    /// The pinned root's file is damaged.
    PinAnew,
}

impl Advice {
    const fn in_language(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::FetchBoth, English) => {
                "fetch both again from the registry that issued the certificate, the root over a way you trust"
            }
            (Self::FetchBoth, Japanese) => {
                "認証を発行した登録簿から両方を取得し直してください。ルートは信頼できる経路で取得してください。"
            }
            (Self::NewestBundle, English) => {
                "name the registry's newest, or leave out --trust where `trust update` has stored it"
            }
            (Self::NewestBundle, Japanese) => {
                "登録簿の最新のものを指定してください。trust update で保存してある場合は、--trust を省いてください。"
            }
            (Self::Update, English) => "fetch it anew: akashi-verify trust update",
            (Self::Update, Japanese) => "akashi-verify trust update で取得し直してください。",
            (Self::AskForRoot, English) => "ask the registry's operator for its root",
            (Self::AskForRoot, Japanese) => "登録簿の運営者にルートを求めてください。",
            (Self::LeaveOutRoot, English) => "leave out --root",
            (Self::LeaveOutRoot, Japanese) => "--root を指定しないでください。",
            (Self::DoNotUse, English) => "do not use it, and ask the registry's operator",
            (Self::DoNotUse, Japanese) => "使わずに、登録簿の運営者に尋ねてください。",
            (Self::AskOperator, English) => "ask the registry's operator",
            (Self::AskOperator, Japanese) => "登録簿の運営者に尋ねてください。",
            (Self::FetchAgain, English) => "fetch it again",
            (Self::FetchAgain, Japanese) => "取得し直してください。",
            (Self::KeepPinned, English) => {
                "the pinned root is newer: keep it, nothing is to be done"
            }
            (Self::KeepPinned, Japanese) => {
                "登録済みのルートの方が新しいので、そのまま使い続けてください。"
            }
            (Self::RootsBetween, English) => {
                "`akashi-verify trust update` follows the roots between, one by one; or give all of them, as an array"
            }
            (Self::RootsBetween, Japanese) => {
                "akashi-verify trust update で間のルートを順に取り込むか、すべてを配列にして渡してください。"
            }
            (Self::Replace, English) => {
                "it has no key of the pinned root, so it is another registry's or a forgery: if you mean to trust that registry in place of the pinned one, say --replace"
            }
            (Self::Replace, Japanese) => {
                "登録済みのルートと同じ鍵が一つもないため、別の登録簿のものか偽物です。今の登録簿に代えてその登録簿を信用する場合だけ、--replace を付けてください。"
            }
            (Self::PinAnew, English) => {
                "pin the registry's root anew: akashi-verify trust pin ROOT --replace"
            }
            (Self::PinAnew, Japanese) => {
                "akashi-verify trust pin ROOT --replace で登録簿のルートを登録し直してください。"
            }
        }
    }
}

/// Why a root or a bundle is refused, and what to do; `place` says where it was.
pub(crate) fn refusal(
    error: &TrustError,
    place: &str,
    advice: Advice,
    language: Language,
) -> String {
    let (why, next) = (refused(error, place, language), advice.in_language(language));
    match language {
        English => format!("{why}; {next}"),
        Japanese => format!("{why}{next}"),
    }
}

/// Why a root or a bundle is refused: its code, where it was, and a sentence, which in English goes on.
fn refused(error: &TrustError, place: &str, language: Language) -> String {
    let code = error.code();
    match language {
        English => format!("{code}: {place}: {error}"),
        Japanese => format!("{code}: {place}: {}", in_japanese(error)),
    }
}

fn in_japanese(error: &TrustError) -> String {
    match error {
        TrustError::Unreadable { what: "root", detail } => {
            format!("ルートを読めません（{detail}）。")
        }
        TrustError::Unreadable { detail, .. } => {
            format!("トラストバンドルを読めません（{detail}）。")
        }
        TrustError::RootThreshold { threshold, keys } => {
            format!("{keys}本の鍵のうち{threshold}本の署名を求めるルートは認められません。")
        }
        TrustError::RootKeyTwice { keyid } => {
            format!("ID が {keyid} の鍵が、ルートに二度載っています。")
        }
        TrustError::RootUnderSigned { good, threshold } => {
            format!("ルートには自身の鍵の署名が{threshold}本必要ですが、正しいものは{good}本です。")
        }
        TrustError::RootNotVouchedFor { version, good, threshold } => format!(
            "ルート{version}には前のルートの鍵の署名が{threshold}本必要ですが、正しいものは{good}本です。"
        ),
        TrustError::RootSkipped { version, expected } => {
            format!("次はルート{expected}ですが、これはルート{version}です。")
        }
        TrustError::RootOlder { version, seen } => {
            format!("これはルート{version}ですが、ルート{seen}を既に確認しています。")
        }
        TrustError::RootForked { version } => {
            format!("ルート{version}として、これとは別のものを既に確認しています。")
        }
        TrustError::BundleWronglySigned => {
            "トラストバンドルが、ルートの定める鍵で署名されていません。".to_owned()
        }
        TrustError::BundleOfOtherRoot { bundle, root } => {
            format!(
                "トラストバンドルはルート{bundle}のもとで作られましたが、これはルート{root}です。"
            )
        }
        TrustError::RootExpired { expires, as_of } => {
            format!("ルートは {expires} に終わり、トラストバンドルは {as_of} に作られました。")
        }
        TrustError::BundleOlder { version, seen } => {
            format!("トラストバンドルの版は{version}ですが、以前に版{seen}を確認しています。")
        }
        // One that this program does not know yet.
        error => format!("{error}。"),
    }
}

/// The stored bundle, as the place of what is refused.
pub(crate) const fn stored_bundle(language: Language) -> &'static str {
    match language {
        English => "the stored bundle",
        Japanese => "保存したトラストバンドル",
    }
}

/// That there is no folder to remember in.
pub(crate) const fn no_state(language: Language) -> &'static str {
    match language {
        English => "neither XDG_STATE_HOME nor HOME names a folder",
        Japanese => "XDG_STATE_HOME にも HOME にもフォルダーが設定されていません",
    }
}

/// That another run pinned another root, or saw a newer bundle, while this one was about to write.
pub(crate) const fn overtaken(language: Language) -> &'static str {
    match language {
        English => "another run has pinned another root or seen a newer bundle meanwhile",
        Japanese => {
            "その間に別の実行が、別のルートを登録したか、より新しいトラストバンドルを確認しました。"
        }
    }
}

/// What comes of it that something cannot be remembered; `why` is no whole sentence.
pub(crate) fn not_remembered(why: &str, language: Language) -> String {
    match language {
        English => {
            format!("{why}; this bundle is not remembered, so an older one may not be noticed")
        }
        Japanese => format!(
            "{why}。このトラストバンドルを記憶できないため、古いものに気付けないことがあります。"
        ),
    }
}

/// Which bundle is used where none is named.
pub(crate) fn stored_bundle_of(as_of: Timestamp, language: Language) -> String {
    match language {
        English => format!("trust: stored bundle of {as_of}"),
        Japanese => format!("trust: {as_of} 時点の、保存したトラストバンドル"),
    }
}

/// That no root is pinned.
pub(crate) const fn nothing_pinned(language: Language) -> &'static str {
    match language {
        English => {
            "no root is pinned; fetch the registry's /.well-known/akashi/root over a way you trust, then: akashi-verify trust pin ROOT"
        }
        Japanese => {
            "ルートが登録されていません。登録簿の /.well-known/akashi/root から信頼できる経路で取得し、akashi-verify trust pin ROOT で登録してください。"
        }
    }
}

/// That a root is another one than the reader expects.
pub(crate) fn other_digest(
    file: &str,
    digest: Digest,
    wanted: Digest,
    language: Language,
) -> String {
    match language {
        English => format!(
            "{file} has the digest {digest}, not {wanted}: it is another root, do not use it; or {wanted} is no root's digest, which is of what is signed in the file, not what sha256sum gives of it"
        ),
        Japanese => format!(
            "{file} のダイジェストは {digest} で、{wanted} ではありません。別のルートなので、使わないでください。ただし、ルートのダイジェストはファイル内の署名された部分のものであり、ファイルの sha256sum とは異なります。"
        ),
    }
}

/// What makes a root the pinned one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pinned {
    Already,
    /// Enough keys signed it of the root of that version, which was pinned before.
    Following(u64),
    /// The reader knows its digest.
    Expected,
    /// The reader is yet to compare its digest.
    Unseen,
}

/// What is pinned now, and what is to be done with it.
pub(crate) fn pinned(root: &VerifiedRoot, how: Pinned, language: Language) -> String {
    let (version, digest) = (root.root().version, root.digest());
    match (how, language) {
        (Pinned::Already, English) => {
            format!("Root {version} is pinned already.\nDigest: {digest}")
        }
        (Pinned::Already, Japanese) => {
            format!("ルート{version}は既に登録されています。\nダイジェスト：{digest}")
        }
        (Pinned::Following(before), English) => format!(
            "Root {version} is pinned. Enough keys of root {before} signed it, so it needs no comparing.\nDigest: {digest}"
        ),
        (Pinned::Following(before), Japanese) => format!(
            "ルート{version}を登録しました。ルート{before}の鍵の署名が足りているため、照合は要りません。\nダイジェスト：{digest}"
        ),
        (Pinned::Expected, English) => {
            format!("Root {version} is pinned.\nDigest: {digest}, as you expected.")
        }
        (Pinned::Expected, Japanese) => {
            format!("ルート{version}を登録しました。\nダイジェスト：{digest}（指定のとおりです）")
        }
        (Pinned::Unseen, English) => format!(
            "Root {version} is pinned.\nDigest: {digest}\nCompare this digest with the one that the registry gives over another way than the file came: on paper, by phone, on its web page.\nIf they differ, do not check anything with this root."
        ),
        (Pinned::Unseen, Japanese) => format!(
            "ルート{version}を登録しました。\nダイジェスト：{digest}\nこのダイジェストを、登録簿が別の経路（書面、電話、Webページなど）で示すものと照合してください。\n一致しない場合は、このルートで何も検証しないでください。"
        ),
    }
}

/// How long ago.
pub(crate) fn ago(at: Timestamp, now: Timestamp, language: Language) -> String {
    let past = now.duration_since(at);
    let (count, english, japanese) = match past.as_hours() {
        _ if past < SignedDuration::ZERO => {
            let future = if language == English { "in the future" } else { "現在より後" };
            return future.to_owned();
        }
        0 if past.as_mins() == 0 => {
            return if language == English { "just now" } else { "たった今" }.to_owned();
        }
        0 => (past.as_mins(), "minute", "分前"),
        hours @ 1..48 => (hours, "hour", "時間前"),
        hours => (hours / 24, "day", "日前"),
    };
    match language {
        English => format!("{count} {english}{} ago", if count == 1 { "" } else { "s" }),
        Japanese => format!("{count}{japanese}"),
    }
}

/// The root's first line.
pub(crate) fn root(root: &Root, now: Timestamp, language: Language) -> String {
    let Root { version, expires, .. } = root;
    let has_ended = *expires < now;
    match language {
        English => {
            format!(
                "Root {version}, until {expires}{}",
                if has_ended { ", and has ended" } else { "" }
            )
        }
        Japanese => {
            format!(
                "ルート{version}、期限 {expires}{}",
                if has_ended { "（期限切れ）" } else { "" }
            )
        }
    }
}

/// What stands before the root's digest, the digest that it came from, its keys and its bundle key, each as wide as the others.
pub(crate) const fn root_labels(language: Language) -> [&'static str; 4] {
    match language {
        English => ["digest    ", "came from ", "signed by ", "bundle key"],
        Japanese => ["ダイジェスト", "最初のルート", "署名        ", "バンドルの鍵"],
    }
}

/// How many of the root's keys sign.
pub(crate) fn signers(root: &Root, language: Language) -> String {
    let (threshold, keys) = (root.threshold, root.root_keys.len());
    match language {
        English => format!("{threshold} of these {keys} keys"),
        Japanese => format!("次の{keys}本の鍵のうち{threshold}本"),
    }
}

/// The bundle's first line.
pub(crate) fn bundle(bundle: &Bundle, now: Timestamp, language: Language) -> String {
    let Bundle { version, as_of, expires, .. } = bundle;
    let ago = ago(*as_of, now, language);
    match language {
        English => {
            let meant = if *expires < now { "was meant to be used" } else { "meant to be used" };
            format!("Bundle {version}, made {as_of} ({ago}), {meant} until {expires}")
        }
        Japanese => {
            let passed = if *expires < now { "（期限切れ）" } else { "" };
            format!(
                "トラストバンドル 版{version}、作成 {as_of}（{ago}）、使用期限 {expires}{passed}"
            )
        }
    }
}

/// That there is no bundle.
pub(crate) const fn no_bundle(language: Language) -> &'static str {
    match language {
        English => {
            "Bundle: none is stored; fetch it: akashi-verify trust update https://registry.example"
        }
        Japanese => {
            "トラストバンドル：保存されていません。akashi-verify trust update https://registry.example で取得してください。"
        }
    }
}

/// A title and the heads of its table.
pub(crate) type Section<const N: usize> = (&'static str, [&'static str; N]);

/// Of the bodies' authorisations.
pub(crate) const fn authorisations(language: Language) -> Section<4> {
    match language {
        English => ("Who may certify for what", ["BODY", "PROGRAMME", "FROM", "UNTIL"]),
        Japanese => ("認証機関とその権限", ["認証機関", "制度", "開始", "終了"]),
    }
}

/// Of the bodies' keys.
pub(crate) const fn keys(language: Language) -> Section<4> {
    match language {
        English => ("With which keys", ["KEY", "FROM", "UNTIL", "COMPROMISED FROM"]),
        Japanese => ("認証機関の鍵", ["鍵", "開始", "終了", "漏えい"]),
    }
}

/// Of the programmes.
pub(crate) const fn programmes(language: Language) -> Section<4> {
    match language {
        English => ("Programmes", ["PROGRAMME", "VERSION", "LEVELS, THE BEST FIRST", "DIGEST"]),
        Japanese => ("制度", ["制度", "版", "水準（上位から）", "ダイジェスト"]),
    }
}

/// Of the status lists.
pub(crate) const fn lists(language: Language) -> Section<3> {
    match language {
        English => ("Status lists", ["PURPOSE", "LISTS", "UNREADABLE"]),
        Japanese => ("状態リスト", ["目的", "数", "読めない数"]),
    }
}

/// What stands in a cell, or behind a title, where there is nothing.
pub(crate) const fn none(language: Language) -> &'static str {
    match language {
        English => "none",
        Japanese => "なし",
    }
}

/// A time that is not set.
pub(crate) const fn open(language: Language) -> &'static str {
    match language {
        English => "open",
        Japanese => "定めなし",
    }
}

/// The log by its name and size; none where the bundle has no checkpoint.
pub(crate) fn log(log: Option<(&str, &str)>, language: Language) -> String {
    match (log, language) {
        (Some((name, size)), English) => format!("Log {name}, of size {size}"),
        (Some((name, size)), Japanese) => format!("ログ {name}、記載 {size}件"),
        (None, English) => "Log: the bundle has no checkpoint".to_owned(),
        (None, Japanese) => "ログ：トラストバンドルにチェックポイントがありません".to_owned(),
    }
}
