//! Who may call which route, whatever state its subject is in.

use std::collections::BTreeSet;

use akashi_tests::{Case, Client, Engine, Registry, Step, on_both_engines, words};
use serde_json::{Value, json};

use crate::Table;
use crate::world::{API, Body, Request, World, outcome, reasoned, with};

// The columns are those who ask:
//   no  nobody signed in                   de  the assigned decision maker
//   st  a member of another company        d2  a decision maker of the body without a task here
//   co  a member of the company            qm  the body's quality manager
//   le  the assigned lead assessor         au  the body's auditor
//   as  another assigned assessor          ow  the programme's owner
//   a2  an assessor of the body            bu  a buyer
//       without a task here                op  the registry's operator
//   re  the assigned reviewer              fo  every role of another body, and another owner
//   r2  a reviewer of the body without a task here
//
// A cell is `ok`, or the status that refuses: 401 to nobody, 403 to those who belong to the subject's
// parties, 404 to strangers, who are not even told that it exists. `own` is a list without the subject
// in it. `answer` is what those get who may: a request that changes nothing for a reason that is asked
// about only after the permission, or a read.

/// Routes about one application and what hangs on it. Walked in every state.
pub(crate) const CASE: &str = "
                                                                    answer no st co le as a2 re r2 de d2 qm au ow bu op fo
    GET /api/v1/applications                                           200 401 own ok ok ok own ok own ok own ok ok own own own own
    GET /api/v1/applications/{id}                                      200 401 404 ok ok ok 403 ok 403 ok 403 ok ok 404 404 404 404
    PATCH /api/v1/applications/{id}                          stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    PUT /api/v1/applications/{id}/answers/{criterion}  invalid|wrong-state 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    PUT /api/v1/applications/{id}/answers              invalid|wrong-state 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/applications/{id}/agreement                 stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/applications/{id}/submit                    stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/applications/{id}/withdraw                  stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/applications/{id}/accept                    stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/applications/{id}/return                    stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/applications/{id}/decline                   stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/applications/{id}/cancel                    stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/applications/{id}/assignments               stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/applications/{id}/assignments/{assignment}/accept      not-found 401 404 403 404 ok 403 404 403 404 403 403 403 404 404 404 404
    POST /api/v1/applications/{id}/assignments/{assignment}/end  stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/applications/{id}/decision                  stale-version 401 404 403 403 403 403 403 403 ok 403 403 403 404 404 404 404
    POST /api/v1/applications/{id}/more                      stale-version 401 404 403 403 403 403 403 403 ok 403 403 403 404 404 404 404
    GET /api/v1/assessments/{id}                                       200 401 404 403 ok ok 403 ok 403 ok 403 ok ok 404 404 404 404
    GET /api/v1/assessments/{id}/report                    200|wrong-state 401 404 ok ok ok 403 ok 403 ok 403 403 403 404 404 404 404
    PUT /api/v1/assessments/{id}/ratings/{criterion}   invalid|wrong-state 401 404 403 ok ok 403 403 403 403 403 403 403 404 404 404 404
    PUT /api/v1/assessments/{id}/ratings               invalid|wrong-state 401 404 403 ok ok 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/assessments/{id}/start                      stale-version 401 404 403 ok 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/assessments/{id}/complete                   stale-version 401 404 403 ok 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/assessments/{id}/forward                    stale-version 401 404 403 ok 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/assessments/{id}/abort                      stale-version 401 404 403 ok 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/assessments/{id}/review                     stale-version 401 404 403 403 403 403 ok 403 403 403 403 403 404 404 404 404
    GET /api/v1/findings                                               200 401 404 ok ok ok 403 ok 403 ok 403 ok ok 404 404 404 404
    GET /api/v1/findings/{id}                                          200 401 404 ok ok ok 403 ok 403 ok 403 ok ok 404 404 404 404
    POST /api/v1/findings/{id}/plan                          stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/findings/{id}/evidence                      stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/findings/{id}/decline                       stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/findings/{id}/accept                        stale-version 401 404 403 ok ok 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/findings/{id}/verify                        stale-version 401 404 403 ok ok 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/findings/{id}/reject                        stale-version 401 404 403 ok ok 403 403 403 403 403 403 403 404 404 404 404
    POST /api/v1/findings/{id}/extend                        stale-version 401 404 403 403 403 403 403 403 ok 403 403 403 404 404 404 404
    GET /api/v1/certificates/{number}                                  200 401 404 ok 403 403 403 ok ok ok ok ok ok 404 404 404 404
    POST /api/v1/certificates/{number}/assessments           stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/certificates/{number}/suspend               stale-version 401 404 403 403 403 403 403 403 ok ok 403 403 404 404 404 404
    POST /api/v1/certificates/{number}/reinstate             stale-version 401 404 403 403 403 403 403 403 ok ok 403 403 404 404 404 404
    POST /api/v1/certificates/{number}/reduce                stale-version 401 404 403 403 403 403 403 403 ok ok 403 403 404 404 404 404
    POST /api/v1/certificates/{number}/rename                stale-version 401 404 403 403 403 403 403 403 ok ok 403 403 404 404 404 404
    POST /api/v1/certificates/{number}/correct               stale-version 401 404 403 403 403 403 403 403 ok ok 403 403 404 404 404 404
    POST /api/v1/certificates/{number}/withdraw              stale-version 401 404 403 403 403 403 403 403 ok ok 403 403 404 404 404 404
    POST /api/v1/certificates/{number}/reissue               stale-version 401 404 403 403 403 403 403 403 ok ok 403 403 404 404 404 404
    POST /api/v1/certificates/{number}/terminate             stale-version 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    GET /api/v1/applications/{id}/decisions                            200 401 404 ok ok ok 403 ok 403 ok 403 ok ok 404 404 404 404
    GET /api/v1/certificates/{number}/decisions                        200 401 404 ok 403 403 403 ok ok ok ok ok ok 404 404 404 404
    GET /api/v1/applications/{id}/fees                                 200 401 404 ok 403 403 403 403 403 403 403 ok ok 404 404 404 404
    POST /api/v1/applications/{id}/fees                invalid|wrong-state 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/fees/{id}/invoice                           stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/fees/{id}/pay                               stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    GET /api/v1/complaints/{id}/record                                 200 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/complaints/{id}/acknowledge                 stale-version 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/complaints/{id}/resolve                     stale-version 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/complaints/{id}/dismiss                     stale-version 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/appeals                                         duplicate 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
    GET /api/v1/appeals [of the company]                               200 401 own ok own own own own ok own own ok ok own own own own
    GET /api/v1/appeals/{id}                                           200 401 404 ok 403 403 403 403 ok 403 403 ok ok 404 404 404 404
    POST /api/v1/appeals/{id}/admit                          stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/appeals/{id}/reject                         stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/appeals/{id}/panel                          stale-version 401 404 403 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/appeals/{id}/outcome                        stale-version 401 404 403 403 403 403 403 ok 403 403 403 403 404 404 404 404
    POST /api/v1/credentials/{id}/retry                      stale-version 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    POST /api/v1/credentials/{id}/void                       stale-version 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    POST /api/v1/evidence               unsupported-media-type|wrong-state 401 404 ok ok ok 403 403 403 403 403 403 403 404 404 404 404
    GET /api/v1/evidence/{id}                                          200 401 404 ok ok ok 403 ok 403 ok 403 ok 403 404 404 404 404
    POST /api/v1/evidence/{id}/links                   invalid|wrong-state 401 404 ok ok ok 403 403 403 403 403 403 403 404 404 404 404
    DELETE /api/v1/evidence/{id}                           204|wrong-state 401 404 ok 403 403 403 403 403 403 403 403 403 404 404 404 404
