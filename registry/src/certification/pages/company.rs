//! A company's page: its record, facilities and people, and where it applies.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use super::certificates::CertificateRow;
use super::{Names, Notice, desk_page, done, language};
use crate::certification::api::applications::draft;
use crate::certification::api::parties::{
    facilities as facility_api, members as member_api, registration,
};
use crate::certification::file;
use crate::certification::rules::application::ApplicationKind;
use crate::certification::rules::transition::may_be_applied_for;
use crate::certification::store::programmes::ProgrammeVersion;
use crate::certification::store::{certificates, facilities, parties, programmes};
use crate::platform::accounts;
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::forms::{Forms, Sent, Typed, made, or_problem};
use crate::platform::id::PartyId;
use crate::platform::problem::Problem;
use crate::platform::visitor::Visitor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/companies/new", get(new).post(register))
        .route("/desk/companies/{id}", get(company))
        .route("/desk/companies/{id}/facility", post(add_facility))
        .route("/desk/companies/{id}/invite", post(invite))
        .route("/desk/companies/{id}/apply", get(before).post(apply))
}

desk_page! {
    /// Where a company is registered.
    NewPage<'a>, "desk/company_new.html" {}
}

async fn new(State(app): State<App>, visitor: Visitor) -> Response {
    let forms = Forms::new(&app, &visitor);
    new_page(&visitor, &forms)
}

fn new_page(visitor: &Visitor, forms: &Forms) -> Response {
    let view = &visitor.view;
    let notice = Notice::of(view, forms, &Names::default());
    visitor.page(forms.status(), &NewPage { view, visitor, forms, notice, done: None })
}

/// What was typed, as the API takes it.
fn registration_of(typed: &Typed) -> Value {
    let named = [("kana", "kana"), ("roman", "roman"), ("trade", "trade")];
    let names = named
        .into_iter()
        .filter_map(|(field, kind)| Some(json!({ "kind": kind, "name": typed.optional(field)? })));
    let number = typed.optional("identifiers").map(|number| {
        let digits: String = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        json!({ "scheme": "jp_corporate_number", "value": digits })
    });
    json!({
        "kind": "company", "name": typed.text("name"), "names": names.collect::<Vec<_>>(),
        "country": typed.text("country"), "municipality": typed.optional("municipality"),
        "identifiers": number.into_iter().collect::<Vec<_>>(),
        "sole_proprietor": typed.ticked("sole_proprietor"), "publish_consent": typed.ticked("publish_consent"),
    })
}

async fn register(State(app): State<App>, mut sent: Sent) -> Response {
    let body = registration_of(&sent.typed);
    let done =
        sent.carry_out(body, |write| registration::register(State(app.clone()), write)).await;
    let id = match done {
        Ok(answer) => made(answer).await,
        Err(problem) => Err(problem),
    };
    match id {
        Ok(id) => sent.visitor.go(format!("/desk/companies/{id}?done=register")),
        Err(problem) => new_page(&sent.visitor, &sent.back(&app, "register", problem)),
    }
}

desk_page! {
    /// A company.
    CompanyPage<'a>, "desk/company.html" {
        here: String,
        name: String,
        identifiers: Vec<(String, String)>,
        places: Vec<Place>,
        members: Vec<Member>,
        certificates: Vec<CertificateRow>,
        erased: bool,
        decisions: String,
    }
}

/// A facility.
struct Place {
    name: String,
    kind: &'static str,
    address: String,
    workers: i64,
    residents: i64,
}

/// Somebody of the company, or invited to be.
struct Member {
    name: String,
    accepted: bool,
}

async fn company(State(app): State<App>, visitor: Visitor, Path(id): Path<PartyId>) -> Response {
    let forms = Forms::new(&app, &visitor);
    show(&app, &visitor, &id, &forms).await
}

async fn show(app: &App, visitor: &Visitor, id: &PartyId, forms: &Forms) -> Response {
    or_problem(visitor, page(app, visitor, id, forms).await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &PartyId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, id).await?.ok_or(Problem::NotFound("party"))?;
    visitor.actor.authorise(Action::ReadParty, &party.subject(), "party")?;
    let own = facilities::of_party(&mut db, id).await?;
    let members = accounts::store::members_and_invited(&mut db, id).await?;
    let held = certificates::held_by(&mut db, id).await?;
    let certificates = super::certificates::rows(&mut db, app, view, held).await?;
    let page = CompanyPage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: done(visitor),
        here: format!("/desk/companies/{id}"),
        decisions: format!("/desk/parties/{id}/decisions"),
        name: party.display_name,
        identifiers: parties::identifiers(&mut db, id).await?,
        places: own
            .into_iter()
            .map(|f| Place {
                name: f.name,
                kind: f.kind.as_str(),
                address: f.address,
                workers: f.workers,
                residents: f.residents,
            })
            .collect(),
        members: members
            .into_iter()
            .map(|m| Member { accepted: m.accepted_at.is_some(), name: m.name })
            .collect(),
        certificates,
        erased: crate::platform::data_keys::destroyed_at(
            &mut db,
            crate::platform::data_keys::Subject::Party(id),
        )
        .await?
        .is_some(),
    };
    Ok(visitor.page(forms.status(), &page))
}

