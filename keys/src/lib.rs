//! The keys of an Akashi registry: made, sealed, used within their windows, rotated and retired.
//!
//! | concept | type |
//! |---|---|
//! | an Ed25519 key that signs, and what others know it by | [`SigningKey`], [`PublicKey`], [`Jwk`] |
//! | when a key may sign, and the keys of one signer over time | [`Window`], [`Key`], [`KeySet`], [`HeldKey`] |
//! | a signing key at rest | [`SealKey`], [`SealedKey`] |
//! | the key of one subject's texts and files | [`DataKey`], [`BlobSealer`], [`BlobOpener`], [`AddressHasher`] |
//!
//! Chance and time are arguments: a caller passes random bytes (a key's 32, a nonce's 24 or 19) and
//! times as whole seconds UTC. Secrets are wiped from memory when dropped and never appear in
//! `Debug` output or in an error. The one piece of I/O is [`SealKey::load_or_create`].

mod blob;
mod data_key;
mod key_set;
mod public_key;
mod seal;
mod sealed_key;
mod signing_key;
mod window;

pub use blob::{
    BLOB_CHUNK_LEN, BLOB_HEADER_LEN, BLOB_NONCE_LEN, BlobAltered, BlobOpener, BlobSealer,
    BlobTooLong,
};
pub use data_key::{AddressHasher, BlobAddress, DataKey};
pub use key_set::{HeldKey, Key, KeyEventRefused, KeyId, KeyIdInvalid, KeyMismatch, KeySet};
pub use public_key::{Curve, InvalidPublicKey, Jwk, KeyType, PublicKey};
pub use seal::{NONCE_LEN, SealKey, SealKeyFault, Unopenable};
pub use sealed_key::{MalformedSealedKey, Role, SealedKey, UnknownRole};
pub use signing_key::{Signer, SigningKey};
pub use window::{KeyNotInForce, NotInForce, Window};
