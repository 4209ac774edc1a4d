//! A certificate as the public reads it: the answer of `GET /certificates/{number}`.

use std::collections::BTreeMap;

use akashi_schemas::{Digest, FacilityKind, text_enum};
use akashi_verifier::credential::Credential as Payload;
use akashi_verifier::status::Purpose;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::certification::rules::certificate::{CertificateState, Standing, standing};

/// What the registry has published of a certificate, without what follows from the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// The number, for life.
    pub number: String,
    /// Who holds it.
    pub holder: Holder,
    /// The name of the certification body that stands for it.
    pub body: String,
    /// The programme version that its current version was assessed against.
    pub programme: ProgrammeName,
    /// The level, by the programme's id for it.
    pub level: String,
    /// Since when the current version counts.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// The last second of the current version.
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
    /// The facilities in scope.
    pub facilities: Vec<Facility>,
    /// The credentials that attest its versions, oldest first.
    pub credentials: Vec<Credential>,
    /// All that happened to it, oldest first.
    pub history: Vec<Event>,
}

/// What a certificate's facts are read from.
#[derive(Debug)]
pub struct Sources<'a> {
    /// The payload of the current credential: what the body signed is what the page says.
    pub payload: &'a Payload,
    /// The holder's country.
    pub country: String,
    /// The kind of each facility, by its URI.
    pub kinds: BTreeMap<String, FacilityKind>,
    /// The released credentials, oldest first.
    pub credentials: Vec<Credential>,
    /// The events, oldest first.
    pub history: Vec<Event>,
}

impl Facts {
    /// The facts of a certificate; none when the payload names no number or programme, or a facility
    /// without a kind.
    #[must_use]
    pub fn of(sources: Sources<'_>) -> Option<Self> {
        let payload = sources.payload;
        let subject = &payload.credential_subject;
        let (id, version) = payload.programme()?;
        let facility = |reference: &akashi_verifier::credential::Reference| {
            let kind = *sources.kinds.get(&reference.id)?;
            Some(Facility { id: reference.id.clone(), kind, name: reference.name.clone() })
        };
        Some(Self {
            number: payload.number()?.to_owned(),
            holder: Holder {
                name: subject.issued_to_party.name.clone(),
                id: subject.issued_to_party.id.clone(),
                country: sources.country,
            },
            body: payload.issuer.name.clone(),
            programme: ProgrammeName {
                id: id.to_owned(),
                version: version.to_owned(),
                digest: subject.programme_digest,
            },
            level: payload.level().to_owned(),
            valid_from: payload.valid_from,
            valid_until: payload.valid_until,
            facilities: payload.facilities().map(facility).collect::<Option<_>>()?,
            credentials: sources.credentials,
            history: sources.history,
        })
    }

    /// The facts with a text in place of what a sole proprietor is recognised by: its own name and its facilities'. The
    /// number, its history and what was certified stay.
    #[must_use]
    pub fn with_names_as(mut self, text: &str) -> Self {
        text.clone_into(&mut self.holder.name);
        for facility in &mut self.facilities {
            text.clone_into(&mut facility.name);
        }
        self
    }
}

/// The holder of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// The name it is shown by; of a sole proprietor trade name and municipality, and empty once it took its consent back.
    pub name: String,
    /// Its identifier as a URI, the one in the credential.
    pub id: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// A programme version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgrammeName {
    /// The programme's id.
    pub id: String,
    /// The version's label.
    pub version: String,
    /// SHA-256 of its canonical form, in lower-case hexadecimal.
    #[schema(value_type = String)]
    pub digest: Digest,
}

/// A facility in scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facility {
    /// Its URI, the one in the credential.
    pub id: String,
    /// `whole`, `site` or `dormitory`.
    #[schema(value_type = String)]
    pub kind: FacilityKind,
    /// Its name; empty where the holder's is.
    pub name: String,
}

text_enum! {
    /// What the status lists say of a credential; its term apart.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum CredentialState {
        /// No bit is set.
        Active = "active",
        /// A newer credential takes its place.
        Superseded = "superseded",
        /// It counts no more.
        Revoked = "revoked",
        /// It does not count for a time.
        Suspended = "suspended",
    }
}

impl CredentialState {
    /// What a credential's set bits say, in the order of the verdicts.
    #[must_use]
    pub fn of(set: &[Purpose]) -> Self {
        let order = [
            (Purpose::Refresh, Self::Superseded),
            (Purpose::Revocation, Self::Revoked),
            (Purpose::Suspension, Self::Suspended),
        ];
        let first = order.into_iter().find(|(purpose, _)| set.contains(purpose));
        first.map_or(Self::Active, |(_, state)| state)
    }
}

