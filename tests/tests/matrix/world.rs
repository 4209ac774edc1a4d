//! Everybody who can stand before the registry: the people of a case, and those around it.

use akashi_tests::{
    Answer, Case, Cast, Client, Person, Registry, corporate_number, institution, words,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

pub(crate) const API: &str = "/api/v1";

/// The cast, their colleagues without a task, and strangers.
pub(crate) struct World {
    pub(crate) cast: Cast,
    pub(crate) anyone: Client,
    stranger: Person,
    pub(crate) second_assessor: Person,
    pub(crate) second_reviewer: Person,
    second_decider: Person,
    auditor: Person,
    buyer: Person,
    /// Each role of another certification body, and another programme owner.
    foreign: Vec<Person>,
    /// The last row of the audit trail that was looked at.
    seen: Mutex<String>,
}

impl World {
    pub(crate) async fn gather(registry: &Registry) -> World {
        let cast = Cast::gather(registry).await;
        let second_assessor = cast.employs(registry, "assessor2", "assessor").await;
        let second_reviewer = cast.employs(registry, "reviewer2", "reviewer").await;
        let second_decider = cast.employs(registry, "decider2", "decision_maker").await;
        let auditor = cast.employs(registry, "auditor", "auditor").await;
        let stranger = Person::signs_up(registry, "stranger").await;
        let buyer = Person::signs_up(registry, "buyer").await;
        let company = json!({"kind": "company", "name": "例示運輸株式会社", "country": "JP",
            "identifiers": [{"scheme": "jp_corporate_number", "value": corporate_number(90_000)}]});
        let buying = json!({"kind": "buyer", "name": "Example Buyer", "country": "JP"});
        for (person, party) in [(&stranger, company), (&buyer, buying)] {
            person.post(&format!("{API}/parties"), &party).await.expect(201);
        }
        let foreign = foreigners(registry, &cast).await;
        World {
            anyone: registry.anyone(),
            cast,
            stranger,
            second_assessor,
            second_reviewer,
            second_decider,
            auditor,
            buyer,
            foreign,
            seen: Mutex::default(),
        }
    }

    /// Those for whom a column of the table of roles speaks.
    pub(crate) fn actors(&self, column: &str) -> Vec<&Client> {
        let cast = &self.cast;
        let person = match column {
            "no" => return vec![&self.anyone],
            "op" => return vec![&cast.operator],
            "fo" => return self.foreign.iter().map(|person| &**person).collect(),
            "st" => &self.stranger,
            "co" => &cast.applicant,
            "le" => &cast.lead,
            "as" => &cast.assessor,
            "a2" => &self.second_assessor,
            "re" => &cast.reviewer,
            "r2" => &self.second_reviewer,
            "de" => &cast.decision_maker,
            "d2" => &self.second_decider,
            "qm" => &cast.quality_manager,
            "au" => &self.auditor,
            "ow" => &cast.owner,
            "bu" => &self.buyer,
            other => panic!("nobody is called {other}"),
        };
        vec![person]
    }

    /// What people did since this was asked last, as the audit trail has it: each act that was committed has its row
    /// there, also where nothing that can be read tells of it.
    pub(crate) async fn done(&self) -> Vec<Value> {
        let mut seen = self.seen.lock().await;
        let mut done = Vec::new();
        loop {
            let path = format!("{API}/audit?cursor={seen}");
            let page = self.cast.operator.get(&path).await.expect(200);
            let rows = page.at("/items").as_array().expect("items");
            if let Some(last) = rows.last() {
                last["id"].as_str().expect("an id").clone_into(&mut seen);
            }
            let acts = rows.iter().filter(|row| row["outcome"] == "done");
            done.extend(acts.filter(|row| !row["account_id"].is_null()).cloned());
            if page.at("/next").is_null() {
                return done;
            }
        }
    }

    /// All that can be read of a case, by those who may.
    pub(crate) async fn read(&self, case: &Case) -> Vec<Value> {
        let mut paths = vec![case.application_path()];
        paths.extend(case.assessment.as_ref().map(|_| case.assessment_path()));
        paths.extend(case.finding.as_ref().map(|_| case.finding_path()));
        paths.extend(case.certificate.as_ref().map(|_| case.certificate_path()));
        paths.extend(case.fee.as_ref().map(|_| format!("{}/fees", case.application_path())));
        paths.extend(case.complaint.as_ref().map(|_| format!("{}/record", case.complaint_path())));
        paths.extend(case.appeal.as_ref().map(|_| case.appeal_path()));
        let mut read = Vec::new();
        for path in paths {
            read.push(self.cast.quality_manager.get(&path).await.expect(200).json);
        }
        let company = format!("{API}/parties/{}", case.company);
        for path in [company.clone(), format!("{company}/members"), format!("{company}/facilities")]
        {
            read.push(self.cast.applicant.get(&path).await.expect(200).json);
        }
        let evidence = self.cast.applicant.get(&format!("{API}/evidence/{}", case.evidence)).await;
        read.push(outcome(&evidence).into());
        read
    }
}

async fn foreigners(registry: &Registry, cast: &Cast) -> Vec<Person> {
    let manager = Person::signs_up(registry, "foreign-manager").await;
    let owner = Person::signs_up(registry, "foreign-owner").await;
    let body = institution(&cast.operator, "body", "foreign-body", &manager).await;
    institution(&cast.operator, "owner", "foreign-owner", &owner).await;
    let mut foreign = Vec::new();
    for role in ["assessor", "reviewer", "decision_maker", "auditor"] {
        let person = Person::signs_up(registry, &format!("foreign-{role}")).await;
        let member = json!({"email": person.email, "role": role});
        manager.post(&format!("{API}/parties/{body}/members"), &member).await.expect(201);
        person.accepts_invitations().await;
        foreign.push(person);
    }
    foreign.extend([manager, owner]);
    foreign
}

/// A request that is not sent yet.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Json(Value),
    /// A file of a type that no route takes.
    UnknownFile,
    /// A file as companies attach them.
    Pdf,
}

impl Request {
    pub(crate) async fn by(&self, client: &Client) -> Answer {
        let Request { method, path, body } = self;
        match (method.as_str(), body) {
            ("GET", _) => client.get(path).await,
            ("DELETE", _) => client.delete(path).await,
            ("POST", Body::UnknownFile) => {
                client.post_body(path, "application/x-unknown", "a file").await
            }
            ("POST", Body::Pdf) => client.post_body(path, "application/pdf", "%PDF-1.7").await,
            ("POST", Body::Json(json)) => client.post(path, json).await,
            ("PUT", Body::Json(json)) => client.put(path, json).await,
            ("PATCH", Body::Json(json)) => client.patch(path, json).await,
            _ => panic!("{self:?} cannot be sent"),
        }
    }
}

/// The members of a move with a reason.
pub(crate) fn reasoned(version: i64) -> Value {
    json!({"version": version, "reason": words()})
}

/// A JSON object with the members of another.
pub(crate) fn with(mut body: Value, more: Value) -> Value {
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

/// What an answer says: the last segment of its problem's type, or its status.
pub(crate) fn outcome(answer: &Answer) -> String {
    let problem = answer.json["type"].as_str().and_then(|uri| uri.strip_prefix("/problems/"));
    problem.map_or_else(|| answer.status.as_u16().to_string(), str::to_owned)
}
