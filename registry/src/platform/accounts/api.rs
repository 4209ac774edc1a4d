//! Sign-up, sign-in and one's own account.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rules::{self, Locale};
use super::{passwords, store, tokens};
use crate::platform::app::App;
use crate::platform::authorisation::{Action, Actor, Role, Subject};
use crate::platform::clock::rfc3339;
use crate::platform::hold;
use crate::platform::id::{AccountId, MembershipId, PartyId, SessionId};
use crate::platform::problem::{InvalidMember, Problem, ProblemDetails};
use crate::platform::rng::draw;
use crate::platform::write::{Json, Nothing, Write};

/// How long a refresh token may wait for its use, in milliseconds: thirty days.
const REFRESH_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The routes of accounts.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(first_operator))
        .routes(routes!(sign_in))
        .routes(routes!(refresh))
        .routes(routes!(sign_out))
        .routes(routes!(me, change_me))
        .routes(routes!(accept_membership))
        .routes(routes!(decline_membership))
        .merge(super::pages::routes())
}

/// Somebody signed in, from the request's access token.
impl FromRequestParts<App> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let token = value
            .and_then(|v| v.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or(Problem::NotSignedIn)?;
        let claims =
            app.tokens.read(token, app.clock.now().as_second()).ok_or(Problem::NotSignedIn)?;
        let (account, session) = (claims.sub, claims.sid);
        let mut db = app.db.reader().acquire().await?;
        let memberships =
            store::memberships(&mut db, &account, &session).await?.ok_or(Problem::NotSignedIn)?;
        let refused = parts.extensions.get().cloned().unwrap_or_default();
        Ok(Self { account, session, memberships, refused })
    }
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// The address to sign in with.
    pub(super) email: String,
    /// At least twelve characters.
    pub(super) password: String,
    /// The person's name.
    pub(super) name: String,
    /// `en` or `ja`.
    pub(super) locale: Locale,
}

impl SignUp {
    /// Name and address as they were typed.
    pub(super) fn typed(&self) -> (String, String) {
        (self.name.clone(), self.email.clone())
    }

    fn check(&self) -> Result<String, Problem> {
        let mut wrong = Vec::new();
        let email = rules::email_norm(&self.email).unwrap_or_else(|detail| {
            wrong.push(InvalidMember::new("/email", detail));
            String::new()
        });
        if let Err(detail) = rules::check_password(&self.password) {
            wrong.push(InvalidMember::new("/password", detail));
        }
        if let Err(detail) = rules::check_name(&self.name) {
            wrong.push(InvalidMember::new("/name", detail));
        }
        if wrong.is_empty() { Ok(email) } else { Err(Problem::Invalid(wrong)) }
    }

    async fn into_account(self, app: &App) -> Result<(store::Account, String), Problem> {
        let email_norm = self.check()?;
        let account = store::Account {
            id: AccountId::new(app.clock.now(), &*app.rng),
            email_norm,
            name: self.name.trim().to_owned(),
            locale: self.locale.to_string(),
            version: 1,
        };
        Ok((account, passwords::hash(self.password, &*app.rng).await?))
    }
}

/// The id of what was made.
#[derive(Serialize, ToSchema)]
pub struct Made {
    /// Its id.
    id: AccountId,
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/accounts", request_body = SignUp, tag = "accounts",
    responses((status = 201, body = Made), (status = "4XX", body = ProblemDetails)))]
async fn sign_up(State(app): State<App>, Json(body): Json<SignUp>) -> Result<Response, Problem> {
    let id = make_account(&app, body).await?;
    Ok((StatusCode::CREATED, axum::Json(Made { id })).into_response())
}

/// Makes an account.
pub(super) async fn make_account(app: &App, body: SignUp) -> Result<AccountId, Problem> {
    let (account, hash) = body.into_account(app).await?;
    let mut tx = app.db.write().await?;
    store::insert(&mut tx, &account, &hash, app.clock.now_ms()).await.map_err(taken)?;
    tx.commit().await?;
    Ok(account.id)
}

fn taken(error: sqlx::Error) -> Problem {
    match Problem::from(error) {
        Problem::Duplicate(_) => {
            Problem::Duplicate("This e-mail address has an account: sign in.".into())
        }
        other => other,
    }
}

