//! One actor's way to speak to the registry, and what it answers.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method, RequestBuilder, StatusCode, redirect};
use serde::Serialize;
use serde_json::Value;

use crate::registry::ORIGIN;

/// Where a registry listens: another port after each start, and its clients follow it there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Address(Arc<RwLock<String>>);

impl Address {
    pub(crate) fn get(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn move_to(&self, address: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

/// An actor: the registry's address, and the headers that go with every request.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    headers: HeaderMap,
}

impl Client {
    pub(crate) fn new(address: &Address) -> Client {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy().build();
        Client {
            http: http.expect("an HTTP client can be made"),
            address: address.clone(),
            headers: HeaderMap::new(),
        }
    }

    /// The same actor, signed in by an access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Client {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// The same actor, saying one header more: `Idempotency-Key`, `Accept`, `If-None-Match` …
    #[must_use]
    pub fn with_header(&self, name: &'static str, value: &str) -> Client {
        let mut client = self.clone();
        let value = HeaderValue::from_str(value).expect("a header's value");
        client.headers.insert(HeaderName::from_static(name), value);
        client
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `GET`, in the media type `accept`.
    pub async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.with_header("accept", accept).get(path).await
    }

    /// `POST` of a JSON body.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `PUT` of a JSON body.
    pub async fn put(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// `POST` of anything: a file, a form, a body that is no JSON, a stream without end.
    pub async fn post_body(&self, path: &str, media_type: &str, body: impl Into<Body>) -> Answer {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, media_type);
        self.send(request.body(body)).await
    }

    /// `GET` of a registry that may be killed meanwhile: `None` when no whole answer came.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        self.try_send(self.request(Method::GET, path)).await.ok()
    }

    /// `POST` to a registry that may be killed meanwhile: `None` when no whole answer came.
    pub async fn try_post(&self, path: &str, body: &impl Serialize) -> Option<Answer> {
        self.try_send(self.request(Method::POST, path).json(body)).await.ok()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.locate(path)).headers(self.headers.clone())
    }

    /// Where a path, or a URL under the registry's origin, is to be asked for.
    ///
    /// # Panics
    /// When it is a URL of somewhere else: a test never leaves this machine.
    pub(crate) fn locate(&self, path: &str) -> String {
        let address = self.address.get();
        let path = path.strip_prefix(ORIGIN).or(path.strip_prefix(&address)).unwrap_or(path);
        assert!(path.starts_with('/'), "{path} is neither a path nor a URL of the registry");
        format!("{address}{path}")
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let request = request.build().expect("a request that can be sent");
        let asked = format!("{} {}", request.method(), request.url());
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?;
        Ok(Answer::new(asked, status, headers, body.to_vec()))
    }
}

/// What the registry answered. Its `Display` is the whole answer, so that a failure shows all.
#[derive(Clone, Debug)]
pub struct Answer {
    asked: String,
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The body as JSON, `null` when it is none.
    pub json: Value,
}

impl Answer {
    pub(crate) fn new(
        asked: String,
        status: StatusCode,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Answer {
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer { asked, status, headers, body, json }
    }

    /// The answer, if its status is `status`.
    ///
    /// # Panics
    /// With the whole answer, if it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert!(self.status == status, "expected {status}, but\n{self}");
        self
    }

    /// The problem document (RFC 9457), if the answer is one of the `type` `/problems/KIND`.
    ///
    /// # Panics
    /// With the whole answer, if it is no problem, another problem, or one that contradicts its status.
    #[track_caller]
    pub fn problem(self, kind: &str) -> Value {
        self.problem_of(&[kind])
    }

