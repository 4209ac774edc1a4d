//! The names that a certificate states become others: its holder is renamed, or an error is put right.
//!
//! Level, scope and term stay, and so does the decision that they rest on: an appeal against that one is heard as
//! before. The credential before is superseded when the new one is released, so that there is a valid file at every
//! moment.

use akashi_schemas::FacilityKind;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Changed, Loaded, Words, finish, open, prospect, record};
use crate::certification::api::parties::record::{change_name, is_not_applied_with};
use crate::certification::api::parties::{NAME, name_ok};
use crate::certification::attest;
use crate::certification::ids::{CertificateVersionId, DecisionId, FacilityId};
use crate::certification::rules::certificate::{self, CertificateStep, EventKind};
use crate::certification::rules::decision::DecisionKind;
use crate::certification::store::certificates::{self, Version};
use crate::certification::store::{facilities, parties};
use crate::platform::app::App;
use crate::platform::authorisation::Action;
use crate::platform::id::uuid_v7;
use crate::platform::notes::Text;
use crate::platform::problem::{Problem, ProblemDetails};
use crate::platform::write::{Act, Write};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rename)).routes(routes!(correct))
}

/// A holder's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rename {
    version: i64,
    /// The name from now on; of a sole proprietor the trade name.
    name: String,
    /// Why, and by what it was shown; never public.
    reason: Text,
    /// What is said in public, if anything.
    public_reason: Option<String>,
}

/// An error put right; at least one name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correct {
    version: i64,
    /// The holder's name as it should have been; of a sole proprietor the trade name.
    name: Option<String>,
    /// Names of facilities in scope as they should have been.
    #[serde(default)]
    facilities: Vec<FacilityName>,
    /// Why; never public.
    reason: Text,
    /// What was wrong, as it is said in public.
    public_reason: String,
}

/// A facility's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FacilityName {
    /// The facility.
    id: FacilityId,
    /// Its name.
    name: String,
}

/// Records the holder's new name, in its own record too, and issues the credential anew with it.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/rename", params(("number" = String, Path)),
    request_body = Rename, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn rename(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Rename>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let public_reason = body.public_reason.as_deref();
    let words = Words::of(DecisionKind::Extend, EventKind::Renamed, &body.reason, public_reason);
    let names = Names { holder: Some(&body.name), facilities: &[] };
    restate(act, &loaded, &words, &names).await
}

/// Corrects a name that the certificate states, in the holder's record too, and issues the credential anew.
#[utoipa::path(post, path = "/api/v1/certificates/{number}/correct", params(("number" = String, Path)),
    request_body = Correct, tag = "certificates",
    responses((status = 200, body = Changed), (status = "4XX", body = ProblemDetails)))]
pub(in crate::certification) async fn correct(
    State(app): State<App>,
    Path(number): Path<String>,
    write: Write<Correct>,
) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let loaded = open(&mut act, &number, Action::DecideCertificate, body.version).await?;
    let public_reason = Some(&*body.public_reason);
    let words = Words::of(DecisionKind::Extend, EventKind::Corrected, &body.reason, public_reason);
    let names = Names { holder: body.name.as_deref(), facilities: &body.facilities };
    restate(act, &loaded, &words, &names).await
}

/// The names that become others.
struct Names<'a> {
    holder: Option<&'a str>,
    facilities: &'a [FacilityName],
}

/// Asks the rules, writes the names into the holder's record and makes the version that states them.
async fn restate(
    mut act: Act<'_>,
    loaded: &Loaded,
    words: &Words<'_>,
    names: &Names<'_>,
) -> Result<Response, Problem> {
    let Loaded { certificate, maker, .. } = loaded;
    let step = CertificateStep::Restate {
        maker,
        correction: words.event == EventKind::Corrected,
        public_reason: words.public_reason.unwrap_or_default(),
        prospect: prospect(&mut act, loaded).await?,
    };
    let to = certificate::next(certificate.state, &step)?;
    is_not_applied_with(&mut act.tx, &certificate.company_id).await?;
    write_names(&mut act, loaded, names).await?;
    let decision = record(&mut act, certificate, words).await?;
    let credential = state_anew(&mut act, loaded, words, &decision).await?;
    finish(act, certificate, to, Some(decision), Some(credential)).await
}

/// Writes the names into the holder's record.
async fn write_names(act: &mut Act<'_>, loaded: &Loaded, names: &Names<'_>) -> Result<(), Problem> {
    if names.holder.is_none() && names.facilities.is_empty() {
        return Err(Problem::invalid("/name", "nothing to correct is named"));
    }
    if let Some(name) = names.holder {
        let company = &loaded.certificate.company_id;
        let mut company =
            parties::get(&mut act.tx, company).await?.ok_or(sqlx::Error::RowNotFound)?;
        change_name(act, &mut company, name).await?;
        parties::update(&mut act.tx, &company).await?;
    }
    for (i, FacilityName { id, name }) in names.facilities.iter().enumerate() {
        if !name_ok(name) {
            return Err(Problem::invalid(format!("/facilities/{i}/name"), NAME));
        }
        let scope = facilities::of_version(&mut act.tx, &loaded.version.id).await?;
        let named = |row: &facilities::Facility| &row.id == id && row.kind != FacilityKind::Whole;
        let mut row = scope.into_iter().find(named).ok_or_else(|| {
            Problem::invalid(
                format!("/facilities/{i}/id"),
                "is no facility in scope with a name of its own",
            )
        })?;
        name.trim().clone_into(&mut row.name);
        let fields = serde_json::json!({ "name": row.name }).to_string();
        let (change, by) = (uuid_v7(act.now, &*act.app.rng), &act.actor.account);
        facilities::update(&mut act.tx, &row, &change, by, &fields, act.now).await?;
    }
    Ok(())
}

/// Writes the version that states the names as they are now, and prepares its credential.
async fn state_anew(
    act: &mut Act<'_>,
    Loaded { certificate, version, .. }: &Loaded,
    words: &Words<'_>,
    decision: &DecisionId,
) -> Result<String, Problem> {
    let (tx, app) = (&mut act.tx, act.app);
    let scope = certificates::scope(tx, &version.id).await?;
    let next = Version {
        id: CertificateVersionId::new(act.now, &*app.rng),
        n: version.n + 1,
        valid_from: act.now.as_second() * 1000,
        ..version.clone()
    };
    certificates::add_version(tx, &certificate.id, &next, &scope).await?;
    let change = attest::Change {
        kind: words.event,
        decision: Some(decision),
        public_reason: words.public_reason,
    };
    attest::attest(tx, app, certificate, &next, &change).await
}
