//! The customer's pages, in the browser.
//!
//! Owns: [`start`], which `js/boot.ts` calls with everything that is JavaScript's. Below it, arrows point one way: pages are
//! made of components, components read the store, the store asks the bridge. What is decided without a browser is decided in
//! the crate `web-state`.

pub mod app;
pub mod bridge;
pub mod components;
pub mod markup;
pub mod pages;
pub mod signal;
pub mod store;
pub mod words;

use js_sys::Function;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

/// Draws the pages into the document's `#app`. `hub` is that of `js/hub.ts`, `browser` that of `js/browser.ts`, `pay` that of
/// `js/checkout.ts`, `texts` a catalogue.
#[wasm_bindgen]
pub fn start(hub: bridge::Hub, browser: bridge::Browser, pay: Function, texts: JsValue) {
    bridge::keep(hub, browser, pay);
    words::set(texts);
    let Some(place) = document().get_element_by_id("app").and_then(|found| found.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    // What stood there while this was loading.
    place.set_text_content(None);
    mount_to(place, app::app).forget();
}
