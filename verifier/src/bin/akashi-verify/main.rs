//! `akashi-verify`: checks Akashi's credentials offline.

mod input;
mod options;
mod output;
mod recompute;
mod state;

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use akashi_verifier::json::MAX_TRUST_BYTES;
use akashi_verifier::report::Item;
use akashi_verifier::trust::VerifiedRoot;
use akashi_verifier::{Trust, Untrusted, Verdict, verify};
use anyhow::{Context as _, Result, bail};
use clap::Parser as _;
use jiff::Timestamp;

use input::Input;
use options::{Command, Options};
use output::Writer;
use state::State;

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.command {
        Some(Command::Recompute(ratings)) => recompute::run(ratings),
        None => check(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Whoever reads the answer has heard enough, as in `akashi-verify … | head`; not all was said, though.
        Err(error) if is_broken_pipe(&error) => ExitCode::from(2),
        Err(error) => {
            eprintln!("akashi-verify: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}

/// Checks every file; whether all were valid.
fn check(options: &Options) -> Result<bool> {
    let state = State::find();
    let trust = open_trust(options, state.as_ref())?;
    let (policy, now) = (options.policy(), now()?);
    let log_proof = options.log_proof.as_deref().map(read_log_proof).transpose()?;
    if log_proof.is_some() && options.files.len() > 1 {
        bail!(
            "--log-proof is the proof of one credential: check each FILE by itself, or put its proof beside it, as FILE.tlog-proof"
        );
    }
    // Before the first answer, so that a slip in a name does not cut an array in two.
    options.files.iter().try_for_each(|file| input::check_readable(file))?;
    let mut writer = Writer::new(options.format, io::stdout().lock())?;
    let (mut all_valid, mut empty) = (true, None);
    for file in &options.files {
        let mut index = 0;
        let mut input = Input::open(file)?;
        if log_proof.is_some() && input.is_lines() {
            bail!(
                r#"{} holds many credentials, and --log-proof is the proof of one: give each its own in its line, as {{"credential": …, "log_proof": …}}"#,
                file.display()
            );
        }
        let beside = match log_proof.is_none() && options.require_log && !input.is_lines() {
            true => log_proof_beside(file)?,
            false => None,
        };
        let proof = log_proof.as_deref().or(beside.as_deref());
        while let Some(bytes) = input.next()? {
            let report = verify(&bytes, trust.as_ref().map_err(|why| *why), &policy, now, proof);
            all_valid &= report.verdict == Verdict::Valid;
            writer.write(&Item { input: file.display().to_string(), index, report })?;
            index += 1;
        }
        if index == 0 {
            empty = Some(file);
        }
    }
    writer.finish()?;
    match empty {
        Some(file) => bail!("{} holds no credential", file.display()),
        None => Ok(all_valid),
    }
}

#[expect(clippy::disallowed_methods, reason = "the command line's one clock")]
fn now() -> Result<Timestamp> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Timestamp::from_second(since.as_secs().try_into()?)?)
}

/// Opens root and bundle; `Err` inside when the reader did not give both.
fn open_trust(options: &Options, state: Option<&State>) -> Result<Result<Trust, Untrusted>> {
    let Some(bundle_file) = &options.trust else { return Ok(Err(Untrusted::BundleMissing)) };
    let root_bytes = match &options.root {
        Some(file) => Some(read_manifest(file)?),
        None => state.map(State::pinned_root).transpose()?.flatten(),
    };
    let Some(root_bytes) = root_bytes else { return Ok(Err(Untrusted::RootNotPinned)) };
    let root = VerifiedRoot::open(&root_bytes).map_err(|error| {
        anyhow::anyhow!("{}: {error}; ask the registry's operator for its root", error.code())
    })?;
    let digest = root.digest();
    let seen = state.map(|state| state.highest_version(digest)).transpose()?.flatten();
    let bundle = read_manifest(bundle_file)?;
    let trust = Trust::under(root, &bundle, seen).map_err(|error| {
        let path = bundle_file.display();
        anyhow::anyhow!(
            "{}: {path}: {error}; fetch both again from the registry that issued the certificate, the root over a way you trust",
            error.code()
        )
    })?;
    match state {
        Some(state) => state.remember_version(digest, trust.bundle().version)?,
        None => eprintln!(
            "akashi-verify: neither XDG_STATE_HOME nor HOME names a folder; older bundles will not be noticed"
        ),
    }
    Ok(Ok(trust))
}

fn read_manifest(file: &Path) -> Result<Vec<u8>> {
    let limit = MAX_TRUST_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let open = fs::File::open(file).and_then(|open| open.take(limit).read_to_end(&mut bytes));
    open.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(bytes)
}

fn read_log_proof(file: &Path) -> Result<String> {
    let bytes = read_manifest(file)?;
    // What is no text is no proof, and is said to be none in the report.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The log proof that lies beside a credential, as FILE.tlog-proof; nothing lies beside standard input.
fn log_proof_beside(file: &Path) -> Result<Option<String>> {
    if file.as_os_str() == "-" {
        return Ok(None);
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".tlog-proof");
    let file = PathBuf::from(name);
    if file.exists() { read_log_proof(&file).map(Some) } else { Ok(None) }
}
