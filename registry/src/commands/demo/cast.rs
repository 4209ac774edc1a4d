//! Who is in the demo: a programme owner, a certification body with its people, and six companies. All are fictional.

use akashi_schemas::Rating;
use anyhow::Context as _;
use comfy_table::{Table, presets};
use serde_json::json;

use super::client::Person;

/// The people of the programme owner and the body.
#[derive(Debug)]
pub(super) struct Institutions {
    pub(super) owner: Person,
    pub(super) quality: Person,
    pub(super) lead: Person,
    pub(super) second: Person,
    pub(super) reviewer: Person,
    pub(super) decider: Person,
    /// The programme owner's party.
    pub(super) owner_id: String,
    /// The body's party.
    pub(super) body_id: String,
}

/// Everybody with a sign-in.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) password: String,
    pub(super) people: Vec<Person>,
}

impl Cast {
    /// The table of sign-ins.
    pub(super) fn sign_ins(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(["who", "e-mail address"]);
        for person in &self.people {
            table.add_row([person.what, &person.email]);
        }
        format!("{table}\n\nPassword of all of them, for this run only: {}", self.password)
    }

    /// Two commands to paste: the body's quality manager signs in, and lists the applications.
    pub(super) fn example(&self, origin: &str) -> anyhow::Result<String> {
        let somebody = self.people.iter().find(|person| person.email.starts_with("quality@"));
        let email = &somebody.context("the body has a quality manager")?.email;
        let sign_in = json!({ "email": email, "password": self.password });
        Ok(format!(
            r#"token=$(curl -s {origin}/api/v1/sessions --json '{sign_in}' | grep -o '"access_token":"[^"]*' | cut -d '"' -f 4)
curl -s {origin}/api/v1/applications -H "Authorization: Bearer $token""#
        ))
    }
}

/// What becomes of a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Granted at the level that its ratings give.
    Granted,
    /// Granted, then suspended.
    Suspended,
    /// Granted, then its level cut.
    Cut {
        /// The level that is left.
        to: &'static str,
    },
    /// Refused: it will not correct what it must.
    Refused,
    /// Waits for its assessor.
    Waiting,
}

/// A workplace or dormitory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) address: &'static str,
    pub(super) workers: u32,
    pub(super) residents: u32,
}

/// A rating below conform: criterion, facility (0 is the organisation as a whole, then the places in their order), rating,
/// and whether the company corrects it.
pub(super) type Gap = (&'static str, usize, Rating, bool);

/// A fictional company.
#[derive(Clone, Copy, Debug)]
pub(super) struct Company {
    pub(super) slug: &'static str,
    /// In Japanese; [`shown`](Self::shown) adds it in Latin letters.
    pub(super) name: &'static str,
    pub(super) roman: &'static str,
    pub(super) kana: &'static str,
    /// Twelve digits, without the check digit before them.
    pub(super) number: &'static str,
    pub(super) places: &'static [Place],
    pub(super) facts: &'static [&'static str],
    pub(super) gaps: &'static [Gap],
    /// Criteria that do not apply although their facts hold, and the ground.
    pub(super) not_applicable: &'static [(&'static str, &'static str)],
    /// The level that the reviewer recommends and the decision maker grants.
    pub(super) level: &'static str,
    pub(super) fate: Fate,
}

use Rating::{Major, Minor};

