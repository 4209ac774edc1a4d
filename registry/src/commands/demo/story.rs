//! The demo's story, step by step, as it happens.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use akashi_schemas::embedded::RESPONSIBLE_HOSTING;
use akashi_schemas::{OUT_OF_SCOPE, Programme, Rating};
use anyhow::{anyhow, bail};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::cast::{COMPANIES, Cast, Company, Fate, Gap, Institutions};
use super::client::{Anyone, Newcomer, Person, text, version};
use super::evidence;
use super::offline::{Held, Offline};
use crate::commands::say;
use crate::platform::rng::{SystemRng, draw};

/// Tells the story; gives everybody with a sign-in.
pub(super) async fn tell(origin: &str, operator_token: &str) -> anyhow::Result<Cast> {
    let anyone = Anyone::new(origin);
    let programme = Programme::from_json(RESPONSIBLE_HOSTING.as_bytes())?;
    let mut cast = Cast {
        password: BASE64_URL_SAFE_NO_PAD.encode(draw::<12>(&SystemRng)),
        people: Vec::new(),
    };
    let institutions = found(&anyone, &mut cast, operator_token).await?;
    publish(&institutions, &programme).await?;
    let mut held = Vec::new();
    let mut refused = Vec::new();
    for company in &COMPANIES {
        say(format_args!("\n{}", company.shown()))?;
        let case = Case::open(&anyone, &mut cast, &institutions, &programme, company).await?;
        held.extend(case.run().await?);
        if company.fate == Fate::Refused {
            refused.push(company.roman);
        }
    }
    say("\nA buyer checks every file offline, with the root and the trust bundle:")?;
    let offline = settled(&anyone, &held).await?;
    say(offline.table(&held))?;
    say(format_args!(
        "Digest of the registry's root, to compare when you pin it: {}.",
        offline.root()
    ))?;
    say(format_args!("Refused, and so without a file: {}.", refused.join(", ")))?;
    Ok(cast)
}

fn step(text: &str) -> io::Result<()> {
    say(format_args!("  · {text}"))
}

/// A number of things in words: `1 finding`, `2 findings`.
fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// Waits for the bundle that knows of all that was decided; a bundle follows a change within about a second.
async fn settled(anyone: &Anyone, held: &[Held]) -> anyhow::Result<Offline> {
    for _ in 0..40 {
        let offline = Offline::fetch(anyone).await?;
        let differ = |h: &&Held| offline.check(&h.bytes).verdict.to_string() != expected(&h.what);
        if !held.iter().any(|h| differ(&h)) {
            return Ok(offline);
        }
        sleep(Duration::from_millis(100)).await;
    }
    Offline::fetch(anyone).await
}

/// What a file must read as, by what became of it.
fn expected(what: &str) -> &'static str {
    match what {
        "suspended later" => "suspended",
        "before the level was cut" => "superseded",
        _ => "valid",
    }
}

/// Makes the programme owner, the body and its people.
async fn found(anyone: &Anyone, cast: &mut Cast, token: &str) -> anyhow::Result<Institutions> {
    let mut people = Vec::new();
    for (name, what) in [
        ("operator", "operator of the registry"),
        ("owner", "programme owner"),
        ("quality", "quality manager of the body"),
        ("lead", "lead assessor"),
        ("second", "second assessor"),
        ("reviewer", "reviewer"),
        ("decider", "decision maker"),
    ] {
        let email = format!("{name}@institutions.example");
        let newcomer = Newcomer { email: &email, name: what, what, password: &cast.password };
        people.push(anyone.join(&newcomer, (name == "operator").then_some(token)).await?);
    }
    cast.people.extend(people.iter().cloned());
    let [operator, owner, quality, lead, second, reviewer, decider] =
        <[Person; 7]>::try_from(people).map_err(|_| anyhow!("seven people"))?;
    let register = |kind, name, slug, administrator: &Person| json!({ "kind": kind, "name": name, "country": "JP", "slug": slug, "administrator": administrator.email });
    let party = operator
        .post("/parties", register("owner", "Example Programme Owner", "example-owner", &owner))
        .await?;
    let owner_id = text(&party, "id")?;
    let party = operator
        .post("/parties", register("body", "Example Certification Body", "example-body", &quality))
        .await?;
    let body_id = text(&party, "id")?;
    owner.accept_invitations().await?;
    quality.accept_invitations().await?;
    say("The operator registers a programme owner and a certification body")?;
    for (person, role) in [
        (&lead, "assessor"),
        (&second, "assessor"),
        (&reviewer, "reviewer"),
        (&decider, "decision_maker"),
    ] {
        let member = json!({ "email": person.email, "role": role });
        quality.post(&format!("/parties/{body_id}/members"), member).await?;
        person.accept_invitations().await?;
    }
    step("four people join the body: two assessors, a reviewer, a decision maker")?;
    Ok(Institutions { owner, quality, lead, second, reviewer, decider, owner_id, body_id })
}

