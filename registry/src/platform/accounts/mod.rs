//! Accounts: people, how they sign in, and what they are in which party.

pub mod api;
pub mod pages;
mod passwords;
pub mod rules;
pub mod store;
mod throttle;
mod tokens;

pub use throttle::SignInThrottle;
pub use tokens::{TokenIssuer, TokenKeyError};
