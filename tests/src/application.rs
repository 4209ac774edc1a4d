//! One application, driven to where a test begins.

use serde_json::{Map, Value, json};

use crate::cast::{Body, Company, TERMS};
use crate::client::{Answer, Client};
use crate::eventually::eventually;
use crate::registry::Registry;

/// The facts that hold for every company of the tests.
pub const FACTS: [&str; 2] = ["agents_used", "housing_provided"];

/// A rating that is not conform: criterion, kind of facility, rating.
pub type Below = (&'static str, &'static str, &'static str);

/// What an assessor finds at a company that deserves the level `leading`.
pub const LEADING: &[Below] = &[("RH-1.6", "whole", "minor")];

/// What an assessor finds at a company that deserves the level `certified`, and no more.
pub const CERTIFIED: &[Below] = &[
    ("RH-1.6", "whole", "minor"),
    ("RH-7.1", "dormitory", "minor"),
    ("RH-10.1", "whole", "minor"),
    ("RH-10.2", "whole", "minor"),
];

/// What an assessor finds at a company that deserves none: a critical criterion is not met.
pub const REFUSED: &[Below] = &[("RH-3.1", "whole", "major")];

/// A text as the API takes one.
pub fn text(text: &str) -> Value {
    json!({"text": text, "lang": "en"})
}

/// Puts members into an object, in place of those of the same name.
pub(crate) fn extend(object: &mut Value, members: Value) {
    match (object, members) {
        (Value::Object(object), Value::Object(members)) => object.extend(members),
        (_, members) => panic!("{members} is no object"),
    }
}

/// An application and the two sides that meet in it.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// Who certifies.
    pub body: &'a Body,
    /// Who applies.
    pub company: &'a Company,
}

/// An application under way. Each method makes one step, as the actor whose step it is, and panics with
/// the registry's answer when it is refused.
#[derive(Clone, Debug)]
pub struct Application<'a> {
    /// The two sides.
    pub sides: Sides<'a>,
    /// Its id.
    pub id: String,
}

impl<'a> Sides<'a> {
    /// Begins a first application, for every facility.
    pub async fn apply(self) -> Application<'a> {
        self.apply_with(json!({"kind": "initial"})).await
    }

    /// Begins an application to renew a certificate, for every facility.
    pub async fn apply_for_renewal(self, certificate: &str) -> Application<'a> {
        self.apply_with(json!({"kind": "renewal", "certificate": certificate})).await
    }

    /// Begins an application with these members beside or instead of the usual ones.
    pub async fn apply_with(self, members: Value) -> Application<'a> {
        let application = self.application(members);
        let begun = self.company.member.post("/api/v1/applications", &application).await;
        Application { sides: self, id: begun.expect(201).text("/id").to_owned() }
    }

    /// A company's whole way to a certificate of a level, on what is found `below` conform.
    pub async fn certify(self, below: &[Below], level: &str) -> Granted {
        let application = self.apply().await;
        application.is_ready_to_decide(below, level).await;
        application.is_granted(level).await
    }

    /// The body of an application, with these members beside or instead of the usual ones.
    pub fn application(self, members: Value) -> Value {
        let Sides { body, company } = self;
        // Of the facts those that the programme asks about: a small one does not ask about all.
        let criteria = body.programme["criteria"].as_array().expect("a programme has criteria");
        let asked = |fact: &&str| {
            let asks = |of: &Value| of.as_array().is_some_and(|all| all.iter().any(|f| f == fact));
            criteria.iter().any(|criterion| asks(&criterion["applies_to"]))
        };
        let facts: Vec<&str> = FACTS.into_iter().filter(|fact| asked(fact)).collect();
        let mut application = json!({
            "company": company.id,
            "body": body.id,
            "programme": {"id": body.programme["id"], "version": body.programme["version"]},
            "facilities": [company.site, company.dormitory],
            "facts": facts,
        });
        extend(&mut application, members);
        application
    }
}

