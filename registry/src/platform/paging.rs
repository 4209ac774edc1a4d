//! Lists by cursor: ids grow with time, so the last id seen is the place to go on from.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many rows a page holds.
pub const PAGE_ROWS: i64 = 50;

/// The query parameter of every list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// The `next` of the page before; absent for the first page.
    pub cursor: Option<String>,
}

impl After {
    /// The id to read beyond; every id is greater than the empty text.
    #[must_use]
    pub fn id(&self) -> &str {
        self.cursor.as_deref().unwrap_or_default()
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows, oldest first.
    pub items: Vec<T>,
    /// The cursor of the next page, or null on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts a page from up to [`PAGE_ROWS`] + 1 rows: the surplus row tells that there are more.
    pub fn cut(mut rows: Vec<T>, id: impl Fn(&T) -> String) -> Self {
        let full = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        let more = rows.len() > full;
        rows.truncate(full);
        let next = if more { rows.last().map(id) } else { None };
        Self { items: rows, next }
    }
}
