//! Images that come at last.
//!
//! Owns: when one that did not arrive is asked for anew. Must not: draw it, or say anything of it.

use crate::bridge::{browser, spawn_local};
use crate::signal::{Memo, RwSignal};
use crate::store::Store;
use web_state::failure;

/// Whether an image arrives. It must be told of it.
#[derive(Clone, Copy)]
pub struct Arrival {
    store: Store,
    is_broken: RwSignal<bool>,
    /// Whether it has no address for a moment, so that it is asked for anew.
    pauses: RwSignal<bool>,
    tries: RwSignal<u32>,
}

impl Arrival {
    /// Nothing known yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let (is_broken, pauses, tries) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(0));
        Self { store, is_broken, pauses, tries }
    }

    /// The image's address; none while it is broken and there is no network, or another try is waited for.
    pub fn address(self, url: Option<String>) -> impl Fn() -> Option<String> + Clone + Send + 'static {
        let is_away = Memo::new(move |_| {
            let is_online = self.store.is_online.get();
            if !is_online {
                // Once the network is back nothing is waited for any more.
                self.pauses.update_untracked(|pauses| *pauses = false);
                self.tries.update_untracked(|tries| *tries = 0);
            }
            let pauses = self.pauses.get();
            self.is_broken.get() && (pauses || !is_online)
        });
        move || url.clone().filter(|_| !is_away.get())
    }

    /// It is there.
    pub fn succeed(self) {
        self.is_broken.set(false);
        self.tries.set(0);
    }

    /// It did not arrive: it is asked for a few times more, and once more whenever a network is back.
    pub fn fail(self) {
        // An image may fail after whoever showed it has left.
        let Some(tries) = self.tries.try_with_untracked(|tries| *tries) else { return };
        self.is_broken.set(true);
        let waits_ms = failure::asks_by_itself_after_ms(tries).filter(|_| self.store.is_online.get_untracked());
        let Some(waits_ms) = waits_ms else { return };
        self.tries.set(tries.saturating_add(1));
        self.pauses.set(true);
        spawn_local(async move {
            browser().sleep(u32::try_from(waits_ms).unwrap_or(u32::MAX)).await;
            self.pauses.set(false);
        });
    }
}
