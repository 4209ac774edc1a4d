//! akashi-tests
