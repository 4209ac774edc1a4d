//! What `--help` and the man page say beside the options.

/// What the command is for, in one line.
pub(crate) const SUMMARY: &str =
    "Checks Akashi's certificates offline: who signed, for what, and whether it still holds";

/// What a newcomer has to know.
pub(crate) const PURPOSE: &str = "\
A certificate comes as a small signed file, the credential. This program says whether it is genuine, unchanged, \
within its term, and neither withdrawn nor suspended, and why not. It needs two more files of the registry that \
issued it, and no network: the root, got once over a way you trust, and the trust bundle, got anew every few days.";

/// What is done most, and how.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    (
        "Once, get the registry's root over a way you trust, and pin it",
        "curl -so root https://registry.example/.well-known/akashi/root\n\
         akashi-verify trust pin root",
    ),
    (
        "Every few days, fetch the newest trust bundle; nothing else uses the network",
        "akashi-verify trust update https://registry.example",
    ),
    ("Check a certificate", "akashi-verify certificate.json"),
    (
        "Check one against files that you name",
        "akashi-verify certificate.json --trust bundle --root root",
    ),
    (
        "Check a whole folder, and give the answers to another program",
        "akashi-verify suppliers/ --format csv",
    ),
    (
        "Answer each row of a list from a spreadsheet, and keep a receipt for the audit",
        "akashi-verify suppliers/ list.csv --receipt receipt.json",
    ),
    (
        "Ask for more than a good certificate",
        "akashi-verify certificate.json --min-level certified --require-log",
    ),
    ("Read what an answer means and what to do", "akashi-verify explain status_too_old"),
];

/// Exit statuses and what they mean.
pub(crate) const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "every credential is valid"),
    ("1", "at least one is not valid; the answer says which and why"),
    (
        "2",
        "the check could not be run, or not of all: a file is missing or cannot be read, an option is wrong, or root and bundle do not fit",
    ),
];

/// What is kept where.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("FILE.tlog-proof", "the log proof of FILE, looked for when --require-log is given"),
    (
        "FILE.run",
        "beside an --output FILE that is not whole yet: what the run was about, for --resume",
    ),
    (
        "$XDG_STATE_HOME/akashi/",
        "the root that was pinned, the trust bundle that was fetched last, and the newest bundle seen under each root, so that an \
         older one is noticed; without XDG_STATE_HOME, ~/.local/state/akashi/",
    ),
];

/// The environment that is heeded.
pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "LC_ALL, LC_MESSAGES, LANG",
        "the language of what people read, where --lang names none: Japanese for ja, else English",
    ),
    ("XDG_STATE_HOME", "where the command remembers; ~/.local/state by default"),
];

/// What stands before the options.
pub(crate) fn before_options() -> String {
    let example = |(what, how): &(&str, &str)| {
        let lines: String = how.lines().map(|line| format!("    {line}\n")).collect();
        format!("  {what}:\n{lines}")
    };
    let examples: Vec<_> = EXAMPLES.iter().map(example).collect();
    format!("{SUMMARY}.\n\n{PURPOSE}\n\nExamples:\n{}", examples.join("\n"))
}

/// What stands after the options.
pub(crate) fn after_options() -> String {
    let statuses: String =
        EXIT_STATUS.iter().map(|(code, meaning)| format!("  {code}  {meaning}\n")).collect();
    let list = |rows: &[(&str, &str)]| -> String {
        rows.iter().map(|(name, meaning)| format!("  {name}\n          {meaning}\n")).collect()
    };
    let (files, environment) = (list(FILES), list(ENVIRONMENT));
    let all = format!("Exit status:\n{statuses}\nFiles:\n{files}\nEnvironment:\n{environment}");
    all.trim_end().to_owned()
}