/// The companies; their numbers are made up.
pub(super) const COMPANIES: [Company; 6] = [
    Company {
        slug: "sendou",
        name: "例示先導製菓株式会社",
        roman: "Example Leading Confectionery",
        kana: "レイジセンドウセイカ",
        number: "999900000001",
        places: &[Place {
            kind: "site",
            name: "Example bakery",
            address: "1-1 Example-cho, Example-shi",
            workers: 9,
            residents: 0,
        }],
        facts: &["specified_skilled", "suppliers_used"],
        gaps: &[("RH-10.7", 0, Minor, false)],
        not_applicable: &[("RH-2.8", "no-dismissal"), ("RH-4.8", "no-piece-rate")],
        level: "leading",
        fate: Fate::Granted,
    },
    Company {
        slug: "kinzoku",
        name: "例示金属工業株式会社",
        roman: "Example Metalworks",
        kana: "レイジキンゾクコウギョウ",
        number: "999900000002",
        places: &[
            Place {
                kind: "site",
                name: "Example press shop",
                address: "2-1 Example-cho, Example-shi",
                workers: 14,
                residents: 0,
            },
            Place {
                kind: "site",
                name: "Example plating shop",
                address: "2-7 Example-cho, Example-shi",
                workers: 6,
                residents: 0,
            },
        ],
        facts: &["technical_intern", "agents_used", "night_or_hazardous_work"],
        gaps: &[
            ("RH-6.3", 2, Major, true),
            ("RH-6.1", 1, Minor, true),
            ("RH-1.9", 0, Major, true),
            ("RH-6.16", 2, Minor, false),
            ("RH-9.1", 1, Minor, false),
            ("RH-10.3", 0, Minor, false),
            ("RH-4.6", 0, Minor, false),
        ],
        not_applicable: &[("RH-2.9", "no-non-renewal")],
        level: "certified",
        fate: Fate::Granted,
    },
    Company {
        slug: "suisan",
        name: "例示水産加工株式会社",
        roman: "Example Seafood Processing",
        kana: "レイジスイサンカコウ",
        number: "999900000003",
        places: &[
            Place {
                kind: "site",
                name: "Example cannery",
                address: "3-1 Example-cho, Example-shi",
                workers: 22,
                residents: 0,
            },
            Place {
                kind: "dormitory",
                name: "Example house",
                address: "3-9 Example-cho, Example-shi",
                workers: 0,
                residents: 12,
            },
        ],
        facts: &["technical_intern", "agents_used", "housing_provided"],
        gaps: &[
            ("RH-3.1", 0, Major, false),
            ("RH-5.2", 1, Major, false),
            ("RH-7.1", 2, Minor, true),
            ("RH-9.1", 1, Major, false),
        ],
        not_applicable: &[],
        level: "certified",
        fate: Fate::Refused,
    },
    Company {
        slug: "nouen",
        name: "例示農園株式会社",
        roman: "Example Farm",
        kana: "レイジノウエン",
        number: "999900000004",
        places: &[
            Place {
                kind: "site",
                name: "Example greenhouse",
                address: "4-1 Example-cho, Example-shi",
                workers: 7,
                residents: 0,
            },
            Place {
                kind: "dormitory",
                name: "Example cottage",
                address: "4-2 Example-cho, Example-shi",
                workers: 0,
                residents: 6,
            },
        ],
        facts: &["specified_skilled", "housing_provided"],
        gaps: &[
            ("RH-7.7", 2, Minor, false),
            ("RH-9.4", 0, Minor, false),
            ("RH-10.4", 0, Minor, false),
            ("RH-10.2", 0, Minor, false),
            ("RH-6.15", 1, Minor, true),
        ],
        not_applicable: &[("RH-7.3", "free-rent")],
        level: "certified",
        fate: Fate::Suspended,
    },
    Company {
        slug: "housou",
        name: "例示包装株式会社",
        roman: "Example Packaging",
        kana: "レイジホウソウ",
        number: "999900000005",
        places: &[Place {
            kind: "site",
            name: "Example packing hall",
            address: "5-1 Example-cho, Example-shi",
            workers: 31,
            residents: 0,
        }],
        facts: &["dispatched", "suppliers_used"],
        gaps: &[("RH-11.2", 0, Minor, false), ("RH-5.8", 1, Minor, false)],
        not_applicable: &[("RH-6.10", "no-injury-three-years")],
        level: "leading",
        fate: Fate::Cut { to: "certified" },
    },
    Company {
        slug: "kaigo",
        name: "例示介護サービス株式会社",
        roman: "Example Care Services",
        kana: "レイジカイゴサービス",
        number: "999900000006",
        places: &[Place {
            kind: "site",
            name: "Example day centre",
            address: "6-1 Example-cho, Example-shi",
            workers: 5,
            residents: 0,
        }],
        facts: &["specified_skilled"],
        gaps: &[],
        not_applicable: &[],
        level: "certified",
        fate: Fate::Waiting,
    },
];

impl Company {
    /// The name that it is shown by.
    pub(super) fn shown(&self) -> String {
        format!("{} ({})", self.name, self.roman)
    }

    /// The number with its check digit, by the rule of Japan's corporate numbers.
    pub(super) fn corporate_number(&self) -> String {
        let digits = self.number.bytes().rev().map(|byte| u32::from(byte - b'0'));
        let sum: u32 =
            digits.zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        format!("{}{}", 9 - sum % 9, self.number)
    }
}
