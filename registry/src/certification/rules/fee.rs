//! A fee: quoted by the body on an application, invoiced, paid. Nothing of the certification waits for it here.

use akashi_schemas::text_enum;

use super::refusal::moves;

text_enum! {
    /// Where a fee stands.
    pub enum FeeState {
        /// The company has read what it will cost.
        Quoted = "quoted",
        /// The body has sent an invoice.
        Invoiced = "invoiced",
        /// The body has the money.
        Paid = "paid",
    }
}

text_enum! {
    /// What moves a fee.
    pub enum FeeEvent {
        /// The body sends an invoice.
        Invoice = "invoice",
        /// The body has the money.
        Pay = "pay",
    }
}

moves! { FeeState, FeeEvent {
    Invoice by [QualityManager]: Quoted => Invoiced;
    Pay by [QualityManager]: Invoiced => Paid;
} }

#[cfg(test)]
mod tests {
    use super::super::refusal::Mover;
    use super::super::refusal::tests::follows_table;
    use super::*;

    #[test]
    fn every_event_in_every_state() {
        let table = "
                     invoice  pay
            quoted   invoiced -
            invoiced -        paid
            paid     -        -
        ";
        follows_table(table, FeeState::ALL, FeeEvent::ALL, target);
        for event in FeeEvent::ALL {
            assert_eq!(event.movers(), [Mover::QualityManager], "{event}");
        }
    }
}
