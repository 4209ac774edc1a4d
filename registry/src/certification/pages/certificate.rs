//! A certificate's page: what it attests, where it stands and why, its files, and what may be done with it.

mod act;

use std::sync::Arc;

use akashi_schemas::Programme;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

pub(super) use act::{ACTS, FIELDS};

use super::certificates::stands;
use super::{Notice, Said, desk_page, done, level_title};
use crate::certification::api::certificates as api;
use crate::certification::file;
use crate::certification::rules::certificate::{self, CertificateState, EventKind};
use crate::certification::rules::dates::Zone;
use crate::certification::store::certificates::{self, Listed, Told, Version};
use crate::certification::store::facilities::{self, Facility};
use crate::certification::store::suspensions;
use crate::issuance::{self, CredentialState};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::clock::instant;
use crate::platform::data_keys::Subject;
use crate::platform::forms::{Forms, or_problem};
use crate::platform::notes;
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/desk/certificates/{number}", get(certificate)).merge(act::routes())
}

/// A certificate with what its pages show and what its acts depend on.
struct Loaded {
    listed: Listed,
    versions: Vec<Version>,
    latest: Version,
    programme: Arc<Programme>,
    zone: Zone,
    scope: Vec<Facility>,
    told: Vec<Told>,
    /// The findings that its suspension is for: the id, the criterion, where each stands.
    findings: Vec<(String, String, String)>,
    credentials: Vec<issuance::CredentialRow>,
    now: Timestamp,
}

impl Loaded {
    /// Loads a certificate for somebody who may read it.
    async fn load(
        db: &mut AnyConnection,
        (app, actor): (&App, &Actor),
        number: &str,
    ) -> Result<Self, Problem> {
        let found = api::find(db, number).await?;
        actor.authorise(Action::ReadCertificate, &found.subject(), "certificate")?;
        let listed = certificates::listed(db, &found.id).await?;
        let versions = certificates::versions(db, &found.id).await?;
        let latest = versions.last().cloned().ok_or(sqlx::Error::RowNotFound)?;
        let programme = file::programme(db, &latest.programme_version_id).await?;
        Ok(Self {
            zone: file::zone(&programme)?,
            scope: facilities::of_version(db, &latest.id).await?,
            told: certificates::told(db, &found.id).await?,
            findings: match found.state {
                CertificateState::Suspended => suspensions::findings(db, &found.id).await?,
                _ => Vec::new(),
            },
            credentials: issuance::credentials_of(db, found.id.as_str()).await?,
            now: app.clock.now(),
            listed,
            versions,
            latest,
            programme,
        })
    }

    fn state(&self) -> CertificateState {
        self.listed.certificate.state
    }

    fn path(&self) -> String {
        format!("/desk/certificates/{}", self.listed.certificate.number)
    }

    fn day(&self, view: &View, ms: i64) -> String {
        view.day(self.zone.day(instant(ms)))
    }

    fn has_expired(&self) -> bool {
        self.now > instant(self.latest.valid_until)
    }

    /// Whether the latest version's credential was voided, so that the version has none.
    fn is_voided(&self) -> bool {
        let own =
            |row: &&issuance::CredentialRow| row.certificate_version_id == self.latest.id.as_str();
        let last = self.credentials.iter().rev().find(own);
        last.is_some_and(|row| row.state == CredentialState::Voided)
    }

    /// The last suspension, while it lasts.
    fn suspension(&self) -> Option<&Told> {
        let last = self.told.iter().rev().find(|told| told.kind == EventKind::Suspended);
        last.filter(|_| self.state() == CertificateState::Suspended)
    }

    /// The last second at which the suspension may be lifted.
    fn may_be_lifted_until(&self) -> Option<Timestamp> {
        let months = self.programme.rules.suspension_max_months;
        let ends = |told: &Told| {
            certificate::suspension_ends(&self.zone, instant(told.effective_at), months)
        };
        self.suspension().map(ends)
    }

    /// The findings that keep the suspension from being lifted.
    fn open_findings(&self) -> impl Iterator<Item = &(String, String, String)> {
        self.findings.iter().filter(|(.., state)| state != "closed")
    }
}

/// Something that happened, with what the public reads and what those who act on the certificate do.
struct Moment {
    day: String,
    kind: &'static str,
    public_reason: Option<String>,
    said: Option<Said>,
}

/// Why it is suspended, and what lifts that.
struct Suspension {
    cause: Option<String>,
    until: Option<String>,
    lifted_until: Option<String>,
    is_late: bool,
    proposed: Option<String>,
    findings: Vec<(String, String, String)>,
    waits: bool,
}

/// A version of the certificate.
struct Row {
    n: i64,
    level: String,
    from: String,
    until: String,
}

