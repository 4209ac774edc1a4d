//! The log over HTTP, as C2SP tlog-tiles lays it out: a checkpoint and static tiles, for everyone.

use akashi_schemas::Digest;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum_extra::TypedHeader;
use axum_extra::headers::{ETag, IfNoneMatch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rules::TileId;
use super::store;
use crate::platform::app::App;
use crate::platform::problem::{Problem, ProblemDetails};

/// The log's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(checkpoint))
        .routes(routes!(hash_tile))
        .routes(routes!(entry_bundle))
}

/// The log's size and root, signed by the log: a C2SP checkpoint.
#[utoipa::path(get, path = "/log/checkpoint", tag = "log", responses(
    (status = 200, content_type = "text/plain; charset=utf-8", body = String),
    (status = 304, description = "The checkpoint is still the one that `If-None-Match` names."),
    (status = 404, body = ProblemDetails)))]
async fn checkpoint(
    State(app): State<App>,
    seen: Option<TypedHeader<IfNoneMatch>>,
) -> Result<Response, Problem> {
    let newest = store::newest_checkpoint(&mut *app.db.reader().acquire().await?).await?;
    let newest = newest.ok_or(Problem::NotFound("checkpoint"))?;
    let etag: ETag = format!("\"{}\"", Digest(newest.root)).parse().map_err(Problem::internal)?;
    let fresh = seen.is_none_or(|TypedHeader(seen)| seen.precondition_passes(&etag));
    let headers = (TypedHeader(etag), [(header::CACHE_CONTROL, "no-cache")]);
    Ok(match fresh {
        true => (headers, newest.note).into_response(),
        false => (StatusCode::NOT_MODIFIED, headers).into_response(),
    })
}

/// A tile of hashes: 32 bytes each, 256 in a full tile, of a level of the log's tree.
///
/// The path is `{level}/{index}`, for a partial tile followed by `.p/{width}`; the index is written
/// in groups of three digits, all but the last after an `x`. There is a partial tile of every
/// checkpoint that was published.
#[utoipa::path(get, path = "/log/tile/{*path}", tag = "log",
    params(("path" = String, Path, description = "Which tile.", example = "0/x001/234.p/5")), responses(
    (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
    (status = 404, body = ProblemDetails)))]
async fn hash_tile(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    tile(&app, uri.path()).await
}

/// A bundle of the log's entries: each after its length in two bytes, big-endian; 256 in a full one.
///
/// The path is `{index}`, for a partial bundle followed by `.p/{width}`, written as a tile's.
#[utoipa::path(get, path = "/log/tile/entries/{*path}", tag = "log",
    params(("path" = String, Path, description = "Which tile.", example = "x001/234.p/5")), responses(
    (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
    (status = 404, body = ProblemDetails)))]
async fn entry_bundle(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    tile(&app, uri.path()).await
}

/// A tile has one path, written without escapes.
async fn tile(app: &App, path: &str) -> Result<Response, Problem> {
    const HEADERS: [(header::HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    let id = path.strip_prefix("/log/").and_then(|path| path.parse::<TileId>().ok());
    let id = id.ok_or(Problem::NotFound("tile"))?;
    let bytes = store::tile(&mut *app.db.reader().acquire().await?, id).await?;
    Ok((HEADERS, bytes.ok_or(Problem::NotFound("tile"))?).into_response())
}
