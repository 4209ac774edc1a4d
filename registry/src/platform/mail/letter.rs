//! What a mail says: the same text in the mail and on its page, in the reader's language.

use std::time::{Duration, SystemTime};

use akashi_verifier::Origin;
use askama::Template;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};

use super::Mail;
use crate::platform::pages::View;

/// Where one reads one's mail.
pub const DESK_MAIL: &str = "/desk/mail";

/// A composed mail.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it is about, in one line.
    pub subject: String,
    /// To whom it speaks.
    pub greeting: String,
    /// What happened and what to do next.
    pub body: String,
    /// The path of the page about it.
    pub path: String,
}

impl Letter {
    /// Composes a mail in a reader's language.
    #[must_use]
    pub fn of(view: &View, mail: &Mail) -> Self {
        let facts = &mail.facts.0;
        let day = facts.day.map_or_else(String::new, |day| view.day(day));
        let role = facts.role.map_or_else(String::new, |role| view.word("role", role.as_str()));
        let task = facts.task.map_or_else(String::new, |task| view.word("task", task.as_str()));
        let facts = [
            ("party", mail.party.as_str()),
            ("number", facts.number.as_deref().unwrap_or_default()),
            ("day", &day),
            ("role", &role),
            ("task", &task),
        ];
        let kind = mail.kind;
        Self {
            subject: one_line(&view.format(&format!("mail-subject-{kind}"), &facts)),
            greeting: one_line(&view.with("mail-greeting", "name", &mail.name)),
            body: one_line(&view.format(&format!("mail-body-{kind}"), &facts)),
            path: mail.path.clone(),
        }
    }
}

/// A text without line breaks or control characters: a name makes no header of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The mail as plain text.
#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Plain<'a> {
    view: &'a View,
    letter: &'a Letter,
    link: String,
    own: String,
}

/// The mail as HTML: no pictures, nothing that tells the sender that it is read.
#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    view: &'a View,
    letter: &'a Letter,
    link: String,
    own: String,
}

/// Why a mail could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    /// The receiver's address is none that mail can be sent to.
    #[error("the address is none that mail can be sent to")]
    Address,
    /// Its text could not be made.
    #[error("the text could not be made: {0}")]
    Text(#[from] askama::Error),
    /// Its parts could not be put together.
    #[error("the parts could not be put together: {0}")]
    Parts(#[from] lettre::error::Error),
}

/// The mail as it goes out (RFC 5322). Its `Message-ID` is made from its id and nothing in it from the moment of
/// sending, so that what is sent again after a crash is recognisably the same.
///
/// # Errors
/// When the address or the text is none.
pub fn message(origin: &Origin, from: &Mailbox, mail: &Mail) -> Result<Message, Unwritable> {
    let view = View::chosen_in(mail.locale, DESK_MAIL);
    let letter = Letter::of(&view, mail);
    let link = origin.url(&letter.path);
    let own = origin.url(&format!("{DESK_MAIL}/{}", mail.id));
    let plain =
        Plain { view: &view, letter: &letter, link: link.clone(), own: own.clone() }.render()?;
    let html = Html { view: &view, letter: &letter, link, own }.render()?;
    let to = mail.email.parse().map_err(|_| Unwritable::Address)?;
    let written = Duration::from_millis(u64::try_from(mail.created_at).unwrap_or_default());
    let part = |kind, text: String| SinglePart::builder().header(kind).body(text);
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("akashi-{}", mail.id))
        .build()
        .singlepart(part(ContentType::TEXT_PLAIN, plain))
        .singlepart(part(ContentType::TEXT_HTML, html));
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(letter.subject)
        .date(SystemTime::UNIX_EPOCH + written)
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        // RFC 3834: no holiday notice answers it.
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .multipart(parts)?;
    Ok(message)
}
