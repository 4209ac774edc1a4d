//! Certification in one process, on both engines, with a clock that is put forward.

mod complaints;
mod erasure;
mod evidence;
mod expiry;
mod facilities;
mod impartiality;
mod lapse;
mod lists;
mod suspensions;

use std::sync::Arc;

use akashi_keys::DataKey;
use akashi_schemas::embedded::RESPONSIBLE_HOSTING;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::platform::app::App;
use crate::platform::clock::Clock as _;
use crate::platform::db::scratch::Scratch;
use crate::platform::http::shell;
use crate::platform::id::{AccountId, DataKeyId, PartyId, uuid_v7};
use crate::platform::scratch::{FixedClock, app};

const EMAIL: &str = "applicant@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// A company's desk: somebody signed in who acts for it, a certification body, and a published programme.
#[derive(Clone)]
struct Desk {
    app: App,
    clock: Arc<FixedClock>,
    routes: Router,
    token: String,
    company: String,
    body: String,
}

/// What a request was answered with.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }
}

impl Desk {
    async fn open(scratch: &Scratch) -> Self {
        let clock = Arc::<FixedClock>::default();
        let app = app(scratch.db().clone(), clock.clone(), 0);
        let (routes, _) =
            super::routes().merge(crate::platform::accounts::api::routes()).split_for_parts();
        let routes = shell(routes, app.clone());
        let body = uuid_v7(app.clock.now(), &*app.rng);
        let mut desk =
            Self { app, clock, routes, token: String::new(), company: String::new(), body };
        desk.publish_programme().await;
        let account =
            json!({"email": EMAIL, "password": PASSWORD, "name": "Applicant", "locale": "en"});
        desk.post("/api/v1/accounts", &account).await.json(201);
        desk.sign_in().await;
        desk.company = desk.register("例示食品株式会社", "9234567890123").await;
        desk
    }

    /// The body's and the programme's rows, as operator and owner would have made them.
    async fn publish_programme(&self) {
        let now = self.clock.now();
        let mut tx = self.app.db.write().await.expect("a transaction");
        sqlx::query(
            "INSERT INTO party (id, kind, slug, display_name, country, sole_proprietor, publish_consent, created_at, version)
             VALUES ($1, 'body', 'example-body', 'Example Body', 'JP', 0, 0, 0, 1)",
        )
        .bind(&self.body)
        .execute(&mut *tx)
        .await
        .expect("inserts");
        sqlx::query(
            "INSERT INTO programme_version (id, programme, label, owner_id, state, digest, canonical, effective_from, published_at, created_at, version)
             VALUES ($1, $2, $3, $4, 'published', $5, $5, 0, 0, 0, 1)",
        )
        .bind(uuid_v7(now, &*self.app.rng))
        .bind("responsible-hosting")
        .bind("1")
        .bind(&self.body)
        .bind(RESPONSIBLE_HOSTING.as_bytes())
        .execute(&mut *tx)
        .await
        .expect("inserts");
        tx.commit().await.expect("commits");
    }

    async fn sign_in(&mut self) {
        let secret = json!({"email": EMAIL, "password": PASSWORD});
        let session = self.post("/api/v1/sessions", &secret).await.json(200);
        self.token = session["access_token"].as_str().expect("a token").to_owned();
    }

    /// Registers a company that the signed-in person acts for; gives its id.
    async fn register(&self, name: &str, number: &str) -> String {
        let company = json!({"kind": "company", "name": name, "country": "JP",
            "identifiers": [{"scheme": "jp_corporate_number", "value": number}]});
        id(&self.post("/api/v1/parties", &company).await.json(201))
    }

    async fn days_pass(&mut self, days: i64) {
        self.hours_pass(24 * days).await;
    }

