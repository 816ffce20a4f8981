//! The owner's secrets, and where each of them may go.
//!
//! Owns: that judgement, of one request. An address is read as `fetch` reads it, by a parser that is not the hub's.
//! Must not: know which engine sent the request.

use transport::{Method, Payload, Request};
use url::{Host, Url};

/// A key or a password.
pub struct Secret {
    /// The forms in which it could be sent.
    pub texts: Vec<String>,
    /// The addresses below which it may be sent.
    pub bases: Vec<Url>,
}

impl Secret {
    /// Whether a text gives it away.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.texts.iter().any(|secret| text.contains(secret))
    }
}

/// Fails for a request that takes a secret to where it does not belong, or that goes where the owner has no engine with
/// more than the question for a picture. Answers which secrets go along.
pub fn check<'a>(request: &Request<Vec<u8>>, secrets: &'a [Secret]) -> Vec<&'a Secret> {
    let url = Url::parse(&request.url).unwrap_or_else(|error| panic!("{request:?}: {error}"));
    let goes_along = |secret: &&Secret| request.headers.iter().any(|(_, value)| secret.is_in(value));
    let told: Vec<_> = secrets.iter().filter(goes_along).collect();
    for secret in &told {
        assert!(secret.bases.iter().any(|base| is_below(&url, base)), "{request:?} takes a secret along");
        // A step up, or anything else that two parsers may read in two ways.
        assert_eq!(url.as_str(), request.url, "an address with a secret that is read as another one");
    }
    let is_ours = secrets.iter().flat_map(|secret| &secret.bases).any(|base| base.origin() == url.origin());
    if !is_ours {
        assert!(request.headers.is_empty(), "{request:?} has headers");
        assert!(
            request.method == Method::Get && request.payload == Payload::None,
            "{request:?} says more than it must"
        );
        assert!(
            url.scheme() == "https" && matches!(url.host(), Some(Host::Domain(_))),
            "{request:?} is not on the web"
        );
    }
    for (name, value) in &request.headers {
        assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()), "{name}");
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name} has a value that cannot be sent");
    }
    told
}

fn is_below(url: &Url, base: &Url) -> bool {
    let folder = base.path().trim_end_matches('/');
    base.origin() == url.origin() && url.path().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
