//! The transparency log: what the registry did, in an order that nobody can change unseen.

pub mod rules;
