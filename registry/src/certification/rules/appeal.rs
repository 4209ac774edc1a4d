//! The appeal: a company's word against a decision on it, heard by people who had no part in that decision.
//! Filing it does not suspend the decision's effect.

use akashi_schemas::text_enum;
use jiff::Timestamp;

use super::dates::Zone;
use super::decision::DecisionKind;
use super::involvement::Involvement;
use super::refusal::{Missing, Needs, Refusal, blank, moves};

text_enum! {
    /// Where an appeal stands.
    pub enum AppealState {
        /// The company has filed it.
        Filed = "filed",
        /// It came in time and in form.
        Admitted = "admitted",
        /// It came too late, or not in form; it may be filed anew in time.
        Rejected = "rejected",
        /// A panel hears it.
        Panel = "panel",
        /// The decision stands.
        Upheld = "upheld",
        /// The decision was wrong.
        Overturned = "overturned",
        /// The matter is to be decided anew.
        Remitted = "remitted",
    }
}

text_enum! {
    /// What moves an appeal.
    pub enum AppealEvent {
        /// The body takes it up.
        Admit = "admit",
        /// The body does not take it up.
        Reject = "reject",
        /// The body names who hears it, or others when one falls out.
        Panel = "panel",
        /// The panel lets the decision stand.
        Uphold = "uphold",
        /// The panel overturns the decision.
        Overturn = "overturn",
        /// The panel has the matter decided anew.
        Remit = "remit",
    }
}

text_enum! {
    /// What a panel finds.
    #[derive(utoipa::ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub enum AppealOutcome {
        /// The decision stands.
        Upheld = "upheld",
        /// The decision was wrong: its effect is undone as far as it can be ([`undoing`]).
        Overturned = "overturned",
        /// The matter is to be decided anew; until then the decision counts.
        Remitted = "remitted",
    }
}

moves! { AppealState, AppealEvent {
    Admit by [QualityManager]: Filed => Admitted;
    Reject by [QualityManager]: Filed => Rejected;
    Panel by [QualityManager]: Admitted => Panel, Panel => Panel;
    Uphold by [AppealPanel]: Panel => Upheld;
    Overturn by [AppealPanel]: Panel => Overturned;
    Remit by [AppealPanel]: Panel => Remitted;
} }

/// An event with the facts that it takes.
#[derive(Debug, Clone, Copy)]
pub enum AppealStep<'a> {
    /// See [`AppealEvent::Admit`].
    Admit {
        /// When it was filed.
        filed_at: Timestamp,
        /// The last second at which it could be ([`term_ends`]).
        until: Timestamp,
    },
    /// See [`AppealEvent::Reject`]; with the reason.
    Reject(&'a str),
    /// See [`AppealEvent::Panel`]; with everybody named.
    Panel(&'a [Involvement]),
    /// What the panel finds: [`AppealEvent::Uphold`], [`AppealEvent::Overturn`] or [`AppealEvent::Remit`].
    Find {
        /// What.
        outcome: AppealOutcome,
        /// Why.
        reason: &'a str,
        /// Who speaks for the panel: what became of the member since it was named counts too.
        member: &'a Involvement,
    },
}

impl AppealStep<'_> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> AppealEvent {
        match self {
            Self::Admit { .. } => AppealEvent::Admit,
            Self::Reject(_) => AppealEvent::Reject,
            Self::Panel(_) => AppealEvent::Panel,
            Self::Find { outcome: AppealOutcome::Upheld, .. } => AppealEvent::Uphold,
            Self::Find { outcome: AppealOutcome::Overturned, .. } => AppealEvent::Overturn,
            Self::Find { outcome: AppealOutcome::Remitted, .. } => AppealEvent::Remit,
        }
    }
}

