//! Certificates, credentials and status lists, for everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use akashi_schemas::{CertificateNumber, NumberError, Programme};
use akashi_verifier::credential::Credential as Payload;
use askama::Template as _;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Public, SECURED};
use super::pages::{
    Asked, CertificatePage, CompanyPage, FacilityPage, HomePage, Nothing, Payloads, SearchPage,
    SearchRow, level_title, programme_title,
};
use super::rules::document::{Document, Facts, ProgrammeName};
use super::rules::place::Place as Where;
use super::rules::search::Question;
use super::store::{self, Place, PublicCertificate, Wanted};
use crate::certification::file;
use crate::certification::rules::certificate::Standing;
use crate::certification::store::{certificates, parties, programmes};
use crate::issuance::{self, Kind};
use crate::log;
use crate::platform::app::App;
use crate::platform::clock::instant;
use crate::platform::id::PartyId;
use crate::platform::media_type::{preferred, wants_page};
use crate::platform::pages::{View, as_wanted};
use crate::platform::paging::Page;
use crate::platform::problem::{Problem, ProblemDetails};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/", axum::routing::get(home))
        .routes(routes!(list))
        .routes(routes!(certificate))
        .routes(routes!(credential))
        .routes(routes!(log_proof))
        .routes(routes!(status_list))
        .routes(routes!(facility))
        .routes(routes!(company))
}

async fn home(view: View) -> Response {
    view.page(StatusCode::OK, &HomePage { view: &view })
}

/// What the list may be asked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// A holder's name in any script, with slips, or a certificate number.
    #[serde(default)]
    q: String,
    /// A programme's id.
    #[serde(default)]
    programme: String,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    country: String,
    /// Where a facility or the holder is: a region (ISO 3166-2, or a prefecture's name), or a municipality.
    #[serde(default)]
    place: String,
    /// `active`, `suspended`, `withdrawn`, `terminated` or `expired`.
    #[serde(default)]
    state: String,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: String,
}

impl ListQuery {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let given = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let state = given(&self.state).map(|state| state.parse()).transpose();
        let number: Option<CertificateNumber> = self.q.parse().ok();
        let question = if number.is_none() && !self.slip() { Question::of(&self.q) } else { None };
        Ok(Wanted {
            question,
            number: number.map(|number| number.to_string()),
            programme: given(&self.programme),
            country: given(&self.country).map(|country| country.to_uppercase()),
            place: Where::of(&self.place),
            state: state.map_err(|unknown: akashi_schemas::UnknownWord| {
                Problem::invalid("state", format!("is none of {}", unknown.expected.join(", ")))
            })?,
        })
    }

    fn after(&self) -> Result<Option<Place>, Problem> {
        let place = |text: &str| {
            let (score, number) = text.split_once('.')?;
            Some(Place { score: score.parse().ok()?, number: number.to_owned() })
        };
        match self.cursor.as_str() {
            "" => Ok(None),
            text => place(text)
                .map(Some)
                .ok_or_else(|| Problem::invalid("cursor", "is not one that this list gave")),
        }
    }

    /// Whether the question looks like a number: it begins so, or has a digit among its letters. A name may have as
    /// many letters as a number has.
    fn is_like_a_number(&self) -> bool {
        self.q.trim().to_uppercase().starts_with("AK-") || self.q.chars().any(char::is_numeric)
    }

    /// Whether the question is a number with a slip in it: it is marked as one and cannot be, or only its check
    /// character does not fit.
    fn slip(&self) -> bool {
        let is_marked = self.q.trim().to_uppercase().starts_with("AK-");
        match self.q.parse::<CertificateNumber>() {
            Ok(_) => false,
            Err(NumberError::Check) => self.is_like_a_number(),
            Err(_) => is_marked,
        }
    }

    /// What it means when nothing is found.
    fn nothing(&self) -> Nothing {
        let narrowed = [&self.programme, &self.country, &self.place, &self.state];
        if self.slip() {
            Nothing::Slip
        } else if narrowed.into_iter().any(|text| !text.trim().is_empty()) {
            Nothing::Narrowed
        } else if self.q.parse::<CertificateNumber>().is_ok() && self.is_like_a_number() {
            Nothing::Number
        } else if self.q.trim().is_empty() {
            Nothing::Yet
        } else {
            Nothing::Name
        }
    }

    /// The address of the page at a cursor.
    fn path(&self, cursor: &str) -> String {
        let pairs = [
            ("q", self.q.as_str()),
            ("programme", &self.programme),
            ("country", &self.country),
            ("place", &self.place),
            ("state", &self.state),
            ("cursor", cursor),
        ];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        format!("/certificates?{query}")
    }
}

