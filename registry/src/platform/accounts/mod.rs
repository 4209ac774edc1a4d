//! Accounts: people, how they sign in, and what they are in which party.

pub mod api;
pub mod pages;
mod passwords;
pub mod rules;
pub mod store;
mod throttle;
mod tokens;

use sqlx::AnyConnection;

pub use throttle::SignInThrottle;
pub use tokens::{TokenIssuer, TokenKeyError};

use super::authorisation::Membership;
use super::id::{AccountId, SessionId};

/// Somebody signed in at a browser.
#[derive(Debug)]
pub struct Seat {
    /// The account.
    pub account: AccountId,
    /// The sign-in.
    pub session: SessionId,
    /// What the person is, and where.
    pub memberships: Vec<Membership>,
    /// The person's name.
    pub name: String,
    /// The language the person is spoken to in.
    pub locale: rules::Locale,
}

/// Who sits at the browser whose cookie has this hash, at a moment in milliseconds.
///
/// # Errors
/// When the database refuses.
pub async fn seated(
    db: &mut AnyConnection,
    hash: &[u8],
    now: i64,
) -> Result<Option<Seat>, sqlx::Error> {
    let mut rows = store::by_cookie(db, hash, now).await?;
    let memberships = rows.iter_mut().filter_map(|row| {
        let role = row.role.take()?.parse().ok()?;
        Some(Membership { party: row.party_id.take()?, role })
    });
    let memberships = memberships.collect();
    Ok(rows.pop().map(|row| Seat {
        account: row.account_id,
        session: row.session_id,
        memberships,
        name: row.name,
        locale: row.locale.parse().unwrap_or(rules::Locale::En),
    }))
}
