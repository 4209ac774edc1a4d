//! What the command line says to people beside the library's sentences, in each language.

pub(crate) mod ratings;
pub(crate) mod run;
pub(crate) mod trust;
#[cfg(feature = "update")]
pub(crate) mod update;

use std::env;
use std::path::Path;
use std::time::Duration;

use akashi_schemas::NumberError;
use akashi_schemas::misleading::shown;
use akashi_verifier::Verdict;
use akashi_verifier::report::Language::{self, English, Japanese};
use akashi_verifier::report::{Check, CheckName, Outcome, Reason, Skipped};

use crate::list::{List, Listing};
use crate::sources::{Listed, Unchecked};
use crate::summary::{Counts, Summary};

/// The language that the environment asks for (POSIX.1-2017, Base Definitions §8.2): English when it names none of ours.
pub(crate) fn preferred() -> Language {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let name = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
    name.to_ascii_lowercase().parse().unwrap_or(English)
}

/// The heads of the table of credentials.
pub(crate) const fn columns(language: Language) -> [&'static str; 6] {
    match language {
        English => ["FILE", "VERDICT", "CERTIFICATE", "HOLDER", "LEVEL", "WHY"],
        Japanese => ["ファイル", "判定", "認証番号", "保有企業", "水準", "理由"],
    }
}

/// The heads of the table of checks.
pub(crate) const fn check_columns(language: Language) -> [&'static str; 3] {
    match language {
        English => ["CHECK", "OUTCOME", "MEANING"],
        Japanese => ["項目", "結果", "意味"],
    }
}

/// A verdict in a sentence, and what to do next.
pub(crate) fn verdict(verdict: Verdict, language: Language) -> String {
    let (heading, advice) = (verdict.heading(language), verdict.advice(language));
    match language {
        English => format!("{heading} ({verdict}). {advice}"),
        Japanese => format!("{heading}（{verdict}）。{advice}"),
    }
}

/// What a check means for the reader: what is so when it passed, else why it is not and what to do. `remembers`: whether
/// bundles are remembered from one run to the next.
pub(crate) fn meaning(check: &Check, remembers: bool, language: Language) -> String {
    let sentence = check.sentence(language).unwrap_or_else(|| check.name.heading(language));
    match check.outcome {
        Outcome::Passed => sentence.to_owned(),
        Outcome::Failed(reason) => {
            let after = [place(reason, language), &detail(check)].concat();
            format!("{}: {sentence}{after}", reason.code())
        }
        Outcome::NotChecked(Skipped::NoState) => no_rollback(remembers, language),
        Outcome::NotChecked(skipped) => {
            format!("{sentence}{}", option(skipped, check.name, language))
        }
    }
}

/// What exactly was wrong with a file's form, where it is not known for something else: with the words of a stranger in it.
fn detail(check: &Check) -> String {
    let detail = check.facts.get("detail").and_then(|detail| detail.as_str());
    match detail.filter(|_| check.name == CheckName::Form && check.kind().is_none()) {
        Some(detail) => format!(" [{}]", shown(detail)),
        None => String::new(),
    }
}

/// Where this command looks for what is missing.
const fn place(reason: Reason, language: Language) -> &'static str {
    match (reason, language) {
        (Reason::LogProofMissing, English) => {
            " Of certificate.jwt it is looked for in certificate.jwt.tlog-proof; --log-proof names another file."
        }
        (Reason::LogProofMissing, Japanese) => {
            "certificate.jwt の場合は certificate.jwt.tlog-proof を探します。別のファイルは --log-proof で指定できます。"
        }
        (Reason::BundleMissing, English) => {
            " Fetch it with `akashi-verify trust update`, or name it with --trust."
        }
        (Reason::BundleMissing, Japanese) => {
            "akashi-verify trust update で取得するか、--trust で指定してください。"
        }
        (Reason::RootNotPinned, English) => {
            " Pin it with `akashi-verify trust pin`, or name it with --root."
        }
        (Reason::RootNotPinned, Japanese) => {
            "akashi-verify trust pin で登録するか、--root で指定してください。"
        }
        _ => "",
    }
}

/// Which option asks for what was not checked.
const fn option(skipped: Skipped, check: CheckName, language: Language) -> &'static str {
    match (skipped, check, language) {
        (Skipped::NotAsked, CheckName::Log, English) => " --require-log asks for it.",
        (Skipped::NotAsked, CheckName::Log, Japanese) => "--require-log で確認できます。",
        (Skipped::NotAsked, _, English) => " --min-level, --programme and --facility ask for it.",
        (Skipped::NotAsked, _, Japanese) => {
            "--min-level、--programme、--facility で条件を指定できます。"
        }
        _ => "",
    }
}

