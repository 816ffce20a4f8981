//! What a screen reader hears: one region that waits for a pause, one that does not.

use crate::markup::view;
use leptos::prelude::*;

use crate::store::Store;

/// The two live regions. They are in the document before anything is said, as readers want it.
#[must_use]
pub fn regions(store: Store) -> AnyView {
    view! {
        <div class="hidden" role="status" aria-live="polite">{move || store.polite.get()}</div>
        <div class="hidden" role="alert">{move || store.urgent.get()}</div>
    }
    .into_any()
}
