//! Who handles a complaint or hears an appeal: somebody of the body who had no part in what it is about
//! (ISO/IEC 17065, 7.13.5 and 7.13.6).

use super::conflict::Conflict;
use super::refusal::{Partiality, Refusal};

/// The part that somebody had in an application or a certificate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Involvement {
    /// Whether the person acts for the body, in a role that may do this.
    pub of_body: bool,
    /// Whether the person assessed.
    pub assessed: bool,
    /// Whether the person reviewed.
    pub reviewed: bool,
    /// Whether the person decided.
    pub decided: bool,
    /// A conflict between the person and the company.
    pub conflict: Option<Conflict>,
}

impl Involvement {
    /// Whether the person had no part in it.
    ///
    /// # Errors
    /// [`Refusal::Partial`] with every reason why somebody else must.
    pub fn may(&self, event: &'static str) -> Result<(), Refusal> {
        let why: Vec<Partiality> = [
            (!self.of_body).then_some(Partiality::OtherBody),
            self.assessed.then_some(Partiality::Assessed),
            self.reviewed.then_some(Partiality::Reviewed),
            self.decided.then_some(Partiality::Decided),
            self.conflict.map(Partiality::Conflict),
        ]
        .into_iter()
        .flatten()
        .collect();
        if why.is_empty() { Ok(()) } else { Err(Refusal::Partial { event, why }) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::conflict::TieKind;
    use super::super::refusal::tests::partial;
    use super::*;

    /// Somebody of the body who had no part in it.
    pub(crate) const NONE: Involvement = Involvement {
        of_body: true,
        assessed: false,
        reviewed: false,
        decided: false,
        conflict: None,
    };

    #[test]
    fn every_part_is_named() {
        assert_eq!(NONE.may("outcome"), Ok(()));
        let conflict = Conflict { kind: TieKind::Advised, counts_until: None };
        for (involvement, why) in [
            (Involvement { of_body: false, ..NONE }, Partiality::OtherBody),
            (Involvement { assessed: true, ..NONE }, Partiality::Assessed),
            (Involvement { reviewed: true, ..NONE }, Partiality::Reviewed),
            (Involvement { decided: true, ..NONE }, Partiality::Decided),
            (Involvement { conflict: Some(conflict), ..NONE }, Partiality::Conflict(conflict)),
        ] {
            assert_eq!(partial(involvement.may("outcome")), [why]);
        }
        let all = Involvement {
            of_body: false,
            assessed: true,
            reviewed: true,
            decided: true,
            conflict: Some(conflict),
        };
        assert_eq!(partial(all.may("outcome")).len(), 5);
    }
}
