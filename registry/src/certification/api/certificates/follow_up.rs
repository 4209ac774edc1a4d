//! Surveillance and special assessments: opened by the body, decided like anything else.

use akashi_schemas::text_enum;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::find;
use crate::certification::api::{Written, check_version};
use crate::certification::file::{self, AssessmentFile};
use crate::certification::ids::ApplicationId;
use crate::certification::rules::application::{ApplicationKind, ApplicationState};
use crate::certification::rules::certificate::CertificateState;
use crate::certification::rules::surveillance::{self, Opening, Term, Window, WindowState};
use crate::certification::store::applications::Application;
use crate::certification::store::surveillance::{self as store, FollowUp, Watched};
use crate::certification::store::{Transition, applications, certificates};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Subject};
use crate::platform::clock::{instant, rfc3339};
use crate::platform::id::PartyId;
use crate::platform::notes::Text;
use crate::platform::paging::{PAGE_ROWS, Page};
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(calendar))
}

text_enum! {
    /// What the body opens.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum FollowUpKind {
        /// In its time.
        Surveillance = "surveillance",
        /// Out of turn, for a reason.
        Special = "special",
    }
}

impl FollowUpKind {
    const fn application(self) -> ApplicationKind {
        match self {
            Self::Surveillance => ApplicationKind::Surveillance,
            Self::Special => ApplicationKind::Special,
        }
    }
}

/// An assessment of a certificate in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// The certificate's version seen.
    version: i64,
    kind: FollowUpKind,
    /// Why; needed for a special one.
    reason: Option<Text>,
}

/// Opens a surveillance or special assessment: an application that the body has taken on already, for what the certificate
/// covers today. From there it is assigned, assessed, reviewed and decided like any other.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/assessments", params(("number" = String, Path)),
    request_body = Open, tag = "certificates",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn open(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Open>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let company = find(&mut act.tx, &number).await?.company_id;
    act.hold(&company).await?;
    let certificate = find(&mut act.tx, &number).await?;
    let (subject, action) = (certificate.subject(), Action::OpenAssessment);
    act.authorise(action, &subject, "certificate", &certificate.number).await?;
    check_version(body.version, certificate.version)?;
    let Act { tx, actor, now, .. } = &mut act;
    let (kind, now) = (body.kind.application(), *now);
    let version = certificates::latest_version(tx, &certificate.id).await?;
    let programme = file::programme(tx, &version.programme_version_id).await?;
    let opening = Opening {
        kind,
        state: certificate.state,
        valid_until: instant(version.valid_until),
        conflict: file::conflict_of(tx, &programme, &actor.account, &company, now).await?,
        reason: body.reason.as_ref().map_or("", |reason| &reason.text),
        now,
    };
    opening.may()?;
    let others = store::of_certificate(tx, &certificate.id).await?;
    if others.iter().any(|other| other.state.is_under_way()) {
        let open = "An assessment of this certificate is under way already.";
        return Err(Problem::Duplicate(open.into()));
    }
    let before = AssessmentFile::load(tx, &version.assessment_id).await?.file.application;
    let row = Application {
        id: ApplicationId::new(now, &*app.rng),
        company_id: company,
        body_id: certificate.body_id,
        programme_version_id: version.programme_version_id,
        kind,
        certificate_id: Some(certificate.id),
        state: ApplicationState::Accepted,
        facts: before.facts,
        changed_at: now.as_millisecond(),
        version: 1,
    };
    let scope = certificates::scope(tx, &version.id).await?;
    applications::insert(tx, &row, &scope, &actor.account).await?;
    let note = act.keep_optional(&row.company_id, body.reason.as_ref(), "/reason").await?;
    let (by, at) = (&act.actor.account, act.now);
    let opened = Transition { event: "open", by, reason: note.as_ref(), at };
    let version = applications::advance(&mut act.tx, &row, row.state, &opened).await?;
    act.commit(StatusCode::CREATED, &Written::moved(&row.id, row.state.as_str(), version)).await
}

/// Whose calendar.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfBody {
    /// The body.
    body: PartyId,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// A certificate in the calendar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CalendarRow {
    certificate: String,
    company: String,
    #[schema(value_type = String)]
    state: CertificateState,
    level: String,
    valid_until: String,
    /// When its surveillance is due, the earliest first.
    windows: Vec<WindowView>,
    /// The assessment of it that is under way.
    open: Option<OpenView>,
    /// The certificate's version.
    version: i64,
}

/// The time in which a surveillance is to take place, in days of the programme's zone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WindowView {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    due: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    state: WindowState,
    /// What follows.
    consequence: Option<&'static str>,
}

impl From<Window> for WindowView {
    fn from(window: Window) -> Self {
        let Window { from, due, to, state } = window;
        Self { from, due, to, state, consequence: state.consequence() }
    }
}

/// A surveillance or special assessment that is under way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenView {
    application: ApplicationId,
    #[schema(value_type = String)]
    kind: ApplicationKind,
    #[schema(value_type = String)]
    state: ApplicationState,
}

/// A body's certificates in force, with their surveillance windows, oldest first.
#[utoipa::path(get, path = "/api/v1/surveillance", params(OfBody), tag = "certificates",
    responses((status = 200, body = Page<CalendarRow>), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn calendar(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<OfBody>,
) -> Result<Json<Page<CalendarRow>>, Problem> {
    let subject = Subject { body: Some(query.body.clone()), ..Subject::default() };
    actor.authorise(Action::ReadSurveillance, &subject, "body")?;
    let mut db = app.db.reader().acquire().await?;
    let (now, after) = (app.clock.now(), query.cursor.as_deref().unwrap_or_default());
    let rows = store::watched(&mut db, &query.body, after, now, PAGE_ROWS + 1).await?;
    let all = store::of_watched(&mut db, &query.body, after, now, PAGE_ROWS + 1).await?;
    let page = Page::cut(rows, |row| row.id.to_string());
    let mut items = Vec::new();
    for row in page.items {
        let programme = file::programme(&mut db, &row.programme_version_id).await?;
        let of_it: Vec<_> = all.iter().filter(|other| other.certificate_id == row.id).collect();
        items.push(calendar_row(row, &programme, &of_it, now)?);
    }
    Ok(Json(Page { items, next: page.next }))
}

fn calendar_row(
    row: Watched,
    programme: &akashi_schemas::Programme,
    of_it: &[&FollowUp],
    now: Timestamp,
) -> Result<CalendarRow, Problem> {
    let term = Term {
        from: instant(row.term_from),
        until: instant(row.valid_until),
        every_months: programme.level(&row.level).map_or(0, |level| level.surveillance_months),
    };
    let surveys = of_it.iter().filter(|other| other.kind == ApplicationKind::Surveillance);
    let done: Vec<_> = surveys.filter_map(|other| other.decided_at).map(instant).collect();
    let windows = surveillance::windows(&file::zone(programme)?, term, &done, now);
    let open = of_it.iter().find(|other| other.state.is_under_way());
    Ok(CalendarRow {
        certificate: row.number,
        company: row.company,
        state: row.state,
        level: row.level,
        valid_until: rfc3339(row.valid_until),
        windows: windows.into_iter().map(WindowView::from).collect(),
        open: open.map(|other| OpenView {
            application: other.id.clone(),
            kind: other.kind,
            state: other.state,
        }),
        version: row.version,
    })
}
