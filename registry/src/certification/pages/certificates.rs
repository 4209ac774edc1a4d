//! Certificates in lists: a body's own, a company's, and those that need something of somebody.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::{desk_page, level_title};
use crate::certification::file;
use crate::certification::rules::certificate::{CertificateState, Standing, standing};
use crate::certification::store::certificates::{self, Listed};
use crate::certification::store::parties;
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Subject};
use crate::platform::clock::instant;
use crate::platform::forms::{Forms, or_problem};
use crate::platform::id::PartyId;
use crate::platform::pages::View;
use crate::platform::paging::{PAGE_ROWS, Page};
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/desk/parties/{body}/certificates", get(of_body))
}

/// How long before its end a certificate asks for its renewal: 60 days.
const ENDING: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How many certificates one's own desk shows.
const SHOWN: i64 = 50;

/// A certificate in a list.
pub(super) struct CertificateRow {
    pub(super) path: String,
    pub(super) company: String,
    pub(super) number: String,
    pub(super) level: String,
    pub(super) until: String,
    pub(super) state: &'static str,
    pub(super) next: &'static str,
}

/// The word for where a certificate stands now, its expiry among them.
pub(super) fn stands(state: CertificateState, valid_until: i64, now: Timestamp) -> &'static str {
    match standing(state, instant(valid_until), now) {
        Some(Standing::Expired) => Standing::Expired.as_str(),
        _ => state.as_str(),
    }
}

/// The rows of a list.
pub(super) async fn rows(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    listed: Vec<Listed>,
) -> Result<Vec<CertificateRow>, Problem> {
    let now = app.clock.now();
    let mut rows = Vec::new();
    for Listed {
        certificate,
        company,
        programme_version_id,
        level,
        valid_until,
        proposed_at,
        ..
    } in listed
    {
        let programme = file::programme(db, &programme_version_id).await?;
        let state = stands(certificate.state, valid_until, now);
        let ends_soon = instant(valid_until) <= now.saturating_add(ENDING).unwrap_or(now);
        rows.push(CertificateRow {
            path: format!("/desk/certificates/{}", certificate.number),
            company,
            number: certificate.number,
            level: level_title(view, &programme, &level).to_owned(),
            until: view.day(file::zone(&programme)?.day(instant(valid_until))),
            state,
            next: match state {
                _ if proposed_at.is_some() => "proposed",
                "active" if ends_soon => "ending",
                other => other,
            },
        });
    }
    Ok(rows)
}

/// The certificates that need something of somebody: suspended ones, and those that end soon.
pub(super) async fn needing(
    db: &mut AnyConnection,
    app: &App,
    visitor: &Visitor,
) -> Result<Vec<CertificateRow>, Problem> {
    let now = app.clock.now();
    let by = now.saturating_add(ENDING).unwrap_or(now);
    let listed = certificates::needing(db, &visitor.actor.account, (now, by), SHOWN).await?;
    rows(db, app, &visitor.view, listed).await
}

desk_page! {
    /// The certificates that a body stands for.
    ListPage<'a>, "desk/certificates.html" {
        here: String,
        name: String,
        state: &'static str,
        states: &'static [&'static str],
        certificates: Vec<CertificateRow>,
        next: Option<String>,
    }
}

/// Which part of the list.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    cursor: String,
}

async fn of_body(
    State(app): State<App>,
    visitor: Visitor,
    Path(body): Path<PartyId>,
    Query(asked): Query<Asked>,
) -> Response {
    or_problem(&visitor, list(&app, &visitor, &body, &asked).await)
}

async fn list(
    app: &App,
    visitor: &Visitor,
    body: &PartyId,
    asked: &Asked,
) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, body).await?.ok_or(Problem::NotFound("party"))?;
    let subject = Subject { body: Some(body.clone()), ..Subject::default() };
    visitor.actor.authorise(Action::ReadCertificate, &subject, "party")?;
    let states = CertificateState::WORDS;
    let state = states.iter().find(|word| **word == asked.state).copied().unwrap_or_default();
    let found = certificates::issued_by(&mut db, body, state, &asked.cursor, PAGE_ROWS + 1).await?;
    let found = Page::cut(found, |row| row.certificate.id.to_string());
    let here = format!("/desk/parties/{body}/certificates");
    let page = ListPage {
        view,
        visitor,
        forms: &Forms::new(app, visitor),
        notice: None,
        done: None,
        next: found.next.map(|cursor| format!("{here}?state={state}&cursor={cursor}")),
        here,
        name: party.display_name,
        state,
        states,
        certificates: rows(&mut db, app, view, found.items).await?,
    };
    Ok(visitor.page(axum::http::StatusCode::OK, &page))
}
