//! A registry of a test's own: a data folder, a database, and the real `akashi serve` upon them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::binaries::akashi;
use crate::client::{Address, Client};
use crate::engine::{Database, Engine, tamper};
use crate::moved_clock::MovedClock;
use crate::process::{Process, said};
use crate::unheard::Unheard;

/// The origin that every registry under test is given. It is not where the registry listens, as behind
/// a reverse proxy; a [`Client`] takes URLs under it to the right place.
pub const ORIGIN: &str = "https://registry.example";

/// The password of every account that a test makes.
pub const PASSWORD: &str = "correct horse battery staple";

/// The address of the first operator of every registry under test.
pub const OPERATOR: &str = "operator@registry.example";

/// A running registry. When it is dropped its process is killed and its folder removed.
#[derive(Debug)]
pub struct Registry {
    // Before `place`, so that the process has ended when its folder goes.
    running: Option<Process>,
    place: Place,
    arguments: Vec<String>,
    address: Address,
    operator_link: Option<String>,
}

/// A registry at rest, from which any number can be started that begin alike.
#[derive(Debug)]
pub struct Snapshot {
    place: Place,
    arguments: Vec<String>,
}

/// A place for a registry that was never started.
#[derive(Debug)]
pub struct Unstarted {
    place: Place,
}

/// Where a registry keeps what it must not lose.
#[derive(Debug)]
struct Place {
    engine: Engine,
    folder: TempDir,
    database: Option<Database>,
    /// What the log tells, where it is more than usual.
    log: Option<&'static str>,
    /// The clock that it goes by, where it is not the system's.
    clock: Option<MovedClock>,
}

impl Registry {
    /// Starts an empty registry.
    ///
    /// # Panics
    /// When `akashi serve` does not come up; with all that it said.
    pub async fn start(engine: Engine) -> Registry {
        Registry::start_with(engine, &[]).await
    }

    /// Starts an empty registry whose log tells every query of a request.
    pub async fn start_telling_queries(engine: Engine) -> Registry {
        let mut place = Place::new(engine).await;
        place.log = Some("info,akashi_registry::platform::http=debug,sqlx::query=debug");
        Registry::start_at(place, Vec::new()).await
    }

    /// Starts an empty registry that goes by a clock that the test moves.
    pub async fn start_by(engine: Engine, clock: &MovedClock) -> Registry {
        let mut place = Place::new(engine).await;
        place.clock = Some(clock.clone());
        Registry::start_at(place, Vec::new()).await
    }

    /// How many queries the log tells of a request, by the id that its answer has.
    pub fn queries_of(&self, request: &str) -> usize {
        let log = fs::read_to_string(self.place.folder.path().join("stderr")).expect("a log");
        log.lines().filter(|line| line.contains("sqlx::query") && line.contains(request)).count()
    }

    /// Starts an empty registry with further arguments of `akashi serve`.
    pub async fn start_with(engine: Engine, arguments: &[&str]) -> Registry {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Registry::start_at(Place::new(engine).await, arguments).await
    }

    async fn start_at(place: Place, arguments: Vec<String>) -> Registry {
        let mut registry = Registry::at_rest(place, arguments);
        registry.serve().await;
        registry
    }

    fn at_rest(place: Place, arguments: Vec<String>) -> Registry {
        let address = Address::default();
        Registry { place, arguments, running: None, address, operator_link: None }
    }

    async fn serve(&mut self) {
        self.try_serve().await.unwrap_or_else(|said| panic!("{said}"));
    }

    /// Gives how `akashi serve` failed, when it does not come up.
    async fn try_serve(&mut self) -> Result<(), String> {
        let mut command = self.place.serve();
        command.args(&self.arguments);
        let started = Process::start(&mut command, self.place.folder.path()).await;
        let (process, announced) = started?;
        self.running = Some(process);
        self.address.move_to(announced.address);
        self.operator_link = announced.operator_link.or(self.operator_link.take());
        Ok(())
    }

    /// The engine it stores in.
    pub fn engine(&self) -> Engine {
        self.place.engine
    }

    /// Where it listens now, `http://localhost:PORT`.
    pub fn address(&self) -> String {
        self.address.get()
    }