/// The state that follows.
///
/// # Errors
/// [`Refusal`] when the event is not possible in this state, when somebody else must hear it, or when something is
/// missing.
pub fn next(state: AppealState, step: &AppealStep<'_>) -> Result<AppealState, Refusal> {
    let event = step.event();
    let to = target(state, event)?;
    let needs = Needs::default();
    let needs = match *step {
        AppealStep::Admit { filed_at, until } => {
            needs.need(filed_at <= until, Missing::AppealTerm { until })
        }
        AppealStep::Reject(reason) => needs.need(!blank(reason), Missing::Reason),
        AppealStep::Panel(members) => {
            members.iter().try_for_each(|member| member.may(event.as_str()))?;
            needs.need(!members.is_empty(), Missing::PanelMember)
        }
        AppealStep::Find { reason, member, .. } => {
            member.may(event.as_str())?;
            needs.need(!blank(reason), Missing::Reason)
        }
    };
    needs.settle(event.as_str(), event.movers()).map(|()| to)
}

/// The last second at which a decision may be appealed: the programme's `appeal_days` after it.
#[must_use]
pub fn term_ends(zone: &Zone, decided_at: Timestamp, days: u32) -> Timestamp {
    zone.after_days(decided_at, days)
}

/// Whether a decision takes something from the company, so that it may be appealed. What the company asked for
/// itself, or was given, may not.
#[must_use]
pub const fn may_be_appealed(kind: DecisionKind) -> bool {
    matches!(
        kind,
        DecisionKind::Refuse
            | DecisionKind::Suspend
            | DecisionKind::Reduce
            | DecisionKind::Withdraw
    )
}

/// What follows from a panel's finding for what was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undoing {
    /// Nothing: the decision stands, is decided anew by the body, or has no effect any more.
    Nothing,
    /// The application goes back to its decision. Never an automatic grant: a panel finds a decision wrong, it does
    /// not assess.
    Reopen,
    /// The suspension is lifted.
    Reinstate,
    /// Level and scope become what they were: a new version.
    Restore,
    /// The public record says that the withdrawal was overturned, and nothing else changes. A withdrawn certificate
    /// has ended: its credentials' revocation bits are for good, verifiers may have kept them, and a number that
    /// came back would make every `revoked` that was ever told a doubtful one. The company is told right, and
    /// certified anew under another number when it applies.
    Note,
}

