//! A delta: how to make one bundle of an older one, at a small part of its size.
//!
//! A delta is the newer bundle, with its own signatures and one member more, `from`: the older one's version. Only its
//! `status_lists`, nearly all there is in a bundle, are written shorter. In the place of a list that stands unchanged in the
//! older bundle is a number: where it stands there, from 0. Of any other, `credential` is the JSON Merge Patch (RFC 7396)
//! that makes it of the older one's credential for the same `id`, or of nothing.
//!
//! Nothing in a delta has to be trusted. What it makes is a bundle like any other, which [`super::Trust::open`] opens
//! under the root or refuses.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;

use akashi_schemas::canonical;
use serde_json::{Map, Value};

use crate::facts::shorten;
use crate::json::{self, MAX_TRUST_BYTES};

/// A delta's media type over HTTP.
pub const MEDIA_TYPE: &str = "application/vnd.akashi.trust-bundle-delta+json";

/// Why a delta makes no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaFault {
    /// The bytes are no delta or no bundle.
    #[error("the {what} is unreadable: {detail}")]
    Unreadable {
        /// `delta` or `bundle`.
        what: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// It starts from another bundle.
    #[error("the delta starts from bundle {from}, and this is bundle {version}")]
    OtherBundle {
        /// The version that it starts from.
        from: u64,
        /// The version of the bundle at hand.
        version: u64,
    },
    /// It takes a list that is not there, or takes one twice.
    #[error("the delta takes list {place}, which the bundle has not, or takes it twice")]
    NoSuchList {
        /// Where it should stand in the older bundle.
        place: u64,
    },
    /// What it makes is larger than a bundle may be.
    #[error("the delta makes a bundle of {bytes} bytes, more than the {MAX_TRUST_BYTES} allowed")]
    TooLarge {
        /// How large.
        bytes: usize,
    },
    /// The newer bundle holds what no merge patch can say, such as `null` in a list.
    #[error("no delta leads from the one bundle to the other")]
    Inexpressible,
}

impl DeltaFault {
    fn unreadable(what: &'static str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::Unreadable { what, detail: shorten(&detail.to_string()).into_owned() }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { what: "delta", .. } => "delta_unreadable",
            Self::Unreadable { .. } => "bundle_unreadable",
            Self::OtherBundle { .. } => "delta_of_other_bundle",
            Self::NoSuchList { .. } => "delta_no_such_list",
            Self::TooLarge { .. } => "delta_too_large",
            Self::Inexpressible => "delta_inexpressible",
        }
    }
}

/// Makes the newer bundle, in its RFC 8785 form, of the older one and a delta. Neither is authenticated here.
///
/// Memory stays within a small multiple of the two together: each list of the older bundle is used once at most.
///
/// # Errors
/// A [`DeltaFault`].
pub fn apply(old: &[u8], delta: &[u8]) -> Result<Vec<u8>, DeltaFault> {
    let mut old = read("bundle", old)?;
    let mut new = read("delta", delta)?;
    let from = new.as_object_mut().and_then(|delta| delta.remove("from"));
    let from = from.as_ref().and_then(Value::as_u64);
    let from = from.ok_or_else(|| DeltaFault::unreadable("delta", "`from` is no version"))?;
    let version = version(&old)?;
    if from != version {
        return Err(DeltaFault::OtherBundle { from, version });
    }
    let mut known = Known::new(mem::take(lists("bundle", &mut old)?));
    for entry in lists("delta", &mut new)? {
        *entry = known.restore(entry.take())?;
    }
    let bundle =
        canonical::of_value(&new).map_err(|error| DeltaFault::unreadable("delta", &error))?;
    match bundle.len() > MAX_TRUST_BYTES {
        true => Err(DeltaFault::TooLarge { bytes: bundle.len() }),
        false => Ok(bundle),
    }
}

/// The lists of the older bundle.
struct Known {
    /// Each until it is used.
    lists: Vec<Option<Value>>,
    /// Where each id stands.
    places: BTreeMap<String, usize>,
}

impl Known {
    fn new(lists: Vec<Value>) -> Self {
        let id = |list: &Value| list["id"].as_str().map(String::from);
        let places = lists.iter().enumerate().filter_map(|(place, list)| Some((id(list)?, place)));
        Self { places: places.collect(), lists: lists.into_iter().map(Some).collect() }
    }