/// A certificate in the list.
#[derive(Debug, Serialize, ToSchema)]
struct Item {
    number: String,
    /// The name it is shown by; empty of a sole proprietor who took the consent back.
    holder: String,
    level: String,
    #[schema(value_type = String)]
    state: Standing,
    #[schema(value_type = String, format = DateTime)]
    valid_until: Timestamp,
    #[serde(skip)]
    programme: ProgrammeName,
    #[serde(skip)]
    facilities: usize,
}

/// A page of the list.
#[derive(Debug, Serialize, ToSchema)]
struct List {
    items: Vec<Item>,
    /// The cursor of the next page, or null on the last one.
    next: Option<String>,
    /// The last log leaf that the list reflects; null while it is empty.
    leaf: Option<i64>,
    /// Why nothing can be found by what was asked, when `q` is a number with a slip in it: its check character does
    /// not fit. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    slip: Option<String>,
}

/// Every certificate that was ever granted and released, best matches first.
#[utoipa::path(get, path = "/certificates", params(ListQuery), tag = "public", responses(
    (status = 200, description = "JSON, or a page for whoever prefers text/html", body = List),
    (status = "4XX", body = ProblemDetails)))]
async fn list(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Query(query): Query<ListQuery>,
) -> Response {
    let result = list_answer(&app, &view, &headers, &query).await;
    as_wanted(&headers, &view, result)
}

async fn list_answer(
    app: &App,
    view: &View,
    headers: &HeaderMap,
    query: &ListQuery,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let found = find_all(&mut db, app.clock.now(), query).await?;
    if !wants_page(headers) {
        return Ok(Public::json(&found)?.at_leaf(found.leaf.unwrap_or(-1)).answer(headers));
    }
    let rows = rows(&mut db, view, found.items).await?;
    let next = found.next.map(|cursor| query.path(&cursor));
    let programmes = published(&mut db, view).await?;
    let page = SearchPage { rows, next, programmes, ..search_page(view, query) };
    Ok(view.page(StatusCode::OK, &page))
}

async fn find_all(
    db: &mut AnyConnection,
    now: Timestamp,
    query: &ListQuery,
) -> Result<List, Problem> {
    let (mut wanted, after) = (query.wanted()?, query.after()?);
    let slip = query.slip().then(|| NumberError::Check.to_string());
    let mut rows = Vec::new();
    if slip.is_none() {
        rows = store::list(db, &wanted, after.as_ref(), now.as_millisecond()).await?;
        // Nine letters may be a name too.
        if rows.is_empty() && wanted.number.is_some() && !query.is_like_a_number() {
            (wanted.number, wanted.question) = (None, Question::of(&query.q));
            rows = store::list(db, &wanted, after.as_ref(), now.as_millisecond()).await?;
        }
    }
    let page = Page::cut(rows, |row| format!("{}.{}", row.score, row.certificate.number));
    let mut items = Vec::new();
    for row in page.items {
        let facts: Facts =
            serde_json::from_str(&row.certificate.json).map_err(Problem::internal)?;
        items.extend(item(row.certificate, &facts, now));
    }
    Ok(List { items, next: page.next, leaf: store::leaf(db).await?, slip })
}

