//! The keys of one signer over time: rotated, retired, compromised.

use core::fmt;
use core::str::FromStr;

use crate::{KeyNotInForce, PublicKey, SigningKey, Window};

/// The name of a key: 1 to 512 visible ASCII characters, such as a DID URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

/// A text that cannot name a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's name is 1 to 512 visible ASCII characters")]
pub struct KeyIdInvalid;

impl KeyId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = KeyIdInvalid;

    fn from_str(text: &str) -> Result<Self, KeyIdInvalid> {
        let fits = (1..=512).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyIdInvalid)
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is public of a signing key: its name, itself and when it may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub id: KeyId,
    /// The key that verifies.
    pub public: PublicKey,
    /// When it may sign.
    pub window: Window,
}

/// A secret that is not the one of the public key it was stored with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret stored for the key {id} does not belong to its public key")]
pub struct KeyMismatch {
    /// The key.
    pub id: KeyId,
}

/// A key with its secret, which signs only within its window.
#[derive(Debug, Clone)]
pub struct HeldKey {
    key: Key,
    secret: SigningKey,
}

impl HeldKey {
    /// Joins a key with its secret.
    ///
    /// # Errors
    /// [`KeyMismatch`] when the secret is another key's.
    pub fn new(key: Key, secret: SigningKey) -> Result<Self, KeyMismatch> {
        if secret.public() == key.public {
            Ok(Self { key, secret })
        } else {
            Err(KeyMismatch { id: key.id })
        }
    }

    /// What is public of the key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The signer for a document that states `at` (seconds since 1970 UTC) as its signing time.
    ///
    /// # Errors
    /// [`KeyNotInForce`] when the window does not admit that time, so that nothing is signed that
    /// a verifier would refuse.
    pub fn signer_at(&self, at: i64) -> Result<&SigningKey, KeyNotInForce> {
        match self.key.window.check(at) {
            Ok(()) => Ok(&self.secret),
            Err(why) => Err(KeyNotInForce { id: self.key.id.clone(), at, why }),
        }
    }
}

/// Why an event cannot happen to a key set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyEventRefused {
    /// No key of the set has this name.
    #[error("there is no key {0}")]
    Unknown(KeyId),
    /// The set has this name, or this public key, already.
    #[error("the key {0} is in the set already")]
    Duplicate(KeyId),
    /// The key's window has an end, which never moves.
    #[error("the key {id} is retired from {until} on")]
    AlreadyRetired {
        /// The key.
        id: KeyId,
        /// The first second after its window.
        until: i64,
    },
    /// The event would end a window before it began.
    #[error("the key {id} begins at {from}, after the event")]
    BeforeStart {
        /// The key.
        id: KeyId,
        /// The first second of its window.
        from: i64,
    },
}

