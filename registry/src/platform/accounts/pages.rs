//! The page behind the one-time link that makes the first operator.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use super::api::{SignUp, check_operator_link, make_first_operator};
use crate::platform::app::App;
use crate::platform::pages::View;
use crate::platform::problem::{InvalidMember, Problem};

/// The pages of accounts.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/setup/{token}", get(form).post(make))
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
