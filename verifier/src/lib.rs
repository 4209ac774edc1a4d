//! Checks Akashi's credentials without a network, a clock or a file.
//!
//! A safe check takes three steps: open the pinned root and a trust bundle with [`Trust::open`], giving it the highest
//! bundle version seen before; state what is wanted in a [`Policy`]; call [`verify`] with the credential and the time. The
//! [`Report`] carries a [`Verdict`] and every check that led to it. Only [`Verdict::Valid`] is a yes.
//!
//! ```
//! use akashi_verifier::{Policy, Untrusted, Verdict, verify};
//! let now = "2026-11-25T00:00:00Z".parse().expect("a time");
//! let report = verify(b"not a credential", Err(Untrusted::BundleMissing), &Policy::default(), now, None);
//! assert_eq!(report.verdict, Verdict::Malformed);
//! ```
//!
//! [`rule::apply`] is the decision rule, for whoever was shown all ratings.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod comb;
pub mod credential;
pub mod data_integrity;
pub mod date_time;
mod document;
mod facts;
pub mod foreign;
pub mod jose;
pub mod json;
pub mod log;
pub mod multikey;
pub mod origin;
pub mod policy;
pub mod report;
pub mod rule;
pub mod secured;
mod spoken;
pub mod status;
pub mod trust;
mod verify;

pub use comb::PreparedKey;
pub use facts::{Fact, Facts};
pub use multikey::PublicKey;
pub use origin::{Origin, OriginError};
pub use policy::Policy;
pub use report::{Report, Verdict};
pub use trust::{Trust, TrustError};
pub use verify::{Given, Untrusted, verify, verify_each};
