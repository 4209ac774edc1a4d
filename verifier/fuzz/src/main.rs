//! Every fuzz target: which one, its binary's name says.

#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::run(env!("CARGO_BIN_NAME"), input));
