//! One authenticated write: who, the body, the idempotency key. Begun, it is an act with a transaction;
//! its commit records the audit row and the answer in the transaction of the effect itself.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::accounts;
use super::app::App;
use super::audit;
use super::authorisation::{Action, Actor, Subject};
use super::db::Tx;
use super::hold;
use super::http::RequestId;
use super::id::{NoteId, PartyId};
use super::notes::{self, Text};
use super::nul;
use super::problem::{InvalidMember, Problem};

/// The largest JSON body that a route takes, in bytes. A programme of a hundred criteria is 200 KB.
pub const JSON_LIMIT: usize = 1024 * 1024;

/// How long an answer is kept for repeats of its request, in milliseconds.
const IDEMPOTENCY_MS: i64 = 24 * 60 * 60 * 1000;

/// A signed-in actor's write with a JSON body.
pub struct Write<T> {
    /// Who writes.
    pub actor: Actor,
    /// What was sent.
    pub body: T,
    identity: Identity,
}

impl<T> Write<T> {
    /// The write of somebody who was recognised otherwise than by an access token.
    #[must_use]
    pub fn new(actor: Actor, body: T, identity: Identity) -> Self {
        Self { actor, body, identity }
    }

    /// Begins the act; gives it with what was sent.
    ///
    /// # Errors
    /// As [`Act::begin`].
    pub async fn begin(self, app: &App) -> Result<(Act<'_>, T), Problem> {
        Ok((Act::begin(app, self.actor, self.identity).await?, self.body))
    }
}

/// The identity of a write: what its audit row and its repeats are recognised by.
#[derive(Clone, Debug)]
pub struct Identity {
    request_id: RequestId,
    route: String,
    key: Option<String>,
    request_hash: [u8; 32],
}

/// An act under way: who does what, when, in one transaction. Dropped without
/// [`commit`](Self::commit), it leaves nothing behind.
pub struct Act<'a> {
    /// The registry's means.
    pub app: &'a App,
    /// Who acts.
    pub actor: Actor,
    /// When: one moment for all that the act writes.
    pub now: Timestamp,
    /// The transaction of the effect.
    pub tx: Tx,
    identity: Identity,
    audited: Vec<(Action, String, Subject)>,
}

/// The body of a write that takes none.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Nothing {}

/// A write that is not carried out: refused, or answered before.
pub enum NotWritten {
    /// Refused.
    Problem(Problem),
    /// The same request was answered before: the same answer again.
    Replayed(Response),
}

impl From<Problem> for NotWritten {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for NotWritten {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Replayed(response) => response,
        }
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Write<T> {
    type Rejection = NotWritten;

    async fn from_request(request: Request, app: &App) -> Result<Self, NotWritten> {
        let (mut parts, body) = request.into_parts();
        let actor = Actor::from_request_parts(&mut parts, app).await?;
        let bytes = read_body(body, &parts.headers).await?;
        let identity = Identity::of(&parts, Sha256::digest(&bytes).into())?;
        if let Some(answer) = identity.answered_before(app, &actor).await? {
            return Err(NotWritten::Replayed(answer));
        }
        Ok(Self { actor, body: parse_json(&bytes)?, identity })
    }
}

/// An unauthenticated JSON body (signing up, signing in).
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Ok(Self(parse_json(&read_body(body, &parts.headers).await?)?))
    }
}

/// Reads a whole body, up to the limit; what says that it is larger is not read at all.
pub(super) async fn read_body(body: Body, headers: &HeaderMap) -> Result<Bytes, Problem> {
    let too_large = || Problem::TooLarge { limit: JSON_LIMIT as u64 };
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > JSON_LIMIT) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, JSON_LIMIT).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        match source.is_some_and(|source| source.is::<http_body_util::LengthLimitError>()) {
            true => too_large(),
            false => Problem::MalformedBody(format!("the body broke off: {error}")),
        }
    })
}

/// Reads JSON, naming the place of the first fault. An empty body reads as `{}`.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    nul::refuse_in_json(bytes)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = pointer(error.path());
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => {
                Problem::Invalid(vec![InvalidMember::new(place, inner.to_string())])
            }
            _ => Problem::MalformedBody(inner.to_string()),
        }
    })?;
    reader.end().map_err(|error| Problem::MalformedBody(error.to_string()))?;
    Ok(value)
}

/// A JSON Pointer (RFC 6901) of a place in a body.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

impl Identity {
    /// The request's `Idempotency-Key`, if it has one.
    ///
    /// # Errors
    /// When it is not 1 to 128 visible ASCII characters.
    pub fn key(parts: &axum::http::request::Parts) -> Result<Option<String>, Problem> {
        match parts.headers.get("idempotency-key") {
            None => Ok(None),
            Some(value) => match value.to_str() {
                Ok(text) if (1..=128).contains(&text.len()) => Ok(Some(text.to_owned())),
                _ => Err(Problem::invalid(
                    "Idempotency-Key",
                    "must be 1 to 128 visible ASCII characters",
                )),
            },
        }
    }

