//! `akashi-verify trust show`: who vouches for what.

use std::collections::BTreeMap;
use std::io::{self, Write};

use akashi_schemas::{Language, misleading};
use akashi_verifier::Trust;
use akashi_verifier::status::Purpose;
use akashi_verifier::trust::{Body, Bundle, VerifiedRoot};
use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Named, Opened, opened};
use crate::options::{Show, TextOrJson};
use crate::output::write_table;
use crate::state::State;
use crate::words::trust as words;

pub(super) fn run(options: &Show, language: Language) -> Result<()> {
    let named = Named { trust: options.trust.as_deref(), root: options.root.as_deref() };
    let (root, trust) = match opened(&named, State::find(language).as_ref(), language)? {
        Opened::Both(trust, _) => (trust.root().clone(), Some(trust)),
        Opened::Root(root) => (root, None),
        Opened::Bundle | Opened::Neither => bail!(words::nothing_pinned(language)),
    };
    let now = crate::now()?;
    let mut out = io::stdout().lock();
    match options.format {
        TextOrJson::Json => {
            let bundle = trust.as_ref().map(|trust| bundle_json(trust, now));
            writeln!(out, "{}", json!({"root": root_json(&root), "bundle": bundle}))?;
        }
        TextOrJson::Text => {
            write_root(&mut out, &root, now, language)?;
            match &trust {
                Some(trust) => write_bundle(&mut out, trust, now, language)?,
                None => writeln!(out, "\n{}", words::no_bundle(language))?,
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

fn write_root(
    out: &mut impl Write,
    root: &VerifiedRoot,
    now: Timestamp,
    language: Language,
) -> Result<()> {
    let says = root.root();
    let [digest, came_from, signed_by, bundle_key] = words::root_labels(language);
    writeln!(out, "{}", words::root(says, now, language))?;
    writeln!(out, "  {digest}  {}", root.digest())?;
    if root.first() != root.digest() {
        writeln!(out, "  {came_from}  {}", root.first())?;
    }
    writeln!(out, "  {signed_by}  {}", words::signers(says, language))?;
    for key in &says.root_keys {
        writeln!(out, "              {}", key.to_multikey())?;
    }
    writeln!(out, "  {bundle_key}  {}", says.bundle_key.to_multikey())?;
    Ok(())
}

fn write_bundle(
    out: &mut impl Write,
    trust: &Trust,
    now: Timestamp,
    language: Language,
) -> Result<()> {
    let bundle = trust.bundle();
    writeln!(out, "\n{}", words::bundle(bundle, now, language))?;
    let rows: Vec<_> =
        bundle.bodies.iter().flat_map(|body| authorisations(body, language)).collect();
    write_section(out, words::authorisations(language), &rows, language)?;
    let rows: Vec<_> = bundle.bodies.iter().flat_map(keys).collect();
    write_section(out, words::keys(language), &rows, language)?;
    write_section(out, words::programmes(language), &programmes(bundle), language)?;
    write_section(out, words::lists(language), &lists(trust), language)?;
    write_log(out, bundle, language)
}

fn write_section<const N: usize>(
    out: &mut impl Write,
    (title, header): words::Section<N>,
    rows: &[[String; N]],
    language: Language,
) -> Result<()> {
    match rows.is_empty() {
        true => writeln!(out, "\n{title}: {}", words::none(language))?,
        false => {
            writeln!(out, "\n{title}")?;
            write_table(out, header, rows)?;
        }
    }
    Ok(())
}

fn authorisations(body: &Body, language: Language) -> Vec<[String; 4]> {
    let name = format!("{} ({})", misleading::shown(&body.name), misleading::shown(&body.did));
    let rows = body.authorisations.iter().map(|authorisation| {
        let open = || words::open(language).to_owned();
        let until = authorisation.until.map_or_else(open, |until| until.to_string());
        [
            name.clone(),
            misleading::shown(&authorisation.programme),
            authorisation.from.to_string(),
            until,
        ]
    });
    let rows: Vec<_> = rows.collect();
    match rows.is_empty() {
        true => vec![[name, words::none(language).to_owned(), String::new(), String::new()]],
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
fn write_log(out: &mut impl Write, bundle: &Bundle, language: Language) -> Result<()> {
    let mut lines = bundle.checkpoint.lines();
    let log = lines.next().zip(lines.next());
    writeln!(out, "\n{}", misleading::shown(&words::log(log, language)))?;
    Ok(())
}
