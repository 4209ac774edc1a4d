//! Names are found in any script and with a typing slip: both sides are folded alike and compared by
//! the pairs of characters that they share.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How many grams of a question are looked up. More than a company's name ever has.
const QUESTION_GRAMS: usize = 64;

/// Forms of a company in brackets, as they read after NFKC (`㈱` is `(株)`).
const BRACKETED_FORMS: [&str; 6] = ["(株)", "(有)", "(同)", "(名)", "(資)", "(合)"];

/// Forms of a company that stand before or after a name without a blank, as they read once kana are folded.
const JOINED_FORMS: [&str; 8] = [
    "株式会社",
    "有限会社",
    "合同会社",
    "合名会社",
    "合資会社",
    "かぶしきがいしや",
    "ゆうげんがいしや",
    "ごうどうがいしや",
];

/// Words for the form of a company, romanised alike.
const FORM_WORDS: [&str; 16] = [
    "ltd",
    "limited",
    "inc",
    "corp",
    "corporation",
    "co",
    "conpany",
    "llc",
    "kk",
    "gk",
    "yk",
    "kabushiki",
    "yugen",
    "godo",
    "kaisha",
    "gaisha",
];

/// A text in the form that is compared: compatibility forms (NFKC), case, Latin accents, katakana and hiragana, small
/// and full-size kana, and the ways to romanise a long vowel are one; long-vowel marks, apostrophes and the form of a
/// company fall away; whatever is neither letter nor digit is a blank. A text that is nothing but a company's form
/// keeps it.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain: String = text.nfkd().filter(|&c| !is_latin_accent(c)).nfkc().collect();
    let bare = without(&plain, &BRACKETED_FORMS);
    let named = without(&letters(&bare), &JOINED_FORMS);
    let words: Vec<String> = words(&named).filter(|word| !FORM_WORDS.contains(&&**word)).collect();
    match words.is_empty() {
        false => initials_apart(words).join(" "),
        true => self::words(&letters(&plain)).collect::<Vec<_>>().join(" "),
    }
}

/// [`fold`] without blanks: what is compared as a whole, and from its beginning.
#[must_use]
pub fn key(text: &str) -> String {
    fold(text).replace(' ', "")
}

/// The text without some of its parts, in whatever order they were nested.
fn without(text: &str, parts: &[&str]) -> String {
    parts.iter().fold(text.to_owned(), |text, part| text.replace(part, " "))
}

/// The letters and digits of a text, folded one by one, and blanks.
fn letters(text: &str) -> String {
    let cased = text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let kana = cased.map(hiragana).filter(|&c| !is_silent(c)).map(full_size);
    kana.map(|c| if c.is_alphanumeric() || is_combining_mark(c) { c } else { ' ' }).collect()
}

/// The words of a text, romanised alike.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(romanised)
}

/// `K.K.` reads as two letters: a company's form too, where anything else is left.
fn initials_apart(words: Vec<String>) -> Vec<String> {
    let pairs: BTreeSet<usize> = (1..words.len())
        .filter(|&at| matches!((&*words[at - 1], &*words[at]), ("k" | "y" | "g", "k")))
        .flat_map(|at| [at - 1, at])
        .collect();
    if pairs.len() == words.len() {
        return words;
    }
    let kept = words.into_iter().enumerate().filter(|(at, _)| !pairs.contains(at));
    kept.map(|(_, word)| word).collect()
}

/// Long vowels as one letter (`oo`, `ou`, and `oh` before a consonant or at the end; `uu`), and `n` before `b`, `m`
/// and `p`, as in both Hepburn styles and passports.
fn romanised(word: &str) -> String {
    let characters: Vec<char> = word.chars().collect();
    let mut out = String::new();
    for (at, &c) in characters.iter().enumerate() {
        let next = characters.get(at + 1).copied();
        match (out.chars().next_back(), c) {
            (Some('o'), 'o' | 'u') | (Some('u'), 'u') => {}
            (Some('o'), 'h') if next.is_none_or(is_consonant) => {}
            (_, 'm') if matches!(next, Some('b' | 'm' | 'p')) => out.push('n'),
            _ => out.push(c),
        }
    }
    out
}

fn is_consonant(c: char) -> bool {
    c.is_ascii_lowercase() && !"aeiou".contains(c)
}

/// The long-vowel mark, and apostrophes, which only part syllables.
fn is_silent(c: char) -> bool {
    matches!(c, 'ー' | '\'' | '’' | '‘' | 'ʼ')
}

/// Combining Diacritical Marks; those of kana and of Indic scripts change the letter and stay.
fn is_latin_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Hiragana for katakana.
fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// A full-size kana for a small one.
fn full_size(c: char) -> char {
    match c {
        'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ゎ' => {
            char::from_u32(u32::from(c) + 1).unwrap_or(c)
        }
        _ => c,
    }
}

/// The scripts whose runs are cut apart: Chinese characters are searched from within, other words
/// from their edges too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Kana,
    Other,
}