/// Why an older bundle would not have been noticed. `remembers`: whether bundles are remembered from one run to the next.
pub(crate) fn no_rollback(remembers: bool, language: Language) -> String {
    let next = match (remembers, language) {
        (true, English) => " From the next check on, it is.",
        (true, Japanese) => "次回の検証からは気付けます。",
        (false, English) => {
            " Nothing can be remembered, either: set XDG_STATE_HOME or HOME to a folder that can be written to."
        }
        (false, Japanese) => {
            "記憶もできません。XDG_STATE_HOME 又は HOME に、書き込めるフォルダーを設定してください。"
        }
    };
    [Skipped::NoState.sentence(language), next].concat()
}

/// What cannot be done with a file of ours or of the reader's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    Unreadable,
    Unwritable,
    Unremovable,
    /// Another run has the lock.
    Held,
    Damaged,
}

/// Such a trouble; the system's own words follow it where it has any.
pub(crate) fn trouble(file: &Path, trouble: Trouble, language: Language) -> String {
    let file = file.display();
    match (trouble, language) {
        (Trouble::Unreadable, English) => format!("{file} cannot be read"),
        (Trouble::Unreadable, Japanese) => format!("{file} を読み込めません"),
        (Trouble::Unwritable, English) => format!("{file} cannot be written"),
        (Trouble::Unwritable, Japanese) => format!("{file} に書き込めません"),
        (Trouble::Unremovable, English) => format!("{file} cannot be removed"),
        (Trouble::Unremovable, Japanese) => format!("{file} を削除できません"),
        (Trouble::Held, English) => format!("{file} is held by another run, which must end first"),
        (Trouble::Held, Japanese) => {
            format!("{file} は別の実行が使用中です。終わるまで待ってください")
        }
        (Trouble::Damaged, English) => format!("{file} is damaged; remove it to start anew"),
        (Trouble::Damaged, Japanese) => {
            format!("{file} が壊れています。削除して、やり直してください")
        }
    }
}

/// What stands for a verdict where nothing could be checked.
pub(crate) const fn not_checked(language: Language) -> &'static str {
    match language {
        English => "not checked",
        Japanese => "未確認",
    }
}

/// Why nothing could be checked, and what to do. The names of files and the words of rows in it are shown without what misleads.
pub(crate) fn unchecked(why: &Unchecked, language: Language) -> String {
    let said = match (language, why) {
        (English, why) => why.to_string(),
        (Japanese, Unchecked::FileMissing) => "ファイルがありません。".into(),
        (Japanese, Unchecked::FileUnreadable(error)) => {
            format!("ファイルを読み込めません（{error}）。")
        }
        (Japanese, Unchecked::NoCredential) => "ファイルにクレデンシャルがありません。".into(),
        (Japanese, Unchecked::RowEmpty) => "行に何も書かれていません。".into(),
        (Japanese, Unchecked::NumberWrong(NumberError::Length(count))) => {
            format!("認証番号は AK の後に英数字が9文字ですが、これは{count}文字です。")
        }
        (Japanese, Unchecked::NumberWrong(NumberError::Character(character))) => {
            format!("認証番号に「{character}」は使われません（0、1、I、O も同じです）。")
        }
        (Japanese, Unchecked::NumberWrong(NumberError::Check)) => {
            "認証番号に誤りがあります（検査文字が合いません）。".into()
        }
        (Japanese, Unchecked::NumberWithoutCredential) => {
            "渡されたクレデンシャルの中に、この番号で署名の正しいものがありません。保有企業に求めてください。".into()
        }
    };
    shown(&said)
}

/// How a list was understood, for people to see whether it is what they meant.
pub(crate) fn list(list: &List, language: Language) -> String {
    let List { name, encoding, .. } = list;
    match language {
        English => {
            let what = match list.what {
                Listing::Files => "files",
                Listing::Numbers => "certificate numbers",
            };
            let column = match &list.header {
                Some(header) => format!("in the column {header:?}"),
                None => "without a header".to_owned(),
            };
            format!("{name}: a list of {what} {column}, read as {encoding}")
        }
        Japanese => {
            let what = match list.what {
                Listing::Files => "ファイル",
                Listing::Numbers => "認証番号",
            };
            let column = match &list.header {
                Some(header) => format!("「{header}」の列"),
                None => "見出しなし".to_owned(),
            };
            format!("{name}: {what}の一覧（{column}）を {encoding} として読み込みました")
        }
    }
}

