//! The catalogues of sentences: which language, how a sentence is filled, and which plural.
//!
//! Owns: the rules for placeholders and plurals. Must not: hold a sentence; those are in `crates/web/catalogues`.

/// A language that there is a catalogue for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Hindi.
    Hindi,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::English, Self::Hindi];

    /// The id: of the catalogue, and of the page's `lang`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hindi => "hi",
        }
    }

    /// The language of a browser's tag (`hi`, `hi-IN`, `en-GB`); none for one that there is no catalogue for.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.id()))
    }

    /// Whether that many are one, by the grammar. Hindi counts nothing as one.
    #[must_use]
    pub const fn is_one(self, count: u32) -> bool {
        match self {
            Self::English => count == 1,
            Self::Hindi => count <= 1,
        }
    }
}

/// The key of the plural form of `base` for that many: `base_one` or `base_other`.
#[must_use]
pub fn plural_key(language: Language, base: &str, count: u32) -> String {
    let ending = if language.is_one(count) { "_one" } else { "_other" };
    let mut key = String::with_capacity(base.len().saturating_add(ending.len()));
    key.push_str(base);
    key.push_str(ending);
    key
}

/// The sentence with each `{name}` replaced. A placeholder that nothing is given for stays as it stands, so that it is
/// seen; what is filled in is not looked at again.
#[must_use]
pub fn fill(sentence: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// The names of the placeholders of a sentence, in its order.
#[must_use]
pub fn placeholders(sentence: &str) -> Vec<&str> {
    sentence.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_its_language() {
        for (tag, expected) in [
            ("hi", Some(Language::Hindi)),
            ("HI-in", Some(Language::Hindi)),
            ("en_GB", Some(Language::English)),
            ("hil", None),
            ("", None),
        ] {
            assert_eq!(Language::from_tag(tag), expected, "{tag}");
        }
    }

    #[test]
    fn hindi_says_none_as_it_says_one() {
        let forms = |language| [0, 1, 2].map(|count| plural_key(language, "k", count));
        assert_eq!(forms(Language::English), ["k_other", "k_one", "k_other"]);
        assert_eq!(forms(Language::Hindi), ["k_one", "k_one", "k_other"]);
    }

    #[test]
    fn each_placeholder_is_filled_once() {
        let values = [("a", "{b}".to_owned()), ("b", "2".to_owned())];
        for (sentence, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{a} and {b}", "{b} and 2"),
            ("{b}{b}", "22"),
            ("{c} stays", "{c} stays"),
            ("open { at the end {", "open { at the end {"),
            ("चित्र {b}", "चित्र 2"),
        ] {
            assert_eq!(fill(sentence, &values), expected, "{sentence}");
        }
        assert_eq!(placeholders("{a} of {b}, {"), ["a", "b"]);
    }
}
