//! Accounts, sessions and memberships in the database.

use sqlx::{AnyConnection, FromRow};

use crate::platform::authorisation::{Membership, Role};
use crate::platform::id::{AccountId, MembershipId, PartyId, SessionId};

/// An account.
#[derive(Debug, FromRow)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The address it signs in with.
    pub email_norm: String,
    /// The person's name, for those who work with them.
    pub name: String,
    /// The language it is spoken to in.
    pub locale: String,
    /// How often it was changed.
    pub version: i64,
}

/// A refresh token, with its session.
#[derive(Debug, FromRow)]
pub(super) struct Refresh {
    pub(super) session_id: SessionId,
    pub(super) account_id: AccountId,
    pub(super) expires_at: i64,
    pub(super) used_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
}

/// A member of a party, as its other members see it.
#[derive(Debug, FromRow)]
pub struct Member {
    /// The membership.
    pub id: MembershipId,
    /// The account.
    pub account_id: AccountId,
    /// The person's name.
    pub name: String,
    /// The role.
    #[sqlx(try_from = "String")]
    pub role: Role,
    /// Since when, in milliseconds.
    pub from_at: i64,
    /// When the person accepted it, in milliseconds; before, it is an invitation.
    pub accepted_at: Option<i64>,
}

/// Adds an account with its password's hash.
///
/// # Errors
/// A unique violation when the address has an account.
pub async fn insert(
    tx: &mut AnyConnection,
    account: &Account,
    password_hash: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO account (id, email_norm, name, locale, state, created_at, version)
         VALUES ($1, $2, $3, $4, 'active', $5, 1)",
    )
    .bind(&account.id)
    .bind(&account.email_norm)
    .bind(&account.name)
    .bind(&account.locale)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO secret (account_id, kind, data, changed_at) VALUES ($1, 'password', $2, $3)",
    )
    .bind(&account.id)
    .bind(password_hash)
    .bind(now)
    .execute(tx)
    .await
    .map(drop)
}

/// The account and password hash behind an address.
pub(super) async fn password(
    db: &mut AnyConnection,
    email_norm: &str,
) -> Result<Option<(AccountId, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT a.id, s.data FROM account a JOIN secret s ON s.account_id = a.id AND s.kind = 'password'
         WHERE a.email_norm = $1 AND a.state = 'active'",
    )
    .bind(email_norm)
    .fetch_optional(db)
    .await
}

/// The account of an id.
///
/// # Errors
/// When the database refuses.
pub async fn account(
    db: &mut AnyConnection,
    id: &AccountId,
) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as("SELECT id, email_norm, name, locale, version FROM account WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The account of an address.
///
/// # Errors
/// When the database refuses.
pub async fn by_email(
    db: &mut AnyConnection,
    email_norm: &str,
) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, email_norm, name, locale, version FROM account WHERE email_norm = $1",
    )
    .bind(email_norm)
    .fetch_optional(db)
    .await
}

/// Changes name and language; no rows when the version is stale.
pub(super) async fn update(tx: &mut AnyConnection, account: &Account) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE account SET name = $3, locale = $4, version = version + 1 WHERE id = $1 AND version = $2")
        .bind(&account.id)
        .bind(account.version)
        .bind(&account.name)
        .bind(&account.locale)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What an account is at this moment, if its session is open.
pub(in crate::platform) async fn memberships(
    db: &mut AnyConnection,
    account: &AccountId,
    session: &SessionId,
) -> Result<Option<Vec<Membership>>, sqlx::Error> {
    #[derive(FromRow)]
    struct Row {
        party_id: Option<PartyId>,
        role: Option<String>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT m.party_id, m.role FROM session s JOIN account a ON a.id = s.account_id AND a.state = 'active'
         LEFT JOIN membership m ON m.account_id = a.id AND m.ended_at IS NULL AND m.accepted_at IS NOT NULL
         WHERE s.id = $1 AND s.account_id = $2 AND s.ended_at IS NULL",
    )
    .bind(session)
    .bind(account)
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let known = |row: Row| Some(Membership { party: row.party_id?, role: row.role?.parse().ok()? });
    Ok(Some(rows.into_iter().filter_map(known).collect()))
}

/// A membership to add.
#[derive(Debug)]
pub struct NewMember<'a> {
    /// Its id.
    pub id: &'a MembershipId,
    /// Whose.
    pub account: &'a AccountId,
    /// In which party.
    pub party: &'a PartyId,
    /// What the person is there.
    pub role: Role,
    /// Whether the person is there by their own act; else it is an invitation until they accept it.
    pub accepted: bool,
}