fn script(c: char) -> Script {
    match c {
        '々' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            Script::Han
        }
        '\u{3041}'..='\u{30ff}' => Script::Kana,
        _ => Script::Other,
    }
}

/// The grams of a text: the pairs of neighbouring characters of each word, with a word's edges as
/// blanks; of Chinese characters the inner pairs only, or the character when it stands alone.
#[must_use]
pub fn grams(text: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for word in fold(text).split(' ').filter(|word| !word.is_empty()) {
        let characters: Vec<char> = word.chars().collect();
        for run in characters.chunk_by(|a, b| script(*a) == script(*b)) {
            match (script(run[0]), run) {
                (Script::Han, [alone]) => drop(grams.insert(alone.to_string())),
                (Script::Han, run) => pairs(run, &mut grams),
                (_, run) => pairs(&[&[' '], run, &[' ']].concat(), &mut grams),
            }
        }
    }
    grams
}

fn pairs(run: &[char], into: &mut BTreeSet<String>) {
    into.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
}

/// How well a name fits, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Most pairs of characters are shared: so many. A slip, or a part of several words.
    Most(usize),
    /// All pairs are.
    All,
    /// A name begins so.
    Prefix,
    /// A name is so.
    Exact,
}

impl Rank {
    /// The number by which the list is ordered, the highest first; more pairs than a question has are never shared.
    #[must_use]
    pub fn score(self) -> i64 {
        match self {
            Self::Most(shared) => i64::try_from(shared).unwrap_or(i64::MAX),
            Self::All => 1000,
            Self::Prefix => 2000,
            Self::Exact => 3000,
        }
    }
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The grams to look up.
    pub grams: Vec<String>,
    /// How many of them a name must share: see [`least`].
    pub least: i64,
    /// Its [`key`].
    pub key: String,
}

impl Question {
    /// The question that a text asks; none when it has neither letter nor digit.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let grams: Vec<_> = grams(text).into_iter().take(QUESTION_GRAMS).collect();
        let least = i64::try_from(least(grams.len())).unwrap_or(i64::MAX);
        (!grams.is_empty()).then(|| Self { least, grams, key: key(text) })
    }

    /// How well a holder with these names fits; none when it is not what was asked for. The store asks the same in SQL.
    #[must_use]
    pub fn rank(&self, names: &[&str]) -> Option<Rank> {
        let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
        let known: BTreeSet<String> = names.iter().flat_map(|name| grams(name)).collect();
        let shared = self.grams.iter().filter(|gram| known.contains(*gram)).count();
        if keys.contains(&self.key) {
            return Some(Rank::Exact);
        }
        if keys.iter().any(|key| key.starts_with(&self.key)) {
            return Some(Rank::Prefix);
        }
        match shared {
            all if all == self.grams.len() => Some(Rank::All),
            some if i64::try_from(some).is_ok_and(|some| some >= self.least) => {
                Some(Rank::Most(some))
            }
            _ => None,
        }
    }
}

/// Of how many grams how many must be shared: three in five, or all but the three that two swapped letters cost (two
/// of four, which a wrong letter among three kana costs).
fn least(grams: usize) -> usize {
    let share = (grams * 3).div_ceil(5);
    match grams {
        0..=3 | 5 => share,
        4 => 2,
        _ => share.min(grams - 3),
    }
}

/// What a certificate is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Each name: its kind, as it is written, and its [`key`].
    pub names: Vec<(String, String, String)>,
    /// The grams of all names.
    pub grams: BTreeSet<String>,
    /// Where it is: regions and municipalities, as [`Place`](super::place::Place) compares them.
    pub places: BTreeSet<String>,
}

impl Index {
    /// The index of names, each with its kind, and of places. A name that reads like one before it is left out, so
    /// that a former name which is borne again is no former one.
    #[must_use]
    pub fn of(
        names: impl IntoIterator<Item = (String, String)>,
        places: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut index = Self { places: places.into_iter().collect(), ..Self::default() };
        for (kind, name) in names {
            let key = key(&name);
            index.grams.extend(grams(&name));
            if !key.is_empty() && !index.names.iter().any(|(_, _, known)| *known == key) {
                index.names.push((kind, name, key));
            }
        }
        index
    }
}

