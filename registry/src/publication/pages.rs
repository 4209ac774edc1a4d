//! The public pages: what each shows, put into words.

mod programme;
mod verify;

use akashi_schemas::{Language, Programme, text_enum};
use akashi_verifier::Verdict;
use akashi_verifier::credential::Credential as Payload;
use akashi_verifier::report::Report;
use askama::Template;

use super::rules::document::{Document, Facts};
use crate::certification::rules::certificate::Standing;
use crate::certification::rules::dates::Zone;
use crate::platform::accounts::rules::Locale;
use crate::platform::pages::View;

pub use programme::ProgrammePage;
pub use verify::VerifyPage;

/// The words for what happened to a certificate.
pub const EVENTS: &[&str] = &[
    "granted",
    "suspended",
    "reinstated",
    "reduced",
    "extended",
    "renamed",
    "corrected",
    "reissued",
    "withdrawn",
    "terminated",
    "overturned",
    "continued",
];

/// The start page.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage<'a> {
    /// The reader.
    pub view: &'a View,
}

/// What was asked of the list, as it was typed.
#[derive(Debug, Default)]
pub struct Asked {
    /// A name or number.
    pub q: String,
    /// A programme's id.
    pub programme: String,
    /// A country's code.
    pub country: String,
    /// A region or municipality.
    pub place: String,
    /// Where it stands.
    pub state: String,
}

text_enum! {
    /// What it means when nothing is found.
    pub enum Nothing {
        /// What was asked is a number with a slip in it.
        Slip = "slip",
        /// A number that was never given out here.
        Number = "number",
        /// No holder has such a name.
        Name = "name",
        /// No certificate fits all that the list is narrowed to.
        Narrowed = "narrowed",
        /// None was granted yet.
        Yet = "yet",
    }
}

/// Who stands for what a certificate's page says.
pub const VOUCHERS: &[&str] = &["company", "body", "log", "owner"];

impl Asked {
    fn is_narrowed(&self) -> bool {
        [&self.programme, &self.country, &self.place, &self.state]
            .into_iter()
            .any(|text| !text.is_empty())
    }

    fn is_all(&self) -> bool {
        self.q.is_empty() && !self.is_narrowed()
    }
}

/// The list of certificates.
#[derive(Template)]
#[template(path = "search.html")]
pub struct SearchPage<'a> {
    /// The reader.
    pub view: &'a View,
    /// What was asked.
    pub asked: Asked,
    /// What it means when nothing is found.
    pub nothing: Nothing,
    /// The programmes to choose from: id and title.
    pub programmes: Vec<(String, String)>,
    /// What was found.
    pub rows: Vec<SearchRow>,
    /// The address of the next page.
    pub next: Option<String>,
    /// The states to choose from.
    pub states: &'static [Standing],
}

/// One certificate in the list.
#[derive(Debug)]
pub struct SearchRow {
    /// Its page.
    pub path: String,
    /// Its number.
    pub number: String,
    /// Who holds it.
    pub holder: String,
    /// What its holder was called before.
    pub formerly: Option<String>,
    /// What its holder is called now, where the certificate still bears another name.
    pub now_called: Option<String>,
    /// How many facilities it covers.
    pub facilities: usize,
    /// Its level.
    pub level: String,
    /// Where it stands.
    pub state: Standing,
    /// The last day of its term.
    pub until: String,
}

/// A company and its certificates.
#[derive(Template)]
#[template(path = "company.html")]
pub struct CompanyPage<'a> {
    /// The reader.
    pub view: &'a View,
    /// The name it is shown by.
    pub name: String,
    /// Its municipality.
    pub municipality: Option<String>,
    /// Its country's code.
    pub country: String,
    /// Its certificates.
    pub rows: Vec<SearchRow>,
}

