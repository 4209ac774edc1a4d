//! Signing in and out at a browser, making an account, and the page behind the one-time link that makes the first
//! operator.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;

use super::api::{
    SignIn, SignUp, check_operator_link, check_password, make_account, make_first_operator,
};
use super::store;
use crate::platform::app::App;
use crate::platform::forms::{Asked, Sent, Typed};
use crate::platform::id::{AccountId, SessionId};
use crate::platform::pages::View;
use crate::platform::problem::{InvalidMember, Problem};
use crate::platform::visitor::{
    DESK, SIGNED_IN_S, for_this_person, fresh, lead, path_of_desk, set_cookie,
};

/// The pages of accounts.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/setup/{token}", get(form).post(make))
        .route("/sign-in", get(sign_in_form).post(sign_in))
        .route("/sign-up", get(sign_up_form).post(sign_up))
        .route("/sign-out", post(sign_out))
}

/// What begins the names of the fields that a lost session kept from being taken.
const KEPT: &str = "kept.";

/// Where one signs in.
#[derive(Template)]
#[template(path = "desk/sign_in.html")]
struct SignInPage<'a> {
    view: &'a View,
    email: &'a str,
    /// Where one goes on.
    then: &'a str,
    /// What was typed into a form there.
    kept: Vec<(String, String)>,
    /// Why one must sign in, or could not.
    fault: Option<String>,
}

impl SignInPage<'_> {
    fn show(&self, status: StatusCode) -> Response {
        for_this_person(self.view.page(status, self))
    }
}

/// What was typed, ready to be sent again.
#[derive(Template)]
#[template(path = "desk/resume.html")]
struct ResumePage<'a> {
    view: &'a View,
    path: &'a str,
    kept: Vec<(String, String)>,
}

async fn sign_in_form(view: View, request: axum::http::Uri) -> Response {
    let query = Typed::read(request.query().unwrap_or_default().as_bytes());
    let then = path_of_desk(query.text("then")).unwrap_or(DESK);
    let fault = (then != DESK).then(|| view.text("sign-in-first"));
    SignInPage { view: &view, email: "", then, kept: Vec::new(), fault }.show(StatusCode::OK)
}

/// The page that a form leads to when whoever sent it is signed in no longer: one signs in, and sends what was typed.
pub(in crate::platform) fn lost(view: &View, path: &str, typed: &Typed) -> Response {
    let kept = typed.pairs().map(|(name, value)| (format!("{KEPT}{name}"), value.to_owned()));
    let fault = Some(view.text("sign-in-lost"));
    let then = path_of_desk(path).unwrap_or(DESK);
    let page = SignInPage { view, email: "", then, kept: kept.collect(), fault };
    page.show(StatusCode::UNAUTHORIZED)
}

async fn sign_in(State(app): State<App>, Asked { view, typed, .. }: Asked) -> Response {
    let [email, password] = ["email", "password"].map(|field| typed.text(field).to_owned());
    let then = path_of_desk(typed.text("then")).unwrap_or(DESK);
    match seat(&app, SignIn { email, password }).await {
        Ok((cookie, account)) => {
            let page = go_on(&view, then, &typed.below(KEPT), &account);
            ([set_cookie(&app, &cookie)], page).into_response()
        }
        Err(problem @ (Problem::SignInRefused(_) | Problem::SlowDown { .. })) => {
            let fault = match &problem {
                Problem::SlowDown { wait_s } => view.with("sign-in-slow", "seconds", wait_s),
                _ => view.text("sign-in-wrong"),
            };
            let own = typed.pairs().filter(|(name, _)| name.starts_with(KEPT));
            let kept = own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let email = typed.text("email");
            SignInPage { view: &view, email, then, kept, fault: Some(fault) }.show(problem.status())
        }
        Err(problem) => view.problem(&problem),
    }
}

/// Opens a session for a browser; gives the cookie's value, and whose it is.
async fn seat(app: &App, asked: SignIn) -> Result<(String, AccountId), Problem> {
    let account = check_password(app, asked).await?;
    let now = app.clock.now();
    let session = SessionId::new(now, &*app.rng);
    let (cookie, hash) = fresh(app);
    let mut tx = app.db.write().await?;
    let ms = now.as_millisecond();
    store::open_session(&mut tx, &session, &account, ms).await?;
    store::add_cookie(&mut tx, &hash, &session, ms + SIGNED_IN_S * 1000).await?;
    tx.commit().await?;
    Ok((cookie, account))
}

/// Leads on to the desk; over what was typed into a form there, when it is the same person who comes back to it.
fn go_on(view: &View, then: &str, kept: &Typed, account: &AccountId) -> Response {
    if kept.shown_to() != Some(account.as_str()) {
        return lead(view, then);
    }
    let pairs = kept.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for_this_person(view.page(StatusCode::OK, &ResumePage { view, path: then, kept: pairs }))
}

/// Where one makes an account.
#[derive(Template)]
#[template(path = "desk/sign_up.html")]
struct SignUpPage<'a> {
    view: &'a View,
    name: &'a str,
    email: &'a str,
    faults: Vec<String>,
}

