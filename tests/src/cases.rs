//! Applications brought to a state, step by step as their people would, on a programme so small that
//! a hundred of them are there in seconds.

use std::ops::Deref;

use serde_json::{Value, json};

use crate::application::text;
use crate::cast::{Body, Person, TERMS, corporate_number};
use crate::client::{Answer, Client};
use crate::eventually::eventually;
use crate::registry::Registry;

const API: &str = "/api/v1";

/// Of the shipped programme, what the small one keeps: criteria that every company is asked as a
/// whole, two of them critical, one mandatory, and one that may fall short.
const CRITERIA: [&str; 4] = ["RH-1.1", "RH-1.6", "RH-2.1", "RH-2.6"];
const IMPROVABLE: &str = "RH-1.6";

/// A body for the small programme, with somebody who acts for every company that applies.
#[derive(Debug)]
pub struct Cast {
    body: Body,
    /// Assesses under the lead.
    pub assessor: Person,
    /// Acts for the companies.
    pub applicant: Person,
}

impl Deref for Cast {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.body
    }
}

/// How far an application is brought. Each step takes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A company has begun it.
    Draft,
    /// Every question is answered and the agreement accepted.
    FilledIn,
    /// It is handed in.
    Submitted,
    /// The body has taken it on.
    Accepted,
    /// A lead, an assessor, a reviewer and a decision maker are assigned; the assessor alone has not
    /// accepted the task.
    Planned,
    /// The assessment is under way.
    Open,
    /// Everything is rated.
    Rated,
    /// The checklist is complete.
    Completed,
    /// The reviewer has recommended the level `leading`.
    Deciding,
    /// The level `leading` is granted; its credential is under way.
    Granted,
    /// The certificate is active.
    Active,
}

impl Step {
    const ALL: [Step; 11] = [
        Step::Draft,
        Step::FilledIn,
        Step::Submitted,
        Step::Accepted,
        Step::Planned,
        Step::Open,
        Step::Rated,
        Step::Completed,
        Step::Deciding,
        Step::Granted,
        Step::Active,
    ];
}

/// An application and what hangs on it so far.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The application.
    pub application: String,
    /// The company that applies.
    pub company: String,
    /// The organisation as a whole, its only facility.
    pub facility: String,
    /// A file of the company's, linked to a criterion while the application was a draft.
    pub evidence: String,
    /// The assessor's own assignment.
    pub assignment: Option<String>,
    /// The assessment.
    pub assessment: Option<String>,
    /// The finding, when one criterion was rated below conform.
    pub finding: Option<String>,
    /// The certificate's number.
    pub certificate: Option<String>,
    /// The id of its credential.
    pub credential: Option<String>,
    /// What the body asks for the application.
    pub fee: Option<String>,
    /// A complaint about the certificate.
    pub complaint: Option<String>,
    /// The decision that is appealed.
    pub decision: Option<String>,
    /// The appeal against it.
    pub appeal: Option<String>,
}

impl Cast {
    /// Brings a new registry to where companies can apply for the small programme.
    ///
    /// # Panics
    /// When the registry refuses any of it; with its answer.
    pub async fn gather(registry: &Registry) -> Cast {
        let body = Body::opens_for(registry, small_programme()).await;
        Cast {
            assessor: body.employs(registry, "assessor", "assessor").await,
            applicant: Person::signs_up(registry, "applicant").await,
            body,
        }
    }

    /// Brings the application of a company of its own, the `n`th, to a step.
    ///
    /// # Panics
    /// When the registry refuses any step of the way; with its answer.
    pub async fn bring(&self, n: u32, to: Step) -> Case {
        self.bring_rated(n, to, "conform").await
    }

    /// The same, with one criterion rated `minor` or `major`: the completed checklist waits for its
    /// finding.
    ///
    /// # Panics
    /// When the registry refuses any step of the way; with its answer.
    pub async fn bring_rated_below(&self, n: u32, to: Step, rating: &str) -> Case {
        let mut case = self.bring_rated(n, to, rating).await;
        let of = format!("{API}/findings?application={}", case.application);
        let findings = self.applicant.get(&of).await.expect(200);
        case.finding = Some(findings.text("/0/id").to_owned());
        case
    }

