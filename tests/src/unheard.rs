//! A registry whose announcement nobody has read yet: as early as anyone can know that it is there.

use std::fs;
use std::io::{PipeReader, Read, Write, pipe};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use crate::eventually::eventually;
use crate::process::ask_to_end;

/// More than any pipe holds.
const MORE_THAN_A_PIPE: usize = 4 << 20;

/// The signal's place in the masks of `/proc/PID/status`.
const SIGTERM: u64 = 1 << 14;

/// An `akashi serve` that stands at its first word, for its standard output is full.
#[derive(Debug)]
pub struct Unheard {
    child: Child,
    output: PipeReader,
}

impl Unheard {
    pub(crate) fn start(command: &mut Command) -> Unheard {
        let (output, mut ours) = pipe().expect("a pipe");
        let theirs = ours.try_clone().expect("its other end");
        // Ends when the pipe has been read, or nobody reads it any more.
        thread::spawn(move || ours.write_all(&vec![b'\n'; MORE_THAN_A_PIPE]));
        let child = command
            .stdout(theirs)
            .stderr(Stdio::null())
            .spawn()
            .expect("akashi serve can be started");
        Unheard { child, output }
    }

    /// Waits until the process heeds SIGTERM, asks it to end, and listens to the rest of what it says; gives how it
    /// ended, and what it said.
    ///
    /// # Panics
    /// When it goes on leaving signals to the system.
    pub async fn is_asked_to_end(mut self) -> (ExitStatus, String) {
        let status = format!("/proc/{}/status", self.child.id());
        let caught = async || fs::read_to_string(&status).as_deref().map_or(0, caught);
        let heeds = |caught: &u64| caught & SIGTERM != 0;
        eventually("that it heeds SIGTERM before it says that it is there", caught, heeds).await;
        ask_to_end(self.child.id());
        let mut said = String::new();
        self.output.read_to_string(&mut said).expect("its output is text");
        (self.child.wait().expect("a child can be waited for"), said.trim_start().to_owned())
    }
}

impl Drop for Unheard {
    fn drop(&mut self) {
        // Both fail only when the child has already been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The signals that a process has a handler for, as a mask (`SigCgt`, proc_pid_status(5)).
fn caught(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
