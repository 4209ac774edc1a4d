//! Forms: what was typed, by whom, sent once; and given back with all that was typed when it cannot be taken.

use std::fmt::Display;

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::accounts;
use super::app::App;
use super::http::RequestId;
use super::id::AccountId;
use super::pages::View;
use super::problem::Problem;
use super::rng::draw;
use super::texts;
use super::visitor::{Visitor, for_this_person, is_from_here};
use super::write::{Identity, Write, parse_json, read_body};

/// The field that names one showing of a form: whose it is, and chance. Sent twice, it is carried out once.
pub const SHOWING: &str = "_form";

/// The field that says in which language the form was shown: what is typed into it is taken to be in that.
pub const LANGUAGE: &str = "_lang";

/// What was typed into a form, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed(Vec<(String, String)>);

/// How many fields a form has at most: the longest checklist's section, several times.
const FIELDS: usize = 10_000;

impl Typed {
    /// Reads what a browser sent.
    ///
    /// # Errors
    /// [`Problem::TooLarge`] when it has more fields than any form.
    pub fn sent(body: &[u8]) -> Result<Self, Problem> {
        if body.iter().filter(|byte| **byte == b'&').count() >= FIELDS {
            return Err(Problem::TooLarge { limit: FIELDS as u64 });
        }
        Ok(Self::read(body))
    }

    /// Reads the body of a form (WHATWG URL, `application/x-www-form-urlencoded`). Line ends are those of a text here.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect())
    }

    /// Every field, in the order of the form.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What was typed into a field; empty when nothing was.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.pairs().find(|(field, _)| *field == name).map_or("", |(_, value)| value)
    }

    /// What was typed into a field, if anything was.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.trim().is_empty())
    }

    /// All values of a field that may have several.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(field, _)| *field == name).map(|(_, value)| value)
    }

    /// A number, or what was typed in its place, for whoever reads it to refuse.
    #[must_use]
    pub fn number(&self, name: &str) -> Value {
        let text = self.text(name).trim();
        text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
    }

    /// Whether a box was ticked.
    #[must_use]
    pub fn ticked(&self, name: &str) -> bool {
        self.pairs().any(|(field, _)| field == name)
    }

    /// A text of one's own, in the language of the form.
    #[must_use]
    pub fn note(&self, name: &str) -> Value {
        json!({ "text": self.text(name), "lang": self.language() })
    }

    /// The same, if there is one.
    #[must_use]
    pub fn optional_note(&self, name: &str) -> Option<Value> {
        self.optional(name).map(|_| self.note(name))
    }

    fn language(&self) -> &str {
        self.optional(LANGUAGE).unwrap_or("und")
    }

    /// The fields whose names begin so, without that beginning.
    #[must_use]
    pub fn below(&self, beginning: &str) -> Self {
        let own = self.pairs().filter_map(|(name, value)| {
            Some((name.strip_prefix(beginning)?.to_owned(), value.to_owned()))
        });
        Self(own.collect())
    }

    /// Whose form it is: the account that it was shown to; nobody's when its showing is none that a page has.
    #[must_use]
    pub fn shown_to(&self) -> Option<&str> {
        let (account, chance) = self.text(SHOWING).split_once('.')?;
        (!chance.is_empty() && chance.len() <= 64).then_some(account)
    }
}

/// A form of somebody who is not signed in, from this registry's own pages alone.
pub struct Asked {
    /// The language, and the address that it was sent to.
    pub view: View,
    /// What was typed.
    pub typed: Typed,
    /// The request that brought it.
    pub request: RequestId,
}

impl FromRequest<App> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let view = View::of(&parts.uri, texts::preferred(&parts.headers));
        if !is_from_here(app, &parts.headers) {
            return Err(view.problem(&Problem::CrossSite));
        }
        let read = read_body(body, &parts.headers).await;
        let typed = read.and_then(|bytes| Typed::sent(&bytes));
        let typed = typed.map_err(|problem| view.problem(&problem))?;
        Ok(Self { view, typed, request: RequestId::of(&parts) })
    }
}

impl Asked {
    /// What was typed, as the JSON that the API takes.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn read<T: DeserializeOwned>(&self, body: &Value) -> Result<T, Problem> {
        parse_json(&serde_json::to_vec(body).map_err(Problem::internal)?)
    }
}

/// A form that somebody signed in sent.
pub struct Sent {
    /// Who sent it.
    pub visitor: Visitor,
    /// What was typed.
    pub typed: Typed,
    identity: Identity,
    before: Result<Option<Response>, Problem>,
}

/// Takes a form from this registry's own pages alone. Whoever is signed in no longer, or is now somebody else, signs in
/// and finds again what was typed.
impl FromRequest<App> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let view = View::of(&parts.uri, texts::preferred(&parts.headers));
        if !is_from_here(app, &parts.headers) {
            return Err(view.problem(&Problem::CrossSite));
        }
        let refuse = |problem: Problem| view.problem(&problem);
        let bytes = read_body(body, &parts.headers).await.map_err(refuse)?;
        let typed = Typed::sent(&bytes).map_err(refuse)?;
        let visitor = Visitor::of(app, &parts).await.map_err(refuse)?;
        let Some(visitor) = visitor.filter(|v| typed.shown_to() == Some(v.actor.account.as_str()))
        else {
            return Err(for_this_person(accounts::pages::lost(&view, parts.uri.path(), &typed)));
        };
        let key = Some(typed.text(SHOWING).to_owned());
        let identity = Identity::keyed(&parts, Sha256::digest(&bytes).into(), key);
        let before = identity.answered_before(app, &visitor.actor).await;
        Ok(Self { visitor, typed, identity, before })
    }
}