/// A facility and the certificates that cover it.
#[derive(Template)]
#[template(path = "facility.html")]
pub struct FacilityPage<'a> {
    /// The reader.
    pub view: &'a View,
    /// Its name.
    pub name: String,
    /// The certificates.
    pub rows: Vec<SearchRow>,
}

/// One certificate.
#[derive(Template)]
#[template(path = "certificate.html")]
pub struct CertificatePage<'a> {
    view: &'a View,
    facts: &'a Facts,
    state: Standing,
    sentence: String,
    reason: Option<&'a str>,
    level: &'a str,
    term: String,
    programme: &'a str,
    programme_path: String,
    assessed: String,
    sections: Vec<SectionRow<'a>>,
    not_applying: Vec<&'a str>,
    visited: String,
    company_path: Option<String>,
    facilities: Vec<FacilityRow<'a>>,
    history: Vec<HistoryRow<'a>>,
    credential_id: &'a str,
    given_out: bool,
    link: String,
    /// The last part of the body's address, where its counts stand.
    body: Option<&'a str>,
}

struct SectionRow<'a> {
    title: &'a str,
    keeps_limits: Option<bool>,
}

struct FacilityRow<'a> {
    name: &'a str,
    kind: &'a str,
    /// Its page, while its name is shown.
    path: Option<String>,
}

struct HistoryRow<'a> {
    at: String,
    day: String,
    kind: &'a str,
    reason: Option<&'a str>,
    leaf: Option<String>,
}

/// The language of a programme's and a report's words for a reader.
fn language(view: &View) -> Language {
    match view.language() {
        Locale::En => Language::English,
        Locale::Ja => Language::Japanese,
    }
}

/// A programme's title for a reader.
pub fn programme_title<'a>(view: &View, programme: &'a Programme) -> &'a str {
    programme.title.get(language(view))
}

/// The path of an address of this registry, whose host the certificate's own address names.
fn path_of(address: &str, link: &str, number: &str) -> Option<String> {
    let origin = link.strip_suffix(&format!("/certificates/{number}"))?;
    address.strip_prefix(origin).filter(|path| path.starts_with('/')).map(str::to_owned)
}

/// What the programme's rule asks to be visited of so many facilities: the certificate itself does not say.
fn visited(view: &View, facts: &Facts, programme: &Programme) -> String {
    let rule = &programme.sampling.facilities;
    let chosen = facts.facilities.iter().filter(|facility| !rule.always.contains(&facility.kind));
    let is_all = u32::try_from(chosen.count()).is_ok_and(|chosen| chosen <= rule.all_up_to);
    let count = facts.facilities.len();
    match is_all {
        true => view.with("certificate-visited-all", "count", count),
        false => view.with("certificate-visited-some", "count", count),
    }
}

/// A level's title for a reader; its id where the programme is not at hand or has no such level.
pub fn level_title<'a>(view: &View, programme: Option<&'a Programme>, level: &'a str) -> &'a str {
    let known = programme.and_then(|programme| programme.level(level));
    known.map_or(level, |level| level.title.get(language(view)))
}

/// The words for what brought a certificate to where it is in force, when that is more than its grant.
pub const IN_FORCE: &[&str] =
    &["reinstated", "extended", "renamed", "corrected", "lower", "narrower", "reduced"];

/// What a certificate's page reads of credentials.
#[derive(Debug)]
pub struct Payloads<'a> {
    /// The current credential's payload.
    pub current: &'a Payload,
    /// That of the version before it.
    pub earlier: Option<Payload>,
    /// Whether the files are given out: not while their holder may not be named.
    pub given_out: bool,
}

impl Payloads<'_> {
    /// What a reduction took away, a level or facilities; `reduced` for both, or when that cannot be told.
    fn reduced(&self) -> &'static str {
        let Some(earlier) = &self.earlier else { return "reduced" };
        let keeps_level = earlier.level() == self.current.level();
        let keeps_scope = earlier.facilities().count() == self.current.facilities().count();
        match (keeps_level, keeps_scope) {
            (false, true) => "lower",
            (true, false) => "narrower",
            _ => "reduced",
        }
    }
}