/// The first operator, by the one-time link that the registry printed when it started.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstOperator {
    /// The last segment of the link.
    token: String,
    /// The address to sign in with.
    email: String,
    /// At least twelve characters.
    password: String,
    /// The person's name.
    name: String,
    /// `en` or `ja`.
    locale: Locale,
}

/// Makes the first operator's account. The link works once.
#[utoipa::path(post, path = "/api/v1/operators", request_body = FirstOperator, tag = "accounts",
    responses((status = 201, body = Made), (status = "4XX", body = ProblemDetails)))]
async fn first_operator(
    State(app): State<App>,
    Json(body): Json<FirstOperator>,
) -> Result<Response, Problem> {
    let FirstOperator { token, email, password, name, locale } = body;
    let id = make_first_operator(&app, &token, SignUp { email, password, name, locale }).await?;
    Ok((StatusCode::CREATED, axum::Json(Made { id })).into_response())
}

const DEAD_LINK: Problem = Problem::SignInRefused(
    "This link was used, or a later start of the registry took its place, or it is not one of this registry's.",
);

/// Whether the one-time link of that token still works; refused when not.
pub(super) async fn check_operator_link(app: &App, token: &str) -> Result<(), Problem> {
    let hash = Sha256::digest(token.as_bytes());
    let mut db = app.db.reader().acquire().await?;
    let is_open = store::operator_link_is_open(&mut db, &hash).await?;
    if is_open { Ok(()) } else { Err(DEAD_LINK) }
}

/// Makes the first operator's account by the one-time link's token, which it uses up.
pub(super) async fn make_first_operator(
    app: &App,
    token: &str,
    account: SignUp,
) -> Result<AccountId, Problem> {
    // Looked up before anything is hashed, so that strangers cannot have the registry work for them.
    check_operator_link(app, token).await?;
    let (account, password) = account.into_account(app).await?;
    let hash = Sha256::digest(token.as_bytes());
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let registry = store::operator_party(&mut tx).await?;
    hold::party(&mut tx, &registry).await?;
    if !store::use_operator_link(&mut tx, &hash, now.as_millisecond()).await? {
        return Err(DEAD_LINK);
    }
    store::insert(&mut tx, &account, &password, now.as_millisecond()).await.map_err(taken)?;
    let membership = MembershipId::new(now, &*app.rng);
    let member = store::NewMember {
        id: &membership,
        account: &account.id,
        party: &registry,
        role: Role::Operator,
        accepted: true,
    };
    store::add_member(&mut tx, &member, now.as_millisecond()).await?;
    tx.commit().await?;
    Ok(account.id)
}

/// What one signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's address.
    pub(super) email: String,
    /// Its password.
    pub(super) password: String,
}

/// Tokens (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// Goes into `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// Good for one refresh.
    refresh_token: String,
}

impl Tokens {
    fn answer(self) -> Response {
        ([(header::CACHE_CONTROL, "no-store")], axum::Json(self)).into_response()
    }
}

/// Signs in.
#[utoipa::path(post, path = "/api/v1/sessions", request_body = SignIn, tag = "accounts",
    responses((status = 200, body = Tokens), (status = "4XX", body = ProblemDetails)))]
async fn sign_in(State(app): State<App>, Json(body): Json<SignIn>) -> Result<Response, Problem> {
    let account = check_password(&app, body).await?;
    let session = SessionId::new(app.clock.now(), &*app.rng);
    let mut tx = app.db.write().await?;
    store::open_session(&mut tx, &session, &account, app.clock.now_ms()).await?;
    let tokens = issue(&app, &mut tx, &account, &session).await?;
    tx.commit().await?;
    Ok(tokens.answer())
}

/// Whose address and password these are.
pub(super) async fn check_password(app: &App, body: SignIn) -> Result<AccountId, Problem> {
    let refused = Problem::SignInRefused("E-mail address and password do not belong together.");
    let now = app.clock.now_ms();
    let Ok(email) = rules::email_norm(&body.email) else { return Err(refused) };
    if body.password.len() > rules::PASSWORD_MAX {
        return Err(refused);
    }
    app.throttle.count(&email, now)?;
    let known = store::password(&mut *app.db.reader().acquire().await?, &email).await?;
    let (account, hash) = known.map_or((None, None), |(account, hash)| (Some(account), Some(hash)));
    let matches = passwords::matches(body.password, hash).await?;
    let (true, Some(account)) = (matches, account) else { return Err(refused) };
    app.throttle.succeeded(&email);
    Ok(account)
}

