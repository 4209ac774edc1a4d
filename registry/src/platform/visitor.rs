//! Who sits at the browser: somebody signed in, recognised by a cookie, who reads and sends pages.
//!
//! The cookie opens pages alone; the API takes access tokens. So what another site has a browser send never reaches
//! the API with anybody's rights, and forms are taken only from this registry's own pages ([`forms`](super::forms)).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::accounts;
use super::app::App;
use super::authorisation::Actor;
use super::pages::View;
use super::problem::Problem;
use super::rng::draw;

/// How long a browser stays signed in, in seconds: a working day.
pub const SIGNED_IN_S: i64 = 12 * 60 * 60;

/// Where people work.
pub const DESK: &str = "/desk";

/// What a page of the desk may do: run this registry's own script, send to this registry, show pictures of files that
/// were just chosen.
const DESK_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Somebody signed in at a browser.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who acts.
    pub actor: Actor,
    /// The person's name.
    pub name: String,
    /// The language, and the address being read.
    pub view: View,
    /// The word for what was just done here, if the address says one.
    pub done: Option<String>,
}

/// The cookie's name. With `__Host-` a browser takes it from this very host alone, over HTTPS, for all its paths.
fn cookie_name(app: &App) -> &'static str {
    if is_https(app) { "__Host-akashi" } else { "akashi" }
}

fn is_https(app: &App) -> bool {
    app.origin.as_str().starts_with("https://")
}

/// A value that nobody guesses, and the hash by which it is kept.
#[must_use]
pub fn fresh(app: &App) -> (String, [u8; 32]) {
    let value = BASE64_URL_SAFE_NO_PAD.encode(draw::<32>(&*app.rng));
    let hash = Sha256::digest(value.as_bytes()).into();
    (value, hash)
}

/// The header that gives a browser its cookie; with an empty value, that takes it away.
#[must_use]
pub fn set_cookie(app: &App, value: &str) -> (HeaderName, String) {
    let (name, age) = (cookie_name(app), if value.is_empty() { 0 } else { SIGNED_IN_S });
    let secure = if is_https(app) { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    (header::SET_COOKIE, cookie)
}

/// The hash of the cookie that a browser sends.
fn cookie(app: &App, headers: &HeaderMap) -> Option<[u8; 32]> {
    let name = cookie_name(app);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| Sha256::digest(value.as_bytes()).into())
}

impl Visitor {
    /// Who sits at the browser that sent a request, if anybody is signed in there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn of(app: &App, parts: &Parts) -> Result<Option<Self>, Problem> {
        let Some(hash) = cookie(app, &parts.headers) else { return Ok(None) };
        let mut db = app.db.reader().acquire().await?;
        let Some(seated) = accounts::seated(&mut db, &hash, app.clock.now_ms()).await? else {
            return Ok(None);
        };
        let refused = parts.extensions.get().cloned().unwrap_or_default();
        let accounts::Seat { account, session, memberships, name, locale } = seated;
        let query = parts.uri.query().unwrap_or_default();
        let done = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "done");
        Ok(Some(Self {
            actor: Actor { account, session, memberships, refused },
            name,
            view: View::of(&parts.uri, locale),
            done: done.map(|(_, word)| word.into_owned()),
        }))
    }

    /// Leads on to another page: what was sent is not sent again when it is read anew.
    #[must_use]
    pub fn go(&self, path: impl AsRef<str>) -> Response {
        lead(&self.view, path.as_ref())
    }

    /// A page of the desk as a response.
    #[must_use]
    pub fn page(&self, status: StatusCode, page: &impl askama::Template) -> Response {
        for_this_person(self.view.page(status, page))
    }

    /// A problem as a page.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> Response {
        for_this_person(self.view.problem(problem))
    }
}

/// Leads on to a page, in the language that was chosen.
#[must_use]
pub fn lead(view: &View, path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, view.url(path))]).into_response()
}

/// What is for one person stands in no cache, and what it links to learns only that it came from here.
#[must_use]
pub fn for_this_person(mut response: Response) -> Response {
    response.headers_mut().extend([
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DESK_POLICY)),
        // Else a browser would say of a form only that it comes from nowhere.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ]);
    response
}

/// A page that is for those who are signed in leads others to where one signs in, and back.
impl FromRequestParts<App> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let view = View::of(&parts.uri, super::texts::preferred(&parts.headers));
        match Self::of(app, parts).await {
            Ok(Some(visitor)) => Ok(visitor),
            Ok(None) => {
                let here = parts.uri.path_and_query().map_or(DESK, |here| here.as_str());
                let then: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
                Err(lead(&view, &format!("/sign-in?then={then}")))
            }
            Err(problem) => Err(view.problem(&problem)),
        }
    }
}

/// Whether a browser says that a request comes from this registry's own pages (Fetch, `Sec-Fetch-Site`; RFC 6454,
/// `Origin`). What says neither comes from no browser of today.
#[must_use]
pub fn is_from_here(app: &App, headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = said("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = said("origin") else { return false };
    let host = origin.strip_prefix("http://").filter(|_| !is_https(app));
    origin == app.origin.as_str() || (host.is_some() && host == said("host"))
}

/// An address of the desk to go on with; anything else, another host's above all, is none.
#[must_use]
pub fn path_of_desk(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(DESK)?;
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (plain && (rest.is_empty() || rest.starts_with(['/', '?'])) && !rest.contains("//"))
        .then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_the_desk_and_nowhere_else() {
        for path in ["/desk", "/desk?lang=ja", "/desk/findings/1?done=plan"] {
            assert_eq!(path_of_desk(path), Some(path));
        }
        for path in [
            "",
            "/",
            "/verify",
            "//desk",
            "/deskx",
            "/desk//evil.example",
            "/desk/\\evil.example",
            "https://evil.example/desk",
            "/desk\r\nset-cookie: a=b",
            "/desk/ a",
        ] {
            assert_eq!(path_of_desk(path), None, "{path:?}");
        }
    }
}