    /// Runs a command of `akashi` on this registry's folder and database, beside `serve`; gives what it printed.
    ///
    /// # Panics
    /// When it fails; with what it said.
    pub fn run(&self, command: &str) -> String {
        let mut run = Command::new(akashi());
        let output = run.arg(command).args(self.place.options()).output().expect("akashi runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "akashi {command} ended with {}: {said}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Starts another `akashi serve` on this registry's folder and database, on a port of its own, and ends it.
    ///
    /// # Errors
    /// With all that it said, when it does not come up.
    pub async fn another(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (process, _) = Process::start(&mut self.place.serve(), folder.path()).await?;
        process.stop().await;
        Ok(())
    }

    /// The URL of its database.
    pub fn database(&self) -> String {
        self.place.database_url()
    }

    /// Its data folder.
    pub fn data_folder(&self) -> PathBuf {
        self.place.data()
    }

    /// The path of the last link announced, good once, that makes the first operator.
    ///
    /// # Panics
    /// When `serve` announced none.
    pub fn operator_link(&self) -> &str {
        self.operator_link
            .as_deref()
            .expect("serve announces an operator link until there is an operator")
    }

    /// All that the process said so far, on both its outputs.
    pub fn said(&self) -> String {
        said(self.place.folder.path())
    }

    /// The most memory that the process ever held, in bytes (`VmHWM` of Linux).
    ///
    /// # Panics
    /// When it does not run.
    pub fn peak_memory(&self) -> u64 {
        self.running.as_ref().expect("the registry runs").peak_memory()
    }

    /// The names of the files under `evidence` in the data folder: one for each that is kept.
    pub fn evidence_files(&self) -> Vec<PathBuf> {
        let evidence = self.data_folder().join("evidence");
        if evidence.is_dir() { files_under(&evidence) } else { Vec::new() }
    }

    /// A client that has not signed in.
    pub fn anyone(&self) -> Client {
        Client::new(&self.address)
    }

    /// Makes an account with [`PASSWORD`], which belongs to no party yet, and signs it in.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn sign_up(&self, email: &str) -> Client {
        self.anyone().post("/api/v1/accounts", &account(email)).await.expect(201);
        self.sign_in(email, PASSWORD).await
    }

    /// Makes the first operator's account by the one-time link, and signs it in.
    ///
    /// # Panics
    /// When `serve` announced no link, or the registry refuses; with its problem document.
    pub async fn first_operator(&self) -> Client {
        let link = self.operator_link();
        let mut account = account(OPERATOR);
        account["token"] = link.rsplit('/').next().into();
        self.anyone().post("/api/v1/operators", &account).await.expect(201);
        self.sign_in(OPERATOR, PASSWORD).await
    }

    /// Signs in with an address and a password.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn sign_in(&self, email: &str, password: &str) -> Client {
        let credentials = json!({"email": email, "password": password});
        let session = self.anyone().post("/api/v1/sessions", &credentials).await.expect(200);
        self.anyone().with_token(session.text("/access_token"))
    }

    /// Ends the process as an operator would (SIGTERM) and starts it again on the same data. Clients
    /// go on speaking to it, with the access tokens that they had.
    ///
    /// # Panics
    /// When it does not end in good order.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.serve().await;
    }

    /// Kills the process where it stands (SIGKILL), as a power cut would; [`Registry::restart`] brings
    /// it back.
    pub fn kill9(&mut self) {
        self.running.take().expect("the registry runs").kill9();
    }

    /// Ends the process, carries a statement out in its database behind its back, and starts it again:
    /// for damage that nobody can do over HTTP.
    ///
    /// # Panics
    /// When the statement changes no row.
    pub async fn is_tampered_with(&mut self, statement: &str) {
        self.stop().await;
        tamper(&self.place.database_url(), statement).await;
        self.serve().await;
    }

    /// Damages the sealed key that every body signs with, so that no release can succeed: nobody can
    /// bring that about over HTTP.
    pub async fn issuer_keys_are_broken(&mut self) {
        let damage = "UPDATE signing_key SET sealed = 'x' || sealed WHERE role = 'issuer'";
        self.is_tampered_with(damage).await;
    }

    /// Undoes [`Registry::issuer_keys_are_broken`].
    pub async fn issuer_keys_are_mended(&mut self) {
        let mend = "UPDATE signing_key SET sealed = substr(sealed, 2) WHERE role = 'issuer'";
        self.is_tampered_with(mend).await;
    }

    /// Ends the process in good order and keeps what it stored.
    pub async fn into_snapshot(mut self) -> Snapshot {
        self.stop().await;
        Snapshot { place: self.place, arguments: self.arguments }
    }

    async fn stop(&mut self) {
        if let Some(process) = self.running.take() {
            let status = process.stop().await;
            assert!(
                status.success(),
                "akashi serve ended with {status}, and said:\n{}",
                self.said()
            );
        }
    }

    /// Ends the process and removes its database too, which otherwise stays until the test server goes.
    pub async fn discard(mut self) {
        self.running.take();
        if let Some(database) = self.place.database.take() {
            database.drop_now().await;
        }
    }
}

