//! Who takes part in a certification, each with a sign-in of their own.

use std::ops::Deref;

use akashi_schemas::embedded::RESPONSIBLE_HOSTING;
use serde_json::{Value, json};

use crate::application::extend;
use crate::client::Client;
use crate::registry::{OPERATOR, PASSWORD, Registry};

/// Somebody with an account, signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account's id.
    pub id: String,
    /// The address to sign in with; the password is [`PASSWORD`].
    pub email: String,
    client: Client,
}

impl Person {
    /// Makes an account `NAME@people.example`, which belongs to no party yet, and signs it in.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn signs_up(registry: &Registry, name: &str) -> Person {
        let email = format!("{name}@people.example");
        let client = registry.sign_up(&email).await;
        let id = client.get("/api/v1/me").await.expect(200).text("/id").to_owned();
        Person { id, email, client }
    }

    /// Signs in again: an access token lasts no longer than its time.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn signs_in_again(&mut self, registry: &Registry) {
        self.client = registry.sign_in(&self.email, PASSWORD).await;
    }

    /// Accepts every invitation to act for a party.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn accepts_invitations(&self) {
        let me = self.get("/api/v1/me").await.expect(200);
        let memberships = me.json["memberships"].as_array().expect("memberships");
        for invitation in memberships.iter().filter(|membership| membership["accepted"] == false) {
            let id = invitation["id"].as_str().expect("an id");
            let accept = format!("/api/v1/me/memberships/{id}/accept");
            self.post(&accept, &json!({})).await.expect(200);
        }
    }
}

/// A person speaks as the client that they signed in with.
impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A certification body that may take applications: authorised for a published programme, with its
/// terms, and with people who are competent for it.
#[derive(Debug)]
pub struct Body {
    /// The party's id.
    pub id: String,
    /// The last part of its public address, `/bodies/SLUG`.
    pub slug: String,
    /// The programme's document, as its owner published it.
    pub programme: Value,
    /// The authorisation's id.
    pub authorisation: String,
    /// Who runs the registry.
    pub operator: Client,
    /// Who acts for the programme owner.
    pub owner: Person,
    /// The programme owner's party.
    pub owner_party: String,
    /// Who runs the body's process.
    pub quality_manager: Person,
    /// Who leads assessments.
    pub lead: Person,
    /// Who checks assessments.
    pub reviewer: Person,
    /// Who decides.
    pub decision_maker: Person,
}

/// The version of the body's terms that its applicants accept.
pub const TERMS: &str = "2026-1";

/// Since when the programme, the authorisation and the competences are in force.
const SINCE: &str = "2026-01-01T00:00:00Z";
/// Until when the authorisation is.
const UNTIL: &str = "2036-01-01T00:00:00Z";

impl Body {
    /// Brings a new registry to where a company can apply.
    ///
    /// # Panics
    /// When the registry refuses any step; with its problem document.
    pub async fn opens(registry: &Registry) -> Body {
        let programme = serde_json::from_str(RESPONSIBLE_HOSTING).expect("the programme is JSON");
        Body::opens_for(registry, programme).await
    }

    /// The same, for another programme than the shipped one.
    ///
    /// # Panics
    /// When the registry refuses any step; with its problem document.
    pub async fn opens_for(registry: &Registry, programme: Value) -> Body {
        let operator = registry.first_operator().await;
        let owner = Person::signs_up(registry, "owner").await;
        let quality_manager = Person::signs_up(registry, "quality-manager").await;

        let owner_party = institution(&operator, "owner", "example-owner", &owner).await;
        publish(&owner, &owner_party, &programme, SINCE).await;
        let id = institution(&operator, "body", "example-body", &quality_manager).await;
        let mut body = Body {
            id,
            slug: "example-body".to_owned(),
            programme,
            authorisation: String::new(),
            operator,
            owner,
            owner_party,
            lead: quality_manager.clone(),
            reviewer: quality_manager.clone(),
            decision_maker: quality_manager.clone(),
            quality_manager,
        };
        body.is_authorised_and_staffed(registry, "").await;
        body
    }

    /// The programme's owner publishes another programme or version, which may be applied for since a time.
    ///
    /// # Panics
    /// When the registry refuses any step; with its problem document.
    pub async fn sees_published(&self, programme: &Value, since: &str) {
        publish(&self.owner, &self.owner_party, programme, since).await;
    }

    /// The same, while the version before it may go on being applied for until a time.
    ///
    /// # Panics
    /// When the registry refuses any step; with its problem document.
    pub async fn sees_published_beside(&self, programme: &Value, since: &str, until: &str) {
        let terms = json!({"effective_from": since, "transition_until": until});
        publish_with(&self.owner, &self.owner_party, programme, terms).await;
    }

