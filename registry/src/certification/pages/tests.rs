//! Every page of the desk, rendered.