/// The keys of one signer, past, present and announced, in the order in which they were added.
///
/// Each event gives a new set and leaves the old one as it was. Names and public keys are unique,
/// and no key is ever taken out: what a retired key signed in its window still verifies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// The set of stored keys.
    ///
    /// # Errors
    /// [`KeyEventRefused::Duplicate`] when two share their name or their public key.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, KeyEventRefused> {
        keys.into_iter().try_fold(Self::default(), Self::with)
    }

    /// The keys, in the order in which they were added.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// The key of that name.
    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&Key> {
        self.0.iter().find(|key| key.id == *id)
    }

    /// The key to sign with at `at`: of those whose window admits it, the one that began last.
    #[must_use]
    pub fn current(&self, at: i64) -> Option<&Key> {
        self.0.iter().filter(|key| key.window.admits(at)).max_by_key(|key| key.window.from)
    }

    /// Adds a key that signs from the second `at` on, and ends every other one in use with that
    /// second.
    ///
    /// # Errors
    /// [`KeyEventRefused::Duplicate`], or [`KeyEventRefused::BeforeStart`] when a key in use
    /// begins after `at`.
    pub fn rotate(&self, id: KeyId, public: PublicKey, at: i64) -> Result<Self, KeyEventRefused> {
        let mut keys = self.0.clone();
        for key in keys.iter_mut().filter(|key| in_use(key)) {
            retire(key, at)?;
        }
        Self(keys).with(Key { id, public, window: Window::starting(at) })
    }

    /// Ends a key's window with the second `at`, which is the last in which it may sign.
    ///
    /// # Errors
    /// Any [`KeyEventRefused`] but `Duplicate`.
    pub fn retire(&self, id: &KeyId, at: i64) -> Result<Self, KeyEventRefused> {
        self.changed(id, |key| retire(key, at))
    }

    /// Records that others may have held a key since `from`. An earlier time on record stays.
    ///
    /// # Errors
    /// [`KeyEventRefused::Unknown`].
    pub fn compromise(&self, id: &KeyId, from: i64) -> Result<Self, KeyEventRefused> {
        self.changed(id, |key| {
            let since = &mut key.window.compromised_from;
            *since = Some(since.map_or(from, |earlier| earlier.min(from)));
            Ok(())
        })
    }

    fn with(mut self, key: Key) -> Result<Self, KeyEventRefused> {
        if self.0.iter().any(|other| other.id == key.id || other.public == key.public) {
            return Err(KeyEventRefused::Duplicate(key.id));
        }
        self.0.push(key);
        Ok(self)
    }

    fn changed(
        &self,
        id: &KeyId,
        change: impl FnOnce(&mut Key) -> Result<(), KeyEventRefused>,
    ) -> Result<Self, KeyEventRefused> {
        let mut keys = self.0.clone();
        let key = keys.iter_mut().find(|key| key.id == *id);
        change(key.ok_or_else(|| KeyEventRefused::Unknown(id.clone()))?)?;
        Ok(Self(keys))
    }
}

fn in_use(key: &Key) -> bool {
    key.window.until.is_none() && key.window.compromised_from.is_none()
}

