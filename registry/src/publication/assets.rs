//! The files that pages load: the style sheet, the desk's script, and what the page `/verify` checks files with in the
//! browser.

use std::sync::LazyLock;

use akashi_schemas::Digest;
use askama::Template as _;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use super::answer::Public;
use super::pages::VerifyPage;
use crate::platform::accounts::rules::Locale;
use crate::platform::app::App;
use crate::platform::pages::View;
use crate::platform::problem::Problem;

struct Asset {
    path: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($path:literal, $media_type:literal, $file:literal) => {
        Asset { path: $path, media_type: $media_type, bytes: include_bytes!($file) }
    };
}

/// The last three are the package of `verifier/wasm`, as it is.
const ASSETS: [Asset; 6] = [
    asset!("akashi.css", "text/css; charset=utf-8", "../../assets/akashi.css"),
    asset!("icon.svg", "image/svg+xml", "../../assets/icon.svg"),
    asset!("verify.js", "text/javascript; charset=utf-8", "../../assets/verify.js"),
    asset!(
        "verifier/index.js",
        "text/javascript; charset=utf-8",
        "../../../verifier/wasm/index.js"
    ),
    asset!(
        "verifier/pkg/akashi_verifier.js",
        "text/javascript; charset=utf-8",
        "../../../verifier/wasm/pkg/akashi_verifier.js"
    ),
    asset!(
        "verifier/pkg/akashi_verifier_bg.wasm",
        "application/wasm",
        "../../../verifier/wasm/pkg/akashi_verifier_bg.wasm"
    ),
];

/// The script of the desk, which no page of the public loads.
const DESK: Asset = asset!("desk.js", "text/javascript; charset=utf-8", "../../assets/desk.js");

/// The worker's own text; what it keeps, and under which version, is put before it.
const WORKER: &str = include_str!("../../assets/verify-worker.js");

/// Where the page's own language is asked for, and each.
const PAGES: [&str; 3] = ["/verify", "/verify?lang=en", "/verify?lang=ja"];

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/assets/verify-worker.js", get(worker))
        .route("/assets/{*path}", get(asset))
}

async fn asset(headers: HeaderMap, Path(path): Path<String>) -> Result<Response, Problem> {
    let asset = ASSETS.iter().chain([&DESK]).find(|asset| asset.path == path);
    let asset = asset.ok_or(Problem::NotFound("file"))?;
    Ok(Public::new(asset.media_type, asset.bytes).answer(&headers))
}

/// The service worker of the page `/verify`. It may serve that page, though it lies elsewhere, and load what it keeps.
async fn worker(headers: HeaderMap) -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(worker_text);
    let mut response =
        Public::new("text/javascript; charset=utf-8", TEXT.as_str()).answer(&headers);
    response.headers_mut().extend([
        (
            header::HeaderName::from_static("service-worker-allowed"),
            HeaderValue::from_static("/verify"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; connect-src 'self'"),
        ),
    ]);
    response
}

/// Another text whenever any of the files or the page changes: browsers take that for a new version.
fn worker_text() -> String {
    let page = |language: &Locale| {
        let view = View::chosen_in(*language, "/verify");
        VerifyPage::new(&view, false).render().unwrap_or_default().into_bytes()
    };
    let assets = ASSETS.iter().map(|asset| asset.bytes.to_vec());
    let all: Vec<Vec<u8>> = assets.chain(Locale::ALL.iter().map(page)).collect();
    let version = Digest::of(&all.concat()).to_string();
    let files = ASSETS.iter().map(|asset| format!("/assets/{}", asset.path));
    let files: Vec<_> = PAGES.into_iter().map(ToOwned::to_owned).chain(files).collect();
    format!("const VERSION = {};\nconst FILES = {};\n\n{WORKER}", json!(version), json!(files))
}
