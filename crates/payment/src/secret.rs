//! The owner's key, and the secrets that go with it.
//!
//! Owns: that they cannot be printed. The key's id may be shown to the browser, which needs it to open the provider's
//! page; a secret never leaves this crate but in the header of a request to its provider.
//! Must not: read them from anywhere.

use std::fmt;

/// Longer ones are no keys.
const BYTES_MAX: usize = 256;

/// The id of the owner's key. It is no secret, and still no business of a log.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyId(String);

impl KeyId {
    /// None when the text is none that could be sent: it is what stands before the colon of a Basic login.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_key = is_sendable(text) && !text.contains(':');
        is_key.then(|| Self(text.to_owned()))
    }

    /// As the browser needs it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A secret that is shared with the provider: the key's, or a webhook's.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// None when the text is empty, longer than a secret is, or has characters that none has: white space around it, for
    /// instance, is a mistake in the settings.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_secret = is_sendable(text);
        is_secret.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_sendable(text: &str) -> bool {
    (1..=BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyId(…)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_is_ever_printed() {
        let printed = format!("{:?} {:?}", KeyId::new("rzp_test_1"), Secret::new("s3cret"));
        assert_eq!(printed, "Some(KeyId(…)) Some(Secret(…))");
    }

    #[test]
    fn what_cannot_be_sent_is_none() {
        for text in ["", " ", "a b", "a\n", "\0", "schlüssel", &"a".repeat(BYTES_MAX + 1)] {
            assert!(KeyId::new(text).is_none() && Secret::new(text).is_none(), "{text:?}");
        }
        assert!(KeyId::new("rzp:1").is_none());
        assert!(Secret::new("a:b").is_some());
    }
}
