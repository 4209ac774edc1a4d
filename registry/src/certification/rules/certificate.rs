//! The certificate: one number for life, its states and what moves it.

use akashi_schemas::text_enum;
use jiff::Timestamp;

use super::dates::Zone;
use super::decision::Maker;
use super::refusal::{Missing, Needs, Refusal, blank, moves};

text_enum! {
    /// Where a certificate stands. `expired` is none of these: it follows from the time
    /// ([`standing`]).
    pub enum CertificateState {
        /// Granted; its credential is not released yet.
        Issuing = "issuing",
        /// Its credential could not be released.
        IssueFailed = "issue_failed",
        /// Its credential is void; the decision stands.
        Voided = "voided",
        /// It counts.
        Active = "active",
        /// It does not count for a time.
        Suspended = "suspended",
        /// The body took it away.
        Withdrawn = "withdrawn",
        /// The holder gave it up.
        Terminated = "terminated",
    }
}

impl CertificateState {
    /// Whether it has ended for good.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Terminated)
    }
}

text_enum! {
    /// What moves a certificate.
    pub enum CertificateEvent {
        /// Its credential is released.
        Release = "release",
        /// The release failed.
        Fail = "fail",
        /// The release is tried again.
        Retry = "retry",
        /// The credential is voided.
        Void = "void",
        /// A new credential is made for the same version.
        Reissue = "reissue",
        /// It is suspended.
        Suspend = "suspend",
        /// The suspension is lifted.
        Reinstate = "reinstate",
        /// Level or scope becomes less: a new version.
        Reduce = "reduce",
        /// Scope or term becomes another: a new version.
        Extend = "extend",
        /// The names that it states become others, level, scope and term stay: a new version.
        Restate = "restate",
        /// It goes on as it is, after a surveillance or special assessment.
        Continue = "continue",
        /// The body takes it away.
        Withdraw = "withdraw",
        /// The holder gives it up.
        Terminate = "terminate",
        /// A panel overturns the suspension on appeal.
        OverturnSuspension = "overturn_suspension",
        /// A panel overturns the reduction on appeal: a new version.
        OverturnReduction = "overturn_reduction",
    }
}

text_enum! {
    /// What happened to a certificate, as its history tells the public.
    pub enum EventKind {
        /// Its first version was granted.
        Granted = "granted",
        /// It was suspended.
        Suspended = "suspended",
        /// The suspension was lifted.
        Reinstated = "reinstated",
        /// Level or scope became less.
        Reduced = "reduced",
        /// A later version was granted.
        Extended = "extended",
        /// Its holder bears another name.
        Renamed = "renamed",
        /// It stated something that was not so.
        Corrected = "corrected",
        /// A new credential was made for the same version.
        Reissued = "reissued",
        /// The body took it away.
        Withdrawn = "withdrawn",
        /// The holder gave it up.
        Terminated = "terminated",
        /// The withdrawal was overturned on appeal; it stays withdrawn.
        Overturned = "overturned",
        /// The body assessed it again, and it goes on as it was.
        Continued = "continued",
    }
}

moves! { CertificateState, CertificateEvent {
    Release by [Registry]: Issuing => Active;
    Fail by [Registry]: Issuing => IssueFailed;
    Retry by [Operator]: IssueFailed => Issuing, Active => Active, Suspended => Suspended;
    Void by [Operator]: IssueFailed => Voided, Active => Active, Suspended => Suspended;
    Reissue by [DecisionMaker]: Voided => Issuing, Active => Active, Suspended => Suspended;
    Suspend by [DecisionMaker]: Active => Suspended;
    Reinstate by [DecisionMaker]: Suspended => Active;
    Reduce by [DecisionMaker]: Active => Active, Suspended => Suspended;
    Extend by [DecisionMaker]: Active => Active, Suspended => Suspended;
    Restate by [DecisionMaker]: Active => Active, Suspended => Suspended;
    Continue by [DecisionMaker]: Active => Active;
    Withdraw by [DecisionMaker]: Active => Withdrawn, Suspended => Withdrawn;
    Terminate by [Applicant]: Active => Terminated, Suspended => Terminated;
    OverturnSuspension by [AppealPanel]: Suspended => Active;
    OverturnReduction by [AppealPanel]: Active => Active, Suspended => Suspended;
} }

