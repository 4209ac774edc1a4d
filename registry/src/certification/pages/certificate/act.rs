//! What people do with a certificate: each act has a page that says what follows from it and takes what it needs, and a
//! second one that shows what was typed before it is done.

use akashi_schemas::FacilityKind;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use sqlx::AnyConnection;
use utoipa_axum::router::OpenApiRouter;

use super::Loaded;
use crate::certification::api::applications::draft;
use crate::certification::api::certificates::{credentials, reduction, status};
use crate::certification::file::{self, AssessmentFile};
use crate::certification::pages::{Names, Notice, desk_page, language, level_title};
use crate::certification::rules::certificate::{CertificateEvent, CertificateState};
use crate::certification::rules::decision::SuspensionCause;
use crate::certification::rules::{application::ApplicationKind, certificate};
use crate::certification::store::{findings, programmes};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor};
use crate::platform::forms::{Forms, Sent, Typed, made, or_problem};
use crate::platform::pages::View;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/desk/certificates/{number}/{act}", get(opened).post(sent))
}

/// What is done with a certificate, by the word in its page's address: the decision maker's acts, then the holder's.
pub(in crate::certification::pages) const ACTS: &[&str] = &[
    "suspend",
    "reinstate",
    "reduce",
    "withdraw-certificate",
    "reissue",
    "renew",
    "change-scope",
    "terminate",
];

/// The fields that are shown once more before an act is done.
pub(in crate::certification::pages) const FIELDS: &[&str] = &[
    "cause",
    "hearing",
    "until",
    "findings",
    "level",
    "facilities",
    "cause_closed",
    "reason",
    "public_reason",
];

/// Who may do it.
fn action(act: &str) -> Action {
    match act {
        "renew" | "change-scope" | "terminate" => Action::Terminate,
        _ => Action::DecideCertificate,
    }
}

/// Whether it makes a draft, which is no decision and needs no second look.
fn is_begun(act: &str) -> bool {
    matches!(act, "renew" | "change-scope")
}

/// Whether the certificate is where this can be done.
fn is_open(act: &str, loaded: &Loaded) -> bool {
    use CertificateEvent::{Reduce, Reinstate, Reissue, Suspend, Terminate, Withdraw};
    let from = |event: CertificateEvent| {
        event.moves().iter().any(|(from, _): &(CertificateState, _)| *from == loaded.state())
    };
    let in_time = || loaded.may_be_lifted_until().is_some_and(|until| loaded.now <= until);
    match act {
        "suspend" => from(Suspend) && !loaded.has_expired(),
        "reinstate" => from(Reinstate) && in_time() && loaded.open_findings().next().is_none(),
        "reduce" => from(Reduce) && !loaded.has_expired(),
        "withdraw-certificate" => from(Withdraw),
        "reissue" => from(Reissue) && loaded.is_voided() && !loaded.has_expired(),
        "renew" | "change-scope" => from(CertificateEvent::Extend) && !loaded.has_expired(),
        _ => from(Terminate),
    }
}

/// What somebody may do here now, and what not now.
pub(super) fn of(actor: &Actor, loaded: &Loaded) -> (Vec<&'static str>, Vec<&'static str>) {
    let subject = loaded.listed.certificate.subject();
    let own = ACTS.iter().copied().filter(|act| actor.may(action(act), &subject));
    own.partition(|act| is_open(act, loaded))
}

desk_page! {
    /// Where an act begins.
    ActPage<'a>, "desk/certificate_act.html" {
        here: String,
        certificate: String,
        act: &'static str,
        company: String,
        version: i64,
        open: bool,
        causes: &'static [&'static str],
        latest: String,
        until: String,
        findings: Vec<(String, String)>,
        levels: Vec<(String, String)>,
        level: String,
        facilities: Vec<(String, String)>,
    }
}

desk_page! {
    /// What was typed, before it is done.
    ConfirmPage<'a>, "desk/certificate_confirm.html" {
        here: String,
        certificate: String,
        act: &'static str,
        company: String,
        fields: Vec<(&'static str, String)>,
        kept: Vec<(String, String)>,
    }
}

/// A certificate opened for an act by somebody who may do it.
async fn open(
    db: &mut AnyConnection,
    app: &App,
    actor: &Actor,
    (number, act): (&str, &str),
) -> Result<(Loaded, &'static str), Problem> {
    let act = ACTS.iter().find(|known| **known == act).ok_or(Problem::NotFound("page"))?;
    let loaded = Loaded::load(db, (app, actor), number).await?;
    actor.authorise(action(act), &loaded.listed.certificate.subject(), "certificate")?;
    Ok((loaded, act))
}

