//! Evidence: added to a criterion, several files at once, and read.

use std::collections::BTreeMap;

use akashi_schemas::Programme;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::TryStreamExt as _;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::{Names, Notice, desk_page, done, language};
use crate::certification::api::evidence::{self as api, Attach, Incoming};
use crate::certification::file::File;
use crate::certification::ids::{ApplicationId, EvidenceId, FacilityId, FindingId};
use crate::certification::rules::application::Work;
use crate::certification::store::facilities;
use crate::certification::store::findings::Finding;
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::blobs::FILE_LIMIT;
use crate::platform::forms::{Forms, Typed, by_script, for_script, made, or_problem};
use crate::platform::notes::Shown;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::{Visitor, is_from_here};
use crate::platform::write::{Identity, Write};

/// How many files come at once at most.
const FILES: usize = 20;

/// How many fields come beside them at most.
const FIELDS: usize = 20;

/// How long the text of such a field is at most, in bytes.
const FIELD_LIMIT: usize = 4096;

pub(super) fn routes() -> OpenApiRouter<App> {
    let whole = usize::try_from(FILE_LIMIT).unwrap_or(usize::MAX).saturating_mul(FILES);
    OpenApiRouter::new()
        .route(
            "/desk/applications/{id}/evidence",
            get(form).post(upload).layer(DefaultBodyLimit::max(whole)),
        )
        .route("/desk/evidence/{id}", get(read))
}

/// A piece of evidence as its criterion shows it.
#[derive(Clone)]
pub(super) struct Piece {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) period: String,
    pub(super) expired: bool,
    pub(super) erased: bool,
    criterion: String,
    facility: FacilityId,
    finding: Option<FindingId>,
}

impl Piece {
    /// Whether it was brought to a finding, or speaks to what was found.
    pub(super) fn is_of(&self, finding: &Finding) -> bool {
        self.finding.as_ref() == Some(&finding.id)
            || (self.finding.is_none()
                && self.criterion == finding.criterion
                && self.facility == finding.facility_id)
    }

    /// Whether it speaks to a criterion at a facility.
    pub(super) fn speaks_to(&self, criterion: &str, facility: &str) -> bool {
        self.criterion == criterion && self.facility.as_str() == facility
    }
}

/// The evidence of an application, as pages show it.
pub(super) async fn pieces(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    file: &File,
) -> Result<Vec<Piece>, Problem> {
    let linked = api::of_application(db, app, file, app.clock.now()).await?;
    let day =
        |text: &str| text.parse::<Date>().map_or_else(|_| text.to_owned(), |day| view.day(day));
    let piece = |(i, row): (usize, api::EvidenceView)| {
        let number = (i + 1).to_string();
        let (from, until) = (day(&row.period_from), day(&row.period_to));
        Piece {
            name: match row.name {
                Some(Shown::Text(name)) => name.text,
                _ => view.with("evidence-unnamed", "number", number),
            },
            period: view.format("evidence-period", &[("from", &from), ("until", &until)]),
            expired: row.expired,
            erased: row.erased_at.is_some(),
            id: row.id.to_string(),
            criterion: row.criterion,
            facility: row.facility,
            finding: row.finding,
        }
    };
    Ok(linked.into_iter().enumerate().map(piece).collect())
}

/// What evidence is to speak to.
#[derive(Deserialize)]
struct About {
    criterion: String,
    facility: FacilityId,
    finding: Option<FindingId>,
}

desk_page! {
    /// Where evidence is added.
    UploadPage<'a>, "desk/evidence.html" {
        here: String,
        back: String,
        criterion: &'a str,
        title: &'a str,
        wanted: &'a str,
        facility: String,
        facility_id: String,
        finding: String,
        evidence: Vec<Piece>,
        limit: u64,
    }
}