/// An event with the facts that it takes.
///
/// A certificate keeps its state while a later version's credential is made, fails, is retried, voided or made anew: that credential has a
/// state of its own, and the public goes on seeing the certificate.
#[derive(Debug, Clone, Copy)]
pub enum CertificateStep<'a> {
    /// See [`CertificateEvent::Release`]. A credential that was made while the certificate was
    /// suspended is born suspended.
    Release {
        /// Whether the certificate is suspended.
        suspended: bool,
    },
    /// See [`CertificateEvent::Fail`].
    Fail,
    /// See [`CertificateEvent::Retry`].
    Retry,
    /// See [`CertificateEvent::Void`]; with the reason.
    Void(&'a str),
    /// See [`CertificateEvent::Reissue`].
    Reissue {
        /// Who decides.
        maker: &'a Maker,
        /// Whether the latest version's credential was voided, so that the version has none.
        voided: bool,
        /// Whether the company may be shown: a sole proprietor is, only by consent.
        may_be_shown: bool,
        /// Whether the new credential can be released.
        prospect: Prospect,
    },
    /// See [`CertificateEvent::Suspend`].
    Suspend {
        /// Who decides.
        maker: &'a Maker,
        /// What the public is told.
        public_reason: &'a str,
        /// Whether the holder was heard.
        heard: bool,
        /// Whether the matter does not bear waiting.
        urgent: bool,
        /// How long it lasts.
        term: SuspensionTerm,
    },
    /// See [`CertificateEvent::Reinstate`]. What resolves a suspension is assessed and decided like anything else
    /// (ISO/IEC 17065, 7.11.4); that another person decides it than who suspended is not asked for.
    Reinstate {
        /// Who decides.
        maker: &'a Maker,
        /// Whether the cause of the suspension is closed.
        cause_closed: bool,
        /// The findings that it was suspended for and that are not closed: the assessor has not verified them.
        open_findings: &'a [String],
        /// The last second at which it may be lifted ([`suspension_ends`]).
        until: Timestamp,
        /// The time.
        now: Timestamp,
    },
    /// See [`CertificateEvent::Reduce`].
    Reduce {
        /// Who decides.
        maker: &'a Maker,
        /// What the public is told.
        public_reason: &'a str,
        /// What becomes of level and scope.
        change: Change<'a>,
        /// Whether the new credential can be released.
        prospect: Prospect,
    },
    /// See [`CertificateEvent::Extend`]; what the decision needs stands in
    /// [`decision`](super::decision).
    Extend {
        /// The last valid second of the current version.
        valid_until: Timestamp,
        /// The time.
        now: Timestamp,
    },
    /// See [`CertificateEvent::Restate`].
    Restate {
        /// Who decides.
        maker: &'a Maker,
        /// Whether an error is put right, rather than a change followed: the public is told which.
        correction: bool,
        /// What the public is told.
        public_reason: &'a str,
        /// Whether the new credential can be released.
        prospect: Prospect,
    },
    /// See [`CertificateEvent::Continue`]; what the decision needs stands in [`decision`](super::decision).
    Continue {
        /// The last valid second of the current version.
        valid_until: Timestamp,
        /// The time.
        now: Timestamp,
    },
    /// See [`CertificateEvent::Withdraw`].
    Withdraw {
        /// Who decides.
        maker: &'a Maker,
        /// What the public is told.
        public_reason: &'a str,
    },
    /// See [`CertificateEvent::Terminate`].
    Terminate,
    /// See [`CertificateEvent::OverturnSuspension`]. Its cause never stood, so neither that nor the suspension's term
    /// is asked about.
    OverturnSuspension,
    /// See [`CertificateEvent::OverturnReduction`].
    OverturnReduction {
        /// Whether the new credential can be released.
        prospect: Prospect,
    },
}

