//! The Akashi registry: it certifies small companies in supply chains and issues signed credentials
//! that anyone can check offline.

pub mod log;
pub mod platform;
