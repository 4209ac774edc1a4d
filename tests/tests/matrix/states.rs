//! What moves what from which state, asked by those whose right it is.

use akashi_tests::{Case, Client, Engine, Person, Registry, Step, on_both_engines, words};
use serde_json::{Value, json};

use crate::Table;
use crate::world::{API, Body, Request, World, outcome, reasoned, with};

// A cell is the state that follows; `-` is refused as `wrong-state`; any other word in capitals is
// the problem that it is refused with, in lower case: nobody decides what nobody was assigned to decide.

const APPLICATION: &str = "
              draft      submitted  accepted   assessing  deciding   granted  refused  closed     withdrawn
    fill_in   draft      -          -          -          -          -        -        -          -
    answer    draft      -          -          -          -          -        -        -          -
    agree     draft      -          -          -          -          -        -        -          -
    attach    draft      submitted  accepted   assessing  deciding   decided  decided  -          -
    link      draft      submitted  accepted   assessing  deciding   -        -        -          -
    take_back draft      -          -          -          -          -        -        -          -
    quote     draft      submitted  accepted   assessing  deciding   decided  decided  -          -
    submit    submitted  -          -          -          -          -        -        -          -
    withdraw  withdrawn  withdrawn  withdrawn  withdrawn  withdrawn  -        -        -          -
    accept    -          accepted   -          -          -          -        -        -          -
    return    -          draft      -          -          -          -        -        -          -
    decline   -          closed     -          -          -          -        -        -          -
    cancel    -          -          -          -          -          -        -        -          -
    lead      -          -          assessing  DUPLICATE  -          -        -        -          -
    assessor  -          -          accepted   assessing  -          -        -        -          -
    reviewer  -          -          accepted   assessing  deciding   -        -        -          -
    more      FORBIDDEN  FORBIDDEN  FORBIDDEN  -          assessing  -        -        FORBIDDEN  -
    grant     FORBIDDEN  FORBIDDEN  FORBIDDEN  -          decided    -        -        FORBIDDEN  -
    refuse    FORBIDDEN  FORBIDDEN  FORBIDDEN  -          decided    -        -        FORBIDDEN  -
";

// In `withdrawn` the company took the application back while its assessment was open.
const ASSESSMENT: &str = "
               planned  open     findings  review       recommended  aborted  withdrawn
    start      open     -        -         -            -            -        -
    rate       -        open     -         -            -            -        -
    complete   -        review   -         -            -            -        -
    forward    -        -        review    -            -            -        -
    return     -        -        -         open         -            -        -
    recommend  -        -        -         recommended  -            -        -
    abort      aborted  aborted  aborted   aborted      -            -        -
";

const FINDING: &str = "
              open      planned   acting     submitted  closed  declined
    plan      planned   -         -          -          -       -
    accept    -         acting    -          -          -       -
    evidence  -         -         submitted  -          -       -
    verify    -         -         -          closed     -       -
    reject    -         open      -          acting     -       -
    decline   declined  declined  -          -          -       -
    extend    open      planned   acting     submitted  -       -
";

const CERTIFICATE: &str = "
               active      suspended   withdrawn  terminated
    suspend    suspended   -           -          -
    reinstate  -           active      -          -
    reduce     active      suspended   -          -
    rename     active      suspended   -          -
    correct    active      suspended   -          -
    assess     active      suspended   -          -
    withdraw   withdrawn   withdrawn   -          -
    terminate  terminated  terminated  -          -
    reissue    INCOMPLETE  INCOMPLETE  -          -
    retry      -           -           -          -
    void       -           -           -          -
";

// Where the body's key is broken, so that no release succeeds.
const BEFORE_RELEASE: &str = "
               issuing  issue_failed  voided
    suspend    -        -             -
    reinstate  -        -             -
    reduce     -        -             -
    rename     -        -             -
    correct    -        -             -
    assess     -        -             -
    withdraw   -        -             -
    terminate  -        -             -
    retry      -        issuing       -
    void       -        voided        -
    reissue    -        -             issuing
";

const FEE: &str = "
            quoted   invoiced paid
    invoice invoiced -        -
    pay     -        paid     -
";