/// The key of the sentence that says where a certificate stands, and what brought it there.
fn sentence(document: &Document, payloads: &Payloads<'_>) -> String {
    let state = document.state();
    let act = document.cause().filter(|_| state == Standing::Active);
    match act.map(|event| &*event.kind) {
        None | Some("granted") => format!("sentence-{state}"),
        Some("reduced") => format!("in-force-{}", payloads.reduced()),
        Some(act) => format!("in-force-{act}"),
    }
}

impl<'a> CertificatePage<'a> {
    /// The page of a certificate: its document, what the current credential says section by section and how the one
    /// before differs, and the programme's titles. Days are those of the programme's zone.
    pub fn new(
        view: &'a View,
        document: &'a Document,
        payloads: &Payloads<'a>,
        programme: &'a Programme,
        zone: &Zone,
        link: String,
    ) -> Self {
        let facts = document.facts();
        let day = |at| view.day(zone.day(at));
        let until = day(facts.valid_until);
        let cause = document.cause();
        let since = cause.map(|event| day(event.effective_at)).unwrap_or_default();
        let key = sentence(document, payloads);
        let sentence = view.format(&key, &[("until", &until), ("since", &since)]);
        let range = [("from", &*day(facts.valid_from)), ("until", &*until)];
        let (id, version) = (&facts.programme.id, &facts.programme.version);
        let history = facts.history.iter().rev().map(|event| HistoryRow {
            at: event.effective_at.to_string(),
            day: day(event.effective_at),
            kind: &event.kind,
            reason: event.reason.as_deref(),
            leaf: event.leaf.map(|leaf| leaf.to_string()),
        });
        let sections = sections(view, payloads.current, programme);
        let page =
            |address: &str| path_of(address, &link, &facts.number).filter(|_| payloads.given_out);
        let facilities = facts.facilities.iter().map(|facility| FacilityRow {
            name: &facility.name,
            kind: facility.kind.as_str(),
            path: page(&facility.id),
        });
        Self {
            view,
            facts,
            state: document.state(),
            sentence,
            reason: cause.and_then(|event| event.reason.as_deref()),
            level: level_title(view, Some(programme), &facts.level),
            term: view.format("certificate-term-range", &range),
            programme: programme_title(view, programme),
            programme_path: format!("/programmes/{id}/{version}"),
            assessed: payloads
                .current
                .credential_subject
                .conformity_assessment
                .first()
                .map(|assessment| view.day(assessment.assessment_date))
                .unwrap_or_default(),
            not_applying: not_applying(&sections),
            sections,
            visited: visited(view, facts, programme),
            company_path: page(&facts.holder.id).filter(|path| path.starts_with("/companies/")),
            facilities: facilities.collect(),
            history: history.collect(),
            credential_id: document.credential_id(),
            given_out: payloads.given_out,
            link,
            body: payloads.current.issuer.id.rsplit_once(":bodies:").map(|(_, slug)| slug),
        }
    }
}

/// The sections of which nothing applied.
fn not_applying<'a>(sections: &[SectionRow<'a>]) -> Vec<&'a str> {
    let without = sections.iter().filter(|section| section.keeps_limits.is_none());
    without.map(|section| section.title).collect()
}

/// What the credential says of each section, under the programme's titles.
fn sections<'a>(view: &View, payload: &Payload, programme: &'a Programme) -> Vec<SectionRow<'a>> {
    let assessments = &payload.credential_subject.conformity_assessment;
    let row = |section: &'a akashi_schemas::programme::Section| {
        let suffix = format!("#section-{}", section.id);
        let assessment = assessments.iter().find(|assessment| assessment.id.ends_with(&suffix))?;
        Some(SectionRow {
            title: section.title.get(language(view)),
            keeps_limits: assessment.conformance,
        })
    };
    programme.sections.iter().filter_map(row).collect()
}