/// What follows from a panel's finding about a decision of this kind; `in_force` says whether the decision still
/// has its effect: a suspension that was lifted meanwhile is not lifted again, nor one that came later.
#[must_use]
pub const fn undoing(kind: DecisionKind, outcome: AppealOutcome, in_force: bool) -> Undoing {
    match (outcome, kind) {
        _ if !in_force => Undoing::Nothing,
        (AppealOutcome::Overturned | AppealOutcome::Remitted, DecisionKind::Refuse) => {
            Undoing::Reopen
        }
        (AppealOutcome::Overturned, DecisionKind::Suspend) => Undoing::Reinstate,
        (AppealOutcome::Overturned, DecisionKind::Reduce) => Undoing::Restore,
        (AppealOutcome::Overturned, DecisionKind::Withdraw) => Undoing::Note,
        _ => Undoing::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::super::involvement::tests::NONE;
    use super::super::refusal::tests::{follows_table, missing, partial};
    use super::super::refusal::{Mover, Partiality};
    use super::*;
    use AppealState::{Admitted, Filed, Overturned, Panel, Rejected, Remitted, Upheld};

    #[test]
    fn every_event_in_every_state() {
        let table = "
                       admit    reject   panel uphold overturn   remit
            filed      admitted rejected -     -      -          -
            admitted   -        -        panel -      -          -
            rejected   -        -        -     -      -          -
            panel      -        -        panel upheld overturned remitted
            upheld     -        -        -     -      -          -
            overturned -        -        -     -      -          -
            remitted   -        -        -     -      -          -
        ";
        follows_table(table, AppealState::ALL, AppealEvent::ALL, target);
    }

    #[test]
    fn who_may_move_an_appeal() {
        for (event, who) in [
            (AppealEvent::Admit, Mover::QualityManager),
            (AppealEvent::Reject, Mover::QualityManager),
            (AppealEvent::Panel, Mover::QualityManager),
            (AppealEvent::Uphold, Mover::AppealPanel),
            (AppealEvent::Overturn, Mover::AppealPanel),
            (AppealEvent::Remit, Mover::AppealPanel),
        ] {
            assert_eq!(event.movers(), [who], "{event}");
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn what_came_in_time_is_admitted_and_what_did_not_is_rejected_with_a_reason() {
        let zone = Zone::named("Asia/Tokyo").expect("a zone");
        let until = term_ends(&zone, at("2026-11-25T03:00:00Z"), 30);
        assert_eq!(until, at("2026-12-25T14:59:59Z"));
        let admit = |filed_at| next(Filed, &AppealStep::Admit { filed_at, until });
        assert_eq!(admit(until), Ok(Admitted));
        let late = at("2026-12-25T15:00:00Z");
        assert_eq!(missing(admit(late)), [Missing::AppealTerm { until }]);
        assert_eq!(next(Filed, &AppealStep::Reject("It came a day late.")), Ok(Rejected));
        assert_eq!(missing(next(Filed, &AppealStep::Reject(""))), [Missing::Reason]);
    }

    #[test]
    fn a_panel_has_members_and_each_of_them_had_no_part_in_it() {
        assert_eq!(next(Admitted, &AppealStep::Panel(&[NONE, NONE])), Ok(Panel));
        assert_eq!(next(Panel, &AppealStep::Panel(&[NONE])), Ok(Panel));
        assert_eq!(missing(next(Admitted, &AppealStep::Panel(&[]))), [Missing::PanelMember]);
        let reviewed = Involvement { reviewed: true, ..NONE };
        let panel = next(Admitted, &AppealStep::Panel(&[NONE, reviewed]));
        assert_eq!(partial(panel), [Partiality::Reviewed]);
    }

    #[test]
    fn a_finding_has_a_reason_and_is_spoken_by_somebody_who_had_no_part_in_it() {
        let find = |outcome, reason, member: &Involvement| {
            next(Panel, &AppealStep::Find { outcome, reason, member })
        };
        let reason = "The records were there.";
        for (outcome, to) in [
            (AppealOutcome::Upheld, Upheld),
            (AppealOutcome::Overturned, Overturned),
            (AppealOutcome::Remitted, Remitted),
        ] {
            assert_eq!(find(outcome, reason, &NONE), Ok(to));
            assert_eq!(missing(find(outcome, " ", &NONE)), [Missing::Reason]);
            let decided = Involvement { decided: true, ..NONE };
            assert_eq!(partial(find(outcome, reason, &decided)), [Partiality::Decided]);
        }
    }

    #[test]
    fn what_follows_from_each_finding() {
        // kind, may be appealed, upheld, overturned, remitted
        for (kind, appealed, upheld, overturned, remitted) in [
            (DecisionKind::Grant, false, "Nothing", "Nothing", "Nothing"),
            (DecisionKind::Refuse, true, "Nothing", "Reopen", "Reopen"),
            (DecisionKind::Suspend, true, "Nothing", "Reinstate", "Nothing"),
            (DecisionKind::Reinstate, false, "Nothing", "Nothing", "Nothing"),
            (DecisionKind::Reduce, true, "Nothing", "Restore", "Nothing"),
            (DecisionKind::Extend, false, "Nothing", "Nothing", "Nothing"),
            (DecisionKind::Withdraw, true, "Nothing", "Note", "Nothing"),
            (DecisionKind::Terminate, false, "Nothing", "Nothing", "Nothing"),
            (DecisionKind::Continue, false, "Nothing", "Nothing", "Nothing"),
        ] {
            assert_eq!(may_be_appealed(kind), appealed, "{kind}");
            for (outcome, follows) in [
                (AppealOutcome::Upheld, upheld),
                (AppealOutcome::Overturned, overturned),
                (AppealOutcome::Remitted, remitted),
            ] {
                let found = format!("{:?}", undoing(kind, outcome, true));
                assert_eq!(found, follows, "{kind} {outcome}");
                assert_eq!(undoing(kind, outcome, false), Undoing::Nothing, "{kind} {outcome}");
            }
        }
    }
}
