//! A person at the registry's HTTP interface.

use anyhow::{Context as _, anyhow};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Somebody signed in.
#[derive(Clone, Debug)]
pub(super) struct Person {
    http: reqwest::Client,
    origin: String,
    token: String,
    /// The account.
    pub(super) account: String,
    /// What they sign in with.
    pub(super) email: String,
    /// What they are, in words.
    pub(super) what: &'static str,
}

/// Nobody in particular: what anyone may ask.
#[derive(Clone, Debug)]
pub(super) struct Anyone {
    http: reqwest::Client,
    origin: String,
}

/// A new account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newcomer<'a> {
    pub(super) email: &'a str,
    pub(super) name: &'a str,
    pub(super) what: &'static str,
    pub(super) password: &'a str,
}

impl Anyone {
    pub(super) fn new(origin: &str) -> Self {
        Self { http: reqwest::Client::new(), origin: origin.to_owned() }
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let answer =
            self.http.get(format!("{}{path}", self.origin)).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// Signs up and in; with a token, as the first operator.
    pub(super) async fn join(
        &self,
        newcomer: &Newcomer<'_>,
        operator: Option<&str>,
    ) -> anyhow::Result<Person> {
        let Newcomer { email, name, what, password } = *newcomer;
        let mut body =
            json!({ "email": email, "password": password, "name": name, "locale": "en" });
        let path = match operator {
            Some(token) => {
                body["token"] = json!(token);
                "/api/v1/operators"
            }
            None => "/api/v1/accounts",
        };
        let mut person = Person {
            http: self.http.clone(),
            origin: self.origin.clone(),
            token: String::new(),
            account: String::new(),
            email: email.to_owned(),
            what,
        };
        person.account = text(&person.send(Method::POST, path, Some(body)).await?, "id")?;
        let sign_in = json!({ "email": email, "password": password });
        person.token = text(
            &person.send(Method::POST, "/api/v1/sessions", Some(sign_in)).await?,
            "access_token",
        )?;
        Ok(person)
    }
}

impl Person {
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, &format!("/api/v1{path}"), None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(Method::POST, &format!("/api/v1{path}"), Some(body)).await
    }

    /// Accepts every invitation to act for a party.
    pub(super) async fn accept_invitations(&self) -> anyhow::Result<()> {
        let me = self.get("/me").await?;
        for membership in me["memberships"].as_array().into_iter().flatten() {
            if membership["accepted"] == false {
                let path = format!("/me/memberships/{}/accept", text(membership, "id")?);
                self.post(&path, json!({})).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(Method::PUT, &format!("/api/v1{path}"), Some(body)).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(Method::PATCH, &format!("/api/v1{path}"), Some(body)).await
    }

    /// Uploads a file.
    pub(super) async fn upload(
        &self,
        path: &str,
        media_type: &str,
        content: Vec<u8>,
    ) -> anyhow::Result<Value> {
        let request =
            self.http.post(format!("{}/api/v1{path}", self.origin)).bearer_auth(&self.token);
        let answer = request.header("content-type", media_type).body(content).send().await?;
        read(path, answer).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.origin));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(path, request.send().await?).await
    }
}

async fn read(path: &str, answer: reqwest::Response) -> anyhow::Result<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    if status.is_success() {
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        return serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON"));
    }
    Err(anyhow!("{path} answered {status}: {text}"))
}

/// A text member of an answer.
pub(super) fn text(answer: &Value, member: &str) -> anyhow::Result<String> {
    answer[member]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| anyhow!("the answer has no '{member}': {answer}"))
}

/// The version that an answer gives, to be named by the next write.
pub(super) fn version(answer: &Value) -> anyhow::Result<i64> {
    answer["version"].as_i64().ok_or_else(|| anyhow!("the answer has no version: {answer}"))
}
