//! What `akashi` does on the command line.

pub mod demo;
pub mod serve;