const COMPLAINT: &str = "
                received     acknowledged resolved dismissed
    acknowledge acknowledged -            -        -
    resolve     resolved     resolved     -        -
    dismiss     dismissed    dismissed    -        -
";

// Against a suspension. Nobody hears what no panel was named for.
const APPEAL: &str = "
              filed     admitted  rejected  panel      upheld overturned remitted
    admit     admitted  -         -         -          -      -          -
    reject    rejected  -         -         -          -      -          -
    panel     -         panel     -         panel      -      -          -
    uphold    FORBIDDEN FORBIDDEN FORBIDDEN upheld     -      -          -
    overturn  FORBIDDEN FORBIDDEN FORBIDDEN overturned -      -          -
    remit     FORBIDDEN FORBIDDEN FORBIDDEN remitted   -      -          -
";

/// One kind of thing that has a state.
#[derive(Clone, Copy)]
enum Machine {
    Application,
    Assessment,
    Finding,
    Certificate,
    Fee,
    Complaint,
    Appeal,
}

/// Cases that are brought to any state, each with a company of its own.
struct Walk {
    world: World,
    cases: u32,
}

impl Walk {
    async fn begin(registry: &Registry) -> Walk {
        Walk { world: World::gather(registry).await, cases: 0 }
    }

    async fn bring(&mut self, to: Step) -> Case {
        self.cases += 1;
        self.world.cast.bring(self.cases, to).await
    }

    /// A case with a major finding, its checklist complete.
    async fn bring_with_finding(&mut self) -> Case {
        self.cases += 1;
        self.world.cast.bring_rated_below(self.cases, Step::Completed, "major").await
    }

    /// Does what is allowed, and so brings a case further.
    async fn done(&self, case: &Case, events: &[&str]) {
        for event in events {
            let (machine, event) = event.split_once(' ').expect("a machine and its event");
            let machine = match machine {
                "application" => Machine::Application,
                "assessment" => Machine::Assessment,
                "finding" => Machine::Finding,
                "certificate" => Machine::Certificate,
                "fee" => Machine::Fee,
                "complaint" => Machine::Complaint,
                "appeal" => Machine::Appeal,
                other => panic!("nothing called {other} has a state"),
            };
            let (who, request) = self.request(machine, event, case).await;
            let answer = request.by(who).await;
            assert!(answer.status.is_success(), "{event}: {answer}");
        }
    }