    /// Lets hours pass; the session of before has run out then.
    async fn hours_pass(&mut self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
        self.sign_in().await;
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        media_type: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media_type);
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let request = request.body(body.into()).expect("a request");
        let response = self.routes.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = response.into_body().collect().await.expect("a body").to_bytes().to_vec();
        Answer { status, bytes }
    }

    /// Asks as nobody, with one header.
    async fn get_with(&self, path: &str, (name, value): (&str, &str)) -> Answer {
        let request =
            Request::get(path).header(name, value).body(Body::empty()).expect("a request");
        let response = self.routes.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = response.into_body().collect().await.expect("a body").to_bytes().to_vec();
        Answer { status, bytes }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", Body::empty()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "application/json", Body::empty()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string()).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, "application/json", body.to_string()).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, "application/json", body.to_string()).await
    }

    fn application(&self) -> Value {
        json!({"company": self.company, "body": self.body, "kind": "initial",
            "programme": {"id": "responsible-hosting", "version": "1"}, "facilities": [], "facts": []})
    }

    /// Begins an application of the company; gives its path.
    async fn apply(&self) -> String {
        let written = self.post("/api/v1/applications", &self.application()).await.json(201);
        format!("/api/v1/applications/{}", id(&written))
    }

    /// Answers a question of the self-assessment, in words.
    async fn answer(&self, application: &str, words: &str) {
        let facility = self.get(application).await.json(200)["facilities"][0]["id"].clone();
        let body = json!({"version": 0, "facility": facility, "answer": "yes",
            "note": {"text": words, "lang": "en"}});
        self.put(&format!("{application}/answers/RH-1.1"), &body).await.json(200);
    }

    async fn send_file(&self, application: &str, content: impl Into<Body>) -> Answer {
        self.send_file_with(application, "&name=ledger.pdf", content).await
    }

    async fn send_file_with(
        &self,
        application: &str,
        more: &str,
        content: impl Into<Body>,
    ) -> Answer {
        let application = last(application);
        let path = format!(
            "/api/v1/evidence?application={application}&period_from=2026-01-01&period_to=2026-06-30{more}"
        );
        self.send("POST", &path, "application/pdf", content).await
    }

    /// Attaches a file to an application; gives the evidence's path.
    async fn attach(&self, application: &str, content: &'static [u8]) -> String {
        format!("/api/v1/evidence/{}", id(&self.send_file(application, content).await.json(201)))
    }

    /// An assessment of an application, which the signed-in person may read for the body; gives its path.
    async fn assess(&self, application: &str) -> String {
        let assessment = uuid_v7(self.clock.now(), &*self.app.rng);
        let mut tx = self.app.db.write().await.expect("a transaction");
        sqlx::query(
            "INSERT INTO assessment (id, application_id, kind, state, created_at, version)
             VALUES ($1, $2, 'initial', 'planned', 0, 1)",
        )
        .bind(&assessment)
        .bind(last(application))
        .execute(&mut *tx)
        .await
        .expect("inserts");
        sqlx::query(
            "INSERT INTO membership (id, account_id, party_id, role, from_at, accepted_at)
             SELECT $1, id, $2, 'quality_manager', 0, 0 FROM account",
        )
        .bind(&assessment)
        .bind(&self.body)
        .execute(&mut *tx)
        .await
        .expect("inserts");
        tx.commit().await.expect("commits");
        format!("/api/v1/assessments/{assessment}")
    }

    /// Every key that the database still gives.
    async fn remaining_keys(&self) -> Vec<DataKey> {
        let rows: Vec<(DataKeyId, Vec<u8>)> =
            sqlx::query_as("SELECT id, wrapped FROM data_key WHERE wrapped IS NOT NULL")
                .fetch_all(self.app.db.reader())
                .await
                .expect("reads");
        let open = |(id, wrapped): (DataKeyId, Vec<u8>)| {
            DataKey::unwrap(&wrapped, id.as_str(), &self.app.seal).expect("a key")
        };
        rows.into_iter().map(open).collect()
    }

    /// Every free text as it is kept: its id and the sealed bytes.
    async fn notes(&self) -> Vec<(String, Vec<u8>)> {
        let notes = sqlx::query_as("SELECT id, ciphertext FROM note");
        notes.fetch_all(self.app.db.reader()).await.expect("reads")
    }

    /// What the database says past the rules.
    async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(self.app.db.reader()).await.expect("reads")
    }

    /// How many rows there are of what follows `FROM`.
    async fn count(&self, rows: &'static str) -> i64 {
        let sql = format!("SELECT CAST(count(*) AS BIGINT) FROM {rows}");
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        count.fetch_one(self.app.db.reader()).await.expect("counts")
    }

    /// Writes past the rules.
    async fn write(&self, sql: &'static str, binds: &[&str]) {
        let mut tx = self.app.db.write().await.expect("a transaction");
        let mut query = sqlx::query(sql);
        for bind in binds {
            query = query.bind((*bind).to_owned());
        }
        query.execute(&mut *tx).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        tx.commit().await.expect("commits");
    }

    /// What the company's audit trail says that the registry did by itself.
    async fn trail_of_nobody(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT action || ' by nobody: ' || subject FROM audit
             WHERE account_id IS NULL AND party_id = $1 AND outcome = 'done' ORDER BY id",
        )
        .bind(&self.company)
        .fetch_all(self.app.db.reader())
        .await
        .expect("reads")
    }

    /// The signed-in person, and company and body of an application.
    async fn parties_of_an_application(&self) -> (AccountId, PartyId, PartyId) {
        sqlx::query_as("SELECT c.id, a.company_id, a.body_id FROM application a, account c LIMIT 1")
            .fetch_one(self.app.db.reader())
            .await
            .expect("reads")
    }

    /// A certificate of the company's, as a decision would have granted it.
    async fn certify(&self, number: &str) {
        let mut tx = self.app.db.write().await.expect("a transaction");
        sqlx::query(
            "INSERT INTO certificate (id, number, body_id, company_id, programme, state, created_at, version)
             VALUES ($1, $1, $2, $3, 'responsible-hosting', 'withdrawn', 0, 1)",
        )
        .bind(number)
        .bind(&self.body)
        .bind(&self.company)
        .execute(&mut *tx)
        .await
        .expect("inserts");
        tx.commit().await.expect("commits");
    }
}

/// The id at the end of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn id(written: &Value) -> String {
    written["id"].as_str().expect("an id").to_owned()
}