/// Gives an account a role in a party, or invites it to one.
///
/// # Errors
/// A unique violation when it holds the role or is invited to it.
pub async fn add_member(
    tx: &mut AnyConnection,
    member: &NewMember<'_>,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO membership (id, account_id, party_id, role, from_at, accepted_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(member.id)
    .bind(member.account)
    .bind(member.party)
    .bind(member.role.as_str())
    .bind(now)
    .bind(member.accepted.then_some(now))
    .execute(tx)
    .await
    .map(drop)
}

/// The party that an invitation is to.
pub(super) async fn invited_to(
    db: &mut AnyConnection,
    id: &MembershipId,
) -> Result<Option<PartyId>, sqlx::Error> {
    sqlx::query_scalar("SELECT party_id FROM membership WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Accepts or declines an invitation; false when it is not the account's, or waits no more.
///
/// # Errors
/// When the database refuses.
pub async fn answer_invitation(
    tx: &mut AnyConnection,
    id: &MembershipId,
    account: &AccountId,
    accepted: bool,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let answer = if accepted {
        "UPDATE membership SET accepted_at = $3, from_at = $3
         WHERE id = $1 AND account_id = $2 AND accepted_at IS NULL AND ended_at IS NULL"
    } else {
        "UPDATE membership SET ended_at = $3, ended_by = $2
         WHERE id = $1 AND account_id = $2 AND accepted_at IS NULL AND ended_at IS NULL"
    };
    let done = sqlx::query(answer).bind(id).bind(account).bind(now).execute(tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a membership of a party; false when there is none in force.
///
/// # Errors
/// When the database refuses.
pub async fn end_member(
    tx: &mut AnyConnection,
    party: &PartyId,
    membership: &MembershipId,
    by: &AccountId,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE membership SET ended_at = $3, ended_by = $4 WHERE id = $1 AND party_id = $2 AND ended_at IS NULL",
    )
    .bind(membership)
    .bind(party)
    .bind(now)
    .bind(by)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The members of a party at this moment.
///
/// # Errors
/// When the database refuses.
pub async fn members(db: &mut AnyConnection, party: &PartyId) -> Result<Vec<Member>, sqlx::Error> {
    let mut all = members_and_invited(db, party).await?;
    all.retain(|member| member.accepted_at.is_some());
    Ok(all)
}

/// The members of a party and those invited to be.
///
/// # Errors
/// When the database refuses.
pub async fn members_and_invited(
    db: &mut AnyConnection,
    party: &PartyId,
) -> Result<Vec<Member>, sqlx::Error> {
    sqlx::query_as(
        "SELECT m.id, m.account_id, a.name, m.role, m.from_at, m.accepted_at
         FROM membership m JOIN account a ON a.id = m.account_id
         WHERE m.party_id = $1 AND m.ended_at IS NULL ORDER BY m.id",
    )
    .bind(party)
    .fetch_all(db)
    .await
}

/// Every period in which an account belonged to a party: role, from, until.
///
/// # Errors
/// When the database refuses.
pub async fn periods(
    db: &mut AnyConnection,
    account: &AccountId,
    party: &PartyId,
) -> Result<Vec<(String, i64, Option<i64>)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT role, from_at, ended_at FROM membership
         WHERE account_id = $1 AND party_id = $2 AND accepted_at IS NOT NULL",
    )
    .bind(account)
    .bind(party)
    .fetch_all(db)
    .await
}

/// Opens a session with its first refresh token.
pub(super) async fn open_session(
    tx: &mut AnyConnection,
    session: &SessionId,
    account: &AccountId,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO session (id, account_id, started_at) VALUES ($1, $2, $3)")
        .bind(session)
        .bind(account)
        .bind(now)
        .execute(tx)
        .await
        .map(drop)
}

pub(super) async fn add_refresh(
    tx: &mut AnyConnection,
    hash: &[u8],
    session: &SessionId,
    expires_at: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO refresh_token (hash, session_id, expires_at) VALUES ($1, $2, $3)")
        .bind(hash)
        .bind(session)
        .bind(expires_at)
        .execute(tx)
        .await
        .map(drop)
}

/// Ties a browser's cookie, by its hash, to a session.
pub(super) async fn add_cookie(
    tx: &mut AnyConnection,
    hash: &[u8],
    session: &SessionId,
    expires_at: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO session_cookie (hash, session_id, expires_at) VALUES ($1, $2, $3)")
        .bind(hash)
        .bind(session)
        .bind(expires_at)
        .execute(tx)
        .await
        .map(drop)
}

/// Deletes the cookies whose time was over by a moment.
pub(super) async fn delete_cookies(tx: &mut AnyConnection, until: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM session_cookie WHERE expires_at <= $1")
        .bind(until)
        .execute(tx)
        .await
        .map(drop)
}

/// Who sits at the browser that has a cookie, with one of the person's memberships.
#[derive(Debug, FromRow)]
pub(super) struct Seated {
    pub(super) account_id: AccountId,
    pub(super) session_id: SessionId,
    pub(super) name: String,
    pub(super) locale: String,
    pub(super) party_id: Option<PartyId>,
    pub(super) role: Option<String>,
}

/// Who sits at the browser whose cookie has this hash, while cookie and session last: a row for each membership, one
/// without when there is none.
pub(super) async fn by_cookie(
    db: &mut AnyConnection,
    hash: &[u8],
    now: i64,
) -> Result<Vec<Seated>, sqlx::Error> {
    sqlx::query_as(
        "SELECT s.account_id, c.session_id, a.name, a.locale, m.party_id, m.role FROM session_cookie c
         JOIN session s ON s.id = c.session_id JOIN account a ON a.id = s.account_id
         LEFT JOIN membership m ON m.account_id = a.id AND m.ended_at IS NULL AND m.accepted_at IS NOT NULL
         WHERE c.hash = $1 AND c.expires_at > $2 AND s.ended_at IS NULL AND a.state = 'active'",
    )
    .bind(hash)
    .bind(now)
    .fetch_all(db)
    .await
}

pub(super) async fn refresh(
    db: &mut AnyConnection,
    hash: &[u8],
) -> Result<Option<Refresh>, sqlx::Error> {
    sqlx::query_as(
        "SELECT r.session_id, s.account_id, r.expires_at, r.used_at, s.ended_at
         FROM refresh_token r JOIN session s ON s.id = r.session_id WHERE r.hash = $1",
    )
    .bind(hash)
    .fetch_optional(db)
    .await
}

/// Uses a refresh token up; false when somebody did before.
pub(super) async fn use_refresh(
    tx: &mut AnyConnection,
    hash: &[u8],
    now: i64,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("UPDATE refresh_token SET used_at = $2 WHERE hash = $1 AND used_at IS NULL")
            .bind(hash)
            .bind(now)
            .execute(tx)
            .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn end_session(
    tx: &mut AnyConnection,
    session: &SessionId,
    reason: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE session SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL",
    )
    .bind(session)
    .bind(now)
    .bind(reason)
    .execute(tx)
    .await
    .map(drop)
}

/// Whether the first operator was made: the one-time link was used.
///
/// # Errors
/// When the database refuses.
pub async fn has_operator(db: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let used: i64 = sqlx::query_scalar(
        "SELECT CAST(count(*) AS BIGINT) FROM operator_link WHERE used_at IS NOT NULL",
    )
    .fetch_one(db)
    .await?;
    Ok(used > 0)
}

/// Keeps the hash of the one-time operator link, in place of one that was not used.
///
/// # Errors
/// When the database refuses.
pub async fn set_operator_link(
    tx: &mut AnyConnection,
    hash: &[u8],
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM operator_link WHERE used_at IS NULL").execute(&mut *tx).await?;
    sqlx::query("INSERT INTO operator_link (hash, created_at) VALUES ($1, $2)")
        .bind(hash)
        .bind(now)
        .execute(tx)
        .await
        .map(drop)
}

/// Whether a hash is that of an operator link that was not used.
pub(super) async fn operator_link_is_open(
    db: &mut AnyConnection,
    hash: &[u8],
) -> Result<bool, sqlx::Error> {
    let open: Option<i64> = sqlx::query_scalar(
        "SELECT created_at FROM operator_link WHERE hash = $1 AND used_at IS NULL",
    )
    .bind(hash)
    .fetch_optional(db)
    .await?;
    Ok(open.is_some())
}

/// Uses the one-time operator link up; false when it is not one, or was used.
pub(super) async fn use_operator_link(
    tx: &mut AnyConnection,
    hash: &[u8],
    now: i64,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("UPDATE operator_link SET used_at = $2 WHERE hash = $1 AND used_at IS NULL")
            .bind(hash)
            .bind(now)
            .execute(tx)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// The registry's own party, in which operators are members.
///
/// # Errors
/// When there is none yet, or the database refuses.
pub async fn operator_party(db: &mut AnyConnection) -> Result<PartyId, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM party WHERE kind = 'operator'").fetch_one(db).await
}
