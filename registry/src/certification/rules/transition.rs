//! Under which version of a programme an application may be begun.

use jiff::Timestamp;

use super::application::ApplicationKind;

/// From when a published version counts, and how long the version before it goes on beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTerm {
    /// Its label.
    pub label: String,
    /// From when it may be applied for.
    pub effective_from: Timestamp,
    /// The last moment at which the version before it may still be applied for; absent when that ends with
    /// `effective_from`.
    pub transition_until: Option<Timestamp>,
}

/// Why an application may not be begun under a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It is not in force yet.
    NotYet {
        /// From when it is.
        from: Timestamp,
    },
    /// A newer version took its place.
    Replaced {
        /// The label of the newest version in force.
        newest: String,
    },
}

/// Whether an application of a kind may be begun now under a version, one of all that are published of its programme,
/// in the order in which they were drafted.
///
/// That is the newest in force; until its transition ends, the one before it too, but not for a renewal, which begins
/// a new term.
///
/// # Errors
/// [`Closed`] with what to do instead.
pub fn may_be_applied_for(
    label: &str,
    kind: ApplicationKind,
    published: &[VersionTerm],
    now: Timestamp,
) -> Result<(), Closed> {
    let asked = published.iter().find(|version| version.label == label);
    if let Some(from) = asked.map(|asked| asked.effective_from).filter(|from| now < *from) {
        return Err(Closed::NotYet { from });
    }
    let mut in_force: Vec<_> = published.iter().filter(|v| v.effective_from <= now).collect();
    in_force.sort_by_key(|version| version.effective_from);
    let Some(newest) = in_force.pop() else { return Ok(()) };
    let before = in_force.pop();
    let under_transition = kind != ApplicationKind::Renewal
        && before.is_some_and(|before| before.label == label)
        && newest.transition_until.is_some_and(|until| now <= until);
    if newest.label == label || under_transition {
        return Ok(());
    }
    Err(Closed::Replaced { newest: newest.label.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn the_newest_in_force_and_for_a_while_the_one_before() {
        let version = |label: &str, from, until: Option<&str>| VersionTerm {
            label: label.into(),
            effective_from: at(from),
            transition_until: until.map(at),
        };
        let published = [
            version("1", "2026-01-01T00:00:00Z", None),
            version("2", "2027-01-01T00:00:00Z", Some("2027-06-30T14:59:59Z")),
            version("3", "2028-01-01T00:00:00Z", None),
        ];
        // `ok`, or the version that is to be applied for instead; `later`: not in force yet
        let table = "
                                  initial       scope_change  renewal
                                  1  2  3       1  2  3       1  2  3
            2026-12-31T23:59:59Z  ok later later  ok later later  ok later later
            2027-01-01T00:00:00Z  ok ok later   ok ok later   2  ok later
            2027-06-30T14:59:59Z  ok ok later   ok ok later   2  ok later
            2027-06-30T15:00:00Z  2  ok later   2  ok later   2  ok later
            2028-01-01T00:00:00Z  3  3  ok      3  3  ok      3  3  ok
        ";
        for row in table.lines().filter(|line| line.trim_start().starts_with("202")) {
            let mut cells = row.split_whitespace();
            let now = at(cells.next().expect("a time"));
            for kind in
                [ApplicationKind::Initial, ApplicationKind::ScopeChange, ApplicationKind::Renewal]
            {
                for label in ["1", "2", "3"] {
                    let said = match may_be_applied_for(label, kind, &published, now) {
                        Ok(()) => "ok".to_owned(),
                        Err(Closed::NotYet { .. }) => "later".to_owned(),
                        Err(Closed::Replaced { newest }) => newest,
                    };
                    assert_eq!(Some(&*said), cells.next(), "{kind} under {label} at {now}");
                }
            }
        }
    }

    #[test]
    fn of_two_in_force_since_one_moment_the_later_drafted_counts() {
        let version = |label: &str| VersionTerm {
            label: label.into(),
            effective_from: at("2026-01-01T00:00:00Z"),
            transition_until: None,
        };
        let (published, now) = ([version("1"), version("2")], at("2026-01-01T00:00:00Z"));
        let begin = |label| may_be_applied_for(label, ApplicationKind::Initial, &published, now);
        assert_eq!(begin("1"), Err(Closed::Replaced { newest: "2".into() }));
        assert_eq!(begin("2"), Ok(()));
    }
}
