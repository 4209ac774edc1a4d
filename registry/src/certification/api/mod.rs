//! Certification over HTTP: each handler loads, authorises, asks the rules, writes.

pub(in crate::certification) mod appeals;
pub(in crate::certification) mod applications;
pub(in crate::certification) mod assessments;
pub(in crate::certification) mod assignments;
pub(in crate::certification) mod certificates;
pub(in crate::certification) mod complaints;
pub(in crate::certification) mod decisions;
pub(in crate::certification) mod erasure;
pub(in crate::certification) mod evidence;
pub(in crate::certification) mod fees;
pub(in crate::certification) mod findings;
pub(in crate::certification) mod parties;
pub(in crate::certification) mod people;
pub(in crate::certification) mod programmes;

use akashi_schemas::misleading::misleads;
pub(super) use decisions::apply_rule;
use serde::Serialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use super::rules::refusal::Refusal;
use super::store::parties::PartyKind;
use super::store::{self, UpdateError};
use crate::platform::app::App;
use crate::platform::id::PartyId;
use crate::platform::problem::Problem;

/// Certification's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(parties::routes())
        .merge(people::routes())
        .merge(programmes::routes())
        .merge(applications::routes())
        .merge(assignments::routes())
        .merge(evidence::routes())
        .merge(erasure::routes())
        .merge(assessments::routes())
        .merge(findings::routes())
        .merge(decisions::routes())
        .merge(certificates::routes())
        .merge(complaints::routes())
        .merge(appeals::routes())
        .merge(fees::routes())
}

/// The answer to a write: what was written and its version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Written {
    /// The id of what was written.
    id: String,
    /// Where it stands now, for what has a state.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Its version now, to be named by the next write.
    version: i64,
}

impl Written {
    fn new(id: impl std::fmt::Display, version: i64) -> Self {
        Self { id: id.to_string(), state: None, version }
    }

    fn moved(id: impl std::fmt::Display, state: &'static str, version: i64) -> Self {
        Self { id: id.to_string(), state: Some(state), version }
    }
}

/// Refuses a request that saw another version than the current one.
///
/// # Errors
/// [`Problem::StaleVersion`].
fn check_version(seen: i64, current: i64) -> Result<(), Problem> {
    if seen == current { Ok(()) } else { Err(Problem::StaleVersion { seen, current }) }
}

impl From<UpdateError> for Problem {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Stale { seen, current } => Self::StaleVersion { seen, current },
            UpdateError::Database(error) => error.into(),
        }
    }
}

/// The certification body that a request names.
///
/// # Errors
/// [`Problem::Invalid`] when the party is another or none.
async fn check_body(db: &mut AnyConnection, id: &PartyId) -> Result<(), Problem> {
    match store::parties::get(db, id).await? {
        Some(party) if party.kind == PartyKind::Body => Ok(()),
        _ => Err(Problem::invalid("/body", "is no certification body here")),
    }
}

/// What is said in public: one line that a page can show.
///
/// # Errors
/// [`Problem::Invalid`] when it is longer than 500 characters or has a character that misleads.
fn check_public_reason(text: &str) -> Result<(), Problem> {
    if text.chars().count() <= 500 && !misleads(text) {
        return Ok(());
    }
    Err(Problem::invalid(
        "/public_reason",
        "must have at most 500 characters, none of them one that cannot be seen or turns the direction of writing",
    ))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongState { event, state, allowed_from, who } => Self::WrongState {
                event: event.to_owned(),
                state: state.to_owned(),
                allowed_from: allowed_from.into_iter().map(str::to_owned).collect(),
                who: who.iter().map(ToString::to_string).collect(),
            },
            Refusal::Missing { event, missing, .. } => Self::Incomplete {
                event: event.to_owned(),
                missing: missing
                    .iter()
                    .filter_map(|item| {
                        let mut value = serde_json::to_value(item).ok()?;
                        value.as_object_mut()?.insert("detail".into(), item.to_string().into());
                        Some(value)
                    })
                    .collect(),
            },
            partial @ Refusal::Partial { .. } => {
                Self::ConflictOfInterest { detail: partial.to_string() }
            }
        }
    }
}
