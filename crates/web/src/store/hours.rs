//! What the clock alone changes: an hour that turns, a session that ends, a warning that comes due. Nobody broadcasts these.
//!
//! Owns: noticing them, having them announced once, and what is left of the session as a signal. Must not: give credits
//! itself; a new strip is there when the hub says so.

use crate::bridge::spawn_local;
use crate::signal::{Memo, effect};
use domain::hours::HOUR_MS;
use web_state::clock::{self, Span};
use web_state::phrase::{Phrase, Value};
use web_state::route::Route;
use web_state::strip::SessionStatus;
use web_state::toast::{Action, Kind};

use super::{Balance, Session, Store, notices, session};
use crate::words::say;

/// For how long after an hour has turned the hub is asked each second: clocks differ by no more.
const TURN_MS: u64 = 5_000;

/// Begins, once for the page's life.
pub fn begin(store: Store) {
    let left = store.left_memo();
    effect(move |earlier: Option<u64>| {
        let left_ms = left.get();
        if let Some(warning) = clock::due(earlier.unwrap_or(u64::MAX), left_ms) {
            tell_of_time(store, warning.minutes() <= 5, warning.phrase(left_ms), Some(Action::AddHour));
        }
        left_ms
    });
    let used_up = store.used_up_memo();
    effect(move |earlier: Option<Option<Phrase>>| {
        let used_up = used_up.get();
        // It says how long yet, and is not said anew each minute.
        if let Some(words) = used_up.as_ref().filter(|_| earlier.flatten().is_none()) {
            notices::announce(store, false, say(words));
        }
        used_up
    });
    effect(move |earlier: Option<Option<Balance>>| {
        let balance = store.balance.get();
        if let (Some(earlier), Some(balance)) = (earlier.flatten(), &balance)
            && has_turned(&earlier, balance, store.now_ms.get_untracked())
        {
            notices::announce(store, false, say(&Phrase::new("clock.new_strip")));
        }
        balance
    });
}

/// Above the prompt it stands as long as it holds; elsewhere it comes by, with the way to act on it.
fn tell_of_time(store: Store, is_urgent: bool, words: Phrase, action: Option<Action>) {
    if store.route.with_untracked(|route| matches!(route, Route::Studio { .. })) {
        notices::announce(store, is_urgent, say(&words));
        notices::log(store, Kind::Note, words);
    } else {
        notices::tell(store, Kind::Note, words, action);
    }
}

fn has_turned(earlier: &Balance, balance: &Balance, now_ms: u64) -> bool {
    earlier.session_id == balance.session_id
        && earlier.hour.resets_at_ms != balance.hour.resets_at_ms
        && earlier.hour.resets_at_ms.is_some_and(|resets_at_ms| resets_at_ms <= now_ms)
}

/// Looks at the clock, each second.
pub fn look(store: Store, now_ms: u64) {
    let ended =
        store.sessions.with_untracked(|known| known.iter().flatten().find(|session| session.is_over(now_ms)).cloned());
    if let Some(ended) = ended {
        end(store, ended, now_ms);
        return;
    }
    let turned_ms = store
        .balance
        .with_untracked(|balance| balance.as_ref().and_then(|balance| balance.hour.resets_at_ms))
        .and_then(|resets_at_ms| now_ms.checked_sub(resets_at_ms));
    if turned_ms.is_some_and(|turned_ms| turned_ms < TURN_MS) && store.is_online.get_untracked() {
        spawn_local(session::refresh(store));
    }
}

/// A session is over: what is shown of it goes at once, and the hub is asked for what comes.
fn end(store: Store, ended: Session, now_ms: u64) {
    let was_shown =
        store.balance.with_untracked(|known| known.as_ref().is_some_and(|known| known.session_id == ended.id));
    if was_shown {
        store.balance.set(None);
        store.strip.set(vec![]);
    }
    store.over.set(Some(ended));
    store.sessions.update(|sessions| sessions.iter_mut().for_each(|known| known.retain(|one| !one.is_over(now_ms))));
    tell_of_time(store, false, Phrase::new("clock.over"), None);
    spawn_local(session::load(store));
}

impl Session {
    /// Whether its hours have run out.
    #[must_use]
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.is_active && self.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= now_ms)
    }

    /// How much is left of it; all of it before its clock runs.
    #[must_use]
    pub fn left_ms(&self, now_ms: u64) -> u64 {
        let all_ms = u64::from(self.hours).saturating_mul(HOUR_MS);
        let runs_until_ms = self.expires_at_ms.filter(|_| self.is_active);
        runs_until_ms.map_or(all_ms, |expires_at_ms| expires_at_ms.saturating_sub(now_ms).min(all_ms))
    }
}

impl Store {
    /// The session that counts, as a signal that changes with the session and not with the time.
    #[must_use]
    pub fn session_memo(self) -> Memo<Option<Session>> {
        Memo::new(move |_| self.session())
    }

    /// The session that counts, where its clock runs.
    #[must_use]
    pub fn running(self) -> Option<Session> {
        self.session().filter(|session| session.is_active)
    }

    /// What is left of the session that runs, each second; more than any session has where none runs.
    #[must_use]
    pub fn left_memo(self) -> Memo<u64> {
        Memo::new(move |_| self.running().map_or(u64::MAX, |session| session.left_ms(self.now_ms.get())))
    }

    /// That this hour's pictures are used up, and when there are more; none where some are left.
    #[must_use]
    pub fn used_up_memo(self) -> Memo<Option<Phrase>> {
        Memo::new(move |_| {
            let balance = self.balance.get().filter(is_used_up)?;
            let words = |key| Phrase::counted(key, balance.hour.per_hour);
            Some(match (balance.hour.resets_at_ms, balance.hour.expires_at_ms) {
                (Some(resets_at_ms), _) => {
                    let minutes_ms =
                        resets_at_ms.saturating_sub(self.now_ms.get()).div_ceil(60_000).saturating_mul(60_000);
                    words("strip.used_up_until").with("time", Value::Phrase(Span::of(minutes_ms.max(60_000)).long()))
                }
                (None, Some(expires_at_ms)) => {
                    words("strip.used_up_last").with("time", Value::TimeOfDay(expires_at_ms))
                }
                (None, None) => return None,
            })
        })
    }
}

fn is_used_up(balance: &Balance) -> bool {
    balance.hour.session == SessionStatus::Active && balance.hour.remaining == 0 && balance.hour.per_hour > 0
}