async fn opened(
    State(app): State<App>,
    visitor: Visitor,
    Path((number, act)): Path<(String, String)>,
) -> Response {
    let forms = Forms::new(&app, &visitor);
    or_problem(&visitor, page(&app, &visitor, (&number, &act), &forms).await)
}

/// The findings of the assessment that a certificate rests on, as choices.
async fn of_assessment(
    db: &mut AnyConnection,
    view: &View,
    loaded: &Loaded,
) -> Result<Vec<(String, String)>, Problem> {
    let all = findings::of_assessment(db, &loaded.latest.assessment_id).await?;
    let named = |finding: findings::Finding| {
        let criterion = loaded.programme.criterion(&finding.criterion);
        let title = criterion.map_or("", |known| known.title.get(language(view)));
        (finding.id.to_string(), format!("{} {title}", finding.criterion))
    };
    Ok(all.into_iter().map(named).collect())
}

/// The levels that are not better than the one held.
fn levels(view: &View, loaded: &Loaded) -> Vec<(String, String)> {
    let programme = &loaded.programme;
    let rank = programme.level(&loaded.latest.level).map_or(0, |level| level.rank);
    let lower = programme.levels.iter().filter(|level| level.rank >= rank);
    lower.map(|l| (l.id.clone(), level_title(view, programme, &l.id).to_owned())).collect()
}

/// The facilities in scope that may be left out.
fn places(loaded: &Loaded) -> Vec<(String, String)> {
    let apart = loaded.scope.iter().filter(|facility| facility.kind != FacilityKind::Whole);
    apart.map(|facility| (facility.id.to_string(), facility.name.clone())).collect()
}

async fn page(
    app: &App,
    visitor: &Visitor,
    address: (&str, &str),
    forms: &Forms,
) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let (loaded, act) = open(&mut db, app, &visitor.actor, address).await?;
    let findings = match act {
        "suspend" => of_assessment(&mut db, view, &loaded).await?,
        _ => Vec::new(),
    };
    let months = loaded.programme.rules.suspension_max_months;
    let latest = certificate::suspension_ends(&loaded.zone, loaded.now, months);
    let page = ActPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: None,
        here: format!("{}/{act}", loaded.path()),
        certificate: loaded.path(),
        act,
        company: loaded.listed.company.clone(),
        version: loaded.listed.certificate.version,
        open: is_open(act, &loaded),
        causes: SuspensionCause::WORDS,
        latest: loaded.day(view, latest.as_millisecond()),
        until: loaded.day(view, loaded.latest.valid_until),
        findings,
        levels: levels(view, &loaded),
        level: loaded.latest.level.clone(),
        facilities: places(&loaded),
    };
    Ok(visitor.page(forms.status(), &page))
}

async fn sent(
    State(app): State<App>,
    Path((number, act)): Path<(String, String)>,
    mut sent: Sent,
) -> Response {
    let address = (&*number, &*act);
    if !is_begun(&act) && !sent.typed.ticked("confirmed") {
        let page = confirm(&app, &sent.visitor, address, &sent.typed).await;
        return or_problem(&sent.visitor, page);
    }
    match carry_out(&app, &mut sent, address).await {
        Ok(to) => sent.visitor.go(to),
        Err(problem) => {
            let known = ACTS.iter().find(|known| **known == act).copied().unwrap_or_default();
            let forms = sent.back(&app, known, problem);
            or_problem(&sent.visitor, page(&app, &sent.visitor, address, &forms).await)
        }
    }
}

async fn confirm(
    app: &App,
    visitor: &Visitor,
    address: (&str, &str),
    typed: &Typed,
) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let (loaded, act) = open(&mut db, app, &visitor.actor, address).await?;
    let found = match act {
        "suspend" => of_assessment(&mut db, view, &loaded).await?,
        _ => Vec::new(),
    };
    let choices = (found, levels(view, &loaded), places(&loaded));
    let fields = FIELDS.iter().filter_map(|field| {
        let said: Vec<_> = typed.all(field).filter(|value| !value.trim().is_empty()).collect();
        let said: Vec<_> = said.iter().map(|value| shown(view, &choices, field, value)).collect();
        (!said.is_empty()).then(|| (*field, said.join(" · ")))
    });
    let kept = typed.pairs().filter(|(name, _)| !name.starts_with('_'));
    let page = ConfirmPage {
        view,
        visitor,
        forms: &Forms::new(app, visitor),
        notice: None,
        done: None,
        here: format!("{}/{act}", loaded.path()),
        certificate: loaded.path(),
        act,
        company: loaded.listed.company.clone(),
        fields: fields.collect(),
        kept: kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    };
    Ok(visitor.page(axum::http::StatusCode::OK, &page))
}

/// The choices of an act: findings, levels and facilities, each by id and name.
type Choices = (Vec<(String, String)>, Vec<(String, String)>, Vec<(String, String)>);