    async fn bring_rated(&self, n: u32, to: Step, improvable: &str) -> Case {
        let mut case = Case::default();
        for step in Step::ALL.into_iter().take_while(|step| *step <= to) {
            match step {
                Step::Draft => case = self.apply(n).await,
                Step::FilledIn => self.fill_in(&case).await,
                Step::Submitted => self.advance(&self.applicant, &case, "submit").await,
                Step::Accepted => self.advance(&self.quality_manager, &case, "accept").await,
                Step::Planned => self.assign(&mut case).await,
                Step::Open => self.start(&case).await,
                Step::Rated => self.rate(&case, improvable).await,
                Step::Completed => self.complete(&case).await,
                Step::Deciding => self.review(&case).await,
                Step::Granted => self.grant(&mut case).await,
                Step::Active => self.until(&case, "active").await,
            }
        }
        case
    }

    async fn apply(&self, n: u32) -> Case {
        let applicant = &self.applicant;
        let company = json!({"kind": "company", "name": format!("例示製作所{n}株式会社"), "country": "JP",
            "identifiers": [{"scheme": "jp_corporate_number", "value": corporate_number(n)}]});
        let company = applicant.post(&format!("{API}/parties"), &company).await.expect(201);
        let company = company.text("/id").to_owned();
        let programme = json!({"id": self.programme["id"], "version": self.programme["version"]});
        let application = json!({"company": company, "body": self.id, "programme": programme,
            "kind": "initial", "facilities": [], "facts": []});
        let made = applicant.post(&format!("{API}/applications"), &application).await.expect(201);
        let application = made.text("/id").to_owned();
        let read = applicant.get(&format!("{API}/applications/{application}")).await.expect(200);
        let facility = read.text("/facilities/0/id").to_owned();
        let mut case = Case { application, company, facility, ..Case::default() };
        case.evidence = self.attach(&case).await.expect(201).text("/id").to_owned();
        let link = json!({"application": case.application, "criterion": IMPROVABLE,
            "facility": case.facility});
        let links = format!("{API}/evidence/{}/links", case.evidence);
        applicant.post(&links, &link).await.expect(201);
        case
    }

    /// The company attaches a file.
    pub async fn attach(&self, case: &Case) -> Answer {
        self.applicant.post_body(&case.attach_path(), "application/pdf", "%PDF-1.7").await
    }

    async fn fill_in(&self, case: &Case) {
        let (applicant, path) = (&self.applicant, case.application_path());
        for criterion in CRITERIA {
            let answer = json!({"version": 0, "facility": case.facility, "answer": "yes"});
            applicant.put(&format!("{path}/answers/{criterion}"), &answer).await.expect(200);
        }
        let agreement = json!({"version": 1, "terms_version": TERMS});
        applicant.post(&format!("{path}/agreement"), &agreement).await.expect(200);
    }

    async fn advance(&self, who: &Person, case: &Case, event: &str) {
        let version = self.version(case).await;
        let path = format!("{}/{event}", case.application_path());
        who.post(&path, &json!({"version": version})).await.expect(200);
    }

    async fn version(&self, case: &Case) -> i64 {
        self.application(case).await.number("/version")
    }

    async fn assign(&self, case: &mut Case) {
        let manager = &self.quality_manager;
        let assignments = format!("{}/assignments", case.application_path());
        let mut version = self.version(case).await;
        for (person, task) in [
            (&self.lead, "lead"),
            (&self.assessor, "assessor"),
            (&self.reviewer, "reviewer"),
            (&self.decision_maker, "decider"),
        ] {
            let assign = json!({"version": version, "account": person.id, "task": task});
            let assigned = manager.post(&assignments, &assign).await.expect(201);
            version = assigned.number("/version");
            let id = assigned.text("/id").to_owned();
            if task == "assessor" {
                case.assignment = Some(id);
            } else {
                person.post(&format!("{assignments}/{id}/accept"), &json!({})).await.expect(200);
            }
        }
        let assessment = self.application(case).await.text("/assessment").to_owned();
        case.assessment = Some(assessment);
    }