/// What a credential that is made for a certificate needs, so that it can be released and read `valid`.
#[derive(Debug, Clone, Copy)]
pub struct Prospect {
    /// Whether the body is authorised for the programme.
    pub authorised: bool,
    /// The last valid second of the version.
    pub valid_until: Timestamp,
    /// The time.
    pub now: Timestamp,
}

impl Prospect {
    fn need(self, needs: Needs) -> Needs {
        needs
            .need(self.authorised, Missing::Authorisation)
            .need(self.now <= self.valid_until, Missing::Validity { since: self.valid_until })
    }
}

/// How long a suspension lasts. When it is over, withdrawal is proposed; that withdraws nothing.
#[derive(Debug, Clone, Copy)]
pub struct SuspensionTerm {
    /// Its last second.
    pub until: Timestamp,
    /// The last second that it may have ([`suspension_ends`]).
    pub latest: Timestamp,
    /// The time.
    pub now: Timestamp,
}

impl SuspensionTerm {
    fn need(self, needs: Needs) -> Needs {
        let latest = self.latest;
        let fits = self.now <= self.until && self.until <= latest;
        needs.need(fits, Missing::SuspensionUntil { latest })
    }
}

/// Whether the term of a suspension is over, so that the body is to be told that withdrawal is due.
#[must_use]
pub fn withdrawal_is_due(state: CertificateState, until: Timestamp, now: Timestamp) -> bool {
    state == CertificateState::Suspended && until < now
}

/// Level and scope before and after.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The rank of the current level; 1 is the best.
    pub rank: u32,
    /// The rank of the new one.
    pub new_rank: u32,
    /// The facilities in scope.
    pub facilities: &'a [String],
    /// The facilities that stay.
    pub new_facilities: &'a [String],
}

impl Change<'_> {
    /// Whether something becomes less, nothing becomes more, and something is left.
    fn is_reduction(&self) -> bool {
        let kept = self.new_facilities.iter().all(|facility| self.facilities.contains(facility));
        kept && !self.new_facilities.is_empty() && self.new_rank >= self.rank && self.takes_away()
    }

    /// Whether the level or a facility is lost, so that the credential before says too much.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        let lost = self.facilities.iter().any(|facility| !self.new_facilities.contains(facility));
        lost || self.new_rank > self.rank
    }
}

impl CertificateStep<'_> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> CertificateEvent {
        match self {
            Self::Release { .. } => CertificateEvent::Release,
            Self::Fail => CertificateEvent::Fail,
            Self::Retry => CertificateEvent::Retry,
            Self::Void(_) => CertificateEvent::Void,
            Self::Reissue { .. } => CertificateEvent::Reissue,
            Self::Suspend { .. } => CertificateEvent::Suspend,
            Self::Reinstate { .. } => CertificateEvent::Reinstate,
            Self::Reduce { .. } => CertificateEvent::Reduce,
            Self::Extend { .. } => CertificateEvent::Extend,
            Self::Restate { .. } => CertificateEvent::Restate,
            Self::Continue { .. } => CertificateEvent::Continue,
            Self::Withdraw { .. } => CertificateEvent::Withdraw,
            Self::Terminate => CertificateEvent::Terminate,
            Self::OverturnSuspension => CertificateEvent::OverturnSuspension,
            Self::OverturnReduction { .. } => CertificateEvent::OverturnReduction,
        }
    }

    const fn maker(&self) -> Option<&Maker> {
        match self {
            Self::Reissue { maker, .. }
            | Self::Suspend { maker, .. }
            | Self::Reinstate { maker, .. }
            | Self::Reduce { maker, .. }
            | Self::Restate { maker, .. }
            | Self::Withdraw { maker, .. } => Some(maker),
            Self::Release { .. }
            | Self::Fail
            | Self::Retry
            | Self::Void(_)
            | Self::Extend { .. }
            | Self::Continue { .. }
            | Self::Terminate
            | Self::OverturnSuspension
            | Self::OverturnReduction { .. } => None,
        }
    }
}

