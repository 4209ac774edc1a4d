//! What people are told when a run cannot begin, or did not go as it should.

use std::path::Path;

use akashi_verifier::report::Language::{self, English, Japanese};

/// Why nothing is checked, or not all that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal<'a> {
    /// The list of that name has more than 64 MiB.
    ListTooLarge(&'a str),
    /// A quotation mark in it is never closed.
    ListNotClosed(&'a str),
    /// None of its columns, which are these, is known.
    ListWithoutColumn(&'a str, &'a str),
    /// It is text of neither encoding; which line is the first that is not UTF-8.
    ListNotText(&'a str, usize),
    /// There are NUL characters in it.
    ListWithNul(&'a str),
    /// `--log-proof` with what may be many credentials.
    OneLogProof,
    /// `--log-proof` with a file of many.
    OneLogProofOfMany(&'a str),
    /// The receipt is there already.
    ReceiptExists(&'a Path),
    /// The output is there already.
    OutputExists(&'a Path),
    /// What would stand beside the output is there already.
    FileExists(&'a Path),
    /// `--resume` with another form than NDJSON or CSV.
    ResumedForm,
    /// The output has no FILE.run, which is named second, beside it.
    ResumedWhole(&'a Path, &'a Path),
    /// FILE.run is damaged.
    ResumedDamaged(&'a Path),
    /// The output is of another run.
    ResumedOther(&'a Path, Difference),
    /// What the output holds cannot be read.
    ResumedUnreadable(&'a Path),
    /// What an output holds already is not what would be passed over.
    Changed,
    /// The answer cannot be written.
    Unwritable,
    /// The files of these names hold nothing.
    NoCredential(&'a str),
    /// So many files could not be read.
    Unread(u64),
}

/// In what a run is another than the one that it is to go on with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Difference {
    Root,
    Bundle,
    Policy,
    Format,
    Inputs,
}

/// Such a refusal, and what to do.
pub(crate) fn refusal(refusal: Refusal<'_>, language: Language) -> String {
    match language {
        English => in_english(refusal),
        Japanese => in_japanese(refusal),
    }
}

fn in_english(refusal: Refusal<'_>) -> String {
    match refusal {
        Refusal::ListTooLarge(name) => {
            format!("{name} is larger than the 64 MiB that a list may have; split it")
        }
        Refusal::ListNotClosed(name) => format!(
            "{name}: a quotation mark is opened and never closed, so that rows would be lost; mend it, or save the list anew"
        ),
        Refusal::ListWithoutColumn(name, columns) => format!(
            "{name}: none of its columns ({columns}) is known; name one `file` (ファイル) or `certificate number` (認証番号)"
        ),
        Refusal::ListNotText(name, line) => format!(
            "{name}: this is neither UTF-8 nor Shift-JIS (not UTF-8 from line {line} on); save it as CSV UTF-8"
        ),
        Refusal::ListWithNul(name) => {
            format!("{name}: there are NUL characters in it, as in no list; save it as CSV UTF-8")
        }
        Refusal::OneLogProof => {
            "--log-proof is the proof of one credential: check each FILE by itself, or put its proof beside it, as FILE.tlog-proof".to_owned()
        }
        Refusal::OneLogProofOfMany(name) => format!(
            r#"{name} holds many credentials, and --log-proof is the proof of one: give each its own in its line, as {{"credential": …, "log_proof": …}}"#
        ),
        Refusal::ReceiptExists(file) => format!(
            "{} exists already, and a receipt is never written over: name another file",
            file.display()
        ),
        Refusal::OutputExists(file) => format!(
            "{} exists already: name another file, or go on with it by --resume",
            file.display()
        ),
        Refusal::FileExists(file) => {
            format!("{} exists already: name another --output, or remove it", file.display())
        }
        Refusal::ResumedForm => {
            "--resume goes on with NDJSON or CSV; say --format ndjson or --format csv".to_owned()
        }
        Refusal::ResumedWhole(file, beside) => format!(
            "{} has no {} beside it: it is whole already, or no such output",
            file.display(),
            beside.display()
        ),
        Refusal::ResumedDamaged(beside) => {
            format!("{} is damaged; remove both files to begin anew", beside.display())
        }
        Refusal::ResumedOther(file, difference) => {
            let what = match difference {
                Difference::Root => "the root is another",
                Difference::Bundle => "the trust bundle is another",
                Difference::Policy => "the policy is another",
                Difference::Format => "the form of the answer is another",
                Difference::Inputs => "what is to be checked is another, or was changed",
            };
            format!("{} cannot be gone on with: {what}; remove it to begin anew", file.display())
        }
        Refusal::ResumedUnreadable(file) => {
            format!("{} cannot be gone on with; remove it to begin anew", file.display())
        }
        Refusal::Changed => {
            "what is to be checked was changed since the output was begun: remove the output to begin anew".to_owned()
        }
        Refusal::Unwritable => "the answer cannot be written".to_owned(),
        Refusal::NoCredential(names) => format!("{names} holds no credential"),
        Refusal::Unread(1) => "1 file could not be read; its item says why".to_owned(),
        Refusal::Unread(more) => format!("{more} files could not be read; their items say why"),
    }
}

fn in_japanese(refusal: Refusal<'_>) -> String {
    match refusal {
        Refusal::ListTooLarge(name) => {
            format!("{name} は、一覧の上限である 64 MiB を超えています。分けてください。")
        }
        Refusal::ListNotClosed(name) => format!(
            "{name} には閉じていない引用符があり、行が失われるおそれがあります。直すか、保存し直してください。"
        ),
        Refusal::ListWithoutColumn(name, columns) => format!(
            "{name} の列（{columns}）に、知っているものがありません。見出しを「ファイル」又は「認証番号」にしてください。"
        ),
        Refusal::ListNotText(name, line) => format!(
            "{name} は UTF-8 でも Shift-JIS でもありません（{line}行目から UTF-8 ではありません）。「CSV UTF-8」で保存し直してください。"
        ),
        Refusal::ListWithNul(name) => format!(
            "{name} には、一覧にあるはずのない NUL 文字が含まれています。「CSV UTF-8」で保存し直してください。"
        ),
        Refusal::OneLogProof => {
            "--log-proof は一つのクレデンシャルの証明です。ファイルを一つずつ検証するか、証明を「ファイル名.tlog-proof」として同じ場所に置いてください。".to_owned()
        }
        Refusal::OneLogProofOfMany(name) => format!(
            r#"{name} には多数のクレデンシャルがありますが、--log-proof は一つの証明です。行ごとに {{"credential": …, "log_proof": …}} の形で与えてください。"#
        ),
        Refusal::ReceiptExists(file) => format!(
            "{} は既にあります。受領記録は上書きしないので、別の名前を指定してください。",
            file.display()
        ),
        Refusal::OutputExists(file) => format!(
            "{} は既にあります。別の名前を指定するか、--resume で続けてください。",
            file.display()
        ),
        Refusal::FileExists(file) => format!(
            "{} は既にあります。--output に別の名前を指定するか、削除してください。",
            file.display()
        ),
        Refusal::ResumedForm => {
            "--resume で続けられるのは NDJSON か CSV です。--format ndjson 又は --format csv を指定してください。".to_owned()
        }
        Refusal::ResumedWhole(file, beside) => format!(
            "{} の隣に {} がありません。既に完成しているか、この種の出力ではありません。",
            file.display(),
            beside.display()
        ),
        Refusal::ResumedDamaged(beside) => format!(
            "{} が壊れています。両方のファイルを削除して、やり直してください。",
            beside.display()
        ),
        Refusal::ResumedOther(file, difference) => {
            let what = match difference {
                Difference::Root => "ルートが違います",
                Difference::Bundle => "トラストバンドルが違います",
                Difference::Policy => "条件が違います",
                Difference::Format => "出力の形式が違います",
                Difference::Inputs => "検証するものが違うか、変更されています",
            };
            format!("{} を続けられません。{what}。削除して、やり直してください。", file.display())
        }
        Refusal::ResumedUnreadable(file) => {
            format!("{} を続けられません。削除して、やり直してください", file.display())
        }
        Refusal::Changed => {
            "出力を始めた後に、検証するものが変更されました。出力を削除して、やり直してください。".to_owned()
        }
        Refusal::Unwritable => "結果を書き込めません".to_owned(),
        Refusal::NoCredential(names) => format!("{names} にクレデンシャルがありません。"),
        Refusal::Unread(count) => {
            format!("{count}個のファイルを読み込めませんでした。理由はそれぞれの項目にあります。")
        }
    }
}

/// That a code is none, and which are written alike.
pub(crate) fn no_such_code(code: &str, near: &[&str], language: Language) -> String {
    match (near, language) {
        ([], English) => {
            format!("'{code}' is no code of a report: `akashi-verify explain` lists them all")
        }
        ([], Japanese) => {
            format!(
                "「{code}」というコードはありません。`akashi-verify explain` で一覧を見られます。"
            )
        }
        (near, English) => {
            format!("'{code}' is no code of a report; did you mean {}?", near.join(" or "))
        }
        (near, Japanese) => {
            format!("「{code}」というコードはありません。もしかして {} ですか。", near.join("、"))
        }
    }
}