    /// The problem document, if the answer is one of these `kinds`.
    ///
    /// # Panics
    /// As [`Answer::problem`].
    #[track_caller]
    pub fn problem_of(self, kinds: &[&str]) -> Value {
        let media_type = self.header("content-type").unwrap_or_default();
        assert!(
            media_type.starts_with("application/problem+json"),
            "expected the problem {kinds:?}, but\n{self}"
        );
        let found = self.json["type"].as_str().and_then(|uri| uri.strip_prefix("/problems/"));
        let is_one = found.is_some_and(|found| kinds.contains(&found));
        assert!(is_one, "expected the problem {kinds:?}, but\n{self}");
        assert!(
            self.json["status"] == self.status.as_u16(),
            "the problem contradicts its status line:\n{self}"
        );
        self.json
    }

    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The member that a JSON Pointer (RFC 6901) names.
    ///
    /// # Panics
    /// With the whole answer, if there is none.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> &Value {
        match self.json.pointer(pointer) {
            Some(value) => value,
            None => panic!("expected a member {pointer}, but\n{self}"),
        }
    }

    /// The string that a JSON Pointer names.
    ///
    /// # Panics
    /// With the whole answer, if there is none.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        match self.at(pointer).as_str() {
            Some(text) => text,
            None => panic!("expected a string at {pointer}, but\n{self}"),
        }
    }

    /// The whole number that a JSON Pointer names.
    ///
    /// # Panics
    /// With the whole answer, if there is none.
    #[track_caller]
    pub fn number(&self, pointer: &str) -> i64 {
        match self.at(pointer).as_i64() {
            Some(number) => number,
            None => panic!("expected a whole number at {pointer}, but\n{self}"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\nanswered {}", self.asked, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        if self.json.is_null() {
            writeln!(f, "\n{}", String::from_utf8_lossy(&self.body))
        } else {
            writeln!(f, "\n{:#}", self.json)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn answer(status: u16, media_type: &'static str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        let status = StatusCode::from_u16(status).expect("a status code");
        Answer::new("POST http://localhost:1/x".to_owned(), status, headers, body.into())
    }

    const STALE: &str = r#"{"type":"/problems/stale-version","status":412,
        "detail":"the application is at version 8"}"#;

    fn failure_of<T>(check: impl FnOnce() -> T) -> String {
        match catch_unwind(AssertUnwindSafe(check)) {
            Ok(_) => panic!("the check passed"),
            Err(panic) => *panic.downcast::<String>().expect("a message"),
        }
    }

    #[test]
    fn a_problem_is_known_by_its_type() {
        let stale = answer(412, "application/problem+json", STALE);
        assert_eq!(stale.problem("stale-version")["detail"], "the application is at version 8");
    }

    #[test]
    fn an_unexpected_answer_is_shown_whole() {
        let stale = || answer(412, "application/problem+json", STALE);
        let said = failure_of(|| stale().expect(200));
        for part in ["expected 200", "POST http://localhost:1/x", "412", "at version 8"] {
            assert!(said.contains(part), "{part} is missing in {said}");
        }
        assert!(failure_of(|| stale().problem("version")).contains("at version 8"));
        assert!(failure_of(|| stale().at("/id").clone()).contains("expected a member /id"));
        assert!(failure_of(|| stale().number("/detail")).contains("expected a whole number"));
    }

    #[test]
    fn a_problem_must_say_what_it_is_and_agree_with_its_status() {
        let plain = answer(412, "application/json", STALE);
        assert!(failure_of(|| plain.problem("stale-version")).contains("expected the problem"));
        let wrong = answer(409, "application/problem+json", STALE);
        assert!(failure_of(|| wrong.problem("stale-version")).contains("contradicts"));
    }

    #[test]
    fn a_url_of_the_registry_is_asked_where_it_listens_and_no_other_is() {
        let address = Address::default();
        let client = Client::new(&address);
        address.move_to("http://localhost:4711".to_owned());
        for path in ["/log/checkpoint", "https://registry.example/log/checkpoint"] {
            assert_eq!(client.locate(path), "http://localhost:4711/log/checkpoint");
        }
        let elsewhere = failure_of(|| client.locate("https://other.example/log/checkpoint"));
        assert!(elsewhere.contains("neither a path nor a URL of the registry"));
    }
}