/// The state that follows.
///
/// # Errors
/// [`Refusal`] when the event is not possible in this state, when somebody else must decide, or
/// when something is missing.
pub fn next(
    state: CertificateState,
    step: &CertificateStep<'_>,
) -> Result<CertificateState, Refusal> {
    let event = step.event();
    let to = target(state, event)?;
    step.maker().map_or(Ok(()), |maker| maker.may(event.as_str()))?;
    let needs = Needs::default();
    let needs = match *step {
        CertificateStep::Void(reason) => needs.need(!blank(reason), Missing::Reason),
        CertificateStep::Suspend { public_reason, heard, urgent, term, .. } => term
            .need(needs)
            .need(!blank(public_reason), Missing::PublicReason)
            .need(heard || urgent, Missing::Hearing),
        CertificateStep::Reinstate { cause_closed, open_findings, until, now, .. } => needs
            .need(cause_closed, Missing::CauseClosed)
            .all(open_findings.iter().map(|finding| Missing::Finding { finding: finding.clone() }))
            .need(now <= until, Missing::SuspensionTerm { until }),
        CertificateStep::Reduce { public_reason, change, prospect, .. } => prospect
            .need(needs)
            .need(!blank(public_reason), Missing::PublicReason)
            .need(change.is_reduction(), Missing::Reduction),
        CertificateStep::Extend { valid_until, now }
        | CertificateStep::Continue { valid_until, now } => {
            needs.need(now <= valid_until, Missing::Validity { since: valid_until })
        }
        CertificateStep::Restate { correction, public_reason, prospect, .. } => {
            prospect.need(needs).need(!correction || !blank(public_reason), Missing::PublicReason)
        }
        CertificateStep::Reissue { voided, may_be_shown, prospect, .. } => prospect
            .need(needs)
            .need(voided, Missing::VoidedCredential)
            .need(may_be_shown, Missing::PublishConsent),
        CertificateStep::Withdraw { public_reason, .. } => {
            needs.need(!blank(public_reason), Missing::PublicReason)
        }
        CertificateStep::OverturnReduction { prospect } => prospect.need(needs),
        CertificateStep::Release { .. }
        | CertificateStep::Fail
        | CertificateStep::Retry
        | CertificateStep::Terminate
        | CertificateStep::OverturnSuspension => needs,
    };
    needs.settle(event.as_str(), event.movers())?;
    match step {
        CertificateStep::Release { suspended: true } => Ok(CertificateState::Suspended),
        _ => Ok(to),
    }
}

/// The last second at which a suspension may be lifted: the programme's `suspension_max_months`
/// after it began.
#[must_use]
pub fn suspension_ends(zone: &Zone, suspended_at: Timestamp, max_months: u32) -> Timestamp {
    zone.after_months(suspended_at, max_months)
}

impl EventKind {
    /// Whether it gives the holder something, which counts once a credential that says so is out. All else counts at
    /// once.
    #[must_use]
    pub const fn gives(self) -> bool {
        matches!(
            self,
            Self::Granted | Self::Extended | Self::Renamed | Self::Corrected | Self::Reissued
        )
    }
}

text_enum! {
    /// What the public sees of a certificate.
    pub enum Standing {
        /// It counts.
        Active = "active",
        /// It does not count for a time.
        Suspended = "suspended",
        /// The body took it away.
        Withdrawn = "withdrawn",
        /// The holder gave it up.
        Terminated = "terminated",
        /// Its term is over.
        Expired = "expired",
    }
}