fn retire(key: &mut Key, at: i64) -> Result<(), KeyEventRefused> {
    let id = key.id.clone();
    match key.window {
        Window { until: Some(until), .. } => Err(KeyEventRefused::AlreadyRetired { id, until }),
        Window { from, .. } if at < from => Err(KeyEventRefused::BeforeStart { id, from }),
        _ => {
            // Signing times are whole seconds. What was prepared earlier in this second, and is
            // signed later, must stay within the window.
            key.window.until = Some(at.saturating_add(1));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{NotInForce, Signer as _};

    fn id(name: &str) -> KeyId {
        name.parse().expect("a key's name")
    }

    fn secret(seed: u8) -> SigningKey {
        SigningKey::from_random(&[seed; 32])
    }

    fn key(name: &str, seed: u8, window: Window) -> Key {
        Key { id: id(name), public: secret(seed).public(), window }
    }

    /// One key in use from second 100.
    fn one() -> KeySet {
        KeySet::new([key("first", 1, Window::starting(100))]).expect("one key")
    }

    fn two() -> KeySet {
        one().rotate(id("second"), secret(2).public(), 200).expect("a rotation")
    }

    #[test]
    fn a_name_is_visible_ascii() {
        for good in ["k", "did:web:registry.example:bodies:example#key-1", &"x".repeat(512)] {
            assert_eq!(good.parse::<KeyId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", " ", "a b", "a\n", "鍵", &"x".repeat(513)] {
            assert_eq!(bad.parse::<KeyId>(), Err(KeyIdInvalid), "{bad:?}");
        }
    }

    #[test]
    fn rotation_ends_the_old_key_and_starts_the_new_one() {
        let set = two();
        let windows: Vec<_> = set.keys().iter().map(|key| key.window).collect();
        assert_eq!(
            windows,
            [Window { from: 100, until: Some(201), compromised_from: None }, Window::starting(200)],
        );
    }

    #[test]
    fn the_current_key_is_the_one_that_began_last() {
        let set = two();
        let current = |at| set.current(at).map(|key| key.id.as_str());
        assert_eq!(current(99), None);
        assert_eq!(current(199), Some("first"));
        assert_eq!(current(200), Some("second"));
    }

    #[test]
    fn what_was_prepared_before_a_rotation_is_signed_by_the_key_it_names() {
        let set = two();
        let old = set.get(&id("first")).expect("the old key").clone();
        let held = HeldKey::new(old, secret(1)).expect("its own secret");
        let signer = held.signer_at(200).expect("prepared in the second of the rotation");
        assert_eq!(signer.sign(b"payload"), secret(1).sign(b"payload"));
    }

    #[test]
    fn a_dead_key_refuses_to_sign() {
        let refusal = |window, at| {
            let held = HeldKey::new(key("dead", 1, window), secret(1)).expect("its own secret");
            held.signer_at(at).map(|_| ()).expect_err("a refusal")
        };
        let ended = Window { from: 100, until: Some(201), compromised_from: None };
        let leaked = Window { from: 100, until: None, compromised_from: Some(150) };
        assert_eq!(
            refusal(ended, 201),
            KeyNotInForce { id: id("dead"), at: 201, why: NotInForce::Ended { until: 201 } },
        );
        assert_eq!(refusal(ended, 99).why, NotInForce::NotYet { from: 100 });
        assert_eq!(refusal(leaked, 120).why, NotInForce::Compromised { from: 150 });
        assert_eq!(
            refusal(ended, 201).to_string(),
            "the key dead may not sign at 201: its window ended at 201",
        );
    }

    #[test]
    fn a_secret_of_another_key_is_refused() {
        let held = HeldKey::new(key("first", 1, Window::starting(0)), secret(2));
        assert_eq!(held.map(|_| ()), Err(KeyMismatch { id: id("first") }));
    }

    #[test]
    fn names_and_public_keys_are_unique() {
        let duplicate = |name| Err(KeyEventRefused::Duplicate(id(name)));
        assert_eq!(one().rotate(id("first"), secret(2).public(), 200), duplicate("first"));
        assert_eq!(one().rotate(id("second"), secret(1).public(), 200), duplicate("second"));
        let twice = [key("a", 1, Window::starting(0)), key("a", 2, Window::starting(0))];
        assert_eq!(KeySet::new(twice), duplicate("a"));
    }

    #[test]
    fn an_end_never_moves() {
        let retired = one().retire(&id("first"), 150).expect("a retirement");
        let refused = KeyEventRefused::AlreadyRetired { id: id("first"), until: 151 };
        assert_eq!(retired.retire(&id("first"), 300), Err(refused));
        assert_eq!(
            one().retire(&id("first"), 99),
            Err(KeyEventRefused::BeforeStart { id: id("first"), from: 100 }),
        );
        assert_eq!(one().retire(&id("other"), 150), Err(KeyEventRefused::Unknown(id("other"))));
    }

    #[test]
    fn a_compromise_only_moves_back() {
        let since = |set: &KeySet| set.keys()[0].window.compromised_from;
        let set = one().compromise(&id("first"), 150).expect("a compromise");
        assert_eq!(set.current(160), None);
        let later = set.compromise(&id("first"), 180).expect("a later report");
        let earlier = later.compromise(&id("first"), 120).expect("an earlier report");
        assert_eq!((since(&later), since(&earlier)), (Some(150), Some(120)));
    }

    #[test]
    fn a_compromised_key_does_not_stand_in_the_way_of_its_successor() {
        let set = one().compromise(&id("first"), 50).expect("a compromise");
        let set = set.rotate(id("second"), secret(2).public(), 60).expect("a rotation");
        assert_eq!(set.current(60).map(|key| key.id.as_str()), Some("second"));
    }

    proptest! {
        #[test]
        fn at_any_time_after_the_first_rotation_one_key_is_current(
            steps in prop::collection::vec(0i64..1000, 1..20), probe in 0i64..20_000,
        ) {
            let mut at = 0;
            let mut set = KeySet::default();
            let mut begun = Vec::new();
            for (n, step) in (1u8..).zip(steps) {
                at += step;
                set = set.rotate(id(&format!("k{n}")), secret(n).public(), at).expect("a rotation");
                begun.push(at);
            }
            let expected = begun.iter().filter(|from| **from <= probe).max();
            prop_assert_eq!(set.current(probe).map(|key| &key.window.from), expected);
            let open = set.keys().iter().filter(|key| in_use(key)).count();
            prop_assert_eq!(open, 1);
        }
    }
}
