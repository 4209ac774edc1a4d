//! One running `akashi serve`: started, waited for, ended, and ended the hard way.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How long a start or a stop may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// A child of this test. It is killed when dropped, and nothing else ever is.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    output: PathBuf,
}

/// What `akashi serve` says on standard output once it answers requests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Announcement {
    /// `http://localhost:PORT`
    pub(crate) address: String,
    /// The path of the one-time link that makes the first operator; said until there is one.
    pub(crate) operator_link: Option<String>,
}

impl Process {
    /// Starts `command` and waits until it announces its address. Standard output goes to `stdout`
    /// in `folder`, anew at each start; standard error is appended to `stderr`.
    ///
    /// # Errors
    /// With all that it said, when it ends, or stays silent, before it announced anything.
    pub(crate) async fn start(
        command: &mut Command,
        folder: &Path,
    ) -> Result<(Process, Announcement), String> {
        let output = folder.join("stdout");
        let errors = OpenOptions::new().create(true).append(true).open(folder.join("stderr"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&output).expect("the log folder can be written"))
            .stderr(errors.expect("the log folder can be written"))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let mut process = Process { child, output };
        let began = Instant::now();
        loop {
            if let Some(announcement) = process.announced() {
                return Ok((process, announcement));
            }
            let ended = process.child.try_wait().expect("a child can be asked");
            if ended.is_some() || began.elapsed() > PATIENCE {
                let how = ended.map_or("is silent".to_owned(), |status| format!("ended, {status}"));
                return Err(format!("{command:?} {how}, and said:\n{}", said(folder)));
            }
            sleep(POLL).await;
        }
    }

    /// The most memory that the process ever held, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("Linux says what a running process holds");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak =
            peak.and_then(|peak| peak.trim().strip_suffix(" kB")).and_then(|kb| kb.parse().ok());
        let kibibytes: u64 = peak.expect("VmHWM in kB");
        kibibytes * 1024
    }

    fn announced(&self) -> Option<Announcement> {
        announcement(&fs::read_to_string(&self.output).expect("its output is text"))
    }

    /// Asks the process to end (SIGTERM) and waits until it has.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        let pid = self.child.id();
        ask_to_end(pid);
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the process {pid} did not end when asked to");
            sleep(POLL).await;
        }
    }

    /// Ends the process without a chance to do anything more (SIGKILL).
    pub(crate) fn kill9(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the child has already been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks a process to end (SIGTERM).
pub(crate) fn ask_to_end(pid: u32) {
    // The shell's own kill: a bare Debian has no kill(1).
    let asked = Command::new("sh").args(["-c", "kill -TERM $0", &pid.to_string()]).status();
    let asked = asked.expect("a shell can be started");
    assert!(asked.success(), "the process {pid} could not be asked to end");
}

/// What a process said in `folder` on both its outputs.
pub(crate) fn said(folder: &Path) -> String {
    ["stdout", "stderr"]
        .map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default())
        .concat()
}

/// Reads the announcement once its last line is whole: the link is printed before the address.
fn announcement(stdout: &str) -> Option<Announcement> {
    let whole = &stdout[..=stdout.rfind('\n')?];
    let after = |prefix: &str| whole.lines().find_map(|line| line.strip_prefix(prefix));
    Some(Announcement {
        address: after("listening on ")?.trim_end_matches('/').to_owned(),
        operator_link: after("operator link: ").map(|link| {
            let path = link.find("/setup/").unwrap_or_else(|| panic!("no /setup/ in {link}"));
            link[path..].to_owned()
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    const SERVE: &str = "echo 'operator link: http://localhost:4711/setup/once'; \
        echo 'listening on http://localhost:4711'; echo started >&2; ";

    #[test]
    fn an_announcement_is_read_when_its_last_line_is_whole() {
        let line = "listening on http://localhost:4711";
        assert_eq!(announcement(line), None);
        let read = announcement(&format!("{line}\n")).expect("announced");
        assert_eq!(read.address, "http://localhost:4711");
        assert_eq!(read.operator_link, None);
    }

    #[tokio::test]
    async fn a_start_waits_for_the_address_and_knows_the_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!("sleep 0.1; {SERVE} exec sleep 60");
        let (process, announced) = started(&script, folder.path()).await;
        let expected = Announcement {
            address: "http://localhost:4711".to_owned(),
            operator_link: Some("/setup/once".to_owned()),
        };
        assert_eq!(announced, expected);
        process.kill9();
    }

    #[tokio::test]
    async fn a_stop_lets_the_process_finish_and_a_kill_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let script =
            format!("trap 'echo finished; exit 3' TERM; {SERVE} while :; do sleep 0.01; done");
        let (process, _) = started(&script, folder.path()).await;
        assert_eq!(process.stop().await.code(), Some(3));
        assert!(said(folder.path()).contains("finished"));

        let (process, _) = started(&script, folder.path()).await;
        process.kill9();
        assert!(!said(folder.path()).contains("finished"));
    }

    async fn started(script: &str, folder: &Path) -> (Process, Announcement) {
        Process::start(&mut shell(script), folder).await.expect("it announces its address")
    }

    #[tokio::test]
    async fn a_process_that_ends_at_once_is_reported_with_what_it_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "echo the disk is full >&2; exit 1";
        let said = Process::start(&mut shell(script), folder.path()).await.err();
        assert!(said.is_some_and(|said| said.contains("the disk is full")));
    }
}