desk_page! {
    /// A certificate.
    CertificatePage<'a>, "desk/certificate.html" {
        number: String,
        company: String,
        company_path: Option<String>,
        body: String,
        programme: String,
        state: &'static str,
        next: &'static str,
        level: String,
        facilities: Vec<String>,
        from: String,
        until: String,
        days_left: i64,
        counts: bool,
        suspension: Option<Suspension>,
        moments: Vec<Moment>,
        versions: Vec<Row>,
        credential: Option<String>,
        open: Vec<(&'static str, String)>,
        closed: Vec<&'static str>,
    }
}

async fn certificate(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Response {
    or_problem(&visitor, page(&app, &visitor, &number).await)
}

async fn page(app: &App, visitor: &Visitor, number: &str) -> Result<Response, Problem> {
    let view = &visitor.view;
    let forms = &Forms::new(app, visitor);
    let mut db = app.db.reader().acquire().await?;
    let loaded = Loaded::load(&mut db, (app, &visitor.actor), number).await?;
    let moments = moments(&mut db, app, view, &loaded).await?;
    let Listed { certificate, company, body, proposed_at, .. } = &loaded.listed;
    let company_party = crate::platform::authorisation::Subject {
        company: Some(certificate.company_id.clone()),
        ..Default::default()
    };
    let state = stands(certificate.state, loaded.latest.valid_until, loaded.now);
    let (open, closed) = act::of(&visitor.actor, &loaded);
    let left = instant(loaded.latest.valid_until).duration_since(loaded.now);
    let released = |row: &&issuance::CredentialRow| row.state == CredentialState::Released;
    let language = super::language(view);
    let page = CertificatePage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &super::Names::default()),
        done: done(visitor),
        number: certificate.number.clone(),
        company: company.clone(),
        company_path: visitor
            .actor
            .may(Action::Terminate, &company_party)
            .then(|| format!("/desk/companies/{}", certificate.company_id)),
        body: body.clone(),
        programme: loaded.programme.title.get(language).to_owned(),
        state,
        next: if proposed_at.is_some() { "proposed" } else { state },
        level: level_title(view, &loaded.programme, &loaded.latest.level).to_owned(),
        facilities: loaded.scope.iter().map(|facility| facility.name.clone()).collect(),
        from: loaded.day(view, loaded.latest.valid_from),
        until: loaded.day(view, loaded.latest.valid_until),
        days_left: left.as_secs() / SignedDuration::from_hours(24).as_secs(),
        counts: matches!(state, "active" | "suspended"),
        suspension: suspension(view, &loaded),
        moments,
        versions: loaded.versions.iter().rev().map(|version| row(view, &loaded, version)).collect(),
        credential: loaded.credentials.iter().rev().find(released).map(|row| row.id.clone()),
        open: open.into_iter().map(|act| (act, format!("{}/{act}", loaded.path()))).collect(),
        closed,
    };
    Ok(visitor.page(forms.status(), &page))
}

fn row(view: &View, loaded: &Loaded, version: &Version) -> Row {
    Row {
        n: version.n,
        level: level_title(view, &loaded.programme, &version.level).to_owned(),
        from: loaded.day(view, version.valid_from),
        until: loaded.day(view, version.valid_until),
    }
}

fn suspension(view: &View, loaded: &Loaded) -> Option<Suspension> {
    let told = loaded.suspension()?;
    let lifted_until = loaded.may_be_lifted_until();
    let day = |ms| loaded.day(view, ms);
    let finding = |(id, criterion, state): &(String, String, String)| {
        (format!("/desk/findings/{id}"), criterion.clone(), view.word("finding-state", state))
    };
    Some(Suspension {
        cause: told.cause.as_deref().map(|cause| view.word("cert-cause", cause)),
        until: loaded.listed.suspended_until.map(day),
        is_late: lifted_until.is_some_and(|until| until < loaded.now),
        lifted_until: lifted_until.map(|until| day(until.as_millisecond())),
        proposed: loaded.listed.proposed_at.map(day),
        waits: loaded.open_findings().next().is_some(),
        findings: loaded.findings.iter().map(finding).collect(),
    })
}

/// What happened, the last first, each with its reasons.
async fn moments(
    db: &mut AnyConnection,
    app: &App,
    view: &View,
    loaded: &Loaded,
) -> Result<Vec<Moment>, Problem> {
    let noted: Vec<_> = loaded.told.iter().filter_map(|told| told.reason_note.as_ref()).collect();
    let company = Subject::Party(&loaded.listed.certificate.company_id);
    let notes = notes::read(db, app, company, &noted).await?;
    let moment = |told: &Told| {
        let said = notes.of_optional(told.reason_note.as_ref())?;
        Ok(Moment {
            day: loaded.day(view, told.effective_at),
            kind: told.kind.as_str(),
            public_reason: told.public_reason.clone(),
            said: said.map(|shown| Said::of(view, shown)),
        })
    };
    loaded.told.iter().rev().map(moment).collect()
}