    /// The identity of a request whose body hashes to `body_hash`. Its query, which may name a person's file, is
    /// part of what is hashed and never kept in clear.
    ///
    /// # Errors
    /// When the `Idempotency-Key` is not 1 to 128 visible ASCII characters.
    pub fn of(parts: &axum::http::request::Parts, body_hash: [u8; 32]) -> Result<Self, Problem> {
        Ok(Self::keyed(parts, body_hash, Self::key(parts)?))
    }

    /// The identity of a request that brings its key otherwise than in its headers: a form.
    #[must_use]
    pub fn keyed(
        parts: &axum::http::request::Parts,
        body_hash: [u8; 32],
        key: Option<String>,
    ) -> Self {
        let request_hash = match parts.uri.query() {
            None => body_hash,
            Some(query) => {
                Sha256::new().chain_update(body_hash).chain_update(query).finalize().into()
            }
        };
        Self {
            request_id: RequestId::of(parts),
            route: format!("{} {}", parts.method, parts.uri.path()),
            key,
            request_hash,
        }
    }

    /// The answer that the same request was given before, if it was.
    ///
    /// # Errors
    /// [`Problem::IdempotencyMismatch`] when the key came with another request.
    pub async fn answered_before(
        &self,
        app: &App,
        actor: &Actor,
    ) -> Result<Option<Response>, Problem> {
        let mut db = app.db.reader().acquire().await?;
        self.kept_answer(&mut db, actor, app.clock.now_ms()).await
    }

    async fn kept_answer(
        &self,
        db: &mut AnyConnection,
        actor: &Actor,
        now: i64,
    ) -> Result<Option<Response>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        let row: Option<(Vec<u8>, i64, Vec<u8>)> = sqlx::query_as(
            "SELECT request_hash, status, answer FROM idempotency
             WHERE account_id = $1 AND route = $2 AND key = $3 AND expires_at > $4",
        )
        .bind(&actor.account)
        .bind(&self.route)
        .bind(key)
        .bind(now)
        .fetch_optional(db)
        .await?;
        match row {
            None => Ok(None),
            Some((hash, ..)) if hash != self.request_hash => Err(Problem::IdempotencyMismatch),
            Some((_, status, answer)) => {
                let status = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok());
                Ok(Some(json_answer(status.unwrap_or(StatusCode::OK), answer)))
            }
        }
    }
}

impl<'a> Act<'a> {
    /// Begins an act.
    ///
    /// # Errors
    /// When the database has no connection to give.
    pub async fn begin(app: &'a App, actor: Actor, identity: Identity) -> Result<Self, Problem> {
        let tx = app.db.write().await?;
        // Waiting for the other writers takes time.
        let now = app.clock.now();
        Ok(Self { app, actor, now, tx, identity, audited: Vec::new() })
    }

    /// Holds the party that the act is about, before anything is read that the act rests on. The act's moment is that
    /// of the hold: what waited for another act is later than that.
    ///
    /// # Errors
    /// [`Problem::Busy`] when the same request was answered meanwhile: its repeat will find that answer.
    pub async fn hold(&mut self, party: &PartyId) -> Result<(), Problem> {
        hold::party(&mut self.tx, party).await?;
        self.now = self.app.clock.now();
        let at = self.now.as_millisecond();
        match self.identity.kept_answer(&mut self.tx, &self.actor, at).await? {
            Some(_) => Err(Problem::Busy),
            None => Ok(()),
        }
    }

    /// Allows the act by the table and by what the actor is now, and remembers it for the audit row. The body may
    /// have been a long time on its way: meanwhile the actor may have signed out, or be a member no more.
    ///
    /// # Errors
    /// As [`Actor::authorise`]; [`Problem::NotSignedIn`] when the session has ended.
    pub async fn authorise(
        &mut self,
        action: Action,
        subject: &Subject,
        what: &'static str,
        id: &str,
    ) -> Result<(), Problem> {
        let Actor { account, session, .. } = &self.actor;
        let now = accounts::store::memberships(&mut self.tx, account, session).await?;
        self.actor.memberships = now.ok_or(Problem::NotSignedIn)?;
        let actor = &self.actor;
        actor.authorise(action, subject, what).inspect_err(|_| actor.refused.about(id))?;
        self.audited.push((action, format!("{what} {id}"), subject.clone()));
        Ok(())
    }

    /// Keeps a text under a party's data key.
    ///
    /// # Errors
    /// As [`notes::keep`].
    pub async fn keep(
        &mut self,
        party: &PartyId,
        text: &Text,
        place: &str,
    ) -> Result<NoteId, Problem> {
        notes::keep(&mut self.tx, self.app, party, text, place).await
    }