/// Publishes the programme, authorises the body, records competence, sets terms.
async fn publish(institutions: &Institutions, programme: &Programme) -> anyhow::Result<()> {
    let Institutions { owner, quality, lead, second, reviewer, decider, owner_id, body_id, .. } =
        institutions;
    let content: Value = serde_json::from_str(RESPONSIBLE_HOSTING)?;
    let drafts = format!("/programmes/{}/drafts", programme.id);
    let draft = owner.post(&drafts, json!({ "owner": owner_id, "programme": content })).await?;
    let publish = json!({ "version": version(&draft)?, "effective_from": "2026-01-01T00:00:00Z" });
    owner.post(&format!("{drafts}/{}/publish", text(&draft, "id")?), publish).await?;
    let digest = programme.digest().to_string();
    step(&format!(
        "the owner publishes {} {} ({}…)",
        programme.title.english(),
        programme.version,
        &digest[..12]
    ))?;
    let permission = json!({
        "programme": programme.id, "body": body_id, "from": "2026-01-01T00:00:00Z", "until": "2031-01-01T00:00:00Z",
    });
    owner.post("/authorisations", permission).await?;
    step("the owner authorises the body for five years")?;
    for person in [lead, second, reviewer, decider] {
        let competence = json!({
            "body": body_id, "account": person.account, "programme": programme.id, "from": "2026-01-01T00:00:00Z",
        });
        quality.post("/competences", competence).await?;
    }
    let terms = json!({ "version": "2026-1", "fees": [{ "item": "Initial assessment", "amount": 150_000, "currency": "JPY" }] });
    let body = quality.get(&format!("/parties/{body_id}")).await?;
    quality
        .patch(
            &format!("/parties/{body_id}"),
            json!({ "version": version(&body)?, "terms": terms }),
        )
        .await?;
    Ok(())
}

/// One company's way.
struct Case<'a> {
    anyone: &'a Anyone,
    institutions: &'a Institutions,
    programme: &'a Programme,
    company: &'a Company,
    applicant: Person,
    /// The organisation as a whole, then the places in their order.
    facilities: Vec<String>,
    application: String,
}

fn note(words: &str) -> Value {
    json!({ "text": words, "lang": "en" })
}

