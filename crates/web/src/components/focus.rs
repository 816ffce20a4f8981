//! Where the keyboard is when what it was on has gone.
//!
//! Owns: finding a place for it, so that nobody begins again at the page's start. Must not: take the focus from where it is.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

/// To be called before something is drawn anew: whoever is inside of such a place now is on the place itself afterwards.
pub fn keep_in(place: &'static str) {
    let around = document().active_element().and_then(|active| active.closest(place).ok().flatten());
    if let Some(around) = around.and_then(|around| around.dyn_into::<HtmlElement>().ok()) {
        in_the_next_frame(move || Some(around));
    }
}

/// To be called when something is gone that may have had the focus: whoever is nowhere then is in the open dialog, or on the
/// page. Nothing scrolls.
pub fn find_again() {
    in_the_next_frame(|| {
        let dialog = document().query_selector("dialog:modal .lightbox-next").ok().flatten();
        let place = dialog.or_else(|| document().get_element_by_id("main"))?;
        place.dyn_into().ok()
    });
}

fn in_the_next_frame(place: impl FnOnce() -> Option<HtmlElement> + 'static) {
    request_animation_frame(move || {
        let is_lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if let Some(place) = is_lost.then(place).flatten() {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = place.focus_with_options(&options);
        }
    });
}
