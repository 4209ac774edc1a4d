//! Somebody at a browser that runs no script: reads pages, fills forms in and sends them, as a browser would.

use crate::client::{Answer, Client};
use crate::registry::{PASSWORD, Registry};

/// A browser with its cookie.
#[derive(Clone, Debug)]
pub struct Browser {
    client: Client,
}

/// A page that was read.
#[derive(Clone, Debug)]
pub struct Page {
    /// The answer.
    pub answer: Answer,
    /// Its text.
    pub html: String,
}

/// A form of a page, as it stands there or filled in further.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Its fields.
    pub fields: Vec<(String, String)>,
}

impl Browser {
    /// A browser where nobody is signed in, whose forms come from the registry's own pages.
    pub fn new(registry: &Registry) -> Browser {
        let client = registry.anyone().with_header("accept", "text/html");
        Browser { client: client.with_header("sec-fetch-site", "same-origin") }
    }

    /// A browser where somebody signs in.
    ///
    /// # Panics
    /// When the registry refuses.
    pub async fn signed_in(registry: &Registry, email: &str) -> Browser {
        let browser = Browser::new(registry);
        let sign_in = browser.read("/sign-in").await.form("/sign-in");
        let answer = browser.send(&sign_in.with("email", email).with("password", PASSWORD)).await;
        browser.keeping_the_cookie_of(&answer.answer.expect(303))
    }

    /// The same browser with the cookie that an answer brought.
    ///
    /// # Panics
    /// When it brought none.
    #[must_use]
    pub fn keeping_the_cookie_of(&self, answer: &Answer) -> Browser {
        let cookie = answer.header("set-cookie").expect("a cookie");
        let pair = cookie.split(';').next().unwrap_or_default();
        Browser { client: self.client.with_header("cookie", pair) }
    }

    /// The same browser, saying one header otherwise.
    #[must_use]
    pub fn saying(&self, name: &'static str, value: &str) -> Browser {
        Browser { client: self.client.with_header(name, value) }
    }

    /// Reads a page.
    pub async fn read(&self, path: &str) -> Page {
        Page::of(self.client.get(path).await)
    }

    /// Sends a form.
    pub async fn send(&self, form: &Form) -> Page {
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        let kind = "application/x-www-form-urlencoded";
        Page::of(self.client.post_body(&form.action, kind, body).await)
    }
}

impl Page {
    fn of(answer: Answer) -> Page {
        let html = String::from_utf8(answer.body.clone()).expect("UTF-8");
        Page { answer, html }
    }

    /// The page, if it has this status.
    ///
    /// # Panics
    /// When it has another; with the page.
    pub fn expect(self, status: u16) -> Page {
        assert_eq!(self.answer.status.as_u16(), status, "{}", self.html);
        self
    }

    /// Whether the page says this, as text that a person reads.
    pub fn says(&self, words: &str) -> bool {
        unescaped(&self.html).contains(words)
    }

    /// The form that is sent to an address that ends so, before its query.
    ///
    /// # Panics
    /// When there is none; with the page.
    pub fn form(&self, ending: &str) -> Form {
        let forms = self.html.split("<form ").skip(1);
        let whole = forms.filter_map(|form| form.split_once("</form>")).map(|(form, _)| form);
        for form in whole {
            let action = attribute(form, "action").unwrap_or_default();
            if action.split('?').next().is_some_and(|path| path.ends_with(ending)) {
                return Form { action, fields: fields(form) };
            }
        }
        panic!("no form is sent to …{ending}: {}", self.html)
    }
}

impl Form {
    /// The form with a field filled in.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Form {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// What a browser would send of a form as it stands.
fn fields(form: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for tag in form.split('<').skip(1) {
        let Some(name) = attribute(tag, "name").filter(|_| !tag.starts_with("button")) else {
            continue;
        };
        if tag.starts_with("textarea") {
            let text = tag.split_once('>').map(|(_, text)| unescaped(text));
            fields.push((name, text.unwrap_or_default()));
        } else if tag.starts_with("input") {
            let kind = attribute(tag, "type").unwrap_or_default();
            let is_choice = matches!(kind.as_str(), "radio" | "checkbox");
            if (!is_choice || tag.contains(" checked")) && kind != "file" {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
    }
    fields
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

fn unescaped(html: &str) -> String {
    let entities = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
    ];
    let text =
        entities.iter().fold(html.to_owned(), |text, (entity, sign)| text.replace(entity, sign));
    text.replace("&#38;", "&").replace("&amp;", "&")
}
