//! The session that counts, what is left of it, and the strip of its hour.
//!
//! Owns: which of the customer's sessions is the one, and asking the hub about it. Must not: count credits itself.

use crate::bridge::spawn_local;
use domain::hours::{Clock, HOUR_MS, Moment};
use leptos::prelude::*;

use super::{Balance, Session, Store, deletion, notices, rows};
use crate::bridge::{Ask, Row, hub};

/// The session that counts at a moment: the one that runs, the one that ends last where several do, or the one that waits.
#[must_use]
pub fn current(sessions: &[Session], now_ms: u64) -> Option<&Session> {
    let runs = |session: &&Session| session.is_active && session.expires_at_ms.is_some_and(|end| end > now_ms);
    sessions
        .iter()
        .filter(runs)
        .max_by_key(|session| session.expires_at_ms)
        .or_else(|| sessions.iter().filter(|session| !session.is_active).min_by_key(|session| session.created_at_ms))
}

impl Store {
    /// The session that counts, tracked.
    #[must_use]
    pub fn session(self) -> Option<Session> {
        let now_ms = self.now_ms.get_untracked();
        self.sessions.with(|sessions| sessions.as_deref().and_then(|sessions| current(sessions, now_ms).cloned()))
    }

    /// The session that counts, not tracked.
    #[must_use]
    pub fn session_untracked(self) -> Option<Session> {
        untrack(|| self.session())
    }

    /// The plan of that id.
    #[must_use]
    pub fn plan_of(self, id: &str) -> Option<super::Plan> {
        self.plans.with(|plans| plans.iter().find(|plan| plan.id == id).cloned())
    }
}

/// Asks for the sessions and all that hangs on the one that counts.
pub async fn load(store: Store) {
    if store.plans.with_untracked(Vec::is_empty)
        && let Some(plans) = hub().ask(Ask::Plans).await.rows()
    {
        store.plans.set(plans.iter().map(rows::plan).collect());
    }
    let Some(sessions) = store.ask(Ask::Sessions).await.rows() else { return };
    let mut sessions: Vec<Session> = sessions.iter().map(rows::session).collect();
    // The hub writes down that one is over when somebody comes by.
    let now_ms = hub().now();
    sessions.retain(|session| !session.is_over(now_ms));
    if store.sessions.with_untracked(|known| known.as_deref() != Some(sessions.as_slice())) {
        if !sessions.is_empty() {
            store.over.set(None);
        }
        store.sessions.set(Some(sessions));
    }
    refresh(store).await;
}

/// Asks what is left of the session that counts.
pub async fn refresh(store: Store) {
    let Some(session) = store.session_untracked() else {
        store.balance.set(None);
        store.strip.set(vec![]);
        return;
    };
    let answer = store.ask(Ask::Balance(&session.id)).await;
    if answer.is_silence() {
        return;
    }
    if answer.is_ok() {
        take(store, rows::balance(&session.id, &answer.body));
    }
    refresh_strip(store, &session).await;
}

/// Takes a balance that the hub told of, where it is about the session that counts.
pub fn take(store: Store, balance: Option<Balance>) {
    let Some(balance) = balance else { return };
    let is_ours = store.session_untracked().is_some_and(|session| session.id == balance.session_id);
    if is_ours && store.balance.with_untracked(|known| known.as_ref() != Some(&balance)) {
        store.balance.set(Some(balance));
    }
}

/// Asks for the pictures of this hour.
async fn refresh_strip(store: Store, session: &Session) {
    let now_ms = hub().now();
    let since_ms = session.started_at_ms.map_or(session.created_at_ms, |started_at_ms| {
        let hour_index = match Clock::new(started_at_ms, session.hours).at(now_ms) {
            Moment::Running { hour_index, .. } => hour_index,
            Moment::Over => 0,
        };
        started_at_ms.saturating_add(HOUR_MS.saturating_mul(u64::from(hour_index)))
    });
    if let Some(found) = store.ask(Ask::Strip(&session.id, since_ms)).await.rows() {
        let mut strip = rows::pictures(&found);
        deletion::as_wanted(store, &mut strip);
        if store.strip.with_untracked(|known| *known != strip) {
            store.strip.set(strip);
        }
    }
    let videos = store.ask(Ask::Videos(&session.id, since_ms)).await;
    if videos.is_ok() {
        store.videos_used.set(videos.body.as_whole());
    }
}

/// Starts the clock of a session that waits.
pub fn start(store: Store, session_id: String) {
    spawn_local(async move {
        let body = Row::of(&[("sessionId", session_id.as_str().into())]);
        let answer = hub().call("start-session", "POST", Some(&body), false).await;
        if answer.is_ok() {
            load(store).await;
        } else {
            notices::failure(store, &answer);
        }
    });
}
