//! Certificate numbers of lists, and which of the credentials given answers each.

use std::borrow::Cow;
use std::collections::HashMap;

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
    found: HashMap<String, Found>,
}

/// The best credential of a number, which counts, and the others.
#[derive(Clone, Default)]
pub(crate) struct Found {
    best: Option<(Facts, Place)>,
    others: Vec<Place>,
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
        self.found.extend(list.rows().map(|row| (key(&row.text).into_owned(), Found::default())));
    }

    /// Whether an item of that input is a row of such a list.
    pub(crate) fn is_list(&self, input: &str) -> bool {
        self.lists.iter().any(|list| list == input)
    }

    /// Takes a credential into account: of several of one number that with the best verdict counts, and of equals the first.
    pub(crate) fn offer(&mut self, facts: &Facts, place: impl FnOnce() -> Place) {
        let Some(number) = &facts.certificate else { return };
        let Some(found) = self.found.get_mut(&*key(number)) else { return };
        let mut place = place();
        let is_better = found.best.as_ref().is_none_or(|(best, _)| best.verdict < facts.verdict);
        if is_better {
            let Some((_, worse)) = found.best.replace((facts.clone(), place)) else { return };
            place = worse;
        }
        if found.others.len() < MOST_OTHERS {
            found.others.push(place);
        }
    }

    /// What came of a row.
    pub(crate) fn answer(&self, row: &Row) -> Numbered {
        let found = self.found.get(&*key(&row.text)).cloned().unwrap_or_default();
        if let Some((facts, place)) = found.best {
            return Numbered { facts, why: None, credential: Some(place), others: found.others };
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

/// A number however it is typed; what is none, as it stands.
fn key(text: &str) -> Cow<'_, str> {
    match text.parse::<CertificateNumber>() {
        Ok(number) => number.to_string().into(),
        Err(_) => text.trim().into(),
    }
}