fn item(row: PublicCertificate, facts: &Facts, now: Timestamp) -> Option<Item> {
    let valid_until = instant(row.valid_until);
    let state = crate::certification::rules::certificate::standing(row.state, valid_until, now)?;
    let PublicCertificate { number, holder, level, .. } = row;
    let (programme, facilities) = (facts.programme.clone(), facts.facilities.len());
    Some(Item { number, holder, level, state, valid_until, programme, facilities })
}

/// The programmes that the list may be narrowed to: id and title, each once.
async fn published(db: &mut AnyConnection, view: &View) -> Result<Vec<(String, String)>, Problem> {
    let mut titles = BTreeMap::new();
    for row in programmes::all_published(db).await? {
        let programme = file::programme(db, &row.id).await?;
        titles.insert(programme.id.clone(), programme_title(view, &programme).to_owned());
    }
    Ok(titles.into_iter().collect())
}

/// Certificates as a page lists them: each level by its title.
async fn rows(
    db: &mut AnyConnection,
    view: &View,
    items: Vec<Item>,
) -> Result<Vec<SearchRow>, Problem> {
    let mut programmes = BTreeMap::new();
    for ProgrammeName { id, version, digest } in items.iter().map(|item| &item.programme) {
        if !programmes.contains_key(digest) {
            programmes.insert(*digest, programme(db, id, version).await?);
        }
    }
    let numbers: Vec<&str> = items.iter().map(|item| &*item.number).collect();
    let names = store::other_names(db, &numbers).await?;
    let called = |number: &str, kind: &str| {
        let of_it = names.iter().rev().find(|(of, is, _)| of == number && is == kind);
        of_it.map(|(_, _, name)| name.clone())
    };
    let row = |item: Item| {
        let programme = programmes.get(&item.programme.digest).and_then(Option::as_deref);
        SearchRow {
            path: format!("/certificates/{}", item.number),
            level: level_title(view, programme, &item.level).to_owned(),
            formerly: called(&item.number, "former"),
            now_called: called(&item.number, "current"),
            facilities: item.facilities,
            number: item.number,
            holder: if item.holder.is_empty() { view.text("unnamed") } else { item.holder },
            state: item.state,
            until: view.moment_day(item.valid_until),
        }
    };
    Ok(items.into_iter().map(row).collect())
}

/// A published programme version; none when there is no such.
pub(super) async fn programme(
    db: &mut AnyConnection,
    id: &str,
    version: &str,
) -> Result<Option<Arc<Programme>>, Problem> {
    match programmes::published(db, id, version).await? {
        Some(published) => file::programme(db, &published.id).await.map(Some),
        None => Ok(None),
    }
}

/// The page of what was asked, before anything is found.
fn search_page<'a>(view: &'a View, query: &ListQuery) -> SearchPage<'a> {
    SearchPage {
        view,
        asked: Asked {
            q: query.q.clone(),
            programme: query.programme.clone(),
            country: query.country.clone(),
            place: query.place.clone(),
            state: query.state.clone(),
        },
        nothing: query.nothing(),
        programmes: Vec::new(),
        rows: Vec::new(),
        next: None,
        states: Standing::ALL,
    }
}

/// The number that somebody typed.
fn number(text: &str) -> Result<CertificateNumber, Problem> {
    text.parse().map_err(|error| match error {
        NumberError::Check => Problem::invalid("number", error.to_string()),
        _ => Problem::NotFound("certificate"),
    })
}

async fn document(
    db: &mut AnyConnection,
    app: &App,
    text: &str,
) -> Result<(PublicCertificate, Document), Problem> {
    let unknown = || Problem::NotFound("certificate");
    let row = store::shown(db, &number(text)?.to_string()).await?.ok_or_else(unknown)?;
    let facts: Facts = serde_json::from_str(&row.json).map_err(Problem::internal)?;
    let leaf = u64::try_from(row.leaf).map_err(Problem::internal)?;
    let document = Document::at(facts, row.state, leaf, app.clock.now()).ok_or_else(unknown)?;
    Ok((row, document))
}

