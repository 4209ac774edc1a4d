//! akashi-verify
fn main() {}