/// What the public sees of a certificate at this time; nothing while its first credential is not
/// released. That it was taken away or given up outlasts its term.
#[must_use]
pub fn standing(
    state: CertificateState,
    valid_until: Timestamp,
    now: Timestamp,
) -> Option<Standing> {
    let expired = now > valid_until;
    match state {
        CertificateState::Issuing | CertificateState::IssueFailed | CertificateState::Voided => {
            None
        }
        CertificateState::Active | CertificateState::Suspended if expired => {
            Some(Standing::Expired)
        }
        CertificateState::Active => Some(Standing::Active),
        CertificateState::Suspended => Some(Standing::Suspended),
        CertificateState::Withdrawn => Some(Standing::Withdrawn),
        CertificateState::Terminated => Some(Standing::Terminated),
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::tests::{follows_table, missing, partial};
    use super::super::refusal::{Mover, Partiality};
    use super::*;
    use CertificateState::{
        Active, IssueFailed, Issuing, Suspended, Terminated, Voided, Withdrawn,
    };

    const FREE: Maker = Maker { of_body: true, assessed: false, reviewed: false, conflict: None };
    const REVIEWED: Maker = Maker { reviewed: true, ..FREE };

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn every_event_in_every_state() {
        let table = "
                         release fail         retry     void      reissue   suspend   reinstate reduce    extend    restate   continue  withdraw  terminate  overturn_suspension overturn_reduction
            issuing      active  issue_failed -         -         -         -         -         -         -         -         -         -         -          -                   -
            issue_failed -       -            issuing   voided    -         -         -         -         -         -         -         -         -          -                   -
            voided       -       -            -         -         issuing   -         -         -         -         -         -         -         -          -                   -
            active       -       -            active    active    active    suspended -         active    active    active    active    withdrawn terminated -                   active
            suspended    -       -            suspended suspended suspended -         active    suspended suspended suspended -         withdrawn terminated active              suspended
            withdrawn    -       -            -         -         -         -         -         -         -         -         -         -         -          -                   -
            terminated   -       -            -         -         -         -         -         -         -         -         -         -         -          -                   -
        ";
        follows_table(table, CertificateState::ALL, CertificateEvent::ALL, target);
    }

    #[test]
    fn who_may_move_a_certificate() {
        for (event, who) in [
            (CertificateEvent::Release, Mover::Registry),
            (CertificateEvent::Fail, Mover::Registry),
            (CertificateEvent::Retry, Mover::Operator),
            (CertificateEvent::Void, Mover::Operator),
            (CertificateEvent::Reissue, Mover::DecisionMaker),
            (CertificateEvent::Suspend, Mover::DecisionMaker),
            (CertificateEvent::Reinstate, Mover::DecisionMaker),
            (CertificateEvent::Reduce, Mover::DecisionMaker),
            (CertificateEvent::Extend, Mover::DecisionMaker),
            (CertificateEvent::Restate, Mover::DecisionMaker),
            (CertificateEvent::Continue, Mover::DecisionMaker),
            (CertificateEvent::Withdraw, Mover::DecisionMaker),
            (CertificateEvent::Terminate, Mover::Applicant),
            (CertificateEvent::OverturnSuspension, Mover::AppealPanel),
            (CertificateEvent::OverturnReduction, Mover::AppealPanel),
        ] {
            assert_eq!(event.movers(), [who], "{event}");
        }
    }

    #[test]
    fn a_release_makes_it_active_or_leaves_it_suspended() {
        assert_eq!(next(Issuing, &CertificateStep::Release { suspended: false }), Ok(Active));
        assert_eq!(next(Issuing, &CertificateStep::Release { suspended: true }), Ok(Suspended));
    }

    #[test]
    fn a_later_versions_credential_is_made_anew_only_when_it_was_voided() {
        let reissue = |voided| CertificateStep::Reissue {
            maker: &FREE,
            voided,
            may_be_shown: true,
            prospect: good(),
        };
        let hidden = CertificateStep::Reissue {
            maker: &FREE,
            voided: true,
            may_be_shown: false,
            prospect: good(),
        };
        assert_eq!(missing(next(Voided, &hidden)), [Missing::PublishConsent]);
        for state in [Active, Suspended] {
            assert_eq!(next(state, &reissue(true)), Ok(state));
            assert_eq!(missing(next(state, &reissue(false))), [Missing::VoidedCredential]);
            assert_eq!(next(state, &CertificateStep::Retry), Ok(state));
        }
    }

    #[test]
    fn a_release_that_fails_is_retried_or_voided_and_made_anew() {
        assert_eq!(next(Issuing, &CertificateStep::Fail), Ok(IssueFailed));
        assert_eq!(next(IssueFailed, &CertificateStep::Retry), Ok(Issuing));
        assert_eq!(next(IssueFailed, &CertificateStep::Void("The logo was wrong.")), Ok(Voided));
        assert_eq!(missing(next(IssueFailed, &CertificateStep::Void(""))), [Missing::Reason]);
        let reissue = CertificateStep::Reissue {
            maker: &FREE,
            voided: true,
            may_be_shown: true,
            prospect: good(),
        };
        assert_eq!(next(Voided, &reissue), Ok(Issuing));
    }

    fn suspend<'a>(
        maker: &'a Maker,
        public_reason: &'a str,
        heard: bool,
        urgent: bool,
    ) -> CertificateStep<'a> {
        CertificateStep::Suspend { maker, public_reason, heard, urgent, term: term() }
    }

    /// The longest term, in the last second of a day that is the first of it.
    fn term() -> SuspensionTerm {
        let (now, latest) = (at("2026-08-31T03:00:00Z"), at("2027-02-28T14:59:59Z"));
        SuspensionTerm { until: latest, latest, now }
    }

    #[test]
    fn a_suspension_lasts_some_time_and_no_longer_than_the_programme_allows() {
        let reason = "Wages are being looked into.";
        let suspend = |until| {
            let term = SuspensionTerm { until, ..term() };
            let (heard, urgent) = (true, false);
            let step = CertificateStep::Suspend {
                maker: &FREE,
                public_reason: reason,
                heard,
                urgent,
                term,
            };
            next(Active, &step)
        };
        let latest = term().latest;
        assert_eq!(suspend(term().now), Ok(Suspended));
        assert_eq!(suspend(latest), Ok(Suspended));
        for until in ["2027-02-28T15:00:00Z", "2026-08-31T02:59:59Z"] {
            assert_eq!(missing(suspend(at(until))), [Missing::SuspensionUntil { latest }]);
        }
    }

    #[test]
    fn withdrawal_is_due_after_the_last_second_of_a_suspension() {
        let (until, after) = (at("2027-02-28T14:59:59Z"), at("2027-02-28T15:00:00Z"));
        for &state in CertificateState::ALL {
            assert!(!withdrawal_is_due(state, until, until), "{state}");
            assert_eq!(withdrawal_is_due(state, until, after), state == Suspended, "{state}");
        }
    }

    #[test]
    fn a_suspension_tells_the_public_why_and_hears_the_holder_unless_urgent() {
        let reason = "Wages are being looked into.";
        assert_eq!(next(Active, &suspend(&FREE, reason, true, false)), Ok(Suspended));
        assert_eq!(next(Active, &suspend(&FREE, reason, false, true)), Ok(Suspended));
        assert_eq!(
            missing(next(Active, &suspend(&FREE, "", false, false))),
            [Missing::PublicReason, Missing::Hearing]
        );
    }

    #[test]
    fn a_suspension_is_lifted_when_its_cause_is_closed_and_in_time() {
        let zone = Zone::named("Asia/Tokyo").expect("a zone");
        let until = suspension_ends(&zone, at("2026-08-31T03:00:00Z"), 6);
        assert_eq!(until, at("2027-02-28T14:59:59Z"));
        let reinstate = |cause_closed, now| {
            let open_findings = &[];
            let (maker, now) = (&FREE, now);
            let step =
                CertificateStep::Reinstate { maker, cause_closed, open_findings, until, now };
            next(Suspended, &step)
        };
        assert_eq!(reinstate(true, until), Ok(Active));
        let open = CertificateStep::Reinstate {
            maker: &FREE,
            cause_closed: true,
            open_findings: &["f".to_owned()],
            until,
            now: until,
        };
        assert_eq!(missing(next(Suspended, &open)), [Missing::Finding { finding: "f".into() }]);
        let late = at("2027-02-28T15:00:00Z");
        assert_eq!(
            missing(reinstate(false, late)),
            [Missing::CauseClosed, Missing::SuspensionTerm { until }]
        );
    }

    #[test]
    fn a_reduction_takes_something_away_and_gives_nothing() {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let both = names(&["a", "b"]);
        // new rank, new scope, whether that is a reduction of rank 2 at a and b
        for (new_rank, scope, reduction) in [
            (3, names(&["a", "b"]), true),
            (2, names(&["a"]), true),
            (3, names(&["b"]), true),
            (2, names(&["b", "a"]), false),
            (1, names(&["a"]), false),
            (1, names(&["a", "b"]), false),
            (3, names(&["a", "b", "c"]), false),
            (2, names(&["c"]), false),
            (3, names(&[]), false),
        ] {
            let change = Change { rank: 2, new_rank, facilities: &both, new_facilities: &scope };
            let public_reason = "One site was closed.";
            let reduced = next(
                Active,
                &CertificateStep::Reduce { maker: &FREE, public_reason, change, prospect: good() },
            );
            if reduction {
                assert_eq!(reduced, Ok(Active), "{new_rank} at {scope:?}");
            } else {
                assert_eq!(missing(reduced), [Missing::Reduction], "{new_rank} at {scope:?}");
            }
        }
    }

    /// A body that is authorised, in the last second of the term.
    fn good() -> Prospect {
        let now = at("2028-11-25T14:59:59Z");
        Prospect { authorised: true, valid_until: now, now }
    }

    #[test]
    fn no_credential_is_made_that_could_not_come_out() {
        let since = good().valid_until;
        let late = Prospect { now: at("2028-11-25T15:00:00Z"), ..good() };
        let unauthorised = Prospect { authorised: false, ..good() };
        let scope = ["a".to_owned()];
        let change = Change { rank: 1, new_rank: 2, facilities: &scope, new_facilities: &scope };
        for (prospect, needed) in
            [(late, Missing::Validity { since }), (unauthorised, Missing::Authorisation)]
        {
            let (maker, public_reason) = (&FREE, "One site was closed.");
            let reduce = CertificateStep::Reduce { maker, public_reason, change, prospect };
            assert_eq!(missing(next(Active, &reduce)), std::slice::from_ref(&needed));
            let reissue =
                CertificateStep::Reissue { maker, voided: true, may_be_shown: true, prospect };
            assert_eq!(missing(next(Voided, &reissue)), std::slice::from_ref(&needed));
            let restate =
                CertificateStep::Restate { maker, correction: false, public_reason: "", prospect };
            assert_eq!(missing(next(Active, &restate)), std::slice::from_ref(&needed));
            let restore = CertificateStep::OverturnReduction { prospect };
            assert_eq!(missing(next(Active, &restore)), [needed]);
        }
    }

    #[test]
    fn a_correction_tells_the_public_why_and_a_new_name_may() {
        // whether it corrects, what the public is told, whether that is enough
        for (correction, public_reason, enough) in [
            (false, "", true),
            (false, "The company merged.", true),
            (true, "The name was misspelt.", true),
            (true, " ", false),
        ] {
            let (maker, prospect) = (&FREE, good());
            let restate = CertificateStep::Restate { maker, correction, public_reason, prospect };
            for state in [Active, Suspended] {
                let restated = next(state, &restate);
                if enough {
                    assert_eq!(restated, Ok(state));
                } else {
                    assert_eq!(missing(restated), [Missing::PublicReason]);
                }
            }
        }
    }

    #[test]
    fn what_is_overturned_asks_for_no_cause_and_no_term() {
        assert_eq!(next(Suspended, &CertificateStep::OverturnSuspension), Ok(Active));
        let restore = CertificateStep::OverturnReduction { prospect: good() };
        assert_eq!(next(Suspended, &restore), Ok(Suspended));
    }

    #[test]
    fn only_what_is_still_valid_is_extended() {
        let valid_until = at("2028-11-25T14:59:59Z");
        let extend = |now| next(Active, &CertificateStep::Extend { valid_until, now });
        assert_eq!(extend(valid_until), Ok(Active));
        assert_eq!(
            missing(extend(at("2028-11-25T15:00:00Z"))),
            [Missing::Validity { since: valid_until }]
        );
    }

    #[test]
    fn an_end_is_told_to_the_public() {
        let withdraw = |public_reason| {
            next(Suspended, &CertificateStep::Withdraw { maker: &FREE, public_reason })
        };
        assert_eq!(withdraw("Passports were kept."), Ok(Withdrawn));
        assert_eq!(missing(withdraw("")), [Missing::PublicReason]);
        assert_eq!(next(Active, &CertificateStep::Terminate), Ok(Terminated));
    }

    #[test]
    fn every_decision_on_a_certificate_takes_a_free_decision_maker() {
        let reason = "A reason.";
        let scope = ["a".to_owned()];
        let change = Change { rank: 1, new_rank: 2, facilities: &scope, new_facilities: &scope };
        let now = at("2026-11-25T00:00:00Z");
        let maker = &REVIEWED;
        for (state, step) in [
            (
                Voided,
                CertificateStep::Reissue {
                    maker,
                    voided: true,
                    may_be_shown: true,
                    prospect: good(),
                },
            ),
            (Active, suspend(maker, reason, true, true)),
            (
                Suspended,
                CertificateStep::Reinstate {
                    maker,
                    cause_closed: true,
                    open_findings: &[],
                    until: now,
                    now,
                },
            ),
            (
                Active,
                CertificateStep::Reduce { maker, public_reason: reason, change, prospect: good() },
            ),
            (
                Active,
                CertificateStep::Restate {
                    maker,
                    correction: true,
                    public_reason: reason,
                    prospect: good(),
                },
            ),
            (Active, CertificateStep::Withdraw { maker, public_reason: reason }),
        ] {
            assert_eq!(partial(next(state, &step)), [Partiality::Reviewed], "{}", step.event());
        }
    }

    #[test]
    fn a_withdrawn_certificate_stays_withdrawn() {
        let now = at("2026-11-25T00:00:00Z");
        let reinstate = CertificateStep::Reinstate {
            maker: &FREE,
            cause_closed: true,
            open_findings: &[],
            until: now,
            now,
        };
        let refused = next(Withdrawn, &reinstate);
        assert!(
            matches!(refused, Err(Refusal::WrongState { state: "withdrawn", .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn what_the_public_sees_at_each_time() {
        let until = at("2028-11-25T14:59:59Z");
        let after = at("2028-11-25T15:00:00Z");
        for (state, while_valid, expired) in [
            (Issuing, None, None),
            (IssueFailed, None, None),
            (Voided, None, None),
            (Active, Some(Standing::Active), Some(Standing::Expired)),
            (Suspended, Some(Standing::Suspended), Some(Standing::Expired)),
            (Withdrawn, Some(Standing::Withdrawn), Some(Standing::Withdrawn)),
            (Terminated, Some(Standing::Terminated), Some(Standing::Terminated)),
        ] {
            assert_eq!(standing(state, until, until), while_valid, "{state}");
            assert_eq!(standing(state, until, after), expired, "{state}");
        }
    }
}