    /// Lets the assessor accept the task.
    pub async fn accept_task(&self, case: &Case) {
        let assignment = case.assignment.as_deref().expect("the assessor is assigned");
        let path = format!("{}/assignments/{assignment}/accept", case.application_path());
        self.assessor.post(&path, &json!({})).await.expect(200);
    }

    async fn start(&self, case: &Case) {
        self.accept_task(case).await;
        let path = format!("{}/start", case.assessment_path());
        self.lead.post(&path, &json!({"version": 1})).await.expect(200);
    }

    /// Rates every criterion anew.
    ///
    /// # Panics
    /// When the registry refuses.
    pub async fn rate(&self, case: &Case, improvable: &str) {
        for criterion in CRITERIA {
            let value = if criterion == IMPROVABLE { improvable } else { "conform" };
            let rating = json!({"facility": case.facility, "value": value, "reason": words()});
            let path = format!("{}/ratings/{criterion}", case.assessment_path());
            self.lead.put(&path, &rating).await.expect(200);
        }
    }

    async fn complete(&self, case: &Case) {
        let complete = json!({"version": 2, "interviews": {}});
        let path = format!("{}/complete", case.assessment_path());
        self.lead.post(&path, &complete).await.expect(200);
    }

    async fn review(&self, case: &Case) {
        let review = json!({"version": 3, "recommendation": "grant", "level": "leading",
            "na_accepted": true, "reason": words()});
        let path = format!("{}/review", case.assessment_path());
        self.reviewer.post(&path, &review).await.expect(200);
    }

    async fn grant(&self, case: &mut Case) {
        let version = self.version(case).await;
        let path = format!("{}/decision", case.application_path());
        let granted = self.decision_maker.post(&path, &grant(version)).await.expect(201);
        case.certificate = Some(granted.text("/certificate").to_owned());
        case.credential = Some(granted.text("/credential").to_owned());
    }

    /// The body quotes a fee.
    ///
    /// # Panics
    /// When the registry refuses; with its answer.
    pub async fn is_quoted_a_fee(&self, case: &mut Case) {
        let fee = json!({"item": "Initial assessment", "amount": 150_000, "currency": "JPY"});
        let path = format!("{}/fees", case.application_path());
        let quoted = self.quality_manager.post(&path, &fee).await.expect(201);
        case.fee = Some(quoted.text("/id").to_owned());
    }

    /// Somebody without an account complains about the certificate.
    ///
    /// # Panics
    /// When the registry refuses; with its answer.
    pub async fn is_complained_of(&self, anyone: &Client, case: &mut Case) {
        let complaint = json!({"about": {"certificate": case.certificate}, "text": words()});
        let filed = anyone.post(&format!("{API}/complaints"), &complaint).await;
        case.complaint = Some(filed.expect(201).text("/id").to_owned());
    }

    /// The last decision on the certificate, or on the application without one, as the company reads it.
    ///
    /// # Panics
    /// When there is none.
    pub async fn last_decision(&self, case: &Case) -> String {
        let of = match &case.certificate {
            Some(_) => case.certificate_path(),
            None => case.application_path(),
        };
        let decisions = self.applicant.get(&format!("{of}/decisions")).await.expect(200);
        let last = decisions.json.as_array().and_then(|all| all.last()).expect("a decision");
        last["id"].as_str().expect("an id").to_owned()
    }

    /// The company appeals against the last decision.
    ///
    /// # Panics
    /// When the registry refuses; with its answer.
    pub async fn is_appealed(&self, case: &mut Case) {
        let decision = self.last_decision(case).await;
        let appeal = json!({"decision": decision, "grounds": words()});
        let filed = self.applicant.post(&format!("{API}/appeals"), &appeal).await.expect(201);
        case.decision = Some(decision);
        case.appeal = Some(filed.text("/id").to_owned());
    }

