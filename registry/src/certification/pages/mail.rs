//! One's own messages: what one was told by mail, on pages that say the same.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use super::{desk_page, done};
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::forms::{Forms, or_problem};
use crate::platform::id::MailId;
use crate::platform::mail;
use crate::platform::mail::letter::{DESK_MAIL, Letter};
use crate::platform::paging::After;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/desk/mail", get(list)).route("/desk/mail/{id}", get(letter))
}

desk_page! {
    /// One's own messages.
    MailPage<'a>, "desk/mail.html" {
        rows: Vec<Row>,
        /// Where the older ones are, when there are any.
        older: Option<String>,
        /// Whether these are not the newest.
        is_older: bool,
    }
}

/// A message in the list.
struct Row {
    path: String,
    subject: String,
    day: String,
}

desk_page! {
    /// One message.
    LetterPage<'a>, "desk/letter.html" {
        letter: Letter,
        day: String,
    }
}

async fn list(State(app): State<App>, visitor: Visitor, Query(after): Query<After>) -> Response {
    let page = newest(&app, &visitor, &after).await;
    or_problem(&visitor, page)
}

async fn newest(app: &App, visitor: &Visitor, after: &After) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let cursor = after.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let mut mails = mail::of_account(&mut db, &visitor.actor.account, cursor).await?;
    let full = usize::try_from(mail::PAGE).unwrap_or(usize::MAX);
    let more = mails.len() > full;
    mails.truncate(full);
    let last = mails.last().filter(|_| more);
    let older = last.map(|last| format!("{DESK_MAIL}?cursor={}", last.id));
    let view = &visitor.view;
    let row = |mail: &mail::Mail| Row {
        path: format!("{DESK_MAIL}/{}", mail.id),
        subject: Letter::of(view, mail).subject,
        day: view.moment(instant(mail.created_at)),
    };
    let page = MailPage {
        view,
        visitor,
        forms: &Forms::new(app, visitor),
        notice: None,
        done: done(visitor),
        rows: mails.iter().map(row).collect(),
        older,
        is_older: cursor.is_some(),
    };
    Ok(visitor.page(StatusCode::OK, &page))
}

async fn letter(State(app): State<App>, visitor: Visitor, Path(id): Path<MailId>) -> Response {
    let page = one(&app, &visitor, &id).await;
    or_problem(&visitor, page)
}

/// Somebody else's message is none: who is told what is nobody's affair.
async fn one(app: &App, visitor: &Visitor, id: &MailId) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let found = mail::get(&mut db, &visitor.actor.account, id).await?;
    let mail = found.ok_or(Problem::NotFound("message"))?;
    let view = &visitor.view;
    let page = LetterPage {
        view,
        visitor,
        forms: &Forms::new(app, visitor),
        notice: None,
        done: done(visitor),
        letter: Letter::of(view, &mail),
        day: view.moment(instant(mail.created_at)),
    };
    Ok(visitor.page(StatusCode::OK, &page))
}
