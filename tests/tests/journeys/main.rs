//! *One certificate's way*, and every way off it, as the people on it go: over HTTP to the built
//! binary, each with a sign-in of their own, on both engines.

mod audit;
mod changes;
mod failing;
mod granting;
mod keys;
mod measures;
mod rebuild;
mod restarts;
mod sessions;
mod standing;
mod versions;
