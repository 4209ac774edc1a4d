//! What is public, over HTTP, on both engines.

use akashi_schemas::CertificateNumber;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt as _;

use super::rules::document::{Facts, sample};
use super::rules::search::{Index, Question, RANKED};
use super::store::{self, PublicCertificate};
use crate::certification::rules::certificate::CertificateState;
use crate::certification::store::parties::{self, Party, PartyKind};
use crate::platform::clock::Clock as _;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::http::shell;
use crate::platform::id::PartyId;
use crate::platform::scratch::{FixedClock, app};

on_both_engines!(
    a_holder_is_found_in_any_script_with_a_slip_and_by_number,
    sql_ranks_names_as_the_rule_does,
    the_better_a_name_fits_the_further_up_it_is_listed,
    a_name_of_nine_letters_is_no_number,
    what_nothing_means_is_said,
    the_list_is_narrowed_by_programme_country_and_state,
    every_certificate_is_on_exactly_one_page,
    a_certificate_is_read_by_its_number_however_it_is_typed,
    a_slip_in_a_number_is_told_from_an_unknown_number,
    expiry_comes_with_time_alone,
    writing_a_certificate_anew_replaces_it_and_its_grams,
    what_is_not_there_is_not_found,
    sql_and_rust_name_the_same_holders,
    a_file_is_verified_as_body_and_by_the_form,
);

struct Public {
    routes: Router,
    clock: Arc<FixedClock>,
    app: crate::platform::app::App,
}

impl Public {
    fn of(scratch: &Scratch) -> Self {
        let clock = Arc::<FixedClock>::default();
        let app = app(scratch.db().clone(), clock.clone(), 0);
        let (routes, _) =
            super::routes().merge(crate::platform::accounts::api::routes()).split_for_parts();
        Self { routes: shell(routes, app.clone()), clock, app }
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.routes.clone().oneshot(request).await.expect("an answer")
    }

    async fn get_as(&self, path: &str, accept: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty());
        let response = self.send(request.expect("a request")).await;
        let status = response.status();
        (status, text(response).await)
    }

    async fn json(&self, path: &str) -> (StatusCode, Value) {
        let (status, body) = self.get_as(path, "application/json").await;
        (status, serde_json::from_str(&body).unwrap_or_else(|e| panic!("{path}: {e}: {body}")))
    }

    /// Puts a certificate of a holder into the public's view; gives its number.
    async fn put(&self, n: u8, holder: &str, state: CertificateState) -> String {
        let number = CertificateNumber::draw(counting(n)).to_string();
        let facts = Facts { number: number.clone(), ..sample() };
        let row = PublicCertificate {
            number: number.clone(),
            id: format!("019aaaaa-0000-7000-8000-{n:012}"),
            holder: holder.into(),
            programme: facts.programme.id.clone(),
            country: facts.holder.country.clone(),
            state,
            level: facts.level.clone(),
            valid_until: facts.valid_until.as_millisecond(),
            json: serde_json::to_string(&facts).expect("JSON"),
            leaf: i64::from(n),
        };
        let index = Index::of([("shown".to_owned(), holder.to_owned())], ["JP-23".to_owned()]);
        let mut tx = self.app.db.write().await.expect("a transaction");
        store::put(&mut tx, &row, &index).await.expect("is written");
        tx.commit().await.expect("commits");
        number
    }

    /// The numbers that a query finds, in their order.
    async fn found(&self, query: &str) -> Vec<String> {
        let (status, list) = self.json(&format!("/certificates?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{list}");
        let items = list["items"].as_array().expect("items").iter();
        items.map(|item| item["number"].as_str().expect("a number").to_owned()).collect()
    }
}

