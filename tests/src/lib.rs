//! What Akashi's tests stand on: the built binaries, spoken to as a stranger would.
//!
//! A journey starts a [`Registry`] (the real `akashi serve`, on [`Engine::Sqlite`] and on
//! [`Engine::Postgres`]), has a certification [`Body`] open in it and a [`Company`] apply, each actor
//! speaking through a [`Client`] of its own, and checks what was issued with [`Offline`] (the real
//! `akashi-verify`) and with [`Peer`] libraries of other makers.
//! Nothing here calls the registry's code.
//!
//! ```no_run
//! use akashi_tests::{Engine, Registry, on_both_engines};
//!
//! async fn an_unknown_certificate_is_not_found(engine: Engine) {
//!     let registry = Registry::start(engine).await;
//!     registry.anyone().get("/certificates/AK-0000").await.problem("not-found");
//! }
//!
//! on_both_engines!(an_unknown_certificate_is_not_found);
//! ```

mod application;
mod binaries;
mod cases;
mod cast;
mod client;
mod desk;
mod engine;
mod eventually;
mod flood;
mod held;
mod late;
mod log;
mod moved_clock;
mod offline;
mod peers;
mod process;
mod registry;
mod requirements;
mod unheard;

pub use application::{
    Application, Below, CERTIFIED, FACTS, Granted, LEADING, REFUSED, Sides, text,
};
pub use binaries::{akashi, akashi_verify};
pub use cases::{Case, Cast, Step, grant, small_programme, words};
pub use cast::{
    Body, COMPANY_NAME, Company, MUNICIPALITY, PROPRIETOR, Person, TERMS, TRADE_NAME,
    corporate_number, institution,
};
pub use client::{Answer, Client};
pub use desk::{Browser, Form, Page};
pub use engine::Engine;
pub use eventually::eventually;
pub use flood::Length;
pub use held::Held;
pub use late::OnItsWay;
pub use log::{Checkpoint, LogCopy};
pub use moved_clock::MovedClock;
pub use offline::{Offline, Recomputed, Verification, recompute, verify_offline};
pub use peers::Peer;
pub use registry::{OPERATOR, ORIGIN, PASSWORD, Registry, Snapshot, Unstarted};
pub use requirements::{shared, skip};
pub use unheard::Unheard;

/// Runs each named `async fn(Engine)` of this file as a test on SQLite and as a test on PostgreSQL.
///
/// To be used once a file, with all its journeys: the tests are called `on_sqlite::NAME` and
/// `on_postgres::NAME`.
#[macro_export]
macro_rules! on_both_engines {
    ($($journey:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $journey() {
                    super::$journey($crate::Engine::Sqlite).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $journey() {
                    if $crate::Engine::Postgres.is_here() {
                        super::$journey($crate::Engine::Postgres).await;
                    }
                }
            )+
        }
    };
}
