//! Errors over HTTP: problem details (RFC 9457) with a stable `type`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Every kind of problem: the last segment of its `type`, under which `/problems/…` explains it.
pub const KINDS: &[&str] = &[
    "malformed-request",
    "malformed-body",
    "method-not-allowed",
    "timed-out",
    "too-large",
    "unsupported-media-type",
    "not-acceptable",
    "invalid",
    "not-signed-in",
    "sign-in-refused",
    "slow-down",
    "too-many",
    "forbidden",
    "cross-site",
    "not-found",
    "erased",
    "not-shown",
    "stale-version",
    "wrong-state",
    "incomplete",
    "conflict-of-interest",
    "duplicate",
    "idempotency-mismatch",
    "busy",
    "internal",
];

/// One member of a request that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvalidMember {
    /// Where it stands: a JSON Pointer into the body, or the name of a query parameter or header.
    pub place: String,
    /// What is wrong with it, in a sentence.
    pub detail: String,
}

impl InvalidMember {
    /// Names a member and what is wrong with it.
    pub fn new(place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { place: place.into(), detail: detail.into() }
    }
}

/// Everything that a request may be refused for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A part of the path or the query cannot be read.
    #[error("The request cannot be read: {0}")]
    MalformedRequest(String),
    /// The body is not JSON, or not the JSON that the route takes.
    #[error("The body cannot be read: {0}")]
    MalformedBody(String),
    /// The path exists, but not for this method.
    #[error("This path does not take this method; the header Allow says which it takes.")]
    MethodNotAllowed,
    /// The request took too long.
    #[error("The request took too long: send it again, or in smaller parts.")]
    TimedOut,
    /// The body is larger than the route takes.
    #[error("The body is larger than the {limit} bytes that this route takes.")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The content is not of the type that was declared, or not of a type that is taken.
    #[error("{detail}")]
    UnsupportedMediaType {
        /// What was declared and what was found.
        detail: String,
    },
    /// None of the media types that the request accepts is offered.
    #[error("This exists as {}: ask for one of these in Accept.", offers.join(" and "))]
    NotAcceptable {
        /// The media types that are offered.
        offers: Vec<&'static str>,
    },
    /// Members that were read but cannot be used.
    #[error("{}", sentence(.0))]
    Invalid(Vec<InvalidMember>),
    /// No valid access token.
    #[error("Sign in first: send a current access token as 'Authorization: Bearer …'.")]
    NotSignedIn,
    /// E-mail address and password do not belong together, or the token was used before.
    #[error("{0}")]
    SignInRefused(&'static str),
    /// Too many failed sign-ins.
    #[error("Too many failed sign-ins: wait {wait_s} seconds.")]
    SlowDown {
        /// Seconds until the next try is answered.
        wait_s: u64,
    },
    /// So much of one kind came in of late that no more is taken for now.
    #[error("Too many {of} came in of late: send yours again in {wait_s} seconds.")]
    TooMany {
        /// Of what.
        of: &'static str,
        /// Seconds until one is taken again.
        wait_s: u64,
    },
    /// Signed in, with a relation to the subject, but without the role that the act needs.
    #[error("This takes another role: {}.", who.join(", or "))]
    Forbidden {
        /// Who may do it.
        who: Vec<&'static str>,
    },
    /// A form that another site's page sent.
    #[error(
        "This form was not sent from a page of this registry: open the page here, and send it from there."
    )]
    CrossSite,
    /// There is no such thing, or it is not for this reader.
    #[error("There is no such {0} here for you.")]
    NotFound(&'static str),
    /// It was here, and was erased.
    #[error("This was erased on {at}: that it was here is all that remains.")]
    Erased {
        /// When.
        at: String,
    },
    /// It names a person who took back the consent to be named in public.
    #[error("It names a person, who took back the consent to be named in public.")]
    NotShown,
    /// Somebody changed it since the caller looked.
    #[error(
        "It was changed since you looked: you saw version {seen}, it now is version {current}. Read it again."
    )]
    StaleVersion {
        /// The version that the request named.
        seen: i64,
        /// The version that is current.
        current: i64,
    },
    /// The state does not allow this event.
    #[error("'{event}' is not possible while this is '{state}'.")]
    WrongState {
        /// What was asked.
        event: String,
        /// The state that it met.
        state: String,
        /// The states that allow it.
        allowed_from: Vec<String>,
        /// Who may do it then.
        who: Vec<String>,
    },
    /// The state allows it, but something is missing first.
    #[error("Something is missing before '{event}'.")]
    Incomplete {
        /// What was asked.
        event: String,
        /// What is missing, item by item, each with a stable `code`.
        missing: Vec<Value>,
    },
    /// A rule of impartiality forbids this person to act here.
    #[error("{detail}")]
    ConflictOfInterest {
        /// Which rule, and from what it follows.
        detail: String,
    },
    /// Something of the same identity exists.
    #[error("{0}")]
    Duplicate(String),
    /// The idempotency key was used with another body.
    #[error("This Idempotency-Key was used before with another request.")]
    IdempotencyMismatch,
    /// Too much is under way.
    #[error("The registry is busy: try again in a moment.")]
    Busy,
    /// Our fault; logged with the request's id, never shown.
    #[error("Something failed here. It is logged under this request's id.")]
    Internal(#[source] anyhow::Error),
}