/// Makes an access token and the refresh token that follows it.
async fn issue(
    app: &App,
    tx: &mut sqlx::AnyConnection,
    account: &AccountId,
    session: &SessionId,
) -> Result<Tokens, Problem> {
    use base64::Engine as _;
    let now = app.clock.now();
    let access_token =
        app.tokens.issue(account, session, now.as_second()).map_err(Problem::internal)?;
    let refresh_token = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(draw::<32>(&*app.rng));
    let hash = Sha256::digest(refresh_token.as_bytes());
    store::add_refresh(tx, &hash, session, now.as_millisecond() + REFRESH_MS).await?;
    Ok(Tokens { access_token, token_type: "Bearer", expires_in: tokens::LIFE_S, refresh_token })
}

/// A refresh token to exchange.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshWith {
    /// The last refresh token of the session.
    refresh_token: String,
}

/// Exchanges a refresh token. One that was used before is a stolen one or its thief: it ends the
/// whole session (RFC 9700, section 4.14.2).
#[utoipa::path(post, path = "/api/v1/sessions/refresh", request_body = RefreshWith, tag = "accounts",
    responses((status = 200, body = Tokens), (status = "4XX", body = ProblemDetails)))]
async fn refresh(
    State(app): State<App>,
    Json(body): Json<RefreshWith>,
) -> Result<Response, Problem> {
    let hash = Sha256::digest(body.refresh_token.as_bytes());
    let now = app.clock.now_ms();
    let mut tx = app.db.write().await?;
    let refused =
        Problem::SignInRefused("This refresh token is not one of an open session: sign in.");
    let Some(token) = store::refresh(&mut tx, &hash).await? else { return Err(refused) };
    if token.ended_at.is_some() || token.expires_at <= now {
        return Err(refused);
    }
    if token.used_at.is_some() || !store::use_refresh(&mut tx, &hash, now).await? {
        store::end_session(&mut tx, &token.session_id, "refresh_token_reused", now).await?;
        tx.commit().await?;
        tracing::warn!(session = %token.session_id, "a used refresh token came back: its session is ended");
        return Err(Problem::SignInRefused(
            "This refresh token was used before: its session is ended. Sign in.",
        ));
    }
    let tokens = issue(&app, &mut tx, &token.account_id, &token.session_id).await?;
    tx.commit().await?;
    Ok(tokens.answer())
}

/// Signs out: ends the session and its tokens.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "accounts",
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
async fn sign_out(State(app): State<App>, actor: Actor) -> Result<StatusCode, Problem> {
    end_session(&app, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends somebody's session.
pub(super) async fn end_session(app: &App, actor: &Actor) -> Result<(), Problem> {
    let mut tx = app.db.write().await?;
    store::end_session(&mut tx, &actor.session, "signed_out", app.clock.now_ms()).await?;
    Ok(tx.commit().await?)
}

/// One's own account.
#[derive(Serialize, ToSchema)]
pub struct Me {
    id: AccountId,
    email: String,
    name: String,
    locale: Locale,
    version: i64,
    memberships: Vec<MyMembership>,
}

/// One's own role in a party.
#[derive(Serialize, ToSchema, sqlx::FromRow)]
pub struct MyMembership {
    /// The membership's id.
    pub(crate) id: MembershipId,
    /// The party's id.
    pub(crate) party: PartyId,
    /// The party's kind.
    pub(crate) party_kind: String,
    /// The party's name.
    pub(crate) party_name: String,
    /// The role.
    #[sqlx(try_from = "String")]
    pub(crate) role: Role,
    /// Since when.
    #[sqlx(try_from = "i64")]
    from: Instant,
    /// Whether one has accepted it; before, it is an invitation and gives nothing.
    #[sqlx(try_from = "i64")]
    pub(crate) accepted: Flag,
}

/// 1 or 0 of the database, shown as true or false.
#[derive(ToSchema)]
#[schema(value_type = bool)]
pub struct Flag(pub(crate) bool);

impl From<i64> for Flag {
    fn from(flag: i64) -> Self {
        Self(flag == 1)
    }
}

impl Serialize for Flag {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_bool(self.0)
    }
}

/// An instant of the database, shown as RFC 3339.
#[derive(ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Instant(i64);

impl From<i64> for Instant {
    fn from(ms: i64) -> Self {
        Self(ms)
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&rfc3339(self.0))
    }
}