    /// Lets everybody of it, of its programme's owner and of the registry sign in again.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn signs_in_again(&mut self, registry: &Registry) {
        self.operator = registry.sign_in(OPERATOR, PASSWORD).await;
        for person in [
            &mut self.owner,
            &mut self.quality_manager,
            &mut self.lead,
            &mut self.reviewer,
            &mut self.decision_maker,
        ] {
            person.signs_in_again(registry).await;
        }
    }

    /// A second body for the same programme, with people of its own.
    ///
    /// # Panics
    /// When the registry refuses any step; with its problem document.
    pub async fn joined_by_another(&self, registry: &Registry) -> Body {
        let quality_manager = Person::signs_up(registry, "other-quality-manager").await;
        let slug = "other-body".to_owned();
        let mut body = Body {
            id: institution(&self.operator, "body", &slug, &quality_manager).await,
            slug,
            programme: self.programme.clone(),
            authorisation: String::new(),
            operator: self.operator.clone(),
            owner: self.owner.clone(),
            owner_party: self.owner_party.clone(),
            lead: quality_manager.clone(),
            reviewer: quality_manager.clone(),
            decision_maker: quality_manager.clone(),
            quality_manager,
        };
        body.is_authorised_and_staffed(registry, "other-").await;
        body
    }

    /// The owner authorises it; it says its terms, and takes people on whose names begin alike.
    async fn is_authorised_and_staffed(&mut self, registry: &Registry, names: &str) {
        let authorised = json!({
            "programme": self.programme["id"], "body": self.id, "from": SINCE, "until": UNTIL,
        });
        let authorised = self.owner.post("/api/v1/authorisations", &authorised).await.expect(201);
        authorised.text("/id").clone_into(&mut self.authorisation);

        let fees = json!([{"item": "Initial assessment", "amount": 150_000, "currency": "JPY"}]);
        let terms = json!({"version": 1, "terms": {"version": TERMS, "fees": fees}});
        let party = format!("/api/v1/parties/{}", self.id);
        self.quality_manager.patch(&party, &terms).await.expect(200);

        let name = |role: &str| format!("{names}{role}");
        self.lead = self.employs(registry, &name("lead"), "assessor").await;
        self.reviewer = self.employs(registry, &name("reviewer"), "reviewer").await;
        self.decision_maker =
            self.employs(registry, &name("decision-maker"), "decision_maker").await;
    }

    /// One person more, with a role in the body and competent for its programme.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn employs(&self, registry: &Registry, name: &str, role: &str) -> Person {
        let person = Person::signs_up(registry, name).await;
        self.gives_role(&person, role).await;
        let competence = json!({
            "body": self.id, "account": person.id, "programme": self.programme["id"], "from": SINCE,
        });
        self.quality_manager.post("/api/v1/competences", &competence).await.expect(201);
        person
    }

    /// Gives somebody a role, or one role more, in the body.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn gives_role(&self, person: &Person, role: &str) {
        let member = json!({"email": person.email, "role": role});
        let members = format!("/api/v1/parties/{}/members", self.id);
        self.quality_manager.post(&members, &member).await.expect(201);
        person.accepts_invitations().await;
    }

    /// The id of the programme.
    pub fn programme_id(&self) -> &str {
        self.programme["id"].as_str().expect("a programme has an id")
    }

    /// A criterion of the programme.
    ///
    /// # Panics
    /// When the programme has none of that id.
    pub fn criterion(&self, id: &str) -> &Value {
        let criteria = self.programme["criteria"].as_array().expect("a programme has criteria");
        criteria
            .iter()
            .find(|criterion| criterion["id"] == id)
            .expect("a criterion of the programme")
    }
}

/// Lets an operator register a certification body or programme owner; gives its id.
///
/// # Panics
/// When the registry refuses; with its problem document.
pub async fn institution(
    operator: &Client,
    kind: &str,
    slug: &str,
    administrator: &Person,
) -> String {
    let party = json!({
        "kind": kind, "slug": slug, "name": format!("Example {kind}"), "country": "JP",
        "administrator": administrator.email,
    });
    let id = operator.post("/api/v1/parties", &party).await.expect(201).text("/id").to_owned();
    administrator.accepts_invitations().await;
    id
}

async fn publish(owner: &Person, party: &str, programme: &Value, since: &str) {
    publish_with(owner, party, programme, json!({"effective_from": since})).await;
}

async fn publish_with(owner: &Person, party: &str, programme: &Value, terms: Value) {
    let drafts = format!("/api/v1/programmes/{}/drafts", programme["id"].as_str().expect("an id"));
    let draft = json!({"owner": party, "programme": programme});
    let draft = owner.post(&drafts, &draft).await.expect(201);
    let publish = format!("{drafts}/{}/publish", draft.text("/id"));
    let mut version = json!({"version": 1});
    extend(&mut version, terms);
    owner.post(&publish, &version).await.expect(200);
}

