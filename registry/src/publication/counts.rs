//! How often a body grants and refuses, suspends and withdraws, and how often people complain and appeal: numbers of a
//! calendar year, and no names.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Public;
use crate::certification::store::counts as store;
use crate::certification::store::parties::{self, PartyKind};
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::media_type::wants_page;
use crate::platform::pages::{View, as_wanted};
use crate::platform::problem::{Problem, ProblemDetails};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(counts))
}

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a body did in one calendar year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
struct Year {
    /// The year in UTC.
    year: i16,
    /// Applications that were granted or refused.
    applications_decided: i64,
    /// Certificates granted, and new terms of them.
    grants: i64,
    refusals: i64,
    suspensions: i64,
    reinstatements: i64,
    reductions: i64,
    withdrawals: i64,
    /// Certificates that their holders gave up.
    terminations: i64,
    complaints_received: i64,
    complaints_resolved: i64,
    complaints_dismissed: i64,
    appeals_filed: i64,
    appeals_rejected: i64,
    appeals_upheld: i64,
    appeals_overturned: i64,
    appeals_remitted: i64,
}

impl Year {
    /// Where a word is counted; what is no end of anything is not.
    fn of(&mut self, word: &str) -> Option<&mut i64> {
        Some(match word {
            "decided" => &mut self.applications_decided,
            "grant" => &mut self.grants,
            "refuse" => &mut self.refusals,
            "suspend" => &mut self.suspensions,
            "reinstate" => &mut self.reinstatements,
            "reduce" => &mut self.reductions,
            "withdraw" => &mut self.withdrawals,
            "terminate" => &mut self.terminations,
            "complaint received" => &mut self.complaints_received,
            "complaint resolved" => &mut self.complaints_resolved,
            "complaint dismissed" => &mut self.complaints_dismissed,
            "appeal filed" => &mut self.appeals_filed,
            "appeal rejected" => &mut self.appeals_rejected,
            "appeal upheld" => &mut self.appeals_upheld,
            "appeal overturned" => &mut self.appeals_overturned,
            "appeal remitted" => &mut self.appeals_remitted,
            _ => return None,
        })
    }
}

impl Year {
    /// What is counted under a word.
    fn number(&self, word: &str) -> i64 {
        self.clone().of(word).copied().unwrap_or_default()
    }
}

/// The counts of each year in which something happened, oldest first.
fn years(by_day: &[(String, i64, i64)]) -> Vec<Year> {
    let mut years: BTreeMap<i16, Year> = BTreeMap::new();
    for (word, day, count) in by_day {
        let year = TimeZone::UTC.to_datetime(instant(day * DAY_MS)).year();
        let counts = years.entry(year).or_insert_with(|| Year { year, ..Year::default() });
        if let Some(counted) = counts.of(word) {
            *counted += count;
        }
    }
    years.into_values().collect()
}

/// A body's counts.
#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    /// The body's name.
    body: String,
    /// The years in which something happened, oldest first.
    years: Vec<Year>,
}

/// A body's counts, as people read them.
#[derive(Template)]
#[template(path = "counts.html")]
struct CountsPage<'a> {
    view: &'a View,
    body: &'a str,
    /// The years, the last first.
    years: Vec<i16>,
    /// What is counted, with its number in each of the years.
    rows: Vec<(&'static str, Vec<i64>)>,
}

/// What is counted, in the order in which people read it.
pub(super) const COUNTED: &[&str] = &[
    "decided",
    "grant",
    "refuse",
    "suspend",
    "reinstate",
    "reduce",
    "withdraw",
    "terminate",
    "complaint-received",
    "complaint-resolved",
    "complaint-dismissed",
    "appeal-filed",
    "appeal-rejected",
    "appeal-upheld",
    "appeal-overturned",
    "appeal-remitted",
];

impl<'a> CountsPage<'a> {
    fn new(view: &'a View, counts: &'a Counts) -> Self {
        let last_first = || counts.years.iter().rev();
        let numbers = |word: &str| last_first().map(|year| year.number(word)).collect();
        Self {
            view,
            body: &counts.body,
            years: last_first().map(|year| year.year).collect(),
            rows: COUNTED
                .iter()
                .map(|word| (*word, numbers(&word.replacen('-', " ", 1))))
                .collect(),
        }
    }
}

/// How often a certification body decided what, and was complained of and appealed against, year by year.
#[utoipa::path(get, path = "/bodies/{slug}/counts", params(("slug" = String, Path)), tag = "public",
    responses((status = 200, body = Counts), (status = "4XX", body = ProblemDetails)))]
async fn counts(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Path(slug): Path<String>,
) -> Response {
    let result = answer(&app, &view, &headers, &slug).await;
    as_wanted(&headers, &view, result)
}

async fn answer(
    app: &App,
    view: &View,
    headers: &HeaderMap,
    slug: &str,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let party = parties::by_slug(&mut db, slug).await?;
    let body = party.filter(|party| party.kind == PartyKind::Body);
    let body = body.ok_or(Problem::NotFound("certification body"))?;
    let by_day = store::by_day(&mut db, &body.id).await?;
    let counts = Counts { body: body.display_name, years: years(&by_day) };
    if wants_page(headers) {
        return Ok(view.page(StatusCode::OK, &CountsPage::new(view, &counts)));
    }
    Ok(Public::json(&counts)?.answer(headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_in_its_year() {
        // 2026-12-31 and 2027-01-01
        let (last, first) = (20_818, 20_819);
        let happened = |word: &str, day, count| (word.to_owned(), day, count);
        let years = years(&[
            happened("grant", last, 2),
            happened("decided", last, 3),
            happened("refuse", last, 1),
            happened("grant", first, 4),
            happened("appeal panel", first, 1),
            happened("appeal overturned", first, 1),
        ]);
        let expected = [
            Year { year: 2026, applications_decided: 3, grants: 2, refusals: 1, ..Year::default() },
            Year { year: 2027, grants: 4, appeals_overturned: 1, ..Year::default() },
        ];
        assert_eq!(years, expected);
    }
}
