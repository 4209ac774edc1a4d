//! Reading, checking and answering at once: one thread reads, as many as there are cores check, and the caller answers in the
//! order of the input.
//!
//! Credentials travel in batches, and there is a fixed number of those: whoever is faster waits, and memory does not grow with
//! the input.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Result, anyhow, bail};

use crate::answer::{Answer, Checker};
use crate::reading::{Reading, Record};
use crate::sources::{Source, Unchecked};

/// A batch is full with so many bytes, or so many credentials.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_PIECES: usize = 256;
/// Batches under way for each thread that checks: one with it, one before and one behind it.
const BATCHES_EACH: usize = 3;

/// One credential as read, or why there is none.
#[derive(Clone)]
pub(crate) struct Piece {
    pub(crate) source: Arc<Source>,
    /// Which of its source, from 0.
    pub(crate) index: usize,
    /// Which of the run, from 0.
    pub(crate) ordinal: u64,
    /// Whether an earlier run has answered it.
    pub(crate) is_done: bool,
    /// Whether it is no item, but for the end of the run to complain of: something that the command line names, and nothing is in.
    pub(crate) is_complaint: bool,
    /// Where in [`Batch::bytes`] it stands.
    pub(crate) bytes: Result<Range<usize>, Unchecked>,
    pub(crate) log_proof: Option<Arc<str>>,
}

impl Piece {
    /// Whether it is a credential that is still to be answered.
    pub(crate) const fn is_asked(&self) -> bool {
        self.bytes.is_ok() && !self.is_done
    }
}

/// Credentials that are read together, and then their answers.
#[derive(Default)]
pub(crate) struct Batch {
    number: u64,
    pub(crate) bytes: Vec<u8>,
    /// How many bytes the log proofs of its pieces have.
    log_proofs: usize,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) answers: Vec<Answer>,
    /// The answers as they are written.
    pub(crate) written: Vec<u8>,
}

impl Batch {
    pub(crate) fn add(&mut self, piece: Piece) {
        self.log_proofs += piece.log_proof.as_ref().map_or(0, |proof| proof.len());
        self.pieces.push(piece);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() + self.log_proofs >= BATCH_BYTES || self.pieces.len() >= BATCH_PIECES
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.log_proofs = 0;
        self.pieces.clear();
        self.answers.clear();
        self.written.clear();
    }
}

/// Where the reading thread takes empty batches and leaves full ones.
pub(crate) struct Feed {
    free: Receiver<Batch>,
    full: Sender<Result<Batch>>,
    count: u64,
    pub(crate) batch: Batch,
}

/// The caller no longer listens.
pub(crate) struct Gone;

impl Feed {
    /// Passes the batch on, if there is something in it, and takes an empty one.
    pub(crate) fn pass(&mut self) -> Result<(), Gone> {
        if self.batch.pieces.is_empty() {
            return Ok(());
        }
        let mut batch = std::mem::replace(&mut self.batch, self.free.recv().map_err(|_| Gone)?);
        batch.number = self.count;
        self.count += 1;
        self.full.send(Ok(batch)).map_err(|_| Gone)
    }

    /// Ends the run.
    pub(crate) fn fail(&self, error: anyhow::Error) -> Gone {
        self.full.send(Err(error)).ok();
        Gone
    }
}

/// Runs `reading` on a thread of its own and `checker` on `jobs` threads, and gives every batch of answers to `answer`, in
/// order. Gives what the reading gave.
///
/// The threads are not waited for when answering fails: the reader may be waiting itself, for standard input.
pub(crate) fn run(
    jobs: usize,
    reading: Reading,
    checker: Checker,
    mut answer: impl FnMut(&Batch) -> Result<()>,
) -> Result<Vec<Record>> {
    let (free_sender, free) = channel();
    let (full, work) = channel();
    let (done_sender, done) = channel::<Result<Batch>>();
    for _ in 0..jobs * BATCHES_EACH {
        free_sender.send(Batch::default()).ok();
    }
    let feed = Feed { free, full, count: 0, batch: Batch::default() };
    let reader = thread::spawn(move || reading.run(feed));
    let (work, checker) = (Arc::new(Mutex::new(work)), Arc::new(checker));
    for _ in 0..jobs {
        let (work, checker, done) = (Arc::clone(&work), Arc::clone(&checker), done_sender.clone());
        thread::spawn(move || check_all(&work, &checker, &done));
    }
    drop(done_sender);
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    for batch in done {
        let batch = batch?;
        waiting.insert(batch.number, batch);
        while let Some(mut batch) = waiting.remove(&next) {
            answer(&batch)?;
            batch.clear();
            free_sender.send(batch).ok();
            next += 1;
        }
    }
    // A panic has said its words; what it left unanswered must not look like the end.
    let records = reader.join().map_err(|_| anyhow!("reading broke off"))?;
    if waiting.is_empty() { Ok(records) } else { bail!("checking broke off") }
}

/// Checks one batch after another, until none is left or nobody wants the answers.
fn check_all(
    work: &Mutex<Receiver<Result<Batch>>>,
    checker: &Checker,
    done: &Sender<Result<Batch>>,
) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        let batch = batch.map(|mut batch| {
            checker.check(&mut batch);
            batch
        });
        if done.send(batch).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_proofs_of_a_batch_fill_it_too() {
        let mut batch = Batch::default();
        let source = Source { number: 0, name: "a".into(), listed: None, is_named: true };
        let piece = Piece {
            source: Arc::new(source),
            index: 0,
            ordinal: 0,
            is_done: false,
            is_complaint: false,
            bytes: Ok(0..0),
            log_proof: Some("x".repeat(BATCH_BYTES / 2).into()),
        };
        batch.add(piece.clone());
        assert!(!batch.is_full());
        batch.add(piece);
        assert!(batch.is_full());
        batch.clear();
        assert!(!batch.is_full());
    }
}