impl Snapshot {
    /// Starts a registry on a copy of what was kept.
    pub async fn start(&self) -> Registry {
        Registry::start_at(self.place.copy().await, self.arguments.clone()).await
    }
}

impl Unstarted {
    /// A place for a registry.
    pub async fn on(engine: Engine) -> Unstarted {
        Unstarted { place: Place::new(engine).await }
    }

    /// The data folder, which is not there yet.
    pub fn data_folder(&self) -> PathBuf {
        self.place.data()
    }

    /// Starts a registry here and kills it (SIGKILL) so much later, wherever it then stands.
    pub async fn cut_short(&self, after: Duration) {
        let mut child = self.place.serve().stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.as_mut().expect("akashi serve can be started");
        sleep(after).await;
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for");
    }

    /// Starts a registry here whose announcement nobody reads yet.
    pub fn start_unheard(&self) -> Unheard {
        Unheard::start(&mut self.place.serve())
    }

    /// Starts a registry here.
    ///
    /// # Errors
    /// When `akashi serve` does not come up: the place as it then is, and all that it said.
    pub async fn start(self) -> Result<Registry, (Unstarted, String)> {
        self.start_with(&[]).await
    }

    /// Starts a registry here with further arguments of `akashi serve`.
    ///
    /// # Errors
    /// As [`Unstarted::start`].
    pub async fn start_with(self, arguments: &[&str]) -> Result<Registry, (Unstarted, String)> {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let mut registry = Registry::at_rest(self.place, arguments);
        match registry.try_serve().await {
            Ok(()) => Ok(registry),
            Err(said) => Err((Unstarted { place: registry.place }, said)),
        }
    }
}

impl Place {
    /// The command that serves the registry.
    fn serve(&self) -> Command {
        let mut command = Command::new(akashi());
        command.arg("serve").args(self.options());
        command.args(["--listen", "127.0.0.1:0", "--origin", ORIGIN]);
        command.envs(self.log.map(|filter| ("AKASHI_LOG", filter)));
        command.envs(self.clock.iter().flat_map(MovedClock::variables));
        command
    }

    async fn new(engine: Engine) -> Place {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Database::create().await),
        };
        Place {
            engine,
            folder: tempfile::tempdir().expect("a temporary folder"),
            database,
            log: None,
            clock: None,
        }
    }

    async fn copy(&self) -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&self.data(), &folder.path().join("data"));
        let database = match &self.database {
            None => None,
            Some(database) => Some(database.copy().await),
        };
        Place { engine: self.engine, folder, database, log: self.log, clock: self.clock.clone() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!("sqlite://{}", self.data().join("akashi.db").display()),
        }
    }

    /// The options that name it to every command of `akashi`.
    fn options(&self) -> Vec<OsString> {
        let mut options = vec!["--data".into(), self.data().into()];
        if self.database.is_some() {
            options.extend(["--database".into(), self.database_url().into()]);
        }
        options
    }
}

fn account(email: &str) -> Value {
    let name = email.split('@').next();
    json!({"email": email, "password": PASSWORD, "name": name, "locale": "en"})
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let below = |path: PathBuf| if path.is_dir() { files_under(&path) } else { vec![path] };
    paths.flat_map(below).collect()
}

/// Copies a folder with all below it, and the permissions of its files.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("the copy's folder is new");
    fs::set_permissions(to, fs::metadata(from).expect("the folder is there").permissions())
        .expect("the copy is ours");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).expect("a file can be copied");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if thread::panicking() {
            let said = said(self.folder.path());
            eprintln!("what akashi serve said ({:?}):\n{said}", self.engine);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_copied_folder_keeps_content_and_permissions() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("offline-root")).expect("makes");
        let key = from.join("offline-root/1.key");
        fs::write(&key, "sealed").expect("writes");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("sets");
        fs::set_permissions(&from, fs::Permissions::from_mode(0o700)).expect("sets");

        copy_folder(&from, &to);

        let copy = to.join("offline-root/1.key");
        assert_eq!(fs::read_to_string(&copy).expect("reads"), "sealed");
        let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
        assert_eq!((mode(&to), mode(&copy)), (0o700, 0o600));
    }
}
