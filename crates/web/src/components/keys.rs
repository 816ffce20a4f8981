//! The keys, as a sheet: opened from the menu, or by Ctrl and `/`.

use crate::markup::view;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

use super::control::button;
use crate::store::Store;
use crate::words::t;

const ID: &str = "keys";

/// Keys, and what they do.
type Line = (&'static [&'static str], &'static str);

/// Where keys work: the words of the place, and its keys with what they do.
const PLACES: [(&str, &[Line]); 3] = [
    (
        "keys.in_prompt",
        &[(&["Enter"], "keys.send"), (&["Shift", "Enter"], "keys.new_line"), (&["Alt", "↑"], "keys.earlier")],
    ),
    (
        "keys.on_picture",
        &[
            (&["←", "→"], "keys.move"),
            (&["Home", "End"], "keys.first_last"),
            (&["Page Up", "Page Down"], "keys.page"),
            (&["Enter"], "keys.open"),
            (&["Delete"], "keys.delete"),
        ],
    ),
    ("keys.anywhere", &[(&["Esc"], "keys.close"), (&["Ctrl", "/"], "keys.help")]),
];

/// Opens the sheet.
pub fn open() {
    if let Some(dialog) = dialog().filter(|dialog| !dialog.open()) {
        let _ = dialog.show_modal();
    }
}

fn dialog() -> Option<HtmlDialogElement> {
    document().get_element_by_id(ID)?.dyn_into().ok()
}

/// The sheet.
#[must_use]
pub fn keys(_store: Store) -> AnyView {
    let listener = window_event_listener(ev::keydown, |event| {
        // No single letter, which whoever speaks to his computer says by accident.
        if event.key() == "/" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            open();
        }
    });
    on_cleanup(move || listener.remove());
    view! {
        <dialog class="sheet" id=ID aria-labelledby="keys-h" closedby="any">
            <h2 id="keys-h">{t("keys.heading")}</h2>
            {PLACES.into_iter().map(|(words, keys)| place(words, keys)).collect_view()}
            <div class="sheet-foot">
                {button("primary", "", t("lightbox.close"), || if let Some(dialog) = dialog() { dialog.close() })}
            </div>
        </dialog>
    }
    .into_any()
}

fn place(words: &str, keys: &[Line]) -> AnyView {
    let rows = keys.iter().map(|(names, act)| {
        let names = names.iter().map(|name| view! { <kbd>{(*name).to_owned()}</kbd>" " }.into_any()).collect_view();
        view! { <div><dt>{names}</dt><dd>{t(act)}</dd></div> }.into_any()
    });
    view! {
        <h3 class="label">{t(words)}</h3>
        <dl class="keys">{rows.collect_view()}</dl>
    }
    .into_any()
}