    async fn in_state(&mut self, machine: Machine, state: &str, event: &str) -> Case {
        let (step, events): (Step, &[&str]) = match (machine, state) {
            // What is accepted already cannot be accepted again.
            (Machine::Application, "draft") if event == "agree" => (Step::Draft, &[]),
            (Machine::Application, "draft") => (Step::FilledIn, &[]),
            (Machine::Application, "submitted") => (Step::Submitted, &[]),
            (Machine::Application, "accepted") => (Step::Accepted, &[]),
            (Machine::Application, "assessing") => (Step::Open, &[]),
            (Machine::Application, "deciding") => (Step::Deciding, &[]),
            (Machine::Application, "granted") => (Step::Active, &[]),
            (Machine::Application, "refused") => (Step::Deciding, &["application refuse"]),
            (Machine::Application, "closed") => (Step::Submitted, &["application decline"]),
            (Machine::Application, "withdrawn") => (Step::Deciding, &["application withdraw"]),
            (Machine::Assessment, "planned") => {
                let case = self.bring(Step::Planned).await;
                self.world.cast.accept_task(&case).await;
                return case;
            }
            (Machine::Assessment, "open") => (Step::Rated, &[]),
            (Machine::Assessment, "findings") => {
                let case = self.bring_with_finding().await;
                self.done(&case, &["finding plan", "finding accept"]).await;
                return case;
            }
            (Machine::Assessment, "review") => (Step::Completed, &[]),
            (Machine::Assessment, "recommended") => (Step::Deciding, &[]),
            (Machine::Assessment, "aborted") => (Step::Open, &["assessment abort"]),
            (Machine::Assessment, "withdrawn") => (Step::Rated, &["application withdraw"]),
            (Machine::Finding, state) => {
                let case = self.bring_with_finding().await;
                let way: &[&str] = match state {
                    "open" => &[],
                    "planned" => &["finding plan"],
                    "acting" => &["finding plan", "finding accept"],
                    "submitted" => &["finding plan", "finding accept", "finding evidence"],
                    "closed" => {
                        &["finding plan", "finding accept", "finding evidence", "finding verify"]
                    }
                    "declined" => &["finding decline"],
                    other => panic!("no way to {other}"),
                };
                self.done(&case, way).await;
                return case;
            }
            (Machine::Fee, state) => {
                let mut case = self.bring(Step::Submitted).await;
                self.world.cast.is_quoted_a_fee(&mut case).await;
                let way: &[&str] = match state {
                    "quoted" => &[],
                    "invoiced" => &["fee invoice"],
                    "paid" => &["fee invoice", "fee pay"],
                    other => panic!("no way to {other}"),
                };
                self.done(&case, way).await;
                return case;
            }
            (Machine::Complaint, state) => {
                let mut case = self.bring(Step::Active).await;
                self.world.cast.is_complained_of(&self.world.anyone, &mut case).await;
                let way: &[&str] = match state {
                    "received" => &[],
                    "acknowledged" => &["complaint acknowledge"],
                    "resolved" => &["complaint resolve"],
                    "dismissed" => &["complaint dismiss"],
                    other => panic!("no way to {other}"),
                };
                self.done(&case, way).await;
                return case;
            }
            (Machine::Appeal, state) => {
                let mut case = self.bring(Step::Active).await;
                self.done(&case, &["certificate suspend"]).await;
                self.world.cast.is_appealed(&mut case).await;
                let way: &[&str] = match state {
                    "filed" => &[],
                    "admitted" => &["appeal admit"],
                    "rejected" => &["appeal reject"],
                    "panel" => &["appeal admit", "appeal panel"],
                    "upheld" => &["appeal admit", "appeal panel", "appeal uphold"],
                    "overturned" => &["appeal admit", "appeal panel", "appeal overturn"],
                    "remitted" => &["appeal admit", "appeal panel", "appeal remit"],
                    other => panic!("no way to {other}"),
                };
                self.done(&case, way).await;
                return case;
            }
            (Machine::Certificate, "issuing") => (Step::Granted, &[]),
            (Machine::Certificate, "issue_failed" | "voided") => {
                let case = self.bring(Step::Granted).await;
                self.world.cast.until(&case, "issue_failed").await;
                if state == "voided" {
                    self.done(&case, &["certificate void"]).await;
                }
                return case;
            }
            (Machine::Certificate, "active") => (Step::Active, &[]),
            (Machine::Certificate, "suspended") => (Step::Active, &["certificate suspend"]),
            (Machine::Certificate, "withdrawn") => (Step::Active, &["certificate withdraw"]),
            (Machine::Certificate, "terminated") => (Step::Active, &["certificate terminate"]),
            (_, other) => panic!("no way to {other}"),
        };
        let case = self.bring(step).await;
        self.done(&case, events).await;
        case
    }

    fn subject(machine: Machine, case: &Case) -> String {
        match machine {
            Machine::Application => case.application_path(),
            Machine::Assessment => case.assessment_path(),
            Machine::Finding => case.finding_path(),
            Machine::Certificate => case.certificate_path(),
            Machine::Fee => format!("{API}/fees/{}", case.fee.as_deref().expect("there is a fee")),
            Machine::Complaint => case.complaint_path(),
            Machine::Appeal => case.appeal_path(),
        }
    }

    async fn now(&self, machine: Machine, case: &Case) -> (String, i64) {
        if matches!(machine, Machine::Fee) {
            let path = format!("{}/fees", case.application_path());
            let fees = self.world.cast.quality_manager.get(&path).await.expect(200);
            return (fees.text("/0/state").to_owned(), fees.number("/0/version"));
        }
        let mut path = Walk::subject(machine, case);
        if matches!(machine, Machine::Complaint) {
            path.push_str("/record");
        }
        let read = self.world.cast.quality_manager.get(&path).await.expect(200);
        (read.text("/state").to_owned(), read.number("/version"))
    }