/// Where a certificate stands. A number whose check character does not fit is told from one that was
/// never given out.
#[utoipa::path(get, path = "/certificates/{number}", params(("number" = String, Path)), tag = "public", responses(
    (status = 200, description = "JSON, or a page for whoever prefers text/html", body = Document),
    (status = "4XX", body = ProblemDetails)))]
async fn certificate(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Response {
    match certificate_answer(&app, &view, &headers, &number).await {
        Err(problem @ Problem::Invalid(_)) if wants_page(&headers) => {
            let query = ListQuery { q: number, ..ListQuery::default() };
            let page = SearchPage { nothing: Nothing::Slip, ..search_page(&view, &query) };
            view.page(problem.status(), &page)
        }
        result => as_wanted(&headers, &view, result),
    }
}

async fn certificate_answer(
    app: &App,
    view: &View,
    headers: &HeaderMap,
    number: &str,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let (row, document) = document(&mut db, app, number).await?;
    if !wants_page(headers) {
        return Ok(Public::json(&document)?.at_leaf(row.leaf).answer(headers));
    }
    let html = certificate_html(&mut db, app, view, &row, &document).await?;
    Ok(Public::new("text/html; charset=utf-8", html).at_leaf(row.leaf).answer(headers))
}

async fn certificate_html(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    row: &PublicCertificate,
    document: &Document,
) -> Result<String, Problem> {
    let credentials = issuance::credentials_of(db, &row.id).await?;
    let current = credentials.iter().find(|credential| credential.id == document.credential_id());
    let current = current.ok_or(Problem::NotFound("credential"))?;
    let read = |bytes: &[u8]| serde_json::from_slice::<Payload>(bytes).map_err(Problem::internal);
    let earlier = document.earlier_credential_id();
    let earlier = credentials.iter().find(|credential| Some(&*credential.id) == earlier);
    let payloads = Payloads {
        current: &read(&current.payload)?,
        earlier: earlier.map(|credential| read(&credential.payload)).transpose()?,
        given_out: document.names_holder(),
    };
    let name = &document.facts().programme;
    let programme = programme(db, &name.id, &name.version).await?;
    let programme = programme.ok_or(Problem::NotFound("programme version"))?;
    let zone = file::zone(&programme)?;
    let link = app.origin.url(&format!("/certificates/{}", row.number));
    let unnamed =
        (!document.names_holder()).then(|| document.clone().with_names_as(&view.text("unnamed")));
    let document = unnamed.as_ref().unwrap_or(document);
    CertificatePage::new(view, document, &payloads, &programme, &zone, link)
        .render()
        .map_err(Problem::internal)
}

/// Which form of a credential a link asks for, where no `Accept` can.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FormQuery {
    /// `di_jcs` (JSON with an embedded proof) or `vc_jwt`; without it `Accept` decides.
    form: Option<String>,
}

/// The media type that is answered, of those of the secured forms.
fn secured(headers: &HeaderMap, asked: Option<&str>) -> Result<&'static str, Problem> {
    match asked {
        Some("di_jcs") => Ok(SECURED[0]),
        Some("vc_jwt") => Ok(SECURED[1]),
        Some(_) => Err(Problem::invalid("form", "is di_jcs or vc_jwt")),
        None => {
            preferred(headers, &SECURED).ok_or(Problem::NotAcceptable { offers: SECURED.to_vec() })
        }
    }
}

/// A released credential, while its holder may be named: `application/vc`, JSON with an `eddsa-jcs-2022` proof, or `application/vc+jwt`.
/// Whoever prefers a page is led to the certificate's.
#[utoipa::path(get, path = "/credentials/{id}", params(("id" = String, Path), FormQuery), tag = "public", responses(
    (status = 200, body = Vec<u8>, content_type = "application/vc"),
    (status = 303, description = "to the certificate's page, for whoever prefers text/html"),
    (status = "4XX", body = ProblemDetails)))]
