//! Who may do what, and in which state: two tables written by hand, walked over HTTP.
//!
//! The expectation comes from the design's roles and state machines, never from the registry's code.
//! Whatever is refused must be refused with the right problem, and must leave everything as it was.

mod roles;
mod states;
mod turns;
mod world;

use std::collections::BTreeMap;

/// A table in text: a header of column names, then rows of a name and a cell for each column. A row's
/// name is everything before its last cells, so it may hold spaces.
struct Table<'a> {
    columns: Vec<&'a str>,
    rows: Vec<(String, BTreeMap<&'a str, &'a str>)>,
}

impl<'a> Table<'a> {
    fn read(text: &'a str) -> Table<'a> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let header = lines.next().expect("a table has a header");
        let columns: Vec<&str> = header.split_whitespace().collect();
        let rows = lines.map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let named = words.len().checked_sub(columns.len()).filter(|words| *words > 0);
            let (name, cells) =
                words.split_at(named.unwrap_or_else(|| panic!("too few cells: {line}")));
            (name.join(" "), columns.iter().copied().zip(cells.iter().copied()).collect())
        });
        let rows = rows.collect();
        Table { columns, rows }
    }
}
