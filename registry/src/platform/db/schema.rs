//! The schema: numbered SQL texts, shared but for the triggers.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::Engine;

const REGISTRY: &str = include_str!("../../../migrations/0001_registry.sql");
const APPEND_ONLY_SQLITE: &str = include_str!("../../../migrations/0002_append_only.sqlite.sql");
const APPEND_ONLY_POSTGRES: &str =
    include_str!("../../../migrations/0002_append_only.postgres.sql");
const DESK: &str = include_str!("../../../migrations/0003_desk.sql");
const COMPLAINTS: &str = include_str!("../../../migrations/0004_complaints.sql");
const COMPLAINTS_APPEND_ONLY_SQLITE: &str =
    include_str!("../../../migrations/0005_complaints_append_only.sqlite.sql");
const COMPLAINTS_APPEND_ONLY_POSTGRES: &str =
    include_str!("../../../migrations/0005_complaints_append_only.postgres.sql");
const SURVEILLANCE: &str = include_str!("../../../migrations/0006_surveillance.sql");
const TRANSITION: &str = include_str!("../../../migrations/0007_transition.sql");
const MAIL: &str = include_str!("../../../migrations/0008_mail.sql");
const COMPLAINT_SECRET: &str = include_str!("../../../migrations/0009_complaint_secret.sql");
const SEARCH: &str = include_str!("../../../migrations/0012_search.sql");

/// The migrations of an engine, oldest first.
pub(super) fn migrator(engine: Engine) -> Migrator {
    let (append_only, complaints_append_only) = match engine {
        Engine::Sqlite => (APPEND_ONLY_SQLITE, COMPLAINTS_APPEND_ONLY_SQLITE),
        Engine::Postgres => (APPEND_ONLY_POSTGRES, COMPLAINTS_APPEND_ONLY_POSTGRES),
    };
    let migrations = [
        (1, "registry", REGISTRY),
        (2, "append only", append_only),
        (3, "desk", DESK),
        (4, "complaints", COMPLAINTS),
        (5, "complaints append only", complaints_append_only),
        (6, "surveillance", SURVEILLANCE),
        (7, "transition", TRANSITION),
        (8, "mail", MAIL),
        (9, "complaint secret", COMPLAINT_SECRET),
        (12, "search", SEARCH),
    ]
    .map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    })
    .to_vec();
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}
