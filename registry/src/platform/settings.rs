//! What is fixed at a registry's first start.

use sqlx::AnyConnection;

/// A fixed value, if it was fixed.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &mut AnyConnection, name: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT value FROM registry_setting WHERE name = $1")
        .bind(name)
        .fetch_optional(db)
        .await
}

/// Fixes a value.
///
/// # Errors
/// A unique violation when it was fixed before.
pub async fn fix(tx: &mut AnyConnection, name: &str, value: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO registry_setting (name, value) VALUES ($1, $2)")
        .bind(name)
        .bind(value)
        .execute(tx)
        .await
        .map(drop)
}