/// What was typed or chosen, as it is read.
fn shown(view: &View, (findings, levels, places): &Choices, field: &str, value: &str) -> String {
    let named = |known: &[(String, String)]| {
        let found = known.iter().find(|(id, _)| id == value);
        found.map_or_else(|| value.to_owned(), |(_, name)| name.clone())
    };
    match field {
        "cause" if SuspensionCause::WORDS.contains(&value) => view.word("cert-cause", value),
        "hearing" if value == "urgent" => view.word("cert-hearing", "urgent"),
        "hearing" => view.word("cert-hearing", "heard"),
        "cause_closed" => view.text("cert-yes"),
        "findings" => named(findings),
        "level" => named(levels),
        "facilities" => named(places),
        "until" => value.parse().map_or_else(|_| value.to_owned(), |day| view.day(day)),
        _ => value.to_owned(),
    }
}

/// What was typed, as the API takes it.
fn body_of(act: &str, typed: &Typed) -> Value {
    let (version, reason) = (typed.number("version"), typed.note("reason"));
    let public_reason = typed.text("public_reason");
    let chosen = |name| typed.all(name).collect::<Vec<_>>();
    match act {
        "suspend" => json!({
            "version": version, "cause": typed.text("cause"), "reason": reason, "public_reason": public_reason,
            "heard": typed.text("hearing") == "heard", "urgent": typed.text("hearing") == "urgent",
            "until": typed.optional("until"), "findings": chosen("findings"),
        }),
        "reinstate" => json!({
            "version": version, "cause_closed": typed.ticked("cause_closed"), "reason": reason,
            "public_reason": typed.optional("public_reason"),
        }),
        "reduce" => json!({
            "version": version, "level": typed.optional("level"), "facilities": chosen("facilities"),
            "reason": reason, "public_reason": public_reason,
        }),
        "withdraw-certificate" => {
            json!({ "version": version, "reason": reason, "public_reason": public_reason })
        }
        "terminate" => json!({ "version": version, "reason": reason }),
        _ => json!({ "version": version }),
    }
}

/// Does it by the API's handler; gives where it leads.
async fn carry_out(
    app: &App,
    sent: &mut Sent,
    (number, act): (&str, &str),
) -> Result<String, Problem> {
    if is_begun(act) {
        return begin(app, sent, (number, act)).await;
    }
    let body = body_of(act, &sent.typed);
    let (state, path) = (State(app.clone()), Path(number.to_owned()));
    match act {
        "suspend" => sent.carry_out(body, |write| status::suspend(state, path, write)).await,
        "reinstate" => sent.carry_out(body, |write| status::reinstate(state, path, write)).await,
        "reduce" => sent.carry_out(body, |write| reduction::reduce(state, path, write)).await,
        "withdraw-certificate" => {
            sent.carry_out(body, |write| status::withdraw(state, path, write)).await
        }
        "reissue" => sent.carry_out(body, |write| credentials::reissue(state, path, write)).await,
        "terminate" => sent.carry_out(body, |write| status::terminate(state, path, write)).await,
        _ => Err(Problem::NotFound("page")),
    }?;
    Ok(format!("/desk/certificates/{number}?done={act}"))
}

/// Begins the application that renews or changes a certificate: as a draft with the scope and facts that it rests on.
async fn begin(app: &App, sent: &mut Sent, address: (&str, &str)) -> Result<String, Problem> {
    let body = {
        let mut db = app.db.reader().acquire().await?;
        let (loaded, act) = open(&mut db, app, &sent.visitor.actor, address).await?;
        let assessed = AssessmentFile::load(&mut db, &loaded.latest.assessment_id).await?;
        let held = &loaded.listed.certificate;
        let mut programme = assessed.file.programme.clone();
        for offer in programmes::offers(&mut db, app.clock.now()).await? {
            let offered = file::programme(&mut db, &offer.version_id).await?;
            if offer.body_id == held.body_id && offered.id == held.programme {
                programme = offered;
                break;
            }
        }
        let known = programme.facts();
        let facts: Vec<_> =
            assessed.file.facts().iter().filter(|fact| known.contains(fact.as_str())).collect();
        let kind = match act {
            "renew" => ApplicationKind::Renewal,
            _ => ApplicationKind::ScopeChange,
        };
        let facilities: Vec<_> = loaded.scope.iter().map(|facility| &facility.id).collect();
        json!({
            "company": held.company_id, "body": held.body_id, "kind": kind.as_str(), "certificate": held.number,
            "programme": { "id": programme.id, "version": programme.version },
            "facilities": facilities, "facts": facts,
        })
    };
    let answer = sent.carry_out(body, |write| draft::create(State(app.clone()), write)).await?;
    Ok(format!("/desk/applications/{}", made(answer).await?))
}