    /// The request for an event as it would succeed in the right state, and whose it is to send.
    async fn request(&self, machine: Machine, event: &str, case: &Case) -> (&Client, Request) {
        let (_, version) = self.now(machine, case).await;
        let subject = Walk::subject(machine, case);
        match machine {
            Machine::Application => self.move_application(event, &subject, version, case),
            Machine::Assessment => self.move_assessment(event, &subject, version, case),
            Machine::Finding => self.move_finding(event, &subject, version, case).await,
            Machine::Certificate => self.move_certificate(event, &subject, version, case),
            Machine::Fee => {
                let pay = post(format!("{subject}/{event}"), json!({"version": version}));
                (&self.world.cast.quality_manager, pay)
            }
            Machine::Complaint => self.move_complaint(event, &subject, version),
            Machine::Appeal => self.move_appeal(event, &subject, version),
        }
    }

    fn move_complaint(&self, event: &str, at: &str, version: i64) -> (&Client, Request) {
        let manager = &self.world.cast.quality_manager;
        let body = match event {
            "acknowledge" => json!({"version": version}),
            "resolve" | "dismiss" => json!({"version": version, "answer": words()}),
            other => panic!("a complaint knows no {other}"),
        };
        (manager, post(format!("{at}/{event}"), body))
    }

    /// The panel is the reviewer who has no task anywhere.
    fn move_appeal(&self, event: &str, at: &str, version: i64) -> (&Client, Request) {
        let (manager, panel) = (&self.world.cast.quality_manager, &self.world.second_reviewer);
        let found = match event {
            "admit" => return (manager, post(format!("{at}/admit"), json!({"version": version}))),
            "reject" => return (manager, post(format!("{at}/reject"), reasoned(version))),
            "panel" => {
                let body = json!({"version": version, "members": [panel.id]});
                return (manager, post(format!("{at}/panel"), body));
            }
            "uphold" => "upheld",
            "overturn" => "overturned",
            "remit" => "remitted",
            other => panic!("an appeal knows no {other}"),
        };
        (panel, post(format!("{at}/outcome"), with(reasoned(version), json!({"outcome": found}))))
    }

    fn move_application(
        &self,
        event: &str,
        at: &str,
        version: i64,
        case: &Case,
    ) -> (&Client, Request) {
        let (cast, company) = (&self.world.cast, &self.world.cast.applicant);
        let manager = &cast.quality_manager;
        let assign = |person: &Person, task: &str| {
            let body = json!({"version": version, "account": person.id, "task": task});
            post(format!("{at}/assignments"), body)
        };
        match event {
            "fill_in" => {
                (company, request("PATCH", at.to_owned(), json!({"version": version, "facts": []})))
            }
            "answer" => {
                let body = json!({"version": 1, "facility": case.facility, "answer": "partly"});
                (company, request("PUT", format!("{at}/answers/RH-1.1"), body))
            }
            "agree" => {
                let body = json!({"version": version, "terms_version": "2026-1"});
                (company, post(format!("{at}/agreement"), body))
            }
            "attach" => {
                let (method, path) = ("POST".to_owned(), case.attach_path());
                (company, Request { method, path, body: Body::Pdf })
            }
            "link" => {
                let link = json!({"application": case.application, "criterion": "RH-1.1",
                    "facility": case.facility});
                (company, post(format!("{API}/evidence/{}/links", case.evidence), link))
            }
            "take_back" => {
                let path = format!("{API}/evidence/{}", case.evidence);
                (company, request("DELETE", path, json!(null)))
            }
            "quote" => {
                let fee = json!({"item": "Second visit", "amount": 80_000, "currency": "JPY"});
                (manager, post(format!("{at}/fees"), fee))
            }
            "submit" | "withdraw" => {
                (company, post(format!("{at}/{event}"), json!({"version": version})))
            }
            "accept" => (manager, post(format!("{at}/accept"), json!({"version": version}))),
            "return" | "decline" | "cancel" => {
                (manager, post(format!("{at}/{event}"), reasoned(version)))
            }
            "lead" => (manager, assign(&self.world.second_assessor, "lead")),
            "assessor" => (manager, assign(&self.world.second_assessor, "assessor")),
            "reviewer" => (manager, assign(&self.world.second_reviewer, "reviewer")),
            "more" => (&cast.decision_maker, post(format!("{at}/more"), reasoned(version))),
            "grant" => {
                let body = with(reasoned(version), json!({"kind": "grant", "level": "leading"}));
                (&cast.decision_maker, post(format!("{at}/decision"), body))
            }
            "refuse" => {
                let body = with(reasoned(version), json!({"kind": "refuse"}));
                (&cast.decision_maker, post(format!("{at}/decision"), body))
            }
            other => panic!("an application knows no {other}"),
        }
    }

