//! What an appeal that overturns a decision does to the certificate: by a new decision that refers to the appeal.

use super::status::write_status;
use super::{Loaded, Words, check_public_reason, prospect, record};
use crate::certification::attest;
use crate::certification::file::AssessmentFile;
use crate::certification::ids::{AppealId, CertificateId, CertificateVersionId, DecisionId};
use crate::certification::rules::certificate::{
    self, CertificateState, CertificateStep, EventKind,
};
use crate::certification::rules::decision::{DecisionKind, Maker};
use crate::certification::store::certificates::{self, Certificate, Event, Version};
use crate::certification::store::decisions::{self, DecisionRow};
use crate::issuance::{self, Purpose};
use crate::platform::notes::Text;
use crate::platform::problem::Problem;
use crate::platform::write::Act;

/// What overturns a decision.
#[derive(Clone, Copy)]
pub(in crate::certification::api) struct Overturning<'a> {
    /// The appeal.
    pub appeal: &'a AppealId,
    /// The panel's reason.
    pub reason: &'a Text,
    /// What is said in public; a plain sentence when absent.
    pub public_reason: Option<&'a str>,
}

/// A certificate whose holder has appealed, its holder held.
///
/// # Errors
/// When the database refuses.
pub(in crate::certification::api) async fn appealed(
    act: &mut Act<'_>,
    id: &CertificateId,
) -> Result<Certificate, Problem> {
    Ok(certificates::get(&mut act.tx, id).await?.ok_or(sqlx::Error::RowNotFound)?)
}

/// Whether a decision still has its effect on the certificate: it is the last suspension of one that is suspended, it
/// made the version that stands, or it ended it.
///
/// # Errors
/// When the database refuses.
pub(in crate::certification::api) async fn is_in_force(
    act: &mut Act<'_>,
    certificate: &Certificate,
    decision: &DecisionRow,
) -> Result<bool, Problem> {
    Ok(match decision.kind {
        DecisionKind::Suspend if certificate.state == CertificateState::Suspended => {
            let all = decisions::on(&mut act.tx, certificate.id.as_str()).await?;
            let last = all.iter().rev().find(|row| row.kind == DecisionKind::Suspend);
            last.is_some_and(|row| row.id == decision.id)
        }
        DecisionKind::Reduce if !certificate.state.has_ended() => {
            let version = certificates::latest_version(&mut act.tx, &certificate.id).await?;
            version.decision_id == decision.id && act.now.as_millisecond() <= version.valid_until
        }
        DecisionKind::Withdraw => certificate.state == CertificateState::Withdrawn,
        _ => false,
    })
}

/// Lifts a suspension that was overturned.
///
/// # Errors
/// When the rules or the database refuse.
pub(in crate::certification::api) async fn lift_suspension(
    act: &mut Act<'_>,
    certificate: &Certificate,
    overturning: Overturning<'_>,
) -> Result<DecisionId, Problem> {
    let Overturning { appeal, reason, public_reason } = overturning;
    let to = certificate::next(certificate.state, &CertificateStep::OverturnSuspension)?;
    let public_reason = public_reason.unwrap_or("The suspension was overturned on appeal.");
    let (kind, event) = (DecisionKind::Reinstate, EventKind::Reinstated);
    let words = Words::of(kind, event, reason, Some(public_reason));
    let words = Words { appeal: Some(appeal), ..words };
    let decision = write_status(act, certificate, &words, (Purpose::Suspension, false)).await?;
    certificates::advance(&mut act.tx, certificate, to).await?;
    Ok(decision)
}

/// Gives a certificate the level and scope back that an overturned reduction took: a new version with a new
/// credential, for the old one's revocation is for good.
///
/// # Errors
/// When the rules or the database refuse: a body that is authorised no more makes no credential.
pub(in crate::certification::api) async fn restore(
    act: &mut Act<'_>,
    certificate: Certificate,
    overturning: Overturning<'_>,
) -> Result<DecisionId, Problem> {
    let Overturning { appeal, reason, public_reason } = overturning;
    let version = certificates::latest_version(&mut act.tx, &certificate.id).await?;
    // Names that were restated since stay as they are now: a version of that kind rests on the same decision.
    let (id, reduction) = (&certificate.id, &version.decision_id);
    let before = certificates::version_before(&mut act.tx, id, reduction).await?;
    let assessment = AssessmentFile::load(&mut act.tx, &version.assessment_id).await?;
    let loaded = Loaded { certificate, version, assessment, maker: Maker::default() };
    let prospect = prospect(act, &loaded).await?;
    let Loaded { certificate, version, .. } = &loaded;
    let step = CertificateStep::OverturnReduction { prospect };
    let to = certificate::next(certificate.state, &step)?;
    let public_reason = public_reason.unwrap_or("The reduction was overturned on appeal.");
    let (kind, event) = (DecisionKind::Extend, EventKind::Extended);
    let words = Words::of(kind, event, reason, Some(public_reason));
    let words = Words { appeal: Some(appeal), level: Some(&before.level), ..words };
    let decision = record(act, certificate, &words).await?;
    let scope = certificates::scope(&mut act.tx, &before.id).await?;
    let next = Version {
        id: CertificateVersionId::new(act.now, &*act.app.rng),
        n: version.n + 1,
        decision_id: decision.clone(),
        valid_from: act.now.as_second() * 1000,
        ..before.clone()
    };
    certificates::add_version(&mut act.tx, &certificate.id, &next, &scope).await?;
    let change = attest::Change {
        kind: event,
        decision: Some(&decision),
        public_reason: Some(public_reason),
    };
    attest::attest(&mut act.tx, act.app, certificate, &next, &change).await?;
    certificates::advance(&mut act.tx, certificate, to).await?;
    Ok(decision)
}

/// Says in public that a withdrawal was overturned. The certificate stays withdrawn, so that no decision and no leaf
/// tells of it: its bits are as they were.
///
/// # Errors
/// When the database refuses.
pub(in crate::certification::api) async fn note_withdrawal(
    act: &mut Act<'_>,
    certificate: &Certificate,
    overturning: Overturning<'_>,
) -> Result<(), Problem> {
    let public_reason = overturning.public_reason.unwrap_or(
        "The withdrawal was overturned on appeal. This number stays withdrawn; the holder may be certified anew.",
    );
    check_public_reason(public_reason)?;
    let event = Event {
        kind: EventKind::Overturned,
        decision: None,
        credential: None,
        effective_at: act.now.as_millisecond(),
        public_reason: Some(public_reason),
        leaf: None,
    };
    certificates::add_event(&mut act.tx, &certificate.id, &event, act.now).await?;
    // The bit is set already: this has the public page made anew.
    let (id, purpose) = (certificate.id.as_str(), Purpose::Revocation);
    issuance::set_status(&mut act.tx, act.app, id, purpose, true).await?;
    Ok(())
}
