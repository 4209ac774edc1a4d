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

use super::app::App;
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

/// Deletes the cookies of browsers whose time is over: they open nothing any more.
///
/// # Errors
/// When the database refuses.
pub async fn forget_cookies(app: &App) -> Result<(), sqlx::Error> {
    let mut tx = app.db.write().await?;
    store::delete_cookies(&mut tx, app.clock.now_ms()).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::*;
    use crate::platform::clock::Clock as _;
    use crate::platform::db::scratch::{Scratch, on_both_engines};
    use crate::platform::scratch::{FixedClock, app};

    on_both_engines!(a_browser_s_cookie_is_kept_until_its_time_is_over);

    async fn a_browser_s_cookie_is_kept_until_its_time_is_over(scratch: &Scratch) {
        let clock = Arc::<FixedClock>::default();
        let app = app(scratch.db().clone(), clock.clone(), 0);
        let now = clock.now();
        let (account, session) = (AccountId::new(now, &*app.rng), SessionId::new(now, &*app.rng));
        let mut tx = app.db.write().await.expect("a transaction");
        sqlx::query(
            "INSERT INTO account (id, email_norm, name, locale, state, created_at, version)
             VALUES ($1, 'a@people.example', 'A', 'en', 'active', 0, 1)",
        )
        .bind(&account)
        .execute(&mut *tx)
        .await
        .expect("inserts");
        store::open_session(&mut tx, &session, &account, 0).await.expect("opens");
        for (hash, after_ms) in [(1_u8, 1_000), (2, 2_000)] {
            let until = app.clock.now_ms() + after_ms;
            store::add_cookie(&mut tx, &[hash; 32], &session, until).await.expect("adds");
        }
        tx.commit().await.expect("commits");
        for (passes_ms, left) in [(999, 2), (1, 1), (1_000, 0)] {
            clock.advance(SignedDuration::from_millis(passes_ms));
            forget_cookies(&app).await.expect("forgets");
            let sql = "SELECT CAST(count(*) AS BIGINT) FROM session_cookie";
            let kept: i64 =
                sqlx::query_scalar(sql).fetch_one(app.db.reader()).await.expect("reads");
            assert_eq!(kept, left);
        }
    }
}