async fn my_account(app: &App, actor: &Actor) -> Result<Me, Problem> {
    let mut db = app.db.reader().acquire().await?;
    let account = store::account(&mut db, &actor.account).await?.ok_or(Problem::NotSignedIn)?;
    let memberships = my_memberships(&mut db, &actor.account).await?;
    Ok(Me {
        id: account.id,
        email: account.email_norm,
        name: account.name,
        locale: account.locale.parse().unwrap_or(Locale::En),
        version: account.version,
        memberships,
    })
}

/// Somebody's own memberships, and the invitations to others.
pub(crate) async fn my_memberships(
    db: &mut sqlx::AnyConnection,
    account: &AccountId,
) -> Result<Vec<MyMembership>, sqlx::Error> {
    sqlx::query_as(
        "SELECT m.id, p.id AS party, p.kind AS party_kind, p.display_name AS party_name, m.role, m.from_at AS \"from\",
                CAST(CASE WHEN m.accepted_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS accepted
         FROM membership m JOIN party p ON p.id = m.party_id
         WHERE m.account_id = $1 AND m.ended_at IS NULL ORDER BY m.id",
    )
    .bind(account)
    .fetch_all(db)
    .await
}

/// One's own account and memberships.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts",
    responses((status = 200, body = Me), (status = "4XX", body = ProblemDetails)))]
async fn me(State(app): State<App>, actor: Actor) -> Result<axum::Json<Me>, Problem> {
    Ok(axum::Json(my_account(&app, &actor).await?))
}

/// What to change of one's own account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    /// The version seen.
    version: i64,
    /// A new name.
    name: Option<String>,
    /// Another language.
    locale: Option<Locale>,
}

/// Changes one's own name or language.
#[utoipa::path(patch, path = "/api/v1/me", request_body = ChangeMe, tag = "accounts",
    responses((status = 200, body = Me), (status = "4XX", body = ProblemDetails)))]
async fn change_me(State(app): State<App>, write: Write<ChangeMe>) -> Result<Response, Problem> {
    let (mut act, body) = write.begin(&app).await?;
    let own = act.actor.account.to_string();
    act.authorise(Action::ChangeAccount, &Subject::default(), "account", &own).await?;
    let mut account =
        store::account(&mut act.tx, &act.actor.account).await?.ok_or(Problem::NotSignedIn)?;
    let current = std::mem::replace(&mut account.version, body.version);
    if let Some(name) = body.name {
        rules::check_name(&name).map_err(|detail| Problem::invalid("/name", detail))?;
        account.name = name.trim().to_owned();
    }
    account.locale = body.locale.map_or(account.locale, |l| l.to_string());
    if !store::update(&mut act.tx, &account).await? {
        return Err(Problem::StaleVersion { seen: body.version, current });
    }
    act.commit(StatusCode::OK, &serde_json::json!({ "version": body.version + 1 })).await
}

/// Accepts an invitation to act for a party. Nobody is made a member, or tied to a party, without their own act.
#[utoipa::path(post, path = "/api/v1/me/memberships/{id}/accept", params(("id" = String, Path)), tag = "accounts",
    responses((status = 200), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn accept_membership(
    State(app): State<App>,
    Path(id): Path<MembershipId>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    answer_invitation(&app, &id, write, true).await
}

/// Declines an invitation to act for a party.
#[utoipa::path(post, path = "/api/v1/me/memberships/{id}/decline", params(("id" = String, Path)), tag = "accounts",
    responses((status = 200), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn decline_membership(
    State(app): State<App>,
    Path(id): Path<MembershipId>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    answer_invitation(&app, &id, write, false).await
}

async fn answer_invitation(
    app: &App,
    id: &MembershipId,
    write: Write<Nothing>,
    accepted: bool,
) -> Result<Response, Problem> {
    let (mut act, Nothing {}) = write.begin(app).await?;
    if let Some(party) = store::invited_to(&mut act.tx, id).await? {
        act.hold(&party).await?;
    }
    act.authorise(Action::AnswerInvitation, &Subject::default(), "membership", id.as_str()).await?;
    let (account, now) = (&act.actor.account, act.now.as_millisecond());
    if !store::answer_invitation(&mut act.tx, id, account, accepted, now).await? {
        return Err(Problem::NotFound("invitation"));
    }
    act.commit(StatusCode::OK, &serde_json::json!({ "id": id })).await
}