async fn credential(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<FormQuery>,
) -> Response {
    let result = credential_answer(&app, &view, &headers, &id, query.form.as_deref()).await;
    as_wanted(&headers, &view, result)
}

async fn credential_answer(
    app: &App,
    view: &View,
    headers: &HeaderMap,
    id: &str,
    asked: Option<&str>,
) -> Result<Response, Problem> {
    let [di_jcs, vc_jwt] = SECURED;
    let wants_page = preferred(headers, &[di_jcs, vc_jwt, "text/html"]) == Some("text/html");
    let media_type = match asked {
        None if wants_page => di_jcs,
        asked => secured(headers, asked)?,
    };
    let form = if media_type == di_jcs { "di_jcs" } else { "vc_jwt" };
    let unknown = || Problem::NotFound("credential");
    let mut db = app.db.reader().acquire().await?;
    let bytes = issuance::form(&mut db, id, form).await?.ok_or_else(unknown)?;
    let certificate = issuance::certificate_of(&mut db, id).await?.ok_or_else(unknown)?;
    if asked.is_none() && wants_page {
        let number = store::number_of(&mut db, &certificate).await?.ok_or_else(unknown)?;
        return Ok(Redirect::to(&view.url(format!("/certificates/{number}"))).into_response());
    }
    if !store::may_be_named(&mut db, &certificate).await? {
        return Err(Problem::NotShown);
    }
    Ok(Public::new(media_type, bytes).answer(headers))
}

/// The proof that a released credential stands in the log: a C2SP tlog-proof under the newest checkpoint.
#[utoipa::path(get, path = "/credentials/{id}/log-proof", params(("id" = String, Path)), tag = "public", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = "4XX", body = ProblemDetails)))]
async fn log_proof(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::NotFound("credential");
    let mut db = app.db.reader().acquire().await?;
    let certificate = issuance::certificate_of(&mut db, &id).await?.ok_or_else(unknown)?;
    let credentials = issuance::credentials_of(&mut db, &certificate).await?;
    let released = |row: &&issuance::CredentialRow| {
        row.id == id && row.state == issuance::CredentialState::Released
    };
    let leaf = credentials.iter().find(released).ok_or_else(unknown)?.leaf_ord;
    let proof = log::proof(&mut db, leaf).await?.ok_or(Problem::NotFound("log proof"))?;
    Ok(Public::new("text/plain; charset=utf-8", proof).answer(&headers))
}

/// A status list: a signed `BitstringStatusListCredential`, with the log leaf that it reflects in
/// `Akashi-Leaf`.
#[utoipa::path(get, path = "/status/{list}", params(("list" = String, Path), FormQuery), tag = "public", responses(
    (status = 200, body = Vec<u8>, content_type = "application/vc"),
    (status = "4XX", body = ProblemDetails)))]
async fn status_list(
    State(app): State<App>,
    headers: HeaderMap,
    Path(list): Path<String>,
    Query(query): Query<FormQuery>,
) -> Result<Response, Problem> {
    let media_type = secured(&headers, query.form.as_deref())?;
    let kind = if media_type == SECURED[0] { Kind::StatusList } else { Kind::StatusListJwt };
    let mut db = app.db.reader().acquire().await?;
    let list =
        issuance::published(&mut db, kind, &list).await?.ok_or(Problem::NotFound("status list"))?;
    Ok(Public::new(media_type, list.bytes).at_leaf(list.leaf).answer(&headers))
}

/// A facility that a certificate covers.
#[derive(Debug, Serialize, ToSchema)]
struct Facility {
    id: String,
    name: String,
    /// The numbers of the certificates that cover it.
    certificates: Vec<String>,
}