async fn form(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<ApplicationId>,
    Query(about): Query<About>,
) -> Response {
    let forms = Forms::new(&app, &visitor);
    or_problem(&visitor, page(&app, &visitor, &id, &about, &forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    about: &About,
    forms: &Forms,
) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let file = File::load(&mut db, id).await?;
    visitor.actor.authorise(Action::AttachEvidence, &file.subject, "application")?;
    Work::Attach.in_state(file.application.state)?;
    let criterion =
        file.programme.criterion(&about.criterion).ok_or(Problem::NotFound("criterion"))?;
    let scope = facilities::of_application(&mut db, id).await?;
    let facility =
        scope.iter().find(|f| f.id == about.facility).ok_or(Problem::NotFound("facility"))?;
    let mut evidence = pieces(&mut db, app, view, &file).await?;
    evidence.retain(|piece| piece.speaks_to(&about.criterion, about.facility.as_str()));
    let names = Names::of(scope.iter().map(|f| (&f.id, f.name.as_str())));
    let page = UploadPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &names),
        done: done(visitor),
        here: address(id, about),
        back: back(id, about, &file.programme),
        criterion: &criterion.id,
        title: criterion.title.get(language(view)),
        wanted: criterion.method.get(language(view)),
        facility: facility.name.clone(),
        facility_id: facility.id.to_string(),
        finding: about.finding.as_ref().map(ToString::to_string).unwrap_or_default(),
        evidence,
        limit: FILE_LIMIT / 1024 / 1024,
    };
    Ok(visitor.page(forms.status(), &page))
}

/// Where this page stands: whoever has to sign in first comes back to it.
fn address(id: &ApplicationId, About { criterion, facility, finding }: &About) -> String {
    let finding = finding.as_ref().map(|id| format!("&finding={id}")).unwrap_or_default();
    format!("/desk/applications/{id}/evidence?criterion={criterion}&facility={facility}{finding}")
}

/// Where one came from: the finding, or the criterion in its section.
fn back(id: &ApplicationId, about: &About, programme: &Programme) -> String {
    match &about.finding {
        Some(finding) => format!("/desk/findings/{finding}"),
        None => {
            let section =
                programme.criterion(&about.criterion).map_or("", |known| known.section.as_str());
            format!("/desk/applications/{id}/sections/{section}#{}", about.criterion)
        }
    }
}

/// Takes files that a form sends, each as the API takes one; what came whole is kept, whatever becomes of the next.
async fn upload(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<ApplicationId>,
    request: Request,
) -> Response {
    if !is_from_here(&app, request.headers()) {
        return visitor.problem(&Problem::CrossSite);
    }
    if let Err(problem) = may_attach(&app, &visitor, &id).await {
        return match by_script(request.headers()) {
            true => problem.into_response(),
            false => visitor.problem(&problem),
        };
    }
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let mut fields = BTreeMap::new();
    let taken = match Multipart::from_request(whole, &app).await {
        Ok(form) => take(&app, &visitor, &id, &parts, form, &mut fields).await,
        Err(error) => Err(Problem::MalformedBody(error.to_string())),
    };
    if by_script(&parts.headers) {
        return for_script(taken.map(|_| ().into_response()));
    }
    let about = || {
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let about = json!({
            "criterion": field("criterion"), "facility": field("facility"),
            "finding": fields.get("finding").filter(|finding| !finding.is_empty()),
        });
        serde_json::from_value::<About>(about)
            .map_err(|error| Problem::MalformedBody(error.to_string()))
    };
    let about = match about() {
        Ok(about) => about,
        Err(problem) => return visitor.problem(&problem),
    };
    match taken {
        Ok(_) => visitor.go(format!("{}&done=upload", address(&id, &about))),
        Err(problem) => {
            let pairs =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let forms =
                Forms::returned(&app, &visitor, "upload", Typed::read(pairs.as_bytes()), problem);
            or_problem(&visitor, page(&app, &visitor, &id, &about, &forms).await)
        }
    }
}

/// Whether somebody may attach anything, before anything of it is read.
async fn may_attach(app: &App, visitor: &Visitor, id: &ApplicationId) -> Result<(), Problem> {
    let mut db = app.db.reader().acquire().await?;
    let file = File::load(&mut db, id).await?;
    visitor.actor.authorise(Action::AttachEvidence, &file.subject, "application")
}