/// Draws that begin at a number and count up.
fn counting(mut n: u8) -> impl FnMut() -> [u8; 5] {
    move || {
        n = n.wrapping_add(1);
        [n, 2, 3, 4, n]
    }
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn a_holder_is_found_in_any_script_with_a_slip_and_by_number(scratch: &Scratch) {
    let public = Public::of(scratch);
    let sea = public
        .put(1, "例示アオゾラ水産株式会社 Example Aozora Fisheries", CertificateState::Active)
        .await;
    let hill = public
        .put(50, "例示やまびこ建設 Example Yamabiko Construction", CertificateState::Active)
        .await;
    for asked in [
        "あおぞら",
        "ｱｵｿﾞﾗ",
        "水産",
        "AOZORA",
        "aozara",
        "aozora fisheries",
        &sea,
        &sea.to_lowercase(),
    ] {
        assert_eq!(public.found(&format!("q={}", escaped(asked))).await, [sea.as_str()], "{asked}");
    }
    let both = public.found("q=example").await;
    assert!(both.contains(&sea) && both.contains(&hill));
    assert_eq!(public.found("q=example+yamabiko").await[0], hill, "the best match comes first");
    assert_eq!(public.found("q=orchard").await, Vec::<String>::new());
}

async fn sql_ranks_names_as_the_rule_does(scratch: &Scratch) {
    let public = Public::of(scratch);
    for (name, asked, rank) in RANKED {
        public.put(1, name, CertificateState::Active).await;
        let mut db = public.app.db.reader().acquire().await.expect("a connection");
        let wanted = store::Wanted { question: Question::of(asked), ..store::Wanted::default() };
        let found = store::list(&mut db, &wanted, None, 0).await.expect("reads");
        let scores: Vec<i64> = found.iter().map(|found| found.score).collect();
        assert_eq!(scores, Vec::from_iter(rank.map(|rank| rank.score())), "{asked} → {name}");
    }
}

async fn the_better_a_name_fits_the_further_up_it_is_listed(scratch: &Scratch) {
    let public = Public::of(scratch);
    let mut put = Vec::new();
    for (n, name) in (1..).zip(["Aozera Suisan", "Suisan Aozora", "Aozora Suisan", "Aozora"]) {
        put.push(public.put(50 * n, name, CertificateState::Active).await);
    }
    put.reverse();
    assert_eq!(public.found("q=aozora").await, put);
    put.pop();
    assert_eq!(public.found("q=aozora&place=jp-23&country=jp&state=active").await[..3], put);
    assert_eq!(public.found("q=aozora&place=Osaka").await, Vec::<String>::new());
}

/// Letters alone may make a number whose check character fits, by chance.
async fn a_name_of_nine_letters_is_no_number(scratch: &Scratch) {
    let public = Public::of(scratch);
    let draw = || {
        let mut n = 0_u64;
        move || {
            n += 1;
            let bytes = (n * 0x0001_016B_359D).to_be_bytes();
            [bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]
        }
    };
    let mut draw = draw();
    let letters = std::iter::repeat_with(|| {
        CertificateNumber::draw(&mut draw).to_string()[3..].replace('-', "")
    })
    .find(|text| text.chars().all(char::is_alphabetic))
    .expect("a number of letters alone");
    let held = public.put(1, &letters, CertificateState::Active).await;
    assert_eq!(public.found(&format!("q={letters}")).await, [held]);
    assert_eq!(public.found(&format!("q=AK-{letters}")).await, Vec::<String>::new());
}

async fn what_nothing_means_is_said(scratch: &Scratch) {
    let public = Public::of(scratch);
    let page =
        async |query: &str| public.get_as(&format!("/certificates?{query}"), "text/html").await.1;
    assert!(page("").await.contains("No certificate has been granted here yet"));
    let number = public.put(1, "Example", CertificateState::Active).await;
    let (head, last) = number.split_at(number.len() - 1);
    let slip = format!("{head}{}", if last == "2" { "3" } else { "2" });
    let unknown = CertificateNumber::draw(counting(100)).to_string();
    for (query, words) in [
        (format!("q={slip}"), "There is a slip in this number"),
        (format!("q={}", slip[3..].replace('-', "+")), "There is a slip in this number"),
        (format!("q={unknown}"), "This number was never given out here"),
        ("q=orchard".to_owned(), "may hold a certificate of another registry"),
        ("q=example&state=expired".to_owned(), "Remove them"),
        ("place=Osaka".to_owned(), "Remove them"),
    ] {
        let page = page(&query).await;
        assert!(page.contains(words), "{query}: {page}");
    }
    let (_, list) = public.json(&format!("/certificates?q={slip}")).await;
    assert_eq!(list["items"], serde_json::json!([]));
    assert!(list["slip"].as_str().is_some_and(|slip| slip.contains("check character")), "{list}");
    let (_, list) = public.json("/certificates?q=orchard").await;
    assert_eq!(list.get("slip"), None, "{list}");
}

async fn the_list_is_narrowed_by_programme_country_and_state(scratch: &Scratch) {
    let public = Public::of(scratch);
    let active = public.put(1, "Example One", CertificateState::Active).await;
    let suspended = public.put(50, "Example Two", CertificateState::Suspended).await;
    assert_eq!(public.found("state=active").await, [active.as_str()]);
    assert_eq!(
        public.found("state=suspended&programme=responsible-hosting&country=jp").await,
        [suspended.as_str()]
    );
    assert_eq!(public.found("country=VN").await, Vec::<String>::new());
    assert_eq!(public.found("programme=other").await, Vec::<String>::new());
    assert_eq!(public.found("state=expired").await, Vec::<String>::new());
    for wrong in ["state=gone", "cursor=nowhere"] {
        let (status, problem) = public.json(&format!("/certificates?{wrong}")).await;
        assert_eq!(
            (status, &problem["type"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &"/problems/invalid".into())
        );
    }
}

async fn every_certificate_is_on_exactly_one_page(scratch: &Scratch) {
    let public = Public::of(scratch);
    let mut put = Vec::new();
    for n in 0..120 {
        put.push(public.put(2 * n, "Example", CertificateState::Active).await);
    }
    put.sort();
    put.dedup();
    for query in ["", "q=example"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let (_, list) = public.json(&format!("/certificates?{query}&cursor={cursor}")).await;
            let items = list["items"].as_array().expect("items");
            seen.extend(items.iter().map(|i| i["number"].as_str().expect("a number").to_owned()));
            match list["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, put, "{query}");
    }
}

async fn a_certificate_is_read_by_its_number_however_it_is_typed(scratch: &Scratch) {
    let public = Public::of(scratch);
    let number = public.put(1, "Example", CertificateState::Suspended).await;
    for typed in
        [number.clone(), number.to_lowercase(), number.replace('-', ""), number[3..].to_owned()]
    {
        let (status, document) = public.json(&format!("/certificates/{typed}")).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (&document["number"], &document["state"]),
            (&number.clone().into(), &"suspended".into())
        );
    }
    let request =
        Request::get(format!("/certificates/{number}")).body(Body::empty()).expect("a request");
    let response = public.send(request).await;
    assert_eq!(response.headers()["akashi-leaf"], "1");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=60");
    let etag = response.headers()[header::ETAG].clone();
    let again = Request::get(format!("/certificates/{number}")).header(header::IF_NONE_MATCH, etag);
    assert_eq!(
        public.send(again.body(Body::empty()).expect("a request")).await.status(),
        StatusCode::NOT_MODIFIED
    );
}

async fn a_slip_in_a_number_is_told_from_an_unknown_number(scratch: &Scratch) {
    let public = Public::of(scratch);
    let number = public.put(1, "Example", CertificateState::Active).await;
    let (head, last) = number.split_at(number.len() - 1);
    let slip = format!("{head}{}", if last == "2" { "3" } else { "2" });
    let unknown = CertificateNumber::draw(counting(100)).to_string();
    let (status, problem) = public.json(&format!("/certificates/{slip}")).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &"/problems/invalid".into())
    );
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("slip")), "{problem}");
    let (status, problem) = public.json(&format!("/certificates/{unknown}")).await;
    assert_eq!((status, &problem["type"]), (StatusCode::NOT_FOUND, &"/problems/not-found".into()));
    let (status, page) = public.get_as(&format!("/certificates/{slip}"), "text/html").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("<html") && page.contains("There is a slip in this number"), "{page}");
    let (_, page) = public.get_as(&format!("/certificates?q={slip}"), "text/html").await;
    assert!(page.contains("There is a slip in this number"));
}

