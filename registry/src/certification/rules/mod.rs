//! The rules of certification as types and pure functions: no I/O, no clock, no chance, no SQL.
//!
//! Each of [`application`], [`assessment`], [`finding`], [`certificate`], [`complaint`],
//! [`appeal`] and [`fee`] is a
//! state machine of one shape. A `State` and an `Event` are stable words; `target(state, event)` is the bare table
//! of moves and answers which are possible at all; a `Step` is an event together with the facts
//! that it takes, and `next(state, step)` is the whole rule. What is not allowed is a
//! [`Refusal`](refusal::Refusal) that says what is missing and who may do it.
//!
//! Whether somebody is who they say, and holds the role that [`Mover`](refusal::Mover) names, is
//! decided before, in the platform's authorisation.

pub mod appeal;
pub mod application;
pub mod assessment;
pub mod certificate;
pub mod complaint;
pub mod conflict;
pub mod dates;
pub mod decision;
pub mod eligibility;
pub mod expiry;
pub mod fee;
pub mod finding;
pub mod identifier;
pub mod idleness;
pub mod involvement;
pub mod refusal;
pub mod residence;
pub mod sampling;
pub mod scope;
pub mod surveillance;
pub mod transition;
pub mod turn;