    /// Keeps a text, if there is one.
    ///
    /// # Errors
    /// As [`notes::keep`].
    pub async fn keep_optional(
        &mut self,
        party: &PartyId,
        text: Option<&Text>,
        place: &str,
    ) -> Result<Option<NoteId>, Problem> {
        match text {
            Some(text) => self.keep(party, text, place).await.map(Some),
            None => Ok(None),
        }
    }

    /// Commits the effect with its audit row and, under an idempotency key, its answer; then wakes
    /// the worker, for whom it may have left something.
    ///
    /// # Errors
    /// When the database refuses; then nothing of the effect is left.
    pub async fn commit(
        mut self,
        status: StatusCode,
        answer: &impl Serialize,
    ) -> Result<Response, Problem> {
        let bytes = serde_json::to_vec(answer).map_err(Problem::internal)?;
        for (action, subject, parties) in &self.audited {
            let row = audit::Row {
                actor: Some(&self.actor.account),
                party: parties.parties().next(),
                action: *action,
                subject,
                outcome: "done",
            };
            audit::append(&mut self.tx, self.app, &self.identity.request_id, &row).await?;
        }
        self.remember(status, &bytes).await?;
        self.tx.commit().await?;
        self.app.wake.notify_one();
        Ok(json_answer(status, bytes))
    }

    /// Keeps the answer for repeats of the request, under its idempotency key.
    async fn remember(&mut self, status: StatusCode, answer: &[u8]) -> Result<(), Problem> {
        let Identity { key: Some(key), route, request_hash, .. } = &self.identity else {
            return Ok(());
        };
        let now = self.now.as_millisecond();
        let kept = sqlx::query(
            "INSERT INTO idempotency (account_id, route, key, request_hash, status, answer, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (account_id, route, key) DO UPDATE
             SET request_hash = $4, status = $5, answer = $6, expires_at = $7 WHERE idempotency.expires_at <= $8",
        )
        .bind(&self.actor.account)
        .bind(route)
        .bind(key)
        .bind(&request_hash[..])
        .bind(i64::from(status.as_u16()))
        .bind(answer)
        .bind(now + IDEMPOTENCY_MS)
        .bind(now)
        .execute(&mut *self.tx)
        .await?;
        // The same request was answered at this moment: its repeat will find that answer.
        if kept.rows_affected() == 1 { Ok(()) } else { Err(Problem::Busy) }
    }
}

fn json_answer(status: StatusCode, bytes: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    if status == StatusCode::NO_CONTENT {
        return (status, headers).into_response();
    }
    (status, headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Body {
        list: Vec<u8>,
    }

    #[test]
    fn a_fault_in_a_body_names_its_place() {
        let Err(Problem::Invalid(members)) = parse_json::<Body>(br#"{"list":[1,"x"]}"#) else {
            panic!("refused as invalid")
        };
        assert_eq!(members[0].place, "/list/1");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_from_one_that_is_too_large() {
        let cut =
            [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("a chunk without its end"))];
        let cut = axum::body::Body::from_stream(futures_util::stream::iter(cut));
        let refused = read_body(cut, &HeaderMap::new()).await.expect_err("it ends early");
        assert!(matches!(refused, Problem::MalformedBody(_)), "{refused:?}");
        let large = axum::body::Body::from(vec![b' '; JSON_LIMIT + 1]);
        let refused = read_body(large, &HeaderMap::new()).await.expect_err("it is too large");
        assert!(matches!(refused, Problem::TooLarge { .. }), "{refused:?}");
    }

    #[test]
    fn json_nested_ten_thousand_deep_is_malformed() {
        let deep = "[".repeat(10_000);
        assert!(matches!(
            parse_json::<serde_json::Value>(deep.as_bytes()),
            Err(Problem::MalformedBody(_))
        ));
    }

    #[test]
    fn text_after_the_body_is_malformed() {
        assert!(matches!(parse_json::<Body>(br#"{"list":[]} x"#), Err(Problem::MalformedBody(_))));
    }

    #[test]
    fn what_a_query_says_tells_requests_apart_and_is_not_kept() {
        let identity = |uri: &str| {
            let (parts, ()) =
                axum::http::Request::post(uri).body(()).expect("a request").into_parts();
            Identity::of(&parts, [1; 32]).expect("an identity")
        };
        let [plain, one, other] =
            ["/evidence", "/evidence?name=one.pdf", "/evidence?name=other.pdf"].map(identity);
        for identity in [&plain, &one, &other] {
            assert_eq!(identity.route, "POST /evidence");
        }
        assert_eq!(plain.request_hash, [1; 32]);
        assert_ne!(one.request_hash, other.request_hash);
        assert_ne!(one.request_hash, plain.request_hash);
    }
}
