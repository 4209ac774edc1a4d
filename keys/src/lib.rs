//! akashi-keys