    fn move_assessment(
        &self,
        event: &str,
        at: &str,
        version: i64,
        case: &Case,
    ) -> (&Client, Request) {
        let cast = &self.world.cast;
        match event {
            "start" => (&cast.lead, post(format!("{at}/start"), json!({"version": version}))),
            "rate" => {
                let body =
                    json!({"facility": case.facility, "value": "conform", "reason": words()});
                (&cast.assessor, request("PUT", format!("{at}/ratings/RH-1.1"), body))
            }
            "complete" => (&cast.lead, post(format!("{at}/complete"), json!({"version": version}))),
            "forward" | "abort" => (&cast.lead, post(format!("{at}/{event}"), reasoned(version))),
            "return" => {
                let body = with(
                    reasoned(version),
                    json!({"recommendation": "return", "na_accepted": true}),
                );
                (&cast.reviewer, post(format!("{at}/review"), body))
            }
            "recommend" => {
                let recommendation =
                    json!({"recommendation": "grant", "level": "leading", "na_accepted": true});
                (
                    &cast.reviewer,
                    post(format!("{at}/review"), with(reasoned(version), recommendation)),
                )
            }
            other => panic!("an assessment knows no {other}"),
        }
    }

    async fn move_finding(
        &self,
        event: &str,
        at: &str,
        version: i64,
        case: &Case,
    ) -> (&Client, Request) {
        let cast = &self.world.cast;
        match event {
            "plan" => {
                let body = json!({"version": version, "cause": words(), "plan": words()});
                (&cast.applicant, post(format!("{at}/plan"), body))
            }
            "evidence" => {
                let evidence = cast.attach(case).await.expect(201).text("/id").to_owned();
                let body = json!({"version": version, "evidence": [evidence]});
                (&cast.applicant, post(format!("{at}/evidence"), body))
            }
            "decline" => (&cast.applicant, post(format!("{at}/decline"), reasoned(version))),
            "accept" => (&cast.assessor, post(format!("{at}/accept"), json!({"version": version}))),
            "verify" => (
                &cast.assessor,
                post(format!("{at}/verify"), with(reasoned(version), json!({"value": "conform"}))),
            ),
            "reject" => (&cast.assessor, post(format!("{at}/reject"), reasoned(version))),
            "extend" => {
                let body = with(reasoned(version), json!({"until": "2035-01-01T00:00:00Z"}));
                (&cast.decision_maker, post(format!("{at}/extend"), body))
            }
            other => panic!("a finding knows no {other}"),
        }
    }

    fn move_certificate(
        &self,
        event: &str,
        at: &str,
        version: i64,
        case: &Case,
    ) -> (&Client, Request) {
        let cast = &self.world.cast;
        let public = || with(reasoned(version), json!({"public_reason": "As decided."}));
        let credential =
            format!("{API}/credentials/{}", case.credential.as_deref().unwrap_or("none"));
        match event {
            "suspend" => {
                let body = with(public(), json!({"cause": "request", "heard": true}));
                (&cast.decision_maker, post(format!("{at}/suspend"), body))
            }
            "reinstate" => {
                let body = with(public(), json!({"cause_closed": true}));
                (&cast.decision_maker, post(format!("{at}/reinstate"), body))
            }
            "reduce" => (
                &cast.decision_maker,
                post(format!("{at}/reduce"), with(public(), json!({"level": "certified"}))),
            ),
            "rename" | "correct" => (
                &cast.decision_maker,
                post(
                    format!("{at}/{event}"),
                    with(public(), json!({"name": "例示新製作所株式会社"})),
                ),
            ),
            "withdraw" => (&cast.decision_maker, post(format!("{at}/withdraw"), public())),
            "assess" => {
                let body = with(reasoned(version), json!({"kind": "special"}));
                (&cast.quality_manager, post(format!("{at}/assessments"), body))
            }
            "terminate" => (&cast.applicant, post(format!("{at}/terminate"), reasoned(version))),
            "reissue" => {
                (&cast.decision_maker, post(format!("{at}/reissue"), json!({"version": version})))
            }
            "retry" | "void" => {
                (&cast.operator, post(format!("{credential}/{event}"), json!({"version": version})))
            }
            other => panic!("a certificate knows no {other}"),
        }
    }