impl<'a> Case<'a> {
    /// Registers the company, its places and its application.
    async fn open(
        anyone: &'a Anyone,
        cast: &mut Cast,
        institutions: &'a Institutions,
        programme: &'a Programme,
        company: &'a Company,
    ) -> anyhow::Result<Self> {
        let email = format!("{}@companies.example", company.slug);
        let newcomer = Newcomer {
            email: &email,
            name: company.roman,
            what: company.roman,
            password: &cast.password,
        };
        let applicant = anyone.join(&newcomer, None).await?;
        cast.people.push(applicant.clone());
        let party = json!({
            "kind": "company", "name": company.shown(), "country": "JP",
            "names": [{ "kind": "roman", "name": company.roman }, { "kind": "kana", "name": company.kana }],
            "identifiers": [{ "scheme": "jp_corporate_number", "value": company.corporate_number() }],
        });
        let party = text(&applicant.post("/parties", party).await?, "id")?;
        for place in company.places {
            let facility = json!({
                "kind": place.kind, "name": place.name, "address": place.address, "region": "JP-23", "country": "JP",
                "workers": place.workers, "residents": place.residents,
            });
            applicant.post(&format!("/parties/{party}/facilities"), facility).await?;
        }
        let all = applicant.get(&format!("/parties/{party}/facilities")).await?;
        let facilities = all
            .as_array()
            .into_iter()
            .flatten()
            .map(|f| text(f, "id"))
            .collect::<Result<Vec<_>, _>>()?;
        let application = json!({
            "company": party, "body": institutions.body_id, "kind": "initial",
            "programme": { "id": programme.id, "version": programme.version },
            "facilities": facilities, "facts": company.facts,
        });
        let application = text(&applicant.post("/applications", application).await?, "id")?;
        step(&format!("registers with {} and begins an application", places(company)))?;
        Ok(Self { anyone, institutions, programme, company, applicant, facilities, application })
    }

    /// The company's whole way; gives the files that it holds at the end.
    async fn run(&self) -> anyhow::Result<Vec<Held>> {
        self.answer_and_submit().await?;
        let assessment = self.take_on().await?;
        if self.company.fate == Fate::Waiting {
            step("waits for its assessor")?;
            return Ok(Vec::new());
        }
        self.rate(&assessment).await?;
        self.correct().await?;
        self.review(&assessment).await?;
        let Some((number, credential)) = self.decide().await? else { return Ok(Vec::new()) };
        let report =
            self.institutions.decider.get(&format!("/assessments/{assessment}/report")).await?;
        self.recompute(&report)?;
        let first = self.download(&credential).await?;
        self.afterwards(&number, first).await
    }

    async fn answer_and_submit(&self) -> anyhow::Result<()> {
        let path = format!("/applications/{}", self.application);
        let view = self.applicant.get(&path).await?;
        let unanswered: Vec<(String, String)> = serde_json::from_value(view["unanswered"].clone())?;
        for (criterion, facility) in &unanswered {
            let answer = match self.gap(criterion, facility) {
                Some((.., Rating::Major, _)) => "no",
                Some(_) => "partly",
                None => "yes",
            };
            let body = json!({ "version": 0, "facility": facility, "answer": answer });
            self.applicant.put(&format!("{path}/answers/{criterion}"), body).await?;
        }
        let files = self.attach().await?;
        let agreed = json!({ "version": version(&view)?, "terms_version": "2026-1" });
        let agreed = self.applicant.post(&format!("{path}/agreement"), agreed).await?;
        self.applicant
            .post(&format!("{path}/submit"), json!({ "version": version(&agreed)? }))
            .await?;
        step(&format!(
            "answers {}, attaches {}, accepts the agreement, submits",
            counted(unanswered.len(), "question"),
            counted(files, "file")
        ))?;
        Ok(())
    }

    /// Attaches evidence and links it to what it speaks to.
    async fn attach(&self) -> anyhow::Result<usize> {
        let mut files = vec![
            (evidence::policy(self.company.roman), "RH-1.1", &self.facilities[0]),
            (evidence::notice(self.company.roman), "RH-9.4", &self.facilities[0]),
        ];
        for (place, facility) in self.company.places.iter().zip(&self.facilities[1..]) {
            files.push(match place.kind {
                "dormitory" => (evidence::photo(40), "RH-7.1", facility),
                _ => (evidence::time_records(place.name), "RH-5.1", facility),
            });
        }
        let count = files.len();
        for (file, criterion, facility) in files {
            let id = self.upload(file).await?;
            let link = json!({ "application": self.application, "criterion": criterion, "facility": facility });
            self.applicant.post(&format!("/evidence/{id}/links"), link).await?;
        }
        Ok(count)
    }

