//! `akashi-verify trust show`: who vouches for what.

use std::collections::BTreeMap;
use std::io::{self, Write};

use akashi_verifier::Trust;
use akashi_verifier::status::Purpose;
use akashi_verifier::trust::{Body, Bundle, VerifiedRoot};
use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Named, Opened, ago, opened};
use crate::options::{Show, TextOrJson};
use crate::output::write_table;
use crate::state::State;
use akashi_schemas::misleading;

pub(super) fn run(options: &Show) -> Result<()> {
    let named = Named { trust: options.trust.as_deref(), root: options.root.as_deref() };
    let (root, trust) = match opened(&named, State::find().as_ref())? {
        Opened::Both(trust, _) => (trust.root().clone(), Some(trust)),
        Opened::Root(root) => (root, None),
        Opened::Bundle | Opened::Neither => bail!(
            "no root is pinned; fetch the registry's /.well-known/akashi/root over a way you trust, then: akashi-verify trust pin ROOT"
        ),
    };
    let now = crate::now()?;
    let mut out = io::stdout().lock();
    match options.format {
        TextOrJson::Json => {
            let bundle = trust.as_ref().map(|trust| bundle_json(trust, now));
            writeln!(out, "{}", json!({"root": root_json(&root), "bundle": bundle}))?;
        }
        TextOrJson::Text => {
            write_root(&mut out, &root, now)?;
            if let Some(trust) = &trust {
                write_bundle(&mut out, trust, now)?;
            } else {
                writeln!(out, "\nBundle: none is stored; fetch it: akashi-verify trust update")?;
            }
        }
    }
    Ok(())
}

fn root_json(root: &VerifiedRoot) -> Value {
    let mut value = json!(root.root());
    value["digest"] = json!(root.digest());
    value["first_digest"] = json!(root.first());
    value
}

/// The bundle without its lists, of which it says whether they can be read.
fn bundle_json(trust: &Trust, now: Timestamp) -> Value {
    let bundle = trust.bundle();
    let lists: Vec<_> = bundle
        .status_lists
        .iter()
        .map(|list| {
            let reason = trust.status_list(&list.id).err().map(|fault| fault.0.code());
            json!({"id": list.id, "purpose": list.purpose, "leaf": list.leaf, "reason": reason})
        })
        .collect();
    json!({
        "version": bundle.version, "root_version": bundle.root_version, "as_of": bundle.as_of,
        "age_seconds": now.duration_since(bundle.as_of).as_secs(), "expires": bundle.expires,
        "bodies": bundle.bodies, "programmes": bundle.programmes, "status_lists": lists,
        "tlog_policy": bundle.tlog_policy, "checkpoint": bundle.checkpoint,
    })
}

fn write_root(out: &mut impl Write, root: &VerifiedRoot, now: Timestamp) -> Result<()> {
    let says = root.root();
    let ended = if says.expires < now { ", and has ended" } else { "" };
    writeln!(out, "Root {}, until {}{ended}", says.version, says.expires)?;
    writeln!(out, "  digest      {}", root.digest())?;
    if root.first() != root.digest() {
        writeln!(out, "  came from   {}", root.first())?;
    }
    writeln!(out, "  signed by   {} of these {} keys", says.threshold, says.root_keys.len())?;
    for key in &says.root_keys {
        writeln!(out, "              {}", key.to_multikey())?;
    }
    writeln!(out, "  bundle key  {}", says.bundle_key.to_multikey())?;
    Ok(())
}

fn write_bundle(out: &mut impl Write, trust: &Trust, now: Timestamp) -> Result<()> {
    let bundle = trust.bundle();
    let meant = if bundle.expires < now { "was meant to be used" } else { "meant to be used" };
    writeln!(
        out,
        "\nBundle {}, made {} ({}), {meant} until {}",
        bundle.version,
        bundle.as_of,
        ago(bundle.as_of, now),
        bundle.expires
    )?;
    let rows: Vec<_> = bundle.bodies.iter().flat_map(authorisations).collect();
    write_section(out, "Who may certify for what", ["BODY", "PROGRAMME", "FROM", "UNTIL"], &rows)?;
    let rows: Vec<_> = bundle.bodies.iter().flat_map(keys).collect();
    write_section(out, "With which keys", ["KEY", "FROM", "UNTIL", "COMPROMISED FROM"], &rows)?;
    let header = ["PROGRAMME", "VERSION", "LEVELS, THE BEST FIRST", "DIGEST"];
    write_section(out, "Programmes", header, &programmes(bundle))?;
    write_section(out, "Status lists", ["PURPOSE", "LISTS", "UNREADABLE"], &lists(trust))?;
    write_log(out, bundle)
}

fn write_section<const N: usize>(
    out: &mut impl Write,
    title: &str,
    header: [&str; N],
    rows: &[[String; N]],
) -> Result<()> {
    if rows.is_empty() {
        writeln!(out, "\n{title}: none")?;
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    write_table(out, header, rows)
}

fn authorisations(body: &Body) -> Vec<[String; 4]> {
    let name = format!("{} ({})", misleading::shown(&body.name), misleading::shown(&body.did));
    let rows = body.authorisations.iter().map(|authorisation| {
        let until = authorisation.until.map_or("open".into(), |until| until.to_string());
        [
            name.clone(),
            misleading::shown(&authorisation.programme),
            authorisation.from.to_string(),
            until,
        ]
    });
    let rows: Vec<_> = rows.collect();
    match rows.is_empty() {
        true => vec![[name, "none".into(), String::new(), String::new()]],
        false => rows,
    }
}

fn keys(body: &Body) -> impl Iterator<Item = [String; 4]> {
    let shown = |at: Option<Timestamp>| at.map_or("-".into(), |at| at.to_string());
    body.keys.iter().map(move |key| {
        [
            misleading::shown(&key.id),
            key.from.to_string(),
            shown(key.until),
            shown(key.compromised_from),
        ]
    })
}

fn programmes(bundle: &Bundle) -> Vec<[String; 4]> {
    let row = |programme: &akashi_verifier::trust::ProgrammeVersion| {
        let levels = programme.levels.join(", ");
        [&programme.id, &programme.version, &levels, &programme.digest.to_string()]
            .map(|text| misleading::shown(text))
    };
    bundle.programmes.iter().map(row).collect()
}

fn lists(trust: &Trust) -> Vec<[String; 3]> {
    let mut counts: BTreeMap<Purpose, (usize, usize)> = BTreeMap::new();
    for list in &trust.bundle().status_lists {
        let (all, unreadable) = counts.entry(list.purpose).or_default();
        *all += 1;
        *unreadable += usize::from(trust.status_list(&list.id).is_err());
    }
    let row = |(purpose, (all, unreadable)): (Purpose, (usize, usize))| {
        [purpose.as_str().to_string(), all.to_string(), unreadable.to_string()]
    };
    counts.into_iter().map(row).collect()
}

/// The log by its name, and how many entries the newest checkpoint counts (C2SP tlog-checkpoint).
fn write_log(out: &mut impl Write, bundle: &Bundle) -> Result<()> {
    let mut lines = bundle.checkpoint.lines();
    match (lines.next(), lines.next()) {
        (Some(name), Some(size)) => {
            writeln!(
                out,
                "\nLog {}, of size {}",
                misleading::shown(name),
                misleading::shown(size)
            )?;
        }
        _ => writeln!(out, "\nLog: the bundle has no checkpoint")?,
    }
    Ok(())
}