async fn answer(
    app: &App,
    sent: Sent,
    id: &PartyId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("/desk/companies/{id}?done={form}")),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}

async fn add_facility(State(app): State<App>, Path(id): Path<PartyId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let count = |field: &str| typed.optional(field).map_or(json!(0), |_| typed.number(field));
    let body = json!({
        "kind": typed.text("kind"), "name": typed.text("name"), "address": typed.text("address"),
        "region": typed.text("region"), "country": typed.text("country"), "workers": count("workers"),
        "residents": count("residents"),
    });
    let handler = |write| facility_api::add_facility(State(app.clone()), Path(id.clone()), write);
    let done = sent.carry_out(body, handler).await;
    answer(&app, sent, &id, "facility", done).await
}

async fn invite(State(app): State<App>, Path(id): Path<PartyId>, mut sent: Sent) -> Response {
    let body = json!({ "email": sent.typed.text("email"), "role": "applicant" });
    let handler = |write| member_api::add_member(State(app.clone()), Path(id.clone()), write);
    let done = sent.carry_out(body, handler).await;
    answer(&app, sent, &id, "invite", done).await
}

desk_page! {
    /// What to know before one applies, and where one begins.
    BeforePage<'a>, "desk/apply.html" {
        here: String,
        back: String,
        name: String,
        offers: Vec<Offer>,
        places: Vec<(String, String)>,
    }
}

/// A programme under which a body may certify.
struct Offer {
    value: String,
    programme: String,
    programme_path: String,
    body: String,
    fees: Vec<(String, String)>,
}

async fn before(State(app): State<App>, visitor: Visitor, Path(id): Path<PartyId>) -> Response {
    let forms = Forms::new(&app, &visitor);
    or_problem(&visitor, before_page(&app, &visitor, &id, &forms).await)
}

async fn before_page(
    app: &App,
    visitor: &Visitor,
    id: &PartyId,
    forms: &Forms,
) -> Result<Response, Problem> {
    let view = &visitor.view;
    let mut db = app.db.reader().acquire().await?;
    let party = parties::get(&mut db, id).await?.ok_or(Problem::NotFound("party"))?;
    visitor.actor.authorise(Action::Apply, &party.subject(), "party")?;
    let now = app.clock.now();
    let mut offers = Vec::new();
    let published = programmes::all_published(&mut db).await?;
    for offered in programmes::offers(&mut db, now).await? {
        let programme = file::programme(&mut db, &offered.version_id).await?;
        let kind = ApplicationKind::Initial;
        let terms_of = |version: &&ProgrammeVersion| version.programme == programme.id;
        let versions: Vec<_> =
            published.iter().filter(terms_of).map(ProgrammeVersion::term).collect();
        if may_be_applied_for(&programme.version, kind, &versions, now).is_err() {
            continue;
        }
        let terms = offered.terms.as_deref().and_then(|terms| serde_json::from_str(terms).ok());
        let terms: Option<crate::certification::api::parties::Terms> = terms;
        let fees = terms.into_iter().flat_map(|terms| terms.fees);
        offers.push(Offer {
            value: format!("{} {} {}", offered.body_id, programme.id, programme.version),
            programme: programme.title.get(language(view)).to_owned(),
            programme_path: format!("/programmes/{}/{}", programme.id, programme.version),
            body: offered.body,
            fees: fees.map(|fee| (fee.item().to_owned(), fee.shown())).collect(),
        });
    }
    let own = facilities::of_party(&mut db, id).await?;
    let page = BeforePage {
        view,
        visitor,
        forms,
        notice: Notice::of(view, forms, &Names::default()),
        done: done(visitor),
        here: format!("/desk/companies/{id}/apply"),
        back: format!("/desk/companies/{id}"),
        name: party.display_name,
        offers,
        places: own
            .into_iter()
            .filter(|f| f.kind != akashi_schemas::FacilityKind::Whole)
            .map(|f| (f.id.to_string(), f.name))
            .collect(),
    };
    Ok(visitor.page(forms.status(), &page))
}

async fn apply(State(app): State<App>, Path(id): Path<PartyId>, mut sent: Sent) -> Response {
    let typed = &sent.typed;
    let mut offer = typed.text("offer").splitn(3, ' ');
    let mut next = || offer.next().unwrap_or_default();
    let (body, programme, version) = (next(), next(), next());
    let body = json!({
        "company": id, "body": body, "programme": { "id": programme, "version": version }, "kind": "initial",
        "facilities": typed.all("facilities").collect::<Vec<_>>(), "facts": [],
    });
    let done = sent.carry_out(body, |write| draft::create(State(app.clone()), write)).await;
    let made = match done {
        Ok(answer) => made(answer).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(application) => sent.visitor.go(format!("/desk/applications/{application}")),
        Err(problem) => {
            let forms = sent.back(&app, "apply", problem);
            or_problem(&sent.visitor, before_page(&app, &sent.visitor, &id, &forms).await)
        }
    }
}