/// A row of a list.
pub(crate) fn row(listed: &Listed, language: Language) -> String {
    let Listed { list, row, .. } = listed;
    match language {
        English => format!("{list}, row {row}"),
        Japanese => format!("{list} の{row}行目"),
    }
}

/// A file, and the row that names it.
pub(crate) fn listed(name: &str, row: &str, language: Language) -> String {
    match language {
        English => format!("{name} ({row})"),
        Japanese => format!("{name}（{row}）"),
    }
}

/// That a credential came before, and where.
pub(crate) fn same_as(place: &str, language: Language) -> String {
    match language {
        English => format!("the same as {place}"),
        Japanese => format!("{place} と同じものです"),
    }
}

/// Which of the credentials of a number counts.
pub(crate) fn best(place: &str, language: Language) -> String {
    match language {
        English => format!("the best is {place}"),
        Japanese => format!("最も判定の良いものは {place} です"),
    }
}

/// What a table leaves out that has more lines than `few`.
pub(crate) fn long(few: usize, language: Language) -> String {
    match language {
        English => format!(
            "More than {few}: only what is not valid, or came before, is shown. Every one: --format csv."
        ),
        Japanese => format!(
            "{few}件を超えたため、有効でないものと重複だけを表示します。すべて見るには --format csv を指定してください。"
        ),
    }
}

/// How far a run has come; `left` is the percentage done, and how long the rest will take.
pub(crate) fn progress(
    count: u64,
    rate: u64,
    left: Option<(u64, Duration)>,
    language: Language,
) -> String {
    let left = left.map(|(percent, left)| (percent, duration(left.as_secs(), language)));
    match (language, left) {
        (English, None) => format!("{count} checked, {rate} a second"),
        (English, Some((percent, left))) => {
            format!("{count} checked, {rate} a second, {percent} %, {left} left")
        }
        (Japanese, None) => format!("{count}件を検証、毎秒{rate}件"),
        (Japanese, Some((percent, left))) => {
            format!("{count}件を検証、毎秒{rate}件、{percent}％、残り{left}")
        }
    }
}

fn duration(seconds: u64, language: Language) -> String {
    let [second, minute, hour] = match language {
        English => [" s", " min ", " h "],
        Japanese => ["秒", "分", "時間"],
    };
    let text = match seconds {
        0..60 => format!("{seconds}{second}"),
        60..3600 => format!("{}{minute}{}{second}", seconds / 60, seconds % 60),
        _ => format!("{}{hour}{}{minute}", seconds / 3600, seconds % 3600 / 60),
    };
    text.trim_end().to_owned()
}

/// Of when the status is.
pub(crate) fn status_as_of(as_of: &str, language: Language) -> String {
    match language {
        English => format!("status as of {as_of}"),
        Japanese => format!("{as_of} 時点の状態"),
    }
}

/// How many credentials, and how many numbers of lists, got which verdict.
pub(crate) fn summary(summary: &Summary, language: Language) -> Vec<String> {
    let Summary { credentials, repeated, numbers } = summary;
    let all = match language {
        English => counted(credentials.total, "credential"),
        Japanese => format!("クレデンシャル{}件", credentials.total),
    };
    let again = match (repeated, language) {
        (0, _) => String::new(),
        (1, English) => "; 1 came twice and is counted once".to_owned(),
        (more, English) => format!("; {more} came again and are counted once"),
        (more, Japanese) => format!("。ほかに重複{more}件（数に入れません）"),
    };
    let mut lines = vec![told(&all, credentials, language) + &again];
    if numbers.total > 0 {
        let all = match language {
            English => counted(numbers.total, "number"),
            Japanese => format!("認証番号{}件", numbers.total),
        };
        lines.push(told(&all, numbers, language));
    }
    lines
}

/// What stands between the lines of a summary where they are one.
pub(crate) const fn between(language: Language) -> &'static str {
    match language {
        English => "; ",
        Japanese => "。",
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Counts in words.
fn told(all: &str, counts: &Counts, language: Language) -> String {
    let not_checked = not_checked(language);
    let verdicts = counts.verdicts.iter().map(|(verdict, count)| match language {
        English => format!("{count} {verdict}"),
        Japanese => format!("{verdict}（{}）{count}件", verdict.heading(language)),
    });
    let others = counts.not_checked.iter().map(|(reason, count)| match language {
        English => format!("{count} {not_checked} ({reason})"),
        Japanese => format!("{not_checked}（{reason}）{count}件"),
    });
    let each: Vec<_> = verdicts.chain(others).collect();
    match (each.is_empty(), language) {
        (true, _) => all.to_owned(),
        (false, English) => format!("{all}: {}", each.join(", ")),
        (false, Japanese) => format!("{all}：{}", each.join("、")),
    }
}
