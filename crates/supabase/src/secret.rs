//! The project's secret key, which may do everything.
//!
//! Owns: in which headers it is sent, and that it cannot be printed. Must not: let it out of this crate.

use std::fmt;

/// The key that stands for the hub itself.
#[derive(Clone)]
pub struct SecretKey(String);

impl SecretKey {
    /// None when the text is no key that could be sent in a header.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let can_be_sent = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        can_be_sent.then(|| Self(text.to_owned()))
    }

    /// Whether a text is this key. How long it takes does not tell where the two differ.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        let differs = self.0.bytes().zip(text.bytes()).fold(0, |differs, (ours, theirs)| differs | (ours ^ theirs));
        self.0.len() == text.len() && differs == 0
    }

    /// The headers that carry the key. A key of today is no JWT and would be refused as a bearer token; the legacy
    /// `service_role` key is one, and PostgREST and Storage know it by nothing else.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("apikey", self.0.clone())];
        if self.0.starts_with("eyJ") {
            headers.push(("authorization", format!("Bearer {}", self.0)));
        }
        headers
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legacy_key_is_a_bearer_token_as_well() {
        let names = |key| SecretKey::new(key).unwrap().headers().iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names("sb_secret_x"), ["apikey"]);
        assert_eq!(names("eyJh.eyJy.c2ln"), ["apikey", "authorization"]);
    }

    #[test]
    fn a_key_is_itself_and_nothing_else() {
        let key = SecretKey::new("sb_secret_x").unwrap();
        let rows = [("sb_secret_x", true), ("sb_secret_y", false), ("sb_secret_", false), ("sb_secret_xx", false)];
        for (text, expected) in rows {
            assert_eq!(key.is(text), expected, "{text}");
        }
        assert!(!key.is(""));
    }

    #[test]
    fn a_key_is_never_printed_and_can_always_be_sent() {
        assert_eq!(format!("{:?}", SecretKey::new("sb_secret_x")), "Some(SecretKey(…))");
        for text in ["", "a b", "a\nb", "schlüssel"] {
            assert!(SecretKey::new(text).is_none(), "{text:?}");
        }
    }
}
