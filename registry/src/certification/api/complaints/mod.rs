//! Complaints: filed by anyone, answered by the body's quality manager.
//!
//! Whoever complains is asked for no name. What they write, and how to reach them, lies under the *body's* data key and
//! is read by its quality managers alone: no company learns that somebody complained of it here, or who.

pub(in crate::certification) mod filing;
pub(in crate::certification) mod handling;

use utoipa_axum::router::OpenApiRouter;

use crate::certification::rules::complaint::Clocks;
use crate::certification::store::complaints::Complaint;
use crate::platform::app::App;
use crate::platform::clock::instant;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(filing::routes()).merge(handling::routes())
}

/// A complaint's terms.
pub(in crate::certification) fn clocks(complaint: &Complaint) -> Clocks {
    Clocks {
        acknowledge_due: instant(complaint.acknowledge_due_at),
        answer_due: instant(complaint.answer_due_at),
    }
}
