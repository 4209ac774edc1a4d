//! What is issued, against the documents that say how it must be, and against the log.

mod alterations;
mod log;
mod payload;
