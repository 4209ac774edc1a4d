//! *One certificate's way*, and every way off it, as the people on it go: over HTTP to the built
//! binary, each with a sign-in of their own, on both engines.

mod appeals;
mod audit;
mod changes;
mod complaints;
mod desk;
mod erasing;
mod evidence;
mod failing;
mod fees;
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
