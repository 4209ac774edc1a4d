//! `akashi`: the registry on the command line.

use akashi_registry::commands::{demo, rebuild, serve};
use clap::{Parser, Subcommand};
use std::io;
use std::process::ExitCode;

/// A registry that certifies small companies in supply chains and issues signed credentials that anyone can check offline.
#[derive(Parser)]
#[command(name = "akashi", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the whole way on a registry of fictional companies in a temporary folder.
    Demo(demo::Options),
    /// Runs the registry.
    Serve(serve::Options),
    /// Makes anew what the public reads of certificates, from the registry's own records; also beside a running one.
    Rebuild(serve::Place),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    akashi_registry::logging(matches!(cli.command, Command::Demo(_)));
    let result = match cli.command {
        Command::Demo(options) => demo::run(&options).await,
        Command::Serve(options) => serve::run(&options).await,
        Command::Rebuild(place) => rebuild::run(&place).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough, as in `akashi demo | head`; not all was said, though.
        Err(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("akashi: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}