";

/// Routes about parties, programmes, duties and the registry itself. In brackets: which kind of
/// subject, where a route's answer hangs on that.
pub(crate) const REST: &str = "
                                                                    answer no st co le as a2 re r2 de d2 qm au ow bu op fo
    POST /api/v1/applications                                      invalid 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    GET /api/v1/parties                                                200 401 own ok own own own own own own own own own own own own own
    POST /api/v1/parties [company]                                 invalid 401 ok ok ok ok ok ok ok ok ok ok ok ok ok ok ok
    POST /api/v1/parties [body]                                    invalid 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    GET /api/v1/parties/{id} [company]                                 200 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    GET /api/v1/parties/{id} [body]                                    200 401 ok ok ok ok ok ok ok ok ok ok ok ok ok ok ok
    GET /api/v1/parties/{id} [owner]                                   200 401 404 404 404 404 404 404 404 404 404 404 404 ok 404 ok 404
    PATCH /api/v1/parties/{id} [company]                     stale-version 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    POST /api/v1/parties/{id}/erase [company]                stale-version 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    PATCH /api/v1/parties/{id} [body]                        stale-version 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    PATCH /api/v1/parties/{id} [owner]                       stale-version 401 404 404 404 404 404 404 404 404 404 404 404 ok 404 404 404
    PATCH /api/v1/parties/{id} [body's name]                 stale-version 401 404 404 403 403 403 403 403 403 403 403 403 404 404 ok 404
    PATCH /api/v1/parties/{id} [owner's name]                stale-version 401 404 404 404 404 404 404 404 404 404 404 404 403 404 ok 404
    GET /api/v1/parties/{id}/members [company]                         200 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    GET /api/v1/parties/{id}/members [body]                            200 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 ok 404
    POST /api/v1/parties/{id}/members [company]                    invalid 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    POST /api/v1/parties/{id}/members [body]                       invalid 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    DELETE /api/v1/parties/{id}/members/{membership} [company]     invalid 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    DELETE /api/v1/parties/{id}/members/{membership} [body]        invalid 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    GET /api/v1/parties/{id}/facilities [company]                      200 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    POST /api/v1/parties/{id}/facilities [company]                 invalid 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    PATCH /api/v1/parties/{id}/facilities/{facility} [company] stale-version 401 404 ok 404 404 404 404 404 404 404 404 404 404 404 404 404
    POST /api/v1/programmes/{id}/drafts                            invalid 401 404 404 404 404 404 404 404 404 404 404 404 ok 404 404 404
    PUT /api/v1/programmes/{id}/drafts/{draft}               stale-version 401 404 404 404 404 404 404 404 404 404 404 404 ok 404 404 404
    POST /api/v1/programmes/{id}/drafts/{draft}/publish      stale-version 401 404 404 404 404 404 404 404 404 404 404 404 ok 404 404 404
    POST /api/v1/authorisations                                    invalid 401 404 404 404 404 404 404 404 404 404 404 404 ok 404 404 404
    POST /api/v1/authorisations/{id}/end                           invalid 401 404 404 404 404 404 404 404 404 404 404 404 ok 404 404 404
    POST /api/v1/conflicts [own]                                   invalid 401 ok ok ok ok ok ok ok ok ok ok ok ok ok ok ok
    POST /api/v1/conflicts [of another]                            invalid 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    POST /api/v1/competences                                       invalid 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    GET /api/v1/audit [body]                                           200 401 404 404 403 403 403 403 403 403 403 ok ok 404 404 ok 404
    GET /api/v1/audit [all]                                            200 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    GET /api/v1/complaints [body]                                      200 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    GET /api/v1/surveillance [body]                                    200 401 404 404 403 403 403 403 403 403 403 ok 403 404 404 404 404
    GET /api/v1/findings/overdue [body]                                200 401 404 404 403 403 403 403 403 403 403 ok ok 404 404 404 404
    GET /api/v1/keys                                                   200 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    POST /api/v1/keys/{id}/retire                                not-found 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    POST /api/v1/keys/{id}/compromised                           not-found 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    GET /api/v1/jobs                                                   200 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    GET /api/v1/mail                                                   200 401 403 403 403 403 403 403 403 403 403 403 403 403 403 ok 403
    GET /api/v1/me                                                     200 401 ok ok ok ok ok ok ok ok ok ok ok ok ok ok ok
    PATCH /api/v1/me                                         stale-version 401 ok ok ok ok ok ok ok ok ok ok ok ok ok ok ok
    POST /api/v1/me/memberships/{id}/accept                      not-found 401 ok ok ok ok ok ok ok ok ok ok ok ok ok ok ok
    POST /api/v1/me/memberships/{id}/decline                     not-found 401 ok ok ok ok ok ok ok ok ok ok ok ok ok ok ok
";

/// Routes that ask nobody who they are, with what they answer.
const ANYONE: &str = "
                                                       answer
    POST /api/v1/accounts                             invalid
    POST /api/v1/operators                            invalid
    POST /api/v1/sessions                             invalid
    POST /api/v1/sessions/refresh                     invalid
    GET /api/v1/programmes                                200
    GET /api/v1/programmes/{id}/{version}                 200
    POST /api/v1/complaints                           invalid
    GET /api/v1/complaints/{id}                       invalid
    GET /certificates                                     200
    GET /certificates/{number}                            200
    GET /credentials/{id}                                 200
    GET /credentials/{id}/log-proof                       200
    GET /status/{list}                              not-found
    GET /facilities/{id}                                  200
    GET /companies/{id}                             not-found
    GET /changes                                          200
    POST /verify                                          200
    GET /bodies/{slug}/did.json                           200
    GET /bodies/{slug}/counts                             200
    GET /.well-known/did.json                             200
    GET /.well-known/jwks.json                            200
    GET /.well-known/akashi/root                          200
    GET /.well-known/akashi/root/{version}                200
    GET /.well-known/akashi/trust-bundle                  200
    GET /contexts/akashi/v1                               200
    GET /programmes/{id}                                  303
    GET /programmes/{id}/{version}                        200
    GET /healthz                                          200
    GET /readyz                                           200
    GET /log/checkpoint                                   200
    GET /log/tile/{*path}                           not-found
    GET /log/tile/entries/{*path}                   not-found
";

/// Lists of what one has to do with: the subject is in them for those who have, and for nobody else.
const LISTS: [&str; 3] =
    ["GET /api/v1/applications", "GET /api/v1/parties", "GET /api/v1/appeals [of the company]"];

/// Ends the session of whoever asks, so those who are asked for everything else do not ask for it.
const SIGN_OUT: &str = "DELETE /api/v1/sessions/current";

/// The column that speaks for somebody before the application has any tasks.
fn without_task(column: &str) -> &str {
    match column {
        "le" | "as" => "a2",
        "re" => "r2",
        "de" => "d2",
        other => other,
    }
}

/// A version that nothing ever has.
const NEVER: i64 = 1_000_000;

/// What the requests are about.
pub(crate) struct Subject<'a> {
    world: &'a World,
    case: &'a Case,
    draft: &'a str,
}

impl Subject<'_> {
    /// A route's path, its variables filled in; `None` when the case has no such thing yet.
    async fn path(&self, route: &str) -> Option<String> {
        let cast = &self.world.cast;
        let (path, which) = route.split_once(" [").unwrap_or((route, ""));
        let which = which.trim_end_matches(']');
        let id = match path.trim_start_matches(API).split('/').nth(1).unwrap_or_default() {
            "applications" => &self.case.application,
            "assessments" => self.case.assessment.as_ref()?,
            "findings" if path.contains("{id}") => self.case.finding.as_ref()?,
            "certificates" if path.contains("{number}") => self.case.certificate.as_ref()?,
            "credentials" => self.case.credential.as_ref()?,
            "fees" => self.case.fee.as_ref()?,
            "complaints" if path.contains("{id}") => self.case.complaint.as_ref()?,
            "appeals" => self.case.appeal.as_ref()?,
            "evidence" if path.contains("{id}") => &self.case.evidence,
            "facilities" => &self.case.facility,
            "companies" => &self.case.company,
            "authorisations" => &cast.authorisation,
            "programmes" => return Some(self.programme_path(path)),
            "parties" | "audit" | "bodies" if which == "company" => &self.case.company,
            "parties" | "audit" | "bodies" if which.starts_with("owner") => &cast.owner_party,
            _ => &cast.id,
        };
        let mut path = path.replace("{id}", id).replace("{number}", id);
        if path.contains("{membership}") {
            let manager = if which == "company" { &cast.applicant } else { &cast.quality_manager };
            let members = manager.get(path.trim_end_matches("/{membership}")).await.expect(200);
            let members = members.json.as_array().cloned().unwrap_or_default();
            let own = members.iter().find(|member| member["account"] == manager.id.as_str());
            let own =
                own.and_then(|member| member["id"].as_str()).expect("who administers is a member");
            path = path.replace("{membership}", own);
        }
        match path.as_str() {
            "/api/v1/findings" => path.push_str(&format!("?application={}", self.case.application)),
            "/api/v1/audit" if which == "body" => path.push_str(&format!("?party={}", cast.id)),
            "/api/v1/complaints" if which == "body" => path.push_str(&format!("?body={}", cast.id)),
            "/api/v1/surveillance" | "/api/v1/findings/overdue" => {
                path.push_str(&format!("?body={}", cast.id));
            }
            "/api/v1/evidence" => path = self.case.attach_path(),
            _ => {}
        }
        let assignment = self.case.assignment.as_ref().unwrap_or(&self.case.application);
        let filled = [
            ("{assignment}", assignment.as_str()),
            ("{criterion}", "RH-1.1"),
            ("{facility}", &self.case.facility),
            ("{slug}", "example-body"),
            ("{list}", "none"),
            ("{version}", "1"),
            ("{*path}", "none"),
        ];
        Some(filled.iter().fold(path, |path, (variable, value)| path.replace(variable, value)))
    }

    fn programme_path(&self, path: &str) -> String {
        let cast = &self.world.cast;
        let version = cast.programme["version"].as_str().expect("a programme has a version");
        path.replace("{id}", cast.programme_id())
            .replace("{draft}", self.draft)
            .replace("{version}", version)
    }

    /// A body that the route takes, and that changes nothing.
    fn body(&self, route: &str) -> Body {
        let route = route.strip_prefix(API).unwrap_or(route);
        if route == "/evidence" {
            return Body::UnknownFile;
        }
        let known = self.body_about_a_case(route).or_else(|| self.body_about_the_rest(route));
        Body::Json(known.unwrap_or_else(|| json!({"version": NEVER})))
    }

    fn body_about_a_case(&self, route: &str) -> Option<Value> {
        let (cast, case) = (&self.world.cast, self.case);
        let public = with(reasoned(NEVER), json!({"public_reason": "As decided."}));
        // An id of the right form, but of something else.
        let unknown = &case.application;
        Some(match route {
            "/applications" => {
                json!({"company": case.company, "body": cast.id, "kind": "initial",
                "programme": {"id": "none", "version": "none"}, "facilities": [], "facts": []})
            }
            "/applications/{id}/answers/{criterion}" => {
                json!({"version": 0, "facility": unknown, "answer": "yes"})
            }
            "/applications/{id}/answers" => json!({"answers": [
                {"criterion": "RH-2.1", "version": 0, "facility": unknown, "answer": "yes"}]}),
            "/applications/{id}/agreement" => json!({"version": NEVER, "terms_version": "2026-1"}),
            "/applications/{id}/assignments" => {
                json!({"version": NEVER, "account": cast.lead.id, "task": "lead"})
            }
            "/applications/{id}/assignments/{assignment}/accept" => json!({}),
            "/applications/{id}/assignments/{assignment}/end" => reasoned(NEVER),
            "/applications/{id}/decision" => with(reasoned(NEVER), json!({"kind": "refuse"})),
            "/assessments/{id}/ratings/{criterion}" => {
                json!({"facility": unknown, "value": "conform", "reason": words()})
            }
            "/assessments/{id}/ratings" => json!({"ratings": [
                {"criterion": "RH-2.1", "facility": unknown, "value": "conform", "reason": words()}]}),
            "/assessments/{id}/review" => {
                with(reasoned(NEVER), json!({"recommendation": "refuse", "na_accepted": true}))
            }
            "/findings/{id}/plan" => json!({"version": NEVER, "cause": words(), "plan": words()}),
            "/findings/{id}/evidence" => json!({"version": NEVER, "evidence": []}),
            "/findings/{id}/verify" => with(reasoned(NEVER), json!({"value": "conform"})),
            "/findings/{id}/extend" => {
                with(reasoned(NEVER), json!({"until": "2035-01-01T00:00:00Z"}))
            }
            "/complaints" => json!({"about": {"body": "none"}, "text": {"text": "", "lang": "en"}}),
            "/applications/{id}/fees" => json!({"item": "", "amount": 1, "currency": "JPY"}),
            "/complaints/{id}/resolve" | "/complaints/{id}/dismiss" => {
                json!({"version": NEVER, "answer": words()})
            }
            "/appeals" => json!({"decision": case.decision, "grounds": words()}),
            "/appeals/{id}/reject" => reasoned(NEVER),
            "/appeals/{id}/panel" => json!({"version": NEVER, "members": []}),
            "/appeals/{id}/outcome" => with(reasoned(NEVER), json!({"outcome": "overturned"})),
            "/certificates/{number}/suspend" => {
                with(public, json!({"cause": "request", "heard": true}))
            }
            "/certificates/{number}/assessments" => {
                json!({"version": NEVER, "kind": "special", "reason": words()})
            }
            "/certificates/{number}/reinstate" => with(public, json!({"cause_closed": true})),
            "/certificates/{number}/rename" => with(public, json!({"name": "例示"})),
            "/certificates/{number}/reduce"
            | "/certificates/{number}/correct"
            | "/certificates/{number}/withdraw" => public,
            "/evidence/{id}/links" => json!({"application": case.application, "criterion": "none",
                "facility": case.facility}),
            "/applications/{id}/return"
            | "/applications/{id}/decline"
            | "/applications/{id}/cancel"
            | "/applications/{id}/more"
            | "/assessments/{id}/forward"
            | "/assessments/{id}/abort"
            | "/findings/{id}/reject"
            | "/findings/{id}/decline"
            | "/certificates/{number}/terminate" => reasoned(NEVER),
            _ => return None,
        })
    }

    fn body_about_the_rest(&self, route: &str) -> Option<Value> {
        let (cast, case) = (&self.world.cast, self.case);
        let (unknown, since) = (&case.application, "2026-01-01T00:00:00Z");
        Some(match route {
            "/parties [company]" => json!({"kind": "company", "name": "", "country": "JP"}),
            "/parties [body]" => json!({"kind": "body", "name": "", "country": "JP"}),
            "/parties/{id} [body's name]" | "/parties/{id} [owner's name]" => {
                json!({"version": NEVER, "name": "Another Name"})
            }
            "/parties/{id}/members [company]" => {
                json!({"email": cast.lead.email, "role": "auditor"})
            }
            "/parties/{id}/members [body]" => {
                json!({"email": cast.lead.email, "role": "applicant"})
            }
            "/parties/{id}/facilities [company]" => {
                json!({"kind": "site", "name": "", "address": "", "region": "", "country": "JP"})
            }
            "/programmes/{id}/drafts" => json!({"owner": cast.owner_party, "programme": {}}),
            "/programmes/{id}/drafts/{draft}" => {
                json!({"version": NEVER, "programme": cast.programme})
            }
            "/programmes/{id}/drafts/{draft}/publish" => {
                json!({"version": NEVER, "effective_from": since})
            }
            "/authorisations" => json!({"programme": cast.programme_id(), "body": case.company,
                "from": since, "until": "2030-01-01T00:00:00Z"}),
            "/authorisations/{id}/end" => json!({"until": "2050-01-01T00:00:00Z"}),
            "/conflicts [own]" => json!({"party": unknown, "kind": "declared", "from": since}),
            "/conflicts [of another]" => {
                json!({"party": unknown, "kind": "declared", "from": since,
                "account": unknown, "body": cast.id})
            }
            "/competences" => json!({"body": cast.id, "account": cast.applicant.id,
                "programme": cast.programme_id(), "from": since}),
            "/keys/{id}/compromised" => json!({"from": since}),
            "/me/memberships/{id}/accept" | "/me/memberships/{id}/decline" => json!({}),
            "/keys/{id}/retire" | "/accounts" | "/operators" | "/sessions"
            | "/sessions/refresh" => json!({}),
            _ => return None,
        })
    }

    pub(crate) async fn request(&self, name: &str) -> Option<Request> {
        let (method, route) = name.split_once(' ').expect("a method and a route");
        Some(Request {
            method: method.to_owned(),
            path: self.path(route).await?,
            body: self.body(route),
        })
    }
}

