//! akashi-verifier
