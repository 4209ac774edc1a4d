//! Certificate numbers of lists, and which of the credentials given answers each.

use std::collections::HashMap;
use std::mem;

use akashi_schemas::CertificateNumber;
use serde::Serialize;

use crate::answer::Facts;
use crate::list::{List, Row};
use crate::sources::Unchecked;

/// Of so many credentials of one number it is said where they are; each has its own item anyway.
const MOST_OTHERS: usize = 16;

/// Where a credential stands in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    pub(crate) input: String,
    pub(crate) index: usize,
}

/// What was found of every number that a list asks for. It grows with the lists, not with the credentials.
#[derive(Default)]
pub(crate) struct Numbers {
    lists: Vec<String>,
    /// Few of very many may be found, so that one which is not takes little room.
    found: HashMap<Key, Option<Box<Found>>>,
}

/// A number however it is typed; what is none, as it stands.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Number(CertificateNumber),
    Other(Box<str>),
}

impl Key {
    fn of(text: &str) -> Self {
        let other = |_| Self::Other(text.trim().into());
        text.parse().map_or_else(other, Self::Number)
    }
}

/// The best credential of a number, which counts, and the others.
#[derive(Clone)]
struct Found {
    facts: Facts,
    place: Place,
    others: Vec<Place>,
}

impl Found {
    fn add(&mut self, facts: &Facts, mut place: Place) {
        if self.facts.verdict < facts.verdict {
            self.facts = facts.clone();
            mem::swap(&mut self.place, &mut place);
        }
        if self.others.len() < MOST_OTHERS {
            self.others.push(place);
        }
    }
}

/// The answer on one number.
pub(crate) struct Numbered {
    pub(crate) facts: Facts,
    pub(crate) why: Option<Unchecked>,
    pub(crate) credential: Option<Place>,
    pub(crate) others: Vec<Place>,
}

impl Numbers {
    /// Asks for every number of a list.
    pub(crate) fn ask(&mut self, list: &List) {
        self.lists.push(list.name.clone());
        self.found.extend(list.rows().map(|row| (Key::of(&row.text), None)));
    }

    /// Whether an item of that input is a row of such a list.
    pub(crate) fn is_list(&self, input: &str) -> bool {
        self.lists.iter().any(|list| list == input)
    }

    /// Takes a credential into account: of several of one number that with the best verdict counts, and of equals the first.
    pub(crate) fn offer(&mut self, facts: &Facts, place: impl FnOnce() -> Place) {
        let Some(number) = &facts.certificate else { return };
        let Some(found) = self.found.get_mut(&Key::of(number)) else { return };
        match found {
            Some(found) => found.add(facts, place()),
            None => {
                let first = Found { facts: facts.clone(), place: place(), others: Vec::new() };
                *found = Some(Box::new(first));
            }
        }
    }

    /// What came of a row.
    pub(crate) fn answer(&self, row: &Row) -> Numbered {
        if let Some(found) = self.found.get(&Key::of(&row.text)).and_then(Option::as_deref) {
            let Found { facts, place, others } = found.clone();
            return Numbered { facts, why: None, credential: Some(place), others };
        }
        let why = match row.text.parse::<CertificateNumber>() {
            _ if row.text.is_empty() => Unchecked::RowEmpty,
            Err(error) => Unchecked::NumberWrong(error),
            Ok(_) => Unchecked::NumberWithoutCredential,
        };
        let facts = Facts::unchecked(&why);
        Numbered { facts, why: Some(why), credential: None, others: Vec::new() }
    }
}