async fn sign_up_form(view: View) -> Response {
    let page = SignUpPage { view: &view, name: "", email: "", faults: Vec::new() };
    for_this_person(view.page(StatusCode::OK, &page))
}

async fn sign_up(State(app): State<App>, Asked { view, typed, .. }: Asked) -> Response {
    let [email, password, name] =
        ["email", "password", "name"].map(|field| typed.text(field).to_owned());
    let locale = typed.text("locale").parse().unwrap_or(view.language());
    let asked = SignUp { email: email.clone(), password: password.clone(), name, locale };
    match make_account(&app, asked).await {
        Ok(_) => match seat(&app, SignIn { email, password }).await {
            Ok((cookie, _)) => ([set_cookie(&app, &cookie)], lead(&view, DESK)).into_response(),
            Err(problem) => view.problem(&problem),
        },
        Err(problem @ (Problem::Invalid(_) | Problem::Duplicate(_))) => {
            let (name, faults) = (typed.text("name"), faults(&view, &problem));
            let page = SignUpPage { view: &view, name, email: &email, faults };
            for_this_person(view.page(problem.status(), &page))
        }
        Err(problem) => view.problem(&problem),
    }
}

/// Ends the session; whoever comes back with the browser's back button finds nothing.
async fn sign_out(State(app): State<App>, sent: Sent) -> Response {
    let visitor = sent.visitor;
    match super::api::end_session(&app, &visitor.actor).await {
        Ok(()) => ([set_cookie(&app, "")], lead(&visitor.view, "/")).into_response(),
        Err(problem) => visitor.problem(&problem),
    }
}

/// The form, again with what was typed when something in it cannot be used.
#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    view: &'a View,
    path: String,
    name: &'a str,
    email: &'a str,
    faults: Vec<String>,
}

/// That the account is made, or that the link is no good.
#[derive(Template)]
#[template(path = "setup_done.html")]
struct DonePage<'a> {
    view: &'a View,
    title: String,
    sentence: String,
}

async fn form(State(app): State<App>, view: View, Path(token): Path<String>) -> Response {
    if let Err(problem) = check_operator_link(&app, &token).await {
        return refusal(&view, &problem);
    }
    let path = format!("/setup/{token}");
    let page = SetupPage { view: &view, path, name: "", email: "", faults: Vec::new() };
    view.page(StatusCode::OK, &page)
}

async fn make(
    State(app): State<App>,
    view: View,
    Path(token): Path<String>,
    Form(account): Form<SignUp>,
) -> Response {
    let (name, email) = account.typed();
    match make_first_operator(&app, &token, account).await {
        Ok(_) => {
            let (title, sentence) = (view.text("setup-done-title"), view.text("setup-done"));
            view.page(StatusCode::CREATED, &DonePage { view: &view, title, sentence })
        }
        Err(problem @ (Problem::Invalid(_) | Problem::Duplicate(_))) => {
            let path = format!("/setup/{token}");
            let faults = faults(&view, &problem);
            let page = SetupPage { view: &view, path, name: &name, email: &email, faults };
            view.page(problem.status(), &page)
        }
        Err(problem) => refusal(&view, &problem),
    }
}

/// Why there is no account: the link is no good, or something else failed.
fn refusal(view: &View, problem: &Problem) -> Response {
    match problem {
        Problem::SignInRefused(_) => {
            let (title, sentence) = (view.text("setup-refused-title"), view.text("setup-refused"));
            view.page(problem.status(), &DonePage { view, title, sentence })
        }
        _ => view.problem(problem),
    }
}

/// What is wrong, under the names that the form's fields have.
fn faults(view: &View, problem: &Problem) -> Vec<String> {
    let members = match problem {
        Problem::Invalid(members) => members.as_slice(),
        Problem::Duplicate(_) => return vec![view.text("setup-fault-duplicate")],
        _ => &[],
    };
    let named = |member: &InvalidMember| {
        let field = member.place.trim_start_matches('/');
        format!("{}: {}", view.word("setup", field), view.word("setup-fault", field))
    };
    members.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::accounts::rules::Locale;
    use crate::platform::pages::tests::reader;

    #[test]
    fn what_cannot_be_used_is_named_as_the_form_names_it() {
        let view = reader(Locale::Ja, "/setup/x?lang=ja");
        let problem = Problem::invalid("/email", "must be an e-mail address");
        assert_eq!(
            faults(&view, &problem),
            ["メールアドレス: name@company.example のようなメールアドレスにしてください。"]
        );
        let faults = faults(&view, &problem);
        let path = "/setup/x".to_owned();
        let page = SetupPage { view: &view, path, name: "<b>", email: "a", faults };
        let html = page.render().expect("a page");
        assert!(html.contains("action=\"/setup/x?lang=ja\"") && html.contains("value=\"a\""));
        assert!(!html.contains("<b>"), "what was typed is text");
    }
}
