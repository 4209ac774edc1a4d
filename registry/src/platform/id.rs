//! Ids: `UUIDv7` text, one Rust type a table, so that one cannot stand for another.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use uuid::Builder;

use super::rng::{Rng, draw};

/// Milliseconds and counter of the last id made in this process.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Makes a `UUIDv7` (RFC 9562, section 5.7): the clock's milliseconds, a counter of 12 bits, 62 random bits.
///
/// Within a process each id is greater than the one before (section 6.2, method 1), so that what was
/// made in one millisecond is listed in the order in which it was made.
#[must_use]
pub fn uuid_v7(now: Timestamp, rng: &dyn Rng) -> String {
    let this = u64::try_from(now.as_millisecond()).unwrap_or_default() << 12;
    let after = |last: u64| this.max(last + 1);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
    let place = after(last.unwrap_or_else(|last| last));
    let mut random: [u8; 10] = draw(rng);
    let [high, low] = u16::try_from(place & 0xfff).unwrap_or_default().to_be_bytes();
    (random[0], random[1]) = (high, low);
    Builder::from_unix_timestamp_millis(place >> 12, &random).into_uuid().to_string()
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
    /// A signing key.
    KeyId,
    /// A credential.
    CredentialId,
    /// A mail to one person.
    MailId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::rng::SystemRng;

    #[test]
    fn ids_of_one_millisecond_are_in_the_order_of_their_making() {
        let now = Timestamp::from_millisecond(1_800_000_000_000).expect("a time");
        let ids: Vec<_> = (0..5000).map(|_| uuid_v7(now, &SystemRng)).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn only_a_canonical_uuid_is_an_id() {
        let read = |text: &str| serde_json::from_value::<AccountId>(text.into());
        assert!(read("0193a000-0000-7000-8000-000000000001").is_ok());
        for bad in [
            "",
            "x",
            "0193A000-0000-7000-8000-00000000000A",
            "0193a000000070008000000000000001",
            "' OR 1=1 --",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
