//! The feed of changes: every certificate that was released or whose status changed, in order.
//!
//! It is the outbox's topic `certificate.changed`, which all who are to be told of a certificate read:
//! the public here, others by their own cursor.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Public;
use crate::certification::rules::certificate::CertificateState;
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::outbox::{self, Message};
use crate::platform::paging::PAGE_ROWS;
use crate::platform::problem::{Problem, ProblemDetails};

/// The topic of the outbox.
const TOPIC: &str = "certificate.changed";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A certificate that was released, or whose status changed: public facts alone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Change {
    /// The certificate.
    pub(super) number: String,
    /// The id of its current credential.
    pub(super) credential_id: String,
    /// Where it stood then: `active`, `suspended`, `withdrawn` or `terminated`; that a term ran out is no change.
    #[schema(value_type = String)]
    pub(super) state: CertificateState,
    /// The number of the last log leaf that this reflects.
    pub(super) leaf: u64,
}

/// Tells of a change, in the transaction that makes it public.
pub(super) async fn tell(
    tx: &mut AnyConnection,
    app: &App,
    change: &Change,
) -> Result<(), Problem> {
    outbox::append(tx, app, TOPIC, change).await
}

/// From where to read on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// The `next` of an earlier answer; absent to read from the beginning.
    #[serde(default)]
    cursor: String,
}

impl Since {
    fn place(&self) -> Result<i64, Problem> {
        let not_ours = || Problem::invalid("cursor", "is not one that this feed gave");
        match self.cursor.as_str() {
            "" => Ok(0),
            text => text.parse().ok().filter(|place| *place >= 0).ok_or_else(not_ours),
        }
    }
}

/// A change in the feed.
#[derive(Debug, Serialize, ToSchema)]
struct Item {
    #[serde(flatten)]
    change: Change,
    /// When it was made public.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A page of the feed.
#[derive(Debug, Serialize, ToSchema)]
struct Feed {
    /// The changes, oldest first.
    items: Vec<Item>,
    /// The cursor to go on from, on the last page too: what changes later comes after it.
    next: String,
}

/// What changed since a cursor, oldest first. Whoever follows it is told every change, in order; the same
/// state may be told more than once.
#[utoipa::path(get, path = "/changes", params(Since), tag = "public", responses(
    (status = 200, body = Feed), (status = "4XX", body = ProblemDetails)))]
async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    Query(since): Query<Since>,
) -> Result<Response, Problem> {
    let place = since.place()?;
    let mut db = app.db.reader().acquire().await?;
    let messages = outbox::after(&mut db, TOPIC, place, PAGE_ROWS).await?;
    let next = messages.last().map_or(place, |last| last.seq).to_string();
    let items = messages.iter().map(item).collect::<Result<_, _>>()?;
    Ok(Public::json(&Feed { items, next })?.answer(&headers))
}

fn item(message: &Message) -> Result<Item, Problem> {
    let change = serde_json::from_str(&message.payload).map_err(Problem::internal)?;
    Ok(Item { change, at: instant(message.at) })
}
