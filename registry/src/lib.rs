//! akashi-registry