    /// The appeal is admitted, and somebody named to hear it.
    ///
    /// # Panics
    /// When the registry refuses; with its answer.
    pub async fn is_heard_by(&self, case: &Case, member: &Person) {
        let (manager, path) = (&self.quality_manager, case.appeal_path());
        manager.post(&format!("{path}/admit"), &json!({"version": 1})).await.expect(200);
        let members = json!({"version": 2, "members": [member.id]});
        manager.post(&format!("{path}/panel"), &members).await.expect(200);
    }

    /// Waits for the certificate to be in a state that it comes to by itself.
    ///
    /// # Panics
    /// When it does not.
    pub async fn until(&self, case: &Case, state: &str) {
        let path = case.certificate_path();
        let certificate = async || self.quality_manager.get(&path).await.expect(200);
        eventually("the certificate's state", certificate, |c| c.text("/state") == state).await;
    }

    /// The application as the body's quality manager reads it.
    pub async fn application(&self, case: &Case) -> Answer {
        self.quality_manager.get(&case.application_path()).await.expect(200)
    }
}

impl Case {
    /// Where files are attached.
    pub fn attach_path(&self) -> String {
        let period = "period_from=2026-01-01&period_to=2026-06-30";
        format!("{API}/evidence?application={}&{period}", self.application)
    }

    /// `/api/v1/applications/{id}`
    pub fn application_path(&self) -> String {
        format!("{API}/applications/{}", self.application)
    }

    /// `/api/v1/assessments/{id}`
    ///
    /// # Panics
    /// When none is planned yet.
    pub fn assessment_path(&self) -> String {
        let assessment = self.assessment.as_deref().expect("an assessment is planned");
        format!("{API}/assessments/{assessment}")
    }

    /// `/api/v1/findings/{id}`
    ///
    /// # Panics
    /// When there is none.
    pub fn finding_path(&self) -> String {
        format!("{API}/findings/{}", self.finding.as_deref().expect("there is a finding"))
    }

    /// `/api/v1/complaints/{id}`
    ///
    /// # Panics
    /// When there is none.
    pub fn complaint_path(&self) -> String {
        format!("{API}/complaints/{}", self.complaint.as_deref().expect("there is a complaint"))
    }

    /// `/api/v1/appeals/{id}`
    ///
    /// # Panics
    /// When there is none.
    pub fn appeal_path(&self) -> String {
        format!("{API}/appeals/{}", self.appeal.as_deref().expect("there is an appeal"))
    }

    /// `/api/v1/certificates/{number}`
    ///
    /// # Panics
    /// When none is granted yet.
    pub fn certificate_path(&self) -> String {
        let number = self.certificate.as_deref().expect("a certificate is granted");
        format!("{API}/certificates/{number}")
    }
}

/// The decision to grant the level `leading`.
pub fn grant(version: i64) -> Value {
    json!({"version": version, "kind": "grant", "level": "leading", "reason": words()})
}

/// A free text as every route takes it.
pub fn words() -> Value {
    text("As the file shows.")
}

/// The shipped programme, cut down to four criteria.
pub fn small_programme() -> Value {
    let shipped = akashi_schemas::embedded::RESPONSIBLE_HOSTING;
    let mut programme: Value = serde_json::from_str(shipped).expect("a shipped file is JSON");
    programme["id"] = "example-programme".into();
    let criteria = programme["criteria"].as_array_mut().expect("a programme has criteria");
    criteria.retain(|criterion| CRITERIA.iter().any(|kept| criterion["id"] == *kept));
    let sections: Vec<Value> =
        criteria.iter().map(|criterion| criterion["section"].clone()).collect();
    let all = programme["sections"].as_array_mut().expect("a programme has sections");
    all.retain(|section| sections.contains(&section["id"]));
    programme
}
