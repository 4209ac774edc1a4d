//! `akashi serve`: the registry on a folder of its own.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;

use akashi_keys::{KeyId, Role, SealKey, SealedKey, SigningKey};
use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::Args;
use lettre::message::Mailbox;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::say;
use crate::certification::store::parties::{self, Party, PartyKind};
use crate::platform::accounts::{self, SignInThrottle, TokenIssuer};
use crate::platform::app::App;
use crate::platform::blobs::BlobStore;
use crate::platform::clock::SystemClock;
use crate::platform::db::engine::{Engine, Lock};
use crate::platform::db::{Db, Tx};
use crate::platform::id::PartyId;
use crate::platform::mail::post::{self, Post};
use crate::platform::metrics::Requests;
use crate::platform::rng::{SystemRng, draw};
use crate::platform::{hold, jobs, settings, signing_keys};
use crate::{http, issuance, operation, worker};
use akashi_verifier::Origin;

/// How many root keys are made, any two of which sign.
const ROOT_KEYS: u8 = 3;

/// Where a registry lies.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// The folder that holds the registry: database, evidence, keys. The first `serve` makes it.
    #[arg(long, value_name = "DIR", env = "AKASHI_DATA")]
    pub data: PathBuf,
    /// The database: sqlite://FILE or postgres://…; without it, a SQLite file in the data folder.
    #[arg(long, value_name = "URL", env = "AKASHI_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// The file that holds the seal key; without it, seal.key in the data folder.
    #[arg(long, value_name = "FILE", env = "AKASHI_SEAL_KEY")]
    pub seal_key: Option<PathBuf>,
}

impl Place {
    fn seal_file(&self) -> PathBuf {
        self.seal_key.clone().unwrap_or_else(|| self.data.join("seal.key"))
    }

    /// The URL of its database.
    fn url(&self) -> String {
        match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}?mode=rwc", self.data.join("akashi.db").display()),
        }
    }
}

/// Options of `akashi serve`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where the registry lies.
    #[command(flatten)]
    pub place: Place,
    /// Where the public reaches the registry, such as https://registry.example. Fixed at the first start, and named
    /// again at every later one; without it, http://localhost with the port that is listened on. A host in numbers, as in
    /// http://127.0.0.1:8080, cannot be one, because the registry's did:web identifiers name a host.
    #[arg(long, value_name = "URL", env = "AKASHI_ORIGIN")]
    pub origin: Option<Origin>,
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDRESS", env = "AKASHI_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The address and port of the measures, /metrics for Prometheus, without TLS and open to whoever reaches it;
    /// without it there are none.
    #[arg(long, value_name = "ADDRESS", env = "AKASHI_METRICS")]
    pub metrics: Option<SocketAddr>,
    /// The server that mail goes through: smtps://USER:PASSWORD@HOST with TLS, smtp://USER:PASSWORD@HOST?tls=required with
    /// STARTTLS, smtp://HOST without; name one with a password in the environment, where no list of processes shows
    /// it. Without a server each mail is written as a file into the folder `mail` in the data folder.
    #[arg(
        long,
        value_name = "URL",
        env = "AKASHI_SMTP",
        hide_env_values = true,
        requires = "mail_from"
    )]
    pub smtp: Option<String>,
    /// The sender of mail, such as "Akashi <registry@registry.example>"; without it, akashi at the origin's host.
    #[arg(long, value_name = "ADDRESS", env = "AKASHI_MAIL_FROM")]
    pub mail_from: Option<Mailbox>,
}

/// A registry that is ready to serve.
pub struct Ready {
    /// Its means.
    pub app: App,
    /// What it listens on.
    pub listeners: Vec<TcpListener>,
    /// What its measures are asked for on.
    pub metrics: Option<TcpListener>,
    /// Where its mail goes.
    pub post: Post,
    /// Until there is an operator: a new one-time link that makes the first.
    pub operator_link: Option<String>,
    /// At the first start: the folder with the root keys.
    pub offline_root: Option<PathBuf>,
    /// On SQLite: held as long as the registry is open, so that no other process serves its database.
    _lock: Option<File>,
}