/// Reads the form's fields, and receives each of its files and links it to what it speaks to.
async fn take(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    parts: &Parts,
    mut form: Multipart,
    fields: &mut BTreeMap<String, String>,
) -> Result<usize, Problem> {
    let broken =
        |error: axum::extract::multipart::MultipartError| Problem::MalformedBody(error.to_string());
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "files" {
            let text = short(field).await?;
            if fields.len() == FIELDS && !fields.contains_key(&name) {
                return Err(Problem::invalid("evidence", "has too many fields"));
            }
            fields.insert(name, text);
            continue;
        }
        // A form without a chosen file sends one without name and content.
        if field.file_name().is_none_or(str::is_empty) {
            continue;
        }
        let is_theirs = fields.get("_form").is_some_and(|showing| {
            showing
                .split_once('.')
                .is_some_and(|(account, _)| account == visitor.actor.account.as_str())
        });
        if !is_theirs {
            return Err(Problem::NotSignedIn);
        }
        if count == FILES {
            return Err(Problem::invalid("evidence", "are too many at once"));
        }
        let key = |what: &str| {
            Some(format!("{}.{count}{what}", fields["_form"])).filter(|key| key.len() <= 128)
        };
        let evidence = receive(app, visitor, id, fields, (parts, key("f")), field).await?;
        link(app, visitor, id, fields, (parts, key("l")), evidence).await?;
        count += 1;
    }
    if count == 0 { Err(Problem::invalid("evidence", "is not chosen")) } else { Ok(count) }
}

/// The text of a field that is no file.
async fn short(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) =
        field.chunk().await.map_err(|error| Problem::MalformedBody(error.to_string()))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD_LIMIT {
            return Err(Problem::TooLarge { limit: FIELD_LIMIT as u64 });
        }
    }
    String::from_utf8(bytes).map_err(|error| Problem::MalformedBody(error.to_string()))
}

/// Receives one file; gives its id.
async fn receive(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    fields: &BTreeMap<String, String>,
    (parts, key): (&Parts, Option<String>),
    field: Field<'_>,
) -> Result<EvidenceId, Problem> {
    let day = |name: &str| {
        let text = fields.get(name).map(String::as_str).unwrap_or_default();
        text.parse::<Date>().map_err(|_| Problem::invalid(name, "is no day"))
    };
    let expires = fields.get("expires_on").filter(|day| !day.is_empty());
    let query = Attach {
        application: id.clone(),
        period_from: day("period_from")?,
        period_to: day("period_to")?,
        expires_on: expires.map(|_| day("expires_on")).transpose()?,
        name: field.file_name().map(str::to_owned),
    };
    let declared = declared(&field);
    let content = Box::pin(field.map_err(axum::Error::new));
    let identity = |hash| Ok(Identity::keyed(parts, hash, key));
    let answer =
        api::receive(app, visitor.actor.clone(), query, identity, Incoming { declared, content })
            .await?;
    let id = json!(made(answer).await?);
    serde_json::from_value(id).map_err(Problem::internal)
}

/// The type that a file is said to have; a phone's pictures are often said to have none, and are known by their name.
fn declared(field: &Field<'_>) -> String {
    let said = field.content_type().filter(|said| *said != "application/octet-stream");
    let name = field.file_name().unwrap_or_default().to_ascii_lowercase();
    let is_heif = name.ends_with(".heic") || name.ends_with(".heif");
    match said {
        Some(said) if said != "image/heic" => said.to_owned(),
        Some(_) => "image/heif".to_owned(),
        None if is_heif => "image/heif".to_owned(),
        None => "application/octet-stream".to_owned(),
    }
}

async fn link(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    fields: &BTreeMap<String, String>,
    (parts, key): (&Parts, Option<String>),
    evidence: EvidenceId,
) -> Result<(), Problem> {
    let field = |name: &str| fields.get(name).filter(|value| !value.is_empty());
    let to = json!({
        "application": id, "criterion": field("criterion"), "facility": field("facility"), "finding": field("finding"),
    });
    let to =
        serde_json::from_value(to).map_err(|error| Problem::MalformedBody(error.to_string()))?;
    let identity = Identity::keyed(parts, [0; 32], key);
    // Sent twice, the first link counts.
    if identity.answered_before(app, &visitor.actor).await?.is_some() {
        return Ok(());
    }
    let write = Write::new(visitor.actor.clone(), to, identity);
    api::link(State(app.clone()), Path(evidence), write).await.map(drop)
}

/// A file, as the API gives it.
async fn read(State(app): State<App>, visitor: Visitor, Path(id): Path<EvidenceId>) -> Response {
    let file = api::get(State(app), visitor.actor.clone(), Path(id)).await;
    file.unwrap_or_else(|problem| visitor.problem(&problem))
}