/// A released credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credential {
    /// Its id, the last part of `/credentials/{id}`.
    pub id: String,
    /// Which version of the certificate it attests.
    pub version: u32,
    /// What its status says.
    pub state: CredentialState,
}

/// Something that happened to a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it takes effect.
    #[schema(value_type = String, format = DateTime)]
    pub effective_at: Timestamp,
    /// What: `granted`, `suspended`, `reinstated`, `reduced`, `extended`, `continued`, `renamed`, `corrected`,
    /// `reissued`, `withdrawn`, `terminated`, `overturned`.
    pub kind: String,
    /// What the body says of it in public.
    pub reason: Option<String>,
    /// The number of the log leaf that tells of it.
    pub leaf: Option<u64>,
}

/// A certificate at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Document {
    #[serde(flatten)]
    facts: Facts,
    #[schema(value_type = String)]
    state: Standing,
    credential_id: String,
    leaf: u64,
}

impl Document {
    /// What the public reads at `now` of a certificate in `state`, reflecting the log up to `leaf`.
    /// Nothing while no credential of it is released.
    #[must_use]
    pub fn at(facts: Facts, state: CertificateState, leaf: u64, now: Timestamp) -> Option<Self> {
        let state = standing(state, facts.valid_until, now)?;
        let credential_id = facts.credentials.iter().max_by_key(|c| c.version)?.id.clone();
        Some(Self { facts, state, credential_id, leaf })
    }

    /// What does not follow from the time.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether its holder is named.
    #[must_use]
    pub fn names_holder(&self) -> bool {
        !self.facts.holder.name.is_empty()
    }

    /// See [`Facts::with_names_as`].
    #[must_use]
    pub fn with_names_as(self, text: &str) -> Self {
        Self { facts: self.facts.with_names_as(text), ..self }
    }

    /// Where it stands; `expired` follows from the time.
    #[must_use]
    pub fn state(&self) -> Standing {
        self.state
    }

    /// The id of the current credential.
    #[must_use]
    pub fn credential_id(&self) -> &str {
        &self.credential_id
    }

    /// The id of the last credential of the version before the current one.
    #[must_use]
    pub fn earlier_credential_id(&self) -> Option<&str> {
        let credentials = &self.facts.credentials;
        let current = credentials.iter().map(|c| c.version).max()?;
        let earlier = credentials.iter().filter(|c| c.version < current);
        earlier.max_by_key(|c| c.version).map(|c| &*c.id)
    }

    /// The number of the last log leaf that this reflects.
    #[must_use]
    pub fn leaf(&self) -> u64 {
        self.leaf
    }

    /// What brought it to where it stands: the last event that tells of its state; none when its
    /// term ran out.
    #[must_use]
    pub fn cause(&self) -> Option<&Event> {
        let kind: &[&str] = match self.state {
            Standing::Active => {
                &["granted", "reinstated", "reduced", "extended", "renamed", "corrected"]
            }
            Standing::Suspended => &["suspended"],
            Standing::Withdrawn => &["withdrawn"],
            Standing::Terminated => &["terminated"],
            Standing::Expired => &[],
        };
        self.facts.history.iter().rev().find(|event| kind.contains(&event.kind.as_str()))
    }
}