    async fn upload(&self, file: evidence::File) -> anyhow::Result<String> {
        let query = format!(
            "/evidence?application={}&period_from=2026-09-01&period_to=2026-09-30&name={}",
            self.application, file.name
        );
        text(&self.applicant.upload(&query, file.media_type, file.content).await?, "id")
    }

    /// The body takes the application on and gives people their tasks; gives the assessment.
    async fn take_on(&self) -> anyhow::Result<String> {
        let Institutions { quality, lead, second, reviewer, decider, .. } = self.institutions;
        let path = format!("/applications/{}", self.application);
        let mut seen = version(&quality.get(&path).await?)?;
        seen =
            version(&quality.post(&format!("{path}/accept"), json!({ "version": seen })).await?)?;
        for (person, task) in
            [(lead, "lead"), (second, "assessor"), (reviewer, "reviewer"), (decider, "decider")]
        {
            let task = json!({ "version": seen, "account": person.account, "task": task });
            let given = quality.post(&format!("{path}/assignments"), task).await?;
            seen = version(&given)?;
            if self.company.fate != Fate::Waiting {
                person
                    .post(&format!("{path}/assignments/{}/accept", text(&given, "id")?), json!({}))
                    .await?;
            }
        }
        step(
            "the body takes it on: lead and second assessor, reviewer and decision maker are four people",
        )?;
        text(&quality.get(&path).await?, "assessment")
    }

    /// Rates every criterion at every sampled facility of its kinds: the lead at the organisation, the second on site.
    async fn rate(&self, assessment: &str) -> anyhow::Result<()> {
        let Institutions { lead, second, .. } = self.institutions;
        let path = format!("/assessments/{assessment}");
        let planned = lead.get(&path).await?;
        lead.post(&format!("{path}/start"), json!({ "version": version(&planned)? })).await?;
        let pairs: Vec<(String, String)> = serde_json::from_value(planned["unrated"].clone())?;
        for (criterion, facility) in &pairs {
            let who = if facility == &self.facilities[0] { lead } else { second };
            who.put(&format!("{path}/ratings/{criterion}"), self.rating(criterion, facility)?)
                .await?;
        }
        let open = lead.get(&path).await?;
        let mut interviews = BTreeMap::new();
        for sampled in open["sample"].as_array().into_iter().flatten() {
            let heard = json!({ "vi": sampled["interviews_planned"] });
            interviews.insert(text(sampled, "facility")?, heard);
        }
        let complete = json!({ "version": version(&open)?, "interviews": interviews });
        lead.post(&format!("{path}/complete"), complete).await?;
        step(&format!(
            "is given {}, facility by facility; {}",
            counted(pairs.len(), "rating"),
            counted(self.company.gaps.len(), "finding")
        ))?;
        Ok(())
    }

    fn gap(&self, criterion: &str, facility: &str) -> Option<&Gap> {
        let at = |index: usize| self.facilities.get(index).is_some_and(|id| id == facility);
        self.company.gaps.iter().find(|(c, index, ..)| *c == criterion && at(*index))
    }

    /// The rating of a criterion at a facility, with a reason from the programme's own guide.
    fn rating(&self, criterion: &str, facility: &str) -> anyhow::Result<Value> {
        let rule = self
            .programme
            .criterion(criterion)
            .ok_or_else(|| anyhow!("no criterion {criterion}"))?;
        let facts = self.company.facts.iter().map(ToString::to_string).collect();
        let place = self.facilities.iter().position(|id| id == facility).unwrap_or_default();
        let place = place
            .checked_sub(1)
            .map_or(self.company.roman, |index| self.company.places[index].name);
        let ground = self
            .company
            .not_applicable
            .iter()
            .find(|(c, _)| *c == criterion)
            .map(|(_, ground)| *ground);
        let rating = |value: Rating, why: &str| json!({ "facility": facility, "value": value.as_str(), "reason": note(&format!("{place}: {why}")) });
        if !rule.applies(&facts) {
            let mut body =
                rating(Rating::NotApplicable, "the facts of the application rule this out.");
            body["na_ground"] = json!(OUT_OF_SCOPE);
            return Ok(body);
        }
        if let Some(ground) = ground.and_then(|id| rule.ground(id)) {
            let mut body = rating(Rating::NotApplicable, ground.text.english());
            body["na_ground"] = json!(ground.id);
            return Ok(body);
        }
        let guide = &rule.guide;
        Ok(match self.gap(criterion, facility) {
            Some((.., Rating::Minor, _)) => rating(
                Rating::Minor,
                guide.minor.as_ref().map_or("a small gap.", |text| text.english()),
            ),
            Some(_) => rating(Rating::Major, guide.major.english()),
            None => rating(Rating::Conform, guide.conform.english()),
        })
    }