impl Application<'_> {
    /// `/api/v1/applications/{id}` with what follows.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/applications/{}{rest}", self.id)
    }

    fn member(&self) -> &Client {
        &self.sides.company.member
    }

    /// The application as the quality manager sees it.
    pub async fn seen(&self) -> Value {
        self.sides.body.quality_manager.get(&self.path("")).await.expect(200).json
    }

    /// The state.
    pub async fn state(&self) -> String {
        self.seen().await["state"].as_str().expect("a state").to_owned()
    }

    /// The version that the next move has to name.
    pub async fn version(&self) -> i64 {
        self.seen().await["version"].as_i64().expect("a version")
    }

    async fn moves(&self, actor: &Client, event: &str) {
        let version = json!({"version": self.version().await});
        actor.post(&self.path(event), &version).await.expect(200);
    }

    /// The company answers every question that applies and is not answered yet.
    pub async fn is_answered(&self) {
        for pair in self.seen().await["unanswered"].as_array().expect("pairs") {
            let answer = json!({"version": 0, "facility": pair[1], "answer": "yes"});
            let criterion = pair[0].as_str().expect("a criterion");
            self.member()
                .put(&self.path(&format!("/answers/{criterion}")), &answer)
                .await
                .expect(200);
        }
    }

    /// The company accepts the body's terms.
    pub async fn is_agreed(&self) {
        let terms = json!({"version": self.version().await, "terms_version": TERMS});
        self.member().post(&self.path("/agreement"), &terms).await.expect(200);
    }

    /// The company hands the application in, complete.
    pub async fn is_submitted(&self) {
        self.is_answered().await;
        self.is_agreed().await;
        self.moves(self.member(), "/submit").await;
    }

    /// The body takes the application on.
    pub async fn is_accepted(&self) {
        self.moves(&self.sides.body.quality_manager, "/accept").await;
    }

    /// The body gives lead, reviewer and decision maker their tasks, and they accept them.
    pub async fn is_assigned(&self) {
        let body = self.sides.body;
        let people =
            [(&body.lead, "lead"), (&body.reviewer, "reviewer"), (&body.decision_maker, "decider")];
        for (person, task) in people {
            let assign =
                json!({"version": self.version().await, "account": person.id, "task": task});
            let assigned = body.quality_manager.post(&self.path("/assignments"), &assign).await;
            let assignment = assigned.expect(201).text("/id").to_owned();
            let accept = self.path(&format!("/assignments/{assignment}/accept"));
            person.post(&accept, &json!({})).await.expect(200);
        }
    }

    /// Brings a draft to where its lead assessor may start.
    pub async fn is_prepared(&self) {
        self.is_submitted().await;
        self.is_accepted().await;
        self.is_assigned().await;
    }

    /// The path of its assessment, with what follows.
    pub async fn assessment(&self, rest: &str) -> String {
        let seen = self.seen().await;
        let id =
            seen["assessment"].as_str().expect("an assessment is planned once a lead is assigned");
        format!("/api/v1/assessments/{id}{rest}")
    }

    /// The assessment as the lead assessor sees it.
    pub async fn assessment_seen(&self) -> Value {
        self.sides.body.lead.get(&self.assessment("").await).await.expect(200).json
    }

    /// The lead assessor starts the assessment.
    pub async fn is_started(&self) {
        let version = json!({"version": self.assessment_seen().await["version"]});
        let start = self.assessment("/start").await;
        self.sides.body.lead.post(&start, &version).await.expect(200);
    }

    /// The lead assessor rates whatever is not rated yet: conform but for what is `below`, and out of
    /// scope what no fact makes applicable.
    pub async fn is_rated(&self, below: &[Below]) {
        for pair in self.assessment_seen().await["unrated"].as_array().expect("pairs") {
            let (criterion, facility) = (pair[0].as_str(), pair[1].as_str());
            let (criterion, facility) = (criterion.expect("an id"), facility.expect("an id"));
            let rating = self.rating(criterion, facility, below);
            let path = self.assessment(&format!("/ratings/{criterion}")).await;
            self.sides.body.lead.put(&path, &rating).await.expect(200);
        }
    }

    fn rating(&self, criterion: &str, facility: &str, below: &[Below]) -> Value {
        let Sides { body, company } = self.sides;
        let applies = body.criterion(criterion)["applies_to"].as_array().expect("facts").iter();
        let holds = |fact: &Value| fact == "all" || FACTS.iter().any(|known| fact == known);
        let reason = text("Seen on the visit and heard from workers.");
        if !applies.into_iter().any(holds) {
            let ground = "out_of_scope";
            return json!({"facility": facility, "value": "not_applicable", "na_ground": ground, "reason": reason});
        }
        let found = below
            .iter()
            .find(|(id, kind, _)| *id == criterion && company.facility(kind) == facility);
        let value = found.map_or("conform", |(_, _, value)| value);
        json!({"facility": facility, "value": value, "reason": reason})
    }

    /// The lead assessor completes the checklist, with every planned interview held.
    pub async fn is_completed(&self) {
        let seen = self.assessment_seen().await;
        let mut interviews = Map::new();
        for sampled in seen["sample"].as_array().expect("a sample") {
            let facility = sampled["facility"].as_str().expect("an id").to_owned();
            interviews.insert(facility, json!({"vi": sampled["interviews_planned"]}));
        }
        let complete = json!({"version": seen["version"], "interviews": interviews});
        let path = self.assessment("/complete").await;
        self.sides.body.lead.post(&path, &complete).await.expect(200);
    }

    /// The findings, as the company sees them.
    pub async fn findings(&self) -> Vec<Value> {
        let findings = format!("/api/v1/findings?application={}", self.id);
        let findings = self.member().get(&findings).await.expect(200).json;
        findings.as_array().expect("findings").clone()
    }

    /// The company answers each open finding with a plan, which the lead assessor accepts.
    pub async fn is_planned(&self) {
        for finding in self.findings().await {
            if finding["state"] == "open" {
                let path = format!("/api/v1/findings/{}", finding["id"].as_str().expect("an id"));
                let plan = json!({
                    "version": finding["version"],
                    "cause": text("Nobody was named for it."),
                    "plan": text("One person is named and does it every month."),
                });
                let planned = self.member().post(&format!("{path}/plan"), &plan).await.expect(200);
                let version = json!({"version": planned.number("/version")});
                self.sides.body.lead.post(&format!("{path}/accept"), &version).await.expect(200);
            }
        }
    }

    /// Brings a prepared application through its assessment, to where the reviewer looks at it.
    pub async fn is_assessed(&self, below: &[Below]) {
        self.is_started().await;
        self.is_rated(below).await;
        self.is_completed().await;
        self.is_planned().await;
    }

    /// The reviewer recommends to grant a level, or without one to refuse.
    pub async fn is_reviewed(&self, level: Option<&str>) {
        let recommendation = if level.is_some() { "grant" } else { "refuse" };
        let review = json!({
            "version": self.assessment_seen().await["version"],
            "recommendation": recommendation,
            "level": level,
            "na_accepted": true,
            "reason": text("The ratings follow from what was seen."),
        });
        let path = self.assessment("/review").await;
        self.sides.body.reviewer.post(&path, &review).await.expect(200);
    }

    /// Brings a draft to where its decision maker may decide, at a company that is not up to `below`.
    pub async fn is_ready_to_decide(&self, below: &[Below], level: &str) {
        self.is_prepared().await;
        self.is_assessed(below).await;
        self.is_reviewed(Some(level)).await;
    }

    /// The body of a grant.
    pub async fn grant(&self, level: &str) -> Value {
        let reason = text("As the reviewer recommends.");
        json!({"version": self.version().await, "kind": "grant", "level": level, "reason": reason})
    }

    /// The decision maker grants a level. Gives the certificate, whose credential is under way.
    pub async fn is_granted(&self, level: &str) -> Granted {
        let decision = self.grant(level).await;
        let decided = self.sides.body.decision_maker.post(&self.path("/decision"), &decision).await;
        Granted::by(&decided.expect(201))
    }
}

