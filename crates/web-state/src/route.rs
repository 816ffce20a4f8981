//! Where in the hub one is, as the address after `#` says it.
//!
//! Owns: the addresses of the pages. Must not: know how a browser is told to go there.

use domain::id::ConversationId;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The stage: a conversation, or none yet.
    Studio {
        /// Its id, a UUID in lower case.
        conversation: Option<String>,
    },
    /// The plans, and buying.
    Plans,
    /// All pictures of the customer.
    History,
    /// The log of what was said in toasts.
    Log,
}

impl Route {
    /// The page of an address; with or without its `#`. What names no page is the empty stage.
    #[must_use]
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_matches('/');
        let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
        match path {
            "plans" => Self::Plans,
            "history" => Self::History,
            "log" => Self::Log,
            other => Self::Studio { conversation: other.strip_prefix("chat/").and_then(conversation) },
        }
    }

    /// The address, with its `#`.
    #[must_use]
    pub fn to_hash(&self) -> String {
        match self {
            Self::Studio { conversation: None } => "#/".to_owned(),
            Self::Studio { conversation: Some(id) } => ["#/chat/", id].concat(),
            Self::Plans => "#/plans".to_owned(),
            Self::History => "#/history".to_owned(),
            Self::Log => "#/log".to_owned(),
        }
    }
}

/// Only an id goes on from here into requests.
fn conversation(text: &str) -> Option<String> {
    text.parse::<ConversationId>().ok().map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11";

    #[test]
    fn each_page_is_found_at_its_own_address() {
        let studio = |conversation: Option<&str>| Route::Studio { conversation: conversation.map(str::to_owned) };
        for route in [studio(None), studio(Some(ID)), Route::Plans, Route::History, Route::Log] {
            assert_eq!(Route::parse(&route.to_hash()), route);
        }
    }

    #[test]
    fn what_names_no_page_is_the_empty_stage() {
        let nowhere = Route::Studio { conversation: None };
        for hash in ["", "#", "#/", "/", "#/nothing", "#/chat", "#/chat/", "#/chat/1", "#access_token=x", "#/Plans"] {
            assert_eq!(Route::parse(hash), nowhere, "{hash}");
        }
        assert_eq!(Route::parse("#/plans/?from=mail"), Route::Plans);
        assert_eq!(Route::parse("#/history/"), Route::History);
        assert_eq!(
            Route::parse(&format!("#/chat/{}", ID.to_uppercase())),
            Route::Studio { conversation: Some(ID.to_owned()) }
        );
    }
}