async fn expiry_comes_with_time_alone(scratch: &Scratch) {
    let public = Public::of(scratch);
    let number = public.put(1, "Example", CertificateState::Active).await;
    public.clock.advance(SignedDuration::from_hours(24 * 365 * 3));
    let (_, document) = public.json(&format!("/certificates/{number}")).await;
    assert_eq!(document["state"], "expired");
    assert_eq!(public.found("state=expired").await, [number.as_str()]);
    assert_eq!(public.found("state=active").await, Vec::<String>::new());
}

async fn writing_a_certificate_anew_replaces_it_and_its_grams(scratch: &Scratch) {
    let public = Public::of(scratch);
    let number = public.put(1, "Example Before", CertificateState::Active).await;
    assert_eq!(public.put(1, "Example After", CertificateState::Withdrawn).await, number);
    assert_eq!(public.found("q=before").await, Vec::<String>::new());
    assert_eq!(public.found("q=after&state=withdrawn").await, [number]);
}

async fn what_is_not_there_is_not_found(scratch: &Scratch) {
    let public = Public::of(scratch);
    for path in [
        "/credentials/019aaaaa-0000-7000-8000-0000000000c1",
        "/credentials/x/log-proof",
        "/status/x",
        "/bodies/x/did.json",
        "/facilities/x",
        "/programmes/x",
        "/programmes/x/1",
        "/.well-known/akashi/trust-bundle",
        "/.well-known/akashi/root",
    ] {
        let (status, body) = public.get_as(path, "*/*").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(body.contains("/problems/not-found"), "{path}: {body}");
    }
    let (status, body) = public.get_as("/credentials/x", "image/png").await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    assert!(body.contains("/problems/not-acceptable"));
    for path in ["/", "/verify", "/certificates", "/problems/not-found", "/healthz", "/readyz"] {
        assert_eq!(public.get_as(path, "text/html").await.0, StatusCode::OK, "{path}");
    }
    for path in [
        "/.well-known/did.json",
        "/.well-known/jwks.json",
        "/contexts/akashi/v1",
        "/assets/akashi.css",
    ] {
        assert_eq!(public.get_as(path, "*/*").await.0, StatusCode::OK, "{path}");
    }
}

