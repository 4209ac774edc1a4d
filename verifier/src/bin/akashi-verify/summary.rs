//! How many there were of each verdict, each credential counted once.

use std::array;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use akashi_verifier::Verdict;
use serde::Serialize;

use crate::answer::Facts;
use crate::numbers::Place;

/// Counts by verdict, and by the reason where there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) verdicts: BTreeMap<Verdict, u64>,
    pub(crate) not_checked: BTreeMap<Cow<'static, str>, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, facts: &Facts) {
        self.total += 1;
        match facts.verdict {
            Some(verdict) => *self.verdicts.entry(verdict).or_default() += 1,
            None => {
                let reason = facts.reason.clone().unwrap_or_default();
                *self.not_checked.entry(reason).or_default() += 1;
            }
        }
    }

    fn are_all_valid(&self) -> bool {
        self.verdicts.get(&Verdict::Valid).copied().unwrap_or_default() == self.total
    }
}

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) credentials: Counts,
    /// How many times a credential came again; they are not counted.
    pub(crate) repeated: u64,
    /// The rows of lists of numbers.
    pub(crate) numbers: Counts,
}

impl Summary {
    /// Counts an item.
    pub(crate) fn add(&mut self, facts: &Facts, is_repeated: bool) {
        match is_repeated {
            true => self.repeated += 1,
            false => self.credentials.add(facts),
        }
    }

    /// How many items there were.
    pub(crate) fn items(&self) -> u64 {
        self.credentials.total + self.repeated + self.numbers.total
    }

    /// Whether what was asked is all valid: the numbers, where a list asks for them, or else every credential.
    pub(crate) fn is_all_valid(&self) -> bool {
        let asked = if self.numbers.total > 0 { &self.numbers } else { &self.credentials };
        asked.are_all_valid()
    }

    /// How many files could not be read that should have been.
    pub(crate) fn unread(&self) -> u64 {
        let unread = ["file_missing", "file_unreadable", "no_credential"];
        unread.iter().filter_map(|reason| self.credentials.not_checked.get(*reason)).sum()
    }
}

/// Which credentials there were: 16 bytes of each, in tables that are between seven sixteenths and seven eighths full.
pub(crate) struct Seen {
    /// By the first byte of a fingerprint, of that fingerprint, the number of its source and the index in it. One table would stand
    /// beside another of twice its size while it grows.
    first: [HashMap<u64, (u32, u32)>; 1 << u8::BITS],
    names: Names,
}

impl Default for Seen {
    fn default() -> Self {
        Self { first: array::from_fn(|_| HashMap::new()), names: Names::default() }
    }
}

impl Seen {
    /// Takes note of a source's name; sources come in the order of their numbers.
    pub(crate) fn name(&mut self, number: u32, name: &str) {
        self.names.put(number, name);
    }

    /// Where the same bytes stood before; none, and remembered, where they are new.
    pub(crate) fn find(&mut self, fingerprint: u64, source: u32, index: usize) -> Option<Place> {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        match self.first[usize::from(fingerprint.to_be_bytes()[0])].entry(fingerprint) {
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert((source, index));
                None
            }
            std::collections::hash_map::Entry::Occupied(known) => {
                let (source, index) = *known.get();
                Some(Place { input: self.names.get(source).to_string(), index: index as usize })
            }
        }
    }
}

/// Names of sources, one after another in one text: a folder may have very many.
#[derive(Default)]
struct Names {
    text: String,
    ends: Vec<usize>,
}

impl Names {
    fn put(&mut self, number: u32, name: &str) {
        if number as usize == self.ends.len() {
            self.text.push_str(name);
            self.ends.push(self.text.len());
        }
    }

    fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[start..self.ends[number]]
    }
}
