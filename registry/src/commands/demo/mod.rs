//! `akashi demo`: the whole way on fictional companies, over HTTP, each person with a sign-in of their own.
//!
//! The registry runs on a temporary folder; everything that happens here goes through its public interface,
//! as it would for strangers. The accounts exist in that folder alone, with a password drawn for this run.

mod cast;
mod client;
mod evidence;
mod offline;
mod story;

use std::future::pending;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{say, serve};

/// Options of `akashi demo`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// End after the table of verdicts instead of going on serving.
    #[arg(long)]
    once: bool,
    /// The port to serve on; a free one when it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// An empty PostgreSQL database to use, `postgres://…`; without it, a SQLite file in the demo's temporary folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Runs the demo.
///
/// # Errors
/// A sentence that says what went wrong.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("akashi-demo-")
        .tempdir()
        .context("no temporary folder can be made")?;
    let ready = open(folder.path().join("registry"), options).await?;
    let interruption = serve::interruption()?;
    let origin = ready.app.origin.to_string();
    let mail = ready.post.folder().map(Path::to_owned);
    let token = ready
        .operator_link
        .as_deref()
        .and_then(|link| link.rsplit('/').next())
        .unwrap_or_default()
        .to_owned();
    let stop = Arc::new(Notify::new());
    let server = tokio::spawn(ready.serve(stop.clone()));
    let shown = tokio::select! {
        shown = show(&origin, &token, mail.as_deref(), options.once) => shown,
        () = interruption => Ok(()),
    };
    stop.notify_one();
    server.await??;
    shown
}

/// Tells the story, then how to sign in; unless `once`, stays until it is interrupted.
async fn show(origin: &str, token: &str, mail: Option<&Path>, once: bool) -> anyhow::Result<()> {
    say(format_args!("A registry of fictional companies is running at {origin}\n"))?;
    let cast = story::tell(origin, token).await?;
    if once {
        return Ok(());
    }
    say(format_args!(
        "\nThe registry goes on serving at {origin} — end it with Ctrl+C. Sign-ins for this run:\n"
    ))?;
    say(cast.sign_ins())?;
    say(format_args!(
        "\nSign in at {origin}/desk. A case waits for its assessor: sign in as the lead assessor to take it up, and later as those whose turn it is.\n\nFor programs: paste this to sign in as the quality manager, and to list the applications:\n"
    ))?;
    say(cast.example(origin)?)?;
    if let Some(mail) = mail {
        say(format_args!("\nMail is not sent: read it in {}, a file each.", mail.display()))?;
    }
    pending().await
}

/// Opens a registry on the port, or on a free one when it is taken.
async fn open(data: PathBuf, asked: &Options) -> anyhow::Result<serve::Ready> {
    let port = asked.port;
    let options = |port| serve::Options {
        place: serve::Place {
            data: data.clone(),
            database: asked.database.clone(),
            seal_key: None,
        },
        origin: None,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        metrics: None,
        smtp: None,
        mail_from: None,
    };
    let taken = async |host: IpAddr| match TcpListener::bind((host, port)).await {
        Ok(_) => false,
        Err(error) => error.kind() == ErrorKind::AddrInUse,
    };
    let taken = taken(Ipv4Addr::LOCALHOST.into()).await || taken(Ipv6Addr::LOCALHOST.into()).await;
    serve::open(&options(if taken { 0 } else { port })).await
}
