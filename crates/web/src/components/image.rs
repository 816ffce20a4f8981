//! Where an image comes from, and that it comes at last.
//!
//! Owns: when it is asked for anew. Must not: draw it, or say anything of it.

use crate::signal::{Memo, RwSignal};
use crate::store::Store;

/// The address of an image. One that did not arrive, which `is_broken` says, is asked for anew as soon as there is a network
/// again: until then it has none.
pub fn address(
    store: Store,
    url: Option<String>,
    is_broken: RwSignal<bool>,
) -> impl Fn() -> Option<String> + Clone + Send + 'static {
    let is_given_up = Memo::new(move |_| is_broken.get() && !store.is_online.get());
    move || url.clone().filter(|_| !is_given_up.get())
}
