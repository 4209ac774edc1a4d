//! *One certificate's way*, and every way off it, as the people on it go: over HTTP to the built
//! binary, each with a sign-in of their own, on both engines.

mod appeals;
mod audit;
mod certificate_pages;
mod changes;
mod complaints;
mod desk;
mod erasing;
mod evidence;
mod failing;
mod fees;
mod granting;
mod hearing_pages;
mod keys;
mod mail;
mod measures;
mod pages;
mod people_pages;
mod rebuild;
mod restarts;
mod searching;
mod sessions;
mod shards;
mod sole_proprietor;
mod standing;
mod surveillance;
mod trust;
mod versions;
