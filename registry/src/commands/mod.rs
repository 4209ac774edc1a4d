//! What `akashi` does on the command line.

pub mod demo;
pub mod rebuild;
pub mod serve;