/// A company with one site and one dormitory, and somebody who acts for it.
#[derive(Debug)]
pub struct Company {
    /// The party's id.
    pub id: String,
    /// The corporate number, as a certificate names it; a sole proprietor has none.
    pub corporate_number: String,
    /// Who acts for it.
    pub member: Person,
    /// The facility that is the organisation as a whole.
    pub whole: String,
    /// The works.
    pub site: String,
    /// Where its workers live.
    pub dormitory: String,
}

/// The name of every company that a test makes.
pub const COMPANY_NAME: &str = "例示食品株式会社";

/// Of whom a sole proprietor's business is.
pub const PROPRIETOR: &str = "例示太郎";
/// What a sole proprietor trades as.
pub const TRADE_NAME: &str = "例示ベーカリー";
/// Where a sole proprietor trades.
pub const MUNICIPALITY: &str = "例示市";

impl Company {
    /// Registers the `n`th company.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn registers(registry: &Registry, n: u32) -> Company {
        let number = corporate_number(n);
        let party = json!({
            "kind": "company", "name": COMPANY_NAME, "country": "JP",
            "names": [{"kind": "roman", "name": "Example Foods"}],
            "identifiers": [{"scheme": "jp_corporate_number", "value": number}],
        });
        Company::registers_as(registry, n, &party, number).await
    }

    /// Registers the `n`th company as one person's business, [`PROPRIETOR`]'s, who trades as [`TRADE_NAME`] in
    /// [`MUNICIPALITY`] and has not consented to be shown.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn of_a_sole_proprietor(registry: &Registry, n: u32) -> Company {
        let party = json!({
            "kind": "company", "name": PROPRIETOR, "country": "JP", "municipality": MUNICIPALITY,
            "names": [{"kind": "trade", "name": TRADE_NAME}], "sole_proprietor": true,
        });
        Company::registers_as(registry, n, &party, String::new()).await
    }

    /// Registers the `n`th company from its record, with its facilities.
    ///
    /// # Panics
    /// When the registry refuses; with its problem document.
    pub async fn registers_as(
        registry: &Registry,
        n: u32,
        party: &Value,
        corporate_number: String,
    ) -> Company {
        let member = Person::signs_up(registry, &format!("company-{n}")).await;
        let party = member.post("/api/v1/parties", party).await.expect(201);
        let facilities = format!("/api/v1/parties/{}/facilities", party.text("/id"));
        let whole = member.get(&facilities).await.expect(200).text("/0/id").to_owned();
        let site = json!({
            "kind": "site", "name": "Example works", "address": "1-1 Example", "region": "JP-23",
            "country": "JP", "workers": 12,
        });
        let dormitory = json!({
            "kind": "dormitory", "name": "Example dormitory", "address": "1-2 Example",
            "region": "JP-23", "country": "JP", "residents": 8,
        });
        let [site, dormitory] =
            [site, dormitory].map(|facility| {
                let (member, facilities) = (member.clone(), facilities.clone());
                async move {
                    member.post(&facilities, &facility).await.expect(201).text("/id").to_owned()
                }
            });
        let (site, dormitory) = (site.await, dormitory.await);
        Company {
            id: party.text("/id").to_owned(),
            corporate_number,
            member,
            whole,
            site,
            dormitory,
        }
    }

    /// Its facility of a kind: `whole`, `site` or `dormitory`.
    ///
    /// # Panics
    /// When there is no such kind.
    pub fn facility(&self, kind: &str) -> &str {
        match kind {
            "whole" => &self.whole,
            "site" => &self.site,
            "dormitory" => &self.dormitory,
            other => panic!("{other} is no kind of facility"),
        }
    }
}

/// A number that no company has: twelve digits that begin with 9999, and their check digit before them
/// (9 minus the weighted sum modulo 9, weights 1 and 2 from the right).
pub fn corporate_number(n: u32) -> String {
    let digits = format!("9999{n:08}");
    let weighted = digits.chars().rev().zip([1, 2].into_iter().cycle());
    let sum: u32 = weighted.filter_map(|(digit, weight)| Some(digit.to_digit(10)? * weight)).sum();
    format!("{}{digits}", 9 - sum % 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_digit_follows_the_ordinance() {
        assert_eq!(corporate_number(0), "9999900000000"); // 9 × (1+2+1+2) = 54, and 9 − 0
        assert_eq!(corporate_number(1), "8999900000001");
        assert_eq!(corporate_number(40), "1999900000040");
    }
}
