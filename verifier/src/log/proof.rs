//! Proofs that travel beside what they prove (C2SP tlog-proof). Displays as the text it was read from.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tree::Hash;

/// The first line.
const MAGIC: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2⁶⁴ leaves has no longer path.
const MAX_HASHES: usize = 64;
/// The largest proof that is read: an entry of 65,535 bytes, its path, and a checkpoint of many cosignatures.
pub const MAX_PROOF_BYTES: usize = 1 << 18;

/// An inclusion proof with its checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// What the maker added, authenticated by nothing: here the log entry.
    pub extra: Option<Vec<u8>>,
    /// The leaf's number, from 0.
    pub index: u64,
    /// From the leaf up.
    pub hashes: Vec<Hash>,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
}

/// Why a text is not a tlog-proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFault {
    /// It does not begin as one.
    #[error("it does not begin with {MAGIC}")]
    Magic,
    /// It is too large.
    #[error("more than {MAX_PROOF_BYTES} bytes")]
    TooLarge,
    /// A line that cannot be read.
    #[error("line {0} cannot be read")]
    Line(usize),
    /// It holds no entry.
    #[error("it has no line `extra` with the log entry")]
    NoExtra,
}

impl FromStr for TlogProof {
    type Err = ProofFault;

    fn from_str(text: &str) -> Result<Self, ProofFault> {
        if text.len() > MAX_PROOF_BYTES {
            return Err(ProofFault::TooLarge);
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofFault::Magic)?;
        let mut lines = (1..).zip(head.split('\n')).peekable();
        if lines.next().is_none_or(|(_, line)| line != MAGIC) {
            return Err(ProofFault::Magic);
        }
        let extra = match lines.next_if(|(_, line)| line.starts_with("extra ")) {
            Some((n, line)) => Some(STANDARD.decode(&line[6..]).map_err(|_| ProofFault::Line(n))?),
            None => None,
        };
        let (n, line) = lines.next().ok_or(ProofFault::Line(2))?;
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(ProofFault::Line(n))?;
        let mut hashes = Vec::new();
        for (n, line) in lines {
            let hash = STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok());
            match hash {
                Some(hash) if hashes.len() < MAX_HASHES => hashes.push(hash),
                _ => return Err(ProofFault::Line(n)),
            }
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_string() })
    }
}

fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MAGIC}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> TlogProof {
        TlogProof {
            extra: Some(b"an entry".to_vec()),
            index: 6,
            hashes: alloc::vec![[1; 32], [2; 32]],
            checkpoint: "log.example\n7\nAAAA\n\n\u{2014} log.example AAAA\n".into(),
        }
    }

    #[test]
    fn is_read_as_it_is_written() {
        for proof in [example(), TlogProof { extra: None, hashes: Vec::new(), ..example() }] {
            assert_eq!(proof.to_string().parse(), Ok(proof));
        }
    }

    #[test]
    fn names_the_line_that_cannot_be_read() {
        let text = example().to_string();
        let fault = |from: &str, to: &str| text.replacen(from, to, 1).parse::<TlogProof>();
        assert_eq!(fault("@v1", "@v2"), Err(ProofFault::Magic));
        assert_eq!(fault("extra ", "extra ="), Err(ProofFault::Line(2)));
        assert_eq!(fault("index 6", "index 06"), Err(ProofFault::Line(3)));
        assert_eq!(fault("AQEB", "AQE"), Err(ProofFault::Line(4)));
        assert_eq!("x".repeat(MAX_PROOF_BYTES + 1).parse::<TlogProof>(), Err(ProofFault::TooLarge));
    }
}