/// A certificate for tests and for trying the pages: two facilities, granted, extended, suspended.
#[cfg(test)]
pub(crate) fn sample() -> Facts {
    let at = |text: &str| text.parse().expect("a time");
    let event = |when, kind: &str, reason: Option<&str>, leaf| Event {
        at: at(when),
        effective_at: at(when),
        kind: kind.into(),
        reason: reason.map(Into::into),
        leaf: Some(leaf),
    };
    let credential = |id: &str, version, state| Credential { id: id.into(), version, state };
    let facility = |id: &str, kind, name: &str| Facility {
        id: format!("https://registry.example/facilities/{id}"),
        kind,
        name: name.into(),
    };
    Facts {
        number: "AK-7M3Q-XRTH-B".into(),
        holder: Holder {
            name: "例示あおぞら水産株式会社 (Example Aozora Fisheries)".into(),
            id: "https://registry.example/parties/019aaaaa-0000-7000-8000-000000000001".into(),
            country: "JP".into(),
        },
        body: "Example Certification Body".into(),
        programme: ProgrammeName {
            id: "responsible-hosting".into(),
            version: "2026.2".into(),
            digest: Digest::of(b"a programme"),
        },
        level: "certified".into(),
        valid_from: at("2026-11-25T00:00:00Z"),
        valid_until: at("2028-11-25T14:59:59Z"),
        facilities: vec![
            facility(
                "019aaaaa-0000-7000-8000-00000000000a",
                FacilityKind::Whole,
                "The organisation as a whole",
            ),
            facility("019aaaaa-0000-7000-8000-00000000000b", FacilityKind::Site, "第一工場"),
            facility(
                "019aaaaa-0000-7000-8000-00000000000c",
                FacilityKind::Dormitory,
                "寮「みなと」",
            ),
        ],
        credentials: vec![
            credential("019aaaaa-0000-7000-8000-0000000000c1", 1, CredentialState::Superseded),
            credential("019aaaaa-0000-7000-8000-0000000000c2", 2, CredentialState::Suspended),
        ],
        history: vec![
            event("2026-11-25T00:00:00Z", "granted", None, 12),
            event("2026-12-10T02:30:00Z", "extended", Some("A dormitory was added."), 19),
            event(
                "2027-01-08T05:00:00Z",
                "suspended",
                Some("A dormitory had no second way out; the holder is building one."),
                31,
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn the_document_has_the_members_of_the_public_contract() {
        let now = at("2027-02-01T00:00:00Z");
        let document =
            Document::at(sample(), CertificateState::Suspended, 31, now).expect("public");
        let json = serde_json::to_value(&document).expect("JSON");
        let members = |value: &serde_json::Value| {
            value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            members(&json),
            "body credential_id credentials facilities history holder leaf level number programme state valid_from valid_until"
        );
        assert_eq!(members(&json["holder"]), "country id name");
        assert_eq!(members(&json["programme"]), "digest id version");
        assert_eq!(members(&json["credentials"][0]), "id state version");
        assert_eq!(members(&json["history"][0]), "at effective_at kind leaf reason");
        assert_eq!(json["state"], "suspended");
        assert_eq!(json["credential_id"], "019aaaaa-0000-7000-8000-0000000000c2");
        assert_eq!(json["valid_until"], "2028-11-25T14:59:59Z");
        assert_eq!(json["history"][0]["reason"], serde_json::Value::Null);
    }

    #[test]
    fn expiry_follows_from_the_time() {
        let state =
            |now| Document::at(sample(), CertificateState::Active, 31, at(now)).map(|d| d.state());
        assert_eq!(state("2028-11-25T14:59:59Z"), Some(Standing::Active));
        assert_eq!(state("2028-11-25T15:00:00Z"), Some(Standing::Expired));
        let stored = serde_json::to_string(&sample()).expect("JSON");
        assert!(!stored.contains("expired"));
        assert_eq!(serde_json::from_str::<Facts>(&stored).expect("facts"), sample());
    }

    #[test]
    fn what_is_not_released_is_not_public() {
        let now = at("2027-01-01T00:00:00Z");
        for state in
            [CertificateState::Issuing, CertificateState::IssueFailed, CertificateState::Voided]
        {
            assert_eq!(Document::at(sample(), state, 1, now), None, "{state}");
        }
        let unreleased = Facts { credentials: Vec::new(), ..sample() };
        assert_eq!(Document::at(unreleased, CertificateState::Active, 1, now), None);
    }

    #[test]
    fn a_credentials_bits_are_read_in_the_order_of_the_verdicts() {
        use Purpose::{Refresh, Revocation, Suspension};
        for (set, state) in [
            (&[][..], CredentialState::Active),
            (&[Suspension], CredentialState::Suspended),
            (&[Suspension, Revocation], CredentialState::Revoked),
            (&[Revocation, Refresh], CredentialState::Superseded),
        ] {
            assert_eq!(CredentialState::of(set), state, "{set:?}");
        }
    }

    #[test]
    fn the_cause_of_a_state_is_its_last_event() {
        let now = at("2027-02-01T00:00:00Z");
        let cause = |state| {
            let document = Document::at(sample(), state, 31, now).expect("public");
            document.cause().map(|event| event.kind.clone())
        };
        assert_eq!(cause(CertificateState::Suspended).as_deref(), Some("suspended"));
        assert_eq!(cause(CertificateState::Active).as_deref(), Some("extended"));
        assert_eq!(cause(CertificateState::Withdrawn), None);
    }
}
