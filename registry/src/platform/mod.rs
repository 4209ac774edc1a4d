//! What every context stands on and none of them owns.
//!
//! Nothing in here knows a context: it offers the database, accounts and authorisation, the HTTP
//! shell, notes and blobs under their subject's data key, jobs, mail, the outbox, the audit trail, the clock and chance.

pub mod accounts;
pub mod app;
pub mod audit;
pub mod authorisation;
pub mod blobs;
pub mod clock;
pub mod data_keys;
pub mod db;
pub mod forms;
pub mod hold;
pub mod http;
pub mod id;
pub mod idempotency;
pub mod jobs;
pub mod mail;
pub mod media_type;
pub mod metrics;
pub mod notes;
pub mod nul;
pub mod outbox;
pub mod pages;
pub mod paging;
pub mod permits;
pub mod problem;
pub mod rng;
#[cfg(test)]
pub(crate) mod scratch;
pub mod settings;
pub mod signing_keys;
pub mod texts;
pub mod visitor;
pub mod write;
