//! akashi-schemas