/// Asks every row of a table of everybody. Gives where the registry differs from it.
async fn walk(subject: &Subject<'_>, table: &str, in_state: &str, tasks: bool) -> Vec<String> {
    let table = Table::read(table);
    let mut wrong = Vec::new();
    let mut before = subject.world.read(subject.case).await;
    for (name, cells) in &table.rows {
        let Some(request) = subject.request(name).await else { continue };
        subject.world.done().await;
        let mut taken_back = false;
        for column in &table.columns[1..] {
            let cell = cells[if tasks { column } else { without_task(column) }];
            for client in subject.world.actors(column) {
                let answer = request.by(client).await;
                let found = outcome(&answer);
                let fits = match cell {
                    "ok" if LISTS.contains(&name.as_str()) => {
                        found == "200" && mentions(&answer.body, subject.case)
                    }
                    "ok" => cells["answer"].split('|').any(|allowed| allowed == found),
                    "own" => found == "200" && !mentions(&answer.body, subject.case),
                    "401" => found == "not-signed-in",
                    "403" => found == "forbidden",
                    "404" => found == "not-found",
                    other => panic!("{name} has a cell {other}"),
                };
                // The one request of the tables that does something, where it may.
                taken_back |= fits && found == "204";
                if !fits {
                    wrong.push(format!(
                        "{name} by {column} in {in_state}: expected {cell}, but {found}"
                    ));
                }
            }
        }
        let done = subject.world.done().await;
        let after = subject.world.read(subject.case).await;
        if taken_back {
            // The file is all that went.
            before.pop();
            before.extend(after.last().cloned());
        }
        if done.len() != usize::from(taken_back) || before != after {
            wrong.push(format!("{name} in {in_state} was refused and changed something: {done:?}"));
        }
        before = after;
    }
    wrong
}

