//! Which logs count (C2SP tlog-policy), as far as this version goes: `log` lines and `quorum none`.
//!
//! A policy that asks for witnesses is refused rather than half followed: what it would promise is not checked yet.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str::FromStr;

use super::note::VerifierKey;

/// The logs whose signature on a checkpoint counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// At least one.
    pub logs: Vec<VerifierKey>,
}

/// Why a policy cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// A line that cannot be read.
    #[error("line {0} cannot be read")]
    Line(usize),
    /// A line that this version cannot follow.
    #[error("`{0}` is not supported")]
    Unsupported(String),
    /// No log, or no quorum.
    #[error("no `log` or no `quorum`")]
    Incomplete,
}

impl FromStr for LogPolicy {
    type Err = PolicyFault;

    fn from_str(text: &str) -> Result<Self, PolicyFault> {
        let mut logs = Vec::new();
        let mut quorum = false;
        for (number, line) in (1..).zip(text.lines()) {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words[..] {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                // A URL may follow the key.
                ["log", vkey] | ["log", vkey, _] => {
                    logs.push(vkey.parse().map_err(|_| PolicyFault::Line(number))?);
                }
                ["quorum", "none"] if !quorum => quorum = true,
                ["witness" | "group", _, ..] | ["quorum", _] if words[1] != "none" => {
                    return Err(PolicyFault::Unsupported(line.trim().to_string()));
                }
                _ => return Err(PolicyFault::Line(number)),
            }
        }
        if logs.is_empty() || !quorum {
            return Err(PolicyFault::Incomplete);
        }
        Ok(Self { logs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const LOG: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn reads_logs_without_witnesses() {
        let text = format!("# one log\n\nlog {LOG} https://log.example/\nquorum none\n");
        let policy: LogPolicy = text.parse().expect("a policy");
        assert_eq!(policy.logs.len(), 1);
    }

    #[test]
    fn refuses_what_it_cannot_follow() {
        let unsupported = |text: &str| PolicyFault::Unsupported(text.into());
        for (text, fault) in [
            (String::new(), PolicyFault::Incomplete),
            (format!("log {LOG}\n"), PolicyFault::Incomplete),
            ("quorum none\n".into(), PolicyFault::Incomplete),
            ("log x\nquorum none\n".into(), PolicyFault::Line(1)),
            (format!("log {LOG}\nquorum none\nquorum none\n"), PolicyFault::Line(3)),
            (
                format!("log {LOG}\nwitness w {LOG}\nquorum w\n"),
                unsupported(&format!("witness w {LOG}")),
            ),
            (format!("log {LOG}\nquorum all\n"), unsupported("quorum all")),
            ("witness\n".into(), PolicyFault::Line(1)),
            (format!("log {LOG}\ngroup\nquorum none\n"), PolicyFault::Line(2)),
            ("quorum\n".into(), PolicyFault::Line(1)),
        ] {
            assert_eq!(text.parse::<LogPolicy>(), Err(fault), "{text}");
        }
    }
}
