//! The decision: granted or refused, and later acts on a certificate, by somebody who neither
//! assessed nor reviewed.

use akashi_schemas::programme::Level;
use akashi_schemas::{Programme, text_enum};

use super::application::{
    self, ApplicationEvent, ApplicationKind, ApplicationState, ApplicationStep,
};
use super::conflict::Conflict;
use super::finding::{Grade, Standing};
use super::refusal::{Missing, Needs, Partiality, Refusal, blank};

text_enum! {
    /// What is decided.
    pub enum DecisionKind {
        /// A certificate, or a new term of it.
        Grant = "grant",
        /// No certificate.
        Refuse = "refuse",
        /// The certificate does not count for a time.
        Suspend = "suspend",
        /// It counts again.
        Reinstate = "reinstate",
        /// Level or scope becomes less.
        Reduce = "reduce",
        /// The scope becomes another after a scope change, or the names that the certificate states.
        Extend = "extend",
        /// The body takes the certificate away.
        Withdraw = "withdraw",
        /// The holder gives it up.
        Terminate = "terminate",
        /// The certificate goes on as it is, after a surveillance or special assessment.
        Continue = "continue",
    }
}

impl DecisionKind {
    /// Whether a decision of this kind on a certificate is also the decision on the surveillance or special assessment of it
    /// that is due to be decided.
    #[must_use]
    pub const fn closes_follow_up(self) -> bool {
        matches!(self, Self::Suspend | Self::Reinstate | Self::Reduce | Self::Withdraw)
    }
}

text_enum! {
    /// Why a certificate is suspended.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum SuspensionCause {
        /// A requirement is no longer met.
        Nonconformity = "nonconformity",
        /// Access was refused or a surveillance could not take place.
        Access = "access",
        /// Fees or other terms of the agreement are not kept.
        Agreement = "agreement",
        /// A complaint is looked into that does not bear waiting.
        Complaint = "complaint",
        /// The holder asked for it.
        Request = "request",
    }
}

/// Who decides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Maker {
    /// Whether the person is a decision maker of the body that decides.
    pub of_body: bool,
    /// Whether the person assessed, for this application or certificate.
    pub assessed: bool,
    /// Whether the person reviewed it.
    pub reviewed: bool,
    /// A conflict between the person and the company.
    pub conflict: Option<Conflict>,
}

impl Maker {
    /// Whether the person may decide (ISO/IEC 17065, 7.6.2 and 4.2).
    ///
    /// # Errors
    /// [`Refusal::Partial`] with every reason why somebody else must.
    pub fn may(&self, event: &'static str) -> Result<(), Refusal> {
        let why: Vec<Partiality> = [
            (!self.of_body).then_some(Partiality::OtherBody),
            self.assessed.then_some(Partiality::Assessed),
            self.reviewed.then_some(Partiality::Reviewed),
            self.conflict.map(Partiality::Conflict),
        ]
        .into_iter()
        .flatten()
        .collect();
        if why.is_empty() { Ok(()) } else { Err(Refusal::Partial { event, why }) }
    }
}

/// What is decided on an application.
#[derive(Debug, Clone, Copy)]
pub enum Verdict<'a> {
    /// Granted at a level; `extend` when the application is for another scope.
    Grant(Grant<'a>),
    /// Refused.
    Refuse,
    /// The certificate continues at the level that it has.
    Continue(Grant<'a>),
}

/// A level, and what it is granted on.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The programme version assessed against.
    pub programme: &'a Programme,
    /// The level to be granted. It may be lower than the ratings give, never higher.
    pub level: &'a str,
    /// The best level that the decision rule gives for the ratings.
    pub rule_level: Option<&'a str>,
    /// Whether the body's authorisation for the programme is in force.
    pub authorised: bool,
    /// Whether the company may be shown: a sole proprietor is, only by consent.
    pub may_be_shown: bool,
    /// Every finding of the assessment.
    pub findings: &'a [Standing],
}