/// Names as they are kept, what is asked, and how well the one fits the other: by hand, for the rule and for the SQL.
#[cfg(test)]
pub(crate) const RANKED: &[(&str, &str, Option<Rank>)] = &[
    // In kana: hiragana is katakana, full width or half, with or without a long-vowel mark.
    ("アオゾラ水産", "あおぞら水産", Some(Rank::Exact)),
    ("あおぞら水産", "ｱｵｿﾞﾗ水産", Some(Rank::Exact)),
    ("サトー製作所", "さと製作所", Some(Rank::Exact)),
    ("あおぞら水産", "アオゾラ", Some(Rank::Prefix)),
    ("あおぞら水産", "ゆうやけ", None),
    // In Chinese characters, whatever the form of the company and wherever it stands.
    ("株式会社例示水産", "例示水産", Some(Rank::Exact)),
    ("例示水産株式会社", "㈱例示水産", Some(Rank::Exact)),
    ("例示水産有限会社", "（有）例示水産", Some(Rank::Exact)),
    ("カブシキガイシャ例示", "例示", Some(Rank::Exact)),
    ("例示水産株式会社", "水産", Some(Rank::All)),
    ("例示水産加工", "例示氷産加工", Some(Rank::Most(3))),
    ("例示建設株式会社", "例題株式会社", None),
    // Romanised: macrons, long vowels, case, hyphens, apostrophes, forms.
    ("Ōzora Suisan Co., Ltd.", "oozora suisan", Some(Rank::Exact)),
    ("Ōzora Suisan K.K.", "OUZORA-SUISAN", Some(Rank::Exact)),
    ("Ohzora Suisan", "Ōzora Suisan Kabushiki Kaisha", Some(Rank::Exact)),
    ("Shin'ei Shimbun", "shinei shinbun", Some(Rank::Exact)),
    ("Aozora-Suisan", "aozorasuisan", Some(Rank::Exact)),
    ("Aozora Suisan", "aozora", Some(Rank::Prefix)),
    ("Aozora Suisan", "suisan", Some(Rank::All)),
    // One slip: a wrong letter, one too few, one too many, two swapped.
    ("Aozora", "Aozara", Some(Rank::Most(5))),
    ("Aozora", "Aozra", Some(Rank::Most(5))),
    ("Aozora", "Aozzora", Some(Rank::Most(7))),
    ("Aozora", "Aozroa", Some(Rank::Most(4))),
    ("Aozora", "Azoora", Some(Rank::Most(5))),
    ("やまびこ", "やまひこ", Some(Rank::Most(3))),
    ("Yamabiko", "Orchard", None),
    // A form alone is no name.
    ("例示水産株式会社", "株式会社", None),
    ("Aozora Co., Ltd.", "co ltd", None),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(question: &str, name: &str) -> bool {
        Question::of(question).is_some_and(|question| question.rank(&[name]).is_some())
    }

    #[test]
    fn each_name_of_the_table_is_ranked_as_it_says() {
        for (name, asked, rank) in RANKED {
            let found = Question::of(asked).and_then(|question| question.rank(&[name]));
            assert_eq!(found, *rank, "{asked} → {name}");
        }
    }

    #[test]
    fn the_better_a_name_fits_the_further_up_it_stands() {
        let ranks =
            [Rank::Most(3), Rank::Most(QUESTION_GRAMS), Rank::All, Rank::Prefix, Rank::Exact];
        assert!(ranks.is_sorted() && ranks.map(Rank::score).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_name_borne_again_is_no_former_one() {
        let name = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
        let names = [
            name("shown", "例示水産"),
            name("former", "例示漁業"),
            name("former", "例示水産株式会社"),
        ];
        let kept: Vec<_> =
            Index::of(names, []).names.into_iter().map(|(kind, name, _)| (kind, name)).collect();
        assert_eq!(kept, [name("shown", "例示水産"), name("former", "例示漁業")]);
    }

    #[test]
    fn ways_of_writing_the_same_name_are_one() {
        for (one, other) in [
            ("ＡＢＣ　水産", "abc 水産"),
            ("アオゾラ", "あおぞら"),
            ("ｱｵｿﾞﾗ", "あおぞら"),
            ("キャノン", "きやのん"),
            ("サトー", "さと"),
            ("Müller & Söhne", "muller sohne"),
            ("STRASSE", "straße"),
            ("㈱例示", "(株)例示"),
            ("Example-Foods, Ltd.", "example foods ltd"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} / {other}");
        }
        assert_ne!(fold("が"), fold("か"), "a voiced kana is another letter");
    }

    #[test]
    fn a_name_is_found_by_a_part_and_with_a_slip() {
        for (question, name) in [
            ("水産", "例示あおぞら水産株式会社"),
            ("青", "青 水産"),
            ("あおぞら", "例示アオゾラ水産"),
            ("あおどら", "例示アオゾラ水産"),
            ("exampel", "Example Foods Ltd."),
            ("exmple foods", "Example Foods Ltd."),
            ("ภูเขา", "บริษัท ภูเขา"),
            ("приме", "Пример"),
        ] {
            assert!(finds(question, name), "{question} → {name}");
        }
    }

    #[test]
    fn another_name_is_not_found() {
        for (question, name) in [
            ("水産", "例示建設株式会社"),
            ("orchard", "Example Foods Ltd."),
            ("example foods", "Sample Hills"),
            ("—", "Example"),
            ("", "Example"),
        ] {
            assert!(!finds(question, name), "{question} → {name}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,24}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn every_name_finds_itself(text in "\\PC{0,24}") {
            prop_assert!(Question::of(&text).is_none() || finds(&text, &text));
        }

        #[test]
        fn a_gram_is_one_or_two_characters(text in "\\PC{0,24}") {
            prop_assert!(grams(&text).iter().all(|gram| (1..=2).contains(&gram.chars().count())));
        }
    }
}