    /// Plans, corrects, verifies, or declines each finding.
    async fn correct(&self) -> anyhow::Result<()> {
        let list =
            self.applicant.get(&format!("/findings?application={}", self.application)).await?;
        let (mut corrected, mut planned, mut declined) = (0, 0, 0);
        for finding in list.as_array().into_iter().flatten() {
            let (criterion, facility) = (text(finding, "criterion")?, text(finding, "facility")?);
            let gap = self
                .gap(&criterion, &facility)
                .ok_or_else(|| anyhow!("an unexpected finding: {finding}"))?;
            let path = format!("/findings/{}", text(finding, "id")?);
            let seen = version(finding)?;
            match gap {
                (.., true) => {
                    self.plan_and_verify(&path, seen, &criterion).await?;
                    corrected += 1;
                }
                (.., Rating::Minor, false) => {
                    self.plan(&path, seen).await?;
                    planned += 1;
                }
                _ => {
                    let decline =
                        json!({ "version": seen, "reason": note("We will not change this now.") });
                    self.applicant.post(&format!("{path}/decline"), decline).await?;
                    declined += 1;
                }
            }
        }
        step(&format!(
            "corrects {corrected} (verified by a new rating), plans {planned}, declines {declined}"
        ))?;
        Ok(())
    }

    async fn plan(&self, path: &str, seen: i64) -> anyhow::Result<i64> {
        let plan = json!({
            "version": seen, "cause": note("Nobody was named for it."), "plan": note("The plant manager sees to it by the end of next month."),
        });
        let planned = self.applicant.post(&format!("{path}/plan"), plan).await?;
        version(
            &self
                .institutions
                .lead
                .post(&format!("{path}/accept"), json!({ "version": version(&planned)? }))
                .await?,
        )
    }

    async fn plan_and_verify(&self, path: &str, seen: i64, criterion: &str) -> anyhow::Result<()> {
        let acting = self.plan(path, seen).await?;
        let file = self
            .upload(evidence::photo(u8::try_from(criterion.len() * 20).unwrap_or(u8::MAX)))
            .await?;
        let shown = json!({ "version": acting, "evidence": [file] });
        let shown = self.applicant.post(&format!("{path}/evidence"), shown).await?;
        let verify = json!({ "version": version(&shown)?, "value": "conform", "reason": note("Seen again; it is corrected.") });
        self.institutions.lead.post(&format!("{path}/verify"), verify).await?;
        Ok(())
    }

    async fn review(&self, assessment: &str) -> anyhow::Result<()> {
        let reviewer = &self.institutions.reviewer;
        let path = format!("/assessments/{assessment}");
        let mut review = json!({
            "version": version(&reviewer.get(&path).await?)?, "na_accepted": true,
            "reason": note("The ratings follow from the evidence."),
        });
        if self.company.fate == Fate::Refused {
            review["recommendation"] = json!("refuse");
        } else {
            review["recommendation"] = json!("grant");
            review["level"] = json!(self.company.level);
        }
        reviewer.post(&format!("{path}/review"), review).await?;
        Ok(())
    }

