//! Sends what is due: through an SMTP server, or into a folder when none is named.
//!
//! It works beside the worker, so that a slow server keeps no credential waiting. A mail is claimed before it is
//! sent and noted after: what a crash leaves between the two is sent again, under the same `Message-ID`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use akashi_verifier::Origin;
use lettre::message::Mailbox;
use lettre::transport::smtp::response::{Category, Severity};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::watch;
use tokio::time::timeout;

use super::letter::{self, Unwritable};
use super::store;
use crate::platform::app::App;
use crate::platform::id::MailId;

/// How long the post sleeps when nothing is due.
const NAP: Duration = Duration::from_millis(500);
/// How long a server may take to answer a command.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long a whole mail may take.
const SENT_WITHIN: Duration = Duration::from_secs(25);

/// Where mail goes.
pub struct Post {
    from: Mailbox,
    way: Way,
}

enum Way {
    /// A file a mail.
    Folder(PathBuf),
    /// A server.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

/// Why a mail could not be sent. Nothing here repeats a server's words, which may name an address.
#[derive(Debug, PartialEq, Eq)]
enum Unsent {
    /// It is tried again.
    NotNow(String),
    /// It will never be taken.
    Refused(String),
}

/// Why an address of an SMTP server is none. It does not repeat the address, which may hold a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "the SMTP server's address is not understood: name it as smtp://HOST:PORT?tls=required, smtps://HOST:PORT or, \
     without TLS, smtp://HOST:PORT; user and password go before the host, percent-encoded"
)]
pub struct BadServer;

/// The sender when none is named.
///
/// # Errors
/// When the origin's host is none that mail can come from.
pub fn default_sender(origin: &Origin) -> Result<Mailbox, lettre::address::AddressError> {
    let host = origin.authority().split(':').next().unwrap_or_default();
    format!("akashi@{host}").parse()
}

impl Post {
    /// A post that writes each mail as a file `ID.eml` (RFC 5322) into a folder, which it makes.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn into_folder(folder: &Path, from: Mailbox) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { from, way: Way::Folder(folder.to_owned()) })
    }

    /// A post through an SMTP server (RFC 5321): `smtps://` with TLS from the first byte, `smtp://…?tls=required` with
    /// STARTTLS (RFC 3207), `smtp://` without TLS.
    ///
    /// # Errors
    /// When the address is none, or sends a password without TLS.
    pub fn through_server(url: &str, from: Mailbox) -> Result<Self, BadServer> {
        let is_sealed = url.starts_with("smtps://") || url.contains("tls=required");
        if url.contains('@') && !is_sealed {
            return Err(BadServer);
        }
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| BadServer)?;
        let server = server.timeout(Some(ANSWER_WITHIN)).build();
        Ok(Self { from, way: Way::Smtp(Box::new(server)) })
    }

    /// Where mail goes, for whoever starts the registry; none for a server.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.way {
            Way::Folder(folder) => Some(folder),
            Way::Smtp(_) => None,
        }
    }

    async fn send(&self, id: &MailId, message: Message) -> Result<(), Unsent> {
        match &self.way {
            Way::Folder(folder) => {
                let (folder, name) = (folder.clone(), id.to_string());
                let bytes = message.formatted();
                let written =
                    tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
                match written {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(Unsent::NotNow(format!("the folder: {}", error.kind()))),
                    Err(_) => Err(Unsent::NotNow("the folder: broken off".to_owned())),
                }
            }
            Way::Smtp(server) => match timeout(SENT_WITHIN, server.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(why(&error)),
                Err(_) => Err(Unsent::NotNow("the server took too long".to_owned())),
            },
        }
    }
}

/// Writes a mail's file, which appears whole or not at all. The same mail again is the same file.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file = fs::OpenOptions::new();
    let mut file = file.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(format!("{name}.eml")))?;
    File::open(folder)?.sync_all()
}

/// What an answer of a server means. What it says for good about this mail (RFC 5321, section 4.2.1) is not asked
/// again; a refused password or a command that it does not know is the operator's to mend, and the mail waits.
fn why(error: &lettre::transport::smtp::Error) -> Unsent {
    match error.status() {
        Some(code) => {
            let said = format!("the server answered {code}");
            let is_refused = code.severity == Severity::PermanentNegativeCompletion
                && code.category == Category::MailSystem;
            if is_refused { Unsent::Refused(said) } else { Unsent::NotNow(said) }
        }
        None if error.is_timeout() => Unsent::NotNow("the server took too long".to_owned()),
        None if error.is_tls() => Unsent::NotNow("no TLS with the server".to_owned()),
        None => Unsent::NotNow("the server was not reached".to_owned()),
    }
}

/// Sends what is due until it is told to stop, and then ends after the mail that it has in hand.
pub async fn run(app: App, post: Post, mut stop: watch::Receiver<bool>) {
    loop {
        while !*stop.borrow() {
            match next(&app, &post).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(%error, "mail waits for the database");
                    break;
                }
            }
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(NAP) => {}
        }
    }
}

/// Sends the mail that is due longest; false when none is.
///
/// # Errors
/// When the database refuses.
pub async fn next(app: &App, post: &Post) -> Result<bool, sqlx::Error> {
    let Some(mail) = store::claim(&app.db, app.clock.now_ms()).await? else { return Ok(false) };
    let sent = match letter::message(&app.origin, &post.from, &mail) {
        Ok(message) => post.send(&mail.id, message).await,
        Err(error @ Unwritable::Address) => Err(Unsent::Refused(error.to_string())),
        Err(error) => {
            tracing::error!(%error, mail = mail.id.as_str(), "a mail could not be composed");
            Err(Unsent::NotNow("it could not be composed".to_owned()))
        }
    };
    let now = app.clock.now_ms();
    match sent {
        Ok(()) => store::sent(&app.db, &mail.id, now).await?,
        Err(Unsent::NotNow(why)) => {
            tracing::warn!(mail = mail.id.as_str(), why, "a mail waits");
            store::delayed(&app.db, &mail.id, now + wait_ms(mail.attempts), &why).await?;
        }
        Err(Unsent::Refused(why)) => {
            tracing::warn!(mail = mail.id.as_str(), why, "a mail is refused for good");
            store::failed(&app.db, &mail.id, now, &why).await?;
        }
    }
    Ok(true)
}

/// How long a mail waits after its `n`th attempt, in milliseconds: it doubles from a second to an hour.
fn wait_ms(attempts: i64) -> i64 {
    (1000_i64 << (attempts - 1).clamp(0, 12)).min(60 * 60 * 1000)
}