/// What came of verifying a file.
#[derive(Template)]
#[template(path = "report.html")]
pub struct ReportPage<'a> {
    view: &'a View,
    report: &'a Report,
    /// The language of the verifier's words.
    language: Language,
    tone: Standing,
    level: Option<&'a str>,
    as_of: Option<String>,
}

impl<'a> ReportPage<'a> {
    /// The page of a report, with the programme that the file names, where it is one of this registry's.
    pub fn new(view: &'a View, report: &'a Report, programme: Option<&'a Programme>) -> Self {
        let level = report.level.as_deref();
        Self {
            view,
            report,
            language: language(view),
            level: level.map(|level| level_title(view, programme, level)),
            tone: tone(report.verdict),
            as_of: report.status_as_of.map(|at| view.moment(at)),
        }
    }
}

/// The state of a certificate whose colours a verdict wears.
fn tone(verdict: Verdict) -> Standing {
    match verdict {
        Verdict::Valid => Standing::Active,
        Verdict::Superseded | Verdict::NotYetValid | Verdict::Expired => Standing::Expired,
        Verdict::Suspended
        | Verdict::Unverified
        | Verdict::StatusUnknown
        | Verdict::StaleStatus
        | Verdict::NotLogged
        | Verdict::PolicyNotMet => Standing::Suspended,
        Verdict::Malformed
        | Verdict::UnknownIssuer
        | Verdict::BadSignature
        | Verdict::KeyNotValid
        | Verdict::NotAuthorised
        | Verdict::UnknownProgramme
        | Verdict::Revoked => Standing::Withdrawn,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use akashi_schemas::embedded::RESPONSIBLE_HOSTING;
    use akashi_verifier::rule::SectionOutcome;
    use akashi_verifier::status::Purpose;
    use akashi_verifier::{Policy, Untrusted, verify};

    use super::super::rules::document::sample;
    use super::*;
    use crate::certification::rules::certificate::CertificateState;
    use crate::issuance::rules::payload::{
        Attestation, AttestedCompany, AttestedFacility, Place, credential,
    };
    use crate::platform::pages::tests::reader;

    pub(crate) fn programme() -> Arc<Programme> {
        Arc::new(Programme::from_json(RESPONSIBLE_HOSTING.as_bytes()).expect("a programme"))
    }

    /// The payload that the sample's facts were read from: a section that keeps its limits, one that
    /// does not, and one of which nothing applied.
    pub(crate) fn payload(programme: &Arc<Programme>) -> Payload {
        let facts = sample();
        let outcome = |index: usize, id: &str| SectionOutcome {
            id: id.to_owned(),
            applicable: if index == 10 { 0 } else { 5 },
            below: 1,
            major: 0,
            keeps_limits: index != 4,
        };
        let attestation = Attestation {
            certificate_id: String::new(),
            version_id: String::new(),
            number: facts.number.clone(),
            n: 2,
            body_name: facts.body.clone(),
            company: AttestedCompany {
                id: "019aaaaa-0000-7000-8000-000000000001".into(),
                name: facts.holder.name.clone(),
                country: "JP".into(),
                identifiers: vec![],
            },
            programme: programme.clone(),
            level: facts.level.clone(),
            sections: programme
                .sections
                .iter()
                .enumerate()
                .map(|(i, s)| outcome(i, &s.id))
                .collect(),
            facilities: facts
                .facilities
                .iter()
                .map(|f| AttestedFacility {
                    id: f.id.rsplit('/').next().expect("an id").into(),
                    kind: f.kind,
                    name: f.name.clone(),
                })
                .collect(),
            assessed_on: "2026-11-20".parse().expect("a day"),
            valid_from: facts.valid_from,
            valid_until: facts.valid_until,
        };
        let place = Place {
            origin: &"https://registry.example".parse().expect("an origin"),
            credential: "019aaaaa-0000-7000-8000-0000000000c2",
            issuer: "did:web:registry.example:bodies:example",
            signed_at: facts.valid_from,
            index: 7,
            lists: Purpose::ALL.map(|purpose| (purpose, format!("example-0-{}", purpose.as_str()))),
            nonce: [7; 16],
        };
        credential(&attestation, &place)
    }

    /// The page of the sample certificate in a state.
    pub(crate) fn certificate_page(view: &View, state: CertificateState) -> String {
        page_of(view, sample(), state, None)
    }

    /// The page of a certificate in a state, whose version before the current one had another payload.
    fn page_of(
        view: &View,
        facts: Facts,
        state: CertificateState,
        earlier: Option<Payload>,
    ) -> String {
        let programme = programme();
        let payloads = Payloads { current: &payload(&programme), earlier, given_out: true };
        let now = "2027-02-01T00:00:00Z".parse().expect("a time");
        let document = Document::at(facts, state, 31, now).expect("public");
        let zone = Zone::named(&programme.zone).expect("a zone");
        let link = "https://registry.example/certificates/AK-7M3Q-XRTH-B".to_owned();
        let page = CertificatePage::new(view, &document, &payloads, &programme, &zone, link);
        page.render().expect("a page")
    }

    #[test]
    fn facts_are_what_the_credential_says() {
        use super::super::rules::document::Sources;
        let programme = programme();
        let payload = payload(&programme);
        let read = |kinds| {
            Facts::of(Sources {
                payload: &payload,
                country: "JP".into(),
                kinds,
                credentials: sample().credentials,
                history: sample().history,
            })
        };
        let kinds = sample().facilities.into_iter().map(|f| (f.id, f.kind)).collect();
        let facts = read(kinds).expect("facts");
        assert_eq!(facts.programme.digest, programme.digest());
        assert_eq!(
            facts.holder.id,
            "https://registry.example/companies/019aaaaa-0000-7000-8000-000000000001"
        );
        assert_eq!(
            (facts.number, facts.level, facts.body),
            (sample().number, sample().level, sample().body)
        );
        assert_eq!(
            (facts.facilities, facts.valid_until),
            (sample().facilities, sample().valid_until)
        );
        assert_eq!(read(Default::default()), None, "a facility without a kind");
    }

    #[test]
    fn a_certificate_s_page_says_in_words_where_it_stands_since_when_and_why() {
        let english = reader(Locale::En, "/certificates/AK-7M3Q-XRTH-B?lang=en");
        let html = certificate_page(&english, CertificateState::Suspended);
        for words in [
            "The certification body suspended this certificate on 8 January 2027.",
            "A dormitory had no second way out; the holder is building one.",
            "25 November 2026 to 25 November 2028",
            "Assessed on 20 November 2026.",
            "Responsible Hosting of Foreign Migrant Workers",
            "Does not keep the limits of this level",
            "Nothing in it applied to this company",
            "log entry 31",
            "download=\"AK-7M3Q-XRTH-B.json.tlog-proof\"",
            "download=\"AK-7M3Q-XRTH-B.jwt.tlog-proof\"",
            "href=\"/programmes/responsible-hosting/2026.2?lang=en\"",
        ] {
            assert!(html.contains(words), "{words}");
        }
        let japanese = reader(Locale::Ja, "/certificates/AK-7M3Q-XRTH-B?lang=ja");
        let html = certificate_page(&japanese, CertificateState::Suspended);
        assert!(html.contains("2027年1月8日にこの認証を一時停止しました"), "{html}");
        assert!(html.contains("責任ある外国人労働者の受入れ") && html.contains("賃金と控除"));
        let active = certificate_page(&english, CertificateState::Active);
        assert!(active.contains("in force until 25 November 2028."));
        assert!(active.contains("A dormitory was added."), "the reason of what made it so");
    }

    #[test]
    fn a_certificate_in_force_says_what_an_act_left_of_it() {
        let programme = programme();
        let mut higher = payload(&programme);
        higher.credential_subject.profile_score.code = "leading".to_owned();
        let mut wider = payload(&programme);
        let scope = &mut wider.credential_subject.conformity_assessment[0].assessed_facility;
        scope.extend_from_within(..1);
        for (act, earlier, words) in [
            ("reinstated", None, "lifted its suspension"),
            ("extended", None, "extended or renewed it"),
            ("renamed", None, "recorded its holder&#39;s new name."),
            ("corrected", None, "corrected what it states."),
            ("reduced", Some(higher), "lowered its level."),
            ("reduced", Some(wider), "reduced its scope to the facilities listed below."),
            ("reduced", None, "reduced its level and scope to those below."),
        ] {
            let mut facts = sample();
            facts.history.last_mut().expect("an event").kind = act.to_owned();
            let view = reader(Locale::En, "/certificates/AK-7M3Q-XRTH-B?lang=en");
            let html = page_of(&view, facts, CertificateState::Active, earlier);
            let sentence = format!("On 8 January 2027 the certification body {words}");
            assert!(html.contains(&sentence), "{act}: {html}");
        }
    }

    #[test]
    fn a_level_is_called_by_its_title_where_its_programme_is_known() {
        let programme = programme();
        let japanese = reader(Locale::Ja, "/");
        assert_eq!(level_title(&japanese, Some(&programme), "leading"), "先導");
        assert_eq!(level_title(&japanese, Some(&programme), "other"), "other");
        assert_eq!(level_title(&japanese, None, "leading"), "leading");
    }

    #[test]
    fn an_empty_list_says_what_it_means() {
        for language in Locale::ALL {
            let view = reader(*language, "/certificates?q=nobody");
            let asked = Asked { q: "<nobody>".into(), ..Asked::default() };
            let page = SearchPage {
                view: &view,
                asked,
                nothing: Nothing::Name,
                programmes: vec![],
                rows: vec![],
                next: None,
                states: Standing::ALL,
            };
            let html = page.render().expect("a page");
            assert!(html.contains(&view.text("search-none-name")));
            assert!(!html.contains("<nobody>"), "what was typed is text");
            let home = HomePage { view: &view }.render().expect("a page");
            assert!(home.contains(&view.text("home-lead")));
        }
    }

    #[test]
    fn a_report_s_page_names_the_verdict_and_every_check() {
        let now = "2027-02-01T00:00:00Z".parse().expect("a time");
        let report = verify(b"{}", Err(Untrusted::BundleMissing), &Policy::default(), now, None);
        for language in Locale::ALL {
            let view = reader(*language, "/verify");
            let html = ReportPage::new(&view, &report, None).render().expect("a page");
            let own = super::language(&view);
            let shown = |words: &str| html.contains(&words.replace('\'', "&#39;"));
            assert!(shown(report.verdict.heading(own)) && shown(report.verdict.advice(own)));
            assert!(html.contains("status withdrawn"));
            for check in &report.checks {
                assert!(shown(check.name.heading(own)) && shown(check.outcome.heading(own)));
                assert!(check.sentence(own).is_none_or(shown), "{html}");
            }
            let form = VerifyPage::new(&view, false).render().expect("a page");
            assert!(form.contains(&view.text("verify-lead")));
            let nothing = VerifyPage::new(&view, true).render().expect("a page");
            // The words for the script have it too, so ask for it where people see it.
            let notice = format!("role=\"alert\"><p>{}</p>", view.text("verify-nothing"));
            assert!(nothing.contains(&notice) && !form.contains(&notice));
        }
    }

    #[test]
    fn pages_load_nothing_from_elsewhere_and_run_nothing() {
        let view = reader(Locale::En, "/");
        let html = certificate_page(&view, CertificateState::Active);
        for forbidden in ["<script", "style=", "src=", "onclick=", "onload=", "url("] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }
}