fn sentence(members: &[InvalidMember]) -> String {
    let all: Vec<_> = members.iter().map(|m| format!("{}: {}", m.place, m.detail)).collect();
    all.join("; ")
}

impl Problem {
    /// One member that cannot be used.
    pub fn invalid(place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidMember::new(place, detail)])
    }

    /// The same of a part of a body, which stands below a place.
    #[must_use]
    pub fn below(self, place: &str) -> Self {
        match self {
            Self::Invalid(members) => {
                let below =
                    |m: InvalidMember| InvalidMember { place: format!("{place}{}", m.place), ..m };
                Self::Invalid(members.into_iter().map(below).collect())
            }
            other => other,
        }
    }

    /// Something that should not happen and is no fault of the caller.
    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::Internal(error.into())
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The problem behind a refusal that a library made in plain text, if it is one.
    #[must_use]
    pub fn of_plain_refusal(status: StatusCode, text: String) -> Option<Self> {
        match status {
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                Some(Self::MalformedRequest(text))
            }
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::MethodNotAllowed),
            StatusCode::REQUEST_TIMEOUT => Some(Self::TimedOut),
            _ => None,
        }
    }

    /// The last segment of `type`: one of [`KINDS`].
    #[must_use]
    pub fn slug(&self) -> &'static str {
        self.kind().1
    }

    /// Status, last segment of `type`, title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::MalformedRequest(_) => {
                (StatusCode::BAD_REQUEST, "malformed-request", "Malformed request")
            }
            Self::MalformedBody(_) => (StatusCode::BAD_REQUEST, "malformed-body", "Malformed body"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
            Self::TimedOut => (StatusCode::REQUEST_TIMEOUT, "timed-out", "Timed out"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::UnsupportedMediaType { .. } => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
            ),
            Self::NotAcceptable { .. } => {
                (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "Not acceptable")
            }
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid members"),
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not-signed-in", "Not signed in"),
            Self::SignInRefused(_) => {
                (StatusCode::UNAUTHORIZED, "sign-in-refused", "Sign-in refused")
            }
            Self::SlowDown { .. } => (StatusCode::TOO_MANY_REQUESTS, "slow-down", "Slow down"),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many for now"),
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden", "Not your role"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross-site", "Sent from elsewhere"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::Erased { .. } => (StatusCode::GONE, "erased", "Erased"),
            Self::NotShown => (StatusCode::GONE, "not-shown", "Not shown any more"),
            Self::StaleVersion { .. } => {
                (StatusCode::PRECONDITION_FAILED, "stale-version", "Stale version")
            }
            Self::WrongState { .. } => {
                (StatusCode::CONFLICT, "wrong-state", "Not possible in this state")
            }
            Self::Incomplete { .. } => (StatusCode::CONFLICT, "incomplete", "Something is missing"),
            Self::ConflictOfInterest { .. } => {
                (StatusCode::CONFLICT, "conflict-of-interest", "Conflict of interest")
            }
            Self::Duplicate(_) => (StatusCode::CONFLICT, "duplicate", "Exists already"),
            Self::IdempotencyMismatch => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-mismatch",
                "Idempotency key used before",
            ),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }

    /// The facts that go beside type, title, status and detail.
    fn facts(&self) -> Map<String, Value> {
        let facts = match self {
            Self::Invalid(members) => json!({ "members": members }),
            Self::NotAcceptable { offers } => json!({ "offers": offers }),
            Self::TooLarge { limit } => json!({ "limit": limit }),
            Self::SlowDown { wait_s } | Self::TooMany { wait_s, .. } => {
                json!({ "wait_s": wait_s })
            }
            Self::Forbidden { who } => json!({ "who": who }),
            Self::Erased { at } => json!({ "erased_at": at }),
            Self::StaleVersion { seen, current } => json!({ "seen": seen, "current": current }),
            Self::WrongState { event, state, allowed_from, who } => {
                json!({ "event": event, "state": state, "allowed_from": allowed_from, "who": who })
            }
            Self::Incomplete { event, missing } => json!({ "event": event, "missing": missing }),
            _ => Value::Null,
        };
        match facts {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

/// The shape of a problem, for the API's description.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Stable, relative to the registry's origin: `/problems/stale-version`.
    pub r#type: String,
    /// The kind of problem, in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here and what to do about it.
    pub detail: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.kind();
        if let Self::Internal(error) = &self {
            tracing::error!(error = format!("{error:#}"), "a request failed");
        }
        let mut body = json!({
            "type": format!("/problems/{kind}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        if let Value::Object(members) = &mut body {
            members.extend(self.facts());
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::NotSignedIn | Self::SignInRefused(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::SlowDown { wait_s } | Self::TooMany { wait_s, .. } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
            }
            Self::Busy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

/// What a database says of a wait that led nowhere. PostgreSQL: `serialization_failure`, `deadlock_detected`,
/// `lock_not_available`; SQLite: `SQLITE_BUSY`, and while another recovers the file or has written since this one read.
const WAITED_IN_VAIN: [&str; 6] = ["40001", "40P01", "55P03", "5", "261", "517"];

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => {
                Self::Duplicate("Something of the same identity exists already.".into())
            }
            // A row or lock that others hold for too long, or in a circle; the same request may succeed when it is
            // repeated.
            sqlx::Error::Database(refusal)
                if refusal.code().is_some_and(|code| WAITED_IN_VAIN.contains(&&*code)) =>
            {
                Self::Busy
            }
            sqlx::Error::PoolTimedOut => Self::Busy,
            _ => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sqlite_file_that_others_write_to_for_too_long_is_busy() {
        use sqlx::Connection as _;
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!("sqlite://{}?mode=rwc", folder.path().join("a.db").display());
        let mut first = sqlx::AnyConnection::connect(&file).await.expect("opens");
        let mut second = sqlx::AnyConnection::connect(&file).await.expect("opens");
        sqlx::query("PRAGMA busy_timeout = 0").execute(&mut second).await.expect("sets");
        sqlx::query("BEGIN IMMEDIATE").execute(&mut first).await.expect("begins");
        let refused = sqlx::query("BEGIN IMMEDIATE").execute(&mut second).await;
        let problem = Problem::from(refused.expect_err("another writes"));
        assert!(matches!(problem, Problem::Busy), "{problem:?}");
    }

    /// One of every kind. A new variant does not compile here until it is added, here and to [`KINDS`].
    fn one_of_each() -> Vec<Problem> {
        let (text, list) = (String::new, Vec::new);
        let all = vec![
            Problem::MalformedRequest(text()),
            Problem::MalformedBody(text()),
            Problem::MethodNotAllowed,
            Problem::TimedOut,
            Problem::TooLarge { limit: 1 },
            Problem::UnsupportedMediaType { detail: text() },
            Problem::NotAcceptable { offers: vec![] },
            Problem::Invalid(vec![]),
            Problem::NotSignedIn,
            Problem::SignInRefused(""),
            Problem::SlowDown { wait_s: 1 },
            Problem::TooMany { of: "complaints", wait_s: 1 },
            Problem::Forbidden { who: vec![] },
            Problem::CrossSite,
            Problem::NotFound("thing"),
            Problem::Erased { at: text() },
            Problem::NotShown,
            Problem::StaleVersion { seen: 1, current: 2 },
            Problem::WrongState { event: text(), state: text(), allowed_from: list(), who: list() },
            Problem::Incomplete { event: text(), missing: vec![] },
            Problem::ConflictOfInterest { detail: text() },
            Problem::Duplicate(text()),
            Problem::IdempotencyMismatch,
            Problem::Busy,
            Problem::Internal(anyhow::anyhow!("a fault")),
        ];
        for problem in &all {
            match problem {
                Problem::MalformedBody(_)
                | Problem::TooLarge { .. }
                | Problem::UnsupportedMediaType { .. }
                | Problem::MalformedRequest(_)
                | Problem::MethodNotAllowed
                | Problem::TimedOut
                | Problem::NotAcceptable { .. }
                | Problem::Invalid(_)
                | Problem::NotSignedIn
                | Problem::SignInRefused(_)
                | Problem::SlowDown { .. }
                | Problem::TooMany { .. }
                | Problem::Forbidden { .. }
                | Problem::CrossSite
                | Problem::NotFound(_)
                | Problem::Erased { .. }
                | Problem::NotShown
                | Problem::StaleVersion { .. }
                | Problem::WrongState { .. }
                | Problem::Incomplete { .. }
                | Problem::ConflictOfInterest { .. }
                | Problem::Duplicate(_)
                | Problem::IdempotencyMismatch
                | Problem::Busy
                | Problem::Internal(_) => {}
            }
        }
        all
    }

    #[test]
    fn every_problem_has_its_kind() {
        let kinds: Vec<_> = one_of_each().iter().map(Problem::slug).collect();
        assert_eq!(kinds, KINDS);
    }
}