/// The store asks in SQL, and the rest of the registry in Rust, whether a holder may be named.
async fn sql_and_rust_name_the_same_holders(scratch: &Scratch) {
    let public = Public::of(scratch);
    let now = public.clock.now();
    let party = |kind: PartyKind, sole_proprietor: i64, publish_consent: i64| Party {
        id: PartyId::new(now, &*public.app.rng),
        kind,
        slug: None,
        display_name: "Example".into(),
        country: "JP".into(),
        municipality: None,
        sole_proprietor,
        publish_consent,
        terms: None,
        version: 1,
    };
    let mut named = Vec::new();
    for (n, (sole_proprietor, consent, may)) in
        (1..).zip([(0, 0, true), (0, 1, true), (1, 0, false), (1, 1, true)])
    {
        let number = public.put(50 * n, "Example Yamabiko", CertificateState::Active).await;
        let body = party(PartyKind::Body, 0, 0);
        let company = party(PartyKind::Company, sole_proprietor, consent);
        assert_eq!(company.may_be_shown(), may, "{company:?}");

        let mut tx = public.app.db.write().await.expect("a transaction");
        let row = store::get(&mut tx, &number).await.expect("reads").expect("was put");
        for party in [&body, &company] {
            parties::insert(&mut tx, party, now).await.expect("inserts");
        }
        sqlx::query(
            "INSERT INTO certificate (id, number, body_id, company_id, programme, state, created_at, version)
             VALUES ($1, $2, $3, $4, 'p', 'active', 0, 1)",
        )
        .bind(&row.id)
        .bind(&number)
        .bind(&body.id)
        .bind(&company.id)
        .execute(&mut *tx)
        .await
        .expect("inserts");
        let may_be_named = store::may_be_named(&mut tx, &row.id).await.expect("reads");
        assert_eq!(may_be_named, may, "{company:?}");
        let shown = store::shown(&mut tx, &number).await.expect("reads").expect("is shown");
        assert_eq!(shown.holder, if may { "Example Yamabiko" } else { "" }, "{company:?}");
        assert_eq!(shown == row, may, "nothing else tells of it: {shown:?}");
        tx.commit().await.expect("commits");
        named.extend(may.then_some(number));
    }
    let mut found = public.found("q=yamabiko").await;
    found.sort();
    named.sort();
    assert_eq!(found, named);
}

async fn a_file_is_verified_as_body_and_by_the_form(scratch: &Scratch) {
    let public = Public::of(scratch);
    let post = async |media_type: &str, accept: &str, body: Vec<u8>| {
        let request = Request::post("/verify")
            .header(header::CONTENT_TYPE, media_type)
            .header(header::ACCEPT, accept)
            .body(Body::from(body))
            .expect("a request");
        let response = public.send(request).await;
        (response.status(), text(response).await)
    };
    let (status, body) = post("application/vc", "*/*", b"not a credential".to_vec()).await;
    let report: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &report["verdict"]), (StatusCode::OK, &"malformed".into()));
    let form = |content: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n\
             --b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{content}\r\n--b--\r\n"
        )
        .into_bytes()
    };
    let (status, page) = post("multipart/form-data; boundary=b", "text/html", form("{}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("This is not a certificate that Akashi reads"), "{page}");
    let (status, _) = post("multipart/form-data; boundary=b", "*/*", form("")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "nothing to verify");
    let (status, body) = post("multipart/form-data; boundary=b", "*/*", b"--x".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    let (status, body) = post("application/vc", "*/*", vec![b' '; 1024 * 1024 + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
}