    fn place(&self, entry: &Value) -> Option<usize> {
        self.places.get(entry["id"].as_str()?).copied()
    }

    /// A list's entry, of what a delta has in its place.
    fn restore(&mut self, mut entry: Value) -> Result<Value, DeltaFault> {
        if let Some(place) = entry.as_u64() {
            let list = usize::try_from(place).ok().and_then(|place| self.lists.get_mut(place));
            return list.and_then(Option::take).ok_or(DeltaFault::NoSuchList { place });
        }
        let mut list = self.place(&entry).and_then(|place| self.lists[place].take());
        let known = list.as_mut().and_then(|list| list.get_mut("credential")).map(Value::take);
        let Some(credential) = entry.get_mut("credential") else {
            return Err(DeltaFault::unreadable("delta", "a list has no `credential`"));
        };
        *credential = merge(known.unwrap_or_default(), credential.take());
        Ok(entry)
    }

    /// A list's entry as a delta writes it.
    fn shorten(&self, mut entry: Value) -> Value {
        let place = self.place(&entry);
        let list = place.and_then(|place| self.lists[place].as_ref());
        match (place, list) {
            (Some(place), Some(list)) if *list == entry => place.into(),
            _ => {
                let known = list.and_then(|list| list.get("credential")).unwrap_or(&Value::Null);
                if let Some(credential) = entry.get_mut("credential") {
                    *credential = difference(known, credential.take());
                }
                entry
            }
        }
    }
}

/// RFC 7396 §2. It goes no deeper than [`json::MAX_DEPTH`], which the patch was read within.
fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut target = if let Value::Object(target) = target { target } else { Map::new() };
    for (name, patch) in patch {
        if patch.is_null() {
            target.remove(&name);
        } else {
            let member = target.remove(&name).unwrap_or_default();
            target.insert(name, merge(member, patch));
        }
    }
    Value::Object(target)
}

/// Makes the delta from an older bundle to a newer one, in RFC 8785 form.
///
/// # Errors
/// A [`DeltaFault`]: what [`apply`] would not make the newer bundle of is not given out.
pub fn make(old: &[u8], new: &[u8]) -> Result<Vec<u8>, DeltaFault> {
    let mut base = read("bundle", old)?;
    let mut delta = read("bundle", new)?;
    let wanted =
        canonical::of_value(&delta).map_err(|error| DeltaFault::unreadable("bundle", &error))?;
    let from = version(&base)?;
    let known = Known::new(mem::take(lists("bundle", &mut base)?));
    for entry in lists("bundle", &mut delta)? {
        *entry = known.shorten(entry.take());
    }
    if let Value::Object(delta) = &mut delta {
        delta.insert("from".into(), from.into());
    }
    let delta =
        canonical::of_value(&delta).map_err(|error| DeltaFault::unreadable("bundle", &error))?;
    match apply(old, &delta)? == wanted {
        true => Ok(delta),
        false => Err(DeltaFault::Inexpressible),
    }
}

/// The merge patch that makes `new` of `old`.
fn difference(old: &Value, new: Value) -> Value {
    let Value::Object(new) = new else { return new };
    let (nothing, mut patch) = (Map::new(), Map::new());
    let old = old.as_object().unwrap_or(&nothing);
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, member) in new {
        match old.get(&name) {
            Some(same) if *same == member => {}
            other => {
                let member = difference(other.unwrap_or(&Value::Null), member);
                patch.insert(name, member);
            }
        }
    }
    Value::Object(patch)
}

fn read(what: &'static str, bytes: &[u8]) -> Result<Value, DeltaFault> {
    json::read(json::trim(bytes), MAX_TRUST_BYTES)
        .map_err(|fault| DeltaFault::unreadable(what, &fault))
}

fn version(bundle: &Value) -> Result<u64, DeltaFault> {
    let version = bundle["signed"]["version"].as_u64();
    version.ok_or_else(|| DeltaFault::unreadable("bundle", "it has no version"))
}

fn lists<'a>(what: &'static str, bundle: &'a mut Value) -> Result<&'a mut Vec<Value>, DeltaFault> {
    let lists = bundle.pointer_mut("/signed/status_lists").and_then(Value::as_array_mut);
    lists.ok_or_else(|| DeltaFault::unreadable(what, "it has no status lists"))
}