impl Sent {
    /// Has the API's own handler carry out what was typed, said as the JSON that the API takes; once, however often the
    /// form is sent.
    ///
    /// # Errors
    /// Those of the handler.
    pub async fn carry_out<T: DeserializeOwned, F: Future<Output = Result<Response, Problem>>>(
        &mut self,
        body: Value,
        handler: impl FnOnce(Write<T>) -> F,
    ) -> Result<Response, Problem> {
        if let Some(answer) = std::mem::replace(&mut self.before, Ok(None))? {
            return Ok(answer);
        }
        let bytes = serde_json::to_vec(&body).map_err(Problem::internal)?;
        let body = parse_json(&bytes)?;
        handler(Write::new(self.visitor.actor.clone(), body, self.identity.clone())).await
    }

    /// The forms of the page, this one with what was typed and why it was not taken.
    #[must_use]
    pub fn back(&self, app: &App, name: &'static str, problem: Problem) -> Forms {
        Forms::returned(app, &self.visitor, name, self.typed.clone(), problem)
    }
}

/// The id of what a handler made, from its answer.
///
/// # Errors
/// Internal when the answer names none.
pub async fn made(answer: Response) -> Result<String, Problem> {
    let bytes =
        axum::body::to_bytes(answer.into_body(), 64 * 1024).await.map_err(Problem::internal)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(Problem::internal)?;
    let id = value["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Problem::internal(anyhow::anyhow!("what was made has no id")))
}

/// A form that was not taken.
#[derive(Debug)]
struct Returned {
    name: &'static str,
    typed: Typed,
    problem: Problem,
}

/// The forms of a page: one of them may have been sent and not taken; then it has what was typed.
#[derive(Debug)]
pub struct Forms {
    account: AccountId,
    chance: String,
    language: &'static str,
    returned: Option<Returned>,
}

impl Forms {
    /// The forms of a page that somebody opens.
    #[must_use]
    pub fn new(app: &App, visitor: &Visitor) -> Self {
        Self {
            account: visitor.actor.account.clone(),
            chance: BASE64_URL_SAFE_NO_PAD.encode(draw::<16>(&*app.rng)),
            language: visitor.view.language().as_str(),
            returned: None,
        }
    }

    /// The forms of a page, one of which was sent otherwise than as fields alone, and not taken.
    #[must_use]
    pub fn returned(
        app: &App,
        visitor: &Visitor,
        name: &'static str,
        typed: Typed,
        problem: Problem,
    ) -> Self {
        Self { returned: Some(Returned { name, typed, problem }), ..Self::new(app, visitor) }
    }

    /// The value of the field [`SHOWING`].
    #[must_use]
    pub fn showing(&self) -> String {
        format!("{}.{}", self.account, self.chance)
    }

    /// The value of the field [`LANGUAGE`].
    #[must_use]
    pub fn language(&self) -> &str {
        self.language
    }

    fn typed(&self, form: &str) -> Option<&Typed> {
        self.returned.as_ref().filter(|sent| sent.name == form).map(|sent| &sent.typed)
    }

    /// What stands in a field: what was typed, or else nothing.
    #[must_use]
    pub fn value(&self, form: &str, field: &str) -> &str {
        self.typed(form).map_or("", |typed| typed.text(field))
    }

    /// What stands in a field: what was typed, or else what is known.
    #[must_use]
    pub fn value_or<'a>(&'a self, form: &str, field: &str, known: &'a str) -> &'a str {
        self.typed(form).map_or(known, |typed| typed.text(field))
    }

    /// Whether a choice is made: as it was sent, or else as it is known.
    #[must_use]
    pub fn chosen(&self, form: &str, field: &str, value: impl Display, known: bool) -> bool {
        let value = value.to_string();
        self.typed(form).map_or(known, |typed| typed.all(field).any(|typed| typed == value))
    }

    /// Whether this form was sent and not taken.
    #[must_use]
    pub fn is_back(&self, form: &str) -> bool {
        self.typed(form).is_some()
    }

    /// Why the form was not taken.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.returned.as_ref().map(|sent| &sent.problem)
    }

    /// The page's status: that of the problem, if there is one.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.problem().map_or(StatusCode::OK, Problem::status)
    }
}

/// A page, or the problem that keeps it from being shown.
pub fn or_problem(visitor: &Visitor, page: Result<Response, Problem>) -> Response {
    page.unwrap_or_else(|problem| visitor.problem(&problem))
}

/// An answer for a script: `204` when it was taken, problem details when not.
pub fn for_script(done: Result<Response, Problem>) -> Response {
    match done {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Whether a script sent the form, which wants to know what became of it and not to read a page.
#[must_use]
pub fn by_script(headers: &axum::http::HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|value| value == "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_read_field_by_field() {
        let typed = Typed::read("a=1&b=x%0D%0Ay&a=2&n=12&blank=+&_form=who.chance".as_bytes());
        assert_eq!(typed.text("b"), "x\ny");
        assert_eq!(typed.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((typed.number("n"), typed.number("b")), (json!(12), json!("x\ny")));
        assert_eq!((typed.optional("blank"), typed.optional("none")), (None, None));
        assert_eq!(typed.shown_to(), Some("who"));
        for none in ["", "who", "who.", &format!("who.{}", "x".repeat(65))] {
            assert_eq!(Typed(vec![(SHOWING.into(), none.into())]).shown_to(), None, "{none}");
        }
        assert_eq!(typed.note("b"), json!({ "text": "x\ny", "lang": "und" }));
        assert_eq!(Typed::read(b"kept.a=1&b=2").below("kept."), Typed::read(b"a=1"));
    }
}