/// Decides an application: the kind of decision to record. The application is `decided` afterwards,
/// so that there is never a second one.
///
/// # Errors
/// [`Refusal`]: wrong state, a decision maker who may not, or what a grant or a refusal lacks.
pub fn decide(
    state: ApplicationState,
    kind: ApplicationKind,
    maker: &Maker,
    reason: &str,
    verdict: &Verdict<'_>,
) -> Result<DecisionKind, Refusal> {
    let event = ApplicationEvent::Decide;
    application::next(state, &ApplicationStep::Decide)?;
    maker.may(event.as_str())?;
    let needs = Needs::default().need(!blank(reason), Missing::Reason);
    let continues = matches!(verdict, Verdict::Continue(_));
    let needs = needs.need(kind.is_follow_up() == continues, Missing::FittingDecision);
    let (needs, decided) = match verdict {
        Verdict::Continue(grant) => (needs.all(grant.missing()), DecisionKind::Continue),
        Verdict::Refuse => (needs, DecisionKind::Refuse),
        Verdict::Grant(grant) if kind == ApplicationKind::ScopeChange => {
            (needs.all(grant.missing()), DecisionKind::Extend)
        }
        Verdict::Grant(grant) => (needs.all(grant.missing()), DecisionKind::Grant),
    };
    needs.settle(event.as_str(), event.movers()).map(|()| decided)
}

