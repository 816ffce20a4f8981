//! A server of the owner's own: where it is, and the name and password that a proxy before it may ask for.
//!
//! Owns: HTTP Basic authentication (RFC 7617). Must not: know what the server speaks.

use crate::attempt::Headers;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Where a server is, and how it is asked.
#[derive(Clone)]
pub struct OwnServer {
    url: String,
    password: String,
    credentials: Option<String>,
}

impl OwnServer {
    /// The server at that address; `login` is `user:password`.
    #[must_use]
    pub fn new(url: &str, login: Option<&str>) -> Self {
        let password = login.and_then(|login| login.split_once(':')).map_or("", |(_, password)| password);
        Self {
            url: url.trim_end_matches('/').to_owned(),
            password: password.to_owned(),
            credentials: login.map(|login| format!("Basic {}", BASE64_STANDARD.encode(login))),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn authorization(&self) -> Headers {
        self.credentials.iter().map(|credentials| ("authorization", credentials.clone())).collect()
    }

    /// What must not reach the log: the password, and the header's form of it.
    pub(crate) fn secrets(&self) -> [&str; 2] {
        let encoded = self.credentials.as_deref().and_then(|credentials| credentials.strip_prefix("Basic "));
        [&self.password, encoded.unwrap_or_default()]
    }

    /// Whose limits it draws on: its own.
    pub(crate) fn account(&self, kind: &str) -> String {
        format!("{kind}@{}", self.url)
    }
}
