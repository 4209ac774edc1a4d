//! Where somebody looks: a region by its ISO 3166-2 code or, in Japan, by its name; or a municipality.

use super::search::key;

/// The prefectures of Japan: code, name, and how it is romanised.
const PREFECTURES: [(&str, &str, &str); 47] = [
    ("JP-01", "北海道", "Hokkaido"),
    ("JP-02", "青森県", "Aomori"),
    ("JP-03", "岩手県", "Iwate"),
    ("JP-04", "宮城県", "Miyagi"),
    ("JP-05", "秋田県", "Akita"),
    ("JP-06", "山形県", "Yamagata"),
    ("JP-07", "福島県", "Fukushima"),
    ("JP-08", "茨城県", "Ibaraki"),
    ("JP-09", "栃木県", "Tochigi"),
    ("JP-10", "群馬県", "Gunma"),
    ("JP-11", "埼玉県", "Saitama"),
    ("JP-12", "千葉県", "Chiba"),
    ("JP-13", "東京都", "Tokyo"),
    ("JP-14", "神奈川県", "Kanagawa"),
    ("JP-15", "新潟県", "Niigata"),
    ("JP-16", "富山県", "Toyama"),
    ("JP-17", "石川県", "Ishikawa"),
    ("JP-18", "福井県", "Fukui"),
    ("JP-19", "山梨県", "Yamanashi"),
    ("JP-20", "長野県", "Nagano"),
    ("JP-21", "岐阜県", "Gifu"),
    ("JP-22", "静岡県", "Shizuoka"),
    ("JP-23", "愛知県", "Aichi"),
    ("JP-24", "三重県", "Mie"),
    ("JP-25", "滋賀県", "Shiga"),
    ("JP-26", "京都府", "Kyoto"),
    ("JP-27", "大阪府", "Osaka"),
    ("JP-28", "兵庫県", "Hyogo"),
    ("JP-29", "奈良県", "Nara"),
    ("JP-30", "和歌山県", "Wakayama"),
    ("JP-31", "鳥取県", "Tottori"),
    ("JP-32", "島根県", "Shimane"),
    ("JP-33", "岡山県", "Okayama"),
    ("JP-34", "広島県", "Hiroshima"),
    ("JP-35", "山口県", "Yamaguchi"),
    ("JP-36", "徳島県", "Tokushima"),
    ("JP-37", "香川県", "Kagawa"),
    ("JP-38", "愛媛県", "Ehime"),
    ("JP-39", "高知県", "Kochi"),
    ("JP-40", "福岡県", "Fukuoka"),
    ("JP-41", "佐賀県", "Saga"),
    ("JP-42", "長崎県", "Nagasaki"),
    ("JP-43", "熊本県", "Kumamoto"),
    ("JP-44", "大分県", "Oita"),
    ("JP-45", "宮崎県", "Miyazaki"),
    ("JP-46", "鹿児島県", "Kagoshima"),
    ("JP-47", "沖縄県", "Okinawa"),
];

/// What of a text may name a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The region, as its code is compared; empty when the text names none.
    pub region: String,
    /// A part of a municipality's name, as it is compared; empty when the text is a code.
    pub text: String,
}

impl Place {
    /// The place that a text names; none when it has neither letter nor digit.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let asked = key(text);
        if asked.is_empty() {
            return None;
        }
        if is_code(text) {
            return Some(Self { region: region_key(text), text: String::new() });
        }
        let is_asked = |(_, name, roman): &&(&str, &str, &str)| {
            let short = name.strip_suffix(['県', '府', '都']).unwrap_or(name);
            [*name, short, *roman].into_iter().any(|known| key(known) == asked)
        };
        let region = PREFECTURES.iter().find(is_asked).map(|(code, ..)| region_key(code));
        Some(Self { region: region.unwrap_or_default(), text: asked })
    }
}

/// A region's code as it is kept and compared: what no municipality's key is, for its hyphen.
#[must_use]
pub fn region_key(code: &str) -> String {
    code.trim().to_uppercase()
}

/// Two letters, a hyphen, and one to three letters or digits (ISO 3166-2).
fn is_code(text: &str) -> bool {
    let Some((country, part)) = text.split_once('-') else { return false };
    let is_part = (1..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    country.len() == 2 && country.chars().all(|c| c.is_ascii_alphabetic()) && is_part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_region_or_a_municipality() {
        for (text, region, part) in [
            ("JP-23", "JP-23", ""),
            (" jp-23 ", "JP-23", ""),
            ("VN-SG", "VN-SG", ""),
            ("愛知", "JP-23", "愛知"),
            ("愛知県", "JP-23", "愛知県"),
            ("Aichi", "JP-23", "aichi"),
            ("Ōsaka", "JP-27", "osaka"),
            ("京都", "JP-26", "京都"),
            ("北海道", "JP-01", "北海道"),
            ("例示市", "", "例示市"),
        ] {
            let place = Place::of(text).expect("a place");
            assert_eq!(place.region, region, "{text}");
            assert!(part.is_empty() || place.text == part, "{text}: {place:?}");
        }
        assert_eq!(Place::of(" — "), None);
    }
}
