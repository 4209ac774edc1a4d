//! *One certificate's way*, and every way off it, as the people on it go: over HTTP to the built
//! binary, each with a sign-in of their own, on both engines.

mod audit;
mod changes;
mod erasing;
mod evidence;
mod failing;
mod granting;
mod keys;
mod measures;
mod pages;
mod rebuild;
mod restarts;
mod sessions;
mod shards;
mod sole_proprietor;
mod standing;
mod trust;
mod versions;
