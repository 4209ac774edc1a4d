//! `akashi-verify man`: the manual page, in roff.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::help::{ENVIRONMENT, EXAMPLES, EXIT_STATUS, FILES, PURPOSE};
use crate::options::Options;

pub(crate) fn run() -> Result<bool> {
    // groff's own name for what it does not read as it stands, such as Japanese.
    let named = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => format!("\\[u{:04X}]", u32::from(c)),
    };
    let page: String = String::from_utf8(page()?)?.chars().map(named).collect();
    io::stdout().lock().write_all(page.as_bytes())?;
    Ok(true)
}

/// One page of the whole command; subcommands are sections of it.
fn page() -> Result<Vec<u8>> {
    let mut command = Options::command().long_about(PURPOSE).after_long_help("");
    command.build();
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    page.extend(b".SH EXAMPLES\n");
    for (what, how) in EXAMPLES {
        page.extend(format!(".TP\n{}:\n.nf\n{}\n.fi\n", escape(what), escape(how)).bytes());
    }
    man.render_options_section(&mut page)?;
    sections(&mut page, &command, "")?;
    for (title, rows) in
        [("EXIT STATUS", EXIT_STATUS), ("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)]
    {
        page.extend(format!(".SH \"{title}\"\n").bytes());
        for (name, meaning) in rows {
            page.extend(format!(".TP\n{}\n{}\n", escape(name), escape(meaning)).bytes());
        }
    }
    Ok(page)
}

/// The own pages of a command's subcommands, a level lower; `of` names the command.
fn sections(page: &mut Vec<u8>, command: &Command, of: &str) -> Result<()> {
    for subcommand in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = [of, " ", subcommand.get_name()].concat();
        let man = Man::new(subcommand.clone());
        let mut own = Vec::new();
        man.render_synopsis_section(&mut own)?;
        man.render_description_section(&mut own)?;
        man.render_options_section(&mut own)?;
        let own = String::from_utf8_lossy(&own).replace(".SH ", ".SS ");
        page.extend(format!(".SH \"THE COMMAND{}\"\n{own}", name.to_uppercase()).bytes());
        sections(page, subcommand, &name)?;
    }
    Ok(())
}

/// Keeps roff from taking a text's own marks for its: a backslash, a hyphen that is to be typed, a dot or quote that begins a line.
fn escape(text: &str) -> String {
    let line = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