/// Opens the registry of a folder, making it at the first start, and binds its port.
///
/// # Errors
/// A sentence that says what to do.
pub async fn open(options: &Options) -> anyhow::Result<Ready> {
    let data = &options.place.data;
    make_private(data).with_context(|| {
        format!("cannot make the folder {}: choose another with --data", data.display())
    })?;
    let lock = lock(&options.place)?;
    let listeners = bind(options.listen).await?;
    let metrics = match options.metrics {
        Some(address) => Some(bind_one(address, "--metrics").await?),
        None => None,
    };
    let port = listeners[0].local_addr()?.port();
    let origin = match &options.origin {
        Some(origin) => origin.clone(),
        None => format!("http://localhost:{port}").parse()?,
    };
    let seal = SealKey::load_or_create(&options.place.seal_file(), &draw(&SystemRng))?;
    let mut app = means(&options.place, seal, database(&options.place).await?, origin)?;
    let post = post(options, &app)?;
    let mut tx = app.db.write().await?;
    app.db.engine().lock(&mut tx, Lock::Start).await?;
    let first = fix_origin(&mut tx, &app, options.origin.is_some()).await?;
    app.tokens = Arc::new(token_issuer(&mut tx, &app).await?);
    app.blobs.clear_unfinished(app.clock.now()).await?;
    jobs::add_standing(&mut tx, &app).await?;
    let mut ready = Ready {
        app,
        listeners,
        metrics,
        post,
        operator_link: None,
        offline_root: None,
        _lock: lock,
    };
    if first {
        let folder = data.join("offline-root");
        first_start(&mut tx, &ready.app, &folder).await?;
        ready.offline_root = Some(folder);
    }
    let registry = accounts::store::operator_party(&mut tx).await?;
    hold::party(&mut tx, &registry).await?;
    // Not only at the first start: one that ends before the link is read must not leave the registry without operator.
    if !accounts::store::has_operator(&mut tx).await? {
        ready.operator_link = Some(operator_link(&mut tx, &ready.app).await?);
    }
    tx.commit().await?;
    Ok(ready)
}

/// The server or folder that mail goes to.
fn post(options: &Options, app: &App) -> anyhow::Result<Post> {
    let from = match &options.mail_from {
        Some(from) => from.clone(),
        None => post::default_sender(&app.origin)
            .context("mail cannot come from the origin's host: name its sender with --mail-from")?,
    };
    match &options.smtp {
        Some(url) => Ok(Post::through_server(url, from)?),
        None => {
            let folder = options.place.data.join("mail");
            Post::into_folder(&folder, from)
                .with_context(|| format!("cannot make the folder {}", folder.display()))
        }
    }
}

/// Makes a folder that nobody else may look into.
fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Takes a SQLite database for this process alone, by a lock that ends with it; a PostgreSQL may have several registries.
fn lock(place: &Place) -> anyhow::Result<Option<File>> {
    let url = place.url();
    if Engine::of_url(&url) != Some(Engine::Sqlite) {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(&url)?;
    let database = options.get_filename();
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let file = PathBuf::from(name);
    let cannot = || format!("cannot lock {}: name another place for the database", file.display());
    let lock = File::options().write(true).create(true).truncate(false).mode(0o600).open(&file);
    let lock = lock.with_context(cannot)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => bail!(
            "another akashi serve has {} open: end that one first, or take PostgreSQL, which several can share",
            database.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
    }
}

/// Listens on the address; on IPv6's loopback too where IPv4's was asked for, since browsers try it for `localhost` and
/// would reach another program there.
async fn bind(address: SocketAddr) -> anyhow::Result<Vec<TcpListener>> {
    loop {
        let listener = bind_one(address, "--listen").await?;
        if address.ip() != Ipv4Addr::LOCALHOST {
            return Ok(vec![listener]);
        }
        let beside = SocketAddr::from((Ipv6Addr::LOCALHOST, listener.local_addr()?.port()));
        match TcpListener::bind(beside).await {
            Ok(second) => return Ok(vec![listener, second]),
            Err(error) if error.kind() != ErrorKind::AddrInUse => return Ok(vec![listener]),
            Err(error) if address.port() != 0 => {
                return Err(error).context(cannot_listen(beside, "--listen"));
            }
            // Any free port will do: another one, then.
            Err(_) => {}
        }
    }
}

fn cannot_listen(address: SocketAddr, option: &str) -> String {
    format!("cannot listen on {address}: choose another address with {option}")
}

async fn bind_one(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| cannot_listen(address, option))
}

