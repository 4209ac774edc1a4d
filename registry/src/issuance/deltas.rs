//! What changed in the trust bundle since an earlier one, for whoever holds that.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use akashi_verifier::json::MAX_TRUST_BYTES;
use akashi_verifier::trust::delta;
use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::store::publications::{self, Kind, Publication};
use crate::platform::db::Db;
use crate::platform::permits::turn;
use crate::platform::problem::Problem;

/// A delta to the newest trust bundle.
#[derive(Clone, Debug)]
pub struct Delta {
    /// Its bytes.
    pub bytes: Bytes,
    /// The number of the last leaf that the bundle reflects; -1 for none.
    pub leaf: i64,
}

/// The deltas to the newest trust bundle, each made when it is first asked for and kept until the bundle changes, or they
/// outgrow the largest bundle together.
///
/// Anyone may ask, and of a large bundle making one takes seconds and several times its memory. So one is made at a time, and to its
/// end though its asker leaves: who asks on and on costs no more than one processor, and no connection to the database.
#[derive(Debug)]
pub struct Deltas {
    making: Arc<Semaphore>,
    made: Mutex<Made>,
}

impl Default for Deltas {
    fn default() -> Self {
        Self { making: Arc::new(Semaphore::new(1)), made: Mutex::default() }
    }
}

impl Deltas {
    /// The delta from the bundle of that version to the newest. None when the version is unknown, when the whole bundle is no
    /// larger, or when too many others are to be made first: the whole is then the answer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn since(self: &Arc<Self>, db: &Db, from: i64) -> Result<Option<Delta>, Problem> {
        let Some(newest) = newest_if_known(db, from).await? else { return Ok(None) };
        if let Some(known) = self.made().get(newest, from) {
            return Ok(known);
        }
        let permit = match turn(self.making.clone().acquire_owned()).await {
            Err(Problem::Busy) => return Ok(None),
            permit => permit?,
        };
        // It may have been made while this one waited.
        if let Some(known) = self.made().get(newest, from) {
            return Ok(known);
        }
        let Some((old, new)) = both(db, from).await? else { return Ok(None) };
        let deltas = Arc::clone(self);
        let making = spawn_blocking(move || {
            let _permit = permit;
            let delta = make(&old, &new);
            deltas.made().keep(new.version, from, delta.clone());
            delta
        });
        making.await.map_err(Problem::internal)
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept: of one version of the bundle only, and together no larger than the largest bundle.
#[derive(Debug, Default)]
struct Made {
    /// The newest version seen.
    to: i64,
    /// By the version that they start from; none where the whole is no larger.
    deltas: BTreeMap<i64, Option<Delta>>,
    /// How many bytes they have.
    size: usize,
}

impl Made {
    /// What was made of a delta; none when nothing was yet.
    fn get(&self, to: i64, from: i64) -> Option<Option<Delta>> {
        (self.to == to).then(|| self.deltas.get(&from).cloned()).flatten()
    }

    fn keep(&mut self, to: i64, from: i64, delta: Option<Delta>) {
        let size = delta.as_ref().map_or(0, |delta| delta.bytes.len());
        if to < self.to {
            return;
        }
        if self.to < to || MAX_TRUST_BYTES < self.size + size {
            *self = Self { to, ..Self::default() };
        }
        self.size += size;
        self.deltas.insert(from, delta);
    }
}

/// The newest bundle's version, if there was one of the version `from`.
async fn newest_if_known(db: &Db, from: i64) -> Result<Option<i64>, Problem> {
    let mut db = db.reader().acquire().await?;
    match publications::has_version(&mut db, Kind::Bundle, "", from).await? {
        true => Ok(publications::version(&mut db, Kind::Bundle, "").await?),
        false => Ok(None),
    }
}

/// The bundle of that version and the newest. The connection is given back before anything is made of them.
async fn both(db: &Db, from: i64) -> Result<Option<(Publication, Publication)>, Problem> {
    let mut db = db.reader().acquire().await?;
    let old = publications::of_version(&mut db, Kind::Bundle, "", from).await?;
    Ok(old.zip(publications::current(&mut db, Kind::Bundle, "").await?))
}

fn make(old: &Publication, new: &Publication) -> Option<Delta> {
    match delta::make(&old.bytes, &new.bytes) {
        Ok(bytes) if bytes.len() < new.bytes.len() => {
            Some(Delta { bytes: bytes.into(), leaf: new.leaf })
        }
        Ok(_) => None,
        Err(fault) => {
            tracing::warn!(from = old.version, %fault, "no delta of the trust bundle can be made");
            None
        }
    }
}
