//! Ids: `UUIDv7` text, one Rust type a table, so that one cannot stand for another.

use jiff::Timestamp;
use uuid::Builder;

use super::rng::{Rng, draw};

/// Makes a `UUIDv7` (RFC 9562, section 5.7) from the clock's milliseconds and 74 random bits.
#[must_use]
pub fn uuid_v7(now: Timestamp, rng: &dyn Rng) -> String {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &draw(rng)).into_uuid().to_string()
}

/// Defines an id type over UUID text.
///
/// Reading one from a path or a body refuses what is not a UUID in its canonical form, so that
/// whatever reaches a query is one.
#[macro_export]
macro_rules! id_types {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            /// A new id of this moment.
            #[must_use]
            pub fn new(now: jiff::Timestamp, rng: &dyn $crate::platform::rng::Rng) -> Self {
                Self($crate::platform::id::uuid_v7(now, rng))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = String::deserialize(input)?;
                match uuid::Uuid::try_parse(&text) {
                    Ok(id) if id.as_hyphenated().to_string() == text => Ok(Self(text)),
                    _ => Err(serde::de::Error::custom("not an id of this registry (a lower-case UUID)")),
                }
            }
        }
    )+};
}

id_types! {
    /// A person's account.
    AccountId,
    /// A company, certification body, programme owner, buyer or the registry's operator.
    PartyId,
    /// One role of one account in one party.
    MembershipId,
    /// One sign-in: a family of refresh tokens.
    SessionId,
    /// A data key, under which one subject's texts and files sit.
    DataKeyId,
    /// A free text, encrypted.
    NoteId,
    /// A stored file.
    BlobId,
}