/// What a grant, or a change of a certificate, made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The certificate's number.
    pub certificate: String,
    /// The credential's id.
    pub credential: String,
}

impl Granted {
    /// What the answer to a decision says that was made.
    pub fn by(answer: &Answer) -> Granted {
        Granted {
            certificate: answer.text("/certificate").to_owned(),
            credential: answer.text("/credential").to_owned(),
        }
    }

    /// Decides on the certificate as its body's decision maker: `suspend`, `reinstate`, `reduce`,
    /// `withdraw`, with what that takes beside the version and a reason.
    pub async fn is_decided_on(&self, body: &Body, event: &str, members: Value) -> Answer {
        let decision = self.decision(&body.decision_maker, members).await;
        body.decision_maker.post(&self.path(event), &decision).await
    }

    /// A decision on the certificate as it stands, with what it takes beside the version and a reason.
    pub async fn decision(&self, reader: &Client, members: Value) -> Value {
        let certificate = format!("/api/v1/certificates/{}", self.certificate);
        let seen = reader.get(&certificate).await.expect(200);
        let mut decision =
            json!({"version": seen.number("/version"), "reason": text("Not for the public.")});
        extend(&mut decision, members);
        decision
    }

    /// The route of an event of the certificate.
    pub fn path(&self, event: &str) -> String {
        format!("/api/v1/certificates/{}/{event}", self.certificate)
    }

