//! akashi
fn main() {}