/// The facility that a credential names, and the certificates that cover it.
#[utoipa::path(get, path = "/facilities/{id}", params(("id" = String, Path)), tag = "public", responses(
    (status = 200, description = "JSON, or a page for whoever prefers text/html", body = Facility),
    (status = "4XX", body = ProblemDetails)))]
async fn facility(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let result = facility_answer(&app, &view, &headers, &id).await;
    as_wanted(&headers, &view, result)
}

async fn facility_answer(
    app: &App,
    view: &View,
    headers: &HeaderMap,
    id: &str,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let uri = app.origin.url(&format!("/facilities/{id}"));
    let (mut name, mut covering) = (None, Vec::new());
    for number in certificates::numbers_with(&mut db, id).await? {
        let Some(row) = store::shown(&mut db, &number).await? else { continue };
        let facts: Facts = serde_json::from_str(&row.json).map_err(Problem::internal)?;
        let mut named = facts.facilities.iter().filter(|covered| !covered.name.is_empty());
        if let Some(covered) = named.find(|covered| covered.id == uri)
            && let Some(item) = item(row, &facts, app.clock.now())
        {
            name = Some(covered.name.clone());
            covering.push(item);
        }
    }
    let name = name.ok_or(Problem::NotFound("facility"))?;
    if wants_page(headers) {
        let rows = rows(&mut db, view, covering).await?;
        return Ok(view.page(StatusCode::OK, &FacilityPage { view, name, rows }));
    }
    let certificates = covering.into_iter().map(|item| item.number).collect();
    Ok(Public::json(&Facility { id: uri, name, certificates })?.answer(headers))
}

/// A company that no public register knows, as its credentials name it.
#[derive(Debug, Serialize, ToSchema)]
struct Company {
    id: String,
    /// The name it is shown by: of a sole proprietor trade name and municipality.
    name: String,
    municipality: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Its certificates.
    certificates: Vec<Item>,
}

/// The holder that a credential names by its address here, and its certificates.
#[utoipa::path(get, path = "/companies/{id}", params(("id" = String, Path)), tag = "public", responses(
    (status = 200, description = "JSON, or a page for whoever prefers text/html", body = Company),
    (status = "4XX", body = ProblemDetails)))]
async fn company(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Path(id): Path<PartyId>,
) -> Response {
    let result = company_answer(&app, &view, &headers, &id).await;
    as_wanted(&headers, &view, result)
}

async fn company_answer(
    app: &App,
    view: &View,
    headers: &HeaderMap,
    id: &PartyId,
) -> Result<Response, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let found = find_company(&mut db, app, id).await?;
    if !wants_page(headers) {
        return Ok(Public::json(&found)?.answer(headers));
    }
    let Company { name, municipality, country, certificates, .. } = found;
    let rows = rows(&mut db, view, certificates).await?;
    Ok(view.page(StatusCode::OK, &CompanyPage { view, name, municipality, country, rows }))
}

/// A company is here when a public certificate names it so, and it consents to be shown.
async fn find_company(db: &mut AnyConnection, app: &App, id: &PartyId) -> Result<Company, Problem> {
    let unknown = || Problem::NotFound("company");
    let party = parties::get(db, id).await?.filter(parties::Party::may_be_shown);
    let party = party.ok_or_else(unknown)?;
    let uri = app.origin.url(&format!("/companies/{id}"));
    let (mut name, mut held) = (None, Vec::new());
    for certificate in certificates::of_company(db, id).await? {
        let Some(row) = store::shown(db, &certificate.number).await? else { continue };
        let facts: Facts = serde_json::from_str(&row.json).map_err(Problem::internal)?;
        if facts.holder.id == uri {
            held.extend(item(row, &facts, app.clock.now()));
            name = Some(facts.holder.name);
        }
    }
    let name = name.ok_or_else(unknown)?;
    let (municipality, country) = (party.municipality, party.country);
    Ok(Company { id: uri, name, municipality, country, certificates: held })
}