/// Opens the registry of a folder, which must be there, to work on it beside `serve` or without it.
///
/// # Errors
/// A sentence that says what to do.
pub async fn existing(place: &Place) -> anyhow::Result<App> {
    let missing = || {
        let data = place.data.display();
        anyhow::anyhow!(
            "there is no registry in {data}: name its folder, and its database, as for serve"
        )
    };
    let has_database = place.database.is_some() || place.data.join("akashi.db").is_file();
    if !has_database || !place.data.join("evidence").is_dir() {
        return Err(missing());
    }
    let seal = SealKey::load(&place.seal_file())?;
    let db = database(place).await?;
    let fixed = settings::get(&mut *db.reader().acquire().await?, "origin").await?;
    means(place, seal, db, fixed.ok_or_else(missing)?.parse()?)
}

async fn database(place: &Place) -> anyhow::Result<Db> {
    Ok(Db::open(&place.url()).await?)
}

fn means(place: &Place, seal: SealKey, db: Db, origin: Origin) -> anyhow::Result<App> {
    let rng = SystemRng;
    let evidence = place.data.join("evidence");
    make_private(&evidence)?;
    let blobs = BlobStore::in_folder(&evidence)?;
    // The token key lives in the database, which is a part of the means: until it is read, a passing one stands in.
    let passing = TokenIssuer::new(&origin, &SigningKey::from_random(&draw(&rng)), "passing");
    Ok(App {
        db,
        clock: Arc::new(SystemClock),
        rng: Arc::new(rng),
        origin,
        seal: Arc::new(seal),
        blobs: Arc::new(blobs),
        tokens: Arc::new(passing),
        throttle: Arc::new(SignInThrottle::default()),
        wake: Arc::new(Notify::new()),
        requests: Requests::default(),
    })
}

/// The issuer of access tokens under the registry's token key.
async fn token_issuer(tx: &mut Tx, app: &App) -> anyhow::Result<TokenIssuer> {
    let (row, held) = signing_keys::own(tx, app, Role::Token).await?;
    let signer = held.signer_at(app.clock.now().as_second())?;
    Ok(TokenIssuer::new(&app.origin, signer, &row.fragment))
}

/// Fixes the origin at the first start; gives whether it is the first.
async fn fix_origin(tx: &mut Tx, app: &App, asked: bool) -> anyhow::Result<bool> {
    let fixed = settings::get(tx, "origin").await?;
    match fixed {
        Some(fixed) if fixed == app.origin.as_str() => Ok(false),
        Some(fixed) if asked => bail!(
            "this registry's origin is {fixed} and stays so, because its credentials name it: start it with --origin {fixed}, not {}",
            app.origin
        ),
        Some(fixed) => bail!(
            "this registry's origin is {fixed}: every start names it, with --origin {fixed} or in AKASHI_ORIGIN, and a --listen that it reaches"
        ),
        None => {
            settings::fix(tx, "origin", app.origin.as_str()).await?;
            Ok(true)
        }
    }
}

/// What the first start makes: the operator's party, the root keys in a folder to be moved away, root 1.
async fn first_start(tx: &mut Tx, app: &App, folder: &Path) -> anyhow::Result<()> {
    let now = app.clock.now();
    let registry = Party {
        id: PartyId::new(now, &*app.rng),
        kind: PartyKind::Operator,
        slug: None,
        display_name: "Operator of the registry".into(),
        country: "ZZ".into(),
        municipality: None,
        sole_proprietor: 0,
        publish_consent: 0,
        terms: None,
        version: 1,
    };
    parties::insert(tx, &registry, now).await?;
    let keys = write_root_keys(app, folder)?;
    issuance::first_root(tx, app, &keys).await?;
    Ok(())
}

