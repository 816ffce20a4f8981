//! Who serves a model, remembered for a while.
//!
//! Owns: when the hub is asked, for how long its answer counts, what counts when it cannot be reached, and which
//! providers said that they do not serve the model after all. Must not: fail: a picture is not lost because the hub is
//! down.

use super::{Provider, Served, Site, mapping};
use crate::attempt::{Attempt, TEXT_BYTES_MAX};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use transport::{Body, Response, Timer, Transport};

/// Mappings vanish and return within hours.
const KEPT_MS: u64 = 3_600_000;
/// A hub that cannot be reached is not asked by every picture.
const PAUSE_MS: u64 = 60_000;
/// The hub answers at once, or is not waited for.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What one worker knows; its clones know the same.
#[derive(Clone, Default)]
pub struct Lookup {
    /// Never borrowed across an await.
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    entry: Option<Entry>,
    /// Who said of this model that it is gone, and until when they are believed.
    gone: Vec<(Provider, u64)>,
}

struct Entry {
    serving: Vec<Served>,
    fresh_until_ms: u64,
    is_guess: bool,
}

/// Who serves the model.
pub struct Found {
    /// The first of them is to be asked first.
    pub serving: Vec<Served>,
    /// Nobody said so, but it is worth a try.
    pub is_guess: bool,
    /// The hub was asked just now.
    pub is_new: bool,
}

impl Lookup {
    /// Who serves the model: remembered, asked, remembered although old, or guessed.
    pub async fn find<T: Transport, C: Timer>(&self, attempt: &Attempt<'_, T, C>, site: &Site, model: &str) -> Found {
        if let Some(found) = self.fresh(attempt.timer.now_ms(), false) {
            return found;
        }
        let answer = ask(attempt, site, model).await;
        let now_ms = attempt.timer.now_ms();
        let is_new = answer.is_some();
        self.keep(answer, model, now_ms);
        // What is kept for a minute at least is fresh now.
        self.fresh(now_ms, is_new).unwrap_or(Found { serving: vec![], is_guess: true, is_new })
    }

    fn fresh(&self, now_ms: u64, is_new: bool) -> Option<Found> {
        let mut state = self.state.borrow_mut();
        state.gone.retain(|(_, until_ms)| now_ms < *until_ms);
        let entry = state.entry.as_ref().filter(|entry| now_ms < entry.fresh_until_ms)?;
        let is_gone = |served: &Served| state.gone.iter().any(|(provider, _)| *provider == served.provider);
        let serving = entry.serving.iter().filter(|served| !is_gone(served)).cloned().collect();
        Some(Found { serving, is_guess: entry.is_guess, is_new })
    }

    fn keep(&self, answer: Option<Vec<Served>>, model: &str, now_ms: u64) {
        let entry = &mut self.state.borrow_mut().entry;
        let pause_ends_ms = now_ms.saturating_add(PAUSE_MS);
        match (answer, entry.as_mut()) {
            (Some(serving), _) => {
                let fresh_until_ms = now_ms.saturating_add(KEPT_MS);
                *entry = Some(Entry { serving, fresh_until_ms, is_guess: false });
            }
            (None, Some(stale)) => stale.fresh_until_ms = pause_ends_ms,
            (None, None) => {
                let provider = Provider::HfInference;
                let serving = vec![Served { provider, id: model.to_owned(), adapter_weights: None }];
                *entry = Some(Entry { serving, fresh_until_ms: pause_ends_ms, is_guess: true });
            }
        }
    }

    /// This provider said that it does not serve the model, whatever the hub says.
    pub fn exclude(&self, provider: Provider, now_ms: u64) {
        let gone = &mut self.state.borrow_mut().gone;
        gone.retain(|(known, _)| *known != provider);
        gone.push((provider, now_ms.saturating_add(KEPT_MS)));
    }

    /// The hub's answer is not believed any longer.
    pub fn drop_answer(&self) {
        self.state.borrow_mut().entry = None;
    }

    /// Nothing of what is known is believed any longer.
    pub fn forget(&self) {
        self.state.replace(State::default());
    }
}

/// What the hub says; none where it cannot be asked, or does not say.
async fn ask<T: Transport, C: Timer>(attempt: &Attempt<'_, T, C>, site: &Site, model: &str) -> Option<Vec<Served>> {
    let url = format!("{}/api/models/{model}?expand[]=inferenceProviderMapping", site.hub_url);
    // Another service's key is none of the hub's business.
    let headers = if site.key.starts_with("hf_") { site.authorization() } else { vec![] };
    let response = attempt.get(&url, &headers, TIMEOUT.min(attempt.remaining()), TEXT_BYTES_MAX).await.ok()?;
    if response.is_success() {
        return mapping::read(&response.body.copy(0, TEXT_BYTES_MAX));
    }
    // The hub hides what is private behind 401, and says so in a header; without that the key is at fault, of which the
    // provider will tell.
    is_unknown(&response).then(Vec::new)
}

fn is_unknown<B>(response: &Response<B>) -> bool {
    matches!(response.status, 404 | 410)
        || (matches!(response.status, 401 | 403) && response.header("x-error-code") == Some("RepoNotFound"))
}
