//! Mail: what people are told of what happened, in their language.
//!
//! [`tell`] writes into the transaction of what happened; [`post`] sends what is due, again and again until a server
//! takes it. A mail is composed when it is sent or read ([`letter`]), from ids and public facts, so that it says no
//! more than the page that it leads to.

pub mod letter;
pub mod post;
mod store;
#[cfg(test)]
mod tests;

use akashi_schemas::text_enum;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::accounts;
use super::app::App;
use super::authorisation::{Role, Task};
use super::db::json::JsonText;
use super::id::{AccountId, PartyId};

pub use store::{Counts, Failure, Mail, PAGE, counts, failures, get, of_account};

text_enum! {
    /// What a mail tells.
    pub enum Kind {
        /// One is invited to act for a party.
        Invited = "invited",
        /// One is given a task on an application.
        TaskGiven = "task_given",
        /// One's application was given back to be completed.
        Returned = "returned",
        /// One's application was taken on.
        Accepted = "accepted",
        /// One's application was declined.
        Declined = "declined",
        /// Findings were issued.
        FindingsIssued = "findings_issued",
        /// A company answers its findings.
        AnswersGiven = "answers_given",
        /// A reviewer gave a recommendation, and one is to decide.
        Recommended = "recommended",
        /// An application was decided. What was decided stands on its page alone.
        Decided = "decided",
        /// Somebody complains of one's body or a holder of its certificates.
        ComplaintFiled = "complaint_filed",
        /// A company appeals against a decision of one's body.
        AppealFiled = "appeal_filed",
        /// A certificate was suspended.
        Suspended = "suspended",
        /// An application is idle and is going to lapse.
        Idle = "idle",
        /// A certificate is going to expire.
        Expiring = "expiring",
    }
}

/// What a mail says beside its kind and its party: words and public facts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// A certificate's number.
    pub number: Option<String>,
    /// The day on which something ends.
    pub day: Option<Date>,
    /// The role that one is invited to.
    pub role: Option<Role>,
    /// The task that one is given.
    pub task: Option<Task>,
}

/// Something to tell.
#[derive(Debug, Clone)]
pub struct News<'a> {
    /// What.
    pub kind: Kind,
    /// Which occurrence of it: an id, with a version where the same may come again. Nobody is told of one twice.
    pub about: String,
    /// The path of the page about it.
    pub path: String,
    /// The party that it is about, whose name whoever is told may read.
    pub party: Option<&'a PartyId>,
    /// The rest.
    pub facts: Facts,
}

/// Tells people, in the transaction of what happened: it is sent once that is committed, and each is told once.
///
/// # Errors
/// When the database refuses.
pub async fn tell(
    tx: &mut AnyConnection,
    app: &App,
    receivers: &[AccountId],
    news: &News<'_>,
) -> Result<(), sqlx::Error> {
    let facts = JsonText(&news.facts).text()?;
    for receiver in receivers {
        store::insert(tx, app, receiver, news, &facts).await?;
    }
    Ok(())
}

/// Those who hold a role in a party at this moment.
///
/// # Errors
/// When the database refuses.
pub async fn holders(
    db: &mut AnyConnection,
    party: &PartyId,
    role: Role,
) -> Result<Vec<AccountId>, sqlx::Error> {
    let members = accounts::store::members(db, party).await?;
    Ok(members.into_iter().filter(|m| m.role == role).map(|m| m.account_id).collect())
}
