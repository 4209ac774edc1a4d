//! Bad input over HTTP and offline: each gets a clear problem of its own type, and nothing changes.

mod certification;
mod impartiality;
mod json;
mod names;
mod settled;
mod uploads;
