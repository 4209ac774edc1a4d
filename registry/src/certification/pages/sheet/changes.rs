//! What of a sheet was changed, and what of that can be saved.

use std::collections::{BTreeMap, BTreeSet};

use crate::certification::pages::Said;
use crate::platform::forms::Typed;
use crate::platform::pages::View;

/// What stands at a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) value: String,
    pub(super) ground: Option<String>,
    pub(super) note: String,
    pub(super) lang: String,
    /// By what a writer says that it saw this one.
    pub(super) seen: i64,
}

/// What stands at every pair that has something.
#[derive(Debug, Default)]
pub(super) struct Known(pub(super) BTreeMap<String, Given>);

/// A pair's name in a form.
pub(super) fn key(criterion: &str, facility: &str) -> String {
    format!("{criterion}.{facility}")
}

/// The criterion and the facility of a pair's name: facilities are UUIDs, which have no full stop.
pub(super) fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or((key, ""))
}

impl Known {
    pub(super) fn of(&self, key: &str) -> Option<&Given> {
        self.0.get(key)
    }

    /// Criterion and facility of every pair that has something.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.keys().map(|key| split(key))
    }

    /// The company's own answer to a pair, for those who rate it.
    pub(super) fn own(&self, view: &View, key: &str) -> Option<(String, Option<Said>)> {
        let given = self.of(key)?;
        let note = (!given.note.is_empty())
            .then(|| Said { lang: given.lang.clone(), text: given.note.clone() });
        Some((view.word("answer", &given.value), note))
    }
}

/// Why what was typed is not saved yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// A reason is given, and nothing that it is for.
    NoValue,
    /// No reason is given.
    NoReason,
    /// No ground is chosen.
    NoGround,
    /// Somebody else changed it since it was read.
    Overtaken,
}

impl Held {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NoValue => "no_value",
            Self::NoReason => "no_reason",
            Self::NoGround => "no_ground",
            Self::Overtaken => "overtaken",
        }
    }
}

/// A pair that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) ground: Option<String>,
    pub(super) note: String,
    pub(super) seen: i64,
}

/// What was changed: what can be saved, and what is held back, and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) send: Vec<Change>,
    pub(super) held: BTreeMap<String, Held>,
}

impl Changes {
    /// Compares what was typed with what is known. A rating needs a reason, and a ground when it does not apply. What the
    /// page suggests as the reason for that is none for any other rating; where nothing is suggested, nothing is rated.
    pub(super) fn between(
        typed: &Typed,
        known: &Known,
        keys: &BTreeSet<String>,
        suggestion: Option<&str>,
    ) -> Self {
        let mut changes = Self::default();
        let is_rating = suggestion.is_some();
        for key in keys {
            let text = |letter: &str| typed.text(&format!("{letter}.{key}"));
            let value = text("v");
            if value.is_empty() {
                if !text("r").trim().is_empty() {
                    changes.held.insert(key.clone(), Held::NoValue);
                }
                continue;
            }
            let ground = Some(text("g"))
                .filter(|ground| is_rating && value == "not_applicable" && !ground.is_empty());
            let change = Change {
                key: key.clone(),
                value: value.to_owned(),
                ground: ground.map(str::to_owned),
                note: reason(text("r").trim(), value, suggestion).to_owned(),
                seen: text("s").parse().unwrap_or(0),
            };
            let stands = known.of(key);
            if stands.is_some_and(|given| change.says_the_same_as(given)) {
                continue;
            }
            match change.held(stands, is_rating) {
                Some(why) => drop(changes.held.insert(key.clone(), why)),
                None => changes.send.push(change),
            }
        }
        changes
    }
}

/// The reason that was typed; none when it is what the page suggested for another rating.
fn reason<'a>(typed: &'a str, value: &str, suggestion: Option<&str>) -> &'a str {
    if value != "not_applicable" && suggestion == Some(typed) { "" } else { typed }
}

impl Change {
    fn says_the_same_as(&self, given: &Given) -> bool {
        (&self.value, &self.ground, self.note.as_str())
            == (&given.value, &given.ground, given.note.trim())
    }

    fn held(&self, stands: Option<&Given>, is_rating: bool) -> Option<Held> {
        let current = stands.map_or(0, |given| given.seen);
        if self.seen != current {
            Some(Held::Overtaken)
        } else if is_rating && self.value == "not_applicable" && self.ground.is_none() {
            Some(Held::NoGround)
        } else if is_rating && self.note.is_empty() {
            Some(Held::NoReason)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = "RH-1.1.f";
    const SUGGESTED: &str = "It is not there.";

    fn known(value: &str, note: &str, seen: i64) -> Known {
        let given =
            Given { value: value.into(), ground: None, note: note.into(), lang: "en".into(), seen };
        Known(BTreeMap::from([(PAIR.to_owned(), given)]))
    }

    /// By hand: what stands, what was typed (value, ground, reason, seen), what becomes of it as a rating.
    #[test]
    fn what_was_typed_is_sent_held_or_left() {
        let rows = [
            (Known::default(), ("conform", "", "Seen.", "0"), "sent"),
            (Known::default(), ("", "", "", "0"), "left"),
            (Known::default(), ("", "", "Seen.", "0"), "no_value"),
            (Known::default(), ("conform", "", "  ", "0"), "no_reason"),
            (Known::default(), ("conform", "", SUGGESTED, "0"), "no_reason"),
            (Known::default(), ("not_applicable", "no-recruits", SUGGESTED, "0"), "sent"),
            (Known::default(), ("not_applicable", "", "None.", "0"), "no_ground"),
            (Known::default(), ("not_applicable", "no-recruits", "None.", "0"), "sent"),
            (known("conform", "Seen.", 1), ("conform", "", "Seen. ", "1"), "left"),
            (known("conform", "Seen.", 1), ("minor", "", "Seen.", "1"), "sent"),
            (known("minor", "Else.", 2), ("major", "", "Mine.", "1"), "overtaken"),
            (known("minor", "Else.", 1), ("major", "", "Mine.", "0"), "overtaken"),
            // Two who found the same do not contradict each other.
            (known("conform", "Seen.", 2), ("conform", "", "Seen.", "1"), "left"),
        ];
        for (known, (value, ground, reason, seen), expected) in rows {
            let body = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(
                    [("v", value), ("g", ground), ("r", reason), ("s", seen)]
                        .map(|(l, text)| (format!("{l}.{PAIR}"), text)),
                )
                .finish();
            let keys = BTreeSet::from([PAIR.to_owned()]);
            let changes =
                Changes::between(&Typed::read(body.as_bytes()), &known, &keys, Some(SUGGESTED));
            let became = match (changes.send.len(), changes.held.get(PAIR)) {
                (1, None) => "sent",
                (0, Some(why)) => why.word(),
                (0, None) => "left",
                other => panic!("{other:?}"),
            };
            assert_eq!(became, expected, "{body}");
        }
    }

    #[test]
    fn an_answer_of_the_company_s_own_needs_no_words() {
        let typed = Typed::read(format!("v.{PAIR}=not_applicable&s.{PAIR}=0").as_bytes());
        let keys = BTreeSet::from([PAIR.to_owned()]);
        let changes = Changes::between(&typed, &Known::default(), &keys, None);
        assert_eq!((changes.send.len(), changes.held.len()), (1, 0));
    }
}
