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

/// Currencies without a smaller unit (ISO 4217); of others an amount is in hundredths.
const WHOLE: [&str; 3] = ["JPY", "KRW", "VND"];

/// How many digits of an amount are hundredths.
fn hundredths(currency: &str) -> u32 {
    if WHOLE.contains(&currency) { 0 } else { 2 }
}

/// An amount in a currency's smallest unit as people read it: `150,000 JPY`, `1,200.50 EUR`.
#[must_use]
pub fn shown(amount: u64, currency: &str) -> String {
    let digits = hundredths(currency);
    let unit = 10_u64.pow(digits);
    let mut whole = (amount / unit).to_string();
    let places = (1..whole.len()).rev().filter(|place| (whole.len() - place).is_multiple_of(3));
    for place in places.collect::<Vec<_>>() {
        whole.insert(place, ',');
    }
    match digits {
        0 => format!("{whole} {currency}"),
        _ => format!("{whole}.{:02} {currency}", amount % unit),
    }
}

/// An amount as people type it, in the currency's smallest unit: the reverse of [`shown`], without the currency.
#[must_use]
pub fn typed(text: &str, currency: &str) -> Option<i64> {
    let plain: String = text.chars().filter(|sign| !sign.is_whitespace() && *sign != ',').collect();
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = usize::try_from(hundredths(currency)).ok()?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > digits || !all_digits(whole) || !all_digits(rest) {
        return None;
    }
    format!("{whole}{rest:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::refusal::Mover;
    use super::super::refusal::tests::follows_table;
    use super::*;

    #[test]
    fn an_amount_is_typed_as_it_is_read() {
        for (text, currency, amount, read) in [
            ("150000", "JPY", 150_000, "150,000 JPY"),
            ("150,000", "JPY", 150_000, "150,000 JPY"),
            ("1,200.50", "EUR", 120_050, "1,200.50 EUR"),
            ("1200.5", "EUR", 120_050, "1,200.50 EUR"),
            (" 7 ", "USD", 700, "7.00 USD"),
        ] {
            assert_eq!(typed(text, currency), Some(amount), "{text} {currency}");
            assert_eq!(shown(amount.unsigned_abs(), currency), read);
        }
        for text in ["", "-1", "1.5", "1.505", ".5", "a", "99999999999999999999"] {
            assert_eq!(typed(text, "JPY"), None, "{text}");
        }
    }

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