fn mentions(body: &[u8], case: &Case) -> bool {
    let body = String::from_utf8_lossy(body);
    body.contains(&case.application) || body.contains(&case.company)
}

/// A registry with everybody in it, a case in each state, and a draft of a programme.
pub(crate) struct Stage {
    pub(crate) world: World,
    draft: String,
}

impl Stage {
    pub(crate) async fn set(registry: &Registry) -> Stage {
        let world = World::gather(registry).await;
        let mut next = world.cast.programme.clone();
        next["version"] = "2099.1".into();
        let path = format!("{API}/programmes/{}/drafts", world.cast.programme_id());
        let draft = json!({"owner": world.cast.owner_party, "programme": next});
        let draft = world.cast.owner.post(&path, &draft).await.expect(201).text("/id").to_owned();
        Stage { world, draft }
    }

    /// A case as the subject of requests.
    pub(crate) fn subject<'a>(&'a self, case: &'a Case) -> Subject<'a> {
        Subject { world: &self.world, case, draft: &self.draft }
    }

    /// A case in each state that an application, its assessment, finding or certificate can be in.
    async fn cases(&self) -> Vec<(&'static str, Case)> {
        let cast = &self.world.cast;
        let mut cases = Vec::new();
        for (n, (state, step)) in (1..).zip([
            ("draft", Step::Draft),
            ("submitted", Step::Submitted),
            ("accepted", Step::Accepted),
            ("planned", Step::Planned),
            ("open", Step::Open),
            ("review", Step::Completed),
            ("deciding", Step::Deciding),
            ("active", Step::Active),
        ]) {
            cases.push((state, cast.bring(n, step).await));
        }
        let (_, active) = cases.last_mut().expect("a case");
        cast.is_complained_of(&self.world.anyone, active).await;
        cast.is_quoted_a_fee(active).await;
        cases.push(("findings", cast.bring_rated_below(20, Step::Completed, "major").await));
        for (n, (state, step, who, event, body)) in (30..).zip([
            (
                "closed",
                Step::Submitted,
                &cast.quality_manager,
                "decline",
                json!({"reason": words()}),
            ),
            ("withdrawn", Step::Deciding, &cast.applicant, "withdraw", json!({})),
        ]) {
            let case = cast.bring(n, step).await;
            self.end(&case.application_path(), who, event, body).await;
            cases.push((state, case));
        }
        cases.push(("refused", self.refused_and_heard(33).await));
        let public = json!({"reason": words(), "public_reason": "As decided."});
        let suspend = with(public.clone(), json!({"cause": "request", "heard": true}));
        for (n, (state, event, body)) in (40..)
            .zip([("suspended", "suspend", suspend), ("certificate withdrawn", "withdraw", public)])
        {
            let case = cast.bring(n, Step::Active).await;
            self.end(&case.certificate_path(), &cast.decision_maker, event, body).await;
            cases.push((state, case));
        }
        // An assessor who has not accepted the task yet only reads the application; so here everybody has.
        let (_, planned) = cases.iter().find(|(state, _)| *state == "planned").expect("a case");
        cast.accept_task(planned).await;
        let case = cast.bring(50, Step::Open).await;
        self.end(&case.assessment_path(), &cast.lead, "abort", json!({"reason": words()})).await;
        cases.push(("aborted", case));
        cases
    }