    /// Walks a machine's table, cell by cell, and gathers where the registry differs.
    async fn walk(&mut self, machine: Machine, table: &str) {
        let table = Table::read(table);
        let mut wrong = Vec::new();
        for state in &table.columns {
            // One case is refused everything that its state refuses.
            let refused = self.in_state(machine, state, "").await;
            for (event, cells) in &table.rows {
                let cell = cells[state];
                let moves = cell != "-" && cell != cell.to_uppercase();
                let case = if moves {
                    self.in_state(machine, state, event).await
                } else {
                    refused.clone()
                };
                let (who, request) = self.request(machine, event, &case).await;
                let before = self.world.read(&case).await;
                self.world.done().await;
                let answer = request.by(who).await;
                let expected =
                    if cell == "-" { "wrong-state".to_owned() } else { cell.to_lowercase() };
                let found = match answer.status.is_success() {
                    true => self.now(machine, &case).await.0,
                    false => outcome(&answer),
                };
                if found != expected {
                    wrong.push(format!(
                        "{event} in {state}: expected {expected}, but {found}:\n{answer}"
                    ));
                } else if !moves {
                    let done = self.world.done().await;
                    if !done.is_empty() || self.world.read(&case).await != before {
                        wrong.push(format!(
                            "{event} in {state} was refused and changed something: {done:?}"
                        ));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

fn request(method: &str, path: String, body: Value) -> Request {
    Request { method: method.to_owned(), path, body: Body::Json(body) }
}

fn post(path: String, body: Value) -> Request {
    request("POST", path, body)
}

async fn an_application_moves_as_its_table_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    Walk::begin(&registry).await.walk(Machine::Application, APPLICATION).await;
    registry.discard().await;
}

async fn an_assessment_moves_as_its_table_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    Walk::begin(&registry).await.walk(Machine::Assessment, ASSESSMENT).await;
    registry.discard().await;
}

async fn a_finding_moves_as_its_table_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    Walk::begin(&registry).await.walk(Machine::Finding, FINDING).await;
    registry.discard().await;
}

async fn a_certificate_moves_as_its_table_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    Walk::begin(&registry).await.walk(Machine::Certificate, CERTIFICATE).await;
    registry.discard().await;
}

async fn a_fee_moves_as_its_table_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    Walk::begin(&registry).await.walk(Machine::Fee, FEE).await;
    registry.discard().await;
}

async fn a_complaint_moves_as_its_table_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    Walk::begin(&registry).await.walk(Machine::Complaint, COMPLAINT).await;
    registry.discard().await;
}

async fn an_appeal_moves_as_its_table_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    Walk::begin(&registry).await.walk(Machine::Appeal, APPEAL).await;
    registry.discard().await;
}

async fn a_certificate_before_its_release_moves_as_its_table_says(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let mut walk = Walk::begin(&registry).await;
    registry.issuer_keys_are_broken().await;
    walk.walk(Machine::Certificate, BEFORE_RELEASE).await;
    registry.discard().await;
}

on_both_engines!(
    an_application_moves_as_its_table_says,
    an_assessment_moves_as_its_table_says,
    a_finding_moves_as_its_table_says,
    a_certificate_moves_as_its_table_says,
    a_fee_moves_as_its_table_says,
    a_complaint_moves_as_its_table_says,
    an_appeal_moves_as_its_table_says,
    a_certificate_before_its_release_moves_as_its_table_says,
);