/// Makes the root keys, each in a sealed file of its own. The folder appears whole or not at all.
fn write_root_keys(app: &App, folder: &Path) -> anyhow::Result<Vec<SigningKey>> {
    if folder.exists() {
        bail!(
            "{} is there, but this registry has no root yet: if it is left from a first start that was cut short, delete it; \
             else this is not the registry that it belongs to",
            folder.display()
        );
    }
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    make_private(&unfinished)?;
    let mut keys = Vec::new();
    for n in 1..=ROOT_KEYS {
        let key = SigningKey::from_random(&draw(&*app.rng));
        let id: KeyId = format!("root-{n}").parse()?;
        let sealed = SealedKey::seal(&key, Role::Root, id, &app.seal, &draw(&*app.rng));
        write_secret(&unfinished.join(format!("root-{n}.key")), &sealed.to_string())?;
        keys.push(key);
    }
    // On disk before the database says that there is a root.
    sync_folder(&unfinished)?;
    fs::rename(&unfinished, folder)?;
    sync_folder(folder.parent().unwrap_or(folder))?;
    Ok(keys)
}

/// Puts on disk what a folder says of its files: their names.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// Makes the one-time link in place of any before; only its hash is kept.
async fn operator_link(tx: &mut Tx, app: &App) -> anyhow::Result<String> {
    let mut secret = [0; 24];
    app.rng.fill(&mut secret);
    let token = BASE64_URL_SAFE_NO_PAD.encode(secret);
    accounts::store::set_operator_link(tx, &Sha256::digest(token.as_bytes()), app.clock.now_ms())
        .await?;
    Ok(app.origin.url(&format!("/setup/{token}")))
}

impl Ready {
    /// Serves until `stop` is notified, with the worker beside it.
    ///
    /// # Errors
    /// When a socket fails.
    pub async fn serve(self, stop: Arc<Notify>) -> anyhow::Result<()> {
        let (worker_stop, stopped) = tokio::sync::watch::channel(false);
        let mail = tokio::spawn(post::run(self.app.clone(), self.post, stopped.clone()));
        let mut worker = tokio::spawn(worker::run(self.app.clone(), stopped));
        let routes = http::routes(&self.app);
        let closing = Arc::new(tokio::sync::Semaphore::new(0));
        let mut servers = Vec::new();
        let metrics = self.metrics.map(|listener| (listener, operation::metrics(&self.app)));
        let public = self.listeners.into_iter().map(|listener| (listener, routes.clone()));
        for (listener, routes) in public.chain(metrics) {
            let closing = closing.clone();
            let server = axum::serve(listener, routes).with_graceful_shutdown(async move {
                let _ = closing.acquire().await;
            });
            servers.push(tokio::spawn(async move { server.await }));
        }
        // Without its worker a registry would take acts that never take effect in public.
        tokio::select! {
            () = stop.notified() => {}
            ended = &mut worker => ended.context("the worker ended: start the registry again")?,
        }
        closing.close();
        for server in servers {
            server.await??;
        }
        let _ = worker_stop.send(true);
        worker.await?;
        mail.await?;
        self.app.db.close().await;
        Ok(())
    }
}

/// Runs `akashi serve` until it is interrupted or terminated.
///
/// # Errors
/// A sentence that says what to do.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let ready = open(options).await?;
    let interruption = interruption()?;
    let address = ready.listeners[0].local_addr()?;
    if let Some(link) = &ready.operator_link {
        say(format_args!("operator link: {link}"))?;
    }
    if let Some(folder) = &ready.offline_root {
        say(format_args!(
            "root keys: {}\nMove that folder to offline media now, two of its three keys to different people: the registry never reads it again.",
            folder.display()
        ))?;
    }
    if let Some(listener) = &ready.metrics {
        say(format_args!("measures: http://{}/metrics", listener.local_addr()?))?;
    }
    match address.ip() == Ipv4Addr::LOCALHOST {
        true => say(format_args!("listening on http://localhost:{}", address.port()))?,
        false => say(format_args!("listening on http://{address}"))?,
    }
    let stop = Arc::new(Notify::new());
    let signalled = stop.clone();
    tokio::spawn(async move {
        interruption.await;
        signalled.notify_one();
    });
    ready.serve(stop).await
}

/// Begins to heed SIGINT and SIGTERM, and gives what ends at the first. Whoever was told that the registry listens may
/// ask it to end, and must not find the system's own answer to a signal, which is to end at once.
///
/// # Errors
/// When the system refuses.
pub fn interruption() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let heed = |kind| signal(kind).context("cannot heed SIGINT and SIGTERM");
    let (mut interrupt, mut terminate) =
        (heed(SignalKind::interrupt())?, heed(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