    /// A case that was refused and appealed, and is heard by the reviewer who has no task in it.
    pub(crate) async fn refused_and_heard(&self, n: u32) -> Case {
        let cast = &self.world.cast;
        let mut case = cast.bring(n, Step::Deciding).await;
        let refuse = json!({"kind": "refuse", "reason": words()});
        self.end(&case.application_path(), &cast.decision_maker, "decision", refuse).await;
        cast.is_appealed(&mut case).await;
        cast.is_heard_by(&case, &self.world.second_reviewer).await;
        case
    }

    async fn end(&self, path: &str, who: &Client, event: &str, mut body: Value) {
        let read = self.world.cast.quality_manager.get(path).await.expect(200);
        body["version"] = read.at("/version").clone();
        let answer = who.post(&format!("{path}/{event}"), &body).await;
        assert!(answer.status.is_success(), "{answer}");
    }
}

async fn everybody_is_answered_as_the_table_of_roles_says(engine: Engine) {
    let registry = Registry::start(engine).await;
    let stage = Stage::set(&registry).await;
    let mut wrong = Vec::new();
    for (state, case) in &stage.cases().await {
        let tasks = case.assessment.is_some();
        wrong.extend(walk(&stage.subject(case), CASE, state, tasks).await);
        if *state == "active" {
            wrong.extend(walk(&stage.subject(case), REST, state, tasks).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    registry.discard().await;
}

async fn what_is_public_asks_nobody_who_they_are(engine: Engine) {
    let registry = Registry::start(engine).await;
    let stage = Stage::set(&registry).await;
    let mut case = stage.world.cast.bring(1, Step::Active).await;
    stage.world.cast.is_complained_of(&registry.anyone(), &mut case).await;
    let subject = stage.subject(&case);
    let mut wrong = Vec::new();
    for (name, cells) in &Table::read(ANYONE).rows {
        let request = subject.request(name).await.expect("a certified company has everything");
        let found = outcome(&request.by(&registry.anyone()).await);
        if found != cells["answer"] {
            wrong.push(format!("{name}: expected {}, but {found}", cells["answer"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    registry.anyone().delete(SIGN_OUT.trim_start_matches("DELETE ")).await.problem("not-signed-in");
    registry.discard().await;
}

async fn every_route_has_its_row(engine: Engine) {
    let registry = Registry::start(engine).await;
    let described = registry.anyone().get("/openapi.json").await.expect(200);
    let (mut routes, mut ask_nobody) = (BTreeSet::new(), BTreeSet::new());
    for (path, operations) in described.at("/paths").as_object().expect("an object of paths") {
        for (method, operation) in operations.as_object().expect("an object of operations") {
            let route = format!("{} {path}", method.to_uppercase());
            if operation["security"] != json!([{"access_token": []}]) {
                ask_nobody.insert(route.clone());
            }
            routes.insert(route);
        }
    }
    let anyone: BTreeSet<_> = Table::read(ANYONE).rows.into_iter().map(|(name, _)| name).collect();
    assert_eq!(ask_nobody, anyone, "the description says which routes take a token");
    let tables = [CASE, REST, ANYONE].map(Table::read);
    let names = tables.iter().flat_map(|table| &table.rows).map(|(name, _)| name.as_str());
    let rows: BTreeSet<String> = names
        .chain([SIGN_OUT])
        .map(|name| name.split(" [").next().unwrap_or(name).to_owned())
        .collect();
    assert_eq!(routes, rows);
    registry.discard().await;
}

on_both_engines!(
    everybody_is_answered_as_the_table_of_roles_says,
    what_is_public_asks_nobody_who_they_are,
    every_route_has_its_row,
);