impl Grant<'_> {
    fn missing(&self) -> Vec<Missing> {
        let given = self.rule_level.and_then(|id| self.programme.level(id));
        let asked = self.programme.level(self.level);
        let mut missing = Vec::new();
        if !self.authorised {
            missing.push(Missing::Authorisation);
        }
        if !self.may_be_shown {
            missing.push(Missing::PublishConsent);
        }
        match asked.filter(|asked| given.is_some_and(|given| asked.rank >= given.rank)) {
            Some(level) => missing.extend(self.unsettled(level)),
            None => missing.push(Missing::Level {
                asked: self.level.chars().take(64).collect(),
                given: given.map(|level| level.id.clone()),
            }),
        }
        missing
    }

    /// The findings that the programme does not allow to be open at a grant of this level. One that
    /// the company declined to correct has no accepted plan and is never allowed.
    fn unsettled(&self, level: &Level) -> impl Iterator<Item = Missing> {
        let open = self.programme.rules.open_findings_at_grant;
        let attestation = level.attestation;
        let findings = self.findings.iter().filter(move |finding| {
            let settlement = match finding.grade {
                Grade::Critical => open.critical,
                Grade::Major => open.major,
                Grade::Minor => open.minor,
            };
            let closed = finding.state == super::finding::FindingState::Closed;
            !(closed || !settlement.needs_closed(attestation) && finding.plan_is_accepted())
        });
        findings.map(|finding| Missing::Finding { finding: finding.id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::conflict::TieKind;
    use super::super::finding::FindingState;
    use super::super::refusal::tests::{missing, partial};
    use super::super::scope::tests::programme;
    use super::*;

    const CONFLICT: Conflict = Conflict { kind: TieKind::Trained, counts_until: None };
    const FREE: Maker = Maker { of_body: true, assessed: false, reviewed: false, conflict: None };

    fn decide_initial(
        maker: &Maker,
        reason: &str,
        verdict: Verdict<'_>,
    ) -> Result<DecisionKind, Refusal> {
        decide(ApplicationState::Deciding, ApplicationKind::Initial, maker, reason, &verdict)
    }

    fn grant(programme: &Programme) -> Grant<'_> {
        Grant {
            programme,
            level: "certified",
            rule_level: Some("certified"),
            authorised: true,
            may_be_shown: true,
            findings: &[],
        }
    }

    #[test]
    fn a_grant_is_recorded_by_what_was_applied_for() {
        let programme = programme();
        for (kind, recorded) in [
            (ApplicationKind::Initial, DecisionKind::Grant),
            (ApplicationKind::Renewal, DecisionKind::Grant),
            (ApplicationKind::ScopeChange, DecisionKind::Extend),
            (ApplicationKind::Transfer, DecisionKind::Grant),
        ] {
            let granted = decide(
                ApplicationState::Deciding,
                kind,
                &FREE,
                "Sound.",
                &Verdict::Grant(grant(&programme)),
            );
            assert_eq!(granted, Ok(recorded), "{kind}");
            let refused = decide(
                ApplicationState::Deciding,
                kind,
                &FREE,
                "Fees were taken.",
                &Verdict::Refuse,
            );
            assert_eq!(refused, Ok(DecisionKind::Refuse), "{kind}");
        }
    }

    #[test]
    fn what_the_body_opened_continues_and_what_was_applied_for_is_granted_or_refused() {
        let programme = programme();
        // what it is for: grant, refuse, continue
        for (kind, grants, refuses, continues) in [
            (ApplicationKind::Initial, true, true, false),
            (ApplicationKind::Renewal, true, true, false),
            (ApplicationKind::ScopeChange, true, true, false),
            (ApplicationKind::Transfer, true, true, false),
            (ApplicationKind::Surveillance, false, false, true),
            (ApplicationKind::Special, false, false, true),
        ] {
            for (verdict, fits) in [
                (Verdict::Grant(grant(&programme)), grants),
                (Verdict::Refuse, refuses),
                (Verdict::Continue(grant(&programme)), continues),
            ] {
                let decided = decide(ApplicationState::Deciding, kind, &FREE, "Sound.", &verdict);
                match fits {
                    true => assert!(decided.is_ok(), "{kind} {verdict:?}"),
                    false => assert_eq!(missing(decided), [Missing::FittingDecision], "{kind}"),
                }
            }
        }
    }

    #[test]
    fn a_certificate_continues_only_at_a_level_that_it_still_deserves() {
        let programme = programme();
        let sinks = Grant { rule_level: Some("committed"), ..grant(&programme) };
        let special = ApplicationKind::Special;
        let verdict = Verdict::Continue(sinks);
        let decided = decide(ApplicationState::Deciding, special, &FREE, "Sound.", &verdict);
        let lacks = Missing::Level { asked: "certified".into(), given: Some("committed".into()) };
        assert_eq!(missing(decided), [lacks]);
    }

    #[test]
    fn which_decisions_on_a_certificate_close_its_assessment() {
        let table = [
            (DecisionKind::Grant, false),
            (DecisionKind::Refuse, false),
            (DecisionKind::Suspend, true),
            (DecisionKind::Reinstate, true),
            (DecisionKind::Reduce, true),
            (DecisionKind::Extend, false),
            (DecisionKind::Withdraw, true),
            (DecisionKind::Terminate, false),
            (DecisionKind::Continue, false),
        ];
        assert_eq!(table.map(|(kind, _)| kind), DecisionKind::ALL);
        for (kind, closes) in table {
            assert_eq!(kind.closes_follow_up(), closes, "{kind}");
        }
    }

    #[test]
    fn an_application_is_decided_once_and_only_when_it_is_due() {
        for &state in ApplicationState::ALL {
            let decided = decide(
                state,
                ApplicationKind::Initial,
                &FREE,
                "Fees were taken.",
                &Verdict::Refuse,
            );
            if state == ApplicationState::Deciding {
                assert_eq!(decided, Ok(DecisionKind::Refuse));
            } else {
                assert!(matches!(decided, Err(Refusal::WrongState { .. })), "{state}");
            }
        }
    }

    #[test]
    fn the_decision_maker_is_of_the_body_had_no_other_duty_and_is_free() {
        let programme = programme();
        let table = [
            (Maker { of_body: false, ..FREE }, Partiality::OtherBody),
            (Maker { assessed: true, ..FREE }, Partiality::Assessed),
            (Maker { reviewed: true, ..FREE }, Partiality::Reviewed),
            (Maker { conflict: Some(CONFLICT), ..FREE }, Partiality::Conflict(CONFLICT)),
        ];
        for (maker, why) in table {
            let granted = decide_initial(&maker, "Sound.", Verdict::Grant(grant(&programme)));
            assert_eq!(partial(granted), [why]);
            assert_eq!(partial(decide_initial(&maker, "Fees were taken.", Verdict::Refuse)), [why]);
        }
    }

    #[test]
    fn every_decision_has_a_reason() {
        let programme = programme();
        assert_eq!(missing(decide_initial(&FREE, "", Verdict::Refuse)), [Missing::Reason]);
        assert_eq!(
            missing(decide_initial(&FREE, " ", Verdict::Grant(grant(&programme)))),
            [Missing::Reason]
        );
    }

    #[test]
    fn a_grant_needs_an_authorisation_in_force() {
        let programme = programme();
        let hidden = Grant { may_be_shown: false, ..grant(&programme) };
        assert_eq!(hidden.missing(), [Missing::PublishConsent]);
        let grant = Grant { authorised: false, ..grant(&programme) };
        assert_eq!(
            missing(decide_initial(&FREE, "Sound.", Verdict::Grant(grant))),
            [Missing::Authorisation]
        );
    }

    #[test]
    fn a_level_may_be_lower_than_the_ratings_give_and_never_higher() {
        let programme = programme();
        // what the ratings give, what is asked for, whether it is granted
        for (rule_level, level, granted) in [
            (Some("leading"), "leading", true),
            (Some("leading"), "certified", true),
            (Some("leading"), "committed", true),
            (Some("certified"), "leading", false),
            (Some("certified"), "certified", true),
            (Some("certified"), "committed", true),
            (Some("committed"), "leading", false),
            (Some("committed"), "certified", false),
            (Some("committed"), "committed", true),
            (None, "leading", false),
            (None, "certified", false),
            (None, "committed", false),
            (Some("leading"), "excellent", false),
        ] {
            let decided = decide_initial(
                &FREE,
                "Sound.",
                Verdict::Grant(Grant { level, rule_level, ..grant(&programme) }),
            );
            if granted {
                assert_eq!(decided, Ok(DecisionKind::Grant), "{level} on {rule_level:?}");
            } else {
                let lacks =
                    Missing::Level { asked: level.into(), given: rule_level.map(Into::into) };
                assert_eq!(missing(decided), [lacks], "{level} on {rule_level:?}");
            }
        }
    }

    #[test]
    fn findings_are_as_far_settled_as_the_level_asks() {
        use FindingState::{Acting, Closed, Declined, Open, Planned, Submitted};
        let programme = programme();
        // grade, certification, declaration: the states that do not stand in the way
        let table: [(Grade, &[FindingState], &[FindingState]); 3] = [
            (Grade::Critical, &[Closed], &[Closed]),
            (Grade::Major, &[Closed], &[Acting, Submitted, Closed]),
            (Grade::Minor, &[Acting, Submitted, Closed], &[Acting, Submitted, Closed]),
        ];
        for (grade, certification, declaration) in table {
            for (level, allowed) in [
                ("leading", certification),
                ("certified", certification),
                ("committed", declaration),
            ] {
                for state in [Open, Planned, Acting, Submitted, Closed, Declined] {
                    let findings = [Standing { id: "finding".into(), grade, state, overdue: true }];
                    let rule_level = Some("leading");
                    let grant =
                        Grant { level, rule_level, findings: &findings, ..grant(&programme) };
                    let decided = decide_initial(&FREE, "Sound.", Verdict::Grant(grant));
                    if allowed.contains(&state) {
                        assert_eq!(decided, Ok(DecisionKind::Grant), "{level}: {grade} {state}");
                    } else {
                        let finding = Missing::Finding { finding: "finding".into() };
                        assert_eq!(missing(decided), [finding], "{level}: {grade} {state}");
                    }
                }
            }
        }
    }
}