    /// Decides; gives the certificate's number and its credential, when it is granted and released.
    async fn decide(&self) -> anyhow::Result<Option<(String, String)>> {
        let decider = &self.institutions.decider;
        let path = format!("/applications/{}", self.application);
        let mut decision = json!({
            "version": version(&decider.get(&path).await?)?, "reason": note("As the reviewer recommends."),
        });
        if self.company.fate == Fate::Refused {
            decision["kind"] = json!("refuse");
            let decided = decider.post(&format!("{path}/decision"), decision).await?;
            step(&format!("is refused; the rule says {}", decided["rule"]["reason"]))?;
            return Ok(None);
        }
        decision["kind"] = json!("grant");
        decision["level"] = json!(self.company.level);
        let decided = decider.post(&format!("{path}/decision"), decision).await?;
        let (number, credential) = (text(&decided, "certificate")?, text(&decided, "credential")?);
        self.wait_for(&credential).await?;
        step(&format!("is granted {} as {number}", self.company.level))?;
        Ok(Some((number, credential)))
    }

    /// Waits until a credential is released.
    async fn wait_for(&self, credential: &str) -> anyhow::Result<()> {
        for _ in 0..200 {
            if self.anyone.get(&format!("/credentials/{credential}")).await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(25)).await;
        }
        bail!(
            "credential {credential} was not released within five seconds: see GET /api/v1/jobs as the operator"
        )
    }

    /// Applies the decision rule to the report that the company may show, as a buyer would.
    fn recompute(&self, report: &Value) -> anyhow::Result<()> {
        let ratings = serde_json::from_value(report.clone())?;
        let outcome = akashi_verifier::rule::recompute(self.programme, &ratings);
        if outcome.level.as_deref() != Some(self.company.level) {
            bail!(
                "the rule gives {:?} for {}, not {}",
                outcome.level,
                self.company.roman,
                self.company.level
            );
        }
        Ok(())
    }

    async fn download(&self, credential: &str) -> anyhow::Result<Vec<u8>> {
        self.anyone.get(&format!("/credentials/{credential}")).await
    }

    fn held(&self, what: &str, bytes: Vec<u8>) -> Held {
        Held { holder: self.company.roman, what: what.to_owned(), bytes }
    }

    /// What happens after the grant; gives all files that the company holds.
    async fn afterwards(&self, number: &str, first: Vec<u8>) -> anyhow::Result<Vec<Held>> {
        let decider = &self.institutions.decider;
        let path = format!("/certificates/{number}");
        match self.company.fate {
            Fate::Suspended => {
                let suspend = json!({
                    "version": version(&decider.get(&path).await?)?, "cause": "complaint", "heard": false, "urgent": true,
                    "reason": note("Two workers report that their passports were kept."),
                    "public_reason": "A complaint is being looked into.",
                });
                decider.post(&format!("{path}/suspend"), suspend).await?;
                step("is suspended while a complaint is looked into")?;
                Ok(vec![self.held("suspended later", first)])
            }
            Fate::Cut { to } => {
                let reduce = json!({
                    "version": version(&decider.get(&path).await?)?, "level": to,
                    "reason": note("The plan for two findings was not kept."),
                    "public_reason": "Two corrective actions were not carried out in time.",
                });
                let reduced = decider.post(&format!("{path}/reduce"), reduce).await?;
                let credential = text(&reduced, "credential")?;
                self.wait_for(&credential).await?;
                step(&format!("is cut to {to}: the old file is superseded"))?;
                let second = self.download(&credential).await?;
                Ok(vec![
                    self.held("before the level was cut", first),
                    self.held("after it", second),
                ])
            }
            Fate::Granted | Fate::Refused | Fate::Waiting => {
                Ok(vec![self.held("as granted", first)])
            }
        }
    }
}

fn places(company: &Company) -> String {
    let names: Vec<_> = company.places.iter().map(|place| place.name).collect();
    names.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_counted_without_an_s() {
        let words = [0, 1, 2].map(|count| counted(count, "finding"));
        assert_eq!(words, ["0 findings", "1 finding", "2 findings"]);
    }
}