    /// The same certificate with the credential that an event made, as its answer says.
    pub fn followed_by(&self, answer: &Answer) -> Granted {
        Granted {
            certificate: self.certificate.clone(),
            credential: answer.text("/credential").to_owned(),
        }
    }

    /// The credential with its embedded proof, once it is released.
    pub async fn credential(&self, registry: &Registry) -> Vec<u8> {
        self.released(registry, "application/vc").await
    }

    /// The credential as a JWT, once it is released.
    pub async fn jwt(&self, registry: &Registry) -> Vec<u8> {
        self.released(registry, "application/vc+jwt").await
    }

    async fn released(&self, registry: &Registry, media_type: &str) -> Vec<u8> {
        let path = format!("/credentials/{}", self.credential);
        let anyone = registry.anyone();
        let ask = async || anyone.get_as(&path, media_type).await;
        let released =
            eventually("the release", ask, |answer| answer.status != 404).await.expect(200);
        let found = released.header("content-type").unwrap_or_default();
        assert!(found.starts_with(media_type), "expected {media_type}, but\n{released}");
        released.body
    }

    /// The certificate's public record, as JSON.
    pub async fn public(&self, registry: &Registry) -> Value {
        let path = format!("/certificates/{}", self.certificate);
        registry.anyone().get_as(&path, "application/json").await.expect(200).json
    }

    /// The certificate's public record once it is in a state.
    pub async fn public_once(&self, registry: &Registry, state: &str) -> Value {
        let ask = async || self.public(registry).await;
        eventually(&format!("the public state {state}"), ask, |public| public["state"] == state)
            .await
    }

    /// The certificate's public record once its last event is of a kind.
    pub async fn public_once_told(&self, registry: &Registry, kind: &str) -> Value {
        let ask = async || self.public(registry).await;
        let last =
            |public: &Value| public["history"].as_array().and_then(|all| all.last().cloned());
        let told = |public: &Value| last(public).is_some_and(|event| event["kind"] == kind);
        eventually(&format!("the public event {kind}"), ask, told).await
    }
}
